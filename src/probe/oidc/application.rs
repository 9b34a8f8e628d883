//! Starts a sign-in at the running application, as a browser would, and looks at what it sends where.

use super::ask::{Asker, used};
use super::authorization::{self, Blame, Outcome};
use super::callbacks::{distrust, uri_remedy};
use super::cookie::{self, Cookie};
use super::discovery::{self, Defect, Metadata};
use super::parameters::Asked;
use super::provider::{absent, fetch_metadata, tail};
use super::redirect_uri;
use super::sent::{Sent, Start, start};
use crate::model::{Hindrance, HindranceKind, Target};
use crate::probe::ladder::{Ladder, Rungs};
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
];

/// What a look has learned beside its rungs.
#[derive(Default)]
struct Seen {
    offered: Vec<String>,
    published: Option<String>,
    sent: Option<Sent>,
    version: Option<&'static str>,
    cookies: Vec<(Cookie, &'static str)>,
    callback: Value,
    matches: Option<bool>,
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
    let Some(id) = context.environment.get(&asked.client_id_variable) else {
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
            "cookies": cookies.map(|(cookie, purpose)| cookie.fact(purpose)).collect::<Value>(),
            "callback": self.callback,
        })
    }
}

struct Visit<'a> {
    asker: Asker<'a>,
    context: &'a Context,
    target: &'a Target,
    provider: &'a str,
    issuer: &'a str,
    client_id: &'a str,
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
        protected(&sent, ladder, seen);
        self.refuses(&mut kept, ladder, seen).await;
        Ok(())
    }

    /// An address of NextAuth's.
    fn endpoint(&self, path: &str) -> Url {
        let mut url = self.target.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        let below = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{below}/api/auth/{path}"));
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
                format!("/api/auth/providers answers {}; NextAuth does so when its secret or its address is missing: see the application's log", answer.status),
            );
            return Ok(false);
        }
        let document = answer.json();
        let Some(providers) = document
            .as_ref()
            .and_then(Value::as_object)
            .filter(|_| answer.status == 200)
        else {
            return Err(Box::new(absent(
                "the target has no NextAuth at /api/auth: nothing lists providers there",
            )));
        };
        seen.offered = providers.keys().cloned().collect();
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
        seen.version = kept.iter().find_map(Cookie::version);
        let document = csrf.json();
        let token = document
            .as_ref()
            .and_then(|body| body["csrfToken"].as_str());
        let Some(token) = token else {
            ladder.untold(
                "starts",
                format!("/api/auth/csrf answers {} and no token", csrf.status),
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
        let purposes = cookie::set_by(&answer).into_iter();
        seen.cookies = purposes
            .filter_map(|cookie| cookie.purpose().map(|purpose| (cookie, purpose)))
            .collect();
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
    fn keep(&self, kept: &mut Vec<Cookie>, answer: &Fetched) {
        let new = cookie::set_by(answer);
        for cookie in &new {
            self.context.secrets.register(&cookie.name, &cookie.value);
        }
        cookie::keep(kept, new);
    }

    fn sends_client(&self, sent: &Sent, ladder: &mut Ladder, seen: &mut Seen) {
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

    fn sends_callback(&self, sent: &Sent, ladder: &mut Ladder, seen: &Seen) {
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
    async fn is_accepted(&self, sent: &Sent, metadata: &Metadata, ladder: &mut Ladder) {
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
                let remedy = super::callbacks::client_remedy(self.provider, &metadata.issuer);
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

    /// Comes back with a wrong state, with the cookies of the sign-in.
    async fn refuses(&self, kept: &mut Vec<Cookie>, ladder: &mut Ladder, seen: &mut Seen) {
        let mut url = self.endpoint(&format!("callback/{}", self.provider));
        url.query_pairs_mut()
            .append_pair("code", "holdpoint-made-up-code")
            .append_pair(
                "state",
                &format!("holdpoint-wrong-state-{}", self.context.run),
            );
        let answer = match self
            .asker
            .target(url.clone(), None, &cookie::header(kept))
            .await
        {
            Ok(answer) => answer,
            Err(fault) => {
                ladder.untold(
                    "refuses",
                    format!("the callback gave no answer: {}", fault.hindrance.cause),
                );
                return;
            }
        };
        let session = cookie::set_by(&answer).iter().any(Cookie::opens_session);
        self.keep(kept, &answer);
        let to = answer.header("location").and_then(|to| url.join(to).ok());
        let error = to.and_then(|to| {
            let found = to.query_pairs().find(|(name, _)| name == "error")?;
            Some(found.1.chars().take(60).collect::<String>())
        });
        seen.callback = json!({ "status": answer.status, "error": error, "session": session });
        match answer.status {
            _ if session => ladder.broke(
                "refuses",
                "a callback with a wrong state and a code that was made up opens a session",
                "update next-auth, and take out what replaces its checks of state and PKCE: as it is, anybody can sign a victim in to an account of theirs",
            ),
            300..=399 if error.is_some() => ladder.held("refuses"),
            400..=499 if answer.status != 429 => ladder.held("refuses"),
            status @ 300..=399 => ladder.untold("refuses", format!("a callback with a wrong state is answered with {status} and no error code")),
            status => ladder.untold("refuses", format!("a callback with a wrong state is answered with {status}, and no session")),
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

fn protected(sent: &Sent, ladder: &mut Ladder, seen: &Seen) {
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
