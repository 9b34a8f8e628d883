//! Where checks, maps and gates come from: inside the binary, and the user's folders.

use crate::diagnostic::{Diagnostic, Source};
use crate::evidence::read_regular;
use include_dir::{Dir, include_dir};
use std::path::Path;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/checks");
static REPORTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/reports");

/// The file of the shipped gates, which is the only one that stands beside the folders of the checks.
const GATES: &str = "gates.toml";

/// The shipped check files.
pub(super) fn shipped() -> Vec<Source> {
    let mut sources = Vec::new();
    for folder in SHIPPED.dirs() {
        collect(folder, &mut sources);
    }
    sources.sort_by(|a: &Source, b: &Source| a.name.cmp(&b.name));
    sources
}

/// The shipped gates.
pub(super) fn shipped_gates() -> Source {
    let file = SHIPPED.get_file(GATES);
    let text = file.and_then(include_dir::File::contents_utf8);
    Source::new(format!("checks/{GATES}"), text.unwrap_or_default())
}

/// The shipped maps of documents: `reports/*/map.toml`.
pub(super) fn shipped_maps() -> Vec<Source> {
    let mut sources: Vec<Source> = REPORTS
        .dirs()
        .filter_map(|folder| folder.get_file(folder.path().join("map.toml")))
        .filter_map(|file| {
            let name = format!("reports/{}", file.path().display());
            file.contents_utf8().map(|text| Source::new(name, text))
        })
        .collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

fn collect(folder: &Dir<'_>, sources: &mut Vec<Source>) {
    for file in folder
        .files()
        .filter(|file| file.path().extension().is_some_and(|end| end == "toml"))
    {
        let name = format!("checks/{}", file.path().display());
        sources.extend(file.contents_utf8().map(|text| Source::new(name, text)));
    }
    folder.dirs().for_each(|inner| collect(inner, sources));
}

/// The TOML files of a folder and the folders below it, in the order of their paths, each named as
/// seen from the root.
pub(super) fn folder(folder: &Path, root: &Path) -> Result<Vec<Source>, Vec<Diagnostic>> {
    let mut paths = Vec::new();
    let mut problems = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(current) = pending.pop() {
        let entries = match std::fs::read_dir(&current) {
            Ok(entries) => entries,
            Err(error) => {
                problems.push(unreadable(&current, &error));
                continue;
            }
        };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            // Symbolic links to folders are not followed: they may lead in a circle.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(path);
            } else if path.extension().is_some_and(|end| end == "toml") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let mut sources = Vec::with_capacity(paths.len());
    for path in paths {
        let shown = path.strip_prefix(root).unwrap_or(&path);
        match std::fs::read_to_string(&path) {
            Ok(text) => sources.push(Source::new(shown.display().to_string(), text)),
            Err(error) => problems.push(unreadable(shown, &error)),
        }
    }
    if problems.is_empty() {
        Ok(sources)
    } else {
        Err(problems)
    }
}

/// The text of a file that a user keeps.
pub(super) fn text(path: &Path) -> std::io::Result<String> {
    let bytes = read_regular(path)?;
    String::from_utf8(bytes).map_err(|_| std::io::ErrorKind::InvalidData.into())
}

/// A file or folder that cannot be read.
pub fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let help = match error.kind() {
        std::io::ErrorKind::NotFound => "check the path, or leave the setting out",
        std::io::ErrorKind::PermissionDenied => "make it readable for the user who runs holdpoint",
        std::io::ErrorKind::InvalidData => {
            let message = format!("cannot read {}: it is not UTF-8 text", path.display());
            return Diagnostic::new(message).help("save the file as UTF-8");
        }
        _ => "make sure that it is a readable file",
    };
    Diagnostic::new(format!("cannot read {}: {error}", path.display())).help(help)
}
