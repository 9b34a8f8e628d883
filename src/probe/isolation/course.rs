//! The order of an audit: what is tried at each collection and at the other routes, and what remains open where it ends early.

use super::ask::{Asking, Call, Caller};
use super::audit::{Audit, Claims, Thing};
use super::claim::About;
use super::find;
use super::plan::Other;
use serde_json::Value;

/// A body that nobody parses, so that no route acts on it.
const NO_JSON: &str = "holdpoint asks whether this route wants a session";

/// The claims that need something of A's, in the order in which they are tried.
pub(super) const OF_COLLECTIONS: [About; 10] = [
    About::Users,
    About::NoSession,
    About::FalseSessions,
    About::Input,
    About::Operators,
    About::Markup,
    About::Malformed,
    About::Assignment,
    About::ForeignOrigin,
    About::OtherSites,
];

/// A session that no application may take; none where it could not be made.
pub(super) type False = (&'static str, Option<Caller>);

impl Audit<'_> {
    /// Tries everything. Gives the reason where A could not create.
    pub(super) async fn run(&mut self, falses: &[False]) -> Result<(), String> {
        // In a list that shows more than A's own nothing is told apart that carries no mark.
        let before = match self.place.lists {
            true => self.listed().await.map(|ids| ids.is_empty()),
            false => Ok(false),
        };
        let begun = match before {
            Ok(alone) => self.begin().await.map(|thing| (thing, alone)),
            Err(cause) => Err(cause),
        };
        let (thing, alone) = match begun {
            Ok(begun) => begun,
            Err(cause) => {
                self.claims.untold(&OF_COLLECTIONS, &cause);
                return Err(cause);
            }
        };
        let mut open = 0;
        if let Err(cause) = self.phases(thing, alone, falses, &mut open).await {
            self.claims.untold(&OF_COLLECTIONS[open..], &cause);
        }
        Ok(())
    }

    /// Something of A's that A sees.
    async fn begin(&mut self) -> Result<Thing, String> {
        let thing = self.create().await?;
        match self.seen(&thing.id).await? {
            Some(map) if find::carries(&Value::Object(map.clone()), &thing.mark) => Ok(thing),
            _ => Err(format!(
                "A does not find what {} has created, so nothing is told by others not finding it",
                self.shown("POST")
            )),
        }
    }

    async fn phases(
        &mut self,
        thing: Thing,
        alone: bool,
        falses: &[False],
        open: &mut usize,
    ) -> Result<(), String> {
        let (thing, changes) = self.own_changes(thing).await?;
        let b = self.b.clone();
        let thing = self
            .attack(About::Users, &b, thing, &changes, false)
            .await?;
        *open = 1;
        let mut thing = self
            .attack(About::NoSession, &stranger(), thing, &changes, true)
            .await?;
        *open = 2;
        for (what, caller) in falses {
            match caller {
                Some(caller) => {
                    thing = self
                        .attack(About::FalseSessions, caller, thing, &changes, true)
                        .await?;
                }
                None => self
                    .claims
                    .of(About::FalseSessions)
                    .untold(cannot_be_made(what)),
            }
        }
        *open = 3;
        let thing = self.hostile(thing, &changes, alone).await?;
        *open = 8;
        self.foreign().await?;
        *open = OF_COLLECTIONS.len();
        if let Err(cause) = self.delete_own(&thing).await {
            let deleting = [About::Users, About::NoSession, About::FalseSessions];
            self.claims.untold(&deleting, &cause);
        }
        Ok(())
    }
}

/// Nobody.
pub(super) fn stranger() -> Caller {
    Caller {
        by: "without a session".into(),
        cookies: String::new(),
    }
}

fn cannot_be_made(what: &str) -> String {
    format!(
        "{what} cannot be made: the secret that is configured here is not known to be the deployment's"
    )
}

/// The other routes: strangers, and an altered session. Gives those that answer strangers and never ask who it is.
pub(super) async fn others(
    asking: &mut Asking,
    claims: &mut Claims,
    others: &[Other],
    a: Option<&Caller>,
    falses: &[False],
    left_alone: &mut Vec<String>,
) -> Vec<String> {
    let mut open = Vec::new();
    for other in others {
        if other.gets {
            let answer = ask(asking, &stranger(), other, "GET", None).await;
            let shown = format!("GET {}", other.shown);
            let claim = claims.of(About::NoSession);
            match answer {
                Ok(200..=299) if !other.asks => open.push(shown),
                Ok(status @ 200..=299) => {
                    let how =
                        format!("it is answered with {status}, though its file asks for a session");
                    claim.broke(&shown, "without a session", how);
                }
                // What nobody is answered says nothing of sessions.
                Ok(400..=499) if !other.asks => {}
                Ok(300..=499) => {
                    claim.held();
                    falsely(asking, claims, other, a, falses).await;
                }
                Ok(status) if other.asks => claim.untold(format!(
                    "{shown} without a session is answered with {status}"
                )),
                Err(cause) if other.asks => claim.untold(cause),
                _ => {}
            }
        }
        for method in other.takes.iter().filter(|_| other.asks) {
            let answer = ask(asking, &stranger(), other, method, Some(NO_JSON)).await;
            let shown = format!("{method} {}", other.shown);
            let claim = claims.of(About::NoSession);
            match answer {
                Ok(status @ 200..=299) => claim.broke(
                    &shown,
                    "without a session",
                    format!("it is answered with {status}, though its file asks for a session"),
                ),
                Ok(300..=399 | 401 | 403 | 404 | 405) => claim.held(),
                Ok(status @ 400..=499) => left_alone.push(format!(
                    "{shown}: a body that is no JSON is answered with {status} before a session is asked for"
                )),
                Ok(status) => claim.untold(format!(
                    "{shown} without a session is answered with {status}"
                )),
                Err(cause) => claim.untold(cause),
            }
        }
    }
    open
}

/// An altered session at a route that refuses strangers and lets A in.
async fn falsely(
    asking: &mut Asking,
    claims: &mut Claims,
    other: &Other,
    a: Option<&Caller>,
    falses: &[False],
) {
    let altered = falses
        .iter()
        .find_map(|(what, caller)| caller.as_ref().filter(|_| *what == "an altered session"));
    let (Some(a), Some(altered)) = (a, altered) else {
        return;
    };
    if !matches!(ask(asking, a, other, "GET", None).await, Ok(200..=299)) {
        return;
    }
    let shown = format!("GET {}", other.shown);
    let claim = claims.of(About::FalseSessions);
    match ask(asking, altered, other, "GET", None).await {
        Ok(status @ 200..=299) => {
            claim.broke(&shown, &altered.by, format!("it is answered with {status}"));
        }
        Ok(300..=499) => claim.held(),
        Ok(status) => claim.untold(format!("{shown} {} is answered with {status}", altered.by)),
        Err(cause) => claim.untold(cause),
    }
}

async fn ask(
    asking: &mut Asking,
    caller: &Caller,
    other: &Other,
    method: &'static str,
    body: Option<&str>,
) -> Result<u16, String> {
    let call = Call {
        method,
        path: other.path.clone(),
        shown: format!("{method} {}", other.shown),
        body: body.map(str::to_owned),
        ..Call::default()
    };
    let answer = asking.ask(caller, &call).await?;
    // A page, such as that of the sign-in, is where a redirect would have led.
    Ok(if answer.is_page() { 303 } else { answer.status })
}
