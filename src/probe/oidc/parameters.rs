//! Which provider a look is about: from the parameters of a check and the variables that are set.

use crate::model::{Environment, FactKind, Facts};
use crate::probe::{Context, ParameterSpec};
use serde_json::Value;

/// Google's issuer.
pub(super) const GOOGLE: &str = "https://accounts.google.com";
/// The variable that puts another provider in Google's place.
const GOOGLE_ISSUER: &str = "HOLDPOINT_GOOGLE_ISSUER";
/// What a look may look at.
const LOOKS: &[&str] = &["provider", "application", "token"];
/// The names under which applications keep Google's client: NextAuth 4, Auth.js 5, older examples.
const GOOGLE_NAMES: &[(&str, &str)] = &[
    ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
    ("AUTH_GOOGLE_ID", "AUTH_GOOGLE_SECRET"),
    ("GOOGLE_ID", "GOOGLE_SECRET"),
];
/// Where an end-to-end test leaves an ID token.
const TOKEN: &str = "HOLDPOINT_ID_TOKEN";
/// Where it leaves the nonce that it sent.
const NONCE: &str = "HOLDPOINT_ID_TOKEN_NONCE";

/// One look, as [`looks`] wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) look: String,
    /// The provider's id in NextAuth, which is part of its callback; none where none is configured.
    pub(super) provider: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) issuer_variable: Option<String>,
    pub(super) client_id_variable: String,
    pub(super) client_secret_variable: String,
    pub(super) redirect_uri: Option<String>,
    pub(super) custom_domain: String,
    pub(super) token_variable: String,
    pub(super) nonce_variable: String,
    pub(super) hosted_domain: String,
}

/// The declarations.
pub(super) fn declared() -> Vec<ParameterSpec> {
    let text = |name, meaning| ParameterSpec::optional(name, FactKind::Text, meaning);
    vec![
        text(
            "look",
            "what to look at: the provider itself; application: what the running application sends to it (needs a target); token: an ID token that a test has obtained; default provider.",
        )
        .one_of(LOOKS),
        text(
            "provider",
            "the provider's id in NextAuth, such as \"google\" or \"keycloak\"; default: every provider that the variables configure, each in a look of its own",
        ),
        text(
            "issuer",
            "the issuer of the provider that is named, or of Google where none is; default HOLDPOINT_GOOGLE_ISSUER or https://accounts.google.com; other providers name theirs in AUTH_<PROVIDER>_ISSUER or <PROVIDER>_ISSUER",
        ),
        text(
            "client_id_variable",
            "the variable that holds the client id; default GOOGLE_CLIENT_ID, AUTH_GOOGLE_ID, or AUTH_<PROVIDER>_ID, <PROVIDER>_CLIENT_ID, <PROVIDER>_ID",
        ),
        text(
            "client_secret_variable",
            "the variable that holds the client secret; default its neighbour, such as GOOGLE_CLIENT_SECRET",
        ),
        text(
            "redirect_uri",
            "the callback that must be registered; default AUTH_URL, NEXTAUTH_URL or the target, with the path of NextAuth's route (/api/auth), /callback/ and the provider",
        ),
        text(
            "custom_domain",
            "a second host or origin that people use; its callback is asked about too; default none",
        ),
        text(
            "token_variable",
            "the variable that holds an ID token; default HOLDPOINT_ID_TOKEN",
        ),
        text(
            "nonce_variable",
            "the variable that holds the nonce it was asked for with; default HOLDPOINT_ID_TOKEN_NONCE; not compared where it is not set",
        ),
        text(
            "hosted_domain",
            "the Google Workspace domain that users must belong to; default any",
        ),
    ]
}

/// A provider that the variables configure.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    provider: String,
    issuer_variable: Option<String>,
    id: String,
    secret: String,
}

/// One look for each provider; one without a provider where none is configured.
pub(super) fn looks(parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
    // What is filled in with nothing is not given.
    let given = |name: &str| -> Result<Option<String>, String> {
        match parameters.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
            Some(other) => Err(format!("{name}: {other} is not text")),
        }
    };
    let look = given("look")?.unwrap_or_else(|| LOOKS[0].to_owned());
    let (named, issuer) = (given("provider")?, given("issuer")?);
    if let Some(issuer) = &issuer
        && super::discovery::address(issuer).is_none()
    {
        return Err(format!(
            "issuer: '{issuer}' is not an http or https address"
        ));
    }
    let environment = &context.environment;
    let mut found = match &named {
        Some(provider) => vec![by_name(provider, environment)],
        None => configured(environment),
    };
    if look == "token" {
        // A token has one issuer.
        found.truncate(1);
    }
    let mut base = Facts::new();
    base.insert("look".into(), look.as_str().into());
    for (key, of) in [
        ("redirect_uri", "provider"),
        ("custom_domain", "provider"),
        ("hosted_domain", "token"),
    ] {
        if let Some(text) = given(key)?.filter(|_| look == of) {
            base.insert(key.into(), text.into());
        }
    }
    if look == "token" {
        let token = given("token_variable")?.unwrap_or_else(|| TOKEN.into());
        let nonce = given("nonce_variable")?.unwrap_or_else(|| NONCE.into());
        base.insert("token_variable".into(), token.into());
        base.insert("nonce_variable".into(), nonce.into());
    }
    if found.is_empty() {
        return Ok(vec![base]);
    }
    let (id, secret) = (
        given("client_id_variable")?,
        given("client_secret_variable")?,
    );
    let complete = |one: Found| {
        let mut look = base.clone();
        let google = one.provider == "google";
        match &issuer {
            Some(issuer) if named.is_some() || google => {
                look.insert("issuer".into(), issuer.as_str().into());
            }
            _ if google => {
                let set = environment.get(GOOGLE_ISSUER).map(|one| one.value.trim());
                let issuer = set.filter(|text| !text.is_empty()).unwrap_or(GOOGLE);
                look.insert("issuer".into(), issuer.into());
            }
            _ => {
                let variable = one.issuer_variable.unwrap_or_default();
                look.insert("issuer_variable".into(), variable.into());
            }
        }
        look.insert("provider".into(), one.provider.into());
        let id = id.clone().unwrap_or(one.id);
        look.insert("client_id_variable".into(), id.into());
        let secret = secret.clone().unwrap_or(one.secret);
        look.insert("client_secret_variable".into(), secret.into());
        look
    };
    Ok(found.into_iter().map(complete).collect())
}

/// Every provider whose client id is set: Google first, then those with an issuer of their own.
fn configured(environment: &Environment) -> Vec<Found> {
    let mut found = Vec::new();
    let google = by_name("google", environment);
    if is_set(environment, &google.id) {
        found.push(google);
    }
    for variable in &environment.variables {
        let Some(prefix) = variable.name.strip_suffix("_ISSUER") else {
            continue;
        };
        let word = prefix.strip_prefix("AUTH_").unwrap_or(prefix);
        if word.is_empty() || word == "GOOGLE" || word.starts_with("HOLDPOINT") {
            continue;
        }
        let one = by_name(&word.to_ascii_lowercase().replace('_', "-"), environment);
        let known = found
            .iter()
            .any(|known: &Found| known.provider == one.provider);
        // An issuer alone may be that of an application's own tokens.
        if !known && is_set(environment, &variable.name) && is_set(environment, &one.id) {
            found.push(one);
        }
    }
    found
}

/// The variables of a provider: those that are set, else those that Auth.js 5 reads.
fn by_name(provider: &str, environment: &Environment) -> Found {
    let provider = provider.to_ascii_lowercase();
    let word = provider.to_ascii_uppercase().replace('-', "_");
    if provider == "google" {
        let (id, secret) = GOOGLE_NAMES
            .iter()
            .find(|(id, _)| is_set(environment, id))
            .unwrap_or(&GOOGLE_NAMES[0]);
        return Found {
            provider,
            issuer_variable: None,
            id: (*id).into(),
            secret: (*secret).into(),
        };
    }
    let first = |names: Vec<String>| {
        let set = names.iter().find(|name| is_set(environment, name));
        set.or_else(|| names.first()).cloned().unwrap_or_default()
    };
    Found {
        issuer_variable: Some(first(vec![
            format!("AUTH_{word}_ISSUER"),
            format!("{word}_ISSUER"),
        ])),
        id: first(vec![
            format!("AUTH_{word}_ID"),
            format!("{word}_CLIENT_ID"),
            format!("{word}_ID"),
        ]),
        secret: first(vec![
            format!("AUTH_{word}_SECRET"),
            format!("{word}_CLIENT_SECRET"),
            format!("{word}_SECRET"),
        ]),
        provider,
    }
}

fn is_set(environment: &Environment, name: &str) -> bool {
    environment
        .get(name)
        .is_some_and(|variable| !variable.value.trim().is_empty())
}

impl Asked {
    /// Reads the parameters of one look as [`looks`] wrote them.
    pub(super) fn of(parameters: &Facts) -> Self {
        let text = |name: &str| {
            let value = parameters.get(name).and_then(Value::as_str);
            value.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let or_empty = |name: &str| text(name).unwrap_or_default();
        Self {
            look: text("look").unwrap_or_else(|| LOOKS[0].into()),
            provider: text("provider"),
            issuer: text("issuer"),
            issuer_variable: text("issuer_variable"),
            client_id_variable: or_empty("client_id_variable"),
            client_secret_variable: or_empty("client_secret_variable"),
            redirect_uri: text("redirect_uri"),
            custom_domain: or_empty("custom_domain"),
            token_variable: or_empty("token_variable"),
            nonce_variable: or_empty("nonce_variable"),
            hosted_domain: or_empty("hosted_domain"),
        }
    }

    /// The provider's issuer, where it is written in the check or a variable holds it.
    pub(super) fn issuer<'a>(&'a self, environment: &'a Environment) -> Option<&'a str> {
        let held = || {
            let variable = environment.get(self.issuer_variable.as_deref()?)?;
            Some(variable.value.trim())
        };
        self.issuer
            .as_deref()
            .or_else(held)
            .filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Variable, VariableOrigin};

    fn environment(names: &[&str]) -> Environment {
        Environment {
            variables: names
                .iter()
                .map(|name| Variable {
                    name: (*name).into(),
                    value: "x".into(),
                    raw: "x".into(),
                    origin: VariableOrigin::Process,
                    secret: false,
                    shadowed: vec![],
                })
                .collect(),
            ..Environment::default()
        }
    }

    fn found(names: &[&str]) -> Vec<(String, String, String, Option<String>)> {
        configured(&environment(names))
            .into_iter()
            .map(|one| (one.provider, one.id, one.secret, one.issuer_variable))
            .collect()
    }

    #[test]
    fn providers_are_found_by_their_variables() {
        let of = |provider: &str, id: &str, secret: &str, issuer: Option<&str>| {
            (
                provider.to_owned(),
                id.to_owned(),
                secret.to_owned(),
                issuer.map(str::to_owned),
            )
        };
        assert_eq!(
            found(&["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"]),
            [of(
                "google",
                "GOOGLE_CLIENT_ID",
                "GOOGLE_CLIENT_SECRET",
                None
            )]
        );
        assert_eq!(
            found(&["AUTH_GOOGLE_ID"]),
            [of("google", "AUTH_GOOGLE_ID", "AUTH_GOOGLE_SECRET", None)]
        );
        assert_eq!(
            found(&[
                "AUTH_KEYCLOAK_ID",
                "AUTH_KEYCLOAK_ISSUER",
                "AUTH_KEYCLOAK_SECRET"
            ]),
            [of(
                "keycloak",
                "AUTH_KEYCLOAK_ID",
                "AUTH_KEYCLOAK_SECRET",
                Some("AUTH_KEYCLOAK_ISSUER")
            )]
        );
        assert_eq!(
            found(&["AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_ISSUER"]),
            [of(
                "auth0",
                "AUTH0_CLIENT_ID",
                "AUTH0_CLIENT_SECRET",
                Some("AUTH0_ISSUER")
            )]
        );
        assert_eq!(
            found(&[
                "AUTH_MICROSOFT_ENTRA_ID_ID",
                "AUTH_MICROSOFT_ENTRA_ID_ISSUER"
            ])[0]
                .0,
            "microsoft-entra-id"
        );
        // An application's own tokens, and a secret without an id.
        assert_eq!(
            found(&["JWT_ISSUER", "JWT_SECRET", "GOOGLE_CLIENT_SECRET"]),
            []
        );
    }
}
