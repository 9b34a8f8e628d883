//! Gates on a page: the decision record that people read before they sign, and keep after it.

use super::{GateReport, closing, known, since, state};
use crate::document::escape::{code, markdown as inline};
use crate::model::{Outcome, Standing};
use crate::release::{GateStanding, Hold};

/// A page for each gate that is told of.
pub fn render(report: &GateReport<'_>) -> String {
    let pages: Vec<String> = report.told.iter().map(|one| page(report, one)).collect();
    pages.join("\n")
}

fn page(report: &GateReport<'_>, one: &GateStanding<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    let gate = one.gate;
    let outcome = match (&one.hold, one.decision.outcome) {
        (Hold::Held, Outcome::Go | Outcome::GoWithWaivers) => Outcome::NoGo,
        (_, outcome) => outcome,
    };
    lines.push(format!("# {}: {}", inline(&gate.title), outcome.word()));
    lines.push(String::new());
    lines.push(format!(
        "{} · gate {} · {} · {}",
        inline(report.project),
        inline(&gate.name),
        inline(&gate.owner),
        report.now.strftime("%Y-%m-%d %H:%M UTC")
    ));
    lines.push(String::new());
    lines.push(format!("**{}**", inline(&closing(one))));
    if let Some(record) = report.instead {
        lines.push(String::new());
        lines.push(format!(
            "What if: decided on {} in place of the newest record.",
            inline(record)
        ));
    }
    lines.push(String::new());
    lines.push("| What must hold | Holds | Found |".into());
    lines.push("|---|---|---|".into());
    for one in &one.decision.criteria {
        let holds = match one.held {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "unknown",
        };
        lines.push(format!(
            "| {} | {holds} | {} |",
            inline(&one.says),
            inline(&one.found)
        ));
    }
    lines.push(String::new());
    lines.push(format!(
        "Known: {}.",
        known(&one.decision.counts).join(", ")
    ));
    if !one.decision.blockers.is_empty() {
        lines.extend(
            [
                "",
                "## What holds it",
                "",
                "| What | Severity | Why | Who | Next |",
                "|---|---|---|---|---|",
            ]
            .map(String::from),
        );
        for blocker in &one.decision.blockers {
            let since = blocker
                .since
                .map(|at| format!(", {}", since(at, report.now)))
                .unwrap_or_default();
            lines.push(format!(
                "| {} | {} | {} | {} | {} |",
                inline(&blocker.what),
                blocker.severity,
                inline(&blocker.reason),
                inline(&format!("{}{since}", blocker.owner)),
                inline(&blocker.next),
            ));
        }
    }
    let before: Vec<&GateStanding<'_>> = gate
        .upstream
        .iter()
        .filter_map(|name| report.all.iter().find(|other| other.gate.name == *name))
        .collect();
    if !before.is_empty() {
        lines.extend(
            [
                "",
                "## The gates before it",
                "",
                "| Gate | Who | State | Known |",
                "|---|---|---|---|",
            ]
            .map(String::from),
        );
        for other in &before {
            lines.push(format!(
                "| {} | {} | {} | {} |",
                inline(&other.gate.name),
                inline(&other.gate.owner),
                state(other),
                known(&other.decision.counts).join(", ")
            ));
        }
    }
    let words: Vec<(&str, &Standing)> = before
        .iter()
        .copied()
        .chain(std::iter::once(one))
        .flat_map(|gate| {
            gate.sign_offs
                .iter()
                .map(|word| (gate.gate.name.as_str(), word))
        })
        .collect();
    if !words.is_empty() {
        lines.extend(
            [
                "",
                "## Signed",
                "",
                "| Gate | Who | When | Key | State | Says |",
                "|---|---|---|---|---|---|",
            ]
            .map(String::from),
        );
        for (gate, word) in words {
            let why: Vec<String> = word
                .lapses
                .iter()
                .map(|lapsed| format!("{}: {}", lapsed.lapse, lapsed.why))
                .collect();
            let state = match why.is_empty() {
                true => format!(
                    "valid until {}",
                    word.sign_off.until.strftime("%Y-%m-%d %H:%M UTC")
                ),
                false => why.join("; "),
            };
            lines.push(format!(
                "| {} | {} | {} | {} | {} | {} |",
                inline(gate),
                inline(&word.sign_off.by),
                word.sign_off.at.strftime("%Y-%m-%d %H:%M UTC"),
                inline(word.fingerprint.as_deref().unwrap_or("none that counts")),
                inline(&state),
                inline(&word.sign_off.comment),
            ));
        }
    }
    if !one.evidence.is_empty() {
        lines.extend(
            [
                "",
                "## Evidence",
                "",
                "| Run | Environment | Level | Commit | Digest |",
                "|---|---|---|---|---|",
            ]
            .map(String::from),
        );
        for told in &one.evidence {
            let header = &told.record.header;
            lines.push(format!(
                "| {} | {} | {} | {} | {} |",
                code(&header.run),
                inline(&header.environment),
                inline(&header.level),
                code(header.commit.as_deref().unwrap_or("none")),
                code(&told.record.digest),
            ));
        }
    }
    for told in &one.evidence {
        if let Some(reason) = &told.record.header.before_gate {
            lines.push(String::new());
            lines.push(format!(
                "> Run {} was made before the gates before it were open: {}",
                code(told.run()),
                inline(reason)
            ));
        }
    }
    for warning in &one.decision.warnings {
        lines.push(String::new());
        lines.push(format!("> {}", inline(warning)));
    }
    lines.push(String::new());
    lines.join("\n")
}
