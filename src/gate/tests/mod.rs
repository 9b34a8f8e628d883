//! Gates over made-up findings, waivers, statements and sign-offs.

mod baseline;
mod compare;
mod openings;
mod staleness;

use super::{Case, Code, Evidence};
use crate::model::{Finding, Gate, Level, LookVerdict, Place, Reason, Severity, Verdict};
use jiff::{SignedDuration, Timestamp};

const NOW: &str = "2026-03-10T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn gate() -> Gate {
    Gate {
        name: "security".into(),
        title: "security".into(),
        owner: "Team Pi".into(),
        suite: Some("security".into()),
        upstream: vec![],
        documents: vec![],
        must_pass: None,
        level: Level::Active,
        criteria: vec![],
        exempt: vec![],
        waivers_by: vec![],
        approvals: 1,
        evidence_lasts: SignedDuration::from_hours(7 * 24),
        sign_off_lasts: SignedDuration::from_hours(7 * 24),
        digest: "sha256:definition".into(),
        place: Place::default(),
    }
}

fn finding(check: &str, severity: Severity, verdict: Verdict) -> Finding {
    Finding {
        suites: vec!["security".into()],
        reason: "why".into(),
        ..Finding::bare(check, severity, verdict)
    }
}

fn evidence() -> Evidence {
    Evidence {
        run: "20260310T100000Z-000001".into(),
        started: "2026-03-10T10:00:00Z".parse().unwrap(),
        environment: "production".into(),
        commit: Some("c".repeat(40)),
        dirty: Some(false),
        cut_short: None,
        checks_changed: false,
        code: Code::Same,
    }
}

fn case<'a>(gate: &'a Gate, findings: &'a [Finding], evidence: &'a [Evidence]) -> Case<'a> {
    Case {
        gate,
        must_pass: Severity::Medium,
        findings,
        evidence,
        expressions: &[],
        attestations: &[],
        upstream: &[],
        missing_documents: &[],
        warnings: vec![],
        now: now(),
        today: "2026-03-10".parse().unwrap(),
    }
}

/// A look that came out so, for these lines.
fn look(label: &str, verdict: Verdict, lines: &[usize]) -> LookVerdict {
    let reason = |line: &usize| Reason {
        text: format!("line {line}"),
        expected: String::new(),
        found: String::new(),
        line: *line,
        listed: 0,
    };
    LookVerdict {
        label: label.into(),
        verdict,
        reasons: lines.iter().map(reason).collect(),
        unjudged: vec![],
        facts: serde_json::Map::new(),
        evidence: String::new(),
        retried: false,
    }
}
