//! `holdpoint list`: the checks, for people and for pipes.

use super::args::ListArguments;
use super::exit::Exit;
use super::output::Output;
use super::prepare;
use crate::catalog::Catalog;
use crate::model::{Check, Origin};

pub(super) fn list(
    arguments: &ListArguments,
    output: &Output,
    environment: &prepare::Environment,
) -> Exit {
    let (settings, catalog) = match prepare::catalog(&arguments.subject, environment) {
        Ok(both) => both,
        Err(problems) => return output.diagnose(&problems),
    };
    let selector = prepare::selector(&arguments.selectors, &[], None, &settings);
    let selection = match selector.choose(&catalog) {
        Ok(selection) => selection,
        Err(nothing) => return prepare::nothing_selected(&nothing, output),
    };
    // Prerequisites come along in a run; a list shows what was asked for.
    let asked = selector.asked(&catalog, &selection);
    output.print(&table(asked.iter().map(|place| &catalog.checks()[*place])));
    Exit::Go
}

/// One line for each check, in columns.
fn table<'a>(checks: impl Iterator<Item = &'a Check>) -> String {
    let rows: Vec<[String; 5]> = checks
        .map(|check| {
            let mine = match check.origin {
                Origin::Shipped => "",
                Origin::User => " (yours)",
                Origin::Override => " (yours, in place of the shipped one)",
            };
            [
                check.id.to_string(),
                check.severity.to_string(),
                check.level.to_string(),
                check.suites.join(","),
                format!("{}{mine}", check.title),
            ]
        })
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for [id, severity, level, suites, title] in &rows {
        text.push_str(&format!(
            "{id:a$}  {severity:b$}  {level:c$}  {suites:d$}  {title}\n",
            a = widths[0],
            b = widths[1],
            c = widths[2],
            d = widths[3],
        ));
    }
    text
}

/// The table of shipped checks for `checks/README.md`.
pub(super) fn catalogue(catalog: &Catalog) -> String {
    let mut text = String::from(
        "| check | severity | level | suites | holdpoint verifies that … |\n|---|---|---|---|---|\n",
    );
    for check in catalog.checks() {
        let Check {
            id,
            severity,
            level,
            suites,
            title,
            ..
        } = check;
        text.push_str(&format!(
            "| `{id}` | {severity} | {level} | {} | {} |\n",
            suites.join(", "),
            title.replace('|', "\\|")
        ));
    }
    text
}
