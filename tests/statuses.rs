//! The exit status is the same for every verb that decides and every format of report.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::document::GENERATED;
use holdpoint::report::{FORMATS, Format};
use std::fs;
use std::path::Path;
use support::hostile::Server;
use support::{holdpoint, write};
use tempfile::TempDir;

const PAGE: &str = "<!doctype html><html lang=\"en\"><head><title>Shop</title></head><body><main><h1>Shop</h1><p>Everything for the garden, sent within a day.</p></main></body></html>";

fn answering(status: &str) -> Server {
    Server::answering(format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
        PAGE.len()
    ))
}

/// A repository with one check: the front page answers with 200.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        ".holdpoint/checks/answers.toml",
        "id = \"shop.answers\"\ntitle = \"the shop answers\"\nwhy = \"a closed shop sells nothing\"\nseverity = \"high\"\nsuites = [\"shop\"]\n\
         [look]\nprobe = \"http\"\npath = \"/\"\n\
         [[expect]]\nthat = \"status == 200\"\notherwise = \"the status is {status}\"\nexpected = \"200\"\nfound = \"{status}\"\n",
    );
    folder
}

fn status(root: &Path, arguments: &[&str], code: i32) -> String {
    let outcome = holdpoint(arguments).within(root).run().expect_code(code);
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    outcome.stdout
}

/// Runs once for each format to standard output, and once for all of them to files, and tells each record again.
fn expect(arguments: &[&str], code: i32) {
    let repository = repository();
    let root = repository.path();
    let file = |format: &Format| format!("{}.{}", format.name, format.extension);
    let one = |format: &Format| vec![format!("{}=-", format.name)];
    let files = |format: &Format| format!("{}={}", format.name, file(format));
    let mut calls: Vec<Vec<String>> = FORMATS.iter().map(one).collect();
    calls.push(FORMATS.iter().map(files).collect());
    for reports in calls {
        let reports: Vec<&str> = reports.iter().flat_map(|one| ["--report", one]).collect();
        status(
            root,
            &[arguments, &["--retries", "0"], &reports].concat(),
            code,
        );
        if code != 4 {
            status(
                root,
                &[&["report", "--from", "latest"][..], &reports].concat(),
                code,
            );
        }
    }
    for format in FORMATS {
        assert_eq!(
            root.join(file(format)).exists(),
            code != 4,
            "{}",
            format.name
        );
    }
}

#[test]
fn go_is_0() {
    let server = answering("200 OK");
    expect(&["run", "shop", "--target", &server.url()], 0);
    expect(&["smoke", &server.url()], 0);
}

#[test]
fn no_go_is_1() {
    let server = answering("500 Internal Server Error");
    expect(&["run", "shop", "--target", &server.url()], 1);
    expect(&["smoke", &server.url()], 1);
}

#[test]
fn undecided_is_3() {
    let server = Server::hang();
    let url = server.url();
    expect(&["run", "shop", "--timeout", "100ms", "--target", &url], 3);
    expect(&["smoke", "--timeout", "100ms", &url], 3);
}

#[test]
fn nothing_selected_is_4() {
    let server = answering("200 OK");
    let url = server.url();
    expect(&["run", "shop.opens", "--target", &url], 4);
    expect(&["smoke", "--level", "static", &url], 4);
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_passed_deadline_is_124() {
    let server = Server::hang();
    let url = server.url();
    expect(
        &["run", "shop", "--deadline", "300ms", "--target", &url],
        124,
    );
    expect(&["smoke", "--deadline", "300ms", &url], 124);
}

#[test]
fn a_report_that_cannot_be_written_turns_go_into_5() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    for (answer, run, smoke) in [("200 OK", 5, 5), ("500 Internal Server Error", 1, 1)] {
        let server = answering(answer);
        let url = server.url();
        let repository = repository();
        let full = ["--report", "json=/dev/full", "--retries", "0"];
        let call = [&["run", "shop", "--target", &url], &full[..]].concat();
        status(repository.path(), &call, run);
        let call = ["report", "--from", "latest", "--report", "json=/dev/full"];
        status(repository.path(), &call, run);
        let call = [&["smoke", &url], &full[..]].concat();
        status(repository.path(), &call, smoke);
    }
}

#[test]
fn a_record_tells_what_the_run_told() {
    let server = answering("500 Internal Server Error");
    let repository = repository();
    let root = repository.path();
    let names: Vec<_> = FORMATS
        .iter()
        .map(|format| format.name)
        .filter(|name| *name != "terminal")
        .chain(GENERATED.iter().map(|document| document.name))
        .collect();
    assert_eq!(
        names[..7],
        [
            "json",
            "junit",
            "sarif",
            "markdown",
            "html",
            "sign-off",
            "limits-plot"
        ]
    );
    let reports = |when: &str| -> Vec<String> {
        names
            .iter()
            .flat_map(|name| ["--report".to_owned(), format!("{name}={when}-{name}")])
            .collect()
    };
    let run = ["run", "--retries", "0", "--target", &server.url()].map(String::from);
    let run = run.into_iter().chain(reports("run"));
    holdpoint(run).within(root).run().expect_code(1);
    drop(server);
    let again = ["report", "--from", "latest"].map(String::from);
    let again = again.into_iter().chain(reports("again"));
    holdpoint(again).within(root).run().expect_code(1);
    for name in names {
        let read = |when: &str| fs::read_to_string(root.join(format!("{when}-{name}"))).unwrap();
        assert_eq!(read("run"), read("again"), "{name}");
    }
}
