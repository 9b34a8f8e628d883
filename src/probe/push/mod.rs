//! The push probe: are the keys of web push a pair, is a message delivered, and can the application use it?

mod answer;
mod bundle;
mod channel;
mod declared;
mod delivery;
mod keys;
mod message;
mod protocol;
mod routes;
mod setup;
mod source;
mod subject;
mod subscription;

pub(super) use bundle::addresses as scripts_of_next;

use super::environment::{Source, sources};
use super::{Context, Probe, ProbeSpec, Sighting, Wanted, ladder};
use crate::model::{Facts, Hindrance, HindranceKind, Level};
use delivery::{Delivery, Parts, RUNGS};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use setup::{Contact, Setup};
use url::Url;

/// Mozilla's service: the only one whose browser side is an open protocol.
const SERVICE: &str = "wss://push.services.mozilla.com/";

/// Looks at web push.
pub(super) struct Push;

impl Probe for Push {
    fn spec(&self) -> ProbeSpec {
        declared::spec()
    }

    fn level(&self, parameters: &Facts) -> Level {
        match parameters.get("look").and_then(Value::as_str) {
            Some("delivery" | "subscription" | "routes") => Level::Active,
            _ => self.spec().level,
        }
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        let mut look = Facts::new();
        let what = text(parameters, "look")?.ok_or("look is missing")?;
        if !declared::LOOKS.contains(&what) {
            return Err(format!(
                "look: '{what}' is none of {}",
                declared::LOOKS.join(", ")
            ));
        }
        look.insert("look".into(), what.into());
        let keep: &[&str] = match what {
            "routes" => &["paths"],
            "bundle" => &["public", "private", "paths"],
            "delivery" => &["public", "private", "subject", "url"],
            "subscription" => &["public", "private", "subject", "subscription"],
            _ => &["public", "private", "subject"],
        };
        for (key, value) in parameters.iter().filter(|(key, _)| *key != "look") {
            if !keep.contains(&key.as_str()) {
                return Err(format!("{key} is not a parameter of the look {what}"));
            }
            match key.as_str() {
                "paths" => {
                    let paths = value.as_array().filter(|paths| !paths.is_empty());
                    let paths = paths.ok_or("paths is a list of at least one route")?;
                    let wrong = paths.iter().find(|path| match (what, path.as_str()) {
                        ("routes", path) => path.and_then(routes::given_path).is_none(),
                        (_, path) => !path.is_some_and(|path| path.starts_with('/')),
                    });
                    if let Some(wrong) = wrong {
                        let like = if what == "routes" {
                            "POST /api/push"
                        } else {
                            "/dashboard"
                        };
                        return Err(format!("paths: {wrong} is not like \"{like}\""));
                    }
                }
                _ => {
                    text(parameters, key)?;
                }
            }
            look.insert(key.clone(), value.clone());
        }
        match what {
            "delivery" => {
                let url = text(parameters, "url")?.unwrap_or(SERVICE);
                look.insert("url".into(), service(url)?.as_str().into());
            }
            "subscription" => {
                look.entry("subscription")
                    .or_insert(subscription::VARIABLE.into());
            }
            "routes" | "bundle" if context.target.is_none() => {
                return Err("no target is given, and this look asks it; give --target URL or [target] url in holdpoint.toml".into());
            }
            _ => {}
        }
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        match what(parameters) {
            "delivery" => {
                let host = url(parameters).and_then(|url| url.host_str().map(str::to_owned));
                format!("a push message through {}", host.unwrap_or_default())
            }
            "subscription" => "a push message to a given subscription".into(),
            "routes" => "the routes of the notification code".into(),
            "bundle" => "the scripts that browsers load".into(),
            _ => "the keys of web push".into(),
        }
    }

    fn origin(&self, parameters: &Facts, context: &Context) -> Option<String> {
        match what(parameters) {
            "delivery" => url(parameters).map(|url| url.origin().ascii_serialization()),
            "routes" | "bundle" => context
                .target
                .as_ref()
                .map(|target| target.url.origin().ascii_serialization()),
            _ => None,
        }
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            look(parameters, context)
                .await
                .map_or_else(Sighting::hindered, Sighting::of)
        })
    }
}

async fn look(parameters: &Facts, context: &Context) -> Result<Facts, Hindrance> {
    let what = what(parameters);
    let mut facts = Facts::from_iter([
        ("look".to_owned(), what.into()),
        ("keys".to_owned(), Value::Null),
        ("steps".to_owned(), ladder::Ladder::new(RUNGS).into_fact()),
        ("delivery".to_owned(), Value::Null),
        ("subscription".to_owned(), Value::Null),
        ("routes".to_owned(), Value::Null),
        ("bundle".to_owned(), Value::Null),
    ]);
    let target = context.target.as_ref();
    let target = target.ok_or_else(|| Hindrance::new(HindranceKind::Absent, "no target is given"));
    if what == "routes" {
        let target = target?;
        let found = match parameters.contains_key("paths") {
            true => Vec::new(),
            false => code(context, [source::BROWSER, source::ROUTES].concat()).await?,
        };
        let routes = routes::look(parameters, context, target, &found).await?;
        facts.insert("routes".into(), routes);
        return Ok(facts);
    }
    let mut setup = Setup::of(parameters, context);
    if setup.wants_contact() {
        setup = setup.with_contact(written_contact(context).await?);
    }
    if setup.is_absent() {
        return Err(Hindrance::new(
            HindranceKind::Absent,
            "the application has no keys of web push, and does not depend on web-push",
        ));
    }
    facts.insert("keys".into(), setup.facts());
    match what {
        "delivery" => {
            let service = url(parameters).ok_or_else(|| {
                Hindrance::new(HindranceKind::Internal, "the push service has no address")
            })?;
            let parts = Parts::of(&setup)?;
            let (steps, delivery) = Delivery::new(context, &service, &parts).climb().await;
            facts.insert("steps".into(), steps);
            facts.insert("delivery".into(), delivery);
        }
        "bundle" => {
            let told = bundle::look(parameters, context, target?, &setup).await?;
            facts.insert("bundle".into(), told);
        }
        "subscription" => {
            let parts = Parts::of(&setup)?;
            let told = subscription::look(parameters, context, &parts).await?;
            facts.insert("subscription".into(), told);
        }
        _ => {}
    }
    Ok(facts)
}

/// The contact that the code writes out, for applications without a variable for it.
async fn written_contact(context: &Context) -> Result<Option<Contact>, Hindrance> {
    let found = code(context, vec![source::SERVER]).await?;
    let written = found.iter().find_map(|file| {
        let (text, line) = source::read(&file.text, &file.path).contact?;
        Some(Contact {
            variable: None,
            origin: format!("{}:{line}", file.path),
            text,
        })
    });
    Ok(written)
}

async fn code(context: &Context, words: Vec<&'static str>) -> Result<Vec<Source>, Hindrance> {
    let root = context.root.clone();
    tokio::task::spawn_blocking(move || sources(&root, &words))
        .await
        .map_err(|error| Hindrance::new(HindranceKind::Internal, error.to_string()))
}

fn what(parameters: &Facts) -> &str {
    let what = parameters.get("look").and_then(Value::as_str);
    what.unwrap_or_default()
}

fn url(parameters: &Facts) -> Option<Url> {
    Url::parse(parameters.get("url")?.as_str()?).ok()
}

/// The address of a push service.
fn service(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| format!("url: '{text}' is not an address"))?;
    match url.scheme() {
        "wss" | "ws" if message::is_safe(&url) => Ok(url),
        "ws" => Err("url: ws is for a service on this machine; write wss".into()),
        _ => Err(format!(
            "url: a push service is reached by wss, as in {SERVICE}; '{}' is another protocol",
            url.scheme()
        )),
    }
}

/// A parameter that must be text if it is there.
fn text<'a>(parameters: &'a Facts, key: &str) -> Result<Option<&'a str>, String> {
    match parameters.get(key) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(other) => Err(format!(
            "{key}: {} is not a name or an address",
            json!(other)
        )),
    }
}
