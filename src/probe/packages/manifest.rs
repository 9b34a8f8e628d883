//! Whether package.json and the lockfile ask for the same.

use super::lock::{Lock, Manager};
use serde_json::Value;
use std::collections::BTreeMap;

/// What differs, a sentence for each; none where the two cannot be compared.
pub(super) fn differences(lock: &Lock) -> Option<Vec<String>> {
    let manifest = lock.manifest.as_object()?;
    let asked = &lock.asked;
    if asked.ranges.is_empty() && !asked.names_only && lock.foreign().next().is_some() {
        // Made for another folder of a workspace, or in a form that says nothing of it.
        return None;
    }
    let mut kinds = vec!["dependencies", "optionalDependencies", "devDependencies"];
    if matches!(lock.manager, Manager::Npm | Manager::Bun) && !asked.names_only {
        kinds.push("peerDependencies");
    }
    let mut wanted = BTreeMap::new();
    for kind in kinds {
        let entries = manifest.get(kind).and_then(Value::as_object);
        for (name, range) in entries.into_iter().flatten() {
            wanted
                .entry(name.as_str())
                .or_insert(range.as_str().unwrap_or_default());
        }
    }
    let replaced = |name: &str| asked.replaced.iter().any(|it| it == name);
    let mut differences = Vec::new();
    for (name, range) in &wanted {
        match asked.ranges.get(*name) {
            _ if replaced(name) => {}
            None => differences.push(format!("{name} is in package.json alone")),
            Some(other) if !asked.names_only && other != range => differences.push(format!(
                "{name} is {range} in package.json and {other} in {}",
                lock.file
            )),
            Some(_) => {}
        }
    }
    if !asked.names_only {
        let left = asked
            .ranges
            .keys()
            .filter(|name| !wanted.contains_key(name.as_str()));
        differences.extend(left.map(|name| format!("{name} is in {} alone", lock.file)));
    }
    differences.truncate(super::licences::LISTED);
    Some(differences)
}
