//! What a provider says about itself: its discovery document and its signing keys, read and judged.

use crate::model::is_loopback;
use crate::probe::transport::Fetched;
use serde_json::{Value, json};
use url::Url;

/// The smallest RSA key that is counted (NIST SP 800-57; RFC 7518 section 3.3).
const LEAST_RSA_BITS: usize = 2048;

/// A provider's discovery document (OpenID Connect Discovery 1.0 section 3), as far as it matters here.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    /// The authorization code flow is offered; none where the document does not say.
    pub(super) code: Option<bool>,
    /// PKCE by SHA-256 is offered; none where the document does not say.
    pub(super) s256: Option<bool>,
    /// How a client may prove its secret; none where the document does not say.
    pub(super) methods: Option<Vec<String>>,
    /// Seconds for which the document may be kept.
    pub(super) fresh_for: Option<u64>,
    /// Answers to the callback carry the issuer (RFC 9207 section 3).
    pub(super) names_itself: bool,
}

/// Why a discovery document is of no use.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Defect {
    /// The provider is wrong, or the issuer is: cause, remedy.
    Broken(String, String),
    /// It cannot be told.
    Untold(String),
}

/// Where an issuer's discovery document stands.
pub(super) fn address(issuer: &str) -> Option<Url> {
    let text = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    Url::parse(&text).ok().filter(|url| {
        url.has_host() && matches!(url.scheme(), "http" | "https") && url.query().is_none()
    })
}

/// Reads and judges the answer to a request for the discovery document of `issuer`.
pub(super) fn read(issuer: &str, answer: &Fetched) -> Result<Metadata, Defect> {
    match answer.status {
        200 => {}
        404 | 410 => {
            return Err(Defect::Broken(
                format!(
                    "no OpenID provider answers for {issuer}: its discovery document is not there ({})",
                    answer.status
                ),
                "set the issuer to the address that the provider's console shows, without /.well-known/… and with its path, such as https://id.example/realms/shop".into(),
            ));
        }
        429 => return Err(Defect::Untold(format!("{issuer} asks for patience (429)"))),
        status => {
            return Err(Defect::Untold(format!(
                "{issuer} answers its discovery document with {status}"
            )));
        }
    }
    let Some(document) = answer.json().filter(Value::is_object) else {
        return Err(Defect::Untold(format!(
            "the discovery document of {issuer} is not JSON; something else answers in its place"
        )));
    };
    let fresh_for = answer.header("cache-control").and_then(max_age);
    judge(issuer, &document, fresh_for)
}

fn judge(issuer: &str, document: &Value, fresh_for: Option<u64>) -> Result<Metadata, Defect> {
    // Over plain HTTP anybody on the way says where secrets are shown (OpenID Connect Discovery 1.0 section 4.2).
    if Url::parse(issuer).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url)) {
        return Err(Defect::Broken(
            format!("the issuer {issuer} is not an https address"),
            "write the issuer with https://, and have the provider answer there".into(),
        ));
    }
    let told = document["issuer"].as_str().unwrap_or_default();
    if !same_issuer(issuer, told) {
        return Err(Defect::Broken(
            format!("{issuer} calls itself '{told}', so clients refuse it and its ID tokens"),
            format!("set the issuer to exactly {told}, if that is the provider you mean"),
        ));
    }
    let endpoint = |name: &str| -> Result<Url, Defect> {
        let text = document[name].as_str().unwrap_or_default();
        let url = Url::parse(text).ok().filter(Url::has_host).ok_or_else(|| {
            Defect::Broken(
                format!("the discovery document of {issuer} names no {name}"),
                "use an OpenID Connect provider that offers the authorization code flow".into(),
            )
        })?;
        if url.scheme() != "https" && !is_loopback(&url) {
            return Err(Defect::Broken(
                format!("the {name} of {issuer} is not https: {}", shown(&url)),
                "have the provider publish https addresses; behind a proxy it must be told its public address".into(),
            ));
        }
        Ok(url)
    };
    let list = |name: &str| -> Option<Vec<String>> {
        let items = document[name].as_array()?.iter();
        Some(
            items
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect(),
        )
    };
    let has =
        |name: &str, wanted: &str| list(name).map(|items| items.iter().any(|item| item == wanted));
    let metadata = Metadata {
        issuer: told.to_owned(),
        authorization_endpoint: endpoint("authorization_endpoint")?,
        token_endpoint: endpoint("token_endpoint")?,
        jwks_uri: endpoint("jwks_uri")?,
        code: has("response_types_supported", "code"),
        // Some providers support PKCE and do not say so; only a list without S256 tells.
        s256: has("code_challenge_methods_supported", "S256"),
        methods: list("token_endpoint_auth_methods_supported"),
        fresh_for,
        names_itself: document["authorization_response_iss_parameter_supported"] == true,
    };
    if metadata.code == Some(false) {
        return Err(Defect::Broken(
            format!("{issuer} does not offer the authorization code flow"),
            "allow the response type \"code\" at the provider".into(),
        ));
    }
    if metadata.s256 == Some(false) {
        return Err(Defect::Broken(
            format!("{issuer} offers PKCE, but not with SHA-256 (S256)"),
            "allow the code challenge method S256 at the provider".into(),
        ));
    }
    Ok(metadata)
}

/// The same issuer, but for the slash of an empty path, which clients ignore too. Microsoft writes a
/// template where an issuer serves every tenant.
fn same_issuer(configured: &str, told: &str) -> bool {
    let parse = |text: &str| Url::parse(text.trim()).ok();
    if let (Some(configured), Some(told)) = (parse(configured), parse(told))
        && configured == told
    {
        return true;
    }
    let many = ["/common/", "/organizations/", "/consumers/"];
    told.contains("/{tenantid}/")
        && many
            .iter()
            .any(|word| configured.replacen(word, "/{tenantid}/", 1) == told)
}

impl Metadata {
    /// The fact `discovery`.
    pub(super) fn fact(&self) -> Value {
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": shown(&self.authorization_endpoint),
            "token_endpoint": shown(&self.token_endpoint),
            "jwks_uri": shown(&self.jwks_uri),
            "code": self.code,
            "s256": self.s256,
            "fresh_for": self.fresh_for,
        })
    }
}

/// An address without what a query may hold.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

/// Seconds for which a cache may keep an answer (RFC 9111 section 5.2.2.1).
fn max_age(header: &str) -> Option<u64> {
    header
        .split(',')
        .find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
}

/// A provider's keys (RFC 7517), as far as they sign.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) total: usize,
    /// Keys that can make an RS256 or ES256 signature.
    pub(super) signing: usize,
    /// The algorithms of those, each once.
    pub(super) algorithms: Vec<&'static str>,
    pub(super) fresh_for: Option<u64>,
}

/// Reads and judges the answer to a request for the keys.
pub(super) fn read_keys(answer: &Fetched) -> Result<Keys, Defect> {
    match answer.status {
        200 => {}
        404 | 410 => {
            return Err(Defect::Broken(
                format!("the provider's keys are not there ({})", answer.status),
                "mend the provider: without keys nobody can verify its ID tokens".into(),
            ));
        }
        status => {
            return Err(Defect::Untold(format!(
                "the provider answers its keys with {status}"
            )));
        }
    }
    let document = answer.json();
    let Some(listed) = document.as_ref().and_then(|set| set["keys"].as_array()) else {
        return Err(Defect::Untold(
            "what answers for the provider's keys is not a JWK set".into(),
        ));
    };
    let mut keys = Keys {
        total: listed.len(),
        fresh_for: answer.header("cache-control").and_then(max_age),
        ..Keys::default()
    };
    for algorithm in listed.iter().filter_map(signs_with) {
        keys.signing += 1;
        if !keys.algorithms.contains(&algorithm) {
            keys.algorithms.push(algorithm);
        }
    }
    if keys.signing == 0 {
        return Err(Defect::Broken(
            format!(
                "none of the provider's {} keys can make a signature that clients verify by default (RS256, ES256)",
                keys.total
            ),
            "let the provider sign ID tokens with RS256 or ES256".into(),
        ));
    }
    Ok(keys)
}

/// RS256 or ES256, where a key can make such a signature.
fn signs_with(key: &Value) -> Option<&'static str> {
    let text = |name: &str| key[name].as_str();
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let bytes = |name: &str| {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        engine.decode(text(name)?.trim_end_matches('=')).ok()
    };
    let algorithm = match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            let modulus = bytes("n")?;
            let leading = modulus.iter().take_while(|byte| **byte == 0).count();
            ((modulus.len() - leading) * 8 >= LEAST_RSA_BITS).then_some("RS256")?
        }
        ("EC", Some("P-256")) => (bytes("x")?.len() == 32).then_some("ES256")?,
        _ => return None,
    };
    match text("alg") {
        Some(stated) if stated != algorithm => None,
        _ => Some(algorithm),
    }
}

impl Keys {
    /// The fact `keys`.
    pub(super) fn fact(&self) -> Value {
        json!({
            "total": self.total,
            "signing": self.signing,
            "algorithms": self.algorithms,
            "fresh_for": self.fresh_for,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &Value) -> Fetched {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("cache-control", "public, max-age=3600".parse().unwrap());
        Fetched {
            status,
            headers,
            body: body.to_string().into_bytes(),
            ..Fetched::default()
        }
    }

    fn document() -> Value {
        json!({
            "issuer": "https://id.example",
            "authorization_endpoint": "https://id.example/auth",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://id.example/jwks",
            "response_types_supported": ["code", "id_token"],
            "code_challenge_methods_supported": ["plain", "S256"],
        })
    }

    fn with(name: &str, value: Value) -> Result<Metadata, Defect> {
        let mut document = document();
        document[name] = value;
        read("https://id.example", &answer(200, &document))
    }

    fn broken<T: std::fmt::Debug>(outcome: Result<T, Defect>) -> String {
        match outcome {
            Err(Defect::Broken(cause, remedy)) => {
                assert!(!remedy.is_empty());
                cause
            }
            other => panic!("not broken: {other:?}"),
        }
    }

    #[test]
    fn a_right_document_is_read() {
        let metadata = with("issuer", json!("https://id.example")).unwrap();
        assert_eq!(metadata.code, Some(true));
        assert_eq!(metadata.s256, Some(true));
        assert_eq!(metadata.fresh_for, Some(3600));
        // The slash of an empty path is no other issuer.
        assert!(with("issuer", json!("https://id.example/")).is_ok());
        assert_eq!(
            with("code_challenge_methods_supported", Value::Null)
                .unwrap()
                .s256,
            None
        );
    }

    #[test]
    fn what_a_client_would_refuse_is_named() {
        assert!(broken(with("issuer", json!("https://other.example"))).contains("other.example"));
        assert!(broken(with("jwks_uri", Value::Null)).contains("jwks_uri"));
        assert!(broken(with("token_endpoint", json!("http://id.example/t"))).contains("https"));
        assert!(
            broken(with("response_types_supported", json!(["id_token"]))).contains("code flow")
        );
        assert!(
            broken(with("code_challenge_methods_supported", json!(["plain"]))).contains("S256")
        );
        assert!(broken(read("https://a.example", &answer(404, &json!({})))).contains("404"));
        for status in [403, 429, 500, 503] {
            let read = read("https://id.example", &answer(status, &document()));
            assert!(matches!(read, Err(Defect::Untold(_))), "{status}");
        }
        let html = Fetched {
            body: b"<html>".to_vec(),
            ..answer(200, &json!({}))
        };
        assert!(matches!(
            read("https://id.example", &html),
            Err(Defect::Untold(_))
        ));
    }

    #[test]
    fn a_template_for_every_tenant_is_the_same_issuer() {
        let told = "https://login.example/{tenantid}/v2.0";
        assert!(same_issuer("https://login.example/common/v2.0", told));
        assert!(!same_issuer("https://login.example/f00/v2.0", told));
        assert!(!same_issuer("https://a.example/x/", "https://a.example/x"));
    }

    #[test]
    fn only_keys_that_sign_count() {
        let modulus = "w".repeat(342);
        let right = json!({ "kty": "RSA", "use": "sig", "n": modulus, "e": "AQAB", "kid": "1" });
        let small = json!({ "kty": "RSA", "n": "w".repeat(171), "e": "AQAB" });
        let sealing = json!({ "kty": "RSA", "use": "enc", "n": modulus, "e": "AQAB" });
        let curve =
            json!({ "kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43) });
        let other = json!({ "kty": "EC", "crv": "P-256", "alg": "ECDH-ES", "x": "A".repeat(43) });
        let set = |keys: &[&Value]| read_keys(&answer(200, &json!({ "keys": keys })));
        let found = set(&[&right, &small, &sealing, &curve, &other]).unwrap();
        assert_eq!((found.total, found.signing), (5, 2));
        assert_eq!(found.algorithms, ["RS256", "ES256"]);
        assert!(broken(set(&[&small, &sealing])).contains("none of the provider's 2 keys"));
        assert!(matches!(
            read_keys(&answer(200, &json!([]))),
            Err(Defect::Untold(_))
        ));
        assert!(matches!(
            read_keys(&answer(503, &json!([]))),
            Err(Defect::Untold(_))
        ));
    }

    #[test]
    fn nobody_is_shown_a_secret_over_plain_http() {
        let issuer = "http://id.example";
        let mut plain = document();
        plain["issuer"] = json!(issuer);
        assert!(broken(read(issuer, &answer(200, &plain))).contains("https"));
        for own in ["http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"] {
            plain["issuer"] = json!(own);
            assert!(read(own, &answer(200, &plain)).is_ok(), "{own}");
        }
    }
}
