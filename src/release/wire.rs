//! What a sign-off says on disk: version 1 of its predicate. Frozen: later versions must still read it.

use crate::model::{BoundDocument, BoundRecord, BoundStatement, Outcome, SignOff};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The type of the predicate.
pub const SIGN_OFF: &str = "urn:holdpoint:sign-off:v1";

/// The predicate of a sign-off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Predicate {
    gate: String,
    signer: String,
    released: bool,
    signed_at: Timestamp,
    expires_at: Timestamp,
    decision: String,
    environment: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    commit: String,
    definition: String,
    checks: String,
    evidence: Vec<Record>,
    passed: BTreeSet<String>,
    waivers: Vec<Stated>,
    attestations: Vec<Stated>,
    documents: Vec<Document>,
    upstream: BTreeMap<String, Vec<String>>,
    ledger: BTreeMap<String, Vec<String>>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    comment: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    run: String,
    digest: String,
    started: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    name: String,
    digest: String,
    until: Date,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    path: String,
    raw: String,
    semantic: String,
}

impl From<&SignOff> for Predicate {
    fn from(one: &SignOff) -> Self {
        let stated = |all: &[BoundStatement]| {
            let each = all.iter().map(|one| Stated {
                name: one.name.clone(),
                digest: one.digest.clone(),
                until: one.until,
            });
            each.collect()
        };
        Self {
            gate: one.gate.clone(),
            signer: one.by.clone(),
            released: one.released,
            signed_at: one.at,
            expires_at: one.until,
            decision: one.decision.word().into(),
            environment: one.environment.clone(),
            target: one.target.clone(),
            commit: one.commit.clone(),
            definition: one.definition.clone(),
            checks: one.checks.clone(),
            evidence: one
                .evidence
                .iter()
                .map(|one| Record {
                    run: one.run.clone(),
                    digest: one.digest.clone(),
                    started: one.started,
                })
                .collect(),
            passed: one.passed.clone(),
            waivers: stated(&one.waivers),
            attestations: stated(&one.attestations),
            documents: one
                .documents
                .iter()
                .map(|one| Document {
                    name: one.name.clone(),
                    path: one.path.clone(),
                    raw: one.raw.clone(),
                    semantic: one.semantic.clone(),
                })
                .collect(),
            upstream: one.upstream.iter().cloned().collect(),
            ledger: one.heads.iter().cloned().collect(),
            comment: one.comment.clone(),
        }
    }
}

impl TryFrom<Predicate> for SignOff {
    type Error = String;

    fn try_from(one: Predicate) -> Result<Self, String> {
        let stated = |all: Vec<Stated>| {
            let each = all.into_iter().map(
                |Stated {
                     name,
                     digest,
                     until,
                 }| BoundStatement {
                    name,
                    digest,
                    until,
                },
            );
            each.collect()
        };
        let decision = Outcome::ALL
            .iter()
            .find(|outcome| outcome.word() == one.decision);
        let decision = *decision.ok_or_else(|| format!("'{}' is no decision", one.decision))?;
        Ok(Self {
            gate: one.gate,
            by: one.signer,
            released: one.released,
            at: one.signed_at,
            until: one.expires_at,
            decision,
            commit: one.commit,
            environment: one.environment,
            target: one.target,
            definition: one.definition,
            checks: one.checks,
            evidence: one
                .evidence
                .into_iter()
                .map(
                    |Record {
                         run,
                         digest,
                         started,
                     }| BoundRecord {
                        run,
                        digest,
                        started,
                    },
                )
                .collect(),
            passed: one.passed,
            waivers: stated(one.waivers),
            attestations: stated(one.attestations),
            documents: one
                .documents
                .into_iter()
                .map(
                    |Document {
                         name,
                         path,
                         raw,
                         semantic,
                     }| BoundDocument {
                        name,
                        path,
                        raw,
                        semantic,
                    },
                )
                .collect(),
            upstream: one.upstream.into_iter().collect(),
            heads: one.ledger.into_iter().collect(),
            comment: one.comment,
        })
    }
}
