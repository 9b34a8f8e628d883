//! Writes the reports that were asked for, each whole or not at all.

use super::args::ReportTarget;
use super::output::Output;
use crate::diagnostic::{Diagnostic, Source};
use crate::document::{Generated, View};
use crate::model::{Decision, Finding, Subject};
use crate::report::{self, Report};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

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
        let written = match (generated(&target.format), &target.path) {
            (Some(document), Some(path)) => keep(ready, document, path, output),
            (_, path) => {
                render(ready, &target.format, output, path.is_none()).and_then(|text| match path {
                    None => Ok(output.print(&text)),
                    Some(path) => store(path, &output.redact(&text)).map(|()| true),
                })
            }
        };
        match written {
            Ok(written) => all &= written,
            Err(problem) => {
                output.diagnose(&[problem]);
                all = false;
                continue;
            }
        }
        if let Some(path) = &target.path {
            files.push(format!("{} {}", target.format, path.display()));
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
) -> Result<String, Diagnostic> {
    let report = Report {
        decision: ready.decision,
        findings: ready.findings,
        subject: ready.subject,
    };
    if let Some(document) = generated(format) {
        let view = View::new(ready.decision, ready.findings, ready.subject);
        return document.render(&template(document, ready.root)?, &view);
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
        .ok_or_else(|| Diagnostic::new(format!("there is no format '{format}'")))
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
    replace(path, text.as_bytes()).map_err(|error| {
        Diagnostic::new(format!("cannot write {}: {error}", path.display())).help(
            "check the folder's permissions and free space; holdpoint report --from latest writes it again",
        )
    })
}

/// Writes a file whole: beside it first, then in its place. A link stays one, and what is no regular
/// file (`/dev/null`, a pipe) is written to, not replaced.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return std::fs::OpenOptions::new()
            .write(true)
            .open(path)?
            .write_all(bytes);
    }
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let beside = folder.join(format!(".{name}.{:08x}", fastrand::u32(..)));
    let written = std::fs::File::create_new(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // The half-written one is of no use; the first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link, null] = ["file", "link", "null"].map(|name| folder.path().join(name));
        std::fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        symlink("/dev/null", &null).unwrap();
        replace(&link, b"new").unwrap();
        replace(&null, b"new").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert!(link.is_symlink() && null.is_symlink());
        assert!(
            std::fs::metadata("/dev/null")
                .unwrap()
                .file_type()
                .is_char_device()
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
