//! The rungs of the request that the application sends: client id, callback, the provider's answer, protection.

use super::application::{Seen, Visit};
use super::authorization::{self, Blame, Outcome};
use super::callbacks::{client_remedy, distrust, uri_remedy};
use super::discovery::Metadata;
use super::provider::tail;
use super::redirect_uri;
use super::sent::Sent;
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
        // Another domain of the same application is right where its settings say so.
        let named = ["AUTH_URL", "NEXTAUTH_URL"].into_iter().filter_map(|name| {
            let variable = self.context.environment.get(name)?;
            Url::parse(variable.value.trim())
                .ok()
                .filter(|url| !redirect_uri::is_loopback(url))
        });
        let mut wanted = std::iter::once(self.target.url.clone()).chain(named);
        if Url::parse(uri).is_ok_and(|uri| wanted.any(|wanted| same_origin(&uri, &wanted))) {
            ladder.held("redirect_uri");
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

/// The same origin; the names of this machine count as one, because Next.js writes one for another.
fn same_origin(a: &Url, b: &Url) -> bool {
    let local = redirect_uri::is_loopback(a) && redirect_uri::is_loopback(b);
    a.origin() == b.origin()
        || (local
            && a.scheme() == b.scheme()
            && a.port_or_known_default() == b.port_or_known_default())
}

/// Whether the request ties the sign-in to the browser.
pub(super) fn protected(sent: &Sent, ladder: &mut Ladder, seen: &Seen) {
    let pkce = sent.challenge_method.as_deref() == Some("S256");
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
    } else if seen.cookies.is_empty() {
        ladder.untold(
            "protected",
            "no cookie of a known name keeps the state or the PKCE verifier",
        );
    } else {
        ladder.held("protected");
    }
}
