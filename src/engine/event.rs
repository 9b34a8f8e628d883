//! What happens during a run, for those who show it.

use crate::model::Finding;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A look began.
    LookBegan {
        /// Its place in the plan.
        look: usize,
    },
    /// A look waits before another attempt, because of a passing fault.
    LookWaits {
        /// Its place in the plan.
        look: usize,
        /// How long, in milliseconds.
        delay_ms: u64,
    },
    /// A look ended and is in the record.
    LookEnded {
        /// Its place in the plan.
        look: usize,
    },
    /// A check has its finding.
    Concluded(Box<Finding>),
}
