//! Appends lines to a record; a line counts only when it is on the disk.

use super::canonical::{canonical_bytes, digest};
use super::wire::v1::{Ending, Header, Line, PlannedCheck, PlannedLook};
use crate::secret::Book;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use tokio::sync::oneshot;

/// A record that cannot be written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot write the record {}: {cause}", path.display())]
pub struct WriteFault {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub cause: String,
}

/// The one who writes a record, on a thread of its own.
///
/// Lines that arrive while the disk is busy are written together and synced once, so that a
/// thousand observations do not wait for a thousand syncs.
#[derive(Debug)]
pub struct RecordWriter {
    path: PathBuf,
    queue: mpsc::Sender<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Empty to ask whether everything sent so far is on the disk.
    line: Vec<u8>,
    /// Nothing is written after it.
    last: bool,
    done: oneshot::Sender<Result<(), String>>,
}

/// The answer to a line that was handed over.
#[derive(Debug)]
pub struct Handed(oneshot::Receiver<Result<(), String>>, PathBuf);

impl Handed {
    /// Returns when the line is on the disk.
    ///
    /// # Errors
    /// The disk is full, or the file is gone.
    pub async fn written(self) -> Result<(), WriteFault> {
        let Self(answer, path) = self;
        let outcome = answer
            .await
            .unwrap_or_else(|_| Err("the writer ended".into()));
        outcome.map_err(|cause| WriteFault { path, cause })
    }
}

impl RecordWriter {
    /// Creates the file, which must not exist, with its header, checks and looks.
    ///
    /// # Errors
    /// The folder or the file cannot be created or written.
    pub fn create(
        folder: &Path,
        header: &Header,
        checks: &[PlannedCheck],
        looks: &[PlannedLook],
        secrets: &Book,
    ) -> Result<Self, WriteFault> {
        let path = folder.join(format!("{}.jsonl", header.run));
        let fault = |cause: String| WriteFault {
            path: path.clone(),
            cause,
        };
        let mut bytes = Vec::new();
        let lines = std::iter::once(Line::Record(Box::new(header.clone())))
            .chain(
                checks
                    .iter()
                    .map(|check| Line::Check(Box::new(check.clone()))),
            )
            .chain(looks.iter().map(|look| Line::Look(look.clone())));
        for line in lines {
            bytes.extend(redacted(line, secrets).map_err(&fault)?);
            bytes.push(b'\n');
        }
        // Without it, a check that was taken out of the plan would not be missed.
        let planned = Line::Planned {
            digest: digest(&bytes),
        };
        bytes.extend(canonical_bytes(&planned).map_err(&fault)?);
        bytes.push(b'\n');
        std::fs::create_dir_all(folder).map_err(|error| fault(error.to_string()))?;
        let mut file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| fault(error.to_string()))?;
        if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_all()) {
            // A record without its plan is of no use; the first error is the one to tell.
            let _ = std::fs::remove_file(&path);
            return Err(fault(error.to_string()));
        }
        let (queue, entries) = mpsc::channel();
        std::thread::Builder::new()
            .name("record".into())
            .spawn(move || write(&mut file, bytes.len() as u64, &entries))
            .map_err(|error| fault(error.to_string()))?;
        Ok(Self { path, queue })
    }

    /// Where the record is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands over a sealed observation. From here on it is written, whether or not somebody waits.
    pub fn append(&self, line: Vec<u8>) -> Handed {
        self.send(line, false)
    }

    /// Returns when everything handed over so far is on the disk.
    ///
    /// # Errors
    /// Something of it could not be written.
    pub async fn flush(&self) -> Result<(), WriteFault> {
        self.send(Vec::new(), false).written().await
    }

    /// Writes the last line; nothing comes after it.
    ///
    /// # Errors
    /// The disk is full, or the file is gone.
    pub async fn close(&self, ending: Ending) -> Result<(), WriteFault> {
        let line = canonical_bytes(&Line::Ending(ending)).map_err(|cause| WriteFault {
            path: self.path.clone(),
            cause,
        })?;
        self.send(line, true).written().await
    }

    fn send(&self, line: Vec<u8>, last: bool) -> Handed {
        let (done, answer) = oneshot::channel();
        // Where the writer has ended, the answer's channel says so.
        let _ = self.queue.send(Entry { line, last, done });
        Handed(answer, self.path.clone())
    }
}

fn redacted(line: Line, secrets: &Book) -> Result<Vec<u8>, String> {
    canonical_bytes(&match line {
        Line::Record(header) => Line::Record(Box::new(header.redacted(secrets))),
        Line::Check(check) => Line::Check(Box::new(check.redacted(secrets))),
        Line::Look(look) => Line::Look(look.redacted(secrets)),
        other => other,
    })
}

fn write(file: &mut File, mut length: u64, entries: &mpsc::Receiver<Entry>) {
    let mut failed = None;
    let mut open = true;
    while open && let Ok(first) = entries.recv() {
        let mut batch = vec![first];
        while !batch.last().is_some_and(|entry| entry.last)
            && let Ok(next) = entries.try_recv()
        {
            batch.push(next);
        }
        open = !batch.last().is_some_and(|entry| entry.last);
        let lines = batch.iter().map(|entry| entry.line.as_slice());
        let mut bytes = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
        }
        let outcome = put(file, &bytes, &mut length);
        if let Err(cause) = &outcome {
            failed = Some(cause.clone());
        }
        for entry in batch {
            let answer = match &failed {
                Some(cause) if entry.line.is_empty() => Err(cause.clone()),
                _ => outcome.clone(),
            };
            // The asker may have given up; the line is written all the same.
            let _ = entry.done.send(answer);
        }
    }
}

fn put(file: &mut File, bytes: &[u8], length: &mut u64) -> Result<(), String> {
    if bytes.is_empty() {
        return Ok(());
    }
    match file.write_all(bytes).and_then(|()| file.sync_data()) {
        Ok(()) => {
            *length += bytes.len() as u64;
            Ok(())
        }
        Err(error) => {
            // Half a line before others would make the record unreadable, and what did not count must
            // not come back in a replay. Where even this fails, the first error is the one to tell.
            let _ = file.set_len(*length);
            Err(error.to_string())
        }
    }
}
