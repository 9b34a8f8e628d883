//! Referrer-Policy: the last value that browsers know wins.

use super::Headers;
use crate::model::FactSpec;
use crate::probe::http::declare::{flag, maybe_text, object};
use serde_json::{Value, json};

/// Policies that keep path and query from other origins.
const STRICT: [&str; 4] = [
    "no-referrer",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
];
const LAX: [&str; 4] = [
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "unsafe-url",
];

pub(in crate::probe::http) fn declared() -> FactSpec {
    object(
        "referrer_policy",
        vec![
            flag("present", "a Referrer-Policy header was sent"),
            maybe_text("value", "all of them, joined by commas"),
            maybe_text(
                "effective",
                "the last value that browsers know; null where there is none",
            ),
            flag("valid", "there is a value that browsers know"),
            flag(
                "strict",
                "it is no-referrer, same-origin, strict-origin or strict-origin-when-cross-origin",
            ),
        ],
        "Referrer-Policy (W3C Referrer Policy, section 8.1)",
    )
}

pub(in crate::probe::http) fn read(headers: &Headers) -> Value {
    let effective = headers
        .members("referrer-policy")
        .into_iter()
        .map(|value| value.to_ascii_lowercase())
        .rfind(|value| STRICT.contains(&value.as_str()) || LAX.contains(&value.as_str()));
    json!({
        "present": headers.has("referrer-policy"),
        "value": headers.joined("referrer-policy"),
        "valid": effective.is_some(),
        "strict": effective.as_deref().is_some_and(|value| STRICT.contains(&value)),
        "effective": effective,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effective(values: &[&str]) -> Value {
        let lines: Vec<_> = values
            .iter()
            .map(|value| ("referrer-policy", *value))
            .collect();
        read(&Headers::from(&lines))["effective"].clone()
    }

    #[test]
    fn the_last_known_token_wins_by_section_8_1() {
        assert_eq!(
            effective(&["no-referrer, strict-origin-when-cross-origin"]),
            json!("strict-origin-when-cross-origin")
        );
        assert_eq!(
            effective(&["Same-Origin", "not-yet-invented"]),
            json!("same-origin")
        );
        assert_eq!(
            effective(&["no-referrer", "unsafe-url"]),
            json!("unsafe-url")
        );
        assert_eq!(effective(&["default"]), Value::Null);
        assert_eq!(effective(&[""]), Value::Null);
    }

    #[test]
    fn only_four_are_strict() {
        let strict =
            |value| read(&Headers::from(&[("referrer-policy", value)]))["strict"] == json!(true);
        assert!(STRICT.into_iter().all(strict));
        assert!(!LAX.into_iter().any(strict));
    }
}
