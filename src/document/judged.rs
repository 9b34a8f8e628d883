//! What a record and people's statements say about each item of a document. Pure.

use crate::model::{
    Attestation, DocumentMap, Finding, MapItem, Ruling, Signature, Subject, Verdict,
};
use jiff::civil::Date;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is said of a check that the record does not have.
pub(super) const NOT_THERE: &str = "not in this record";

/// What is known of an item, in the order of which outweighs which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It does not concern this application.
    NotApplicable,
    /// Every check behind it passed.
    Proved,
    /// A person states it, and every check behind it, if any, passed.
    Attested,
    /// A person must state it.
    NeedsPerson,
    /// No check observes it yet.
    NoCheck,
    /// A check behind it was not part of the run.
    NotLooked,
    /// A check behind it gave no result.
    Unproven,
    /// A check behind it failed, or a person states that it does not hold.
    Failed,
}

impl Standing {
    /// In words, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotApplicable => "does not apply",
            Self::Proved => "proved",
            Self::Attested => "attested",
            Self::NeedsPerson => "a person must state it",
            Self::NoCheck => "no check observes it yet",
            Self::NotLooked => "not looked at in this record",
            Self::Unproven => "could not be observed",
            Self::Failed => "does not hold",
        }
    }

    /// Was it seen, or stated, to hold?
    pub fn holds(self) -> bool {
        matches!(self, Self::Proved | Self::Attested)
    }

    /// Is there nothing more to find out?
    pub fn decided(self) -> bool {
        matches!(
            self,
            Self::Proved | Self::Attested | Self::Failed | Self::NotApplicable
        )
    }
}

/// What is known of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemState {
    /// The answer.
    pub standing: Standing,
    /// The checks behind it, its own and those of the items that it rolls up, with what each gave.
    pub checks: BTreeMap<String, &'static str>,
    /// Digests of the observations behind it.
    pub evidence: BTreeSet<String>,
    /// Whose statement it rests on: `name on date, until date: where the evidence is`.
    pub stated: Option<String>,
    /// The day of that statement.
    pub stated_on: Option<Date>,
    /// What keeps it from holding, whatever the checks that were not looked at would give: nobody states
    /// it, or no check observes it.
    pub lacks: Option<Standing>,
}

impl ItemState {
    /// Nothing is known yet.
    fn of(standing: Standing) -> Self {
        Self {
            standing,
            checks: BTreeMap::new(),
            evidence: BTreeSet::new(),
            stated: None,
            stated_on: None,
            lacks: None,
        }
    }
}

/// Everything that one record and the statements of people say.
#[derive(Debug)]
pub struct Judged<'a> {
    findings: BTreeMap<&'a str, &'a Finding>,
    attestations: &'a [Attestation],
    signatures: &'a [Signature],
    today: Date,
    document: &'a str,
    items: HashMap<&'a str, &'a MapItem>,
    /// What the record is about.
    pub subject: &'a Subject,
}

impl<'a> Judged<'a> {
    /// Judges the items of `map`; `today` is a day in UTC.
    pub fn new(
        map: &'a DocumentMap,
        findings: &'a [Finding],
        attestations: &'a [Attestation],
        subject: &'a Subject,
        today: Date,
    ) -> Self {
        Self {
            findings: findings.iter().map(|one| (&*one.check, one)).collect(),
            attestations,
            signatures: &[],
            today,
            document: &map.name,
            items: map.items.iter().map(|item| (&*item.id, item)).collect(),
            subject,
        }
    }

    /// With the sign-offs that count; those of other documents are passed over.
    #[must_use]
    pub fn signed(self, signatures: &'a [Signature]) -> Self {
        Self { signatures, ..self }
    }

    /// Who signed the document off, at this gate or at any.
    pub(super) fn signatures(&self, gate: Option<&str>) -> impl Iterator<Item = &'a Signature> {
        let those = self.signatures.iter();
        those.filter(move |one| {
            one.document == self.document && gate.is_none_or(|gate| gate == one.gate)
        })
    }

    /// Every finding of the record, in the order of the checks' names.
    pub fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        self.findings.values().copied()
    }

    /// The finding of a check, where the record has one.
    pub fn finding(&self, check: &str) -> Option<&'a Finding> {
        self.findings.get(check).copied()
    }

    /// What is known of an item, with checks that a comment in the document adds.
    pub fn item(&self, item: &MapItem, added: &[String]) -> ItemState {
        let mut path = BTreeSet::new();
        self.whole(item, added, &mut path)
    }

    fn whole(&self, item: &MapItem, added: &[String], path: &mut BTreeSet<String>) -> ItemState {
        let mut state = ItemState::of(Standing::NotApplicable);
        let mut parts = Vec::new();
        let checks: Vec<&String> = item.checks.iter().chain(added).collect();
        if !checks.is_empty() {
            parts.extend(self.checks(checks.into_iter(), &mut state));
        }
        // The parser refuses circles; a program that met one all the same must end.
        if path.insert(item.id.clone()) {
            for id in &item.all_of {
                let standing = match self.items.get(&**id) {
                    Some(part) => {
                        let part = self.whole(part, &[], path);
                        state.checks.extend(part.checks);
                        state.evidence.extend(part.evidence);
                        state.stated_on = state.stated_on.max(part.stated_on);
                        parts.extend(part.lacks);
                        part.standing
                    }
                    None => Standing::NoCheck,
                };
                parts.push(standing);
            }
            path.remove(&item.id);
        }
        if item.person.is_some() {
            let name = format!("{}:{}", self.document, item.id);
            parts.push(self.stated(&name, &mut state));
        }
        let lacks = |one: &&Standing| matches!(one, Standing::NeedsPerson | Standing::NoCheck);
        state.lacks = parts.iter().filter(lacks).max().copied();
        state.standing = match parts.iter().max() {
            Some(worst) => *worst,
            None if item.ruling == Ruling::Attest => Standing::NeedsPerson,
            None => Standing::NoCheck,
        };
        state
    }

    /// What these checks say together.
    pub fn of_checks<'c>(&self, checks: impl Iterator<Item = &'c String>) -> ItemState {
        let mut state = ItemState::of(Standing::NoCheck);
        let standings = self.checks(checks, &mut state);
        state.standing = standings.into_iter().max().unwrap_or(Standing::NoCheck);
        state
    }

    fn checks<'c>(
        &self,
        checks: impl Iterator<Item = &'c String>,
        state: &mut ItemState,
    ) -> Vec<Standing> {
        checks
            .map(|id| {
                let Some(finding) = self.finding(id) else {
                    state.checks.insert(id.clone(), NOT_THERE);
                    return Standing::NotLooked;
                };
                state.checks.insert(id.clone(), finding.verdict.word());
                let looks = finding.looks.iter().map(|look| look.evidence.clone());
                state
                    .evidence
                    .extend(looks.filter(|digest| !digest.is_empty()));
                match finding.verdict {
                    Verdict::Pass => Standing::Proved,
                    Verdict::Fail => Standing::Failed,
                    Verdict::Inconclusive | Verdict::Blocked => Standing::Unproven,
                    Verdict::NotRun => Standing::NotLooked,
                    Verdict::NotApplicable => Standing::NotApplicable,
                    Verdict::NeedsAttestation => self.stated(id, state),
                }
            })
            .collect()
    }

    /// The newest live statement about an item or a check.
    fn stated(&self, name: &str, state: &mut ItemState) -> Standing {
        let live = self
            .attestations
            .iter()
            .filter(|one| one.item == name && one.on <= self.today && self.today <= one.until)
            .max_by_key(|one| one.on);
        let Some(one) = live else {
            return Standing::NeedsPerson;
        };
        state.stated = Some(format!(
            "{} on {}, until {}: {}",
            one.by, one.on, one.until, one.evidence
        ));
        state.stated_on = state.stated_on.max(Some(one.on));
        match one.holds {
            true => Standing::Attested,
            false => Standing::Failed,
        }
    }

    /// A fact that a check has read, where the check passed and every look read the same.
    pub fn fact(&self, check: &str, path: &str) -> Option<String> {
        let finding = self.finding(check)?;
        if finding.verdict != Verdict::Pass {
            return None;
        }
        let mut found: Vec<String> = finding
            .looks
            .iter()
            .filter_map(|look| {
                // What expectations read is kept under the path that they read, or one that leads there.
                let (start, rest) = path
                    .match_indices('.')
                    .map(|(at, _)| (&path[..at], &path[at + 1..]))
                    .chain([(path, "")])
                    .rev()
                    .find(|(start, _)| look.facts.contains_key(*start))?;
                let names = rest.split('.').filter(|name| !name.is_empty());
                let value = names.fold(look.facts.get(start), |value, name| value?.get(name))?;
                match value {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
                    _ => None,
                }
            })
            .collect();
        found.dedup();
        match found.as_slice() {
            [one] if !one.is_empty() => Some(one.clone()),
            _ => None,
        }
    }
}
