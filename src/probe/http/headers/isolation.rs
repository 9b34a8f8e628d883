//! Headers that keep other origins out of the process: COOP, COEP, CORP, Origin-Agent-Cluster.

use super::Headers;
use super::structured::{Bare, item};
use crate::model::FactSpec;
use crate::probe::http::declare::{flag, maybe_text, object};
use serde_json::{Value, json};

pub(in crate::probe::http) fn declared() -> Vec<FactSpec> {
    let pair = |name, meaning| {
        object(
            name,
            vec![
                flag("present", "the header was sent"),
                maybe_text(
                    "value",
                    "the value that browsers act on; null where they ignore it",
                ),
            ],
            meaning,
        )
    };
    vec![
        pair("coop", "Cross-Origin-Opener-Policy"),
        pair("coep", "Cross-Origin-Embedder-Policy"),
        pair("corp", "Cross-Origin-Resource-Policy"),
        pair(
            "origin_agent_cluster",
            "Origin-Agent-Cluster; the value is ?1 or ?0",
        ),
    ]
}

/// HTML Standard: a structured item whose token must be known, case included.
pub(in crate::probe::http) fn coop(headers: &Headers) -> Value {
    let known = [
        "unsafe-none",
        "same-origin-allow-popups",
        "same-origin",
        "noopener-allow-popups",
    ]
    .as_slice();
    token(headers, "cross-origin-opener-policy", known)
}

/// HTML Standard, as [`coop`].
pub(in crate::probe::http) fn coep(headers: &Headers) -> Value {
    token(
        headers,
        "cross-origin-embedder-policy",
        &["unsafe-none", "require-corp", "credentialless"],
    )
}

/// Fetch Standard: compared with regard to case, without parameters; a doubled header counts for nothing.
pub(in crate::probe::http) fn corp(headers: &Headers) -> Value {
    let value = headers.joined("cross-origin-resource-policy");
    let known = |value: &str| ["same-origin", "same-site", "cross-origin"].contains(&value);
    json!({ "present": value.is_some(), "value": value.filter(|value| known(value)) })
}

/// HTML Standard: a structured boolean.
pub(in crate::probe::http) fn origin_agent_cluster(headers: &Headers) -> Value {
    let value = headers.joined("origin-agent-cluster");
    let flag = match value.as_deref().and_then(item) {
        Some(Bare::Flag(true)) => Some("?1"),
        Some(Bare::Flag(false)) => Some("?0"),
        _ => None,
    };
    json!({ "present": value.is_some(), "value": flag })
}

fn token(headers: &Headers, name: &str, known: &[&str]) -> Value {
    let value = headers.joined(name);
    let token = match value.as_deref().and_then(item) {
        Some(Bare::Token(token)) if known.contains(&token.as_str()) => Some(token),
        _ => None,
    };
    json!({ "present": value.is_some(), "value": token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_value_that_browsers_act_on() {
        let value =
            |value| coop(&Headers::from(&[("cross-origin-opener-policy", value)]))["value"].clone();
        assert_eq!(
            value("same-origin; report-to=\"coop\""),
            json!("same-origin")
        );
        assert_eq!(value("Same-Origin"), Value::Null);
        assert_eq!(value("\"same-origin\""), Value::Null);
        assert_eq!(value("same-origin, same-origin"), Value::Null);
        let corp = |value| {
            corp(&Headers::from(&[("cross-origin-resource-policy", value)]))["value"].clone()
        };
        assert_eq!(
            (corp("same-site"), corp("same-site;x")),
            (json!("same-site"), Value::Null)
        );
        let cluster = origin_agent_cluster(&Headers::from(&[("origin-agent-cluster", "?1")]));
        assert_eq!(cluster["value"], json!("?1"));
    }
}
