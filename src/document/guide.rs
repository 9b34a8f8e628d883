//! The numbered checks of the security guide, and what a run's findings say about each.

use crate::model::{Check, Finding, Ruling, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const CHECKS: &str = include_str!("../../reports/security-sign-off/checks.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Guide {
    domain: Vec<Topic>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    title: String,
    check: Vec<Numbered>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbered {
    number: String,
    title: String,
    kind: Ruling,
    left: Option<String>,
    wants: Option<String>,
}

/// What the findings say about one item of the guide, in the order of which outweighs which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    NotLooked,
    NotApplicable,
    Passed,
    Partly,
    Attest,
    Unobserved,
    Waived,
    Failed,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::NotLooked => "not yet looked at",
            Self::NotApplicable => "not applicable",
            Self::Passed => "passed",
            Self::Partly => "partly looked at",
            Self::Attest => "a person must state it",
            Self::Unobserved => "could not be observed",
            Self::Waived => "failed, waived",
            Self::Failed => "failed",
        }
    }
}

/// One domain of the guide with its items.
#[derive(Debug, Serialize)]
pub struct Domain {
    /// From 1.
    pub number: usize,
    /// The name.
    pub title: String,
    /// The numbered checks.
    pub checks: Vec<Item>,
    /// How many have which status.
    pub tally: Tally,
}

/// How many numbered checks have which status.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All of them.
    pub checks: usize,
    /// Those that passed.
    pub passed: usize,
    /// Those that failed, waived ones included.
    pub failed: usize,
    /// Those looked at in part or without result, or waiting for a person.
    pub open: usize,
    /// Those that nothing looked at.
    pub not_looked: usize,
    /// Those that do not concern this application.
    pub not_applicable: usize,
}

impl Tally {
    fn of(statuses: &[Status]) -> Self {
        let count = |wanted: &[Status]| {
            statuses
                .iter()
                .filter(|status| wanted.contains(status))
                .count()
        };
        Self {
            checks: statuses.len(),
            passed: count(&[Status::Passed]),
            failed: count(&[Status::Failed, Status::Waived]),
            open: count(&[Status::Partly, Status::Attest, Status::Unobserved]),
            not_looked: count(&[Status::NotLooked]),
            not_applicable: count(&[Status::NotApplicable]),
        }
    }

    /// The tallies together.
    pub(super) fn sum(tallies: impl Iterator<Item = Self>) -> Self {
        tallies.fold(Self::default(), |sum, one| Self {
            checks: sum.checks + one.checks,
            passed: sum.passed + one.passed,
            failed: sum.failed + one.failed,
            open: sum.open + one.open,
            not_looked: sum.not_looked + one.not_looked,
            not_applicable: sum.not_applicable + one.not_applicable,
        })
    }
}

/// One numbered check of the guide.
#[derive(Debug, Serialize)]
pub struct Item {
    /// As the guide numbers it: `2.5`.
    pub number: String,
    /// The claim.
    pub title: String,
    /// Who can observe it.
    pub kind: Ruling,
    /// What the findings say: `passed`, `not yet looked at`, …
    pub status: &'static str,
    /// The checks of this run that belong to it and were tried.
    pub looked_by: Vec<String>,
    /// What is still to be done, and by whom; empty where nothing is, or where `run` says all.
    pub left: String,
    /// The command that looks with the checks that this run left out, or none.
    pub run: Option<String>,
}

impl Item {
    /// Is anything about it still to be shown or said?
    pub(super) fn is_open(&self) -> bool {
        let closed = [Status::Passed.word(), Status::NotApplicable.word()];
        !closed.contains(&self.status)
    }
}

/// The guide's domains with a status for each item, from the findings whose checks carry its tag.
pub(super) fn domains(findings: &[&Finding], tags: &BTreeMap<String, Vec<String>>) -> Vec<Domain> {
    numbered()
        .domain
        .into_iter()
        .zip(1..)
        .map(|(topic, number)| {
            let (statuses, checks): (Vec<_>, Vec<_>) = topic
                .check
                .into_iter()
                .map(|check| item(check, findings, tags))
                .unzip();
            Domain {
                number,
                title: topic.title,
                tally: Tally::of(&statuses),
                checks,
            }
        })
        .collect()
}

/// What stays open of an item when every check passes.
#[derive(Debug, Serialize)]
pub struct Remaining {
    /// As the guide numbers it.
    pub number: String,
    /// The claim.
    pub title: String,
    /// What is left, and for whom.
    pub left: String,
}

/// What stays open of the items that these checks belong to, even when they pass.
pub(super) fn remaining(checks: &[&Check]) -> Vec<Remaining> {
    let tagged = |number: &str| {
        let tag = format!("P{number}");
        checks.iter().any(|check| check.tags.contains(&tag))
    };
    numbered()
        .domain
        .into_iter()
        .flat_map(|topic| topic.check)
        .filter(|one| tagged(&one.number))
        .filter_map(|one| {
            Some(Remaining {
                left: one.left?,
                number: one.number,
                title: one.title,
            })
        })
        .collect()
}

fn numbered() -> Guide {
    toml::from_str(CHECKS).expect("the shipped list is valid; a test reads it")
}

fn item(
    check: Numbered,
    findings: &[&Finding],
    tags: &BTreeMap<String, Vec<String>>,
) -> (Status, Item) {
    let tag = format!("P{}", check.number);
    let tagged = |id: &str| tags.get(id).is_some_and(|tags| tags.contains(&tag));
    let of_item: Vec<&Finding> = findings
        .iter()
        .copied()
        .filter(|finding| tagged(&finding.check))
        .collect();
    let looked = |finding: &&Finding| {
        !matches!(finding.verdict, Verdict::NotRun | Verdict::NeedsAttestation)
    };
    let mut status = of_item
        .iter()
        .map(|finding| status(finding))
        .max()
        .unwrap_or(Status::NotLooked);
    // A verdict of the checks is one of the item only if nothing was left out of this run or is out of reach of its checks.
    let unselected: Vec<&str> = tags
        .keys()
        .map(String::as_str)
        .filter(|id| {
            tagged(id)
                && !of_item
                    .iter()
                    .any(|finding| finding.check == *id && looked(finding))
        })
        .collect();
    let open = check.left.is_some() || !unselected.is_empty();
    status = match status {
        Status::Passed if open => Status::Partly,
        Status::NotApplicable if open || check.wants.is_some() => Status::NotLooked,
        other => other,
    };
    let done = matches!(status, Status::Passed | Status::NotApplicable);
    let left = if done {
        String::new()
    } else {
        left(&check, status, !of_item.is_empty(), &unselected)
    };
    let run = (!done && !unselected.is_empty())
        .then(|| format!("holdpoint run {}", unselected.join(" ")));
    let looked_by = of_item
        .iter()
        .filter(|finding| looked(finding))
        .map(|finding| finding.check.clone())
        .collect();
    let Numbered {
        number,
        title,
        kind,
        ..
    } = check;
    (
        status,
        Item {
            number,
            title,
            kind,
            status: status.word(),
            looked_by,
            left,
            run,
        },
    )
}

fn status(finding: &Finding) -> Status {
    match finding.verdict {
        Verdict::Fail if finding.waived.is_some() => Status::Waived,
        Verdict::Fail => Status::Failed,
        Verdict::Inconclusive | Verdict::Blocked => Status::Unobserved,
        Verdict::NeedsAttestation => Status::Attest,
        Verdict::NotRun => Status::NotLooked,
        Verdict::NotApplicable => Status::NotApplicable,
        Verdict::Pass => Status::Passed,
    }
}

/// What is still to be done beside running the checks that were left out.
fn left(check: &Numbered, status: Status, has_checks: bool, unselected: &[&str]) -> String {
    let mut parts = Vec::new();
    match status {
        Status::Failed => parts.push("mend it: see the findings".to_owned()),
        Status::Waived => parts.push("mend it before the waiver ends: see the findings".to_owned()),
        Status::Unobserved => parts.push("see what could not be observed".to_owned()),
        _ => {}
    }
    if status == Status::NotLooked && has_checks && unselected.is_empty() {
        parts.push(match &check.wants {
            Some(wants) => format!("its checks had nothing to look at; they want {wants}"),
            None => "its checks had nothing here to look at".to_owned(),
        });
    }
    match (check.kind, &check.left) {
        (Ruling::Auto, _)
            if status == Status::NotLooked && !has_checks && unselected.is_empty() =>
        {
            parts.push("no check of this version looks at it".to_owned());
        }
        (_, None) => {}
        (Ruling::Auto, Some(left)) => parts.push(format!("beyond its checks: {left}")),
        (Ruling::Token, Some(left)) => parts.push(format!("a provider's token is needed: {left}")),
        (Ruling::Attest, Some(left)) => parts.push(format!("a person is needed: {left}")),
    }
    parts.join("; ")
}
