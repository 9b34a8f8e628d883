//! What the page rests on, and the commands that repeat it.

use super::escape::{code, short};
use super::findings::again;
use super::{scrolling, term};
use crate::report::Report;

/// So many inputs are named; the rest is counted.
const INPUTS: usize = 100;

pub(super) fn section(report: &Report<'_>) -> String {
    let subject = report.subject;
    let digest = subject.record_digest.as_deref().unwrap_or_default();
    let mut terms = vec![
        term("Run", &code(&subject.run, 100)),
        term(
            "Record",
            &code(subject.record.as_deref().unwrap_or_default(), 400),
        ),
        term("Digest of the record", &code(digest, 100)),
        term(
            "Made by",
            &format!("holdpoint {}", short(&subject.tool_version, 60)),
        ),
    ];
    if subject.record.is_some() {
        terms.push(term(
            "This page again",
            &code(&again(report, "html=page.html"), 600),
        ));
        terms.push(term(
            "As data",
            &code(&again(report, "json=report.json"), 600),
        ));
    }
    let mut out = format!(
        "<div class=\"body plain\"><dl>{}</dl></div>\n",
        terms.concat()
    );
    if !subject.inputs.is_empty() {
        let rows: String = subject
            .inputs
            .iter()
            .take(INPUTS)
            .map(|(name, digest)| {
                format!(
                    "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n",
                    short(name, 200),
                    code(digest, 100)
                )
            })
            .collect();
        let table = format!(
            "<table><caption>Files that were read</caption><thead><tr><th scope=\"col\">File</th>\
             <th scope=\"col\">Digest</th></tr></thead>\n<tbody>\n{rows}</tbody></table>"
        );
        out += &scrolling("Files that were read", &table);
    }
    if let Some(more @ 1..) = subject.inputs.len().checked_sub(INPUTS) {
        out += &format!("<p>and {more} more, which the record names</p>\n");
    }
    out
}
