//! What a text says as a key of web push: its form, its bytes, its place on the curve (RFC 8292 section 3.2).

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::{PublicKey, SecretKey};

/// Bytes of an uncompressed point on P-256.
const POINT: usize = 65;
/// Bytes of a private scalar.
const SCALAR: usize = 32;

/// One half of a pair, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading<K> {
    /// The bytes that it stands for, however it is written; none where it is no base64.
    pub(super) bytes: Option<usize>,
    /// The key, where the bytes are one.
    pub(super) key: Option<K>,
    /// Why libraries or push services would refuse it; none where they take it.
    pub(super) cause: Option<String>,
}

/// Reads the half that browsers are given.
pub(super) fn public(text: &str) -> Reading<PublicKey> {
    let bytes = lenient(text);
    let form = form(text, 87);
    let key = bytes
        .as_deref()
        .filter(|bytes| bytes.len() == POINT)
        .and_then(|bytes| PublicKey::from_sec1_bytes(bytes).ok());
    let cause = match &bytes {
        None => Some(form.unwrap_or_else(|| "it is not base64".into())),
        Some(bytes) if bytes.len() != POINT => Some(wrong_length(bytes, POINT)),
        Some(bytes) if bytes[0] != 4 => Some(format!(
            "its first byte is 0x{:02x}, that of an uncompressed point is 0x04",
            bytes[0]
        )),
        Some(_) if key.is_none() => Some("its 65 bytes are not a point on the curve P-256".into()),
        Some(_) => form,
    };
    Reading {
        bytes: bytes.map(|bytes| bytes.len()),
        key,
        cause,
    }
}

/// Reads the half that the server signs with.
pub(super) fn private(text: &str) -> Reading<SecretKey> {
    let bytes = lenient(text);
    let form = form(text, 43);
    let key = bytes
        .as_deref()
        .filter(|bytes| bytes.len() == SCALAR)
        .and_then(|bytes| SecretKey::from_slice(bytes).ok());
    let cause = match &bytes {
        None => Some(form.unwrap_or_else(|| "it is not base64".into())),
        Some(bytes) if bytes.len() == POINT && bytes[0] == 4 => Some(
            "it decodes to 65 bytes that begin with 0x04, as a public key does: the two may be exchanged"
                .into(),
        ),
        Some(bytes) if bytes.len() != SCALAR => Some(wrong_length(bytes, SCALAR)),
        Some(_) if key.is_none() => Some("its number is not between 1 and the order of P-256".into()),
        Some(_) => form,
    };
    Reading {
        bytes: bytes.map(|bytes| bytes.len()),
        key,
        cause,
    }
}

/// The public key as browsers and libraries take it: 87 characters of base64url.
pub(super) fn written(key: &PublicKey) -> String {
    URL_SAFE_NO_PAD.encode(key.to_encoded_point(false).as_bytes())
}

/// The private key as libraries take it: 43 characters of base64url.
pub(super) fn written_private(key: &SecretKey) -> String {
    URL_SAFE_NO_PAD.encode(key.to_bytes())
}

/// The bytes of base64 in either alphabet, padded or not, with white space around it or without.
fn lenient(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let text = text.trim().trim_end_matches('=');
    let text = text.replace('+', "-").replace('/', "_");
    GeneralPurpose::new(&alphabet::URL_SAFE, config)
        .decode(text)
        .ok()
        .filter(|bytes| !bytes.is_empty())
}

/// What is wrong with the way the key is written; none where it is base64url without padding.
fn form(text: &str, characters: usize) -> Option<String> {
    let inner = text.trim();
    Some(match () {
        () if inner != text => "there is white space around it".into(),
        () if inner.starts_with("-----BEGIN") => {
            format!("it is PEM; libraries take the {characters} characters of base64url alone")
        }
        () if inner.ends_with('=') => "it is padded with =, which libraries refuse".into(),
        () if inner.contains(['+', '/']) => {
            "it has + or / in it, which base64url writes as - and _".into()
        }
        () if !inner
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) =>
        {
            "it has characters that base64url does not have".into()
        }
        () => return None,
    })
}

fn wrong_length(bytes: &[u8], wanted: usize) -> String {
    format!(
        "it decodes to {} bytes, and {wanted} are wanted",
        bytes.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::VapidPair;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    fn pair() -> VapidPair {
        VapidPair::generate().unwrap()
    }

    #[test]
    fn a_generated_pair_is_read_and_belongs_together() {
        let pair = pair();
        let (public, private) = (public(&pair.public), private(&pair.private));
        assert_eq!((public.bytes, private.bytes), (Some(65), Some(32)));
        assert_eq!((public.cause, private.cause), (None, None));
        let (point, scalar) = (public.key.unwrap(), private.key.unwrap());
        assert_eq!(scalar.public_key(), point);
        assert_eq!(written(&point), pair.public);
        assert_eq!(written_private(&scalar), pair.private);
    }

    #[test]
    fn another_way_of_writing_is_told_and_still_read() {
        let pair = pair();
        let bytes = URL_SAFE_NO_PAD.decode(&pair.public).unwrap();
        let cases = [
            (URL_SAFE.encode(&bytes), "padded"),
            (format!(" {}", pair.public), "white space"),
            (format!("{}\n", pair.public), "white space"),
        ];
        for (text, word) in cases {
            let read = public(&text);
            assert!(read.cause.unwrap().contains(word), "{text}");
            assert_eq!(written(&read.key.unwrap()), pair.public);
        }
        // A key whose standard form has a + or / in it.
        let odd = std::iter::repeat_with(VapidPair::generate)
            .map(Result::unwrap)
            .find(|pair| pair.public.contains(['-', '_']))
            .unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&odd.public).unwrap();
        let standard = STANDARD.encode(bytes);
        let standard = standard.trim_end_matches('=');
        assert!(public(standard).cause.unwrap().contains("+ or /"));
        let bytes = URL_SAFE_NO_PAD.decode(&pair.private).unwrap();
        let read = private(&URL_SAFE.encode(bytes));
        assert!(read.cause.unwrap().contains("padded") && read.key.is_some());
    }

    #[test]
    fn what_is_no_key_is_told() {
        let mut bytes = URL_SAFE_NO_PAD.decode(pair().public).unwrap();
        bytes[40] ^= 1;
        let cause = |text: &str| public(text).cause.unwrap();
        assert!(cause(&URL_SAFE_NO_PAD.encode(&bytes)).contains("not a point"));
        bytes[0] = 3;
        assert!(cause(&URL_SAFE_NO_PAD.encode(&bytes)).contains("0x03"));
        assert!(cause(&URL_SAFE_NO_PAD.encode(&bytes[..33])).contains("33 bytes"));
        assert!(cause("-----BEGIN PUBLIC KEY-----\nMFkw").contains("PEM"));
        assert!(cause("not a key").contains("characters that base64url does not have"));
        assert!(cause("").contains("not base64"));
        // A compressed point is a key for mathematics and not for browsers.
        let scalar = SecretKey::from_slice(&[7; 32]).unwrap();
        let short = scalar.public_key().to_encoded_point(true);
        let read = public(&URL_SAFE_NO_PAD.encode(short.as_bytes()));
        assert!(read.key.is_none() && read.cause.unwrap().contains("33 bytes"));

        let cause = |bytes: &[u8]| private(&URL_SAFE_NO_PAD.encode(bytes)).cause.unwrap();
        assert!(cause(&[0; 32]).contains("between 1 and the order"));
        assert!(cause(&[255; 32]).contains("between 1 and the order"));
        assert!(cause(&[7; 31]).contains("31 bytes"));
        let public_key = URL_SAFE_NO_PAD.decode(pair().public).unwrap();
        assert!(cause(&public_key).contains("exchanged"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".*") {
            let (public, private) = (public(&text), private(&text));
            prop_assert!(public.key.is_some() || public.cause.is_some());
            prop_assert!(private.key.is_some() || private.cause.is_some());
        }

        #[test]
        fn every_scalar_has_one_public_key(bytes in any::<[u8; 32]>()) {
            let text = URL_SAFE_NO_PAD.encode(bytes);
            if let Some(key) = private(&text).key {
                prop_assert_eq!(written_private(&key), text);
                prop_assert_eq!(public(&written(&key.public_key())).key, Some(key.public_key()));
            }
        }
    }
}
