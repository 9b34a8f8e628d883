//! The words by which every format says how a gate stands.

use crate::model::{Counts, Outcome};
use crate::release::{GateStanding, Hold};
use jiff::Timestamp;

/// `open`, `ready to sign`, `1 of 2 signed`, `no-go` or `undecided`.
pub(in crate::report) fn state(one: &GateStanding<'_>) -> String {
    match &one.hold {
        Hold::Open => "open".into(),
        Hold::Ready { signed: 0, .. } => "ready to sign".into(),
        Hold::Ready { signed, needed } => format!("{signed} of {needed} signed"),
        Hold::Held if one.decision.outcome == Outcome::Undecided => "undecided".into(),
        Hold::Held => "no-go".into(),
    }
}

/// How a gate's checks and statements are known, those of which there are any.
pub(in crate::report) fn known(counts: &Counts) -> Vec<String> {
    let Counts {
        passed,
        failed,
        waived,
        attested,
        unknown,
        not_applicable,
    } = *counts;
    let all = [
        (passed, "measured pass"),
        (failed, "measured fail"),
        (waived, "waived"),
        (attested, "attested"),
        (unknown, "unknown"),
        (not_applicable, "not applicable"),
    ];
    let some = all.into_iter().filter(|(number, _)| *number > 0);
    some.map(|(number, word)| format!("{number} {word}"))
        .collect()
}

/// `since 2026-03-09 14:00 UTC`, and for how long that is.
pub(in crate::report) fn since(at: Timestamp, now: Timestamp) -> String {
    let hours = now.duration_since(at).as_hours();
    let long = match hours {
        ..1 => String::new(),
        1..48 => format!(", {hours} h"),
        _ => format!(", {} days", hours / 24),
    };
    format!("since {}{long}", at.strftime("%Y-%m-%d %H:%M UTC"))
}

/// What is to be done next about a gate, in a few words.
pub(in crate::report) fn closing(one: &GateStanding<'_>) -> String {
    let gate = &one.gate.name;
    match &one.hold {
        Hold::Open => {
            let by: Vec<&str> = one
                .sign_offs
                .iter()
                .filter(|word| word.is_valid())
                .map(|word| word.sign_off.by.as_str())
                .collect();
            format!("open: released by {}", by.join(" and "))
        }
        Hold::Ready { signed, needed } => {
            format!("not released: {signed} of {needed} signed; holdpoint sign {gate}")
        }
        Hold::Held => match one.decision.blockers.len() {
            0 => "held".into(),
            1 => "held by one thing".into(),
            many => format!("held by {many} things"),
        },
    }
}
