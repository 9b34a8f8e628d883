//! `attest` and `waive`: one well-formed table more, what people wrote kept, and every slip refused.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::catalog::{parse_attestations, parse_waivers};
use holdpoint::clock;
use holdpoint::diagnostic::Source;
use holdpoint::document::store::Lock;
use holdpoint::model::{Attestation, Waiver};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use support::hostile::Server;
use support::refusal::{files, said};
use support::{Outcome, holdpoint, write};
use tempfile::TempDir;

const FILE: &str = ".holdpoint/attestations.toml";
const WAIVERS: &str = ".holdpoint/waivers.toml";
const ENTRY: &str = "# ours\n[[attestation]]\nitem = \"release:R2\"\nstatement = 's'\nby = 'b'\non = 2020-01-01\nevidence = 'e'\nuntil = 2020-12-31";

/// A repository with a document of its own and a check.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        ".holdpoint/maps/release.toml",
        "name = 'release'\ntitle = 'The release'\nfile = 'RELEASE.md'\n\
         [[item]]\nid = 'R1'\nunder = 'Backups'\nruling = 'attest'\nperson = 'says that a backup of today is there'\n\
         [[item]]\nid = 'R2'\nunder = 'Site'\nruling = 'auto'\nchecks = ['shop.answers']\n",
    );
    write(
        folder.path(),
        ".holdpoint/checks/answers.toml",
        "id = \"shop.answers\"\ntitle = \"the shop answers\"\nwhy = \"a closed shop sells nothing\"\nseverity = \"high\"\nsuites = [\"shop\"]\n\
         [look]\nprobe = \"http\"\npath = \"/\"\n\
         [[expect]]\nthat = \"status == 200\"\notherwise = \"the status is {status}\"\n",
    );
    folder
}

/// The right call, with other values for some of its options; what is empty is left out.
fn call(verb: &str, changes: &[(&str, &str)]) -> Vec<String> {
    let right: &[(&str, &str)] = match verb {
        "attest" => &[
            ("", "release:R1"),
            ("--by", "the lead"),
            ("--statement", "a \"backup\" of today, \\ é"),
            ("--evidence", "docs/backup.png"),
            ("--until", "2999-12-31"),
        ],
        _ => &[
            ("", "shop.answers"),
            ("--owner", "the lead"),
            ("--reason", "it moves"),
            ("--until", "2999-12-31"),
        ],
    };
    let mut call = vec![verb.to_owned()];
    let more = changes
        .iter()
        .filter(|(name, _)| !right.iter().any(|(own, _)| own == name));
    for (name, value) in right.iter().chain(more) {
        let changed = changes.iter().find(|(other, _)| other == name);
        let value = changed.map_or(*value, |(_, value)| *value);
        call.extend(
            [*name, value]
                .into_iter()
                .filter(|one| !one.is_empty())
                .map(str::to_owned),
        );
    }
    call
}

fn run(root: &Path, verb: &str, changes: &[(&str, &str)], code: i32) -> Outcome {
    holdpoint(call(verb, changes))
        .within(root)
        .run()
        .expect_code(code)
}

fn attestations(root: &Path) -> Vec<Attestation> {
    let text = fs::read_to_string(root.join(FILE)).unwrap();
    parse_attestations(&Source::new(FILE, text), None).unwrap()
}

fn waivers(root: &Path) -> Vec<Waiver> {
    let text = fs::read_to_string(root.join(WAIVERS)).unwrap();
    parse_waivers(&Source::new(WAIVERS, text)).unwrap()
}

/// Refused with these texts, and nothing written.
#[track_caller]
fn refused(root: &Path, verb: &str, changes: &[(&str, &str)], code: i32, texts: &[&str]) -> String {
    let before = files(root);
    let texts_before: Vec<_> = before.iter().map(|path| fs::read(path).ok()).collect();
    let outcome = run(root, verb, changes, code);
    let after: Vec<_> = before.iter().map(|path| fs::read(path).ok()).collect();
    assert_eq!(files(root), before);
    assert!(texts_before == after, "a file was changed");
    said(&outcome, texts);
    outcome.stderr
}

#[test]
fn a_new_file_says_what_it_is_for() {
    let folder = repository();
    let root = folder.path();
    let outcome = run(root, "attest", &[], 0);
    let today = clock::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let text = fs::read_to_string(root.join(FILE)).unwrap();
    assert!(
        text.starts_with("# ") && text.contains("until, in UTC"),
        "{text}"
    );
    let [one] = &attestations(root)[..] else {
        panic!("{text}")
    };
    assert_eq!((&*one.item, &*one.by), ("release:R1", "the lead"));
    assert_eq!(one.statement, "a \"backup\" of today, \\ é");
    assert!(one.holds && (today - one.on).get_days() <= 1, "{one:?}");
    for expected in [
        &*one.place,
        "says that a backup of today is there",
        "next: ",
        "2999-12-31",
    ] {
        assert!(
            outcome.stdout.contains(expected),
            "{expected}: {}",
            outcome.stdout
        );
    }
    assert_eq!(outcome.stderr, "");
    let outcome = run(root, "waive", &[], 0);
    let [one] = &waivers(root)[..] else { panic!() };
    assert_eq!((&*one.check, &*one.reason), ("shop.answers", "it moves"));
    for expected in [&*one.place, "next: ", "holdpoint run shop.answers"] {
        assert!(
            outcome.stdout.contains(expected),
            "{expected}: {}",
            outcome.stdout
        );
    }
}

#[test]
fn what_people_wrote_is_kept_byte_for_byte() {
    for old in [
        ENTRY.to_owned(),
        ENTRY.replace('\n', "\r\n"),
        "\u{FEFF}# ours  \n".into(),
    ] {
        let folder = repository();
        let root = folder.path();
        write(root, FILE, &old);
        fs::set_permissions(root.join(FILE), fs::Permissions::from_mode(0o640)).unwrap();
        let changes = [
            ("", "release:R2"),
            ("--on", "2024-02-29"),
            ("--refuses", ""),
        ];
        let outcome = run(root, "attest", &changes, 0);
        assert!(
            outcome.stderr.contains("its checks decide"),
            "{}",
            outcome.stderr
        );
        let text = fs::read_to_string(root.join(FILE)).unwrap();
        assert!(text.starts_with(&old), "{text:?}");
        let bare = text.matches('\n').count() - text.matches("\r\n").count();
        assert!(!old.contains('\r') || bare == 0, "{text:?}");
        let new = attestations(root).pop().unwrap();
        assert_eq!(
            (new.holds, new.on.to_string()),
            (false, "2024-02-29".into())
        );
        let mode = fs::metadata(root.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}

#[test]
fn the_same_is_not_written_twice_and_another_is_refused() {
    let folder = repository();
    let root = folder.path();
    run(root, "attest", &[], 0);
    run(root, "waive", &[], 0);
    for (verb, file, other) in [("attest", FILE, "--by"), ("waive", WAIVERS, "--owner")] {
        let before = fs::read(root.join(file)).unwrap();
        let outcome = run(root, verb, &[], 0);
        assert!(
            outcome.stdout.contains("nothing was written"),
            "{}",
            outcome.stdout
        );
        assert_eq!(fs::read(root.join(file)).unwrap(), before);
        let place = format!("{file}:");
        let texts = ["already, until 2999-12-31", &place, "edit that entry"];
        refused(root, verb, &[(other, "somebody else")], 2, &texts);
    }
    refused(
        root,
        "attest",
        &[("--on", "2020-01-01")],
        2,
        &["attested already"],
    );
    // What has ended is no hindrance.
    let text = fs::read_to_string(root.join(FILE)).unwrap();
    let ended = text.replace("2999-12-31", "2020-12-31");
    let ended = ended.lines().map(|line| {
        if line.starts_with("on ") {
            "on = 2020-01-01"
        } else {
            line
        }
    });
    write(root, FILE, &ended.collect::<Vec<_>>().join("\n"));
    run(root, "attest", &[], 0);
    assert_eq!(attestations(root).len(), 2);
}

const GATES: &str = ".holdpoint/gates.toml";
const OWN_GATE: &str = "[[gate]]\nname = 'freeze'\ntitle = 'the freeze'\nowner = 'Team Nova'\n\
    [[gate.criterion]]\nsays = 'nobody merges any more'\nattested = 'merges'\n";

#[test]
fn a_criterion_of_a_gate_is_attested_like_an_item() {
    let folder = repository();
    let root = folder.path();
    let outcome = run(root, "attest", &[("", "release:window")], 0);
    for expected in [
        "wrote release:window",
        "asked: the deployment window is confirmed",
    ] {
        assert!(outcome.stdout.contains(expected), "{}", outcome.stdout);
    }
    // There may be a document of the gate's name, but the criterion is none of its items.
    assert!(
        !outcome.stdout.contains("holdpoint docs"),
        "{}",
        outcome.stdout
    );
    refused(
        root,
        "attest",
        &[("", "freeze:merges")],
        2,
        &["no criterion of a gate"],
    );
    write(root, GATES, OWN_GATE);
    let outcome = run(root, "attest", &[("", "freeze:merges")], 0);
    assert!(outcome.stdout.contains("asked: nobody merges any more"));
    let items: Vec<_> = attestations(root).into_iter().map(|one| one.item).collect();
    assert_eq!(items, ["release:window", "freeze:merges"]);
    for (slip, near) in [
        ("release:windwo", "release:window"),
        ("rollback", "release:rollback"),
        ("freeze:merge", "freeze:merges"),
    ] {
        let told = format!("did you mean '{near}'?");
        refused(root, "attest", &[("", slip)], 2, &[&told]);
    }
    // Where a gate is replaced, its criteria are gone.
    let replaced = OWN_GATE.replace("freeze", "release");
    write(root, GATES, &replaced);
    refused(
        root,
        "attest",
        &[("", "release:rollback")],
        2,
        &["no criterion of a gate"],
    );
}

#[test]
fn gates_that_are_wrong_are_told_before_anything_is_written() {
    let folder = repository();
    let root = folder.path();
    write(root, GATES, &OWN_GATE.replace("attested", "atested"));
    refused(
        root,
        "attest",
        &[],
        2,
        &[".holdpoint/gates.toml:7:1", "did you mean 'attested'?"],
    );
    let taken = OWN_GATE
        .replace("freeze", "release")
        .replace("merges'", "r1'");
    write(root, GATES, &taken);
    run(root, "attest", &[], 0);
    write(
        root,
        GATES,
        &taken.replace("attested = 'r1'", "attested = 'R1'"),
    );
    refused(root, "attest", &[], 2, &["is not a statement's name"]);
    write(root, "holdpoint.toml", "[gates]\nfile = 'ours.toml'\n");
    refused(
        root,
        "attest",
        &[],
        2,
        &["there is no ours.toml", "holdpoint.toml:2:8"],
    );
    write(root, "ours.toml", &OWN_GATE.replace("'the freeze'", "''"));
    refused(
        root,
        "attest",
        &[],
        2,
        &["ours.toml:3:9", "'title' is empty"],
    );
}

#[test]
fn names_dates_and_texts_are_examined() {
    let folder = repository();
    let root = folder.path();
    let attest = |changes: &[(&str, &str)], texts: &[&str]| {
        refused(root, "attest", changes, 2, texts);
    };
    attest(
        &[("", "release:R3")],
        &["no item of a document", "did you mean 'release:R"],
    );
    attest(&[("", "R1")], &["did you mean 'release:R1'?"]);
    attest(&[("", "shop.answer")], &["did you mean 'shop.answers'?"]);
    attest(&[("--until", "2020-12-31")], &["has passed", "(UTC)"]);
    attest(&[("--until", "soon")], &["a day is written as 2026-12-31"]);
    attest(&[("--until", "2026-02-30")], &["a day is written as"]);
    attest(&[("--on", "2998-01-01")], &["still to come"]);
    attest(&[("--by", " ")], &["--by is empty"]);
    attest(
        &[("--statement", "one\ntwo")],
        &["--statement has more than one line"],
    );
    let waive = |changes: &[(&str, &str)], texts: &[&str]| {
        refused(root, "waive", changes, 2, texts);
    };
    waive(
        &[("", "shop.answer")],
        &["'shop.answer' is no check", "did you mean 'shop.answers'?"],
    );
    waive(&[("", "release:R1")], &["is no check", "holdpoint list"]);
    waive(&[("--until", "2020-12-31")], &["has passed"]);
    waive(&[("--reason", "")], &["--reason"]);
    // Every slip at once.
    let all = [
        ("--by", " "),
        ("--evidence", " "),
        ("--until", "2020-12-31"),
    ];
    attest(
        &all,
        &["--by is empty", "--evidence is empty", "has passed"],
    );
}

#[test]
fn a_secret_is_neither_written_nor_repeated() {
    let folder = repository();
    let root = folder.path();
    write(root, ".env.local", "NEXTAUTH_SECRET=tulip-harbour-94\n");
    for secret in ["sk-proj-abcdefghijklmnop", "tulip-harbour-94"] {
        for (verb, option) in [
            ("attest", "--statement"),
            ("attest", "--evidence"),
            ("attest", ""),
            ("waive", "--reason"),
        ] {
            let text = format!("it is {secret}");
            let told = refused(
                root,
                verb,
                &[(option, &text)],
                2,
                &["looks like it holds a secret"],
            );
            assert!(!told.contains(secret), "{told}");
        }
    }
    let told = refused(
        root,
        "waive",
        &[("--until", "sk-proj-abcdefghijklmnop")],
        2,
        &["a day is written"],
    );
    assert!(!told.contains("sk-proj-abc"), "{told}");
}

#[test]
fn a_file_that_is_wrong_is_refused_before_anything_is_written() {
    let folder = repository();
    let root = folder.path();
    write(root, FILE, "[[attestation]\n");
    refused(
        root,
        "attest",
        &[],
        2,
        &["not valid TOML", "attestations.toml:1"],
    );
    write(root, FILE, "[[attestation]]\nitem = 'release:R9'\n");
    refused(
        root,
        "attest",
        &[],
        2,
        &["'by' is missing", "did you mean", "attestations.toml:2:8"],
    );
    write(root, FILE, "attestation = []\n");
    refused(
        root,
        "attest",
        &[],
        2,
        &["would not be read as one", "[[…]]"],
    );
    fs::write(root.join(FILE), b"# \xff\n").unwrap();
    refused(root, "attest", &[], 2, &["not UTF-8"]);
    write(root, FILE, "# ours\n");
    fs::set_permissions(root.join(FILE), fs::Permissions::from_mode(0o444)).unwrap();
    refused(root, "attest", &[], 2, &["read-only"]);
    fs::remove_file(root.join(FILE)).unwrap();
    fs::create_dir(root.join(FILE)).unwrap();
    refused(root, "attest", &[], 2, &["is a folder"]);
    fs::remove_dir(root.join(FILE)).unwrap();
    symlink("nowhere.toml", root.join(FILE)).unwrap();
    refused(root, "attest", &[], 2, &["leads nowhere"]);
    write(root, WAIVERS, "[[waiver]]\ncheck = 1\n");
    refused(root, "waive", &[], 2, &["waivers.toml:2:9"]);
    write(root, ".holdpoint/maps/b.toml", "name = 'b'\n");
    refused(root, "attest", &[], 2, &["maps/b.toml:1:8"]);
}

#[test]
fn what_cannot_be_written_is_5() {
    let folder = repository();
    let root = folder.path();
    // The lock has no folder.
    write(root, ".holdpoint/documents", "");
    refused(root, "attest", &[], 5, &["cannot take the lock", "help: "]);
    fs::remove_file(root.join(".holdpoint/documents")).unwrap();
    let lock = Lock::take(root).unwrap();
    refused(
        root,
        "waive",
        &[],
        5,
        &["another holdpoint is writing here", "help: "],
    );
    drop(lock);
    if Path::new("/dev/full").exists() {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_holdpoint"))
            .args(call("waive", &[]))
            .current_dir(root)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(5));
        assert_eq!(waivers(root).len(), 1);
    }
}

#[test]
fn many_at_once_lose_nothing() {
    let folder = repository();
    let root = folder.path();
    let mut map = String::from("name = 'many'\ntitle = 'Many'\nfile = 'MANY.md'\n");
    for number in 0..6 {
        map.push_str(&format!(
            "[[item]]\nid = 'M{number}'\nunder = 'u{number}'\nruling = 'attest'\nperson = 'p'\n"
        ));
    }
    write(root, ".holdpoint/maps/many.toml", &map);
    let running: Vec<_> = (0..6)
        .map(|number| {
            let item = format!("many:M{number}");
            holdpoint(call("attest", &[("", &item)]))
                .within(root)
                .start()
        })
        .collect();
    for one in running {
        one.wait().expect_code(0);
    }
    let mut items: Vec<_> = attestations(root).into_iter().map(|one| one.item).collect();
    items.sort();
    let expected: Vec<_> = (0..6).map(|number| format!("many:M{number}")).collect();
    assert_eq!(items, expected);
}

#[test]
fn a_waiver_turns_no_go_into_go() {
    let folder = repository();
    let root = folder.path();
    let server =
        Server::answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let url = server.url();
    let look = ["run", "shop", "--retries", "0", "--target", &url];
    holdpoint(look).within(root).run().expect_code(1);
    run(root, "waive", &[], 0);
    let outcome = holdpoint(look).within(root).run().expect_code(0);
    assert!(
        outcome.stdout.contains("the lead: it moves"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn help_teaches_by_examples() {
    for (verb, word) in [
        ("attest", "--refuses --by"),
        ("waive", "--reason 'the policy"),
    ] {
        let help = holdpoint([verb, "--help"]).run().expect_code(0).stdout;
        assert!(help.contains(word) && help.contains("holdpoint"), "{help}");
    }
}
