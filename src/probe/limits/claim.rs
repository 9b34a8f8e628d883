//! The look at a configured limit: one request more than it allows, in one window.

use super::burst::{BUDGET, Burst, Refusal, World, burst};
use super::subject::Claim;
use serde_json::{Value, json};

/// Windows up to this many seconds are waited out.
pub(super) const PATIENCE: f64 = 20.0;
/// Rounding of seconds, and what clocks and networks differ by.
const MARGIN: f64 = 0.6;
/// After so many windows every family of limiters has forgotten a burst: a sliding counter remembers for two.
const FORGOTTEN: f64 = 2.1;

/// What the requests showed of the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Exactly as many passed as are configured.
    Held,
    /// Nothing was refused.
    Nothing,
    /// More passed than are configured, before one was refused.
    Looser,
    /// Fewer passed.
    Stricter,
    /// It cannot be told.
    Unclear,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Nothing => "none",
            Self::Looser => "looser",
            Self::Stricter => "stricter",
            Self::Unclear => "unclear",
        }
    }
}

/// All that was seen.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) outcome: Outcome,
    /// How many passed before the first refusal, or without one.
    pub(super) admitted: u64,
    pub(super) sent: u64,
    pub(super) why: Option<String>,
    pub(super) refusal: Option<Refusal>,
    pub(super) status: Option<u16>,
    recovery: Recovery,
}

#[derive(Debug, Clone, Default)]
struct Recovery {
    /// Did a request pass after the wait?
    recovered: Option<bool>,
    after: Option<f64>,
    /// Why it was not waited for.
    unwatched: Option<String>,
    /// Was the first request after Retry-After let through?
    retry_after_holds: Option<bool>,
}

impl Told {
    fn new() -> Self {
        Self {
            outcome: Outcome::Unclear,
            admitted: 0,
            sent: 0,
            why: None,
            refusal: None,
            status: None,
            recovery: Recovery::default(),
        }
    }

    /// The fact `burst`.
    pub(super) fn fact(&self) -> Value {
        let refusal = self.refusal.as_ref().map(|refusal| {
            json!({
                "status": refusal.status,
                "retry_after": refusal.retry_after.map(|after| after.word()),
                "retry_after_seconds": refusal.retry_after.and_then(|after| after.seconds()),
                "retry_after_holds": self.recovery.retry_after_holds,
                "announced": refusal.announced,
            })
        });
        json!({
            "outcome": self.outcome.word(),
            "admitted": self.admitted,
            "sent": self.sent,
            "why": self.why,
            "refusal": refusal,
            "recovered": self.recovery.recovered,
            "recovered_after": self.recovery.after.map(|after| (after * 10.0).round() / 10.0),
            "unwatched": self.recovery.unwatched,
        })
    }

    fn unclear(mut self, why: impl Into<String>) -> Self {
        self.outcome = Outcome::Unclear;
        self.why = Some(why.into());
        self
    }

    fn take(&mut self, one: Burst) {
        self.sent += one.sent;
        self.status = self.status.or(one.status);
        self.refusal = one.refusal.or(self.refusal.take());
    }
}

/// Sends one request more than the claim allows; again where that does not tell.
pub(super) async fn look(world: &mut dyn World, claim: Claim) -> Told {
    let mut told = Told::new();
    let more = claim.limit.saturating_add(1);
    if more > BUDGET {
        return told.unclear(format!(
            "one request more than the {} of the claim is more than the {BUDGET} that one look may send",
            claim.limit
        ));
    }
    #[expect(clippy::cast_precision_loss, reason = "at most the budget")]
    let pause = (claim.window / 20.0 / more as f64).min(0.1);
    let watched = claim.window <= PATIENCE;
    let mut earlier = None;
    let mut started = None;
    // Twice at most: a second time where earlier requests, or a window that ended, may have spoilt the first.
    for round in 0..2 {
        let so_far = told.why.clone().unwrap_or_default();
        if round > 0 {
            let rest = rest(claim, world.now() - started.unwrap_or_else(|| world.now()));
            if !watched || world.left() < rest + claim.window {
                let why = format!("{so_far}; a second try would have to wait for {rest:.0} s");
                return told.unclear(why);
            }
            world.wait(rest).await;
        }
        if told.sent + more > BUDGET {
            let why = format!(
                "{so_far}; the {BUDGET} requests that one look may send do not allow a second try"
            );
            return told.unclear(why);
        }
        let first = burst(world, more, pause, told.status).await;
        let passed = first.admitted;
        let (announced, began, mut ended) = (first.limit, first.began, first.ended);
        started = started.or(Some(began));
        let (spoilt, refused) = (first.spoilt.clone(), first.refusal.is_some());
        // The limiter itself says how much was left, where other looks have used some of it.
        let accounted = announced == Some(claim.limit)
            && first
                .remaining
                .is_some_and(|left| (excess(passed, 1) - left).abs() < 0.5);
        told.take(first);
        told.admitted = passed;
        if let Some(why) = spoilt {
            return told.unclear(why);
        }
        // One that announces another number, of which some was used before, only happens to stop here.
        let says_more = announced.is_some_and(|announced| announced > claim.limit);
        if refused && passed == claim.limit && !says_more {
            told.outcome = Outcome::Held;
            told.why = None;
            break;
        }
        if refused && passed > 0 && accounted {
            told.outcome = Outcome::Held;
            let used = claim.limit.saturating_sub(passed);
            told.why = Some(format!(
                "{used} were used before, as the limiter itself says"
            ));
            break;
        }
        if refused {
            let same = earlier == Some(passed);
            let says_so = announced == Some(passed);
            if passed > 0 && (same || says_so) {
                told.outcome = Outcome::Stricter;
                told.why = None;
                break;
            }
            earlier = Some(passed);
            told.why = Some(format!(
                "{passed} passed of {}, where requests before or of others may have been counted too",
                claim.limit
            ));
            continue;
        }
        // As many again: in less than a window, no limiter of this claim lets twice its number through.
        if told.sent + more > BUDGET {
            return told.unclear(format!("{passed} passed in a row, and the {BUDGET} requests that one look may send are spent"));
        }
        let second = burst(world, more, pause, told.status).await;
        ended = ended.max(second.ended);
        let (spoilt, refused) = (second.spoilt.clone(), second.refusal.is_some());
        told.admitted = passed + second.admitted;
        told.take(second);
        if let Some(why) = spoilt {
            return told.unclear(why);
        }
        if ended - began >= claim.window {
            return told.unclear(format!(
                "the answers are so slow that {} requests took longer than the window",
                2 * more
            ));
        }
        if !refused {
            return nothing(told);
        }
        // A bucket fills up while it is emptied; that much more is within the claim.
        if excess(told.admitted, claim.limit) <= came_back(claim, ended - began) {
            told.outcome = Outcome::Held;
            told.why = Some("a few more passed, which is what came back meanwhile".into());
            break;
        }
        // Half a window apart, both tries cannot have met the end of a window, if they were short.
        let short = ended - began < claim.window / 2.0;
        if short && earlier.is_some_and(|earlier| earlier.abs_diff(told.admitted) <= 1) {
            told.outcome = Outcome::Looser;
            told.why = None;
            break;
        }
        earlier = short.then_some(told.admitted);
        told.why = Some(format!(
            "{} passed before one was refused, where a window may have ended in between",
            told.admitted
        ));
    }
    if told.outcome == Outcome::Unclear {
        return told;
    }
    recover(world, claim, told).await
}

/// How long to wait before a second try: until every family has forgotten the first, and then until half a
/// window lies between the two, whole ones left aside.
pub(super) fn rest(claim: Claim, since: f64) -> f64 {
    let least = since + claim.window * FORGOTTEN + MARGIN;
    let windows = (least / claim.window - 0.5).ceil();
    (windows + 0.5) * claim.window - since
}

/// How many more passed than this.
#[expect(clippy::cast_precision_loss, reason = "at most the budget")]
fn excess(admitted: u64, than: u64) -> f64 {
    admitted as f64 - than as f64
}

/// How many requests a bucket of the claim's rate gives back in so many seconds.
#[expect(clippy::cast_precision_loss, reason = "at most the budget")]
pub(super) fn came_back(claim: Claim, seconds: f64) -> f64 {
    (claim.limit as f64 / claim.window * seconds).floor()
}

/// Nothing was refused. That proves something only of a route that does its work.
fn nothing(mut told: Told) -> Told {
    told.outcome = Outcome::Nothing;
    match told.status {
        Some(200..=299 | 400 | 422) => told,
        Some(status) => told.unclear(format!(
            "every request was answered with status {status}, so a limiter that stands behind was not reached"
        )),
        None => told.unclear("nothing was answered"),
    }
}

/// Waits for the limiter to let a request through again.
async fn recover(world: &mut dyn World, claim: Claim, mut told: Told) -> Told {
    let Some(refusal) = told.refusal.clone() else {
        return told;
    };
    #[expect(clippy::cast_precision_loss, reason = "compared with a small number")]
    let asked = refusal
        .retry_after
        .and_then(|after| after.seconds())
        .map(|seconds| seconds as f64);
    let first = asked.unwrap_or(claim.window) + MARGIN;
    let whole = claim.window * FORGOTTEN + MARGIN;
    let refused_at = world.now();
    if claim.window > PATIENCE || first > PATIENCE + MARGIN || world.left() < whole.max(first) + 2.0
    {
        told.recovery.unwatched = Some(format!(
            "the window has {} s, which is longer than a look waits",
            claim.window
        ));
        if !refusal.is_certain() {
            return told.unclear(format!(
                "status {} may have been a limiter's or an overload's, and the window is too long to wait for",
                refusal.status
            ));
        }
        return told;
    }
    for (place, until) in [first, whole.max(first + 1.0)].into_iter().enumerate() {
        let rest = until - (world.now() - refused_at);
        world.wait(rest.max(0.0)).await;
        let again = burst(world, 1, 0.0, told.status).await;
        told.sent += again.sent;
        if let Some(why) = again.spoilt {
            told.recovery.unwatched = Some(why);
            break;
        }
        let passed = again.admitted == 1;
        if place == 0 && asked.is_some() {
            told.recovery.retry_after_holds = Some(passed);
        }
        told.recovery.recovered = Some(passed);
        if passed {
            told.recovery.after = Some(world.now() - refused_at);
            break;
        }
    }
    if !refusal.is_certain() && told.recovery.recovered != Some(true) {
        return told.unclear(format!(
            "status {} may have been a limiter's or an overload's: no request passed afterwards",
            refusal.status
        ));
    }
    told
}

#[cfg(test)]
mod tests;
