//! Documentation that is generated or shown must say what the program says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the one who writes the docs asks for it by a variable"
)]

mod support;

use holdpoint::catalog::{Catalog, Nameable, parse_gates, shipped_gates, shipped_maps};
use holdpoint::diagnostic::Source;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use support::holdpoint;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The text between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
fn part<'a>(text: &'a str, name: &str) -> &'a str {
    let (begin, end) = (
        format!("<!-- {name}:begin -->"),
        format!("<!-- {name}:end -->"),
    );
    let start = text
        .find(&begin)
        .unwrap_or_else(|| panic!("{begin} is missing"))
        + begin.len();
    let end = text[start..]
        .find(&end)
        .unwrap_or_else(|| panic!("{end} is missing"))
        + start;
    text[start..end].trim()
}

fn fenced(text: &str) -> String {
    let inner = text
        .trim()
        .trim_start_matches("```text")
        .trim_start_matches("```")
        .trim_end_matches("```");
    inner.trim_matches('\n').to_owned()
}

/// Set to write what is generated in place of comparing it: `HOLDPOINT_WRITE_DOCS=1 cargo test --test docs`.
fn writing() -> bool {
    std::env::var("HOLDPOINT_WRITE_DOCS").is_ok_and(|value| value == "1")
}

fn expect_part(path: &str, name: &str, current: &str) {
    let text = read(path);
    let old = part(&text, name).to_owned();
    if writing() && old != current.trim() {
        let begin = format!("<!-- {name}:begin -->");
        let new = text.replacen(
            &format!("{begin}\n{old}"),
            &format!("{begin}\n{}", current.trim()),
            1,
        );
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), new).unwrap();
        return;
    }
    assert_eq!(
        old,
        current.trim(),
        "{path} differs; HOLDPOINT_WRITE_DOCS=1 cargo test --test docs writes it"
    );
}

#[test]
fn exit_statuses_are_the_programs() {
    let table = holdpoint(["generate", "exit-statuses"])
        .run()
        .expect_code(0)
        .stdout;
    expect_part("README.md", "exit-statuses", &table);
}

#[test]
fn the_table_of_checks_is_the_catalogue() {
    let table = holdpoint(["generate", "checks"])
        .run()
        .expect_code(0)
        .stdout;
    expect_part("checks/README.md", "catalogue", &table);
}

#[test]
fn the_table_of_gates_is_what_is_shipped() {
    let table = holdpoint(["generate", "gates"]).run().expect_code(0).stdout;
    expect_part("checks/README.md", "gates", &table);
}

/// The gate that the format is explained by is read, and takes the place of the shipped one.
#[test]
fn the_example_of_a_gate_is_accepted() {
    let text = read("checks/README.md");
    let (_, section) = text.split_once("\n## Gates\n").unwrap();
    let example = section.split("```toml\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let catalog = Catalog::shipped().unwrap();
    let known = Nameable {
        catalog: &catalog,
        suites: &BTreeMap::new(),
        maps: &shipped_maps(&catalog).unwrap(),
        documents: &["security-sign-off"],
    };
    let gates = parse_gates(&Source::new("gates.toml", example), &known)
        .unwrap_or_else(|problems| panic!("{}", problems[0]));
    let shipped = shipped_gates(&known).unwrap();
    assert_eq!(gates.len(), shipped.len());
    let own: Vec<_> = gates.iter().filter(|one| !shipped.contains(one)).collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].place.to_string(), "gates.toml:2");
}

#[test]
fn the_table_of_variables_is_what_checks_and_probes_read() {
    let table = holdpoint(["generate", "variables"])
        .run()
        .expect_code(0)
        .stdout;
    expect_part("checks/README.md", "variables", &table);
}

#[test]
fn the_table_of_maps_is_the_programs() {
    let table = holdpoint(["generate", "maps"]).run().expect_code(0).stdout;
    expect_part("reports/README.md", "maps", &table);
}

#[test]
fn the_table_of_documents_is_the_programs() {
    let table = holdpoint(["generate", "documents"])
        .run()
        .expect_code(0)
        .stdout;
    expect_part("reports/README.md", "documents", &table);
}

#[test]
fn every_probe_has_its_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/reference");
    for probe in holdpoint::probe::PROBES {
        let name = probe.spec().name;
        let page = holdpoint(["generate".to_owned(), format!("probe:{name}")])
            .run()
            .expect_code(0)
            .stdout;
        let path = folder.join(format!("{name}.md"));
        if writing() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &page).unwrap();
        }
        let old = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            old, page,
            "checks/reference/{name}.md differs; HOLDPOINT_WRITE_DOCS=1 cargo test --test docs writes it"
        );
    }
    let pages = fs::read_dir(&folder).unwrap().count();
    assert_eq!(
        pages,
        holdpoint::probe::PROBES.len(),
        "a page without a probe"
    );
}

#[test]
fn the_usage_is_the_programs() {
    let help = holdpoint(["--help"]).run().expect_code(0).stdout;
    expect_part(
        "README.md",
        "usage",
        &format!("```text\n{}\n```", help.trim_end()),
    );
}

/// Times, ports, digests and folders differ from run to run; everything else is compared.
#[test]
fn the_first_screen_is_real_output() {
    let outcome = holdpoint(["demo"]).run().expect_code(0);
    let told = steady(&outcome.stable_stdout());
    let readme = read("README.md");
    let shown = fenced(part(&readme, "demo"));
    if writing() {
        let lines: Vec<_> = outcome.stdout.lines().collect();
        println!("{}", lines.join("\n"));
    }
    // The README shows an excerpt: its blocks, divided by lines of "…", must all be in the output.
    for block in steady(&support::stable(&shown, &[])).split("\n…\n") {
        let block = block.trim_matches('\n');
        assert!(
            told.contains(block),
            "not in the output of the demonstration:\n{block}\n\nwhich is:\n{told}"
        );
    }
}

/// Takes out what differs from run to run and is not masked by the harness.
fn steady(text: &str) -> String {
    let patterns = [
        (r"127\.0\.0\.1:(\d+|\[PORT\]|PORT)", "127.0.0.1:PORT"),
        (r"\b\d+(\.\d+)? (ms|s)\b$", "TIME"),
        (r"· \d+(\.\d+)? (ms|s)\b", "· TIME"),
        (r"\S*/records/\S+", "RECORD"),
        (r"\S*holdpoint-demo-[0-9a-f]+", "FOLDER"),
    ];
    let mut text = text.to_owned();
    for (pattern, with) in patterns {
        text = regex::RegexBuilder::new(pattern)
            .multi_line(true)
            .build()
            .unwrap()
            .replace_all(&text, with)
            .into_owned();
    }
    text.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The blocks of TOML in the README are what a user would paste.
#[test]
fn the_examples_of_the_readme_are_accepted() {
    let readme = read("README.md");
    let blocks: Vec<&str> = readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    let [targets, check, waivers] = blocks.as_slice() else {
        panic!("the plan's targets, a check and a waiver are shown")
    };
    let folder = tempfile::tempdir().unwrap();
    support::write(folder.path(), "holdpoint.toml", targets);
    support::write(folder.path(), ".holdpoint/checks/stock.toml", check);
    support::write(folder.path(), ".holdpoint/waivers.toml", waivers);
    let told = holdpoint(["explain", "shop.answers-with-stock"])
        .within(folder.path())
        .run()
        .expect_code(0);
    assert!(
        told.stdout.contains("the stock is served and not empty"),
        "{}",
        told.stdout
    );
    let planned = holdpoint(["plan", "smoke", "--target", "http://127.0.0.1:9"])
        .within(folder.path())
        .run()
        .expect_code(0);
    assert!(
        planned.stdout.contains("head of security"),
        "{}",
        planned.stdout
    );
}
