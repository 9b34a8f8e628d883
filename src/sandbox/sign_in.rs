//! The sign-in of the demonstration application: NextAuth 4 with Google, a link by mail, a password and a guest,
//! and its page.

use super::Variant;
use super::application::{Application, Shared, uncached};
use super::headers::Nonce;
use super::keys::Keys;
use super::nextauth::{ByMail, Fault, Google, Library, MONTH, Mailer};
use super::services::Services;
use crate::probe::nextauth_library::jwe::Edition;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::collections::HashSet;
use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock};

/// A day in seconds.
const DAY: i64 = 24 * 3600;

/// The library as the project's `lib/auth.ts` sets it up. Deliberately wrong as found: `useSecureCookies: false`
/// on a site that is served over HTTPS, and sessions that live for the default of 30 days.
///
/// # Errors
/// Never in practice: the mailer is made of the sandbox's own.
pub(super) fn library(
    variant: Variant,
    https_url: &str,
    keys: &Keys,
    services: &Services,
    fault: Option<Fault>,
) -> io::Result<Library> {
    let mailer = Mailer::new(&services.mail, &services.mail_from())?;
    Ok(Library {
        edition: Edition::Four,
        secret: keys.nextauth_secret.clone(),
        base_url: https_url.to_owned(),
        secure: variant == Variant::Mended,
        life: match variant {
            Variant::AsFound => MONTH,
            Variant::Mended => DAY,
        },
        password: Some(keys.password.clone()),
        fault,
        database: Mutex::new(HashSet::new()),
        remembers: variant == Variant::Mended,
        ended: Mutex::default(),
        answered: AtomicUsize::new(0),
        google: Arc::new(OnceLock::from(Google {
            authorization_endpoint: services.provider.authorization_endpoint(),
            client_id: keys.google_client_id.clone(),
        })),
        by_mail: Some(ByMail::new(mailer)),
    })
}

impl Application {
    /// Does the request carry a session that this application signed?
    pub(super) fn signed_in(&self, request: &HeaderMap) -> bool {
        self.library.user(request).is_some()
    }
}

/// The form.
pub(super) async fn page(
    State(application): Shared,
    Extension(nonce): Extension<Nonce>,
    request: HeaderMap,
) -> Response {
    let Ok((token, cookies)) = application.library.csrf(&request, None) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let main = format!(
        "<h1>Sign in</h1><form method=\"post\" action=\"/api/auth/callback/credentials\">\
         <input type=\"hidden\" name=\"csrfToken\" value=\"{token}\">\
         <label for=\"password\">Password</label> \
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required> \
         <button type=\"submit\">Sign in</button></form>\
         <form method=\"post\" action=\"/api/auth/callback/guest\">\
         <input type=\"hidden\" name=\"csrfToken\" value=\"{token}\">\
         <button type=\"submit\">Look around as a guest</button></form>\
         <form method=\"post\" action=\"/api/auth/signin/email\">\
         <input type=\"hidden\" name=\"csrfToken\" value=\"{token}\">\
         <label for=\"email\">Email</label> \
         <input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"email\" required> \
         <button type=\"submit\">Send me a link</button></form>\
         <button id=\"google\" type=\"button\">Continue with Google</button>"
    );
    (
        uncached(),
        cookies,
        application.page(&nonce, "/auth/signin", "Sign in", &main),
    )
        .into_response()
}

/// Where a browser waits for its link.
pub(super) async fn verify_request(
    State(application): Shared,
    Extension(nonce): Extension<Nonce>,
) -> Response {
    let main =
        "<h1>Check your email</h1><p>A sign in link has been sent to your email address.</p>";
    let page = application.page(&nonce, "/api/auth/verify-request", "Verify Request", main);
    (uncached(), page).into_response()
}
