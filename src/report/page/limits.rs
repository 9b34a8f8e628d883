//! Rate limits on the page: a plot of what passed and was refused for each, and the same in numbers.

use super::escape::{fit, short};
use super::scrolling;
use crate::document::reading;
use crate::report::Report;
use crate::report::attempts::Attempts;
use crate::report::limits_plot::{HEIGHT, WIDTH, plot};

/// So many limits are told, and the drawings of all of them take so many bytes.
const LIMITS: usize = 100;
const DRAWN: usize = 200_000;

pub(super) fn section(report: &Report<'_>) -> Option<String> {
    let ordered = reading::ordered(report.findings);
    let all: Vec<Attempts> = ordered.into_iter().flat_map(Attempts::of).collect();
    if all.is_empty() {
        return None;
    }
    let rows: String = all.iter().take(LIMITS).map(row).collect();
    let table = format!(
        "<table><caption>What requests showed</caption><thead><tr><th scope=\"col\">Look</th>\
         <th scope=\"col\" class=\"number\">Passed</th><th scope=\"col\" class=\"number\">Refused</th>\
         <th scope=\"col\" class=\"number\">Fitted limit</th><th scope=\"col\" class=\"number\">Window</th>\
         <th scope=\"col\">Found</th></tr></thead>\n<tbody>\n{rows}</tbody></table>"
    );
    let mut out = String::from(
        "<p class=\"intro\">When requests passed and were refused, in seconds since the first, and the limit that was fitted.</p>\n",
    );
    out += &scrolling("Rate limits, in numbers", &table);
    let mut room = DRAWN;
    let mut left_out = all.len().saturating_sub(LIMITS);
    for one in all.iter().take(LIMITS) {
        let mut drawing = String::new();
        plot(&mut drawing, one);
        if drawing.len() > room {
            left_out += 1;
            continue;
        }
        room -= drawing.len();
        let label = fit(&one.label, 120);
        let svg = format!(
            "<figure><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"Requests over time: {label}; the table above has the numbers\">\n{drawing}</svg></figure>"
        );
        out += &scrolling(&format!("Requests over time: {label}"), &svg);
    }
    if left_out > 0 {
        out += &format!(
            "<p>{left_out} of {} are not drawn here; the report limits-plot has them.</p>\n",
            all.len()
        );
    }
    Some(out)
}

fn row(one: &Attempts) -> String {
    let (limit, window) = match one.fitted {
        Some((limit, window)) => (limit.to_string(), format!("{} s", window as f64 / 1000.0)),
        None => ("none".into(), "none".into()),
    };
    format!(
        "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td>\
         <td class=\"number\">{limit}</td><td class=\"number\">{window}</td><td>{}</td></tr>\n",
        fit(&one.label, 120),
        one.admitted.len(),
        one.refused.len(),
        short(&one.told, 300),
    )
}
