//! Strict-Transport-Security, as RFC 6797 sections 6.1 and 8.1 have browsers read it.

use super::Headers;
use crate::model::FactSpec;
use crate::probe::http::declare::{flag, int, maybe_int, object};
use serde_json::{Value, json};
use std::collections::HashSet;

pub(in crate::probe::http) fn declared() -> FactSpec {
    object(
        "hsts",
        vec![
            flag("present", "a Strict-Transport-Security header was sent"),
            flag(
                "valid",
                "the first one follows RFC 6797, so browsers act on it",
            ),
            int("count", "how many were sent; browsers read only the first"),
            maybe_int(
                "max_age",
                "seconds for which only HTTPS is used; null where there is none to act on",
            ),
            flag("include_subdomains", "subdomains are covered too"),
            flag("preload", "the owner agrees to be listed in browsers"),
        ],
        "Strict-Transport-Security (RFC 6797)",
    )
}

pub(in crate::probe::http) fn read(headers: &Headers) -> Value {
    let policy = headers.first("strict-transport-security").and_then(parse);
    json!({
        "present": headers.has("strict-transport-security"),
        "valid": policy.is_some(),
        "count": headers.all("strict-transport-security").count(),
        "max_age": policy.as_ref().map(|policy| policy.max_age),
        "include_subdomains": policy.as_ref().is_some_and(|policy| policy.include_subdomains),
        "preload": policy.as_ref().is_some_and(|policy| policy.preload),
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Policy {
    max_age: i64,
    include_subdomains: bool,
    preload: bool,
}

/// A value that breaks a rule is ignored as a whole (RFC 6797 section 6.1, rules 2 and 4).
fn parse(value: &str) -> Option<Policy> {
    let mut seen = HashSet::new();
    let mut policy = Policy {
        max_age: -1,
        include_subdomains: false,
        preload: false,
    };
    for directive in split_outside_quotes(value)? {
        let directive = directive.trim();
        if directive.is_empty() {
            continue;
        }
        let (name, argument) = match directive.split_once('=') {
            Some((name, argument)) => (name.trim_end(), Some(unquote(argument.trim())?)),
            None => (directive, None),
        };
        if !is_token(name) || !seen.insert(name.to_ascii_lowercase()) {
            return None;
        }
        match (name.to_ascii_lowercase().as_str(), argument) {
            ("max-age", Some(digits))
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                // The width is not limited; more than an i64 holds is as good as for ever.
                policy.max_age = digits.parse().unwrap_or(i64::MAX);
            }
            ("max-age", _) | ("includesubdomains", Some(_)) => return None,
            ("includesubdomains", None) => policy.include_subdomains = true,
            ("preload", _) => policy.preload = true,
            _ => {}
        }
    }
    (policy.max_age >= 0).then_some(policy)
}

/// Do browsers take that header, or ignore it as a whole?
pub(in crate::probe) fn is_read(value: &str) -> bool {
    parse(value).is_some()
}

/// The pieces between semicolons; none where a quote stays open.
fn split_outside_quotes(value: &str) -> Option<Vec<&str>> {
    let (mut pieces, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                pieces.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&value[start..]);
    (!quoted).then_some(pieces)
}

/// The content of a token or a quoted string; none where it is neither.
fn unquote(argument: &str) -> Option<String> {
    match argument.strip_prefix('"') {
        Some(rest) => {
            let inside = rest.strip_suffix('"')?;
            let mut plain = String::with_capacity(inside.len());
            let mut characters = inside.chars();
            while let Some(character) = characters.next() {
                match character {
                    '\\' => plain.push(characters.next()?),
                    '"' => return None,
                    other => plain.push(other),
                }
            }
            Some(plain)
        }
        None => is_token(argument).then(|| argument.to_owned()),
    }
}

/// `token` of RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(max_age: i64, include_subdomains: bool, preload: bool) -> Option<Policy> {
        Some(Policy {
            max_age,
            include_subdomains,
            preload,
        })
    }

    #[test]
    fn reads_what_rfc_6797_section_6_2_gives_as_examples() {
        assert_eq!(parse("max-age=31536000"), policy(31_536_000, false, false));
        assert_eq!(
            parse("max-age=15768000 ; includeSubDomains"),
            policy(15_768_000, true, false)
        );
        assert_eq!(
            parse("max-age=\"31536000\""),
            policy(31_536_000, false, false)
        );
        assert_eq!(
            parse("max-age=0; includeSubDomains"),
            policy(0, true, false)
        );
    }

    #[test]
    fn takes_any_case_order_empty_and_unknown_directives() {
        assert_eq!(
            parse("; PRELOAD; ; Max-Age = 5;foo=\"a;b\""),
            policy(5, false, true)
        );
    }

    #[test]
    fn ignores_the_whole_header_where_section_6_1_says_so() {
        for broken in [
            "",
            "includeSubDomains",
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=1.5",
            "max-age=1; max-age=1",
            "max-age=1; includeSubDomains=1",
            "max-age=1, max-age=1",
            "max-age=\"1",
            "max-age=1 year",
            "max-age=1; in valid",
        ] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_number_too_large_to_hold_is_for_ever() {
        assert_eq!(
            parse("max-age=99999999999999999999999"),
            policy(i64::MAX, false, false)
        );
    }

    #[test]
    fn only_the_first_header_counts_by_section_8_1() {
        let two = [
            ("strict-transport-security", "max-age=1"),
            ("strict-transport-security", "max-age=2"),
        ];
        let facts = read(&Headers::from(&two));
        assert_eq!((&facts["max_age"], &facts["count"]), (&json!(1), &json!(2)));
        let facts = read(&Headers::default());
        assert_eq!(
            (&facts["present"], &facts["max_age"]),
            (&json!(false), &Value::Null)
        );
    }
}
