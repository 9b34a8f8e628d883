//! Connections to mailboxes: IMAP over TLS from the first byte.

use super::pace::Visit;
use super::{TlsFault, Transport};
use crate::model::HindranceKind;
use async_imap::{Client, Session};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A mailbox that is logged in.
pub(in crate::probe) type Imap = Session<Bounded<TlsStream<TcpStream>>>;

/// The most that is read over one connection: the beginnings of some dozen mails, and lists of folders.
const MOST: usize = 32 * 1024 * 1024;

/// A stream that is lost when it has said too much: whatever a server announces is kept until it is whole. What goes
/// over it tells the scheduler how the server fares.
#[derive(Debug)]
pub(in crate::probe) struct Bounded<S> {
    inner: S,
    left: usize,
    visit: Visit,
}

impl<S> Bounded<S> {
    /// Nothing more is wanted but a goodbye.
    pub(in crate::probe) fn over(&mut self) {
        self.visit.over();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        let read = buffer.filled().len() - before;
        if read > 0 {
            self.visit.spoke();
        }
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => {
                buffer.set_filled(before);
                return Poll::Ready(Err(io::Error::other("more than is read")));
            }
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.visit.asked();
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Why a mailbox cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) struct Trouble {
    /// In a sentence without a secret.
    pub(in crate::probe) cause: String,
    /// Another attempt would meet the same, and too many of them lock an account.
    pub(in crate::probe) settled: bool,
}

impl From<String> for Trouble {
    fn from(cause: String) -> Self {
        Self {
            cause,
            settled: false,
        }
    }
}

impl Trouble {
    fn settled(cause: String) -> Self {
        Self {
            cause,
            settled: true,
        }
    }
}

/// Connects in the turn of the look, reads the greeting and logs in.
///
/// # Errors
/// Why not.
pub(in crate::probe) async fn log_in(
    transport: &Transport,
    host: &str,
    port: u16,
    (user, password): (&str, &str),
    until: Instant,
) -> Result<Imap, Trouble> {
    let visited = transport.visit("imap", host, port, until).await;
    let (stream, mut visit) = visited.map_err(|hindrance| match hindrance.kind {
        HindranceKind::Withheld => Trouble::settled(hindrance.cause),
        _ => hindrance.cause.into(),
    })?;
    let stream = visit
        .shaken(transport.secure(host, stream, until))
        .await
        .map_err(|fault| match fault {
            TlsFault::Untrusted(cause) => {
                format!("the certificate of {host} is not trusted: {cause}")
            }
            TlsFault::NotTls => format!("{host}:{port} does not speak TLS from the first byte"),
            TlsFault::Refused(cause) | TlsFault::Untold(cause) => format!("{host}: {cause}"),
        })?;
    let login = async {
        let mut client = Client::new(Bounded {
            inner: stream,
            left: MOST,
            visit,
        });
        let greeting = client.read_response().await;
        match greeting {
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => {
                return Err(format!("{host} did not greet as a mailbox does").into());
            }
        }
        client.login(user, password).await.map_err(|(error, _)| {
            use async_imap::error::Error;
            match error {
                Error::No(_) => Trouble::settled(format!(
                    "{host} refuses the mailbox's user name or password"
                )),
                Error::Bad(_) => Trouble::settled(format!("{host} does not take a login")),
                _ => format!("the connection to {host} was lost during the login").into(),
            }
        })
    };
    tokio::time::timeout_at(until.into(), login)
        .await
        .map_err(|_| format!("{host} did not answer the login in time"))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;

    #[tokio::test]
    async fn a_stream_that_says_too_much_is_lost() {
        let read = async |left| {
            let mut stream = Bounded {
                inner: tokio::io::join(&b"twelve bytes"[..], tokio::io::sink()),
                left,
                visit: Visit::begin(None),
            };
            let mut read = [0; 12];
            stream.read_exact(&mut read).await
        };
        assert_eq!(read(12).await.unwrap(), 12);
        assert!(read(11).await.is_err());
    }

    #[tokio::test]
    async fn a_mailbox_that_is_lost_three_times_is_left_alone() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let budget = crate::probe::Budget::default();
        let transport = Transport::new(None).unwrap().for_active("r1", None, budget);
        let until = crate::clock::tick() + std::time::Duration::from_secs(20);
        let visit = async || {
            let login = log_in(&transport, "127.0.0.1", port, ("u", "p"), until).await;
            login.unwrap_err()
        };
        for _ in 0..3 {
            let trouble = visit().await;
            assert!(
                !trouble.settled && !trouble.cause.contains("stopped"),
                "{trouble:?}"
            );
        }
        let trouble = visit().await;
        assert!(trouble.settled, "{trouble:?}");
        assert!(
            trouble.cause.contains("stopped after three server errors in a row, the last (no answer) at a connection to imap://127.0.0.1:"),
            "{trouble:?}"
        );
        let trouble = crate::probe::transport::removing(visit()).await;
        assert!(!trouble.cause.contains("stopped"), "{trouble:?}");
    }
}
