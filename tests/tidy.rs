//! Holds the source to the house rules of `src/README.md`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !is_test(&path) {
                let text = fs::read_to_string(&path).unwrap();
                let name = path
                    .strip_prefix(env!("CARGO_MANIFEST_DIR"))
                    .unwrap()
                    .to_owned();
                found.push((name, text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// Unit tests in files of their own.
fn is_test(path: &Path) -> bool {
    let inside = path
        .strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(path);
    inside
        .iter()
        .any(|part| part == "tests.rs" || part == "tests")
}

/// The code of a file without its unit tests, which stand at its end, and without comments.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    body.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The layer of every room, read from the table in `src/README.md`.
fn layers() -> BTreeMap<String, u32> {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let layer = cells.next()?.parse().ok()?;
        let room = cells
            .next()?
            .trim_matches('`')
            .trim_end_matches(".rs")
            .trim_end_matches('/');
        Some((room.to_owned(), layer))
    });
    rows.collect()
}

/// The room that a file belongs to.
fn room(path: &Path) -> String {
    let mut parts = path
        .iter()
        .skip(1)
        .map(|part| part.to_string_lossy().into_owned());
    parts.next().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_depend_downward() {
    let layers = layers();
    let mut seen = BTreeSet::new();
    for (path, text) in sources() {
        let from = room(&path);
        if from == "main" || from == "lib" {
            continue;
        }
        seen.insert(from.clone());
        let layer = *layers
            .get(&from)
            .unwrap_or_else(|| panic!("{from} is not in the table of src/README.md"));
        let code = code(&text);
        let mut used: BTreeSet<String> = BTreeSet::new();
        for (start, _) in code.match_indices("crate::") {
            let rest = &code[start + 7..];
            if let Some(group) = rest.strip_prefix('{') {
                let names = group.split('}').next().unwrap_or_default().split(',');
                used.extend(names.map(|name| {
                    name.trim()
                        .split("::")
                        .next()
                        .unwrap_or_default()
                        .to_owned()
                }));
            } else {
                used.insert(
                    rest.chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect(),
                );
            }
        }
        for to in used.into_iter().filter(|to| !to.is_empty() && *to != from) {
            let Some(below) = layers.get(&to) else {
                panic!("{}: crate::{to} is no room", path.display())
            };
            assert!(
                *below < layer,
                "{}: {from} ({layer}) uses {to} ({below})",
                path.display()
            );
        }
    }
    let known: BTreeSet<_> = layers.into_keys().collect();
    assert_eq!(seen, known, "the table and the folders differ");
}

#[test]
fn only_the_right_rooms_touch_the_world() {
    let allowed = |path: &Path, places: &[&str]| places.iter().any(|place| path.starts_with(place));
    let rules: &[(&str, &[&str], &[&str])] = &[
        (
            "sockets",
            &[
                "TcpStream::connect",
                "UdpSocket",
                "reqwest::Client",
                "mongodb::Client",
                "connect_async",
                "AsyncSmtpTransport",
                "AsyncSmtpConnection::connect",
                "TcpListener",
            ],
            &["src/probe/transport", "src/sandbox"],
        ),
        (
            "the socket of ssh-agent",
            &[
                "UnixStream",
                "UnixListener",
                "UnixDatagram",
                "ssh_agent_client_rs",
            ],
            &["src/attest/agent.rs"],
        ),
        (
            "time",
            &["Instant::now()", "SystemTime::now()", "Timestamp::now()"],
            &["src/clock.rs"],
        ),
        (
            "processes",
            &["Command::new"],
            &[
                "src/probe/exec",
                "src/evidence/repository.rs",
                "src/attest/keygen.rs",
            ],
        ),
        (
            "files",
            &["std::fs::", "tokio::fs::", "File::open", "OpenOptions"],
            &[
                "src/settings",
                "src/evidence",
                "src/catalog",
                "src/attest/file.rs",
                "src/document",
                "src/cli",
                "src/sandbox",
                "src/probe/advisories",
                "src/probe/file",
                "src/probe/environment",
                "src/probe/exec",
                "src/probe/packages",
                "src/probe/history",
            ],
        ),
        ("the environment", &["env::var"], &["src/settings"]),
    ];
    for (path, text) in sources() {
        let code = code(&text);
        for (what, words, places) in rules {
            for word in words.iter().filter(|word| code.contains(*word)) {
                assert!(
                    allowed(&path, places),
                    "{}: {word} touches {what}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn files_say_what_they_are_for_and_stay_readable() {
    for (path, text) in sources() {
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") && first.len() > 20,
            "{}: begin with one //! sentence",
            path.display()
        );
        let lines = text.lines().count();
        assert!(
            lines <= 450,
            "{}: {lines} lines; is it two things?",
            path.display()
        );
    }
}

#[test]
fn no_probe_is_forgotten() {
    let registry =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/probe/mod.rs")).unwrap();
    let modules: BTreeSet<_> = registry
        .lines()
        .map(|line| line.trim().trim_start_matches("pub "))
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        // What probes share.
        .filter(|name| !["contract", "ladder", "scratch", "site", "transport"].contains(name))
        .collect();
    let listed: BTreeSet<_> = holdpoint::probe::PROBES
        .iter()
        .map(|probe| probe.spec().name)
        .collect();
    assert_eq!(modules, listed);
}

#[test]
fn one_tls_stack() {
    let lock =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    for name in ["openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys"] {
        assert!(
            !lock.contains(&format!("name = \"{name}\"")),
            "{name} came into the tree"
        );
    }
}
