//! The report for continuous integration: JUnit XML as CI products read it.
//!
//! It keeps the schema by which Jenkins's xunit plugin refuses files (`junit-10.xsd`), and each suite, but for its
//! time, that of Surefire. Neither has properties of a case, so a case tells its title, severity, verdict and
//! evidence as its output. GitLab reads of a case its class, name, time and file, and the text of a failure, error or
//! skip, of two cases with one name only the first; reporters on GitHub read message and text.

use super::details::details;
use super::{Report, Style};
use crate::document::escape::{cut, visible};
use crate::document::reading::{self, COUNTED};
use crate::model::{Finding, Subject, Verdict};
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestRerun, TestSuite};
use std::time::Duration;

/// A text within a case. GitLab refuses files of 30 MB.
const TEXT: usize = 4_000;

pub(super) fn render(report: &Report<'_>, _: &Style<'_>) -> String {
    let mut xml = quick_junit::Report::new("holdpoint");
    xml.set_time(Duration::from_millis(report.subject.duration_ms));
    xml.add_test_suite(about(report));
    let ordered = reading::ordered(report.findings);
    for area in ordered.chunk_by(|a, b| reading::area(a) == reading::area(b)) {
        xml.add_test_suite(suite(area, report.subject));
    }
    // The schema of Jenkins knows no such attribute of the root; every suite has it.
    let skipped = format!(" skipped=\"{}\"", xml.skipped);
    let text = xml
        .to_string()
        .expect("every text was made fit for XML, and a string takes all that is written");
    text.replacen(&skipped, "", 1)
}

/// A suite without cases that carries what no case can: the decision, its reasons, the subject.
fn about(report: &Report<'_>) -> TestSuite {
    let &Report {
        decision, subject, ..
    } = report;
    let mut suite = TestSuite::new("holdpoint");
    suite.set_time(Duration::ZERO);
    suite.timestamp = subject.started.to_string().parse().ok();
    let mut say = |name: &str, value: &str| {
        suite.add_property(Property::new(name, visible(value)));
    };
    say("decision", decision.outcome.word());
    decision
        .reasons
        .iter()
        .for_each(|reason| say("reason", reason));
    decision
        .warnings
        .iter()
        .for_each(|warning| say("warning", warning));
    for verdict in COUNTED {
        say(
            &format!("count.{verdict}"),
            &reading::count(decision, verdict).to_string(),
        );
    }
    say("fail_on", decision.fail_on.word());
    say("target", subject.target.as_deref().unwrap_or("none"));
    say("environment", &subject.environment);
    say("level", subject.level.word());
    say("run", &subject.run);
    say("holdpoint", &subject.tool_version);
    if let Some(commit) = &subject.commit {
        say("commit", commit);
        say("dirty", if subject.dirty { "true" } else { "false" });
    }
    for (name, value) in [
        ("record", &subject.record),
        ("baseline", &subject.baseline),
        ("interrupted", &subject.interrupted),
    ] {
        if let Some(value) = value {
            say(name, value);
        }
    }
    suite
}

fn suite(findings: &[&Finding], subject: &Subject) -> TestSuite {
    let mut suite = TestSuite::new(visible(
        findings
            .first()
            .map_or("", |finding| reading::area(finding)),
    ));
    suite.timestamp = subject.started.to_string().parse().ok();
    suite.set_time(Duration::from_millis(
        findings.iter().map(|finding| finding.duration_ms).sum(),
    ));
    suite.add_test_cases(findings.iter().map(|finding| case(finding)));
    suite
}

fn case(finding: &Finding) -> TestCase {
    let mut case = TestCase::new(visible(&finding.check), status(finding));
    case.set_classname(visible(reading::area(finding)));
    case.set_time(Duration::from_millis(finding.duration_ms));
    let facts = [
        ("title", finding.title.as_str()),
        ("severity", finding.severity.word()),
        ("verdict", finding.verdict.word()),
        ("evidence", reading::evidence(finding).unwrap_or_default()),
    ];
    let facts = facts.map(|(name, value)| (name, value.to_owned()));
    case.set_system_out(lines(facts));
    case
}

fn status(finding: &Finding) -> TestCaseStatus {
    let reason = if finding.reason.is_empty() {
        &finding.title
    } else {
        &finding.reason
    };
    let skipped = |message: String| {
        let message = shown(&message);
        let mut status = TestCaseStatus::skipped();
        // GitLab shows the text alone, others the attribute alone.
        status.set_message(message.clone()).set_description(message);
        status
    };
    let mut status = match (finding.verdict, &finding.waived) {
        (Verdict::Pass, _) => TestCaseStatus::success(),
        (Verdict::Fail, None) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (Verdict::Inconclusive, _) => TestCaseStatus::non_success(NonSuccessKind::Error),
        (Verdict::Fail, Some(waiver)) => skipped(format!("waived: {waiver}; failed: {reason}")),
        (Verdict::Blocked, _) => match &finding.blocked_by {
            Some(prerequisite) => skipped(format!("blocked by {prerequisite}")),
            None => skipped(format!("blocked: {reason}")),
        },
        (Verdict::NotApplicable, _) => skipped(format!("not applicable: {reason}")),
        (Verdict::NotRun, _) => skipped(format!("not run: {reason}")),
        (Verdict::NeedsAttestation, _) => skipped(format!("needs attestation: {reason}")),
    };
    if matches!(status, TestCaseStatus::NonSuccess { .. }) {
        status
            .set_message(shown(reason))
            .set_type(finding.severity.word())
            .set_description(lines(details(finding)));
    }
    if finding.flaky {
        let mut rerun = TestRerun::new(NonSuccessKind::Error);
        rerun
            .set_type("flaky")
            .set_message(AGAIN)
            .set_stack_trace(AGAIN); // which the schema of Surefire asks for
        status.add_rerun(rerun);
    }
    status
}

/// What passes for a fault's name and its trace, where one passed when it was tried again.
const AGAIN: &str = "a transient fault; passed when tried again";

/// A line for each text that there is, with its word before it.
fn lines(texts: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
    let lines = texts.map(|(name, text)| format!("{name:<9} {}", shown(&text)));
    lines.collect::<Vec<_>>().join("\n")
}

/// The text, visible and not endless. Two brackets in a row would name a file to GitLab and Jenkins.
fn shown(text: &str) -> String {
    cut(&visible(text), TEXT).replace("[[", "[ [")
}
