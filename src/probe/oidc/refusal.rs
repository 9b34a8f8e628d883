//! The rung of the callback with a wrong state, which no application may believe.

use super::application::{Seen, Visit};
use super::cookie;
use super::discovery::Metadata;
use crate::probe::http::cookie::Cookie;
use crate::probe::ladder::Ladder;
use crate::probe::transport::Fetched;
use serde_json::json;
use url::Url;

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

    /// Comes back with the provider's own refusal, once with a wrong state and once with the right one. Auth.js 5 compares
    /// the state first (oauth4webapi, validateAuthResponse), so it answers them differently; NextAuth 4 looks at the
    /// error first. Neither asks the provider anything.
    async fn examines(&self, metadata: &Metadata, state: &str, cookies: &str, ladder: &mut Ladder) {
        let refused = ("error", "access_denied");
        let mut shapes = Vec::new();
        for state in [&*self.wrong_state(), state] {
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
        let [wrong, right] = shapes.as_slice() else {
            return;
        };
        match &right.1 {
            _ if wrong != right => ladder.held("examines"),
            Some((_, Some(error))) if error == "OAuthCallbackError" => ladder.broke(
                "examines",
                "Auth.js 5 takes the provider's refusal with a wrong state as it does with the right one, so it does not compare the state",
                "take out what replaces the library's check of the state",
            ),
            _ => ladder.untold(
                "examines",
                "a wrong state and the right one are answered alike, as NextAuth 4 does whether or not it compares them",
            ),
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

/// Status, path and error of where it leads, and the names of cookies.
type Shape = (u16, Option<(String, Option<String>)>, Vec<String>);

/// What tells one answer from another: status, where it leads with which error, and which cookies it sets.
fn shape(asked: &Url, answer: &Fetched) -> Shape {
    let to = answer.header("location").and_then(|to| asked.join(to).ok());
    let to = to.map(|to| {
        let error = to.query_pairs().find(|(name, _)| name == "error");
        let error = error.map(|(_, value)| value.into_owned());
        (to.path().to_owned(), error)
    });
    let mut names: Vec<_> = cookie::set_by(answer)
        .into_iter()
        .map(|cookie| cookie.name)
        .collect();
    names.sort();
    (answer.status, to, names)
}
