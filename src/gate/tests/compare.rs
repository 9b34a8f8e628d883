//! Two records beside each other and a run held to a baseline give one answer, and neither overlooks what is worse.

use super::super::{Against, Side, compare, decide, decide_against, held, waived, worse};
use super::{finding, look};
use crate::model::{
    Baseline, Changed, Decision, Finding, LookVerdict, Outcome, Severity, Verdict, Waiver, Worse,
};
use jiff::civil::{Date, date};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeMap;

const TODAY: Date = date(2026, 2, 28);
const CHECKS: &[&str] = &["a.a", "b.b", "c.c", "d.d"];

/// A run: its findings, what their checks were, and whether it came to its end.
#[derive(Debug, Clone)]
struct Run {
    findings: Vec<Finding>,
    definitions: BTreeMap<String, String>,
    cut_short: bool,
}

impl Run {
    fn side(&self) -> Side<'_> {
        Side {
            findings: &self.findings,
            definitions: &self.definitions,
            cut_short: self.cut_short,
        }
    }

    fn whole(self) -> Self {
        Self {
            cut_short: false,
            ..self
        }
    }

    fn as_baseline(&self) -> Baseline {
        Baseline {
            run: "then".into(),
            digest: "sha256:0".into(),
            target: None,
            environment: String::new(),
            cut_short: self.cut_short,
            checks: held(&self.findings, &self.definitions),
        }
    }
}

/// What a run must be for its release.
#[derive(Debug, Clone)]
struct Terms {
    waivers: Vec<Waiver>,
    fail_on: Severity,
}

fn decided(then: &Run, now: &Run, terms: &Terms) -> Decision {
    let baseline = then.as_baseline();
    let against = Against {
        baseline: &baseline,
        definitions: &now.definitions,
        run: "now",
        target: None,
        environment: "",
        cut_short: now.cut_short,
    };
    let mut findings = now.findings.clone();
    let Terms { waivers, fail_on } = terms;
    decide_against(&mut findings, waivers, *fail_on, TODAY, Some(&against))
}

fn compared(then: &Run, now: &Run, terms: &Terms) -> Vec<Changed> {
    let accepted = waived(&now.findings, &terms.waivers, TODAY);
    compare(then.side(), now.side(), &accepted)
}

fn answer(then: &Run, now: &Run, terms: &Terms) -> Worse {
    let changed = compared(then, now, terms);
    worse(&changed, &now.findings, terms.fail_on)
}

fn any_look() -> impl Strategy<Value = LookVerdict> {
    let label = select(&["GET /", "GET /a", "GET /b"][..]);
    let verdict = select(&[Verdict::Fail, Verdict::Inconclusive, Verdict::Pass][..]);
    let lines = || vec((0_usize..4, 0_usize..3), 0..3);
    (label, verdict, lines(), lines()).prop_map(|(label, verdict, lines, beside)| {
        let numbered = |lines: &[(usize, usize)]| -> Vec<usize> {
            lines.iter().map(|(line, _)| *line).collect()
        };
        let mut look = look(label, verdict, &numbered(&lines));
        for (reason, (_, listed)) in look.reasons.iter_mut().zip(&lines) {
            reason.listed = *listed;
        }
        if verdict == Verdict::Fail {
            look.unjudged = super::look(label, verdict, &numbered(&beside)).reasons;
        }
        look
    })
}

fn any_finding(check: &'static str) -> impl Strategy<Value = Finding> {
    let reason = select(&["why", "otherwise"][..]);
    let parts = (
        select(Severity::ALL),
        select(Verdict::ALL),
        vec(any_look(), 0..4),
        reason,
    );
    parts.prop_map(move |(severity, verdict, looks, reason)| Finding {
        looks,
        reason: reason.into(),
        ..finding(check, severity, verdict)
    })
}

fn any_run() -> impl Strategy<Value = Run> {
    let findings = vec(select(CHECKS), 0..6).prop_flat_map(|checks| {
        let mut checks = checks;
        checks.sort_unstable();
        checks.dedup();
        checks.into_iter().map(any_finding).collect::<Vec<_>>()
    });
    let definition = prop_oneof![4 => Just("this"), 1 => Just("other")];
    let definitions = btree_map(select(CHECKS), definition, 0..5);
    let cut_short = prop_oneof![3 => Just(false), 1 => Just(true)];
    (findings, definitions, cut_short).prop_map(|(findings, other, cut_short)| {
        let definition = |one: &Finding| other.get(&*one.check).copied().unwrap_or("this").into();
        let each = findings.iter();
        Run {
            definitions: each
                .map(|one| (one.check.clone(), definition(one)))
                .collect(),
            findings,
            cut_short,
        }
    })
}

/// A run, and what became of it: drawn anew, or the same but for a check.
fn any_pair() -> impl Strategy<Value = (Run, Run)> {
    let near = (any_run(), any_run(), any::<Index>()).prop_map(|(then, other, which)| {
        let mut now = then.clone();
        if let (Some(place), [first, ..]) = (
            (!now.findings.is_empty()).then(|| which.index(now.findings.len())),
            &other.findings[..],
        ) {
            let check = now.findings[place].check.clone();
            now.findings[place] = Finding {
                check,
                ..first.clone()
            };
        }
        (then, now)
    });
    prop_oneof![(any_run(), any_run()), near]
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let waivers = vec((select(CHECKS), select(&[27_i8, 28][..])), 0..3);
    (waivers, select(Severity::ALL)).prop_map(|(waivers, fail_on)| {
        let waiver = |(check, day): (&str, i8)| Waiver {
            check: check.into(),
            reason: "planned".into(),
            owner: "the lead".into(),
            until: date(2026, 2, day),
            place: "waivers.toml:1".into(),
        };
        Terms {
            waivers: waivers.into_iter().map(waiver).collect(),
            fail_on,
        }
    })
}

/// The run did not ask for it.
fn is_unasked(one: &Changed) -> bool {
    matches!(one.after, None | Some(Verdict::NotRun))
}

fn strict() -> Terms {
    Terms {
        waivers: vec![],
        fail_on: Severity::Info,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Both are the same answer, but for checks that a comparison misses in the run after: nobody asked that run for them.
    #[test]
    fn a_comparison_and_a_baseline_give_one_answer((then, now) in any_pair(), terms in any_terms()) {
        let decision = decided(&then, &now, &terms);
        let decided = match decision.outcome {
            Outcome::NoGo => Worse::Something,
            Outcome::Undecided => Worse::OutOfSight,
            Outcome::Go | Outcome::GoWithWaivers => Worse::Nothing,
        };
        let (unasked, asked): (Vec<Changed>, Vec<Changed>) =
            compared(&then, &now, &terms).into_iter().partition(is_unasked);
        let of_asked = worse(&asked, &now.findings, terms.fail_on);
        prop_assert_eq!(of_asked, decided, "{:?} {:?}", decision, asked);
        let missed = unasked.iter().any(|one| one.severity >= terms.fail_on && one.change.is_worse());
        let expected = match missed {
            true => decided.max(Worse::OutOfSight),
            false => decided,
        };
        prop_assert_eq!(answer(&then, &now, &terms), expected);
    }

    #[test]
    fn a_run_is_no_worse_than_itself(run in any_run(), terms in any_terms()) {
        let run = run.whole();
        prop_assert_eq!(compared(&run, &run, &terms), vec![]);
        let decision = decided(&run, &run, &terms);
        let alone = decide(&mut run.findings.clone(), &terms.waivers, terms.fail_on, TODAY).outcome;
        match decision.outcome {
            Outcome::NoGo => prop_assert!(false, "{:?}", decision.reasons),
            Outcome::Undecided => prop_assert!(decision.reasons[0].ends_with("was observed")),
            Outcome::Go => prop_assert_eq!(alone, Outcome::Go),
            Outcome::GoWithWaivers => prop_assert!(alone != Outcome::Go),
        }
    }

    /// Nothing is a plain go that is accepted by the baseline alone.
    #[test]
    fn what_was_not_seen_to_pass_is_no_plain_go((then, now) in any_pair(), terms in any_terms()) {
        let excused = now.findings.iter().any(|one| {
            one.severity >= terms.fail_on
                && !matches!(one.verdict, Verdict::Pass | Verdict::NotApplicable | Verdict::NotRun)
        });
        prop_assert!(!excused || decided(&then, &now, &terms).outcome != Outcome::Go);
    }

    #[test]
    fn an_empty_baseline_accepts_nothing(now in any_run(), terms in any_terms()) {
        let nothing = Run { findings: vec![], definitions: BTreeMap::new(), cut_short: false };
        let alone = decide(&mut now.findings.clone(), &terms.waivers, terms.fail_on, TODAY);
        prop_assert_eq!(decided(&nothing, &now, &terms).outcome, alone.outcome);
    }

    /// Whatever a run is made worse by is not accepted: one fault more, or one thing less that can be told.
    #[test]
    fn no_worsening_is_overlooked(run in any_run(), which in any::<Index>(), how in 0..4) {
        let then = run.whole();
        prop_assume!(!then.findings.is_empty());
        let mut now = then.clone();
        let place = which.index(now.findings.len());
        let one = &mut now.findings[place];
        let passes = look("GET /new", Verdict::Pass, &[]);
        // Before, the whole of it could be told at one more look.
        let mut before = one.clone();
        before.looks.push(passes);
        if !matches!(before.verdict, Verdict::Fail | Verdict::Inconclusive) {
            before.verdict = Verdict::Pass;
            before.looks.retain(|look| look.verdict == Verdict::Pass);
        }
        if before.verdict == Verdict::Inconclusive {
            before.looks.push(look("GET /never", Verdict::Inconclusive, &[0]));
        }
        *one = before.clone();
        let last = one.looks.iter_mut().find(|look| look.label == "GET /new").unwrap();
        let expected = match how {
            0 => {
                *last = look("GET /new", Verdict::Fail, &[9]);
                one.verdict = Verdict::Fail;
                Worse::Something
            }
            1 => {
                *last = look("GET /new", Verdict::Inconclusive, &[9]);
                one.verdict = one.verdict.max(Verdict::Inconclusive);
                Worse::OutOfSight
            }
            2 => {
                one.verdict = Verdict::Blocked;
                one.looks = vec![];
                Worse::OutOfSight
            }
            _ => {
                one.looks = vec![];
                one.verdict = Verdict::Inconclusive;
                Worse::OutOfSight
            }
        };
        let mut then = then;
        then.findings[place] = before;
        prop_assert_eq!(answer(&then, &now, &strict()), expected);
        prop_assert!(!decided(&then, &now, &strict()).outcome.is_go());
    }
}

/// A waiver accepts a failure in both, and what accepted it in the record after does not.
#[test]
fn a_waiver_accepts_in_both() {
    let run = |verdict| Run {
        findings: vec![
            finding("a.a", Severity::High, verdict),
            finding("b.b", Severity::High, Verdict::Pass),
        ],
        definitions: BTreeMap::new(),
        cut_short: false,
    };
    let (then, mut now) = (run(Verdict::Pass), run(Verdict::Fail));
    now.findings[0].waived = Some("baseline other: failed there too".into());
    let waiver = |day| Terms {
        waivers: vec![Waiver {
            check: "a.a".into(),
            reason: "planned".into(),
            owner: "the lead".into(),
            until: date(2026, 2, day),
            place: "waivers.toml:1".into(),
        }],
        fail_on: Severity::Medium,
    };
    for (day, outcome, expected) in [
        (28, Outcome::GoWithWaivers, Worse::Nothing),
        (27, Outcome::NoGo, Worse::Something),
    ] {
        let terms = waiver(day);
        assert_eq!(decided(&then, &now, &terms).outcome, outcome);
        assert_eq!(answer(&then, &now, &terms), expected);
        assert_eq!(compared(&then, &now, &terms)[0].accepted, day == 28);
    }
}

/// What could not be judged beside a failure, and could before.
#[test]
fn a_failing_look_hides_nothing_that_could_be_judged() {
    let run = |unjudged: &[usize]| {
        let mut failing = look("GET /", Verdict::Fail, &[5]);
        failing.unjudged = look("GET /", Verdict::Fail, unjudged).reasons;
        let one = Finding {
            looks: vec![failing],
            ..finding("a.a", Severity::High, Verdict::Fail)
        };
        Run {
            findings: vec![one],
            definitions: BTreeMap::new(),
            cut_short: false,
        }
    };
    let (told, untold) = (run(&[]), run(&[7]));
    assert_eq!(answer(&told, &untold, &strict()), Worse::OutOfSight);
    let decision = decided(&told, &untold, &strict());
    assert_eq!(decision.outcome, Outcome::Undecided);
    assert_eq!(
        decision.reasons,
        ["a.a: why (the baseline could tell: GET /)"]
    );
    let changed = compared(&told, &untold, &strict());
    assert_eq!(changed[0].why, "the run before could tell: GET /");
    assert_eq!(answer(&untold, &untold, &strict()), Worse::Nothing);
    assert_eq!(answer(&untold, &told, &strict()), Worse::Nothing);
}

/// A run that was cut short did not look at everything, whatever it knows to fail.
#[test]
fn a_run_that_was_cut_short_is_no_better_than_unseen() {
    let fails = Finding {
        looks: vec![look("GET /", Verdict::Fail, &[5])],
        ..finding("a.a", Severity::High, Verdict::Fail)
    };
    let run = |cut_short| Run {
        findings: vec![fails.clone()],
        definitions: BTreeMap::new(),
        cut_short,
    };
    for (then, now, expected) in [
        (false, false, Worse::Nothing),
        (true, false, Worse::Nothing),
        (false, true, Worse::OutOfSight),
    ] {
        assert_eq!(answer(&run(then), &run(now), &strict()), expected);
    }
    let decision = decided(&run(false), &run(true), &strict());
    assert_eq!(decision.outcome, Outcome::Undecided);
    assert!(decision.reasons[0].contains("this run was cut short"));
}
