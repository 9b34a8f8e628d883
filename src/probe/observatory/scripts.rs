//! Subresource integrity: where the page's scripts come from, and whether they are pinned.

use super::html::{Markup, Script};
use super::seen::Seen;
use crate::probe::http::whole::masked;
use crate::probe::site;
use url::Url;

/// From best to worst; the worst that was seen decides. That the fourth costs less than the third is theirs.
const WORSE: [&str; 5] = [
    "sri-implemented-and-all-scripts-loaded-securely",
    "sri-implemented-and-external-scripts-loaded-securely",
    "sri-implemented-but-external-scripts-not-loaded-securely",
    "sri-not-implemented-but-external-scripts-loaded-securely",
    "sri-not-implemented-and-external-scripts-not-loaded-securely",
];

/// Where a script comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Own,
    Foreign,
}

/// The result; none where an address ends the scanner's whole scan (`subresource-integrity.js`).
pub(super) fn judge(seen: &Seen, markup: &Markup) -> Option<&'static str> {
    if !markup.is_html {
        return Some("sri-not-implemented-response-not-html");
    }
    if markup.scripts.is_empty() {
        return Some("sri-not-implemented-but-no-scripts-loaded");
    }
    let (mut worst, mut foreign) = (None, false);
    for script in markup
        .scripts
        .iter()
        .filter(|script| !script.src.is_empty())
    {
        let (origin, secure) = placed(script, seen)?;
        let found = match (origin, script.integrity, secure) {
            (Origin::Own, true, true) if worst.is_none() => 0,
            (Origin::Own, ..) => continue,
            (Origin::Foreign, true, true) => {
                foreign = true;
                continue;
            }
            (Origin::Foreign, true, false) => 2,
            (Origin::Foreign, false, true) => 3,
            (Origin::Foreign, false, false) => 4,
        };
        foreign |= origin == Origin::Foreign;
        worst = worst.max(Some(found));
    }
    Some(match worst.and_then(|place: usize| WORSE.get(place)) {
        Some(result) => result,
        None if foreign => "sri-implemented-and-external-scripts-loaded-securely",
        None => "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
    })
}

/// Whose the script is, and whether it comes securely. Scripts of the same site count as own, whatever
/// their scheme; an address without a scheme counts as foreign, even where it is the site's own.
fn placed(script: &Script, seen: &Seen) -> Option<(Origin, bool)> {
    let src = script.src.as_str();
    let without_scheme = src
        .strip_prefix("//")
        .is_some_and(|rest| rest.chars().next().is_some_and(|next| next != '/'));
    if without_scheme {
        return Some((Origin::Foreign, false));
    }
    if !src.starts_with("http://") && !src.starts_with("https://") {
        return Some((Origin::Own, seen.began_secure));
    }
    let url = Url::parse(src).ok()?;
    let host = url.host_str().unwrap_or_default();
    let own = site::without_private(host) == site::without_private(&seen.host);
    let origin = if own { Origin::Own } else { Origin::Foreign };
    Some((origin, url.scheme() == "https"))
}

/// Scripts of other sites that are loaded without integrity, each once.
pub(super) fn unpinned(seen: &Seen, markup: &Markup) -> Vec<String> {
    let mut found = Vec::new();
    for script in &markup.scripts {
        let Ok(url) = seen.page.url.join(&script.src) else {
            continue;
        };
        let host = url.host_str().unwrap_or_default();
        let own = url.host() == seen.page.url.host()
            || site::without_private(host)
                .is_some_and(|site| Some(site) == site::without_private(&seen.host));
        let shown = masked(&url);
        if !own && !host.is_empty() && !script.integrity && !found.contains(&shown) {
            found.push(shown);
        }
    }
    found
}
