//! Forms as somebody sends them who does not have the page's own CSRF token: without one, or with a false one.

use super::climb::{Climb, csrf_pair, line};
use super::csrf::{self, Pair};
use super::sign_in::{Attempt, Parts, REFUSED, error_in};
use crate::probe::http::cookie::Cookie;
use crate::probe::transport::removing;
use crate::secret::random;
use serde_json::{Value, json};

/// One way to lack the right token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forgery {
    /// No token and no cookie.
    Missing,
    /// The right cookie, and a token that was made up.
    MadeUp,
    /// The right cookie, and a token that the application has given to another browser.
    Anothers,
    /// Cookie and token that go together, and that the application has not signed: what a sibling subdomain may plant.
    Unsigned,
}

/// Those with a token that is false.
pub(super) const FALSE: [Forgery; 3] = [Forgery::MadeUp, Forgery::Anothers, Forgery::Unsigned];

/// The cookie and the token of a form.
pub(super) struct Forged {
    /// `name=value`; empty without one.
    pub(super) cookie: String,
    pub(super) token: Option<String>,
}

impl Forgery {
    /// For people, after "with".
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Missing => "no token",
            Self::MadeUp => "a made-up token",
            Self::Anothers => "the token of another browser",
            Self::Unsigned => "a token that the application has not signed",
        }
    }

    /// What to send, given the right pair and, where it could be had, another browser's.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(super) fn make(
        self,
        cookie: &Cookie,
        another: Option<&Pair>,
    ) -> Result<Option<Forged>, String> {
        let own = line([(&*cookie.name, &*cookie.value)]);
        let made_up = csrf::hex(&random::<32>()?);
        Ok(match self {
            Self::Missing => Some(Forged {
                cookie: String::new(),
                token: None,
            }),
            Self::MadeUp => Some(Forged {
                cookie: own,
                token: Some(made_up),
            }),
            Self::Anothers => another.map(|pair| Forged {
                cookie: own,
                token: Some(pair.token.clone()),
            }),
            Self::Unsigned => {
                let secret = csrf::hex(&random::<32>()?);
                let value = format!("{made_up}%7C{}", csrf::hash(&made_up, &secret));
                Some(Forged {
                    cookie: line([(&*cookie.name, &*value)]),
                    token: Some(made_up),
                })
            }
        })
    }
}

/// Which false tokens were taken.
#[derive(Debug, Default)]
pub(super) struct Taken {
    named: Vec<&'static str>,
    untold: bool,
}

impl Taken {
    /// Notes what came of one.
    pub(super) fn add(&mut self, forgery: Forgery, taken: Option<bool>) {
        match taken {
            Some(true) => self.named.push(forgery.says()),
            Some(false) => {}
            None => self.untold = true,
        }
    }

    /// Those that were taken; null where none was, and not all could be told.
    pub(super) fn fact(&self) -> Value {
        match self.untold && self.named.is_empty() {
            true => Value::Null,
            false => json!(self.named),
        }
    }
}

impl Attempt<'_> {
    /// The pair that the application gives to another browser.
    pub(super) async fn anothers(&self, climb: &Climb<'_>) -> Option<Pair> {
        let answer = climb.site.get("csrf", "", &[], climb.until).await.ok()?;
        let (_, pair) = csrf_pair(&answer)?;
        (pair.token != self.pair.token).then_some(pair)
    }

    /// Does the provider's form open a session without the right token? None where that does not show.
    pub(super) async fn opens(
        &self,
        climb: &Climb<'_>,
        forgery: Forgery,
        another: Option<&Pair>,
    ) -> Option<bool> {
        let forged = forgery.make(self.csrf, another).ok()??;
        let answer = self.sign_in(climb, &forged, &self.home(climb)).await.ok()?;
        let Some((_, parts)) = self.token(climb, &answer) else {
            // What was refused by whom it signs in had passed the token, and what is limited was not looked at.
            let refused = answer
                .next()
                .and_then(error_in)
                .is_some_and(|error| error == REFUSED);
            return ((200..=403).contains(&answer.status) && !refused).then_some(false);
        };
        self.dismiss(&parts).await;
        Some(true)
    }

    /// Signs out a session that is not looked at any further. Where that fails, it is tried again at the end.
    pub(super) async fn dismiss(&self, parts: &Parts) {
        let session = line(parts.iter().map(|part| (&*part.name, &*part.value)));
        self.kept.add(&session);
        let _ = removing(self.kept.sign_out(&session)).await;
    }

    /// Does signing out work without the token that only the application's own pages have?
    pub(super) async fn signs_out(
        &self,
        climb: &Climb<'_>,
        forgery: Forgery,
        another: Option<&Pair>,
        session: &str,
    ) -> Option<bool> {
        let forged = forgery.make(self.csrf, another).ok()??;
        let cookies = match forged.cookie.is_empty() {
            true => session.to_owned(),
            false => format!("{}; {session}", forged.cookie),
        };
        let token = forged.token.as_deref().map(|token| ("csrfToken", token));
        let fields: Vec<_> = token.into_iter().collect();
        let answer = climb
            .site
            .post("signout", &cookies, &fields, climb.until)
            .await;
        let answer = answer
            .ok()
            .filter(|answer| (200..=403).contains(&answer.status))?;
        Some(self.is_taken_away(climb, &answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::http::cookie;

    #[test]
    fn each_lacks_one_thing() {
        let token = "ab".repeat(32);
        let value = format!("{token}%7C{}", csrf::hash(&token, "secret"));
        let cookie = cookie::parse(&format!("next-auth.csrf-token={value}")).unwrap();
        let another = "cd".repeat(32);
        let another = Pair::read(&format!("{another}|{}", csrf::hash(&another, "secret")));
        let made = |forgery: Forgery| forgery.make(&cookie, another.as_ref()).unwrap().unwrap();
        assert_eq!(made(Forgery::Missing).cookie, "");
        let own = format!("next-auth.csrf-token={}", cookie.value);
        for forgery in [Forgery::MadeUp, Forgery::Anothers] {
            let forged = made(forgery);
            assert_eq!(forged.cookie, own);
            assert_ne!(forged.token, Some(token.clone()));
        }
        let forged = made(Forgery::Unsigned);
        let pair = Pair::read(forged.cookie.split_once('=').unwrap().1).unwrap();
        assert_eq!(Some(pair.token.clone()), forged.token);
        assert!(!pair.is_of("secret"));
        assert!(Forgery::Anothers.make(&cookie, None).unwrap().is_none());
    }
}
