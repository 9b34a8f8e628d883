//! What was sent and what came of it: the log that the families of limiters are fitted to.

/// One request that a limiter let through or refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::probe::limits) struct Attempt {
    /// When it was sent, in seconds of the world's clock.
    pub(in crate::probe::limits) sent: f64,
    /// When its answer was there. The limiter decided at some moment between the two.
    pub(in crate::probe::limits) got: f64,
    pub(in crate::probe::limits) admitted: bool,
    /// What its answer says is left of the limit.
    pub(in crate::probe::limits) remaining: Option<f64>,
}

/// The attempts, in the order in which they were made.
#[derive(Debug, Clone, Default)]
pub(in crate::probe::limits) struct Log {
    pub(in crate::probe::limits) attempts: Vec<Attempt>,
}

/// An attempt as the fit sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    /// The earliest moment of the decision, in seconds since the first attempt.
    pub(super) from: f64,
    /// The latest moment.
    pub(super) to: f64,
    pub(super) admitted: bool,
    /// Requests that pass in a row from here on until the next refusal.
    pub(super) run: u32,
    /// The latest moment of that refusal; infinite where none follows.
    pub(super) refused: f64,
}

/// What servers' clocks are coarse by, in seconds: they read the time once for several requests.
const SLACK: f64 = 0.004;

impl Log {
    /// The attempts with what follows each.
    pub(super) fn events(&self) -> Vec<Event> {
        let start = self.attempts.first().map_or(0.0, |first| first.sent);
        let (mut run, mut refused) = (0, f64::INFINITY);
        let backward = self.attempts.iter().rev().map(|one| {
            let (from, to) = (one.sent - start - SLACK, one.got - start + SLACK);
            if one.admitted {
                run += 1;
            } else {
                (run, refused) = (0, to);
            }
            Event {
                from,
                to,
                admitted: one.admitted,
                run,
                refused,
            }
        });
        let mut events: Vec<_> = backward.collect();
        events.reverse();
        events
    }

    /// How many passed before the first refusal, or without one.
    pub(super) fn first_run(&self) -> u64 {
        let passed = self.attempts.iter().take_while(|one| one.admitted);
        passed.count() as u64
    }

    /// Seconds from one request to the next while all pass, as the first ones took.
    pub(super) fn usual(&self) -> f64 {
        let run = &self.attempts[..self.first_run() as usize];
        run.first().zip(run.last()).map_or(0.0, |(first, last)| {
            (last.sent - first.sent) / run.len() as f64
        })
    }

    /// Was any refused?
    pub(super) fn is_refused(&self) -> bool {
        self.attempts.iter().any(|one| !one.admitted)
    }

    /// The longest time in which nothing passed, in seconds, at the least.
    pub(super) fn longest_refusal(&self) -> f64 {
        let runs = self.attempts.chunk_by(|a, b| a.admitted == b.admitted);
        runs.filter(|run| !run[0].admitted)
            .map(|run| run[run.len() - 1].sent - run[0].got - 2.0 * SLACK)
            .fold(0.0, f64::max)
    }

    /// Did the last answers each wait about as long as the one before, longer than this, and much longer than the very first?
    pub(super) fn is_queued(&self, least: f64) -> bool {
        /// So many of the first requests tell it.
        const FIRST: std::ops::RangeInclusive<usize> = 6..=16;
        const LAST: usize = 4;
        let takes = |one: &Attempt| one.got - one.sent;
        let many = self.attempts.len();
        let Some(first) = self.attempts.first().filter(|_| FIRST.contains(&many)) else {
            return false;
        };
        let last = &self.attempts[many - LAST..];
        let longest = last.iter().map(takes).fold(0.0, f64::max);
        let shortest = last.iter().map(takes).fold(f64::INFINITY, f64::min);
        last.iter().all(|one| one.admitted)
            && shortest > least.max(4.0 * takes(first))
            && longest < shortest * 1.5
    }

    /// Answers per second of a queue that always had something to do: between which values, by what clocks are coarse by.
    pub(super) fn pace(&self) -> Option<(f64, f64)> {
        const COARSE: f64 = 0.05;
        let (first, last) = (self.attempts.get(1)?, self.attempts.last()?);
        let (seconds, many) = (last.got - first.got, self.attempts.len() as f64 - 2.0);
        (seconds > COARSE).then(|| (many / (seconds + COARSE), many / (seconds - COARSE)))
    }

    /// What is left falls by one with each request; by how much it fell once, where others must have asked in between.
    pub(super) fn others(&self) -> Option<f64> {
        let pairs = self.attempts.windows(2).filter(|pair| pair[1].admitted);
        let falls: Vec<_> = pairs
            .filter_map(|pair| Some(pair[0].remaining? - pair[1].remaining?))
            .filter(|fall| *fall > 0.0)
            .collect();
        let least = falls.iter().copied().fold(f64::INFINITY, f64::min);
        falls.into_iter().find(|fall| *fall > least + 0.9)
    }
}
