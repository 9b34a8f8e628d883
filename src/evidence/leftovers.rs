//! What a run promised to remove from services, on the disk, so that nothing that a kill leaves is forgotten.

use crate::clock;
use crate::model::{Leftover, Pledges};
use crate::secret::Book;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the file of a run is asked for, and the pause in between.
const CLAIMS: usize = 50;
const PAUSE: Duration = Duration::from_millis(5);

/// One line of the file: a promise, or the number of one that was kept.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Promised {
        number: u64,
        service: String,
        what: String,
        removal: String,
        expires: Option<Timestamp>,
    },
    Removed {
        number: u64,
    },
}

/// The promises of one run, in a file of their own that exists only while one of them is open.
#[derive(Debug)]
pub struct Leftovers {
    path: PathBuf,
    secrets: Arc<Book>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Locked for as long as the run lives, so that others can tell whether it does.
    file: Option<File>,
    made: u64,
    open: u64,
}

impl Leftovers {
    /// The promises of the run; nothing is written before the first.
    pub fn new(folder: &Path, run: &str, secrets: Arc<Book>) -> Self {
        Self {
            path: folder.join(format!("{run}.jsonl")),
            secrets,
            inner: Mutex::default(),
        }
    }

    /// What runs that ended long ago left behind, with the file that says so. Promises whose things
    /// the service has removed by itself are forgotten.
    pub fn of_earlier_runs(folder: &Path, now: Timestamp) -> Vec<(PathBuf, Vec<Leftover>)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            // No link either: runs make none, and what it leads to may have no end.
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if !is_file || path.extension().is_none_or(|end| end != "jsonl") {
                continue;
            }
            // A run that lives holds the lock, and keeps its own promises.
            let Ok(mut file) = File::open(&path) else {
                continue;
            };
            if file.try_lock_shared().is_err() {
                continue;
            }
            let mut text = String::new();
            let whole = file.read_to_string(&mut text).is_ok();
            let open = open_promises(&text, now);
            if open.is_empty() {
                // What is not worth keeping is not worth a message either. Only who holds the file
                // alone may take it away: a run may be about to write into it.
                if whole && file.try_lock().is_ok() && stands_at(&file, &path) {
                    let _ = std::fs::remove_file(&path);
                }
            } else {
                found.push((path, open));
            }
        }
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found
    }

    fn write(&self, inner: &mut Inner, line: &Line) -> std::io::Result<()> {
        if inner.file.is_none() {
            if let Some(folder) = self.path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            inner.file = Some(claim(&self.path)?);
        }
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        match &mut inner.file {
            Some(file) => file.write_all(&bytes).and_then(|()| file.sync_data()),
            None => Ok(()),
        }
    }
}

/// The file at `path`, locked. Who looks for leftovers may hold it for a moment, or take it away
/// while it is empty.
fn claim(path: &Path) -> std::io::Result<File> {
    let mut attempts = 0..CLAIMS;
    loop {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        match file.try_lock() {
            Ok(()) if stands_at(&file, path) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error),
            _ if attempts.next().is_some() => std::thread::sleep(PAUSE),
            _ => return Err(std::io::Error::other("another process holds the file")),
        }
    }
}

/// Is the open file still the one that the path leads to?
fn stands_at(file: &File, path: &Path) -> bool {
    let same =
        |one: &Metadata, other: &Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    let (open, there) = (file.metadata(), std::fs::metadata(path));
    matches!((open, there), (Ok(open), Ok(there)) if same(&open, &there))
}

impl Pledges for Leftovers {
    fn open(&self, leftover: &Leftover) -> Result<u64, String> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let number = inner.made + 1;
        let clean = |text: &str| self.secrets.redact(text);
        let line = Line::Promised {
            number,
            service: clean(&leftover.service),
            what: clean(&leftover.what),
            removal: clean(&leftover.removal),
            expires: leftover
                .expires_after
                .and_then(|seconds| clock::now().checked_add(Span::new().seconds(seconds)).ok()),
        };
        self.write(&mut inner, &line).map_err(|error| {
            format!(
                "the promise to remove it cannot be written to {}: {error}",
                self.path.display()
            )
        })?;
        inner.made = number;
        inner.open += 1;
        Ok(number)
    }

    fn close(&self, number: u64) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // Where this cannot be written the next run names a thing that is gone: the lesser harm.
        let _ = self.write(&mut inner, &Line::Removed { number });
        inner.open = inner.open.saturating_sub(1);
        if inner.open == 0 {
            // Removed under the lock. The next promise makes a new file.
            let _ = std::fs::remove_file(&self.path);
            inner.file = None;
        }
    }
}

/// A line that a kill cut in half promised something that was not created yet.
fn open_promises(text: &str, now: Timestamp) -> Vec<Leftover> {
    let mut open = BTreeMap::new();
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(Line::Promised {
                number,
                service,
                what,
                removal,
                expires,
            }) if expires.is_none_or(|expires| expires > now) => {
                let leftover = Leftover {
                    service,
                    what,
                    removal,
                    expires_after: None,
                };
                open.insert(number, leftover);
            }
            Ok(Line::Removed { number }) => _ = open.remove(&number),
            _ => {}
        }
    }
    open.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(what: &str, expires_after: Option<u32>) -> Leftover {
        Leftover {
            service: "MongoDB".into(),
            what: what.into(),
            removal: format!("drop {what}"),
            expires_after,
        }
    }

    #[test]
    fn a_run_that_was_killed_is_named_and_one_that_lives_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Arc::new(Book::default());
        secrets.register("PASSWORD", "c4nary-value-9");
        let run = Leftovers::new(folder.path(), "r1", secrets.clone());
        let first = run.open(&thing("a c4nary-value-9", None)).unwrap();
        run.open(&thing("b", None)).unwrap();
        run.open(&thing("c", Some(60))).unwrap();
        run.close(first);
        let earlier = || Leftovers::of_earlier_runs(folder.path(), clock::now());
        assert!(earlier().is_empty(), "the run lives");
        let text = std::fs::read_to_string(folder.path().join("r1.jsonl")).unwrap();
        assert!(!text.contains("c4nary"), "{text}");
        drop(run);
        let names = |found: Vec<(PathBuf, Vec<Leftover>)>| -> Vec<String> {
            let all = found.into_iter().flat_map(|(_, things)| things);
            all.map(|thing| thing.what).collect()
        };
        assert_eq!(names(earlier()), ["b", "c"]);
        let later = clock::now() + Span::new().minutes(5);
        let later = Leftovers::of_earlier_runs(folder.path(), later);
        assert_eq!(names(later), ["b"]);
    }

    #[test]
    fn a_promise_outlives_those_who_look_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r1.jsonl");
        // Somebody reads the file at the moment when it is made.
        let reader = File::create(&path).unwrap();
        reader.lock_shared().unwrap();
        let run = Leftovers::new(folder.path(), "r1", Arc::default());
        let promised = std::thread::scope(|scope| {
            let promising = scope.spawn(|| run.open(&thing("a", None)));
            std::thread::sleep(std::time::Duration::from_millis(60));
            // It held nothing, so the reader takes it away.
            std::fs::remove_file(&path).unwrap();
            drop(reader);
            promising.join().unwrap()
        });
        promised.unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().contains("\"a\""));
    }

    #[test]
    fn only_files_of_runs_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let run = Leftovers::new(elsewhere.path(), "r1", Arc::default());
        run.open(&thing("a", None)).unwrap();
        drop(run);
        let there = elsewhere.path().join("r1.jsonl");
        std::os::unix::fs::symlink(&there, folder.path().join("link.jsonl")).unwrap();
        std::fs::create_dir(folder.path().join("folder.jsonl")).unwrap();
        assert!(Leftovers::of_earlier_runs(folder.path(), clock::now()).is_empty());
        assert!(folder.path().join("folder.jsonl").exists());
        assert_eq!(
            Leftovers::of_earlier_runs(elsewhere.path(), clock::now()).len(),
            1
        );
    }

    #[test]
    fn nothing_stays_on_the_disk_when_everything_was_removed() {
        let folder = tempfile::tempdir().unwrap();
        let run = Leftovers::new(folder.path(), "r1", Arc::default());
        for _ in 0..2 {
            let number = run.open(&thing("a", None)).unwrap();
            assert!(folder.path().join("r1.jsonl").exists());
            run.close(number);
            assert!(!folder.path().join("r1.jsonl").exists());
        }
    }

    #[test]
    fn a_line_cut_in_half_is_no_promise() {
        let now = clock::now();
        let whole =
            r#"{"promised":{"number":1,"service":"s","what":"w","removal":"r","expires":null}}"#;
        assert_eq!(open_promises(whole, now).len(), 1);
        assert_eq!(open_promises(&whole[..40], now).len(), 0);
    }
}
