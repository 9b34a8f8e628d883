//! The limits probe: which rate limits the target announces, and whether they hold.

mod announced;
mod ask;
mod at_once;
mod burst;
mod bypass;
mod claim;
mod declare;
mod draft;
mod header;
mod infer;
mod reset;
mod retry_after;
mod sign_in;
mod subject;

use super::transport::Fault;
use super::{Budget, Context, Probe, ProbeSpec, Sighting, Transient, Wanted};
use crate::clock;
use crate::model::{Facts, Hindrance, HindranceKind, Level};
use ask::{Asker, Question};
use burst::Real;
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
                where a limit is announced, because only a second sample tells what its reset means. At level active it sends bursts to \
                paths whose limit is configured, and to sign-in endpoints: to targets of yours only, one request after the other, 250 at \
                most, until the first refusal; where a check asks whether a limit holds at once, also two volleys of fifty at most. It waits for windows up to 20 s to end. On request (--infer) it tells which limiter it is, \
                by 800 requests at most in ten minutes at most, and twice by fifty at once where answers are queued; it stops at the third server error in a row.",
            level: Level::Live,
            exclusive: true,
            needs_target: true,
            parameters: declare::parameters(),
            facts: declare::facts(),
        }
    }

    fn level(&self, parameters: &Facts) -> Level {
        match parameters.get("look").and_then(Value::as_str) {
            Some("announced") => Level::Live,
            _ => Level::Active,
        }
    }

    fn budget(&self, parameters: &Facts) -> Budget {
        let requests = match parameters.get("look").and_then(Value::as_str) {
            Some("infer") => infer::REQUESTS,
            // The bursts, and the two requests that may stand around one.
            _ => burst::BUDGET + 2,
        };
        Budget {
            requests: u32::try_from(requests).unwrap_or(u32::MAX),
            bursts: true,
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
        let mut each = if look == "infer" {
            subject::asked(parameters, context)?
        } else {
            subject::each(parameters, look, context)?
        };
        for one in &mut each {
            one.insert("look".into(), look.into());
            for name in ["providers", "open"] {
                if let Some(Value::String(given)) = parameters.get(name) {
                    one.insert(name.into(), given.as_str().into());
                }
            }
        }
        Ok(each)
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        let given = |name: &str| parameters.get(name).and_then(Value::as_str);
        match (given("look"), given("path")) {
            (_, None) => "the configured rate limits".into(),
            (Some("sign-in"), Some(path)) => format!("a burst of POST {path}"),
            (Some("claim"), Some(path)) => format!("a burst of GET {path}"),
            (Some("infer"), Some(path)) => format!("the limiter of GET {path}"),
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
        wanted: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            match look(parameters, wanted, context).await {
                Ok(facts) => Sighting::of(facts),
                Err(fault) => Sighting {
                    transient: fault.connecting.then_some(Transient { retry_after: None }),
                    ..Sighting::hindered(fault.hindrance)
                },
            }
        })
    }
}

async fn look(parameters: &Facts, wanted: &Wanted, context: &Context) -> Result<Facts, Fault> {
    let given = |name: &str| parameters.get(name).and_then(Value::as_str);
    let look = given("look").unwrap_or_default();
    let settled = |kind, cause: &str| Fault::settled(Hindrance::new(kind, cause));
    let asker = Asker::of(context)
        .ok_or_else(|| settled(HindranceKind::Internal, "no target was given"))?;
    if look == "infer" && given("asked").is_none() {
        return Err(settled(HindranceKind::Absent, infer::UNASKED));
    }
    let path =
        given("path").ok_or_else(|| settled(HindranceKind::Absent, subject::UNCONFIGURED))?;
    let claim = Claim::of(parameters);
    let until = context.deadline();
    let mut facts = declare::blank();
    facts.insert("look".into(), look.into());
    facts.insert("path".into(), path.into());
    facts.insert("configured".into(), claim.map(Claim::told).into());
    if look == "announced" {
        facts.extend(announced::look(&asker, path, claim.as_ref(), until).await?);
        return Ok(facts);
    }
    let mut world = Real {
        asker: &asker,
        question: Question::get(path),
        until,
        began: clock::tick(),
    };
    match (look, claim) {
        ("infer", claim) => {
            let (inferred, status) = infer::look(&mut world, claim).await;
            facts.insert("status".into(), status.into());
            facts.insert("inferred".into(), inferred);
        }
        ("sign-in", _) => {
            let absent = |cause: &str| settled(HindranceKind::Absent, cause);
            let pause = if asker.target().is_loopback() {
                0.0
            } else {
                sign_in::PAUSE
            };
            let listed = given("providers").map(|list| (list, given("open")));
            let paths = sign_in::paths(&asker, path, listed, until).await?;
            if paths.is_empty() {
                return Err(absent(
                    "the application offers no provider that takes a password",
                ));
            }
            let mut told = None;
            for path in paths {
                world.question = sign_in::form(&path);
                let Some(burst) = sign_in::look(&mut world, pause).await else {
                    continue;
                };
                told = Some(sign_in::worse(told, (path, burst)));
            }
            let (path, burst) = told.ok_or_else(|| absent("nothing answers a form there"))?;
            facts.insert("path".into(), path.into());
            facts.insert("burst".into(), burst);
        }
        (_, None) => {
            let cause =
                format!("no limit is configured for {path}, under [rate_limits] in holdpoint.toml");
            return Err(settled(HindranceKind::Absent, &cause));
        }
        (_, Some(claim)) => {
            let told = claim::look(&mut world, claim).await;
            facts.insert("status".into(), told.status.into());
            facts.insert("burst".into(), told.fact());
            let mut sent = told.sent;
            // In the same look, because a long window allows only one burst in a run.
            if wanted.below("bypass").next().is_some() {
                let around = if told.refusal.is_some() {
                    bypass::look(&mut world, claim, told.status, told.sent).await
                } else {
                    bypass::Told::nothing("nothing was refused, so there is nothing to get around;")
                };
                sent = sent.max(around.sent);
                facts.insert("bypass".into(), around.fact());
            }
            if wanted.below("at_once").next().is_some() {
                let volley = match told.outcome {
                    claim::Outcome::Held => {
                        at_once::look(&mut world, claim, told.status, sent).await
                    }
                    _ => at_once::Told::nothing(
                        "one after the other, the requests did not show the limit that is configured",
                    ),
                };
                facts.insert("at_once".into(), volley.fact());
            }
        }
    }
    Ok(facts)
}

#[cfg(test)]
mod tests;
