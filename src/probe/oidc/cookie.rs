//! Cookies that the application sets and wants back, and the purposes of NextAuth's own.

use crate::probe::transport::Fetched;
use serde_json::{Value, json};

/// One cookie that an answer sets (RFC 6265 section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) value: String,
    http_only: bool,
    secure: bool,
    same_site: Option<String>,
    cleared: bool,
}

/// Every cookie that an answer sets, in order.
pub(super) fn set_by(answer: &Fetched) -> Vec<Cookie> {
    let lines = answer.headers.get_all(reqwest::header::SET_COOKIE);
    lines
        .iter()
        .filter_map(|line| line.to_str().ok())
        .filter_map(parse)
        .collect()
}

fn parse(line: &str) -> Option<Cookie> {
    let mut parts = line.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let mut cookie = Cookie {
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        http_only: false,
        secure: false,
        same_site: None,
        cleared: false,
    };
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "httponly" => cookie.http_only = true,
            "secure" => cookie.secure = true,
            "samesite" => cookie.same_site = Some(value.to_ascii_lowercase()),
            "max-age" => cookie.cleared = value.parse::<i64>().is_ok_and(|age| age <= 0),
            _ => {}
        }
    }
    (!cookie.name.is_empty()).then_some(cookie)
}

impl Cookie {
    /// state, pkce or nonce, where it holds one (NextAuth `core/lib/cookie.ts`).
    pub(super) fn purpose(&self) -> Option<&'static str> {
        [
            (".state", "state"),
            (".pkce.code_verifier", "pkce"),
            (".nonce", "nonce"),
        ]
        .into_iter()
        .find_map(|(ending, purpose)| self.name.ends_with(ending).then_some(purpose))
        .filter(|_| self.is_set())
    }

    /// It gives the browser a value rather than taking one away.
    fn is_set(&self) -> bool {
        !self.value.is_empty() && !self.cleared
    }

    /// It opens a session; a long one comes in pieces with numbers.
    pub(super) fn opens_session(&self) -> bool {
        self.name.contains(".session-token") && self.is_set()
    }

    /// next-auth 4 or Auth.js 5.
    pub(super) fn version(&self) -> Option<&'static str> {
        if self.name.contains("next-auth.") {
            Some("v4")
        } else if self.name.contains("authjs.") {
            Some("v5")
        } else {
            None
        }
    }

    pub(super) fn fact(&self, purpose: &str) -> Value {
        json!({
            "name": self.name,
            "purpose": purpose,
            "http_only": self.http_only,
            "secure": self.secure,
            "same_site": self.same_site,
        })
    }
}

/// Puts new cookies beside those that are kept; a later one of the same name wins.
pub(super) fn keep(kept: &mut Vec<Cookie>, new: Vec<Cookie>) {
    for cookie in new {
        kept.retain(|old| old.name != cookie.name);
        if cookie.is_set() {
            kept.push(cookie);
        }
    }
}

/// The Cookie header that sends them back.
pub(super) fn header(kept: &[Cookie]) -> String {
    let pairs: Vec<String> = kept
        .iter()
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    pairs.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_flags_are_read() {
        let state = parse(
            "__Secure-next-auth.state=a.b; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=Lax",
        )
        .unwrap();
        assert_eq!(state.purpose(), Some("state"));
        assert_eq!(state.version(), Some("v4"));
        assert_eq!(
            state.fact("state"),
            json!({
                "name": "__Secure-next-auth.state", "purpose": "state",
                "http_only": true, "secure": true, "same_site": "lax",
            })
        );
        let pkce = parse("authjs.pkce.code_verifier=x; Path=/").unwrap();
        assert_eq!(pkce.purpose(), Some("pkce"));
        assert_eq!(pkce.version(), Some("v5"));
        // One that is taken away holds nothing.
        let gone = parse("next-auth.state=; Max-Age=0").unwrap();
        assert_eq!(gone.purpose(), None);
        assert!(
            parse("__Secure-authjs.session-token.0=x")
                .unwrap()
                .opens_session()
        );
        assert!(
            !parse("next-auth.session-token=x; Max-Age=0")
                .unwrap()
                .opens_session()
        );
        assert_eq!(parse("nothing"), None);
    }

    #[test]
    fn the_last_of_a_name_is_sent_back() {
        let cookie = |line: &str| parse(line).unwrap();
        let mut kept = vec![];
        keep(&mut kept, vec![cookie("a=1"), cookie("b=2")]);
        keep(&mut kept, vec![cookie("a=3"), cookie("b=; Max-Age=0")]);
        assert_eq!(header(&kept), "a=3");
    }
}
