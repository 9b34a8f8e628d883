//! The variables of the environment.
mod dependencies;
mod documented;
mod env_file;
mod git;
mod mongodb_uri;
mod naming;
mod placeholder;
mod reading;
mod repository;
mod resolve;
mod scope;
mod shape;

use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Level};
use futures_util::future::BoxFuture;

/// Placeholder.
pub(super) struct EnvironmentProbe;

impl Probe for EnvironmentProbe {
    fn spec(&self) -> ProbeSpec {
        ProbeSpec { name: "environment", version: 1, summary: "", level: Level::Live, exclusive: false, needs_target: false, parameters: vec![], facts: vec![] }
    }
    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        Ok(vec![parameters.clone()])
    }
    fn label(&self, _: &Facts, _: &Context) -> String {
        String::new()
    }
    fn origin(&self, _: &Facts, _: &Context) -> Option<String> {
        None
    }
    fn look<'a>(&'a self, _: &'a Facts, _: &'a Wanted, _: &'a Context) -> BoxFuture<'a, Sighting> {
        Box::pin(async { Sighting::default() })
    }
}
