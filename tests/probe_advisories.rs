//! The advisories probe against a double of OSV, folders of records, and audits of package managers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::model::{Facts, HindranceKind};
use holdpoint::sandbox::osv::{OsvApi, OsvFault, OsvRecord};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::looking::Looking;
use support::peers::{fetched, peer};
use support::{holdpoint, write};
use tempfile::TempDir;

const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N";
const HIGH: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";

/// An application with `next` in production, which needs `sharp`, and `tool` for development.
fn application() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let manifest = json!({ "dependencies": { "next": "14.2.0" }, "devDependencies": { "tool": "1.0.0", "@acme/own": "1.0.0" } });
    let mut root = manifest.clone();
    root["name"] = "app".into();
    let lock = json!({ "lockfileVersion": 3, "packages": {
        "": root,
        "node_modules/next": { "version": "14.2.0", "dependencies": { "sharp": "^0.33.0" } },
        "node_modules/sharp": { "version": "0.33.1" },
        "node_modules/tool": { "version": "1.0.0", "dev": true },
        "node_modules/@acme/own": { "version": "1.0.0", "dev": true },
    } });
    write(folder.path(), "package.json", &manifest.to_string());
    write(folder.path(), "package-lock.json", &lock.to_string());
    folder
}

fn records() -> Vec<OsvRecord> {
    let mut withdrawn = OsvRecord::new("GHSA-withdrawn", "next", [99, 0, 0], CRITICAL);
    withdrawn.record["withdrawn"] = "2026-01-01T00:00:00Z".into();
    let mut alias = OsvRecord::new("CVE-2025-29927", "next", [14, 2, 25], CRITICAL);
    alias.record["aliases"] = json!(["GHSA-f82v-jwr5-mffw"]);
    vec![
        OsvRecord::new("GHSA-f82v-jwr5-mffw", "next", [14, 2, 25], CRITICAL),
        alias,
        withdrawn,
        OsvRecord::new("GHSA-high", "sharp", [0, 33, 2], HIGH),
        OsvRecord::new("GHSA-mended", "sharp", [0, 33, 1], CRITICAL),
        OsvRecord::new("GHSA-tool", "tool", [1, 0, 1], HIGH),
    ]
}

async fn look(root: &Path, parameters: Value) -> Facts {
    Looking::at("advisories")
        .below(root)
        .facts(parameters)
        .await
}

async fn against(fault: Option<OsvFault>) -> Facts {
    let (folder, osv) = (
        application(),
        OsvApi::start(records(), 1, fault).await.unwrap(),
    );
    // Only silence has its time waited for.
    let seconds = if fault == Some(OsvFault::Hangs) {
        3
    } else {
        60
    };
    Looking::at("advisories")
        .below(folder.path())
        .within(Duration::from_secs(seconds))
        .facts(json!({ "base_url": osv.url() }))
        .await
}

fn ids(list: &Value) -> Vec<&str> {
    let entries = list.as_array().unwrap().iter();
    entries.map(|it| it["advisory"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn advisories_are_joined_rated_and_traced() {
    let facts = against(None).await;
    let first = &facts["first"];
    assert_eq!(first["complete"], true, "{first:#}");
    assert_eq!(ids(&first["critical"]), ["GHSA-f82v-jwr5-mffw"]);
    let critical = &first["critical"][0];
    assert_eq!(critical["name"], "next 14.2.0");
    assert_eq!(critical["rated"], "critical by CVSS 3.1: 9.1");
    assert_eq!(critical["mended"], "mended by 14.2.25");
    assert_eq!(critical["use"], "in production");
    assert_eq!(ids(&first["high"]), ["GHSA-high", "GHSA-tool"]);
    assert_eq!(first["high"][0]["way"], "by next > sharp");
    assert_eq!(first["high"][1]["use"], "for development only");
    assert_eq!(first["high_count"], 2);
    assert_eq!(first["asked"], 4);
    assert_eq!(facts["second_given"], false);
}

#[tokio::test]
async fn what_went_wrong_is_never_clean() {
    for (fault, cause) in [
        (OsvFault::Empty, "it is empty"),
        (OsvFault::Broken, "status 503"),
        (OsvFault::Hangs, "could not be asked"),
        (OsvFault::Garbage, "holds no results"),
        (OsvFault::ShortBatch, "answered 4 of 5"),
        (OsvFault::EndlessPages, "same page again"),
        (OsvFault::RecordsBroken, "status 500"),
        (OsvFault::OtherRecords, "is not that record"),
    ] {
        let facts = against(Some(fault)).await;
        let first = &facts["first"];
        assert_eq!(first["complete"], false, "{fault:?}");
        let said = first["cause"].as_str().unwrap();
        assert!(said.contains(cause), "{fault:?}: {said}");
    }
    let folder = application();
    let nobody = json!({ "base_url": "http://127.0.0.1:9" });
    let facts = look(folder.path(), nobody).await;
    assert_eq!(facts["first"]["complete"], false);
}

#[tokio::test]
async fn names_of_private_scopes_stay_here() {
    let (folder, osv) = (
        application(),
        OsvApi::start(records(), 9, None).await.unwrap(),
    );
    let parameters = json!({ "base_url": osv.url(), "private": "@other, @acme" });
    let facts = look(folder.path(), parameters).await;
    assert_eq!(facts["withheld"], 1);
    assert_eq!(facts["first"]["complete"], true);
    let asked = osv.asked();
    assert!(!asked.iter().any(|name| name.contains("acme")), "{asked:?}");
}

#[tokio::test]
async fn more_packages_than_a_batch_takes_are_asked_in_several() {
    let folder = application();
    let mut packages = serde_json::Map::new();
    for at in 0..2300 {
        packages.insert(format!("node_modules/p{at}"), json!({ "version": "1.0.0" }));
    }
    packages.insert("node_modules/next".into(), json!({ "version": "14.2.0" }));
    let lock = json!({ "lockfileVersion": 3, "packages": packages });
    write(folder.path(), "package-lock.json", &lock.to_string());
    let osv = OsvApi::start(records(), 9, None).await.unwrap();
    let facts = look(folder.path(), json!({ "base_url": osv.url() })).await;
    assert_eq!(facts["first"]["complete"], true);
    assert_eq!(facts["first"]["asked"], 2301);
    assert_eq!(ids(&facts["first"]["critical"]), ["GHSA-f82v-jwr5-mffw"]);
}

#[tokio::test]
async fn a_folder_of_records_takes_the_place_of_asking() {
    let folder = application();
    let database = folder.path().join("osv");
    let known = OsvRecord::new("GHSA-xvch-5gv4-984h", "minimist", [0, 2, 4], CRITICAL);
    for record in records().into_iter().chain([known]) {
        let name = format!("{}.json", record.record["id"].as_str().unwrap());
        write(&database, &name, &record.record.to_string());
    }
    // A name that is written with an escape is found all the same.
    let escaped = r#"{ "id": "GHSA-escaped", "modified": "2026-03-02T09:00:00Z", "affected": [{ "package": { "ecosystem": "npm", "name": "@acme\/own" }, "versions": ["1.0.0"] }] }"#;
    write(&database, "GHSA-escaped.json", escaped);
    let of = async |root: &Path| {
        let parameters = json!({ "base_url": "http://127.0.0.1:9", "folder": "osv" });
        look(root, parameters).await["first"].clone()
    };
    let first = of(folder.path()).await;
    assert_eq!(first["complete"], true, "{first:#}");
    assert_eq!(ids(&first["critical"]), ["GHSA-f82v-jwr5-mffw"]);
    assert_eq!(ids(&first["high"]), ["GHSA-high", "GHSA-tool"]);
    assert_eq!(ids(&first["unrated"]), ["GHSA-escaped"]);
    assert_eq!(first["as_of"], "2026-03-02");

    write(&database, "broken.json", "{ \"name\": \"next\"");
    let first = of(folder.path()).await;
    assert!(first["cause"].as_str().unwrap().contains("broken.json"));
    std::fs::remove_file(database.join("broken.json")).unwrap();
    std::fs::remove_file(database.join("GHSA-xvch-5gv4-984h.json")).unwrap();
    let first = of(folder.path()).await;
    assert!(first["cause"].as_str().unwrap().contains("minimist"));
    std::fs::remove_dir_all(&database).unwrap();
    assert_eq!(of(folder.path()).await["complete"], false);
}

/// The verdicts of the checks of advisories at level static, and how many requests OSV got.
async fn at_static(folder: &Path, lines: &str) -> (BTreeMap<String, String>, usize) {
    let osv = OsvApi::start(records(), 9, None).await.unwrap();
    let url = format!("HOLDPOINT_OSV_URL={}\n{lines}", osv.url());
    write(folder, ".env.local", &url);
    let run = holdpoint([
        "run",
        "dependencies",
        "--level",
        "static",
        "--report",
        "json=-",
    ])
    .within(folder);
    let outcome = tokio::task::spawn_blocking(|| run.run()).await.unwrap();
    let report: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.stderr));
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let verdicts = findings.map(|it| (word(it, "check"), word(it, "verdict")));
    (verdicts.collect(), osv.asked().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_read_at_level_static_and_nobody_is_asked() {
    let folder = application();
    let (verdicts, asked) = at_static(folder.path(), "").await;
    assert_eq!(verdicts["dependencies.no-critical"], "not-run");
    assert_eq!(asked, 0);

    let lines = "HOLDPOINT_OSV_FOLDER=osv\n";
    let database = folder.path().join("osv");
    let today = holdpoint::clock::now().to_string();
    let known = OsvRecord::new("GHSA-xvch-5gv4-984h", "minimist", [0, 2, 4], CRITICAL);
    let fill = |records: Vec<OsvRecord>| {
        for mut it in records {
            it.record["modified"] = today.clone().into();
            let name = format!("{}.json", it.record["id"].as_str().unwrap());
            write(&database, &name, &it.record.to_string());
        }
    };
    fill(vec![known]);
    let (verdicts, asked) = at_static(folder.path(), lines).await;
    assert_eq!(verdicts["dependencies.no-critical"], "pass");
    assert_eq!(verdicts["dependencies.high-at-most-two"], "pass");
    assert_eq!(verdicts["dependencies.second-source"], "not-applicable");
    assert_eq!(asked, 0);

    fill(records());
    let (verdicts, asked) = at_static(folder.path(), lines).await;
    assert_eq!(verdicts["dependencies.no-critical"], "fail");
    assert_eq!(asked, 0);

    std::fs::remove_dir_all(&database).unwrap();
    let (verdicts, asked) = at_static(folder.path(), lines).await;
    assert_eq!(verdicts["dependencies.no-critical"], "inconclusive");
    assert_eq!(asked, 0);
}

/// An audit in the form of npm 7 and later.
fn audit(found: Value, total: u64) -> Value {
    json!({ "auditReportVersion": 2, "vulnerabilities": found, "metadata": {
        "vulnerabilities": { "info": 0, "low": 0, "moderate": 0, "high": 0, "critical": total, "total": total },
        "dependencies": { "prod": 3, "dev": 2, "optional": 0, "peer": 0, "peerOptional": 0, "total": 4 } } })
}

fn found(id: &str, name: &str) -> Value {
    json!({ name: { "name": name, "severity": "critical", "isDirect": true, "via": [
        { "source": 1, "name": name, "dependency": name, "title": "t", "url": format!("https://github.com/advisories/{id}"),
          "severity": "critical", "cwe": [], "cvss": { "score": 9.1, "vectorString": CRITICAL }, "range": "<99" }],
        "effects": [], "range": "<99", "nodes": [format!("node_modules/{name}")], "fixAvailable": false } })
}

async fn with_audit(text: &str) -> Facts {
    let (folder, osv) = (
        application(),
        OsvApi::start(records(), 9, None).await.unwrap(),
    );
    write(folder.path(), "audit.json", text);
    look(
        folder.path(),
        json!({ "base_url": osv.url(), "audit": "audit.json" }),
    )
    .await
}

#[tokio::test]
async fn a_second_source_is_compared_by_what_is_critical() {
    let same = with_audit(&audit(found("GHSA-f82v-jwr5-mffw", "next"), 1).to_string()).await;
    assert_eq!(same["second"]["complete"], true, "{:#}", same["second"]);
    assert_eq!(ids(&same["second"]["critical"]), ["GHSA-f82v-jwr5-mffw"]);
    assert_eq!(same["only_second"], json!([]));
    let more = with_audit(&audit(found("GHSA-more", "sharp"), 1).to_string()).await;
    assert_eq!(ids(&more["only_second"]), ["GHSA-more"]);
    // What the first calls high is not critical there.
    let worse = with_audit(&audit(found("GHSA-high", "sharp"), 1).to_string()).await;
    assert_eq!(ids(&worse["only_second"]), ["GHSA-high"]);
    let clean = with_audit(&audit(json!({}), 0).to_string()).await;
    assert_eq!(clean["second"]["complete"], true);
    assert_eq!(clean["only_second"], json!([]));
}

#[tokio::test]
async fn an_audit_that_failed_is_not_clean() {
    let failed = json!({ "message": "request failed", "error": { "code": "ENOTFOUND", "summary": "getaddrinfo ENOTFOUND", "detail": "" } });
    let uncounted = json!({ "auditReportVersion": 2, "vulnerabilities": {} });
    for (text, cause) in [
        (failed.to_string(), "failed"),
        (audit(json!({}), 3).to_string(), "found 3 and lists 0"),
        (
            audit(found("GHSA-1", "stranger"), 1).to_string(),
            "make it again",
        ),
        (uncounted.to_string(), "no numbers"),
        (String::new(), "empty"),
        ("{".into(), "not JSON"),
        ("[]".into(), "no object"),
        ("null".into(), "no object"),
        ("{}".into(), "no audit"),
        (
            json!({ "auditReportVersion": 3, "vulnerabilities": {} }).to_string(),
            "version 3",
        ),
        (
            "{\"type\":\"error\",\"data\":\"no registry\"}\n{\"type\":\"info\",\"data\":\"x\"}"
                .into(),
            "no registry",
        ),
        // Yarn classic says so on its error output, and begins all the same.
        (
            "{\"type\":\"info\",\"data\":\"Visit https://yarnpkg.com/en/docs/cli/audit\"}".into(),
            "no audit",
        ),
        // Yarn classic, where the registry refuses.
        (
            "{\"type\":\"info\",\"data\":\"x\"}\n{\"type\":\"error\",\"data\":\"Error: /-/npm/v1/security/audits returned a 405\"}".into(),
            "returned a 405",
        ),
        // pnpm 12, with both outputs in the file.
        (
            "Error: ERR_PNPM_AUDIT_BAD_RESPONSE\n\n  × The audit endpoint responded with 500: {}\n".into(),
            "not JSON",
        ),
        ("\u{0}\n\u{1}".into(), "not JSON"),
    ] {
        let facts = with_audit(&text).await;
        let second = &facts["second"];
        assert_eq!(second["complete"], false, "{text}");
        let said = second["cause"].as_str().unwrap();
        assert!(said.contains(cause), "{text}: {said}");
    }
}

#[tokio::test]
async fn the_audit_can_be_the_source_that_decides() {
    let folder = application();
    write(
        folder.path(),
        "audit.json",
        &audit(json!({}), 0).to_string(),
    );
    let parameters =
        json!({ "base_url": "http://127.0.0.1:9", "audit": "audit.json", "first": "audit" });
    let facts = look(folder.path(), parameters).await;
    assert_eq!(facts["first"]["complete"], true);
    assert_eq!(facts["first"]["source"], "the audit of npm");
    assert_eq!(facts["second"]["complete"], false);
    let none = json!({ "base_url": "http://127.0.0.1:9", "first": "audit" });
    let facts = look(folder.path(), none).await;
    assert!(
        facts["first"]["cause"]
            .as_str()
            .unwrap()
            .contains("HOLDPOINT_AUDIT_JSON")
    );
}

#[tokio::test]
async fn without_a_lockfile_nothing_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let sighting = Looking::at("advisories")
        .below(folder.path())
        .look(json!({ "base_url": "http://127.0.0.1:9" }))
        .await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Absent);
}

/// What a registry answers to npm's audit: advisories by package, where it is asked for them.
async fn registry(advisories: Option<Value>) -> String {
    use axum::routing::{get, post};
    let bulk = move || {
        let advisories = advisories.clone();
        async move {
            let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
            advisories.map(axum::Json).ok_or(status)
        }
    };
    let packument = async |name: axum::extract::Path<String>| {
        axum::Json(json!({ "name": name.0, "dist-tags": {}, "versions": {} }))
    };
    let site = axum::Router::new()
        .route("/-/npm/v1/security/advisories/bulk", post(bulk))
        .route("/{name}", get(packument));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, site).into_future());
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn npm_itself_writes_audits_that_are_understood() {
    let (Some(npm), Some(app)) = (peer("npm"), fetched("next-auth-4")) else {
        return;
    };
    let osv = OsvApi::start(records(), 9, None).await.unwrap();
    let advisory = json!({ "next": [{ "id": 1, "url": "https://github.com/advisories/GHSA-more", "title": "t",
        "severity": "critical", "vulnerable_versions": "<99.0.0", "cwe": [], "cvss": { "score": 9.8, "vectorString": CRITICAL } }] });
    for (advisories, complete, beyond) in [
        (Some(advisory), true, vec!["GHSA-more"]),
        (Some(json!({})), true, vec![]),
        (None, false, vec![]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(app.join(file), folder.path().join(file)).unwrap();
        }
        let url = registry(advisories).await;
        let audit = Command::new(&npm)
            .args([
                "audit",
                "--json",
                "--package-lock-only",
                "--fetch-retries=0",
                "--registry",
                &url,
                "--cache",
            ])
            .arg(folder.path().join("cache"))
            .current_dir(folder.path())
            .output()
            .unwrap();
        write(
            folder.path(),
            "audit.json",
            &String::from_utf8_lossy(&audit.stdout),
        );
        let facts = look(
            folder.path(),
            json!({ "base_url": osv.url(), "audit": "audit.json" }),
        )
        .await;
        assert_eq!(
            facts["second"]["complete"], complete,
            "{:#}",
            facts["second"]
        );
        assert_eq!(ids(&facts["only_second"]), beyond);
        if !beyond.is_empty() {
            assert_eq!(facts["only_second"][0]["name"], "next 15.5.29");
        }
    }
}

/// Versions and ranges as they come up, close to each other so that the edges are met.
fn some_version() -> String {
    let [major, minor, patch] = [(); 3].map(|()| fastrand::u8(..3));
    let pre = [
        "",
        "",
        "",
        "-rc.1",
        "-rc.2",
        "-alpha",
        "-1",
        "-rc.10",
        "-alpha.beta",
    ];
    let build = ["", "", "", "+build"];
    let pre = pre[fastrand::usize(..pre.len())];
    format!(
        "{major}.{minor}.{patch}{pre}{}",
        build[fastrand::usize(..build.len())]
    )
}

/// `semver`, which npm itself compares versions by, says of each version whether one of the ranges holds it.
const ORACLE: &str = r#"
const semver = require(process.argv[1]);
const { versions, ranges } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const inside = (v, [from, kind, to]) => (from === "0" || semver.gte(v, from))
  // What ends before it begins has no end (OSV schema, evaluation: events in the order of versions).
  && (from !== "0" && semver.lt(to, from) ? true : kind === "fixed" ? semver.lt(v, to) : kind === "last_affected" ? semver.lte(v, to) : true);
console.log(JSON.stringify(ranges.map((range) => versions.filter((v) => inside(v, range)))));
"#;

#[tokio::test]
async fn ranges_are_those_of_npms_own_semver() {
    let (Some(node), Some(app)) = (peer("node"), fetched("next-auth-4")) else {
        return;
    };
    fastrand::seed(20);
    for _ in 0..20 {
        let versions: Vec<String> = (0..8).map(|_| some_version()).collect();
        let ranges: Vec<[String; 3]> = (0..150)
            .map(|at| {
                let from = if at % 3 == 0 {
                    "0".into()
                } else {
                    some_version()
                };
                let kind = ["fixed", "last_affected", "none"][at % 5 % 3];
                [from, kind.into(), some_version()]
            })
            .collect();
        let folder = application();
        let entries = versions.iter().enumerate().map(|(at, version)| {
            (
                format!("node_modules/h{at}/node_modules/p"),
                json!({ "version": version }),
            )
        });
        let lock = json!({ "lockfileVersion": 3, "packages": serde_json::Map::from_iter(entries) });
        write(folder.path(), "package-lock.json", &lock.to_string());
        let database = folder.path().join("osv");
        let known = OsvRecord::new("GHSA-xvch-5gv4-984h", "minimist", [0, 2, 4], CRITICAL);
        write(&database, "known.json", &known.record.to_string());
        for (at, [from, kind, to]) in ranges.iter().enumerate() {
            let mut events = vec![json!({ "introduced": from })];
            if kind != "none" {
                events.insert(at % 2, json!({ kind: to }));
            }
            let record = json!({ "id": format!("R-{at:03}"), "affected": [{ "package": { "ecosystem": "npm", "name": "p" },
                "ranges": [{ "type": "SEMVER", "events": events }] }] });
            write(&database, &format!("R-{at:03}.json"), &record.to_string());
        }
        let facts = look(folder.path(), json!({ "folder": "osv" })).await;
        assert_eq!(facts["first"]["complete"], true, "{:#}", facts["first"]);

        let mut oracle = Command::new(&node)
            .args(["-e", ORACLE])
            .arg(app.join("node_modules/semver"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let question = json!({ "versions": versions, "ranges": ranges }).to_string();
        oracle
            .stdin
            .take()
            .unwrap()
            .write_all(question.as_bytes())
            .unwrap();
        let told = oracle.wait_with_output().unwrap().stdout;
        let told: Vec<Vec<String>> = serde_json::from_slice(&told).unwrap();
        let found = facts["first"]["unrated"].as_array().unwrap();
        for (at, expected) in told.iter().enumerate() {
            let id = format!("R-{at:03}");
            let found = found.iter().find(|it| it["advisory"] == *id);
            let names = found.map_or("", |it| it["name"].as_str().unwrap());
            let mut expected: Vec<_> = expected.iter().map(|it| format!("p {it}")).collect();
            expected.sort();
            expected.dedup();
            assert_eq!(names, expected.join(" and "), "{:?}", ranges[at]);
        }
    }
}
