//! `holdpoint docs`: what a record says in the people's documents.

use super::args::{DocsArguments, SubjectArguments};
use super::documents::{self, Bench, Ready, Trouble};
use super::exit::Exit;
use super::gaps;
use super::grounds::Grounds;
use super::output::Output;
use super::prepare::{self, Environment};
use super::report::tell;
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

/// Lines around a change that a diff shows.
const CONTEXT: usize = 3;

pub(super) fn docs(arguments: &DocsArguments, output: &Output, environment: &Environment) -> Exit {
    match work(arguments, output, environment) {
        Ok(exit) => exit,
        Err(trouble) => trouble.tell(output),
    }
}

fn work(
    arguments: &DocsArguments,
    output: &Output,
    environment: &Environment,
) -> Result<Exit, Trouble> {
    let subject: &SubjectArguments = &arguments.subject;
    let (settings, catalog) = prepare::catalog(subject, environment).map_err(Trouble::usage)?;
    if arguments.what.restore {
        return restore(arguments, &settings, &catalog, output);
    }
    let told = tell(&arguments.from, &settings, &environment.secrets).map_err(Trouble::usage)?;
    told.warn(output);
    let signatures =
        Grounds::signed(&settings, &catalog, &environment.secrets).map_err(Trouble::usage)?;
    let bench = Bench {
        settings: &settings,
        catalog: &catalog,
        findings: &told.findings,
        decision: &told.decision,
        subject: &told.subject,
        signatures: &signatures,
        secrets: &environment.secrets,
        take_over: arguments.take_over,
        refresh: arguments.refresh,
    };
    let ready = bench.ready(&arguments.documents)?;
    output.warn(&ready.iter().flat_map(Ready::warnings).collect::<Vec<_>>());
    if arguments.what.gaps {
        output.print(&gaps::text(&ready, &catalog, &settings, output.style()));
        return Ok(Exit::Go);
    }
    if ready.is_empty() {
        output.remark(&format!(
            "no document that holdpoint knows is in {}\nhelp: name one in holdpoint.toml under [documents], or have one written whole: holdpoint docs infrastructure-validation --write",
            settings.root.display()
        ));
        return Ok(Exit::Go);
    }
    let stale = ready.iter().any(Ready::differs);
    if arguments.what.write {
        documents::write(&ready, &settings)?;
        for one in &ready {
            output.remark(&written(one));
        }
        return Ok(Exit::Go);
    }
    let color = output.style().color;
    for one in ready.iter().filter(|one| one.differs()) {
        if !arguments.what.check && !output.print(&diff(one, color)) {
            return Ok(Exit::Unwritten);
        }
    }
    for one in &ready {
        output.remark(&one.summary());
    }
    if stale {
        output.remark("help: holdpoint docs --write applies it; holdpoint docs --gaps says what is left for people");
    }
    Ok(match stale && arguments.what.check {
        true => Exit::Unwritten,
        false => Exit::Go,
    })
}

fn written(one: &Ready) -> String {
    match one.differs() {
        true => format!("wrote {}", one.summary()),
        false => format!("{} (nothing to write)", one.summary()),
    }
}

/// A document's change as a unified diff.
fn diff(one: &Ready, color: bool) -> String {
    let (old, new) = (one.old().unwrap_or_default(), &one.new);
    let diff = TextDiff::from_lines(old, new);
    let from = match one.old() {
        Some(_) => format!("a/{}", one.shown),
        None => "/dev/null".into(),
    };
    let mut out = String::new();
    let paint = |text: &str, code: &str| match color {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let _ = writeln!(out, "{}", paint(&format!("--- {from}"), "1"));
    let _ = writeln!(out, "{}", paint(&format!("+++ b/{}", one.shown), "1"));
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        let _ = writeln!(out, "{}", paint(&hunk.header().to_string(), "36"));
        for change in hunk.iter_changes() {
            let (sign, code) = match change.tag() {
                ChangeTag::Delete => ("-", "31"),
                ChangeTag::Insert => ("+", "32"),
                ChangeTag::Equal => (" ", ""),
            };
            let line = format!("{sign}{}", change.value().trim_end_matches(['\n', '\r']));
            let _ = match code {
                "" => writeln!(out, "{line}"),
                code => writeln!(out, "{}", paint(&line, code)),
            };
            if change.missing_newline() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn restore(
    arguments: &DocsArguments,
    settings: &crate::settings::Settings,
    catalog: &crate::catalog::Catalog,
    output: &Output,
) -> Result<Exit, Trouble> {
    let restored = documents::restore(&arguments.documents, settings, catalog)?;
    if restored.is_empty() {
        output.remark("nothing to take out: holdpoint has written into none of these documents");
    }
    for (shown, lost) in restored {
        output.remark(&format!("took out of {shown} what holdpoint had written"));
        for line in lost {
            output.remark(&format!(
                "warning: {shown}: what was written here could not be found again and is left: {line}"
            ));
        }
    }
    Ok(Exit::Go)
}
