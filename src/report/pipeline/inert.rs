//! Text on its way into the log of a GitHub job, so that nothing in it is obeyed as a workflow command.
//!
//! The runner obeys a line that begins with `::name`, after any white space, and the older form `##[name]`
//! anywhere in a line (`TryParseV2` and `TryParse` in `ActionCommand.cs` of actions/runner). A pair of
//! `stop-commands` around the text is no way out: both streams of a step go through one state, in no certain
//! order, so that it would swallow annotations that stand on the other stream, and what a killed program
//! stopped stays stopped. So the character that makes it a command is written out, in the way of the text's
//! own syntax.

use crate::document::escape::hides;
use std::borrow::Cow;

/// The syntax of a text, which says how a character can be written out in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// Text for people: `\u{3a}`.
    Text,
    /// JSON, where strings alone can hold such text: `\u003a`, which reads as the same.
    Json,
    /// XML and HTML: `&#58;`, which reads as the same.
    Xml,
}

impl Syntax {
    /// The syntax of files with this extension.
    pub fn of(extension: &str) -> Self {
        match extension {
            "json" | "sarif" => Self::Json,
            "xml" | "svg" | "html" => Self::Xml,
            _ => Self::Text,
        }
    }

    fn write(self, c: char) -> String {
        let code = u32::from(c);
        match self {
            Self::Text => c.escape_unicode().to_string(),
            Self::Json => format!("\\u{code:04x}"),
            Self::Xml => format!("&#{code};"),
        }
    }
}

/// Does a comparison by the rules of a language look past this character? .NET's does, unless told otherwise.
fn is_ignorable(c: char) -> bool {
    hides(c)
        || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}')
}

/// The text with no line in it that the runner would take for a command.
pub fn inert(text: &str, syntax: Syntax) -> Cow<'_, str> {
    if !text.contains(':') && !text.contains('#') {
        return Cow::Borrowed(text);
    }
    let mut found: Vec<(usize, char)> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let mut shown = line
            .char_indices()
            .filter(|(_, c)| !is_ignorable(*c))
            .peekable();
        while shown.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        if let (Some((at, ':')), Some((_, ':'))) = (shown.next(), shown.next()) {
            found.push((start + at, ':'));
        }
        let shown = line.char_indices().filter(|(_, c)| !is_ignorable(*c));
        let (mut before, mut last) = (None, None);
        for (at, c) in shown {
            if let (Some((_, '#')), Some((second, '#')), '[') = (before, last, c) {
                found.push((start + second, '#'));
            }
            (before, last) = (last, Some((at, c)));
        }
        start += line.len();
    }
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8 * found.len());
    let mut done = 0;
    for (at, c) in found {
        out.push_str(&text[done..at]);
        out.push_str(&syntax.write(c));
        done = at + c.len_utf8();
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}
