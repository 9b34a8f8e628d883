//! What changed since the last run that somebody signed, on the page.

use super::escape::{code, short};
use super::links::Links;
use super::many;
use crate::model::{Change, Changed, Verdict};
use crate::report::{Drift, Report};

/// So many changes are told; the rest is counted.
const CHANGES: usize = 200;

pub(super) fn section(report: &Report<'_>, links: &Links<'_>) -> Option<String> {
    match (report.beside.drift, report.beside.gates) {
        (Some(drift), _) => Some(told(drift, links)),
        (None, Some(gates)) => {
            let never = gates.all.iter().all(|one| one.sign_offs.is_empty());
            let says = match never {
                true => "Nobody has signed yet, so there is nothing to compare this run with."
                    .to_owned(),
                false => format!(
                    "There is no earlier run of {} at hand that somebody signed and that asked the same, so there is nothing to compare this run with.",
                    short(&report.subject.environment, 100)
                ),
            };
            Some(format!("<p class=\"none\">{says}</p>\n"))
        }
        (None, None) => None,
    }
}

fn told(drift: &Drift<'_>, links: &Links<'_>) -> String {
    let (gate, by, counts) = drift.signed;
    let counts = match counts {
        true => "That sign-off still counts.",
        false => "<strong>That sign-off does not count any more.</strong>",
    };
    let intro = format!(
        "<p class=\"intro\">Compared with run {} of {}, which {} signed for the gate {}. {counts}</p>\n",
        code(drift.run, 100),
        drift.started.strftime("%Y-%m-%d %H:%M UTC"),
        short(by, 80),
        code(gate, 60),
    );
    if drift.changed.is_empty() {
        return format!(
            "{intro}<p class=\"none\">Nothing changed: what held then holds now, what failed fails in the same way, and nothing was lost from sight.</p>\n"
        );
    }
    let worse = drift
        .changed
        .iter()
        .filter(|one| one.change.is_worse())
        .count();
    let rows: String = drift
        .changed
        .iter()
        .take(CHANGES)
        .map(|one| row(one, links))
        .collect();
    let rest = match drift.changed.len().checked_sub(CHANGES) {
        Some(more @ 1..) => format!(
            "<p>and {} that weigh no more than these</p>\n",
            many(more, "change")
        ),
        _ => String::new(),
    };
    format!(
        "{intro}<table class=\"cards\" role=\"table\"><caption>{} changed, {worse} for the worse or out of sight</caption>\
         <thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\">Check</th>\
         <th role=\"columnheader\" scope=\"col\">Severity</th><th role=\"columnheader\" scope=\"col\">Change</th>\
         <th role=\"columnheader\" scope=\"col\">Before → after</th><th role=\"columnheader\" scope=\"col\">Why</th></tr></thead>\n\
         <tbody role=\"rowgroup\">\n{rows}</tbody></table>\n{rest}",
        many(drift.changed.len(), "check"),
    )
}

fn row(one: &Changed, links: &Links<'_>) -> String {
    let verdict = |verdict: Option<Verdict>| match verdict {
        Some(verdict) => verdict.word().replace('-', " "),
        None => "not part of the run".into(),
    };
    let class = match one.change {
        Change::Seen | Change::Mended => "good",
        Change::Other => "aside",
        _ => "bad",
    };
    let mut why = short(&one.reason, 240);
    if let Some(first) = one.looks.first() {
        let more = match one.looks.len() {
            1 => String::new(),
            all => format!(" and {} more", all - 1),
        };
        why += &format!(" (now at {}{more})", code(first, 120));
    }
    if !one.why.is_empty() {
        why += &format!(" ({})", short(&one.why, 240));
    }
    let cell = |label: &str, content: &str| {
        format!("<td role=\"cell\" data-label=\"{label}\">{content}</td>")
    };
    format!(
        "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">{}</th>{}{}{}{}</tr>\n",
        links.link(&one.check),
        cell("Severity", one.severity.word()),
        cell(
            "Change",
            &format!("<span class=\"state {class}\">{}</span>", one.change.word())
        ),
        cell(
            "Before → after",
            &format!("{} → {}", verdict(one.before), verdict(one.after))
        ),
        cell("Why", &why),
    )
}
