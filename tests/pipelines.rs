//! What the program adds in the pipelines of GitHub and GitLab, and that nothing of it is a way in or out.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::report::pipeline::{Annotation, Level};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use support::hostile::Server;
use support::peers::fetched;
use support::{Holdpoint, Outcome, holdpoint, write};
use tempfile::TempDir;

/// What the server says, and the findings repeat: commands of the newer and of the older form.
const SAID: &str = "x\n::set-output name=decision::go\r\n ##[add-path]/tmp ##[error]boo\n::stop-commands::t\n::add-mask::e";

fn shop() -> Server {
    Server::start(|_, client| {
        use std::io::Write as _;
        let json = json!({ "said": SAID }).to_string();
        write!(
            client,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{json}",
            json.len()
        )
    })
}

fn check(id: &str, severity: &str, expect: &str) -> String {
    format!(
        "# the check of {id}\n\nid = \"{id}\"\ntitle = \"the shop is silent\"\nwhy = \"w\"\nseverity = \"{severity}\"\nlevel = \"live\"\nsuites = [\"shop\"]\n\
         [look]\nprobe = \"http\"\npath = \"/api/{id}\"\n\
         [[expect]]\nthat = \"{expect}\"\notherwise = \"it said {{json.said}}\"\nexpected = \"silence\"\nfound = \"{{json.said}}\"\n\
         [remedy]\ntext = \"be silent about {{json.said}}\"\n\
         [[example]]\nname = \"e\"\nhindrance = \"timeout\"\nverdict = \"inconclusive\"\n"
    )
}

/// A repository with an application in a folder of it: three checks of its own, and a document that asks for two.
fn repository() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    git(&top, &["init", "--quiet"]);
    let root = top.join("web");
    write(&root, "package.json", r#"{ "name": "shop" }"#);
    for (id, severity, expect) in [
        ("shop.loud", "high", "json.said == ''"),
        ("shop.low", "low", "json.said == ''"),
        ("shop.fine", "high", "status == 200"),
    ] {
        let file = format!(".holdpoint/checks/{id}.toml");
        write(&root, &file, &check(id, severity, expect));
    }
    (folder, root)
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = support::git::git(folder).args(arguments).status();
    assert!(done.unwrap().success());
}

const RUN: &[&str] = &["run", "shop", "--retries", "0", "--target"];

fn on_github(arguments: &[&str], root: &Path, files: &Path) -> Holdpoint {
    holdpoint(arguments)
        .within(root)
        .env("CI", "true")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", files.join("summary"))
        .env("GITHUB_OUTPUT", files.join("output"))
}

/// Lines that the runner would obey, of either form.
fn commands(text: &str) -> Vec<&str> {
    let obeyed = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    text.split(['\n', '\r']).filter(obeyed).collect()
}

fn is_annotation(line: &str) -> bool {
    ["::error title=", "::warning title=", "::notice title="]
        .iter()
        .any(|start| line.starts_with(start))
}

fn output(files: &Path, name: &str) -> String {
    let text = fs::read_to_string(files.join("output")).unwrap();
    let start = format!("{name}=");
    let line = text.lines().rfind(|line| line.starts_with(&start));
    line.unwrap_or_else(|| panic!("{name} in {text}"))[start.len()..].to_owned()
}

#[test]
fn github_is_told_and_obeys_nothing_else() {
    let server = shop();
    let (_folder, root) = repository();
    let files = tempfile::tempdir().unwrap();
    write(files.path(), "summary", "what stood there");
    write(files.path(), "output", "mine=1");
    let url = server.url();
    let run = [RUN, &[&url]].concat();
    let told = on_github(&run, &root, files.path()).run().expect_code(1);
    assert!(told.stdout.contains("it said x"), "{}", told.stdout);
    assert_eq!(commands(&told.stdout), [""; 0]);
    let shown = commands(&told.stderr);
    assert!(shown.iter().all(|line| is_annotation(line)), "{shown:?}");
    let place = |id: &str| format!(",file=web/.holdpoint/checks/{id}.toml,line=3::it said x ");
    let at = |start: &str, id: &str| {
        let begins = |line: &&&str| line.starts_with(start) && line.contains(&place(id));
        assert_eq!(shown.iter().filter(begins).count(), 1, "{id} in {shown:?}");
    };
    at("::error title=high%3A shop.loud,", "shop.loud");
    at("::warning title=low%3A shop.low,", "shop.low");
    assert!(!told.stderr.contains("shop.fine"));

    let summary = fs::read_to_string(files.path().join("summary")).unwrap();
    assert!(
        summary.starts_with("what stood there\n\n## NO-GO: shop\n"),
        "{summary}"
    );
    assert_eq!(summary.matches("## NO-GO").count(), 1);
    let outputs = fs::read_to_string(files.path().join("output")).unwrap();
    assert!(
        outputs.starts_with("mine=1\ndecision=no-go\nexit-status=1\n"),
        "{outputs}"
    );
    for (name, value) in [
        ("pass", "1"),
        ("failed", "2"),
        ("waived", "0"),
        ("inconclusive", "0"),
    ] {
        assert_eq!(output(files.path(), name), value, "{name}");
    }
    assert_eq!(output(files.path(), "target"), format!("{url}/"));
    assert!(root.join(output(files.path(), "record")).is_file());

    // The record says the same again, once more at the end of both files.
    let retold = on_github(&["report", "--from", "latest"], &root, files.path());
    let retold = retold.run().expect_code(1);
    assert_eq!(commands(&retold.stderr), shown);
    assert_eq!(commands(&retold.stdout), [""; 0]);
    let twice = fs::read_to_string(files.path().join("summary")).unwrap();
    assert!(twice.starts_with(&summary) && twice.matches("## NO-GO").count() == 2);
}

#[test]
fn a_document_that_asks_for_a_check_is_where_its_failure_stands() {
    let (_folder, root) = repository();
    write(
        &root,
        ".holdpoint/maps/release.toml",
        "name = \"release\"\ntitle = \"Release\"\nfile = \"docs/RELEASE.md\"\n\
         [[item]]\nid = \"R1\"\nunder = \"Ready\"\nitem = \"The front page answers\"\nruling = \"auto\"\nchecks = [\"site.answers\"]\n\
         [[item]]\nid = \"R2\"\nunder = \"Ready\"\nitem = \"Something else\"\nruling = \"auto\"\nchecks = [\"shop.fine\"]\n",
    );
    write(
        &root,
        "docs/RELEASE.md",
        "# Release\n\nWho: ____\n\n## Ready\n\n- [ ] Something else\n- [ ] The front page answers\n",
    );
    let gone = Server::start(|request, client| {
        use std::io::Write as _;
        let line = match request.target().starts_with("/api") {
            true => "HTTP/1.1 200 OK",
            false => "HTTP/1.1 500 Oops",
        };
        write!(
            client,
            "{line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    });
    let files = tempfile::tempdir().unwrap();
    let url = gone.url();
    let call = [
        "run",
        "site.answers",
        "shop.fine",
        "--retries",
        "0",
        "--target",
        &url,
    ];
    let told = on_github(&call, &root, files.path()).run().expect_code(1);
    let place = "site.answers,file=web/docs/RELEASE.md,line=8::";
    assert!(told.stderr.contains(place), "{}", told.stderr);

    // It stands there in the text as it is: what holdpoint and people wrote since counts.
    holdpoint([&call[..], &["--write"]].concat())
        .within(&root)
        .run();
    let path = root.join("docs/RELEASE.md");
    let filled = fs::read_to_string(&path).unwrap();
    assert!(filled.contains("- [x] Something else"), "{filled}");
    fs::write(&path, format!("A preface\n\n{filled}")).unwrap();
    let told = on_github(&["report", "--from", "latest"], &root, files.path());
    let told = told.run().expect_code(1);
    let place = "site.answers,file=web/docs/RELEASE.md,line=10::";
    assert!(told.stderr.contains(place), "{}", told.stderr);
}

#[test]
fn programs_read_the_same_and_files_hold_every_byte() {
    let server = shop();
    let (_folder, root) = repository();
    let files = tempfile::tempdir().unwrap();
    let url = server.url();
    let run = [RUN, &[&url]].concat();
    on_github(&run, &root, files.path()).run().expect_code(1);
    for format in [
        "json",
        "junit",
        "markdown",
        "terminal",
        "sign-off",
        "in-toto",
        "code-quality",
    ] {
        let report = format!("{format}=-");
        let call = ["report", "--from", "latest", "--report", &report];
        let there = on_github(&call, &root, files.path()).run().expect_code(1);
        let plain = holdpoint(call).within(&root).run().expect_code(1);
        assert_eq!(commands(&there.stdout), [""; 0], "{format}");
        if there.stdout.starts_with(['{', '[']) {
            let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(value(&there.stdout), value(&plain.stdout), "{format}");
        }
        // What goes into a file is no log.
        let path = files.path().join(format);
        let status = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
            .args(call)
            .current_dir(&root)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("GITHUB_ACTIONS", "true")
            .stdout(fs::File::create(&path).unwrap())
            .stderr(std::process::Stdio::null())
            .status();
        assert_eq!(status.unwrap().code(), Some(1));
        let kept = fs::read_to_string(&path).unwrap();
        assert_eq!(kept, plain.stdout, "{format}");
    }
}

#[test]
fn none_is_as_if_there_were_no_pipeline() {
    let server = shop();
    let (_folder, root) = repository();
    let files = tempfile::tempdir().unwrap();
    let url = server.url();
    let run = [RUN, &[&url]].concat();
    holdpoint(&run).within(&root).run().expect_code(1);
    let call = ["report", "--from", "latest"];
    let plain = holdpoint(call).within(&root).run().expect_code(1);
    let quiet = on_github(&call, &root, files.path())
        .arguments(&["--pipeline", "none"])
        .run()
        .expect_code(1);
    assert_eq!(
        (&quiet.stdout, &quiet.stderr),
        (&plain.stdout, &plain.stderr)
    );
    assert!(!files.path().join("summary").exists() && !files.path().join("output").exists());
    // Named, it needs no variables; what has no file is left out.
    let named = holdpoint(call)
        .within(&root)
        .arguments(&["--pipeline", "github"]);
    let named = named.run().expect_code(1);
    assert!(named.stderr.contains("::error title=high%3A shop.loud"));
    let wrong = holdpoint(call)
        .within(&root)
        .arguments(&["--pipeline", "jenkins"]);
    let wrong = wrong.run().expect_code(2);
    assert!(
        wrong.stderr.contains("github, gitlab, none"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn what_cannot_be_written_is_said_and_changes_no_status() {
    let server = shop();
    let (_folder, root) = repository();
    let url = server.url();
    let calls = [
        (["run", "shop.loud", "--target", &url], 1, "no-go"),
        (["run", "shop.fine", "--target", &url], 0, "go"),
    ];
    for (call, code, word) in calls {
        let files = tempfile::tempdir().unwrap();
        fs::create_dir(files.path().join("summary")).unwrap();
        let told = on_github(&call, &root, files.path())
            .run()
            .expect_code(code);
        let warning = "warning: nothing was added to GITHUB_STEP_SUMMARY";
        assert_eq!(told.stderr.matches(warning).count(), 1, "{}", told.stderr);
        assert_eq!(output(files.path(), "decision"), word);
        assert_eq!(output(files.path(), "exit-status"), code.to_string());
        let nowhere = on_github(&call, &root, &files.path().join("none"));
        let nowhere = nowhere.run().expect_code(code);
        assert_eq!(
            nowhere
                .stderr
                .matches("warning: nothing was added to")
                .count(),
            2
        );
    }
    // A report that was asked for is another matter: the outputs say the status that the step ends with.
    let files = tempfile::tempdir().unwrap();
    let call = [
        "run",
        "shop.fine",
        "--target",
        &url,
        "--report",
        "json=/dev/full",
    ];
    on_github(&call, &root, files.path()).run().expect_code(5);
    assert_eq!(output(files.path(), "exit-status"), "5");
    assert_eq!(output(files.path(), "decision"), "go");
    // Checks that cannot be read any more take the lines away, and nothing else.
    write(&root, ".holdpoint/checks/broken.toml", "id = \n");
    let plain = holdpoint(["report", "--from", "latest"])
        .within(&root)
        .run();
    let told = on_github(&["report", "--from", "latest"], &root, files.path()).run();
    assert_eq!((plain.code(), &plain.stdout), (told.code(), &told.stdout));
}

#[test]
fn a_summary_keeps_to_what_the_platform_takes() {
    let server = shop();
    let (_folder, root) = repository();
    let url = server.url();
    let run = [RUN, &[&url]].concat();
    holdpoint(&run).within(&root).run().expect_code(1);
    let call = ["report", "--from", "latest"];
    const MOST: usize = 1 << 20;
    for (there, cut, refused) in [
        (MOST - 1_600, true, false),
        (MOST - 100, false, true),
        (0, false, false),
    ] {
        let files = tempfile::tempdir().unwrap();
        write(files.path(), "summary", &"x".repeat(there));
        let told = on_github(&call, &root, files.path()).run().expect_code(1);
        let summary = fs::read_to_string(files.path().join("summary")).unwrap();
        assert!(summary.len() <= MOST && summary.starts_with(&"x".repeat(there)));
        assert_eq!(summary.contains("This is not all of it"), cut, "{there}");
        assert_eq!(told.stderr.contains("no room left"), refused, "{there}");
        assert_eq!(summary.len() > there, !refused);
    }
}

#[test]
fn secrets_of_files_are_masked_only_where_that_was_asked_for_and_only_on_a_pipe() {
    let secret = "c4nary-secret-of-a-file-7Qx2";
    let server = shop();
    let (_folder, root) = repository();
    let files = tempfile::tempdir().unwrap();
    write(&root, ".env.local", &format!("SHOP_SECRET={secret}\n"));
    let url = server.url();
    let run = [RUN, &[&url]].concat();
    let masked = [&run[..], &["--mask"]].concat();
    let told = on_github(&masked, &root, files.path()).run().expect_code(1);
    let first = told.stderr.lines().next().unwrap();
    assert_eq!(
        first,
        format!("::add-mask::{secret}"),
        "before anything else"
    );
    assert_eq!(told.stderr.matches(secret).count(), 1, "{}", told.stderr);
    let told_without = on_github(&run, &root, files.path()).run().expect_code(1);
    let elsewhere = holdpoint(&masked).within(&root).run().expect_code(1);
    assert!(
        elsewhere.stderr.contains("nothing was masked"),
        "{}",
        elsewhere.stderr
    );
    // The platform's name alone brings no runner.
    let named = [&masked[..], &["--pipeline", "github"]].concat();
    let named = holdpoint(&named).within(&root).run().expect_code(1);
    assert!(
        named.stderr.contains("nothing was masked"),
        "{}",
        named.stderr
    );
    // A log in a file is no runner's.
    let log = files.path().join("log");
    let done = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
        .args(&masked)
        .current_dir(&root)
        .env("GITHUB_ACTIONS", "true")
        .stdout(std::process::Stdio::null())
        .stderr(fs::File::create(&log).unwrap())
        .status();
    assert_eq!(done.unwrap().code(), Some(1));
    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.contains("is no pipe"), "{logged}");
    for text in [
        &told.stdout,
        &told_without.stdout,
        &told_without.stderr,
        &elsewhere.stdout,
        &elsewhere.stderr,
        &named.stderr,
        &logged,
        &fs::read_to_string(files.path().join("summary")).unwrap(),
        &fs::read_to_string(files.path().join("output")).unwrap(),
    ] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_mistake_in_the_arguments_obeys_nothing_either() {
    let files = tempfile::tempdir().unwrap();
    let root = tempfile::tempdir().unwrap();
    for argument in ["--x\n::error::y", "run\n::add-path::/tmp", "##[error]x"] {
        let told = on_github(&[argument], root.path(), files.path())
            .run()
            .expect_code(2);
        assert_eq!(commands(&told.stderr), [""; 0]);
        let told = on_github(&["explain", argument], root.path(), files.path()).run();
        assert_eq!(commands(&told.stderr), [""; 0]);
    }
}

#[test]
fn gates_tell_their_decision() {
    let (_folder, root) = repository();
    let files = tempfile::tempdir().unwrap();
    let told = on_github(&["gate"], &root, files.path()).run();
    let code = told.code();
    assert!([1, 3].contains(&code), "{code}: {}", told.stderr);
    let word = if code == 1 { "no-go" } else { "undecided" };
    assert_eq!(output(files.path(), "decision"), word);
    assert_eq!(output(files.path(), "exit-status"), code.to_string());
    assert_eq!(output(files.path(), "open"), "");
    assert!(
        output(files.path(), "held")
            .split(' ')
            .any(|gate| gate == "security")
    );
    let summary = fs::read_to_string(files.path().join("summary")).unwrap();
    assert!(summary.contains("security"), "{summary}");
}

fn on_gitlab(arguments: &[&str], root: &Path) -> Outcome {
    let call = holdpoint(arguments).within(root).env("CI", "true");
    call.env("GITLAB_CI", "true").run()
}

#[test]
fn gitlab_has_a_section_violations_and_variables() {
    let server = shop();
    let (_folder, root) = repository();
    let url = server.url();
    let reports = [
        "--report",
        "code-quality=gl-code-quality-report.json",
        "--report",
        "dotenv=holdpoint.env",
    ];
    let told = on_gitlab(&[RUN, &[&url], &reports[..]].concat(), &root).expect_code(1);
    let marks: Vec<&str> = told
        .stderr
        .lines()
        .filter(|line| line.contains("section_"))
        .collect();
    let [start, end] = marks.as_slice() else {
        panic!("{marks:?}")
    };
    let mark = regex::Regex::new("^\u{1b}\\[0Ksection_(start|end):\\d{10}:(holdpoint_[0-9a-f]{8})\r\u{1b}\\[0K(holdpoint run)?$").unwrap();
    let (start, end) = (mark.captures(start).unwrap(), mark.captures(end).unwrap());
    assert_eq!((&start[1], &end[1]), ("start", "end"));
    assert_eq!(start[2], end[2]);
    assert!(!told.stderr.contains("::error") && !told.stdout.contains("section_"));

    let text = fs::read_to_string(root.join("gl-code-quality-report.json")).unwrap();
    let violations: Vec<Value> = serde_json::from_str(&text).unwrap();
    let seen: Vec<_> = violations
        .iter()
        .map(|one| {
            (
                one["check_name"].as_str().unwrap(),
                one["severity"].as_str().unwrap(),
                one["location"]["path"].as_str().unwrap(),
                one["location"]["lines"]["begin"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (
                "shop.loud",
                "critical",
                "web/.holdpoint/checks/shop.loud.toml",
                3
            ),
            (
                "shop.low",
                "minor",
                "web/.holdpoint/checks/shop.low.toml",
                3
            ),
        ]
    );
    let variables = fs::read_to_string(root.join("holdpoint.env")).unwrap();
    assert!(
        variables.starts_with("HOLDPOINT_RUN_DECISION=no-go\nHOLDPOINT_RUN_EXIT_STATUS=1\n"),
        "{variables}"
    );

    // A later job has them in its environment: they are no settings, and are not taken for misspelt ones.
    let mut later = holdpoint(["plan", "shop"]).within(&root);
    let without = holdpoint(["plan", "shop"]).within(&root).run();
    for line in variables.lines() {
        let (name, value) = line.split_once('=').unwrap();
        later = later.env(name, value);
    }
    let later = later.run();
    assert_eq!(
        (&later.stderr, later.code()),
        (&without.stderr, without.code())
    );
    assert!(!later.stdout.contains(&url), "{}", later.stdout);

    // An early end ends the section too.
    let refused = on_gitlab(&["smoke", "no address at all"], &root).expect_code(2);
    assert_eq!(refused.stderr.matches("section_end:").count(), 1);
    let quiet = on_gitlab(&["smoke", "no address at all", "--pipeline", "none"], &root);
    assert!(!quiet.stderr.contains("section_"));
}

/// Texts that the platform's own library escapes, and ours.
const TEXTS: &[&str] = &[
    "plain",
    "100%",
    "%0A%25 %3A",
    "a\nb\r\nc\rd",
    "a: b, c=d; e]",
    "::error::x",
    "漢字 👩‍👩‍👧 é",
    " spaces ",
];

#[test]
fn annotations_are_those_of_the_platforms_own_library() {
    let Some(folder) = fetched("actions-core") else {
        return;
    };
    let mut cases = Vec::new();
    let mut ours = Vec::new();
    for (n, level) in Level::ALL.into_iter().enumerate() {
        for title in TEXTS {
            for message in TEXTS {
                let place = (n > 0).then(|| ((*title).to_owned(), 10 + n));
                let own = Annotation {
                    level,
                    title: (*title).into(),
                    message: (*message).into(),
                    place: place.clone(),
                };
                ours.push(own.to_string());
                let (file, line) = place.unzip();
                cases.push(json!({ "level": level.command(), "title": title, "message": message, "file": file, "line": line }));
            }
        }
    }
    let scratch = tempfile::tempdir().unwrap();
    let list = scratch.path().join("cases.json");
    fs::write(&list, Value::from(cases).to_string()).unwrap();
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/actions-core/oracle.mjs");
    let said = Command::new("node")
        .arg(oracle)
        .arg(folder.join("node_modules/@actions/core"))
        .arg(&list)
        .output()
        .unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    let theirs: Vec<&str> = text.lines().collect();
    assert_eq!(
        theirs.len(),
        ours.len(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert_eq!(theirs, ours);
    }
}
