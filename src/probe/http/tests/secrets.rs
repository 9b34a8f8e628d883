//! What is secret in an answer reaches neither facts nor excerpts.

use super::*;

#[tokio::test]
async fn values_of_cookies_queries_and_private_headers_stay_out() {
    let headers = concat!(
        "Set-Cookie: __Host-session=canary-session-value; Secure; Path=/; HttpOnly\r\n",
        "Set-Cookie: csrf=canary-token-aaaaaaaaaa%7Ccanary-hash-bbbbbbbbbbb\r\n",
        "Location: /next?token=canary-location#canary-fragment\r\n",
        "X-Private: canary-header\r\nX-Echo: canary-session-value\r\nRefresh: 1; url=/x?t=canary-refresh\r\n",
        "Content-Type: application/json\r\n"
    );
    let body = "{\"csrfToken\":\"canary-token-aaaaaaaaaa\",\"other\":\"canary-json\"}";
    let server = answering(move |_| answer("302 Found", headers, body)).await;
    let mut target = target(&server.url);
    target.headers = vec![("x-bypass".into(), "canary-bypass".into())];
    let context = context(target, AMPLE);
    let wanted = Wanted {
        paths: ["x-echo", "set-cookie", "location"]
            .map(|name| vec!["headers".to_owned(), name.to_owned()])
            .into_iter()
            .chain([vec!["json".to_owned(), "csrfToken".to_owned()]])
            .collect(),
    };
    let parameters =
        json!({ "path": "/in?code=canary-code", "headers": { "x-mine": "canary-mine" } });
    let sighting = look_in(&context, parameters, &wanted).await;
    let mut facts = Value::Object(sighting.facts.clone());
    // What an expectation reads is kept as it is and redacted on its way out, like everything.
    assert_eq!(facts["headers"]["x-echo"], json!(["canary-session-value"]));
    assert_eq!(facts["json"]["csrfToken"], json!("canary-token-aaaaaaaaaa"));
    context.secrets.redact_json(&mut facts);
    let mut shown = facts.to_string();
    for excerpt in &sighting.excerpts {
        shown.push_str(&context.secrets.redact(&excerpt.text));
    }
    assert!(!shown.contains("canary"), "{shown}");
    assert!(
        shown.contains("__Host-session=‹20 characters›; Secure; Path=/; HttpOnly"),
        "{shown}"
    );
    let looks = Http
        .looks(&given(json!({ "path": "/in?code=canary-code" })), &context)
        .unwrap();
    assert_eq!(Http.label(&looks[0], &context), "GET /in?code=‹11›");
}

#[tokio::test]
async fn headers_over_the_wire_give_their_facts() {
    let facts =
        facts_of("X-Frame-Options: DENY\r\nContent-Security-Policy: default-src 'self'\r\n").await;
    assert_eq!(
        (
            &facts["framing"]["protected"],
            &facts["csp"]["script"]["restricted"]
        ),
        (&json!(true), &json!(true))
    );
    assert_eq!(facts["content_type"]["present"], json!(false));
}
