//! What a run says about a document's question: never more than was observed.

use crate::model::{Finding, Severity, Verdict};
use serde::Serialize;

/// What the run says about the document's question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// `no-go`, `undecided`, `go`, `go with waivers`, `go as far as was looked at`,
    /// `not looked at`, `not applicable`.
    pub word: &'static str,
    /// The same in a sentence.
    pub says: String,
}

/// How many checks concluded what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Together {
    /// All of them.
    pub checks: usize,
    /// Those that passed.
    pub passed: usize,
    /// Those that failed, waived ones included.
    pub failed: usize,
    /// Those looked at without result, or waiting for a person or another check.
    pub open: usize,
    /// Those that were not part of the run, or reach further than it might.
    pub not_run: usize,
    /// Those that do not concern this application.
    pub not_applicable: usize,
}

impl Together {
    pub(super) fn of(findings: &[&Finding], unselected: usize) -> Self {
        let count = |wanted: &[Verdict]| {
            let those = findings.iter().filter(|one| wanted.contains(&one.verdict));
            those.count()
        };
        Self {
            checks: findings.len() + unselected,
            passed: count(&[Verdict::Pass]),
            failed: count(&[Verdict::Fail]),
            open: count(&[
                Verdict::Inconclusive,
                Verdict::Blocked,
                Verdict::NeedsAttestation,
            ]),
            not_run: count(&[Verdict::NotRun]) + unselected,
            not_applicable: count(&[Verdict::NotApplicable]),
        }
    }
}

impl Standing {
    /// What these findings say, by the rule of the gate, and no more than they can say where some
    /// checks were left out or points of the security guide are open.
    pub(super) fn of(
        findings: &[&Finding],
        unselected: usize,
        open_items: usize,
        fail_on: Severity,
    ) -> Self {
        let all = Together::of(findings, unselected);
        let must: Vec<&Finding> = findings
            .iter()
            .copied()
            .filter(|one| one.severity >= fail_on)
            .collect();
        let bar = Together::of(&must, 0);
        let waived = must.iter().filter(|one| one.waived.is_some()).count();
        let observed = all.passed + all.failed;
        let (word, mut says) = if bar.failed > waived {
            let says = format!(
                "{} of severity {fail_on} or more failed.",
                checks(bar.failed - waived)
            );
            ("no-go", says)
        } else if bar.open > 0 {
            let says = format!(
                "Nothing that must pass failed, and {} that must pass could not be observed.",
                checks(bar.open)
            );
            ("undecided", says)
        } else if observed == 0 && all.open == 0 {
            return Self::unseen(all, open_items);
        } else if !must.is_empty() && bar.passed + bar.failed == 0 {
            return Self {
                word: "undecided",
                says: "Nothing that must pass was observed.".into(),
            };
        } else if open_items > 0 {
            ("undecided", "Nothing that must pass failed.".to_owned())
        } else {
            let word = match (waived > 0, all.not_run > 0) {
                (true, true) => "go with waivers, as far as was looked at",
                (true, false) => "go with waivers",
                (false, true) => "go as far as was looked at",
                (false, false) => "go",
            };
            let says = match all.failed - bar.failed {
                0 => format!("What was looked at holds ({} passed).", checks(all.passed)),
                minor => format!(
                    "What must pass holds; {} of lesser severity failed.",
                    checks(minor)
                ),
            };
            (word, says)
        };
        if waived > 0 {
            says.push_str(&format!(
                " {} failed and accepted by a waiver.",
                were(waived)
            ));
        }
        if all.not_run > 0 {
            says.push_str(&format!(" {} not run.", were(all.not_run)));
        }
        if open_items > 0 {
            says.push_str(&format!(
                " Of the security guide, {} still open.",
                if open_items == 1 {
                    "1 point is".into()
                } else {
                    format!("{open_items} points are")
                }
            ));
        }
        Self { word, says }
    }

    /// Where nothing came to a verdict.
    fn unseen(all: Together, open_items: usize) -> Self {
        let (word, says) = if all.checks == 0 {
            (
                "not looked at",
                "Holdpoint has no check for this yet, so nothing was looked at. That is no pass."
                    .into(),
            )
        } else if all.not_run > 0 {
            (
                "not looked at",
                format!(
                    "{} not part of this run, or reached further than it might, so nothing was looked at. That is no pass.",
                    were(all.not_run)
                ),
            )
        } else if open_items > 0 {
            (
                "not looked at",
                "No check of this run concerns the application as it was seen, and the points of the security guide are open. That is no pass.".into(),
            )
        } else {
            (
                "not applicable",
                "None of its checks concerns this application as it was seen.".into(),
            )
        };
        Self { word, says }
    }
}

fn checks(count: usize) -> String {
    if count == 1 {
        "1 check".into()
    } else {
        format!("{count} checks")
    }
}

fn were(count: usize) -> String {
    format!(
        "{} {}",
        checks(count),
        if count == 1 { "was" } else { "were" }
    )
}
