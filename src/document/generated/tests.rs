//! Tests of generated documents: each over findings that pass, fail, stay open, or hold hostile text.

use super::*;
use crate::catalog::Catalog;
use crate::document::{Difference, digests, reading};
use crate::gate;
use crate::model::{
    Decision, Finding, Level, LookVerdict, Reason, Severity, Signature, Subject, Verdict, Waiver,
};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::shipped().unwrap());

/// A run over every shipped check.
struct Case {
    findings: Vec<Finding>,
    decision: Decision,
    subject: Subject,
}

/// What people and servers wrote into every place where they can.
fn run(verdict: impl Fn(&str) -> Option<Verdict>, says: &str, waived: &[&str]) -> Case {
    let mut findings: Vec<Finding> = CATALOG
        .checks()
        .iter()
        .filter_map(|check| Some(finding(check, verdict(check.id.as_str())?, says)))
        .collect();
    let waivers: Vec<Waiver> = waived
        .iter()
        .map(|check| Waiver {
            check: (*check).into(),
            reason: says.into(),
            owner: "platform team".into(),
            until: jiff::civil::Date::MAX,
            place: "waivers.toml:1".into(),
        })
        .collect();
    let today = jiff::civil::date(2026, 3, 1);
    let decision = gate::decide(&mut findings, &waivers, Severity::Medium, today);
    let tags = CATALOG.checks().iter();
    let subject = Subject {
        tool_version: "0.1.0".into(),
        project: says.into(),
        root: "app".into(),
        target: Some("https://app.example/".into()),
        environment: "staging".into(),
        level: Level::Live,
        selection: vec!["infrastructure".into()],
        given: vec![],
        suites: Vec::new(),
        started: jiff::Timestamp::UNIX_EPOCH,
        ended: jiff::Timestamp::UNIX_EPOCH,
        duration_ms: 900,
        commit: None,
        dirty: false,
        clean: false,
        record: Some(".holdpoint/records/r.jsonl".into()),
        record_digest: None,
        inputs: Vec::new(),
        run: "r".into(),
        interrupted: None,
        baseline: None,
        tags: tags
            .map(|check| (check.id.to_string(), check.tags.clone()))
            .collect(),
    };
    Case {
        findings,
        decision,
        subject,
    }
}

fn finding(check: &crate::model::Check, verdict: Verdict, says: &str) -> Finding {
    let open = verdict != Verdict::Pass;
    let text = |text: &str| if open { text.to_owned() } else { String::new() };
    let reason = Reason {
        text: says.into(),
        expected: says.into(),
        found: says.into(),
        line: 3,
        listed: 0,
    };
    let facts = match check.id.as_str() {
        "environment.required-set" => {
            json!({"set": ["MONGODB_URI", "SMTP_URL"], "missing": [{"name": "CRON_SECRET", "places": ["app/cron.ts:6"]}], "empty": []})
        }
        "environment.no-placeholders" => {
            json!({"placeholders": [{"name": "SMTP_URL", "origin": ".env.local:8"}]})
        }
        "vercel.variables-present-preview" => json!({"missing.preview": ["MONGODB_URI"]}),
        _ => json!({}),
    };
    let look = LookVerdict {
        label: format!("{} at {says}", check.id.area()),
        verdict,
        reasons: if open { vec![reason] } else { Vec::new() },
        unjudged: vec![],
        facts: facts.as_object().cloned().unwrap(),
        evidence: format!("sha256:{}", check.id.area()),
        retried: false,
    };
    Finding {
        check: check.id.to_string(),
        title: check.title.clone(),
        suites: check.suites.clone(),
        severity: check.severity,
        verdict,
        flaky: false,
        reason: text(says),
        expected: text(says),
        found: text(says),
        remedy: if verdict == Verdict::Fail {
            says.into()
        } else {
            String::new()
        },
        looks: if matches!(verdict, Verdict::Blocked | Verdict::NotRun) {
            Vec::new()
        } else {
            vec![look]
        },
        blocked_by: (verdict == Verdict::Blocked).then(|| "site.answers".into()),
        duration_ms: 4,
        note: None,
        defined: check.place.to_string(),
        overrides_shipped: false,
        waived: None,
    }
}

fn render(document: &Generated, case: &Case) -> String {
    let view = View::new(&case.decision, &case.findings, &case.subject);
    document.render(&document.shipped(), &view).unwrap()
}

/// A verdict for each check by its place in the catalogue.
fn mixed(id: &str) -> Option<Verdict> {
    let number = id.bytes().map(usize::from).sum::<usize>();
    Verdict::ALL.get(number % (Verdict::ALL.len() + 1)).copied()
}

fn cases(says: &str) -> Vec<Case> {
    vec![
        run(|_| Some(Verdict::Pass), says, &[]),
        run(|_| Some(Verdict::Fail), says, &[]),
        run(|_| Some(Verdict::Inconclusive), says, &[]),
        run(|_| Some(Verdict::NotApplicable), says, &[]),
        run(mixed, says, &["email.sends", "mongodb.tls", "headers.api"]),
        run(|_| None, says, &[]),
    ]
}

fn of_parts() -> impl Iterator<Item = &'static Generated> {
    GENERATED.iter().filter(|one| !one.parts.is_empty())
}

#[test]
fn every_document_has_a_name_a_place_and_a_template_of_its_own() {
    let names: BTreeSet<_> = GENERATED.iter().map(|one| one.name).collect();
    let paths: BTreeSet<_> = GENERATED.iter().map(|one| one.path).collect();
    assert_eq!(
        (names.len(), paths.len()),
        (GENERATED.len(), GENERATED.len())
    );
    for one in GENERATED {
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(one.name.chars().all(plain), "{}", one.name);
        assert_eq!(Generated::find(one.name).unwrap().path, one.path);
        assert_eq!(
            one.overrides()[0],
            format!(".holdpoint/templates/{}.md", one.name)
        );
        assert!(!one.signers.is_empty() && one.asks.ends_with('?'));
    }
    assert_eq!(Generated::sign_off().name, "security-sign-off");
    let audit = Generated::find("rate-limiting-audit").unwrap().overrides();
    assert_eq!(audit[1], ".holdpoint/templates/audit.md");
}

#[test]
fn every_shipped_check_belongs_to_a_document() {
    let parts = || of_parts().flat_map(|document| document.parts);
    for check in CATALOG.checks() {
        assert!(
            parts().any(|part| part.holds(check.id.as_str(), &check.tags, &check.suites)),
            "{} stands in no document",
            check.id
        );
    }
    // A document names no area that no check has.
    let areas: BTreeSet<_> = CATALOG
        .checks()
        .iter()
        .map(|check| check.id.area())
        .collect();
    let named = parts()
        .flat_map(|part| part.checks)
        .filter_map(|word| word.strip_suffix(".*"));
    let unknown: BTreeSet<_> = named
        .filter(|word| !word.starts_with("tag:") && !areas.contains(word))
        .collect();
    assert_eq!(unknown, BTreeSet::new());
}

#[test]
fn what_passed_reads_as_a_go_only_where_nothing_is_open() {
    let case = run(|_| Some(Verdict::Pass), "plain", &[]);
    for document in of_parts() {
        let text = render(document, &case);
        let word = match document.name {
            "rate-limiting-audit"
            | "dependency-security-scan"
            | "auth-security-audit"
            | "data-privacy-audit" => "UNDECIDED",
            _ => "GO",
        };
        assert!(
            text.contains(&format!("**In this run: {word}.**")),
            "{text}"
        );
        assert!(
            !text.contains("**failed**") && !text.contains("## What failed"),
            "{text}"
        );
    }
}

#[test]
fn what_failed_says_how_to_mend_it() {
    let case = run(
        |id| {
            Some(if id == "email.spf" {
                Verdict::Fail
            } else {
                Verdict::Pass
            })
        },
        "no SPF record",
        &[],
    );
    let text = render(
        Generated::find("deployment-checklist-email").unwrap(),
        &case,
    );
    for words in [
        "**In this run: NO-GO.** 1 check of severity medium or more failed.",
        "- **high** `email.spf`: no SPF record",
        "  - Expected: `no SPF record`",
        "- Mend: no SPF record",
        "- Prove the mend: `holdpoint run email.spf`",
        "- Evidence: `sha256:email`",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    // Another document is not concerned.
    let text = render(
        Generated::find("deployment-checklist-vapid").unwrap(),
        &case,
    );
    assert!(text.contains("**In this run: GO.**"), "{text}");
    // A failure that decides nothing is told all the same.
    let minor = run(
        |id| {
            Some(if id == "email.mx" {
                Verdict::Fail
            } else {
                Verdict::Pass
            })
        },
        "x",
        &[],
    );
    let text = render(
        Generated::find("deployment-checklist-email").unwrap(),
        &minor,
    );
    assert!(
        text.contains("GO.** What must pass holds; 1 check of lesser severity failed."),
        "{text}"
    );
}

#[test]
fn a_waiver_never_reads_as_a_pass() {
    let case = run(
        |id| {
            Some(if id == "email.spf" {
                Verdict::Fail
            } else {
                Verdict::Pass
            })
        },
        "moved next week",
        &["email.spf"],
    );
    let text = render(
        Generated::find("deployment-checklist-email").unwrap(),
        &case,
    );
    assert!(text.contains("**In this run: GO WITH WAIVERS.**"), "{text}");
    assert!(
        text.contains("**failed**, waived")
            && text.contains("- Waiver: platform team: moved next week"),
        "{text}"
    );
}

#[test]
fn what_could_not_be_observed_is_open() {
    let case = run(
        |id| {
            Some(match id {
                "email.connects" => Verdict::Inconclusive,
                "email.tls" | "email.sends" => Verdict::Blocked,
                "email.bounces" => Verdict::NotRun,
                _ => Verdict::Pass,
            })
        },
        "no answer within 5 s",
        &[],
    );
    let text = render(
        Generated::find("deployment-checklist-email").unwrap(),
        &case,
    );
    for words in [
        "**In this run: UNDECIDED.** Nothing that must pass failed, and 3 checks that must pass could not be observed. 1 check was not run.",
        "- `email.connects`: no answer within 5 s",
        "- `email.sends`, `email.tls`: waits for `site.answers`, which did not pass",
        "- `email.bounces`: not run: no answer within 5 s",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn what_nobody_looked_at_is_no_pass() {
    let nothing = run(|_| None, "app", &[]);
    for document in of_parts() {
        let text = render(document, &nothing);
        assert!(text.contains("**In this run: NOT LOOKED AT.**"), "{text}");
        assert!(text.contains("That is no pass."), "{text}");
        assert!(
            !text.contains("| holds |") && !text.contains("| passed |"),
            "{text}"
        );
    }
    let text = render(
        Generated::find("deployment-checklist-mongodb").unwrap(),
        &nothing,
    );
    assert!(
        text.contains("to look: `holdpoint run mongodb atlas environment.mongodb-uri-shape`"),
        "{text}"
    );
    // A part of the checks is not the whole.
    let some = run(
        |id| (id == "push.subject").then_some(Verdict::Pass),
        "app",
        &[],
    );
    let text = render(
        Generated::find("deployment-checklist-vapid").unwrap(),
        &some,
    );
    assert!(
        text.contains("**In this run: GO AS FAR AS WAS LOOKED AT.**"),
        "{text}"
    );
    assert!(text.contains("checks were not run."), "{text}");
    // None of its checks concerns the application: that is said, and no pass either.
    let none = run(|_| Some(Verdict::NotApplicable), "no key is set", &[]);
    let text = render(
        Generated::find("deployment-checklist-vapid").unwrap(),
        &none,
    );
    assert!(
        text.contains("**In this run: NOT APPLICABLE.**") && text.contains("no key is set"),
        "{text}"
    );
}

#[test]
fn variables_are_listed_without_their_values() {
    let case = run(|_| Some(Verdict::Fail), "x", &[]);
    let text = render(Generated::find("infrastructure-validation").unwrap(), &case);
    for row in [
        "| `CRON_SECRET` | **missing** (`app/cron.ts:6`) |",
        "| `MONGODB_URI` | set; **lacking at the host** for preview |",
        "| `SMTP_URL` | **sample text** (`.env.local:8`) |",
    ] {
        assert!(text.contains(row), "{row}\n{text}");
    }
    let text = render(
        Generated::find("deployment-checklist-email").unwrap(),
        &case,
    );
    assert!(!text.contains("CRON_SECRET"), "{text}");
}

/// The blocks of a document without its words.
fn structure(text: &str) -> Vec<String> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    Parser::new_ext(text, options)
        .filter_map(|event| match event {
            Event::Start(tag) => Some(format!("{tag:?}")),
            Event::End(tag) => Some(format!("{tag:?}")),
            // What keeps a name after @ from being called.
            Event::InlineHtml(html) if &*html == "<!-- -->" => None,
            Event::Text(_) | Event::SoftBreak => None,
            Event::Code(_) => Some("code".into()),
            other => Some(format!("{other:?}")),
        })
        .collect()
}

#[test]
fn hostile_text_stays_text_in_every_document() {
    let hostile = [
        "a\n\n# GO\n\n- [x] done",
        "| a | `b` | ``c`` |",
        "<script>alert(1)</script></details> [x](javascript:x) ![i](http://x) @all #1",
        "x\n<!-- holdpoint:end audit sha256=00 -->\n<!-- holdpoint:begin audit -->",
        "{{ 7 * 7 }}{% raw %} **GO** ~~no~~ $x$ 1. 2) - +",
    ];
    let with = |says: &str| {
        [
            run(mixed, says, &["email.sends", "mongodb.tls", "headers.api"]),
            run(|_| Some(Verdict::Fail), says, &[]),
        ]
    };
    let plain: Vec<Vec<_>> = with("plain")
        .iter()
        .map(|case| {
            of_parts()
                .map(|one| structure(&render(one, case)))
                .collect()
        })
        .collect();
    for says in hostile {
        for (case, plain) in with(says).iter().zip(&plain) {
            for (document, plain) in of_parts().zip(plain) {
                let text = render(document, case);
                assert_eq!(
                    &structure(&text),
                    plain,
                    "{}: {says}\n{text}",
                    document.name
                );
                let file = document.update(None, &text, false).unwrap();
                assert_eq!(document.update(Some(&file), &text, false).unwrap(), file);
            }
        }
    }
}

#[test]
fn no_section_is_empty_and_every_table_has_rows() {
    for case in cases("plain") {
        for document in of_parts() {
            let text = render(document, &case);
            assert!(!text.contains("\n\n\n") && text.ends_with("|\n"), "{text}");
            assert!(
                text.lines()
                    .all(|line| line.trim_end() == line || line.ends_with("| |")),
                "{text}"
            );
            let (mut last, mut rows) = (0, 0);
            for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
                match event {
                    Event::Start(Tag::Heading { level, .. }) => {
                        assert!(
                            last == 0 || level as usize > last,
                            "an empty section\n{text}"
                        );
                        last = level as usize;
                    }
                    Event::Start(Tag::Table(_)) => (last, rows) = (0, 0),
                    Event::Start(Tag::TableRow) => rows += 1,
                    Event::End(TagEnd::Table) => assert!(rows > 0, "an empty table\n{text}"),
                    Event::Start(Tag::Paragraph | Tag::List(_)) => last = 0,
                    _ => {}
                }
            }
            assert_ne!(last, 2, "{text}");
        }
    }
}

#[test]
fn the_same_view_gives_the_same_bytes_in_any_order_of_findings() {
    let mut case = run(mixed, "plain", &[]);
    for document in GENERATED {
        let text = render(document, &case);
        case.findings.reverse();
        assert_eq!(render(document, &case), text);
    }
}

#[test]
fn the_counts_of_a_document_are_those_of_its_parts() {
    let case = run(mixed, "plain", &[]);
    let view = View::new(&case.decision, &case.findings, &case.subject);
    for document in of_parts() {
        let source = Source::new(
            "t.md",
            "{{ together.checks }} {% for part in parts %}{{ part.tally.checks }},{{ part.tally.passed + part.tally.failed + part.tally.open + part.tally.not_run + part.tally.not_applicable }} {% endfor %}",
        );
        let text = document.render(&source, &view).unwrap();
        let mut words = text.split_whitespace();
        let together: usize = words.next().unwrap().parse().unwrap();
        let sums = words.map(|word| {
            let (all, sum) = word.split_once(',').unwrap();
            assert_eq!(all, sum, "{}", document.name);
            sum.parse::<usize>().unwrap()
        });
        assert_eq!(sums.sum::<usize>(), together, "{}", document.name);
    }
    assert!(reading::total(&case.decision) > 0);
}

#[test]
fn a_users_template_is_held_to_the_names_that_there_are() {
    let case = run(mixed, "plain", &[]);
    let view = View::new(&case.decision, &case.findings, &case.subject);
    for document in GENERATED {
        let own = Source::new(
            "mine.md",
            "# {{ subject.environment }}\n{{ subject.projct }}\n",
        );
        let told = document.render(&own, &view).unwrap_err().to_string();
        assert!(
            told.contains("mine.md:2") && told.contains("this template may read"),
            "{told}"
        );
        let own = Source::new(
            "mine.md",
            "# {{ subject.environment }}: {{ decision.word }}\n",
        );
        let word = case.decision.outcome.word();
        assert_eq!(
            document.render(&own, &view).unwrap(),
            format!("# staging: {word}\n")
        );
    }
    let audit = Generated::find("audit")
        .or(Generated::find("security-headers-audit"))
        .unwrap();
    // A fault within a shared piece is shown there.
    let own = Source::new(
        "mine.md",
        "{% from \"pieces.md\" import looked %}{{ looked(subject) }}",
    );
    let told = audit.render(&own, &view).unwrap_err().to_string();
    assert!(told.contains("reports/shared/pieces.md:"), "{told}");
}

#[test]
fn a_file_that_people_wrote_or_signed_is_left_alone() {
    let document = Generated::find("deployment-checklist-email").unwrap();
    let file = document
        .update(None, "# One\n\n| Lead | | |\n", false)
        .unwrap();
    let renewed = document.update(Some(&file), "# Two\n", false).unwrap();
    assert!(renewed.contains("# Two") && !renewed.contains("# One"));
    let signed = file.replace("| Lead | |", "| Lead | signed |");
    assert!(document.update(Some(&signed), "# Two\n", false).is_err());
    assert!(document.update(Some(&signed), "# Two\n", true).is_ok());
    assert!(
        document
            .update(Some("# Theirs\n"), "# Two\n", true)
            .is_err()
    );
}

fn signature(document: &str, gate: &str, by: &str) -> Signature {
    Signature {
        document: document.into(),
        gate: gate.into(),
        by: by.into(),
        fingerprint: "SHA256:AbCdEfGh0123456789".into(),
        on: jiff::civil::date(2026, 2, 27),
        commit: Some("1a2b3c4d5e6f".into()),
        until: jiff::civil::date(2026, 12, 2),
    }
}

#[test]
fn who_signed_with_a_key_stands_in_the_table_and_the_others_sign_by_hand() {
    let case = run(|_| Some(Verdict::Pass), "plain", &[]);
    for document in GENERATED {
        let unsigned = render(document, &case);
        let first = document.signers[0];
        let gate = match first {
            "Security lead" => "security",
            _ => "infrastructure",
        };
        let signatures = [
            signature(document.name, "quality", "q|a@example.com"),
            signature(document.name, gate, "ann@example.com"),
            signature("another", "release", "bob@example.com"),
        ];
        let view = View::new(&case.decision, &case.findings, &case.subject)
            .signed(document.name, &signatures);
        let text = document.render(&document.shipped(), &view).unwrap();
        let rests_on = "SHA256:AbCdEfGh…, commit 1a2b3c4, counts until 2026-12-02";
        for row in [
            format!("| {first} | ann@example.com | 2026-02-27 | {rests_on} |\n"),
            "| Managing engineer | | | |\n".to_owned(),
            format!("| Quality lead | q\\|a@example.com | 2026-02-27 | {rests_on} |\n"),
        ] {
            assert!(text.contains(&row), "{row}{text}");
        }
        assert!(text.contains("was signed off with that key") && !text.contains("bob"));
        // With none it is to be signed by hand, as before.
        let table = format!(
            "| | Name | Date | Signature |\n|---|---|---|---|\n| {first} | | | |\n| Managing engineer | | | |\n"
        );
        assert!(unsigned.contains(&table), "{unsigned}");
        assert!(unsigned.contains("Signed by hand") && !unsigned.contains("with that key"));
        // Signing renews the region, and is no change of a person's.
        let file = document.update(None, &unsigned, false).unwrap();
        let signed = document.update(Some(&file), &text, false).unwrap();
        let (before, after) = (digests(&file, None), digests(&signed, None));
        assert_eq!(before.compare(&after), Difference::OwnWordsOnly);
        assert_eq!(
            document.update(Some(&signed), &unsigned, false).unwrap(),
            file
        );
    }
}
