//! What is wrong with environment files and with secrets in code for browsers.

use super::account::{Account, origin};
use super::scope::Scope;
use super::{env_file, naming, shape};
use crate::model::VariableOrigin;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A variable that one file sets more than once.
pub(super) struct Duplicate<'a> {
    pub(super) name: &'a str,
    pub(super) file: &'a str,
    pub(super) lines: Vec<usize>,
}

impl<'a> Account<'a> {
    pub(super) fn client_secrets(&self) -> Vec<Value> {
        let mut told = Vec::new();
        let mut tell = |name: &str, places: Vec<String>, reason: String| {
            told.push(json!({ "name": name, "places": places, "reason": reason }));
        };
        let public_names: BTreeSet<&str> = self
            .reads()
            .filter(|(_, places)| {
                places
                    .iter()
                    .any(|place| place.scopes.iter().any(|scope| scope.is_deployed()))
            })
            .map(|(name, _)| name)
            .chain(self.set.keys().copied())
            .filter(|name| name.starts_with(naming::PUBLIC))
            .collect();
        for name in public_names {
            let mut places: Vec<String> = self
                .set
                .get(name)
                .map(|variable| origin(variable))
                .into_iter()
                .collect();
            places.extend(
                self.survey
                    .reads
                    .get(name)
                    .into_iter()
                    .flatten()
                    .map(|place| place.at.clone()),
            );
            let value = self
                .set
                .get(name)
                .map_or("", |variable| variable.value.as_str());
            // What only looks secret may be an identifier for everybody, so the name must say it too.
            let twin = self.environment.variables.iter().find(|other| {
                other.secret
                    && crate::secret::names_secret(&other.name)
                    && !other.name.starts_with(naming::PUBLIC)
                    && !naming::is_meant_for_browsers(&other.name)
                    && other.value.len() >= 8
                    && other.value == value
            });
            if let Some(twin) = twin {
                tell(name, places, format!("its value is that of {}", twin.name));
            } else if naming::is_secret_value(value) {
                tell(name, places, "its value has the form of a secret".into());
            } else if naming::exposes_secret(name) {
                tell(
                    name,
                    places,
                    "its name says that it is secret, and its prefix sends it to browsers".into(),
                );
            }
        }
        for (name, places) in self
            .reads()
            .filter(|(name, _)| !name.starts_with(naming::PUBLIC))
        {
            let secret = !naming::is_meant_for_browsers(name)
                && (crate::secret::names_secret(name)
                    || self.set.get(name).is_some_and(|variable| variable.secret));
            // The `env` table of next.config builds a value into whatever names it.
            let built_in = self.survey.defined.contains(name);
            let in_browser: Vec<String> = places
                .iter()
                .filter(|place| {
                    place.client_file && place.scopes.contains(&Scope::Client)
                        || built_in && place.scopes.contains(&Scope::Client)
                })
                .map(|place| place.at.clone())
                .collect();
            if secret && !in_browser.is_empty() {
                let reason = if built_in {
                    "next.config builds it into code for browsers"
                } else {
                    "a file marked \"use client\" reads it"
                };
                tell(name, in_browser, reason.into());
            }
        }
        told
    }

    /// In every environment file, loaded or not: each changes some command that people start.
    pub(super) fn node_env_set(&self) -> Vec<Value> {
        let files = self.survey.files.iter().filter(|_| self.asked("NODE_ENV"));
        files
            .flat_map(|(file, all)| all.iter().map(move |one| (file, one)))
            .filter(|(_, one)| one.name == "NODE_ENV")
            .map(|(file, one)| json!({ "origin": format!("{file}:{}", one.line) }))
            .collect()
    }

    /// Values from which expansion took a part, because nothing of the name after `$` was set when it
    /// was expanded: by no file, or only by one that is read later.
    pub(super) fn expansion_damage(&self) -> Vec<Value> {
        let damaged = self.set.iter().filter(|(_, variable)| {
            // Beside a default, what is set need not be used.
            let defaults = variable.raw.contains(":-");
            let lost = |name: &&str| {
                let referred = self.environment.get(name);
                referred.is_none_or(|other| !defaults && !variable.value.contains(&other.value))
            };
            variable.value != variable.raw && env_file::references(&variable.raw).iter().any(lost)
        });
        damaged
            .map(|(name, variable)| {
                json!({
                    "name": name,
                    "origin": origin(variable),
                    "raw_length": variable.raw.chars().count(),
                    "length": variable.value.chars().count(),
                })
            })
            .collect()
    }

    pub(super) fn shell_substitution(&self) -> Vec<Value> {
        let written = self.set.iter().filter(|(_, variable)| {
            matches!(variable.origin, VariableOrigin::File { .. })
                && (shape::has_shell_substitution(&variable.raw)
                    || shape::has_shell_substitution(&variable.value))
        });
        written
            .map(|(name, variable)| json!({ "name": name, "origin": origin(variable) }))
            .collect()
    }

    pub(super) fn find_duplicates(&self) -> Vec<Duplicate<'a>> {
        let mut found = Vec::new();
        for (file, all) in &self.survey.files {
            let mut lines = BTreeMap::<&str, Vec<usize>>::new();
            for one in all.iter().filter(|one| self.asked(&one.name)) {
                lines.entry(&one.name).or_default().push(one.line);
            }
            found.extend(
                lines
                    .into_iter()
                    .filter(|(_, lines)| lines.len() > 1)
                    .map(|(name, lines)| Duplicate { name, file, lines }),
            );
        }
        found
    }

    pub(super) fn duplicates(&self) -> Vec<Value> {
        let each = self
            .duplicates
            .iter()
            .map(|one| json!({ "name": one.name, "file": one.file, "lines": one.lines }));
        each.collect()
    }
}
