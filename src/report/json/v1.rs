//! `holdpoint.report/v1`, frozen: fields may be added, never taken away or given another meaning.

use crate::document::reading;
use crate::model::{Finding, LookVerdict, Verdict};
use crate::report::Report;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct Document<'a> {
    schema: &'static str,
    decision: &'static str,
    reasons: &'a [String],
    warnings: &'a [String],
    fail_on: &'static str,
    target: Option<&'a str>,
    started: String,
    ended: String,
    duration_ms: u64,
    interrupted: Option<&'a str>,
    summary: Summary,
    subject: Subject<'a>,
    findings: Vec<FindingV1<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Summary {
    pass: usize,
    fail: usize,
    inconclusive: usize,
    blocked: usize,
    needs_attestation: usize,
    not_run: usize,
    not_applicable: usize,
}

#[derive(Serialize)]
struct Subject<'a> {
    tool_version: &'a str,
    project: &'a str,
    root: &'a str,
    environment: &'a str,
    level: &'static str,
    selection: &'a [String],
    suites: &'a [String],
    commit: Option<&'a str>,
    dirty: bool,
    run: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'a str>,
    record: Option<&'a str>,
}

#[derive(Serialize)]
struct FindingV1<'a> {
    check: &'a str,
    title: &'a str,
    suites: &'a [String],
    tags: &'a [String],
    severity: &'static str,
    verdict: &'static str,
    flaky: bool,
    reason: &'a str,
    expected: &'a str,
    found: &'a str,
    remedy: &'a str,
    facts: BTreeMap<String, Value>,
    evidence: Option<&'a str>,
    blocked_by: Option<&'a str>,
    duration_ms: u64,
    note: Option<Note<'a>>,
    waived: Option<&'a str>,
    defined: &'a str,
    overrides_shipped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<String>,
    looks: Vec<Look<'a>>,
}

#[derive(Serialize)]
struct Note<'a> {
    document: &'a str,
    says: &'a str,
    truth: &'a str,
    source: &'a str,
    tested: &'a str,
    conformance: &'a str,
    assessment: &'a str,
}

#[derive(Serialize)]
struct Look<'a> {
    label: &'a str,
    verdict: &'static str,
    reasons: Vec<Reason<'a>>,
    facts: Value,
    evidence: &'a str,
    retried: bool,
}

#[derive(Serialize)]
struct Reason<'a> {
    text: &'a str,
    expected: &'a str,
    found: &'a str,
    line: usize,
}

impl<'a> Document<'a> {
    pub(super) fn of(report: &Report<'a>) -> Self {
        let &Report {
            decision,
            findings,
            subject,
            ..
        } = report;
        let count = |verdict| reading::count(decision, verdict);
        Self {
            schema: "holdpoint.report/v1",
            decision: decision.outcome.word(),
            reasons: &decision.reasons,
            warnings: &decision.warnings,
            fail_on: decision.fail_on.word(),
            target: subject.target.as_deref(),
            started: format!("{:.3}", subject.started),
            ended: format!("{:.3}", subject.ended),
            duration_ms: subject.duration_ms,
            interrupted: subject.interrupted.as_deref(),
            summary: Summary {
                pass: count(Verdict::Pass),
                fail: count(Verdict::Fail),
                inconclusive: count(Verdict::Inconclusive),
                blocked: count(Verdict::Blocked),
                needs_attestation: count(Verdict::NeedsAttestation),
                not_run: count(Verdict::NotRun),
                not_applicable: count(Verdict::NotApplicable),
            },
            subject: Subject {
                tool_version: &subject.tool_version,
                project: &subject.project,
                root: &subject.root,
                environment: &subject.environment,
                level: subject.level.word(),
                selection: &subject.selection,
                suites: &subject.suites,
                commit: subject.commit.as_deref(),
                dirty: subject.dirty,
                run: &subject.run,
                baseline: subject.baseline.as_deref(),
                record: subject.record.as_deref(),
            },
            findings: reading::ordered(findings)
                .into_iter()
                .map(|finding| {
                    FindingV1::of(
                        finding,
                        subject.tags.get(&finding.check).map_or(&[], Vec::as_slice),
                        &subject.run,
                    )
                })
                .collect(),
        }
    }
}

impl<'a> FindingV1<'a> {
    fn of(finding: &'a Finding, tags: &'a [String], run: &str) -> Self {
        Self {
            check: &finding.check,
            title: &finding.title,
            suites: &finding.suites,
            tags,
            severity: finding.severity.word(),
            verdict: finding.verdict.word(),
            flaky: finding.flaky,
            reason: &finding.reason,
            expected: &finding.expected,
            found: &finding.found,
            remedy: &finding.remedy,
            facts: facts(&finding.looks),
            evidence: reading::evidence(finding),
            blocked_by: finding.blocked_by.as_deref(),
            duration_ms: finding.duration_ms,
            note: finding.note.as_ref().map(|note| Note {
                document: &note.document,
                says: &note.says,
                truth: &note.truth,
                source: &note.source,
                tested: &note.tested,
                conformance: &note.conformance,
                assessment: &note.assessment,
            }),
            waived: finding.waived.as_deref(),
            defined: &finding.defined,
            overrides_shipped: finding.overrides_shipped,
            explain: matches!(
                finding.verdict,
                Verdict::Fail | Verdict::Inconclusive | Verdict::Blocked
            )
            .then(|| reading::explain(run, &finding.check)),
            looks: finding.looks.iter().map(Look::of).collect(),
        }
    }
}

impl<'a> Look<'a> {
    fn of(look: &'a LookVerdict) -> Self {
        let reasons = look.reasons.iter();
        Self {
            label: &look.label,
            verdict: look.verdict.word(),
            reasons: reasons
                .map(|reason| Reason {
                    text: &reason.text,
                    expected: &reason.expected,
                    found: &reason.found,
                    line: reason.line,
                })
                .collect(),
            facts: sorted(&Value::Object(look.facts.clone())),
            evidence: &look.evidence,
            retried: look.retried,
        }
    }
}

/// The facts of each look under its label; a label that comes again is numbered.
fn facts(looks: &[LookVerdict]) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::new();
    for look in looks {
        let mut label = look.label.clone();
        let mut number = 1;
        while facts.contains_key(&label) {
            number += 1;
            label = format!("{} ({number})", look.label);
        }
        facts.insert(label, sorted(&Value::Object(look.facts.clone())));
    }
    facts
}

/// The value with the keys of every object in order, so that facts read the same before and after
/// they were recorded.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(map) => {
            let entries: BTreeMap<_, _> = map
                .iter()
                .map(|(key, item)| (key.clone(), sorted(item)))
                .collect();
            Value::Object(Map::from_iter(entries))
        }
        other => other.clone(),
    }
}
