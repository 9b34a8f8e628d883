//! Compares what the host has with what the code needs and with what is set here. Pure; values stay out.

use super::host::{Deployment, Entry, Target};
use crate::model::Environment;
use crate::probe::environment::{Missing, Needs};
use crate::secret::{is_secret, names_secret};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Variables that the host itself sets, or that are for its tools.
const OF_THE_HOST: &[&str] = &[
    "VERCEL",
    "TURBO_",
    "ENABLE_",
    "NEXT_PRIVATE_",
    "NPM_",
    "NODEJS_",
];
/// Variables whose value is the address of a database, with what opens it.
const DATABASES: &[&str] = &[
    "MONGODB_URI",
    "MONGODB_URL",
    "MONGO_URI",
    "MONGO_URL",
    "DATABASE_URL",
    "DATABASE_URI",
    "POSTGRES_URL",
    "MYSQL_URL",
];
/// Secrets that sign sessions: who has one for one target can forge sessions of every target that shares it.
const SESSIONS: &[&str] = &[
    "NEXTAUTH_SECRET",
    "AUTH_SECRET",
    "SESSION_SECRET",
    "JWT_SECRET",
];

/// What the host has, beside what is needed and what is set here.
pub(super) struct Comparison<'a> {
    pub(super) entries: &'a [Entry],
    pub(super) needs: &'a Needs,
    pub(super) environment: &'a Environment,
    /// Shows whether two values are equal.
    pub(super) fingerprint: &'a dyn Fn(&str) -> String,
}

impl<'a> Comparison<'a> {
    /// The entry of a variable for a target; where there are several, the one edited last.
    fn entry(&self, name: &str, target: Target) -> Option<&'a Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.name == name && entry.targets.contains(&target))
            .max_by_key(|entry| entry.edited_ms)
    }

    fn names(&self) -> BTreeSet<&'a str> {
        self.entries
            .iter()
            .map(|entry| entry.name.as_str())
            .collect()
    }

    /// Everything about each variable, by target.
    pub(super) fn variables(&self) -> Value {
        let of = |name: &str, target: Target| {
            let entry = self.entry(name, target)?;
            let local = self.environment.get(name).map(|variable| &variable.value);
            Some(json!({
                "type": entry.kind,
                "edited": entry.edited_ms.map(|ms| ms / 1000),
                "fingerprint": entry.value.as_deref().map(self.fingerprint),
                "same_as_local": entry.value.as_ref().zip(local).map(|(there, here)| there == here),
            }))
        };
        let all = self.names().into_iter().map(|name| {
            let targets: Map<String, Value> = Target::ALL
                .into_iter()
                .map(|target| (target.word().to_owned(), of(name, target).into()))
                .collect();
            (name.to_owned(), Value::Object(targets))
        });
        Value::Object(all.collect())
    }

    /// What the code needs and the target does not have.
    pub(super) fn missing(&self, target: Target) -> Vec<Missing> {
        // A plain value of nothing is no value.
        self.needs.missing(|name| {
            self.entry(name, target)
                .is_some_and(|entry| entry.value.as_deref() != Some(""))
        })
    }

    /// The targets in which NODE_ENV is set.
    pub(super) fn node_env(&self) -> Vec<&'static str> {
        Target::ALL
            .into_iter()
            .filter(|target| self.entry("NODE_ENV", *target).is_some())
            .map(Target::word)
            .collect()
    }

    /// Database addresses of production that previews use too, and those of which that cannot be told.
    pub(super) fn databases(&self) -> (Vec<&'a str>, Vec<&'a str>) {
        let mut shared = Vec::new();
        let mut unknown = Vec::new();
        for name in self.names() {
            let (Some(production), Some(preview)) = (
                self.entry(name, Target::Production),
                self.entry(name, Target::Preview),
            ) else {
                continue;
            };
            if !is_database(name, production) {
                continue;
            }
            match same(production, preview) {
                Some(true) => shared.push(name),
                Some(false) => {}
                None => unknown.push(name),
            }
        }
        (shared, unknown)
    }

    /// Secrets that sign sessions and are the same in production as elsewhere, with where.
    pub(super) fn shared_secrets(&self) -> Vec<Value> {
        self.secrets_that_are(Some(true))
    }

    /// Secrets that sign sessions of which nobody can tell whether they are the same elsewhere, with where.
    pub(super) fn unknown_secrets(&self) -> Vec<Value> {
        self.secrets_that_are(None)
    }

    /// Secrets of production that sign sessions, with where they are as told: the same as there, or
    /// not comparable.
    fn secrets_that_are(&self, told: Option<bool>) -> Vec<Value> {
        let of = |name: &&str| {
            let production = self.entry(name, Target::Production)?;
            let there = [Target::Preview, Target::Development]
                .into_iter()
                .filter_map(|target| {
                    let other = self.entry(name, target)?;
                    Some((target.word(), same(production, other)))
                });
            let here = self.environment.get(name).map(|variable| {
                let value = production.value.as_ref();
                ("this machine", value.map(|value| *value == variable.value))
            });
            let places: Vec<_> = there
                .chain(here)
                .filter(|(_, same)| *same == told)
                .map(|(place, _)| place)
                .collect();
            (!places.is_empty()).then(|| json!({ "name": name, "with": places }))
        };
        SESSIONS.iter().filter_map(of).collect()
    }

    /// Secrets that the host keeps as plain text, for every member of the team to see.
    pub(super) fn plain(&self) -> BTreeSet<&'a str> {
        self.entries
            .iter()
            .filter(|entry| entry.kind == "plain" && !entry.name.starts_with("NEXT_PUBLIC_"))
            .filter(|entry| {
                entry
                    .value
                    .as_deref()
                    .is_some_and(|value| !value.is_empty() && is_secret(&entry.name, value))
                    || names_secret(&entry.name) && entry.value.is_none()
            })
            .map(|entry| entry.name.as_str())
            .collect()
    }

    /// Variables that somebody set at the host and nothing in the project reads or names.
    pub(super) fn unread(&self) -> BTreeSet<&'a str> {
        self.entries
            .iter()
            .filter(|entry| !entry.integration)
            .map(|entry| entry.name.as_str())
            .filter(|name| {
                !self.needs.knows(name) && !OF_THE_HOST.iter().any(|own| name.starts_with(own))
            })
            .collect()
    }

    /// Readable values that differ between this machine and a target: names by target.
    pub(super) fn differing(&self) -> Vec<Value> {
        let mut told = BTreeMap::<&str, Vec<&str>>::new();
        for name in self.names() {
            let Some(here) = self.environment.get(name) else {
                continue;
            };
            for target in Target::ALL {
                let there = self
                    .entry(name, target)
                    .and_then(|entry| entry.value.as_ref());
                if there.is_some_and(|there| *there != here.value) {
                    told.entry(name).or_default().push(target.word());
                }
            }
        }
        told.into_iter()
            .map(|(name, targets)| json!({ "name": name, "targets": targets }))
            .collect()
    }

    /// The form of the application's own address in production, where it is set.
    pub(super) fn app_address(&self) -> Option<Value> {
        let (name, entry) = ["NEXTAUTH_URL", "AUTH_URL"]
            .into_iter()
            .find_map(|name| Some((name, self.entry(name, Target::Production)?)))?;
        let url = entry
            .value
            .as_deref()
            .and_then(|value| value.parse::<url::Url>().ok());
        let host = url.as_ref().and_then(url::Url::host_str);
        let loopback = |host: &str| {
            host == "localhost"
                || host.ends_with(".localhost")
                || host.starts_with("127.")
                || host == "[::1]"
        };
        Some(json!({
            "name": name,
            "readable": entry.value.is_some(),
            "https": url.as_ref().is_some_and(|url| url.scheme() == "https"),
            "bare": url.as_ref().is_some_and(|url| {
                matches!(url.path(), "" | "/") && url.query().is_none()
            }) && entry.value.as_deref().is_some_and(|value| !value.ends_with('/')),
            "loopback": host.is_some_and(loopback),
            "host": host,
        }))
    }

    /// Variables of production that were edited after what serves it was deployed.
    pub(super) fn stale(&self, serving: &Deployment) -> Vec<Value> {
        let edited = self.names().into_iter().filter_map(|name| {
            let entry = self.entry(name, Target::Production)?;
            let edited = entry.edited_ms.filter(|ms| *ms > serving.created_ms)?;
            Some(json!({ "name": name, "edited": edited / 1000 }))
        });
        edited.collect()
    }
}

fn is_database(name: &str, entry: &Entry) -> bool {
    DATABASES.contains(&name)
        || entry.value.as_deref().is_some_and(|value| {
            [
                "mongodb://",
                "mongodb+srv://",
                "postgres://",
                "postgresql://",
                "mysql://",
            ]
            .iter()
            .any(|scheme| value.starts_with(scheme))
        })
}

/// Do two entries give the same value? One entry for both does, whatever it holds.
fn same(one: &Entry, other: &Entry) -> Option<bool> {
    if one.id == other.id {
        return Some(true);
    }
    Some(one.value.as_ref()? == other.value.as_ref()?)
}

/// Does a range of versions, as package.json writes it, admit a major version? None where it cannot be read.
///
/// Source: the README of npm's semver; only the major version matters, since hosts offer majors.
pub(super) fn admits(range: &str, major: u64) -> Option<bool> {
    let mut any = false;
    for set in range.split("||") {
        any |= admits_set(set.trim(), major)?;
    }
    Some(any)
}

fn admits_set(set: &str, major: u64) -> Option<bool> {
    if let Some((low, high)) = set.split_once(" - ") {
        let (low, high) = (number(low)?, number(high)?);
        return Some(low.0 <= major && major <= high.0);
    }
    // `>= 20` is one comparator.
    let mut set = set.to_owned();
    for operator in [">=", "<=", ">", "<", "^", "~", "="] {
        set = set.replace(&format!("{operator} "), operator);
    }
    let mut all = true;
    for part in set.split_whitespace() {
        let digits = part.trim_start_matches(['>', '<', '=', '^', '~', 'v']);
        let operator = part[..part.len() - digits.len()].trim_end_matches('v');
        if matches!(digits, "*" | "x" | "X" | "") {
            continue;
        }
        let (wanted, whole) = number(digits)?;
        all &= match operator {
            ">=" => major >= wanted,
            // `>20` leaves out every 20; `>20.1.0` does not.
            ">" if whole => major > wanted,
            ">" => major >= wanted,
            "<=" => major <= wanted,
            "<" if whole || digits.split('.').skip(1).all(|part| part == "0") => major < wanted,
            "<" => major <= wanted,
            "" | "=" | "^" | "~" => major == wanted,
            _ => return None,
        };
    }
    Some(all)
}

/// The major version, and whether it stands alone.
fn number(text: &str) -> Option<(u64, bool)> {
    let text = text.trim().trim_start_matches('v');
    let (major, rest) = text.split_once('.').unwrap_or((text, ""));
    let alone = rest
        .split('.')
        .all(|part| matches!(part, "" | "x" | "X" | "*"));
    Some((major.parse().ok()?, alone))
}

#[cfg(test)]
mod tests;
