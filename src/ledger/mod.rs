//! What was stated about each gate, kept so that nobody can change it unseen: tamper-evident, not tamper-proof.
//!
//! A chain per gate (`.holdpoint/ledger/GATE.jsonl`), one entry a line. Every entry names the heads that the chain had
//! when it was appended and the digest of its statement, so a changed or removed entry is found by those after it.
//! Branches of a repository may append to the same chain: merged by `merge=union` it has several heads, and the next
//! entry comes after all of them. The statements themselves are files named by the digest of their bytes, the signature
//! of each beside it; they are never written anew, and what is verified is the bytes.
//!
//! A chain alone shows no cut at its end; a sign-off that names the heads it saw does. Whoever holds the machine that
//! looks can still record what is not so.
//!
//! **Secrets**: callers make statements and redact them before they are handed over. What is here has been digested and
//! perhaps signed, so nothing can be taken out of it later.

mod append;
mod attributes;
mod chain;
pub mod dsse;
mod entry;
mod fault;
pub mod statement;
mod store;
mod verify;

pub use append::Draft;
pub use attributes::{ATTRIBUTES, missing_attributes};
pub use chain::{Chain, Torn};
pub use entry::{Entry, Kind, SCHEMA};
pub use fault::{AppendFault, Fault, FaultKind, Named};
pub use store::Stated;
pub use verify::Verified;

use crate::evidence::read_regular;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const FOLDER: &str = ".holdpoint/ledger";
const RECORDS: &str = ".holdpoint/records";

/// The ledger of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    root: PathBuf,
    records: PathBuf,
}

impl Ledger {
    /// The ledger of the repository at `root`, with its records in `.holdpoint/records`. Nothing is read or written.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let records = root.join(RECORDS);
        Self { root, records }
    }

    /// The same, with the records in another folder.
    #[must_use]
    pub fn with_records(mut self, folder: impl Into<PathBuf>) -> Self {
        self.records = folder.into();
        self
    }

    /// Reads the chain of a gate. One that is not there is empty; all that is wrong with one that is stands in
    /// [`Chain::faults`].
    ///
    /// # Errors
    /// The gate cannot be one, or the file cannot be read.
    pub fn read(&self, gate: &str) -> Result<Chain, Fault> {
        let (path, shown) = self.chain_path(gate)?;
        match read_regular(&path) {
            Ok(bytes) => Ok(Chain::of(&bytes, gate, &shown)),
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {
                Ok(Chain::default())
            }
            Err(error) => {
                let kind = FaultKind::Unreadable(error.to_string());
                Err(Fault::new(shown, None, kind))
            }
        }
    }

    /// The gates that have a chain, by name.
    ///
    /// # Errors
    /// The folder of the ledger cannot be read.
    pub fn gates(&self) -> Result<Vec<String>, Fault> {
        let names = names_in(&self.root.join(FOLDER), FOLDER)?;
        let gates = names.iter().filter_map(|name| name.strip_suffix(".jsonl"));
        Ok(gates.map(str::to_owned).collect())
    }

    /// The lines that the repository's `.gitattributes` lacks for the ledger; all where there is none.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn missing_attributes(&self) -> Result<Vec<&'static str>, Fault> {
        // Beside what they are about, they are no change of the code that was examined.
        let own = self.attributes_in(".holdpoint/.gitattributes")?;
        let own = own.lines().map(|line| format!(".holdpoint/{line}\n"));
        let said = self.attributes_in(".gitattributes")? + "\n" + &own.collect::<String>();
        Ok(missing_attributes(&said))
    }

    fn attributes_in(&self, name: &str) -> Result<String, Fault> {
        match std::fs::read_to_string(self.root.join(name)) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            Err(error) => {
                let kind = FaultKind::Unreadable(error.to_string());
                Err(Fault::new(name, None, kind))
            }
        }
    }

    /// Where the chain of a gate is, and how messages name it.
    fn chain_path(&self, gate: &str) -> Result<(PathBuf, String), Fault> {
        let shown = format!("{FOLDER}/{gate}.jsonl");
        match unusable(gate) {
            Some(cause) => Err(Fault::new(shown, None, FaultKind::Gate(cause))),
            None => Ok((self.root.join(&shown), shown)),
        }
    }

    /// A path as the user would write it, seen from the root.
    fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        path.display().to_string()
    }
}

/// Why a gate or a run cannot be named so: its file would be another.
fn unusable(name: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > 100 {
        Some("it is longer than 100 letters")
    } else if name.starts_with(['.', '-']) {
        Some("it begins with a dot or a dash")
    } else if !name.chars().all(plain) {
        Some("it has other characters than letters, digits, dots, dashes and underscores")
    } else {
        None
    }
}

/// The names in a folder that may not be there, in order.
fn names_in(folder: &Path, shown: &str) -> Result<Vec<String>, Fault> {
    let fault =
        |error: std::io::Error| Fault::new(shown, None, FaultKind::Unreadable(error.to_string()));
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(fault)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests;
