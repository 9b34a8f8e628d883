//! Fetches pages and scripts whole, and finds the scripts that a page's HTML loads.

use crate::model::{Hindrance, HindranceKind, Target};
use crate::probe::Context;
use crate::probe::transport::next_chunk;
use crate::probe::transport::to_target::{OWN_NAME, dress};
use regex::Regex;
use reqwest::header::{HeaderValue, USER_AGENT};
use reqwest::{Method, Request};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use url::Url;

/// A longer script is no part of a page that works.
const LONGEST: usize = 8 << 20;

/// A script element with an address.
static SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)<script\b[^>]*?\ssrc\s*=\s*["']?([^"'\s>]+)"#)
        .expect("the pattern is a constant")
});

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Where the headers say that a script's map is (ECMA-426, extraction from HTTP headers).
    pub(super) map: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Asks for one address. Follows nothing.
pub(super) async fn get(
    address: &Url,
    context: &Context,
    target: &Target,
) -> Result<Answer, Hindrance> {
    let until = context.deadline();
    let mut request = Request::new(Method::GET, address.clone());
    let headers = request.headers_mut();
    // The target's own headers may let somebody in: they go nowhere else.
    if address.origin() == target.url.origin() {
        dress(headers, target, "");
    } else {
        headers.insert(USER_AGENT, HeaderValue::from_static(OWN_NAME));
    }
    let sent = context.transport.send(request, until).await;
    let (mut response, _) = sent.map_err(|fault| fault.hindrance)?;
    let map = ["sourcemap", "x-sourcemap"]
        .into_iter()
        .find_map(|name| response.headers().get(name)?.to_str().ok())
        .map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = next_chunk(&mut response, until)
        .await
        .map_err(|fault| fault.hindrance)?
    {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(Hindrance::new(
                HindranceKind::TooLarge,
                "it is longer than 8 MiB",
            ));
        }
    }
    Ok(Answer {
        status: response.status().as_u16(),
        map,
        body,
    })
}

/// The scripts that a page's elements name.
pub(super) fn scripts_of_page(page: &str, base: &Url) -> BTreeSet<Url> {
    SCRIPT
        .captures_iter(page)
        .filter_map(|found| base.join(&found[1].replace("&amp;", "&")).ok())
        .filter(|address| matches!(address.scheme(), "http" | "https"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_elements() {
        let page = r#"<script async src="/a.js?v=1&amp;w=2"></script><SCRIPT SRC='b.js'></SCRIPT><script src=c.js></script>
            <script data-src="/no.js">x</script><script>var s = 1</script><script src="data:,x"></script>
            <script src="https://cdn.test/d.js"></script>"#;
        let base = Url::parse("https://shop.test/x/y").unwrap();
        let found: Vec<_> = scripts_of_page(page, &base)
            .into_iter()
            .map(String::from)
            .collect();
        assert_eq!(
            found,
            [
                "https://cdn.test/d.js",
                "https://shop.test/a.js?v=1&w=2",
                "https://shop.test/x/b.js",
                "https://shop.test/x/c.js",
            ]
        );
    }
}
