//! The rung of the callback with a wrong state, which no application may believe.

use super::application::{Seen, Visit};
use super::cookie;
use super::discovery::Metadata;
use crate::probe::http::cookie::Cookie;
use crate::probe::ladder::Ladder;
use serde_json::json;

impl Visit<'_> {
    /// Comes back with a wrong state, with the cookies of the sign-in.
    pub(super) async fn refuses(
        &self,
        metadata: &Metadata,
        kept: &mut Vec<Cookie>,
        ladder: &mut Ladder,
        seen: &mut Seen,
    ) {
        let mut url = self.endpoint(&format!("callback/{}", self.provider));
        url.query_pairs_mut()
            .append_pair("code", "holdpoint-made-up-code")
            .append_pair(
                "state",
                &format!("holdpoint-wrong-state-{}", self.context.run),
            );
        if metadata.names_itself {
            // Its absence would be refused before the state is looked at.
            url.query_pairs_mut().append_pair("iss", &metadata.issuer);
        }
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
    }
}
