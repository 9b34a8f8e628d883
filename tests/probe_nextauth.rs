//! The nextauth checks against real applications with NextAuth 4 and Auth.js 5, and against ones with a fault.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::sandbox::{NextAuthDouble, NextAuthFault, NextAuthVersion, Sandbox, Variant};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use support::next::NextApp;
use support::peers::{Nginx, free_ports};
use support::{holdpoint, write};

const SECRET: &str = "Zk3v9Qw7Lx2Rt8Yp5Nd1Hs6Jc4Bf0GmA+VuEiOaTy=";
const OTHER_SECRET: &str = "Qp8Xn2Vb6Mz4Kd9Wf1Ls7Hg3Jt5Rc0YeU+AiOqPlSk=";

/// The verdict of each check, with what is said of it.
struct Found {
    findings: BTreeMap<String, (String, String)>,
    /// Everything that was printed or written.
    written: String,
}

impl Found {
    fn verdict(&self, check: &str) -> &str {
        &self.findings[&format!("nextauth.{check}")].0
    }

    fn says(&self, check: &str, verdict: &str, text: &str) {
        let (found, reason) = &self.findings[&format!("nextauth.{check}")];
        assert_eq!(found, verdict, "{check}: {reason}");
        assert!(reason.contains(text), "{check}: no '{text}' in: {reason}");
    }

    /// The checks with this verdict, without the area.
    fn of(&self, verdict: &str) -> Vec<&str> {
        self.findings
            .iter()
            .filter(|(id, (found, _))| found == verdict && id.starts_with("nextauth."))
            .map(|(id, _)| &id["nextauth.".len()..])
            .collect()
    }

    fn reason(&self, check: &str) -> &str {
        &self.findings[&format!("nextauth.{check}")].1
    }
}

/// Runs the checks in a repository that uses this version, with these variables in `.env.local`.
fn examine(version: &str, url: &str, variables: &[(&str, &str)], more: &[&str]) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let package = format!(
        r#"{{ "name": "tasks", "dependencies": {{ "next": "15.5.29", "next-auth": "{version}" }} }}"#
    );
    write(folder.path(), "package.json", &package);
    let lines: String = variables
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    write(folder.path(), ".env.local", &lines);
    let arguments = ["run", "nextauth.*", "--target", url, "--report", "json=-"];
    let outcome = holdpoint(arguments.iter().chain(more))
        .within(folder.path())
        .run();
    found(&outcome.stdout, &outcome.stderr, folder.path())
}

fn found(stdout: &str, stderr: &str, root: &Path) -> Found {
    let report: Value =
        serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}\n{stderr}"));
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                word(one, "check"),
                (word(one, "verdict"), word(one, "reason")),
            )
        })
        .collect();
    let mut written = format!("{stdout}{stderr}");
    for record in std::fs::read_dir(root.join(".holdpoint/records")).unwrap() {
        written += &std::fs::read_to_string(record.unwrap().path()).unwrap();
    }
    Found { findings, written }
}

const ACTIVE: [&str; 3] = ["--level", "active", "--owned"];
/// What a minute of many tests at once may take.
const PATIENT: [&str; 2] = ["--timeout", "60s"];

fn patient_and_active() -> Vec<&'static str> {
    [&ACTIVE[..], &PATIENT].concat()
}

/// What sessions of 30 days in a cookie, the default, fail.
const OF_A_MONTH: [&str; 2] = ["session-lifetime", "sign-out-is-final"];

fn four(variables: impl Fn(&str) -> Vec<(&'static str, String)>) -> Option<NextApp> {
    NextApp::start("next-auth-4", variables)
}

fn five(variables: impl Fn(&str) -> Vec<(&'static str, String)>) -> Option<NextApp> {
    NextApp::start("next-auth-5", variables)
}

#[test]
fn a_right_application_with_next_auth_4_passes() {
    let Some(app) = four(|url| {
        vec![
            ("NEXTAUTH_URL", url.into()),
            ("NEXTAUTH_SECRET", SECRET.into()),
            ("GOOGLE_CLIENT_ID", "client".into()),
            ("GOOGLE_CLIENT_SECRET", "secret".into()),
            ("TASKS_PASSWORD", "open sesame".into()),
        ]
    }) else {
        return;
    };
    let url = app.url();
    let right = [("NEXTAUTH_URL", &*url), ("NEXTAUTH_SECRET", SECRET)];
    let found = examine("4.24.15", &url, &right, &patient_and_active());
    assert_eq!(found.of("fail"), ["session-lifetime"], "{}", app.log());
    // Over plain HTTP there are no prefixes.
    assert_eq!(found.of("not-applicable"), ["cookie-prefixes"]);
    assert_eq!(found.of("pass").len(), 23);
    // No token and no session in anything that is kept: each begins with its encoded header.
    assert!(!found.written.contains("eyJhbGciOi"));
    assert!(!found.written.contains(SECRET));

    let wrong = [("NEXTAUTH_URL", &*url), ("NEXTAUTH_SECRET", OTHER_SECRET)];
    let found = examine("4.24.15", &url, &wrong, &PATIENT);
    found.says(
        "deployed-secret-matches",
        "fail",
        "another secret than NEXTAUTH_SECRET at .env.local:2",
    );
    found.says(
        "session-accepts-own",
        "blocked",
        "nextauth.deployed-secret-matches",
    );
    assert_eq!(found.verdict("callback-urls-match"), "pass");

    // The same secret under the name that version 5 prefers.
    let renamed = [("NEXTAUTH_URL", &*url), ("AUTH_SECRET", SECRET)];
    let found = examine("4.24.15", &url, &renamed, &PATIENT);
    assert_eq!(found.verdict("session-accepts-own"), "pass");

    let moved = [
        ("NEXTAUTH_URL", "http://localhost:9"),
        ("NEXTAUTH_SECRET", SECRET),
    ];
    let found = examine("4.24.15", &url, &moved, &PATIENT);
    found.says(
        "configured-url-matches",
        "fail",
        "NEXTAUTH_URL at .env.local:1 is http://localhost:9",
    );
    assert_eq!(found.verdict("callback-urls-match"), "pass");
    assert_eq!(found.verdict("session-accepts-own"), "pass");

    // Variables of another deployment: that it has another secret is as it should be.
    let elsewhere = [
        ("NEXTAUTH_URL", "https://tasks.example"),
        ("NEXTAUTH_SECRET", OTHER_SECRET),
    ];
    let found = examine("4.24.15", &url, &elsewhere, &PATIENT);
    found.says(
        "deployed-secret-matches",
        "inconclusive",
        "these are the variables of another deployment",
    );
    assert_eq!(found.of("fail"), [""; 0]);
}

#[test]
fn a_right_application_with_auth_js_5_passes() {
    let Some(app) = five(|url| {
        vec![
            ("AUTH_URL", url.into()),
            ("AUTH_SECRET", SECRET.into()),
            ("SESSION_MAX_AGE", "3600".into()),
        ]
    }) else {
        return;
    };
    let url = app.url();
    let right = [("AUTH_URL", &*url), ("AUTH_SECRET", SECRET)];
    let found = examine("5.0.0-beta.32", &url, &right, &patient_and_active());
    // An hour: nothing is too long.
    assert_eq!(found.of("fail"), [""; 0], "{}", app.log());
    assert_eq!(found.of("not-applicable"), ["cookie-prefixes"]);
    assert_eq!(found.of("pass").len(), 24);
    assert!(!found.written.contains("eyJhbGciOi"));
    assert!(!found.written.contains(SECRET));

    let wrong = [("AUTH_URL", &*url), ("AUTH_SECRET", OTHER_SECRET)];
    let found = examine("5.0.0-beta.32", &url, &wrong, &PATIENT);
    found.says(
        "deployed-secret-matches",
        "fail",
        "another secret than AUTH_SECRET at .env.local:2",
    );
    assert_eq!(found.verdict("session-accepts-own"), "blocked");

    let none = [("AUTH_URL", &*url)];
    let found = examine("5.0.0-beta.32", &url, &none, &PATIENT);
    assert_eq!(found.verdict("configured"), "fail");
    assert_eq!(found.verdict("deployed-secret-matches"), "blocked");
    assert_eq!(found.verdict("endpoints-answer"), "pass");
}

#[test]
fn redirects_to_anywhere_are_told() {
    let anywhere = |url: &str, address, secret| {
        vec![
            (address, url.to_owned()),
            (secret, SECRET.to_owned()),
            ("SESSION_MAX_AGE", "3600".to_owned()),
            ("TASKS_FAULT", "redirects-anywhere".to_owned()),
        ]
    };
    let four = four(|url| anywhere(url, "NEXTAUTH_URL", "NEXTAUTH_SECRET"));
    let five = five(|url| anywhere(url, "AUTH_URL", "AUTH_SECRET"));
    for (app, version) in [(four, "4.24.15"), (five, "5.0.0-beta.32")] {
        let Some(app) = app else { return };
        let given = [("NEXTAUTH_SECRET", SECRET), ("NEXTAUTH_URL", &*app.url())];
        let found = examine(version, &app.url(), &given, &patient_and_active());
        let expected = ["callback-stays-on-the-site", "sign-in-stays-on-the-site"];
        assert_eq!(found.of("fail"), expected, "{version}");
        found.says("callback-stays-on-the-site", "fail", "taken as an address");
    }
}

#[test]
fn sessions_that_outlive_their_sign_out_are_told() {
    let outlive = |url: &str, address, secret| {
        vec![
            (address, url.to_owned()),
            (secret, SECRET.to_owned()),
            ("SESSION_MAX_AGE", "3600".to_owned()),
            ("TASKS_FAULT", "sessions-outlive".to_owned()),
        ]
    };
    let four = four(|url| outlive(url, "NEXTAUTH_URL", "NEXTAUTH_SECRET"));
    let five = five(|url| outlive(url, "AUTH_URL", "AUTH_SECRET"));
    for (app, version) in [(four, "4.24.15"), (five, "5.0.0-beta.32")] {
        let Some(app) = app else { return };
        let given = [("NEXTAUTH_SECRET", SECRET), ("NEXTAUTH_URL", &*app.url())];
        let found = examine(version, &app.url(), &given, &patient_and_active());
        assert_eq!(found.of("fail"), ["sign-out-is-final"], "{version}");
        let said = "prolonged by each use: unused it ends after 360";
        found.says("sign-out-is-final", "fail", said);
    }
}

#[test]
fn numbered_secrets_of_auth_js_5_are_found_where_they_count() {
    let Some(app) = five(|url| {
        vec![
            ("AUTH_URL", url.into()),
            ("AUTH_SECRET_1", SECRET.into()),
            ("AUTH_SECRET_2", OTHER_SECRET.into()),
        ]
    }) else {
        return;
    };
    let url = app.url();
    let right = [
        ("AUTH_URL", &*url),
        ("AUTH_SECRET_1", SECRET),
        ("AUTH_SECRET_2", OTHER_SECRET),
    ];
    let found = examine("5.0.0-beta.32", &url, &right, &PATIENT);
    assert_eq!(
        found.verdict("deployed-secret-matches"),
        "pass",
        "{}",
        found.reason("deployed-secret-matches")
    );
    assert_eq!(found.verdict("session-accepts-own"), "pass");
}

#[test]
fn a_deployment_that_names_another_address_is_told_by_its_callbacks() {
    let four = four(|_| {
        vec![
            ("NEXTAUTH_URL", "http://localhost:9".into()),
            ("NEXTAUTH_SECRET", SECRET.into()),
        ]
    });
    let five = five(|_| {
        vec![
            ("AUTH_URL", "https://old.tasks.example".into()),
            ("AUTH_SECRET", SECRET.into()),
        ]
    });
    for (app, version, published) in [
        (four, "4.24.15", "http://localhost:9"),
        (five, "5.0.0-beta.32", "https://old.tasks.example"),
    ] {
        let Some(app) = app else { return };
        let url = app.url();
        let given = [("NEXTAUTH_URL", &*url), ("AUTH_SECRET", SECRET)];
        let found = examine(version, &url, &given, &PATIENT);
        let said = format!("callback addresses begin with {published}");
        found.says("callback-urls-match", "fail", &said);
        // The session works all the same, under the name that goes with the scheme.
        assert_eq!(found.verdict("session-accepts-own"), "pass", "{version}");
        assert_eq!(
            found.verdict("session-refuses-foreign"),
            "pass",
            "{version}"
        );
    }
}

#[test]
fn a_deployment_that_lacks_what_the_library_needs_says_so() {
    let four = four(|url| vec![("NEXTAUTH_URL", url.into())]);
    // A secret, but no address and no leave to trust the host.
    let five = five(|_| vec![("AUTH_SECRET", SECRET.into())]);
    for (app, version) in [(four, "4.24.15"), (five, "5.0.0-beta.32")] {
        let Some(app) = app else { return };
        let given = [("NEXTAUTH_SECRET", SECRET), ("NEXTAUTH_URL", &*app.url())];
        let found = examine(version, &app.url(), &given, &patient_and_active());
        let said = "configuration is wrong (status 500)";
        found.says("endpoints-answer", "fail", said);
        assert_eq!(found.of("fail"), ["endpoints-answer"], "{version}");
        assert_eq!(
            found.of("pass"),
            ["configured", "url-configured"],
            "{version}"
        );
    }
}

#[test]
fn sessions_in_a_database_are_told_apart() {
    let database = || {
        vec![
            ("SESSION_STRATEGY", "database".to_owned()),
            ("GOOGLE_CLIENT_ID", "client".to_owned()),
            ("GOOGLE_CLIENT_SECRET", "secret".to_owned()),
        ]
    };
    let four = four(|url| {
        let own = [("NEXTAUTH_URL", url), ("NEXTAUTH_SECRET", SECRET)];
        own.map(|(name, value)| (name, value.to_owned()))
            .into_iter()
            .chain(database())
            .collect()
    });
    let five = five(|url| {
        let own = [("AUTH_URL", url), ("AUTH_SECRET", SECRET)];
        own.map(|(name, value)| (name, value.to_owned()))
            .into_iter()
            .chain(database())
            .collect()
    });
    for (app, version) in [(four, "4.24.15"), (five, "5.0.0-beta.32")] {
        let Some(app) = app else { return };
        let given = [("NEXTAUTH_SECRET", SECRET), ("NEXTAUTH_URL", &*app.url())];
        let found = examine(version, &app.url(), &given, &patient_and_active());
        assert_eq!(found.verdict("deployed-secret-matches"), "pass");
        let said = "sessions are kept in a database, or jwt.secret";
        found.says("session-accepts-own", "inconclusive", said);
        assert_eq!(found.verdict("session-refuses-altered"), "blocked");
        // What the guest is given is a token all the same, and nobody looks for it.
        let said = "has just opened is answered as a stranger's";
        found.says("sign-in-is-recognised", "fail", said);
    }
}

#[test]
fn without_an_address_next_auth_4_believes_the_client() {
    let Some(app) = four(|_| {
        vec![
            ("AUTH_TRUST_HOST", "true".into()),
            ("NEXTAUTH_SECRET", SECRET.into()),
        ]
    }) else {
        return;
    };
    let given = [("NEXTAUTH_SECRET", SECRET), ("AUTH_TRUST_HOST", "true")];
    let found = examine("4.24.15", &app.url(), &given, &PATIENT);
    let said = "the host of an X-Forwarded-Host header becomes the host of callback addresses";
    found.says("host-is-not-the-clients", "fail", said);
    assert_eq!(found.verdict("callback-stays-on-the-site"), "pass");
    assert_eq!(found.verdict("session-accepts-own"), "pass");
}

/// Ends TLS before an application, as a CDN or a reverse proxy does.
const FRONT: &str = "events {}
error_log {dir}/error.log;
http {
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {
        listen 127.0.0.1:{port};
        return 204;
    }
    server {
        listen 127.0.0.1:SECURE_PORT ssl;
        ssl_certificate {dir}/identity.pem;
        ssl_certificate_key {dir}/identity.pem;
        location / {
            proxy_pass APPLICATION;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
        }
    }
}
";

/// Examines an application behind a front that speaks TLS at `secure_url`.
fn examine_behind_tls(app: &NextApp, version: &str, secure_port: u16) -> Option<Found> {
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (identity.cert.pem(), identity.signing_key.serialize_pem());
    let template = FRONT
        .replace("SECURE_PORT", &secure_port.to_string())
        .replace("APPLICATION", &app.url().replace("localhost", "127.0.0.1"));
    let _front = Nginx::start_with(&template, |folder| {
        std::fs::write(folder.join("identity.pem"), format!("{certificate}{key}")).unwrap();
    })?;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let package = format!(r#"{{ "dependencies": {{ "next-auth": "{version}" }} }}"#);
    write(root, "package.json", &package);
    write(root, ".env.local", &format!("AUTH_SECRET={SECRET}\n"));
    write(root, "authority.pem", &certificate);
    let settings = format!(
        "[target]\nurl = \"https://localhost:{secure_port}\"\nca_file = \"authority.pem\"\nowned = true\n"
    );
    write(root, "holdpoint.toml", &settings);
    let arguments = [
        "run",
        "nextauth.*",
        "--skip",
        "*configured",
        "--report",
        "json=-",
    ];
    let outcome = holdpoint(arguments.iter().chain(&patient_and_active()))
        .within(root)
        .run();
    Some(found(&outcome.stdout, &outcome.stderr, root))
}

#[test]
fn behind_a_front_that_ends_tls_cookies_tell_what_the_application_believes() {
    let [four_port, five_port, plain_port] = free_ports();
    let secure = |port: u16| format!("https://localhost:{port}");
    let four_right = four(|_| {
        vec![
            ("NEXTAUTH_URL", secure(four_port)),
            ("NEXTAUTH_SECRET", SECRET.into()),
        ]
    });
    let five_right = five(|_| {
        vec![
            ("AUTH_URL", secure(five_port)),
            ("AUTH_SECRET", SECRET.into()),
        ]
    });
    for (app, version, port) in [
        (four_right, "4.24.15", four_port),
        (five_right, "5.0.0-beta.32", five_port),
    ] {
        let Some(app) = app else { return };
        let Some(found) = examine_behind_tls(&app, version, port) else {
            return;
        };
        assert_eq!(found.of("fail"), ["session-lifetime"], "{version}");
        assert_eq!(found.verdict("cookie-prefixes"), "pass");
        assert_eq!(found.verdict("session-accepts-own"), "pass");
    }
    // The address names plain HTTP, and so does every cookie.
    let plain = format!("http://localhost:{plain_port}");
    let wrong = four(|_| {
        vec![
            ("NEXTAUTH_URL", plain.clone()),
            ("NEXTAUTH_SECRET", SECRET.into()),
        ]
    });
    let Some(app) = wrong else { return };
    let Some(found) = examine_behind_tls(&app, "4.24.15", plain_port) else {
        return;
    };
    found.says(
        "cookie-prefixes",
        "fail",
        "takes itself to be on plain HTTP",
    );
    let said = format!("callback addresses begin with {plain}");
    found.says("callback-urls-match", "fail", &said);
}

/// A check of a user's, for a provider with a form.
const PASSWORD: &str = r#"
id       = "tasks.password-sign-in"
title    = "people sign in with their password"
why      = "they cannot work otherwise"
severity = "high"
level    = "active"
suites   = ["infrastructure"]

[look]
probe    = "nextauth"
look     = "sign-in"
provider = "password"
fields   = { username = "TASKS_USER", password = "TASKS_PASSWORD" }

[[expect]]
that      = "steps.sign_in.ok"
otherwise = "{steps.sign_in.cause}"
undecided = "{steps.sign_in.cause}"

[remedy]
text = "{steps.sign_in.remedy}"
"#;

#[test]
fn a_form_is_filled_in_with_the_values_of_variables() {
    let password = |url: &str| {
        vec![
            ("NEXTAUTH_URL", url.to_owned()),
            ("NEXTAUTH_SECRET", SECRET.to_owned()),
            ("AUTH_URL", url.to_owned()),
            ("TASKS_PASSWORD", "open sesame & more".to_owned()),
        ]
    };
    for app in [four(password), five(password)] {
        let Some(app) = app else { return };
        let sign_in = |variables: &str| {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), ".holdpoint/checks/tasks.toml", PASSWORD);
            write(folder.path(), ".env.local", variables);
            let url = app.url();
            let arguments = ["run", "tasks.*", "--target", &url, "--report", "json=-"];
            let outcome = holdpoint(arguments.iter().chain(&patient_and_active()))
                .within(folder.path())
                .run();
            let found = found(&outcome.stdout, &outcome.stderr, folder.path());
            assert!(!found.written.contains("sesame"));
            found.findings["tasks.password-sign-in"].clone()
        };
        let right = sign_in("TASKS_USER=ann\nTASKS_PASSWORD=\"open sesame & more\"\n");
        assert_eq!(right.0, "pass", "{}", right.1);
        let wrong = sign_in("TASKS_USER=ann\nTASKS_PASSWORD=\"close sesame & less\"\n");
        assert_eq!(wrong.0, "fail");
        assert!(
            wrong.1.contains("with password: CredentialsSignin"),
            "{}",
            wrong.1
        );
        let absent = sign_in("TASKS_USER=ann\n");
        assert_eq!(absent.0, "inconclusive");
        assert!(
            absent.1.contains("TASKS_PASSWORD is not set"),
            "{}",
            absent.1
        );
    }
}

/// Runs against a double with a fault.
async fn double(
    version: NextAuthVersion,
    fault: NextAuthFault,
    more: &'static [&'static str],
) -> Found {
    let double = NextAuthDouble::start(version, Some(fault)).await.unwrap();
    let package = match version {
        NextAuthVersion::Four => "4.24.15",
        NextAuthVersion::Five => "5.0.0-beta.32",
    };
    let (url, variables) = (double.url(), double.variables());
    let found = tokio::task::spawn_blocking(move || {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        examine(package, &url, &variables, more)
    });
    found.await.unwrap()
}

/// The front page is none of the double's.
const WITHOUT_SITE: &[&str] = &[
    "--level",
    "active",
    "--owned",
    "--skip",
    "site",
    "--timeout",
    "60s",
];
const SHORT: &[&str] = &[
    "--level",
    "active",
    "--owned",
    "--skip",
    "site",
    "--timeout",
    "4s",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_the_finding_of_one_check() {
    use NextAuthFault as F;
    let cases: [(F, &[&str]); 14] = [
        (
            F::AcceptsAltered,
            &["session-refuses-altered", "session-refuses-foreign"],
        ),
        (F::AcceptsExpired, &["session-refuses-expired"]),
        (F::SignsWithSampleSecret, &["deployed-secret-not-public"]),
        (F::AllowsCaching, &["answers-uncached"]),
        (F::OpensCookiesToScripts, &["session-cookie-flags"]),
        (F::AnswersStrangers, &["strangers-have-no-session"]),
        (F::AnswersSomebodyElse, &["session-accepts-own"]),
        (F::LosesSessions, &["sign-in-is-recognised"]),
        (F::NeedsNoCsrf, &["csrf-is-needed"]),
        (F::TakesAnyCsrf, &["csrf-is-needed"]),
        (F::TakesUnsignedCsrf, &["csrf-is-needed"]),
        (F::KeepsCookieOnSignOut, &["sign-out-clears"]),
        (F::TrustsForeignHost, &["host-is-not-the-clients"]),
        (
            F::KeepsForeignCallback,
            &["callback-stays-on-the-site", "sign-in-stays-on-the-site"],
        ),
    ];
    // The versions differ in their tokens and in how they answer forms.
    let differing = [
        F::AcceptsAltered,
        F::AcceptsExpired,
        F::LosesSessions,
        F::NeedsNoCsrf,
        F::TakesUnsignedCsrf,
        F::KeepsCookieOnSignOut,
    ];
    let four = cases.map(|case| (NextAuthVersion::Four, case));
    let five = cases
        .into_iter()
        .filter(|(fault, _)| differing.contains(fault))
        .map(|case| (NextAuthVersion::Five, case));
    for (version, (fault, checks)) in four.into_iter().chain(five) {
        let found = double(version, fault, WITHOUT_SITE).await;
        let failed: Vec<_> = found
            .of("fail")
            .into_iter()
            .filter(|check| !OF_A_MONTH.contains(check))
            .collect();
        assert_eq!(failed, checks, "{version:?} {fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_with_different_secrets_are_told() {
    let fault = NextAuthFault::HasTwoSecrets;
    // Whose turn it is at a sign-in is chance.
    let live: &[&str] = &["--skip", "site", "--timeout", "60s"];
    let found = double(NextAuthVersion::Four, fault, live).await;
    let said = "some instances of the deployment sign with NEXTAUTH_SECRET";
    found.says("deployed-secret-matches", "fail", said);
    assert_eq!(found.of("fail"), ["deployed-secret-matches"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_in_a_database_are_no_fault() {
    let fault = NextAuthFault::KeepsSessionsInDatabase;
    let found = double(NextAuthVersion::Four, fault, WITHOUT_SITE).await;
    assert_eq!(found.of("fail"), [""; 0]);
    assert_eq!(found.of("inconclusive"), ["session-accepts-own"]);
    for check in [
        "sign-in-session-is-sound",
        "sign-out-clears",
        "sign-out-is-final",
    ] {
        assert_eq!(
            found.verdict(check),
            "pass",
            "{check}: {}",
            found.reason(check)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_tell_is_neither_pass_nor_fail() {
    use NextAuthFault as F;
    for (fault, said) in [
        (F::Hangs, "no answer within the time allowed"),
        (F::Breaks, "answers with status 500"),
        (F::AnswersPages, "something that is not JSON"),
        (F::Limits, "too many requests"),
    ] {
        let found = double(NextAuthVersion::Four, fault, SHORT).await;
        found.says("endpoints-answer", "inconclusive", said);
        assert_eq!(found.of("fail"), [""; 0], "{fault:?}");
        assert_eq!(
            found.of("pass"),
            ["configured", "url-configured"],
            "{fault:?}"
        );
    }
    let found = double(NextAuthVersion::Five, F::HangsOnSessions, SHORT).await;
    let said = "GET /api/auth/session: connected, but no answer within the time allowed";
    found.says("session-accepts-own", "inconclusive", said);
    // The silence before has used up much of the time, so that a busy machine may not even connect.
    found.says(
        "sign-in-opens-a-session",
        "inconclusive",
        "within the time allowed",
    );
    assert_eq!(found.verdict("deployed-secret-matches"), "pass");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_count_only_while_the_right_session_is_accepted() {
    let found = double(
        NextAuthVersion::Five,
        NextAuthFault::AcceptsOnce,
        WITHOUT_SITE,
    )
    .await;
    assert_eq!(found.verdict("session-accepts-own"), "pass");
    for check in ["altered", "foreign", "expired"] {
        let check = format!("session-refuses-{check}");
        found.says(
            &check,
            "inconclusive",
            "is refused now, so that the refusals tell nothing",
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_or_misconfigured_is_said() {
    use NextAuthFault as F;
    for (fault, said) in [
        (F::Missing, "status 404: the library is not there"),
        (F::Misconfigured, "the server's configuration is wrong"),
    ] {
        let found = double(NextAuthVersion::Five, fault, WITHOUT_SITE).await;
        found.says("endpoints-answer", "fail", said);
        assert_eq!(found.of("fail"), ["endpoints-answer"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mended_demonstration_passes_whole() {
    for (variant, failing) in [
        (Variant::Mended, &[][..]),
        (
            Variant::AsFound,
            &["cookie-prefixes", "session-lifetime", "sign-out-is-final"],
        ),
    ] {
        let sandbox = Sandbox::start(variant).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        sandbox.write_project(folder.path()).unwrap();
        let settings = format!(
            "[target]\nurl = \"{}\"\nca_file = \"authority.pem\"\nowned = true\n",
            sandbox.https_url()
        );
        write(folder.path(), "holdpoint.toml", &settings);
        write(folder.path(), "authority.pem", &sandbox.authority_pem());
        let root = folder.path().to_owned();
        let outcome = tokio::task::spawn_blocking(move || {
            let arguments = [
                "run",
                "nextauth.*",
                "--level",
                "active",
                "--report",
                "json=-",
            ];
            holdpoint(arguments.iter().chain(&PATIENT))
                .within(root)
                .run()
        });
        let outcome = outcome.await.unwrap();
        let found = found(&outcome.stdout, &outcome.stderr, folder.path());
        assert_eq!(found.of("fail"), failing, "{variant:?}");
        assert_eq!(found.of("pass").len(), 25 - failing.len(), "{variant:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_peer_ends_in_the_time_of_its_look() {
    let double = NextAuthDouble::start(NextAuthVersion::Four, Some(NextAuthFault::Hangs))
        .await
        .unwrap();
    let url = double.url();
    let run = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let package = r#"{ "dependencies": { "next-auth": "4.24.15" } }"#;
        write(folder.path(), "package.json", package);
        // Longer than the test waits: what ends, ended by the time that was given.
        let settings = "[limits]\ntimeout = \"280s\"\n";
        write(folder.path(), "holdpoint.toml", settings);
        holdpoint([
            "run",
            "nextauth.endpoints-answer",
            "--skip",
            "site",
            "--timeout",
            "1s",
            "--target",
            &url,
        ])
        .within(folder.path())
        .run()
        .expect_code(3)
    });
    run.await.unwrap();
}
