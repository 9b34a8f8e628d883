//! The sandbox as a client of another make sees it.

mod project;
mod sign_in;

use super::{Sandbox, Variant};
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Response, redirect};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Trusts the sandbox's authority and nobody else, follows nothing.
fn client(sandbox: &Sandbox) -> Client {
    // Another test may have installed the same provider already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .tls_certs_only([Certificate::from_pem(sandbox.authority_pem().as_bytes()).unwrap()])
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

async fn get(client: &Client, address: String) -> Response {
    client.get(address).send().await.unwrap()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

fn cookies(answer: &Response) -> Vec<&str> {
    answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect()
}

const PATHS: [(&str, u16, &str); 11] = [
    ("/", 200, "text/html"),
    ("/auth/signin", 200, "text/html"),
    ("/api/auth/signin", 200, "text/html"),
    ("/api/auth/csrf", 200, "application/json"),
    ("/api/auth/session", 200, "application/json"),
    ("/api/auth/providers", 200, "application/json"),
    ("/api/tasks", 401, "application/json"),
    ("/api/health", 200, "application/json"),
    ("/sw.js", 200, "text/javascript"),
    ("/manifest.webmanifest", 200, "application/manifest+json"),
    ("/no-such-page", 404, "text/html"),
];

#[tokio::test]
async fn every_path_answers_in_both_variants() {
    for variant in [Variant::AsFound, Variant::Mended] {
        let sandbox = Sandbox::start(variant).await.unwrap();
        let client = client(&sandbox);
        for (path, status, content_type) in PATHS {
            let answer = get(&client, sandbox.https_url() + path).await;
            assert_eq!(answer.status(), status, "{variant:?} {path}");
            assert!(
                text(answer.headers(), "content-type")
                    .unwrap()
                    .starts_with(content_type),
                "{variant:?} {path}"
            );
        }
        sandbox.stop().await.unwrap();
    }
}

#[tokio::test]
async fn the_mended_variant_protects_every_path() {
    let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
    let client = client(&sandbox);
    let page = get(&client, sandbox.https_url())
        .await
        .text()
        .await
        .unwrap();
    let chunk = page
        .split('"')
        .find(|text| text.starts_with("/_next/static/chunks/"))
        .unwrap();
    let mut policies = std::collections::HashSet::new();
    for path in PATHS.map(|(path, ..)| path).into_iter().chain([chunk]) {
        let answer = get(&client, sandbox.https_url() + path).await;
        let headers = answer.headers();
        let policy = text(headers, "content-security-policy").unwrap();
        assert!(
            policy.contains("'nonce-") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert!(
            policies.insert(policy.to_owned()),
            "{path}: the nonce was used before"
        );
        assert_eq!(
            text(headers, "strict-transport-security"),
            Some("max-age=31536000; includeSubDomains"),
            "{path}"
        );
        assert_eq!(
            text(headers, "x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            text(headers, "cross-origin-opener-policy"),
            Some("same-origin"),
            "{path}"
        );
        assert!(headers.contains_key("permissions-policy"), "{path}");
        assert!(
            !headers.contains_key("x-powered-by") && !headers.contains_key("server"),
            "{path}"
        );
        for cookie in cookies(&answer) {
            assert!(
                cookie.starts_with("__")
                    && cookie.contains("; Secure")
                    && cookie.contains("; HttpOnly"),
                "{path}: {cookie}"
            );
        }
    }
    let redirect = get(&client, sandbox.plain_url() + "/auth/signin?from=mail").await;
    assert_eq!(redirect.status(), 308);
    assert_eq!(
        text(redirect.headers(), "location"),
        Some(&*(sandbox.https_url() + "/auth/signin?from=mail"))
    );
    assert_eq!(text(redirect.headers(), "strict-transport-security"), None);
}

#[tokio::test]
async fn scripts_of_the_mended_page_carry_the_nonce_of_its_policy() {
    let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
    let answer = get(&client(&sandbox), sandbox.https_url()).await;
    let policy = text(answer.headers(), "content-security-policy").unwrap();
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap()
        .to_owned();
    let page = answer.text().await.unwrap();
    assert_eq!(
        page.matches("<script").count(),
        page.matches(&format!("nonce=\"{nonce}\"")).count()
    );
}

#[tokio::test]
async fn what_is_wrong_as_found_is_wrong() {
    let sandbox = Sandbox::start(Variant::AsFound).await.unwrap();
    let client = client(&sandbox);
    let answer = get(&client, sandbox.https_url()).await;
    let page = answer.headers();
    assert!(
        text(page, "content-security-policy")
            .unwrap()
            .contains("'unsafe-inline'")
    );
    assert_eq!(text(page, "strict-transport-security"), Some("max-age=300"));
    assert_eq!(text(page, "x-xss-protection"), Some("1; mode=block"));
    assert_eq!(text(page, "x-powered-by"), Some("Next.js"));
    assert_eq!(text(page, "x-content-type-options"), Some("nosniff"));
    assert_eq!(text(page, "permissions-policy"), None);

    let tasks = client
        .get(sandbox.https_url() + "/api/tasks")
        .header("origin", "https://foreign.example");
    let answer = tasks.send().await.unwrap();
    assert_eq!(text(answer.headers(), "x-content-type-options"), None);
    assert_eq!(
        text(answer.headers(), "access-control-allow-origin"),
        Some("https://foreign.example")
    );
    assert_eq!(
        text(answer.headers(), "access-control-allow-credentials"),
        Some("true")
    );

    let form = get(&client, sandbox.https_url() + "/auth/signin").await;
    assert!(
        cookies(&form)
            .iter()
            .all(|cookie| !cookie.contains("Secure"))
    );
    assert!(!cookies(&form).is_empty());
    assert_eq!(get(&client, sandbox.plain_url()).await.status(), 200);
}

#[tokio::test]
async fn no_other_site_may_read_the_mended_api() {
    let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
    let client = client(&sandbox);
    for method in [reqwest::Method::GET, reqwest::Method::OPTIONS] {
        for origin in ["https://foreign.example", "null"] {
            let asked = client
                .request(method.clone(), sandbox.https_url() + "/api/tasks")
                .header("origin", origin);
            let answer = asked
                .header("access-control-request-method", "POST")
                .send()
                .await
                .unwrap();
            assert!(
                !answer.headers().contains_key("access-control-allow-origin"),
                "{method} from {origin}"
            );
        }
    }
}

#[tokio::test]
async fn signing_in_takes_the_password_and_a_token_of_the_form() {
    for variant in [Variant::AsFound, Variant::Mended] {
        let sandbox = Sandbox::start(variant).await.unwrap();
        let client = client(&sandbox);
        let form = get(&client, sandbox.https_url() + "/api/auth/csrf").await;
        let jar = cookies(&form)
            .iter()
            .map(|cookie| cookie.split(';').next().unwrap())
            .collect::<Vec<_>>()
            .join("; ");
        let body: serde_json::Value = serde_json::from_slice(&form.bytes().await.unwrap()).unwrap();
        let token = body["csrfToken"].as_str().unwrap();

        let submit = async |token: &str, password: &str| {
            client
                .post(sandbox.https_url() + "/api/auth/callback/credentials")
                .header("cookie", &jar)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(format!("csrfToken={token}&password={password}"))
                .send()
                .await
                .unwrap()
        };
        let forged = submit("0000", &sandbox.password()).await;
        assert_eq!(
            text(forged.headers(), "location"),
            Some("/auth/signin?csrf=true")
        );
        let wrong = submit(token, "guess").await;
        assert_eq!(
            text(wrong.headers(), "location"),
            Some("/auth/signin?error=CredentialsSignin")
        );
        assert!(cookies(&wrong).is_empty());
        let right = submit(token, &sandbox.password()).await;
        assert_eq!(text(right.headers(), "location"), Some("/"));
        let session = cookies(&right)[0].split(';').next().unwrap().to_owned();

        let tasks = client
            .get(sandbox.https_url() + "/api/tasks")
            .header("cookie", session);
        assert_eq!(tasks.send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn the_certificate_is_trusted_through_its_authority_only() {
    let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
    let other = Sandbox::start(Variant::Mended).await.unwrap();
    assert!(
        client(&other)
            .get(sandbox.https_url())
            .send()
            .await
            .is_err()
    );
    assert_eq!(
        get(
            &client(&sandbox),
            sandbox.https_url().replace("127.0.0.1", "localhost")
        )
        .await
        .status(),
        200
    );
}

#[tokio::test]
async fn clients_that_say_nothing_hold_up_no_other() {
    let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
    let address = sandbox.https_url().replace("https://", "");
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    let mut garbled = TcpStream::connect(&address).await.unwrap();
    garbled.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(
        get(&client(&sandbox), sandbox.https_url() + "/api/health")
            .await
            .status(),
        200
    );
    let mut alert = Vec::new();
    garbled.read_to_end(&mut alert).await.unwrap();
    assert!(!alert.starts_with(b"HTTP"));
}

#[tokio::test]
async fn stopping_frees_the_ports() {
    let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
    let client = client(&sandbox);
    let (secure, plain) = (sandbox.https_url(), sandbox.plain_url());
    // Leaves an idle connection behind, which must not hold up the end.
    get(&client, secure.clone()).await.bytes().await.unwrap();
    sandbox.stop().await.unwrap();
    for address in [secure, plain] {
        let address = address.split_once("://").unwrap().1.to_owned();
        assert!(TcpStream::connect(address).await.is_err());
    }
}

#[tokio::test]
async fn the_target_names_what_the_checks_need() {
    let sandbox = Sandbox::start(Variant::AsFound).await.unwrap();
    let target = sandbox.target().unwrap();
    assert!(target.is_loopback() && target.owned);
    assert_eq!(target.url.as_str(), sandbox.https_url() + "/");
    assert_eq!(
        target.plain_url.unwrap().as_str(),
        sandbox.plain_url() + "/"
    );
    let client = client(&sandbox);
    for path in [
        target.paths.sign_in,
        target.paths.service_worker,
        target.paths.manifest,
    ] {
        assert_eq!(
            get(&client, sandbox.https_url() + &path).await.status(),
            200,
            "{path}"
        );
    }
}
