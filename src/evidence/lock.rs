//! Waits for the lock of an open file, which keeps two processes and two threads from writing at once.

use crate::clock;
use std::fs::{File, TryLockError};
use std::time::Duration;

/// Takes the lock of an open file, and waits so long for it. The system gives it back when the file is closed or the
/// process ends, however it ends.
///
/// # Errors
/// Another has it all the while (`WouldBlock`), or the system cannot lock; `Unsupported` is a file system without locks.
pub fn lock_within(file: &File, wait: Duration) -> Result<(), TryLockError> {
    let until = clock::tick() + wait;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if clock::tick() < until => {
                std::thread::sleep(Duration::from_millis(20));
            }
            told => return told,
        }
    }
}
