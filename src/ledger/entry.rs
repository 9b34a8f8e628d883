//! One line of a chain: an entry, with the digest of its canonical bytes.

use super::fault::FaultKind;
use crate::evidence::{canonical_bytes, digest};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// The name of the form, in every entry.
pub const SCHEMA: &str = "holdpoint.ledger/v1";

/// What an entry adds to the standing of its gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The record of a run.
    Record,
    /// A person's word for what no probe can observe.
    Attestation,
    /// A failure that somebody accepted.
    Waiver,
    /// What the gate decided from its inputs.
    Decision,
    /// A person's signature under a decision.
    SignOff,
    /// A person's signature taken back.
    Withdrawal,
}

impl Kind {
    /// The word as the chain writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Attestation => "attestation",
            Self::Waiver => "waiver",
            Self::Decision => "decision",
            Self::SignOff => "sign-off",
            Self::Withdrawal => "withdrawal",
        }
    }

    /// Does it mean nothing without a signature?
    pub fn needs_signature(self) -> bool {
        matches!(self, Self::SignOff | Self::Withdrawal)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// An entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `sha256:…` of the canonical bytes of all the rest: its name in other entries and in sign-offs.
    pub digest: String,
    /// The digests of every head that the chain had when it was appended, in order; none for a first entry.
    pub after: Vec<String>,
    /// When it was appended, by the clock of the machine that did.
    pub at: Timestamp,
    /// The gate.
    pub gate: String,
    /// What it is.
    pub kind: Kind,
    /// One more than the largest among those that it comes after; from 1.
    pub sequence: u64,
    /// `sha256:…` of the bytes of its signature, where its statement is signed.
    pub signature: Option<String>,
    /// `sha256:…` of the bytes of its statement; of the record's file where it is a record.
    pub statement: String,
    /// What it is about, for people; the run where it is a record.
    pub subject: String,
}

/// An entry as it is written. The order of fields is of no account: the canonical form sorts them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    after: Vec<String>,
    at: Timestamp,
    gate: String,
    kind: Kind,
    schema: String,
    sequence: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    statement: String,
    subject: String,
}

#[derive(Serialize)]
struct Line<'a> {
    digest: &'a str,
    entry: &'a Body,
}

impl Entry {
    /// Gives an entry its digest, and writes its line, which ends with a newline.
    pub(super) fn seal(mut self) -> Result<(Self, Vec<u8>), String> {
        let body = Body {
            after: self.after.clone(),
            at: self.at,
            gate: self.gate.clone(),
            kind: self.kind,
            schema: SCHEMA.into(),
            sequence: self.sequence,
            signature: self.signature.clone(),
            statement: self.statement.clone(),
            subject: self.subject.clone(),
        };
        self.digest = digest(&canonical_bytes(&body)?);
        let mut line = canonical_bytes(&Line {
            digest: &self.digest,
            entry: &body,
        })?;
        line.push(b'\n');
        Ok((self, line))
    }

    /// Reads a line without its newline. What is wrong comes with the digest that the line says it has, if it says one.
    pub(super) fn parse(line: &[u8]) -> Result<Self, (Option<String>, FaultKind)> {
        let broken = |cause: &str| (None, FaultKind::NoEntry(cause.into()));
        if line.is_empty() {
            return Err(broken("it is empty"));
        }
        let value: Value = serde_json::from_slice(line).map_err(|error| {
            // The place within the line follows from the text, and a line number would mislead.
            (None, FaultKind::NoEntry(without_place(&error.to_string())))
        })?;
        let claimed = value.get("digest").and_then(Value::as_str);
        let claimed = claimed.map(str::to_owned);
        let entry = value
            .get("entry")
            .ok_or_else(|| broken("it holds no entry"))?;
        let Some(claim) = claimed.clone() else {
            return Err(broken("it holds no digest"));
        };
        let fault = |kind| (claimed.clone(), kind);
        let bytes = |value: &Value| {
            canonical_bytes(value).map_err(|cause| (None, FaultKind::NoEntry(cause)))
        };
        if digest(&bytes(entry)?) != claim {
            return Err(fault(FaultKind::Changed));
        }
        if bytes(&value)? != line || value.as_object().is_none_or(|map| map.len() != 2) {
            return Err(fault(FaultKind::NotCanonical));
        }
        match entry.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => {}
            Some(other) => return Err(fault(FaultKind::Schema(other.into()))),
            None => return Err(fault(FaultKind::NoEntry("it names no schema".into()))),
        }
        let body: Body = serde_json::from_value(entry.clone())
            .map_err(|error| fault(FaultKind::NoEntry(error.to_string())))?;
        Ok(Self {
            digest: claim,
            after: body.after,
            at: body.at,
            gate: body.gate,
            kind: body.kind,
            sequence: body.sequence,
            signature: body.signature,
            statement: body.statement,
            subject: body.subject,
        })
    }
}

fn without_place(error: &str) -> String {
    error.split(" at line ").next().unwrap_or(error).to_owned()
}

/// The hexadecimal digits of a digest, where it is one: `sha256:` and 64 digits in lower case.
pub(super) fn hex_of(digest: &str) -> Option<&str> {
    let hex = digest.strip_prefix("sha256:")?;
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (hex.len() == 64 && hex.bytes().all(digit)).then_some(hex)
}
