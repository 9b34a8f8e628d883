//! A waiver: who accepted which finding, why, and until when.

use jiff::civil::Date;

/// Somebody's acceptance of a failing check. It changes a decision, never a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The check it is for.
    pub check: String,
    /// Why the finding is accepted.
    pub reason: String,
    /// Who accepted it.
    pub owner: String,
    /// The last day (UTC) on which it holds.
    pub until: Date,
    /// Where it is written: `file:line`.
    pub place: String,
}

impl Waiver {
    /// The same as everything may show it. What it says is compared and bound by its digest as it was written.
    #[must_use]
    pub fn redacted(self, redact: impl Fn(&str) -> String) -> Self {
        Self {
            reason: redact(&self.reason),
            owner: redact(&self.owner),
            ..self
        }
    }
}
