//! A burst: requests one after the other until one is refused or the number is spent, kept within its budget.

use super::ask::{Answer, Asker, Question};
use super::bypass::{self, Strangers, Variant};
use super::retry_after::RetryAfter;
use crate::clock;
use futures_util::future::{BoxFuture, join_all};
use std::time::{Duration, Instant};

/// The most requests of one look.
pub(super) const BUDGET: u64 = 250;
/// As many server errors in a row end a burst.
const ERRORS: u64 = 3;
/// How long to leave a server alone that has answered with an error.
const BACK_OFF: f64 = 0.5;

/// What became of one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    /// It was answered, and not by a limiter.
    Admitted {
        status: u16,
        limit: Option<u64>,
        /// What the answer says is left of it.
        remaining: Option<f64>,
    },
    /// A limiter refused it.
    Refused(Refusal),
    /// The server failed.
    Failed(u16),
    /// No answer came.
    Lost(String),
}

/// The answer of a limiter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) retry_after: Option<RetryAfter>,
    /// The limit that it announces.
    pub(super) limit: Option<u64>,
    pub(super) announced: bool,
}

impl Refusal {
    /// Does the status alone say that it was a limiter? 503 and 403 have other reasons too.
    pub(super) fn is_certain(&self) -> bool {
        matches!(self.status, 429 | 420) || self.retry_after.is_some()
    }
}

/// What asks and waits: the target, or a limiter that a test plays.
pub(super) trait World: Send {
    /// Asks once. `usual` is the status of answers that were let through, where it is known.
    fn ask(&mut self, usual: Option<u16>) -> BoxFuture<'_, Seen>;
    /// Waits for so many seconds.
    fn wait(&mut self, seconds: f64) -> BoxFuture<'_, ()>;
    /// Seconds on some clock that only goes forward.
    fn now(&self) -> f64;
    /// Seconds until the look must have ended.
    fn left(&self) -> f64;
    /// Asks so many times at once: what became of each, and when it was sent and answered. Nothing where that cannot be done.
    fn together(&mut self, _many: u64, _usual: Option<u16>) -> BoxFuture<'_, Vec<Flight>> {
        Box::pin(std::future::ready(Vec::new()))
    }
}

/// What became of a request, when it was sent, and when its answer was there.
pub(super) type Flight = (Seen, f64, f64);

/// How a burst went.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Burst {
    pub(super) sent: u64,
    pub(super) admitted: u64,
    pub(super) refusal: Option<Refusal>,
    /// The status of the first request that was let through.
    pub(super) status: Option<u16>,
    /// The limit that was announced with it.
    pub(super) limit: Option<u64>,
    /// What the first answer said was left of it.
    pub(super) remaining: Option<f64>,
    /// Why it tells nothing: answers were lost, or the server failed.
    pub(super) spoilt: Option<String>,
    pub(super) began: f64,
    pub(super) ended: f64,
}

/// Asks up to `count` times with `pause` seconds between, and stops at the first refusal.
pub(super) async fn burst(
    world: &mut dyn World,
    count: u64,
    pause: f64,
    usual: Option<u16>,
) -> Burst {
    let mut told = Burst {
        status: usual,
        began: world.now(),
        ..Burst::default()
    };
    let (mut failed, mut in_a_row) = (0u64, 0);
    while told.sent < count {
        if told.sent > 0 && pause > 0.0 {
            world.wait(pause).await;
        }
        let seen = world.ask(told.status).await;
        told.sent += 1;
        told.ended = world.now();
        match seen {
            Seen::Admitted {
                status,
                limit,
                remaining,
            } => {
                if told.admitted == 0 {
                    told.remaining = remaining;
                }
                told.admitted += 1;
                told.status = told.status.or(Some(status));
                told.limit = told.limit.or(limit);
                in_a_row = 0;
            }
            Seen::Refused(refusal) => {
                told.limit = told.limit.or(refusal.limit);
                told.refusal = Some(refusal);
                break;
            }
            Seen::Failed(status) => {
                failed += 1;
                in_a_row += 1;
                told.spoilt = Some(format!(
                    "{failed} of {} answers had status {status}",
                    told.sent
                ));
                if in_a_row == ERRORS {
                    break;
                }
                world.wait(BACK_OFF).await;
            }
            Seen::Lost(why) => {
                told.spoilt = Some(format!("request {} was not answered: {why}", told.sent));
                break;
            }
        }
    }
    told
}

/// The target, as a burst asks it.
#[derive(Debug)]
pub(super) struct Real<'a> {
    pub(super) asker: &'a Asker<'a>,
    pub(super) question: Question,
    pub(super) until: Instant,
    /// When the clock of [`World::now`] began.
    pub(super) began: Instant,
}

impl World for Real<'_> {
    fn ask(&mut self, usual: Option<u16>) -> BoxFuture<'_, Seen> {
        Box::pin(async move {
            match self.asker.ask(&self.question, self.until).await {
                Ok(answer) => judge(&answer, usual),
                Err(fault) => Seen::Lost(fault.hindrance.cause),
            }
        })
    }

    fn wait(&mut self, seconds: f64) -> BoxFuture<'_, ()> {
        // No longer than the look may last; less would have what was measured be over before it is.
        let seconds = seconds.min(self.left());
        let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Box::pin(tokio::time::sleep(time))
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn left(&self) -> f64 {
        self.until
            .saturating_duration_since(clock::tick())
            .as_secs_f64()
    }

    fn together(&mut self, many: u64, usual: Option<u16>) -> BoxFuture<'_, Vec<Flight>> {
        let this = &*self;
        let one = move || async move {
            let sent = this.now();
            let asked = this.asker.ask(&this.question, this.until).await;
            let seen = match asked {
                Ok(answer) => judge(&answer, usual),
                Err(fault) => Seen::Lost(fault.hindrance.cause),
            };
            (seen, sent, this.now())
        };
        Box::pin(join_all((0..many).map(move |_| one())))
    }
}

impl Strangers for Real<'_> {
    fn ask_as(
        &mut self,
        variant: Variant,
        turn: u32,
        usual: Option<u16>,
    ) -> Option<BoxFuture<'_, Seen>> {
        let other = bypass::dressed(&self.question, variant, turn)?;
        Some(Box::pin(async move {
            match self.asker.ask(&other, self.until).await {
                Ok(answer) => judge(&answer, usual),
                Err(fault) => Seen::Lost(fault.hindrance.cause),
            }
        }))
    }
}

/// Was this let through, refused by a limiter, or a failure of the server?
fn judge(answer: &Answer, usual: Option<u16>) -> Seen {
    let mut limits = answer.announcement.limits.iter();
    let numbered = limits.find(|one| one.limit.is_some());
    let limit = numbered.and_then(|one| one.limit);
    let spent = answer
        .announcement
        .limits
        .iter()
        .any(|one| one.remaining == Some(0.0));
    let refused = match answer.status {
        429 | 420 => true,
        // What nginx and some services refuse with; only after something else was answered before.
        503 => answer.retry_after.is_some() || usual.is_some_and(|usual| usual != 503),
        403 => usual.is_some_and(|usual| usual != 403) && (spent || answer.retry_after.is_some()),
        _ => false,
    };
    if refused {
        return Seen::Refused(Refusal {
            status: answer.status,
            retry_after: answer.retry_after,
            limit,
            announced: !answer.announcement.limits.is_empty(),
        });
    }
    // A limiter that stands behind a cache or a firewall was not reached.
    if answer.cached {
        return Seen::Lost("a cache gave the answer in its place".into());
    }
    if answer.status == 403 && usual.is_some_and(|usual| usual != 403) {
        return Seen::Lost("status 403, which is a firewall's and not a limiter's".into());
    }
    if answer.status >= 500 {
        return Seen::Failed(answer.status);
    }
    Seen::Admitted {
        status: answer.status,
        limit,
        remaining: numbered.and_then(|one| one.remaining),
    }
}
