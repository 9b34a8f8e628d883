//! One verdict of a record followed down to everything under it: checks, looks, facts, bytes, and what repeats it.

mod again;

pub use super::terminal::{observation, record, trace as finding};
pub(super) use again::{again, offline};

use crate::diagnostic::Diagnostic;
use crate::engine;
use crate::evidence::{PlannedCheck, PlannedLook, Record};
use crate::judge::{Answered, Rules};
use crate::model::{Check, Decision, Finding, LookVerdict, Observation, Subject, Verdict};
use std::collections::BTreeMap;

/// A record that was read and judged.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// What it holds; every observation was held to its digest when it was read.
    pub record: &'a Record,
    /// Its findings.
    pub findings: &'a [Finding],
    /// The decision over them.
    pub decision: &'a Decision,
    /// What it was about.
    pub subject: &'a Subject,
    /// The digest of each check's text, for whoever reads it.
    pub definitions: &'a BTreeMap<String, String>,
}

/// One finding, with everything that it rests on.
#[derive(Debug)]
pub struct Trace<'a> {
    /// The record.
    pub told: Told<'a>,
    /// The finding.
    pub finding: &'a Finding,
    /// The check as the record has it.
    pub planned: &'a PlannedCheck,
    /// The same, as it is understood.
    pub check: Check,
    /// What kept it from looking: its prerequisite, that one's, and so on down to the one that did not wait for another.
    pub chain: Vec<&'a Finding>,
    /// Its looks, in order.
    pub looks: Vec<Seen<'a>>,
}

/// One look of a check.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The look as it was planned.
    pub planned: &'a PlannedLook,
    /// What it saw, where it was made.
    pub observation: Option<&'a Observation>,
    /// The verdict that it gave, where it was judged.
    pub verdict: Option<&'a LookVerdict>,
    /// What each expectation gave.
    pub answers: Vec<Answered>,
    /// How many other checks read the same look.
    pub others: usize,
}

/// One look of a record, with every check that reads it.
#[derive(Debug)]
pub struct Read<'a> {
    /// The record.
    pub told: Told<'a>,
    /// The look as it was planned.
    pub planned: &'a PlannedLook,
    /// What it saw.
    pub observation: &'a Observation,
    /// The findings that rest on it.
    pub findings: Vec<&'a Finding>,
}

impl<'a> Told<'a> {
    /// The finding of a check.
    pub fn finding(self, check: &str) -> Option<&'a Finding> {
        self.findings.iter().find(|one| one.check == check)
    }

    /// Follows the finding of a check; none where the record holds no such check.
    ///
    /// # Errors
    /// The check is no longer understood.
    pub fn trace(self, check: &str) -> Result<Option<Trace<'a>>, Vec<Diagnostic>> {
        let planned = self.record.checks.iter().find(|one| one.id == check);
        let (Some(finding), Some(planned)) = (self.finding(check), planned) else {
            return Ok(None);
        };
        let check = engine::recorded(planned)?;
        let rules = Rules::compile(&check).map_err(|error| {
            vec![Diagnostic::new(format!(
                "{}: {}",
                check.place, error.message
            ))]
        })?;
        let looks = self.looks(planned, &check, &rules, finding);
        Ok(Some(Trace {
            told: self,
            finding,
            planned,
            chain: self.chain(finding),
            check,
            looks,
        }))
    }

    /// The look with this observation; none where the record has none.
    pub fn read(self, observation: &'a Observation) -> Option<Read<'a>> {
        let looks = &self.record.looks;
        let planned = looks.iter().find(|one| one.id == observation.key)?;
        let reads = |one: &&PlannedCheck| one.looks.contains(&observation.key);
        let readers = self.record.checks.iter().filter(reads);
        Some(Read {
            told: self,
            planned,
            observation,
            findings: readers.filter_map(|one| self.finding(&one.id)).collect(),
        })
    }

    fn looks(
        self,
        planned: &'a PlannedCheck,
        check: &Check,
        rules: &Rules,
        finding: &'a Finding,
    ) -> Vec<Seen<'a>> {
        let record = self.record;
        // Those that were made were judged in their order.
        let mut verdicts = finding.looks.iter();
        let each = planned.looks.iter().filter_map(|id| {
            let observation = record.observations.iter().find(|one| one.key == *id);
            let facts = observation.filter(|one| one.hindrance.is_none());
            let answers = facts.map(|one| rules.answers(check, &one.facts, &record.header.subject));
            let readers = record.checks.iter().filter(|one| one.looks.contains(id));
            Some(Seen {
                planned: record.looks.iter().find(|one| one.id == *id)?,
                observation,
                verdict: observation.and_then(|_| verdicts.next()),
                answers: answers.unwrap_or_default(),
                others: readers.count().saturating_sub(1),
            })
        });
        each.collect()
    }

    fn chain(self, finding: &Finding) -> Vec<&'a Finding> {
        let mut chain: Vec<&'a Finding> = Vec::new();
        let mut next = self.kept_by(finding);
        while let Some(one) = next {
            if chain.iter().any(|known| known.check == one.check) {
                break;
            }
            chain.push(one);
            next = self.kept_by(one);
        }
        chain
    }

    /// The prerequisite that a blocked check waited for in vain.
    fn kept_by(self, finding: &Finding) -> Option<&'a Finding> {
        if finding.verdict != Verdict::Blocked {
            return None;
        }
        let planned = self
            .record
            .checks
            .iter()
            .find(|one| one.id == finding.check)?;
        let check = engine::recorded(planned).ok()?;
        let needs = check.needs.iter().map(|need| need.as_str());
        let asked = needs.filter(|need| !planned.waives_needs.iter().any(|one| one == need));
        let mut findings = asked.filter_map(|need| self.finding(need));
        let clears = |one: &Finding| matches!(one.verdict, Verdict::Pass | Verdict::NotApplicable);
        findings.find(|one| !clears(one))
    }
}

impl Trace<'_> {
    /// Is it one of the reasons that the decision gives?
    pub(super) fn is_a_reason(&self) -> bool {
        let beginning = format!("{}: ", self.finding.check);
        let mut reasons = self.told.decision.reasons.iter();
        reasons.any(|reason| reason.starts_with(&beginning))
    }
}
