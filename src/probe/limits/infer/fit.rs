//! The fit: which families, with which numbers, reproduce every decision of a log.

use super::families::{Extent, Model};
use super::log::{Attempt, Event, Log};
use super::work::{Exhausted, Work};
use std::collections::BTreeSet;

/// A family, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::probe::limits) enum Family {
    FixedFirst,
    FixedAligned,
    SlidingLog,
    SlidingLogRefusals,
    SlidingCounter,
    TokenBucket,
    IntervalBucket,
    LeakyQueue,
}

impl Family {
    /// The word of the fact.
    pub(in crate::probe::limits) fn word(self) -> &'static str {
        match self {
            Self::FixedFirst => "fixed-window-from-first-request",
            Self::FixedAligned => "fixed-window-aligned",
            Self::SlidingLog => "sliding-log",
            Self::SlidingLogRefusals => "sliding-log-counting-refusals",
            Self::SlidingCounter => "sliding-counter",
            Self::TokenBucket => "token-bucket",
            Self::IntervalBucket => "interval-bucket",
            Self::LeakyQueue => "leaky-queue",
        }
    }

    /// The same for people.
    pub(in crate::probe::limits) fn people(self) -> &'static str {
        match self {
            Self::FixedFirst => "in fixed windows that begin with a first request",
            Self::FixedAligned => "in fixed windows by the clock",
            Self::SlidingLog => "in a sliding window",
            Self::SlidingLogRefusals => "in a sliding window that counts refused requests too",
            Self::SlidingCounter => "in a sliding window reckoned from two fixed ones",
            Self::TokenBucket | Self::IntervalBucket => "in a bucket",
            Self::LeakyQueue => "in a queue",
        }
    }
}

/// A family that reproduces the log, and the numbers with which it does.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::probe::limits) struct Fit {
    pub(in crate::probe::limits) family: Family,
    /// Requests that pass at once: the limit of a window, the size of a bucket.
    pub(in crate::probe::limits) limit: (u64, u64),
    /// Seconds; of a bucket, the time in which it fills up.
    pub(in crate::probe::limits) window: (f64, f64),
    /// Requests per second in the long run.
    pub(in crate::probe::limits) rate: (f64, f64),
    /// How many come back at a time, of an interval bucket.
    pub(in crate::probe::limits) lump: Option<(u64, u64)>,
    /// When the last window began, in seconds since the first attempt.
    pub(in crate::probe::limits) began: (f64, f64),
    /// With which probability at most requests of others, the same number in each window, would have made a larger limit look
    /// like this one; none where windows are not counted out.
    pub(in crate::probe::limits) coincidence: Option<f64>,
}

/// The longest window that is looked for, in seconds.
const LONGEST: f64 = 4000.0;
/// The shortest, in seconds: requests that follow at once are no further apart than a few of these.
const SHORTEST: f64 = 0.1;
/// The smallest rate, per second.
const LEAST: f64 = 1e-3;

/// The models that are left, of a log that grows: what is refuted once is refuted for good.
#[derive(Debug, Default)]
pub(super) struct Fitting {
    left: Option<Vec<Model>>,
    work: Work,
}

impl Fitting {
    /// A fit to a log that is still empty.
    pub(super) fn within(work: Work) -> Self {
        Self { left: None, work }
    }

    /// Goes on with another log; what work was done is done.
    pub(super) fn again(&mut self) {
        self.left = None;
    }

    /// Every family that reproduces the log, which continues the one given before.
    ///
    /// # Errors
    /// It could not be found out with the work that is allowed.
    pub(super) fn fits(&mut self, log: &Log) -> Result<Vec<Fit>, Exhausted> {
        let events = log.events();
        let clues = Clues::of(log, &events);
        let candidates = self
            .left
            .take()
            .unwrap_or_else(|| (1..=clues.first).flat_map(models).collect());
        let mut left = Vec::new();
        let mut told: Vec<Fit> = Vec::new();
        for model in candidates {
            let Some(extent) = clues.replay(model, &events, &mut self.work)? else {
                continue;
            };
            left.push(model);
            let one = fit(model, extent);
            match told.iter_mut().find(|other| other.family == one.family) {
                Some(other) => other.take(&one),
                None => told.push(one),
            }
        }
        self.left = Some(left);
        Ok(told)
    }

    /// As [`is_doubtful`].
    pub(super) fn is_doubtful(&mut self, fit: &Fit, log: &Log) -> Result<bool, Exhausted> {
        is_doubtful(fit, log, &mut self.work)
    }
}

/// As many pauses are tried for a request of somebody else's.
const PAUSES: usize = 24;

/// Would another family, or another limit, explain the log too, if one request more had come from somebody else in one of the
/// longest pauses? Then the fit may owe itself to that request.
fn is_doubtful(fit: &Fit, log: &Log, work: &mut Work) -> Result<bool, Exhausted> {
    // One token at a time at fixed instants, and a bucket that fills up steadily, differ by a moment now and then.
    if fit.lump.is_some_and(|lump| lump.0 == 1) {
        return Ok(true);
    }
    let near = fit.limit.0.saturating_sub(1).max(1)..=fit.limit.1 + 1;
    let lumps = fit.lump.unwrap_or((1, 1));
    let models = near
        .filter_map(|limit| u32::try_from(limit).ok())
        .flat_map(models);
    let others: Vec<_> = models
        .filter(|model| match *model {
            Model::IntervalBucket { lump, .. } => (lumps.0..=lumps.1).contains(&u64::from(lump)),
            _ => true,
        })
        .filter(|model| {
            let limit = u64::from(model.limit());
            family(*model) != fit.family || !(fit.limit.0..=fit.limit.1).contains(&limit)
        })
        .collect();
    let pause = |place: usize| log.attempts[place].sent - log.attempts[place - 1].got;
    let mut places: Vec<_> = (1..log.attempts.len()).collect();
    places.sort_by(|a, b| pause(*b).total_cmp(&pause(*a)));
    places.truncate(PAUSES);
    for place in places {
        let mut with = log.clone();
        let stranger = Attempt {
            sent: log.attempts[place - 1].got,
            got: log.attempts[place].sent,
            admitted: true,
            remaining: None,
        };
        with.attempts.insert(place, stranger);
        let events = with.events();
        let clues = Clues::of(&with, &events);
        for model in &others {
            if clues.replay(*model, &events, work)?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn family(model: Model) -> Family {
    match model {
        Model::FixedFirst { .. } => Family::FixedFirst,
        Model::FixedAligned { .. } => Family::FixedAligned,
        Model::SlidingLog {
            refusals: false, ..
        } => Family::SlidingLog,
        Model::SlidingLog { .. } => Family::SlidingLogRefusals,
        Model::SlidingCounter { .. } => Family::SlidingCounter,
        Model::TokenBucket { .. } => Family::TokenBucket,
        Model::IntervalBucket { .. } => Family::IntervalBucket,
    }
}

impl Fit {
    /// Is the limit told exactly? Of a bucket that fills up while it is emptied, one more or less cannot be told.
    pub(in crate::probe::limits) fn is_exact(&self) -> bool {
        let doubt = u64::from(self.family == Family::TokenBucket);
        self.limit.1 - self.limit.0 <= doubt
    }

    fn take(&mut self, other: &Self) {
        let join = |a: &mut (f64, f64), b: (f64, f64)| *a = (a.0.min(b.0), a.1.max(b.1));
        let whole = |a: (u64, u64), b: (u64, u64)| (a.0.min(b.0), a.1.max(b.1));
        self.limit = whole(self.limit, other.limit);
        join(&mut self.window, other.window);
        join(&mut self.rate, other.rate);
        self.lump = self.lump.zip(other.lump).map(|(a, b)| whole(a, b));
        join(&mut self.began, other.began);
        self.coincidence = self
            .coincidence
            .zip(other.coincidence)
            .map(|(a, b)| a.max(b));
    }
}

fn fit(model: Model, extent: Extent) -> Fit {
    let limit = u64::from(model.limit());
    let (low, high) = extent.measure;
    let size = f64::from(model.limit());
    let mut told = Fit {
        family: family(model),
        limit: (limit, limit),
        window: (low, high),
        rate: (size / high, size / low),
        lump: None,
        began: extent.began,
        coincidence: extent.coincidence,
    };
    match model {
        Model::TokenBucket { .. } => {
            told.window = (size / high, size / low);
            told.rate = (low, high);
        }
        Model::IntervalBucket { lump, .. } => {
            let lumps = size / f64::from(lump);
            told.window = (lumps * low, lumps * high);
            told.rate = (f64::from(lump) / high, f64::from(lump) / low);
            told.lump = Some((lump.into(), lump.into()));
        }
        _ => {}
    }
    told
}

/// Every model of that limit.
fn models(limit: u32) -> impl Iterator<Item = Model> {
    let others = [
        Model::FixedFirst { limit },
        Model::FixedAligned { limit },
        Model::SlidingLog {
            limit,
            refusals: false,
        },
        Model::SlidingLog {
            limit,
            refusals: true,
        },
        Model::SlidingCounter {
            limit,
            whole: false,
        },
        Model::SlidingCounter { limit, whole: true },
        Model::TokenBucket { burst: limit },
    ];
    // With lumps as large as the bucket it is an aligned window.
    let lumps = (1..limit).map(move |lump| Model::IntervalBucket { burst: limit, lump });
    others.into_iter().chain(lumps)
}

/// What bounds the numbers before anything is replayed.
struct Clues<'a> {
    events: &'a [Event],
    /// Passed before the first refusal.
    first: u32,
    /// In so many seconds, at the most.
    during: f64,
    /// Nothing passed for so many seconds.
    refused: f64,
    /// Passed between two refusals, each time.
    runs: BTreeSet<u32>,
}

impl<'a> Clues<'a> {
    fn of(log: &Log, events: &'a [Event]) -> Self {
        let first = u32::try_from(log.first_run()).unwrap_or(u32::MAX);
        let during = events
            .get(first as usize)
            .zip(events.first())
            .map_or(0.0, |(last, first)| last.to - first.from);
        let begun = events
            .windows(2)
            .filter(|pair| !pair[0].admitted && pair[1].admitted);
        let runs = begun
            .filter(|pair| pair[1].refused.is_finite())
            .map(|pair| pair[1].run)
            .collect();
        Self {
            events,
            first,
            during,
            refused: log.longest_refusal().max(LEAST),
            runs,
        }
    }

    /// Every value of the model's unknowns that reproduces the events.
    fn replay(
        &self,
        model: Model,
        events: &[Event],
        work: &mut Work,
    ) -> Result<Option<Extent>, Exhausted> {
        work.take(events.len())?;
        let bounds = self.bounds(model);
        if bounds.0 > bounds.1 || !self.allows(model, bounds) {
            return Ok(None);
        }
        model.replay(events, bounds, work)
    }

    /// Between which the window, or the rate, must lie.
    fn bounds(&self, model: Model) -> (f64, f64) {
        match model {
            // Whatever a window began with, one that begins lets something through.
            Model::FixedFirst { limit } | Model::FixedAligned { limit } => {
                let (low, high) = self.spread(limit, 1.0);
                (low.max(self.refused), high)
            }
            Model::SlidingLog { .. } => (SHORTEST, LONGEST),
            Model::SlidingCounter { limit, .. } => self.spread(limit, 2.0),
            Model::TokenBucket { burst } => self.rates(burst, 1),
            Model::IntervalBucket { burst, lump } => {
                let (low, high) = self.rates(burst, lump);
                let lump = f64::from(lump);
                (
                    (lump / high).max(self.refused).max(SHORTEST),
                    LONGEST.min(lump / low),
                )
            }
        }
    }

    /// May it be one of these, by how much passed at a time?
    fn allows(&self, model: Model, (low, high): (f64, f64)) -> bool {
        let first = f64::from(self.first);
        // A run that begins after a refusal begins with a window, or with a lump.
        let least = self.runs.first().copied().unwrap_or(u32::MAX);
        match model {
            Model::FixedFirst { limit } | Model::FixedAligned { limit } => {
                limit <= least && first <= f64::from(limit) * ((self.during / low).floor() + 2.0)
            }
            Model::SlidingLog { .. } => true,
            // At once, and as much in each window; one more by rounding.
            Model::SlidingCounter { limit, .. } => {
                first <= f64::from(limit) * (self.during / low + 1.0) + 1.0
            }
            Model::TokenBucket { burst } => first <= f64::from(burst) + self.during * high + 1.0,
            Model::IntervalBucket { burst, lump } => {
                let lumps = (self.during / low).floor() + 1.0;
                first <= f64::from(burst) + f64::from(lump) * lumps
                    && self.runs.iter().all(|run| run % lump == 0 || *run >= burst)
            }
        }
    }

    /// A refusal needs `limit` requests that passed in the last `windows` windows; and two windows, which is what less than a
    /// window can touch, never let more than twice as many through.
    fn spread(&self, limit: u32, windows: f64) -> (f64, f64) {
        let limit = limit as usize;
        let mut passed: Vec<&Event> = Vec::with_capacity(self.events.len());
        let (mut low, mut high) = (SHORTEST, LONGEST);
        for event in self.events {
            let back = |many: usize| passed.len().checked_sub(many).map(|place| passed[place]);
            if event.admitted {
                if let Some(earlier) = back(2 * limit) {
                    high = high.min(event.to - earlier.from);
                }
                passed.push(event);
            } else if let Some(earlier) = back(limit) {
                low = low.max((event.from - earlier.to) / windows);
            }
        }
        (low, high)
    }

    /// What came back between two refusals, which find a bucket empty, tells the rate, a lump more or less. While fewer
    /// came back than the bucket holds, nothing was lost.
    fn rates(&self, burst: u32, lump: u32) -> (f64, f64) {
        let lump = f64::from(lump);
        let (mut low, mut high) = (LEAST, lump / self.refused);
        let (mut passed, mut run) = (0.0, 0);
        let mut first: Option<(f64, f64)> = None;
        let mut stretch: Option<(f64, f64)> = None;
        for event in self.events {
            passed += f64::from(u8::from(event.admitted));
            if let Some((since, before)) = first {
                low = f64::max(low, (passed - before - lump) / (event.to - since));
            }
            if event.admitted {
                run += 1;
                continue;
            }
            first = first.or(Some((event.from, passed)));
            match stretch {
                Some((since, before)) if run < burst => {
                    let seconds = event.from - since;
                    if seconds > 0.0 {
                        high = high.min((passed - before + lump) / seconds);
                    }
                }
                _ => stretch = Some((event.to, passed)),
            }
            run = 0;
        }
        (low, high)
    }
}
