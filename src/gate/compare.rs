//! What changed between two runs, and whether that is worse. Pure; verdicts are taken as they were judged.
//!
//! `diff` and `--baseline` judge each check in the same way, by `no_worse`, and weigh it alike: what is worse is 1 to both,
//! what cannot be told 3, and neither asks of what is below the severity that must pass or what a waiver accepts. They
//! differ in what they are asked. A decision is over what its run asked for: a check that was seen before and is not part
//! of it, or above its level, is *lost from sight* to a comparison of two records, and no matter of the decision. And a
//! decision may be taken again at another severity (`report --fail-on`), while a comparison goes by the record after.

use super::no_worse::{Told, Why, held, stands};
use super::run::unobserved;
use crate::model::{Changed, Finding, Severity, Verdict, Worse};
use std::collections::{BTreeMap, BTreeSet};

/// How a comparison calls its two runs.
const NAMES: (&str, &str) = ("the run before", "the run after");

/// A run, as far as it is compared by that.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its findings.
    pub findings: &'a [Finding],
    /// The digest of each check's text, as it was judged by it.
    pub definitions: &'a BTreeMap<String, String>,
    /// It ended before everything was looked at.
    pub cut_short: bool,
}

/// What changed from one run to another, the gravest first. `accepted` holds the checks of the run after whose failure a
/// waiver accepts.
pub fn compare(before: Side<'_>, after: Side<'_>, accepted: &BTreeSet<String>) -> Vec<Changed> {
    let (then, now) = (findings(before), findings(after));
    let held_then = held(before.findings, before.definitions);
    let held_now = held(after.findings, after.definitions);
    let checks: BTreeSet<&str> = then.keys().chain(now.keys()).map(String::as_str).collect();
    let each = checks.into_iter().filter_map(|check| {
        let told = |held, cut_short| Told { held, cut_short };
        let stands = stands(
            told(held_then.get(check), before.cut_short),
            told(held_now.get(check), after.cut_short),
        );
        let (then, now) = (then.get(check), now.get(check));
        let shown = now.or(then)?;
        let why = stands.why.filter(Why::says_more);
        let why = why.map(|why| why.text(NAMES.0, NAMES.1));
        Some(Changed {
            check: shown.check.clone(),
            title: shown.title.clone(),
            severity: shown.severity,
            change: stands.change?,
            before: then.map(|one| one.verdict),
            after: now.map(|one| one.verdict),
            reason: shown.reason.clone(),
            looks: stands.looks,
            why: why.unwrap_or_default(),
            accepted: accepted.contains(check)
                && now.is_some_and(|one| one.verdict == Verdict::Fail),
        })
    });
    let mut changed: Vec<Changed> = each.collect();
    changed.sort_by(|a, b| {
        let rank = |one: &Changed| (one.change, std::cmp::Reverse(one.severity));
        rank(a).cmp(&rank(b)).then_with(|| a.check.cmp(&b.check))
    });
    changed
}

fn findings<'a>(side: Side<'a>) -> BTreeMap<String, &'a Finding> {
    let each = side.findings.iter();
    each.map(|one| (one.check.clone(), one)).collect()
}

/// Is the run after worse, by what changed, for what it must pass? Where nothing of that was observed, nobody can tell.
pub fn worse(changed: &[Changed], after: &[Finding], fail_on: Severity) -> Worse {
    let decides = |one: &&Changed| one.severity >= fail_on && !one.accepted;
    let grave = changed.iter().filter(decides);
    let worst = grave.map(|one| one.change.worse()).max();
    match worst.unwrap_or(Worse::Nothing) {
        Worse::Nothing if unobserved(after, fail_on).is_some() => Worse::OutOfSight,
        worst => worst,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Change, LookVerdict};

    fn finding(verdict: Verdict, reason: &str, failing: &[&str]) -> Finding {
        let looks = failing.iter().map(|label| LookVerdict {
            label: (*label).into(),
            verdict: Verdict::Fail,
            reasons: vec![],
            unjudged: vec![],
            facts: serde_json::Map::new(),
            evidence: String::new(),
            retried: false,
        });
        Finding {
            title: "it holds".into(),
            reason: reason.into(),
            looks: looks.collect(),
            ..Finding::bare("a.b", Severity::High, verdict)
        }
    }

    fn change(before: Option<Finding>, after: Option<Finding>) -> Option<Change> {
        let list = |one: Option<Finding>| one.into_iter().collect::<Vec<_>>();
        let changed = compared(&list(before), &list(after));
        changed.first().map(|one| one.change)
    }

    fn compared(before: &[Finding], after: &[Finding]) -> Vec<Changed> {
        let definitions = BTreeMap::new();
        let side = |findings| Side {
            findings,
            definitions: &definitions,
            cut_short: false,
        };
        compare(side(before), side(after), &BTreeSet::new())
    }

    #[test]
    fn every_pair_of_verdicts_has_its_word() {
        use Verdict::{Blocked, Fail, Inconclusive, NeedsAttestation, NotApplicable, NotRun, Pass};
        let unseen = [Inconclusive, Blocked, NotRun, NeedsAttestation];
        for (before, after, expected) in [
            (Pass, Pass, None),
            (Pass, NotApplicable, None),
            (NotApplicable, Pass, None),
            (Pass, Fail, Some(Change::Broke)),
            (NotApplicable, Fail, Some(Change::Broke)),
            (Fail, Pass, Some(Change::Mended)),
            (Fail, NotApplicable, Some(Change::Mended)),
            (Fail, Fail, None),
        ] {
            let one = |verdict| Some(finding(verdict, "why", &[]));
            assert_eq!(
                change(one(before), one(after)),
                expected,
                "{before} {after}"
            );
        }
        let one = |verdict| Some(finding(verdict, "why", &[]));
        for none in unseen.map(one).into_iter().chain([None]) {
            assert_eq!(change(none.clone(), one(Fail)), Some(Change::Found));
            assert_eq!(change(none.clone(), one(Pass)), Some(Change::Seen));
            assert_eq!(change(none.clone(), one(NotApplicable)), None);
            assert_eq!(change(one(Fail), none.clone()), Some(Change::Lost));
            assert_eq!(change(one(Pass), none.clone()), Some(Change::Lost));
            // What nobody looked at tells nothing of what cannot be told now.
            let looked = none.as_ref().is_some_and(|none| none.verdict != NotRun);
            for open in [Inconclusive, Blocked, NeedsAttestation] {
                let expected = (!looked).then_some(Change::Unseen);
                assert_eq!(change(none.clone(), one(open)), expected);
            }
            assert_eq!(change(none, one(NotRun)), None);
        }
    }

    #[test]
    fn a_failure_is_worse_where_more_of_its_looks_fail() {
        let before = || Some(finding(Verdict::Fail, "on 2 paths", &["GET /", "GET /a"]));
        let worse = finding(Verdict::Fail, "on 2 paths", &["GET /", "GET /b"]);
        let changed = compared(&[before().unwrap()], &[worse]);
        assert_eq!(changed[0].change, Change::Worse);
        assert_eq!(changed[0].looks, ["GET /b"]);
        let fewer = finding(Verdict::Fail, "on 1 path", &["GET /"]);
        assert_eq!(change(before(), Some(fewer)), Some(Change::Other));
        let same = finding(Verdict::Fail, "on 2 paths", &["GET /", "GET /a"]);
        assert_eq!(change(before(), Some(same)), None);
    }
}
