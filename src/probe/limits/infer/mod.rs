//! The look that infers a limit: which families of limiters, with which numbers, explain what was let through.

mod experiments;
mod families;
mod fit;
mod guess;
mod log;
mod probing;
mod region;
mod told;
mod windows;
mod work;

use super::burst::World;
use super::subject::Claim;
use experiments::COINCIDENCE;
use fit::{Family, Fit};
use probing::LONGEST;
pub(super) use probing::REQUESTS;
use serde_json::{Value, json};
use told::{Ending, Probed};
use work::Work;

/// What is said where nobody asked for an inference.
pub(super) const UNASKED: &str = "it sends up to 800 requests in up to ten minutes, fifty of them at once where answers are queued, so it is done only when asked for: holdpoint run limits.inferred-as-configured --infer --level active";

/// Probes, and tells the fact `inferred`.
pub(super) async fn look(world: &mut dyn World, claim: Option<Claim>) -> (Value, Option<u16>) {
    if let Some(claim) = claim.filter(|claim| claim.window >= LONGEST) {
        let told = Probed::nothing(Ending::Spent(format!(
            "the window of {} s is configured, and windows of {LONGEST} s and more are not inferred",
            claim.window
        )));
        return (fact(&told), None);
    }
    let told = probing::probe(world, claim, Work::default()).await;
    (fact(&told), told.status)
}

fn fact(told: &Probed) -> Value {
    let others = told.log.others();
    let identified = told.identified().filter(|_| others.is_none());
    let hull = |of: fn(&Fit) -> (f64, f64)| {
        let each = told.fits.iter().map(of);
        each.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    };
    let limits = told.fits.iter().map(|fit| fit.limit);
    let limit = limits.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let families: Vec<_> = told
        .fits
        .iter()
        .map(|fit| {
            json!({
                "name": fit.family.word(),
                "limit": { "low": fit.limit.0, "high": fit.limit.1, "exact": fit.limit.0 == fit.limit.1 },
                "window": range(fit.window),
                "rate": range(fit.rate),
                "lump": fit.lump.map(|lump| lump.0),
            })
        })
        .collect();
    let start = told.log.attempts.first().map_or(0.0, |first| first.sent);
    let when = |admitted: bool| {
        let each = told
            .log
            .attempts
            .iter()
            .filter(move |one| one.admitted == admitted);
        each.map(|one| ((one.sent - start) * 1000.0).round() as u64)
            .collect::<Vec<_>>()
    };
    json!({
        "identified": identified.is_some(),
        "family": identified.map(|fit| fit.family.word()),
        "told": summary(told, identified),
        "why": if identified.is_some() { None } else { Some(why(told, others)) },
        "families": families,
        "limit": limit.map(|(low, high)| json!({ "low": low, "high": high, "exact": low == high })),
        "window": hull(|fit| fit.window).map(range),
        "rate": hull(|fit| fit.rate).map(range),
        "doubles": identified.map(|fit| matches!(fit.family, Family::FixedFirst | Family::FixedAligned)),
        "requests": told.sent,
        "seconds": (told.seconds * 10.0).round() / 10.0,
        "log": { "admitted": when(true), "refused": when(false) },
    })
}

/// To three places that mean something, and outward: what is measured lies between.
fn range((low, high): (f64, f64)) -> Value {
    let outward = |value: f64, round: fn(f64) -> f64| {
        if !value.is_finite() || value <= 0.0 {
            return 0.0;
        }
        let scale = 10f64.powi(2 - value.log10().floor() as i32);
        round(value * scale) / scale
    };
    json!({ "low": outward(low, f64::floor), "high": outward(high, f64::ceil) })
}

fn short(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 0.0;
    }
    let scale = 10f64.powi(3 - value.log10().floor() as i32);
    (value * scale).round() / scale
}

/// `10 requests in 10 s, in a fixed window from the first request`.
fn summary(told: &Probed, identified: Option<&Fit>) -> String {
    let cost = format!("{} requests in {:.0} s", told.sent, told.seconds);
    match identified {
        Some(fit) => {
            let doubles = match fit.family {
                Family::FixedFirst | Family::FixedAligned => {
                    "; it lets twice as many through across the boundary of two windows"
                }
                _ => "",
            };
            format!("{}{doubles} (told by {cost})", described(fit))
        }
        None => format!("nothing for certain (after {cost})"),
    }
}

fn described(fit: &Fit) -> String {
    let between = |(low, high): (f64, f64)| {
        let middle = short((low + high) / 2.0);
        // The round value between the two, where there is one.
        let round = middle.round();
        let value = if low <= round && round <= high && round > 0.0 {
            round
        } else {
            middle
        };
        format!("{value}")
    };
    let many = match fit.limit {
        (low, high) if low == high => format!("{low}"),
        (low, high) => format!("{low} to {high}"),
    };
    match fit.family {
        Family::TokenBucket => format!(
            "a bucket of {many} that gets back {} a second",
            between(fit.rate)
        ),
        Family::IntervalBucket => format!(
            "a bucket of {many} that gets back {} at a time, {} a second",
            fit.lump.map_or(0, |lump| lump.0),
            between(fit.rate)
        ),
        Family::LeakyQueue => format!(
            "a queue that holds {many} and serves {} a second",
            between(fit.rate)
        ),
        family => format!("{many} in {} s, {}", between(fit.window), family.people()),
    }
}

/// Why nothing is told for certain.
fn why(told: &Probed, others: Option<f64>) -> String {
    if let Some(fall) = others {
        return format!(
            "what answers said was left fell by {fall} from one request to the next, so others use the same limit"
        );
    }
    match (&told.ending, told.fits.as_slice()) {
        (Ending::Unrefused, _) => format!(
            "no limit was observed below {:.0} requests a second, for {} requests",
            told.sent as f64 / told.seconds.max(0.001),
            told.sent
        ),
        (Ending::Spoilt(why), _) => why.clone(),
        (Ending::Used, _) => "fewer requests passed than are configured, also after two windows of rest, so others use the same limit, or a limit before it is stricter".into(),
        (Ending::Spent(why), []) => why.clone(),
        (_, []) => "no family of limiters explains what was let through: others use the same limit, several limits stand behind each other, or the limiter is of another kind".into(),
        (ending, [one]) => {
            let spent = match ending {
                Ending::Spent(why) => Some(why.clone()),
                _ => None,
            };
            let shared = one.coincidence.filter(|much| *much > COINCIDENCE);
            let shared = shared.map(|much| {
                format!(
                    "others who take one out of every window would go unnoticed with a probability of up to {:.2} %",
                    (much * 1e4).ceil() / 1e2
                )
            });
            let but = match (shared, spent) {
                (Some(shared), Some(spent)) => format!("{shared}, and {spent}"),
                (Some(but), None) | (None, Some(but)) => but,
                (None, None) => "requests of others would explain as much".into(),
            };
            format!("it looks like {}, but {but}", described(one))
        }
        (_, several) => {
            let each: Vec<_> = several.iter().map(described).collect();
            format!("{} explain what was let through", each.join(", and "))
        }
    }
}

impl Probed {
    fn nothing(ending: Ending) -> Self {
        Self {
            log: log::Log::default(),
            fits: Vec::new(),
            ending,
            sent: 0,
            seconds: 0.0,
            status: None,
        }
    }
}

#[cfg(test)]
mod limiter;
#[cfg(test)]
mod tests;
