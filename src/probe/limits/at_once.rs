//! Requests that arrive at once: does the limit count all of them, or do those pass that are checked before the first is counted?
//!
//! One volley after the limiter has forgotten what was sent before (OWASP WSTG-BUSL-07; a race between check and count,
//! CWE-367). What a window's end in the middle explains is asked a second time.

use super::burst::{BUDGET, Seen, World};
use super::claim::{PATIENCE, came_back, rest};
use super::subject::Claim;
use serde_json::{Value, json};

/// The most requests of one volley.
const MOST: u64 = 50;
/// How many more than the limit are sent.
const MORE: u64 = 5;
/// Time for the answers to a volley.
const ANSWERS: f64 = 2.0;

/// What the volleys showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// No more passed than are configured.
    Held,
    /// More passed, both times.
    Raced,
    /// It cannot be told, because of this.
    Untold(String),
}

/// All that was seen.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) outcome: Outcome,
    /// How many passed of the last volley.
    passed: Option<u64>,
    /// How many were sent in a volley.
    volley: Option<u64>,
}

impl Told {
    /// Nothing was sent.
    pub(super) fn nothing(why: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Untold(why.into()),
            passed: None,
            volley: None,
        }
    }

    /// The fact `at_once`.
    pub(super) fn fact(&self) -> Value {
        let (word, why) = match &self.outcome {
            Outcome::Held => ("held", None),
            Outcome::Raced => ("raced", None),
            Outcome::Untold(why) => ("untold", Some(why)),
        };
        json!({ "outcome": word, "passed": self.passed, "volley": self.volley, "why": why })
    }
}

/// Sends the limit and some more at once. `usual` is the status of an ordinary answer, and `sent` what the look has sent so far.
pub(super) async fn look(
    world: &mut dyn World,
    claim: Claim,
    usual: Option<u16>,
    mut sent: u64,
) -> Told {
    let volley = claim.limit.saturating_add(MORE);
    if volley > MOST {
        return Told::nothing(format!(
            "{volley} requests at once would tell, and a volley has {MOST} at most"
        ));
    }
    if claim.window > PATIENCE {
        return Told::nothing(format!(
            "the window has {} s, which is longer than a look waits to begin anew",
            claim.window
        ));
    }
    let mut told = Told::nothing("");
    for again in [false, true] {
        if sent + volley > BUDGET {
            told.outcome = Outcome::Untold(format!(
                "the {BUDGET} requests that one look may send do not allow a volley of {volley}"
            ));
            return told;
        }
        // Half a window off, so that no two volleys meet the ends of windows.
        let rest = rest(claim, 0.0);
        if world.left() < rest + ANSWERS {
            told.outcome = Outcome::Untold(format!(
                "a volley would have to wait for {rest:.0} s, for which the look has no time left"
            ));
            return told;
        }
        world.wait(rest).await;
        let flights = world.together(volley, usual).await;
        sent += volley;
        told.volley = Some(volley);
        let lost = flights.iter().find_map(|(seen, ..)| match seen {
            Seen::Lost(why) => Some(why.clone()),
            Seen::Failed(status) => Some(format!("an answer had status {status}")),
            Seen::Admitted { .. } | Seen::Refused(_) => None,
        });
        if let Some(why) = lost {
            told.outcome = Outcome::Untold(why);
            return told;
        }
        let admitted = flights
            .iter()
            .filter(|(seen, ..)| matches!(seen, Seen::Admitted { .. }));
        let passed = admitted.count() as u64;
        told.passed = Some(passed);
        let began = flights.iter().map(|(_, sent, _)| *sent);
        let ended = flights.iter().map(|(.., answered)| *answered);
        let took = ended.fold(0.0, f64::max) - began.fold(f64::INFINITY, f64::min);
        // A bucket fills up while it is emptied; that much more is within the claim.
        if took >= claim.window || came_back(claim, took) >= MORE as f64 {
            told.outcome = Outcome::Untold(format!(
                "the answers took {took:.1} s, in which so many may pass one after the other"
            ));
            return told;
        }
        // A limiter that lets nothing through shows nothing of how it counts.
        if passed == 0 {
            told.outcome = Outcome::Untold(
                "nothing of a volley passed, so the limiter refused already, because of others or of what was sent before".into(),
            );
            return told;
        }
        if passed as f64 <= claim.limit as f64 + came_back(claim, took) {
            told.outcome = match again {
                false => Outcome::Held,
                true => Outcome::Untold(
                    "more passed once, and no more the second time; a window may have ended in the middle".into(),
                ),
            };
            return told;
        }
    }
    told.outcome = Outcome::Raced;
    told
}

#[cfg(test)]
mod tests;
