//! Which values are looked for: the secrets that are configured here, and why others are not.

use crate::model::Environment;
use crate::probe::environment::{assignments, sample_text};
use crate::secret::{Book, Hunt, SHORTEST_SOUGHT, is_secret, looks_secret, names_secret};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// An environment file of more bytes is none that people write.
const LARGEST: u64 = 1 << 20;
/// Beginnings of names whose values are built into what browsers get.
const PUBLIC: &[&str] = &[
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "VITE_",
    "REACT_APP_",
    "EXPO_PUBLIC_",
    "PUBLIC_",
];

/// The secrets that are looked for, by position.
#[derive(Debug, Default)]
pub(in crate::probe) struct Sought {
    secrets: Vec<Secret>,
    /// Names that are not looked for, with the reason.
    left_out: BTreeMap<String, &'static str>,
}

#[derive(Debug)]
struct Secret {
    value: String,
    /// Every variable that has this value.
    names: Vec<String>,
}

impl Sought {
    /// The secrets among the variables, and among those of files for this machine that lose to others.
    pub(in crate::probe) fn of(environment: &Environment, root: &Path) -> Self {
        let mut sought = Self::default();
        let samples = samples(root);
        let mut values: Vec<(String, String)> = environment
            .variables
            .iter()
            .map(|one| (one.name.clone(), one.value.clone()))
            .collect();
        values.extend(of_this_machine(root));
        let public: Vec<String> = values
            .iter()
            .filter(|(name, _)| {
                PUBLIC.iter().any(|start| name.starts_with(start)) && !names_secret(name)
            })
            .map(|(_, value)| value.trim().to_owned())
            .collect();
        for (name, value) in values {
            let value = value.trim();
            let is_public = public.iter().any(|one| one == value);
            let for_browsers = PUBLIC.iter().any(|start| name.starts_with(start));
            if value.is_empty() || !is_secret(&name, value) || (is_public && for_browsers) {
                continue;
            }
            // Only a name that says outright that it is a secret makes one of what browsers are given.
            let reason = if is_public && !names_secret(&format!("NEXT_PUBLIC_{name}")) {
                Some("a variable for browsers has the same value")
            } else {
                unfit(&name, value, &samples)
            };
            match reason {
                Some(reason) => {
                    sought.left_out.entry(name).or_insert(reason);
                }
                None => sought.add(name, value),
            }
        }
        // A name that is looked for with one of its values is no name that is left out.
        sought
            .left_out
            .retain(|name, _| !sought.secrets.iter().any(|one| one.names.contains(name)));
        sought
    }

    fn add(&mut self, name: String, value: &str) {
        match self.secrets.iter_mut().find(|one| one.value == value) {
            Some(known) if known.names.contains(&name) => {}
            Some(known) => known.names.push(name),
            None => self.secrets.push(Secret {
                value: value.to_owned(),
                names: vec![name],
            }),
        }
    }

    /// Registers every value that is looked for, so that no sink can show it.
    pub(in crate::probe) fn register(&self, book: &Book) {
        for secret in &self.secrets {
            for name in &secret.names {
                book.register(name, &secret.value);
            }
        }
    }

    /// What looks for them.
    pub(in crate::probe) fn hunt(&self, now: i64) -> Hunt {
        let values: Vec<&str> = self.secrets.iter().map(|one| one.value.as_str()).collect();
        Hunt::new(&values, now)
    }

    /// The variables that have the secret at a position.
    pub(in crate::probe) fn names(&self, secret: usize) -> &[String] {
        self.secrets
            .get(secret)
            .map_or(&[], |one| one.names.as_slice())
    }

    /// The names of all variables that are looked for.
    pub(in crate::probe) fn every_name(&self) -> impl Iterator<Item = &str> {
        self.secrets
            .iter()
            .flat_map(|one| &one.names)
            .map(String::as_str)
    }

    /// Its fingerprint.
    pub(in crate::probe) fn fingerprint(&self, secret: usize, book: &Book) -> String {
        self.secrets
            .get(secret)
            .map(|one| book.fingerprint(&one.value))
            .unwrap_or_default()
    }

    /// The facts `searched` and `not_searched`.
    pub(in crate::probe) fn facts(&self, book: &Book) -> (Value, Value) {
        let mut searched: Vec<Value> = Vec::new();
        for secret in &self.secrets {
            let fingerprint = book.fingerprint(&secret.value);
            searched.extend(secret.names.iter().map(|name| {
                json!({ "name": name, "length": secret.value.chars().count(), "fingerprint": fingerprint })
            }));
        }
        searched.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
        let left_out: Vec<Value> = self
            .left_out
            .iter()
            .map(|(name, reason)| json!({ "name": name, "reason": reason }))
            .collect();
        (searched.into(), left_out.into())
    }
}

/// Why a value is not looked for.
fn unfit(name: &str, value: &str, samples: &[(String, String)]) -> Option<&'static str> {
    let looks = looks_secret(value);
    if value.len() < SHORTEST_SOUGHT {
        Some("it has fewer than 8 characters, which ordinary text holds by chance")
    } else if sample_text(value).is_some() {
        Some("it is sample text")
    } else if !looks
        && samples
            .iter()
            .any(|(other, sample)| other == name && sample == value)
    {
        Some("the sample file has the same value")
    } else if !looks && is_path(value) {
        Some("it is the path of a file")
    } else if name.split('_').any(|word| word == "DSN") && value.starts_with("http") {
        Some("an address for reports of errors is meant for browsers")
    } else if !looks && is_plain(value) {
        Some("it is a plain word or a number")
    } else {
        None
    }
}

fn is_path(value: &str) -> bool {
    let ends = [".json", ".pem", ".key", ".p12", ".crt", ".txt"]
        .iter()
        .any(|end| value.ends_with(end));
    let begins = ["/", "./", "../", "~"]
        .iter()
        .any(|start| value.starts_with(start));
    (ends || begins) && !value.contains(char::is_whitespace) && !value.contains("://")
}

/// One kind of letters, or digits, and nothing else: `development`, `86400000`.
fn is_plain(value: &str) -> bool {
    value.len() < 16
        && (value.bytes().all(|byte| byte.is_ascii_lowercase())
            || value.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Assignments of the files that show what is needed.
fn samples(root: &Path) -> Vec<(String, String)> {
    read(root, |name| {
        ["example", "sample", "template", "dist", "defaults"]
            .iter()
            .any(|word| name.contains(word))
    })
}

/// Assignments of the files that git is told to leave alone: those that others win over hold secrets too.
fn of_this_machine(root: &Path) -> Vec<(String, String)> {
    read(root, |name| name.ends_with(".local"))
}

fn read(root: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let small =
            fs::metadata(entry.path()).is_ok_and(|file| file.is_file() && file.len() <= LARGEST);
        if !name.starts_with(".env") || !small || !is_wanted(&name) {
            continue;
        }
        let text = fs::read(entry.path()).unwrap_or_default();
        let live = assignments(&String::from_utf8_lossy(&text))
            .into_iter()
            .filter(|one| !one.commented);
        found.extend(live.map(|one| (one.name, one.value)));
    }
    found.sort();
    found
}
