//! The commit that the examined application stands at, as git tells it.

use super::unseen::differing;
use std::ffi::OsStr;
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
    /// Why it could not be told, where there is a repository.
    pub unsure: Option<String>,
}

/// Another commit of a submodule is other code, whatever `.gitmodules` says of it.
const SUBMODULES: &str = "--ignore-submodules=untracked";

/// Paths below the root, as git takes them to leave them out.
fn without(root: &Path, own: &[String]) -> Vec<String> {
    let each = own.iter().map(|path| format!(":(exclude,literal){path}"));
    // From the top: a package of a larger repository is built from what stands beside it too. The root is named, so that
    // git refuses where its settings have it look at another folder.
    let root = std::fs::canonicalize(root).ok();
    let root = root.and_then(|root| Some(format!(":(literal){}", root.to_str()?)));
    let top = ":/".to_owned();
    std::iter::once(top).chain(root).chain(each).collect()
}

/// What git says of the files of a repository.
pub(super) struct State {
    /// The commit; none where there is none yet.
    pub(super) commit: Option<String>,
    /// What differs from it, in lines.
    pub(super) changed: Vec<String>,
}

impl State {
    /// # Errors
    /// Git does not say it, or looks past something.
    pub(super) fn of(root: &Path, own: &[String]) -> Result<Self, String> {
        let mut arguments: Vec<String> = [
            "status",
            // With the commit on a line before the changes: every start of git costs milliseconds.
            "--porcelain=v2",
            "--branch",
            "--no-ahead-behind",
            "--no-renames",
            "--untracked-files=no",
            SUBMODULES,
            "--",
        ]
        .map(String::from)
        .into();
        arguments.extend(without(root, own));
        let told = text(git(root, &arguments)?);
        let (heads, changes): (Vec<&str>, Vec<&str>) =
            told.lines().partition(|line| line.starts_with("# "));
        let commit = heads
            .iter()
            .find_map(|line| line.strip_prefix("# branch.oid "));
        let mut changed: Vec<String> = changes.into_iter().map(String::from).collect();
        if changed.is_empty() {
            changed.extend(differing(root, own)?);
        }
        Ok(Self {
            // A repository without a commit says "(initial)".
            commit: commit.filter(|text| text.len() >= 40).map(str::to_owned),
            changed,
        })
    }
}

impl Repository {
    /// Asks git on a thread of its own, because a large repository may keep it for a while. Changes to
    /// `own`, paths below the root that holdpoint or its people keep beside the code, do not count.
    pub fn ask(root: &Path, own: Vec<String>) -> JoinHandle<Self> {
        let root = root.to_owned();
        std::thread::spawn(move || Self::of(&root, &own))
    }

    fn of(root: &Path, own: &[String]) -> Self {
        match State::of(root, own) {
            Ok(State { commit, changed }) => Self {
                dirty: commit.is_some().then_some(!changed.is_empty()),
                commit,
                unsure: None,
            },
            Err(why) => Self {
                commit: Self::head(root),
                dirty: None,
                unsure: Some(why).filter(|why| *why != NO_REPOSITORY),
            },
        }
    }

    /// The commit that is here.
    pub fn head(root: &Path) -> Option<String> {
        let told = git(root, &["rev-parse", "--verify", "HEAD"]).ok()?;
        Some(text(told).trim().to_owned()).filter(|text| text.len() >= 40)
    }

    /// Will git leave this path out of commits?
    pub fn ignores(root: &Path, path: &Path) -> bool {
        let arguments = [
            OsStr::new("check-ignore"),
            "-q".as_ref(),
            "--".as_ref(),
            path.as_os_str(),
        ];
        git(root, &arguments).is_ok()
    }

    /// The text that a file below the root has at a commit.
    pub fn text_at(root: &Path, commit: &str, path: &str) -> Option<String> {
        let whole = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        let name = format!("{commit}:./{path}");
        let told = git(root, &["cat-file", "blob", &name]);
        told.ok().filter(|_| whole).map(text)
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
        git(root, &["rev-parse", "--git-dir"])?;
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
        arguments.extend(without(root, own));
        let told = git(root, &arguments).map_err(|why| match why.ends_with(commit) {
            true => "this repository does not know the commit; a shallow clone lacks most of them"
                .into(),
            false => why,
        })?;
        let told = text(told);
        let changed = told.split('\0').filter(|path| !path.is_empty());
        let mut changed: Vec<String> = changed.map(String::from).collect();
        if changed.is_empty() {
            changed.extend(differing(root, own)?);
        }
        Ok(changed)
    }
}

/// What is said where nothing can be asked.
const NO_REPOSITORY: &str = "there is no git repository, or no git";

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

/// What holds whatever the settings of the repository are.
const SETTINGS: [&str; 7] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    // What stands beside the folder is code, too.
    "diff.relative=false",
    // A commit is what its name says, and not what was put in its place.
    "core.useReplaceRefs=false",
    // A file with its old length and date may be another one.
    "core.checkStat=default",
    "core.trustctime=true",
    // A file with a new date may be the same.
    "diff.autoRefreshIndex=true",
];

/// The answer of git, without its hooks or monitors.
///
/// # Errors
/// Its first line about what went wrong.
pub(super) fn git(root: &Path, arguments: &[impl AsRef<OsStr>]) -> Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    for variable in ELSEWHERE {
        command.env_remove(variable);
    }
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    let output = command
        .args(["--no-optional-locks", "-C"])
        .arg(root)
        .args(arguments)
        // What goes wrong is told in English.
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|_| NO_REPOSITORY.to_owned())?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(cause(&text(output.stderr))),
    }
}

/// Why git gave no answer.
fn cause(told: &str) -> String {
    let said = |begins: &str| told.lines().find_map(|line| line.strip_prefix(begins));
    // Of a submodule that is a link it says an error alone.
    match said("fatal: ").or_else(|| said("error: ")) {
        Some(line) if !line.starts_with("not a git repository (or any") => line.trim().to_owned(),
        _ => NO_REPOSITORY.into(),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
