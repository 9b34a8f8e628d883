//! Statements on disk: files named by the digest of their bytes, which are never written anew.

use super::entry::{Entry, Kind, hex_of};
use super::fault::{AppendFault, Fault, FaultKind, Named};
use super::{FOLDER, Ledger, unusable};
use crate::evidence::{digest, read_regular};
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result as IoResult, Write as _};
use std::path::{Path, PathBuf};

/// What an entry states, as it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The exact bytes of the statement, or of the record's file.
    pub bytes: Vec<u8>,
    /// The armored signature over them, where the entry says that there is one. Who signed is for others to find out.
    pub signature: Option<String>,
}

impl Ledger {
    /// The folder of the statements, seen from the root.
    pub(super) fn statements() -> String {
        format!("{FOLDER}/statements")
    }

    /// The bytes of a statement, which have the digest that they are asked for by.
    ///
    /// # Errors
    /// It is not there, cannot be read, or was changed.
    pub fn statement(&self, digest: &str) -> Result<Vec<u8>, Fault> {
        let path = self.statement_path(digest, "", &Named::default())?;
        self.bytes(&path, digest, &Named::default())
    }

    /// What an entry states: the bytes and the signature that it names, or the record.
    ///
    /// # Errors
    /// A file that it names is not there, cannot be read, or was changed; or it has no signature and means nothing
    /// without one.
    pub fn stated(&self, entry: &Entry) -> Result<Stated, Fault> {
        let Entry {
            kind,
            subject,
            gate,
            sequence,
            ..
        } = entry;
        let named = Named {
            by: format!("the {kind} '{subject}' of {gate} (entry {sequence})"),
            entry: entry.digest.clone(),
        };
        let path = match kind {
            Kind::Record => self.record_path(subject).ok_or_else(|| {
                let shown = self.shown(&self.records);
                Fault::new(shown, None, FaultKind::NoName(named.clone()))
            })?,
            _ => self.statement_path(&entry.statement, "", &named)?,
        };
        let bytes = self.bytes(&path, &entry.statement, &named)?;
        let signature = match &entry.signature {
            None if kind.needs_signature() => {
                let chain = format!("{FOLDER}/{gate}.jsonl");
                return Err(Fault::new(chain, None, FaultKind::Unsigned(named)));
            }
            None => None,
            Some(claimed) => {
                let path = self.statement_path(&entry.statement, ".sig", &named)?;
                let bytes = self.bytes(&path, claimed, &named)?;
                let text = String::from_utf8(bytes).map_err(|error| {
                    let kind = FaultKind::Unreadable(error.to_string());
                    Fault::new(self.shown(&path), None, kind)
                })?;
                Some(text)
            }
        };
        Ok(Stated { bytes, signature })
    }

    /// The file of a run's record; none where a run cannot be named so.
    pub(super) fn record_path(&self, run: &str) -> Option<PathBuf> {
        let usable = unusable(run).is_none();
        usable.then(|| self.records.join(format!("{run}.jsonl")))
    }

    fn statement_path(&self, digest: &str, end: &str, named: &Named) -> Result<PathBuf, Fault> {
        let folder = Self::statements();
        match hex_of(digest) {
            Some(hex) => Ok(self.root.join(folder).join(format!("{hex}.json{end}"))),
            None => Err(Fault::new(folder, None, FaultKind::NoName(named.clone()))),
        }
    }

    fn bytes(&self, path: &Path, claimed: &str, named: &Named) -> Result<Vec<u8>, Fault> {
        let fault = |kind| Fault::new(self.shown(path), None, kind);
        let bytes = read_regular(path).map_err(|error| {
            fault(match error.kind() {
                ErrorKind::NotFound => FaultKind::Missing(named.clone()),
                _ => FaultKind::Unreadable(error.to_string()),
            })
        })?;
        match digest(&bytes) == claimed {
            true => Ok(bytes),
            false => Err(fault(FaultKind::Differs(named.clone()))),
        }
    }

    /// Keeps a statement and its signature, before an entry names them. A crash after this leaves files that nothing
    /// names, which harm nothing.
    pub(super) fn keep(&self, bytes: &[u8], signature: Option<&str>) -> Result<(), AppendFault> {
        let claimed = digest(bytes);
        let hex = hex_of(&claimed).unwrap_or_default();
        let folder = self.root.join(Self::statements());
        let statement = folder.join(format!("{hex}.json"));
        let beside = folder.join(format!("{hex}.json.sig"));
        let unwritten = |path: &Path, error: &Error| AppendFault::Unwritten {
            path: self.shown(path),
            cause: error.to_string(),
        };
        std::fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error))?;
        let files = [
            signature.map(|text| (beside, text.as_bytes())),
            Some((statement, bytes)),
        ];
        for (path, bytes) in files.into_iter().flatten() {
            match keep(&path, bytes).map_err(|error| unwritten(&path, &error))? {
                Kept::Whole => {}
                Kept::Other => {
                    let kind = FaultKind::Differs(Named::default());
                    let fault = Fault::new(self.shown(&path), None, kind);
                    return Err(AppendFault::Faulty(vec![fault]));
                }
            }
        }
        Ok(())
    }
}

enum Kept {
    /// The file has these bytes.
    Whole,
    /// It was there, with others.
    Other,
}

/// Writes a file whole or not at all, where none is; one that is there is only compared.
fn keep(path: &Path, bytes: &[u8]) -> IoResult<Kept> {
    let compare = || {
        read_regular(path).map(|found| match found == bytes {
            true => Kept::Whole,
            false => Kept::Other,
        })
    };
    match compare() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        told => return told,
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = folder.join(format!(".holdpoint-{:016x}", fastrand::u64(..)));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| match std::fs::hard_link(&beside, path) {
            // Some file systems have no hard links.
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !path.exists() => {
                std::fs::rename(&beside, path)
            }
            told => told,
        });
    // It is there by its own name now, or of no use; the first error is the one to tell.
    let _ = std::fs::remove_file(&beside);
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => compare(),
        told => told.map(|()| {
            sync(folder);
            Kept::Whole
        }),
    }
}

/// Makes a new name in a folder last. The file is in its place whether or not the file system can do that, so there is
/// nothing to tell.
pub(super) fn sync(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}
