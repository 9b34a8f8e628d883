//! A private certificate authority that lives in memory and signs one server certificate.

use crate::clock;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls_pki_types::PrivatePkcs8KeyDer;
use std::io;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The names of this machine.
const HERE: &[&str] = &["127.0.0.1", "localhost"];

/// The authority. Its key is never written anywhere.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Creates a key and a self-signed certificate that is valid from an hour ago for a year.
    pub(super) fn new() -> io::Result<Self> {
        let mut params = params("Holdpoint sandbox authority", 365 * DAY, &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;
        Ok(Self { issuer })
    }

    /// The authority's certificate as PEM text.
    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// TLS 1.2 and 1.3 with a certificate for 127.0.0.1 and localhost that has 90 whole days left.
    pub(super) fn server_config(&self) -> io::Result<Arc<ServerConfig>> {
        // An hour more than 90 days, so that the 90th is still whole while the sandbox runs.
        let valid_for = 90 * DAY + HOUR;
        self.signed(params("Holdpoint sandbox", valid_for, HERE)?)
    }

    /// The same with a certificate that ended half an hour ago.
    pub(super) fn expired_config(&self) -> io::Result<Arc<ServerConfig>> {
        let mut params = params("Holdpoint sandbox", DAY, HERE)?;
        params.not_after = params.not_before + HOUR / 2;
        self.signed(params)
    }

    /// The same with a certificate for another host.
    pub(super) fn foreign_config(&self, name: &str) -> io::Result<Arc<ServerConfig>> {
        self.signed(params("Holdpoint sandbox", DAY, &[name])?)
    }

    fn signed(&self, mut params: CertificateParams) -> io::Result<Arc<ServerConfig>> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(io::Error::other)?;

        let mut config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
                .map_err(io::Error::other)?
                .with_no_client_auth()
                .with_single_cert(
                    vec![certificate.der().clone()],
                    PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
                )
                .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// What the two certificates have in common. `names` may hold IP addresses.
fn params(common_name: &str, valid_for: Duration, names: &[&str]) -> io::Result<CertificateParams> {
    let names: Vec<String> = names.iter().copied().map(String::from).collect();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    let since_epoch = u64::try_from(clock::now().as_second()).map_err(io::Error::other)?;
    let now = date_time_ymd(1970, 1, 1) + Duration::from_secs(since_epoch);
    params.not_before = now - HOUR;
    params.not_after = now + valid_for;
    Ok(params)
}
