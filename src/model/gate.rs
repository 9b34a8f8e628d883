//! Gates as data: which evidence, statements, documents and people must come together before work passes.

use super::{Facts, Level, Place, Severity};
use jiff::SignedDuration;

/// A gate: a step that work does not pass until its criteria hold and its people have released it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Its name, which is also that of its suite where it has one: `security`.
    pub name: String,
    /// What it closes: `security and compliance`.
    pub title: String,
    /// Who answers for it: `Team Pi`. The last word, in lower case, is its second name.
    pub owner: String,
    /// The suite whose checks are its evidence; none where it rests on the gates before it.
    pub suite: Option<String>,
    /// The gates that must be open before.
    pub upstream: Vec<String>,
    /// Names of the documents that its sign-off binds.
    pub documents: Vec<String>,
    /// Findings of at least this severity must pass; the run's own word where it says nothing.
    pub must_pass: Option<Severity>,
    /// Checks up to this level must have looked.
    pub level: Level,
    /// What must hold besides.
    pub criteria: Vec<Criterion>,
    /// Checks that need not pass here.
    pub exempt: Vec<Exemption>,
    /// Who may accept findings here, as principals; where nobody is named, whoever may sign the gate.
    pub waivers_by: Vec<String>,
    /// How many people must sign, each with a key of their own.
    pub approvals: usize,
    /// How long evidence counts.
    pub evidence_lasts: SignedDuration,
    /// How long a sign-off counts.
    pub sign_off_lasts: SignedDuration,
    /// The digest of all of this, as it is defined.
    pub digest: String,
    /// Where it is defined.
    pub place: Place,
}

/// Something that must hold for a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// What must hold, in words.
    pub says: String,
    /// How that is known.
    pub proof: Proof,
    /// Where it is written.
    pub place: Place,
}

/// How it is known that a criterion holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A CEL expression over the gate's facts.
    Expression(String),
    /// A person's statement under this name: `release:window`.
    Attested(String),
}

/// What came of a criterion's expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// Does it hold? Where that cannot be told, why.
    pub holds: Result<bool, String>,
    /// The facts that it reads, for people: `failing.critical = 2`.
    pub found: String,
    /// The same by their dotted names; what is not known is left out.
    pub facts: Facts,
}

/// A check that need not pass at a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// The check.
    pub check: String,
    /// Why.
    pub reason: String,
}

impl Gate {
    /// The name by which its team is called: `pi` for `Team Pi`.
    pub fn team(&self) -> String {
        let last = self.owner.split_whitespace().next_back();
        last.unwrap_or_default().to_lowercase()
    }

    /// Is it called by this name?
    pub fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.team() == name.to_lowercase()
    }

    /// The namespace of its signatures, as `allowed_signers` writes it.
    pub fn namespace(&self) -> String {
        format!("{}@holdpoint", self.name)
    }
}
