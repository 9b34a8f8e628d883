//! "No worse than": what an earlier run had failing already does not hold this one. Pure.

use super::no_worse::{Stands, Told, Why, held, stands};
use super::run::is_open;
use crate::model::{Baseline, Change, Finding, Held, Outcome, Severity, Verdict, Worse};
use std::collections::{BTreeMap, BTreeSet};

/// How many checks a remark names before it counts the rest.
const NAMED: usize = 5;

/// What a run is held against, and what has to be known of the run for that.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// What it is held against.
    pub baseline: &'a Baseline,
    /// The digest of each check's text, as this run judges by it.
    pub definitions: &'a BTreeMap<String, String>,
    /// This run.
    pub run: &'a str,
    /// The address that this run examined.
    pub target: Option<&'a str>,
    /// The name of the environment that this run examined.
    pub environment: &'a str,
    /// This run ended before everything was looked at.
    pub cut_short: bool,
}

/// How the findings of a run stand to its baseline.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// Checks that must pass and could not be told, there as here.
    pub(super) unknown_before: BTreeSet<String>,
    /// Why the others that did not pass are not accepted.
    pub(super) worse: BTreeMap<String, String>,
    /// Those of them of which nobody can tell whether they are worse.
    pub(super) out_of_sight: BTreeSet<String>,
    /// Those of them that the baseline says nothing of, because it has no such check or another of that name.
    unheld: Vec<String>,
    /// Checks that fail as there, but for another reason.
    otherwise: Vec<String>,
    /// Checks that the baseline saw, and this run was not allowed to look at.
    left_out: Vec<String>,
}

/// Marks the failures that the baseline has too, and says why it does not cover the others.
pub(super) fn hold(findings: &mut [Finding], fail_on: Severity, against: &Against<'_>) -> Measured {
    let mut measured = Measured::default();
    let run = &against.baseline.run;
    let now = held(findings, against.definitions);
    let grave = findings.iter_mut().filter(|one| one.severity >= fail_on);
    for finding in grave.filter(|one| one.waived.is_none()) {
        let check = finding.check.clone();
        let stands = against.stands(now.get(&check), &check);
        if !(finding.verdict == Verdict::Fail || is_open(finding)) {
            if stands.change == Some(Change::Lost) {
                measured.left_out.push(check);
            }
            continue;
        }
        match stands.change.map_or(Worse::Nothing, Change::worse) {
            Worse::Nothing if finding.verdict == Verdict::Fail => {
                finding.waived = Some(format!("baseline {run}: failed there too"));
                if stands.change == Some(Change::Other) {
                    measured.otherwise.push(check);
                }
            }
            Worse::Nothing => {
                measured.unknown_before.insert(check);
            }
            worse => {
                if matches!(stands.why, Some(Why::NotHeld | Why::Redefined)) {
                    measured.unheld.push(check.clone());
                }
                if worse == Worse::OutOfSight {
                    measured.out_of_sight.insert(check.clone());
                }
                let why = stands.why.map(|why| why.text("the baseline", "this run"));
                measured.worse.insert(check, why.unwrap_or_default());
            }
        }
    }
    measured
}

impl Against<'_> {
    /// How a check stands to the baseline.
    fn stands(&self, now: Option<&Held>, check: &str) -> Stands {
        let told = |held, cut_short| Told { held, cut_short };
        stands(
            told(self.baseline.checks.get(check), self.baseline.cut_short),
            told(now, self.cut_short),
        )
    }

    /// The same check failed in the baseline.
    fn failed(&self, check: &str) -> bool {
        let held = self.baseline.checks.get(check);
        let definition = self.definitions.get(check);
        held.is_some_and(|held| {
            held.verdict == Verdict::Fail && definition == Some(&held.definition)
        })
    }

    /// What people should know of how the run stands to its baseline.
    pub(super) fn remarks(
        &self,
        findings: &[Finding],
        fail_on: Severity,
        measured: &Measured,
        outcome: Outcome,
    ) -> Vec<String> {
        let Baseline {
            run,
            target,
            environment,
            cut_short,
            ..
        } = self.baseline;
        let mut remarks = Vec::new();
        if environment != self.environment {
            let named = |name: &str| match name {
                "" => "no environment".to_owned(),
                name => name.to_owned(),
            };
            let (then, now) = (named(environment), named(self.environment));
            remarks.push(format!(
                "the baseline {run} is of {then}, this run of {now}"
            ));
        }
        if target.as_deref() != self.target {
            let named = |target: Option<&str>| target.unwrap_or("no target").to_owned();
            let (then, now) = (named(target.as_deref()), named(self.target));
            remarks.push(format!(
                "the baseline {run} looked at {then}, this run at {now}"
            ));
        }
        if *cut_short {
            remarks.push(format!(
                "the baseline {run} was cut short: what it did not get to is not accepted"
            ));
        }
        let unknown: Vec<&String> = measured.unknown_before.iter().collect();
        if !unknown.is_empty() {
            let checks = counted(unknown.len());
            remarks.push(format!(
                "{checks} could not be told, as in the baseline {run}: {}",
                names(&unknown)
            ));
        }
        let otherwise: Vec<&String> = measured.otherwise.iter().collect();
        if !otherwise.is_empty() {
            let (those, now) = (names(&otherwise), self.run);
            remarks.push(format!(
                "for another reason than in the baseline, at the same looks, fails: {those}; holdpoint diff {run} {now}"
            ));
        }
        let left_out: Vec<&String> = measured.left_out.iter().collect();
        if !left_out.is_empty() {
            let checks = counted(left_out.len());
            remarks.push(format!(
                "{checks} that the baseline {run} saw did not look here: {}; whether they are worse is not asked",
                names(&left_out)
            ));
        }
        let unheld: Vec<&String> = measured.unheld.iter().collect();
        if !unheld.is_empty() {
            let checks = counted(unheld.len());
            remarks.push(format!(
                "the baseline {run} says nothing of {checks} that did not pass: {}; mend them, or make a new baseline with holdpoint run",
                names(&unheld)
            ));
        }
        let mended: Vec<&String> = findings
            .iter()
            .filter(|one| one.severity >= fail_on && one.verdict == Verdict::Pass)
            .map(|one| &one.check)
            .filter(|check| self.failed(check))
            .collect();
        // A run that is worse elsewhere would be no tighter.
        if !mended.is_empty() && outcome.is_go() && !self.cut_short {
            let checks = counted(mended.len());
            remarks.push(format!(
                "the baseline can be tightened: {checks} that failed there passed now: {}; hold to this run from here on: --baseline {}",
                names(&mended),
                self.run
            ));
        }
        remarks
    }
}

fn counted(number: usize) -> String {
    match number {
        1 => "1 check".into(),
        many => format!("{many} checks"),
    }
}

fn names(checks: &[&String]) -> String {
    let named: Vec<&str> = checks.iter().take(NAMED).map(|one| one.as_str()).collect();
    match checks.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
