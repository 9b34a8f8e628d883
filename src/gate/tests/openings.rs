//! What opens a gate, and that nothing else does.

use super::super::{Code, Evidence, Upstream, accept, weigh};
use super::{case, evidence, finding, gate};
use crate::model::{
    Attestation, Criterion, Exemption, Finding, Outcome, Place, Proof, Severity, Verdict, Waiver,
};
use proptest::prelude::*;

fn outcome(findings: &[Finding], evidence: &[Evidence]) -> Outcome {
    weigh(&case(&gate(), findings, evidence)).outcome
}

fn passing() -> Vec<Finding> {
    vec![finding("a.b", Severity::High, Verdict::Pass)]
}

#[test]
fn evidence_must_be_whole_recent_and_of_this_code() {
    let findings = passing();
    let with = |change: &dyn Fn(&mut Evidence)| {
        let mut one = evidence();
        change(&mut one);
        outcome(&findings, &[one])
    };
    assert_eq!(with(&|_| {}), Outcome::Go);
    assert_eq!(outcome(&findings, &[]), Outcome::Undecided);
    assert_eq!(with(&|one| one.commit = None), Outcome::Undecided);
    // Where there is no repository, to commit is not the first thing to do.
    let nowhere = Evidence {
        commit: None,
        dirty: None,
        ..evidence()
    };
    let told = weigh(&case(&gate(), &findings, &[nowhere]));
    let next = "have the code in a git repository, commit, and run it again";
    assert_eq!(told.blockers[0].next, next);
    assert_eq!(with(&|one| one.dirty = Some(true)), Outcome::Undecided);
    assert_eq!(with(&|one| one.dirty = None), Outcome::Undecided);
    assert_eq!(with(&|one| one.checks_changed = true), Outcome::Undecided);
    assert_eq!(
        with(&|one| one.cut_short = Some("deadline".into())),
        Outcome::Undecided
    );
    assert_eq!(
        with(&|one| one.started = "2026-03-03T11:59:59Z".parse().unwrap()),
        Outcome::Undecided
    );
    assert_eq!(
        with(&|one| one.started = "2026-03-03T12:00:01Z".parse().unwrap()),
        Outcome::Go
    );
    assert_eq!(
        with(&|one| one.started = "2026-03-10T12:00:01Z".parse().unwrap()),
        Outcome::Undecided
    );
    let gate = gate();
    for (code, expected) in [
        (Code::Same, Outcome::Go),
        (Code::Changed(vec!["src/a.ts".into()]), Outcome::Undecided),
        (Code::Unknown("no git".into()), Outcome::Undecided),
    ] {
        let records = [Evidence { code, ..evidence() }];
        let decision = weigh(&case(&gate, &findings, &records));
        assert_eq!(decision.outcome, expected);
        assert_eq!(decision.blockers.is_empty(), expected == Outcome::Go);
    }
}

#[test]
fn every_verdict_has_its_weight() {
    use Verdict::*;
    let with = |severity, verdict| {
        let mut findings = passing();
        findings.push(finding("c.d", severity, verdict));
        let gate = gate();
        let records = [evidence()];
        weigh(&case(&gate, &findings, &records))
    };
    for (verdict, expected) in [
        (Pass, Outcome::Go),
        (NotApplicable, Outcome::Go),
        (Fail, Outcome::NoGo),
        (Inconclusive, Outcome::Undecided),
        (Blocked, Outcome::Undecided),
        (NotRun, Outcome::Undecided),
        (NeedsAttestation, Outcome::Undecided),
    ] {
        let decision = with(Severity::Medium, verdict);
        assert_eq!(decision.outcome, expected, "{verdict}");
        let named = decision.blockers.iter().any(|one| one.what == "c.d");
        assert_eq!(named, !expected.is_go(), "{verdict}");
        assert_eq!(
            with(Severity::Low, verdict).outcome,
            Outcome::Go,
            "{verdict}"
        );
    }
    let nothing = [finding("a.b", Severity::High, NotApplicable)];
    assert_eq!(outcome(&nothing, &[evidence()]), Outcome::Undecided);
}

/// A suite with nothing that must pass leaves the word to the gate's own criteria, and to nobody where it has none.
#[test]
fn a_suite_without_a_check_that_must_pass_leaves_it_to_the_criteria() {
    let small = [finding("a.b", Severity::Info, Verdict::Pass)];
    let records = [evidence()];
    let mut gate = gate();
    let decision = weigh(&case(&gate, &small, &records));
    assert_eq!(decision.outcome, Outcome::Undecided);
    assert_eq!(decision.blockers.len(), 1);
    gate.criteria = vec![Criterion {
        says: "it is watched".into(),
        proof: Proof::Attested("security:window".into()),
        place: Place::default(),
    }];
    for (said, expected) in [
        (vec![], Outcome::Undecided),
        (vec![statement("security:window", true)], Outcome::Go),
        (vec![statement("security:window", false)], Outcome::NoGo),
    ] {
        let mut case = case(&gate, &small, &records);
        case.attestations = &said;
        assert_eq!(weigh(&case).outcome, expected);
        // What must pass and does not apply is another matter: nobody saw anything.
        let other = [finding("a.b", Severity::High, Verdict::NotApplicable)];
        case.findings = &other;
        assert!(!weigh(&case).outcome.is_go());
    }
}

/// What a run left out is one blocker, however many checks it is.
#[test]
fn checks_that_were_not_run_are_one_thing_to_do() {
    let gate = gate();
    let records = [evidence()];
    let findings = ["a.b", "a.c", "a.d"].map(|id| finding(id, Severity::High, Verdict::NotRun));
    let decision = weigh(&case(&gate, &findings, &records));
    assert_eq!(decision.outcome, Outcome::Undecided);
    assert_eq!(decision.counts.unknown, 3);
    let whats: Vec<&str> = decision.blockers.iter().map(|one| &*one.what).collect();
    assert_eq!(whats, ["3 checks"]);
    let one = weigh(&case(&gate, &findings[..1], &records));
    assert_eq!(one.blockers[0].what, "a.b");
}

#[test]
fn what_is_known_how_is_counted_apart() {
    use Severity::High;
    let mut findings = vec![
        finding("a.a", High, Verdict::Pass),
        finding("a.b", High, Verdict::Fail),
        finding("a.c", High, Verdict::Fail),
        finding("a.d", High, Verdict::NotRun),
        finding("a.e", High, Verdict::NotApplicable),
    ];
    findings[2].waived = Some("x".into());
    let mut gate = gate();
    gate.criteria = ["window", "rollback"]
        .map(|name| Criterion {
            says: name.into(),
            proof: Proof::Attested(format!("security:{name}")),
            place: Place::default(),
        })
        .into();
    let attestations = [statement("security:window", true)];
    let records = [evidence()];
    let mut case = case(&gate, &findings, &records);
    case.attestations = &attestations;
    let decision = weigh(&case);
    let counts = decision.counts;
    assert_eq!(
        [
            counts.passed,
            counts.failed,
            counts.waived,
            counts.attested,
            counts.unknown,
            counts.not_applicable
        ],
        [1, 1, 1, 1, 2, 1]
    );
    assert_eq!(decision.outcome, Outcome::NoGo);
}

fn statement(item: &str, holds: bool) -> Attestation {
    Attestation {
        item: item.into(),
        holds,
        statement: "said".into(),
        by: "ann@example.com".into(),
        on: "2026-03-09".parse().unwrap(),
        evidence: "https://example.com/1".into(),
        until: "2026-03-11".parse().unwrap(),
        place: "a.toml:1".into(),
    }
}

#[test]
fn a_statement_counts_from_its_day_to_its_last() {
    let mut gate = gate();
    gate.suite = None;
    gate.criteria = vec![Criterion {
        says: "the window is confirmed".into(),
        proof: Proof::Attested("release:window".into()),
        place: Place::default(),
    }];
    let with = |one: Attestation| {
        let all = [one];
        let mut case = case(&gate, &[], &[]);
        case.attestations = &all;
        weigh(&case).outcome
    };
    let right = statement("release:window", true);
    assert_eq!(with(right.clone()), Outcome::Go);
    assert_eq!(
        with(statement("release:rollback", true)),
        Outcome::Undecided
    );
    assert_eq!(with(statement("release:window", false)), Outcome::NoGo);
    let ended = Attestation {
        until: "2026-03-09".parse().unwrap(),
        ..right.clone()
    };
    assert_eq!(with(ended), Outcome::Undecided);
    let early = Attestation {
        on: "2026-03-11".parse().unwrap(),
        ..right
    };
    assert_eq!(with(early), Outcome::Undecided);
}

#[test]
fn a_gate_before_it_that_is_closed_holds_it_up() {
    let (gate, findings, records) = (gate(), passing(), [evidence()]);
    for (outcome, open, expected) in [
        (Outcome::Go, true, Outcome::Go),
        (Outcome::GoWithWaivers, true, Outcome::GoWithWaivers),
        (Outcome::Go, false, Outcome::Undecided),
        (Outcome::Undecided, false, Outcome::Undecided),
        (Outcome::NoGo, false, Outcome::NoGo),
    ] {
        let upstream = [Upstream {
            name: "infrastructure".into(),
            owner: "Team Omega".into(),
            outcome,
            open,
            since: None,
        }];
        let mut case = case(&gate, &findings, &records);
        case.upstream = &upstream;
        let decision = weigh(&case);
        assert_eq!(decision.outcome, expected, "{outcome:?} {open}");
        assert_eq!(
            decision
                .blockers
                .iter()
                .any(|one| one.owner == "Team Omega"),
            !open
        );
    }
}

#[test]
fn an_exempt_check_need_not_pass_and_evidence_of_two_commits_counts_where_their_code_is_here() {
    let mut gate = gate();
    let mut findings = passing();
    findings.push(finding("c.d", Severity::High, Verdict::Inconclusive));
    gate.exempt = vec![Exemption {
        check: "c.d".into(),
        reason: "no provider tells".into(),
    }];
    let records = [evidence()];
    assert_eq!(
        weigh(&case(&gate, &findings, &records)).outcome,
        Outcome::Go
    );
    gate.suite = None;
    for (code, expected) in [
        // Between them somebody committed a sign-off.
        (Code::Same, Outcome::Go),
        (Code::Changed(vec!["a.ts".into()]), Outcome::Undecided),
        (Code::Unknown("no git".into()), Outcome::Undecided),
    ] {
        let other = Evidence {
            commit: Some("d".repeat(40)),
            code,
            ..evidence()
        };
        let two = [evidence(), other];
        assert_eq!(weigh(&case(&gate, &[], &two)).outcome, expected);
    }
}

#[test]
fn evidence_of_two_environments_does_not_count_together() {
    let mut gate = gate();
    gate.suite = None;
    let of = |name: &str| Evidence {
        environment: name.into(),
        ..evidence()
    };
    for (names, outcome) in [
        (["production", "production"], Outcome::Go),
        // What had no target is of the code alone.
        (["", "production"], Outcome::Go),
        (["", ""], Outcome::Go),
        (["production", "development"], Outcome::Undecided),
    ] {
        let records = names.map(of);
        let decision = weigh(&case(&gate, &[], &records));
        assert_eq!(decision.outcome, outcome, "{names:?}");
        let told = decision.criteria.iter().find(|one| one.held.is_none());
        let says = told.is_some_and(|one| one.found.contains("production and development"));
        assert_eq!(says, outcome == Outcome::Undecided, "{names:?}");
    }
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL)
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(Verdict::ALL)
}

fn check() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a.a", "a.b", "a.c", "a.d"]).prop_map(String::from)
}

fn person() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["ann@example.com", "ben@example.com", "ci@example.com"])
        .prop_map(String::from)
}

fn day() -> impl Strategy<Value = jiff::civil::Date> {
    (5_i8..15).prop_map(|day| jiff::civil::date(2026, 3, day))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// No waivers, statements and verdicts open a gate whose checks that must pass were neither seen to
    /// pass nor accepted, in date, by somebody who may.
    #[test]
    fn only_what_was_seen_or_accepted_opens(
        verdicts in prop::collection::vec((severity(), verdict(), any::<bool>()), 1..5),
        waivers in prop::collection::vec((check(), person(), day()), 0..5),
        statements in prop::collection::vec((check(), day(), day(), any::<bool>()), 0..4),
        asks in any::<bool>(),
    ) {
        let mut findings: Vec<Finding> = verdicts
            .iter()
            .enumerate()
            .map(|(place, (severity, verdict, flaky))| {
                let id = ["a.a", "a.b", "a.c", "a.d"][place];
                let mut one = finding(id, *severity, *verdict);
                one.flaky = *flaky;
                // What a record says of waivers is not asked.
                one.waived = flaky.then(|| "somebody".to_owned());
                one
            })
            .collect();
        let waivers: Vec<Waiver> = waivers
            .into_iter()
            .map(|(check, owner, until)| Waiver { check, owner, until, reason: "r".into(), place: "w:1".into() })
            .collect();
        let attestations: Vec<Attestation> = statements
            .into_iter()
            .map(|(item, on, until, holds)| Attestation { item, on, until, ..statement("x", holds) })
            .collect();
        let today = "2026-03-10".parse().unwrap();
        let may = |who: &str| who == "ann@example.com";
        let mut gate = gate();
        if asks {
            gate.criteria = vec![Criterion {
                says: "somebody says so".into(),
                proof: Proof::Attested("a.a".into()),
                place: Place::default(),
            }];
        }
        accept(&mut findings, &waivers, may, today);
        let records = [evidence()];
        let mut case = case(&gate, &findings, &records);
        case.attestations = &attestations;
        let decision = weigh(&case);
        let settled = |one: &Finding| {
            let accepted = waivers.iter().any(|waiver| {
                waiver.check == one.check && may(&waiver.owner) && waiver.until >= today
            });
            match one.verdict {
                Verdict::Pass | Verdict::NotApplicable => true,
                Verdict::Fail => accepted,
                _ => false,
            }
        };
        let needed = || findings.iter().filter(|one| one.severity >= Severity::Medium);
        let stated = attestations.iter().any(|one| one.item == "a.a" && one.on <= today && one.until >= today);
        if decision.outcome.is_go() {
            prop_assert!(needed().all(settled));
            prop_assert!(!asks || stated);
            // Where nothing must pass, the gate's own criterion decides, of a suite that was seen.
            let seen = findings.iter().any(|one| one.verdict == Verdict::Pass);
            let by_criteria = needed().next().is_none() && asks && seen;
            prop_assert!(by_criteria || needed().any(|one| matches!(one.verdict, Verdict::Pass | Verdict::Fail)));
            prop_assert!(decision.blockers.is_empty());
        } else {
            prop_assert!(!decision.blockers.is_empty(), "there is a way on");
        }
        if needed().any(|one| one.verdict == Verdict::Fail && !settled(one)) {
            prop_assert_eq!(decision.outcome, Outcome::NoGo);
        }
        let counts = decision.counts;
        let all = counts.passed + counts.failed + counts.waived + counts.unknown + counts.not_applicable + counts.attested;
        prop_assert_eq!(all, findings.len() + usize::from(asks));
    }
}
