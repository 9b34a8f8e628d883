//! The application that is examined: pages, an API, a service worker and a manifest, as a small
//! Next.js application serves them.

use super::Variant;
use super::headers::{self, Nonce};
use super::keys::Keys;
use super::limit::{self, Attempts};
use super::nextauth::{self, Library};
use super::policies;
use super::sign_in;
use super::tasks::{self, Tasks};
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

/// Hashed names never change their content, so they may be kept for a year.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const CHUNK: &str = "/_next/static/chunks/main-app-5d1c6f0a2b8e4937.js";
const STYLES: &str = "/_next/static/css/7c0b9f6e3a5d1284.css";

/// What the handlers share.
pub(super) struct Application {
    pub(super) variant: Variant,
    pub(super) library: Arc<Library>,
    pub(super) tasks: Arc<Tasks>,
    attempts: Arc<Attempts>,
    cron_secret: String,
    /// What is built into the pages, as `.env.local` names it.
    vapid_public_key: String,
}

/// The state as handlers receive it.
pub(super) type Shared = State<Arc<Application>>;

impl Application {
    /// An application that nobody has signed in to yet.
    pub(super) fn new(
        variant: Variant,
        library: Library,
        tasks: Arc<Tasks>,
        attempts: Arc<Attempts>,
        keys: &Keys,
        vapid_public_key: String,
    ) -> Arc<Self> {
        Arc::new(Self {
            variant,
            library: Arc::new(library),
            tasks,
            attempts,
            cron_secret: keys.cron_secret.clone(),
            vapid_public_key,
        })
    }

    /// Every route, with its headers.
    pub(super) fn router(self: &Arc<Self>) -> Router {
        let allow = |methods| async move { (StatusCode::NO_CONTENT, [(header::ALLOW, methods)]) };
        let library = nextauth::router(Arc::clone(&self.library));
        let faulty = middleware::from_fn_with_state(self.library.fault, nextauth::surround);
        let tasks = match self.variant {
            Variant::AsFound => get(tasks::list).options(preflight),
            Variant::Mended => get(tasks::list).options(move || allow("GET, HEAD, OPTIONS, POST")),
        };
        let task = get(tasks::one).put(tasks::one).delete(tasks::one);
        Router::new()
            .route("/", get(front_page))
            .route("/privacy", get(policies::privacy))
            .route("/terms", get(policies::terms))
            .route("/.well-known/security.txt", get(policies::security_contact))
            .route("/auth/signin", get(sign_in::page))
            .route("/api/auth/signin", get(sign_in::page))
            .route("/api/auth/verify-request", get(sign_in::verify_request))
            .route("/api/tasks", tasks.post(tasks::create))
            .route("/api/tasks/{id}", task)
            .route(
                "/api/push/subscribe",
                post(subscribe).options(move || allow("OPTIONS, POST")),
            )
            .route(
                "/api/ai/suggest",
                post(suggest).options(move || allow("OPTIONS, POST")),
            )
            .route(
                "/api/cron/summary",
                get(summary).options(move || allow("GET, HEAD, OPTIONS")),
            )
            .route("/api/health", get(health))
            .route("/api/csp-report", post(async || StatusCode::NO_CONTENT))
            .route(
                "/sw.js",
                get(async || stored("text/javascript; charset=utf-8", "no-cache", SERVICE_WORKER)),
            )
            .route(
                "/manifest.webmanifest",
                get(async || {
                    stored(
                        "application/manifest+json",
                        "public, max-age=0, must-revalidate",
                        MANIFEST,
                    )
                }),
            )
            .route(CHUNK, get(script))
            .route(
                STYLES,
                get(async || stored("text/css; charset=utf-8", IMMUTABLE, STYLE_SHEET)),
            )
            .fallback(missing)
            .with_state(Arc::clone(self))
            .merge(library.route_layer(faulty))
            .layer(middleware::from_fn_with_state(
                Arc::clone(&self.attempts),
                limit::surround,
            ))
            .layer(middleware::from_fn_with_state(
                self.variant,
                headers::surround,
            ))
    }

    /// A page as Next.js writes it, with its scripts allowed by the policy in force.
    pub(super) fn page(
        &self,
        Nonce(nonce): &Nonce,
        route: &str,
        title: &str,
        main: &str,
    ) -> Html<String> {
        let nonce = match self.variant {
            Variant::AsFound => String::new(),
            Variant::Mended => format!(" nonce=\"{nonce}\""),
        };
        Html(format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
             <link rel=\"stylesheet\" href=\"{STYLES}\"><link rel=\"manifest\" href=\"/manifest.webmanifest\">\
             <script src=\"{CHUNK}\"{nonce} defer></script></head>\
             <body><div id=\"__next\"><main>{main}</main></div>\
             <script{nonce}>if (\"serviceWorker\" in navigator) navigator.serviceWorker.register(\"/sw.js\")</script>\
             <script id=\"__NEXT_DATA__\" type=\"application/json\"{nonce}>\
             {{\"props\":{{\"pageProps\":{{}}}},\"page\":\"{route}\",\"query\":{{}},\"buildId\":\"sandbox\"}}</script></body></html>"
        ))
    }
}

async fn front_page(
    State(application): Shared,
    Extension(nonce): Extension<Nonce>,
) -> impl IntoResponse {
    let main = "<h1>Tasks</h1><p>What is left to do before the release.</p>\
                <ul id=\"tasks\"></ul><button id=\"push\" type=\"button\">Tell me of open tasks</button>\
                <p><a href=\"/auth/signin\">Sign in</a></p>";
    let main = format!("{main}{}", policies::footer(application.variant));
    (uncached(), application.page(&nonce, "/", "Tasks", &main))
}

async fn missing(
    State(application): Shared,
    Extension(nonce): Extension<Nonce>,
) -> impl IntoResponse {
    let main = "<h1>404</h1><p>This page could not be found.</p>";
    (
        StatusCode::NOT_FOUND,
        uncached(),
        application.page(&nonce, "/_error", "404: This page could not be found", main),
    )
}

/// The answer to a CORS preflight of the variant that allows everybody.
async fn preflight(State(application): Shared, request: HeaderMap) -> impl IntoResponse {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Content-Type, Authorization",
        ),
    ];
    (
        StatusCode::NO_CONTENT,
        allowed,
        shared_with(&application, &request),
    )
}

/// Deliberately wrong in the variant as found: whoever asks may read the answer with the user's cookies.
pub(super) fn shared_with(application: &Application, request: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let (Variant::AsFound, Some(origin)) = (application.variant, request.get(header::ORIGIN)) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            header::HeaderValue::from_static("true"),
        );
    }
    headers
}

/// Takes the subscription of a browser that is signed in. Nobody is ever told anything, so it is not kept.
async fn subscribe(State(application): Shared, request: HeaderMap, body: Bytes) -> Response {
    if !application.signed_in(&request) {
        return refused("Sign in to be told of tasks");
    }
    let subscription: Value = serde_json::from_slice(&body).unwrap_or_default();
    let endpoint = subscription["endpoint"].as_str();
    let status = match endpoint.is_some_and(|endpoint| endpoint.starts_with("https://")) {
        true => StatusCode::CREATED,
        false => StatusCode::BAD_REQUEST,
    };
    (uncached(), status).into_response()
}

/// Asks no model: who is signed in is told that there is nothing to suggest.
async fn suggest(State(application): Shared, request: HeaderMap) -> Response {
    match application.signed_in(&request) {
        false => refused("Sign in to be given suggestions"),
        true => (uncached(), Json(json!({ "suggestion": null }))).into_response(),
    }
}

/// For the scheduler alone; the sandbox has no task that is open.
async fn summary(State(application): Shared, request: HeaderMap) -> Response {
    let shown = request
        .get(header::AUTHORIZATION)
        .map(|value| value.as_bytes());
    match shown == Some(format!("Bearer {}", application.cron_secret).as_bytes()) {
        false => refused("For the scheduler"),
        true => (uncached(), Json(json!({ "open": 0 }))).into_response(),
    }
}

pub(super) fn refused(error: &str) -> Response {
    let body = Json(json!({ "error": error }));
    (StatusCode::UNAUTHORIZED, uncached(), body).into_response()
}

async fn health() -> impl IntoResponse {
    (uncached(), Json(json!({ "status": "ok" })))
}

/// The script of every page, with the key that it was built with.
async fn script(State(application): Shared) -> Response {
    let script = SCRIPT.replace(VAPID_PUBLIC_KEY, &application.vapid_public_key);
    stored("text/javascript; charset=utf-8", IMMUTABLE, script).into_response()
}

/// Answers that depend on who asks are stored nowhere.
pub(super) fn uncached() -> [(header::HeaderName, &'static str); 1] {
    [(
        header::CACHE_CONTROL,
        "private, no-cache, no-store, max-age=0, must-revalidate",
    )]
}

fn stored(
    content_type: &'static str,
    cache: &'static str,
    body: impl IntoResponse,
) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, cache),
        ],
        body,
    )
}

const SERVICE_WORKER: &str = include_str!("project/common/public/sw.js");

const MANIFEST: &str = r##"{"name":"Tasks","short_name":"Tasks","start_url":"/","display":"standalone","background_color":"#ffffff","theme_color":"#1f2937","icons":[]}"##;

/// Stands in the script for the key.
const VAPID_PUBLIC_KEY: &str = "process.env.NEXT_PUBLIC_VAPID_PUBLIC_KEY";

const SCRIPT: &str = "(self.webpackChunk_N_E=self.webpackChunk_N_E||[]).push([[1],{}]);\
    fetch('/api/tasks').then(a=>a.ok?a.json():{tasks:[]}).then(({tasks})=>{\
    const list=document.getElementById('tasks');\
    for(const task of tasks){const item=document.createElement('li');item.textContent=task.title;list.append(item)}});\
    document.getElementById('push')?.addEventListener('click',async()=>{\
    const registration=await navigator.serviceWorker.ready;\
    const body=JSON.stringify(await registration.pushManager.subscribe({userVisibleOnly:true,\
    applicationServerKey:'process.env.NEXT_PUBLIC_VAPID_PUBLIC_KEY'}));\
    await fetch('/api/push/subscribe',{method:'POST',headers:{'Content-Type':'application/json'},body})});\
    document.getElementById('google')?.addEventListener('click',async()=>{\
    const {csrfToken}=await(await fetch('/api/auth/csrf')).json();\
    const body=new URLSearchParams({csrfToken,callbackUrl:'/',json:'true'});\
    location.href=(await(await fetch('/api/auth/signin/google',{method:'POST',body})).json()).url});\n";

const STYLE_SHEET: &str =
    "body{font-family:system-ui,sans-serif;margin:2rem auto;max-width:40rem;line-height:1.5}\n";
