//! The report for continuous integration: JUnit XML as nextest writes it and CI products read it.

use super::{Report, Style};
use crate::document::escape::visible;
use crate::document::reading::{self, COUNTED};
use crate::model::{Finding, Subject, Verdict};
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestRerun, TestSuite};
use std::time::Duration;

pub(super) fn render(report: &Report<'_>, _: &Style) -> String {
    let mut xml = quick_junit::Report::new("holdpoint");
    xml.timestamp = report.subject.started.to_string().parse().ok();
    xml.set_time(Duration::from_millis(report.subject.duration_ms));
    xml.add_test_suite(about(report));
    let ordered = reading::ordered(report.findings);
    for area in ordered.chunk_by(|a, b| reading::area(a) == reading::area(b)) {
        xml.add_test_suite(suite(area, report.subject));
    }
    xml.to_string()
        .expect("every text was made fit for XML, and a string takes all that is written")
}

/// A suite without cases that carries what no case can: the decision, its reasons, the subject.
fn about(report: &Report<'_>) -> TestSuite {
    let &Report {
        decision, subject, ..
    } = report;
    let mut suite = TestSuite::new("holdpoint");
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
    for (name, value) in [
        ("title", finding.title.as_str()),
        ("severity", finding.severity.word()),
        ("verdict", finding.verdict.word()),
        ("evidence", reading::evidence(finding).unwrap_or_default()),
    ] {
        if !value.is_empty() {
            case.add_property(Property::new(name, visible(value)));
        }
    }
    case
}

fn status(finding: &Finding) -> TestCaseStatus {
    let reason = if finding.reason.is_empty() {
        &finding.title
    } else {
        &finding.reason
    };
    let skipped = |message: String| {
        let mut status = TestCaseStatus::skipped();
        status
            .set_message(visible(&message))
            .set_type(finding.verdict.word());
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
            .set_message(visible(reason))
            .set_type(finding.severity.word())
            .set_description(description(finding));
    }
    if finding.flaky {
        let mut rerun = TestRerun::new(NonSuccessKind::Error);
        rerun
            .set_type("flaky")
            .set_message("a transient fault; passed when tried again");
        status.add_rerun(rerun);
    }
    status
}

fn description(finding: &Finding) -> String {
    let mut lines = Vec::new();
    let mut say = |name: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("{name:<9} {}", visible(text)));
        }
    };
    for fault in reading::faults(finding) {
        say("fault", fault.text);
        say("expected", fault.expected);
        say("found", fault.found);
        say("at", &fault.looks.join(", "));
    }
    say("mend", &finding.remedy);
    say("prove", &reading::prove(finding));
    say("defined", &finding.defined);
    say("evidence", reading::evidence(finding).unwrap_or_default());
    lines.join("\n")
}
