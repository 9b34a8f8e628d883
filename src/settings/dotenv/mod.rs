//! Loads `.env*` files as Next.js does (`@next/env` 15): no shell, the same order, the same expansion.

mod expand;
mod files;
mod parse;

pub use files::{EnvFile, names_for, read_detected, read_given};
pub use parse::{Entry, parse};

use crate::diagnostic::{Diagnostic, Source};
use crate::model::{Environment, Variable, VariableOrigin};
use crate::secret::is_secret;
use std::collections::{BTreeMap, BTreeSet};

/// What the files and the process environment give together.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The variables that the application would see.
    pub environment: Environment,
    /// Files that Next.js would leave out, and why.
    pub warnings: Vec<Diagnostic>,
}

/// Loads files in their order of precedence, the strongest first; the process environment is
/// stronger than any.
///
/// A file in which an expansion does not end is left out as a whole, as Next.js does.
pub fn load(files: &[EnvFile], process: &BTreeMap<String, String>) -> Loaded {
    let mut warnings = Vec::new();
    let mut current = process.clone();
    let mut chosen: BTreeMap<String, Setting> = BTreeMap::new();
    let mut lost: BTreeMap<String, Vec<VariableOrigin>> = BTreeMap::new();
    for file in files {
        let entries = parse(&file.text);
        let last: BTreeMap<&str, usize> = entries
            .iter()
            .enumerate()
            .map(|(place, entry)| (entry.name.as_str(), place))
            .collect();
        let written: Vec<(&str, &str)> = in_order_of_properties(&entries)
            .map(|name| (name, entries[last[name]].raw.as_str()))
            .collect();
        let values = match expand::expand(&written, &current) {
            Ok(values) => values,
            Err(name) => {
                warnings.push(left_out(file, &entries[last[name.as_str()]]));
                continue;
            }
        };
        for (place, entry) in entries.iter().enumerate().rev() {
            let origin = VariableOrigin::File {
                path: file.path.clone(),
                line: entry.line,
            };
            let name = &entry.name;
            if place == last[name.as_str()]
                && !process.contains_key(name)
                && !chosen.contains_key(name)
            {
                let setting = Setting {
                    value: values[name.as_str()].clone(),
                    raw: entry.raw.clone(),
                    origin,
                };
                chosen.insert(name.clone(), setting);
            } else {
                lost.entry(name.clone()).or_default().push(origin);
            }
        }
        current.extend(values);
    }
    let of_process = process.iter().map(|(name, raw)| {
        let value = current.get(name).unwrap_or(raw).clone();
        (
            name.clone(),
            Setting {
                value,
                raw: raw.clone(),
                origin: VariableOrigin::Process,
            },
        )
    });
    chosen.extend(of_process);
    let variable = |(name, setting): (String, Setting)| Variable {
        secret: is_secret(&name, &setting.value) || is_secret(&name, &setting.raw),
        shadowed: lost.remove(&name).unwrap_or_default(),
        value: setting.value,
        raw: setting.raw,
        origin: setting.origin,
        name,
    };
    let variables = chosen.into_iter().map(variable).collect();
    let files = files.iter().map(|file| file.path.clone()).collect();
    Loaded {
        environment: Environment {
            variables,
            files,
            required: Vec::new(),
        },
        warnings,
    }
}

/// Loads files that the user named: each is stronger than the one before it, and all are stronger
/// than the process environment, because they were named.
pub fn load_given(files: &[EnvFile], process: &BTreeMap<String, String>) -> Loaded {
    let named: BTreeSet<String> = files
        .iter()
        .flat_map(|file| parse(&file.text))
        .map(|entry| entry.name)
        .collect();
    let others = process.iter().filter(|(name, _)| !named.contains(*name));
    let others = others
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let strongest_first: Vec<EnvFile> = files.iter().rev().cloned().collect();
    let mut loaded = load(&strongest_first, &others);
    for variable in &mut loaded.environment.variables {
        if variable.origin != VariableOrigin::Process && process.contains_key(&variable.name) {
            variable.shadowed.push(VariableOrigin::Process);
        }
    }
    loaded
}

struct Setting {
    value: String,
    raw: String,
    origin: VariableOrigin,
}

/// The names in the order in which JavaScript walks an object: array indices first, then the others
/// as they were first written. Expansion depends on it.
fn in_order_of_properties(entries: &[Entry]) -> impl Iterator<Item = &str> {
    let mut seen = BTreeSet::new();
    let mut names: Vec<&str> = entries
        .iter()
        .map(|entry| entry.name.as_str())
        .filter(|name| seen.insert(*name))
        .collect();
    names.sort_by_key(|name| array_index(name).map_or((1, 0), |index| (0, index)));
    names.into_iter()
}

/// An array index in the sense of ECMA-262: digits without a leading zero, below 2^32 - 1.
fn array_index(name: &str) -> Option<u32> {
    let index: u32 = name.parse().ok()?;
    (index < u32::MAX && index.to_string() == name).then_some(index)
}

fn left_out(file: &EnvFile, entry: &Entry) -> Diagnostic {
    let source = Source::new(&file.path, &file.text);
    Diagnostic::new(format!(
        "the expansion of {} in {} does not end, so Next.js leaves the whole file out",
        entry.name, file.path
    ))
    .at(&source, entry.span.clone(), "leads back to itself")
    .help("write \\$ for a dollar sign that is meant as one, or rename the variable")
}

#[cfg(test)]
mod tests;
