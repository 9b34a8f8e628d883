//! Connections to mailboxes: IMAP over TLS from the first byte.

use super::{TlsFault, Transport, tcp};
use async_imap::{Client, Session};
use std::time::Instant;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A mailbox that is logged in.
pub(in crate::probe) type Imap = Session<TlsStream<TcpStream>>;

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

/// Connects, reads the greeting and logs in.
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
    let (stream, ..) = tcp::connect(host, port, until)
        .await
        .map_err(|hindrance| hindrance.cause)?;
    let stream = transport
        .secure(host, stream, until)
        .await
        .map_err(|fault| match fault {
            TlsFault::Untrusted(cause) => {
                format!("the certificate of {host} is not trusted: {cause}")
            }
            TlsFault::NotTls => format!("{host}:{port} does not speak TLS from the first byte"),
            TlsFault::Refused(cause) | TlsFault::Untold(cause) => format!("{host}: {cause}"),
        })?;
    let login = async {
        let mut client = Client::new(stream);
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
