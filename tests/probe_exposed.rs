//! The exposed probe and its checks: a folder handed out whole, one that is guarded, and what cannot be told.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write as _;
use support::hostile::Server;
use support::peers::Nginx;
use support::{holdpoint, write};

const SECRET: &str = "q7Rk9Zw93xLpT2mVn5Ys8Bd1";

/// The verdict and the reason of each check, and everything that was printed and kept.
fn examine(target: &str, checks: &[&str]) -> (BTreeMap<String, (String, String)>, String) {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["run", "--target", target, "--report", "json=-"];
    let outcome = holdpoint(arguments.iter().chain(checks))
        .within(folder.path())
        .run();
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr));
    let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let told = findings
        .map(|one| {
            (
                word(one, "check"),
                (word(one, "verdict"), word(one, "reason")),
            )
        })
        .collect();
    let mut written = outcome.stdout + &outcome.stderr;
    for record in std::fs::read_dir(folder.path().join(".holdpoint/records")).unwrap() {
        written += &std::fs::read_to_string(record.unwrap().path()).unwrap();
    }
    (told, written)
}

const EXPOSED: [&str; 3] = [
    "exposed.no-folder-listings",
    "exposed.no-secret-files",
    "exposed.no-trace",
];

fn page(folder: &std::path::Path) {
    write(
        folder,
        "site/index.html",
        "<!doctype html><title>Shop</title><h1>Shop</h1><p>Something to read for those who come.</p><script src=/assets/app.js></script>",
    );
    write(
        folder,
        "site/assets/app.js",
        "console.log(1)\n//# sourceMappingURL=app.js.map\n",
    );
}

#[test]
fn a_folder_handed_out_whole() {
    let Some(nginx) = Nginx::start("careless.conf", |folder| {
        page(folder);
        let map = r#"{"version":3,"sources":["app.ts"],"sourcesContent":["console.log(1)"],"mappings":""}"#;
        write(folder, "site/assets/app.js.map", map);
        write(folder, "site/.git/HEAD", "ref: refs/heads/main\n");
        write(
            folder,
            "site/.env.local",
            &format!("# here\nAUTH_SECRET={SECRET}\n"),
        );
    }) else {
        return;
    };
    let more = ["bundle.no-source-maps", "cors.foreign-origin"];
    let (told, written) = examine(&nginx.url(), &[&EXPOSED[..], &more].concat());
    let says = |check: &str, verdict: &str, words: &str| {
        let (found, reason) = &told[check];
        assert_eq!(found, verdict, "{check}: {reason}");
        assert!(reason.contains(words), "{check}: {reason}");
    };
    says(
        "exposed.no-secret-files",
        "fail",
        "/.env.local (an environment file), /.git/HEAD (the head of a git repository)",
    );
    says("exposed.no-folder-listings", "fail", "/assets/");
    says("exposed.no-trace", "pass", "");
    says("bundle.no-source-maps", "fail", "/assets/app.js.map");
    says(
        "cors.foreign-origin",
        "fail",
        "lets https://holdpoint-foreign127.0.0.1:",
    );
    assert!(!written.contains(SECRET));
}

#[test]
fn a_guarded_folder() {
    let Some(nginx) = Nginx::start("good.conf", page) else {
        return;
    };
    let (told, _) = examine(&nginx.url(), &EXPOSED);
    for check in EXPOSED {
        assert_eq!(told[check].0, "pass", "{check}: {}", told[check].1);
    }
}

/// A server that answers every path with its page, repeats what is traced, and fails at one folder.
#[test]
fn what_stands_in_what_echoes_and_what_fails() {
    let server = Server::start(|request, client| {
        let whole = request.head.clone();
        let (status, kind, body) = match request.target() {
            "/assets/" => ("502 Bad Gateway", "text/plain", "no".to_owned()),
            _ if whole.starts_with("TRACE ") => ("200 OK", "message/http", whole),
            _ => (
                "200 OK",
                "text/html",
                "<!doctype html><title>Shop</title><h1>A=1</h1><p>Something to read.</p><script src=/assets/app.js></script>"
                    .to_owned(),
            ),
        };
        write!(
            client,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    let (told, _) = examine(&server.url(), &EXPOSED);
    let verdict = |check: &str| told[check].0.as_str();
    assert_eq!(verdict("exposed.no-secret-files"), "pass");
    assert_eq!(verdict("exposed.no-folder-listings"), "inconclusive");
    assert!(
        told["exposed.no-folder-listings"]
            .1
            .contains("/assets/: status 502")
    );
    assert_eq!(verdict("exposed.no-trace"), "fail");
}
