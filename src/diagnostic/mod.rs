//! Messages about the user's files: what is wrong, where, and how to mend it.

mod nearest;
mod render;
pub mod table;

pub use nearest::nearest;
pub use table::parse_duration;

use std::ops::Range;
use std::sync::Arc;

/// A file of the user's as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as the user would write it.
    pub name: Arc<str>,
    /// The text.
    pub text: Arc<str>,
}

/// One message about a file, a setting or an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one line.
    pub message: String,
    /// Where, with what is to be said at the caret.
    pub place: Option<(Source, Range<usize>, String)>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Source {
    /// A file's name and text.
    pub fn new(name: impl AsRef<str>, text: impl AsRef<str>) -> Self {
        Self {
            name: Arc::from(name.as_ref()),
            text: Arc::from(text.as_ref()),
        }
    }

    /// The line (from 1) of a byte offset.
    pub fn line_of(&self, offset: usize) -> usize {
        let end = offset.min(self.text.len());
        self.text.as_bytes()[..end]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    }

    /// The same bytes within the text, widened to whole characters.
    fn whole_chars(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start);
        start..self.text.ceil_char_boundary(span.end).max(start)
    }
}

impl Diagnostic {
    /// A message without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            help: None,
        }
    }

    /// The same, pointing at bytes of a file.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Range<usize>, label: impl Into<String>) -> Self {
        self.place = Some((source.clone(), span, label.into()));
        self
    }

    /// The same, with the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same without what `redact` takes out. It comes before rendering, which cuts long lines and
    /// replaces control characters: a secret in pieces is no longer found.
    #[must_use]
    pub fn redacted(&self, redact: impl Fn(&str) -> String) -> Self {
        let mut clean = Self {
            message: redact(&self.message),
            place: None,
            help: self.help.as_deref().map(&redact),
        };
        if let Some((source, span, label)) = &self.place {
            match redacted_source(source, span, &redact) {
                Some((source, span)) => clean.place = Some((source, span, redact(label))),
                None => {
                    let line = source.line_of(span.start);
                    clean.message = format!("{}:{line}: {}", source.name, clean.message);
                }
            }
        }
        clean
    }

    /// The message as a terminal shows it, with the line and a caret; not redacted.
    pub fn render(&self, color: bool) -> String {
        render::render(self, color)
    }
}

/// A source without secrets and where the span lies in it; none where a secret runs across an end of
/// the span, or over several lines before it.
fn redacted_source(
    source: &Source,
    span: &Range<usize>,
    redact: impl Fn(&str) -> String,
) -> Option<(Source, Range<usize>)> {
    let text = source.text.as_ref();
    if redact(text) == text {
        return Some((source.clone(), span.clone()));
    }
    let span = source.whole_chars(span);
    let before = redact(&text[..span.start]);
    let within = redact(&text[span.clone()]);
    let clean = [&before, &within, &redact(&text[span.end..])]
        .map(String::as_str)
        .concat();
    let lines = |text: &str| text.matches('\n').count();
    let stays = lines(&before) == lines(&text[..span.start]) && redact(&clean) == clean;
    let span = before.len()..before.len() + within.len();
    stays.then(|| (Source::new(&source.name, clean), span))
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Book;

    fn told(text: &str, word: &str, secret: &str) -> String {
        let book = Book::default();
        book.register("KEY", secret);
        let start = text.find(word).unwrap();
        Diagnostic::new("wrong")
            .at(
                &Source::new("a.toml", text),
                start..start + word.len(),
                "here",
            )
            .redacted(|text| book.redact(text))
            .render(false)
    }

    #[test]
    fn a_secret_is_taken_out_before_its_line_is_cut() {
        let secret = "q7".repeat(60);
        let text = format!("a = 1\nbad = 2, b = \"{}{secret}\"\n", "-".repeat(90));
        let told = told(&text, "bad", &secret);
        assert!(!told.contains("q7q7"), "{told}");
        assert!(
            told.contains("a.toml:2:1") && told.contains("^^^ here"),
            "{told}"
        );
    }

    #[test]
    fn a_place_that_holds_a_secret_is_named_without_its_text() {
        let told = told(
            "x = 1\ny = 'topsecretvalue'\n",
            "secretval",
            "topsecretvalue",
        );
        assert!(!told.contains("secretval"), "{told}");
        assert!(told.contains("a.toml:2: wrong"), "{told}");
    }
}
