//! What people call a record: its path, the word `latest`, or its run, as far as that is needed to tell it from others.

use super::run::display;
use crate::diagnostic::{Diagnostic, nearest};
use crate::document::escape::visible;
use crate::evidence;
use crate::settings::Settings;
use std::path::{Path, PathBuf};

/// How many runs a message names.
const NAMED: usize = 5;

/// What a message says that a record may be called.
pub(super) const NAMES: &str = "name a run or the beginning of one, latest, latest~1 for the one before, or give the path of a .jsonl file";

/// The record that is meant.
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What was passed over because it is no record, though it is called as one.
    pub(super) odd: Vec<Diagnostic>,
}

/// The record that is meant.
///
/// # Errors
/// There is none of that name, or more than one.
pub(super) fn find(given: &Path, settings: &Settings) -> Result<Found, Vec<Diagnostic>> {
    let mut odd = Vec::new();
    match path(given, settings, &mut odd) {
        Ok(path) => Ok(Found { path, odd }),
        Err(problem) => Err(std::iter::once(problem).chain(odd).collect()),
    }
}

fn path(
    given: &Path,
    settings: &Settings,
    odd: &mut Vec<Diagnostic>,
) -> Result<PathBuf, Diagnostic> {
    let Some(word) = given.to_str().filter(|word| !is_path(word)) else {
        return Ok(given.to_owned());
    };
    let all = evidence::records(&settings.records);
    let folder = display(&settings.records, &settings.root);
    let mut counts = |path: &&PathBuf| match evidence::is_record(path) {
        Ok(()) => true,
        Err(why) => {
            let path = display(path, &settings.root);
            let message = format!("{} is left out, as no record: {why}", visible(&path));
            odd.push(Diagnostic::new(message).help(format!("take it out of {folder}")));
            false
        }
    };
    if let Some(back) = back(word) {
        let back = back?;
        // No more of them are opened than are passed.
        let passed: Vec<&PathBuf> = all
            .iter()
            .filter(&mut counts)
            .take(back.saturating_add(1))
            .collect();
        return match passed.as_slice() {
            [] => Err(no_record(settings)),
            [.., last] if passed.len() > back => Ok((*last).clone()),
            fewer => {
                let holds = match fewer.len() {
                    1 => "1 record".to_owned(),
                    many => format!("{many} records"),
                };
                let message = format!("there is no {word}: {folder} holds {holds}");
                Err(Diagnostic::new(message).help(listed("its runs, the newest first", fewer)))
            }
        };
    }
    if all.is_empty() {
        return Err(no_record(settings));
    }
    let begun: Vec<&PathBuf> = all
        .iter()
        .filter(|path| !word.is_empty() && run(path).starts_with(word))
        .filter(counts)
        .collect();
    match begun.as_slice() {
        [one] => Ok((*one).clone()),
        // A folder is refused when it is read, with a better reason.
        [] if given.exists() => Ok(given.to_owned()),
        [] => Err(unknown(word, &folder, &all)),
        [..] if begun.iter().any(|path| run(path) == word) => {
            Ok(settings.records.join(format!("{word}.jsonl")))
        }
        many => {
            let message = format!("{} runs begin with '{word}'", many.len());
            Err(Diagnostic::new(message).help(listed("say more of one of them", many)))
        }
    }
}

fn no_record(settings: &Settings) -> Diagnostic {
    let message = format!("there is no record in {}", settings.records.display());
    Diagnostic::new(message).help("make one with: holdpoint run")
}

/// Does this word mean a record, whether or not there is one?
pub(super) fn is_record(word: &str, settings: &Settings) -> bool {
    let of_run = |path: PathBuf| run(&path).starts_with(word);
    let begins_a_run = || {
        word.starts_with(|c: char| c.is_ascii_digit())
            && evidence::records(&settings.records).into_iter().any(of_run)
    };
    is_path(word) || back(word).is_some() || looks_like_a_run(word) || begins_a_run()
}

/// A path is what has a folder in it, ends as records do, or is there.
fn is_path(word: &str) -> bool {
    let path = Path::new(word);
    word.contains('/') || path.extension().is_some_and(|end| end == "jsonl") || path.is_file()
}

/// `20260302T090000Z…`
fn looks_like_a_run(word: &str) -> bool {
    let (day, rest) = word.split_at_checked(8).unwrap_or_default();
    day.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with('T')
}

/// How many records before the newest `latest` and `latest~N` mean; none for other words.
fn back(word: &str) -> Option<Result<usize, Diagnostic>> {
    let rest = word.strip_prefix("latest")?;
    match (rest, rest.strip_prefix('~')) {
        ("", _) => Some(Ok(0)),
        (_, Some(number)) => Some(number.parse().map_err(|_| {
            let message = format!("'{word}' names no record: after latest~ stands a number");
            Diagnostic::new(message).help("latest~1 is the record before the newest")
        })),
        _ => None,
    }
}

/// The run that a record's file is named as.
pub(super) fn run(path: &Path) -> &str {
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default()
}

fn unknown(word: &str, folder: &str, all: &[PathBuf]) -> Diagnostic {
    let near = nearest(word, all.iter().map(|path| run(path)).chain(["latest"]));
    let near = near.map(|near| format!("did you mean {near}? "));
    let newest = listed("the newest are", all);
    Diagnostic::new(format!("there is no run '{word}' in {folder}"))
        .help(format!("{}{newest}; {NAMES}", near.unwrap_or_default()))
}

fn listed<P: AsRef<Path>>(said: &str, paths: &[P]) -> String {
    let named: Vec<&str> = paths
        .iter()
        .take(NAMED)
        .map(|path| run(path.as_ref()))
        .collect();
    let more = match paths.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{said}: {}{more}", named.join(", "))
}
