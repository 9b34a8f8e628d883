//! The routes, cookies, tokens and answers of NextAuth 4 and Auth.js 5, as their source describes them, with
//! faults that can be switched on.

use super::Fault;
use super::sign_in::{self, ByMail, Google};
use crate::clock;
use crate::probe::nextauth_library::csrf::{self, Pair};
use crate::probe::nextauth_library::jwe::{self, Edition};
use crate::probe::nextauth_library::names::{self, Names};
use crate::sandbox::keys;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use url::Url;

/// Seconds by which both versions forgive a clock.
const TOLERANCE: i64 = 15;
const MISCONFIGURED: &str =
    "There is a problem with the server configuration. Check the server logs for more information.";

/// The sign-in library of one application.
pub(in crate::sandbox) struct Library {
    pub(in crate::sandbox) edition: Edition,
    pub(in crate::sandbox) secret: String,
    /// What NEXTAUTH_URL or AUTH_URL names.
    pub(in crate::sandbox) base_url: String,
    /// Are cookies secure? The libraries take it from the address, unless `useSecureCookies` says otherwise.
    pub(in crate::sandbox) secure: bool,
    /// Seconds that a session lives: `session.maxAge`.
    pub(in crate::sandbox) life: i64,
    /// The password of the provider `credentials`, where the application has it.
    pub(in crate::sandbox) password: Option<String>,
    pub(in crate::sandbox) fault: Option<Fault>,
    /// Sessions that a fault makes it remember.
    pub(in crate::sandbox) database: Mutex<HashSet<String>>,
    /// Does the application remember which sessions were signed out? The libraries do not.
    pub(in crate::sandbox) remembers: bool,
    /// Ids of sessions that were signed out.
    pub(in crate::sandbox) ended: Mutex<HashSet<String>>,
    /// CSRF tokens given out, by which two instances take turns.
    pub(in crate::sandbox) answered: AtomicUsize,
    /// Where sign-ins with Google go; until it is set they are offered and go nowhere.
    pub(in crate::sandbox) google: Arc<OnceLock<Google>>,
    /// Sign-in by mail, where the application has it.
    pub(in crate::sandbox) by_mail: Option<ByMail>,
}

/// The state as handlers receive it.
pub(super) type Shared = State<Arc<Library>>;
/// Cookies to set with an answer; possibly none.
pub(super) type SetCookies = AppendHeaders<Vec<(header::HeaderName, String)>>;
pub(super) type Fields = HashMap<String, String>;

/// Every route of the library but its pages.
pub(in crate::sandbox) fn router(library: Arc<Library>) -> Router {
    Router::new()
        .route("/api/auth/csrf", get(csrf_token))
        .route("/api/auth/providers", get(sign_in::providers))
        .route("/api/auth/session", get(session))
        .route("/api/auth/signout", post(sign_out))
        .route("/api/auth/signin/{provider}", post(sign_in::begin))
        .route(
            "/api/auth/callback/{provider}",
            post(sign_in::finish).get(sign_in::back),
        )
        .with_state(library)
}

impl Library {
    pub(super) fn names(&self) -> Names {
        Names::of(self.edition, self.secure)
    }

    pub(super) fn attributes(&self) -> &'static str {
        match self.secure {
            _ if self.has(Fault::OpensCookiesToScripts) => "Path=/; SameSite=Lax",
            _ if self.has(Fault::SendsCookiesEverywhere) => {
                "Path=/; HttpOnly; Secure; SameSite=None"
            }
            true => "Path=/; HttpOnly; Secure; SameSite=Lax",
            false => "Path=/; HttpOnly; SameSite=Lax",
        }
    }

    pub(super) fn caching(&self) -> [(header::HeaderName, &'static str); 1] {
        let value = match self.has(Fault::AllowsCaching) {
            true => "public, max-age=60",
            false => "private, no-cache, no-store",
        };
        [(header::CACHE_CONTROL, value)]
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The token of the request's CSRF cookie, if this library signed it; else a new one with its cookie.
    /// The cookie beside it says where to go after sign-in.
    pub(in crate::sandbox) fn csrf(
        &self,
        request: &HeaderMap,
        callback: Option<&str>,
    ) -> io::Result<(String, SetCookies)> {
        let attributes = self.attributes();
        let mut cookies = Vec::new();
        let token = match self.signed_token(request) {
            Some(token) => token,
            None => {
                let token = keys::hex::<32>()?;
                let turn = self.answered.fetch_add(1, Ordering::Relaxed);
                let hash = match self.has(Fault::HasTwoSecrets) && turn % 2 == 1 {
                    true => csrf::hash(&token, &keys::text::<32>()?),
                    false => csrf::hash(&token, &self.secret),
                };
                let name = self.names().csrf;
                cookies.push(format!("{name}={token}%7C{hash}; {attributes}"));
                token
            }
        };
        if !cookies.is_empty() || callback.is_some() {
            let name = self.names().callback_url;
            let to = self.redirect(callback.unwrap_or(&self.base_url));
            let to = utf8_percent_encode(&to, NON_ALPHANUMERIC);
            cookies.push(format!("{name}={to}; {attributes}"));
        }
        Ok((token, set(cookies)))
    }

    fn signed_token(&self, request: &HeaderMap) -> Option<String> {
        let pair = Pair::read(cookie(request, &self.names().csrf)?)?;
        pair.is_of(&self.secret).then_some(pair.token)
    }

    /// The default `redirect` callback: paths and addresses of the same origin are kept.
    pub(super) fn redirect(&self, to: &str) -> String {
        let base = &self.base_url;
        if to.starts_with('/') {
            return format!("{base}{to}");
        }
        let same = |url: &Url| url.origin().ascii_serialization() == *base;
        let kept =
            Url::parse(to).is_ok_and(|url| self.has(Fault::KeepsForeignCallback) || same(&url));
        if kept { to.to_owned() } else { base.clone() }
    }

    /// Whose session the request carries.
    pub(in crate::sandbox) fn user(&self, request: &HeaderMap) -> Option<Value> {
        if self.has(Fault::AnswersStrangers) {
            return Some(json!({ "name": "Ann", "email": "ann@tasks.invalid" }));
        }
        let name = self.names().session;
        let token = cookie(request, &name)?;
        if self.has(Fault::LosesSessions) {
            return None;
        }
        if self.has(Fault::KeepsSessionsInDatabase) {
            let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
            return database.contains(token).then(|| json!({ "name": "Guest" }));
        }
        if self.has(Fault::AcceptsOnce) {
            let mut seen = self.database.lock().unwrap_or_else(PoisonError::into_inner);
            if !seen.insert(token.to_owned()) {
                return None;
            }
        }
        let claims = match jwe::open(self.edition, &self.secret, &name, token) {
            Some(claims) => claims,
            // As a decode function does that skips the verification.
            None if self.has(Fault::AcceptsAltered) && token.split('.').count() == 5 => {
                json!({ "name": "holdpoint", "exp": i64::MAX })
            }
            None => return None,
        };
        let now = clock::now().as_second();
        let ended = claims["exp"]
            .as_i64()
            .is_some_and(|exp| exp.saturating_add(TOLERANCE) <= now);
        if ended && !self.has(Fault::AcceptsExpired) {
            return None;
        }
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if claims["sid"]
            .as_str()
            .is_some_and(|sid| ended.contains(sid))
        {
            return None;
        }
        if self.has(Fault::AnswersSomebodyElse) {
            return Some(json!({ "name": "Ann", "email": "ann@tasks.invalid" }));
        }
        Some(claims)
    }

    /// Writes a session and its cookie. The claims of a token that is written again keep their user.
    pub(super) fn open(&self, user: &Value) -> io::Result<(String, SetCookies)> {
        let names = self.names();
        let now = clock::now();
        let ends = now + std::time::Duration::from_secs(self.life.unsigned_abs());
        let token = if self.has(Fault::KeepsSessionsInDatabase) {
            let token = keys::hex::<32>()?;
            let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
            database.insert(token.clone());
            token
        } else {
            let mut claims = json!({ "iat": now.as_second(), "exp": ends.as_second(), "jti": keys::hex::<16>()? });
            for claim in ["name", "email", "picture", "sub", "sid"] {
                if !user[claim].is_null() {
                    claims[claim] = user[claim].clone();
                }
            }
            self.seal(&names.session, &claims)?
        };
        let expires = httpdate::fmt_http_date(ends.into());
        let attributes = self.attributes();
        let cookies = names::split(self.edition, &names.session, &token)
            .into_iter()
            .map(|(name, value)| format!("{name}={value}; {attributes}; Expires={expires}"))
            .collect();
        Ok((ends.to_string(), set(cookies)))
    }

    /// What the cookie `name` holds for these claims.
    pub(super) fn seal(&self, name: &str, claims: &Value) -> io::Result<String> {
        let iv = keys::random::<16>()?;
        let iv = &iv[..self.edition.iv_length()];
        jwe::seal(self.edition, &self.secret, name, claims, iv)
            .ok_or_else(|| io::Error::other("the cookie could not be encrypted"))
    }

    fn close(&self, request: &HeaderMap) -> SetCookies {
        let name = self.names().session;
        let attributes = self.attributes();
        let carried = cookie(request, &name).is_some();
        set(carried
            .then(|| format!("{name}=; {attributes}; Max-Age=0"))
            .into_iter()
            .collect())
    }

    /// Has the form come from a page of the application?
    pub(super) fn is_own_form(&self, request: &HeaderMap, fields: &Fields) -> bool {
        let given = fields.get("csrfToken");
        let token = match self.has(Fault::TakesUnsignedCsrf) {
            true => cookie(request, &self.names().csrf)
                .and_then(Pair::read)
                .map(|pair| pair.token),
            false => self.signed_token(request),
        };
        self.has(Fault::NeedsNoCsrf)
            || given.is_some() && self.has(Fault::TakesAnyCsrf)
            || token.is_some() && token.as_ref() == given
    }

    /// Leads on by a redirect, or by JSON where the client asks for that.
    pub(super) fn lead(
        &self,
        request: &HeaderMap,
        fields: &Fields,
        to: &str,
        refused: bool,
    ) -> Response {
        let asks_json = match self.edition {
            Edition::Four => fields.get("json").is_some_and(|value| value == "true"),
            Edition::Five => request.contains_key("x-auth-return-redirect"),
        };
        if !asks_json {
            return (
                StatusCode::FOUND,
                self.caching(),
                [(header::LOCATION, to.to_owned())],
            )
                .into_response();
        }
        let status = match (self.edition, refused) {
            (Edition::Four, true) => StatusCode::UNAUTHORIZED,
            _ => StatusCode::OK,
        };
        let url = if to.starts_with('/') {
            format!("{}{to}", self.base_url)
        } else {
            to.to_owned()
        };
        (status, self.caching(), Json(json!({ "url": url }))).into_response()
    }

    pub(super) fn lead_back(&self, request: &HeaderMap, fields: &Fields) -> Response {
        let to = match self.edition {
            Edition::Four => "/auth/signin?csrf=true",
            Edition::Five => "/auth/signin?error=MissingCSRF",
        };
        self.lead(request, fields, to, false)
    }
}

/// The value of the cookie `name` in a request.
pub(super) fn cookie<'a>(request: &'a HeaderMap, name: &str) -> Option<&'a str> {
    request
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

pub(super) fn set(cookies: Vec<String>) -> SetCookies {
    AppendHeaders(
        cookies
            .into_iter()
            .map(|cookie| (header::SET_COOKIE, cookie))
            .collect(),
    )
}

/// As both versions answer every endpoint when their configuration is wrong, or keys cannot be made.
pub(super) fn misconfigured() -> Response {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({ "message": MISCONFIGURED })),
    )
        .into_response()
}

/// `GET /api/auth/csrf`
async fn csrf_token(
    State(library): Shared,
    Query(query): Query<Fields>,
    request: HeaderMap,
) -> Response {
    let callback = query.get("callbackUrl").map(String::as_str);
    match library.csrf(&request, callback) {
        Ok((token, cookies)) => (
            library.caching(),
            cookies,
            Json(json!({ "csrfToken": token })),
        )
            .into_response(),
        Err(_) => misconfigured(),
    }
}

/// `GET /api/auth/session`: nothing for strangers; a session is prolonged by being looked at.
async fn session(State(library): Shared, request: HeaderMap) -> Response {
    let Ok((_, csrf)) = library.csrf(&request, None) else {
        return misconfigured();
    };
    let Some(user) = library.user(&request) else {
        let nobody = match library.edition {
            Edition::Four => json!({}),
            Edition::Five => Value::Null,
        };
        return (
            library.caching(),
            csrf,
            library.close(&request),
            Json(nobody),
        )
            .into_response();
    };
    let Ok((expires, cookies)) = library.open(&user) else {
        return misconfigured();
    };
    let mut shown = json!({});
    for (field, claim) in [("name", "name"), ("email", "email"), ("image", "picture")] {
        if !user[claim].is_null() {
            shown[field] = user[claim].clone();
        }
    }
    let session = json!({ "user": shown, "expires": expires });
    (library.caching(), csrf, cookies, Json(session)).into_response()
}

/// `POST /api/auth/signout`: takes the cookie away. The token itself holds until it ends, as with the libraries.
async fn sign_out(
    State(library): Shared,
    request: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    if !library.is_own_form(&request, &fields) {
        return library.lead_back(&request, &fields);
    }
    let to = fields.get("callbackUrl").map(|to| library.redirect(to));
    let answer = library.lead(&request, &fields, to.as_deref().unwrap_or("/"), false);
    if library.has(Fault::KeepsCookieOnSignOut) {
        return answer;
    }
    if let Some(sid) = library
        .user(&request)
        .and_then(|user| Some(user["sid"].as_str()?.to_owned()))
    {
        let mut ended = library.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.insert(sid);
    }
    if let Some(token) = cookie(&request, &library.names().session) {
        let mut database = library
            .database
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        database.remove(token);
    }
    (library.close(&request), answer).into_response()
}
