//! Connections to mailboxes: IMAP over TLS from the first byte.

use super::{TlsFault, Transport, tcp};
use async_imap::{Client, Session};
use std::time::Instant;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A mailbox that is logged in.
pub(in crate::probe) type Imap = Session<TlsStream<TcpStream>>;

/// Connects, reads the greeting and logs in.
///
/// # Errors
/// Why not, in a sentence without a secret.
pub(in crate::probe) async fn log_in(
    transport: &Transport,
    host: &str,
    port: u16,
    (user, password): (&str, &str),
    until: Instant,
) -> Result<Imap, String> {
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
            Ok(None) | Err(_) => return Err(format!("{host} did not greet as a mailbox does")),
        }
        client.login(user, password).await.map_err(|(error, _)| {
            use async_imap::error::Error;
            match error {
                Error::No(_) => format!("{host} refuses the mailbox's user name or password"),
                Error::Bad(_) => format!("{host} does not take a login"),
                _ => format!("the connection to {host} was lost during the login"),
            }
        })
    };
    tokio::time::timeout_at(until.into(), login)
        .await
        .map_err(|_| format!("{host} did not answer the login in time"))?
}
