//! What the plan says of a gate beside its definition; a sign-off does not rest on it.

use jiff::civil::Date;

/// When a gate is to be open, and who leads its team.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanEntry {
    /// The gate, or the name of its team, as it is written.
    pub gate: String,
    /// The last day (UTC) on which it is in time.
    pub target: Option<Date>,
    /// Who leads the team.
    pub leader: Option<String>,
}
