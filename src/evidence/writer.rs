//! Appends lines to a record; a line counts only when it is on the disk.

use super::canonical::canonical_bytes;
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
    queue: Option<mpsc::Sender<Entry>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

type Entry = (Vec<u8>, oneshot::Sender<Result<(), String>>);

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
        std::fs::create_dir_all(folder).map_err(|error| fault(error.to_string()))?;
        let mut file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| fault(error.to_string()))?;
        file.write_all(&bytes)
            .and_then(|()| file.sync_all())
            .map_err(|error| fault(error.to_string()))?;
        let (queue, entries) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("record".into())
            .spawn(move || write(&mut file, &entries))
            .map_err(|error| fault(error.to_string()))?;
        Ok(Self {
            path,
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Where the record is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a sealed observation and returns when it is on the disk.
    ///
    /// # Errors
    /// The disk is full, or the file is gone.
    pub async fn append(&self, line: Vec<u8>) -> Result<(), WriteFault> {
        let (done, answer) = oneshot::channel();
        let sent = self
            .queue
            .as_ref()
            .is_some_and(|queue| queue.send((line, done)).is_ok());
        let outcome = if sent {
            answer
                .await
                .unwrap_or_else(|_| Err("the writer ended".into()))
        } else {
            Err("the writer ended".into())
        };
        outcome.map_err(|cause| WriteFault {
            path: self.path.clone(),
            cause,
        })
    }

    /// Writes the last line and closes the record.
    ///
    /// # Errors
    /// The disk is full, or the file is gone.
    pub async fn close(mut self, ending: Ending) -> Result<PathBuf, WriteFault> {
        let fault = |cause: String| WriteFault {
            path: self.path.clone(),
            cause,
        };
        let line = canonical_bytes(&Line::Ending(ending)).map_err(fault)?;
        self.append(line).await?;
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // The last line is on the disk, so the thread has nothing left to do but end.
            let _ = thread.join();
        }
        Ok(self.path.clone())
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

fn write(file: &mut File, entries: &mpsc::Receiver<Entry>) {
    while let Ok(first) = entries.recv() {
        let batch: Vec<Entry> = std::iter::once(first).chain(entries.try_iter()).collect();
        let mut bytes = Vec::new();
        for (line, _) in &batch {
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
        }
        let outcome = file
            .write_all(&bytes)
            .and_then(|()| file.sync_data())
            .map_err(|error| error.to_string());
        for (_, done) in batch {
            // The asker may have given up; the line is written all the same.
            let _ = done.send(outcome.clone());
        }
    }
}
