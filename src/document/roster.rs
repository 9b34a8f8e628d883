//! What is known of every item of a document, and what was told of it before.

use super::cell::Cell;
use super::judged::{ItemState, Judged, NOT_THERE, Standing};
use super::memory::{Known, Memory};
use super::update::Options;
use crate::model::{DocumentMap, Verdict};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};

/// What is known of items by their id, and what was told of each.
pub(super) type States<'a> = HashMap<&'a str, (ItemState, Option<Known>)>;

/// What is known of the items, each asked once.
pub(super) struct Roster<'a> {
    map: &'a DocumentMap,
    judged: &'a Judged<'a>,
    pub(super) states: States<'a>,
    before: &'a Memory,
    refresh: bool,
}

/// Checks that were seen to hold or not; what others gave decides nothing.
fn looked(gave: &str) -> bool {
    gave == Verdict::Pass.word() || gave == Verdict::Fail.word()
}

impl<'a> Roster<'a> {
    pub(super) fn new(
        map: &'a DocumentMap,
        judged: &'a Judged<'a>,
        before: &'a Memory,
        options: &Options<'_>,
    ) -> Self {
        let mut known = Self {
            map,
            judged,
            states: HashMap::with_capacity(map.items.len()),
            before,
            refresh: options.refresh,
        };
        for item in &map.items {
            let mut state = judged.item(item, &[]);
            // People's words go into documents that everybody reads.
            state.stated = state.stated.map(|words| (options.redact)(&words));
            let told = known.told(&item.id, &state);
            known.states.insert(&item.id, (state, told));
        }
        known
    }

    /// What was told of an item stays what it was while the answer is the same, so that a run with the
    /// same results changes nothing.
    fn told(&self, id: &str, state: &ItemState) -> Option<Known> {
        let before = self.before.items.get(id);
        if state.standing == Standing::NotLooked {
            return before
                .filter(|before| still_answers(before, state))
                .cloned();
        }
        if !state.standing.holds() && state.standing != Standing::Failed {
            return None;
        }
        let same = before.filter(|before| {
            before.standing == state.standing.words()
                && before.checks.keys().eq(state.checks.keys())
                && before.stated == state.stated
                // What holds at staging is news where production was looked at.
                && before.environment == self.judged.subject.environment
                && rests_on_the_same(before, state)
        });
        match same {
            Some(before) if !self.refresh => Some(before.clone()),
            _ => Some(Known {
                standing: state.standing.words().into(),
                at: self.judged.subject.ended,
                on: state.stated_on.filter(|day| {
                    let ended = self.judged.subject.ended.to_zoned(TimeZone::UTC).date();
                    *day > ended || !state.checks.values().any(|gave| looked(gave))
                }),
                run: self.judged.subject.run.clone(),
                commit: self.judged.subject.commit.clone(),
                environment: self.judged.subject.environment.clone(),
                target: self.judged.subject.target.clone(),
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

    /// Gives what is told of the items that something was written for.
    pub(super) fn keep(&mut self, cells: &[Cell<'_>]) -> BTreeMap<String, Known> {
        let written = cells.iter().filter(|cell| cell.ours.is_some());
        written
            .filter_map(|cell| {
                let id = &*cell.item?.id;
                let (_, told) = self.states.get_mut(id)?;
                Some((id.to_owned(), told.take()?))
            })
            .collect()
    }

    pub(super) fn standings(&self) -> Vec<(String, Standing)> {
        let items = self.map.items.iter();
        items
            .filter_map(|item| Some((item.id.clone(), self.states.get(&*item.id)?.0.standing)))
            .collect()
    }
}

/// What was told before still stands where a run did not look at everything. That it holds, only while
/// it was told of every check that is asked for now, and nothing else is missing.
fn still_answers(before: &Known, state: &ItemState) -> bool {
    let known = |(id, gave): (&String, &&str)| !is_aside(gave) || before.checks.contains_key(id);
    !before.holds() || (state.lacks.is_none() && state.checks.iter().all(known))
}

/// Does the answer rest on the same checks: those that failed, or else those that passed? One that was not
/// looked at again counts as it was told.
fn rests_on_the_same(before: &Known, state: &ItemState) -> bool {
    let wanted = match state.standing {
        Standing::Failed => Verdict::Fail.word(),
        _ => Verdict::Pass.word(),
    };
    state.checks.iter().all(|(id, gave)| {
        let told = before.checks.get(id).is_some_and(|gave| gave == wanted);
        told == (*gave == wanted) || (told && is_aside(gave))
    })
}

/// Nobody looked.
fn is_aside(gave: &str) -> bool {
    gave == NOT_THERE || gave == Verdict::NotRun.word()
}
