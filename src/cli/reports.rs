//! Writes the reports that were asked for, each whole or not at all.

use super::args::ReportTarget;
use super::output::Output;
use crate::diagnostic::Source;
use crate::model::{Decision, Finding, Subject};
use crate::report::{self, Report};
use std::io::Write as _;
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
                Some(path) => match replace(path, output.redact(&text).as_bytes()) {
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
