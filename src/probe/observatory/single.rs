//! The tests that look at one header each.

use super::html::Markup;
use super::seen::{Plain, Secure, Seen, joined, trim};
use crate::probe::http::structured::{Bare, item};

/// 180 days in seconds; the words of the result say six months (`strict-transport-security.js`).
const SIX_MONTHS: i64 = 15_552_000;

pub(super) fn redirection(seen: &Seen) -> Option<&'static str> {
    let hops = match &seen.plain {
        Plain::Unknown => return None,
        Plain::Closed => return Some("redirection-not-needed-no-http"),
        Plain::Untrusted => return Some("redirection-invalid-cert"),
        Plain::Led(hops) => hops,
    };
    let host = |url: &url::Url| url.host_str().unwrap_or_default().to_owned();
    Some(match hops.as_slice() {
        [] => return None,
        hops if hops.iter().all(|hop| seen.preload.covers(&host(hop))) => {
            "redirection-all-redirects-preloaded"
        }
        [_] => "redirection-missing",
        [.., last] if last.scheme() != "https" => "redirection-not-to-https",
        [_, second, ..] if second.scheme() == "http" => {
            "redirection-not-to-https-on-initial-redirection"
        }
        [first, second, ..] if first.scheme() == "http" && host(first) != host(second) => {
            "redirection-off-host-from-http"
        }
        _ => "redirection-to-https",
    })
}

pub(super) fn hsts(seen: &Seen) -> &'static str {
    if seen.secure != Secure::Closed && seen.preload.covers(&seen.host) {
        return "hsts-preloaded";
    }
    match &seen.secure {
        Secure::Closed => "hsts-not-implemented-no-https",
        Secure::Untrusted => "hsts-invalid-cert",
        Secure::Answered(None) => "hsts-not-implemented",
        Secure::Answered(Some(value)) => lifetime(value),
    }
}

/// A max-age that is no number counts as long enough: the scanner compares NaN.
fn lifetime(value: &str) -> &'static str {
    let value: String = value.chars().take(1024).collect();
    let mut max_age = None;
    for part in value.split(';') {
        if let Some(number) = trim(part).to_lowercase().strip_prefix("max-age=") {
            max_age = Some(parse_int(number));
        }
    }
    match max_age {
        _ if value.contains(',') => "hsts-header-invalid",
        None => "hsts-header-invalid",
        Some(Some(seconds)) if seconds < SIX_MONTHS => {
            "hsts-implemented-max-age-less-than-six-months"
        }
        Some(_) => "hsts-implemented-max-age-at-least-six-months",
    }
}

/// JavaScript's `parseInt(text, 10)` over the first 120 characters; none for NaN.
fn parse_int(text: &str) -> Option<i64> {
    let text: String = text.chars().take(120).collect();
    let text = text.trim_start_matches(super::seen::is_blank);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits
        .find(|digit: char| !digit.is_ascii_digit())
        .unwrap_or(digits.len());
    let digits = digits.get(..end).filter(|digits| !digits.is_empty())?;
    let number: i64 = digits.parse().unwrap_or(i64::MAX);
    Some(if negative { -number } else { number })
}

pub(super) fn referrer(seen: &Seen, markup: &Markup) -> &'static str {
    const GOOD: [&str; 4] = [
        "no-referrer",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
    ];
    const BAD: [&str; 4] = [
        "origin",
        "origin-when-cross-origin",
        "unsafe-url",
        "no-referrer-when-downgrade",
    ];
    let header = seen.page.header("referrer-policy");
    if header.is_none() && markup.referrer.is_none() {
        return "referrer-policy-not-implemented";
    }
    let all: Vec<&str> = header
        .iter()
        .chain(&markup.referrer)
        .map(String::as_str)
        .collect();
    let last = all
        .iter()
        .flat_map(|value| value.split(','))
        .map(|value| trim(value).to_lowercase())
        .rfind(|value| GOOD.contains(&value.as_str()) || BAD.contains(&value.as_str()));
    match last {
        Some(value) if GOOD.contains(&value.as_str()) => "referrer-policy-private",
        Some(_) => "referrer-policy-unsafe",
        None => "referrer-policy-header-invalid",
    }
}

pub(super) fn content_type_options(seen: &Seen) -> &'static str {
    match value(seen, "x-content-type-options", 256).as_deref() {
        None => "x-content-type-options-not-implemented",
        Some("nosniff") => "x-content-type-options-nosniff",
        Some(_) => "x-content-type-options-header-invalid",
    }
}

pub(super) fn frame_options(seen: &Seen, limited_by_csp: bool) -> &'static str {
    match value(seen, "x-frame-options", 1024).as_deref() {
        _ if limited_by_csp => "x-frame-options-implemented-via-csp",
        None => "x-frame-options-not-implemented",
        Some("deny" | "sameorigin") => "x-frame-options-sameorigin-or-deny",
        Some(value) if value.starts_with("allow-from") => "x-frame-options-allow-from-origin",
        Some(_) => "x-frame-options-header-invalid",
    }
}

pub(super) fn resource_policy(seen: &Seen) -> &'static str {
    match value(seen, "cross-origin-resource-policy", 256).as_deref() {
        None | Some("") => "corp-not-implemented",
        Some("same-site") => "corp-implemented-with-same-site",
        Some("same-origin") => "corp-implemented-with-same-origin",
        Some("cross-origin") => "corp-implemented-with-cross-origin",
        Some(_) => "corp-header-invalid",
    }
}

/// The first characters of a header that is not empty, trimmed, in lower case.
fn value(seen: &Seen, name: &str, most: usize) -> Option<String> {
    let header = seen.page.filled(name)?;
    let cut: String = header.chars().take(most).collect();
    Some(trim(&cut).to_lowercase())
}

/// What the answer to a preflight grants. The scanner cannot see the Origin that it sent itself, so that
/// it never says what [`grants_everybody`] says.
pub(super) fn sharing(seen: &Seen) -> &'static str {
    let Some(origin) = seen.preflight.as_deref().and_then(allowed_origin) else {
        return "cross-origin-resource-sharing-not-implemented";
    };
    let cut: String = origin.chars().take(256).collect();
    match trim(&cut) {
        "*" => "cross-origin-resource-sharing-implemented-with-public-access",
        _ => "cross-origin-resource-sharing-implemented-with-restricted-access",
    }
}

fn allowed_origin(headers: &[(String, String)]) -> Option<String> {
    joined(headers, "access-control-allow-origin").filter(|origin| !origin.is_empty())
}

/// Does a preflight grant any origin that asks the use of the visitor's cookies?
pub(super) fn grants_everybody(seen: &Seen) -> bool {
    let headers = seen.preflight.as_deref().unwrap_or_default();
    let credentials = joined(headers, "access-control-allow-credentials").unwrap_or_default();
    allowed_origin(headers).is_some_and(|origin| origin == seen.preflight_origin)
        && credentials.trim().eq_ignore_ascii_case("true")
}

pub(super) fn embedder(seen: &Seen) -> &'static str {
    match token(seen, "cross-origin-embedder-policy") {
        None => "coep-not-implemented",
        Some(token) => match token.as_str() {
            "require-corp" => "coep-implemented-with-require-corp",
            "credentialless" => "coep-implemented-with-credentialless",
            "unsafe-none" => "coep-implemented-with-unsafe-none",
            _ => "coep-header-invalid",
        },
    }
}

pub(super) fn opener(seen: &Seen) -> &'static str {
    match token(seen, "cross-origin-opener-policy") {
        None => "coop-not-implemented",
        Some(token) => match token.as_str() {
            "same-origin" => "coop-implemented-with-same-origin",
            "same-origin-allow-popups" => "coop-implemented-with-same-origin-allow-popups",
            "noopener-allow-popups" => "coop-implemented-with-noopener-allow-popups",
            "unsafe-none" => "coop-implemented-with-unsafe-none",
            _ => "coop-header-invalid",
        },
    }
}

/// The token that a header holds as a structured item; empty where it holds something else.
fn token(seen: &Seen, name: &str) -> Option<String> {
    let header = seen.page.filled(name)?;
    Some(match item(&header) {
        Some(Bare::Token(token)) => token,
        _ => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_read_as_the_scanner_reads_it() {
        for (value, end) in [
            ("max-age=15552000", "at-least-six-months"),
            ("max-age=15551999", "less-than-six-months"),
            ("max-age=\"31536000\"", "at-least-six-months"),
            ("max-age=", "at-least-six-months"),
            ("max-age=-1", "less-than-six-months"),
            ("max-age =31536000", "header-invalid"),
            ("max-age=31536000, max-age=1", "header-invalid"),
            ("", "header-invalid"),
            ("MAX-AGE=1; max-age= 31536000x", "at-least-six-months"),
        ] {
            assert!(
                lifetime(value).ends_with(end),
                "{value}: {}",
                lifetime(value)
            );
        }
    }
}
