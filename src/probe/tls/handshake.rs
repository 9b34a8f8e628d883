//! One handshake that lets any certificate through and keeps it, so that untrusted ones can be described.

use super::Peer;
use crate::clock;
use crate::model::{Hindrance, HindranceKind};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    SupportedProtocolVersion, version,
};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_rustls::TlsConnector;

/// The versions that a client offers.
pub(super) type Versions = &'static [&'static SupportedProtocolVersion];

pub(super) const BOTH: Versions = &[&version::TLS13, &version::TLS12];
pub(super) const TLS12: Versions = &[&version::TLS12];
pub(super) const TLS13: Versions = &[&version::TLS13];

/// What was agreed on.
pub(super) struct Handshake {
    pub(super) version: &'static str,
    pub(super) alpn: Option<String>,
    pub(super) cipher: String,
    /// As the server sent it, its own certificate first; never empty.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// The server's stapled revocation answer.
    pub(super) ocsp: Vec<u8>,
    /// Why the server's proof that it holds the key could not be verified.
    pub(super) unproved: Option<Error>,
    pub(super) took: Duration,
}

impl Handshake {
    /// The server's own certificate.
    pub(super) fn leaf(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }
}

/// Connects and shakes hands.
pub(super) async fn shake(
    peer: &Peer<'_>,
    versions: Versions,
    until: Instant,
) -> Result<Handshake, Hindrance> {
    attempt(peer, versions, until)
        .await
        .map_err(|failure| failure.hindrance)
}

/// Does the server accept a client that offers only these versions?
///
/// # Errors
/// The hindrance where the answer is neither an agreement nor a refusal.
pub(super) async fn accepts(
    peer: &Peer<'_>,
    versions: Versions,
    until: Instant,
) -> Result<bool, Hindrance> {
    use HindranceKind::{Closed, Tls};
    match attempt(peer, versions, until).await {
        Ok(_) => Ok(true),
        // It had agreed on the version before something else went wrong.
        Err(Failure {
            chain_seen: true, ..
        }) => Ok(true),
        Err(Failure {
            connected: true,
            hindrance,
            ..
        }) if matches!(hindrance.kind, Closed | Tls) => Ok(false),
        Err(failure) => Err(failure.hindrance),
    }
}

/// A handshake that did not come about, and how far it came.
struct Failure {
    hindrance: Hindrance,
    connected: bool,
    chain_seen: bool,
}

async fn attempt(
    peer: &Peer<'_>,
    versions: Versions,
    until: Instant,
) -> Result<Handshake, Failure> {
    let early = |hindrance| Failure {
        hindrance,
        connected: false,
        chain_seen: false,
    };
    let recorder = Arc::new(Recorder::new());
    let config = config(versions, recorder.clone())
        .map_err(|error| early(Hindrance::new(HindranceKind::Internal, error.to_string())))?;
    let name = peer.server_name().map_err(early)?;
    let stream = peer.connect(until).await.map_err(early)?;
    let begun = clock::tick();
    let outcome = tokio::time::timeout_at(
        until.into(),
        TlsConnector::from(config).connect(name, stream),
    )
    .await;
    let took = begun.elapsed();
    let seen = recorder.take();
    let failed = |hindrance| Failure {
        hindrance,
        connected: true,
        chain_seen: seen.is_some(),
    };
    let stream = match outcome {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(failed(hindrance(peer, &error, seen.is_some()))),
        Err(_) => {
            let cause = format!(
                "{} accepted the connection but did not finish the TLS handshake in time",
                peer.address()
            );
            return Err(failed(Hindrance::new(HindranceKind::Timeout, cause)));
        }
    };
    let (_, session) = stream.get_ref();
    let (Some(seen), Some(suite), Some(version)) = (
        seen,
        session.negotiated_cipher_suite(),
        session.protocol_version(),
    ) else {
        let cause = format!("{} showed no certificate", peer.address());
        return Err(early(Hindrance::new(HindranceKind::Protocol, cause)));
    };
    Ok(Handshake {
        version: if version == rustls::ProtocolVersion::TLSv1_3 {
            "TLSv1.3"
        } else {
            "TLSv1.2"
        },
        alpn: session
            .alpn_protocol()
            .map(|name| String::from_utf8_lossy(name).into_owned()),
        cipher: suite
            .suite()
            .as_str()
            .unwrap_or("unknown")
            .replace("TLS13_", "TLS_"),
        chain: seen.chain,
        ocsp: seen.ocsp,
        unproved: seen.unproved,
        took,
    })
}

fn config(versions: Versions, recorder: Arc<Recorder>) -> Result<Arc<ClientConfig>, Error> {
    let mut config = ClientConfig::builder_with_provider(recorder.provider.clone())
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(recorder)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Why the server did not agree, from the error that ended the handshake.
fn hindrance(peer: &Peer<'_>, error: &io::Error, chain_seen: bool) -> Hindrance {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let address = peer.address();
    let (kind, cause) = match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    {
        Some(Error::AlertReceived(alert)) if chain_seen => (
            HindranceKind::Denied,
            format!(
                "{address} wants more than a handshake, such as a client certificate: {}",
                alert_name(*alert)
            ),
        ),
        Some(Error::AlertReceived(alert)) => (
            HindranceKind::Tls,
            format!(
                "{address} refused the TLS handshake: {}",
                alert_name(*alert)
            ),
        ),
        Some(Error::PeerIncompatible(why)) => (
            HindranceKind::Tls,
            format!("{address} has no version or cipher in common with a modern client: {why:?}"),
        ),
        Some(Error::InvalidMessage(_)) => (
            HindranceKind::Protocol,
            format!("{address} does not speak TLS"),
        ),
        Some(other) => (
            HindranceKind::Protocol,
            format!("{address} broke the TLS protocol: {other}"),
        ),
        None if matches!(
            error.kind(),
            UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe
        ) =>
        {
            (
                HindranceKind::Closed,
                format!("{address} closed the connection during the TLS handshake"),
            )
        }
        None => (
            HindranceKind::Closed,
            format!("the connection to {address} was lost during the TLS handshake: {error}"),
        ),
    };
    Hindrance::new(kind, cause)
}

/// An alert in words, with its number where it has no name (RFC 8446 section 6).
fn alert_name(alert: AlertDescription) -> String {
    match alert.as_str() {
        Some(name) => format!("alert {name}"),
        None => format!("alert {}", u8::from(alert)),
    }
}

/// Keeps what the server shows and lets it through. Nothing is ever sent over such a connection.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    chain: Vec<CertificateDer<'static>>,
    ocsp: Vec<u8>,
    unproved: Option<Error>,
}

impl Recorder {
    fn new() -> Self {
        Self {
            provider: Arc::new(ring::default_provider()),
            seen: Mutex::default(),
        }
    }

    fn take(&self) -> Option<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Lets a bad proof through, but remembers it.
    fn note(
        &self,
        proof: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        if let (Err(error), Some(seen)) = (
            proof,
            self.seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .as_mut(),
        ) {
            seen.unproved = Some(error);
        }
        Ok(HandshakeSignatureValid::assertion())
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(leaf)
            .chain(others)
            .map(|one| one.clone().into_owned())
            .collect();
        let seen = Seen {
            chain,
            ocsp: ocsp.to_vec(),
            unproved: None,
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        proof: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(verify_tls12_signature(
            message,
            leaf,
            proof,
            &self.provider.signature_verification_algorithms,
        ))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        proof: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(verify_tls13_signature(
            message,
            leaf,
            proof,
            &self.provider.signature_verification_algorithms,
        ))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
