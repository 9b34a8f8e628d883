//! What git looks past when it says that nothing differs: files that it was told to skip, and submodules within others.

use super::repository::{State, git};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// A path of the index.
struct Entry {
    /// How git goes about it: a small letter where it takes the file for unchanged, `S` where it skips it.
    tag: u8,
    /// It is a submodule, by its mode.
    submodule: bool,
    /// From the root on.
    path: PathBuf,
}

impl Entry {
    /// Of `H 100644 5626abf0… 0`, a tabulator and the path.
    fn parse(line: &[u8]) -> Option<Self> {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        Some(Self {
            tag: *line.first()?,
            submodule: line.get(2..)?.starts_with(b"160000"),
            path: Path::new(OsStr::from_bytes(&line[tab + 1..])).to_owned(),
        })
    }

    /// The root may be the folder of a submodule that is not there, and is none of its files.
    fn is_below_root(&self) -> bool {
        !self.path.starts_with("..") && self.path != Path::new(".")
    }
}

/// A submodule that differs, though git says that nothing does.
///
/// # Errors
/// Why it cannot be told whether everything is as it was committed.
pub(super) fn differing(root: &Path, own: &[String]) -> Result<Option<String>, String> {
    let listed = git(root, &["ls-files", "-v", "--stage", "-z", "--", ":/"])?;
    let entries = listed.split(|byte| *byte == 0).filter_map(Entry::parse);
    let mut entries: Vec<Entry> = entries.collect();
    if !entries.iter().any(Entry::is_below_root) {
        return Err("git tracks no file of this folder, so its commit tells nothing of it".into());
    }
    entries.retain(|one| !own.iter().any(|own| one.path.starts_with(own)));
    if let Some(one) = entries.iter().find(|one| one.tag.is_ascii_lowercase()) {
        return Err(told(one, "assume-unchanged"));
    }
    let sparse = entries.iter().any(|one| one.tag == b'S') && is_sparse(root);
    for one in &entries {
        let place = root.join(&one.path);
        // A sparse checkout leaves files out. Where one is there it is not looked at, and elsewhere it was taken away.
        if one.tag == b'S' && !(sparse && place.symlink_metadata().is_err()) {
            return Err(told(one, "skip-worktree"));
        }
        let name = one.path.display();
        if one.submodule && differs(&place).map_err(|why| format!("submodule {name}: {why}"))? {
            return Ok(Some(name.to_string()));
        }
    }
    Ok(None)
}

fn told(one: &Entry, bit: &str) -> String {
    let path = one.path.display();
    format!("git was told not to look at {path}; git update-index --no-{bit} {path} ends that")
}

/// Were files left out on purpose when it was checked out?
fn is_sparse(root: &Path) -> bool {
    let asked = git(root, &["config", "--type=bool", "core.sparseCheckout"]);
    asked.is_ok_and(|answer| answer.starts_with(b"true"))
}

/// Whether what stands in the folder of a submodule is another code. One that was never fetched leaves it empty.
fn differs(folder: &Path) -> Result<bool, String> {
    let is_folder = |about: std::fs::Metadata| about.is_dir();
    // Of a file in its place git tells.
    if !folder.symlink_metadata().is_ok_and(is_folder) {
        return Ok(false);
    }
    let mut inside = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    if inside.next().is_none() {
        return Ok(false);
    }
    match folder.join(".git").symlink_metadata() {
        Ok(_) => Ok(!State::of(folder, &[])?.changed.is_empty()),
        Err(_) => Err("files stand in its folder, and no repository".into()),
    }
}
