//! What an answer tells beside its time: its shape, with everything taken out that is new in each answer.

use crate::probe::http::cookie;
use crate::probe::transport::Fetched;
use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::LazyLock;
use url::Url;

/// Tokens, ids, numbers and times, which differ from answer to answer.
static NEW_EACH_TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9_+/=-]{24,}|\b[0-9a-fA-F]{8,}\b|\d+").expect("the pattern is constant")
});

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    status: u16,
    location: Option<String>,
    /// The names of the cookies that are set.
    cookies: Vec<String>,
    body: String,
}

impl Shape {
    /// The shape of an answer to a question about this account.
    pub(super) fn of(fetched: &Fetched, account: &str) -> Self {
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
            location: to.map(|to| plain(&place(to), account)),
            cookies,
            body: plain(&body, account),
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

    /// Status and error code, for people. Words of the application's own are not repeated.
    pub(super) fn says(&self) -> String {
        let location = self.location.as_deref().unwrap_or_default();
        let error = location
            .split(['?', '&'])
            .find_map(|part| part.strip_prefix("error="));
        let is_code = |error: &&str| {
            error.len() <= 40 && error.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        match (error, error.filter(is_code)) {
            (Some(_), Some(code)) => format!("{} ({code})", self.status),
            (Some(_), None) => format!("{} (a message of its own)", self.status),
            (None, _) => self.status.to_string(),
        }
    }

    /// Does it say that no mail could be sent?
    pub(super) fn is_unsent(&self) -> bool {
        self.location
            .as_deref()
            .is_some_and(|to| to.contains("error=EmailSignin"))
    }
}

/// Path and query of an address, without the host.
fn place(to: &str) -> String {
    match Url::parse(to) {
        Ok(url) => format!("{}?{}", url.path(), url.query().unwrap_or_default()),
        Err(_) => to.to_owned(),
    }
}

/// A text without the account and without what is new each time.
fn plain(text: &str, account: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(account.as_bytes()).collect();
    let without = text
        .replace(account, "‹account›")
        .replace(&encoded, "‹account›");
    match NEW_EACH_TIME.replace_all(&without, "‹›") {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;

    fn shape(status: u16, headers: &[(&'static str, &str)], body: &str, account: &str) -> Shape {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let fetched = Fetched {
            status,
            headers: map,
            body: body.as_bytes().to_vec(),
        };
        Shape::of(&fetched, account)
    }

    #[test]
    fn what_is_new_each_time_is_no_difference() {
        let one = shape(
            302,
            &[
                (
                    "location",
                    "https://a.example/verify?email=ann%40a.example&id=1234",
                ),
                ("set-cookie", "next-auth.callback-url=x1; Path=/"),
            ],
            "<p>We wrote to ann@a.example, try 17</p>",
            "ann@a.example",
        );
        let other = shape(
            302,
            &[
                (
                    "location",
                    "https://a.example/verify?email=bob%40a.example&id=99",
                ),
                ("set-cookie", "next-auth.callback-url=y2; Path=/"),
            ],
            "<p>We wrote to bob@a.example, try 18</p>",
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
}
