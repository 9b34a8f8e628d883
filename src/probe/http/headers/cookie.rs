//! Set-Cookie as browsers store it (RFC 6265bis section 5.6), without the value.

use super::{Headers, cookie_date};
use crate::model::{FactKind, FactSpec};
use crate::probe::http::declare::{flag, int, maybe_int, maybe_text, text};
use crate::probe::http::kept;
use crate::secret::Book;
use serde_json::{Value, json};

/// One cookie that an answer sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::probe) struct Cookie {
    pub name: String,
    pub value: String,
    pub secure: bool,
    pub http_only: bool,
    partitioned: bool,
    pub same_site: Option<&'static str>,
    pub path: Option<String>,
    pub domain: Option<String>,
    pub max_age: Option<i64>,
    /// Seconds since 1970.
    pub expires: Option<i64>,
}

pub(in crate::probe::http) fn declared() -> FactSpec {
    FactSpec::new(
        "cookies",
        FactKind::list(FactKind::Object(fields())),
        "every cookie that the answer sets, in order (RFC 6265bis)",
    )
}

/// The facts of one cookie.
pub(in crate::probe) fn fields() -> Vec<FactSpec> {
    vec![
        text("name", "the name"),
        int(
            "value_length",
            "bytes of the value, which is never recorded",
        ),
        flag("secure", "sent over HTTPS only"),
        flag("http_only", "out of reach of scripts"),
        maybe_text(
            "same_site",
            "strict, lax or none; null where browsers apply their default",
        ),
        maybe_text(
            "path",
            "the Path attribute; null where the path of the request is the default",
        ),
        maybe_text(
            "domain",
            "the Domain attribute; null where only the host itself gets it",
        ),
        maybe_int("max_age", "seconds, from Max-Age"),
        maybe_int(
            "expires_in",
            "seconds from now, from Expires; below zero in the past",
        ),
        flag(
            "session",
            "it ends with the browser's session: neither Max-Age nor Expires",
        ),
        flag("host_prefix", "the name begins with __Host-"),
        flag("secure_prefix", "the name begins with __Secure-"),
        flag(
            "prefix_valid",
            "the attributes keep what the prefix promises; browsers drop it otherwise",
        ),
        flag("partitioned", "kept apart for each top-level site"),
    ]
}

/// Every cookie of an answer, without those that browsers ignore as a whole.
pub(in crate::probe::http) fn all(headers: &Headers) -> Vec<Cookie> {
    headers.all("set-cookie").filter_map(parse).collect()
}

pub(in crate::probe::http) fn facts(cookies: &[Cookie], now: i64) -> Value {
    cookies.iter().map(|cookie| cookie.facts(now)).collect()
}

/// The header with the value's length in the value's place.
pub(in crate::probe::http) fn masked(header: &str) -> String {
    let (pair, attributes) = header.split_at(header.find(';').unwrap_or(header.len()));
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    format!(
        "{}=‹{} characters›{attributes}",
        name.trim(),
        value.trim().chars().count()
    )
}

/// One Set-Cookie header; none where browsers ignore it as a whole.
pub(in crate::probe) fn parse(header: &str) -> Option<Cookie> {
    if header
        .bytes()
        .any(|byte| byte.is_ascii_control() && byte != b'\t')
    {
        return None;
    }
    let mut parts = header.split(';');
    let pair = parts.next()?;
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let mut cookie = Cookie {
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        ..Cookie::default()
    };
    // Section 5.6, steps 5 and 6: nothing at all, or more than 4096 bytes, is no cookie.
    if cookie.name.len() + cookie.value.len() > 4096
        || (cookie.name.is_empty() && cookie.value.is_empty())
    {
        return None;
    }
    for attribute in parts {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        // Section 5.6: an attribute of more than 1024 bytes is ignored.
        if value.len() > 1024 {
            continue;
        }
        match name.as_str() {
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "partitioned" => cookie.partitioned = true,
            "samesite" => {
                cookie.same_site = ["strict", "lax", "none"]
                    .into_iter()
                    .find(|word| value.eq_ignore_ascii_case(word));
            }
            "path" => cookie.path = value.starts_with('/').then(|| value.to_owned()),
            "domain" => {
                let domain = value.strip_prefix('.').unwrap_or(value);
                cookie.domain = (!domain.is_empty()).then(|| domain.to_ascii_lowercase());
            }
            "max-age" => cookie.max_age = seconds(value).or(cookie.max_age),
            "expires" => cookie.expires = cookie_date::parse(value).or(cookie.expires),
            _ => {}
        }
    }
    Some(cookie)
}

/// `Max-Age`: digits with an optional minus; anything else is ignored. What is too large is for ever.
fn seconds(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(value.parse().unwrap_or(if value.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    }))
}

impl Cookie {
    fn begins(&self, prefix: &str) -> bool {
        self.name
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }

    /// Section 4.1.3, with the case-insensitive comparison of section 5.7.
    fn keeps_prefix(&self) -> bool {
        let host_bound = self.secure && self.domain.is_none() && self.path.as_deref() == Some("/");
        if self.begins("__Host-Http-") {
            host_bound && self.http_only
        } else if self.begins("__Host-") {
            host_bound
        } else if self.begins("__Http-") {
            self.secure && self.http_only
        } else {
            self.secure || !self.begins("__Secure-")
        }
    }

    /// Is the cookie taken away: set to nothing, or expired already?
    pub(in crate::probe) fn is_removal(&self, now: i64) -> bool {
        let expired = match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds <= 0,
            (None, Some(at)) => at <= now,
            (None, None) => false,
        };
        self.value.is_empty() || expired
    }

    /// Keeps what the value holds out of every record.
    pub(in crate::probe) fn hide(&self, secrets: &Book) {
        for secret in kept::secrets_in(&self.value) {
            secrets.register(&format!("COOKIE {}", self.name), &secret);
        }
    }

    /// Everything but the value, as [`fields`] declares it.
    pub(in crate::probe) fn facts(&self, now: i64) -> Value {
        json!({
            "name": self.name,
            "value_length": self.value.len(),
            "secure": self.secure,
            "http_only": self.http_only,
            "same_site": self.same_site,
            "path": self.path,
            "domain": self.domain,
            "max_age": self.max_age,
            "expires_in": self.expires.map(|at| at.saturating_sub(now)),
            "session": self.max_age.is_none() && self.expires.is_none(),
            "host_prefix": self.begins("__Host-"),
            "secure_prefix": self.begins("__Secure-"),
            "prefix_valid": self.keeps_prefix(),
            "partitioned": self.partitioned,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Value {
        parse(header).unwrap().facts(1_000)
    }

    #[test]
    fn reads_attributes_as_section_5_6_does() {
        let facts = of(
            "id=a=b; Secure ;HTTPONLY; samesite=LAX; Path=/; domain=.Example.COM; Max-Age=60; unknown=x",
        );
        assert_eq!(facts["value_length"], json!(3));
        assert_eq!(
            (&facts["secure"], &facts["http_only"], &facts["same_site"]),
            (&json!(true), &json!(true), &json!("lax"))
        );
        assert_eq!(
            (&facts["path"], &facts["domain"], &facts["max_age"]),
            (&json!("/"), &json!("example.com"), &json!(60))
        );
        assert_eq!(facts["session"], json!(false));
    }

    #[test]
    fn the_last_of_two_attributes_wins_and_nonsense_is_ignored() {
        let facts = of(
            "id=x; SameSite=Strict; SameSite=Sometimes; Path=/a; Path=b; Max-Age=1; Max-Age=soon",
        );
        assert_eq!(
            (&facts["same_site"], &facts["path"], &facts["max_age"]),
            (&Value::Null, &Value::Null, &json!(1))
        );
    }

    #[test]
    fn expires_counts_from_now() {
        assert_eq!(
            of("id=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT")["expires_in"],
            json!(-1_000)
        );
        assert_eq!(of("id=x; Expires=never")["session"], json!(true));
        assert_eq!(
            of("id=x; Max-Age=99999999999999999999")["max_age"],
            json!(i64::MAX)
        );
    }

    #[test]
    fn prefixes_promise_what_section_4_1_3_says() {
        for (header, valid) in [
            ("__Host-a=x; Secure; Path=/", true),
            ("__host-a=x; Secure; Path=/", true),
            ("__Host-a=x; Secure", false),
            ("__Host-a=x; Path=/", false),
            ("__Host-a=x; Secure; Path=/; Domain=a.example", false),
            ("__Secure-a=x; Secure", true),
            ("__Secure-a=x", false),
            ("plain=x", true),
        ] {
            assert_eq!(of(header)["prefix_valid"], json!(valid), "{header}");
        }
    }

    #[test]
    fn what_browsers_ignore_is_no_cookie() {
        assert_eq!(parse(""), None);
        assert_eq!(parse("=; Secure"), None);
        assert_eq!(parse("a=\u{1}"), None);
        assert_eq!(parse(&format!("a={}", "x".repeat(5000))), None);
        assert_eq!(parse("lonely").unwrap().value, "lonely");
    }

    #[test]
    fn masks_the_value_and_nothing_else() {
        assert_eq!(
            masked("sid=top=secret; Path=/; HttpOnly"),
            "sid=‹10 characters›; Path=/; HttpOnly"
        );
        assert_eq!(masked("secret"), "=‹6 characters›");
    }
}
