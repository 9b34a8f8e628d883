//! The record on disk: append-only lines, redacted before they are written, synced before they count.

mod canonical;
mod leftovers;
mod lock;
mod reader;
mod repository;
mod seal;
mod unseen;
mod wire;
mod writer;

pub use canonical::{canonical_bytes, digest};
pub use leftovers::Leftovers;
pub use lock::lock_within;
pub use reader::{
    Record, RecordFault, definitions, is_record, latest, name_of_run, not_named, read,
    read_regular, records,
};
pub use repository::Repository;
pub use seal::{as_recorded, seal};
pub use wire::v1::{Baseline, Ending, Header, Input, PlannedCheck, PlannedLook, SCHEMA};
pub use writer::{Handed, RecordWriter, WriteFault};

#[cfg(test)]
mod tests;
