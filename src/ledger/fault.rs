//! What is wrong with a ledger: where, what, and how to mend it.

use crate::diagnostic::Diagnostic;
use std::fmt;

/// One thing that is wrong, at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, seen from the root.
    pub path: String,
    /// The line, from 1, where the file is a chain.
    pub line: Option<usize>,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What can be wrong with a chain, or with what its entries name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The file cannot be read; what the system says.
    Unreadable(String),
    /// The line is no entry; why.
    NoEntry(String),
    /// The line holds an entry, but not in the one form that it is written in.
    NotCanonical,
    /// The entry's digest is not that of its bytes.
    Changed,
    /// The line is a mark that git left in a conflict.
    Conflict,
    /// The entry is of another form, most likely of a later version; which.
    Schema(String),
    /// The entry belongs to another gate; which.
    OtherGate(String),
    /// The entry comes after one that is not there; its digest.
    Removed(String),
    /// The entry's place in the order is not one more than the last before it.
    Sequence {
        /// What it says.
        found: u64,
        /// What it must say.
        expected: u64,
    },
    /// No such gate can be; why.
    Gate(&'static str),
    /// An entry names this file, and it is not there.
    Missing(Named),
    /// An entry names this file by a digest that its bytes do not have.
    Differs(Named),
    /// What should be a digest is none, or the run of a record cannot be the name of a file.
    NoName(Named),
    /// An entry that means nothing without a signature has none.
    Unsigned(Named),
}

/// The entry that names a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// What names it, for people: `the sign-off 'go' of quality, entry 7`; empty where it was asked for by digest alone.
    pub by: String,
    /// The digest of the entry; empty as well.
    pub entry: String,
}

impl Fault {
    pub(super) fn new(path: impl Into<String>, line: Option<usize>, kind: FaultKind) -> Self {
        Self {
            path: path.into(),
            line,
            kind,
        }
    }

    /// How to mend it.
    pub fn help(&self) -> &'static str {
        match &self.kind {
            FaultKind::Conflict => {
                "keep the lines of both sides and delete the marks: both are valid, and the next entry joins them"
            }
            FaultKind::Schema(_) => "use the version of holdpoint that wrote it, or a later one",
            FaultKind::Gate(_) => {
                "gates are named by the suites that they decide: quality, security"
            }
            FaultKind::Unreadable(_) => "make it a regular file that can be read",
            FaultKind::Unsigned(_) => "it counts for nothing; sign again",
            FaultKind::Missing(_)
            | FaultKind::Differs(_)
            | FaultKind::Removed(_)
            | FaultKind::Changed
            | FaultKind::NotCanonical
            | FaultKind::NoEntry(_)
            | FaultKind::OtherGate(_)
            | FaultKind::NoName(_)
            | FaultKind::Sequence { .. } => {
                "bring it back as it was committed: git log -p shows who changed it; nothing in the ledger is edited by hand"
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        let named = |named: &Named| match named.by.is_empty() {
            true => String::new(),
            false => format!(", and {} names it", named.by),
        };
        match &self.kind {
            FaultKind::Unreadable(cause) => write!(f, "it cannot be read: {cause}"),
            FaultKind::NoEntry(cause) => write!(f, "the line is no entry of a ledger: {cause}"),
            FaultKind::NotCanonical => f.write_str(
                "the line was written anew: the entry is as it was, its spacing or order is not",
            ),
            FaultKind::Changed => f.write_str(
                "the entry was changed after it was appended: its digest does not match",
            ),
            FaultKind::Conflict => f.write_str("git left the mark of a conflict here"),
            FaultKind::Schema(found) => write!(
                f,
                "the entry is of the form '{found}', this version of holdpoint reads '{}'",
                super::SCHEMA
            ),
            FaultKind::OtherGate(gate) => write!(f, "the entry belongs to the gate '{gate}'"),
            FaultKind::Removed(digest) => write!(
                f,
                "the entry comes after {digest}, which is not there: an entry was removed"
            ),
            FaultKind::Sequence { found, expected } => {
                write!(
                    f,
                    "the entry is number {found} and must be number {expected}"
                )
            }
            FaultKind::Gate(cause) => write!(f, "this is not the name of a gate: {cause}"),
            FaultKind::Missing(by) => write!(f, "it is not there{}", named(by)),
            FaultKind::Differs(by) => write!(
                f,
                "it was changed: its bytes have another digest than they had{}",
                named(by)
            ),
            FaultKind::NoName(by) => write!(f, "no file can be named so{}", named(by)),
            FaultKind::Unsigned(by) => write!(f, "{} has no signature", by.by),
        }
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for Diagnostic {
    fn from(fault: Fault) -> Self {
        Self::new(fault.to_string()).help(fault.help())
    }
}

/// Why nothing was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendFault {
    /// The chain is not whole, so nothing may be built on it.
    Faulty(Vec<Fault>),
    /// The gate or the subject cannot be what it is said to be; why.
    Refused(String),
    /// Another holdpoint has been appending all the while.
    Busy(String),
    /// Another program put a new file in the chain's place meanwhile; the entry is not in it.
    Replaced(String),
    /// A file could not be written.
    Unwritten {
        /// The file, seen from the root.
        path: String,
        /// What the system says.
        cause: String,
    },
}

impl fmt::Display for AppendFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faulty(faults) => {
                f.write_str("nothing was appended, because the ledger is not whole")?;
                faults.iter().try_for_each(|fault| write!(f, "\n{fault}"))
            }
            Self::Refused(cause) => f.write_str(cause),
            Self::Busy(path) => write!(
                f,
                "{path}: another holdpoint is appending, and has not ended within some seconds"
            ),
            Self::Replaced(path) => write!(
                f,
                "{path}: another program replaced it while an entry was appended, so the entry is not in it"
            ),
            Self::Unwritten { path, cause } => write!(f, "cannot write {path}: {cause}"),
        }
    }
}

impl std::error::Error for AppendFault {}

impl From<AppendFault> for Diagnostic {
    fn from(fault: AppendFault) -> Self {
        let help = match &fault {
            AppendFault::Faulty(faults) => {
                let help = faults.first().map(Fault::help).unwrap_or_default();
                format!("{help}; holdpoint verify lists everything that is wrong")
            }
            AppendFault::Refused(_) => return Self::new(fault.to_string()),
            AppendFault::Busy(_) => {
                "wait until it has ended and run this again; the lock goes with the process that holds it".into()
            }
            AppendFault::Replaced(_) => "run the same again; it then appends to what is there now".into(),
            AppendFault::Unwritten { .. } => {
                "check the folder's permissions and free space; what was not written does not count".into()
            }
        };
        Self::new(fault.to_string()).help(help)
    }
}
