//! Reads the code inside Google's `authError`, the parameter by which its error page knows what is wrong.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The texts inside Google's `authError`: url-safe base64 of a protocol buffer whose first text is the
/// code and whose second is a message for people. Not documented by Google.
pub(super) fn decode(text: &str) -> Vec<String> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .unwrap_or_default();
    let mut rest = bytes.as_slice();
    let mut texts = Vec::new();
    while let Some((tag, after)) = varint(rest) {
        let Some((number, after)) = (match tag & 7 {
            0 | 2 => varint(after),
            _ => None,
        }) else {
            break;
        };
        rest = after;
        if tag & 7 == 2 {
            let length = usize::try_from(number).unwrap_or(usize::MAX);
            let Some((piece, after)) = rest.split_at_checked(length) else {
                break;
            };
            if let Ok(text) = std::str::from_utf8(piece) {
                texts.push(text.to_owned());
            }
            rest = after;
        }
    }
    texts
}

/// A number of a protocol buffer, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(place).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((number, &bytes[place + 1..]));
        }
    }
    None
}

/// A code and a message as Google writes them.
#[cfg(test)]
pub(super) fn encoded(code: &str, message: &str) -> String {
    let mut bytes = Vec::new();
    for (tag, text) in [(0x0a, code), (0x12, message)] {
        bytes.push(tag);
        bytes.push(u8::try_from(text.len()).unwrap());
        bytes.extend(text.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_message_are_read() {
        let text = encoded("redirect_uri_mismatch", "You can't sign in");
        assert_eq!(
            decode(&text),
            ["redirect_uri_mismatch", "You can't sign in"]
        );
        // Padded, as it comes in addresses.
        assert_eq!(decode(&format!("{text}==")), decode(&text));
        // A number between the texts, and one that ends too early.
        let bytes = [0x08, 0x96, 0x01, 0x0a, 0x01, b'x', 0x12, 0x7f, b'y'];
        assert_eq!(decode(&URL_SAFE_NO_PAD.encode(bytes)), ["x"]);
        assert_eq!(decode("%%%"), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            let texts = decode(&URL_SAFE_NO_PAD.encode(&bytes));
            let length: usize = texts.iter().map(String::len).sum();
            assert!(length <= bytes.len());
        }
    }
}
