//! Why a document cannot be read or written: what, where, and how to mend it.

use crate::diagnostic::Diagnostic;
use std::io::{Error, ErrorKind};
use std::string::FromUtf8Error;

/// Why a document was not read or not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind, for those who decide by it.
    pub kind: FaultKind,
    /// What, where, and how to mend it.
    pub told: Diagnostic,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not there.
    Missing,
    /// It cannot be read, or is not text that holdpoint edits.
    Unreadable,
    /// It may be read but not replaced.
    Protected,
    /// It is not what was read.
    Changed,
    /// Another holdpoint is at work.
    Busy,
    /// Writing failed; it is as it was.
    Unwritten,
}

impl From<Box<Fault>> for Diagnostic {
    fn from(fault: Box<Fault>) -> Self {
        fault.told
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.told.fmt(f)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    fn new(kind: FaultKind, message: String, help: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            kind,
            told: Diagnostic::new(message).help(help),
        })
    }

    pub(super) fn unreadable(name: &str, error: &Error, link: bool) -> Box<Self> {
        let (kind, message, help) = match error.kind() {
            ErrorKind::NotFound if link => (
                FaultKind::Missing,
                format!("{name} is a link that leads nowhere"),
                "let it lead to the document, or remove it",
            ),
            ErrorKind::NotFound => (
                FaultKind::Missing,
                format!("there is no {name}"),
                "check the path; [documents] in holdpoint.toml says where a document is",
            ),
            ErrorKind::PermissionDenied => (
                FaultKind::Unreadable,
                format!("cannot read {name}: {error}"),
                "make it readable for the user who runs holdpoint",
            ),
            _ => (
                FaultKind::Unreadable,
                format!("cannot read {name}: {error}"),
                "make sure that it is a readable file",
            ),
        };
        Self::new(kind, message, help)
    }

    pub(super) fn no_file(name: &str, folder: bool) -> Box<Self> {
        let what = if folder {
            "a folder"
        } else {
            "no regular file"
        };
        Self::new(
            FaultKind::Unreadable,
            format!("{name} is {what}"),
            "name the file of the document",
        )
    }

    pub(super) fn too_large(name: &str, largest: u64) -> Box<Self> {
        Self::new(
            FaultKind::Unreadable,
            format!("{name} is larger than {} MiB", largest >> 20),
            "name the file of the document; this is something else",
        )
    }

    pub(super) fn not_utf8(name: &str, error: &FromUtf8Error) -> Box<Self> {
        let offset = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = bytes.get(..offset).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let help = if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            "it looks like UTF-16; save it as UTF-8"
        } else {
            "save it as UTF-8; holdpoint edits no other text, since it could not leave it as it is"
        };
        Self::new(
            FaultKind::Unreadable,
            format!("{name}:{line}: the text is not UTF-8 (at byte offset {offset})"),
            help,
        )
    }

    pub(super) fn read_only(name: &str) -> Box<Self> {
        Self::new(
            FaultKind::Protected,
            format!("{name} is read-only, so it is left as it is"),
            format!("chmod u+w {name} where holdpoint shall write into it"),
        )
    }

    pub(super) fn linked(name: &str, links: u64) -> Box<Self> {
        Self::new(
            FaultKind::Protected,
            format!(
                "{name} is one of {links} names of the same file, and replacing it would leave the others with the old text"
            ),
            "make it a file of its own (copy it and move the copy over it), or a symbolic link",
        )
    }

    pub(super) fn changed(name: &str) -> Box<Self> {
        Self::new(
            FaultKind::Changed,
            format!(
                "{name} was changed by somebody else meanwhile, so it is left as they wrote it"
            ),
            "run the same again; it then starts from the new text",
        )
    }

    pub(super) fn unwritten(name: &str, error: &Error) -> Box<Self> {
        let help = match error.kind() {
            ErrorKind::PermissionDenied => {
                "its folder must be writable: a new file is written beside it and takes its place"
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                "make room; the new text is written beside the old one first"
            }
            ErrorKind::ReadOnlyFilesystem => "it is on a file system that cannot be written to",
            _ => "check the folder's permissions and free space",
        };
        Self::new(
            FaultKind::Unwritten,
            format!("cannot write {name}: {error}; nothing was changed"),
            help,
        )
    }

    pub(super) fn unlocked(name: &str, error: &Error) -> Box<Self> {
        Self::new(
            FaultKind::Unwritten,
            format!("cannot take the lock {name}: {error}"),
            "its folder must be writable: the lock keeps two runs from writing at once",
        )
    }

    pub(super) fn busy(name: &str, seconds: u64) -> Box<Self> {
        Self::new(
            FaultKind::Busy,
            format!(
                "another holdpoint is writing here, and has not ended within {seconds} s ({name} is locked)"
            ),
            "wait until it has ended and run this again; the lock goes with the process that holds it",
        )
    }
}
