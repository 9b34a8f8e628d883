//! Open redirects: whether the library keeps an address of another site as the place to go to.
//!
//! `GET csrf?callbackUrl=…` sets the cookie callback-url to what the application makes of it, so each spelling is one
//! request and nobody has to sign in. Nothing is ever asked of the foreign site.

use super::climb::Climb;
use super::site::{Answer, Reading};
use crate::probe::http::cookie::Cookie;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// A site of nobody, under a name that is reserved for that (RFC 2606).
pub(super) const FOREIGN: &str = "holdpoint-foreign.example";

/// Spellings of another site's address, each with a name for people. Careless comparisons take one or another of
/// them for a path or for the application's own address.
fn spellings(home: &Url) -> [(&'static str, String); 8] {
    let own = home.host_str().unwrap_or_default();
    let scheme = home.scheme();
    // After their own scheme browsers take what has no slashes for a path.
    let other = if scheme == "https" { "http" } else { "https" };
    [
        ("an address", format!("https://{FOREIGN}/")),
        ("an address without a scheme", format!("//{FOREIGN}/")),
        ("a slash and a backslash", format!("/\\{FOREIGN}/")),
        ("a scheme without slashes", format!("{other}:{FOREIGN}/")),
        (
            "the own host as a user",
            format!("{scheme}://{own}@{FOREIGN}/"),
        ),
        (
            "a host that begins with the own",
            format!("{scheme}://{own}.{FOREIGN}/"),
        ),
        (
            "slashes that are encoded twice",
            format!("%2F%2F{FOREIGN}/"),
        ),
        ("a tab before the second slash", format!("/\t/{FOREIGN}/")),
    ]
}

/// Does an address lead to the foreign site, as browsers resolve it from the application?
pub(super) fn leads_away(home: &Url, to: &str) -> bool {
    let host = home
        .join(to)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host == FOREIGN || host.ends_with(&format!(".{FOREIGN}")))
}

/// The spellings that the application keeps; none where no answer tells.
pub(super) async fn kept(climb: &Climb<'_>) -> Option<Vec<&'static str>> {
    let home = Url::parse(&climb.site.home()).ok()?;
    // Where even its own address sets no cookie, those of others tell nothing.
    let at_home = format!("{home}holdpoint");
    let own = asked(climb, &at_home, "").await?;
    callback_url(&own).filter(|_| own.status == 200)?;
    let mut kept = Vec::new();
    for (name, spelling) in spellings(&home) {
        let answer = asked(climb, &spelling, "").await?;
        if answer.status == 200 && callback_url(&answer).is_some_and(|to| leads_away(&home, &to)) {
            kept.push(name);
        }
    }
    if stays(climb, &own, &home).await? {
        kept.push("the cookie callback-url");
    }
    // Nor do they where it sets none by now.
    let again = asked(climb, &at_home, "").await?;
    callback_url(&again).filter(|_| again.status == 200)?;
    Some(kept)
}

/// Does a foreign address stay in the cookie, where somebody has planted it? The libraries set the cookie anew unless
/// it holds what they make of it.
async fn stays(climb: &Climb<'_>, own: &Answer, home: &Url) -> Option<bool> {
    let name = &own.cookies.iter().find(is_callback)?.name;
    let planted = format!("https://{FOREIGN}/");
    let planted = utf8_percent_encode(&planted, NON_ALPHANUMERIC).to_string();
    let answer = climb
        .site
        .get("csrf", &format!("{name}={planted}"), &[], climb.until)
        .await
        .ok()?;
    match (answer.status, callback_url(&answer)) {
        (200, Some(to)) => Some(leads_away(home, &to)),
        (200, None) => Some(true),
        _ if is_refusal(&answer) => Some(false),
        _ => None,
    }
}

/// One request; none where it has no answer that tells.
async fn asked(climb: &Climb<'_>, to: &str, cookies: &str) -> Option<Answer> {
    let to = utf8_percent_encode(to, NON_ALPHANUMERIC);
    let endpoint = format!("csrf?callbackUrl={to}");
    let answer = climb.site.get(&endpoint, cookies, &[], climb.until).await;
    let tells = |answer: &Answer| answer.status == 200 || is_refusal(answer);
    answer.ok().filter(tells)
}

/// Both versions refuse so what they cannot read. Another failure tells nothing.
fn is_refusal(answer: &Answer) -> bool {
    answer.read("") == Reading::Misconfigured
}

fn is_callback(cookie: &&Cookie) -> bool {
    cookie.name.ends_with("callback-url")
}

/// What the cookie callback-url holds.
fn callback_url(answer: &Answer) -> Option<String> {
    let cookie = answer.cookies.iter().find(is_callback)?;
    let value = percent_decode_str(&cookie.value).decode_utf8().ok()?;
    Some(value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_leave_for_most_spellings() {
        let home = Url::parse("https://app.example").unwrap();
        for (name, spelling) in spellings(&home) {
            // Encoded slashes are a path until somebody decodes them.
            let leaves = !spelling.starts_with('%');
            assert_eq!(leads_away(&home, &spelling), leaves, "{name}: {spelling}");
        }
        for stays in [
            "/tasks",
            "https://app.example/",
            "https://app.example//holdpoint-foreign.example/",
            "https://app.example/?to=https://holdpoint-foreign.example/",
            "https://elsewhere.example/",
        ] {
            assert!(!leads_away(&home, stays), "{stays}");
        }
    }
}
