//! Writes the reports that were asked for, each whole or not at all.

use super::args::ReportTarget;
use super::output::Output;
use crate::diagnostic::Source;
use crate::document::store::overwrite;
use crate::model::{Decision, Finding, Subject};
use crate::report::{self, Report};
use std::path::Path;

/// A place in the user's repository for a template of their own.
const TEMPLATE: &str = ".holdpoint/templates/security-sign-off.md";

/// Everything that reports are made from.
pub(super) struct Ready<'a> {
    pub(super) decision: &'a Decision,
    pub(super) findings: &'a [Finding],
    pub(super) subject: &'a Subject,
    pub(super) root: &'a Path,
}

/// Writes every report; true when all were written.
///
/// The terminal report goes to standard output unless another one does.
pub(super) fn write(ready: &Ready<'_>, targets: &[ReportTarget], output: &Output) -> bool {
    let mut all = true;
    let mut files = Vec::new();
    for target in targets {
        match render(ready, &target.format, output, target.path.is_none()) {
            Ok(text) => match &target.path {
                None => all &= output.print(&text),
                Some(path) => match overwrite(path, output.redact(&text).as_bytes()) {
                    Ok(()) => files.push(format!("{} {}", target.format, path.display())),
                    Err(error) => {
                        output.remark(&format!("error: cannot write {}: {error}\nhelp: check the folder's permissions and free space; holdpoint report --from latest writes it again", path.display()));
                        all = false;
                    }
                },
            },
            Err(problem) => {
                output.diagnose(&[problem]);
                all = false;
            }
        }
    }
    if !targets.iter().any(|target| target.path.is_none())
        && let Ok(text) = render(ready, "terminal", output, true)
    {
        all &= output.print(&text);
    }
    if !files.is_empty() && !output.quiet() {
        output.remark(&format!("wrote {}", files.join(", ")));
    }
    all
}

fn render(
    ready: &Ready<'_>,
    format: &str,
    output: &Output,
    on_stdout: bool,
) -> Result<String, crate::diagnostic::Diagnostic> {
    let report = Report {
        decision: ready.decision,
        findings: ready.findings,
        subject: ready.subject,
    };
    if format == "sign-off" {
        let own = ready.root.join(TEMPLATE);
        return match std::fs::read_to_string(&own) {
            Ok(text) => report::sign_off(&report, &Source::new(TEMPLATE, text)),
            Err(_) => report::sign_off(&report, &crate::document::shipped_sign_off()),
        };
    }
    let style = if on_stdout {
        output.style()
    } else {
        crate::report::Style {
            verbose: output.style().verbose,
            ..Default::default()
        }
    };
    let render = report::format(format).map(|format| format.render);
    render
        .map(|render| render(&report, &style))
        .ok_or_else(|| crate::diagnostic::Diagnostic::new(format!("there is no format '{format}'")))
}
