//! A double of OSV's interface on loopback: batches with pages, records, and what goes wrong.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OsvFault {
    /// It knows of no advisory at all.
    Empty,
    /// Batches are answered with 503.
    Broken,
    /// Batches are never answered.
    Hangs,
    /// Batches are answered with a page of HTML.
    Garbage,
    /// One answer of a batch is left out.
    ShortBatch,
    /// Each page names itself as the next one.
    EndlessPages,
    /// Records are answered with 500.
    RecordsBroken,
    /// Another record is given than the one that was asked for.
    OtherRecords,
}

/// An advisory of the double.
#[derive(Debug, Clone)]
pub struct OsvRecord {
    /// The whole record, in the form of the OSV schema.
    pub record: Value,
    /// The package.
    pub name: String,
    /// Every version below this one is affected.
    pub fixed: [u64; 3],
}

impl OsvRecord {
    /// A record with a CVSS 3.1 vector, for every version below `fixed`.
    pub fn new(id: &str, name: &str, fixed: [u64; 3], vector: &str) -> Self {
        let [major, minor, patch] = fixed;
        let record = json!({
            "schema_version": "1.7.0",
            "id": id,
            "modified": "2026-03-01T09:00:00Z",
            "summary": format!("A weakness of {name}"),
            "affected": [{
                "package": { "ecosystem": "npm", "name": name, "purl": format!("pkg:npm/{name}") },
                "ranges": [{ "type": "SEMVER", "events": [
                    { "introduced": "0" }, { "fixed": format!("{major}.{minor}.{patch}") }] }],
            }],
            "severity": [{ "type": "CVSS_V3", "score": vector }],
        });
        Self {
            record,
            name: name.to_owned(),
            fixed,
        }
    }
}

/// A running interface. Dropping it stops it.
#[derive(Debug)]
pub struct OsvApi {
    address: SocketAddr,
    held: Arc<Held>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Held {
    records: Vec<OsvRecord>,
    fault: Option<OsvFault>,
    /// At most this many ids in one answer, so that there are pages.
    page: usize,
    asked: Mutex<Vec<String>>,
}

/// The vector of what the double holds against the package that every source knows.
const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

impl OsvApi {
    /// Starts it on a free port of 127.0.0.1 with these records beside the one that every source of
    /// advisories has. Needs a running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound.
    pub async fn start(
        mut records: Vec<OsvRecord>,
        page: usize,
        fault: Option<OsvFault>,
    ) -> io::Result<Self> {
        records.push(OsvRecord::new(
            "GHSA-xvch-5gv4-984h",
            "minimist",
            [0, 2, 4],
            CRITICAL,
        ));
        let held = Arc::new(Held {
            records,
            fault,
            page: page.max(1),
            asked: Mutex::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let site = Router::new()
            .route("/v1/querybatch", post(batch))
            .route("/v1/vulns/{id}", get(record))
            .with_state(held.clone());
        let task = tokio::spawn(async move {
            // It ends when it is stopped.
            let _ended = axum::serve(listener, site).await;
        });
        Ok(Self {
            address,
            held,
            task,
        })
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What tells a run where it is.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![("HOLDPOINT_OSV_URL", self.url())]
    }

    /// Every name that it was asked about, once for each question.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.held.asked).clone()
    }
}

impl Drop for OsvApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The numbers of a version, without what stands behind a dash.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut parts = version.split('-').next()?.split('.');
    let mut next = || parts.next()?.parse().ok();
    Some([next()?, next()?, next()?])
}

async fn batch(State(held): State<Arc<Held>>, body: Bytes) -> Response {
    match held.fault {
        Some(OsvFault::Broken) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(OsvFault::Hangs) => std::future::pending().await,
        Some(OsvFault::Garbage) => return "<html>Service mesh</html>".into_response(),
        _ => {}
    }
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(queries) = asked.get("queries").and_then(Value::as_array) else {
        return refusal("Invalid query.");
    };
    if queries.len() > 1000 {
        return refusal("Too many queries.");
    }
    let mut results = Vec::new();
    for query in queries {
        let name = query.pointer("/package/name").and_then(Value::as_str);
        let version = query.get("version").and_then(Value::as_str);
        let ecosystem = query.pointer("/package/ecosystem").and_then(Value::as_str);
        let (Some(name), Some(version), Some("npm")) = (name, version, ecosystem) else {
            return refusal("Invalid query.");
        };
        lock(&held.asked).push(name.to_owned());
        let token = query.get("page_token").and_then(Value::as_str);
        let start: usize = token.and_then(|it| it.parse().ok()).unwrap_or(0);
        results.push(held.answer(name, version, start));
    }
    if held.fault == Some(OsvFault::ShortBatch) {
        results.pop();
    }
    Json(json!({ "results": results })).into_response()
}

fn refusal(message: &str) -> Response {
    let body = json!({ "code": 3, "message": message });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

impl Held {
    /// One answer of a batch: ids alone, and none of the keys where there is nothing.
    fn answer(&self, name: &str, version: &str, start: usize) -> Value {
        let below = |record: &&OsvRecord| {
            record.name == name && numbers(version).is_some_and(|version| version < record.fixed)
        };
        let all: Vec<_> = match self.fault {
            Some(OsvFault::Empty) => Vec::new(),
            _ => self.records.iter().filter(below).collect(),
        };
        let vulns: Vec<_> = all
            .iter()
            .skip(start)
            .take(self.page)
            .map(|it| json!({ "id": it.record["id"], "modified": it.record["modified"] }))
            .collect();
        if vulns.is_empty() {
            return json!({});
        }
        let next = start.saturating_add(self.page);
        match self.fault {
            Some(OsvFault::EndlessPages) => json!({ "vulns": vulns, "next_page_token": "0" }),
            _ if next < all.len() => {
                json!({ "vulns": vulns, "next_page_token": next.to_string() })
            }
            _ => json!({ "vulns": vulns }),
        }
    }
}

async fn record(State(held): State<Arc<Held>>, Path(id): Path<String>) -> Response {
    let found = match held.fault {
        Some(OsvFault::RecordsBroken) => {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Some(OsvFault::OtherRecords) => held.records.iter().find(|it| it.record["id"] != *id),
        _ => held.records.iter().find(|it| it.record["id"] == *id),
    };
    match found {
        Some(found) => Json(found.record.clone()).into_response(),
        None => {
            let body = json!({ "code": 5, "message": "Bug not found." });
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
    }
}
