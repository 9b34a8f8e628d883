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
    sections: HashMap<Option<usize>, Arc<[String]>>,
    paths: HashMap<Option<usize>, Arc<[String]>>,
    /// How many slots there are at an address so far.
    taken: HashMap<Address, usize>,
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
            sections: HashMap::new(),
            paths: HashMap::new(),
            taken: HashMap::new(),
        }
    }

    /// A slot with its address. Slots must come in the order of the document.
    pub(super) fn slot(&mut self, found: Found, place: Place, line: usize) -> Slot {
        let (headings, items) = (self.headings, self.items);
        let section = self.sections.entry(place.heading).or_insert_with(|| {
            let above =
                |at: usize| Some((headings.get(at)?.text.as_str(), headings.get(at)?.parent));
            path(place.heading, above)
        });
        let inside = self.paths.entry(place.item).or_insert_with(|| {
            let above = |at: usize| Some((items.get(at)?.text.as_str(), items.get(at)?.parent));
            path(place.item, above)
        });
        let label = match (&found.kind, place.item.and_then(|at| items.get(at))) {
            (SlotKind::Box { .. }, Some(item)) => cut(&item.text),
            _ => cut(&normal(&found.label)),
        };
        let word = |words: &[String], at: usize| words.get(at).cloned().unwrap_or_default();
        let cell = place
            .cell
            .map(|(row, column)| (word(self.rows, row), word(self.columns, column)));
        let mut address = Address {
            headings: section.clone(),
            items: inside.clone(),
            cell,
            kind: found.kind.word(),
            label,
            ordinal: 0,
        };
        let taken = self.taken.entry(address.clone()).or_default();
        address.ordinal = *taken;
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

/// The words from the outermost to `at`; where there are too many, the inner ones.
fn path<'a>(
    mut at: Option<usize>,
    above: impl Fn(usize) -> Option<(&'a str, Option<usize>)>,
) -> Arc<[String]> {
    let mut words = Vec::new();
    while let Some((text, parent)) = at.and_then(&above) {
        if words.len() == ADDRESS_DEPTH {
            break;
        }
        words.push(cut(text));
        at = parent;
    }
    words.reverse();
    words.into()
}

/// The beginning of a text, as long as an address may hold.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(ADDRESS_WORDS) {
        Some((end, _)) => text.get(..end).unwrap_or_default().trim_end().to_owned(),
        None => text.to_owned(),
    }
}
