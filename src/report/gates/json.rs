//! Gates for programs: a public interface with a version, which reports/schema/gates.v1.json describes.

use super::{GateReport, state};
use crate::model::{Blocker, Counts, Standing, Weighed};
use crate::release::{GateStanding, Hold};
use serde_json::{Value, json};

/// The name of the form.
const SCHEMA: &str = "holdpoint.gates/v1";

/// The gates that are told of.
pub fn render(report: &GateReport<'_>) -> String {
    let told: Vec<Value> = report.told.iter().map(|one| gate(one)).collect();
    let all = json!({
        "schema": SCHEMA,
        "project": report.project,
        "at": report.now.to_string(),
        "instead": report.instead,
        "gates": told,
    });
    // It is plain data with text keys.
    serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"
}

fn gate(one: &GateStanding<'_>) -> Value {
    let decision = &one.decision;
    json!({
        "gate": one.gate.name,
        "title": one.gate.title,
        "owner": one.gate.owner,
        "upstream": one.gate.upstream,
        "definition": one.gate.digest,
        "state": state(one),
        "open": one.is_open(),
        "decision": decision.outcome.word(),
        "approvals": { "needed": one.gate.approvals, "signed": signed(one) },
        "environment": one.environment,
        "evidence": one.evidence.iter().map(|told| json!({
            "run": told.run(),
            "digest": told.record.digest,
            "commit": told.record.header.commit,
            "environment": told.record.header.environment,
            "level": told.record.header.level,
            "started": told.record.header.started.to_string(),
            "beforeGate": told.record.header.before_gate,
        })).collect::<Vec<_>>(),
        "criteria": decision.criteria.iter().map(criterion).collect::<Vec<_>>(),
        "counts": counts(&decision.counts),
        "blockers": decision.blockers.iter().map(blocker).collect::<Vec<_>>(),
        "signOffs": one.sign_offs.iter().map(sign_off).collect::<Vec<_>>(),
        "warnings": decision.warnings,
    })
}

fn signed(one: &GateStanding<'_>) -> usize {
    match &one.hold {
        Hold::Ready { signed, .. } => *signed,
        Hold::Open | Hold::Held => one.sign_offs.iter().filter(|word| word.is_valid()).count(),
    }
}

fn criterion(one: &Weighed) -> Value {
    let held = match one.held {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    json!({ "says": one.says, "holds": held, "found": one.found, "defined": one.defined })
}

/// How much is known in which way; every form for programs has it.
pub(in crate::report) fn counts(counts: &Counts) -> Value {
    json!({
        "measuredPass": counts.passed,
        "measuredFail": counts.failed,
        "waived": counts.waived,
        "attested": counts.attested,
        "unknown": counts.unknown,
        "notApplicable": counts.not_applicable,
    })
}

/// What holds a gate.
pub(in crate::report) fn blocker(one: &Blocker) -> Value {
    json!({
        "what": one.what,
        "severity": one.severity.word(),
        "reason": one.reason,
        "owner": one.owner,
        "since": one.since.map(|at| at.to_string()),
        "next": one.next,
    })
}

fn sign_off(one: &Standing) -> Value {
    let said = &one.sign_off;
    json!({
        "by": said.by,
        "at": said.at.to_string(),
        "until": said.until.to_string(),
        "commit": said.commit,
        "environment": said.environment,
        "comment": said.comment,
        "fingerprint": one.fingerprint,
        "statement": one.statement,
        "entry": one.entry,
        "state": one.words(),
        "lapses": one.lapses.iter().map(|lapsed| json!({ "state": lapsed.lapse.words(), "why": lapsed.why })).collect::<Vec<_>>(),
        "remarks": one.remarks,
    })
}
