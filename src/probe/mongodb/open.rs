//! Two controls that must fail: what strangers may do without a login, and without TLS.

use super::cause::Seen;
use super::climb::{Climb, open, timed};
use crate::probe::transport::mongodb::{Greeting, SELECTION, greet, within};
use mongodb::bson::doc;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a greeting without TLS may stay unanswered.
const GREETING: Duration = Duration::from_secs(3);
/// The server wants a login (Unauthorized).
const UNAUTHORIZED: i32 = 13;

/// The fact `open`.
pub(super) async fn look(climb: &Climb<'_>) -> Value {
    let (anonymous, plaintext) = tokio::join!(anonymous(climb), plaintext(climb));
    json!({
        "anonymous_refused": anonymous.refused,
        "anonymous_code": anonymous.code,
        "anonymous_cause": anonymous.cause,
        "plaintext_refused": plaintext.refused,
        "plaintext_cause": plaintext.cause,
    })
}

/// How a control ended.
#[derive(Default)]
struct Control {
    refused: Option<bool>,
    code: Option<i32>,
    cause: Option<String>,
}

impl Control {
    fn untold(cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::default()
        }
    }
}

async fn anonymous(climb: &Climb<'_>) -> Control {
    let Some(client) = climb.anonymous.as_ref().filter(|_| !climb.hello.is_empty()) else {
        return Control::untold("no server was reached");
    };
    let admin = client.database("admin");
    let command = doc! { "listDatabases": 1, "nameOnly": true };
    let until = within(SELECTION, climb.until);
    match timed(until, admin.run_command(command).into_future()).await {
        None => Control::untold("the server did not answer within the time allowed"),
        Some(Ok(_)) => Control {
            refused: Some(false),
            code: None,
            cause: Some("listDatabases was answered without a login".into()),
        },
        Some(Err(error)) => match Seen::of(&error).code {
            Some(UNAUTHORIZED) => Control {
                refused: Some(true),
                code: Some(UNAUTHORIZED),
                cause: None,
            },
            Some(code) => Control {
                code: Some(code),
                ..Control::untold(format!(
                    "listDatabases without a login was refused with code {code}, which does not say why"
                ))
            },
            None => Control::untold(climb.meaning(&error, "listDatabases").text),
        },
    }
}

/// Every server that was reached is greeted; one that answers is enough to fail.
async fn plaintext(climb: &Climb<'_>) -> Control {
    if !climb.address.as_ref().is_some_and(|address| address.tls) {
        return Control::untold("the connection string asks for no TLS");
    }
    // Without a handshake there is nothing to tell a refusal of plain text from one of everybody.
    if climb.trusted.is_none() {
        return Control::untold("no server was reached with TLS");
    }
    let mut control = Control::untold("no server was reached");
    for seed in climb.connected() {
        let until = within(GREETING, climb.until);
        let greeting = match open(&climb.context.transport, seed, until).await {
            Ok(stream) => greet(stream, until).await,
            Err(hindrance) => {
                return Control::untold(format!("{}: {}", seed.name(), hindrance.cause));
            }
        };
        control = match greeting {
            Greeting::Refused => Control {
                refused: Some(true),
                ..Control::default()
            },
            Greeting::Answered => {
                return Control {
                    refused: Some(false),
                    code: None,
                    cause: Some(format!("{} answers hello without TLS", seed.name())),
                };
            }
            Greeting::Silent => {
                return Control::untold(format!(
                    "{} neither answered nor closed the connection within 3 s",
                    seed.name()
                ));
            }
        };
    }
    control
}
