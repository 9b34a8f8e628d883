//! The checks of isolation and of the API against real Next.js applications over a real database: right, and
//! with one fault at a time; and the documents that are left.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use mongodb::bson::{Document, doc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use support::ferretdb::{DATABASE, ESCAPED, Ferretdb, USER};
use support::hostile::PATIENCE;
use support::next::NextApp;
use support::{Holdpoint, holdpoint, write};

const SECRET: &str = "Zk3v9Qw7Lx2Rt8Yp5Nd1Hs6Jc4Bf0GmA+VuEiOaTy=";
const EVERY: usize = 12;

/// A fault of the application, by its name there, and the claims that are then false.
type Case = (&'static str, &'static [&'static str]);

const USERS: &[&str] = &["isolation.guests", "isolation.users"];
const CASES: [Case; 10] = [
    ("", &[]),
    ("list", USERS),
    ("read", USERS),
    ("change", USERS),
    ("delete", USERS),
    (
        "no-session-on-delete",
        &["api.refuses-false-sessions", "api.refuses-no-session"],
    ),
    ("spread-new", &["api.no-mass-assignment"]),
    ("spread-change", &["api.no-mass-assignment"]),
    ("html", &["api.markup-stays-data"]),
    // SameSite=Lax, the libraries' default, still keeps other sites out.
    ("foreign-origin,forms", &["api.refuses-foreign-origin"]),
];

struct Stack {
    name: &'static str,
    uri: String,
    tasks: mongodb::Collection<Document>,
    _database: Ferretdb,
}

impl Stack {
    /// None where a peer is skipped. The database holds the task of somebody else.
    async fn start(name: &'static str) -> Option<Self> {
        let database = Ferretdb::start(None)?;
        let uri = format!(
            "mongodb://{USER}:{ESCAPED}@127.0.0.1:{}/{DATABASE}?authMechanism=SCRAM-SHA-256",
            database.port
        );
        let client = mongodb::Client::with_uri_str(&uri).await.unwrap();
        let tasks = client.database(DATABASE).collection("tasks");
        let somebodys = doc! { "title": "Water the plants", "userId": "ann", "done": false };
        tasks.insert_one(somebodys).await.unwrap();
        Some(Self {
            name,
            uri,
            tasks,
            _database: database,
        })
    }

    fn application(&self, fault: &str) -> Option<NextApp> {
        let (secret, address) = match self.name {
            "next-auth-5" => ("AUTH_SECRET", "AUTH_URL"),
            _ => ("NEXTAUTH_SECRET", "NEXTAUTH_URL"),
        };
        NextApp::start(self.name, |url| {
            vec![
                (secret, SECRET.into()),
                (address, url.into()),
                ("MONGODB_URI", self.uri.clone()),
                ("TASKS_FAULT", fault.to_owned()),
            ]
        })
    }

    /// A call that runs the checks in the application's repository, which is the folder.
    fn call(&self, url: &str) -> (Holdpoint, tempfile::TempDir) {
        let root = tempfile::tempdir().unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/peers")
            .join(self.name);
        copy(&sources, root.path());
        let secret = match self.name {
            "next-auth-5" => "AUTH_SECRET",
            _ => "NEXTAUTH_SECRET",
        };
        write(root.path(), ".env.local", &format!("{secret}={SECRET}\n"));
        let call = holdpoint([
            "run",
            "isolation.*",
            "api.*",
            "--level",
            "active",
            "--owned",
            "--target",
            url,
            "--report",
            "json=-",
        ]);
        let call = call.within(root.path());
        (call, root)
    }

    /// The verdict and the reason of each check.
    async fn examine(&self, url: &str) -> BTreeMap<String, (String, String)> {
        let (call, _root) = self.call(url);
        let outcome = tokio::task::spawn_blocking(|| call.run()).await.unwrap();
        let report: Value = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr));
        let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .filter(|one| one["check"] != "site.answers")
            .map(|one| {
                (
                    word(one, "check"),
                    (word(one, "verdict"), word(one, "reason")),
                )
            })
            .collect()
    }

    /// What was there is there as it was, and nothing else.
    async fn is_clean(&self, what: &str) {
        let left = self.tasks.count_documents(doc! {}).await.unwrap();
        let anns = doc! { "title": "Water the plants", "userId": "ann", "done": false };
        let untouched = self.tasks.count_documents(anns).await.unwrap();
        assert_eq!((left, untouched), (1, 1), "{} {what}", self.name);
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

async fn one_fault_at_a_time(name: &'static str, cases: &[Case]) {
    let Some(stack) = Stack::start(name).await else {
        return;
    };
    for (fault, wrong) in cases {
        let Some(application) = stack.application(fault) else {
            return;
        };
        let findings = stack.examine(&application.url()).await;
        let of = |verdict: &str| -> BTreeSet<&str> {
            let those = findings.iter().filter(|(_, (found, _))| found == verdict);
            those.map(|(check, _)| check.as_str()).collect()
        };
        let wrong: BTreeSet<_> = wrong.iter().copied().collect();
        assert_eq!(
            of("fail"),
            wrong,
            "{name} {fault}: {findings:#?}\n{}",
            application.log()
        );
        assert_eq!(
            of("pass").len(),
            EVERY - wrong.len(),
            "{name} {fault}: {findings:#?}"
        );
        stack.is_clean(fault).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn next_auth_4_right_and_with_each_fault() {
    one_fault_at_a_time("next-auth-4", &CASES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auth_js_5_right_and_with_each_fault() {
    one_fault_at_a_time("next-auth-5", &CASES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_that_reach_the_database() {
    // Whether the database keeps them or refuses, the API has let them through.
    let cases: [Case; 1] = [("operators", &["api.refuses-operators"])];
    one_fault_at_a_time("next-auth-5", &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_leaves_no_document() {
    let Some(stack) = Stack::start("next-auth-5").await else {
        return;
    };
    let Some(application) = stack.application("") else {
        return;
    };
    let (call, _root) = stack.call(&application.url());
    let running = call.start();
    let begun = holdpoint::clock::tick();
    while stack.tasks.count_documents(doc! {}).await.unwrap() == 1 {
        assert!(begun.elapsed() < PATIENCE, "nothing was created");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.interrupt();
    let outcome = tokio::task::spawn_blocking(|| running.wait())
        .await
        .unwrap();
    assert_eq!(outcome.code(), 130, "{}", outcome.stderr);
    stack.is_clean("interrupted").await;
}
