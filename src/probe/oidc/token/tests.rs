//! Tokens that are right, and wrong in one thing each.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::json;

const NOW: i64 = 1_700_000_000;
const CLIENT: &str = "1-a.apps.googleusercontent.com";

struct Signer {
    pair: KeyPair,
}

impl Signer {
    fn new() -> Self {
        Self {
            pair: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
        }
    }

    fn keys(&self, kid: &str) -> Value {
        let point = self.pair.public_key_raw();
        let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
        json!({ "keys": [
            { "kty": "OKP", "crv": "unknown", "x": "AA" },
            { "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
              "x": part(1..33), "y": part(33..65) },
        ] })
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header {
            kid: Some("k1".into()),
            ..Header::new(Algorithm::ES256)
        };
        let key = EncodingKey::from_ec_der(self.pair.serialized_der());
        encode(&header, claims, &key).unwrap()
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://accounts.google.com", "aud": CLIENT, "azp": CLIENT, "sub": "1",
        "iat": NOW - 10, "exp": NOW + 3590, "nonce": "n1",
        "email": "a@shop.example", "email_verified": true, "hd": "shop.example",
    })
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://accounts.google.com",
        client_id: CLIENT,
        nonce: Some("n1"),
        hosted_domain: Some("shop.example"),
        now: NOW,
    }
}

/// The broken rules of the right token with one claim changed.
fn broken_by(name: &str, value: Value) -> Vec<String> {
    let signer = Signer::new();
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    let judgement = judge(&signer.sign(&claims), &signer.keys("k1"), &expected());
    broken(&judgement)
}

fn broken(judgement: &Judgement) -> Vec<String> {
    assert_eq!(judgement.cause, None);
    let broken: Vec<String> = judgement
        .rules
        .iter()
        .filter(|(_, held)| **held == false)
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(broken.len(), judgement.problems.len());
    broken
}

#[test]
fn a_right_token_keeps_every_rule() {
    let signer = Signer::new();
    let judgement = judge(&signer.sign(&claims()), &signer.keys("k1"), &expected());
    assert_eq!(broken(&judgement), [""; 0]);
    assert_eq!(judgement.rules.len(), RULES.len());
    assert_eq!(judgement.algorithm.as_deref(), Some("ES256"));
    assert_eq!(judgement.expires_in, Some(3590));
    // What is neither wanted nor there is not judged.
    let mut bare = claims();
    for name in ["email", "azp"] {
        bare.as_object_mut().unwrap().remove(name);
    }
    let wanted = Expected {
        nonce: None,
        hosted_domain: None,
        ..expected()
    };
    let judgement = judge(&signer.sign(&bare), &signer.keys("k1"), &wanted);
    assert_eq!(broken(&judgement), [""; 0]);
    assert_eq!(judgement.rules.len(), 5);
}

#[test]
fn each_rule_is_broken_by_its_claim() {
    for (name, value, rule) in [
        ("iss", json!("https://evil.example"), "issuer"),
        ("aud", json!("other"), "audience"),
        ("azp", json!("other"), "authorized_party"),
        ("exp", json!(NOW - 61), "expiry"),
        ("exp", Value::Null, "expiry"),
        ("iat", json!(NOW + 61), "issued"),
        ("iat", Value::Null, "issued"),
        ("nonce", json!("n2"), "nonce"),
        ("nonce", Value::Null, "nonce"),
        ("email_verified", json!(false), "email_verified"),
        ("email_verified", Value::Null, "email_verified"),
        ("hd", json!("other.example"), "hosted_domain"),
        ("hd", Value::Null, "hosted_domain"),
    ] {
        assert_eq!(broken_by(name, value.clone()), [rule], "{name} {value}");
    }
    // Several clients, and none of them named as the one that asked.
    let signer = Signer::new();
    let mut claims = claims();
    claims["aud"] = json!([CLIENT, "other"]);
    claims.as_object_mut().unwrap().remove("azp");
    let judgement = judge(&signer.sign(&claims), &signer.keys("k1"), &expected());
    assert_eq!(broken(&judgement), ["authorized_party"]);
}

#[test]
fn clocks_may_be_a_minute_apart() {
    assert_eq!(broken_by("exp", json!(NOW - 60)), [""; 0]);
    assert_eq!(broken_by("iat", json!(NOW + 60)), [""; 0]);
    assert_eq!(broken_by("exp", json!(NOW as f64 + 0.5)), [""; 0]);
}

#[test]
fn googles_issuer_may_lack_its_scheme() {
    assert_eq!(broken_by("iss", json!("accounts.google.com")), [""; 0]);
    assert_eq!(
        broken_by("iss", json!("http://accounts.google.com")),
        ["issuer"]
    );
    let signer = Signer::new();
    let mut claims = claims();
    claims["iss"] = json!("id.example");
    let wanted = Expected {
        issuer: "https://id.example",
        ..expected()
    };
    let judgement = judge(&signer.sign(&claims), &signer.keys("k1"), &wanted);
    assert_eq!(broken(&judgement), ["issuer"]);
}

#[test]
fn the_signature_is_that_of_the_named_key() {
    let (signer, other) = (Signer::new(), Signer::new());
    let token = signer.sign(&claims());
    let signature = |token: &str, keys: &Value| {
        let judgement = judge(token, keys, &expected());
        judgement.rules["signature"].clone()
    };
    assert_eq!(signature(&token, &signer.keys("k1")), true);
    assert_eq!(signature(&token, &other.keys("k1")), false);
    assert_eq!(signature(&token, &signer.keys("k2")), false);
    assert_eq!(signature(&token, &json!({ "keys": [] })), false);
    assert_eq!(signature(&token, &json!({})), false);
    // One claim altered, the signature kept.
    let parts: Vec<&str> = token.split('.').collect();
    let mut altered = claims();
    altered["sub"] = json!("2");
    let payload = URL_SAFE_NO_PAD.encode(altered.to_string());
    let altered = format!("{}.{payload}.{}", parts[0], parts[2]);
    assert_eq!(signature(&altered, &signer.keys("k1")), false);
    // Unsigned, and signed with what anybody can read.
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let unsigned = format!("{header}.{}.", parts[1]);
    assert_eq!(signature(&unsigned, &signer.keys("k1")), false);
    let shared = EncodingKey::from_secret(signer.pair.public_key_raw());
    let header = Header {
        kid: Some("k1".into()),
        ..Header::new(Algorithm::HS256)
    };
    let shared = encode(&header, &claims(), &shared).unwrap();
    assert_eq!(signature(&shared, &signer.keys("k1")), false);
    for garbage in ["", "a.b.c", "not a token"] {
        assert_eq!(signature(garbage, &signer.keys("k1")), false);
    }
}

#[test]
fn times_beyond_all_calendars_are_judged() {
    assert_eq!(broken_by("exp", json!(i64::MIN)), ["expiry"]);
    assert_eq!(broken_by("exp", json!(-1e300)), ["expiry"]);
    assert_eq!(broken_by("exp", json!(i64::MAX)), [""; 0]);
    assert_eq!(broken_by("iat", json!(i64::MIN)), [""; 0]);
}
