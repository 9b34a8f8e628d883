//! Parses a TOML file, and collects what is wrong with it.

use crate::diagnostic::{Diagnostic, Source};
use std::cell::RefCell;
use toml::Spanned;
use toml::de::DeTable;

/// What was found wrong so far. Readers of nested tables share one.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Diagnostic>>);

impl Problems {
    /// Adds one.
    pub fn push(&self, problem: Diagnostic) {
        self.0.borrow_mut().push(problem);
    }

    /// Is there none so far?
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All of them, in the order in which they were found.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.0.into_inner()
    }
}

/// Parses a TOML file.
///
/// # Errors
/// Every error of syntax, each at its place. What could be read despite them is not used, since it
/// would lead to problems that are not there.
pub fn parse(source: &Source) -> Result<Spanned<DeTable<'_>>, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        return Ok(table);
    }
    let problem = |error: &toml::de::Error| {
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        let problem = Diagnostic::new("this is not valid TOML");
        match error.span() {
            Some(span) => problem.at(source, span, message),
            None => Diagnostic::new(format!("{} is not valid TOML: {message}", source.name)),
        }
    };
    Err(errors.iter().map(problem).collect())
}
