//! Chooses each value by precedence and remembers where it came from.

use super::file::Placed;
use crate::diagnostic::Diagnostic;
use crate::secret::Book;
use std::collections::BTreeMap;

/// A value that was chosen, for `plan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The setting as `holdpoint.toml` names it: `target.url`.
    pub what: String,
    /// The value, redacted.
    pub value: String,
    /// `--target`, `HOLDPOINT_TARGET`, `holdpoint.toml:3`, `.env.local:2 (NEXTAUTH_URL)`, `default` …
    pub from: String,
}

/// The places that may give a value, the strongest first.
pub(super) struct Given<T> {
    pub(super) flag: &'static str,
    pub(super) argument: Option<T>,
    pub(super) variable: &'static str,
    pub(super) file: Option<Placed<T>>,
}

/// Every variable that holdpoint itself reads.
pub(super) const VARIABLES: &[&str] = &[
    "HOLDPOINT_ROOT",
    "HOLDPOINT_CONFIG",
    "HOLDPOINT_TARGET",
    "HOLDPOINT_ENVIRONMENT",
    "HOLDPOINT_LEVEL",
    "HOLDPOINT_TIMEOUT",
    "HOLDPOINT_DEADLINE",
    "HOLDPOINT_CONCURRENCY",
    "HOLDPOINT_PER_HOST",
    "HOLDPOINT_RETRIES",
    "HOLDPOINT_FAIL_ON",
];

/// Chooses, and collects what was chosen and what was wrong.
pub(super) struct Chooser<'a> {
    pub(super) process: &'a BTreeMap<String, String>,
    pub(super) book: &'a Book,
    /// The settings file as it is shown.
    pub(super) file_name: String,
    pub(super) choices: Vec<Choice>,
    pub(super) problems: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
}

impl Chooser<'_> {
    /// The strongest value that is given, with its place.
    pub(super) fn given<T>(
        &mut self,
        given: Given<T>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<(T, String)> {
        if let Some(value) = given.argument {
            return Some((value, given.flag.into()));
        }
        // An empty variable is one that a pipeline has left unset.
        if let Some(text) = self
            .process
            .get(given.variable)
            .filter(|text| !text.is_empty())
        {
            match read(text) {
                Ok(value) => return Some((value, given.variable.into())),
                Err(wrong) => self
                    .problems
                    .push(Diagnostic::new(format!("{}: {wrong}", given.variable))),
            }
        }
        let Placed { value, line, .. } = given.file?;
        Some((value, self.at(line)))
    }

    /// The same, or a default; noted as `what`.
    pub(super) fn choose<T>(
        &mut self,
        what: &str,
        given: Given<T>,
        read: impl Fn(&str) -> Result<T, String>,
        default: T,
        show: impl Fn(&T) -> String,
    ) -> T {
        let (value, from) = self
            .given(given, read)
            .unwrap_or_else(|| (default, "default".into()));
        self.note(what, show(&value), from);
        value
    }

    /// What only the file may say, or a default.
    pub(super) fn only_of_file<T: Clone>(
        &mut self,
        what: &str,
        placed: Option<&Placed<T>>,
        default: T,
        show: impl Fn(&T) -> String,
    ) -> T {
        let (value, from) = match placed {
            Some(placed) => (placed.value.clone(), self.at(placed.line)),
            None => (default, "default".into()),
        };
        self.note(what, show(&value), from);
        value
    }

    /// Remembers a choice.
    pub(super) fn note(&mut self, what: &str, value: impl AsRef<str>, from: impl Into<String>) {
        let value = self.book.redact(value.as_ref());
        self.choices.push(Choice {
            what: what.into(),
            value,
            from: from.into(),
        });
    }

    /// A line of the settings file.
    pub(super) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.file_name)
    }
}
