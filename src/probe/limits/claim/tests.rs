//! Tests of the claim's check against limiters that are played, on a clock that is played too.

use super::*;
use crate::probe::limits::burst::Seen;
use crate::probe::limits::retry_after::RetryAfter;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use proptest::prelude::*;

/// The families of limiters that are in use.
#[derive(Debug, Clone)]
enum Limiter {
    /// A window that begins with the first request.
    Fixed {
        limit: u64,
        window: f64,
        began: Option<f64>,
        count: u64,
    },
    /// Windows that begin at multiples of their length.
    Aligned {
        limit: u64,
        window: f64,
        at: f64,
        count: u64,
    },
    Log {
        limit: u64,
        window: f64,
        times: Vec<f64>,
    },
    /// Two windows, the earlier one weighed by what is left of it.
    Counter {
        limit: u64,
        window: f64,
        at: f64,
        earlier: u64,
        count: u64,
    },
    Bucket {
        size: f64,
        rate: f64,
        tokens: f64,
        at: f64,
    },
    None,
}

impl Limiter {
    fn fixed(limit: u64, window: f64) -> Self {
        Self::Fixed {
            limit,
            window,
            began: None,
            count: 0,
        }
    }

    fn of(family: u8, limit: u64, window: f64) -> Self {
        match family {
            0 => Self::fixed(limit, window),
            1 => Self::Aligned {
                limit,
                window,
                at: 0.0,
                count: 0,
            },
            2 => Self::Log {
                limit,
                window,
                times: Vec::new(),
            },
            3 => Self::Counter {
                limit,
                window,
                at: 0.0,
                earlier: 0,
                count: 0,
            },
            _ => {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let size = limit as f64;
                Self::Bucket {
                    size,
                    rate: size / window,
                    tokens: size,
                    at: 0.0,
                }
            }
        }
    }

    /// Does it let a request through now?
    fn admits(&mut self, now: f64) -> bool {
        match self {
            Self::Fixed {
                limit,
                window,
                began,
                count,
            } => {
                if began.is_none_or(|began| now >= began + *window) {
                    *began = Some(now);
                    *count = 0;
                }
                *count += 1;
                *count <= *limit
            }
            Self::Aligned {
                limit,
                window,
                at,
                count,
            } => {
                let place = (now / *window).floor();
                if place > *at {
                    *at = place;
                    *count = 0;
                }
                *count += 1;
                *count <= *limit
            }
            Self::Log {
                limit,
                window,
                times,
            } => {
                times.retain(|time| now < time + *window);
                let passes = (times.len() as u64) < *limit;
                times.extend(passes.then_some(now));
                passes
            }
            Self::Counter {
                limit,
                window,
                at,
                earlier,
                count,
            } => {
                let place = (now / *window).floor();
                if place > *at {
                    *earlier = if place == *at + 1.0 { *count } else { 0 };
                    *count = 0;
                    *at = place;
                }
                let part = 1.0 - (now / *window).fract();
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let weighed = (*earlier as f64 * part).floor() + *count as f64;
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let passes = weighed < *limit as f64;
                *count += u64::from(passes);
                passes
            }
            Self::Bucket {
                size,
                rate,
                tokens,
                at,
            } => {
                *tokens = (*tokens + (now - *at) * *rate).min(*size);
                *at = now;
                let passes = *tokens >= 1.0;
                *tokens -= f64::from(u8::from(passes));
                passes
            }
            Self::None => true,
        }
    }
}

struct Played {
    limiter: Limiter,
    now: f64,
    ends: f64,
    /// Seconds that an answer takes.
    takes: f64,
    status: u16,
    refuses_with: u16,
    retry_after: Option<u64>,
    /// The request that fails or is lost, counted from one.
    spoils: Option<(u64, Seen)>,
    asked: u64,
    /// The limit that it announces.
    tells: Option<u64>,
}

impl Played {
    /// What it announces to be left.
    fn left(&self) -> Option<f64> {
        let Limiter::Fixed { count, .. } = &self.limiter else {
            return None;
        };
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        self.tells.map(|limit| limit.saturating_sub(*count) as f64)
    }

    fn new(limiter: Limiter) -> Self {
        Self {
            limiter,
            // In the middle of things, not at the beginning of a window.
            now: 1_000_003.7,
            ends: 1_000_203.7,
            takes: 0.002,
            status: 200,
            refuses_with: 429,
            retry_after: None,
            spoils: None,
            asked: 0,
            tells: None,
        }
    }

    fn check(&mut self, limit: u64, window: f64) -> Told {
        let claim = Claim { limit, window };
        look(self, claim)
            .now_or_never()
            .expect("nothing really waits")
    }
}

impl World for Played {
    fn ask(&mut self, usual: Option<u16>) -> BoxFuture<'_, Seen> {
        self.asked += 1;
        self.now += self.takes;
        let spoilt = self
            .spoils
            .clone()
            .filter(|(place, _)| *place == self.asked);
        let seen = match spoilt {
            Some((_, seen)) => seen,
            None if self.limiter.admits(self.now) => Seen::Admitted {
                status: self.status,
                limit: self.tells,
                remaining: self.left(),
            },
            None if self.refuses_with == 503 && usual.is_none() => Seen::Failed(503),
            None => Seen::Refused(Refusal {
                status: self.refuses_with,
                retry_after: self.retry_after.map(RetryAfter::Seconds),
                limit: None,
                announced: false,
            }),
        };
        std::future::ready(seen).boxed()
    }

    fn wait(&mut self, seconds: f64) -> BoxFuture<'_, ()> {
        self.now += seconds;
        std::future::ready(()).boxed()
    }

    fn now(&self) -> f64 {
        self.now
    }

    fn left(&self) -> f64 {
        self.ends - self.now
    }
}

#[test]
fn a_limit_that_holds_takes_one_request_more_than_it_allows() {
    let mut world = Played::new(Limiter::fixed(10, 10.0));
    world.retry_after = Some(10);
    let told = world.check(10, 10.0);
    assert_eq!((told.outcome, told.admitted), (Outcome::Held, 10));
    // The last one tells that it recovers.
    assert_eq!((told.sent, world.asked), (12, 12));
    assert_eq!(told.recovery.recovered, Some(true));
    assert_eq!(told.recovery.retry_after_holds, Some(true));
}

#[test]
fn a_retry_after_that_is_too_short_is_told() {
    let mut world = Played::new(Limiter::fixed(10, 10.0));
    world.retry_after = Some(1);
    let told = world.check(10, 10.0);
    assert_eq!(told.recovery.retry_after_holds, Some(false));
    assert_eq!(told.recovery.recovered, Some(true));
}

#[test]
fn no_limit_is_told_only_of_a_route_that_does_its_work() {
    let told = Played::new(Limiter::None).check(10, 10.0);
    assert_eq!((told.outcome, told.admitted), (Outcome::Nothing, 22));
    for status in [301, 401, 403, 404, 405] {
        let mut world = Played::new(Limiter::None);
        world.status = status;
        assert_eq!(world.check(10, 10.0).outcome, Outcome::Unclear, "{status}");
    }
}

#[test]
fn what_was_spoilt_tells_nothing() {
    for (place, seen) in [
        (3, Seen::Failed(500)),
        (7, Seen::Lost("closed".into())),
        (1, Seen::Failed(502)),
    ] {
        let mut world = Played::new(Limiter::None);
        world.spoils = Some((place, seen.clone()));
        let told = world.check(10, 10.0);
        assert_eq!(told.outcome, Outcome::Unclear, "{seen:?}");
        assert!(told.why.is_some());
    }
}

#[test]
fn three_errors_in_a_row_end_the_burst() {
    let mut world = Played::new(Limiter::fixed(0, 1e6));
    world.refuses_with = 503;
    let told = world.check(50, 60.0);
    assert_eq!((told.outcome, world.asked), (Outcome::Unclear, 3));
}

#[test]
fn a_503_is_a_limiters_only_where_it_recovers() {
    let mut world = Played::new(Limiter::fixed(10, 10.0));
    world.refuses_with = 503;
    assert_eq!(world.check(10, 10.0).outcome, Outcome::Held);
    // An overload that lasts.
    let mut world = Played::new(Limiter::fixed(10, 1e6));
    world.refuses_with = 503;
    assert_eq!(world.check(10, 10.0).outcome, Outcome::Unclear);
}

#[test]
fn what_others_have_used_is_not_held_against_the_limit() {
    let mut world = Played::new(Limiter::fixed(10, 10.0));
    for _ in 0..4 {
        world.limiter.admits(world.now);
    }
    let told = world.check(10, 10.0);
    assert_eq!((told.outcome, told.admitted), (Outcome::Held, 10));
    // Where the window is too long to wait for, it stays open.
    let mut world = Played::new(Limiter::fixed(10, 60.0));
    world.limiter.admits(world.now);
    assert_eq!(world.check(10, 60.0).outcome, Outcome::Unclear);
}

#[test]
fn what_the_limiter_says_was_used_before_is_believed() {
    for used in 1..9 {
        let mut world = Played::new(Limiter::fixed(10, 60.0));
        world.tells = Some(10);
        for _ in 0..used {
            world.limiter.admits(world.now);
        }
        let told = world.check(10, 60.0);
        assert_eq!((told.outcome, told.admitted), (Outcome::Held, 10 - used));
    }
    // A limit of twelve, of which two were used, is none of ten.
    let mut world = Played::new(Limiter::fixed(12, 60.0));
    world.tells = Some(12);
    for _ in 0..2 {
        world.limiter.admits(world.now);
    }
    assert_eq!(world.check(10, 60.0).outcome, Outcome::Unclear);
    // It refuses sooner than it says.
    let mut world = Played::new(Limiter::fixed(7, 60.0));
    world.tells = Some(10);
    assert_eq!(world.check(10, 60.0).outcome, Outcome::Unclear);
}

#[test]
fn long_windows_are_not_waited_for_and_large_limits_not_tried() {
    let mut world = Played::new(Limiter::fixed(10, 60.0));
    let told = world.check(10, 60.0);
    assert_eq!((told.outcome, told.sent), (Outcome::Held, 11));
    assert!(
        told.recovery
            .unwatched
            .is_some_and(|why| why.contains("60 s"))
    );
    let mut world = Played::new(Limiter::None);
    let told = world.check(1000, 60.0);
    assert_eq!((told.outcome, world.asked), (Outcome::Unclear, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever the family, its phase, and the time that answers take: a true claim holds.
    #[test]
    fn a_true_claim_is_never_refuted(family in 0u8..5, limit in 1u64..60, window in 1u32..20, phase in 0.0f64..40.0, takes in 0.0005f64..0.01) {
        let window = f64::from(window);
        let mut world = Played::new(Limiter::of(family, limit, window));
        world.now += phase;
        world.ends = world.now + 200.0;
        world.takes = takes;
        let told = world.check(limit, window);
        prop_assert!(
            matches!(told.outcome, Outcome::Held | Outcome::Unclear),
            "{:?}", told
        );
        prop_assert!(world.asked <= BUDGET + 2);
    }

    /// A limit of twice as many or more is never taken for the claimed one.
    #[test]
    fn a_false_claim_never_holds(family in 0u8..5, limit in 2u64..40, times in 2u64..5, window in 1u32..20, phase in 0.0f64..40.0) {
        let window = f64::from(window);
        let mut world = Played::new(Limiter::of(family, limit * times, window));
        world.now += phase;
        world.ends = world.now + 200.0;
        let told = world.check(limit, window);
        prop_assert!(told.outcome != Outcome::Held, "{:?}", told);
    }

    /// Where there is no limiter, none is found.
    #[test]
    fn nothing_is_never_something(limit in 1u64..90, window in 1u32..100, takes in 0.0005f64..0.05) {
        let mut world = Played::new(Limiter::None);
        world.takes = takes;
        let told = world.check(limit, f64::from(window));
        prop_assert!(matches!(told.outcome, Outcome::Nothing | Outcome::Unclear), "{:?}", told);
    }
}
