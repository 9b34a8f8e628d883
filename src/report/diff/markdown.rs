//! A comparison for a ticket or a step summary.

use super::{Difference, Told, verdict};
use crate::document::escape::{cell, code, markdown};
use crate::document::reading;
use crate::model::Change;
use std::fmt::Write as _;

/// The comparison as Markdown.
pub fn render(difference: &Difference<'_>) -> String {
    let mut out = String::new();
    let counts: Vec<String> = difference
        .counts()
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    let answer = difference.worse().words().to_uppercase();
    // A string takes all that is written.
    let _ = writeln!(out, "## {answer}: {}\n", counts.join(" · "));
    let _ = writeln!(
        out,
        "| | run | decision | began | target |\n|---|---|---|---|---|"
    );
    for (name, one) in [("before", difference.before), ("after", difference.after)] {
        let _ = writeln!(out, "{}", row(name, one));
    }
    for change in Change::ALL {
        let mut those = difference.those(*change).peekable();
        if those.peek().is_none() {
            continue;
        }
        let _ = writeln!(out, "\n### {}\n", change.word());
        for one in those {
            let reason = match one.reason.as_str() {
                "" => String::new(),
                reason => format!(": {}", markdown(reason)),
            };
            let _ = writeln!(
                out,
                "- {} ({}) {} → {}{reason}",
                code(&one.check),
                one.severity,
                verdict(one.before),
                verdict(one.after)
            );
            if !one.looks.is_empty() {
                let looks: Vec<String> = one.looks.iter().map(|look| code(look)).collect();
                let _ = writeln!(out, "  - fails anew at {}", looks.join(", "));
            }
            if !one.why.is_empty() {
                let _ = writeln!(out, "  - {}", markdown(&one.why));
            }
            if let Some(aside) = difference.aside(one) {
                let _ = writeln!(out, "  - {aside}");
            }
            if let Some(waived) = difference.waived(&one.check) {
                let _ = writeln!(out, "  - waived: {}", markdown(waived));
            }
        }
    }
    let listed = difference.circumstances.iter().map(|one| {
        let (before, after) = (code(&one.before), code(&one.after));
        format!("{}: {before} → {after}", one.what)
    });
    list(&mut out, "What else differs", listed);
    let redefined = difference.redefined.iter().map(|check| code(check));
    list(&mut out, "Checks that are defined otherwise", redefined);
    let paces = difference.paces.iter().map(|one| {
        let (before, after) = (
            reading::duration(one.before_ms),
            reading::duration(one.after_ms),
        );
        format!(
            "{} ({}): {before} → {after}",
            code(one.label),
            markdown(one.probe)
        )
    });
    list(&mut out, "Looks that take another time", paces);
    out
}

fn row(name: &str, side: Told<'_>) -> String {
    let subject = side.subject;
    let began = subject.started.strftime("%Y-%m-%d %H:%M UTC");
    format!(
        "| {name} | {} | {} | {began} | {} |",
        cell(&subject.run),
        side.decision.outcome.word(),
        cell(subject.target.as_deref().unwrap_or("none"))
    )
}

fn list(out: &mut String, heading: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.map(|item| format!("- {item}")).collect();
    if !items.is_empty() {
        let _ = writeln!(out, "\n### {heading}\n\n{}", items.join("\n"));
    }
}
