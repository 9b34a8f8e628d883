//! Wrong arguments, settings, reports and records: one clear message with its place and the way out,
//! the right exit status, and nothing half-written.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use support::hostile::Refusing;
use support::refusal::{NOWHERE, files, points_at, refused, said};
use support::{holdpoint, write};

fn settings(text: &str, place: &str, texts: &[&str]) {
    let place = format!("holdpoint.toml:{place}");
    points_at(&[("holdpoint.toml", text)], &["run"], &place, texts);
}

#[test]
fn roots_and_named_files_that_are_not_there() {
    refused(
        2,
        &[],
        &["run", "--root", "gone"],
        &["root gone (--root)", "help: "],
    );
    let file = [("file", "")];
    refused(
        2,
        &file,
        &["run", "--root", "file"],
        &["file (--root) is not a folder"],
    );
    let call = ["run", "--config", "gone.toml"];
    refused(
        2,
        &[],
        &call,
        &["gone.toml (--config) cannot be read", "holdpoint init"],
    );
    let call = ["run", "--env-file", "gone.env"];
    refused(2, &[], &call, &["no environment file gone.env", "help: "]);
}

#[test]
fn what_the_settings_name_must_be_there() {
    let help = "make it, or leave the key out";
    settings(
        "[checks]\nfolder = \"gone\"\n",
        "2:10",
        &["there is no gone", help],
    );
    settings(
        "[waivers]\nfile = \"gone.toml\"\n",
        "2:8",
        &["there is no gone.toml", help],
    );
    settings(
        "[gates]\nfile = \"gone.toml\"\n",
        "2:8",
        &["there is no gone.toml", help],
    );
}

#[test]
fn files_that_cannot_be_read() {
    let folder = [("holdpoint.toml/inside", "")];
    refused(
        2,
        &folder,
        &["run"],
        &["holdpoint.toml", "cannot be read", "help: "],
    );
    let folder = [("some.env/inside", "")];
    let call = ["run", "--env-file", "some.env"];
    refused(2, &folder, &call, &["some.env cannot be read", "help: "]);
    let scratch = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("holdpoint.toml", "is not UTF-8"),
        (
            ".holdpoint/checks/one.toml",
            "cannot read .holdpoint/checks/one.toml",
        ),
    ] {
        write(scratch.path(), path, "");
        fs::write(scratch.path().join(path), b"a = \"\xff\"\n").unwrap();
        let outcome = holdpoint(["run", "--target", NOWHERE])
            .within(scratch.path())
            .run();
        said(&outcome.expect_code(2), &[text, "UTF-8", "help: "]);
        fs::remove_file(scratch.path().join(path)).unwrap();
    }
}

#[test]
fn settings_that_are_wrong() {
    settings(
        "[target]\nurl = \"http://x\nlevel = \"live\"\n",
        "2:",
        &["not valid TOML"],
    );
    settings(
        "[target]\nurll = \"http://x.test\"\n",
        "2:1",
        &["unknown key 'urll'", "did you mean 'url'?"],
    );
    settings(
        "[target]\nowned = \"yes\"\n",
        "2:9",
        &["must be true or false, not text"],
    );
    settings("[limits]\ntimeout = 5\n", "2:11", &["5 of what?", "\"5s\""]);
    settings(
        "[target]\nurl = \"ftp://x.test\"\n",
        "2:7",
        &["begins with neither http:// nor https://"],
    );
    settings(
        "[target]\nlevel = \"activ\"\n",
        "2:9",
        &["did you mean 'active'?"],
    );
}

#[test]
fn arguments_that_are_wrong() {
    refused(
        2,
        &[],
        &["run", "--timeout", "5"],
        &["--timeout", "5 of what?", "\"5s\""],
    );
    refused(
        2,
        &[],
        &["run", "--level", "activ"],
        &["--level", "static, live, active"],
    );
    for url in ["http://", "ftp://x.test", "a b", "localhost:3000"] {
        let texts = ["--target is not an address", "https://staging.example.com"];
        refused(2, &[], &["run", "--target", url], &texts);
        refused(2, &[], &["smoke", url], &[]);
    }
    refused(2, &[], &["run"], &["no target is given", "--target URL"]);
    refused(
        2,
        &[],
        &["smoke"],
        &["no target is given", "for smoke the URL"],
    );
    let call = ["run", "--level", "active", "--target", "https://x.test"];
    refused(
        2,
        &[],
        &call,
        &["only for targets that are yours", "--owned"],
    );
}

#[test]
fn a_password_in_an_address_is_refused_and_not_repeated() {
    let url = "http://me:hunter2-hunter2@x.test/";
    let said = refused(
        2,
        &[],
        &["run", "--target", url],
        &["holds credentials", "help: "],
    );
    assert!(!said.contains("hunter2"), "{said}");
    let given = [("holdpoint.toml", &*format!("[target]\nurl = \"{url}\"\n"))];
    let said = refused(
        2,
        &given,
        &["run"],
        &["holdpoint.toml:2:7", "holds credentials", "^"],
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn reports_that_cannot_be() {
    let run = |reports: &[&str], texts: &[&str]| {
        let reports = reports.iter().flat_map(|report| ["--report", report]);
        let call: Vec<_> = ["run", "--target", NOWHERE]
            .into_iter()
            .chain(reports)
            .collect();
        refused(2, &[], &call, texts)
    };
    run(&["jsn=x"], &["no format 'jsn'", "did you mean 'json'?"]);
    run(&["json=gone/x.json"], &["no folder gone", "mkdir -p gone"]);
    run(
        &["json=x", "junit=x"],
        &["two reports are to go to x", "help: "],
    );
    run(
        &["json=-", "junit=-"],
        &["two reports are to go to standard output", "help: "],
    );
}

#[test]
fn selections_of_nothing() {
    let call = ["run", "site.anwers", "--target", NOWHERE];
    refused(
        4,
        &[],
        &call,
        &[
            "'site.anwers' selects no check",
            "did you mean 'site.answers'?",
        ],
    );
    let call = [
        "run",
        "site.answers",
        "--level",
        "static",
        "--target",
        NOWHERE,
    ];
    refused(4, &[], &call, &["level static", "--level live"]);
}

#[test]
fn records_that_cannot_be_written() {
    for (given, folder) in [
        (vec![(".holdpoint/records", "")], ".holdpoint/records"),
        (
            vec![
                ("mine", ""),
                ("holdpoint.toml", "[records]\nfolder = \"mine\"\n"),
            ],
            "mine",
        ),
    ] {
        let call = [
            "run",
            "site.answers",
            "--target",
            NOWHERE,
            "--report",
            "json=r.json",
        ];
        refused(
            5,
            &given,
            &call,
            &["cannot write the record", folder, "[records] folder"],
        );
    }
}

#[test]
fn records_that_cannot_be_read() {
    let texts = ["no record", "holdpoint run"];
    refused(2, &[], &["report", "--from", "latest"], &texts);
    let call = ["report", "--from", "r.jsonl", "--report", "json=r.json"];
    refused(2, &[], &call, &["r.jsonl", "help: "]);
    for text in ["hello\n", "{}\n", ""] {
        refused(
            2,
            &[("r.jsonl", text)],
            &call,
            &["r.jsonl", "record", "help: "],
        );
    }
}

#[test]
fn records_that_were_edited() {
    let refusing = Refusing::start();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let call = [
        "run",
        "site.answers",
        "--retries",
        "0",
        "--target",
        &refusing.url(),
    ];
    holdpoint(call).within(root).run().expect_code(1);
    let records = files(&root.join(".holdpoint/records"));
    let whole = fs::read_to_string(&records[0]).unwrap();
    let retell = |text: &str| {
        fs::write(root.join("r.jsonl"), text).unwrap();
        holdpoint(["report", "--from", "r.jsonl"])
            .within(root)
            .run()
    };
    retell(&whole).expect_code(1);
    // One byte of what was seen, and one of what was expected.
    for (mark, word, texts) in [
        (
            "{\"observation\"",
            "connection",
            ["r.jsonl:", "observation was changed"],
        ),
        ("{\"check\"", "title", ["r.jsonl:", "plan was changed"]),
    ] {
        let start = whole
            .find(mark)
            .unwrap_or_else(|| panic!("no {mark} in {whole}"));
        let at = start + whole[start..].find(word).unwrap();
        let edited = format!("{}R{}", &whole[..at], &whole[at + 1..]);
        said(&retell(&edited).expect_code(2), &texts);
    }
    // What a kill or a full disk leaves: the last line without its end.
    let outcome = retell(&whole[..whole.len() - 9]);
    assert!(
        outcome
            .stderr
            .contains("last line of the record was cut off"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stdout.contains("site.answers"),
        "{}",
        outcome.stdout
    );
    assert_eq!(outcome.code(), 130);
}
