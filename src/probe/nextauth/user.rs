//! Synthetic users for other probes: signed in where a provider needs no person, else with minted sessions.

use super::climb::{Climb, End, Opening, csrf_pair, line};
use super::csrf::{self, Pair};
use super::jwe::{self, Edition};
use super::names::{self, Shape};
use super::site::{self, Answer, Site};
use super::{base_path, mint};
use crate::clock;
use crate::model::Facts;
use crate::probe::Context;
use crate::probe::http::cookie::Cookie;
use crate::probe::transport::Fault;
use crate::secret::random;
use serde_json::{Value, json};
use std::time::Duration;

/// How long signing out may take once the look is over.
const REMOVAL: Duration = Duration::from_secs(2);
/// What no library would write.
const GARBAGE: &str = "holdpoint-no-session";

/// The sign-in library of the target, ready to let users in.
pub(in crate::probe) struct Door<'a> {
    climb: Climb<'a>,
    opening: Opening,
    cookie: String,
    /// The provider that needs no person, where the application has it.
    guest: Option<String>,
}

/// Why nobody can be let in.
pub(in crate::probe) enum Closed {
    /// There was no connection at all.
    Fault(Fault),
    /// Another reason, for people.
    Cause(String),
}

/// A user that is signed in.
#[derive(Debug, Clone)]
pub(in crate::probe) struct User {
    /// The Cookie header of the session.
    pub(in crate::probe) cookies: String,
    /// The id, where the session tells it.
    pub(in crate::probe) id: Option<String>,
    /// SameSite of the session's cookie: strict, lax, none or unset; none where no cookie was seen.
    pub(in crate::probe) same_site: Option<&'static str>,
    token: String,
    claims: Option<Value>,
}

/// A session that no application may take.
pub(in crate::probe) struct FalseSession {
    /// What it is, for people.
    pub(in crate::probe) what: &'static str,
    /// Its Cookie header; none where it cannot be made.
    pub(in crate::probe) cookies: Option<String>,
}

impl<'a> Door<'a> {
    /// Asks the library who it is, and how users can be let in. Reads the parameters `base_path` and `provider`.
    pub(in crate::probe) async fn of(
        context: &'a Context,
        parameters: &'a Facts,
    ) -> Result<Self, Closed> {
        let given = |name: &str| parameters.get(name).and_then(Value::as_str);
        let base = given("base_path")
            .unwrap_or_else(|| base_path(&context.application, &context.environment));
        let site = Site::of(context, base)
            .ok_or_else(|| Closed::Cause("no target was given".to_owned()))?;
        let mut climb = Climb::new(site, "sign-in", parameters, context);
        let opening = match climb.open().await {
            Ok(opening) => opening,
            Err(End::Fault(fault)) => return Err(Closed::Fault(fault)),
            Err(End::Told) => return Err(Closed::Cause(why(climb))),
        };
        if !opening.is_stranger {
            return Err(Closed::Cause(why(climb)));
        }
        let Some(cookie) = climb.session_cookie(&opening) else {
            let cause = "the answers do not tell which version of the library writes the sessions";
            return Err(Closed::Cause(cause.to_owned()));
        };
        let provider = given("provider").unwrap_or("guest");
        let listed = climb.site.get("providers", "", &[], climb.until).await;
        let listed = listed.ok().and_then(|answer| answer.json);
        let guest = listed.is_some_and(|listed| listed[provider]["type"] == "credentials");
        Ok(Self {
            climb,
            opening,
            cookie,
            guest: guest.then(|| provider.to_owned()),
        })
    }

    /// Do users come in by a provider that needs no person?
    pub(in crate::probe) fn has_guests(&self) -> bool {
        self.guest.is_some()
    }

    /// Lets another user in, and makes sure that the library knows it.
    ///
    /// # Errors
    /// Why it could not, for people.
    pub(in crate::probe) async fn enter(&self) -> Result<User, String> {
        let user = match &self.guest {
            Some(provider) => self.sign_in(provider).await?,
            None => self.minted()?,
        };
        let site = &self.climb.site;
        let answer = site
            .get("session", &user.cookies, &[], self.climb.until)
            .await
            .map_err(|fault| fault.hindrance.cause)?;
        match answer.json.as_ref().map(site::session) {
            Some(Ok(Some(session))) => {
                let shown = session["user"]["id"].as_str().map(str::to_owned);
                Ok(User {
                    id: user.id.clone().or(shown),
                    // A minted session's cookie is seen where the answer sets it anew.
                    same_site: user.same_site.or_else(|| {
                        let set = answer.cookies.iter();
                        same_site(set.filter(|one| names::place(&self.cookie, &one.name).is_some()))
                    }),
                    ..user
                })
            }
            _ => Err(match &self.guest {
                Some(provider) => {
                    format!("a session that {provider} has just opened is answered as a stranger's")
                }
                None => "a minted session is answered as a stranger's, and the application has no provider that needs no person".into(),
            }),
        }
    }

    /// Sends the provider's form as a browser does.
    async fn sign_in(&self, provider: &str) -> Result<User, String> {
        let (site, until) = (&self.climb.site, self.climb.until);
        let cause = |fault: Fault| fault.hindrance.cause;
        let first = site.get("csrf", "", &[], until).await.map_err(cause)?;
        let (csrf, pair) = csrf_pair(&first)
            .ok_or("no CSRF cookie came, so no form can be sent as a browser sends it")?;
        let home = site.home();
        let fields = [("callbackUrl", home.as_str()), ("csrfToken", &pair.token)];
        let endpoint = format!("callback/{provider}");
        let cookies = line([(&*csrf.name, &*csrf.value)]);
        let answer = site.post(&endpoint, &cookies, &fields, until).await;
        let answer = answer.map_err(cause)?;
        self.user_in(&answer).ok_or_else(|| {
            format!(
                "POST callback/{provider} answers with status {} and sets no session cookie named {}",
                answer.status, self.cookie
            )
        })
    }

    fn user_in(&self, answer: &Answer) -> Option<User> {
        let now = self.climb.context.now;
        let set: Vec<&Cookie> = answer
            .cookies
            .iter()
            .filter(|one| names::place(&self.cookie, &one.name).is_some() && !one.is_removal(now))
            .collect();
        let parts = set.iter().map(|one| (&*one.name, &*one.value));
        let token = names::join(&self.cookie, parts.clone()).filter(|token| !token.is_empty())?;
        let claims = self
            .edition_and_secret()
            .and_then(|(edition, secret)| jwe::open(edition, secret, &self.cookie, &token));
        self.climb.context.secrets.register("session", &token);
        Some(User {
            cookies: line(parts),
            id: claims.as_ref().and_then(sub),
            same_site: same_site(set.iter().copied()),
            token,
            claims,
        })
    }

    fn edition_and_secret(&self) -> Option<(Edition, &str)> {
        let secret = self.opening.secret.as_ref()?;
        Some((self.opening.edition?, &secret.encrypts))
    }

    /// A user that nobody has: its id reads as MongoDB's, because applications turn it into one.
    fn minted(&self) -> Result<User, String> {
        let (edition, secret) = self.edition_and_secret().ok_or(
            "the application has no provider that needs no person, and the secret that is configured here is not \
             known to be the deployment's, so no user can be let in",
        )?;
        let id = csrf::hex(&random::<12>()?);
        let context = self.climb.context;
        let mut claims = mint::fresh(&context.run, context.now)?;
        claims["sub"] = json!(id);
        claims["email"] = json!(format!("holdpoint-{id}@holdpoint.invalid"));
        let token = mint::token(edition, secret, &self.cookie, &claims)?;
        context.secrets.register("minted session", &token);
        Ok(User {
            cookies: mint::header(edition, &self.cookie, &token),
            id: Some(id),
            same_site: None,
            token,
            claims: Some(claims),
        })
    }

    /// Sessions that must be refused, each as close to the user's own as it can be made.
    pub(in crate::probe) fn false_sessions(&self, user: &User) -> Vec<FalseSession> {
        let context = self.climb.context;
        let made = |what, token: Option<String>| {
            if let Some(token) = &token {
                context.secrets.register("false session", token);
            }
            let edition = self.opening.edition.unwrap_or(Edition::Four);
            let cookies = token.map(|token| mint::header(edition, &self.cookie, &token));
            FalseSession { what, cookies }
        };
        let altered = match Shape::of(&user.token) {
            Shape::Encrypted => jwe::altered(&user.token),
            _ => altered_text(&user.token),
        };
        let known = self.edition_and_secret().zip(user.claims.as_ref());
        let expired = known.and_then(|((edition, secret), own)| {
            let ended = mint::expired(&context.run, context.now).ok()?;
            let mut claims = own.clone();
            for claim in ["iat", "exp"] {
                claims[claim] = ended[claim].clone();
            }
            mint::token(edition, secret, &self.cookie, &claims).ok()
        });
        let foreign = self.opening.edition.and_then(|edition| {
            let claims = match &user.claims {
                Some(own) => own.clone(),
                None => mint::fresh(&context.run, context.now).ok()?,
            };
            let secret = mint::foreign_secret().ok()?;
            mint::token(edition, &secret, &self.cookie, &claims).ok()
        });
        vec![
            made("a made-up session", Some(GARBAGE.to_owned())),
            made("an altered session", altered),
            made("a session under another secret", foreign),
            made("an expired session", expired),
        ]
    }

    /// Signs a user out; for when the look is over.
    pub(in crate::probe) fn leave(
        &self,
        user: &User,
    ) -> impl Future<Output = ()> + Send + use<> + 'static {
        let site = self.climb.site.clone();
        let session = self.guest.is_some().then(|| user.cookies.clone());
        async move {
            let Some(session) = session else { return };
            let until = clock::tick() + REMOVAL;
            let Ok(answer) = site.get("csrf", "", &[], until).await else {
                return;
            };
            if let Some((csrf, Pair { token, .. })) = csrf_pair(&answer) {
                let cookies = format!("{}; {session}", line([(&*csrf.name, &*csrf.value)]));
                let fields = [("csrfToken", token.as_str())];
                // A session in a cookie is held by nobody once this look has forgotten it.
                let _ = site.post("signout", &cookies, &fields, until).await;
            }
        }
    }
}

/// The first reason that the steps give.
fn why(climb: Climb<'_>) -> String {
    let steps = climb.ladder.into_fact();
    let mut causes = steps.as_object().into_iter().flatten();
    causes
        .find_map(|(_, step)| step["cause"].as_str())
        .unwrap_or("the sign-in library does not answer as it should")
        .to_owned()
}

/// What the first of these cookies says.
fn same_site<'c>(mut cookies: impl Iterator<Item = &'c Cookie>) -> Option<&'static str> {
    cookies
        .next()
        .map(|cookie| cookie.same_site.unwrap_or("unset"))
}

fn sub(claims: &Value) -> Option<String> {
    claims["sub"].as_str().map(str::to_owned)
}

/// The text with its first character changed.
fn altered_text(token: &str) -> Option<String> {
    let first = token.chars().next()?;
    let other = if first == '0' { '1' } else { '0' };
    Some(format!("{other}{}", &token[first.len_utf8()..]))
}
