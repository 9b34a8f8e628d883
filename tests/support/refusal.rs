//! What every refusal has in common: the status, the message, its place, and that nothing is left behind.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Outcome, holdpoint, write};
use std::fs;
use std::path::{Path, PathBuf};

/// An address at which nothing is looked, because the call is refused before.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:9";

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                pending.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Runs among these files, and expects the status, every one of the texts, no panic and no new file.
pub(crate) fn refused(
    code: i32,
    given: &[(&str, &str)],
    arguments: &[&str],
    texts: &[&str],
) -> String {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    given
        .iter()
        .for_each(|(path, text)| write(root, path, text));
    let before = files(root);
    let outcome = holdpoint(arguments).within(root).run().expect_code(code);
    assert_eq!(files(root), before);
    said(&outcome, texts);
    outcome.stderr
}

/// One clear message on standard error, and nothing on standard output.
pub(crate) fn said(outcome: &Outcome, texts: &[&str]) {
    let said = &outcome.stderr;
    assert_eq!(outcome.stdout, "", "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(!said.contains("os error 0"), "{said}");
    for text in texts {
        assert!(said.contains(text), "no '{text}' in:\n{said}");
    }
}

/// One message that points at a place of a file.
pub(crate) fn points_at(given: &[(&str, &str)], arguments: &[&str], place: &str, texts: &[&str]) {
    let said = refused(2, given, arguments, texts);
    assert!(said.contains(&format!("--> {place}")), "{said}");
    assert!(said.contains('^'), "{said}");
    let errors = said.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{said}");
}
