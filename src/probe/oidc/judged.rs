//! Judges an ID token that a test has left in a variable, by the keys that its provider publishes now.

use super::ask::{Asker, used, variable};
use super::discovery::{self, Defect};
use super::parameters::Asked;
use super::provider::{absent, fetch_metadata, tail};
use super::token::{self, Expected, Judgement};
use crate::probe::{Context, Sighting, Transient};
use serde_json::{Map, Value, json};

/// Looks at the token.
pub(super) async fn look(asked: &Asked, context: &Context) -> Sighting {
    let Some(token) = variable(context, &asked.token_variable) else {
        return absent(&format!(
            "no ID token is given: {} is not set",
            asked.token_variable
        ));
    };
    context.secrets.register(&token.name, token.value.trim());
    let nonce = variable(context, &asked.nonce_variable);
    if let Some(nonce) = nonce {
        context.secrets.register(&nonce.name, nonce.value.trim());
    }
    let Some(id) = variable(context, &asked.client_id_variable) else {
        return absent("no OpenID provider is configured: no client id is set");
    };
    let Some(issuer) = asked.issuer(&context.environment) else {
        return absent("the provider's issuer is not set");
    };
    let mut transient = None;
    let judgement = match keys(issuer, context).await {
        Ok((issuer, keys)) => token::judge(
            token.value.trim(),
            &keys,
            &Expected {
                issuer: &issuer,
                client_id: id.value.trim(),
                nonce: nonce.map(|nonce| nonce.value.trim()),
                hosted_domain: (!asked.hosted_domain.is_empty())
                    .then_some(asked.hosted_domain.as_str()),
                now: context.now,
            },
        ),
        Err((cause, passing)) => {
            transient = passing;
            Judgement {
                cause: Some(cause),
                ..Judgement::default()
            }
        }
    };
    let mut facts = super::facts::empty();
    let mut set = |name: &str, value: Value| facts.insert(name.into(), value);
    set("provider", json!(asked.provider));
    set("issuer", issuer.into());
    let mut client = used(id, context);
    client["tail"] = tail(id.value.trim()).into();
    client["project_number"] = Value::Null;
    set("client_id", client);
    let rules: Map<String, Value> = token::RULES
        .iter()
        .map(|(name, _)| {
            let told = judgement.rules.get(*name).cloned();
            ((*name).to_owned(), told.unwrap_or(Value::Null))
        })
        .collect();
    set(
        "token",
        json!({
            "algorithm": judgement.algorithm,
            "expires_in": judgement.expires_in,
            "rules": rules,
            "problems": judgement.problems,
            "cause": judgement.cause,
            "source": used(token, context),
        }),
    );
    Sighting {
        transient,
        ..Sighting::of(facts)
    }
}

/// The provider's own name and its keys.
async fn keys(
    issuer: &str,
    context: &Context,
) -> Result<(String, Value), (String, Option<Transient>)> {
    let asker = Asker::new(context);
    let address =
        discovery::address(issuer).ok_or_else(|| ("the issuer is not an address".into(), None))?;
    let metadata = fetch_metadata(&asker, issuer, address)
        .await
        .map_err(|(Defect::Broken(cause, _) | Defect::Untold(cause), passing)| (cause, passing))?;
    let answer = asker
        .json(metadata.jwks_uri.clone())
        .await
        .map_err(|fault| {
            let cause = format!(
                "the provider's keys could not be fetched: {}",
                fault.hindrance.cause
            );
            (cause, None)
        })?;
    discovery::read_keys(&answer)
        .map_err(|(Defect::Broken(cause, _) | Defect::Untold(cause))| (cause, None))?;
    Ok((metadata.issuer, answer.json().unwrap_or_default()))
}
