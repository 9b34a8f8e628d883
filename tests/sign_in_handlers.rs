//! What an application sends to its provider, through the program: the request handlers of NextAuth 4 and
//! Auth.js 5 themselves before the certified provider, and applications that are wrong in one thing each.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::sandbox::oidc::{Client, Manners, Provider};
use holdpoint::sandbox::{NextAuthDouble, NextAuthFault, NextAuthVersion};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use support::hostile::Server;
use support::{holdpoint, peers, write};
use tempfile::TempDir;

const ID: &str = "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com";
const SECRET: &str = "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";

/// The checks that look at the application.
const ALL: &[&str] = &[
    "application-offers-provider",
    "application-starts-sign-in",
    "application-sends-client",
    "application-sends-callback",
    "application-request-accepted",
    "application-state-pkce",
    "application-pkce",
    "application-cookies",
    "callback-refuses-wrong-state",
];

/// A process of Node.js that says where it listens. Dropping it ends it.
struct Node {
    child: Child,
    input: ChildStdin,
    lines: Option<Lines<BufReader<ChildStdout>>>,
    address: String,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

impl Node {
    /// Starts a script of `tests/peers/`; none where Node.js or the packages are not installed.
    fn start(script: &str, packages: &str, options: &Value) -> Option<Self> {
        let node = peers::peer("node")?;
        let folder = peers::fetched(script)?.join(packages);
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/peers")
            .join(script)
            .join("server.mjs");
        let mut child = Command::new(node)
            .arg(script)
            .arg(folder)
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut node = Self {
            child,
            input,
            lines: Some(lines),
            address: String::new(),
        };
        let port = node.await_line("listening ");
        node.address = format!("http://127.0.0.1:{port}");
        Some(node)
    }

    fn await_line(&mut self, beginning: &str) -> String {
        let lines = self.lines.as_mut().unwrap();
        lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix(beginning).map(str::to_owned))
            .unwrap_or_else(|| panic!("it ended before it said '{beginning}'"))
    }

    /// Tells an application its provider and its own address, and waits until it answers.
    fn sign_in_at(&mut self, issuer: &str, own: &str) {
        writeln!(self.input, "{issuer} {own}").unwrap();
        self.await_line("ready");
        let rest = self.lines.take().unwrap();
        std::thread::spawn(move || rest.for_each(drop));
    }
}

/// NextAuth 4 or Auth.js 5 on a server, with these options beside the client.
fn application(version: u8, more: Value) -> Option<Node> {
    let mut options = json!({ "version": version, "id": ID, "secret": SECRET });
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    Node::start("auth-handlers", "", &options)
}

/// The certified provider with one client and this callback.
fn provider(redirect_uri: &str) -> Option<Node> {
    let options = json!({ "id": ID, "secret": SECRET, "redirectUris": [redirect_uri] });
    Node::start("oidc-provider", "node_modules/oidc-provider", &options)
}

type Verdicts = BTreeMap<String, (String, String)>;

/// Runs the oidc checks against a target, with the client of these tests.
fn run(target: &str, issuer: &str, scratch_words: &[&str]) -> Verdicts {
    run_within(&tempfile::tempdir().unwrap(), target, issuer, scratch_words)
}

/// The same within a folder that may hold settings.
fn run_within(folder: &TempDir, target: &str, issuer: &str, scratch_words: &[&str]) -> Verdicts {
    let package = r#"{"name":"shop","dependencies":{"next":"15.5.0","next-auth":"4.24.15"}}"#;
    write(folder.path(), "package.json", package);
    let outcome = holdpoint(["run", "oidc", "--target", target, "--report", "json=-"])
        .within(folder.path())
        .env("HOLDPOINT_GOOGLE_ISSUER", issuer)
        .env("GOOGLE_CLIENT_ID", ID)
        .env("GOOGLE_CLIENT_SECRET", SECRET)
        .run();
    // What an application gives a browser for a sign-in opens it to whoever reads it.
    let record = files(folder.path());
    for word in [&[SECRET, "eyJhbGciOiJkaXIi"], scratch_words].concat() {
        assert!(!outcome.stdout.contains(word), "{word}: {}", outcome.stdout);
        assert!(!record.contains(word), "{word} is in the record");
    }
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr));
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let word = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            (word("check"), (word("verdict"), finding.to_string()))
        })
        .collect()
}

/// The text of everything that a run left behind.
fn files(folder: &Path) -> String {
    let records = folder.join(".holdpoint/records");
    std::fs::read_dir(records)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect()
}

#[track_caller]
fn expect(found: &Verdicts, check: &str, wanted: &str, words: &str) {
    let (verdict, told) = &found[&format!("oidc.{check}")];
    assert_eq!(verdict, wanted, "{check}: {told}");
    assert!(told.contains(words), "{check}: no '{words}' in {told}");
}

fn callback(address: &str) -> String {
    format!("{address}/api/auth/callback/google")
}

#[test]
fn both_versions_pass_as_they_come() {
    for version in [4, 5] {
        let Some(mut app) = application(version, json!({})) else {
            return;
        };
        let Some(provider) = provider(&callback(&app.address)) else {
            return;
        };
        let own = app.address.clone();
        app.sign_in_at(&provider.address, &own);
        let found = run(&app.address, &provider.address, &[]);
        for check in ALL {
            expect(&found, check, "pass", "");
        }
        // The provider knows the callback of the target, too.
        for check in ["redirect-uri-registered", "secret-accepted"] {
            expect(&found, check, "pass", "");
        }
    }
}

#[test]
fn only_auth_js_5_shows_that_it_compares_the_state() {
    for (version, checks, verdict) in [
        (4, json!(["pkce", "state"]), "inconclusive"),
        (5, json!(["pkce", "state"]), "pass"),
        (5, json!(["pkce"]), "not-applicable"),
    ] {
        let Some(mut app) = application(version, json!({ "checks": checks })) else {
            return;
        };
        let Some(provider) = provider(&callback(&app.address)) else {
            return;
        };
        let own = app.address.clone();
        app.sign_in_at(&provider.address, &own);
        let found = run(&app.address, &provider.address, &[]);
        expect(&found, "callback-refuses-wrong-state", "pass", "");
        expect(&found, "state-is-examined", verdict, "");
    }
}

/// The same by applications that are played: a wrong state that is believed is found, and only that.
#[test]
fn auth_js_5_that_ignores_the_state_is_named() {
    for (version, fault, verdict, words) in [
        (NextAuthVersion::Five, None, "pass", ""),
        (
            NextAuthVersion::Five,
            Some(NextAuthFault::IgnoresState),
            "fail",
            "does not compare the state",
        ),
        (
            NextAuthVersion::Four,
            None,
            "inconclusive",
            "as NextAuth 4 does",
        ),
    ] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let app = runtime
            .block_on(NextAuthDouble::start(version, fault))
            .unwrap();
        let (_runtime, google) = google(&callback(&app.url()));
        app.sign_in_at(&google, ID);
        let found = run(&app.url(), &google.issuer(), &[]);
        for check in ALL {
            expect(&found, check, "pass", "");
        }
        expect(&found, "state-is-examined", verdict, words);
    }
}

/// A provider with Google's manners that knows this callback; it runs as long as its runtime.
fn google(registered: &str) -> (tokio::runtime::Runtime, Provider) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = Client {
        id: ID.into(),
        secret: SECRET.into(),
        redirect_uris: vec![registered.into()],
    };
    let provider = runtime
        .block_on(Provider::start(Manners::Google, client, None))
        .unwrap();
    (runtime, provider)
}

/// Runs against an application before a provider with Google's manners that knows this callback.
fn before_google(app: Node, registered: &str) -> Verdicts {
    let own = app.address.clone();
    named_before_google(app, registered, &own)
}

/// The same for an application whose NEXTAUTH_URL or AUTH_URL says this.
fn named_before_google(mut app: Node, registered: &str, own: &str) -> Verdicts {
    let (_runtime, google) = google(registered);
    app.sign_in_at(&google.issuer(), own);
    run(&app.address, &google.issuer(), &[])
}

#[test]
fn another_client_in_the_deployment_is_named() {
    for version in [4, 5] {
        let other = "999-zzzzzzzzzzzz.apps.googleusercontent.com";
        let Some(app) = application(version, json!({ "id": other })) else {
            return;
        };
        let registered = callback(&app.address);
        let found = before_google(app, &registered);
        expect(&found, "application-starts-sign-in", "pass", "");
        expect(&found, "application-sends-client", "fail", "…zzzzzz");
        expect(
            &found,
            "application-request-accepted",
            "fail",
            "invalid_client",
        );
        expect(&found, "application-state-pkce", "pass", "");
    }
}

#[test]
fn an_application_that_believes_it_is_elsewhere_is_named() {
    for version in [4, 5] {
        let Some(app) = application(version, json!({})) else {
            return;
        };
        let registered = callback(&app.address);
        let found = named_before_google(app, &registered, "http://localhost:3000");
        let sent = "http://localhost:3000/api/auth/callback/google";
        expect(&found, "redirect-uri-registered", "pass", "");
        expect(&found, "application-sends-callback", "fail", sent);
        expect(
            &found,
            "application-request-accepted",
            "fail",
            "redirect_uri_mismatch",
        );
    }
}

#[test]
fn checks_that_are_switched_off_are_named() {
    for version in [4, 5] {
        let Some(app) = application(version, json!({ "checks": ["none"] })) else {
            return;
        };
        let registered = callback(&app.address);
        let found = before_google(app, &registered);
        expect(
            &found,
            "application-state-pkce",
            "fail",
            "neither a state nor PKCE",
        );
        expect(&found, "application-pkce", "fail", "");
        expect(&found, "application-cookies", "not-applicable", "");
        // A made-up code opens no session all the same.
        expect(&found, "callback-refuses-wrong-state", "pass", "");
    }
    // A state alone protects; PKCE is recommended beside it.
    let Some(app) = application(4, json!({ "checks": ["state"] })) else {
        return;
    };
    let registered = callback(&app.address);
    let found = before_google(app, &registered);
    expect(&found, "application-state-pkce", "pass", "");
    expect(&found, "application-pkce", "fail", "");
    expect(
        &found,
        "state-is-examined",
        "inconclusive",
        "as NextAuth 4 does whether or not",
    );
}

/// A front that ends TLS before an application, with a certificate of its own.
const FRONT: &str = "
events {}
http {
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {dir}/identity.pem;
        ssl_certificate_key {dir}/identity.pem;
        location / {
            proxy_pass {behind};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
        }
    }
}
";

/// Runs against an application behind TLS whose settings say that it is reached by this scheme.
fn behind_tls(version: u8, scheme: &str) -> Option<Verdicts> {
    let mut app = application(version, json!({}))?;
    let identity = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = identity.cert.pem();
    let both = certificate.clone() + &identity.signing_key.serialize_pem();
    let front = FRONT.replace("{behind}", &app.address);
    let front = peers::Nginx::start_with(&front, |folder| {
        std::fs::write(folder.join("identity.pem"), both).unwrap();
    })?;
    let target = format!("https://127.0.0.1:{}", front.port());
    let own = target.replacen("https", scheme, 1);
    let (_runtime, google) = google(&callback(&own));
    app.sign_in_at(&google.issuer(), &own);
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "authority.pem", &certificate);
    let settings = format!("[target]\nurl = \"{target}\"\nca_file = \"authority.pem\"\n");
    write(folder.path(), "holdpoint.toml", &settings);
    Some(run_within(&folder, &target, &google.issuer(), &[]))
}

#[test]
fn behind_tls_everything_is_secure_or_named() {
    for version in [4, 5] {
        let Some(found) = behind_tls(version, "https") else {
            return;
        };
        for check in ALL {
            expect(&found, check, "pass", "");
        }
        // The settings forgot the s.
        let Some(found) = behind_tls(version, "http") else {
            return;
        };
        expect(&found, "application-cookies", "fail", "plain HTTP");
        expect(
            &found,
            "application-sends-callback",
            "fail",
            "set NEXTAUTH_URL (AUTH_URL with Auth.js 5) of the deployment to https://127.0.0.1",
        );
        expect(&found, "callback-refuses-wrong-state", "pass", "");
    }
}

#[test]
fn a_cookie_that_scripts_can_read_is_named() {
    // In version 4 a cookie that is given by name alone loses its flags.
    let cookies = json!({ "cookies": { "state": { "name": "next-auth.state", "options": { "path": "/" } } } });
    let Some(app) = application(4, cookies) else {
        return;
    };
    let registered = callback(&app.address);
    let found = before_google(app, &registered);
    expect(&found, "application-state-pkce", "pass", "");
    expect(&found, "application-cookies", "fail", "scripts can read");
}

#[test]
fn a_provider_that_is_not_offered_is_named() {
    for version in [4, 5] {
        let Some(app) = application(version, json!({ "provider": false })) else {
            return;
        };
        let registered = callback(&app.address);
        let found = before_google(app, &registered);
        expect(
            &found,
            "application-offers-provider",
            "fail",
            "does not offer google",
        );
        expect(&found, "application-starts-sign-in", "blocked", "");
    }
}

/// An application of a few lines that answers each path with this: status, headers and body.
fn naive(answer: impl Fn(&str) -> (u16, String, String) + Send + Sync + 'static) -> Server {
    Server::start(move |request, client| {
        let (status, headers, body) = answer(request.target());
        write!(
            client,
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
            body.len()
        )
    })
}

#[test]
fn an_application_that_believes_any_state_is_critical() {
    let (_runtime, google) = google("https://app.example/api/auth/callback/google");
    let issuer = google.issuer();
    let session = "session-of-a-stranger-5f2c";
    let start = google
        .sign_in("https://app.example/api/auth/callback/google")
        .unwrap();
    let secrets = [
        session,
        &start.state.clone(),
        &start.verifier.clone(),
        "abcdef012345",
    ]
    .map(str::to_owned);
    let app = naive(move |path| match path {
        "/api/auth/providers" => (
            200,
            "Content-Type: application/json\r\n".into(),
            r#"{"google":{"id":"google"}}"#.into(),
        ),
        "/api/auth/csrf" => (
            200,
            "Set-Cookie: next-auth.csrf-token=abcdef012345%7Cx; HttpOnly\r\n".into(),
            r#"{"csrfToken":"abcdef012345"}"#.into(),
        ),
        "/api/auth/signin/google" => {
            let cookie = |name: &str, value: &str| {
                format!("Set-Cookie: next-auth.{name}={value}; HttpOnly; SameSite=Lax\r\n")
            };
            let cookies =
                cookie("state", &start.state) + &cookie("pkce.code_verifier", &start.verifier);
            let headers = format!("Location: {}\r\n{cookies}", start.location);
            (302, headers, String::new())
        }
        path if path.starts_with("/api/auth/callback/") => (
            302,
            format!("Location: /\r\nSet-Cookie: next-auth.session-token={session}; HttpOnly\r\n"),
            String::new(),
        ),
        _ => (404, String::new(), String::new()),
    });
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let found = run(&app.url(), &issuer, &secrets);
    expect(&found, "application-cookies", "pass", "");
    expect(
        &found,
        "callback-refuses-wrong-state",
        "fail",
        "opens a session",
    );
    expect(&found, "application-request-accepted", "pass", "");
    expect(
        &found,
        "application-sends-callback",
        "fail",
        "https://app.example",
    );
    // A second domain that the settings name; the cookies of this sign-in do not get there.
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        ".env.local",
        "NEXTAUTH_URL=https://app.example\n",
    );
    let found = run_within(&folder, &app.url(), &issuer, &secrets);
    expect(
        &found,
        "application-sends-callback",
        "inconclusive",
        "as NEXTAUTH_URL says",
    );
}

#[test]
fn what_an_application_does_not_answer_is_no_verdict() {
    let (_runtime, google) = google("http://127.0.0.1:9/api/auth/callback/google");
    let issuer = google.issuer();
    // It fails; it hangs; it has no NextAuth.
    let failing = naive(|_| (500, String::new(), r#"{"message":"x"}"#.into()));
    let found = run(&failing.url(), &issuer, &[]);
    expect(
        &found,
        "application-offers-provider",
        "inconclusive",
        "answers 500",
    );
    expect(&found, "application-starts-sign-in", "blocked", "");
    let hanging = Server::start(|_, client| client.until_closed());
    let found = run(&hanging.url(), &issuer, &[]);
    expect(
        &found,
        "application-offers-provider",
        "inconclusive",
        "no answer within the time allowed",
    );
    let other = naive(|_| (404, String::new(), "no".into()));
    let found = run(&other.url(), &issuer, &[]);
    expect(&found, "application-offers-provider", "not-applicable", "");
    expect(&found, "callback-refuses-wrong-state", "not-applicable", "");
    // What stands before it may answer in its place: a protection, a page for everything, a redirect.
    for (status, headers) in [
        (401, ""),
        (403, ""),
        (200, "Content-Type: text/html\r\n"),
        (302, "Location: /login\r\n"),
    ] {
        let before = naive(move |_| (status, headers.into(), "<!doctype html>".into()));
        let found = run(&before.url(), &issuer, &[]);
        expect(
            &found,
            "application-offers-provider",
            "inconclusive",
            &format!("(status {status})"),
        );
    }
}

/// The same against an application that runs already, such as a whole Next.js build: its address in
/// HOLDPOINT_SIGN_IN_TARGET and its provider's in HOLDPOINT_SIGN_IN_ISSUER, with the client of these tests.
#[test]
fn an_application_that_runs_already_passes() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own settings, not the program's"
    )]
    let named = |name: &str| std::env::var(name).ok();
    let (Some(target), Some(issuer)) = (
        named("HOLDPOINT_SIGN_IN_TARGET"),
        named("HOLDPOINT_SIGN_IN_ISSUER"),
    ) else {
        #[expect(clippy::print_stderr, reason = "a skipped test is said")]
        {
            eprintln!("skipped: HOLDPOINT_SIGN_IN_TARGET names no application");
        }
        return;
    };
    let found = run(&target, &issuer, &[]);
    for check in ALL {
        expect(&found, check, "pass", "");
    }
}
