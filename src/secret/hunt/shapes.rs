//! The shapes of secrets that issuers give out, and of what people write in their place.
//!
//! Prefixes and lengths are those that the issuers document; words of placeholders are those of samples.

use crate::secret::forms::userinfo;
use crate::secret::recognise::is_random;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use std::ops::Range;

/// No shape reads further than this around its beginning.
pub(super) const REACH: usize = 8 * 1024;

/// One shape: where it begins, and how the rest of it is read.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) anchor: &'static str,
    pub(super) read: fn(&[u8], usize, i64) -> Option<Range<usize>>,
}

const fn shape(
    name: &'static str,
    anchor: &'static str,
    read: fn(&[u8], usize, i64) -> Option<Range<usize>>,
) -> Shape {
    Shape { name, anchor, read }
}

const GITHUB: &str = "a token of GitHub";
const STRIPE: &str = "a live key of Stripe";
const SLACK: &str = "a token of Slack";
const AWS: &str = "an access key of AWS";
const ASSIGNED: &str = "a random text assigned to a secret's name";
const VAPID: &str = "a private key of web push";

/// Every shape that is looked for.
pub(super) const SHAPES: &[Shape] = &[
    shape("a client secret of Google", "GOCSPX-", |b, at, _| {
        issued(b, at, 28..=48)
    }),
    shape("an API key of Google", "AIza", google),
    shape("an API key of Resend", "re_", |b, at, _| {
        mixed(b, at, 24..=64)
    }),
    shape("an API key of OpenAI or Anthropic", "sk-", |b, at, _| {
        mixed(b, at, 35..=256)
    }),
    shape(AWS, "AKIA", aws),
    shape(AWS, "ASIA", aws),
    shape(GITHUB, "ghp_", |b, at, _| mixed(b, at, 40..=255)),
    shape(GITHUB, "gho_", |b, at, _| mixed(b, at, 40..=255)),
    shape(GITHUB, "ghu_", |b, at, _| mixed(b, at, 40..=255)),
    shape(GITHUB, "ghs_", |b, at, _| mixed(b, at, 40..=255)),
    shape(GITHUB, "github_pat_", |b, at, _| mixed(b, at, 60..=255)),
    shape("a token of GitLab", "glpat-", |b, at, _| {
        mixed(b, at, 26..=100)
    }),
    shape("a token of npm", "npm_", |b, at, _| mixed(b, at, 40..=40)),
    shape(SLACK, "xoxb-", |b, at, _| mixed(b, at, 30..=255)),
    shape(SLACK, "xoxp-", |b, at, _| mixed(b, at, 30..=255)),
    shape(STRIPE, "sk_live_", |b, at, _| mixed(b, at, 24..=255)),
    shape(STRIPE, "rk_live_", |b, at, _| mixed(b, at, 24..=255)),
    shape("a secret of a webhook", "whsec_", |b, at, _| {
        mixed(b, at, 30..=255)
    }),
    shape("a token of Hugging Face", "hf_", |b, at, _| {
        mixed(b, at, 37..=37)
    }),
    shape("a JSON Web Token", "eyJ", web_token),
    shape("a private key", "PRIVATE KEY-----", pem),
    shape("a connection string with a password", "://", |b, at, _| {
        connection(b, at, DATABASES)
    }),
    shape(
        "an address of a mail server with a password",
        "://",
        |b, at, _| connection(b, at, MAIL),
    ),
    shape(VAPID, "VAPID_PRIVATE_KEY", vapid),
    shape(VAPID, "vapidPrivateKey", vapid),
    shape(VAPID, "WEB_PUSH_PRIVATE_KEY", vapid),
    shape(ASSIGNED, "_SECRET", assigned),
    shape(ASSIGNED, "_PASSWORD", assigned),
    shape(ASSIGNED, "_API_KEY", assigned),
    shape(ASSIGNED, "_TOKEN", assigned),
];

/// Words of samples. A secret that holds one by chance is missed, and found where it is configured.
const SAMPLE: &[&str] = &[
    "example",
    "sample",
    "dummy",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "redacted",
    "replace",
    "insert",
    "your",
    "xxxx",
    "fake",
    "mock",
    "abcdef",
    "123456",
    "secret",
    "password",
    "passwd",
    "testing",
    "test-",
    "test_",
    "-test",
    "_test",
];

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Is it what people write in a secret's place?
fn is_sample(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let distinct = |text: &str| {
        let mut seen = [false; 256];
        text.bytes().for_each(|byte| seen[usize::from(byte)] = true);
        seen.iter().filter(|seen| **seen).count()
    };
    // Words in base64 are words all the same.
    let hidden = URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .or_else(|_| STANDARD_NO_PAD.decode(text.trim_end_matches('=')))
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| text.bytes().all(|byte| (b' '..0x7f).contains(&byte)));
    distinct(text) < 8.min(text.len())
        || SAMPLE.iter().any(|word| lower.contains(word))
        || hidden.is_some()
}

/// The word that begins at a place, where none runs into it and its length is one of these.
fn word(bytes: &[u8], at: usize, lengths: std::ops::RangeInclusive<usize>) -> Option<&str> {
    if at > 0 && is_word(bytes[at - 1]) {
        return None;
    }
    let rest = &bytes[at..bytes.len().min(at + lengths.end() + 1)];
    let length = rest
        .iter()
        .position(|byte| !is_word(*byte))
        .unwrap_or(rest.len());
    let text = std::str::from_utf8(&rest[..length]).ok()?;
    (lengths.contains(&length) && !is_sample(text)).then_some(text)
}

fn issued(
    bytes: &[u8],
    at: usize,
    lengths: std::ops::RangeInclusive<usize>,
) -> Option<Range<usize>> {
    word(bytes, at, lengths).map(|text| at..at + text.len())
}

/// A word of chance: capitals, small letters and digits.
fn mixed(
    bytes: &[u8],
    at: usize,
    lengths: std::ops::RangeInclusive<usize>,
) -> Option<Range<usize>> {
    let text = word(bytes, at, lengths)?;
    let has = |class: fn(&u8) -> bool| text.bytes().skip(3).any(|byte| class(&byte));
    (has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase))
        .then(|| at..at + text.len())
}

/// 39 characters. The key of a Firebase web application has the same shape and is meant for browsers
/// (Firebase documentation, "Learn about using and managing API keys").
fn google(bytes: &[u8], at: usize, _: i64) -> Option<Range<usize>> {
    let span = issued(bytes, at, 39..=39)?;
    let around = &bytes[at.saturating_sub(600)..bytes.len().min(span.end + 600)];
    let text = String::from_utf8_lossy(around);
    let firebase = ["authDomain", "firebaseapp.com", "FIREBASE"]
        .iter()
        .any(|word| text.contains(word));
    (!firebase).then_some(span)
}

/// 20 capitals and digits (AWS IAM user guide, unique identifiers).
fn aws(bytes: &[u8], at: usize, _: i64) -> Option<Range<usize>> {
    let text = word(bytes, at, 20..=20)?;
    text.bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        .then(|| at..at + text.len())
}

/// Three parts (RFC 7515) or five (RFC 7516) with a header that names an algorithm. What has run out lets nobody in, and
/// keys for everybody (`role: anon`) and the sample of jwt.io are no secrets.
fn web_token(bytes: &[u8], at: usize, now: i64) -> Option<Range<usize>> {
    if at > 0 && (is_word(bytes[at - 1]) || bytes[at - 1] == b'.') {
        return None;
    }
    let rest = &bytes[at..bytes.len().min(at + REACH)];
    let length = rest
        .iter()
        .position(|byte| !is_word(*byte) && *byte != b'.')
        .unwrap_or(rest.len());
    let text = std::str::from_utf8(&rest[..length])
        .ok()?
        .trim_end_matches('.');
    let parts: Vec<&str> = text.split('.').collect();
    let json = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    json(parts.first()?)?.get("alg")?.as_str()?;
    match parts.as_slice() {
        [_, payload, signature] if signature.len() >= 20 => {
            let payload = json(payload)?;
            let is =
                |name: &str, value: &str| payload.get(name).and_then(Value::as_str) == Some(value);
            let over = payload
                .get("exp")
                .and_then(Value::as_f64)
                .is_some_and(|end| end < now as f64);
            if over || is("role", "anon") || is("sub", "1234567890") {
                return None;
            }
        }
        [_, _, vector, content, tag]
            if vector.len() >= 16 && content.len() >= 16 && tag.len() >= 16 => {}
        _ => return None,
    }
    Some(at..at + text.len())
}

/// A block of RFC 7468, or of OpenSSL's own kinds, that is not encrypted and not a stub.
fn pem(bytes: &[u8], at: usize, _: i64) -> Option<Range<usize>> {
    let before = &bytes[at.saturating_sub(24)..at];
    let begin = before
        .windows(11)
        .rposition(|part| part == b"-----BEGIN ")?;
    if before[begin..].windows(9).any(|part| part == b"ENCRYPTED") {
        return None;
    }
    let start = at - (before.len() - begin);
    let from = at + "PRIVATE KEY-----".len();
    let rest = &bytes[from..bytes.len().min(from + 400)];
    let mut text = String::new();
    let mut end = 0;
    let mut pieces = rest.iter().enumerate().peekable();
    while let Some((place, &byte)) = pieces.next() {
        match byte {
            b'\\' if matches!(pieces.peek(), Some((_, b'n' | b'r'))) => {
                let _ = pieces.next();
            }
            b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b',' | b'+' | b'\\'
                if text.is_empty() => {}
            b'\r' | b'\n' | b' ' | b'\t' => {}
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') => {
                text.push(char::from(byte));
                end = place + 1;
            }
            _ => break,
        }
    }
    let mut seen = [false; 256];
    text.bytes().for_each(|byte| seen[usize::from(byte)] = true);
    let distinct = seen.iter().filter(|seen| **seen).count();
    // The shortest key, of Ed25519, has 64 characters.
    (text.len() >= 60 && distinct >= 16).then(|| start..from + end)
}

/// Schemes of what is opened by a password in its address.
const DATABASES: &[&str] = &[
    "mongodb",
    "mongodb+srv",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "redis",
    "rediss",
    "amqp",
    "amqps",
    "mssql",
    "sqlserver",
    "clickhouse",
    "libsql",
];
const MAIL: &[&str] = &["smtp", "smtps", "imap", "imaps"];
/// Passwords that say nothing, beside those of samples.
const NO_PASSWORD: &[&str] = &[
    "pass", "pwd", "user", "root", "admin", "postgres", "mongo", "mysql", "redis", "guest", "test",
    "prisma", "dev", "local", "docker", "p4ssw0rd",
];

/// An address with a password for a host that others can reach.
fn connection(bytes: &[u8], at: usize, schemes: &[&str]) -> Option<Range<usize>> {
    let before = &bytes[at.saturating_sub(16)..at];
    let scheme_length = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'+')
        .count();
    let scheme = std::str::from_utf8(&bytes[at - scheme_length..at]).ok()?;
    if !schemes.contains(&scheme) {
        return None;
    }
    let rest = &bytes[at + 3..bytes.len().min(at + 3 + 1024)];
    let length = rest
        .iter()
        .position(|byte| {
            byte.is_ascii_whitespace()
                || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b'|' | 0)
        })
        .unwrap_or(rest.len());
    let rest = std::str::from_utf8(&rest[..length]).ok()?;
    let pair = userinfo(rest)?;
    let (_, password) = pair.split_once(':')?;
    let host = rest[pair.len() + 1..].split(['/', '?', ',', '#']).next()?;
    let host = host.split(':').next()?.to_ascii_lowercase();
    let local = !host.contains('.')
        || host.starts_with("127.")
        || host == "0.0.0.0"
        || ["localhost", ".internal", ".local", ".test", ".invalid"]
            .iter()
            .any(|end| host.ends_with(end))
        || host.split('.').any(|part| {
            part == "example"
                || part.contains("your")
                || matches!(part, "host" | "hostname" | "xxx" | "xxxxx")
        });
    let template = password.contains(['{', '}', '$', '*', '[', ']', '(', ')', '%'])
        && !is_percent_encoded(password)
        || password.contains("...")
        || is_name(password);
    let says_nothing = password.len() < 6
        || NO_PASSWORD
            .iter()
            .any(|word| password.eq_ignore_ascii_case(word))
        || SAMPLE
            .iter()
            .any(|word| password.to_ascii_lowercase().contains(word));
    let start = at - scheme_length;
    (!local && !template && !says_nothing).then(|| start..at + 3 + rest.len())
}

/// A name that stands for a value, such as API_KEY.
fn is_name(text: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    text.contains('_') && text.bytes().all(of_name)
}

/// Every `%` begins an escape, and nothing of a template is there.
fn is_percent_encoded(text: &str) -> bool {
    !text.contains(['{', '}', '*', '[', ']', '(', ')'])
        && !text.contains("${")
        && text.match_indices('%').all(|(at, _)| {
            text.as_bytes()
                .get(at + 1..at + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        })
}

/// The value that is assigned to a name which ends here: `="…"`, `: …`.
fn value_after(bytes: &[u8], mut at: usize) -> Option<(usize, &str)> {
    let peek = |at: usize| bytes.get(at).copied();
    let blanks = |mut at: usize| {
        let limit = at + 16;
        while at < limit && matches!(peek(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        at
    };
    if matches!(peek(at), Some(b'"' | b'\'' | b'`')) {
        at += 1;
    }
    at = blanks(at);
    if !matches!(peek(at), Some(b'=' | b':')) {
        return None;
    }
    at = blanks(at + 1);
    if matches!(peek(at), Some(b'"' | b'\'' | b'`')) {
        at += 1;
    }
    let rest = &bytes[at..bytes.len().min(at + 257)];
    let of_value = |byte: &u8| is_word(*byte) || matches!(byte, b'+' | b'/' | b'=');
    let length = rest
        .iter()
        .position(|byte| !of_value(byte))
        .unwrap_or(rest.len());
    let ends = rest.get(length).is_none_or(|byte| {
        byte.is_ascii_whitespace()
            || matches!(
                byte,
                b'"' | b'\'' | b'`' | b',' | b';' | b'\\' | b'<' | b'}'
            )
    });
    let text = std::str::from_utf8(&rest[..length]).ok()?;
    ends.then_some((at, text))
}

/// 32 bytes in base64url, after a name that says what they are (RFC 8292).
fn vapid(bytes: &[u8], at: usize, _: i64) -> Option<Range<usize>> {
    let end = bytes[at..]
        .iter()
        .position(|byte| !is_word(*byte))
        .map(|length| at + length)?;
    let (start, text) = value_after(bytes, end)?;
    let text = text.trim_end_matches('=');
    (text.len() == 43 && !is_sample(text) && URL_SAFE_NO_PAD.decode(text).is_ok())
        .then(|| start..start + text.len())
}

/// A text of chance that is assigned to a name which says secret.
fn assigned(bytes: &[u8], at: usize, _: i64) -> Option<Range<usize>> {
    let length = bytes[at..]
        .iter()
        .take(64)
        .position(|byte| !is_word(*byte))?;
    let name_end = at + length;
    // `_TOKEN_URL` is no secret; `_SECRET_KEY` and `_SECRET_1` are.
    let tail = &bytes[at + 1..name_end];
    let about = [
        &b"URL"[..],
        b"URI",
        b"ID",
        b"NAME",
        b"PATH",
        b"FILE",
        b"HASH",
        b"SHA",
    ]
    .iter()
    .any(|end| tail.ends_with(end));
    let (start, text) = value_after(bytes, name_end)?;
    (!about && is_random(text) && !is_sample(text)).then(|| start..start + text.len())
}
