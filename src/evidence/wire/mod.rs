//! What stands on disk, version by version.

mod baseline;
pub(super) mod v1;
