//! The tls probe against the server of OpenSSL, which still speaks the old versions.

#![allow(clippy::unwrap_used, reason = "a test")]

use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Sighting, Wanted, find};
use holdpoint::secret::Book;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A running `openssl s_server`.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is there an OpenSSL that can speak TLS 1.0? Fails where peers are required.
fn openssl() -> bool {
    let version = Command::new("openssl").arg("version").output();
    let found = version.is_ok_and(|output| output.stdout.starts_with(b"OpenSSL 3"));
    if !found {
        #[expect(clippy::disallowed_methods, reason = "a test asks how it was started")]
        let required = std::env::var("HOLDPOINT_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "OpenSSL 3 is required and not installed");
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: OpenSSL 3 is not installed");
        }
    }
    found
}

/// Starts the server with every version but those that `without` names, and waits until it listens.
fn serve(folder: &TempDir, without: &[&str]) -> Server {
    let identity = rcgen::generate_simple_self_signed(["app.test".to_owned()]).unwrap();
    let pem = folder.path().join("identity.pem");
    std::fs::write(
        &pem,
        identity.cert.pem() + &identity.signing_key.serialize_pem(),
    )
    .unwrap();
    let mut child = Command::new("openssl")
        .args([
            "s_server",
            "-accept",
            "127.0.0.1:0",
            "-cipher",
            "ALL:@SECLEVEL=0",
            "-cert",
        ])
        .arg(&pem)
        .args(without)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = said
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| {
            line.strip_prefix("ACCEPT ")?
                .rsplit_once(':')?
                .1
                .parse()
                .ok()
        })
        .expect("the server says where it listens");
    // Read on, so that it never waits for a reader.
    std::thread::spawn(move || said.for_each(drop));
    Server { child, port }
}

async fn look(port: u16) -> Sighting {
    let timeout = Duration::from_secs(20);
    let context = Context {
        target: None,
        root: ".".into(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment::default()),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout,
        until: clock::tick() + timeout,
        now: clock::now().as_second(),
        run: String::new(),
        scratch: holdpoint::probe::Scratch::default(),
    };
    let parameters = json!({ "host": "127.0.0.1", "port": port, "server_name": "app.test" });
    let probe = find("tls").unwrap();
    let looks = probe
        .looks(parameters.as_object().unwrap(), &context)
        .unwrap();
    probe.look(&looks[0], &Wanted::default(), &context).await
}

async fn facts(port: u16) -> Facts {
    let sighting = look(port).await;
    assert_eq!(sighting.hindrance, None);
    sighting.facts
}

fn versions(tls10: bool, tls11: bool, tls12: bool, tls13: bool) -> Value {
    json!({ "tls10": tls10, "tls11": tls11, "tls12": tls12, "tls13": tls13 })
}

#[tokio::test]
async fn old_versions_are_told_from_new_ones() {
    if !openssl() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let every = serve(&folder, &[]);
    assert_eq!(
        facts(every.port).await["versions"],
        versions(true, true, true, true)
    );
    let middle = serve(&folder, &["-no_tls1", "-no_tls1_3"]);
    assert_eq!(
        facts(middle.port).await["versions"],
        versions(false, true, true, false)
    );
    let modern = serve(&folder, &["-no_tls1", "-no_tls1_1"]);
    assert_eq!(
        facts(modern.port).await["versions"],
        versions(false, false, true, true)
    );
    let newest = serve(&folder, &["-tls1_3"]);
    assert_eq!(
        facts(newest.port).await["versions"],
        versions(false, false, false, true)
    );
    // Nothing that a modern client speaks: no facts, and the reason is the refusal.
    let old = serve(&folder, &["-no_tls1_2", "-no_tls1_3"]);
    assert_eq!(
        look(old.port).await.hindrance.map(|one| one.kind.word()),
        Some("tls")
    );
}
