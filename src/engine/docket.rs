//! The cases of a run, and the findings that follow from what was observed. Pure: a run and its replay
//! judge by the same function.

use crate::judge::{self, Rules};
use crate::model::{Check, Facts, Finding, Observation, Verdict};
use crate::secret::Book;
use std::collections::HashMap;
use std::sync::Arc;

/// One check of a run, ready to be judged.
#[derive(Debug)]
pub struct Case {
    /// The check.
    pub check: Check,
    /// Its expressions, compiled.
    pub rules: Arc<Rules>,
    /// The ids of its looks.
    pub looks: Vec<String>,
    /// Set when it does not look: its verdict and why.
    pub set_aside: Option<(Verdict, String)>,
    /// The places of its prerequisites in the docket.
    pub needs: Vec<usize>,
}

/// Every check of a run, with what expressions may say about the subject.
#[derive(Debug)]
pub struct Docket {
    /// The cases, in the order of the catalogue.
    pub cases: Vec<Case>,
    /// `target`, `app` and `env`.
    pub subject: Facts,
}

/// Observations by the id of their look.
pub(super) type Observations = HashMap<String, Arc<Observation>>;

impl Docket {
    /// The finding of every case.
    pub fn findings(&self, observations: &Observations, cut_short: Option<&str>) -> Vec<Finding> {
        let mut known: Vec<Option<Finding>> = self.cases.iter().map(|_| None).collect();
        let mut open = vec![false; self.cases.len()];
        for place in 0..self.cases.len() {
            self.settle(place, observations, cut_short, &mut known, &mut open);
        }
        known.into_iter().flatten().collect()
    }

    fn settle(
        &self,
        place: usize,
        observations: &Observations,
        cut_short: Option<&str>,
        known: &mut Vec<Option<Finding>>,
        open: &mut Vec<bool>,
    ) {
        // The catalogue refuses circles; a record judged by changed checks may still hold one.
        if known[place].is_some() || std::mem::replace(&mut open[place], true) {
            return;
        }
        let case = &self.cases[place];
        for need in &case.needs {
            self.settle(*need, observations, cut_short, known, open);
        }
        let unsettled = case.needs.iter().find(|need| known[**need].is_none());
        known[place] = Some(match unsettled {
            Some(need) => judge::blocked(
                &case.check,
                self.cases[*need].check.id.as_str(),
                "leads back to it",
            ),
            None => {
                let needs = case.needs.iter().filter_map(|need| known[*need].as_ref());
                self.finding(place, needs, observations, cut_short)
            }
        });
    }

    /// The finding of one case, given those of its prerequisites.
    pub fn finding<'a>(
        &self,
        place: usize,
        needs: impl IntoIterator<Item = &'a Finding>,
        observations: &Observations,
        cut_short: Option<&str>,
    ) -> Finding {
        let case = &self.cases[place];
        if let Some((verdict, reason)) = &case.set_aside {
            return match verdict {
                Verdict::NotRun => judge::not_run(&case.check, reason.clone()),
                Verdict::NotApplicable => judge::not_applicable(&case.check, reason.clone()),
                _ => judge::inconclusive(&case.check, reason.clone()),
            };
        }
        if let Some(need) = needs.into_iter().find(|need| !clears(need)) {
            // The first cause in the chain is named, so that it is shown once.
            let root = need.blocked_by.as_ref().unwrap_or(&need.check);
            return judge::blocked(&case.check, root, cause(need));
        }
        let seen: Vec<&Observation> = case
            .looks
            .iter()
            .filter_map(|look| observations.get(look))
            .map(AsRef::as_ref)
            .collect();
        let finding = judge::conclude(&case.check, &case.rules, &seen, &self.subject);
        if seen.len() == case.looks.len() || finding.verdict == Verdict::Fail {
            return finding;
        }
        let why = cut_short.unwrap_or("the record ends before this was looked at");
        judge::inconclusive(&case.check, why)
    }
}

/// The findings as everything may show them, laid out in any way: what is wrapped, cut or escaped is no longer found.
pub(super) fn without_secrets(findings: Vec<Finding>, secrets: &Book) -> Vec<Finding> {
    let each = findings.into_iter();
    each.map(|one| one.redacted(&|text| secrets.redact(text)))
        .collect()
}

/// May dependants look?
pub(super) fn clears(need: &Finding) -> bool {
    matches!(need.verdict, Verdict::Pass | Verdict::NotApplicable)
}

fn cause(need: &Finding) -> &'static str {
    match need.verdict {
        Verdict::Fail => "failed",
        Verdict::NotRun => "was not run",
        Verdict::Blocked => "did not pass",
        _ => "could not be observed",
    }
}
