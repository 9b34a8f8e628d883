//! Which hosts belong to one site: the registrable domain by the public suffix list.

use psl::Type;
use std::net::IpAddr;

/// The domain that somebody registered, private suffixes such as `vercel.app` counted as suffixes.
/// The names of RFC 6761 are domains of two labels. None for a suffix itself and for addresses.
pub(in crate::probe) fn with_private(host: &str) -> Option<&str> {
    if is_address(host) {
        return None;
    }
    const SPECIAL: [&str; 5] = ["local", "example", "invalid", "localhost", "test"];
    let (rest, last) = host.rsplit_once('.').unwrap_or(("", host));
    if SPECIAL.contains(&last) {
        return match rest.rsplit('.').next() {
            Some("") | None => matches!(last, "localhost" | "invalid").then_some(host),
            Some(label) => host.get(host.len() - last.len() - 1 - label.len()..),
        };
    }
    psl::domain_str(host)
}

/// The same with the suffixes of registries alone, so that `a.vercel.app` and `b.vercel.app` are one site.
pub(in crate::probe) fn without_private(host: &str) -> Option<&str> {
    if is_address(host) {
        return None;
    }
    let mut suffix = psl::suffix(host.as_bytes())?;
    while suffix.typ() == Some(Type::Private) {
        let above = suffix.as_bytes().iter().position(|byte| *byte == b'.')?;
        let start = host.len() - suffix.as_bytes().len() + above + 1;
        suffix = psl::suffix(host.get(start..)?.as_bytes())?;
    }
    let rest = host.get(..host.len() - suffix.as_bytes().len())?;
    let label = rest.strip_suffix('.')?.rsplit('.').next()?;
    host.get(rest.len() - 1 - label.len()..)
}

fn is_address(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_suffixes_count_where_they_are_asked_for() {
        assert_eq!(with_private("a.b.vercel.app"), Some("b.vercel.app"));
        assert_eq!(without_private("a.b.vercel.app"), Some("vercel.app"));
        assert_eq!(without_private("alice.dyndns.org"), Some("dyndns.org"));
        assert_eq!(without_private("www.shop.co.uk"), Some("shop.co.uk"));
        assert_eq!(without_private("shop.example"), Some("shop.example"));
        for none in ["127.0.0.1", "[::1]", "localhost", "co.uk", ""] {
            assert_eq!(without_private(none), None, "{none}");
        }
    }

    #[test]
    fn names_that_are_reserved_are_domains() {
        assert_eq!(with_private("a.shop.example"), Some("shop.example"));
        assert_eq!(with_private("localhost"), Some("localhost"));
        assert_eq!(with_private("example"), None);
        assert_eq!(with_private("co.uk"), None);
        assert_eq!(with_private("127.0.0.1"), None);
    }
}
