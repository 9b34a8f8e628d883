//! The rungs of the request that the application sends: client id, callback, the provider's answer, protection.

use super::application::{Seen, Visit};
use super::authorization::{self, Blame, Outcome};
use super::callbacks::{client_remedy, distrust, uri_remedy};
use super::discovery::Metadata;
use super::provider::tail;
use super::redirect_uri;
use super::sent::Sent;
use crate::model::{is_loopback, same_origin};
use crate::probe::ladder::Ladder;
use url::Url;

impl Visit<'_> {
    pub(super) fn sends_client(&self, sent: &Sent, ladder: &mut Ladder, seen: &mut Seen) {
        let matches = sent.client_id == self.client_id;
        seen.matches = Some(matches);
        if matches {
            ladder.held("client");
        } else {
            ladder.broke(
                "client",
                format!(
                    "the running application sends the client id {}, and {} is configured",
                    tail(&sent.client_id),
                    tail(self.client_id)
                ),
                "set the same client id for the deployment as here, and deploy again: a variable takes effect with the next deployment",
            );
        }
    }

    pub(super) fn sends_callback(&self, sent: &Sent, ladder: &mut Ladder, seen: &Seen) {
        let own = format!(
            "set NEXTAUTH_URL (AUTH_URL with Auth.js 5) of the deployment to {} and deploy again; behind a proxy forward Host and X-Forwarded-Proto",
            self.target.url.as_str().trim_end_matches('/')
        );
        let Some(uri) = &sent.redirect_uri else {
            ladder.broke(
                "redirect_uri",
                "the application sends no redirect_uri",
                &own,
            );
            return;
        };
        if seen
            .published
            .as_ref()
            .is_some_and(|published| published != uri)
        {
            ladder.untold(
                "redirect_uri",
                format!(
                    "the application publishes the callback {} and sends {uri}",
                    seen.published.as_deref().unwrap_or_default()
                ),
            );
            return;
        }
        let at = |wanted: &Url| Url::parse(uri).is_ok_and(|uri| same_origin(&uri, wanted));
        // Another domain of the same application may be right where its settings say so.
        let named = ["AUTH_URL", "NEXTAUTH_URL"].into_iter().find(|name| {
            let variable = self.context.environment.get(name);
            let url = variable.and_then(|variable| Url::parse(variable.value.trim()).ok());
            url.is_some_and(|url| !is_loopback(&url) && at(&url))
        });
        if at(&self.target.url) {
            ladder.held("redirect_uri");
        } else if let Some(name) = named {
            ladder.untold(
                "redirect_uri",
                format!(
                    "users are sent back to {uri}, as {name} says; a sign-in that begins at {} loses its cookies there. \
                     Give the address that people use as the target",
                    self.target.url
                ),
            );
        } else {
            ladder.broke(
                "redirect_uri",
                format!(
                    "the application is reached at {} and sends users back to {uri}",
                    self.target.url
                ),
                &own,
            );
        }
    }

    /// Asks the provider with the very request, and once more with a callback that nobody registered.
    pub(super) async fn is_accepted(&self, sent: &Sent, metadata: &Metadata, ladder: &mut Ladder) {
        let Some(uri) = sent.redirect_uri.as_deref() else {
            return;
        };
        let bogus = redirect_uri::unregistered(uri, &self.context.run);
        let silent = self.provider != "google";
        let ask = async |uri: &str| {
            let url = sent.with(uri, silent);
            match self.asker.page(url.clone()).await {
                Ok(answer) => authorization::outcome(
                    &url,
                    uri,
                    answer.status,
                    answer.header("location"),
                    &answer.text(),
                ),
                Err(fault) => Outcome::Untold(fault.hindrance.cause),
            }
        };
        let (outcome, control) = tokio::join!(ask(uri), ask(&bogus));
        match (outcome, control) {
            (Outcome::Accepted { .. }, Outcome::Refused { .. }) => ladder.held("accepted"),
            (
                Outcome::Refused {
                    code,
                    blame: Blame::RedirectUri,
                },
                Outcome::Refused { .. },
            ) => {
                let remedy = uri_remedy(self.provider, &metadata.issuer, &sent.client_id, uri);
                ladder.broke(
                    "accepted",
                    format!("the provider refuses the callback that the application sends, {uri} ({code})"),
                    &remedy,
                );
            }
            (
                Outcome::Refused {
                    code,
                    blame: Blame::Client,
                },
                Outcome::Refused { .. },
            ) => {
                let remedy = client_remedy(self.provider, &metadata.issuer);
                ladder.broke(
                    "accepted",
                    format!("the provider refuses the client id that the application sends, {} ({code})", tail(&sent.client_id)),
                    &remedy,
                );
            }
            (Outcome::Accepted { .. }, control) => ladder.untold("accepted", distrust(&control)),
            (other, _) => ladder.untold("accepted", other.told()),
        }
    }
}

/// Whether the request ties the sign-in to the browser.
pub(super) fn protected(sent: &Sent, ladder: &mut Ladder, seen: &Seen) {
    let pkce = sent.challenge_method.as_deref() == Some("S256");
    let keeps = |wanted| seen.cookies.iter().any(|(_, purpose)| *purpose == wanted);
    let remedy = "take out checks: [\"none\"] from the provider's options: next-auth 4 and Auth.js 5 protect Google's sign-in by themselves; for a provider of your own write checks: [\"pkce\", \"state\"]";
    if sent
        .challenge_method
        .as_deref()
        .is_some_and(|method| method != "S256")
    {
        ladder.broke("protected", "PKCE is used without SHA-256", remedy);
    } else if !pkce && !sent.state {
        ladder.broke(
            "protected",
            "the application sends neither a state nor PKCE, so anybody can finish a sign-in in a victim's browser",
            remedy,
        );
    } else if !(sent.state && keeps("state") || pkce && keeps("pkce")) {
        ladder.untold(
            "protected",
            "no cookie of a known name keeps the state or the PKCE verifier that is sent",
        );
    } else {
        ladder.held("protected");
    }
}

#[cfg(test)]
mod tests {
    use super::super::cookie;
    use super::super::sent::{Start, start};
    use super::*;
    use crate::probe::transport::Fetched;
    use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
    use serde_json::Value;

    /// The rung of a sign-in that sends this, and sets a cookie of this name.
    fn rung(sent: &str, cookie: &str) -> Value {
        let mut headers = HeaderMap::new();
        let location = format!("https://id.example/auth?client_id=c&{sent}");
        headers.insert(LOCATION, location.parse().unwrap());
        headers.insert(SET_COOKIE, format!("{cookie}=0123456789").parse().unwrap());
        let answer = Fetched {
            status: 302,
            headers,
            ..Fetched::default()
        };
        let endpoint = Url::parse("https://id.example/auth").unwrap();
        let Start::Leads(sent) = start(&endpoint, &answer, &endpoint) else {
            panic!("it leads to the provider")
        };
        let mut seen = Seen::default();
        seen.cookies = cookie::guards(&answer, 0);
        let mut ladder = Ladder::new(super::super::application::RUNGS);
        protected(&sent, &mut ladder, &seen);
        ladder.into_fact()["protected"]["ok"].clone()
    }

    #[test]
    fn what_protects_is_what_the_browser_keeps() {
        let pkce = "code_challenge=x&code_challenge_method=S256";
        assert_eq!(rung("state=s1", "next-auth.state"), true);
        assert_eq!(rung(pkce, "__Secure-authjs.pkce.code_verifier"), true);
        // A nonce in a cookie does not hold a state, nor a state a verifier.
        assert_eq!(rung("state=s1&nonce=n1", "next-auth.nonce"), Value::Null);
        assert_eq!(rung(pkce, "authjs.state"), Value::Null);
        assert_eq!(rung("nonce=n1", "next-auth.nonce"), false);
    }
}
