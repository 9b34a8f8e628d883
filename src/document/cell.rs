//! One slot on its way from what it says to what it should say.

use super::fill::Desire;
use super::judged::Standing;
use super::remark;
use super::sheet::{Kept, Sheet};
use super::slot::{Slot, SlotKind};
use crate::model::{DocumentMap, MapItem};
use std::ops::Range;

/// One slot with what is there, what was there, and what should be.
pub(super) struct Cell<'a> {
    pub(super) slot: &'a Slot,
    pub(super) item: Option<&'a MapItem>,
    pub(super) original: Vec<String>,
    pub(super) now: Vec<String>,
    pub(super) written: Option<Vec<String>>,
    pub(super) last: Vec<String>,
    /// What holdpoint vouches for after this.
    pub(super) ours: Option<Vec<String>>,
    /// The template ticks it.
    pub(super) preprinted: bool,
    /// Why it says what it will, where its item does not tell.
    pub(super) why: Option<String>,
}

impl<'a> Cell<'a> {
    pub(super) fn new(slot: &'a Slot, sheet: &Sheet) -> Self {
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
            why: None,
        }
    }

    /// Takes what is desired where nobody's words stand in the way.
    pub(super) fn settle(&mut self, desire: &Desire, take_over: bool, standing: Option<Standing>) {
        let wanted = match desire {
            Desire::Words(words) => words,
            Desire::Original => &self.original,
            // By the map as it is now nothing of holdpoint's belongs there.
            Desire::Never | Desire::Person | Desire::Uncovered
                if self.written.as_ref() == Some(&self.now) =>
            {
                &self.original
            }
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
    pub(super) fn is_preprinted(&self, map: &DocumentMap) -> bool {
        let label = &self.slot.address.label;
        let named = |one: &String| {
            let one = super::slot::normal(one);
            *label == one || label.ends_with(&format!(" {one}"))
        };
        self.original.first().is_some_and(|sign| sign == "✓") && map.preprinted.iter().any(named)
    }

    pub(super) fn state_of_hand(&self) -> remark::Hand<'_> {
        remark::Hand {
            original: &self.original,
            now: &self.now,
            written: self.written.as_deref(),
            last: &self.last,
            preprinted: self.preprinted,
        }
    }
}
