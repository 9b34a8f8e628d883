//! The commit that the examined application stands at, as git tells it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

/// The state of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repository {
    /// The commit; none where the folder is in no repository or git is missing.
    pub commit: Option<String>,
    /// Tracked files differ from the commit; none where that could not be told.
    pub dirty: Option<bool>,
}

impl Repository {
    /// Asks git on a thread of its own, because a large repository may keep it for a while.
    pub fn ask(root: &Path) -> JoinHandle<Self> {
        let root = root.to_owned();
        std::thread::spawn(move || Self::of(&root))
    }

    /// Asks git, without its hooks or monitors.
    fn of(root: &Path) -> Self {
        let commit = git(root, &["rev-parse", "--verify", "HEAD"]).filter(|text| text.len() >= 40);
        let dirty = commit.as_ref().and_then(|_| {
            git(root, &["status", "--porcelain", "--untracked-files=no"])
                .map(|changes| !changes.is_empty())
        });
        Self { commit, dirty }
    }
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            "--no-optional-locks",
            "-C",
        ])
        .arg(root)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
