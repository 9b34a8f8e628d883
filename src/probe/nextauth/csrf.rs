//! The CSRF cookie of NextAuth 4 and Auth.js 5: a random token, and the hash that shows which secret signed it.
//!
//! The rule is that of `core/lib/csrf-token.ts` (version 4) and `lib/actions/callback/oauth/csrf-token.ts`
//! (version 5): `token|sha256(token + secret)`, both halves in hexadecimal, the bar percent-encoded.

use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

/// Characters of each half.
const HALF: usize = 64;

/// Secrets that stand in documentation, samples and tutorials; whoever tries them finds them at once.
const GUESSES: &[&str] = &[
    "secret",
    "SECRET",
    "Secret",
    "mysecret",
    "my-secret",
    "my_secret",
    "supersecret",
    "super-secret",
    "super_secret",
    "supersecretkey",
    "secretkey",
    "secret-key",
    "changeme",
    "change-me",
    "change_me",
    "password",
    "test",
    "test-secret",
    "development",
    "dev",
    "dev-secret",
    "development-secret",
    "nextauth",
    "nextauth-secret",
    "nextauth_secret",
    "NEXTAUTH_SECRET",
    "AUTH_SECRET",
    "auth-secret",
    "your-secret",
    "your_secret",
    "yoursecret",
    "your-secret-here",
    "your-secret-key",
    "your-secret-key-here",
    "your_secret_key",
    "your-nextauth-secret",
    "your-nextauth-secret-here",
    "your_nextauth_secret",
    "your_nextauth_secret_here",
    "your-generated-secret",
    "your-super-secret",
    "your-auth-secret",
    "your-random-secret",
    "generate-a-secret",
    "some-secret",
    "some-random-secret",
    "random",
    "1234567890",
    "123456",
    "keyboard cat",
    "$(openssl rand -base64 32)",
    "`openssl rand -base64 32`",
    "undefined",
    "null",
];

/// The two halves of a CSRF cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// What forms send back.
    pub(crate) token: String,
    hash: String,
}

impl Pair {
    /// Reads a cookie's value as it stands in the header; none where it is no such pair.
    pub(crate) fn read(value: &str) -> Option<Self> {
        let value = percent_decode_str(value).decode_utf8().ok()?;
        let (token, hash) = value.split_once('|')?;
        let is_half = |text: &str| {
            text.len() == HALF
                && text
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        (is_half(token) && is_half(hash)).then(|| Self {
            token: token.to_owned(),
            hash: hash.to_owned(),
        })
    }

    /// Did this secret sign the pair?
    pub(crate) fn is_of(&self, secret: &str) -> bool {
        self.hash == hash(&self.token, secret)
    }

    /// Did a secret sign it that stands in public documentation?
    pub(crate) fn is_guessable(&self) -> bool {
        GUESSES.iter().any(|guess| self.is_of(guess))
    }
}

/// The second half for a token.
pub(crate) fn hash(token: &str, secret: &str) -> String {
    hex(&Sha256::new()
        .chain_update(token)
        .chain_update(secret)
        .finalize())
}

/// Bytes in hexadecimal, lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Accepted by next-auth 4.24.15 and @auth/core 0.41.3 for the secret `holdpoint-test-secret`.
    const HASH: &str = "1b63ab0aea4c8b22824f10169820ce44d1891c09e4c8ff6798a3ba95f445d339";

    #[test]
    fn hashes_as_the_libraries_do() {
        let token = "ab".repeat(32);
        assert_eq!(hash(&token, "holdpoint-test-secret"), HASH);
        for bar in ["|", "%7C", "%7c"] {
            let pair = Pair::read(&format!("{token}{bar}{HASH}")).unwrap();
            assert_eq!(pair.token, token);
            assert!(pair.is_of("holdpoint-test-secret"));
            assert!(!pair.is_of("holdpoint-test-secret "));
            assert!(!pair.is_guessable());
        }
    }

    #[test]
    fn knows_secrets_of_tutorials() {
        let token = "0f".repeat(32);
        let pair = Pair::read(&format!("{token}|{}", hash(&token, "secret"))).unwrap();
        assert!(pair.is_guessable());
    }

    #[test]
    fn what_is_no_pair_is_not_read() {
        let half = "ab".repeat(32);
        for value in [
            "",
            "|",
            &half,
            &format!("{half}|"),
            &format!("{half}|{}", half.to_uppercase()),
            &format!("{half}|{half}ab"),
            "%ff%7C",
        ] {
            assert_eq!(Pair::read(value), None, "{value}");
        }
    }
}
