//! The resend probe against a double of Resend's API.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::sandbox::resend::{Access, Fault, ResendApi};
use serde_json::{Value, json};
use std::time::Duration;
use support::looking::{Looking, rung};

async fn facts(api: &ResendApi, look: &str) -> holdpoint::model::Facts {
    facts_within(60, api, look).await
}

async fn facts_within(seconds: u64, api: &ResendApi, look: &str) -> holdpoint::model::Facts {
    let base = api
        .variables()
        .into_iter()
        .find(|(name, _)| *name == "HOLDPOINT_RESEND_URL")
        .map(|(_, value)| value)
        .unwrap();
    Looking::at("resend")
        .with(api.variables())
        .within(Duration::from_secs(seconds))
        .facts(json!({ "look": look, "base_url": base }))
        .await
}

#[tokio::test]
async fn a_key_is_known_by_what_it_may_do() {
    let sending = ResendApi::start(Access::Sending, None).await.unwrap();
    let found = facts(&sending, "key").await;
    rung(&found, "key", Some(true));
    assert_eq!(
        (&found["access"], &found["error"]),
        (&json!("sending"), &json!("restricted_api_key"))
    );
    assert_eq!(found["variable"], "RESEND_API_KEY");
    assert_eq!(found["length"], 35);
    let full = ResendApi::start(Access::Full, None).await.unwrap();
    let found = facts(&full, "key").await;
    assert_eq!(
        (&found["access"], &found["status"]),
        (&json!("full"), &json!(200))
    );
    // Reading the domains sends nothing.
    assert!(full.messages().is_empty());
}

#[tokio::test]
async fn a_dead_key_is_told_from_a_dead_service() {
    for (fault, ok) in [
        (Fault::Revoked, Some(false)),
        (Fault::RevokedUnnamed, Some(false)),
        (Fault::RateLimited, None),
        (Fault::Broken, None),
    ] {
        let api = ResendApi::start(Access::Sending, Some(fault))
            .await
            .unwrap();
        let found = facts(&api, "key").await;
        assert!(!rung(&found, "key", ok).is_empty(), "{fault:?}");
        assert_eq!(found["access"], Value::Null);
    }
    let nothing = Looking::at("resend").look(json!({})).await;
    assert_eq!(nothing.hindrance.unwrap().kind.word(), "absent");
    let unreached = Looking::at("resend")
        .with([("AUTH_RESEND_KEY", "re_1234567890abcdef")])
        .facts(json!({ "base_url": "http://127.0.0.1:9" }))
        .await;
    let cause = rung(&unreached, "key", None);
    assert!(cause.contains("could not be asked"), "{cause}");
    assert_eq!(unreached["variable"], "AUTH_RESEND_KEY");
}

#[tokio::test]
async fn a_message_is_taken_and_followed() {
    let full = ResendApi::start(Access::Full, None).await.unwrap();
    let found = facts(&full, "send").await;
    rung(&found, "send", Some(true));
    rung(&found, "event", Some(true));
    assert_eq!(found["last_event"], "delivered");
    let [message] = full.messages().try_into().unwrap();
    assert_eq!(message["to"], json!(["delivered@resend.dev"]));
    assert_eq!(message["from"], "Sandbox <app@sandbox.test>");
    // The run's id makes a second sending the same message.
    facts(&full, "send").await;
    assert_eq!(full.messages().len(), 1);

    let sending = ResendApi::start(Access::Sending, None).await.unwrap();
    let found = facts(&sending, "send").await;
    rung(&found, "send", Some(true));
    let cause = rung(&found, "event", None);
    assert!(cause.contains("may send and nothing else"), "{cause}");
}

#[tokio::test]
async fn what_becomes_of_a_message_is_told_apart() {
    for (fault, name, ok, words) in [
        (
            Fault::NotVerified,
            "send",
            Some(false),
            "is not verified at Resend",
        ),
        (Fault::SharedSender, "send", Some(false), "owner only"),
        (Fault::Bounces, "event", Some(false), "bounced"),
        (
            Fault::NeverDelivered,
            "event",
            None,
            "its last event is sent",
        ),
    ] {
        let api = ResendApi::start(Access::Full, Some(fault)).await.unwrap();
        // Only what is never delivered has its time waited for.
        let seconds = if fault == Fault::NeverDelivered {
            6
        } else {
            60
        };
        let found = facts_within(seconds, &api, "send").await;
        let cause = rung(&found, name, ok);
        assert!(cause.contains(words), "{fault:?}: {cause}");
        // The owner's address in the answer goes no further.
        assert!(!cause.contains("owner@"), "{cause}");
    }
}
