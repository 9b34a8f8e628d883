//! One audit of an origin at a time on this machine: a file that is locked from the first active look to the end of the run.

use crate::clock;
use crate::diagnostic::Diagnostic;
use crate::evidence::digest;
use crate::settings::user;
use regex::Regex;
use rustix::fs::OFlags;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What a run writes about itself. The file may hold anything, and this is shown.
static BY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^run [0-9A-Za-z_.-]{1,80} \(process [0-9]{1,10}\) since [0-9: -]{19} UTC$")
        .expect("the pattern is constant")
});

/// The turn of this run's active looks at the target. The system gives it back when the process ends, however it
/// ends.
#[derive(Debug)]
pub(super) struct AuditTurn {
    file: File,
    path: PathBuf,
}

/// Why the turn was not had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoTurn {
    /// Another run has it: which one, as far as it says so.
    Taken {
        /// The target's origin.
        origin: String,
        /// `run … (process …) since …`
        by: String,
    },
    /// The file cannot be made or locked.
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
}

impl AuditTurn {
    /// Takes the turn at an origin for a run, or says who has it. Its file is kept in the first of the folders that
    /// can be used.
    ///
    /// # Errors
    /// Another run has it, or no folder can be used.
    pub(super) fn take(folders: &[PathBuf], origin: &str, run: &str) -> Result<Self, NoTurn> {
        let mut last = NoTurn::Unusable {
            path: PathBuf::new(),
            cause: "no folder is named".into(),
        };
        for folder in folders {
            match Self::take_in(folder, origin, run) {
                Err(unusable @ NoTurn::Unusable { .. }) => last = unusable,
                told => return told,
            }
        }
        Err(last)
    }

    fn take_in(folder: &Path, origin: &str, run: &str) -> Result<Self, NoTurn> {
        let digest = digest(origin.as_bytes());
        let path = folder.join(format!("{}.lock", digest.replace(':', "-")));
        let unusable = |error: std::io::Error| NoTurn::Unusable {
            path: path.clone(),
            cause: error.to_string(),
        };
        own_folder(folder).map_err(unusable)?;
        loop {
            let mut file = open(&path).map_err(unusable)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut by = String::new();
                    let _ = (&file).take(200).read_to_string(&mut by);
                    return Err(NoTurn::Taken {
                        origin: origin.to_owned(),
                        by: match BY.is_match(by.trim()) {
                            true => by.trim().into(),
                            false => "another run".into(),
                        },
                    });
                }
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
            }
            // The run that had it may have taken the file away in between; then nobody else would see this lock.
            let same = std::fs::metadata(&path).is_ok_and(|there| {
                file.metadata()
                    .is_ok_and(|here| (here.dev(), here.ino()) == (there.dev(), there.ino()))
            });
            if same {
                let now = clock::now().strftime("%Y-%m-%d %H:%M:%S UTC");
                let by = format!("run {run} (process {}) since {now}", std::process::id());
                // Who has it is a courtesy; the lock holds without.
                let _ = file
                    .set_len(0)
                    .and_then(|()| file.rewind())
                    .and_then(|()| file.write_all(by.as_bytes()));
                return Ok(Self { file, path });
            }
        }
    }
}

/// Makes the folder where it is not there. One that others could write to, or that leads elsewhere, is not used: who
/// plants a file there could have this run write into another.
fn own_folder(folder: &Path) -> io::Result<()> {
    if let Some(above) = folder.parent() {
        std::fs::create_dir_all(above)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = std::fs::symlink_metadata(folder)?;
    match found.is_dir() && found.uid() == user() && found.mode() & 0o022 == 0 {
        true => Ok(()),
        false => Err(io::Error::other(
            "it is no folder of this user's own that nobody else can write to",
        )),
    }
}

/// Opens the file as it is; it is emptied only once its lock is held.
fn open(path: &Path) -> io::Result<File> {
    let nofollow = i32::try_from(OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nofollow)
        .open(path)?;
    let found = file.metadata()?;
    match found.is_file() && found.uid() == user() {
        true => Ok(file),
        false => Err(io::Error::other("it is no file of this user's own")),
    }
}

impl From<NoTurn> for Diagnostic {
    fn from(refusal: NoTurn) -> Self {
        match refusal {
        NoTurn::Taken { origin, by } => {
            Self::new(format!("another audit of {origin} is under way: {by}")).help(
                "two would measure each other: wait for it to end, or end it; --level live looks without active checks",
            )
        }
        NoTurn::Unusable { path, cause } => Self::new(format!(
            "that no other audit of the target is under way cannot be made sure of: {}: {cause}",
            path.display()
        ))
        .help("name a folder that can be written in XDG_STATE_HOME or TMPDIR"),
    }
    }
}

impl Drop for AuditTurn {
    fn drop(&mut self) {
        // First the file, then the lock: in the other order another run's file would be taken away.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_at_a_time_and_each_origin_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("turns");
        let take = |origin, run| AuditTurn::take_in(&folder, origin, run);
        let first = take("https://a.example:443", "r-1").unwrap();
        let refused = take("https://a.example:443", "r-2").unwrap_err();
        let NoTurn::Taken { origin, by } = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(origin, "https://a.example:443");
        assert!(
            by.starts_with("run r-1 (process ") && by.contains(") since 2"),
            "{by}"
        );
        let other = take("https://b.example:443", "r-2").unwrap();
        drop(first);
        let again = take("https://a.example:443", "r-2").unwrap();
        drop((again, other));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn many_at_once_never_overlap() {
        use std::sync::atomic::{AtomicU32, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let (inside, had) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while had.load(Ordering::SeqCst) < 200 {
                        if let Ok(turn) =
                            AuditTurn::take_in(folder.path(), "https://a.example", "r")
                        {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            had.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                            drop(turn);
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn what_others_planted_is_not_used() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let held = tempfile::tempdir().unwrap();
        let take = |folder: &Path| AuditTurn::take_in(folder, "https://a.example", "r-1");
        let folder = held.path().join("turns");
        drop(take(&folder).unwrap());
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        // A link in place of the file, and one in place of the folder.
        let victim = held.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        let name = digest(b"https://a.example").replace(':', "-");
        let lock = folder.join(format!("{name}.lock"));
        symlink(&victim, &lock).unwrap();
        assert!(matches!(take(&folder), Err(NoTurn::Unusable { .. })));
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
        std::fs::remove_file(&lock).unwrap();
        let link = held.path().join("link");
        symlink(&folder, &link).unwrap();
        assert!(matches!(take(&link), Err(NoTurn::Unusable { .. })));
        let open = held.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(take(&open), Err(NoTurn::Unusable { .. })));
    }

    #[test]
    fn only_what_a_run_writes_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let turn = AuditTurn::take_in(folder.path(), "https://a.example", "r-1").unwrap();
        std::fs::write(&turn.path, "\u{1b}[2Jsurprise").unwrap();
        let refused = AuditTurn::take_in(folder.path(), "https://a.example", "r-2").unwrap_err();
        assert!(matches!(refused, NoTurn::Taken { by, .. } if by == "another run"));
    }

    #[test]
    fn the_first_folder_that_can_be_used_is_used() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let broken = file.path().join("x");
        let folder = tempfile::tempdir().unwrap();
        let folders = [broken.clone(), folder.path().to_owned()];
        let turn = AuditTurn::take(&folders, "https://a.example", "r").unwrap();
        assert!(turn.path.starts_with(folder.path()));
        let refused = AuditTurn::take(&folders[..1], "https://a.example", "r");
        assert!(matches!(refused, Err(NoTurn::Unusable { path, .. }) if path.starts_with(&broken)));
    }
}
