//! The report for GitLab's merge requests: what failed, and what could not be observed, at a line of the user's own files.
//!
//! The fields are those of GitLab's [Code Quality report format][format], which its `codeclimate.json` schema
//! requires. A finding that is not in the newer report is shown as mended, so what could not be observed is in
//! it too, under the fingerprint that it would fail under.
//!
//! [format]: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format

use super::reason;
use crate::document::escape::{cut, visible};
use crate::document::reading;
use crate::model::{Finding, Severity, Verdict};
use crate::report::{Report, Style};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Characters of a description.
const DESCRIPTION: usize = 1_000;

#[derive(Serialize)]
struct Violation {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

pub(in crate::report) fn render(report: &Report<'_>, _: &Style<'_>) -> String {
    let ordered = reading::ordered(report.findings);
    let is_shown = |one: &&Finding| {
        matches!(
            one.verdict,
            Verdict::Fail | Verdict::Inconclusive | Verdict::Blocked
        )
    };
    let each = ordered.into_iter().filter(is_shown);
    let violations: Vec<Violation> = each.map(|one| violation(one, report)).collect();
    let mut text =
        serde_json::to_string_pretty(&violations).expect("texts and numbers have a form in JSON");
    text.push('\n');
    text
}

fn violation(finding: &Finding, report: &Report<'_>) -> Violation {
    let own = report.beside.places.and_then(|all| all.get(&finding.check));
    let (path, line) = match own {
        Some((path, line)) => (path.clone(), *line),
        None => defined(&finding.defined),
    };
    let how = match (finding.verdict, &finding.waived) {
        (Verdict::Fail, None) => String::new(),
        (Verdict::Fail, Some(waiver)) => format!(" (accepted by {waiver})"),
        _ => match &finding.blocked_by {
            Some(prerequisite) => format!(" (not observed: blocked by {prerequisite})"),
            None => " (not observed)".into(),
        },
    };
    let description = format!("{}{how}", reason(finding));
    Violation {
        description: cut(&visible(&description), DESCRIPTION),
        check_name: visible(&finding.check),
        fingerprint: fingerprint(&finding.check, &path),
        severity: severity(finding),
        location: Location {
            path: visible(&path),
            lines: Lines { begin: line.max(1) },
        },
    }
}

/// The same from run to run, wherever the line moves to.
fn fingerprint(check: &str, path: &str) -> String {
    let digest = Sha256::digest(format!("{check}\0{path}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was accepted, and what nobody saw, does not alarm.
fn severity(finding: &Finding) -> &'static str {
    match (finding.verdict, &finding.waived, finding.severity) {
        (Verdict::Fail, None, Severity::Critical) => "blocker",
        (Verdict::Fail, None, Severity::High) => "critical",
        (Verdict::Fail, None, Severity::Medium) => "major",
        (Verdict::Fail, None, Severity::Low) => "minor",
        (Verdict::Inconclusive | Verdict::Blocked, _, severity) if severity > Severity::Info => {
            "minor"
        }
        _ => "info",
    }
}

/// The file and line of the check's own definition, which every finding names.
fn defined(place: &str) -> (String, usize) {
    let parted = place.rsplit_once(':');
    let parted = parted.and_then(|(path, line)| Some((path.to_owned(), line.parse().ok()?)));
    parted.unwrap_or_else(|| (place.to_owned(), 1))
}
