use crate::ledger::statement::*;
use crate::model::{Decision, Finding, Level, Outcome, Severity, Subject, Verdict};
use jiff::Timestamp;
use serde_json::{Value, json};

const COMMIT: &str = "4f9d1c02a7b35e6881d0cf24b9ae7735d0c1e9aa";
const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn finding(check: &str, verdict: Verdict, waived: bool) -> Finding {
    Finding {
        waived: waived.then(|| "the lead: planned (until 2026-04-01)".into()),
        ..Finding::bare(check, Severity::Info, verdict)
    }
}

fn subject() -> Subject {
    Subject {
        tool_version: "0.1.0".into(),
        project: "shop".into(),
        root: "shop".into(),
        target: None,
        environment: "staging".into(),
        level: Level::Live,
        selection: Vec::new(),
        given: vec![],
        suites: Vec::new(),
        started: Timestamp::UNIX_EPOCH,
        ended: Timestamp::UNIX_EPOCH,
        duration_ms: 0,
        commit: Some(COMMIT.into()),
        dirty: false,
        clean: true,
        record: Some(".holdpoint/records/r.jsonl".into()),
        record_digest: Some(DIGEST.into()),
        inputs: vec![("holdpoint.toml".into(), DIGEST.into())],
        run: "r".into(),
        interrupted: None,
        baseline: None,
        tags: std::collections::BTreeMap::new(),
    }
}

fn stated(outcome: Outcome, findings: &[Finding], subject: &Subject) -> Value {
    let decision = Decision {
        outcome,
        fail_on: Severity::Medium,
        summary: std::collections::BTreeMap::new(),
        reasons: Vec::new(),
        warnings: Vec::new(),
    };
    serde_json::to_value(test_result(&decision, findings, subject)).unwrap()
}

#[test]
fn every_verdict_has_its_list() {
    use Verdict::*;
    let findings = [
        finding("b.pass", Pass, false),
        finding("a.pass", Pass, false),
        finding("a.waived", Fail, true),
        finding("a.fail", Fail, false),
        finding("a.inconclusive", Inconclusive, false),
        finding("a.blocked", Blocked, false),
        finding("a.attest", NeedsAttestation, false),
        finding("a.none", NotApplicable, false),
        finding("a.not-run", NotRun, false),
    ];
    let told = stated(Outcome::NoGo, &findings, &subject());
    let predicate = &told["predicate"];
    assert_eq!(predicate["result"], "FAILED");
    assert_eq!(predicate["passedTests"], json!(["a.pass", "b.pass"]));
    assert_eq!(predicate["warnedTests"], json!(["a.waived"]));
    assert_eq!(
        predicate["failedTests"],
        json!(["a.attest", "a.blocked", "a.fail", "a.inconclusive"])
    );
    let hex = &DIGEST[7..];
    assert_eq!(
        predicate["configuration"],
        json!([{ "name": "holdpoint.toml", "digest": { "sha256": hex } }])
    );
    assert_eq!(told["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(told["predicateType"], TEST_RESULT);
}

#[test]
fn nothing_that_was_not_seen_passes() {
    use Verdict::*;
    let result = |outcome, findings: &[Finding], subject: &Subject| {
        stated(outcome, findings, subject)["predicate"]["result"].clone()
    };
    let [pass, waived, fail, open, none] = [
        finding("a.a", Pass, false),
        finding("a.b", Fail, true),
        finding("a.c", Fail, false),
        finding("a.d", Inconclusive, false),
        finding("a.e", NotApplicable, false),
    ];
    let whole = subject();
    let with = |more: &Finding| [pass.clone(), more.clone()];
    assert_eq!(
        result(Outcome::Go, std::slice::from_ref(&pass), &whole),
        "PASSED"
    );
    assert_eq!(result(Outcome::Go, &with(&none), &whole), "PASSED");
    assert_eq!(
        result(Outcome::GoWithWaivers, &with(&waived), &whole),
        "WARNED"
    );
    // Too light to hold the release, and still not passed.
    assert_eq!(result(Outcome::Go, &with(&fail), &whole), "FAILED");
    assert_eq!(result(Outcome::Go, &with(&open), &whole), "FAILED");
    assert_eq!(
        result(Outcome::Undecided, std::slice::from_ref(&pass), &whole),
        "FAILED"
    );
    assert_eq!(result(Outcome::Go, &[none], &whole), "FAILED");
    assert_eq!(result(Outcome::Go, &[], &whole), "FAILED");
    let cut = Subject {
        interrupted: Some("interrupted".into()),
        ..subject()
    };
    assert_eq!(result(Outcome::Go, &[pass], &cut), "FAILED");
}

#[test]
fn the_subject_is_the_commit_only_where_it_was_examined() {
    let of = |subject: &Subject| {
        let told = stated(Outcome::Go, &[], subject);
        let valid = Statement::parse(told.to_string().as_bytes());
        (told["subject"].clone(), valid)
    };
    let (told, valid) = of(&subject());
    assert_eq!(told[0]["name"], "shop");
    assert_eq!(told[0]["digest"], json!({ "gitCommit": COMMIT }));
    let about = &told[0]["annotations"]["holdpoint"];
    assert_eq!(
        (&about["recordDigest"], &about["decision"]),
        (&json!(DIGEST), &json!("go"))
    );
    assert_eq!(valid.unwrap().subject.len(), 1);
    for other in [
        Subject {
            dirty: true,
            clean: false,
            ..subject()
        },
        // Nobody could tell whether it was.
        Subject {
            clean: false,
            ..subject()
        },
        Subject {
            commit: None,
            clean: false,
            ..subject()
        },
    ] {
        let (told, valid) = of(&other);
        assert_eq!(told[0]["name"], ".holdpoint/records/r.jsonl");
        assert_eq!(told[0]["digest"], json!({ "sha256": &DIGEST[7..] }));
        valid.unwrap();
    }
    let (told, valid) = of(&Subject {
        commit: None,
        record_digest: None,
        ..subject()
    });
    assert_eq!(told, json!([]));
    assert!(valid.is_err());
}

fn decided() -> GateDecision {
    GateDecision {
        subject: vec![ResourceDescriptor::commit("shop", COMMIT)],
        tool_version: "0.1.0".into(),
        at: Timestamp::UNIX_EPOCH,
        resource_uri: "git+https://example.com/shop".into(),
        policy: ResourceDescriptor {
            uri: Some("checks/gates.toml#quality".into()),
            ..ResourceDescriptor::file("gates.toml", DIGEST)
        },
        inputs: vec![ResourceDescriptor::file(
            ".holdpoint/records/r.jsonl",
            DIGEST,
        )],
        levels: Some(vec!["HOLDPOINT_QUALITY".into()]),
    }
}

#[test]
fn a_decision_is_a_verification_summary() {
    let told = serde_json::to_value(decided().statement().unwrap()).unwrap();
    let hex = &DIGEST[7..];
    assert_eq!(
        told,
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": "shop", "digest": { "gitCommit": COMMIT } }],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": {
                "verifier": { "id": "pkg:cargo/holdpoint", "version": { "holdpoint": "0.1.0" } },
                "timeVerified": "1970-01-01T00:00:00Z",
                "resourceUri": "git+https://example.com/shop",
                "policy": { "name": "gates.toml", "uri": "checks/gates.toml#quality", "digest": { "sha256": hex } },
                "inputAttestations": [{ "name": ".holdpoint/records/r.jsonl", "digest": { "sha256": hex } }],
                "verificationResult": "PASSED",
                "verifiedLevels": ["HOLDPOINT_QUALITY"],
            },
        })
    );
    let read: Statement<VerificationSummary> = serde_json::from_value(told).unwrap();
    assert_eq!(read, decided().statement().unwrap());
    let failed = GateDecision {
        levels: None,
        ..decided()
    };
    let predicate = failed.statement().unwrap().predicate;
    assert_eq!(predicate.verification_result, VerificationResult::Failed);
    assert_eq!(predicate.verified_levels, ["FAILED"]);
}

#[test]
fn a_decision_that_breaks_a_rule_is_refused() {
    let levels = |levels: &[&str]| GateDecision {
        levels: Some(levels.iter().map(|one| (*one).to_owned()).collect()),
        ..decided()
    };
    let nameless = || vec![ResourceDescriptor::default()];
    for (broken, says) in [
        (levels(&["SLSA_BUILD_LEVEL_3"]), "SLSA_BUILD_LEVEL_3"),
        (levels(&["FAILED"]), "FAILED"),
        (levels(&[]), "gives a level"),
        (
            GateDecision {
                subject: Vec::new(),
                ..decided()
            },
            "has a digest",
        ),
        (
            GateDecision {
                subject: nameless(),
                ..decided()
            },
            "has a digest",
        ),
        (
            GateDecision {
                inputs: nameless(),
                ..decided()
            },
            "no digest",
        ),
        (
            GateDecision {
                policy: ResourceDescriptor::file("gates.toml", DIGEST),
                ..decided()
            },
            "no URI",
        ),
    ] {
        let told = broken.statement().unwrap_err();
        assert!(told.contains(says), "{told}");
    }
}
