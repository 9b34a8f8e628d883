//! X-Content-Type-Options, which browsers act on, and X-XSS-Protection, which they no longer do.

use super::Headers;
use crate::model::FactSpec;
use crate::probe::http::declare::{flag, maybe_text, object};
use serde_json::{Value, json};

pub(in crate::probe::http) fn declared() -> Vec<FactSpec> {
    vec![
        object(
            "nosniff",
            vec![
                flag("present", "an X-Content-Type-Options header was sent"),
                flag("valid", "its first value is nosniff"),
                maybe_text("value", "all of them, joined by commas"),
            ],
            "X-Content-Type-Options (Fetch Standard, determine nosniff)",
        ),
        object(
            "xss_protection",
            vec![
                flag("present", "an X-XSS-Protection header was sent"),
                maybe_text("value", "the first one"),
                flag(
                    "enabled",
                    "it starts with 1, which switched the filter of old browsers on",
                ),
                flag("mode_block", "it says mode=block"),
            ],
            "X-XSS-Protection, which current browsers ignore",
        ),
    ]
}

/// Fetch Standard: the first member of the list decides, in any case.
pub(in crate::probe::http) fn nosniff(headers: &Headers) -> Value {
    let value = headers.joined("x-content-type-options");
    let first = value
        .as_deref()
        .and_then(|value| value.split(',').next())
        .map(str::trim);
    json!({
        "present": value.is_some(),
        "valid": first.is_some_and(|first| first.eq_ignore_ascii_case("nosniff")),
        "value": value,
    })
}

pub(in crate::probe::http) fn xss_protection(headers: &Headers) -> Value {
    let value = headers.first("x-xss-protection");
    let blocks = |value: &str| {
        value.split(';').skip(1).any(|part| {
            part.split_once('=').is_some_and(|(name, mode)| {
                name.trim().eq_ignore_ascii_case("mode")
                    && mode.trim().eq_ignore_ascii_case("block")
            })
        })
    };
    json!({
        "present": value.is_some(),
        "value": value,
        "enabled": value.is_some_and(|value| value.trim_start().starts_with('1')),
        "mode_block": value.is_some_and(blocks),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nosniff_is_the_first_member_in_any_case() {
        let valid = |value| {
            nosniff(&Headers::from(&[("x-content-type-options", value)]))["valid"] == json!(true)
        };
        assert!(valid("nosniff") && valid("NoSniff") && valid("nosniff, nosniff"));
        assert!(!valid("") && !valid("nosniff;") && !valid("no-sniff") && !valid(", nosniff"));
    }

    #[test]
    fn reads_the_old_filter_header() {
        let read = |value| xss_protection(&Headers::from(&[("x-xss-protection", value)]));
        let facts = read("1; mode=block");
        assert_eq!(
            (&facts["enabled"], &facts["mode_block"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(read("0")["enabled"], json!(false));
        assert_eq!(
            read("1; report=https://a.example")["mode_block"],
            json!(false)
        );
    }
}
