//! Comments of a document that bind checks to its items: `<!-- holdpoint: mongodb.tls -->`.

use super::bind;
use super::memory::Memory;
use super::notes::Emptied;
use super::scan;
use super::sheet::Sheet;
use super::slot::Scan;
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::model::{DocumentMap, MapItem, Place, Ruling};

/// The map with what the comments of the document add: checks to items that it has, and items that it
/// has not.
///
/// # Errors
/// A comment names a check that does not exist.
pub fn with_comments(
    map: &DocumentMap,
    document: &Source,
    memory: &Memory,
    known: &[&str],
) -> Result<DocumentMap, Vec<Diagnostic>> {
    let mut whole = map.clone();
    if !document.text.contains("<!-- holdpoint:") {
        return Ok(whole);
    }
    // Items are known by their words as they were before anything was written into them. Markers of the
    // notes that are not in order are told by `update`.
    let emptied =
        Emptied::of(&document.text, true).unwrap_or_else(|_| Emptied::none(&document.text));
    let sheet = Sheet::open(&emptied.text, memory);
    let found = scan(&sheet.base);
    let bound = bind::bind(map, &found);
    let mut problems = Vec::new();
    for (at, item) in found.items.iter().enumerate() {
        let mut checks = Vec::new();
        for (id, range) in &item.anchors {
            if known.contains(&&**id) {
                checks.push(id.clone());
            } else {
                let range = emptied.in_whole(sheet.in_current(range.clone()));
                problems.push(unknown(id, document, range, known));
            }
        }
        if checks.is_empty() {
            continue;
        }
        let mapped = bound.of_list_item(at).map(|mapped| mapped.id.clone());
        let mapped = whole
            .items
            .iter_mut()
            .find(|one| Some(&one.id) == mapped.as_ref());
        match mapped {
            Some(mapped) => mapped.checks.extend(checks),
            None => {
                let mut item = of_comment(at, &found, checks, document);
                if whole.items.iter().any(|other| other.id == item.id) {
                    item.id.push_str(" (comment)");
                }
                whole.items.push(item);
            }
        }
    }
    match problems.is_empty() {
        true => Ok(whole),
        false => Err(problems),
    }
}

fn unknown(
    id: &str,
    document: &Source,
    range: std::ops::Range<usize>,
    known: &[&str],
) -> Diagnostic {
    let help = match nearest(id, known.iter().copied()) {
        Some(near) => format!("did you mean '{near}'? holdpoint list shows every check"),
        None => "holdpoint list shows every check".into(),
    };
    Diagnostic::new(format!("there is no check '{id}'"))
        .at(document, range, "named here")
        .help(help)
}

fn of_comment(at: usize, scan: &Scan, checks: Vec<String>, document: &Source) -> MapItem {
    let mut item = Vec::new();
    let (mut next, mut line) = (Some(at), 0);
    while let Some(one) = next.and_then(|at| scan.items.get(at)) {
        line = line.max(one.line);
        item.insert(0, one.text.clone());
        next = one.parent;
    }
    let mut under = Vec::new();
    let mut next = scan.items.get(at).and_then(|one| one.heading);
    while let Some(heading) = next.and_then(|at| scan.headings.get(at)) {
        under.insert(0, heading.text.clone());
        next = heading.parent;
    }
    // Two sections may have items of the same words.
    let path = under.iter().chain(&item).cloned();
    MapItem {
        id: path.collect::<Vec<_>>().join(" / "),
        under,
        item,
        row: None,
        ruling: Ruling::Auto,
        checks,
        all_of: Vec::new(),
        person: None,
        slots: Vec::new(),
        place: Place {
            file: document.name.to_string(),
            line,
        },
    }
}
