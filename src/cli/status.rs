//! `holdpoint status`: boards over all gates for whoever coordinates the teams.

use super::args::{Since, StatusArguments};
use super::exit::Exit;
use super::gate::exit;
use super::grounds::Grounds;
use super::output::Output;
use super::prepare::{self, Environment};
use super::reports::write_each;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::Gate;
use crate::release::board::{Board, Planned, governance, news};
use crate::release::stand;
use crate::report::boards::{BoardReport, View, json, markdown, terminal};
use crate::settings::{Scheduled, Settings};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What is new in a standup where nothing else is said.
const YESTERDAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn status(
    arguments: &StatusArguments,
    output: &Output,
    environment: &Environment,
) -> Exit {
    match show(arguments, output, environment) {
        Ok(exit) => exit,
        Err(problems) => output.diagnose(&problems),
    }
}

fn show(
    arguments: &StatusArguments,
    output: &Output,
    environment: &Environment,
) -> Result<Exit, Vec<Diagnostic>> {
    prepare::writable(&arguments.report)?;
    let (settings, catalog) = prepare::catalog(&arguments.subject, environment)?;
    let grounds = Grounds::read(&settings, &catalog, &environment.secrets)?;
    let plan = planned(&settings.plan, &grounds.gates)?;
    let since = moment(arguments.since, grounds.now).map_err(|problem| vec![problem])?;
    grounds.with(arguments.environment.as_deref(), None, |ground| {
        let standings = stand(ground);
        let Some(board) = Board::of(&standings, ground, &plan) else {
            let problem = Diagnostic::new("there are no gates");
            let help =
                "define one in .holdpoint/gates.toml, or let the shipped ones stand there too";
            return Err(vec![problem.help(help)]);
        };
        let (told, weighed);
        let view = match (arguments.standup, arguments.governance) {
            (true, _) => {
                told = news(&board, ground, since);
                View::Standup { since, news: &told }
            }
            (false, true) => {
                weighed = governance(&board, ground);
                View::Governance(&weighed)
            }
            (false, false) => View::Teams,
        };
        let report = BoardReport {
            board: &board,
            project: settings_name(&settings),
            view,
        };
        let exit = exit(&[board.deciding()]);
        let written = write_each(&arguments.report, output, |format, style| match format {
            "json" => json(&report),
            "markdown" => markdown(&report),
            _ => terminal(&report, style),
        });
        Ok(match written {
            true => exit,
            false => exit.unless_written(),
        })
    })
}

fn settings_name(settings: &Settings) -> &str {
    settings.project.as_deref().unwrap_or_default()
}

/// From when on something is new.
fn moment(since: Option<Since>, now: Timestamp) -> Result<Timestamp, Diagnostic> {
    let ago = |ago: SignedDuration| now.checked_sub(ago).unwrap_or(Timestamp::MIN);
    match since {
        None => Ok(ago(YESTERDAY)),
        Some(Since::Ago(time)) => Ok(ago(time)),
        Some(Since::At(at)) if at <= now => Ok(at),
        Some(Since::At(at)) => Err(Diagnostic::new(format!(
            "--since {at} lies in the future, where nothing has changed yet"
        ))
        .help(format!("now is {}", now.strftime("%Y-%m-%dT%H:%M:%SZ")))),
    }
}

/// What the settings say of each gate, by its name.
fn planned(
    scheduled: &[Scheduled],
    gates: &[Gate],
) -> Result<BTreeMap<String, Planned>, Vec<Diagnostic>> {
    let (mut plan, mut problems) = (BTreeMap::new(), Vec::new());
    for one in scheduled {
        let problem = |message: String, label: &str, help: String| {
            Diagnostic::new(message)
                .at(&one.source, one.span.clone(), label)
                .help(help)
        };
        let name = &one.entry.gate;
        let exact = gates.iter().filter(|gate| gate.name == *name);
        let of_team = gates.iter().filter(|gate| gate.answers_to(name));
        let mut found: Vec<&Gate> = exact.collect();
        if found.is_empty() {
            found = of_team.collect();
        }
        match found.as_slice() {
            [gate] => {
                let said = Planned {
                    target: one.entry.target,
                    leader: one.entry.leader.clone(),
                    place: format!("{}:{}", one.source.name, one.line),
                };
                if plan.insert(gate.name.clone(), said).is_some() {
                    problems.push(problem(
                        format!(
                            "[plan] says twice when the gate {} is to be open",
                            gate.name
                        ),
                        "the second",
                        "keep one of them".into(),
                    ));
                }
            }
            [] => problems.push(problem(
                format!("there is no gate and no team '{name}'"),
                "not known",
                known(name, gates),
            )),
            [first, other, ..] => problems.push(problem(
                format!(
                    "'{name}' is the team of the gates {} and {}",
                    first.name, other.name
                ),
                "which of them?",
                "name the gate itself".into(),
            )),
        }
    }
    match problems.is_empty() {
        true => Ok(plan),
        false => Err(problems),
    }
}

/// The gates that there are, the one that was meant first.
fn known(name: &str, gates: &[Gate]) -> String {
    let teams: Vec<String> = gates.iter().map(Gate::team).collect();
    let names: Vec<&str> = gates.iter().map(|gate| gate.name.as_str()).collect();
    let all = names
        .iter()
        .copied()
        .chain(teams.iter().map(String::as_str));
    let near = nearest(name, all);
    let near = near.map_or_else(String::new, |near| format!("did you mean '{near}'? "));
    format!("{near}the gates are {}", names.join(", "))
}
