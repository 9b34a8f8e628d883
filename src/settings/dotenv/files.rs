//! Which environment files there are, and their texts.

use crate::diagnostic::Diagnostic;
use crate::settings::read::whole;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// An environment file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// The path as it is shown: relative to the root, or as the user gave it where that leads there.
    pub path: String,
    /// The text; bytes that are not UTF-8 are replaced, as Next.js does.
    pub text: String,
}

/// The files that Next.js reads in a mode (`production`, `development`, `test`), the strongest first.
pub fn names_for(mode: &str) -> Vec<String> {
    let mut names = vec![format!(".env.{mode}.local")];
    if mode != "test" {
        names.push(".env.local".into());
    }
    names.extend([format!(".env.{mode}"), ".env".into()]);
    names
}

/// Reads the files of a mode that exist, the strongest first.
///
/// # Errors
/// One message for each file that exists and cannot be read.
pub fn read_detected(root: &Path, mode: &str) -> Result<Vec<EnvFile>, Vec<Diagnostic>> {
    collect(
        names_for(mode)
            .into_iter()
            .filter(|name| !is_absent(&root.join(name)))
            .map(|name| {
                let path = root.join(&name);
                read(&path, name)
            }),
    )
}

/// Reads files that the user named; a relative path is taken from `base`. Each is called as it can be
/// found from the root, since that is where it is looked at again.
///
/// # Errors
/// One message for each file that is missing or cannot be read.
pub fn read_given(
    root: &Path,
    base: &Path,
    paths: &[PathBuf],
) -> Result<Vec<EnvFile>, Vec<Diagnostic>> {
    collect(paths.iter().map(|path| {
        let file = read(&base.join(path), path.display().to_string())?;
        Ok(EnvFile {
            path: from_root(root, base, path),
            ..file
        })
    }))
}

/// The path as given where it means the same file from the root, else one that does.
fn from_root(root: &Path, base: &Path, path: &Path) -> String {
    let same = |found: &PathBuf| {
        let below = root.join(path).canonicalize();
        below.is_ok_and(|below| below == *found)
    };
    let found = base.join(path).canonicalize().ok();
    match found.filter(|found| !same(found)) {
        None => path.display().to_string(),
        Some(found) => {
            let below = found.strip_prefix(root).unwrap_or(&found);
            below.display().to_string()
        }
    }
}

/// Is there no such file? A folder or socket of that name is passed over, as Next.js does.
fn is_absent(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(found) => found.is_dir(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

fn read(path: &Path, shown: String) -> Result<EnvFile, Diagnostic> {
    match whole(path) {
        Ok(bytes) => Ok(EnvFile {
            path: shown,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Diagnostic::new(format!(
            "there is no environment file {shown}"
        ))
        .help("give the path of a file that exists, or leave it out")),
        Err(error) => Err(Diagnostic::new(format!(
            "the environment file {shown} cannot be read: {error}"
        ))
        .help("let the user who runs holdpoint read it, or name other files with --env-file")),
    }
}

fn collect(
    read: impl Iterator<Item = Result<EnvFile, Diagnostic>>,
) -> Result<Vec<EnvFile>, Vec<Diagnostic>> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for one in read {
        match one {
            Ok(file) => files.push(file),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(files)
    } else {
        Err(problems)
    }
}
