//! Tests of the report for code scanning: what is a result, what stays the same, and what fits.

use crate::document::escape::hides;
use crate::model::{Finding, Outcome, Severity, Verdict};
use crate::report::tests::drawn;
use crate::report::tests::fixture::{self, Run};
use crate::report::{Beside, Report, Style, format};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::io::Write;

fn render(report: &Report<'_>) -> Value {
    let text = (format("sarif").unwrap().render)(report, &Style::default());
    serde_json::from_str(&text).unwrap()
}

fn run_of(run: &Run) -> Value {
    render(&run.report())["runs"][0].take()
}

fn with(findings: Vec<Finding>) -> Run {
    let mut run = fixture::run();
    run.decision.summary = fixture::summary(&findings);
    run.subject.interrupted = None;
    run.findings = findings;
    run
}

fn one(verdict: Verdict) -> Finding {
    fixture::finding("headers.csp", "scripts are named", Severity::High, verdict)
}

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

#[test]
fn a_verdict_is_a_result_only_where_an_alert_is_true() {
    for (verdict, expected) in [
        (Verdict::Pass, None),
        (Verdict::NotApplicable, None),
        (Verdict::NotRun, None),
        (Verdict::NeedsAttestation, None),
        (Verdict::Blocked, Some(("open", "none"))),
        (Verdict::Inconclusive, Some(("open", "none"))),
        (Verdict::Fail, Some(("fail", "error"))),
    ] {
        let run = run_of(&with(vec![one(verdict)]));
        let result = rows(&run["results"]).first();
        let found = result.map(|one| {
            (
                one["kind"].as_str().unwrap(),
                one["level"].as_str().unwrap(),
            )
        });
        assert_eq!(found, expected, "{verdict}");
        let invocation = &run["invocations"][0];
        let told = rows(&invocation["toolExecutionNotifications"]);
        let told = told
            .iter()
            .filter(|one| one["associatedRule"]["id"] == "headers.csp")
            .count();
        let unseen = !matches!(
            verdict,
            Verdict::Pass | Verdict::NotApplicable | Verdict::Fail
        );
        assert_eq!(told, usize::from(unseen), "{verdict}");
        let open = matches!(verdict, Verdict::Blocked | Verdict::Inconclusive);
        assert_eq!(invocation["executionSuccessful"], json!(!open), "{verdict}");
    }
}

#[test]
fn nobody_could_look_does_not_read_as_clean() {
    let mut run = with(vec![one(Verdict::Pass)]);
    run.subject.interrupted = Some("its deadline passed".into());
    let told = run_of(&run);
    assert_eq!(told["invocations"][0]["executionSuccessful"], json!(false));
    // Where no check concerned anything there is no alert, and nothing was seen to be right either.
    let mut nothing = with(vec![one(Verdict::NotApplicable)]);
    nothing.decision.outcome = Outcome::Undecided;
    nothing.decision.reasons = vec!["nothing was observed".into()];
    let told = run_of(&nothing);
    let invocation = &told["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], json!(false));
    let decision = &invocation["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(
        *decision,
        "undecided: 1 not applicable; nothing was observed"
    );
    let open = Finding {
        reason: "no answer within 5 s".into(),
        ..one(Verdict::Inconclusive)
    };
    let told = run_of(&with(vec![open]));
    let message = told["results"][0]["message"]["text"].as_str().unwrap();
    assert!(
        message.starts_with("Not observed: no answer within 5 s\n"),
        "{message}"
    );
}

#[test]
fn a_waiver_suppresses_and_does_not_hide() {
    let waived = Finding {
        waived: Some("platform team: next month (until 2026-03-31)".into()),
        ..one(Verdict::Fail)
    };
    let told = run_of(&with(vec![waived]));
    let result = &told["results"][0];
    assert_eq!(result["kind"], "fail");
    let expected = json!([{ "kind": "external", "status": "accepted", "justification": "platform team: next month (until 2026-03-31)" }]);
    assert_eq!(result["suppressions"], expected);
    let told = run_of(&with(vec![one(Verdict::Fail)]));
    assert_eq!(told["results"][0]["suppressions"], json!([]));
}

#[test]
fn severities_are_read_as_they_are_meant() {
    for (severity, level, score) in [
        (Severity::Critical, "error", json!("9.5")),
        (Severity::High, "error", json!("8.0")),
        (Severity::Medium, "warning", json!("5.5")),
        (Severity::Low, "note", json!("2.0")),
        (Severity::Info, "note", Value::Null),
    ] {
        let finding = Finding {
            severity,
            ..one(Verdict::Fail)
        };
        let told = run_of(&with(vec![finding.clone()]));
        let rule = &told["tool"]["driver"]["rules"][0];
        assert_eq!(told["results"][0]["level"], level);
        assert_eq!(rule["defaultConfiguration"]["level"], level);
        assert_eq!(rule["properties"]["security-severity"], score);
        assert_eq!(rule["properties"]["tags"][0], "security");
        // A rule of another suite is no security rule.
        let suites = vec!["infrastructure".into()];
        let told = run_of(&with(vec![Finding { suites, ..finding }]));
        let properties = &told["tool"]["driver"]["rules"][0]["properties"];
        assert_eq!(properties["security-severity"], Value::Null);
        assert_eq!(properties["tags"], json!(["infrastructure"]));
    }
}

#[test]
fn a_place_of_the_users_own_goes_before_the_definition() {
    let run = with(vec![one(Verdict::Fail)]);
    let places = |path: &str| BTreeMap::from([("headers.csp".to_owned(), (path.to_owned(), 7))]);
    let told = |places: &BTreeMap<_, _>| {
        let beside = Beside {
            places: Some(places),
            ..Beside::default()
        };
        let report = Report {
            beside,
            ..run.report()
        };
        render(&report)["runs"][0]["results"][0].take()
    };
    let physical = |result: &Value| result["locations"][0]["physicalLocation"].clone();
    let result = told(&places("docs/a b#c%.md"));
    let expected = json!({ "artifactLocation": { "uri": "docs/a%20b%23c%25.md", "uriBaseId": "%SRCROOT%" }, "region": { "startLine": 7 } });
    assert_eq!(physical(&result), expected);
    let shipped = run_of(&run);
    let artifact = physical(&shipped["results"][0])["artifactLocation"].clone();
    assert_eq!(
        artifact,
        json!({ "uri": "checks/headers/csp.toml", "uriBaseId": "HOLDPOINT" })
    );
    // What lies outside of the repository has its own address, and the same fingerprint on every host.
    let here = told(&places("/srv/a/c:x.toml"));
    assert_eq!(
        physical(&here)["artifactLocation"],
        json!({ "uri": "file:///srv/a/c%3Ax.toml" })
    );
    let there = told(&places("/home/b/c:x.toml"));
    assert_eq!(here["partialFingerprints"], there["partialFingerprints"]);
    assert_ne!(here["partialFingerprints"], result["partialFingerprints"]);
}

#[test]
fn fingerprints_outlive_the_run() {
    let before = run_of(&with(vec![one(Verdict::Fail)]));
    let mut run = with(vec![
        fixture::finding("a.b", "first", Severity::Critical, Verdict::Fail),
        Finding {
            reason: "other words".into(),
            found: "something else".into(),
            severity: Severity::Low,
            defined: "checks/headers/csp.toml:99".into(),
            ..one(Verdict::Inconclusive)
        },
    ]);
    run.subject.run = "2027-01-01T00-00-00Z-zzzz".into();
    run.subject.target = None;
    let after = run_of(&run);
    let mine = rows(&after["results"])
        .iter()
        .find(|one| one["ruleId"] == "headers.csp")
        .unwrap();
    assert_eq!(
        mine["partialFingerprints"],
        before["results"][0]["partialFingerprints"]
    );
    let hash = mine["partialFingerprints"]["primaryLocationLineHash"]
        .as_str()
        .unwrap();
    assert!(hash.len() == 18 && hash.ends_with(":1"), "{hash}");
}

#[test]
fn a_run_closes_only_what_it_looked_at() {
    let mut run = with(vec![]);
    run.subject.selection = vec!["tag:P2/x".into(), "security".into()];
    let id = run_of(&run)["automationDetails"]["id"].clone();
    let run_id = "2026-03-02T09-00-00Z-k3f9";
    assert_eq!(
        id,
        format!("holdpoint/security+tag%3AP2%2Fx/staging/live/{run_id}")
    );
    run.subject.selection.clear();
    assert_eq!(
        run_of(&run)["automationDetails"]["id"],
        format!("holdpoint/all/staging/live/{run_id}")
    );
}

/// Many failures of many words.
fn many(count: usize, words: usize) -> Run {
    let word = |at: usize| format!("{:08x} ", at.wrapping_mul(2_654_435_761) % 4_294_967_291);
    let text = |seed: usize| {
        (0..words)
            .map(|at| word(seed * words + at))
            .collect::<String>()
    };
    let finding = |at: usize| Finding {
        reason: text(at),
        found: text(at + count),
        remedy: text(at + 2 * count),
        severity: Severity::ALL[at % Severity::ALL.len()],
        ..fixture::finding(
            &format!("many.check-{at}"),
            "one of many",
            Severity::Low,
            Verdict::Fail,
        )
    };
    with((0..count).map(finding).collect())
}

/// Code scanning takes files of 10 MB, compressed.
fn fits(run: &Run) -> usize {
    let text = (format("sarif").unwrap().render)(&run.report(), &Style::default());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap().len()
}

#[test]
fn long_messages_fit() {
    let run = many(1_000, 1_200);
    assert!(run.findings[0].reason.len() > 10_000);
    let told = run_of(&run);
    assert_eq!(rows(&told["results"]).len(), 1_000);
    let message = told["results"][0]["message"]["text"].as_str().unwrap();
    assert!(
        message.chars().count() < 8_100 && message.contains("(10800 characters in all)"),
        "{message}"
    );
    assert!(fits(&run) < 10_000_000);
}

#[test]
fn what_is_more_than_fits_is_said() {
    let run = many(25_010, 2);
    let told = run_of(&run);
    let results = rows(&told["results"]);
    assert_eq!(results.len(), 25_000);
    assert_eq!(rows(&told["tool"]["driver"]["rules"]).len(), 25_000);
    assert_eq!(told["properties"]["counts"]["fail"], json!(25_010));
    let notices = rows(&told["invocations"][0]["toolExecutionNotifications"]);
    let left_out = notices
        .iter()
        .find(|one| one["descriptor"]["id"] == "left-out")
        .unwrap();
    assert!(
        left_out["message"]["text"]
            .as_str()
            .unwrap()
            .starts_with("10 results")
    );
    // The gravest come first, and those that are left out are the least grave.
    let severities: Vec<Severity> = results
        .iter()
        .map(|one| {
            one["properties"]["severity"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert!(severities.is_sorted_by(|a, b| a >= b));
    assert!(fits(&run) < 10_000_000);
}

#[test]
fn tags_are_few_and_each_once() {
    let mut run = with(vec![one(Verdict::Pass)]);
    let tags = (0..40).map(|at| format!("P{}", at / 2)).collect();
    run.subject.tags = BTreeMap::from([("headers.csp".to_owned(), tags)]);
    let told = run_of(&run);
    let tags = rows(&told["tool"]["driver"]["rules"][0]["properties"]["tags"]);
    assert_eq!(tags.len(), 20);
    assert_eq!(tags[..3], [json!("security"), json!("P0"), json!("P1")]);
}

/// Every text of a document.
fn texts<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(map) => map.values().for_each(|item| texts(item, into)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn results_refer_to_their_rules_and_act_on_nobody(run in drawn::run()) {
        let told = run_of(&run);
        let rules = rows(&told["tool"]["driver"]["rules"]);
        let ids: HashSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        prop_assert_eq!(ids.len(), rules.len());
        let results = rows(&told["results"]);
        let wanted = [Verdict::Fail, Verdict::Inconclusive, Verdict::Blocked];
        prop_assert_eq!(results.len(), run.findings.iter().filter(|one| wanted.contains(&one.verdict)).count());
        for result in results {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            prop_assert_eq!(&rules[index]["id"], &result["ruleId"]);
            let message = result["message"]["text"].as_str().unwrap();
            prop_assert!(!message.contains("]("), "{}", message);
            prop_assert!(!message.replace("{{", "").replace("}}", "").contains(['{', '}']), "{}", message);
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            prop_assert!(uri.is_ascii() && !uri.contains([' ', '\\', '"', '<']), "{}", uri);
        }
        let mut all = Vec::new();
        texts(&told, &mut all);
        let hidden = all.iter().flat_map(|text| text.chars()).find(|c| *c != '\n' && hides(*c));
        prop_assert!(hidden.is_none(), "{hidden:?}");
    }
}
