//! The atlas probe against a small Administration API: what it reads, and what it makes of refusals.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use support::{holdpoint, write};
use tempfile::TempDir;

const PROJECT: &str = "0123456789abcdef01234567";
const SECRET: &str = "mdb_sa_sk_4Yq8Zr2Lw6";
const TOKEN: &str = "eyJ-a-token-of-atlas-9Kx2";

/// What the API answers: the status and body by path.
type Answers = Arc<Mutex<BTreeMap<String, (u16, Value)>>>;

async fn answer(State(answers): State<Answers>, headers: HeaderMap, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default()
    };
    if path == "/api/oauth/token" {
        // id:SECRET in base64
        return if header("authorization") == "Basic aWQ6bWRiX3NhX3NrXzRZcThacjJMdzY=" {
            Json(json!({ "access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer" }))
                .into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        };
    }
    if header("authorization") != format!("Bearer {TOKEN}") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    assert!(
        header("accept").starts_with("application/vnd.atlas.20"),
        "{path}"
    );
    let found = answers.lock().unwrap().get(&path).cloned();
    let (status, body) = found.unwrap_or((404, json!({ "error": 404 })));
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

/// An API, and the folder of an application whose database it knows.
struct Stage {
    answers: Answers,
    url: String,
    folder: TempDir,
    _server: tokio::task::JoinHandle<()>,
}

impl Stage {
    async fn new() -> Self {
        let answers: Answers = Arc::default();
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let site = Router::new().fallback(answer).with_state(answers.clone());
        let server = tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });
        let stage = Self {
            answers,
            url,
            folder: tempfile::tempdir().unwrap(),
            _server: server,
        };
        stage.good();
        write(
            stage.folder.path(),
            "package.json",
            r#"{"name":"shop","dependencies":{"mongodb":"6"}}"#,
        );
        stage.environment(&format!(
            "ATLAS_CLIENT_ID=id\nATLAS_CLIENT_SECRET={SECRET}\nATLAS_PROJECT_ID={PROJECT}\n"
        ));
        stage
    }

    fn environment(&self, lines: &str) {
        let uri = "MONGODB_URI=mongodb+srv://app:Zr8qkQ2mLw6x@cluster0.ab1cd.mongodb.net/shop\n";
        write(
            self.folder.path(),
            ".env.local",
            &format!("{uri}{lines}HOLDPOINT_ATLAS_URL={}\n", self.url),
        );
    }

    fn set(&self, path: &str, status: u16, body: Value) {
        let path = format!("/api/atlas/v2/groups/{PROJECT}{path}");
        self.answers.lock().unwrap().insert(path, (status, body));
    }

    fn list(&self, path: &str, items: Value) {
        let number = items.as_array().unwrap().len();
        self.set(path, 200, json!({ "results": items, "totalCount": number }));
    }

    fn cluster(&self, tier: &str, more: Value) {
        let mut cluster = json!({
            "name": "Cluster0",
            "paused": false,
            "backupEnabled": true,
            "terminationProtectionEnabled": true,
            "mongoDBVersion": "8.0.4",
            "connectionStrings": { "standardSrv": "mongodb+srv://cluster0.ab1cd.mongodb.net" },
            "replicationSpecs": [{ "regionConfigs": [{ "providerName": "AWS", "regionName": "EU_WEST_1", "electableSpecs": { "instanceSize": tier } }] }],
        });
        for (key, value) in more.as_object().unwrap() {
            cluster[key] = value.clone();
        }
        self.list("/clusters", json!([cluster]));
    }

    /// Everything as it should be.
    fn good(&self) {
        self.list("/accessList", json!([{ "cidrBlock": "203.0.113.4/32" }]));
        self.cluster("M10", json!({}));
        self.list("/flexClusters", json!([]));
        let newest = holdpoint::clock::now() - jiff::SignedDuration::from_hours(3);
        self.list(
            "/clusters/Cluster0/backup/snapshots",
            json!([{ "createdAt": newest.to_string(), "status": "completed" }]),
        );
        self.set(
            "/clusters/Cluster0/backup/schedule",
            200,
            json!({ "policies": [{ "policyItems": [{ "frequencyType": "daily" }] }] }),
        );
        self.set(
            "/encryptionAtRest",
            200,
            json!({ "awsKms": { "enabled": false } }),
        );
        self.set(
            "/auditLog",
            200,
            json!({ "enabled": true, "auditFilter": "{\"atype\":\"authenticate\"}" }),
        );
        self.list("/databaseUsers", json!([{ "username": "app", "databaseName": "admin", "roles": [{ "roleName": "readWrite", "databaseName": "shop" }] }]));
    }

    /// The verdict of every check, with its reason.
    async fn run(&self) -> BTreeMap<String, (String, String)> {
        let run = holdpoint(["run", "atlas", "--report", "json=-", "--retries", "0"])
            .within(self.folder.path());
        let outcome = tokio::task::spawn_blocking(|| run.run()).await.unwrap();
        for secret in [SECRET, TOKEN] {
            assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret));
        }
        let report: Value =
            serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.stderr));
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| {
                let word = |key: &str| finding[key].as_str().unwrap().to_owned();
                let id = word("check").trim_start_matches("atlas.").to_owned();
                (id, (word("verdict"), word("reason")))
            })
            .collect()
    }

    async fn expect(&self, check: &str, verdict: &str, words: &str) {
        let found = self.run().await;
        let (word, reason) = &found[check];
        assert_eq!(word, verdict, "{check}: {reason}");
        assert!(reason.contains(words), "{check}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_well_kept_passes() {
    let stage = Stage::new().await;
    for (check, (verdict, reason)) in stage.run().await {
        assert_eq!(verdict, "pass", "{check}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_found() {
    let stage = Stage::new().await;
    stage.list("/accessList", json!([{ "cidrBlock": "0.0.0.0/0" }, { "cidrBlock": "198.51.100.4/32", "deleteAfterDate": "2020-01-01T00:00:00Z" }]));
    stage.cluster(
        "M10",
        json!({ "paused": true, "terminationProtectionEnabled": false }),
    );
    stage.list(
        "/clusters/Cluster0/backup/snapshots",
        json!([{ "createdAt": "2020-01-01T00:00:00Z", "status": "completed" }]),
    );
    stage.set(
        "/encryptionAtRest",
        200,
        json!({ "awsKms": { "enabled": true, "valid": false } }),
    );
    stage.set(
        "/auditLog",
        200,
        json!({ "enabled": true, "auditFilter": "" }),
    );
    stage.list("/databaseUsers", json!([{ "username": "app", "roles": [{ "roleName": "atlasAdmin", "databaseName": "admin" }] }]));
    let found = stage.run().await;
    for (check, words) in [
        ("access-list-closed", "0.0.0.0/0"),
        ("access-list-current", "198.51.100.4/32"),
        ("running", "paused"),
        ("termination-protection", "switched off"),
        ("backups", "hours old"),
        ("encrypted-at-rest", "AWS KMS"),
        ("audit-log", "filter"),
        ("user-least-privilege", "atlasAdmin@admin"),
    ] {
        let (verdict, reason) = &found[check];
        assert_eq!(verdict, "fail", "{check}: {reason}");
        assert!(reason.contains(words), "{check}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_free_tier_can_neither_back_up_nor_audit() {
    let stage = Stage::new().await;
    stage.cluster("M0", json!({}));
    let found = stage.run().await;
    for check in ["backups", "audit-log"] {
        assert_eq!(found[check].0, "fail", "{check}");
        assert!(
            found[check].1.contains("waiver"),
            "{check}: {}",
            found[check].1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_open_and_names_the_role() {
    let stage = Stage::new().await;
    for path in [
        "/encryptionAtRest",
        "/auditLog",
        "/clusters/Cluster0/backup/schedule",
        "/databaseUsers",
    ] {
        stage.set(
            path,
            403,
            json!({ "detail": "IP address 203.0.113.4 is not on the access list" }),
        );
    }
    let found = stage.run().await;
    for check in [
        "encrypted-at-rest",
        "audit-log",
        "backups",
        "user-least-privilege",
    ] {
        assert_eq!(
            found[check].0, "inconclusive",
            "{check}: {}",
            found[check].1
        );
        assert!(
            found[check].1.contains("Project Read Only"),
            "{check}: {}",
            found[check].1
        );
    }
    assert_eq!(found["access-list-closed"].0, "pass");
    stage.set("/accessList", 403, json!({}));
    let found = stage.run().await;
    assert_eq!(found["readable"].0, "inconclusive");
    assert_eq!(found["backups"].0, "blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_well_is_open() {
    let stage = Stage::new().await;
    stage.set("/auditLog", 503, json!({}));
    stage
        .expect("audit-log", "inconclusive", "not well (503)")
        .await;
    stage.set("/clusters", 429, json!({}));
    stage.expect("cluster", "inconclusive", "patience").await;
    stage.set(
        "/accessList",
        200,
        json!({ "results": [], "totalCount": 900 }),
    );
    stage
        .expect("readable", "inconclusive", "longer than one answer")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_secret_project_or_cluster() {
    let stage = Stage::new().await;
    stage.list("/clusters", json!([{ "name": "Other", "connectionStrings": { "standardSrv": "mongodb+srv://other.ab1cd.mongodb.net" } }]));
    stage.expect("cluster", "fail", "it holds Other").await;
    stage.environment(&format!(
        "ATLAS_CLIENT_ID=id\nATLAS_CLIENT_SECRET={SECRET}\nATLAS_PROJECT_ID=shop\n"
    ));
    stage
        .expect("readable", "fail", "24 hexadecimal digits")
        .await;
    stage.environment("ATLAS_CLIENT_ID=id\nATLAS_CLIENT_SECRET=mdb_sa_sk_wrong\n");
    stage
        .expect("readable", "inconclusive", "wrong, expired or revoked")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_looked_at() {
    let stage = Stage::new().await;
    stage.environment("");
    for (check, (verdict, reason)) in stage.run().await {
        assert_eq!(verdict, "not-applicable", "{check}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_project_and_a_flex_cluster_are_found() {
    let stage = Stage::new().await;
    stage.environment(&format!(
        "ATLAS_CLIENT_ID=id\nATLAS_CLIENT_SECRET={SECRET}\n"
    ));
    let projects = json!({ "results": [{ "id": PROJECT }], "totalCount": 1 });
    stage
        .answers
        .lock()
        .unwrap()
        .insert("/api/atlas/v2/groups".into(), (200, projects));
    stage.list("/clusters", json!([]));
    stage.list("/flexClusters", json!([{ "name": "Cluster0", "providerSettings": { "backingProviderName": "AWS", "regionName": "US_EAST_1" }, "backupSettings": { "enabled": true }, "terminationProtectionEnabled": true, "connectionStrings": { "standardSrv": "mongodb+srv://cluster0.ab1cd.mongodb.net" } }]));
    let found = stage.run().await;
    assert_eq!(found["cluster"].0, "pass");
    assert_eq!(found["running"].0, "pass");
    assert_eq!(found["audit-log"].0, "fail");
    assert_eq!(found["backups"].0, "inconclusive");
}

#[tokio::test(flavor = "multi_thread")]
async fn wide_ranges_are_judged_alone_and_together() {
    let stage = Stage::new().await;
    let list = |blocks: &[&str]| {
        let entries: Vec<_> = blocks
            .iter()
            .map(|block| json!({ "cidrBlock": block }))
            .collect();
        stage.list("/accessList", json!(entries));
    };
    let expect = async |check: &str, verdict: &str, words: &str| {
        stage.expect(check, verdict, words).await;
    };
    list(&["0.0.0.0/1", "128.0.0.0/1"]);
    expect("access-list-closed", "fail", "0.0.0.0/1").await;
    list(&["3.0.0.0/8", "198.51.100.4/32"]);
    expect("access-list-closed", "pass", "").await;
    expect("access-list-narrow", "fail", "3.0.0.0/8").await;
    list(&["3.0.0.0/9", "52.0.0.0/9"]);
    expect("access-list-narrow", "fail", "16777216 public addresses").await;
    list(&["10.0.0.0/8", "198.51.100.0/24"]);
    expect("access-list-narrow", "pass", "").await;
    list(&["198.51.100.0/240"]);
    expect("access-list-narrow", "inconclusive", "198.51.100.0/240").await;
}
