//! What the form of a value says about it, without the value: address, key, length, randomness.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Serialize;
use std::collections::BTreeMap;

/// The form of a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Shape {
    url: bool,
    https: bool,
    loopback: bool,
    host: Option<String>,
    has_path: bool,
    trailing_slash: bool,
    email: bool,
    mailto: bool,
    mongodb_uri: bool,
    mongodb: Option<super::mongodb_uri::MongodbUri>,
    decoded_bytes: Option<usize>,
    entropy_per_char: f64,
    entropy_bits: f64,
    published_sample: bool,
    whitespace: bool,
    quotes: bool,
    shell_substitution: bool,
    base64url: bool,
    base64_padded: bool,
}

/// The form of a value, with the text as written for what expansion may have hidden.
pub(super) fn of(value: &str, raw: &str) -> Shape {
    let address = url::Url::parse(value)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let mongodb = super::mongodb_uri::parse(value);
    let entropy = entropy_per_char(value);
    Shape {
        url: address.is_some(),
        https: address.as_ref().is_some_and(|url| url.scheme() == "https"),
        loopback: address.as_ref().is_some_and(is_loopback),
        host: address
            .as_ref()
            .and_then(|url| url.host_str())
            .map(str::to_owned)
            .or_else(|| {
                mongodb
                    .as_ref()
                    .and_then(|uri| uri.host().map(str::to_owned))
            }),
        has_path: address
            .as_ref()
            .is_some_and(|url| !url.path().trim_matches('/').is_empty() || url.query().is_some()),
        trailing_slash: address.is_some() && value.ends_with('/'),
        email: is_email(value),
        mailto: value.strip_prefix("mailto:").is_some_and(is_email),
        mongodb_uri: mongodb.is_some(),
        mongodb,
        decoded_bytes: decoded_bytes(value),
        entropy_per_char: rounded(entropy),
        entropy_bits: rounded(entropy * value.chars().count() as f64),
        published_sample: PUBLISHED.contains(&value),
        whitespace: value.trim() != value || value.contains('\n') && !value.contains("-----BEGIN"),
        quotes: [value.chars().next(), value.chars().last()]
            .into_iter()
            .flatten()
            .any(|edge| matches!(edge, '"' | '\'' | '`')),
        shell_substitution: has_shell_substitution(value) || has_shell_substitution(raw),
        base64url: !value.is_empty() && value.bytes().all(is_base64url),
        base64_padded: value.ends_with('=') && value.trim_end_matches('=').bytes().all(is_base64),
    }
}

/// A command in `$(…)`, or a whole value in backticks: loaders of environment files run neither.
pub(super) fn has_shell_substitution(text: &str) -> bool {
    let opened = text.find("$(").filter(|at| !text[..*at].ends_with('\\'));
    opened.is_some_and(|at| text[at..].contains(')'))
        || text.len() > 2 && text.starts_with('`') && text.ends_with('`')
}

/// Shannon's estimate over the characters of this one text, in bits per character.
pub(in crate::probe) fn entropy_per_char(text: &str) -> f64 {
    let mut counts = BTreeMap::<char, usize>::new();
    for character in text.chars() {
        *counts.entry(character).or_default() += 1;
    }
    let total = counts.values().sum::<usize>() as f64;
    counts
        .values()
        .map(|&count| count as f64 / total)
        .map(|share| -share * share.log2())
        .sum()
}

fn rounded(bits: f64) -> f64 {
    // `+ 0.0` turns the negative zero of a one-letter text into zero.
    (bits * 100.0).round() / 100.0 + 0.0
}

/// The number of bytes that a hexadecimal or base64 text stands for; none for other text.
fn decoded_bytes(text: &str) -> Option<usize> {
    if text.len() >= 16
        && text.len().is_multiple_of(2)
        && text.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return Some(text.len() / 2);
    }
    if text.len() < 16 {
        return None;
    }
    // Padding and the bits behind the last byte are read as leniently as applications read them.
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .find_map(|letters| GeneralPurpose::new(letters, lenient).decode(text).ok())
        .map(|bytes| bytes.len())
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_base64(byte: u8) -> bool {
    is_base64url(byte) || matches!(byte, b'+' | b'/')
}

/// Is it the address of a service on this machine, of whatever scheme?
pub(super) fn is_local(value: &str) -> bool {
    let host = |url: url::Url| {
        url.host_str()
            .map(|host| host.trim_matches(['[', ']']).to_owned())
    };
    url::Url::parse(value)
        .ok()
        .and_then(host)
        .is_some_and(|host| {
            let address = host.parse::<std::net::IpAddr>();
            host == "localhost" || address.is_ok_and(|address| address.is_loopback())
        })
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(url::Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => false,
    }
}

/// `name@host.tld`, or the same in angle brackets after a display name.
fn is_email(value: &str) -> bool {
    let address = match value
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'))
    {
        Some((_, address)) => address,
        None => value,
    };
    let word = |text: &str| {
        !text.is_empty()
            && !text.contains(|c: char| c.is_whitespace() || "<>()[],;:\\\"@/".contains(c))
    };
    address.split_once('@').is_some_and(|(local, host)| {
        word(local)
            && word(host)
            && host.contains('.')
            && host.split('.').all(|label| !label.is_empty())
    })
}

/// Secrets that stand in public documentation, so that everybody knows them.
const PUBLISHED: &[&str] = &[
    "secret",
    "supersecret",
    "keyboard cat",
    // jwt.io's examples
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    // RFC 8291, section 5
    "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
    // AWS and Stripe documentation
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
];

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn shape(value: &str) -> Shape {
        of(value, value)
    }

    #[test]
    fn addresses() {
        let good = shape("https://app.example.test");
        assert!(good.url && good.https && !good.loopback && !good.has_path && !good.trailing_slash);
        assert_eq!(good.host.as_deref(), Some("app.example.test"));
        let slash = shape("https://app.example.test/");
        assert!(slash.trailing_slash && !slash.has_path);
        assert!(shape("https://app.example.test/api/auth").has_path);
        assert!(shape("http://localhost:3000").loopback && shape("http://[::1]:3000").loopback);
        assert!(!shape("app.example.test").url && !shape("localhost:3000").url);
    }

    #[test]
    fn mail_addresses() {
        assert!(shape("mailto:a@b.example").mailto && !shape("a@b.example").mailto);
        assert!(shape("a@b.example").email && shape("Serene <no-reply@b.example>").email);
        assert!(
            !shape("a@b").email
                && !shape("a b@c.example").email
                && !shape("mailto:a@b.example").email
        );
    }

    #[test]
    fn keys() {
        let public = format!("B{}", "Ab3-_x".repeat(15))[..87].to_owned();
        assert!(shape(&public).base64url && !shape(&public).base64_padded);
        assert_eq!(shape(&public).decoded_bytes, Some(65));
        let secret = STANDARD.encode([7_u8, 99].repeat(16));
        assert!(shape(&secret).base64_padded);
        assert_eq!(shape(&secret).decoded_bytes, Some(32));
        assert_eq!(shape(&"0123456789abcdef".repeat(4)).decoded_bytes, Some(32));
        assert_eq!(shape("correct horse battery staple").decoded_bytes, None);
    }

    #[test]
    fn substitution_is_the_unescaped_command() {
        assert!(shape("$(openssl rand -base64 32)").shell_substitution);
        assert!(shape("`date`").shell_substitution);
        assert!(!shape("pa$s(word").shell_substitution && !shape("a`b").shell_substitution);
        assert!(!shape(r"\$(not a command)").shell_substitution);
    }

    #[test]
    fn entropy_of_known_texts() {
        assert_eq!(entropy_per_char("aaaa"), 0.0);
        assert_eq!(entropy_per_char("abcd"), 2.0);
        assert_eq!(shape("").entropy_bits, 0.0);
    }

    proptest! {
        #[test]
        fn any_text_has_a_shape(value in ".*", raw in ".*") {
            let shape = of(&value, &raw);
            prop_assert!(shape.entropy_per_char >= 0.0);
            prop_assert!(!shape.https || shape.url);
        }

        #[test]
        fn base64_of_n_bytes_decodes_to_n(bytes in proptest::collection::vec(any::<u8>(), 24..80)) {
            // Hexadecimal digits alone could also be read as hexadecimal.
            let text = STANDARD.encode(&bytes);
            prop_assume!(!text.bytes().all(|b| b.is_ascii_hexdigit()));
            prop_assert_eq!(shape(&text).decoded_bytes, Some(bytes.len()));
        }
    }
}
