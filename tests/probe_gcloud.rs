//! The gcloud probe against a small server with the answers of Google Cloud's Resource Manager.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use holdpoint::model::{Facts, HindranceKind};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Duration;
use support::looking::{Looking, rung};
use tokio::net::TcpListener;

const TOKEN: &str = "ya29.c4nary-token-of-the-cloud";
const CLIENT: &str = "415104041262-abc.apps.googleusercontent.com";

/// What the server says of every project: the status and the state.
type Says = (u16, &'static str);

async fn project(
    State((status, state)): State<Says>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    let given = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if status == 0 {
        std::future::pending::<()>().await;
    }
    if given != Some(&format!("Bearer {TOKEN}")) {
        let refusal = json!({ "error": { "code": 401, "status": "UNAUTHENTICATED" } });
        return (StatusCode::UNAUTHORIZED, Json(refusal));
    }
    let told = json!({
        "name": format!("projects/{number}"), "projectId": "tasks-415", "displayName": "Tasks", "state": state,
    });
    (StatusCode::from_u16(status).unwrap(), Json(told))
}

async fn server(says: Says) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let site = Router::new()
        .route("/v3/projects/{number}", get(project))
        .route(
            "/v1/projects/tasks-415/billingInfo",
            get(async || Json(json!({ "billingEnabled": false }))),
        )
        .with_state(says);
    tokio::spawn(axum::serve(listener, site).into_future());
    url
}

async fn look_within(time: Duration, url: &str, token: &str, client: &str) -> Facts {
    Looking::at("gcloud")
        .with([("GOOGLE_CLOUD_TOKEN", token), ("GOOGLE_CLIENT_ID", client)])
        .within(time)
        .facts(json!({ "base_url": url, "billing_url": url }))
        .await
}

async fn look(url: &str, token: &str, client: &str) -> Facts {
    look_within(Duration::from_secs(60), url, token, client).await
}

#[tokio::test]
async fn an_active_project_is_named() {
    let facts = look(&server((200, "ACTIVE")).await, TOKEN, CLIENT).await;
    rung(&facts, "project", Some(true));
    assert_eq!(facts["number"], "415104041262");
    assert_eq!(facts["id"], "tasks-415");
    assert_eq!(facts["name"], "Tasks");
    assert_eq!(facts["billing"], false);
}

#[tokio::test]
async fn each_refusal_has_its_cause() {
    let going = look(&server((200, "DELETE_REQUESTED")).await, TOKEN, CLIENT).await;
    assert!(rung(&going, "project", Some(false)).contains("DELETE_REQUESTED"));
    let active = server((200, "ACTIVE")).await;
    let old = look(&active, "ya29.another", CLIENT).await;
    assert!(rung(&old, "token", Some(false)).contains("does not take the token"));
    rung(&old, "project", None);
    let strange = look(&active, TOKEN, "my-client").await;
    assert!(rung(&strange, "client", Some(false)).contains("number of a project"));
    let hidden = look(&server((403, "")).await, TOKEN, CLIENT).await;
    assert!(rung(&hidden, "project", None).contains("may not read"));
    let fails = look(&server((503, "")).await, TOKEN, CLIENT).await;
    assert!(rung(&fails, "token", None).contains("503"));
    let silent = server((0, "")).await;
    let hangs = look_within(Duration::from_secs(3), &silent, TOKEN, CLIENT).await;
    assert!(rung(&hangs, "token", None).contains("could not be asked"));
}

#[tokio::test]
async fn without_a_token_nothing_is_said() {
    let sighting = Looking::at("gcloud")
        .with([("GOOGLE_CLIENT_ID", CLIENT)])
        .look(json!({}))
        .await;
    let hindrance = sighting.hindrance.unwrap();
    assert_eq!(hindrance.kind, HindranceKind::Absent);
    assert!(
        hindrance.cause.contains("GOOGLE_CLOUD_TOKEN"),
        "{hindrance:?}"
    );
}
