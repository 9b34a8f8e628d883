//! The cookies that a session is left with, as the Observatory's cookie jar keeps them.

use crate::probe::http::cookie;
use crate::probe::site;
use std::fmt;
use url::{Host, Url};

/// Cookies by the rules of tough-cookie 5: RFC 6265 with the public suffix list and the prefixes of
/// RFC 6265bis. Values are kept only to send them back.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    kept: Vec<Kept>,
}

/// One cookie.
#[derive(Clone)]
pub(super) struct Kept {
    pub name: String,
    value: String,
    pub secure: bool,
    pub http_only: bool,
    pub same_site: Option<&'static str>,
    domain: String,
    host_only: bool,
    path: String,
    expired: bool,
}

impl Jar {
    /// Takes in one Set-Cookie line of an answer that came from `url` at `now`, in seconds since 1970.
    pub fn set(&mut self, line: &str, url: &Url, now: i64) {
        let Some(cookie) = cookie::parse(line).filter(|cookie| !cookie.name.is_empty()) else {
            return;
        };
        let Some(host) = url.host_str() else { return };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        if let Some(domain) = &cookie.domain {
            if site::with_private(domain).is_none() && !is_address_6(domain) {
                return;
            }
            if !is_within(&host, domain) {
                return;
            }
        }
        let path = cookie
            .path
            .clone()
            .unwrap_or_else(|| default_path(url.path()));
        let host_only = cookie.domain.is_none();
        let bound = cookie.secure && host_only && path == "/";
        if cookie.name.starts_with("__Secure-") && !cookie.secure
            || cookie.name.starts_with("__Host-") && !bound
        {
            return;
        }
        let expired = match (cookie.max_age, cookie.expires) {
            (Some(seconds), _) => seconds <= 0,
            (None, Some(at)) => at <= now,
            (None, None) => false,
        };
        let kept = Kept {
            name: cookie.name,
            value: cookie.value,
            secure: cookie.secure,
            http_only: cookie.http_only,
            same_site: cookie.same_site,
            domain: cookie.domain.unwrap_or(host),
            host_only,
            path,
            expired,
        };
        let same = self.kept.iter().position(|known| {
            (&known.name, &known.domain, &known.path) == (&kept.name, &kept.domain, &kept.path)
        });
        match same {
            Some(place) => self.kept[place] = kept,
            None => self.kept.push(kept),
        }
    }

    /// What a request to `url` carries. Cookies for it that have expired are taken out on this occasion.
    pub fn take_along(&mut self, url: &Url) -> String {
        let meant = |kept: &Kept| kept.is_for(url);
        self.kept.retain(|kept| !(kept.expired && meant(kept)));
        let pairs: Vec<String> = self
            .kept
            .iter()
            .filter(|kept| meant(kept))
            .map(|kept| format!("{}={}", kept.name, kept.value))
            .collect();
        pairs.join("; ")
    }

    /// Every cookie but one that a host sets for its own routing.
    pub(super) fn judged(&self) -> impl Iterator<Item = &Kept> {
        self.kept
            .iter()
            .filter(|kept| kept.name != "heroku-session-affinity")
    }
}

/// Without the value, which no message may hold.
impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Kept")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Kept {
    fn is_for(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let there = if self.host_only {
            host == self.domain
        } else {
            is_within(&host, &self.domain)
        };
        let path = url.path();
        let below = path.strip_prefix(self.path.as_str()).is_some_and(|rest| {
            rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/')
        });
        there && below && (url.scheme() == "https" || !self.secure)
    }
}

/// RFC 6265 section 5.1.3.
fn is_within(host: &str, domain: &str) -> bool {
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
            && matches!(Host::parse(host), Ok(Host::Domain(_)))
}

fn is_address_6(text: &str) -> bool {
    text.trim_matches(['[', ']'])
        .parse::<std::net::Ipv6Addr>()
        .is_ok()
}

/// RFC 6265 section 5.1.4.
fn default_path(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

/// Has a Set-Cookie line a SameSite that is empty or unknown? Its first part is looked at like the others.
fn ill_same_site(line: &str) -> bool {
    line.split(';').any(|part| {
        let mut halves = part.trim().split('=');
        let name = halves.next().unwrap_or_default().trim();
        let value = halves.next().unwrap_or_default();
        let value = value.trim().to_ascii_lowercase();
        name.eq_ignore_ascii_case("samesite")
            && !matches!(value.as_str(), "lax" | "strict" | "none")
    })
}

/// What can be wrong, the mildest first. The worst decides, which is not the one that costs most.
const WORSE: [&str; 7] = [
    "cookies-without-secure-flag-but-protected-by-hsts",
    "cookies-without-secure-flag",
    "cookies-session-without-secure-flag-but-protected-by-hsts",
    "cookies-samesite-flag-invalid",
    "cookies-anticsrf-without-samesite-flag",
    "cookies-session-without-httponly-flag",
    "cookies-session-without-secure-flag",
];

/// The result for a jar and the Set-Cookie lines of the last answer (`src/analyzer/tests/cookies.js`).
pub(super) fn judge<'a>(
    jar: &Jar,
    lines: impl Iterator<Item = &'a str>,
    protected_by_hsts: bool,
) -> &'static str {
    let mut worst: Option<usize> = None;
    let mut found = |name: &str| worst = worst.max(WORSE.iter().position(|known| *known == name));
    for line in lines {
        if ill_same_site(line) {
            found("cookies-samesite-flag-invalid");
        }
    }
    if jar.judged().next().is_none() {
        return "cookies-not-found";
    }
    for cookie in jar.judged() {
        let name = cookie.name.to_lowercase();
        let session = name.contains("login") || name.contains("sess");
        if !cookie.secure {
            if cookie.same_site == Some("none") {
                found("cookies-samesite-flag-invalid");
            }
            found(match (session, protected_by_hsts) {
                (false, true) => "cookies-without-secure-flag-but-protected-by-hsts",
                (false, false) => "cookies-without-secure-flag",
                (true, true) => "cookies-session-without-secure-flag-but-protected-by-hsts",
                (true, false) => "cookies-session-without-secure-flag",
            });
        }
        if name.contains("csrf") && cookie.same_site.is_none() {
            found("cookies-anticsrf-without-samesite-flag");
        }
        if session && !cookie.http_only {
            found("cookies-session-without-httponly-flag");
        }
    }
    match worst.and_then(|place| WORSE.get(place)) {
        Some(result) => result,
        None if jar.judged().all(|cookie| cookie.same_site.is_some()) => {
            "cookies-secure-with-httponly-sessions-and-samesite"
        }
        None => "cookies-secure-with-httponly-sessions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(url: &str, lines: &[&str]) -> Jar {
        let mut jar = Jar::default();
        for line in lines {
            jar.set(line, &Url::parse(url).unwrap(), 1_000);
        }
        jar
    }

    fn names(jar: &Jar) -> Vec<&str> {
        jar.judged().map(|kept| kept.name.as_str()).collect()
    }

    #[test]
    fn keeps_what_a_strict_jar_keeps() {
        let lines = [
            "a=1; Domain=shop.example",
            "b=1; Domain=example",
            "c=1; Domain=other.example",
            "__Host-d=1; Secure; Path=/x",
            "__Secure-e=1",
            "=f",
            "heroku-session-affinity=1",
            "g=1; Max-Age=0",
        ];
        assert_eq!(names(&jar("https://www.shop.example/", &lines)), ["a", "g"]);
        assert!(names(&jar("http://127.0.0.1/", &["a=1; Domain=127.0.0.1"])).is_empty());
    }

    #[test]
    fn an_expired_cookie_goes_when_it_would_be_sent() {
        let mut jar = jar("https://a.example/x/y", &["a=1; Max-Age=0", "b=2; Path=/"]);
        let other = Url::parse("https://a.example/z").unwrap();
        assert_eq!(jar.take_along(&other), "b=2");
        assert_eq!(names(&jar).len(), 2);
        jar.take_along(&Url::parse("https://a.example/x").unwrap());
        assert_eq!(names(&jar), ["b"]);
    }

    #[test]
    fn the_worst_decides() {
        let of = |lines: &[&str], hsts| {
            judge(
                &jar("https://a.example/", lines),
                lines.iter().copied(),
                hsts,
            )
        };
        assert_eq!(of(&[], true), "cookies-not-found");
        assert_eq!(
            of(&["sess=1; HttpOnly"], true),
            "cookies-session-without-secure-flag-but-protected-by-hsts"
        );
        assert_eq!(
            of(&["sess=1; Secure", "a=1"], false),
            "cookies-session-without-httponly-flag"
        );
        assert_eq!(
            of(&["a=1; Secure; SameSite=Lux"], true),
            "cookies-samesite-flag-invalid"
        );
        assert_eq!(
            of(&["a=1; Secure; SameSite=Lax"], true),
            "cookies-secure-with-httponly-sessions-and-samesite"
        );
    }
}
