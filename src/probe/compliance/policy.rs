//! Follows the links that are named as a policy, and tells whether they lead to something to read.

use super::ask::{Reached, get, is_own};
use super::kind::Kind;
use super::page::{Link, Page};
use crate::model::{Hindrance, Target};
use crate::probe::Context;
use crate::probe::http::{masked, of_path};
use serde_json::{Value, json};
use url::Url;

/// A policy has at least as many words; what is shorter says "soon" or holds no more than a frame.
const LEAST_WORDS: usize = 100;
/// More links of one kind are not followed.
const MOST_FOLLOWED: usize = 6;

/// Sites whose policies stand on pages of others, as that of a captcha does, and are not those of the site itself.
const OTHERS: &[&str] = &[
    "policies.google.com",
    "hcaptcha.com",
    "cloudflare.com",
    "facebook.com",
    "privacy.microsoft.com",
    "apple.com",
    "stripe.com",
    "paypal.com",
    "vercel.com",
    "openai.com",
    "anthropic.com",
];

/// A page on which links are looked for.
pub(super) struct Start {
    /// The path, as it was asked for.
    pub(super) path: String,
    /// Where it was found, and what it holds; or why it could not be read.
    pub(super) read: Result<(Url, Page), String>,
    pub(super) status: Option<u16>,
}

/// What became of the links of one kind.
#[derive(Debug, Default)]
pub(super) struct Policy {
    /// None where it could not be told.
    pub(super) linked: Option<bool>,
    cause: Option<String>,
    on: Option<String>,
    address: Option<String>,
    /// Where the policy's text could be read.
    pub(super) text: Option<String>,
    words: Option<usize>,
}

/// What one link leads to.
enum End {
    /// Something to read, with its text where that is known.
    Policy(Option<Page>),
    /// Nothing.
    Nothing(String),
    /// What cannot be told, and why.
    Untold(String),
    /// Somebody else's policy.
    Others,
}

impl Policy {
    pub(super) fn fact(&self) -> Value {
        json!({
            "linked": self.linked, "cause": self.cause, "on": self.on, "address": self.address, "words": self.words,
        })
    }

    /// Looks for links on these pages, and follows them until one leads to a policy.
    pub(super) async fn find(
        kind: Kind,
        starts: &[Start],
        target: &Target,
        context: &Context,
    ) -> Self {
        let mut best = Self::default();
        let mut followed = Vec::new();
        for start in starts {
            let Ok((place, page)) = &start.read else {
                continue;
            };
            let base = page.base.as_ref().and_then(|base| place.join(base).ok());
            let base = base.as_ref().unwrap_or(place);
            for link in &page.links {
                let href = link.href.as_deref();
                let address = href.and_then(|href| base.join(href).ok());
                let leads_there = |url: &Url| is_own(url, &target.url) && kind.is_addressed(url);
                if !kind.is_named(&link.text) && !address.as_ref().is_some_and(leads_there) {
                    continue;
                }
                if followed.contains(&address) || followed.len() == MOST_FOLLOWED {
                    continue;
                }
                followed.push(address.clone());
                let end = follow(
                    link,
                    address.as_ref(),
                    (place, page),
                    starts,
                    target,
                    context,
                );
                let found = match end.await {
                    End::Policy(text) => Self {
                        linked: Some(true),
                        words: text.as_ref().map(Page::words),
                        text: text.map(|page| page.text),
                        ..Self::default()
                    },
                    End::Nothing(cause) => Self::because(
                        Some(false),
                        format!("the {} that {} links {cause}", kind.name(), start.path),
                    ),
                    End::Untold(cause) => Self::because(
                        None,
                        format!("the {} that {} links {cause}", kind.name(), start.path),
                    ),
                    End::Others => continue,
                };
                let settled = found.linked == Some(true);
                // What may be right stands before what is wrong: the other link may be the one that counts.
                if settled
                    || best.cause.is_none()
                    || best.linked.is_some() && found.linked.is_none()
                {
                    best = found;
                    best.on = Some(start.path.clone());
                    best.address = address.as_ref().map(masked);
                }
                if settled {
                    return best;
                }
            }
        }
        if best.cause.is_some() {
            return best;
        }
        Self::missing(kind, starts)
    }

    fn because(linked: Option<bool>, cause: String) -> Self {
        Self {
            linked,
            cause: Some(cause),
            ..Self::default()
        }
    }

    /// No page has such a link: whether that is so for visitors too.
    fn missing(kind: Kind, starts: &[Start]) -> Self {
        let name = kind.name();
        for start in starts {
            let path = &start.path;
            let cause = match &start.read {
                Err(cause) => cause.clone(),
                Ok((_, page)) if !page.is_rendered() => {
                    format!(
                        "{path} is completed by its scripts, which are not run, so its links are not known"
                    )
                }
                Ok((_, page)) if page.buttons.iter().any(|text| kind.is_named(text)) => {
                    format!(
                        "{path} names the {name} on a button, and scripts decide what that opens"
                    )
                }
                Ok((_, page)) if kind.is_in_scripts(&page.script_text) => {
                    format!(
                        "no link to the {name} stands in the HTML of {path}, and its scripts hold an address of one"
                    )
                }
                Ok(_) => continue,
            };
            return Self::because(None, cause);
        }
        let paths: Vec<_> = starts.iter().map(|start| start.path.as_str()).collect();
        Self::because(
            (!paths.is_empty()).then_some(false),
            format!("no link to the {name} stands on {}", paths.join(" or ")),
        )
    }
}

async fn follow(
    link: &Link,
    address: Option<&Url>,
    (place, page): (&Url, &Page),
    starts: &[Start],
    target: &Target,
    context: &Context,
) -> End {
    let href = link.href.as_deref().unwrap_or_default();
    if let Some(id) = href.strip_prefix('#').filter(|id| !id.is_empty()) {
        if page.ids.contains(id) {
            return End::Untold(format!(
                "is the part #{id} of the page itself, which people must read"
            ));
        }
        if page.scripts && id.starts_with(['/', '!']) {
            return End::Untold("is a page that only scripts can show".into());
        }
    }
    let script = href.to_ascii_lowercase();
    let script = script.strip_prefix("javascript:").map(str::trim);
    if let Some(script) = script
        && !matches!(script, "" | ";" | "void(0)" | "void(0);" | "void 0")
    {
        return End::Untold("is opened by a script".into());
    }
    let address = match address {
        Some(address) if !href.is_empty() && !href.starts_with('#') && script.is_none() => address,
        _ if href.is_empty() => {
            return End::Nothing("leads nowhere: the link has no address".into());
        }
        _ => return End::Nothing(format!("leads nowhere: its address is '{href}'")),
    };
    match address.scheme() {
        "http" | "https" => {}
        _ => return End::Others,
    }
    if !is_own(address, &target.url) {
        return elsewhere(address);
    }
    let (reached, answer) = match get(address, target, context).await {
        Ok(Reached::Answer(reached, answer)) => (reached, answer),
        Ok(Reached::Elsewhere(address)) => return elsewhere(&address),
        Ok(Reached::Loop) => return End::Nothing("redirects again and again".into()),
        Err(Hindrance { cause, .. }) => return End::Untold(format!("could not be read: {cause}")),
    };
    let path = reached.path();
    if path != address.path() {
        let signs_in = |path: &str| {
            let path = path.to_ascii_lowercase();
            ["signin", "sign-in", "login", "log-in"]
                .iter()
                .any(|word| path.contains(word))
        };
        if path == of_path(&target.url, &target.paths.sign_in).path() || signs_in(path) {
            return End::Nothing(format!("sends visitors to {path}, to sign in first"));
        }
        if path == place.path() {
            return End::Nothing(format!("leads back to {path}"));
        }
    }
    match answer.status {
        200..=299 => {}
        404 | 410 => {
            return End::Nothing(format!(
                "is missing: {path} answers with status {}",
                answer.status
            ));
        }
        401 => return End::Nothing("asks visitors to sign in first: status 401".into()),
        status => {
            return End::Untold(format!(
                "could not be read: {path} answers with status {status}"
            ));
        }
    }
    let coding = answer.header("content-encoding").unwrap_or("identity");
    if !coding.eq_ignore_ascii_case("identity") {
        return End::Untold(format!(
            "is sent in the coding {coding}, which nobody asked for"
        ));
    }
    let kind = answer
        .header("content-type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if answer.body.starts_with(b"%PDF-") {
        return End::Policy(None);
    }
    let page = if kind.starts_with("text/html") || kind.starts_with("application/xhtml") {
        Page::read(&answer.text())
    } else if kind.starts_with("text/") {
        Page::of_text(&answer.text())
    } else {
        return End::Untold(format!("is of the type '{kind}', which is not read"));
    };
    if page.says_missing() {
        return End::Nothing(format!(
            "is missing: {path} says that there is no such page"
        ));
    }
    let shell = same_as(&page, &reached, starts, target, context).await;
    let short = || format!("shows {} words, too few for a policy", page.words());
    match shell {
        Some(other) if page.scripts => End::Untold(format!(
            "shows the same as {other} until scripts run, which they do not here"
        )),
        Some(other) => End::Nothing(format!("shows the same as {other}")),
        None if page.words() >= LEAST_WORDS => End::Policy(Some(page)),
        None if page.scripts => End::Untold(format!(
            "{}, until scripts run, which they do not here",
            short()
        )),
        None => End::Nothing(short()),
    }
}

fn elsewhere(address: &Url) -> End {
    let host = address.host_str().unwrap_or_default();
    let belongs = |known: &str| host == known || host.ends_with(&format!(".{known}"));
    if OTHERS.iter().any(|known| belongs(known)) {
        return End::Others;
    }
    End::Untold(format!(
        "leads to another site, {}://{host}, which is not asked",
        address.scheme()
    ))
}

/// The page that shows the same text: a start, or the answer to a path that is nobody's. None where the text is its own.
async fn same_as(
    page: &Page,
    reached: &Url,
    starts: &[Start],
    target: &Target,
    context: &Context,
) -> Option<String> {
    let start = starts.iter().find(|start| {
        let read = start.read.as_ref();
        read.is_ok_and(|(place, other)| place.path() != reached.path() && other.text == page.text)
    });
    if let Some(start) = start {
        return Some(start.path.clone());
    }
    let nobodys = of_path(&target.url, &target.paths.missing);
    match get(&nobodys, target, context).await {
        Ok(Reached::Answer(_, answer)) if answer.status == 200 => {
            let other = Page::read(&answer.text());
            (other.text == page.text).then(|| "a page that does not exist".into())
        }
        _ => None,
    }
}
