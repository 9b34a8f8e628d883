//! Whether a gate is open: enough people have signed, and nothing speaks against it.

use super::ground::Ground;
use super::signed::Withheld;
use crate::model::{Blocker, Gate, GateDecision, Severity, Standing};
use std::collections::BTreeSet;

/// Is a gate open?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// Its people have released it, and everything that they signed still holds.
    Open,
    /// It may be released: so many have signed of so many who must.
    Ready {
        /// How many people's sign-offs count.
        signed: usize,
        /// How many must.
        needed: usize,
    },
    /// It may not be released.
    Held,
}

/// Open where enough people have signed, each with a key of their own, and nothing speaks against it.
pub(super) fn hold(
    ground: &Ground<'_>,
    gate: &Gate,
    decision: &mut GateDecision,
    sign_offs: &[Standing],
    withheld: &[Withheld],
    faults: &[String],
) -> Hold {
    // Where several must sign, a pattern such as *@example.com could make one person two.
    let names = ground
        .signers
        .map(|signers| signers.principals(&gate.namespace(), ground.now));
    let is_named = |one: &&Standing| {
        let named = names
            .as_ref()
            .is_some_and(|names| names.contains(&one.sign_off.by));
        gate.approvals < 2 || named
    };
    let valid = sign_offs.iter().filter(|one| one.is_valid());
    let (named, others): (Vec<&Standing>, Vec<&Standing>) = valid.partition(is_named);
    let keys = named.iter().filter_map(|one| one.fingerprint.as_ref());
    let keys: BTreeSet<&String> = keys.collect();
    decision.warnings.extend(others.iter().map(|one| {
        let who = &one.sign_off.by;
        format!("{who} does not count as one of the {} who must sign: the list of signers allows them by a pattern, and must write them out", gate.approvals)
    }));
    let blocker = |what: &str, reason: &str, next: &str| Blocker {
        what: what.into(),
        severity: Severity::Critical,
        reason: reason.into(),
        owner: gate.owner.clone(),
        since: None,
        next: next.into(),
    };
    let no = withheld.iter().map(|Withheld { by, how, at }| {
        let next = format!(
            "ask {by}, who may sign it again: holdpoint sign {}",
            gate.name
        );
        Blocker {
            since: Some(*at),
            ..blocker("sign-off", how, &next)
        }
    });
    let broken = faults
        .iter()
        .map(|fault| blocker("ledger", fault, "holdpoint verify"));
    let against: Vec<Blocker> = no.chain(broken).collect();
    let may = decision.outcome.is_go() && against.is_empty();
    decision.blockers.extend(against);
    let gravest_first = |one: &Blocker| std::cmp::Reverse(one.severity);
    decision.blockers.sort_by_key(gravest_first);
    match (may, keys.len()) {
        (false, _) => Hold::Held,
        (true, signed) if signed >= gate.approvals => Hold::Open,
        (true, signed) => Hold::Ready {
            signed,
            needed: gate.approvals,
        },
    }
}
