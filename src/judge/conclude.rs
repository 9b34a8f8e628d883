//! One finding from the verdicts of a check's looks.

use super::fill::fill;
use super::rules::Rules;
use super::scope::Scope;
use crate::model::{
    Check, Facts, Finding, LookVerdict, Note, Observation, Origin, Reason, Verdict,
};

/// The finding of a check over all of its looks.
pub fn conclude(
    check: &Check,
    rules: &Rules,
    observations: &[&Observation],
    subject: &Facts,
) -> Finding {
    let looks: Vec<LookVerdict> = observations
        .iter()
        .map(|observation| rules.judge(check, observation, subject))
        .collect();
    let verdict = worst(&looks);
    let mut finding = empty(check, verdict);
    finding.flaky = verdict == Verdict::Pass && looks.iter().any(|look| look.retried);
    finding.duration_ms = observations
        .iter()
        .map(|observation| observation.duration_ms)
        .sum();
    finding.note = note(check, rules, observations, subject);
    if let Some((index, look)) = looks
        .iter()
        .enumerate()
        .find(|(_, look)| look.verdict == verdict)
    {
        let reason = look.reasons.first();
        finding.expected =
            reason.map_or_else(|| check.title.clone(), |reason| reason.expected.clone());
        if verdict == Verdict::Pass {
            finding.found = passed(&looks);
        } else if let Some(reason) = reason {
            finding.reason = reason.text.clone();
            finding.found = found(reason, look, &looks);
        } else {
            finding.reason = "nothing here is what this check is about".into();
        }
        if verdict == Verdict::Fail {
            let scope = Scope::new(&observations[index].facts, subject);
            finding.remedy = fill(&check.remedy.text, scope);
        }
    }
    finding.looks = looks;
    finding
}

/// A finding without looks: a prerequisite did not pass.
pub fn blocked(check: &Check, by: &str, cause: &str) -> Finding {
    let mut finding = empty(check, Verdict::Blocked);
    finding.reason = format!("{by} {cause}");
    finding.blocked_by = Some(by.into());
    finding
}

/// A finding without looks: the check does not concern this subject.
pub fn not_applicable(check: &Check, reason: impl Into<String>) -> Finding {
    Finding {
        reason: reason.into(),
        ..empty(check, Verdict::NotApplicable)
    }
}

/// A finding without looks: its level is not allowed in this run.
pub fn not_run(check: &Check, reason: impl Into<String>) -> Finding {
    Finding {
        reason: reason.into(),
        ..empty(check, Verdict::NotRun)
    }
}

/// A finding that nothing could be observed for.
pub fn inconclusive(check: &Check, reason: impl Into<String>) -> Finding {
    let reason = reason.into();
    Finding {
        found: reason.clone(),
        expected: check.title.clone(),
        reason,
        ..empty(check, Verdict::Inconclusive)
    }
}

/// The worst verdict decides; looks that do not apply count only when there are no others.
fn worst(looks: &[LookVerdict]) -> Verdict {
    for verdict in [Verdict::Fail, Verdict::Inconclusive, Verdict::Pass] {
        if looks.iter().any(|look| look.verdict == verdict) {
            return verdict;
        }
    }
    Verdict::NotApplicable
}

fn passed(looks: &[LookVerdict]) -> String {
    let passed = looks.iter().filter(|look| look.verdict == Verdict::Pass);
    let labels: Vec<_> = passed.map(|look| look.label.as_str()).collect();
    match labels.as_slice() {
        [one] => (*one).to_owned(),
        many => format!("on {} of {} looks", many.len(), looks.len()),
    }
}

/// What was seen, and where: the first look by name, the others by number.
fn found(reason: &Reason, look: &LookVerdict, looks: &[LookVerdict]) -> String {
    let same = looks
        .iter()
        .filter(|other| other.verdict == look.verdict)
        .count();
    let what = if reason.found.is_empty() {
        &reason.text
    } else {
        &reason.found
    };
    match (looks.len(), same) {
        (1, _) if look.label.is_empty() => what.clone(),
        (_, 1) => format!("{what} · {}", look.label),
        (_, same) => format!("{what} · {} and {} more", look.label, same - 1),
    }
}

/// The note of the first look whose conformance can be told.
fn note(
    check: &Check,
    rules: &Rules,
    observations: &[&Observation],
    subject: &Facts,
) -> Option<Note> {
    let judged = observations
        .iter()
        .filter(|observation| observation.hindrance.is_none());
    let mut notes =
        judged.filter_map(|observation| rules.note(check, Some(&observation.facts), subject));
    notes
        .find(|note| note.conformance != "not testable")
        .or_else(|| rules.note(check, None, subject))
}

fn empty(check: &Check, verdict: Verdict) -> Finding {
    Finding {
        check: check.id.to_string(),
        title: check.title.clone(),
        suites: check.suites.clone(),
        severity: check.severity,
        verdict,
        flaky: false,
        reason: String::new(),
        expected: String::new(),
        found: String::new(),
        remedy: String::new(),
        looks: Vec::new(),
        blocked_by: None,
        duration_ms: 0,
        note: None,
        defined: check.place.to_string(),
        overrides_shipped: check.origin == Origin::Override,
        waived: None,
    }
}
