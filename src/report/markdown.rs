//! The report for a step summary or a ticket: decision, counts, failures with what mends them.

use super::{Report, Style};
use crate::document::escape::{cell, code, cut, markdown, steps};
use crate::document::reading;
use crate::model::{Finding, Subject, Verdict};
use std::fmt::Write;

/// How many characters of a found value are shown.
const FOUND: usize = 400;

pub(super) fn render(report: &Report<'_>, _: &Style<'_>) -> String {
    let mut out = String::new();
    write(&mut out, report).expect("a string takes all that is written");
    out
}

fn write(out: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let &Report {
        decision,
        findings,
        subject,
        ..
    } = report;
    let findings_in_order = reading::ordered(findings);
    let those = |wanted: &dyn Fn(&Finding) -> bool| -> Vec<&Finding> {
        findings_in_order
            .iter()
            .copied()
            .filter(|finding| wanted(finding))
            .collect()
    };
    let mut counts: Vec<_> = reading::counts(decision, findings)
        .into_iter()
        .map(|(_, count)| count)
        .collect();
    counts.push(reading::duration(subject.duration_ms));
    writeln!(
        out,
        "## {}: {}\n",
        decision.outcome.word().to_uppercase(),
        markdown(&subject.project)
    )?;
    writeln!(out, "**{}**\n", counts.join(" · "))?;
    writeln!(out, "{}\n", about(subject))?;
    if let Some(why) = &subject.interrupted {
        writeln!(
            out,
            "> The run ended before everything was looked at: {}\n",
            markdown(why)
        )?;
    }
    list(
        out,
        "",
        decision.reasons.iter().map(|reason| markdown(reason)),
    )?;
    list(
        out,
        "",
        decision
            .warnings
            .iter()
            .map(|warning| format!("note: {}", markdown(warning))),
    )?;

    let failed = those(&|one| one.verdict == Verdict::Fail && one.waived.is_none());
    if !failed.is_empty() {
        writeln!(
            out,
            "### Failed\n\n| check | severity | fault |\n|---|---|---|"
        )?;
        for one in &failed {
            writeln!(
                out,
                "| {} | {} | {} |",
                cell(&one.check),
                one.severity,
                markdown(reason(one))
            )?;
        }
        writeln!(out)?;
        failed
            .iter()
            .try_for_each(|one| details(out, one, report.subject))?;
    }
    let waived = those(&|one| one.verdict == Verdict::Fail && one.waived.is_some());
    list(
        out,
        "### Failed, and accepted by a waiver",
        waived.into_iter().map(|one| {
            let waiver = markdown(one.waived.as_deref().unwrap_or_default());
            format!(
                "{} ({}): {}. Waiver: {waiver}",
                code(&one.check),
                one.severity,
                markdown(reason(one))
            )
        }),
    )?;
    let open = those(&|one| matches!(one.verdict, Verdict::Inconclusive | Verdict::Blocked));
    list(
        out,
        "### Could not be observed",
        open.into_iter().map(|one| match &one.blocked_by {
            Some(prerequisite) => format!(
                "{} ({}): blocked by {}",
                code(&one.check),
                one.severity,
                code(prerequisite)
            ),
            None => format!(
                "{} ({}): {}",
                code(&one.check),
                one.severity,
                markdown(reason(one))
            ),
        }),
    )?;
    list(out, "### Where a document asks for something else", findings_in_order.iter().filter_map(|one| {
        let note = one.note.as_ref()?;
        Some(format!(
            "{} asks for {}. True is: {} ({}). {} tested: {} ({}). To the letter: {}; as practice: {}",
            markdown(&note.document), code(&note.says), markdown(&note.truth), markdown(&note.source),
            code(&one.check), markdown(&note.tested), one.verdict,
            markdown(&note.conformance), markdown(&note.assessment),
        ))
    }))?;
    let rest = |verdict: Verdict| those(&|one| one.verdict == verdict);
    folded(out, "passed", &rest(Verdict::Pass))?;
    folded(
        out,
        "need a person's statement",
        &rest(Verdict::NeedsAttestation),
    )?;
    folded(out, "not run", &rest(Verdict::NotRun))?;
    folded(out, "not applicable", &rest(Verdict::NotApplicable))
}

fn reason(finding: &Finding) -> &str {
    if finding.reason.is_empty() {
        &finding.title
    } else {
        &finding.reason
    }
}

/// One line that says which run this was.
fn about(subject: &Subject) -> String {
    let mut parts = vec![
        subject
            .target
            .as_deref()
            .map_or_else(|| "no target".to_owned(), code),
    ];
    parts.push(markdown(&subject.environment));
    parts.push(format!("level {}", subject.level));
    if let Some(commit) = &subject.commit {
        parts.push(format!(
            "commit {}{}",
            code(commit),
            if subject.dirty {
                " and uncommitted changes"
            } else {
                ""
            }
        ));
    }
    parts.push(
        subject
            .started
            .strftime("%Y-%m-%d %H:%M:%S UTC")
            .to_string(),
    );
    parts.push(format!("holdpoint {}", markdown(&subject.tool_version)));
    if let Some(run) = &subject.baseline {
        parts.push(format!("held to be no worse than {}", code(run)));
    }
    if let Some(record) = &subject.record {
        parts.push(format!("record {}", code(record)));
    }
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

fn details(out: &mut String, finding: &Finding, subject: &Subject) -> std::fmt::Result {
    writeln!(
        out,
        "<details><summary><code>{}</code></summary>\n",
        html(&finding.check)
    )?;
    writeln!(
        out,
        "The claim that does not hold: {}\n",
        markdown(&finding.title)
    )?;
    for fault in reading::faults(finding) {
        writeln!(
            out,
            "- {}",
            markdown(if fault.text.is_empty() {
                reason(finding)
            } else {
                fault.text
            })
        )?;
        let looks = fault
            .looks
            .iter()
            .map(|look| code(look))
            .collect::<Vec<_>>()
            .join(", ");
        for (label, text) in [
            ("expected", code(fault.expected)),
            ("found", code(&cut(fault.found, FOUND))),
            ("at", looks),
        ] {
            if !text.is_empty() {
                writeln!(out, "  - {label}: {text}")?;
            }
        }
    }
    let evidence = code(reading::evidence(finding).unwrap_or_default());
    for (label, text) in [
        ("mend", steps(&finding.remedy)),
        ("prove", code(&reading::again(&[&finding.check], subject))),
        ("defined", code(&finding.defined)),
        ("evidence", evidence),
    ] {
        if !text.is_empty() {
            writeln!(out, "- {label}: {text}")?;
        }
    }
    writeln!(out, "\n</details>\n")
}

/// A list below a heading; nothing where there are no items.
fn list(out: &mut String, heading: &str, items: impl Iterator<Item = String>) -> std::fmt::Result {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return Ok(());
    }
    if !heading.is_empty() {
        writeln!(out, "{heading}\n")?;
    }
    items.try_for_each(|item| writeln!(out, "- {item}"))?;
    writeln!(out)
}

fn folded(out: &mut String, what: &str, findings: &[&Finding]) -> std::fmt::Result {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<details><summary>{} {what}</summary>\n",
        findings.len()
    )?;
    for one in findings {
        let flaky = if one.flaky {
            " (flaky: passed when tried again)"
        } else {
            ""
        };
        let reason = if one.reason.is_empty() {
            String::new()
        } else {
            format!(" ({})", markdown(&one.reason))
        };
        writeln!(
            out,
            "- {} {}{reason}{flaky}",
            code(&one.check),
            markdown(&one.title)
        )?;
    }
    writeln!(out, "\n</details>\n")
}

/// Text inside HTML.
fn html(text: &str) -> String {
    crate::document::escape::visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
