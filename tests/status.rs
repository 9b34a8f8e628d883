//! The verb `status` through the program: boards over real records, keys and a real repository.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::evidence::digest;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::git::git;
use support::{Outcome, holdpoint, write};
use tempfile::TempDir;

const SETTINGS: &str = "[suites]\nomega = [\"shop.manifest\", \"shop.license\"]\nsigma = [\"shop.readme\", \"shop.tests\"]\n";
const GATES: &str = "shipped = false\n\
     [[gate]]\nname = \"infra\"\ntitle = \"the infrastructure\"\nowner = \"Team Omega\"\nsuite = \"omega\"\nlevel = \"static\"\n\
     [[gate]]\nname = \"quality\"\ntitle = \"the tests\"\nowner = \"Team Sigma\"\nsuite = \"sigma\"\nlevel = \"static\"\nupstream = [\"infra\"]\n\
     [[gate]]\nname = \"release\"\ntitle = \"go or no-go\"\nowner = \"Managing Engineer\"\nupstream = [\"infra\", \"quality\"]\n\
     [[gate.criterion]]\nsays = \"the window is confirmed\"\nattested = \"window\"\n";

fn check(id: &str, file: &str, severity: &str) -> String {
    format!(
        "id = \"shop.{id}\"\ntitle = \"{file} is there\"\nwhy = \"it is needed\"\nseverity = \"{severity}\"\nlevel = \"static\"\nsuites = [\"quality\"]\n\
         [look]\nprobe = \"file\"\npath = \"{file}\"\n[[expect]]\nthat = \"exists\"\notherwise = \"{file} is not there\"\n\
         [remedy]\ntext = \"write it\"\n"
    )
}

const FILES: [(&str, &str, &str); 4] = [
    ("manifest", "package.json", "high"),
    ("license", "LICENSE", "critical"),
    ("readme", "README.md", "low"),
    ("tests", "tests.txt", "high"),
];

/// A project in a git repository, in which everything is there, and Ann's key.
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
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "ann", "-f"])
            .arg(project.key())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let root = project.root();
        for (id, file, severity) in FILES {
            let path = format!(".holdpoint/checks/{id}.toml");
            write(root, &path, &check(id, file, severity));
            write(root, file, "it\n");
        }
        write(root, "package.json", "{\"name\": \"shop\"}\n");
        write(root, ".holdpoint/gates.toml", GATES);
        write(root, "holdpoint.toml", SETTINGS);
        project.git(&["init", "-q", "-b", "main"]);
        project.commit("all");
        project
    }

    /// The same, where Ann may sign.
    fn in_force() -> Self {
        let project = Self::new();
        let key = fs::read_to_string(project.key().with_extension("pub")).unwrap();
        let line = format!("ann@example.com namespaces=\"*@holdpoint\" {key}");
        write(project.root(), ".holdpoint/allowed_signers", &line);
        project.commit("signers");
        project
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn key(&self) -> PathBuf {
        self.keys.path().join("ann")
    }

    fn git(&self, arguments: &[&str]) {
        let output = git(self.root()).args(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
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
        let (told, wrong) = (&outcome.stdout, &outcome.stderr);
        assert_eq!(outcome.code(), code, "{arguments:?}\n{told}\n{wrong}");
        assert!(!wrong.contains("panicked"), "{wrong}");
        outcome
    }

    #[track_caller]
    fn run(&self, suite: &str, code: i32) -> Outcome {
        self.call(
            &[
                "run",
                suite,
                "--level",
                "static",
                "--before-gate",
                "a rehearsal",
            ],
            code,
        )
    }

    #[track_caller]
    fn sign(&self, gate: &str, more: &[&str]) {
        let key = self.key();
        let call = ["sign", gate, "--yes", "--key", key.to_str().unwrap()];
        self.call(&[&call, more].concat(), 0);
    }

    /// The board for programs, whatever it ends with.
    fn told(&self, more: &[&str]) -> Value {
        let call = [&["status", "--report", "json=-"], more].concat();
        let outcome = holdpoint(call).within(self.root()).run();
        serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", outcome.stdout, outcome.stderr))
    }

    fn team(&self, place: usize) -> Value {
        self.told(&[])["teams"][place].clone()
    }

    /// Without a file that a check asks for, as a commit of its own.
    fn without(&self, file: &str) {
        fs::remove_file(self.root().join(file)).unwrap();
        self.commit("without");
    }

    fn with(&self, file: &str) {
        write(self.root(), file, "it\n");
        self.commit("with");
    }

    fn records(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.root().join(".holdpoint/records")).unwrap();
        let paths = folder.map(|entry| entry.unwrap().path());
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
            .collect();
        paths.sort();
        paths
    }

    /// Every record there is, as if it had been made so many hours earlier.
    fn age(&self, hours: i64) {
        let earlier = |text: &Value| -> Timestamp {
            let at: Timestamp = text.as_str().unwrap().parse().unwrap();
            at - SignedDuration::from_hours(hours)
        };
        for path in self.records() {
            let text = fs::read_to_string(&path).unwrap();
            let (mut out, mut name) = (String::new(), String::new());
            for line in text.lines() {
                let mut line: Value = serde_json::from_str(line).unwrap();
                if let Some(header) = line.get_mut("record") {
                    let started = earlier(&header["started"]);
                    let run = header["run"].as_str().unwrap();
                    let end = run.rsplit('-').next().unwrap();
                    name = format!("{}-{end}", started.strftime("%Y%m%dT%H%M%SZ"));
                    header["run"] = name.clone().into();
                    header["started"] = started.to_string().into();
                } else if let Some(planned) = line.get_mut("planned") {
                    planned["digest"] = digest(out.as_bytes()).into();
                } else if let Some(ending) = line.get_mut("ending") {
                    ending["ended"] = earlier(&ending["ended"]).to_string().into();
                }
                out += &format!("{line}\n");
            }
            fs::remove_file(&path).unwrap();
            fs::write(path.with_file_name(format!("{name}.jsonl")), out).unwrap();
        }
    }
}

#[track_caller]
fn says(text: &str, wanted: &[&str]) {
    for one in wanted {
        assert!(text.contains(one), "{one}\n{text}");
    }
}

/// The block of a team in a standup.
fn block<'t>(text: &'t str, team: &str) -> &'t str {
    let begins = format!("{team}: ");
    let found = text.split("\n\n").find(|block| block.starts_with(&begins));
    found.unwrap_or_else(|| panic!("{team}:\n{text}"))
}

#[test]
fn where_nothing_is_there_it_says_what_comes_first() {
    let told = holdpoint(["status"]).run();
    assert_eq!(told.code(), 3, "{}{}", told.stdout, told.stderr);
    says(
        &told.stdout,
        &[
            "Omega",
            "Managing Engineer",
            "nobody named",
            "do not ship: gate release is undecided",
            "0 of 6 gates open",
            "1 Omega (can act now) → 2 Sigma beside Pi → 4 Alpha beside Beta → 6 Managing Engineer",
            "no run was recorded yet; next: holdpoint run infrastructure --level active",
            "there is no .holdpoint/allowed_signers",
        ],
    );
    let told = holdpoint(["status", "--standup"]).run();
    says(
        &told.stdout,
        &[
            "no record holds its whole suite",
            "holds up Sigma, Pi, Alpha, Beta",
        ],
    );
    assert!(!told.stdout.contains("nothing changed"), "{}", told.stdout);
    let told = holdpoint(["status", "--governance"]).run();
    says(
        &told.stdout,
        &[
            "phases: 0 of 6 gates open",
            "nobody looked",
            "nobody has stated it",
        ],
    );
}

#[test]
fn it_ends_with_what_the_last_gate_says() {
    let project = Project::new();
    project.call(&["status"], 3);
    project.without("LICENSE");
    project.run("omega", 1);
    let told = project.call(&["status"], 1);
    says(&told.stdout, &["nobody may sign yet", "shop.license"]);
    let project = Project::in_force();
    project.run("omega", 0);
    project.run("sigma", 0);
    let told = project.told(&[]);
    assert_eq!(told["teams"][0]["state"], "ready to sign");
    assert_eq!(told["teams"][0]["next"]["what"], "holdpoint sign infra");
    assert_eq!(told["teams"][0]["maySign"][0], "ann@example.com");
    assert_eq!(told["criticalPath"][0]["gate"], "infra");
    // Nobody is counted twice: infra lacks its sign-off, and release its statement.
    let held = told["held"].as_array().unwrap();
    let what: Vec<&str> = held
        .iter()
        .map(|one| one["what"].as_str().unwrap())
        .collect();
    assert_eq!(what, ["sign-off", "release:window"]);
    project.sign("infra", &[]);
    let told = project.call(&["status"], 3);
    says(
        &told.stdout,
        &[
            "1 of 3 gates open",
            "2 Sigma (can act now) → 3 Managing Engineer",
        ],
    );
    let told = project.told(&[]);
    assert_eq!(told["teams"][0]["state"], "open");
    assert_eq!(told["teams"][0]["next"], Value::Null);
    assert_eq!(told["criticalPath"][0]["gate"], "quality");
    project.sign("quality", &[]);
    let window = [
        "attest",
        "release:window",
        "--by",
        "the lead",
        "--statement",
        "Thursday",
    ];
    let until = [
        "--evidence",
        "https://example.com/1",
        "--until",
        "2199-12-31",
    ];
    project.call(&[&window[..], &until].concat(), 0);
    project.call(&["status"], 3);
    project.sign("release", &[]);
    let told = project.call(&["status"], 0);
    says(
        &told.stdout,
        &["OPEN", "ship: gate release is open", "3 of 3 gates open"],
    );
    assert!(!told.stdout.contains("critical path"), "{}", told.stdout);
    // What failed since closes what was open, and says whom that holds up.
    fs::remove_file(project.root().join("LICENSE")).unwrap();
    project.run("shop.license", 1);
    project.git(&["checkout", "-q", "LICENSE"]);
    let told = project.call(&["status"], 1);
    says(
        &told.stdout,
        &[
            "NO-GO",
            "do not ship: gate release is no-go",
            "shop.license",
        ],
    );
    let told = project.told(&["--standup"]);
    assert_eq!(
        told["teams"][0]["holdsUp"],
        serde_json::json!(["quality", "release"])
    );
    let news = &told["standup"]["teams"][0];
    assert_eq!(news["newlyHeldBy"][0]["what"], "shop.license");
    assert_eq!(news["words"][0]["what"], "signed");
    assert_eq!(news["words"][0]["state"], "regressed");
}

#[test]
fn a_date_that_is_moved_ends_no_sign_off_and_a_late_one_is_told() {
    let project = Project::in_force();
    let plan = |target: &str| {
        let text = format!(
            "{SETTINGS}[plan.omega]\ntarget = {target}\nleader = \"Ann\"\n[plan.quality]\ntarget = \"2020-02-29\"\n"
        );
        write(project.root(), "holdpoint.toml", &text);
    };
    plan("2199-12-31");
    project.commit("plan");
    project.run("omega", 0);
    project.sign("infra", &[]);
    let row = project.team(0);
    assert_eq!(
        (&row["state"], &row["leader"], &row["target"]),
        (&"open".into(), &"Ann".into(), &"2199-12-31".into())
    );
    // Moved, committed or not.
    plan("2020-01-01");
    assert_eq!(project.team(0)["state"], "open");
    project.commit("moved");
    assert_eq!(project.team(0)["state"], "open");
    project.call(&["verify"], 0);
    // A gate that is open is not late, and one that is not is.
    let told = project.call(&["status"], 3).stdout;
    let of = |team: &str| told.lines().find(|line| line.starts_with(team)).unwrap();
    says(of("Omega"), &["open", "2020-01-01", "Ann"]);
    assert!(!of("Omega").contains("late"), "{told}");
    says(&told, &["days late"]);
    let weighed = project.told(&["--governance"]);
    let risks = weighed["governance"]["risks"].as_array().unwrap();
    let missed: Vec<&Value> = risks
        .iter()
        .filter(|one| one["kind"] == "target missed")
        .collect();
    assert_eq!(missed.len(), 1, "{weighed:#}");
    assert_eq!(missed[0]["gate"], "quality");
    assert_eq!(missed[0]["source"], "holdpoint.toml:7");
    // Anything else in the settings is other code.
    let text = fs::read_to_string(project.root().join("holdpoint.toml")).unwrap();
    write(
        project.root(),
        "holdpoint.toml",
        &text.replace("sigma = [", "sigma = [\"shop.license\", "),
    );
    assert_eq!(project.team(0)["state"], "undecided");
}

#[test]
fn a_wrong_plan_is_refused_with_its_place() {
    let project = Project::in_force();
    for (plan, wanted) in [
        (
            "[plan.infr]\ntarget = 2026-12-01\n",
            &[
                "no gate and no team 'infr'",
                "did you mean 'infra'?",
                "holdpoint.toml:4:7",
            ][..],
        ),
        ("[plan.sgma]\n", &["did you mean 'sigma'?"]),
        (
            "[plan.infra]\n[plan.omega]\n",
            &["twice", "holdpoint.toml:5:7"],
        ),
        (
            "[plan.infra]\ntarget = 2026-12-01T10:00:00Z\n",
            &["'target' is not a date", "holdpoint.toml:5:10"],
        ),
        (
            "[plan.infra]\ntarget = \"2026-02-30\"\n",
            &["'target' is not a date: 2026-02-30"],
        ),
        ("[plan.infra]\ntarget = 3\n", &["'target' is not a date"]),
        ("[plan.infra]\nleader = \" \"\n", &["'leader' names nobody"]),
        (
            "[plan.infra]\nlead = \"Ann\"\n",
            &["did you mean 'leader'?"],
        ),
        ("[plan]\ninfra = 3\n", &["must be a table"]),
    ] {
        write(
            project.root(),
            "holdpoint.toml",
            &format!("{SETTINGS}{plan}"),
        );
        let told = project.call(&["status"], 2);
        says(&told.stderr, wanted);
        assert_eq!(told.stdout, "");
    }
    write(project.root(), "holdpoint.toml", SETTINGS);
    let day = project.told(&[])["at"].as_str().unwrap()[..10].to_owned();
    let plan =
        format!("{SETTINGS}[plan]\nSigma.target = {day}\nrelease = {{ leader = \"Amp\" }}\n");
    write(project.root(), "holdpoint.toml", &plan);
    let told = project.call(&["status"], 3).stdout;
    says(&told, &["today", "Amp"]);
    for wrong in [
        &["--since", "3d"][..],
        &["--standup", "--since", "yesterday"],
        &["--standup", "--since", "2199-01-01"],
        &["--standup", "--governance"],
        &["--report", "junit=a.xml"],
        &["--report", "json=-", "--report", "markdown=-"],
    ] {
        project.call(&[&["status"], wrong].concat(), 2);
    }
}

#[test]
fn a_standup_says_what_broke_what_was_mended_and_what_nobody_saw() {
    let project = Project::in_force();
    project.without("LICENSE");
    project.run("omega", 1);
    project.run("sigma", 0);
    let told = project.call(&["status", "--standup"], 1).stdout;
    says(
        block(&told, "Omega"),
        &[
            "no run before then to compare with",
            "newly held by shop.license",
        ],
    );
    project.age(49);
    // Nobody has looked since yesterday; three days ago nobody had looked at all.
    let told = project.call(&["status", "--standup"], 1).stdout;
    says(block(&told, "Omega"), &["nobody has looked since; no run"]);
    let told = project
        .call(&["status", "--standup", "--since", "3d"], 1)
        .stdout;
    says(
        block(&told, "Omega"),
        &["newly held by shop.license; no run before then to compare with"],
    );
    let long = project.call(&["status"], 1).stdout;
    says(
        &long,
        &[
            "held for over 24 hours",
            "✗ shop.license critical · Omega since",
            "2 days",
        ],
    );
    let held = &project.told(&[])["held"];
    let license: Vec<&Value> = held
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["what"] == "shop.license")
        .collect();
    assert_eq!(license.len(), 1, "{held:#}");
    assert_eq!(
        (&license[0]["gate"], &license[0]["long"]),
        (&"infra".into(), &true.into())
    );
    // One is mended, and the other breaks.
    project.with("LICENSE");
    project.without("tests.txt");
    project.run("omega", 0);
    project.run("sigma", 1);
    let told = project.call(&["status", "--standup"], 1).stdout;
    says(block(&told, "Omega"), &["mended: shop.license; 1 run, "]);
    says(
        block(&told, "Sigma"),
        &["broke: shop.tests; newly held by shop.tests; 1 run, "],
    );
    says(
        block(&told, "Managing Engineer"),
        &["it rests on the gates before it"],
    );
    let news = &project.told(&["--standup"])["standup"]["teams"];
    assert_eq!(news[0]["checks"][0]["change"], "mended");
    assert_eq!(news[1]["checks"][0]["change"], "broke");
    assert_eq!(
        (
            &news[1]["checks"][0]["before"],
            &news[1]["checks"][0]["after"]
        ),
        (&"pass".into(), &"fail".into())
    );
    let page = project
        .call(&["status", "--standup", "--report", "markdown=-"], 1)
        .stdout;
    says(
        &page,
        &[
            "## Omega",
            "- Changed: mended: shop.license; 1 run",
            "- Holds up: Managing Engineer",
        ],
    );
    // A risk names the run that saw it, which need not be the one that its gate rests on.
    project.age(30);
    project.without("LICENSE");
    project.run("shop.license", 1);
    let weighed = &project.told(&["--governance"])["governance"];
    let risk = &weighed["risks"][0];
    assert_eq!(risk["what"], "shop.license");
    let source = risk["source"].as_str().unwrap();
    says(risk["says"].as_str().unwrap(), &[source]);
    says(&weighed["refused"].to_string(), &["infra is not open"]);
    let text = project.call(&["status", "--governance"], 1).stdout;
    says(&text, &["readiness\n✗ the gates before it are open: "]);
    project.with("LICENSE");
    // A part of the suite is no whole picture of it, and the same whole picture is.
    project.run("omega", 0);
    project.age(30);
    project.run("shop.manifest", 0);
    let told = project.call(&["status", "--standup"], 1).stdout;
    says(block(&told, "Omega"), &["no run of the whole suite"]);
    project.run("omega", 0);
    let told = project.call(&["status", "--standup"], 1).stdout;
    says(block(&told, "Omega"), &["nothing changed; 2 runs, last "]);
    assert_eq!(
        project.told(&["--standup"])["standup"]["teams"][0]["unchanged"],
        true
    );
    for team in ["Omega", "Sigma", "Managing Engineer"] {
        assert!(block(&told, team).lines().count() <= 5, "{told}");
    }
}

/// What was seen to fail on its own between the last whole run and yesterday did not break since.
#[test]
fn what_was_known_yesterday_is_no_news() {
    let project = Project::in_force();
    project.run("omega", 0);
    project.age(24);
    project.without("LICENSE");
    project.run("shop.license", 1);
    project.age(30);
    project.run("omega", 1);
    let told = project.call(&["status", "--standup"], 1).stdout;
    says(block(&told, "Omega"), &["nothing changed"]);
    let told = project
        .call(&["status", "--standup", "--since", "2d"], 1)
        .stdout;
    says(block(&told, "Omega"), &["broke: shop.license"]);
}

#[test]
fn words_that_were_given_taken_back_and_lost_are_told() {
    let project = Project::in_force();
    project.run("omega", 0);
    project.age(1);
    project.sign("infra", &[]);
    let words = |more: &[&str]| {
        project.told(&[&["--standup"], more].concat())["standup"]["teams"][0]["words"].clone()
    };
    let signed = words(&[]);
    assert_eq!(
        (&signed[0]["what"], &signed[0]["state"]),
        (&"signed".into(), &"valid".into())
    );
    // A moment later it is no news, and that it lapsed is, but not when.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(words(&["--since", "1s"]), serde_json::json!([]));
    write(project.root(), "package.json", "{\"name\": \"other\"}\n");
    let lapsed = words(&["--since", "1s"]);
    assert_eq!(
        (&lapsed[0]["what"], &lapsed[0]["state"]),
        (&"does not count".into(), &"code changed".into())
    );
    let told = project
        .call(&["status", "--standup", "--since", "1s"], 3)
        .stdout;
    says(
        &told,
        &["the word of ann@example.com does not count: code changed"],
    );
    project.git(&["checkout", "-q", "package.json"]);
    project.sign("infra", &["--no", "--comment", "wait"]);
    let no = words(&[]);
    assert_eq!(no[0]["what"], "said no");
    // A no has its time.
    let held = project.told(&[])["teams"][0]["blocker"].clone();
    assert_eq!(held["what"], "sign-off");
    assert!(held["since"].is_string(), "{held:#}");
    let told = project.call(&["status", "--standup"], 1).stdout;
    says(
        block(&told, "Omega"),
        &["ann@example.com said no on", "wait"],
    );
}

#[test]
fn risks_have_their_source_and_who_must_act() {
    let project = Project::in_force();
    let now: Timestamp = project.told(&[])["at"].as_str().unwrap().parse().unwrap();
    let day = |hours: i64| {
        (now + SignedDuration::from_hours(hours))
            .strftime("%Y-%m-%d")
            .to_string()
    };
    let plan = format!(
        "{SETTINGS}[plan.release]\ntarget = {}\nleader = \"Amp\"\n",
        day(24)
    );
    write(project.root(), "holdpoint.toml", &plan);
    project.without("tests.txt");
    let waive = [
        "waive",
        "shop.tests",
        "--owner",
        "ann@example.com",
        "--reason",
        "later",
        "--until",
    ];
    project.call(&[&waive[..], &[&day(72)]].concat(), 0);
    let window = [
        "attest",
        "release:window",
        "--by",
        "the lead",
        "--statement",
        "Thursday",
    ];
    let until = ["--evidence", "https://example.com/1", "--until", &day(48)];
    project.call(&[&window[..], &until].concat(), 0);
    project.run("omega", 0);
    project.run("sigma", 0);
    // Evidence lasts for seven days.
    project.age(6 * 24);
    let told = project.told(&["--governance"]);
    let risk = |kind: &str, what: &str| {
        let risks = told["governance"]["risks"].as_array().unwrap();
        let found = risks
            .iter()
            .find(|one| one["kind"] == kind && one["what"] == what);
        found
            .unwrap_or_else(|| panic!("{kind} {what}: {told:#}"))
            .clone()
    };
    assert_eq!(risk("target near", "gate release")["who"], "Amp");
    let waiver = risk("ends soon", "waiver of shop.tests");
    says(
        waiver["source"].as_str().unwrap(),
        &[".holdpoint/waivers.toml:"],
    );
    assert_eq!(waiver["who"], "ann@example.com");
    assert_eq!(
        risk("ends soon", "statement on release:window")["who"],
        "the lead"
    );
    let ages = risk("evidence ages", "evidence of infra");
    assert!(
        ages["source"].as_str().unwrap().starts_with("run 20"),
        "{ages}"
    );
    assert_eq!(ages["who"], "Team Omega");
    says(
        risk("ran early", "evidence of quality")["says"]
            .as_str()
            .unwrap(),
        &["a rehearsal"],
    );
    assert_eq!(told["governance"]["mustAct"][0]["owner"], "Team Omega");
    let text = project.call(&["status", "--governance"], 3).stdout;
    says(
        &text,
        &[
            "! target near · gate release",
            "who      Amp",
            "who must act",
            "readiness\n? the gates before it are open: ",
        ],
    );
    let page = project
        .call(&["status", "--governance", "--report", "markdown=-"], 3)
        .stdout;
    says(
        &page,
        &[
            "## Risks: ",
            "| target near | gate release |",
            "## Who must act",
            "- Team Omega: 1",
        ],
    );
    // A record that is too old is a blocker and no longer a risk of becoming one.
    project.age(48);
    let told = project.told(&["--governance"]);
    assert!(
        !told["governance"]["risks"]
            .to_string()
            .contains("evidence ages"),
        "{told:#}"
    );
    assert_eq!(told["teams"][0]["blocker"]["what"], "evidence");
}

#[test]
fn why_a_suite_ran_early_is_shown_where_evidence_is() {
    let project = Project::in_force();
    let told = project.run("sigma", 0);
    says(
        &told.stderr,
        &["gate quality: this run is its newest evidence; holdpoint gate quality"],
    );
    let quiet = project.call(&["run", "omega", "--level", "static", "--quiet"], 0);
    assert!(
        !quiet.stderr.contains("newest evidence"),
        "{}",
        quiet.stderr
    );
    let part = project.call(&["run", "shop.readme", "--level", "static"], 0);
    assert!(!part.stderr.contains("newest evidence"), "{}", part.stderr);
    let told = project.call(&["gate", "quality"], 3).stdout;
    says(
        &told,
        &["before the gates before it were open: a rehearsal"],
    );
    let page = project
        .call(&["gate", "quality", "--report", "markdown"], 3)
        .stdout;
    says(
        &page,
        &["was made before the gates before it were open: a rehearsal"],
    );
    let told = project
        .call(&["gate", "quality", "--report", "json"], 3)
        .stdout;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["gates"][0]["evidence"][0]["beforeGate"], "a rehearsal");
    assert_eq!(project.team(1)["evidence"][0]["beforeGate"], "a rehearsal");
    let project = Project::new();
    let told = project.run("sigma", 0);
    assert!(
        !told.stderr.contains("newest evidence"),
        "nobody may sign: {}",
        told.stderr
    );
}

#[test]
fn hostile_words_stay_words_and_files_are_written_whole() {
    let project = Project::in_force();
    let hostile = "\\u202e gone \\n# OPEN | x | `a` </script> \\u001b[31m";
    let own =
        check("license", "LICENSE", "critical").replace("LICENSE is not there", &hostile.repeat(9));
    write(project.root(), ".holdpoint/checks/license.toml", &own);
    project.without("LICENSE");
    project.run("omega", 1);
    project.age(49);
    for board in [
        &["status"][..],
        &["status", "--standup"],
        &["status", "--governance"],
    ] {
        let told = project.call(board, 1).stdout;
        assert!(!told.contains(['\u{202e}', '\u{1b}']), "{told:?}");
        assert!(
            !told.lines().any(|line| line.starts_with("# OPEN")),
            "{told}"
        );
        assert!(
            told.lines().all(|line| line.chars().count() <= 100),
            "{told}"
        );
        let files = [
            "--report",
            "markdown=a.md",
            "--report",
            "json=a.json",
            "--report",
            "terminal=a.txt",
        ];
        project.call(&[board, &files].concat(), 1);
        let page = fs::read_to_string(project.root().join("a.md")).unwrap();
        assert!(
            !page.contains(['\u{202e}', '\u{1b}']) && !page.contains("\n# OPEN"),
            "{page}"
        );
        let text = fs::read_to_string(project.root().join("a.txt")).unwrap();
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
    }
    let missing = project.call(&["status", "--report", "json=nowhere/a.json"], 2);
    says(&missing.stderr, &["there is no folder nowhere"]);
}

#[test]
fn what_programs_are_told_keeps_its_schema() {
    let schema = include_str!("../reports/schema/status.v1.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let project = Project::in_force();
    let told = |more: &[&str]| {
        let told = project.told(more);
        let wrong: Vec<_> = schema.iter_errors(&told).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{told:#}");
        told
    };
    let all = || {
        let boards = [told(&[]), told(&["--standup"]), told(&["--governance"])];
        // Only what is asked for differs.
        let shared = |board: &Value| {
            let mut board = board.clone();
            for own in ["standup", "governance", "at"] {
                board[own] = Value::Null;
            }
            board
        };
        assert_eq!(shared(&boards[0]), shared(&boards[1]));
        assert_eq!(shared(&boards[0]), shared(&boards[2]));
        boards
    };
    all();
    project.without("LICENSE");
    project.run("omega", 1);
    project.age(49);
    project.with("LICENSE");
    project.run("omega", 0);
    project.sign("infra", &[]);
    all();
    project.sign("infra", &["--no"]);
    project.without("LICENSE");
    project.run("omega", 1);
    let [_, standup, governance] = all();
    assert!(
        standup["standup"]["teams"][0]["words"][0].is_object(),
        "{standup:#}"
    );
    // It refuses what it does not know.
    for spoil in [
        (|told: &mut Value| told["schema"] = "holdpoint.status/v2".into()) as fn(&mut Value),
        |told| told["extra"] = 1.into(),
        |told| told["release"]["ship"] = "yes".into(),
        |told| told["teams"][0]["state"] = "fine".into(),
        |told| told["teams"][0]["counts"]["unknown"] = Value::Null,
        |told| told["teams"] = serde_json::json!([]),
        |told| told["governance"]["risks"][0]["kind"] = "fine".into(),
        |told| told["held"][0]["long"] = Value::Null,
    ] {
        let mut told = governance.clone();
        spoil(&mut told);
        assert!(!schema.is_valid(&told), "{told:#}");
    }
}

/// Variables that have git look elsewhere, or take paths literally, must not make changed code that which was signed.
#[test]
fn no_variable_of_git_hides_that_the_code_changed() {
    let (project, other) = (Project::in_force(), Project::in_force());
    project.run("omega", 0);
    project.sign("infra", &[]);
    let state = |name: &str, value: &str| {
        let outcome = holdpoint(["status", "--report", "json=-"])
            .within(project.root())
            .env(name, value)
            .run();
        let told: Value = serde_json::from_str(&outcome.stdout).unwrap();
        told["teams"][0]["state"].as_str().unwrap().to_owned()
    };
    let elsewhere = other.root().join(".git");
    let elsewhere = elsewhere.to_str().unwrap();
    for (name, value) in [("GIT_LITERAL_PATHSPECS", "1"), ("GIT_DIR", elsewhere)] {
        assert_eq!(state(name, value), "open", "{name}");
    }
    write(project.root(), "package.json", "{ \"name\": \"other\" }");
    for (name, value) in [("GIT_LITERAL_PATHSPECS", "1"), ("GIT_DIR", elsewhere)] {
        assert_ne!(state(name, value), "open", "{name}");
        let outcome = holdpoint(["run", "omega", "--level", "static"])
            .within(project.root())
            .env(name, value)
            .run();
        assert_eq!(outcome.code(), 0, "{}", outcome.stderr);
        let records = project.records();
        let record = fs::read_to_string(records.last().unwrap()).unwrap();
        let header: Value = serde_json::from_str(record.lines().next().unwrap()).unwrap();
        assert!(record.contains("\"dirty\":true"), "{name}: {header}");
    }
}

/// A page compares a run with the one that was signed of its own suite, and not with a newer one of another.
#[test]
fn a_page_compares_a_run_with_what_was_signed_of_the_same_checks() {
    let project = Project::in_force();
    for (suite, gate) in [("omega", "infra"), ("sigma", "quality"), ("omega", "infra")] {
        project.run(suite, 0);
        project.sign(gate, &[]);
    }
    project.run("sigma", 0);
    let call = ["report", "--from", "latest", "--report", "html=-"];
    let page = project.call(&call, 0).stdout;
    says(
        &page,
        &[
            "ann@example.com signed for the gate <code>quality</code>",
            "Nothing changed",
        ],
    );
}

/// Nothing ships while a gate is closed, also one that the last does not wait for: `status`, `gate` and the page say the same.
#[test]
fn a_gate_beside_the_release_holds_it_too() {
    let project = Project::in_force();
    let alone = GATES.replace(
        "upstream = [\"infra\", \"quality\"]",
        "suite = \"sigma\"\nlevel = \"static\"",
    );
    let alone = alone.split("[[gate.criterion]]").next().unwrap();
    write(project.root(), ".holdpoint/gates.toml", alone);
    project.commit("gates");
    project.run("omega", 0);
    project.run("sigma", 0);
    project.sign("release", &[]);
    project.call(&["gate", "release"], 0);
    let say = |code: i32, word: &str| {
        let told = project.call(&["status"], code).stdout;
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        says(&told, &[word]);
        let json = project.call(&["status", "--report", "json=-"], code).stdout;
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["release"]["ship"], code == 0, "{json:#}");
        project.call(&["gate"], code);
        let page = ["report", "--from", "latest", "--report", "html=-"];
        let page = holdpoint(page).within(project.root()).run().stdout;
        let warned = page.contains("Do not ship yet: ");
        assert_eq!(warned, code == 3, "{word}");
    };
    say(3, "do not ship: gate quality is undecided");
    for gate in ["infra", "quality"] {
        project.sign(gate, &[]);
    }
    say(0, " ship: gate quality is open");
    project.without("LICENSE");
    project.run("omega", 1);
    say(1, "do not ship: gate quality is no-go");
}

/// A page is written after the documents of the same call, whose being there a gate asks for.
#[test]
fn a_page_knows_the_document_that_was_written_with_it() {
    let project = Project::in_force();
    let gates = GATES.replacen(
        "suite = \"omega\"",
        "suite = \"omega\"\ndocuments = [\"security-sign-off\"]",
        1,
    );
    write(project.root(), ".holdpoint/gates.toml", &gates);
    project.commit("gates");
    let call = ["run", "omega", "--level", "static", "--report", "html=-"];
    let page = |more: &[&str]| project.call(&[&call, more].concat(), 0).stdout;
    let missing = "document security-sign-off";
    assert!(page(&[]).contains(missing));
    assert!(!page(&["--report", "sign-off=SECURITY_SIGN_OFF.md"]).contains(missing));
}
