//! The head of the page: the decision, what blocks, who must act, and which run this was.

use super::escape::{VALUE, code, short, text};
use super::gates::{standing, who};
use super::links::Links;
use super::{many, term};
use crate::document::reading;
use crate::model::{Finding, Outcome, Subject, Verdict};
use crate::report::Report;
use crate::report::gates::GateReport;
use std::collections::BTreeMap;

/// So many reasons are shown, and so many more behind a fold; the rest is counted.
const REASONS: usize = 8;
const FOLDED: usize = 60;
const WARNINGS: usize = 30;

/// The decision and the counts, which are to be seen before anything else.
pub(super) fn band(report: &Report<'_>) -> String {
    let &Report {
        decision,
        findings,
        subject,
        ..
    } = report;
    let (class, sign) = match decision.outcome {
        Outcome::Go => ("go", "✓"),
        Outcome::GoWithWaivers => ("go-with-waivers", "✓"),
        Outcome::NoGo => ("no-go", "✗"),
        Outcome::Undecided => ("undecided", "?"),
    };
    let counts: String = reading::counts(decision, findings)
        .iter()
        .map(|(_, count)| {
            let (number, rest) = count.split_once(' ').unwrap_or((count, ""));
            format!("<li><b>{number}</b> {rest}</li>")
        })
        .collect();
    let counts = match counts.is_empty() {
        true => "<li>no checks</li>".to_owned(),
        false => counts,
    };
    let early = subject.interrupted.as_ref().map(|why| {
        format!(
            "<p class=\"alarm\">The run ended before everything was looked at: {}</p>\n",
            short(why, VALUE)
        )
    });
    format!(
        "<header class=\"band band-{class}\"><div class=\"wide\">\n\
         <h1><span class=\"word\"><span aria-hidden=\"true\">{sign} </span>{word}</span> {project}, {environment}</h1>\n\
         <ul class=\"counts\">{counts}</ul>\n{gates}{early}</div></header>\n",
        word = decision.outcome.word().to_uppercase(),
        project = short(&subject.project, 100),
        environment = short(&subject.environment, 100),
        gates = report
            .beside
            .gates
            .map_or_else(String::new, |gates| on_gates(decision.outcome, gates)),
        early = early.unwrap_or_default(),
    )
}

/// How the gates stand, beside a decision on one run: one that may ship opens no gate, and must not be read as if it did.
fn on_gates(outcome: Outcome, gates: &GateReport<'_>) -> String {
    let standing = standing(gates);
    let is_open = gates.told.iter().all(|one| one.is_open());
    match outcome.is_go() && !is_open {
        true => format!(
            "<p class=\"alarm\">Do not ship yet: {standing}. This decision is on this run alone.</p>\n"
        ),
        false => {
            format!("<p class=\"standing\">This decision is on this run alone. {standing}.</p>\n")
        }
    }
}

/// What blocks, who must act, and which run this was.
pub(super) fn overview(report: &Report<'_>, links: &Links<'_>) -> String {
    format!(
        "<section class=\"head\" aria-label=\"Overview\">\n<div>\n{}{}</div>\n<div>\n{}{}</div>\n</section>\n",
        reasons(report, links),
        notes(report),
        acts(report, links),
        about(report.subject),
    )
}

fn reasons(report: &Report<'_>, links: &Links<'_>) -> String {
    let decision = report.decision;
    let heading = match decision.outcome {
        Outcome::NoGo => "What blocks the release",
        Outcome::Undecided => "What keeps it undecided",
        Outcome::Go | Outcome::GoWithWaivers => "What it rests on",
    };
    let all = &decision.reasons;
    if all.is_empty() {
        let says = match decision.outcome {
            Outcome::Go | Outcome::GoWithWaivers => rests(report),
            Outcome::NoGo | Outcome::Undecided => "No reason is given.".into(),
        };
        return format!("<h2>{heading}</h2>\n<p>{says}</p>\n");
    }
    let severity: BTreeMap<&str, &Finding> = report
        .findings
        .iter()
        .map(|one| (one.check.as_str(), one))
        .collect();
    let item = |reason: &String| match links.begun(reason) {
        Some((check, rest)) => {
            let severity = severity.get(check).map(|one| one.severity);
            let severity = severity.map(|one| format!("<span class=\"tag s-{one}\">{one}</span> "));
            format!(
                "<li>{}{} {}</li>\n",
                severity.unwrap_or_default(),
                links.link(check),
                short(rest, 240)
            )
        }
        None => format!("<li>{}</li>\n", short(reason, 240)),
    };
    let first: String = all.iter().take(REASONS).map(item).collect();
    let folded: String = all.iter().skip(REASONS).take(FOLDED).map(item).collect();
    let mut out = format!("<h2>{heading}</h2>\n<ol class=\"reasons\">\n{first}</ol>\n");
    if let Some(more @ 1..) = all.len().checked_sub(REASONS) {
        let rest = match all.len().checked_sub(REASONS + FOLDED) {
            Some(rest @ 1..) => {
                format!(
                    "<p>and {} of the same kind, among the findings</p>\n",
                    many(rest, "reason")
                )
            }
            _ => String::new(),
        };
        out += &format!(
            "<details class=\"reasons\"><summary>and {more} more</summary>\n<ol>\n{folded}</ol>\n{rest}</details>\n"
        );
    }
    out
}

/// What a run that may ship rests on, and what of it was not seen.
fn rests(report: &Report<'_>) -> String {
    let fail_on = report.decision.fail_on;
    let grave = || report.findings.iter().filter(|one| one.severity >= fail_on);
    let count = |verdict| grave().filter(|one| one.verdict == verdict).count();
    let failed = format!("failed, and accepted {}", accepted_by(report));
    // A run that may ship leaves these open only where its baseline did.
    let unseen = grave().filter(|one| {
        matches!(
            one.verdict,
            Verdict::Inconclusive | Verdict::Blocked | Verdict::NeedsAttestation
        )
    });
    let unseen = unseen.count();
    let mut parts = Vec::new();
    for (number, says) in [
        (count(Verdict::Pass), "seen to pass"),
        (count(Verdict::Fail), failed.as_str()),
        (unseen, "could not be told, as in the baseline"),
        (count(Verdict::NotRun), "not run"),
        (count(Verdict::NotApplicable), "not applicable"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {says}"));
        }
    }
    match parts.is_empty() {
        true => format!("No check of severity {fail_on} or graver was selected."),
        false => format!(
            "Of the {} of severity {fail_on} or graver: {}.",
            many(grave().count(), "check"),
            parts.join(", ")
        ),
    }
}

/// By what failures are accepted.
fn accepted_by(report: &Report<'_>) -> &'static str {
    match report.subject.baseline {
        Some(_) => "by waivers or by the baseline",
        None => "by waivers",
    }
}

/// What people should know: accepted failures, and warnings.
fn notes(report: &Report<'_>) -> String {
    let is_waived = |one: &&Finding| one.verdict == Verdict::Fail && one.waived.is_some();
    let waived = report.findings.iter().filter(is_waived).count();
    let mut notes = Vec::new();
    if waived > 0 {
        let verb = if waived == 1 { "is" } else { "are" };
        notes.push(format!(
            "{} {verb} accepted {}.",
            many(waived, "failure"),
            accepted_by(report)
        ));
    }
    let warnings = &report.decision.warnings;
    notes.extend(warnings.iter().take(WARNINGS).map(|one| short(one, VALUE)));
    if let Some(more @ 1..) = warnings.len().checked_sub(WARNINGS) {
        notes.push(format!("and {}", many(more, "more warning")));
    }
    match notes.is_empty() {
        true => String::new(),
        false => {
            let items: String = notes.iter().map(|one| format!("<li>{one}</li>")).collect();
            format!("<ul class=\"notes\" aria-label=\"To know\">{items}</ul>\n")
        }
    }
}

/// Who must act: the owners of what holds the gates; without gates, the suites of what failed.
fn acts(report: &Report<'_>, links: &Links<'_>) -> String {
    if let Some(gates) = report.beside.gates {
        let class = match gates.told.iter().all(|one| one.is_open()) {
            true => "who open",
            false => "who",
        };
        return format!(
            "<div class=\"{class}\"><h2>Who must act</h2>\n{}<p><a href=\"#gates\">How the gates stand</a></p></div>\n",
            who(gates, links)
        );
    }
    let must = |one: &&Finding| {
        one.severity >= report.decision.fail_on
            && matches!(
                one.verdict,
                Verdict::Fail | Verdict::Inconclusive | Verdict::Blocked
            )
            && one.waived.is_none()
    };
    let mut suites: BTreeMap<&str, usize> = BTreeMap::new();
    for suite in report
        .findings
        .iter()
        .filter(must)
        .flat_map(|one| &one.suites)
    {
        *suites.entry(suite).or_default() += 1;
    }
    let mut suites: Vec<_> = suites.into_iter().collect();
    suites.sort_by_key(|(_, many)| std::cmp::Reverse(*many));
    if suites.is_empty() {
        return String::new();
    }
    let items: String = suites
        .iter()
        .take(8)
        .map(|(name, count)| {
            format!(
                "<li>whoever answers for <strong>{}</strong>: {count} open</li>",
                short(name, 60)
            )
        })
        .collect();
    format!(
        "<div class=\"who\"><h2>Who must act</h2>\n<ul>{items}</ul>\n\
         <p class=\"soft\">These are suites: no gates are set up, so their owners are not known. A finding may stand in several.</p></div>\n"
    )
}

/// Which run this was.
fn about(subject: &Subject) -> String {
    let commit = subject.commit.as_ref().map(|commit| {
        let dirty = match subject.dirty {
            true => " <strong>and uncommitted changes</strong>",
            false => "",
        };
        format!("{}{dirty}", code(commit, 60))
    });
    let target = match &subject.target {
        Some(target) => code(target, 200),
        None => "none: only the repository was looked at".into(),
    };
    let asked = [&subject.suites, &subject.selection]
        .into_iter()
        .find(|words| !words.is_empty());
    let asked = asked.map_or_else(|| "every check".to_owned(), |words| words.join(", "));
    let terms = [
        term("Target", &target),
        term("Environment", &short(&subject.environment, 100)),
        term("Asked for", &short(&asked, 200)),
        term("Level", subject.level.word()),
        term(
            "Time",
            &format!(
                "{}, took {}",
                subject.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
                text(&reading::duration(subject.duration_ms))
            ),
        ),
        term("Commit", &commit.unwrap_or_else(|| "none".into())),
    ];
    let baseline = subject.baseline.as_ref();
    let baseline = baseline.map(|run| term("Held to be no worse than", &code(run, 60)));
    format!(
        "<dl class=\"about\">{}{}</dl>\n",
        terms.concat(),
        baseline.unwrap_or_default()
    )
}
