//! One encrypted and signed message (RFC 8291, RFC 8292) as a request, built with the web-push crate.

use crate::model::is_loopback;
use crate::secret::Book;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Request};
use url::Url;
use web_push::request_builder::build_request;
use web_push::{
    ContentEncoding, SubscriptionInfo, Urgency, VapidSignatureBuilder, WebPushMessageBuilder,
};

/// Seconds that a service keeps the message for a browser that is away.
const TTL: u32 = 60;
/// Seconds that the signature holds, as in the common libraries; 24 hours are the most (RFC 8292 section 2).
const HOLDS: i64 = 12 * 60 * 60;
const USER_AGENT: &str = concat!("holdpoint/", env!("CARGO_PKG_VERSION"));

/// Where messages go, and for whom they are encrypted.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    /// The address that a message is posted to.
    pub(super) endpoint: Url,
    /// The browser's public key, in base64url without padding.
    pub(super) p256dh: String,
    /// The browser's secret for authentication, in the same.
    pub(super) auth: String,
}

impl Subscription {
    /// Keeps the address and the secret out of every record: who has both can send, or at least try.
    pub(super) fn hide(&self, name: &str, secrets: &Book) {
        secrets.register(name, self.endpoint.as_str());
        secrets.register(name, &self.auth);
        let last = self
            .endpoint
            .path_segments()
            .and_then(|mut parts| parts.next_back());
        // A short one is a word of the service's, which a report may need to say.
        if let Some(last) = last.filter(|last| last.len() >= 16) {
            secrets.register(name, last);
        }
    }
}

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender<'a> {
    /// The private key, in base64url without padding.
    pub(super) private: &'a str,
    /// The contact.
    pub(super) subject: &'a str,
    /// The present moment, in seconds since 1970.
    pub(super) now: i64,
}

/// The request that sends `text`.
///
/// # Errors
/// Which part is unusable, in words.
pub(super) fn request(to: &Subscription, from: Sender<'_>, text: &[u8]) -> Result<Request, String> {
    let info = SubscriptionInfo::new(to.endpoint.as_str(), &to.p256dh, &to.auth);
    let unusable = |what: &'static str| move |error| format!("{what}: {error}");
    let mut signature = VapidSignatureBuilder::from_base64(from.private, &info)
        .map_err(unusable("the private key cannot sign"))?;
    // The crate leaves the port out of the audience, and makes up a contact where none is given.
    signature.add_claim("aud", to.endpoint.origin().ascii_serialization());
    signature.add_claim("sub", from.subject);
    signature.add_claim("exp", from.now + HOLDS);
    let mut message = WebPushMessageBuilder::new(&info);
    message.set_ttl(TTL);
    message.set_urgency(Urgency::High);
    message.set_payload(ContentEncoding::Aes128Gcm, text);
    message.set_vapid_signature(
        signature
            .build()
            .map_err(unusable("the message cannot be signed"))?,
    );
    let built = message
        .build()
        .map_err(unusable("the message cannot be encrypted"))?;
    // Built by another version of the crate `http`, so its parts are carried over one by one.
    let built = build_request::<Vec<u8>>(built);
    let mut request = Request::new(Method::POST, to.endpoint.clone());
    for (name, value) in built.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value)
            // The client counts the body itself.
            && name != reqwest::header::CONTENT_LENGTH
        {
            request.headers_mut().insert(name, value);
        }
    }
    request.headers_mut().insert(
        reqwest::header::USER_AGENT,
        HeaderValue::from_static(USER_AGENT),
    );
    *request.body_mut() = Some(built.into_body().into());
    Ok(request)
}

/// May messages go there? Plain HTTP carries the endpoint, which is a secret, so only on this machine.
pub(super) fn is_safe(address: &Url) -> bool {
    match address.scheme() {
        "https" | "wss" => address.has_host(),
        "http" | "ws" => is_loopback(address),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::VapidPair;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use ece::Receiver;
    use p256::ecdsa::signature::Verifier as _;
    use p256::ecdsa::{Signature, VerifyingKey};
    use serde_json::Value;

    #[test]
    fn a_message_is_signed_for_the_origin_and_encrypted_for_the_browser() {
        let browser = Receiver::generate();
        let to = Subscription {
            endpoint: Url::parse("https://push.test:8443/wpush/v2/abc?d=e").unwrap(),
            p256dh: BASE64.encode(browser.public_key()),
            auth: BASE64.encode(browser.auth()),
        };
        let pair = VapidPair::generate().unwrap();
        let from = Sender {
            private: &pair.private,
            subject: "mailto:push@shop.test",
            now: 1_800_000_000,
        };
        let request = request(&to, from, b"a text").unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        assert_eq!(request.url(), &to.endpoint);
        assert_eq!((header("ttl"), header("urgency")), ("60", "high"));
        assert_eq!(header("content-encoding"), "aes128gcm");
        assert!(!request.headers().contains_key("topic"));
        let body = request.body().unwrap().as_bytes().unwrap();
        assert_eq!(browser.decrypt(body).unwrap(), b"a text");

        let (token, key) = header("authorization")
            .strip_prefix("vapid t=")
            .unwrap()
            .split_once(", k=")
            .unwrap();
        assert_eq!(key, pair.public);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let verifier = VerifyingKey::from_sec1_bytes(&BASE64.decode(key).unwrap()).unwrap();
        let signature = Signature::from_slice(&BASE64.decode(signature).unwrap()).unwrap();
        verifier.verify(signed.as_bytes(), &signature).unwrap();
        let claims = BASE64.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["aud"], "https://push.test:8443");
        assert_eq!(claims["sub"], "mailto:push@shop.test");
        assert_eq!(claims["exp"], 1_800_000_000_i64 + 43_200);
    }

    #[test]
    fn plain_addresses_are_for_this_machine() {
        let safe = |text: &str| is_safe(&Url::parse(text).unwrap());
        for text in [
            "https://push.test/x",
            "wss://push.test/",
            "http://127.0.0.1:9/x",
            "http://localhost:9/x",
            "ws://[::1]:9/",
        ] {
            assert!(safe(text), "{text}");
        }
        for text in [
            "http://push.test/x",
            "ws://10.0.0.1/",
            "http://localhost.test/",
            "ftp://localhost/",
            "mailto:a@b.test",
        ] {
            assert!(!safe(text), "{text}");
        }
    }
}
