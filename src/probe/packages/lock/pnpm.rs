//! pnpm-lock.yaml of versions 5, 6 and 9 (pnpm/spec, lockfile).

use super::{Asked, Draft, Package, Source, split_at_sign, word, words, yaml};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Kinds of dependencies of a workspace folder, and whether for development only.
const KINDS: &[(&str, bool)] = &[
    ("dependencies", false),
    ("optionalDependencies", false),
    ("devDependencies", true),
];

/// Reads the text of a lockfile.
pub(super) fn read(text: &str) -> Result<Draft, String> {
    let file = yaml::read(text)?;
    let format = word(&file, "lockfileVersion").ok_or("has no lockfileVersion")?;
    let major = format
        .split('.')
        .next()
        .and_then(|it| it.parse::<u32>().ok());
    let major = major.ok_or_else(|| format!("has a strange lockfileVersion: {format}"))?;
    if !(5..=9).contains(&major) {
        return Err(format!(
            "is of version {format}; versions 5 to 9 are known here"
        ));
    }
    let none = Map::new();
    let packages = object(&file, "packages").unwrap_or(&none);
    let snapshots = object(&file, "snapshots");
    let mut draft = Draft::default();
    let mut places = HashMap::new();
    // From version 9 on an entry says what a package is, and its snapshots what it needs.
    let entries = snapshots.unwrap_or(packages);
    for (key, entry) in entries {
        let about = match snapshots {
            Some(_) => packages
                .get(key)
                .or_else(|| packages.get(without_peers(key)))
                .ok_or_else(|| format!("has a snapshot of a package that it lacks: {key}"))?,
            None => entry,
        };
        places.insert(key.as_str(), draft.packages.len());
        draft.packages.push(package(key, entry, about, major)?);
    }
    for (at, entry) in entries.values().enumerate() {
        let needs = ["dependencies", "optionalDependencies"]
            .iter()
            .flat_map(|kind| words(entry, kind))
            .filter_map(|(name, version)| find(&places, name, version));
        let needs = needs.collect();
        if let Some(package) = draft.packages.get_mut(at) {
            package.needs = needs;
        }
    }
    let root = Value::Object(Map::from_iter([(".".to_owned(), file.clone())]));
    let importers = match object(&file, "importers") {
        Some(importers) => importers,
        None => root.as_object().unwrap_or(&none),
    };
    for importer in importers.values() {
        for (kind, development) in KINDS {
            for (name, version) in direct(importer, kind) {
                if let Some(at) = find(&places, name, version) {
                    draft.roots.push((at, *development));
                }
            }
        }
    }
    draft.asked = asked(importers.get("."), &file);
    draft.format = format;
    Ok(draft)
}

fn package(key: &str, entry: &Value, about: &Value, major: u32) -> Result<Package, String> {
    let (name, version) =
        named(key, major).ok_or_else(|| format!("has an entry without a version: {key}"))?;
    let resolution = about.get("resolution").unwrap_or(&Value::Null);
    let tarball = word(resolution, "tarball");
    let source = match (word(resolution, "type").as_deref(), tarball) {
        (Some("git"), _) => Source::Git(
            super::without_credentials(&word(resolution, "repo").unwrap_or_default()).into_owned(),
        ),
        (Some("directory"), _) => Source::Own,
        (_, Some(tarball)) if tarball.contains(':') => Source::of(&tarball),
        _ if resolution.get("directory").is_some() => Source::Own,
        _ => Source::Registry,
    };
    let flag = |key: &str| word(entry, key).or_else(|| word(about, key));
    let development = flag("dev").map(|dev| dev == "true");
    Ok(Package {
        name: word(about, "name").unwrap_or_else(|| name.to_owned()),
        version: word(about, "version").unwrap_or_else(|| version.to_owned()),
        key: key.to_owned(),
        source,
        integrity: word(resolution, "integrity"),
        optional: flag("optional").is_some() || about.get("os").is_some(),
        development,
        ..Package::default()
    })
}

/// `name@version(peers)` from version 6 on, with a slash before it up to version 8; before that
/// `/name/version_peers`.
fn named(key: &str, major: u32) -> Option<(&str, &str)> {
    let bare = without_peers(key.strip_prefix('/').unwrap_or(key));
    if major >= 6 {
        return split_at_sign(bare).or(Some((bare, "")));
    }
    // What comes from elsewhere than the registry has an address for a key, and its name inside.
    let Some((name, version)) = bare.rsplit_once('/').filter(|_| key.starts_with('/')) else {
        return Some((bare, ""));
    };
    Some((name, version.split('_').next().unwrap_or(version)))
}

fn without_peers(key: &str) -> &str {
    key.split('(').next().unwrap_or(key)
}

/// The entry of a dependency: by name and version, or, under another name, by the version alone.
fn find(places: &HashMap<&str, usize>, name: &str, version: &str) -> Option<usize> {
    let keys = [
        format!("{name}@{version}"),
        format!("/{name}@{version}"),
        format!("/{name}/{version}"),
        version.to_owned(),
        format!("/{version}"),
    ];
    keys.iter()
        .find_map(|key| places.get(key.as_str()).copied())
}

/// Names and versions of the direct dependencies of one kind.
fn direct<'v>(importer: &'v Value, kind: &str) -> impl Iterator<Item = (&'v str, &'v str)> {
    let entries = importer.get(kind).and_then(Value::as_object);
    entries.into_iter().flatten().filter_map(|(name, entry)| {
        let version = entry.as_str().or_else(|| entry.get("version")?.as_str())?;
        Some((name.as_str(), version))
    })
}

fn asked(importer: Option<&Value>, file: &Value) -> Asked {
    let mut asked = Asked::default();
    let Some(importer) = importer else {
        return asked;
    };
    let pairs =
        words(importer, "specifiers").map(|(name, range)| (name.to_owned(), range.to_owned()));
    asked.ranges.extend(pairs);
    for (kind, _) in KINDS {
        let entries = importer.get(*kind).and_then(Value::as_object);
        for (name, entry) in entries.into_iter().flatten() {
            if let Some(range) = word(entry, "specifier") {
                asked.ranges.insert(name.clone(), range);
            }
        }
    }
    let overrides = words(file, "overrides");
    asked.replaced = overrides
        .map(|(pattern, _)| {
            let last = pattern.rsplit('>').next().unwrap_or(pattern);
            split_at_sign(last)
                .map_or(last, |(name, _)| name)
                .to_owned()
        })
        .collect();
    asked
}

fn object<'v>(value: &'v Value, key: &str) -> Option<&'v Map<String, Value>> {
    value.get(key)?.as_object()
}
