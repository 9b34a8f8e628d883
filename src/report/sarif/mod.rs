//! The report for code scanning: SARIF 2.1.0, one run.
//!
//! What is a result, and what is not, follows from what code scanning on GitHub does with a file:
//!
//! - It shows every result as an alert. `kind` is not among the properties that it reads ("SARIF support for code
//!   scanning"), so that a result of kind `pass` would be a false alarm. Passes are counted, and no results.
//! - It closes every alert that a later file of the same category lacks, as mended. So a check that could not be
//!   looked at stays a result, of kind `open`, whose message begins with the words "Not observed": leaving it out
//!   would close the alert of yesterday's failure because nobody could look today.
//! - The category is what stands before the last slash of `automationDetails.id`. It names what was asked for, the
//!   environment and the level, so that a run that looked at less closes nothing of one that looked at more.
//! - Suppressions are not among what it reads either: a waived failure is an alert until somebody dismisses it there.
//!
//! What is no result is told by notifications, where it matters, and counted in the run's properties.

mod notice;
mod place;
mod rule;
mod text;

use super::{Report, Style, json};
use crate::document::escape::visible;
use crate::document::reading::{self, COUNTED};
use crate::model::{Finding, Severity, Verdict};
use rule::Rules;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use text::message;

/// So many results and rules are taken at most; a file with more is refused whole ("SARIF results exceed hard limit").
const LIMIT: usize = 25_000;

pub(super) fn render(report: &Report<'_>, _: &Style<'_>) -> String {
    json::pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run(report)],
    }))
}

fn run(report: &Report<'_>) -> Value {
    let subject = report.subject;
    let told = told(report.findings);
    let (told, left_out) = told.split_at(told.len().min(LIMIT));
    let rules = Rules::of(report, told);
    let results: Vec<Value> = told.iter().map(|one| result(one, &rules, report)).collect();
    let mut driver = json!({ "name": "holdpoint", "version": visible(&subject.tool_version) });
    if semver::Version::parse(&subject.tool_version).is_ok() {
        driver["semanticVersion"] = json!(subject.tool_version);
    }
    driver["rules"] = rules.written();
    driver["notifications"] = notice::descriptors();
    json!({
        "tool": { "driver": driver },
        "automationDetails": { "id": automation(report) },
        "invocations": [notice::invocation(report, &rules, left_out)],
        "originalUriBaseIds": place::bases(),
        "results": results,
        "properties": properties(report),
    })
}

/// The findings that are results, the gravest first: what failed, and what may fail but could not be looked at.
fn told(findings: &[Finding]) -> Vec<&Finding> {
    let told = |finding: &&Finding| is_open(finding) || finding.verdict == Verdict::Fail;
    let mut told: Vec<&Finding> = findings.iter().filter(told).collect();
    told.sort_by_key(|one| {
        let waived = one.verdict == Verdict::Fail && one.waived.is_some();
        let grave = (waived, Reverse(one.severity), Reverse(one.verdict));
        (grave, reading::area(one), &one.check)
    });
    told
}

/// It was to be looked at, and was not.
fn is_open(finding: &Finding) -> bool {
    matches!(finding.verdict, Verdict::Inconclusive | Verdict::Blocked)
}

/// How grave a failure is, in SARIF's words.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn result(finding: &Finding, rules: &Rules, report: &Report<'_>) -> Value {
    let open = is_open(finding);
    let mut properties = json!({
        "verdict": finding.verdict.word(),
        "severity": finding.severity.word(),
    });
    if let Some(evidence) = reading::evidence(finding).filter(|digest| !digest.is_empty()) {
        properties["evidence"] = json!(visible(evidence));
    }
    let place = place::of(finding, report.beside.places);
    let mut result = json!({
        "ruleId": rules.id(finding),
        // Whatever is no failure has the level "none" (3.27.10).
        "kind": if open { "open" } else { "fail" },
        "level": if open { "none" } else { level(finding.severity) },
        "message": { "text": message(finding) },
        "locations": [place.location()],
        "partialFingerprints": place.fingerprints(finding),
        // Where one result has suppressions all have, and an empty list says that there are none (3.27.23).
        "suppressions": suppressions(finding),
        "properties": properties,
    });
    if let Some(index) = rules.index(finding) {
        result["ruleIndex"] = json!(index);
    }
    result
}

fn suppressions(finding: &Finding) -> Value {
    let accepted = |waiver: &String| json!({ "kind": "external", "status": "accepted", "justification": text::plain(waiver) });
    let waiver = finding.waived.as_ref();
    let waiver = waiver.filter(|_| finding.verdict == Verdict::Fail);
    Value::Array(waiver.map(accepted).into_iter().collect())
}

/// `holdpoint/security/staging/live/` and the name of the run. A slash within a part is written out.
fn automation(report: &Report<'_>) -> String {
    let subject = report.subject;
    let mut selection = subject.selection.clone();
    selection.sort();
    selection.dedup();
    let asked = match selection.is_empty() {
        true => "all".to_owned(),
        false => selection.join("+"),
    };
    let parts = [
        &*asked,
        &subject.environment,
        subject.level.word(),
        &subject.run,
    ];
    let parts = parts.map(place::segment);
    format!("holdpoint/{}", parts.join("/"))
}

/// What no result can tell: the decision, its reasons, the counts and the circumstances.
fn properties(report: &Report<'_>) -> Value {
    let &Report {
        decision, subject, ..
    } = report;
    let counts: Map<String, Value> = COUNTED
        .into_iter()
        .map(|one| (one.word().into(), json!(reading::count(decision, one))))
        .collect();
    let all = |texts: &[String]| texts.iter().map(|one| visible(one)).collect::<Vec<_>>();
    let mut properties = json!({
        "decision": decision.outcome.word(),
        "fail_on": decision.fail_on.word(),
        "counts": counts,
        "reasons": all(&decision.reasons),
        "warnings": all(&decision.warnings),
        "project": visible(&subject.project),
        "environment": visible(&subject.environment),
        "level": subject.level.word(),
        "selection": all(&subject.selection),
        "run": visible(&subject.run),
    });
    for (name, value) in [
        ("target", &subject.target),
        ("commit", &subject.commit),
        ("record", &subject.record),
        ("record_digest", &subject.record_digest),
        ("interrupted", &subject.interrupted),
        ("baseline", &subject.baseline),
    ] {
        if let Some(value) = value {
            properties[name] = json!(visible(value));
        }
    }
    if subject.commit.is_some() {
        properties["dirty"] = json!(subject.dirty);
    }
    properties
}

#[cfg(test)]
mod tests;
