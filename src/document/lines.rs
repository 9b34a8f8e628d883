//! The lines of a people's document that ask for checks.

use super::bind;
use super::memory::Memory;
use super::notes::Emptied;
use super::scan;
use super::sheet::Sheet;
use crate::model::{DocumentMap, Write};
use std::collections::BTreeMap;

/// The first line, from 1, of each check that an item of the document names, in the text as it is.
pub fn asked_for(text: &str, map: &DocumentMap, memory: &Memory) -> BTreeMap<String, usize> {
    // Items are known by their words as they were before anything was written into them.
    let emptied = Emptied::of(text, true).unwrap_or_else(|_| Emptied::none(text));
    let sheet = Sheet::open(&emptied.text, memory);
    let found = scan(&sheet.base);
    let bound = bind::bind(map, &found);
    let starts: Vec<usize> = std::iter::once(0)
        .chain(sheet.base.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let in_text = |line: usize| -> Option<usize> {
        let start = *starts.get(line.checked_sub(1)?)?;
        let at = emptied.in_whole(sheet.in_current(start..start)).start;
        let before = text.get(..at)?;
        Some(before.matches('\n').count() + 1)
    };
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for (item, line) in bound.lines(&found) {
        let Some(line) = in_text(line) else { continue };
        let of_slots = item.slots.iter().flat_map(|slot| match &slot.write {
            Write::State { checks, .. } => checks.as_slice(),
            Write::Fact { check, .. } => std::slice::from_ref(check),
            _ => &[],
        });
        for check in item.checks.iter().chain(of_slots) {
            let first = lines.entry(check.clone()).or_insert(line);
            *first = line.min(*first);
        }
    }
    lines
}
