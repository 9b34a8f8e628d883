//! Answers as servers mostly give them.

use super::*;
use crate::model::HindranceKind;

#[tokio::test]
async fn tells_everything_about_a_page() {
    let page =
        "<!doctype html><title>Tasks</title><script src=/_next/static/chunks/main.js></script>";
    let headers = concat!(
        "Content-Type: text/html; charset=utf-8\r\nServer: nginx/1.25\r\nX-Two: a\r\n",
        "Strict-Transport-Security: max-age=5\r\nX-Two: b\r\nSet-Cookie: theme=dark; Path=/\r\n"
    );
    let server = answering(move |_| answer("200 OK", headers, page)).await;
    let sighting = look(&server, json!({ "contains": ["Tasks", "absent"] })).await;
    assert_eq!(sighting.hindrance, None);
    let facts = &sighting.facts;
    assert_eq!(
        (&facts["status"], &facts["protocol"], &facts["path_class"]),
        (&json!(200), &json!("HTTP/1.1"), &json!("page"))
    );
    assert_eq!(
        facts["header_names"],
        json!([
            "content-length",
            "connection",
            "content-type",
            "server",
            "x-two",
            "x-two",
            "strict-transport-security",
            "set-cookie"
        ])
    );
    assert_eq!(
        (&facts["hsts"]["max_age"], &facts["leaks"]["server_version"]),
        (&json!(5), &json!(true))
    );
    assert_eq!(
        (&facts["page"]["title"], &facts["page"]["next_app"]),
        (&json!("Tasks"), &json!(true))
    );
    assert_eq!(
        facts["body"]["contains"],
        json!({ "Tasks": true, "absent": false })
    );
    assert_eq!(
        (&facts["body"]["size"], &facts["body"]["declared"]),
        (&json!(page.len()), &json!(page.len()))
    );
    assert_eq!(facts["timing"]["reused"], json!(false));
    assert!(facts["timing"]["connect_ms"].is_u64() && facts["timing"]["dns_ms"].is_null());
    assert_eq!(facts["cookies"][0]["value_length"], json!(4));
    assert!(
        sighting.excerpts[0]
            .text
            .starts_with("GET / \nhost: 127.0.0.1:")
            || sighting.excerpts[0]
                .text
                .starts_with("GET /\nhost: 127.0.0.1:")
    );
    assert!(
        sighting.excerpts[1]
            .text
            .starts_with("HTTP/1.1 200 OK\ncontent-length: ")
    );
    let sent = server.request(0).to_ascii_lowercase();
    assert!(
        sent.contains(&format!(
            "user-agent: holdpoint/{}",
            env!("CARGO_PKG_VERSION")
        )),
        "{sent}"
    );
    assert!(
        sent.contains("accept-encoding: gzip\r\n") && sent.contains("accept: text/html"),
        "{sent}"
    );
}

#[tokio::test]
async fn keeps_of_json_what_is_read() {
    let headers = "Content-Type: application/json\r\n";
    let server =
        answering(move |_| answer("200 OK", headers, "{\"status\":\"ok\",\"key\":\"private\"}"))
            .await;
    let context = context(target(&server.url), AMPLE);
    let wanted = Wanted {
        paths: [vec!["json".to_owned(), "status".to_owned()]].into(),
    };
    let facts = look_in(&context, json!({ "path": "/api" }), &wanted)
        .await
        .facts;
    assert_eq!(
        (&facts["json"], &facts["json_valid"]),
        (&json!({ "status": "ok" }), &json!(true))
    );
    let server = answering(move |_| answer("200 OK", headers, "{\"status\":")).await;
    let facts = look(&server, json!({})).await.facts;
    assert_eq!(
        (&facts["json"], &facts["json_valid"]),
        (&Value::Null, &json!(false))
    );
}

#[tokio::test]
async fn uses_an_open_connection_again_and_survives_its_end() {
    let server = server(|_, mut stream| async move {
        // Two answers on one connection, which then closes without a word.
        for _ in 0..2 {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await;
            read_head(&mut stream).await;
        }
    })
    .await;
    let context = context(target(&server.url), AMPLE);
    let reused = async || {
        look_in(&context, json!({}), &Wanted::default()).await.facts["timing"]["reused"].clone()
    };
    assert_eq!(reused().await, json!(false));
    assert_eq!(reused().await, json!(true));
    // The third request meets the closing connection or a new one, and is answered either way.
    let third = look_in(&context, json!({}), &Wanted::default()).await;
    assert_eq!(third.hindrance, None);
}

#[tokio::test]
async fn empty_answers_are_answers() {
    for status in ["204 No Content", "304 Not Modified"] {
        let bytes =
            format!("HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
                .into_bytes();
        let server = answering(move |_| bytes.clone()).await;
        let sighting = look(&server, json!({})).await;
        assert_eq!(
            (sighting.hindrance, &sighting.facts["body"]["size"]),
            (None, &json!(0))
        );
    }
    let server = answering(|_| {
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Type: text/html\r\n\r\n".to_vec()
    })
    .await;
    let sighting = look(&server, json!({ "method": "HEAD" })).await;
    assert_eq!(sighting.hindrance, None);
    assert_eq!(
        (
            &sighting.facts["body"]["declared"],
            &sighting.facts["page"]["empty"]
        ),
        (&json!(500), &json!(false))
    );
}

#[tokio::test]
async fn informational_answers_come_before_the_answer() {
    let bytes = [
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec(),
        answer("200 OK", "", "x"),
    ]
    .concat();
    let server = answering(move |_| bytes.clone()).await;
    assert_eq!(look(&server, json!({})).await.facts["status"], json!(200));
}

#[tokio::test]
async fn asks_from_other_origins() {
    let echo = |line: &str| {
        let headers = if line.starts_with("OPTIONS") {
            "Access-Control-Allow-Methods: GET, POST\r\n"
        } else {
            ""
        };
        let allow =
            format!("{headers}Access-Control-Allow-Origin: https://holdpoint-foreign.example\r\n");
        answer("200 OK", &allow, "")
    };
    let server = answering(echo).await;
    let facts = look(&server, json!({ "origin": "foreign" })).await.facts;
    assert_eq!(facts["cors"]["echoes"], json!(true));
    let facts = look(&server, json!({ "origin": "own" })).await.facts;
    assert_eq!(
        (&facts["cors"]["echoes"], &facts["cors"]["sent_origin"]),
        (
            &json!(false),
            &json!(server.url.origin().ascii_serialization())
        )
    );
    let facts = look(&server, json!({ "preflight": true })).await.facts;
    assert_eq!(
        (&facts["method"], &facts["cors"]["allow_methods"]),
        (&json!("OPTIONS"), &json!(["GET", "POST"]))
    );
    assert!(
        server
            .request(2)
            .to_ascii_lowercase()
            .contains("access-control-request-method: post")
    );
}

#[tokio::test]
async fn patience_is_asked_for() {
    let limited = answering(|_| answer("429 Too Many Requests", "Retry-After: 7\r\n", "")).await;
    let sighting = look(&limited, json!({})).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::RateLimited);
    assert_eq!(
        sighting.transient.unwrap().retry_after,
        Some(Duration::from_secs(7))
    );
    assert_eq!(sighting.facts["status"], json!(429));
    let endless = answering(|_| answer("429 Too Many Requests", "", "")).await;
    assert_eq!(look(&endless, json!({})).await.transient, None);
    let busy = answering(|_| {
        answer(
            "503 Busy",
            "Retry-After: Sun, 09 Sep 2001 01:46:50 GMT\r\n",
            "",
        )
    })
    .await;
    let sighting = look(&busy, json!({})).await;
    assert_eq!(
        (sighting.hindrance, sighting.transient.unwrap().retry_after),
        (None, Some(Duration::from_secs(10)))
    );
    let broken = answering(|_| answer("500 Oh", "", "")).await;
    assert_eq!(look(&broken, json!({})).await.transient, None);
}

#[tokio::test]
async fn finds_a_script_of_the_front_page() {
    let page = "<script src=https://cdn.example/x.js></script><script src=/own.js></script><script src=/_next/static/chunks/a.js?v=1></script>";
    let server = answering(move |line| match line.split(' ').nth(1) {
        Some("/") => answer("307 Go", "Location: /en\r\n", ""),
        Some("/en") => answer("200 OK", "Content-Type: text/html\r\n", page),
        Some("/_next/static/chunks/a.js?v=1") => {
            answer("200 OK", "Content-Type: application/javascript\r\n", "1")
        }
        _ => answer("404 No", "", ""),
    })
    .await;
    let facts = look(&server, json!({ "path": "@chunk" })).await.facts;
    assert_eq!(
        (&facts["status"], &facts["path_class"]),
        (&json!(200), &json!("chunk"))
    );
    assert_eq!(facts["content_type"]["is_javascript"], json!(true));
    let bare = answering(|_| answer("200 OK", "Content-Type: text/html\r\n", "<p>no script")).await;
    assert_eq!(
        look(&bare, json!({ "path": "@chunk" }))
            .await
            .hindrance
            .unwrap()
            .kind,
        HindranceKind::Absent
    );
}

#[tokio::test]
async fn verifies_certificates_against_the_given_authority() {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key =
        rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![issued.cert.der().clone()], key)
    .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!(
        "https://localhost:{}/",
        listener.local_addr().unwrap().port()
    ))
    .unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.write_all(&answer("200 OK", "", "safe")).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    let stranger = look_in(&context(target(&url), AMPLE), json!({}), &Wanted::default()).await;
    let hindrance = stranger.hindrance.unwrap();
    assert_eq!(
        (hindrance.kind, stranger.transient),
        (HindranceKind::Tls, None),
        "{hindrance:?}"
    );
    let trusting = Target {
        authority_pem: Some(issued.cert.pem()),
        ..target(&url)
    };
    let sighting = look_in(&context(trusting, AMPLE), json!({}), &Wanted::default()).await;
    assert_eq!(sighting.hindrance, None);
    assert!(sighting.facts["timing"]["dns_ms"].is_u64());
}
