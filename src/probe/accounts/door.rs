//! Where an application asks who somebody is, and the questions that it is asked there.

use crate::model::Route;
use crate::probe::nextauth::{Forms, Site};
use crate::probe::transport::{Fault, Fetched};
use regex::Regex;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Instant;

/// What the field of an account is called, where the page does not show.
const USUAL: [&str; 4] = ["email", "username", "name", "login"];
/// Parts of paths by which a route says that it sends a link for a new password.
const RESETS: [&str; 4] = [
    "forgot-password",
    "forgot",
    "reset-password",
    "password-reset",
];
/// Parts that say so beside one of [`OF_ACCOUNTS`]; alone they may as well put a cart or the data of a demo back.
const RESETS_SOMETHING: [&str; 2] = ["reset", "request-reset"];
const OF_ACCOUNTS: [&str; 3] = ["password", "account", "auth"];
/// A password that nobody has.
pub(super) const WRONG: &str = "holdpoint-wrong-password";
/// And that it makes a new account.
const REGISTERS: [&str; 4] = ["register", "signup", "sign-up", "registration"];

/// One place to ask at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Door {
    /// A form with a password, whose account stands in these fields.
    Password {
        provider: String,
        fields: Vec<String>,
        /// The page shows its form; else the fields are guessed.
        shown: bool,
    },
    /// A form that sends a link to sign in with.
    Mail { provider: String },
    /// A route that sends a link for a new password.
    Reset { path: String },
}

impl Door {
    /// For people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Password { provider, .. } => format!("POST callback/{provider}"),
            Self::Mail { provider } => format!("POST signin/{provider}"),
            Self::Reset { path } => format!("POST {path}"),
        }
    }

    /// Does asking send a mail?
    pub(super) fn sends(&self) -> bool {
        !matches!(self, Self::Password { .. })
    }

    /// Asks about an account, with this password where one is asked for.
    ///
    /// # Errors
    /// There was no answer.
    pub(super) async fn ask(
        &self,
        forms: &Forms,
        root: &Site,
        account: &str,
        password: &str,
        until: Instant,
    ) -> Result<Fetched, Fault> {
        let home = forms.site.home();
        let back = ("callbackUrl", home.as_str());
        match self {
            Self::Password {
                provider, fields, ..
            } => {
                let names = fields.iter().map(|name| (name.as_str(), account));
                let given: Vec<_> = names.chain([("password", password), back]).collect();
                forms
                    .send(&format!("callback/{provider}"), &given, until)
                    .await
            }
            Self::Mail { provider } => {
                let given = [("email", account), back];
                forms
                    .send(&format!("signin/{provider}"), &given, until)
                    .await
            }
            Self::Reset { path } => {
                let body = json!({ "email": account }).to_string();
                let headers = [("origin", home.as_str())];
                root.send(Method::POST, path, "", Some(body), &headers, until)
                    .await
            }
        }
    }
}

/// What a look for doors has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) doors: Vec<Door>,
    /// What asks for an account, and is not asked itself; with the reason.
    pub(super) unasked: Vec<String>,
    /// What asks for none.
    pub(super) left_alone: Vec<String>,
}

/// Every door; `reading` are the files of code that read an `email`.
///
/// # Errors
/// There was no answer.
pub(super) async fn find(
    forms: &Forms,
    guest: &str,
    routes: &[Route],
    reading: &BTreeSet<String>,
    until: Instant,
) -> Result<Found, Fault> {
    let mut found = Found::default();
    let page = page(&forms.site, until).await?;
    for (provider, kind) in &forms.providers {
        match kind.as_str() {
            "email" => found.doors.push(Door::Mail {
                provider: provider.clone(),
            }),
            // It lets everybody in.
            "credentials" if provider == guest => {}
            "credentials" => match fields(&page, provider) {
                Some(fields) if fields.is_empty() => found.left_alone.push(format!(
                    "POST callback/{provider}: its form asks for no account"
                )),
                fields => found.doors.push(Door::Password {
                    provider: provider.clone(),
                    shown: fields.is_some(),
                    fields: fields.unwrap_or_else(|| USUAL.map(str::to_owned).to_vec()),
                }),
            },
            _ => {}
        }
    }
    let posts = routes.iter().filter(|route| {
        route.api && !route.path.contains('[') && route.methods.iter().any(|one| one == "POST")
    });
    for route in posts {
        if sends_password(&route.path) {
            if reading.contains(&route.file) {
                found.doors.push(Door::Reset {
                    path: route.path.clone(),
                });
            } else {
                found.unasked.push(format!(
                    "POST {}: its source reads no 'email', so what it does with one is not known",
                    route.path
                ));
            }
        } else if has(&route.path, &REGISTERS) {
            found.unasked.push(format!(
                "POST {}: it would make an account that nothing here could remove",
                route.path
            ));
        }
    }
    Ok(found)
}

fn has(path: &str, words: &[&str]) -> bool {
    path.split('/').any(|part| words.contains(&part))
}

/// Does a path say that a link for a new password is sent there?
fn sends_password(path: &str) -> bool {
    has(path, &RESETS) || has(path, &RESETS_SOMETHING) && has(path, &OF_ACCOUNTS)
}

/// Does code read a field `email`?
pub(super) fn reads_email(code: &str) -> bool {
    static EMAIL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\bemail\b").expect("the pattern is constant"));
    EMAIL.is_match(code)
}

/// The sign-in page: the library's own, or that of the application that it leads to.
async fn page(site: &Site, until: Instant) -> Result<String, Fault> {
    let first = site.fetch("signin", until).await?;
    let Some(to) = first
        .header("location")
        .filter(|_| (300..=399).contains(&first.status))
    else {
        return Ok(first.text().into_owned());
    };
    match site.follow(to, until).await {
        Some(second) => Ok(second?.text().into_owned()),
        None => Ok(String::new()),
    }
}

/// The fields in which a provider's form asks for an account; none where the page shows no such form.
fn fields(page: &str, provider: &str) -> Option<Vec<String>> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?is)<form\b([^>]*)>(.*?)</form>").expect("the pattern is constant")
    });
    static INPUT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?is)<input\b([^>]*)>").expect("the pattern is constant"));
    static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?is)\b(name|type|action)\s*=\s*["']([^"']*)["']"#)
            .expect("the pattern is constant")
    });
    let attribute = |tag: &str, wanted: &str| {
        let mut all = ATTRIBUTE.captures_iter(tag);
        all.find(|found| found[1].eq_ignore_ascii_case(wanted))
            .map(|found| found[2].to_owned())
    };
    let end = format!("/callback/{provider}");
    let form = FORM
        .captures_iter(page)
        .find(|form| attribute(&form[1], "action").is_some_and(|to| to.ends_with(&end)))?;
    let asked = INPUT.captures_iter(&form[2]).filter_map(|input| {
        let kind = attribute(&input[1], "type").unwrap_or_default();
        let is_account = !matches!(
            kind.to_ascii_lowercase().as_str(),
            "hidden" | "password" | "submit" | "checkbox" | "button"
        );
        attribute(&input[1], "name").filter(|_| is_account)
    });
    Some(asked.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_says_where_the_account_goes() {
        let page = r#"<form action="http://a/api/auth/callback/password" method="POST">
            <input type="hidden" name="csrfToken" value="x"/><label>Username</label>
            <input name="username" id="u" type="text" placeholder=""/><input name="password" type="password"></form>
            <form method="post" action="/api/auth/callback/door"><input type="password" name="password"></form>"#;
        assert_eq!(fields(page, "password"), Some(vec!["username".to_owned()]));
        assert_eq!(fields(page, "door"), Some(vec![]));
        assert_eq!(fields(page, "other"), None);
        assert_eq!(fields("<form", "password"), None);
    }

    #[test]
    fn only_what_surely_sends_a_password_is_asked() {
        for path in [
            "/api/forgot-password",
            "/api/auth/reset",
            "/api/password/request-reset",
        ] {
            assert!(sends_password(path), "{path}");
        }
        for path in ["/api/reset", "/api/cart/reset", "/api/demo/request-reset"] {
            assert!(!sends_password(path), "{path}");
        }
        assert!(reads_email("const { email } = await request.json()"));
        assert!(!reads_email("await database.dropDatabase() // no emails"));
    }
}
