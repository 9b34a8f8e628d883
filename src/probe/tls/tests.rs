//! Tests of the tls probe.

use super::*;
use crate::model::{Application, Environment, Target};
use crate::probe::transport::Transport;
use crate::secret::Book;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The first moment of 2026.
const NOW: i64 = 1_767_225_600;

/// A private authority with the certificates it signs.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Test Authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (
            certificate.der().clone(),
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
    }
}

type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// A certificate for `name` from 2025 up to the middle of January 2026.
fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2026, 1, 16);
    params
}

/// Serves TLS on loopback for as long as the test's runtime lives.
async fn serve((certificate, key): Identity, versions: handshake::Versions) -> u16 {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    answer(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0]).await;
            }
        }
    })
    .await
}

/// Gives every connection to `handle`.
async fn answer<F: Future<Output = ()> + Send + 'static>(
    handle: impl Fn(TcpStream) -> F + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handle(stream));
        }
    });
    port
}

fn context(url: &str, authority: Option<&str>, timeout: Duration) -> Context {
    let target = Target {
        url: url.parse().unwrap(),
        environment: "test".into(),
        owned: true,
        plain_url: None,
        authority_pem: authority.map(String::from),
        headers: vec![],
        paths: crate::model::PathClasses::default(),
    };
    Context {
        target: Some(Arc::new(target)),
        root: ".".into(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment::default()),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(authority).unwrap()),
        timeout,
        until: clock::tick() + timeout,
        now: NOW,
        run: String::new(),
        scratch: crate::probe::Scratch::default(),
    }
}

async fn sight_in(
    url: &str,
    name: Option<&str>,
    authority: Option<&str>,
    timeout: Duration,
) -> Sighting {
    let context = context(url, authority, timeout);
    let parameters = name
        .map(|name| ("server_name".to_owned(), name.into()))
        .into_iter()
        .collect();
    let looks = Tls.looks(&parameters, &context).unwrap();
    Tls.look(&looks[0], &Wanted::default(), &context).await
}

async fn sight(port: u16, name: &str, authority: Option<&str>) -> Sighting {
    let sighting = sight_in(
        &format!("https://127.0.0.1:{port}"),
        Some(name),
        authority,
        Duration::from_secs(20),
    )
    .await;
    let given: Vec<_> = sighting.facts.keys().cloned().collect();
    if sighting.hindrance.is_none() {
        let declared: Vec<_> = facts()
            .into_iter()
            .map(|fact| fact.name.into_owned())
            .collect();
        assert_eq!(given, declared);
    }
    sighting
}

#[tokio::test]
async fn a_certificate_of_the_targets_own_authority_is_trusted() {
    let authority = Authority::new();
    let port = serve(authority.sign(&params("app.test")), handshake::BOTH).await;
    let Sighting {
        facts,
        hindrance,
        excerpts,
        ..
    } = sight(port, "app.test", Some(&authority.pem)).await;
    assert_eq!(hindrance, None);
    assert_eq!(facts["trusted"], true);
    assert_eq!(facts["trust_error"], Value::Null);
    assert_eq!(facts["name_matches"], true);
    assert_eq!(facts["names"], json!(["app.test"]));
    assert_eq!(facts["days_left"], 15);
    assert_eq!(facts["not_after"], NOW + 15 * 86_400);
    assert_eq!(facts["self_signed"], false);
    assert_eq!(facts["version"], "TLSv1.3");
    assert_eq!(facts["cipher"].as_str().unwrap().get(..4), Some("TLS_"));
    assert_eq!(facts["alpn"], "http/1.1");
    assert_eq!(
        facts["key"],
        json!({ "algorithm": "EC P-256", "bits": 256, "weak": false })
    );
    assert_eq!(facts["signature"], "ecdsa-with-SHA256");
    assert_eq!(facts["weak_signature"], false);
    assert_eq!(
        facts["versions"],
        json!({ "tls10": false, "tls11": false, "tls12": true, "tls13": true })
    );
    assert_eq!(facts["chain_length"], 1);
    assert!(
        excerpts[0]
            .text
            .starts_with("-----BEGIN CERTIFICATE-----\n")
    );
    assert_eq!(excerpts.len(), 1);
}

#[tokio::test]
async fn the_same_certificate_is_not_trusted_by_others() {
    let authority = Authority::new();
    let port = serve(authority.sign(&params("app.test")), handshake::BOTH).await;
    let facts = sight(port, "app.test", None).await.facts;
    assert_eq!(facts["trusted"], false);
    assert_eq!(facts["name_matches"], true);
    assert!(
        facts["trust_error"]
            .as_str()
            .unwrap()
            .starts_with("no trusted authority")
    );
}

#[tokio::test]
async fn an_expired_certificate_is_described_and_not_trusted() {
    let authority = Authority::new();
    let mut params = params("app.test");
    params.not_after = date_time_ymd(2025, 12, 31);
    let port = serve(authority.sign(&params), handshake::BOTH).await;
    let facts = sight(port, "app.test", Some(&authority.pem)).await.facts;
    assert_eq!(facts["trusted"], false);
    assert_eq!(facts["trust_error"], "it has expired");
    assert_eq!(facts["days_left"], -1);
    let facts = sight(port, "other.test", Some(&authority.pem)).await.facts;
    assert_eq!(
        facts["trust_error"],
        "it has expired; it is not for the name other.test"
    );
}

#[tokio::test]
async fn a_certificate_of_tomorrow_is_not_trusted_today() {
    let authority = Authority::new();
    let mut params = params("app.test");
    params.not_before = date_time_ymd(2026, 1, 2);
    let port = serve(authority.sign(&params), handshake::BOTH).await;
    let facts = sight(port, "app.test", Some(&authority.pem)).await.facts;
    assert_eq!(facts["trust_error"], "it is not valid yet");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let authority = Authority::new();
    let port = serve(authority.sign(&params("app.test")), handshake::BOTH).await;
    let facts = sight(port, "other.test", Some(&authority.pem)).await.facts;
    assert_eq!(facts["trusted"], false);
    assert_eq!(facts["name_matches"], false);
    assert_eq!(facts["trust_error"], "it is not for the name other.test");
}

#[tokio::test]
async fn a_self_signed_certificate_is_named_as_such() {
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let certificate = params("127.0.0.1").self_signed(&key).unwrap();
    let identity = (
        certificate.der().clone(),
        PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    );
    let port = serve(identity, handshake::BOTH).await;
    let facts = sight(port, "127.0.0.1", None).await.facts;
    assert_eq!(facts["self_signed"], true);
    assert_eq!(facts["trusted"], false);
    assert_eq!(facts["name_matches"], true);
    assert_eq!(facts["names"], json!(["127.0.0.1"]));
    assert_eq!(
        facts["trust_error"],
        "it is signed by itself, not by a trusted authority"
    );
    assert_eq!(
        facts["key"],
        json!({ "algorithm": "Ed25519", "bits": 256, "weak": false })
    );
    // The user may trust that very certificate.
    let facts = sight(port, "127.0.0.1", Some(&certificate.pem()))
        .await
        .facts;
    assert_eq!(facts["trusted"], true);
}

#[tokio::test]
async fn a_server_without_tls_1_3_is_told() {
    let authority = Authority::new();
    let port = serve(authority.sign(&params("app.test")), handshake::TLS12).await;
    let facts = sight(port, "app.test", Some(&authority.pem)).await.facts;
    assert_eq!(facts["version"], "TLSv1.2");
    assert_eq!(
        facts["versions"],
        json!({ "tls10": false, "tls11": false, "tls12": true, "tls13": false })
    );
}

#[tokio::test]
async fn plain_text_is_not_tls() {
    let port = answer(async |mut stream: TcpStream| {
        let _ = stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            .await;
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    assert_eq!(
        sight(port, "app.test", None).await.hindrance.unwrap().kind,
        HindranceKind::Protocol
    );
}

#[tokio::test]
async fn a_closed_connection_and_a_refusal_are_told_apart() {
    let port = answer(async |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 4096]).await;
    })
    .await;
    let sighting = sight(port, "app.test", None).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Closed);
    assert!(sighting.transient.is_some());

    let port = answer(async |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 70]).await;
    })
    .await;
    let sighting = sight(port, "app.test", None).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Tls);
    assert!(sighting.transient.is_none());

    // Bound, so that no other test is given the port.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = bound.local_addr().unwrap().port();
    assert_eq!(
        sight(port, "app.test", None).await.hindrance.unwrap().kind,
        HindranceKind::Refused
    );
}

#[tokio::test]
async fn a_server_that_hangs_costs_no_more_than_the_time_allowed() {
    let port = answer(async |stream: TcpStream| {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let begun = clock::tick();
    let url = format!("https://127.0.0.1:{port}");
    let sighting = sight_in(&url, None, None, Duration::from_millis(200)).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_unanswered_old_greeting_leaves_the_other_facts() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign(&params("app.test"));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(handshake::BOTH)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let port = answer(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut start = [0; 11];
            stream.peek(&mut start).await.unwrap();
            // The greeting's own version; 3.3 stands for TLS 1.2 and 1.3.
            match start[9..] {
                [3, 1] => std::future::pending().await,
                [3, 2] => {
                    let mut stream = stream;
                    stream
                        .write_all(&[22, 3, 2, 0, 6, 2, 0, 0, 2, 3, 2])
                        .await
                        .unwrap();
                }
                _ => {
                    if let Ok(mut stream) = acceptor.accept(stream).await {
                        let _ = stream.read(&mut [0]).await;
                    }
                }
            }
        }
    })
    .await;
    let url = format!("https://127.0.0.1:{port}");
    let sighting = sight_in(
        &url,
        Some("app.test"),
        Some(&authority.pem),
        Duration::from_secs(4),
    )
    .await;
    assert_eq!(sighting.facts["trusted"], true);
    assert_eq!(
        sighting.facts["versions"],
        json!({ "tls10": null, "tls11": true, "tls12": true, "tls13": true })
    );
    assert!(sighting.excerpts[1].text.starts_with("tls10: timeout"));
}

#[tokio::test]
async fn plain_http_is_not_looked_at() {
    let sighting = sight_in("http://127.0.0.1:9", None, None, Duration::from_secs(1)).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Absent);
}

#[test]
fn parameters_have_their_defaults_written_out() {
    let looks = |url, parameters: Value| {
        let context = context(url, None, Duration::from_secs(1));
        Tls.looks(parameters.as_object().unwrap(), &context)
            .map(|mut looks| Value::Object(looks.remove(0)))
    };
    assert_eq!(
        looks("https://[::1]", json!({})),
        Ok(json!({ "host": "::1", "port": 443, "server_name": "::1" }))
    );
    assert_eq!(
        looks(
            "http://app.test:3000",
            json!({ "host": "mail.test", "port": 465 })
        ),
        Ok(json!({ "host": "mail.test", "port": 465, "server_name": "mail.test" }))
    );
    assert!(looks("https://app.test", json!({ "port": 0 })).is_err());
    assert!(looks("https://app.test", json!({ "port": 70_000 })).is_err());
    assert_eq!(
        looks("https://app.test", json!({ "port": "465" })).unwrap()["port"],
        465
    );
    assert!(
        looks("https://app.test", json!({ "host": 1 }))
            .unwrap_err()
            .starts_with("host:")
    );
    assert!(
        looks("https://app.test", json!({ "host": "not a name" }))
            .unwrap_err()
            .starts_with("host:")
    );
    let context = context("https://[::1]:8443", None, Duration::from_secs(1));
    let look = &Tls.looks(&Facts::new(), &context).unwrap()[0];
    assert_eq!(Tls.label(look, &context), "TLS [::1]:8443");
    assert_eq!(
        Tls.origin(look, &context).as_deref(),
        Some("https://[::1]:8443")
    );
}
