//! An OpenID provider on loopback with one client: conforming, or with the manners of Google, or faulty.
//!
//! It gives out no code and signs nobody in: it answers what a provider answers before that.

use super::keys;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Whose manners a provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// Those of the specifications: errors on a page of its own, or at a registered redirect URI.
    Conforming,
    /// Those of Google: refusals behind a redirect with an `authError`, sign-in at an identifier page.
    Google,
}

/// What is wrong with a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Its discovery document names another issuer.
    WrongIssuer,
    /// It offers PKCE in clear only.
    NoS256,
    /// Its keys are gone.
    NoKeys,
    /// It asks for patience where browsers and codes are sent (429).
    TooManyRequests,
    /// It fails there (500).
    Fails,
    /// It accepts connections and never answers.
    Hangs,
    /// It never looks at the client secret before the code; where there is no code it does.
    AnySecret,
    /// It accepts whatever redirect URI it is given.
    AnyRedirect,
    /// The client was deleted.
    ClientDeleted,
    /// The client secret was replaced by another.
    SecretReplaced,
    /// No redirect URI is registered any more.
    RedirectsRemoved,
}

/// The client that a provider knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: String,
    /// What is registered, exactly.
    pub redirect_uris: Vec<String>,
}

/// A running provider on 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    client: Client,
    server: JoinHandle<io::Result<()>>,
}

struct Shared {
    issuer: String,
    manners: Manners,
    fault: Option<Fault>,
    client: Client,
    keys: Value,
    /// What a client gets that asks in its own name (RFC 6749 section 4.4).
    own_token: String,
}

type Fields = HashMap<String, String>;

impl Provider {
    /// Starts a provider on a free port of 127.0.0.1. Needs a running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound, or no key can be made.
    pub async fn start(manners: Manners, client: Client, fault: Option<Fault>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
        let mut known = client.clone();
        match fault {
            Some(Fault::ClientDeleted) => known.id = String::new(),
            Some(Fault::SecretReplaced) => known.secret = keys::text::<21>()?,
            Some(Fault::RedirectsRemoved) => known.redirect_uris.clear(),
            _ => {}
        }
        let shared = Arc::new(Shared {
            issuer: issuer.clone(),
            manners,
            fault,
            client: known,
            keys: published(&pair, &keys::hex::<8>()?),
            own_token: keys::text::<32>()?,
        });
        let site = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/auth", get(authorize))
            .route("/token", post(token))
            .with_state(shared);
        let server = tokio::spawn(axum::serve(listener, site).into_future());
        Ok(Self {
            issuer,
            client,
            server,
        })
    }

    /// The issuer: its address, without a trailing slash.
    pub fn issuer(&self) -> String {
        self.issuer.clone()
    }

    /// Where browsers are sent.
    pub(super) fn authorization_endpoint(&self) -> String {
        format!("{}/auth", self.issuer)
    }

    /// What an application needs to sign in with it as if it were Google.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HOLDPOINT_GOOGLE_ISSUER", self.issuer.clone()),
            ("GOOGLE_CLIENT_ID", self.client.id.clone()),
            ("GOOGLE_CLIENT_SECRET", self.client.secret.clone()),
        ]
    }
}

/// The start of a sign-in at a provider, as an application makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Where to send the browser.
    pub location: String,
    /// What must come back; the application keeps it in a cookie.
    pub state: String,
    /// What redeems the code (RFC 7636); the application keeps it in a cookie.
    pub verifier: String,
}

impl Provider {
    /// Starts a sign-in that ends at this redirect URI, with a state and PKCE by SHA-256.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn sign_in(&self, redirect_uri: &str) -> io::Result<SignIn> {
        let (state, verifier) = (keys::text::<32>()?, keys::text::<32>()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("client_id", &self.client.id)
            .append_pair("scope", "openid email profile")
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", &state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(SignIn {
            location: format!("{}/auth?{}", self.issuer, query.finish()),
            state,
            verifier,
        })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The public half of a key as a JWK set (RFC 7517, RFC 7518 section 6.2).
fn published(pair: &KeyPair, kid: &str) -> Value {
    let point = pair.public_key_raw();
    let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
    json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    }] })
}

impl Shared {
    /// What the fault answers in place of an endpoint that browsers or codes are sent to.
    fn stumble(&self) -> Option<Response> {
        match self.fault? {
            Fault::TooManyRequests => Some(StatusCode::TOO_MANY_REQUESTS.into_response()),
            Fault::Fails => Some(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
            _ => None,
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

async fn discovery(State(provider): State<Arc<Shared>>) -> Response {
    if provider.is(Fault::Hangs) {
        std::future::pending::<()>().await;
    }
    let own = &provider.issuer;
    let issuer = match provider.is(Fault::WrongIssuer) {
        true => "https://id.example",
        false => own,
    };
    let methods: &[&str] = match provider.is(Fault::NoS256) {
        true => &["plain"],
        false => &["plain", "S256"],
    };
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{own}/auth"),
        "token_endpoint": format!("{own}/token"),
        "jwks_uri": format!("{own}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": methods,
    });
    (
        [(header::CACHE_CONTROL, "public, max-age=3600")],
        Json(document),
    )
        .into_response()
}

async fn jwks(State(provider): State<Arc<Shared>>) -> Response {
    match provider.is(Fault::NoKeys) {
        true => Json(json!({ "keys": [] })).into_response(),
        false => Json(provider.keys.clone()).into_response(),
    }
}

async fn authorize(State(provider): State<Arc<Shared>>, Query(asked): Query<Fields>) -> Response {
    if let Some(answer) = provider.stumble() {
        return answer;
    }
    let asked = |name: &str| asked.get(name).map_or("", String::as_str);
    let redirect_uri = asked("redirect_uri");
    if asked("client_id") != provider.client.id {
        return provider.refuse("invalid_client", "The OAuth client was not found.");
    }
    let mut known = provider.client.redirect_uris.iter();
    if !provider.is(Fault::AnyRedirect) && known.all(|known| known != redirect_uri) {
        let code = match provider.manners {
            Manners::Google => "redirect_uri_mismatch",
            Manners::Conforming => "invalid_redirect_uri",
        };
        return provider.refuse(code, "The redirect URI is not registered.");
    }
    if asked("prompt") == "none" {
        let joint = if redirect_uri.contains('?') { '&' } else { '?' };
        let state = utf8_percent_encode(asked("state"), NON_ALPHANUMERIC);
        return found(format!(
            "{redirect_uri}{joint}error=login_required&state={state}"
        ));
    }
    let page = match provider.manners {
        Manners::Google => "/v3/signin/identifier?flowName=GeneralOAuthFlow",
        Manners::Conforming => "/sign-in",
    };
    found(page.to_owned())
}

/// 302, as providers answer browsers.
fn found(to: String) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
}

impl Shared {
    /// A refusal that is not sent to the redirect URI (RFC 6749 section 4.1.2.1).
    fn refuse(&self, code: &str, message: &str) -> Response {
        match self.manners {
            Manners::Google => {
                let error = auth_error(code, message);
                found(format!(
                    "/signin/oauth/error?authError={error}&flowName=GeneralOAuthFlow"
                ))
            }
            Manners::Conforming => (
                StatusCode::BAD_REQUEST,
                format!("error: {code}\nerror_description: {message}\n"),
            )
                .into_response(),
        }
    }
}

/// Google's `authError`: base64 of a protocol buffer with the code and a message.
fn auth_error(code: &str, message: &str) -> String {
    let mut bytes = Vec::new();
    for (tag, text) in [(0x0a, code), (0x12, message)] {
        bytes.push(tag);
        bytes.push(u8::try_from(text.len()).unwrap_or(0));
        bytes.extend_from_slice(text.as_bytes());
    }
    utf8_percent_encode(&URL_SAFE.encode(bytes), NON_ALPHANUMERIC).to_string()
}

/// Every code is unknown here; what matters is whether the client is looked at first.
async fn token(
    State(provider): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(sent): Form<Fields>,
) -> Response {
    if let Some(answer) = provider.stumble() {
        return answer;
    }
    let error = |status: StatusCode, code: &str, description: &str| {
        let body = json!({ "error": code, "error_description": description });
        (status, Json(body)).into_response()
    };
    let (id, secret) = basic(&headers).unwrap_or_else(|| {
        let field = |name: &str| sent.get(name).cloned().unwrap_or_default();
        (field("client_id"), field("client_secret"))
    });
    let own_name = sent
        .get("grant_type")
        .is_some_and(|grant| grant == "client_credentials");
    if !provider.is(Fault::AnySecret) || own_name {
        if id != provider.client.id {
            let text = "The OAuth client was not found.";
            return error(StatusCode::UNAUTHORIZED, "invalid_client", text);
        }
        if secret != provider.client.secret {
            return error(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized");
        }
    }
    if own_name && sent.get("scope") == Some(&format!("{id}/.default")) {
        let body = json!({ "token_type": "Bearer", "access_token": provider.own_token });
        return Json(body).into_response();
    }
    error(
        StatusCode::BAD_REQUEST,
        "invalid_grant",
        "Malformed auth code.",
    )
}

/// The client id and secret of an Authorization header.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let bytes = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decoded(id), decoded(secret)))
}
