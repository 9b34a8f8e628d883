//! The arguments of the verbs by which documents and guides are written.

use super::SubjectArguments;
use clap::Args;
use std::path::PathBuf;

/// The arguments of `guide`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct GuideArguments {
    /// Suites, ids, globs and tags of checks; everything where none is given
    #[arg(value_name = "SELECTOR")]
    pub(in crate::cli) selectors: Vec<String>,
    /// Write it into its region of this file, or renew it there; what stands around it is left alone
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) write: Option<PathBuf>,
    /// With --write: add the region to a file that does not have it yet
    #[arg(long, requires = "write")]
    pub(in crate::cli) append: bool,
    /// With --write: renew the region even where it was changed by hand
    #[arg(long, requires = "write")]
    pub(in crate::cli) take_over: bool,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

/// The arguments of `docs`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct DocsArguments {
    /// Documents, by name or path; every one that the settings know where none is given
    #[arg(value_name = "DOCUMENT")]
    pub(in crate::cli) documents: Vec<String>,
    /// The record: a run or the beginning of one, latest, latest~1 for the one before, or a path
    #[arg(long, value_name = "RECORD", default_value = "latest")]
    pub(in crate::cli) from: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) what: DocsWhat,
    /// With --write: also over what people changed in places that holdpoint had written
    #[arg(long)]
    pub(in crate::cli) take_over: bool,
    /// Take the times of this record also for what was proved before
    #[arg(long)]
    pub(in crate::cli) refresh: bool,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

/// What to do with the documents.
#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
pub(in crate::cli) struct DocsWhat {
    /// Show what would change, and write nothing; what is done where nothing is said
    #[arg(long)]
    pub(in crate::cli) diff: bool,
    /// Write it
    #[arg(long)]
    pub(in crate::cli) write: bool,
    /// End with status 5 where something would change
    #[arg(long)]
    pub(in crate::cli) check: bool,
    /// List what no evidence covers
    #[arg(long)]
    pub(in crate::cli) gaps: bool,
    /// Take out what holdpoint wrote
    #[arg(long)]
    pub(in crate::cli) restore: bool,
}
