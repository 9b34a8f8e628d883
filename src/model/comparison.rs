//! What changed between two runs, check by check.

use super::{Severity, Verdict};

/// In which way a check's finding changed. The gravest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It did not fail before, and fails now.
    Broke,
    /// It failed before, and more of its looks fail now.
    Worse,
    /// It fails now; before, nobody had seen whether it did.
    Found,
    /// It was seen before, and cannot be told now.
    Lost,
    /// It fails as before, in another way.
    Other,
    /// It passes now; before, nobody had seen whether it did.
    Seen,
    /// It failed before, and does not fail now.
    Mended,
}

impl Change {
    /// Every way, the gravest first.
    pub const ALL: &'static [Self] = &[
        Self::Broke,
        Self::Worse,
        Self::Found,
        Self::Lost,
        Self::Other,
        Self::Seen,
        Self::Mended,
    ];

    /// The word that everything shows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Broke => "broke",
            Self::Worse => "worse",
            Self::Found => "found",
            Self::Lost => "lost from sight",
            Self::Other => "fails otherwise",
            Self::Seen => "now seen to pass",
            Self::Mended => "mended",
        }
    }

    /// Something is worse than it was, or may be.
    pub fn is_worse(self) -> bool {
        matches!(self, Self::Broke | Self::Worse | Self::Found | Self::Lost)
    }
}

/// A check whose finding changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The check.
    pub check: String,
    /// Its claim.
    pub title: String,
    /// Its severity, as it is now.
    pub severity: Severity,
    /// In which way.
    pub change: Change,
    /// The verdict before; none where the check was not part of that run.
    pub before: Option<Verdict>,
    /// The verdict now; none where the check is not part of this run.
    pub after: Option<Verdict>,
    /// The reason that goes with what is told: that of now, or of before where there is none now.
    pub reason: String,
    /// The looks that fail now and did not before.
    pub looks: Vec<String>,
}
