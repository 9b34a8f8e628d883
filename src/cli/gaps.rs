//! What no evidence covers: `holdpoint docs --gaps`.

use super::documents::{Content, Filled, Ready};
use crate::catalog::Catalog;
use crate::document::Remark;
use crate::model::Write;
use crate::report::Style;
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The suites whose checks some document should ask for.
const ASKED_FOR: [&str; 2] = ["infrastructure", "security"];

/// The gaps of the documents, group by group.
pub(super) fn text(
    ready: &[Ready],
    catalog: &Catalog,
    settings: &Settings,
    style: Style,
) -> String {
    let mut out = String::new();
    let filled: Vec<(&str, &Filled)> = ready
        .iter()
        .filter_map(|one| match &one.content {
            Content::Filled(filled) => Some((&*one.shown, &**filled)),
            Content::Generated => None,
        })
        .collect();
    for (shown, one) in &filled {
        let title = format!("{shown} ({})", one.map.title);
        let _ = writeln!(out, "{}\n", bold(&title, style));
        let mut sorted: Vec<&Remark> = one.updated.remarks.iter().collect();
        sorted.sort();
        for (heading, wanted) in GROUPS {
            let lines: Vec<String> = sorted.iter().filter_map(|remark| wanted(remark)).collect();
            if lines.is_empty() {
                continue;
            }
            let _ = writeln!(out, "  {} ({})", bold(heading, style), lines.len());
            for line in lines {
                let _ = writeln!(out, "    {line}");
            }
            if heading == STATED {
                let _ = writeln!(
                    out,
                    "    how: holdpoint attest {}:ITEM --by NAME --statement TEXT --evidence LINK --until DATE",
                    one.map.name
                );
            }
            out.push('\n');
        }
    }
    let unasked = unasked(&filled, catalog);
    if !unasked.is_empty() && !filled.is_empty() {
        let heading = "Checks that none of these documents asks for";
        let _ = writeln!(out, "{} ({})", bold(heading, style), unasked.len());
        for id in unasked {
            let _ = writeln!(out, "  {id}");
        }
    }
    if filled.is_empty() {
        let _ = writeln!(
            out,
            "no document with a map was found below {}; name one in holdpoint.toml under [documents]",
            settings.root.display()
        );
    }
    out
}

/// The group of what people must state.
const STATED: &str = "A person must state it";

type Group = (&'static str, fn(&Remark) -> Option<String>);

/// The groups in the order in which they matter.
const GROUPS: [Group; 8] = [
    ("Claims that evidence contradicts", |remark| match remark {
        Remark::Contradicted(at, why) => Some(format!("line {} {}: {why}", at.line, at.what)),
        _ => None,
    }),
    (
        "Ticked, with nothing seen that proves it",
        |remark| match remark {
            Remark::Unsupported(at) | Remark::ByHand(at) => {
                Some(format!("line {} {}", at.line, at.what))
            }
            _ => None,
        },
    ),
    (
        "Claims that were printed with the template",
        |remark| match remark {
            Remark::Preprinted(at) => Some(format!("line {} {}", at.line, at.what)),
            _ => None,
        },
    ),
    ("Drifted from the map", |remark| match remark {
        Remark::Drifted(at, alike) => Some(format!("{} {}: perhaps {alike}", at.item, at.what)),
        Remark::Moved(at, to) => Some(format!("{} {}: now under '{to}'", at.item, at.what)),
        Remark::Lost(line) => Some(format!("filled in before, and not found again: {line}")),
        _ => None,
    }),
    (STATED, |remark| match remark {
        Remark::NeedsPerson(at, what) => Some(match what.is_empty() {
            true => format!("{} line {} {}", at.item, at.line, at.what),
            false => format!("{} line {} {}: {what}", at.item, at.line, at.what),
        }),
        _ => None,
    }),
    ("No check observes it yet", |remark| match remark {
        Remark::NoCheck(at) => Some(format!("{} line {} {}", at.item, at.line, at.what)),
        _ => None,
    }),
    ("Places that nothing fills in", |remark| match remark {
        Remark::Uncovered(at) => Some(format!("line {} {}", at.line, at.what)),
        _ => None,
    }),
    (
        "In the map, and not in the document",
        |remark| match remark {
            Remark::Missing(at, _) => Some(format!("{} {}", at.item, at.what)),
            _ => None,
        },
    ),
];

/// The checks of the suites that documents are about, which no map of these documents names.
fn unasked<'c>(filled: &[(&str, &Filled)], catalog: &'c Catalog) -> Vec<&'c str> {
    let of_slot = |write: &Write| match write {
        Write::State { checks, .. } => checks.clone(),
        Write::Fact { check, .. } => vec![check.clone()],
        _ => Vec::new(),
    };
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for (_, one) in filled {
        for item in &one.map.items {
            asked.extend(item.checks.iter().cloned());
            asked.extend(item.slots.iter().flat_map(|slot| of_slot(&slot.write)));
        }
        let notes = one.map.contradictions.iter();
        asked.extend(notes.flat_map(|note| note.checks.iter().cloned()));
    }
    // What a check needs is asked for with it.
    let mut pending: Vec<String> = asked.iter().cloned().collect();
    while let Some(id) = pending.pop() {
        for need in catalog.find(&id).into_iter().flat_map(|check| &check.needs) {
            if asked.insert(need.to_string()) {
                pending.push(need.to_string());
            }
        }
    }
    catalog
        .checks()
        .iter()
        .filter(|check| {
            check
                .suites
                .iter()
                .any(|suite| ASKED_FOR.contains(&&**suite))
        })
        .map(|check| check.id.as_str())
        .filter(|id| !asked.contains(*id))
        .collect()
}

fn bold(text: &str, style: Style) -> String {
    match style.color {
        true => format!("\u{1b}[1m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}
