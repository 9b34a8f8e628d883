//! The look at sign-in endpoints: at most twelve forms, without the token that would make the library act on them.

use super::ask::{Asker, Question};
use super::burst::{Burst, World, burst};
use crate::probe::transport::Fault;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Instant;

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

/// Where forms are sent: `path` itself or, where the library lists its providers, the callback of each that takes
/// credentials, but for one that lets anybody in. The library answers a form to any other with an error, whether or
/// not there is a limit.
pub(super) async fn paths(
    asker: &Asker<'_>,
    path: &str,
    providers: Option<(&str, Option<&str>)>,
    until: Instant,
) -> Result<Vec<String>, Fault> {
    let Some((list, open)) = providers else {
        return Ok(vec![path.to_owned()]);
    };
    let fetched = asker.fetch(&Question::get(list), until).await?;
    let listed = fetched.json().filter(|_| fetched.status == 200);
    Ok(listed
        .and_then(|listed| callbacks(path, &listed, open))
        .unwrap_or_else(|| vec![path.to_owned()]))
}

/// The callbacks of those listed that take credentials; none where it is no list of providers.
fn callbacks(path: &str, listed: &Value, open: Option<&str>) -> Option<Vec<String>> {
    let (base, _) = path.rsplit_once('/')?;
    let listed = listed.as_object()?;
    if !listed.values().all(|one| one["type"].is_string()) {
        return None;
    }
    let taking = listed
        .iter()
        .filter(|(id, one)| one["type"] == "credentials" && Some(id.as_str()) != open);
    let path = |id: &str| format!("{base}/{}", utf8_percent_encode(id, UNRESERVED));
    Some(taking.map(|(id, _)| path(id)).collect())
}

/// The one of two paths that is told: one that is open decides, then one that cannot be told. That a limiter which
/// refused at one path refuses at the next from the start shows that it stands before both.
pub(super) fn worse(before: Option<(String, Value)>, now: (String, Value)) -> (String, Value) {
    let rank = |burst: &Value| match burst["outcome"].as_str() {
        Some("none") => 2,
        Some("held") => 0,
        _ => 1,
    };
    match before {
        None => now,
        Some(before) => {
            let shares =
                rank(&before.1) == 0 && now.1["admitted"] == 0 && !now.1["refusal"].is_null();
            match !shares && rank(&now.1) > rank(&before.1) {
                true => now,
                false => before,
            }
        }
    }
}

/// What a path may hold as it is (RFC 3986 section 2.3).
const UNRESERVED: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

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
            Some("the first request was refused already, because of others before it; look again by itself, once the limit lets requests through".to_owned()),
        ),
        (None, true, Some(_)) => ("held", None),
        (None, false, Some(status @ (401 | 403))) => (
            "unclear",
            Some(format!(
                "every request was answered with status {status}, which is not the library's: deployment protection or a firewall stands before it"
            )),
        ),
        (None, false, Some(400)) => (
            "unclear",
            Some("every form was answered with status 400, so nothing there takes one".to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_path_decides_and_a_shared_limit_is_no_doubt() {
        let burst = |outcome: &str, admitted: u64, refused: bool| {
            let refusal = refused.then(|| json!({ "status": 429 }));
            json!({ "outcome": outcome, "admitted": admitted, "refusal": refusal })
        };
        let told = |bursts: &[Value]| {
            let each = bursts.iter().map(|burst| (String::new(), burst.clone()));
            let told = each.fold(None, |told, now| Some(worse(told, now)));
            told.unwrap().1["outcome"].as_str().unwrap().to_owned()
        };
        let (held, open) = (burst("held", 5, true), burst("none", 12, false));
        let (odd, refused) = (burst("unclear", 12, false), burst("unclear", 0, true));
        assert_eq!(told(&[held.clone(), refused.clone()]), "held");
        assert_eq!(told(&[refused, held.clone()]), "unclear");
        assert_eq!(told(&[held.clone(), odd.clone()]), "unclear");
        assert_eq!(told(&[odd, open.clone(), held.clone()]), "none");
        assert_eq!(told(&[held, open]), "none");
    }

    #[test]
    fn callbacks_of_providers_that_take_credentials() {
        let of =
            |listed: Value| callbacks("/api/auth/callback/credentials", &listed, Some("guest"));
        let google = json!({ "id": "google", "type": "oauth" });
        let guest = json!({ "id": "guest", "type": "credentials" });
        let staff = json!({ "id": "staff only", "type": "credentials" });
        assert_eq!(of(json!({ "google": google })), Some(Vec::new()));
        assert_eq!(
            of(json!({ "google": google, "guest": guest, "staff only": staff })).unwrap(),
            ["/api/auth/callback/staff%20only"]
        );
        // Not what the library answers.
        assert_eq!(of(json!({ "error": "no" })), None);
        assert_eq!(of(json!([])), None);
    }
}
