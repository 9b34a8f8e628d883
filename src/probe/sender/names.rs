//! Questions to name servers: what is not there is empty, what could not be told is an error.

use super::spf::{Answer, Names};
use crate::clock;
use crate::probe::transport::resolver::resolvers;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long one question may wait for its answer (it is asked over TCP too where UDP fails).
const PATIENCE: Duration = Duration::from_secs(3);

/// Name servers, asked in turn until one tells, with the end of the look.
pub(super) struct Resolver {
    servers: Vec<TokioResolver>,
    /// The one that told last, which is asked first: a silent one costs its patience once.
    first: AtomicUsize,
    until: Instant,
}

impl Resolver {
    /// Asks `servers`, or this machine's own.
    ///
    /// # Errors
    /// This machine's settings cannot be used.
    pub(super) fn new(servers: &[SocketAddr], until: Instant) -> Result<Self, String> {
        let left = until.saturating_duration_since(clock::tick());
        Ok(Self {
            servers: resolvers(servers, PATIENCE.min(left / 3))?,
            first: AtomicUsize::new(0),
            until,
        })
    }

    /// Does the name exist, with records of whatever type?
    ///
    /// The top-level domain is the control: a name server that does not even know that does not see
    /// the public DNS, as behind some firewalls, and its "no such name" says nothing.
    pub(super) async fn exists(&self, name: &str) -> Result<bool, String> {
        match self.ask(name, RecordType::SOA).await {
            Ok(_) => return Ok(true),
            Err(Failure::Untold(cause)) => return Err(cause),
            Err(Failure::NoName) => {}
        }
        let top = name.rsplit('.').find(|label| !label.is_empty());
        match self.ask(top.unwrap_or_default(), RecordType::SOA).await {
            Ok(_) => Ok(false),
            Err(Failure::Untold(cause)) => Err(cause),
            Err(Failure::NoName) => Err(format!(
                "the name server here knows no .{}, so it cannot tell whether {name} exists",
                top.unwrap_or_default()
            )),
        }
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Failure> {
        // A sender's domain may be written in letters of any language, and stands in the DNS in ASCII.
        let parsed = if name.is_ascii() {
            Name::from_ascii(name)
        } else {
            Name::from_utf8(name)
        };
        let mut parsed = parsed.map_err(|_| Failure::NoName)?;
        parsed.set_fqdn(true);
        let mut told = Vec::new();
        let first = self.first.load(Ordering::Relaxed);
        for at in (first..self.servers.len()).chain(0..first) {
            match self.answer(&self.servers[at], name, &parsed, kind).await {
                Err(Failure::Untold(cause)) if !told.contains(&cause) => told.push(cause),
                Err(Failure::Untold(_)) => {}
                answer => {
                    self.first.store(at, Ordering::Relaxed);
                    return answer;
                }
            }
        }
        Err(Failure::Untold(match told.is_empty() {
            true => "this machine has no name server".into(),
            false => told.join("; another: "),
        }))
    }

    async fn answer(
        &self,
        server: &TokioResolver,
        name: &str,
        parsed: &Name,
        kind: RecordType,
    ) -> Result<Vec<RData>, Failure> {
        let lookup = server.lookup(parsed.clone(), kind);
        let answer = tokio::time::timeout_at(self.until.into(), lookup)
            .await
            .map_err(|_| Failure::Untold(format!("{kind} of {name}: no answer in time")))?;
        match answer {
            Ok(answer) => Ok(answer
                .answers()
                .iter()
                .filter(|record| record.record_type() == kind)
                .map(|record| record.data.clone())
                .collect()),
            Err(error) if error.is_nx_domain() => Err(Failure::NoName),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(Failure::Untold(format!(
                "{kind} of {name}: {}",
                why(&error)
            ))),
        }
    }

    async fn found<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(RData) -> Option<T>,
    ) -> Answer<T> {
        match self.ask(name, kind).await {
            Ok(found) => Ok(found.into_iter().filter_map(read).collect()),
            Err(Failure::NoName) => Ok(Vec::new()),
            Err(Failure::Untold(cause)) => Err(cause),
        }
    }
}

enum Failure {
    NoName,
    Untold(String),
}

fn why(error: &NetError) -> String {
    match error {
        NetError::Timeout => "the name server did not answer in time".into(),
        NetError::Dns(DnsError::ResponseCode(code)) => format!("the name server answered {code}"),
        NetError::NoConnections => "no name server could be reached".into(),
        other => other.to_string(),
    }
}

impl Names for Resolver {
    fn texts<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Answer<String>> {
        self.found(name, RecordType::TXT, |data| match data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        })
        .boxed()
    }

    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Answer<()>> {
        async move {
            let four = self.found(name, RecordType::A, |_| Some(())).await?;
            if !four.is_empty() {
                return Ok(four);
            }
            self.found(name, RecordType::AAAA, |_| Some(())).await
        }
        .boxed()
    }

    fn exchanges<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Answer<String>> {
        async move {
            let mut found = self
                .found(name, RecordType::MX, |data| match data {
                    RData::MX(mail) => {
                        let host = mail.exchange.to_ascii().to_lowercase();
                        Some((mail.preference, host.trim_end_matches('.').to_owned()))
                    }
                    _ => None,
                })
                .await?;
            found.sort();
            Ok(found.into_iter().map(|(_, host)| host).collect())
        }
        .boxed()
    }
}
