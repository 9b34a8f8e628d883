//! One byte form for one value (RFC 8785), and the digest over it.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::io::{self, Write};
use std::ops::Range;

/// The canonical bytes of a value: sorted keys, one form of numbers, no spaces.
///
/// Every observation is written in this form while others are looked at, so it has to be quick:
/// `serde_json_canonicalizer`, which the tests hold it to, takes several times as long.
///
/// # Errors
/// The value cannot be said in JSON, such as a map whose keys are not text.
pub fn canonical_bytes(value: &impl Serialize) -> Result<Vec<u8>, String> {
    let text = RefCell::new(Vec::new());
    let form = Canonical {
        text: &text,
        open: Vec::new(),
    };
    value
        .serialize(&mut Serializer::with_formatter(Text(&text), form))
        .map_err(|error| error.to_string())?;
    Ok(text.into_inner())
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

/// What is written so far. The formatter looks at it too, to sort the members of objects in place.
struct Text<'a>(&'a RefCell<Vec<u8>>);

impl Write for Text<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sorts members and writes numbers as ECMAScript does.
struct Canonical<'a> {
    text: &'a RefCell<Vec<u8>>,
    /// The members of every object that has not ended, outermost first.
    open: Vec<Vec<Member>>,
}

/// The places of a member in the text: of its key with the quotation marks, and of key and value.
struct Member {
    key: Range<usize>,
    whole: Range<usize>,
}

/// Whole numbers up to here are exact in ECMAScript; beyond, digits are lost (RFC 8785 section 3.2.2.3).
const EXACT: u64 = 1 << 53;

impl Canonical<'_> {
    fn length(&self) -> usize {
        self.text.borrow().len()
    }

    fn member(&mut self) -> io::Result<&mut Member> {
        let member = self.open.last_mut().and_then(|members| members.last_mut());
        member.ok_or_else(|| io::Error::other("a member stands outside an object"))
    }
}

impl Formatter for Canonical<'_> {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open.push(Vec::new());
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, _: &mut W, _: bool) -> io::Result<()> {
        // Commas are written when the order is known.
        let here = self.length();
        let members = self.open.last_mut();
        let members = members.ok_or_else(|| io::Error::other("a key stands outside an object"))?;
        members.push(Member {
            key: here..here,
            whole: here..here,
        });
        Ok(())
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.length();
        self.member()?.key.end = here;
        Ok(())
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.length();
        self.member()?.whole.end = here;
        Ok(())
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let mut members = self.open.pop().unwrap_or_default();
        if let Some(start) = members.first().map(|member| member.whole.start) {
            let mut text = self.text.borrow_mut();
            members.sort_by(|left, right| order(&text[left.key.clone()], &text[right.key.clone()]));
            let mut sorted = Vec::with_capacity(text.len() - start + members.len());
            for (place, member) in members.into_iter().enumerate() {
                if place > 0 {
                    sorted.push(b',');
                }
                sorted.extend_from_slice(&text[member.whole]);
            }
            text.truncate(start);
            text.append(&mut sorted);
        }
        writer.write_all(b"}")
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // JSON has no other numbers: serde_json writes null for those before it comes here.
        writer.write_all(ryu_js::Buffer::new().format_finite(value).as_bytes())
    }

    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(writer, value.into())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the form has the precision of ECMAScript"
    )]
    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() <= EXACT {
            write!(writer, "{value}")
        } else {
            self.write_f64(writer, value as f64)
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the form has the precision of ECMAScript"
    )]
    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value <= EXACT {
            write!(writer, "{value}")
        } else {
            self.write_f64(writer, value as f64)
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the form has the precision of ECMAScript"
    )]
    fn write_u128<W: ?Sized + Write>(&mut self, writer: &mut W, value: u128) -> io::Result<()> {
        match u64::try_from(value) {
            Ok(value) => self.write_u64(writer, value),
            Err(_) => self.write_f64(writer, value as f64),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the form has the precision of ECMAScript"
    )]
    fn write_i128<W: ?Sized + Write>(&mut self, writer: &mut W, value: i128) -> io::Result<()> {
        match i64::try_from(value) {
            Ok(value) => self.write_i64(writer, value),
            Err(_) => self.write_f64(writer, value as f64),
        }
    }
}

/// The order of two keys in their quotation marks: that of their UTF-16 code units (RFC 8785 section 3.2.3).
fn order(left: &[u8], right: &[u8]) -> Ordering {
    let plain = |key: &[u8]| key.is_ascii() && !key.contains(&b'\\');
    if plain(left) && plain(right) {
        // Not the mark at the end: it would sort before the letters of a longer key, and after a space.
        return left[..left.len() - 1].cmp(&right[..right.len() - 1]);
    }
    let units = |key: &[u8]| -> Vec<u16> {
        let text: String = serde_json::from_slice(key).unwrap_or_default();
        text.encode_utf16().collect()
    };
    units(left).cmp(&units(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    #[test]
    fn order_of_keys_does_not_matter() {
        let a = canonical_bytes(&json!({ "b": 1, "a": [1.0, "é\n"] })).unwrap();
        let b = canonical_bytes(&json!({ "a": [1, "é\n"], "b": 1 })).unwrap();
        assert_eq!(
            String::from_utf8(a.clone()).unwrap(),
            r#"{"a":[1,"é\n"],"b":1}"#
        );
        assert_eq!(digest(&a), digest(&b));
        assert!(digest(b"").starts_with("sha256:e3b0c44298fc"));
    }

    /// The example of RFC 8785 section 3.2.3, and keys that only the end tells apart.
    #[test]
    fn keys_are_sorted_by_utf16_units() {
        let keys = json!({ "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7,
            "a": 8, "a ": 9, "a!": 10, "a\"": 11, "": 12 });
        let bytes = canonical_bytes(&keys).unwrap();
        assert_eq!(bytes, serde_json_canonicalizer::to_vec(&keys).unwrap());
        let first = String::from_utf8(bytes).unwrap();
        assert!(
            first.starts_with(r#"{"":12,"\r":2,"1":4,"a":8,"a ":9,"#),
            "{first}"
        );
    }

    fn json_values() -> impl Strategy<Value = Value> {
        let number = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-1000_i64..1000).prop_map(Value::from),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            number,
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 8, |inner| {
            let key = prop_oneof![any::<String>(), "[a-c \"\\\\]{0,3}"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((key, inner), 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_the_library(value in json_values()) {
            let ours = canonical_bytes(&value).unwrap();
            prop_assert_eq!(&ours, &serde_json_canonicalizer::to_vec(&value).unwrap());
        }
    }
}
