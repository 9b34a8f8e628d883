//! git, as on a machine where nobody ever set it up: no settings, no identity, and no repository named from outside.

use std::path::Path;
use std::process::Command;

/// git in this folder; its arguments are to be added.
///
/// Nothing of the caller's environment reaches it. A hook of git's, for one, names its own repository by GIT_DIR,
/// and tests that are run by the hook would commit there.
pub(crate) fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("HOME", "/nonexistent")]);
    for who in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{who}_NAME"), "t")
            .env(format!("GIT_{who}_EMAIL"), "t@example.com");
    }
    command
}
