//! The look `endpoints`: what everybody may ask, and what it tells of the deployment's configuration.

use super::away::{self, FOREIGN};
use super::climb::{Climb, End, Opening, csrf_pair, is_uncached};
use super::configured::{self, shown};
use super::jwe::Edition;
use super::site::Answer;
use crate::model::same_origin;
use serde_json::{Value, json};
use url::Url;

const NO_LIBRARY: &str = "look at what answers below this path: neither NextAuth nor Auth.js does; where the handler lies elsewhere, say so by HOLDPOINT_NEXTAUTH_PATH=/path, or by base_path in a check of your own";

const ONE_SECRET: &str = "give every instance and region the same NEXTAUTH_SECRET (AUTH_SECRET for Auth.js 5) and deploy all of them again; until then people are signed out whenever another instance answers";

/// A provider as the endpoint lists it.
struct Provider {
    id: String,
    kind: String,
    callback: Url,
}

pub(super) async fn look(climb: &mut Climb<'_>) -> Result<(), End> {
    let opening = climb.open().await?;
    configured_address(climb, opening.edition);
    let asked = climb.asked("csrf");
    let csrf = climb.site.get("csrf", "", &[], climb.until).await;
    let csrf = csrf.map_err(|fault| climb.unanswered("answer", &asked, fault))?;
    // Auth.js lets an application switch it off; then it is missing, and nothing is wrong.
    if csrf.status != 404 {
        let json = climb.json("answer", &asked, &csrf)?;
        if !json["csrfToken"].is_string() {
            climb
                .ladder
                .broke("answer", format!("{asked} gives no token"), NO_LIBRARY);
            return Err(End::Told);
        }
    }
    compare_instances(climb, &opening, &csrf);
    climb.tell("prefixed", opening.prefixed);
    let cookies: Vec<_> = csrf.cookies.iter().map(|one| climb.cookie(one)).collect();
    climb.tell("cookies", cookies);
    climb.tell(
        "uncached",
        is_uncached(csrf.cache_control.as_deref()) && is_uncached(opening.cache_control.as_deref()),
    );
    let asked = climb.asked("providers");
    let answer = climb.site.get("providers", "", &[], climb.until).await;
    let answer = answer.map_err(|fault| climb.unanswered("answer", &asked, fault))?;
    let json = climb.json("answer", &asked, &answer)?;
    let Some(providers) = providers(&json) else {
        climb.ladder.broke(
            "answer",
            format!("{asked} gives no list of providers"),
            NO_LIBRARY,
        );
        return Err(End::Told);
    };
    callbacks(climb, &providers, opening.edition);
    // What follows adds to the facts; without an answer they stay unknown.
    climb.tell("trusts_foreign_host", foreign_host(climb, &providers).await);
    let kept = away::kept(climb).await;
    climb.tell(
        "keeps_foreign_callback",
        kept.as_ref().map(|kept| !kept.is_empty()),
    );
    climb.tell("foreign_callbacks", kept);
    Ok(())
}

/// Behind a load balancer another instance may have given this answer: does it sign with the same secret?
fn compare_instances(climb: &mut Climb<'_>, opening: &Opening, csrf: &Answer) {
    let (Some(_), Some((_, pair))) = (&opening.csrf, csrf_pair(csrf)) else {
        return;
    };
    let named = climb.text("variable");
    let candidates = configured::secrets(&climb.context.environment, named, opening.edition);
    let second = candidates.iter().find(|one| pair.is_of(&one.signs));
    let only_one = match (&opening.secret, second) {
        (Some(secret), None) | (None, Some(secret)) => &secret.variable,
        _ => return,
    };
    let cause = format!(
        "some instances of the deployment sign with {only_one}, and others with another secret"
    );
    climb.ladder.broke("secret", cause, ONE_SECRET);
}

fn configured_address(climb: &mut Climb<'_>, edition: Option<Edition>) {
    let named = climb.text("url_variable");
    let address = configured::address(&climb.context.environment, named, edition);
    let target = &climb.site.target().url;
    let fact = address.map(|address| {
        json!({
            "variable": address.variable,
            "origin": address.origin,
            "address": address.url.as_ref().map(shown),
            "is_target": address.url.as_ref().map(|url| same_origin(url, target)),
        })
    });
    climb.tell("configured_url", fact);
}

/// The listed providers; none where the answer is no such list.
fn providers(json: &Value) -> Option<Vec<Provider>> {
    let one = |provider: &Value| {
        Some(Provider {
            id: provider["id"].as_str()?.to_owned(),
            kind: provider["type"].as_str()?.to_owned(),
            callback: Url::parse(provider["callbackUrl"].as_str()?).ok()?,
        })
    };
    json.as_object()?.values().map(one).collect()
}

fn callbacks(climb: &mut Climb<'_>, providers: &[Provider], edition: Option<Edition>) {
    let is_target = |provider: &Provider| {
        let own = climb.site.address(&format!("callback/{}", provider.id));
        same_origin(&provider.callback, &own) && provider.callback.path() == own.path()
    };
    let facts: Vec<_> = providers
        .iter()
        .map(|provider| {
            let (mut callback, is_target) = (provider.callback.clone(), is_target(provider));
            callback.set_query(None);
            json!({
                "id": provider.id,
                "kind": provider.kind,
                "callback": callback.as_str(),
                "callback_is_target": is_target,
            })
        })
        .collect();
    let named = climb.text("url_variable");
    let configured = configured::address(&climb.context.environment, named, edition);
    let every = |holds: &dyn Fn(&Provider) -> bool| {
        (!providers.is_empty()).then(|| providers.iter().all(holds))
    };
    let are_target = every(&is_target);
    let are_configured = configured
        .and_then(|address| address.url)
        .and_then(|url| every(&|provider: &Provider| same_origin(&provider.callback, &url)));
    climb.tell(
        "published",
        providers.first().map(|first| shown(&first.callback)),
    );
    climb.tell("providers", facts);
    climb.tell("callbacks_are_target", are_target);
    climb.tell("callbacks_are_configured", are_configured);
}

/// Does a host that the client names appear in callback addresses? The query keeps the answer out of caches.
async fn foreign_host(climb: &Climb<'_>, providers_before: &[Provider]) -> Option<bool> {
    providers_before.first()?;
    let endpoint = format!("providers?holdpoint={}", climb.context.run);
    let headers = [("x-forwarded-host", FOREIGN)];
    let answer = climb
        .site
        .get(&endpoint, "", &headers, climb.until)
        .await
        .ok()?;
    // A refusal of the strange host is an answer too, but not every refusal is for that reason.
    let listed = providers(answer.json.as_ref().filter(|_| answer.status == 200)?)?;
    Some(
        listed
            .iter()
            .any(|provider| provider.callback.host_str() == Some(FOREIGN)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_providers_has_their_addresses() {
        let good = json!({ "google": {
            "id": "google", "name": "Google", "type": "oauth",
            "signinUrl": "https://a.example/api/auth/signin/google",
            "callbackUrl": "https://a.example/api/auth/callback/google",
        } });
        assert_eq!(providers(&good).unwrap()[0].id, "google");
        assert!(providers(&json!({})).is_some_and(|list| list.is_empty()));
        for bad in [
            json!([]),
            json!(null),
            json!({ "status": "ok" }),
            json!({ "google": { "id": "google", "type": "oauth", "callbackUrl": "/callback" } }),
        ] {
            assert!(providers(&bad).is_none(), "{bad}");
        }
    }
}
