//! `holdpoint demo`: it shows the whole flow, and leaves the files that it names.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::path::Path;
use support::holdpoint;

fn report(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    let schema = include_str!("../reports/schema/report.v1.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let wrong: Vec<_> = schema.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    report
}

fn checks<'a>(report: &'a Value, verdict: &str) -> Vec<&'a str> {
    let findings = report["findings"].as_array().unwrap();
    let mut ids: Vec<_> = findings
        .iter()
        .filter(|finding| finding["verdict"] == verdict)
        .map(|finding| finding["check"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

fn reason<'a>(report: &'a Value, check: &str) -> &'a str {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap()["reason"].as_str().unwrap()
}

#[test]
fn as_found_it_is_no_go_and_says_where_to_look() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("demo");
    let call = [Path::new("demo"), Path::new("--dir"), &folder];
    let outcome = holdpoint(call).run().expect_code(0);
    let named = folder.canonicalize().unwrap().display().to_string();
    assert!(outcome.stdout.contains(&named), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("exit status would have been 1"));
    let sign_off = std::fs::read_to_string(folder.join("SECURITY_SIGN_OFF.md")).unwrap();
    assert!(sign_off.contains("headers.content-security-policy"));
    let records = std::fs::read_dir(folder.join(".holdpoint/records")).unwrap();
    assert_eq!(records.count(), 1);
    let report = report(&folder);
    assert_eq!(report["decision"], "no-go");
    // No mail is sent, so what the sign-in by mail tells of accounts is not known.
    assert_eq!(checks(&report, "inconclusive"), ["accounts.same-answer"]);
    // Each service has another human cause.
    for (check, cause) in [
        ("ai.gemini-model-exists", "it was shut down"),
        ("dependencies.lockfile-integrity", "over plain HTTP"),
        ("dependencies.no-critical", "GHSA-9qr9-h5gf-34mp"),
        ("email.sends", "the sender is not verified"),
        ("environment.required-set", "CRON_SECRET"),
        (
            "isolation.users",
            "PUT /api/tasks/[id] as B: what A has created is changed",
        ),
        ("mongodb.least-privilege", "too much for an application"),
        ("oidc.configured", "GOOGLE_CLIENT_SECRET"),
        ("push.keys-pair", "is not the public half"),
    ] {
        let reason = reason(&report, check);
        assert!(reason.contains(cause), "{check}: {reason}");
    }
    assert_eq!(
        checks(&report, "fail"),
        [
            "ai.gemini-model-exists",
            "api.refuses-foreign-origin",
            "compliance.privacy-policy-linked",
            "compliance.security-policy-file",
            "compliance.security-txt",
            "compliance.terms-linked",
            "cookies.attributes",
            "cookies.flags",
            "cors.foreign-origin",
            "cors.preflight",
            "dependencies.lockfile-integrity",
            "dependencies.no-critical",
            "email.magic-link-arrives",
            "email.sends",
            "environment.no-placeholders",
            "environment.required-set",
            "headers.api",
            "headers.content-security-policy",
            "headers.content-type-options",
            "headers.cross-origin-opener-policy",
            "headers.cross-origin-resource-policy",
            "headers.csp-base-uri-and-object-src",
            "headers.csp-form-action",
            "headers.csp-reporting",
            "headers.csp-style-src",
            "headers.csp-unsafe-eval",
            "headers.no-version-leaks",
            "headers.permissions-policy",
            "headers.strict-transport-security",
            "headers.strict-transport-security-subdomains",
            "headers.xss-protection",
            "isolation.guests",
            "isolation.users",
            "limits.sign-in-callback",
            "mongodb.least-privilege",
            "nextauth.cookie-prefixes",
            "nextauth.session-lifetime",
            "nextauth.sign-out-is-final",
            "observatory.grade",
            "oidc.configured",
            "push.keys-pair",
            "transport.https-redirect",
        ]
    );
}

#[test]
fn mended_it_is_go() {
    let folder = tempfile::tempdir().unwrap();
    let call = ["demo", "--mended", "--dir"].map(Path::new);
    holdpoint(call.into_iter().chain([folder.path()]))
        .run()
        .expect_code(0);
    let report = report(folder.path());
    assert_eq!(checks(&report, "fail"), [""; 0]);
    // NextAuth 4 does not show it from outside.
    assert_eq!(checks(&report, "inconclusive"), ["oidc.state-is-examined"]);
    assert_eq!(checks(&report, "blocked"), [""; 0]);
    // What is sent is shown as sent.
    for check in ["email.arrives", "email.magic-link-arrives", "push.delivers"] {
        assert!(checks(&report, "pass").contains(&check), "{check}");
    }
    assert_eq!(report["decision"], "go");
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    support::write(folder.path(), "mine.txt", "mine");
    let call = [Path::new("demo"), Path::new("--dir"), folder.path()];
    let outcome = holdpoint(call).run().expect_code(2);
    assert!(
        outcome.stderr.contains("is not empty"),
        "{}",
        outcome.stderr
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn without_a_folder_it_makes_one_among_the_temporary_files() {
    let outcome = holdpoint(["demo", "--mended", "-q"]).run().expect_code(0);
    let text = outcome.stable_stdout();
    assert!(text.contains("[SCRATCH]/tmp/holdpoint-demo-"), "{text}");
}
