//! What changed between two runs, check by check.

use super::{Severity, Verdict};

/// In which way a check's finding changed. The gravest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It did not fail before, and fails now.
    Broke,
    /// It failed before, and fails now at more looks, for more expectations, or for more of what they list.
    Worse,
    /// It fails now; before, nobody had seen whether it did.
    Found,
    /// It or a part of it was seen before, and cannot be told now.
    Lost,
    /// It cannot be told now, and what was before says nothing of it.
    Unseen,
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
        Self::Unseen,
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
            Self::Unseen => "not seen",
            Self::Other => "fails otherwise",
            Self::Seen => "now seen to pass",
            Self::Mended => "mended",
        }
    }

    /// What it says of the whole.
    pub fn worse(self) -> Worse {
        match self {
            Self::Broke | Self::Worse | Self::Found => Worse::Something,
            Self::Lost | Self::Unseen => Worse::OutOfSight,
            Self::Other | Self::Seen | Self::Mended => Worse::Nothing,
        }
    }

    /// Something is worse than it was, or may be.
    pub fn is_worse(self) -> bool {
        self.worse() != Worse::Nothing
    }
}

/// Is a run worse than the one before?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worse {
    /// Nothing that must pass is worse.
    Nothing,
    /// Something that must pass cannot be told, and nothing is worse.
    OutOfSight,
    /// Something that must pass broke, is worse, or was found to fail.
    Something,
}

impl Worse {
    /// The words that every format shows.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "no worse",
            Self::OutOfSight => "out of sight",
            Self::Something => "worse",
        }
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
    /// The looks that fail now in a way in which they did not before.
    pub looks: Vec<String>,
    /// What made it so, where the verdicts and looks do not say it; empty elsewhere.
    pub why: String,
    /// A waiver accepts that it fails, so it does not decide.
    pub accepted: bool,
}
