//! Session tokens of NextAuth 4 and Auth.js 5: encrypted with the application's secret, and opened again.
//!
//! Both are compact JWE with direct encryption (RFC 7516, RFC 7518). The keys are derived as the libraries
//! derive them: `jwt/index.ts` of next-auth 4.24, `packages/core/src/jwt.ts` of @auth/core 0.41.

use aes::Aes256;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit, block_padding::Pkcs7};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

/// Which library wrote a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edition {
    /// NextAuth 4: A256GCM under one key for the secret.
    Four,
    /// Auth.js 5: A256CBC-HS512 under a key for the secret and the cookie's name.
    Five,
}

/// Bytes of the authentication tag of A256GCM (RFC 7518 section 5.3).
const GCM_TAG: usize = 16;
/// Bytes of each half of the key of A256CBC-HS512, and of its tag (RFC 7518 section 5.2.5).
const HALF: usize = 32;

impl Edition {
    /// The major version.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Four => 4,
            Self::Five => 5,
        }
    }

    /// Bytes of the initialisation vector.
    pub(crate) fn iv_length(self) -> usize {
        match self {
            Self::Four => 12,
            Self::Five => 16,
        }
    }

    /// The key for a secret. NextAuth 4 derives it from the secret alone, Auth.js 5 also from the name
    /// of the cookie with its prefix.
    fn key(self, secret: &str, cookie: &str) -> Option<Vec<u8>> {
        let (salt, info, length) = match self {
            Self::Four => (
                String::new(),
                "NextAuth.js Generated Encryption Key".to_owned(),
                HALF,
            ),
            Self::Five => (
                cookie.to_owned(),
                format!("Auth.js Generated Encryption Key ({cookie})"),
                2 * HALF,
            ),
        };
        let mut key = vec![0; length];
        Hkdf::<Sha256>::new(Some(salt.as_bytes()), secret.as_bytes())
            .expand(info.as_bytes(), &mut key)
            .ok()?;
        Some(key)
    }

    fn header(self, key: &[u8]) -> Value {
        match self {
            Self::Four => json!({ "alg": "dir", "enc": "A256GCM" }),
            Self::Five => json!({ "alg": "dir", "enc": "A256CBC-HS512", "kid": thumbprint(key) }),
        }
    }
}

/// The token of these claims. `iv` must be random and of the edition's length, or there is none.
pub(crate) fn seal(
    edition: Edition,
    secret: &str,
    cookie: &str,
    claims: &Value,
    iv: &[u8],
) -> Option<String> {
    if iv.len() != edition.iv_length() {
        return None;
    }
    let key = edition.key(secret, cookie)?;
    let header = URL_SAFE_NO_PAD.encode(edition.header(&key).to_string());
    let text = claims.to_string();
    let (sealed, tag) = match edition {
        Edition::Four => {
            let payload = Payload {
                msg: text.as_bytes(),
                aad: header.as_bytes(),
            };
            let cipher = Aes256Gcm::new_from_slice(&key).ok()?;
            let mut sealed = cipher.encrypt(Nonce::from_slice(iv), payload).ok()?;
            let tag = sealed.split_off(sealed.len().checked_sub(GCM_TAG)?);
            (sealed, tag)
        }
        Edition::Five => {
            let (mac, cipher) = key.split_at(HALF);
            let sealed = cbc::Encryptor::<Aes256>::new_from_slices(cipher, iv)
                .ok()?
                .encrypt_padded_vec_mut::<Pkcs7>(text.as_bytes());
            let tag = authenticate(mac, &header, iv, &sealed)?
                .finalize()
                .into_bytes()[..HALF]
                .to_vec();
            (sealed, tag)
        }
    };
    let parts = [iv, &sealed, &tag].map(|part| URL_SAFE_NO_PAD.encode(part));
    Some(format!("{header}..{}", parts.join(".")))
}

/// The claims of a token, if this secret made it and nobody altered it. Expiry is not looked at.
pub(crate) fn open(edition: Edition, secret: &str, cookie: &str, token: &str) -> Option<Value> {
    let parts: Vec<_> = token.split('.').collect();
    let [header, "", iv, sealed, tag] = parts[..] else {
        return None;
    };
    let key = edition.key(secret, cookie)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let said: Value = serde_json::from_slice(&decode(header)?).ok()?;
    if said["alg"] != "dir" || said["enc"] != edition.header(&key)["enc"] {
        return None;
    }
    let (iv, mut sealed, tag) = (decode(iv)?, decode(sealed)?, decode(tag)?);
    if iv.len() != edition.iv_length() {
        return None;
    }
    let text = match edition {
        Edition::Four => {
            if tag.len() != GCM_TAG {
                return None;
            }
            sealed.extend(tag);
            let payload = Payload {
                msg: &sealed,
                aad: header.as_bytes(),
            };
            Aes256Gcm::new_from_slice(&key)
                .ok()?
                .decrypt(Nonce::from_slice(&iv), payload)
                .ok()?
        }
        Edition::Five => {
            let (mac, cipher) = key.split_at(HALF);
            if tag.len() != HALF {
                return None;
            }
            authenticate(mac, header, &iv, &sealed)?
                .verify_truncated_left(&tag)
                .ok()?;
            cbc::Decryptor::<Aes256>::new_from_slices(cipher, &iv)
                .ok()?
                .decrypt_padded_vec_mut::<Pkcs7>(&sealed)
                .ok()?
        }
    };
    serde_json::from_slice(&text).ok()
}

/// The same token with one character of its encrypted part altered.
///
/// Not the last one: its low bits may stand for nothing, and then the token would be the same.
pub(crate) fn altered(token: &str) -> Option<String> {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    let sealed = parts.get_mut(3)?;
    let first = match sealed.chars().next()? {
        'A' => "B",
        _ => "A",
    };
    sealed.replace_range(..1, first);
    Some(parts.join("."))
}

/// The tag's input of RFC 7518 section 5.2.2.1: header, vector, text, and the header's length in bits.
fn authenticate(key: &[u8], header: &str, iv: &[u8], sealed: &[u8]) -> Option<Hmac<Sha512>> {
    let mut mac = <Hmac<Sha512> as Mac>::new_from_slice(key).ok()?;
    let bits = u64::try_from(header.len()).ok()?.checked_mul(8)?;
    for part in [header.as_bytes(), iv, sealed, &bits.to_be_bytes()] {
        mac.update(part);
    }
    Some(mac)
}

/// RFC 7638 with SHA-512, as Auth.js names its keys.
fn thumbprint(key: &[u8]) -> String {
    let key = json!({ "k": URL_SAFE_NO_PAD.encode(key), "kty": "oct" });
    URL_SAFE_NO_PAD.encode(Sha512::digest(key.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made and opened by next-auth 4.24.15 and @auth/core 0.41.3.
    const SECRET: &str = "holdpoint-test-secret";
    const FOUR: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AQEBAQEBAQEBAQEB.g9KMo2M3qBQm9ieDLmsrM-khEowFfE71jWlaa6ehZXKj9fsuMIcaIZsNKmqOF-ztfe0nM2daNmVgvR22ULDXC8xWy5OXmxe8kwhzgq8a_nc4GV45VuL-NRr19pESX15tUg.s_GgcSTzBuUXyBrpR_qGYA";
    const FIVE_SECURE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiRHV3djRPLW40M0pGN0NTMGJFZEdiVXJjV3ZJN3FmRlFjTDFPWUpDU0xrZlZ1OVlSUzQ1U0VIU3o4ZWVPaVV0Q0ZUazNmZ3JzX3FjaGtjSHZSU2NpbGcifQ..AQEBAQEBAQEBAQEBAQEBAQ.yqzJXZ6s8x7_4QWUw1prynaqDKMZTB4MOHJ13uVoT6LzFcJef6xbe9V6FaMDr22jCyrJ6cv0LpY7j79mIopjuRk6HtOpirKMwcn8-nRlkA2z9i0TVcmxZ4tKx-uWCFn_oBAz3hjSm10jl2e_2hgvtw.W0qb3LLNEGTdMsdOds5gWrF4-xoWqO-2yL80gyQwpUw";
    const FIVE_PLAIN: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiOUYzX1JVNlpjdjd2TVpaaE5Jc3BMVmNJcGpYclp2UndqcjVqUUI0andaRy1kaWFZQUZUbHlnVXhLd2hNcnlXV20zajJ0aTdyLWlFbGwxRlBIdzFVbEEifQ..AQEBAQEBAQEBAQEBAQEBAQ.__o8RTY_Y9Wc2c3LCMspUfXWSC4m9Z1WKNBHwi5i0qBo19HkxkZo14Zpx4yH4si-Ebfs483GIxujBR66e36eoIk5KpBeaxERuvloSu5xN8UJo_VtFc02fnklCfO_ShaZYJwwbULs9UG4zcJ1xuCfsQ.VJNOgVt8M6d5R1uobMSlVvBonhbzRi2swsQwMQnQ7Iw";
    const VECTORS: [(Edition, &str, &str); 3] = [
        (Edition::Four, "next-auth.session-token", FOUR),
        (Edition::Five, "__Secure-authjs.session-token", FIVE_SECURE),
        (Edition::Five, "authjs.session-token", FIVE_PLAIN),
    ];

    fn claims() -> Value {
        serde_json::from_str(r#"{"sub":"hp-probe","iat":1700000000,"exp":1702592000,"jti":"00000000-0000-4000-8000-000000000000"}"#).unwrap()
    }

    #[test]
    fn writes_what_the_libraries_write() {
        for (edition, cookie, token) in VECTORS {
            let iv = vec![1; edition.iv_length()];
            let sealed = seal(edition, SECRET, cookie, &claims(), &iv);
            assert_eq!(sealed.as_deref(), Some(token), "{edition:?} {cookie}");
        }
    }

    #[test]
    fn opens_what_the_libraries_write() {
        for (edition, cookie, token) in VECTORS {
            assert_eq!(
                open(edition, SECRET, cookie, token),
                Some(claims()),
                "{cookie}"
            );
        }
        // The key of NextAuth 4 does not depend on the cookie, that of Auth.js 5 does.
        assert!(
            open(
                Edition::Four,
                SECRET,
                "__Secure-next-auth.session-token",
                FOUR
            )
            .is_some()
        );
        assert_eq!(
            open(Edition::Five, SECRET, "authjs.session-token", FIVE_SECURE),
            None
        );
    }

    #[test]
    fn refuses_what_was_altered_or_made_by_others() {
        for (edition, cookie, token) in VECTORS {
            let other = altered(token).unwrap();
            assert_ne!(other, token);
            assert_eq!(open(edition, SECRET, cookie, &other), None);
            assert_eq!(open(edition, "another secret", cookie, token), None);
            let cut = &token[..token.len() - 4];
            assert_eq!(open(edition, SECRET, cookie, cut), None);
            let header = token.replacen("eyJhbGciOiJkaXIi", "eyJhbGciOiJESVIi", 1);
            assert_eq!(open(edition, SECRET, cookie, &header), None);
        }
        for nonsense in ["", "....", "a.b.c", "a..b.c.d", "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(open(Edition::Four, SECRET, "", nonsense), None);
            assert_eq!(open(Edition::Five, SECRET, "", nonsense), None);
        }
        assert_eq!(altered("a.b.c"), None);
    }

    #[test]
    fn keys_are_those_of_the_libraries() {
        let hex = |key: Option<Vec<u8>>| super::super::csrf::hex(&key.unwrap());
        assert_eq!(
            hex(Edition::Four.key(SECRET, "any")),
            "4ed52020b55097e765cc73f84ec45f87fad97197045a779c1f723e5293c51bb7"
        );
        let secure = Edition::Five.key(SECRET, "__Secure-authjs.session-token");
        assert!(hex(secure.clone()).starts_with("d626f5e93d07286828371fbf942b708e"));
        assert_eq!(
            thumbprint(&secure.unwrap()),
            "Duwv4O-n43JF7CS0bEdGbUrcWvI7qfFQcL1OYJCSLkfVu9YRS45SEHSz8eeOiUtCFTk3fgrs_qchkcHvRScilg"
        );
    }

    #[test]
    fn a_vector_of_another_length_gives_no_token() {
        assert_eq!(seal(Edition::Four, SECRET, "", &claims(), &[1; 16]), None);
        assert_eq!(seal(Edition::Five, SECRET, "", &claims(), &[]), None);
    }
}
