//! The observatory probe at sites that answer over real connections, beside the Observatory's own scan of them.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts, HindranceKind, PathClasses, Target};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Scratch, Sighting, Wanted, find};
use holdpoint::sandbox::{Sandbox, Variant};
use holdpoint::secret::Book;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use support::hostile::Refusing;

/// What a site answers to a method and a path: status line, header lines, body.
type Answers = fn(&str, &str, usize) -> (&'static str, String, String);

/// A site over plain HTTP, until the test ends. The answer may depend on how many came before it.
fn serve(answers: Answers) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(first)) = lines.next() else {
                continue;
            };
            let mut words = first.split(' ');
            let (method, path) = (words.next().unwrap(), words.next().unwrap_or("/"));
            lines
                .by_ref()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .for_each(drop);
            let (status, headers, body) = answers(method, path, count);
            let length = body.len();
            let _ = (&stream).write_all(
                format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}").as_bytes(),
            );
        }
    });
    format!("http://{address}/")
}

fn target(url: &str) -> Target {
    Target {
        url: url.parse().unwrap(),
        environment: "test".into(),
        owned: true,
        plain_url: None,
        authority_pem: None,
        headers: vec![],
        paths: PathClasses::default(),
    }
}

async fn look(target: Target, parameters: Value) -> Sighting {
    let timeout = Duration::from_secs(30);
    let context = Context {
        transport: Arc::new(Transport::new(target.authority_pem.as_deref()).unwrap()),
        target: Some(Arc::new(target)),
        root: ".".into(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment::default()),
        secrets: Arc::new(Book::default()),
        timeout,
        until: clock::tick() + timeout,
        now: clock::now().as_second(),
        run: String::new(),
        scratch: Scratch::default(),
    };
    let probe = find("observatory").unwrap();
    let looks = probe
        .looks(parameters.as_object().unwrap(), &context)
        .unwrap();
    probe.look(&looks[0], &Wanted::default(), &context).await
}

async fn facts(target: Target) -> Facts {
    let sighting = look(target, json!({})).await;
    assert_eq!(sighting.hindrance, None);
    sighting.facts
}

const STRICT: &str = "content-type: text/html\r\ncontent-security-policy: default-src 'none'; script-src 'self'\r\nx-content-type-options: nosniff\r\nx-frame-options: DENY\r\nreferrer-policy: no-referrer\r\ncross-origin-resource-policy: same-origin\r\n";

fn bare(_: &str, _: &str, _: usize) -> (&'static str, String, String) {
    let body = "<script src=https://cdn.example/a.js></script><script src=/b.js></script>";
    ("200 OK", "content-type: text/html\r\n".into(), body.into())
}

fn strict(method: &str, _: &str, _: usize) -> (&'static str, String, String) {
    match method {
        "OPTIONS" => ("405 Method Not Allowed", String::new(), String::new()),
        _ => ("200 OK", STRICT.into(), "<p>hello</p>".into()),
    }
}

fn moving(method: &str, path: &str, _: usize) -> (&'static str, String, String) {
    match (method, path) {
        ("OPTIONS", _) => (
            "204 No Content",
            "access-control-allow-origin: *\r\n".into(),
            String::new(),
        ),
        (_, "/") => (
            "302 Found",
            "location: /home\r\nset-cookie: next-auth.session-token=1; HttpOnly; Path=/\r\nset-cookie: gone=1; Max-Age=0; Path=/\r\n".into(),
            String::new(),
        ),
        _ => (
            "200 OK",
            "content-type: text/html\r\nset-cookie: csrf=1\r\ncontent-security-policy: default-src 'self'\r\ncontent-security-policy: img-src *\r\n".into(),
            "<meta http-equiv=content-security-policy content=\"default-src 'self'\">".into(),
        ),
    }
}

fn missing(_: &str, _: &str, _: usize) -> (&'static str, String, String) {
    ("404 Not Found", STRICT.into(), String::new())
}

fn closed(_: &str, _: &str, _: usize) -> (&'static str, String, String) {
    ("401 Unauthorized", STRICT.into(), String::new())
}

fn nonces(_: &str, path: &str, count: usize) -> (&'static str, String, String) {
    if path == "/static" {
        let meta = "<meta http-equiv=content-security-policy content=\"script-src &#39;nonce-random0000&#39;\">";
        return ("200 OK", "content-type: text/html\r\n".into(), meta.into());
    }
    let nonce = if path == "/cached" { 0 } else { count };
    let policy = format!(
        "content-security-policy: script-src 'nonce-random{nonce:04}' 'strict-dynamic'\r\n"
    );
    (
        "200 OK",
        format!("content-type: text/html\r\n{policy}"),
        "<p>".into(),
    )
}

/// The tests by the names of facts, as the oracle tells them.
fn told(facts: &Facts) -> Value {
    let tests: Map<String, Value> = facts["tests"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, test)| {
            let told = json!({ "result": test["result"], "modifier": test["modifier"], "pass": test["pass"] });
            (name.replace('_', "-"), told)
        })
        .collect();
    json!({ "score": facts["score"], "grade": facts["grade"], "tests": tests })
}

/// What the Observatory's own scan says of each site; none where it is not installed.
fn scanned(sites: &[String], authority: Option<&Path>) -> Option<Vec<Value>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told where its peers are"
    )]
    let variable = |name: &str| std::env::var_os(name);
    let peer = variable("HOLDPOINT_PEERS").map(|peers| PathBuf::from(peers).join("observatory"));
    let Some(peer) = peer.filter(|peer| peer.join("node_modules").is_dir()) else {
        assert!(variable("HOLDPOINT_REQUIRE_PEERS").is_none_or(|value| value != "1"));
        #[expect(clippy::print_stderr, reason = "a skipped test is said")]
        {
            eprintln!("skipped: observatory is not installed");
        }
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/observatory/oracle.mjs");
    let mut node = Command::new("node");
    node.arg(script).arg(peer).arg("scan").args(sites);
    if let Some(authority) = authority {
        node.env("NODE_EXTRA_CA_CERTS", authority);
    }
    let output = node.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        answers.len(),
        sites.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(answers)
}

fn host(url: &str) -> String {
    let url: url::Url = url.parse().unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

#[tokio::test]
async fn says_what_the_scan_says_over_plain_http() {
    let sites: Vec<String> = [bare as Answers, strict, moving, missing, closed]
        .map(serve)
        .to_vec();
    let mut ours = Vec::new();
    for site in &sites {
        ours.push(facts(target(site)).await);
    }
    assert_eq!(ours[0]["grade"], "F");
    assert_eq!(
        ours[0]["tests"]["subresource_integrity"]["result"],
        "sri-not-implemented-but-external-scripts-loaded-securely"
    );
    assert_eq!(ours[0]["unpinned"], json!(["https://cdn.example/a.js"]));
    assert_eq!(
        ours[2]["tests"]["cookies"]["result"],
        "cookies-session-without-secure-flag"
    );
    assert_eq!(ours[3]["accepted"], json!(false));
    assert_eq!(ours[4]["accepted"], json!(true));
    let hosts: Vec<String> = sites.iter().map(|site| host(site)).collect();
    let Some(theirs) = scanned(&hosts, None) else {
        return;
    };
    for (ours, theirs) in ours.iter().zip(&theirs) {
        match theirs.get("refused") {
            Some(_) => assert_eq!(ours["accepted"], json!(false), "{theirs}"),
            None => assert_eq!(told(ours), *theirs),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_the_scan_says_over_https() {
    let folder = tempfile::tempdir().unwrap();
    for variant in [Variant::AsFound, Variant::Mended] {
        let sandbox = Sandbox::start(variant).await.unwrap();
        let pem = folder.path().join("authority.pem");
        std::fs::write(&pem, sandbox.authority_pem()).unwrap();
        // The scan asks plain HTTP of the same port, where nobody speaks it.
        let mut ours = told(
            &facts(Target {
                plain_url: None,
                ..sandbox.target().unwrap()
            })
            .await,
        );
        let redirection = ours["tests"]["redirection"].take();
        assert_eq!(redirection["result"], Value::Null);
        let hosts = [host(&format!("{}/", sandbox.https_url()))];
        if let Some(mut theirs) = scanned(&hosts, Some(&pem)) {
            theirs[0]["tests"]["redirection"] = Value::Null;
            assert_eq!(ours, theirs[0]);
        }
        let facts = facts(sandbox.target().unwrap()).await;
        let (grade, redirection) = match variant {
            Variant::AsFound => ("C", "redirection-missing"),
            Variant::Mended => ("A+", "redirection-to-https"),
        };
        assert_eq!(facts["tests"]["redirection"]["result"], redirection);
        assert_eq!(facts["grade"], grade, "{facts:?}");
        assert_eq!(facts["untold"], json!([]));
        sandbox.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_nonce_that_comes_twice_is_seen() {
    let site = serve(nonces);
    let seen = facts(target(&site)).await;
    assert_eq!(seen["nonce"], json!({ "used": true, "reused": false }));
    for path in ["/cached", "/static"] {
        let sighting = look(target(&site), json!({ "path": path })).await;
        let nonce = &sighting.facts["nonce"];
        assert_eq!(*nonce, json!({ "used": true, "reused": true }), "{path}");
    }
    let seen = facts(target(&serve(strict))).await;
    assert_eq!(seen["nonce"], json!({ "used": false, "reused": null }));
}

fn open(method: &str, _: &str, _: usize) -> (&'static str, String, String) {
    match method {
        "OPTIONS" => (
            "204 No Content",
            "access-control-allow-origin: https://holdpoint-foreign.example\r\naccess-control-allow-credentials: true\r\n".into(),
            String::new(),
        ),
        _ => (
            "200 OK",
            "content-type: text/html\r\ncontent-security-policy: script-src 'self' https://cdnjs.cloudflare.com; default-src self\r\nx-frame-options: ALLOW-FROM https://a.example\r\n".into(),
            "<meta http-equiv=content-security-policy content=\"frame-ancestors *\"><p>".into(),
        ),
    }
}

#[tokio::test]
async fn where_rules_and_browsers_part_is_said() {
    let seen = facts(target(&serve(open))).await;
    let differs: Vec<&str> = seen["differs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|differs| differs["test"].as_str().unwrap())
        .collect();
    assert_eq!(
        differs,
        ["cross-origin-resource-sharing", "x-frame-options"]
    );
    assert_eq!(
        seen["evaluation"]["bypasses"],
        json!(["script-src https://cdnjs.cloudflare.com"])
    );
    assert_eq!(seen["evaluation"]["misspelt"], json!(["default-src self"]));
}

#[tokio::test]
async fn what_does_not_answer_is_a_hindrance() {
    let nobody = Refusing::start();
    let sighting = look(target(&nobody.url()), json!({})).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Refused);
}

#[test]
fn a_grade_that_does_not_exist_is_refused() {
    let probe = find("observatory").unwrap();
    let context = Context {
        transport: Arc::new(Transport::new(None).unwrap()),
        target: None,
        root: ".".into(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment::default()),
        secrets: Arc::new(Book::default()),
        timeout: Duration::from_secs(1),
        until: clock::tick(),
        now: 0,
        run: String::new(),
        scratch: Scratch::default(),
    };
    let refused = |parameters: Value| probe.looks(parameters.as_object().unwrap(), &context);
    assert!(refused(json!({ "least": "E" })).is_err());
    assert!(refused(json!({ "path": "x" })).is_err());
    assert!(refused(json!({ "path": "/", "paths": ["/"] })).is_err());
    let looks = refused(json!({ "paths": ["/", "/a", "/"], "least": "" })).unwrap();
    assert_eq!(looks.len(), 2);
    assert_eq!(looks[0]["least"], "B");
}
