//! `holdpoint guide`: an execution guide from the checks of a suite, printed or written into its region of a file.

use super::args::GuideArguments;
use super::exit::Exit;
use super::output::Output;
use super::{prepare, reports};
use crate::catalog::{Catalog, Selection, Selector};
use crate::diagnostic::{Diagnostic, Source};
use crate::document::{Chosen, EXECUTION_GUIDE, ExecutionGuide, RegionFault, region};
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::path::Path;

pub(super) fn guide(
    arguments: &GuideArguments,
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
    let text = match render(arguments, &settings, &catalog, &selector, &selection) {
        Ok(text) => text,
        Err(problem) => return output.diagnose(&[problem]),
    };
    let Some(path) = &arguments.write else {
        return written(output.print(&text));
    };
    match write(arguments, path, &output.redact(&text)) {
        Ok(said) => {
            if !output.quiet() {
                output.remark(&format!("{said} {}", path.display()));
            }
            Exit::Go
        }
        Err(problem) => {
            output.diagnose(&[problem]);
            Exit::Unwritten
        }
    }
}

fn written(written: bool) -> Exit {
    if written { Exit::Go } else { Exit::Unwritten }
}

fn render(
    arguments: &GuideArguments,
    settings: &Settings,
    catalog: &Catalog,
    selector: &Selector,
    selection: &Selection,
) -> Result<String, Diagnostic> {
    let at = |place: &usize| &catalog.checks()[*place];
    let asked: BTreeSet<usize> = selector.asked(catalog, selection).into_iter().collect();
    let along = selection
        .checks
        .iter()
        .filter(|place| !asked.contains(place));
    let guide = ExecutionGuide::new(&Chosen {
        project: settings.project.as_deref().unwrap_or_default(),
        asked: &arguments.selectors,
        checks: selection.checks.iter().map(at).collect(),
        along: along.map(|place| at(place).id.as_str()).collect(),
        catalogue: catalog.checks(),
        statuses: Exit::ALL
            .iter()
            .map(|(exit, says)| (exit.code(), *says))
            .collect(),
    });
    let own = reports::own_template(&[ExecutionGuide::own_template()], &settings.root)?;
    guide.render(&own.unwrap_or_else(ExecutionGuide::shipped))
}

/// Writes the guide into its region of the file; says what was done.
fn write(arguments: &GuideArguments, path: &Path, text: &str) -> Result<&'static str, Diagnostic> {
    let existing = reports::existing(path)?;
    let name = region_name(&arguments.selectors);
    let updated = match &existing {
        Some(file) if arguments.append && region::find(file, &name) == Ok(None) => {
            region::append(file, &name, text)
        }
        _ => region::put(existing.as_deref(), &name, text, arguments.take_over),
    };
    let updated = updated.map_err(|fault| {
        let file = existing.as_deref().unwrap_or_default();
        let problem = fault.diagnostic(&Source::new(path.to_string_lossy(), file));
        match fault {
            RegionFault::Absent { .. } => problem.help(
                "add --append to put the guide at its end; what stands there is left as it is",
            ),
            RegionFault::Edited { .. } => problem.help(
                "move your words above the begin marker or below the end marker, where they stay; --take-over writes the guide anew and drops the change",
            ),
            _ => problem,
        }
    })?;
    if existing.as_deref() == Some(&*updated) {
        return Ok("nothing to change in");
    }
    reports::store(path, &updated)?;
    Ok("wrote")
}

/// `guide`, with the words that were asked for: a file may hold several guides.
fn region_name(selectors: &[String]) -> String {
    let words = selectors.iter().map(|word| {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        word.to_ascii_lowercase()
            .chars()
            .map(plain)
            .collect::<String>()
    });
    let mut parts = vec![EXECUTION_GUIDE.to_owned()];
    parts.extend(words);
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_names_without_signs() {
        let name = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            region_name(&words)
        };
        assert_eq!(name(&[]), "guide");
        assert_eq!(name(&["infrastructure"]), "guide-infrastructure");
        assert_eq!(name(&["headers.*", "P2.5 -->"]), "guide-headers---p2-5----");
    }
}
