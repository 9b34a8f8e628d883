//! Tests of the help: what it shows fits a terminal, and the checks that it names are there.

use super::Arguments;
use crate::catalog::Catalog;
use clap::{Command, CommandFactory};
use std::collections::BTreeSet;

/// What the help of each verb ends with.
fn endings() -> Vec<(String, String)> {
    fn gather(command: &Command, told: &mut Vec<(String, String)>) {
        if let Some(text) = command.get_after_help() {
            told.push((command.get_name().to_owned(), text.to_string()));
        }
        command
            .get_subcommands()
            .for_each(|verb| gather(verb, told));
    }
    let mut told = Vec::new();
    gather(&Arguments::command(), &mut told);
    told
}

/// Clap breaks every line that is too long for the terminal, so an example must fit, and a paragraph be one line.
#[test]
fn examples_fit_80_columns_and_paragraphs_are_left_to_the_terminal() {
    let endings = endings();
    assert!(endings.len() > 10, "{endings:?}");
    for (verb, text) in endings {
        for line in text.lines().filter(|line| !line.is_empty()) {
            let fits = line.chars().count() <= 80;
            let whole = line.ends_with('.') || line.ends_with(':');
            assert!(
                if line.starts_with("  ") { fits } else { whole },
                "{verb}: {line}"
            );
        }
    }
}

#[test]
fn every_check_that_help_and_readme_name_is_there() {
    let catalog = Catalog::shipped().unwrap();
    let ids: BTreeSet<&str> = catalog
        .checks()
        .iter()
        .map(|check| check.id.as_str())
        .collect();
    let areas: BTreeSet<&str> = ids.iter().filter_map(|id| id.split('.').next()).collect();
    let readme = (
        "README.md".to_owned(),
        include_str!("../../../README.md").to_owned(),
    );
    let mut named = 0;
    for (place, text) in endings().into_iter().chain([readme]) {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "-.".contains(c)));
        for word in words.map(|word| word.trim_end_matches('.')) {
            let Some((area, rest)) = word.split_once('.') else {
                continue;
            };
            if areas.contains(area) && !["md", "svg", "toml", "ts"].contains(&rest) {
                assert!(ids.contains(word), "{place}: {word}");
                named += 1;
            }
        }
    }
    assert!(named > 10, "{named}");
}
