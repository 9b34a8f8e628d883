//! What the criteria of a gate may speak of: its findings, counted apart by what is known of them.

use crate::model::{FactKind, FactSpec, Facts, Finding, Severity, Verdict};
use serde_json::{Value, json};

/// The facts that criteria may read.
pub fn facts_declared() -> Vec<FactSpec> {
    let int = |name, meaning| FactSpec::new(name, FactKind::Int, meaning);
    let by_severity = || {
        FactKind::Object(vec![
            int("critical", "of severity critical"),
            int("high", "of severity high"),
            int("medium", "of severity medium"),
            int("low", "of severity low"),
            int("info", "of severity info"),
        ])
    };
    let finding = vec![
        FactSpec::new("check", FactKind::Text, "the id of the check"),
        FactSpec::new(
            "severity",
            FactKind::Text,
            "critical, high, medium, low or info",
        ),
        FactSpec::new(
            "verdict",
            FactKind::Text,
            "pass, fail, inconclusive, blocked, not-applicable or not-run",
        ),
        FactSpec::new(
            "waived",
            FactKind::Bool,
            "it failed, and somebody who may accepts it",
        ),
        FactSpec::new("flaky", FactKind::Bool, "it passed after a retry"),
    ];
    let summary = vec![
        int("total", "checks of the gate"),
        int("pass", "seen to pass"),
        int("fail", "seen to fail, waived ones included"),
        int("waived", "failed, and accepted"),
        int(
            "unknown",
            "not seen: inconclusive, blocked, not run, or not in the record",
        ),
        int("not_applicable", "of no concern to this application"),
        FactSpec::new(
            "pass_rate",
            FactKind::Float,
            "how many of those that concern it were seen to pass, in percent; 0 where there are none",
        ),
    ];
    vec![
        FactSpec::new(
            "summary",
            FactKind::Object(summary),
            "how many findings are known how",
        ),
        FactSpec::new(
            "failing",
            by_severity(),
            "findings that failed and are not waived",
        ),
        FactSpec::new("unknown", by_severity(), "findings that were not seen"),
        FactSpec::new(
            "findings",
            FactKind::list(FactKind::Object(finding)),
            "every finding",
        ),
    ]
}

/// The facts of these findings, whose waivers were weighed.
pub fn facts(findings: &[Finding]) -> Facts {
    let count =
        |wanted: &dyn Fn(&Finding) -> bool| findings.iter().filter(|one| wanted(one)).count();
    let by_severity = |wanted: &dyn Fn(&Finding) -> bool| -> Value {
        let each = Severity::ALL.iter().map(|severity| {
            let of = count(&|one| one.severity == *severity && wanted(one));
            (severity.word().to_owned(), json!(of))
        });
        Value::Object(each.collect())
    };
    let is_failing = |one: &Finding| one.verdict == Verdict::Fail && one.waived.is_none();
    let passed = count(&|one| one.verdict == Verdict::Pass);
    let concerned = count(&|one| one.verdict != Verdict::NotApplicable);
    #[expect(clippy::cast_precision_loss, reason = "there are not that many checks")]
    let rate = match concerned {
        0 => 0.0,
        _ => 100.0 * passed as f64 / concerned as f64,
    };
    let each = findings.iter().map(|one| {
        json!({
            "check": one.check,
            "severity": one.severity.word(),
            "verdict": one.verdict.word(),
            "waived": one.waived.is_some(),
            "flaky": one.flaky,
        })
    });
    let facts = json!({
        "summary": {
            "total": findings.len(),
            "pass": passed,
            "fail": count(&|one| one.verdict == Verdict::Fail),
            "waived": count(&|one| one.waived.is_some()),
            "unknown": count(&is_unknown),
            "not_applicable": findings.len() - concerned,
            "pass_rate": rate,
        },
        "failing": by_severity(&is_failing),
        "unknown": by_severity(&is_unknown),
        "findings": each.collect::<Vec<_>>(),
    });
    match facts {
        Value::Object(facts) => facts,
        _ => Facts::new(),
    }
}

/// The facts as they would be, had everything that nobody saw been seen to pass.
pub fn facts_at_best(findings: &[Finding]) -> Facts {
    let mut findings = findings.to_vec();
    findings
        .iter_mut()
        .filter(|one| is_unknown(one))
        .for_each(|one| one.verdict = Verdict::Pass);
    facts(&findings)
}

/// Nobody saw whether it holds.
pub(super) fn is_unknown(one: &Finding) -> bool {
    matches!(
        one.verdict,
        Verdict::Inconclusive | Verdict::Blocked | Verdict::NeedsAttestation | Verdict::NotRun
    )
}
