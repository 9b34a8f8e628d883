//! "No worse than": what an earlier run had failing already does not hold this one. Pure.

use super::run::is_open;
use crate::model::{Baseline, Finding, Held, Outcome, Severity, Verdict};
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
    /// Those of them that the baseline says nothing of, because it has no such check or another of that name.
    unheld: Vec<String>,
    /// Checks that fail as there, but for another reason.
    otherwise: Vec<String>,
}

/// What a baseline holds of a run's findings.
pub fn held(
    findings: &[Finding],
    definitions: &BTreeMap<String, String>,
) -> BTreeMap<String, Held> {
    let each = findings.iter().map(|one| {
        let held = Held {
            verdict: one.verdict,
            reason: one.reason.clone(),
            faults: faults(one, Verdict::Fail),
            unseen: faults(one, Verdict::Inconclusive),
            definition: definitions.get(&one.check).cloned().unwrap_or_default(),
        };
        (one.check.clone(), held)
    });
    each.collect()
}

/// Marks the failures that the baseline has too, and says why it does not cover the others.
pub(super) fn hold(findings: &mut [Finding], fail_on: Severity, against: &Against<'_>) -> Measured {
    let mut measured = Measured::default();
    let open = |one: &&mut Finding| {
        let fails = one.verdict == Verdict::Fail && one.waived.is_none();
        one.severity >= fail_on && (fails || is_open(one))
    };
    for finding in findings.iter_mut().filter(open) {
        let check = finding.check.clone();
        let Some(held) = against.held(&check) else {
            let why = match against.baseline.checks.contains_key(&check) {
                true => "the check has changed since the baseline",
                false => "the baseline does not hold this check",
            };
            measured.worse.insert(check.clone(), why.into());
            measured.unheld.push(check);
            continue;
        };
        match against.why_worse(finding, held) {
            Some(why) => {
                measured.worse.insert(check, why);
            }
            None if finding.verdict == Verdict::Fail => {
                let run = &against.baseline.run;
                finding.waived = Some(format!("baseline {run}: failed there too"));
                if finding.reason != held.reason {
                    measured.otherwise.push(check);
                }
            }
            None => {
                measured.unknown_before.insert(check);
            }
        }
    }
    measured
}

impl Against<'_> {
    /// What the baseline holds of a check, where it is still the same check.
    fn held(&self, check: &str) -> Option<&Held> {
        let held = self.baseline.checks.get(check)?;
        let now = self.definitions.get(check)?;
        (held.definition == *now).then_some(held)
    }

    /// Why a finding that did not pass is worse than the baseline's; none where it is no worse.
    fn why_worse(&self, finding: &Finding, held: &Held) -> Option<String> {
        let anew = match (finding.verdict, held.verdict) {
            (Verdict::Fail, Verdict::Fail) => {
                let anew = beyond(&faults(finding, Verdict::Fail), &held.faults);
                let Some(first) = anew.first() else {
                    return unseen_anew(finding, held);
                };
                return Some(match anew.len() - 1 {
                    0 => format!("new since the baseline: {first}"),
                    more => format!("new since the baseline: {first} and {more} more"),
                });
            }
            (_, Verdict::Pass) => "it passed in the baseline",
            (_, Verdict::NotApplicable) => "it did not apply in the baseline",
            (_, Verdict::NotRun) => "the baseline did not look",
            (Verdict::Fail, _) => "the baseline could not tell",
            (_, Verdict::Fail) => "it failed in the baseline; whether it is worse cannot be told",
            _ if self.cut_short => "this run was cut short",
            // What it only did not get to is not what it could not tell.
            (_, Verdict::Inconclusive | Verdict::Blocked) if self.baseline.cut_short => {
                "the baseline was cut short"
            }
            _ => return unseen_anew(finding, held),
        };
        Some(anew.into())
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
            .filter(|check| {
                self.held(check)
                    .is_some_and(|held| held.verdict == Verdict::Fail)
            })
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

/// What of a finding came out in this way, in order: each look with the line of the expectation, as often as its reason
/// lists things. One package more that is open to attack is one fault more.
fn faults(finding: &Finding, verdict: Verdict) -> Vec<(String, usize)> {
    let those = finding.looks.iter().filter(|look| look.verdict == verdict);
    let mut faults: Vec<(String, usize)> = those
        .flat_map(|look| {
            let lines: Vec<usize> = match look.reasons.is_empty() {
                true => vec![0],
                false => {
                    let each = look.reasons.iter();
                    each.flat_map(|reason| std::iter::repeat_n(reason.line, reason.listed.max(1)))
                        .collect()
                }
            };
            lines.into_iter().map(|line| (look.label.clone(), line))
        })
        .collect();
    faults.sort();
    faults
}

/// What of a finding cannot be told now and could be in the baseline: what is known to fail must not hide it.
fn unseen_anew(finding: &Finding, held: &Held) -> Option<String> {
    // Nothing of it was seen there.
    if held.verdict != Verdict::Fail && held.unseen.is_empty() {
        return None;
    }
    let mut now = faults(finding, Verdict::Inconclusive);
    // A look that did not come about there told nothing of any expectation.
    now.retain(|(label, _)| {
        !held
            .unseen
            .iter()
            .any(|(known, line)| known == label && *line == 0)
    });
    let anew = beyond(&now, &held.unseen);
    let first = anew.first()?;
    Some(match anew.len() - 1 {
        0 => format!("the baseline could tell: {first}"),
        more => format!("the baseline could tell: {first} and {more} more"),
    })
}

/// The looks of those faults that are not among the known, or come more often; both in order.
fn beyond(now: &[(String, usize)], known: &[(String, usize)]) -> Vec<String> {
    let mut known = known.iter().peekable();
    let mut anew: Vec<String> = Vec::new();
    for fault in now {
        while known.next_if(|one| *one < fault).is_some() {}
        if known.next_if(|one| *one == fault).is_none() && anew.last() != Some(&fault.0) {
            anew.push(fault.0.clone());
        }
    }
    anew
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
