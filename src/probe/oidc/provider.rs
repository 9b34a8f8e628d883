//! Climbs to a provider: discovery, keys, client id, redirect URIs with a negative control, secret.

use super::ask::{Asker, used, variable};
use super::authorization::Outcome;
use super::callbacks::{control_fact, not_registered};
use super::discovery::{self, Defect, Keys, Metadata};
use super::parameters::Asked;
use super::redirect_uri::{self, Candidate, Settings};
use super::secret::Method;
use crate::model::{Hindrance, HindranceKind};
use crate::probe::ladder::{Ladder, Rungs};
use crate::probe::{Context, Sighting, Transient};
use serde_json::{Value, json};
use url::Url;

/// The rungs.
pub(super) const RUNGS: Rungs = &[
    (
        "discover",
        "the issuer publishes a discovery document under its own name, with https endpoints, the code flow and S256",
    ),
    (
        "keys",
        "the provider publishes a key that signs with RS256 or ES256",
    ),
    ("client", "the provider knows the client id"),
    (
        "redirect",
        "the callback of the deployment is registered, and one that nobody registered is refused",
    ),
    (
        "secret",
        "the provider knows the client secret, and refuses one that differs in its last character",
    ),
];

/// What a climb has learned beside its rungs.
#[derive(Default)]
pub(super) struct Seen {
    metadata: Option<Metadata>,
    keys: Option<Keys>,
    /// Each callback that should be registered, with the answer.
    pub(super) uris: Vec<(Candidate, Option<Outcome>)>,
    /// The callback that nobody registered, with the answer.
    pub(super) control: Option<(String, Outcome)>,
    /// How the secret was shown.
    pub(super) method: Option<Method>,
    transient: Option<Transient>,
}

/// Looks at the provider itself.
pub(super) async fn look(asked: &Asked, context: &Context) -> Sighting {
    let Some(provider) = asked.provider.as_deref() else {
        return absent(
            "no OpenID provider is configured: no client id of Google or of a provider with an issuer is set",
        );
    };
    let Some(id) = variable(context, &asked.client_id_variable) else {
        return absent(&format!("{} is not set", asked.client_id_variable));
    };
    let Some(issuer) = asked.issuer(&context.environment) else {
        let name = asked.issuer_variable.as_deref().unwrap_or("the issuer");
        return absent(&format!("{name} is not set"));
    };
    let secret = variable(context, &asked.client_secret_variable);
    if let Some(secret) = secret {
        context.secrets.register(&secret.name, secret.value.trim());
    }
    let climb = Climb {
        asker: Asker::new(context),
        context,
        provider,
        issuer,
        client_id: id.value.trim(),
        secret: secret.map(|secret| secret.value.trim()),
        secret_variable: &asked.client_secret_variable,
    };
    let mut ladder = Ladder::new(RUNGS);
    let mut seen = Seen::default();
    let candidates = redirect_uri::candidates(&Settings {
        provider,
        given: asked.redirect_uri.as_deref(),
        custom_domain: &asked.custom_domain,
        environment: &context.environment,
        target: context.target.as_deref(),
        application: &context.application,
    });
    // Every rung says by its value whether the next is climbed.
    let _top = climb.climb(candidates, &mut ladder, &mut seen).await;
    let mut facts = super::facts::empty();
    let mut set = |name: &str, value: Value| facts.insert(name.into(), value);
    set("steps", ladder.into_fact());
    set("provider", provider.into());
    set("issuer", issuer.into());
    set("client_id", {
        let mut fact = used(id, context);
        fact["tail"] = tail(climb.client_id).into();
        fact["project_number"] = json!(project_number(climb.client_id));
        fact
    });
    set("client_secret", {
        secret.map_or(Value::Null, |secret| {
            let mut fact = used(secret, context);
            fact["method"] = json!(seen.method.map(Method::word));
            fact
        })
    });
    set(
        "discovery",
        seen.metadata.as_ref().map_or(Value::Null, Metadata::fact),
    );
    set("keys", seen.keys.as_ref().map_or(Value::Null, Keys::fact));
    let uris = climb.uris_fact(&seen);
    set("not_registered", not_registered(&uris));
    set("redirect_uris", uris);
    set("unregistered", control_fact(&seen));
    Sighting {
        transient: seen.transient,
        ..Sighting::of(facts)
    }
}

pub(super) fn absent(cause: &str) -> Sighting {
    Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause))
}

/// The end of a client id, by which people find it in a console.
pub(super) fn tail(client_id: &str) -> String {
    let name = client_id
        .strip_suffix(".apps.googleusercontent.com")
        .unwrap_or(client_id);
    let characters: Vec<char> = name.chars().collect();
    // Of a short id less is shown.
    let from = characters.len() - (characters.len() / 2).min(6);
    format!("…{}", characters[from..].iter().collect::<String>())
}

/// The number of the Google Cloud project that a client belongs to.
fn project_number(client_id: &str) -> Option<&str> {
    let name = client_id.strip_suffix(".apps.googleusercontent.com")?;
    let (number, _) = name.split_once('-')?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

/// What a climb needs to know.
pub(super) struct Climb<'a> {
    pub(super) asker: Asker<'a>,
    pub(super) context: &'a Context,
    pub(super) provider: &'a str,
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) secret: Option<&'a str>,
    pub(super) secret_variable: &'a str,
}

impl Climb<'_> {
    /// Climbs until a rung does not hold.
    async fn climb(
        &self,
        candidates: Vec<Candidate>,
        ladder: &mut Ladder,
        seen: &mut Seen,
    ) -> Option<()> {
        seen.uris = candidates.into_iter().map(|one| (one, None)).collect();
        let metadata = self.discover(ladder, seen).await?;
        self.keys(&metadata, ladder, seen).await?;
        let uri = self.client(&metadata, ladder, seen).await?;
        self.secret(&metadata, &uri, ladder, seen).await
    }

    async fn discover(&self, ladder: &mut Ladder, seen: &mut Seen) -> Option<Metadata> {
        let Some(address) = discovery::address(self.issuer) else {
            ladder.broke(
                "discover",
                format!("the issuer '{}' is not an http or https address", self.issuer),
                "write the issuer as the provider's console shows it, such as https://id.example/realms/shop",
            );
            return None;
        };
        match fetch_metadata(&self.asker, self.issuer, address).await {
            Ok(metadata) => {
                ladder.held("discover");
                seen.metadata = Some(metadata.clone());
                Some(metadata)
            }
            Err((defect, transient)) => {
                seen.transient = transient;
                fell(ladder, "discover", defect)
            }
        }
    }

    async fn keys(&self, metadata: &Metadata, ladder: &mut Ladder, seen: &mut Seen) -> Option<()> {
        let read = match self.asker.json(metadata.jwks_uri.clone()).await {
            Ok(answer) => discovery::read_keys(&answer),
            Err(fault) => Err(Defect::Untold(format!(
                "the provider's keys could not be fetched: {}",
                fault.hindrance.cause
            ))),
        };
        match read {
            Ok(keys) => {
                ladder.held("keys");
                seen.keys = Some(keys);
                Some(())
            }
            Err(defect) => fell(ladder, "keys", defect),
        }
    }
}

/// Fetches and judges the discovery document; a connection that failed may fare better again.
pub(super) async fn fetch_metadata(
    asker: &Asker<'_>,
    issuer: &str,
    address: Url,
) -> Result<Metadata, (Defect, Option<Transient>)> {
    match asker.json(address).await {
        Ok(answer) => discovery::read(issuer, &answer).map_err(|defect| (defect, None)),
        Err(fault) => {
            let cause = format!("{issuer} could not be asked: {}", fault.hindrance.cause);
            let transient = fault.connecting.then_some(Transient { retry_after: None });
            Err((Defect::Untold(cause), transient))
        }
    }
}

/// Notes why a rung does not hold.
fn fell<T>(ladder: &mut Ladder, rung: &str, defect: Defect) -> Option<T> {
    match defect {
        Defect::Broken(cause, remedy) => ladder.broke(rung, cause, &remedy),
        Defect::Untold(cause) => ladder.untold(rung, cause),
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_is_told_by_its_end() {
        let id = "123456-abcdefghijkl.apps.googleusercontent.com";
        assert_eq!(tail(id), "…ghijkl");
        assert_eq!(tail("abc"), "…c");
        assert_eq!(tail(""), "…");
        assert_eq!(project_number(id), Some("123456"));
        assert_eq!(project_number("abc-def"), None);
    }
}
