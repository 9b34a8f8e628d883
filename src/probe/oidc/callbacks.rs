//! The rungs of client id and callbacks: what the provider says to each callback, and to one that nobody
//! registered.

use super::authorization::{self, Blame, Outcome, Request};
use super::discovery::Metadata;
use super::provider::{Climb, Seen, tail};
use super::redirect_uri::{self, Candidate, Use};
use crate::probe::ladder::Ladder;
use futures_util::future::join_all;
use serde_json::{Value, json};
use url::Url;

impl Climb<'_> {
    /// Asks about every callback and about one that nobody registered, all at once, and judges the
    /// client id and the callback of the deployment.
    pub(super) async fn client(
        &self,
        metadata: &Metadata,
        ladder: &mut Ladder,
        seen: &mut Seen,
    ) -> Option<String> {
        let Some(uri) = seen.uris.first().map(|(one, _)| one.uri.clone()) else {
            ladder.untold(
                "client",
                "no callback can be asked about: set NEXTAUTH_URL or AUTH_URL, or give --target",
            );
            return None;
        };
        let unregistered = redirect_uri::unregistered(&uri, &self.context.run);
        let mut unique: Vec<&str> = vec![&unregistered];
        for (one, _) in &seen.uris {
            if !unique.contains(&one.uri.as_str()) {
                unique.push(&one.uri);
            }
        }
        let outcomes = join_all(
            unique
                .iter()
                .map(|uri| self.authorize(&metadata.authorization_endpoint, uri)),
        )
        .await;
        let of = |uri: &str| {
            let at = unique.iter().position(|known| *known == uri)?;
            outcomes.get(at).cloned()
        };
        let control = of(&unregistered)?;
        let outcomes: Vec<_> = seen.uris.iter().map(|(one, _)| of(&one.uri)).collect();
        for ((_, slot), outcome) in seen.uris.iter_mut().zip(outcomes) {
            *slot = outcome;
        }
        seen.control = Some((unregistered, control.clone()));
        let main = seen.uris.first()?.1.clone()?;
        if let Outcome::Untold(cause) = &main {
            ladder.untold("client", cause.clone());
            return None;
        }
        if !matches!(control, Outcome::Refused { .. }) {
            ladder.untold("client", distrust(&control));
            return None;
        }
        match main {
            Outcome::Refused {
                code,
                blame: Blame::Client,
            } => {
                let remedy = self.client_remedy();
                ladder.broke(
                    "client",
                    format!(
                        "{} refuses the client id {} ({code})",
                        self.issuer,
                        tail(self.client_id)
                    ),
                    &remedy,
                );
                None
            }
            Outcome::Refused {
                code,
                blame: Blame::Unsaid,
            } => {
                ladder.untold(
                    "client",
                    format!("{} refuses the sign-in request for {uri} ({code}), and does not say whether the client id or the callback is wrong", self.issuer),
                );
                None
            }
            Outcome::Refused { code, .. } => {
                ladder.held("client");
                let remedy = self.uri_remedy(&uri);
                ladder.broke(
                    "redirect",
                    format!(
                        "{uri} is not registered for the client {} ({code})",
                        tail(self.client_id)
                    ),
                    &remedy,
                );
                None
            }
            _ => {
                ladder.held("client");
                ladder.held("redirect");
                Some(uri)
            }
        }
    }

    async fn authorize(&self, endpoint: &Url, uri: &str) -> Outcome {
        let request = Request {
            endpoint,
            client_id: self.client_id,
            redirect_uri: uri,
            run: &self.context.run,
            silent: self.provider != "google",
        };
        let url = request.url();
        match self.asker.page(url.clone()).await {
            Ok(answer) => authorization::outcome(
                &url,
                uri,
                answer.status,
                answer.header("location"),
                &answer.text(),
            ),
            Err(fault) => Outcome::Untold(format!(
                "the authorization endpoint gave no answer: {}",
                fault.hindrance.cause
            )),
        }
    }

    fn client_remedy(&self) -> String {
        client_remedy(self.provider, self.issuer)
    }

    fn uri_remedy(&self, uri: &str) -> String {
        uri_remedy(self.provider, self.issuer, self.client_id, uri)
    }

    /// Whether each callback is registered; null where the control does not allow to say.
    pub(super) fn uris_fact(&self, seen: &Seen) -> Value {
        let trusted = match &seen.control {
            Some((_, Outcome::Refused { .. })) => Ok(()),
            Some((_, other)) => Err(distrust(other)),
            None => Err("it was not asked about".to_owned()),
        };
        let fact = |(one, outcome): &(Candidate, Option<Outcome>)| {
            let told = match (&trusted, outcome) {
                (Err(cause), _) => Err(cause.clone()),
                (Ok(()), Some(Outcome::Accepted { .. })) => Ok(true),
                (
                    Ok(()),
                    Some(Outcome::Refused {
                        blame: Blame::RedirectUri,
                        ..
                    }),
                ) => Ok(false),
                (Ok(()), Some(other)) => Err(other.told().into_owned()),
                (Ok(()), None) => Err("it was not asked about".to_owned()),
            };
            let remedy = (told == Ok(false)).then(|| self.uri_remedy(&one.uri));
            json!({
                "use": one.purpose.word(),
                "uri": one.uri,
                "source": one.source,
                "registered": told.as_ref().ok(),
                "cause": told.err(),
                "remedy": remedy,
            })
        };
        seen.uris.iter().map(fact).collect()
    }
}

/// How to mend a client id that the provider refuses.
pub(super) fn client_remedy(provider: &str, issuer: &str) -> String {
    match provider {
        "google" => "copy the client id from the Google Cloud console, APIs & Services, Credentials, OAuth 2.0 Client IDs; if it is not listed there it was deleted: make a new one of type Web application".into(),
        _ => format!("copy the client id from the console of {issuer} again; the client may have been deleted or disabled"),
    }
}

/// How to register a callback.
pub(super) fn uri_remedy(provider: &str, issuer: &str, client_id: &str, uri: &str) -> String {
    let client = tail(client_id);
    match provider {
        "google" => format!(
            "add exactly {uri} under Authorised redirect URIs of the client {client} (Google Cloud console, APIs & Services, Credentials); scheme, host, port and path must match and no slash may follow; it takes minutes to hours to work"
        ),
        _ => format!(
            "add exactly {uri} to the redirect URIs of the client {client} in the console of {issuer}; scheme, host, port and path must match and no slash may follow"
        ),
    }
}

/// The fact `not_registered`, from the fact `redirect_uris`.
pub(super) fn not_registered(uris: &Value) -> Value {
    let of = |purpose: Use| -> Value {
        let all = uris.as_array().into_iter().flatten();
        all.filter(|one| one["use"] == purpose.word() && one["registered"] == false)
            .map(|one| one["uri"].clone())
            .collect()
    };
    Use::ALL
        .iter()
        .map(|one| (one.word().to_owned(), of(*one)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Why nothing follows where the control was not refused.
pub(super) fn distrust(control: &Outcome) -> String {
    match control {
        Outcome::Accepted { .. } => "the provider accepts a callback that nobody registered, so its acceptance of others proves nothing".into(),
        other => format!("the control with a callback that nobody registered could not be told: {}", other.told()),
    }
}

/// The fact `unregistered`.
pub(super) fn control_fact(seen: &Seen) -> Value {
    let Some((uri, outcome)) = &seen.control else {
        return Value::Null;
    };
    let refused = match outcome {
        Outcome::Refused { .. } => Some(true),
        // A page to sign in may come before the refusal; a redirect to the callback itself does not.
        Outcome::Accepted { returned: true } => Some(false),
        _ => None,
    };
    json!({ "uri": uri, "refused": refused, "answer": outcome.told() })
}
