//! The contact that push services are given (RFC 8292 section 2.1): who they would write to.

use regex::Regex;
use std::sync::LazyLock;
use url::{Host, Url};

/// Words of sample addresses. Names that belong to documentation are in RFC 2606.
static SAMPLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
          [@/.] example\.(com|org|net|edu) ($|[/:?])  | \.(example|invalid|test) ($|[/:?])
        | your[-_.]?(domain|email|name|site|app|company|mail|address) | yourdomain
        | (^mailto:|[@/.]) (you|user|name|email|someone) @ (domain|email|mail|host|site)\.
        | @ domain\. | change[-_]?me | <[^>]*> | x{5,}",
    )
    .expect("the pattern is a constant")
});

/// Why a push service would refuse the contact, or could not write to it; none where it is one.
pub(super) fn fault(text: &str) -> Option<String> {
    if text.trim() != text {
        return Some("there is white space around it".into());
    }
    if text.is_empty() {
        return Some("it is empty".into());
    }
    let Ok(url) = Url::parse(text) else {
        return Some(if is_address(text) {
            "it is a mail address without mailto: before it".into()
        } else {
            "it is neither mailto: with an address nor an https address".into()
        });
    };
    match url.scheme() {
        "mailto" => {
            // Options such as ?subject= are part of a mailto URL and of no address.
            let address = text.get("mailto:".len()..).unwrap_or_default();
            let address = address.split('?').next().unwrap_or_default();
            if !is_address(address) {
                return Some("there is no mail address after mailto:".into());
            }
            let host = address.rsplit('@').next().unwrap_or_default();
            if is_local(host) {
                return Some("its host is this machine, which Apple's service refuses".into());
            }
        }
        "https" => {
            let local = match url.host() {
                Some(Host::Domain(name)) => is_local(name),
                Some(Host::Ipv4(address)) => {
                    address.is_loopback() || address.is_private() || address.is_unspecified()
                }
                Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
                None => true,
            };
            if local {
                return Some(
                    "nobody else reaches that address, and Apple's service refuses localhost"
                        .into(),
                );
            }
        }
        "http" => return Some("it is an http address; https is wanted".into()),
        scheme => {
            return Some(format!(
                "it begins with {scheme}:, and mailto: or https: is wanted"
            ));
        }
    }
    SAMPLE
        .is_match(text)
        .then(|| "it is sample text, and nobody reads mail there".into())
}

fn is_local(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local")
}

/// `name@host`, with no second @ and nothing that needs quoting.
fn is_address(text: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c.is_whitespace() || "<>()[],;:\\\"@/".contains(c))
    };
    let named = |host: &str| host == "localhost" || host.contains('.') && !host.contains("..");
    text.split_once('@').is_some_and(|(name, host)| {
        word(name) && word(host) && named(host) && !host.starts_with('.') && !host.ends_with('.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn contacts_that_are_reached() {
        for text in [
            "mailto:push@serene.health",
            "mailto:ops+push@mail.serene.co.uk",
            "mailto:ops@serene.health?subject=push",
            "https://serene.health",
            "https://serene.health/contact",
            "mailto:hello@exampleshop.com",
            "https://testing.dev/",
            "mailto:domain@names.io",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn contacts_that_are_not() {
        for (text, word) in [
            ("push@serene.health", "without mailto:"),
            ("mailto:", "no mail address"),
            ("mailto:push", "no mail address"),
            ("mailto:a b@c.health", "no mail address"),
            ("mailto:admin@localhost", "this machine"),
            ("https://localhost:3000", "nobody else"),
            ("https://127.0.0.1", "nobody else"),
            ("https://[::1]/", "nobody else"),
            ("https://192.168.1.4/", "nobody else"),
            ("https://mac.local", "nobody else"),
            ("http://serene.health", "http address"),
            ("tel:+4930123", "tel:"),
            ("serene", "neither"),
            ("", "empty"),
            (" mailto:push@serene.health", "white space"),
            ("mailto:your-email@serene.health", "sample"),
            ("mailto:admin@example.com", "sample"),
            ("mailto:you@yourdomain.com", "sample"),
            ("mailto:someone@domain.com", "sample"),
            ("https://example.org", "sample"),
            ("https://app.example/contact", "sample"),
        ] {
            let said = fault(text).unwrap_or_default();
            assert!(said.contains(word), "{text}: {said}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_decided(text in ".*") {
            let _ = fault(&text);
        }
    }
}
