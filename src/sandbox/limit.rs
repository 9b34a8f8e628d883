//! The limit on attempts to sign in with a password: ten in a minute, counted before the library sees them.

use super::Variant;
use crate::clock;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const ALLOWED: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);

/// The attempts of the window. Deliberately missing in the variant as found: it counts nothing.
#[derive(Debug)]
pub(super) struct Attempts {
    variant: Variant,
    window: Mutex<Option<(Instant, u32)>>,
}

impl Attempts {
    pub(super) fn new(variant: Variant) -> Arc<Self> {
        Arc::new(Self {
            variant,
            window: Mutex::default(),
        })
    }

    /// From now on as after a minute in which nobody tried.
    pub(super) fn forget(&self) {
        *self.window.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How long to wait before the next one, where there were too many.
    fn refused(&self) -> Option<Duration> {
        let now = clock::tick();
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, count) = window
            .filter(|(began, _)| now.duration_since(*began) < WINDOW)
            .unwrap_or((now, 0));
        *window = Some((began, count.saturating_add(1)));
        (count >= ALLOWED).then(|| WINDOW.saturating_sub(now.duration_since(began)))
    }
}

/// Refuses the eleventh attempt.
pub(super) async fn surround(
    State(attempts): State<Arc<Attempts>>,
    request: Request,
    next: Next,
) -> Response {
    let counts = attempts.variant == Variant::Mended
        && request.method() == Method::POST
        && request.uri().path() == "/api/auth/callback/credentials";
    match counts.then(|| attempts.refused()).flatten() {
        Some(wait) => {
            let seconds = (wait.as_secs() + 1).to_string();
            let after = [(header::RETRY_AFTER, seconds)];
            (StatusCode::TOO_MANY_REQUESTS, after, "Too many attempts").into_response()
        }
        None => next.run(request).await,
    }
}
