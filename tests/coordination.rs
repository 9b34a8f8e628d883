//! The coordination plan, played through as each person would, with the six shipped gates on the embedded stack.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::print_stdout,
    reason = "where it fails, what people saw is told"
)]

mod support;

use holdpoint::sandbox::{Sandbox, TaskFault, Variant};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::git::git;
use support::{Outcome, holdpoint, write};
use tempfile::TempDir;

/// Each person, with the gate that is theirs to sign.
const PEOPLE: [(&str, &str); 6] = [
    ("omega", "infrastructure"),
    ("sigma", "quality"),
    ("pi", "security"),
    ("alpha", "documentation"),
    ("beta", "observability"),
    ("manager", "release"),
];
/// The end of a team's own document, as people wrote it; that of Omega stands in the project of the sandbox.
const QA_PLAN: &str = "# QA Testing Plan & Validation - Team Sigma\n\n## Test Execution Summary\n\n### **QA Sign-Off**\n\n\
    **QA Lead Signature:** _________________ **Date:** _______\n";
/// What git is told, so that branches that sign merge, and no checkout changes a byte that is signed.
const ATTRIBUTES: &str =
    "ledger/*.jsonl merge=union -text\nledger/statements/* -text\nrecords/*.jsonl -text\n";

/// A repository of the application, its people with their keys, and the running stack.
struct Play {
    sandbox: Sandbox,
    folder: TempDir,
    keys: TempDir,
    variables: BTreeMap<String, String>,
}

impl Play {
    async fn begin() -> Self {
        let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
        let play = Self {
            variables: sandbox.variables(),
            folder: tempfile::tempdir().unwrap(),
            keys: tempfile::tempdir().unwrap(),
            sandbox,
        };
        let root = play.root();
        play.sandbox.write_project(root).unwrap();
        write(root, "docs/QA_TESTING_PLAN.md", QA_PLAN);
        let mut signers = String::new();
        for (name, gate) in PEOPLE {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(play.key(name))
                .stdout(Stdio::null())
                .status()
                .unwrap();
            assert!(made.success());
            let public = fs::read_to_string(play.key(name).with_extension("pub")).unwrap();
            let who = format!("{name}@example.com");
            let _ = write!(signers, "{who} namespaces=\"{gate}@holdpoint\" {public}");
        }
        write(root, ".holdpoint/allowed_signers", &signers);
        play.git(&["init", "-q", "-b", "main"]);
        play.commit("the application");
        play
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn key(&self, name: &str) -> PathBuf {
        self.keys.path().join(name)
    }

    fn git(&self, arguments: &[&str]) {
        let output = git(self.root()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// Calls the program, shows what a person would see, and holds it to its status.
    #[track_caller]
    fn call(&self, line: &str, code: i32) -> Outcome {
        self.call_with(&line.split_whitespace().collect::<Vec<_>>(), code)
    }

    #[track_caller]
    fn call_with(&self, arguments: &[&str], code: i32) -> Outcome {
        let call = holdpoint(arguments).within(self.root());
        let outcome = self
            .variables
            .iter()
            .fold(call, |call, (name, value)| call.env(name, value))
            .run();
        shown(arguments, &outcome);
        assert_eq!(outcome.code(), code, "{arguments:?}");
        outcome
    }

    /// The whole suite, as its team runs it.
    #[track_caller]
    fn run(&self, what: &str, code: i32) -> Outcome {
        // The limit on sign-ins is the same for every run of the play, and each is to find it as after a minute.
        self.sandbox.forget_attempts();
        self.call(&format!("run {what} --level active --timeout 60s"), code)
    }

    #[track_caller]
    fn sign(&self, gate: &str, name: &str, code: i32) -> Outcome {
        let key = self.key(name);
        self.call_with(
            &["sign", gate, "--yes", "--key", key.to_str().unwrap()],
            code,
        )
    }

    #[track_caller]
    fn attest(&self, item: &str, by: &str) {
        let mut arguments = vec!["attest", item, "--by", by, "--statement", "seen and done"];
        arguments.extend([
            "--evidence",
            "https://example.com/evidence",
            "--until",
            "2199-12-31",
        ]);
        self.call_with(&arguments, 0);
    }

    /// A gate as programs are told of it.
    fn gate(&self, name: &str) -> Value {
        let outcome = holdpoint(["gate", name, "--report", "json=-"])
            .within(self.root())
            .run();
        let all: Value = serde_json::from_str(&outcome.stdout).unwrap();
        all["gates"][0].clone()
    }

    /// The states of a gate's sign-offs.
    fn states(&self, gate: &str) -> Vec<String> {
        let told = self.gate(gate);
        let each = told["signOffs"].as_array().unwrap().iter();
        each.map(|word| word["state"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// What a person would see: told where the test fails.
fn shown(arguments: &[&str], outcome: &Outcome) {
    println!(
        "$ holdpoint {}\n{}{}[status {}, {:?}]\n",
        arguments.join(" "),
        outcome.stdout,
        outcome.stderr,
        outcome.code(),
        outcome.took
    );
}

#[track_caller]
fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no '{word}' in:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_first_run_to_the_release_and_a_stranger() {
    let play = Play::begin().await;
    let play = tokio::task::spawn_blocking(move || {
        omega_opens_the_way(&play);
        pi_finds_a_critical(&play);
        it_regresses_and_is_signed_again(&play);
        the_others_follow(&play);
        the_managing_engineer_releases(&play);
        a_stranger_verifies(&play);
        play
    });
    play.await.unwrap().sandbox.stop().await.unwrap();
}

fn omega_opens_the_way(play: &Play) {
    // Nothing is known, and nothing counts against anybody.
    let told = play.call("gate", 3);
    says(&told.stdout, &["0 of 6 gates open"]);
    assert!(!told.stdout.contains("no-go"), "{}", told.stdout);
    // Pi waits for Omega, and is told whom to ask; a rehearsal needs a reason, which the record keeps.
    let refused = play.run("security", 1);
    says(&refused.stderr, &["gate infrastructure", "--before-gate"]);
    assert!(!play.root().join(".holdpoint/records").exists());
    play.sandbox.forget_attempts();
    play.call_with(
        &[
            "run",
            "security",
            "--level",
            "static",
            "--before-gate",
            "a rehearsal",
        ],
        0,
    );
    let told = play.call("gate security", 3);
    says(
        &told.stdout,
        &["they were not run", "holdpoint run security --level active"],
    );
    play.sign("infrastructure", "omega", 3);

    play.run("infrastructure --write", 0);
    play.commit("the infrastructure was looked at");
    let told = play.call("gate omega", 3);
    says(
        &told.stdout,
        &["READY TO SIGN", "holdpoint sign infrastructure"],
    );
    // Another team's lead may not sign it.
    play.sign("infrastructure", "sigma", 2);
    let signed = play.sign("omega", "omega", 0);
    says(
        &signed.stdout,
        &[
            "what will be signed",
            "signed infrastructure as omega@example.com",
        ],
    );
    let document = fs::read_to_string(play.root().join("docs/INFRASTRUCTURE_VALIDATION.md"));
    says(
        &document.unwrap(),
        &["**Team Omega Lead Signature:** omega@example.com (SHA256:"],
    );
    // What git is to be told is told by name, and doing it takes nothing back.
    says(&signed.stderr, &[".holdpoint/.gitattributes"]);
    for line in ATTRIBUTES.lines() {
        says(&signed.stderr, &[line]);
    }
    write(play.root(), ".holdpoint/.gitattributes", ATTRIBUTES);
    play.commit("signed by Omega");
    play.call("gate infrastructure", 0);
}

fn pi_finds_a_critical(play: &Play) {
    play.sandbox.switch_tasks(&[TaskFault::ReadsAnybodys]);
    play.run("security", 1);
    let shut = play.call("gate pi", 1);
    says(
        &shut.stdout,
        &[
            "isolation.users critical",
            "GET /api/tasks/[id] as B",
            "Team Pi, since ",
            "NO-GO",
        ],
    );
    let told = play.gate("security");
    let users = told["blockers"].as_array().unwrap().iter();
    let users = users.filter(|one| one["what"] == "isolation.users");
    let users: Vec<&Value> = users.collect();
    assert_eq!(users.len(), 1, "{told}");
    assert_eq!(users[0]["owner"], "Team Pi");
    assert!(users[0]["since"].is_string(), "{told}");
    let refused = play.sign("security", "pi", 1);
    says(
        &refused.stderr,
        &["may not be released, so it was not signed"],
    );
    assert_eq!(play.states("security"), [""; 0]);
    assert!(
        !play
            .root()
            .join(".holdpoint/ledger/security.jsonl")
            .exists()
    );
    // That one look finds it mended opens nothing: the whole suite must.
    play.sandbox.switch_tasks(&[]);
    play.run("isolation.users", 0);
    play.call("gate security", 1);
    play.run("security", 0);
    play.call("docs security-sign-off --write", 0);
    play.commit("mended");
    says(&play.call("gate security", 3).stdout, &["READY TO SIGN"]);
    let signed = play.sign("security", "pi", 0);
    assert!(
        !signed.stderr.contains(".gitattributes"),
        "{}",
        signed.stderr
    );
    play.commit("signed by Pi");
    play.call("gate security", 0);
}

fn it_regresses_and_is_signed_again(play: &Play) {
    play.sandbox.switch_tasks(&[TaskFault::ReadsAnybodys]);
    play.run("isolation.users", 1);
    assert_eq!(play.states("security"), ["regressed"]);
    says(
        &play.call("gate security", 1).stdout,
        &["regressed: isolation.users came out as fail in run"],
    );
    assert_eq!(play.gate("release")["state"], "no-go");
    // Omega's concern is another.
    assert_eq!(play.states("infrastructure"), ["valid"]);
    let stale = play.call("verify", 3);
    says(
        &stale.stdout,
        &["✗ pi@example.com signed security", "VERIFIED, LAPSED"],
    );
    play.sign("security", "pi", 1);
    play.sandbox.switch_tasks(&[]);
    play.run("security", 0);
    play.sign("security", "pi", 0);
    play.commit("mended again, and signed again");
    play.call("gate security", 0);
    play.call("verify", 0);
}

fn the_others_follow(play: &Play) {
    // Alpha waits for Sigma and Pi, Beta for Sigma.
    says(&play.run("documentation", 1).stderr, &["gate quality"]);
    play.run("quality", 0);
    play.sign("quality", "sigma", 3);
    for item in ["quality:lighthouse", "quality:baseline"] {
        play.attest(item, "sigma@example.com");
    }
    play.sign("quality", "sigma", 0);
    play.commit("signed by Sigma");
    for item in ["runbooks", "training", "procedures"] {
        play.attest(&format!("documentation:{item}"), "alpha@example.com");
    }
    play.run("documentation", 0);
    play.sign("documentation", "alpha", 0);
    for item in ["monitoring", "alerts", "on-call", "baseline"] {
        play.attest(&format!("observability:{item}"), "beta@example.com");
    }
    play.run("observability", 0);
    play.sign("observability", "beta", 0);
    play.commit("signed by Alpha and Beta");
}

fn the_managing_engineer_releases(play: &Play) {
    let told = play.call("gate release", 3);
    says(
        &told.stdout,
        &["release:window", "release:rollback", "UNDECIDED"],
    );
    play.sign("release", "manager", 3);
    for item in ["release:window", "release:rollback"] {
        play.attest(item, "manager@example.com");
    }
    let page = play.call("gate release --report markdown=-", 3).stdout;
    says(
        &page,
        &[
            "# go or no-go for the release: go",
            "not released: 0 of 1 signed",
        ],
    );
    // Nobody else releases.
    play.sign("release", "pi", 2);
    play.sign("release", "manager", 0);
    // The page is kept beside the code, as the ledger is: elsewhere it would be a change of the code.
    let page = play.call(
        "gate release --report markdown=.holdpoint/decision.md --report terminal",
        0,
    );
    says(&page.stdout, &["open: released by manager@example.com"]);
    let page = fs::read_to_string(play.root().join(".holdpoint/decision.md")).unwrap();
    for (name, gate) in PEOPLE {
        says(&page, &[&format!("| {gate} | {name}@example.com |")]);
    }
    says(&play.call("gate", 0).stdout, &["6 of 6 gates open"]);
    play.commit("released");
}

/// A clone holds why: no network, no target, no keys.
fn a_stranger_verifies(play: &Play) {
    play.sandbox.switch_tasks(&[TaskFault::ReadsAnybodys]);
    let elsewhere = tempfile::tempdir().unwrap();
    let clone = elsewhere.path().join("clone");
    let source = play.root().to_str().unwrap();
    play.git(&["clone", "-q", source, clone.to_str().unwrap()]);
    let ask = |line: &str, code: i32| {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let outcome = holdpoint(&arguments).within(&clone).run();
        shown(&arguments, &outcome);
        assert_eq!(outcome.code(), code, "{line}");
        outcome.stdout
    };
    let told = ask("verify", 0);
    for (name, gate) in PEOPLE {
        says(
            &told,
            &[&format!("✓ {name}@example.com signed {gate}: valid")],
        );
    }
    ask("gate release", 0);
    says(&ask("gate", 0), &["6 of 6 gates open"]);

    // The record of Pi: one byte of what was seen.
    let statement = play.gate("security");
    let run = statement["evidence"][0]["run"].as_str().unwrap();
    let record = clone.join(format!(".holdpoint/records/{run}.jsonl"));
    let whole = fs::read(&record).unwrap();
    let mut changed = whole.clone();
    let middle = whole.len() / 2;
    changed[middle] ^= 1;
    fs::write(&record, &changed).unwrap();
    says(&ask("verify", 1), &[run, "NOT VERIFIED"]);
    ask("gate release", 1);
    // Without it.
    fs::remove_file(&record).unwrap();
    says(&ask("verify", 1), &[run, "NOT VERIFIED"]);
    ask("gate release", 1);
    fs::write(&record, &whole).unwrap();
    // The chain of Omega: its last line.
    let chain = clone.join(".holdpoint/ledger/infrastructure.jsonl");
    let text = fs::read_to_string(&chain).unwrap();
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    fs::write(&chain, &text[..last]).unwrap();
    says(&ask("verify", 1), &["infrastructure"]);
    fs::write(&chain, &text).unwrap();
    ask("verify", 0);
}
