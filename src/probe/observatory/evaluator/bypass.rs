//! Hosts that a policy names and that are known to serve whatever script is asked for.

use super::policy::{Policy, is_scheme, without_scheme};
use super::{Finding, Severity};
use std::sync::LazyLock;
use url::Url;

/// One entry of the list.
struct Known {
    kind: &'static str,
    host: &'static str,
    path: &'static str,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let lines = include_str!("../bypasses.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.splitn(3, ' ');
            Some(Known {
                kind: words.next()?,
                host: words.next()?,
                path: words.next()?,
            })
        })
        .collect()
});

/// Findings about what is named in script-src and object-src.
pub(super) fn of(policy: &Policy) -> Vec<Finding> {
    let mut found = Vec::new();
    for directive in policy.all_deciding(&["script-src", "script-src-elem"]) {
        if policy.allows(directive, "'none'") {
            continue;
        }
        let eval = policy.allows(directive, "'unsafe-eval'");
        for value in policy.values(directive) {
            let host = !value.starts_with('\'') && !is_scheme(value) && value.contains('.');
            if value != "'self'" && !host {
                continue;
            }
            let severity = if host && serves_scripts(value, eval) {
                Severity::High
            } else {
                Severity::MediumMaybe
            };
            found.push(Finding::of(
                "SCRIPT_ALLOWLIST_BYPASS",
                severity,
                directive,
                Some(value),
            ));
        }
    }
    found.extend(of_objects(policy));
    found
}

fn serves_scripts(value: &str, eval: bool) -> bool {
    let jsonp = first("jsonp", value).is_some_and(|host| {
        eval || !KNOWN
            .iter()
            .any(|known| known.kind == "eval" && known.host == host)
    });
    jsonp || first("angular", value).is_some()
}

fn of_objects(policy: &Policy) -> Vec<Finding> {
    let directive = policy.deciding("object-src");
    let flash = "application/x-shockwave-flash";
    if policy.has("plugin-types") && !policy.allows("plugin-types", flash) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for value in policy.values(directive) {
        if value == "'none'" {
            return Vec::new();
        }
        let severity = match first("flash", value) {
            Some(_) => Severity::High,
            None if directive == "object-src" => Severity::MediumMaybe,
            None => continue,
        };
        found.push(Finding::of(
            "OBJECT_ALLOWLIST_BYPASS",
            severity,
            directive,
            Some(value),
        ));
    }
    found
}

/// The host of the first entry of that kind that a source lets in.
fn first(kind: &str, source: &str) -> Option<&'static str> {
    const ANY: &str = "wildcard-placeholder";
    let plain = without_scheme(source)
        .replacen(":*", "", 1)
        .replacen('*', ANY, 1);
    let url = Url::parse(&format!("https://{plain}")).ok()?;
    let host = url.host_str()?;
    let below = host
        .strip_prefix(ANY)
        .filter(|below| below.starts_with('.'));
    let path = url.path();
    KNOWN
        .iter()
        .filter(|known| known.kind == kind)
        .find(|known| {
            let there = match below {
                Some(below) => known.host.ends_with(below),
                None => known.host == host,
            };
            let at = match path {
                "/" => true,
                _ if path.ends_with('/') => known.path.starts_with(path),
                _ => known.path == path,
            };
            there && at
        })
        .map(|known| known.host)
}
