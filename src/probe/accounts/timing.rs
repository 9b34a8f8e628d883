//! Whether two series of durations differ: a permutation test on medians, and a bootstrap interval of the difference.
//!
//! Pure. The rule: a difference is found where the 99 % interval excludes 0, the permutation test gives less than
//! 0.005, and the difference is above 10 ms, or above 3 ms and three times the spread of the null, which is what two
//! accounts that nobody has differ by from each other. There is none where the interval lies within 25 ms. Else it
//! cannot be told.

use fastrand::Rng;
use serde_json::{Value, json};

/// Answers of each kind.
pub(super) const ROUNDS: usize = 30;
/// Permutations, and resamples of the bootstrap.
const DRAWS: u32 = 1000;
/// Probability of the permutation test from which on nothing was found.
const CHANCE: f64 = 0.005;
/// Milliseconds above which a difference counts whatever the spread.
const LARGE: f64 = 10.0;
/// Spreads of the null above which it counts, though small.
const SPREADS: f64 = 3.0;
/// Milliseconds below which no difference counts: nobody reads so little out of answers that come over a network.
const SMALL: f64 = 3.0;
/// Milliseconds within which the interval must lie, so that there is none.
const EQUAL: f64 = 25.0;

/// What a comparison says. All in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    /// The median for the known account, less that for one that nobody has.
    difference: f64,
    /// The 99 % interval of the difference.
    low: f64,
    high: f64,
    /// The probability of such a difference where there is none.
    chance: f64,
    /// The standard deviation of the difference between two accounts that nobody has.
    spread: f64,
    answers: usize,
}

/// Compares answers for a known account with those for one that nobody has; `null` is another that nobody has.
pub(super) fn compare(known: &[f64], unknown: &[f64], null: &[f64], rng: &mut Rng) -> Comparison {
    let mut differences = bootstrap(known, unknown, rng);
    differences.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let last = differences.len().saturating_sub(1) as f64;
        differences
            .get((last * share).round() as usize)
            .copied()
            .unwrap_or_default()
    };
    Comparison {
        difference: median(known) - median(unknown),
        low: at(0.005),
        high: at(0.995),
        chance: permuted(known, unknown, rng),
        spread: deviation(&bootstrap(null, unknown, rng)),
        answers: known.len().min(unknown.len()),
    }
}

impl Comparison {
    /// Do they differ? None where that cannot be told.
    pub(super) fn differs(&self) -> Option<bool> {
        let excludes_none = self.low > 0.0 || self.high < 0.0;
        let size = self.difference.abs();
        let counts = size > LARGE || size > SMALL.max(SPREADS * self.spread);
        if excludes_none && self.chance < CHANCE && counts {
            return Some(true);
        }
        (self.low > -EQUAL && self.high < EQUAL).then_some(false)
    }

    /// For people.
    pub(super) fn says(&self) -> String {
        format!(
            "{:+.1} ms by the medians of {} answers each (99 % interval {:+.1} to {:+.1} ms; permutation test p = {:.3}; two \
             accounts that nobody has differ by {:.1} ms)",
            self.difference, self.answers, self.low, self.high, self.chance, self.spread
        )
    }

    /// The fact.
    pub(super) fn fact(&self) -> Value {
        let tenth = |number: f64| (number * 10.0).round() / 10.0;
        json!({
            "answers": self.answers,
            "difference": tenth(self.difference),
            "low": tenth(self.low),
            "high": tenth(self.high),
            "chance": (self.chance * 1000.0).round() / 1000.0,
            "spread": tenth(self.spread),
        })
    }
}

fn median(sample: &[f64]) -> f64 {
    if sample.is_empty() {
        return 0.0;
    }
    let mut parted = sample.to_vec();
    let middle = parted.len() / 2;
    // Thousands of resamples are asked for theirs, so they are parted, not sorted.
    let (below, upper, _) = parted.select_nth_unstable_by(middle, f64::total_cmp);
    let largest = below.iter().copied().max_by(f64::total_cmp);
    match largest.filter(|_| sample.len().is_multiple_of(2)) {
        Some(lower) => f64::midpoint(lower, *upper),
        None => *upper,
    }
}

/// Differences of the medians of resamples.
fn bootstrap(one: &[f64], other: &[f64], rng: &mut Rng) -> Vec<f64> {
    let mut drawn = |sample: &[f64]| {
        let resample: Vec<f64> = (0..sample.len())
            .map(|_| sample[rng.usize(..sample.len())])
            .collect();
        median(&resample)
    };
    (0..DRAWS).map(|_| drawn(one) - drawn(other)).collect()
}

/// The share of random divisions of all answers whose medians differ by as much (two-sided).
fn permuted(one: &[f64], other: &[f64], rng: &mut Rng) -> f64 {
    let seen = (median(one) - median(other)).abs();
    let mut all = [one, other].concat();
    let mut as_much = 0_u32;
    for _ in 0..DRAWS {
        rng.shuffle(&mut all);
        let (left, right) = all.split_at(one.len());
        as_much += u32::from((median(left) - median(right)).abs() >= seen);
    }
    f64::from(as_much + 1) / f64::from(DRAWS + 1)
}

fn deviation(sample: &[f64]) -> f64 {
    let count = sample.len().max(1) as f64;
    let mean = sample.iter().sum::<f64>() / count;
    let squares: f64 = sample.iter().map(|one| (one - mean).powi(2)).sum();
    (squares / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNS: u32 = 200;

    type Draw = fn(&mut Rng) -> f64;

    /// How long answers take without any difference, in milliseconds.
    const SHAPES: [(&str, Draw); 4] = [
        ("a quiet network", |rng| 5.0 + rng.f64()),
        ("an even jitter", |rng| 40.0 + 30.0 * rng.f64()),
        ("a long tail", |rng| 30.0 - 12.0 * (1.0 - rng.f64()).ln()),
        ("a cold start now and then", |rng| {
            let slow = if rng.f64() < 0.1 { 300.0 } else { 0.0 };
            60.0 + 10.0 * rng.f64() + slow
        }),
    ];

    fn run(shape: Draw, effect: f64, rng: &mut Rng) -> Comparison {
        let mut series =
            |more: f64| -> Vec<f64> { (0..ROUNDS).map(|_| shape(rng) + more).collect() };
        let (known, unknown, null) = (series(effect), series(0.0), series(0.0));
        compare(&known, &unknown, &null, rng)
    }

    #[test]
    fn nothing_is_found_where_there_is_nothing() {
        for (place, (name, shape)) in SHAPES.into_iter().enumerate() {
            let mut rng = Rng::with_seed(place as u64);
            let found = (0..RUNS).filter(|_| run(shape, 0.0, &mut rng).differs() == Some(true));
            let found = found.count();
            assert!(found * 100 <= RUNS as usize, "{name}: {found} of {RUNS}");
        }
    }

    #[test]
    fn a_hash_for_known_accounts_alone_is_found() {
        for (place, (name, shape)) in SHAPES.into_iter().enumerate() {
            let mut rng = Rng::with_seed(100 + place as u64);
            for effect in [80.0, -80.0] {
                let runs = RUNS / 2;
                let found =
                    (0..runs).filter(|_| run(shape, effect, &mut rng).differs() == Some(true));
                let found = found.count();
                assert!(
                    found * 100 >= runs as usize * 99,
                    "{name} {effect}: {found} of {runs}"
                );
            }
        }
    }

    #[test]
    fn what_nobody_can_read_is_no_difference() {
        let mut rng = Rng::with_seed(5);
        let even: Draw = |rng| 5.0 + 0.1 * rng.f64();
        assert_eq!(run(even, 1.0, &mut rng).differs(), Some(false));
        assert_eq!(run(even, 4.0, &mut rng).differs(), Some(true));
    }

    #[test]
    fn too_much_noise_is_no_verdict() {
        let mut rng = Rng::with_seed(7);
        let noise: Draw = |rng| 1000.0 * rng.f64();
        let told = (0..20).filter(|_| run(noise, 0.0, &mut rng).differs().is_some());
        assert_eq!(told.count(), 0);
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }
}
