//! package-lock.json and npm-shrinkwrap.json of versions 1, 2 and 3 (npm documentation, package-lock.json).

use super::{Asked, Draft, KINDS, Package, Source, word, words};
use crate::probe::packages::spdx;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The longest place of a package; no file system takes longer ones.
const LONGEST_PLACE: usize = 4096;
/// The most places that are tried to find what packages need.
const MOST_STEPS: usize = 20_000_000;

/// Reads the text of a lockfile.
pub(super) fn read(text: &str, manifest: &Value) -> Result<Draft, String> {
    let text = text.trim_start_matches('\u{FEFF}');
    let json: Value =
        serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    let format = json
        .get("lockfileVersion")
        .and_then(Value::as_u64)
        .ok_or("has no lockfileVersion")?;
    let tree = match (json.get("packages"), json.get("dependencies")) {
        (Some(Value::Object(packages)), _) => Tree::of_packages(packages)?,
        (None, Some(Value::Object(nested))) => Tree::of_nested(nested, manifest)?,
        (None, None) if format == 1 => Tree::default(),
        _ => return Err("has neither packages nor dependencies as npm writes them".into()),
    };
    let mut draft = tree.draft(manifest)?;
    draft.format = format.to_string();
    Ok(draft)
}

/// Entries with where they lie and what they need by name.
#[derive(Default)]
struct Tree {
    packages: Vec<Package>,
    /// What each needs: names, and whether for development only.
    needs: Vec<Vec<(String, bool)>>,
    /// Where each lies; links lead to what they link to.
    places: HashMap<String, usize>,
    links: HashMap<String, String>,
    /// The application itself, where the lockfile has it.
    root: Option<Value>,
    /// What the application asked for, where the lockfile keeps its names alone.
    top: Option<Asked>,
}

impl Tree {
    /// Versions 2 and 3: one flat object, keyed by place.
    fn of_packages(entries: &Map<String, Value>) -> Result<Self, String> {
        let mut tree = Self::default();
        for (place, entry) in entries {
            if !entry.is_object() {
                return Err(format!("has an entry that is no object: {place}"));
            }
            if place.is_empty() {
                tree.root = Some(entry.clone());
                continue;
            }
            if flag(entry, "link") {
                let target = word(entry, "resolved").unwrap_or_default();
                tree.links.insert(place.clone(), target);
                continue;
            }
            let installed = place.rsplit_once("node_modules/").map(|(_, name)| name);
            let folder = || place.rsplit('/').next().unwrap_or_default().to_owned();
            let source = match (installed, word(entry, "resolved")) {
                (None, _) => Source::Own,
                (_, Some(address)) => Source::of(&address),
                (_, None) => Source::Registry,
            };
            let named = word(entry, "name").or_else(|| installed.map(str::to_owned));
            let development = flag(entry, "dev") || flag(entry, "devOptional");
            let package = Package {
                name: named.unwrap_or_else(folder),
                version: word(entry, "version").unwrap_or_default(),
                key: place.clone(),
                source,
                integrity: word(entry, "integrity"),
                licence: entry.get("license").and_then(spdx::legacy),
                bundled: flag(entry, "inBundle"),
                optional: flag(entry, "optional") || entry.get("os").is_some(),
                development: installed.is_some().then_some(development),
                ..Package::default()
            };
            let needs = KINDS
                .iter()
                .filter(|(kind, _)| installed.is_none() || *kind != "devDependencies")
                .flat_map(|(kind, development)| {
                    words(entry, kind).map(|(name, _)| (name.to_owned(), *development))
                });
            let needs = needs.collect();
            tree.add(package, needs)?;
        }
        Ok(tree)
    }

    /// Version 1: packages inside of packages.
    fn of_nested(entries: &Map<String, Value>, manifest: &Value) -> Result<Self, String> {
        let mut tree = Self {
            root: Some(manifest.clone()),
            top: Some(Asked {
                ranges: entries
                    .keys()
                    .map(|name| (name.clone(), String::new()))
                    .collect(),
                names_only: true,
                ..Asked::default()
            }),
            ..Self::default()
        };
        tree.descend(entries, "")?;
        Ok(tree)
    }

    /// The reader of JSON has limited how deep this goes.
    fn descend(&mut self, entries: &Map<String, Value>, above: &str) -> Result<(), String> {
        for (name, entry) in entries {
            let place = format!("{above}node_modules/{name}");
            let written = word(entry, "version").unwrap_or_default();
            let (name, version, source) = match written.strip_prefix("npm:") {
                Some(alias) => {
                    let (name, version) = super::split_at_sign(alias)
                        .ok_or_else(|| format!("has an alias for nothing: {place}"))?;
                    (name, version.to_owned(), None)
                }
                None if written.contains(':') => {
                    (name.as_str(), String::new(), Some(Source::of(&written)))
                }
                None => (name.as_str(), written, None),
            };
            let resolved = word(entry, "resolved").map(|address| Source::of(&address));
            let package = Package {
                name: name.to_owned(),
                version,
                key: place.clone(),
                source: source.or(resolved).unwrap_or_default(),
                integrity: word(entry, "integrity"),
                bundled: flag(entry, "bundled"),
                optional: flag(entry, "optional"),
                development: Some(flag(entry, "dev")),
                ..Package::default()
            };
            let needs = words(entry, "requires").map(|(name, _)| (name.to_owned(), false));
            self.add(package, needs.collect())?;
            if let Some(Value::Object(inner)) = entry.get("dependencies") {
                self.descend(inner, &format!("{place}/"))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, package: Package, needs: Vec<(String, bool)>) -> Result<(), String> {
        if package.key.len() > LONGEST_PLACE {
            let shown: String = package.key.chars().take(60).collect();
            return Err(format!(
                "has an entry at a place that is too long: {shown}…"
            ));
        }
        self.places.insert(package.key.clone(), self.packages.len());
        self.packages.push(package);
        self.needs.push(needs);
        Ok(())
    }

    /// Finds what each needs, as Node.js does: in its own folder, then in each above it.
    fn draft(mut self, manifest: &Value) -> Result<Draft, String> {
        let mut steps = 0;
        let mut found = Vec::with_capacity(self.packages.len());
        let mut roots = Vec::new();
        for (at, needs) in self.needs.iter().enumerate() {
            let mut edges = Vec::new();
            for (name, development) in needs {
                let edge = self.find(&self.packages[at].key, name, &mut steps)?;
                match edge {
                    Some(edge) if *development => roots.push((edge, true)),
                    Some(edge) => edges.push(edge),
                    // An optional one that is not installed.
                    None => {}
                }
            }
            if self.packages[at].own() {
                roots.push((at, false));
            }
            found.push(edges);
        }
        let root = self.root.take().unwrap_or_else(|| manifest.clone());
        for (kind, development) in KINDS {
            for (name, _) in words(&root, kind) {
                if let Some(at) = self.find("", name, &mut steps)? {
                    roots.push((at, *development));
                }
            }
        }
        for (package, needs) in self.packages.iter_mut().zip(found) {
            package.needs = needs;
        }
        Ok(Draft {
            format: String::new(),
            asked: self.top.take().unwrap_or_else(|| asked(&root)),
            packages: self.packages,
            roots,
        })
    }

    fn find(&self, from: &str, name: &str, steps: &mut usize) -> Result<Option<usize>, String> {
        let mut folder = from;
        loop {
            *steps += 1 + folder.len() / 64;
            if *steps > MOST_STEPS {
                return Err("is nested too deeply to be followed".into());
            }
            let place = match folder {
                "" => format!("node_modules/{name}"),
                _ => format!("{folder}/node_modules/{name}"),
            };
            let target = self.links.get(&place).unwrap_or(&place);
            if let Some(at) = self.places.get(target) {
                return Ok(Some(*at));
            }
            folder = match folder.rsplit_once('/') {
                Some((above, _)) => above.strip_suffix("/node_modules").unwrap_or(above),
                None if folder.is_empty() => return Ok(None),
                None => "",
            };
            if folder == "node_modules" {
                folder = "";
            }
        }
    }
}

/// What the lockfile was made for.
fn asked(root: &Value) -> Asked {
    let ranges = KINDS
        .iter()
        .flat_map(|(kind, _)| words(root, kind))
        .map(|(name, range)| (name.to_owned(), range.to_owned()));
    Asked {
        ranges: ranges.collect(),
        ..Asked::default()
    }
}

fn flag(entry: &Value, key: &str) -> bool {
    entry.get(key).and_then(Value::as_bool) == Some(true)
}
