//! The rung of the callback with a wrong state, which no application may believe.

use super::application::{Seen, Visit};
use super::cookie;
use super::discovery::Metadata;
use crate::model::same_origin;
use crate::probe::http::cookie::Cookie;
use crate::probe::ladder::Ladder;
use crate::probe::transport::Fetched;
use serde_json::json;
use url::Url;

/// How the library says that the provider refused or that its answer could not be redeemed: Auth.js 5 says the first of
/// a callback with the right state.
const TAKEN: [&str; 3] = ["OAuthCallbackError", "OAuthCallback", "CallbackRouteError"];

impl Visit<'_> {
    /// Comes back with a wrong state, with the cookies of the sign-in. `state` is the right one, where one was sent.
    pub(super) async fn refuses(
        &self,
        metadata: &Metadata,
        kept: &mut Vec<Cookie>,
        state: Option<&str>,
        ladder: &mut Ladder,
        seen: &mut Seen,
    ) {
        let made_up = ("code", "holdpoint-made-up-code");
        let url = self.callback(metadata, made_up, &self.wrong_state());
        let cookies = cookie::header(kept);
        let answer = match self.asker.target(url.clone(), None, &cookies).await {
            Ok(answer) => answer,
            Err(fault) => {
                ladder.untold(
                    "refuses",
                    format!("the callback gave no answer: {}", fault.hindrance.cause),
                );
                return;
            }
        };
        let now = self.context.now;
        let session = cookie::set_by(&answer)
            .iter()
            .any(|cookie| cookie::opens_session(cookie, now));
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
            // Anything else may come from what stands before the application.
            400 | 401 => ladder.held("refuses"),
            status @ 300..=399 => ladder.untold("refuses", format!("a callback with a wrong state is answered with {status} and no error code")),
            status => ladder.untold("refuses", format!("a callback with a wrong state is answered with {status}, and no session")),
        }
        if let (Some(state), false) = (state, session) {
            self.examines(metadata, state, &cookies, ladder).await;
        }
    }

    /// Comes back with the provider's own refusal: with a wrong state, with the right one, and with a wrong one again,
    /// so that what differs from one request to the next does not pass for a comparison. Auth.js 5 compares
    /// the state first (oauth4webapi, validateAuthResponse), so it answers them differently; NextAuth 4 looks at the
    /// error first. Neither asks the provider anything.
    async fn examines(&self, metadata: &Metadata, state: &str, cookies: &str, ladder: &mut Ladder) {
        let refused = ("error", "access_denied");
        let mut shapes = Vec::new();
        let wrong = self.wrong_state();
        for state in [&*wrong, state, &*wrong] {
            let url = self.callback(metadata, refused, state);
            match self.asker.target(url.clone(), None, cookies).await {
                Ok(answer) if answer.status < 500 && answer.status != 429 => {
                    shapes.push(shape(&url, &answer));
                }
                Ok(answer) => {
                    let status = answer.status;
                    let cause =
                        format!("a callback with the provider's refusal is answered with {status}");
                    return ladder.untold("examines", cause);
                }
                Err(fault) => {
                    let cause = format!(
                        "a callback with the provider's refusal gave no answer: {}",
                        fault.hindrance.cause
                    );
                    return ladder.untold("examines", cause);
                }
            }
        }
        let [wrong, right, again] = shapes.as_slice() else {
            return;
        };
        match compared(wrong, right, again) {
            Ok(true) => ladder.held("examines"),
            Ok(false) => ladder.broke(
                "examines",
                "Auth.js 5 takes the provider's refusal with a wrong state as it does with the right one, so it does not compare the state",
                "take out what replaces the library's check of the state",
            ),
            Err(cause) => ladder.untold("examines", cause),
        }
    }

    fn wrong_state(&self) -> String {
        format!("holdpoint-wrong-state-{}", self.context.run)
    }

    /// The callback with what the provider would give beside the state: a code, or an error.
    fn callback(&self, metadata: &Metadata, given: (&str, &str), state: &str) -> Url {
        let mut url = self.endpoint(&format!("callback/{}", self.provider));
        url.query_pairs_mut()
            .append_pair(given.0, given.1)
            .append_pair("state", state);
        if metadata.names_itself {
            // Its absence would be refused before the state is looked at.
            url.query_pairs_mut().append_pair("iss", &metadata.issuer);
        }
        url
    }
}

/// What tells one answer from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    status: u16,
    /// The path that it leads to.
    path: Option<String>,
    /// It leads to the application itself.
    home: bool,
    error: Option<String>,
    /// The names of the library's cookies that it sets; others, such as a balancer's, come and go.
    names: Vec<String>,
}

fn shape(asked: &Url, answer: &Fetched) -> Shape {
    let to = answer.header("location").and_then(|to| asked.join(to).ok());
    let error = to.as_ref().and_then(|to| {
        let found = to.query_pairs().find(|(name, _)| name == "error");
        found.map(|(_, value)| value.into_owned())
    });
    let mut names: Vec<_> = cookie::set_by(answer)
        .into_iter()
        .filter(|cookie| cookie::version(cookie).is_some())
        .map(|cookie| cookie.name)
        .collect();
    names.sort();
    Shape {
        status: answer.status,
        path: to.as_ref().map(|to| to.path().to_owned()),
        home: to.is_some_and(|to| same_origin(&to, asked)),
        error,
        names,
    }
}

/// Does the application tell a wrong state from the right one? Not every difference shows it: what stands before the
/// application may refuse one request and let another through.
fn compared(wrong: &Shape, right: &Shape, again: &Shape) -> Result<bool, &'static str> {
    let taken = |shape: &Shape| {
        shape
            .error
            .as_deref()
            .is_some_and(|error| TAKEN.contains(&error))
    };
    if wrong != again {
        return Err(
            "a wrong state is answered in one way and then in another, so the answers tell nothing",
        );
    }
    match &right.error {
        Some(error) if wrong == right && error == "OAuthCallbackError" => Ok(false),
        _ if wrong == right => Err(
            "a wrong state and the right one are answered alike, as NextAuth 4 does whether or not it compares them",
        ),
        error if taken(right) && wrong.home && wrong.error.is_some() && wrong.error != *error => {
            Ok(true)
        }
        _ => Err(
            "a wrong state and the right one are answered differently, and not as the library answers one that it has compared",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(to: &str, cookie: &str) -> Shape {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("location", to.parse().unwrap());
        headers.insert("set-cookie", cookie.parse().unwrap());
        let answer = Fetched {
            status: 302,
            headers,
            body: Vec::new(),
            ..Fetched::default()
        };
        shape(
            &"https://app.example/api/auth/callback/google"
                .parse()
                .unwrap(),
            &answer,
        )
    }

    #[test]
    fn only_the_library_s_own_answers_show_a_comparison() {
        let wrong = leads("/api/auth/error?error=Configuration", "lb=1; Path=/");
        let right = leads("/auth/signin?error=OAuthCallbackError", "lb=2; Path=/");
        assert_eq!(
            compared(
                &wrong,
                &right,
                &leads("/api/auth/error?error=Configuration", "lb=3")
            ),
            Ok(true)
        );
        assert_eq!(compared(&right, &right, &right), Ok(false));
        let v4 = leads("/auth/signin?error=Callback", "x=1");
        assert!(compared(&v4, &v4, &v4).is_err());
        // A front that turns away what looks odd, or a limiter.
        let away = leads("https://waf.example/blocked?error=Odd", "x=1");
        let blocked = leads("/blocked", "x=1");
        for wrong in [&away, &blocked] {
            assert!(compared(wrong, &right, wrong).is_err(), "{wrong:?}");
        }
        assert!(compared(&wrong, &blocked, &wrong).is_err());
        assert!(compared(&wrong, &right, &right).is_err());
    }
}
