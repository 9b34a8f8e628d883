//! Redirects: recorded step by step, followed as far as asked, never with secrets to strangers.

use super::*;
use crate::model::HindranceKind;

#[tokio::test]
async fn are_not_followed_unless_asked() {
    let server = answering(|_| {
        answer(
            "308 Moved",
            "Location: https://app.example/x?code=abc#top\r\n",
            "",
        )
    })
    .await;
    let facts = look(&server, json!({})).await.facts;
    assert_eq!(facts["status"], json!(308));
    assert_eq!(
        facts["redirect"],
        json!({ "present": true, "status": 308, "permanent": true, "to": "https://app.example/x?code=‹3›", "same_host": false, "to_https": true })
    );
    assert_eq!(
        facts["headers"]["location"],
        json!(["https://app.example/x?code=‹3›"])
    );
    let none = answering(|_| answer("302 Nowhere", "", "")).await;
    assert_eq!(
        look(&none, json!({})).await.facts["redirect"]["present"],
        json!(false)
    );
}

#[tokio::test]
async fn are_followed_to_the_limit() {
    let step = |line: &str| {
        let at: usize = line
            .split(' ')
            .nth(1)
            .unwrap()
            .trim_start_matches('/')
            .parse()
            .unwrap_or_default();
        if at < 5 {
            answer("302 On", &format!("Location: /{}\r\n", at + 1), "")
        } else {
            answer("200 OK", "", "end")
        }
    };
    let server = answering(step).await;
    let facts = look(&server, json!({ "follow": 5 })).await.facts;
    assert_eq!(
        (
            &facts["status"],
            facts["redirects"].as_array().unwrap().len()
        ),
        (&json!(200), 5)
    );
    let facts = look(&server, json!({ "follow": 2 })).await.facts;
    assert_eq!(
        (
            &facts["status"],
            facts["redirects"].as_array().unwrap().len()
        ),
        (&json!(302), 3)
    );
    assert!(facts["url"].as_str().unwrap().ends_with("/2"));
}

#[tokio::test]
async fn in_a_circle_are_a_hindrance() {
    let server = answering(|line| {
        let to = if line.contains("/a") { "/b" } else { "/a" };
        answer("307 Round", &format!("Location: {to}\r\n"), "")
    })
    .await;
    let sighting = look(&server, json!({ "path": "/a", "follow": 20 })).await;
    assert_eq!(
        sighting.hindrance.unwrap().kind,
        HindranceKind::RedirectLoop
    );
    assert_eq!(sighting.facts["redirects"].as_array().unwrap().len(), 2);
    assert_eq!(sighting.transient, None);
    // Not followed, a redirect to itself is just a redirect.
    let itself = answering(|_| answer("302 Self", "Location: /\r\n", "")).await;
    assert_eq!(look(&itself, json!({})).await.hindrance, None);
}

#[tokio::test]
async fn carry_no_secret_to_another_origin() {
    let stranger = answering(|_| answer("200 OK", "", "")).await;
    let to = stranger.url.clone();
    let own = answering(move |line| {
        let location = if line.contains("/inside") {
            to.to_string()
        } else {
            "/inside".to_owned()
        };
        answer("302 Away", &format!("Location: {location}\r\n"), "")
    })
    .await;
    let mut target = target(&own.url);
    target.url.set_username("user").unwrap();
    target.url.set_password(Some("pass-word")).unwrap();
    target.headers = vec![("x-bypass".into(), "bypass-value".into())];
    let context = context(target, AMPLE);
    let parameters =
        json!({ "follow": 3, "origin": "null", "headers": { "Cookie": "a=b", "X-Extra": "1" } });
    let sighting = look_in(&context, parameters, &Wanted::default()).await;
    assert_eq!(
        (&sighting.hindrance, &sighting.facts["status"]),
        (&None, &json!(200))
    );
    for at in 0..2 {
        let sent = own.request(at).to_ascii_lowercase();
        for header in [
            "authorization: basic dxnlcjpwyxnzlxdvcmq=",
            "cookie: a=b",
            "x-extra: 1",
            "x-bypass: bypass-value",
            "origin: null",
        ] {
            assert!(sent.contains(header), "{sent}");
        }
    }
    let sent = stranger.request(0).to_ascii_lowercase();
    for header in ["authorization", "cookie", "x-extra", "x-bypass", "origin:"] {
        assert!(!sent.contains(header), "{sent}");
    }
}

#[tokio::test]
async fn turn_a_post_into_a_get_but_keep_it_for_308() {
    for (status, method) in [
        ("303 See", "GET"),
        ("302 Found", "GET"),
        ("308 Moved", "POST"),
    ] {
        let server = answering(move |line| {
            if line.contains("/end") {
                answer("200 OK", "", "")
            } else {
                answer(status, "Location: /end\r\n", "")
            }
        })
        .await;
        let facts = look(&server, json!({ "method": "POST", "follow": 1 }))
            .await
            .facts;
        assert_eq!(facts["method"], json!(method), "{status}");
    }
}

#[tokio::test]
async fn of_the_plain_twin_are_seen_without_credentials() {
    let plain =
        answering(|_| answer("308 Secure", "Location: https://app.example/sw.js\r\n", "")).await;
    let target = Target {
        plain_url: Some(plain.url.clone()),
        headers: vec![("x-bypass".into(), "value".into())],
        ..target(&Url::parse("https://app.example").unwrap())
    };
    let context = context(target, AMPLE);
    let parameters = json!({ "path": "/sw.js", "plain": true, "headers": { "authorization": "Bearer x", "x-extra": "1" } });
    let looks = Http.looks(&given(parameters.clone()), &context).unwrap();
    assert_eq!(
        Http.label(&looks[0], &context),
        format!("GET {}sw.js (plain)", plain.url)
    );
    assert_eq!(
        Http.origin(&looks[0], &context).unwrap() + "/",
        plain.url.to_string()
    );
    let facts = look_in(&context, parameters, &Wanted::default())
        .await
        .facts;
    assert_eq!(
        (&facts["redirect"]["to_https"], &facts["path_class"]),
        (&json!(true), &json!("service-worker"))
    );
    let sent = plain.request(0).to_ascii_lowercase();
    assert!(
        sent.contains("x-extra") && !sent.contains("x-bypass") && !sent.contains("authorization"),
        "{sent}"
    );
}

#[tokio::test]
async fn a_target_without_a_plain_twin_has_none_to_look_at() {
    let server = answering(|_| answer("200 OK", "", "")).await;
    let sighting = look(&server, json!({ "plain": true })).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Absent);
}
