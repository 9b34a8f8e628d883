//! What later steps and jobs may ask for: the decision, the exit status, the counts, the record.

use crate::document::reading;
use crate::model::{Finding, Verdict};
use crate::release::GateStanding;
use crate::report::Report;

/// One value by its name, `exit-status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The name, in lower case with hyphens.
    pub name: &'static str,
    /// The value; may be empty.
    pub value: String,
}

impl Output {
    fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: value.into(),
        }
    }
}

/// The outputs of a run or of its record.
pub fn of_decision(report: &Report<'_>, exit: Option<u8>) -> Vec<Output> {
    let &Report {
        decision,
        findings,
        subject,
        ..
    } = report;
    let is_waived = |one: &&Finding| one.verdict == Verdict::Fail && one.waived.is_some();
    let waived = findings.iter().filter(is_waived).count();
    let count = |verdict| reading::count(decision, verdict);
    let failed = count(Verdict::Fail).saturating_sub(waived);
    vec![
        Output::new("decision", decision.outcome.word()),
        Output::new(
            "exit-status",
            exit.map_or_else(String::new, |exit| exit.to_string()),
        ),
        Output::new("pass", count(Verdict::Pass).to_string()),
        Output::new("failed", failed.to_string()),
        Output::new("waived", waived.to_string()),
        Output::new("inconclusive", count(Verdict::Inconclusive).to_string()),
        Output::new("blocked", count(Verdict::Blocked).to_string()),
        Output::new("record", subject.record.as_deref().unwrap_or_default()),
        Output::new("target", subject.target.as_deref().unwrap_or_default()),
    ]
}

/// The outputs of gates: the word for the exit status, and the names of those that are open and that are not.
pub fn of_gates(told: &[&GateStanding<'_>], word: &str, exit: u8) -> Vec<Output> {
    let names = |open: bool| {
        let these = told.iter().filter(|one| one.is_open() == open);
        let names: Vec<&str> = these.map(|one| &*one.gate.name).collect();
        names.join(" ")
    };
    vec![
        Output::new("decision", word),
        Output::new("exit-status", exit.to_string()),
        Output::new("open", names(true)),
        Output::new("held", names(false)),
    ]
}

/// The outputs as GitHub's file of them takes them (`SetOutputFileCommand` and its reader of lines in
/// `FileCommandManager.cs` of actions/runner): `name=value`, or between two lines of a delimiter where the
/// value has line ends. The delimiter must be one that nobody can foresee; one that stands in a value is refused.
pub fn assignments(outputs: &[Output], delimiter: &str) -> Option<String> {
    let mut out = String::new();
    for Output { name, value } in outputs {
        match value.contains(['\n', '\r']) {
            false => out += &format!("{name}={value}\n"),
            true if value.contains(delimiter) => return None,
            true => out += &format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"),
        }
    }
    Some(out)
}
