//! The senders' end: verifies the signature and the form of a message (RFC 8030, 8188, 8292), and passes it on.

use super::{Channel, Outgoing, PushFault, State, token};
use crate::clock;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::{Value, json};
use std::sync::Arc;

/// The most bytes of a message (RFC 8030 section 7.2).
const LONGEST: usize = 4096;
/// The most seconds that a signature may hold (RFC 8292 section 2).
const DAY: i64 = 24 * 60 * 60;
/// Bytes before the record: salt, record size, length of the key's name, the key.
const HEADER: usize = 16 + 4 + 1 + 65;

/// A refusal with the service's number for it.
#[derive(Debug)]
struct Refusal(StatusCode, u32, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, errno, message) = self;
        let body = json!({
            "code": status.as_u16(), "errno": errno, "error": status.canonical_reason(), "message": message,
            "more_info": "http://autopush.readthedocs.io/en/latest/http.html#error-codes",
        });
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                (status, [(header::RETRY_AFTER, "120")], Json(body)).into_response()
            }
            _ => (status, Json(body)).into_response(),
        }
    }
}

/// Takes a message for a channel.
pub(super) async fn take(
    Shared(state): Shared<Arc<State>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match accept(&state, &token, &headers, &body) {
        Ok(location) => (StatusCode::CREATED, [(header::LOCATION, location)]).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn accept(
    state: &State,
    address: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<String, Refusal> {
    let channel = state.channels().get(address).cloned();
    let channel = channel.ok_or(Refusal(StatusCode::NOT_FOUND, 102, "Invalid token"))?;
    match state.fault {
        Some(PushFault::Expired) => {
            return Err(Refusal(StatusCode::GONE, 106, "No such subscription"));
        }
        Some(PushFault::TooLarge) => {
            return Err(Refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                104,
                "Request payload too large",
            ));
        }
        Some(PushFault::Unavailable) => {
            return Err(Refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                201,
                "Please slow down",
            ));
        }
        Some(PushFault::RefusesEverySignature) => {
            return Err(Refusal(
                StatusCode::UNAUTHORIZED,
                109,
                "VAPID public key mismatch",
            ));
        }
        Some(PushFault::AcceptsAnySignature) => {}
        _ => verify(headers, &channel, &state.origin)
            .map_err(|message| Refusal(StatusCode::UNAUTHORIZED, 109, message))?,
    }
    let ttl = text(headers, "ttl").and_then(|ttl| ttl.parse::<u32>().ok());
    let ttl = ttl.ok_or(Refusal(StatusCode::BAD_REQUEST, 111, "Missing TTL value"))?;
    let topic = text(headers, "topic").unwrap_or_default();
    if topic.len() > 32
        || !topic
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    {
        return Err(Refusal(StatusCode::BAD_REQUEST, 113, "Invalid topic"));
    }
    if body.len() > LONGEST {
        return Err(Refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            104,
            "Request payload too large",
        ));
    }
    let whole = body.len() > HEADER && body[20] == 65 && body[21] == 4;
    if text(headers, "content-encoding") != Some("aes128gcm") || !whole {
        return Err(Refusal(
            StatusCode::BAD_REQUEST,
            110,
            "Invalid aes128gcm message",
        ));
    }
    let version = token();
    let location = format!("{}/m/{version}", state.origin);
    let outgoing = match state.fault {
        Some(PushFault::NeverDelivers) => None,
        Some(PushFault::Closes) => Some(Outgoing::Close),
        _ => {
            let mut data = body.to_vec();
            if state.has(PushFault::Garbles)
                && let Some(last) = data.last_mut()
            {
                *last ^= 1;
            }
            Some(Outgoing::Message(json!({
                "messageType": "notification", "channelID": channel.id, "version": version, "ttl": ttl,
                "data": URL_SAFE_NO_PAD.encode(data), "headers": { "encoding": "aes128gcm" },
            })))
        }
    };
    if let Some(outgoing) = outgoing {
        // A client that has left gets nothing; its service would keep the message for a while.
        let _left = channel.client.send(outgoing);
    }
    Ok(location)
}

/// Is the message signed by the key that the channel is bound to, for this service, now?
fn verify(headers: &HeaderMap, channel: &Channel, origin: &str) -> Result<(), &'static str> {
    let value = text(headers, "authorization").ok_or("Missing VAPID token")?;
    let fields = value.strip_prefix("vapid ").ok_or("Unknown auth scheme")?;
    let field = |name: &str| {
        fields
            .split(',')
            .filter_map(|field| field.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    let token = field("t").ok_or("Missing VAPID token")?;
    let key = field("k").ok_or("Missing VAPID public key")?;
    let key = decode(key).ok_or("Invalid VAPID public key")?;
    if channel.key.as_ref().is_some_and(|bound| *bound != key) {
        return Err("VAPID public key mismatch");
    }
    let key = VerifyingKey::from_sec1_bytes(&key).map_err(|_| "Invalid VAPID public key")?;
    let (signed, signature) = token.rsplit_once('.').ok_or("InvalidToken")?;
    let signature = decode(signature).ok_or("InvalidToken")?;
    let signature = Signature::from_slice(&signature).map_err(|_| "InvalidSignature")?;
    key.verify(signed.as_bytes(), &signature)
        .map_err(|_| "InvalidSignature")?;
    let (head, claims) = signed.split_once('.').ok_or("InvalidToken")?;
    if json(head).ok_or("InvalidToken")?["alg"] != "ES256" {
        return Err("InvalidAlgorithm");
    }
    let claims = json(claims).ok_or("InvalidToken")?;
    if claims["aud"] != origin {
        return Err("Invalid VAPID audience");
    }
    let now = clock::now().as_second();
    match claims["exp"].as_i64() {
        None => return Err("Invalid VAPID expiry"),
        Some(until) if until <= now => return Err("Invalid VAPID expiry"),
        Some(until) if until > now + DAY => return Err("The VAPID token expiration is too long"),
        Some(_) => {}
    }
    let contact = claims["sub"].as_str().unwrap_or_default();
    if contact.starts_with("mailto:") || contact.starts_with("https:") {
        Ok(())
    } else {
        Err("Invalid VAPID subject")
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_slice(&decode(text)?).ok()
}
