//! Everything that holds gates up, each thing once: what a gate hands on to later ones counts for the first.

use super::waits_for;
use crate::model::{Blocker, Gate, Severity};
use crate::release::hold::Hold;
use crate::release::stand::GateStanding;
use jiff::{SignedDuration, Timestamp};

/// What holds a gate up for longer than this is to be seen by everybody.
pub const LONG: SignedDuration = SignedDuration::from_hours(24);

/// Something that holds a gate up.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The place of the gate: the first that it holds.
    pub gate: usize,
    /// What it is.
    pub blocker: Blocker,
}

impl Held {
    /// It does so for longer than a day, as far as anybody knows.
    pub fn is_long(&self, now: Timestamp) -> bool {
        let since = self.blocker.since;
        since.is_some_and(|since| now.duration_since(since) > LONG)
    }
}

/// Everything that holds these gates up, in their order.
pub(super) fn held(all: &[GateStanding<'_>], upstream: &[Vec<usize>]) -> Vec<Held> {
    let mut found: Vec<Held> = Vec::new();
    let waits = waiting(upstream);
    for (place, one) in all.iter().enumerate() {
        // A gate that another waits for is told by what holds itself.
        let own = one.decision.blockers.iter();
        let own = own.filter(|each| waits_for(each, one.gate).is_none());
        let own: Vec<&Blocker> = own.collect();
        for blocker in own {
            let same = found.iter_mut().find(|known| {
                is_one_thing(&known.blocker, blocker)
                    || (known.blocker.what == blocker.what
                        && known.blocker.reason == blocker.reason
                        && blocker.what == EVIDENCE
                        && waits[place][known.gate])
            });
            match same {
                Some(known) => known.blocker.since = known.blocker.since.or(blocker.since),
                None => found.push(Held {
                    gate: place,
                    blocker: blocker.clone(),
                }),
            }
        }
        if let Some(blocker) = of_itself(one) {
            found.push(Held {
                gate: place,
                blocker,
            });
        }
    }
    found
}

/// What weighing calls a lack of evidence.
const EVIDENCE: &str = "evidence";

/// Are they one check, statement or document, which holds two gates? What has no name of its own is each gate's own.
fn is_one_thing(known: &Blocker, other: &Blocker) -> bool {
    let what = &other.what;
    let is_named = what.contains(['.', ':']) || what.starts_with("document ");
    known.what == *what && is_named
}

/// Whether the gate of the first place waits for that of the second, directly or not.
fn waiting(upstream: &[Vec<usize>]) -> Vec<Vec<bool>> {
    let mut waits: Vec<Vec<bool>> = Vec::with_capacity(upstream.len());
    for before in upstream {
        let mut own = vec![false; upstream.len()];
        for one in before {
            own[*one] = true;
            // Theirs are known: every gate comes after those before it.
            for (place, theirs) in waits[*one].iter().enumerate() {
                own[place] |= theirs;
            }
        }
        waits.push(own);
    }
    waits
}

/// What holds a gate up that its decision does not name.
fn of_itself(one: &GateStanding<'_>) -> Option<Blocker> {
    let Gate { name, owner, .. } = one.gate;
    let blocker = |what: &str, reason: String, next: String| Blocker {
        what: what.into(),
        severity: Severity::Critical,
        reason,
        owner: owner.clone(),
        since: None,
        next,
    };
    match &one.hold {
        Hold::Open => None,
        Hold::Ready { signed, needed } => Some(blocker(
            "sign-off",
            format!("it may be released, and {signed} of {needed} have signed"),
            format!("holdpoint sign {name}"),
        )),
        Hold::Held if one.decision.blockers.is_empty() => Some(blocker(
            "gate",
            "it is held".into(),
            format!("holdpoint gate {name}"),
        )),
        Hold::Held => None,
    }
}
