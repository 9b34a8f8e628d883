//! The arguments of the verbs by which records are read: one followed down, two compared.

use super::{ReportTarget, SubjectArguments};
use crate::report::diff::FORMATS;
use clap::Args;
use std::path::PathBuf;

/// What the help of `explain` ends with.
pub(super) const EXPLAIN: &str = "\
Examples:
  holdpoint explain headers.api          a check: why, how it looks, how to mend
  holdpoint explain http                 a probe: its parameters and its facts
  holdpoint explain latest               the newest record: what did not pass
  holdpoint explain latest:headers.api   one verdict: what was looked at,
                                         what each expectation read and gave,
                                         request and response, what repeats it
  holdpoint explain 20260302T0900:headers.api   the same of another run
  holdpoint explain sha256:4b1c0a99d2e7         one observation, by its digest

A run is named by its beginning, and a digest by its first 12 digits or more. Every observation is held to its digest when the record is read; one that was changed ends it with 2.";

/// What the help of `diff` ends with.
pub(super) const DIFF: &str = "\
Examples:
  holdpoint diff latest~1                      the newest and the one before
  holdpoint diff 20260302T0900 20260309T1015   two runs, by their beginnings
  holdpoint diff before.jsonl --report markdown=changes.md

It ends with 0 where nothing is worse, with 1 where something broke, is worse or was found to fail, and \
with 3 where something cannot be told and nothing is worse. A run with --baseline judges in the same \
way. A check that fails as before, but at more looks, for more expectations or for more of what it \
lists, is worse; one that is defined otherwise is another check. Checks below the severity that the \
second record must pass at are shown and do not decide it, nor do those that a waiver accepts. What \
the second record did not ask for is out of sight here, and no matter of a run with --baseline.";

/// The arguments of `explain`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ExplainArguments {
    /// A check, a probe, a record (a run or the beginning of one, latest, a path), one of its findings, or the digest of an observation
    #[arg(value_name = "CHECK|PROBE|RECORD|RECORD:CHECK|DIGEST")]
    pub(in crate::cli) id: String,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

/// The arguments of `diff`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct DiffArguments {
    /// The record before: a run or the beginning of one, latest~1 for the one before the newest, or a path
    #[arg(value_name = "RECORD")]
    pub(in crate::cli) before: PathBuf,
    /// The record after; the newest where none is given
    #[arg(value_name = "RECORD")]
    pub(in crate::cli) after: Option<PathBuf>,
    /// Write the comparison as terminal, json or markdown; repeatable; the path - is standard output
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report)]
    pub(in crate::cli) report: Vec<ReportTarget>,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

fn report(text: &str) -> Result<ReportTarget, String> {
    let (format, path) = text.split_once('=').unwrap_or((text, "-"));
    if !FORMATS.contains(&format) {
        return Err(format!(
            "there is no format '{format}' of comparisons; the formats are {}",
            FORMATS.join(", ")
        ));
    }
    if path.is_empty() {
        return Err(format!(
            "no path is given; write {format}=PATH, or {format}=- for standard output"
        ));
    }
    Ok(ReportTarget {
        format: format.into(),
        path: (path != "-").then(|| PathBuf::from(path)),
    })
}
