//! The ledger where several write to it: processes at once, and branches that git merges; and runs told as statements.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_methods,
    reason = "a process that a test starts is told by a variable what to do"
)]

mod support;

use holdpoint::evidence::{digest, latest};
use holdpoint::ledger::statement::{Statement, TestResult};
use holdpoint::ledger::{ATTRIBUTES, AppendFault, Chain, Draft, Entry, FaultKind, Kind, Ledger};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use support::{holdpoint, write};
use tempfile::TempDir;

const GATE: &str = "quality";
const CHAIN: &str = ".holdpoint/ledger/quality.jsonl";
const ENTRIES: usize = 12;

/// Where a child process appends: the root and a name of its own.
const CHILD: &str = "HOLDPOINT_TEST_APPENDS";

fn append(root: &Path, gate: &str, word: &str) -> Entry {
    let statement = format!("{{\"decision\":\"{word}\"}}");
    let draft = Draft::Statement {
        kind: Kind::SignOff,
        subject: word,
        bytes: statement.as_bytes(),
        signature: Some("signed\n"),
    };
    Ledger::at(root)
        .append(gate, &draft, Timestamp::UNIX_EPOCH)
        .unwrap()
}

/// Appends from two threads; does nothing unless another test starts it as a process of its own.
#[test]
fn child_appends() {
    let Ok(told) = std::env::var(CHILD) else {
        return;
    };
    let (root, name) = told.split_once('=').unwrap();
    std::thread::scope(|scope| {
        for thread in ["a", "b"] {
            scope.spawn(move || {
                for number in 0..ENTRIES {
                    append(Path::new(root), GATE, &format!("{name}{thread}{number}"));
                }
            });
        }
    });
}

#[test]
fn processes_do_not_fork_a_chain() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = ["x", "y", "z"]
        .iter()
        .map(|name| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child_appends"])
                .env(CHILD, format!("{}={name}", folder.path().display()))
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let verified = Ledger::at(folder.path()).verify();
    assert_eq!((verified.faults, verified.unnamed), (vec![], vec![]));
    let chain = &verified.chains[GATE];
    let numbers: Vec<_> = chain.entries.iter().map(|one| one.sequence).collect();
    assert_eq!(numbers, (1..=3 * 2 * ENTRIES as u64).collect::<Vec<_>>());
    assert_eq!((chain.heads.len(), &chain.torn), (1, &None));
}

/// A process that is killed while it appends leaves whole entries, and the next append goes on.
#[test]
fn a_killed_process_leaves_a_chain_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::at(folder.path());
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_appends"])
            .env(CHILD, format!("{}={round}", folder.path().display()))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // However far it came by then.
        std::thread::sleep(std::time::Duration::from_millis(40 + 17 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        append(folder.path(), GATE, &format!("after {round}"));
        let verified = ledger.verify();
        assert_eq!(verified.faults, []);
        assert_eq!(verified.chains[GATE].torn, None);
        assert_eq!(verified.chains[GATE].heads.len(), 1);
    }
}

#[track_caller]
fn git(root: &Path, arguments: &[&str]) -> (bool, String) {
    let output = support::git::git(root).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[track_caller]
fn done(root: &Path, arguments: &[&str]) {
    let (succeeded, text) = git(root, arguments);
    assert!(succeeded, "git {arguments:?}: {text}");
}

fn commit(root: &Path) {
    done(root, &["add", "-A"]);
    done(root, &["commit", "-qm", "x"]);
}

/// A repository on the branch `main`.
fn repository(attributes: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    done(root, &["init", "-q", "-b", "main"]);
    if let Some(text) = attributes {
        std::fs::write(root.join(".gitattributes"), text).unwrap();
    }
    std::fs::write(root.join("README"), "x\n").unwrap();
    commit(root);
    folder
}

/// Appends on two branches that part here, and merges the other into `main`.
fn merged(root: &Path, ours: &[(&str, &str)], theirs: &[(&str, &str)]) -> (bool, String) {
    done(root, &["checkout", "-qb", "other"]);
    for (gate, word) in theirs {
        append(root, gate, word);
    }
    commit(root);
    done(root, &["checkout", "-q", "main"]);
    for (gate, word) in ours {
        append(root, gate, word);
    }
    commit(root);
    git(root, &["merge", "-q", "--no-edit", "other"])
}

fn read(root: &Path) -> Chain {
    Ledger::at(root).read(GATE).unwrap()
}

fn whole(root: &Path) {
    let verified = Ledger::at(root).verify();
    assert_eq!((verified.faults, verified.unnamed), (vec![], vec![]));
    assert!(verified.chains.values().all(|one| one.torn.is_none()));
}

#[test]
fn branches_of_a_chain_merge_and_the_next_entry_joins_them() {
    let folder = repository(Some(ATTRIBUTES));
    let root = folder.path();
    append(root, GATE, "first");
    commit(root);
    let (succeeded, text) = merged(
        root,
        &[(GATE, "ours 1"), (GATE, "ours 2")],
        &[(GATE, "theirs 1")],
    );
    assert!(succeeded, "{text}");
    whole(root);
    let chain = read(root);
    assert_eq!(chain.heads.len(), 2);
    let numbers: Vec<_> = chain.entries.iter().map(|one| one.sequence).collect();
    assert_eq!(numbers, [1, 2, 2, 3]);
    let next = append(root, GATE, "next");
    assert_eq!((next.sequence, &next.after), (4, &chain.heads));
    whole(root);
    assert_eq!(read(root).heads, [next.digest]);
}

#[test]
fn a_chain_that_both_branches_begin_merges() {
    let folder = repository(Some(ATTRIBUTES));
    let root = folder.path();
    let (succeeded, text) = merged(root, &[(GATE, "ours")], &[(GATE, "theirs")]);
    assert!(succeeded, "{text}");
    whole(root);
    assert_eq!(read(root).heads.len(), 2);
    assert_eq!(append(root, GATE, "next").after.len(), 2);
}

/// Merged in either direction, the same is read.
#[test]
fn the_direction_of_a_merge_says_nothing() {
    let folder = repository(Some(ATTRIBUTES));
    let root = folder.path();
    append(root, GATE, "first");
    commit(root);
    done(root, &["branch", "twin"]);
    let (succeeded, text) = merged(root, &[(GATE, "ours")], &[(GATE, "theirs")]);
    assert!(succeeded, "{text}");
    let one = read(root);
    done(root, &["checkout", "-q", "other"]);
    done(root, &["merge", "-q", "--no-edit", "main~1"]);
    let other = read(root);
    assert_eq!((&one.entries, &one.heads), (&other.entries, &other.heads));
    // Both merges and an entry after each, merged again.
    append(root, GATE, "after theirs");
    commit(root);
    done(root, &["checkout", "-q", "main"]);
    append(root, GATE, "after ours");
    commit(root);
    done(root, &["merge", "-q", "--no-edit", "other"]);
    whole(root);
    let chain = read(root);
    assert_eq!((chain.entries.len(), chain.heads.len()), (5, 2));
}

#[test]
fn different_gates_never_conflict() {
    // Not even where git was told nothing.
    let folder = repository(None);
    let root = folder.path();
    append(root, GATE, "first");
    append(root, "security", "first");
    commit(root);
    let (succeeded, text) = merged(
        root,
        &[(GATE, "ours")],
        &[("security", "theirs"), ("release", "go")],
    );
    assert!(succeeded, "{text}");
    whole(root);
    assert_eq!(
        Ledger::at(root).gates().unwrap(),
        [GATE, "release", "security"]
    );
}

#[test]
fn without_the_attributes_a_conflict_is_named_and_both_sides_are_kept() {
    let folder = repository(None);
    let root = folder.path();
    append(root, GATE, "first");
    commit(root);
    let (succeeded, _) = merged(root, &[(GATE, "ours")], &[(GATE, "theirs")]);
    assert!(!succeeded);
    let chain = read(root);
    let marks: Vec<_> = chain
        .faults
        .iter()
        .map(|one| (one.line.unwrap(), &one.kind))
        .collect();
    let mark = &FaultKind::Conflict;
    assert_eq!(marks, [(2, mark), (4, mark), (6, mark)]);
    assert!(
        chain.faults[0]
            .help()
            .contains("keep the lines of both sides")
    );
    let draft = Draft::Record { run: "r" };
    std::fs::create_dir_all(root.join(".holdpoint/records")).unwrap();
    std::fs::write(root.join(".holdpoint/records/r.jsonl"), "{}\n").unwrap();
    let refused = Ledger::at(root).append(GATE, &draft, Timestamp::UNIX_EPOCH);
    assert!(matches!(refused, Err(AppendFault::Faulty(faults)) if faults.len() == 3));
    // What the message says to do.
    let text = std::fs::read_to_string(root.join(CHAIN)).unwrap();
    let kept: String = text
        .split_inclusive('\n')
        .filter(|line| line.starts_with('{'))
        .collect();
    std::fs::write(root.join(CHAIN), kept).unwrap();
    whole(root);
    assert_eq!(read(root).heads.len(), 2);
}

/// Git may be told to give every text file the line ends of another system; what is digested must stay as it is.
#[test]
fn the_attributes_keep_every_byte() {
    for (attributes, kept) in [(Some(ATTRIBUTES), true), (None, false)] {
        let folder = repository(attributes);
        let root = folder.path();
        append(root, GATE, "first");
        commit(root);
        done(root, &["config", "core.autocrlf", "true"]);
        std::fs::remove_dir_all(root.join(".holdpoint")).unwrap();
        done(root, &["checkout", "-q", "--", ".holdpoint"]);
        assert_eq!(read(root).faults.is_empty(), kept);
        assert_eq!(Ledger::at(root).verify().faults.is_empty(), kept);
        let missing = Ledger::at(root).missing_attributes().unwrap();
        assert_eq!(missing.is_empty(), kept);
    }
}

/// A run of one check that reads a file, told when it ends and again from its record.
fn told(root: &Path, code: i32) -> Value {
    let call = ["run", "shop", "--report", "in-toto=run.json"];
    holdpoint(call).within(root).run().expect_code(code);
    let call = ["report", "--from", "latest", "--report", "in-toto=-"];
    let again = holdpoint(call).within(root).run().expect_code(code).stdout;
    let text = std::fs::read_to_string(root.join("run.json")).unwrap();
    assert_eq!(text, again);
    std::fs::remove_file(root.join("run.json")).unwrap();
    Statement::parse(text.as_bytes()).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_run_is_told_as_a_statement_of_what_was_examined() {
    let folder = repository(None);
    let root = folder.path();
    write(
        root,
        ".holdpoint/checks/readme.toml",
        "id = \"shop.readme\"\ntitle = \"the shop says what it is\"\nwhy = \"nobody knows otherwise\"\nseverity = \"high\"\nlevel = \"static\"\nsuites = [\"shop\"]\n\
         [look]\nprobe = \"file\"\npath = \"README\"\n\
         [[expect]]\nthat = \"is_file && size < 10\"\notherwise = \"there is no short README\"\nexpected = \"a README\"\nfound = \"none\"\n",
    );
    commit(root);
    let (_, head) = git(root, &["rev-parse", "HEAD"]);
    let passed = told(root, 0);
    assert_eq!(
        passed["subject"][0]["digest"],
        json!({ "gitCommit": head.trim() })
    );
    let predicate: TestResult = serde_json::from_value(passed["predicate"].clone()).unwrap();
    assert_eq!(predicate.passed_tests, ["shop.readme"]);
    assert_eq!(passed["predicate"]["result"], "PASSED");
    let record = std::fs::read(latest(&root.join(".holdpoint/records")).unwrap()).unwrap();
    let about = &passed["subject"][0]["annotations"]["holdpoint"];
    assert_eq!(about["recordDigest"], digest(&record));
    // What is examined now is in no commit: the statement is about the record alone.
    std::fs::write(root.join("README"), "much longer than that\n").unwrap();
    let failed = told(root, 1);
    let record = std::fs::read(latest(&root.join(".holdpoint/records")).unwrap()).unwrap();
    let hex = digest(&record).replace("sha256:", "");
    assert_eq!(failed["subject"][0]["digest"], json!({ "sha256": hex }));
    assert_eq!(failed["predicate"]["result"], "FAILED");
    assert_eq!(failed["predicate"]["failedTests"], json!(["shop.readme"]));
    // A record is named in a ledger by the same digest.
    let run = failed["subject"][0]["annotations"]["holdpoint"]["run"]
        .as_str()
        .unwrap();
    let entry = Ledger::at(root).append_new(GATE, &Draft::Record { run }, Timestamp::UNIX_EPOCH);
    assert_eq!(entry.unwrap().statement, digest(&record));
    whole(root);
}
