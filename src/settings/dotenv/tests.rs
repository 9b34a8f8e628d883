//! Tests of loading environment files.

use super::*;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn file(path: &str, text: &str) -> EnvFile {
    EnvFile {
        path: path.into(),
        text: text.into(),
    }
}

fn process(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

#[test]
fn the_strongest_wins_and_the_others_are_kept() {
    let files = [
        file(".env.local", "A=1\nA=2\n"),
        file(".env", "\nA=3\nB=4\nP=5\n"),
    ];
    let loaded = load(&files, &process(&[("P", "0")]));
    let a = loaded.environment.get("A").unwrap();
    assert_eq!(
        (a.value.as_str(), a.origin.to_string().as_str()),
        ("2", ".env.local:2")
    );
    let shadowed: Vec<_> = a.shadowed.iter().map(ToString::to_string).collect();
    assert_eq!(shadowed, [".env.local:1", ".env:2"]);
    let p = loaded.environment.get("P").unwrap();
    assert_eq!(
        (p.value.as_str(), &p.origin),
        ("0", &VariableOrigin::Process)
    );
    assert_eq!(
        p.shadowed
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [".env:4"]
    );
    assert_eq!(loaded.environment.files, [".env.local", ".env"]);
}

#[test]
fn raw_and_expanded_are_both_kept() {
    let loaded = load(
        &[file(
            ".env",
            "HOST=h\nURL='https://$HOST'\nDB_PASSWORD=\"p\\$x\"",
        )],
        &process(&[]),
    );
    let url = loaded.environment.get("URL").unwrap();
    assert_eq!(
        (url.raw.as_str(), url.value.as_str(), url.secret),
        ("https://$HOST", "https://h", false)
    );
    let password = loaded.environment.get("DB_PASSWORD").unwrap();
    assert_eq!(
        (
            password.raw.as_str(),
            password.value.as_str(),
            password.secret
        ),
        ("p\\$x", "p$x", true)
    );
}

#[test]
fn given_files_win_over_the_process_and_later_over_earlier() {
    let files = [file("a.env", "A=1\nB=1\n"), file("b.env", "B=2\n")];
    let loaded = load_given(&files, &process(&[("A", "0"), ("C", "0")]));
    let of = |name: &str| loaded.environment.get(name).unwrap().clone();
    assert_eq!(
        (of("A").value, of("B").value, of("C").value),
        ("1".into(), "2".into(), "0".into())
    );
    assert_eq!(of("A").shadowed, [VariableOrigin::Process]);
    assert_eq!(of("B").origin.to_string(), "b.env:1");
}

#[test]
fn a_file_that_leads_back_to_itself_is_left_out() {
    let files = [
        file(".env.local", "OK=1\nLOOP=$LOOP\n"),
        file(".env", "OK=2\n"),
    ];
    let loaded = load(&files, &process(&[]));
    assert_eq!(loaded.environment.get("OK").unwrap().value, "2");
    assert_eq!(loaded.environment.get("LOOP"), None);
    let warning = loaded.warnings[0].to_string();
    assert!(
        warning.contains(".env.local:2:1") && warning.contains("leaves the whole file out"),
        "{warning}"
    );
}

#[test]
fn files_are_those_of_the_mode() {
    assert_eq!(
        names_for("production"),
        [
            ".env.production.local",
            ".env.local",
            ".env.production",
            ".env"
        ]
    );
    assert_eq!(names_for("test"), [".env.test.local", ".env.test", ".env"]);
}

#[test]
fn reads_what_is_there_and_reports_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), b"A=\xff\n").unwrap();
    std::fs::create_dir(folder.path().join(".env.local")).unwrap();
    let files = read_detected(folder.path(), "production").unwrap();
    assert_eq!(files, [file(".env", "A=\u{FFFD}\n")]);
    let paths = [
        PathBuf::from(".env"),
        PathBuf::from("none.env"),
        PathBuf::from(".env.local"),
    ];
    let problems = read_given(folder.path(), folder.path(), &paths).unwrap_err();
    assert_eq!(problems.len(), 2);
    assert!(problems[0].message.contains("none.env"), "{}", problems[0]);
}

#[test]
fn named_files_are_called_so_that_they_are_found_from_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().canonicalize().unwrap();
    let root = here.join("app");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("a.env"), "A=1").unwrap();
    std::fs::write(here.join("b.env"), "A=1").unwrap();
    let called = |base: &Path, path: &str| {
        let files = read_given(&root, base, &[PathBuf::from(path)]).unwrap();
        files[0].path.clone()
    };
    assert_eq!(called(&root, "a.env"), "a.env");
    assert_eq!(called(&root, "../b.env"), "../b.env");
    // From a shell that stands elsewhere.
    assert_eq!(called(&here, "app/a.env"), "a.env");
    assert_eq!(called(&here, "b.env"), here.join("b.env").to_string_lossy());
}

proptest! {
    #[test]
    fn no_text_panics(text in "([A-C$:={}\"'`#\\\\ \n\r]|\\PC){0,60}") {
        let loaded = load(&[file(".env", &text)], &process(&[("A", "$B")]));
        for entry in parse(&text) {
            prop_assert_eq!(&text[entry.span.clone()], entry.name.as_str());
        }
        let _ = loaded.warnings.iter().map(ToString::to_string).count();
    }
}
