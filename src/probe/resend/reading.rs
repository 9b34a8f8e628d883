//! What Resend's answers mean, by the name and the words of an error rather than by its status.

use crate::probe::transport::Fetched;
use serde_json::Value;

/// What the answer to the reading of domains says about a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Sending,
    Full,
    Invalid,
    Untold(String),
}

/// What became of the request to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Accepted(String),
    Refused(String, &'static str),
    Untold(String),
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    Delivered(String),
    Failed(String),
    OnItsWay(String),
    Untold(String),
}

/// The name of an error, as far as it is one word of the API's kind.
pub(super) fn error_name(answer: &Fetched) -> Option<String> {
    if answer.status < 400 {
        return None;
    }
    let body = answer.json()?;
    let name = body.get("name")?.as_str()?;
    let word = !name.is_empty()
        && name.len() <= 60
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    word.then(|| name.to_owned())
}

fn message(answer: &Fetched) -> String {
    // An answer that is not JSON has no message, yet its text may say the same.
    let said = answer
        .json()
        .and_then(|body| Some(body.get("message")?.as_str()?.to_lowercase()));
    said.unwrap_or_else(|| answer.text().to_lowercase())
}

/// The API names a revoked key `invalid_api_key` in its documentation, and answers `validation_error`
/// with the same words (resend-node, pull request 617).
fn says_invalid(answer: &Fetched) -> bool {
    match error_name(answer).as_deref() {
        Some("invalid_api_key" | "missing_api_key") => true,
        Some("validation_error") => message(answer).contains("api key is invalid"),
        _ => false,
    }
}

/// What is left where an answer proves nothing.
fn untold(answer: &Fetched) -> String {
    match answer.status {
        429 => "Resend limits the rate of requests just now".into(),
        status @ 500.. => format!("Resend answered {status}: a fault of its own"),
        status => match error_name(answer) {
            Some(name) => format!("Resend answered {status} {name}, which proves nothing"),
            None => format!("Resend answered {status}, which proves nothing"),
        },
    }
}

pub(super) fn key(answer: &Fetched) -> Key {
    let name = error_name(answer);
    if answer.status == 200 {
        let list = answer
            .json()
            .is_some_and(|body| body.get("data").is_some_and(Value::is_array));
        return if list {
            Key::Full
        } else {
            Key::Untold("what answered is not Resend's API".into())
        };
    }
    if name.as_deref() == Some("restricted_api_key") {
        Key::Sending
    } else if says_invalid(answer) {
        Key::Invalid
    } else {
        Key::Untold(untold(answer))
    }
}

pub(super) fn sent(answer: &Fetched) -> Sent {
    if answer.status == 200 {
        let id = answer
            .json()
            .and_then(|body| body.get("id")?.as_str().map(str::to_owned));
        let id = id.filter(|id| {
            !id.is_empty()
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
        return id.map_or_else(
            || Sent::Untold("Resend answered 200 without the message's id".into()),
            Sent::Accepted,
        );
    }
    let said = message(answer);
    match (answer.status, error_name(answer).as_deref()) {
        (429, Some("daily_quota_exceeded" | "monthly_quota_exceeded")) => Sent::Refused(
            "the account's quota of mails is used up".into(),
            "wait until the quota renews, or take a larger plan",
        ),
        (429 | 500.., _) => Sent::Untold(untold(answer)),
        _ if says_invalid(answer) => Sent::Refused(
            "Resend does not know the key".into(),
            "make a key with sending access at https://resend.com/api-keys",
        ),
        (403, _) if said.contains("testing emails") => Sent::Refused(
            "Resend sends to the account's owner only, because no domain is verified".into(),
            "verify a domain of your own at https://resend.com/domains and use an address of it as EMAIL_FROM",
        ),
        (403, _) if said.contains("not verified") => Sent::Refused(
            "the domain of the sender is not verified at Resend".into(),
            "add the DNS records that https://resend.com/domains shows, or use the domain that is verified; a subdomain counts as another domain",
        ),
        (403, _) if said.contains("not authorized") => Sent::Refused(
            "the key may not send from the domain of the sender".into(),
            "use a key that is made for this domain, or for all domains",
        ),
        (422, Some("invalid_from_address")) => Sent::Refused(
            "the sender is not written as Resend wants it".into(),
            "write EMAIL_FROM as name@domain, or Name <name@domain>",
        ),
        _ => Sent::Untold(untold(answer)),
    }
}

pub(super) fn event(answer: &Fetched) -> Event {
    if answer.status != 200 {
        return Event::Untold(untold(answer));
    }
    let word = answer
        .json()
        .and_then(|body| body.get("last_event")?.as_str().map(str::to_owned));
    match word.as_deref() {
        Some(word @ ("delivered" | "opened" | "clicked")) => Event::Delivered(word.into()),
        Some(word @ ("bounced" | "suppressed" | "failed" | "complained" | "canceled")) => {
            Event::Failed(word.into())
        }
        Some(word @ ("sent" | "queued" | "scheduled" | "delivery_delayed")) => {
            Event::OnItsWay(word.into())
        }
        _ => Event::Untold("its last event is not known".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, body: &Value) -> Fetched {
        Fetched {
            status,
            headers: reqwest::header::HeaderMap::new(),
            body: body.to_string().into_bytes(),
            ..Fetched::default()
        }
    }

    fn refusal(status: u16, name: &str, message: &str) -> Fetched {
        answer(
            status,
            &json!({ "statusCode": status, "name": name, "message": message }),
        )
    }

    #[test]
    fn keys_are_told_by_the_name_of_the_error() {
        let restricted = "This API key is restricted to only send emails";
        assert_eq!(
            key(&refusal(401, "restricted_api_key", restricted)),
            Key::Sending
        );
        assert_eq!(key(&answer(200, &json!({ "data": [] }))), Key::Full);
        for invalid in [
            refusal(403, "invalid_api_key", "API key is invalid"),
            refusal(400, "validation_error", "API key is invalid"),
            refusal(401, "validation_error", "API key is invalid"),
            refusal(401, "missing_api_key", "Missing API Key"),
        ] {
            assert_eq!(key(&invalid), Key::Invalid);
        }
        for untold in [
            refusal(429, "rate_limit_exceeded", "Too many requests"),
            refusal(500, "application_error", "An unexpected error occurred"),
            refusal(400, "validation_error", "something else"),
            answer(200, &json!("hello")),
            answer(403, &json!({ "error": "forbidden" })),
        ] {
            assert!(matches!(key(&untold), Key::Untold(_)), "{untold:?}");
        }
    }

    #[test]
    fn refusals_of_a_sender_are_told_apart() {
        assert_eq!(
            sent(&answer(200, &json!({ "id": "a-1" }))),
            Sent::Accepted("a-1".into())
        );
        let testing = "You can only send testing emails to your own email address (me@x.test)";
        for refused in [
            refusal(403, "validation_error", testing),
            refusal(
                403,
                "validation_error",
                "The shop.test domain is not verified.",
            ),
            refusal(403, "invalid_api_key", "API key is invalid"),
            refusal(422, "invalid_from_address", "Invalid `from` field."),
            refusal(
                429,
                "daily_quota_exceeded",
                "You have reached your daily quota",
            ),
        ] {
            let Sent::Refused(cause, remedy) = sent(&refused) else {
                panic!("{refused:?}")
            };
            // An address in the answer goes no further.
            assert!(!cause.contains('@') && !remedy.is_empty());
        }
        for untold in [
            refusal(429, "rate_limit_exceeded", "Too many requests"),
            refusal(
                500,
                "internal_server_error",
                "An unexpected error occurred.",
            ),
            refusal(
                409,
                "concurrent_idempotent_requests",
                "Another request is in progress",
            ),
            answer(200, &json!({})),
        ] {
            assert!(matches!(sent(&untold), Sent::Untold(_)), "{untold:?}");
        }
    }

    #[test]
    fn events_settle_or_do_not() {
        let of = |word: &str| event(&answer(200, &json!({ "last_event": word })));
        assert_eq!(of("delivered"), Event::Delivered("delivered".into()));
        assert_eq!(of("bounced"), Event::Failed("bounced".into()));
        assert_eq!(of("sent"), Event::OnItsWay("sent".into()));
        assert!(matches!(of("telepathy"), Event::Untold(_)));
        assert!(matches!(
            event(&refusal(404, "not_found", "")),
            Event::Untold(_)
        ));
    }
}
