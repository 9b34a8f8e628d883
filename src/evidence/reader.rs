//! Reads a record back, and notices what was changed or cut.

use super::canonical::{canonical_bytes, digest};
use super::wire::v1::{Ending, Header, Line, PlannedCheck, PlannedLook, SCHEMA};
use crate::model::Observation;
use crate::secret::Book;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// A record as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What was examined.
    pub header: Header,
    /// The checks of the run, in order.
    pub checks: Vec<PlannedCheck>,
    /// The looks of the run, in order.
    pub looks: Vec<PlannedLook>,
    /// What was seen, in the order in which it was written.
    pub observations: Vec<Observation>,
    /// How the run ended; none when it was killed.
    pub ending: Option<Ending>,
    /// The last line was cut off while it was written.
    pub torn: bool,
    /// The digest of the file's bytes.
    pub digest: String,
}

/// The digest of each check's text, as the record has it that is made by whoever knows these secrets.
pub fn definitions(checks: &[PlannedCheck], secrets: &Book) -> BTreeMap<String, String> {
    let each = checks.iter();
    each.map(|one| (one.id.clone(), one.definition_without(secrets)))
        .collect()
}

impl Record {
    /// The digest of each check's text, as the run judged by it, for whoever knows these secrets.
    pub fn definitions(&self, secrets: &Book) -> BTreeMap<String, String> {
        definitions(&self.checks, secrets)
    }

    /// The run ended before everything was looked at; one that was killed did.
    pub fn is_cut_short(&self) -> bool {
        let ending = self.ending.as_ref();
        ending.is_none_or(|ending| ending.cut_short.is_some())
    }
}

/// A record that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}: {cause}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct RecordFault {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub cause: String,
}

/// The bytes of a regular file; a pipe would be waited for without end.
///
/// # Errors
/// It cannot be read, or is something else.
pub fn read_regular(path: &Path) -> std::io::Result<Vec<u8>> {
    match std::fs::metadata(path)?.is_file() {
        true => std::fs::read(path),
        false => Err(std::io::Error::other(NOT_REGULAR)),
    }
}

/// What is said of a pipe, a folder or the like.
const NOT_REGULAR: &str = "it is no regular file";

/// No header is nearly as long: it names each check that there is, and holds the waivers.
const LONGEST_HEADER: u64 = 64 << 20;

/// Reads a record.
///
/// # Errors
/// The file cannot be read, is no record, is of a later version, or a line of it was changed.
pub fn read(path: &Path) -> Result<Record, RecordFault> {
    let fault = |line: Option<usize>, cause: String| RecordFault {
        path: path.display().to_string(),
        line,
        cause,
    };
    let bytes = read_regular(path).map_err(|error| fault(None, error.to_string()))?;
    // Only a line that was being written can lack its end, and it may end within a character.
    let whole = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    let torn = whole < bytes.len();
    let text = std::str::from_utf8(&bytes[..whole])
        .map_err(|_| fault(None, "it is not UTF-8 text, so it is no record".into()))?;
    let mut header = None;
    let (mut checks, mut looks, mut observations) = (Vec::new(), Vec::new(), Vec::new());
    let mut ending = None;
    let (mut planned, mut before) = (false, 0);
    for (index, line) in text.split_terminator('\n').enumerate() {
        let number = Some(index + 1);
        let parsed = parse(line, index == 0).map_err(|cause| fault(number, cause))?;
        let start = before;
        before += line.len() + 1;
        match parsed {
            Line::Record(first) if index == 0 => header = Some(*first),
            Line::Check(check) if !planned => checks.push(*check),
            Line::Look(look) if !planned => looks.push(look),
            Line::Planned { digest: claimed } if !planned => {
                if digest(&text.as_bytes()[..start]) != claimed {
                    return Err(fault(
                        number,
                        "the plan was changed after it was recorded: its digest does not match"
                            .into(),
                    ));
                }
                planned = true;
            }
            _ if !planned => {
                return Err(fault(
                    number,
                    "the plan does not end before this line".into(),
                ));
            }
            Line::Observation {
                digest: claimed,
                seen,
            } => {
                let bytes = canonical_bytes(&*seen).map_err(|cause| fault(number, cause))?;
                if digest(&bytes) != claimed {
                    return Err(fault(number, "the observation was changed after it was recorded: its digest does not match".into()));
                }
                observations.push(seen.into_observation(claimed));
            }
            Line::Ending(last) => ending = Some(last),
            Line::Record(_) | Line::Check(_) | Line::Look(_) | Line::Planned { .. } => {
                return Err(fault(number, "a line of the plan after its end".into()));
            }
        }
    }
    let header = header.ok_or_else(|| {
        let cause = match torn {
            true => "it was cut off within its first line, so it is no record",
            false => "it is empty, so it is no record",
        };
        fault(None, cause.into())
    })?;
    if !planned {
        return Err(fault(
            None,
            "its plan is not whole, so nothing was run by it".into(),
        ));
    }
    Ok(Record {
        header,
        checks,
        looks,
        observations,
        ending,
        torn,
        digest: digest(&bytes),
    })
}

fn parse(line: &str, first: bool) -> Result<Line, String> {
    let value: serde_json::Value =
        serde_json::from_str(line).map_err(|error| format!("not a line of a record: {error}"))?;
    if first {
        let schema = value
            .pointer("/record/schema")
            .and_then(serde_json::Value::as_str);
        match schema {
            Some(SCHEMA) => {}
            Some(other) => {
                return Err(format!(
                    "the record is of the form '{other}', this version of holdpoint reads '{SCHEMA}'"
                ));
            }
            None => return Err("the first line is not the header of a record".into()),
        }
    }
    serde_json::from_value(value).map_err(|error| format!("not a line of a record: {error}"))
}

/// The name of a run that is planned at this moment, `20260302T090000Z-4f9d1c`: behind the second stands what of the next
/// one has gone by, in parts of 1/2²⁴ (60 ns). So names stand in the order of time, and two of them are hardly ever one.
pub fn name_of_run(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    let part = (i64::from(at.subsec_nanosecond()) << 24) / 1_000_000_000;
    format!("{}-{part:06x}", at.strftime("%Y%m%dT%H%M%SZ"))
}

/// The files of a folder that are called as records are, the newest first, by name ([`name_of_run`]). None where there is
/// no such folder. Whether one is a record, [`is_record`] tells.
pub fn records(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    paths.sort_by(|a, b| b.cmp(a));
    paths
}

/// Is this file of the records' folder a record? It is a regular file, begins with the header of one, of whatever version,
/// and is named as its run: under a later name it would stand for what came after it. No more of it is read. One that cannot
/// be read may be the newest: it counts, so that no older one is taken in its place, and whoever reads it is told why not.
///
/// # Errors
/// Why it is none.
pub fn is_record(path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(about) if !about.is_file() => return Err(NOT_REGULAR.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(error.to_string()),
        _ => {}
    }
    let Ok(line) = first_line(path) else {
        return Ok(());
    };
    let run = named_run(&line).ok_or("it does not begin as a record does")?;
    match path.file_stem().is_some_and(|stem| stem == &*run) {
        true => Ok(()),
        false => Err(not_named(&run)),
    }
}

/// What is said of a record that is not named as its run.
pub fn not_named(run: &str) -> String {
    format!("the file is not named as its run, {run}")
}

fn first_line(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    // A file without lines is not read to its end.
    let mut file = BufReader::new(File::open(path)?).take(LONGEST_HEADER);
    file.read_until(b'\n', &mut line)?;
    Ok(line)
}

/// The run that the first line of a record names.
fn named_run(line: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct First {
        record: Named,
    }
    #[derive(serde::Deserialize)]
    struct Named {
        run: String,
    }
    let First { record } = serde_json::from_slice(line).ok()?;
    Some(record.run)
}

/// The newest record of a folder.
pub fn latest(folder: &Path) -> Option<PathBuf> {
    let mut all = records(folder).into_iter();
    all.find(|path| is_record(path).is_ok())
}
