//! The sessions that a look has opened and not signed out yet.

use super::climb::line;
use super::csrf::Pair;
use super::site::Site;
use crate::clock;
use crate::probe::http::cookie::Cookie;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long signing out may take once the look is over.
const REMOVAL: Duration = Duration::from_secs(4);

/// Sessions as Cookie headers, with what signs them out.
#[derive(Clone)]
pub(super) struct Kept {
    sessions: Arc<Mutex<Vec<String>>>,
    site: Site,
    csrf: Cookie,
    pair: Pair,
}

impl Kept {
    pub(super) fn new(site: Site, csrf: Cookie, pair: Pair) -> Self {
        Self {
            sessions: Arc::default(),
            site,
            csrf,
            pair,
        }
    }

    pub(super) fn add(&self, session: &str) {
        self.lock().push(session.to_owned());
    }

    /// It was signed out.
    pub(super) fn forget(&self, session: &str) {
        self.lock().retain(|one| one != session);
    }

    /// Signs one out; it stays among these until that is answered well.
    pub(super) async fn sign_out(&self, session: &str) -> Result<(), String> {
        let cookies = format!(
            "{}; {session}",
            line([(&*self.csrf.name, &*self.csrf.value)])
        );
        let fields = [("csrfToken", self.pair.token.as_str())];
        let until = clock::tick() + REMOVAL;
        let answer = self.site.post("signout", &cookies, &fields, until).await;
        let answer = answer.map_err(|fault| fault.hindrance.cause)?;
        match answer.status {
            200..=399 => {
                self.forget(session);
                Ok(())
            }
            status => Err(format!("signing out was answered with status {status}")),
        }
    }

    /// Signs out whatever is left by then.
    pub(super) async fn sign_out_all(self) -> Result<(), String> {
        let left = self.lock().clone();
        let mut outcome = Ok(());
        for session in left {
            let signed_out = self.sign_out(&session).await;
            outcome = outcome.and(signed_out);
        }
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
