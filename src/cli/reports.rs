//! Writes the reports that were asked for, each whole or not at all.

use super::args::ReportTarget;
use super::output::Output;
use crate::diagnostic::{Diagnostic, Source};
use crate::document::store::overwrite;
use crate::document::{Generated, View};
use crate::model::{Decision, Finding, Signature, Subject};
use crate::report::pipeline::Syntax;
use crate::report::{self, Beside, Report, Style};
use std::io::ErrorKind;
use std::path::Path;

/// Everything that reports are made from.
#[derive(Clone, Copy)]
pub(super) struct Ready<'a> {
    pub(super) decision: &'a Decision,
    pub(super) findings: &'a [Finding],
    pub(super) subject: &'a Subject,
    /// The sign-offs that count.
    pub(super) signatures: &'a [Signature],
    pub(super) root: &'a Path,
    /// What some formats tell besides.
    pub(super) beside: Beside<'a>,
}

impl Ready<'_> {
    /// The same with what stands beside it.
    pub(super) fn with<'b>(&'b self, beside: Beside<'b>) -> Ready<'b> {
        Ready {
            beside: Beside {
                exit_status: self.beside.exit_status,
                ..beside
            },
            ..*self
        }
    }
}

/// Does one of these reports show what stands beside the findings?
pub(super) fn want_beside(targets: &[ReportTarget]) -> bool {
    let mut formats = targets.iter().filter_map(|one| report::format(&one.format));
    formats.any(|format| format.beside)
}

/// What came of reports that were asked for.
pub(super) struct Written {
    all: bool,
    files: Vec<String>,
}

impl Written {
    fn note(&mut self, target: &ReportTarget, came: Result<bool, Diagnostic>, output: &Output) {
        match came {
            Ok(written) => {
                self.all &= written;
                let file = target.path.iter();
                self.files
                    .extend(file.map(|path| format!("{} {}", target.format, path.display())));
            }
            Err(problem) => {
                output.diagnose(&[problem]);
                self.all = false;
            }
        }
    }
}

/// Writes the documents among the reports. Gates ask for documents, so these come before what tells how gates stand.
pub(super) fn write_documents(
    ready: &Ready<'_>,
    targets: &[ReportTarget],
    output: &Output,
) -> Written {
    let mut written = Written {
        all: true,
        files: Vec::new(),
    };
    for target in targets {
        if let (Some(document), Some(path)) = (generated(&target.format), &target.path) {
            written.note(target, keep(ready, document, path, output), output);
        }
    }
    written
}

/// Writes every other report, after the documents; true when all were written.
///
/// The terminal report goes to standard output unless another one does.
pub(super) fn write(
    ready: &Ready<'_>,
    targets: &[ReportTarget],
    documents: Written,
    output: &Output,
) -> bool {
    let mut written = documents;
    for target in targets {
        let came = match (generated(&target.format), &target.path) {
            (Some(_), Some(_)) => continue,
            (_, None) => render(ready, &target.format, output, true)
                .map(|text| output.print_in(syntax(&target.format), &text)),
            (None, Some(path)) => render(ready, &target.format, output, false)
                .and_then(|text| store(path, &output.redact(&text)).map(|()| true)),
        };
        written.note(target, came, output);
    }
    if !targets.iter().any(|target| target.path.is_none())
        && let Ok(text) = render(ready, "terminal", output, true)
    {
        written.all &= output.print(&text);
    }
    if !written.files.is_empty() && !output.quiet() {
        output.remark(&format!("wrote {}", written.files.join(", ")));
    }
    written.all
}

/// Writes one text in every format that is asked for; true when all were written. The one for the terminal goes to
/// standard output unless another does.
pub(super) fn write_each(
    targets: &[ReportTarget],
    output: &Output,
    render: impl Fn(&str, &Style<'_>) -> String,
) -> bool {
    let mut all = true;
    for target in targets {
        let ReportTarget { format, path } = target;
        match path {
            None => {
                let syntax = match format.as_str() {
                    "json" => Syntax::Json,
                    _ => Syntax::Text,
                };
                all &= output.print_in(syntax, &render(format, &output.style()));
            }
            Some(path) => {
                let text = output.redact(&render(format, &output.plain()));
                match store(path, &text) {
                    Ok(()) => output.remark(&format!("wrote {format} {}", path.display())),
                    Err(problem) => {
                        output.diagnose(&[problem]);
                        all = false;
                    }
                }
            }
        }
    }
    if !targets.iter().any(|target| target.path.is_none()) {
        all &= output.print(&render("terminal", &output.style()));
    }
    all
}

pub(super) fn render(
    ready: &Ready<'_>,
    format: &str,
    output: &Output,
    on_stdout: bool,
) -> Result<String, Diagnostic> {
    let report = Report {
        decision: ready.decision,
        findings: ready.findings,
        subject: ready.subject,
        beside: ready.beside,
    };
    if let Some(document) = generated(format) {
        let view = View::new(ready.decision, ready.findings, ready.subject)
            .signed(document.name, ready.signatures);
        return document.render(&template(document, ready.root)?, &view);
    }
    let style = match on_stdout {
        true => output.style(),
        false => output.plain(),
    };
    let render = report::format(format).map(|format| format.render);
    render
        .map(|render| render(&report, &style))
        .ok_or_else(|| Diagnostic::new(format!("there is no format '{format}'")))
}

/// The syntax of a format's reports.
fn syntax(format: &str) -> Syntax {
    let extension = report::format(format).map_or("md", |format| format.extension);
    Syntax::of(extension)
}

/// The document that a format is; the security sign-off has a short name besides its own.
pub(super) fn generated(format: &str) -> Option<&'static Generated> {
    if format == "sign-off" {
        return Some(Generated::sign_off());
    }
    Generated::find(format)
}

/// The user's own template of a document, or the shipped one.
pub(super) fn template(document: &Generated, root: &Path) -> Result<Source, Diagnostic> {
    let own = own_template(&document.overrides(), root)?;
    Ok(own.unwrap_or_else(|| document.shipped()))
}

/// The first of these files that is there. One that cannot be read is no reason to take another in silence.
pub(super) fn own_template(names: &[String], root: &Path) -> Result<Option<Source>, Diagnostic> {
    for name in names {
        match std::fs::read_to_string(root.join(name)) {
            Ok(text) => return Ok(Some(Source::new(name, text))),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Diagnostic::new(format!(
                    "the template {name} cannot be read: {error}"
                ))
                .help("make it readable UTF-8 text, or move it away to use the shipped one"));
            }
        }
    }
    Ok(None)
}

/// Writes a document into its region of the file, and leaves what people wrote around it.
fn keep(
    ready: &Ready<'_>,
    document: &Generated,
    path: &Path,
    output: &Output,
) -> Result<bool, Diagnostic> {
    // Redacted before its checksum is taken, and only what is holdpoint's own.
    let text = output.redact(&render(ready, document.name, output, false)?);
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return store(path, &text).map(|()| true);
    }
    let existing = existing(path)?;
    let updated = document
        .update(existing.as_deref(), &text, false)
        .map_err(|fault| {
            let file = Source::new(
                path.to_string_lossy(),
                existing.as_deref().unwrap_or_default(),
            );
            fault.diagnostic(&file)
        })?;
    if existing.as_deref() != Some(&*updated) {
        store(path, &updated)?;
    }
    Ok(true)
}

/// The text of a file that may not be there yet.
pub(super) fn existing(path: &Path) -> Result<Option<String>, Diagnostic> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let message = format!("{} cannot be read: {error}", path.display());
            Err(Diagnostic::new(message)
                .help("a document must be readable UTF-8 text; move the file away to have a new one written"))
        }
    }
}

/// Writes a file whole, or says why not.
pub(super) fn store(path: &Path, text: &str) -> Result<(), Diagnostic> {
    overwrite(path, text.as_bytes()).map_err(|error| {
        Diagnostic::new(format!("cannot write {}: {error}", path.display()))
            .help("check the folder's permissions and free space, and ask for it again")
    })
}
