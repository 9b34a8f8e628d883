//! What a template of a generated document may read: plain values with every name spelt out.

use super::generated::role;
use super::guide::{self, Domain, Tally};
use super::reading::{self, COUNTED};
use crate::model::{Decision, Finding, Note, Severity, Signature, Subject, Verdict};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything a template may read.
#[derive(Debug, Serialize)]
pub struct View<'a> {
    /// The decision.
    pub decision: DecisionView<'a>,
    /// What the run was about.
    pub subject: SubjectView<'a>,
    /// Every verdict with its count, those of zero included.
    pub counts: Vec<CountView>,
    /// How many checks there are.
    pub total: usize,
    /// Failures that no waiver covers, by severity, the gravest first; every severity is there.
    pub failed: Vec<SeverityView<'a>>,
    /// Failures that a waiver covers.
    pub waived: Vec<FindingView<'a>>,
    /// Checks that were tried, or waited for one, without result.
    pub unobserved: Vec<FindingView<'a>>,
    /// Checks that this run left out.
    pub not_run: Vec<FindingView<'a>>,
    /// Checks that only a person can answer.
    pub attestations: Vec<FindingView<'a>>,
    /// Where a document says something that present guidance contradicts.
    pub notes: Vec<NoteView<'a>>,
    /// The security guide's domains.
    pub domains: Vec<Domain>,
    /// All domains counted together.
    pub together: Tally,
    /// Every observation once, with the checks that rest on it.
    pub evidence: Vec<EvidenceView<'a>>,
    /// Who signed the document off with a key, as long as that counts.
    pub signatures: Vec<SignatureView<'a>>,
    /// What documents about a part of the checks are made from.
    #[serde(skip)]
    pub(super) run: Run<'a>,
}

/// A sign-off.
#[derive(Debug, Clone, Serialize)]
pub struct SignatureView<'a> {
    /// In what role, in the words of the document: `Security lead`.
    pub role: &'a str,
    /// The gate.
    pub gate: &'a str,
    /// Who signed.
    pub by: &'a str,
    /// The key's fingerprint.
    pub fingerprint: &'a str,
    /// The day on which it was signed.
    pub on: String,
    /// The commit that was signed for, or none.
    pub commit: Option<&'a str>,
    /// The last day on which it counts.
    pub until: String,
    /// The key, the commit and the end, shortened for people.
    pub rests_on: String,
}

/// The run itself, which no template reads.
#[derive(Debug)]
pub(super) struct Run<'a> {
    /// The findings by area and name.
    pub(super) findings: Vec<&'a Finding>,
    /// Every check of the catalogue with its tags.
    tags: &'a BTreeMap<String, Vec<String>>,
    /// Findings of at least this severity must pass.
    pub(super) fail_on: Severity,
}

impl<'a> Run<'a> {
    /// The tags of a check.
    pub(super) fn tags_of(&self, id: &str) -> &'a [String] {
        self.tags.get(id).map_or(&[], Vec::as_slice)
    }

    /// The checks that were not part of the run, with their tags.
    pub(super) fn unselected(&self) -> impl Iterator<Item = (&'a str, &'a [String])> {
        let selected: BTreeSet<&str> = self.findings.iter().map(|one| &*one.check).collect();
        let all = self.tags.iter();
        all.filter(move |(id, _)| !selected.contains(id.as_str()))
            .map(|(id, tags)| (id.as_str(), tags.as_slice()))
    }
}

/// The decision.
#[derive(Debug, Serialize)]
pub struct DecisionView<'a> {
    /// `go`, `go with waivers`, `no-go`, `undecided`.
    pub word: &'static str,
    /// Failures of at least this severity hold the release.
    pub fail_on: &'static str,
    /// What holds the release.
    pub reasons: &'a [String],
    /// What people should know.
    pub warnings: &'a [String],
}

/// What the run was about.
#[derive(Debug, Serialize)]
pub struct SubjectView<'a> {
    /// The application's name.
    pub project: &'a str,
    /// The name of its folder.
    pub root: &'a str,
    /// Its address, or none.
    pub target: Option<&'a str>,
    /// The environment's name.
    pub environment: &'a str,
    /// How far the run might reach.
    pub level: &'static str,
    /// What was asked for.
    pub selection: &'a [String],
    /// When it began, in UTC.
    pub started: String,
    /// When it ended, in UTC.
    pub ended: String,
    /// How long it took.
    pub duration: String,
    /// The commit, or none.
    pub commit: Option<&'a str>,
    /// There were changes that no commit has.
    pub dirty: bool,
    /// Where the record is kept, or none.
    pub record: Option<&'a str>,
    /// The run's name.
    pub run: &'a str,
    /// Why it ended early, or none.
    pub interrupted: Option<&'a str>,
    /// The version of holdpoint.
    pub tool_version: &'a str,
}

/// A verdict with its count.
#[derive(Debug, Serialize)]
pub struct CountView {
    /// The verdict.
    pub verdict: &'static str,
    /// How many findings have it.
    pub count: usize,
}

/// The findings of one severity.
#[derive(Debug, Serialize)]
pub struct SeverityView<'a> {
    /// The severity.
    pub severity: &'static str,
    /// Its findings.
    pub findings: Vec<FindingView<'a>>,
}

/// One finding.
#[derive(Debug, Serialize)]
pub struct FindingView<'a> {
    /// The check's name.
    pub check: &'a str,
    /// The claim.
    pub title: &'a str,
    /// The severity.
    pub severity: &'static str,
    /// The verdict.
    pub verdict: &'static str,
    /// Why, in one line.
    pub reason: &'a str,
    /// What was wrong, each fault once.
    pub faults: Vec<FaultView<'a>>,
    /// How to mend it.
    pub remedy: &'a str,
    /// The command that proves the mend.
    pub prove: String,
    /// Where the check is defined.
    pub defined: &'a str,
    /// It replaces a shipped check.
    pub overrides_shipped: bool,
    /// The digest of the observation, or none.
    pub evidence: Option<&'a str>,
    /// The prerequisite that did not pass, or none.
    pub blocked_by: Option<&'a str>,
    /// The waiver, or none.
    pub waived: Option<&'a str>,
}

/// One fault.
#[derive(Debug, Serialize)]
pub struct FaultView<'a> {
    /// In one line.
    pub text: &'a str,
    /// What was wanted.
    pub expected: &'a str,
    /// What was seen.
    pub found: &'a str,
    /// At which looks.
    pub looks: Vec<&'a str>,
}

/// A contradiction with a document.
#[derive(Debug, Serialize)]
pub struct NoteView<'a> {
    /// The check.
    pub check: &'a str,
    /// Its verdict.
    pub verdict: &'static str,
    /// The document.
    pub document: &'a str,
    /// What it asks for.
    pub says: &'a str,
    /// What is true.
    pub truth: &'a str,
    /// Its source.
    pub source: &'a str,
    /// What was tested.
    pub tested: &'a str,
    /// Is the letter met?
    pub conformance: &'a str,
    /// Is it good practice?
    pub assessment: &'a str,
}

/// One observation.
#[derive(Debug, Serialize)]
pub struct EvidenceView<'a> {
    /// Its number in the list, from 1.
    pub number: usize,
    /// What was looked at.
    pub label: &'a str,
    /// The digest.
    pub digest: &'a str,
    /// The checks that rest on it.
    pub checks: Vec<&'a str>,
}

impl<'a> View<'a> {
    /// The names that a template may read, for the message about one that it may not.
    pub(super) const NAMES: &'static str = "decision, subject, counts, total, failed, waived, unobserved, not_run, attestations, notes, domains, together, evidence and signatures";

    /// The view of one run.
    pub fn new(decision: &'a Decision, findings: &'a [Finding], subject: &'a Subject) -> Self {
        let ordered = reading::ordered(findings);
        let those = |wanted: &dyn Fn(&Finding) -> bool| -> Vec<FindingView<'a>> {
            ordered
                .iter()
                .filter(|finding| wanted(finding))
                .map(|finding| FindingView::new(finding))
                .collect()
        };
        let open = |verdict: Verdict| matches!(verdict, Verdict::Inconclusive | Verdict::Blocked);
        let failed = Severity::ALL.iter().rev().map(|&severity| SeverityView {
            severity: severity.word(),
            findings: those(&|one| {
                one.verdict == Verdict::Fail && one.waived.is_none() && one.severity == severity
            }),
        });
        let domains = guide::domains(&ordered, &subject.tags);
        Self {
            decision: DecisionView {
                word: decision.outcome.word(),
                fail_on: decision.fail_on.word(),
                reasons: &decision.reasons,
                warnings: &decision.warnings,
            },
            subject: SubjectView::new(subject),
            counts: COUNTED
                .map(|verdict| CountView {
                    verdict: verdict.word(),
                    count: reading::count(decision, verdict),
                })
                .into(),
            total: reading::total(decision),
            failed: failed.collect(),
            waived: those(&|one| one.verdict == Verdict::Fail && one.waived.is_some()),
            unobserved: those(&|one| open(one.verdict)),
            not_run: those(&|one| one.verdict == Verdict::NotRun),
            attestations: those(&|one| one.verdict == Verdict::NeedsAttestation),
            notes: ordered
                .iter()
                .filter_map(|one| Some(NoteView::new(one, one.note.as_ref()?)))
                .collect(),
            together: Tally::sum(domains.iter().map(|domain| domain.tally)),
            domains,
            evidence: evidence(&ordered),
            signatures: Vec::new(),
            run: Run {
                findings: ordered,
                tags: &subject.tags,
                fail_on: decision.fail_on,
            },
        }
    }
}

impl<'a> View<'a> {
    /// With the sign-offs of the document of that name; those of others are passed over.
    #[must_use]
    pub fn signed(mut self, document: &str, signatures: &'a [Signature]) -> Self {
        let mut those: Vec<&Signature> = signatures
            .iter()
            .filter(|one| one.document == document)
            .collect();
        those.sort_by_key(|one| (one.on, &one.by, &one.fingerprint));
        self.signatures = those.into_iter().map(SignatureView::new).collect();
        self
    }
}

impl<'a> SignatureView<'a> {
    fn new(one: &'a Signature) -> Self {
        Self {
            role: role(&one.gate),
            gate: &one.gate,
            by: &one.by,
            fingerprint: &one.fingerprint,
            on: one.on.to_string(),
            commit: one.commit.as_deref(),
            until: one.until.to_string(),
            rests_on: one.rests_on(),
        }
    }
}

impl<'a> SubjectView<'a> {
    fn new(subject: &'a Subject) -> Self {
        let time = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        Self {
            project: &subject.project,
            root: &subject.root,
            target: subject.target.as_deref(),
            environment: &subject.environment,
            level: subject.level.word(),
            selection: &subject.selection,
            started: time(subject.started),
            ended: time(subject.ended),
            duration: reading::duration(subject.duration_ms),
            commit: subject.commit.as_deref(),
            dirty: subject.dirty,
            record: subject.record.as_deref(),
            run: &subject.run,
            interrupted: subject.interrupted.as_deref(),
            tool_version: &subject.tool_version,
        }
    }
}

impl<'a> FindingView<'a> {
    pub(super) fn new(finding: &'a Finding) -> Self {
        let faults = reading::faults(finding).into_iter();
        Self {
            check: &finding.check,
            title: &finding.title,
            severity: finding.severity.word(),
            verdict: finding.verdict.word(),
            reason: &finding.reason,
            faults: faults
                .map(|fault| FaultView {
                    text: fault.text,
                    expected: fault.expected,
                    found: fault.found,
                    looks: fault.looks,
                })
                .collect(),
            remedy: &finding.remedy,
            prove: reading::prove(finding),
            defined: &finding.defined,
            overrides_shipped: finding.overrides_shipped,
            evidence: reading::evidence(finding),
            blocked_by: finding.blocked_by.as_deref(),
            waived: finding.waived.as_deref(),
        }
    }
}

impl<'a> NoteView<'a> {
    pub(super) fn new(finding: &'a Finding, note: &'a Note) -> Self {
        Self {
            check: &finding.check,
            verdict: finding.verdict.word(),
            document: &note.document,
            says: &note.says,
            truth: &note.truth,
            source: &note.source,
            tested: &note.tested,
            conformance: &note.conformance,
            assessment: &note.assessment,
        }
    }
}

/// Every observation once, by its label, with the checks that rest on it.
pub(super) fn evidence<'a>(findings: &[&'a Finding]) -> Vec<EvidenceView<'a>> {
    let mut checks: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for finding in findings {
        for look in finding
            .looks
            .iter()
            .filter(|look| !look.evidence.is_empty())
        {
            let entry = checks.entry((&look.label, &look.evidence)).or_default();
            if !entry.contains(&&*finding.check) {
                entry.push(&finding.check);
            }
        }
    }
    checks
        .into_iter()
        .zip(1..)
        .map(|(((label, digest), checks), number)| EvidenceView {
            number,
            label,
            digest,
            checks,
        })
        .collect()
}
