//! A baseline: what an earlier run saw, so that a later one can be held to be no worse.

use super::Verdict;
use std::collections::BTreeMap;

/// What a run is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The run.
    pub run: String,
    /// `sha256:…` of its record's bytes.
    pub digest: String,
    /// The address that it examined.
    pub target: Option<String>,
    /// The name of the environment that it examined.
    pub environment: String,
    /// It ended before everything was looked at.
    pub cut_short: bool,
    /// What it tells of each check.
    pub checks: BTreeMap<String, Held>,
}

/// What a run tells of one check, as far as it is compared by that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What the check concluded.
    pub verdict: Verdict,
    /// Why, in one line.
    pub reason: String,
    /// What failed, in order: each look with the line of the expectation; twice what failed twice.
    pub faults: Vec<(String, usize)>,
    /// What could not be told, likewise; line 0 where the look did not come about.
    pub unseen: Vec<(String, usize)>,
    /// A look of it passed, though the whole could not be told.
    pub partly: bool,
    /// `sha256:…` of the check's text.
    pub definition: String,
}
