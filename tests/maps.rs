//! The shipped maps of documents agree with the shipped catalogue.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use holdpoint::catalog::{Catalog, parse_map, shipped_maps};
use holdpoint::diagnostic::Source;
use holdpoint::model::DocumentMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every map under `reports/`, as the folder has it.
fn maps(catalog: &Catalog) -> Vec<DocumentMap> {
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
    let mut paths: Vec<_> = fs::read_dir(reports)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("map.toml"))
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let mut maps = Vec::new();
    let mut told = String::new();
    for path in paths {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
        let source = Source::new(name.to_string_lossy(), fs::read_to_string(&path).unwrap());
        match parse_map(&source, catalog) {
            Ok(map) => maps.push(map),
            Err(problems) => problems
                .iter()
                .for_each(|one| told.push_str(&format!("{one}\n"))),
        }
    }
    assert!(told.is_empty(), "{told}");
    maps
}

#[test]
fn every_shipped_map_is_right() {
    let catalog = Catalog::shipped().unwrap();
    let read = maps(&catalog);
    let names: BTreeSet<_> = read.iter().map(|map| &map.name).collect();
    assert_eq!(names.len(), read.len(), "two maps have one name: {names:?}");
    // What is inside the program is what is in the folder; touch src/catalog/source.rs where it is not.
    assert_eq!(shipped_maps(&catalog).unwrap(), read);
}

/// `I24`, `P3.4`: tags by which checks say which item of a document they prove.
fn is_item(tag: &str) -> bool {
    let mut rest = tag.chars();
    matches!(rest.next(), Some('I' | 'P'))
        && tag.len() > 1
        && rest.all(|c| c.is_ascii_digit() || c == '.')
}

#[test]
fn every_tag_of_a_check_is_an_item_of_a_map() {
    let catalog = Catalog::shipped().unwrap();
    let maps = maps(&catalog);
    for (letter, name) in [('I', "infrastructure"), ('P', "security-guide")] {
        let map = maps.iter().find(|map| map.name == name).unwrap();
        let ids: BTreeSet<&str> = map.items.iter().map(|item| item.id.as_str()).collect();
        let lost: Vec<String> = catalog
            .checks()
            .iter()
            .flat_map(|check| check.tags.iter().map(move |tag| (check, tag)))
            .filter(|(_, tag)| is_item(tag) && tag.starts_with(letter))
            .filter(|(_, tag)| !ids.contains(tag.as_str()))
            .map(|(check, tag)| format!("{}: {tag}", check.id))
            .collect();
        assert!(
            lost.is_empty(),
            "tags that are no item of '{name}': {lost:#?}"
        );
    }
}
