//! Whether a chain of certificates can be trusted for a name at a moment, and if not, why in plain words.

use super::handshake::Handshake;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use std::sync::Arc;
use std::time::Duration;

/// The answer.
pub(super) struct Trust {
    /// Why it is not trusted; none means that it is.
    pub(super) error: Option<String>,
    /// The certificate is for the name, whoever signed it.
    pub(super) name_matches: bool,
}

/// Verifies the chain that a handshake showed, as a client with these roots would at `now`
/// (seconds since 1970).
pub(super) fn judge(
    handshake: &Handshake,
    name: &ServerName<'_>,
    roots: Arc<RootCertStore>,
    now: i64,
) -> Trust {
    let leaf = handshake.leaf();
    let name_matches =
        ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, name).is_ok());
    let mut causes = Vec::new();
    match verify(handshake, name, roots, now) {
        // The verifier stops at the first fault; a wrong name is told with any other, below.
        Err(error) if name_matches || !is_wrong_name(&error) => causes.push(cause(&error, leaf)),
        _ => {}
    }
    if !name_matches {
        causes.push(format!("it is not for the name {}", name.to_str()));
    }
    if let Some(error) = &handshake.unproved {
        causes.push(format!(
            "the server's proof that it holds the key could not be verified ({})",
            detail(error)
        ));
    }
    let error = (!causes.is_empty()).then(|| causes.join("; "));
    Trust {
        error,
        name_matches,
    }
}

fn is_wrong_name(error: &Error) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(
        error,
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })
    )
}

fn verify(
    handshake: &Handshake,
    name: &ServerName<'_>,
    roots: Arc<RootCertStore>,
    now: i64,
) -> Result<(), Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    let moment = UnixTime::since_unix_epoch(Duration::from_secs(now.try_into().unwrap_or(0)));
    verifier
        .verify_server_cert(
            handshake.leaf(),
            &handshake.chain[1..],
            name,
            &handshake.ocsp,
            moment,
        )
        .map(drop)
}

/// Why a certificate was refused, in plain words. A wrong name is told by the caller, who knows the right one.
pub(in crate::probe) fn cause(error: &Error, leaf: &CertificateDer<'_>) -> String {
    use CertificateError as Bad;
    let Error::InvalidCertificate(bad) = error else {
        return format!("it could not be verified ({error})");
    };
    match bad {
        Bad::Expired | Bad::ExpiredContext { .. } => "it has expired".into(),
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => "it is not valid yet".into(),
        Bad::UnknownIssuer if super::certificate::names_itself_as_issuer(leaf) => {
            "it is signed by itself, not by a trusted authority".into()
        }
        Bad::UnknownIssuer => "no trusted authority stands behind it, or the server does not send the certificates between".into(),
        Bad::BadSignature => "a signature in its chain is wrong".into(),
        Bad::BadEncoding => "it breaks the format of certificates".into(),
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => "it is not for servers".into(),
        Bad::Revoked => "it has been revoked".into(),
        other => format!("it could not be verified ({})", detail(&Error::InvalidCertificate(other.clone()))),
    }
}

fn detail(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => other.to_string(),
        Error::InvalidCertificate(
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => "it uses an algorithm or a key that modern clients do not accept".into(),
        other => other.to_string(),
    }
}
