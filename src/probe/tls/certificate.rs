//! What one certificate says: names, dates, key and signature (RFC 5280).

use std::net::{Ipv4Addr, Ipv6Addr};
use x509_parser::asn1_rs::Oid;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry as oids;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// What one certificate says.
pub(super) struct Certificate {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) self_signed: bool,
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) names: Vec<String>,
    pub(super) key: Key,
    pub(super) signature: String,
    pub(super) weak_signature: bool,
}

/// A certificate's public key.
pub(super) struct Key {
    pub(super) algorithm: String,
    pub(super) bits: usize,
    pub(super) weak: bool,
}

impl Certificate {
    /// Reads a certificate from its DER form.
    ///
    /// # Errors
    /// Says where the form is broken.
    pub(super) fn read(der: &[u8]) -> Result<Self, String> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
        let names = match certificate
            .subject_alternative_name()
            .map_err(|error| error.to_string())?
        {
            Some(names) => names.value.general_names.iter().filter_map(name).collect(),
            None => Vec::new(),
        };
        let (signature, weak_signature) = signature(&certificate.signature_algorithm);
        Ok(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            self_signed: certificate.subject().as_raw() == certificate.issuer().as_raw(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            names,
            key: Key::of(certificate.public_key()),
            signature,
            weak_signature,
        })
    }
}

/// Does the certificate name itself as its issuer?
pub(super) fn names_itself_as_issuer(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| {
        certificate.subject().as_raw() == certificate.issuer().as_raw()
    })
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(|bytes| Ipv4Addr::from(bytes).to_string())
            .or_else(|_| {
                <[u8; 16]>::try_from(*bytes).map(|bytes| Ipv6Addr::from(bytes).to_string())
            })
            .ok(),
        _ => None,
    }
}

impl Key {
    fn of(key: &SubjectPublicKeyInfo<'_>) -> Self {
        let algorithm = &key.algorithm.algorithm;
        let curve = || {
            key.algorithm
                .parameters
                .as_ref()
                .and_then(|any| any.as_oid().ok())
        };
        let known = |algorithm: &str, bits| Self {
            algorithm: algorithm.to_owned(),
            bits,
            weak: false,
        };
        match key.parsed() {
            Ok(PublicKey::RSA(rsa)) => {
                let bits = bits(rsa.modulus);
                Self {
                    algorithm: "RSA".into(),
                    bits,
                    weak: bits < 2048,
                }
            }
            Ok(PublicKey::DSA(number)) => Self {
                algorithm: "DSA".into(),
                bits: bits(number),
                weak: true,
            },
            Ok(PublicKey::EC(point)) => match curve() {
                Some(curve) if curve == oids::OID_EC_P256 => known("EC P-256", 256),
                Some(curve) if curve == oids::OID_NIST_EC_P384 => known("EC P-384", 384),
                Some(curve) if curve == oids::OID_NIST_EC_P521 => known("EC P-521", 521),
                curve => {
                    // The size of a point tells the size of an unknown curve.
                    let bits = point.key_size();
                    let curve = curve.map_or_else(
                        || "without a named curve".into(),
                        |curve| curve.to_id_string(),
                    );
                    Self {
                        algorithm: format!("EC {curve}"),
                        bits,
                        weak: bits < 224,
                    }
                }
            },
            _ if *algorithm == oids::OID_SIG_ED25519 => known("Ed25519", 256),
            _ if *algorithm == oids::OID_SIG_ED448 => known("Ed448", 456),
            _ => known(&algorithm.to_id_string(), 0),
        }
    }
}

/// The size of a big-endian number without its leading zeros.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| {
        (number.len() - zeros) * 8 - first.leading_zeros() as usize
    })
}

/// How the certificate is signed, and whether over a digest for which collisions can be made.
fn signature(algorithm: &AlgorithmIdentifier<'_>) -> (String, bool) {
    if let Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) = SignatureAlgorithm::try_from(algorithm)
    {
        // RFC 4055 section 3.1: without parameters the digest is SHA-1.
        let digest = parameters.hash_algorithm_oid();
        return (
            format!("RSASSA-PSS with {}", oid_name(digest)),
            *digest == oids::OID_HASH_SHA1,
        );
    }
    let name = &algorithm.algorithm;
    let weak = [
        oids::OID_PKCS1_MD2WITHRSAENC,
        oids::OID_PKCS1_MD4WITHRSAENC,
        oids::OID_PKCS1_MD5WITHRSAENC,
        oids::OID_PKCS1_SHA1WITHRSA,
        oids::OID_MD5_WITH_RSA,
        oids::OID_SHA1_WITH_RSA,
        oids::OID_SIG_DSA_WITH_SHA1,
        x509_parser::der_parser::oid!(1.2.840.10045.4.1), // ecdsa-with-SHA1
    ];
    (oid_name(name), weak.contains(name))
}

fn oid_name(oid: &Oid<'_>) -> String {
    let registry = oids::OidRegistry::default().with_all_crypto();
    registry
        .get(oid)
        .map_or_else(|| oid.to_id_string(), |entry| entry.sn().to_owned())
}
