//! The families of limiters, each played over a log with its unknowns kept as the region that explains the log.
//!
//! A limiter counts, and its counts follow from what it was seen to decide. What is unknown beside its limit is an instant
//! (where a window begins, or when a bucket would have been empty) and a measure (the window's length, or the rate). Each
//! decision was made between the sending of a request and its answer, and cuts off what would have decided otherwise; what is
//! left at the end is every value that reproduces the log. Where a window may or may not have ended before a request, both are followed.

use super::guess::{Guess, merge};
use super::log::Event;
use super::region::Region;
use super::windows::Windows;
use super::work::{Exhausted, Work};

/// A family of limiters, with the numbers that it counts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Model {
    /// A window that begins with the first request after the last one ended.
    FixedFirst { limit: u32 },
    /// Windows one after the other, whoever asks.
    FixedAligned { limit: u32 },
    /// The times of the last requests that passed, or of all requests.
    SlidingLog { limit: u32, refusals: bool },
    /// Two windows, the earlier one weighed by what is left of it; a request passes below the limit, or where it fits whole.
    SlidingCounter { limit: u32, whole: bool },
    /// Tokens that come back continuously; also what GCRA and nginx's `limit_req` with `nodelay` come to.
    TokenBucket { burst: u32 },
    /// Tokens that come back so many at a time.
    IntervalBucket { burst: u32, lump: u32 },
}

/// What is left of the unknowns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    /// The window in seconds, or tokens per second.
    pub(super) measure: (f64, f64),
    /// When the last window began, in seconds since the first attempt.
    pub(super) began: (f64, f64),
    /// With which probability at most others would have gone unnoticed; none where windows are not counted out.
    pub(super) coincidence: Option<f64>,
}

/// More windows than this are not told apart in one pause.
const ENDED: u32 = 512;
/// More guesses at a time than this are not told apart.
const GUESSES: usize = 256;

impl Model {
    /// The number that it lets through at once.
    pub(super) fn limit(self) -> u32 {
        match self {
            Self::FixedFirst { limit }
            | Self::FixedAligned { limit }
            | Self::SlidingLog { limit, .. }
            | Self::SlidingCounter { limit, .. } => limit,
            Self::TokenBucket { burst } | Self::IntervalBucket { burst, .. } => burst,
        }
    }

    /// Is the same number let through in each window, whenever in it? Elsewhere each request of others shifts what comes back.
    fn is_counted_out(self) -> bool {
        matches!(
            self,
            Self::FixedFirst { .. } | Self::FixedAligned { .. } | Self::IntervalBucket { .. }
        )
    }

    /// Every value of the unknowns that reproduces the log, its measure within these bounds; none where nothing does.
    ///
    /// # Errors
    /// There is more to follow than the work allows.
    pub(super) fn replay(
        self,
        events: &[Event],
        bounds: (f64, f64),
        work: &mut Work,
    ) -> Result<Option<Extent>, Exhausted> {
        if let Self::SlidingLog { limit, refusals } = self {
            return Ok(sliding_log(events, limit, refusals, bounds));
        }
        let Some(first) = events.first() else {
            return Ok(None);
        };
        let mut guesses = vec![self.idle(first, bounds)];
        let (mut next, mut more) = (Vec::new(), Vec::new());
        for (place, event) in events.iter().enumerate() {
            let (mut steps, mut cut) = (guesses.len(), false);
            guesses.retain_mut(|guess| {
                // Most requests fall into the window of the one before, and need no new guess; the first one falls into one by
                // what the windows are, unless it begins them.
                let is_within = match self {
                    Self::TokenBucket { .. } => false,
                    Self::FixedFirst { .. } => event.to < guess.ends,
                    _ => place == 0 || event.to < guess.ends,
                };
                if is_within {
                    return self.decides(guess, event);
                }
                match self {
                    Self::FixedFirst { limit } => fixed_first(limit, guess, event, &mut next),
                    Self::TokenBucket { burst } => token_bucket(burst, guess, event, &mut next),
                    _ => {
                        let windows = self.aligned(guess, event, &mut next);
                        steps += windows as usize;
                        cut |= windows > ENDED;
                    }
                }
                let one = next.pop();
                more.append(&mut next);
                one.map(|one| *guess = one).is_some()
            });
            work.take(steps)?;
            guesses.append(&mut more);
            if cut {
                return Err(Exhausted);
            }
            if guesses.is_empty() {
                return Ok(None);
            }
            if guesses.len() > GUESSES {
                // What moves together: the end of a window, or the tokens that are left now.
                let slope = match self {
                    Self::TokenBucket { .. } => -event.to,
                    _ => 1.0,
                };
                merge(&mut guesses, slope);
            }
        }
        let hull = |spans: &mut dyn Iterator<Item = (f64, f64)>| {
            spans.fold((f64::INFINITY, f64::NEG_INFINITY), |hull, span| {
                (hull.0.min(span.0), hull.1.max(span.1))
            })
        };
        Ok(Some(Extent {
            measure: hull(&mut guesses.iter().map(|guess| guess.region.y())),
            began: hull(&mut guesses.iter().map(|guess| guess.region.span(1.0, 0.0))),
            coincidence: self.is_counted_out().then(|| {
                let each = guesses.iter().map(|guess| guess.windows.coincidence());
                each.fold(0.0, f64::max)
            }),
        }))
    }

    /// Nobody asked for a long time.
    fn idle(self, first: &Event, (low, high): (f64, f64)) -> Guess {
        let (count, region) = match self {
            Self::FixedFirst { .. } => (
                0,
                Region::rectangle(
                    (first.from - 3.0 * high, first.from - 2.0 * high),
                    (low, high),
                ),
            ),
            Self::TokenBucket { burst } => (0, full(burst, first, (low, high))),
            // The window that the first request falls into: x ≤ time ≤ x + y.
            _ => {
                let tokens = match self {
                    Self::IntervalBucket { burst, .. } => burst,
                    _ => 0,
                };
                let corners = [
                    (first.from - low, low),
                    (first.to, low),
                    (first.to, high),
                    (first.from - high, high),
                ];
                (tokens, Region::new(&corners))
            }
        };
        let mut windows = Windows::default();
        let began = middle(region.span(1.0, 0.0));
        match self {
            Self::IntervalBucket { .. } => windows.overflow(began),
            _ => windows.begin(began, true),
        }
        Guess {
            ends: region.span(1.0, 1.0).0,
            region,
            count,
            earlier: 0,
            windows,
        }
    }

    /// Windows that follow one another: x is the beginning of the present one. Gives how many of them may be the next
    /// one; more than [`ENDED`] are not followed.
    fn aligned(self, guess: &Guess, event: &Event, next: &mut Vec<Guess>) -> u32 {
        // How many windows may have ended since: x + m·y ≤ time ≤ x + (m + 1)·y.
        let least = (guess.region.ratios(event.from).0 - 1.0).ceil().max(0.0) as u32;
        let most = guess.region.ratios(event.to).1.floor().max(0.0) as u32;
        for ended in least..=most.min(least + ENDED) {
            let mut one = *guess;
            let windows = f64::from(ended);
            one.region.keep(1.0, windows, event.to);
            one.region.keep(-1.0, -(windows + 1.0), -event.from);
            if one.region.is_empty() {
                continue;
            }
            one.region.shear(windows, 0.0);
            one.ends = one.region.span(1.0, 1.0).0;
            if ended > 0 {
                one.earlier = if ended == 1 { one.count } else { 0 };
                let began = middle(one.region.span(1.0, 0.0));
                one.count = match self {
                    Self::IntervalBucket { burst, lump } => {
                        let filled = one.count.saturating_add(lump.saturating_mul(ended));
                        if filled > burst {
                            one.windows.overflow(began);
                        } else {
                            let first = began - (windows - 1.0) * middle(one.region.y());
                            one.windows.refill(first, ended);
                        }
                        burst.min(filled)
                    }
                    _ => {
                        let is_left_over = ended > 1 || one.count < self.limit();
                        one.windows.begin(began, is_left_over);
                        0
                    }
                };
                one.windows.doubt(one.region.span(1.0, 0.0).0);
                let room = match self {
                    Self::FixedAligned { limit } => Some((limit, limit)),
                    Self::IntervalBucket { lump, .. } => Some((one.count, lump)),
                    _ => None,
                };
                if room.is_some_and(|(room, more)| one.is_doomed(event, room, more)) {
                    continue;
                }
                if let Self::SlidingCounter { limit, whole } = self {
                    one.foresee(event, limit - u32::from(whole));
                    if one.region.is_empty() {
                        continue;
                    }
                }
            }
            if self.decides(&mut one, event) {
                next.push(one);
            }
        }
        most.saturating_sub(least).saturating_add(1)
    }

    /// Does the present window decide as was seen? The guess is kept up with it.
    fn decides(self, one: &mut Guess, event: &Event) -> bool {
        one.windows.see(event);
        match self {
            Self::FixedFirst { limit } | Self::FixedAligned { limit } => {
                let as_seen = (one.count < limit) == event.admitted;
                one.count += u32::from(event.admitted);
                as_seen
            }
            Self::IntervalBucket { .. } => {
                let as_seen = (one.count > 0) == event.admitted;
                one.count = one.count.saturating_sub(u32::from(event.admitted));
                as_seen
            }
            Self::SlidingCounter { limit, whole } => {
                let room = i64::from(limit) - i64::from(one.count) - i64::from(whole);
                let has_room = if whole { room >= 0 } else { room > 0 };
                let is_free = has_room && one.earlier == 0;
                if (event.admitted && !has_room) || (!event.admitted && is_free) {
                    return false;
                }
                // A request passes where earlier × (x + y − time) / y is below the room.
                let (earlier, left) = (f64::from(one.earlier), room as f64);
                if event.admitted {
                    one.count += 1;
                    // Even all of the earlier window leaves room.
                    if i64::from(one.earlier) < room {
                        return true;
                    }
                    one.region.keep(earlier, earlier - left, earlier * event.to);
                } else {
                    one.region
                        .keep(-earlier, left - earlier, -earlier * event.from);
                }
                one.ends = one.region.span(1.0, 1.0).0;
                !one.region.is_empty()
            }
            Self::SlidingLog { .. } | Self::TokenBucket { .. } => false,
        }
    }
}

fn middle((low, high): (f64, f64)) -> f64 {
    (low + high) / 2.0
}

fn fixed_first(limit: u32, guess: &Guess, event: &Event, next: &mut Vec<Guess>) {
    if event.admitted {
        let mut begun = *guess;
        begun.region.keep(1.0, 1.0, event.to);
        if !begun.region.is_empty() {
            begun.region = Region::rectangle((event.from, event.to), begun.region.y());
            begun.count = 1;
            let ended = middle(guess.region.span(1.0, 1.0));
            let now = middle((event.from, event.to));
            // Before the very first request nothing is known.
            let idle = if guess.count > 0 { now - ended } else { 0.0 };
            begun.windows.begin_after(idle, now);
            begun.windows.doubt(guess.region.span(1.0, 1.0).0);
            begun.windows.see(event);
            begun.ends = begun.region.span(1.0, 1.0).0;
            if !begun.is_doomed(event, limit, limit) {
                next.push(begun);
            }
        }
    }
    if (guess.count < limit) == event.admitted {
        let mut same = *guess;
        same.region.keep(-1.0, -1.0, -event.from);
        same.count += u32::from(event.admitted);
        same.windows.see(event);
        if !same.region.is_empty() {
            same.ends = same.region.span(1.0, 1.0).0;
            next.push(same);
        }
    }
}

/// A bucket that is full at an event: x = rate × time − burst.
fn full(burst: u32, event: &Event, (low, high): (f64, f64)) -> Region {
    let burst = f64::from(burst);
    Region::new(&[
        (low * event.from - burst, low),
        (low * event.to - burst, low),
        (high * event.to - burst, high),
        (high * event.from - burst, high),
    ])
}

fn token_bucket(burst: u32, guess: &Guess, event: &Event, next: &mut Vec<Guess>) {
    let size = f64::from(burst);
    let mut each = [None, None];
    // It overflowed: tokens = rate × time − x > burst.
    let mut over = guess.region;
    over.keep(1.0, -event.to, -size);
    if !over.is_empty() {
        each[0] = Some(full(burst, event, over.y()));
    }
    let mut under = guess.region;
    under.keep(-1.0, event.from, size);
    if !under.is_empty() {
        each[1] = Some(under);
    }
    for mut region in each.into_iter().flatten() {
        if event.admitted {
            region.keep(1.0, -event.to, -1.0);
            region.shear(0.0, 1.0);
        } else {
            region.keep(-1.0, event.from, 1.0);
        }
        if !region.is_empty() {
            next.push(Guess { region, ..*guess });
        }
    }
}

/// Whether a request passes depends on one earlier request alone, so the window's bounds can be read off.
fn sliding_log(events: &[Event], limit: u32, refusals: bool, bounds: (f64, f64)) -> Option<Extent> {
    let (mut low, mut high) = bounds;
    let limit = limit as usize;
    let mut counted: Vec<&Event> = Vec::with_capacity(events.len());
    for event in events {
        let oldest = counted.len().checked_sub(limit).map(|place| counted[place]);
        match (event.admitted, oldest) {
            (true, Some(oldest)) => high = high.min(event.to - oldest.from),
            (false, Some(oldest)) => low = low.max(event.from - oldest.to),
            (true, None) => {}
            (false, None) => return None,
        }
        if low > high {
            return None;
        }
        if event.admitted || refusals {
            counted.push(event);
        }
    }
    Some(Extent {
        measure: (low, high),
        began: (f64::NEG_INFINITY, f64::INFINITY),
        coincidence: None,
    })
}
