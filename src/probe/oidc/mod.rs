//! The oidc probe: whether an OpenID provider knows the application's client, callback and secret, and
//! what the running application sends to it.

mod application;
mod ask;
mod auth_error;
mod authorization;
mod callbacks;
mod cookie;
mod discovery;
mod facts;
mod judged;
mod parameters;
mod provider;
mod redeem;
mod redirect_uri;
mod refusal;
mod request;
mod secret;
mod sent;
mod token;

use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Level};
use futures_util::future::BoxFuture;
use parameters::Asked;
use url::Url;

/// Asks OpenID providers.
pub(super) struct Oidc;

impl Probe for Oidc {
    fn spec(&self) -> ProbeSpec {
        ProbeSpec {
            name: "oidc",
            version: 1,
            summary: "Asks Google, or any other OpenID provider that the variables configure, whether it knows the client id, \
                the callback and the client secret; starts a sign-in at the running application and looks at what it sends; \
                or judges an ID token. Nobody is signed in, no code is redeemed, and nothing is created anywhere: the provider \
                is asked with a code that was made up, and once more with a secret that is damaged.",
            level: Level::Live,
            exclusive: false,
            needs_target: false,
            parameters: parameters::declared(),
            facts: facts::declared(),
        }
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        parameters::looks(parameters, context)
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        let asked = Asked::of(parameters);
        let provider = asked.provider.as_deref().unwrap_or("OpenID provider");
        match asked.look.as_str() {
            "application" => format!("sign-in with {provider}"),
            "token" => format!("ID token of {provider}"),
            _ => provider.to_owned(),
        }
    }

    fn origin(&self, parameters: &Facts, context: &Context) -> Option<String> {
        let asked = Asked::of(parameters);
        let url = match (asked.look.as_str(), &context.target) {
            ("application", Some(target)) => target.url.clone(),
            _ => Url::parse(asked.issuer(&context.environment)?).ok()?,
        };
        let host = url.host_str()?;
        let port = url.port_or_known_default()?;
        Some(format!("{}://{host}:{port}", url.scheme()))
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let asked = Asked::of(parameters);
            match asked.look.as_str() {
                "application" => application::look(&asked, context).await,
                "token" => judged::look(&asked, context).await,
                _ => provider::look(&asked, context).await,
            }
        })
    }
}
