//! The mongodb probe: whether the application reaches its database, as whom, and what it may do there.

mod cause;
mod climb;
mod declare;
mod facts;
mod indexes;
mod open;
mod privileges;
mod resolve;
mod round_trip;
mod trust;
mod uri;

use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Variable};
use climb::{Asked, Climb};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Variables that hold a connection string, the usual one first.
const VARIABLES: &[&str] = &["MONGODB_URI", "MONGODB_URL", "MONGO_URI", "MONGO_URL"];
/// Variables that name the database.
const DATABASE_VARIABLES: &[&str] = &["MONGODB_DB", "MONGODB_DATABASE"];

/// Looks at the application's database.
pub(super) struct Mongodb;

/// What to look at besides the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Reach,
    Open,
    Indexes,
    RoundTrip,
}

impl Look {
    const WORDS: &'static [&'static str] = &["reach", "open", "indexes", "round-trip"];

    fn of(parameters: &Facts) -> Self {
        match text(parameters, "look") {
            Some("open") => Self::Open,
            Some("indexes") => Self::Indexes,
            Some("round-trip") => Self::RoundTrip,
            _ => Self::Reach,
        }
    }
}

impl Probe for Mongodb {
    fn spec(&self) -> ProbeSpec {
        declare::spec()
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        for (key, value) in parameters {
            match key.as_str() {
                "required" => indexes::verify(parameters)?,
                "dns_server" => {
                    dns_server(parameters)?;
                }
                "look"
                    if !value
                        .as_str()
                        .is_some_and(|word| Look::WORDS.contains(&word)) =>
                {
                    return Err(format!(
                        "look: {value} is not one of {}",
                        Look::WORDS.join(", ")
                    ));
                }
                _ if value.as_str().is_none_or(str::is_empty) => {
                    return Err(format!("{key}: {value} is not the name of a variable"));
                }
                _ => {}
            }
        }
        let mut look = parameters.clone();
        look.entry("look").or_insert_with(|| "reach".into());
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, context: &Context) -> String {
        let name = chosen(parameters, context).map_or(VARIABLES[0], |variable| &variable.name);
        match Look::of(parameters) {
            Look::Reach => format!("the database of {name}"),
            Look::Open => format!("strangers at the database of {name}"),
            Look::Indexes => format!("indexes in the database of {name}"),
            Look::RoundTrip => format!("a round trip to the database of {name}"),
        }
    }

    fn origin(&self, parameters: &Facts, context: &Context) -> Option<String> {
        let variable = chosen(parameters, context)?;
        let address = uri::read(&variable.value).ok()?;
        let (host, port) = address.hosts.first()?;
        Some(format!("mongodb://{host}:{port}"))
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let Some(variable) = chosen(parameters, context) else {
                return Sighting::hindered(Hindrance::new(
                    HindranceKind::Absent,
                    format!(
                        "{} is not set",
                        text(parameters, "variable").unwrap_or(VARIABLES[0])
                    ),
                ));
            };
            look(parameters, variable, context).await
        })
    }
}

async fn look(parameters: &Facts, variable: &Variable, context: &Context) -> Sighting {
    let asked = Asked {
        uri: &variable.value,
        name: &variable.name,
        database: database(parameters, context),
        dns: dns_server(parameters).unwrap_or_default(),
    };
    let mut climb = Climb::up(context, asked).await;
    let kind = Look::of(parameters);
    let mut facts = climb.facts();
    facts["variable"] = variable.name.as_str().into();
    facts["origin"] = variable.origin.to_string().into();
    facts["length"] = variable.value.chars().count().into();
    facts["fingerprint"] = context.secrets.fingerprint(&variable.value).into();
    facts["open"] = match kind {
        Look::Open => open::look(&climb).await,
        _ => Value::Null,
    };
    facts["indexes"] = match kind {
        Look::Indexes => indexes::look(&climb, parameters).await,
        _ => Value::Null,
    };
    facts["round_trip"] = match kind {
        Look::RoundTrip => round_trip::look(&climb).await,
        _ => Value::Null,
    };
    climb.down().await;
    facts["steps"] = climb.ladder.into_fact();
    match facts {
        Value::Object(facts) => Sighting::of(facts),
        _ => Sighting::default(),
    }
}

/// The variable with the connection string: the one that is named, or the first usual one that is set.
fn chosen<'c>(parameters: &Facts, context: &'c Context) -> Option<&'c Variable> {
    match text(parameters, "variable") {
        Some(name) => context.environment.get(name),
        None => VARIABLES
            .iter()
            .find_map(|name| context.environment.get(name)),
    }
}

fn database<'c>(parameters: &Facts, context: &'c Context) -> Option<&'c str> {
    let variable = match text(parameters, "database_variable") {
        Some(name) => context.environment.get(name),
        None => DATABASE_VARIABLES
            .iter()
            .find_map(|name| context.environment.get(name)),
    };
    variable
        .map(|variable| variable.value.as_str())
        .filter(|name| !name.is_empty())
}

fn dns_server(parameters: &Facts) -> Result<Option<SocketAddr>, String> {
    let Some(server) = parameters.get("dns_server") else {
        return Ok(None);
    };
    let parsed = server.as_str().and_then(|server| server.parse().ok());
    parsed.map(Some).ok_or_else(|| {
        format!("dns_server: {server} is not an address with a port, such as \"127.0.0.1:53\"")
    })
}

fn text<'a>(parameters: &'a Facts, key: &str) -> Option<&'a str> {
    parameters.get(key).and_then(Value::as_str)
}

/// A list of texts as a fact.
fn texts(items: impl IntoIterator<Item = String>) -> Value {
    json!(items.into_iter().collect::<Vec<_>>())
}
