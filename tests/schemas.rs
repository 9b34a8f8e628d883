//! Reports for other programs keep those programs' schemas: SARIF, and JUnit as Jenkins and Surefire have it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

// The runs that the properties of reports draw, read by others here.
use holdpoint::model;
#[path = "../src/report/tests/drawn.rs"]
mod drawn;
#[path = "../src/report/tests/fixture.rs"]
mod fixture;

use fixture::Run;
use holdpoint::report::{Beside, Report, Style, format};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::peers::{fetched, peer};
use tempfile::TempDir;

/// So many runs are drawn.
const DRAWN: usize = 48;

/// Of Jenkins's xunit plugin, by Gregory Boissinot, under the MIT licence that the file holds.
const JENKINS: &str = "tests/fixtures/schemas/junit-10.xsd";

/// Of Apache Maven Surefire, under the Apache licence 2.0 that the file names.
const SUREFIRE: &str = "tests/fixtures/schemas/surefire-test-report.xsd";

fn runs() -> Vec<Run> {
    let mut runner = TestRunner::deterministic();
    let drawn = drawn::run();
    let drawn = (0..DRAWN).map(|_| drawn.new_tree(&mut runner).unwrap().current());
    let mut runs: Vec<Run> = drawn.collect();
    runs.push(fixture::run());
    runs
}

fn render(run: &Run, name: &str) -> String {
    let report = Report {
        decision: &run.decision,
        findings: &run.findings,
        subject: &run.subject,
        beside: Beside::default(),
    };
    (format(name).unwrap().render)(&report, &Style::default())
}

fn schema(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What xmllint says of the files; empty where all keep the schema.
fn against(xmllint: &Path, name: &str, files: &[PathBuf]) -> String {
    let mut command = Command::new(xmllint);
    command
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema(name))
        .args(files);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => String::new(),
        false => said
            .lines()
            .filter(|line| !line.ends_with(" validates"))
            .take(20)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

/// Each suite of a report as a document of its own, without its time, of which Surefire's schema knows nothing.
fn suites(text: &str) -> Vec<String> {
    let (_, text) = text.split_once("<testsuite ").unwrap();
    let text = text.rsplit_once("</testsuites>").unwrap().0;
    let suites = text.split("\n    <testsuite ");
    let alone = suites.map(|suite| {
        let (head, rest) = suite.split_once('>').unwrap();
        let head: Vec<&str> = head.split(" timestamp=\"").collect();
        let (before, after) = (head[0], head[1].split_once('"').unwrap().1);
        format!("<testsuite {before}{after}>{rest}")
    });
    alone.collect()
}

#[test]
fn junit_is_what_jenkins_and_surefire_read() {
    let Some(xmllint) = peer("xmllint") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let (mut whole, mut alone) = (Vec::new(), Vec::new());
    for (index, run) in runs().iter().enumerate() {
        let text = render(run, "junit");
        whole.push(folder.path().join(format!("{index}.xml")));
        fs::write(&whole[index], &text).unwrap();
        for suite in suites(&text) {
            alone.push(folder.path().join(format!("suite-{}.xml", alone.len())));
            fs::write(alone.last().unwrap(), suite).unwrap();
        }
    }
    assert!(alone.len() > whole.len() * 2);
    assert_eq!(against(&xmllint, JENKINS, &whole), "");
    assert_eq!(against(&xmllint, SUREFIRE, &alone), "");
    // The schemas refuse what they do not know.
    let bad = fs::read_to_string(&whole[DRAWN]).unwrap().replacen(
        "<testcase ",
        "<testcase odd=\"1\" ",
        1,
    );
    fs::write(&whole[0], &bad).unwrap();
    assert!(against(&xmllint, JENKINS, &whole[..1]).contains("'odd'"));
    let bad =
        fs::read_to_string(&alone[1])
            .unwrap()
            .replacen("<testcase ", "<testcase odd=\"1\" ", 1);
    fs::write(&alone[1], &bad).unwrap();
    assert!(!against(&xmllint, SUREFIRE, &alone[1..2]).is_empty());
}

/// The schema of SARIF 2.1.0 and its validator, of the package that `tests/run` fetches.
fn multitool() -> Option<(PathBuf, jsonschema::Validator)> {
    let folder = fetched("sarif-multitool")?.join("node_modules/@microsoft/sarif-multitool-linux");
    let program = folder.join("Sarif.Multitool");
    let text = fs::read_to_string(folder.join("sarif-2.1.0.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    // The package's own script would make it a program, and is not run.
    let mut permissions = fs::metadata(&program).unwrap().permissions();
    permissions.set_mode(permissions.mode() | 0o100);
    fs::set_permissions(&program, permissions).unwrap();
    Some((program, jsonschema::validator_for(&schema).unwrap()))
}

fn keeps(schema: &jsonschema::Validator, text: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> = schema
        .iter_errors(&value)
        .take(5)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
}

/// The remark that a tool has no page to name, which ours has not yet. It comes once for each file.
const NO_PAGE: &str = "SARIF2005";

/// What the validator reports of the files in a folder, as rule, message and place, by its own rules and by those of
/// GitHub; and how many files it looked at.
fn validate(program: &Path, folder: &Path) -> (usize, Vec<String>) {
    let told = folder.join("told.json");
    let output = Command::new(program)
        .args([
            "validate",
            "--rule-kind",
            "Sarif;Ghas",
            "--level",
            "Error;Warning",
            "--log",
            "ForceOverwrite",
            "-o",
        ])
        .arg(&told)
        .arg(folder.join("*.sarif"))
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .output()
        .unwrap();
    let text = fs::read_to_string(&told);
    let text = text.unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let told: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    let results = told["runs"][0]["results"].as_array().unwrap();
    let (seen, told): (Vec<&Value>, Vec<&Value>) =
        results.iter().partition(|one| one["ruleId"] == NO_PAGE);
    let told = told.into_iter();
    let told = told.map(|one| {
        format!(
            "{} {} {}",
            one["ruleId"], one["message"], one["locations"][0]
        )
    });
    (seen.len(), told.collect())
}

#[test]
fn sarif_keeps_its_schema_and_what_github_takes() {
    let Some((program, schema)) = multitool() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let runs = runs();
    for (index, run) in runs.iter().enumerate() {
        let text = render(run, "sarif");
        keeps(&schema, &text);
        fs::write(folder.path().join(format!("{index}.sarif")), text).unwrap();
    }
    let (seen, told) = validate(&program, folder.path());
    assert_eq!(seen, runs.len());
    assert!(
        told.is_empty(),
        "{} {:#?}",
        told.len(),
        &told[..told.len().min(12)]
    );
    // Both refuse what is wrong.
    let text = render(&fixture::run(), "sarif");
    let mut bad: Value = serde_json::from_str(&text).unwrap();
    bad["runs"][0]["results"][0]["level"] = "grave".into();
    assert!(!schema.is_valid(&bad));
    bad = serde_json::from_str(&text).unwrap();
    bad["runs"][0]["results"][0]["ruleIndex"] = 4_000.into();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("bad.sarif"), bad.to_string()).unwrap();
    let (_, told) = validate(&program, folder.path());
    assert!(told.iter().any(|one| one.contains("4000")), "{told:?}");
}
