//! Says where slots stand, in words.

use super::super::slot::{
    ADDRESS_DEPTH, ADDRESS_WORDS, Address, Heading, ListItem, Slot, SlotKind, normal,
};
use super::found::Found;
use std::collections::HashMap;
use std::sync::Arc;

/// The place of a slot in the document's structure.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// The section.
    pub(super) heading: Option<usize>,
    /// The list item.
    pub(super) item: Option<usize>,
    /// The row of a table and the column, by their places in the lists of them.
    pub(super) cell: Option<(usize, usize)>,
}

/// The words of places, each made once.
pub(super) struct Addresses<'a> {
    headings: &'a [Heading],
    items: &'a [ListItem],
    rows: &'a [String],
    columns: &'a [String],
    sections: Paths,
    inside: Paths,
    /// How many slots there are at an address so far.
    taken: HashMap<Key, usize>,
}

/// An address, with numbers for its paths.
type Key = (usize, usize, Option<(String, String)>, &'static str, String);

/// Paths of words, each made once, and numbered so that equal ones have one number.
#[derive(Default)]
struct Paths {
    made: HashMap<Option<usize>, (Arc<[String]>, usize)>,
    numbers: HashMap<Arc<[String]>, usize>,
}

impl Paths {
    /// The words from the outermost to `at`, given each one's text and what it is in; where there are
    /// too many, the inner ones.
    fn to<'a>(
        &mut self,
        at: Option<usize>,
        above: impl Fn(usize) -> Option<(&'a str, Option<usize>)>,
    ) -> (Arc<[String]>, usize) {
        if let Some(made) = self.made.get(&at) {
            return made.clone();
        }
        let mut words = Vec::new();
        let mut next = at;
        while let Some((text, parent)) = next.and_then(&above) {
            if words.len() == ADDRESS_DEPTH {
                break;
            }
            words.push(cut(text));
            next = parent;
        }
        words.reverse();
        let words: Arc<[String]> = words.into();
        let count = self.numbers.len();
        let number = *self.numbers.entry(words.clone()).or_insert(count);
        self.made.insert(at, (words.clone(), number));
        (words, number)
    }
}

impl<'a> Addresses<'a> {
    pub(super) fn new(
        headings: &'a [Heading],
        items: &'a [ListItem],
        rows: &'a [String],
        columns: &'a [String],
    ) -> Self {
        Self {
            headings,
            items,
            rows,
            columns,
            sections: Paths::default(),
            inside: Paths::default(),
            taken: HashMap::new(),
        }
    }

    /// A slot with its address. Slots must come in the order of the document.
    pub(super) fn slot(&mut self, found: Found, place: Place, line: usize) -> Slot {
        let (headings, items) = (self.headings, self.items);
        let (section, first) = self.sections.to(place.heading, |at| {
            let one = headings.get(at)?;
            Some((one.text.as_str(), one.parent))
        });
        let (inside, second) = self.inside.to(place.item, |at| {
            let one = items.get(at)?;
            Some((one.text.as_str(), one.parent))
        });
        let label = match (&found.kind, place.item.and_then(|at| items.get(at))) {
            (SlotKind::Box { .. }, Some(item)) => cut(&item.text),
            _ => cut(&normal(&found.label)),
        };
        let word = |words: &[String], at: usize| words.get(at).cloned().unwrap_or_default();
        let cell = place
            .cell
            .map(|(row, column)| (word(self.rows, row), word(self.columns, column)));
        let kind = found.kind.word();
        let key = (first, second, cell.clone(), kind, label.clone());
        let taken = self.taken.entry(key).or_default();
        let address = Address {
            headings: section,
            items: inside,
            cell,
            kind,
            label,
            ordinal: *taken,
        };
        *taken += 1;
        Slot {
            kind: found.kind,
            address,
            line,
            context: found.context,
            item: place.item,
            heading: place.heading,
        }
    }
}

/// The beginning of a text, as long as an address may hold.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(ADDRESS_WORDS) {
        Some((end, _)) => text.get(..end).unwrap_or_default().trim_end().to_owned(),
        None => text.to_owned(),
    }
}
