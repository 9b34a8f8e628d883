//! Appends an entry: statement first, then the line, under the lock of the chain's own file.

use super::chain::{Chain, whole};
use super::entry::{Entry, Kind};
use super::fault::{AppendFault, Fault, FaultKind};
use super::store::sync;
use super::{Ledger, unusable};
use crate::evidence::{digest, lock_within, read_regular};
use jiff::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Read as _, Result as IoResult, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

/// An append takes milliseconds; who holds the lock longer is stuck.
const WAIT: Duration = Duration::from_secs(10);

/// A subject is a few words in a list.
const LONGEST_SUBJECT: usize = 200;

/// What is to be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draft<'a> {
    /// The record of a run: its file stays where it is, and the entry names the digest of its bytes.
    Record {
        /// The run.
        run: &'a str,
    },
    /// A statement, which is kept as these bytes. They must hold no secret: nothing can be taken out of them later.
    Statement {
        /// What it is; not a record.
        kind: Kind,
        /// What it is about, in a few words for people.
        subject: &'a str,
        /// Its bytes.
        bytes: &'a [u8],
        /// The armored signature over the bytes; a sign-off and a withdrawal must have one.
        signature: Option<&'a str>,
    },
}

impl Draft<'_> {
    fn kind(&self) -> Kind {
        match self {
            Self::Record { .. } => Kind::Record,
            Self::Statement { kind, .. } => *kind,
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Record { run } => run,
            Self::Statement { subject, .. } => subject,
        }
    }

    fn signature(&self) -> Option<&str> {
        match self {
            Self::Record { .. } => None,
            Self::Statement { signature, .. } => *signature,
        }
    }

    /// Why it cannot be appended, whatever the chain.
    fn refusal(&self) -> Option<String> {
        let subject = self.subject();
        match self {
            Self::Record { run } => {
                unusable(run).map(|cause| format!("'{run}' cannot be the name of a run: {cause}"))
            }
            Self::Statement {
                kind: Kind::Record, ..
            } => Some("a record is appended by its run, not as a statement".into()),
            Self::Statement {
                kind,
                signature: None,
                ..
            } if kind.needs_signature() => {
                Some(format!("a {kind} without a signature means nothing"))
            }
            _ if subject.chars().any(char::is_control) => {
                Some("the subject of an entry is one line of plain text".into())
            }
            _ if subject.len() > LONGEST_SUBJECT => Some(format!(
                "the subject of an entry has at most {LONGEST_SUBJECT} bytes"
            )),
            _ => None,
        }
    }
}

impl Ledger {
    /// Appends an entry after all heads of the gate's chain, and returns it when it is on the disk. What was half
    /// written by an append that was cut short is mended first.
    ///
    /// # Errors
    /// The chain has faults, the draft cannot be appended, another process is at it all the while, or a file could not
    /// be written; then the chain is as it was.
    pub fn append(
        &self,
        gate: &str,
        draft: &Draft<'_>,
        at: Timestamp,
    ) -> Result<Entry, AppendFault> {
        self.put(gate, draft, at, false)
    }

    /// The same, unless the newest entry of the same kind and subject states the same and has the same signature; then
    /// that one is returned and nothing is written. For records, waivers and attestations, which are gathered anew each
    /// time that somebody signs.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn append_new(
        &self,
        gate: &str,
        draft: &Draft<'_>,
        at: Timestamp,
    ) -> Result<Entry, AppendFault> {
        self.put(gate, draft, at, true)
    }

    fn put(
        &self,
        gate: &str,
        draft: &Draft<'_>,
        at: Timestamp,
        only_new: bool,
    ) -> Result<Entry, AppendFault> {
        let (path, shown) = self.chain_path(gate)?;
        if let Some(cause) = draft.refusal() {
            return Err(AppendFault::Refused(cause));
        }
        let statement = self.digest_of(draft)?;
        let signature = draft.signature().map(|text| digest(text.as_bytes()));
        let mut locked = Locked::open(&path, &shown)?;
        let bytes = locked.read()?;
        let mut chain = Chain::of(&bytes, gate, &shown);
        if !chain.faults.is_empty() {
            return Err(chain.faults.into());
        }
        let mut end = whole(&bytes);
        if chain.torn.take().is_some_and(|torn| torn.whole.is_some()) {
            // All but its newline was written: it is an entry, and dropping it could drop a withdrawal.
            let mended = [&bytes[..], b"\n"].concat();
            chain = Chain::of(&mended, gate, &shown);
            if !chain.faults.is_empty() {
                return Err(chain.faults.into());
            }
            locked.write(bytes.len(), b"\n")?;
            end = mended.len();
        }
        let same = |entry: &&Entry| entry.statement == statement && entry.signature == signature;
        let newest = chain
            .of_kind(draft.kind())
            .rfind(|entry| entry.subject == draft.subject());
        if only_new && let Some(entry) = newest.filter(same) {
            return Ok(entry.clone());
        }
        if let Draft::Statement {
            bytes, signature, ..
        } = draft
        {
            self.keep(bytes, *signature)?;
        }
        let entry = Entry {
            digest: String::new(),
            sequence: chain.last_sequence() + 1,
            after: chain.heads,
            at,
            gate: gate.to_owned(),
            kind: draft.kind(),
            signature,
            statement,
            subject: draft.subject().to_owned(),
        };
        let (entry, line) = entry
            .seal()
            .map_err(|cause| locked.unwritten(&Error::other(cause)))?;
        locked.write(end, &line)?;
        locked.still_there()?;
        Ok(entry)
    }

    /// The digest that the entry names: of the statement, or of the record's file as it is now.
    fn digest_of(&self, draft: &Draft<'_>) -> Result<String, AppendFault> {
        let run = match draft {
            Draft::Statement { bytes, .. } => return Ok(digest(bytes)),
            Draft::Record { run } => run,
        };
        let path = self.record_path(run).unwrap_or_default();
        let bytes = read_regular(&path).map_err(|error| {
            let kind = FaultKind::Unreadable(error.to_string());
            AppendFault::from(Fault::new(self.shown(&path), None, kind))
        })?;
        Ok(digest(&bytes))
    }
}

impl From<Fault> for AppendFault {
    fn from(fault: Fault) -> Self {
        Self::Faulty(vec![fault])
    }
}

impl From<Vec<Fault>> for AppendFault {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Faulty(faults)
    }
}

/// The file of a chain, held until it is dropped.
struct Locked<'a> {
    file: File,
    path: &'a Path,
    shown: &'a str,
}

impl<'a> Locked<'a> {
    fn open(path: &'a Path, shown: &'a str) -> Result<Self, AppendFault> {
        let unwritten = |error: Error| AppendFault::Unwritten {
            path: shown.to_owned(),
            cause: error.to_string(),
        };
        let folder = path.parent().unwrap_or(path);
        std::fs::create_dir_all(folder).map_err(unwritten)?;
        // A pipe would be waited for without end.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(unwritten(Error::other("it is no regular file")));
        }
        loop {
            let file = OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .open(path)
                .map_err(unwritten)?;
            match lock_within(&file, WAIT) {
                Ok(()) => {}
                // Without a lock, mending could cut off what another process has just written.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    let cause = "its file system has no locks, which keep two appends apart";
                    return Err(unwritten(Error::other(cause)));
                }
                Err(TryLockError::Error(error)) => return Err(unwritten(error)),
                Err(TryLockError::WouldBlock) => return Err(AppendFault::Busy(shown.to_owned())),
            }
            let locked = Self { file, path, shown };
            // Git puts a new file in place of the old: what is locked must be what is there.
            if locked.same() {
                sync(folder);
                return Ok(locked);
            }
        }
    }

    fn same(&self) -> bool {
        let identity = |about: std::fs::Metadata| (about.dev(), about.ino());
        let there = std::fs::metadata(self.path).map(identity);
        let here = self.file.metadata().map(identity);
        matches!((there, here), (Ok(there), Ok(here)) if there == here)
    }

    fn still_there(&self) -> Result<(), AppendFault> {
        match self.same() {
            true => Ok(()),
            false => Err(AppendFault::Replaced(self.shown.to_owned())),
        }
    }

    fn read(&mut self) -> Result<Vec<u8>, AppendFault> {
        let mut bytes = Vec::new();
        match self.file.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(self.unwritten(&error)),
        }
    }

    /// Writes bytes after the first `end`, in place of what is there, to the disk.
    fn write(&mut self, end: usize, bytes: &[u8]) -> Result<(), AppendFault> {
        let end = end as u64;
        let mut put = || -> IoResult<()> {
            self.file.set_len(end)?;
            self.file.write_all(bytes)?;
            self.file.sync_all()
        };
        match put() {
            Ok(()) => Ok(()),
            Err(error) => {
                // What did not count must not come back; where even this fails, the first error is the one to tell.
                let _ = self.file.set_len(end);
                Err(self.unwritten(&error))
            }
        }
    }

    fn unwritten(&self, error: &Error) -> AppendFault {
        AppendFault::Unwritten {
            path: self.shown.to_owned(),
            cause: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = ".holdpoint/ledger/quality.jsonl";

    #[test]
    fn a_chain_that_was_replaced_meanwhile_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["chain", "other"].map(|name| folder.path().join(name));
        let locked = Locked::open(&path, SHOWN).unwrap();
        assert_eq!(locked.still_there(), Ok(()));
        std::fs::write(&other, "").unwrap();
        std::fs::rename(&other, &path).unwrap();
        let replaced = AppendFault::Replaced(SHOWN.into());
        assert_eq!(locked.still_there(), Err(replaced.clone()));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(locked.still_there(), Err(replaced));
    }

    #[test]
    fn what_could_not_be_written_leaves_the_chain_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain");
        std::fs::write(&path, "one\n").unwrap();
        let mut locked = Locked {
            file: File::open(&path).unwrap(),
            path: &path,
            shown: SHOWN,
        };
        let fault = locked.write(4, b"two\n").unwrap_err();
        assert!(matches!(fault, AppendFault::Unwritten { path, .. } if path == SHOWN));
        assert_eq!(std::fs::read(&path).unwrap(), b"one\n");
        let folder = Locked::open(folder.path(), SHOWN).err();
        assert!(
            matches!(folder, Some(AppendFault::Unwritten { cause, .. }) if cause.contains("no regular file"))
        );
    }
}
