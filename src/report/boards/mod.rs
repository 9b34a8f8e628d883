//! Boards for whoever coordinates the teams: one file for each format, all of the same board.

mod json;
mod markdown;
mod words;

pub use json::render as json;
pub use markdown::render as markdown;

use crate::release::board::{Board, Governance, TeamNews};
use jiff::Timestamp;

/// What a board is written from.
#[derive(Clone, Copy)]
pub struct BoardReport<'a> {
    /// The gates as boards show them.
    pub board: &'a Board<'a>,
    /// The project's name.
    pub project: &'a str,
    /// Which board.
    pub view: View<'a>,
}

/// Which board is asked for.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// The teams, and what holds the release.
    Teams,
    /// What each team says in a minute.
    Standup {
        /// Since when.
        since: Timestamp,
        /// What is new, in the order of the rows.
        news: &'a [TeamNews<'a>],
    },
    /// What is weighed once a week.
    Governance(&'a Governance<'a>),
}

pub use super::terminal::boards as terminal;
pub(super) use words::{
    act, changes, decided, holds_up, leader, nothing_yet, obstacle, path, target, team,
};

#[cfg(test)]
mod tests;
