//! Where an application asks who somebody is, and the questions that it is asked there.

use crate::model::Route;
use crate::probe::nextauth::{Forms, Site};
use crate::probe::transport::{Fault, Fetched};
use regex::Regex;
use reqwest::Method;
use serde_json::json;
use std::sync::LazyLock;
use std::time::Instant;

/// What the field of an account is called, where the page does not show.
const USUAL: [&str; 4] = ["email", "username", "name", "login"];
/// Parts of paths by which a route says that it sends a link for a new password.
const RESETS: [&str; 6] = [
    "forgot-password",
    "forgot",
    "reset-password",
    "password-reset",
    "request-reset",
    "reset",
];
/// And that it makes a new account.
const REGISTERS: [&str; 4] = ["register", "signup", "sign-up", "registration"];

/// One place to ask at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Door {
    /// A form with a password, whose account stands in these fields.
    Password {
        provider: String,
        fields: Vec<String>,
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

    /// Asks about an account; with a password that nobody has.
    ///
    /// # Errors
    /// There was no answer.
    pub(super) async fn ask(
        &self,
        forms: &Forms,
        root: &Site,
        account: &str,
        until: Instant,
    ) -> Result<Fetched, Fault> {
        let home = forms.site.home();
        let back = ("callbackUrl", home.as_str());
        match self {
            Self::Password { provider, fields } => {
                let names = fields.iter().map(|name| (name.as_str(), account));
                let given: Vec<_> = names
                    .chain([("password", "holdpoint-wrong-password"), back])
                    .collect();
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

/// Every door that is found, and what is left alone.
///
/// # Errors
/// There was no answer.
pub(super) async fn find(
    forms: &Forms,
    guest: &str,
    routes: &[Route],
    until: Instant,
) -> Result<(Vec<Door>, Vec<String>), Fault> {
    let mut doors = Vec::new();
    let mut left_alone = Vec::new();
    let page = page(&forms.site, until).await?;
    for (provider, kind) in &forms.providers {
        match kind.as_str() {
            "email" => doors.push(Door::Mail {
                provider: provider.clone(),
            }),
            // It lets everybody in.
            "credentials" if provider == guest => {}
            "credentials" => match fields(&page, provider) {
                Some(fields) if fields.is_empty() => left_alone.push(format!(
                    "POST callback/{provider}: its form asks for no account"
                )),
                fields => doors.push(Door::Password {
                    provider: provider.clone(),
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
        let says = |words: &[&str]| route.path.split('/').any(|part| words.contains(&part));
        if says(&RESETS) {
            doors.push(Door::Reset {
                path: route.path.clone(),
            });
        } else if says(&REGISTERS) {
            left_alone.push(format!(
                "POST {}: it would make an account that nothing here could remove",
                route.path
            ));
        }
    }
    Ok((doors, left_alone))
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
}
