//! The baseline that a run was held against, as version 1 of the record keeps it: what is needed to decide again without it.

use crate::model;
use crate::secret::Book;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a run was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The run.
    pub run: String,
    /// `sha256:…` of its record's bytes.
    pub digest: String,
    /// The address that it examined.
    pub target: Option<String>,
    /// The name of the environment that it examined.
    pub environment: String,
    /// It ended before everything was looked at.
    pub cut_short: bool,
    /// What it tells of each check of this run.
    pub checks: BTreeMap<String, Held>,
}

/// What a baseline tells of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// The word of its verdict.
    pub verdict: String,
    /// Why, in one line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What failed: each look with the line of the expectation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<(String, usize)>,
    /// What could not be told, likewise. One that was written before looks that fail were kept here too holds nothing of what
    /// those could not judge, which then counts as told: it accepts less, and never more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<(String, usize)>,
    /// A look of it passed, though the whole could not be told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partly: bool,
    /// `sha256:…` of the check's text as the record holds it.
    pub definition: String,
}

impl Baseline {
    /// Without any secret: what decides now is what the record will say.
    #[must_use]
    pub fn redacted(mut self, secrets: &Book) -> Self {
        self.target = self.target.map(|text| secrets.redact(&text));
        self.environment = secrets.redact(&self.environment);
        for held in self.checks.values_mut() {
            held.reason = secrets.redact(&held.reason);
            for (look, _) in held.faults.iter_mut().chain(&mut held.unseen) {
                *look = secrets.redact(look);
            }
            held.faults.sort();
            held.unseen.sort();
        }
        self
    }
}

impl From<&model::Baseline> for Baseline {
    fn from(one: &model::Baseline) -> Self {
        let checks = one.checks.iter().map(|(check, held)| {
            let held = Held {
                verdict: held.verdict.word().into(),
                reason: held.reason.clone(),
                faults: held.faults.clone(),
                unseen: held.unseen.clone(),
                partly: held.partly,
                definition: held.definition.clone(),
            };
            (check.clone(), held)
        });
        Self {
            run: one.run.clone(),
            digest: one.digest.clone(),
            target: one.target.clone(),
            environment: one.environment.clone(),
            cut_short: one.cut_short,
            checks: checks.collect(),
        }
    }
}

impl From<&Baseline> for model::Baseline {
    fn from(one: &Baseline) -> Self {
        // A verdict that is not known accepts nothing.
        let checks = one.checks.iter().filter_map(|(check, held)| {
            let mut faults = held.faults.clone();
            faults.sort();
            let mut unseen = held.unseen.clone();
            unseen.sort();
            let held = model::Held {
                verdict: held.verdict.parse().ok()?,
                reason: held.reason.clone(),
                faults,
                unseen,
                partly: held.partly,
                definition: held.definition.clone(),
            };
            Some((check.clone(), held))
        });
        Self {
            run: one.run.clone(),
            digest: one.digest.clone(),
            target: one.target.clone(),
            environment: one.environment.clone(),
            cut_short: one.cut_short,
            checks: checks.collect(),
        }
    }
}
