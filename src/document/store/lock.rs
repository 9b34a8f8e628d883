//! Keeps two runs from writing documents at once.

use super::Fault;
use crate::evidence::lock_within;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

/// Writing documents takes less; who holds the lock longer is stuck, or waits for a person.
const WAIT: Duration = Duration::from_secs(5);

/// The right to write documents, until it is dropped. The system takes it back from a process that
/// dies, so a lock is never left over.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a repository, and waits a few seconds for it.
    ///
    /// # Errors
    /// Another holdpoint has it, or the file cannot be made.
    pub fn take(root: &Path) -> Result<Self, Box<Fault>> {
        Self::take_within(root, WAIT)
    }

    pub(super) fn take_within(root: &Path, wait: Duration) -> Result<Self, Box<Fault>> {
        const NAME: &str = ".holdpoint/documents/.lock";
        let path = root.join(NAME);
        let unlocked = |error: Error| Fault::unlocked(NAME, &error);
        let folder = path.parent().unwrap_or(root);
        std::fs::create_dir_all(folder).map_err(unlocked)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(unlocked)?;
        match lock_within(&file, wait) {
            Ok(()) => Ok(Self { _file: file }),
            // A file system without locks: what remains is that a changed file is never replaced.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                Ok(Self { _file: file })
            }
            Err(TryLockError::Error(error)) => Err(unlocked(error)),
            Err(TryLockError::WouldBlock) => Err(Fault::busy(NAME, wait.as_secs())),
        }
    }
}
