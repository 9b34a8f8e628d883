//! The only place that reads the time, so that everything else is a function of its inputs.

use jiff::Timestamp;
use std::time::Instant;

/// The present moment in UTC, for records.
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    Timestamp::now()
}

/// A point on the monotonic clock, for durations and deadlines.
pub fn tick() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    Instant::now()
}
