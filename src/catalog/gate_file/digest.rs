//! The digest of a gate: of what it demands, however it is written down.

use crate::evidence;
use crate::model::{Criterion, Exemption, Gate, Proof};
use serde_json::{Value, json};

/// The digest of everything that a gate says, in canonical form. Comments, the order of keys and that of
/// lists do not matter, since they decide nothing; every value does.
pub(super) fn digest(gate: &Gate) -> String {
    // Taken apart by name, so that a new field is not forgotten here.
    let Gate {
        name,
        title,
        owner,
        suite,
        upstream,
        documents,
        must_pass,
        level,
        criteria,
        exempt,
        waivers_by,
        approvals,
        evidence_lasts,
        sign_off_lasts,
        digest: _,
        place: _,
    } = gate;
    let definition = json!({
        "schema": "holdpoint.gate/v1",
        "name": name,
        "title": title,
        "owner": owner,
        "suite": suite,
        "upstream": set(upstream.iter().map(|one| json!(one))),
        "documents": set(documents.iter().map(|one| json!(one))),
        "must_pass": must_pass.map(|one| one.word()),
        "level": level.word(),
        "criteria": set(criteria.iter().map(criterion)),
        "exempt": set(exempt.iter().map(|Exemption { check, reason }| {
            json!({ "check": check, "reason": reason })
        })),
        "waivers_by": set(waivers_by.iter().map(|one| json!(one))),
        "approvals": approvals,
        "evidence_lasts": evidence_lasts.to_string(),
        "sign_off_lasts": sign_off_lasts.to_string(),
    });
    // Texts, small numbers and lists of them always have a canonical form.
    let bytes = evidence::canonical_bytes(&definition)
        .unwrap_or_else(|_| definition.to_string().into_bytes());
    evidence::digest(&bytes)
}

fn criterion(one: &Criterion) -> Value {
    let Criterion {
        says,
        proof,
        place: _,
    } = one;
    match proof {
        Proof::Expression(that) => json!({ "says": says, "that": that }),
        Proof::Attested(name) => json!({ "says": says, "attested": name }),
    }
}

/// A list whose order decides nothing.
fn set(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
    Value::Array(values)
}
