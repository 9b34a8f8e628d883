//! Signature lines: who signed a document off with a key stands where its map says so, with the day beside it.

use super::bind::Bound;
use super::fill::{Desire, Filling, Rule, rule};
use super::scan::{asks_for_date, asks_for_name};
use super::slot::{Scan, Slot, SlotKind};
use crate::model::{Signature, Write};
use std::collections::HashMap;

/// What a blank of a signature line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Who signed, with which key, and until when that counts.
    Signature,
    /// Who signed.
    Name,
    /// The day on which it was signed.
    Date,
}

/// The places that take a signature, by line: where each begins, and the gate whose sign-off it takes.
#[derive(Debug, Default)]
pub(super) struct SignatureLines<'m>(HashMap<usize, Vec<(usize, Option<&'m str>)>>);

impl<'m> SignatureLines<'m> {
    pub(super) fn of(found: &Scan, bound: &Bound<'m>) -> Self {
        let mut lines = Self::default();
        for slot in &found.slots {
            let Some(item) = bound.owner(slot, found) else {
                continue;
            };
            if let Rule::Write(Write::Signature { gate }) = rule(item, slot, false) {
                let line = lines.0.entry(slot.line).or_default();
                line.push((start(slot), gate.as_deref()));
            }
        }
        lines
    }

    /// The rule of a slot, where it belongs to a signature: to the one before it on its line, or else the first.
    pub(super) fn rule(&self, rule: Rule<'m>, slot: &Slot) -> Rule<'m> {
        let asked = match &rule {
            Rule::Write(Write::Signature { .. }) => Some(Asked::Signature),
            // What the map gives to a person by name stays theirs.
            Rule::Person => beside(slot),
            _ => None,
        };
        let on_line = self.0.get(&slot.line);
        let before = |all: &'_ Vec<(usize, Option<&'m str>)>| {
            let nearest = all.iter().rev().find(|(at, _)| *at <= start(slot));
            nearest.or(all.first()).map(|(_, gate)| *gate)
        };
        match (asked, on_line.and_then(before)) {
            (Some(asked), Some(gate)) => Rule::Signed(gate, asked),
            _ => rule,
        }
    }
}

fn start(slot: &Slot) -> usize {
    slot.ranges().first().map_or(0, |at| at.start)
}

fn beside(slot: &Slot) -> Option<Asked> {
    let SlotKind::Blank { .. } = slot.kind else {
        return None;
    };
    let column = slot.address.cell.as_ref().map(|(_, column)| column);
    let label = match (slot.address.label.is_empty(), column) {
        (true, Some(column)) => column,
        _ => &slot.address.label,
    };
    if asks_for_date(label) {
        Some(Asked::Date)
    } else {
        asks_for_name(label).then_some(Asked::Name)
    }
}

impl Filling<'_> {
    /// What a place of a signature line should say: blank where nobody signed.
    pub(super) fn signed(&self, slot: &Slot, gate: Option<&str>, asked: Asked) -> Desire {
        let mut those: Vec<&Signature> = self.judged.signatures(gate).collect();
        those.sort_by_key(|one| (one.on, &one.by, &one.fingerprint));
        let words = |one: &&Signature| match asked {
            Asked::Signature => format!("{} ({})", one.by, one.rests_on()),
            Asked::Name => one.by.clone(),
            Asked::Date => one.on.to_string(),
        };
        let words = those.iter().map(words);
        let words: Vec<String> = words.map(|words| self.harmless(slot, &words)).collect();
        self.joined(slot, &words)
    }
}

/// Why it says what it does.
pub(super) fn why(desire: &Desire) -> String {
    match desire {
        Desire::Words(_) => "signed off with a key".into(),
        _ => "no sign-off counts for it".into(),
    }
}

#[cfg(test)]
pub(super) mod tests;
