//! How a sign-in begins: with a form, at an OpenID provider, or by a link in a mail; and how it comes back.

use super::Fault;
use super::library::{Fields, Library, SetCookies, Shared, cookie, misconfigured, set};
use super::mail::Mailer;
use crate::probe::nextauth_library::jwe::{self, Edition};
use crate::sandbox::keys;
use axum::Json;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// The account that the provider `account` knows.
const KNOWN: &str = "ann@tasks.invalid";
/// How long hashing a password takes.
const HASHING: Duration = Duration::from_millis(80);
/// Wrong passwords, and tokens given out, before a limit answers.
const LIMIT: usize = 12;

/// Seconds that the cookies of a sign-in under way are kept.
const UNDER_WAY: u32 = 900;

/// Google's sign-in as the application has it.
#[derive(Debug)]
pub(in crate::sandbox) struct Google {
    /// Where browsers are sent.
    pub(in crate::sandbox) authorization_endpoint: String,
    pub(in crate::sandbox) client_id: String,
}

/// Sign-in by mail as the application has it.
pub(in crate::sandbox) struct ByMail {
    pub(in crate::sandbox) mailer: Mailer,
    /// Links that were sent and not followed: the digest of each token, with whom it signs in.
    links: Mutex<HashMap<String, String>>,
}

impl ByMail {
    /// With no link sent.
    pub(in crate::sandbox) fn new(mailer: Mailer) -> Self {
        Self {
            mailer,
            links: Mutex::default(),
        }
    }
}

/// `GET /api/auth/signin`: the form of the provider that asks for an account.
pub(super) async fn page() -> Html<&'static str> {
    Html(
        "<form action=\"/api/auth/callback/account\" method=\"POST\"><input name=\"email\" type=\"text\">\
         <input name=\"password\" type=\"password\"></form>",
    )
}

/// `POST /api/auth/signin/:provider`
pub(super) async fn begin(
    State(library): Shared,
    Path(provider): Path<String>,
    request: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    if !library.is_own_form(&request, &fields) {
        return library.lead_back(&request, &fields);
    }
    let lead = |to: &str| library.lead(&request, &fields, to, false);
    match (provider.as_str(), library.google.get(), &library.by_mail) {
        ("google", Some(google), _) => match library.start_at(google) {
            Ok((to, cookies)) => (cookies, lead(&to)).into_response(),
            Err(_) => misconfigured(),
        },
        ("email", _, Some(by_mail)) => match library.send_link(by_mail, &fields).await {
            Ok(()) => lead("/api/auth/verify-request?provider=email&type=email"),
            // What went wrong is in the application's log; the sandbox keeps none.
            Err(_) => lead("/auth/signin?error=EmailSignin"),
        },
        _ => lead("/auth/signin"),
    }
}

/// `GET /api/auth/providers`
pub(super) async fn providers(State(library): Shared, request: HeaderMap) -> Response {
    let forwarded = request
        .get("x-forwarded-host")
        .filter(|_| library.has(Fault::TrustsForeignHost))
        .and_then(|host| host.to_str().ok());
    let base = match forwarded {
        Some(host) => format!("https://{host}/api/auth"),
        None => format!("{}/api/auth", library.base_url),
    };
    let google = match library.edition {
        Edition::Four => "oauth",
        Edition::Five => "oidc",
    };
    let mut listed = json!({});
    let mut list = |id: &str, name: &str, kind: &str| {
        listed[id] = json!({
            "id": id,
            "name": name,
            "type": kind,
            "signinUrl": format!("{base}/signin/{id}"),
            "callbackUrl": format!("{base}/callback/{id}"),
        });
    };
    list("google", "Google", google);
    if library.password.is_some() {
        list("credentials", "Credentials", "credentials");
    }
    list("guest", "Guest", "credentials");
    if library.fault.is_some_and(Fault::asks_for_account) {
        list("account", "Account", "credentials");
    }
    if library.by_mail.is_some() {
        list("email", "Email", "email");
    }
    Json(listed).into_response()
}

/// `POST /api/auth/callback/:provider`: opens a session for a guest, or for the right password.
pub(super) async fn finish(
    State(library): Shared,
    Path(provider): Path<String>,
    request: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    if !library.is_own_form(&request, &fields) {
        return library.lead_back(&request, &fields);
    }
    let Some(mut user) = library.user_of(&provider, &fields) else {
        let is_known = fields.get("email").is_some_and(|email| email == KNOWN);
        let mut to = "/auth/signin?error=CredentialsSignin";
        match library.fault {
            Some(Fault::TellsAccountsByStatus) if !is_known => {
                return (StatusCode::NOT_FOUND, library.caching()).into_response();
            }
            Some(Fault::TellsAccountsByAddress) if !is_known => {
                to = "/auth/signin?error=UserNotFound"
            }
            Some(Fault::TellsAccountsByBody) if !is_known => {
                let body =
                    json!({ "url": library.base_url, "message": "There is no such account" });
                return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
            }
            Some(Fault::TellsAccountsByBody) => {
                let body = json!({ "url": library.base_url, "message": "The password is wrong" });
                return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
            }
            Some(Fault::TellsAccountsByTime) if is_known => tokio::time::sleep(HASHING).await,
            Some(Fault::LimitsAccounts) => {
                let turn = library.answered.fetch_add(1, Ordering::Relaxed);
                if turn >= LIMIT {
                    return StatusCode::TOO_MANY_REQUESTS.into_response();
                }
            }
            _ => {}
        }
        return library.lead(&request, &fields, to, true);
    };
    library.number(&mut user);
    let Ok((_, cookies)) = library.open(&user) else {
        return misconfigured();
    };
    let to = match fields.get("callbackUrl") {
        Some(to) => library.redirect(to),
        None => "/".into(),
    };
    (cookies, library.lead(&request, &fields, &to, false)).into_response()
}

/// `GET /api/auth/callback/:provider`
pub(super) async fn back(
    State(library): Shared,
    Path(provider): Path<String>,
    Query(query): Query<Fields>,
    request: HeaderMap,
) -> Response {
    let lead = |to: &str| library.lead(&request, &query, to, false);
    match (provider.as_str(), &library.by_mail) {
        ("email", Some(by_mail)) => match library.follow_link(by_mail, &query) {
            Some(cookies) => {
                let to = query.get("callbackUrl").map_or("/", String::as_str);
                (cookies, lead(&library.redirect(to))).into_response()
            }
            None => lead("/auth/signin?error=Verification"),
        },
        ("google", _) if library.edition == Edition::Five => lead(library.heard(&request, &query)),
        // The sandbox's provider gives out no codes, so none that comes back is right.
        _ => lead("/auth/signin?error=OAuthCallback"),
    }
}

impl Library {
    /// Gives a new session an id that stays when it is prolonged, where the application remembers those that ended.
    fn number(&self, user: &mut Value) {
        if self.remembers {
            user["sid"] = json!(keys::hex::<16>().ok());
        }
    }

    /// Whom a form signs in.
    fn user_of(&self, provider: &str, fields: &Fields) -> Option<Value> {
        let id = || keys::hex::<16>().ok();
        match provider {
            "guest" if self.has(Fault::SharesGuests) => {
                Some(json!({ "sub": "guest", "name": "Guest" }))
            }
            "guest" => Some(json!({ "sub": id()?, "name": "Guest" })),
            "credentials"
                if self.password.is_some() && fields.get("password") == self.password.as_ref() =>
            {
                Some(json!({ "sub": "1", "name": "Release engineer" }))
            }
            _ => None,
        }
    }

    /// Where the browser is sent, with the cookies that tie the answer to it (RFC 7636, RFC 6749 section 10.12).
    fn start_at(&self, google: &Google) -> io::Result<(String, SetCookies)> {
        let (state, verifier) = (keys::text::<32>()?, keys::text::<32>()?);
        let attributes = self.attributes();
        let mut cookies = Vec::new();
        for (purpose, value) in [("state", &state), ("pkce.code_verifier", &verifier)] {
            let name = self.names().session.replace("session-token", purpose);
            let sealed = self.seal(&name, &json!({ "value": value }))?;
            cookies.push(format!(
                "{name}={sealed}; {attributes}; Max-Age={UNDER_WAY}"
            ));
        }
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let callback = format!("{}/api/auth/callback/google", self.base_url);
        let query = [
            ("client_id", google.client_id.as_str()),
            ("scope", "openid email profile"),
            ("response_type", "code"),
            ("redirect_uri", &callback),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let to = Url::parse_with_params(&google.authorization_endpoint, query);
        Ok((to.map_err(io::Error::other)?.into(), set(cookies)))
    }

    /// Where Auth.js 5 leads when its provider has answered: it compares the state (oauth4webapi, validateAuthResponse) before
    /// it hears that the provider refused. No code is ever right.
    fn heard(&self, request: &HeaderMap, query: &Fields) -> &'static str {
        let is_own = self.has(Fault::IgnoresState)
            || query.contains_key("state") && query.get("state") == self.state(request).as_ref();
        match query.contains_key("error") && is_own {
            true => "/auth/signin?error=OAuthCallbackError",
            false => "/api/auth/error?error=Configuration",
        }
    }

    /// The state that the browser was given when the sign-in began.
    fn state(&self, request: &HeaderMap) -> Option<String> {
        let name = self.names().session.replace("session-token", "state");
        let claims = jwe::open(self.edition, &self.secret, &name, cookie(request, &name)?)?;
        Some(claims["value"].as_str()?.to_owned())
    }

    async fn send_link(&self, by_mail: &ByMail, fields: &Fields) -> Result<(), String> {
        let email = fields.get("email").ok_or("no address was given")?;
        let token = keys::hex::<32>().map_err(|error| error.to_string())?;
        let to = match fields.get("callbackUrl") {
            Some(to) => self.redirect(to),
            None => self.base_url.clone(),
        };
        let link = format!("{}/api/auth/callback/email", self.base_url);
        let query = [("callbackUrl", &to), ("token", &token), ("email", email)];
        let link = Url::parse_with_params(&link, query).map_err(|error| error.to_string())?;
        by_mail.mailer.send(email, &link).await?;
        let mut links = by_mail.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.insert(self.digest(&token), email.clone());
        Ok(())
    }

    /// The session that a link opens, which it does once.
    fn follow_link(&self, by_mail: &ByMail, query: &Fields) -> Option<SetCookies> {
        let digest = self.digest(query.get("token")?);
        let mut links = by_mail.links.lock().unwrap_or_else(PoisonError::into_inner);
        let email = links.remove(&digest)?;
        let mut user = json!({ "sub": email, "email": email });
        self.number(&mut user);
        let (_, cookies) = self.open(&user).ok()?;
        (query.get("email") == Some(&email)).then_some(cookies)
    }

    /// What the library keeps of a token (`core/lib/utils.ts`, hashToken).
    fn digest(&self, token: &str) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{token}{}", self.secret)))
    }
}
