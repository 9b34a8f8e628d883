//! Cookies that the application sets and wants back, and the purposes of NextAuth's own.

use crate::probe::http::cookie::{self, Cookie};
use crate::probe::transport::Fetched;
use serde_json::{Value, json};

/// Every cookie that an answer sets, in order.
pub(super) fn set_by(answer: &Fetched) -> Vec<Cookie> {
    let lines = answer.headers.get_all(reqwest::header::SET_COOKIE);
    lines
        .iter()
        .filter_map(|line| cookie::parse(line.to_str().ok()?))
        .filter(|cookie| !cookie.name.is_empty())
        .collect()
}

/// The cookies of an answer that guard a sign-in, with what each holds: state, pkce or nonce
/// (NextAuth `core/lib/cookie.ts`).
pub(super) fn guards(answer: &Fetched, now: i64) -> Vec<(Cookie, &'static str)> {
    let purpose = |cookie: &Cookie| {
        [
            (".state", "state"),
            (".pkce.code_verifier", "pkce"),
            (".nonce", "nonce"),
        ]
        .into_iter()
        .find_map(|(ending, purpose)| cookie.name.ends_with(ending).then_some(purpose))
    };
    set_by(answer)
        .into_iter()
        .filter(|cookie| !cookie.is_removal(now))
        .filter_map(|cookie| purpose(&cookie).map(|purpose| (cookie, purpose)))
        .collect()
}

/// Does it open a session? A long one comes in pieces with numbers.
pub(super) fn opens_session(cookie: &Cookie, now: i64) -> bool {
    cookie.name.contains(".session-token") && !cookie.is_removal(now)
}

/// next-auth 4 or Auth.js 5.
pub(super) fn version(cookie: &Cookie) -> Option<&'static str> {
    if cookie.name.contains("next-auth.") {
        Some("v4")
    } else if cookie.name.contains("authjs.") {
        Some("v5")
    } else {
        None
    }
}

/// What is told of one that guards a sign-in.
pub(super) fn fact(cookie: &Cookie, purpose: &str) -> Value {
    let all = cookie.facts(0);
    json!({
        "name": cookie.name,
        "purpose": purpose,
        "http_only": all["http_only"],
        "secure": all["secure"],
        "same_site": all["same_site"],
    })
}

/// Puts new cookies beside those that are kept; a later one of the same name wins.
pub(super) fn keep(kept: &mut Vec<Cookie>, new: Vec<Cookie>, now: i64) {
    for cookie in new {
        kept.retain(|old| old.name != cookie.name);
        if !cookie.is_removal(now) {
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
    use reqwest::header::{HeaderMap, SET_COOKIE};

    fn answer(lines: &[&str]) -> Fetched {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SET_COOKIE, line.parse().unwrap());
        }
        Fetched {
            status: 302,
            headers,
            ..Fetched::default()
        }
    }

    #[test]
    fn purposes_and_flags_are_read() {
        let found = guards(
            &answer(&[
                "__Secure-next-auth.state=a.b; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=Lax",
                "authjs.pkce.code_verifier=x; Path=/",
                // Those that are taken away hold nothing.
                "next-auth.state=; Max-Age=0",
                "next-auth.nonce=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "nothing",
            ]),
            1,
        );
        let [(state, "state"), (pkce, "pkce")] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!((version(state), version(pkce)), (Some("v4"), Some("v5")));
        assert_eq!(
            fact(state, "state"),
            json!({
                "name": "__Secure-next-auth.state", "purpose": "state",
                "http_only": true, "secure": true, "same_site": "lax",
            })
        );
    }

    #[test]
    fn a_session_that_is_taken_away_opens_none() {
        let opens = |line: &str| opens_session(&set_by(&answer(&[line]))[0], 1);
        assert!(opens("__Secure-authjs.session-token.0=x"));
        assert!(!opens("next-auth.session-token=x; Max-Age=0"));
    }

    #[test]
    fn the_last_of_a_name_is_sent_back() {
        let mut kept = vec![];
        keep(&mut kept, set_by(&answer(&["a=1", "b=2"])), 1);
        keep(&mut kept, set_by(&answer(&["a=3", "b=; Max-Age=0"])), 1);
        assert_eq!(header(&kept), "a=3");
    }
}
