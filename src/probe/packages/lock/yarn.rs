//! yarn.lock of Yarn 1 (yarnpkg/yarn, src/lockfile/parse.js): indented lines, keys that are patterns.

use super::{Asked, Draft, KINDS, Package, Source, split_at_sign, words};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// An entry with the patterns that it answers and what it needs.
#[derive(Default)]
struct Entry {
    patterns: Vec<String>,
    version: String,
    resolved: Option<String>,
    integrity: Option<String>,
    needs: Vec<String>,
    may_need: Vec<String>,
}

/// Reads the text of a lockfile.
pub(super) fn read(text: &str, manifest: &Value) -> Result<Draft, String> {
    let format = text
        .lines()
        .take(10)
        .find_map(|line| line.trim().strip_prefix("# yarn lockfile v"))
        .ok_or("does not begin as Yarn writes it")?
        .to_owned();
    let entries = entries(text)?;
    let mut draft = Draft {
        format,
        ..Draft::default()
    };
    let mut places = HashMap::new();
    for entry in &entries {
        for pattern in &entry.patterns {
            places.insert(pattern.as_str(), draft.packages.len());
        }
        draft.packages.push(package(entry)?);
    }
    for (entry, package) in entries.iter().zip(&mut draft.packages) {
        let needs = entry.needs.iter().chain(&entry.may_need);
        package.needs = needs
            .filter_map(|pattern| places.get(pattern.as_str()).copied())
            .collect();
    }
    let found = |pattern: &String| places.get(pattern.as_str()).copied();
    for at in entries
        .iter()
        .flat_map(|entry| &entry.may_need)
        .filter_map(found)
    {
        draft.packages[at].optional = true;
    }
    for at in entries
        .iter()
        .flat_map(|entry| &entry.needs)
        .filter_map(found)
    {
        draft.packages[at].optional = false;
    }
    for (kind, development) in KINDS {
        for (name, range) in words(manifest, kind) {
            if let Some(at) = places.get(format!("{name}@{range}").as_str()) {
                draft.roots.push((*at, *development));
            }
        }
    }
    draft.asked = asked(manifest, &places);
    Ok(draft)
}

fn package(entry: &Entry) -> Result<Package, String> {
    let pattern = entry.patterns.first().map_or("", String::as_str);
    let (mut name, range) =
        split_at_sign(pattern).ok_or_else(|| format!("has an entry without a range: {pattern}"))?;
    if let Some(alias) = range.strip_prefix("npm:") {
        name = split_at_sign(alias).map_or(alias, |(name, _)| name);
    }
    if entry.version.is_empty() {
        return Err(format!("has an entry without a version: {pattern}"));
    }
    let resolved = entry.resolved.as_deref();
    // Before version 1.10 the checksum was a SHA-1 behind the address.
    let fragment = resolved
        .and_then(|address| address.split_once('#'))
        .map(|(_, it)| it);
    let sha1 = fragment
        .filter(|it| it.len() == 40)
        .map(|it| format!("sha1-{it}"));
    Ok(Package {
        name: name.to_owned(),
        version: entry.version.clone(),
        key: pattern.to_owned(),
        source: match resolved {
            Some(address) => Source::of(address),
            None if range.starts_with("file:") => Source::File(range.to_owned()),
            None => Source::Registry,
        },
        integrity: entry.integrity.clone().or(sha1),
        ..Package::default()
    })
}

fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut section = "";
    for (number, line) in text.lines().enumerate() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let strange = || format!("has a line that Yarn does not write: {}", number + 1);
        let depth = line.len() - line.trim_start_matches(' ').len();
        let last = entries.last_mut();
        match (depth, last) {
            (0, _) => {
                let patterns = bare.strip_suffix(':').ok_or_else(strange)?;
                let patterns = patterns.split(", ").map(|it| unquoted(it).to_owned());
                entries.push(Entry {
                    patterns: patterns.collect(),
                    ..Entry::default()
                });
                section = "";
            }
            (2, Some(entry)) => {
                section = bare;
                let Some((key, value)) = bare.split_once(' ') else {
                    continue;
                };
                let value = unquoted(value).to_owned();
                match unquoted(key) {
                    "version" => entry.version = value,
                    "resolved" => entry.resolved = Some(value),
                    "integrity" => entry.integrity = Some(value),
                    _ => {}
                }
            }
            (4.., Some(entry))
                if section == "dependencies:" || section == "optionalDependencies:" =>
            {
                let (name, range) = bare.split_once(' ').ok_or_else(strange)?;
                let pattern = format!("{}@{}", unquoted(name), unquoted(range));
                match section {
                    "dependencies:" => entry.needs.push(pattern),
                    _ => entry.may_need.push(pattern),
                }
            }
            (4.., Some(_)) => {}
            _ => return Err(strange()),
        }
    }
    Ok(entries)
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text)
}

/// The patterns of the application that the lockfile answers. It does not say whose the others are, so a
/// pattern that stays behind is not seen.
fn asked(manifest: &Value, places: &HashMap<&str, usize>) -> Asked {
    let mut asked = Asked::default();
    let known: BTreeSet<&str> = places
        .keys()
        .filter_map(|pattern| split_at_sign(pattern).map(|(name, _)| name))
        .collect();
    for (name, range) in KINDS.iter().flat_map(|(kind, _)| words(manifest, kind)) {
        if places.contains_key(format!("{name}@{range}").as_str()) {
            asked.ranges.insert(name.to_owned(), range.to_owned());
        } else if known.contains(name) {
            asked.ranges.insert(name.to_owned(), "another range".into());
        }
    }
    asked.replaced = words(manifest, "resolutions")
        .filter_map(|(pattern, _)| pattern.rsplit("**/").next())
        .map(str::to_owned)
        .collect();
    asked
}
