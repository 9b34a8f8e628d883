//! Comments of a document that bind checks to its items: `<!-- holdpoint: mongodb.tls -->`.

use super::bind;
use super::scan;
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
    known: &[&str],
) -> Result<DocumentMap, Vec<Diagnostic>> {
    let mut whole = map.clone();
    if !document.text.contains("<!-- holdpoint:") {
        return Ok(whole);
    }
    let found = scan(&document.text);
    let bound = bind::bind(map, &found);
    let mut problems = Vec::new();
    for (at, item) in found.items.iter().enumerate() {
        let mut checks = Vec::new();
        for (id, range) in &item.anchors {
            if known.contains(&&**id) {
                checks.push(id.clone());
            } else {
                problems.push(unknown(id, document, range.clone(), known));
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
            None => whole.items.push(of_comment(at, &found, checks, document)),
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
    MapItem {
        id: item.last().cloned().unwrap_or_default(),
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
