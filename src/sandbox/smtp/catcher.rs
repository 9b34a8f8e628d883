//! The mailbox of the mail server over HTTP, with those parts of Mailpit's API that finding and removing need.

use super::{Mail, Shared};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/api/v1/info",
            get(async || Json(json!({ "Version": "sandbox" }))),
        )
        .route("/api/v1/search", get(search))
        .route("/api/v1/message/{id}/raw", get(raw))
        .route("/api/v1/messages", get(all).delete(remove))
        .with_state(shared)
}

#[derive(Deserialize)]
struct Search {
    query: String,
}

#[derive(Deserialize)]
struct Removal {
    #[serde(rename = "IDs")]
    ids: Vec<String>,
}

async fn all(State(shared): State<Arc<Shared>>) -> Json<Value> {
    listed(shared.mails().iter())
}

/// Knows `subject:"…"` and `to:"…"`.
async fn search(State(shared): State<Arc<Shared>>, Query(search): Query<Search>) -> Json<Value> {
    let (field, value) = search.query.split_once(':').unwrap_or(("", ""));
    let value = value.trim_matches('"');
    let mails = shared.mails();
    listed(mails.iter().filter(|mail| match field {
        "subject" => subject(mail).contains(value),
        "to" => mail.to.iter().any(|to| to.eq_ignore_ascii_case(value)),
        _ => false,
    }))
}

async fn raw(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<String, StatusCode> {
    let mails = shared.mails();
    let mail = mails.iter().find(|mail| mail.id == id);
    mail.map(|mail| mail.raw.clone())
        .ok_or(StatusCode::NOT_FOUND)
}

async fn remove(State(shared): State<Arc<Shared>>, Json(removal): Json<Removal>) -> &'static str {
    shared
        .mails()
        .retain(|mail| !removal.ids.contains(&mail.id));
    "ok"
}

fn listed<'a>(mails: impl Iterator<Item = &'a Mail>) -> Json<Value> {
    let mails: Vec<Value> = mails
        .map(|mail| {
            let to: Vec<Value> = mail.to.iter().map(|to| json!({ "Address": to })).collect();
            json!({ "ID": mail.id, "Subject": subject(mail), "To": to })
        })
        .collect();
    Json(json!({ "messages": mails }))
}

fn subject(mail: &Mail) -> &str {
    mail.header("Subject").unwrap_or_default()
}
