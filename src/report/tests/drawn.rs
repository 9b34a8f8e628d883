//! Runs of all kinds, hostile ones first of all, as properties draw them; tests of other readers take them too.

use super::fixture::{self, Run};
use crate::model::{Finding, LookVerdict, Note, Outcome, Reason, Severity, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

const HOSTILE: &[&str] = &[
    "",
    "plain",
    "\u{1b}[31mred\u{1b}[0m",
    "a\r\nb\n\n# GO",
    "\u{202e}oG\u{202c}",
    "\u{9b}2J",
    "\u{0}\u{7f}\u{fffe}",
    "| a | `b` | ``c``",
    "</details><script>alert(1)</script>",
    "]]>&amp;&#x1b;",
    "{{ 7 * 7 }}{% raw %}",
    "[x](javascript:x) ![i](http://x) @all #1",
    "漢字 👩‍👩‍👧 e\u{301}",
    "GO 99 pass",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(HOSTILE).prop_map(String::from),
        "\\PC{0,60}",
        ".{0,40}",
        "[ -~]{200,900}",
        vec(select(HOSTILE), 1..4).prop_map(|parts| parts.concat()),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    select(Verdict::ALL)
}

fn look() -> impl Strategy<Value = LookVerdict> {
    let reason = (text(), text(), text()).prop_map(|(text, expected, found)| Reason {
        text,
        expected,
        found,
        line: 3,
        listed: 0,
    });
    (text(), verdict(), vec(reason, 0..3), text(), any::<bool>()).prop_map(
        |(label, verdict, reasons, fact, retried)| {
            let facts = json!({ fact.clone(): { "b": [1, 2.5, null, fact], "a": true } });
            let facts = facts.as_object().cloned().unwrap_or_default();
            LookVerdict {
                label,
                verdict,
                reasons,
                unjudged: vec![],
                facts,
                evidence: "sha256:00".into(),
                retried,
            }
        },
    )
}

/// A finding of any verdict and words.
pub(crate) fn finding() -> impl Strategy<Value = Finding> {
    let note = (text(), text(), text()).prop_map(|(says, truth, source)| Note {
        document: "GUIDE.md".into(),
        says,
        truth,
        source,
        tested: "the claim".into(),
        conformance: "met".into(),
        assessment: "sound".into(),
    });
    let texts = (text(), text(), text(), text(), text());
    let rest = (
        proptest::option::of(text()),
        proptest::option::of(text()),
        proptest::option::of(note),
    );
    let name = prop_oneof![4 => "(headers|tls|site)\\.[a-z]{1,50}", 1 => text()];
    (
        name,
        verdict(),
        select(Severity::ALL),
        any::<bool>(),
        vec(look(), 0..4),
        texts,
        rest,
    )
        .prop_map(
            |(
                check,
                verdict,
                severity,
                flaky,
                looks,
                (title, reason, expected, found, remedy),
                (blocked_by, waived, note),
            )| Finding {
                flaky,
                looks,
                reason,
                expected,
                found,
                remedy,
                blocked_by,
                waived,
                note,
                ..fixture::finding(&check, &title, severity, verdict)
            },
        )
}

/// A run of a few findings.
pub(crate) fn run() -> impl Strategy<Value = Run> {
    let outcome = select(vec![
        Outcome::Go,
        Outcome::GoWithWaivers,
        Outcome::NoGo,
        Outcome::Undecided,
    ]);
    (
        vec(finding(), 0..7),
        outcome,
        vec(text(), 0..5),
        proptest::option::of(text()),
    )
        .prop_map(|(findings, outcome, reasons, interrupted)| {
            let mut run = fixture::run();
            run.decision.summary = fixture::summary(&findings);
            run.decision.outcome = outcome;
            run.decision.warnings.clone_from(&reasons);
            run.decision.reasons = reasons;
            run.subject.tags = findings
                .iter()
                .map(|one| (one.check.clone(), vec!["P2.1".into(), "P4.4".into()]))
                .collect();
            run.subject.interrupted.clone_from(&interrupted);
            run.subject.target = interrupted;
            run.findings = findings;
            run
        })
}
