//! In-toto statements: what a run and a gate conclude, in the form that other programs verify.
//!
//! By the specifications of Statement v1, test-result v0.1 and SLSA's verification summary v1.1, whose predicate type is
//! `…/v1`. A statement is made once and its bytes are kept: it is never written anew to be verified.

use crate::model::{Decision, Finding, Outcome, Subject, Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The type of every statement.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The predicate that tells a run.
pub const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// The predicate that tells a gate's decision.
pub const VERIFICATION_SUMMARY: &str = "https://slsa.dev/verification_summary/v1";
/// Who verifies, as a package URL.
pub const VERIFIER: &str = "pkg:cargo/holdpoint";

/// A predicate about subjects. Readers ignore members that they do not know, as the framework asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement<P> {
    /// Always [`STATEMENT`].
    #[serde(rename = "_type")]
    pub form: String,
    /// What it is about; matched by digest alone.
    pub subject: Vec<ResourceDescriptor>,
    /// The type of the predicate.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What is said.
    pub predicate: P,
}

/// Describes a file, a commit or anything else that can be named.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ResourceDescriptor {
    /// A name that stays, such as a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A name that is the same everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Digits in hexadecimal by algorithm: `sha256`, `gitCommit`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    /// What else is known of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub annotations: Map<String, Value>,
}

impl ResourceDescriptor {
    /// A file by its digest as holdpoint writes it (`sha256:…`).
    pub fn file(name: impl Into<String>, digest: &str) -> Self {
        let (algorithm, hex) = digest.split_once(':').unwrap_or(("sha256", digest));
        Self {
            name: Some(name.into()),
            digest: BTreeMap::from([(algorithm.to_owned(), hex.to_owned())]),
            ..Self::default()
        }
    }

    /// A commit.
    pub fn commit(name: impl Into<String>, commit: &str) -> Self {
        Self {
            name: Some(name.into()),
            digest: BTreeMap::from([("gitCommit".to_owned(), commit.to_owned())]),
            ..Self::default()
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunResult {
    /// Everything that was to be seen was seen to hold.
    Passed,
    /// The same, but for failures that somebody accepted.
    Warned,
    /// Something failed, or was not seen.
    Failed,
}

/// The predicate test-result v0.1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// How it ended.
    pub result: RunResult,
    /// The files that the run read, with their digests as the record has them.
    pub configuration: Vec<ResourceDescriptor>,
    /// Checks that passed.
    #[serde(default)]
    pub passed_tests: Vec<String>,
    /// Checks that failed and were waived.
    #[serde(default)]
    pub warned_tests: Vec<String>,
    /// Checks that failed or could not be decided.
    #[serde(default)]
    pub failed_tests: Vec<String>,
}

/// The statement of a run.
///
/// Its subject is the commit, where the files that git tracks were seen to be as it has them; otherwise the run may have
/// been about something that no commit has, and the subject is the record's file. Where that cannot be read either there
/// is no subject, and no verifier takes such a statement. The annotation `holdpoint` says which run, record and decision it was.
///
/// Waived failures are *warned*. What failed or could not be decided is *failed*, whatever its severity: nothing that was
/// not seen passes. What does not apply or was not run is left out. The result is FAILED as well where the decision is
/// not go, and where the run was cut short.
pub fn test_result(
    decision: &Decision,
    findings: &[Finding],
    subject: &Subject,
) -> Statement<TestResult> {
    let tests = |wanted: RunResult| {
        let of = findings.iter().filter(|one| told_as(one) == Some(wanted));
        let mut names: Vec<_> = of.map(|finding| finding.check.clone()).collect();
        names.sort();
        names
    };
    let [passed_tests, warned_tests, failed_tests] =
        [RunResult::Passed, RunResult::Warned, RunResult::Failed].map(tests);
    let go = matches!(decision.outcome, Outcome::Go | Outcome::GoWithWaivers);
    let result = if !go || !failed_tests.is_empty() || subject.interrupted.is_some() {
        RunResult::Failed
    } else if !warned_tests.is_empty() {
        RunResult::Warned
    } else if passed_tests.is_empty() {
        RunResult::Failed
    } else {
        RunResult::Passed
    };
    let configuration = subject
        .inputs
        .iter()
        .map(|(path, digest)| ResourceDescriptor::file(path, digest))
        .collect();
    Statement {
        form: STATEMENT.into(),
        subject: about(decision, subject).into_iter().collect(),
        predicate_type: TEST_RESULT.into(),
        predicate: TestResult {
            result,
            configuration,
            passed_tests,
            warned_tests,
            failed_tests,
        },
    }
}

fn told_as(finding: &Finding) -> Option<RunResult> {
    match finding.verdict {
        Verdict::Pass => Some(RunResult::Passed),
        Verdict::Fail if finding.waived.is_some() => Some(RunResult::Warned),
        Verdict::Fail | Verdict::Inconclusive | Verdict::Blocked | Verdict::NeedsAttestation => {
            Some(RunResult::Failed)
        }
        Verdict::NotApplicable | Verdict::NotRun => None,
    }
}

fn about(decision: &Decision, subject: &Subject) -> Option<ResourceDescriptor> {
    let commit = subject.commit.as_deref().filter(|_| subject.clean);
    let mut about = match (commit, &subject.record_digest) {
        (Some(commit), _) => ResourceDescriptor::commit(&subject.project, commit),
        (None, Some(digest)) => {
            let name = subject.record.as_deref().unwrap_or(&subject.run);
            ResourceDescriptor::file(name, digest)
        }
        (None, None) => return None,
    };
    let told = json!({
        "tool": subject.tool_version,
        "run": subject.run,
        "record": subject.record,
        "recordDigest": subject.record_digest,
        "decision": decision.outcome.word(),
        "target": subject.target,
        "environment": subject.environment,
        "level": subject.level.word(),
        "commit": subject.commit,
        "clean": subject.clean,
        "started": subject.started.to_string(),
        "ended": subject.ended.to_string(),
        "interrupted": subject.interrupted,
    });
    about.annotations.insert("holdpoint".into(), told);
    Some(about)
}

/// Who verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// A URI.
    pub id: String,
    /// Versions by component.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
}

/// Whether the policy was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerificationResult {
    /// It was.
    Passed,
    /// It was not.
    Failed,
}

/// The predicate verification summary v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationSummary {
    /// Who verified.
    pub verifier: Verifier,
    /// When, in UTC.
    pub time_verified: Timestamp,
    /// What was verified, as those who fetch it name it.
    pub resource_uri: String,
    /// What it was verified against: the gate's definition, with its digest.
    pub policy: ResourceDescriptor,
    /// All that was considered, each with its digest.
    pub input_attestations: Vec<ResourceDescriptor>,
    /// Whether the policy was met.
    pub verification_result: VerificationResult,
    /// The levels reached; `FAILED` alone where the policy was not met.
    pub verified_levels: Vec<String>,
}

/// What a gate decided, to be stated.
#[derive(Debug, Clone, PartialEq)]
pub struct GateDecision {
    /// What the decision is about; each with a digest.
    pub subject: Vec<ResourceDescriptor>,
    /// The version of holdpoint.
    pub tool_version: String,
    /// When it was decided.
    pub at: Timestamp,
    /// What was verified, as those who fetch it name it: the address of the repository or deployment.
    pub resource_uri: String,
    /// The gate's definition, with URI and digest.
    pub policy: ResourceDescriptor,
    /// Everything that the decision rests on, each with its digest.
    pub inputs: Vec<ResourceDescriptor>,
    /// The levels reached, by names of our own such as `HOLDPOINT_QUALITY`; none where the gate is not go.
    pub levels: Option<Vec<String>>,
}

impl GateDecision {
    /// The statement of the decision.
    ///
    /// # Errors
    /// Says which rule of the predicate it would break: a subject or an input without digest, a policy without URI, a
    /// level that only SLSA may name, none for a pass.
    pub fn statement(self) -> Result<Statement<VerificationSummary>, String> {
        let digested = |one: &ResourceDescriptor| !one.digest.is_empty();
        if self.subject.is_empty() || !self.subject.iter().all(digested) {
            return Err("a gate's decision is about something that has a digest".into());
        }
        if self.policy.uri.as_deref().is_none_or(str::is_empty) {
            return Err("the policy of a gate's decision has no URI".into());
        }
        if !self.inputs.iter().all(digested) {
            return Err("an input of a gate's decision has no digest".into());
        }
        let (verification_result, verified_levels) = match self.levels {
            None => (VerificationResult::Failed, vec!["FAILED".to_owned()]),
            Some(levels) => {
                let reserved = |level: &String| level.starts_with("SLSA_") || level == "FAILED";
                if let Some(level) = levels.iter().find(|level| reserved(level)) {
                    return Err(format!("'{level}' is no level that a gate can give"));
                }
                if levels.is_empty() {
                    return Err("a gate that passed gives a level".into());
                }
                (VerificationResult::Passed, levels)
            }
        };
        Ok(Statement {
            form: STATEMENT.into(),
            subject: self.subject,
            predicate_type: VERIFICATION_SUMMARY.into(),
            predicate: VerificationSummary {
                verifier: Verifier {
                    id: VERIFIER.into(),
                    version: BTreeMap::from([("holdpoint".into(), self.tool_version)]),
                },
                time_verified: self.at,
                resource_uri: self.resource_uri,
                policy: self.policy,
                input_attestations: self.inputs,
                verification_result,
                verified_levels,
            },
        })
    }
}

impl Statement<Value> {
    /// Reads a statement of any predicate.
    ///
    /// # Errors
    /// It is no statement v1, or its subject cannot be matched.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("it is no in-toto statement: {error}"))?;
        if read.form != STATEMENT {
            return Err(format!(
                "it is of the type '{}', not '{STATEMENT}'",
                read.form
            ));
        }
        if read.predicate_type.is_empty() || !read.predicate.is_object() {
            return Err("it has no predicate".into());
        }
        let digested = |one: &ResourceDescriptor| !one.digest.is_empty();
        if read.subject.is_empty() || !read.subject.iter().all(digested) {
            return Err("it is about nothing that has a digest".into());
        }
        Ok(read)
    }
}
