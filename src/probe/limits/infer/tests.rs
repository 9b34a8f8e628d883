//! Tests of the inference against limiters that are played, on a clock that is played too.

#![allow(clippy::print_stdout, reason = "what an inference costs is to be read")]

use super::experiments::COINCIDENCE;
use super::fit::Family;
use super::limiter::Limiter;
use super::probing::{REQUESTS, SECONDS, probe};
use super::told::{Ending, Probed};
use super::work::Work;
use super::{Claim, UNASKED};
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
    /// Requests of others per second, and when the next one comes.
    others: f64,
    next: f64,
    /// It announces what is left.
    tells: bool,
    /// Requests that fail or are lost instead, counted from one.
    spoils: Vec<(u64, Seen)>,
    asked: u64,
}

impl World for Played {
    fn ask(&mut self, _: Option<u16>) -> BoxFuture<'_, Seen> {
        let arrives = self.now + 0.001 + self.random.f64() * self.jitter;
        while self.next < arrives {
            self.limiter.admits(self.next);
            self.next += -(1.0 - self.random.f64()).ln() / self.others;
        }
        self.now = arrives + 0.001;
        self.asked += 1;
        let spoilt = self.spoils.iter().find(|(place, _)| *place == self.asked);
        if let Some((_, seen)) = spoilt {
            return std::future::ready(seen.clone()).boxed();
        }
        let seen = if self.limiter.admits(arrives) {
            Seen::Admitted {
                status: 200,
                limit: None,
                remaining: self.tells.then(|| self.limiter.remaining()),
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
    let next = if others > 0.0 {
        now - 300.0
    } else {
        f64::INFINITY
    };
    Played {
        limiter,
        now,
        ends: now + 3600.0,
        jitter: random.f64() * 0.05,
        others,
        next,
        random,
        tells: false,
        spoils: Vec::new(),
        asked: 0,
    }
}

fn probed(world: &mut Played, claim: Option<Claim>) -> Probed {
    probed_within(world, claim, Work::default())
}

fn probed_within(world: &mut Played, claim: Option<Claim>, work: Work) -> Probed {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(probe(world, claim, work))
}

/// The limiter of a seed, of each family in its turn, and what becomes of it where others ask for this part of its rate.
fn drawn_and_probed(seed: u64, others: bool) -> (Limiter, Probed) {
    let mut random = fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9));
    let limiter = drawn(FAMILIES[seed as usize % FAMILIES.len()], &mut random);
    let rate = match limiter.family {
        Family::TokenBucket => 1.0 / limiter.window,
        Family::IntervalBucket => f64::from(limiter.lump) / limiter.window,
        _ => f64::from(limiter.limit) / limiter.window,
    };
    let part = if others {
        0.01 * 60f64.powf(random.f64())
    } else {
        0.0
    };
    let mut world = played(limiter.clone(), rate * part, seed);
    let told = probed(&mut world, None);
    assert!(
        told.sent <= REQUESTS && told.seconds <= SECONDS + 1.0,
        "{limiter:?}"
    );
    (limiter, told)
}

/// The same for many seeds, on all cores.
fn many(seeds: std::ops::Range<u64>, others: bool) -> Vec<(u64, Limiter, Probed)> {
    const THREADS: u64 = 4;
    std::thread::scope(|scope| {
        let seeds = &seeds;
        let of = move |thread: u64| {
            let mine = seeds.clone().filter(move |seed| seed % THREADS == thread);
            let each = mine.map(|seed| {
                let (limiter, told) = drawn_and_probed(seed, others);
                (seed, limiter, told)
            });
            each.collect::<Vec<_>>()
        };
        let running: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || of(thread)))
            .collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    })
}

#[test]
fn five_hundred_limiters_are_told_with_their_limits() {
    let (mut named, mut exact, mut identified) = (0, 0, 0);
    let (mut requests, mut seconds) = (Vec::new(), Vec::new());
    for (seed, limiter, told) in many(0..500, false) {
        let limit = u64::from(limiter.limit);
        let is_named = told.fits.iter().any(|fit| fit.family == limiter.family);
        let low = told.fits.iter().map(|fit| fit.limit.0).min();
        let high = told.fits.iter().map(|fit| fit.limit.1).max();
        // A bucket fills up while it is emptied: one more or less cannot be told.
        let doubt = u64::from(limiter.family == Family::TokenBucket);
        let is_exact = low
            .zip(high)
            .is_some_and(|(low, high)| low <= limit && limit <= high && high - low <= doubt);
        if !is_named || !is_exact {
            println!("{seed}: {limiter:?} was told as {:?}", told.fits);
        }
        if let Some(fit) = told.identified() {
            assert_eq!(fit.family, limiter.family, "{seed}: {limiter:?}");
            assert!(
                (fit.limit.0..=fit.limit.1).contains(&limit),
                "{seed}: {limiter:?}"
            );
            identified += 1;
        }
        named += u32::from(is_named);
        exact += u32::from(is_exact);
        requests.push(told.sent);
        seconds.push(told.seconds as u64);
    }
    requests.sort_unstable();
    seconds.sort_unstable();
    println!(
        "of 500: {named} in the set, {exact} with the exact limit, {identified} identified; requests median {} p95 {}, seconds median {} p95 {}",
        requests[250], requests[475], seconds[250], seconds[475]
    );
    // Those that are left open: windows and lumps of many requests, which 800 requests and ten minutes do not count out often
    // enough to exclude others; and most buckets, which steps of one token explain as well.
    assert!(named >= 495 && exact >= 495 && identified >= 350);
}

/// How many of these that others share are open, how many named rightly, and which wrongly.
fn shared(seeds: std::ops::Range<u64>) -> (usize, usize, Vec<String>) {
    let (mut open, mut right, mut wrong) = (0, 0, Vec::new());
    for (seed, limiter, told) in many(seeds, true) {
        let limit = u64::from(limiter.limit);
        match told.identified() {
            None => open += 1,
            // So little was asked by others that it did not show.
            Some(fit) => {
                let between = (fit.limit.0..=fit.limit.1).contains(&limit);
                if fit.family == limiter.family && between {
                    right += 1;
                } else {
                    wrong.push(format!("{seed}: {limiter:?} was told as {fit:?}"));
                }
            }
        }
    }
    (open, right, wrong)
}

#[test]
fn a_key_that_others_share_is_never_named_wrongly() {
    let (open, right, wrong) = shared(0..250);
    println!("of 250 that others share: {open} open, {right} named rightly");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(open > 200);
}

// Ten times as many as found the first wrong ones; half a minute to two.
#[test]
#[ignore = "takes minutes"]
fn thousands_of_keys_that_others_share_are_never_named_wrongly() {
    let (open, right, wrong) = shared(250..6250);
    println!("of 6000 that others share: {open} open, {right} named rightly");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A sliding counter, a fixed window and a bucket: which of them say how likely it is that others went unnoticed?
#[test]
fn what_might_be_others_is_told_where_windows_are_counted_out() {
    let told = probed(&mut fixed(), None);
    let coincidence = told.identified().unwrap().coincidence.unwrap();
    assert!(coincidence < COINCIDENCE, "{coincidence}");
    let sliding = Limiter::new(Family::SlidingLog, 10, 10.0, 1);
    let told = probed(&mut played(sliding, 0.0, 3), None);
    assert_eq!(told.identified().unwrap().coincidence, None);
}

#[test]
fn a_window_that_costs_too_much_to_count_out_often_enough_is_left_open() {
    let large = Limiter::new(Family::FixedAligned, 100, 31.0, 1);
    let told = probed(&mut played(large, 0.0, 43), None);
    assert_eq!((told.identified(), told.fits.len()), (None, 1));
    let why = super::why(&told, None);
    assert!(
        why.contains("100 in 31 s")
            && why.contains("others who take one out of every window would go unnoticed"),
        "{why}"
    );
}

fn fixed() -> Played {
    played(Limiter::new(Family::FixedFirst, 10, 10.0, 1), 0.0, 3)
}

#[test]
fn what_is_left_tells_of_others() {
    let mut world = played(Limiter::new(Family::FixedFirst, 50, 10.0, 1), 4.0, 5);
    world.tells = true;
    let told = probed(&mut world, None);
    assert!(told.log.others().is_some());
    let fact = super::fact(&told);
    assert_eq!(fact["identified"], false);
    assert!(
        fact["why"]
            .as_str()
            .unwrap()
            .contains("others use the same limit")
    );
    let mut world = fixed();
    world.tells = true;
    assert_eq!(probed(&mut world, None).log.others(), None);
}

#[test]
fn nothing_refused_is_no_proof_that_there_is_no_limit() {
    let mut world = played(Limiter::new(Family::FixedFirst, 100_000, 10.0, 1), 0.0, 1);
    let told = probed(&mut world, None);
    assert_eq!((&told.ending, told.sent), (&Ending::Unrefused, 300));
    let why = super::why(&told, None);
    assert!(
        why.contains("no limit was observed below") && why.contains("for 300 requests"),
        "{why}"
    );
}

#[test]
fn a_lost_answer_costs_a_new_start_and_a_second_one_the_inference() {
    let lost = || Seen::Lost("closed".into());
    let mut world = fixed();
    world.spoils = vec![(17, lost())];
    let told = probed(&mut world, None);
    assert_eq!(
        told.identified().map(|fit| fit.family),
        Some(Family::FixedFirst)
    );
    let mut world = fixed();
    world.spoils = vec![(17, lost()), (40, lost())];
    assert!(matches!(probed(&mut world, None).ending, Ending::Spoilt(_)));
}

#[test]
fn the_third_server_error_in_a_row_ends_it() {
    let mut world = fixed();
    world.spoils = (5..900).map(|place| (place, Seen::Failed(500))).collect();
    let told = probed(&mut world, None);
    assert!(matches!(told.ending, Ending::Spoilt(_)));
    assert!(told.sent <= 7, "{}", told.sent);
}

#[test]
fn a_search_that_is_cut_short_tells_nothing() {
    let (mut cut, mut told) = (0, 0);
    for power in 0..24 {
        let ended = probed_within(&mut fixed(), None, Work::of(1 << power));
        let fact = super::fact(&ended);
        if let Some(fit) = ended.identified() {
            assert_eq!((fit.family, fit.limit), (Family::FixedFirst, (10, 10)));
            told += 1;
            continue;
        }
        cut += 1;
        assert!(matches!(ended.ending, Ending::Spent(_)), "{ended:?}");
        assert_eq!(fact["identified"], false);
        for unknown in ["family", "limit", "window", "rate", "doubles"] {
            assert!(fact[unknown].is_null(), "{fact}");
        }
        let why = fact["why"].as_str().unwrap();
        assert!(why.contains("than there is work for"), "{why}");
    }
    assert!(cut > 10 && told > 2, "{cut} {told}");
}

#[test]
fn what_was_used_before_is_waited_for() {
    let mut world = fixed();
    for _ in 0..6 {
        world.limiter.admits(world.now);
    }
    let claim = Claim {
        limit: 10,
        window: 10.0,
    };
    let told = probed(&mut world, Some(claim));
    let fit = told.identified().unwrap();
    assert_eq!((fit.family, fit.limit), (Family::FixedFirst, (10, 10)));
}

#[test]
fn long_windows_cost_no_request() {
    let mut world = fixed();
    let claim = Claim {
        limit: 10,
        window: 300.0,
    };
    let (fact, _) = super::look(&mut world, Some(claim)).now_or_never().unwrap();
    assert_eq!((world.asked, &fact["identified"]), (0, &false.into()));
    assert!(fact["why"].as_str().unwrap().contains("300 s"));
}

#[test]
fn the_caps_that_are_told_are_those_that_are_kept() {
    assert!(UNASKED.contains(&REQUESTS.to_string()));
    assert!((SECONDS - 600.0).abs() < 1e-9 && UNASKED.contains("ten minutes"));
}
