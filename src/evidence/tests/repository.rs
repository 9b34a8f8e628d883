//! Tests of what is said of a repository, with git itself: "clean" is said of nothing else than what the commit holds.

use crate::evidence::Repository;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Repositories below one folder.
struct Place(TempDir);

impl Place {
    /// With a repository `app` of two files, all committed.
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.make("app");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The same bytes long and of the same day, which is what git looks at first.
    fn replace(&self, name: &str, text: &str) {
        self.write("new", text);
        assert_eq!(
            fs::metadata(self.path("new")).unwrap().len(),
            fs::metadata(self.path(name)).unwrap().len()
        );
        date(&self.path("new"));
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    #[track_caller]
    fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args([
                "-c",
                "commit.gpgsign=false",
                "-c",
                "protocol.file.allow=always",
                "-C",
            ])
            .arg(self.path(folder))
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn commit(&self, folder: &str) {
        self.git(folder, &["add", "-A"]);
        self.git(folder, &["commit", "-q", "--allow-empty", "-m", "all"]);
    }

    fn make(&self, folder: &str) {
        self.write(&format!("{folder}/src/a.ts"), "one\n");
        self.write(&format!("{folder}/b.ts"), "two\n");
        self.git(folder, &["init", "-q", "-b", "main"]);
        self.commit(folder);
    }

    /// `app`, which holds `lib`, which holds `deep`.
    fn nested(&self) {
        self.make("origin-of-deep");
        self.make("origin-of-lib");
        self.git(
            "origin-of-lib",
            &["submodule", "--quiet", "add", "../origin-of-deep", "deep"],
        );
        self.commit("origin-of-lib");
        self.git(
            "app",
            &["submodule", "--quiet", "add", "../origin-of-lib", "lib"],
        );
        self.git(
            "app",
            &["submodule", "--quiet", "update", "--init", "--recursive"],
        );
        self.commit("app");
    }

    fn told(&self, folder: &str) -> Repository {
        told(&self.path(folder), &[])
    }

    /// Every way to ask says that the code is the commit's.
    #[track_caller]
    fn is_clean(&self, folder: &str) {
        let told = self.told(folder);
        assert_eq!((told.dirty, &told.unsure), (Some(false), &None));
        assert_eq!(self.changed(folder), Ok(vec![]));
    }

    /// Every way to ask says that it is not.
    #[track_caller]
    fn is_dirty(&self, folder: &str, named: &str) {
        assert_eq!(self.told(folder).dirty, Some(true));
        let changed = self.changed(folder).unwrap();
        assert!(changed.iter().any(|path| path == named), "{changed:?}");
    }

    /// Every way to ask says that it cannot be told, and why.
    #[track_caller]
    fn is_unsure(&self, folder: &str, why: &str) {
        let told = self.told(folder);
        assert_eq!(told.dirty, None, "{told:?}");
        let unsure = told.unsure.unwrap_or_default();
        assert!(unsure.contains(why), "{unsure}");
        let unsure = self.changed(folder).unwrap_err();
        assert!(unsure.contains(why), "{unsure}");
    }

    fn changed(&self, folder: &str) -> Result<Vec<String>, String> {
        let path = self.path(folder);
        let commit = Repository::head(&path).unwrap_or_else(|| "0".repeat(40));
        Repository::changed_since(&path, &commit, &[])
    }
}

fn told(root: &Path, own: &[&str]) -> Repository {
    let own = own.iter().map(|path| (*path).to_owned());
    Repository::ask(root, own.collect()).join().unwrap()
}

/// Gives a file a date long past, so that git takes its word for it.
fn date(path: &Path) {
    let file = fs::File::options().append(true).open(path).unwrap();
    let past = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    file.set_modified(past).unwrap();
}

#[test]
fn what_differs_is_dirty_wherever_it_stands() {
    let place = Place::new();
    place.is_clean("app");
    place.is_clean("app/src");
    place.write("app/b.ts", "three\n");
    place.is_dirty("app", "b.ts");
    place.is_dirty("app/src", "b.ts");
    place.git("app", &["add", "b.ts"]);
    place.is_dirty("app", "b.ts");
    let own = told(&place.path("app"), &["b.ts"]);
    assert_eq!(own.dirty, Some(false));
    place.commit("app");
    place.is_clean("app");
    fs::remove_file(place.path("app/b.ts")).unwrap();
    place.is_dirty("app", "b.ts");
    place.git("app", &["checkout", "-q", "."]);
    place.write("app/new.ts", "new\n");
    place.git("app", &["add", "-N", "new.ts"]);
    place.is_dirty("app", "new.ts");
}

#[test]
fn what_git_was_told_not_to_look_at_is_not_known_to_be_clean() {
    for (bit, off) in [
        ("--assume-unchanged", "--no-assume-unchanged"),
        ("--skip-worktree", "--no-skip-worktree"),
    ] {
        let place = Place::new();
        place.git("app", &["update-index", bit, "b.ts"]);
        let why = format!("git update-index {off} b.ts ends that");
        place.is_unsure("app", &why);
        place.write("app/b.ts", "three\n");
        place.is_unsure("app", &why);
        place.is_unsure("app/src", "git update-index");
        fs::remove_file(place.path("app/b.ts")).unwrap();
        place.is_unsure("app", &why);
        // A change that git does see is one, and what does not count need not be looked at.
        place.write("app/src/a.ts", "other\n");
        place.is_dirty("app", "src/a.ts");
        place.git("app", &["checkout", "-q", "src/a.ts"]);
        assert_eq!(told(&place.path("app"), &["b.ts"]).dirty, Some(false));
        place.git("app", &["update-index", off, "b.ts"]);
        place.is_dirty("app", "b.ts");
    }
}

#[test]
fn a_sparse_checkout_is_clean_as_far_as_it_is_there() {
    let place = Place::new();
    place.git("app", &["sparse-checkout", "set", "--no-cone", "/src"]);
    assert!(!place.path("app/b.ts").exists());
    place.is_clean("app");
    place.write("app/b.ts", "three\n");
    place.is_dirty("app", "b.ts");
    // Git looks at such a file, unless it is told that some are expected.
    place.git(
        "app",
        &["config", "sparse.expectFilesOutsideOfPatterns", "true"],
    );
    place.is_unsure("app", "b.ts");
    fs::remove_file(place.path("app/b.ts")).unwrap();
    place.is_clean("app");
    place.write("app/src/a.ts", "other\n");
    place.is_dirty("app", "src/a.ts");
}

#[test]
fn a_file_that_only_looks_the_same_is_another() {
    let place = Place::new();
    place.git("app", &["config", "core.checkStat", "minimal"]);
    place.git("app", &["config", "core.trustctime", "false"]);
    date(&place.path("app/b.ts"));
    place.git("app", &["status"]);
    place.is_clean("app");
    place.replace("app/b.ts", "TWO\n");
    assert_eq!(place.git("app", &["status", "--porcelain", "-uno"]), "");
    place.is_dirty("app", "b.ts");
}

#[test]
fn a_file_that_only_looks_changed_is_the_same() {
    let place = Place::new();
    place.git("app", &["config", "diff.autoRefreshIndex", "false"]);
    date(&place.path("app/b.ts"));
    place.is_clean("app");
}

#[test]
fn a_monitor_is_not_asked() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.write("monitor", "#!/bin/sh\nprintf 'token\\0'\n");
    let monitor = place.path("monitor");
    fs::set_permissions(&monitor, fs::Permissions::from_mode(0o755)).unwrap();
    place.git(
        "app",
        &["config", "core.fsmonitor", monitor.to_str().unwrap()],
    );
    place.git("app", &["config", "core.untrackedCache", "true"]);
    place.git("app", &["status"]);
    place.git("app", &["update-index", "--fsmonitor-valid", "b.ts"]);
    place.write("app/b.ts", "three\n");
    place.is_dirty("app", "b.ts");
}

#[test]
fn a_commit_is_what_its_name_says() {
    let place = Place::new();
    let commit = place.git("app", &["rev-parse", "HEAD"]);
    place.write("app/b.ts", "three\n");
    place.commit("app");
    let other = place.git("app", &["rev-parse", "HEAD"]);
    place.git("app", &["reset", "-q", "--soft", &commit]);
    place.git("app", &["replace", &commit, &other]);
    assert_eq!(place.git("app", &["status", "--porcelain", "-uno"]), "");
    place.is_dirty("app", "b.ts");
    let text = Repository::text_at(&place.path("app"), &commit, "b.ts");
    assert_eq!(text.as_deref(), Some("two\n"));
}

#[test]
fn a_folder_that_the_commit_does_not_hold_is_not_known_to_be_clean() {
    let place = Place::new();
    let why = "git tracks no file of this folder";
    place.write("app/other/c.ts", "three\n");
    place.is_unsure("app/other", why);
    place.write("app/.git/info/exclude", "/other\n");
    place.is_unsure("app/other", why);
    // No repository, so that git goes on to the one around it.
    fs::create_dir(place.path("app/other/.git")).unwrap();
    place.is_unsure("app/other", why);
    // What people sign is not code, and tells that the folder is meant.
    fs::remove_dir(place.path("app/other/.git")).unwrap();
    place.git("app", &["add", "-f", "other/c.ts"]);
    place.commit("app");
    assert_eq!(told(&place.path("app/other"), &["c.ts"]).dirty, Some(false));
}

#[test]
fn a_repository_of_another_folder_tells_nothing_of_this_one() {
    let place = Place::new();
    place.write("copy/src/a.ts", "one\n");
    place.write("copy/b.ts", "two\n");
    place.write("app/b.ts", "three\n");
    let copy = place.path("copy");
    place.git("app", &["config", "core.worktree", copy.to_str().unwrap()]);
    assert_eq!(place.git("app", &["status", "--porcelain", "-uno"]), "");
    place.is_unsure("app", "outside repository");
}

#[test]
fn submodules_are_code_at_every_depth() {
    for (changed, ignored_in) in [("app/lib", "app"), ("app/lib/deep", "app/lib")] {
        let place = Place::new();
        place.nested();
        place.is_clean("app");
        let file = format!("{changed}/b.ts");
        place.write(&file, "three\n");
        place.is_dirty("app", "lib");
        let name = Path::new(changed).file_name().unwrap().to_string_lossy();
        place.git(
            ignored_in,
            &["config", &format!("submodule.{name}.ignore"), "all"],
        );
        place.git(ignored_in, &["config", "diff.ignoreSubmodules", "all"]);
        place.is_dirty("app", "lib");
        place.write(&file, "two\n");
        place.is_clean("app");
        // Its commit is another one.
        place.git(changed, &["commit", "-q", "--allow-empty", "-m", "other"]);
        place.is_dirty("app", "lib");
        place.git(changed, &["reset", "-q", "--hard", "HEAD^"]);
        place.is_clean("app");
        place.git(changed, &["update-index", "--assume-unchanged", "b.ts"]);
        place.is_unsure("app", "submodule lib: ");
    }
}

#[test]
fn a_submodule_that_is_not_there_is_left_out() {
    let place = Place::new();
    place.nested();
    place.git("", &["clone", "-q", "app", "clone"]);
    place.is_clean("clone");
    place.git("clone", &["submodule", "--quiet", "update", "--init"]);
    place.is_clean("clone");
    fs::remove_dir_all(place.path("clone/lib")).unwrap();
    place.git("clone", &["submodule", "--quiet", "deinit", "-f", "lib"]);
    place.is_clean("clone");
    place.write("clone/lib/b.ts", "by hand\n");
    place.is_unsure("clone", "submodule lib: files stand in its folder");
    // The repository around it says nothing of what stands in it.
    place.is_unsure("clone/lib", "git tracks no file");
    place.write("clone/lib/.git/HEAD", "nothing\n");
    place.is_unsure("clone", "lib");
}

#[test]
fn a_link_in_the_place_of_a_submodule_is_not_clean_and_why_is_told() {
    let place = Place::new();
    place.nested();
    fs::rename(place.path("app/lib"), place.path("moved")).unwrap();
    std::os::unix::fs::symlink("../moved", place.path("app/lib")).unwrap();
    // One git takes it for a change, another ends.
    let told = place.told("app");
    match told.dirty {
        Some(dirty) => assert!(dirty),
        None => assert!(told.unsure.unwrap().contains("lib")),
    }
}

#[test]
fn every_kind_of_checkout_is_told() {
    let place = Place::new();
    let commit = place.git("app", &["rev-parse", "HEAD"]);
    place.git("app", &["commit", "-q", "--allow-empty", "-m", "second"]);
    place.git("app", &["checkout", "-q", "--detach"]);
    place.is_clean("app");
    place.git("app", &["worktree", "add", "-q", "../linked", &commit]);
    place.is_clean("linked");
    assert_eq!(place.told("linked").commit.as_deref(), Some(&*commit));
    place.write("linked/b.ts", "three\n");
    place.is_dirty("linked", "b.ts");
    place.is_clean("app");
    let origin = format!("file://{}", place.path("app").display());
    place.git("", &["clone", "-q", "--depth=1", &origin, "shallow"]);
    place.is_clean("shallow");
    let unknown = Repository::changed_since(&place.path("shallow"), &commit, &[]);
    assert!(unknown.unwrap_err().contains("does not know the commit"));
}

#[test]
fn where_there_is_no_commit_none_is_told() {
    let place = Place::new();
    let nothing = Repository::default();
    place.write("none/b.ts", "two\n");
    assert_eq!(place.told("none"), nothing);
    assert!(
        place
            .changed("none")
            .unwrap_err()
            .contains("no git repository")
    );
    place.git("none", &["init", "-q"]);
    place.git("none", &["add", "-A"]);
    assert_eq!(place.told("none").commit, None);
    assert_ne!(place.told("none").dirty, Some(false));
    // The file that leads to the repository leads nowhere.
    fs::remove_dir_all(place.path("none/.git")).unwrap();
    place.write("none/.git", "gitdir: /nowhere\n");
    place.is_unsure("none", "/nowhere");
    place.git("", &["clone", "-q", "--bare", "app", "bare"]);
    assert_eq!(place.told("bare").dirty, None);
    assert!(place.changed("bare").is_err());
}
