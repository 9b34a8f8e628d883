//! Why a region cannot be read or written, and how to mend it.

use super::lines;
use crate::diagnostic::{Diagnostic, Source};

/// Why a region cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionFault {
    /// The file has no region of that name.
    Absent {
        /// The name.
        name: String,
    },
    /// The file has the region already.
    Present {
        /// The name.
        name: String,
        /// The line of its begin marker.
        line: usize,
    },
    /// A begin marker without its end.
    Unclosed {
        /// The name.
        name: String,
        /// The line of the marker.
        line: usize,
    },
    /// An end marker without its begin.
    Unopened {
        /// The name.
        name: String,
        /// The line of the marker.
        line: usize,
    },
    /// A region begins within another.
    Nested {
        /// The name of the inner one.
        name: String,
        /// The line of its begin marker.
        line: usize,
        /// The name of the outer one.
        within: String,
    },
    /// Two regions have the same name.
    Twice {
        /// The name.
        name: String,
        /// The line of the second begin marker.
        line: usize,
        /// The line of the first.
        first: usize,
    },
    /// Somebody changed what stands in the region.
    Edited {
        /// The name.
        name: String,
        /// The line of its begin marker.
        line: usize,
    },
}

impl RegionFault {
    /// The line that it is about, from 1, where it is about one.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Absent { .. } => None,
            Self::Present { line, .. }
            | Self::Unclosed { line, .. }
            | Self::Unopened { line, .. }
            | Self::Nested { line, .. }
            | Self::Twice { line, .. }
            | Self::Edited { line, .. } => Some(*line),
        }
    }

    /// How to mend it.
    pub fn help(&self) -> String {
        match self {
            Self::Absent { .. } => "what people wrote is never overwritten: move the file away or delete it, and it is written anew".into(),
            Self::Present { .. } => "it is renewed in its place; nothing has to be added".into(),
            Self::Unclosed { name, .. } => format!("put the line <!-- holdpoint:end {name} --> behind what holdpoint wrote, or take the begin marker out"),
            Self::Unopened { name, .. } => format!("put the line <!-- holdpoint:begin {name} --> before what holdpoint wrote, or take the end marker out"),
            Self::Nested { within, .. } => format!("end the region {within} before the other begins, or take one pair of markers out"),
            Self::Twice { .. } => "take one of the two out, with both of its markers".into(),
            Self::Edited { .. } => "move your words above the begin marker or below the end marker, where they stay, and take the file's region out to have it written anew; a signed file is best kept under another name".into(),
        }
    }

    /// The message for people, with its place in the file.
    pub fn diagnostic(&self, file: &Source) -> Diagnostic {
        let line = self
            .line()
            .and_then(|line| lines(&file.text).nth(line.checked_sub(1)?));
        match line {
            Some(line) => Diagnostic::new(self.to_string()).at(file, line.text, "here"),
            None => Diagnostic::new(format!("{}: {self}", file.name)),
        }
        .help(self.help())
    }
}

impl std::fmt::Display for RegionFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent { name } => write!(
                f,
                "it is there already, and has no region {name} that holdpoint may write"
            ),
            Self::Present { name, .. } => write!(f, "it has the region {name} already"),
            Self::Unclosed { name, .. } => write!(f, "the region {name} has no end marker"),
            Self::Unopened { name, .. } => write!(f, "the region {name} has no begin marker"),
            Self::Nested { name, within, .. } => {
                write!(f, "the region {name} begins within the region {within}")
            }
            Self::Twice { name, first, .. } => write!(
                f,
                "there are two regions {name}; the first is in line {first}"
            ),
            Self::Edited { name, .. } => write!(
                f,
                "the region {name} was changed by hand since holdpoint wrote it"
            ),
        }
    }
}

impl std::error::Error for RegionFault {}
