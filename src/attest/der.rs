//! The few forms that OpenSSL wants in DER: ECDSA signatures and public keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use ssh_key::public::{EcdsaPublicKey, KeyData};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// RFC 8410: id-Ed25519.
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
/// RFC 5480: id-ecPublicKey, and the curves.
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23];

/// ECDSA-Sig-Value of RFC 3279: both numbers of a signature, which SSH and DER write alike.
pub(super) fn ecdsa_signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    element(
        SEQUENCE,
        &[&element(INTEGER, &[r]), &element(INTEGER, &[s])],
    )
}

/// SubjectPublicKeyInfo of RFC 5280, in PEM; none for keys that OpenSSL does not verify by.
pub(super) fn public_key_pem(key: &KeyData) -> Option<String> {
    let (algorithm, point) = match key {
        KeyData::Ed25519(key) => (element(SEQUENCE, &[ED25519]), key.as_ref().to_vec()),
        KeyData::Ecdsa(key) => {
            let curve = match key {
                EcdsaPublicKey::NistP256(_) => P256,
                EcdsaPublicKey::NistP384(_) => P384,
                EcdsaPublicKey::NistP521(_) => P521,
            };
            (
                element(SEQUENCE, &[EC, curve]),
                key.as_sec1_bytes().to_vec(),
            )
        }
        KeyData::Rsa(key) => {
            let key = super::sshsig::rsa_key(key)?;
            return key.to_public_key_pem(LineEnding::LF).ok();
        }
        _ => return None,
    };
    // No bit of the last byte is unused.
    let key = element(BIT_STRING, &[&[0], &point]);
    let text = STANDARD.encode(element(SEQUENCE, &[&algorithm, &key]));
    let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    Some(pem)
}

/// A tag, a length and the content.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut made = vec![tag];
    match length {
        [] => made.push(0),
        [short] if *short < 0x80 => made.push(*short),
        long => {
            made.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            made.extend_from_slice(long);
        }
    }
    made.extend(content);
    made
}
