//! Grades and findings compared with the MDN HTTP Observatory and Google's CSP Evaluator themselves.
//!
//! `tests/run` installs both; without them the tests are skipped by name.

#![allow(clippy::unwrap_used, reason = "a test")]

mod case;
mod generate;
mod policies;
mod written;

use case::Case;
use fastrand::Rng;
use holdpoint::probe::observatory::evaluate;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many sites are drawn.
const SITES: usize = 1_500;
/// How many policies are drawn for the evaluator.
const POLICIES: usize = 2_000;
/// How many results those sites have between them, of the 64 that the scanner can come to; one that repeats
/// report-uri is among those that are written.
const RESULTS: usize = 63;
const SEED: u64 = 20_261_125;

/// Where we and the oracle differ, and why that is left so.
struct Difference {
    test: &'static str,
    /// Is the site one of these?
    of: fn(&str) -> bool,
    /// What is different, and why we keep it.
    #[expect(dead_code, reason = "for readers")]
    reason: &'static str,
}

const SCRIPTS: &str = "subresource-integrity";
const KNOWN: &[Difference] = &[
    Difference {
        test: "cookies",
        of: |line| line.contains("; Domain=\"") || line.contains("; Domain=;"),
        reason: "of two Domain attributes the last counts, also where it is empty (RFC 6265bis section 5.7); \
                 the oracle's jar skips the empty one",
    },
    Difference {
        test: "cookies",
        of: |line| line.contains("Domain=.."),
        reason: "one leading dot of Domain is skipped (RFC 6265 section 5.2.3); the oracle's jar skips two",
    },
    Difference {
        test: "content-security-policy",
        of: |line| line.contains("<select><meta"),
        reason: "the oracle's parser drops elements in a select, as browsers did until they took any content there",
    },
    Difference {
        test: SCRIPTS,
        of: |line| line.contains("<svg><script"),
        reason: "no tree is built, so a script in an SVG counts like any other; the oracle sees it without address",
    },
    Difference {
        test: SCRIPTS,
        of: |line| line.contains("<frameset><script"),
        reason: "no tree is built, so a script in a frameset counts; the oracle drops it, as browsers do",
    },
    Difference {
        test: SCRIPTS,
        of: |line| line.contains("<script><!--<script>"),
        reason: "the tokenizer's state for a script inside a comment inside a script is not kept; what follows counts",
    },
];

/// The folder of the installed oracles.
fn peer() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told where its peers are"
    )]
    let variable = |name: &str| std::env::var_os(name);
    let folder = variable("HOLDPOINT_PEERS").map(|peers| Path::new(&peers).join("observatory"));
    let found = folder.filter(|folder| folder.join("node_modules").is_dir());
    if found.is_none() {
        assert!(
            variable("HOLDPOINT_REQUIRE_PEERS").is_none_or(|value| value != "1"),
            "observatory is not installed, and HOLDPOINT_REQUIRE_PEERS=1 requires it"
        );
        #[expect(clippy::print_stderr, reason = "a skipped test is said")]
        {
            eprintln!("skipped: observatory is not installed");
        }
    }
    found
}

/// What the oracle says to each line.
fn ask(peer: &Path, verb: &str, lines: &[String]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/observatory/oracle.mjs");
    let output = Command::new("node")
        .arg(script)
        .args([peer.as_os_str(), verb.as_ref(), file.as_os_str()])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let answers: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), lines.len(), "{complaint}");
    answers
}

/// Each test in which the two differ, with what each says; the score is compared where none does.
fn differences(ours: &Value, theirs: &Value) -> Vec<(String, String)> {
    if ours.get("refused").is_some() || theirs.get("refused").is_some() {
        let both = ours.get("refused").is_some() && theirs.get("refused").is_some();
        let said = format!("ours {ours}\n    theirs {theirs}");
        return if both {
            vec![]
        } else {
            vec![("scan".to_owned(), said)]
        };
    }
    let tests = theirs["tests"].as_object().unwrap();
    assert_eq!(ours["tests"].as_object().unwrap().len(), tests.len());
    let mut found: Vec<_> = tests
        .iter()
        .filter(|(name, outcome)| ours["tests"][name.as_str()] != **outcome)
        .map(|(name, outcome)| {
            let said = format!(
                "ours {}\n    theirs {outcome}",
                ours["tests"][name.as_str()]
            );
            (name.clone(), said)
        })
        .collect();
    if found.is_empty() && (ours["score"] != theirs["score"] || ours["grade"] != theirs["grade"]) {
        found.push((
            "score".to_owned(),
            format!("ours {ours}\n    theirs {theirs}"),
        ));
    }
    found
}

fn compare(cases: &[Case]) {
    let Some(peer) = peer() else { return };
    let lines: Vec<String> = cases.iter().map(Case::line).collect();
    let answers = ask(&peer, "grade", &lines);
    let mut unexplained = Vec::new();
    for ((case, theirs), line) in cases.iter().zip(&answers).zip(&lines) {
        for (test, said) in differences(&case.ours(), theirs) {
            let known = KNOWN
                .iter()
                .any(|known| known.test == test && (known.of)(line));
            if !known {
                unexplained.push(format!("{test}\n    {said}\n    {line}"));
            }
        }
    }
    let count = unexplained.len();
    unexplained.sort_by_key(String::len);
    unexplained.truncate(12);
    assert!(
        count == 0,
        "{count} differences in {} sites\n{}",
        cases.len(),
        unexplained.join("\n")
    );
}

#[test]
fn grades_as_the_observatory_does_what_is_drawn() {
    let mut rng = Rng::with_seed(SEED);
    let cases: Vec<Case> = (0..SITES).map(|_| generate::case(&mut rng)).collect();
    // What is drawn must reach nearly every result, or agreeing says little.
    let results: BTreeSet<String> = cases
        .iter()
        .filter_map(|case| case.ours()["tests"].as_object().cloned())
        .flat_map(|tests| {
            tests
                .into_iter()
                .map(|(_, test)| test["result"].to_string())
        })
        .collect();
    assert!(results.len() >= RESULTS, "{} results", results.len());
    compare(&cases);
}

#[test]
fn grades_as_the_observatory_does_what_real_sites_send() {
    compare(&written::cases());
}

/// Has the policy a source whose host cannot be read? It ends the evaluator's run; we leave out that source.
fn ends_the_run(policy: &str) -> bool {
    policy
        .split([' ', ';'])
        .any(|word| word == "/" || word.contains("%zz"))
}

#[test]
fn finds_in_policies_what_the_evaluator_finds() {
    let Some(peer) = peer() else { return };
    let mut rng = Rng::with_seed(SEED);
    let drawn: Vec<String> = (0..POLICIES)
        .map(|_| policies::evaluated_policy(&mut rng))
        .collect();
    let lines: Vec<String> = drawn
        .iter()
        .map(|policy| serde_json::json!({ "policy": policy }).to_string())
        .collect();
    let mut unexplained = Vec::new();
    for (policy, theirs) in drawn.iter().zip(ask(&peer, "evaluate", &lines)) {
        if theirs.get("refused").is_some() && ends_the_run(policy) {
            continue;
        }
        let mut ours: Vec<Value> = evaluate(policy)
            .iter()
            .map(|finding| {
                serde_json::json!([
                    finding.kind,
                    finding.severity.name(),
                    finding.directive,
                    finding.value
                ])
            })
            .collect();
        let mut said = theirs["findings"].as_array().cloned().unwrap_or_default();
        ours.sort_by_key(Value::to_string);
        said.sort_by_key(Value::to_string);
        if ours != said || theirs.get("refused").is_some() {
            ours.retain(|finding| !said.contains(finding));
            unexplained.push(format!(
                "{policy}\n    only ours {ours:?}\n    theirs {theirs}"
            ));
        }
    }
    let count = unexplained.len();
    unexplained.sort_by_key(String::len);
    unexplained.truncate(6);
    assert!(
        count == 0,
        "{count} of {POLICIES} policies differ\n{}",
        unexplained.join("\n")
    );
}
