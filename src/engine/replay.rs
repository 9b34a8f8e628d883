//! Judging a record again: no network, the same findings.

use super::docket::{Case, Docket, Observations};
use super::run::CutShort;
use crate::catalog::{Catalog, parse_check};
use crate::diagnostic::{Diagnostic, Source};
use crate::evidence::{PlannedCheck, Record};
use crate::judge::Rules;
use crate::model::{Check, Finding, Origin, Verdict};
use std::sync::Arc;

/// The findings of a record, by the checks it holds, or by those of a catalogue where one is given.
///
/// # Errors
/// A check of the record is no longer understood.
pub fn replay(record: &Record, catalog: Option<&Catalog>) -> Result<Vec<Finding>, Vec<Diagnostic>> {
    let mut cases = Vec::with_capacity(record.checks.len());
    for planned in &record.checks {
        let check = check_of(planned, catalog)?;
        let rules = Rules::compile(&check).map_err(|error| {
            vec![Diagnostic::new(format!(
                "{}: {}",
                check.place, error.message
            ))]
        })?;
        let needs = check
            .needs
            .iter()
            .filter(|need| !planned.waives_needs.iter().any(|one| one == need.as_str()))
            .filter_map(|need| {
                record
                    .checks
                    .iter()
                    .position(|other| other.id == need.as_str())
            })
            .collect();
        let set_aside = planned.set_aside.as_ref().map(|(verdict, reason)| {
            (
                verdict.parse().unwrap_or(Verdict::Inconclusive),
                reason.clone(),
            )
        });
        cases.push(Case {
            check,
            rules: Arc::new(rules),
            looks: planned.looks.clone(),
            set_aside,
            needs,
        });
    }
    let docket = Docket {
        cases,
        subject: record.header.subject.clone(),
    };
    let observations: Observations = record
        .observations
        .iter()
        .map(|one| (one.key.clone(), Arc::new(one.clone())))
        .collect();
    let cause = match &record.ending {
        Some(ending) => ending.cut_short.as_deref().map(CutShort::cause),
        None => Some("the run was killed before this was looked at".into()),
    };
    Ok(docket.findings(&observations, cause.as_deref()))
}

fn check_of(planned: &PlannedCheck, catalog: Option<&Catalog>) -> Result<Check, Vec<Diagnostic>> {
    if let Some(check) = catalog.and_then(|catalog| catalog.find(&planned.id)) {
        return Ok(check.clone());
    }
    // The origin says whose it was; the expressions were checked when the run was planned.
    let mut check = parse_check(
        &Source::new(&planned.file, &planned.source),
        Origin::Shipped,
    )?;
    check.origin = match planned.origin.as_str() {
        "shipped" => Origin::Shipped,
        "override" => Origin::Override,
        _ => Origin::User,
    };
    Ok(check)
}
