//! What the application tells people: a privacy policy, terms, and where to report a weakness.

use super::Variant;
use super::application::Application;
use super::headers::Nonce;
use crate::clock;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use std::sync::Arc;

/// How long the security contact holds; RFC 9116 section 2.5.5 recommends less than a year.
const CONTACT_HOLDS: SignedDuration = SignedDuration::from_hours(180 * 24);

/// The links at the end of the front page; as found they lead nowhere.
pub(super) fn footer(variant: Variant) -> &'static str {
    match variant {
        Variant::AsFound => "<footer><a href=\"#\">Privacy</a> <a href=\"#\">Terms</a></footer>",
        Variant::Mended => {
            "<footer><a href=\"/privacy\">Privacy policy</a> <a href=\"/terms\">Terms of service</a></footer>"
        }
    }
}

const PRIVACY: &str = "<h1>Privacy policy</h1>\
    <p>This page says what the application keeps about you, why, for how long, and who else handles it. It keeps the \
    tasks that you write, the name and the mail address that you sign in with, and, if you ask to be told of open tasks, \
    the address at which your browser takes messages. It keeps nothing else about you, and shows no advertisements.</p>\
    <p>Your tasks and your address are stored in MongoDB. If you sign in with Google, Google tells us your name and your \
    mail address, and learns that you use this application. Mail with sign-in links and the daily summary is sent by our \
    mail provider. If you ask for suggestions, the titles of your open tasks are sent to Google Gemini, which answers \
    with a text; nothing is sent before you ask.</p>\
    <p>Tasks are kept until you delete them, and everything about you is deleted thirty days after you close your account. \
    You may ask at any time for a copy of what is kept about you, have it corrected or deleted, or complain to a supervisory \
    authority. Write to privacy@sandbox.test, and somebody answers within two weeks.</p>";

const TERMS: &str = "<h1>Terms of service</h1>\
    <p>This application keeps a list of tasks for you. What you write remains yours; you allow us to store it and to show \
    it to you, and nothing more. Do not write down what you may not share with us, and do not use the application to harm \
    others or to break the law. Whoever does loses the account after one warning.</p>\
    <p>The application is offered as it is, without a promise that it is always there or free of mistakes. Keep a copy of \
    what you cannot do without. We are liable for damage that we cause on purpose or by gross negligence, and otherwise \
    only as far as the law demands it.</p>\
    <p>We may change these terms and say so by mail at least thirty days before. You may close your account at any time, \
    and everything that you wrote is deleted with it after thirty days.</p>";

pub(super) async fn privacy(state: State<Arc<Application>>, nonce: Extension<Nonce>) -> Response {
    text(&state, &nonce, "/privacy", "Privacy policy", PRIVACY)
}

pub(super) async fn terms(state: State<Arc<Application>>, nonce: Extension<Nonce>) -> Response {
    text(&state, &nonce, "/terms", "Terms of service", TERMS)
}

fn text(
    application: &Application,
    nonce: &Nonce,
    route: &str,
    title: &str,
    main: &str,
) -> Response {
    match application.variant {
        Variant::AsFound => StatusCode::NOT_FOUND.into_response(),
        Variant::Mended => application.page(nonce, route, title, main).into_response(),
    }
}

/// `/.well-known/security.txt` (RFC 9116).
pub(super) async fn security_contact(State(application): State<Arc<Application>>) -> Response {
    if application.variant == Variant::AsFound {
        return StatusCode::NOT_FOUND.into_response();
    }
    let until = clock::now().saturating_add(CONTACT_HOLDS);
    let until = until.unwrap_or_else(|_| clock::now());
    let body = format!(
        "Contact: mailto:security@sandbox.test\nExpires: {}\nPreferred-Languages: en\n",
        until.strftime("%Y-%m-%dT%H:%M:%SZ")
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}
