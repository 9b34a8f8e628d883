//! What of a request and an answer may be kept as evidence, and how the rest is named.

use super::address;
use super::body::hex;
use super::headers::{Headers, Line, cookie};
use crate::probe::Wanted;
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

/// Response headers whose values are public by their nature and are kept as sent.
const KEPT: &[&str] = &[
    "accept-ranges",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "cdn-cache-control",
    "cf-cache-status",
    "cf-mitigated",
    "clear-site-data",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-security-policy",
    "content-security-policy-report-only",
    "content-type",
    "cross-origin-embedder-policy",
    "cross-origin-embedder-policy-report-only",
    "cross-origin-opener-policy",
    "cross-origin-opener-policy-report-only",
    "cross-origin-resource-policy",
    "date",
    "expect-ct",
    "expires",
    "feature-policy",
    "keep-alive",
    "last-modified",
    "origin-agent-cluster",
    "permissions-policy",
    "pragma",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "ratelimit-remaining",
    "ratelimit-reset",
    "referrer-policy",
    "retry-after",
    "server",
    "service-worker-allowed",
    "strict-transport-security",
    "timing-allow-origin",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "x-aspnet-version",
    "x-aspnetmvc-version",
    "x-cache",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-download-options",
    "x-frame-options",
    "x-generator",
    "x-nextjs-cache",
    "x-nextjs-prerender",
    "x-nextjs-stale-time",
    "x-permitted-cross-domain-policies",
    "x-powered-by",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-robots-tag",
    "x-vercel-cache",
    "x-vercel-error",
    "x-vercel-mitigated",
    "x-xss-protection",
];
/// Request headers that holdpoint writes itself and that hold nothing of the user's.
const SENT: &[&str] = &[
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "content-type",
    "origin",
    "user-agent",
];
/// Headers whose values are addresses, which may carry codes and tokens.
const ADDRESSES: &[&str] = &["location", "content-location"];
/// Request headers that prove who is asking.
const CREDENTIALS: &[&str] = &["authorization", "cookie", "proxy-authorization"];
/// A longer value is named by its digest unless some expectation reads it.
const LONGEST: usize = 8 * 1024;

/// Does a request header of that name prove who is asking?
pub(super) fn is_credential(name: &str) -> bool {
    CREDENTIALS.iter().any(|one| name.eq_ignore_ascii_case(one))
        || crate::secret::names_secret(&name.to_ascii_uppercase().replace('-', "_"))
}

/// The parts of a cookie's value that are worth hiding wherever they appear.
///
/// Short values (a theme, a language) and addresses (where to go after signing in) say nothing, and
/// hiding them would garble what people read. Of `token|hash`, as NextAuth writes it, both parts count.
pub(super) fn secrets_in(value: &str) -> Vec<String> {
    const SHORTEST: usize = 8;
    let plain = percent_decode_str(value).decode_utf8_lossy();
    let is_address = plain.starts_with('/') || Url::parse(&plain).is_ok_and(|url| url.has_host());
    // `accepted`, `anonymous`, `dark-mode`: words, which a report may need to say.
    let is_word = value.len() < 20
        && value
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_');
    if value.len() < SHORTEST || is_word || (is_address && !plain.contains('?')) {
        return Vec::new();
    }
    let mut secrets = vec![value.to_owned(), plain.clone().into_owned()];
    secrets.extend(
        plain
            .split('|')
            .filter(|part| part.len() >= 2 * SHORTEST)
            .map(str::to_owned),
    );
    secrets.sort();
    secrets.dedup();
    secrets
}

/// Every header with its values, each as it may be kept.
pub(super) fn headers(headers: &Headers, wanted: &Wanted) -> Map<String, Value> {
    let all = wanted.below("headers").any(<[String]>::is_empty);
    let mut kept: Map<String, Value> = Map::new();
    for line in headers.lines() {
        let read = all
            || wanted
                .below("headers")
                .any(|path| path.first() == Some(&line.name));
        let values = kept.entry(line.name.clone()).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(json!(value(line, read)));
        }
    }
    kept
}

/// One value as it may be kept. `read` says that some expectation reads it.
fn value(line: &Line, read: bool) -> String {
    let name = line.name.as_str();
    if name == "set-cookie" {
        return cookie::masked(&line.value);
    }
    if ADDRESSES.contains(&name) {
        return address::masked_text(&line.value);
    }
    if name == "refresh" {
        // `5; url=/next?token=x`
        return match line.value.split_once(';') {
            Some((delay, rest)) => format!("{delay};{}", address::masked_text(rest)),
            None => line.value.clone(),
        };
    }
    if read || (KEPT.contains(&name) && line.value.len() <= LONGEST) {
        return line.value.clone();
    }
    let digest = hex(&Sha256::digest(line.value.as_bytes()));
    format!("sha256:{} {} bytes", &digest[..12], line.value.len())
}

/// The request as evidence.
pub(super) fn request(method: &Method, address: &Url, headers: &HeaderMap) -> String {
    let masked = address::masked(address);
    let host = address::origin(address).unwrap_or_default();
    let path = masked.splitn(4, '/').nth(3).unwrap_or_default();
    let mut text = format!(
        "{method} /{path}\nhost: {}\n",
        host.split("://").nth(1).unwrap_or_default()
    );
    for (name, value) in headers {
        let value = value.to_str().unwrap_or_default();
        if SENT.contains(&name.as_str()) {
            text.push_str(&format!("{name}: {value}\n"));
        } else {
            text.push_str(&format!("{name}: ‹{} characters›\n", value.chars().count()));
        }
    }
    text
}

/// The answer as evidence: its start line and headers.
pub(super) fn response(
    protocol: &str,
    status: StatusCode,
    headers: &Headers,
    wanted: &Wanted,
) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut text = format!("{protocol} {} {reason}", status.as_u16())
        .trim_end()
        .to_owned();
    text.push('\n');
    let all = wanted.below("headers").any(<[String]>::is_empty);
    for line in headers.lines() {
        let read = all
            || wanted
                .below("headers")
                .any(|path| path.first() == Some(&line.name));
        text.push_str(&format!("{}: {}\n", line.name, value(line, read)));
    }
    text
}

/// The parts of a JSON value that some expectation reads.
pub(super) fn json(value: &Value, paths: &[&[String]]) -> Value {
    if paths.iter().any(|path| path.is_empty()) {
        return value.clone();
    }
    match value {
        Value::Object(map) => {
            let mut part = Map::new();
            for (key, inner) in map {
                let below: Vec<&[String]> = paths
                    .iter()
                    .filter(|path| path[0] == *key)
                    .map(|path| &path[1..])
                    .collect();
                if !below.is_empty() {
                    part.insert(key.clone(), json(inner, &below));
                }
            }
            Value::Object(part)
        }
        // An item cannot be kept at its place without those before it.
        Value::Array(_) if !paths.is_empty() => value.clone(),
        Value::Array(_) => json!([]),
        _ if !paths.is_empty() => value.clone(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanting(paths: &[&[&str]]) -> Wanted {
        let own = |path: &&[&str]| path.iter().map(|part| (*part).to_owned()).collect();
        Wanted {
            paths: paths.iter().map(own).collect(),
        }
    }

    #[test]
    fn keeps_what_is_public_or_read_and_names_the_rest_by_digest() {
        let sent = Headers::from(&[
            ("server", "nginx"),
            ("x-internal", "token"),
            ("x-read", "value"),
            ("set-cookie", "sid=0123456789; Path=/"),
            ("set-cookie", "b=1"),
            ("location", "/cb?code=abc#x"),
        ]);
        let kept = headers(
            &sent,
            &wanting(&[&["headers", "x-read"], &["headers", "set-cookie"]]),
        );
        assert_eq!(kept["server"], json!(["nginx"]));
        assert_eq!(kept["x-internal"], json!(["sha256:3c469e9d6c58 5 bytes"]));
        assert_eq!(kept["x-read"], json!(["value"]));
        assert_eq!(
            kept["set-cookie"],
            json!(["sid=‹10 characters›; Path=/", "b=‹1 characters›"])
        );
        assert_eq!(kept["location"], json!(["/cb?code=‹3›"]));
        let everything = headers(&sent, &wanting(&[&["headers"]]));
        assert_eq!(everything["x-internal"], json!(["token"]));
        assert_eq!(everything["location"], json!(["/cb?code=‹3›"]));
    }

    #[test]
    fn keeps_only_the_json_that_is_read() {
        let value = json!({ "a": { "b": 1, "c": "secret" }, "list": [1, 2], "d": 2 });
        let part = |paths: &[&[&str]]| {
            let wanted = wanting(paths);
            let below: Vec<_> = wanted.below("json").collect();
            json(&value, &below)
        };
        assert_eq!(part(&[&["json", "a", "b"]]), json!({ "a": { "b": 1 } }));
        assert_eq!(
            part(&[&["json", "list", "0"], &["json", "absent"]]),
            json!({ "list": [1, 2] })
        );
        assert_eq!(part(&[&["json"]]), value);
        assert_eq!(part(&[&["status"]]), json!({}));
    }

    #[test]
    fn hides_of_cookies_what_is_worth_hiding() {
        assert_eq!(secrets_in("dark"), [""; 0]);
        assert_eq!(secrets_in("accepted"), [""; 0]);
        assert_eq!(secrets_in("anonymous-user"), [""; 0]);
        assert_eq!(secrets_in("s3ssion-1").len(), 1);
        assert_eq!(secrets_in("https%3A%2F%2Fapp.example"), [""; 0]);
        let parts = secrets_in("aaaaaaaaaaaaaaaaaaaa%7Cbbbbbbbbbbbbbbbbbbbb");
        assert!(parts.contains(&"aaaaaaaaaaaaaaaaaaaa".to_owned()) && parts.len() == 4);
    }

    #[test]
    fn a_request_shows_names_and_no_values_of_the_users() {
        let mut headers = HeaderMap::new();
        headers.insert("accept", "*/*".parse().unwrap());
        headers.insert("x-bypass", "secret".parse().unwrap());
        let url = Url::parse("https://u:p@a.example/x?code=abc").unwrap();
        assert_eq!(
            request(&Method::GET, &url, &headers),
            "GET /x?code=‹3›\nhost: a.example:443\naccept: */*\nx-bypass: ‹6 characters›\n"
        );
    }
}
