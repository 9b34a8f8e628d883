//! Brings a document up to what a record says: three-way, between what it said first, what holdpoint
//! wrote last, and what it says now. Pure: text and memory in, text and memory out.

use super::bind::{self, Bound};
use super::fill::{Desire, Filling, Rule, rule};
use super::judged::{ItemState, Judged, Standing};
use super::memory::{self, Known, Memory};
use super::outline::Outline;
use super::remark::{Change, Remark, Subject, conflict, words};
use super::sheet::{Index, Kept, Sheet, place_of_block, splice};
use super::slot::{Scan, Slot, SlotKind};
use super::{remark, scan};
use crate::diagnostic::{Diagnostic, Source};
use crate::model::{DocumentMap, MapItem};
use std::collections::{BTreeMap, BTreeSet};
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
    /// What people should know.
    pub remarks: Vec<Remark>,
    /// What is known of each item of the map that the document has.
    pub items: Vec<(String, Standing)>,
}

/// One slot with what is there, what was there, and what should be.
struct Cell<'a> {
    slot: &'a Slot,
    item: Option<&'a MapItem>,
    original: Vec<String>,
    now: Vec<String>,
    written: Option<Vec<String>>,
    last: Vec<String>,
    /// What holdpoint vouches for after this.
    ours: Option<Vec<String>>,
    /// The template ticks it.
    preprinted: bool,
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
    let sheet = Sheet::open(text, memory);
    let found = scan(&sheet.base);
    let bound = bind::bind(map, &found);
    let problems = remark::ambiguous(&bound, document);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut known = Roster::new(map, judged, memory, options.refresh);
    let mut remarks = Vec::new();
    let mut cells = Vec::new();
    for slot in &found.slots {
        let cell = settle(
            slot,
            &found,
            &bound,
            &sheet,
            judged,
            map,
            &mut known,
            options,
            &mut remarks,
        );
        cells.push(cell);
    }
    remark::of_items(&bound, &found, &sheet, &mut known.states, &mut remarks);
    let new_memory = remember(&sheet, &cells, &memory.document, known.kept(&cells));
    let parts = cells.iter().flat_map(|cell| {
        let each = cell.slot.ranges().into_iter();
        each.zip(cell.last.iter().map(String::as_str))
    });
    let new = splice(&sheet.base, parts);
    let again = Sheet::open(&new, &new_memory);
    if again.base != sheet.base || again.current() != new {
        return Err(vec![
            Diagnostic::new(format!(
                "{} could not be written so that it can be read back",
                document.name
            ))
            .help("nothing was written; this is a fault of holdpoint: please report it with the document's shape"),
        ]);
    }
    let changes = changes(&sheet, &cells, &known);
    let items = known.standings();
    Ok(Updated {
        text: new,
        memory: new_memory,
        changes,
        remarks,
        items,
    })
}

/// Takes out everything that `memory` says was written; what people wrote over it stays.
///
/// The text, and what could not be found again.
pub fn restore(text: &str, memory: &Memory) -> (String, Vec<String>) {
    let sheet = Sheet::open(text, memory);
    let original = |one: &Kept| {
        sheet
            .base
            .get(one.at.clone())
            .unwrap_or_default()
            .to_owned()
    };
    let edits: Vec<(Range<usize>, String)> = sheet
        .kept
        .values()
        .map(|one| {
            let ours = one.written.as_ref() == Some(&one.now);
            let words = if ours { original(one) } else { one.now.clone() };
            (one.at.clone(), words)
        })
        .collect();
    let edits = edits.iter().map(|(at, words)| (at.clone(), words.as_str()));
    (splice(&sheet.base, edits), sheet.lost.clone())
}

/// What is known of the items, each asked once.
struct Roster<'a> {
    map: &'a DocumentMap,
    judged: &'a Judged<'a>,
    states: BTreeMap<String, (ItemState, Option<Known>)>,
    before: &'a Memory,
    refresh: bool,
}

impl<'a> Roster<'a> {
    fn new(
        map: &'a DocumentMap,
        judged: &'a Judged<'a>,
        before: &'a Memory,
        refresh: bool,
    ) -> Self {
        let mut known = Self {
            map,
            judged,
            states: BTreeMap::new(),
            before,
            refresh,
        };
        for item in &map.items {
            let state = judged.item(item, &[]);
            let told = known.told(&item.id, &state);
            known.states.insert(item.id.clone(), (state, told));
        }
        known
    }

    /// What was told of an item stays what it was while the answer is the same, so that a run with the
    /// same results changes nothing.
    fn told(&self, id: &str, state: &ItemState) -> Option<Known> {
        let before = self.before.items.get(id);
        if state.standing == Standing::NotLooked {
            return before.cloned();
        }
        if !state.standing.holds() && state.standing != Standing::Failed {
            return None;
        }
        let same = before.filter(|before| {
            before.standing == state.standing.words()
                && before.checks.keys().eq(state.checks.keys())
                && before.stated == state.stated
        });
        match same {
            Some(before) if !self.refresh => Some(before.clone()),
            _ => Some(Known {
                standing: state.standing.words().into(),
                at: self.judged.subject.ended,
                run: self.judged.subject.run.clone(),
                commit: self.judged.subject.commit.clone(),
                checks: state
                    .checks
                    .iter()
                    .map(|(id, gave)| (id.clone(), (*gave).to_owned()))
                    .collect(),
                evidence: state.evidence.iter().cloned().collect(),
                stated: state.stated.clone(),
            }),
        }
    }

    /// What is told of the items that something was written for.
    fn kept(&self, cells: &[Cell<'_>]) -> BTreeMap<String, Known> {
        let written: BTreeSet<&str> = cells
            .iter()
            .filter(|cell| cell.ours.is_some())
            .filter_map(|cell| Some(&*cell.item?.id))
            .collect();
        let told = self
            .states
            .iter()
            .filter(|(id, _)| written.contains(&***id));
        told.filter_map(|(id, (_, told))| Some((id.clone(), told.clone()?)))
            .collect()
    }

    fn standings(&self) -> Vec<(String, Standing)> {
        let items = self.map.items.iter();
        items
            .filter_map(|item| Some((item.id.clone(), self.states.get(&item.id)?.0.standing)))
            .collect()
    }
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
    let subject = Subject::of(slot, found, cell.item);
    let Some(item) = cell.item else {
        // No longer in the map: what was written is not vouched for any more.
        if cell.written.as_ref() == Some(&cell.now) {
            cell.last.clone_from(&cell.original);
        } else {
            remarks.extend(remark::unmapped(slot, &cell.now, subject));
        }
        return cell;
    };
    let Some((state, told)) = known.states.get(&item.id) else {
        return cell;
    };
    let filling = Filling {
        map,
        judged,
        state,
        at: told.as_ref().map(|told| told.at),
        redact: options.redact,
        base: &sheet.base,
    };
    let rule = rule(item, slot, is_box);
    let desire = filling.desire(&rule, slot);
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

impl<'a> Cell<'a> {
    fn new(slot: &'a Slot, sheet: &Sheet) -> Self {
        let ranges = slot.ranges();
        let words = |at: &Range<usize>| sheet.base.get(at.clone()).unwrap_or_default().to_owned();
        let original: Vec<String> = ranges.iter().map(words).collect();
        let kept: Vec<Option<&Kept>> = ranges
            .iter()
            .map(|at| sheet.kept.get(&at.start).filter(|kept| kept.at == *at))
            .collect();
        let now: Vec<String> = kept
            .iter()
            .zip(&original)
            .map(|(kept, original)| kept.map_or_else(|| original.clone(), |kept| kept.now.clone()))
            .collect();
        let written = kept
            .iter()
            .any(|kept| kept.is_some_and(|one| one.written.is_some()));
        let written = written.then(|| {
            kept.iter()
                .zip(&original)
                .map(|(kept, original)| {
                    let written = kept.and_then(|kept| kept.written.clone());
                    written.unwrap_or_else(|| original.clone())
                })
                .collect::<Vec<_>>()
        });
        Self {
            slot,
            item: None,
            last: now.clone(),
            ours: written.clone(),
            original,
            now,
            written,
            preprinted: false,
        }
    }

    /// Takes what is desired where nobody's words stand in the way.
    fn settle(&mut self, desire: &Desire, take_over: bool, standing: Option<Standing>) {
        let wanted = match desire {
            Desire::Words(words) => words,
            Desire::Original => &self.original,
            Desire::Leave | Desire::Never | Desire::Person | Desire::Uncovered => return,
        };
        let free = match &self.written {
            Some(written) => *written == self.now || take_over,
            None => self.now == self.original && self.may_begin(standing),
        };
        if !free {
            return;
        }
        self.last.clone_from(wanted);
        self.ours = (self.last != self.original).then(|| self.last.clone());
    }

    /// May a slot be written that was never written before? What is marked already was marked by a
    /// person, or printed with the template.
    fn may_begin(&self, standing: Option<Standing>) -> bool {
        match &self.slot.kind {
            SlotKind::Box { ticked, .. } => !ticked,
            SlotKind::Choice { options } if options.iter().any(|one| one.marked) => {
                self.preprinted && standing == Some(Standing::Failed)
            }
            SlotKind::Claim { .. } => standing == Some(Standing::Failed),
            _ => true,
        }
    }

    /// The map says that the template ticks the first option of such a choice: `✓ Pass / ☐ Fail`.
    fn is_preprinted(&self, map: &DocumentMap) -> bool {
        let label = &self.slot.address.label;
        let named = |one: &String| {
            let one = super::slot::normal(one);
            *label == one || label.ends_with(&format!(" {one}"))
        };
        self.original.first().is_some_and(|sign| sign == "✓") && map.preprinted.iter().any(named)
    }

    fn state_of_hand(&self) -> remark::Hand<'_> {
        remark::Hand {
            original: &self.original,
            now: &self.now,
            written: self.written.as_deref(),
            last: &self.last,
            preprinted: self.preprinted,
        }
    }
}

/// What is to be remembered: every line and block of which a slot is not what it was.
fn remember(
    sheet: &Sheet,
    cells: &[Cell<'_>],
    document: &str,
    items: BTreeMap<String, Known>,
) -> Memory {
    let mut memory = Memory {
        items,
        ..Memory::empty(document)
    };
    let outline = Outline::of(&sheet.base);
    let index = Index::of(&sheet.base, &outline);
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
            } else if touched && let Some(place) = place_of_block(&outline, at.start) {
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
        let place = index.place(&pieces, &slots, start);
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
                why: cell
                    .item
                    .and_then(|item| known.states.get(&item.id))
                    .map_or_else(
                        || "nothing vouches for it any more".into(),
                        |(state, _)| remark::why(state),
                    ),
            });
        }
    }
    changes
}
