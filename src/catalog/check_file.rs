//! One check file: a table becomes a check, or a list of what is wrong with it.

use super::{expressions, parameters};
use crate::diagnostic::table::{Problems, TableReader, parse};
use crate::diagnostic::{Diagnostic, Source};
use crate::model::{
    Assessment, Check, CheckId, Contradiction, Example, Expectation, FactKind, FactSpec, Facts,
    Hindrance, HindranceKind, Level, Look, Origin, Place, Remedy, Severity, Verdict,
};
use crate::probe;
use serde_json::Value;
use std::borrow::Cow;

/// The words that an assessment of practice may use.
const ASSESSMENTS: &[&str] = &[
    "sound",
    "obsolete-harmless",
    "obsolete-risky",
    "contradicted",
];

/// Reads a check file.
///
/// # Errors
/// Every problem with its place. The expressions of shipped checks are compiled by the tests, not at
/// every start; those of users are compiled here.
pub fn parse_check(source: &Source, origin: Origin) -> Result<Check, Vec<Diagnostic>> {
    let table = parse(source)?;
    let problems = Problems::default();
    let reader = TableReader::new(source, &table, &problems);
    let check = read(&reader, origin);
    // What comes after a wrong value was not read, so it cannot be told from what is unknown.
    if check.is_some() {
        reader.finish();
    }
    let mut problems = problems.into_vec();
    if let Some(check) = check.as_ref().filter(|_| origin != Origin::Shipped) {
        problems.extend(expressions::verify(check, source));
    }
    match check {
        Some(check) if problems.is_empty() => Ok(check),
        _ => Err(problems),
    }
}

fn read(reader: &TableReader<'_>, origin: Origin) -> Option<Check> {
    reader.require(&["id", "title", "why", "severity", "suites"]);
    let id = reader.text("id").and_then(|text| {
        CheckId::new(&text)
            .map_err(|message| {
                reader.wrong(
                    "id",
                    message,
                    "not an id",
                    "write one such as \"headers.content-type-options\"",
                )
            })
            .ok()
    });
    let needs: Vec<CheckId> = reader
        .texts("needs")
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(text, span)| {
            CheckId::new(&text)
                .map_err(|message| reader.wrong_at(span, message, "not an id", ""))
                .ok()
        })
        .collect();
    let look = reader.table("look").and_then(read_look);
    let level = reader.word("level", Level::ALL);
    let least = look
        .as_ref()
        .and_then(|look| Some(probe::find(&look.probe)?.level(&as_far_as_given(&look.parameters))));
    let least = least.unwrap_or(Level::Static);
    if let Some(level) = level.filter(|level| *level < least) {
        let message = format!("level '{level}' is not enough: the look needs at least '{least}'");
        reader.wrong(
            "level",
            message,
            "too low",
            format!("write level = \"{least}\""),
        );
    }
    let check = Check {
        id: id?,
        title: reader.text("title")?,
        why: reader.text("why")?,
        severity: reader.word("severity", Severity::ALL)?,
        level: level.unwrap_or(least),
        suites: reader.list_of_text("suites")?,
        tags: reader.list_of_text("tags").unwrap_or_default(),
        needs,
        applies_when: reader.text("applies_when"),
        look,
        fails_on: reader
            .words("fails_on", HindranceKind::ALL)
            .unwrap_or_default(),
        expect: reader
            .tables("expect")
            .into_iter()
            .filter_map(read_expectation)
            .collect(),
        remedy: read_remedy(reader),
        references: reader.list_of_text("references").unwrap_or_default(),
        contradiction: reader.table("contradiction").and_then(read_contradiction),
        examples: reader
            .tables("example")
            .into_iter()
            .filter_map(read_example)
            .collect(),
        place: Place {
            file: reader.source().name.to_string(),
            line: reader.line("id"),
        },
        origin,
    };
    if check.look.is_some() && check.expect.is_empty() {
        reader.wrong(
            "look",
            "the check looks, but expects nothing",
            "no [[expect]]",
            "add an [[expect]] with 'that' and 'otherwise'",
        );
    }
    if check.look.is_none() && !reader.has("look") {
        reader.wrong(
            "id",
            "the check looks at nothing",
            "no [look]",
            "add a [look] table with a probe",
        );
    }
    Some(check)
}

/// The parameters whose values stand in the file. What is filled in later is looked at when it is known.
fn as_far_as_given(parameters: &Facts) -> Facts {
    let given = parameters
        .iter()
        .filter(|(_, value)| !value.to_string().contains("${"));
    given
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn read_look(reader: TableReader<'_>) -> Option<Look> {
    reader.require(&["probe"]);
    let probe = reader.text("probe");
    let timeout = reader.duration("timeout");
    let declares = reader.table("facts").map(read_declared).unwrap_or_default();
    let mut given = Facts::new();
    for (key, _) in reader.keys() {
        if !["probe", "timeout", "facts"].contains(&key) {
            given.extend(reader.json(key).map(|value| (key.to_owned(), value)));
        }
    }
    let probe = probe?;
    match probe::spec(&probe) {
        Some(spec) => parameters::verify(spec, &given, &reader),
        None => {
            let names = probe::PROBES.iter().map(|probe| probe.spec().name);
            let help = match crate::diagnostic::nearest(&probe, names.clone()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("the probes are {}", names.collect::<Vec<_>>().join(", ")),
            };
            reader.wrong(
                "probe",
                format!("there is no probe '{probe}'"),
                "unknown probe",
                help,
            );
        }
    }
    reader.finish();
    Some(Look {
        probe,
        parameters: given,
        declares,
        timeout,
    })
}

fn read_declared(reader: TableReader<'_>) -> Vec<FactSpec> {
    let mut declared = Vec::new();
    for (name, _) in reader.keys() {
        let Some(word) = reader.text(name) else {
            continue;
        };
        match fact_kind(&word) {
            Some(kind) => declared.push(FactSpec {
                name: Cow::Owned(name.to_owned()),
                kind,
                meaning: Cow::Borrowed("declared by the check"),
            }),
            None => reader.wrong(
                name,
                format!("'{word}' is not a type of fact"),
                "unknown type",
                "the types are bool, int, float, text, any, list of text, list of int, map of text to int, map of text to text",
            ),
        }
    }
    reader.finish();
    declared
}

/// The type that a word names.
pub(super) fn fact_kind(word: &str) -> Option<FactKind> {
    Some(match word {
        "bool" => FactKind::Bool,
        "int" => FactKind::Int,
        "float" => FactKind::Float,
        "text" => FactKind::Text,
        "any" => FactKind::Json,
        _ => {
            if let Some(inner) = word.strip_prefix("list of ") {
                FactKind::list(fact_kind(inner)?)
            } else {
                FactKind::map(fact_kind(word.strip_prefix("map of text to ")?)?)
            }
        }
    })
}

fn read_expectation(reader: TableReader<'_>) -> Option<Expectation> {
    reader.require(&["that", "otherwise"]);
    let expectation = Some(Expectation {
        that: reader.text("that")?,
        when: reader.text("when"),
        otherwise: reader.text("otherwise")?,
        expected: reader.text("expected"),
        found: reader.text("found"),
        undecided: reader.text("undecided"),
        line: reader.line("that"),
    });
    reader.finish();
    expectation
}

fn read_remedy(reader: &TableReader<'_>) -> Remedy {
    let Some(remedy) = reader.table("remedy") else {
        return Remedy {
            text: String::new(),
        };
    };
    remedy.require(&["text"]);
    let text = remedy.text("text").unwrap_or_default();
    remedy.finish();
    Remedy { text }
}

fn read_contradiction(reader: TableReader<'_>) -> Option<Contradiction> {
    reader.require(&["document", "says", "truth", "source", "met_when", "assess"]);
    let assess = reader.tables("assess").into_iter().filter_map(|one| {
        one.require(&["when", "word"]);
        let assessment = Assessment {
            when: one.text("when")?,
            word: one.word("word", ASSESSMENTS)?.to_owned(),
        };
        one.finish();
        Some(assessment)
    });
    let contradiction = Some(Contradiction {
        assess: assess.collect(),
        document: reader.text("document")?,
        says: reader.text("says")?,
        truth: reader.text("truth")?,
        source: reader.text("source")?,
        met_when: reader.text("met_when")?,
    });
    reader.finish();
    contradiction
}

fn read_example(reader: TableReader<'_>) -> Option<Example> {
    reader.require(&["name", "verdict"]);
    let facts = match reader.json("facts") {
        Some(Value::Object(facts)) => facts,
        None => Facts::new(),
        Some(_) => {
            reader.wrong(
                "facts",
                "'facts' must be a table",
                "not a table",
                "write facts = { status = 200 }",
            );
            return None;
        }
    };
    let example = Some(Example {
        name: reader.text("name")?,
        facts,
        hindrance: reader
            .word("hindrance", HindranceKind::ALL)
            .map(|kind| Hindrance::new(kind, format!("hindered: {kind}"))),
        verdict: reader.word("verdict", Verdict::ALL)?,
        line: reader.line("name"),
    });
    reader.finish();
    example
}
