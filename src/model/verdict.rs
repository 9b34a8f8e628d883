//! The closed lists of words that every report, document and gate uses.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every word of the list, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it is written everywhere.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.word()) }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|one| one.word() == text).ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|one| one.word()).collect();
                    format!("'{text}' is not one of {}", words.join(", "))
                })
            }
        }
    };
}

words! {
    /// What one check concluded from what was observed.
    Verdict {
        /// The claim was observed to hold.
        Pass = "pass",
        /// The check does not concern this application or target.
        NotApplicable = "not-applicable",
        /// Selected, but its level was not allowed in this run.
        NotRun = "not-run",
        /// No probe can observe it; a person must state it.
        NeedsAttestation = "needs-attestation",
        /// A prerequisite did not pass, so nothing was looked at.
        Blocked = "blocked",
        /// The probe could not look, or what it saw could not be judged.
        Inconclusive = "inconclusive",
        /// The claim was observed not to hold.
        Fail = "fail",
    }
}

words! {
    /// How much a failing check matters.
    Severity {
        /// Worth knowing.
        Info = "info",
        /// A weakness with little effect of its own.
        Low = "low",
        /// A defect that should not ship.
        Medium = "medium",
        /// A serious defect.
        High = "high",
        /// Ships harm at once.
        Critical = "critical",
    }
}

words! {
    /// How far a probe reaches.
    Level {
        /// Reads the repository only; no network.
        Static = "static",
        /// Reads over the network; writes only what it removes itself.
        Live = "live",
        /// Sends mail, bursts or hostile input; only on targets the user marked as owned.
        Active = "active",
    }
}
