//! The program against a real nginx with right, weak and missing headers: the right verdict of every check.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use support::holdpoint;
use support::peers::Nginx;

/// What passes whatever the headers are.
const ALIVE: &[&str] = &[
    "site.answers",
    "site.api-answers",
    "site.is-the-application",
    "site.scripts-load",
];

fn nginx(template: &str) -> Option<Nginx> {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/nginx/site");
    Nginx::start(template, |folder| copy(&site, &folder.join("site")))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Runs, expects the exit status, and gives the ids of the checks by their verdict.
fn verdicts(arguments: &[&str], code: i32) -> BTreeMap<String, Vec<String>> {
    let more = ["--report", "json=-", "--timeout", "20s"];
    let outcome = holdpoint(arguments.iter().chain(&more))
        .run()
        .expect_code(code);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let mut by_verdict: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let word = |key: &str| finding[key].as_str().unwrap().to_owned();
        by_verdict
            .entry(word("verdict"))
            .or_default()
            .push(word("check"));
    }
    by_verdict.values_mut().for_each(|ids| ids.sort());
    by_verdict
}

fn whole(url: &str, code: i32) -> BTreeMap<String, Vec<String>> {
    let arguments = [
        "run",
        "security",
        "smoke",
        "--skip",
        "environment",
        // A server of files has no policies and no repository.
        "--skip",
        "compliance",
        "--target",
        url,
    ];
    verdicts(&arguments, code)
}

fn of<'a>(verdicts: &'a BTreeMap<String, Vec<String>>, verdict: &str) -> Vec<&'a str> {
    let ids = verdicts.get(verdict).into_iter().flatten();
    ids.map(String::as_str).collect()
}

#[test]
fn every_header_right_is_go() {
    let Some(nginx) = nginx("good.conf") else {
        return;
    };
    let found = whole(&nginx.url(), 0);
    assert_eq!(of(&found, "fail"), [""; 0]);
    assert_eq!(of(&found, "inconclusive"), [""; 0]);
    assert_eq!(
        of(&found, "pass"),
        [
            "bundle.no-source-maps",
            "cookies.attributes",
            "cookies.flags",
            "cors.foreign-origin",
            "cors.own-origin",
            "cors.preflight",
            "cors.wildcard",
            "cors.wildcard-on-pages",
            "exposed.no-folder-listings",
            "exposed.no-secret-files",
            "exposed.no-trace",
            "headers.api",
            "headers.content-security-policy",
            "headers.content-type-options",
            "headers.cross-origin-opener-policy",
            "headers.cross-origin-resource-policy",
            "headers.csp-base-uri-and-object-src",
            "headers.csp-default-src",
            "headers.csp-form-action",
            "headers.csp-known-directives",
            "headers.csp-reporting",
            "headers.csp-style-src",
            "headers.csp-unsafe-eval",
            "headers.frame-options",
            "headers.no-version-leaks",
            "headers.permissions-policy",
            "headers.referrer-policy",
            "headers.referrer-policy-leak",
            "headers.xss-protection",
            "observatory.csp-no-known-bypass",
            "observatory.csp-spelling",
            "observatory.scripts-pinned",
            "site.answers",
            "site.api-answers",
            "site.is-the-application",
            "site.no-error-leak-on-404",
            "site.scripts-load",
        ]
    );
    assert_eq!(of(&verdicts(&["smoke", &nginx.url()], 0), "pass"), ALIVE);
}

#[test]
fn headers_that_do_little_are_no_go() {
    let Some(nginx) = nginx("weak.conf") else {
        return;
    };
    let found = whole(&nginx.url(), 1);
    assert_eq!(of(&found, "inconclusive"), [""; 0]);
    assert_eq!(
        of(&found, "fail"),
        [
            "cookies.attributes",
            "cookies.flags",
            "cors.foreign-origin",
            "cors.preflight",
            "cors.wildcard-on-pages",
            "headers.api",
            "headers.content-security-policy",
            "headers.content-type-options",
            "headers.cross-origin-embedder-policy",
            "headers.cross-origin-opener-policy",
            "headers.cross-origin-resource-policy",
            "headers.csp-base-uri-and-object-src",
            "headers.csp-form-action",
            "headers.csp-known-directives",
            "headers.csp-reporting",
            "headers.csp-style-src",
            "headers.csp-unsafe-eval",
            "headers.frame-options",
            "headers.no-version-leaks",
            "headers.permissions-policy",
            "headers.referrer-policy",
            "headers.referrer-policy-leak",
            "headers.xss-protection",
        ]
    );
}

#[test]
fn no_header_at_all_is_no_go_and_yet_alive() {
    let Some(nginx) = nginx("bare.conf") else {
        return;
    };
    let found = whole(&nginx.url(), 1);
    assert_eq!(of(&found, "inconclusive"), [""; 0]);
    // Without a policy, what a policy says does not apply; without Referrer-Policy, browsers use a safe one.
    assert_eq!(
        of(&found, "fail"),
        [
            "headers.api",
            "headers.content-security-policy",
            "headers.content-type-options",
            "headers.cross-origin-opener-policy",
            "headers.cross-origin-resource-policy",
            "headers.frame-options",
            "headers.no-version-leaks",
            "headers.permissions-policy",
            "headers.referrer-policy",
        ]
    );
    let smoke = verdicts(&["smoke", &nginx.url()], 0);
    assert_eq!(of(&smoke, "pass"), ALIVE);
}
