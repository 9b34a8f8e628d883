//! A person's public key: its identity, its forms, and whether it is strong enough.

use super::der;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, Mpint};

/// A public key. Two are equal when they are one key, whatever their comments.
#[derive(Clone)]
pub struct PublicKey(ssh_key::PublicKey);

/// RSA keys in bits: fewer are broken, and more are known to neither side.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=16384;

impl PublicKey {
    /// Reads a key in the form of a `.pub` file: `ssh-ed25519 AAAA… comment`.
    ///
    /// # Errors
    /// Why it is none that could be used here.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_ascii_whitespace();
        let (kind, blob) = (words.next().unwrap_or_default(), words.next());
        let Some(blob) = blob else {
            return Err("a key has its type and then its text in base64".to_owned());
        };
        if kind.contains("-cert-v0") {
            return Err("certificates are not supported; give the plain public key".to_owned());
        }
        let comment = words.collect::<Vec<_>>().join(" ");
        let text = format!("{kind} {blob}");
        let key = ssh_key::PublicKey::from_openssh(&text).ok();
        // The reader passes over lengths that are too great, so that one key would have several texts.
        let key = key
            .filter(|key| key.to_openssh().is_ok_and(|same| same == text))
            .ok_or_else(|| format!("this is no key of type {kind}: it is cut off or misspelt"))?;
        let mut key = Self::of(key)?;
        key.0.set_comment(comment);
        Ok(key)
    }

    /// Reads a key as it stands in a signature.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let key = ssh_key::PublicKey::from_bytes(bytes).ok();
        let key = key
            .filter(|key| key.to_bytes().is_ok_and(|same| same == bytes))
            .ok_or("its public key is damaged or of an unknown type")?;
        Self::of(key)
    }

    /// The key, where it can be used here.
    pub(super) fn of(key: ssh_key::PublicKey) -> Result<Self, String> {
        match key.key_data() {
            KeyData::Other(_) => Err(format!(
                "keys of type {} are not supported",
                key.algorithm()
            )),
            KeyData::Rsa(rsa) if bits(&rsa.n) > *RSA_BITS.end() => Err(format!(
                "an RSA key of {} bits is longer than 16384",
                bits(&rsa.n)
            )),
            _ => Ok(Self(key)),
        }
    }

    /// Why signatures of this key prove nothing; none where it is strong enough.
    pub fn weakness(&self) -> Option<String> {
        match self.data() {
            KeyData::Dsa(_) => Some("DSA keys are too weak".to_owned()),
            KeyData::Rsa(rsa) if bits(&rsa.n) < *RSA_BITS.start() => {
                let bits = bits(&rsa.n);
                Some(format!(
                    "an RSA key of {bits} bits is too weak; it needs 2048 at least"
                ))
            }
            _ => None,
        }
    }

    /// The key's identity, the same for every comment: `SHA256:` and 43 letters, as `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }

    /// The key's type as OpenSSH writes it, such as `ssh-ed25519`.
    pub fn algorithm(&self) -> String {
        self.0.algorithm().as_str().to_owned()
    }

    /// What its owner calls it; anything, and proven by nothing.
    pub fn comment(&self) -> &str {
        self.0.comment()
    }

    /// Type and base64 as in a `.pub` file, without the comment.
    pub fn openssh(&self) -> String {
        let plain = ssh_key::PublicKey::from(self.data().clone());
        plain.to_openssh().unwrap_or_default()
    }

    /// The key as OpenSSL reads it (`BEGIN PUBLIC KEY`, RFC 5280); none for keys in security keys, which OpenSSL
    /// cannot verify by.
    pub fn spki_pem(&self) -> Option<String> {
        der::public_key_pem(self.data())
    }

    /// Does a security key hold it, which says whether it was touched?
    pub fn is_security_key(&self) -> bool {
        matches!(
            self.0.algorithm(),
            Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256
        )
    }

    pub(super) fn data(&self) -> &KeyData {
        self.0.key_data()
    }

    pub(super) fn inner(&self) -> &ssh_key::PublicKey {
        &self.0
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm(), self.fingerprint())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.data() == other.data()
    }
}

impl Eq for PublicKey {}

/// The length of a positive number.
fn bits(number: &Mpint) -> usize {
    let bytes = number.as_positive_bytes().unwrap_or_default();
    let unused = bytes
        .first()
        .map_or(0, |byte| byte.leading_zeros() as usize);
    bytes.len() * 8 - unused
}
