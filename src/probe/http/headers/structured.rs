//! Structured fields: as much of RFC 9651 as the headers that checks judge are written in.

use std::collections::BTreeMap;

/// A member of a dictionary, or a single item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Member {
    /// One bare item.
    Item(Bare),
    /// A list in parentheses.
    Inner(Vec<Bare>),
}

/// A bare item. Parameters are read and dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) enum Bare {
    /// `self`, `*`
    Token(String),
    /// `"https://example.com"`
    Text(String),
    /// `?1`
    Flag(bool),
    /// A number, byte sequence or date: nothing that these headers use.
    Other,
}

/// Reads a dictionary (section 4.2.2). A repeated key keeps its last value.
pub(super) fn dictionary(text: &str) -> Option<BTreeMap<String, Member>> {
    let mut reader = Reader {
        rest: text.trim_matches(' ').as_bytes(),
    };
    let mut members = BTreeMap::new();
    while !reader.rest.is_empty() {
        let key = reader.key()?;
        let member = if reader.take(b'=') {
            reader.member()?
        } else {
            reader.parameters()?;
            Member::Item(Bare::Flag(true))
        };
        members.insert(key, member);
        reader.skip_blank();
        if reader.rest.is_empty() {
            return Some(members);
        }
        if !reader.take(b',') {
            return None;
        }
        reader.skip_blank();
        if reader.rest.is_empty() {
            return None;
        }
    }
    Some(members)
}

/// Reads an item (section 4.2.3), without its parameters.
pub(in crate::probe) fn item(text: &str) -> Option<Bare> {
    let mut reader = Reader {
        rest: text.trim_matches(' ').as_bytes(),
    };
    let bare = reader.bare()?;
    reader.parameters()?;
    reader.rest.is_empty().then_some(bare)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn take_while(&mut self, allowed: impl Fn(u8) -> bool) -> String {
        let end = self
            .rest
            .iter()
            .position(|byte| !allowed(*byte))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken.iter().copied().map(char::from).collect()
    }

    fn skip_blank(&mut self) {
        self.take_while(|byte| byte == b' ' || byte == b'\t');
    }

    fn key(&mut self) -> Option<String> {
        self.rest
            .first()
            .filter(|byte| byte.is_ascii_lowercase() || **byte == b'*')?;
        Some(self.take_while(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte)
        }))
    }

    fn member(&mut self) -> Option<Member> {
        let member = if self.take(b'(') {
            Member::Inner(self.inner()?)
        } else {
            Member::Item(self.bare()?)
        };
        self.parameters()?;
        Some(member)
    }

    fn inner(&mut self) -> Option<Vec<Bare>> {
        let mut items = Vec::new();
        loop {
            self.take_while(|byte| byte == b' ');
            if self.take(b')') {
                return Some(items);
            }
            items.push(self.bare()?);
            self.parameters()?;
            self.rest
                .first()
                .filter(|byte| **byte == b' ' || **byte == b')')?;
        }
    }

    fn parameters(&mut self) -> Option<()> {
        while self.take(b';') {
            self.take_while(|byte| byte == b' ');
            self.key()?;
            if self.take(b'=') {
                self.bare()?;
            }
        }
        Some(())
    }

    fn bare(&mut self) -> Option<Bare> {
        match *self.rest.first()? {
            b'"' => self.text().map(Bare::Text),
            b'?' => {
                let flag = match self.rest.get(1)? {
                    b'1' => true,
                    b'0' => false,
                    _ => return None,
                };
                self.rest = &self.rest[2..];
                Some(Bare::Flag(flag))
            }
            b':' => {
                self.take(b':');
                self.take_while(|byte| byte != b':');
                self.take(b':').then_some(Bare::Other)
            }
            b'-' | b'@' | b'0'..=b'9' => {
                let number =
                    self.take_while(|byte| byte.is_ascii_digit() || b"-.@".contains(&byte));
                number
                    .bytes()
                    .any(|byte| byte.is_ascii_digit())
                    .then_some(Bare::Other)
            }
            byte if byte.is_ascii_alphabetic() || byte == b'*' => {
                Some(Bare::Token(self.take_while(|byte| {
                    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte)
                })))
            }
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        self.take(b'"');
        let mut text = String::new();
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            match byte {
                b'"' => return Some(text),
                b'\\' => {
                    let (&escaped, rest) = self.rest.split_first()?;
                    self.rest = rest;
                    if escaped != b'"' && escaped != b'\\' {
                        return None;
                    }
                    text.push(char::from(escaped));
                }
                0x20..=0x7e => text.push(char::from(byte)),
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_of_rfc_9651_section_3() {
        let read = dictionary("a=(), b=(x \"y\";p=1), c=*;q, d, a=?0").unwrap();
        assert_eq!(read.len(), 4);
        assert_eq!(read["a"], Member::Item(Bare::Flag(false)));
        assert_eq!(
            read["b"],
            Member::Inner(vec![Bare::Token("x".into()), Bare::Text("y".into())])
        );
        assert_eq!(read["c"], Member::Item(Bare::Token("*".into())));
        assert_eq!(dictionary(""), Some(BTreeMap::new()));
    }

    #[test]
    fn refuses_what_section_4_2_refuses() {
        for broken in [
            "a=",
            "a=(",
            "a=(x",
            "a=(x\"y\")",
            "a,",
            "A=1",
            "a 'none'",
            "a=\"x",
            "a=1 b=2",
            "a;=1",
            "a=\"é\"",
        ] {
            assert_eq!(dictionary(broken), None, "{broken}");
        }
    }

    #[test]
    fn reads_items_with_parameters() {
        assert_eq!(
            item("same-origin; report-to=\"x\""),
            Some(Bare::Token("same-origin".into()))
        );
        assert_eq!(item("?1"), Some(Bare::Flag(true)));
        assert_eq!(item("same-origin, same-origin"), None);
        assert_eq!(item(""), None);
    }
}
