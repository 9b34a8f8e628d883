//! `holdpoint keys`: what is made goes where it was told to, and nowhere else.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use support::{holdpoint, write};

fn keys(root: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let outcome = holdpoint(["keys"].iter().chain(arguments))
        .within(root)
        .run()
        .expect_code(code);
    (outcome.stdout, outcome.stderr)
}

/// The value that a file sets.
fn value(text: &str, name: &str) -> String {
    let start = format!("{name}=");
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(&start));
    let value = lines
        .next()
        .unwrap_or_else(|| panic!("{name} is not in {text}"));
    assert_eq!(lines.next(), None, "{name} is set once");
    value.to_owned()
}

fn expect_pair(text: &str) {
    let public = value(text, "NEXT_PUBLIC_VAPID_PUBLIC_KEY");
    let private = value(text, "VAPID_PRIVATE_KEY");
    assert_eq!((public.len(), private.len()), (87, 43));
    let scalar = URL_SAFE_NO_PAD.decode(&private).unwrap();
    let key = p256::ecdsa::SigningKey::from_slice(&scalar).unwrap();
    let point = key.verifying_key().to_encoded_point(false);
    assert_eq!(URL_SAFE_NO_PAD.encode(point.as_bytes()), public);
}

#[test]
fn without_a_place_only_the_public_half_is_shown() {
    let root = tempfile::tempdir().unwrap();
    let (out, err) = keys(root.path(), &["vapid"], 0);
    assert_eq!(out.trim_end().len(), 87, "{out}");
    assert!(out.starts_with('B') && out.ends_with('\n'));
    assert!(
        err.contains("--write FILE") && err.contains("--stdout"),
        "{err}"
    );
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    let (again, err) = keys(root.path(), &["vapid", "--quiet"], 0);
    assert_ne!(out, again);
    assert_eq!(err, "");

    let (out, err) = keys(root.path(), &["secret"], 2);
    assert_eq!(out, "");
    assert!(
        err.contains("--write FILE") && err.contains("--stdout"),
        "{err}"
    );
}

#[test]
fn a_pipe_gets_everything_it_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let (out, err) = keys(root.path(), &["vapid", "--stdout"], 0);
    expect_pair(&out);
    assert_eq!(err, "");
    let (out, err) = keys(root.path(), &["secret", "--stdout"], 0);
    assert_eq!(STANDARD.decode(out.trim_end()).unwrap().len(), 32);
    assert_eq!(err, "");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_new_file_is_for_its_owner_alone() {
    let root = tempfile::tempdir().unwrap();
    let (out, err) = keys(root.path(), &["vapid", "--write", ".env.push"], 0);
    let path = root.path().join(".env.push");
    let text = fs::read_to_string(&path).unwrap();
    expect_pair(&text);
    assert!(text.contains("# VAPID_SUBJECT=mailto:"), "{text}");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        out.contains(&value(&text, "NEXT_PUBLIC_VAPID_PUBLIC_KEY")),
        "{out}"
    );
    let private = value(&text, "VAPID_PRIVATE_KEY");
    assert!(!out.contains(&private) && !err.contains(&private));

    let (_, err) = keys(root.path(), &["vapid", "--write", ".env.push"], 2);
    assert!(
        err.contains("does not overwrite") && err.contains("--append"),
        "{err}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    symlink("elsewhere", root.path().join("link")).unwrap();
    keys(root.path(), &["secret", "--write", "link"], 2);
    keys(root.path(), &["secret", "--write", "missing/.env"], 2);
    assert!(!root.path().join("elsewhere").exists());
}

#[test]
fn lines_are_added_where_the_names_are_free() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(".env.local");
    let append = |what: &[&str], code| {
        keys(
            root.path(),
            &[what, &["--write", ".env.local", "--append"]].concat(),
            code,
        )
    };
    write(root.path(), ".env.local", "A=1\n# VAPID_PRIVATE_KEY=\nB=2");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let (_, err) = append(&["vapid", "--public-name", "VAPID_PUBLIC_KEY"], 0);
    assert!(err.contains("chmod 600 .env.local"), "{err}");
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("A=1\n# VAPID_PRIVATE_KEY=\nB=2\nVAPID_PUBLIC_KEY=B"),
        "{text}"
    );
    append(&["secret"], 0);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(value(&text, "NEXTAUTH_SECRET").len(), 44);

    let (_, err) = append(&["vapid"], 2);
    assert!(
        err.contains(".env.local:5 sets VAPID_PRIVATE_KEY already"),
        "{err}"
    );
    let (_, err) = append(&["secret"], 2);
    assert!(err.contains("NEXTAUTH_SECRET"), "{err}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    // A file that is not there yet is made.
    let (_, err) = keys(root.path(), &["secret", "--write", ".env", "--append"], 0);
    assert_eq!(err, "");
    assert!(root.path().join(".env").exists());
    // A folder is no environment file.
    fs::create_dir(root.path().join("folder")).unwrap();
    keys(root.path(), &["secret", "--write", "folder", "--append"], 2);
}

#[test]
fn wrong_arguments_are_refused_with_a_way_out() {
    let root = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str], word: &str| {
        let (out, err) = keys(root.path(), arguments, 2);
        assert!(err.contains(word), "{arguments:?}: {err}");
        assert_eq!(out, "");
    };
    refused(&[], "vapid");
    refused(&["vapid", "--append"], "--write");
    refused(
        &["vapid", "--stdout", "--write", "x"],
        "cannot be used with",
    );
    refused(&["secret", "--stdout", "--name", "A B"], "variable's name");
    refused(&["secret", "--stdout", "--name", "1A"], "variable's name");
    refused(&["rsa"], "--help");
}

#[test]
fn what_cannot_be_printed_is_no_success() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    for arguments in [&["vapid"][..], &["secret", "--stdout"]] {
        let program = env!("CARGO_BIN_EXE_holdpoint");
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = std::process::Command::new(program)
            .arg("keys")
            .args(arguments)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(5), "{arguments:?}");
    }
}

#[test]
fn help_and_completions_teach_it() {
    let help = holdpoint(["keys", "--help"]).run().expect_code(0).stdout;
    assert!(
        help.contains("vapid") && help.contains("--write .env.local --append"),
        "{help}"
    );
    let help = holdpoint(["keys", "vapid", "--help"])
        .run()
        .expect_code(0)
        .stdout;
    assert!(
        help.contains("every subscription must be renewed"),
        "{help}"
    );
    for shell in ["bash", "zsh", "fish"] {
        let script = holdpoint(["completions", shell])
            .run()
            .expect_code(0)
            .stdout;
        assert!(
            script.contains("vapid") && script.contains("append"),
            "{shell}"
        );
    }
}

#[test]
fn a_name_that_shows_the_wrong_half_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for (call, words) in [
        (
            ["vapid", "--public-name", "VAPID_PRIVATE_KEY"],
            "a name for a secret",
        ),
        (
            ["secret", "--name", "NEXT_PUBLIC_AUTH_SECRET"],
            "built into the pages",
        ),
    ] {
        let call: Vec<&str> = call.into_iter().chain(["--write", ".env"]).collect();
        let (_, said) = keys(root.path(), &call, 2);
        assert!(said.contains(words), "{said}");
        assert!(!root.path().join(".env").exists());
    }
}
