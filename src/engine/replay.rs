//! Judging a record again: no network, the same findings.

use super::docket::{Case, Docket, Observations, without_secrets};
use super::run::CutShort;
use crate::catalog::{Catalog, parse_check};
use crate::diagnostic::{Diagnostic, Source};
use crate::evidence::{PlannedCheck, Record};
use crate::judge::Rules;
use crate::model::{Check, FactKind, Finding, Origin, Verdict};
use crate::probe;
use crate::secret::Book;
use std::sync::Arc;

/// The findings of a record, by the checks it holds, or by those of a catalogue where one is given; their texts
/// without what is secret here, which whoever made the record need not have known.
///
/// # Errors
/// A check of the record is no longer understood.
pub fn replay(
    record: &Record,
    catalog: Option<&Catalog>,
    secrets: &Book,
) -> Result<Vec<Finding>, Vec<Diagnostic>> {
    let mut cases = Vec::with_capacity(record.checks.len());
    for planned in &record.checks {
        let recorded = recorded(planned)?;
        let now = catalog.and_then(|catalog| catalog.find(&planned.id));
        let changed = now.and_then(|now| unobserved(&recorded, now));
        let check = now.cloned().unwrap_or(recorded);
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
        let set_aside = changed
            .map(|reason| (Verdict::Inconclusive, reason))
            .or(set_aside);
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
    let findings = docket.findings(&observations, cause.as_deref());
    Ok(without_secrets(findings, secrets))
}

/// The check as it was when the run was planned.
///
/// # Errors
/// It is no longer understood.
pub fn recorded(planned: &PlannedCheck) -> Result<Check, Vec<Diagnostic>> {
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

/// Why a record cannot be judged by a check as it is now: what the check asks for was not observed.
fn unobserved(recorded: &Check, now: &Check) -> Option<String> {
    let what = if recorded.look != now.look {
        "what the check looks at"
    } else if recorded.applies_when != now.applies_when {
        "when the check applies"
    } else {
        // Of open-ended facts (headers, JSON bodies), only what was read then was kept.
        let look = now.look.as_ref();
        let facts = look
            .and_then(|look| probe::spec(&look.probe))
            .map(|spec| spec.facts.clone());
        let open: Vec<_> = facts
            .into_iter()
            .flatten()
            .filter(|fact| open_ended(&fact.kind))
            .collect();
        let kept_whole = |path: &[String]| {
            !open
                .iter()
                .any(|fact| path.first().is_some_and(|first| *first == fact.name))
        };
        let reads = |check: &Check| Rules::compile(check).map(|rules| rules.reads());
        match (reads(recorded), reads(now)) {
            (Ok(then), Ok(now))
                if now
                    .iter()
                    .all(|path| kept_whole(path) || then.contains(path)) =>
            {
                return None;
            }
            _ => "which facts the check reads",
        }
    };
    Some(format!(
        "{what} has changed since the record was made; run it again: holdpoint run {}",
        now.id
    ))
}

fn open_ended(kind: &FactKind) -> bool {
    match kind {
        FactKind::Optional(inner) => open_ended(inner),
        other => matches!(other, FactKind::Map(_) | FactKind::Json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, that: &str) -> Check {
        let text = format!(
            "id = 'a.b'\ntitle = 't'\nwhy = 'w'\nseverity = 'high'\nsuites = ['smoke']\n\
             [look]\nprobe = 'http'\npaths = ['{path}']\n\
             [[expect]]\nthat = \"{that}\"\notherwise = 'o'\n"
        );
        parse_check(&Source::new("a.toml", text), Origin::Shipped).unwrap()
    }

    #[test]
    fn a_changed_check_is_judged_only_by_what_was_observed() {
        let then = check("/", "status == 200 && 'x' in headers['x-a']");
        assert_eq!(
            unobserved(&then, &check("/", "status == 201 && hsts.present")),
            None
        );
        assert_eq!(
            unobserved(&then, &check("/", "'y' in headers['x-a']")),
            None
        );
        for (now, said) in [
            (check("/other", "status == 200"), "looks at"),
            (check("/", "'y' in headers['x-b']"), "facts the check reads"),
        ] {
            let reason = unobserved(&then, &now).unwrap();
            assert!(
                reason.contains(said) && reason.contains("holdpoint run a.b"),
                "{reason}"
            );
        }
    }
}
