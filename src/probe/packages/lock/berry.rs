//! yarn.lock of Yarn 2 and later, which is YAML (yarnpkg/berry, packages/yarnpkg-core, Project.ts).

use super::{Asked, Draft, KINDS, Package, Source, split_at_sign, word, words, yaml};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Is it of Yarn 2 or later?
pub(super) fn is(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("__metadata:"))
}

/// Reads the text of a lockfile.
pub(super) fn read(text: &str, manifest: &Value) -> Result<Draft, String> {
    let file = yaml::read(text)?;
    let metadata = file.get("__metadata").unwrap_or(&Value::Null);
    let format = word(metadata, "version").ok_or("has no version of its format")?;
    let entries: Vec<_> = file
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| *key != "__metadata")
        .collect();
    let mut draft = Draft {
        format,
        ..Draft::default()
    };
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (at, (key, entry)) in entries.iter().enumerate() {
        places.extend(key.split(", ").map(|pattern| (pattern, at)));
        draft.packages.push(package(key, entry)?);
    }
    let mut own = BTreeMap::new();
    for (at, (_, entry)) in entries.iter().enumerate() {
        let resolution = word(entry, "resolution").unwrap_or_default();
        let root = resolution.ends_with("@workspace:.");
        let mut needs = Vec::new();
        for (name, range) in words(entry, "dependencies") {
            if root {
                let bare = range.strip_prefix("npm:").unwrap_or(range);
                own.insert(name.to_owned(), bare.to_owned());
            }
            let Some(found) = find(&places, name, range) else {
                continue;
            };
            // The lockfile does not tell the kinds of the application's dependencies apart.
            if root && only_for_development(manifest, name) {
                draft.roots.push((found, true));
            } else {
                needs.push(found);
            }
        }
        if draft.packages[at].own() {
            draft.roots.push((at, false));
        }
        draft.packages[at].needs = needs;
    }
    draft.asked = Asked {
        ranges: own,
        replaced: words(manifest, "resolutions")
            .map(|(pattern, _)| {
                let last = pattern.rsplit("**/").next().unwrap_or(pattern);
                let name = split_at_sign(last).map_or(last, |(name, _)| name);
                name.to_owned()
            })
            .collect(),
        names_only: false,
    };
    Ok(draft)
}

fn package(key: &str, entry: &Value) -> Result<Package, String> {
    let resolution = word(entry, "resolution")
        .ok_or_else(|| format!("has an entry without a resolution: {key}"))?;
    let (name, reference) = split_at_sign(&resolution)
        .ok_or_else(|| format!("has an entry with a strange resolution: {key}"))?;
    let (protocol, rest) = reference.split_once(':').unwrap_or(("npm", reference));
    let source = match protocol {
        "workspace" => Source::Own,
        // A patch is a file of the repository over a package of the registry.
        "npm" | "patch" | "virtual" => match rest.split_once("__archiveUrl=") {
            Some((_, address)) => Source::of(&decoded(address)),
            None => Source::Registry,
        },
        "link" | "portal" | "file" | "exec" => Source::File(rest.to_owned()),
        _ => Source::of(reference),
    };
    Ok(Package {
        name: name.to_owned(),
        version: word(entry, "version").unwrap_or_default(),
        key: key.to_owned(),
        source,
        integrity: word(entry, "checksum"),
        optional: entry.get("conditions").is_some(),
        checksum_optional: entry.get("conditions").is_some() || protocol == "link",
        ..Package::default()
    })
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Before version 8 ranges of the registry stood without a protocol.
fn find(places: &HashMap<&str, usize>, name: &str, range: &str) -> Option<usize> {
    let keys = [format!("{name}@{range}"), format!("{name}@npm:{range}")];
    let found = keys.iter().find_map(|key| places.get(key.as_str()));
    found.copied()
}

fn only_for_development(manifest: &Value, name: &str) -> bool {
    let named = |kind: &str| words(manifest, kind).any(|(other, _)| other == name);
    KINDS
        .iter()
        .all(|(kind, development)| named(kind) == *development)
}
