//! The limits checks against limiters that others wrote, and against applications that have none.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use support::limiters::Limiters;
use support::{holdpoint, write};

/// The verdict of each check and what is said of it.
struct Found(BTreeMap<String, (String, String)>);

impl Found {
    fn verdict(&self, check: &str) -> &str {
        &self.0[&format!("limits.{check}")].0
    }

    fn says(&self, check: &str, verdict: &str, text: &str) {
        let (found, reason) = &self.0[&format!("limits.{check}")];
        assert_eq!(found, verdict, "{check}: {reason}");
        assert!(reason.contains(text), "{check}: no '{text}' in: {reason}");
    }

    fn all(&self, verdict: &str, checks: &[&str]) {
        for check in checks {
            self.says(check, verdict, "");
        }
    }
}

/// Runs checks of limits where holdpoint.toml claims this, if anything.
fn examine(url: &str, claims: &[(&str, &str)], checks: &[&str], more: &[&str]) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("[rate_limits]\n");
    for (path, rate) in claims {
        text += &format!("\"{path}\" = \"{rate}\"\n");
    }
    write(folder.path(), "holdpoint.toml", &text);
    let mut arguments = vec!["run".to_owned()];
    arguments.extend(checks.iter().map(|check| format!("limits.{check}")));
    for word in ["--target", url, "--report", "json=-"].iter().chain(more) {
        arguments.push((*word).to_owned());
    }
    let outcome = holdpoint(arguments).within(folder.path()).run();
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", outcome.stdout, outcome.stderr));
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    Found(
        findings
            .map(|one| {
                let said = (word(one, "verdict"), word(one, "reason"));
                (word(one, "check"), said)
            })
            .collect(),
    )
}

const ANNOUNCED: [&str; 3] = ["announced", "announced-as-configured", "announcement-sound"];

#[test]
fn every_dialect_is_recognised() {
    let Some(limiters) = Limiters::start(10) else {
        return;
    };
    for path in [
        "/erl/legacy",
        "/erl/draft6",
        "/erl/draft7",
        "/erl/draft8",
        "/rlf/fixed",
    ] {
        let found = examine(&limiters.address, &[(path, "10 per 10s")], &ANNOUNCED, &[]);
        found.all("pass", &ANNOUNCED);
    }
}

#[test]
fn what_is_not_announced_or_announced_otherwise_fails() {
    let Some(limiters) = Limiters::start(10) else {
        return;
    };
    let of = |path, rate| examine(&limiters.address, &[(path, rate)], &ANNOUNCED, &[]);
    let silent = of("/erl/silent", "10 per 10s");
    silent.says("announced", "fail", "10 requests per 10");
    silent.says("announcement-sound", "not-applicable", "");
    let loose = of("/erl/loose", "10 per 10s");
    loose.says("announced-as-configured", "fail", "another limit");
    let other = of("/erl/draft8", "10 per 60s");
    other.says("announced-as-configured", "fail", "another limit");
    let strangers = of("/members", "10 per 10s");
    strangers.says("announced", "inconclusive", "status 401");
}

#[test]
fn an_application_that_claims_nothing_is_left_alone() {
    let Some(limiters) = Limiters::start(10) else {
        return;
    };
    let found = examine(&limiters.address, &[], &ANNOUNCED, &[]);
    found.all("not-applicable", &ANNOUNCED);
}
