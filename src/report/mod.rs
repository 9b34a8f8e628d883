//! Says what a run concluded: one file for each format, all pure functions of the same value.

mod attempts;
pub mod boards;
mod details;
pub mod diff;
pub mod gates;
mod in_toto;
mod json;
mod junit;
mod limits_plot;
mod markdown;
mod page;
pub mod pipeline;
mod sarif;
mod terminal;
pub mod trace;

pub use terminal::{hint, wrapped};

use crate::diagnostic::{Diagnostic, Source};
use crate::document::{Generated, View};
use crate::model::{Changed, Decision, Finding, Subject, Timing};
use crate::secret::Book;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What every report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The decision over the findings.
    pub decision: &'a Decision,
    /// The findings, in any order.
    pub findings: &'a [Finding],
    /// What the run was about.
    pub subject: &'a Subject,
    /// What some formats tell besides.
    pub beside: Beside<'a>,
}

/// What stands beside a run's findings. A format that shows none of it has no use for it.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    /// How long each look took, in the order in which they ended.
    pub timings: &'a [Timing],
    /// How the gates stand; none where nobody may sign yet, or this is not a record of theirs.
    pub gates: Option<&'a gates::GateReport<'a>>,
    /// What changed since the last run that somebody signed.
    pub drift: Option<&'a Drift<'a>>,
    /// Where in the user's own files each check is written, or asked for by a document: path and line, by check.
    pub places: Option<&'a BTreeMap<String, (String, usize)>>,
    /// The exit status that the decision and the run's end give, before anything is written.
    pub exit_status: Option<u8>,
}

/// What changed since a run that was signed.
#[derive(Debug, Clone, Copy)]
pub struct Drift<'a> {
    /// The run.
    pub run: &'a str,
    /// When it began.
    pub started: Timestamp,
    /// The gate that it was signed for, the signer, and whether the sign-off counts still.
    pub signed: (&'a str, &'a str, bool),
    /// What changed since, the gravest first.
    pub changed: &'a [Changed],
}

impl std::fmt::Debug for Beside<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beside").finish_non_exhaustive()
    }
}

/// How a terminal report may look. Other formats have no use for it.
#[derive(Debug, Clone, Copy)]
pub struct Style<'a> {
    /// Colours, beside words and symbols and never in place of them.
    pub color: bool,
    /// Symbols and letters beyond ASCII.
    pub unicode: bool,
    /// Nothing is folded or cut.
    pub verbose: bool,
    /// The decision and one line for each failure, no more.
    pub quiet: bool,
    /// Columns.
    pub width: usize,
    /// What is taken out of every text before it is laid out: a secret that two lines share is not found afterwards.
    pub secrets: Option<&'a Book>,
}

impl Default for Style<'_> {
    fn default() -> Self {
        Self {
            color: false,
            unicode: true,
            verbose: false,
            quiet: false,
            width: 80,
            secrets: None,
        }
    }
}

/// A format of reports.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The word that `--report` takes.
    pub name: &'static str,
    /// The usual extension of its files.
    pub extension: &'static str,
    /// What it is for, in one line.
    pub meaning: &'static str,
    /// It shows some of what stands beside the findings.
    pub beside: bool,
    /// Writes the report.
    pub render: fn(&Report<'_>, &Style<'_>) -> String,
}

/// Every format.
pub static FORMATS: &[Format] = &[
    Format {
        name: "terminal",
        extension: "txt",
        meaning: "for people at a terminal: failures last, with what mends them",
        beside: false,
        render: terminal::render,
    },
    Format {
        name: "json",
        extension: "json",
        meaning: "for programs: holdpoint.report/v1, as reports/schema/report.v1.json describes it",
        beside: false,
        render: json::render,
    },
    Format {
        name: "junit",
        extension: "xml",
        meaning: "for continuous integration: JUnit XML, a suite for each area",
        beside: false,
        render: junit::render,
    },
    Format {
        name: "sarif",
        extension: "sarif",
        meaning: "for code scanning: SARIF 2.1.0, with what failed and what could not be looked at",
        beside: true,
        render: sarif::render,
    },
    Format {
        name: "markdown",
        extension: "md",
        meaning: "for a step summary or a ticket",
        beside: false,
        render: markdown::render,
    },
    Format {
        name: "html",
        extension: "html",
        meaning: "for whoever decides: one page for a browser, without scripts, with gates, changes, findings and latency",
        beside: true,
        render: page::render,
    },
    Format {
        name: "sign-off",
        extension: "md",
        meaning: "SECURITY_SIGN_OFF.md: the security guide's 42 checks, for people to sign",
        beside: false,
        render: |report, _| {
            sign_off(report, &Generated::sign_off().shipped()).expect(
                "the shipped template reads only names that every view has; tests render it",
            )
        },
    },
    Format {
        name: "limits-plot",
        extension: "svg",
        meaning: "a picture of inferred limits: what passed and was refused when, and the limit that was fitted",
        beside: false,
        render: limits_plot::render,
    },
    Format {
        name: "in-toto",
        extension: "json",
        meaning: "for programs that verify releases: an unsigned in-toto statement, test-result v0.1",
        beside: false,
        render: in_toto::render,
    },
    Format {
        name: "code-quality",
        extension: "json",
        meaning: "for GitLab's merge requests: what failed or was not observed, at a line of your own files",
        beside: true,
        render: pipeline::code_quality,
    },
    Format {
        name: "dotenv",
        extension: "env",
        meaning: "for later jobs of GitLab: decision, exit status, counts and record as variables",
        beside: false,
        render: pipeline::dotenv,
    },
];

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// `SECURITY_SIGN_OFF.md` from a template of the user's or the shipped one.
///
/// # Errors
/// Says what in the template is wrong, and where.
pub fn sign_off(report: &Report<'_>, template: &Source) -> Result<String, Diagnostic> {
    Generated::sign_off().render(
        template,
        &View::new(report.decision, report.findings, report.subject),
    )
}

#[cfg(test)]
mod tests;
