//! What stands on disk, version by version.

pub(super) mod v1;
