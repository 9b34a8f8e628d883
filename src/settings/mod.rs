//! What a run is about: arguments, `holdpoint.toml`, environment files and what was found in the repository.
//!
//! For each value an argument wins over a `HOLDPOINT_…` variable, that over `holdpoint.toml`, that
//! over what was detected, and that over a default. Environment files are another matter: the
//! process environment wins over the files that Next.js would load, but a file that the user named
//! wins over the process environment, because it was named.

mod address;
mod authority;
mod choice;
mod detect;
pub mod dotenv;
mod file;
mod fingerprint;
mod init;
mod interpolate;
mod load;
mod places;
mod read;
mod register;
mod shared;
mod target;

pub use choice::Choice;
pub use file::differ_in_plan_alone;
pub use fingerprint::keep_key;
pub use init::{commented, write_new};
pub use interpolate::{Unfilled, interpolate};
pub use load::load;
pub use shared::{folders as shared_folders, user};

use crate::diagnostic::{Diagnostic, Source};
use crate::model::{Application, Environment, Level, PlanEntry, Severity, Target};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

/// What the command line says; what it does not say is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    /// `--root`: the application's repository.
    pub root: Option<PathBuf>,
    /// `--config`: the settings file.
    pub config: Option<PathBuf>,
    /// `--target`, or the URL of `smoke`.
    pub target: Option<String>,
    /// `--environment`: the name of the target's environment.
    pub environment: Option<String>,
    /// `--owned`: the target is the user's own.
    pub owned: bool,
    /// `--on-production`: level active may go to a target in production.
    pub on_production: bool,
    /// `--env-file`, in the order in which they are given: read in place of the detected files; a later
    /// one wins over an earlier one, and all win over the process environment.
    pub env_files: Vec<PathBuf>,
    /// `--level`
    pub level: Option<Level>,
    /// `--timeout`: the time for one look.
    pub timeout: Option<Duration>,
    /// `--deadline`: the time for the whole run.
    pub deadline: Option<Duration>,
    /// `--concurrency`: looks at the same time.
    pub concurrency: Option<usize>,
    /// `--per-host`: looks at one origin at the same time.
    pub per_host: Option<usize>,
    /// `--retries`: further attempts after a passing fault.
    pub retries: Option<u32>,
    /// `--fail-on`
    pub fail_on: Option<Severity>,
    /// What holds where nothing else is said; verbs differ in it.
    pub defaults: Limits,
}

/// Everything that a run is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The project's name, or that of its package.
    pub project: Option<String>,
    /// The running application, where one was given or found.
    pub target: Option<Target>,
    /// The application's repository, as an absolute path.
    pub root: PathBuf,
    /// The settings file that was read.
    pub config: Option<PathBuf>,
    /// What the repository says.
    pub application: Application,
    /// The variables that the application would see.
    pub environment: Environment,
    /// Authorities that Node.js would trust for the application beside the public ones, as PEM text.
    pub authority_of_node: Option<String>,
    /// The mode of Next.js whose environment files count.
    pub mode: String,
    /// How far the run may go.
    pub level: Level,
    /// Time and number.
    pub limits: Limits,
    /// Findings of at least this severity must pass.
    pub fail_on: Severity,
    /// The folder of the user's checks; it need not exist.
    pub checks: PathBuf,
    /// Ids of shipped checks that the user's may replace.
    pub overrides: Vec<String>,
    /// The user's suites: name to selectors.
    pub suites: BTreeMap<String, Vec<String>>,
    /// The file of waivers; it need not exist.
    pub waivers: PathBuf,
    /// The file of the user's gates; it need not exist.
    pub gates: PathBuf,
    /// Documents by name, relative to the root.
    pub documents: BTreeMap<String, String>,
    /// The folder of records.
    pub records: PathBuf,
    /// What the plan says of gates.
    pub plan: Vec<Scheduled>,
    /// Where each value came from.
    pub sources: Vec<Choice>,
    /// What is odd and stops nothing.
    pub warnings: Vec<Diagnostic>,
}

/// What the plan says of a gate, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// What it says.
    pub entry: PlanEntry,
    /// The settings file.
    pub source: Source,
    /// The bytes of the name.
    pub span: Range<usize>,
    /// The line of the name.
    pub line: usize,
}

/// How long and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one look.
    pub timeout: Duration,
    /// For the whole run; with active looks, [`Self::ACTIVE_DEADLINE`] is the default.
    pub deadline: Duration,
    /// Looks at the same time.
    pub concurrency: usize,
    /// Looks at one origin at the same time.
    pub per_host: usize,
    /// Further attempts after a passing fault.
    pub retries: u32,
}

impl Limits {
    /// For a whole run with active looks, which are paced, where nothing else is said.
    pub const ACTIVE_DEADLINE: Duration = Duration::from_secs(900);

    /// These defaults for runs up to a level.
    fn at(self, level: Level) -> Self {
        let usual = self.deadline == Self::default().deadline;
        Self {
            deadline: match level {
                Level::Active if usual => Self::ACTIVE_DEADLINE,
                _ => self.deadline,
            },
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(300),
            concurrency: 64,
            per_host: 16,
            retries: 2,
        }
    }
}

/// The environment of this process; bytes that are not UTF-8 are replaced.
pub fn process_environment() -> BTreeMap<String, String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the process environment"
    )]
    let variables = std::env::vars_os();
    variables
        .map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
