//! The program against FerretDB, a server of MongoDB's protocol that others wrote: right, and broken in each way.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use mongodb::bson::doc;
use mongodb::options::ClientOptions;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use serde_json::Value;
use std::path::{Path, PathBuf};
use support::ferretdb::{DATABASE, ESCAPED, Ferretdb, USER};
use support::{holdpoint, write};
use tempfile::TempDir;

/// An application that uses the driver, with this connection string.
fn application(uri: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let package = r#"{"name":"shop","dependencies":{"next":"15.0.0","mongodb":"6.10.0"}}"#;
    write(folder.path(), "package.json", package);
    let code = "import { MongoClient } from 'mongodb';\nexport const client = new MongoClient(process.env.MONGODB_URI!);\nexport async function indexes() {\n  const db = client.db();\n  await db.collection('tasks').createIndex({ userId: 1, createdAt: -1 });\n  await db.collection('user_preferences').createIndex({ userId: 1 }, { unique: true });\n}\n";
    write(folder.path(), "src/lib/db.ts", code);
    let document = "# Database\n\n```javascript\ndb.tasks.createIndex({ userId: 1, createdAt: -1 });\ndb.journal.createIndex({ userId: 1, mood: 1 });\n```\n";
    write(folder.path(), "docs/DATABASE.md", document);
    write(
        folder.path(),
        ".env.local",
        &format!("MONGODB_URI=\"{uri}\"\n"),
    );
    folder
}

/// Runs every check of the database, and gives the findings.
fn findings(folder: &Path) -> Vec<Value> {
    let outcome = holdpoint(["run", "mongodb", "--report", "json=-"])
        .within(folder)
        .run();
    assert!(
        !outcome.stdout.contains("Qk2"),
        "a password reached the report"
    );
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|_| panic!("{}\n{}", outcome.stdout, outcome.stderr));
    report["findings"].as_array().unwrap().clone()
}

fn verdict<'f>(findings: &'f [Value], check: &str) -> (&'f str, &'f str) {
    let id = format!("mongodb.{check}");
    let finding = findings
        .iter()
        .find(|finding| finding["check"] == id.as_str())
        .unwrap_or_else(|| panic!("{id} was not run"));
    (
        finding["verdict"].as_str().unwrap(),
        finding["reason"].as_str().unwrap(),
    )
}

/// Fails unless the check failed, or whatever `word` says, for a reason that holds these words.
fn expect(findings: &[Value], check: &str, word: &str, reason: &str) {
    let (found, why) = verdict(findings, check);
    assert_eq!(found, word, "{check}: {why}");
    assert!(why.contains(reason), "{check}: {why}");
}

async fn client(uri: &str) -> mongodb::Client {
    let options = ClientOptions::parse(uri).await.unwrap();
    mongodb::Client::with_options(options).unwrap()
}

async fn collections(uri: &str) -> Vec<String> {
    let database = client(uri).await.database(DATABASE);
    let mut names = database.list_collection_names().await.unwrap();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_works() {
    let Some(server) = Ferretdb::start(None) else {
        return;
    };
    let uri = server.uri(ESCAPED);
    let folder = application(&uri);
    let found = findings(folder.path());
    for check in [
        "configured",
        "parses",
        "resolves",
        "connects",
        "has-primary",
        "authenticates",
        "every-member",
        "database-name",
        "round-trip",
        "anonymous-refused",
    ] {
        expect(&found, check, "pass", "");
    }
    expect(&found, "tls", "not-applicable", "");
    // It tells nothing of roles, and a database on this machine needs neither TLS nor a set.
    expect(
        &found,
        "privileges-suffice",
        "inconclusive",
        "names no privileges",
    );
    expect(
        &found,
        "least-privilege",
        "inconclusive",
        "does not name the user's privileges",
    );
    expect(&found, "encrypted", "not-applicable", "");
    expect(&found, "replica-set", "not-applicable", "");
    // Nothing was written that is still there, and nothing of the application's was made.
    assert_eq!(collections(&uri).await, [""; 0]);
    expect(&found, "indexes", "inconclusive", "tasks");
    expect(
        &found,
        "documented-indexes",
        "fail",
        "journal { userId: 1, mood: 1 } (docs/DATABASE.md:5)",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_are_compared_with_the_code() {
    let Some(server) = Ferretdb::start(None) else {
        return;
    };
    let uri = server.uri(ESCAPED);
    let folder = application(&uri);
    let database = client(&uri).await.database(DATABASE);
    let create = async |collection: &str, index: mongodb::bson::Document| {
        let command = doc! { "createIndexes": collection, "indexes": [index] };
        database.run_command(command).await.unwrap();
    };
    create(
        "tasks",
        doc! { "key": { "userId": 1, "createdAt": -1 }, "name": "a" },
    )
    .await;
    create(
        "user_preferences",
        doc! { "key": { "userId": 1 }, "name": "b" },
    )
    .await;
    let found = findings(folder.path());
    expect(
        &found,
        "indexes",
        "fail",
        "it is not unique in place of unique",
    );
    database
        .collection::<mongodb::bson::Document>("user_preferences")
        .drop()
        .await
        .unwrap();
    create(
        "user_preferences",
        doc! { "key": { "userId": 1 }, "name": "b", "unique": true },
    )
    .await;
    create(
        "journal",
        doc! { "key": { "userId": 1, "mood": 1 }, "name": "c" },
    )
    .await;
    let found = findings(folder.path());
    expect(&found, "indexes", "pass", "");
    expect(&found, "documented-indexes", "pass", "");
    assert_eq!(
        collections(&uri).await,
        ["journal", "tasks", "user_preferences"]
    );
}

#[test]
fn a_wrong_password_user_or_database() {
    let Some(server) = Ferretdb::start(None) else {
        return;
    };
    let elsewhere = server.uri(ESCAPED).replace("/shop?", "/elsewhere?");
    let stranger = server.uri(ESCAPED).replace("app:", "ape:");
    for (uri, database) in [
        (server.uri("wrong7Qk2"), "the database shop"),
        (stranger, "the database shop"),
        (elsewhere, "the database elsewhere"),
    ] {
        let found = findings(application(&uri).path());
        expect(&found, "has-primary", "pass", "");
        expect(
            &found,
            "authenticates",
            "fail",
            "the user name or the password was refused",
        );
        expect(&found, "authenticates", "fail", database);
        expect(&found, "round-trip", "blocked", "mongodb.authenticates");
    }
}

#[test]
fn a_password_that_is_not_escaped() {
    let Some(server) = Ferretdb::start(None) else {
        return;
    };
    let found = findings(application(&server.uri("p@ss/word:7Qk2")).path());
    expect(&found, "parses", "fail", "must be percent-encoded");
    expect(&found, "connects", "blocked", "mongodb.parses");
}

#[test]
fn nobody_listens() {
    let Some(server) = Ferretdb::start(None) else {
        return;
    };
    let uri = server.uri(ESCAPED);
    drop(server);
    let found = findings(application(&uri).path());
    expect(&found, "resolves", "pass", "");
    expect(&found, "connects", "fail", "nothing listens there");
}

#[test]
fn no_user_at_all() {
    let Some(server) = Ferretdb::start(None) else {
        return;
    };
    let found =
        findings(application(&format!("mongodb://127.0.0.1:{}/{DATABASE}", server.port)).path());
    expect(&found, "authenticates", "fail", "names no user");
    expect(&found, "anonymous-refused", "pass", "");
}

/// A certificate for 127.0.0.1 of a fresh authority, in files.
struct Identity {
    folder: TempDir,
}

impl Identity {
    /// `until` is the year at whose beginning it expires.
    fn new(until: i32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        write(folder.path(), "ca.pem", &issuer.pem());
        write(folder.path(), "server.pem", &certificate.pem());
        write(folder.path(), "server.key", &key.serialize_pem());
        Self { folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn serve(&self) -> Option<Ferretdb> {
        Ferretdb::start(Some((&self.file("server.pem"), &self.file("server.key"))))
    }

    /// A connection string over TLS.
    fn uri(&self, server: &Ferretdb, authority: bool) -> String {
        let port = server.tls_port.unwrap();
        let file = self.file("ca.pem");
        let option = if authority {
            format!("&tlsCAFile={}", file.display())
        } else {
            String::new()
        };
        format!(
            "mongodb://{USER}:{ESCAPED}@127.0.0.1:{port}/{DATABASE}?authMechanism=SCRAM-SHA-256&tls=true{option}"
        )
    }
}

#[test]
fn tls_with_an_authority_that_is_named() {
    let identity = Identity::new(2100);
    let Some(server) = identity.serve() else {
        return;
    };
    let found = findings(application(&identity.uri(&server, true)).path());
    for check in [
        "tls",
        "has-primary",
        "authenticates",
        "round-trip",
        "anonymous-refused",
        "plaintext-refused",
    ] {
        expect(&found, check, "pass", "");
    }
    let found = findings(application(&identity.uri(&server, false)).path());
    expect(&found, "tls", "fail", "no trusted authority stands behind");
    let mut uri = identity.uri(&server, false);
    uri.push_str("&tlsAllowInvalidCertificates=true");
    let found = findings(application(&uri).path());
    expect(&found, "tls", "fail", "no trusted authority stands behind");
    expect(&found, "encrypted", "fail", "weakens TLS");
}

#[test]
fn tls_with_a_certificate_that_has_expired() {
    let identity = Identity::new(2021);
    let Some(server) = identity.serve() else {
        return;
    };
    let found = findings(application(&identity.uri(&server, true)).path());
    expect(&found, "tls", "fail", "has expired");
    expect(&found, "has-primary", "blocked", "mongodb.tls");
}

#[test]
fn tls_where_the_other_side_has_none_and_the_other_way_round() {
    let identity = Identity::new(2100);
    let Some(server) = identity.serve() else {
        return;
    };
    let plain = server.uri(ESCAPED) + "&tls=true";
    let found = findings(application(&plain).path());
    expect(&found, "tls", "fail", "does not speak TLS");
    let port = (server.port, server.tls_port.unwrap());
    let bare = server
        .uri(ESCAPED)
        .replace(&format!(":{}/", port.0), &format!(":{}/", port.1));
    let found = findings(application(&bare).path());
    expect(&found, "has-primary", "fail", "speaks TLS alone");
}
