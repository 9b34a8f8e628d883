//! The ai probe: is the application's key accepted, does its model exist, and does it answer in form and time?

mod answer;
mod ask;
mod climb;
mod declared;
mod dialect;
mod generate;
mod models;
mod object;
mod refusal;
mod request;
mod subject;
mod words;

use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Environment, Facts, Hindrance, HindranceKind};
use dialect::Dialect;
use futures_util::future::BoxFuture;
use serde_json::Value;
use url::Url;

/// Speaks to a provider of language models.
pub(super) struct Ai;

impl Probe for Ai {
    fn spec(&self) -> ProbeSpec {
        declared::spec()
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        let mut look = Facts::new();
        for name in ["dialect", "base_url", "variable", "model"] {
            match parameters.get(name) {
                None => {}
                Some(Value::String(text)) if text.is_empty() => {}
                Some(Value::String(text)) => {
                    look.insert(name.into(), text.as_str().into());
                }
                Some(other) => return Err(format!("{name}: {other} is not text")),
            }
        }
        let dialect = dialect_of(&look)
            .ok_or_else(|| format!("dialect: it may be {}", Dialect::WORDS.join(", ")))?;
        base(dialect, &look, &context.environment)?;
        look.entry("base_url")
            .or_insert_with(|| dialect.address().into());
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, context: &Context) -> String {
        let Some(dialect) = dialect_of(parameters) else {
            return "a model".into();
        };
        let base = base(dialect, parameters, &context.environment);
        let host = base.ok().and_then(|base| {
            let port = base.port().map(|port| format!(":{port}"));
            Some(format!("{}{}", base.host_str()?, port.unwrap_or_default()))
        });
        format!("{} at {}", dialect.provider(), host.unwrap_or_default())
    }

    fn origin(&self, parameters: &Facts, context: &Context) -> Option<String> {
        let dialect = dialect_of(parameters)?;
        let base = base(dialect, parameters, &context.environment).ok()?;
        Some(base.origin().ascii_serialization())
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let Some(dialect) = dialect_of(parameters) else {
                return Sighting::hindered(Hindrance::new(
                    HindranceKind::Internal,
                    "no dialect is given",
                ));
            };
            match climb::look(dialect, parameters, context).await {
                Ok(facts) => Sighting::of(facts),
                Err(hindrance) => Sighting::hindered(hindrance),
            }
        })
    }
}

fn dialect_of(parameters: &Facts) -> Option<Dialect> {
    Dialect::of(parameters.get("dialect")?.as_str()?)
}

fn base(dialect: Dialect, parameters: &Facts, environment: &Environment) -> Result<Url, String> {
    dialect.base(text(parameters, "base_url"), environment)
}

fn text<'a>(parameters: &'a Facts, name: &str) -> Option<&'a str> {
    parameters.get(name).and_then(Value::as_str)
}
