//! Sign-in with the routes, cookies and answers of NextAuth v4, for one password.

use super::Variant;
use super::application::{Application, Shared, uncached};
use super::headers::Nonce;
use super::keys;
use axum::Json;
use axum::extract::{Extension, Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// 30 days in seconds, the default of NextAuth.
const SESSION_SECONDS: u32 = 30 * 24 * 3600;

/// The names that NextAuth gives its cookies, with the prefixes of RFC 6265bis where cookies are secure.
pub(super) struct Cookies {
    pub(super) session: &'static str,
    csrf: &'static str,
    callback: &'static str,
    attributes: &'static str,
}

/// Cookies to set with an answer; possibly none.
type SetCookies = AppendHeaders<Vec<(header::HeaderName, String)>>;

impl Application {
    /// Deliberately wrong as found: `useSecureCookies: false` on a site that is served over HTTPS.
    pub(super) fn cookies(&self) -> Cookies {
        match self.variant {
            Variant::AsFound => Cookies {
                session: "next-auth.session-token",
                csrf: "next-auth.csrf-token",
                callback: "next-auth.callback-url",
                attributes: "Path=/; HttpOnly; SameSite=Lax",
            },
            Variant::Mended => Cookies {
                session: "__Secure-next-auth.session-token",
                csrf: "__Host-next-auth.csrf-token",
                callback: "__Secure-next-auth.callback-url",
                attributes: "Path=/; HttpOnly; Secure; SameSite=Lax",
            },
        }
    }

    /// The token of the request's CSRF cookie, if this application signed it; else a new one with its cookie.
    fn csrf(&self, request: &HeaderMap) -> std::io::Result<(String, SetCookies)> {
        let Cookies {
            csrf,
            callback,
            attributes,
            ..
        } = self.cookies();
        if let Some(token) = self.csrf_token(request) {
            return Ok((token, AppendHeaders(Vec::new())));
        }
        let token = keys::hex::<32>()?;
        let origin = utf8_percent_encode(&self.https_url, NON_ALPHANUMERIC);
        let cookies = vec![
            (
                header::SET_COOKIE,
                format!("{csrf}={token}%7C{}; {attributes}", self.csrf_hash(&token)),
            ),
            (
                header::SET_COOKIE,
                format!("{callback}={origin}; {attributes}"),
            ),
        ];
        Ok((token, AppendHeaders(cookies)))
    }

    /// The token in the request's CSRF cookie, provided its hash is ours.
    fn csrf_token(&self, request: &HeaderMap) -> Option<String> {
        let value = percent_decode_str(cookie(request, self.cookies().csrf)?)
            .decode_utf8()
            .ok()?;
        let (token, hash) = value.split_once('|')?;
        (hash == self.csrf_hash(token)).then(|| token.to_owned())
    }

    fn csrf_hash(&self, token: &str) -> String {
        keys::to_hex(
            &Sha256::new()
                .chain_update(token)
                .chain_update(&self.keys.nextauth_secret)
                .finalize(),
        )
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

/// The form.
pub(super) async fn page(
    State(application): Shared,
    Extension(nonce): Extension<Nonce>,
    request: HeaderMap,
) -> Response {
    let Ok((token, cookies)) = application.csrf(&request) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let main = format!(
        "<h1>Sign in</h1><form method=\"post\" action=\"/api/auth/callback/credentials\">\
         <input type=\"hidden\" name=\"csrfToken\" value=\"{token}\">\
         <label for=\"password\">Password</label> \
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required> \
         <button type=\"submit\">Sign in</button></form>"
    );
    (
        uncached(),
        cookies,
        application.page(&nonce, "/auth/signin", "Sign in", &main),
    )
        .into_response()
}

/// `GET /api/auth/csrf`
pub(super) async fn csrf(State(application): Shared, request: HeaderMap) -> Response {
    match application.csrf(&request) {
        Ok((token, cookies)) => {
            (uncached(), cookies, Json(json!({ "csrfToken": token }))).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `GET /api/auth/session`: an empty object for strangers, as NextAuth answers.
pub(super) async fn session(State(application): Shared, request: HeaderMap) -> impl IntoResponse {
    let session = match application.signed_in(&request) {
        true => json!({ "user": { "name": "Release engineer" }, "expires": expiry() }),
        false => json!({}),
    };
    (uncached(), Json(session))
}

fn expiry() -> String {
    let lifetime = std::time::Duration::from_secs(SESSION_SECONDS.into());
    (crate::clock::now() + lifetime).to_string()
}

/// `GET /api/auth/providers`
pub(super) async fn providers(State(application): Shared) -> impl IntoResponse {
    let base = format!("{}/api/auth", application.https_url);
    let provider = |id: &str, name: &str, kind: &str| json!({ "id": id, "name": name, "type": kind, "signinUrl": format!("{base}/signin/{id}"), "callbackUrl": format!("{base}/callback/{id}") });
    let providers = json!({
        "google": provider("google", "Google", "oauth"),
        "credentials": provider("credentials", "Credentials", "credentials"),
    });
    (uncached(), Json(providers))
}

/// What the form sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Submission {
    csrf_token: String,
    password: String,
}

/// `POST /api/auth/callback/credentials`: opens a session for the right password and a CSRF token of ours.
pub(super) async fn callback(
    State(application): Shared,
    request: HeaderMap,
    Form(submission): Form<Submission>,
) -> Response {
    if application.csrf_token(&request).as_deref() != Some(&submission.csrf_token) {
        return see("/auth/signin?csrf=true").into_response();
    }
    if submission.password != application.keys.password {
        return see("/auth/signin?error=CredentialsSignin").into_response();
    }
    let Ok(token) = application.open_session() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Cookies {
        session,
        attributes,
        ..
    } = application.cookies();
    let cookie = format!("{session}={token}; {attributes}; Max-Age={SESSION_SECONDS}");
    ([(header::SET_COOKIE, cookie)], see("/")).into_response()
}

fn see(path: &'static str) -> impl IntoResponse {
    (StatusCode::FOUND, uncached(), [(header::LOCATION, path)])
}
