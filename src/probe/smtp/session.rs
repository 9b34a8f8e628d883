//! From the account's address to a session that is logged in, one rung after the other.

use super::account::{self, Account, Reading};
use super::answer::{self, Answer, Meaning};
use super::security::{insecure, upgraded, wants_tls_first};
use super::{absent, text};
use crate::clock;
use crate::model::{Facts, Hindrance, HindranceKind};
use crate::probe::Context;
use crate::probe::ladder::Ladder;
use crate::probe::transport::smtp::{Broken, Smtp};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Ehlo, Noop};
use lettre::transport::smtp::extension::{ClientId, ServerInfo};
use lettre::transport::smtp::response::Response;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// After this much silence in place of a greeting it is asked what the port waits for.
const SILENCE: Duration = Duration::from_secs(3);

/// How long the answer to a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A session that is logged in, where there is a login.
pub(super) struct Session {
    pub(super) smtp: Smtp,
}

impl Session {
    /// Says goodbye; the answer does not matter.
    pub(super) async fn leave(self, until: Instant) {
        let until = until.min(clock::tick() + GOODBYE);
        self.smtp.leave(until).await;
    }
}

/// Climbs up to `noop`. None where a rung broke or could not be told.
///
/// # Errors
/// No mail server is configured, or no more is sent to it.
pub(super) async fn begin(
    parameters: &Facts,
    context: &Context,
    until: Instant,
    ladder: &mut Ladder,
    facts: &mut Facts,
) -> Result<Option<(Session, Account)>, Hindrance> {
    let account = match account::read(&context.environment, text(parameters, "variable")) {
        Reading::Absent => return Err(absent("no variable holds a mail server")),
        Reading::Wrong {
            source,
            cause,
            remedy,
        } => {
            if source.value.contains('@') {
                context.secrets.register(&source.variable, &source.value);
            }
            describe(facts, context, &source);
            ladder.broke("parse", cause, remedy);
            return Ok(None);
        }
        Reading::Account(account) => *account,
    };
    if let Some((_, password)) = &account.login {
        let name = &account.source.variable;
        context.secrets.register(name, &account.source.value);
        context.secrets.register(name, password);
    }
    describe(facts, context, &account.source);
    facts.insert("host".into(), account.host.as_str().into());
    facts.insert("port".into(), account.port.into());
    facts.insert("local".into(), is_local(&account.host).into());
    facts.insert("credentials".into(), account.login.is_some().into());
    facts.insert("unescaped".into(), account.unescaped.into());
    facts.insert("verifies_certificate".into(), account.verifies.into());
    if let Some(reason) = crate::probe::environment::sample_text(&account.host) {
        ladder.broke(
            "parse",
            format!(
                "{} still holds sample text: {reason}",
                account.source.variable
            ),
            "put in the provider's own host name",
        );
        return Ok(None);
    }
    ladder.held("parse");
    let smtp = match Smtp::open(&context.transport, &account.host, account.port, until).await {
        Ok(smtp) => climb(smtp, &account, context, until, ladder, facts).await,
        Err(hindrance) if hindrance.kind == HindranceKind::Withheld => return Err(hindrance),
        Err(hindrance) => {
            unreached(&account, &hindrance, ladder);
            None
        }
    };
    Ok(smtp.map(|smtp| (Session { smtp }, account)))
}

fn describe(facts: &mut Facts, context: &Context, source: &account::Source) {
    facts.insert("variable".into(), source.variable.as_str().into());
    facts.insert("origin".into(), source.origin.as_str().into());
    facts.insert("length".into(), source.value.chars().count().into());
    facts.insert(
        "fingerprint".into(),
        context.secrets.fingerprint(&source.value).into(),
    );
}

pub(super) fn is_local(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

async fn climb(
    mut smtp: Smtp,
    account: &Account,
    context: &Context,
    until: Instant,
    ladder: &mut Ladder,
    facts: &mut Facts,
) -> Option<Smtp> {
    ladder.held("resolve");
    ladder.held("connect");
    if account.implicit {
        smtp = match smtp.secured(&context.transport, &account.host, until).await {
            Ok(smtp) => smtp,
            Err(fault) => {
                insecure(account, fault, ladder);
                return None;
            }
        };
    }
    let mut offers = greeted(account, context, &mut smtp, until, ladder, facts).await?;
    if account.implicit {
        facts.insert("security".into(), "tls".into());
    } else {
        (smtp, offers) = upgraded(account, context, smtp, offers, until, ladder, facts).await?;
    }
    facts.insert("tls_version".into(), smtp.tls_version().into());
    ladder.held("tls");
    if let Some(login) = &account.login {
        authenticate(account, login, &mut smtp, &offers, until, ladder, facts).await?;
    }
    match smtp.command(Noop, until).await {
        Ok(response) if response.is_positive() => ladder.held("noop"),
        Ok(response) => {
            let codes = Answer::of(&response).codes();
            ladder.untold("noop", format!("the server answered {codes} to NOOP"));
            return None;
        }
        Err(broken) => {
            ladder.untold("noop", said(&broken, "NOOP"));
            return None;
        }
    }
    Some(smtp)
}

fn unreached(account: &Account, hindrance: &Hindrance, ladder: &mut Ladder) {
    let place = format!("{}:{}", account.host, account.port);
    match hindrance.kind {
        HindranceKind::Dns => {
            // The resolver's own words are all that tells "there is none" from "not now".
            let none = ["not known", "does not resolve", "No address"];
            if none.iter().any(|words| hindrance.cause.contains(words)) {
                ladder.broke(
                    "resolve",
                    format!("there is no host {}", account.host),
                    "copy the mail server's name from the provider again",
                );
            } else {
                ladder.untold("resolve", hindrance.cause.clone());
            }
        }
        HindranceKind::Refused => {
            ladder.held("resolve");
            ladder.broke(
                "connect",
                format!("{place} refuses connections: nothing listens there"),
                "use the port that the provider names: 465 with smtps://, 587 with smtp://",
            );
        }
        _ => {
            ladder.held("resolve");
            ladder.untold(
                "connect",
                format!(
                    "{place} could not be reached from here: {}",
                    hindrance.cause
                ),
            );
        }
    }
}

/// Reads the greeting and says EHLO.
async fn greeted(
    account: &Account,
    context: &Context,
    smtp: &mut Smtp,
    until: Instant,
    ladder: &mut Ladder,
    facts: &mut Facts,
) -> Option<ServerInfo> {
    // Where nothing is said for a while, another connection finds out whether the port waits for TLS.
    let now = clock::tick();
    let patience = now + (until.saturating_duration_since(now) / 2).min(SILENCE);
    let mut tls_first = false;
    let mut first = smtp.answer(patience).await;
    if !account.implicit && matches!(first, Err(Broken::Silent | Broken::Garbled)) {
        let now = clock::tick();
        let limit = now + (until.saturating_duration_since(now) / 2).min(SILENCE);
        tls_first = wants_tls_first(account, context, limit).await;
    }
    if first == Err(Broken::Silent) && !tls_first {
        // Some servers let clients wait on purpose.
        first = smtp.answer(until).await;
    }
    match first {
        Ok(response) => {
            facts.insert("greeting_code".into(), Answer::of(&response).code.into());
            if !response.has_code(220) {
                let codes = Answer::of(&response).codes();
                ladder.untold("greeting", format!("the server turns this client away with {codes}; the application's host may fare otherwise"));
                return None;
            }
        }
        Err(broken) => {
            if tls_first {
                ladder.broke(
                    "greeting",
                    format!("port {} speaks TLS from the first byte, and with smtp:// the mailer starts without: it waits for a greeting that never comes", account.port),
                    "write smtps:// in place of smtp://, or use port 587",
                );
            } else {
                ladder.untold("greeting", said(&broken, "the connection"));
            }
            return None;
        }
    }
    match ehlo(smtp, until).await {
        Ok((offers, response)) => {
            note_offers(facts, &response);
            ladder.held("greeting");
            Some(offers)
        }
        Err(cause) => {
            ladder.untold("greeting", cause);
            None
        }
    }
}

pub(super) async fn ehlo(
    smtp: &mut Smtp,
    until: Instant,
) -> Result<(ServerInfo, Response), String> {
    // The name of a client that has none (RFC 5321 section 4.1.3); mailers send the same.
    let hello = Ehlo::new(ClientId::Ipv4(Ipv4Addr::LOCALHOST));
    let response = smtp
        .command(hello, until)
        .await
        .map_err(|broken| said(&broken, "EHLO"))?;
    if !response.is_positive() {
        let codes = Answer::of(&response).codes();
        return Err(format!("the server answered {codes} to EHLO"));
    }
    let offers = ServerInfo::from_response(&response)
        .map_err(|_| "the server's answer to EHLO cannot be read".to_owned())?;
    Ok((offers, response))
}

pub(super) fn note_offers(facts: &mut Facts, response: &Response) {
    let offers: Vec<String> = response
        .message()
        .skip(1)
        .filter_map(|line| {
            let first = line.split_whitespace().next()?.to_ascii_uppercase();
            Some(if first == "AUTH" {
                line.trim().to_ascii_uppercase()
            } else {
                first
            })
        })
        .take(40)
        .collect();
    facts.insert("offers".into(), json!(offers));
}

/// PLAIN, and LOGIN where PLAIN is not there. One attempt, so that no account is locked.
async fn authenticate(
    account: &Account,
    (user, password): &(String, String),
    smtp: &mut Smtp,
    offers: &ServerInfo,
    until: Instant,
    ladder: &mut Ladder,
    facts: &mut Facts,
) -> Option<()> {
    let Some(mechanism) = offers.get_auth_mechanism(&[Mechanism::Plain, Mechanism::Login]) else {
        let auth = facts.get("offers").and_then(|offers| offers.as_array());
        let other = auth.is_some_and(|offers| {
            offers
                .iter()
                .any(|offer| offer.as_str().is_some_and(|text| text.starts_with("AUTH")))
        });
        if other {
            ladder.untold(
                "authenticate",
                "the server offers neither PLAIN nor LOGIN, and other mechanisms are not tried",
            );
        } else {
            ladder.broke(
                "authenticate",
                "the server offers no login (AUTH), so the mailer never uses the user name and password",
                "use the provider's submission port, 465 or 587, rather than 25",
            );
        }
        return None;
    };
    facts.insert("login_mechanism".into(), mechanism.to_string().into());
    let credentials = Credentials::new(user.clone(), password.clone());
    let answer = match login(smtp, mechanism, &credentials, until).await {
        Ok(answer) => answer,
        Err(cause) => {
            ladder.untold("authenticate", cause);
            return None;
        }
    };
    facts.insert("login_code".into(), answer.code.into());
    facts.insert("login_enhanced".into(), answer.enhanced_text().into());
    climbed(
        "authenticate",
        answer::login(answer, &account.host, user),
        ladder,
    )
}

async fn login(
    smtp: &mut Smtp,
    mechanism: Mechanism,
    credentials: &Credentials,
    until: Instant,
) -> Result<Answer, String> {
    let unreadable = |_| "the server's challenge cannot be read".to_owned();
    let first = Auth::new(mechanism, credentials.clone(), None).map_err(unreadable)?;
    let lost = |broken: Broken| said(&broken, "the login");
    let mut response = smtp.command(first, until).await.map_err(lost)?;
    // User name and password are asked for by LOGIN; more challenges than that are none.
    for _ in 0..2 {
        if !response.has_code(334) {
            break;
        }
        let next = Auth::new_from_response(mechanism, credentials.clone(), &response)
            .map_err(unreadable)?;
        response = smtp.command(next, until).await.map_err(lost)?;
    }
    Ok(Answer::of(&response))
}

/// Puts down what an answer means; none where the climb ends here.
pub(super) fn climbed(rung: &str, meaning: Meaning, ladder: &mut Ladder) -> Option<()> {
    match meaning {
        Meaning::Held => {
            ladder.held(rung);
            Some(())
        }
        Meaning::Broke { cause, remedy } => {
            ladder.broke(rung, cause, remedy);
            None
        }
        Meaning::Untold(cause) => {
            ladder.untold(rung, cause);
            None
        }
    }
}

/// A missing answer in words.
pub(super) fn said(broken: &Broken, to: &str) -> String {
    match broken {
        Broken::Silent => format!("the server did not answer {to} in time"),
        Broken::Closed => format!("the server closed the connection instead of answering {to}"),
        Broken::Garbled => format!("what answers {to} does not speak SMTP"),
    }
}
