//! Makes new keys and secrets from the system's random source.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;

/// A pair of keys by which an application's server proves to push services who it is (RFC 8292), in
/// the form that push libraries and browsers take: base64url without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct VapidPair {
    /// The uncompressed point on P-256: 65 bytes, 87 characters. For everybody.
    pub public: String,
    /// The scalar: 32 bytes, 43 characters.
    pub private: String,
}

impl std::fmt::Debug for VapidPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VapidPair({}, …)", self.public)
    }
}

impl VapidPair {
    /// A new pair.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, String> {
        loop {
            // Fewer than one in 2^32 numbers is not below the order of the curve.
            if let Ok(key) = SecretKey::from_slice(&random::<32>()?) {
                return Ok(Self::of(&key));
            }
        }
    }

    fn of(key: &SecretKey) -> Self {
        let point = key.public_key().to_encoded_point(false);
        Self {
            public: URL_SAFE_NO_PAD.encode(point.as_bytes()),
            private: URL_SAFE_NO_PAD.encode(key.to_bytes()),
        }
    }
}

/// 32 random bytes in base64, as `openssl rand -base64 32` writes them.
///
/// # Errors
/// The system gives no random bytes.
pub fn random_secret() -> Result<String, String> {
    Ok(STANDARD.encode(random::<32>()?))
}

/// `N` bytes that nobody can predict.
///
/// # Errors
/// The system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    let source = rustls::crypto::ring::default_provider().secure_random;
    source
        .fill(&mut bytes)
        .map_err(|_| "the system gives no random bytes".to_owned())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn pairs_have_the_form_that_libraries_take() {
        let mut seen = BTreeSet::new();
        for _ in 0..50 {
            let VapidPair { public, private } = VapidPair::generate().unwrap();
            assert_eq!((public.len(), private.len()), (87, 43));
            // 0x04 and the first bits of the next byte: B and a letter from A to P.
            assert!(public.starts_with('B') && matches!(public.as_bytes()[1], b'A'..=b'P'));
            assert!(seen.insert(private));
        }
    }

    /// RFC 8291 section 5 names both halves of the sender's key.
    #[test]
    fn the_public_half_belongs_to_the_private_one() {
        let private = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
        let key = SecretKey::from_slice(&URL_SAFE_NO_PAD.decode(private).unwrap()).unwrap();
        let pair = VapidPair::of(&key);
        assert_eq!(pair.private, private);
        assert_eq!(
            pair.public,
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
        );
        assert!(!format!("{pair:?}").contains(private));
    }

    #[test]
    fn secrets_are_32_bytes_and_differ() {
        let [one, other] = [random_secret().unwrap(), random_secret().unwrap()];
        assert_eq!(STANDARD.decode(&one).unwrap().len(), 32);
        assert_ne!(one, other);
    }
}
