//! A check: a claim that must hold, as data.

use super::{FactSpec, Facts, Hindrance, HindranceKind, Level, Severity, Verdict};
use std::fmt;
use std::time::Duration;

/// The name of a check: `area.claim`, lower case, unique. It reads after "holdpoint verified that …".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(String);

impl CheckId {
    /// Takes a name that has the form `area.claim`, in lower-case letters, digits and hyphens.
    ///
    /// # Errors
    /// Says what is wrong with the name.
    pub fn new(text: &str) -> Result<Self, String> {
        let part = |part: &str| {
            !part.is_empty()
                && part.starts_with(|c: char| c.is_ascii_lowercase())
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        match text.split_once('.') {
            Some((area, claim)) if part(area) && claim.split('.').all(part) => {
                Ok(Self(text.into()))
            }
            _ => Err(format!(
                "'{text}' is not of the form area.claim, in lower-case letters, digits and hyphens"
            )),
        }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first dot.
    pub fn area(&self) -> &str {
        self.0
            .split_once('.')
            .map_or(self.0.as_str(), |(area, _)| area)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A claim that must hold, with how to look, how to judge, and how to mend.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The unique name.
    pub id: CheckId,
    /// The claim, as a sentence fragment.
    pub title: String,
    /// What goes wrong when it does not hold.
    pub why: String,
    /// How much a failure matters.
    pub severity: Severity,
    /// How far it must reach to look.
    pub level: Level,
    /// The suites it belongs to.
    pub suites: Vec<String>,
    /// Free words to select by.
    pub tags: Vec<String>,
    /// Checks that must pass before this one looks.
    pub needs: Vec<CheckId>,
    /// A CEL expression over `target`, `app` and `env`; false means not applicable.
    pub applies_when: Option<String>,
    /// What to look at; none means that only a person can state it.
    pub look: Option<Look>,
    /// Ways of not answering that prove the claim false, rather than leave it open.
    pub fails_on: Vec<HindranceKind>,
    /// What must be true of the facts, in order.
    pub expect: Vec<Expectation>,
    /// How to mend a failure.
    pub remedy: Remedy,
    /// Where the claim comes from.
    pub references: Vec<String>,
    /// Where users' documents say something else.
    pub contradiction: Option<Contradiction>,
    /// Tests of the check, which are also its documentation.
    pub examples: Vec<Example>,
    /// Where it is defined.
    pub place: Place,
    /// Shipped with holdpoint, or the user's.
    pub origin: Origin,
}

impl Check {
    /// Leaves of its words what `redact` leaves of them.
    pub fn redact(&mut self, redact: impl Fn(&str) -> String) {
        let expect = self.expect.iter_mut().flat_map(|one| {
            let given = [&mut one.expected, &mut one.found, &mut one.undecided];
            std::iter::once(&mut one.otherwise).chain(given.into_iter().flatten())
        });
        let contradiction = self.contradiction.iter_mut().flat_map(|one| {
            [
                &mut one.document,
                &mut one.says,
                &mut one.truth,
                &mut one.source,
            ]
        });
        let own = [&mut self.title, &mut self.why, &mut self.remedy.text];
        let examples = self.examples.iter_mut().map(|one| &mut one.name);
        for text in own
            .into_iter()
            .chain(expect)
            .chain(contradiction)
            .chain(&mut self.references)
            .chain(examples)
        {
            *text = redact(text);
        }
    }
}

/// What to look at: a probe with its parameters before interpolation.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// The probe's name.
    pub probe: String,
    /// Its parameters as written.
    pub parameters: Facts,
    /// Facts that the check declares itself, for probes that leave that to it (`exec`).
    pub declares: Vec<FactSpec>,
    /// The time allowed for one look, if not the run's.
    pub timeout: Option<Duration>,
}

/// One thing that must be true of the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// A CEL expression; true is met, false is not, anything else is inconclusive.
    pub that: String,
    /// A CEL expression that says whether this expectation concerns the look at all.
    pub when: Option<String>,
    /// What is said when it is not met; `{fact.path}` is filled in.
    pub otherwise: String,
    /// What was wanted, in words; the expression itself where none is given.
    pub expected: Option<String>,
    /// What was seen, in words with `{fact.path}`; the facts that were read where none is given.
    pub found: Option<String>,
    /// What is said when it is neither met nor unmet; the error itself where none is given.
    pub undecided: Option<String>,
    /// The line in the file.
    pub line: usize,
}

/// How to mend a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What to do; `{fact.path}` is filled in from the look that failed.
    pub text: String,
}

/// A requirement of a users' document that present guidance contradicts. Both axes are reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The document that says it.
    pub document: String,
    /// What the document asks for.
    pub says: String,
    /// What is true.
    pub truth: String,
    /// The source of the truth.
    pub source: String,
    /// A CEL expression: is the requirement met to the letter?
    pub met_when: String,
    /// Is that good practice? The first whose expression is true holds.
    pub assess: Vec<Assessment>,
}

/// One judgement of practice: `sound`, `obsolete-harmless`, `obsolete-risky` or `contradicted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The CEL expression.
    pub when: String,
    /// The word.
    pub word: String,
}

/// Given facts and the verdict that they must produce.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// The facts of the look.
    pub facts: Facts,
    /// What kept the probe from looking.
    pub hindrance: Option<Hindrance>,
    /// The verdict that must follow.
    pub verdict: Verdict,
    /// The line in the file.
    pub line: usize,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The path as the user would write it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Whose check it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Inside the binary.
    Shipped,
    /// From the user's folder.
    User,
    /// From the user's folder, in place of a shipped one.
    Override,
}
