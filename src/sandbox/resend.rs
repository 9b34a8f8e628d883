//! A double of Resend's API on loopback: keys of two kinds, sending, and what became of a message.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the account's key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Send and nothing else.
    Sending,
    /// Everything.
    Full,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The key was revoked: as documented, by the name `invalid_api_key`.
    Revoked,
    /// The key was revoked: as the API answers since 2025, by the name `validation_error`.
    RevokedUnnamed,
    /// The sender's domain is not verified.
    NotVerified,
    /// The account has no domain, so mail goes to its owner only.
    SharedSender,
    /// Too many requests.
    RateLimited,
    /// The API is down.
    Broken,
    /// Messages are accepted and bounce.
    Bounces,
    /// Messages are accepted and stay on their way.
    NeverDelivered,
}

/// A running API. Dropping it stops it.
#[derive(Debug)]
pub struct ResendApi {
    address: SocketAddr,
    account: Arc<Account>,
    task: JoinHandle<()>,
}

struct Account {
    key: String,
    access: Access,
    fault: Option<Fault>,
    /// Messages by their id, with how often they were asked about.
    messages: Mutex<HashMap<String, (Value, u32)>>,
    /// The id that each idempotency key gave.
    sent: Mutex<HashMap<String, String>>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} with {:?}", self.access, self.fault)
    }
}

impl ResendApi {
    /// Starts the API on a free port of 127.0.0.1. Needs a running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound, or the system gives no random bytes for the key.
    pub async fn start(access: Access, fault: Option<Fault>) -> io::Result<Self> {
        let account = Arc::new(Account {
            key: format!("re_{}", super::keys::hex::<16>()?),
            access,
            fault,
            messages: Mutex::default(),
            sent: Mutex::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let site = Router::new()
            .route("/domains", get(domains))
            .route("/emails", post(send))
            .route("/emails/{id}", get(message))
            .with_state(account.clone());
        let task = tokio::spawn(async move {
            // It ends when it is stopped.
            let _ended = axum::serve(listener, site).await;
        });
        Ok(Self {
            address,
            account,
            task,
        })
    }

    /// The variables of an application that sends by this API, and of a run that looks at it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("RESEND_API_KEY", self.account.key.clone()),
            ("EMAIL_FROM", "Sandbox <app@sandbox.test>".into()),
            ("HOLDPOINT_RESEND_URL", format!("http://{}", self.address)),
        ]
    }

    /// The key that is accepted.
    pub fn key(&self) -> &str {
        &self.account.key
    }

    /// Every message that was accepted.
    pub fn messages(&self) -> Vec<Value> {
        let messages = lock(&self.account.messages);
        messages
            .values()
            .map(|(message, _)| message.clone())
            .collect()
    }
}

impl Drop for ResendApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error as the API writes it.
fn error(status: u16, name: &str, message: &str) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "statusCode": status, "name": name, "message": message });
    (code, Json(body)).into_response()
}

impl Account {
    /// The answer to those who may not go on.
    fn refusal(&self, headers: &HeaderMap, to_send: bool) -> Option<Response> {
        match self.fault {
            Some(Fault::Broken) => {
                return Some(error(
                    500,
                    "application_error",
                    "An unexpected error occurred",
                ));
            }
            Some(Fault::RateLimited) => {
                return Some(error(429, "rate_limit_exceeded", "Too many requests"));
            }
            _ => {}
        }
        let given = headers
            .get("authorization")
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        match (given, self.fault) {
            (None, _) => Some(error(401, "missing_api_key", "Missing API Key")),
            (Some(_), Some(Fault::Revoked)) => {
                Some(error(403, "invalid_api_key", "API key is invalid"))
            }
            (Some(_), Some(Fault::RevokedUnnamed)) => {
                Some(error(400, "validation_error", "API key is invalid"))
            }
            (Some(key), _) if key != self.key => {
                Some(error(403, "invalid_api_key", "API key is invalid"))
            }
            _ if !to_send && self.access == Access::Sending => {
                let message = "This API key is restricted to only send emails";
                Some(error(401, "restricted_api_key", message))
            }
            _ => None,
        }
    }
}

async fn domains(State(account): State<Arc<Account>>, headers: HeaderMap) -> Response {
    if let Some(refusal) = account.refusal(&headers, false) {
        return refusal;
    }
    let domain = json!({ "id": "d1", "name": "sandbox.test", "status": "verified" });
    Json(json!({ "object": "list", "data": [domain] })).into_response()
}

async fn send(State(account): State<Arc<Account>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(refusal) = account.refusal(&headers, true) {
        return refusal;
    }
    let Ok(message) = serde_json::from_slice::<Value>(&body) else {
        return error(400, "validation_error", "The body is not JSON");
    };
    if let Some(field) = ["from", "to", "subject"]
        .iter()
        .find(|field| message.get(**field).is_none())
    {
        return error(
            422,
            "missing_required_field",
            &format!("Missing `{field}` field"),
        );
    }
    match account.fault {
        Some(Fault::NotVerified) => {
            let said =
                "The sandbox.test domain is not verified. Please, add and verify your domain";
            return error(403, "validation_error", said);
        }
        Some(Fault::SharedSender) => {
            let said =
                "You can only send testing emails to your own email address (owner@sandbox.test)";
            return error(403, "validation_error", said);
        }
        _ => {}
    }
    let again = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    if let Some(id) = again
        .as_ref()
        .and_then(|key| lock(&account.sent).get(key).cloned())
    {
        return Json(json!({ "id": id })).into_response();
    }
    let id = format!("{:032x}", fastrand::u128(..));
    lock(&account.messages).insert(id.clone(), (message, 0));
    if let Some(key) = again {
        lock(&account.sent).insert(key, id.clone());
    }
    Json(json!({ "id": id })).into_response()
}

/// A message is on its way when it is first asked about, and has arrived by the second time.
async fn message(
    State(account): State<Arc<Account>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = account.refusal(&headers, false) {
        return refusal;
    }
    let mut messages = lock(&account.messages);
    let Some((_, asked)) = messages.get_mut(&id) else {
        return error(404, "not_found", "Email not found");
    };
    *asked += 1;
    let event = match (account.fault, *asked) {
        (_, 1) | (Some(Fault::NeverDelivered), _) => "sent",
        (Some(Fault::Bounces), _) => "bounced",
        _ => "delivered",
    };
    Json(json!({ "object": "email", "id": id, "last_event": event })).into_response()
}
