//! What a gate decides: each criterion with what was found, what holds it up, and who must act.

use super::{Outcome, Severity};
use jiff::Timestamp;

/// The decision of a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct GateDecision {
    /// May it be released?
    pub outcome: Outcome,
    /// What must hold, each with what was found.
    pub criteria: Vec<Weighed>,
    /// How its checks and statements are known, each counted once.
    pub counts: Counts,
    /// What holds it up, the gravest first.
    pub blockers: Vec<Blocker>,
    /// Things people should know that change nothing.
    pub warnings: Vec<String>,
}

/// A criterion, weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// What must hold, in words.
    pub says: String,
    /// Whether it does; none where that cannot be told.
    pub held: Option<bool>,
    /// What was found.
    pub found: String,
    /// Where it is defined; none for what every gate asks.
    pub defined: Option<String>,
}

/// How much is known in which way. Nothing counts twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Checks that were seen to pass.
    pub passed: usize,
    /// Checks that were seen to fail, and that nobody who may accepts.
    pub failed: usize,
    /// Checks that failed and are accepted.
    pub waived: usize,
    /// Criteria that people stated.
    pub attested: usize,
    /// Checks that were not seen, and statements that nobody made.
    pub unknown: usize,
    /// Checks that do not concern the application.
    pub not_applicable: usize,
}

/// Something that holds a gate up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// What it is: a check, a gate, a statement, or what every gate asks.
    pub what: String,
    /// How grave it is.
    pub severity: Severity,
    /// Why, in one line.
    pub reason: String,
    /// Who must act.
    pub owner: String,
    /// Since when it is so, where that is known.
    pub since: Option<Timestamp>,
    /// The command or act that takes it away.
    pub next: String,
}
