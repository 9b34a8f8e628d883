//! The cookies of NextAuth 4 and Auth.js 5: their names, how long values are split, and what a value's form tells.
//!
//! Source: `core/lib/cookie.ts` (version 4) and `lib/utils/cookie.ts` (version 5).

use super::jwe::Edition;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// What browsers must keep: names with the prefixes of RFC 6265bis where cookies are secure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// The session, or its parts.
    pub(crate) session: String,
    /// The CSRF pair.
    pub(crate) csrf: String,
    /// Where to go after sign-in.
    pub(crate) callback_url: String,
}

impl Names {
    /// The names of an edition, with prefixes where the application takes itself to be on https.
    pub(crate) fn of(edition: Edition, secure: bool) -> Self {
        let family = family(edition);
        let (host, plain) = if secure {
            ("__Host-", "__Secure-")
        } else {
            ("", "")
        };
        Self {
            session: format!("{plain}{family}.session-token"),
            csrf: format!("{host}{family}.csrf-token"),
            callback_url: format!("{plain}{family}.callback-url"),
        }
    }
}

fn family(edition: Edition) -> &'static str {
    match edition {
        Edition::Four => "next-auth",
        Edition::Five => "authjs",
    }
}

/// The edition and the secure prefix that the name of a CSRF cookie tells; none for a name of the application's own.
pub(super) fn edition_of(csrf_cookie: &str) -> Option<(Edition, bool)> {
    [Edition::Four, Edition::Five]
        .into_iter()
        .flat_map(|edition| [(edition, true), (edition, false)])
        .find(|(edition, secure)| Names::of(*edition, *secure).csrf == csrf_cookie)
}

/// The most characters of one cookie's value; longer sessions are split over several.
fn chunk(edition: Edition) -> usize {
    match edition {
        Edition::Four => 4096 - 163,
        Edition::Five => 4096 - 160,
    }
}

/// A session as the cookies that hold it: one, or `name.0`, `name.1`, …
pub(crate) fn split(edition: Edition, name: &str, token: &str) -> Vec<(String, String)> {
    if token.len() <= chunk(edition) {
        return vec![(name.to_owned(), token.to_owned())];
    }
    token
        .as_bytes()
        .chunks(chunk(edition))
        .enumerate()
        .map(|(index, part)| {
            let part = String::from_utf8_lossy(part).into_owned();
            (format!("{name}.{index}"), part)
        })
        .collect()
}

/// The session that cookies hold, its parts put together in the order of their numbers; none without any.
pub(super) fn join<'a>(
    name: &str,
    cookies: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<String> {
    let mut parts: Vec<(u32, &str)> = cookies
        .into_iter()
        .filter_map(|(found, value)| Some((place(name, found)?, value)))
        .collect();
    parts.sort_by_key(|(place, _)| *place);
    (!parts.is_empty()).then(|| parts.into_iter().map(|(_, value)| value).collect())
}

/// Which part of the session `name` a cookie holds.
pub(super) fn place(name: &str, found: &str) -> Option<u32> {
    match found.strip_prefix(name)? {
        "" => Some(0),
        rest => rest.strip_prefix('.')?.parse().ok(),
    }
}

/// What the form of a session cookie's value tells of where the session is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An encrypted token: the session is in the cookie.
    Encrypted,
    /// A signed token, which everybody can read.
    Signed,
    /// A number of a session that is kept in a database.
    Database,
    /// None of them.
    Unknown,
}

impl Shape {
    /// Tells the form of a value.
    pub(super) fn of(value: &str) -> Self {
        let parts: Vec<_> = value.split('.').collect();
        let header = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        match parts[..] {
            [first, _, _, _, _] if header(first).is_some_and(|said| said["enc"].is_string()) => {
                Self::Encrypted
            }
            [first, _, _] if header(first).is_some_and(|said| said["alg"].is_string()) => {
                Self::Signed
            }
            [_] if is_uuid(value) || is_random(value) => Self::Database,
            _ => Self::Unknown,
        }
    }

    /// The word in facts.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Signed => "signed",
            Self::Database => "database",
            Self::Unknown => "unknown",
        }
    }
}

fn is_uuid(value: &str) -> bool {
    let groups: Vec<_> = value.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12]
        && value
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn is_random(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_libraries() {
        let four = Names::of(Edition::Four, true);
        assert_eq!(four.session, "__Secure-next-auth.session-token");
        assert_eq!(four.csrf, "__Host-next-auth.csrf-token");
        assert_eq!(four.callback_url, "__Secure-next-auth.callback-url");
        let five = Names::of(Edition::Five, false);
        assert_eq!(five.session, "authjs.session-token");
        assert_eq!(
            edition_of("__Host-authjs.csrf-token"),
            Some((Edition::Five, true))
        );
        assert_eq!(
            edition_of("next-auth.csrf-token"),
            Some((Edition::Four, false))
        );
        assert_eq!(edition_of("__Secure-next-auth.csrf-token"), None);
    }

    #[test]
    fn long_sessions_are_split_where_the_libraries_split_them() {
        for (edition, fits) in [(Edition::Four, 3933), (Edition::Five, 3936)] {
            assert_eq!(split(edition, "s", &"a".repeat(fits)).len(), 1);
            let parts = split(edition, "s", &"a".repeat(fits + 1));
            assert_eq!(parts[0].0, "s.0");
            assert_eq!((parts[0].1.len(), parts[1].1.len()), (fits, 1));
        }
    }

    #[test]
    fn parts_are_joined_by_number() {
        let cookies = [
            ("s.10", "c"),
            ("s.2", "b"),
            ("other", "x"),
            ("s.0", "a"),
            ("s.x", "y"),
        ];
        assert_eq!(join("s", cookies).as_deref(), Some("abc"));
        assert_eq!(join("s", [("s", "whole")]).as_deref(), Some("whole"));
        assert_eq!(join("s", [("t", "x")]), None);
    }

    #[test]
    fn forms_tell_where_a_session_is_kept() {
        for (value, shape) in [
            (
                "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AQEB.g9KM.s_Gg",
                Shape::Encrypted,
            ),
            ("eyJhbGciOiJIUzI1NiJ9.e30.AAAA", Shape::Signed),
            ("2b0f0d9c-7f53-4f8e-9a52-6a2a3c1d9e77", Shape::Database),
            (&"0f".repeat(32), Shape::Database),
            ("a.b.c.d.e", Shape::Unknown),
            ("", Shape::Unknown),
        ] {
            assert_eq!(Shape::of(value), shape, "{value}");
        }
    }
}
