//! The look at sign-in endpoints: at most twelve forms, without the token that would make the library act on them.

use super::ask::Question;
use super::burst::{Burst, World, burst};
use reqwest::Method;
use serde_json::{Value, json};

/// The most forms that are sent to one endpoint.
pub(super) const MOST: u64 = 12;
/// Seconds between them, on the way to other machines.
pub(super) const PAUSE: f64 = 0.1;

/// A form with an address that belongs to nobody (RFC 2606). It has no CSRF token, so the library turns it away after
/// every limiter that stands before it, and before it mails or lets anybody in.
pub(super) fn form(path: &str) -> Question {
    Question {
        method: Method::POST,
        path: path.to_owned(),
        headers: Vec::new(),
        form: Some("email=holdpoint-sink%40example.com&password=holdpoint&json=true".into()),
    }
}

/// Sends the forms; the fact `burst`, or none where nothing answers there.
pub(super) async fn look(world: &mut dyn World, pause: f64) -> Option<Value> {
    let first = burst(world, 1, pause, None).await;
    if matches!(first.status, Some(404 | 405)) {
        return None;
    }
    let mut one = first;
    if one.refusal.is_none() && one.spoilt.is_none() {
        let rest = burst(world, MOST - 1, pause, one.status).await;
        one = Burst {
            sent: one.sent + rest.sent,
            admitted: one.admitted + rest.admitted,
            ..rest
        };
    }
    let refused = one.refusal.is_some();
    let (outcome, why) = match (one.spoilt, refused, one.status) {
        (Some(why), ..) => ("unclear", Some(why)),
        (None, true, None) => (
            "unclear",
            Some("the first request was refused already, because of others before it".to_owned()),
        ),
        (None, true, Some(_)) => ("held", None),
        (None, false, Some(status @ (401 | 403))) => (
            "unclear",
            Some(format!(
                "every request was answered with status {status}, which is not the library's: deployment protection or a firewall stands before it"
            )),
        ),
        (None, false, _) => ("none", None),
    };
    let refusal = one.refusal.map(|refusal| {
        json!({
            "status": refusal.status,
            "retry_after": refusal.retry_after.map(|after| after.word()),
            "retry_after_seconds": refusal.retry_after.and_then(|after| after.seconds()),
            "retry_after_holds": null,
            "announced": refusal.announced,
        })
    });
    Some(json!({
        "outcome": outcome,
        "admitted": one.admitted,
        "sent": one.sent,
        "why": why,
        "refusal": refusal,
        "recovered": null,
        "recovered_after": null,
        "unwatched": "limits of sign-in last for minutes, and are not waited for",
    }))
}
