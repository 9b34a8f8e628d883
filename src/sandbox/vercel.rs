//! The host's API on loopback: one project with its variables and deployments, and faults that can be switched on.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The project's id.
pub const PROJECT: &str = "prj_sandbox";
/// The team's id.
pub const TEAM: &str = "team_sandbox";

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VercelFault {
    /// Nothing.
    None,
    /// The token is none, or has expired.
    BadToken,
    /// The token has not the scope of the team.
    Forbidden,
    /// The token may read the project and not its variables.
    NoVariables,
    /// The token may not read what the team shares.
    NoShared,
    /// The server has a fault of its own.
    Broken,
    /// Nothing is ever answered.
    Hang,
}

/// One variable of the project.
#[derive(Debug, Clone)]
pub struct HostedVariable {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// plain, encrypted or sensitive; the last is given out to nobody.
    pub kind: &'static str,
    /// production, preview, development.
    pub targets: Vec<&'static str>,
    /// When it was edited, in milliseconds since 1970.
    pub edited_ms: i64,
}

impl HostedVariable {
    /// An encrypted variable that was edited long ago.
    pub fn new(name: &str, value: &str, targets: &[&'static str]) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            kind: "encrypted",
            targets: targets.to_vec(),
            edited_ms: 1_000,
        }
    }
}

/// What the host has.
#[derive(Debug, Clone)]
pub struct Hosted {
    /// The project's variables.
    pub variables: Vec<HostedVariable>,
    /// Variables that the team shares with the project.
    pub shared: Vec<HostedVariable>,
    /// The state of the latest deployment: READY, ERROR, BUILDING.
    pub state: &'static str,
    /// When it was created, in milliseconds since 1970.
    pub deployed_ms: i64,
    /// The version of Node.
    pub node: &'static str,
    /// The repository that is deployed: owner and name.
    pub repository: (&'static str, &'static str),
    /// The folder that is built.
    pub root_directory: Option<&'static str>,
    /// The framework that is built for.
    pub framework: &'static str,
}

impl Default for Hosted {
    fn default() -> Self {
        Self {
            variables: Vec::new(),
            shared: Vec::new(),
            state: "READY",
            deployed_ms: 2_000,
            node: "22.x",
            repository: ("example", "tasks"),
            root_directory: None,
            framework: "nextjs",
        }
    }
}

#[derive(Debug)]
struct Shared {
    token: String,
    hosted: Mutex<Hosted>,
    fault: Mutex<VercelFault>,
    asked: Mutex<Vec<String>>,
}

/// A running API on 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct VercelHost {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<io::Result<()>>,
}

impl VercelHost {
    /// Starts it on a free port. Needs a running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound.
    pub async fn start(hosted: Hosted) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            token: format!("sandbox-token-{:016x}", fastrand::u64(..)),
            hosted: Mutex::new(hosted),
            fault: Mutex::new(VercelFault::None),
            asked: Mutex::default(),
        });
        let router = Router::new()
            .route("/v9/projects/{project}", get(project))
            .route("/v10/projects/{project}/env", get(list))
            .route("/v1/projects/{project}/env/{id}", get(one))
            .route("/v1/env", get(shared_by_team))
            .route("/v6/deployments", get(deployments))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Self {
            url,
            shared,
            server,
        })
    }

    /// Where it answers, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token that it accepts.
    pub fn token(&self) -> &str {
        &self.shared.token
    }

    /// From now on this goes wrong.
    pub fn set(&self, fault: VercelFault) {
        *lock(&self.shared.fault) = fault;
    }

    /// From now on it has this.
    pub fn host(&self, hosted: Hosted) {
        *lock(&self.shared.hosted) = hosted;
    }

    /// Path and query of each request so far.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.shared.asked).clone()
    }

    /// What a run needs to meet it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("VERCEL_TOKEN", self.shared.token.clone()),
            ("VERCEL_PROJECT_ID", PROJECT.into()),
            ("VERCEL_TEAM_ID", TEAM.into()),
            ("HOLDPOINT_VERCEL_URL", self.url.clone()),
        ]
    }
}

impl Drop for VercelHost {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Met = State<Arc<Shared>>;
type Queried = Query<HashMap<String, String>>;

fn refused(status: StatusCode, code: &str, invalid: bool) -> Response {
    let mut error = json!({ "code": code, "message": "Not authorized" });
    if invalid {
        error["invalidToken"] = true.into();
    }
    (status, Json(json!({ "error": error }))).into_response()
}

impl Shared {
    /// Notes the request, and says what refuses it.
    async fn meet(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        query: &HashMap<String, String>,
        project: Option<&str>,
    ) -> Result<Hosted, Response> {
        lock(&self.asked).push(uri.to_string());
        let fault = *lock(&self.fault);
        let wanted = format!("Bearer {}", self.token);
        let known = headers
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            == Some(wanted.as_str());
        match fault {
            VercelFault::Hang => std::future::pending::<()>().await,
            VercelFault::Broken => {
                return Err(refused(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal_server_error",
                    false,
                ));
            }
            VercelFault::Forbidden => {
                return Err(refused(StatusCode::FORBIDDEN, "forbidden", false));
            }
            VercelFault::NoVariables if uri.path().contains("/env") => {
                return Err(refused(StatusCode::FORBIDDEN, "forbidden", false));
            }
            VercelFault::NoShared if uri.path() == "/v1/env" => {
                return Err(refused(StatusCode::FORBIDDEN, "forbidden", false));
            }
            VercelFault::BadToken => return Err(refused(StatusCode::FORBIDDEN, "forbidden", true)),
            _ if !known => return Err(refused(StatusCode::FORBIDDEN, "forbidden", true)),
            _ => {}
        }
        // A project of a team is not there without the team.
        let team = query.get("teamId").map(String::as_str) == Some(TEAM);
        if !team || project.is_some_and(|project| project != PROJECT) {
            return Err(refused(StatusCode::NOT_FOUND, "not_found", false));
        }
        Ok(lock(&self.hosted).clone())
    }
}

async fn project(
    State(shared): Met,
    Path(project): Path<String>,
    Query(query): Queried,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match shared.meet(&uri, &headers, &query, Some(&project)).await {
        Ok(hosted) => Json(json!({
            "id": PROJECT, "name": "tasks", "framework": hosted.framework,
            "rootDirectory": hosted.root_directory, "buildCommand": null, "installCommand": null,
            "outputDirectory": null, "nodeVersion": hosted.node,
            "link": {
                "type": "github", "org": hosted.repository.0, "repo": hosted.repository.1, "productionBranch": "main",
            },
            "targets": { "production": { "id": "dpl_ready", "readyState": "READY", "createdAt": serving(&hosted) } },
        }))
        .into_response(),
        Err(response) => response,
    }
}

/// When what serves production was created: a deployment that failed leaves the one before in place.
fn serving(hosted: &Hosted) -> i64 {
    if hosted.state == "READY" {
        hosted.deployed_ms
    } else {
        hosted.deployed_ms - 500
    }
}

async fn list(
    State(shared): Met,
    Path(project): Path<String>,
    Query(query): Queried,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match shared.meet(&uri, &headers, &query, Some(&project)).await {
        Ok(hosted) => {
            let envs: Vec<Value> = hosted.variables.iter().enumerate().map(entry).collect();
            Json(json!({ "envs": envs })).into_response()
        }
        Err(response) => response,
    }
}

async fn shared_by_team(
    State(shared): Met,
    Query(query): Queried,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match shared.meet(&uri, &headers, &query, None).await {
        Ok(hosted) => {
            let data: Vec<Value> = hosted
                .shared
                .iter()
                .enumerate()
                .map(|(place, variable)| {
                    let mut told = entry((place, variable));
                    told["id"] = format!("shared{place}").into();
                    told
                })
                .collect();
            Json(json!({ "data": data, "pagination": { "count": data.len(), "next": null, "prev": null } }))
                .into_response()
        }
        Err(response) => response,
    }
}

fn entry((place, variable): (usize, &HostedVariable)) -> Value {
    let value = match variable.kind {
        "plain" => variable.value.as_str(),
        "sensitive" => "",
        _ => "eyJ2IjoidjIifQ",
    };
    json!({
        "id": format!("env{place}"), "key": variable.name, "value": value, "type": variable.kind,
        "target": variable.targets, "createdAt": 1, "updatedAt": variable.edited_ms,
    })
}

async fn one(
    State(shared): Met,
    Path((project, id)): Path<(String, String)>,
    Query(query): Queried,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let hosted = match shared.meet(&uri, &headers, &query, Some(&project)).await {
        Ok(hosted) => hosted,
        Err(response) => return response,
    };
    let mut all = hosted.variables.iter().enumerate();
    match all.find(|(place, _)| format!("env{place}") == id) {
        Some(found) => {
            let mut told = entry(found);
            if found.1.kind != "sensitive" {
                told["value"] = found.1.value.as_str().into();
                told["decrypted"] = true.into();
            }
            Json(told).into_response()
        }
        None => refused(StatusCode::NOT_FOUND, "env_not_found", false),
    }
}

async fn deployments(
    State(shared): Met,
    Query(query): Queried,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match shared.meet(&uri, &headers, &query, None).await {
        Ok(hosted) => {
            let ready = json!({
                "uid": "dpl_ready", "url": "tasks.example", "created": serving(&hosted), "state": "READY",
                "target": "production",
            });
            let mut all = vec![ready];
            if hosted.state != "READY" {
                all.insert(
                    0,
                    json!({
                        "uid": "dpl_latest", "url": "tasks-next.example", "created": hosted.deployed_ms,
                        "state": hosted.state, "target": "production",
                    }),
                );
            }
            Json(json!({ "deployments": all })).into_response()
        }
        Err(response) => response,
    }
}
