//! What was seen of a site: all that the grade is computed from.

use super::jar::Jar;
use std::collections::BTreeMap;
use url::Url;

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Where it came from.
    pub url: Url,
    /// The status.
    pub status: u16,
    /// Header lines in order: names in lower case, repeated ones included.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

/// The site over plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plain {
    /// Nobody looked, or it could not be told.
    Unknown,
    /// Nothing answers there.
    Closed,
    /// It led to an address whose certificate is not trusted.
    Untrusted,
    /// Every address that answered, the first and the last included.
    Led(Vec<Url>),
}

/// The site over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secure {
    /// Nothing answers there.
    Closed,
    /// The certificate is not trusted.
    Untrusted,
    /// The Strict-Transport-Security of the last answer, all lines joined.
    Answered(Option<String>),
}

/// What was seen of one site.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The host that is graded.
    pub host: String,
    /// Did the graded session begin over https?
    pub began_secure: bool,
    /// The last answer of that session.
    pub page: Answer,
    /// The site over HTTPS.
    pub secure: Secure,
    /// The site over plain HTTP.
    pub plain: Plain,
    /// The header lines of the answer to a preflight, where it was a success.
    pub preflight: Option<Vec<(String, String)>>,
    /// The Origin that the preflight was asked with.
    pub preflight_origin: String,
    /// The cookies that the session was left with.
    pub jar: Jar,
    /// Hosts that browsers ask over https only.
    pub preload: Preload,
}

/// Headers of which Node.js keeps the first line and drops the others (`lib/_http_incoming.js`).
const FIRST_ONLY: &[&str] = &[
    "age",
    "authorization",
    "content-length",
    "content-type",
    "etag",
    "expires",
    "from",
    "host",
    "if-modified-since",
    "if-unmodified-since",
    "last-modified",
    "location",
    "max-forwards",
    "proxy-authorization",
    "referer",
    "retry-after",
    "server",
    "user-agent",
];

/// All lines of a header as Node.js hands them out; none where there is no such line.
pub(super) fn joined(headers: &[(String, String)], name: &str) -> Option<String> {
    let mut lines = headers
        .iter()
        .filter(|(known, _)| known == name)
        .map(|(_, value)| value.as_str());
    if FIRST_ONLY.contains(&name) {
        return lines.next().map(str::to_owned);
    }
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

impl Answer {
    /// All lines of a header, as Node.js hands them out.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        joined(&self.headers, name)
    }

    /// The same; none where it is empty.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        self.header(name).filter(|value| !value.is_empty())
    }
}

/// Hosts that browsers ask over https only, because a list that they carry says so.
#[derive(Debug, Clone, Default)]
pub struct Preload {
    /// Host, and whether the hosts below it are covered too.
    entries: BTreeMap<String, bool>,
}

/// Top-level domains that are on the list as a whole (Chromium, `transport_security_state_static.json`);
/// the hosts below them are covered. The list itself has more than a hundred thousand names.
const WHOLE_DOMAINS: &[&str] = &["app", "bank", "dev", "foo", "insurance", "new", "page"];

impl Preload {
    /// The list with these entries: host, and whether the hosts below it are covered.
    pub fn of(entries: impl IntoIterator<Item = (String, bool)>) -> Self {
        Self {
            entries: entries.into_iter().collect(),
        }
    }

    /// The top-level domains that are on the list as a whole, and no single host.
    pub fn whole_domains() -> Self {
        Self::of(WHOLE_DOMAINS.iter().map(|name| ((*name).to_owned(), true)))
    }

    /// Is the host on the list, itself or by a domain above it?
    pub(super) fn covers(&self, host: &str) -> bool {
        if self.entries.contains_key(host) {
            return true;
        }
        let mut rest = host;
        while let Some((_, above)) = rest.split_once('.') {
            if self.entries.get(above) == Some(&true) {
                return true;
            }
            rest = above;
        }
        false
    }
}

/// The blanks that JavaScript trims and splits at.
pub(super) fn is_blank(character: char) -> bool {
    match character {
        '\u{feff}' => true,
        '\u{85}' => false,
        other => other.is_whitespace(),
    }
}

/// The text without blanks at its ends, as JavaScript trims it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_covers_hosts_and_what_is_below_domains() {
        let list = Preload::of([("app".to_owned(), true), ("shop.example".to_owned(), false)]);
        assert!(list.covers("x.y.app") && list.covers("shop.example"));
        assert!(!list.covers("www.shop.example") && !list.covers("happ"));
        assert!(Preload::whole_domains().covers("serene.vercel.app"));
    }

    #[test]
    fn lines_are_joined_but_where_the_first_counts() {
        let lines: Vec<_> = [("a", "1"), ("server", "x"), ("a", "2"), ("server", "y")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        assert_eq!(joined(&lines, "a").as_deref(), Some("1, 2"));
        assert_eq!(joined(&lines, "server").as_deref(), Some("x"));
        assert_eq!(joined(&lines, "b"), None);
    }
}
