//! bun.lock: JSON with comments and trailing commas, entries as lists (bun.sh/docs/pm/lockfile).

use super::{Draft, KINDS, Package, Source, split_at_sign, words};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Reads the text of a lockfile.
pub(super) fn read(text: &str) -> Result<Draft, String> {
    let json: Value = serde_json::from_str(&strict(text))
        .map_err(|error| format!("is not JSON as Bun writes it: {error}"))?;
    let format = json
        .get("lockfileVersion")
        .and_then(Value::as_u64)
        .ok_or("has no lockfileVersion")?;
    let none = Map::new();
    let packages = json.get("packages").and_then(Value::as_object);
    let mut draft = Draft {
        format: format.to_string(),
        ..Draft::default()
    };
    let mut places = HashMap::new();
    let packages = packages.unwrap_or(&none);
    for (place, entry) in packages {
        places.insert(place.as_str(), draft.packages.len());
        draft.packages.push(package(place, entry)?);
    }
    for (at, (place, entry)) in packages.iter().enumerate() {
        let about = entry
            .as_array()
            .and_then(|parts| parts.iter().find(|part| part.is_object()))
            .unwrap_or(&Value::Null);
        let needs = KINDS
            .iter()
            .filter(|(_, development)| !development)
            .flat_map(|(kind, _)| words(about, kind))
            .filter_map(|(name, _)| find(&places, place, name));
        draft.packages[at].needs = needs.collect();
    }
    let folders = json.get("workspaces").and_then(Value::as_object);
    for (folder, about) in folders.unwrap_or(&none) {
        let name = about.get("name").and_then(Value::as_str).unwrap_or(folder);
        let from = if folder.is_empty() { "" } else { name };
        for (kind, development) in KINDS {
            for (name, range) in words(about, kind) {
                if folder.is_empty() {
                    draft.asked.ranges.insert(name.to_owned(), range.to_owned());
                }
                if let Some(at) = find(&places, from, name) {
                    draft.roots.push((at, *development));
                }
            }
        }
    }
    let overrides = words(&json, "overrides").map(|(name, _)| name.to_owned());
    draft.asked.replaced = overrides.collect();
    Ok(draft)
}

/// `["name@version", "registry", {…}, "sha512-…"]`; of other sources the registry is left out.
fn package(place: &str, entry: &Value) -> Result<Package, String> {
    let parts = entry
        .as_array()
        .ok_or_else(|| format!("has an entry that is no list: {place}"))?;
    let text = |at: usize| parts.get(at).and_then(Value::as_str);
    let (name, version) = text(0)
        .and_then(split_at_sign)
        .ok_or_else(|| format!("has an entry without a version: {place}"))?;
    let checksum = parts.iter().skip(1).filter_map(Value::as_str).next_back();
    let checksum = checksum.filter(|it| it.starts_with("sha"));
    let elsewhere = version.contains(':') || version.contains('/');
    let source = match version.split_once(':') {
        Some(("workspace", _)) => Source::Own,
        Some(("root", _)) => Source::Own,
        _ if elsewhere => Source::of(version),
        _ => match text(1) {
            Some(registry) if registry.contains("://") => Source::of(registry),
            _ => Source::Registry,
        },
    };
    Ok(Package {
        name: name.to_owned(),
        version: if elsewhere { "" } else { version }.to_owned(),
        key: place.to_owned(),
        source,
        integrity: checksum.map(str::to_owned),
        optional: parts.iter().any(|part| part.get("os").is_some()),
        ..Package::default()
    })
}

/// The entry that a package finds under a name: below its own place, then below each above it.
fn find(places: &HashMap<&str, usize>, from: &str, name: &str) -> Option<usize> {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    // A place deeper than this is none that Bun writes.
    parts.truncate(64);
    loop {
        let mut place = parts.join("/");
        if !place.is_empty() {
            place.push('/');
        }
        place.push_str(name);
        if let Some(at) = places.get(place.as_str()) {
            return Some(*at);
        }
        parts.pop()?;
    }
}

/// The text without comments and without commas before a closing bracket.
fn strict(text: &str) -> String {
    let mut strict = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut comma = false;
    while let Some(character) = characters.next() {
        match character {
            '/' if characters.peek() == Some(&'/') => {
                let _comment = characters.by_ref().find(|it| *it == '\n');
                continue;
            }
            ',' => {
                comma = true;
                continue;
            }
            _ if character.is_whitespace() => {
                strict.push(character);
                continue;
            }
            _ => {}
        }
        if std::mem::take(&mut comma) && !matches!(character, ']' | '}') {
            strict.push(',');
        }
        strict.push(character);
        if character == '"' {
            while let Some(inside) = characters.next() {
                strict.push(inside);
                match inside {
                    '"' => break,
                    '\\' => strict.extend(characters.next()),
                    _ => {}
                }
            }
        }
    }
    strict
}
