//! Where a git repository keeps what: its folders and what its configuration says, read from files without running git.
//!
//! Source: git's gitrepository-layout and git-config documentation.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files of settings and references are short; a longer one is not read.
const LONGEST: u64 = 64 << 20;
/// Object stores that lend objects to each other, in a row.
const DEEPEST: usize = 5;

/// A repository on disk.
#[derive(Debug)]
pub(super) struct Repository {
    /// The folder of this working tree: HEAD, its own references.
    pub(super) own: PathBuf,
    /// What all working trees share: objects, references, configuration.
    pub(super) common: PathBuf,
    /// What the configuration says.
    pub(super) config: Config,
    /// The history was cut off when it was cloned.
    pub(super) shallow: bool,
}

/// What the configuration says, as far as it decides what can be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Config {
    /// `sha1` unless it says otherwise.
    pub(super) object_format: Option<String>,
    /// `files` unless it says otherwise.
    pub(super) ref_storage: Option<String>,
    /// Objects may be left out and fetched when they are needed.
    pub(super) partial: bool,
    /// The names of remotes.
    pub(super) remotes: Vec<String>,
}

impl Repository {
    /// The repository of the working tree that holds a folder; none where there is none.
    ///
    /// # Errors
    /// There is one that cannot be read.
    pub(super) fn around(root: &Path) -> Result<Option<Self>, String> {
        let root = fs::canonicalize(root).map_err(|error| format!("the root: {error}"))?;
        for top in root.ancestors() {
            let dot_git = top.join(".git");
            if dot_git.is_dir() {
                // As for git, a folder without HEAD is no repository.
                if dot_git.join("HEAD").is_file() {
                    return Self::open(dot_git).map(Some);
                }
            } else if dot_git.is_file() {
                // A linked working tree or a submodule.
                let text = text(&dot_git).map_err(|error| format!("the file .git: {error}"))?;
                let folder = text
                    .strip_prefix("gitdir:")
                    .ok_or("the file .git names no folder")?;
                return Self::open(top.join(folder.trim())).map(Some);
            }
        }
        Ok(None)
    }

    fn open(own: PathBuf) -> Result<Self, String> {
        if !own.join("HEAD").is_file() {
            return Err("the folder of the repository is not there, or has no HEAD".into());
        }
        let common = match text(&own.join("commondir")) {
            Ok(common) => own.join(common.trim()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => own.clone(),
            Err(error) => return Err(format!("the file commondir: {error}")),
        };
        let config = match text(&common.join("config")) {
            Ok(text) => Config::read(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Config::default(),
            Err(error) => return Err(format!("the repository's configuration: {error}")),
        };
        let shallow = fs::metadata(common.join("shallow")).is_ok_and(|file| file.len() > 0);
        Ok(Self {
            own,
            common,
            config,
            shallow,
        })
    }

    /// Why objects of this repository cannot be read at all, where that is so.
    pub(super) fn unreadable(&self) -> Option<String> {
        match (&self.config.object_format, &self.config.ref_storage) {
            (Some(format), _) if format != "sha1" => Some(format!(
                "the repository's objects are named by {format}, which is not read yet"
            )),
            (_, Some(storage)) if storage != "files" => Some(format!(
                "the repository's references are kept as {storage}, which is not read yet"
            )),
            _ => None,
        }
    }

    /// The object stores: its own, and those that lend it objects. Those that are named and not there are said.
    pub(super) fn stores(&self, faults: &mut Vec<String>) -> Vec<PathBuf> {
        let mut stores = vec![self.common.join("objects")];
        let (mut from, mut depth) = (0, 0);
        while from < stores.len() && depth < DEEPEST {
            let known = stores.len();
            for place in from..known {
                let store = stores[place].clone();
                let Ok(list) = text(&store.join("info/alternates")) else {
                    continue;
                };
                for line in list
                    .lines()
                    .filter(|line| !line.is_empty() && !line.starts_with('#'))
                {
                    let other = store.join(line);
                    if !other.is_dir() {
                        faults.push("an object store that lends objects (objects/info/alternates) is not there".into());
                    } else if !stores.contains(&other) {
                        stores.push(other);
                    }
                }
            }
            from = known;
            depth += 1;
        }
        stores
    }

    /// The folders of all other working trees.
    pub(super) fn linked(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = fs::read_dir(self.common.join("worktrees"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|folder| folder.is_dir())
            .collect();
        folders.sort();
        folders
    }
}

impl Config {
    fn read(text: &str) -> Self {
        let mut config = Self::default();
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix('[') {
                let name = rest.split(']').next().unwrap_or_default();
                let (kind, of) = name.split_once(' ').unwrap_or((name, ""));
                section = kind.to_ascii_lowercase();
                if section == "remote" {
                    config.remotes.push(of.trim().trim_matches('"').to_owned());
                }
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, "true"));
            let key = key.trim().to_ascii_lowercase();
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            match (section.as_str(), key.as_str()) {
                ("extensions", "objectformat") => config.object_format = Some(value),
                ("extensions", "refstorage") => config.ref_storage = Some(value),
                ("extensions", "partialclone") => config.partial = true,
                ("remote", "promisor") => config.partial |= value == "true",
                _ => {}
            }
        }
        config.remotes.sort();
        config.remotes.dedup();
        config
    }
}

/// A text file of ordinary size; nothing that is no file is opened.
pub(super) fn text(path: &Path) -> io::Result<String> {
    let found = fs::metadata(path)?;
    if !found.is_file() || found.len() > LONGEST {
        return Err(io::Error::other("it is no file, or too large"));
    }
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations() {
        let text = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tObjectFormat = SHA256\n\tpartialClone = origin\n\
            [remote \"origin\"]\n\turl = x\n\tpromisor = true\n[remote \"fork\"]\n\turl=y\n[branch \"main\"]\n\tremote = origin";
        let config = Config::read(text);
        assert_eq!(config.object_format.as_deref(), Some("sha256"));
        assert!(config.partial && config.ref_storage.is_none());
        assert_eq!(config.remotes, ["fork", "origin"]);
        assert_eq!(Config::read("[core"), Config::default());
    }
}
