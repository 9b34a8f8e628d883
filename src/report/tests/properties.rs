//! Properties of all reports over arbitrary findings, hostile ones first of all.

use super::drawn::run;
use super::fixture::{self, Run};
use crate::document::escape::hides;
use crate::ledger::statement::{RunResult, Statement, TestResult};
use crate::model::{Outcome, Verdict};
use crate::report::{FORMATS, Style, format};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

fn render(run: &Run, name: &str, style: &Style<'_>) -> String {
    (format(name).unwrap().render)(&run.report(), style)
}

/// The count in front of the last ` pass`, or behind a word, as each format writes it.
fn counts(run: &Run, name: &str) -> Vec<usize> {
    let text = render(
        run,
        name,
        &Style {
            width: 10_000,
            verbose: true,
            ..Style::default()
        },
    );
    let words = Verdict::ALL.iter();
    match name {
        "json" => {
            let value: Value = serde_json::from_str(&text).unwrap();
            words
                .map(|one| value["summary"][one.word()].as_u64().unwrap() as usize)
                .collect()
        }
        "sarif" => {
            let value: Value = serde_json::from_str(&text).unwrap();
            let counts = &value["runs"][0]["properties"]["counts"];
            words
                .map(|one| counts[one.word()].as_u64().unwrap() as usize)
                .collect()
        }
        "junit" => words
            .map(|one| {
                between(&text, &format!("name=\"count.{one}\" value=\""), "\"")
                    .parse()
                    .unwrap()
            })
            .collect(),
        "html" => {
            let list = between(&text, "<ul class=\"counts\">", "</ul>").replace("</b>", "");
            let parts: Vec<&str> = list.split("<li><b>").skip(1).collect();
            words
                .map(|one| {
                    let word = one.word().replace('-', " ");
                    let count = parts.iter().find_map(|part| {
                        let (count, rest) = part.trim_end_matches("</li>").split_once(' ')?;
                        (rest.split(" (").next()? == word).then(|| count.parse::<usize>().ok())?
                    });
                    count.unwrap_or(0)
                })
                .collect()
        }
        "sign-off" => words
            .map(|one| {
                between(&text, &format!("\n| {one} | "), " |")
                    .parse()
                    .unwrap()
            })
            .collect(),
        _ => {
            let word = run.decision.outcome.word().to_uppercase();
            let line = match name {
                "markdown" => text.lines().find(|line| line.starts_with("**")).unwrap(),
                _ => text
                    .lines()
                    .rfind(|line| line.starts_with(&format!("{word}  ")))
                    .unwrap(),
            };
            let parts: Vec<_> = line
                .trim_matches('*')
                .trim_start_matches(&word)
                .split(" · ")
                .map(str::trim)
                .collect();
            words
                .map(|one| {
                    let word = one.word().replace('-', " ");
                    let count = parts.iter().find_map(|part| {
                        let (count, rest) = part.split_once(' ')?;
                        let rest = rest.split(" (").next()?;
                        (rest == word).then(|| count.parse::<usize>().ok())?
                    });
                    count.unwrap_or(0)
                })
                .collect()
        }
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).expect(start);
    rest.split(end).next().unwrap_or_default()
}

/// The decision as a format states it.
fn decision(run: &Run, name: &str) -> String {
    let text = render(
        run,
        name,
        &Style {
            width: 10_000,
            ..Style::default()
        },
    );
    let word = run.decision.outcome.word();
    let stated = match name {
        "json" | "sarif" => between(&text, "\"decision\": \"", "\"").to_owned(),
        "junit" => between(&text, "name=\"decision\" value=\"", "\"").to_owned(),
        "markdown" => between(&text, "## ", ":").to_owned(),
        "html" => {
            let band = between(&text, "<span class=\"word\">", "</span> ");
            let titled = between(&text, "<title>", ":");
            assert!(
                band.ends_with(&format!("</span>{titled}")),
                "{band} and {titled}"
            );
            titled.to_owned()
        }
        "sign-off" => between(&text, "**Decision: ", "**").to_owned(),
        _ if text
            .lines()
            .any(|line| line.starts_with(&format!("{}  ", word.to_uppercase()))) =>
        {
            word.to_owned()
        }
        _ => String::new(),
    };
    stated.to_lowercase()
}

/// Every element of a page is one of its own, is closed where it was opened, and takes nothing from elsewhere.
fn well_formed(page: &str) -> Result<(), String> {
    let (head, rest) = page.split_once("<style>").ok_or("no style")?;
    let (_, body) = rest.split_once("</style>").ok_or("the style has no end")?;
    let mut open: Vec<&str> = Vec::new();
    let text = format!("{head}{body}");
    for piece in text.split('<').skip(1) {
        let (tag, shown) = piece.split_once('>').ok_or("a tag has no end")?;
        if shown.contains('>') {
            return Err(format!("a > of its own: {piece}"));
        }
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        match (name, name.strip_prefix('/')) {
            ("!DOCTYPE" | "meta" | "input", _) => {}
            (_, Some(name)) => match open.pop() {
                Some(last) if last == name => {}
                other => return Err(format!("{other:?} is closed by {name}")),
            },
            _ if ELEMENTS.split(' ').any(|one| one == name) => match tag.ends_with('/') {
                true => {}
                false => open.push(name),
            },
            _ => return Err(format!("<{tag}>")),
        }
        if tag.matches('"').count() % 2 == 1
            || tag.contains(" on")
            || tag.contains("href=\"") && !tag.contains("href=\"#")
        {
            return Err(format!("<{tag}>"));
        }
    }
    match open.is_empty() {
        true => Ok(()),
        false => Err(format!("never closed: {open:?}")),
    }
}

const ELEMENTS: &str = "html head title body a header div h1 span ul li p nav main section h2 ol details summary code dl dt dd strong form \
    fieldset legend label button h3 h4 b i pre table caption thead tbody tr th td figure svg g path circle text footer";

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema: Value =
        serde_json::from_str(include_str!("../../../reports/schema/report.v1.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

fn check_schema(text: &str) -> Result<(), TestCaseError> {
    let value: Value = serde_json::from_str(text).unwrap();
    let error = SCHEMA.iter_errors(&value).next();
    prop_assert!(error.is_none(), "{error:?}");
    Ok(())
}

#[test]
fn the_fixed_report_keeps_the_schema() {
    let text = render(&fixture::run(), "json", &Style::default());
    check_schema(&text).unwrap();
}

#[test]
fn the_schema_refuses_what_it_does_not_know() {
    let text = render(&fixture::run(), "json", &Style::default());
    let good: Value = serde_json::from_str(&text).unwrap();
    let changes: [fn(&mut Value); 5] = [
        |report| report["extra"] = json!(1),
        |report| report["findings"][0]["verdict"] = json!("ok"),
        |report| {
            report["summary"]
                .as_object_mut()
                .map(|map| map.remove("pass"))
                .map_or((), drop)
        },
        |report| report["schema"] = json!("holdpoint.report/v2"),
        |report| report["findings"][0]["looks"] = json!(null),
    ];
    for change in changes {
        let mut report = good.clone();
        change(&mut report);
        assert!(!SCHEMA.is_valid(&report));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_formats_state_the_same(run in run()) {
        let expected: Vec<_> =
            Verdict::ALL.iter().map(|one| run.decision.summary.get(one).copied().unwrap_or(0)).collect();
        // A picture of limits states no verdict, nor does a list of violations; a statement and variables have words of
        // their own, for which see below and `pipeline`.
        let other = ["limits-plot", "in-toto", "code-quality", "dotenv"];
        for format in FORMATS.iter().filter(|format| !other.contains(&format.name)) {
            prop_assert_eq!(decision(&run, format.name), run.decision.outcome.word(), "{}", format.name);
            prop_assert_eq!(counts(&run, format.name), &*expected, "{}", format.name);
        }
    }

    #[test]
    fn nothing_acts_on_the_reader(run in run(), width in 0_usize..200, verbose: bool, unicode: bool) {
        let style = Style { width, verbose, unicode, ..Style::default() };
        for format in FORMATS {
            let text = render(&run, format.name, &style);
            let hidden = text.chars().find(|c| *c != '\n' && hides(*c));
            prop_assert!(hidden.is_none(), "{} shows {hidden:?}", format.name);
            if format.name == "terminal" && !unicode {
                prop_assert!(text.is_ascii(), "{text}");
            }
        }
    }

    #[test]
    fn the_json_keeps_its_schema(run in run()) {
        check_schema(&render(&run, "json", &Style::default()))?;
    }

    #[test]
    fn a_statement_passes_only_what_was_seen_to_pass(run in run()) {
        let text = render(&run, "in-toto", &Style::default());
        let stated = Statement::parse(text.as_bytes()).map_err(TestCaseError::fail)?;
        let predicate: TestResult = serde_json::from_value(stated.predicate).unwrap();
        let count = |wanted: &[Verdict], waived: bool| {
            run.findings.iter().filter(|one| wanted.contains(&one.verdict) && one.waived.is_some() == waived).count()
        };
        let all = |verdict| count(&[verdict], true) + count(&[verdict], false);
        prop_assert_eq!(predicate.passed_tests.len(), all(Verdict::Pass));
        prop_assert_eq!(predicate.warned_tests.len(), count(&[Verdict::Fail], true));
        let open = [Verdict::Inconclusive, Verdict::Blocked, Verdict::NeedsAttestation];
        let failed = count(&[Verdict::Fail], false) + open.into_iter().map(all).sum::<usize>();
        prop_assert_eq!(predicate.failed_tests.len(), failed);
        let go = matches!(run.decision.outcome, Outcome::Go | Outcome::GoWithWaivers) && run.subject.interrupted.is_none();
        let expected = match (go, failed, predicate.warned_tests.len(), predicate.passed_tests.len()) {
            (true, 0, 0, 1..) => RunResult::Passed,
            (true, 0, 1.., _) => RunResult::Warned,
            _ => RunResult::Failed,
        };
        prop_assert_eq!(predicate.result, expected);
    }

    #[test]
    fn a_page_is_made_of_its_own_elements_alone(run in run()) {
        let text = render(&run, "html", &Style::default());
        if let Err(fault) = well_formed(&text) {
            return Err(TestCaseError::fail(format!("{fault}\n{text}")));
        }
        // Each finding stands there once, whatever it is called.
        let (_, listed) = text.split_once("<section aria-labelledby=\"findings\">").unwrap();
        let blocks = listed.matches("<details class=\"f ").count();
        let lines = listed.matches("<li class=\"v").count() + listed.split("<li id=\"").skip(1).count();
        prop_assert_eq!(blocks + lines, run.findings.len());
    }

    #[test]
    fn the_xml_can_be_read(run in run()) {
        let text = render(&run, "junit", &Style::default());
        let read = quick_junit::Report::deserialize_from_str(&text);
        let read = read.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let unwaived = run.findings.iter().filter(|one| one.verdict == Verdict::Fail && one.waived.is_none());
        prop_assert_eq!(read.tests, run.findings.len());
        prop_assert_eq!(read.failures, unwaived.count());
    }

    #[test]
    fn the_order_of_findings_says_nothing(mut run in run()) {
        let before = FORMATS.iter().map(|format| render(&run, format.name, &Style::default())).collect::<Vec<_>>();
        let mut names: Vec<_> = run.findings.iter().map(|one| one.check.clone()).collect();
        names.sort();
        names.dedup();
        prop_assume!(names.len() == run.findings.len());
        run.findings.reverse();
        let after = FORMATS.iter().map(|format| render(&run, format.name, &Style::default())).collect::<Vec<_>>();
        prop_assert_eq!(before, after);
    }

    #[test]
    fn lines_keep_to_the_width(run in run(), width in 40_usize..120) {
        let text = render(&run, "terminal", &Style { width, ..Style::default() });
        for line in text.lines() {
            let marks = ['\u{300}'..='\u{36f}', '\u{20d0}'..='\u{20ff}', '\u{fe00}'..='\u{fe0f}'];
            let columns = line.chars().filter(|c| !marks.iter().any(|range| range.contains(c))).count();
            prop_assert!(columns <= width, "{line}");
        }
    }
}
