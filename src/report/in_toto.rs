//! The report for programs that verify releases: an unsigned in-toto statement of the run, a test-result v0.1.

use super::{Report, Style, json};
use crate::ledger::statement::test_result;

pub(super) fn render(report: &Report<'_>, _: &Style<'_>) -> String {
    json::pretty(&test_result(
        report.decision,
        report.findings,
        report.subject,
    ))
}
