//! The nextauth probe: whether sessions of NextAuth 4 or Auth.js 5 work as configured at the target.

mod away;
mod base_path;
mod climb;
mod configured;
pub(crate) mod csrf;
mod declare;
mod endpoints;
mod forged;
mod form;
pub(crate) mod jwe;
mod kept;
mod mint;
pub(crate) mod names;
mod session;
mod sign_in;
mod site;
mod user;

/// What the libraries themselves do, for the sandbox, which pretends to be one.
pub(crate) mod library {
    pub(crate) use super::{csrf, jwe, names};
}

pub(in crate::probe) use base_path::base_path;
pub(in crate::probe) use form::Forms;
pub(in crate::probe) use site::Site;
pub(in crate::probe) use user::{Closed, Door, User};

use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Level};
use climb::Climb;
use futures_util::future::BoxFuture;
use serde_json::Value;

/// Looks at the sign-in library of a running application.
pub(super) struct NextAuth;

impl Probe for NextAuth {
    fn spec(&self) -> ProbeSpec {
        ProbeSpec {
            name: "nextauth",
            version: 1,
            summary: "Asks the endpoints of NextAuth 4 or Auth.js 5: which version answers, which callback addresses it will use, \
                whether it signs with the configured secret (told by the CSRF cookie, without a session), whether it accepts sessions \
                of that secret and no others, and whether a sign-in works. Minted sessions are those of a synthetic user and end after \
                five minutes; a cookie that the application sets anew is thrown away. Refused sessions leave lines in the deployment's log.",
            level: Level::Live,
            exclusive: false,
            needs_target: true,
            parameters: declare::parameters(),
            facts: declare::facts(),
        }
    }

    fn level(&self, parameters: &Facts) -> Level {
        match parameters.get("look").and_then(Value::as_str) {
            Some("sign-in") => Level::Active,
            _ => self.spec().level,
        }
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        let mut look = Facts::new();
        let word = text(parameters, "look")?.ok_or("look: it is missing")?;
        if !declare::LOOKS.contains(&word) {
            return Err(format!(
                "look: '{word}' is none of {}",
                declare::LOOKS.join(", ")
            ));
        }
        look.insert("look".into(), word.into());
        // What is filled in with nothing is not given.
        let given = text(parameters, "base_path")?.filter(|path| !path.is_empty());
        let base = given.unwrap_or_else(|| base_path(&context.application, &context.environment));
        if !base.starts_with('/') || base.contains(['?', '#']) {
            return Err(format!("base_path: '{base}' is no path such as /api/auth"));
        }
        look.insert("base_path".into(), base.into());
        for name in ["variable", "url_variable", "cookie"] {
            if let Some(given) = text(parameters, name)? {
                look.insert(name.into(), given.into());
            }
        }
        if word == "sign-in" {
            let provider = text(parameters, "provider")?.unwrap_or("guest");
            look.insert("provider".into(), provider.into());
            match parameters.get("fields") {
                None => {}
                Some(Value::Object(fields)) if fields.values().all(Value::is_string) => {
                    look.insert("fields".into(), fields.clone().into());
                }
                Some(_) => {
                    return Err(
                        "fields: it is a table of fields, each with the name of a variable".into(),
                    );
                }
            }
        }
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        let given = |name: &str| {
            parameters
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        match given("look") {
            "sign-in" => format!(
                "sign-in with {} at {}",
                given("provider"),
                given("base_path")
            ),
            "session" => format!("minted sessions at {}", given("base_path")),
            look => format!("{look} of {}", given("base_path")),
        }
    }

    fn origin(&self, _: &Facts, context: &Context) -> Option<String> {
        let url = &context.target.as_ref()?.url;
        let port = url.port_or_known_default()?;
        Some(format!("{}://{}:{port}", url.scheme(), url.host_str()?))
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let given = |name: &str| parameters.get(name).and_then(Value::as_str);
            let look = given("look").unwrap_or_default();
            let Some(site) = Site::of(context, given("base_path").unwrap_or_default()) else {
                return Sighting::hindered(Hindrance::new(
                    HindranceKind::Internal,
                    "no target was given",
                ));
            };
            let mut climb = Climb::new(site, look, parameters, context);
            let end = match look {
                "session" => session::look(&mut climb).await,
                "sign-in" => sign_in::look(&mut climb).await,
                _ => endpoints::look(&mut climb).await,
            };
            climb.finish(end)
        })
    }
}

/// A parameter that must be text if it is there; what is filled in may be something else.
fn text<'a>(parameters: &'a Facts, key: &str) -> Result<Option<&'a str>, String> {
    let Some(value) = parameters.get(key) else {
        return Ok(None);
    };
    value
        .as_str()
        .map(Some)
        .ok_or_else(|| format!("{key}: {value} is not text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::model::{Application, Environment, PathClasses, Target};
    use crate::probe::Scratch;
    use crate::probe::transport::Transport;
    use crate::secret::Book;
    use serde_json::json;
    use std::sync::Arc;
    use std::time::Duration;

    fn context(target: Option<Target>) -> Context {
        let timeout = Duration::from_secs(1);
        Context {
            target: target.map(Arc::new),
            root: ".".into(),
            application: Arc::new(Application::default()),
            environment: Arc::new(Environment::default()),
            secrets: Arc::new(Book::default()),
            transport: Arc::new(Transport::new(None).unwrap()),
            timeout,
            until: clock::tick() + timeout,
            now: 0,
            run: String::new(),
            scratch: Scratch::default(),
        }
    }

    fn looks(parameters: &Value) -> Result<Vec<Facts>, String> {
        NextAuth.looks(parameters.as_object().unwrap(), &context(None))
    }

    #[test]
    fn a_password_in_the_address_is_sent_and_never_shown() {
        let target = Target {
            url: "http://ann:open%20sesame@127.0.0.1:9/app/".parse().unwrap(),
            environment: String::new(),
            owned: false,
            plain_url: None,
            authority_pem: None,
            headers: Vec::new(),
            paths: PathClasses::default(),
        };
        let context = context(Some(target));
        let site = Site::of(&context, "/api/auth/").unwrap();
        let address = site.address("csrf?callbackUrl=x");
        assert_eq!(
            address.as_str(),
            "http://127.0.0.1:9/app/api/auth/csrf?callbackUrl=x"
        );
        assert_eq!(site.home(), "http://127.0.0.1:9");
        let redacted = context.secrets.redact("open sesame, YW5uOm9wZW4gc2VzYW1l");
        assert_eq!(redacted, "‹target password›, ‹target authorization›");
    }

    #[test]
    fn equal_looks_have_equal_parameters() {
        let endpoints = looks(&json!({ "look": "endpoints" })).unwrap();
        let written = json!({ "look": "endpoints", "base_path": "/api/auth", "provider": "guest" });
        assert_eq!(
            endpoints,
            looks(&json!({ "look": "endpoints", "base_path": "" })).unwrap()
        );
        // The provider concerns the look sign-in alone.
        assert_eq!(endpoints, looks(&written).unwrap());
        let sign_in = &looks(&json!({ "look": "sign-in" })).unwrap()[0];
        assert_eq!(sign_in["provider"], "guest");
    }

    #[test]
    fn wrong_parameters_are_said() {
        for (parameters, said) in [
            (json!({}), "look: it is missing"),
            (json!({ "look": "cookies" }), "'cookies' is none of"),
            (json!({ "look": 1 }), "look: 1 is not text"),
            (
                json!({ "look": "session", "base_path": "auth" }),
                "'auth' is no path",
            ),
            (
                json!({ "look": "session", "base_path": "/auth?x" }),
                "is no path",
            ),
            (
                json!({ "look": "sign-in", "fields": ["password"] }),
                "fields: ",
            ),
            (
                json!({ "look": "sign-in", "fields": { "password": 1 } }),
                "fields: ",
            ),
        ] {
            let error = looks(&parameters).unwrap_err();
            assert!(error.contains(said), "{parameters}: {error}");
        }
    }
}
