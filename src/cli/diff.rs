//! `holdpoint diff`: what changed from one record to another, and whether that is worse.

use super::args::DiffArguments;
use super::exit::Exit;
use super::output::Output;
use super::prepare::{self, Environment, Request};
use super::report::{TORN, Told, tell};
use super::reports::write_each;
use crate::diagnostic::Diagnostic;
use crate::document::escape::visible;
use crate::gate::compare;
use crate::model::Worse;
use crate::report::diff::{Difference, json, markdown, terminal};
use crate::settings::Settings;
use std::path::Path;

pub(super) fn diff(arguments: &DiffArguments, output: &Output, environment: &Environment) -> Exit {
    match tell_apart(arguments, output, environment) {
        Ok(exit) => exit,
        Err(problems) => output.diagnose(&problems),
    }
}

fn tell_apart(
    arguments: &DiffArguments,
    output: &Output,
    environment: &Environment,
) -> Result<Exit, Vec<Diagnostic>> {
    prepare::writable(&arguments.report)?;
    let request = Request {
        subject: arguments.subject.clone(),
        ..Request::default()
    };
    let settings = prepare::settings(&request, environment)?;
    let before = read(&arguments.before, &settings, output)?;
    let newest = Path::new("latest");
    let after = read(
        arguments.after.as_deref().unwrap_or(newest),
        &settings,
        output,
    )?;
    let same = before.subject.run == after.subject.run;
    if same && arguments.after.is_none() {
        let message = format!("{} is the newest record itself", before.subject.run);
        return Err(vec![Diagnostic::new(message).help(
            "name the one to compare it with; holdpoint diff latest~1 takes the one before",
        )]);
    }
    if before.subject.started > after.subject.started {
        output.remark(&format!(
            "warning: {} began after {}; what is called mended may be what broke",
            before.subject.run, after.subject.run
        ));
    }
    let changed = compare(before.side(), after.side(), &after.accepted);
    let difference = Difference::new(before.shown(), after.shown(), &changed);
    let exit = match difference.worse() {
        Worse::Nothing => Exit::Go,
        Worse::Something => Exit::NoGo,
        Worse::OutOfSight => Exit::Undecided,
    };
    let written = write_each(&arguments.report, output, |format, style| match format {
        "json" => json(&difference),
        "markdown" => markdown(&difference),
        _ => terminal(&difference, style),
    });
    Ok(match written {
        true => exit,
        false => exit.unless_written(),
    })
}

fn read(record: &Path, settings: &Settings, output: &Output) -> Result<Told, Vec<Diagnostic>> {
    let told = tell(record, settings, output.secrets())?;
    output.warn(&told.odd);
    if told.torn {
        output.remark(&format!(
            "warning: {}: {TORN}",
            visible(&record.to_string_lossy())
        ));
    }
    Ok(told)
}
