//! Sessions of a synthetic user, as the libraries would write them.

use super::jwe::{self, Edition};
use super::names;
use crate::secret::random;
use serde_json::{Value, json};

/// What the synthetic user is called.
pub(super) const NAME: &str = "holdpoint";
/// An address that no mail reaches (RFC 2606).
pub(super) const EMAIL: &str = "holdpoint@holdpoint.invalid";

/// Seconds that a minted session lives; clocks of two machines may differ by some.
const LIFE: i64 = 300;
/// How long ago an expired session ended; both libraries allow 15 seconds.
const SINCE: i64 = 3600;

/// Claims of a session that holds for a few minutes from `now`, in seconds since 1970.
///
/// Neither library demands `exp`: a token without it would hold for ever.
pub(super) fn fresh(run: &str, now: i64) -> Result<Value, String> {
    claims(run, now, now + LIFE)
}

/// Claims of a session that ended an hour ago.
pub(super) fn expired(run: &str, now: i64) -> Result<Value, String> {
    claims(run, now - SINCE - LIFE, now - SINCE)
}

fn claims(run: &str, iat: i64, exp: i64) -> Result<Value, String> {
    let id = super::csrf::hex(&random::<16>()?);
    let groups = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]];
    Ok(json!({
        "name": NAME,
        "email": EMAIL,
        "sub": format!("holdpoint-{run}"),
        "iat": iat,
        "exp": exp,
        "jti": groups.join("-"),
    }))
}

/// The token of claims under a secret.
pub(super) fn token(
    edition: Edition,
    secret: &str,
    cookie: &str,
    claims: &Value,
) -> Result<String, String> {
    let iv = random::<16>()?;
    jwe::seal(edition, secret, cookie, claims, &iv[..edition.iv_length()])
        .ok_or_else(|| "the session could not be encrypted".into())
}

/// The Cookie header that carries a token.
pub(super) fn header(edition: Edition, cookie: &str, token: &str) -> String {
    let cookies = names::split(edition, cookie, token);
    super::climb::line(
        cookies
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    )
}

/// A secret that nobody has.
pub(super) fn foreign_secret() -> Result<String, String> {
    Ok(super::csrf::hex(&random::<32>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_session_ends_and_none_is_like_another() {
        let (one, other) = (fresh("r", 1_000).unwrap(), fresh("r", 1_000).unwrap());
        assert_eq!(one["exp"], json!(1_300));
        assert_ne!(one["jti"], other["jti"]);
        assert_eq!(one["jti"].as_str().unwrap().len(), 36);
        assert!(expired("r", 10_000).unwrap()["exp"].as_i64().unwrap() < 10_000 - 15);
        for edition in [Edition::Four, Edition::Five] {
            let secret = foreign_secret().unwrap();
            let sealed = token(edition, &secret, "s", &one).unwrap();
            assert_eq!(jwe::open(edition, &secret, "s", &sealed), Some(one.clone()));
            assert_eq!(header(edition, "s", &sealed), format!("s={sealed}"));
        }
    }
}
