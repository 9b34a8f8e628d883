//! The rung of the client secret: a made-up code is redeemed with the secret, and with one that is damaged.
//! Where the provider looks at the code first, the client asks for a token in its own name instead.

use super::authorization::verifier;
use super::discovery::Metadata;
use super::provider::{Climb, Seen};
use super::secret::{self, Answer, Method};
use crate::probe::ladder::Ladder;

/// A code that no provider has given out.
const MADE_UP_CODE: &str = "holdpoint-made-up-code";
/// NextAuth's names of Microsoft Entra, which may refuse a code by its form before it looks at the secret.
const ENTRA: &[&str] = &["microsoft-entra-id", "azure-ad"];

impl Climb<'_> {
    pub(super) async fn secret(
        &self,
        metadata: &Metadata,
        uri: &str,
        ladder: &mut Ladder,
        seen: &mut Seen,
    ) -> Option<()> {
        let Some(secret) = self.secret else {
            let cause = format!("{} is not set", self.secret_variable);
            // A provider that lists no "none" knows no client without a secret.
            let public = metadata.methods.iter().flatten().any(|word| word == "none");
            if public {
                ladder.untold("secret", cause);
            } else {
                let remedy = "copy the client secret from the provider's console";
                ladder.broke("secret", cause, remedy);
            }
            return None;
        };
        let methods = Method::of(metadata.methods.as_deref(), self.provider == "google");
        // At Google itself each call is made once, so that nobody is locked out.
        let most = if self.issuer == super::parameters::GOOGLE {
            1
        } else {
            2
        };
        let mut last = Answer::Untold(
            "the provider takes neither client_secret_basic nor client_secret_post".into(),
        );
        for method in methods.into_iter().take(most) {
            seen.method = Some(method);
            last = self.redeem(metadata, uri, secret, method).await;
            // A client may be registered for the other method.
            if !matches!(last, Answer::Refused { .. }) {
                break;
            }
        }
        let code = match last {
            Answer::Untold(cause) => {
                ladder.untold("secret", cause);
                return None;
            }
            Answer::Refused { cause, remedy } => {
                ladder.broke(
                    "secret",
                    format!("{cause}: {}", self.secret_variable),
                    &remedy,
                );
                return None;
            }
            Answer::Recognised(code) => code,
        };
        let damaged = secret::damaged(secret);
        self.context
            .secrets
            .register(self.secret_variable, &damaged);
        let method = seen.method?;
        match self.redeem(metadata, uri, &damaged, method).await {
            Answer::Refused { .. } => {
                ladder.held("secret");
                Some(())
            }
            Answer::Recognised(same) => {
                ladder.untold(
                    "secret",
                    format!("the provider answers alike for the secret ({code}) and for one with its last character changed ({same}), so nothing follows"),
                );
                None
            }
            Answer::Untold(cause) => {
                ladder.untold(
                    "secret",
                    format!("the control with a changed secret could not be told: {cause}"),
                );
                None
            }
        }
    }

    async fn redeem(&self, metadata: &Metadata, uri: &str, secret: &str, method: Method) -> Answer {
        let verifier = verifier(&self.context.run);
        let own_scope = format!("{}/.default", self.client_id);
        let mut fields = if ENTRA.contains(&self.provider) {
            // RFC 6749 section 4.4; the scope is the client itself, so the token opens nothing else.
            vec![("grant_type", "client_credentials"), ("scope", &own_scope)]
        } else {
            vec![
                ("grant_type", "authorization_code"),
                ("code", MADE_UP_CODE),
                ("redirect_uri", uri),
            ]
        };
        if self.provider != "google" && !ENTRA.contains(&self.provider) {
            fields.push(("code_verifier", &verifier));
        }
        let basic = match method {
            Method::Basic => Some((self.client_id, secret)),
            Method::Post => {
                fields.extend([("client_id", self.client_id), ("client_secret", secret)]);
                None
            }
        };
        let url = metadata.token_endpoint.clone();
        match self.asker.form(url, &fields, basic).await {
            Ok(answer) => {
                let body = answer.json();
                let token = body.as_ref().and_then(|body| body["access_token"].as_str());
                match token {
                    Some(token) if answer.status == 200 && ENTRA.contains(&self.provider) => {
                        self.context.secrets.register("access_token", token);
                        Answer::Recognised("a token in its own name".into())
                    }
                    _ => secret::answer(answer.status, body.as_ref()),
                }
            }
            Err(fault) => Answer::Untold(format!(
                "the token endpoint gave no answer: {}",
                fault.hindrance.cause
            )),
        }
    }
}
