//! How long the phases of a connection took, told apart for each request though clients are shared.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// How the connection of one request came about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::probe) struct Connection {
    /// Resolving the name; none for an address or a reused connection.
    pub dns: Option<Duration>,
    /// TCP and TLS together; none for a reused connection.
    pub connect: Option<Duration>,
}

impl Connection {
    /// Was an open connection used?
    pub(in crate::probe) fn reused(&self) -> bool {
        self.connect.is_none()
    }

    /// How long it took until the connection was open; nothing for a reused one.
    pub(super) fn opening(&self) -> Duration {
        self.dns.unwrap_or_default() + self.connect.unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Record {
    connecting: bool,
    dns: Option<Duration>,
    whole: Option<Duration>,
}

tokio::task_local! {
    /// Set around one request. A connection that loses the race against a returning one is finished
    /// by another task, sees no record there, and so leaves this one alone.
    static RECORD: Arc<Mutex<Record>>;
}

fn note(change: impl FnOnce(&mut Record)) {
    let _ = RECORD
        .try_with(|record| change(&mut record.lock().unwrap_or_else(PoisonError::into_inner)));
}

/// Is the request that runs in this task still waiting for a connection?
pub(super) fn now_connecting() -> bool {
    let mut answer = false;
    note(|record| answer = record.connecting && record.whole.is_none());
    answer
}

/// Runs one request and tells how its connection came about.
pub(super) async fn observed<F: Future>(request: F) -> (F::Output, Connection) {
    let record = Arc::new(Mutex::new(Record::default()));
    let output = RECORD.scope(record.clone(), request).await;
    let record = record.lock().unwrap_or_else(PoisonError::into_inner);
    let connection = Connection {
        dns: record.whole.and(record.dns),
        connect: record
            .whole
            .map(|whole| whole.saturating_sub(record.dns.unwrap_or_default())),
    };
    (output, connection)
}

/// The system's resolver, with a note of how long it took.
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let began = crate::clock::tick();
            // The port is replaced by the one of the address asked for.
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if addresses.is_empty() {
                return Err(format!("{} has no address", name.as_str()).into());
            }
            let took = began.elapsed();
            note(|record| record.dns = Some(took));
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Notes when a connection is begun and when it is ready, TLS included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observe;

impl<S> tower_layer::Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Observed { inner }
    }
}

/// A connector whose connections are noted.
#[derive(Debug, Clone)]
pub(super) struct Observed<S> {
    inner: S,
}

impl<S, R> tower_service::Service<R> for Observed<S>
where
    S: tower_service::Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let began = crate::clock::tick();
        note(|record| record.connecting = true);
        let connecting = self.inner.call(request);
        Box::pin(async move {
            let connected = connecting.await?;
            let took = began.elapsed();
            note(|record| record.whole = Some(took));
            Ok(connected)
        })
    }
}
