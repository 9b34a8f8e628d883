//! A scanner of HTML tags: start tags with their attributes, end tags, text, and what scripts hold; in one pass.

/// One piece of a document, in order.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::probe) enum Piece<'a> {
    /// A start tag.
    Tag(Tag<'a>),
    /// The name in an end tag.
    End(&'a str),
    /// Text between tags, entities unread.
    Text(&'a str),
    /// The inside of a script, style, title or textarea, which ends only at its own end tag.
    Inside(&'a str, &'a str),
}

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::probe) struct Tag<'a> {
    /// As written; compare without regard to case.
    pub name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Tag<'a> {
    pub(in crate::probe) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The first attribute of that name, entities unread; empty where it has no value.
    pub(in crate::probe) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    pub(in crate::probe) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.attributes.iter().copied()
    }
}

/// Elements whose inside is not markup (HTML Standard, raw text and escapable raw text elements).
const OPAQUE: &[&str] = &["script", "style", "title", "textarea", "noembed", "xmp"];

/// Scans a document. Never fails: what is not markup is text.
#[derive(Debug)]
pub(in crate::probe) struct Scanner<'a> {
    rest: &'a str,
    /// The opaque element whose inside comes next.
    inside: Option<&'a str>,
}

impl<'a> Scanner<'a> {
    pub(in crate::probe) fn new(html: &'a str) -> Self {
        Self {
            rest: html,
            inside: None,
        }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    /// The inside of an opaque element, up to its end tag or the end of the document.
    fn opaque(&mut self, name: &'a str) -> Piece<'a> {
        let ends = |at: usize| {
            let tag = &self.rest.as_bytes()[at + 2..];
            tag.len() >= name.len()
                && tag[..name.len()].eq_ignore_ascii_case(name.as_bytes())
                && tag
                    .get(name.len())
                    .is_none_or(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte))
        };
        let end = self
            .rest
            .match_indices("</")
            .map(|(at, _)| at)
            .find(|at| ends(*at));
        let text = self.take(end.unwrap_or(self.rest.len()));
        Piece::Inside(name, text)
    }

    /// A start or an end tag; none where `<` begins something else, which is then skipped.
    fn tag(&mut self) -> Option<Piece<'a>> {
        let after = &self.rest[1..];
        if let Some(comment) = after.strip_prefix("!--") {
            let end = comment.find("-->").map_or(self.rest.len(), |at| at + 7);
            self.take(end);
            return None;
        }
        if !after.starts_with(|first: char| first.is_ascii_alphabetic()) {
            // An end tag, a doctype or a processing instruction ends at the next `>`.
            let is_markup = after.starts_with(['/', '!', '?']);
            let end = if is_markup {
                self.rest.find('>').map_or(self.rest.len(), |at| at + 1)
            } else {
                1
            };
            let name = self.take(end).strip_prefix("</")?;
            let ended = |c: char| !c.is_ascii_alphanumeric() && c != '-';
            let name = name.split(ended).next().unwrap_or_default();
            return (!name.is_empty()).then_some(Piece::End(name));
        }
        self.take(1);
        let end = self
            .rest
            .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/');
        let name = self.take(end.unwrap_or(self.rest.len()));
        let mut attributes = Vec::new();
        loop {
            self.skip(|c| c.is_ascii_whitespace() || c == '/');
            if self.rest.is_empty() || self.rest.starts_with('>') {
                self.take(usize::from(!self.rest.is_empty()));
                return Some(Piece::Tag(Tag { name, attributes }));
            }
            attributes.push(self.attribute());
        }
    }

    fn attribute(&mut self) -> (&'a str, &'a str) {
        // A leading `=` belongs to the name, by the tokenizer's rules; so a name is never empty.
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let end = self.rest[first..]
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'));
        let name = self.take(end.map_or(self.rest.len(), |at| at + first));
        self.skip(|c| c.is_ascii_whitespace());
        if !self.rest.starts_with('=') {
            return (name, "");
        }
        self.take(1);
        self.skip(|c| c.is_ascii_whitespace());
        if let Some(quote @ ('"' | '\'')) = self.rest.chars().next() {
            self.take(1);
            let value = self.take(self.rest.find(quote).unwrap_or(self.rest.len()));
            self.take(usize::from(!self.rest.is_empty()));
            return (name, value);
        }
        let end = self
            .rest
            .find(|c: char| c.is_ascii_whitespace() || c == '>');
        (name, self.take(end.unwrap_or(self.rest.len())))
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        self.rest = self.rest.trim_start_matches(skipped);
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some(name) = self.inside.take() {
            return Some(self.opaque(name));
        }
        while !self.rest.is_empty() {
            let text = self.rest.find('<').unwrap_or(self.rest.len());
            if text > 0 {
                return Some(Piece::Text(self.take(text)));
            }
            let piece = self.tag();
            if let Some(Piece::Tag(tag)) = &piece {
                self.inside = OPAQUE.iter().any(|name| tag.is(name)).then_some(tag.name);
            }
            if piece.is_some() {
                return piece;
            }
        }
        None
    }
}

/// Reads the entities that addresses and titles are written with; others stay as they are.
pub(in crate::probe) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest numeric entity that stands for a character is `&#x10FFFF;`.
        let entity = rest
            .bytes()
            .take(12)
            .position(|byte| byte == b';')
            .map(|end| &rest[1..end]);
        match entity.and_then(character) {
            Some(character) => {
                plain.push(character);
                rest = &rest[entity.map_or(0, str::len) + 2..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain + rest
}

fn character(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tags(html: &str) -> Vec<String> {
        Scanner::new(html)
            .filter_map(|piece| match piece {
                Piece::Tag(tag) => Some(format!("{} {:?}", tag.name, tag.attributes)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn reads_tags_with_every_kind_of_attribute() {
        let html = "<!doctype html><SCRIPT async src=/a.js data-x='1 > 0' y = \"<b>\"></SCRIPT><br/><img src=x/>";
        assert_eq!(
            tags(html),
            [
                r#"SCRIPT [("async", ""), ("src", "/a.js"), ("data-x", "1 > 0"), ("y", "<b>")]"#,
                "br []",
                r#"img [("src", "x/")]"#,
            ]
        );
    }

    #[test]
    fn comments_scripts_and_strays_hold_no_tags() {
        assert_eq!(
            tags("<!-- <a> --><script>if (a<b) '<i>'</script ><p>1 < 2 </p><b"),
            ["script []", "p []", "b []"]
        );
        assert_eq!(tags("<script><img src=x>"), ["script []"]);
        assert_eq!(tags("<!-- never closed <a>"), [""; 0]);
        assert_eq!(tags("<"), [""; 0]);
    }

    #[test]
    fn reads_entities() {
        assert_eq!(
            unescape("/a?b=1&amp;c=2&#38;&#x26;&unknown;&"),
            "/a?b=1&c=2&&&unknown;&"
        );
        assert_eq!(unescape("&#xD800;é&"), "&#xD800;é&");
    }

    proptest! {
        #[test]
        fn never_fails_and_always_ends(html in "[<>/!a-c=\"' \\-é&#;x0-9]{0,60}") {
            let pieces = Scanner::new(&html).count();
            prop_assert!(pieces <= html.len() + 1);
            unescape(&html);
        }
    }
}
