//! Tests of the inference against limiters that are played, on a clock that is played too.

use super::fit::Family;
use super::limiter::Limiter;
use super::probing::{Ending, Probed, probe};
use crate::probe::limits::burst::{Refusal, Seen, World};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

struct Played {
    limiter: Limiter,
    now: f64,
    ends: f64,
    /// Up to so many seconds pass until a request arrives.
    jitter: f64,
    random: fastrand::Rng,
    /// Requests of others per second.
    others: f64,
    next: f64,
}

impl World for Played {
    fn ask(&mut self, _: Option<u16>) -> BoxFuture<'_, Seen> {
        let arrives = self.now + 0.001 + self.random.f64() * self.jitter;
        while self.next < arrives {
            self.limiter.admits(self.next);
            self.next += -(1.0 - self.random.f64()).ln() / self.others;
        }
        self.now = arrives + 0.001;
        let seen = if self.limiter.admits(arrives) {
            Seen::Admitted {
                status: 200,
                limit: None,
                remaining: None,
            }
        } else {
            Seen::Refused(Refusal {
                status: 429,
                retry_after: None,
                limit: None,
                announced: false,
            })
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

const FAMILIES: [Family; 7] = [
    Family::FixedFirst,
    Family::FixedAligned,
    Family::SlidingLog,
    Family::SlidingLogRefusals,
    Family::SlidingCounter,
    Family::TokenBucket,
    Family::IntervalBucket,
];

/// A limiter as it may be met: 5 to 100 requests, windows of 5 to 60 s, 0.2 to 8 tokens a second.
fn drawn(family: Family, random: &mut fastrand::Rng) -> Limiter {
    let limit = random.u32(5..=100);
    let window = f64::from(random.u32(5..=60));
    match family {
        Family::TokenBucket => {
            let rate = 0.2 * 40f64.powf(random.f64());
            Limiter::new(family, limit, 1.0 / rate, 1)
        }
        Family::IntervalBucket => {
            // Between half a second and a minute.
            loop {
                let lump = random.u32(1..limit);
                let interval = f64::from(lump) / (0.2 * 40f64.powf(random.f64()));
                if (0.5..60.0).contains(&interval) {
                    return Limiter::new(family, limit, interval, lump);
                }
            }
        }
        Family::SlidingCounter => {
            let mut one = Limiter::new(family, limit, window, 1);
            one.whole = random.bool();
            one
        }
        _ => Limiter::new(family, limit, window, 1),
    }
}

fn played(limiter: Limiter, others: f64, seed: u64) -> Played {
    let mut random = fastrand::Rng::with_seed(seed);
    let now = 1e6 + random.f64() * 1000.0;
    Played {
        limiter,
        now,
        ends: now + 3600.0,
        jitter: random.f64() * 0.05,
        others,
        next: if others > 0.0 {
            now - 300.0
        } else {
            f64::INFINITY
        },
        random,
    }
}

fn probed(world: &mut Played) -> Probed {
    probe(world, None)
        .now_or_never()
        .expect("nothing really waits")
}

#[test]
fn five_hundred_limiters_are_named() {
    let mut random = fastrand::Rng::with_seed(7);
    let verbose = std::env::var("V").is_ok();
    let many: u64 = std::env::var("N")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(500);
    let mut cost = Vec::new();
    let mut times = Vec::new();
    let mut tally = std::collections::BTreeMap::<Family, [u32; 5]>::new();
    for seed in 0..many {
        let family = FAMILIES[seed as usize % FAMILIES.len()];
        let limiter = drawn(family, &mut random);
        let mut world = played(limiter.clone(), 0.0, seed);
        let began = std::time::Instant::now();
        let told = probed(&mut world);
        let took = began.elapsed().as_secs_f64();
        let of = tally.entry(family).or_default();
        of[0] += 1;
        let mine = told.fits.iter().find(|fit| fit.family == family);
        let limits = told
            .fits
            .iter()
            .fold((u64::MAX, 0), |all: (u64, u64), fit| {
                (all.0.min(fit.limit.0), all.1.max(fit.limit.1))
            });
        let limit = u64::from(limiter.limit);
        let exact = if family == Family::TokenBucket {
            limits.0 <= limit && limit <= limits.1 && limits.1 <= limits.0 + 1
        } else {
            limits == (limit, limit)
        };
        of[1] += u32::from(told.fits.len() == 1 && mine.is_some());
        of[2] += u32::from(mine.is_some());
        of[3] += u32::from(exact);
        of[4] += u32::from(told.ending == Ending::Settled);
        cost.push(told.sent);
        times.push(told.seconds);
        println!(
            "{seed} {family:?} {took:.3} sent {} fits {}",
            told.sent,
            told.fits.len()
        );
        if verbose && (told.fits.len() != 1 || !exact || took > 0.3) {
            println!(
                "{seed} {family:?} L={} W={:.2} k={} jitter={:.3} -> {:?} sent {} in {:.0}s took {took:.2}",
                limiter.limit,
                limiter.window,
                limiter.lump,
                world.jitter,
                told.ending,
                told.sent,
                told.seconds
            );
            for fit in &told.fits {
                println!("      {fit:?}");
            }
        }
    }
    cost.sort();
    times.sort_by(f64::total_cmp);
    let at = |part: f64| {
        (
            cost[(cost.len() as f64 * part) as usize],
            times[(cost.len() as f64 * part) as usize],
        )
    };
    println!(
        "median {:?} p95 {:?} max {:?}",
        at(0.5),
        at(0.95),
        (cost.last(), times.last())
    );
    let mut all = [0; 5];
    for (family, of) in tally {
        println!(
            "{:20} n {} unique {} in {} exact {} settled {}",
            format!("{family:?}"),
            of[0],
            of[1],
            of[2],
            of[3],
            of[4]
        );
        for k in 0..5 {
            all[k] += of[k];
        }
    }
    println!("all {all:?}");
}

#[test]
fn a_shared_key_is_never_named_wrongly() {
    let mut random = fastrand::Rng::with_seed(11);
    let verbose = std::env::var("V").is_ok();
    let many: u64 = std::env::var("N")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(300);
    let (mut right, mut open, mut wrong) = (0, 0, 0);
    for seed in 0..many {
        let family = FAMILIES[seed as usize % FAMILIES.len()];
        let limiter = drawn(family, &mut random);
        let per_second = match family {
            Family::TokenBucket => 1.0 / limiter.window,
            Family::IntervalBucket => f64::from(limiter.lump) / limiter.window,
            _ => f64::from(limiter.limit) / limiter.window,
        };
        let part = 0.01 * 60f64.powf(random.f64());
        let mut world = played(limiter.clone(), per_second * part, seed);
        let told = probed(&mut world);
        let limit = u64::from(limiter.limit);
        let named = told.identified();
        match named {
            None => open += 1,
            Some(fit) if fit.family == family && fit.limit.0 <= limit && limit <= fit.limit.1 => {
                right += 1
            }
            Some(_) => wrong += 1,
        }
        if verbose && named.is_some() {
            println!(
                "{seed} {family:?} L={} W={:.2} k={} jitter={:.3} others {:.3}/s part {part:.3} -> {:?} sent {} in {:.0}s",
                limiter.limit,
                limiter.window,
                limiter.lump,
                world.jitter,
                world.others,
                told.ending,
                told.sent,
                told.seconds
            );
            for fit in &told.fits {
                println!(
                    "      {fit:?} {}",
                    if fit.family == family && fit.limit.0 <= limit && limit <= fit.limit.1 {
                        ""
                    } else {
                        "WRONG"
                    }
                );
            }
        }
    }
    println!("right {right} open {open} wrong {wrong}");
    assert_eq!(wrong, 0);
}
