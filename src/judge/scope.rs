//! What an expression or a text may name: the facts of a look, and the subject of the run beside them.

use crate::model::Facts;
use serde_json::Value;

/// Facts with `target`, `app` and `env` beside them; a probe's own fact wins.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    facts: &'a Facts,
    subject: Option<&'a Facts>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(facts: &'a Facts, subject: &'a Facts) -> Self {
        Self {
            facts,
            subject: Some(subject),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.facts
            .get(name)
            .or_else(|| self.subject.and_then(|subject| subject.get(name)))
    }
}

impl<'a> From<&'a Facts> for Scope<'a> {
    fn from(facts: &'a Facts) -> Self {
        Self {
            facts,
            subject: None,
        }
    }
}
