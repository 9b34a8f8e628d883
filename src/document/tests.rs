//! Tests of the security guide's data and of what it says about an item.

use super::*;
use crate::model::{Decision, Finding, Level, Outcome, Ruling, Severity, Subject, Verdict};

fn finding(check: &str, verdict: Verdict) -> Finding {
    Finding {
        title: "it holds".into(),
        ..Finding::bare(check, Severity::High, verdict)
    }
}

fn domains(findings: &[Finding], tags: &[(&str, &str)]) -> Vec<Domain> {
    let tags = tags
        .iter()
        .map(|(check, tag)| ((*check).to_owned(), vec![(*tag).to_owned()]))
        .collect();
    guide::domains(&reading::ordered(findings), &tags)
}

fn item<'d>(domains: &'d [Domain], number: &str) -> &'d Item {
    domains
        .iter()
        .flat_map(|domain| &domain.checks)
        .find(|item| item.number == number)
        .unwrap()
}

#[test]
fn the_guide_has_its_42_checks_in_seven_domains() {
    let domains = domains(&[], &[]);
    let sizes: Vec<_> = domains.iter().map(|domain| domain.checks.len()).collect();
    assert_eq!(sizes, [3, 10, 8, 5, 6, 5, 5]);
    for (domain, number) in domains.iter().zip(1..) {
        for (item, position) in domain.checks.iter().zip(1..) {
            assert_eq!(item.number, format!("{number}.{position}"));
            assert_eq!(item.status, "not yet looked at");
            assert!(!item.left.is_empty(), "{} says what is left", item.number);
        }
        assert_eq!(domain.tally.not_looked, domain.checks.len());
    }
}

#[test]
fn every_item_that_a_probe_cannot_answer_alone_says_what_is_left() {
    for domain in domains(&[], &[]) {
        for item in domain
            .checks
            .iter()
            .filter(|item| item.kind != Ruling::Auto)
        {
            let word = if item.kind == Ruling::Token {
                "token"
            } else {
                "a person is needed"
            };
            assert!(item.left.contains(word), "{}: {}", item.number, item.left);
        }
    }
}

#[test]
fn the_worst_finding_gives_the_status() {
    use Verdict::{Blocked, Fail, Inconclusive, NeedsAttestation, NotApplicable, NotRun, Pass};
    for (verdicts, status) in [
        (&[Pass, Pass][..], "passed"),
        (&[Pass, Fail], "failed"),
        (&[Fail, Inconclusive], "failed"),
        (&[Pass, Inconclusive], "could not be observed"),
        (&[Blocked], "could not be observed"),
        (&[Pass, NotApplicable], "passed"),
        (&[NotApplicable], "not applicable"),
        (&[NotApplicable, NotRun], "not yet looked at"),
        (&[NotRun], "not yet looked at"),
        (&[Pass, NotRun], "partly looked at"),
        (&[Pass, NeedsAttestation], "a person must state it"),
    ] {
        let names = ["headers.a", "headers.b"];
        let findings: Vec<_> = names
            .iter()
            .zip(verdicts)
            .map(|(name, verdict)| finding(name, *verdict))
            .collect();
        let tags: Vec<_> = findings
            .iter()
            .map(|one| (one.check.as_str(), "P2.5"))
            .collect();
        assert_eq!(
            item(&domains(&findings, &tags), "2.5").status,
            status,
            "{verdicts:?}"
        );
    }
}

#[test]
fn what_was_looked_at_in_part_never_reads_as_passed() {
    let passed = [finding("headers.a", Verdict::Pass)];
    // A check of the catalogue that was not selected.
    let domains_a = domains(&passed, &[("headers.a", "P2.5"), ("headers.b", "P2.5")]);
    let open = item(&domains_a, "2.5");
    assert_eq!(open.status, "partly looked at");
    assert_eq!(open.run.as_deref(), Some("holdpoint run headers.b"));
    // What only a person, a token or a later check can see.
    for number in ["1.1", "3.5", "4.5", "7.1"] {
        let tag = format!("P{number}");
        let domains = domains(&passed, &[("headers.a", &tag)]);
        assert_eq!(
            item(&domains, number).status,
            "partly looked at",
            "{number}"
        );
        assert!(!item(&domains, number).left.is_empty());
    }
}

#[test]
fn what_does_not_apply_in_part_is_still_open() {
    let absent = [finding("headers.a", Verdict::NotApplicable)];
    let domains = domains(&absent, &[("headers.a", "P3.5")]);
    assert_eq!(item(&domains, "3.5").status, "not yet looked at");
    assert!(!item(&domains, "3.5").left.is_empty());
}

#[test]
fn what_was_given_nothing_to_look_at_says_what_it_wants() {
    let absent = [finding("limits.a", Verdict::NotApplicable)];
    for (number, wants) in [("1.2", "HOLDPOINT_AUDIT_JSON"), ("5.4", "[rate_limits]")] {
        let tag = format!("P{number}");
        let domains = domains(&absent, &[("limits.a", &tag)]);
        let item = item(&domains, number);
        assert_eq!(item.status, "not yet looked at");
        assert!(item.left.contains(wants), "{}", item.left);
        assert!(!item.left.contains("no check of this version"));
    }
}

#[test]
fn a_waiver_changes_no_failure() {
    let waived = Finding {
        waived: Some("owner: why (until)".into()),
        ..finding("headers.a", Verdict::Fail)
    };
    let domains = domains(&[waived], &[("headers.a", "P2.1")]);
    assert_eq!(item(&domains, "2.1").status, "failed, waived");
    assert_eq!(domains[1].tally.failed, 1);
}

#[test]
fn a_run_without_findings_claims_nothing() {
    let decision = Decision {
        outcome: Outcome::Undecided,
        fail_on: Severity::Low,
        summary: std::collections::BTreeMap::new(),
        reasons: Vec::new(),
        warnings: Vec::new(),
    };
    let subject = Subject {
        tool_version: "0.1.0".into(),
        project: "app".into(),
        root: "app".into(),
        target: None,
        environment: "production".into(),
        level: Level::Static,
        selection: Vec::new(),
        given: vec![],
        suites: Vec::new(),
        started: jiff::Timestamp::UNIX_EPOCH,
        ended: jiff::Timestamp::UNIX_EPOCH,
        duration_ms: 0,
        commit: None,
        dirty: false,
        clean: false,
        record: None,
        record_digest: None,
        inputs: Vec::new(),
        run: "r".into(),
        interrupted: None,
        baseline: None,
        tags: std::collections::BTreeMap::new(),
    };
    let view = View::new(&decision, &[], &subject);
    let text = Generated::sign_off()
        .render(&Generated::sign_off().shipped(), &view)
        .unwrap();
    assert!(
        text.contains("| **Together** | **42** | **0** | **0** | **0** | **42** | **0** |"),
        "{text}"
    );
    assert_eq!(text.matches("**not yet looked at**").count(), 42);
    assert!(!text.contains("| passed |"));
}
