//! The project's key of fingerprints: random, kept beside the records, and never committed.

use crate::secret::Book;
use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The folder of holdpoint's own files, and what is in it that must not be committed.
const FOLDER: &str = ".holdpoint";
const KEY: &str = "fingerprint.key";
const IGNORED: &str = "# made by holdpoint\nfingerprint.key\nleftovers/\ndocuments/.lock\n";

/// Takes the project's key, so that fingerprints mean the same in every run; makes one where there
/// is none. Where it cannot be kept, fingerprints hold for one run.
pub fn keep_key(root: &Path, book: &Book) {
    let folder = root.join(FOLDER);
    let path = folder.join(KEY);
    if let Some(key) = std::fs::read(&path)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
    {
        book.keep_key(key);
        return;
    }
    // A key that git would take along is better not kept. The folder's own rules are added to, not changed.
    let ignored = ignore(&folder.join(".gitignore"));
    if ignored.is_ok() {
        // Whatever fails, this run has a key of its own.
        let _ = share_key(&path, book);
    }
}

/// Takes the key of a run that began at the same time, or puts this run's own into the file. A file
/// of another length is half a key, and is none.
fn share_key(path: &Path, book: &Book) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    file.lock()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    if let Ok(key) = bytes.try_into() {
        book.keep_key(key);
        return Ok(());
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(book.key())
}

fn ignore(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let rules = std::fs::read_to_string(path).unwrap_or_default();
    if rules
        .lines()
        .any(|rule| rule.trim() == KEY || rule.trim() == "*")
    {
        return Ok(());
    }
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    if !rules.is_empty() && !rules.ends_with('\n') {
        file.write_all(b"\n")?;
    }
    file.write_all(IGNORED.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stays_and_is_ignored_by_git() {
        let root = tempfile::tempdir().unwrap();
        let (first, second) = (Book::default(), Book::default());
        keep_key(root.path(), &first);
        keep_key(root.path(), &second);
        assert_eq!(first.fingerprint("x"), second.fingerprint("x"));
        let rules = std::fs::read_to_string(root.path().join(".holdpoint/.gitignore")).unwrap();
        assert_eq!(rules, IGNORED);
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(root.path().join(".holdpoint/fingerprint.key"))
                .unwrap()
                .permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn runs_that_begin_at_once_share_one_key() {
        for _ in 0..20 {
            let root = tempfile::tempdir().unwrap();
            let barrier = std::sync::Barrier::new(8);
            let seen: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
                let runs: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            let book = Book::default();
                            barrier.wait();
                            keep_key(root.path(), &book);
                            book.fingerprint("x")
                        })
                    })
                    .collect();
                runs.into_iter().map(|run| run.join().unwrap()).collect()
            });
            let later = Book::default();
            keep_key(root.path(), &later);
            assert_eq!(seen, [later.fingerprint("x")].into());
        }
    }

    #[test]
    fn a_broken_key_is_replaced_at_once() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(".holdpoint/fingerprint.key");
        std::fs::create_dir(root.path().join(".holdpoint")).unwrap();
        std::fs::write(&path, "half").unwrap();
        let (first, second) = (Book::default(), Book::default());
        keep_key(root.path(), &first);
        keep_key(root.path(), &second);
        assert_eq!(first.fingerprint("x"), second.fingerprint("x"));
    }

    #[test]
    fn rules_of_the_users_own_stay() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(".holdpoint/.gitignore");
        std::fs::create_dir(root.path().join(".holdpoint")).unwrap();
        std::fs::write(&path, "records/").unwrap();
        keep_key(root.path(), &Book::default());
        let rules = std::fs::read_to_string(&path).unwrap();
        assert_eq!(rules, format!("records/\n{IGNORED}"));
    }
}
