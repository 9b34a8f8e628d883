//! What an answer tells beside its time: its shape, with everything taken out that is new in each answer.

use crate::probe::http::cookie;
use crate::probe::transport::Fetched;
use regex::{Captures, Regex};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::LazyLock;
use url::Url;

/// What the libraries say in `error=`. Words of the application's own are not repeated to people: they may be anything.
const LIBRARY_ERRORS: [&str; 16] = [
    "AccessDenied",
    "AccountNotLinked",
    "Callback",
    "CallbackRouteError",
    "Configuration",
    REFUSED,
    "Default",
    "EmailCreateAccount",
    UNSENT,
    "MissingCSRF",
    "OAuthAccountNotLinked",
    "OAuthCallback",
    "OAuthSignin",
    "SessionRequired",
    "Signin",
    "Verification",
];
/// The name or the password is wrong, in both versions.
const REFUSED: &str = "CredentialsSignin";
/// No mail could be sent.
const UNSENT: &str = "EmailSignin";
/// Last parts of paths at which people sign in.
const SIGN_IN: [&str; 4] = ["signin", "sign-in", "login", "log-in"];

/// What may differ from answer to answer: JSON Web Tokens, UUIDs, times, and runs that are judged by [`is_random`].
static NEW_EACH_TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?<sure>eyJ[\w-]+\.[\w-]+\.[\w-]*|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)|[A-Za-z0-9_-]{8,}",
    )
    .expect("the pattern is constant")
});

/// Is it a token, an id or a time rather than a word? Words tell accounts apart, and must stay. What is wrongly left
/// shows as a difference between two accounts that do not exist, so that nothing is told.
fn is_random(run: &str) -> bool {
    let has_digit = run.bytes().any(|byte| byte.is_ascii_digit());
    if !has_digit {
        return false;
    }
    if run.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return true;
    }
    let kind = |byte: &u8| match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        _ => 2,
    };
    let kinds: Vec<_> = run.as_bytes().iter().map(kind).collect();
    let pairs = || kinds.windows(2);
    let changes = pairs().filter(|two| two[0] != two[1]).count();
    let to_digits = pairs().filter(|two| (two[0] == 0) != (two[1] == 0)).count();
    run.len() >= 16 && (to_digits >= 3 || changes * 2 >= run.len())
}

/// The accounts that are asked about, in every spelling in which an answer may repeat them.
#[derive(Debug)]
pub(super) struct Mask(Option<Regex>);

impl Mask {
    /// All accounts are taken out of each answer: one whose name is a common word must not make two answers differ.
    pub(super) fn of(accounts: &[&str]) -> Self {
        let mut all: Vec<String> = Vec::new();
        all.extend(accounts.iter().map(|account| spellings(account)));
        let locals = accounts.iter().filter_map(|one| one.split_once('@'));
        all.extend(locals.map(|(local, _)| {
            let edge = |end: Option<char>| match end {
                Some(end) if end.is_alphanumeric() => r"\b",
                _ => "",
            };
            let (start, end) = (edge(local.chars().next()), edge(local.chars().last()));
            format!("{start}{}{end}", spellings(local))
        }));
        all.retain(|one| !one.is_empty());
        Self(
            Regex::new(&format!("(?i){}", all.join("|")))
                .ok()
                .filter(|_| !all.is_empty()),
        )
    }
}

/// A pattern for a name as it is, percent-encoded, and escaped for HTML and JSON.
fn spellings(name: &str) -> String {
    let each = name.chars().map(|one| {
        let plain = regex::escape(&one.to_string());
        if one.is_ascii_alphanumeric() {
            return plain;
        }
        let encoded: String =
            url::form_urlencoded::byte_serialize(one.to_string().as_bytes()).collect();
        let number = u32::from(one);
        format!(
            r"(?:{plain}|{}|&#{number};|&#x{number:x};|\\u{number:04x})",
            regex::escape(&encoded)
        )
    });
    each.collect()
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    status: u16,
    location: Option<String>,
    /// The names of the cookies that are set.
    cookies: Vec<String>,
    body: String,
    /// The body is JSON that says so.
    fails: bool,
}

impl Shape {
    /// The shape of an answer to a question about one of these accounts.
    pub(super) fn of(fetched: &Fetched, accounts: &Mask) -> Self {
        let json = fetched.json();
        // Auth.js and NextAuth put where to go into JSON where they are asked for it.
        let url = json.as_ref().and_then(|json| json["url"].as_str());
        let to = url.or(fetched.header("location"));
        let mut cookies: Vec<_> = fetched
            .headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| cookie::parse(value.to_str().ok()?))
            .map(|cookie| cookie.name)
            .collect();
        cookies.sort();
        let body = match &json {
            Some(Value::Object(map)) => {
                let mut map = map.clone();
                map.remove("url");
                Value::Object(map).to_string()
            }
            _ => fetched.text().into_owned(),
        };
        Self {
            status: fetched.status,
            location: to.map(|to| plain(&place(to), accounts)),
            cookies,
            body: plain(&body, accounts),
            fails: json.as_ref().is_some_and(says_failure),
        }
    }

    /// In what they differ, for people.
    pub(super) fn differs(&self, other: &Self) -> Vec<&'static str> {
        let mut found = Vec::new();
        if self.status != other.status {
            found.push("the status");
        }
        if self.location != other.location {
            found.push("where it leads");
        }
        if self.cookies != other.cookies {
            found.push("the cookies");
        }
        if self.body != other.body {
            found.push("the body");
        }
        found
    }

    fn error(&self) -> Option<&str> {
        let parts = self.location.as_deref()?.split(['?', '&', '#']);
        parts
            .into_iter()
            .find_map(|part| part.strip_prefix("error="))
    }

    /// Status and error code, for people. Words of the application's own are not repeated.
    pub(super) fn says(&self) -> String {
        match self.error() {
            Some(code) if LIBRARY_ERRORS.contains(&code) => format!("{} ({code})", self.status),
            Some(_) => format!("{} (a message of its own)", self.status),
            None => self.status.to_string(),
        }
    }

    /// Does it say that no mail could be sent?
    pub(super) fn is_unsent(&self) -> bool {
        self.error() == Some(UNSENT)
    }

    /// Does it refuse a name and a password, so that both were looked at?
    pub(super) fn refuses(&self) -> bool {
        match self.error() {
            Some(code) if LIBRARY_ERRORS.contains(&code) => code == REFUSED,
            _ => self.status == 401,
        }
    }

    /// Was a question for a mail taken, rather than refused or sent to where people sign in?
    pub(super) fn takes(&self) -> bool {
        let to = self.location.as_deref().unwrap_or_default();
        let path = to.split(['?', '#']).next().unwrap_or_default();
        let last = path.trim_end_matches('/').rsplit('/').next();
        (200..=399).contains(&self.status)
            && self.error().is_none()
            && !self.fails
            && !last.is_some_and(|last| SIGN_IN.contains(&last))
    }

    /// Does it lead somewhere, as the libraries do once a mail is sent?
    pub(super) fn leads(&self) -> bool {
        self.location.is_some()
    }
}

/// `error`, `success: false` or `ok: false`.
fn says_failure(json: &Value) -> bool {
    let error = &json["error"];
    let is_error = !(error.is_null() || error == false || error == "");
    is_error || json["success"] == false || json["ok"] == false
}

/// Path and query of an address, without the host.
fn place(to: &str) -> String {
    match Url::parse(to) {
        Ok(url) => format!("{}?{}", url.path(), url.query().unwrap_or_default()),
        Err(_) => to.to_owned(),
    }
}

/// A text without the accounts and without what is new each time.
fn plain(text: &str, accounts: &Mask) -> String {
    let without = match &accounts.0 {
        Some(names) => names.replace_all(text, "‹account›"),
        None => Cow::Borrowed(text),
    };
    let judged = |found: &Captures<'_>| {
        let run = &found[0];
        match found.name("sure").is_some() || is_random(run) {
            true => "‹›".to_owned(),
            false => run.to_owned(),
        }
    };
    NEW_EACH_TIME.replace_all(&without, judged).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;
    use serde_json::json;

    fn shape(status: u16, headers: &[(&'static str, &str)], body: &str, account: &str) -> Shape {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let fetched = Fetched {
            status,
            headers: map,
            body: body.as_bytes().to_vec(),
            ..Fetched::default()
        };
        Shape::of(&fetched, &Mask::of(&[account]))
    }

    #[test]
    fn what_is_new_each_time_is_no_difference() {
        let one = shape(
            302,
            &[
                (
                    "location",
                    "https://a.example/verify?email=ann%40a.example&id=4f1c2a9be7d0",
                ),
                ("set-cookie", "next-auth.callback-url=x1; Path=/"),
            ],
            "<p>We wrote to ann@a.example, at 2026-01-02T03:04:05Z</p>",
            "ann@a.example",
        );
        let other = shape(
            302,
            &[
                (
                    "location",
                    "https://a.example/verify?email=bob%40a.example&id=07bd33c1a2f9",
                ),
                ("set-cookie", "next-auth.callback-url=y2; Path=/"),
            ],
            "<p>We wrote to bob@a.example, at 2026-01-02T03:04:09.120Z</p>",
            "bob@a.example",
        );
        assert_eq!(one.differs(&other), [""; 0]);
        assert_eq!(one.says(), "302");
    }

    #[test]
    fn what_tells_accounts_apart_is_a_difference() {
        let right = shape(
            401,
            &[],
            r#"{"url":"http://a/api/auth/error?error=CredentialsSignin"}"#,
            "ann",
        );
        assert_eq!(right.says(), "401 (CredentialsSignin)");
        let own = shape(
            401,
            &[],
            r#"{"url":"http://a/api/auth/error?error=No%20such%20user"}"#,
            "bob",
        );
        assert_eq!(right.differs(&own), ["where it leads"]);
        assert_eq!(own.says(), "401 (a message of its own)");
        let status = shape(
            404,
            &[],
            r#"{"url":"http://a/api/auth/error?error=CredentialsSignin"}"#,
            "bob",
        );
        assert_eq!(right.differs(&status), ["the status"]);
        let cookie = [("set-cookie", "attempts=1")];
        let body = shape(401, &cookie, "unknown", "bob");
        assert_eq!(
            right.differs(&body),
            ["where it leads", "the cookies", "the body"]
        );
    }

    #[test]
    fn words_that_tell_accounts_apart_stay() {
        let to = |to: &str| shape(401, &[], &json!({ "url": to }).to_string(), "ann@a.example");
        let refused = to("http://a/api/auth/error?error=CredentialsSignin");
        for other in [
            "http://a/api/auth/error?error=NoAccountWithThisEmailAddress",
            "http://a/api/auth/verify-request",
            "http://a/api/auth/error?error=UserNotFound404ErrorInDatabase",
        ] {
            assert_eq!(refused.differs(&to(other)), ["where it leads"], "{other}");
        }
        let body = |code: &str| shape(400, &[], &json!({ "code": code }).to_string(), "ann");
        let one = body("user_not_found_for_email");
        assert_eq!(one.differs(&body("wrong_password_for_email")), ["the body"]);
        assert_eq!(
            to("http://a/?error=UserNotFound").says(),
            "401 (a message of its own)"
        );
    }

    #[test]
    fn tokens_and_times_go() {
        for text in [
            "V1StGXR8_Z5jdHi6B-myT",
            "507f1f77bcf86cd799439011",
            "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_",
            "2026-11-25T21:49:25.123Z",
            "1732571365123",
            "cjld2cjxh0000qzrmn831i7rn",
        ] {
            assert_eq!(plain(text, &Mask::of(&[])), "‹›", "{text}");
        }
    }

    #[test]
    fn the_account_goes_in_every_spelling() {
        let mask = Mask::of(&["Ann+x@a.example", "bob"]);
        for text in [
            "ann+x@a.example",
            "ANN%2Bx%40a.example",
            "ann&#43;x&#64;a.example",
            "ann\\u002bx\\u0040a.example",
            "ann+X",
            "Bob",
        ] {
            assert_eq!(plain(text, &mask), "‹account›", "{text}");
        }
        assert_eq!(plain("annual", &Mask::of(&["ann@a.example"])), "annual");
    }

    #[test]
    fn what_shows_that_the_question_was_taken() {
        let answer = |status, body: &str| shape(status, &[], body, "ann");
        for body in [
            r#"{"url":"http://a/signin?csrf=true"}"#,
            r#"{"url":"http://a/login"}"#,
            r#"{"url":"http://a/b?error=AccessDenied"}"#,
            r#"{"error":"no such route"}"#,
        ] {
            assert!(
                !answer(200, body).takes() && !answer(200, body).refuses(),
                "{body}"
            );
        }
        for status in [400, 401, 403, 404, 405] {
            assert!(!answer(status, "").takes(), "{status}");
            assert_eq!(answer(status, "").refuses(), status == 401);
        }
        assert!(answer(200, r#"{"ok":true}"#).takes());
        assert!(answer(200, r#"{"url":"http://a/verify-request"}"#).takes());
        assert!(answer(200, r#"{"url":"http://a/?error=CredentialsSignin&code=x"}"#).refuses());
        assert!(!answer(401, r#"{"url":"http://a/?error=MissingCSRF"}"#).refuses());
    }
}
