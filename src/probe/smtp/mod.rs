//! The smtp probe: whether the application's mail account works, from its address to a mail that arrives.

mod account;
mod answer;
mod arrival;
mod facts;
mod magic_link;
mod security;
mod send;
mod session;

use super::ladder::Ladder;
use super::{Context, ParameterSpec, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Environment, FactKind, Facts, Hindrance, HindranceKind, Level};
use account::Reading;
use facts::RUNGS;
use futures_util::future::BoxFuture;
use serde_json::Value;

pub(in crate::probe) use send::{Sender, sender_address};

/// The mail server that the application's variables name, where they can be read.
pub(in crate::probe) fn mail_host(environment: &Environment) -> Option<String> {
    match account::read(environment, None) {
        Reading::Account(account) => Some(account.host),
        Reading::Absent | Reading::Wrong { .. } => None,
    }
}

/// The kinds of look.
const LOOKS: &[&str] = &["session", "send", "magic-link"];

/// Looks at the mail account.
pub(super) struct Smtp;

impl Probe for Smtp {
    fn spec(&self) -> ProbeSpec {
        use FactKind::Text;
        let name = |name, meaning| ParameterSpec::optional(name, Text, meaning);
        ProbeSpec {
            name: "smtp",
            version: 1,
            summary: "Connects to the mail server as the application's mailer would, secures the connection, logs in. \
                `send` also sends one short text to an address of yours and looks for it in its mailbox; `magic-link` \
                has the application send a sign-in mail. What it finds in the mailbox of its own it removes again; \
                it never opens a link, and the token in the application's database expires by itself.",
            level: Level::Live,
            exclusive: false,
            needs_target: false,
            parameters: vec![
                name(
                    "look",
                    "what to look at: session, send or magic-link; default session",
                )
                .one_of(LOOKS),
                name(
                    "variable",
                    "the variable with the account's address; default EMAIL_SERVER, or EMAIL_SERVER_HOST with PORT, USER and PASSWORD, or SMTP_…",
                ),
                name(
                    "from",
                    "the variable with the sender; default EMAIL_FROM and its usual other names",
                ),
                name(
                    "to",
                    "the variable with the address to send to; default HOLDPOINT_MAIL_TO",
                ),
                name(
                    "mailbox",
                    "the variable with the IMAP mailbox of that address, as imaps://USER:PASSWORD@HOST:993/INBOX; default HOLDPOINT_IMAP_URL",
                ),
                name(
                    "catcher",
                    "the variable with the address of a mail catcher (Mailpit, MailHog, maildev); default HOLDPOINT_MAIL_CATCHER_URL",
                ),
                name("url", "for magic-link: the application's address"),
                name(
                    "provider",
                    "for magic-link: the provider's id in NextAuth; default email, nodemailer or resend, whichever the application has",
                ),
            ],
            facts: facts::declared(),
        }
    }

    fn level(&self, parameters: &Facts) -> Level {
        match parameters.get("look").and_then(Value::as_str) {
            Some("send" | "magic-link") => Level::Active,
            _ => self.spec().level,
        }
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let mut look = Facts::new();
        look.insert("look".into(), "session".into());
        for (key, value) in parameters {
            let text = value
                .as_str()
                .ok_or_else(|| format!("{key}: {value} is not text"))?;
            look.insert(key.clone(), text.into());
        }
        if let Some(url) = text(&look, "url") {
            url::Url::parse(url).map_err(|error| format!("url: '{url}' is no address: {error}"))?;
        }
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, context: &Context) -> String {
        let place = match account::read(&context.environment, text(parameters, "variable")) {
            Reading::Account(account) => format!("{}:{}", account.host, account.port),
            Reading::Wrong { source, .. } => source.variable,
            Reading::Absent => "no mail server".into(),
        };
        match text(parameters, "look") {
            Some("send") => format!("mail by {place}"),
            Some("magic-link") => format!(
                "sign-in mail of {}",
                text(parameters, "url").unwrap_or("the application")
            ),
            _ => format!("SMTP {place}"),
        }
    }

    fn origin(&self, parameters: &Facts, context: &Context) -> Option<String> {
        if text(parameters, "look") == Some("magic-link") {
            let url = url::Url::parse(text(parameters, "url")?).ok()?;
            return Some(url.origin().ascii_serialization());
        }
        match account::read(&context.environment, text(parameters, "variable")) {
            Reading::Account(account) => Some(format!("smtp://{}:{}", account.host, account.port)),
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
            let looked = match text(parameters, "look") {
                Some("send") => send::look(parameters, context).await,
                Some("magic-link") => magic_link::look(parameters, context).await,
                _ => session_alone(parameters, context).await,
            };
            looked.map_or_else(Sighting::hindered, Sighting::of)
        })
    }
}

async fn session_alone(parameters: &Facts, context: &Context) -> Result<Facts, Hindrance> {
    let mut ladder = Ladder::new(RUNGS);
    let mut facts = facts::blank();
    let until = context.deadline();
    let session = session::begin(parameters, context, until, &mut ladder, &mut facts).await?;
    if let Some((session, _)) = session {
        session.leave(until).await;
    }
    facts.insert("steps".into(), ladder.into_fact());
    Ok(facts)
}

fn text<'a>(parameters: &'a Facts, key: &str) -> Option<&'a str> {
    parameters.get(key).and_then(Value::as_str)
}

/// Nothing of the kind is set up here.
fn absent(cause: &str) -> Hindrance {
    Hindrance::new(HindranceKind::Absent, cause)
}

/// Something that the look needs was not given.
fn denied(cause: impl Into<String>) -> Hindrance {
    Hindrance::new(HindranceKind::Denied, cause)
}
