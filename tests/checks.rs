//! Every shipped check: its expressions compile and read declared facts, and its examples come out as they say.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use holdpoint::catalog::{Catalog, SUITES, verify_expressions};
use holdpoint::judge::{Rules, conclude, subject_facts};
use holdpoint::model::{
    Application, Check, Environment, Example, FactKind, FactSpec, Facts, Observation, Verdict,
};
use holdpoint::probe;
use holdpoint::secret::Book;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

fn catalog() -> Catalog {
    Catalog::shipped().unwrap_or_else(|problems| {
        panic!(
            "{}",
            problems
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        )
    })
}

fn observe(check: &Check, example: &Example) -> Observation {
    Observation {
        probe: check
            .look
            .as_ref()
            .map(|look| look.probe.clone())
            .unwrap_or_default(),
        label: example.name.clone(),
        key: "L1".into(),
        started: jiff::Timestamp::UNIX_EPOCH,
        duration_ms: 1,
        attempts: 1,
        facts: complete(check, &example.facts),
        hindrance: example.hindrance.clone(),
        excerpts: vec![],
        digest: "sha256:0".into(),
    }
}

/// TOML has no null: an optional fact that an example leaves out of an object it gives is null, as a
/// probe would give it. Facts that are not optional stay missing, and reading them is an error.
fn complete(check: &Check, facts: &Facts) -> Facts {
    let Some(look) = &check.look else {
        return facts.clone();
    };
    let declared = probe::find(&look.probe).unwrap().spec().facts;
    let mut complete = Value::Object(facts.clone());
    add_nulls(&mut complete, &FactKind::Object(declared));
    match complete {
        Value::Object(facts) => facts,
        _ => unreachable!("an object stays one"),
    }
}

fn add_nulls(value: &mut Value, kind: &FactKind) {
    match (kind, value) {
        (FactKind::Object(fields), Value::Object(map)) => {
            for field in fields {
                match map.get_mut(field.name.as_ref()) {
                    Some(inner) => add_nulls(inner, &field.kind),
                    None if matches!(field.kind, FactKind::Optional(_)) => {
                        map.insert(field.name.to_string(), Value::Null);
                    }
                    None => {}
                }
            }
        }
        (FactKind::List(inner), Value::Array(items)) => {
            items.iter_mut().for_each(|item| add_nulls(item, inner))
        }
        (FactKind::Map(inner), Value::Object(map)) => {
            map.values_mut().for_each(|item| add_nulls(item, inner))
        }
        (FactKind::Optional(inner), value) => add_nulls(value, inner),
        _ => {}
    }
}

/// `target`, `app` and `env` for examples that do not give their own.
fn subject() -> Facts {
    let mut facts =
        holdpoint::judge::subject(None, &Application::default(), &Environment::default());
    facts.insert(
        "target".into(),
        json!({
            "url": "https://app.test/", "scheme": "https", "host": "app.test", "port": 443,
            "environment": "staging", "owned": false, "loopback": false, "has_plain_url": true,
        }),
    );
    facts
}

#[test]
fn expressions_read_declared_facts() {
    let catalog = catalog();
    let mut wrong = String::new();
    for check in catalog.checks() {
        let source = catalog.source(check.id.as_str()).unwrap();
        for problem in verify_expressions(check, source) {
            let _ = writeln!(wrong, "{problem}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn examples_come_out_as_they_say() {
    let catalog = catalog();
    let mut wrong = String::new();
    for check in catalog.checks() {
        let rules = Rules::compile(check).unwrap();
        for example in &check.examples {
            let observation = observe(check, example);
            let finding = conclude(check, &rules, &[&observation], &subject());
            if finding.verdict != example.verdict {
                let _ = writeln!(
                    wrong,
                    "{}:{} '{}' gave {} ({}), not {}",
                    check.place.file,
                    example.line,
                    example.name,
                    finding.verdict,
                    finding.reason,
                    example.verdict
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Verbs that show no examples do not read them, so nothing else may stand behind them.
#[test]
fn examples_stand_last() {
    let loaded = Catalog::load(None, Path::new(""), &[], &Book::default()).unwrap();
    for whole in catalog().checks() {
        let id = whole.id.as_str();
        let without = Check {
            examples: Vec::new(),
            ..whole.clone()
        };
        assert_eq!(loaded.find(id), Some(&without), "{id}");
        assert_eq!(loaded.whole(id).as_ref(), Some(whole), "{id}");
    }
}

#[test]
fn every_check_shows_right_broken_and_undecidable() {
    for check in catalog().checks() {
        let shown: BTreeSet<_> = check
            .examples
            .iter()
            .map(|example| example.verdict)
            .collect();
        for verdict in [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive] {
            assert!(
                shown.contains(&verdict),
                "{} has no example that gives {verdict}",
                check.id
            );
        }
    }
}

#[test]
fn examples_hold_what_a_probe_can_give() {
    let mut wrong = String::new();
    for check in catalog().checks() {
        let Some(look) = &check.look else { continue };
        let mut declared = probe::find(&look.probe).unwrap().spec().facts;
        declared.extend(look.declares.clone());
        declared.extend(subject_facts());
        for example in &check.examples {
            let place = format!("{}:{}", check.place.file, example.line);
            fits_object(&example.facts, &declared, &place, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn fits_object(facts: &Facts, declared: &[FactSpec], place: &str, wrong: &mut String) {
    for (name, value) in facts {
        match declared.iter().find(|spec| spec.name == name.as_str()) {
            Some(spec) => fits(value, &spec.kind, &format!("{place} {name}"), wrong),
            None => {
                let _ = writeln!(wrong, "{place}: '{name}' is not declared");
            }
        }
    }
}

fn fits(value: &Value, kind: &FactKind, place: &str, wrong: &mut String) {
    let good = match (kind, value) {
        (FactKind::Json, _)
        | (FactKind::Optional(_), Value::Null)
        | (FactKind::Bool, Value::Bool(_))
        | (FactKind::Text, Value::String(_))
        | (FactKind::Float, Value::Number(_)) => true,
        (FactKind::Int, Value::Number(number)) => number.is_i64(),
        (FactKind::Optional(inner), value) => return fits(value, inner, place, wrong),
        (FactKind::List(inner), Value::Array(items)) => {
            return items
                .iter()
                .for_each(|item| fits(item, inner, place, wrong));
        }
        (FactKind::Map(inner), Value::Object(map)) => {
            return map
                .values()
                .for_each(|item| fits(item, inner, place, wrong));
        }
        (FactKind::Object(fields), Value::Object(map)) => {
            return fits_object(map, fields, place, wrong);
        }
        _ => false,
    };
    if !good {
        let _ = writeln!(wrong, "{place}: {value} is not {}", kind.describe());
    }
}

#[test]
fn files_are_named_after_their_checks() {
    for check in catalog().checks() {
        let expected = format!("checks/{}.toml", check.id.as_str().replacen('.', "/", 1));
        assert_eq!(
            check.place.file, expected,
            "the id and the file name differ"
        );
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(&check.place.file)
                .is_file()
        );
    }
}

#[test]
fn every_check_says_what_people_need() {
    for check in catalog().checks() {
        assert!(
            !check.remedy.text.trim().is_empty(),
            "{} has no remedy",
            check.id
        );
        assert!(!check.suites.is_empty(), "{} is in no suite", check.id);
        for suite in &check.suites {
            assert!(
                SUITES.contains(&suite.as_str()),
                "{}: '{suite}' is no shipped suite",
                check.id
            );
        }
        assert!(
            !check.title.ends_with('.'),
            "{}: the title is a fragment",
            check.id
        );
    }
}
