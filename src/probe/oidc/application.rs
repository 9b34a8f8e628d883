//! Starts a sign-in at the running application, as a browser would, and looks at what it sends where.

use super::ask::{Asker, used, variable};
use super::cookie;
use super::discovery::{self, Defect, Metadata};
use super::parameters::Asked;
use super::provider::{absent, fetch_metadata, tail};
use super::sent::{Sent, Start, start};
use crate::model::{Hindrance, HindranceKind, Target};
use crate::probe::http::cookie::Cookie;
use crate::probe::ladder::{Ladder, Rungs};
use crate::probe::nextauth::base_path;
use crate::probe::transport::{Fault, Fetched};
use crate::probe::{Context, Sighting, Transient};
use serde_json::{Value, json};
use url::Url;

/// The rungs; those after the second do not depend on each other.
pub(super) const RUNGS: Rungs = &[
    ("offers", "the running application offers the provider"),
    (
        "starts",
        "a sign-in that it starts leads to the provider's authorization endpoint",
    ),
    ("client", "it sends the client id that is configured"),
    (
        "redirect_uri",
        "it sends the callback that it publishes, on the address by which it is reached",
    ),
    (
        "accepted",
        "the provider accepts the request as the application sends it",
    ),
    (
        "protected",
        "it ties the sign-in to the browser by a state or by PKCE with S256, and keeps them in cookies",
    ),
    (
        "refuses",
        "a callback with a wrong state ends in an error and opens no session",
    ),
    (
        "examines",
        "a refusal by the provider is answered otherwise with a wrong state than with the right one, so the state is compared",
    ),
];

/// More providers are not told: an application offers a handful.
const MOST_OFFERED: usize = 50;

/// What a look has learned beside its rungs.
#[derive(Default)]
pub(super) struct Seen {
    offered: Vec<String>,
    pub(super) published: Option<String>,
    sent: Option<Sent>,
    version: Option<&'static str>,
    pub(super) cookies: Vec<(Cookie, &'static str)>,
    pub(super) callback: Value,
    pub(super) matches: Option<bool>,
}

/// What ends a look before there is anything to judge.
type Ended = Box<Sighting>;

/// Looks at the running application.
pub(super) async fn look(asked: &Asked, context: &Context) -> Sighting {
    let Some(target) = context.target.as_deref() else {
        return absent("no target is given");
    };
    let Some(provider) = asked.provider.as_deref() else {
        return absent("no OpenID provider is configured");
    };
    let Some(id) = variable(context, &asked.client_id_variable) else {
        return absent(&format!("{} is not set", asked.client_id_variable));
    };
    let Some(issuer) = asked.issuer(&context.environment) else {
        return absent("the provider's issuer is not set");
    };
    let visit = Visit {
        asker: Asker::new(context),
        context,
        target,
        provider,
        issuer,
        client_id: id.value.trim(),
    };
    let mut ladder = Ladder::new(RUNGS);
    let mut seen = Seen::default();
    if let Err(ended) = visit.walk(&mut ladder, &mut seen).await {
        return *ended;
    }
    let mut facts = super::facts::empty();
    let mut set = |name: &str, value: Value| facts.insert(name.into(), value);
    set("application_steps", ladder.into_fact());
    set("provider", provider.into());
    set("issuer", issuer.into());
    let mut client = used(id, context);
    client["tail"] = tail(visit.client_id).into();
    client["project_number"] = Value::Null;
    set("client_id", client);
    set("application", seen.fact());
    Sighting::of(facts)
}

impl Seen {
    fn fact(&self) -> Value {
        let sent = self.sent.as_ref();
        let cookies = self.cookies.iter();
        json!({
            "version": self.version,
            "offered": self.offered,
            "published": self.published,
            "redirect_uri": sent.and_then(|sent| sent.redirect_uri.clone()),
            "client_id_matches": self.matches,
            "scope": sent.and_then(|sent| sent.scope.clone()),
            "state": sent.map(|sent| sent.state),
            "nonce": sent.map(|sent| sent.nonce),
            "code_challenge_method": sent.and_then(|sent| sent.challenge_method.clone()),
            "cookies": cookies.map(|(cookie, purpose)| cookie::fact(cookie, purpose)).collect::<Value>(),
            "callback": self.callback,
        })
    }
}

/// What a visit needs to know.
pub(super) struct Visit<'a> {
    pub(super) asker: Asker<'a>,
    pub(super) context: &'a Context,
    pub(super) target: &'a Target,
    pub(super) provider: &'a str,
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
}

impl Visit<'_> {
    async fn walk(&self, ladder: &mut Ladder, seen: &mut Seen) -> Result<(), Ended> {
        let answer = self
            .asker
            .target(self.endpoint("providers"), None, "")
            .await;
        let answer = answer.map_err(not_answered)?;
        if !self.offers(&answer, ladder, seen)? {
            return Ok(());
        }
        let Some((metadata, mut kept)) = self.starts(ladder, seen).await? else {
            return Ok(());
        };
        let Some(sent) = seen.sent.clone() else {
            return Ok(());
        };
        self.sends_client(&sent, ladder, seen);
        self.sends_callback(&sent, ladder, seen);
        self.is_accepted(&sent, &metadata, ladder).await;
        super::request::protected(&sent, ladder, seen);
        let state = sent.secrets.iter().find(|(name, _)| *name == "state");
        let state = state.map(|(_, state)| state.as_str());
        self.refuses(&metadata, &mut kept, state, ladder, seen)
            .await;
        Ok(())
    }

    /// An address of NextAuth's.
    pub(super) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.target.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        let below = url.path().trim_end_matches('/').to_owned();
        let base = base_path(&self.context.application, &self.context.environment);
        url.set_path(&format!("{below}{base}/{path}"));
        url
    }

    fn offers(
        &self,
        answer: &Fetched,
        ladder: &mut Ladder,
        seen: &mut Seen,
    ) -> Result<bool, Ended> {
        if answer.status >= 500 || answer.status == 429 {
            ladder.untold(
                "offers",
                format!("NextAuth's list of providers answers {}; it does so where its secret or its address is missing: see the application's log", answer.status),
            );
            return Ok(false);
        }
        if answer.status == 404 {
            return Err(Box::new(absent(
                "the target has no NextAuth: nothing lists providers",
            )));
        }
        let document = answer.json();
        let Some(providers) = document
            .as_ref()
            .and_then(Value::as_object)
            .filter(|_| answer.status == 200)
        else {
            ladder.untold(
                "offers",
                format!("what answers for NextAuth's list of providers (status {}) is no such list: something stands before the application, or it has no NextAuth", answer.status),
            );
            return Ok(false);
        };
        seen.offered = providers.keys().take(MOST_OFFERED).cloned().collect();
        let Some(one) = providers.get(self.provider) else {
            let offered = match seen.offered.as_slice() {
                [] => "none".to_owned(),
                offered => offered.join(", "),
            };
            ladder.broke(
                "offers",
                format!("the running application does not offer {}, though its client is configured; it offers: {offered}", self.provider),
                "list the provider in the options of NextAuth, set its variables for the deployment, and deploy again",
            );
            return Ok(false);
        };
        seen.published = one["callbackUrl"].as_str().map(str::to_owned);
        ladder.held("offers");
        Ok(true)
    }

    /// Fetches the CSRF token and starts the sign-in.
    async fn starts(
        &self,
        ladder: &mut Ladder,
        seen: &mut Seen,
    ) -> Result<Option<(Metadata, Vec<Cookie>)>, Ended> {
        let address = discovery::address(self.issuer);
        let metadata = match address {
            Some(address) => fetch_metadata(&self.asker, self.issuer, address)
                .await
                .map_err(|(Defect::Broken(cause, _) | Defect::Untold(cause), _)| cause),
            None => Err("the issuer is not an address".to_owned()),
        };
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err(cause) => {
                ladder.untold(
                    "starts",
                    format!(
                        "where the provider's authorization endpoint is could not be told: {cause}"
                    ),
                );
                return Ok(None);
            }
        };
        let csrf = self.asker.target(self.endpoint("csrf"), None, "").await;
        let csrf = csrf.map_err(not_answered)?;
        let mut kept = Vec::new();
        self.keep(&mut kept, &csrf);
        seen.version = kept.iter().find_map(cookie::version);
        let document = csrf.json();
        let token = document
            .as_ref()
            .and_then(|body| body["csrfToken"].as_str());
        let Some(token) = token else {
            ladder.untold(
                "starts",
                format!("NextAuth's csrf answers {} and no token", csrf.status),
            );
            return Ok(None);
        };
        self.context.secrets.register("CSRF token", token);
        let fields = [
            ("csrfToken", token),
            ("callbackUrl", self.target.url.as_str()),
        ];
        let url = self.endpoint(&format!("signin/{}", self.provider));
        let cookies = cookie::header(&kept);
        let answer = self
            .asker
            .target(url.clone(), Some(&fields), &cookies)
            .await;
        let answer = answer.map_err(not_answered)?;
        seen.cookies = cookie::guards(&answer, self.context.now);
        self.keep(&mut kept, &answer);
        match start(&url, &answer, &metadata.authorization_endpoint) {
            Start::Leads(sent) => {
                for (name, value) in &sent.secrets {
                    self.context.secrets.register(name, value);
                }
                seen.sent = Some(*sent);
                ladder.held("starts");
                Ok(Some((metadata, kept)))
            }
            Start::Fails(cause, remedy) => {
                ladder.broke("starts", cause, remedy);
                Ok(None)
            }
            Start::Untold(cause) => {
                ladder.untold("starts", cause);
                Ok(None)
            }
        }
    }

    /// Keeps what an answer sets, out of every record.
    pub(super) fn keep(&self, kept: &mut Vec<Cookie>, answer: &Fetched) {
        let new = cookie::set_by(answer);
        for cookie in &new {
            cookie.hide(&self.context.secrets);
        }
        cookie::keep(kept, new, self.context.now);
    }
}

fn not_answered(fault: Fault) -> Ended {
    Box::new(Sighting {
        transient: fault.connecting.then_some(Transient { retry_after: None }),
        ..Sighting::hindered(match fault.hindrance.kind {
            HindranceKind::Timeout => Hindrance::new(
                HindranceKind::Timeout,
                format!("the target: {}", fault.hindrance.cause),
            ),
            _ => fault.hindrance,
        })
    })
}
