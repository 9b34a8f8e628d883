//! One byte form for one value (RFC 8785), and the digest over it.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The canonical bytes of a value: sorted keys, one form of numbers, no spaces.
///
/// # Errors
/// The value cannot be said in JSON, such as a number that is not finite.
pub fn canonical_bytes(value: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json_canonicalizer::to_vec(value).map_err(|error| error.to_string())
}

/// `sha256:` and the hexadecimal digest of bytes.
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_keys_does_not_matter() {
        let a = canonical_bytes(&serde_json::json!({ "b": 1, "a": [1.0, "é\n"] })).unwrap();
        let b = canonical_bytes(&serde_json::json!({ "a": [1, "é\n"], "b": 1 })).unwrap();
        assert_eq!(
            String::from_utf8(a.clone()).unwrap(),
            r#"{"a":[1,"é\n"],"b":1}"#
        );
        assert_eq!(digest(&a), digest(&b));
        assert!(digest(b"").starts_with("sha256:e3b0c44298fc"));
    }
}
