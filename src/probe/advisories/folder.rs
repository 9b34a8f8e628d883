//! Advisories from a folder of OSV records, such as the unpacked archive of the ecosystem npm.

use super::record;
use aho_corasick::AhoCorasick;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The most files that are read; the archive of npm held a fifth of it in 2025.
const MOST_FILES: usize = 2_000_000;
/// A longer record is not one of a database.
const LONGEST: u64 = 8 << 20;
/// The deepest folder that is looked into.
const DEEPEST: usize = 3;

/// What a folder holds about packages.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// For each package, the ids that concern it.
    pub(super) ids: Vec<BTreeSet<String>>,
    /// Records by their id.
    pub(super) records: BTreeMap<String, Value>,
    /// The newest change of a record, as it is written.
    pub(super) newest: Option<String>,
    /// What kept it from being complete.
    pub(super) cause: Option<String>,
}

/// Reads every record that names one of the packages.
pub(super) fn read(folder: &Path, packages: &[(String, String)]) -> Held {
    let mut held = Held {
        ids: vec![BTreeSet::new(); packages.len()],
        ..Held::default()
    };
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, (name, _)) in packages.iter().enumerate() {
        places.entry(name).or_default().push(at);
    }
    let named = match names(&places) {
        Ok(named) => named,
        Err(cause) => {
            held.cause = Some(cause);
            return held;
        }
    };
    let mut files = 0;
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                held.cause = Some(format!("{} cannot be read: {error}", folder.display()));
                continue;
            }
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                if depth < DEEPEST {
                    folders.push((path, depth + 1));
                }
            } else if path.extension().is_some_and(|ending| ending == "json") {
                files += 1;
                if files > MOST_FILES {
                    held.cause = Some(format!("the folder holds more than {MOST_FILES} records"));
                    return held;
                }
                if let Err(cause) = take(&path, &named, &places, packages, &mut held) {
                    held.cause = Some(format!("{}: {cause}", path.display()));
                }
            }
        }
    }
    held
}

/// What a record that concerns one of the packages must hold: its name between quotes, or a name that is
/// written with an escape.
fn names(places: &HashMap<&str, Vec<usize>>) -> Result<AhoCorasick, String> {
    let quoted = places.keys().map(|name| format!("\"{name}\""));
    let escaped = ["\\/", "\\u0040", "\\u002f", "\\u002F", "\\u002d", "\\u002D"];
    let patterns = quoted.chain(escaped.map(str::to_owned));
    AhoCorasick::new(patterns).map_err(|error| error.to_string())
}

fn take(
    path: &Path,
    named: &AhoCorasick,
    places: &HashMap<&str, Vec<usize>>,
    packages: &[(String, String)],
    held: &mut Held,
) -> Result<(), String> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LONGEST {
        return Err("is too long for a record".into());
    }
    if let Some(modified) = modified(&bytes)
        && held.newest.as_deref() < Some(modified)
    {
        held.newest = Some(modified.to_owned());
    }
    if !named.is_match(&bytes) {
        return Ok(());
    }
    let record: Value =
        serde_json::from_slice(&bytes).map_err(|error| format!("is not JSON: {error}"))?;
    let affected = record.get("affected").and_then(Value::as_array);
    let concerned: BTreeSet<&str> = affected
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.pointer("/package/name")?.as_str())
        .collect();
    let mut kept = None;
    for at in concerned
        .iter()
        .filter_map(|name| places.get(name))
        .flatten()
    {
        let Some((name, version)) = packages.get(*at) else {
            continue;
        };
        let reading =
            record::read(&record, name, version).ok_or("is no record of the OSV schema")?;
        match reading.holds {
            Some(true) => {
                if let Some(ids) = held.ids.get_mut(*at) {
                    ids.insert(reading.id.clone());
                }
                kept = Some(reading.id);
            }
            Some(false) => {}
            None if reading.withdrawn => {}
            None => {
                let cause = format!("does not tell whether {name} {version} is affected");
                held.cause.get_or_insert(format!("{} {cause}", reading.id));
            }
        }
    }
    if let Some(id) = kept {
        held.records.insert(id, record);
    }
    Ok(())
}

/// The moment of the last change, without reading the whole record: moments in UTC are ordered as text.
fn modified(bytes: &[u8]) -> Option<&str> {
    const KEY: &[u8] = b"\"modified\"";
    let at = bytes.windows(KEY.len()).position(|window| window == KEY)?;
    let rest = bytes.get(at + KEY.len()..)?;
    let rest = std::str::from_utf8(rest.get(..rest.len().min(64))?).ok()?;
    let moment = rest
        .trim_start_matches([':', ' ', '\n'])
        .strip_prefix('"')?;
    let moment = moment.split('"').next()?;
    (moment.len() >= 20 && moment.ends_with('Z')).then_some(moment)
}
