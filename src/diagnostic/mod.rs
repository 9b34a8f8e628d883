//! Messages about the user's files: what is wrong, where, and how to mend it.

mod nearest;
mod render;
pub mod table;

pub use nearest::nearest;

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

    /// The message as a terminal shows it, with the line and a caret; not redacted.
    pub fn render(&self, color: bool) -> String {
        render::render(self, color)
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}
