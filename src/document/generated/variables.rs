//! The variables that the application reads, as the checks of the environment saw them.

use crate::model::Finding;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A variable that the application reads.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct VariableView<'a> {
    /// Its name.
    pub name: &'a str,
    /// `set`, `set to nothing`, `sample text` or `missing`.
    pub state: &'static str,
    /// Where it is read or set, as far as the checks tell.
    pub place: String,
    /// The deployment targets of the host that lack it.
    pub lacking: Vec<&'static str>,
}

/// The checks of what the host has, with the fact that names what it lacks.
const HOSTS: [(&str, &str, &str); 3] = [
    (
        "vercel.variables-present-production",
        "missing.production",
        "production",
    ),
    (
        "vercel.variables-present-preview",
        "missing.preview",
        "preview",
    ),
    (
        "vercel.variables-present-development",
        "missing.development",
        "development",
    ),
];

/// One row for each variable that any of the checks names, by name.
pub(super) fn variables<'a>(findings: &[&'a Finding]) -> Vec<VariableView<'a>> {
    let mut rows: BTreeMap<&str, VariableView<'a>> = BTreeMap::new();
    let mut note = |name: &'a str, state: &'static str, place: String| {
        let row = rows.entry(name).or_insert_with(|| VariableView {
            name,
            state,
            place: String::new(),
            lacking: Vec::new(),
        });
        row.state = state;
        if row.place.is_empty() {
            row.place = place;
        }
    };
    for name in facts(findings, "environment.required-set", "set") {
        note(text(name), "set", String::new());
    }
    for (fact, state) in [("empty", "set to nothing"), ("missing", "missing")] {
        for one in facts(findings, "environment.required-set", fact) {
            note(text(one), state, places(one));
        }
    }
    for one in facts(findings, "environment.no-placeholders", "placeholders") {
        note(text(one), "sample text", places(one));
    }
    for (check, fact, target) in HOSTS {
        for one in facts(findings, check, fact) {
            let name = text(one);
            let row = rows.entry(name).or_insert_with(|| VariableView {
                name,
                state: "not known",
                place: places(one),
                lacking: Vec::new(),
            });
            row.lacking.push(target);
        }
    }
    rows.remove("");
    rows.into_values().collect()
}

/// The entries of a list among the facts that a check read.
fn facts<'a>(findings: &[&'a Finding], check: &str, fact: &str) -> Vec<&'a Value> {
    let finding = findings.iter().find(|one| one.check == check);
    let looks = finding.into_iter().flat_map(|one| &one.looks);
    let lists = looks.filter_map(|look| look.facts.get(fact)?.as_array());
    lists.flatten().collect()
}

/// A name, or an entry that has one.
fn text(entry: &Value) -> &str {
    let name = entry.as_str().or_else(|| entry.get("name")?.as_str());
    name.unwrap_or_default()
}

/// Where it is read, or where it is set.
fn places(entry: &Value) -> String {
    if let Some(places) = entry.get("places").and_then(Value::as_array) {
        let places: Vec<&str> = places.iter().filter_map(Value::as_str).collect();
        return places.join(", ");
    }
    let origin = entry.get("origin").and_then(Value::as_str);
    origin.unwrap_or_default().to_owned()
}
