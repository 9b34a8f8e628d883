//! Gates through the program: decided on records, signed by people, and stale by exactly the name of what happened.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::evidence::{canonical_bytes, digest};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::git::git;
use support::{Outcome, holdpoint, write};
use tempfile::TempDir;

const DOCUMENT: &str = "docs/PLAN.md";
const TEXT: &str = "# Plan\n\n- [ ] The manifest is there\n\nAll of it was read by a person.\n\n**Lead Signature:** _______________ **Date:** __________\n";
const SETTINGS: &str = "[suites]\nbuild = [\"shop.*\"]\n[documents]\nplan = \"docs/PLAN.md\"\n";
const GATES: &str = "shipped = false\n\
     [[gate]]\nname = \"build\"\ntitle = \"the build\"\nowner = \"Team One\"\nsuite = \"build\"\nlevel = \"static\"\ndocuments = [\"plan\"]\n\
     [[gate]]\nname = \"release\"\ntitle = \"go or no-go\"\nowner = \"Managing Engineer\"\nupstream = [\"build\"]\n\
     [[gate.criterion]]\nsays = \"no critical finding\"\nthat = \"failing.critical == 0\"\n\
     [[gate.criterion]]\nsays = \"the window is confirmed\"\nattested = \"window\"\n";
const MAP: &str = "name = 'plan'\ntitle = 'The plan'\nfile = 'PLAN.md'\n\
     [[item]]\nid = 'P1'\nunder = 'Plan'\nitem = 'The manifest is there'\nruling = 'auto'\nchecks = ['shop.manifest']\n\
     [[item]]\nid = 'P2'\nunder = 'Plan'\nruling = 'attest'\nchecks = []\nperson = 'signs'\nslot = [{ label = 'Lead Signature', write = 'signature', gate = 'build' }]\n";

fn check(id: &str, file: &str, severity: &str) -> String {
    format!(
        "id = \"shop.{id}\"\ntitle = \"{file} is there\"\nwhy = \"it is needed\"\nseverity = \"{severity}\"\nlevel = \"static\"\nsuites = [\"quality\"]\n\
         [look]\nprobe = \"file\"\npath = \"{file}\"\n[[expect]]\nthat = \"exists\"\notherwise = \"{file} is not there\"\n\
         [remedy]\ntext = \"write it\"\n"
    )
}

/// A project in a git repository, and people with keys.
struct Project {
    folder: TempDir,
    keys: TempDir,
}

const ANN: &str = "ann@example.com";
const BEN: &str = "ben@example.com";

impl Project {
    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            keys: tempfile::tempdir().unwrap(),
        };
        for name in ["ann", "ben"] {
            let path = project.key(name);
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(&path)
                .stdout(Stdio::null())
                .status()
                .unwrap();
            assert!(made.success());
        }
        let root = project.root();
        write(
            root,
            ".holdpoint/checks/a.toml",
            &check("manifest", "package.json", "high"),
        );
        write(
            root,
            ".holdpoint/checks/b.toml",
            &check("license", "LICENSE", "critical"),
        );
        write(
            root,
            ".holdpoint/checks/c.toml",
            &check("readme", "README.md", "low"),
        );
        write(root, ".holdpoint/gates.toml", GATES);
        write(root, ".holdpoint/maps/plan.toml", MAP);
        write(root, "package.json", "{\"name\": \"shop\"}\n");
        write(root, "LICENSE", "free\n");
        write(root, "holdpoint.toml", SETTINGS);
        write(root, DOCUMENT, TEXT);
        project.allow(&[("ann", ANN, "*@holdpoint"), ("ben", BEN, "*@holdpoint")]);
        project.git(&["init", "-q", "-b", "main"]);
        project.commit("all");
        project
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn key(&self, name: &str) -> PathBuf {
        self.keys.path().join(name)
    }

    fn public(&self, name: &str) -> String {
        fs::read_to_string(self.key(name).with_extension("pub"))
            .unwrap()
            .trim()
            .to_owned()
    }

    fn allow(&self, people: &[(&str, &str, &str)]) {
        let lines = people.iter().map(|(name, who, spaces)| {
            format!("{who} namespaces=\"{spaces}\" {}\n", self.public(name))
        });
        write(
            self.root(),
            ".holdpoint/allowed_signers",
            &lines.collect::<String>(),
        );
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = git(self.root()).args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    #[track_caller]
    fn call(&self, arguments: &[&str], code: i32) -> Outcome {
        let outcome = holdpoint(arguments.iter().copied())
            .within(self.root())
            .run();
        assert_eq!(
            outcome.code(),
            code,
            "{arguments:?}\n{}\n{}",
            outcome.stdout,
            outcome.stderr
        );
        outcome
    }

    #[track_caller]
    fn sign(&self, gate: &str, name: &str, code: i32) -> Outcome {
        let key = self.key(name);
        self.call(
            &["sign", gate, "--yes", "--key", key.to_str().unwrap()],
            code,
        )
    }

    fn gate(&self, name: &str) -> Value {
        let outcome = holdpoint(["gate", name, "--report", "json=-"])
            .within(self.root())
            .run();
        let all: Value = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", outcome.stdout, outcome.stderr));
        all["gates"][0].clone()
    }

    /// The states of the sign-offs of a gate, each with all its reasons.
    fn states(&self, gate: &str) -> Vec<String> {
        let told = self.gate(gate);
        let each = told["signOffs"].as_array().unwrap().iter();
        each.map(|word| {
            let lapses: Vec<&str> = word["lapses"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["state"].as_str().unwrap())
                .collect();
            match lapses.is_empty() {
                true => word["state"].as_str().unwrap().to_owned(),
                false => lapses.join(", "),
            }
        })
        .collect()
    }

    fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.root().join(path)).unwrap()
    }

    /// The files of a folder below the root, in order.
    fn files(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            let path = format!("{folder}/{name}");
            match self.root().join(&path).is_dir() {
                true => found.extend(self.files(&path)),
                false => found.push(path),
            }
        }
        found.sort();
        found
    }
}

/// A project whose gate `build` Ann has signed.
fn signed() -> Project {
    let project = Project::new();
    project.call(&["run", "build", "--level", "static", "--write"], 0);
    project.commit("documents");
    project.sign("build", "ann", 0);
    project.commit("signed");
    project
}

#[test]
fn a_gate_is_decided_on_a_record_and_opened_by_a_signature() {
    let project = Project::new();
    // Nothing was looked at.
    let told = project.call(&["gate", "build"], 3);
    assert!(
        told.stdout
            .contains("no record holds the whole suite build"),
        "{}",
        told.stdout
    );
    project.sign("build", "ann", 3);
    let release = project.gate("release");
    assert_eq!(release["criteria"][1]["says"], "no critical finding");
    assert_eq!(
        release["criteria"][1]["holds"], "unknown",
        "nothing was seen"
    );
    // A part of the suite is not the suite.
    project.call(&["run", "shop.manifest", "--level", "static"], 0);
    project.call(&["gate", "build"], 3);
    project.call(&["run", "build", "--level", "static", "--write"], 0);
    let told = project.call(&["gate", "build"], 3);
    assert!(
        told.stdout
            .contains("not released: 0 of 1 signed; holdpoint sign build"),
        "{}",
        told.stdout
    );
    assert_eq!(project.gate("build")["state"], "ready to sign");
    // The gate after it waits.
    let release = project.gate("release");
    assert_eq!(release["state"], "undecided");
    assert_eq!(release["blockers"][0]["what"], "gate build");
    assert_eq!(release["blockers"][0]["owner"], "Team One");
    let outcome = project.sign("build", "ann", 0);
    assert!(
        outcome.stdout.contains("what will be signed"),
        "{}",
        outcome.stdout
    );
    project.call(&["gate", "build"], 0);
    assert_eq!(project.states("build"), ["valid"]);
    // The signature line is filled, and that is no edit.
    let text = String::from_utf8(project.read(DOCUMENT)).unwrap();
    assert!(
        text.contains("**Lead Signature:** ann@example.com (SHA256:"),
        "{text}"
    );
    project.call(&["verify"], 0);
    // One-page decision record, then the last gate.
    project.call(&["gate", "release"], 3);
    project.sign("release", "ben", 3);
    let window = [
        "attest",
        "release:window",
        "--by",
        "the lead",
        "--statement",
        "Thursday at ten",
        "--evidence",
        "https://example.com/1",
        "--until",
        "2199-12-31",
    ];
    project.call(&window, 0);
    project.sign("release", "ben", 0);
    project.call(&["gate", "release"], 0);
    project.call(&["gate"], 0);
    let page = project
        .call(&["gate", "release", "--report", "markdown=-"], 0)
        .stdout;
    for said in [
        "# go or no-go: go",
        "| build | Team One | open |",
        ANN,
        BEN,
        "1 attested",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // A clone has all that a stranger needs.
    project.commit("released");
    let elsewhere = tempfile::tempdir().unwrap();
    let clone = elsewhere.path().join("clone");
    let source = project.root().to_str().unwrap();
    project.git(&["clone", "-q", source, clone.to_str().unwrap()]);
    let outcome = holdpoint(["verify"]).within(&clone).run();
    assert_eq!(outcome.code(), 0, "{}{}", outcome.stdout, outcome.stderr);
    assert!(
        outcome.stdout.contains("ben@example.com signed release"),
        "{}",
        outcome.stdout
    );
    let outcome = holdpoint(["gate", "release"]).within(&clone).run();
    assert_eq!(outcome.code(), 0, "{}{}", outcome.stdout, outcome.stderr);
}

#[test]
fn openssh_alone_verifies_what_was_signed() {
    let project = signed();
    let statements = project.files(".holdpoint/ledger/statements");
    let signature = statements
        .iter()
        .find(|path| path.ends_with(".sig"))
        .unwrap();
    let statement = signature.trim_end_matches(".sig");
    let verify = |namespace: &str, who: &str| {
        let input = fs::File::open(project.root().join(statement)).unwrap();
        Command::new("ssh-keygen")
            .current_dir(project.root())
            .args([
                "-Y",
                "verify",
                "-f",
                ".holdpoint/allowed_signers",
                "-I",
                who,
                "-n",
                namespace,
                "-s",
                signature,
            ])
            .stdin(input)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    };
    assert!(verify("build@holdpoint", ANN));
    assert!(!verify("release@holdpoint", ANN));
    assert!(!verify("build@holdpoint", BEN));
}

type Event = fn(&Project);

/// Each event turns a valid sign-off into exactly this state; undone, it counts again.
#[test]
fn each_event_has_its_state() {
    let project = signed();
    assert_eq!(project.states("build"), ["valid"]);
    let events: &[(&str, &str, &str, Event)] = &[
        ("signer revoked", ".holdpoint/revoked_keys", "", |it| {
            write(
                it.root(),
                ".holdpoint/revoked_keys",
                &format!("{}\n", it.public("ann")),
            );
        }),
        ("signer revoked", ".holdpoint/allowed_signers", "", |it| {
            it.allow(&[("ben", BEN, "*@holdpoint")])
        }),
        ("signer revoked", ".holdpoint/allowed_signers", "", |it| {
            it.allow(&[("ann", ANN, "release@holdpoint")])
        }),
        ("criteria changed", ".holdpoint/gates.toml", "", |it| {
            write(
                it.root(),
                ".holdpoint/gates.toml",
                &GATES.replace(
                    "level = \"static\"",
                    "level = \"static\"\nmust_pass = \"low\"",
                ),
            );
        }),
        ("criteria changed", ".holdpoint/checks/b.toml", "", |it| {
            write(
                it.root(),
                ".holdpoint/checks/b.toml",
                &check("license", "LICENSE", "high"),
            );
        }),
        ("document edited", DOCUMENT, "", |it| {
            let text = String::from_utf8(it.read(DOCUMENT)).unwrap();
            write(
                it.root(),
                DOCUMENT,
                &text.replace("by a person", "by nobody"),
            );
        }),
        ("document edited", DOCUMENT, "", |it| {
            let text = String::from_utf8(it.read(DOCUMENT)).unwrap();
            write(
                it.root(),
                DOCUMENT,
                &text.replace("- [x] The manifest", "- [ ] The manifest"),
            );
        }),
        ("code changed", "package.json", "", |it| {
            write(it.root(), "package.json", "{}\n")
        }),
    ];
    for (state, path, _, event) in events {
        let before = fs::read(project.root().join(path)).ok();
        event(&project);
        assert_eq!(project.states("build"), [*state], "{path}");
        assert_ne!(project.call_any(&["gate", "build"]), 0, "{path}");
        assert_ne!(project.call_any(&["verify"]), 0, "{path}");
        match before {
            Some(bytes) => fs::write(project.root().join(path), bytes).unwrap(),
            None => fs::remove_file(project.root().join(path)).unwrap(),
        }
        assert_eq!(project.states("build"), ["valid"], "{path}, undone");
    }
    // A new commit of other code, and a return to it.
    write(project.root(), "package.json", "{}\n");
    project.commit("other code");
    assert_eq!(project.states("build"), ["code changed"]);
    project.git(&["revert", "--no-edit", "-n", "HEAD"]);
    project.commit("back");
    assert_eq!(project.states("build"), ["valid"]);
}

#[test]
fn what_was_seen_to_fail_since_regresses_it_and_a_whole_new_run_is_signed_anew() {
    let project = signed();
    fs::rename(project.root().join("LICENSE"), project.root().join("gone")).unwrap();
    // The code differs too; what was seen stays true after it is put back.
    project.call(&["run", "shop.license", "--level", "static"], 1);
    fs::rename(project.root().join("gone"), project.root().join("LICENSE")).unwrap();
    assert_eq!(project.states("build"), ["regressed"]);
    let told = project.gate("build");
    assert_eq!(told["state"], "no-go");
    assert_eq!(told["blockers"][0]["what"], "shop.license");
    assert_eq!(told["blockers"][0]["severity"], "critical");
    assert!(told["blockers"][0]["since"].is_string(), "{told}");
    // One passing check is no whole suite, but takes its own failure back.
    project.call(&["run", "shop.license", "--level", "static"], 0);
    assert_eq!(project.states("build"), ["valid"]);
    // One that is no concern of the gate's leaves it alone.
    fs::remove_file(project.root().join("gone")).unwrap_or_default();
    project.call(&["run", "shop.readme", "--level", "static"], 0);
    assert_eq!(project.states("build"), ["valid"]);
    // A newer record that is as good changes nothing.
    project.call(&["run", "build", "--level", "static"], 0);
    assert_eq!(project.states("build"), ["valid"]);
    let what_if = project.files(".holdpoint/records").first().unwrap().clone();
    project.call(&["gate", "build", "--from", &what_if], 0);
}

#[test]
fn a_waiver_counts_where_its_owner_may_accept_and_ends_with_its_day() {
    let project = Project::new();
    fs::remove_file(project.root().join("LICENSE")).unwrap();
    project.commit("no license");
    let waiver = |owner: &str, until: &str| {
        format!(
            "[[waiver]]\ncheck = \"shop.license\"\nreason = \"it comes later\"\nowner = \"{owner}\"\nuntil = {until}\n"
        )
    };
    project.call(&["run", "build", "--level", "static"], 1);
    assert_eq!(project.gate("build")["state"], "no-go");
    for (owner, until) in [("somebody", "2199-12-31"), (ANN, "2020-12-31")] {
        write(
            project.root(),
            ".holdpoint/waivers.toml",
            &waiver(owner, until),
        );
        assert_eq!(project.gate("build")["state"], "no-go", "{owner} {until}");
        project.sign("build", "ann", 1);
    }
    write(
        project.root(),
        ".holdpoint/waivers.toml",
        &waiver(ANN, "2199-12-31"),
    );
    let told = project.gate("build");
    assert_eq!(told["decision"], "go with waivers");
    assert_eq!(told["counts"]["waived"], 1);
    assert_eq!(
        told["counts"]["measuredFail"], 1,
        "the read-me, which need not be there"
    );
    project.sign("build", "ann", 0);
    assert_eq!(project.states("build"), ["valid"]);
    for other in [
        waiver(ANN, "2199-12-30"),
        waiver(BEN, "2199-12-31"),
        String::new(),
    ] {
        write(project.root(), ".holdpoint/waivers.toml", &other);
        assert_eq!(project.states("build"), ["waiver ended"], "{other}");
    }
    write(
        project.root(),
        ".holdpoint/waivers.toml",
        &waiver(ANN, "2199-12-31"),
    );
    assert_eq!(project.states("build"), ["valid"]);
}

#[test]
fn two_people_sign_where_two_must_and_a_no_holds_the_gate() {
    let project = Project::new();
    let two = GATES.replace("level = \"static\"", "level = \"static\"\napprovals = 2");
    write(project.root(), ".holdpoint/gates.toml", &two);
    project.commit("two");
    project.call(&["run", "build", "--level", "static"], 0);
    project.sign("build", "ann", 0);
    assert_eq!(project.gate("build")["state"], "1 of 2 signed");
    project.sign("build", "ann", 0);
    assert_eq!(
        project.gate("build")["state"],
        "1 of 2 signed",
        "once more is no second person"
    );
    // Two names and one key are one person.
    let line = format!("{BEN} {}\n", project.public("ann"));
    let list = format!("{ANN} {}\n{line}", project.public("ann"));
    write(project.root(), ".holdpoint/allowed_signers", &list);
    let key = project.key("ann");
    project.call(
        &[
            "sign",
            "build",
            "--yes",
            "--as",
            BEN,
            "--key",
            key.to_str().unwrap(),
        ],
        0,
    );
    assert_eq!(project.gate("build")["state"], "1 of 2 signed");
    project.allow(&[("ann", ANN, "*@holdpoint"), ("ben", BEN, "*@holdpoint")]);
    project.sign("build", "ben", 0);
    project.call(&["gate", "build"], 0);
    // Somebody says no, and yes again.
    let key = project.key("ben");
    let key = key.to_str().unwrap();
    project.call(
        &[
            "sign",
            "build",
            "--no",
            "--comment",
            "wait for me",
            "--yes",
            "--key",
            key,
        ],
        0,
    );
    let told = project.gate("build");
    assert_eq!(told["state"], "no-go");
    assert!(
        told["blockers"]
            .to_string()
            .contains("ben@example.com said no on"),
        "{told}"
    );
    assert!(project.states("build").contains(&"withdrawn".to_owned()));
    project.sign("build", "ben", 0);
    project.call(&["gate", "build"], 0);
}

#[test]
fn a_pipeline_a_stranger_and_an_unclean_tree_sign_nothing() {
    let project = Project::new();
    project.call(&["run", "build", "--level", "static"], 0);
    let key = project.key("ann");
    let key = key.to_str().unwrap();
    let arguments = ["sign", "build", "--yes", "--key", key];
    let ci = holdpoint(arguments)
        .within(project.root())
        .env("CI", "true")
        .run();
    assert_eq!(ci.code(), 2);
    assert!(
        ci.stderr.contains("a sign-off is a person's word"),
        "{}",
        ci.stderr
    );
    let unasked = project.call(&["sign", "build", "--key", key], 2);
    assert!(unasked.stderr.contains("--yes"), "{}", unasked.stderr);
    project.allow(&[("ben", BEN, "*@holdpoint")]);
    let stranger = project.call(&arguments, 2);
    assert!(
        stranger.stderr.contains("nobody's who may sign"),
        "{}",
        stranger.stderr
    );
    fs::remove_file(project.root().join(".holdpoint/allowed_signers")).unwrap();
    let nobody = project.call(&arguments, 2);
    assert!(
        nobody.stderr.contains("namespaces=\"build@holdpoint\""),
        "{}",
        nobody.stderr
    );
    let told = project.gate("build");
    assert!(
        told["warnings"].to_string().contains("nobody may sign yet"),
        "{told}"
    );
    assert!(
        !project.root().join(".holdpoint/ledger").exists(),
        "nothing was written"
    );
    project.allow(&[("ann", ANN, "*@holdpoint")]);
    write(project.root(), "package.json", "{ }\n");
    project.call(&["run", "build", "--level", "static"], 0);
    let told = project.call(&arguments, 3);
    assert!(
        told.stdout.contains("changes that are in no commit"),
        "{}",
        told.stdout
    );
}

/// Any byte of the ledger, a record or a bound document that is changed is found, and the file is named.
#[test]
fn a_changed_byte_is_found_and_named() {
    let project = signed();
    project.call(&["verify"], 0);
    let record = project.files(".holdpoint/records").pop().unwrap();
    let files = project
        .files(".holdpoint/ledger")
        .into_iter()
        .chain([record]);
    for path in files {
        let whole = project.read(&path);
        let name = path.rsplit('/').next().unwrap();
        // Not the end of the last line: without it, the line was cut off while it was written, and does not count.
        for at in [0, whole.len() / 2, whole.len() - 2] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(project.root().join(&path), &changed).unwrap();
            let outcome = holdpoint(["verify"]).within(project.root()).run();
            assert_eq!(outcome.code(), 1, "{path} at {at}: {}", outcome.stdout);
            assert!(
                outcome.stdout.contains(name)
                    || outcome.stdout.contains(name.trim_end_matches(".jsonl")),
                "{path} at {at}: {}",
                outcome.stdout
            );
            let gate = holdpoint(["gate", "build"]).within(project.root()).run();
            assert_ne!(gate.code(), 0, "{path} at {at}: {}", gate.stdout);
        }
        fs::write(project.root().join(&path), &whole).unwrap();
    }
    project.call(&["verify"], 0);
    // A tick that was forged together with what holdpoint remembers of it.
    let (text, state) = (
        project.read(DOCUMENT),
        project.read(".holdpoint/documents/plan.json"),
    );
    let forged = |bytes: &[u8]| {
        String::from_utf8(bytes.to_vec())
            .unwrap()
            .replace(ANN, "eve@example.com")
    };
    write(project.root(), DOCUMENT, &forged(&text));
    write(
        project.root(),
        ".holdpoint/documents/plan.json",
        &forged(&state),
    );
    let told = project.call(&["verify"], 3);
    assert!(
        told.stdout
            .contains("docs/PLAN.md: what holdpoint wrote there"),
        "{}",
        told.stdout
    );
    fs::write(project.root().join(DOCUMENT), text).unwrap();
    fs::write(project.root().join(".holdpoint/documents/plan.json"), state).unwrap();
    project.call(&["verify"], 0);
    // A last line that was cut off while it was written is told from a change.
    let chain = ".holdpoint/ledger/build.jsonl";
    let whole = project.read(chain);
    fs::write(
        project.root().join(chain),
        [&whole[..], b"{\"digest\":\"sha2"].concat(),
    )
    .unwrap();
    let torn = project.call(&["verify"], 0);
    assert!(
        torn.stdout.contains("was cut off while it was written"),
        "{}",
        torn.stdout
    );
    // Entries that a sign-off saw are missed when the chain is cut.
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    fs::write(project.root().join(chain), lines[1..].concat()).unwrap();
    project.call(&["verify"], 1);
}

impl Project {
    fn call_any(&self, arguments: &[&str]) -> i32 {
        holdpoint(arguments.iter().copied())
            .within(self.root())
            .run()
            .code()
    }
}

#[test]
fn a_suite_whose_gate_waits_for_another_runs_only_with_a_reason() {
    let project = Project::new();
    let gates = GATES.replace(
        "[[gate]]\nname = \"release\"",
        "[[gate]]\nname = \"later\"\ntitle = \"later\"\nowner = \"Team Two\"\nsuite = \"later\"\nlevel = \"static\"\nupstream = [\"build\"]\n[[gate]]\nname = \"release\"",
    );
    write(project.root(), ".holdpoint/gates.toml", &gates);
    write(
        project.root(),
        "holdpoint.toml",
        &SETTINGS.replace(
            "[documents]",
            "later = [\"shop.manifest\", \"shop.license\"]\n[documents]",
        ),
    );
    project.commit("later");
    let refused = project.call(&["run", "later", "--level", "static"], 1);
    assert!(
        refused.stderr.contains("gate build") && refused.stderr.contains("--before-gate"),
        "{}",
        refused.stderr
    );
    assert!(
        !project.root().join(".holdpoint/records").exists(),
        "nothing was looked at"
    );
    project.call(
        &[
            "run",
            "later",
            "--level",
            "static",
            "--before-gate",
            "a rehearsal",
        ],
        0,
    );
    let record = project.files(".holdpoint/records").pop().unwrap();
    let text = String::from_utf8(project.read(&record)).unwrap();
    assert!(text.contains("\"before_gate\":\"a rehearsal\""));
    // By whatever words it is selected; a part of it is only a look, and so is all of it within another suite.
    project.call(&["run", "shop.*", "--level", "static"], 1);
    project.call(&["run", "--level", "static"], 1);
    project.call(&["run", "shop.manifest", "--level", "static"], 0);
    project.call(&["run", "build", "--level", "static"], 0);
    project.sign("build", "ann", 0);
    project.call(&["run", "later", "--level", "static"], 0);
    // Without a list of signers no gate is in force.
    fs::remove_file(project.root().join(".holdpoint/allowed_signers")).unwrap();
    project.call(&["run", "later", "--level", "static"], 0);
}

#[test]
fn no_map_and_no_setting_hides_code() {
    let project = Project::new();
    let settings = format!("{SETTINGS}app = \"src/app.ts\"\nall = \"src\"\n");
    write(project.root(), "holdpoint.toml", &settings);
    write(project.root(), "src/app.ts", "as it was\n");
    project.commit("documents that are none");
    project.call(&["run", "build", "--level", "static"], 0);
    project.sign("build", "ann", 0);
    assert_eq!(project.states("build"), ["valid"]);
    let map = MAP
        .replace("name = 'plan'", "name = 'extra'")
        .replace("PLAN.md", "src/app.ts");
    write(project.root(), ".holdpoint/maps/extra.toml", &map);
    assert_eq!(project.states("build"), ["valid"]);
    write(project.root(), "src/app.ts", "another\n");
    project.commit("another");
    assert_eq!(project.states("build"), ["code changed"]);
    assert_eq!(project.gate("build")["state"], "undecided");
}

#[test]
fn a_submodule_that_git_is_told_to_ignore_is_code() {
    let project = Project::new();
    let modules = "[submodule \"lib\"]\n\tpath = lib\n\turl = ./lib\n\tignore = all\n";
    write(project.root(), ".gitmodules", modules);
    fs::create_dir(project.root().join("lib")).unwrap();
    let stands_at = |digit: &str| {
        let entry = format!("160000,{},lib", digit.repeat(40));
        project.git(&["update-index", "--add", "--cacheinfo", &entry]);
        project.git(&["commit", "-q", "--allow-empty", "-m", "lib"]);
    };
    project.git(&["add", ".gitmodules"]);
    stands_at("a");
    project.call(&["run", "build", "--level", "static"], 0);
    project.sign("build", "ann", 0);
    assert_eq!(project.states("build"), ["valid"]);
    stands_at("b");
    assert_eq!(project.states("build"), ["code changed"]);
}

#[test]
fn what_a_record_is_called_hides_no_failure() {
    let project = signed();
    let old = project.files(".holdpoint/records").pop().unwrap();
    fs::rename(project.root().join("LICENSE"), project.root().join("gone")).unwrap();
    project.call(&["run", "shop.license", "--level", "static"], 1);
    fs::rename(project.root().join("gone"), project.root().join("LICENSE")).unwrap();
    for name in ["zzz", "00"] {
        let copy = format!(".holdpoint/records/{name}.jsonl");
        fs::copy(project.root().join(&old), project.root().join(copy)).unwrap();
        assert_eq!(project.states("build"), ["regressed"], "{name}");
        assert_eq!(project.gate("build")["state"], "no-go", "{name}");
    }
}

#[test]
fn a_pass_of_other_code_takes_no_failure_back() {
    let project = Project::new();
    write(project.root(), ".gitignore", "LICENSE\n");
    project.git(&["rm", "-q", "--cached", "LICENSE"]);
    project.commit("the license comes from elsewhere");
    project.call(&["run", "build", "--level", "static"], 0);
    project.sign("build", "ann", 0);
    fs::remove_file(project.root().join("LICENSE")).unwrap();
    project.call(&["run", "shop.license", "--level", "static"], 1);
    assert_eq!(project.states("build"), ["regressed"]);
    let package = project.read("package.json");
    write(project.root(), "package.json", "{\"name\": \"mended\"}\n");
    write(project.root(), "LICENSE", "free\n");
    project.call(&["run", "shop.license", "--level", "static"], 0);
    fs::write(project.root().join("package.json"), package).unwrap();
    assert_eq!(project.states("build"), ["regressed"]);
    // At the commit itself it counts.
    project.call(&["run", "shop.license", "--level", "static"], 0);
    assert_eq!(project.states("build"), ["valid"]);
}

/// Appends an entry of the chain once more, as anybody could who has no key.
fn enter_again(project: &Project, kind: &str) {
    let path = ".holdpoint/ledger/build.jsonl";
    let text = String::from_utf8(project.read(path)).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = lines.last().unwrap();
    let of_kind = |line: &&Value| line["entry"]["kind"] == kind;
    let mut entry = lines.iter().rfind(of_kind).unwrap()["entry"].clone();
    entry["after"] = serde_json::json!([last["digest"]]);
    entry["sequence"] = serde_json::json!(last["entry"]["sequence"].as_u64().unwrap() + 1);
    let digest = digest(&canonical_bytes(&entry).unwrap());
    let line = serde_json::json!({ "digest": digest, "entry": entry });
    let line = String::from_utf8(canonical_bytes(&line).unwrap()).unwrap();
    write(project.root(), path, &format!("{text}{line}\n"));
}

#[test]
fn a_no_is_not_undone_by_what_was_said_before_it() {
    let project = signed();
    let key = project.key("ann");
    let no = [
        "sign",
        "build",
        "--no",
        "--yes",
        "--key",
        key.to_str().unwrap(),
    ];
    project.call(&no, 0);
    assert_eq!(project.states("build"), ["withdrawn"]);
    enter_again(&project, "sign-off");
    assert_eq!(project.states("build"), ["withdrawn"]);
    assert_eq!(project.gate("build")["state"], "no-go");
    // Who said no may say yes, and that is not undone either.
    project.sign("build", "ann", 0);
    assert_eq!(project.states("build"), ["valid"]);
    enter_again(&project, "withdrawal");
    assert_eq!(project.states("build"), ["valid"]);
    project.call(&["verify"], 0);
}

#[test]
fn a_no_does_not_go_with_the_end_of_its_line() {
    let project = signed();
    let key = project.key("ann");
    let no = [
        "sign",
        "build",
        "--no",
        "--yes",
        "--key",
        key.to_str().unwrap(),
    ];
    project.call(&no, 0);
    let path = ".holdpoint/ledger/build.jsonl";
    let mut bytes = project.read(path);
    assert_eq!(bytes.pop(), Some(b'\n'));
    fs::write(project.root().join(path), bytes).unwrap();
    assert_eq!(project.states("build"), ["withdrawn"]);
    project.call(&["gate", "build"], 1);
}

#[test]
fn a_no_needs_no_evidence_and_a_pattern_makes_no_second_person() {
    let project = Project::new();
    let two = GATES.replace("level = \"static\"", "level = \"static\"\napprovals = 2");
    write(project.root(), ".holdpoint/gates.toml", &two);
    write(project.root(), ".gitignore", ".holdpoint/records/\n");
    project.commit("two");
    let key = project.key("ben");
    let key = key.to_str().unwrap();
    project.call(
        &[
            "sign",
            "build",
            "--no",
            "--comment",
            "not yet",
            "--yes",
            "--key",
            key,
        ],
        0,
    );
    let told = project.gate("build");
    assert!(told["blockers"].to_string().contains("not yet"), "{told}");
    let verified = project.call(&["verify"], 3);
    assert!(
        verified.stdout.contains("ben@example.com said no on"),
        "{}",
        verified.stdout
    );
    project.call(&["run", "build", "--level", "static"], 0);
    let ignored = project.sign("build", "ben", 0);
    assert!(
        ignored.stderr.contains("git ignores .holdpoint/records/"),
        "{}",
        ignored.stderr
    );
    assert_eq!(project.gate("build")["state"], "1 of 2 signed");
    // A second key of the same person, under a pattern.
    let lines = format!(
        "{BEN} namespaces=\"*@holdpoint\" {}\n*@example.com namespaces=\"*@holdpoint\" {}\n",
        project.public("ben"),
        project.public("ann")
    );
    write(project.root(), ".holdpoint/allowed_signers", &lines);
    let key = project.key("ann");
    let key = key.to_str().unwrap();
    project.call(
        &[
            "sign",
            "build",
            "--yes",
            "--as",
            "nobody@example.com",
            "--key",
            key,
        ],
        0,
    );
    let told = project.gate("build");
    assert_eq!(told["state"], "1 of 2 signed");
    assert!(
        told["warnings"].to_string().contains("by a pattern"),
        "{told}"
    );
}

#[test]
fn what_is_exempt_and_what_had_no_target_and_a_forged_word() {
    let project = Project::new();
    let exempt = GATES.replace(
        "[[gate]]\nname = \"release\"",
        "[[gate.exempt]]\ncheck = \"shop.license\"\nreason = \"lawyers decide\"\n[[gate]]\nname = \"release\"",
    );
    write(project.root(), ".holdpoint/gates.toml", &exempt);
    project.commit("exempt");
    project.call(&["run", "build", "--level", "static"], 0);
    project.sign("build", "ann", 0);
    let without = |file: &str, check: &str| {
        fs::rename(project.root().join(file), project.root().join("gone")).unwrap();
        project.call(&["run", check, "--level", "static"], 1);
        fs::rename(project.root().join("gone"), project.root().join(file)).unwrap();
    };
    without("LICENSE", "shop.license");
    assert_eq!(project.states("build"), ["valid"], "it is exempt");
    // A failure that was seen without a target speaks of the code, and so of every environment.
    without("package.json", "shop.manifest");
    assert_eq!(project.states("build"), ["regressed"]);
    let told = holdpoint([
        "gate",
        "build",
        "--environment",
        "production",
        "--report",
        "json=-",
    ])
    .within(project.root())
    .run();
    assert!(told.stdout.contains("regressed"), "{}", told.stdout);
}

/// Who interrupts a run has seen nothing that speaks against anybody.
#[test]
fn a_run_that_was_cut_short_is_no_news() {
    let project = signed();
    for selector in ["shop.license", "build"] {
        let before = project.files(".holdpoint/records");
        project.call(&["run", selector, "--level", "static"], 0);
        let now = project.files(".holdpoint/records");
        let record = now.into_iter().find(|path| !before.contains(path)).unwrap();
        let text = String::from_utf8(project.read(&record)).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let plan = lines
            .iter()
            .position(|line| line.starts_with("{\"planned\""))
            .unwrap();
        // As a kill leaves it, before anything was looked at.
        write(project.root(), &record, &lines[..=plan].concat());
        assert_eq!(project.states("build"), ["valid"], "{selector}");
        project.call(&["gate", "build"], 0);
    }
}

#[test]
fn a_sign_off_does_not_rest_on_code_that_git_does_not_look_at() {
    let project = Project::new();
    write(project.root(), "src/app.ts", "as it was\n");
    project.commit("code");
    project.git(&["update-index", "--assume-unchanged", "src/app.ts"]);
    write(project.root(), "src/app.ts", "another\n");
    let outcome = project.call(&["run", "build", "--level", "static"], 0);
    for said in [
        "it cannot be told whether the code is that of the commit",
        "git update-index --no-assume-unchanged src/app.ts ends that",
    ] {
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
    assert_eq!(project.gate("build")["state"], "undecided");
    project.sign("build", "ann", 3);
    // Nor does one that was given before.
    project.git(&["update-index", "--no-assume-unchanged", "src/app.ts"]);
    project.git(&["checkout", "-q", "src/app.ts"]);
    project.call(&["run", "build", "--level", "static"], 0);
    project.sign("build", "ann", 0);
    project.call(&["gate", "build"], 0);
    project.git(&["update-index", "--skip-worktree", "src/app.ts"]);
    write(project.root(), "src/app.ts", "another\n");
    let told = project.call(&["gate", "build"], 3);
    assert!(
        told.stdout.contains("git was told not to look at"),
        "{}",
        told.stdout
    );
}
