//! What the looks share: the first answer, which version gave it, and whether it was signed with the configured secret.

use super::configured::{self, Secret};
use super::csrf::Pair;
use super::declare::{self, RUNGS};
use super::jwe::Edition;
use super::names::{self, Names};
use super::site::{self, Answer, Reading, Site};
use crate::model::{Facts, HindranceKind, same_origin};
use crate::probe::http::cookie::Cookie;
use crate::probe::ladder::Ladder;
use crate::probe::transport::Fault;
use crate::probe::{Context, Sighting, Transient};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The engine ends a look at its deadline; what is known then must be told a little before.
const MARGIN: Duration = Duration::from_millis(250);

const WHERE_IT_LIES: &str = "put the handler at app/api/auth/[...nextauth]/route.ts (pages/api/auth/[...nextauth].ts) and deploy it; \
     where it lies below another path, say so by HOLDPOINT_NEXTAUTH_PATH=/path, or by base_path in a check of your own";
const WHAT_IT_LACKS: &str = "read the deployment's log: NO_SECRET or MissingSecret means that NEXTAUTH_SECRET (AUTH_SECRET for Auth.js 5) is missing or empty in this environment; \
     UntrustedHost means that AUTH_URL or AUTH_TRUST_HOST=true is; set it and deploy again, because a running deployment does not see the change";
const WHO_IS_SHOWN: &str = "find what answers GET /api/auth/session for everybody: a cache that keeps it (it must be private and no-store), \
     or a session callback that returns a user without a token";
const WHICH_SECRET: &str = "set the same value here and in the deployment, then deploy again; all instances need one value, and changing it signs everybody out. \
     Where the code passes another variable as secret, name it as variable in the check";

/// One look under way.
pub(super) struct Climb<'a> {
    pub(super) context: &'a Context,
    pub(super) parameters: &'a Facts,
    pub(super) site: Site,
    pub(super) ladder: Ladder,
    pub(super) until: Instant,
    facts: Facts,
    /// Something before the application gave an answer that another attempt may not meet.
    passing: bool,
}

/// Why a look ends early.
pub(super) enum End {
    /// The ladder says why.
    Told,
    /// There was no connection at all.
    Fault(Fault),
}

/// What the first answer tells.
pub(super) struct Opening {
    pub(super) edition: Option<Edition>,
    /// The CSRF cookie has the prefix of secure cookies; none for a name of the application's own.
    pub(super) prefixed: Option<bool>,
    pub(super) csrf: Option<(Cookie, Pair)>,
    /// The configured secret that the deployment uses.
    pub(super) secret: Option<Secret>,
    /// Nobody's session is nobody's; else no other answer tells whose session was sent.
    pub(super) is_stranger: bool,
    pub(super) cache_control: Option<String>,
}

impl<'a> Climb<'a> {
    pub(super) fn new(site: Site, look: &str, parameters: &'a Facts, context: &'a Context) -> Self {
        let mut facts: Facts = declare::facts()
            .into_iter()
            .map(|fact| (fact.name.into_owned(), Value::Null))
            .collect();
        facts.insert("look".into(), look.into());
        facts.insert("home".into(), site.home().into());
        facts.insert(
            "endpoint".into(),
            site.address("").as_str().trim_end_matches('/').into(),
        );
        let margin = MARGIN.min(context.timeout / 10);
        Self {
            context,
            parameters,
            site,
            ladder: Ladder::new(RUNGS),
            until: context.until.checked_sub(margin).unwrap_or(context.until),
            facts,
            passing: false,
        }
    }

    /// A parameter that is text.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.parameters.get(name).and_then(Value::as_str)
    }

    /// Sets a fact.
    pub(super) fn tell(&mut self, fact: &str, value: impl Into<Value>) {
        debug_assert!(self.facts.contains_key(fact), "{fact} is not declared");
        self.facts.insert(fact.into(), value.into());
    }

    /// The facts, or what kept the look from any.
    pub(super) fn finish(mut self, end: Result<(), End>) -> Sighting {
        if let Err(End::Fault(fault)) = end {
            return Sighting {
                transient: fault.connecting.then_some(Transient { retry_after: None }),
                ..Sighting::hindered(fault.hindrance)
            };
        }
        self.facts.insert("steps".into(), self.ladder.into_fact());
        Sighting {
            transient: self.passing.then_some(Transient { retry_after: None }),
            ..Sighting::of(self.facts)
        }
    }

    /// A step that found no answer cannot be told; where even the first found no connection, there is no look.
    pub(super) fn unanswered(&mut self, rung: &str, asked: &str, fault: Fault) -> End {
        use HindranceKind::{Dns, Refused, Tls, Unreachable};
        let kind = fault.hindrance.kind;
        let apart = fault.connecting || matches!(kind, Dns | Refused | Tls | Unreachable);
        if rung == RUNGS[0].0 && apart {
            return End::Fault(fault);
        }
        let cause = format!("{asked}: {}", fault.hindrance.cause);
        self.ladder.untold(rung, cause);
        End::Told
    }

    /// The JSON of an answer; a step that gets none breaks or cannot be told.
    pub(super) fn json(&mut self, rung: &str, asked: &str, answer: &Answer) -> Result<Value, End> {
        match answer.read(asked) {
            Reading::Json(json) => return Ok(json),
            Reading::Missing => self.ladder.broke(
                rung,
                format!("{asked} answers with status 404: the library is not there"),
                WHERE_IT_LIES,
            ),
            Reading::Misconfigured => self.ladder.broke(
                rung,
                format!("{asked} answers that the server's configuration is wrong (status 500)"),
                WHAT_IT_LACKS,
            ),
            Reading::Unclear(cause) => {
                self.passing = matches!(answer.status, 502..=504);
                self.ladder.untold(rung, cause);
            }
        }
        Err(End::Told)
    }

    /// Asks for the session of nobody: the steps answer, stranger and secret.
    pub(super) async fn open(&mut self) -> Result<Opening, End> {
        let asked = self.asked("session");
        let answer = self.site.get("session", "", &[], self.until).await;
        let answer = answer.map_err(|fault| self.unanswered("answer", &asked, fault))?;
        let json = self.json("answer", &asked, &answer)?;
        let session = site::session(&json).map_err(|cause| {
            self.ladder.untold("answer", cause);
            End::Told
        })?;
        let csrf = csrf_pair(&answer);
        let named = csrf
            .as_ref()
            .and_then(|(cookie, _)| names::edition_of(&cookie.name));
        let by_body = match json {
            Value::Null => Some(Edition::Five),
            _ if session.is_none() => Some(Edition::Four),
            _ => None,
        };
        let edition = named.map(|(edition, _)| edition).or(by_body);
        self.tell("version", edition.map(Edition::number));
        let candidates =
            configured::secrets(&self.context.environment, self.text("variable"), edition);
        let matching = csrf.as_ref().and_then(|(_, pair)| {
            candidates
                .iter()
                .find(|candidate| pair.is_of(&candidate.signs))
                .cloned()
        });
        self.name_secret(matching.as_ref().or(candidates.first()));
        let target = self.site.target();
        if let (Some((_, pair)), true) = (&csrf, target.owned || target.is_loopback()) {
            self.tell("guessable", pair.is_guessable());
        }
        let is_stranger = session.is_none();
        let opening = Opening {
            edition,
            prefixed: named.map(|(_, secure)| secure),
            csrf,
            secret: matching,
            is_stranger,
            cache_control: answer.cache_control,
        };
        self.ladder.held("answer");
        if is_stranger {
            self.ladder.held("stranger");
        } else {
            let cause = format!("{asked} without a cookie answers with somebody's session");
            self.ladder.broke("stranger", cause, WHO_IS_SHOWN);
        }
        self.compare(&opening, candidates.first());
        Ok(opening)
    }

    /// The step secret.
    fn compare(&mut self, opening: &Opening, first: Option<&Secret>) {
        match (&opening.csrf, &opening.secret, first) {
            (_, Some(_), _) => self.ladder.held("secret"),
            (None, ..) => self.ladder.untold(
                "secret",
                format!(
                    "{} sets no CSRF cookie, so the deployed secret cannot be compared",
                    self.asked("session")
                ),
            ),
            (_, _, None) => {
                let unset = match self.text("variable") {
                    Some(name) => format!("{name} is not set here"),
                    None => "neither NEXTAUTH_SECRET nor AUTH_SECRET is set here".into(),
                };
                let cause =
                    format!("{unset}, so there is nothing to compare the deployed secret with");
                self.ladder.untold("secret", cause);
            }
            (Some(_), None, Some(first)) => {
                let differs = format!(
                    "the deployment signs with another secret than {} at {}",
                    first.variable, first.origin
                );
                match self.elsewhere(opening.edition) {
                    None => self.ladder.broke("secret", differs, WHICH_SECRET),
                    // Each environment has a secret of its own, so that is as it should be.
                    Some(elsewhere) => self
                        .ladder
                        .untold("secret", format!("{differs}, and {elsewhere}")),
                }
            }
        }
    }

    /// Says so where the variables at hand are those of another deployment than the target.
    fn elsewhere(&self, edition: Option<Edition>) -> Option<String> {
        let named = self.text("url_variable");
        let address = configured::address(&self.context.environment, named, edition)?;
        let url = address.url?;
        let target = &self.site.target().url;
        (!same_origin(&url, target)).then(|| {
            format!(
                "{} at {} names {}: these are the variables of another deployment than {}",
                address.variable,
                address.origin,
                configured::shown(&url),
                configured::shown(target)
            )
        })
    }

    fn name_secret(&mut self, secret: Option<&Secret>) {
        let Some(secret) = secret else {
            return;
        };
        self.context
            .secrets
            .register(&secret.variable, &secret.encrypts);
        let fingerprint = self.context.secrets.fingerprint(&secret.encrypts);
        self.tell("variable", secret.variable.as_str());
        self.tell("origin", secret.origin.as_str());
        self.tell("length", secret.encrypts.chars().count());
        self.tell("fingerprint", fingerprint);
    }

    /// `GET /api/auth/session`, for causes.
    pub(super) fn asked(&self, endpoint: &str) -> String {
        format!("GET {}", self.site.address(endpoint).path())
    }

    /// The name of the session cookie: given, or that of the version and its prefix.
    pub(super) fn session_cookie(&self, opening: &Opening) -> Option<String> {
        if let Some(name) = self.text("cookie") {
            return Some(name.to_owned());
        }
        let secure = opening.prefixed.unwrap_or(self.site.is_secure());
        opening
            .edition
            .map(|edition| Names::of(edition, secure).session)
    }

    /// The facts of a cookie.
    pub(super) fn cookie(&self, cookie: &Cookie) -> Value {
        cookie.facts(self.context.now)
    }
}

/// The CSRF cookie that an answer sets, whatever its name.
pub(super) fn csrf_pair(answer: &Answer) -> Option<(Cookie, Pair)> {
    answer
        .cookies
        .iter()
        .find_map(|cookie| Some((cookie.clone(), Pair::read(&cookie.value)?)))
}

/// Is an answer forbidden to caches? RFC 9111 section 5.2.2.
pub(super) fn is_uncached(cache_control: Option<&str>) -> bool {
    cache_control.is_some_and(|value| {
        let directives: Vec<_> = value
            .split(',')
            .map(|one| one.trim().to_ascii_lowercase())
            .collect();
        let has = |name: &str| directives.iter().any(|one| one == name);
        has("no-store") || has("private") && has("no-cache")
    })
}

/// The fact `expires_in` of a session's `expires`, a time as ISO 8601.
pub(super) fn expires_in(session: &Value, now: i64) -> Option<i64> {
    let expires: jiff::Timestamp = session["expires"].as_str()?.parse().ok()?;
    Some(expires.as_second() - now)
}

/// The cookies of a request in one line.
pub(super) fn line<'b>(cookies: impl IntoIterator<Item = (&'b str, &'b str)>) -> String {
    cookies
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn caches_obey_what_forbids_them() {
        assert!(is_uncached(Some("private, no-cache, no-store")));
        assert!(is_uncached(Some("No-Store")));
        assert!(is_uncached(Some("private, no-cache, max-age=0")));
        assert!(!is_uncached(Some("public, max-age=60")));
        assert!(!is_uncached(Some("private")));
        assert!(!is_uncached(None));
    }

    #[test]
    fn the_end_of_a_session_is_counted_from_now() {
        let session = json!({ "expires": "1970-01-01T00:10:00.000Z" });
        assert_eq!(expires_in(&session, 300), Some(300));
        assert_eq!(expires_in(&json!({ "expires": "soon" }), 0), None);
        assert_eq!(expires_in(&json!({}), 0), None);
    }
}
