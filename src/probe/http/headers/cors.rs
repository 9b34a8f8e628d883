//! Cross-origin resource sharing: which other origins may read the answer.

use super::Headers;
use crate::model::FactSpec;
use crate::probe::http::declare::{flag, maybe_text, object, texts};
use serde_json::{Value, json};

pub(in crate::probe::http) fn declared() -> FactSpec {
    object(
        "cors",
        vec![
            maybe_text(
                "sent_origin",
                "the Origin header of the request; null where none was sent",
            ),
            maybe_text("allow_origin", "Access-Control-Allow-Origin"),
            flag("wildcard", "it is *"),
            flag(
                "echoes",
                "it equals the foreign or null Origin that was sent",
            ),
            flag(
                "allow_credentials",
                "Access-Control-Allow-Credentials is exactly true",
            ),
            texts("allow_methods", "Access-Control-Allow-Methods"),
            texts(
                "allow_headers",
                "Access-Control-Allow-Headers, in lower case",
            ),
            flag(
                "vary_origin",
                "Vary names Origin, so caches keep the answers apart",
            ),
        ],
        "CORS (Fetch Standard)",
    )
}

/// `own` is the origin of the address asked, which may of course be allowed.
pub(in crate::probe::http) fn read(
    headers: &Headers,
    sent_origin: Option<&str>,
    own: &str,
) -> Value {
    let allowed = headers.joined("access-control-allow-origin");
    let vary = headers.members("vary");
    let lower: Vec<_> = headers
        .members("access-control-allow-headers")
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .collect();
    json!({
        "sent_origin": sent_origin,
        "wildcard": allowed.as_deref() == Some("*"),
        "echoes": sent_origin.is_some_and(|sent| sent != own && allowed.as_deref() == Some(sent)),
        "allow_origin": allowed,
        "allow_credentials": headers.joined("access-control-allow-credentials").as_deref() == Some("true"),
        "allow_methods": headers.members("access-control-allow-methods"),
        "allow_headers": lower,
        "vary_origin": vary.iter().any(|name| name.eq_ignore_ascii_case("origin") || name == "*"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_of_a_strange_origin_and_exact() {
        let echoes = |allowed, sent| {
            let headers = Headers::from(&[("access-control-allow-origin", allowed)]);
            read(&headers, sent, "https://own.example")["echoes"] == json!(true)
        };
        assert!(echoes(
            "https://foreign.example",
            Some("https://foreign.example")
        ));
        assert!(echoes("null", Some("null")));
        assert!(!echoes("https://own.example", Some("https://own.example")));
        assert!(!echoes("*", Some("https://foreign.example")));
        assert!(!echoes("https://foreign.example", None));
    }

    #[test]
    fn credentials_are_compared_with_regard_to_case_as_fetch_does() {
        let allows = |value| {
            let headers = Headers::from(&[("access-control-allow-credentials", value)]);
            read(&headers, None, "")["allow_credentials"] == json!(true)
        };
        assert!(allows("true") && !allows("True") && !allows("true, true"));
    }
}
