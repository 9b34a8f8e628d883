//! Permissions-Policy: which features the page and the frames inside it may use.

use super::Headers;
use super::structured::{Bare, Member, dictionary};
use crate::model::{FactKind, FactSpec};
use crate::probe::http::declare::{flag, object, texts};
use serde_json::{Map, Value, json};

pub(in crate::probe::http) fn declared() -> FactSpec {
    object(
        "permissions_policy",
        vec![
            flag("present", "a Permissions-Policy header was sent"),
            flag(
                "valid",
                "it is a structured dictionary of allowlists; browsers ignore one that is not",
            ),
            FactSpec::new(
                "features",
                FactKind::map(FactKind::list(FactKind::Text)),
                "feature to its allowlist: *, self, src, origins; an empty list means disabled",
            ),
            texts("disabled", "features whose allowlist is empty"),
        ],
        "Permissions-Policy (W3C Permissions Policy, RFC 9651)",
    )
}

pub(in crate::probe::http) fn read(headers: &Headers) -> Value {
    let value = headers.joined("permissions-policy");
    let members = value.as_deref().and_then(dictionary);
    let mut valid = members.is_some();
    let mut features = Map::new();
    for (feature, member) in members.unwrap_or_default() {
        match allowlist(&member) {
            Some(allowed) => _ = features.insert(feature, json!(allowed)),
            None => valid = false,
        }
    }
    let disabled: Vec<&String> = features
        .iter()
        .filter(|(_, allowed)| allowed.as_array().is_some_and(Vec::is_empty))
        .map(|(feature, _)| feature)
        .collect();
    json!({ "present": value.is_some(), "valid": valid, "disabled": disabled, "features": features })
}

/// The allowlist; none where the value is not of a form that the specification gives a meaning.
fn allowlist(member: &Member) -> Option<Vec<String>> {
    let one = |item: &Bare| match item {
        Bare::Token(token) if ["*", "self", "src"].contains(&token.as_str()) => Some(token.clone()),
        Bare::Text(origin) => Some(origin.clone()),
        _ => None,
    };
    match member {
        Member::Item(item) => one(item).map(|allowed| vec![allowed]),
        Member::Inner(items) => items.iter().map(one).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Value {
        let lines: Vec<_> = values
            .iter()
            .map(|value| ("permissions-policy", *value))
            .collect();
        read(&Headers::from(&lines))
    }

    #[test]
    fn reads_allowlists_of_section_5_2() {
        let facts = of(&[
            "camera=(), geolocation=(self \"https://x.example\"), fullscreen=*",
            "usb=self",
        ]);
        assert_eq!(facts["valid"], json!(true));
        assert_eq!(facts["disabled"], json!(["camera"]));
        assert_eq!(
            facts["features"]["geolocation"],
            json!(["self", "https://x.example"])
        );
        assert_eq!(facts["features"]["fullscreen"], json!(["*"]));
        assert_eq!(facts["features"]["usb"], json!(["self"]));
    }

    #[test]
    fn old_syntax_is_ignored_by_browsers() {
        let facts = of(&["camera 'none'; microphone 'none'"]);
        assert_eq!(
            (&facts["present"], &facts["valid"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(facts["features"], json!({}));
    }

    #[test]
    fn a_value_without_meaning_disables_nothing() {
        let facts = of(&["camera=none, microphone, usb=()"]);
        assert_eq!(facts["valid"], json!(false));
        assert_eq!(facts["disabled"], json!(["usb"]));
    }
}
