//! Tells sample text from a real value, carefully: an alarm over a real value costs trust.

use regex::Regex;
use std::sync::LazyLock;

/// Patterns of sample text with what they show. The value itself never appears in a reason.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (
            r"<[A-Za-z][A-Za-z0-9 _.-]*>",
            "a name in angle brackets stands for the value",
        ),
        (r"(?i)(^|[^a-z0-9])your[-_]", "it says \"your-…\""),
        (
            r"(?i)(^|[^a-z0-9])your(domain|project|app|site|email|password|secret|key)\b",
            "it says \"your…\"",
        ),
        (
            r"(?i)(^|[@/.])example\.(com|org|net)($|[^a-z0-9.-])",
            "example.com belongs to documentation (RFC 2606)",
        ),
        (r"(?i)x{5,}", "it holds a run of x"),
        (r"_{5,}", "it holds a blank to fill in"),
        (
            r"(?i)(^|[^a-z0-9])(change|replace)[-_ ]?(me|this)($|[^a-z0-9])",
            "it asks to be replaced",
        ),
        (
            r"(?i)^(placeholder|todo|tbd|fixme|dummy)$",
            "it is a word for a missing value",
        ),
        (
            r"^[A-Z]*PASSWORD$",
            "the word PASSWORD stands for the password",
        ),
        (r"^[^\s]*(\.\.\.|…)$", "it ends in an ellipsis"),
        (r"^(\.\.\.|…)", "it begins with an ellipsis"),
        (
            r"(?i)@cluster\d*\.mongodb\.net([/?:]|$)",
            "a cluster's host name has a part of its own, which is missing",
        ),
    ]
    .into_iter()
    .map(|(pattern, reason)| {
        (
            Regex::new(pattern).expect("the pattern is a constant"),
            reason,
        )
    })
    .collect()
});

/// Why the value is sample text; none when it may be real.
pub(in crate::probe) fn reason(value: &str) -> Option<&'static str> {
    if super::shape::has_shell_substitution(value) {
        return Some("a shell command is written there, and nothing runs it");
    }
    if let Some((_, reason)) = PATTERNS.iter().find(|(pattern, _)| pattern.is_match(value)) {
        return Some(reason);
    }
    match super::mongodb_uri::credentials(value) {
        Some((_, password)) if is_spelt_out(password) => {
            Some("the word PASSWORD stands for the password")
        }
        _ => None,
    }
}

/// A password made of the word, in upper case as templates write it.
fn is_spelt_out(password: &str) -> bool {
    password.ends_with("PASSWORD")
        && password
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sample_text_is_told() {
        for value in [
            "your-generated-secret",
            "your_api_key",
            "re_your-api-key",
            "AIza_your-api-key",
            "noreply@yourdomain.com",
            "https://example.com",
            "noreply@example.org",
            "https://app.example.com/path",
            "mongodb+srv://a:YOUR_PASSWORD@cluster0.xxxxx.mongodb.net/db",
            "mongodb+srv://admin:PASSWORD@c0.ab1cd.mongodb.net/db",
            "mongodb+srv://u:p@cluster.mongodb.net/db",
            "changeme",
            "change-me-please",
            "<password>",
            "<your client id>",
            "sk-...",
            "re_________",
            "PASSWORD",
            "$(openssl rand -base64 32)",
            "TODO",
        ] {
            assert!(reason(value).is_some(), "{value}");
        }
    }

    #[test]
    fn real_values_are_left_alone() {
        for value in [
            "",
            "https://app.my-example.com.au",
            "https://exampleshop.com",
            "https://notexample.com",
            "ab3xxxQ9/fKxXxZ1+mmm==",
            "Serene Mind <hello@serene.health>",
            "postgres://postgres:password@localhost:5432/dev",
            "mongodb+srv://app:Xk29fPASSWORDq@c0.ab1cd.mongodb.net/db",
            "mongodb://localhost:27017/dev",
            "Wait for it... then go",
            "smtp.resend.com",
            "fuchsia_theme",
            "exchange-memory",
            "http://localhost:3000",
        ] {
            assert_eq!(reason(value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn random_base64_is_not_sample_text(bytes in proptest::collection::vec(any::<u8>(), 32)) {
            use base64::Engine;
            let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
            prop_assume!(!text.to_ascii_lowercase().contains("xxxxx"));
            prop_assert_eq!(reason(&text), None);
        }

        #[test]
        fn any_text_is_decided(value in ".*") {
            let _ = reason(&value);
        }
    }
}
