//! What a baseline accepts, and that it never accepts what is worse.

use super::super::{Against, decide_against, held};
use super::{finding, look};
use crate::model::{Baseline, Decision, Finding, LookVerdict, Outcome, Severity, Verdict};
use std::collections::BTreeMap;

const FAIL_ON: Severity = Severity::Medium;

fn failing(check: &str, faults: &[(&str, usize)]) -> Finding {
    let looks = faults
        .iter()
        .map(|(label, line)| look(label, Verdict::Fail, &[*line]));
    Finding {
        looks: looks.collect(),
        ..finding(check, Severity::High, Verdict::Fail)
    }
}

fn definitions(findings: &[Finding]) -> BTreeMap<String, String> {
    let each = findings
        .iter()
        .map(|one| (one.check.clone(), "same".into()));
    each.collect()
}

fn baseline(findings: &[Finding]) -> Baseline {
    Baseline {
        run: "then".into(),
        digest: "sha256:0".into(),
        target: Some("http://a".into()),
        environment: "staging".into(),
        cut_short: false,
        checks: held(findings, &definitions(findings)),
    }
}

/// What is decided against a baseline, with this changed of it or of the run.
fn decided(
    baseline: &Baseline,
    now: &mut [Finding],
    change: impl FnOnce(&mut Against<'_>),
) -> Decision {
    let definitions = definitions(now);
    let mut against = Against {
        baseline,
        definitions: &definitions,
        run: "now",
        target: Some("http://a"),
        environment: "staging",
        cut_short: false,
    };
    change(&mut against);
    let today = "2026-02-28".parse().unwrap();
    decide_against(now, &[], FAIL_ON, today, Some(&against))
}

fn against(then: &[Finding], now: &[Finding]) -> Decision {
    decided(&baseline(then), &mut now.to_vec(), |_| {})
}

#[test]
fn what_failed_there_at_the_same_looks_is_accepted() {
    let passes = finding("b.b", Severity::High, Verdict::Pass);
    let then = [
        failing("a.a", &[("GET /", 5), ("GET /x", 5)]),
        passes.clone(),
    ];
    let mut now = then.clone();
    let decision = decided(&baseline(&then), &mut now, |_| {});
    assert_eq!(decision.outcome, Outcome::GoWithWaivers);
    assert_eq!(
        now[0].waived.as_deref(),
        Some("baseline then: failed there too")
    );
    assert_eq!(decision.warnings, Vec::<String>::new());
    for (faults, outcome, said) in [
        (&[("GET /", 5)][..], Outcome::GoWithWaivers, ""),
        (&[("GET /", 5), ("GET /y", 5)], Outcome::NoGo, "GET /y"),
        (&[("GET /", 9)], Outcome::NoGo, "GET /"),
        (&[("GET /", 5), ("GET /", 5)], Outcome::NoGo, "GET /"),
    ] {
        let decision = against(&then, &[failing("a.a", faults), passes.clone()]);
        assert_eq!(decision.outcome, outcome, "{faults:?}");
        let reasons = decision.reasons.join("\n");
        let told = reasons.contains(&format!("new since the baseline: {said}"));
        assert_eq!(told, !said.is_empty(), "{reasons}");
    }
}

/// What is known to fail hides neither a look that cannot be told any more nor a further thing of the same kind.
#[test]
fn a_known_failure_hides_nothing_that_is_worse() {
    let passes = finding("b.b", Severity::High, Verdict::Pass);
    let of = |verdict, second: LookVerdict| {
        let first = look("GET /", verdict, &[5]);
        let one = Finding {
            looks: vec![first, second],
            ..finding("a.a", Severity::High, verdict)
        };
        [one, passes.clone()]
    };
    let (seen, unseen) = (
        look("GET /x", Verdict::Pass, &[]),
        look("GET /x", Verdict::Inconclusive, &[0]),
    );
    for verdict in [Verdict::Fail, Verdict::Inconclusive] {
        let worse = Outcome::Undecided;
        let (then, now) = (of(verdict, seen.clone()), of(verdict, unseen.clone()));
        let decision = against(&then, &now);
        assert_eq!(decision.outcome, worse, "{verdict}");
        let told = decision.reasons.join("\n");
        assert!(told.contains("the baseline could tell: GET /x"), "{told}");
        assert_eq!(against(&now, &now).outcome, Outcome::GoWithWaivers);
        assert_eq!(against(&now, &then).outcome, Outcome::GoWithWaivers);
        // What did not come about told nothing of what it could not decide now.
        let undecided = of(verdict, look("GET /x", Verdict::Inconclusive, &[7]));
        assert_eq!(against(&now, &undecided).outcome, Outcome::GoWithWaivers);
        assert_eq!(against(&undecided, &now).outcome, worse, "{verdict}");
    }
    let listing = |listed| {
        let mut look = look("the lockfile", Verdict::Fail, &[5]);
        look.reasons[0].listed = listed;
        let one = Finding {
            looks: vec![look],
            ..finding("a.a", Severity::High, Verdict::Fail)
        };
        [one, passes.clone()]
    };
    for (then, now, outcome) in [
        (2, 2, Outcome::GoWithWaivers),
        (2, 1, Outcome::GoWithWaivers),
        (1, 2, Outcome::NoGo),
        (0, 2, Outcome::NoGo),
    ] {
        let decision = against(&listing(then), &listing(now));
        assert_eq!(decision.outcome, outcome, "{then} to {now}");
    }
}

#[test]
fn every_pair_of_verdicts_has_its_outcome() {
    use Verdict::{Blocked, Fail, Inconclusive, NeedsAttestation, NotApplicable, NotRun, Pass};
    let open = [Inconclusive, Blocked, NeedsAttestation];
    for then in Verdict::ALL.iter().copied() {
        for now in Verdict::ALL.iter().copied() {
            let outcome = match (then, now) {
                (_, Pass | NotApplicable | NotRun) => Outcome::Go,
                (Fail, Fail) => Outcome::GoWithWaivers,
                (_, Fail) => Outcome::NoGo,
                _ if open.contains(&then) => Outcome::GoWithWaivers,
                _ => Outcome::Undecided,
            };
            let of = |verdict| {
                let passes = finding("b.b", Severity::High, Pass);
                [finding("a.a", Severity::High, verdict), passes]
            };
            let decision = against(&of(then), &of(now));
            assert_eq!(decision.outcome, outcome, "{then} to {now}");
            let is_excused = outcome == Outcome::GoWithWaivers && now != Fail;
            let told = decision
                .warnings
                .iter()
                .any(|one| one.contains("as in the baseline then: a.a"));
            assert_eq!(told, is_excused, "{:?}", decision.warnings);
        }
    }
    // Nothing that was seen: what is no worse than nothing is nothing still.
    let nothing = [finding("a.a", Severity::High, Inconclusive)];
    assert_eq!(against(&nothing, &nothing).outcome, Outcome::Undecided);
}

#[test]
fn what_is_not_the_same_check_is_not_accepted() {
    let passes = finding("b.b", Severity::High, Verdict::Pass);
    let then = [failing("a.a", &[("GET /", 5)]), passes];
    let mut other = baseline(&then);
    for held in other.checks.values_mut() {
        held.definition = "other".into();
    }
    let decision = decided(&other, &mut then.clone(), |_| {});
    assert_eq!(decision.outcome, Outcome::NoGo);
    assert!(decision.reasons[0].contains("has changed since the baseline"));
    assert!(
        decision.warnings[0].contains("make a new baseline"),
        "{:?}",
        decision.warnings
    );
    let mut without = baseline(&then);
    without.checks.remove("a.a");
    let decision = decided(&without, &mut then.clone(), |_| {});
    assert_eq!(decision.outcome, Outcome::NoGo);
    assert!(decision.reasons[0].contains("does not hold this check"));
}

#[test]
fn what_was_cut_short_excuses_nothing() {
    let of = |verdict| {
        let passes = finding("b.b", Severity::High, Verdict::Pass);
        [finding("a.a", Severity::High, verdict), passes]
    };
    let (open, stated) = (of(Verdict::Inconclusive), of(Verdict::NeedsAttestation));
    let cut = |then: &[Finding]| Baseline {
        cut_short: true,
        ..baseline(then)
    };
    let outcome = |baseline: &Baseline, now: &[Finding], cut_short| {
        decided(baseline, &mut now.to_vec(), |one| one.cut_short = cut_short).outcome
    };
    assert_eq!(outcome(&cut(&open), &open, false), Outcome::Undecided);
    assert_eq!(outcome(&baseline(&open), &open, true), Outcome::Undecided);
    assert_eq!(
        outcome(&cut(&stated), &stated, false),
        Outcome::GoWithWaivers
    );
    assert_eq!(
        outcome(&baseline(&open), &open, false),
        Outcome::GoWithWaivers
    );
}

#[test]
fn what_people_should_know_is_said() {
    let passes = finding("b.b", Severity::High, Verdict::Pass);
    let then = [failing("a.a", &[("GET /", 5)]), passes.clone()];
    let said = |decision: Decision, what: &str| {
        let all = decision.warnings.join("\n");
        assert!(all.contains(what), "{what} in {all}");
    };
    let mended = [finding("a.a", Severity::High, Verdict::Pass), passes];
    let decision = against(&then, &mended);
    assert_eq!(decision.outcome, Outcome::Go);
    said(
        decision,
        "can be tightened: 1 check that failed there passed now: a.a; hold to this run from here on: --baseline now",
    );
    let broke = finding("c.c", Severity::High, Verdict::Fail);
    let worse = against(&then, &[mended[0].clone(), broke]);
    assert!(
        !worse.warnings.join("").contains("tightened"),
        "a worse run is no tighter"
    );
    let mut now = then.to_vec();
    now[0].reason = "another".into();
    said(
        against(&then, &now),
        "for another reason than in the baseline",
    );
    said(
        decided(&baseline(&then), &mut now, |one| one.environment = ""),
        "is of staging, this run of no environment",
    );
    said(
        decided(&baseline(&then), &mut now, |one| one.target = None),
        "looked at http://a, this run at no target",
    );
}
