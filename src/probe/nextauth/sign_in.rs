//! The look `sign-in`: signs in with a provider that needs no person, looks at the session, signs out again.

use super::away;
use super::climb::{Climb, End, Opening, line};
use super::csrf::Pair;
use super::forged::{FALSE, Forged, Forgery, Taken};
use super::jwe;
use super::kept::Kept;
use super::names::{self, Shape};
use super::site::{self, Answer};
use crate::model::{Hindrance, HindranceKind, Leftover};
use crate::probe::http::cookie::Cookie;
use crate::probe::transport::Fault;
use serde_json::{Value, json};

/// The provider where none is named.
const GUEST: &str = "guest";
/// A session that was there before: what somebody would plant who wants to know the next one.
const PLANTED: &str = "holdpoint-planted-session";
/// Seconds that the ends of cookie and token may lie apart.
const APART: u64 = 60;

const WHY_REFUSED: &str = "read the deployment's log for what the provider's authorize function said; where the provider's form has fields, name each with the variable of its value as fields in the check";
const WHY_LOST: &str = "with credentials set session: { strategy: \"jwt\" }: an adapter alone makes the database the default, and sessions of a credentials sign-in are then written as tokens that nobody looks for";
const WHY_KEPT: &str = "sign out by POST to /api/auth/signout with the CSRF token, and let nothing on the way drop its Set-Cookie";

/// What both versions say where authorize gives no user.
pub(super) const REFUSED: &str = "CredentialsSignin";

/// A session cookie's parts as they were set.
pub(super) type Parts = Vec<Cookie>;

pub(super) async fn look(climb: &mut Climb<'_>) -> Result<(), End> {
    let opening = climb.open().await?;
    if !opening.is_stranger {
        return Err(End::Told);
    }
    let provider = climb.text("provider").unwrap_or(GUEST).to_owned();
    listed(climb, &provider).await?;
    let (Some((csrf, pair)), Some(session)) = (&opening.csrf, climb.session_cookie(&opening))
    else {
        climb.ladder.untold(
            "sign_in",
            "no CSRF cookie came, so no form can be sent as a browser sends it",
        );
        return Err(End::Told);
    };
    let fields = fields(climb)?;
    let kept = Kept::new(climb.site.clone(), csrf.clone(), pair.clone());
    let promise = climb
        .context
        .scratch
        .promise(leftover(climb, &provider), kept.clone().sign_out_all())
        .map_err(|cause| {
            climb.ladder.untold("sign_in", cause);
            End::Told
        })?;
    let attempt = Attempt {
        opening: &opening,
        csrf,
        pair,
        session,
        provider,
        fields,
        kept,
    };
    let outcome = attempt.run(climb).await;
    // What could not be removed is told by the run.
    let _ = promise.keep().await;
    outcome
}

/// Is the provider there, and of the kind that needs no other site?
async fn listed(climb: &mut Climb<'_>, provider: &str) -> Result<(), End> {
    let asked = climb.asked("providers");
    let answer = climb.site.get("providers", "", &[], climb.until).await;
    let answer = answer.map_err(|fault| climb.unanswered("sign_in", &asked, fault))?;
    let json = climb.json("sign_in", &asked, &answer)?;
    if json[provider]["type"] == "credentials" {
        return Ok(());
    }
    Err(End::Fault(Fault::settled(Hindrance::new(
        HindranceKind::Absent,
        format!(
            "the application has no credentials provider '{provider}', so nobody can sign in without a person"
        ),
    ))))
}

/// The form's fields with the values of their variables.
fn fields(climb: &mut Climb<'_>) -> Result<Vec<(String, String)>, End> {
    let mut fields = Vec::new();
    let given = climb.parameters.get("fields").and_then(Value::as_object);
    for (field, variable) in given.into_iter().flatten() {
        let variable = variable.as_str().unwrap_or_default();
        let Some(found) = climb.context.environment.get(variable) else {
            let cause =
                format!("{variable} is not set, which holds the value of the field {field}");
            climb.ladder.untold("sign_in", cause);
            return Err(End::Told);
        };
        climb.context.secrets.register(variable, &found.value);
        fields.push((field.clone(), found.value.clone()));
    }
    Ok(fields)
}

fn leftover(climb: &Climb<'_>, provider: &str) -> Leftover {
    Leftover {
        service: format!("NextAuth at {}", climb.site.address("").host_str().unwrap_or_default()),
        what: format!("a session of the provider {provider}, opened by holdpoint run {}", climb.context.run),
        removal: "delete the newest session and user of that provider, where sessions are kept in a database; a session in a cookie is held by nobody".into(),
        expires_after: None,
    }
}

/// One sign-in.
pub(super) struct Attempt<'a> {
    opening: &'a Opening,
    pub(super) csrf: &'a Cookie,
    pub(super) pair: &'a Pair,
    /// The name of the session cookie.
    session: String,
    provider: String,
    fields: Vec<(String, String)>,
    pub(super) kept: Kept,
}

impl Attempt<'_> {
    async fn run(&self, climb: &mut Climb<'_>) -> Result<(), End> {
        let asked = format!("POST callback/{}", self.provider);
        // The right one comes first: where sign-ins are limited, the forged ones find the limit.
        let answer = self.sign_in(climb, &self.right(), &self.home(climb)).await;
        let answer = answer.map_err(|fault| climb.unanswered("sign_in", &asked, fault))?;
        let Some((token, parts)) = self.token(climb, &answer) else {
            self.refused(climb, &asked, &answer);
            return Err(End::Told);
        };
        climb.context.secrets.register("session", &token);
        let cookies = line(parts.iter().map(|part| (&*part.name, &*part.value)));
        self.kept.add(&cookies);
        climb.ladder.held("sign_in");
        let mut fact = self.describe(climb, &token, &parts);
        fact["csrf_per_request"] = json!(self.is_renewed(climb).await);
        climb.tell("sign_in", fact.clone());
        // Before others, which may end this one where a user has one session only.
        let recognised = self.recognise(climb, &cookies).await;

        fact["in_leads_away"] = json!(self.in_leads_away(climb).await);
        fact["without_csrf"] = json!(self.opens(climb, Forgery::Missing, None).await);
        let another = self.anothers(climb).await;
        let mut taken = Taken::default();
        for forgery in FALSE {
            taken.add(forgery, self.opens(climb, forgery, another.as_ref()).await);
        }
        fact["false_csrf"] = taken.fact();
        climb.tell("sign_in", fact.clone());
        recognised?;

        let missing = self
            .signs_out(climb, Forgery::Missing, None, &cookies)
            .await;
        fact["out_without_csrf"] = json!(missing);
        let mut taken = Taken::default();
        for forgery in FALSE {
            let signs_out = self.signs_out(climb, forgery, another.as_ref(), &cookies);
            taken.add(forgery, signs_out.await);
        }
        fact["out_false_csrf"] = taken.fact();
        climb.tell("sign_in", fact.clone());
        let answer = self.sign_out(climb, &cookies).await?;
        fact["out_leads_away"] = json!(self.leads_away(climb, &answer));
        let (replayed, renewed) = self.replay(climb, &cookies).await.unzip();
        fact["replayed"] = json!(replayed);
        fact["renewed"] = json!(renewed);
        climb.tell("sign_in", fact);
        Ok(())
    }

    fn right(&self) -> Forged {
        Forged {
            cookie: line([(&*self.csrf.name, &*self.csrf.value)]),
            token: Some(self.pair.token.clone()),
        }
    }

    pub(super) fn home(&self, climb: &Climb<'_>) -> String {
        format!("{}/", climb.site.home())
    }

    /// Does a sign-in that names another site lead there? None where it opens no session.
    async fn in_leads_away(&self, climb: &Climb<'_>) -> Option<bool> {
        let answer = self.sign_in(climb, &self.right(), &away()).await.ok()?;
        let (_, parts) = self.token(climb, &answer)?;
        self.dismiss(&parts).await;
        self.leads_away(climb, &answer)
    }

    /// Sends the provider's form; a session was planted before. Where it leads is looked at, and never followed.
    pub(super) async fn sign_in(
        &self,
        climb: &Climb<'_>,
        csrf: &Forged,
        callback_url: &str,
    ) -> Result<Answer, Fault> {
        let mut fields = vec![("callbackUrl", callback_url)];
        let planted = line([(self.session.as_str(), PLANTED)]);
        let cookies = match csrf.cookie.is_empty() {
            true => planted,
            false => format!("{planted}; {}", csrf.cookie),
        };
        fields.extend(csrf.token.as_deref().map(|token| ("csrfToken", token)));
        fields.extend(
            self.fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let endpoint = format!("callback/{}", self.provider);
        climb
            .site
            .post(&endpoint, &cookies, &fields, climb.until)
            .await
    }

    /// The session that an answer sets, and the cookies that hold it; none where it sets none.
    pub(super) fn token(&self, climb: &Climb<'_>, answer: &Answer) -> Option<(String, Parts)> {
        let parts: Parts = answer
            .cookies
            .iter()
            .filter(|cookie| names::place(&self.session, &cookie.name).is_some())
            .filter(|cookie| !cookie.is_removal(climb.context.now))
            .cloned()
            .collect();
        let token = names::join(
            &self.session,
            parts.iter().map(|part| (&*part.name, &*part.value)),
        );
        token
            .filter(|token| !token.is_empty())
            .map(|token| (token, parts))
    }

    /// Why the sign-in opened no session.
    fn refused(&self, climb: &mut Climb<'_>, asked: &str, answer: &Answer) {
        let said = answer.next().and_then(error_in);
        match (answer.status, said) {
            (200 | 302 | 401, Some(error)) if error == REFUSED => climb.ladder.broke(
                "sign_in",
                format!(
                    "the application refuses the sign-in with {}: {error}",
                    self.provider
                ),
                WHY_REFUSED,
            ),
            (status, Some(error)) => climb.ladder.untold(
                "sign_in",
                format!("{asked} answers with status {status} and the error {error}, which does not tell whether it was refused"),
            ),
            (status, None) => climb.ladder.untold(
                "sign_in",
                format!(
                    "{asked} answers with status {status} and sets no session cookie named {}",
                    self.session
                ),
            ),
        }
    }

    /// Does an answer lead to the other site that the form named? None where it leads nowhere.
    fn leads_away(&self, climb: &Climb<'_>, answer: &Answer) -> Option<bool> {
        let home = climb.site.address("");
        Some(away::leads_away(&home, answer.next()?))
    }

    fn describe(&self, climb: &Climb<'_>, token: &str, parts: &[Cookie]) -> Value {
        let shape = Shape::of(token);
        let secret = self.opening.secret.as_ref();
        let claims = self
            .opening
            .edition
            .zip(secret)
            .and_then(|(edition, secret)| {
                jwe::open(edition, &secret.encrypts, &self.session, token)
            });
        let comparable = shape == Shape::Encrypted && secret.is_some();
        let number = |claim: &str| claims.as_ref().and_then(|claims| claims[claim].as_i64());
        let cookie = parts.first().map(|cookie| climb.cookie(cookie));
        let cookie_ends = cookie.as_ref().and_then(|cookie| {
            cookie["max_age"]
                .as_i64()
                .or_else(|| cookie["expires_in"].as_i64())
        });
        let token_ends = number("exp").map(|exp| exp.saturating_sub(climb.context.now));
        json!({
            "provider": self.provider,
            "kept_as": shape.word(),
            "chunks": parts.len(),
            "cookie": cookie,
            "is_of_secret": comparable.then_some(claims.is_some()),
            "token_life": number("exp").zip(number("iat")).map(|(exp, iat)| exp.saturating_sub(iat)),
            "lives": cookie_ends.or(token_ends),
            "expiry_agrees": cookie_ends
                .zip(token_ends)
                .map(|(cookie, token): (i64, i64)| cookie.abs_diff(token) <= APART),
            "replaced": token != PLANTED,
            "in_leads_away": null,
            "out_leads_away": null,
            "without_csrf": null,
            "false_csrf": null,
            "csrf_per_request": null,
            "out_without_csrf": null,
            "out_false_csrf": null,
            "replayed": null,
            "renewed": null,
        })
    }

    async fn recognise(&self, climb: &mut Climb<'_>, cookies: &str) -> Result<(), End> {
        let asked = climb.asked("session");
        let answer = climb.site.get("session", cookies, &[], climb.until).await;
        let answer = answer.map_err(|fault| climb.unanswered("recognise", &asked, fault))?;
        let json = climb.json("recognise", &asked, &answer)?;
        match site::session(&json) {
            Ok(Some(_)) => {
                climb.ladder.held("recognise");
                Ok(())
            }
            Ok(None) => {
                climb.ladder.broke(
                    "recognise",
                    "the session that the sign-in has just opened is answered as a stranger's",
                    WHY_LOST,
                );
                Err(End::Told)
            }
            Err(cause) => {
                climb.ladder.untold("recognise", cause);
                Err(End::Told)
            }
        }
    }

    /// Does the CSRF token change though the request carries a valid one?
    async fn is_renewed(&self, climb: &Climb<'_>) -> Option<bool> {
        let cookies = line([(&*self.csrf.name, &*self.csrf.value)]);
        let answer = climb.site.get("csrf", &cookies, &[], climb.until).await;
        let json = answer.ok().filter(|answer| answer.status == 200)?.json?;
        Some(json["csrfToken"].as_str()? != self.pair.token)
    }

    /// Shows a session that was signed out: is it known still, and prolonged by being shown? None where the answer
    /// does not tell.
    async fn replay(&self, climb: &Climb<'_>, cookies: &str) -> Option<(bool, bool)> {
        let answer = climb.site.get("session", cookies, &[], climb.until).await;
        let answer = answer.ok().filter(|answer| answer.status == 200)?;
        let session = site::session(answer.json.as_ref()?).ok()?;
        Some((session.is_some(), self.token(climb, &answer).is_some()))
    }

    pub(super) fn is_taken_away(&self, climb: &Climb<'_>, answer: &Answer) -> bool {
        answer.cookies.iter().any(|cookie| {
            names::place(&self.session, &cookie.name).is_some()
                && cookie.is_removal(climb.context.now)
        })
    }

    async fn sign_out(&self, climb: &mut Climb<'_>, session: &str) -> Result<Answer, End> {
        let cookies = format!(
            "{}; {session}",
            line([(&*self.csrf.name, &*self.csrf.value)])
        );
        let away = away();
        let fields = [
            ("csrfToken", self.pair.token.as_str()),
            ("callbackUrl", &away),
        ];
        let answer = climb
            .site
            .post("signout", &cookies, &fields, climb.until)
            .await;
        let answer = answer.map_err(|fault| climb.unanswered("sign_out", "POST signout", fault))?;
        if self.is_taken_away(climb, &answer) {
            self.kept.forget(session);
            climb.ladder.held("sign_out");
            return Ok(answer);
        }
        match answer.status {
            200 | 302 => climb.ladder.broke(
                "sign_out",
                "POST signout with the CSRF token leaves the session cookie where it is",
                WHY_KEPT,
            ),
            status => climb.ladder.untold(
                "sign_out",
                format!("POST signout answers with status {status}"),
            ),
        }
        Err(End::Told)
    }
}

/// An address of another site.
fn away() -> String {
    format!("https://{}/", away::FOREIGN)
}

/// The code of an error in the address that the library leads to. Applications may put words of their own
/// into it, so only codes are shown.
pub(super) fn error_in(address: &str) -> Option<String> {
    let query = address.split_once('?')?.1;
    let (_, error) =
        url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "error")?;
    let is_code = error.len() <= 40 && error.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Some(if is_code {
        error.into_owned()
    } else {
        "a message of the application's own".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_shown_by_its_code_only() {
        let error = |address: &str| error_in(address);
        assert_eq!(
            error("http://a.example/api/auth/error?error=CredentialsSignin&provider=x").as_deref(),
            Some("CredentialsSignin")
        );
        assert_eq!(
            error("/signin?error=no%20user%20ann%40a.example").as_deref(),
            Some("a message of the application's own")
        );
        assert_eq!(error("http://a.example/"), None);
        assert_eq!(error("/?csrf=true"), None);
    }
}
