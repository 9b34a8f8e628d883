//! A subscription that the user gives, as a browser made it: is a message to it accepted?

use super::answer::{self, Meaning};
use super::delivery::Parts;
use super::message::{self, Subscription, is_safe};
use super::protocol;
use crate::model::{Facts, Hindrance, HindranceKind, Variable};
use crate::probe::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use url::Url;

/// The usual name.
pub(super) const VARIABLE: &str = "HOLDPOINT_PUSH_SUBSCRIPTION";

const MAKE: &str = "in the browser's console on the application's page: JSON.stringify(await (await \
    navigator.serviceWorker.ready).pushManager.getSubscription()), and put that whole text into the variable";

/// Sends one message. Gives the fact `subscription`.
pub(super) async fn look(
    parameters: &Facts,
    context: &Context,
    parts: &Parts<'_>,
) -> Result<Value, Hindrance> {
    let name = parameters.get("subscription").and_then(Value::as_str);
    let name = name.unwrap_or(VARIABLE);
    let set = context.environment.get(name);
    let Some(variable) = set.filter(|variable| !variable.value.is_empty()) else {
        return Err(Hindrance::new(
            HindranceKind::Absent,
            format!("{name} is not set, so there is no subscription to send to"),
        ));
    };
    let mut facts = facts(variable, context);
    let to = match read(&variable.value) {
        Ok(to) => to,
        Err(cause) => {
            facts["accepted"] = false.into();
            facts["cause"] = format!("{name} is not a subscription: {cause}").into();
            facts["remedy"] = MAKE.into();
            return Ok(facts);
        }
    };
    to.hide(name, &context.secrets);
    facts["service"] = to.endpoint.host_str().into();
    let text = json!({
        "title": "holdpoint",
        "body": "A test of web push. Nothing need be done.",
        "tag": format!("holdpoint-{}", context.run),
    });
    let request = message::request(&to, parts.sender(context.now), text.to_string().as_bytes());
    let request = request.map_err(|cause| Hindrance::new(HindranceKind::Internal, cause))?;
    let until = context.until;
    let fetched = match context.transport.fetch(request, until).await {
        Ok(fetched) => fetched,
        Err(fault) => {
            facts["cause"] = format!(
                "the message could not be handed to the push service: {}",
                fault.hindrance.cause
            )
            .into();
            return Ok(facts);
        }
    };
    let told = answer::read(&fetched);
    facts["status"] = told.status.into();
    facts["errno"] = told.errno.into();
    match told.meaning {
        Meaning::Accepted => facts["accepted"] = true.into(),
        Meaning::Refused { cause, remedy } => {
            facts["accepted"] = false.into();
            facts["cause"] = cause.into();
            facts["remedy"] = remedy.into();
        }
        Meaning::Untold(cause) => facts["cause"] = cause.into(),
    }
    Ok(facts)
}

fn facts(variable: &Variable, context: &Context) -> Value {
    json!({
        "variable": variable.name,
        "origin": variable.origin.to_string(),
        "length": variable.value.chars().count(),
        "fingerprint": context.secrets.fingerprint(&variable.value),
        "service": null, "status": null, "errno": null,
        "accepted": null, "cause": null, "remedy": null,
    })
}

/// A `PushSubscription` as `JSON.stringify` writes it.
fn read(text: &str) -> Result<Subscription, String> {
    let json: Value = serde_json::from_str(text.trim()).map_err(|_| "it is not JSON")?;
    let endpoint = json["endpoint"].as_str().ok_or("it has no endpoint")?;
    let endpoint = Url::parse(endpoint).map_err(|_| "its endpoint is not an address")?;
    if !matches!(endpoint.scheme(), "http" | "https") || !is_safe(&endpoint) {
        return Err("its endpoint is not an https address".into());
    }
    let bytes = |key: &str| {
        let text = json["keys"][key].as_str();
        let text = text.ok_or_else(|| format!("it has no keys.{key}"))?;
        protocol::decode(text).ok_or_else(|| format!("keys.{key} is not base64url"))
    };
    let (p256dh, auth) = (bytes("p256dh")?, bytes("auth")?);
    if p256::PublicKey::from_sec1_bytes(&p256dh).is_err() || p256dh.len() != 65 {
        return Err("keys.p256dh is not a point on P-256".into());
    }
    if auth.len() != 16 {
        return Err(format!(
            "keys.auth has {} bytes, and 16 are wanted",
            auth.len()
        ));
    }
    Ok(Subscription {
        endpoint,
        p256dh: BASE64.encode(p256dh),
        auth: BASE64.encode(auth),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ece::Receiver;

    fn subscription() -> Value {
        let browser = Receiver::generate();
        json!({
            "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
            "expirationTime": null,
            "keys": { "p256dh": BASE64.encode(browser.public_key()), "auth": BASE64.encode(browser.auth()) },
        })
    }

    #[test]
    fn what_browsers_make_is_read() {
        let text = subscription().to_string();
        let read = read(&format!("{text}\n")).unwrap();
        assert_eq!(read.endpoint.host_str(), Some("fcm.googleapis.com"));
        assert_eq!((read.p256dh.len(), read.auth.len()), (87, 22));
    }

    #[test]
    fn what_is_none_is_told() {
        let changed = |path: &str, value: Value| {
            let mut json = subscription();
            *json.pointer_mut(path).unwrap() = value;
            read(&json.to_string()).unwrap_err()
        };
        assert!(read("https://x").unwrap_err().contains("not JSON"));
        assert!(read("{}").unwrap_err().contains("no endpoint"));
        assert!(changed("/endpoint", json!("abc")).contains("not an address"));
        assert!(changed("/endpoint", json!("http://push.test/x")).contains("https"));
        assert!(changed("/endpoint", json!("wss://push.test/x")).contains("https"));
        assert!(changed("/keys", json!({})).contains("keys.p256dh"));
        assert!(changed("/keys/p256dh", json!("AAAA")).contains("not a point"));
        assert!(changed("/keys/auth", json!("AAAA")).contains("3 bytes"));
    }
}
