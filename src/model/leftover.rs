//! Things that a probe creates in a service for a moment, and the promise to take them away.

use std::fmt::Debug;

/// A thing that a probe is about to create in a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The service, for people: `MongoDB at db.example.com`.
    pub service: String,
    /// What is created: `the collection holdpoint_probe_… in the database shop`.
    pub what: String,
    /// The one step by which a person removes it, without a secret in it.
    pub removal: String,
    /// After this many seconds the service removes it by itself; none where it never does.
    pub expires_after: Option<u32>,
}

/// Where promises are written down, so that a later run can say what a kill left behind.
pub trait Pledges: Send + Sync + Debug {
    /// Writes down, to the disk, what is about to be created, and gives the promise a number.
    ///
    /// # Errors
    /// It cannot be written; then nothing may be created.
    fn open(&self, leftover: &Leftover) -> Result<u64, String>;

    /// Notes that it is gone.
    fn close(&self, number: u64);
}
