//! Reads the lines of an environment file as dotenv 16 does.

use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// One assignment as it is written. A name may be assigned several times; the last one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The value without its quotes, before expansion.
    pub raw: String,
    /// The line of the name, from 1.
    pub line: usize,
    /// The bytes of the name in the file.
    pub span: Range<usize>,
}

/// White space as ECMA-262 has it: it knows the byte order mark and not U+0085.
const SPACE: &str = r"[\t\n\x0B\x0C\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}]";

/// An assignment. A quoted value may go over several lines; one whose quote is not closed is taken
/// as it stands. Where a line does not fit, it is passed over without a word.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?m)^S*(?:exportS+)?(?<name>[0-9A-Za-z_.-]+)(?:S*=S*?|:S+?)(?<value>S*'(?:\\'|[^'])*'|S*"(?:\\"|[^"])*"|S*`(?:\\`|[^`])*`|[^#\r\n]+)?S*(?:#.*)?$"#;
    Regex::new(&pattern.replace('S', SPACE)).expect("the pattern is constant")
});

/// Reads all assignments of a file, in their order.
pub fn parse(text: &str) -> Vec<Entry> {
    let lines = Lines::new(text);
    let (mut counted, mut line) = (0, 1);
    let read = |found: regex::Captures<'_>| {
        let name = found
            .name("name")
            .expect("the name is not optional in the pattern");
        let span = lines.original(name.start())..lines.original(name.end());
        line += lines.text[counted..name.start()].matches('\n').count();
        counted = name.start();
        Entry {
            name: name.as_str().to_owned(),
            raw: unquoted(found.name("value").map_or("", |value| value.as_str())),
            line,
            span,
        }
    };
    // JavaScript does not let a plain object have an entry of this name.
    ASSIGNMENT
        .captures_iter(&lines.text)
        .map(read)
        .filter(|entry| entry.name != "__proto__")
        .collect()
}

/// The value without its quotes; in double quotes `\n` and `\r` are what they say.
fn unquoted(value: &str) -> String {
    let value = value.trim_matches(is_space);
    let quote = value
        .chars()
        .next()
        .filter(|first| matches!(first, '\'' | '"' | '`'));
    let inside = quote
        .and_then(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value);
    match quote {
        Some('"') => inside.replace("\\n", "\n").replace("\\r", "\r"),
        _ => inside.to_owned(),
    }
}

fn is_space(c: char) -> bool {
    c == '\u{FEFF}' || (c.is_whitespace() && c != '\u{85}')
}

/// A text with every line ending as `\n`, and the way back to the bytes it came from.
struct Lines {
    text: String,
    /// Where a carriage return was dropped, as offsets into `text`.
    dropped: Vec<usize>,
}

impl Lines {
    fn new(original: &str) -> Self {
        let mut text = String::with_capacity(original.len());
        let mut dropped = Vec::new();
        let mut chars = original.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' if chars.peek() == Some(&'\n') => dropped.push(text.len()),
                '\r' => text.push('\n'),
                c => text.push(c),
            }
        }
        Self { text, dropped }
    }

    fn original(&self, offset: usize) -> usize {
        offset + self.dropped.partition_point(|dropped| *dropped < offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, usize)> {
        parse(text)
            .into_iter()
            .map(|entry| (entry.name, entry.raw, entry.line))
            .collect()
    }

    fn value(text: &str) -> String {
        read(text).remove(0).1
    }

    #[test]
    fn quotes_and_comments() {
        for (text, wanted) in [
            ("A=b", "b"),
            ("A = b ", "b"),
            ("A: b", "b"),
            ("export A=b", "b"),
            ("A=", ""),
            ("A=b # c", "b"),
            ("A=b#c", "b"),
            ("A='b # c'", "b # c"),
            ("A=\"b # c\" # d", "b # c"),
            ("A=`it's \"x\"`", "it's \"x\""),
            ("A='b\\nc'", "b\\nc"),
            ("A=\"b\\nc\"", "b\nc"),
            ("A=\"b\\\"c\"", "b\\\"c"),
            ("A=\"b", "\"b"),
            ("A='b' c", "'b' c"),
            ("A=\"b\nc\"", "b\nc"),
            ("\u{FEFF}A=b", "b"),
            ("A=b\r\n", "b"),
            ("A=''", ""),
            ("A=b=c", "b=c"),
        ] {
            assert_eq!(value(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn lines_are_counted_from_the_name() {
        let text = "# one\r\n\r\nA=1\r\nB=\"x\r\ny\"\r\nA=2\r\nnonsense here\r\nC=3";
        let found: Vec<_> = read(text)
            .into_iter()
            .map(|(name, _, line)| (name, line))
            .collect();
        assert_eq!(
            found,
            [
                ("A".into(), 3),
                ("B".into(), 4),
                ("A".into(), 6),
                ("C".into(), 8)
            ]
        );
        let names: Vec<_> = parse(text)
            .into_iter()
            .map(|entry| text[entry.span].to_owned())
            .collect();
        assert_eq!(names, ["A", "B", "A", "C"]);
    }

    #[test]
    fn many_lines_are_counted_once() {
        let begun = crate::clock::tick();
        let found = read(&"A=1\n".repeat(300_000));
        assert_eq!(found.last().map(|(_, _, line)| *line), Some(300_000));
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    }
}
