//! Makes text that others wrote fit for the page: it is shown, never read as markup.

use crate::document::escape::{cut, visible};

/// How many characters of an ordinary value are shown.
pub(super) const VALUE: usize = 400;

/// The text on one line, in an element or between the double quotes of an attribute.
pub(super) fn text(text: &str) -> String {
    markup(&visible(text))
}

/// The same of the first `limit` characters, and how many there are in all.
pub(super) fn short(value: &str, limit: usize) -> String {
    text(&cut(value, limit))
}

/// The same in at most `bytes` bytes and a mark of what was cut off, however long the text grows by being escaped.
pub(super) fn fit(value: &str, bytes: usize) -> String {
    // Each character takes a byte at least, but for a line break of two.
    let start: String = value.chars().take(2 * bytes + 2).collect();
    let mut out = String::with_capacity(start.len().min(bytes) + 8);
    for c in visible(&start).chars() {
        let before = out.len();
        push(&mut out, c);
        if out.len() > bytes {
            out.truncate(before);
            return out + "…";
        }
    }
    out
}

/// Lines that keep their breaks, for `pre`; each of them is safe.
pub(super) fn lines<'t>(lines: impl Iterator<Item = &'t str>) -> String {
    let lines: Vec<String> = lines.map(text).collect();
    lines.join("\n")
}

/// What mends a failure: lines that are set in from the margin are code, the others run on.
pub(super) fn steps(remedy: &str) -> String {
    let remedy = cut(remedy.trim(), VALUE * 4);
    let is_code = |line: &&str| line.starts_with("  ") || line.starts_with('\t');
    let all: Vec<&str> = remedy.lines().collect();
    let blocks = all.chunk_by(|a, b| is_code(a) == is_code(b));
    let blocks = blocks.map(|block| match block.first().is_some_and(is_code) {
        true => {
            let margin = |line: &&str| line.len() - line.trim_start_matches(' ').len();
            let margin = block.iter().map(margin).min().unwrap_or(0);
            let block = block.iter().filter_map(|line| line.get(margin..));
            format!("<pre>{}</pre>", lines(block))
        }
        false => format!("<p>{}</p>", text(&block.join(" "))),
    });
    blocks.collect()
}

/// A text as code; nothing where there is none.
pub(super) fn code(value: &str, limit: usize) -> String {
    match value.trim().is_empty() {
        true => String::new(),
        false => format!("<code>{}</code>", short(value, limit)),
    }
}

fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| push(&mut out, c));
    out
}

fn push(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::escape::hides;
    use proptest::prelude::*;

    #[test]
    fn markup_is_shown() {
        assert_eq!(
            text("</p><b a=\"x\">&amp;\u{1b}[2J"),
            "&lt;/p&gt;&lt;b a=&quot;x&quot;&gt;&amp;amp;\\u{1b}[2J"
        );
        assert_eq!(
            steps("Write:\n  a <b>\n    c\nand go.\u{202e}"),
            "<p>Write:</p><pre>a &lt;b&gt;\n  c</pre><p>and go.\\u{202e}</p>"
        );
        assert_eq!(code(" ", 9), "");
    }

    #[test]
    fn what_fits_is_whole() {
        assert_eq!(fit("headers.api", 20), "headers.api");
        assert_eq!(fit("abc", 2), "ab…");
        assert_eq!(fit(&"&".repeat(9), 12), "&amp;&amp;…");
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_it_may_be(value in "\\PC*|.*|[&<>\"]{0,60}", bytes in 1_usize..90) {
            let shown = fit(&value, bytes);
            prop_assert!(shown.len() <= bytes + '…'.len_utf8(), "{shown}");
            prop_assert!(!shown.chars().any(|c| hides(c) || c == '<' || c == '"'));
            if !shown.ends_with('…') {
                prop_assert_eq!(shown, text(&value));
            }
        }
    }
}
