//! Ways around a limit: once it refuses, the same request dressed up as somebody else's, each between two plain ones.
//!
//! The method is control, variant, control: a variant counts only where both controls are refused, and gets past the
//! limit only where it is let through in each of three such triples, with the status of an ordinary answer.

use super::ask::Question;
use super::burst::{BUDGET, Seen, World, burst};
use super::subject::Claim;
use futures_util::future::BoxFuture;
use reqwest::Method;
use serde_json::{Value, json};

/// As many triples confirm a way around.
const TRIPLES: u32 = 3;
/// How often a triple is repeated whose controls were let through.
const REPEATS: u32 = 2;

/// What a variant pretends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Another address of the client.
    Address,
    /// Another way of writing the path, or another method.
    Path,
    /// Another session.
    Session,
}

const GROUPS: [(Group, &str); 3] = [
    (Group::Address, "address"),
    (Group::Path, "path"),
    (Group::Session, "session"),
];

/// One way that may lead around a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) group: Group,
    pub(super) name: &'static str,
}

/// Headers by which a proxy tells the client's address, as servers and platforms read them.
const ADDRESS_HEADERS: [&str; 11] = [
    "x-forwarded-for",
    "x-real-ip",
    "forwarded",
    "cf-connecting-ip",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "fastly-client-ip",
    "x-originating-ip",
    "x-vercel-forwarded-for",
    "x-forwarded",
];
const PATHS: [&str; 7] = [
    "a slash at the end",
    "a doubled slash",
    "upper case",
    "an encoded letter",
    "a query",
    "a path parameter",
    "HEAD",
];
const SESSIONS: [&str; 2] = ["a new cookie", "a new session cookie"];

/// Every variant.
pub(super) fn variants() -> Vec<Variant> {
    let of = |group, names: &[&'static str]| {
        let each = names.iter().map(move |name| Variant { group, name });
        each.collect::<Vec<_>>()
    };
    [
        of(Group::Address, &ADDRESS_HEADERS),
        of(Group::Path, &PATHS),
        of(Group::Session, &SESSIONS),
    ]
    .concat()
}

/// The question dressed up; `turn` makes each attempt a new stranger. None where the path cannot be written so.
pub(super) fn dressed(question: &Question, variant: Variant, turn: u32) -> Option<Question> {
    let mut other = question.clone();
    // Addresses for documentation (RFC 5737), which nobody has.
    let address = format!("203.0.113.{}", turn % 254 + 1);
    let path = question.path.as_str();
    let plain = !path.contains(['?', '#']) && path.len() > 1;
    match (variant.group, variant.name) {
        (Group::Address, "forwarded") => {
            other.headers.push(("forwarded", format!("for={address}")));
        }
        (Group::Address, name) => other.headers.push((name, address)),
        (Group::Session, "a new cookie") => {
            other
                .headers
                .push(("cookie", format!("holdpoint=stranger-{turn}")));
        }
        (Group::Session, _) => {
            let cookie =
                format!("next-auth.session-token=stranger-{turn}; session=stranger-{turn}");
            other.headers.push(("cookie", cookie));
        }
        (Group::Path, "HEAD") => other.method = Method::HEAD,
        (Group::Path, "a query") => {
            let mark = if path.contains('?') { '&' } else { '?' };
            other.path = format!("{path}{mark}holdpoint={turn}");
        }
        (Group::Path, _) if !plain => return None,
        (Group::Path, "a slash at the end") if !path.ends_with('/') => {
            other.path = format!("{path}/")
        }
        (Group::Path, "a doubled slash") => other.path = format!("/{path}"),
        (Group::Path, "upper case") => other.path = path.to_ascii_uppercase(),
        (Group::Path, "an encoded letter") => {
            let last = path
                .char_indices()
                .rev()
                .find(|(_, letter)| letter.is_ascii_alphanumeric())?;
            let (before, after) = (path.get(..last.0)?, path.get(last.0 + 1..)?);
            other.path = format!("{before}%{:02X}{after}", u32::from(last.1));
        }
        (Group::Path, "a path parameter") => other.path = format!("{path};holdpoint={turn}"),
        (Group::Path, _) => return None,
    }
    (other != *question).then_some(other)
}

/// A world in which other questions can be put too.
pub(super) trait Strangers: World {
    /// Asks something else once.
    fn ask_as(
        &mut self,
        variant: Variant,
        turn: u32,
        usual: Option<u16>,
    ) -> Option<BoxFuture<'_, Seen>>;
}

/// What became of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It got past the limit, three times of three.
    Passed,
    /// It was refused, or led to something else.
    Held,
    /// It cannot be told.
    Untold,
}

/// All that was tried.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    pub(super) tried: Vec<(Variant, Outcome)>,
    pub(super) sent: u64,
    /// Why nothing, or not everything, could be tried.
    pub(super) why: Option<String>,
}

impl Told {
    /// Nothing was tried.
    pub(super) fn nothing(why: &str) -> Self {
        Self {
            why: Some(why.to_owned()),
            ..Self::default()
        }
    }

    /// What the limit counts by, for people, as far as it was seen: what makes a client another one is part of it.
    fn key(&self) -> Option<String> {
        let passed = |group| {
            let those = self
                .tried
                .iter()
                .filter(move |(variant, what)| variant.group == group && *what == Outcome::Passed);
            those.map(|(variant, _)| variant.name).collect::<Vec<_>>()
        };
        let mut parts = Vec::new();
        let addresses = passed(Group::Address);
        if !addresses.is_empty() {
            parts.push(format!("the address that {} names", addresses.join(" or ")));
        }
        if !passed(Group::Path).is_empty() {
            parts.push("the path as it is written".into());
        }
        if !passed(Group::Session).is_empty() {
            parts.push("the cookie that the client sends".into());
        }
        if !parts.is_empty() {
            return Some(parts.join(" and "));
        }
        let all_held = self.tried.iter().all(|(_, what)| *what == Outcome::Held);
        (self.why.is_none() && !self.tried.is_empty() && all_held).then(|| {
            "the address of the connection, or nothing: cookies, other ways of writing the path and named addresses change nothing".into()
        })
    }

    /// The fact `bypass`.
    pub(super) fn fact(&self) -> Value {
        let names = |group: Group, outcome: Outcome| {
            let of =
                |(variant, what): &&(Variant, Outcome)| variant.group == group && *what == outcome;
            let named = self
                .tried
                .iter()
                .filter(of)
                .map(|(variant, _)| variant.name);
            named.collect::<Vec<_>>()
        };
        let mut fact = json!({ "sent": self.sent, "why": self.why, "key": self.key() });
        for (group, word) in GROUPS {
            fact[word] = json!({
                "passed": names(group, Outcome::Passed),
                "held": names(group, Outcome::Held),
                "untold": names(group, Outcome::Untold),
            });
        }
        fact
    }
}

/// What ends the whole look.
struct Ended(String);

struct Trial<'a> {
    world: &'a mut dyn Strangers,
    claim: Claim,
    usual: Option<u16>,
    turn: u32,
    sent: u64,
}

/// Exhausts the limit, where that is not done yet, and tries each variant. `usual` is the status of an ordinary answer, where
/// it is known, and `sent` what the look has sent so far.
pub(super) async fn look(
    world: &mut dyn Strangers,
    claim: Claim,
    usual: Option<u16>,
    sent: u64,
) -> Told {
    let mut trial = Trial {
        world,
        claim,
        usual,
        turn: 0,
        sent,
    };
    let mut told = Told::default();
    match trial.exhaust().await {
        Ok(()) => {
            for variant in variants() {
                match trial.variant(variant).await {
                    Ok(Some(outcome)) => told.tried.push((variant, outcome)),
                    // The path cannot be written so.
                    Ok(None) => {}
                    Err(Ended(why)) => {
                        told.why = Some(why);
                        break;
                    }
                }
            }
        }
        Err(Ended(why)) => told.why = Some(why),
    }
    told.sent = trial.sent;
    told
}

impl Trial<'_> {
    /// Asks until the limiter refuses.
    async fn exhaust(&mut self) -> Result<(), Ended> {
        // Twice its number, in case a window ends meanwhile.
        let most = self.claim.limit.saturating_mul(2).saturating_add(1);
        let left = BUDGET.saturating_sub(self.sent);
        let world: &mut dyn World = &mut *self.world;
        let one = burst(world, most.min(left), 0.0, self.usual).await;
        self.sent += one.sent;
        self.usual = self.usual.or(one.status);
        match (one.refusal, one.spoilt) {
            (_, Some(why)) => Err(Ended(why)),
            (Some(_), None) if self.usual.is_none() => Err(Ended(
                "every request was refused, so what an ordinary answer is was not seen".into(),
            )),
            (Some(_), None) => Ok(()),
            (None, None) => Err(Ended(format!(
                "{} requests in a row were not refused, so there is nothing to get around",
                one.sent
            ))),
        }
    }

    /// Is a plain request refused?
    async fn control(&mut self) -> Result<bool, Ended> {
        if self.sent >= BUDGET {
            return Err(Ended(format!(
                "the {BUDGET} requests that one look may send are spent"
            )));
        }
        self.sent += 1;
        match self.world.ask(self.usual).await {
            Seen::Refused(_) => Ok(true),
            Seen::Admitted { .. } => Ok(false),
            Seen::Failed(status) => Err(Ended(format!("an answer had status {status}"))),
            Seen::Lost(why) => Err(Ended(why)),
        }
    }

    async fn variant(&mut self, variant: Variant) -> Result<Option<Outcome>, Ended> {
        let (mut passed, mut repeats) = (0, 0);
        while passed < TRIPLES {
            let before = self.control().await?;
            self.turn += 1;
            let Some(asked) = self.world.ask_as(variant, self.turn, self.usual) else {
                return Ok(None);
            };
            let seen = asked.await;
            self.sent += 1;
            let through = match seen {
                Seen::Admitted { status, .. } => Some(status) == self.usual,
                // An odd request that breaks the server is another check's affair.
                Seen::Refused(_) | Seen::Failed(_) => false,
                Seen::Lost(_) => return Ok(Some(Outcome::Untold)),
            };
            let after = self.control().await?;
            if before && after {
                if !through {
                    return Ok(Some(Outcome::Held));
                }
                passed += 1;
                continue;
            }
            repeats += 1;
            if repeats > REPEATS {
                return Ok(Some(Outcome::Untold));
            }
            self.exhaust().await?;
        }
        Ok(Some(Outcome::Passed))
    }
}

#[cfg(test)]
mod tests;
