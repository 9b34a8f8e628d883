//! "No worse than": runs held against an earlier one, through the program, and what their records say of it afterwards.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use support::hostile::Server;
use support::{Outcome, holdpoint, write};
use tempfile::TempDir;

const RECORDS: &str = ".holdpoint/records";
const PAGE: &str = "<!doctype html><html lang=\"en\"><head><title>Shop</title></head><body><main><h1>Shop</h1></main></body></html>";

/// A shop, some of whose pages are broken.
struct Shop {
    folder: TempDir,
    server: Option<Server>,
    broken: Arc<Mutex<BTreeSet<&'static str>>>,
    /// What `/stock` answers.
    stock: Arc<Mutex<String>>,
    url: String,
}

fn check(name: &str, severity: &str, rest: &str) -> String {
    format!(
        "id = \"shop.{name}\"\ntitle = \"the shop {name}\"\nwhy = \"a closed shop sells nothing\"\nseverity = \"{severity}\"\nsuites = [\"shop\"]\n{rest}"
    )
}

const ANSWERS: &str = "[look]\nprobe = \"http\"\npaths = [\"/\", \"/b\", \"/c\"]\n[[expect]]\nthat = \"status == 200\"\notherwise = \"the status is {status}\"\n";
const TITLED: &str = "needs = [\"shop.answers\"]\n[look]\nprobe = \"http\"\npath = \"/\"\n[[expect]]\nthat = \"page.title == 'Shop'\"\notherwise = \"the title is {page.title}\"\n";
const ALIVE: &str = "[look]\nprobe = \"http\"\npath = \"/alive\"\n[[expect]]\nthat = \"status == 200\"\notherwise = \"the status is {status}\"\n";

const STOCKED: &str = "[look]\nprobe = \"http\"\npath = \"/stock\"\n[[expect]]\nthat = \"size(json.left) == 0\"\notherwise = \"left: {json.left}\"\n[[expect]]\nthat = \"json.count > 0\"\notherwise = \"there are {json.count}\"\n";

impl Shop {
    fn open(broken: &[&'static str]) -> Self {
        let broken = Arc::new(Mutex::new(broken.iter().copied().collect::<BTreeSet<_>>()));
        let stock = Arc::new(Mutex::new(String::new()));
        let server = Server::start({
            let (broken, stock) = (Arc::clone(&broken), Arc::clone(&stock));
            move |request, client| {
                let (kind, body) = match request.target() {
                    "/stock" => ("application/json", stock.lock().unwrap().clone()),
                    _ => ("text/html", PAGE.to_owned()),
                };
                let line = match broken.lock().unwrap().contains(request.target()) {
                    true => "500 Internal Server Error",
                    false => "200 OK",
                };
                write!(
                    client,
                    "HTTP/1.1 {line}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                )
            }
        });
        let folder = tempfile::tempdir().unwrap();
        for (name, severity, rest) in [
            ("answers", "high", ANSWERS),
            ("titled", "high", TITLED),
            ("alive", "high", ALIVE),
        ] {
            let path = format!(".holdpoint/checks/{name}.toml");
            write(folder.path(), &path, &check(name, severity, rest));
        }
        Self {
            url: server.url(),
            server: Some(server),
            folder,
            broken,
            stock,
        }
    }

    fn stocks(&self, body: &str) {
        *self.stock.lock().unwrap() = body.into();
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn breaks(&self, paths: &[&'static str]) {
        *self.broken.lock().unwrap() = paths.iter().copied().collect();
    }

    fn records(&self) -> BTreeSet<PathBuf> {
        let entries = fs::read_dir(self.root().join(RECORDS))
            .into_iter()
            .flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[track_caller]
    fn call(&self, arguments: &[&str], code: i32) -> Outcome {
        let outcome = holdpoint(arguments)
            .within(self.root())
            .run()
            .expect_code(code);
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
        outcome
    }

    /// Runs the suite, and gives the run's name with its report as JSON.
    #[track_caller]
    fn run(&self, more: &[&str], code: i32) -> (String, Value) {
        let before = self.records();
        let line = [
            "run",
            "shop",
            "--retries",
            "0",
            "--report",
            "json=-",
            "--target",
            &self.url,
        ];
        let outcome = self.call(&[&line, more].concat(), code);
        let now = self.records();
        let new: Vec<&PathBuf> = now.difference(&before).collect();
        assert_eq!(new.len(), 1, "one run makes one record");
        let run = new[0].file_stem().unwrap().to_str().unwrap().to_owned();
        let told: Value = serde_json::from_str(&outcome.stdout).unwrap();
        self.tells_the_same(&run, code, &outcome.stdout);
        if let ["--baseline", base] = more {
            self.compares_alike(base, &run, code);
        }
        (run, told)
    }

    /// A comparison of the two records ends as the decision did.
    #[track_caller]
    fn compares_alike(&self, base: &str, run: &str, code: i32) -> Value {
        let outcome = self.call(&["diff", base, run, "--report", "json"], code);
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    /// The record repeats the decision, in the same bytes.
    #[track_caller]
    fn tells_the_same(&self, run: &str, code: i32, json: &str) {
        let again = self.call(&["report", "--from", run, "--report", "json=-"], code);
        assert_eq!(again.stdout, json);
    }
}

fn warnings(told: &Value) -> String {
    told["warnings"].to_string()
}

fn finding<'a>(told: &'a Value, check: &str) -> &'a Value {
    let findings = told["findings"].as_array().unwrap();
    findings.iter().find(|one| one["check"] == check).unwrap()
}

#[test]
fn what_failed_there_is_no_worse_and_what_broke_is() {
    let mut shop = Shop::open(&["/b"]);
    let (base, told) = shop.run(&[], 1);
    assert_eq!(told["decision"], "no-go");
    assert_eq!(told["subject"]["baseline"], Value::Null);
    let against = ["--baseline", base.as_str()];

    let (_, same) = shop.run(&against, 0);
    assert_eq!(same["decision"], "go with waivers");
    assert_eq!(same["subject"]["baseline"], *base);
    let waived = format!("baseline {base}: failed there too");
    assert_eq!(finding(&same, "shop.answers")["waived"], waived);
    assert_eq!(finding(&same, "shop.answers")["verdict"], "fail");
    assert!(warnings(&same).contains(&format!("as in the baseline {base}: shop.titled")));

    shop.breaks(&["/b", "/c"]);
    let (_, worse) = shop.run(&against, 1);
    let reasons = worse["reasons"].to_string();
    assert!(
        reasons.contains("new since the baseline: GET /c"),
        "{reasons}"
    );
    assert_eq!(finding(&worse, "shop.answers")["waived"], Value::Null);

    shop.breaks(&["/b", "/alive"]);
    let (_, broke) = shop.run(&against, 1);
    let reasons = broke["reasons"].to_string();
    assert!(
        reasons.contains("shop.alive: the status is 500 (it passed in the baseline)"),
        "{reasons}"
    );

    shop.breaks(&[]);
    let (mended, told) = shop.run(&against, 0);
    assert_eq!(told["decision"], "go");
    let said = format!("hold to this run from here on: --baseline {mended}");
    assert!(warnings(&told).contains(&said), "{}", warnings(&told));

    // Held to the tighter one, what failed at first is a no-go again.
    shop.breaks(&["/b"]);
    shop.run(&["--baseline", &mended], 1);

    shop.server = None;
    let (_, gone) = shop.run(&against, 3);
    assert_eq!(gone["decision"], "undecided");
    let reasons = gone["reasons"].to_string();
    assert!(
        reasons.contains("whether it is worse cannot be told"),
        "{reasons}"
    );
}

#[test]
fn every_format_names_the_baseline_and_the_record_keeps_it() {
    let shop = Shop::open(&["/b"]);
    let (base, _) = shop.run(&[], 1);
    // A beginning of the run is enough, and the record is there when the baseline is gone.
    let (run, _) = shop.run(&["--baseline", &base[..base.len() - 2]], 0);
    let outcome = shop.call(
        &[
            "report",
            "--from",
            &run,
            "--report",
            "junit=j.xml",
            "--report",
            "markdown=m.md",
        ],
        0,
    );
    assert!(
        outcome.stdout.contains(&format!("no worse than {base}")),
        "{}",
        outcome.stdout
    );
    let read = |path: &str| fs::read_to_string(shop.root().join(path)).unwrap();
    assert!(read("j.xml").contains(&format!("name=\"baseline\" value=\"{base}\"")));
    assert!(read("m.md").contains(&format!("held to be no worse than `{base}`")));
    fs::remove_file(shop.root().join(RECORDS).join(format!("{base}.jsonl"))).unwrap();
    shop.call(&["report", "--from", &run], 0);
    // A record is judged against another baseline only where that is asked for.
    let (bare, _) = shop.run(&[], 1);
    shop.call(&["report", "--from", &bare, "--baseline", &run], 0);
    shop.call(&["report", "--from", &bare], 1);
    let planned = shop.call(
        &["plan", "shop", "--target", &shop.url, "--baseline", &run],
        0,
    );
    assert!(planned.stdout.contains(&run), "{}", planned.stdout);
    // What smoke sees is not in it: its checks are others, so nothing of theirs is accepted.
    shop.breaks(&["/"]);
    let smoke = shop.call(
        &[
            "smoke",
            &shop.url,
            "--retries",
            "0",
            "--baseline",
            &run,
            "--report",
            "json=-",
        ],
        1,
    );
    let told: Value = serde_json::from_str(&smoke.stdout).unwrap();
    assert!(
        told["reasons"]
            .to_string()
            .contains("the baseline does not hold this check"),
        "{told:#}"
    );
}

#[test]
fn a_check_that_changed_is_another_check() {
    let shop = Shop::open(&["/b"]);
    let (base, _) = shop.run(&[], 1);
    let other = ANSWERS.replace("status == 200", "status < 400");
    write(
        shop.root(),
        ".holdpoint/checks/answers.toml",
        &check("answers", "high", &other),
    );
    let (_, told) = shop.run(&["--baseline", &base], 1);
    assert!(
        told["reasons"]
            .to_string()
            .contains("the check has changed since the baseline"),
        "{told:#}"
    );
    assert!(
        warnings(&told).contains("make a new baseline with holdpoint run"),
        "{told:#}"
    );
}

#[test]
fn a_baseline_that_is_none_ends_it_before_anything_is_sent() {
    let shop = Shop::open(&["/b"]);
    let (base, _) = shop.run(&[], 1);
    let path = shop.root().join(RECORDS).join(format!("{base}.jsonl"));
    let text = fs::read_to_string(&path).unwrap();
    let changed = text.replacen("\"status\":500", "\"status\":200", 1);
    assert_ne!(text, changed);
    fs::write(shop.root().join("changed.jsonl"), changed).unwrap();
    write(shop.root(), "other.jsonl", "{}\n");
    let sent = shop.server.as_ref().unwrap().requests();
    let records = shop.records();
    for (named, said) in [
        ("changed.jsonl", "the observation was changed"),
        ("other.jsonl", "not the header of a record"),
        ("gone.jsonl", "gone.jsonl"),
        ("1999", "there is no run '1999'"),
        ("latest~7", "there is no latest~7"),
        ("latest~x", "after latest~ stands a number"),
    ] {
        for verb in [&["run", "shop", "--target"][..], &["smoke"]] {
            let call = [verb, &[&shop.url, "--baseline", named]].concat();
            let outcome = shop.call(&call, 2);
            assert!(outcome.stderr.contains(said), "{named}: {}", outcome.stderr);
            assert!(
                outcome.stderr.contains("help: "),
                "{named}: {}",
                outcome.stderr
            );
        }
        let outcome = shop.call(&["report", "--from", "latest", "--baseline", named], 2);
        assert!(outcome.stderr.contains(said), "{named}: {}", outcome.stderr);
    }
    assert_eq!(shop.server.as_ref().unwrap().requests(), sent);
    assert_eq!(shop.records(), records);
}

#[test]
fn a_baseline_of_elsewhere_or_cut_short_is_said() {
    let shop = Shop::open(&["/b"]);
    let (base, _) = shop.run(&["--environment", "staging"], 1);
    let (_, told) = shop.run(&["--baseline", &base], 0);
    let said = warnings(&told);
    assert!(
        said.contains(&format!(
            "the baseline {base} is of staging, this run of development"
        )),
        "{said}"
    );
    // Without its end it is one that was killed: what it saw fail counts, what it could not tell does not.
    let path = shop.root().join(RECORDS).join(format!("{base}.jsonl"));
    let text = fs::read_to_string(&path).unwrap();
    let end = text.rfind("{\"ending\"").unwrap();
    fs::write(shop.root().join("cut.jsonl"), &text[..end]).unwrap();
    let (_, told) = shop.run(&["--baseline", "cut.jsonl"], 3);
    assert!(warnings(&told).contains("was cut short"), "{told:#}");
    let reasons = told["reasons"].to_string();
    assert!(
        reasons.contains("shop.titled") && reasons.contains("the baseline was cut short"),
        "{reasons}"
    );
    assert!(finding(&told, "shop.answers")["waived"].is_string());
}

#[test]
fn a_baseline_opens_no_gate() {
    let shop = Shop::open(&["/b"]);
    write(
        shop.root(),
        ".holdpoint/gates.toml",
        "shipped = false\n[[gate]]\nname = \"shop\"\ntitle = \"the shop\"\nowner = \"Team One\"\nsuite = \"shop\"\nlevel = \"live\"\n",
    );
    write(
        shop.root(),
        "holdpoint.toml",
        "[suites]\nshop = [\"shop.*\"]\n",
    );
    let gate = |code| {
        let outcome = shop.call(&["gate", "shop", "--report", "json=-"], code);
        let told: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let one = &told["gates"][0];
        (
            one["decision"].clone(),
            one["counts"].clone(),
            one["evidence"][0]["run"].clone(),
        )
    };
    let (base, _) = shop.run(&[], 1);
    let (decision, counts, _) = gate(1);
    let (run, told) = shop.run(&["--baseline", &base], 0);
    assert_eq!(told["decision"], "go with waivers");
    fs::remove_file(shop.root().join(RECORDS).join(format!("{base}.jsonl"))).unwrap();
    let after = gate(1);
    assert_eq!(after, (decision, counts, Value::from(run)));
    assert_eq!(after.1["waived"], 0);
}

/// Beside a failure that is known, a further one counts, and what can be judged no more; one thing in place of another is said.
#[test]
fn a_known_failure_hides_neither_another_nor_what_cannot_be_judged() {
    let shop = Shop::open(&[]);
    let path = ".holdpoint/checks/stocked.toml";
    write(shop.root(), path, &check("stocked", "high", STOCKED));
    shop.stocks(r#"{"left": ["a"], "count": 1}"#);
    let (base, _) = shop.run(&[], 1);
    for (stock, code, change, reason) in [
        (r#"{"left": ["a"], "count": 2}"#, 0, None, ""),
        (
            r#"{"left": ["b"], "count": 1}"#,
            0,
            Some("fails-otherwise"),
            "",
        ),
        (
            r#"{"left": ["a", "b"], "count": 1}"#,
            1,
            Some("worse"),
            "left: a, b (new since the baseline: GET /stock)",
        ),
        (
            r#"{"left": ["a"], "count": 0}"#,
            1,
            Some("worse"),
            "left: a (new since the baseline: GET /stock)",
        ),
        (
            r#"{"left": ["a"]}"#,
            3,
            Some("lost-from-sight"),
            "left: a (the baseline could tell: GET /stock)",
        ),
    ] {
        shop.stocks(stock);
        let (run, told) = shop.run(&["--baseline", &base], code);
        assert!(told["reasons"].to_string().contains(reason), "{told:#}");
        let compared = shop.compares_alike(&base, &run, code);
        assert_eq!(
            compared["changed"][0]["change"].as_str(),
            change,
            "{compared:#}"
        );
    }
    // What could not be judged there is no worse when it cannot be judged here, and that is shown.
    let unjudged = shop.records().into_iter().next_back().unwrap();
    let run = unjudged.file_stem().unwrap().to_str().unwrap();
    shop.run(&["--baseline", run], 0);
    let told = shop.call(&["explain", "latest:shop.stocked"], 0);
    assert!(
        told.stdout.contains("could not be judged"),
        "{}",
        told.stdout
    );
}

/// A run that did not come to its end is held to neither what it knows to fail nor what it did not get to.
#[test]
fn a_run_that_was_killed_is_out_of_sight_of_another() {
    let shop = Shop::open(&["/b"]);
    let (base, _) = shop.run(&[], 1);
    let path = shop.root().join(RECORDS).join(format!("{base}.jsonl"));
    let text = fs::read_to_string(&path).unwrap();
    let end = text.rfind("{\"ending\"").unwrap();
    fs::write(shop.root().join("cut.jsonl"), &text[..end]).unwrap();
    let told = shop.compares_alike(&base, "cut.jsonl", 3);
    assert_eq!(told["changed"][0]["why"], "the run after was cut short");
    let call = ["report", "--from", "cut.jsonl", "--baseline", &base];
    let told = shop.call(&[&call[..], &["--report", "json=-"]].concat(), 130);
    assert!(
        told.stdout.contains("\"decision\": \"undecided\""),
        "{}",
        told.stdout
    );
}

/// What a level leaves out is no matter of the decision and is said; two records tell that it is out of sight.
#[test]
fn what_a_level_leaves_out_is_said() {
    let shop = Shop::open(&["/b"]);
    let path = ".holdpoint/checks/defined.toml";
    let look = "level = \"static\"\n[look]\nprobe = \"file\"\npath = \".holdpoint/checks/alive.toml\"\n[[expect]]\nthat = \"is_file\"\notherwise = \"there is none\"\n";
    write(shop.root(), path, &check("defined", "high", look));
    let (base, _) = shop.run(&[], 1);
    let (run, told) = shop.run(&["--baseline", &base, "--level", "static"], 0);
    let said = warnings(&told);
    assert!(
        said.contains(&format!("that the baseline {base} saw did not look here")),
        "{said}"
    );
    shop.compares_alike(&base, &run, 3);
    // A check that is there no more is named before anything is looked at.
    fs::remove_file(shop.root().join(".holdpoint/checks/alive.toml")).unwrap();
    let call = ["run", "shop", "--target", &shop.url, "--baseline", &base];
    let outcome = shop.call(&call, 1);
    let said = format!("the baseline {base} saw a check that is there no more: shop.alive");
    assert!(outcome.stderr.contains(&said), "{}", outcome.stderr);
}

/// What is secret by now was written out by the run before: that makes no check another one, and no place elsewhere.
#[test]
fn a_secret_that_a_record_was_made_without_changes_no_comparison() {
    let shop = Shop::open(&["/b"]);
    let (base, _) = shop.run(&[], 1);
    let host = shop.url.trim_start_matches("http://").trim_end_matches('/');
    let secrets =
        format!("SHOP_TOKEN=\"shop sells nothing\"\nHOST_TOKEN={host}\nPATH_TOKEN=\"GET /b\"\n");
    write(shop.root(), ".env", &secrets);
    let (run, told) = shop.run(&["--baseline", &base], 0);
    assert_eq!(told["decision"], "go with waivers");
    assert!(!warnings(&told).contains("looked at"), "{told:#}");
    assert!(!told.to_string().contains(host), "{told:#}");
    let told = shop.compares_alike(&base, &run, 0);
    assert_eq!(told["changed"], serde_json::json!([]), "{told:#}");
    assert_eq!(told["redefined"], serde_json::json!([]), "{told:#}");
    for from in [&base, &run] {
        let line = [
            "report",
            "--from",
            from,
            "--baseline",
            &base,
            "--report",
            "json=-",
        ];
        let told: Value = serde_json::from_str(&shop.call(&line, 0).stdout).unwrap();
        assert_eq!(told["decision"], "go with waivers", "{told:#}");
        assert!(!warnings(&told).contains("looked at"), "{told:#}");
    }
    // Nor are they other checks to a gate.
    write(
        shop.root(),
        ".holdpoint/gates.toml",
        "shipped = false\n[[gate]]\nname = \"shop\"\ntitle = \"the shop\"\nowner = \"Team One\"\nsuite = \"shop\"\nlevel = \"live\"\n",
    );
    write(
        shop.root(),
        "holdpoint.toml",
        "[suites]\nshop = [\"shop.*\"]\n",
    );
    let told = shop.call(&["gate", "shop", "--from", &base], 1).stdout;
    assert!(!told.contains("not those by which"), "{told}");
    assert!(told.contains(&base), "{told}");
    // What it was held against is what it knew of.
    write(shop.root(), ".env", "");
    let line = ["report", "--from", &run, "--report", "json=-"];
    let told: Value = serde_json::from_str(&shop.call(&line, 0).stdout).unwrap();
    assert_eq!(told["decision"], "go with waivers", "{told:#}");
    write(
        shop.root(),
        ".env",
        &format!("{secrets}MORE_TOKEN=\"the status is\"\n"),
    );
    let told: Value = serde_json::from_str(&shop.call(&line, 0).stdout).unwrap();
    assert_eq!(told["decision"], "go with waivers", "{told:#}");
}
