//! Connections to MongoDB: the driver as a guest, a TLS handshake of our own, and a greeting without TLS.

use crate::clock;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A client of the driver.
pub(in crate::probe) type Driver = mongodb::Client;

/// How long the driver looks for a server that fits.
pub(in crate::probe) const SELECTION: Duration = Duration::from_secs(8);
/// How long one connection of the driver may take, its greeting included.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a client may take to close its connections.
const CLOSING: Duration = Duration::from_secs(1);
/// The longest answer to a greeting.
const LONGEST_GREETING: usize = 1 << 16;

/// The driver, as a guest: few connections, no second attempts, and a name that administrators see.
///
/// # Errors
/// The options contradict each other, or name a file that cannot be used.
pub(in crate::probe) fn driver(mut options: ClientOptions) -> mongodb::error::Result<Driver> {
    options.app_name = Some("holdpoint".into());
    options.server_selection_timeout = Some(SELECTION);
    options.connect_timeout = Some(CONNECT);
    options.max_pool_size = Some(2);
    options.retry_reads = Some(false);
    options.retry_writes = Some(false);
    Driver::with_options(options)
}

/// Closes a client's connections and ends its tasks.
pub(in crate::probe) async fn close(client: Driver) {
    // What does not close in time ends with the process.
    let _ = tokio::time::timeout(CLOSING, client.shutdown().immediate(true)).await;
}

/// The authorities in a file, and no others, as drivers take `tlsCAFile`.
///
/// # Errors
/// Says what is wrong with the file.
pub(in crate::probe) fn authorities(path: &Path) -> Result<RootCertStore, String> {
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.flatten());
    if roots.is_empty() {
        return Err("it holds no certificate in PEM form".into());
    }
    Ok(roots)
}

/// The authorities that drivers trust where they are told of none.
pub(in crate::probe) fn public_authorities() -> Arc<RootCertStore> {
    Arc::new(RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    })
}

/// Why a TLS handshake did not come about.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::probe) enum Unshaken {
    /// The certificate cannot be trusted.
    Untrusted(CertificateError),
    /// The server closed the connection, or sent the alert `internal_error`.
    TurnedAway,
    /// What came is no TLS.
    NotTls,
    /// It was not done in time.
    Slow,
    /// Anything else, in words.
    Other(String),
}

/// Shakes hands for `name` and closes again; gives the version that was agreed on.
///
/// # Errors
/// Why there was no agreement.
pub(in crate::probe) async fn shake(
    stream: TcpStream,
    name: &str,
    roots: Arc<RootCertStore>,
    until: Instant,
) -> Result<&'static str, Unshaken> {
    let other = |error: &dyn std::fmt::Display| Unshaken::Other(error.to_string());
    let name = ServerName::try_from(name.to_owned()).map_err(|error| other(&error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| other(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let shaking = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match tokio::time::timeout_at(until.into(), shaking).await {
        Err(_) => Err(Unshaken::Slow),
        Ok(Err(error)) => Err(unshaken(&error)),
        Ok(Ok(mut stream)) => {
            let version = match stream.get_ref().1.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
                _ => "TLSv1.2",
            };
            let _ = tokio::time::timeout(CLOSING, stream.shutdown()).await;
            Ok(version)
        }
    }
}

fn unshaken(error: &io::Error) -> Unshaken {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<TlsError>());
    match tls {
        Some(TlsError::InvalidCertificate(bad)) => Unshaken::Untrusted(bad.clone()),
        Some(TlsError::AlertReceived(AlertDescription::InternalError)) => Unshaken::TurnedAway,
        Some(TlsError::InvalidMessage(_)) => Unshaken::NotTls,
        Some(other) => Unshaken::Other(other.to_string()),
        None if matches!(
            error.kind(),
            ErrorKind::UnexpectedEof
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
        ) =>
        {
            Unshaken::TurnedAway
        }
        None => Unshaken::Other(error.to_string()),
    }
}

/// What came back upon a greeting without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::probe) enum Greeting {
    /// A valid answer: the server speaks without TLS.
    Answered,
    /// The connection was closed, or what came is no answer.
    Refused,
    /// Nothing within the time allowed.
    Silent,
}

/// Sends `hello` without TLS over a fresh connection.
pub(in crate::probe) async fn greet(mut stream: TcpStream, until: Instant) -> Greeting {
    let exchange = async {
        stream.write_all(&hello()?).await?;
        let mut header = [0; 16];
        stream.read_exact(&mut header).await?;
        let [a, b, c, d, ..] = header;
        let length = usize::try_from(i32::from_le_bytes([a, b, c, d])).unwrap_or(0);
        // A server with TLS may send an alert, which makes no sense as a header.
        if !(21..=LONGEST_GREETING).contains(&length) || header[12..] != OP_MSG.to_le_bytes() {
            return Ok(false);
        }
        let mut body = vec![0; length - 16];
        stream.read_exact(&mut body).await?;
        // An error is an answer too.
        let answer = Document::from_reader(&body[5..]).map_err(io::Error::other)?;
        io::Result::Ok(answer.contains_key("ok"))
    };
    match tokio::time::timeout_at(until.into(), exchange).await {
        Ok(Ok(true)) => Greeting::Answered,
        Ok(Ok(false) | Err(_)) => Greeting::Refused,
        Err(_) => Greeting::Silent,
    }
}

const OP_MSG: i32 = 2013;

fn hello() -> io::Result<Vec<u8>> {
    message(&doc! { "hello": 1, "$db": "admin" })
}

/// A document as OP_MSG (MongoDB wire protocol).
fn message(body: &Document) -> io::Result<Vec<u8>> {
    let body = body.to_vec().map_err(io::Error::other)?;
    let length = i32::try_from(16 + 5 + body.len()).map_err(io::Error::other)?;
    let mut message: Vec<u8> = [length, 1, 0, OP_MSG]
        .into_iter()
        .flat_map(i32::to_le_bytes)
        .collect();
    message.extend([0; 5]);
    message.extend(body);
    Ok(message)
}

/// The earlier of a moment and a span from now.
pub(in crate::probe) fn within(span: Duration, until: Instant) -> Instant {
    until.min(clock::tick() + span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn answered(body: Document) -> Greeting {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 16];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(&message(&body).unwrap()).await.unwrap();
        });
        let stream = TcpStream::connect(address).await.unwrap();
        let greeting = greet(stream, clock::tick() + Duration::from_secs(5)).await;
        server.await.unwrap();
        greeting
    }

    #[tokio::test]
    async fn an_error_without_tls_is_an_answer_without_tls() {
        assert_eq!(answered(doc! { "ok": 1.0 }).await, Greeting::Answered);
        let error = doc! { "ok": 0.0, "code": 323, "errmsg": "an API version is needed" };
        assert_eq!(answered(error).await, Greeting::Answered);
    }
}
