//! The report as one page for a browser: no script, no request, readable at any width, with any senses and on paper.

mod drift;
mod escape;
mod evidence;
mod filters;
mod finding;
mod findings;
mod gates;
mod head;
mod latency;
mod limits;
mod links;

use super::{Report, Style};
use escape::{short, text};
use findings::Told;
use links::Links;

const STYLE: &str = include_str!("style.css");

/// What a browser may load for the page: nothing. Its style stands in it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub(super) fn render(report: &Report<'_>, _: &Style<'_>) -> String {
    let told = Told::of(report);
    let links = Links::to(&told);
    let filters = filters::of(&told);
    let overview = head::overview(report, &links);
    let gates = gates::section(report, &links);
    let drift = drift::section(report, &links);
    let latency = latency::section(report);
    let limits = limits::section(report);
    let evidence = evidence::section(report);
    // The findings have the room that is left.
    let others = [&gates, &drift, &latency, &limits].into_iter().flatten();
    let around = others.chain([&overview, &evidence]).map(String::len).sum();
    let findings = findings::section(report, &told, &links, &filters, around);
    let sections = [
        ("gates", "Gates", gates),
        ("drift", "Changes since the last sign-off", drift),
        ("findings", "Findings", Some(findings)),
        ("latency", "Latency", latency),
        ("limits", "Rate limits", limits),
        ("evidence", "Evidence", Some(evidence)),
    ];
    let sections = sections
        .into_iter()
        .filter_map(|(name, heading, body)| Some((name, heading, body?)));
    let (mut contents, mut body) = (String::new(), String::new());
    for (name, heading, section) in sections {
        contents += &format!("<li><a href=\"#{name}\">{heading}</a></li>");
        body += &format!(
            "<section aria-labelledby=\"{name}\">\n<h2 id=\"{name}\">{heading}</h2>\n{section}</section>\n"
        );
    }
    let subject = report.subject;
    let word = report.decision.outcome.word().to_uppercase();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{word}: {project}, {environment} · holdpoint</title>\n\
         <style>\n{STYLE}{rules}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n\
         {head}<nav aria-label=\"Contents\"><ul class=\"wide\">{contents}</ul></nav>\n\
         <main class=\"wide\">\n{overview}{body}</main>\n\
         <footer class=\"wide\">holdpoint {version}, run {run}</footer>\n</body>\n</html>\n",
        project = short(&subject.project, 100),
        environment = short(&subject.environment, 100),
        rules = filters.rules,
        head = head::band(report),
        version = text(&subject.tool_version),
        run = short(&subject.run, 100),
    )
}

/// `1 check`, `2 checks`.
fn many(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// A term and what it is; nothing where that is nothing. What it is has been escaped.
fn term(name: &str, is: &str) -> String {
    match is.is_empty() {
        true => String::new(),
        false => format!("<dt>{name}</dt><dd>{is}</dd>"),
    }
}

/// A table that scrolls within itself where the page is narrow, and is reached by keyboard to do so.
fn scrolling(label: &str, content: &str) -> String {
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">{content}</div>\n"
    )
}
