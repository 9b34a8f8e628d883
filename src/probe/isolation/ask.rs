//! Asks the API: with a control after each of its failures, and with an eye on what its errors show.

use crate::model::HindranceKind;
use crate::probe::Context;
use crate::probe::nextauth::Site;
use crate::probe::transport::Fetched;
use regex::Regex;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The longest wait that an API may ask for.
const PATIENCE: u64 = 10;

/// What production answers never hold: stack frames, the folders of a build, errors and addresses of the database.
static INSIDES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x) \bat\s[^"\n]{0,160}:\d+:\d+ | node_modules/ | /var/task/ | \.next/server |
           \b(?:MongoServerError|MongoError|BSONError|CastError|PrismaClient\w*Error)\b | \bmongodb(?:\+srv)?:// "#,
    )
    .expect("the pattern is constant")
});

/// Who sends a request.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// For people: `as A`, `without a session`.
    pub(super) by: String,
    /// The Cookie header; empty for strangers.
    pub(super) cookies: String,
}

/// One request.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    /// Method and path as the repository names them, for people.
    pub(super) shown: String,
    pub(super) body: Option<String>,
    /// Beside what every request has.
    pub(super) headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
    pub(super) json: Option<Value>,
    /// In small letters, without parameters; empty where there is none.
    pub(super) content_type: String,
    pub(super) nosniff: bool,
    pub(super) headers: HeaderMap,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    /// A page in place of data.
    pub(super) fn is_page(&self) -> bool {
        self.json.is_none() && self.content_type == "text/html"
    }
}

/// The requests of one look.
pub(super) struct Asking {
    site: Site,
    /// Scheme, host and port of the target.
    home: String,
    until: Instant,
    /// The last GET that was answered without a failure.
    control: Option<(Caller, Call)>,
    /// Why nothing more is sent.
    stopped: Option<String>,
    pub(super) asked: u32,
    /// The last request was sent, as far as can be told, and had no answer.
    pub(super) unanswered: bool,
    /// Route, sender and what an error showed.
    pub(super) shown_insides: Vec<(String, String, String)>,
}

impl Asking {
    /// Leaves a fifth of the time for taking away what was created.
    pub(super) fn new(site: Site, context: &Context) -> Self {
        let reserve = context.timeout / 5;
        Self {
            home: site.home(),
            site,
            until: context.until.checked_sub(reserve).unwrap_or(context.until),
            control: None,
            stopped: None,
            asked: 0,
            unanswered: false,
            shown_insides: Vec::new(),
        }
    }

    /// Sends one request.
    ///
    /// # Errors
    /// Why there is no answer that tells anything, for people.
    pub(super) async fn ask(&mut self, caller: &Caller, call: &Call) -> Result<Answer, String> {
        loop {
            if let Some(cause) = &self.stopped {
                return Err(cause.clone());
            }
            let fetched = self.send(caller, call).await?;
            if fetched.status == 429 {
                let after = fetched
                    .header("retry-after")
                    .and_then(|text| text.trim().parse().ok());
                self.wait(call, after).await;
                continue;
            }
            let answer = Answer {
                status: fetched.status,
                json: fetched.json(),
                content_type: fetched
                    .header("content-type")
                    .and_then(|text| text.split(';').next())
                    .map(|text| text.trim().to_ascii_lowercase())
                    .unwrap_or_default(),
                nosniff: fetched
                    .header("x-content-type-options")
                    .is_some_and(|text| text.trim().eq_ignore_ascii_case("nosniff")),
                text: fetched.text().into_owned(),
                headers: fetched.headers,
            };
            self.look_inside(caller, call, &answer);
            if answer.status < 500 {
                if call.method == "GET" {
                    self.control = Some((caller.clone(), call.clone()));
                }
            } else if let Some((caller, call)) = self.control.take() {
                // What is sent here is made to provoke, and an error is what it may find. Whether the server
                // has had enough is told by what it answered before: only if that fails too, it is stopped.
                if matches!(self.send(&caller, &call).await, Ok(told) if told.status < 500) {
                    self.control = Some((caller, call));
                }
            }
            return Ok(answer);
        }
    }

    async fn send(&mut self, caller: &Caller, call: &Call) -> Result<Fetched, String> {
        let method = Method::from_bytes(call.method.as_bytes()).unwrap_or(Method::GET);
        let more = call.headers.iter().map(|(name, value)| (*name, &**value));
        let own = [("origin", &*self.home), ("sec-fetch-site", "same-origin")];
        // As a browser does for a page of the application.
        let own = own.into_iter().filter(|_| call.method != "GET");
        let headers: Vec<_> = own.chain(more).collect();
        let sent = self.site.send(
            method,
            &call.path,
            &caller.cookies,
            call.body.clone(),
            &headers,
            self.until,
        );
        let outcome = sent.await;
        let kind = outcome.as_ref().err().map(|fault| fault.hindrance.kind);
        self.asked += u32::from(kind != Some(HindranceKind::Withheld));
        self.unanswered = !matches!(
            kind,
            None | Some(HindranceKind::Withheld | HindranceKind::Refused)
        );
        outcome.map_err(|fault| format!("{} {}: {}", call.shown, caller.by, fault.hindrance.cause))
    }

    fn look_inside(&mut self, caller: &Caller, call: &Call, answer: &Answer) {
        if answer.status >= 400
            && let Some(found) = INSIDES.find(&answer.text)
        {
            let what = match found.as_str() {
                text if text.starts_with("at") => "a stack trace",
                text if text.starts_with("mongodb") => "the database's address",
                text if text.ends_with('/') || text.starts_with('.') => "the server's folders",
                _ => "the name of an error of the database",
            };
            let found = (call.shown.clone(), caller.by.clone(), what.to_owned());
            self.shown_insides.push(found);
        }
    }

    /// Waits as long as the API asks for, if that is short; else nothing more is sent.
    async fn wait(&mut self, call: &Call, after: Option<u64>) {
        match after.filter(|after| *after <= PATIENCE) {
            Some(after) => {
                let wanted = crate::clock::tick() + Duration::from_secs(after.max(1));
                tokio::time::sleep_until(wanted.min(self.until).into()).await;
            }
            None => {
                self.stopped = Some(format!(
                    "{} is refused for now: too many requests (status 429)",
                    call.shown
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insides_are_told_from_messages() {
        for (text, shows) in [
            (
                r#"{"stack":"SyntaxError: x\n    at POST (/app/route.js:12:3)"}"#,
                true,
            ),
            (
                r#"{"error":"BSONError: input must be a 24 character"}"#,
                true,
            ),
            (r#"{"error":"connect mongodb://db:27017"}"#, true),
            (r#"{"error":"The meeting is at 12:30"}"#, false),
            (
                r#"{"error":"Unexpected token x in JSON at position 3"}"#,
                false,
            ),
            (
                "<script src=\"/_next/static/chunks/main.js\"></script>",
                false,
            ),
        ] {
            assert_eq!(INSIDES.is_match(text), shows, "{text}");
        }
    }
}
