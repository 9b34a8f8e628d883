//! Version 1 of the record: JSON Lines, the kind of each line in its first key. Frozen: readers of
//! later versions must still read it.

pub use super::baseline::Baseline;
use crate::evidence::digest;
use crate::model::{Excerpt, Facts, Hindrance, HindranceKind, Observation};
use crate::secret::Book;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of the format, in the first line of every record.
pub const SCHEMA: &str = "holdpoint.record/v1";

/// The first line: what was examined, by whom, with which inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The run's id, which is also in the file's name.
    pub run: String,
    /// The version of holdpoint.
    pub tool: String,
    /// When the run began, in UTC.
    pub started: Timestamp,
    /// The base address, where one was given.
    pub target: Option<String>,
    /// The name of the environment.
    pub environment: String,
    /// The highest level allowed.
    pub level: String,
    /// Findings of at least this severity must pass.
    pub fail_on: String,
    /// What was asked for, as typed.
    pub selection: Vec<String>,
    /// Why a suite ran before the gates that it waits for were open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_gate: Option<String>,
    /// Options that say where and how far to look and that were given as arguments, without their values: `--target`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
    /// What the run was held to be no worse than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// The name of the project.
    pub project: String,
    /// The name of the folder that holds its repository.
    pub root: String,
    /// The commit of the application's repository.
    pub commit: Option<String>,
    /// The repository held changes that are not committed; none where that could not be told.
    pub dirty: Option<bool>,
    /// What expressions may say about the target, the application and the environment.
    pub subject: Facts,
    /// The files that were read, with their digests.
    pub inputs: Vec<Input>,
    /// The file of waivers as it was, or empty.
    pub waivers: String,
    /// The path of the file of waivers.
    pub waivers_file: String,
    /// Every check that was known, with its tags, so that documents can name what was not selected.
    pub catalogue: BTreeMap<String, Vec<String>>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The path relative to the root.
    pub path: String,
    /// `sha256:…` of its bytes; for environment files, of the bytes with secrets replaced.
    pub digest: String,
}

/// A check as it was when the run was planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedCheck {
    /// Its id.
    pub id: String,
    /// `shipped`, `user` or `override`.
    pub origin: String,
    /// The file it came from.
    pub file: String,
    /// The file's text, so that judging replays without it.
    pub source: String,
    /// The ids of its looks.
    pub looks: Vec<String>,
    /// Set when the check was not to look: its verdict and why.
    pub set_aside: Option<(String, String)>,
    /// Prerequisites that were left out by name.
    pub waives_needs: Vec<String>,
}

/// A look as it was planned; the parameters are redacted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedLook {
    /// Its id within the record.
    pub id: String,
    /// The probe.
    pub probe: String,
    /// What was to be looked at, for people.
    pub label: String,
    /// The parameters.
    pub parameters: Facts,
}

/// What one look saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::evidence) struct Seen {
    pub(in crate::evidence) look: String,
    pub(in crate::evidence) probe: String,
    pub(in crate::evidence) label: String,
    pub(in crate::evidence) started: Timestamp,
    pub(in crate::evidence) duration_ms: u64,
    pub(in crate::evidence) attempts: u32,
    pub(in crate::evidence) facts: Facts,
    pub(in crate::evidence) hindrance: Option<(HindranceKind, String)>,
    pub(in crate::evidence) excerpts: Vec<(String, String)>,
}

/// The last line: how the run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// When, in UTC.
    pub ended: Timestamp,
    /// How long the run took, in milliseconds.
    pub duration_ms: u64,
    /// Why it ended early: `deadline` or `interrupted`.
    pub cut_short: Option<String>,
    /// The decision.
    pub decision: String,
}

/// One line of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::evidence) enum Line {
    Record(Box<Header>),
    Check(Box<PlannedCheck>),
    Look(PlannedLook),
    /// Closes the plan: the digest of every byte before this line.
    Planned {
        digest: String,
    },
    Observation {
        digest: String,
        seen: Box<Seen>,
    },
    Ending(Ending),
}

// Only what came from outside is redacted: a secret that happens to be a word of the format must not
// make the record unreadable.
impl Header {
    /// The header as the record holds it.
    #[must_use]
    pub fn redacted(mut self, secrets: &Book) -> Self {
        redact_facts(&mut self.subject, secrets);
        self.target = self.target.map(|text| secrets.redact(&text));
        self.before_gate = self.before_gate.map(|text| secrets.redact(&text));
        self.baseline = self.baseline.map(|one| one.redacted(secrets));
        for text in self.selection.iter_mut().chain([
            &mut self.environment,
            &mut self.project,
            &mut self.root,
            &mut self.waivers,
        ]) {
            *text = secrets.redact(text);
        }
        self
    }
}

impl PlannedCheck {
    /// The digest of the check's text, by which a later run sees whether it is still the same check.
    pub fn definition(&self) -> String {
        digest(self.source.as_bytes())
    }

    /// The same digest, as the record has it that is made by whoever knows these secrets: what a record was made without
    /// makes no check another one.
    pub fn definition_without(&self, secrets: &Book) -> String {
        match &*self.origin {
            "shipped" => self.definition(),
            _ => digest(secrets.redact(&self.source).as_bytes()),
        }
    }

    /// The check as the record holds it.
    #[must_use]
    pub fn redacted(mut self, secrets: &Book) -> Self {
        if self.origin != "shipped" {
            self.source = secrets.redact(&self.source);
        }
        self.set_aside = self
            .set_aside
            .map(|(verdict, reason)| (verdict, secrets.redact(&reason)));
        self
    }
}

impl PlannedLook {
    pub(in crate::evidence) fn redacted(mut self, secrets: &Book) -> Self {
        redact_facts(&mut self.parameters, secrets);
        self.label = secrets.redact(&self.label);
        self
    }
}

pub(in crate::evidence) fn redact_facts(facts: &mut Facts, secrets: &Book) {
    let mut value = serde_json::Value::Object(std::mem::take(facts));
    secrets.redact_json(&mut value);
    if let serde_json::Value::Object(clean) = value {
        *facts = clean;
    }
}

impl From<Observation> for Seen {
    fn from(observation: Observation) -> Self {
        Self {
            look: observation.key,
            probe: observation.probe,
            label: observation.label,
            started: observation.started,
            duration_ms: observation.duration_ms,
            attempts: observation.attempts,
            facts: observation.facts,
            hindrance: observation.hindrance.map(|one| (one.kind, one.cause)),
            excerpts: observation
                .excerpts
                .into_iter()
                .map(|one| (one.name, one.text))
                .collect(),
        }
    }
}

impl Seen {
    pub(in crate::evidence) fn into_observation(self, digest: String) -> Observation {
        Observation {
            key: self.look,
            probe: self.probe,
            label: self.label,
            started: self.started,
            duration_ms: self.duration_ms,
            attempts: self.attempts,
            facts: self.facts,
            hindrance: self
                .hindrance
                .map(|(kind, cause)| Hindrance { kind, cause }),
            excerpts: self
                .excerpts
                .into_iter()
                .map(|(name, text)| Excerpt { name, text })
                .collect(),
            digest,
        }
    }
}
