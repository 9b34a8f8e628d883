//! TLS over a connection that is open already, and why its certificate cannot be trusted.

use super::Transport;
use crate::probe::tls::untrusted_because;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme,
};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Why there is no TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) enum TlsFault {
    /// The certificate is not trusted, and why.
    Untrusted(String),
    /// The server refused the handshake, or has no version in common.
    Refused(String),
    /// What came back is not TLS.
    NotTls,
    /// It ended or stalled before it could be told.
    Untold(String),
}

impl Transport {
    /// Shakes hands over `stream` as a client that wants to speak to `host`.
    ///
    /// # Errors
    /// As [`TlsFault`] tells them apart.
    pub(in crate::probe) async fn secure(
        &self,
        host: &str,
        stream: TcpStream,
        until: Instant,
    ) -> Result<TlsStream<TcpStream>, TlsFault> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| TlsFault::Refused(format!("'{bare}' is not a host name")))?;
        let witness = Arc::new(self.witness().map_err(TlsFault::Untold)?);
        let mut config = ClientConfig::clone(&self.tls_config());
        config.dangerous().set_certificate_verifier(witness.clone());
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
        match tokio::time::timeout_at(until.into(), handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(fault(&error, bare, &witness)),
            Err(_) => Err(TlsFault::Untold(
                "the TLS handshake was not finished in time".into(),
            )),
        }
    }

    fn witness(&self) -> Result<Witness, String> {
        let provider = Arc::new(ring::default_provider());
        let inner = WebPkiServerVerifier::builder_with_provider(self.authority_roots(), provider)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Witness {
            inner,
            leaf: Mutex::default(),
        })
    }
}

/// The version that was agreed on.
pub(in crate::probe) fn version(stream: &TlsStream<TcpStream>) -> &'static str {
    match stream.get_ref().1.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "TLSv1.2",
    }
}

fn fault(error: &io::Error, host: &str, witness: &Witness) -> TlsFault {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        Some(Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
            TlsFault::Untrusted(format!("it is not for the name {host}"))
        }
        Some(error @ Error::InvalidCertificate(_)) => {
            let leaf = witness.leaf.lock().unwrap_or_else(PoisonError::into_inner);
            match leaf.as_ref() {
                Some(leaf) => TlsFault::Untrusted(untrusted_because(error, leaf)),
                None => TlsFault::Untrusted(error.to_string()),
            }
        }
        Some(Error::InvalidMessage(_)) => TlsFault::NotTls,
        Some(Error::AlertReceived(alert)) => TlsFault::Refused(format!(
            "the server refused the TLS handshake: alert {}",
            alert
                .as_str()
                .map_or_else(|| u8::from(*alert).to_string(), str::to_owned)
        )),
        Some(Error::PeerIncompatible(_)) => TlsFault::Refused(
            "the server has no TLS version or cipher in common with a modern client".into(),
        ),
        Some(other) => TlsFault::Untold(format!("the server broke the TLS protocol: {other}")),
        None => TlsFault::Untold("the connection was lost during the TLS handshake".into()),
    }
}

/// The usual verifier, which also remembers the server's own certificate for words about it.
#[derive(Debug)]
struct Witness {
    inner: Arc<WebPkiServerVerifier>,
    leaf: Mutex<Option<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.leaf.lock().unwrap_or_else(PoisonError::into_inner) = Some(leaf.clone().into_owned());
        self.inner.verify_server_cert(leaf, others, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        proof: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, leaf, proof)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        proof: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, leaf, proof)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
