//! Following a verdict down to its bytes, and comparing two runs, through the program and over real records.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;
use support::forms::forms;
use support::hostile::Server;
use support::{Outcome, holdpoint, write};
use tempfile::TempDir;

const RECORDS: &str = ".holdpoint/records";
/// It changes under every encoding.
const SECRET: &str = "c4nary+explain/Zq9==Tweet&1";

/// What the shop does with a path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Broken,
    /// Answers after so many milliseconds.
    Slow(u64),
}

/// A shop with four checks, of which three wait for one another.
struct Shop {
    folder: TempDir,
    server: Option<Server>,
    faults: Arc<Mutex<BTreeSet<(&'static str, Fault)>>>,
    url: String,
}

const CHECKS: [(&str, &str); 4] = [
    (
        "answers",
        "severity = \"high\"\n[look]\nprobe = \"http\"\npaths = [\"/\", \"/b\", \"/c\"]\n[[expect]]\nthat = \"status == 200\"\notherwise = \"the status is {status}\"\nexpected = \"200\"\nfound = \"{status}\"\n[remedy]\ntext = \"\"\"\nstart the shop:\n  npm start\"\"\"\n",
    ),
    (
        "titled",
        "severity = \"medium\"\nneeds = [\"shop.answers\"]\n[look]\nprobe = \"http\"\npath = \"/title\"\n[[expect]]\nthat = \"page.title == 'Shop'\"\notherwise = \"the title is {page.title}\"\n",
    ),
    (
        "found",
        "severity = \"low\"\nneeds = [\"shop.titled\"]\n[look]\nprobe = \"http\"\npath = \"/\"\n[[expect]]\nwhen = \"status == 404\"\nthat = \"body.size > 0\"\notherwise = \"it says nothing\"\n[[expect]]\nthat = \"content_type.is_html\"\notherwise = \"it is no page\"\n",
    ),
    (
        "quick",
        "severity = \"low\"\n[look]\nprobe = \"http\"\npath = \"/quick\"\n[[expect]]\nthat = \"status == 200\"\notherwise = \"the status is {status}\"\n",
    ),
];

impl Shop {
    fn open(broken: &[&'static str]) -> Self {
        let faults = Arc::new(Mutex::new(BTreeSet::new()));
        let server = Server::start({
            let faults = Arc::clone(&faults);
            move |request, client| {
                let faults: BTreeSet<(&str, Fault)> = faults.lock().unwrap().clone();
                let mine = faults.iter().filter(|(path, _)| *path == request.target());
                let mine: Vec<Fault> = mine.map(|(_, fault)| *fault).collect();
                for fault in &mine {
                    if let Fault::Slow(wait) = fault {
                        sleep(Duration::from_millis(*wait));
                    }
                }
                let line = match mine.contains(&Fault::Broken) {
                    true => "500 Internal Server Error",
                    false => "200 OK",
                };
                // It says back a secret, in a header and in its title.
                let title = match request.target() {
                    "/title" => SECRET,
                    _ => "Shop",
                };
                let page = format!(
                    "<!doctype html><html lang=\"en\"><head><title>{title}</title></head><body>\u{202e}</body></html>"
                );
                write!(
                    client,
                    "HTTP/1.1 {line}\r\nContent-Type: text/html; charset=utf-8\r\nServer: {SECRET}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
                    page.len()
                )
            }
        });
        let folder = tempfile::tempdir().unwrap();
        for (name, rest) in CHECKS {
            let text = format!(
                "id = \"shop.{name}\"\ntitle = \"the shop is {name}\"\nwhy = \"a closed shop sells nothing\"\nsuites = [\"shop\"]\n{rest}"
            );
            write(
                folder.path(),
                &format!(".holdpoint/checks/{name}.toml"),
                &text,
            );
        }
        let shop = Self {
            url: server.url(),
            server: Some(server),
            folder,
            faults,
        };
        shop.breaks(broken);
        shop
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn breaks(&self, paths: &[&'static str]) {
        *self.faults.lock().unwrap() = paths.iter().map(|path| (*path, Fault::Broken)).collect();
    }

    fn records(&self) -> BTreeSet<PathBuf> {
        let entries = fs::read_dir(self.root().join(RECORDS))
            .into_iter()
            .flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn record(&self, run: &str) -> PathBuf {
        self.root().join(RECORDS).join(format!("{run}.jsonl"))
    }

    #[track_caller]
    fn call(&self, arguments: &[&str], code: i32) -> Outcome {
        let call = holdpoint(arguments).within(self.root());
        let outcome = call.env("NEXTAUTH_SECRET", SECRET).run().expect_code(code);
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
        for text in [&outcome.stdout, &outcome.stderr] {
            for form in forms(SECRET) {
                assert!(!text.contains(&form), "{form} in {text}");
            }
            assert!(!text.contains('\u{202e}'), "{text}");
        }
        outcome
    }

    /// Says that it cannot, why, and how to mend it.
    #[track_caller]
    fn refused(&self, arguments: &[&str], said: &[&str]) {
        let outcome = self.call(arguments, 2);
        assert_eq!(outcome.stdout, "", "{arguments:?}");
        for what in said.iter().chain(&["help: "]) {
            assert!(outcome.stderr.contains(what), "{what}: {}", outcome.stderr);
        }
    }

    /// Runs the suite, and gives the run's name.
    #[track_caller]
    fn run(&self, more: &[&str], code: i32) -> String {
        let before = self.records();
        let line = ["run", "shop", "--retries", "0", "--target", &self.url];
        let told = self.call(&[&line, more].concat(), code);
        let now = self.records();
        let new: Vec<&PathBuf> = now.difference(&before).collect();
        assert_eq!(new.len(), 1, "one run makes one record: {}", told.stdout);
        new[0].file_stem().unwrap().to_str().unwrap().to_owned()
    }

    #[track_caller]
    fn explains(&self, what: &str, said: &[&str]) -> String {
        let text = self.call(&["explain", what], 0).stdout;
        for part in said {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
        text
    }
}

/// A look's observation, as the record has it.
fn observation(record: &Path, label: &str) -> Value {
    let text = fs::read_to_string(record).unwrap();
    let values = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut seen = values.filter_map(|value| value.get("observation").cloned());
    seen.find(|one| one["seen"]["label"] == label).unwrap()
}

fn took_ms(record: &Path, label: &str) -> u64 {
    let one = observation(record, label);
    one["seen"]["duration_ms"].as_u64().unwrap()
}

fn digest_of(record: &Path, label: &str) -> String {
    let one = observation(record, label);
    one["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_verdict_leads_to_everything_under_it() {
    let shop = Shop::open(&["/b"]);
    let run = shop.run(&[], 1);
    let digest = digest_of(&shop.record(&run), "GET /b");
    let finding = format!("{run}:shop.answers");
    let text = shop.explains(
        &finding,
        &[
            "✗ shop.answers  high  the status is 500",
            "NO-GO, and this is the reason",
            "expected  200",
            "npm start",
            "✗ GET /b",
            "✗ status == 200 not met, .holdpoint/checks/answers.toml:10",
            "read      status = 500",
            "request   GET /b",
            "response  HTTP/1.1 500 Internal Server Error",
            "server: ‹NEXTAUTH_SECRET›",
            &digest,
            "verified: the bytes in the record give it",
            &format!("{RECORDS}/{run}.jsonl"),
            "holdpoint run shop.answers --target",
            "--level live",
            &format!("holdpoint report --from {run}"),
        ],
    );
    // What failed comes before what passed.
    assert!(text.find("✗ GET /b") < text.find("✓ GET /"), "{text}");
    let report = shop.call(&["report", "--from", &run], 1).stdout;
    assert!(
        report.contains(&format!("facts  holdpoint explain {finding}")),
        "{report}"
    );
    let json = shop
        .call(&["report", "--from", &run, "--report", "json=-"], 1)
        .stdout;
    assert!(
        json.contains(&format!("\"explain\": \"holdpoint explain {finding}\"")),
        "{json}"
    );

    // The command that it names repeats it.
    let again = text
        .lines()
        .skip_while(|line| !line.contains("look      "))
        .take(2);
    let again: Vec<&str> = again.flat_map(str::split_whitespace).collect();
    let end = again
        .iter()
        .position(|word| *word == "judge")
        .unwrap_or(again.len());
    let repeated = shop.call(&again[2..end], 1);
    assert!(
        repeated.stdout.contains("the status is 500"),
        "{}",
        repeated.stdout
    );

    // Newest first by name, wherever it is called by less.
    for name in [
        "latest~1",
        &run[..run.len() - 1],
        &format!("{RECORDS}/{run}.jsonl"),
    ] {
        assert_eq!(
            shop.explains(&format!("{name}:shop.answers"), &[]),
            text,
            "{name}"
        );
    }
    let whole = shop.call(&["explain", &finding, "--verbose"], 0).stdout;
    for part in ["facts     body.", "✓ GET /c", "status = 200"] {
        assert!(whole.contains(part), "{part} in {whole}");
    }
}

#[test]
fn a_blocked_check_leads_to_its_root() {
    let shop = Shop::open(&["/b"]);
    let run = shop.run(&[], 1);
    shop.explains(
        &format!("{run}:shop.titled"),
        &["NO-GO; what to mend first is shop.answers"],
    );
    let text = shop.explains(
        &format!("{run}:shop.found"),
        &[
            "~ shop.found  low",
            "verdict   blocked",
            "low is below medium",
            "It waited for",
            &format!("holdpoint explain {run}:shop.answers"),
        ],
    );
    let place = |what: &str| {
        text.find(what)
            .unwrap_or_else(|| panic!("{what} in {text}"))
    };
    assert!(place("~ shop.titled") < place("✗ shop.answers"), "{text}");
    assert!(
        !text.contains("- GET / ") || text.contains("none of which gave it a verdict"),
        "{text}"
    );

    // With the root mended, each expectation says what it read, and which did not concern the look.
    shop.breaks(&[]);
    let run = shop.run(&["--skip", "shop.titled"], 0);
    let found = format!("{run}:shop.found");
    shop.explains(
        &found,
        &[
            "✓ shop.found  low",
            "✓ content_type.is_html met",
            "1 more expectation does not concern this look",
            "--skip shop.titled",
        ],
    );
    let whole = shop.call(&["explain", &found, "-v"], 0).stdout;
    for part in [
        "- body.size > 0 does not concern this look",
        "when      status == 404",
        "read      status = 200",
    ] {
        assert!(whole.contains(part), "{part} in {whole}");
    }
}

#[test]
fn an_observation_and_a_record_are_explained() {
    let shop = Shop::open(&["/b"]);
    let run = shop.run(&[], 1);
    let digest = digest_of(&shop.record(&run), "GET /");
    let said = [
        "GET /",
        "facts     body.",
        "2 checks rest on it",
        "✗ shop.answers  high",
        "~ shop.found  low",
        digest.as_str(),
        "verified",
    ];
    let whole = shop.explains(&digest, &said);
    assert_eq!(shop.explains(&digest[..19], &[]), whole);
    for (what, said) in [
        (&digest[..18], "is no digest of an observation"),
        ("sha256:", "is no digest"),
        ("sha256:ABCDEF012345", "is no digest"),
        (
            "sha256:0123456789ab",
            "no observation sha256:0123456789ab is in",
        ),
    ] {
        shop.refused(&["explain", what], &[said]);
    }
    let explain = format!("holdpoint explain {run}:shop.answers");
    shop.explains(
        &run,
        &[
            &format!("NO-GO {run} "),
            "shop.answers: the status is 500",
            &explain,
            "4 of your own",
            "5 planned, 4 made",
            "the digest of each was verified",
            "record    ",
        ],
    );
    shop.explains(
        "shop.answers",
        &[
            "to prove the mend",
            "as last seen",
            "fail: the status is 500",
            &explain,
        ],
    );
    // A file of the name of a check or a probe stands before neither.
    for name in ["shop.answers", "http"] {
        write(shop.root(), name, "x\n");
    }
    shop.explains("shop.answers", &["to prove the mend"]);
    shop.call(&["explain", "http"], 0);
    // Records are explained where the checks of today are wrong.
    write(shop.root(), ".holdpoint/checks/wrong.toml", "id = \n");
    shop.explains("latest", &[]);
    shop.call(&["explain", "shop.answers"], 2);
}

#[test]
fn what_was_changed_or_is_not_there_is_said() {
    let shop = Shop::open(&["/b"]);
    shop.refused(
        &["explain", "latest"],
        &["there is no record in", "holdpoint run"],
    );
    let run = shop.run(&[], 1);
    let other = shop.run(&[], 1);
    for (call, said) in [
        (
            &["explain", "2:shop.answers"][..],
            &["2 runs begin with '2'", run.as_str(), other.as_str()][..],
        ),
        (&["report", "--from", "2"], &["2 runs begin with '2'"]),
        (&["docs", "--from", "2"], &["2 runs begin with '2'"]),
        (&["diff", "2"], &["2 runs begin with '2'"]),
        (
            &["explain", "19990101T000000Z"],
            &["there is no run '19990101T000000Z'", run.as_str()],
        ),
        (
            &["explain", "latest:shop.answer"],
            &[
                "holds no check 'shop.answer'",
                "did you mean",
                ":shop.answers?",
            ],
        ),
        (
            &["explain", "latest:headers.strict-transport-security"],
            &["was not selected there", "holdpoint run headers.strict"],
        ),
        (&["explain", "latest:"], &["holds no check ''"]),
        (
            &["explain", "shop.answerz"],
            &["no check, probe or record", "did you mean 'shop.answers'?"],
        ),
        (&["explain", "gone.jsonl"], &["gone.jsonl"]),
        (
            &["explain", "holdpoint/none/here"],
            &["holdpoint/none/here"],
        ),
        (
            &["diff", "latest"],
            &["is the newest record itself", "latest~1"],
        ),
        (
            &["diff", "latest~1", "latest~5"],
            &["there is no latest~5", "2 records"],
        ),
        (
            &["diff", "latest~1", "--report", "json=none/d.json"],
            &["there is no folder none"],
        ),
    ] {
        shop.refused(call, said);
    }
    // What is no text, or acts on a terminal, is shown and not obeyed.
    let no_text = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let outcome = holdpoint([std::ffi::OsStr::new("explain"), no_text])
        .within(shop.root())
        .run()
        .expect_code(2);
    assert!(outcome.stderr.contains("UTF-8"), "{}", outcome.stderr);
    shop.refused(&["explain", "\u{1b}[31m"], &["record '\\u{1b}[31m'"]);
    let outcome = shop.call(&["diff", "latest~1", "--report", "junit"], 2);
    assert!(
        outcome.stderr.contains("no format 'junit' of comparisons"),
        "{}",
        outcome.stderr
    );

    let path = shop.record(&run);
    let digest = digest_of(&path, "GET /b");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"status\":500", "\"status\":200", 1)).unwrap();
    let at = format!("{run}.jsonl:");
    let changed = ["the observation was changed", at.as_str(), "run again"];
    shop.refused(&["explain", &format!("{run}:shop.answers")], &changed);
    shop.refused(&["explain", &run], &changed);
    shop.refused(&["explain", &digest], &changed);
    shop.refused(&["diff", &run], &changed);
    // One that was cut off is told as far as it goes.
    fs::write(&path, &text[..text.len() - 5]).unwrap();
    let told = shop.call(&["explain", &format!("{run}:shop.answers")], 0);
    assert!(told.stderr.contains("was cut off"), "{}", told.stderr);
    assert!(
        told.stdout
            .contains("the run ended early: the run was killed"),
        "{}",
        told.stdout
    );
}

#[test]
fn two_runs_are_compared_and_what_is_worse_decides() {
    let mut shop = Shop::open(&["/b"]);
    let schema = include_str!("../reports/schema/diff.v1.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let diff = |shop: &Shop, before: &str, after: &str, code: i32| {
        let told = shop
            .call(&["diff", before, after, "--report", "json"], code)
            .stdout;
        let told: Value = serde_json::from_str(&told).unwrap();
        let wrong: Vec<_> = schema
            .iter_errors(&told)
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        let text = shop.call(&["diff", before, after], code).stdout;
        let markdown = shop
            .call(&["diff", before, after, "--report", "markdown"], code)
            .stdout;
        let answer = told["answer"].as_str().unwrap().to_uppercase();
        assert!(text.lines().last().unwrap().starts_with(&answer), "{text}");
        assert!(
            markdown.starts_with(&format!("## {answer}: ")),
            "{markdown}"
        );
        for one in told["changed"].as_array().unwrap() {
            let check = one["check"].as_str().unwrap();
            assert!(
                text.contains(check) && markdown.contains(check),
                "{check}: {text}"
            );
        }
        (told, text)
    };
    let change = |told: &Value, check: &str| {
        let changed = told["changed"].as_array().unwrap();
        let found = changed.iter().find(|one| one["check"] == check);
        found.map(|one| one["change"].as_str().unwrap().to_owned())
    };
    let first = shop.run(&[], 1);
    let (told, text) = diff(&shop, &first, &first, 0);
    assert_eq!(
        (&told["changed"], &told["counts"]["same"]),
        (&Value::from(Vec::<Value>::new()), &4.into())
    );
    assert!(text.contains("NO WORSE"), "{text}");

    shop.breaks(&["/b", "/c"]);
    // Slower than before by more than the weather, however slow this machine is.
    let wait = 4 * took_ms(&shop.record(&first), "GET /quick") + 600;
    shop.faults
        .lock()
        .unwrap()
        .insert(("/quick", Fault::Slow(wait)));
    let worse = shop.run(&["--environment", "staging"], 1);
    let (told, text) = diff(&shop, &first, &worse, 1);
    assert_eq!(change(&told, "shop.answers").as_deref(), Some("worse"));
    assert_eq!(told["changed"][0]["looks"], serde_json::json!(["GET /c"]));
    let paces = told["paces"].as_array().unwrap();
    assert!(
        paces.iter().any(|pace| pace["look"] == "GET /quick"),
        "{paces:?}"
    );
    for part in [
        "fail → fail: the status is 500",
        "new at    GET /c",
        "environment development to staging",
        "slower GET /quick",
        &format!("holdpoint explain {worse}:shop.answers"),
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (told, _) = diff(&shop, &worse, &first, 0);
    assert_eq!(
        change(&told, "shop.answers"),
        None,
        "at fewer looks it is no other failure"
    );

    // What is mended lets others be seen; one of them is found to fail.
    shop.breaks(&[]);
    let mended = shop.run(&[], 1);
    let (told, _) = diff(&shop, &first, &mended, 1);
    assert_eq!(change(&told, "shop.answers").as_deref(), Some("mended"));
    assert_eq!(change(&told, "shop.titled").as_deref(), Some("found"));

    // A low check that breaks is shown and decides nothing.
    shop.breaks(&["/quick"]);
    let low = shop.run(&[], 1);
    let (told, text) = diff(&shop, &mended, &low, 0);
    assert_eq!(change(&told, "shop.quick").as_deref(), Some("broke"));
    assert!(
        text.contains("below medium, so it decides nothing"),
        "{text}"
    );

    // A check that was changed is named; what the other run did not hold is lost from sight.
    let path = ".holdpoint/checks/quick.toml";
    let quick = fs::read_to_string(shop.root().join(path)).unwrap();
    write(
        shop.root(),
        path,
        &quick.replace("status == 200", "status < 400"),
    );
    let less = shop.run(&["--skip", "shop.answers", "--skip", "shop.titled"], 0);
    let (told, text) = diff(&shop, &low, &less, 3);
    assert_eq!(told["redefined"], serde_json::json!(["shop.quick"]));
    assert_eq!(
        change(&told, "shop.answers").as_deref(),
        Some("lost-from-sight")
    );
    assert!(
        text.contains("fail → not part of it") || text.contains("pass → not part of it"),
        "{text}"
    );

    shop.server = None;
    let gone = shop.run(&[], 3);
    let (told, _) = diff(&shop, &low, &gone, 3);
    assert_eq!(told["answer"], "out of sight");
    let call = [
        "diff",
        &low,
        &gone,
        "--report",
        "json=d.json",
        "--report",
        "markdown=d.md",
    ];
    let outcome = shop.call(&call, 3);
    assert!(
        outcome.stderr.contains("wrote json d.json"),
        "{}",
        outcome.stderr
    );
    assert!(shop.root().join("d.json").is_file() && shop.root().join("d.md").is_file());
}

#[test]
fn what_is_no_record_is_passed_over_and_told() {
    let shop = Shop::open(&[]);
    let run = shop.run(&[], 1);
    let records = shop.root().join(RECORDS);
    let place = |name: &str| records.join(name);
    fs::copy(shop.record(&run), place("zz-copy.jsonl")).unwrap();
    fs::write(place("zz-text.jsonl"), "{\"record\":{}}\n").unwrap();
    fs::write(place("zz-empty.jsonl"), "").unwrap();
    fs::create_dir(place("zz-folder.jsonl")).unwrap();
    std::os::unix::fs::symlink("/nowhere", place("zz-link.jsonl")).unwrap();
    let pipe = place("zz-pipe.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for (name, arguments) in [
        ("explain", &["explain", "latest"][..]),
        ("report", &["report", "--from", "latest"]),
        ("gate", &["gate", "security", "--from", "latest"]),
        (
            "baseline",
            &[
                "plan",
                "shop",
                "--target",
                &shop.url,
                "--baseline",
                "latest",
            ],
        ),
    ] {
        let outcome = holdpoint(arguments).within(shop.root()).run();
        for said in [
            "zz-copy.jsonl is left out, as no record: the file is not named as its run",
            "zz-text.jsonl is left out, as no record: it does not begin as a record does",
            "zz-empty.jsonl is left out, as no record: it does not begin as a record does",
            "zz-folder.jsonl is left out, as no record: it is no regular file",
            "zz-pipe.jsonl is left out, as no record: it is no regular file",
            "zz-link.jsonl is left out, as no record: No such file",
            "help: take it out of .holdpoint/records",
        ] {
            assert!(outcome.stderr.contains(said), "{name}: {}", outcome.stderr);
        }
        assert!(!outcome.stderr.contains("error:"), "{}", outcome.stderr);
    }
    let told = shop.call(&["explain", "latest"], 0);
    assert!(told.stdout.contains(&run), "{}", told.stdout);
    // A link to a record that is named as it is one, wherever that is kept.
    let kept = shop.root().join("kept.jsonl");
    fs::rename(shop.record(&run), &kept).unwrap();
    std::os::unix::fs::symlink(&kept, shop.record(&run)).unwrap();
    shop.call(&["explain", "latest"], 0);
    // Where there is no other one, what is there is named too.
    fs::remove_file(shop.record(&run)).unwrap();
    let outcome = shop.call(&["report", "--from", "latest"], 2);
    for said in ["there is no record in", "zz-copy.jsonl is left out"] {
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
    let outcome = shop.call(&["diff", "latest~1"], 2);
    assert!(
        outcome.stderr.contains("there is no record in"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_is_printed_makes_the_same_look() {
    let shop = Shop::open(&[]);
    let found = "the title is ‹NEXTAUTH_SECRET›";
    let proving = |told: &Outcome| -> String {
        let mut lines = told.stdout.lines().map(str::trim);
        let line = lines.find_map(|line| line.strip_prefix("prove")).unwrap();
        line.trim().to_owned()
    };
    let target = ["--target", &shop.url];
    let told = shop.call(&[&["run", "shop"], &target[..]].concat(), 1);
    let prove = format!("holdpoint run shop.titled --target {}/", shop.url);
    assert_eq!(proving(&told), prove);
    let words: Vec<&str> = prove.split(' ').skip(1).collect();
    let again = shop.call(&words, 1);
    assert!(again.stdout.contains(found), "{}", again.stdout);
    // What no record holds is named, never what it said; what the settings say need not be repeated.
    let settings = format!("[target]\nurl = \"{}\"\n", shop.url);
    write(shop.root(), "holdpoint.toml", &settings);
    write(shop.root(), "named.env", "SOME_NAME=some-value-of-it\n");
    let told = shop.call(&["run", "shop", "--env-file", "named.env"], 1);
    assert_eq!(proving(&told), "holdpoint run shop.titled");
    let note = "the run had --env-file, which no record holds";
    for told in [told, shop.call(&["explain", "latest:shop.titled"], 0)] {
        let text = told.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(note), "{text}");
    }
    // Where nothing was given, nothing is said.
    shop.call(&["run", "shop"], 1);
    let told = shop.call(&["explain", "latest:shop.titled"], 0);
    assert!(!told.stdout.contains("the run had"), "{}", told.stdout);
}

/// What cannot be read may be the newest: nothing older stands for it.
#[test]
fn a_record_that_cannot_be_read_is_not_passed_over() {
    let shop = Shop::open(&[]);
    let run = shop.run(&[], 1);
    // Nobody may read what stands at the beginning of it, whoever they are.
    let newest = shop.root().join(RECORDS).join("zz.jsonl");
    std::os::unix::fs::symlink("/proc/self/mem", &newest).unwrap();
    for verb in [&["report", "--from", "latest"][..], &["explain", "latest"]] {
        let outcome = shop.call(verb, 2);
        for said in ["zz.jsonl", "Input/output error"] {
            assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        }
    }
    let before = shop.call(&["explain", "latest~1"], 0);
    assert!(before.stdout.contains(&run), "{}", before.stdout);
}
