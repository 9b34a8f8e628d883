//! Every board and report says the same decision and the same counts for the same record: drawn projects, run by the
//! program, told in every form that it has.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::report::FORMATS;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::peers::peer;
use support::{Outcome, holdpoint, write};
use tempfile::TempDir;

const GATES: &str = "shipped = false\n[[gate]]\nname = \"build\"\ntitle = \"the build\"\nowner = \"Team One\"\nsuite = \"build\"\nlevel = \"live\"\n";

/// What a drawn check comes to.
const FATES: [&str; 6] = ["pass", "fail", "waived", "absent", "unseen", "blocked"];

/// A project with checks of every fate, by the numbers that were drawn.
struct Project {
    folder: TempDir,
    files: TempDir,
}

impl Project {
    fn draw(seed: u64) -> Self {
        let mut drawn = fastrand::Rng::with_seed(seed);
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            files: tempfile::tempdir().unwrap(),
        };
        let root = project.root();
        let mut waivers = String::new();
        for place in 0..drawn.usize(1..14) {
            // One of them is seen in any case.
            let fate = if place == 0 {
                "pass"
            } else {
                FATES[drawn.usize(..FATES.len())]
            };
            let severity = ["critical", "high", "medium", "low", "info"][drawn.usize(..5)];
            write(
                root,
                &format!(".holdpoint/checks/c{place}.toml"),
                &check(place, fate, severity),
            );
            if fate == "waived" {
                waivers += &format!(
                    "[[waiver]]\ncheck = \"shop.c{place}\"\nreason = \"later\"\nowner = \"ann@example.com\"\nuntil = 2199-12-31\n"
                );
            }
        }
        write(
            root,
            ".holdpoint/checks/gone.toml",
            &check(99, "fail", "low").replace("shop.c99", "shop.gone"),
        );
        write(root, ".holdpoint/waivers.toml", &waivers);
        write(root, ".holdpoint/gates.toml", GATES);
        write(root, "there", "x\n");
        write(root, "package.json", "{\"name\": \"shop\"}\n");
        write(root, "holdpoint.toml", "[suites]\nbuild = [\"shop.*\"]\n");
        let key = project.files.path().join("key");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()])
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let public = fs::read_to_string(key.with_extension("pub")).unwrap();
        write(
            root,
            ".holdpoint/allowed_signers",
            &format!("ann@example.com namespaces=\"*@holdpoint\" {public}"),
        );
        project
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn told(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    fn call(&self, arguments: &[&str]) -> Outcome {
        holdpoint(arguments)
            .within(self.root())
            .env("GITHUB_STEP_SUMMARY", self.file("summary"))
            .env("GITHUB_OUTPUT", self.file("output"))
            .run()
    }
}

fn check(place: usize, fate: &str, severity: &str) -> String {
    let (look, needs, applies) = match fate {
        "pass" => ("probe = \"file\"\npath = \"there\"", "", ""),
        "fail" | "waived" => ("probe = \"file\"\npath = \"not-there\"", "", ""),
        "absent" => (
            "probe = \"file\"\npath = \"there\"",
            "",
            "applies_when = \"false\"\n",
        ),
        "unseen" => (
            "probe = \"exec\"\nprogram = \"./no-such-program\"\nfacts = { works = \"bool\" }",
            "",
            "",
        ),
        _ => (
            "probe = \"file\"\npath = \"there\"",
            "needs = [\"shop.gone\"]\n",
            "",
        ),
    };
    let that = if fate == "unseen" { "works" } else { "exists" };
    format!(
        "id = \"shop.c{place}\"\ntitle = \"it is there\"\nwhy = \"w\"\nseverity = \"{severity}\"\nlevel = \"live\"\nsuites = [\"quality\"]\n{needs}{applies}\
         [look]\n{look}\n[[expect]]\nthat = \"{that}\"\notherwise = \"it is not\"\n[remedy]\ntext = \"write it\"\n"
    )
}

/// `3 pass · 1 fail (1 high) · …` of a text, by verdict.
fn counted(text: &str, separator: &str) -> BTreeMap<String, u64> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts = text.split(separator).map(str::trim);
    let each = parts.filter_map(|part| {
        let (count, rest) = part
            .trim_start_matches(|c: char| !c.is_ascii_digit())
            .split_once(' ')?;
        let word = rest.split(" (").next()?.trim().replace(' ', "-");
        Some((word, count.parse().ok()?))
    });
    each.collect()
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no '{start}' in {text}"));
    rest.split(end).next().unwrap()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_board_and_report_says_the_same() {
    peer("ssh-keygen");
    let mut seen = BTreeMap::new();
    for seed in 0..8 {
        let project = Project::draw(seed);
        let outcome = agree(&project);
        *seen.entry(outcome).or_insert(0) += 1;
    }
    assert!(
        seen.len() > 1,
        "all the drawn runs came to the same: {seen:?}"
    );
}

/// Holds everything that can be said of one run together; gives its decision.
fn agree(project: &Project) -> String {
    let run = project.call(&["run", "build"]);
    assert!([0, 1, 3].contains(&run.code()), "{}", run.stderr);
    let formats: Vec<String> = FORMATS
        .iter()
        .map(|format| format!("{0}={1}", format.name, project.file(format.name).display()))
        .collect();
    let mut arguments = vec!["report", "--from", "latest", "--pipeline", "github"];
    for format in &formats {
        arguments.extend(["--report", format]);
    }
    let report = project.call(&arguments);
    assert_eq!(report.code(), run.code(), "{}", report.stderr);

    let json = parsed(&project.told("json"));
    let decision = json["decision"].as_str().unwrap().to_owned();
    let summary = json["summary"].as_object().unwrap();
    let expected: BTreeMap<String, u64> = summary
        .iter()
        .map(|(word, count)| (word.clone(), count.as_u64().unwrap()))
        .filter(|(_, count)| *count > 0)
        .collect();
    let of = |word: &str| expected.get(word).copied().unwrap_or(0);
    let findings = json["findings"].as_array().unwrap();
    let waived = findings
        .iter()
        .filter(|one| !one["waived"].is_null())
        .count() as u64;
    let codes = [
        ("go", 0),
        ("go with waivers", 0),
        ("no-go", 1),
        ("undecided", 3),
    ];
    assert!(
        codes.contains(&(&decision, run.code())),
        "{decision} and {}",
        run.code()
    );
    let word = decision.to_uppercase();
    let same = |counts: BTreeMap<String, u64>, place: &str| {
        let only = counts
            .into_iter()
            .filter(|(word, _)| summary.contains_key(word));
        assert_eq!(only.collect::<BTreeMap<_, _>>(), expected, "{place}");
    };

    // For people.
    for (place, text) in [
        ("the run", &run.stdout),
        ("terminal", &project.told("terminal")),
    ] {
        let closing = text
            .rsplit_once(&format!("\n{word}  "))
            .unwrap_or_else(|| panic!("{place}: {text}"))
            .1;
        same(
            counted(closing.split("\nrecord").next().unwrap(), "·"),
            place,
        );
    }
    for name in ["markdown", "summary"] {
        let text = project.told(name);
        assert!(text.starts_with(&format!("## {word}: ")), "{name}: {text}");
        same(counted(between(&text, "**", "**"), "·"), name);
    }
    let page = project.told("html");
    assert!(
        page.contains(&format!("<title>{word}:")) || page.contains(&format!("<title>{decision}:"))
    );
    same(
        counted(
            &between(&page, "<ul class=\"counts\">", "</ul>")
                .replace("<li>", "")
                .replace("<b>", "")
                .replace("</b>", ""),
            "</li>",
        ),
        "html",
    );
    let sign_off = project.told("sign-off");
    assert!(
        sign_off
            .to_lowercase()
            .contains(&format!("**decision: {decision}**")),
        "{sign_off}"
    );
    let explained = project.call(&["explain", "latest"]).stdout;
    assert!(explained.starts_with(&word), "{explained}");
    same(
        counted(
            explained
                .split("\n\n")
                .next()
                .unwrap()
                .split("\n  shop.")
                .next()
                .unwrap()
                .split_once(json["subject"]["run"].as_str().unwrap())
                .unwrap()
                .1,
            "·",
        ),
        "explain",
    );

    // For programs.
    let sarif = parsed(&project.told("sarif"));
    let properties = &sarif["runs"][0]["properties"];
    assert_eq!(properties["decision"], *decision);
    for (word, count) in summary {
        assert_eq!(properties["counts"][word], *count, "sarif: {word}");
    }
    let junit = project.told("junit");
    assert!(junit.contains(&format!("name=\"decision\" value=\"{decision}\"")));
    for (word, count) in summary {
        assert!(
            junit.contains(&format!("name=\"count.{word}\" value=\"{count}\"")),
            "junit: {word}"
        );
    }
    let statement = parsed(&project.told("in-toto"));
    let about = &statement["subject"][0]["annotations"]["holdpoint"];
    assert_eq!(about["decision"], *decision, "{statement}");
    let predicate = &statement["predicate"];
    let passed = predicate["passedTests"].as_array().unwrap().len() as u64;
    assert_eq!(passed, of("pass"), "{statement}");
    // Its word for the whole is stricter: nothing at all failed.
    assert!(predicate["result"] != "PASSED" || decision.starts_with("go"));
    let (variables, outputs) = (project.told("dotenv"), project.told("output"));
    let code = run.code().to_string();
    for (name, value) in [
        ("decision", decision.clone()),
        ("exit-status", code.clone()),
        ("pass", of("pass").to_string()),
        ("failed", (of("fail") - waived).to_string()),
        ("waived", waived.to_string()),
        ("inconclusive", of("inconclusive").to_string()),
        ("blocked", of("blocked").to_string()),
    ] {
        let variable = format!("HOLDPOINT_RUN_{}", name.to_uppercase().replace('-', "_"));
        for (text, line) in [
            (&outputs, format!("{name}={value}")),
            (&variables, format!("{variable}={value}")),
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in {text}");
        }
    }
    let violations = parsed(&project.told("code-quality"))
        .as_array()
        .unwrap()
        .len() as u64;
    assert!(
        violations <= of("fail") + of("inconclusive") + of("blocked"),
        "{violations}"
    );
    assert!(violations >= of("fail") - waived, "{violations}");
    let difference = project.call(&["diff", "latest", "latest", "--report", "json"]);
    // Nothing is worse than itself; but where nothing that decides was observed, that tells nothing.
    let observed = |one: &&Value| one["verdict"] == "pass" || one["verdict"] == "fail";
    let decides = |one: &&Value| one["severity"] != "low" && one["severity"] != "info";
    let mut deciding = findings.iter().filter(decides).peekable();
    let told = match deciding.peek() {
        Some(_) => deciding.any(|one| observed(&one)),
        None => findings.iter().any(|one| observed(&one)),
    };
    let expected = if told { 0 } else { 3 };
    assert_eq!(difference.code(), expected, "{}", difference.stdout);
    let difference = parsed(&difference.stdout);
    for side in ["before", "after"] {
        assert_eq!(difference[side]["decision"], *decision, "{difference}");
    }

    // The gate over the same record, on every board; its waivers are those of the run.
    let gates = parsed(&project.call(&["gate", "--report", "json"]).stdout);
    let counts = &gates["gates"][0]["counts"];
    for (name, count) in [
        ("measuredPass", of("pass")),
        ("measuredFail", of("fail") - waived),
        ("waived", waived),
        (
            "unknown",
            of("inconclusive") + of("blocked") + of("not-run") + of("needs-attestation"),
        ),
        ("notApplicable", of("not-applicable")),
    ] {
        assert_eq!(counts[name], count, "{name}: {counts}");
    }
    let state = gates["gates"][0]["state"].as_str().unwrap();
    for board in [
        &["status"][..],
        &["status", "--standup"],
        &["status", "--governance"],
    ] {
        let call = [board, &["--report", "json"]].concat();
        let told = parsed(&project.call(&call).stdout);
        assert_eq!(told["teams"][0]["counts"], *counts, "{board:?}");
        assert_eq!(told["teams"][0]["state"], state, "{board:?}");
        assert!(project.call(board).stdout.contains(state), "{board:?}");
    }
    let table = between(&page, "id=\"gates\"", "</table>");
    assert!(table.contains(state), "{state}: {table}");
    assert!(
        table.contains(&format!("{} measured pass", of("pass"))),
        "{table}"
    );
    decision
}
