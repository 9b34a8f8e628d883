//! The forms that a secret takes on its way into a log.

use super::recognise::{looks_secret, names_secret};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Values and forms shorter than this are left alone: taking them out would garble ordinary text.
const SHORTEST: usize = 4;
/// The middle of a base64 text is registered from this length on.
const SHORTEST_MIDDLE: usize = 6;
/// A line of a value that has several is registered by itself from this length on.
const SHORTEST_LINE: usize = 16;
/// Above this many bytes only the most likely forms are made, so that the searcher stays small.
const LONG: usize = 4096;

/// Words that give nothing away and that ordinary text is full of.
const SAYS_NOTHING: &[&str] = &[
    "true",
    "false",
    "null",
    "none",
    "undefined",
    "localhost",
    "test",
    "development",
    "production",
    "staging",
    "local",
    "admin",
    "root",
    "user",
    "guest",
    "pass",
    "password",
    "secret",
    "token",
    "example",
    "default",
    "postgres",
    "mongo",
    "mongodb",
    "http",
    "https",
];

/// What RFC 3986 section 2.3 leaves unreserved.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What JavaScript's `encodeURIComponent` encodes.
const COMPONENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
/// What HTML forms encode, apart from the space (WHATWG URL, application/x-www-form-urlencoded).
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');
/// The sets of the WHATWG URL standard, for texts that were put into a URL as they are.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
const SPECIAL_QUERY: &AsciiSet = &QUERY.add(b'\'');
const PATH: &AsciiSet = &QUERY.add(b'?').add(b'^').add(b'`').add(b'{').add(b'}');
const USERINFO: &AsciiSet = &PATH
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'=')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'|');
const USERINFO_PERCENT: &AsciiSet = &USERINFO
    .add(b'%')
    .add(b'\'')
    .add(b'$')
    .add(b'&')
    .add(b'+')
    .add(b',');

/// The ways in which writers of HTML and XML spell the five special characters and the slash.
const MARKUP: &[&[(char, &str)]] = &[
    &[],
    &[('"', "&quot;")],
    &[('"', "&quot;"), ('\'', "&#39;")],
    &[('"', "&quot;"), ('\'', "&#x27;")],
    &[('"', "&quot;"), ('\'', "&apos;")],
    &[('"', "&#34;"), ('\'', "&#39;")],
    &[('"', "&quot;"), ('\'', "&#x27;"), ('/', "&#x2f;")],
    &[('"', "&quot;"), ('\'', "&#x27;"), ('/', "&#x2F;")],
];

/// Every form of a value that must be taken out; none when the value says nothing.
pub(super) fn of(value: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    add(value, &mut forms, 2);
    forms
}

/// Adds the forms of a value and, to some depth, of the secrets inside it.
fn add(value: &str, forms: &mut BTreeSet<String>, depth: usize) {
    if says_nothing(value.trim()) {
        return;
    }
    add_whole(value, forms);
    if value.trim() != value {
        add_whole(value.trim(), forms);
    }
    if depth == 0 {
        return;
    }
    add_lines(value, forms);
    if value.contains(['\n', '\t']) {
        // As it stands where everything is said in one line.
        let line = value.replace("\r\n", "\n").replace(['\n', '\t'], " ");
        add_whole(line.trim(), forms);
    }
    if value.contains("\\n") {
        // Keys are often kept on one line, and turned into several by whoever uses them.
        let unfolded = value.replace("\\r", "").replace("\\n", "\n");
        add_whole(&unfolded, forms);
        add_lines(&unfolded, forms);
    }
    add_parts_of_uri(value.trim(), forms, depth);
    if value.trim_start().starts_with('{')
        && let Ok(json) = serde_json::from_str::<Value>(value)
    {
        add_parts_of_json("", &json, forms, depth);
    }
}

/// Would taking this out garble ordinary text and hide nothing?
fn says_nothing(value: &str) -> bool {
    value.len() < SHORTEST
        || (value.len() < 6 && value.bytes().all(|byte| byte.is_ascii_digit()))
        || SAYS_NOTHING
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
}

fn add_whole(value: &str, forms: &mut BTreeSet<String>) {
    let mut keep = |form: String| {
        if form.len() >= SHORTEST {
            forms.insert(form);
        }
    };
    keep(value.to_owned());
    for form in base64_forms(value.as_bytes()) {
        keep(form);
    }
    let json = json_escaped(value, |_| false, false);
    keep(json_escaped(&json, |_| false, false));
    keep(json);
    for encoded in [percent(value, UNRESERVED), percent(value, COMPONENT)] {
        keep(encoded);
    }
    if value.len() > LONG {
        return;
    }
    for set in [
        NON_ALPHANUMERIC,
        QUERY,
        SPECIAL_QUERY,
        PATH,
        USERINFO,
        USERINFO_PERCENT,
    ] {
        keep(percent(value, set));
    }
    for set in [
        NON_ALPHANUMERIC,
        UNRESERVED,
        COMPONENT,
        QUERY,
        SPECIAL_QUERY,
        PATH,
        USERINFO,
        USERINFO_PERCENT,
    ] {
        keep(lower_escapes(&percent(value, set)));
    }
    let form = percent(value, FORM).replace("%20", "+");
    keep(lower_escapes(&form));
    keep(form);
    // A URL inside a URL is encoded twice.
    keep(percent(&percent(value, COMPONENT), COMPONENT));
    for upper in [false, true] {
        keep(json_escaped(value, |c| !c.is_ascii(), upper));
        keep(json_escaped(value, |c| matches!(c, '<' | '>' | '&'), upper));
        keep(json_escaped(
            value,
            |c| !c.is_ascii() || matches!(c, '<' | '>' | '&' | '\''),
            upper,
        ));
    }
    keep(json_escaped(value, |_| false, false).replace('/', "\\/"));
    keep(json_escaped(value, |c| !c.is_ascii(), false).replace('/', "\\/"));
    let debug = format!("{value:?}");
    keep(debug[1..debug.len() - 1].to_owned());
    for spellings in MARKUP {
        keep(markup_escaped(value, spellings));
    }
    for (before, after) in [(false, false), (false, true), (true, false), (true, true)] {
        keep(markdown_escaped(value, before, after));
    }
    // In a span of code within a table.
    keep(value.replace('|', "\\|"));
    keep(value.replace('\'', "'\\''"));
    let hex = value.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    keep(hex.to_uppercase());
    keep(hex);
}

/// The base64 forms: alone, and as the unchanging middle of a longer text in each alignment.
fn base64_forms(bytes: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for engine in [&STANDARD, &URL_SAFE] {
        let padded = engine.encode(bytes);
        let bare = padded.trim_end_matches('=');
        if bare.len() >= SHORTEST_MIDDLE {
            forms.push(bare.to_owned());
            forms.push(padded.clone());
        }
        for before in 0..3_usize {
            let mut longer = vec![0; before];
            longer.extend_from_slice(bytes);
            let text = engine.encode(&longer);
            // A character holds six bits; those that also hold bits of a neighbour vary.
            let middle = &text[(before * 8).div_ceil(6)..longer.len() * 8 / 6];
            if middle.len() >= SHORTEST_MIDDLE {
                forms.push(middle.to_owned());
            }
        }
    }
    forms
}

/// Percent-encodes a text as UTF-8, with upper-case digits.
fn percent(value: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(value, set).to_string()
}

/// The same with lower-case digits in its escapes.
fn lower_escapes(encoded: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        if c == '%' {
            left = 2;
            return c;
        }
        let escape = left > 0;
        left -= usize::from(escape);
        if escape { c.to_ascii_lowercase() } else { c }
    };
    encoded.chars().map(lower).collect()
}

/// A text as JSON writes it, without its quotes, with the characters of `also` as `\u` escapes.
fn json_escaped(value: &str, also: impl Fn(char) -> bool, upper: bool) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' || also(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = if upper {
                        write!(out, "\\u{unit:04X}")
                    } else {
                        write!(out, "\\u{unit:04x}")
                    };
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// A text as HTML or XML writes it, with these spellings of quotes and slashes.
fn markup_escaped(value: &str, spellings: &[(char, &str)]) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => match spellings.iter().find(|(special, _)| *special == c) {
                Some((_, spelling)) => out.push_str(spelling),
                None => out.push(c),
            },
        }
    }
    out
}

/// A text as `document::escape::markdown` writes it, whose test holds the two together, where a letter or digit stands
/// before or after it or not.
fn markdown_escaped(value: &str, before: bool, after: bool) -> String {
    let characters: Vec<char> = value.chars().collect();
    let mut out = String::with_capacity(value.len() + 8);
    for (at, &c) in characters.iter().enumerate() {
        let previous = at.checked_sub(1).map(|at| characters[at]);
        let next = characters.get(at + 1);
        let before = previous.map_or(before, char::is_alphanumeric);
        let after = next.map_or(after, |next| next.is_alphanumeric());
        let escaped = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '$' => true,
            '_' => !(before && after),
            '&' => after || next == Some(&'#'),
            _ => false,
        };
        if escaped {
            out.push('\\');
        }
        out.push(c);
        if c == '@' && !before && after {
            out.push_str("<!-- -->");
        }
    }
    out
}

/// Adds each long line of a value that has several, apart from the frame of a PEM text.
fn add_lines(value: &str, forms: &mut BTreeSet<String>) {
    if !value.contains('\n') {
        return;
    }
    for line in value
        .lines()
        .map(str::trim)
        .filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with("-----"))
    {
        add_whole(line, forms);
    }
}

/// Adds what is secret inside a URI: its password, a lone token in the user's place, the pair as a
/// Basic header carries it, secret query parameters, and the path where that is all it has.
fn add_parts_of_uri(value: &str, forms: &mut BTreeSet<String>, depth: usize) {
    let Some((scheme, rest)) = value.split_once("://") else {
        return;
    };
    if scheme.is_empty()
        || !scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    {
        return;
    }
    let userinfo = userinfo(rest);
    match userinfo.map(|pair| (pair, pair.split_once(':'))) {
        Some((pair, Some((_, password)))) => {
            for password in [password.to_owned(), decoded(password)] {
                add(&password, forms, depth - 1);
            }
            if !says_nothing(password) {
                for pair in [pair.to_owned(), decoded(pair)] {
                    add_whole(&pair, forms);
                }
            }
        }
        Some((user, None)) if user.len() >= SHORTEST_LINE => add(&decoded(user), forms, depth - 1),
        _ => {}
    }
    let place = userinfo.map_or(rest, |pair| &rest[pair.len() + 1..]);
    let (before_query, query) = place.split_once('?').unwrap_or((place, ""));
    for (name, value) in query
        .split(['&', '#'])
        .filter_map(|pair| pair.split_once('='))
    {
        if names_secret(name) || looks_secret(value) {
            add(value, forms, depth - 1);
            add(&decoded(value), forms, depth - 1);
        }
    }
    if userinfo.is_none()
        && let Some(start) = before_query.find('/')
        && before_query.len() - start >= SHORTEST_LINE
    {
        add_whole(&before_query[start..], forms);
    }
}

/// The part of a URI before `@`. A password may hold an unencoded `/`, `?` or `#` by mistake, so
/// where an `@` with a `:` before it follows those, the last `@` counts.
pub(super) fn userinfo(rest: &str) -> Option<&str> {
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    if let Some(end) = authority.rfind('@') {
        return Some(&rest[..end]);
    }
    let end = rest.rfind('@')?;
    let port = authority.split_once(':').map(|(_, port)| port)?;
    (!port.is_empty() && !port.bytes().all(|byte| byte.is_ascii_digit())).then(|| &rest[..end])
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Adds the secret texts inside a JSON document, such as the private key of a service account.
fn add_parts_of_json(name: &str, json: &Value, forms: &mut BTreeSet<String>, depth: usize) {
    match json {
        Value::String(text) if names_secret(name) || looks_secret(text) => {
            add(text, forms, depth - 1)
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| add_parts_of_json(name, item, forms, depth)),
        Value::Object(map) => map
            .iter()
            .for_each(|(name, item)| add_parts_of_json(name, item, forms, depth)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
