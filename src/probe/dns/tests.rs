//! Tests of the dns probe.

use super::*;
use crate::model::{Application, Environment};
use crate::probe::transport::Transport;
use crate::secret::Book;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;

fn context(timeout: Duration) -> Context {
    Context {
        target: None,
        root: ".".into(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment::default()),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout,
        until: clock::tick() + timeout,
        now: 0,
        run: String::new(),
        scratch: crate::probe::Scratch::default(),
    }
}

async fn sight(parameters: Value, timeout: Duration) -> Sighting {
    let context = context(timeout);
    let looks = Dns
        .looks(parameters.as_object().unwrap(), &context)
        .unwrap();
    let sighting = Dns.look(&looks[0], &Wanted::default(), &context).await;
    if sighting.hindrance.is_none() {
        let declared: Vec<_> = Dns
            .spec()
            .facts
            .into_iter()
            .map(|fact| fact.name.into_owned())
            .collect();
        assert_eq!(sighting.facts.keys().cloned().collect::<Vec<_>>(), declared);
    }
    sighting
}

/// A server that repeats every question with a response code and no records (RFC 1035 section 4.1.1).
async fn server_that_says(code: u8) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut message = [0; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut message).await {
            let question = message[12..length]
                .iter()
                .position(|byte| *byte == 0)
                .unwrap()
                + 12
                + 5;
            message[2] |= 0x80;
            message[3] = 0x80 | code;
            message[6..12].fill(0);
            let _ = socket.send_to(&message[..question], peer).await;
        }
    });
    address
}

#[tokio::test]
async fn an_address_stands_for_itself() {
    for (name, address, loopback) in [
        ("127.0.0.1", "127.0.0.1", true),
        ("192.0.2.7", "192.0.2.7", false),
        ("[::1]", "::1", true),
        ("100.64.0.7", "100.64.0.7", false),
        ("[fd00::7]", "fd00::7", false),
    ] {
        let facts = sight(json!({ "name": name }), Duration::from_secs(5))
            .await
            .facts;
        assert_eq!(facts["addresses"], json!([address]));
        let is_private = address.starts_with("100.64") || address.starts_with("fd");
        assert_eq!(facts["private"], json!(is_private), "{address}");
        assert_eq!(
            (&facts["exists"], &facts["loopback"]),
            (&json!(true), &json!(loopback))
        );
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_a_fact() {
    let server = server_that_says(3).await;
    let sighting = sight(
        json!({ "name": "no.test", "server": server }),
        Duration::from_secs(10),
    )
    .await;
    assert_eq!(sighting.hindrance, None);
    assert_eq!(
        (&sighting.facts["exists"], &sighting.facts["addresses"]),
        (&json!(false), &json!([]))
    );
}

#[tokio::test]
async fn a_name_without_addresses_exists() {
    let server = server_that_says(0).await;
    let facts = sight(
        json!({ "name": "bare.test", "server": server }),
        Duration::from_secs(10),
    )
    .await
    .facts;
    assert_eq!(
        (&facts["exists"], &facts["addresses"]),
        (&json!(true), &json!([]))
    );
}

#[tokio::test]
async fn a_server_that_fails_is_a_hindrance() {
    for code in [2, 5] {
        let server = server_that_says(code).await;
        let sighting = sight(
            json!({ "name": "app.test", "server": server }),
            Duration::from_secs(10),
        )
        .await;
        let hindrance = sighting.hindrance.unwrap();
        assert_eq!(hindrance.kind, HindranceKind::Dns, "{}", hindrance.cause);
        assert!(sighting.transient.is_some());
    }
}

#[tokio::test]
async fn a_silent_server_costs_no_more_than_the_time_allowed() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = socket.local_addr().unwrap().to_string();
    let begun = clock::tick();
    let sighting = sight(
        json!({ "name": "app.test", "server": server }),
        Duration::from_millis(500),
    )
    .await;
    let hindrance = sighting.hindrance.unwrap();
    assert_eq!(
        hindrance.kind,
        HindranceKind::Timeout,
        "{}",
        hindrance.cause
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn without_a_name_there_is_nothing_to_ask() {
    let sighting = sight(json!({}), Duration::from_secs(5)).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Absent);
}

#[test]
fn parameters_have_one_form() {
    let context = context(Duration::from_secs(1));
    let looks = |parameters: Value| Dns.looks(parameters.as_object().unwrap(), &context);
    let look =
        &looks(json!({ "name": "App.TEST.", "types": ["mx", "A", "MX"], "server": "127.0.0.1" }))
            .unwrap()[0];
    let expected = json!({ "name": "app.test", "server": "127.0.0.1:53", "types": ["A", "MX"] });
    assert_eq!(Value::Object(look.clone()), expected);
    assert_eq!(Dns.label(look, &context), "DNS A MX app.test");
    assert_eq!(
        Dns.origin(look, &context).as_deref(),
        Some("dns://127.0.0.1:53")
    );
    assert!(
        looks(json!({ "name": "not a name" }))
            .unwrap_err()
            .starts_with("name:")
    );
    assert!(
        looks(json!({ "name": "a..b" }))
            .unwrap_err()
            .starts_with("name:")
    );
    assert!(
        looks(json!({ "name": "x".repeat(300) }))
            .unwrap_err()
            .starts_with("name:")
    );
    assert!(
        looks(json!({ "server": "dns.test" }))
            .unwrap_err()
            .starts_with("server:")
    );
    assert!(
        looks(json!({ "types": ["PTR"] }))
            .unwrap_err()
            .starts_with("types:")
    );
    assert!(
        looks(json!({ "name": 80 }))
            .unwrap_err()
            .starts_with("name:")
    );
    assert!(
        looks(json!({ "types": [] }))
            .unwrap_err()
            .starts_with("types:")
    );
}
