//! What one source list of a content security policy allows.

use crate::probe::site;

/// A directive's values as they were written.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceList<'a>(pub &'a [String]);

impl SourceList<'_> {
    fn any(&self, matches: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|source| matches(source))
    }

    /// Is that keyword in the list, in any case?
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.any(|source| source.eq_ignore_ascii_case(keyword))
    }

    /// Nothing matches: the list is empty, or `'none'` alone.
    pub(super) fn matches_nothing(&self) -> bool {
        match self.0 {
            [] => true,
            [one] => one.eq_ignore_ascii_case("'none'"),
            _ => false,
        }
    }

    /// A nonce that browsers recognise.
    pub(super) fn has_nonce(&self) -> bool {
        self.any(|source| quoted(source, &["'nonce-"]))
    }

    /// A hash that browsers recognise.
    pub(super) fn has_hash(&self) -> bool {
        self.any(|source| quoted(source, &["'sha256-", "'sha384-", "'sha512-"]))
    }

    /// CSP3, "Does a source list allow all inline behavior for type?": a nonce or a hash takes
    /// `'unsafe-inline'` away, and for scripts so does `'strict-dynamic'`.
    pub(super) fn allows_all_inline(&self, for_scripts: bool) -> bool {
        let taken_away =
            self.has_nonce() || self.has_hash() || (for_scripts && self.has("'strict-dynamic'"));
        self.has("'unsafe-inline'") && !taken_away
    }

    /// The sources that hosts of other sites than that of `host` satisfy.
    pub(super) fn foreign_to(&self, host: &str) -> Vec<String> {
        let own = site::with_private(host);
        let foreign = |source: &&String| {
            if source.starts_with('\'') {
                return false;
            }
            let source = source.to_ascii_lowercase();
            let rest = source
                .split_once("://")
                .map_or(source.as_str(), |(_, rest)| rest);
            let named = rest.split(['/', ':']).next().unwrap_or(rest);
            let below = named.strip_prefix("*.").unwrap_or(named);
            let same =
                below == host || own.is_some_and(|own| site::with_private(below) == Some(own));
            !same
        };
        self.0.iter().filter(foreign).cloned().collect()
    }

    /// A source that any host can satisfy: `*`, a bare network scheme, or a scheme with any host.
    pub(super) fn allows_any_host(&self) -> bool {
        self.any(|source| {
            let source = source.to_ascii_lowercase();
            let host = match source.split_once("://") {
                Some((_, host)) => host,
                None => &source,
            };
            let host = host.split('/').next().unwrap_or(host);
            let host = host.rsplit_once(':').map_or(host, |(name, port)| {
                if port == "*"
                    || (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
                {
                    name
                } else {
                    host
                }
            });
            matches!(host, "*" | "*.*")
                || matches!(
                    source.as_str(),
                    "http:" | "https:" | "ws:" | "wss:" | "ftp:"
                )
        })
    }
}

/// `'nonce-VALUE'` with a value in base64 or base64url, as the grammar of CSP3 section 2.3.1 wants it.
pub(in crate::probe) fn quoted(source: &str, prefixes: &[&str]) -> bool {
    let Some(inside) = source.strip_suffix('\'') else {
        return false;
    };
    prefixes.iter().any(|prefix| {
        let Some((start, value)) = inside.split_at_checked(prefix.len()) else {
            return false;
        };
        let digits = value.trim_end_matches('=');
        start.eq_ignore_ascii_case(prefix)
            && !digits.is_empty()
            && value.len() - digits.len() <= 2
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(text: &str, ask: impl Fn(&SourceList<'_>) -> T) -> T {
        let sources: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        ask(&SourceList(&sources))
    }

    #[test]
    fn nonce_hash_and_strict_dynamic_take_unsafe_inline_away() {
        let scripts = |text| with(text, |list| list.allows_all_inline(true));
        assert!(scripts("'self' 'unsafe-inline'") && scripts("'UNSAFE-INLINE'"));
        assert!(!scripts("'self'"));
        assert!(!scripts("'unsafe-inline' 'nonce-abc123=='"));
        assert!(!scripts("'unsafe-inline' 'sha256-AbC+/=' "));
        assert!(!scripts("'unsafe-inline' 'strict-dynamic'"));
        assert!(with("'unsafe-inline' 'strict-dynamic'", |list| list
            .allows_all_inline(false)));
    }

    #[test]
    fn an_ill_formed_nonce_is_none() {
        for text in [
            "'nonce-'",
            "nonce-abc",
            "'nonce-a b'",
            "'nonce-a$'",
            "'nonce-===='",
            "'nonce-é'",
        ] {
            assert!(!with(text, |list| list.has_nonce()), "{text}");
        }
    }

    #[test]
    fn ancestors_of_other_sites_are_told_from_own_ones() {
        let of = |text| with(text, |list| list.foreign_to("app.shop.example"));
        assert!(of("'none'").is_empty() && of("'self'").is_empty());
        assert!(of("https://app.shop.example:8443 https://*.shop.example shop.example").is_empty());
        assert_eq!(
            of("https://partner.example 'self' *.example https: *").len(),
            4
        );
        assert!(with("127.0.0.1:3000", |list| list.foreign_to("127.0.0.1")).is_empty());
    }

    #[test]
    fn any_host_is_told_from_a_wildcard_below_a_host() {
        for text in [
            "*",
            "https:",
            "HTTP:",
            "https://*",
            "*:*",
            "https://*:443",
            "http://*.*",
            "*:443/x",
        ] {
            assert!(with(text, |list| list.allows_any_host()), "{text}");
        }
        for text in [
            "*.example.com",
            "https://a.example",
            "data:",
            "'self'",
            "localhost:3000",
            "",
        ] {
            assert!(!with(text, |list| list.allows_any_host()), "{text}");
        }
    }
}
