//! What changed between two runs. Pure; verdicts are taken as they were judged.

use crate::model::{Change, Changed, Finding, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// What changed from `before` to `after`, the gravest first.
pub fn compare(before: &[Finding], after: &[Finding]) -> Vec<Changed> {
    let by_check = |findings| -> BTreeMap<&str, &Finding> {
        let each = <[Finding]>::iter(findings);
        each.map(|one| (one.check.as_str(), one)).collect()
    };
    let (then, now) = (by_check(before), by_check(after));
    let checks: BTreeSet<&str> = then.keys().chain(now.keys()).copied().collect();
    let each = checks.into_iter();
    let mut changed: Vec<Changed> = each
        .filter_map(|check| changed(then.get(check).copied(), now.get(check).copied()))
        .collect();
    changed.sort_by(|a, b| {
        let rank = |one: &Changed| (one.change, std::cmp::Reverse(one.severity));
        rank(a).cmp(&rank(b)).then_with(|| a.check.cmp(&b.check))
    });
    changed
}

fn changed(before: Option<&Finding>, after: Option<&Finding>) -> Option<Changed> {
    let shown = after.or(before)?;
    let looks = match (before, after) {
        (Some(before), Some(after)) => failing_anew(before, after),
        _ => Vec::new(),
    };
    let verdict = |one: Option<&Finding>| one.map(|one| one.verdict);
    let change = match (sight(verdict(before)), sight(verdict(after))) {
        (Sight::Holds, Sight::Fails) => Change::Broke,
        (Sight::Fails, Sight::Fails) if !looks.is_empty() => Change::Worse,
        (Sight::Fails, Sight::Fails) if before?.reason != after?.reason => Change::Other,
        (Sight::None, Sight::Fails) => Change::Found,
        (Sight::Holds | Sight::Fails, Sight::None) => Change::Lost,
        // What does not concern the application was not seen to pass.
        (Sight::None, Sight::Holds) if after?.verdict == Verdict::Pass => Change::Seen,
        (Sight::Fails, Sight::Holds) => Change::Mended,
        _ => return None,
    };
    Some(Changed {
        check: shown.check.clone(),
        title: shown.title.clone(),
        severity: shown.severity,
        change,
        before: verdict(before),
        after: verdict(after),
        reason: shown.reason.clone(),
        looks,
    })
}

/// What a run tells of a check.
enum Sight {
    Holds,
    Fails,
    None,
}

fn sight(verdict: Option<Verdict>) -> Sight {
    match verdict {
        Some(Verdict::Pass | Verdict::NotApplicable) => Sight::Holds,
        Some(Verdict::Fail) => Sight::Fails,
        None
        | Some(
            Verdict::Inconclusive | Verdict::Blocked | Verdict::NotRun | Verdict::NeedsAttestation,
        ) => Sight::None,
    }
}

/// The looks that fail now and did not before, by what they looked at.
fn failing_anew(before: &Finding, after: &Finding) -> Vec<String> {
    let failing = |finding: &Finding| -> BTreeSet<String> {
        let failed = |look: &&crate::model::LookVerdict| look.verdict == Verdict::Fail;
        let looks = finding.looks.iter().filter(failed);
        looks.map(|look| look.label.clone()).collect()
    };
    let known = failing(before);
    let now = failing(after).into_iter();
    now.filter(|label| !known.contains(label)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LookVerdict, Severity};

    fn finding(verdict: Verdict, reason: &str, failing: &[&str]) -> Finding {
        let looks = failing.iter().map(|label| LookVerdict {
            label: (*label).into(),
            verdict: Verdict::Fail,
            reasons: vec![],
            facts: serde_json::Map::new(),
            evidence: String::new(),
            retried: false,
        });
        Finding {
            check: "a.b".into(),
            title: "it holds".into(),
            suites: vec![],
            severity: Severity::High,
            verdict,
            flaky: false,
            reason: reason.into(),
            expected: String::new(),
            found: String::new(),
            remedy: String::new(),
            looks: looks.collect(),
            blocked_by: None,
            duration_ms: 0,
            note: None,
            defined: "f:1".into(),
            overrides_shipped: false,
            waived: None,
        }
    }

    fn change(before: Option<Finding>, after: Option<Finding>) -> Option<Change> {
        let list = |one: Option<Finding>| one.into_iter().collect::<Vec<_>>();
        let changed = compare(&list(before), &list(after));
        changed.first().map(|one| one.change)
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
            assert_eq!(change(none, one(Inconclusive)), None);
        }
    }

    #[test]
    fn a_failure_is_worse_where_more_of_its_looks_fail() {
        let before = || Some(finding(Verdict::Fail, "on 2 paths", &["GET /", "GET /a"]));
        let worse = finding(Verdict::Fail, "on 2 paths", &["GET /", "GET /b"]);
        let changed = compare(&[before().unwrap()], &[worse]);
        assert_eq!(changed[0].change, Change::Worse);
        assert_eq!(changed[0].looks, ["GET /b"]);
        let fewer = finding(Verdict::Fail, "on 1 path", &["GET /"]);
        assert_eq!(change(before(), Some(fewer)), Some(Change::Other));
        let same = finding(Verdict::Fail, "on 2 paths", &["GET /", "GET /a"]);
        assert_eq!(change(before(), Some(same)), None);
    }
}
