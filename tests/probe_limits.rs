//! The limits checks against limiters that others wrote, and against applications that have none.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use support::limiters::Limiters;
use support::next::NextApp;
use support::peers::Nginx;
use support::{holdpoint, write};

/// The verdict of each check and what is said of it.
struct Found(BTreeMap<String, (String, String)>);

impl Found {
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
    found(&outcome.stdout, &outcome.stderr)
}

fn found(stdout: &str, stderr: &str) -> Found {
    let report: Value =
        serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}\n{stderr}"));
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

const ACTIVE: [&str; 3] = ["--level", "active", "--owned"];
const CLAIM: [&str; 5] = [
    "enforced",
    "lets-through",
    "refuses-with-429",
    "retry-after",
    "recovers",
];
const BYPASS: [&str; 3] = [
    "not-bypassed-by-forwarded-for",
    "not-bypassed-by-path",
    "not-bypassed-by-session",
];

/// What each path shows, all of them at the same time: each has a limiter of its own.
fn at_once<'a>(
    url: &str,
    paths: &[&'a str],
    rate: &str,
    checks: &[&str],
) -> BTreeMap<&'a str, Found> {
    std::thread::scope(|scope| {
        let running: Vec<_> = paths
            .iter()
            .map(|path| {
                let look = move || examine(url, &[(path, rate)], checks, &ACTIVE);
                (*path, scope.spawn(look))
            })
            .collect();
        running
            .into_iter()
            .map(|(path, found)| (path, found.join().unwrap()))
            .collect()
    })
}

#[test]
fn configured_limits_are_held_to_what_they_claim() {
    // Twice as many requests as are allowed must fit into half a window, from twelve programs at once.
    let Some(limiters) = Limiters::start(10) else {
        return;
    };
    let right = ["/erl/draft8", "/erl/legacy", "/rlf/fixed", "/rlf/bursty"];
    let faulty = [
        "/erl/silent",
        "/erl/status503",
        "/erl/strict",
        "/erl/loose",
        "/erl/header-only",
        "/none",
        "/breaks",
        "/members",
    ];
    let paths = [&right[..], &faulty].concat();
    let found = at_once(&limiters.address, &paths, "10 per 10s", &CLAIM);
    for path in right {
        found[path].all("pass", &CLAIM);
    }
    found["/erl/silent"].all("pass", &["enforced", "refuses-with-429", "recovers"]);
    found["/erl/silent"].says("retry-after", "fail", "no Retry-After");
    found["/erl/status503"].all("pass", &["enforced", "lets-through", "recovers"]);
    found["/erl/status503"].says("refuses-with-429", "fail", "status 503");
    found["/erl/strict"].all("pass", &["enforced"]);
    found["/erl/strict"].says("lets-through", "fail", "only 5 requests");
    found["/erl/loose"].says("enforced", "fail", "15 requests");
    for path in ["/erl/header-only", "/none"] {
        found[path].says("enforced", "fail", "22 requests");
        found[path].all("not-applicable", &["refuses-with-429", "recovers"]);
    }
    found["/breaks"].says("enforced", "inconclusive", "status 500");
    found["/members"].says("enforced", "inconclusive", "status 401");
}

#[test]
fn limits_are_held_to_their_number_at_once_too() {
    let Some(limiters) = Limiters::start(6) else {
        return;
    };
    let paths = ["/erl/draft8", "/rlf/fixed", "/racy", "/none"];
    let checks = ["enforced", "holds-at-once"];
    let found = at_once(&limiters.address, &paths, "10 per 6s", &checks);
    for path in ["/erl/draft8", "/rlf/fixed"] {
        found[path].all("pass", &checks);
    }
    found["/racy"].says("enforced", "pass", "");
    found["/racy"].says("holds-at-once", "fail", "15 of 15");
    found["/none"].says("holds-at-once", "inconclusive", "one after the other");
}

#[test]
fn ways_around_a_limit_are_found_and_not_imagined() {
    let Some(limiters) = Limiters::start(60) else {
        return;
    };
    let paths = [
        "/erl/draft7",
        "/erl/forwarded",
        "/erl/by-path",
        "/erl/by-session",
        "/none",
    ];
    let found = at_once(&limiters.address, &paths, "10 per 60s", &BYPASS);
    let [address, path, session] = BYPASS;
    found["/erl/draft7"].all("pass", &BYPASS);
    found["/erl/forwarded"].says(address, "fail", "x-forwarded-for");
    found["/erl/forwarded"].all("pass", &[path, session]);
    found["/erl/by-path"].says(path, "fail", "a slash at the end");
    found["/erl/by-path"].all("pass", &[address, session]);
    found["/erl/by-session"].says(session, "fail", "a new cookie");
    found["/erl/by-session"].all("pass", &[address, path]);
    found["/none"].all("inconclusive", &BYPASS);
    // One burst is all that such a window allows, so everything is told by it.
    let all = [
        &ANNOUNCED[..],
        &["enforced", "lets-through", "refuses-with-429"],
        &BYPASS,
    ]
    .concat();
    let found = at_once(&limiters.address, &["/erl/draft6"], "10 per 60s", &all);
    found["/erl/draft6"].all("pass", &all);
}

#[test]
fn the_buckets_of_nginx_are_held_to_what_they_claim() {
    let prepared = |folder: &std::path::Path| {
        let files = [
            "by-itself",
            "with-429",
            "unkeyed",
            "waits",
            "waits-late",
            "index.html",
        ];
        for path in files {
            write(folder, &format!("site/{path}"), "{}");
        }
    };
    let Some(nginx) = Nginx::start("limits.conf", prepared) else {
        return;
    };
    let paths = [
        "/by-itself",
        "/with-429",
        "/unkeyed",
        "/waits",
        "/waits-late",
    ];
    let found = at_once(&nginx.url(), &paths, "10 per 10s", &CLAIM);
    found["/by-itself"].all("pass", &["enforced", "lets-through", "recovers"]);
    found["/by-itself"].says("refuses-with-429", "fail", "status 503");
    found["/with-429"].all(
        "pass",
        &["enforced", "lets-through", "recovers", "refuses-with-429"],
    );
    found["/with-429"].says("retry-after", "fail", "no Retry-After");
    found["/unkeyed"].says("enforced", "fail", "22 requests");
    // One request after the other never meets the end of a queue: it is held up, and that is no refusal.
    for path in ["/waits", "/waits-late"] {
        found[path].says("enforced", "inconclusive", "the answers are so slow");
    }
}

#[test]
fn sign_in_endpoints_are_asked_twelve_times_at_most() {
    let Some(limiters) = Limiters::start(60) else {
        return;
    };
    let of = |base: &str, package: &str| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "package.json", package);
        let arguments = [
            "run",
            "limits.sign-in*",
            "--target",
            &limiters.address,
            "--report",
            "json=-",
        ];
        let outcome = holdpoint(arguments.iter().chain(&ACTIVE))
            .env("HOLDPOINT_NEXTAUTH_PATH", base)
            .within(folder.path())
            .run();
        found(&outcome.stdout, &outcome.stderr)
    };
    let next_auth = r#"{ "name": "a", "dependencies": { "next-auth": "4.24.11" } }"#;
    let both = ["sign-in", "sign-in-callback"];
    of("/api/auth", next_auth).all("pass", &both);
    for check in both {
        of("/open/auth", next_auth).says(check, "fail", "12 forms in a row to /open/auth");
    }
    of("/members", next_auth).all("not-applicable", &both);
    of("/api/auth", "{}").all("not-applicable", &both);
}

#[test]
fn only_a_provider_that_takes_a_password_has_one_to_guess() {
    for (application, library) in [
        (
            "next-auth-4",
            r#"{ "name": "a", "dependencies": { "next-auth": "4.24.11" } }"#,
        ),
        (
            "next-auth-5",
            r#"{ "name": "a", "dependencies": { "next-auth": "5.0.0-beta.30" } }"#,
        ),
    ] {
        for (password, verdict, words) in [
            (None, "not-applicable", "no provider that takes a password"),
            (
                Some("correct horse"),
                "fail",
                "12 forms in a row to /api/auth/callback/password",
            ),
        ] {
            let Some(next) = NextApp::start(application, |url| {
                let own = [
                    (
                        "NEXTAUTH_SECRET",
                        "Zk3v9Qw7Lx2Rt8Yp5Nd1Hs6Jc4Bf0GmA".to_owned(),
                    ),
                    ("AUTH_SECRET", "Zk3v9Qw7Lx2Rt8Yp5Nd1Hs6Jc4Bf0GmA".to_owned()),
                    ("NEXTAUTH_URL", url.to_owned()),
                    ("AUTH_URL", url.to_owned()),
                ];
                let password = password.map(|password| ("TASKS_PASSWORD", password.to_owned()));
                own.into_iter().chain(password).collect()
            }) else {
                return;
            };
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), "package.json", library);
            let url = next.url();
            let arguments = [
                "run",
                "limits.sign-in-callback",
                "--target",
                &url,
                "--report",
                "json=-",
            ];
            let outcome = holdpoint(arguments.iter().chain(&ACTIVE))
                .within(folder.path())
                .run();
            found(&outcome.stdout, &outcome.stderr).says("sign-in-callback", verdict, words);
        }
    }
}

#[test]
fn without_a_claim_no_burst_is_sent() {
    let Some(limiters) = Limiters::start(10) else {
        return;
    };
    let checks = [&CLAIM[..], &BYPASS].concat();
    let found = examine(&limiters.address, &[], &checks, &ACTIVE);
    for check in checks {
        found.says(check, "not-applicable", "[rate_limits]");
    }
}

/// What `--infer` tells of each path, all at the same time.
fn inferred<'a>(url: &str, paths: &[(&'a str, &str)]) -> BTreeMap<&'a str, (Found, Value)> {
    std::thread::scope(|scope| {
        let look = |path: &str, rate: &str| {
            let folder = tempfile::tempdir().unwrap();
            let text = format!("[rate_limits]\n\"{path}\" = \"{rate}\"\n");
            write(folder.path(), "holdpoint.toml", &text);
            let arguments = [
                "run", INFERRED, "--infer", "--target", url, "--report", "json=-",
            ];
            let outcome = holdpoint(arguments.iter().chain(&ACTIVE))
                .within(folder.path())
                .run();
            let report: Value = serde_json::from_str(&outcome.stdout)
                .unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr));
            let findings = report["findings"].as_array().unwrap();
            let finding = findings
                .iter()
                .find(|one| one["check"] == INFERRED)
                .unwrap();
            let fact = finding["looks"][0]["facts"]["inferred"].clone();
            (found(&outcome.stdout, &outcome.stderr), fact)
        };
        let running: Vec<_> = paths
            .iter()
            .map(|&(path, rate)| (path, scope.spawn(move || look(path, rate))))
            .collect();
        running
            .into_iter()
            .map(|(path, found)| (path, found.join().unwrap()))
            .collect()
    })
}

const INFERRED: &str = "limits.inferred-as-configured";

/// The true family is among those told, with this limit, and nothing else is called identified.
fn tells(fact: &Value, family: &str, limit: u64) {
    let families = fact["families"].as_array().unwrap();
    let mine = families.iter().find(|one| one["name"] == family);
    let mine = mine.unwrap_or_else(|| panic!("no {family} in {fact}"));
    let between = mine["limit"]["low"].as_u64().unwrap()..=mine["limit"]["high"].as_u64().unwrap();
    assert!(between.contains(&limit), "{fact}");
    assert!(between.end() - between.start() <= 1, "{fact}");
    if fact["identified"] == true {
        assert_eq!(fact["family"], family, "{fact}");
    }
}

#[test]
fn limiters_that_others_wrote_are_named() {
    let Some(limiters) = Limiters::start(2) else {
        return;
    };
    let paths = [
        ("/erl/draft8", "10 per 2s"),
        ("/erl/strict", "5 per 2s"),
        ("/erl/loose", "10 per 2s"),
        ("/rlf/fixed", "10 per 2s"),
    ];
    let found = inferred(&limiters.address, &paths);
    for (path, limit) in [
        ("/erl/draft8", 10),
        ("/erl/strict", 5),
        ("/erl/loose", 15),
        ("/rlf/fixed", 10),
    ] {
        let (_, fact) = &found[path];
        tells(fact, "fixed-window-from-first-request", limit);
    }
    // On a busy machine one may stay open; that is no verdict, and none may be wrong.
    let sure = |path: &&str| found[*path].1["identified"] == true;
    let right = ["/erl/draft8", "/rlf/fixed"].into_iter().filter(sure);
    for path in right {
        let (check, fact) = &found[path];
        check.says("inferred-as-configured", "pass", "");
        assert!(fact["told"].as_str().unwrap().contains("twice as many"));
    }
    if sure(&"/erl/loose") {
        found["/erl/loose"]
            .0
            .says("inferred-as-configured", "fail", "15 in 2 s");
    }
    assert!(paths.iter().any(|(path, _)| sure(path)));
}

#[test]
fn buckets_and_queues_of_nginx_are_named() {
    let prepared = |folder: &std::path::Path| {
        for path in ["fast", "queued", "index.html"] {
            write(folder, &format!("site/{path}"), "{}");
        }
    };
    let Some(nginx) = Nginx::start("limits.conf", prepared) else {
        return;
    };
    let paths = [("/fast", "10 per 1s"), ("/queued", "5 per 1s")];
    let found = inferred(&nginx.url(), &paths);
    for (path, family, limit) in [("/fast", "token-bucket", 10), ("/queued", "leaky-queue", 5)] {
        let (_, fact) = &found[path];
        tells(fact, family, limit);
    }
}

#[test]
fn nothing_is_inferred_that_was_not_asked_for() {
    let Some(limiters) = Limiters::start(10) else {
        return;
    };
    let paths = [("/erl/draft8", "10 per 10s")];
    let found = examine(
        &limiters.address,
        &paths,
        &["inferred-as-configured"],
        &ACTIVE,
    );
    found.says("inferred-as-configured", "not-applicable", "--infer");
}
