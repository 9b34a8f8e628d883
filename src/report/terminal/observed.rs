//! One look at a terminal: when and at what, what each expectation gave, what was sent and answered, and its digest.

use super::screen::{Ink, Screen, Symbol};
use crate::document::reading;
use crate::judge::{Answered, Gave};
use crate::model::{Facts, Observation, Verdict};
use crate::report::trace::Seen;
use serde_json::Value;

/// How many lines of a piece of raw material are shown.
const LINES: usize = 14;
/// How many facts of an observation are shown.
const FACTS: usize = 40;

/// `✗ GET /  http · 2026-03-02 09:00:01.250 UTC · 12 ms`
pub(super) fn head(
    screen: &mut Screen<'_>,
    verdict: Option<Verdict>,
    probe: &str,
    label: &str,
    seen: Option<&Observation>,
) {
    let symbol = Symbol::Verdict(verdict.unwrap_or(Verdict::NotRun));
    let (label, probe) = (screen.text(label), screen.text(probe));
    let dot = screen.dot();
    let circumstances = match seen {
        None => "it was not made".to_owned(),
        Some(one) => {
            let attempts = match one.attempts {
                1 => String::new(),
                many => format!(" {dot} {many} attempts"),
            };
            let when = one.started.strftime("%Y-%m-%d %H:%M:%S%.3f UTC");
            let took = reading::duration(one.duration_ms);
            format!("{when} {dot} {took}{attempts}")
        }
    };
    let circumstances = format!("{probe} {dot} {circumstances}");
    let label = format!("{label}\u{a0}");
    screen.marked(symbol, &[(Ink::Bold, &label), (Ink::Dim, &circumstances)]);
}

/// A look in full, as one check read it.
pub(super) fn seen(screen: &mut Screen<'_>, seen: &Seen<'_>, file: &str) {
    let verdict = seen.verdict.map(|one| one.verdict);
    let planned = seen.planned;
    head(
        screen,
        verdict,
        &planned.probe,
        &planned.label,
        seen.observation,
    );
    parameters(screen, &planned.parameters);
    let Some(observation) = seen.observation else {
        return;
    };
    hindrance(screen, observation);
    let verbose = screen.style.verbose;
    let concerns = |one: &&Answered| verbose || one.gave != Gave::Unconcerned;
    for answered in seen.answers.iter().filter(concerns) {
        expectation(screen, answered, file);
    }
    match seen.answers.iter().filter(|one| !concerns(one)).count() {
        0 => {}
        1 => screen.detail(
            "",
            Ink::Dim,
            "1 more expectation does not concern this look",
        ),
        many => {
            let text = format!("{many} more expectations do not concern this look");
            screen.detail("", Ink::Dim, &text);
        }
    }
    if screen.style.verbose {
        facts(screen, &observation.facts);
    }
    excerpts(screen, observation);
    digest(screen, observation);
    if seen.others > 0 {
        let others = match seen.others {
            1 => "1 other check reads this look too".to_owned(),
            many => format!("{many} other checks read this look too"),
        };
        screen.detail("", Ink::Dim, &others);
    }
}

/// What the look was told, in a line: `path = "/", method = "GET"`.
pub(super) fn parameters(screen: &mut Screen<'_>, parameters: &Facts) {
    // What a parameter has where nobody says anything says nothing.
    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    };
    let is_shown = |value: &Value| screen.style.verbose || says_something(value);
    let each = parameters.iter().filter(|(_, value)| is_shown(value));
    let each: Vec<String> = each
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let text = screen.text(&each.join(", "));
    screen.detail("asked", Ink::Plain, &text);
}

/// What kept the probe from looking.
pub(super) fn hindrance(screen: &mut Screen<'_>, observation: &Observation) {
    if let Some(hindrance) = &observation.hindrance {
        let text = screen.text(&format!("{} ({})", hindrance.cause, hindrance.kind));
        screen.detail("hindered", Ink::Bad, &text);
    }
}

/// `✗ status == 200`, and beneath it the facts that it read.
fn expectation(screen: &mut Screen<'_>, answered: &Answered, file: &str) {
    let (verdict, word) = match &answered.gave {
        Gave::Met => (Verdict::Pass, "met"),
        Gave::Unmet => (Verdict::Fail, "not met"),
        Gave::Unconcerned => (Verdict::NotApplicable, "does not concern this look"),
        Gave::Unguarded(_) | Gave::Undecided(_) => (Verdict::Inconclusive, "could not be judged"),
    };
    let that = screen.text(&answered.that);
    let place = screen.text(&format!("{word}, {file}:{}", answered.line));
    screen.nested(
        Symbol::Verdict(verdict),
        &[(Ink::Plain, &that), (Ink::Dim, &place)],
    );
    let is_plain = answered.gave == Gave::Met && !screen.style.verbose;
    if let Some(when) = answered.when.as_ref().filter(|_| !is_plain) {
        let when = screen.text(when);
        screen.detail("when", Ink::Dim, &when);
    }
    if let Gave::Unguarded(error) | Gave::Undecided(error) = &answered.gave {
        let error = screen.text(error);
        screen.detail("because", Ink::Doubt, &error);
    }
    let ink = match answered.gave {
        Gave::Unmet => Ink::Bad,
        _ => Ink::Plain,
    };
    let read = screen.text(&answered.read);
    screen.detail("read", ink, &read);
}

/// The facts of an observation, a line each.
pub(super) fn facts(screen: &mut Screen<'_>, facts: &Facts) {
    let mut lines = Vec::new();
    for (name, value) in facts {
        flat(name, value, &mut lines);
    }
    let shown = match screen.style.verbose {
        true => lines.len(),
        false => FACTS,
    };
    for (line, label) in lines.iter().take(shown).zip(labels("facts")) {
        let line = screen.text(line);
        screen.detail(label, Ink::Plain, &line);
    }
    more(screen, lines.len(), shown, "facts");
}

/// `hsts.max_age = 300`: objects by the names of what is in them, the rest as JSON.
fn flat(name: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (inner, value) in map {
                flat(&format!("{name}.{inner}"), value, lines);
            }
        }
        other => lines.push(format!("{name} = {other}")),
    }
}

/// The raw material that was kept: request and response.
pub(super) fn excerpts(screen: &mut Screen<'_>, observation: &Observation) {
    for excerpt in &observation.excerpts {
        let lines: Vec<&str> = excerpt.text.trim_end().lines().collect();
        let shown = match screen.style.verbose {
            true => lines.len(),
            false => LINES,
        };
        let name = screen.text(&excerpt.name);
        for (line, label) in lines.iter().take(shown).zip(labels(&name)) {
            // What was sent is shown as it was, its spaces too.
            let line = screen.text(line).replace(' ', "\u{a0}");
            screen.detail(label, Ink::Dim, &line);
        }
        more(screen, lines.len(), shown, "lines");
    }
}

/// The digest by which the observation is known, and that its bytes give it.
pub(super) fn digest(screen: &mut Screen<'_>, observation: &Observation) {
    let digest = screen.text(&observation.digest);
    let verified = "verified: the bytes in the record give it";
    screen.detail("evidence", Ink::Plain, &digest);
    screen.detail("", Ink::Good, verified);
}

fn more(screen: &mut Screen<'_>, all: usize, shown: usize, what: &str) {
    if let Some(more @ 1..) = all.checked_sub(shown) {
        screen.detail(
            "",
            Ink::Dim,
            &format!("{more} more {what}; --verbose shows them"),
        );
    }
}

/// A label before the first of several lines.
fn labels(first: &str) -> impl Iterator<Item = &str> {
    std::iter::once(first).chain(std::iter::repeat(""))
}
