//! Which documents a verb is about: those that are asked for, or those that are there.

use super::run::display;
use crate::catalog::{Catalog, MAPS, Nameable, load_gates, load_maps};
use crate::diagnostic::{Diagnostic, nearest};
use crate::document::{GENERATED, Generated, region};
use crate::model::{DocumentMap, Gate};
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::path::Path;

/// The maps of this project.
pub(super) fn maps(
    settings: &Settings,
    catalog: &Catalog,
) -> Result<Vec<DocumentMap>, Vec<Diagnostic>> {
    load_maps(&settings.root.join(MAPS), &settings.root, catalog)
}

/// The gates of this project, each after those that must be open before it.
pub(super) fn gates(
    settings: &Settings,
    catalog: &Catalog,
    maps: &[DocumentMap],
) -> Result<Vec<Gate>, Vec<Diagnostic>> {
    let documents: Vec<&str> = GENERATED.iter().map(|one| one.name).collect();
    let known = Nameable {
        catalog,
        suites: &settings.suites,
        maps,
        documents: &documents,
    };
    let name = display(&settings.gates, &settings.root);
    load_gates(&settings.gates, &name, &known)
}

/// A document that is asked for, with its path as seen from the root.
pub(super) enum Chosen<'m> {
    Mapped(&'m DocumentMap, String),
    Generated(&'static Generated, String),
}

/// Where a map's document is, if it is there.
fn place_of_map(map: &DocumentMap, settings: &Settings) -> Option<String> {
    let known = settings.documents.get(&map.name).cloned();
    known.or_else(|| {
        let there = settings.root.join(&map.file).is_file();
        there.then(|| map.file.clone())
    })
}

/// Where a generated document is, or would be.
fn place_of_generated(document: &Generated, settings: &Settings) -> String {
    let known = document
        .names()
        .into_iter()
        .find_map(|name| settings.documents.get(name));
    known.cloned().unwrap_or_else(|| document.path.to_owned())
}

/// The file has the region of the document: holdpoint wrote it.
fn is_generated(document: &Generated, shown: &str, settings: &Settings) -> bool {
    let text = std::fs::read_to_string(settings.root.join(shown)).unwrap_or_default();
    !matches!(region::find(&text, document.name), Ok(None))
}

/// The documents that are asked for; where none is, those that are there.
pub(super) fn chosen<'m>(
    wanted: &[String],
    settings: &Settings,
    maps: &'m [DocumentMap],
) -> Result<Vec<Chosen<'m>>, Vec<Diagnostic>> {
    let generated = GENERATED.iter().filter_map(|one| {
        let shown = place_of_generated(one, settings);
        is_generated(one, &shown, settings).then_some((one, shown))
    });
    let generated: Vec<(&Generated, String)> = generated.collect();
    let mapped: Vec<(&DocumentMap, String)> = maps
        .iter()
        .filter_map(|map| Some((map, place_of_map(map, settings)?)))
        // What holdpoint wrote whole has no slots of people.
        .filter(|(_, shown)| !generated.iter().any(|(_, path)| path == shown))
        .collect();
    if wanted.is_empty() {
        let mapped = mapped
            .into_iter()
            .map(|(map, shown)| Chosen::Mapped(map, shown));
        let generated = generated
            .into_iter()
            .map(|(one, shown)| Chosen::Generated(one, shown));
        return one_each(mapped.chain(generated).collect());
    }
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for name in wanted {
        let is_path = |shown: &str| shown == name || Path::new(name).ends_with(shown);
        let by_map = mapped
            .iter()
            .find(|(map, shown)| map.name == *name || is_path(shown));
        let by_table = || {
            let named =
                |one: &&Generated| one.name == name || is_path(&place_of_generated(one, settings));
            GENERATED.iter().find(named)
        };
        match (by_map, by_table()) {
            (Some((map, shown)), _) => found.push(Chosen::Mapped(map, shown.clone())),
            (None, Some(one)) => {
                found.push(Chosen::Generated(one, place_of_generated(one, settings)));
            }
            (None, None) => problems.push(not_there(name, maps)),
        }
    }
    match problems.is_empty() {
        true => one_each(found),
        false => Err(problems),
    }
}

/// Two maps for one document would take each other's notes for their own.
fn one_each(chosen: Vec<Chosen<'_>>) -> Result<Vec<Chosen<'_>>, Vec<Diagnostic>> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for one in &chosen {
        let Chosen::Mapped(map, shown) = one else {
            continue;
        };
        match seen.insert(shown, &map.name) {
            Some(other) if other != map.name => problems.push(
                Diagnostic::new(format!(
                    "{shown} is the document of two maps: {other} and {}",
                    map.name
                ))
                .help(format!(
                    "name it under one of them in holdpoint.toml, [documents]; a map of your own with the name '{other}' adds to that one; holdpoint docs {other} takes only that one"
                )),
            ),
            _ => {}
        }
    }
    match problems.is_empty() {
        true => Ok(chosen),
        false => Err(problems),
    }
}

fn not_there(name: &str, maps: &[DocumentMap]) -> Diagnostic {
    if let Some(map) = maps.iter().find(|map| map.name == name) {
        let title = map.title.to_lowercase();
        return Diagnostic::new(format!("there is no {} in this project", map.file)).help(format!(
            "say where the {title} is in holdpoint.toml: [documents] {name} = \"PATH\"; or have one written whole: {}",
            names_of_generated()
        ));
    }
    let mapped = maps.iter().map(|map| &*map.name);
    let generated = GENERATED.iter().map(|one| one.name);
    let near = nearest(name, mapped.clone().chain(generated));
    let near = near.map_or_else(String::new, |near| format!("did you mean '{near}'? "));
    Diagnostic::new(format!("no document is known by the name '{name}'")).help(format!(
        "{near}those with a map are {}; those that holdpoint writes whole are {}; .holdpoint/maps takes maps of your own",
        mapped.collect::<Vec<_>>().join(", "),
        names_of_generated()
    ))
}

fn names_of_generated() -> String {
    let names: Vec<&str> = GENERATED.iter().map(|one| one.name).collect();
    names.join(", ")
}
