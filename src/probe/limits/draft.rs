//! The fields RateLimit and RateLimit-Policy as draft-ietf-httpapi-ratelimit-headers-10 has them: lists of named items.

/// An item of either field: its name, and its parameters as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: String,
    parameters: Vec<(String, String)>,
}

impl Item {
    /// A parameter that is a non-negative integer; what is anything else is no value.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        let (_, value) = self.parameters.iter().find(|(name, _)| name == key)?;
        let digits = !value.is_empty() && value.len() <= 15;
        let digits = digits && value.bytes().all(|byte| byte.is_ascii_digit());
        value.parse().ok().filter(|_| digits)
    }

    /// Is the parameter there at all?
    pub(super) fn has(&self, key: &str) -> bool {
        self.parameters.iter().any(|(name, _)| name == key)
    }
}

/// Reads a list of strings with parameters (RFC 9651, section 3.1); none where it is anything else.
pub(super) fn items(text: &str) -> Option<Vec<Item>> {
    split(text, b',')?
        .into_iter()
        .map(|member| {
            let mut parts = split(member, b';')?.into_iter();
            let name = string(parts.next()?)?;
            let parameters = parts
                .map(|part| {
                    let (key, value) = part.split_once('=').unwrap_or((part, "?1"));
                    let is_key = !key.is_empty()
                        && key.bytes().all(|byte| {
                            byte.is_ascii_lowercase()
                                || byte.is_ascii_digit()
                                || b"_-.*".contains(&byte)
                        });
                    is_key.then(|| (key.to_owned(), value.to_owned()))
                })
                .collect::<Option<_>>()?;
            Some(Item { name, parameters })
        })
        .collect()
}

/// The parts between separators that stand outside of quotes; none where quotes stay open or a part is empty.
fn split(text: &str, separator: u8) -> Option<Vec<&str>> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => {
                parts.push(text.get(begin..place)?.trim());
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(begin..)?.trim());
    (!quoted && parts.iter().all(|part| !part.is_empty())).then_some(parts)
}

fn string(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let plain = inner.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    plain.then(|| inner.replace("\\\"", "\"").replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_may_hold_separators() {
        let read = items(r#""a;b,c";q=10; w=60;pk=:YWI=:, "d" ; q=1"#).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].name, "a;b,c");
        assert_eq!(
            (read[0].number("q"), read[0].number("w")),
            (Some(10), Some(60))
        );
        assert_eq!(read[1].number("q"), Some(1));
        for bad in [
            "",
            "limit=10, remaining=9",
            r#""a"#,
            r#""a";Q=1"#,
            r#""a",,"b""#,
            "a;q=1",
        ] {
            assert_eq!(items(bad), None, "{bad}");
        }
        let odd = items(r#""a";r=-1;t=1.5"#).unwrap();
        assert_eq!((odd[0].number("r"), odd[0].number("t")), (None, None));
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_panics(text in "[\\PC\"\\\\;,=]{0,60}") {
            let _ = items(&text);
        }

        #[test]
        fn what_is_written_is_read(names in prop::collection::vec("[a-z ;,=]{0,8}", 1..4), q in 0u64..1_000_000, w in 1u64..100_000) {
            let text: Vec<_> = names.iter().map(|name| format!("\"{name}\";q={q};w={w}")).collect();
            let read = items(&text.join(", ")).unwrap();
            prop_assert_eq!(read.len(), names.len());
            for (item, name) in read.iter().zip(&names) {
                prop_assert_eq!(&item.name, name);
                prop_assert_eq!((item.number("q"), item.number("w")), (Some(q), Some(w)));
            }
        }
    }
}
