//! Compiles the expressions of checks and gates and finds slips in them, each at its place in the file.

use crate::diagnostic::{Diagnostic, Source};
use crate::judge::{self, Expr, Misread};
use crate::model::{Check, FactSpec};
use crate::probe;
use std::ops::Range;

/// Everything that is wrong with a check's expressions and fill-ins.
pub fn verify(check: &Check, source: &Source) -> Vec<Diagnostic> {
    let mut declared = judge::subject_facts();
    let mut problems = Vec::new();
    if let Some(applies_when) = &check.applies_when {
        expression(applies_when, &declared, source, &mut problems);
    }
    let probe = check
        .look
        .as_ref()
        .and_then(|look| probe::spec(&look.probe));
    if probe.is_none() && check.look.is_some() {
        // Of a probe that is not there no facts are known; the probe is what is wrong.
        return problems;
    }
    declared.extend(probe.map(|spec| spec.facts.clone()).unwrap_or_default());
    declared.extend(check.look.iter().flat_map(|look| look.declares.clone()));
    for expectation in &check.expect {
        for text in [Some(&expectation.that), expectation.when.as_ref()]
            .into_iter()
            .flatten()
        {
            expression(text, &declared, source, &mut problems);
        }
        for text in [
            Some(&expectation.otherwise),
            expectation.expected.as_ref(),
            expectation.found.as_ref(),
            expectation.undecided.as_ref(),
        ] {
            text.into_iter()
                .for_each(|text| fill_ins(text, &declared, source, &mut problems));
        }
    }
    fill_ins(&check.remedy.text, &declared, source, &mut problems);
    if let Some(contradiction) = &check.contradiction {
        expression(&contradiction.met_when, &declared, source, &mut problems);
        for assessment in &contradiction.assess {
            expression(&assessment.when, &declared, source, &mut problems);
        }
    }
    problems
}

/// Everything that is wrong with one expression, given the bytes of its value in the file.
pub(super) fn verify_at(
    text: &str,
    value: &Range<usize>,
    declared: &[FactSpec],
    source: &Source,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let written = source.text.get(value.clone()).unwrap_or_default();
    if let Some(start) = written.find(text) {
        let start = value.start + start;
        expression_at(
            start..start + text.len(),
            text,
            declared,
            source,
            &mut problems,
        );
        return problems;
    }
    // What is escaped in the file has its words at other places: the whole is pointed at.
    expression_at(value.clone(), text, declared, source, &mut problems);
    for problem in &mut problems {
        if let Some((_, span, _)) = &mut problem.place {
            span.clone_from(value);
        }
    }
    problems
}

fn expression(text: &str, declared: &[FactSpec], source: &Source, problems: &mut Vec<Diagnostic>) {
    expression_at(span_of(source, text), text, declared, source, problems);
}

fn expression_at(
    place: Range<usize>,
    text: &str,
    declared: &[FactSpec],
    source: &Source,
    problems: &mut Vec<Diagnostic>,
) {
    match Expr::compile(text) {
        Ok(expr) => problems.extend(
            judge::lint(&expr, declared)
                .into_iter()
                .map(|misread| misread_at(&misread, text, &place, source)),
        ),
        Err(error) => {
            // The parser's offsets count characters of the expression, which stands unchanged in the file.
            let start = place.start + error.offset.unwrap_or_default().min(place.len());
            let span = start..(start + 1).min(place.end.max(start));
            problems.push(
                Diagnostic::new("this is not a CEL expression")
                    .at(source, span, error.message)
                    .help("CEL compares with ==, joins with && and ||, and calls size(list), list.all(x, …)"),
            );
        }
    }
}

fn fill_ins(text: &str, declared: &[FactSpec], source: &Source, problems: &mut Vec<Diagnostic>) {
    let place = span_of(source, text);
    for path in judge::placeholders(text) {
        if let Some(misread) = judge::lint_placeholder(path, declared) {
            problems.push(misread_at(&misread, text, &place, source));
        }
    }
}

fn misread_at(misread: &Misread, text: &str, place: &Range<usize>, source: &Source) -> Diagnostic {
    let start = place.start + word_in(text, &misread.word);
    let span = start..(start + misread.word.len()).min(place.end);
    let problem = Diagnostic::new(misread.message.clone()).at(source, span, misread.label);
    match &misread.help {
        Some(help) => problem.help(help.clone()),
        None => problem,
    }
}

/// Where a text of the check stands in its file; the whole file's start if it was escaped there.
fn span_of(source: &Source, text: &str) -> Range<usize> {
    let start = source.text.find(text).unwrap_or_default();
    start..(start + text.len()).min(source.text.len())
}

/// The first place where a word stands alone.
fn word_in(text: &str, word: &str) -> usize {
    let is_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word)
        .map(|(start, _)| start)
        .find(|start| {
            !is_name(text[..*start].chars().next_back())
                && !is_name(text[start + word.len()..].chars().next())
        })
        .unwrap_or_default()
}
