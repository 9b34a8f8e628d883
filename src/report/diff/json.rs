//! A comparison for programs: a public interface with a version, which reports/schema/diff.v1.json describes.

use super::{Difference, Told, verdict};
use crate::model::{Change, Changed};
use crate::report::json::pretty;
use serde_json::{Value, json};

/// The name of the form.
const SCHEMA: &str = "holdpoint.diff/v1";

/// The comparison as JSON.
pub fn render(difference: &Difference<'_>) -> String {
    let counts: serde_json::Map<String, Value> = Change::ALL
        .iter()
        .map(|change| (word(*change), difference.those(*change).count().into()))
        .chain([("same".to_owned(), difference.same.into())])
        .collect();
    pretty(&json!({
        "schema": SCHEMA,
        "answer": difference.worse().words(),
        "fail_on": difference.after.decision.fail_on.word(),
        "before": side(difference.before),
        "after": side(difference.after),
        "counts": counts,
        "changed": difference.changed.iter().map(|one| changed(difference, one)).collect::<Vec<_>>(),
        "circumstances": difference.circumstances.iter().map(|one| json!({
            "what": one.what, "before": one.before, "after": one.after,
        })).collect::<Vec<_>>(),
        "redefined": difference.redefined,
        "paces": difference.paces.iter().map(|one| json!({
            "look": one.label, "probe": one.probe, "before_ms": one.before_ms, "after_ms": one.after_ms,
        })).collect::<Vec<_>>(),
    }))
}

fn word(change: Change) -> String {
    change.word().replace(' ', "-")
}

fn side(side: Told<'_>) -> Value {
    let subject = side.subject;
    json!({
        "run": subject.run,
        "record": subject.record,
        "digest": subject.record_digest,
        "started": format!("{:.3}", subject.started),
        "decision": side.decision.outcome.word(),
        "target": subject.target,
        "environment": subject.environment,
        "commit": subject.commit,
    })
}

fn changed(difference: &Difference<'_>, one: &Changed) -> Value {
    json!({
        "check": one.check,
        "title": one.title,
        "severity": one.severity.word(),
        "change": word(one.change),
        "before": one.before.map(|before| verdict(Some(before))),
        "after": one.after.map(|after| verdict(Some(after))),
        "reason": one.reason,
        "looks": one.looks,
        "why": one.why,
        "decides": difference.aside(one).is_none(),
        "waived": difference.waived(&one.check),
    })
}
