//! Findings by what the secret opens, so that each service has a check of its own.

use super::sought::Sought;
use crate::model::{FactKind, FactSpec};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A kind: its name, what its secrets open, parts of variables' names, and shapes.
struct Kind {
    name: &'static str,
    opens: &'static str,
    variables: &'static [&'static str],
    /// One of these must be there as well.
    with: &'static [&'static str],
    shapes: &'static [&'static str],
    /// A check asks about it by name; the rest is told together.
    by_itself: bool,
}

/// The first kind that fits counts.
const KINDS: &[Kind] = &[
    Kind {
        name: "session",
        opens: "sessions of the sign-in library",
        variables: &[
            "NEXTAUTH_SECRET",
            "AUTH_SECRET",
            "SESSION_SECRET",
            "JWT_SECRET",
        ],
        with: &[""],
        shapes: &[],
        by_itself: true,
    },
    Kind {
        name: "push",
        opens: "web push",
        variables: &["VAPID", "WEB_PUSH", "PUSH"],
        with: &["PRIVATE", "SECRET"],
        shapes: &["a private key of web push"],
        by_itself: true,
    },
    Kind {
        name: "database",
        opens: "the database",
        variables: &["MONGO", "DATABASE", "POSTGRES", "MYSQL", "REDIS", "DB_"],
        with: &[""],
        shapes: &["a connection string with a password"],
        by_itself: true,
    },
    Kind {
        name: "ai",
        opens: "a provider of AI",
        variables: &[
            "GEMINI",
            "GOOGLE_API",
            "GOOGLE_GENAI",
            "GENKIT",
            "OPENAI",
            "ANTHROPIC",
        ],
        with: &["KEY", "TOKEN"],
        shapes: &["an API key of Google", "an API key of OpenAI or Anthropic"],
        by_itself: true,
    },
    Kind {
        name: "mail",
        opens: "mail",
        variables: &["SMTP", "EMAIL", "MAIL", "RESEND", "SENDGRID", "POSTMARK"],
        with: &[""],
        shapes: &[
            "an API key of Resend",
            "an address of a mail server with a password",
        ],
        by_itself: false,
    },
    Kind {
        name: "oauth",
        opens: "a provider of sign-in",
        variables: &[
            "CLIENT_SECRET",
            "GOOGLE",
            "GITHUB",
            "AUTH_",
            "OAUTH",
            "OIDC",
        ],
        with: &["SECRET"],
        shapes: &["a client secret of Google"],
        by_itself: true,
    },
];

/// The kind of a variable's secret.
fn of(variable: &str) -> Option<&'static Kind> {
    let name = variable.to_ascii_uppercase();
    // `AUTH_SECRET` is a whole name; `GOOGLE_OAUTH_SECRET` is another.
    let fits = |kind: &Kind| match kind.name {
        "session" => kind.variables.iter().any(|part| name.starts_with(part)),
        _ => kind.variables.iter().any(|part| name.contains(part)),
    };
    KINDS
        .iter()
        .find(|kind| fits(kind) && kind.with.iter().any(|part| name.contains(part)))
}

/// What was looked for and found, by kind; `OTHER` for what has no check of its own.
pub(super) struct Kinds {
    searched: BTreeMap<&'static str, Vec<String>>,
    found: BTreeMap<&'static str, Vec<String>>,
    shaped: Vec<String>,
}

const OTHER: &str = "other";
/// Findings of one kind that are told.
const MOST: usize = 100;

/// The kind under which a variable is told.
fn told_as(variable: &str) -> &'static str {
    of(variable)
        .filter(|kind| kind.by_itself)
        .map_or(OTHER, |kind| kind.name)
}

impl Kinds {
    pub(super) fn of(sought: &Sought) -> Self {
        let mut searched: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for name in sought.every_name() {
            searched
                .entry(told_as(name))
                .or_default()
                .push(name.to_owned());
        }
        searched.values_mut().for_each(|names| names.sort());
        Self {
            searched,
            found: BTreeMap::new(),
            shaped: Vec::new(),
        }
    }

    /// A configured secret was found; it may open several things.
    pub(super) fn secret(&mut self, variables: &[String], text: &str) {
        let kinds: BTreeSet<&str> = variables.iter().map(|name| told_as(name)).collect();
        for kind in kinds {
            push(self.found.entry(kind).or_default(), text.to_owned());
        }
    }

    /// A shape was found.
    pub(super) fn shape(&mut self, shape: &str, text: String) {
        match KINDS
            .iter()
            .find(|kind| kind.by_itself && kind.shapes.contains(&shape))
        {
            Some(kind) => push(self.found.entry(kind.name).or_default(), text),
            None => push(&mut self.shaped, text),
        }
    }

    /// The fact `kinds`.
    pub(super) fn fact(mut self) -> Value {
        let mut fact = Map::new();
        for name in names() {
            let searched = self.searched.remove(name).unwrap_or_default();
            let found = self.found.remove(name).unwrap_or_default();
            fact.insert(name.into(), json!({ "searched": searched, "found": found }));
        }
        fact.insert("shaped".into(), self.shaped.into());
        fact.into()
    }
}

fn push(list: &mut Vec<String>, text: String) {
    if list.len() < MOST {
        list.push(text);
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    KINDS
        .iter()
        .filter(|kind| kind.by_itself)
        .map(|kind| kind.name)
        .chain([OTHER])
}

/// The declaration of the fact.
pub(super) fn declared() -> FactSpec {
    let list = || FactKind::list(FactKind::Text);
    let mut told: Vec<FactSpec> = names()
        .map(|name| {
            let parts = vec![
                FactSpec::new("searched", list(), "the variables that were looked for"),
                FactSpec::new(
                    "found",
                    list(),
                    "where the value of one, or a text of such a shape, stands",
                ),
            ];
            let kind = KINDS.iter().find(|kind| kind.name == name);
            let opens = kind.map_or("what no other of these opens", |kind| kind.opens);
            FactSpec::new(name, FactKind::Object(parts), opens)
        })
        .collect();
    told.push(FactSpec::new(
        "shaped",
        list(),
        "where texts with the shape of another secret stand",
    ));
    FactSpec::new(
        "kinds",
        FactKind::Object(told),
        "the findings in words, by what the secret opens",
    )
}

/// One finding in words.
pub(super) fn text(told: &Value) -> String {
    let names = told["variables"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let names: Vec<&str> = names.collect();
    let what = match told["shape"].as_str() {
        Some(shape) => shape.to_owned(),
        None => names.join(" and "),
    };
    let encoded = if told["as_written"] == false {
        " (encoded, or in part)"
    } else {
        ""
    };
    let now = match (told["in"].as_str(), told["in_tip"] == true) {
        (Some("file" | "file name"), true) => Some("there today"),
        (Some("file" | "file name"), false) => Some("not in the newest versions"),
        _ => None,
    };
    let more: Vec<&str> = told["date"].as_str().into_iter().chain(now).collect();
    let at = told["at"].as_str().unwrap_or_default();
    format!("{what}{encoded} in {at} ({})", more.join(", ")).replace(" ()", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_what_they_open() {
        for (name, kind) in [
            ("AUTH_SECRET", Some("session")),
            ("NEXTAUTH_SECRET", Some("session")),
            ("AUTH_GOOGLE_SECRET", Some("oauth")),
            ("GOOGLE_CLIENT_SECRET", Some("oauth")),
            ("VAPID_PRIVATE_KEY", Some("push")),
            ("MONGODB_URI", Some("database")),
            ("DATABASE_URL", Some("database")),
            ("GEMINI_API_KEY", Some("ai")),
            ("GOOGLE_API_KEY", Some("ai")),
            ("SMTP_PASSWORD", Some("mail")),
            ("RESEND_API_KEY", Some("mail")),
            ("EMAIL_SERVER", Some("mail")),
            ("SOMETHING_ELSE", None),
        ] {
            assert_eq!(of(name).map(|kind| kind.name), kind, "{name}");
        }
    }
}
