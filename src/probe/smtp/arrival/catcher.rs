//! Mail catchers for development, read over HTTP: Mailpit, MailHog and maildev, told apart by asking.

use super::{Folder, Letter, Sought};
use crate::probe::transport::{Fetched, Transport};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::time::Instant;
use url::Url;

/// A mail catcher.
#[derive(Clone)]
pub(in crate::probe::smtp) struct Catcher {
    base: Url,
    login: Option<(String, String)>,
    make: OnceLock<Make>,
}

/// Whose API it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Make {
    Mailpit,
    MailHog,
    /// With the path of its mails: /api/email since 3.0, /email before.
    Maildev(&'static str),
}

/// The most mails of one answer that are looked through.
const MANY: usize = 200;

impl Catcher {
    /// Reads the address from a variable.
    ///
    /// # Errors
    /// It is not an http address.
    pub(super) fn parse(name: &str, value: &str) -> Result<Self, String> {
        let mut base = Url::parse(value.trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| format!("{name} is not an http address"))?;
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        let login = base
            .password()
            .map(|password| (decoded(base.username()), decoded(password)));
        // Neither fails on an http address.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self {
            base,
            login,
            make: OnceLock::new(),
        })
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.login.as_ref().map(|(_, password)| password.as_str())
    }

    pub(super) fn named(&self) -> String {
        format!("the mail catcher at {}", self.base)
    }

    /// The messages that are sought and not known, with their text.
    pub(super) async fn search(
        &self,
        transport: &Transport,
        sought: &Sought,
        known: &[String],
        until: Instant,
    ) -> Result<Vec<Letter>, String> {
        let mut letters = Vec::new();
        let keys = self.keys(transport, sought, until).await?;
        for key in keys.into_iter().filter(|key| !known.contains(key)) {
            let path = match self.make(transport, until).await? {
                Make::Mailpit => format!("api/v1/message/{key}/raw"),
                Make::MailHog => format!("api/v1/messages/{key}"),
                Make::Maildev(path) => format!("{path}/{key}/source"),
            };
            let fetched = self.get(transport, &path, &[], until).await?;
            let raw = match self.make(transport, until).await? {
                Make::MailHog => fetched
                    .json()
                    .as_ref()
                    .and_then(|mail| mail.pointer("/Raw/Data")?.as_str())
                    .unwrap_or_default()
                    .as_bytes()
                    .to_vec(),
                Make::Mailpit | Make::Maildev(_) => fetched.body,
            };
            letters.push(Letter {
                key,
                folder: Folder::Inbox,
                raw,
            });
        }
        Ok(letters)
    }

    /// Removes the messages with these names.
    pub(super) async fn remove(
        &self,
        transport: &Transport,
        keys: &[String],
        until: Instant,
    ) -> Result<(), String> {
        for key in keys {
            let (path, body) = match self.make(transport, until).await? {
                Make::Mailpit => ("api/v1/messages".to_owned(), Some(json!({ "IDs": [key] }))),
                Make::MailHog => (format!("api/v1/messages/{key}"), None),
                Make::Maildev(path) => (format!("{path}/{key}"), None),
            };
            let answer = self
                .ask(transport, Method::DELETE, &path, &[], body, until)
                .await?;
            if !(200..300).contains(&answer.status) {
                return Err(format!("it answered {} to the removal", answer.status));
            }
        }
        Ok(())
    }

    /// The catcher's own names of the messages that are sought, the newest first.
    pub(super) async fn keys(
        &self,
        transport: &Transport,
        sought: &Sought,
        until: Instant,
    ) -> Result<Vec<String>, String> {
        let make = self.make(transport, until).await?;
        let fetched = match (make, sought) {
            (Make::Mailpit, Sought::Trial(mark)) => {
                let query = [("query", format!("subject:\"{}\"", mark.subject))];
                self.get(transport, "api/v1/search", &query, until).await?
            }
            (Make::Mailpit, Sought::To(address)) => {
                let query = [("query", format!("to:\"{address}\""))];
                self.get(transport, "api/v1/search", &query, until).await?
            }
            (Make::MailHog, Sought::Trial(mark)) => {
                let query = [
                    ("kind", "containing".to_owned()),
                    ("query", mark.subject.clone()),
                ];
                self.get(transport, "api/v2/search", &query, until).await?
            }
            (Make::MailHog, Sought::To(address)) => {
                let query = [("kind", "to".to_owned()), ("query", address.clone())];
                self.get(transport, "api/v2/search", &query, until).await?
            }
            (Make::Maildev(path), _) => self.get(transport, path, &[], until).await?,
        };
        let answer = fetched
            .json()
            .ok_or("its answer to the search is not JSON")?;
        Ok(matching(make, &answer, sought))
    }

    async fn make(&self, transport: &Transport, until: Instant) -> Result<Make, String> {
        if let Some(make) = self.make.get() {
            return Ok(*make);
        }
        // Mailpit answers some of MailHog's paths too, so it is asked for first.
        for (path, make) in [
            ("api/v1/info", Make::Mailpit),
            ("api/v2/messages", Make::MailHog),
            ("api/email", Make::Maildev("api/email")),
            ("email", Make::Maildev("email")),
        ] {
            let answer = self
                .ask(transport, Method::GET, path, &[], None, until)
                .await?;
            if matches!(answer.status, 401 | 403) {
                return Err(
                    "it wants a user name and a password: http://USER:PASSWORD@HOST".into(),
                );
            }
            let known = answer.status == 200
                && answer.json().is_some_and(|body| match make {
                    Make::Mailpit => body.get("Version").is_some(),
                    Make::MailHog => body.get("items").is_some(),
                    Make::Maildev(_) => body.is_array(),
                });
            if known {
                return Ok(*self.make.get_or_init(|| make));
            }
        }
        Err("it answers as none of Mailpit, MailHog and maildev".into())
    }

    async fn get(
        &self,
        transport: &Transport,
        path: &str,
        query: &[(&str, String)],
        until: Instant,
    ) -> Result<Fetched, String> {
        let answer = self
            .ask(transport, Method::GET, path, query, None, until)
            .await?;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(format!("it answered {} to the search", answer.status))
        }
    }

    async fn ask(
        &self,
        transport: &Transport,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<Value>,
        until: Instant,
    ) -> Result<Fetched, String> {
        let mut url = self.base.clone();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}/{path}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = Request::new(method, url);
        if let Some((user, password)) = &self.login {
            use base64::Engine as _;
            let pair = format!("{user}:{password}");
            let word = base64::engine::general_purpose::STANDARD.encode(pair);
            if let Ok(mut value) = HeaderValue::from_str(&format!("Basic {word}")) {
                value.set_sensitive(true);
                request.headers_mut().insert(AUTHORIZATION, value);
            }
        }
        if let Some(body) = body {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
            *request.body_mut() = Some(body.to_string().into());
        }
        let answer = transport.fetch(request, until).await;
        answer.map_err(|fault| format!("{}: {}", self.named(), fault.hindrance.cause))
    }
}

/// The names of those messages in an answer that are sought: a search may find more than was meant.
fn matching(make: Make, answer: &Value, sought: &Sought) -> Vec<String> {
    let (list, key) = match make {
        Make::Mailpit => (answer.get("messages"), "ID"),
        Make::MailHog => (answer.get("items"), "ID"),
        Make::Maildev(_) => (Some(answer), "id"),
    };
    let mails = list.and_then(Value::as_array).into_iter().flatten();
    let mut keys: Vec<String> = mails
        .filter(|mail| is_meant(make, mail, sought))
        .filter_map(|mail| Some(mail.get(key)?.as_str()?.to_owned()))
        // They become part of a path.
        .filter(|key| {
            key.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_@.=".contains(&byte))
        })
        .collect();
    if matches!(make, Make::Maildev(_)) {
        keys.reverse();
    }
    keys.truncate(MANY);
    keys
}

fn is_meant(make: Make, mail: &Value, sought: &Sought) -> bool {
    let text = |path: &str| {
        mail.pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    match sought {
        Sought::Trial(mark) => {
            let found = match make {
                Make::Mailpit => text("/Subject"),
                Make::MailHog => text("/Content/Headers/Subject/0"),
                Make::Maildev(_) => text("/subject"),
            };
            found.contains(&mark.subject)
        }
        Sought::To(address) => {
            let (list, field) = match make {
                Make::Mailpit => (mail.get("To"), "Address"),
                Make::MailHog => (mail.pointer("/Raw/To"), ""),
                Make::Maildev(_) => (mail.get("to"), "address"),
            };
            list.and_then(Value::as_array).is_some_and(|list| {
                list.iter().any(|one| {
                    let one = if field.is_empty() {
                        Some(one)
                    } else {
                        one.get(field)
                    };
                    one.and_then(Value::as_str)
                        .is_some_and(|one| one.eq_ignore_ascii_case(address))
                })
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_meant_is_taken() {
        let trial = Sought::Trial(super::super::Mark {
            id: "holdpoint-1@shop.test".into(),
            subject: "trial mail 1-a".into(),
        });
        let to = Sought::To("probe@inbox.test".into());
        let mailpit = json!({ "messages": [
            { "ID": "A1", "Subject": "trial mail 1-a", "To": [{ "Address": "Probe@inbox.test" }] },
            { "ID": "A2", "Subject": "trial mail 1", "To": [{ "Address": "other@inbox.test" }] },
            { "ID": "../x", "Subject": "trial mail 1-a", "To": [] },
        ]});
        assert_eq!(matching(Make::Mailpit, &mailpit, &trial), ["A1"]);
        assert_eq!(matching(Make::Mailpit, &mailpit, &to), ["A1"]);
        let mailhog = json!({ "items": [{
            "ID": "x=@mailhog.example", "Raw": { "To": ["probe@inbox.test"] },
            "Content": { "Headers": { "Subject": ["trial mail 1-a"] } },
        }]});
        assert_eq!(
            matching(Make::MailHog, &mailhog, &trial),
            ["x=@mailhog.example"]
        );
        assert_eq!(
            matching(Make::MailHog, &mailhog, &to),
            ["x=@mailhog.example"]
        );
        let maildev = json!([
            { "id": "old", "subject": "hello", "to": [{ "address": "probe@inbox.test" }] },
            { "id": "new", "subject": "trial mail 1-a", "to": [{ "address": "probe@inbox.test" }] },
        ]);
        let make = Make::Maildev("api/email");
        assert_eq!(matching(make, &maildev, &trial), ["new"]);
        assert_eq!(matching(make, &maildev, &to), ["new", "old"]);
    }

    #[test]
    fn addresses_are_read() {
        let catcher = Catcher::parse("X", "http://me:p%40ss@127.0.0.1:8025/mail/").unwrap();
        assert_eq!(catcher.password(), Some("p@ss"));
        assert_eq!(
            catcher.named(),
            "the mail catcher at http://127.0.0.1:8025/mail/"
        );
        assert!(Catcher::parse("X", "127.0.0.1:8025").is_err());
    }
}
