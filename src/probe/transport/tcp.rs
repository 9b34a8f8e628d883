//! Plain TCP connections with a deadline, for probes that speak other protocols than HTTP.

use super::{Transport, fault};
use crate::model::{Hindrance, HindranceKind};
use std::time::Instant;
use tokio::net::TcpStream;

impl Transport {
    /// Connects as [`connect`] does, in the turn of the look: what is said over the connection is not counted.
    ///
    /// # Errors
    /// As [`connect`], and `withheld` where an active look may open no more.
    pub(in crate::probe) async fn connect(
        &self,
        scheme: &str,
        host: &str,
        port: u16,
        until: Instant,
    ) -> Result<TcpStream, Hindrance> {
        self.admit(scheme, host, port, until).await?;
        connect(host, port, until).await
    }
}

/// Resolves and connects, trying each address in turn with a fair share of the time left.
///
/// # Errors
/// `dns`, `refused`, `timeout`, `unreachable` or `closed`, for the last address tried.
pub(super) async fn connect(host: &str, port: u16, until: Instant) -> Result<TcpStream, Hindrance> {
    let host = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    let addresses: Vec<_> =
        match tokio::time::timeout_at(until.into(), tokio::net::lookup_host((host, port))).await {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(error)) => {
                return Err(Hindrance::new(
                    HindranceKind::Dns,
                    format!("{host} could not be resolved: {error}"),
                ));
            }
            Err(_) => {
                return Err(Hindrance::new(
                    HindranceKind::Timeout,
                    format!("{host} was not resolved within the time allowed"),
                ));
            }
        };
    let mut last = Hindrance::new(HindranceKind::Dns, format!("{host} has no address"));
    for (tried, address) in addresses.iter().enumerate() {
        let left = until.saturating_duration_since(crate::clock::tick());
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        last = match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => fault::of_io(&error, "connecting"),
            Err(_) => Hindrance::new(
                HindranceKind::Timeout,
                format!("no connection to {address} within the time allowed"),
            ),
        };
    }
    Err(last)
}

/// The addresses of a host as the system knows them.
///
/// # Errors
/// The system's own words.
pub(in crate::probe) async fn lookup(
    host: &str,
    port: u16,
) -> std::io::Result<Vec<std::net::IpAddr>> {
    let found = tokio::net::lookup_host((host, port)).await?;
    Ok(found.map(|address| address.ip()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::net::{TcpListener, TcpSocket};

    fn soon() -> Instant {
        crate::clock::tick() + Duration::from_secs(20)
    }

    #[tokio::test]
    async fn connects_to_addresses_and_names() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(connect("127.0.0.1", port, soon()).await.is_ok());
        assert!(connect("localhost", port, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn says_when_nobody_listens() {
        // Bound, so that no other test is given the port.
        let bound = TcpSocket::new_v4().unwrap();
        bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = bound.local_addr().unwrap().port();
        let hindrance = connect("127.0.0.1", port, soon()).await.unwrap_err();
        assert_eq!(hindrance.kind, HindranceKind::Refused);
    }

    #[tokio::test]
    async fn says_when_time_is_over() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hindrance = connect("127.0.0.1", port, crate::clock::tick()).await;
        // A connection to loopback may be ready at once, before the deadline is looked at.
        assert!(hindrance.is_ok() || hindrance.is_err_and(|it| it.kind == HindranceKind::Timeout));
    }
}
