//! A document as it is, and as it was before holdpoint wrote into it.
//!
//! Slots are looked for in the text as it was: a blank that was filled is no blank any more. Every place
//! that was written knows what stands there now.

use super::memory::{Line, Memory, Place, Written};
use super::outline::Outline;
use std::collections::{BTreeMap, BTreeSet};
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

/// A place in the text as it is.
struct Found {
    at: Range<usize>,
    slot: Written,
}

impl Sheet {
    /// Takes out of `text` what `memory` says was written.
    pub(super) fn open(text: &str, memory: &Memory) -> Self {
        let outline = Outline::of(text);
        let mut lost = Vec::new();
        let mut found = Vec::new();
        let mut taken = BTreeSet::new();
        let index = Index::of(text, &outline);
        for line in &memory.lines {
            let words = || line.slots.iter().map(|slot| &*slot.original).chain([""]);
            let whole = || line.pieces.iter().map(String::as_str).zip(words());
            let original: String = whole().flat_map(|(piece, slot)| [piece, slot]).collect();
            match index.find(line, &mut taken) {
                Some(places) => found.extend(places),
                None => lost.push(original.trim().to_owned()),
            }
        }
        for block in &memory.blocks {
            match fence(&block.place, text, &outline) {
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

    /// The text as it is, from the text as it was.
    pub(super) fn current(&self) -> String {
        let edits = self.kept.values().map(|one| (one.at.clone(), &*one.now));
        splice(&self.base, edits)
    }
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

/// The lines of a text by the section that they stand in.
pub(super) struct Index<'t, 'o> {
    text: &'t str,
    outline: &'o Outline<'t>,
    /// The lines of each section, by the path of its headings.
    sections: BTreeMap<&'o [String], Vec<Range<usize>>>,
}

impl<'t, 'o> Index<'t, 'o> {
    pub(super) fn of(text: &'t str, outline: &'o Outline<'t>) -> Self {
        let mut sections: BTreeMap<&[String], Vec<Range<usize>>> = BTreeMap::new();
        for line in &outline.lines {
            let path = outline.headings(line.start);
            sections.entry(path).or_default().push(line.clone());
        }
        Self {
            text,
            outline,
            sections,
        }
    }

    /// Where the slots of a remembered line are now. A line is found in its section, by what stands
    /// around its slots; where several look the same, by the items that hold it, and by its number.
    fn find(&self, line: &Line, taken: &mut BTreeSet<usize>) -> Option<Vec<Found>> {
        let place = &line.place;
        let alike = |lines: &[Range<usize>]| -> Vec<(Range<usize>, Vec<Range<usize>>)> {
            lines
                .iter()
                .filter_map(|at| {
                    let places = slots_of(self.text.get(at.clone())?, line)?;
                    Some((at.clone(), places))
                })
                .collect()
        };
        let none = Vec::new();
        let section = self
            .sections
            .get(&*place.headings)
            .or_else(|| self.renamed(place));
        let mut candidates = alike(section.unwrap_or(&none));
        if candidates.len() != place.of {
            candidates.retain(|(at, _)| self.outline.items(at.start) == place.items);
            // The number counted lines of the whole section; among those of one item it says less.
            if candidates.len() != 1 && candidates.len() <= place.nth {
                return None;
            }
        }
        let chosen = match candidates.len() {
            1 => candidates.into_iter().next(),
            _ => candidates.into_iter().nth(place.nth),
        };
        let (at, places) = chosen?;
        if !taken.insert(at.start) {
            return None;
        }
        let places = places
            .into_iter()
            .map(|slot| slot.start + at.start..slot.end + at.start);
        let slots = line.slots.iter().cloned();
        Some(
            places
                .zip(slots)
                .map(|(at, slot)| Found { at, slot })
                .collect(),
        )
    }

    /// How the line at `at` is remembered: its place among those that look the same.
    pub(super) fn place(&self, pieces: &[String], slots: &[Written], at: usize) -> Place {
        let headings = self.outline.headings(at).to_vec();
        let mut line = Line {
            place: Place {
                items: self.outline.items(at),
                headings,
                nth: 0,
                of: 0,
            },
            pieces: pieces.to_vec(),
            slots: slots.to_vec(),
        };
        for other in self
            .sections
            .get(&*line.place.headings)
            .into_iter()
            .flatten()
        {
            let text = self.text.get(other.clone()).unwrap_or_default();
            if slots_of(text, &line).is_some() {
                line.place.nth += usize::from(other.start < at);
                line.place.of += 1;
            }
        }
        line.place
    }

    /// The one section whose own heading is the remembered one, under other headings than before.
    fn renamed(&self, place: &Place) -> Option<&Vec<Range<usize>>> {
        let own = place.headings.last()?;
        let mut same = self
            .sections
            .iter()
            .filter(|(path, _)| path.last() == Some(own));
        let only = same.next()?;
        same.next().is_none().then_some(only.1)
    }
}

/// Where in a line the slots are; none where the line is another one.
fn slots_of(text: &str, line: &Line) -> Option<Vec<Range<usize>>> {
    let (first, last) = (line.pieces.first()?, line.pieces.last()?);
    let inner = text.strip_prefix(first.as_str())?;
    inner.strip_suffix(last.as_str())?;
    let end = text.len() - last.len();
    let mut at = first.len();
    let mut found = Vec::with_capacity(line.slots.len());
    for (number, slot) in line.slots.iter().enumerate() {
        let next = line.pieces.get(number + 1)?;
        let rest = text.get(at..end)?;
        let is_last = number + 1 == line.slots.len();
        // What holdpoint wrote, or what was there before, is known; what a person wrote ends where the next piece begins.
        let known = [slot.written.as_deref(), Some(slot.original.as_str())];
        let length = known
            .into_iter()
            .flatten()
            .find(|words| {
                rest.strip_prefix(words).is_some_and(|after| match is_last {
                    true => after.is_empty(),
                    false => after.starts_with(next.as_str()),
                })
            })
            .map(str::len)
            .or_else(|| match is_last {
                true => Some(rest.len()),
                false => rest.find(next.as_str()),
            })?;
        found.push(at..at + length);
        at += length;
        if !is_last {
            at += next.len();
        }
    }
    (at == end).then_some(found)
}

/// The content of the remembered fenced block, from its first to its last line, without the last break.
fn fence(place: &Place, text: &str, outline: &Outline<'_>) -> Option<Range<usize>> {
    let mut of_section = outline
        .fences
        .iter()
        .filter(|fence| outline.headings(fence.start) == place.headings);
    let content = of_section.nth(place.nth)?;
    Some(trimmed(text, content))
}

/// A range without the white space at its ends.
pub(super) fn trimmed(text: &str, range: &Range<usize>) -> Range<usize> {
    let words = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (words.len() - words.trim_start().len());
    let end = range.end - (words.len() - words.trim_end().len());
    start..end.max(start)
}

/// How the fenced block whose content holds `at` is remembered.
pub(super) fn place_of_block(outline: &Outline<'_>, at: usize) -> Option<Place> {
    let headings = outline.headings(at).to_vec();
    let of_section: Vec<&Range<usize>> = outline
        .fences
        .iter()
        .filter(|fence| outline.headings(fence.start) == headings)
        .collect();
    let nth = of_section
        .iter()
        .position(|fence| fence.start <= at && at < fence.end)?;
    Some(Place {
        items: outline.items(at),
        of: of_section.len(),
        headings,
        nth,
    })
}
