//! Tells the platform of a pipeline what came of a run: annotations, the step's summary, outputs, a section of the log.
//!
//! All of it is besides: where it cannot be written, a warning says so, and the exit status stays what the
//! decision and the reports that were asked for made it. Nothing of it holds a secret. What the runner is to mask it is
//! told only where that was asked for (`masks.rs`): a mask is the value itself, and whoever else reads standard error
//! (a `tee` into a file that is kept, a runner that was told to stop obeying commands) would have it in the clear.

use super::args::Pipeline;
use super::exit::Exit;
use super::output::Output;
use super::places::Places;
use super::prepare::Environment;
use super::reports::{Ready, render};
use crate::clock;
use crate::release::GateStanding;
use crate::report::Report;
use crate::report::gates::{GateReport, markdown};
use crate::report::pipeline::{
    Output as Value, ROOM, annotations, assignments, cut_to, of_decision, of_gates, section_end,
    section_start,
};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// A platform whose dialect is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    GitHub,
    GitLab,
}

impl Platform {
    /// The platform that was named, or that the environment shows.
    pub(super) fn of(named: Pipeline, variables: &BTreeMap<String, String>) -> Option<Self> {
        let set = |name: &str| variables.get(name).is_some_and(|value| value == "true");
        match named {
            Pipeline::None => None,
            Pipeline::GitHub => Some(Self::GitHub),
            Pipeline::GitLab => Some(Self::GitLab),
            Pipeline::Auto if set("GITHUB_ACTIONS") => Some(Self::GitHub),
            Pipeline::Auto if set("GITLAB_CI") => Some(Self::GitLab),
            Pipeline::Auto => None,
        }
    }
}

/// The name of GitHub's file for summaries, and of that for outputs.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";
const OUTPUTS: &str = "GITHUB_OUTPUT";

/// Would this environment be told of findings at the user's lines?
pub(super) fn wants_places(output: &Output, environment: &Environment) -> bool {
    output.platform(&environment.variables) == Some(Platform::GitHub)
}

/// Does something within a section of GitLab's log; elsewhere it only does it.
pub(super) fn within_section(
    heading: &str,
    output: &Output,
    environment: &Environment,
    act: impl FnOnce() -> Exit,
) -> Exit {
    if output.platform(&environment.variables) != Some(Platform::GitLab) {
        return act();
    }
    // Several runs of one job have a section each.
    let name = format!("holdpoint_{:08x}", fastrand::u32(..));
    output.command(&section_start(&name, clock::now(), heading));
    let exit = act();
    output.command(&section_end(&name, clock::now()));
    exit
}

/// Tells of a run, or of its record, after its reports.
pub(super) fn tell(
    ready: &Ready<'_>,
    places: Option<&Places>,
    exit: Exit,
    output: &Output,
    environment: &Environment,
) {
    let variables = &environment.variables;
    if output.platform(variables) != Some(Platform::GitHub) {
        return;
    }
    let mut report = Report {
        decision: ready.decision,
        findings: ready.findings,
        subject: ready.subject,
        beside: ready.beside,
    };
    report.beside.places = report.beside.places.or(places);
    let record = report.subject.record.as_deref();
    let in_record = record.map_or_else(String::new, |record| {
        format!("The record has all of it: holdpoint report --from {record}")
    });
    let elsewhere = match given(variables, SUMMARY) {
        Some(_) => format!("The step's summary lists them. {in_record}"),
        None => in_record.clone(),
    };
    for one in annotations(&report, &|text| output.redact(text), &elsewhere) {
        output.command(&one.to_string());
    }
    if let Ok(text) = render(ready, "markdown", output, false) {
        append_summary(&text, &in_record, output, variables);
    }
    append_outputs(&of_decision(&report, Some(exit.code())), output, variables);
}

/// Tells of gates, after their reports.
pub(super) fn tell_gates(
    report: &GateReport<'_>,
    exit: Exit,
    output: &Output,
    environment: &Environment,
) {
    let variables = &environment.variables;
    if output.platform(variables) != Some(Platform::GitHub) {
        return;
    }
    append_summary(&markdown(report), "", output, variables);
    let told: &[&GateStanding<'_>] = report.told;
    let word = match exit {
        Exit::Go | Exit::Unwritten => "go",
        Exit::NoGo => "no-go",
        _ => "undecided",
    };
    append_outputs(&of_gates(told, word, exit.code()), output, variables);
}

fn given<'v>(variables: &'v BTreeMap<String, String>, name: &str) -> Option<&'v Path> {
    let path = variables.get(name).filter(|path| !path.is_empty());
    path.map(Path::new)
}

fn append_summary(
    text: &str,
    elsewhere: &str,
    output: &Output,
    variables: &BTreeMap<String, String>,
) {
    let Some(path) = given(variables, SUMMARY) else {
        return;
    };
    let text = output.redact(text);
    let written = append(path, |there, ends_in_line| {
        // What stands there must not run into it.
        let gap = match (there, ends_in_line) {
            (0, _) => "",
            (_, true) => "\n",
            (_, false) => "\n\n",
        };
        let room = usize::try_from(there).unwrap_or(usize::MAX);
        let room = ROOM.saturating_sub(room).saturating_sub(gap.len());
        let text = cut_to(&text, room, elsewhere)
            .ok_or_else(|| Error::other("the step's summary has no room left of its 1 MiB"))?;
        Ok(format!("{gap}{text}"))
    });
    complain(written, SUMMARY, path, output);
}

fn append_outputs(values: &[Value], output: &Output, variables: &BTreeMap<String, String>) {
    let Some(path) = given(variables, OUTPUTS) else {
        return;
    };
    let delimiter = format!("holdpoint_{:032x}", fastrand::u128(..));
    let Some(text) = assignments(values, &delimiter) else {
        return;
    };
    let text = output.redact(&text);
    let written = append(path, |there, ends_in_line| {
        let gap = if there > 0 && !ends_in_line { "\n" } else { "" };
        Ok(format!("{gap}{text}"))
    });
    complain(written, OUTPUTS, path, output);
}

/// Adds to the end of a file what `text` makes of its length and of whether it ends in a line end, in one piece.
fn append(path: &Path, text: impl FnOnce(u64, bool) -> Result<String>) -> Result<()> {
    match std::fs::metadata(path) {
        // A pipe would be waited for without end.
        Ok(about) if !about.is_file() => return Err(Error::other("it is no file")),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let there = file.metadata()?.len();
    let ends_in_line = there == 0 || last_byte(path)? == b'\n';
    let text = text(there, ends_in_line)?;
    file.write_all(text.as_bytes()).inspect_err(|_| {
        // Half a line would be another one.
        let _ = file.set_len(there);
    })
}

fn last_byte(path: &Path) -> Result<u8> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last[0])
}

fn complain(written: Result<()>, name: &str, path: &Path, output: &Output) {
    if let Err(error) = written {
        output.remark(&format!(
            "warning: nothing was added to {name} ({}): {error}\nhelp: the decision and the reports stand; --pipeline none leaves it out",
            path.display()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_shows_itself_or_is_named() {
        let platform = |named, variables: &[(&str, &str)]| {
            let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            Platform::of(named, &variables.iter().map(own).collect())
        };
        let github = ("GITHUB_ACTIONS", "true");
        let gitlab = ("GITLAB_CI", "true");
        assert_eq!(platform(Pipeline::Auto, &[github]), Some(Platform::GitHub));
        assert_eq!(platform(Pipeline::Auto, &[gitlab]), Some(Platform::GitLab));
        for other in [
            ("GITHUB_ACTIONS", "false"),
            ("GITHUB_ACTIONS", ""),
            ("CI", "true"),
            ("GITLAB_CI", "1"),
        ] {
            assert_eq!(platform(Pipeline::Auto, &[other]), None, "{other:?}");
        }
        assert_eq!(platform(Pipeline::None, &[github, gitlab]), None);
        assert_eq!(
            platform(Pipeline::GitLab, &[github]),
            Some(Platform::GitLab)
        );
        assert_eq!(platform(Pipeline::GitHub, &[]), Some(Platform::GitHub));
    }

    #[test]
    fn appending_keeps_what_is_there_and_knows_how_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let add = |text: &'static str| {
            append(&path, |there, ends| {
                Ok(format!("{there}{}{text}", if ends { "+" } else { "-" }))
            })
        };
        add("a").unwrap();
        add("b\n").unwrap();
        add("c").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "0+a3-b\n7+c");
        let refused = append(&path, |_, _| Err(Error::other("full")));
        assert!(refused.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "0+a3-b\n7+c");
        assert!(append(folder.path(), |_, _| Ok("x".into())).is_err());
        assert!(append(&folder.path().join("none/f"), |_, _| Ok("x".into())).is_err());
    }
}
