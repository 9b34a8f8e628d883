//! The workflows of the README are YAML, and every command of holdpoint's in them is one that it takes.

use super::super::Arguments;
use clap::Parser as _;
use saphyr_parser::{Event, Parser};

const README: &str = include_str!("../../../../README.md");

/// The scalars of a document: those of mappings as key and value, those of sequences under the key of the sequence.
fn scalars(yaml: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // For each collection that is open: its key, and in a mapping the key whose value comes next.
    let mut open: Vec<(String, Option<Option<String>>)> = Vec::new();
    for event in Parser::new_from_str(yaml) {
        let (event, _) = event.expect("the workflow is YAML");
        let key = match open.last_mut() {
            Some((_, Some(pending))) => pending.take(),
            Some((key, None)) => Some(key.clone()),
            None => Some(String::new()),
        };
        match event {
            Event::MappingStart(..) => open.push((key.unwrap_or_default(), Some(None))),
            Event::SequenceStart(..) => open.push((key.unwrap_or_default(), None)),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
            }
            Event::Scalar(text, ..) => match (key, open.last_mut()) {
                (Some(key), _) => found.push((key, text.to_string())),
                (None, Some((_, Some(pending)))) => *pending = Some(text.to_string()),
                (None, _) => {}
            },
            _ => {}
        }
    }
    assert!(open.is_empty());
    found
}

/// The words of a line of a shell that has quotes and nothing else.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    let each = parts.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    each.collect()
}

fn workflows() -> Vec<&'static str> {
    let blocks = README.split("\n```yaml\n").skip(1);
    blocks
        .map(|rest| rest.split("\n```").next().unwrap())
        .collect()
}

#[test]
fn the_workflows_of_the_readme_can_be_run() {
    let workflows = workflows();
    assert_eq!(workflows.len(), 2);
    for yaml in workflows {
        let found = scalars(yaml);
        let scripts = found
            .iter()
            .filter(|(key, _)| key == "run" || key == "script");
        let lines = scripts.flat_map(|(_, script)| script.lines());
        let commands: Vec<&str> = lines.filter(|line| line.contains("holdpoint ")).collect();
        assert_eq!(
            commands.len(),
            yaml.matches("holdpoint smoke").count() + yaml.matches("holdpoint run").count()
        );
        assert!(commands.len() >= 4, "{commands:?}");
        for line in commands {
            let words = words(line);
            assert_eq!(words[0], "holdpoint", "{line}");
            let taken = Arguments::try_parse_from(&words);
            assert!(taken.is_ok(), "{line}\n{}", taken.unwrap_err());
        }
    }
}

#[test]
fn a_word_that_it_does_not_take_would_be_found() {
    assert_eq!(
        words("holdpoint smoke \"$A B\" -q"),
        ["holdpoint", "smoke", "$A B", "-q"]
    );
    let wrong = Arguments::try_parse_from(words("holdpoint smoke \"$SITE\" --repot junit=x"));
    assert!(wrong.is_err());
    let found = scalars("a:\n  script: [x, y]\n  b: {c: d}\n- e\n".trim_end_matches("- e\n"));
    let expected = [("script", "x"), ("script", "y"), ("c", "d")];
    let expected: Vec<_> = expected
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    assert_eq!(found, expected);
}
