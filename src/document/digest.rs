//! What a signature over a document holds to: the digest of its bytes, and that of what people have in it.
//!
//! The semantic digest is taken of the document as people have it. Out of it are, line ends aside:
//!
//! - what holdpoint wrote into slots and nobody changed since: the slot counts as it was before;
//! - the notes at the document's end, as holdpoint appended them;
//! - what stands in any other region of holdpoint's and nobody changed since, which counts by the region's name.
//!
//! Everything else is people's. Where they changed what holdpoint had written, by a tick taken out, a date, a byte in
//! a region, their words are marked as such: a box that they emptied is another than one that was never ticked. Nothing
//! of this changes when the document is written anew, but for an end marker that a person respelt: it is theirs until
//! the region is renewed.
//!
//! What is masked is what the remembered state and the regions' checksums vouch for, and neither is a secret. Whoever
//! alters a slot together with `.holdpoint/documents`, or a region with its checksum, leaves the semantic digest as
//! it was. Three things bound that: the place must be a slot of the very text that was signed, so no other word can
//! be passed off; the digest of the bytes differs; and making the document anew (`holdpoint docs --check`) gives other
//! words, since those of holdpoint come from the record alone.

use super::memory::Memory;
use super::notes::{Emptied, NAME as NOTES};
use super::region;
use super::sheet::Sheet;
use crate::evidence;
use std::ops::Range;

/// What the framing of the semantic digest begins with.
const FORM: &[u8] = b"holdpoint.document-digest/v1\n";

/// The digests of a document, each `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Of the file's bytes.
    pub raw: String,
    /// Of what people have in it, over LF.
    pub semantic: String,
}

/// How a document differs from the one that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// In no byte.
    Same,
    /// In what holdpoint wrote, or in line ends, alone.
    OwnWordsOnly,
    /// In what people have in it.
    Edited,
}

impl Digests {
    /// How the document of which these were signed differs from the one of which `now` are.
    pub fn compare(&self, now: &Self) -> Difference {
        if self.raw == now.raw {
            // What is remembered beside the document changes no word of it.
            Difference::Same
        } else if self.semantic == now.semantic {
            Difference::OwnWordsOnly
        } else {
            Difference::Edited
        }
    }
}

/// The digests of a document, with what is remembered of it ([`super::recall`]): none for one that has no map, or
/// that holdpoint writes whole.
pub fn digests(text: &str, memory: Option<&Memory>) -> Digests {
    let mut framed = FORM.to_vec();
    for (kind, words) in parts(text, memory) {
        framed.extend(format!("{} {}\n", kind.word(), words.len()).bytes());
        framed.extend(words.bytes());
    }
    Digests {
        raw: evidence::digest(text.as_bytes()),
        semantic: evidence::digest(&framed),
    }
}

/// A part of a document as people have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Their words, and the template's.
    Text,
    /// Where words of theirs begin, or end, that stand in place of holdpoint's.
    ByHand,
    /// The name of a region whose content is holdpoint's.
    Region,
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::ByHand => "by-hand",
            Self::Region => "region",
        }
    }
}

/// A part with its words.
type Piece = (Part, String);

/// The document in parts, in LF.
fn parts(text: &str, memory: Option<&Memory>) -> Vec<Piece> {
    // Where nothing is remembered, nothing was written and there are no notes of holdpoint's.
    let memory = memory.filter(|memory| !memory.is_empty());
    let notes = memory.and_then(|_| region::find(text, NOTES).ok()?);
    let notes = notes.filter(|one| one.renewable(text).is_some());
    let appended = notes.as_ref().is_some_and(|one| one.is_as_appended(text));
    // Notes that a person changed stay: they are words like any other.
    let emptied = notes.and_then(|_| Emptied::of(text, false).ok());
    let is_emptied = emptied.is_some();
    let emptied = emptied.unwrap_or_else(|| Emptied::none(text));
    let (people, by_hand) = match memory {
        Some(memory) => Sheet::open(&emptied.text, memory).in_slots().0.of_people(),
        None => (emptied.text, Vec::new()),
    };
    // Each with what stands in its place; where a person's words begin and end nothing is left out.
    let mut cuts: Vec<(Range<usize>, Option<Piece>)> = Vec::new();
    for hand in &by_hand {
        for (at, edge) in [(hand.start, "begin"), (hand.end, "end")] {
            cuts.push((at..at, Some((Part::ByHand, edge.to_owned()))));
        }
    }
    // Markers that are not in order bound nothing.
    for one in region::all(&people).unwrap_or_default() {
        let is_notes = is_emptied && one.name == NOTES;
        let vouched = match is_notes {
            true => Some(one.renewed(&people)),
            false => one.renewable(&people),
        };
        if is_notes && appended {
            cuts.push((one.with_lead(&people), None));
        } else if let Some(at) = vouched
            && !by_hand.iter().any(|hand| holds(&at, hand))
        {
            cuts.push((at, Some((Part::Region, one.name))));
        }
    }
    cuts.sort_by_key(|(at, _)| at.start);
    let mut parts = Vec::new();
    let (mut kept, mut done) = (String::new(), 0);
    for (at, part) in cuts {
        kept.push_str(people.get(done..at.start).unwrap_or_default());
        done = done.max(at.end);
        if let Some(part) = part {
            parts.push((Part::Text, std::mem::take(&mut kept)));
            parts.push(part);
        }
    }
    kept.push_str(people.get(done..).unwrap_or_default());
    parts.push((Part::Text, kept));
    for (_, words) in &mut parts {
        *words = words.replace("\r\n", "\n");
    }
    parts
}

/// The first has an end of the second in it.
fn holds(whole: &Range<usize>, part: &Range<usize>) -> bool {
    let within = |at: usize| whole.start < at && at < whole.end;
    within(part.start) || within(part.end)
}

#[cfg(test)]
mod tests;
