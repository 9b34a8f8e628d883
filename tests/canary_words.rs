//! Secrets within the words of users' own files appear nowhere, however those words are wrapped, cut or escaped.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::forms::every_file;
use support::{Holdpoint, Outcome, holdpoint, write};
use tempfile::TempDir;

/// One that lines break within, one of several lines, one whose characters change in Markdown, HTML and JSON, and
/// one that is longer than a line.
const SECRETS: [(&str, &str); 4] = [
    ("A_SECRET", "c4nary swallow heron bittern plover"),
    ("B_SECRET", "c4nary-wren\nfinch-lark-9\nthrush-owl-7"),
    (
        "C_SECRET",
        "c4n*ry_jayhawk9<b>|d&amp\"kiteling7'$[x](y)~`robinette8#@crane-gull9",
    ),
    (
        "D_SECRET",
        "c4nary0zyxwvutsrqponmlkjihgfedcba0123456789abcdefghijklmnopqrstuvwxyz0123456789ostrichpelican",
    ),
];

/// So many characters of a secret are told by no text.
const PIECE: usize = 8;

/// A text of several words that holds every secret of one line, each time broken elsewhere; quoted for TOML.
fn words(place: usize) -> String {
    let [a, _, c, d] = SECRETS.map(|(_, value)| value);
    let text = format!("{}{a} {c} {d} and {a}", "pad, ".repeat(place % 9));
    serde_json::to_string(&text).unwrap()
}

/// The same with the one of several lines.
fn lines(place: usize) -> String {
    let (text, b) = (words(place), SECRETS[1].1);
    let text: String = serde_json::from_str(&text).unwrap();
    serde_json::to_string(&format!("{text} or {b} and {b}")).unwrap()
}

/// A check with words of every kind.
fn check(id: &str, look: &str, that: &str, place: usize) -> String {
    let own = |offset: usize| lines(place + offset);
    let raw = serde_json::to_string(&format!("in code:\n    one {}\n  two", SECRETS[1].1)).unwrap();
    format!(
        "id = \"mine.{id}\"\ntitle = {}\nwhy = {}\nseverity = \"high\"\nlevel = \"static\"\nsuites = [\"smoke\"]\nreferences = [{}]\n\
         [look]\n{look}\n[[expect]]\nthat = '''{that}'''\notherwise = {}\nexpected = {}\nfound = {}\nundecided = {}\n\
         [remedy]\ntext = {raw}\n\
         [contradiction]\ndocument = {}\nsays = {}\ntruth = {}\nsource = {}\nmet_when = \"true\"\n\
         [[contradiction.assess]]\nwhen = \"true\"\nword = \"sound\"\n\
         [[example]]\nname = {}\nhindrance = \"timeout\"\nverdict = \"inconclusive\"\n",
        own(0),
        own(1),
        own(2),
        own(3),
        own(4),
        own(5),
        own(6),
        own(7),
        own(8),
        own(1),
        own(2),
        own(3),
    )
}

struct Project {
    folder: TempDir,
    key: TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            key: tempfile::tempdir().unwrap(),
        };
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "ann", "-f"])
            .arg(project.ann())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let root = project.root();
        let there = "probe = \"file\"\npath = \"package.json\"";
        let gone = "probe = \"file\"\npath = \"gone.md\"";
        for (place, (id, look, that)) in [
            ("passes", there, "exists"),
            ("fails", gone, "exists"),
            ("waived", gone, "exists"),
            ("untold", there, "int('a') == 1"),
            ("odd", there, "size < 0"),
        ]
        .into_iter()
        .enumerate()
        {
            let path = format!(".holdpoint/checks/{id}.toml");
            write(root, &path, &check(id, look, that, place * 2));
        }
        let needs = check("blocked", there, "exists", 3)
            .replace("[look]", "needs = [\"mine.fails\"]\n[look]");
        write(root, ".holdpoint/checks/blocked.toml", &needs);
        let other = check("elsewhere", there, "exists", 4)
            .replace("[look]", "applies_when = \"false\"\n[look]");
        write(root, ".holdpoint/checks/elsewhere.toml", &other);
        write(root, "package.json", "{\"name\": \"shop\"}\n");
        write(
            root,
            ".holdpoint/waivers.toml",
            &format!(
                "[[waiver]]\ncheck = \"mine.waived\"\nowner = \"ann@example.com\"\nreason = {}\nuntil = 9999-12-30\n\
                 [[waiver]]\ncheck = \"mine.fails\"\nowner = {}\nreason = {}\nuntil = 2020-01-01\n",
                words(1),
                words(2),
                words(3)
            ),
        );
        write(
            root,
            ".holdpoint/attestations.toml",
            &format!(
                "[[attestation]]\nitem = \"release:window\"\nstatement = {}\nby = {}\non = 2026-01-01\nevidence = {}\nuntil = 9999-12-30\n",
                words(4),
                words(5),
                words(6)
            ),
        );
        write(
            root,
            ".holdpoint/gates.toml",
            &format!(
                "shipped = false\n\
                 [[gate]]\nname = \"build\"\ntitle = {}\nowner = \"Team One\"\nsuite = \"build\"\nlevel = \"static\"\ndocuments = [\"plan\"]\n\
                 [[gate.exempt]]\ncheck = \"mine.untold\"\nreason = {}\n\
                 [[gate]]\nname = \"well\"\ntitle = \"well\"\nowner = \"Team Two\"\nsuite = \"well\"\nlevel = \"static\"\n\
                 [[gate]]\nname = \"release\"\ntitle = {}\nowner = \"Managing Engineer\"\nupstream = [\"build\", \"well\"]\n\
                 [[gate.criterion]]\nsays = {}\nthat = \"failing.critical == 0\"\n\
                 [[gate.criterion]]\nsays = {}\nattested = \"window\"\n",
                words(7),
                words(8),
                words(1),
                words(2),
                words(3)
            ),
        );
        write(
            root,
            ".holdpoint/maps/plan.toml",
            &format!(
                "name = 'plan'\ntitle = {}\nfile = 'PLAN.md'\n\
                 [[item]]\nid = 'P1'\nunder = 'Plan'\nitem = 'The manifest is there'\nruling = 'auto'\nchecks = ['mine.passes']\n\
                 [[item]]\nid = 'P2'\nunder = 'Plan'\nitem = 'Another thing'\nruling = 'auto'\nchecks = ['mine.fails']\n",
                words(5)
            ),
        );
        write(
            root,
            "docs/PLAN.md",
            "# Plan\n\n- [ ] The manifest is there\n- [ ] Another thing\n",
        );
        write(
            root,
            "holdpoint.toml",
            &format!(
                "[project]\nname = {}\n[suites]\nbuild = [\"mine.*\"]\nwell = [\"mine.passes\"]\n[documents]\nplan = \"docs/PLAN.md\"\n\
                 [plan.build]\nleader = {}\ntarget = 2026-01-01\n",
                words(6),
                serde_json::to_string(&format!("{} {}", SECRETS[0].1, SECRETS[2].1)).unwrap()
            ),
        );
        let key = fs::read_to_string(project.ann().with_extension("pub")).unwrap();
        let line = format!("ann@example.com namespaces=\"*@holdpoint\" {key}");
        write(root, ".holdpoint/allowed_signers", &line);
        project.git(&["init", "-q", "-b", "main"]);
        project.git(&["add", "-A"]);
        project.git(&["commit", "-q", "-m", "all"]);
        project
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn ann(&self) -> PathBuf {
        self.key.path().join("ann")
    }

    fn git(&self, arguments: &[&str]) {
        let made = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(["-c", "commit.gpgsign=false", "-C"])
            .arg(self.root())
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .status()
            .unwrap();
        assert!(made.success());
    }

    /// A call by somebody who knows no secret.
    fn unknowing(&self, call: &[&str]) -> Holdpoint {
        holdpoint(call.iter().copied()).within(self.root())
    }

    /// A call by somebody whose secrets they are.
    fn knowing(&self, call: &[&str]) -> Holdpoint {
        let known = self.unknowing(call);
        let each = SECRETS.iter();
        each.fold(known, |call, (name, value)| call.env(name, value))
    }
}

/// Letters and digits alone, so that no wrapping, border or escape hides a piece.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // Colours have letters of their own.
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        rest = rest[at..].split_once('m').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.retain(|c| c.is_ascii_alphanumeric());
    out
}

#[track_caller]
fn expect_clean(what: &str, text: &str) {
    let told = bare(text);
    for (name, secret) in SECRETS {
        let secret = bare(secret);
        for at in 0..=secret.len() - PIECE {
            let piece = &secret[at..at + PIECE];
            assert!(
                !told.contains(piece),
                "{what} holds {piece} of {name}:\n{text}"
            );
        }
    }
}

/// How often a secret was taken out.
fn named(text: &str) -> usize {
    SECRETS
        .iter()
        .map(|(name, _)| text.matches(name).count())
        .sum()
}

#[track_caller]
fn clean(call: &[&str], outcome: &Outcome) -> usize {
    assert_ne!(
        outcome.code(),
        2,
        "{call:?}\n{}{}",
        outcome.stdout,
        outcome.stderr
    );
    expect_clean(&format!("standard output of {call:?}"), &outcome.stdout);
    expect_clean(&format!("standard error of {call:?}"), &outcome.stderr);
    named(&outcome.stdout)
}

/// What goes into files, and so is cut and escaped.
const FORMATS: [&str; 11] = [
    "terminal",
    "json",
    "junit",
    "markdown",
    "html",
    "sarif",
    "sign-off",
    "limits-plot",
    "in-toto",
    "code-quality",
    "dotenv",
];

/// What is laid out for a terminal of some width.
const SHOWN: &[&[&str]] = &[
    &["report", "--from", "latest"],
    &["report", "--from", "latest~1", "-v"],
    &["report", "--from", "latest~1", "-q"],
    &["diff", "latest~1", "latest"],
    &["explain", "latest~1"],
    &["explain", "latest~1:mine.fails"],
    &["explain", "latest~1:mine.waived"],
    &["explain", "latest:mine.passes"],
    &["gate"],
    &["gate", "build"],
    &["gate", "well"],
    &["gate", "release"],
    &["status"],
    &["status", "--standup"],
    &["status", "--governance"],
    &["plan", "build", "--level", "static"],
    &["list", "mine.*"],
    &["guide", "build"],
    &["explain", "mine.fails"],
    &["verify"],
    &["docs", "--from", "latest~1"],
];

/// What is written for other eyes.
const PIPED: &[&[&str]] = &[
    &["gate", "build", "--report", "markdown=-"],
    &["gate", "build", "--report", "json=-"],
    &["status", "--report", "markdown=-"],
    &["status", "--report", "json=-"],
    &["docs", "--from", "latest~1", "--gaps"],
    &["docs", "--from", "latest~1", "--write"],
    &["sign", "well", "--show"],
];

/// Every format into a file, where none of them tells anything.
fn reports(project: &Project, call: &[&str]) -> usize {
    let to = FORMATS.map(|format| format!("{format}={}", project.root().join(format).display()));
    let mut call = call.to_vec();
    for one in &to {
        call.extend(["--report", one.as_str()]);
    }
    let outcome = project.knowing(&call).run();
    let files = FORMATS.map(|format| {
        let text = fs::read_to_string(project.root().join(format)).unwrap();
        expect_clean(&format!("{format} of {call:?}"), &text);
        named(&text)
    });
    clean(&call, &outcome) + files.iter().sum::<usize>()
}

#[test]
fn no_word_of_a_users_file_tells_a_secret() {
    let project = Project::new();
    let run = [
        "run",
        "build",
        "--level",
        "static",
        "--before-gate",
        "a rehearsal",
    ];
    let mut told = reports(&project, &run);
    let summary = project.root().join("summary.md");
    fs::write(&summary, "").unwrap();
    let again = ["report", "--from", "latest"];
    let github = project.knowing(&again).env("GITHUB_ACTIONS", "true");
    told += clean(&again, &github.env("GITHUB_STEP_SUMMARY", &summary).run());
    expect_clean("the summary", &fs::read_to_string(&summary).unwrap());
    let mut files = Vec::new();
    every_file(&project.root().join(".holdpoint/records"), &mut files);
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        expect_clean(&path.display().to_string(), &text);
        told += named(&text);
    }
    // What people said before anybody knew that it is secret, which is in records and ledger from then on.
    let [a, _, c, d] = SECRETS.map(|(_, value)| value);
    let comment = format!("seen {a} {c} {d}");
    let well = [
        "run",
        "well",
        "--level",
        "static",
        "--before-gate",
        &comment,
    ];
    project.unknowing(&well).run().expect_code(0);
    for (gate, more) in [("well", "--yes"), ("build", "--no")] {
        let key = project.ann();
        let sign = [
            "sign",
            gate,
            "--yes",
            "--comment",
            &comment,
            "--key",
            key.to_str().unwrap(),
        ];
        let sign = match more {
            "--yes" => sign.to_vec(),
            more => [&sign[..], &[more]].concat(),
        };
        project.unknowing(&sign).run().expect_code(0);
    }
    for (place, call) in SHOWN.iter().enumerate() {
        let columns = [47, 80, 60, 53][place % 4];
        told += clean(call, &project.knowing(call).at_terminal(columns));
    }
    for call in PIPED {
        told += clean(call, &project.knowing(call).run());
    }
    told += reports(&project, &["report", "--from", "latest"]);
    told += reports(&project, &["report", "--from", "latest~1"]);
    let plan = fs::read_to_string(project.root().join("docs/PLAN.md")).unwrap();
    expect_clean("the document", &plan);
    assert!(
        told > 300,
        "secrets were taken out {told} times, so little was tested"
    );
}
