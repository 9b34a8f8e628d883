//! What weakens a policy: sources that are too wide, directives that are missing, old ways.

use super::policy::{Policy, SCRIPTS, is_nonce, without_scheme};
use super::{Finding, Severity};
use std::net::Ipv4Addr;
use url::Url;

/// Directives through which scripts can come in.
const DANGEROUS: [&str; 5] = [
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "object-src",
    "base-uri",
];
const DEPRECATED: [&str; 4] = ["reflected-xss", "referrer", "disown-opener", "prefetch-src"];

/// Findings about the policy as it takes effect (`security_checks.ts`).
pub(super) fn of(policy: &Policy) -> Vec<Finding> {
    let mut found = Vec::new();
    for directive in policy.all_deciding(&SCRIPTS) {
        for (value, kind, severity) in [
            ("'unsafe-inline'", "SCRIPT_UNSAFE_INLINE", Severity::High),
            (
                "'unsafe-hashes'",
                "SCRIPT_UNSAFE_HASHES",
                Severity::MediumMaybe,
            ),
            ("'unsafe-eval'", "SCRIPT_UNSAFE_EVAL", Severity::MediumMaybe),
        ] {
            if policy.allows(directive, value) {
                found.push(Finding::of(kind, severity, directive, Some(value)));
            }
        }
    }
    for directive in policy.all_deciding(&DANGEROUS) {
        for value in policy.values(directive) {
            let kind = match value.as_str() {
                "data:" | "http:" | "https:" => "PLAIN_URL_SCHEMES",
                other if without_scheme(other) == "*" => "PLAIN_WILDCARD",
                _ => continue,
            };
            found.push(Finding::of(kind, Severity::High, directive, Some(value)));
        }
    }
    found.extend(missing(policy));
    for (directive, values) in &policy.directives {
        if DEPRECATED.contains(&directive.as_str()) {
            found.push(Finding::of(
                "DEPRECATED_DIRECTIVE",
                Severity::Info,
                directive,
                None,
            ));
        }
        for value in values {
            found.extend(of_value(directive, value));
        }
    }
    found
}

fn missing(policy: &Policy) -> Vec<Finding> {
    let objects = match policy.has("object-src") {
        true => policy.values("object-src"),
        false => policy.values("default-src"),
    };
    let scripts = policy.has("script-src") || policy.has("default-src");
    let based = policy.has_nonce("script-src")
        || policy.has_hash("script-src") && policy.is_strict_dynamic("script-src");
    [
        (objects.is_empty(), "object-src"),
        (!scripts, "script-src"),
        (based && !policy.has("base-uri"), "base-uri"),
    ]
    .into_iter()
    .filter(|(missing, _)| *missing)
    .map(|(_, directive)| Finding::of("MISSING_DIRECTIVES", Severity::High, directive, None))
    .collect()
}

fn of_value(directive: &str, value: &str) -> Vec<Finding> {
    let say = |kind, severity| Finding::of(kind, severity, directive, Some(value));
    let mut found = Vec::new();
    if names_an_address(value) {
        found.push(say("IP_SOURCE", Severity::Info));
    }
    let nonce = value
        .strip_prefix("'nonce-")
        .and_then(|rest| rest.strip_suffix('\''))
        .filter(|nonce| !nonce.is_empty());
    if let Some(nonce) = nonce {
        if nonce.encode_utf16().count() < 8 {
            found.push(say("NONCE_LENGTH", Severity::Medium));
        }
        if !is_nonce(value) {
            found.push(say("NONCE_CHARSET", Severity::Info));
        }
    }
    if value.starts_with("http://") {
        found.push(say("SRC_HTTP", Severity::Medium));
    }
    found
}

/// Is the host of a source an IP address?
fn names_an_address(value: &str) -> bool {
    let plain = without_scheme(value)
        .replacen(":*", "", 1)
        .replacen('*', "wildcard", 1);
    let url = Url::parse(&format!("https://{plain}"));
    let host = url
        .as_ref()
        .ok()
        .and_then(Url::host_str)
        .unwrap_or_default();
    host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok()
}

/// Findings about the policy as it is written (`strictcsp_checks.ts`).
pub(super) fn of_strictness(policy: &Policy) -> Vec<Finding> {
    let directive = policy.deciding("script-src");
    let values = policy.values(directive);
    let strict = policy.is_strict_dynamic("script-src");
    let vouched = policy.has_nonce("script-src") || policy.has_hash("script-src");
    let listed = values.iter().any(|value| !value.starts_with('\''));
    let fallback = values
        .iter()
        .any(|value| matches!(value.as_str(), "http:" | "https:" | "*") || value.contains('.'));
    let types = "require-trusted-types-for";
    [
        (
            listed && !strict,
            "STRICT_DYNAMIC",
            Severity::StrictCsp,
            directive,
        ),
        (
            strict && !vouched,
            "STRICT_DYNAMIC_NOT_STANDALONE",
            Severity::Info,
            directive,
        ),
        (
            vouched && !policy.allows(directive, "'unsafe-inline'"),
            "UNSAFE_INLINE_FALLBACK",
            Severity::StrictCsp,
            directive,
        ),
        (
            strict && !fallback,
            "ALLOWLIST_FALLBACK",
            Severity::StrictCsp,
            directive,
        ),
        (
            !policy.allows(types, "'script'"),
            "REQUIRE_TRUSTED_TYPES_FOR_SCRIPTS",
            Severity::Info,
            types,
        ),
    ]
    .into_iter()
    .filter(|(holds, ..)| *holds)
    .map(|(_, kind, severity, directive)| Finding::of(kind, severity, directive, None))
    .collect()
}
