//! The exit statuses: one list, for the program, `--help` and the README.

use crate::engine::CutShort;
use crate::model::Outcome;
use std::process::ExitCode;

/// How the program ends. The numbers are an interface and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that must pass was seen to pass; or the verb did its work.
    Go = 0,
    /// Something that must pass failed.
    NoGo = 1,
    /// The arguments, the settings or a file of the user's is wrong.
    Usage = 2,
    /// Something that must pass could not be observed.
    Undecided = 3,
    /// No check was selected.
    NothingSelected = 4,
    /// A document is stale, or a report or record could not be written.
    Unwritten = 5,
    /// The deadline of the run passed.
    Deadline = 124,
    /// The user interrupted the run.
    Interrupted = 130,
}

impl Exit {
    /// Every status with its meaning, in the order of the numbers.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Go, "go, or the verb did its work"),
        (Self::NoGo, "no-go: something that must pass failed"),
        (
            Self::Usage,
            "usage or configuration: an argument, a setting or a file is wrong",
        ),
        (
            Self::Undecided,
            "undecided: something that must pass could not be observed",
        ),
        (Self::NothingSelected, "nothing was selected"),
        (
            Self::Unwritten,
            "a document is stale, or a report or record could not be written",
        ),
        (Self::Deadline, "the deadline of the run passed"),
        (Self::Interrupted, "interrupted"),
    ];

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The status of a run: an early end first, since what it left open cannot be a go.
    pub fn of(outcome: Outcome, cut_short: Option<CutShort>) -> Self {
        match (cut_short, outcome) {
            (Some(CutShort::Interrupted), _) => Self::Interrupted,
            (Some(CutShort::Deadline), _) => Self::Deadline,
            (None, Outcome::Go | Outcome::GoWithWaivers) => Self::Go,
            (None, Outcome::NoGo) => Self::NoGo,
            (None, Outcome::Undecided) => Self::Undecided,
        }
    }

    /// The same, when something that was asked for could not be written: never a go.
    #[must_use]
    pub fn unless_written(self) -> Self {
        if self == Self::Go {
            Self::Unwritten
        } else {
            self
        }
    }

    /// The table for `--help`.
    pub fn table() -> String {
        let rows = Self::ALL
            .iter()
            .map(|(exit, meaning)| format!("  {:>3}  {meaning}", exit.code()));
        format!("Exit status:\n{}", rows.collect::<Vec<_>>().join("\n"))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
