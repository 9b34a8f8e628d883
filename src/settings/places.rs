//! Where the user's files, folders and documents are.

use super::choice::Chooser;
use super::detect;
use super::file::{File, Placed};
use crate::diagnostic::Diagnostic;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file or folder below the root; one that the user named must be there.
pub(super) fn place(
    what: &str,
    placed: Option<&Placed<String>>,
    default: &str,
    root: &Path,
    is_there: impl Fn(&Path) -> bool,
    file: &File,
    chooser: &mut Chooser<'_>,
) -> PathBuf {
    let path = root.join(chooser.only_of_file(what, placed, default.to_owned(), String::clone));
    if let (Some(placed), Some(source)) = (placed.filter(|_| !is_there(&path)), &file.source) {
        chooser.problems.push(
            Diagnostic::new(format!("there is no {}", placed.value))
                .at(source, placed.span.clone(), "looked for below the root")
                .help("make it, or leave the key out"),
        );
    }
    path
}

/// The documents of the file, and those that were found for names that it does not give.
pub(super) fn documents(
    file: &File,
    root: &Path,
    chooser: &mut Chooser<'_>,
) -> BTreeMap<String, String> {
    let mut documents: BTreeMap<String, String> = BTreeMap::new();
    for (name, placed) in &file.documents {
        let from = chooser.at(placed.line);
        chooser.note(&format!("documents.{name}"), &placed.value, from);
        documents.insert(name.clone(), placed.value.clone());
    }
    for (name, path) in detect::documents(root) {
        if !documents.contains_key(name) {
            chooser.note(&format!("documents.{name}"), &path, "found");
            documents.insert(name.to_owned(), path);
        }
    }
    documents
}
