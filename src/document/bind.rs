//! Finds the items of a map in a document: exactly, moved to another section, or not at all.

use super::slot::{Address, Scan, Slot, normal};
use crate::model::{DocumentMap, MapItem};
use std::collections::{HashMap, HashSet};

/// How alike two texts must be for one to be proposed for the other, and by how much more than the next.
const ALIKE: f64 = 0.85;
const GAP: f64 = 0.05;

/// What an item of a map stands for in a document.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// A list item, by its place in the scan.
    Item(usize),
    /// A row of the tables of a section.
    Row(usize, String),
    /// What stands in a section outside of items that are mapped.
    Section(usize),
}

/// Why an item was not found where the map says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Drift {
    /// The only one of its words stands in another section, where it was taken.
    Moved(String),
    /// Something alike is there, which is proposed and not taken.
    Alike(String),
    /// Nothing alike is there.
    Gone,
    /// Several places answer to it, on these lines.
    Several(Vec<usize>),
}

/// The items of a map in a document.
#[derive(Debug, Default)]
pub(super) struct Bound<'m> {
    /// What stands for list items, by their place in the scan.
    of_items: Vec<Option<&'m MapItem>>,
    /// What stands for rows and sections.
    others: HashMap<Scope, &'m MapItem>,
    /// All of those, in the order of the map, and then those that moved.
    items: Vec<&'m MapItem>,
    /// Items that are not where the map says.
    pub(super) drifted: Vec<(&'m MapItem, Drift)>,
    /// Two items of the map in one place.
    pub(super) twice: Vec<(&'m MapItem, &'m MapItem)>,
}

/// Finds every item of `map`.
pub(super) fn bind<'m>(map: &'m DocumentMap, scan: &Scan) -> Bound<'m> {
    let names = Names::of(scan);
    let mut bound = Bound {
        of_items: vec![None; scan.items.len()],
        ..Bound::default()
    };
    let mut homeless = Vec::new();
    for item in &map.items {
        match names.exact(item, scan) {
            Ok(scope) => bound.take(scope, item),
            Err(Drift::Gone) => homeless.push(item),
            Err(drift) => bound.drifted.push((item, drift)),
        }
    }
    for item in homeless {
        let free = |at: &usize| bound.of_list_item(*at).is_none();
        let moved: Vec<usize> = names.anywhere(item, scan).filter(free).collect();
        match moved.as_slice() {
            [only] => {
                let under = scan.items.get(*only).and_then(|one| one.heading);
                let under = under.and_then(|at| scan.headings.get(at));
                let under = under.map_or_else(String::new, |heading| heading.shown.clone());
                bound.drifted.push((item, Drift::Moved(under)));
                bound.take(Scope::Item(*only), item);
            }
            _ => bound.drifted.push((item, names.alike(item, scan, &free))),
        }
    }
    bound
}

impl<'m> Bound<'m> {
    fn take(&mut self, scope: Scope, item: &'m MapItem) {
        let there = match &scope {
            Scope::Item(at) => self.of_list_item(*at),
            other => self.others.get(other).copied(),
        };
        if let Some(first) = there {
            self.twice.push((first, item));
            return;
        }
        self.items.push(item);
        match scope {
            Scope::Item(at) => {
                if let Some(slot) = self.of_items.get_mut(at) {
                    *slot = Some(item);
                }
            }
            other => {
                self.others.insert(other, item);
            }
        }
    }

    /// The item of the map that a slot belongs to.
    pub(super) fn owner(&self, slot: &Slot, scan: &Scan) -> Option<&'m MapItem> {
        let mut next = slot.item;
        while let Some(at) = next {
            if let Some(item) = self.of_list_item(at) {
                return Some(item);
            }
            next = scan.items.get(at).and_then(|item| item.parent);
        }
        let heading = slot.heading?;
        if let Some((row, _)) = &slot.address.cell
            && let Some(item) = self.others.get(&Scope::Row(heading, row.clone()))
        {
            return Some(item);
        }
        self.others.get(&Scope::Section(heading)).copied()
    }

    /// The item that stands exactly for a list item.
    pub(super) fn of_list_item(&self, at: usize) -> Option<&'m MapItem> {
        self.of_items.get(at).copied().flatten()
    }

    /// The items that were found, each with its line: that of the list item, of its first slot, or of its heading.
    pub(super) fn lines(&self, scan: &Scan) -> Vec<(&'m MapItem, usize)> {
        let of_items = self.of_items.iter().zip(&scan.items);
        let mut lines: Vec<(&MapItem, usize)> = of_items
            .filter_map(|(item, there)| Some(((*item)?, there.line)))
            .collect();
        for (scope, item) in &self.others {
            let owned = |slot: &&Slot| self.owner(slot, scan).is_some_and(|one| one.id == item.id);
            let first = scan.slots.iter().find(owned).map(|slot| slot.line);
            lines.push((item, first.unwrap_or_else(|| line(scope, scan))));
        }
        lines
    }

    /// The items that were found.
    pub(super) fn items(&self) -> impl Iterator<Item = &'m MapItem> {
        self.items.iter().copied()
    }
}

/// Headings, list items and rows by their words.
#[derive(Default)]
struct Names<'s> {
    headings: HashMap<&'s str, Vec<usize>>,
    items: HashMap<&'s str, Vec<usize>>,
    rows: HashSet<(usize, &'s str)>,
}

impl<'s> Names<'s> {
    fn of(scan: &'s Scan) -> Self {
        let mut names = Self::default();
        for (at, heading) in scan.headings.iter().enumerate() {
            names.headings.entry(&heading.text).or_default().push(at);
        }
        for (at, item) in scan.items.iter().enumerate() {
            names.items.entry(&item.text).or_default().push(at);
        }
        for slot in &scan.slots {
            let Address { cell, .. } = &slot.address;
            if let (Some((row, _)), Some(heading)) = (cell, slot.heading) {
                names.rows.insert((heading, row));
            }
        }
        names
    }

    fn exact(&self, item: &MapItem, scan: &Scan) -> Result<Scope, Drift> {
        let headings = self.under(item, scan);
        let mut found: Vec<Scope> = Vec::new();
        if let Some(row) = &item.row {
            let row = normal(row);
            for at in headings {
                if self.rows.contains(&(at, &*row)) {
                    found.push(Scope::Row(at, row.clone()));
                }
            }
        } else if item.item.is_empty() {
            found.extend(headings.into_iter().map(Scope::Section));
        } else {
            let there = |at: &usize| {
                let heading = scan.items.get(*at).and_then(|one| one.heading);
                match heading {
                    Some(heading) => headings.contains(&heading),
                    // Before the first heading, where only a comment in the document binds.
                    None => item.under.is_empty(),
                }
            };
            found.extend(self.anywhere(item, scan).filter(there).map(Scope::Item));
            if found.is_empty() {
                found.extend(filled_in(item, scan).filter(there).map(Scope::Item));
            }
        }
        match found.len() {
            0 => Err(Drift::Gone),
            1 => found.pop().ok_or(Drift::Gone),
            _ => Err(Drift::Several(
                found.iter().map(|scope| line(scope, scan)).collect(),
            )),
        }
    }

    /// The headings that the item's path ends in.
    fn under(&self, item: &MapItem, scan: &Scan) -> Vec<usize> {
        let path: Vec<String> = item.under.iter().map(|one| normal(one)).collect();
        let Some((leaf, above)) = path.split_last() else {
            return Vec::new();
        };
        let named = self.headings.get(&**leaf).into_iter().flatten();
        let fits = |at: &&usize| {
            let mut next = scan.headings.get(**at).and_then(|one| one.parent);
            above.iter().rev().all(|wanted| {
                // Levels between may be left out.
                while let Some(parent) = next.and_then(|at| scan.headings.get(at)) {
                    next = parent.parent;
                    if parent.text == *wanted {
                        return true;
                    }
                }
                false
            })
        };
        named.filter(fits).copied().collect()
    }

    /// The list items of these words, in whatever section.
    fn anywhere<'n>(
        &'n self,
        item: &MapItem,
        scan: &'n Scan,
    ) -> impl Iterator<Item = usize> + use<'n, 's> {
        let path: Vec<String> = item.item.iter().map(|one| normal(one)).collect();
        let leaf = path.last().map_or("", String::as_str);
        let named = self.items.get(leaf).into_iter().flatten().copied();
        named.filter(move |at| {
            let mut next = scan.items.get(*at).and_then(|one| one.parent);
            path.iter().rev().skip(1).all(|wanted| {
                while let Some(parent) = next.and_then(|at| scan.items.get(at)) {
                    next = parent.parent;
                    if parent.text == *wanted {
                        return true;
                    }
                }
                false
            })
        })
    }

    /// What is most like an item that is not there.
    fn alike(&self, item: &MapItem, scan: &Scan, free: &dyn Fn(&usize) -> bool) -> Drift {
        let headings = self.under(item, scan);
        let mut candidates: Vec<(f64, String)> = Vec::new();
        let mut weigh = |wanted: &str, found: &str, shown: String| {
            let score = strsim::normalized_levenshtein(&normal(wanted), found);
            candidates.push((score, shown));
        };
        if let (Some(leaf), false) = (item.item.last(), headings.is_empty()) {
            for (at, one) in scan.items.iter().enumerate() {
                let there = one
                    .heading
                    .is_some_and(|heading| headings.contains(&heading));
                if there && free(&at) {
                    weigh(
                        leaf,
                        &one.text,
                        format!("'{}' on line {}", one.text, one.line),
                    );
                }
            }
        } else if let (Some(leaf), true) = (item.under.last(), headings.is_empty()) {
            for one in &scan.headings {
                weigh(
                    leaf,
                    &one.text,
                    format!("the heading '{}' on line {}", one.shown, one.line),
                );
            }
        }
        candidates.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let runner_up = candidates.get(1).map_or(0.0, |(score, _)| *score);
        match candidates.into_iter().next() {
            Some((score, shown)) if score >= ALIKE && score - runner_up >= GAP => {
                Drift::Alike(shown)
            }
            _ => Drift::Gone,
        }
    }
}

/// List items whose own blank a person has filled in: `verified: on Monday (date/time)`.
fn filled_in<'s>(item: &MapItem, scan: &'s Scan) -> impl Iterator<Item = usize> + use<'s> {
    let wanted = item.item.last().map_or_else(String::new, |one| normal(one));
    let parts = wanted
        .split_once(": ")
        .or_else(|| Some((wanted.strip_suffix(':')?, "")));
    let parts = parts.map(|(label, rest)| (format!("{label}:"), rest.to_owned()));
    let top_level = item.item.len() == 1;
    scan.items.iter().enumerate().filter_map(move |(at, one)| {
        let (label, rest) = parts.as_ref()?;
        let fits = one.text.starts_with(&**label) && one.text.ends_with(&**rest);
        (top_level && fits && one.parent.is_none()).then_some(at)
    })
}

fn line(scope: &Scope, scan: &Scan) -> usize {
    match scope {
        Scope::Item(at) => scan.items.get(*at).map_or(0, |item| item.line),
        Scope::Row(at, _) | Scope::Section(at) => scan.headings.get(*at).map_or(0, |one| one.line),
    }
}
