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

/// A server whose answers to GET are told by their path: a status, where it leads, and a body.
fn site(answer: fn(&str) -> (&'static str, &'static str, &'static str)) -> Server {
    Server::start(move |request, client| {
        let (status, location, body) = answer(request.target());
        let kind = match body.starts_with('<') {
            true => "text/html",
            false => "text/plain",
        };
        write!(
            client,
            "HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    })
}

const PAGE: &str = "<!doctype html><title>Shop</title><h1>Shop</h1><p>Something to read for those who come.</p><script src=/assets/app.js></script>";
const ENVIRONMENT: &str = "# here\nAUTH_SECRET=q7Rk9Zw93xLpT2mVn5Ys8Bd1\n";

#[test]
fn redirects_on_the_own_site_are_followed() {
    let server = site(|path| match path {
        "/en/" | "/login" => ("200 OK", "", PAGE),
        "/" => ("302 Found", "/en/", ""),
        "/.env" => ("301 Moved Permanently", "/en/.env", ""),
        "/en/.env" => ("200 OK", "", ENVIRONMENT),
        "/.npmrc" => ("302 Found", "/.npmrc", ""),
        _ => ("302 Found", "/login", ""),
    });
    let (told, written) = examine(&server.url(), &EXPOSED);
    let (verdict, reason) = &told["exposed.no-secret-files"];
    assert_eq!(verdict, "fail", "{reason}");
    assert!(reason.contains(": /.env (an environment file)"), "{reason}");
    // The folder leads to the page where people sign in.
    assert_eq!(told["exposed.no-folder-listings"].0, "pass");
    assert!(!written.contains(SECRET));
}

#[test]
fn what_leads_elsewhere_or_in_circles_is_untold() {
    let server = site(|path| match path {
        "/" => ("200 OK", "", PAGE),
        "/.env" => ("302 Found", "/.env", ""),
        "/assets/" => ("302 Found", "https://login.example/", ""),
        _ => ("404 Not Found", "", "no"),
    });
    let (told, _) = examine(&server.url(), &EXPOSED);
    for (check, words) in [
        ("exposed.no-secret-files", "/.env: status 302 to 127.0.0.1"),
        (
            "exposed.no-folder-listings",
            "/assets/: status 302 to login.example",
        ),
    ] {
        let (verdict, reason) = &told[check];
        assert_eq!(verdict, "inconclusive", "{check}: {reason}");
        assert!(reason.contains(words), "{check}: {reason}");
    }
}

#[test]
fn a_trace_that_is_redirected_is_untold() {
    let server = Server::start(|request, client| {
        let (status, body) = match request.head.starts_with("TRACE ") {
            true => ("302 Found", ""),
            false => ("200 OK", PAGE),
        };
        write!(
            client,
            "HTTP/1.1 {status}\r\nLocation: /login\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    let (told, _) = examine(&server.url(), &["exposed.no-trace"]);
    let (verdict, reason) = &told["exposed.no-trace"];
    assert_eq!(verdict, "inconclusive", "{reason}");
    assert!(reason.contains("status 302 to 127.0.0.1"), "{reason}");
}

#[test]
fn a_server_that_answers_every_path_alike_is_no_finding() {
    let server = site(|path| match path {
        "/" => ("200 OK", "", PAGE),
        _ => ("200 OK", "", "status=ok"),
    });
    let (told, _) = examine(&server.url(), &EXPOSED);
    let (verdict, reason) = &told["exposed.no-secret-files"];
    assert_eq!(verdict, "inconclusive", "{reason}");
    assert!(reason.contains("as a made-up path is answered"), "{reason}");
}

#[test]
fn the_root_above_the_target_is_asked_too() {
    let server = site(|path| match path {
        "/shop" => ("200 OK", "", PAGE),
        "/.env" => ("200 OK", "", ENVIRONMENT),
        _ => ("404 Not Found", "", "no"),
    });
    let (told, _) = examine(
        &format!("{}/shop", server.url().trim_end_matches('/')),
        &EXPOSED,
    );
    let (verdict, reason) = &told["exposed.no-secret-files"];
    assert_eq!(verdict, "fail", "{reason}");
    assert!(reason.contains(": /.env (an environment file)"), "{reason}");
}

#[test]
fn folders_that_were_left_out_are_told() {
    let server = Server::start(|request, client| {
        let scripts: String = (10..40)
            .map(|number| format!("<script src=/{number}/app.js></script>"))
            .collect();
        let (status, body) = match request.target() {
            "/" => ("200 OK", format!("{PAGE}{scripts}")),
            _ => ("404 Not Found", String::new()),
        };
        write!(
            client,
            "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    let (told, _) = examine(&server.url(), &["exposed.no-folder-listings"]);
    let (verdict, reason) = &told["exposed.no-folder-listings"];
    assert_eq!(verdict, "inconclusive", "{reason}");
    assert!(reason.contains("15 more folders"), "{reason}");
}
