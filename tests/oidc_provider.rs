//! The oidc probe through the program against oidc-provider, the certified provider that others wrote.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::net::TcpListener;
use support::oidc::{ID, OidcProvider, SECRET};
use support::{holdpoint, write};
use url::Url;

const DEPLOYED: &str = "https://app.example/api/auth/callback/peer";
const DEVELOPED: &str = "http://localhost:3001/api/auth/callback/peer";
const NONCE: &str = "n-0S6_WzA2Mj-of-the-test";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Runs the oidc checks in an application with these variables: each check's verdict and all it says.
fn run(variables: &[(&str, &str)]) -> BTreeMap<String, (String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let package = r#"{"name":"shop","scripts":{"dev":"next dev --port 3001"},"dependencies":{"next":"15.5.0","next-auth":"5.0.0-beta.32"}}"#;
    write(folder.path(), "package.json", package);
    let mut call = holdpoint(["run", "oidc", "--report", "json=-"]).within(folder.path());
    for (name, value) in variables {
        call = call.env(name, value);
    }
    let outcome = call.run();
    for (name, value) in variables {
        let hidden =
            name.ends_with("_SECRET") || (name.contains("TOKEN") && !name.ends_with("_PROVIDER"));
        let shown = outcome.stdout.contains(value) || outcome.stderr.contains(value);
        assert!(!(hidden && shown), "{name} is shown:\n{}", outcome.stdout);
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

/// As [`run`], with the variables of a client.
fn client(issuer: &str, id: &str, secret: &str) -> BTreeMap<String, (String, String)> {
    run(&[
        ("AUTH_URL", "https://app.example"),
        ("AUTH_PEER_ISSUER", issuer),
        ("AUTH_PEER_ID", id),
        ("AUTH_PEER_SECRET", secret),
    ])
}

#[track_caller]
fn expect(found: &BTreeMap<String, (String, String)>, check: &str, wanted: &str, words: &str) {
    let (verdict, told) = &found[&format!("oidc.{check}")];
    assert_eq!(verdict, wanted, "{check}: {told}");
    assert!(told.contains(words), "{check}: no '{words}' in {told}");
}

#[test]
fn a_right_client_passes_every_rung() {
    let Some(peer) = OidcProvider::start(&[DEPLOYED, DEVELOPED], None) else {
        return;
    };
    let found = client(&peer.address, ID, SECRET);
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
    drop(peer);
    // The same provider in Google's place: asked as a browser asks, with the secret in the body.
    let google = "https://app.example/api/auth/callback/google";
    let Some(peer) = OidcProvider::start(&[google], None) else {
        return;
    };
    let found = run(&[
        ("HOLDPOINT_GOOGLE_ISSUER", &peer.address),
        ("NEXTAUTH_URL", "https://app.example"),
        ("GOOGLE_CLIENT_ID", ID),
        ("GOOGLE_CLIENT_SECRET", SECRET),
    ]);
    for check in [
        "redirect-uri-registered",
        "unregistered-uri-refused",
        "secret-accepted",
    ] {
        expect(&found, check, "pass", "");
    }
}

#[test]
fn a_wrong_half_of_the_pair_is_named() {
    let Some(peer) = OidcProvider::start(&[DEPLOYED], None) else {
        return;
    };
    let found = client(&peer.address, "nobody-knows-this-client", SECRET);
    expect(&found, "client-accepted", "fail", "invalid_client");
    expect(&found, "secret-accepted", "blocked", "oidc.client-accepted");
    let found = client(&peer.address, ID, "k9-Zr4.another~secret_altogether1");
    expect(&found, "redirect-uri-registered", "pass", "");
    expect(
        &found,
        "secret-accepted",
        "fail",
        "refuses the client secret (invalid_client): AUTH_PEER_SECRET",
    );
}

#[test]
fn an_unregistered_callback_is_named() {
    let Some(peer) = OidcProvider::start(&[DEPLOYED], None) else {
        return;
    };
    let found = client(&peer.address, ID, SECRET);
    expect(&found, "redirect-uri-registered", "pass", "");
    expect(&found, "development-redirect-uri", "fail", DEVELOPED);
    drop(peer);
    let Some(peer) = OidcProvider::start(&["https://other.example/cb", DEVELOPED], None) else {
        return;
    };
    let found = client(&peer.address, ID, SECRET);
    expect(&found, "client-accepted", "pass", "");
    expect(&found, "redirect-uri-registered", "fail", DEPLOYED);
    expect(&found, "development-redirect-uri", "pass", "");
}

#[test]
fn another_name_of_the_provider_is_refused() {
    let Some(peer) = OidcProvider::start(&[DEPLOYED], Some("https://id.example")) else {
        return;
    };
    let found = client(&peer.address, ID, SECRET);
    expect(
        &found,
        "discovers",
        "fail",
        "set the issuer to exactly https://id.example",
    );
    expect(&found, "keys", "blocked", "");
    drop(peer);
    // A path at which the provider is not.
    let Some(peer) = OidcProvider::start(&[DEPLOYED], None) else {
        return;
    };
    let found = client(&format!("{}/realms/shop", peer.address), ID, SECRET);
    expect(&found, "discovers", "fail", "no OpenID provider answers");
}

#[test]
fn a_port_without_a_provider_is_no_verdict() {
    // Bound and never accepted from; and bound no more.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", hanging.local_addr().unwrap());
    let found = client(&issuer, ID, SECRET);
    expect(
        &found,
        "discovers",
        "inconclusive",
        "no answer within the time allowed",
    );
    drop(hanging);
    let found = client(&issuer, ID, SECRET);
    expect(&found, "discovers", "inconclusive", "refused");
    expect(&found, "secret-accepted", "blocked", "");
}

/// Signs somebody in by the provider's own pages, and redeems the code for an ID token.
async fn id_token(address: &str) -> String {
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut url = Url::parse_with_params(
        &format!("{address}/auth"),
        [
            ("client_id", ID),
            ("redirect_uri", DEPLOYED),
            ("response_type", "code"),
            ("scope", "openid email"),
            ("state", "s"),
            ("nonce", NONCE),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ],
    )
    .unwrap();
    let mut prompts = ["login", "consent"].into_iter();
    let code = loop {
        let request = match url.path().starts_with("/interaction/") {
            true => {
                let prompt = prompts.next().expect("two pages");
                browser
                    .post(url.clone())
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(format!("prompt={prompt}&login=ada&password=x"))
            }
            false => browser.get(url.clone()),
        };
        let pairs: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let answer = request
            .header("cookie", pairs.join("; "))
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_redirection(),
            "{url}: {}",
            answer.status()
        );
        for line in answer.headers().get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            // What ends a page would otherwise end the next one's cookie of the same name.
            if value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.into(), value.into());
            }
        }
        url = url
            .join(answer.headers()["location"].to_str().unwrap())
            .unwrap();
        if let Some((_, code)) = url.query_pairs().find(|(name, _)| name == "code") {
            assert!(url.as_str().starts_with(DEPLOYED));
            break code.into_owned();
        }
    };
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", &code)
        .append_pair("redirect_uri", DEPLOYED)
        .append_pair("code_verifier", VERIFIER)
        .append_pair("client_id", ID)
        .append_pair("client_secret", SECRET)
        .finish();
    let answer = browser
        .post(format!("{address}/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    answer["id_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

#[test]
fn a_real_token_is_right_and_an_altered_one_is_not() {
    let Some(peer) = OidcProvider::start(&[DEPLOYED], None) else {
        return;
    };
    // The crate's default provider for TLS is asked for even where nothing is encrypted.
    let _transport = holdpoint::probe::transport::Transport::new(None).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let token = runtime.block_on(id_token(&peer.address));
    let judged = |id: &str, token: &str, nonce: &str| {
        run(&[
            ("AUTH_URL", "https://app.example"),
            ("AUTH_PEER_ISSUER", &peer.address),
            ("AUTH_PEER_ID", id),
            ("AUTH_PEER_SECRET", SECRET),
            ("HOLDPOINT_ID_TOKEN", token),
            ("HOLDPOINT_ID_TOKEN_NONCE", nonce),
        ])
    };
    expect(&judged(ID, &token, NONCE), "id-token", "pass", "");
    expect(
        &judged(ID, &token, "another"),
        "id-token",
        "fail",
        "its nonce is not the one that was sent",
    );
    expect(
        &judged("another-client", &token, NONCE),
        "id-token",
        "fail",
        "another client (aud)",
    );
    // One of two providers.
    let named = run(&[
        ("AUTH_PEER_ISSUER", &peer.address),
        ("AUTH_PEER_ID", ID),
        ("HOLDPOINT_GOOGLE_ISSUER", "http://127.0.0.1:9"),
        ("GOOGLE_CLIENT_ID", "1-a.apps.googleusercontent.com"),
        ("HOLDPOINT_ID_TOKEN", &token),
        ("HOLDPOINT_OIDC_PROVIDER", "peer"),
    ]);
    expect(&named, "id-token", "pass", "");
    // One character of the claims.
    let (head, rest) = token.split_once('.').unwrap();
    let swapped = if rest.as_bytes()[12] == b'A' {
        "B"
    } else {
        "A"
    };
    let altered = format!("{head}.{}{swapped}{}", &rest[..12], &rest[13..]);
    expect(
        &judged(ID, &altered, NONCE),
        "id-token",
        "fail",
        "signature",
    );
}
