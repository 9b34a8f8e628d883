//! A connection to a mail server or a mailbox, which the scheduler takes for one request.

use super::{Admitted, Outcome};
use crate::clock;
use crate::probe::transport::TlsFault;
use std::time::{Duration, Instant};

/// One connection with all that is said over it.
///
/// Connections are what such servers count and limit, and each costs them a handshake and a login. What a look says
/// over one is bounded by its protocol: some dozen commands, each after the answer to the one before, and one message
/// at most. So the connection is what takes its turn and is counted. How the server fares is told by its
/// first answer amiss, at once: it gives up (421), or is to be asked later (4xx). Where none is, it is told when the
/// connection is let go of: was everything answered that was asked?
#[derive(Debug)]
pub(in crate::probe::transport) struct Visit {
    /// None for looks that are not active, of which nothing is noted.
    admitted: Option<Admitted>,
    since: Instant,
    /// From the connection to the first word.
    latency: Option<Duration>,
    /// It is the server's turn to speak; at first it greets.
    waiting: bool,
    /// Nothing that comes now tells anything new.
    settled: bool,
}

impl Visit {
    /// Begins with an open connection.
    pub(in crate::probe::transport) fn begin(admitted: Option<Admitted>) -> Self {
        Self {
            admitted,
            since: clock::tick(),
            latency: None,
            waiting: true,
            settled: false,
        }
    }

    /// The server is asked something.
    pub(in crate::probe::transport) fn asked(&mut self) {
        self.waiting = true;
    }

    /// The server said something.
    pub(in crate::probe::transport) fn spoke(&mut self) {
        self.waiting = false;
        self.latency.get_or_insert_with(|| self.since.elapsed());
    }

    /// A TLS handshake, to which a server that turns it down has answered too.
    pub(in crate::probe::transport) async fn shaken<T>(
        &mut self,
        handshake: impl Future<Output = Result<T, TlsFault>>,
    ) -> Result<T, TlsFault> {
        self.asked();
        let outcome = handshake.await;
        if !matches!(outcome, Err(TlsFault::Untold(_))) {
            self.spoke();
        }
        outcome
    }

    /// The server said something with a code of SMTP (RFC 5321 section 4.2).
    pub(in crate::probe::transport) fn answered(&mut self, code: u16) {
        self.spoke();
        match code {
            421 => self.settle(Outcome::GaveUp(code)),
            400..500 => self.settle(Outcome::Later(code)),
            _ => {}
        }
    }

    /// Nothing more is wanted: whether a goodbye is answered does not matter.
    pub(in crate::probe::transport) fn over(&mut self) {
        self.settle(match self.latency.filter(|_| !self.waiting) {
            Some(latency) => Outcome::Spoke { latency },
            None => Outcome::Unanswered,
        });
    }

    fn settle(&mut self, outcome: Outcome) {
        if let Some(admitted) = self.admitted.as_ref().filter(|_| !self.settled) {
            admitted.settle(outcome);
        }
        self.settled = true;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.over();
    }
}
