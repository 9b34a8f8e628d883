//! Where the Observatory's rules and browsers part, so that nobody trusts a grade for more than it says.

use super::grade::Grade;
use super::policies::Policies;
use super::seen::{Secure, Seen};
use super::single;
use crate::probe::http::hsts_is_read;
use serde_json::{Value, json};

/// Each difference that this answer shows.
pub(super) fn facts(seen: &Seen, graded: &Grade, policies: &Policies) -> Value {
    let outcome = |name: &str| {
        let found = graded.tests.iter().find(|(test, _)| *test == name);
        found.and_then(|(_, outcome)| *outcome)
    };
    let result = |name: &str| outcome(name).map_or("", |outcome| outcome.result);
    let mut found = Vec::new();
    let mut say = |test: &str, ours: &str| {
        found.push(json!({ "test": test, "theirs": result(test), "ours": ours }));
    };
    let csp = "content-security-policy";
    match (
        outcome(csp).is_some_and(|outcome| outcome.pass),
        policies.csp.restricts_scripts(),
    ) {
        (true, false) => say(csp, "no policy restricts scripts as browsers enforce it"),
        (false, true) => say(
            csp,
            "one policy restricts scripts, and browsers enforce each",
        ),
        _ => {}
    }
    if single::grants_everybody(seen) {
        say(
            "cross-origin-resource-sharing",
            "any origin that asks is granted the visitor's cookies; the rules mean this to cost 50 points",
        );
    }
    let hsts = "strict-transport-security";
    if let Secure::Answered(Some(value)) = &seen.secure {
        let first = value.split(',').next().unwrap_or_default();
        match (
            outcome(hsts).is_some_and(|outcome| outcome.pass),
            hsts_is_read(first),
        ) {
            (true, false) => say(
                hsts,
                "browsers ignore the header, because it cannot be read",
            ),
            (false, true) if value.contains(',') => {
                say(
                    hsts,
                    "browsers take the first of the headers (RFC 6797 section 8.1)",
                );
            }
            _ => {}
        }
    }
    let frames = "x-frame-options";
    if result(frames) == "x-frame-options-implemented-via-csp"
        && policies.csp.limits_frames() != Some(true)
    {
        say(
            frames,
            "frame-ancestors limits nothing here: it lets any site in, or stands in a meta element",
        );
    }
    if result(frames) == "x-frame-options-allow-from-origin" {
        say(frames, "browsers ignore ALLOW-FROM");
    }
    Value::Array(found)
}
