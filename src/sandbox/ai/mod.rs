//! A provider of language models on loopback that speaks three dialects, with faults that can be switched on.

mod says;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use serde_json::Value;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Below this many tokens a thinking model gives no text.
const THINKS: u64 = 200;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AiFault {
    /// Nothing.
    None,
    /// The key is not accepted.
    BadKey,
    /// The key is kept from this use by a restriction.
    RestrictedKey,
    /// The key may not list models and generates all the same.
    NoListing,
    /// Models are listed to everybody, as some gateways do; generations need the key.
    PublicList,
    /// The provider does not serve this place.
    Region,
    /// Every model that is asked for is gone, and others are listed.
    ModelGone,
    /// Too many requests in this minute; the generation alone is refused.
    PerMinute,
    /// No money, or the quota of the day is used up.
    NoMoney,
    /// Too much to do.
    Overload,
    /// Every answer is cut at the limit of tokens.
    LengthStop,
    /// The model thinks first, so that a small limit leaves no text.
    Thinks,
    /// The model thinks without end and says nothing.
    Mute,
    /// The answer to a schema is no JSON.
    NotJson,
    /// The model takes neither `max_tokens` nor a temperature, as OpenAI's newer ones.
    Modern,
    /// Answers are a page for people, as from a wrong address.
    Page,
    /// The first byte of an answer comes after this time.
    Slow(Duration),
    /// A generation is never answered.
    Hang,
}

/// What the handlers share.
#[derive(Debug)]
struct Shared {
    key: String,
    fault: Mutex<AiFault>,
    /// Method, path and query of each request.
    asked: Mutex<Vec<String>>,
}

/// A running provider on 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct AiProvider {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<io::Result<()>>,
}

impl AiProvider {
    /// Starts it on a free port. Needs a running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound.
    pub async fn start(fault: AiFault) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            key: format!("sandbox-key-{:016x}", fastrand::u64(..)),
            fault: Mutex::new(fault),
            asked: Mutex::default(),
        });
        let router = Router::new()
            .route("/v1beta/models", get(list))
            .route("/v1/models", get(list))
            .route("/v1/models/{id}", get(one))
            .route("/v1beta/models/{id}", get(one).post(gemini))
            .route("/v1/chat/completions", post(openai))
            .route("/v1/messages", post(anthropic))
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

    /// The key that it accepts.
    pub fn key(&self) -> &str {
        &self.shared.key
    }

    /// From now on this goes wrong.
    pub fn set(&self, fault: AiFault) {
        *lock(&self.shared.fault) = fault;
    }

    /// Method, path and query of each request so far.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.shared.asked).clone()
    }

    /// What an application and a run need to meet it: the key under the names of each SDK, and the address.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("GEMINI_API_KEY", self.shared.key.clone()),
            ("OPENAI_API_KEY", self.shared.key.clone()),
            ("ANTHROPIC_API_KEY", self.shared.key.clone()),
            ("HOLDPOINT_GEMINI_URL", self.url.clone()),
            ("HOLDPOINT_OPENAI_URL", self.url.clone()),
            ("HOLDPOINT_ANTHROPIC_URL", self.url.clone()),
        ]
    }
}

impl Drop for AiProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The dialects, as requests show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Gemini,
    OpenAi,
    Anthropic,
}

/// One request, before it is answered.
struct Asked {
    dialect: Dialect,
    fault: AiFault,
}

impl Shared {
    /// Notes the request, and answers it at once where its key, or the fault, decides.
    async fn meet(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Asked, Response> {
        lock(&self.asked).push(format!("{method} {uri}"));
        let fault = *lock(&self.fault);
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let dialect = if uri.path().starts_with("/v1beta/") {
            Dialect::Gemini
        } else if headers.contains_key("anthropic-version") {
            Dialect::Anthropic
        } else {
            Dialect::OpenAi
        };
        let key = match dialect {
            Dialect::Gemini => header("x-goog-api-key"),
            Dialect::Anthropic => header("x-api-key"),
            Dialect::OpenAi => {
                header("authorization").and_then(|value| value.strip_prefix("Bearer "))
            }
        };
        let generates = *method == Method::POST;
        match fault {
            AiFault::Page => return Err(axum::response::Html("<h1>Welcome</h1>").into_response()),
            AiFault::BadKey => return Err(says::refusal(dialect, AiFault::BadKey)),
            AiFault::PublicList if !generates => {}
            _ if key != Some(self.key.as_str()) => {
                return Err(says::refusal(dialect, AiFault::BadKey));
            }
            AiFault::RestrictedKey | AiFault::Region => return Err(says::refusal(dialect, fault)),
            AiFault::NoListing if !generates => return Err(says::refusal(dialect, fault)),
            AiFault::PerMinute | AiFault::NoMoney | AiFault::Overload if generates => {
                return Err(says::refusal(dialect, fault));
            }
            AiFault::Hang if generates => std::future::pending::<()>().await,
            AiFault::Slow(wait) if generates => tokio::time::sleep(wait).await,
            _ => {}
        }
        Ok(Asked { dialect, fault })
    }
}

type Met = State<Arc<Shared>>;

async fn list(State(shared): Met, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    match shared.meet(&method, &uri, &headers).await {
        Ok(asked) => json(&says::list(asked.dialect)),
        Err(response) => response,
    }
}

async fn one(
    State(shared): Met,
    Path(id): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match shared.meet(&method, &uri, &headers).await {
        Ok(asked) if asked.fault != AiFault::ModelGone && says::knows(asked.dialect, &id) => {
            json(&says::model(asked.dialect, &id))
        }
        Ok(asked) => says::refusal(asked.dialect, AiFault::ModelGone),
        Err(response) => response,
    }
}

async fn gemini(
    State(shared): Met,
    Path(name): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (id, verb) = name.split_once(':').unwrap_or((&name, ""));
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let generation = Generation {
        id,
        limit: body["generationConfig"]["maxOutputTokens"].as_u64(),
        bound: body["generationConfig"]["responseSchema"].is_object(),
        streamed: verb == "streamGenerateContent",
        thinks: body.pointer("/generationConfig/thinkingConfig/thinkingBudget") != Some(&0.into()),
    };
    match shared.meet(&method, &uri, &headers).await {
        Ok(asked) => generation.answer(&asked),
        Err(response) => response,
    }
}

async fn openai(state: Met, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let limit = body["max_tokens"]
        .as_u64()
        .or_else(|| body["max_completion_tokens"].as_u64());
    if *lock(&state.fault) == AiFault::Modern
        && let Some(refusal) = says::modern(&body)
    {
        return refusal;
    }
    message(state, method, uri, headers, &body, limit, "response_format").await
}

async fn anthropic(
    state: Met,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let limit = body["max_tokens"].as_u64();
    message(state, method, uri, headers, &body, limit, "tool_choice").await
}

async fn message(
    State(shared): Met,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: &Value,
    limit: Option<u64>,
    binding: &str,
) -> Response {
    let generation = Generation {
        id: body["model"].as_str().unwrap_or_default(),
        limit,
        bound: body[binding].is_object(),
        streamed: body["stream"] == true,
        thinks: true,
    };
    match shared.meet(&method, &uri, &headers).await {
        Ok(asked) => generation.answer(&asked),
        Err(response) => response,
    }
}

/// What a request for a generation wants.
struct Generation<'b> {
    id: &'b str,
    limit: Option<u64>,
    bound: bool,
    streamed: bool,
    /// It was not told to leave thinking alone.
    thinks: bool,
}

impl Generation<'_> {
    fn answer(&self, asked: &Asked) -> Response {
        let Asked { dialect, fault } = *asked;
        if fault == AiFault::ModelGone || !says::knows(dialect, self.id) {
            return says::refusal(dialect, AiFault::ModelGone);
        }
        let limit = self.limit.unwrap_or(u64::MAX);
        let silent = match fault {
            AiFault::Mute => true,
            AiFault::Thinks => self.thinks && limit < THINKS,
            _ => false,
        };
        let text = match (silent, self.bound) {
            (true, _) => "",
            (false, true) if fault == AiFault::NotJson => "Here is your answer: be proud.",
            (false, true) if fault == AiFault::LengthStop => "{\"answer\": \"Be pr",
            (false, true) => "{\"answer\": \"Be proud of a day well spent.\"}",
            (false, false) => "ok",
        };
        let said = says::Said {
            text,
            cut: silent || fault == AiFault::LengthStop,
            bound: self.bound,
            thinking: if silent { limit.min(THINKS) } else { 0 },
        };
        if self.streamed {
            events(says::events(dialect, &said))
        } else {
            json(&says::whole(dialect, &said))
        }
    }
}

fn json(value: &Value) -> Response {
    // Google's answers are printed on many lines.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn refused(status: u16, value: &Value, retry_after: Option<&'static str>) -> Response {
    let mut response = json(value);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(
            header::RETRY_AFTER,
            header::HeaderValue::from_static(seconds),
        );
    }
    response
}

/// Each event is a piece of its own, so that a client sees them one after the other.
fn events(events: Vec<String>) -> Response {
    let pieces = stream::unfold(events.into_iter(), async |mut events| {
        let event = events.next()?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        Some((Ok::<_, io::Error>(Bytes::from(event)), events))
    });
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    (kind, Body::from_stream(pieces)).into_response()
}
