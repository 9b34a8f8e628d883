//! The remembered state of documents on disk, in `.holdpoint/documents`, kept in step with the documents.
//!
//! What is about to be remembered is written down first, with the digest of the text that it belongs to.
//! Whoever finds it after a crash can tell by the document whether it was written.

use super::memory::Memory;
use super::store;
use crate::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// The folder, below the application's root.
const FOLDER: &str = ".holdpoint/documents";

/// What is about to be remembered, if the document comes to have that text.
#[derive(Serialize, Deserialize)]
struct Intent {
    text_sha256: String,
    memory: Memory,
}

/// What is remembered of the document of that name, whose text is `text`.
///
/// # Errors
/// What is remembered cannot be read.
pub fn recall(root: &Path, name: &str, shown: &str, text: &str) -> Result<Memory, Diagnostic> {
    if let Ok(intent) = std::fs::read_to_string(next(root, name))
        && let Ok(intent) = serde_json::from_str::<Intent>(&intent)
        && intent.text_sha256 == digest(text)
        && intent.memory.usable().is_ok()
    {
        return Ok(intent.memory);
    }
    let path = kept(root, name);
    let told = match std::fs::read_to_string(&path) {
        Ok(told) => told,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Memory::empty(shown));
        }
        Err(error) => return Err(unusable(&path, &error.to_string())),
    };
    let mut memory = Memory::read(&told).map_err(|cause| unusable(&path, &cause))?;
    // The document may have been moved.
    memory.document = shown.into();
    Ok(memory)
}

/// Writes down what will be remembered once the document has this text.
///
/// # Errors
/// It cannot be written.
pub fn intend(root: &Path, name: &str, memory: &Memory, text: &str) -> Result<(), Diagnostic> {
    let path = next(root, name);
    let intent = Intent {
        text_sha256: digest(text),
        memory: memory.clone(),
    };
    let told = serde_json::to_string(&intent).expect("plain data has a JSON form");
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| store::overwrite(&path, told.as_bytes()))
        .map_err(|error| unwritable(&path, &error))
}

/// Remembers it: the document has that text now.
///
/// # Errors
/// It cannot be written; what was intended is found by the next run.
pub fn keep(root: &Path, name: &str, memory: &Memory) -> Result<(), Diagnostic> {
    let path = kept(root, name);
    let done = match memory.is_empty() {
        true => match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
        false => store::overwrite(&path, memory.write().as_bytes()),
    };
    done.map_err(|error| unwritable(&path, &error))?;
    forget(root, name);
    Ok(())
}

/// Was something intended, and not kept? A crash leaves that, or a disk that was full.
pub fn is_pending(root: &Path, name: &str) -> bool {
    next(root, name).exists()
}

/// Takes back what was intended, because the document was not written.
pub fn forget(root: &Path, name: &str) {
    // One that stays behind belongs to a text that the document does not have.
    let _ = std::fs::remove_file(next(root, name));
}

fn kept(root: &Path, name: &str) -> PathBuf {
    root.join(FOLDER).join(format!("{name}.json"))
}

fn next(root: &Path, name: &str) -> PathBuf {
    root.join(FOLDER).join(format!(".{name}.next"))
}

fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unusable(path: &Path, cause: &str) -> Diagnostic {
    Diagnostic::new(format!(
        "what holdpoint remembers of a document, in {}, cannot be read: {cause}",
        path.display()
    ))
    .help("take the file from the repository's history; without it, what holdpoint wrote counts as written by people")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(format!("cannot write {}: {error}", path.display()))
        .help("make the folder writable; what is remembered there belongs to the documents")
}
