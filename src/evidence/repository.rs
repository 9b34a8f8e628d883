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

/// Another commit of a submodule is other code, whatever `.gitmodules` says of it.
const SUBMODULES: &str = "--ignore-submodules=untracked";

/// Paths below the root, as git takes them to leave them out.
fn without(own: &[String]) -> impl Iterator<Item = String> {
    let each = own.iter().map(|path| format!(":(exclude,literal){path}"));
    // From the top: a package of a larger repository is built from what stands beside it too.
    std::iter::once(":/".to_owned()).chain(each)
}

impl Repository {
    /// Asks git on a thread of its own, because a large repository may keep it for a while. Changes to
    /// `own`, paths below the root that holdpoint or its people keep beside the code, do not count.
    pub fn ask(root: &Path, own: Vec<String>) -> JoinHandle<Self> {
        let root = root.to_owned();
        std::thread::spawn(move || Self::of(&root, &own))
    }

    /// Asks git, without its hooks or monitors.
    fn of(root: &Path, own: &[String]) -> Self {
        let mut arguments: Vec<String> = [
            "status",
            // With the commit on a line before the changes: every start of git costs milliseconds.
            "--porcelain=v2",
            "--branch",
            "--no-ahead-behind",
            "--untracked-files=no",
            SUBMODULES,
            "--",
        ]
        .map(String::from)
        .into();
        arguments.extend(without(own));
        let Some(told) = git(root, &arguments) else {
            return Self {
                commit: Self::head(root),
                dirty: None,
            };
        };
        let (heads, changes): (Vec<&str>, Vec<&str>) =
            told.lines().partition(|line| line.starts_with("# "));
        let commit = heads
            .iter()
            .find_map(|line| line.strip_prefix("# branch.oid "));
        // A repository without a commit says "(initial)".
        let commit = commit.filter(|text| text.len() >= 40).map(str::to_owned);
        Self {
            dirty: commit.is_some().then_some(!changes.is_empty()),
            commit,
        }
    }

    /// The commit that is here.
    pub fn head(root: &Path) -> Option<String> {
        git(root, &["rev-parse", "--verify", "HEAD"]).filter(|text| text.len() >= 40)
    }

    /// Will git leave this path out of commits?
    pub fn ignores(root: &Path, path: &Path) -> bool {
        let arguments = [
            std::ffi::OsStr::new("check-ignore"),
            "-q".as_ref(),
            "--".as_ref(),
            path.as_os_str(),
        ];
        git(root, &arguments).is_some()
    }

    /// The text that a file below the root has at a commit.
    pub fn text_at(root: &Path, commit: &str, path: &str) -> Option<String> {
        let whole = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        let name = format!("{commit}:./{path}");
        git(root, &["cat-file", "blob", &name]).filter(|_| whole)
    }

    /// The tracked files that differ now from what they were at a commit, but for `own`.
    ///
    /// # Errors
    /// Why it cannot be told: no git, no repository, or a commit that it does not know.
    pub fn changed_since(root: &Path, commit: &str, own: &[String]) -> Result<Vec<String>, String> {
        let whole = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !whole {
            return Err(format!("'{commit}' is no commit"));
        }
        if git(root, &["rev-parse", "--git-dir"]).is_none() {
            return Err("there is no git repository, or no git".into());
        }
        let mut arguments: Vec<String> = [
            "diff",
            "--name-only",
            "--no-renames",
            "--no-ext-diff",
            SUBMODULES,
            "-z",
            commit,
            "--",
        ]
        .map(String::from)
        .into();
        arguments.extend(without(own));
        let told = git(root, &arguments).ok_or_else(|| {
            "this repository does not know the commit; a shallow clone lacks most of them"
                .to_owned()
        })?;
        Ok(told
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(String::from)
            .collect())
    }
}

/// What would have git answer for another repository than the folder's, or take the paths above for names.
const ELSEWHERE: [&str; 11] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

fn git(root: &Path, arguments: &[impl AsRef<std::ffi::OsStr>]) -> Option<String> {
    let mut command = Command::new("git");
    for variable in ELSEWHERE {
        command.env_remove(variable);
    }
    let output = command
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            // What stands beside the folder is code, too.
            "-c",
            "diff.relative=false",
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
