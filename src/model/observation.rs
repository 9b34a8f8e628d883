//! An observation: what one look saw, when, at what, and how long it took.

use super::{Facts, Hindrance};
use jiff::Timestamp;

/// What one look saw. Checks that look at the same thing share one observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The probe's name.
    pub probe: String,
    /// What was looked at, for people: `GET /api/health`.
    pub label: String,
    /// The key under which equal looks are shared: digest of probe and parameters.
    pub key: String,
    /// When the look began.
    pub started: Timestamp,
    /// How long it took, all attempts together, in milliseconds.
    pub duration_ms: u64,
    /// How many times the probe looked; above one means that transient faults were retried.
    pub attempts: u32,
    /// The facts; empty or partial where a hindrance is given.
    pub facts: Facts,
    /// What kept the probe from looking, if anything did.
    pub hindrance: Option<Hindrance>,
    /// Raw material kept as evidence.
    pub excerpts: Vec<Excerpt>,
    /// `sha256:…` of the canonical form of everything above, set when the observation is recorded.
    pub digest: String,
}

/// A piece of raw material kept as evidence, cut to what may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// What it is: `request`, `response`, `certificate`.
    pub name: String,
    /// The text, redacted before it is recorded.
    pub text: String,
}
