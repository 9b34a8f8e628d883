//! What must be true of every scan of every text, for the tests that throw text at the scanner.

use super::super::slot::{Scan, Slot, SlotKind};
use super::found::{first, is_sign};
use super::scan;
use std::collections::HashSet;
use std::ops::Range;

impl Scan {
    /// What is wrong with this scan of `text`; nothing, whatever the text.
    #[doc(hidden)]
    pub fn faults(&self, text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let mut end = 0;
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut addresses = HashSet::new();
        for slot in &self.slots {
            let own = slot.ranges();
            let start = first(&slot.kind);
            if start < end {
                faults.push(format!("the slots are not in order at {start}"));
            }
            end = start;
            if own.is_empty() || !own.iter().all(|at| says(text, at, &slot.kind)) {
                faults.push(format!("{:?} holds something else", slot.kind));
            }
            if !own.is_sorted_by(|one, next| one.end <= next.start) {
                faults.push(format!("{:?} is out of order", slot.kind));
            }
            ranges.extend(own);
            if !addresses.insert(&slot.address) {
                faults.push(format!("{:?} is taken", slot.address));
            }
            if slot.address.kind != slot.kind.word() || !self.is_placed(slot) {
                faults.push(format!("{:?} stands nowhere", slot.address));
            }
        }
        ranges.sort_by_key(|at| at.start);
        if !ranges.is_sorted_by(|one, next| one.end <= next.start) {
            faults.push("slots overlap".to_owned());
        }
        faults.extend(self.structure(text));
        let flipped = flipped(text, self);
        let again = scan(&flipped);
        if !again.is_like(self) {
            faults.push(format!("filling it in changes it: {flipped:?}"));
        }
        faults
    }

    /// Headings and items come after those that hold them, and anchors are where they say.
    fn structure(&self, text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for (at, heading) in self.headings.iter().enumerate() {
            if heading.parent.is_some_and(|above| above >= at) {
                faults.push(format!("heading {at} is inside of a later one"));
            }
        }
        for (at, item) in self.items.iter().enumerate() {
            if item.parent.is_some_and(|above| above >= at) {
                faults.push(format!("item {at} is inside of a later one"));
            }
            for (name, range) in &item.anchors {
                if text.get(range.clone()) != Some(name) {
                    faults.push(format!("the anchor {name} is not at {range:?}"));
                }
            }
        }
        faults
    }

    fn is_placed(&self, slot: &Slot) -> bool {
        slot.line > 0
            && slot.item.is_none_or(|at| at < self.items.len())
            && slot.heading.is_none_or(|at| at < self.headings.len())
    }

    /// The same slots at the same addresses, in the same structure.
    fn is_like(&self, other: &Self) -> bool {
        let ends = |scan: &Self| -> Vec<_> { scan.slots.iter().map(Slot::ranges).collect() };
        let texts = |scan: &Self| -> Vec<_> {
            let items = scan.items.iter().map(|one| one.text.clone());
            items
                .chain(scan.headings.iter().map(|one| one.text.clone()))
                .collect()
        };
        let addresses = |scan: &Self| -> Vec<_> {
            let slots = scan.slots.iter();
            slots.map(|one| one.address.clone()).collect()
        };
        ends(self) == ends(other)
            && texts(self) == texts(other)
            && addresses(self) == addresses(other)
    }
}

/// The range holds what the kind says.
fn says(text: &str, at: &Range<usize>, kind: &SlotKind) -> bool {
    let Some(slice) = text.get(at.clone()) else {
        return false;
    };
    let before = text.get(..at.start).unwrap_or_default();
    let after = text.get(at.end..).unwrap_or_default();
    match kind {
        SlotKind::Box { ticked, .. } => {
            let known = matches!(slice, "x" | "X") == *ticked;
            let blank = *ticked || (slice.len() == 1 && slice.trim_ascii().is_empty());
            let bare = slice == "\u{b}" && !*ticked;
            known && (blank || bare) && before.ends_with('[') && after.starts_with(']')
        }
        SlotKind::Blank { .. } => {
            let whole = !before.ends_with('_') && !after.starts_with('_');
            slice.len() > 1 && whole && slice.bytes().all(|byte| byte == b'_')
        }
        SlotKind::Choice { options } => {
            let one = options.iter().find(|one| one.at == *at);
            matches!(slice, "☐" | "☑" | "☒" | "✓" | "✗")
                && one.is_some_and(|one| one.marked == (slice != "☐"))
        }
        SlotKind::Sign { .. } => is_sign(slice),
        SlotKind::Placeholder { .. } => slice.starts_with('[') && slice.ends_with(']'),
        SlotKind::Claim { .. } => slice == "✓",
    }
}

/// The same text with every box and every open option the other way round.
fn flipped(text: &str, scan: &Scan) -> String {
    let mut edits: Vec<(Range<usize>, &str)> = Vec::new();
    for slot in &scan.slots {
        match &slot.kind {
            SlotKind::Box { at, ticked } => {
                edits.push((at.clone(), if *ticked { " " } else { "x" }));
            }
            SlotKind::Choice { options } => {
                for one in options {
                    match text.get(one.at.clone()) {
                        Some("☐") => edits.push((one.at.clone(), "☑")),
                        Some("☑" | "☒") => edits.push((one.at.clone(), "☐")),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    edits.sort_by_key(|(at, _)| at.start);
    let (mut flipped, mut from) = (String::with_capacity(text.len()), 0);
    for (at, with) in edits {
        flipped.push_str(text.get(from..at.start).unwrap_or_default());
        flipped.push_str(with);
        from = at.end;
    }
    flipped.push_str(text.get(from..).unwrap_or_default());
    flipped
}
