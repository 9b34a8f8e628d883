//! The look `session`: does the deployment accept a session of the configured secret, and refuse all others?

use super::climb::{Climb, End, Opening, expires_in};
use super::configured::Secret;
use super::jwe::{self, Edition};
use super::mint;
use super::names::{self, Shape};
use super::site::{self, Answer};
use serde_json::{Value, json};

const WHOSE_SESSION: &str = "find what answers GET /api/auth/session with another person's session: a cache that keeps it, or a session callback that looks the user up by the wrong key";
const WHO_DECODES: &str = "remove what stands in for the library's decoding: a decode function under jwt in the options, or a proxy or middleware that reads the token without verifying it";

/// What minting needs.
struct Mint {
    edition: Edition,
    secret: Secret,
    cookie: String,
}

pub(super) async fn look(climb: &mut Climb<'_>) -> Result<(), End> {
    let opening = climb.open().await?;
    // The steps before have said why nothing can be minted, or nothing told by its answer.
    let Some(mint) = ready(climb, &opening) else {
        return Err(End::Told);
    };
    let fresh = made(
        climb,
        "accept",
        mint::fresh(&climb.context.run, climb.context.now),
    )?;
    let own = made(climb, "accept", mint.token(&mint.secret.encrypts, &fresh))?;
    accept(climb, &mint, &own).await?;

    let altered = jwe::altered(&own).ok_or_else(|| "the token has no text".to_owned());
    let altered = made(climb, "refuse_altered", altered)?;
    refuse(
        climb,
        &mint,
        "refuse_altered",
        "an altered session",
        &altered,
    )
    .await?;

    let foreign = mint::foreign_secret().and_then(|secret| mint.token(&secret, &fresh));
    let foreign = made(climb, "refuse_foreign", foreign)?;
    let what = "a session that another secret encrypted";
    refuse(climb, &mint, "refuse_foreign", what, &foreign).await?;

    let expired = mint::expired(&climb.context.run, climb.context.now)
        .and_then(|claims| mint.token(&mint.secret.encrypts, &claims));
    let expired = made(climb, "refuse_expired", expired)?;
    let what = "a session that ended an hour ago";
    refuse(climb, &mint, "refuse_expired", what, &expired).await?;

    // Refusals mean something only while the right session is still accepted.
    let (_, session) = show(climb, &mint, "refuse_expired", &own).await?;
    if session.is_none() {
        for rung in ["refuse_altered", "refuse_foreign", "refuse_expired"] {
            let cause = "the right session, which was accepted before, is refused now, so that the refusals tell nothing";
            climb.ladder.untold(rung, cause);
        }
    }
    Ok(())
}

impl Mint {
    fn token(&self, secret: &str, claims: &Value) -> Result<String, String> {
        mint::token(self.edition, secret, &self.cookie, claims)
    }
}

fn ready(climb: &mut Climb<'_>, opening: &Opening) -> Option<Mint> {
    let secret = opening.secret.clone().filter(|_| opening.is_stranger)?;
    let (Some(edition), Some(cookie)) = (opening.edition, climb.session_cookie(opening)) else {
        climb.ladder.untold(
            "accept",
            "the answers do not tell which version of the library writes the sessions",
        );
        return None;
    };
    Some(Mint {
        edition,
        secret,
        cookie,
    })
}

fn made<T>(climb: &mut Climb<'_>, rung: &str, made: Result<T, String>) -> Result<T, End> {
    made.map_err(|cause| {
        climb.ladder.untold(rung, cause);
        End::Told
    })
}

/// Shows a token to the session endpoint; gives the answer and the session in it.
async fn show(
    climb: &mut Climb<'_>,
    mint: &Mint,
    rung: &str,
    token: &str,
) -> Result<(Answer, Option<Value>), End> {
    climb.context.secrets.register("minted session", token);
    let cookies = mint::header(mint.edition, &mint.cookie, token);
    let asked = climb.asked("session");
    let answer = climb.site.get("session", &cookies, &[], climb.until).await;
    let answer = answer.map_err(|fault| climb.unanswered(rung, &asked, fault))?;
    let json = match answer.read(&asked) {
        site::Reading::Json(json) => json,
        _ => {
            // A stranger was answered a moment ago: the library is there, and something else is in the way.
            let cause = format!(
                "{asked} answers with status {} where it answered before",
                answer.status
            );
            climb.ladder.untold(rung, cause);
            return Err(End::Told);
        }
    };
    match site::session(&json) {
        Ok(session) => Ok((answer, session.cloned())),
        Err(cause) => {
            climb.ladder.untold(rung, cause);
            Err(End::Told)
        }
    }
}

async fn accept(climb: &mut Climb<'_>, mint: &Mint, own: &str) -> Result<(), End> {
    let (answer, session) = show(climb, mint, "accept", own).await?;
    let Some(session) = session else {
        climb.ladder.untold("accept", not_accepted(climb));
        return Err(End::Told);
    };
    let email = session["user"]["email"].as_str();
    if email.is_some_and(|email| email != mint::EMAIL) {
        climb.ladder.broke(
            "accept",
            "the minted session is answered with the session of somebody else",
            WHOSE_SESSION,
        );
        return Err(End::Told);
    }
    let now = climb.context.now;
    // This cookie lives for the application's full time; it is described and thrown away.
    let reissued = answer.cookies.iter().find(|cookie| {
        names::place(&mint.cookie, &cookie.name).is_some() && !cookie.is_removal(now)
    });
    let parts = answer.cookies.iter().map(|one| (&*one.name, &*one.value));
    let whole = names::join(&mint.cookie, parts);
    let fact = json!({
        "expires_in": expires_in(&session, now),
        "reissued": reissued.is_some(),
        "kept_as": reissued.map(|_| Shape::of(&whole.unwrap_or_default()).word()),
        "cookie": reissued.map(|cookie| climb.cookie(cookie)),
    });
    climb.tell("session", fact);
    climb.ladder.held("accept");
    Ok(())
}

/// Why a session of the right secret may be unknown to a deployment in which nothing is wrong.
fn not_accepted(climb: &Climb<'_>) -> String {
    let adapter = climb
        .context
        .application
        .dependencies
        .keys()
        .find(|name| name.contains("-adapter") && (name.contains("auth")));
    let database = match adapter {
        Some(adapter) => format!(
            "sessions are kept in a database ({adapter} is installed, which makes that the default)"
        ),
        None => "sessions are kept in a database".into(),
    };
    format!(
        "the secret is the deployment's, but a session that is minted with it is answered as a stranger's: {database}, \
         or jwt.secret or a cookie's name is set to something of its own, or a callback refuses users that it does not know. \
         A sign-in tells them apart: holdpoint run nextauth.sign-in-opens-a-session --level active"
    )
}

async fn refuse(
    climb: &mut Climb<'_>,
    mint: &Mint,
    rung: &str,
    what: &str,
    token: &str,
) -> Result<(), End> {
    let (_, session) = show(climb, mint, rung, token).await?;
    match session {
        None => climb.ladder.held(rung),
        Some(_) => {
            let cause = format!(
                "{what} is accepted: {} answers with its user",
                climb.asked("session")
            );
            climb.ladder.broke(rung, cause, WHO_DECODES);
        }
    }
    Ok(())
}
