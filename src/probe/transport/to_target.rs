//! What every request to the target carries: holdpoint's name, the target's own headers, and cookies beside its own.

use crate::model::Target;
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

/// How holdpoint names itself to targets and services.
pub(in crate::probe) const OWN_NAME: &str = concat!("holdpoint/", env!("CARGO_PKG_VERSION"));

/// Puts on a request what the target wants to see (a protection bypass, say), and these cookies (`name=value; …`).
///
/// A cookie among the target's own headers stays: it may be what lets requests through at all. A header that
/// no request can carry is left out.
pub(in crate::probe) fn dress(headers: &mut HeaderMap, target: &Target, cookies: &str) {
    headers.insert(USER_AGENT, HeaderValue::from_static(OWN_NAME));
    let mut lines = Vec::new();
    for (name, value) in &target.headers {
        if let (Ok(name), Ok(sent)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            if name == COOKIE {
                lines.push(value.as_str());
            }
            headers.insert(name, sent);
        }
    }
    if !cookies.is_empty() {
        lines.push(cookies);
        if let Ok(sent) = HeaderValue::from_str(&lines.join("; ")) {
            headers.insert(COOKIE, sent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PathClasses;

    #[test]
    fn cookies_stand_beside_those_of_the_target() {
        let target = Target {
            url: "https://shop.example".parse().unwrap(),
            environment: String::new(),
            owned: false,
            plain_url: None,
            authority_pem: None,
            headers: vec![
                ("Cookie".into(), "_vercel_jwt=x".into()),
                ("x-bypass".into(), "yes".into()),
                ("x bad".into(), "no".into()),
            ],
            paths: PathClasses::default(),
        };
        let sent = |cookies: &str| {
            let mut headers = HeaderMap::new();
            dress(&mut headers, &target, cookies);
            assert_eq!(headers["x-bypass"], "yes");
            assert_eq!(headers["user-agent"], OWN_NAME);
            headers["cookie"].to_str().unwrap().to_owned()
        };
        assert_eq!(sent(""), "_vercel_jwt=x");
        assert_eq!(sent("a=1; b=2"), "_vercel_jwt=x; a=1; b=2");
    }
}
