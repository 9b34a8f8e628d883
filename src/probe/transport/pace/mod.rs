//! The one scheduler of active looks: it announces their requests, and holds them to budget and pace at each origin.
//!
//! A request is one over HTTP, the opening of a WebSocket, a connection to a mail server or a mailbox ([`Visit`]), any
//! other connection of holdpoint's own, or a run of a program, whose requests nobody can count. Messages over a WebSocket
//! follow a request that was counted, and so do the connections of MongoDB's driver. Questions to name servers are not
//! counted: they go to no origin that is looked at. The run is named in the headers of requests and of mail; SMTP and
//! IMAP have no other place for it.

mod track;
mod visit;

use super::Fault;
use super::to_target::OWN_NAME;
use crate::clock;
use crate::model::{Hindrance, HindranceKind, Target, is_loopback, origin, same_origin};
use crate::probe::Budget;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::{Request, Response, StatusCode};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use track::{Outcome, Rules, Track, Turn};
use url::Url;
pub(super) use visit::Visit;

/// Names the run in every active request to the target, so that whoever runs it can find and block them.
const RUN: &str = "x-holdpoint-run";

/// What the active looks of a run did so far, by origin.
#[derive(Debug, Default)]
pub(super) struct Pace {
    tracks: Mutex<HashMap<String, Track>>,
}

/// One active look's share of it, over all its attempts.
#[derive(Debug, Clone)]
pub(super) struct Share {
    pace: Arc<Pace>,
    run: Arc<str>,
    target: Option<Arc<Target>>,
    budget: Budget,
    sent: Arc<AtomicU32>,
}

/// A request that may go, and must be accounted for.
#[derive(Debug)]
pub(super) struct Admitted {
    share: Share,
    origin: String,
    rules: Rules,
    /// `GET /x`, without the query, which may hold anything; `a connection to smtp://a.example:25`.
    asked: String,
    removes: bool,
}

tokio::task_local! {
    static REMOVES: ();
}

/// Runs what takes away what a look created. It must not be kept from that: its requests are announced and
/// counted, but neither held back nor slowed down.
pub(in crate::probe) async fn removing<F: Future>(removal: F) -> F::Output {
    REMOVES.scope((), removal).await
}

impl Share {
    pub(super) fn new(
        pace: Arc<Pace>,
        run: &str,
        target: Option<Arc<Target>>,
        budget: Budget,
    ) -> Self {
        Self {
            pace,
            run: run.into(),
            target,
            budget,
            sent: Arc::default(),
        }
    }

    /// Puts the run's name on a request to the target. A User-Agent that the user gave the target stays, as it
    /// may be what lets requests through; the run is named beside it all the same.
    pub(super) fn announce(&self, request: &mut Request) {
        let Some(target) = &self.target else {
            return;
        };
        let url = request.url();
        let plain = target.plain_url.as_ref();
        if !same_origin(url, &target.url) && !plain.is_some_and(|plain| same_origin(url, plain)) {
            return;
        }
        let given = |(name, _): &(String, String)| name.eq_ignore_ascii_case("user-agent");
        if !target.headers.iter().any(given)
            && let Ok(name) =
                HeaderValue::from_str(&format!("{OWN_NAME} (active; run {})", self.run))
        {
            request.headers_mut().insert(USER_AGENT, name);
        }
        if let Ok(run) = HeaderValue::from_str(&self.run) {
            request.headers_mut().insert(RUN, run);
        }
    }

    /// Waits for the turn of a request, and counts it.
    ///
    /// # Errors
    /// `withheld`: a budget is spent, the origin has failed too often, or the turn comes after `until`.
    pub(super) async fn admit(
        &self,
        method: &str,
        url: &Url,
        until: Instant,
    ) -> Result<Admitted, Fault> {
        self.turn(format!("{method} {}", url.path()), url, until)
            .await
    }

    /// The same for anything else that goes to an address: a connection, a program.
    ///
    /// # Errors
    /// As [`Self::admit`].
    pub(super) async fn turn(
        &self,
        asked: String,
        url: &Url,
        until: Instant,
    ) -> Result<Admitted, Fault> {
        let origin = origin(url).unwrap_or_else(|| url.origin().ascii_serialization());
        let rules = Rules {
            paced: !self.budget.bursts && !is_loopback(url),
            bursts: self.budget.bursts,
        };
        let admitted = Admitted {
            share: self.clone(),
            asked,
            origin,
            rules,
            removes: REMOVES.try_with(|()| ()).is_ok(),
        };
        if admitted.removes {
            self.track(&admitted.origin, Track::count);
            return Ok(admitted);
        }
        self.spend().map_err(withheld)?;
        loop {
            let turn = self.track(&admitted.origin, |track| {
                track.turn(clock::tick(), rules, &admitted.origin)
            });
            match turn {
                Turn::Now => return Ok(admitted),
                Turn::Never(cause) => return Err(withheld(cause)),
                Turn::At(moment) if moment >= until => {
                    let cause = format!(
                        "{} was held back to spare the server until the time of the look was over",
                        admitted.asked
                    );
                    return Err(withheld(cause));
                }
                Turn::At(moment) => tokio::time::sleep_until(moment.into()).await,
            }
        }
    }

    /// The turn of a program, which goes to the target where there is one, and else counts for its look alone.
    ///
    /// # Errors
    /// As [`Self::admit`].
    pub(super) async fn program(&self, until: Instant) -> Result<(), Fault> {
        match &self.target {
            Some(target) => {
                let turn = self.turn("a program".into(), &target.url, until).await;
                turn.map(drop)
            }
            None => self.spend().map_err(withheld),
        }
    }

    /// One request of the look's own budget.
    fn spend(&self) -> Result<(), String> {
        let most = self.budget.requests;
        let spent = |sent: u32| (sent < most).then_some(sent + 1);
        self.sent
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spent)
            .map(|_| ())
            .map_err(|_| format!("after {most} requests no more are sent in one look"))
    }

    fn track<T>(&self, origin: &str, act: impl FnOnce(&mut Track) -> T) -> T {
        let mut tracks = self
            .pace
            .tracks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        act(tracks.entry(origin.to_owned()).or_default())
    }
}

impl Admitted {
    /// Takes note of what became of the request, which took so long on an open connection.
    pub(super) fn note(&self, outcome: &Result<Response, Fault>, latency: Duration) {
        match outcome {
            Ok(response) => self.answered(response.status(), response.headers(), latency),
            Err(fault) if fault.connecting => self.settle(Outcome::Unsent),
            Err(fault) => self.failed(&fault.hindrance),
        }
    }

    /// Takes note of the beginning of an answer.
    pub(super) fn answered(&self, status: StatusCode, headers: &HeaderMap, latency: Duration) {
        self.settle(Outcome::Answered {
            status: status.as_u16(),
            retry_after: retry_after(headers),
            latency,
        });
    }

    /// Takes note of why there was no answer on an open connection.
    pub(super) fn failed(&self, hindrance: &Hindrance) {
        let taken = [HindranceKind::Closed, HindranceKind::Timeout].contains(&hindrance.kind);
        self.settle(match taken {
            true => Outcome::Unanswered,
            false => Outcome::Unsent,
        });
    }

    fn settle(&self, outcome: Outcome) {
        // What a removal meets is no reason to stop the looks: it may ask for what is gone.
        if !self.removes {
            self.share.track(&self.origin, |track| {
                track.note(clock::tick(), self.rules, &self.asked, outcome);
            });
        }
    }
}

/// How long the answer asks to be left alone; a date is read as the least, since only seconds are waited for.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = text.trim().parse().unwrap_or_default();
    Some(Duration::from_secs(seconds))
}

fn withheld(cause: String) -> Fault {
    Fault::settled(Hindrance::new(HindranceKind::Withheld, cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PathClasses;

    fn share(headers: &[(&str, &str)], requests: u32) -> Share {
        let target = Target {
            url: "https://shop.example".parse().unwrap(),
            environment: String::new(),
            owned: true,
            plain_url: "http://shop.example".parse().ok(),
            authority_pem: None,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            paths: PathClasses::default(),
        };
        let budget = Budget {
            requests,
            bursts: true,
        };
        Share::new(Arc::default(), "r-1", Some(Arc::new(target)), budget)
    }

    fn sent(share: &Share, url: &str) -> (Option<String>, Option<String>) {
        let mut request = Request::new(reqwest::Method::GET, url.parse().unwrap());
        share.announce(&mut request);
        let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
        (header("user-agent"), header(RUN))
    }

    #[test]
    fn the_target_is_told_who_asks() {
        let own = Some(format!("{OWN_NAME} (active; run r-1)"));
        let run = Some("r-1".to_owned());
        let plain = share(&[], 1);
        for url in ["https://shop.example/x", "http://shop.example/"] {
            assert_eq!(sent(&plain, url), (own.clone(), run.clone()), "{url}");
        }
        // The services of others are not told of it.
        assert_eq!(sent(&plain, "https://push.example/x"), (None, None));
        let given = share(&[("User-Agent", "let me in")], 1);
        assert_eq!(sent(&given, "https://shop.example/x"), (None, run));
    }

    #[tokio::test]
    async fn a_look_has_a_budget_and_removals_are_never_held_back() {
        let share = share(&[], 2);
        let url: Url = "https://shop.example/x?secret=1".parse().unwrap();
        let until = clock::tick() + Duration::from_secs(60);
        for _ in 0..2 {
            let admitted = share.admit("GET", &url, until).await.unwrap();
            assert_eq!(admitted.asked, "GET /x");
        }
        let refused = share.admit("GET", &url, until).await.unwrap_err();
        assert_eq!(refused.hindrance.kind, HindranceKind::Withheld);
        assert_eq!(
            refused.hindrance.cause,
            "after 2 requests no more are sent in one look"
        );
        assert!(!refused.connecting);
        assert!(removing(share.admit("DELETE", &url, until)).await.is_ok());
    }

    #[tokio::test]
    async fn what_comes_too_late_is_not_waited_for() {
        let mut share = share(&[], 9);
        share.budget.bursts = false;
        let url: Url = "https://shop.example/x".parse().unwrap();
        let now = clock::tick();
        assert!(share.admit("GET", &url, now).await.is_ok());
        let refused = share.admit("GET", &url, now).await.unwrap_err();
        assert!(
            refused.hindrance.cause.starts_with("GET /x was held back"),
            "{refused:?}"
        );
    }
}
