//! Servers that refuse, hang, close, lie, flood and garble.

use super::*;
use crate::model::HindranceKind;
use std::io::Write;
use tokio::net::TcpSocket;

async fn kind(server: &Server) -> HindranceKind {
    look(server, json!({})).await.hindrance.unwrap().kind
}

/// Where nobody listens: bound, so that no other test is given the port.
fn refusing() -> (TcpSocket, Url) {
    let bound = TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}/", bound.local_addr().unwrap());
    (bound, Url::parse(&url).unwrap())
}

#[tokio::test]
async fn nobody_listens() {
    let (_bound, url) = refusing();
    let sighting = look_in(&context(target(&url), AMPLE), json!({}), &Wanted::default()).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Refused);
    assert!(sighting.transient.is_some());
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    // RFC 6761: `invalid` never resolves.
    let url = Url::parse("http://holdpoint.invalid/").unwrap();
    let sighting = look_in(&context(target(&url), AMPLE), json!({}), &Wanted::default()).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Dns);
}

#[tokio::test]
async fn silence_ends_with_the_time_allowed() {
    let server = server(|_, mut stream| async move {
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let context = context(target(&server.url), Duration::from_secs(2));
    let sighting = look_in(&context, json!({}), &Wanted::default()).await;
    let hindrance = sighting.hindrance.unwrap();
    assert_eq!(hindrance.kind, HindranceKind::Timeout);
    assert!(hindrance.cause.contains("connected"), "{hindrance:?}");
    assert_eq!(sighting.transient, None);
}

#[tokio::test]
async fn a_body_that_drips_for_ever() {
    let server = server(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nx").await;
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let context = context(target(&server.url), Duration::from_secs(2));
    let sighting = look_in(&context, json!({}), &Wanted::default()).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Timeout);
    assert_eq!(sighting.facts["body"]["size"], json!(1));
}

#[tokio::test]
async fn closes_early() {
    assert_eq!(
        kind(&answering(|_| Vec::new()).await).await,
        HindranceKind::Closed
    );
    assert_eq!(
        kind(&answering(|_| b"HTTP/1.1 200 OK\r\nContent-".to_vec()).await).await,
        HindranceKind::Closed
    );
    let cut = answering(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort".to_vec()).await;
    let sighting = look(&cut, json!({ "contains": ["short", "rest"] })).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Closed);
    assert_eq!(sighting.facts["body"]["contains"], json!({ "short": true }));
    let chunks = answering(|_| {
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec()
    })
    .await;
    assert_eq!(kind(&chunks).await, HindranceKind::Closed);
}

#[tokio::test]
async fn says_less_than_it_sends() {
    let server =
        answering(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay, there is more".to_vec())
            .await;
    let sighting = look(&server, json!({})).await;
    assert_eq!(
        (sighting.hindrance, &sighting.facts["body"]["size"]),
        (None, &json!(2))
    );
}

#[tokio::test]
async fn breaks_the_protocol() {
    for garbage in [
        "hello, this is HTTP/0.9",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
    ] {
        let server = answering(move |_| garbage.as_bytes().to_vec()).await;
        assert_eq!(kind(&server).await, HindranceKind::Protocol, "{garbage}");
    }
}

#[tokio::test]
async fn sends_headers_without_end() {
    let many: String = (0..3_000)
        .map(|number| format!("X-{number}: {number}\r\n"))
        .collect();
    let server = answering(move |_| answer("200 OK", &many, "")).await;
    let sighting = look(&server, json!({})).await;
    assert_eq!(
        sighting.facts["header_names"].as_array().unwrap().len(),
        3_002
    );
    let more: String = (0..20_000)
        .map(|number| format!("X-{number}: {number}\r\n"))
        .collect();
    assert_eq!(
        kind(&answering(move |_| answer("200 OK", &more, "")).await).await,
        HindranceKind::Protocol
    );
    let huge = format!("X-Huge: {}\r\n", "x".repeat(2_000_000));
    assert_eq!(
        kind(&answering(move |_| answer("200 OK", &huge, "")).await).await,
        HindranceKind::Protocol
    );
}

#[tokio::test]
async fn sends_headers_that_are_not_text() {
    let server = answering(|_| b"HTTP/1.1 200 OK\r\nX-Raw: \xff\xfe\r\nServer: caf\xc3\xa9\r\nSet-Cookie: a=\xff\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
    let facts = look(&server, json!({})).await.facts;
    assert_eq!(facts["non_text_headers"], json!(["x-raw", "set-cookie"]));
    assert_eq!(facts["leaks"]["server"], json!("café"));
}

#[tokio::test]
async fn sends_a_body_without_end() {
    let server = server(|_, mut stream| async move {
        let _ = stream
            .write_all(
                b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\nContent-Type: text/html\r\n\r\n",
            )
            .await;
        let piece = vec![b'x'; 64 * 1024];
        while stream.write_all(&piece).await.is_ok() {}
    })
    .await;
    let sighting = look(&server, json!({ "contains": ["xx", "needle"] })).await;
    assert_eq!(sighting.hindrance, None);
    let body = &sighting.facts["body"];
    assert_eq!(
        (&body["size"], &body["truncated"], &body["declared"]),
        (&json!(2_097_152), &json!(true), &json!(1_073_741_824))
    );
    assert!(body["wire_size"].as_u64().unwrap() < 3_000_000);
    // Nobody can tell whether what was not read holds the text.
    assert_eq!(body["contains"], json!({ "xx": true }));
}

#[tokio::test]
async fn sends_a_bomb() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b'0'; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let bytes = [head.into_bytes(), bomb].concat();
    let server = answering(move |_| bytes.clone()).await;
    let sighting = look(&server, json!({ "body_limit": 10_000 })).await;
    assert_eq!(
        (&sighting.hindrance, &sighting.facts["body"]["size"]),
        (&None, &json!(10_000))
    );
    assert_eq!(sighting.facts["body"]["truncated"], json!(true));
}

#[tokio::test]
async fn compresses_badly_or_strangely() {
    let bad =
        answering(|_| answer("200 OK", "Content-Encoding: gzip\r\n", "this is no gzip")).await;
    assert_eq!(kind(&bad).await, HindranceKind::Protocol);
    let brotli = answering(|_| {
        answer(
            "200 OK",
            "Content-Encoding: br\r\nContent-Type: application/json\r\n",
            "{}",
        )
    })
    .await;
    let sighting = look(&brotli, json!({ "contains": ["{"] })).await;
    assert_eq!(sighting.hindrance, None);
    let facts = sighting.facts;
    assert_eq!(
        (&facts["body"]["decoded"], &facts["body"]["contains"]),
        (&json!(false), &json!({}))
    );
    assert_eq!(
        (&facts["json"], &facts["json_valid"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn claims_to_be_text() {
    let server = answering(|_| {
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\na\xff<".to_vec()
    })
    .await;
    assert_eq!(
        look(&server, json!({})).await.facts["body"]["text_error"],
        json!(true)
    );
}

#[tokio::test]
async fn sends_more_headers_than_anybody_reads() {
    let policy: String = (0..9_000).map(|number| format!("d{number} x;")).collect();
    let server = answering(move |_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-security-policy: {policy}\r\ncontent-length: 0\r\n\r\n"
        );
        head.into_bytes()
    })
    .await;
    assert_eq!(kind(&server).await, HindranceKind::TooLarge);
}

#[tokio::test]
async fn plain_http_that_is_refused_leads_nobody_astray() {
    let (_bound, url) = refusing();
    let target = Target {
        plain_url: Some(url.clone()),
        ..target(&url)
    };
    let context = context(target, AMPLE);
    let sighting = look_in(&context, json!({ "plain": true }), &Wanted::default()).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Absent);
    assert!(sighting.transient.is_none());
}
