//! Looks up what a map names: checks in the catalogue, items in the map itself.

use super::draft::{Draft, DraftItem, DraftNote, DraftSlot, DraftWrite, Said};
use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::judge;
use crate::model::{Check, DocumentMap, MapItem, MapNote, MapSlot, Ruling, Write};
use crate::probe;
use globset::GlobBuilder;
use std::collections::{HashMap, HashSet};

/// Looks up everything that a map names.
///
/// # Errors
/// Every problem at its place: what is not there, what is there twice, and circles.
pub(super) fn settle(draft: Draft, catalog: &Catalog) -> Result<DocumentMap, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let incomplete = |key: &str| {
        let (source, span) = (&draft.source, draft.name.1.clone());
        Diagnostic::new(format!("'{key}' is missing"))
            .at(source, span, format!("needs '{key}'"))
            .help("a map says what the document is (title) and what its file is called (file)")
    };
    if draft.title.is_none() {
        problems.push(incomplete("title"));
    }
    if draft.file.is_none() {
        problems.push(incomplete("file"));
    }
    let ids: Vec<&str> = draft.items.iter().map(|item| item.id.0.as_str()).collect();
    let names = Names { catalog, ids: &ids };
    let items: Vec<MapItem> = draft
        .items
        .iter()
        .map(|item| names.item(item, &mut problems))
        .collect();
    let contradictions = draft
        .notes
        .iter()
        .map(|note| names.note(note, &mut problems))
        .collect();
    let quotes = draft.quotes.iter().filter_map(|(said, words)| {
        let ids = names.checks(std::slice::from_ref(said), &draft.source, &mut problems);
        Some((ids.into_iter().next()?, words.clone()))
    });
    let quotes = quotes.collect();
    places(&draft.items, &mut problems);
    circles(&draft.items, &items, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(DocumentMap {
        name: draft.name.0,
        title: draft.title.unwrap_or_default(),
        file: draft.file.unwrap_or_default(),
        items,
        preprinted: draft.preprinted,
        contradictions,
        quotes,
    })
}

/// What names may stand for.
struct Names<'a> {
    catalog: &'a Catalog,
    ids: &'a [&'a str],
}

impl Names<'_> {
    fn item(&self, item: &DraftItem, problems: &mut Vec<Diagnostic>) -> MapItem {
        let id = &item.id.0;
        let checks = match &item.checks {
            Some(named) => self.checks(named, &item.source, problems),
            None => self.tagged(id),
        };
        let others = self.items(&item.all_of, Some(id), &item.source, problems);
        // An empty list says on purpose that no check observes it yet.
        let bare = checks.is_empty() && item.checks.is_none() && item.all_of.is_empty();
        if bare && item.slots.is_empty() && item.ruling != Ruling::Attest {
            let help = "name checks or all_of; write checks = [] where no check observes it yet, or ruling = \"attest\" and what a person must state";
            problems.push(
                Diagnostic::new(format!(
                    "nothing proves '{id}': no check has its id as a tag"
                ))
                .at(&item.source, item.id.1.clone(), "not proved")
                .help(help),
            );
        }
        MapItem {
            id: id.clone(),
            under: item.under.clone(),
            item: item.item.clone(),
            row: item.row.clone(),
            ruling: item.ruling,
            checks,
            all_of: others,
            person: item.person.clone(),
            slots: item
                .slots
                .iter()
                .map(|slot| self.slot(slot, &item.source, problems))
                .collect(),
            place: item.place.clone(),
        }
    }

    fn slot(&self, slot: &DraftSlot, source: &Source, problems: &mut Vec<Diagnostic>) -> MapSlot {
        let write = match &slot.write {
            DraftWrite::State { checks, pass, fail } => Write::State {
                checks: self.checks(checks, source, problems),
                pass: pass.clone(),
                fail: fail.clone(),
            },
            DraftWrite::Date => Write::Date,
            DraftWrite::Fact { check, fact } => {
                match self.catalog.find(&check.0) {
                    Some(found) => problems.extend(misread(found, fact, source)),
                    None => problems.push(self.no_check(check, source)),
                }
                Write::Fact {
                    check: check.0.clone(),
                    fact: fact.0.clone(),
                }
            }
            DraftWrite::Count { passed, of } => Write::Count {
                passed: *passed,
                of: self.items(of, None, source, problems),
            },
            DraftWrite::Failures(severity) => Write::Failures(*severity),
            DraftWrite::List(severity) => Write::List(*severity),
            DraftWrite::Never(reason) => Write::Never(reason.clone()),
            DraftWrite::Person => Write::Person,
            DraftWrite::Signature { gate } => Write::Signature { gate: gate.clone() },
        };
        MapSlot {
            label: slot.label.clone(),
            column: slot.column.clone(),
            write,
            place: slot.place.clone(),
        }
    }

    fn note(&self, note: &DraftNote, problems: &mut Vec<Diagnostic>) -> MapNote {
        MapNote {
            id: note.id.0.clone(),
            items: self.items(&note.items, None, &note.source, problems),
            quotes: note.quotes.clone(),
            says: note.says.clone(),
            truth: note.truth.clone(),
            source: note.from.clone(),
            checks: self.checks(&note.checks, &note.source, problems),
        }
    }

    /// The checks that have an item's id as a tag.
    fn tagged(&self, id: &str) -> Vec<String> {
        let tagged = |check: &&Check| check.tags.iter().any(|tag| tag == id);
        let ids = self.catalog.checks().iter().filter(tagged);
        ids.map(|check| check.id.to_string()).collect()
    }

    fn checks(
        &self,
        named: &[Said],
        source: &Source,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        for said in named {
            let ids = self.catalog.checks().iter().map(|check| check.id.as_str());
            match matching(&said.0, ids) {
                Ok(ids) if !ids.is_empty() => found.extend(ids),
                Ok(_) => problems.push(self.no_check(said, source)),
                Err(told) => problems.push(no_glob(said, source, told)),
            }
        }
        without_doubles(found)
    }

    /// Items of this map. A glob leaves the item out that it stands in.
    fn items(
        &self,
        named: &[Said],
        within: Option<&str>,
        source: &Source,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        for said in named {
            let ids = self.ids.iter().copied();
            match matching(
                &said.0,
                ids.filter(|id| !is_glob(&said.0) || Some(*id) != within),
            ) {
                Ok(ids) if !ids.is_empty() => found.extend(ids),
                Ok(_) => problems.push(self.no_item(said, source)),
                Err(told) => problems.push(no_glob(said, source, told)),
            }
        }
        without_doubles(found)
    }

    fn no_check(&self, (name, span): &Said, source: &Source) -> Diagnostic {
        let message = if is_glob(name) {
            format!("'{name}' matches no check")
        } else {
            format!("'{name}' is no check")
        };
        let ids = self.catalog.checks().iter().map(|check| check.id.as_str());
        let help = match nearest(name, ids) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "holdpoint list shows every check".into(),
        };
        Diagnostic::new(message)
            .at(source, span.clone(), "no check has this id")
            .help(help)
    }

    fn no_item(&self, (name, span): &Said, source: &Source) -> Diagnostic {
        let message = if is_glob(name) {
            format!("'{name}' matches no other item of this map")
        } else {
            format!("'{name}' is no item of this map")
        };
        let help = match nearest(name, self.ids.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "it must be the id of an [[item]]".into(),
        };
        Diagnostic::new(message)
            .at(source, span.clone(), "no item has this id")
            .help(help)
    }
}

fn is_glob(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// The ids that a name stands for: itself, or those that it matches as a glob.
fn matching<'a>(name: &str, mut ids: impl Iterator<Item = &'a str>) -> Result<Vec<String>, String> {
    if !is_glob(name) {
        return Ok(ids
            .find(|id| *id == name)
            .map(str::to_owned)
            .into_iter()
            .collect());
    }
    let glob = GlobBuilder::new(name).literal_separator(false).build();
    let glob = glob.map_err(|error| error.kind().to_string())?;
    let glob = glob.compile_matcher();
    Ok(ids
        .filter(|id| glob.is_match(id))
        .map(str::to_owned)
        .collect())
}

fn no_glob((name, span): &Said, source: &Source, told: String) -> Diagnostic {
    Diagnostic::new(format!("'{name}' is not a glob"))
        .at(source, span.clone(), told)
        .help("* stands for any text, ? for one character, [ab] for one of these")
}

fn without_doubles(mut ids: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids
}

/// A fact that the check's probe does not declare.
fn misread(check: &Check, (fact, span): &Said, source: &Source) -> Option<Diagnostic> {
    let look = check.look.as_ref()?;
    let mut declared = probe::spec(&look.probe)?.facts.clone();
    declared.extend(look.declares.clone());
    let misread = judge::lint_placeholder(fact, &declared)?;
    let message = format!("{} by the check '{}'", misread.message, check.id);
    let problem = Diagnostic::new(message).at(source, span.clone(), misread.label);
    Some(match misread.help {
        Some(help) => problem.help(help),
        None => problem,
    })
}

/// Two items at one place would write the same slots.
fn places(items: &[DraftItem], problems: &mut Vec<Diagnostic>) {
    let plain = |text: &String| {
        let kept: String = text.chars().filter(|c| !"*`_~".contains(*c)).collect();
        let words: Vec<&str> = kept.split_whitespace().collect();
        words.join(" ").to_lowercase()
    };
    let mut seen = HashMap::new();
    for item in items {
        let under: Vec<String> = item.under.iter().map(plain).collect();
        let texts: Vec<String> = item.item.iter().map(plain).collect();
        let place = (under, texts, item.row.as_ref().map(plain));
        if let Some(first) = seen.get(&place) {
            let (id, span) = &item.id;
            problems.push(
                Diagnostic::new(format!("'{id}' and '{first}' stand at the same place"))
                    .at(&item.source, span.clone(), format!("the same place as '{first}'"))
                    .help("make 'under' longer, \"outer / inner\", name the item or row, or take one of them out"),
            );
        } else {
            seen.insert(place, &item.id.0);
        }
    }
}

/// Items that need themselves, by way of others. Without recursion: a user's map may be deep.
fn circles(drafts: &[DraftItem], items: &[MapItem], problems: &mut Vec<Diagnostic>) {
    let index: HashMap<&str, usize> = items
        .iter()
        .enumerate()
        .map(|(place, item)| (item.id.as_str(), place))
        .collect();
    let mut done = HashSet::new();
    for start in 0..items.len() {
        // Each with the number of its needs that were followed already.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((at, followed)) = way.last_mut() {
            let at = *at;
            let need = items.get(at).and_then(|item| item.all_of.get(*followed));
            *followed += 1;
            let Some(need) = need.filter(|_| !done.contains(&at)) else {
                done.insert(at);
                way.pop();
                continue;
            };
            let Some(next) = index.get(need.as_str()).copied() else {
                continue;
            };
            let Some(from) = way.iter().position(|(one, _)| *one == next) else {
                way.push((next, 0));
                continue;
            };
            let circle = way.iter().skip(from).map(|(one, _)| *one).chain([next]);
            let circle: Vec<&str> = circle
                .filter_map(|one| items.get(one).map(|item| item.id.as_str()))
                .collect();
            let Some(draft) = drafts.get(at) else {
                continue;
            };
            // A glob is to blame where no name is.
            let span = draft.all_of.iter().find(|(name, _)| name == need);
            let span = span.or(draft.all_of.first()).map(|(_, span)| span.clone());
            problems.push(
                Diagnostic::new(format!(
                    "the items lead in a circle: {}",
                    circle.join(" → ")
                ))
                .at(
                    &draft.source,
                    span.unwrap_or_default(),
                    "part of the circle",
                )
                .help("take one of them out of 'all_of'"),
            );
        }
    }
}
