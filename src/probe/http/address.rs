//! Addresses: from a path of the target to a URL, and from a URL to what may be recorded of it.

use crate::model::Target;
use percent_encoding::percent_decode_str;
use url::Url;

/// The address of a path below the base address. `/` is the base address itself.
///
/// Path and query are set, not joined, so that no path can lead to another host.
pub(in crate::probe) fn of_path(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_fragment(None);
    if path == "/" {
        return url;
    }
    let path = path.split('#').next().unwrap_or(path);
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let below = base.path().trim_end_matches('/');
    url.set_path(&format!("{below}{path}"));
    url.set_query(query);
    url
}

/// `scheme://host:port`, the port always written out; none for addresses without a host.
pub(super) fn origin(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(format!(
        "{}://{host}:{}",
        url.scheme(),
        url.port_or_known_default()?
    ))
}

/// The address without what may be secret: user and password, the values of the query, the fragment.
pub(in crate::probe) fn masked(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    // Both fail only on addresses that cannot carry them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let query = url.query().map(masked_query);
    url.set_query(None);
    match query {
        Some(query) => format!("{url}?{query}"),
        None => url.to_string(),
    }
}

/// The same for an address as it was written, which may be relative.
pub(super) fn masked_text(text: &str) -> String {
    if let Ok(url) = Url::parse(text) {
        if url.has_host() {
            return masked(&url);
        }
        return format!(
            "{}:‹{} characters›",
            url.scheme(),
            url.as_str().chars().count()
        );
    }
    // Relative to the scheme: still with a host, and perhaps a password.
    if let Some(url) = text
        .strip_prefix("//")
        .and_then(|rest| Url::parse(&format!("https://{rest}")).ok())
    {
        return masked(&url).replacen("https:", "", 1);
    }
    let text = text.split('#').next().unwrap_or(text);
    match text.split_once('?') {
        Some((path, query)) => format!("{path}?{}", masked_query(query)),
        None => text.to_owned(),
    }
}

/// Names stay; of each value only the number of its characters.
fn masked_query(query: &str) -> String {
    let parts: Vec<String> = query
        .split('&')
        .map(|part| {
            let length = |value: &str| {
                percent_decode_str(value)
                    .decode_utf8_lossy()
                    .chars()
                    .count()
            };
            match part.split_once('=') {
                Some((name, "")) => format!("{name}="),
                Some((name, value)) => format!("{name}=‹{}›", length(value)),
                // A long word without a name may well be a token.
                None if part.len() > 16 => format!("‹{}›", length(part)),
                None => part.to_owned(),
            }
        })
        .collect();
    parts.join("&")
}

/// Which class of the target's paths this is.
pub(super) fn class(path: &str, target: &Target) -> &'static str {
    let paths = &target.paths;
    let own = Url::parse(path)
        .ok()
        .filter(|url| url.origin() == target.url.origin());
    let is = |known: &str| match &own {
        Some(url) => *url == of_path(&target.url, known),
        None => path == known,
    };
    if path == crate::model::PathClasses::CHUNK {
        "chunk"
    } else if is(&paths.page) {
        "page"
    } else if is(&paths.sign_in) {
        "sign-in"
    } else if is(&paths.api) {
        "api"
    } else if is(&paths.service_worker) {
        "service-worker"
    } else if is(&paths.manifest) {
        "manifest"
    } else if is(&paths.missing) {
        "missing"
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base: &str, path: &str) -> String {
        of_path(&Url::parse(base).unwrap(), path).to_string()
    }

    #[test]
    fn a_path_never_leaves_the_host() {
        assert_eq!(
            at("https://a.example", "/x?y=1#z"),
            "https://a.example/x?y=1"
        );
        assert_eq!(
            at("https://a.example", "//evil.example/x"),
            "https://a.example//evil.example/x"
        );
        assert_eq!(
            at("https://a.example", "/\\evil.example"),
            "https://a.example//evil.example"
        );
        assert_eq!(
            at("https://a.example:8443/app/", "/sw.js"),
            "https://a.example:8443/app/sw.js"
        );
        assert_eq!(at("https://a.example/app", "/"), "https://a.example/app");
    }

    #[test]
    fn masks_what_may_be_secret() {
        let masked = |text: &str| masked(&Url::parse(text).unwrap());
        assert_eq!(
            masked("https://u:p@a.example/x?code=abc%20d&state=&debug#t"),
            "https://a.example/x?code=‹5›&state=&debug"
        );
        assert_eq!(
            masked("https://a.example/?AAAAAAAAAAAAAAAAAAAAAAAA"),
            "https://a.example/?‹24›"
        );
        assert_eq!(masked_text("/cb?code=abc#token=1"), "/cb?code=‹3›");
        assert_eq!(masked_text("//u:p@a.example/?a=b"), "//a.example/?a=‹1›");
        assert_eq!(masked_text("intent:secret"), "intent:‹13 characters›");
    }

    #[test]
    fn writes_the_port_out() {
        let origin = |text: &str| origin(&Url::parse(text).unwrap());
        assert_eq!(
            origin("https://a.example/x").as_deref(),
            Some("https://a.example:443")
        );
        assert_eq!(
            origin("http://[::1]:3000").as_deref(),
            Some("http://[::1]:3000")
        );
        assert_eq!(origin("data:x"), None);
    }
}
