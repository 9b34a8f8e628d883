use super::*;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::time::Duration;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("DOC.md");
    std::fs::write(&path, "old\n").unwrap();
    (folder, path)
}

fn opened(path: &Path) -> Opened {
    open(path, "docs/DOC.md").unwrap()
}

/// What a refusal says; the file must be as it was, and nothing stand beside it.
#[track_caller]
fn refused(path: &Path, fault: &Fault, kind: FaultKind, texts: &[&str]) {
    let said = fault.to_string();
    assert_eq!(fault.kind, kind, "{said}");
    for text in ["docs/DOC.md", "help"].iter().chain(texts) {
        assert!(said.contains(text), "{text}: {said}");
    }
    alone(path);
}

#[track_caller]
fn alone(path: &Path) {
    let beside = std::fs::read_dir(folder_of(path)).unwrap();
    let hidden = beside.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(".holdpoint-")
    });
    assert_eq!(hidden.count(), 0, "something half-written was left");
}

#[test]
fn a_text_is_replaced_and_the_file_keeps_its_mode() {
    let (_folder, path) = folder();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    replace(&opened(&path), "new\r\n\u{FEFF}é").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\r\n\u{FEFF}é");
    let about = std::fs::metadata(&path).unwrap();
    assert_eq!(about.permissions().mode() & 0o7777, 0o640);
    alone(&path);
}

#[test]
fn the_same_text_is_not_written() {
    let (_folder, path) = folder();
    let before = std::fs::metadata(&path).unwrap().ino();
    replace(&opened(&path), "old\n").unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().ino(), before);
}

#[test]
fn an_owner_is_kept_where_that_is_allowed() {
    let (_folder, path) = folder();
    // Only root can give a file away to try it.
    if std::os::unix::fs::chown(&path, Some(4321), Some(4321)).is_err() {
        return;
    }
    replace(&opened(&path), "new\n").unwrap();
    let about = std::fs::metadata(&path).unwrap();
    assert_eq!((about.uid(), about.gid()), (4321, 4321));
}

#[test]
fn links_and_devices_stay_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let [file, link, null] = ["file", "link", "null"].map(|name| folder.path().join(name));
    std::fs::write(&file, "old").unwrap();
    symlink("file", &link).unwrap();
    symlink("/dev/null", &null).unwrap();
    overwrite(&link, b"new").unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"new");
    overwrite(&null, b"new").unwrap();
    replace(&opened(&link), "newer").unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"newer");
    assert!(link.is_symlink() && null.is_symlink());
    let device = std::fs::metadata("/dev/null").unwrap().file_type();
    assert!(device.is_char_device());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn what_is_no_text_file_is_refused() {
    let (folder, path) = folder();
    let fault = |path: &Path| open(path, "docs/DOC.md").unwrap_err();
    refused(
        &path,
        &fault(folder.path()),
        FaultKind::Unreadable,
        &["is a folder"],
    );
    refused(
        &path,
        &fault(Path::new("/dev/zero")),
        FaultKind::Unreadable,
        &["no regular file"],
    );
    let missing = folder.path().join("missing");
    refused(
        &path,
        &fault(&missing),
        FaultKind::Missing,
        &["there is no"],
    );
    symlink("nowhere", &missing).unwrap();
    refused(
        &path,
        &fault(&missing),
        FaultKind::Missing,
        &["leads nowhere"],
    );
    std::fs::write(&path, b"one\ntwo\xFFthree").unwrap();
    refused(
        &path,
        &fault(&path),
        FaultKind::Unreadable,
        &["DOC.md:2", "byte offset 7", "save it as UTF-8"],
    );
    std::fs::write(&path, b"\xFF\xFEa\0").unwrap();
    refused(
        &path,
        &fault(&path),
        FaultKind::Unreadable,
        &["DOC.md:1", "byte offset 0", "UTF-16"],
    );
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(LARGEST + 1)
        .unwrap();
    refused(
        &path,
        &fault(&path),
        FaultKind::Unreadable,
        &["larger than 16 MiB"],
    );
}

#[test]
fn a_protected_file_is_left_alone() {
    let (folder, path) = folder();
    let document = opened(&path);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    let fault = replace(&document, "new\n").unwrap_err();
    refused(
        &path,
        &fault,
        FaultKind::Protected,
        &["read-only", "chmod u+w"],
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::hard_link(&path, folder.path().join("other")).unwrap();
    let fault = replace(&document, "new\n").unwrap_err();
    refused(&path, &fault, FaultKind::Protected, &["one of 2 names"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\n");
}

#[test]
fn what_somebody_else_wrote_is_not_lost() {
    let (_folder, path) = folder();
    let document = opened(&path);
    std::fs::write(&path, "edited\n").unwrap();
    let fault = replace(&document, "new\n").unwrap_err();
    refused(&path, &fault, FaultKind::Changed, &["run the same again"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "edited\n");
    // Taken away and put back by an editor, with the same text: nothing is lost.
    std::fs::remove_file(&path).unwrap();
    let fault = replace(&document, "new\n").unwrap_err();
    refused(&path, &fault, FaultKind::Missing, &["there is no"]);
    std::fs::write(&path, "old\n").unwrap();
    replace(&document, "new\n").unwrap();
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let (_folder, path) = folder();
    let about = std::fs::metadata(&path).unwrap();
    let half = |file: &mut File, bytes: &[u8]| {
        file.write_all(&bytes[..bytes.len() / 2])?;
        Err(Error::from(ErrorKind::StorageFull))
    };
    let error = Beside::write(&path, b"new text\n", Some(&about), half).unwrap_err();
    let fault = Fault::unwritten("docs/DOC.md", &error);
    refused(
        &path,
        &fault,
        FaultKind::Unwritten,
        &["nothing was changed", "make room"],
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\n");
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let (folder, path) = folder();
    let document = opened(&path);
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let written = replace(&document, "new\n");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    // Root may write anywhere, so there is nothing to refuse.
    if let Err(fault) = written {
        refused(
            &path,
            &fault,
            FaultKind::Unwritten,
            &["folder must be writable"],
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\n");
    }
    // Nobody may write here.
    if let Ok(status) = open(Path::new("/proc/self/comm"), "docs/DOC.md") {
        let fault = replace(&status, "new\n").unwrap_err();
        refused(&path, &fault, FaultKind::Unwritten, &["cannot write"]);
    }
}

#[test]
fn a_new_file_takes_no_other_ones_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/DOC.md");
    create(&path, "docs/DOC.md", "new\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
    assert_eq!(std::fs::metadata(&path).unwrap().nlink(), 1);
    let fault = create(&path, "docs/DOC.md", "newer\n").unwrap_err();
    refused(&path, &fault, FaultKind::Changed, &[]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
    let below = path.join("DOC.md");
    let fault = create(&below, "docs/DOC.md", "new\n").unwrap_err();
    refused(&path, &fault, FaultKind::Unwritten, &[]);
}

#[test]
fn one_writes_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = Lock::take(folder.path()).unwrap();
    let fault = Lock::take_within(folder.path(), Duration::from_millis(30)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Busy);
    assert!(
        fault.to_string().contains(".holdpoint/documents/.lock"),
        "{fault}"
    );
    // Who waits gets it when it is free.
    let root = folder.path().to_owned();
    let waiting = std::thread::spawn(move || Lock::take(&root).is_ok());
    drop(first);
    assert!(waiting.join().unwrap());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let fault = Lock::take(&file).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unwritten);
}
