//! How a sign-in begins: with a form, at an OpenID provider, or by a link in a mail; and how it comes back.

use super::Fault;
use super::library::{Fields, Library, SetCookies, Shared, misconfigured, set};
use super::mail::Mailer;
use crate::sandbox::keys;
use axum::extract::{Form, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use url::Url;

/// Seconds that the cookies of a sign-in under way are kept.
const UNDER_WAY: u32 = 900;

/// Google's sign-in as the application has it.
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
    match (provider.as_str(), &library.google, &library.by_mail) {
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
        let to = "/auth/signin?error=CredentialsSignin";
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
