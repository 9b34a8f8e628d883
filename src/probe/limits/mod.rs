//! The limits probe: which rate limits the target announces, and whether they hold.

mod announced;
mod ask;
mod declare;
mod draft;
mod header;
mod reset;
mod retry_after;
mod subject;

use super::{Context, Probe, ProbeSpec, Sighting, Transient, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Level};
use ask::Asker;
use futures_util::future::BoxFuture;
use serde_json::Value;
use subject::Claim;

/// Looks at the rate limits of a running application.
pub(super) struct Limits;

impl Probe for Limits {
    fn spec(&self) -> ProbeSpec {
        ProbeSpec {
            name: "limits",
            version: 1,
            summary: "Reads the rate limits that answers announce in their headers, in every dialect in use. Asks twice, two seconds apart, \
                where a limit is announced, because only a second sample tells what its reset means.",
            level: Level::Live,
            exclusive: true,
            needs_target: true,
            parameters: declare::parameters(),
            facts: declare::facts(),
        }
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        let look = match parameters.get("look") {
            Some(Value::String(look)) => look.as_str(),
            _ => return Err("look: it is missing, or no text".into()),
        };
        if !declare::LOOKS.contains(&look) {
            let known = declare::LOOKS.join(", ");
            return Err(format!("look: '{look}' is none of {known}"));
        }
        let mut each = subject::each(parameters, look, context)?;
        for one in &mut each {
            one.insert("look".into(), look.into());
        }
        Ok(each)
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        let given = |name: &str| parameters.get(name).and_then(Value::as_str);
        match (given("look"), given("path")) {
            (_, None) => "the configured rate limits".into(),
            (_, Some(path)) => format!("rate limits announced by GET {path}"),
        }
    }

    fn origin(&self, _: &Facts, context: &Context) -> Option<String> {
        let url = &context.target.as_ref()?.url;
        let port = url.port_or_known_default()?;
        Some(format!("{}://{}:{port}", url.scheme(), url.host_str()?))
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let given = |name: &str| parameters.get(name).and_then(Value::as_str);
            let Some(asker) = Asker::of(context) else {
                return Sighting::hindered(ask::no_target());
            };
            let Some(path) = given("path") else {
                let absent = Hindrance::new(HindranceKind::Absent, subject::UNCONFIGURED);
                return Sighting::hindered(absent);
            };
            let claim = Claim::of(parameters);
            let until = context.deadline();
            match announced::look(&asker, path, claim.as_ref(), until).await {
                Ok(mut facts) => {
                    facts.insert("look".into(), given("look").into());
                    facts.insert("path".into(), path.into());
                    facts.insert("configured".into(), claim.map(Claim::told).into());
                    Sighting::of(facts)
                }
                Err(fault) => Sighting {
                    transient: fault.connecting.then_some(Transient { retry_after: None }),
                    ..Sighting::hindered(fault.hindrance)
                },
            }
        })
    }
}
