//! Variables for later jobs and sections of the log, as GitLab reads them.
//!
//! - A dotenv report has less than 5 KiB and at most 20 variables on an instance as it is installed, names of
//!   letters, digits and underscores, no empty lines, and values as they stand, without quotes: [dotenv
//!   reports][dotenv], and `parse_dotenv_artifact_service.rb` of gitlab-org/gitlab. `$` in a value begins
//!   another variable, and `$$` stands for it: [variables in variables][expand].
//! - Sections of a log: [custom collapsible sections][sections].
//! - JUnit reports, which the format `junit` is, have less than 30 MB: [unit test reports][junit].
//!
//! [dotenv]: https://docs.gitlab.com/ci/variables/dotenv_variables/
//! [junit]: https://docs.gitlab.com/ci/testing/unit_test_reports/
//! [expand]: https://docs.gitlab.com/ci/variables/#use-variables-in-other-variables
//! [sections]: https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections

use super::outputs::{Output, of_decision};
use crate::document::escape::visible;
use crate::report::{Report, Style};
use jiff::Timestamp;

/// Bytes of one value. Two texts come from outside; with both of them the file stays below its limit.
const VALUE: usize = 2_000;
/// What variables are called; `HOLDPOINT_TARGET` and its like are settings, which a later job must not inherit.
const PREFIX: &str = "HOLDPOINT_RUN_";

/// The outputs as a dotenv report. A value that is too long is left empty: half an address is another address.
pub(in crate::report) fn dotenv(report: &Report<'_>, _: &Style<'_>) -> String {
    let outputs = of_decision(report, report.beside.exit_status);
    outputs.iter().map(line).collect()
}

fn line(output: &Output) -> String {
    let name = output.name.to_uppercase().replace('-', "_");
    let value = visible(&output.value).replace('$', "$$");
    let value = match value.len() > VALUE {
        true => String::new(),
        false => value,
    };
    format!("{PREFIX}{name}={}\n", value.trim())
}

/// The line that begins a section of the log. Its name is made of letters, digits, `_`, `.` and `-`.
pub fn section_start(name: &str, at: Timestamp, heading: &str) -> String {
    format!(
        "\u{1b}[0Ksection_start:{}:{}\r\u{1b}[0K{}",
        at.as_second(),
        section_name(name),
        visible(heading)
    )
}

/// The line that ends it.
pub fn section_end(name: &str, at: Timestamp) -> String {
    format!(
        "\u{1b}[0Ksection_end:{}:{}\r\u{1b}[0K",
        at.as_second(),
        section_name(name)
    )
}

fn section_name(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    name.chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect()
}
