//! What a run was about: the program, the application and the circumstances, for reports and documents.

use super::Level;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What was looked at, by which program, when, and how far it was allowed to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The version of holdpoint.
    pub tool_version: String,
    /// The application's name.
    pub project: String,
    /// The name of the folder that holds the application's repository.
    pub root: String,
    /// The address of the running application; none where only the repository was looked at.
    pub target: Option<String>,
    /// The name of the environment: `production`, `staging`.
    pub environment: String,
    /// How far the run was allowed to reach.
    pub level: Level,
    /// What was asked for, word by word.
    pub selection: Vec<String>,
    /// The suites among what was asked for.
    pub suites: Vec<String>,
    /// Options that say where and how far to look and that were given as arguments: `--target`, `--env-file`.
    pub given: Vec<String>,
    /// When the run began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The commit of the application's repository.
    pub commit: Option<String>,
    /// The repository held changes that no commit has.
    pub dirty: bool,
    /// Every file that git tracks was seen to be as the commit has it; false as well where that could not be told.
    pub clean: bool,
    /// Where the record is kept.
    pub record: Option<String>,
    /// `sha256:…` of the record's bytes as the run left them.
    pub record_digest: Option<String>,
    /// The files that were read, with their digests as the record has them.
    pub inputs: Vec<(String, String)>,
    /// The name of the run.
    pub run: String,
    /// The run that this one was held to be no worse than.
    pub baseline: Option<String>,
    /// Why the run ended before everything was looked at.
    pub interrupted: Option<String>,
    /// Every check of the catalogue, selected or not, with its tags, so that a document can say which
    /// checks prove which of its items.
    pub tags: BTreeMap<String, Vec<String>>,
}
