//! The last run that somebody signed: what a later one is held against.

use super::history::{History, Told};
use super::stand::GateStanding;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A run that somebody signed.
#[derive(Clone, Copy)]
pub struct LastSigned<'a> {
    /// Its record.
    pub told: &'a Told,
    /// The gate that it was signed for.
    pub gate: &'a str,
    /// Who signed.
    pub by: &'a str,
    /// The sign-off counts still.
    pub is_valid: bool,
}

/// The newest run of an environment that a sign-off rests on, that began before this moment and that asked at least half
/// of these checks: another suite's run is no measure. A sign-off that lapsed says so; one that was altered, and a no, are
/// no measure.
pub fn last_signed<'a>(
    standings: &'a [GateStanding<'_>],
    history: &'a History,
    environment: &str,
    before: Timestamp,
    checks: &BTreeSet<&str>,
) -> Option<LastSigned<'a>> {
    let signed = standings.iter().flat_map(|one| {
        let released = one
            .sign_offs
            .iter()
            .filter(|word| word.sign_off.released && word.fingerprint.is_some());
        released.flat_map(move |word| {
            let records = word.sign_off.evidence.iter();
            records.map(move |record| (one, word, record))
        })
    });
    let mut signed: Vec<_> = signed
        .filter(|(_, _, record)| record.started < before)
        .collect();
    signed.sort_by_key(|(_, word, record)| std::cmp::Reverse((record.started, word.sign_off.at)));
    signed.into_iter().find_map(|(one, word, record)| {
        let told = history.find(&record.run)?.ok()?;
        let planned = told.record.checks.iter();
        let shared = planned.filter(|one| checks.contains(one.id.as_str()));
        let is_it = told.record.digest == record.digest
            && told.concerns(environment)
            && shared.count() * 2 >= checks.len();
        is_it.then_some(LastSigned {
            told,
            gate: &one.gate.name,
            by: &word.sign_off.by,
            is_valid: word.is_valid(),
        })
    })
}
