//! Sends one request to a provider within the look's time, and once more where it asks for a moment's patience.

use super::climb::Climb;
use super::refusal::{Kind, Refusal, refusal};
use super::request::Peer;
use crate::clock;
use crate::model::Hindrance;
use reqwest::Request;
use serde_json::Value;
use std::time::{Duration, Instant};

/// A provider that asks for more patience than this is not asked again.
const SHORT: Duration = Duration::from_secs(5);
/// The pause before asking again where the provider names none.
const PAUSE: Duration = Duration::from_secs(1);
/// What is kept of the look's time to tell its outcome.
const RESERVE: Duration = Duration::from_millis(300);

/// What came of one request.
pub(super) enum Told {
    /// JSON with a status of success.
    Json(Value),
    /// A refusal.
    Refused(Refusal),
    /// No answer, and why.
    Unreached(String),
}

impl Climb<'_> {
    /// Sends a request and reads its answer; once more where the provider asks for a moment's patience.
    pub(super) async fn ask(
        &self,
        make: impl Fn(&Peer) -> Result<Request, String>,
        limit: Duration,
        doing: &str,
    ) -> Told {
        let mut again = true;
        loop {
            let told = self.ask_once(&make, limit, doing).await;
            let Told::Refused(refusal) = &told else {
                return told;
            };
            let passing = matches!(refusal.kind, Kind::Rate | Kind::Overload | Kind::Server);
            let pause = refusal.retry_after.unwrap_or(PAUSE);
            if !(again && passing && pause <= SHORT && clock::tick() + pause < self.end()) {
                return told;
            }
            again = false;
            tokio::time::sleep(pause).await;
        }
    }

    async fn ask_once(
        &self,
        make: &impl Fn(&Peer) -> Result<Request, String>,
        limit: Duration,
        doing: &str,
    ) -> Told {
        let request = match make(&self.peer) {
            Ok(request) => request,
            Err(cause) => return Told::Unreached(cause),
        };
        let answer = self.context.transport.fetch(request, self.until(limit));
        let answer = match answer.await {
            Ok(answer) => answer,
            Err(fault) => {
                return Told::Unreached(self.unreached(&fault.hindrance, doing));
            }
        };
        let json = answer.json();
        match json {
            Some(json) if (200..300).contains(&answer.status) => Told::Json(json),
            json => Told::Refused(refusal(
                self.peer.dialect,
                answer.status,
                answer.header("retry-after"),
                json.as_ref(),
                doing,
            )),
        }
    }

    /// Why there was no answer, for people.
    pub(super) fn unreached(&self, hindrance: &Hindrance, doing: &str) -> String {
        let host = self.peer.base.host_str().unwrap_or_default();
        format!("{doing}: no answer from {host}: {}", hindrance.cause)
    }

    /// The end of a request that may take `limit`, within the look's own time.
    pub(super) fn until(&self, limit: Duration) -> Instant {
        self.end().min(clock::tick() + limit)
    }

    /// When the last request must have ended, so that there is time to tell the outcome.
    fn end(&self) -> Instant {
        let until = self.context.until;
        until.checked_sub(RESERVE).unwrap_or(until)
    }
}
