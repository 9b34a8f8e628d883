//! How long a look took.

use super::Observation;
use jiff::Timestamp;

/// How long a look took, of which kind and at what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// The probe.
    pub probe: String,
    /// What was looked at, for people: `GET /api/health`.
    pub label: String,
    /// When it began.
    pub started: Timestamp,
    /// All attempts together, in milliseconds.
    pub duration_ms: u64,
    /// How many times the probe looked.
    pub attempts: u32,
    /// What kept the probe from looking, if anything did.
    pub hindrance: Option<String>,
    /// The digest of the observation.
    pub digest: String,
}

impl From<&Observation> for Timing {
    fn from(one: &Observation) -> Self {
        let hindrance = one.hindrance.as_ref();
        Self {
            probe: one.probe.clone(),
            label: one.label.clone(),
            started: one.started,
            duration_ms: one.duration_ms,
            attempts: one.attempts,
            hindrance: hindrance.map(|one| one.kind.word().to_owned()),
            digest: one.digest.clone(),
        }
    }
}
