//! A document as it is, and as it was before holdpoint wrote into it.
//!
//! Slots are looked for in the text as it was: a blank that was filled is no blank any more. Every place
//! that was written knows what stands there now.

use super::index::{Found, Index};
use super::memory::Memory;
use super::outline::Outline;
use super::scan;
use super::slot::{Scan, Slot};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// A document with what holdpoint wrote taken out.
#[derive(Debug)]
pub(super) struct Sheet {
    /// The text as it was.
    pub(super) base: String,
    /// The places that were written, or may have been, by where they begin in `base`.
    pub(super) kept: BTreeMap<usize, Kept>,
    /// What was written and cannot be found again: the line or block as it was.
    pub(super) lost: Vec<String>,
}

/// One place that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// Its bytes in the text as it was.
    pub(super) at: Range<usize>,
    /// What stands there now.
    pub(super) now: String,
    /// What holdpoint wrote there last.
    pub(super) written: Option<String>,
}

impl Sheet {
    /// Takes out of `text` what `memory` says was written.
    pub(super) fn open(text: &str, memory: &Memory) -> Self {
        if memory.lines.is_empty() && memory.blocks.is_empty() {
            return Self {
                base: text.to_owned(),
                kept: BTreeMap::new(),
                lost: Vec::new(),
            };
        }
        let memory = &*memory.in_line_ends_of(text);
        let outline = Outline::of(text);
        let mut lost = Vec::new();
        let mut found = Vec::new();
        let index = Index::of(text, &outline);
        for (line, places) in memory.lines.iter().zip(index.find_all(&memory.lines)) {
            let words = || line.slots.iter().map(|slot| &*slot.original).chain([""]);
            let whole = || line.pieces.iter().map(String::as_str).zip(words());
            let original: String = whole().flat_map(|(piece, slot)| [piece, slot]).collect();
            match places {
                Some(places) => found.extend(places),
                None => lost.push(original.trim().to_owned()),
            }
        }
        for block in &memory.blocks {
            match index.fence(block) {
                Some(at) => found.push(Found {
                    at,
                    slot: block.slot.clone(),
                }),
                None => lost.push(block.slot.original.trim().to_owned()),
            }
        }
        found.sort_by_key(|one| one.at.start);
        let (base, kept) = restore(text, found);
        Self { base, kept, lost }
    }

    /// The same with what stands in slots alone, and those slots.
    pub(super) fn in_slots(mut self) -> (Self, Scan) {
        let mut found = scan(&self.base);
        while let Some(rest) = self.without_strays(&places(&found)) {
            found = scan(&rest.base);
            self = rest;
        }
        (self, found)
    }

    /// The text as people have it: what holdpoint wrote is taken out, and what they wrote over it stays.
    /// With the bytes of the latter.
    pub(super) fn of_people(&self) -> (String, Vec<Range<usize>>) {
        let mut text = String::with_capacity(self.base.len());
        let mut by_hand = Vec::new();
        let mut done = 0;
        for one in self.kept.values() {
            if one.written.as_ref() == Some(&one.now) {
                continue;
            }
            text.push_str(self.base.get(done..one.at.start).unwrap_or_default());
            let start = text.len();
            text.push_str(&one.now);
            if one.written.is_some() {
                by_hand.push(start..text.len());
            }
            done = one.at.end;
        }
        text.push_str(self.base.get(done..).unwrap_or_default());
        (text, by_hand)
    }

    /// The same without the remembered places that are no slots of the text any more: what stands there
    /// stays as it is, and nothing vouches for it. `None` where every place is a slot.
    fn without_strays(&self, slots: &HashSet<(usize, usize)>) -> Option<Self> {
        let is_slot = |one: &Kept| slots.contains(&(one.at.start, one.at.end));
        if self.kept.values().all(is_slot) {
            return None;
        }
        let strays = self.kept.values().filter(|one| !is_slot(one));
        let mut sheet = Self {
            base: splice(&self.base, strays.map(|one| (one.at.clone(), &*one.now))),
            kept: BTreeMap::new(),
            lost: self.lost.clone(),
        };
        let (mut now, mut was) = (0, 0);
        for one in self.kept.values() {
            let at = one.at.start + now - was..one.at.end + now - was;
            if is_slot(one) {
                sheet.kept.insert(at.start, Kept { at, ..one.clone() });
            } else {
                now += one.now.len();
                was += one.at.len();
                if one.written.is_some() {
                    sheet.lost.push(one.now.clone());
                }
            }
        }
        Some(sheet)
    }

    /// A place of the text as it was in the text as it is.
    pub(super) fn in_current(&self, at: Range<usize>) -> Range<usize> {
        let before = self.kept.range(..at.start).map(|(_, kept)| kept);
        let (now, was) = before.fold((0, 0), |(now, was), kept| {
            (now + kept.now.len(), was + kept.at.len())
        });
        at.start + now - was..at.end + now - was
    }

    /// The text as it is, from the text as it was.
    pub(super) fn current(&self) -> String {
        let edits = self.kept.values().map(|one| (one.at.clone(), &*one.now));
        splice(&self.base, edits)
    }
}

/// Where the slots begin and end.
fn places(found: &Scan) -> HashSet<(usize, usize)> {
    let ranges = found.slots.iter().flat_map(Slot::ranges);
    ranges.map(|at| (at.start, at.end)).collect()
}

/// The text with ranges replaced; they are in order and do not overlap.
pub(super) fn splice<'e>(
    text: &str,
    edits: impl Iterator<Item = (Range<usize>, &'e str)>,
) -> String {
    let mut out = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for (at, new) in edits {
        out.push_str(text.get(done..at.start).unwrap_or_default());
        out.push_str(new);
        done = at.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

fn restore(text: &str, found: Vec<Found>) -> (String, BTreeMap<usize, Kept>) {
    let mut base = String::with_capacity(text.len());
    let mut kept = BTreeMap::new();
    let mut done = 0;
    for Found { at, slot } in found {
        if at.start < done {
            continue;
        }
        base.push_str(text.get(done..at.start).unwrap_or_default());
        let start = base.len();
        base.push_str(&slot.original);
        kept.insert(
            start,
            Kept {
                at: start..base.len(),
                now: text.get(at.clone()).unwrap_or_default().to_owned(),
                written: slot.written,
            },
        );
        done = at.end;
    }
    base.push_str(text.get(done..).unwrap_or_default());
    (base, kept)
}
