//! What was found for one claim: what was tried, which route broke it and how, and what could not be told.

use crate::model::{FactKind, FactSpec};
use serde_json::{Value, json};

/// More findings than these are counted, not named.
const NAMED: usize = 6;

/// The claims, in the order in which they are declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Users,
    NoSession,
    FalseSessions,
    Input,
    Operators,
    Markup,
    Malformed,
    Assignment,
    ForeignOrigin,
    OtherSites,
}

/// Each claim with its name among the facts and its meaning.
pub(super) const CLAIMS: [(About, &str, &str); 10] = [
    (
        About::Users,
        "users",
        "one user reads, changes and deletes nothing of another's",
    ),
    (
        About::NoSession,
        "no_session",
        "requests without a session are refused",
    ),
    (
        About::FalseSessions,
        "false_sessions",
        "made-up, altered, foreign and expired sessions are refused",
    ),
    (
        About::Input,
        "input",
        "values of a wrong type are refused, and so is an empty body",
    ),
    (
        About::Operators,
        "operators",
        "database operators in place of a value are refused and leave nothing behind",
    ),
    (
        About::Markup,
        "markup",
        "markup comes back as data that no browser runs",
    ),
    (
        About::Malformed,
        "malformed",
        "malformed JSON is refused, and no answer shows the server's insides",
    ),
    (
        About::Assignment,
        "assignment",
        "a body decides neither the owner, nor the id, nor the role",
    ),
    (
        About::ForeignOrigin,
        "foreign_origin",
        "what a browser sends for a page of another origin creates nothing, whether or not the session goes along with it",
    ),
    (
        About::OtherSites,
        "other_sites",
        "what a browser sends for a page of another site creates nothing, or the session does not go along with it",
    ),
];

/// One way in which a claim is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Broken {
    route: String,
    by: String,
    how: String,
}

/// What is known of one claim.
#[derive(Debug, Clone, Default)]
pub(super) struct Claim {
    tried: u32,
    broken: Vec<Broken>,
    untold: Vec<String>,
}

impl Claim {
    /// A request told.
    pub(super) fn held(&mut self) {
        self.tried += 1;
    }

    /// A request, its route and who sent it, showed that the claim is false.
    pub(super) fn broke(&mut self, route: &str, by: &str, how: impl Into<String>) {
        self.tried += 1;
        let broken = Broken {
            route: route.to_owned(),
            by: by.to_owned(),
            how: how.into(),
        };
        if !self.broken.contains(&broken) {
            self.broken.push(broken);
        }
    }

    /// Something could not be told, for this reason.
    pub(super) fn untold(&mut self, cause: impl Into<String>) {
        let cause = cause.into();
        if !self.untold.contains(&cause) {
            self.untold.push(cause);
        }
    }

    /// The fact.
    pub(super) fn fact(&self) -> Value {
        let nothing = ["nothing was there to try".to_owned()];
        let (ok, causes): (Option<bool>, Vec<String>) = match (&self.broken[..], &self.untold[..]) {
            ([], []) if self.tried == 0 => (None, nothing.to_vec()),
            ([], []) => (Some(true), Vec::new()),
            ([], untold) => (None, untold.to_vec()),
            (broken, _) => {
                let say = |one: &Broken| format!("{} {}: {}", one.route, one.by, one.how);
                (Some(false), broken.iter().map(say).collect())
            }
        };
        let mut cause = causes
            .iter()
            .take(NAMED)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("; ");
        if let Some(more) = causes.len().checked_sub(NAMED).filter(|more| *more > 0) {
            cause += &format!("; and {more} more");
        }
        let broken = self
            .broken
            .iter()
            .map(|one| json!({ "route": one.route, "by": one.by, "how": one.how }));
        json!({
            "ok": ok,
            "cause": (!cause.is_empty()).then_some(cause),
            "tried": self.tried,
            "broken": broken.collect::<Vec<_>>(),
        })
    }
}

/// The declaration of the fact `claims`.
pub(super) fn declared() -> FactSpec {
    use FactKind::{Bool, Int, Object, Text};
    let each = |(_, name, meaning): &(About, &'static str, &'static str)| {
        let broken = vec![
            FactSpec::new("route", Text, "method and path, as the repository names it"),
            FactSpec::new("by", Text, "who sent the request"),
            FactSpec::new("how", Text, "what came of it"),
        ];
        let parts = vec![
            FactSpec::new(
                "ok",
                FactKind::optional(Bool),
                "it holds; null where that could not be told",
            ),
            FactSpec::new(
                "cause",
                FactKind::optional(Text),
                "what is wrong, or why it cannot be told, for people",
            ),
            FactSpec::new("tried", Int, "requests whose outcome told something"),
            FactSpec::new(
                "broken",
                FactKind::list(Object(broken)),
                "each route and user that shows it to be false",
            ),
        ];
        FactSpec::new(name, Object(parts), meaning)
    };
    FactSpec::new(
        "claims",
        Object(CLAIMS.iter().map(each).collect()),
        "what was found for each claim",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_tried_does_not_hold() {
        let mut claim = Claim::default();
        assert_eq!(claim.fact()["ok"], Value::Null);
        claim.held();
        assert_eq!(claim.fact()["ok"], true);
        claim.untold("no answer");
        assert_eq!(claim.fact()["ok"], Value::Null);
        assert_eq!(claim.fact()["cause"], "no answer");
        claim.broke("PUT /api/tasks/[id]", "as B", "changed");
        let fact = claim.fact();
        assert_eq!(fact["ok"], false);
        assert_eq!(fact["cause"], "PUT /api/tasks/[id] as B: changed");
        assert_eq!(fact["tried"], 2);
    }
}
