//! Tests of the file probe.

use super::*;
use crate::clock;
use crate::model::{Application, Environment};
use crate::probe::transport::Transport;
use crate::secret::Book;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

fn context(root: &Path) -> Context {
    Context {
        target: None,
        root: root.to_owned(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment::default()),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout: Duration::from_secs(20),
        until: clock::tick() + Duration::from_secs(20),
        now: 0,
        run: String::new(),
        scratch: crate::probe::Scratch::default(),
    }
}

async fn sight(root: &TempDir, parameters: Value) -> Sighting {
    let context = context(root.path());
    let looks = File
        .looks(parameters.as_object().unwrap(), &context)
        .unwrap();
    let sighting = File.look(&looks[0], &Wanted::default(), &context).await;
    if sighting.hindrance.is_none() {
        let declared: Vec<_> = File
            .spec()
            .facts
            .into_iter()
            .map(|fact| fact.name.into_owned())
            .collect();
        assert_eq!(sighting.facts.keys().cloned().collect::<Vec<_>>(), declared);
    }
    sighting
}

#[tokio::test]
async fn a_file_is_measured_and_searched() {
    let root = TempDir::new().unwrap();
    fs::write(
        root.path().join("a.txt"),
        b"one\ntwo \xff\xfe\nport = 1\nport = 22",
    )
    .unwrap();
    let facts = sight(
        &root,
        json!({ "path": "./a.txt", "matches": { "port": "^port = \\d+$", "bytes": "(?-u:\\xff\\xfe)", "none": "x" } }),
    )
    .await
    .facts;
    assert_eq!(facts["exists"], true);
    assert_eq!(facts["is_file"], true);
    assert_eq!(facts["is_dir"], false);
    assert_eq!(facts["size"], 29);
    assert_eq!(facts["lines"], 4);
    assert_eq!(facts["empty"], false);
    assert_eq!(facts["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        facts["matches"]["port"],
        json!({ "found": true, "count": 2, "line": 3 })
    );
    assert_eq!(
        facts["matches"]["bytes"],
        json!({ "found": true, "count": 1, "line": 2 })
    );
    assert_eq!(
        facts["matches"]["none"],
        json!({ "found": false, "count": 0, "line": null })
    );
}

#[tokio::test]
async fn the_digest_is_that_of_the_standard() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("abc"), "abc").unwrap();
    fs::write(root.path().join("none"), "").unwrap();
    let facts = sight(&root, json!({ "path": "abc" })).await.facts;
    // FIPS 180-4, the example of one block.
    assert_eq!(
        facts["sha256"],
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let facts = sight(&root, json!({ "path": "none" })).await.facts;
    assert_eq!(
        (&facts["empty"], &facts["lines"]),
        (&json!(true), &json!(0))
    );
}

#[tokio::test]
async fn nothing_is_claimed_about_a_file_that_is_not_there() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("file"), "x").unwrap();
    for path in ["nothing", "no/where", "file/below"] {
        let facts = sight(&root, json!({ "path": path, "matches": { "x": "x" } }))
            .await
            .facts;
        assert_eq!(facts["exists"], false);
        assert_eq!(facts["empty"], false);
        assert_eq!(facts["sha256"], Value::Null);
        assert_eq!(facts["matches"], json!({}));
    }
    let facts = sight(&root, json!({ "path": "." })).await.facts;
    assert_eq!(
        (&facts["is_dir"], &facts["size"]),
        (&json!(true), &Value::Null)
    );
}

#[cfg(unix)]
#[tokio::test]
async fn the_first_place_of_several_with_a_file_is_read() {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("a.md")).unwrap();
    let asked = json!({ "path": "a.md", "or": ["b.md", "./c.md"] });
    let facts = sight(&root, asked.clone()).await.facts;
    assert_eq!(
        (&facts["is_dir"], &facts["is_file"]),
        (&json!(true), &json!(false))
    );
    fs::write(root.path().join("c.md"), "c").unwrap();
    assert_eq!(sight(&root, asked.clone()).await.facts["size"], 1);
    fs::write(root.path().join("b.md"), "bb").unwrap();
    assert_eq!(sight(&root, asked).await.facts["size"], 2);
    let context = context(root.path());
    for wrong in [json!(["../x"]), json!("b.md"), json!([1])] {
        let asked = json!({ "path": "a.md", "or": wrong });
        assert!(File.looks(asked.as_object().unwrap(), &context).is_err());
    }
}

#[tokio::test]
async fn links_may_not_leave_the_root() {
    let (root, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(outside.path().join("secret"), "x").unwrap();
    fs::write(root.path().join("inner"), "x").unwrap();
    let link = |to: &Path, name| std::os::unix::fs::symlink(to, root.path().join(name)).unwrap();
    link(&outside.path().join("secret"), "file");
    link(outside.path(), "folder");
    link(Path::new("inner"), "good");
    link(Path::new("nothing"), "broken");
    for path in ["file", "folder", "folder/secret", "folder/nothing"] {
        let hindrance = sight(&root, json!({ "path": path }))
            .await
            .hindrance
            .unwrap();
        assert_eq!(hindrance.kind, HindranceKind::Denied, "{path}");
    }
    assert_eq!(
        sight(&root, json!({ "path": "good" })).await.facts["is_file"],
        true
    );
    assert_eq!(
        sight(&root, json!({ "path": "broken" })).await.facts["exists"],
        false
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_read_is_denied() {
    use std::os::unix::fs::PermissionsExt;
    let root = TempDir::new().unwrap();
    let path = root.path().join("closed");
    fs::write(&path, "x").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let readable = fs::File::open(&path).is_ok(); // by root
    let sighting = sight(&root, json!({ "path": "closed" })).await;
    match sighting.hindrance {
        Some(hindrance) => assert_eq!(hindrance.kind, HindranceKind::Denied),
        None => assert!(readable && sighting.facts["mode"] == "0000"),
    }
}

#[tokio::test]
async fn a_large_file_is_not_taken_into_memory() {
    let root = TempDir::new().unwrap();
    let file = fs::File::create(root.path().join("large")).unwrap();
    file.set_len(content::SEARCHED + 1).unwrap();
    let sighting = sight(&root, json!({ "path": "large", "matches": { "x": "x" } })).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::TooLarge);
}

#[test]
fn bad_parameters_are_named() {
    let context = context(Path::new("."));
    let looks = |parameters: Value| File.looks(parameters.as_object().unwrap(), &context);
    for path in ["../x", "/etc/passwd", "a/../../b", "", "a\0b"] {
        assert!(
            looks(json!({ "path": path }))
                .unwrap_err()
                .starts_with("path:"),
            "{path}"
        );
    }
    let error = looks(json!({ "path": "x", "matches": { "port": "(" } })).unwrap_err();
    assert!(error.starts_with("matches.port:"), "{error}");
    assert!(
        looks(json!({ "path": "x", "matches": "x" }))
            .unwrap_err()
            .starts_with("matches:")
    );
    assert!(
        looks(json!({ "path": "x", "matches": { "x": 1 } }))
            .unwrap_err()
            .starts_with("matches.x:")
    );
    let look = &looks(json!({ "path": "./a//b" })).unwrap()[0];
    assert_eq!(
        Value::Object(look.clone()),
        json!({ "path": "a/b", "matches": {} })
    );
}
