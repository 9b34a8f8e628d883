//! The gates on the page: how each stands, what holds it, who must act and who has signed.

use super::escape::{VALUE, code, short, text};
use super::links::Links;
use super::{many, term};
use crate::model::{Blocker, Outcome, Standing};
use crate::release::{GateStanding, Hold, deciding};
use crate::report::Report;
use crate::report::gates::{GateReport, known, since, state};
use std::collections::BTreeMap;

/// So many bytes tell what holds the gates, each its part of them; beyond that it is counted.
const ROOM: usize = 250_000;
/// So many gates, sign-offs of a gate, and people.
const MANY: usize = 40;

pub(super) fn section(report: &Report<'_>, links: &Links<'_>) -> Option<String> {
    let gates = report.beside.gates?;
    let numbered: Vec<(usize, &GateStanding<'_>)> = gates
        .told
        .iter()
        .take(MANY)
        .map(|one| (number(gates, one), *one))
        .collect();
    let mut rows = String::new();
    for (number, one) in &numbered {
        rows += &row(gates, *number, one, links);
    }
    let each: String = numbered
        .iter()
        .map(|(number, one)| details(gates, *number, one, links))
        .collect();
    Some(format!(
        "<p class=\"intro\">As of {}. {} A gate takes its newest evidence, which need not be this run's.</p>\n\
         <table class=\"cards\" role=\"table\"><thead role=\"rowgroup\"><tr role=\"row\">\
         <th role=\"columnheader\" scope=\"col\">Phase</th><th role=\"columnheader\" scope=\"col\">Gate</th>\
         <th role=\"columnheader\" scope=\"col\">Owner</th><th role=\"columnheader\" scope=\"col\">State</th>\
         <th role=\"columnheader\" scope=\"col\">Known</th><th role=\"columnheader\" scope=\"col\">Gravest thing that holds it</th>\
         <th role=\"columnheader\" scope=\"col\">Signed</th></tr></thead>\n<tbody role=\"rowgroup\">\n{rows}</tbody></table>\n\
         <h3>What holds each gate, and who signed it</h3>\n{each}",
        gates.now.strftime("%Y-%m-%d %H:%M UTC"),
        instead(gates),
    ))
}

fn instead(gates: &GateReport<'_>) -> String {
    match gates.instead {
        Some(record) => format!("What if: decided on {}.", short(record, 200)),
        None => String::new(),
    }
}

/// `2 of 6 gates open; release is no-go`
pub(super) fn standing(gates: &GateReport<'_>) -> String {
    let open = gates.told.iter().filter(|one| one.is_open()).count();
    let decides = deciding(gates.told).map(|place| gates.told[place]);
    let decides = decides.map(|one| format!("; {} is {}", short(&one.gate.name, 80), state(one)));
    format!(
        "{open} of {} gates open{}",
        gates.told.len(),
        decides.unwrap_or_default()
    )
}

/// The owners of what holds the gates, each with what they must do first; then who may sign.
pub(super) fn who(gates: &GateReport<'_>, links: &Links<'_>) -> String {
    let mut owners: BTreeMap<&str, Vec<&Blocker>> = BTreeMap::new();
    for blocker in gates.told.iter().flat_map(|one| &one.decision.blockers) {
        // A gate that waits for another waits for what holds that one, which is told of it.
        if before(gates, blocker).is_some() {
            continue;
        }
        let own = owners.entry(&blocker.owner).or_default();
        // What holds several gates is one thing to do.
        if !own.iter().any(|known| known.what == blocker.what) {
            own.push(blocker);
        }
    }
    let mut owners: Vec<_> = owners.into_iter().collect();
    owners.sort_by_key(|(_, own)| {
        let gravest = own.iter().map(|one| one.severity).max();
        std::cmp::Reverse((gravest, own.len()))
    });
    let acting = owners.iter().take(MANY).map(|(owner, own)| {
        // The first of the gravest.
        let gravest = own.iter().rev().max_by_key(|one| one.severity);
        let first = gravest.map(|one| format!(", first {}", named(gates, one, links)));
        format!(
            "<li><strong>{}</strong>: {}{}</li>",
            short(owner, 80),
            many(own.len(), "thing"),
            first.unwrap_or_default()
        )
    });
    let ready = gates
        .told
        .iter()
        .filter(|one| matches!(one.hold, Hold::Ready { .. }));
    let signing = ready.take(MANY).map(|one| {
        format!(
            "<li><strong>{}</strong>: sign {}</li>",
            short(&one.gate.owner, 80),
            code(&one.gate.name, 60)
        )
    });
    let items: String = acting.chain(signing).collect();
    match items.is_empty() {
        true => "<p>Nobody: every gate is open.</p>\n".into(),
        false => format!("<ul>{items}</ul>\n"),
    }
}

/// The place in the order of all of the gate that a blocker waits for, where that gate is told of too.
fn before(gates: &GateReport<'_>, blocker: &Blocker) -> Option<usize> {
    let name = blocker.what.strip_prefix("gate ")?;
    let told = gates.told.iter().take(MANY);
    let gate = told.into_iter().find(|one| one.gate.name == name)?;
    Some(number(gates, gate))
}

/// What holds a gate, which leads to its finding or gate where it is one.
fn named(gates: &GateReport<'_>, blocker: &Blocker, links: &Links<'_>) -> String {
    match before(gates, blocker) {
        Some(number) => format!(
            "<a href=\"#gate-{number}\">{}</a>",
            short(&blocker.what, 80)
        ),
        None => links.link(&blocker.what),
    }
}

/// The place of a gate in the order of all.
fn number(gates: &GateReport<'_>, one: &GateStanding<'_>) -> usize {
    let place = gates
        .all
        .iter()
        .position(|other| other.gate.name == one.gate.name);
    place.map_or(0, |place| place + 1)
}

fn row(gates: &GateReport<'_>, number: usize, one: &GateStanding<'_>, links: &Links<'_>) -> String {
    let gravest = match one.decision.blockers.first() {
        None => "nothing".to_owned(),
        Some(first) => {
            let since = first.since.map(|at| format!(", {}", since(at, gates.now)));
            format!(
                "{} {}<span class=\"soft\">{}</span>",
                named(gates, first, links),
                short(&first.reason, 160),
                since.unwrap_or_default()
            )
        }
    };
    let signed: Vec<String> = one.sign_offs.iter().take(MANY).map(signed).collect();
    let signed = match signed.is_empty() {
        true => "nobody".to_owned(),
        false => signed.join("; "),
    };
    let cell = |label: &str, content: &str| {
        format!("<td role=\"cell\" data-label=\"{label}\">{content}</td>")
    };
    let counts = known(&one.decision.counts).join(", ");
    let counts = match counts.is_empty() {
        true => "nothing",
        false => &counts,
    };
    format!(
        "<tr role=\"row\">{}<th role=\"rowheader\" scope=\"row\">{}</th>{}{}{}{}{}</tr>\n",
        cell("Phase", &number.to_string()),
        short(&one.gate.name, 80),
        cell("Owner", &short(&one.gate.owner, 80)),
        cell("State", &coloured(one)),
        cell("Known", counts),
        cell("Held by", &gravest),
        cell("Signed", &signed),
    )
}

fn coloured(one: &GateStanding<'_>) -> String {
    let class = match (&one.hold, one.decision.outcome) {
        (Hold::Open, _) => "good",
        (Hold::Ready { .. }, _) => "aside",
        (Hold::Held, Outcome::Undecided) => "doubt",
        (Hold::Held, _) => "bad",
    };
    format!("<span class=\"state {class}\">{}</span>", state(one))
}

/// Who signed, and whether it counts.
fn signed(one: &Standing) -> String {
    let said = match one.sign_off.released {
        true => "",
        false => " says no",
    };
    format!("{}{said} ({})", short(&one.sign_off.by, 80), one.words())
}

/// A gate in full, folded.
fn details(
    gates: &GateReport<'_>,
    number: usize,
    one: &GateStanding<'_>,
    links: &Links<'_>,
) -> String {
    let blockers = &one.decision.blockers;
    let held = match blockers.len() {
        0 => "held by nothing".to_owned(),
        count => format!("held by {}", many(count, "thing")),
    };
    let mut body = String::new();
    let room = ROOM / gates.told.len().max(1);
    let (mut items, mut listed) = (String::new(), 0);
    for item in blockers.iter().map(|one| held_by(gates, one, links)) {
        if items.len() + item.len() > room {
            break;
        }
        items += &item;
        listed += 1;
    }
    if listed > 0 {
        body += &format!("<ol>\n{items}</ol>\n");
    }
    if let Some(more @ 1..) = blockers.len().checked_sub(listed) {
        body += &format!(
            "<p>and {more} more: {}</p>\n",
            code(&format!("holdpoint gate {}", one.gate.name), 160)
        );
    }
    for word in one.sign_offs.iter().take(MANY) {
        let why: Vec<String> = word
            .lapses
            .iter()
            .map(|lapsed| format!("{}: {}", lapsed.lapse, short(&lapsed.why, VALUE)))
            .collect();
        let counts = match why.is_empty() {
            true => format!(
                "counts until {}",
                word.sign_off.until.strftime("%Y-%m-%d %H:%M UTC")
            ),
            false => format!("does not count: {}", why.join("; ")),
        };
        let said = match word.sign_off.released {
            true => "signed",
            false => "said no",
        };
        let comment = match word.sign_off.comment.is_empty() {
            true => String::new(),
            false => format!(" “{}”", short(&word.sign_off.comment, VALUE)),
        };
        body += &format!(
            "<p>{} {said} on {}, which {counts}.{comment}</p>\n",
            short(&word.sign_off.by, 80),
            word.sign_off.at.strftime("%Y-%m-%d %H:%M UTC"),
        );
    }
    for warning in one.decision.warnings.iter().take(MANY) {
        body += &format!("<p class=\"notes\">{}</p>\n", short(warning, VALUE));
    }
    if body.is_empty() {
        body = "<p>Nobody has signed it.</p>\n".into();
    }
    format!(
        "<details class=\"gate\"><summary>{number}. <strong>{}</strong>: {}, {held}</summary>\n<div id=\"gate-{number}\">{body}</div></details>\n",
        short(&one.gate.name, 80),
        coloured(one),
    )
}

fn held_by(gates: &GateReport<'_>, one: &Blocker, links: &Links<'_>) -> String {
    let since = one.since.map(|at| text(&since(at, gates.now)));
    let terms = [
        term("Who", &short(&one.owner, 80)),
        term(
            "Since",
            since
                .as_deref()
                .unwrap_or_default()
                .trim_start_matches("since "),
        ),
        term("Next", &code(&one.next, VALUE)),
    ];
    format!(
        "<li><span class=\"tag s-{severity}\">{severity}</span> {} {}<div class=\"body\"><dl>{}</dl></div></li>\n",
        named(gates, one, links),
        short(&one.reason, VALUE),
        terms.concat(),
        severity = one.severity,
    )
}
