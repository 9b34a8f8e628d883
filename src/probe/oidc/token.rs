//! The rules for an ID token (OpenID Connect Core 1.0 section 3.1.3.7, Google's guide), without a clock or network.

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

/// How far clocks may be apart, in seconds.
const SKEW: i64 = 60;

/// The rules with their meanings.
pub(super) const RULES: &[(&str, &str)] = &[
    (
        "signature",
        "the provider's key of that kid made the signature",
    ),
    ("issuer", "iss is the provider; Google's may lack https://"),
    ("audience", "aud holds the client id"),
    (
        "authorized_party",
        "azp is the client id, where there is one or aud names several",
    ),
    (
        "expiry",
        "exp is not past, with 60 s for clocks that differ",
    ),
    (
        "issued",
        "iat is not in the future, with 60 s for clocks that differ",
    ),
    (
        "nonce",
        "nonce is the one that was sent; null where none is known",
    ),
    (
        "email_verified",
        "email_verified is true; null where there is no email",
    ),
    (
        "hosted_domain",
        "hd is the Workspace domain; null where none is required",
    ),
];

/// What a token must agree with.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: Option<&'a str>,
    pub(super) hosted_domain: Option<&'a str>,
    /// Seconds since 1970.
    pub(super) now: i64,
}

/// What the rules say of a token.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) algorithm: Option<String>,
    pub(super) expires_in: Option<i64>,
    /// Each rule by its name; one that is not here could not be told or does not apply.
    pub(super) rules: Map<String, Value>,
    pub(super) problems: Vec<String>,
    /// Why it could not be judged as a whole.
    pub(super) cause: Option<String>,
}

impl Judgement {
    fn rule(&mut self, name: &str, held: bool, problem: impl Into<String>) {
        self.rules.insert(name.into(), held.into());
        if !held {
            self.problems.push(problem.into());
        }
    }
}

/// Judges a token by the keys that its provider publishes.
pub(super) fn judge(token: &str, keys: &Value, expected: &Expected<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Ok(header) = decode_header(token) else {
        judgement.rule(
            "signature",
            false,
            "it is not a signed token: three parts with a signature algorithm are expected",
        );
        return judgement;
    };
    judgement.algorithm = Some(format!("{:?}", header.alg));
    if is_symmetric(header.alg) {
        judgement.rule(
            "signature",
            false,
            format!(
                "{:?} is signed with a shared secret, not with a key of the provider",
                header.alg
            ),
        );
    } else {
        match key(keys, header.kid.as_deref()) {
            Ok(key) => {
                let held = verified(token, &key, header.alg);
                judgement.rule(
                    "signature",
                    held,
                    "the signature does not come from the provider's key of that kid",
                );
            }
            Err(problem) => judgement.rule("signature", false, problem),
        }
    }
    let Ok(claims) = jsonwebtoken::dangerous::insecure_decode_claims::<Map<String, Value>>(token)
    else {
        judgement.cause = Some("its claims cannot be read".into());
        return judgement;
    };
    claim_rules(&claims, expected, &mut judgement);
    judgement
}

fn is_symmetric(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
    )
}

/// The key of that kid; the only one, where the token names none.
fn key(keys: &Value, kid: Option<&str>) -> Result<Jwk, &'static str> {
    let listed = keys["keys"].as_array().map(Vec::as_slice).unwrap_or(&[]);
    // One by one, so that a key of an unknown kind does not hide the others.
    let set = JwkSet {
        keys: listed
            .iter()
            .filter_map(|key| serde_json::from_value(key.clone()).ok())
            .collect(),
    };
    match (kid, set.keys.as_slice()) {
        (Some(kid), _) => set
            .find(kid)
            .cloned()
            .ok_or("the provider publishes no key of that kid"),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err("it names no key, and the provider publishes several or none"),
    }
}

fn verified(token: &str, key: &Jwk, algorithm: Algorithm) -> bool {
    let Ok(decoding) = DecodingKey::from_jwk(key) else {
        return false;
    };
    let mut only_signature = Validation::new(algorithm);
    // Times and parties are judged below, by the time that is given.
    only_signature.required_spec_claims.clear();
    only_signature.validate_exp = false;
    only_signature.validate_aud = false;
    decode::<Map<String, Value>>(token, &decoding, &only_signature).is_ok()
}

fn claim_rules(claims: &Map<String, Value>, expected: &Expected<'_>, judgement: &mut Judgement) {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| {
        let value = claims.get(name)?;
        // Times may have fractions (RFC 7519 section 2, NumericDate).
        value
            .as_i64()
            .or_else(|| value.as_f64().map(|seconds| seconds as i64))
    };
    let issuer = text("iss").unwrap_or_default();
    let bare = expected.issuer.strip_prefix("https://");
    let google = bare == Some("accounts.google.com");
    let same = same_issuer(issuer, expected.issuer) || (google && bare == Some(issuer));
    judgement.rule(
        "issuer",
        same,
        format!("it was issued by '{issuer}', not by {}", expected.issuer),
    );
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    judgement.rule(
        "audience",
        audience.contains(&expected.client_id),
        "it is meant for another client (aud)",
    );
    let party = text("azp");
    if party.is_some() || audience.len() > 1 {
        judgement.rule(
            "authorized_party",
            party == Some(expected.client_id),
            "it was given to another client (azp)",
        );
    }
    let expiry = number("exp");
    judgement.expires_in = expiry.map(|expiry| expiry.saturating_sub(expected.now));
    judgement.rule(
        "expiry",
        expiry.is_some_and(|expiry| expected.now <= expiry.saturating_add(SKEW)),
        match expiry {
            Some(expiry) => format!("it expired {} s ago", expected.now.saturating_sub(expiry)),
            None => "it never expires (no exp)".into(),
        },
    );
    judgement.rule(
        "issued",
        number("iat").is_some_and(|issued| issued <= expected.now.saturating_add(SKEW)),
        "it was issued in the future, or does not say when (iat)",
    );
    if let Some(nonce) = expected.nonce {
        judgement.rule(
            "nonce",
            text("nonce") == Some(nonce),
            "its nonce is not the one that was sent",
        );
    }
    if text("email").is_some() {
        let verified = claims.get("email_verified");
        // Some providers write it as text.
        let held = verified.is_some_and(|value| value == true || value == "true");
        judgement.rule("email_verified", held, "its email address is not verified");
    }
    if let Some(domain) = expected.hosted_domain {
        judgement.rule(
            "hosted_domain",
            text("hd").is_some_and(|hd| hd.eq_ignore_ascii_case(domain)),
            format!("the user does not belong to {domain} (hd)"),
        );
    }
}

/// Equal, but for the slash of an empty path.
fn same_issuer(a: &str, b: &str) -> bool {
    a == b || matches!((url::Url::parse(a), url::Url::parse(b)), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests;
