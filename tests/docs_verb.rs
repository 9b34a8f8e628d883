//! `docs` and `run --write` through the program: what it shows, what it writes, what it refuses.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use support::{Outcome, holdpoint, write};
use tempfile::TempDir;

const DOCUMENT: &str = "docs/RELEASE.md";
const TEXT: &str = "# Release\r\n\r\n- [ ] The manifest is there\r\n  - **Verified:** _____ (date/time)\r\n- [ ] Somebody was told\r\n- [ ] Backups <!-- holdpoint: shop.license -->\r\n";

/// A repository with a document, a map for it, and checks of two files of which one is there.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let check = |id: &str, file: &str| {
        format!(
            "id = \"shop.{id}\"\ntitle = \"{file} is there\"\nwhy = \"it is needed\"\nseverity = \"high\"\nlevel = \"static\"\nsuites = [\"shop\"]\n\
             [look]\nprobe = \"file\"\npath = \"{file}\"\n[[expect]]\nthat = \"exists\"\notherwise = \"it is not\"\n"
        )
    };
    let root = folder.path();
    write(
        root,
        ".holdpoint/checks/a.toml",
        &check("manifest", "package.json"),
    );
    write(
        root,
        ".holdpoint/checks/b.toml",
        &check("license", "LICENSE"),
    );
    write(root, "package.json", "{}");
    write(root, DOCUMENT, TEXT);
    write(
        root,
        "holdpoint.toml",
        &format!("[documents]\nrelease = \"{DOCUMENT}\"\n"),
    );
    write(
        root,
        ".holdpoint/maps/release.toml",
        "name = 'release'\ntitle = 'The release'\nfile = 'RELEASE.md'\n\
         [[item]]\nid = 'R1'\nunder = 'Release'\nitem = 'The manifest is there'\nruling = 'auto'\nchecks = ['shop.manifest']\n\
         [[item]]\nid = 'R2'\nunder = 'Release'\nitem = 'Somebody was told'\nruling = 'attest'\nperson = 'says whom'\n",
    );
    folder
}

fn call(root: &Path, arguments: &[&str], code: i32) -> Outcome {
    let outcome = holdpoint(arguments.iter().copied()).within(root).run();
    assert_eq!(
        outcome.code(),
        code,
        "{}\n{}",
        outcome.stdout,
        outcome.stderr
    );
    outcome
}

fn text(root: &Path) -> String {
    fs::read_to_string(root.join(DOCUMENT)).unwrap()
}

#[test]
fn a_run_says_what_would_change_and_docs_shows_checks_and_writes_it() {
    let folder = repository();
    let root = folder.path();
    let none = call(root, &["docs"], 2);
    assert!(none.stderr.contains("no record") && none.stderr.contains("holdpoint run"));
    let run = call(root, &["run", "shop"], 1);
    assert!(
        run.stderr.contains("document docs/RELEASE.md: 2 changes"),
        "{}",
        run.stderr
    );
    assert_eq!(text(root), TEXT, "a run writes only when told");
    let diff = call(root, &["docs"], 0);
    assert!(
        diff.stdout
            .starts_with("--- a/docs/RELEASE.md\n+++ b/docs/RELEASE.md\n")
    );
    assert!(
        diff.stdout.contains("-- [ ] The manifest is there\n")
            && diff.stdout.contains("+- [x] The manifest is there\n")
    );
    assert!(!diff.stdout.contains("+- [x] Backups"), "{}", diff.stdout);
    assert!(diff.stderr.contains("1 proved") && diff.stderr.contains("holdpoint docs --write"));
    assert_eq!(text(root), TEXT, "showing writes nothing");
    let stale = call(root, &["docs", "--check"], 5);
    assert_eq!(stale.stdout, "");
    call(root, &["docs", "--write"], 0);
    let written = text(root);
    assert!(
        written.starts_with("# Release\r\n\r\n- [x] The manifest is there\r\n  - **Verified:** 20")
    );
    assert!(
        written.matches('\n').count() == written.matches("\r\n").count(),
        "its own line ends"
    );
    assert!(root.join(".holdpoint/documents/release.json").is_file());
    call(root, &["docs", "--check"], 0);
    // Another run with the same results changes nothing.
    call(root, &["run", "shop", "--write"], 1);
    assert_eq!(text(root), written);
    let restored = call(root, &["docs", "--restore"], 0);
    assert!(restored.stderr.contains("docs/RELEASE.md"));
    assert_eq!(text(root), TEXT);
    call(root, &["docs", "--write"], 0);
    // The evidence is the second run's now, so the notes and perhaps the minute are others.
    let slots = "# Release\r\n\r\n- [x] The manifest is there\r\n  - **Verified:** 20";
    assert!(text(root).starts_with(slots), "{}", text(root));
    // What was behind a tick is gone.
    fs::remove_file(root.join("package.json")).unwrap();
    call(root, &["run", "shop", "--write"], 1);
    assert!(text(root).starts_with(
        "# Release\r\n\r\n- [ ] The manifest is there\r\n  - **Verified:** _____ (date/time)\r\n"
    ));
    assert_eq!(text(root), TEXT, "nothing is vouched for any more");
    assert!(!root.join(".holdpoint/documents/release.json").exists());
}

#[test]
fn what_people_state_is_written_while_it_lasts() {
    let folder = repository();
    let root = folder.path();
    call(root, &["run", "shop"], 1);
    let gaps = call(root, &["docs", "--gaps"], 0);
    assert!(
        gaps.stdout.contains("A person must state it") && gaps.stdout.contains("says whom"),
        "{}",
        gaps.stdout
    );
    let attest = [
        "attest",
        "release:R2",
        "--by",
        "the lead",
        "--statement",
        "all were told",
        "--evidence",
        "mail of Monday",
        "--until",
        "2999-12-31",
    ];
    call(root, &attest, 0);
    call(root, &["docs", "--write"], 0);
    let written = text(root);
    assert!(written.contains("- [x] Somebody was told"));
    assert!(
        written.contains("attested") && written.contains("the lead on"),
        "{written}"
    );
    let file = root.join(".holdpoint/attestations.toml");
    let ended = "[[attestation]]\nitem = 'release:R2'\nstatement = 's'\nby = 'b'\non = 2020-01-01\nevidence = 'e'\nuntil = 2020-12-31\n";
    fs::write(&file, ended).unwrap();
    call(root, &["docs", "--write"], 0);
    assert!(
        text(root).contains("- [ ] Somebody was told"),
        "what ended counts no more"
    );
}

#[test]
fn statements_about_gates_stand_beside_those_about_documents() {
    let folder = repository();
    let root = folder.path();
    call(root, &["run", "shop"], 1);
    let before = call(root, &["docs", "--gaps"], 0).stdout;
    let stated = |item: &str| {
        let text = format!(
            "[[attestation]]\nitem = '{item}'\nstatement = 's'\nby = 'b'\non = 2020-01-01\nevidence = 'e'\nuntil = 2999-12-31\n"
        );
        write(root, ".holdpoint/attestations.toml", &text);
    };
    stated("release:window");
    assert_eq!(call(root, &["docs", "--gaps"], 0).stdout, before);
    call(root, &["docs", "--write"], 0);
    assert!(text(root).contains("- [ ] Somebody was told"));
    stated("freeze:merges");
    let told = call(root, &["docs"], 2).stderr;
    assert!(
        told.contains("no criterion of a gate") && told.contains("attestations.toml:2:8"),
        "{told}"
    );
    write(
        root,
        ".holdpoint/gates.toml",
        "[[gate]]\nname = 'freeze'\ntitle = 't'\nowner = 'o'\n[[gate.criterion]]\nsays = 's'\nattested = 'merges'\n",
    );
    call(root, &["docs"], 0);
    // A document that has an item of the criterion's name leaves nobody to tell which is meant.
    write(
        root,
        ".holdpoint/maps/freeze.toml",
        "name = 'freeze'\ntitle = 't'\nfile = 'FREEZE.md'\n\
         [[item]]\nid = 'merges'\nunder = 'Release'\nruling = 'attest'\nperson = 'says'\n",
    );
    let told = call(root, &["docs"], 2).stderr;
    for words in [
        "'freeze:merges' would be both",
        ".holdpoint/gates.toml:7:12",
        "the item is in .holdpoint/maps/freeze.toml:",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn what_cannot_be_written_is_refused_and_left_as_it_was() {
    let folder = repository();
    let root = folder.path();
    call(root, &["run", "shop"], 1);
    let path = root.join(DOCUMENT);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let told = call(root, &["docs", "--write"], 5);
    assert!(told.stderr.contains("docs/RELEASE.md"), "{}", told.stderr);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(text(root), TEXT);
    let all = root.join(".holdpoint/documents");
    let kept: Vec<_> = fs::read_dir(&all)
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    assert!(kept.iter().all(|name| name == ".lock"), "{kept:?}");
    call(root, &["docs", "--write"], 0);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    // Not text.
    fs::write(&path, b"# Release\n\xff\n").unwrap();
    let told = call(root, &["docs"], 5);
    assert!(told.stderr.contains("UTF-8"), "{}", told.stderr);
}

#[test]
fn slips_in_maps_and_documents_are_told_with_their_place() {
    let folder = repository();
    let root = folder.path();
    call(root, &["run", "shop"], 1);
    let said = |change: &dyn Fn(), code: i32, words: &[&str]| {
        change();
        let told = call(root, &["docs", "--write"], code);
        for word in words {
            assert!(told.stderr.contains(word), "{word}: {}", told.stderr);
        }
    };
    let map = root.join(".holdpoint/maps/release.toml");
    let right = fs::read_to_string(&map).unwrap();
    said(
        &|| fs::write(&map, right.replace("shop.manifest", "shop.manifset")).unwrap(),
        2,
        &[
            "release.toml:9:",
            "shop.manifset",
            "did you mean 'shop.manifest'",
        ],
    );
    fs::write(&map, &right).unwrap();
    let document = root.join(DOCUMENT);
    said(
        &|| fs::write(&document, TEXT.replace("shop.license", "shop.licence")).unwrap(),
        5,
        &[
            "RELEASE.md:6:",
            "there is no check 'shop.licence'",
            "did you mean 'shop.license'",
        ],
    );
    said(
        &|| fs::write(&document, format!("{TEXT}- [ ] The manifest is there\n")).unwrap(),
        5,
        &["R1", "lines 3 and 7"],
    );
    said(
        &|| fs::write(&document, TEXT.replace("# Release", "# Releases")).unwrap(),
        0,
        &["The manifest is there (R1) stands under 'Releases' now"],
    );
    fs::write(&document, TEXT).unwrap();
    said(
        &|| {
            fs::write(
                &map,
                right.replace("The manifest is there", "A fence around the garden"),
            )
            .unwrap()
        },
        0,
        &["release.toml:5", "R1", "is not in docs/RELEASE.md"],
    );
    let told = call(root, &["docs", "releese"], 2);
    assert!(
        told.stderr.contains("did you mean 'release'"),
        "{}",
        told.stderr
    );
    let told = call(root, &["docs", "infrastructure"], 2);
    assert!(
        told.stderr.contains("[documents] infrastructure"),
        "{}",
        told.stderr
    );
}

#[test]
fn two_at_once_do_not_interleave() {
    let folder = repository();
    let root = folder.path();
    call(root, &["run", "shop"], 1);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let each: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| holdpoint(["docs", "--write"]).within(root).run()))
            .collect();
        each.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // Who came second either found the same text, or one that had changed since it was read.
    assert!(outcomes.iter().any(|one| one.code() == 0));
    for one in &outcomes {
        assert!(
            one.code() == 0 || (one.code() == 5 && one.stderr.contains("changed")),
            "{}",
            one.stderr
        );
    }
    call(root, &["docs", "--check"], 0);
    call(root, &["docs", "--restore"], 0);
    assert_eq!(text(root), TEXT);
}

#[test]
fn a_crash_between_document_and_memory_is_found_again() {
    let folder = repository();
    let root = folder.path();
    call(root, &["run", "shop"], 1);
    call(root, &["docs", "--write"], 0);
    let memory = root.join(".holdpoint/documents/release.json");
    let next = root.join(".holdpoint/documents/.release.next");
    // As if the program had ended after the document, and before what is remembered.
    let told = fs::read_to_string(&memory).unwrap();
    let digest = {
        use sha2::Digest as _;
        let bytes = sha2::Sha256::digest(fs::read(root.join(DOCUMENT)).unwrap());
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    fs::write(
        &next,
        format!("{{\"text_sha256\":\"{digest}\",\"memory\":{told}}}"),
    )
    .unwrap();
    fs::remove_file(&memory).unwrap();
    call(root, &["docs", "--check"], 0);
    assert!(next.exists(), "a look writes nothing");
    call(root, &["docs", "--write"], 0);
    assert_eq!(fs::read_to_string(&memory).unwrap(), told);
    assert!(!next.exists());
    // So that it is still known after people wrote on.
    let document = root.join(DOCUMENT);
    fs::write(&document, format!("Our words.\r\n\r\n{}", text(root))).unwrap();
    call(root, &["docs", "--restore"], 0);
    assert_eq!(text(root), format!("Our words.\r\n\r\n{TEXT}"));
    let nothing = call(root, &["docs", "--restore"], 0);
    assert!(nothing.stderr.contains("nothing to take out"));
}

#[test]
fn what_is_remembered_and_cannot_be_read_stops_everything_with_one_message() {
    let folder = repository();
    let root = folder.path();
    call(root, &["run", "shop"], 1);
    call(root, &["docs", "--write"], 0);
    let memory = root.join(".holdpoint/documents/release.json");
    let right = fs::read_to_string(&memory).unwrap();
    let written = text(root);
    let conflict = format!("<<<<<<< ours\n{right}=======\n{right}>>>>>>> theirs\n");
    for (wrong, said) in [
        (conflict, "expected value at line 1"),
        (String::new(), "EOF"),
        (
            right.replace("document/v1", "document/v9"),
            "holdpoint.document/v9",
        ),
        (
            right.replacen("\"pieces\": [", "\"pieces\": [\"\",", 1),
            "one piece more",
        ),
        (right.replacen("\"slots\"", "\"slot\"", 1), "slot"),
    ] {
        assert_ne!(wrong, right);
        fs::write(&memory, wrong).unwrap();
        for verb in ["--write", "--restore"] {
            let told = call(root, &["docs", verb], 5);
            assert!(
                told.stderr.contains("release.json") && told.stderr.contains(said),
                "{}",
                told.stderr
            );
            assert_eq!(told.stderr.matches("error").count(), 1, "{}", told.stderr);
        }
        assert_eq!(text(root), written);
    }
    // What does not fit the document is told, and nothing is written over.
    let elsewhere = right.replace("] The manifest is there", "] The manifest is here");
    assert_ne!(elsewhere, right);
    fs::write(&memory, elsewhere).unwrap();
    let told = call(root, &["docs", "--write"], 0);
    assert!(
        told.stderr.contains("has changed, and is left"),
        "{}",
        told.stderr
    );
    assert!(text(root).contains("- [x] The manifest is there"));
}

#[test]
fn two_maps_of_one_document_are_refused() {
    let folder = repository();
    let root = folder.path();
    call(root, &["run", "shop"], 1);
    let map = fs::read_to_string(root.join(".holdpoint/maps/release.toml")).unwrap();
    let other = map.replace("'release'", "'other'");
    fs::write(root.join(".holdpoint/maps/other.toml"), other).unwrap();
    let settings = format!("[documents]\nrelease = \"{DOCUMENT}\"\nother = \"{DOCUMENT}\"\n");
    fs::write(root.join("holdpoint.toml"), settings).unwrap();
    let told = call(root, &["docs", "--write"], 2);
    assert!(
        told.stderr.contains("two maps") && told.stderr.contains("other and release"),
        "{}",
        told.stderr
    );
    assert_eq!(text(root), TEXT);
    call(root, &["docs", "release", "--write"], 0);
}

#[test]
fn generated_documents_are_made_and_renewed_around_what_people_write() {
    let folder = repository();
    let root = folder.path();
    call(root, &["run", "shop"], 1);
    let name = "infrastructure-validation";
    let shown = call(root, &["docs", name], 0);
    assert!(
        shown
            .stdout
            .starts_with("--- /dev/null\n+++ b/docs/INFRASTRUCTURE_VALIDATION.md\n"),
        "{}",
        shown.stdout
    );
    call(root, &["docs", name, "--write"], 0);
    let path = root.join("docs/INFRASTRUCTURE_VALIDATION.md");
    let made = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("Our words.\n\n{made}\nMore words.\n")).unwrap();
    // It is renewed with all others now, and what people wrote around it stays.
    fs::remove_file(root.join("package.json")).unwrap();
    call(root, &["run", "shop", "--write"], 1);
    let renewed = fs::read_to_string(&path).unwrap();
    assert!(renewed.starts_with("Our words.\n\n") && renewed.ends_with("\nMore words.\n"));
    let edited = renewed.replacen("# Infra", "# Our infra", 1);
    assert_ne!(edited, renewed);
    fs::write(&path, edited).unwrap();
    let told = call(root, &["docs", "--write"], 5);
    assert!(
        told.stderr.contains("INFRASTRUCTURE_VALIDATION.md:"),
        "{}",
        told.stderr
    );
}
