//! Reads a people's document and writes it whole or not at all.

mod fault;
mod lock;

pub use fault::{Fault, FaultKind};
pub use lock::Lock;

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// No document that people sign is larger.
const LARGEST: u64 = 16 << 20;

/// A document as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its text; its bytes are the file's.
    pub text: String,
    /// The path as messages give it.
    pub name: String,
    /// The file itself, where the path leads over links.
    file: PathBuf,
}

/// Reads a document under the name that messages give it.
///
/// # Errors
/// It is not there, no regular file, too large, or not UTF-8.
pub fn open(path: &Path, name: &str) -> std::result::Result<Opened, Box<Fault>> {
    let unreadable = |error: Error| Fault::unreadable(name, &error, path.is_symlink());
    let about = std::fs::metadata(path).map_err(unreadable)?;
    // A pipe would be waited for without end.
    if !about.is_file() {
        return Err(Fault::no_file(name, about.is_dir()));
    }
    let file = path.canonicalize().map_err(unreadable)?;
    let bytes = read(&file).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Fault::too_large(name, LARGEST));
    }
    let text = String::from_utf8(bytes).map_err(|error| Fault::not_utf8(name, &error))?;
    Ok(Opened {
        text,
        name: name.to_owned(),
        file,
    })
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Opened {
    /// May it be replaced? Somebody who took the right to write away did not want it written, which
    /// holds for root too; and a file of several names would be torn from the others.
    ///
    /// # Errors
    /// It is read-only, or has more than one hard link, or is gone.
    pub fn writable(&self) -> std::result::Result<(), Box<Fault>> {
        let about = std::fs::metadata(&self.file)
            .map_err(|error| Fault::unreadable(&self.name, &error, false))?;
        if about.permissions().readonly() {
            return Err(Fault::read_only(&self.name));
        }
        if about.nlink() > 1 {
            return Err(Fault::linked(&self.name, about.nlink()));
        }
        Ok(())
    }
}

impl Opened {
    /// Does the file still say what was read?
    ///
    /// # Errors
    /// It has changed, or can no longer be read.
    pub fn unchanged(&self) -> std::result::Result<(), Box<Fault>> {
        let now = read(&self.file).map_err(|error| Fault::unreadable(&self.name, &error, false))?;
        match now == self.text.as_bytes() {
            true => Ok(()),
            false => Err(Fault::changed(&self.name)),
        }
    }
}

/// Puts a new text in place of the one that was read. The file keeps its mode, its owner where that
/// is allowed, and the links that lead to it.
///
/// # Errors
/// The file may not be written, or has changed since it was read, or could not be written; then it is
/// as it was.
pub fn replace(opened: &Opened, text: &str) -> std::result::Result<(), Box<Fault>> {
    if opened.text == text {
        return Ok(());
    }
    opened.writable()?;
    let unwritten = |error: Error| Fault::unwritten(&opened.name, &error);
    let about = std::fs::metadata(&opened.file).map_err(unwritten)?;
    let beside = Beside::write(&opened.file, text.as_bytes(), Some(&about), write_all);
    let beside = beside.map_err(unwritten)?;
    // As late as can be: what an editor saved in between must not be lost.
    let now = read(&opened.file).map_err(unwritten)?;
    if now != opened.text.as_bytes() {
        return Err(Fault::changed(&opened.name));
    }
    beside.rename(&opened.file).map_err(unwritten)
}

/// Writes a file that is not there yet, with the folders that lead to it.
///
/// # Errors
/// It is there by now, or could not be written.
pub fn create(path: &Path, name: &str, text: &str) -> std::result::Result<(), Box<Fault>> {
    let unwritten = |error: Error| Fault::unwritten(name, &error);
    std::fs::create_dir_all(folder_of(path)).map_err(unwritten)?;
    let beside = Beside::write(path, text.as_bytes(), None, write_all).map_err(unwritten)?;
    beside.link(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Fault::changed(name),
        _ => unwritten(error),
    })
}

/// Writes a file whole, whatever it says now. A link stays one, and what is no regular file
/// (`/dev/null`, a pipe) is written to, not replaced.
///
/// # Errors
/// It could not be written; a regular file is then as it was.
pub fn overwrite(path: &Path, bytes: &[u8]) -> Result<()> {
    let about = std::fs::metadata(path).ok();
    if about.as_ref().is_some_and(|found| !found.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Beside::write(path, bytes, about.as_ref(), write_all)?.rename(path)
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn write_all(file: &mut File, bytes: &[u8]) -> Result<()> {
    file.write_all(bytes)
}

/// A file beside the one that it is to become. It is removed unless it becomes that.
#[derive(Debug)]
struct Beside {
    path: PathBuf,
    settled: bool,
}

impl Beside {
    /// Writes it to the disk, with the mode and owner of the file that it will replace. `write` is a
    /// parameter so that a test can fill the disk.
    fn write(
        target: &Path,
        bytes: &[u8],
        like: Option<&Metadata>,
        write: impl FnOnce(&mut File, &[u8]) -> Result<()>,
    ) -> Result<Self> {
        let path = folder_of(target).join(format!(".holdpoint-{:016x}", fastrand::u64(..)));
        // Nobody reads it before it has the mode of the file that it replaces.
        let mode = if like.is_some() { 0o600 } else { 0o666 };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)?;
        let beside = Self {
            path,
            settled: false,
        };
        write(&mut file, bytes)?;
        if let Some(like) = like {
            let made = file.metadata()?;
            if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
                // Only root may give a file away; the group can often be kept.
                let _ = fchown(&file, Some(like.uid()), Some(like.gid()))
                    .or_else(|_| fchown(&file, None, Some(like.gid())));
            }
            let mode = std::fs::Permissions::from_mode(like.permissions().mode() & 0o7777);
            file.set_permissions(mode)?;
        }
        file.sync_all()?;
        Ok(beside)
    }

    /// Takes the place of what is there.
    fn rename(mut self, target: &Path) -> Result<()> {
        std::fs::rename(&self.path, target)?;
        self.settled = true;
        sync(folder_of(target));
        Ok(())
    }

    /// Takes a place where nothing is.
    fn link(self, target: &Path) -> Result<()> {
        match std::fs::hard_link(&self.path, target) {
            Ok(()) => {
                sync(folder_of(target));
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
            // Some file systems have no hard links.
            Err(_) if !target.exists() && !target.is_symlink() => self.rename(target),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.settled {
            // It is of no use; the first error is the one to tell.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes a new name in a folder last. The file is in its place whether or not the file system can do
/// that, so there is nothing to tell.
fn sync(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests;
