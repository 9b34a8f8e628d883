//! What is told to a platform is read back by parsers written after the platforms' own, and nothing else is read.

use super::fixture::{self, Run};
use crate::document::escape::hides;
use crate::model::{Finding, Severity, Verdict};
use crate::report::pipeline::{
    Annotation, Level, Output, ROOM, Syntax, annotations, assignments, cut_to, inert, of_decision,
    section_end, section_start,
};
use crate::report::{Beside, FORMATS, Report, Style, format};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use std::collections::BTreeMap;

/// The commands that the runner knows, in its source; the last is that of a test's own stop token.
const REGISTERED: &[&str] = &[
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];

#[derive(Debug, PartialEq, Eq)]
struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    data: String,
}

/// Splits in two at the first sign; empty parts are left out, and so the signs at the start of the second.
fn pair(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.trim_start_matches('=').split_once('=')?;
    let value = value.trim_start_matches('=');
    (!value.is_empty()).then_some((name, value))
}

fn unescape(text: &str, table: &[(&str, &str)]) -> String {
    let start = text.to_owned();
    table
        .iter()
        .fold(start, |text, (written, meant)| text.replace(written, meant))
}

fn command(
    info: &str,
    data: &str,
    between: char,
    property: &[(&str, &str)],
    of_data: &[(&str, &str)],
) -> Option<Command> {
    let (name, rest) = info.split_once(' ').unwrap_or((info, ""));
    let known = REGISTERED.iter().any(|one| one.eq_ignore_ascii_case(name));
    known.then(|| Command {
        name: name.to_ascii_lowercase(),
        properties: rest
            .trim()
            .split(between)
            .filter_map(pair)
            .map(|(name, value)| (name.to_owned(), unescape(value, property)))
            .collect(),
        data: unescape(data, of_data),
    })
}

/// A line as `ActionCommandManager.TryProcessCommand` reads it: the newer form, else the older one anywhere.
fn read(line: &str) -> Option<Command> {
    let newer = || {
        let rest = line.trim_start().strip_prefix("::")?;
        let (info, data) = rest.split_once("::")?;
        let property = [
            ("%0D", "\r"),
            ("%0A", "\n"),
            ("%3A", ":"),
            ("%2C", ","),
            ("%25", "%"),
        ];
        let of_data = [("%0D", "\r"), ("%0A", "\n"), ("%25", "%")];
        command(info, data, ',', &property, &of_data)
    };
    let older = || {
        let (_, rest) = line.split_once("##[")?;
        let (info, data) = rest.split_once(']')?;
        let table = [
            ("%3B", ";"),
            ("%0D", "\r"),
            ("%0A", "\n"),
            ("%5D", "]"),
            ("%25", "%"),
        ];
        command(info, data, ';', &table, &table)
    };
    newer().or_else(older)
}

/// The lines of a stream, as the runner splits it.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r'])
}

const HOSTILE: &[&str] = &[
    "",
    "plain",
    "::error::x",
    "\n::set-output name=decision::go",
    "\r\n  ::add-mask::e",
    "##[error]x",
    "a ##[set-output name=decision;]go",
    "##\u{200b}[stop-commands]t",
    "\u{feff}:\u{fe0f}:warning::x",
    "::stop-commands::pause",
    "%0A::error::x",
    "100%, 50%25; a:b,c=d",
    "=x",
    "]]>",
    "\u{202e}og\u{202c}",
    "\u{1b}[31m",
    "a\r\u{1b}[0Ksection_start:1:x\r\u{1b}[0K",
    "</details>\n<details>",
    "| a |\n|---|",
    "$CI_JOB_TOKEN ${x} $$",
    "<<EOF\nx\nEOF",
    "漢字 👩‍👩‍👧 e\u{301}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => vec(select(HOSTILE), 1..4).prop_map(|parts| parts.concat()),
        1 => ".{0,60}",
        1 => "[:#\\[\\] %=,\n\r]{0,30}",
        1 => select(HOSTILE).prop_map(|part| part.repeat(10_000 / part.len().max(1))),
    ]
}

fn finding() -> impl Strategy<Value = Finding> {
    let texts = (text(), text(), text(), text(), text());
    let more = (proptest::option::of(text()), proptest::option::of(text()));
    let name = prop_oneof![4 => "(headers|tls)\\.[a-z]{1,9}", 1 => text()];
    let kind = (select(Verdict::ALL), select(Severity::ALL), any::<bool>());
    (name, kind, texts, more).prop_map(
        |(check, (verdict, severity, flaky), (title, reason, expected, found, remedy), more)| {
            Finding {
                flaky,
                reason,
                expected,
                found,
                remedy,
                blocked_by: more.0,
                waived: more.1,
                ..fixture::finding(&check, &title, severity, verdict)
            }
        },
    )
}

fn run() -> impl Strategy<Value = Run> {
    (vec(finding(), 0..40), text()).prop_map(|(findings, target)| {
        let mut run = fixture::run();
        run.decision.summary = fixture::summary(&findings);
        run.decision.reasons = vec![target.clone()];
        run.subject.record = Some(target.clone());
        run.subject.target = Some(target);
        run.findings = findings;
        run
    })
}

fn of(check: &str, severity: Severity, verdict: Verdict) -> Finding {
    fixture::finding(check, "the claim", severity, verdict)
}

fn told(findings: Vec<Finding>) -> (Run, Vec<Annotation>) {
    let mut run = fixture::run();
    run.decision.fail_on = Severity::Medium;
    run.findings = findings;
    let told = annotations(&run.report(), &str::to_owned, "elsewhere");
    (run, told)
}

#[test]
fn what_must_pass_and_failed_is_an_error_and_the_rest_is_less() {
    let mut waived = of("e.waived", Severity::Critical, Verdict::Fail);
    waived.waived = Some("ann: planned (until 2027-01-01)".into());
    let mut flaky = of("d.flaky", Severity::Info, Verdict::Pass);
    flaky.flaky = true;
    let mut blocked = of("c.blocked", Severity::High, Verdict::Blocked);
    blocked.blocked_by = Some("site.answers".into());
    let (_, told) = told(vec![
        of("z.low", Severity::Low, Verdict::Fail),
        of("b.medium", Severity::Medium, Verdict::Fail),
        of("a.critical", Severity::Critical, Verdict::Fail),
        blocked,
        of("c.open", Severity::Medium, Verdict::Inconclusive),
        of("c.stated", Severity::Medium, Verdict::NeedsAttestation),
        of("c.low", Severity::Low, Verdict::Inconclusive),
        of("c.not", Severity::Critical, Verdict::NotApplicable),
        of("c.pass", Severity::Critical, Verdict::Pass),
        of("c.not-run", Severity::Critical, Verdict::NotRun),
        flaky,
        waived,
    ]);
    let shown: Vec<_> = told
        .iter()
        .map(|one| (one.level, one.title.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (Level::Error, "critical: a.critical"),
            (Level::Error, "medium: b.medium"),
            (Level::Warning, "high, not observed: c.blocked"),
            (Level::Warning, "medium, not observed: c.open"),
            (
                Level::Warning,
                "medium, needs a person's statement: c.stated"
            ),
            (Level::Warning, "low: z.low"),
            (Level::Warning, "info, passed when tried again: d.flaky"),
            (Level::Notice, "critical, accepted: e.waived"),
        ]
    );
    assert_eq!(
        told[2].message,
        "the claim\nblocked by: site.answers\nprove: holdpoint run c.blocked"
    );
    assert!(told[7].message.contains("accepted by: ann: planned"));
}

#[test]
fn what_one_prerequisite_blocks_is_told_once() {
    let blocked = |check: &str, severity, by: &str| {
        let mut one = of(check, severity, Verdict::Blocked);
        one.blocked_by = Some(by.into());
        one
    };
    let (_, told) = told(vec![
        blocked("b.one", Severity::Medium, "a.first"),
        blocked("b.two", Severity::High, "a.first"),
        blocked("c.one", Severity::High, "a.other"),
        blocked("c.low", Severity::Low, "a.other"),
    ]);
    let shown: Vec<_> = told
        .iter()
        .map(|one| (one.title.as_str(), one.message.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (
                "high, not observed: 2 checks blocked by a.first",
                "b.two, b.one cannot be looked at before a.first passes\nprove: holdpoint run a.first"
            ),
            (
                "high, not observed: c.one",
                "the claim\nblocked by: a.other\nprove: holdpoint run c.one"
            ),
        ]
    );
}

#[test]
fn a_thousand_findings_are_ten_annotations_of_each_kind() {
    let each = (0..1_000).map(|n| {
        let severity = Severity::ALL[n % 5];
        of(&format!("a.c{n:04}"), severity, Verdict::Fail)
    });
    let (_, told) = told(each.collect());
    for (level, in_all) in [(Level::Error, 600), (Level::Warning, 400)] {
        let these: Vec<_> = told.iter().filter(|one| one.level == level).collect();
        assert_eq!(these.len(), 10);
        assert!(these[0].title.starts_with(match level {
            Level::Error => "critical: a.c0004",
            _ => "low: ",
        }));
        let last = these[9];
        assert_eq!(last.title, format!("{} more", in_all - 9));
        let words = format!("and {} more\nelsewhere", in_all - 9 - 20);
        assert!(last.message.ends_with(&words), "{}", last.message);
    }
    // Ten are shown, and not nine with one that says so.
    let ten = (0..10).map(|n| of(&format!("a.c{n}"), Severity::High, Verdict::Fail));
    let (_, ten) = self::told(ten.collect());
    assert!(ten.len() == 10 && ten.iter().all(|one| !one.title.contains("more")));
}

#[test]
fn annotations_stand_where_the_check_is_asked_for() {
    let run = fixture::run();
    let failing = run
        .findings
        .iter()
        .find(|one| one.verdict == Verdict::Fail && one.waived.is_none())
        .unwrap();
    let at = |path: &str| {
        let places = BTreeMap::from([(failing.check.clone(), (path.to_owned(), 12))]);
        let report = Report {
            beside: Beside {
                places: Some(&places),
                ..Beside::default()
            },
            ..run.report()
        };
        let told = annotations(&report, &str::to_owned, "");
        let one = told.iter().find(|one| one.title.ends_with(&failing.check));
        read(&one.unwrap().to_string()).unwrap().properties
    };
    let known = at("docs/a, b: 50%.md");
    assert_eq!(known["file"], "docs/a, b: 50%.md");
    assert_eq!(known["line"], "12");
    // The runner cannot read the first as it is, and the second is no path that a page could show.
    assert!(!at("=a.md").contains_key("file") && !at("a\nb.md").contains_key("file"));
}

#[test]
fn secrets_are_taken_out_before_anything_is_escaped_or_cut() {
    let secret = "50%:of,it\u{e9}";
    let mut one = of("a.b", Severity::High, Verdict::Fail);
    one.reason = format!("{}{secret} was said", "x".repeat(595));
    one.found = secret.into();
    let mut run = fixture::run();
    run.findings = vec![one];
    let redact = |text: &str| text.replace(secret, "‹KEY›");
    let told = annotations(&run.report(), &redact, "")[0].to_string();
    assert!(told.contains("found: ‹KEY›"), "{told}");
    assert!(!told.contains("50%"), "{told}");
}

#[test]
fn commands_in_text_are_written_out() {
    for (given, text, json, xml) in [
        (
            "  ::error::x",
            "  \\u{3a}:error::x",
            "  \\u003a:error::x",
            "  &#58;:error::x",
        ),
        (
            "a ##[error]x",
            "a #\\u{23}[error]x",
            "a #\\u0023[error]x",
            "a #&#35;[error]x",
        ),
        (
            "\u{feff}:\u{200d}:e::",
            "\u{feff}\\u{3a}\u{200d}:e::",
            "\u{feff}\\u003a\u{200d}:e::",
            "\u{feff}&#58;\u{200d}:e::",
        ),
        (
            "a\r::e::",
            "a\r\\u{3a}:e::",
            "a\r\\u003a:e::",
            "a\r&#58;:e::",
        ),
    ] {
        assert_eq!(inert(given, Syntax::Text), text);
        assert_eq!(inert(given, Syntax::Json), json);
        assert_eq!(inert(given, Syntax::Xml), xml);
    }
    // What is no command stays as it is: addresses, paths of Rust, Markdown.
    for plain in [
        "✗ ::1 answers",
        "a::b",
        ": : x",
        "## [link](x)",
        "# #[x]",
        "[::1]:80",
    ] {
        assert_eq!(inert(plain, Syntax::Text), plain);
    }
}

#[test]
fn a_summary_that_is_too_long_ends_where_a_finding_does() {
    let mut run = fixture::run();
    run.findings = (0..3_000)
        .map(|n| {
            let verdict = [Verdict::Fail, Verdict::Pass, Verdict::Inconclusive][n % 3];
            let mut one = of(&format!("a.c{n:04}"), Severity::High, verdict);
            one.remedy = "x ".repeat(400);
            one
        })
        .collect();
    let whole = (format("markdown").unwrap().render)(&run.report(), &Style::default());
    assert!(whole.len() > ROOM);
    assert_eq!(cut_to(&whole, whole.len(), "").as_deref(), Some(&*whole));
    for room in [ROOM, ROOM - 1, 200_000, 80_001, 3_000] {
        let cut = cut_to(
            &whole,
            room,
            "The record has all of it: holdpoint report --from r",
        )
        .unwrap();
        assert!(cut.len() <= room, "{} of {room}", cut.len());
        assert!(cut.contains("This is not all of it") && cut.contains("holdpoint report"));
        let count = |what: &str| cut.lines().filter(|line| line.starts_with(what)).count();
        assert_eq!(count("<details>"), count("</details>"));
        let (kept, _) = cut.split_once("\n\n> **This is not all").unwrap();
        assert!(whole.starts_with(kept));
        assert!(whole[kept.len()..].starts_with('\n'));
    }
    assert_eq!(cut_to(&whole, 511, ""), None);
    assert_eq!(cut_to(&whole, 520, ""), None);
}

/// A file of outputs as `FileCommandManager` reads it.
fn outputs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut lines = text.split('\n').peekable();
    let mut read = Vec::new();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(at), here) if here.is_none_or(|here| at < here) => {
                read.push((line[..at].to_owned(), line[at + 1..].to_owned()));
            }
            (_, Some(at)) => {
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        None => return Err(format!("no end of {line}")),
                        Some(end) if end == &line[at + 2..] => break,
                        Some(part) => value.push(part),
                    }
                }
                read.push((line[..at].to_owned(), value.join("\n")));
            }
            _ => return Err(format!("no assignment: {line}")),
        }
    }
    Ok(read)
}

/// A dotenv file as GitLab reads it.
fn dotenv(text: &str) -> Vec<(String, String)> {
    let pairs = text.lines().map(|line| {
        let (name, value) = line.split_once('=').expect("Invalid Format");
        (name.trim().to_owned(), value.trim().to_owned())
    });
    pairs.collect()
}

/// What variables in a value become: `$$` a sign, `$name` something else.
fn expands(value: &str) -> bool {
    value.replace("$$", "").contains('$')
}

#[test]
fn sections_are_those_of_gitlab() {
    let at = "2026-11-26T03:00:00Z".parse().unwrap();
    assert_eq!(
        section_start("a b/c", at, "x\r\ny\u{1b}[0K"),
        "\u{1b}[0Ksection_start:1795662000:a_b_c\r\u{1b}[0Kx y\\u{1b}[0K"
    );
    assert_eq!(
        section_end("a", at),
        "\u{1b}[0Ksection_end:1795662000:a\r\u{1b}[0K"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn annotations_say_what_was_meant_and_nothing_else(run in run(), path in text(), elsewhere in text()) {
        let places = run.findings.iter().map(|one| (one.check.clone(), (path.clone(), 7))).collect();
        let report = Report { beside: Beside { places: Some(&places), ..Beside::default() }, ..run.report() };
        let told = annotations(&report, &str::to_owned, &elsewhere);
        for level in Level::ALL {
            prop_assert!(told.iter().filter(|one| one.level == level).count() <= 10);
        }
        for one in &told {
            let line = one.to_string();
            prop_assert_eq!(lines(&line).count(), 1, "{}", line);
            let read = read(&line).expect("a command");
            prop_assert_eq!(&*read.name, one.level.command());
            prop_assert_eq!(&read.data, &one.message);
            prop_assert!(one.message.encode_utf16().count() <= 4_096);
            prop_assert!(one.title.encode_utf16().count() <= 255);
            let mut expected = BTreeMap::from([("title".to_owned(), one.title.clone())]);
            if let Some((file, line)) = &one.place {
                expected.insert("file".into(), file.clone());
                expected.insert("line".into(), line.to_string());
            }
            expected.retain(|_, value| !value.is_empty());
            prop_assert_eq!(&read.properties, &expected, "{}", line);
            prop_assert!(!one.title.chars().any(hides));
            prop_assert!(!one.message.chars().any(|c| c != '\n' && hides(c)));
        }
    }

    #[test]
    fn no_report_holds_a_command(run in run(), width in 40_usize..120, unicode: bool) {
        let style = Style { width, unicode, ..Style::default() };
        for format in FORMATS {
            let text = (format.render)(&run.report(), &style);
            let syntax = Syntax::of(format.extension);
            // What programs read is not Text, whose spelling they would take for the text itself.
            let is_data = text.starts_with(['{', '[', '<']);
            prop_assert_eq!(is_data, syntax != Syntax::Text, "{}", format.name);
            let shown = inert(&text, syntax);
            let command = lines(&shown).find_map(read);
            prop_assert!(command.is_none(), "{}: {command:?}", format.name);
            // Programs read the same.
            match syntax {
                Syntax::Json => {
                    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
                    prop_assert_eq!(value(&shown), value(&text), "{}", format.name);
                }
                // In XML a reference to a character is that character, everywhere in text and attributes.
                Syntax::Xml => {
                    let read = shown.replace("&#35;", "#").replace("&#58;", ":");
                    prop_assert_eq!(&*read, &*text, "{}", format.name);
                    prop_assert!(!text.contains("<![CDATA[") && !text.contains("<!--"));
                }
                Syntax::Text => {}
            }
        }
    }

    #[test]
    fn any_text_is_made_inert(text in "[:#\\[\\] a\n\r\t\u{200b}\u{fe0f}\u{feff}error]{0,40}") {
        for syntax in [Syntax::Text, Syntax::Json, Syntax::Xml] {
            let shown = inert(&text, syntax);
            // As the runner would read it that looks past what is not seen.
            let seen: String = shown.chars().filter(|c| !matches!(c, '\u{200b}' | '\u{fe0f}' | '\u{feff}')).collect();
            prop_assert!(lines(&shown).find_map(read).is_none(), "{shown:?}");
            prop_assert!(lines(&seen).find_map(read).is_none(), "{seen:?}");
            prop_assert!(lines(&seen).all(|line| !line.trim_start().starts_with("::") && !line.contains("##[")));
            prop_assert_eq!(inert(&shown, syntax), shown.clone());
        }
        if lines(&text).all(|line| !line.contains("::") && !line.contains("##")) && text.is_ascii() {
            prop_assert_eq!(&*inert(&text, Syntax::Text), &*text);
        }
    }

    #[test]
    fn outputs_are_read_back(run in run(), exit in proptest::option::of(0_u8..6)) {
        let given = of_decision(&run.report(), exit);
        let written = assignments(&given, "holdpoint_0123").unwrap();
        let expected: Vec<_> = given.iter().map(|one| (one.name.to_owned(), one.value.clone())).collect();
        prop_assert_eq!(outputs(&written), Ok(expected));
        let report = Report { beside: Beside { exit_status: exit, ..Beside::default() }, ..run.report() };
        let file = (format("dotenv").unwrap().render)(&report, &Style::default());
        prop_assert!(file.len() < 5_120);
        let read = dotenv(&file);
        prop_assert_eq!(read.len(), given.len());
        for ((name, value), Output { name: meant, value: exact }) in read.iter().zip(&given) {
            let is_plain = name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            prop_assert!(is_plain && name.starts_with("HOLDPOINT_RUN_"), "{name}");
            prop_assert_eq!(&name["HOLDPOINT_RUN_".len()..], &*meant.to_uppercase().replace('-', "_"));
            prop_assert!(!expands(value), "{value}");
            if exact.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && exact.len() < 2_000 {
                prop_assert_eq!(value, exact);
            }
        }
    }

    #[test]
    fn violations_are_gitlabs(run in run()) {
        let places = run.findings.iter().take(5).map(|one| (one.check.clone(), ("docs/A.md".to_owned(), 3))).collect();
        let report = Report { beside: Beside { places: Some(&places), ..Beside::default() }, ..run.report() };
        let text = (format("code-quality").unwrap().render)(&report, &Style::default());
        prop_assert!(text.starts_with('['), "a byte order mark is refused");
        let read: Vec<Value> = serde_json::from_str(&text).unwrap();
        let open = [Verdict::Fail, Verdict::Inconclusive, Verdict::Blocked];
        prop_assert_eq!(read.len(), run.findings.iter().filter(|one| open.contains(&one.verdict)).count());
        for one in &read {
            prop_assert!(SCHEMA.is_valid(one), "{one}");
            prop_assert!(["info", "minor", "major", "critical", "blocker"].contains(&one["severity"].as_str().unwrap()));
            prop_assert!(one["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
            prop_assert_eq!(one["fingerprint"].as_str().unwrap().len(), 64);
        }
    }
}

/// What GitLab's own schema of a violation requires (`app/validators/json_schemas/codeclimate.json`), and the
/// fields that its documentation names besides.
static SCHEMA: std::sync::LazyLock<jsonschema::Validator> = std::sync::LazyLock::new(|| {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": { "type": "string" },
            "check_name": { "type": "string" },
            "fingerprint": { "type": "string" },
            "severity": { "type": "string" },
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": { "type": "string" },
                    "lines": { "type": "object", "required": ["begin"], "properties": { "begin": { "type": "integer" } } },
                },
            },
        },
    });
    jsonschema::validator_for(&schema).unwrap()
});

#[test]
fn a_violation_keeps_its_fingerprint_while_its_verdict_and_line_change() {
    let violation = |verdict, line| -> Value {
        let mut run = fixture::run();
        run.findings = vec![of("a.b", Severity::High, verdict)];
        let places = BTreeMap::from([("a.b".to_owned(), ("docs/A.md".to_owned(), line))]);
        let report = Report {
            beside: Beside {
                places: Some(&places),
                ..Beside::default()
            },
            ..run.report()
        };
        let text = (format("code-quality").unwrap().render)(&report, &Style::default());
        serde_json::from_str::<Vec<Value>>(&text).unwrap().remove(0)
    };
    let (failed, open) = (violation(Verdict::Fail, 3), violation(Verdict::Blocked, 9));
    assert_eq!(failed["fingerprint"], open["fingerprint"]);
    assert_eq!(
        (&failed["severity"], &failed["location"]["lines"]["begin"]),
        (&"critical".into(), &3.into())
    );
    // What nobody saw does not alarm, and is not taken for mended.
    assert_eq!(open["severity"], "minor");
    assert!(
        open["description"]
            .as_str()
            .unwrap()
            .contains("not observed")
    );
}
