//! The scripts that browsers load: do they hold the public key that belongs to the server's private one, and not the
//! private one itself? A public key with a prefix such as NEXT_PUBLIC_ is built in, so a new one needs a new build.

use super::keys;
use super::setup::Setup;
use crate::model::{Facts, Hindrance, HindranceKind, Target};
use crate::probe::Context;
use crate::probe::http::of_path;
use crate::probe::transport::Fetched;
use crate::probe::transport::to_target::{OWN_NAME, dress};
use futures_util::future::join_all;
use regex::Regex;
use reqwest::header::{HeaderValue, USER_AGENT};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use url::Url;

/// More scripts are not read; a page has a few dozen.
const MOST: usize = 80;
/// Scripts asked for at once.
const AT_ONCE: usize = 6;

/// Addresses of scripts as Next.js writes them, in attributes and in the data of a page.
static SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:https?://[A-Za-z0-9.:-]+)?(?:/[A-Za-z0-9._/-]*)?\bstatic/(?:chunks|[A-Za-z0-9_-]+)/[A-Za-z0-9_./%()\[\]@~-]+\.js\b"#)
        .expect("the pattern is a constant")
});
/// A text of the length and the beginning of a public key.
static KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"B[A-P][A-Za-z0-9_-]{85}").expect("the pattern is a constant"));
/// Firebase's library carries a key of its own for applications that have none.
const FIREBASE: &str =
    "BDOU99-h67HcA6JeFXHbSNMu7e2yNNu3RzoMj8TM4W88jITfq7ZmPvIM1Iv-4_l2LxQcYwhqby2xGpWwzjfAnG4";

/// Reads the pages and their scripts. Gives the fact `bundle`.
pub(super) async fn look(
    parameters: &Facts,
    context: &Context,
    target: &Target,
    setup: &Setup<'_>,
) -> Result<Value, Hindrance> {
    let denied = |cause| Hindrance::new(HindranceKind::Denied, cause);
    let private = setup.private_key().map_err(denied)?;
    let expected = keys::written(&private.public_key());
    let secret = keys::written_private(&private);
    let margin = (context.timeout / 10).min(Duration::from_secs(1));
    let until = context.until.checked_sub(margin).unwrap_or(context.until);
    let pages = parameters.get("paths").and_then(Value::as_array);
    let pages: Vec<&str> = match pages {
        Some(pages) => pages.iter().filter_map(Value::as_str).collect(),
        None => vec![target.paths.page.as_str()],
    };
    let mut scripts = BTreeSet::new();
    let mut holders = Vec::new();
    let mut found = BTreeSet::new();
    let (mut read, mut unread) = (0, 0);
    for page in pages {
        let address = of_path(&target.url, page);
        let answer = get(&address, context, target, until).await?;
        match answer.status {
            200 => {
                read += 1;
                let text = answer.text();
                scripts.extend(addresses(&text, &address));
                search(&text, page, &secret, &mut found, &mut holders);
            }
            // There is no such page, or another one in its place.
            300..=399 | 404 => {}
            _ => unread += 1,
        }
    }
    if read == 0 {
        let cause = "no page is answered with 200";
        return Err(Hindrance::new(HindranceKind::Protocol, cause));
    }
    let scripts: Vec<Url> = scripts.into_iter().collect();
    unread += scripts.len().saturating_sub(MOST);
    for some in scripts[..scripts.len().min(MOST)].chunks(AT_ONCE) {
        let asked = some
            .iter()
            .map(|address| get(address, context, target, until));
        for (address, answer) in some.iter().zip(join_all(asked).await) {
            match answer {
                Ok(answer) if answer.status == 200 => {
                    let text = answer.text();
                    search(&text, address.path(), &secret, &mut found, &mut holders);
                }
                _ => unread += 1,
            }
        }
    }
    let matches = if found.contains(&expected) {
        Some(true)
    } else {
        (!found.is_empty() && unread == 0).then_some(false)
    };
    Ok(json!({
        "scripts": scripts.len(),
        "unread": unread,
        "keys": found,
        "matches": matches,
        "private_in": holders,
    }))
}

/// Looks for keys in a text.
fn search(
    text: &str,
    place: &str,
    secret: &str,
    found: &mut BTreeSet<String>,
    holders: &mut Vec<String>,
) {
    let matches = KEY.find_iter(text).map(|found| found.as_str());
    let keys = matches.filter(|key| *key != FIREBASE && keys::public(key).key.is_some());
    found.extend(keys.map(str::to_owned));
    if text.contains(secret) {
        holders.push(place.to_owned());
    }
}

/// The scripts of a build by Next.js that a page or a script names, on this origin and others.
pub(in crate::probe) fn addresses(page: &str, base: &Url) -> BTreeSet<Url> {
    let named = SCRIPT.find_iter(page).map(|found| found.as_str());
    named
        .filter_map(|name| {
            // The data of a page names them below /_next/.
            if name.starts_with("static/") {
                base.join(&format!("/_next/{name}")).ok()
            } else {
                base.join(name).ok()
            }
        })
        .filter(|address| matches!(address.scheme(), "http" | "https"))
        .collect()
}

async fn get(
    address: &Url,
    context: &Context,
    target: &Target,
    until: Instant,
) -> Result<Fetched, Hindrance> {
    let mut request = Request::new(Method::GET, address.clone());
    let headers = request.headers_mut();
    if address.origin() == target.url.origin() {
        dress(headers, target, "");
    } else {
        headers.insert(USER_AGENT, HeaderValue::from_static(OWN_NAME));
    }
    context
        .transport
        .fetch(request, until)
        .await
        .map_err(|fault| fault.hindrance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::VapidPair;

    #[test]
    fn scripts_of_a_page_are_found() {
        let page = r#"<script src="/_next/static/chunks/main-app-5d1c.js" async></script>
            <script src="/_next/static/chunks/app/%5Blocale%5D/page-1a.js"></script>
            <script src="https://cdn.shop.test/x/_next/static/chunks/9.js"></script>
            <script>self.__next_f.push([1,"5:[\"static/chunks/app/(shop)/bell-2b.js\"]"])</script>
            <script src="/_next/static/AbC_1-x/_buildManifest.js"></script><script src="/other.js"></script>"#;
        let base = Url::parse("https://shop.test/a").unwrap();
        let found: Vec<_> = addresses(page, &base)
            .into_iter()
            .map(String::from)
            .collect();
        assert_eq!(
            found,
            [
                "https://cdn.shop.test/x/_next/static/chunks/9.js",
                "https://shop.test/_next/static/AbC_1-x/_buildManifest.js",
                "https://shop.test/_next/static/chunks/app/%5Blocale%5D/page-1a.js",
                "https://shop.test/_next/static/chunks/app/(shop)/bell-2b.js",
                "https://shop.test/_next/static/chunks/main-app-5d1c.js",
            ]
        );
    }

    #[test]
    fn keys_in_code_are_told_from_other_texts() {
        let pair = VapidPair::generate().unwrap();
        let (mut found, mut holders) = (BTreeSet::new(), Vec::new());
        let not_a_point = format!("BA{}", "A".repeat(85));
        let code = format!("a=\"{FIREBASE}\",b=\"{}\",c=\"{not_a_point}\"", pair.public);
        search(&code, "/a.js", &pair.private, &mut found, &mut holders);
        assert_eq!(found.iter().collect::<Vec<_>>(), [&pair.public]);
        assert!(holders.is_empty());
        search(
            &pair.private,
            "/b.js",
            &pair.private,
            &mut found,
            &mut holders,
        );
        assert_eq!(holders, ["/b.js"]);
    }
}
