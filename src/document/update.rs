//! Brings a document up to what a record says: three-way, between what it said first, what holdpoint
//! wrote last, and what it says now. Pure: text and memory in, text and memory out.

use super::bind::{self, Bound};
use super::cell::Cell;
use super::fill::{Filling, Rule, rule};
use super::index::Index;
use super::judged::{Judged, Standing};
use super::memory::{self, Known, Memory};
use super::notes::{self, Emptied};
use super::outline::Outline;
use super::region::RegionFault;
use super::remark;
use super::remark::{Change, Remark, Subject, conflict, words};
use super::roster::Roster;
use super::sheet::{Sheet, splice};
use super::signing::{self, SignatureLines};
use super::slot::{Scan, Slot, SlotKind};
use crate::diagnostic::{Diagnostic, Source};
use crate::model::DocumentMap;
use std::collections::BTreeMap;
use std::ops::Range;

/// How far an update may go.
pub struct Options<'a> {
    /// Write over what people wrote in slots that holdpoint had written.
    pub take_over: bool,
    /// Take the newest evidence for what is proved already.
    pub refresh: bool,
    /// Takes secrets out of a text.
    pub redact: &'a dyn Fn(&str) -> String,
}

/// A document as it should be.
#[derive(Debug)]
pub struct Updated {
    /// Its text.
    pub text: String,
    /// What is to be remembered with that text.
    pub memory: Memory,
    /// What differs from the text that is there, in its order.
    pub changes: Vec<Change>,
    /// The bytes of the text that is there in whose place the notes stand; its end where it has none yet.
    pub notes: Range<usize>,
    /// What people should know.
    pub remarks: Vec<Remark>,
    /// What is known of each item of the map that the document has.
    pub items: Vec<(String, Standing)>,
}

/// Brings `document` up to what is judged.
///
/// # Errors
/// Two items of the map answer to one place of the document, or one to several; nothing is written then.
/// So also where the result could not be read back, which would be a fault of this program.
pub fn update(
    document: &Source,
    map: &DocumentMap,
    judged: &Judged<'_>,
    memory: &Memory,
    options: &Options<'_>,
) -> Result<Updated, Vec<Diagnostic>> {
    let text = &*document.text;
    let edited = |fault: RegionFault| vec![fault.diagnostic(document)];
    let emptied = Emptied::of(text, options.take_over).map_err(edited)?;
    let (sheet, mut known) = both(
        text,
        || Sheet::open(&emptied.text, memory),
        || Roster::new(map, judged, memory, options),
    );
    let (sheet, found) = sheet.in_slots();
    let bound = bind::bind(map, &found);
    let problems = remark::ambiguous(&bound, document);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut remarks = Vec::new();
    let signing = SignatureLines::of(&found, &bound);
    let mut settle = |slot| {
        settle(
            slot,
            &found,
            &bound,
            &signing,
            &sheet,
            judged,
            map,
            &mut known,
            options,
            &mut remarks,
        )
    };
    let (outline, cells) = both(
        text,
        || Outline::of(&sheet.base),
        || found.slots.iter().map(&mut settle).collect::<Vec<_>>(),
    );
    remark::of_items(&bound, &found, &sheet, &mut known.states, &mut remarks);
    let before = memory;
    let mut memory = remember(&sheet, &outline, &cells, before, known.keep(&cells));
    let present = bound.items().map(|item| &*item.id).collect();
    let redact = options.redact;
    memory.notes = notes::contradictions(map, judged, &present, &memory, &sheet.base, redact);
    let parts = cells.iter().flat_map(|cell| {
        let each = cell.slot.ranges().into_iter();
        each.zip(cell.last.iter().map(String::as_str))
    });
    let new = splice(&sheet.base, parts);
    // What is there, remembered as before, was read back already.
    let is_same =
        new == emptied.text && memory.lines == before.lines && memory.blocks == before.blocks;
    let (is_read_back, (mut changes, told)) = both(
        text,
        || is_same || is_read_back(&new, &memory, &sheet.base),
        || {
            let changes = changes(&sheet, &cells, &known);
            (changes, notes::render(map, &memory))
        },
    );
    if !is_read_back {
        return Err(vec![
            Diagnostic::new(format!(
                "{} could not be written so that it can be read back",
                document.name
            ))
            .help("nothing was written; this is a fault of holdpoint: please report it with the document's shape"),
        ]);
    }
    for change in &mut changes {
        change.at = emptied.in_whole(change.at.clone());
    }
    let new = emptied.put(&new, &told).map_err(edited)?;
    let items = known.standings();
    Ok(Updated {
        notes: emptied.place(),
        text: new,
        memory,
        changes,
        remarks,
        items,
    })
}

/// A text so long is worth a thread.
const LONG: usize = 64 << 10;

/// What both give; for a long text the first is done on a thread of its own.
fn both<A: Send, B>(
    text: &str,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    if text.len() < LONG {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        match first.join() {
            Ok(first) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Does the text with its memory give what it was made from?
fn is_read_back(text: &str, memory: &Memory, base: &str) -> bool {
    let sheet = Sheet::open(text, memory);
    sheet.base == base && sheet.current() == text
}

/// Takes out everything that `memory` says was written; what people wrote over it stays.
///
/// The text, and what could not be found again.
pub fn restore(text: &str, memory: &Memory) -> (String, Vec<String>) {
    let (text, fault) = notes::without(text);
    let sheet = Sheet::open(&text, memory);
    let mut lost = sheet.lost.clone();
    lost.extend(fault.map(|fault| fault.to_string()));
    (sheet.of_people().0, lost)
}

/// Decides what one slot says after this.
#[expect(
    clippy::too_many_arguments,
    reason = "one step of `update`, with everything it knows"
)]
fn settle<'a>(
    slot: &'a Slot,
    found: &Scan,
    bound: &Bound<'a>,
    signing: &SignatureLines<'a>,
    sheet: &Sheet,
    judged: &Judged<'_>,
    map: &DocumentMap,
    known: &mut Roster<'_>,
    options: &Options<'_>,
    remarks: &mut Vec<Remark>,
) -> Cell<'a> {
    let mut cell = Cell::new(slot, sheet);
    let is_box = matches!(slot.kind, SlotKind::Box { .. });
    let own = slot.item.and_then(|at| bound.of_list_item(at));
    cell.item = match (is_box, own) {
        (true, own) => own,
        (false, _) => bound.owner(slot, found),
    };
    let mapped = cell.item;
    let subject = || Subject::of(slot, found, mapped);
    let Some(item) = cell.item else {
        // No longer in the map: what was written is not vouched for any more.
        if cell.written.as_ref() == Some(&cell.now) {
            cell.last.clone_from(&cell.original);
            cell.ours = None;
        } else {
            remarks.extend(remark::unmapped(slot, &cell.now, subject));
        }
        return cell;
    };
    let Some((state, told)) = known.states.get(&*item.id) else {
        return cell;
    };
    let filling = Filling {
        map,
        judged,
        state,
        told: told.as_ref(),
        states: &known.states,
        written: cell.written.as_deref(),
        redact: options.redact,
        base: &sheet.base,
    };
    let rule = signing.rule(rule(item, slot, is_box), slot);
    let desire = filling.desire(&rule, slot);
    cell.why = matches!(rule, Rule::Signed(..)).then(|| signing::why(&desire));
    let by_state = matches!(
        rule,
        Rule::State | Rule::Write(crate::model::Write::State { .. })
    );
    cell.preprinted = cell.is_preprinted(map);
    cell.settle(
        &desire,
        options.take_over,
        by_state.then_some(state.standing),
    );
    remarks.extend(conflict(
        slot,
        &desire,
        &rule,
        state,
        &cell.state_of_hand(),
        subject,
    ));
    cell
}

/// What is to be remembered: every line and block of which a slot is not what it was.
fn remember(
    sheet: &Sheet,
    outline: &Outline<'_>,
    cells: &[Cell<'_>],
    before: &Memory,
    items: BTreeMap<String, Known>,
) -> Memory {
    let mut memory = Memory {
        items,
        notes: before.notes.clone(),
        ..Memory::empty(&before.document)
    };
    let index = Index::of(&sheet.base, outline);
    let mut lines: BTreeMap<usize, Vec<(Range<usize>, memory::Written, bool)>> = BTreeMap::new();
    for cell in cells {
        let is_block = matches!(cell.slot.kind, SlotKind::Placeholder { .. });
        let touched = cell.ours.is_some() || cell.last != cell.original;
        for (part, at) in cell.slot.ranges().into_iter().enumerate() {
            let word = |words: &Vec<String>| words.get(part).cloned();
            let original = word(&cell.original).unwrap_or_default();
            let slot = memory::Written {
                written: cell
                    .ours
                    .as_ref()
                    .and_then(word)
                    .filter(|ours| *ours != original),
                original,
            };
            if !is_block {
                let line = outline.line(at.start).map_or(0, |line| line.start);
                lines.entry(line).or_default().push((at, slot, touched));
            } else if touched && let Some(place) = index.place_of_block(at.start) {
                memory.blocks.push(memory::Block { place, slot });
            }
        }
    }
    for (start, slots) in lines {
        if !slots.iter().any(|(_, _, touched)| *touched) {
            continue;
        }
        let end = outline.line(start).map_or(start, |line| line.end);
        let mut pieces = Vec::new();
        let mut done = start;
        for (at, _, _) in &slots {
            pieces.push(
                sheet
                    .base
                    .get(done..at.start)
                    .unwrap_or_default()
                    .to_owned(),
            );
            done = at.end;
        }
        pieces.push(sheet.base.get(done..end).unwrap_or_default().to_owned());
        let slots: Vec<memory::Written> = slots.into_iter().map(|(_, slot, _)| slot).collect();
        let place = index.place(&pieces, start);
        memory.lines.push(memory::Line {
            place,
            pieces,
            slots,
        });
    }
    memory
}

/// What differs from the text that is there, by its own bytes.
fn changes(sheet: &Sheet, cells: &[Cell<'_>], known: &Roster<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    // How much longer what is there is than what was there, before the place that is looked at.
    let mut kept = sheet.kept.values().peekable();
    let mut longer: i64 = 0;
    let signed = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    for cell in cells {
        let parts = cell
            .slot
            .ranges()
            .into_iter()
            .zip(cell.now.iter().zip(&cell.last));
        for (at, (old, new)) in parts {
            while let Some(one) = kept.next_if(|one| one.at.start < at.start) {
                longer += signed(one.now.len()) - signed(one.at.len());
            }
            if old == new {
                continue;
            }
            let start = usize::try_from(signed(at.start) + longer).unwrap_or(at.start);
            changes.push(Change {
                at: start..start + old.len(),
                line: cell.slot.line,
                item: cell.item.map(|item| item.id.clone()).unwrap_or_default(),
                what: words(cell.slot),
                old: old.clone(),
                new: new.clone(),
                why: cell.why.clone().unwrap_or_else(|| {
                    let state = cell.item.and_then(|item| known.states.get(&*item.id));
                    state.map_or_else(
                        || "nothing vouches for it any more".into(),
                        |(state, _)| remark::why(state),
                    )
                }),
            });
        }
    }
    changes
}
