//! A finding: a verdict with its reason, remedy and evidence; and the decision over all of them.

use super::{Facts, Severity, Verdict};
use std::collections::BTreeMap;

/// What one check concluded, over all of its looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The check's id.
    pub check: String,
    /// The claim.
    pub title: String,
    /// The check's suites.
    pub suites: Vec<String>,
    /// The check's severity.
    pub severity: Severity,
    /// The worst verdict of its looks.
    pub verdict: Verdict,
    /// It passed, but only after transient faults were retried.
    pub flaky: bool,
    /// Why the verdict is what it is, in one line; empty for a plain pass.
    pub reason: String,
    /// What was wanted.
    pub expected: String,
    /// What was seen.
    pub found: String,
    /// How to mend it; empty unless it failed.
    pub remedy: String,
    /// The verdict of each look, in the order of the looks.
    pub looks: Vec<LookVerdict>,
    /// The prerequisite that did not pass.
    pub blocked_by: Option<String>,
    /// The time spent on its looks, in milliseconds; shared looks count for every check that uses them.
    pub duration_ms: u64,
    /// Where a users' document says something else.
    pub note: Option<Note>,
    /// Where the check is defined: `file:line`.
    pub defined: String,
    /// Set when the check replaces a shipped one.
    pub overrides_shipped: bool,
    /// The waiver that covers it, as `owner: reason (until date)`, when it failed and one does.
    pub waived: Option<String>,
}

/// The verdict of one look of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct LookVerdict {
    /// What was looked at: `GET /sw.js`.
    pub label: String,
    /// What it gave.
    pub verdict: Verdict,
    /// Why, where it is not a pass.
    pub reasons: Vec<Reason>,
    /// What could not be judged beside that, where it failed.
    pub unjudged: Vec<Reason>,
    /// The facts that the expectations read.
    pub facts: Facts,
    /// The digest of the observation.
    pub evidence: String,
    /// More than one attempt was needed.
    pub retried: bool,
}

/// Why one look did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// In one line.
    pub text: String,
    /// What was wanted.
    pub expected: String,
    /// What was seen.
    pub found: String,
    /// The line of the expectation in the check's file; 0 where none was reached.
    pub line: usize,
    /// How many things the lists hold that the text names; 0 where it names none.
    pub listed: usize,
}

impl Finding {
    /// One that says nothing beside its verdict, for tests to fill in.
    #[cfg(test)]
    pub(crate) fn bare(check: &str, severity: Severity, verdict: Verdict) -> Self {
        Self {
            check: check.into(),
            title: String::new(),
            suites: Vec::new(),
            severity,
            verdict,
            flaky: false,
            reason: String::new(),
            expected: String::new(),
            found: String::new(),
            remedy: String::new(),
            looks: Vec::new(),
            blocked_by: None,
            duration_ms: 0,
            note: None,
            defined: "f:1".into(),
            overrides_shipped: false,
            waived: None,
        }
    }

    /// The same with what `redact` leaves of its texts. Its check's name, its facts and its evidence stay as they are:
    /// names are compared, and facts were redacted before they were judged.
    #[must_use]
    pub fn redacted(mut self, redact: &dyn Fn(&str) -> String) -> Self {
        let looks = self.looks.iter_mut().flat_map(|look| {
            let reasons = look.reasons.iter_mut().chain(&mut look.unjudged);
            let reasons =
                reasons.flat_map(|one| [&mut one.text, &mut one.expected, &mut one.found]);
            std::iter::once(&mut look.label).chain(reasons)
        });
        let note = self.note.iter_mut().flat_map(|note| {
            [
                &mut note.document,
                &mut note.says,
                &mut note.truth,
                &mut note.source,
                &mut note.tested,
            ]
        });
        let own = [
            &mut self.title,
            &mut self.reason,
            &mut self.expected,
            &mut self.found,
            &mut self.remedy,
        ];
        for text in own
            .into_iter()
            .chain(looks)
            .chain(note)
            .chain(&mut self.waived)
        {
            *text = redact(text);
        }
        self
    }
}

/// What a users' document says, what is true, and what was tested instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The document.
    pub document: String,
    /// What it asks for.
    pub says: String,
    /// What is true.
    pub truth: String,
    /// The source of the truth.
    pub source: String,
    /// What was tested: the check's own claim.
    pub tested: String,
    /// Is the requirement met to the letter: `met`, `not met` or `not testable`.
    pub conformance: String,
    /// Is what was found good practice: `sound`, `obsolete-harmless`, `obsolete-risky`, `contradicted` or `unknown`.
    pub assessment: String,
}

/// May it ship?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything that must pass was seen to pass.
    Go,
    /// The same, but for findings that somebody accepted.
    GoWithWaivers,
    /// Something that must pass failed.
    NoGo,
    /// Something that must pass could not be observed.
    Undecided,
}

impl Outcome {
    /// Every answer.
    pub const ALL: &'static [Self] = &[Self::Go, Self::GoWithWaivers, Self::NoGo, Self::Undecided];

    /// It may ship.
    pub fn is_go(self) -> bool {
        matches!(self, Self::Go | Self::GoWithWaivers)
    }

    /// The word as reports write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::GoWithWaivers => "go with waivers",
            Self::NoGo => "no-go",
            Self::Undecided => "undecided",
        }
    }
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The answer.
    pub outcome: Outcome,
    /// Findings of at least this severity must pass.
    pub fail_on: Severity,
    /// How many findings have each verdict.
    pub summary: BTreeMap<Verdict, usize>,
    /// What holds the release, in one line each.
    pub reasons: Vec<String>,
    /// Things people should know that change nothing: unused or expired waivers, overridden checks.
    pub warnings: Vec<String>,
}
