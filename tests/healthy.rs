//! The whole suite `security` against real applications with nothing wrong: what it says of them is no false alarm.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;
use support::ferretdb::{ESCAPED, Ferretdb};
use support::hostile::raw_get;
use support::mail;
use support::next::NextApp;
use support::peers::{self, Nginx};
use support::{holdpoint, write};

const SECRET: &str = "Zk3v9Qw7Lx2Rt8Yp5Nd1Hs6Jc4Bf0GmA+VuEiOaTy=";

/// What these peers cannot be made to show, each with its reason.
const OUT_OF_REACH: &[&str] = &[
    // No account is named, and the limit before the sign-in would not let it be asked for.
    "accounts.same-answer",
    "accounts.same-time",
    // The advisories of packages are asked of a service in the internet.
    "dependencies.high-at-most-two",
    "dependencies.no-critical",
    // FerretDB does not tell the roles of its users.
    "mongodb.least-privilege",
];
/// What must have been observed to hold, so that nothing passes by not applying.
const OBSERVED: &[&str] = &[
    "api.malformed-json",
    "api.no-mass-assignment",
    "api.refuses-false-sessions",
    "api.refuses-no-session",
    "api.refuses-operators",
    "api.validates-input",
    "bundle.no-source-maps",
    "certificate.modern-protocols",
    "certificate.trusted",
    "compliance.privacy-policy-linked",
    "compliance.security-txt",
    "compliance.terms-linked",
    "cookies.flags",
    "cors.foreign-origin",
    "cors.preflight",
    "exposed.no-folder-listings",
    "exposed.no-secret-files",
    "exposed.no-trace",
    "headers.api",
    "headers.content-security-policy",
    "headers.strict-transport-security",
    "isolation.guests",
    "isolation.users",
    "limits.sign-in",
    "limits.sign-in-callback",
    "mongodb.anonymous-refused",
    "mongodb.plaintext-refused",
    "nextauth.cookie-prefixes",
    "nextauth.csrf-is-needed",
    "nextauth.session-refuses-altered",
    "nextauth.sign-in-session-is-sound",
    "nextauth.sign-out-clears",
    "observatory.grade",
    "transport.https-redirect",
];

const PROSE: &str = "What is kept about you is what you write here, your name and your address, in a database called MongoDB. \
    It is kept until you delete it, nobody else reads it, and you may have a copy at any time. We sell nothing and show no \
    advertisements. Write to us where something is wrong, and somebody answers within two weeks.";

fn page(title: &str) -> String {
    let prose = format!("<p>{PROSE}</p>").repeat(3);
    format!("<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1>{prose}</html>")
}

/// The source expressions of the inline scripts of the front page.
fn hashes(port: u16) -> String {
    let html = raw_get(&format!("http://127.0.0.1:{port}"), "/", 1 << 20).unwrap();
    let html = String::from_utf8(html).unwrap();
    let script = Regex::new(r"(?s)<script(?: id=[^>]*)?>(.*?)</script>").unwrap();
    let mut found: Vec<String> = script
        .captures_iter(&html)
        .map(|found| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(&found[1]))))
        .collect();
    found.dedup();
    found.join(" ")
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

fn nothing_is_found(application: &'static str) {
    let root = tempfile::tempdir().unwrap();
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    copy(&peers.join(application), root.path());
    let (identity, authority) = mail::certified();
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| identity.path().join(name));
    let Some(database) = Ferretdb::start(Some((&certificate, &key))) else {
        return;
    };
    let front = peers::free_port();
    let address = format!("https://localhost:{front}");
    write(root.path(), "authority.pem", &authority);
    let of_database = root.path().join("authority.pem").display().to_string();
    let uri = format!(
        "mongodb://app:{ESCAPED}@localhost:{}/shop?authMechanism=SCRAM-SHA-256&tls=true&tlsCAFile={}",
        database.tls_port.unwrap(),
        percent_encoding::utf8_percent_encode(&of_database, percent_encoding::NON_ALPHANUMERIC)
    );
    let (secret, own) = match application {
        "next-auth-5" => ("AUTH_SECRET", "AUTH_URL"),
        _ => ("NEXTAUTH_SECRET", "NEXTAUTH_URL"),
    };
    let variables = vec![
        (secret, SECRET.to_owned()),
        (own, address.clone()),
        ("SESSION_MAX_AGE", "86400".into()),
        ("TASKS_PASSWORD", "a-long-Horse-7-battery".into()),
        ("MONGODB_URI", uri),
    ];
    let Some(next) = NextApp::start(application, |_| variables.clone()) else {
        return;
    };
    let upstream: u16 = next.url().rsplit(':').next().unwrap().parse().unwrap();
    let template = std::fs::read_to_string(peers.join("nginx/front.conf")).unwrap();
    let template = template
        .replace("{front}", &front.to_string())
        .replace("{upstream}", &upstream.to_string())
        .replace("{hashes}", &hashes(upstream));
    let Some(nginx) = Nginx::start_with(&template, |folder| {
        for file in [&certificate, &key] {
            std::fs::copy(file, folder.join(file.file_name().unwrap())).unwrap();
        }
        write(folder, "site/privacy.html", &page("Privacy policy"));
        write(folder, "site/terms.html", &page("Terms of service"));
        let until = holdpoint::clock::now() + jiff::SignedDuration::from_hours(180 * 24);
        let contact = format!(
            "Contact: mailto:security@tasks.test\nExpires: {}\n",
            until.strftime("%Y-%m-%dT%H:%M:%SZ")
        );
        write(folder, "site/.well-known/security.txt", &contact);
    }) else {
        return;
    };
    let settings = format!(
        "[target]\nurl = \"{address}\"\nplain_url = \"{}\"\nenvironment = \"staging\"\nowned = true\n",
        nginx.url()
    );
    write(root.path(), "holdpoint.toml", &settings);
    write(
        root.path(),
        "SECURITY.md",
        "# Security\n\nReport a weakness to security@tasks.test, in private.\n",
    );

    let arguments = ["run", "security", "--level", "active", "--report", "json=-"];
    let mut call = holdpoint(arguments)
        .within(root.path())
        .env("NODE_EXTRA_CA_CERTS", &of_database);
    for (name, value) in &variables {
        call = call.env(name, value);
    }
    let outcome = call.run();
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr));
    let findings = report["findings"].as_array().unwrap();
    let with = |verdicts: &[&str]| -> BTreeSet<&str> {
        let those = findings
            .iter()
            .filter(|one| verdicts.contains(&one["verdict"].as_str().unwrap()));
        those.map(|one| one["check"].as_str().unwrap()).collect()
    };
    let told: String = findings
        .iter()
        .filter(|one| !["pass", "not-applicable"].contains(&one["verdict"].as_str().unwrap()))
        .map(|one| format!("{} {}: {}\n", one["verdict"], one["check"], one["reason"]))
        .collect();
    assert_eq!(with(&["fail"]), BTreeSet::new(), "{told}");
    let open = with(&["inconclusive", "blocked"]);
    assert_eq!(open, OUT_OF_REACH.iter().copied().collect(), "{told}");
    let passed = with(&["pass"]);
    let unseen: Vec<_> = OBSERVED
        .iter()
        .filter(|one| !passed.contains(**one))
        .collect();
    assert!(unseen.is_empty(), "{unseen:?}\n{told}");
}

#[test]
fn nothing_is_found_in_an_application_with_nextauth_4() {
    nothing_is_found("next-auth-4");
}

#[test]
fn nothing_is_found_in_an_application_with_auth_js_5() {
    nothing_is_found("next-auth-5");
}
