//! What git says about environment files, read from its own files without running it.

use ignore::gitignore::GitignoreBuilder;
use std::path::{Path, PathBuf};

/// A working tree: its top folder and the folder of its index.
pub(super) struct Tree {
    top: PathBuf,
    folder: PathBuf,
}

impl Tree {
    /// The working tree that holds a folder.
    pub(super) fn around(root: &Path) -> Option<Self> {
        let root = std::fs::canonicalize(root).ok()?;
        root.ancestors().find_map(|top| {
            let dot_git = top.join(".git");
            if dot_git.is_dir() {
                return Some(Self {
                    top: top.to_owned(),
                    folder: dot_git,
                });
            }
            // A linked working tree or a submodule: a file that names the folder.
            let text = std::fs::read_to_string(&dot_git).ok()?;
            let folder = top.join(text.strip_prefix("gitdir:")?.trim());
            Some(Self {
                top: top.to_owned(),
                folder,
            })
        })
    }

    /// Tracked paths below `root`, relative to it; none where the index cannot be read.
    ///
    /// No index in a repository means that nothing was ever added.
    pub(super) fn tracked(&self, root: &Path) -> Option<Vec<String>> {
        let index = self.folder.join("index");
        if !index.exists() && self.folder.join("HEAD").exists() {
            return Some(Vec::new());
        }
        let bytes = std::fs::read(index).ok()?;
        let root = std::fs::canonicalize(root).ok()?;
        let prefix = root
            .strip_prefix(&self.top)
            .ok()?
            .to_string_lossy()
            .replace('\\', "/");
        let prefix = if prefix.is_empty() {
            prefix
        } else {
            format!("{prefix}/")
        };
        let paths = index_paths(&bytes, self.object_length())?;
        Some(
            paths
                .into_iter()
                .filter_map(|path| path.strip_prefix(&prefix).map(str::to_owned))
                .collect(),
        )
    }

    /// The length of an object's name: 20 bytes for SHA-1, 32 where the repository says SHA-256.
    fn object_length(&self) -> usize {
        let config = std::fs::read_to_string(self.folder.join("config"))
            .unwrap_or_default()
            .to_ascii_lowercase();
        let sha256 = config
            .lines()
            .any(|line| line.replace([' ', '\t'], "") == "objectformat=sha256");
        if sha256 { 32 } else { 20 }
    }

    /// The address of the remote `origin`, where the configuration of this repository names one.
    pub(super) fn origin(&self) -> Option<String> {
        // A linked working tree shares the configuration of the repository it belongs to.
        let common = std::fs::read_to_string(self.folder.join("commondir")).ok();
        let folder = common.map_or_else(
            || self.folder.clone(),
            |common| self.folder.join(common.trim()),
        );
        let config = std::fs::read_to_string(folder.join("config")).ok()?;
        let mut lines = config.lines().map(str::trim);
        lines.find(|line| *line == "[remote \"origin\"]")?;
        lines
            .take_while(|line| !line.starts_with('['))
            .find_map(|line| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == "url").then(|| value.trim().to_owned())
            })
    }

    /// Do the ignore rules from the top of the tree down to `root` cover this file of `root`?
    pub(super) fn ignores(&self, root: &Path, name: &str) -> bool {
        let Ok(root) = std::fs::canonicalize(root) else {
            return false;
        };
        let folders: Vec<&Path> = root
            .ancestors()
            .take_while(|folder| folder.starts_with(&self.top))
            .collect();
        // The nearest file that says anything wins.
        for folder in folders {
            if let Some(decided) = rules(folder, &folder.join(".gitignore"), &root.join(name)) {
                return decided;
            }
        }
        rules(
            &self.top,
            &self.folder.join("info/exclude"),
            &root.join(name),
        )
        .unwrap_or(false)
    }
}

/// What the ignore file of one folder says of a path; none where it says nothing.
pub(super) fn rules(folder: &Path, file: &Path, path: &Path) -> Option<bool> {
    let mut builder = GitignoreBuilder::new(folder);
    // A broken line leaves the others standing, as in git.
    let _ = builder.add(file);
    let rules = builder.build().ok()?;
    let matched = rules.matched_path_or_any_parents(path, false);
    if matched.is_ignore() {
        Some(true)
    } else if matched.is_whitelist() {
        Some(false)
    } else {
        None
    }
}

/// The paths of an index of version 2 or 3; none for other versions, for damaged ones, and for those
/// that hold only a part.
///
/// Source: git's index-format documentation.
fn index_paths(bytes: &[u8], object_length: usize) -> Option<Vec<String>> {
    let word = |at: usize| {
        Some(u32::from_be_bytes(
            bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
        ))
    };
    if bytes.get(..4)? != b"DIRC" || !matches!(word(4)?, 2 | 3) {
        return None;
    }
    let mut paths = Vec::new();
    let mut at = 12;
    for _ in 0..word(8)? {
        let flags_at = at + 40 + object_length;
        let flags = u16::from_be_bytes(bytes.get(flags_at..flags_at + 2)?.try_into().ok()?);
        let extended = flags & 0x4000 != 0;
        let start = flags_at + if extended { 4 } else { 2 };
        let length = bytes.get(start..)?.iter().position(|&byte| byte == 0)?;
        paths.push(String::from_utf8_lossy(&bytes[start..start + length]).into_owned());
        // One to eight zero bytes fill the entry up to a multiple of eight.
        let entry = start + length - at;
        at += (entry + 8) & !7;
    }
    is_whole(bytes, at, object_length).then_some(paths)
}

/// Do the entries name every path? Not where a shared index holds the others (`link`), nor where a
/// folder stands for what is below it (`sdir`).
fn is_whole(bytes: &[u8], mut at: usize, object_length: usize) -> bool {
    let end = bytes.len().saturating_sub(object_length);
    while let Some((name, rest)) = bytes.get(at..end).and_then(<[u8]>::split_first_chunk::<4>) {
        if matches!(name, b"link" | b"sdir") {
            return false;
        }
        let Some(length) = rest.first_chunk::<4>() else {
            break;
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        at = at.saturating_add(8).saturating_add(length);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An index as git writes it, with these paths.
    fn index(version: u32, paths: &[&str], object_length: usize) -> Vec<u8> {
        let mut bytes = b"DIRC".to_vec();
        bytes.extend(version.to_be_bytes());
        bytes.extend((paths.len() as u32).to_be_bytes());
        for path in paths {
            let start = bytes.len();
            bytes.extend(vec![1; 40 + object_length]);
            if version == 3 {
                bytes.extend([0x40, path.len() as u8, 0, 0]);
            } else {
                bytes.extend([0, path.len() as u8]);
            }
            bytes.extend(path.as_bytes());
            bytes.push(0);
            while !(bytes.len() - start).is_multiple_of(8) {
                bytes.push(0);
            }
        }
        bytes.extend([0; 20]);
        bytes
    }

    #[test]
    fn versions_two_and_three() {
        let paths = ["a", ".env.local", "apps/web/.env", "seven77", "eight888"];
        for (version, length) in [(2, 20), (3, 20), (2, 32)] {
            assert_eq!(
                index_paths(&index(version, &paths, length), length).unwrap(),
                paths
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert_eq!(index_paths(&index(4, &["a"], 20), 20), None);
        assert_eq!(index_paths(b"DIRC", 20), None);
        let whole = index(2, &["a", "b"], 20);
        assert_eq!(index_paths(&whole[..80], 20), None);
    }

    #[test]
    fn an_index_that_holds_only_a_part_is_not_taken_for_the_whole() {
        let with = |extension: &[u8]| {
            let mut bytes = index(2, &["a"], 20);
            bytes.truncate(bytes.len() - 20);
            bytes.extend(extension);
            bytes.extend([0; 20]);
            bytes
        };
        // The other paths are in a shared index, or in folders that are not unfolded.
        for part in [&b"link\0\0\0\x04abcd"[..], b"TREE\0\0\0\x02xysdir\0\0\0\0"] {
            assert_eq!(index_paths(&with(part), 20), None);
        }
        assert_eq!(
            index_paths(&with(b"TREE\0\0\0\x04link"), 20).unwrap(),
            ["a"]
        );
        // A length beyond the end of the file says nothing.
        assert!(index_paths(&with(b"TREE\xff\xff\xff\xff"), 20).is_some());
    }

    #[test]
    fn a_tree_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let web = folder.path().join("apps/web");
        std::fs::create_dir_all(&web).unwrap();
        std::fs::create_dir_all(folder.path().join(".git")).unwrap();
        std::fs::write(
            folder.path().join(".git/index"),
            index(2, &["apps/web/.env", "package.json"], 20),
        )
        .unwrap();
        std::fs::write(folder.path().join(".gitignore"), ".env*\n!.env.example\n").unwrap();
        let tree = Tree::around(&web).unwrap();
        assert_eq!(tree.tracked(&web).unwrap(), [".env"]);
        assert!(tree.ignores(&web, ".env.local") && !tree.ignores(&web, ".env.example"));
        std::fs::write(web.join(".gitignore"), "!.env.local\n").unwrap();
        assert!(!tree.ignores(&web, ".env.local") && tree.ignores(&web, ".env.production.local"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300), version in 2_u32..4) {
            let mut whole = b"DIRC".to_vec();
            whole.extend(version.to_be_bytes());
            whole.extend(bytes);
            let _ = index_paths(&whole, 20);
        }
    }
}
