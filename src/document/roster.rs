//! What is known of every item of a document, and what was told of it before.

use super::cell::Cell;
use super::judged::{ItemState, Judged, Standing};
use super::memory::{Known, Memory};
use crate::model::DocumentMap;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the items, each asked once.
pub(super) struct Roster<'a> {
    map: &'a DocumentMap,
    judged: &'a Judged<'a>,
    pub(super) states: BTreeMap<String, (ItemState, Option<Known>)>,
    before: &'a Memory,
    refresh: bool,
}

impl<'a> Roster<'a> {
    pub(super) fn new(
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
    pub(super) fn kept(&self, cells: &[Cell<'_>]) -> BTreeMap<String, Known> {
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

    pub(super) fn standings(&self) -> Vec<(String, Standing)> {
        let items = self.map.items.iter();
        items
            .filter_map(|item| Some((item.id.clone(), self.states.get(&item.id)?.0.standing)))
            .collect()
    }
}
