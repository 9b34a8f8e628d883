//! `holdpoint explain` of what a record holds: the record itself, one of its findings, or one observation.

use super::exit::Exit;
use super::output::Output;
use super::records;
use super::report::{NOT_READ, Told, tell};
use super::run::display;
use crate::diagnostic::{Diagnostic, nearest};
use crate::document::escape::visible;
use crate::document::reading;
use crate::evidence;
use crate::model::CheckId;
use crate::probe;
use crate::report::trace;
use crate::settings::Settings;
use std::path::{Path, PathBuf};

/// How many of the newest records are looked through.
const FAR_ENOUGH: usize = 60;
/// A shorter beginning of a digest is refused: it might be that of another one tomorrow.
const SHORTEST: usize = 12;
/// What a digest begins with.
const SHA256: &str = "sha256:";

/// What of a record is to be explained.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meant<'a> {
    /// The observation whose digest begins so.
    Observation(&'a str),
    /// The finding of a check in a record.
    Finding(&'a str, &'a str),
    /// A record.
    Record(&'a str),
}

/// What of a record a word means; none where it means something else.
pub(super) fn meant<'a>(word: &'a str, settings: &Settings) -> Option<Meant<'a>> {
    if let Some(digits) = word.strip_prefix(SHA256) {
        return Some(Meant::Observation(digits));
    }
    let is_file = Path::new(word).is_file();
    match word.rsplit_once(':') {
        Some((record, check)) if !check.contains('/') && !is_file => {
            Some(Meant::Finding(record, check))
        }
        // A file that is called as a check or a probe does not stand before it.
        _ if probe::spec(word).is_some() => None,
        _ if CheckId::new(word).is_ok() && !word.ends_with(".jsonl") => None,
        _ => records::is_record(word, settings).then_some(Meant::Record(word)),
    }
}

/// Explains it.
pub(super) fn explain(
    meant: &Meant<'_>,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Vec<Diagnostic>> {
    let page = match meant {
        Meant::Observation(digits) => observation(digits, settings, output)?,
        Meant::Finding(record, check) => finding(record, check, settings, output)?,
        Meant::Record(record) => {
            let told = read(Path::new(record), settings, output)?;
            trace::record(told.shown(), &output.style())
        }
    };
    Ok(match output.print(&page) {
        true => Exit::Go,
        false => Exit::Unwritten,
    })
}

fn read(record: &Path, settings: &Settings, output: &Output) -> Result<Told, Vec<Diagnostic>> {
    let told = tell(record, settings, output.secrets())?;
    told.warn(output);
    Ok(told)
}

fn finding(
    record: &str,
    check: &str,
    settings: &Settings,
    output: &Output,
) -> Result<String, Vec<Diagnostic>> {
    let told = read(Path::new(record), settings, output)?;
    match told.shown().trace(check)? {
        Some(trace) => Ok(trace::finding(&trace, &output.style())),
        None => Err(vec![not_held(&told, check)]),
    }
}

/// The record holds no such check: it was not selected, or there is none of that name.
fn not_held(told: &Told, check: &str) -> Diagnostic {
    let header = &told.record.header;
    let run = &header.run;
    if header.catalogue.contains_key(check) {
        let message = format!("the run {run} does not hold '{check}': it was not selected there");
        return Diagnostic::new(message).help(format!("holdpoint run {check} looks now"));
    }
    let ids = told.record.checks.iter().map(|one| one.id.as_str());
    let near = nearest(check, ids).map(|near| format!("did you mean {run}:{near}? "));
    Diagnostic::new(format!("the run {run} holds no check '{check}'")).help(format!(
        "{}holdpoint explain {run} tells what did not pass",
        near.unwrap_or_default()
    ))
}

fn observation(
    digits: &str,
    settings: &Settings,
    output: &Output,
) -> Result<String, Vec<Diagnostic>> {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if !digits.chars().all(is_hex) || !(SHORTEST..=64).contains(&digits.len()) {
        let message = format!("'{SHA256}{digits}' is no digest of an observation");
        return Err(vec![Diagnostic::new(message).help(format!(
            "give at least {SHORTEST} of its 64 digits, 0 to 9 and a to f, as reports show them under evidence"
        ))]);
    }
    let wanted = format!("{SHA256}{digits}");
    for path in holding(&format!("\"{wanted}"), settings) {
        let told = read(&path, settings, output)?;
        let observations = told.record.observations.iter();
        let mut found: Vec<_> = observations
            .filter(|one| one.digest.starts_with(&wanted))
            .collect();
        found.dedup_by_key(|one| &one.digest);
        match found.as_slice() {
            // It may be the digest of something else that the record names.
            [] => {}
            [one] => {
                if let Some(read) = told.shown().read(one) {
                    return Ok(trace::observation(&read, &output.style()));
                }
            }
            [first, second, ..] => {
                let message = format!("{} observations begin with {wanted}", found.len());
                let help = format!("say more: {} or {}", first.digest, second.digest);
                return Err(vec![Diagnostic::new(message).help(help)]);
            }
        }
    }
    let folder = display(&settings.records, &settings.root);
    let message =
        format!("no observation {wanted} is in the {FAR_ENOUGH} newest records of {folder}");
    Err(vec![Diagnostic::new(message).help(
        "holdpoint explain latest tells of the newest record; name another with RECORD:CHECK",
    )])
}

/// Those of the newest records that hold these characters, the newest first; what cannot be read is told when it is read.
fn holding<'a>(text: &'a str, settings: &Settings) -> impl Iterator<Item = PathBuf> + use<'a> {
    let newest = evidence::records(&settings.records)
        .into_iter()
        .take(FAR_ENOUGH);
    newest.filter(move |path| {
        let bytes = evidence::read_regular(path).unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

/// How the newest record that holds a check found it, for the end of the check's page.
pub(super) fn last_seen(check: &str, settings: &Settings, output: &Output) -> Option<String> {
    for path in holding(&format!("\"id\":\"{check}\""), settings) {
        let told = match tell(&path, settings, output.secrets()) {
            Ok(told) => told,
            Err(problems) => {
                // The check itself can be explained without it.
                let cause = problems.first().map(|one| one.message.clone());
                output.remark(&format!(
                    "warning: a record cannot be used: {}\nhelp: {NOT_READ}",
                    cause.unwrap_or_default()
                ));
                continue;
            }
        };
        let Some(finding) = told.shown().finding(check) else {
            continue;
        };
        let subject = &told.subject;
        let reason = match finding.reason.as_str() {
            "" => String::new(),
            reason => format!(": {}", visible(reason)),
        };
        let place = match subject.environment.as_str() {
            "" => String::new(),
            name => format!(", {}", visible(name)),
        };
        return Some(format!(
            "\nas last seen\n  {}{reason}\n  {}{place}; the facts and requests behind it:\n  {}\n",
            finding.verdict,
            subject.started.strftime("%Y-%m-%d %H:%M UTC"),
            reading::explain(&subject.run, check)
        ));
    }
    None
}
