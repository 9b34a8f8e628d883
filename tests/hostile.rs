//! The program against servers that refuse, hang, lie and drown: the right verdict, in time, without a panic.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::io::Write as _;
use std::time::Duration;
use support::hostile::{PATIENCE, Refusing, Server};
use support::{Outcome, holdpoint};

/// For servers that are silent for ever. Others have ample time, so that a busy machine is no silence.
const SHORT: [&str; 2] = ["--timeout", "2s"];

/// Everything that a run says, as JSON.
fn examine(url: &str, selectors: &[&str], more: &[&str]) -> (Outcome, Value) {
    let base = ["run", "--target", url, "--report", "json=-"];
    let patient = ["--timeout", "60s", "--retries", "0"];
    let outcome = holdpoint(base.iter().chain(&patient).chain(selectors).chain(more)).run();
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    assert!(
        !outcome.stderr.contains("fault of its own"),
        "{}",
        outcome.stderr
    );
    let report = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", outcome.stdout, outcome.stderr));
    (outcome, report)
}

fn finding<'a>(report: &'a Value, check: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .find(|one| one["check"] == check)
        .unwrap_or_else(|| panic!("no finding of {check}"))
}

/// The verdict of `site.answers` and the exit status, on a server that does not answer well.
fn expect_answer(url: &str, verdict: &str, code: i32, more: &[&str]) {
    let checks = ["site.answers", "headers.content-type-options"];
    let (outcome, report) = examine(url, &checks, more);
    let answers = finding(&report, "site.answers");
    assert_eq!(answers["verdict"], verdict, "{answers:#}");
    assert_eq!(outcome.code(), code, "{report:#}");
    let dependant = finding(&report, "headers.content-type-options");
    if verdict == "pass" {
        assert_ne!(dependant["verdict"], "blocked");
    } else {
        assert_eq!(dependant["verdict"], "blocked", "{dependant:#}");
        assert_eq!(dependant["blocked_by"], "site.answers");
    }
}

#[test]
fn a_refused_connection_is_no_go() {
    let server = Refusing::start();
    expect_answer(&server.url(), "fail", 1, &[]);
}

#[test]
fn silence_is_undecided() {
    let server = Server::hang();
    expect_answer(&server.url(), "inconclusive", 3, &SHORT);
}

#[test]
fn early_ends_and_garbage_are_no_go() {
    for server in [
        Server::close_at_once(),
        Server::close_in_head(),
        Server::not_http(),
    ] {
        expect_answer(&server.url(), "fail", 1, &[]);
    }
}

#[test]
fn redirects_that_lead_nowhere_are_no_go() {
    expect_answer(&Server::redirect_loop().url(), "fail", 1, &[]);
    let (outcome, report) = examine(&Server::redirect_forever().url(), &["site.answers"], &[]);
    assert_eq!(finding(&report, "site.answers")["verdict"], "fail");
    assert_eq!(outcome.code(), 1);
}

#[test]
fn a_gigabyte_is_read_no_further_than_needed() {
    let server = Server::gigabyte();
    let (_, report) = examine(&server.url(), &["site.answers"], &[]);
    assert_eq!(finding(&report, "site.answers")["verdict"], "pass");
    assert!(
        server.sent() < 256 << 20,
        "{} bytes were taken",
        server.sent()
    );
}

#[test]
fn a_bomb_does_not_go_off() {
    let server = Server::gzip_bomb();
    let (_, report) = examine(&server.url(), &["site.answers"], &[]);
    assert_eq!(finding(&report, "site.answers")["verdict"], "pass");
}

#[test]
fn lies_about_lengths_and_odd_headers_are_survived() {
    let more = Server::declares_more();
    let (_, report) = examine(&more.url(), &["site.answers"], &[]);
    assert_eq!(
        finding(&report, "site.answers")["verdict"],
        "fail",
        "{report:#}"
    );
    for server in [Server::declares_less(), Server::non_utf8_headers()] {
        let (_, report) = examine(&server.url(), &["site.answers", "headers"], &[]);
        assert_eq!(
            finding(&report, "site.answers")["verdict"],
            "pass",
            "{report:#}"
        );
    }
}

#[test]
fn a_slow_drip_does_not_outlive_its_time() {
    let server = Server::slow_drip(Duration::from_millis(100));
    let (outcome, report) = examine(&server.url(), &["site.answers"], &SHORT);
    assert_eq!(
        finding(&report, "site.answers")["verdict"],
        "inconclusive",
        "{report:#}"
    );
    assert_eq!(outcome.code(), 3);
}

#[test]
fn a_deadline_ends_the_run() {
    let server = Server::hang();
    let (outcome, report) = examine(
        &server.url(),
        &["site", "headers"],
        &["--deadline", "300ms"],
    );
    assert_eq!(outcome.code(), 124, "{report:#}");
    assert_eq!(report["decision"], "undecided");
    let answers = finding(&report, "site.answers");
    assert_eq!(answers["verdict"], "inconclusive");
    assert!(
        answers["reason"].as_str().unwrap().contains("deadline"),
        "{answers:#}"
    );
}

#[test]
fn a_passing_fault_is_tried_again_and_called_flaky() {
    let page =
        "<!doctype html><html><head><title>A page</title></head><body><p>Hello</p></body></html>";
    let good = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    let bad = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let count = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_, client| {
        let first = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        client.write_all(if first {
            bad.as_bytes()
        } else {
            good.as_bytes()
        })
    });
    let (outcome, report) = examine(&server.url(), &["site.answers"], &["--retries", "2"]);
    let answers = finding(&report, "site.answers");
    assert_eq!(
        (answers["verdict"].as_str(), answers["flaky"].as_bool()),
        (Some("pass"), Some(true)),
        "{answers:#}"
    );
    assert_eq!(outcome.code(), 0);
    assert_eq!(server.requests(), 2);
}

#[test]
fn a_lasting_fault_is_judged_when_the_retries_are_spent() {
    let server = Server::answering(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    let (outcome, report) = examine(&server.url(), &["site.answers"], &["--retries", "1"]);
    assert_eq!(finding(&report, "site.answers")["verdict"], "fail");
    assert_eq!(outcome.code(), 1);
    assert_eq!(server.requests(), 2);
}

#[test]
fn being_asked_for_patience_is_neither_pass_nor_fail() {
    let server = Server::answering(
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    let (outcome, report) = examine(&server.url(), &["site.answers"], &[]);
    assert_eq!(
        finding(&report, "site.answers")["verdict"],
        "inconclusive",
        "{report:#}"
    );
    assert_eq!(outcome.code(), 3);
}

#[test]
fn equal_looks_cost_one_request() {
    let page = "<!doctype html><title>A page</title>";
    let server = Server::answering(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    ));
    let selectors = [
        "headers.content-security-policy",
        "headers.frame-options",
        "headers.referrer-policy",
    ];
    let (_, report) = examine(&server.url(), &selectors, &[]);
    assert!(report["findings"].as_array().unwrap().len() >= 3);
    // Seven classes of paths; the search for a script asks for the front page once more.
    assert!(server.requests() <= 8, "{} requests", server.requests());
}

#[test]
fn an_interrupt_keeps_what_was_observed() {
    let page = "<!doctype html><title>A page</title><body>text</body>";
    let good = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let server = Server::start(move |request, client| {
        let target = request.target().to_owned();
        if target == "/" {
            return client.write_all(good.as_bytes());
        }
        // The test may have ended.
        let _ = tell.lock().unwrap().send(());
        client.until_closed()
    });
    let folder = tempfile::tempdir().unwrap();
    let running = holdpoint([
        "run",
        "site",
        "--target",
        &server.url(),
        "--timeout",
        "60s",
        "--report",
        "json=report.json",
    ])
    .within(folder.path())
    .start();
    told.recv_timeout(PATIENCE).unwrap();
    running.interrupt();
    let outcome = running.wait().expect_code(130);
    let text = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        finding(&report, "site.answers")["verdict"],
        "pass",
        "{}",
        outcome.stdout
    );
    assert_eq!(
        finding(&report, "site.api-answers")["verdict"],
        "inconclusive"
    );
    let again = holdpoint(["report", "--from", "latest", "--report", "json=-"])
        .within(folder.path())
        .run()
        .expect_code(130);
    assert_eq!(again.stdout, text);
}

#[test]
fn a_kill_loses_nothing_that_was_finished() {
    let page = "<!doctype html><title>A page</title><body>text</body>";
    let good = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let server = Server::start(move |request, client| {
        if request.target() == "/" {
            return client.write_all(good.as_bytes());
        }
        // Asked for only after the front page was judged, and that only after it was on the disk.
        let _ = tell.lock().unwrap().send(());
        client.until_closed()
    });
    let folder = tempfile::tempdir().unwrap();
    let running = holdpoint(["run", "site", "--target", &server.url(), "--timeout", "60s"])
        .within(folder.path())
        .start();
    told.recv_timeout(PATIENCE).unwrap();
    running.kill();
    drop(running);
    let outcome = holdpoint(["report", "--from", "latest", "--report", "json=-"])
        .within(folder.path())
        .run();
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        finding(&report, "site.answers")["verdict"],
        "pass",
        "{report:#}"
    );
    assert_eq!(
        finding(&report, "site.api-answers")["verdict"],
        "inconclusive"
    );
    assert_eq!(outcome.code(), 130);
}

/// Plain HTTP is a fault only where something is on the way; the unspecified address leads to this machine without being
/// one of its own names.
#[test]
fn plain_http_without_a_way_to_https_is_named() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
    let plain = Server::answering(page);
    let away = Server::answering(format!(
        "HTTP/1.1 302 Found\r\nLocation: {}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        plain.url()
    ));
    let elsewhere = |server: &Server| server.url().replace("127.0.0.1", "0.0.0.0");
    for (url, verdict, words) in [
        (elsewhere(&plain), "fail", "leads to no HTTPS"),
        (elsewhere(&away), "inconclusive", "leads to another host"),
        (plain.url(), "not-applicable", ""),
    ] {
        let (_, report) = examine(&url, &["transport.https"], &[]);
        let https = finding(&report, "transport.https");
        assert_eq!(https["verdict"], verdict, "{https:#}");
        let reason = https["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{https:#}");
    }
}
