//! The packages probe against lockfiles of our own and those of real applications.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::model::{Facts, HindranceKind};
use serde_json::{Value, json};
use std::path::Path;
use support::looking::Looking;
use support::peers::fetched;
use support::write;
use tempfile::TempDir;

/// An application with these entries of a lockfile.
fn application(entries: Value) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let manifest =
        json!({ "dependencies": { "a": "^1.0.0" }, "devDependencies": { "t": "^1.0.0" } });
    let mut packages = entries;
    packages[""] = manifest.clone();
    let lock = json!({ "lockfileVersion": 3, "packages": packages });
    write(folder.path(), "package.json", &manifest.to_string());
    write(folder.path(), "package-lock.json", &lock.to_string());
    folder
}

/// An entry that is as it should be.
fn entry(name: &str, licence: &str) -> Value {
    json!({ "version": "1.0.0", "resolved": format!("https://registry.npmjs.org/{name}/-/{name}-1.0.0.tgz"),
        "integrity": "sha512-aa==", "license": licence })
}

async fn look(root: &Path, parameters: Value) -> Facts {
    Looking::at("packages").below(root).facts(parameters).await
}

fn names(list: &Value) -> Vec<&str> {
    let entries = list.as_array().unwrap().iter();
    let mut names: Vec<_> = entries.map(|it| it["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_lockfile_as_it_should_be() {
    let folder = application(
        json!({ "node_modules/a": entry("a", "MIT"), "node_modules/t": entry("t", "ISC") }),
    );
    let facts = look(folder.path(), json!({})).await;
    for list in ["elsewhere", "unsealed", "weak", "differences"] {
        assert_eq!(facts[list], json!([]), "{list}");
    }
    for list in ["refused", "copyleft", "unclear", "unseen", "development"] {
        assert_eq!(facts["licences"][list], json!([]), "{list}");
    }
    assert_eq!(facts["licences"]["counts"], json!({ "ISC": 1, "MIT": 1 }));
    assert_eq!(
        (&facts["manager"], &facts["format"]),
        (&json!("npm"), &json!("3"))
    );
}

#[tokio::test]
async fn entries_from_elsewhere_and_without_a_checksum() {
    let of = |resolved: &str, integrity: &str| {
        let mut entry = entry("a", "MIT");
        entry["resolved"] = resolved.into();
        entry["integrity"] = integrity.into();
        entry
    };
    let registry = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";
    let folder = application(json!({
        "node_modules/a": of(registry, "sha512-aa=="),
        "node_modules/git": of("git+ssh://git@github.com/x/git.git#0123456", ""),
        "node_modules/plain": of("http://registry.npmjs.org/plain/-/plain-1.0.0.tgz", "sha512-aa=="),
        "node_modules/foreign": of("https://registry.evil.test/foreign/-/foreign-1.0.0.tgz", "sha512-aa=="),
        "node_modules/own": of("https://npm.acme.test/own/-/own-1.0.0.tgz", "sha512-aa=="),
        "node_modules/archive": of("https://user:t0ken@files.test/archive.tgz?key=t0ken", "sha512-aa=="),
        "node_modules/file": of("file:vendor/file.tgz", "sha512-aa=="),
        "node_modules/unsealed": of(registry, ""),
        "node_modules/weak": of(registry, "sha1-aa="),
        "node_modules/both": of(registry, "sha1-aa= sha512-aa=="),
        "node_modules/a/node_modules/inside": { "version": "1.0.0", "inBundle": true, "license": "MIT" },
    }));
    write(
        folder.path(),
        ".npmrc",
        "@acme:registry=https://npm.acme.test/\n//npm.acme.test/:_authToken=s3cret\n",
    );
    let facts = look(folder.path(), json!({})).await;
    let elsewhere = [
        "archive 1.0.0",
        "file 1.0.0",
        "foreign 1.0.0",
        "git 1.0.0",
        "plain 1.0.0",
    ];
    assert_eq!(names(&facts["elsewhere"]), elsewhere);
    assert_eq!(names(&facts["unsealed"]), ["unsealed 1.0.0"]);
    assert_eq!(names(&facts["weak"]), ["weak 1.0.0"]);
    let text = serde_json::to_string(&facts).unwrap();
    assert!(
        !text.contains("t0ken") && !text.contains("s3cret"),
        "{text}"
    );
    let facts = look(folder.path(), json!({ "registries": "registry.evil.test" })).await;
    assert!(!names(&facts["elsewhere"]).contains(&"foreign 1.0.0"));
}

#[tokio::test]
async fn a_registry_that_all_entries_come_from_is_the_teams() {
    let mut mirrored = entry("a", "MIT");
    mirrored["resolved"] = "https://mirror.acme.test/npm/a/-/a-1.0.0.tgz".into();
    let folder = application(json!({ "node_modules/a": mirrored }));
    let facts = look(folder.path(), json!({})).await;
    assert_eq!(facts["elsewhere"], json!([]));
    assert_eq!(facts["hosts"], json!({ "mirror.acme.test": 1 }));
}

#[tokio::test]
async fn licences_are_weighed_with_the_way_that_pulls_each_in() {
    let mut a = entry("a", "(MIT OR GPL-3.0-only)");
    a["dependencies"] = json!({ "viral": "1", "odd": "1", "none": "1", "legacy": "1" });
    let mut tool = entry("t", "GPL-3.0-only");
    tool["dev"] = true.into();
    let mut none = entry("none", "");
    none.as_object_mut().unwrap().remove("license");
    let mut legacy = none.clone();
    legacy["version"] = "2.0.0".into();
    let folder = application(json!({
        "node_modules/a": a, "node_modules/t": tool, "node_modules/none": none, "node_modules/legacy": legacy,
        "node_modules/viral": entry("viral", "AGPL-3.0-or-later"),
        "node_modules/odd": entry("odd", "BUSL-1.1"),
        "node_modules/see": entry("see", "SEE LICENSE IN LICENSE"),
    }));
    let facts = look(folder.path(), json!({})).await;
    let licences = &facts["licences"];
    assert_eq!(names(&licences["copyleft"]), ["viral 1.0.0"]);
    assert_eq!(licences["copyleft"][0]["way"], "a > viral");
    assert_eq!(names(&licences["refused"]), ["odd 1.0.0"]);
    assert_eq!(names(&licences["unclear"]), ["see 1.0.0"]);
    assert_eq!(names(&licences["unseen"]), ["legacy 2.0.0", "none 1.0.0"]);
    assert_eq!(names(&licences["development"]), ["t 1.0.0"]);

    // What is installed says the rest; another version of the same name does not.
    write(
        folder.path(),
        "node_modules/none/package.json",
        r#"{ "name": "none", "version": "1.0.0" }"#,
    );
    write(
        folder.path(),
        "node_modules/legacy/package.json",
        r#"{ "name": "legacy", "version": "2.0.0", "licenses": [{ "type": "MIT" }] }"#,
    );
    let known = json!({ "known": "odd=MIT, see@1.0.0=ISC", "allow": "MIT, ISC" });
    let facts = look(folder.path(), known).await;
    let licences = &facts["licences"];
    assert_eq!(names(&licences["unclear"]), ["none 1.0.0"]);
    assert_eq!(licences["unclear"][0]["licence"], "none stated");
    assert_eq!(
        (&licences["unseen"], &licences["refused"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn what_package_json_and_the_lockfile_disagree_on() {
    let folder = application(json!({ "node_modules/a": entry("a", "MIT") }));
    let manifest = json!({ "dependencies": { "a": "^2.0.0", "new": "1" } });
    write(folder.path(), "package.json", &manifest.to_string());
    let facts = look(folder.path(), json!({})).await;
    let differences = [
        "a is ^2.0.0 in package.json and ^1.0.0 in package-lock.json",
        "new is in package.json alone",
        "t is in package-lock.json alone",
    ];
    assert_eq!(facts["differences"], json!(differences));
}

#[tokio::test]
async fn a_lockfile_that_cannot_be_read_is_a_hindrance() {
    let folder = application(json!({}));
    write(folder.path(), "package-lock.json", "{\n<<<<<<< HEAD\n");
    let sighting = Looking::at("packages")
        .below(folder.path())
        .look(json!({}))
        .await;
    let hindrance = sighting.hindrance.unwrap();
    assert_eq!(hindrance.kind, HindranceKind::Protocol);
    assert!(
        hindrance.cause.contains("unfinished merge"),
        "{hindrance:?}"
    );
}

#[tokio::test]
async fn real_applications_have_nothing_wrong() {
    for name in ["next-auth-4", "next-auth-5", "web-push", "oidc-provider"] {
        let Some(folder) = fetched(name) else {
            return;
        };
        let facts = look(&folder, json!({})).await;
        for list in ["elsewhere", "unsealed", "weak", "differences"] {
            assert_eq!(facts[list], json!([]), "{name}: {list}");
        }
        for list in ["copyleft", "refused", "unseen"] {
            assert_eq!(facts["licences"][list], json!([]), "{name}: {list}");
        }
        // One package of the tests' push service has no word about its licence, neither in package.json
        // nor beside it.
        let unclear: &[&str] = match name {
            "web-push" => &["urlsafe-base64 1.0.0"],
            _ => &[],
        };
        assert_eq!(names(&facts["licences"]["unclear"]), unclear, "{name}");
        assert!(facts["production"].as_u64().unwrap() > 3, "{name}");
    }
}
