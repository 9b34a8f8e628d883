//! Deciding over a run: findings, waivers and a date in, a decision out.

use super::baseline::{Against, Measured, hold};
use crate::model::{Decision, Finding, Outcome, Severity, Verdict, Waiver};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Decides whether the release may go, and marks the findings that a waiver covers.
///
/// Findings of `fail_on` or more must pass: a failure is a no-go, and what could not be observed
/// leaves it undecided. Findings below it are reported and decide nothing. A waiver covers failures
/// only, to the end of its last day in UTC; what nobody could observe cannot be accepted.
pub fn decide(
    findings: &mut [Finding],
    waivers: &[Waiver],
    fail_on: Severity,
    today: Date,
) -> Decision {
    decide_against(findings, waivers, fail_on, today, None)
}

/// The same where a run need only be no worse than an earlier one: what the baseline held already does not hold it,
/// and the decision is then at best *go with waivers*.
pub fn decide_against(
    findings: &mut [Finding],
    waivers: &[Waiver],
    fail_on: Severity,
    today: Date,
    against: Option<&Against<'_>>,
) -> Decision {
    let mut warnings = Vec::new();
    waive(findings, waivers, today);
    let measured = against
        .map(|against| hold(findings, fail_on, against))
        .unwrap_or_default();
    for waiver in waivers {
        let failing = findings
            .iter()
            .find(|one| one.check == waiver.check)
            .map(|one| one.verdict);
        let Waiver {
            check,
            until,
            place,
            ..
        } = waiver;
        if waiver.until < today {
            warnings.push(format!("the waiver of {check} ended on {until} ({place})"));
        } else if failing
            .is_some_and(|verdict| matches!(verdict, Verdict::Pass | Verdict::NotApplicable))
        {
            warnings.push(format!(
                "the waiver of {check} is not needed: it did not fail ({place})"
            ));
        }
    }
    for finding in findings.iter().filter(|finding| finding.overrides_shipped) {
        warnings.push(format!(
            "{} replaces a shipped check ({})",
            finding.check, finding.defined
        ));
    }
    let mut summary: BTreeMap<Verdict, usize> =
        Verdict::ALL.iter().map(|verdict| (*verdict, 0)).collect();
    for finding in findings.iter() {
        *summary.entry(finding.verdict).or_default() += 1;
    }
    let (outcome, reasons) = weigh(findings, fail_on, &measured);
    if let Some(against) = against {
        warnings.extend(against.remarks(findings, fail_on, &measured, outcome));
    }
    Decision {
        outcome,
        fail_on,
        summary,
        reasons,
        warnings,
    }
}

/// Marks the failures that a waiver covers today.
pub(super) fn waive<'a>(
    findings: &mut [Finding],
    waivers: impl IntoIterator<Item = &'a Waiver> + Clone,
    today: Date,
) {
    for finding in findings
        .iter_mut()
        .filter(|finding| finding.verdict == Verdict::Fail)
    {
        let covering = covering(waivers.clone(), &finding.check, today);
        finding.waived =
            covering.map(|one| format!("{}: {} (until {})", one.owner, one.reason, one.until));
    }
}

/// The waiver that covers a check today.
fn covering<'a>(
    waivers: impl IntoIterator<Item = &'a Waiver>,
    check: &str,
    today: Date,
) -> Option<&'a Waiver> {
    let mut waivers = waivers.into_iter();
    waivers.find(|waiver| waiver.check == check && waiver.until >= today)
}

/// The checks whose failure a waiver accepts today, whatever else accepts them.
pub fn waived(findings: &[Finding], waivers: &[Waiver], today: Date) -> BTreeSet<String> {
    let fails = |one: &&Finding| one.verdict == Verdict::Fail;
    let covered = |one: &&Finding| covering(waivers, &one.check, today).is_some();
    let those = findings.iter().filter(fails).filter(covered);
    those.map(|one| one.check.clone()).collect()
}

/// Somebody asked, and nobody could tell.
pub(super) fn is_open(one: &Finding) -> bool {
    matches!(
        one.verdict,
        Verdict::Inconclusive | Verdict::Blocked | Verdict::NeedsAttestation
    )
}

fn weigh(findings: &[Finding], fail_on: Severity, measured: &Measured) -> (Outcome, Vec<String>) {
    // The gravest reason comes first: it may be the only one that is read.
    let mut gravest: Vec<&Finding> = findings
        .iter()
        .filter(|one| one.severity >= fail_on)
        .collect();
    gravest.sort_by_key(|one| std::cmp::Reverse(one.severity));
    let must_pass = || gravest.iter().copied();
    let line = |finding: &Finding| match measured.worse.get(&finding.check) {
        Some(why) => format!("{}: {} ({why})", finding.check, finding.reason),
        None => format!("{}: {}", finding.check, finding.reason),
    };
    let failed: Vec<_> = must_pass()
        .filter(|one| one.verdict == Verdict::Fail && one.waived.is_none())
        .filter(|one| !measured.out_of_sight.contains(&one.check))
        .map(line)
        .collect();
    if !failed.is_empty() {
        return (Outcome::NoGo, failed);
    }
    let open = |one: &&Finding| {
        is_open(one) && !measured.unknown_before.contains(&one.check)
            || measured.out_of_sight.contains(&one.check)
    };
    let open: Vec<_> = must_pass().filter(open).map(line).collect();
    if !open.is_empty() {
        return (Outcome::Undecided, open);
    }
    if let Some(reason) = unobserved(findings, fail_on) {
        return (Outcome::Undecided, vec![reason.into()]);
    }
    if !measured.unknown_before.is_empty() || must_pass().any(|one| one.waived.is_some()) {
        return (Outcome::GoWithWaivers, Vec::new());
    }
    (Outcome::Go, Vec::new())
}

/// What is said where nothing was observed that a decision could rest on.
pub fn unobserved(findings: &[Finding], fail_on: Severity) -> Option<&'static str> {
    let observed = |one: &Finding| matches!(one.verdict, Verdict::Pass | Verdict::Fail);
    let mut must_pass = findings.iter().filter(|one| one.severity >= fail_on);
    if !findings.iter().any(observed) {
        return Some("nothing was observed");
    }
    // A finding that decides nothing must not stand in for those that were set aside.
    let is_asked = must_pass.clone().next().is_some();
    (is_asked && !must_pass.any(observed)).then_some("nothing that must pass was observed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(check: &str, severity: Severity, verdict: Verdict) -> Finding {
        Finding {
            reason: "why".into(),
            ..Finding::bare(check, severity, verdict)
        }
    }

    fn waiver(check: &str, until: &str) -> Waiver {
        Waiver {
            check: check.into(),
            reason: "planned".into(),
            owner: "the lead".into(),
            until: until.parse().unwrap(),
            place: "waivers.toml:1".into(),
        }
    }

    fn outcome(findings: &[(Severity, Verdict)], waivers: &[Waiver]) -> Outcome {
        let mut findings: Vec<_> = findings
            .iter()
            .map(|(severity, verdict)| finding("a.b", *severity, *verdict))
            .collect();
        decide(
            &mut findings,
            waivers,
            Severity::Medium,
            "2026-02-28".parse().unwrap(),
        )
        .outcome
    }

    #[test]
    fn every_verdict_has_its_weight() {
        use Severity::{Low, Medium};
        use Verdict::*;
        assert_eq!(outcome(&[(Medium, Pass)], &[]), Outcome::Go);
        assert_eq!(
            outcome(
                &[(Medium, Pass), (Medium, NotApplicable), (Medium, NotRun)],
                &[]
            ),
            Outcome::Go
        );
        for open in [Inconclusive, Blocked, NeedsAttestation] {
            assert_eq!(
                outcome(&[(Medium, Pass), (Medium, open)], &[]),
                Outcome::Undecided,
                "{open}"
            );
            assert_eq!(
                outcome(&[(Medium, Pass), (Low, open)], &[]),
                Outcome::Go,
                "{open}"
            );
        }
        assert_eq!(
            outcome(&[(Medium, Inconclusive), (Medium, Fail)], &[]),
            Outcome::NoGo
        );
        assert_eq!(outcome(&[(Medium, Pass), (Low, Fail)], &[]), Outcome::Go);
    }

    #[test]
    fn nothing_observed_is_not_go() {
        assert_eq!(
            outcome(&[(Severity::High, Verdict::NotApplicable)], &[]),
            Outcome::Undecided
        );
        assert_eq!(outcome(&[], &[]), Outcome::Undecided);
        for aside in [Verdict::NotRun, Verdict::NotApplicable] {
            let findings = [(Severity::High, aside), (Severity::Low, Verdict::Pass)];
            assert_eq!(outcome(&findings, &[]), Outcome::Undecided, "{aside}");
        }
        let only_low = [(Severity::Low, Verdict::Pass)];
        assert_eq!(outcome(&only_low, &[]), Outcome::Go);
    }

    #[test]
    fn a_waiver_holds_to_the_end_of_its_day() {
        let failing = [(Severity::High, Verdict::Fail)];
        assert_eq!(
            outcome(&failing, &[waiver("a.b", "2026-02-28")]),
            Outcome::GoWithWaivers
        );
        assert_eq!(
            outcome(&failing, &[waiver("a.b", "2026-02-27")]),
            Outcome::NoGo
        );
        assert_eq!(
            outcome(&failing, &[waiver("a.c", "2026-12-31")]),
            Outcome::NoGo
        );
        let open = [(Severity::High, Verdict::Inconclusive)];
        assert_eq!(
            outcome(&open, &[waiver("a.b", "2026-12-31")]),
            Outcome::Undecided
        );
    }
}
