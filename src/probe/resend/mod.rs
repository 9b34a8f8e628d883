//! The resend probe: whether a Resend key is valid, how much it may do, and whether it sends from the sender's domain.

mod reading;

use super::ladder::{self, Ladder, Rungs};
use super::smtp::sender_address;
use super::transport::{Fetched, keeps_secrets};
use super::{Context, ParameterSpec, Probe, ProbeSpec, Sighting, Wanted};
use crate::clock;
use crate::model::{FactKind, FactSpec, Facts, Hindrance, HindranceKind, Level, Variable};
use futures_util::future::BoxFuture;
use reading::{Event, Key, Sent};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

const RUNGS: Rungs = &[
    ("key", "the API knows the key"),
    (
        "send",
        "the API takes a message from the sender to its own test address",
    ),
    ("event", "the message was delivered to that address"),
];

/// Variables that hold the key, the usual one first.
const KEYS: &[&str] = &["RESEND_API_KEY", "AUTH_RESEND_KEY"];
/// Resend's address for tests of delivery; nothing sent there counts against a reputation.
const DELIVERED: &str = "delivered@resend.dev";
/// How long a message's last event is asked for.
const EVENT_PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions; the API allows two requests a second.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at a Resend account.
pub(super) struct Resend;

impl Probe for Resend {
    fn spec(&self) -> ProbeSpec {
        use FactKind::{Bool, Int, Text};
        let optional = FactKind::optional;
        ProbeSpec {
            name: "resend",
            version: 1,
            summary: "Asks Resend's API whether the key is valid and what it may do, by reading the list of domains. \
                `send` also sends one short message to Resend's own test address, delivered@resend.dev.",
            level: Level::Live,
            exclusive: true,
            needs_target: false,
            parameters: vec![
                ParameterSpec::optional("look", Text, "what to look at: key or send; default key")
                    .one_of(&["key", "send"]),
                ParameterSpec::optional(
                    "base_url",
                    Text,
                    "the API's address; default https://api.resend.com",
                ),
                ParameterSpec::optional(
                    "variable",
                    Text,
                    "the variable with the key; default RESEND_API_KEY or AUTH_RESEND_KEY",
                ),
                ParameterSpec::optional(
                    "from",
                    Text,
                    "the variable with the sender; default EMAIL_FROM and its usual other names",
                ),
            ],
            facts: vec![
                ladder::declared(RUNGS),
                FactSpec::new("variable", Text, "the variable that holds the key"),
                FactSpec::new(
                    "origin",
                    optional(Text),
                    "file:line of that variable, or process environment",
                ),
                FactSpec::new("length", Int, "the characters of the key"),
                FactSpec::new(
                    "fingerprint",
                    Text,
                    "eight hexadecimal digits that are equal where keys are equal",
                ),
                FactSpec::new("shape", Bool, "the key begins with re_, as Resend's do"),
                FactSpec::new(
                    "access",
                    optional(Text),
                    "what the key may do: \"sending\" or \"full\"; null where it is not known",
                ),
                FactSpec::new(
                    "status",
                    optional(Int),
                    "the status of the answer to the reading of domains",
                ),
                FactSpec::new(
                    "error",
                    optional(Text),
                    "the name of the error in that answer",
                ),
                FactSpec::new("from_domain", optional(Text), "the domain of the sender"),
                FactSpec::new(
                    "shared_sender",
                    optional(Bool),
                    "the sender is Resend's shared one, which reaches the account's owner only",
                ),
                FactSpec::new(
                    "send_status",
                    optional(Int),
                    "the status of the answer to the message",
                ),
                FactSpec::new(
                    "send_error",
                    optional(Text),
                    "the name of the error in that answer",
                ),
                FactSpec::new("id", optional(Text), "Resend's id of the message"),
                FactSpec::new(
                    "last_event",
                    optional(Text),
                    "what became of the message, as far as a key with full access may ask: sent, delivered, bounced, …",
                ),
            ],
        }
    }

    fn level(&self, parameters: &Facts) -> Level {
        match parameters.get("look").and_then(Value::as_str) {
            Some("send") => Level::Active,
            _ => self.spec().level,
        }
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let mut look = Facts::new();
        look.insert("look".into(), "key".into());
        look.insert("base_url".into(), "https://api.resend.com".into());
        for (key, value) in parameters {
            let text = value
                .as_str()
                .ok_or_else(|| format!("{key}: {value} is not text"))?;
            look.insert(key.clone(), text.into());
        }
        base(&look)?;
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        let host = base(parameters).ok();
        let host = host.as_ref().and_then(Url::host_str).unwrap_or("Resend");
        match text(parameters, "look") {
            Some("send") => format!("mail by {host}"),
            _ => format!("key of {host}"),
        }
    }

    fn origin(&self, parameters: &Facts, _: &Context) -> Option<String> {
        Some(base(parameters).ok()?.origin().ascii_serialization())
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

fn text<'a>(parameters: &'a Facts, key: &str) -> Option<&'a str> {
    parameters.get(key).and_then(Value::as_str)
}

fn base(parameters: &Facts) -> Result<Url, String> {
    let given = text(parameters, "base_url").unwrap_or_default();
    Url::parse(given.trim_end_matches('/'))
        .ok()
        .filter(keeps_secrets)
        .ok_or_else(|| format!("base_url: '{given}' is neither an https address nor this machine"))
}

async fn look(parameters: &Facts, context: &Context) -> Result<Facts, Hindrance> {
    let internal = |cause| Hindrance::new(HindranceKind::Internal, cause);
    let base = base(parameters).map_err(internal)?;
    let named = text(parameters, "variable").map_or_else(|| KEYS.to_vec(), |name| vec![name]);
    let variable = named
        .iter()
        .filter_map(|name| context.environment.get(name))
        .find(|variable| !variable.value.trim().is_empty())
        .ok_or_else(|| Hindrance::new(HindranceKind::Absent, "no variable holds a Resend key"))?;
    context.secrets.register(&variable.name, &variable.value);
    let api = Api {
        base,
        key: variable.value.trim(),
        context,
        until: context.deadline(),
    };
    let mut facts = described(variable, context);
    let mut ladder = Ladder::new(RUNGS);
    if let Some(access) = api.judge_key(variable, &mut ladder, &mut facts).await
        && text(parameters, "look") == Some("send")
    {
        let from = text(parameters, "from");
        api.try_sending(from, access, &mut ladder, &mut facts)
            .await?;
    }
    facts.insert("steps".into(), ladder.into_fact());
    Ok(facts)
}

fn described(variable: &Variable, context: &Context) -> Facts {
    let facts = json!({
        "variable": variable.name,
        "origin": variable.origin.to_string(),
        "length": variable.value.trim().chars().count(),
        "fingerprint": context.secrets.fingerprint(variable.value.trim()),
        "shape": variable.value.trim().starts_with("re_"),
        "access": null, "status": null, "error": null,
        "from_domain": null, "shared_sender": null,
        "send_status": null, "send_error": null, "id": null, "last_event": null,
    });
    facts.as_object().cloned().unwrap_or_default()
}

struct Api<'a> {
    base: Url,
    key: &'a str,
    context: &'a Context,
    until: Instant,
}

impl Api<'_> {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Fetched, String> {
        let mut url = self.base.clone();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}/{path}"));
        let mut request = Request::new(method, url);
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.key))
            .map_err(|_| "the key has characters that no header may carry".to_owned())?;
        bearer.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer);
        // Without a name of the client the API answers 403.
        let agent = HeaderValue::from_static(concat!("holdpoint/", env!("CARGO_PKG_VERSION")));
        headers.insert(USER_AGENT, agent);
        if let Some(body) = body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let once = format!("holdpoint-{}", self.context.run);
            if let Ok(once) = HeaderValue::from_str(&once) {
                headers.insert(HeaderName::from_static("idempotency-key"), once);
            }
            *request.body_mut() = Some(body.to_string().into());
        }
        let answer = self.context.transport.fetch(request, self.until).await;
        answer.map_err(|fault| fault.hindrance.cause)
    }

    /// What the key may do; none where the climb ends here.
    async fn judge_key(
        &self,
        variable: &Variable,
        ladder: &mut Ladder,
        facts: &mut Facts,
    ) -> Option<&'static str> {
        let answer = match self.ask(Method::GET, "domains", None).await {
            Ok(answer) => answer,
            Err(cause) => {
                ladder.untold("key", format!("Resend could not be asked: {cause}"));
                return None;
            }
        };
        facts.insert("status".into(), answer.status.into());
        facts.insert("error".into(), reading::error_name(&answer).into());
        match reading::key(&answer) {
            Key::Sending => {
                facts.insert("access".into(), "sending".into());
                ladder.held("key");
                Some("sending")
            }
            Key::Full => {
                facts.insert("access".into(), "full".into());
                ladder.held("key");
                Some("full")
            }
            Key::Invalid => {
                ladder.broke(
                    "key",
                    format!("Resend does not know the key in {}", variable.name),
                    "make a key with sending access at https://resend.com/api-keys and put it into every environment",
                );
                None
            }
            Key::Untold(cause) => {
                ladder.untold("key", cause);
                None
            }
        }
    }

    async fn try_sending(
        &self,
        from: Option<&str>,
        access: &str,
        ladder: &mut Ladder,
        facts: &mut Facts,
    ) -> Result<(), Hindrance> {
        let sender = sender_address(&self.context.environment, from).ok_or_else(|| {
            let cause = "no variable holds the sender; set EMAIL_FROM";
            Hindrance::new(HindranceKind::Denied, cause)
        })?;
        let domain = sender.domain();
        let shared = domain.as_deref() == Some("resend.dev");
        facts.insert("from_domain".into(), domain.into());
        facts.insert("shared_sender".into(), shared.into());
        if let Err(cause) = &sender.address {
            ladder.broke(
                "send",
                cause.clone(),
                "write an address, or a name with an address in angle brackets: Shop <mail@shop.tld>",
            );
            return Ok(());
        }
        let run = &self.context.run;
        let message = json!({
            "from": sender.value,
            "to": [DELIVERED],
            "subject": format!("holdpoint trial mail {run}"),
            "text": format!("Sent by holdpoint in the run {run}; it may be deleted."),
            "headers": { "X-Holdpoint-Run": run },
        });
        // Two requests a second are allowed, and one was just made.
        tokio::time::sleep(PAUSE / 2).await;
        let answer = match self.ask(Method::POST, "emails", Some(message)).await {
            Ok(answer) => answer,
            Err(cause) => {
                ladder.untold("send", format!("Resend could not be asked: {cause}"));
                return Ok(());
            }
        };
        facts.insert("send_status".into(), answer.status.into());
        facts.insert("send_error".into(), reading::error_name(&answer).into());
        match reading::sent(&answer) {
            Sent::Accepted(id) => {
                facts.insert("id".into(), id.as_str().into());
                if shared {
                    ladder.broke(
                        "send",
                        "the sender is Resend's shared one, which reaches the account's owner only: users get no mail",
                        "verify a domain of your own at https://resend.com/domains and use an address of it as EMAIL_FROM",
                    );
                    return Ok(());
                }
                ladder.held("send");
                self.follow(&id, access, ladder, facts).await;
            }
            Sent::Refused(cause, remedy) => ladder.broke("send", cause, remedy),
            Sent::Untold(cause) => ladder.untold("send", cause),
        }
        Ok(())
    }

    /// Asks what became of the message until it is settled.
    async fn follow(&self, id: &str, access: &str, ladder: &mut Ladder, facts: &mut Facts) {
        if access != "full" {
            ladder.untold("event", "the key may send and nothing else, as it should, so it cannot ask what became of the message");
            return;
        }
        let until = self.until.min(clock::tick() + EVENT_PATIENCE);
        let mut last = "nothing is known of it".to_owned();
        while clock::tick() + PAUSE < until {
            tokio::time::sleep(PAUSE).await;
            let answer = match self.ask(Method::GET, &format!("emails/{id}"), None).await {
                Ok(answer) => answer,
                Err(cause) => {
                    last = cause;
                    continue;
                }
            };
            match reading::event(&answer) {
                Event::Delivered(word) => {
                    facts.insert("last_event".into(), word.into());
                    ladder.held("event");
                    return;
                }
                Event::Failed(word) => {
                    ladder.broke(
                        "event",
                        format!("Resend's own test address did not get the message: {word}"),
                        "look at the message in https://resend.com/emails; a suppressed or failed message names its cause",
                    );
                    facts.insert("last_event".into(), word.into());
                    return;
                }
                Event::OnItsWay(word) => {
                    facts.insert("last_event".into(), word.as_str().into());
                    last = format!("its last event is {word}");
                }
                Event::Untold(cause) => last = cause,
            }
        }
        ladder.untold(
            "event",
            format!("the message was not settled in time: {last}"),
        );
    }
}
