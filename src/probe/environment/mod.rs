//! The `environment` probe: which variables are set, read and documented, and the shape of each value.

mod account;
mod convention;
mod declared;
mod defects;
mod dependencies;
mod documented;
mod env_file;
mod git;
mod host;
pub(super) mod mongodb_uri;
mod naming;
mod needs;
mod package;
pub(super) mod placeholder;
pub(super) mod reading;
mod repository;
mod resolve;
mod scope;
pub(super) mod shape;
mod sources;
mod survey;
pub(super) mod texts;

pub(in crate::probe) use sources::{Source, sources};

pub(super) use host::{HostLink, host_link};
#[cfg(test)]
pub(super) use needs::NamedModel;
pub(super) use needs::{Missing, Needs, needs};

use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind};
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) use env_file::assignments;
pub(super) use placeholder::reason as sample_text;

/// Compares the variables that are set, read and documented.
pub(super) struct EnvironmentProbe;

impl Probe for EnvironmentProbe {
    fn spec(&self) -> ProbeSpec {
        declared::spec()
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let one = |name: &Value| match name.as_str() {
            Some(name) if !name.is_empty() => {
                Ok(Facts::from_iter([("name".to_owned(), Value::from(name))]))
            }
            _ => Err("a variable's name is a text that is not empty".to_owned()),
        };
        match (parameters.get("name"), parameters.get("names")) {
            (Some(_), Some(_)) => Err("give either name or names".into()),
            (Some(name), None) => Ok(vec![one(name)?]),
            (None, Some(Value::Array(names))) if !names.is_empty() => {
                names.iter().map(one).collect()
            }
            (None, Some(_)) => Err("names is a list of at least one variable".into()),
            (None, None) => Ok(vec![Facts::new()]),
        }
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        match parameters.get("name").and_then(Value::as_str) {
            Some(name) => format!("the variable {name}"),
            None => "the environment".into(),
        }
    }

    fn origin(&self, _: &Facts, _: &Context) -> Option<String> {
        None
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        wanted: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        let asked = wanted.below("variables").filter_map(|path| path.first());
        let asked: BTreeSet<String> = asked.cloned().collect();
        let name = parameters
            .get("name")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let (root, environment, application) = (
            context.root.clone(),
            context.environment.clone(),
            context.application.clone(),
        );
        Box::pin(async move {
            if let Err(error) = std::fs::read_dir(&root) {
                let cause = format!("the folder {} cannot be read: {error}", root.display());
                return Sighting::hindered(Hindrance::new(HindranceKind::Denied, cause));
            }
            let look = move || {
                let names: BTreeSet<String> = environment
                    .variables
                    .iter()
                    .map(|variable| variable.name.clone())
                    .chain(name.clone())
                    .collect();
                let mut survey =
                    survey::survey(&root, names, &environment.files, &application.dependencies);
                survey.wanted = asked;
                account::facts(
                    &environment,
                    &survey,
                    name.map(|name| BTreeSet::from([name])).as_ref(),
                )
            };
            match tokio::task::spawn_blocking(look).await {
                Ok(facts) => Sighting::of(facts),
                Err(error) => {
                    Sighting::hindered(Hindrance::new(HindranceKind::Internal, error.to_string()))
                }
            }
        })
    }
}

#[cfg(test)]
mod tests;
