//! Which licence each package has: from the lockfile, else from the package where it is installed.

use super::lock::{Lock, Package};
use super::spdx::{self, Expression, Policy};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read as _;
use std::path::Path;

/// The most package.json files that are read among what is installed.
const MOST: usize = 100_000;
/// A package.json longer than this is not read.
const LONGEST: u64 = 1 << 20;
/// The deepest that folders of packages lie inside of each other.
const DEEPEST: usize = 24;
/// The most entries of a list of facts.
pub(super) const LISTED: usize = 200;

/// What is installed: by name and version, the licence that the package states, if it states one.
type Installed = HashMap<(String, String), Option<String>>;

/// What a person has found out about a package: `name`, or `name@version`, and its licence.
pub(super) type Known = BTreeMap<String, String>;

/// Reads `name=LICENCE` with commas between.
pub(super) fn known(text: &str) -> Result<Known, String> {
    let pairs = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    let read = pairs.map(|pair| {
        let (name, licence) = pair
            .rsplit_once('=')
            .ok_or_else(|| format!("{pair} is not NAME=LICENCE"))?;
        let licence = licence.trim();
        match Expression::read(licence) {
            Some(_) => Ok((name.trim().to_owned(), licence.to_owned())),
            None => Err(format!("{licence} is no expression of SPDX")),
        }
    });
    read.collect()
}

/// The fact `licences`.
pub(super) fn fact(lock: &Lock, root: &Path, policy: &Policy, known: &Known) -> Value {
    let installed = installed(root);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let [
        mut refused,
        mut copyleft,
        mut unclear,
        mut unseen,
        mut development,
    ] = [const { Vec::new() }; 5];
    let mut left_out = 0;
    for package in lock.foreign() {
        let written = match licence(package, &installed, known) {
            Some(Some(written)) => written,
            // Nothing was there to be seen: it is not installed, and the lockfile says nothing.
            None if package.optional && !installed.is_empty() => {
                left_out += 1;
                continue;
            }
            None => {
                unseen.push(said(lock, package, "not installed here"));
                continue;
            }
            Some(None) => "none stated".to_owned(),
        };
        *counts.entry(written.clone()).or_default() += 1;
        let expression = Expression::read(&written);
        let fine = expression.as_ref().is_some_and(|it| policy.allows(it));
        let whole = expression.as_ref().is_some_and(Expression::is_copyleft);
        let list = match &expression {
            _ if fine && !whole => continue,
            _ if !package.production => &mut development,
            _ if whole => &mut copyleft,
            None => &mut unclear,
            _ => &mut refused,
        };
        list.push(said(lock, package, &written));
    }
    let list = |mut said: Vec<Value>| {
        said.truncate(LISTED);
        Value::Array(said)
    };
    json!({
        "counts": counts,
        "refused": list(refused),
        "copyleft": list(copyleft),
        "unclear": list(unclear),
        "unseen": list(unseen),
        "development": list(development),
        "left_out": left_out,
    })
}

/// Some licence, some package without one, or nothing to see.
fn licence(package: &Package, installed: &Installed, known: &Known) -> Option<Option<String>> {
    let exact = format!("{}@{}", package.name, package.version);
    if let Some(told) = known.get(&exact).or_else(|| known.get(&package.name)) {
        return Some(Some(told.clone()));
    }
    if package.licence.is_some() {
        return Some(package.licence.clone());
    }
    let at = (package.name.clone(), package.version.clone());
    installed.get(&at).cloned()
}

fn said(lock: &Lock, package: &Package, licence: &str) -> Value {
    let licence: String = licence
        .chars()
        .filter(|it| !it.is_control())
        .take(80)
        .collect();
    json!({
        "name": format!("{} {}", package.name, package.version),
        "licence": licence,
        "way": lock.way(package),
    })
}

/// Looks through `node_modules` and what lies below it. Links are not followed: what they lead to lies
/// there as well, or belongs to the application.
fn installed(root: &Path) -> Installed {
    let mut found = Installed::new();
    let mut folders = vec![(root.join("node_modules"), 0)];
    let mut read = 0;
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let real = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !real || read >= MOST || depth > DEEPEST {
                continue;
            }
            let path = entry.path();
            if name.starts_with('@') {
                folders.push((path, depth + 1));
            } else if name == ".pnpm" {
                let kept = fs::read_dir(&path).into_iter().flatten().flatten();
                folders.extend(kept.map(|kept| (kept.path().join("node_modules"), depth + 1)));
            } else if !name.starts_with('.') {
                read += 1;
                if let Some((at, licence)) = stated(&path.join("package.json")) {
                    found.insert(at, licence);
                }
                folders.push((path.join("node_modules"), depth + 1));
            }
        }
    }
    found
}

/// What a package says of itself.
fn stated(path: &Path) -> Option<((String, String), Option<String>)> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).ok()?;
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    let about: Value = serde_json::from_slice(&bytes).ok()?;
    let word = |key: &str| about.get(key).and_then(Value::as_str).map(str::to_owned);
    let licence = ["license", "licenses", "licence"]
        .iter()
        .find_map(|key| about.get(*key).and_then(spdx::legacy));
    Some(((word("name")?, word("version")?), licence))
}
