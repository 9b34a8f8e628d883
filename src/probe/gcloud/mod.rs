//! The gcloud probe: whether the client id of a Google sign-in belongs to a project that is active.

use super::ladder::{self, Ladder, Rungs};
use super::transport::{Fetched, keeps_secrets};
use super::{Context, ParameterSpec, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{FactKind, FactSpec, Facts, Hindrance, HindranceKind, Level};
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use url::Url;

const RUNGS: Rungs = &[
    (
        "client",
        "the client id has the form of Google's, which begins with the number of its project",
    ),
    ("token", "Google Cloud takes the token"),
    ("project", "the project is there and active"),
];

const BASE_URL: &str = "https://cloudresourcemanager.googleapis.com";
const BILLING_URL: &str = "https://cloudbilling.googleapis.com";
/// Access tokens live for an hour (cloud.google.com/docs/authentication/token-types).
const TOKEN_HELP: &str = "set GOOGLE_CLOUD_TOKEN to the output of `gcloud auth print-access-token` of an account that may read the project";

/// Asks Google Cloud's Resource Manager.
pub(super) struct Gcloud;

impl Probe for Gcloud {
    fn spec(&self) -> ProbeSpec {
        use FactKind::{Bool, Int, Text};
        let optional = FactKind::optional;
        ProbeSpec {
            name: "gcloud",
            version: 1,
            summary: "Asks Google Cloud by a token which project the OAuth client belongs to, whether it is active, and \
                whether billing is on. Reads two resources and changes nothing.",
            level: Level::Live,
            exclusive: false,
            needs_target: false,
            parameters: vec![
                ParameterSpec::optional(
                    "base_url",
                    Text,
                    "the Resource Manager's address; default https://cloudresourcemanager.googleapis.com",
                ),
                ParameterSpec::optional(
                    "billing_url",
                    Text,
                    "the Billing API's address; default https://cloudbilling.googleapis.com",
                ),
                ParameterSpec::optional(
                    "variable",
                    Text,
                    "the variable with the token; default GOOGLE_CLOUD_TOKEN",
                ),
                ParameterSpec::optional(
                    "client_variable",
                    Text,
                    "the variable with the client id; default GOOGLE_CLIENT_ID or AUTH_GOOGLE_ID",
                ),
            ],
            facts: vec![
                ladder::declared(RUNGS),
                FactSpec::new("variable", Text, "the variable that holds the token"),
                FactSpec::new("length", Int, "the characters of the token"),
                FactSpec::new(
                    "fingerprint",
                    Text,
                    "eight hexadecimal digits that are equal where tokens are equal",
                ),
                FactSpec::new(
                    "number",
                    optional(Text),
                    "the project's number, from the client id",
                ),
                FactSpec::new("id", optional(Text), "the project's id"),
                FactSpec::new(
                    "name",
                    optional(Text),
                    "the project's name, as people see it",
                ),
                FactSpec::new(
                    "state",
                    optional(Text),
                    "ACTIVE, DELETE_REQUESTED or another word of the API's",
                ),
                FactSpec::new(
                    "billing",
                    optional(Bool),
                    "billing is on, which a sign-in does not need; null where the token may not see it",
                ),
            ],
        }
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let mut look = parameters.clone();
        look.entry("base_url").or_insert_with(|| BASE_URL.into());
        look.entry("billing_url")
            .or_insert_with(|| BILLING_URL.into());
        for (key, value) in &look {
            if value.as_str().is_none_or(str::is_empty) {
                return Err(format!("{key}: {value} is not a text"));
            }
        }
        address(&look, "base_url")?;
        address(&look, "billing_url")?;
        Ok(vec![look])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "the project at Google Cloud".into()
    }

    fn origin(&self, parameters: &Facts, _: &Context) -> Option<String> {
        let base = address(parameters, "base_url").ok()?;
        Some(base.origin().ascii_serialization())
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            look(parameters, context)
                .await
                .map_or_else(Sighting::hindered, Sighting::of)
        })
    }
}

async fn look(parameters: &Facts, context: &Context) -> Result<Facts, Hindrance> {
    let absent = |cause: &str| Hindrance::new(HindranceKind::Absent, cause);
    let set = |names: &[&str]| {
        let mut variables = names
            .iter()
            .filter_map(|name| context.environment.get(name));
        variables.find(|variable| !variable.value.trim().is_empty())
    };
    let client = match parameters.get("client_variable").and_then(Value::as_str) {
        Some(name) => set(&[name]),
        None => set(&["GOOGLE_CLIENT_ID", "AUTH_GOOGLE_ID"]),
    };
    let client = client.ok_or_else(|| absent("no variable holds a client id of Google"))?;
    let name = parameters.get("variable").and_then(Value::as_str);
    let token = set(&[name.unwrap_or("GOOGLE_CLOUD_TOKEN")]).ok_or_else(|| {
        absent(&format!(
            "only a token of Google Cloud decides this: {TOKEN_HELP}"
        ))
    })?;
    context.secrets.register(&token.name, &token.value);
    let mut facts = json!({
        "variable": token.name,
        "length": token.value.trim().chars().count(),
        "fingerprint": context.secrets.fingerprint(token.value.trim()),
        "number": null, "id": null, "name": null, "state": null, "billing": null,
    });
    let mut ladder = Ladder::new(RUNGS);
    match number(&client.value) {
        Some(number) => {
            facts["number"] = number.into();
            ladder.held("client");
            climb(number, token.value.trim(), parameters, context, &mut ladder, &mut facts).await;
        }
        None => ladder.broke(
            "client",
            format!("{} does not begin with the number of a project", client.name),
            "copy the client id from the Google Cloud console, APIs and services, credentials: NUMBER-….apps.googleusercontent.com",
        ),
    }
    facts["steps"] = ladder.into_fact();
    Ok(facts.as_object().cloned().unwrap_or_default())
}

/// The digits before the first dash of a client id are the number of its project.
fn number(client_id: &str) -> Option<&str> {
    let (number, _) = client_id
        .trim()
        .strip_suffix(".apps.googleusercontent.com")?
        .split_once('-')?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

async fn climb(
    number: &str,
    token: &str,
    parameters: &Facts,
    context: &Context,
    ladder: &mut Ladder,
    facts: &mut Value,
) {
    let path = format!("/v3/projects/{number}");
    let answer = match ask(parameters, "base_url", &path, token, context).await {
        Ok(answer) => answer,
        Err(cause) => return ladder.untold("token", cause),
    };
    let told = answer.json().unwrap_or_default();
    let word = |key: &str| told.get(key).and_then(Value::as_str);
    match (answer.status, word("state")) {
        (200, Some(state)) => {
            ladder.held("token");
            facts["id"] = word("projectId").into();
            facts["name"] = word("displayName").into();
            facts["state"] = state.into();
            if state == "ACTIVE" {
                ladder.held("project");
            } else {
                ladder.broke(
                    "project",
                    format!("the project {number} of the client id is not active: {state}"),
                    "restore the project in the Google Cloud console within 30 days of its deletion, or make a client in another project",
                );
            }
        }
        (401, _) => ladder.broke(
            "token",
            "Google Cloud does not take the token: it is wrong, or older than an hour",
            TOKEN_HELP,
        ),
        // The API says the same of projects that are not there and of those that are not shown.
        (403 | 404, _) => {
            ladder.held("token");
            ladder.untold(
                "project",
                format!("the token's account may not read the project {number}, or there is none; it needs the role Browser"),
            );
        }
        (status, _) => ladder.untold(
            "token",
            format!("an answer of Google Cloud that tells nothing (status {status})"),
        ),
    }
    let Some(id) = facts["id"].as_str() else {
        return;
    };
    let path = format!("/v1/projects/{id}/billingInfo");
    // Only shown: what the token may not see here changes nothing.
    if let Ok(answer) = ask(parameters, "billing_url", &path, token, context).await
        && answer.status == 200
    {
        let told = answer.json().unwrap_or_default();
        facts["billing"] = told.get("billingEnabled").and_then(Value::as_bool).into();
    }
}

async fn ask(
    parameters: &Facts,
    base: &str,
    path: &str,
    token: &str,
    context: &Context,
) -> Result<Fetched, String> {
    let url = address(parameters, base)?
        .join(path)
        .map_err(|error| format!("{base}: {error}"))?;
    let mut request = Request::new(Method::GET, url);
    let mut header = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| "the token holds a character that no header may hold".to_owned())?;
    header.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, header);
    context
        .transport
        .fetch(request, context.deadline())
        .await
        .map_err(|fault| format!("Google Cloud could not be asked: {}", fault.hindrance.cause))
}

fn address(parameters: &Facts, key: &str) -> Result<Url, String> {
    let text = parameters
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default();
    let url = Url::parse(text).map_err(|error| format!("{key}: {text} is no address: {error}"))?;
    if keeps_secrets(&url) {
        Ok(url)
    } else {
        Err(format!(
            "{key}: {text} is neither an https address nor this machine"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_begins_with_its_project() {
        let id = "415104041262-abc.apps.googleusercontent.com";
        assert_eq!(number(id), Some("415104041262"));
        for wrong in [
            "",
            "abc.apps.googleusercontent.com",
            "12x-a.apps.googleusercontent.com",
            "415-abc",
            "-a.apps.googleusercontent.com",
        ] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
