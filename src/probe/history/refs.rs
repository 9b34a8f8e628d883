//! The references of a repository: what names its commits, and what only its logs remember.
//!
//! Source: git's gitrepository-layout documentation, and its format of packed references.

use super::objects::Id;
use super::repository::{Repository, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A folder of references below more folders than this is not entered.
const DEEPEST: usize = 64;

/// Where the walk over objects begins.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// References by name, with HEAD of every working tree and every stash.
    pub(super) named: Vec<(String, Id)>,
    /// What logs and the files of unfinished work remember.
    pub(super) remembered: Vec<Id>,
    /// References that could not be read.
    pub(super) faults: Vec<String>,
}

/// Reads every reference.
pub(super) fn read(repository: &Repository) -> Refs {
    let mut refs = Refs::default();
    let mut named: BTreeMap<String, Id> = BTreeMap::new();
    match text(&repository.common.join("packed-refs")) {
        Ok(packed) => {
            for line in packed.lines().filter(|line| !line.starts_with(['#', '^'])) {
                match line.split_once(' ').map(|(id, name)| (Id::parse(id), name)) {
                    Some((Some(id), name)) => {
                        named.insert(name.to_owned(), id);
                    }
                    _ => refs
                        .faults
                        .push("a line of packed-refs cannot be read".into()),
                }
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => refs.faults.push(format!("packed-refs: {error}")),
    }
    loose(
        &repository.common.join("refs"),
        "refs",
        0,
        &mut named,
        &mut refs.faults,
    );
    let mut folders = vec![repository.common.clone(), repository.own.clone()];
    folders.extend(repository.linked());
    folders.dedup();
    for (place, folder) in folders.iter().enumerate() {
        if place > 0 {
            let below = format!("{}/refs", of_folder(folder));
            loose(
                &folder.join("refs"),
                &below,
                0,
                &mut named,
                &mut refs.faults,
            );
        }
        if let Some(id) = text(&folder.join("HEAD"))
            .ok()
            .and_then(|text| Id::parse(text.trim()))
        {
            let name = if place == 0 {
                "HEAD".into()
            } else {
                format!("{}/HEAD", of_folder(folder))
            };
            named.insert(name, id);
        }
        logs(&folder.join("logs"), 0, &mut refs.remembered);
        for name in [
            "ORIG_HEAD",
            "FETCH_HEAD",
            "MERGE_HEAD",
            "CHERRY_PICK_HEAD",
            "REVERT_HEAD",
            "REBASE_HEAD",
        ] {
            let words = text(&folder.join(name)).unwrap_or_default();
            refs.remembered
                .extend(words.lines().filter_map(|line| Id::parse(line.get(..40)?)));
        }
    }
    // Each stash but the last is kept by the log alone, and people know it by its number.
    let stashes = text(&repository.common.join("logs/refs/stash")).unwrap_or_default();
    for (number, id) in stashes
        .lines()
        .rev()
        .filter_map(|line| Id::parse(line.get(41..81)?))
        .enumerate()
    {
        named.insert(format!("stash@{{{number}}}"), id);
    }
    refs.named = named.into_iter().collect();
    // What people look at first names what it holds.
    refs.named.sort_by_key(|(name, _)| {
        ["HEAD", "refs/heads/", "refs/remotes/", "refs/tags/"]
            .iter()
            .position(|first| name.starts_with(first))
            .unwrap_or(4)
    });
    refs
}

/// Is it the tip of a line of work, rather than a tag, a note or a stash?
pub(super) fn is_tip(name: &str) -> bool {
    ["HEAD", "refs/heads/", "refs/remotes/"]
        .iter()
        .any(|first| name.starts_with(first))
        || name.ends_with("/HEAD")
}

/// As git names the references of another working tree.
fn of_folder(folder: &Path) -> String {
    format!(
        "worktrees/{}",
        folder.file_name().unwrap_or_default().to_string_lossy()
    )
}

fn loose(
    folder: &Path,
    name: &str,
    depth: usize,
    named: &mut BTreeMap<String, Id>,
    faults: &mut Vec<String>,
) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth < DEEPEST {
                loose(&path, &name, depth + 1, named, faults);
            } else {
                faults.push(format!("{name} lies too deep"));
            }
        } else if !name.ends_with(".lock") {
            let content = text(&path).unwrap_or_default();
            match Id::parse(content.trim()) {
                Some(id) => {
                    named.insert(name, id);
                }
                // Another name for a reference that is found by itself.
                None if content.starts_with("ref:") => {}
                None => faults.push(format!("the reference {name} cannot be read")),
            }
        }
    }
}

fn logs(folder: &Path, depth: usize, remembered: &mut Vec<Id>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth < DEEPEST {
                logs(&path, depth + 1, remembered);
            }
            continue;
        }
        for line in text(&path).unwrap_or_default().lines() {
            let ids = [line.get(..40), line.get(41..81)];
            remembered.extend(ids.into_iter().flatten().filter_map(Id::parse));
        }
    }
}
