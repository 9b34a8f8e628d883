//! What probing gave, and why it ended.

use super::fit::Fit;
use super::log::Log;

/// Why probing ended.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::probe::limits) enum Ending {
    /// One family was left, and held in experiments more.
    Settled,
    /// All experiments were made, or no family is left.
    Done,
    /// So many requests in so many seconds, and none was refused.
    Unrefused,
    /// The requests or the seconds were spent.
    Spent(String),
    /// An answer was lost, or the server failed.
    Spoilt(String),
    /// Something was used up before.
    Used,
}

/// What probing gave.
#[derive(Debug, Clone)]
pub(in crate::probe::limits) struct Probed {
    pub(in crate::probe::limits) log: Log,
    pub(in crate::probe::limits) fits: Vec<Fit>,
    pub(in crate::probe::limits) ending: Ending,
    pub(in crate::probe::limits) sent: u64,
    pub(in crate::probe::limits) seconds: f64,
    /// The status of requests that passed.
    pub(in crate::probe::limits) status: Option<u16>,
}

impl Probed {
    /// The one family that is left, where there is one and it held.
    pub(in crate::probe::limits) fn identified(&self) -> Option<&Fit> {
        match self.fits.as_slice() {
            [one] if self.ending == Ending::Settled => Some(one),
            _ => None,
        }
    }
}
