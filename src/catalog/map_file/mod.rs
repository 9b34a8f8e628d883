//! Document maps from TOML: the shipped ones, and what a user adds to them.

mod draft;
mod settle;

use super::{Catalog, source};
use crate::diagnostic::table::{Problems, TableReader, parse};
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::model::DocumentMap;
use draft::{Draft, read};
use settle::settle;
use std::path::Path;

/// Where a user's own maps are looked for, below the application's root.
pub const MAPS: &str = ".holdpoint/maps";

/// Reads one map.
///
/// # Errors
/// Every problem with its place.
pub fn parse_map(source: &Source, catalog: &Catalog) -> Result<DocumentMap, Vec<Diagnostic>> {
    settle(read(source)?, catalog)
}

/// The maps that ship with holdpoint, in the order of their files.
///
/// # Errors
/// A shipped map is wrong, or names a check that the user's catalogue does not have.
pub fn shipped_maps(catalog: &Catalog) -> Result<Vec<DocumentMap>, Vec<Diagnostic>> {
    settle_all(read_all(&source::shipped_maps())?, catalog)
}

/// The shipped maps with those of the user's folder, whose files are named as seen from `root`.
///
/// A map of a name that is shipped adds to that one: an item or a contradiction whose id is there
/// already takes its place, and the others come after. Any other name is a new document.
///
/// # Errors
/// Every problem of every file, with its place.
pub fn load_maps(
    folder: &Path,
    root: &Path,
    catalog: &Catalog,
) -> Result<Vec<DocumentMap>, Vec<Diagnostic>> {
    let mut drafts = read_all(&source::shipped_maps())?;
    if folder.exists() {
        let own = read_all(&source::folder(folder, root)?)?;
        merge(&mut drafts, own)?;
    }
    settle_all(drafts, catalog)
}

/// The files that the maps are for, shipped and the user's, without reading what the maps say of them.
/// A map that cannot be read is left out here; whoever loads it is told.
pub fn mapped_files(folder: &Path, root: &Path) -> Vec<String> {
    let own = source::folder(folder, root).unwrap_or_default();
    let files = source::shipped_maps().into_iter().chain(own);
    files
        .filter_map(|map| {
            // It stands before the first table.
            let head = map.text.split("\n[").next().unwrap_or_default();
            let head = Source::new(&*map.name, head);
            let table = parse(&head).ok()?;
            let problems = Problems::default();
            TableReader::new(&head, &table, &problems).text("file")
        })
        .collect()
}

fn read_all(sources: &[Source]) -> Result<Vec<Draft>, Vec<Diagnostic>> {
    gather(sources.iter().map(read))
}

fn settle_all(drafts: Vec<Draft>, catalog: &Catalog) -> Result<Vec<DocumentMap>, Vec<Diagnostic>> {
    gather(drafts.into_iter().map(|draft| settle(draft, catalog)))
}

/// All of them, or everything that is wrong with any.
fn gather<T>(
    outcomes: impl Iterator<Item = Result<T, Vec<Diagnostic>>>,
) -> Result<Vec<T>, Vec<Diagnostic>> {
    let (mut right, mut problems) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Ok(one) => right.push(one),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        Ok(right)
    } else {
        Err(problems)
    }
}

/// Puts what the user's maps say into the shipped ones, or beside them.
fn merge(drafts: &mut Vec<Draft>, own: Vec<Draft>) -> Result<(), Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut seen: Vec<(String, Source)> = Vec::new();
    for own in own {
        let (name, span) = own.name.clone();
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == name) {
            problems.push(
                Diagnostic::new(format!("the document '{name}' is mapped twice"))
                    .at(&own.source, span, format!("also in {}", first.name))
                    .help("put both into one file"),
            );
            continue;
        }
        seen.push((name.clone(), own.source.clone()));
        if let Some(shipped) = drafts.iter_mut().find(|one| one.name.0 == name) {
            add(shipped, own);
        } else if own.file.is_none() {
            let known = drafts.iter().map(|one| one.name.0.as_str());
            let help = match nearest(&name, known) {
                Some(near) => format!("did you mean '{near}'? A new document needs 'file'"),
                None => "a new document needs file = \"…\", the path of its file".into(),
            };
            problems.push(
                Diagnostic::new(format!("holdpoint knows no document '{name}'"))
                    .at(&own.source, span, "no shipped map has this name")
                    .help(help),
            );
        } else {
            drafts.push(own);
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn add(shipped: &mut Draft, own: Draft) {
    shipped.title = own.title.or(shipped.title.take());
    shipped.file = own.file.or(shipped.file.take());
    shipped.preprinted.extend(own.preprinted);
    shipped.quotes.extend(own.quotes);
    for item in own.items {
        match shipped.items.iter_mut().find(|one| one.id.0 == item.id.0) {
            Some(place) => *place = item,
            None => shipped.items.push(item),
        }
    }
    for note in own.notes {
        match shipped.notes.iter_mut().find(|one| one.id.0 == note.id.0) {
            Some(place) => *place = note,
            None => shipped.notes.push(note),
        }
    }
}

#[cfg(test)]
mod tests;
