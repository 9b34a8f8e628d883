//! The checks of a run as SARIF's rules.

use super::{LIMIT, level, text};
use crate::document::escape::{code, cut, markdown, steps, visible};
use crate::document::reading;
use crate::model::{Finding, Severity};
use crate::report::Report;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// A rule has at most so many tags.
const TAGS: usize = 20;

/// A description may have 1,024 characters, of which the remark that one was cut takes some.
const DESCRIPTION: usize = 960;

/// A remedy, which may hold code.
const HELP: usize = 4_000;

/// Every check that has a verdict, with its place in the list.
pub(super) struct Rules {
    written: Vec<Value>,
    places: HashMap<String, usize>,
}

impl Rules {
    /// The rules of the results first, should there be too many.
    pub(super) fn of(report: &Report<'_>, told: &[&Finding]) -> Self {
        let mut rules = Self {
            written: Vec::new(),
            places: HashMap::new(),
        };
        let mut chosen: Vec<&Finding> = Vec::new();
        let mut seen = HashSet::new();
        for finding in told
            .iter()
            .copied()
            .chain(reading::ordered(report.findings))
        {
            if chosen.len() < LIMIT && seen.insert(&*finding.check) {
                chosen.push(finding);
            }
        }
        chosen.sort_by_key(|one| (reading::area(one), &one.check));
        for finding in chosen {
            let id = rules.id(finding);
            // Ids that look alike once they are visible are one rule.
            if !rules.places.contains_key(&id) {
                rules.places.insert(id, rules.written.len());
                rules.written.push(rule(finding, report));
            }
        }
        rules
    }

    pub(super) fn id(&self, finding: &Finding) -> String {
        visible(&finding.check)
    }

    pub(super) fn index(&self, finding: &Finding) -> Option<usize> {
        self.places.get(&self.id(finding)).copied()
    }

    pub(super) fn written(&self) -> Value {
        json!(self.written)
    }
}

fn rule(finding: &Finding, report: &Report<'_>) -> Value {
    let id = visible(&finding.check);
    let title = match finding.title.trim().is_empty() {
        true => format!("the check {id}"),
        false => cut(&visible(&finding.title), DESCRIPTION),
    };
    let full = format!(
        "A check of severity {} (suites: {}): holdpoint looks whether {title}",
        finding.severity,
        finding.suites.join(", "),
    );
    let full = cut(&visible(&full), DESCRIPTION);
    let explain = format!("holdpoint explain {id}");
    let prove = visible(&reading::prove(finding));
    let mut help = format!("{title}\n\nWhy it matters: {explain}\nTo prove it: {prove}");
    let mut shown = format!(
        "{}\n\n- Why it matters: {}\n- To prove it: {}\n",
        markdown(&title),
        code(&explain),
        code(&prove),
    );
    if !finding.remedy.is_empty() {
        help += &format!(
            "\nTo mend it: {}",
            cut(&visible_lines(&finding.remedy), HELP)
        );
        shown += &format!("- To mend it: {}\n", steps(&cut(&finding.remedy, HELP)));
    }
    let mut properties =
        json!({ "severity": finding.severity.word(), "tags": tags(finding, report) });
    // A rule with a security severity is a security rule to code scanning, and others are none.
    match is_security(finding) {
        true => {
            if let Some(score) = score(finding.severity) {
                properties["security-severity"] = json!(score);
            }
        }
        false => properties["problem.severity"] = json!(problem(finding.severity)),
    }
    json!({
        "id": id,
        "shortDescription": { "text": text::plain(&title) },
        "fullDescription": { "text": text::plain(&full) },
        "help": { "text": text::unlinked(&help), "markdown": text::unlinked(&shown) },
        "defaultConfiguration": { "level": level(finding.severity) },
        "properties": properties,
    })
}

/// The text with its line breaks, and nothing else that hides.
fn visible_lines(text: &str) -> String {
    let lines: Vec<String> = text.trim().lines().map(visible).collect();
    lines.join("\n")
}

fn is_security(finding: &Finding) -> bool {
    finding.suites.iter().any(|suite| suite == "security")
}

/// The middle of the range in which code scanning reads the word: over 9.0 critical, from 7.0 high, from 4.0 medium,
/// from 0.1 low. What is only worth knowing has none.
fn score(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}

/// How grave a rule is that is none of security.
fn problem(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    }
}

/// The suites, security first of all, then the tags, each once.
fn tags(finding: &Finding, report: &Report<'_>) -> Vec<String> {
    let mut suites: Vec<&String> = finding.suites.iter().collect();
    suites.sort_by_key(|suite| *suite != "security");
    let own = report.subject.tags.get(&finding.check);
    let mut tags: Vec<String> = Vec::new();
    for tag in suites.into_iter().chain(own.into_iter().flatten()) {
        let tag = visible(tag);
        if tags.len() < TAGS && !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}
