//! The checks of sign-in with Google and other OpenID providers, through the program, against providers
//! that are right and providers that are wrong in one thing each.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::sandbox::oidc::{Client, Fault, Manners, Provider};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use support::{holdpoint, write};
use tempfile::TempDir;

const SECRET: &str = "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";
const ID: &str = "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com";
const DEPLOYED: &str = "https://app.example/api/auth/callback/google";
const DEVELOPED: &str = "http://localhost:3001/api/auth/callback/google";

/// The verdict and the reasons of each check.
type Verdicts = BTreeMap<String, (String, String)>;

/// An application's folder, with what its package.json and its environment file say.
fn project(variables: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let package = r#"{"name":"shop","scripts":{"dev":"next dev -p 3001"},"dependencies":{"next":"15.5.0","next-auth":"4.24.15"}}"#;
    write(folder.path(), "package.json", package);
    let lines: Vec<String> = variables
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    write(folder.path(), ".env.local", &lines.concat());
    folder
}

/// Runs these checks within a project, and gives what each came to. Nothing secret may be printed.
async fn verdicts(folder: &Path, arguments: &[&str], secrets: &[&str]) -> Verdicts {
    let mut all: Vec<String> = vec!["run".into()];
    all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    all.extend(["--report".into(), "json=-".into()]);
    let folder = folder.to_owned();
    let outcome = tokio::task::spawn_blocking(move || holdpoint(all).within(folder).run())
        .await
        .unwrap();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!outcome.stdout.contains(secret), "{}", outcome.stdout);
        assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
    }
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", outcome.stdout, outcome.stderr));
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let word = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            let told = finding.to_string();
            (word("check"), (word("verdict"), told))
        })
        .collect()
}

fn verdict<'a>(verdicts: &'a Verdicts, check: &str) -> &'a str {
    let found = verdicts.get(&format!("oidc.{check}"));
    found.map_or("", |(verdict, _)| verdict.as_str())
}

/// Expects a verdict, and words that tell the cause to people.
#[track_caller]
fn expect(verdicts: &Verdicts, check: &str, wanted: &str, words: &str) {
    let (verdict, told) = &verdicts[&format!("oidc.{check}")];
    assert_eq!(verdict, wanted, "{check}: {told}");
    assert!(told.contains(words), "{check}: no '{words}' in {told}");
}

fn client(redirect_uris: &[&str]) -> Client {
    Client {
        id: ID.into(),
        secret: SECRET.into(),
        redirect_uris: redirect_uris.iter().map(|uri| (*uri).to_owned()).collect(),
    }
}

/// The double, and an application whose variables name it with this id and secret.
async fn sandbox(
    manners: Manners,
    registered: &[&str],
    fault: Option<Fault>,
    given: (&str, &str),
) -> (Provider, TempDir) {
    let provider = Provider::start(manners, client(registered), fault)
        .await
        .unwrap();
    let issuer = provider.issuer();
    let variables: Vec<(&str, &str)> = match manners {
        Manners::Google => vec![
            ("HOLDPOINT_GOOGLE_ISSUER", &issuer),
            ("GOOGLE_CLIENT_ID", given.0),
            ("GOOGLE_CLIENT_SECRET", given.1),
            ("NEXTAUTH_URL", "https://app.example"),
        ],
        Manners::Conforming => vec![
            ("AUTH_GOOGLISH_ISSUER", &issuer),
            ("AUTH_GOOGLISH_ID", given.0),
            ("AUTH_GOOGLISH_SECRET", given.1),
            ("AUTH_URL", "https://app.example"),
        ],
    };
    let folder = project(&variables);
    (provider, folder)
}

async fn of(
    manners: Manners,
    registered: &[&str],
    fault: Option<Fault>,
    given: (&str, &str),
) -> Verdicts {
    let (_provider, folder) = sandbox(manners, registered, fault, given).await;
    verdicts(folder.path(), &["oidc"], &[SECRET, given.1]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_client_passes_every_rung() {
    let found = of(Manners::Google, &[DEPLOYED, DEVELOPED], None, (ID, SECRET)).await;
    for check in [
        "configured",
        "discovers",
        "keys",
        "client-accepted",
        "redirect-uri-registered",
        "unregistered-uri-refused",
        "development-redirect-uri",
        "secret-accepted",
    ] {
        expect(&found, check, "pass", "");
    }
    // No target, no domain, no token: nothing to say.
    for check in ["custom-domain-redirect-uri", "id-token"] {
        expect(&found, check, "not-applicable", "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conforming_provider_is_found_by_its_issuer() {
    let deployed = "https://app.example/api/auth/callback/googlish";
    let developed = "http://localhost:3001/api/auth/callback/googlish";
    let found = of(
        Manners::Conforming,
        &[deployed, developed],
        None,
        (ID, SECRET),
    )
    .await;
    for check in [
        "discovers",
        "keys",
        "client-accepted",
        "redirect-uri-registered",
        "unregistered-uri-refused",
        "development-redirect-uri",
        "secret-accepted",
    ] {
        expect(&found, check, "pass", "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_half_of_the_pair_is_named() {
    let unknown = "999-zzzzzzzzzzzz.apps.googleusercontent.com";
    let found = of(Manners::Google, &[DEPLOYED], None, (unknown, SECRET)).await;
    expect(&found, "keys", "pass", "");
    expect(&found, "client-accepted", "fail", "invalid_client");
    expect(
        &found,
        "redirect-uri-registered",
        "blocked",
        "client-accepted",
    );
    expect(&found, "secret-accepted", "blocked", "");

    let wrong = "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n";
    let found = of(Manners::Google, &[DEPLOYED], None, (ID, wrong)).await;
    expect(&found, "redirect-uri-registered", "pass", "");
    expect(
        &found,
        "secret-accepted",
        "fail",
        "the provider refuses the client secret",
    );
}

/// Entra looks at a code before it looks at the secret, so it is asked for a token in the client's own name.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_looks_at_the_code_first_is_asked_in_the_clients_own_name() {
    let deployed = "https://app.example/api/auth/callback/microsoft-entra-id";
    let provider = Provider::start(
        Manners::Conforming,
        client(&[deployed]),
        Some(Fault::AnySecret),
    )
    .await
    .unwrap();
    let issuer = provider.issuer();
    for (secret, verdict, reason) in [
        (SECRET, "pass", ""),
        (
            "wrong-secret-of-thirty-two-chars",
            "fail",
            "refuses the client secret",
        ),
    ] {
        let folder = project(&[
            ("AUTH_MICROSOFT_ENTRA_ID_ISSUER", &issuer),
            ("AUTH_MICROSOFT_ENTRA_ID_ID", ID),
            ("AUTH_MICROSOFT_ENTRA_ID_SECRET", secret),
            ("AUTH_URL", "https://app.example"),
        ]);
        let found = verdicts(folder.path(), &["oidc"], &[SECRET, secret]).await;
        expect(&found, "redirect-uri-registered", "pass", "");
        expect(&found, "secret-accepted", verdict, reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_secret_is_named() {
    // Auth.js 5 would send none; the double, as most providers, knows no client without.
    let deployed = "https://app.example/api/auth/callback/googlish";
    let found = of(Manners::Conforming, &[deployed], None, (ID, "")).await;
    expect(&found, "redirect-uri-registered", "pass", "");
    expect(
        &found,
        "secret-accepted",
        "fail",
        "AUTH_GOOGLISH_SECRET is not set",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unregistered_callback_is_named_with_its_remedy() {
    let found = of(Manners::Google, &[DEVELOPED], None, (ID, SECRET)).await;
    expect(&found, "client-accepted", "pass", "");
    expect(
        &found,
        "redirect-uri-registered",
        "fail",
        &format!("add exactly {DEPLOYED} under Authorised redirect URIs"),
    );
    expect(&found, "development-redirect-uri", "pass", "");
    expect(&found, "secret-accepted", "blocked", "");

    // The document's port is registered; the script listens on another.
    let documented = "http://localhost:3000/api/auth/callback/google";
    let found = of(Manners::Google, &[DEPLOYED, documented], None, (ID, SECRET)).await;
    expect(&found, "redirect-uri-registered", "pass", "");
    expect(&found, "development-redirect-uri", "fail", DEVELOPED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callback_of_a_custom_domain_is_asked_about() {
    let provider = Provider::start(Manners::Google, client(&[DEPLOYED, DEVELOPED]), None)
        .await
        .unwrap();
    let mut variables = provider.variables();
    variables.push(("NEXTAUTH_URL", "https://app.example".into()));
    variables.push(("HOLDPOINT_CUSTOM_DOMAIN", "shop.example".into()));
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let folder = project(&variables);
    let found = verdicts(folder.path(), &["oidc"], &[SECRET]).await;
    expect(&found, "redirect-uri-registered", "pass", "");
    expect(
        &found,
        "custom-domain-redirect-uri",
        "fail",
        "add exactly https://shop.example/api/auth/callback/google",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_provider_fails_where_it_is_wrong() {
    let given = (ID, SECRET);
    let found = of(
        Manners::Google,
        &[DEPLOYED],
        Some(Fault::WrongIssuer),
        given,
    )
    .await;
    expect(&found, "discovers", "fail", "https://id.example");
    expect(&found, "keys", "blocked", "");
    let found = of(Manners::Google, &[DEPLOYED], Some(Fault::NoS256), given).await;
    expect(&found, "discovers", "fail", "S256");
    let found = of(Manners::Google, &[DEPLOYED], Some(Fault::NoKeys), given).await;
    expect(&found, "keys", "fail", "RS256, ES256");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_proves_nothing() {
    let given = (ID, SECRET);
    for (fault, words) in [(Fault::TooManyRequests, "429"), (Fault::Fails, "500")] {
        for manners in [Manners::Google, Manners::Conforming] {
            let found = of(manners, &[DEPLOYED], Some(fault), given).await;
            expect(&found, "keys", "pass", "");
            expect(&found, "client-accepted", "inconclusive", words);
            expect(&found, "redirect-uri-registered", "blocked", "");
            expect(&found, "unregistered-uri-refused", "inconclusive", words);
            expect(&found, "secret-accepted", "blocked", "");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_ends_in_time_with_a_cause() {
    let given = (ID, SECRET);
    let found = of(Manners::Google, &[DEPLOYED], Some(Fault::Hangs), given).await;
    expect(
        &found,
        "discovers",
        "inconclusive",
        "connected, but no answer within the time allowed",
    );
    expect(&found, "secret-accepted", "blocked", "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_that_does_not_behave_leaves_everything_open() {
    let given = (ID, SECRET);
    let any = Some(Fault::AnyRedirect);
    let found = of(Manners::Google, &[DEPLOYED], any, given).await;
    expect(&found, "client-accepted", "inconclusive", "proves nothing");
    expect(&found, "unregistered-uri-refused", "inconclusive", "");
    expect(&found, "development-redirect-uri", "blocked", "");
    // Here the browser was sent to the callback itself, which is a fault of the provider's settings.
    let found = of(Manners::Conforming, &[DEPLOYED], any, given).await;
    expect(&found, "client-accepted", "inconclusive", "proves nothing");
    expect(
        &found,
        "unregistered-uri-refused",
        "fail",
        "holdpoint-unregistered",
    );
    let found = of(Manners::Google, &[DEPLOYED], Some(Fault::AnySecret), given).await;
    expect(&found, "redirect-uri-registered", "pass", "");
    expect(&found, "secret-accepted", "inconclusive", "alike");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_where_nothing_is_set_up() {
    let folder = project(&[("NEXTAUTH_URL", "https://app.example")]);
    let found = verdicts(folder.path(), &["oidc"], &[]).await;
    for (check, (verdict, told)) in &found {
        assert!(
            matches!(verdict.as_str(), "not-applicable" | "not-run"),
            "{check}: {told}"
        );
    }
    assert_eq!(verdict(&found, "discovers"), "not-applicable");
    // One half alone is a mistake.
    let folder = project(&[("GOOGLE_CLIENT_SECRET", SECRET)]);
    let found = verdicts(folder.path(), &["oidc"], &[SECRET]).await;
    expect(
        &found,
        "configured",
        "fail",
        "GOOGLE_CLIENT_ID is not set, and GOOGLE_CLIENT_SECRET is",
    );
    expect(&found, "discovers", "blocked", "");
}
