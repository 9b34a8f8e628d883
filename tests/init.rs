//! `init`, `plan`, `list` and `explain`: what a user asks before the first run, without a network.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use support::{holdpoint, write};
use tempfile::TempDir;

const CANARY: &str = "c4nary-init-Zq9w8x7";

/// A Next.js application with an address and a secret in its environment file.
fn application() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        "package.json",
        r#"{ "name": "shop", "dependencies": { "next": "15.0.0" } }"#,
    );
    write(
        root,
        ".env.local",
        &format!(
            "NEXTAUTH_URL=http://127.0.0.1:3999\nNEXTAUTH_SECRET={CANARY}\nGREETING={CANARY}-too\n"
        ),
    );
    folder
}

#[test]
fn init_writes_settings_that_plan_accepts_and_never_twice() {
    let folder = application();
    let root = folder.path();
    let path = root.join("holdpoint.toml");
    let outcome = holdpoint(["init"]).within(root).run().expect_code(0);
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains("name = \"shop\""), "{written}");
    assert!(written.contains("NEXTAUTH_URL"), "{written}");
    let comments = written.lines().filter(|line| line.starts_with('#'));
    assert!(comments.count() > 10, "{written}");
    for text in [&written, &outcome.stdout, &outcome.stderr] {
        assert!(!text.contains(CANARY) && !text.contains("3999"), "{text}");
    }
    let plan = holdpoint(["plan"]).within(root).run().expect_code(0);
    assert!(
        plan.stdout.contains("from holdpoint.toml:"),
        "{}",
        plan.stdout
    );
    assert!(!plan.stdout.contains(CANARY), "{}", plan.stdout);

    // The suite that it proposes selects something.
    let proposed = written
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line));
    let suite: Vec<&str> = proposed
        .skip_while(|line| *line != "[suites]")
        .take(2)
        .collect();
    fs::write(&path, suite.join("\n")).unwrap();
    let call = ["list", "nightly"];
    let listed = holdpoint(call).within(root).run().expect_code(0).stdout;
    assert!(listed.contains("certificate."), "{listed}");

    fs::write(&path, "# mine\n").unwrap();
    let outcome = holdpoint(["init"]).within(root).run().expect_code(2);
    assert!(
        outcome.stderr.contains("already there"),
        "{}",
        outcome.stderr
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n");
}

/// The line of `plan` that says where a setting comes from.
fn source(arguments: &[&str], variables: &[(&str, &str)], file: &str, setting: &str) -> String {
    let folder = application();
    if !file.is_empty() {
        write(folder.path(), "holdpoint.toml", file);
    }
    let mut call = holdpoint(["plan"].iter().chain(arguments)).within(folder.path());
    for (name, value) in variables {
        call = call.env(name, value);
    }
    let plan = call.run().expect_code(0).stdout;
    let prefix = format!("{setting} ");
    let line = plan
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with(&prefix));
    let words = line.unwrap_or_else(|| panic!("no {setting} in {plan}"));
    words
        .split_whitespace()
        .skip(1)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn plan_says_which_source_won() {
    let file = "[target]\nurl = \"http://127.0.0.1:3\"\nlevel = \"live\"\n";
    let argument: &[_] = &["--target", "http://127.0.0.1:1", "--level", "static"];
    let variables: &[_] = &[
        ("HOLDPOINT_TARGET", "http://127.0.0.1:2"),
        ("HOLDPOINT_LEVEL", "static"),
    ];
    let url = |arguments: &[&str], variables: &[(&str, &str)], file: &str| {
        source(arguments, variables, file, "target.url")
    };
    assert_eq!(
        url(argument, variables, file),
        "http://127.0.0.1:1/ from --target"
    );
    assert_eq!(
        url(&[], variables, file),
        "http://127.0.0.1:2/ from HOLDPOINT_TARGET"
    );
    assert_eq!(
        url(&[], &[], file),
        "http://127.0.0.1:3/ from holdpoint.toml:2"
    );
    assert_eq!(
        url(&[], &[], ""),
        "http://127.0.0.1:3999/ from .env.local:1 (NEXTAUTH_URL)"
    );
    let level = |arguments: &[&str], variables: &[(&str, &str)], file: &str| {
        source(arguments, variables, file, "level")
    };
    assert_eq!(level(argument, variables, file), "static from --level");
    assert_eq!(level(&[], variables, file), "static from HOLDPOINT_LEVEL");
    assert_eq!(level(&[], &[], file), "live from holdpoint.toml:3");
    assert_eq!(level(&[], &[], ""), "live from default");
}

#[test]
fn list_and_explain_know_the_users_checks_too() {
    let folder = application();
    let root = folder.path();
    write(
        root,
        ".holdpoint/checks/mine.toml",
        "id = \"shop.opens\"\ntitle = \"the shop opens\"\nwhy = \"a closed shop sells nothing\"\nseverity = \"high\"\nsuites = [\"shop\"]\n\
         [look]\nprobe = \"http\"\npath = \"/open\"\n\
         [[expect]]\nthat = \"status == 200\"\notherwise = \"the status is {status}\"\n\
         [remedy]\ntext = \"open it\"\n",
    );
    let list = holdpoint(["list"]).within(root).run().expect_code(0).stdout;
    for id in ["shop.opens", "site.answers", "environment.required-set"] {
        assert!(list.contains(id), "{list}");
    }
    let list = holdpoint(["list", "shop"])
        .within(root)
        .run()
        .expect_code(0)
        .stdout;
    assert!(
        list.contains("shop.opens") && !list.contains("site.answers"),
        "{list}"
    );
    let page = holdpoint(["explain", "shop.opens"])
        .within(root)
        .run()
        .expect_code(0)
        .stdout;
    for text in [
        "the shop opens",
        "a closed shop sells nothing",
        "status == 200",
        "open it",
        ".holdpoint/checks/mine.toml:1",
        "yours",
    ] {
        assert!(page.contains(text), "{page}");
    }
    let page = holdpoint(["explain", "http"])
        .within(root)
        .run()
        .expect_code(0)
        .stdout;
    assert!(page.contains("status"), "{page}");
    let outcome = holdpoint(["explain", "shop.open"])
        .within(root)
        .run()
        .expect_code(2);
    assert!(
        outcome.stderr.contains("did you mean 'shop.opens'?"),
        "{}",
        outcome.stderr
    );
}
