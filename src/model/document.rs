//! Document maps: which part of a people's document is proved by which checks, and who may write it.

use super::{Place, Severity};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who can say whether an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    /// A probe.
    Auto,
    /// A probe, with a token of the provider.
    Token,
    /// A person.
    Attest,
}

impl Ruling {
    /// Every ruling.
    pub const ALL: &'static [Self] = &[Self::Auto, Self::Token, Self::Attest];

    /// The word as maps write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Token => "token",
            Self::Attest => "attest",
        }
    }
}

impl std::fmt::Display for Ruling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// What holdpoint knows about one document of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentMap {
    /// The name by which settings and arguments call it: `infrastructure`.
    pub name: String,
    /// What the document is, in words.
    pub title: String,
    /// The file's usual name: `INFRASTRUCTURE_VALIDATION.md`.
    pub file: String,
    /// The items, in the order of the document.
    pub items: Vec<MapItem>,
    /// The words before choices whose first option the template ticks, with nobody having looked; such a
    /// tick is a claim, and is moved where evidence says the other.
    pub preprinted: Vec<String>,
    /// Where the document asks for what is wrong.
    pub contradictions: Vec<MapNote>,
    /// Checks that speak against the document themselves, each with words by which the document is known
    /// to ask for it.
    pub quotes: BTreeMap<String, String>,
}

/// One item of a document: a list item with what belongs to it, a row of a table, or what stands in a
/// section outside of any other item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapItem {
    /// Unique in the document: `I02`.
    pub id: String,
    /// The heading that it stands under, or the end of a path of headings, outermost first.
    pub under: Vec<String>,
    /// The texts of the list items that lead to it, outermost first; empty for a section or a row.
    pub item: Vec<String>,
    /// The text of the first cell of its row.
    pub row: Option<String>,
    /// Who can say whether it holds.
    pub ruling: Ruling,
    /// The checks that prove it, each by its id; every one must pass.
    pub checks: Vec<String>,
    /// Other items of the document that must hold too, by id.
    pub all_of: Vec<String>,
    /// What a person must state besides, or instead where the ruling is `attest`.
    pub person: Option<String>,
    /// What is written into its slots beside the usual.
    pub slots: Vec<MapSlot>,
    /// Where the map says so.
    pub place: Place,
}

/// What is written into a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapSlot {
    /// The words before the slot.
    pub label: Option<String>,
    /// The heading of its column, in a table.
    pub column: Option<String>,
    /// What is written.
    pub write: Write,
    /// Where the map says so.
    pub place: Place,
}

/// What holdpoint writes into a slot, or why it writes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Whether the item holds, or these checks in its place: a tick, an option, a sign.
    State {
        /// The checks, by id; none for those of the item.
        checks: Vec<String>,
        /// The option that says yes, where it is not the usual one.
        pass: Option<String>,
        /// The option that says no.
        fail: Option<String>,
    },
    /// When the evidence that proves the item was gathered.
    Date,
    /// A fact that a check has read.
    Fact {
        /// The check.
        check: String,
        /// The path of the fact.
        fact: String,
    },
    /// How many of these items hold, or do not.
    Count {
        /// Those that hold, or those that fail.
        passed: bool,
        /// The items, by id.
        of: Vec<String>,
    },
    /// How many checks failed at this severity.
    Failures(Severity),
    /// The checks that failed at this severity, a line each.
    List(Severity),
    /// Nothing, ever, for this reason: it would show a secret.
    Never(String),
    /// Nothing: a person writes there.
    Person,
    /// Who signed the document off with a key, as long as that counts; the date beside it, and the name in a
    /// table, follow.
    Signature {
        /// The gate whose sign-off it takes; none for any.
        gate: Option<String>,
    },
}

/// A place where a document asks for what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapNote {
    /// Unique in the document.
    pub id: String,
    /// The items that it concerns, by id.
    pub items: Vec<String>,
    /// Words of the document by which it is known to say it; any of them will do.
    pub quotes: Vec<String>,
    /// What the document says.
    pub says: String,
    /// What is true.
    pub truth: String,
    /// Who says so.
    pub source: String,
    /// The checks that were run instead, by id.
    pub checks: Vec<String>,
}

/// A person's statement about what no probe can observe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// The document's name in the settings and the item's id: `infrastructure:I12`; or a check's id.
    pub item: String,
    /// Does it hold?
    pub holds: bool,
    /// What the person states.
    pub statement: String,
    /// Who states it.
    pub by: String,
    /// The day it was stated.
    pub on: Date,
    /// Where the evidence is: a link or a path.
    pub evidence: String,
    /// The last day (UTC) on which it counts.
    pub until: Date,
    /// Where it is written: `file:line`.
    pub place: String,
}

/// A sign-off that counts, of a gate that rests on a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of the document's map, or of the generated document.
    pub document: String,
    /// The gate: `infrastructure`.
    pub gate: String,
    /// The principal who signed: `ann@example.com`.
    pub by: String,
    /// The key's fingerprint: `SHA256:…`.
    pub fingerprint: String,
    /// The day (UTC) on which it was signed.
    pub on: Date,
    /// The commit that was signed for.
    pub commit: Option<String>,
    /// The last day (UTC) on which it counts.
    pub until: Date,
}

/// How many characters of a key's fingerprint people are shown, `SHA256:` included.
const FINGERPRINT: usize = 15;
/// How many characters of a commit people are shown.
const COMMIT: usize = 7;

impl Signature {
    /// The key, the commit and the end, for people: `SHA256:AbCdEfGh…, commit 1a2b3c4, counts until 2026-12-02`.
    pub fn rests_on(&self) -> String {
        let mut out: String = self.fingerprint.chars().take(FINGERPRINT).collect();
        if out.len() < self.fingerprint.len() {
            out.push('…');
        }
        if let Some(commit) = &self.commit {
            out.push_str(", commit ");
            out.extend(commit.chars().take(COMMIT));
        }
        out + &format!(", counts until {}", self.until)
    }
}
