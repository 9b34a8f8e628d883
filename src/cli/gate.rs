//! `holdpoint gate`: how the gates stand, what holds them, and who must act.

use super::args::GateArguments;
use super::exit::Exit;
use super::grounds::Grounds;
use super::output::Output;
use super::pipeline;
use super::prepare::{self, Environment};
use super::records::{self, Found};
use super::report::NOT_READ;
use super::reports::write_each;
use super::run::display;
use crate::diagnostic::Diagnostic;
use crate::release::{GateStanding, History, stand};
use crate::report::gates::{GateReport, json, markdown, terminal};
use crate::settings::Settings;
use std::path::Path;

pub(super) fn gate(arguments: &GateArguments, output: &Output, environment: &Environment) -> Exit {
    match decide(arguments, output, environment) {
        Ok(exit) => exit,
        Err(problems) => output.diagnose(&problems),
    }
}

fn decide(
    arguments: &GateArguments,
    output: &Output,
    environment: &Environment,
) -> Result<Exit, Vec<Diagnostic>> {
    prepare::writable(&arguments.report)?;
    let (settings, catalog) = prepare::catalog(&arguments.subject, environment)?;
    let grounds = Grounds::read(&settings, &catalog, &environment.secrets)?;
    let wanted = arguments
        .gate
        .as_deref()
        .map(|name| grounds.gate(name))
        .transpose()?;
    let instead = arguments
        .from
        .as_deref()
        .map(|from| record(from, &settings, output))
        .transpose()?;
    let told = instead
        .as_ref()
        .and_then(|history| history.records().next());
    let shown = told.map(|told| display(&told.path, &settings.root));
    Ok(
        grounds.with(arguments.environment.as_deref(), told, |ground| {
            let standings = stand(ground);
            let is_wanted =
                |one: &&GateStanding<'_>| wanted.is_none_or(|gate| gate.name == one.gate.name);
            let chosen: Vec<&GateStanding<'_>> = standings.iter().filter(is_wanted).collect();
            let report = GateReport {
                told: &chosen,
                all: &standings,
                project: settings.project.as_deref().unwrap_or_default(),
                now: ground.now,
                instead: shown.as_deref(),
            };
            let exit = exit(&chosen);
            let written = write_each(&arguments.report, output, |format, style| match format {
                "json" => json(&report),
                "markdown" => markdown(&report),
                _ => terminal(&report, style),
            });
            let exit = match written {
                true => exit,
                false => exit.unless_written(),
            };
            pipeline::tell_gates(&report, exit, output, environment);
            exit
        }),
    )
}

/// The record that is to be taken in place of the newest.
fn record(from: &Path, settings: &Settings, output: &Output) -> Result<History, Vec<Diagnostic>> {
    let Found { path, odd } = records::find(from, settings)?;
    output.warn(&odd);
    History::only(&path, output.secrets())
        .map_err(|cause| vec![Diagnostic::new(cause).help(NOT_READ)])
}

/// Open gates are a go; else what speaks against any of them comes before what is not known.
pub(super) fn exit(standings: &[&GateStanding<'_>]) -> Exit {
    if standings.iter().all(|one| one.is_open()) {
        Exit::Go
    } else if standings.iter().any(|one| one.is_refused()) {
        Exit::NoGo
    } else {
        Exit::Undecided
    }
}
