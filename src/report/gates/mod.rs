//! How gates stand: one file for each format, all of the same standings.

mod json;
mod markdown;
mod words;

pub use json::render as json;
pub(super) use json::{blocker, counts};
pub use markdown::render as markdown;

use crate::release::GateStanding;
use jiff::Timestamp;

/// What a report on gates is made from.
#[derive(Clone, Copy)]
pub struct GateReport<'a> {
    /// The gates that are told of.
    pub told: &'a [&'a GateStanding<'a>],
    /// Every gate, so that those before one can be told too.
    pub all: &'a [GateStanding<'a>],
    /// The project's name.
    pub project: &'a str,
    /// When it was decided.
    pub now: Timestamp,
    /// The record that was taken in place of the newest, where one was.
    pub instead: Option<&'a str>,
}

pub use super::terminal::gates as terminal;
pub(super) use words::{closing, known, since, state};
