//! The application's own API: each person's tasks, rightly or with faults that can be switched on.

use super::Variant;
use super::application::{Application, Shared, refused, shared_with, uncached};
use super::keys;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};

/// The longest title.
const LONGEST: usize = 200;

/// One thing that is wrong with the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskFault {
    /// The list holds everybody's tasks.
    ListsEverybodys,
    /// One task is read by its id alone.
    ReadsAnybodys,
    /// A task is changed by its id alone.
    ChangesAnybodys,
    /// A task is deleted by its id alone.
    DeletesAnybodys,
    /// Deleting asks for no session.
    DeletesForStrangers,
    /// A body is spread into what is created.
    SpreadsIntoNew,
    /// A body is spread into what is changed, its title checked all the same.
    SpreadsIntoChanged,
    /// An object may stand for a title.
    TakesOperators,
    /// Anything may stand for a title but an object.
    TakesAnyType,
    /// Answers say that they are pages.
    AnswersAsPage,
    /// Malformed JSON is answered with a stack trace.
    ShowsStack,
    /// What a body may not hold is answered with status 500, as where nothing catches what is thrown.
    Throws,
    /// Everything that changes something is answered with status 500.
    Breaks,
    /// Nothing may be created.
    TakesNothing,
    /// Creating takes a moment.
    CreatesSlowly,
    /// The answer to a request that creates is broken off, and what it creates does not come.
    BreaksOffCreation,
    /// Nobody looks at which page a request comes from.
    TakesForeignOrigins,
    /// A form is taken from every page; JSON is not.
    TakesForms,
    /// A link with a title in its query creates.
    CreatesByLink,
}

/// The tasks that were created, with their owners.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    faults: RwLock<Vec<TaskFault>>,
    kept: Mutex<Vec<Map<String, Value>>>,
}

impl Tasks {
    /// None yet.
    pub(super) fn new(faults: &[TaskFault]) -> Self {
        Self {
            faults: RwLock::new(faults.to_vec()),
            kept: Mutex::default(),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.with(|kept| kept.len())
    }

    fn has(&self, fault: TaskFault) -> bool {
        let faults = self.faults.read().unwrap_or_else(PoisonError::into_inner);
        faults.contains(&fault)
    }

    /// From now on these are wrong, and nothing else.
    pub(super) fn switch(&self, faults: &[TaskFault]) {
        *self.faults.write().unwrap_or_else(PoisonError::into_inner) = faults.to_vec();
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Map<String, Value>>) -> T) -> T {
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, status: StatusCode, body: &Value) -> Response {
        let kind = match self.has(TaskFault::AnswersAsPage) {
            true => "text/html; charset=utf-8",
            false => "application/json",
        };
        let headers = [(header::CONTENT_TYPE, kind)];
        (status, uncached(), headers, body.to_string()).into_response()
    }

    /// The body's title, or the refusal.
    fn parsed(&self, body: &Bytes) -> Result<(Value, Map<String, Value>), Box<Response>> {
        let json = match serde_json::from_slice::<Value>(body) {
            Err(_) if self.has(TaskFault::TakesForms) => {
                let fields = url::form_urlencoded::parse(body).into_owned();
                Ok(fields.map(|(name, value)| (name, json!(value))).collect())
            }
            parsed => parsed,
        };
        let Ok(json) = json else {
            return Err(Box::new(match self.has(TaskFault::ShowsStack) {
                true => {
                    let stack = "SyntaxError: Unexpected end of JSON input\n    at JSON.parse (<anonymous>)\n    at POST (/app/.next/server/app/api/tasks/route.js:1:2203)";
                    let body = json!({ "error": stack });
                    self.answer(StatusCode::BAD_REQUEST, &body)
                }
                false => self.refuse("The body is no JSON"),
            }));
        };
        let given = json.as_object().cloned().unwrap_or_default();
        let title = given.get("title").cloned().unwrap_or_default();
        let right = match &title {
            Value::String(text) => !text.is_empty() && text.chars().count() <= LONGEST,
            Value::Object(_) => self.has(TaskFault::TakesOperators),
            _ => self.has(TaskFault::TakesAnyType),
        };
        match right {
            true => Ok((title, given)),
            false => Err(Box::new(
                self.refuse("A task has a title of at most 200 characters"),
            )),
        }
    }

    fn refuse(&self, error: &str) -> Response {
        match self.has(TaskFault::Throws) {
            true => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            false => refuse(error),
        }
    }
}

fn refuse(error: &str) -> Response {
    let body = Json(json!({ "error": error }));
    (StatusCode::BAD_REQUEST, uncached(), body).into_response()
}

impl Application {
    /// The refusal of what a page of another origin has sent. Requests without an Origin are no browser's.
    fn foreign(&self, request: &HeaderMap) -> Option<Response> {
        let header = |name| {
            request
                .get(name)
                .map(|value: &header::HeaderValue| value.as_bytes())
        };
        let is_form =
            header(header::CONTENT_TYPE).is_some_and(|kind| kind.ends_with(b"urlencoded"));
        let taken = self.variant == Variant::AsFound
            || self.tasks.has(TaskFault::TakesForeignOrigins)
            || is_form && self.tasks.has(TaskFault::TakesForms);
        let foreign =
            header(header::ORIGIN).is_some_and(|origin| origin != self.library.base_url.as_bytes());
        (foreign && !taken).then(|| {
            let body = Json(json!({ "error": "Tasks are written from this site" }));
            (StatusCode::FORBIDDEN, uncached(), body).into_response()
        })
    }

    /// The id of whoever sends a request.
    fn owner(&self, request: &HeaderMap) -> Option<String> {
        let user = self.library.user(request)?;
        let id = user["email"].as_str().or(user["sub"].as_str());
        Some(id.unwrap_or_default().to_owned())
    }
}

/// `GET /api/tasks`
pub(super) async fn list(
    State(application): Shared,
    Query(query): Query<HashMap<String, String>>,
    request: HeaderMap,
) -> Response {
    let shared = shared_with(&application, &request);
    let Some(owner) = application.owner(&request) else {
        return (shared, refused("Sign in to see tasks")).into_response();
    };
    let tasks = &application.tasks;
    if let (true, Some(title), Ok(id)) = (
        tasks.has(TaskFault::CreatesByLink),
        query.get("title"),
        keys::hex::<12>(),
    ) {
        let task = json!({ "id": id, "owner": owner, "title": title, "done": false });
        tasks.with(|kept| kept.extend(task.as_object().cloned()));
    }
    let mut listed: Vec<_> = tasks.with(|kept| {
        let all = tasks.has(TaskFault::ListsEverybodys);
        let own = kept.iter().filter(|task| all || task["owner"] == *owner);
        own.cloned().map(Value::Object).collect()
    });
    // Those of the release engineer.
    if owner == "1" {
        let done = application.variant == Variant::Mended;
        for (id, title) in [
            ("1", "Send a Content-Security-Policy with a nonce"),
            ("2", "Redirect plain HTTP to HTTPS"),
        ] {
            listed.push(json!({ "id": id, "owner": owner, "title": title, "done": done }));
        }
    }
    let body = json!({ "tasks": listed });
    (shared, tasks.answer(StatusCode::OK, &body)).into_response()
}

/// `POST /api/tasks`
pub(super) async fn create(
    State(application): Shared,
    request: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(owner) = application.owner(&request) else {
        return refused("Sign in to write tasks");
    };
    if let Some(refusal) = application.foreign(&request) {
        return refusal;
    }
    let tasks = &application.tasks;
    if tasks.has(TaskFault::Breaks) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if tasks.has(TaskFault::TakesNothing) {
        return refuse("A task has a list, a place and a day");
    }
    let (title, given) = match tasks.parsed(&body) {
        Ok(parsed) => parsed,
        Err(refusal) => return *refusal,
    };
    let Ok(id) = keys::hex::<12>() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let own = json!({ "id": id, "owner": owner, "title": title, "done": false });
    let mut task = own.as_object().cloned().unwrap_or_default();
    if tasks.has(TaskFault::SpreadsIntoNew) {
        task.extend(given);
    }
    if tasks.has(TaskFault::BreaksOffCreation) {
        let broken = std::io::Error::other("broken off");
        let body = futures_util::stream::once(std::future::ready(Err::<Bytes, _>(broken)));
        return Body::from_stream(body).into_response();
    }
    tasks.with(|kept| kept.push(task.clone()));
    if tasks.has(TaskFault::CreatesSlowly) {
        std::future::pending::<()>().await;
    }
    tasks.answer(StatusCode::CREATED, &Value::Object(task))
}

/// `GET`, `PUT` and `DELETE /api/tasks/[id]`
pub(super) async fn one(
    State(application): Shared,
    Path(id): Path<String>,
    method: Method,
    request: HeaderMap,
    body: Bytes,
) -> Response {
    let tasks = &application.tasks;
    let owner = match application.owner(&request) {
        Some(owner) => Some(owner),
        None if method == Method::DELETE && tasks.has(TaskFault::DeletesForStrangers) => None,
        None => return refused("Sign in to see tasks"),
    };
    if let Some(refusal) = application
        .foreign(&request)
        .filter(|_| method != Method::GET)
    {
        return refusal;
    }
    let (anybodys, change) = match method {
        Method::PUT => (
            TaskFault::ChangesAnybodys,
            match tasks.parsed(&body) {
                Ok((title, given)) if tasks.has(TaskFault::SpreadsIntoChanged) => {
                    let mut given = given;
                    given.insert("title".into(), title);
                    given
                }
                Ok((title, _)) => Map::from_iter([("title".to_owned(), title)]),
                Err(refusal) => return *refusal,
            },
        ),
        Method::DELETE => (TaskFault::DeletesAnybodys, Map::new()),
        _ => (TaskFault::ReadsAnybodys, Map::new()),
    };
    if method != Method::GET && tasks.has(TaskFault::Breaks) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let all = tasks.has(anybodys);
    let found = tasks.with(|kept| {
        let may = |task: &Map<String, Value>| {
            task["id"] == *id
                && (all || owner.as_ref().is_none_or(|owner| task["owner"] == **owner))
        };
        let place = kept.iter().position(may)?;
        match method {
            Method::DELETE => Some(kept.remove(place)),
            _ => {
                let task = kept.get_mut(place)?;
                task.extend(change);
                Some(task.clone())
            }
        }
    });
    match found {
        None => {
            let body = Json(json!({ "error": "There is no such task" }));
            (StatusCode::NOT_FOUND, uncached(), body).into_response()
        }
        Some(_) if method == Method::DELETE => StatusCode::NO_CONTENT.into_response(),
        Some(task) => tasks.answer(StatusCode::OK, &Value::Object(task)),
    }
}
