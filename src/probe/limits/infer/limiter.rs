//! Limiters that are played in tests, on a clock that is played too.

use super::fit::Family;

/// A limiter of one of the families.
#[derive(Debug, Clone)]
pub(super) struct Limiter {
    pub(super) family: Family,
    pub(super) limit: u32,
    /// Seconds; of buckets, between two tokens or lumps.
    pub(super) window: f64,
    pub(super) lump: u32,
    /// A counter lets through what fits whole.
    pub(super) whole: bool,
    times: Vec<f64>,
    began: f64,
    count: u32,
    earlier: u32,
    tokens: f64,
}

impl Limiter {
    pub(super) fn new(family: Family, limit: u32, window: f64, lump: u32) -> Self {
        Self {
            family,
            limit,
            window,
            lump,
            whole: false,
            times: Vec::new(),
            began: f64::NEG_INFINITY,
            count: 0,
            earlier: 0,
            tokens: f64::from(limit),
        }
    }

    /// What a fixed window has left.
    pub(super) fn remaining(&self) -> f64 {
        f64::from(self.limit.saturating_sub(self.count))
    }

    /// Does it let a request through at this moment?
    pub(super) fn admits(&mut self, now: f64) -> bool {
        let place = (now / self.window).floor();
        match self.family {
            Family::FixedFirst => {
                if now >= self.began + self.window {
                    (self.began, self.count) = (now, 0);
                }
                self.count += 1;
                self.count <= self.limit
            }
            Family::FixedAligned => {
                if place > self.began {
                    (self.began, self.count) = (place, 0);
                }
                self.count += 1;
                self.count <= self.limit
            }
            Family::SlidingLog | Family::SlidingLogRefusals => {
                self.times.retain(|time| now < time + self.window);
                let passes = self.times.len() < self.limit as usize;
                if passes || self.family == Family::SlidingLogRefusals {
                    self.times.push(now);
                }
                passes
            }
            Family::SlidingCounter => {
                if place > self.began {
                    self.earlier = if place == self.began + 1.0 {
                        self.count
                    } else {
                        0
                    };
                    (self.began, self.count) = (place, 0);
                }
                let left = 1.0 - (now / self.window - place);
                let weighed = f64::from(self.earlier) * left + f64::from(self.count);
                let passes = if self.whole {
                    weighed + 1.0 <= f64::from(self.limit)
                } else {
                    weighed < f64::from(self.limit)
                };
                self.count += u32::from(passes);
                passes
            }
            Family::TokenBucket | Family::LeakyQueue => {
                if self.began.is_finite() {
                    self.tokens += (now - self.began) / self.window;
                }
                self.began = now;
                self.tokens = self.tokens.min(f64::from(self.limit));
                let passes = self.tokens >= 1.0;
                self.tokens -= f64::from(u8::from(passes));
                passes
            }
            Family::IntervalBucket => {
                // The first lump comes one interval after the first request.
                if !self.began.is_finite() {
                    self.began = now;
                }
                let lumps = ((now - self.began) / self.window).floor();
                self.began += lumps * self.window;
                self.tokens =
                    (self.tokens + lumps * f64::from(self.lump)).min(f64::from(self.limit));
                let passes = self.tokens >= 1.0;
                self.tokens -= f64::from(u8::from(passes));
                passes
            }
        }
    }
}
