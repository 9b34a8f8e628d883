//! Puts together what is set, what the code reads and what the documents say, as facts. Values stay out.

use super::defects::Duplicate;
use super::scope::Scope;
use super::survey::{Place, Survey};
use super::{convention, dependencies, env_file, naming, placeholder, shape};
use crate::model::{Environment, Facts, Variable, VariableOrigin};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The facts of one look, about all variables or about `only` some.
pub(super) fn facts(
    environment: &Environment,
    survey: &Survey,
    only: Option<&BTreeSet<String>>,
) -> Facts {
    let account = Account::new(environment, survey, only);
    let Value::Object(facts) = json!({
        "files": environment.files,
        "set": account.set.keys().collect::<Vec<_>>(),
        "variables": account.variables(),
        "read": account.read(),
        "documented": account.documented(),
        "missing": account.missing(),
        "empty": account.empty(),
        "placeholders": account.placeholders(),
        "undocumented": account.undocumented(),
        "unread": account.unread(),
        "client_secrets": account.client_secrets(),
        "node_env_set": account.node_env_set(),
        "expansion_damage": account.expansion_damage(),
        "shell_substitution": account.shell_substitution(),
        "duplicates": account.duplicates(),
        "committed": survey.tracked.clone().unwrap_or_default(),
        "in_repository": survey.in_repository,
        "index_read": survey.tracked.is_some(),
        "ignored": survey.ignored,
        "dynamic_reads": survey.dynamic,
        "scanned_files": survey.scanned,
        "excluded": survey.excluded,
        "unparsed": survey.unparsed,
    }) else {
        return Facts::new();
    };
    facts
}

/// One look's view of the environment and the repository.
pub(super) struct Account<'a> {
    pub(super) environment: &'a Environment,
    pub(super) survey: &'a Survey,
    pub(super) only: Option<&'a BTreeSet<String>>,
    /// The variables that are set and concern the application.
    pub(super) set: BTreeMap<&'a str, &'a Variable>,
    pub(super) duplicates: Vec<Duplicate<'a>>,
}

impl<'a> Account<'a> {
    /// The account of what is set, read and documented, about all variables or about `only` some.
    pub(super) fn new(
        environment: &'a Environment,
        survey: &'a Survey,
        only: Option<&'a BTreeSet<String>>,
    ) -> Self {
        // Of the process's own environment only what the application or a check knows concerns it.
        let concerns = |variable: &Variable| {
            matches!(variable.origin, VariableOrigin::File { .. })
                || !variable.shadowed.is_empty()
                || survey.reads.contains_key(&variable.name)
                || survey.documented.contains_key(&variable.name)
                || survey.wanted.contains(&variable.name)
                || only.is_some_and(|only| only.contains(&variable.name))
        };
        let mut account = Self {
            environment,
            survey,
            only,
            set: BTreeMap::new(),
            duplicates: Vec::new(),
        };
        account.set = environment
            .variables
            .iter()
            .filter(|variable| account.asked(&variable.name) && concerns(variable))
            .map(|variable| (variable.name.as_str(), variable))
            .collect();
        account.duplicates = account.find_duplicates();
        account
    }

    /// Is the look about this variable?
    pub(super) fn asked(&self, name: &str) -> bool {
        self.only.is_none_or(|only| only.contains(name))
    }

    /// Reads of the variables that the look is about.
    pub(super) fn reads(&self) -> impl Iterator<Item = (&'a str, &'a [Place])> {
        let reads = self
            .survey
            .reads
            .iter()
            .filter(|(name, _)| self.asked(name));
        reads.map(|(name, places)| (name.as_str(), places.as_slice()))
    }

    /// The value is there and is not empty.
    fn has_value(&self, name: &str) -> bool {
        self.environment
            .get(name)
            .is_some_and(|variable| !variable.value.is_empty())
    }

    /// Code that asks for it first will find it in a deployment.
    fn is_there(&self, name: &str) -> bool {
        naming::is_provided(name) || self.survey.defined.contains(name) || self.has_value(name)
    }

    /// The places that need the variable, alternatives taken into account by `met`.
    pub(super) fn needing(
        &self,
        name: &str,
        places: &'a [Place],
        met: impl Fn(&str) -> bool,
    ) -> Vec<&'a Place> {
        if naming::is_provided(name) {
            return Vec::new();
        }
        // What the configuration builds in is there for all code but itself, which may only hand it on.
        let built_in = self.survey.defined.contains(name);
        places
            .iter()
            .filter(|place| !built_in || convention::is_next_config(&place.at))
            .filter(|place| {
                !place.has_default && place.scopes.iter().any(|scope| scope.is_deployed())
            })
            .filter(|place| !place.alternatives.iter().any(|other| met(other)))
            .filter(|place| place.only_with.iter().all(|other| self.is_there(other)))
            .collect()
    }

    fn variables(&self) -> Value {
        let mut names: BTreeSet<&str> = self.set.keys().copied().collect();
        names.extend(self.reads().map(|(name, _)| name));
        names.extend(
            self.survey
                .documented
                .keys()
                .map(String::as_str)
                .filter(|name| self.asked(name)),
        );
        names.extend(self.only.into_iter().flatten().map(String::as_str));
        let all: Map<String, Value> = names
            .into_iter()
            .map(|name| {
                (
                    name.to_owned(),
                    self.variable(name, self.set.get(name).copied()),
                )
            })
            .collect();
        Value::Object(all)
    }

    fn variable(&self, name: &str, variable: Option<&Variable>) -> Value {
        let (value, raw) = variable.map_or(("", ""), |variable| {
            (variable.value.as_str(), variable.raw.as_str())
        });
        let reason = variable.and_then(|variable| self.placeholder(variable));
        json!({
            "set": variable.is_some(),
            "empty": value.is_empty(),
            "placeholder": reason.is_some(),
            "placeholder_reason": reason,
            "length": value.chars().count(),
            "raw_length": raw.chars().count(),
            "changed_by_expansion": value != raw && !env_file::references(raw).is_empty(),
            "origin": variable.map(origin),
            "secret": variable.is_some_and(|variable| variable.secret),
            "duplicate": self.duplicates.iter().any(|one| one.name == name),
            "shadowed": variable.into_iter().flat_map(|one| &one.shadowed).map(|place| place.to_string()).collect::<Vec<_>>(),
            "shape": shape::of(value, raw),
        })
    }

    fn placeholder(&self, variable: &Variable) -> Option<String> {
        if variable.value.is_empty() {
            return None;
        }
        if let Some(reason) = placeholder::reason(&variable.value) {
            return Some(reason.to_owned());
        }
        // A default may equal its sample; a secret may not.
        let mut samples = self.survey.samples.iter().filter(|_| variable.secret);
        let (_, _, place) =
            samples.find(|(name, value, _)| *name == variable.name && *value == variable.value)?;
        Some(format!("it is the sample text of {place}"))
    }

    fn read(&self) -> Value {
        let entries = self.reads().map(|(name, places)| {
            let scopes: BTreeSet<Scope> = places
                .iter()
                .flat_map(|place| place.scopes.iter().copied())
                .collect();
            let deployed = || {
                places
                    .iter()
                    .filter(|place| place.scopes.iter().any(|scope| scope.is_deployed()))
            };
            let fact = json!({
                "scopes": scopes.into_iter().map(Scope::word).collect::<Vec<_>>(),
                "places": at(places),
                "by_dependency": places.iter().find_map(|place| place.dependency.as_deref()),
                "has_default": deployed().all(|place| place.has_default),
                "required": !self.needing(name, places, |_| false).is_empty(),
            });
            (name.to_owned(), fact)
        });
        Value::Object(entries.collect())
    }

    fn documented(&self) -> Value {
        let entries = self.survey.documented.iter().filter(|(name, _)| self.asked(name)).map(|(name, mentions)| {
            (name.clone(), json!({ "places": mentions.iter().map(|(place, _)| place).collect::<Vec<_>>() }))
        });
        Value::Object(entries.collect())
    }

    fn missing(&self) -> Vec<Value> {
        let mut missing: Vec<Value> = self
            .reads()
            .filter(|(name, _)| self.environment.get(name).is_none())
            .filter_map(|(name, places)| self.needed(name, places, |other| self.has_value(other)))
            .collect();
        for name in &self.environment.required {
            if self.environment.get(name).is_none()
                && missing.iter().all(|one| one["name"] != **name)
            {
                missing.push(json!({ "name": name, "places": ["the settings require it"], "alternatives": [] }));
            }
        }
        missing
    }

    fn needed(&self, name: &str, places: &'a [Place], met: impl Fn(&str) -> bool) -> Option<Value> {
        let needing = self.needing(name, places, met);
        let alternatives: BTreeSet<&String> = needing
            .iter()
            .flat_map(|place| &place.alternatives)
            .collect();
        let places: BTreeSet<&str> = needing.iter().map(|place| place.at.as_str()).collect();
        (!needing.is_empty())
            .then(|| json!({ "name": name, "places": places, "alternatives": alternatives }))
    }

    fn empty(&self) -> Vec<Value> {
        let empty = self
            .reads()
            .filter(|(name, _)| self.set.contains_key(name) && !self.has_value(name));
        empty
            .filter(|(name, places)| !self.needing(name, places, |other| self.has_value(other)).is_empty())
            .map(|(name, _)| json!({ "name": name, "origin": self.set.get(name).map(|variable| origin(variable)) }))
            .collect()
    }

    fn placeholders(&self) -> Vec<Value> {
        let told = self.set.iter().filter_map(|(name, variable)| {
            let reason = self.placeholder(variable)?;
            Some(json!({ "name": name, "origin": origin(variable), "reason": reason }))
        });
        told.collect()
    }

    fn undocumented(&self) -> Vec<Value> {
        let documented = |name: &str| self.survey.documented.contains_key(name);
        self.reads()
            .filter(|(name, _)| !documented(name))
            .filter_map(|(name, places)| self.needed(name, places, documented))
            .collect()
    }

    fn unread(&self) -> Vec<Value> {
        let referred: BTreeSet<&str> = self
            .environment
            .variables
            .iter()
            .flat_map(|variable| env_file::references(&variable.raw))
            .collect();
        let is_read = |name: &str| {
            let live = |place: &Place| place.scopes.iter().any(|scope| *scope != Scope::Dead);
            self.survey
                .reads
                .get(name)
                .is_some_and(|places| places.iter().any(live))
                || naming::is_provided(name)
                || self.survey.elsewhere.contains(name)
                || referred.contains(name)
                || self.survey.auth_js && dependencies::is_provider_variable(name)
        };
        let mut told = BTreeMap::<&str, Vec<String>>::new();
        for (name, mentions) in &self.survey.documented {
            told.entry(name).or_default().extend(
                mentions
                    .iter()
                    .filter(|(_, assigned)| *assigned)
                    .map(|(place, _)| place.clone()),
            );
        }
        for (name, variable) in &self.set {
            if let VariableOrigin::File { .. } = variable.origin {
                told.entry(name).or_default().insert(0, origin(variable));
            }
        }
        told.into_iter()
            .filter(|(name, places)| self.asked(name) && !places.is_empty() && !is_read(name))
            .map(|(name, places)| json!({ "name": name, "places": places }))
            .collect()
    }
}

/// The place that set a variable, as facts tell it.
pub(super) fn origin(variable: &Variable) -> String {
    match &variable.origin {
        VariableOrigin::Process => "process environment".to_owned(),
        file @ VariableOrigin::File { .. } => file.to_string(),
    }
}

fn at(places: &[Place]) -> BTreeSet<&str> {
    places.iter().map(|place| place.at.as_str()).collect()
}
