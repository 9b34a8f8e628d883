//! The look at what ordinary answers announce: two samples of one path.

use super::ask::{Answer, Asker, Question};
use super::header::{Announced, Announcement};
use super::reset::{self, Meaning, Sample};
use super::subject::Claim;
use crate::clock;
use crate::model::Facts;
use crate::probe::transport::Fault;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How far apart the samples are, so that seconds that fall are told from those that stand.
const APART: Duration = Duration::from_secs(2);
/// What clocks of a server and its store may differ by.
const SKEW: f64 = 5.0;

/// Asks twice, where the first answer announces a limit, and once where it does not.
pub(super) async fn look(
    asker: &Asker<'_>,
    path: &str,
    claim: Option<&Claim>,
    until: Instant,
) -> Result<Facts, Fault> {
    let question = Question::get(path);
    let first = asker.ask(&question, until).await?;
    let mut later = None;
    let has_reset = first
        .announcement
        .limits
        .iter()
        .any(|one| one.reset.is_some());
    if has_reset && clock::tick() + APART * 2 < until {
        tokio::time::sleep(APART).await;
        // A sample that is lost settles nothing, and spoils nothing.
        later = asker.ask(&question, until).await.ok();
    }
    Ok(told(&first, later.as_ref(), claim))
}

/// The facts of two samples.
pub(super) fn told(first: &Answer, later: Option<&Answer>, claim: Option<&Claim>) -> Facts {
    // What a cache repeats is not told of this request.
    let nothing = Announcement::default();
    let of = |answer: &Answer| {
        if answer.cached {
            nothing.clone()
        } else {
            answer.announcement.clone()
        }
    };
    let announcement = of(first);
    let after = later.map(&of).unwrap_or_default();
    let mut faults = announcement.faults.clone();
    let mut falls = None;
    let limits: Vec<Value> = announcement
        .limits
        .iter()
        .map(|one| {
            let same =
                |other: &&Announced| other.dialect == one.dialect && other.policy == one.policy;
            let next = after.limits.iter().find(same);
            falls = falls.or_else(|| Some(one.remaining? - next?.remaining?));
            describe(one, first, next.zip(later), claim, &mut faults)
        })
        .collect();
    faults.sort();
    faults.dedup();
    let agrees = claim.and_then(|claim| agrees(&announcement.limits, claim));
    let mut facts = Facts::new();
    facts.insert("status".into(), first.status.into());
    facts.insert("cached".into(), first.cached.into());
    facts.insert("announced".into(), limits.into());
    facts.insert("faults".into(), faults.into());
    facts.insert("agrees".into(), agrees.into());
    facts.insert("falls".into(), falls.into());
    facts
}

/// Is one of the announced limits the configured one? None where no limit has a number.
fn agrees(limits: &[Announced], claim: &Claim) -> Option<bool> {
    let numbered = limits.iter().filter(|one| one.limit.is_some());
    #[expect(clippy::cast_precision_loss, reason = "windows are short")]
    let same = |one: &Announced| {
        one.limit == Some(claim.limit)
            && one
                .window
                .is_none_or(|window| (window as f64 - claim.window).abs() < 0.5)
    };
    let mut verdicts = numbered.map(same).peekable();
    verdicts.peek()?;
    Some(verdicts.any(|same| same))
}

fn describe(
    one: &Announced,
    answer: &Answer,
    later: Option<(&Announced, &Answer)>,
    claim: Option<&Claim>,
    faults: &mut Vec<String>,
) -> Value {
    let reading = one.reset.map(|reset| {
        let first = Sample {
            reset,
            now: answer.now,
        };
        let later = later.and_then(|(later, answer)| {
            Some(Sample {
                reset: later.reset?,
                now: answer.now,
            })
        });
        reset::meaning(first, later)
    });
    let left = one
        .reset
        .zip(reading)
        .and_then(|(reset, reading)| reading.meaning.seconds_left(reset, answer.now));
    #[expect(clippy::cast_precision_loss, reason = "windows are short")]
    let window = one.window.map(|window| window as f64);
    let window = window.or_else(|| {
        claim
            .filter(|claim| one.limit == Some(claim.limit))
            .map(|claim| claim.window)
    });
    match reading.map(|reading| reading.meaning) {
        Some(Meaning::Constant) => {
            faults.push("the reset does not fall: it is the length of the window, where clients read the time left".into());
        }
        Some(Meaning::Seconds) | None => {}
        Some(other) if one.counts_seconds => faults.push(format!(
            "the reset of {} holds {}, where its draft has seconds from now",
            one.dialect,
            other.word()
        )),
        Some(_) => {}
    }
    if let Some(left) = left {
        if left < -SKEW {
            faults.push(format!("the reset lies {:.0} s in the past", -left));
        } else if window.is_some_and(|window| left > 1.5 * window + SKEW) {
            faults.push(format!(
                "the reset is {left:.0} s away, and the window has {:.0} s",
                window.unwrap_or_default()
            ));
        }
    }
    json!({
        "dialect": one.dialect,
        "policy": one.policy,
        "limit": one.limit,
        "window": one.window,
        "remaining": one.remaining,
        "reset_means": reading.map(|reading| reading.meaning.word()),
        "settled": reading.is_some_and(|reading| reading.settled),
        "resets_in": left.map(f64::round),
    })
}
