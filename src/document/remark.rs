//! What people are told about a document beside its changes: claims without evidence, contradictions, gaps.

use super::bind::{Bound, Drift};
use super::fill::{Desire, Rule};
use super::judged::{ItemState, Standing};
use super::roster::States;
use super::sheet::Sheet;
use super::slot::{Address, Scan, Slot, SlotKind, normal};
use crate::diagnostic::{Diagnostic, Source};
use crate::model::{MapItem, Ruling};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// One slot that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its bytes in the text that is there.
    pub at: Range<usize>,
    /// Its line, from 1, in the text as it was before anything was written.
    pub line: usize,
    /// The item of the map.
    pub item: String,
    /// The slot, in words.
    pub what: String,
    /// What it says.
    pub old: String,
    /// What it will say.
    pub new: String,
    /// What was seen.
    pub why: String,
}

/// What a remark is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The line, from 1; 0 where the document has none.
    pub line: usize,
    /// The item of the map, or empty.
    pub item: String,
    /// The place, in words.
    pub what: String,
}

impl Subject {
    pub(super) fn of(slot: &Slot, scan: &Scan, item: Option<&MapItem>) -> Self {
        let heading = slot.heading.and_then(|at| scan.headings.get(at));
        let mut parts = vec![heading.map_or("", |heading| &heading.shown)];
        match item {
            Some(item) => parts.extend(item.item.iter().map(String::as_str)),
            None => parts.extend(slot.address.items.iter().map(String::as_str)),
        }
        let own = words(slot);
        parts.push(&own);
        parts.retain(|part| !part.is_empty());
        let same = |one: &&mut &str, other: &&mut &str| normal(one) == normal(other);
        parts.dedup_by(|one, other| same(&one, &other));
        Self {
            line: slot.line,
            item: item.map(|item| item.id.clone()).unwrap_or_default(),
            what: parts.join(" › "),
        }
    }
}

/// What people should know of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// A person's word, or tick, that evidence contradicts.
    Contradicted(Subject, String),
    /// A person changed what holdpoint had written; it stays as it is.
    ByHand(Subject),
    /// Ticked, and nothing was observed that would prove it.
    Unsupported(Subject),
    /// A tick or sign that was printed with the template, without evidence.
    Preprinted(Subject),
    /// What holdpoint wrote, and cannot find again.
    Lost(String),
    /// An item of the map stands in another section, where it was found.
    Moved(Subject, String),
    /// An item of the map is not in the document, but something like it is.
    Drifted(Subject, String),
    /// An item of the map, which stands there, is not in the document.
    Missing(Subject, String),
    /// No check observes the item yet.
    NoCheck(Subject),
    /// A person must state the item: what.
    NeedsPerson(Subject, String),
    /// A slot that nothing fills.
    Uncovered(Subject),
}

/// Who wrote what in a slot.
pub(super) struct Hand<'a> {
    pub(super) original: &'a [String],
    pub(super) now: &'a [String],
    pub(super) written: Option<&'a [String]>,
    pub(super) last: &'a [String],
    pub(super) preprinted: bool,
}

/// A slot in words: its label, or its place in a table.
pub(super) fn words(slot: &Slot) -> String {
    let Address { cell, label, .. } = &slot.address;
    match cell {
        Some((row, column)) => format!("{row}, {column}"),
        None => {
            let own = label.trim_end_matches(':').rsplit(": ").next();
            own.unwrap_or_default().to_owned()
        }
    }
}

/// Why an item stands as it does, in one line.
pub(super) fn why(state: &ItemState) -> String {
    let of = |gave: &str| -> Vec<&str> {
        let those = state.checks.iter().filter(|(_, one)| **one == gave);
        those.map(|(id, _)| &**id).collect()
    };
    let list = |ids: &[&str]| match ids {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} and {other}"),
        [one, other, more @ ..] => format!("{one}, {other} and {} more", more.len()),
    };
    let failed = of("fail");
    let open: Vec<&str> = state
        .checks
        .iter()
        .filter(|(_, gave)| matches!(**gave, "inconclusive" | "blocked"))
        .map(|(id, _)| &**id)
        .collect();
    match state.standing {
        Standing::Failed if failed.is_empty() => "a person states that it does not hold".into(),
        Standing::Failed => format!("failed: {}", list(&failed)),
        Standing::Unproven => format!("no result: {}", list(&open)),
        Standing::Proved => format!("passed: {}", list(&of("pass"))),
        Standing::Attested => format!("stated by {}", state.stated.clone().unwrap_or_default()),
        other => other.words().into(),
    }
}

/// Places that cannot be told apart: nothing of the document is written then.
pub(super) fn ambiguous(bound: &Bound<'_>, document: &Source) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (item, drift) in &bound.drifted {
        if let Drift::Several(lines) = drift {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            problems.push(
                Diagnostic::new(format!(
                    "{}: item {} ({}) stands on lines {}, and they cannot be told apart",
                    document.name,
                    item.id,
                    item.place,
                    lines.join(" and ")
                ))
                .help("give one of them other words, or name the headings above it in the map: under = \"outer / inner\""),
            );
        }
    }
    for (first, second) in &bound.twice {
        problems.push(
            Diagnostic::new(format!(
                "the items {} ({}) and {} ({}) are the same place of {}",
                first.id, first.place, second.id, second.place, document.name
            ))
            .help("take one of them out of the map, or give both the same id so that one replaces the other"),
        );
    }
    problems
}

/// What is said of a slot that belongs to no item.
pub(super) fn unmapped(
    slot: &Slot,
    now: &[String],
    subject: impl FnOnce() -> Subject,
) -> Option<Remark> {
    match &slot.kind {
        SlotKind::Claim { .. } => Some(Remark::Preprinted(subject())),
        SlotKind::Box { .. } | SlotKind::Choice { .. } if is_marked(slot, now) => {
            Some(Remark::Unsupported(subject()))
        }
        _ => Some(Remark::Uncovered(subject())),
    }
}

/// What is said of a slot of an item.
pub(super) fn conflict(
    slot: &Slot,
    desire: &Desire,
    rule: &Rule<'_>,
    state: &ItemState,
    hand: &Hand<'_>,
    subject: impl FnOnce() -> Subject,
) -> Option<Remark> {
    let changes = hand.last != hand.now;
    let by_hand = hand.written.is_some_and(|written| written != hand.now);
    let marked = is_marked(slot, hand.now);
    match desire {
        _ if changes => None,
        Desire::Words(words) if words == hand.now => None,
        Desire::Words(_) | Desire::Original if marked && state.standing == Standing::Failed => {
            Some(Remark::Contradicted(subject(), why(state)))
        }
        Desire::Words(_) | Desire::Original if by_hand => Some(Remark::ByHand(subject())),
        Desire::Words(_) if hand.now != hand.original => Some(Remark::ByHand(subject())),
        Desire::Words(_) if marked => Some(Remark::Contradicted(subject(), why(state))),
        Desire::Original | Desire::Leave if marked && hand.written.is_none() => {
            match hand.preprinted || matches!(slot.kind, SlotKind::Claim { .. }) {
                true if state.standing.holds() => None,
                true => Some(Remark::Preprinted(subject())),
                false => Some(Remark::Unsupported(subject())),
            }
        }
        Desire::Uncovered => match &slot.kind {
            SlotKind::Claim { .. } => Some(Remark::Preprinted(subject())),
            _ if matches!(rule, Rule::Uncovered) => Some(Remark::Uncovered(subject())),
            _ => None,
        },
        _ => None,
    }
}

/// Does the slot say yes?
fn is_marked(slot: &Slot, now: &[String]) -> bool {
    match &slot.kind {
        SlotKind::Box { .. } => now.iter().any(|one| one.eq_ignore_ascii_case("x")),
        SlotKind::Choice { .. } => now
            .first()
            .is_some_and(|one| matches!(one.as_str(), "✓" | "☑" | "☒")),
        SlotKind::Claim { .. } => true,
        _ => false,
    }
}

/// What is said of the items of the map, and of what was lost.
pub(super) fn of_items(
    bound: &Bound<'_>,
    scan: &Scan,
    sheet: &Sheet,
    states: &mut States<'_>,
    remarks: &mut Vec<Remark>,
) {
    remarks.extend(sheet.lost.iter().cloned().map(Remark::Lost));
    let mut first: HashMap<&str, usize> = HashMap::new();
    for slot in &scan.slots {
        if let Some(item) = bound.owner(slot, scan) {
            first.entry(&item.id).or_insert(slot.line);
        }
    }
    let line = |item: &MapItem| first.get(&*item.id).copied().unwrap_or(0);
    let subject = |item: &MapItem| Subject {
        line: line(item),
        item: item.id.clone(),
        what: place(item),
    };
    for (item, drift) in &bound.drifted {
        remarks.push(match drift {
            Drift::Moved(to) => Remark::Moved(subject(item), to.clone()),
            Drift::Alike(what) => Remark::Drifted(subject(item), what.clone()),
            Drift::Gone | Drift::Several(_) => {
                Remark::Missing(subject(item), item.place.to_string())
            }
        });
    }
    let present: HashSet<&str> = bound.items().map(|item| &*item.id).collect();
    for item in bound.items() {
        let Some((state, _)) = states.get(&*item.id) else {
            continue;
        };
        match state.standing {
            Standing::NoCheck if item.all_of.is_empty() => {
                remarks.push(Remark::NoCheck(subject(item)))
            }
            Standing::NeedsPerson if item.all_of.is_empty() || item.person.is_some() => {
                let what = item.person.clone().unwrap_or_default();
                remarks.push(Remark::NeedsPerson(subject(item), what));
            }
            _ if item.ruling == Ruling::Attest
                && state.stated.is_none()
                && item.person.is_some() =>
            {
                let what = item.person.clone().unwrap_or_default();
                remarks.push(Remark::NeedsPerson(subject(item), what));
            }
            _ => {}
        }
    }
    states.retain(|id, _| present.contains(id));
}

/// Where the map says that an item stands.
fn place(item: &MapItem) -> String {
    let mut parts: Vec<&str> = item.under.last().map(String::as_str).into_iter().collect();
    parts.extend(item.item.iter().map(String::as_str));
    parts.extend(item.row.as_deref());
    parts.join(" › ")
}
