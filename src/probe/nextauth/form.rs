//! The library's forms for other probes: which providers there are, and the token that every form needs.

use super::climb::{csrf_pair, line};
use super::site::{Answer, Reading, Site};
use crate::clock;
use crate::model::{Hindrance, HindranceKind};
use crate::probe::http::cookie::Cookie;
use crate::probe::transport::{Fault, Fetched, removing};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long signing out may take, whatever time the look has left.
const SIGNING_OUT: Duration = Duration::from_secs(10);

/// Forms of one browser.
pub(in crate::probe) struct Forms {
    /// Where they are sent.
    pub(in crate::probe) site: Site,
    /// Each provider's id and kind: credentials, email, oauth …
    pub(in crate::probe) providers: Vec<(String, String)>,
    cookie: String,
    token: String,
}

impl Forms {
    /// Asks for the providers and for a token; none where nothing is there (status 404).
    ///
    /// # Errors
    /// There was no answer, or another than the library's: a challenge, a limit or a page says nothing of what lies
    /// behind it.
    pub(in crate::probe) async fn of(site: Site, until: Instant) -> Result<Option<Self>, Fault> {
        let listed = site.get("providers", "", &[], until).await?;
        let Some(json) = read(&listed, "GET providers")? else {
            return Ok(None);
        };
        let providers = json.as_object().and_then(|all| {
            let each = all.iter();
            each.map(|(id, one)| Some((id.clone(), one["type"].as_str()?.to_owned())))
                .collect::<Option<Vec<_>>>()
        });
        let Some(providers) = providers else {
            let cause = "GET providers answers with JSON of another form than the library's";
            return Err(unclear(HindranceKind::Protocol, cause));
        };
        let answer = site.get("csrf", "", &[], until).await?;
        if read(&answer, "GET csrf")?.is_none() {
            let cause = "GET csrf answers with status 404, though GET providers lists some";
            return Err(unclear(HindranceKind::Protocol, cause));
        }
        let Some((cookie, pair)) = csrf_pair(&answer) else {
            let cause = "GET csrf sets no cookie with a token";
            return Err(unclear(HindranceKind::Protocol, cause));
        };
        Ok(Some(Self {
            site,
            providers,
            cookie: line([(&*cookie.name, &*cookie.value)]),
            token: pair.token,
        }))
    }

    /// Sends a form with its token.
    ///
    /// # Errors
    /// There was no answer.
    pub(in crate::probe) async fn send(
        &self,
        endpoint: &str,
        fields: &[(&str, &str)],
        until: Instant,
    ) -> Result<Fetched, Fault> {
        let token = [("csrfToken", self.token.as_str())];
        let fields = [&token, fields].concat();
        self.site
            .submit(endpoint, &self.cookie, &fields, until)
            .await
    }

    /// Ends a session that a form has opened.
    ///
    /// # Errors
    /// Says why it may be open still.
    pub(in crate::probe) async fn sign_out(&self, session: &[Cookie]) -> Result<(), String> {
        let opened = line(session.iter().map(|one| (&*one.name, &*one.value)));
        let cookies = format!("{}; {opened}", self.cookie);
        let fields = [("csrfToken", self.token.as_str())];
        let until = clock::tick() + SIGNING_OUT;
        let answer = removing(self.site.post("signout", &cookies, &fields, until)).await;
        match answer.map_err(|fault| fault.hindrance.cause)?.status {
            200..=399 => Ok(()),
            status => Err(format!("POST signout is answered with status {status}")),
        }
    }
}

/// The JSON of an answer; none where nothing is there.
fn read(answer: &Answer, asked: &str) -> Result<Option<Value>, Fault> {
    match answer.read(asked) {
        Reading::Json(json) => Ok(Some(json)),
        Reading::Missing => Ok(None),
        Reading::Misconfigured => {
            let cause = format!("{asked} answers that the server's configuration is wrong");
            Err(unclear(HindranceKind::Protocol, &cause))
        }
        Reading::Unclear(cause) => {
            let kind = match answer.status {
                429 => HindranceKind::RateLimited,
                401 | 403 => HindranceKind::Denied,
                _ => HindranceKind::Protocol,
            };
            Err(unclear(kind, &cause))
        }
    }
}

fn unclear(kind: HindranceKind, cause: &str) -> Fault {
    Fault::settled(Hindrance::new(kind, cause))
}
