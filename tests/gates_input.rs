//! Gates with what people get wrong: each mistake has one message and leaves nothing behind; and no secret comes into what is kept for good.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::forms::{every_file, forms};
use support::git::git;
use support::peers::peer;
use support::{Holdpoint, Outcome, holdpoint, write};
use tempfile::TempDir;

const GATES: &str = "shipped = false\n\
     [[gate]]\nname = \"build\"\ntitle = \"the build\"\nowner = \"Team One\"\nsuite = \"build\"\nlevel = \"static\"\n\
     [[gate.criterion]]\nsays = \"the window is confirmed\"\nattested = \"window\"\n";
const ANN: &str = "ann@example.com";
const SIGNERS: &str = ".holdpoint/allowed_signers";
const ATTESTATIONS: &str = ".holdpoint/attestations.toml";
const WAIVERS: &str = ".holdpoint/waivers.toml";

fn check(name: &str, title: &str) -> String {
    format!(
        "id = \"shop.{name}\"\ntitle = \"{title}\"\nwhy = \"it is needed\"\nseverity = \"high\"\nlevel = \"static\"\nsuites = [\"quality\"]\n\
         [look]\nprobe = \"file\"\npath = \"{name}\"\n[[expect]]\nthat = \"exists\"\notherwise = \"it is not there\"\n[remedy]\ntext = \"write it\"\n"
    )
}

fn attestation(statement: &str, evidence: &str) -> String {
    format!(
        "[[attestation]]\nitem = \"build:window\"\nholds = true\nstatement = \"{statement}\"\nby = \"the lead\"\non = 2026-01-02\nevidence = \"{evidence}\"\nuntil = 2199-12-31\n"
    )
}

fn waiver(reason: &str) -> String {
    format!(
        "[[waiver]]\ncheck = \"shop.gone\"\nreason = \"{reason}\"\nowner = \"{ANN}\"\nuntil = 2199-12-31\n"
    )
}

/// A project whose only gate may be released: one check passes, one is waived, one thing is attested.
struct Project {
    folder: TempDir,
    keys: TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            keys: tempfile::tempdir().unwrap(),
        };
        for (name, passphrase) in [("ann", ""), ("ben", ""), ("guarded", "a passphrase")] {
            project.make_key(name, "ed25519", passphrase);
        }
        let root = project.root();
        write(root, ".holdpoint/checks/a.toml", &check("license", "free"));
        write(root, ".holdpoint/checks/b.toml", &check("gone", "gone"));
        write(root, ".holdpoint/gates.toml", GATES);
        write(root, "license", "free\n");
        write(root, "package.json", "{\"name\": \"shop\"}\n");
        write(root, "holdpoint.toml", "[suites]\nbuild = [\"shop.*\"]\n");
        write(root, ".gitignore", ".env*\n");
        write(root, ATTESTATIONS, &attestation("Thursday", "ticket 1"));
        write(root, WAIVERS, &waiver("later"));
        let people = [("ann", ANN), ("guarded", "guarded@example.com")];
        let lines = people.map(|(name, who)| {
            let public = fs::read_to_string(project.key(name) + ".pub").unwrap();
            format!("{who} namespaces=\"*@holdpoint\" {public}")
        });
        write(root, SIGNERS, &lines.concat());
        project.git(&["init", "-q", "-b", "main"]);
        project.git(&["add", "-A"]);
        project.git(&["commit", "-q", "-m", "all"]);
        project
    }

    fn make_key(&self, name: &str, kind: &str, passphrase: &str) {
        let path = self.key(name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-N", passphrase, "-C", name, "-f", &path])
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn key(&self, name: &str) -> String {
        self.keys.path().join(name).to_str().unwrap().to_owned()
    }

    fn git(&self, arguments: &[&str]) {
        let status = git(self.root()).args(arguments).status().unwrap();
        assert!(status.success());
    }

    fn ask(&self, arguments: &[&str]) -> Holdpoint {
        holdpoint(arguments.iter().copied()).within(self.root())
    }

    #[track_caller]
    fn call(&self, arguments: &[&str], code: i32) -> Outcome {
        self.ask(arguments).run().expect_code(code)
    }

    /// A call that must end so, say this, and leave the ledger alone.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32, said: &[&str]) -> Outcome {
        let before = self.ledger();
        let outcome = self.call(arguments, code);
        for said in said {
            assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
        }
        assert_eq!(self.ledger(), before, "{arguments:?} wrote to the ledger");
        outcome
    }

    fn ledger(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let folder = self.root().join(".holdpoint/ledger");
        if folder.exists() {
            every_file(&folder, &mut files);
        }
        files
    }

    fn run(&self) {
        self.call(&["run", "build", "--level", "static"], 0);
    }

    fn sign<'a>(&self, key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["sign", "build", "--yes", "--key", key], more].concat()
    }
}

#[test]
fn nobody_is_asked_to_sign_what_would_not_count() {
    let project = Project::new();
    project.run();
    let [ann, ben, missing] = ["ann", "ben", "missing"].map(|name| project.key(name));
    let long = "a".repeat(100_000);
    let cases: &[(&str, &[&str], &[&str])] = &[
        (
            &ann,
            &["--as", "ben@example.com"],
            &[
                "nothing was signed",
                "ann@example.com's",
                "those who may sign",
            ],
        ),
        (&ben, &[], &["nobody's who may sign", ANN]),
        (
            &missing,
            &[],
            &["cannot be read", "No such file", "give the path"],
        ),
        ("docs", &[], &["there is no key file 'docs'", "ssh-add"]),
        (
            "package.json",
            &[],
            &[
                "package.json is no key of OpenSSH's",
                "ssh-keygen -t ed25519",
            ],
        ),
        (
            &ann,
            &["--comment", "two\nlines"],
            &["--comment has more than one line"],
        ),
        (&ann, &["--comment", "\u{1b}[2J"], &["control characters"]),
        (
            &ann,
            &["--comment", &long],
            &["--comment has more than 1000 characters"],
        ),
        (
            &ann,
            &["--comment", "see https://x.test/?token=abcdefgh"],
            &["looks like it holds a secret"],
        ),
    ];
    for (key, more, said) in cases {
        project.refused(&project.sign(key, more), 2, said);
    }
    // No terminal to ask on.
    project.refused(
        &["sign", "build", "--key", &ann],
        2,
        &["no terminal", "--yes"],
    );
    // A key that no longer counts.
    let public = fs::read_to_string(format!("{ann}.pub")).unwrap();
    write(project.root(), ".holdpoint/revoked_keys", &public);
    project.refused(&project.sign(&ann, &[]), 2, &["is revoked (line 1"]);
    fs::remove_file(project.root().join(".holdpoint/revoked_keys")).unwrap();
    let agent = project.ask(&["sign", "build", "--yes"]);
    let outcome = agent
        .env("SSH_AUTH_SOCK", "/nowhere/agent")
        .run()
        .expect_code(2);
    assert!(outcome.stderr.contains("ssh-add -l"), "{}", outcome.stderr);
    // All is well with the right one.
    project.call(&project.sign(&ann, &["--comment", "it is good"]), 0);
}

#[test]
fn a_list_that_cannot_be_read_is_named() {
    let project = Project::new();
    project.run();
    let key = project.key("ann");
    for name in [
        "allowed_signers",
        "revoked_keys",
        "gates.toml",
        "attestations.toml",
        "waivers.toml",
    ] {
        let path = project.root().join(".holdpoint").join(name);
        let whole = fs::read(&path).ok();
        let named = format!(".holdpoint/{name}");
        let bad: [(&str, &dyn Fn()); 3] = [
            ("UTF-8", &|| fs::write(&path, b"\xff\xfe\x00").unwrap()),
            ("regular file", &|| fs::create_dir(&path).unwrap()),
            ("regular file", &|| {
                let made = Command::new("mkfifo").arg(&path).status().unwrap();
                assert!(made.success());
            }),
        ];
        // Every verb reads them in the same way, so each is asked once.
        let calls = [
            vec!["gate", "build"],
            vec!["verify"],
            project.sign(&key, &[]),
        ];
        for ((said, spoil), arguments) in bad.iter().zip(calls) {
            let _ = fs::remove_file(&path);
            spoil();
            let outcome = project.refused(&arguments, 2, &[said, &named]);
            let root = project.root().to_str().unwrap();
            assert!(!outcome.stderr.contains(root), "{}", outcome.stderr);
            match path.is_dir() {
                true => fs::remove_dir(&path).unwrap(),
                false => fs::remove_file(&path).unwrap(),
            }
        }
        if let Some(bytes) = whole {
            fs::write(&path, bytes).unwrap();
        }
    }
    project.call(&project.sign(&key, &[]), 0);
}

#[test]
fn a_record_that_is_none_decides_nothing() {
    let project = Project::new();
    let from = |path: &str| ["gate", "build", "--from", path].map(str::to_owned);
    let none = from("latest");
    project.refused(
        &none.each_ref().map(String::as_str),
        2,
        &["there is no record in", "holdpoint run"],
    );
    project.run();
    let mut records = Vec::new();
    every_file(&project.root().join(".holdpoint/records"), &mut records);
    let whole = fs::read(&records[0]).unwrap();
    write(project.root(), "other.txt", "x\n");
    fs::write(project.root().join("torn.jsonl"), &whole[..100]).unwrap();
    fs::write(project.root().join("bytes.jsonl"), b"\xff\xfe\n").unwrap();
    fs::write(project.root().join("empty.jsonl"), b"").unwrap();
    for (path, said) in [
        ("missing.jsonl", "No such file"),
        (".", "regular file"),
        ("other.txt", "other.txt:1: not a line of a record"),
        ("torn.jsonl", "cut off within its first line"),
        ("bytes.jsonl", "not UTF-8 text"),
        ("empty.jsonl", "it is empty"),
    ] {
        let call = from(path);
        project.refused(
            &call.each_ref().map(String::as_str),
            2,
            &[said, path, "give the path"],
        );
    }
    project.refused(
        &["gate", "biuld"],
        2,
        &["there is no gate 'biuld'", "did you mean 'build'?"],
    );
    project.refused(&["gate", "--report", "json=."], 2, &["is a folder"]);
    project.refused(&["export", "biuld"], 2, &["there is no gate 'biuld'"]);
    project.refused(
        &["export", "missing/x.jsonl"],
        2,
        &["No such file", "give the path"],
    );
}

#[test]
fn a_newer_record_whose_checks_are_no_longer_understood_is_named() {
    let project = Project::new();
    project.run();
    let records = project.root().join(".holdpoint/records");
    let mut found = Vec::new();
    every_file(&records, &mut found);
    let text = fs::read_to_string(&found[0]).unwrap();
    let run = found[0].file_stem().unwrap().to_str().unwrap().to_owned();
    // As a later version of holdpoint may have written it, a century on.
    let later = format!("20990101{}", &run[8..]);
    let changed = text
        .replace(&run, &later)
        .replace("severity = \\\"high\\\"", "severity = \\\"dire\\\"");
    let before = project.call(&["gate", "build"], 3).stdout;
    assert!(!before.contains("cannot be judged"), "{before}");
    let plan = changed.find("{\"planned\"").unwrap();
    let digest = holdpoint::evidence::digest(&changed.as_bytes()[..plan]);
    let rest = &changed[plan..];
    let end = rest.find('\n').unwrap();
    let whole = format!(
        "{}{{\"planned\":{{\"digest\":\"{digest}\"}}}}{}",
        &changed[..plan],
        &rest[end..]
    );
    fs::write(records.join(format!("{later}.jsonl")), whole).unwrap();
    let told = project.call(&["gate", "build"], 3).stdout;
    assert!(told.contains("a record cannot be judged"), "{told}");
    assert!(told.contains(&later), "{told}");
}

#[test]
fn without_git_nothing_is_signed_and_it_is_said_why() {
    let project = Project::new();
    fs::remove_dir_all(project.root().join(".git")).unwrap();
    project.run();
    let told = project.call(&["gate", "build"], 3);
    for said in [
        "knows no commit",
        "have the code in a git repository, commit, and run it again",
    ] {
        assert!(told.stdout.contains(said), "{}", told.stdout);
    }
    let key = project.key("ann");
    project.refused(&project.sign(&key, &[]), 3, &["may not be released"]);
    project.refused(
        &project.sign(&key, &["--no"]),
        2,
        &["knows no commit", "git repository"],
    );
    project.refused(&["export", "build", "--key", &key], 2, &["has a digest"]);
}

/// In the environment, in a check, in what people state, and in every option that is kept.
#[test]
fn no_secret_is_signed() {
    const SECRET: &str = "c4nary+gate/Zq9==Tweet&1";
    let project = Project::new();
    let root = project.root();
    let key = project.key("ann");
    write(root, ".env.local", &format!("NEXTAUTH_SECRET='{SECRET}'\n"));
    write(
        root,
        ".holdpoint/checks/a.toml",
        &check("license", &format!("free of {SECRET}")),
    );
    let told = |outcome: &Outcome| {
        for form in forms(SECRET) {
            assert!(!outcome.stdout.contains(&form), "{}", outcome.stdout);
            assert!(!outcome.stderr.contains(&form), "{}", outcome.stderr);
        }
    };
    project.git(&["add", "-A"]);
    project.git(&["commit", "-q", "-m", "a title"]);
    for (option, verb) in [
        ("--before-gate", vec!["run", "build", "--level", "static"]),
        ("--comment", project.sign(&key, &[])),
        ("--as", project.sign(&key, &[])),
    ] {
        if option != "--before-gate" {
            project.run();
        }
        told(&project.refused(&[&verb[..], &[option, SECRET]].concat(), 2, &[]));
    }
    let issued = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
    for (file, text, place) in [
        (
            ATTESTATIONS,
            attestation(&format!("it is {SECRET}"), "ticket 1"),
            "attestations.toml:1",
        ),
        (
            ATTESTATIONS,
            attestation("Thursday", &format!("https://x.test/?q={SECRET}")),
            "attestations.toml:1",
        ),
        (
            ATTESTATIONS,
            attestation("Thursday", "https://ann:c4naryPass1@x.test/1"),
            "attestations.toml:1",
        ),
        (WAIVERS, waiver(&format!("see {SECRET}")), "waivers.toml:1"),
        (WAIVERS, waiver(&format!("see {issued}")), "waivers.toml:1"),
    ] {
        let whole = fs::read(root.join(file)).unwrap();
        write(root, file, &text);
        let call = project.sign(&key, &[]);
        let outcome = project.refused(&call, 2, &[place, "looks like it holds a secret"]);
        told(&outcome);
        assert!(!outcome.stderr.contains(issued), "{}", outcome.stderr);
        fs::write(root.join(file), whole).unwrap();
    }
    let calls: &[&[&str]] = &[
        &[
            "run",
            "build",
            "--level",
            "static",
            "--before-gate",
            "a rehearsal",
            "--report",
            "in-toto=r.json",
        ],
        &[
            "sign",
            "build",
            "--yes",
            "--key",
            &key,
            "--comment",
            "it is good",
            "-v",
        ],
        &["gate", "-v"],
        &[
            "gate",
            "build",
            "--report",
            "json=g.json",
            "--report",
            "markdown=g.md",
            "--report",
            "terminal=g.txt",
        ],
        &["verify", "-v"],
        &["export", "build", "--key", &key, "--output", "g.dsse.json"],
        &["export", "latest", "--key", &key, "--output", "r.dsse.json"],
    ];
    for call in calls {
        told(&project.call(call, 0));
    }
    let mut files = Vec::new();
    every_file(&root.join(".holdpoint/ledger"), &mut files);
    assert!(files.len() >= 6, "{files:?}");
    every_file(&root.join(".holdpoint/records"), &mut files);
    files.extend(
        [
            "r.json",
            "g.json",
            "g.md",
            "g.txt",
            "g.dsse.json",
            "r.dsse.json",
        ]
        .map(|name| root.join(name)),
    );
    for path in files {
        let mut text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
        if path.to_str().unwrap().contains(".dsse.") {
            text.push_str(&String::from_utf8(opened(&text).0).unwrap());
        }
        for form in forms(SECRET) {
            assert!(!text.contains(&form), "{}: {text}", path.display());
        }
    }
}

/// The payload and the signature of an envelope.
fn opened(envelope: &str) -> (Vec<u8>, Vec<u8>) {
    use base64::Engine as _;
    let told: Value = serde_json::from_str(envelope).unwrap();
    assert_eq!(told["payloadType"], "application/vnd.in-toto+json");
    let bytes = |value: &Value| {
        let engine = base64::engine::general_purpose::STANDARD;
        engine.decode(value.as_str().unwrap()).unwrap()
    };
    (
        bytes(&told["payload"]),
        bytes(&told["signatures"][0]["sig"]),
    )
}

#[test]
fn openssl_alone_verifies_what_was_exported() {
    let Some(openssl) = peer("openssl") else {
        return;
    };
    let project = Project::new();
    project.make_key("ecdsa", "ecdsa", "");
    project.make_key("rsa", "rsa", "");
    project.run();
    let verifies = |signed: &[u8], digest: &[&str]| {
        fs::write(project.root().join("signed"), signed).unwrap();
        let mut command = Command::new(&openssl);
        command.current_dir(project.root()).args([
            "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin",
        ]);
        command
            .args(digest)
            .args(["-in", "signed", "-sigfile", "signature"]);
        command
            .stdin(Stdio::null())
            .output()
            .unwrap()
            .status
            .success()
    };
    let kinds: [(&str, &[&str]); 3] = [
        ("ann", &[]),
        ("ecdsa", &["-digest", "sha256"]),
        ("rsa", &["-digest", "sha512"]),
    ];
    for (name, digest) in kinds {
        let key = project.key(name);
        for (what, predicate) in [
            ("latest", "https://in-toto.io/attestation/test-result/v0.1"),
            ("build", "https://slsa.dev/verification_summary/v1"),
        ] {
            project.call(
                &[
                    "export",
                    what,
                    "--key",
                    &key,
                    "--output",
                    "e.json",
                    "--public-key",
                    "key.pem",
                ],
                0,
            );
            let (payload, signature) =
                opened(&fs::read_to_string(project.root().join("e.json")).unwrap());
            let told: Value = serde_json::from_slice(&payload).unwrap();
            assert_eq!(told["predicateType"], predicate);
            fs::write(project.root().join("signature"), signature).unwrap();
            let head = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len());
            let signed = [head.as_bytes(), &payload].concat();
            assert!(verifies(&signed, digest), "{name} {what}");
            let mut changed = signed.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert!(!verifies(&changed, digest), "{name} {what}");
            assert!(
                !verifies(&payload, digest),
                "{name} {what}: without its type"
            );
        }
    }
    // Behind a passphrase no envelope can be signed, and it is said what can be done.
    let guarded = project.key("guarded");
    project.refused(&["export", "build", "--key", &guarded], 2, &["ssh-add"]);
}

#[test]
fn an_exported_decision_says_no_more_than_the_gate() {
    let project = Project::new();
    let key = project.key("ann");
    project.run();
    let exported = || {
        let outcome = project.call(&["export", "build", "--key", &key], 0);
        let told: Value = serde_json::from_slice(&opened(&outcome.stdout).0).unwrap();
        let predicate = &told["predicate"];
        let inputs: Vec<String> = predicate["inputAttestations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(inputs.len(), 3, "{inputs:?}");
        assert!(
            inputs[0].ends_with(".jsonl") && inputs[1..] == ["shop.gone", "build:window"],
            "{inputs:?}"
        );
        let levels = predicate["verifiedLevels"].to_string();
        (
            predicate["verificationResult"].as_str().unwrap().to_owned(),
            levels,
        )
    };
    let ready = ("PASSED".to_owned(), "[\"HOLDPOINT_BUILD\"]".to_owned());
    assert_eq!(exported(), ready);
    project.call(&project.sign(&key, &[]), 0);
    let open = "[\"HOLDPOINT_BUILD\",\"HOLDPOINT_BUILD_RELEASED\"]".to_owned();
    assert_eq!(exported(), ("PASSED".into(), open));
    // Somebody says no.
    project.call(&project.sign(&key, &["--no"]), 0);
    assert_eq!(exported(), ("FAILED".into(), "[\"FAILED\"]".into()));
}

#[test]
fn what_programs_are_told_keeps_its_schema() {
    let schema = include_str!("../reports/schema/gates.v1.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let project = Project::new();
    let told = |arguments: &[&str]| {
        let call = [&["gate"], arguments, &["--report", "json=-"]].concat();
        let told: Value = serde_json::from_str(&project.ask(&call).run().stdout).unwrap();
        let wrong: Vec<_> = schema.iter_errors(&told).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{told:#}");
        told
    };
    assert_eq!(told(&[])["gates"][0]["state"], "undecided");
    project.run();
    assert_eq!(told(&[])["gates"][0]["state"], "ready to sign");
    project.call(&project.sign(&project.key("ann"), &[]), 0);
    let open = told(&["build", "--from", "latest"]);
    assert_eq!(open["gates"][0]["state"], "open");
    assert!(open["instead"].is_string(), "{open:#}");
    fs::remove_file(project.root().join("license")).unwrap();
    project.call(&["run", "build", "--level", "static"], 1);
    let held = told(&["build"]);
    assert_eq!(held["gates"][0]["state"], "no-go");
    assert!(
        held["gates"][0]["signOffs"][0]["lapses"][0]["why"].is_string(),
        "{held:#}"
    );
    // It refuses what it does not know.
    for spoil in [
        (|told: &mut Value| told["schema"] = "holdpoint.gates/v2".into()) as fn(&mut Value),
        |told| told["extra"] = 1.into(),
        |told| told["gates"][0]["open"] = "yes".into(),
        |told| told["gates"][0]["state"] = "fine".into(),
        |told| told["gates"][0]["criteria"][0]["holds"] = true.into(),
        |told| told["gates"][0]["counts"]["unknown"] = Value::Null,
        |told| told["gates"][0]["signOffs"][0]["statement"] = "sha256:".into(),
    ] {
        let mut told = held.clone();
        spoil(&mut told);
        assert!(!schema.is_valid(&told), "{told:#}");
    }
}
