//! What a template of a document over some of the checks may read: those checks, part by part.

use super::standing::{Standing, Together};
use super::variables::{VariableView, variables};
use super::{Generated, Part};
use crate::document::guide::Item;
use crate::document::view::{
    DecisionView, EvidenceView, FindingView, NoteView, SignatureView, SubjectView, View, evidence,
};
use crate::model::{Finding, Verdict};
use serde::Serialize;
use std::cmp::Reverse;

/// The names that a template may read, for the message about one that it may not.
pub(super) const NAMES: &str = "document, standing, holding, together, decision, subject, parts, items, people, variables, notes, evidence and signatures";

/// Everything that the template may read.
#[derive(Debug, Serialize)]
pub(super) struct Scope<'a> {
    document: Named,
    standing: Standing,
    holding: Vec<FindingView<'a>>,
    together: Together,
    decision: &'a DecisionView<'a>,
    subject: &'a SubjectView<'a>,
    parts: Vec<PartView<'a>>,
    items: Vec<&'a Item>,
    people: Vec<&'static str>,
    variables: Vec<VariableView<'a>>,
    notes: Vec<NoteView<'a>>,
    evidence: Vec<EvidenceView<'a>>,
    signatures: &'a [SignatureView<'a>],
}

/// The document itself.
#[derive(Debug, Serialize)]
struct Named {
    name: &'static str,
    title: &'static str,
    asks: &'static str,
    signers: &'static [&'static str],
}

/// A check that came to a verdict, with the observations that it rests on.
#[derive(Debug, Serialize)]
pub struct RestsOn<'a> {
    /// The finding.
    #[serde(flatten)]
    pub finding: FindingView<'a>,
    /// The numbers of its observations in the document's list: `1, 4`.
    pub rests_on: String,
}

/// Checks that gave no verdict for the same reason.
#[derive(Debug, Serialize)]
pub struct Unmet<'a> {
    /// The check that they wait for, or none.
    pub on: Option<&'a str>,
    /// Why, where they wait for none.
    pub reason: &'a str,
    /// The checks.
    pub checks: Vec<&'a str>,
}

/// One part of the document.
#[derive(Debug, Serialize)]
pub struct PartView<'a> {
    /// The heading.
    pub title: &'static str,
    /// What the run says about it.
    pub standing: Standing,
    /// The counts.
    pub tally: Together,
    /// Every check that came to a verdict, failures first, the gravest first.
    pub looked: Vec<RestsOn<'a>>,
    /// Those that failed and no waiver covers, the gravest first.
    pub failed: Vec<FindingView<'a>>,
    /// Those that failed and a waiver covers.
    pub waived: Vec<FindingView<'a>>,
    /// Checks that came to no verdict, by reason.
    pub open: Vec<Unmet<'a>>,
    /// Checks that only a person can answer.
    pub attestations: Vec<FindingView<'a>>,
    /// Checks that reach further than the run might.
    pub not_run: Vec<Unmet<'a>>,
    /// Checks that were not part of the run.
    pub unselected: Vec<&'a str>,
    /// Checks that do not concern this application, by reason.
    pub not_applicable: Vec<Unmet<'a>>,
    /// The command that looks with all of its checks, or none where holdpoint has none.
    pub run: Option<String>,
    /// What only people can answer.
    pub people: &'static [&'static str],
}

impl<'a> Scope<'a> {
    pub(super) fn new(document: &Generated, view: &'a View<'a>) -> Self {
        let mut rest: Vec<&Finding> = view.run.findings.clone();
        let mut unknown: Vec<(&str, &[String])> = view.run.unselected().collect();
        let shares: Vec<Share<'_>> = document
            .parts
            .iter()
            .map(|part| Share::take(part, view, &mut rest, &mut unknown))
            .filter(|share| !share.is_empty() || document.parts.len() == 1)
            .collect();
        let findings: Vec<&Finding> = shares
            .iter()
            .flat_map(|share| share.findings.iter().copied())
            .collect();
        let unselected = shares.iter().map(|share| share.unselected.len()).sum();
        let items: Vec<&Item> = view
            .domains
            .iter()
            .flat_map(|domain| &domain.checks)
            .filter(|item| document.numbers(&item.number))
            .collect();
        let open_items = items.iter().filter(|item| item.is_open()).count();
        let concerned: Vec<&Finding> = findings
            .iter()
            .copied()
            .filter(|one| one.verdict != Verdict::NotApplicable)
            .collect();
        let evidence = evidence(&concerned);
        let fail_on = view.run.fail_on;
        let mut holding: Vec<&Finding> = findings
            .iter()
            .copied()
            .filter(|one| one.severity >= fail_on && failed(one) && one.waived.is_none())
            .collect();
        gravest_first(&mut holding);
        let parts: Vec<PartView<'_>> = shares
            .iter()
            .map(|share| share.view(view, &evidence))
            .collect();
        Self {
            document: Named {
                name: document.name,
                title: document.title,
                asks: document.asks,
                signers: document.signers,
            },
            standing: Standing::of(&findings, unselected, open_items, fail_on),
            holding: holding.into_iter().map(FindingView::new).collect(),
            together: Together::of(&findings, unselected),
            decision: &view.decision,
            subject: &view.subject,
            people: parts
                .iter()
                .filter(|part| part.standing.word != "not applicable")
                .flat_map(|part| part.people.iter().copied())
                .collect(),
            parts,
            items,
            variables: variables(&findings),
            notes: concerned
                .iter()
                .filter_map(|one| Some(NoteView::new(one, one.note.as_ref()?)))
                .collect(),
            evidence,
            signatures: &view.signatures,
        }
    }
}

/// What belongs to one part.
struct Share<'a> {
    part: &'static Part,
    findings: Vec<&'a Finding>,
    unselected: Vec<&'a str>,
}

impl<'a> Share<'a> {
    /// Takes what belongs to the part out of what is left.
    fn take(
        part: &'static Part,
        view: &View<'a>,
        rest: &mut Vec<&'a Finding>,
        unknown: &mut Vec<(&'a str, &'a [String])>,
    ) -> Self {
        let findings = rest
            .extract_if(.., |one| {
                part.holds(&one.check, view.run.tags_of(&one.check), &one.suites)
            })
            .collect();
        let unselected = unknown
            .extract_if(.., |(id, tags)| part.holds(id, tags, &[]))
            .map(|(id, _)| id)
            .collect();
        Self {
            part,
            findings,
            unselected,
        }
    }

    fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.unselected.is_empty()
    }

    fn view(&self, view: &View<'a>, evidence: &[EvidenceView<'a>]) -> PartView<'a> {
        let those = |wanted: &dyn Fn(&Finding) -> bool| -> Vec<&'a Finding> {
            let mut those: Vec<&Finding> = self.findings.clone();
            those.retain(|one| wanted(one));
            those
        };
        let shown = |mut those: Vec<&'a Finding>| -> Vec<FindingView<'a>> {
            gravest_first(&mut those);
            those.into_iter().map(FindingView::new).collect()
        };
        let mut looked = those(&|one| matches!(one.verdict, Verdict::Pass | Verdict::Fail));
        gravest_first(&mut looked);
        looked.sort_by_key(|one| one.verdict != Verdict::Fail);
        PartView {
            title: self.part.title,
            standing: Standing::of(&self.findings, self.unselected.len(), 0, view.run.fail_on),
            tally: Together::of(&self.findings, self.unselected.len()),
            looked: looked
                .into_iter()
                .map(|one| RestsOn {
                    finding: FindingView::new(one),
                    rests_on: rests_on(one, evidence),
                })
                .collect(),
            failed: shown(those(&|one| failed(one) && one.waived.is_none())),
            waived: shown(those(&|one| failed(one) && one.waived.is_some())),
            open: unmet(&those(&|one| {
                matches!(one.verdict, Verdict::Inconclusive | Verdict::Blocked)
            })),
            attestations: shown(those(&|one| one.verdict == Verdict::NeedsAttestation)),
            not_run: unmet(&those(&|one| one.verdict == Verdict::NotRun)),
            unselected: self.unselected.clone(),
            not_applicable: unmet(&those(&|one| one.verdict == Verdict::NotApplicable)),
            run: self.run(view),
            people: self.part.people,
        }
    }

    /// The command for all checks of the part: its areas and tags as far as they are known, else their ids.
    fn run(&self, view: &View<'a>) -> Option<String> {
        let ids = || {
            let found = self.findings.iter().map(|one| one.check.as_str());
            found.chain(self.unselected.iter().copied())
        };
        let words = self.part.selectors().into_iter().filter(|word| {
            ids().any(|id| match word.strip_suffix(".*") {
                Some(area) => id.split('.').next() == Some(area),
                None => id == *word || view.run.tags_of(id).iter().any(|tag| tag == word),
            })
        });
        let words: Vec<&str> = words.map(|word| word.trim_end_matches(".*")).collect();
        let words = if words.is_empty() {
            ids().collect()
        } else {
            words
        };
        (!words.is_empty()).then(|| format!("holdpoint run {}", words.join(" ")))
    }
}

fn failed(finding: &Finding) -> bool {
    finding.verdict == Verdict::Fail
}

fn gravest_first(findings: &mut [&Finding]) {
    findings.sort_by_key(|one| Reverse(one.severity));
}

/// Checks without a verdict: those that wait for the same check together, and those with the same reason.
fn unmet<'a>(findings: &[&'a Finding]) -> Vec<Unmet<'a>> {
    let mut groups: Vec<Unmet<'a>> = Vec::new();
    for finding in findings {
        let on = finding.blocked_by.as_deref();
        let reason = if on.is_some() { "" } else { &*finding.reason };
        match groups
            .iter_mut()
            .find(|group| group.on == on && group.reason == reason)
        {
            Some(group) => group.checks.push(&finding.check),
            None => groups.push(Unmet {
                on,
                reason,
                checks: vec![&finding.check],
            }),
        }
    }
    groups.sort_by_key(|group| group.on.is_some());
    groups
}

/// The numbers of a finding's observations; many are summed up.
fn rests_on(finding: &Finding, evidence: &[EvidenceView<'_>]) -> String {
    let numbers: Vec<String> = evidence
        .iter()
        .filter(|one| {
            let mut looks = finding.looks.iter();
            looks.any(|look| look.label == one.label && look.evidence == one.digest)
        })
        .map(|one| one.number.to_string())
        .collect();
    match numbers.get(..4) {
        Some(first) => format!(
            "{} and {} more",
            first.join(", "),
            numbers.len() - first.len()
        )
        .replace(" and 0 more", ""),
        None => numbers.join(", "),
    }
}
