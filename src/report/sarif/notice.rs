//! What a run says of itself: what was not seen and why, what ended it early, and what its decision is.

use super::{Rules, is_open, text};
use crate::document::reading;
use crate::model::{Finding, Outcome, Verdict};
use crate::report::Report;
use serde_json::{Value, json};

/// The kinds of notifications: name, level and meaning.
const KINDS: [(&str, &str, &str); 7] = [
    (
        "decision",
        "note",
        "The decision over all checks of the run.",
    ),
    (
        "interrupted",
        "error",
        "The run ended before everything was looked at.",
    ),
    (
        "inconclusive",
        "error",
        "A check could not be looked at or judged.",
    ),
    (
        "blocked",
        "warning",
        "A check was not looked at, because another one did not pass.",
    ),
    (
        "needs-attestation",
        "note",
        "A check that no probe can look at; a person must state it.",
    ),
    (
        "not-run",
        "note",
        "A check whose level was not allowed in the run.",
    ),
    (
        "left-out",
        "warning",
        "Something that a file of this format has no room for.",
    ),
];

/// The kinds as descriptors of the tool.
pub(super) fn descriptors() -> Value {
    let descriptor = |(id, level, meaning): (&str, &str, &str)| {
        json!({
            "id": id,
            "shortDescription": { "text": meaning },
            "fullDescription": { "text": meaning },
            "help": { "text": meaning },
            "defaultConfiguration": { "level": level },
        })
    };
    Value::Array(KINDS.map(descriptor).into())
}

/// The run as one invocation. It succeeded where everything that was to be looked at was; what a decision says of it
/// is another matter, and no failure of the tool.
pub(super) fn invocation(report: &Report<'_>, rules: &Rules, left_out: &[&Finding]) -> Value {
    let &Report {
        decision, subject, ..
    } = report;
    let mut notices = Vec::new();
    let counts = reading::counts(decision, report.findings);
    let counts: Vec<String> = counts.into_iter().map(|(_, text)| text).collect();
    let counts = match counts.is_empty() {
        true => "no checks".to_owned(),
        false => counts.join(", "),
    };
    let is_undecided = decision.outcome == Outcome::Undecided;
    // No check need be at fault where nothing was observed at all.
    let why = decision.reasons.first().filter(|_| is_undecided);
    let why = why.map_or_else(String::new, |why| format!("; {why}"));
    notices.push(notice(
        "decision",
        &format!("{}: {counts}{why}", decision.outcome.word()),
    ));
    if let Some(reason) = &subject.interrupted {
        notices.push(notice(
            "interrupted",
            &format!("The run ended early: {reason}"),
        ));
    }
    if !left_out.is_empty() {
        let text = format!(
            "{} results more than fit, the least grave, are left out",
            left_out.len()
        );
        notices.push(notice("left-out", &text));
    }
    for finding in reading::ordered(report.findings) {
        if let Some(text) = unseen(finding) {
            let mut notice = notice(finding.verdict.word(), &text);
            if let Some(index) = rules.index(finding) {
                notice["associatedRule"] = json!({ "id": rules.id(finding), "index": index });
            }
            notices.push(notice);
        }
    }
    let seen =
        subject.interrupted.is_none() && !is_undecided && !report.findings.iter().any(is_open);
    let warnings = decision.warnings.iter();
    let warnings =
        warnings.map(|one| json!({ "level": "warning", "message": { "text": message(one) } }));
    json!({
        "executionSuccessful": seen,
        "startTimeUtc": subject.started.to_string(),
        "endTimeUtc": subject.ended.to_string(),
        "toolExecutionNotifications": notices,
        "toolConfigurationNotifications": warnings.collect::<Vec<_>>(),
    })
}

/// Why a check gave no answer; none where it did.
fn unseen(finding: &Finding) -> Option<String> {
    let reason = match finding.reason.is_empty() {
        true => &finding.title,
        false => &finding.reason,
    };
    let check = &finding.check;
    match (finding.verdict, &finding.blocked_by) {
        (Verdict::Pass | Verdict::Fail | Verdict::NotApplicable, _) => None,
        (Verdict::Blocked, Some(by)) => Some(format!("{check} was not observed: blocked by {by}")),
        (Verdict::Inconclusive | Verdict::Blocked, _) => {
            Some(format!("{check} was not observed: {reason}"))
        }
        (Verdict::NotRun, _) => Some(format!("{check} was not run: {reason}")),
        (Verdict::NeedsAttestation, _) => Some(format!("{check} needs a statement: {reason}")),
    }
}

fn notice(kind: &str, text: &str) -> Value {
    let index = KINDS.iter().position(|(id, ..)| *id == kind);
    let level = index.map_or("note", |index| KINDS[index].1);
    json!({
        "descriptor": { "id": kind, "index": index },
        "level": level,
        "message": { "text": message(text) },
    })
}

fn message(text: &str) -> String {
    let text = text::literal(&text::shortened(text));
    match text.trim().is_empty() {
        true => "nothing was said".to_owned(),
        false => text,
    }
}
