//! Who may put the page into a frame: X-Frame-Options and, above it, CSP frame-ancestors.

use super::Headers;
use super::csp::Csp;
use crate::model::FactSpec;
use crate::probe::http::declare::{flag, maybe_text, object, texts};
use serde_json::{Value, json};

pub(in crate::probe::http) fn declared() -> Vec<FactSpec> {
    vec![
        object(
            "frame_options",
            vec![
                flag("present", "an X-Frame-Options header was sent"),
                maybe_text("value", "all of them, joined by commas"),
                flag("deny", "browsers refuse every frame"),
                flag(
                    "sameorigin",
                    "browsers allow frames of the same origin only",
                ),
                flag("valid", "every value is DENY, or every value is SAMEORIGIN"),
            ],
            "X-Frame-Options as the HTML Standard reads it, leaving frame-ancestors aside",
        ),
        object(
            "framing",
            vec![
                flag(
                    "protected",
                    "frames are limited: by CSP frame-ancestors where there is one (browsers then ignore X-Frame-Options), by X-Frame-Options otherwise",
                ),
                texts(
                    "foreign",
                    "sources of frame-ancestors that let other sites frame the page; of the policy that has the fewest",
                ),
            ],
            "protection against being framed, by either header",
        ),
    ]
}

/// What X-Frame-Options makes browsers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Deny,
    SameOrigin,
    /// Values that disagree: browsers deny, but nobody can have meant it.
    Conflict,
    Ignored,
}

pub(in crate::probe::http) fn frame_options(headers: &Headers) -> Value {
    let outcome = outcome(headers);
    json!({
        "present": headers.has("x-frame-options"),
        "value": headers.joined("x-frame-options"),
        "deny": matches!(outcome, Outcome::Deny | Outcome::Conflict),
        "sameorigin": outcome == Outcome::SameOrigin,
        "valid": matches!(outcome, Outcome::Deny | Outcome::SameOrigin),
    })
}

pub(in crate::probe::http) fn framing(headers: &Headers, csp: &Csp, host: &str) -> Value {
    let protected = match csp.limits_frames() {
        Some(limited) => limited,
        None => outcome(headers) != Outcome::Ignored,
    };
    json!({ "protected": protected, "foreign": csp.foreign_ancestors(host) })
}

/// HTML Standard, section "The `X-Frame-Options` header": values are split at commas and compared
/// without regard to case; unknown ones beside known ones still deny.
fn outcome(headers: &Headers) -> Outcome {
    let mut values: Vec<String> = headers
        .members("x-frame-options")
        .iter()
        .map(|value| value.to_ascii_lowercase())
        .collect();
    values.sort();
    values.dedup();
    match values.as_slice() {
        [one] if one == "deny" => Outcome::Deny,
        [one] if one == "sameorigin" => Outcome::SameOrigin,
        [] | [_] => Outcome::Ignored,
        several => {
            let known =
                |value: &String| ["deny", "sameorigin", "allowall"].contains(&value.as_str());
            if several.iter().any(known) {
                Outcome::Conflict
            } else {
                Outcome::Ignored
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Outcome {
        let lines: Vec<_> = values
            .iter()
            .map(|value| ("x-frame-options", *value))
            .collect();
        outcome(&Headers::from(&lines))
    }

    #[test]
    fn follows_the_table_of_the_html_standard() {
        assert_eq!(of(&["DENY"]), Outcome::Deny);
        assert_eq!(of(&["SameOrigin"]), Outcome::SameOrigin);
        assert_eq!(of(&["ALLOWALL"]), Outcome::Ignored);
        assert_eq!(of(&["ALLOW-FROM https://example.com"]), Outcome::Ignored);
        assert_eq!(of(&["SAMEORIGIN", "SAMEORIGIN"]), Outcome::SameOrigin);
        assert_eq!(of(&["SAMEORIGIN, DENY"]), Outcome::Conflict);
        assert_eq!(of(&["SAMEORIGIN", "allow"]), Outcome::Conflict);
        assert_eq!(of(&["this", "that"]), Outcome::Ignored);
        assert_eq!(of(&[""]), Outcome::Ignored);
        assert_eq!(of(&[]), Outcome::Ignored);
    }

    #[test]
    fn frame_ancestors_decides_alone_where_it_is_given() {
        let protected = |lines: &[(&str, &str)]| {
            let headers = Headers::from(lines);
            framing(&headers, &Csp::read(&headers), "a.example")["protected"].clone()
        };
        let wide = ("content-security-policy", "frame-ancestors *");
        let narrow = (
            "content-security-policy",
            "frame-ancestors 'self' https://partner.example",
        );
        assert_eq!(
            protected(&[("x-frame-options", "DENY"), wide]),
            json!(false)
        );
        assert_eq!(protected(&[narrow]), json!(true));
        assert_eq!(
            protected(&[
                ("x-frame-options", "DENY"),
                ("content-security-policy", "img-src *")
            ]),
            json!(true)
        );
        assert_eq!(protected(&[]), json!(false));
    }
}
