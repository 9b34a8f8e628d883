//! The accounts probe and its checks: real applications with NextAuth 4 and Auth.js 5 that tell who has an account and
//! that do not, and the sandbox with each fault.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::sandbox::{NextAuthDouble, NextAuthFault, NextAuthVersion};
use serde_json::Value;
use std::collections::BTreeMap;
use support::next::NextApp;
use support::{holdpoint, write};

const SECRET: &str = "Zk3v9Qw7Lx2Rt8Yp5Nd1Hs6Jc4Bf0GmA+VuEiOaTy=";
const KNOWN: &str = "ann@tasks.invalid";

/// The verdict and the reason of each check.
type Findings = BTreeMap<String, (String, String)>;

fn examine(checks: &str, url: &str, variables: &[(&str, &str)]) -> Findings {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "package.json",
        r#"{ "dependencies": { "next-auth": "4.24.15" } }"#,
    );
    let lines: String = variables
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    write(root.path(), ".env.local", &lines);
    let arguments = [
        "run", checks, "--level", "active", "--owned", "--skip", "site", "--target", url,
        "--report", "json=-",
    ];
    let outcome = holdpoint(arguments).within(root.path()).run();
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", outcome.stdout, outcome.stderr));
    let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|one| {
            (
                word(one, "check"),
                (word(one, "verdict"), word(one, "reason")),
            )
        })
        .collect()
}

fn says(findings: &Findings, check: &str, verdict: &str, text: &str) {
    let (found, reason) = &findings[&format!("accounts.{check}")];
    assert_eq!(found, verdict, "{check}: {reason}");
    assert!(reason.contains(text), "{check}: no '{text}' in: {reason}");
}

/// What is wrong, and what is then said of the answers and of their times. Whether equal times are seen to be equal is
/// a matter of how busy the machine is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_told() {
    use NextAuthFault as F;
    let cases = [
        (F::AsksForAccounts, "pass", ""),
        (F::TellsAccountsByStatus, "fail", "does not by the status"),
        (
            F::TellsAccountsByAddress,
            "fail",
            "does not by where it leads",
        ),
        (F::TellsAccountsByBody, "fail", "does not by the body"),
        (F::TellsAccountsByTime, "pass", ""),
        (F::LimitsAccounts, "pass", ""),
    ];
    for (fault, verdict, text) in cases {
        let double = NextAuthDouble::start(NextAuthVersion::Four, Some(fault))
            .await
            .unwrap();
        // Times are not asked for where nobody reads them.
        let checks = match verdict {
            "pass" => "accounts.*",
            _ => "accounts.same-answer",
        };
        let known = [("HOLDPOINT_KNOWN_ACCOUNT", KNOWN)];
        let findings = examine(checks, &double.url(), &known);
        says(&findings, "same-answer", verdict, text);
        match fault {
            F::TellsAccountsByTime => says(&findings, "same-time", "fail", "99 % interval"),
            F::LimitsAccounts => says(&findings, "same-time", "inconclusive", "a limit answers"),
            F::AsksForAccounts => assert_ne!(findings["accounts.same-time"].0, "fail"),
            _ => assert!(!findings.contains_key("accounts.same-time")),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_account_nothing_is_told() {
    let fault = Some(NextAuthFault::TellsAccountsByStatus);
    let double = NextAuthDouble::start(NextAuthVersion::Five, fault)
        .await
        .unwrap();
    let findings = examine("accounts.*", &double.url(), &[]);
    says(
        &findings,
        "same-answer",
        "inconclusive",
        "set HOLDPOINT_KNOWN_ACCOUNT",
    );
    // Guests and Google ask for no account here.
    let double = NextAuthDouble::start(NextAuthVersion::Four, None)
        .await
        .unwrap();
    let known = [("HOLDPOINT_KNOWN_ACCOUNT", KNOWN)];
    let findings = examine("accounts.*", &double.url(), &known);
    says(&findings, "same-answer", "not-applicable", "");
}

/// What stands before the sign-in says nothing of it, and only what is not there at all does not apply.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_is_not_taken_for_absent() {
    use NextAuthFault as F;
    let cases = [
        (F::AnswersPages, "inconclusive", "not JSON"),
        (F::Limits, "inconclusive", "429"),
        (F::Breaks, "inconclusive", "500"),
        (F::Missing, "not-applicable", ""),
    ];
    for (fault, verdict, text) in cases {
        let double = NextAuthDouble::start(NextAuthVersion::Four, Some(fault))
            .await
            .unwrap();
        let known = [("HOLDPOINT_KNOWN_ACCOUNT", KNOWN)];
        let findings = examine("accounts.same-answer", &double.url(), &known);
        says(&findings, "same-answer", verdict, text);
    }
}

/// Where everybody is let in, the session is signed out and the account named that may be left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_opens_for_anybody_is_ended() {
    let double = NextAuthDouble::start(NextAuthVersion::Four, None)
        .await
        .unwrap();
    let variables = [
        ("HOLDPOINT_KNOWN_ACCOUNT", KNOWN),
        ("HOLDPOINT_NEXTAUTH_PROVIDER", "another"),
    ];
    let findings = examine("accounts.*", &double.url(), &variables);
    for text in ["it was signed out", "an account 'holdpoint-"] {
        says(&findings, "same-answer", "inconclusive", text);
    }
}

fn application(name: &'static str, fault: &str) -> Option<NextApp> {
    let (secret, address) = match name {
        "next-auth-5" => ("AUTH_SECRET", "AUTH_URL"),
        _ => ("NEXTAUTH_SECRET", "NEXTAUTH_URL"),
    };
    NextApp::start(name, |url| {
        vec![
            (secret, SECRET.into()),
            (address, url.into()),
            ("TASKS_PASSWORD", "open sesame".into()),
            ("TASKS_USER", KNOWN.into()),
            ("TASKS_FAULT", fault.to_owned()),
        ]
    })
}

#[test]
fn real_applications_right_and_broken() {
    for name in ["next-auth-4", "next-auth-5"] {
        for (fault, answer, time) in [
            ("", "pass", None),
            ("tells-unknown", "fail", None),
            ("hashes-known-only", "pass", Some("fail")),
        ] {
            let Some(app) = application(name, fault) else {
                return;
            };
            let checks = time.map_or("accounts.same-answer", |_| "accounts.*");
            let known = [("HOLDPOINT_KNOWN_ACCOUNT", KNOWN)];
            let findings = examine(checks, &app.url(), &known);
            says(&findings, "same-answer", answer, "");
            if let Some(verdict) = time {
                says(&findings, "same-time", verdict, "permutation test");
            }
        }
    }
}

/// The right password proves that the account was looked up; a wrong one leaves it open.
#[test]
fn the_right_password_is_the_control() {
    let Some(app) = application("next-auth-4", "") else {
        return;
    };
    for (password, verdict, text) in [
        ("open sesame", "pass", ""),
        ("another", "inconclusive", "opens no session"),
    ] {
        let variables = [
            ("HOLDPOINT_KNOWN_ACCOUNT", KNOWN),
            ("HOLDPOINT_KNOWN_PASSWORD", password),
        ];
        let findings = examine("accounts.same-answer", &app.url(), &variables);
        says(&findings, "same-answer", verdict, text);
    }
}
