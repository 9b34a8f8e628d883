//! Asks for a page and follows where it leads, as long as that is the target's own site.

use crate::model::{Hindrance, Target, is_loopback};
use crate::probe::Context;
use crate::probe::transport::Fetched;
use crate::probe::transport::to_target::{OWN_NAME, dress};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use reqwest::{Method, Request};
use url::Url;

/// Redirects that are followed, as many as browsers' users ever meet.
const MOST_HOPS: usize = 5;

/// Hosts below which strangers have their sites, so that the host above is nobody's own.
const SHARED_HOSTS: &[&str] = &[
    "vercel.app",
    "netlify.app",
    "github.io",
    "gitlab.io",
    "pages.dev",
    "workers.dev",
    "web.app",
    "firebaseapp.com",
    "herokuapp.com",
    "azurewebsites.net",
    "onrender.com",
    "fly.dev",
    "run.app",
    "up.railway.app",
    "amplifyapp.com",
    "cloudfront.net",
    "co.uk",
    "com.au",
    "com.br",
    "co.jp",
];

/// Where a question ended.
#[derive(Debug)]
pub(super) enum Reached {
    /// An answer that is no redirect, and its address.
    Answer(Url, Fetched),
    /// Another site, which is not asked.
    Elsewhere(Url),
    /// One redirect after another.
    Loop,
}

/// Asks for an address of the target's site.
///
/// # Errors
/// There was no answer.
pub(super) async fn get(
    address: &Url,
    target: &Target,
    context: &Context,
) -> Result<Reached, Hindrance> {
    let mut address = address.clone();
    for _ in 0..=MOST_HOPS {
        if !is_own(&address, &target.url) {
            return Ok(Reached::Elsewhere(address));
        }
        let request = request(&address, target, context);
        let answer = context
            .transport
            .fetch(request, context.deadline())
            .await
            .map_err(|fault| fault.hindrance)?;
        let leads = (300..400).contains(&answer.status) && answer.status != 304;
        let next = answer
            .header("location")
            .filter(|_| leads)
            .and_then(|location| address.join(location).ok());
        match next {
            Some(next) => address = next,
            None => return Ok(Reached::Answer(address, answer)),
        }
    }
    Ok(Reached::Loop)
}

fn request(address: &Url, target: &Target, context: &Context) -> Request {
    let mut bare = address.clone();
    // Both fail only on addresses that cannot carry them.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    let own = bare.origin() == target.url.origin();
    let mut request = Request::new(Method::GET, bare);
    let headers = request.headers_mut();
    if !own {
        headers.insert(USER_AGENT, HeaderValue::from_static(OWN_NAME));
        return request;
    }
    // RFC 7617; headers that the user gave come after and win.
    if !target.url.username().is_empty() {
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pair = format!(
            "{}:{}",
            plain(target.url.username()),
            plain(target.url.password().unwrap_or_default())
        );
        context.secrets.register("target authorization", &pair);
        if let Ok(mut value) = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
    }
    dress(headers, target, "");
    request
}

/// Does an address belong to the target's site? The same host, or one of the two is below the other; with the
/// scheme's own port or the target's, and never without TLS where the target has it.
pub(in crate::probe) fn is_own(address: &Url, target: &Url) -> bool {
    if address.origin() == target.origin() {
        return true;
    }
    let (Some(host), Some(own)) = (address.host_str(), target.host_str()) else {
        return false;
    };
    let ports_agree = address.port() == target.port();
    if address.scheme() == "http" && target.scheme() == "https" || !ports_agree {
        return false;
    }
    if is_loopback(address) || is_loopback(target) {
        return is_loopback(address) && is_loopback(target);
    }
    let plain = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    let (host, own) = (plain(host), plain(own));
    let below = |one: &str, other: &str| {
        let shared = SHARED_HOSTS.contains(&other) || !other.contains('.');
        !shared && one.ends_with(&format!(".{other}"))
    };
    host == own || below(&host, &own) || below(&own, &host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_site_is_told_from_others() {
        let own = |address: &str, target: &str| {
            is_own(&Url::parse(address).unwrap(), &Url::parse(target).unwrap())
        };
        for (address, target) in [
            ("https://shop.example/a", "https://shop.example"),
            ("https://www.shop.example/a", "https://shop.example"),
            ("https://shop.example/a", "https://app.shop.example"),
            ("https://legal.shop.example/a", "https://www.shop.example"),
            ("http://127.0.0.1:3000/a", "http://localhost:3000"),
            ("https://shop.example/a", "http://shop.example"),
        ] {
            assert!(own(address, target), "{address} {target}");
        }
        for (address, target) in [
            (
                "https://policies.google.com/privacy",
                "https://shop.example",
            ),
            ("http://shop.example/a", "https://shop.example"),
            ("https://shop.example:8443/a", "https://shop.example"),
            ("https://vercel.app/legal", "https://shop.vercel.app"),
            ("https://other.vercel.app/", "https://shop.vercel.app"),
            ("https://myshop.example/", "https://shop.example"),
            ("http://localhost:3001/", "http://localhost:3000"),
            ("http://localhost/", "https://shop.example"),
            ("mailto:a@shop.example", "https://shop.example"),
        ] {
            assert!(!own(address, target), "{address} {target}");
        }
    }
}
