//! Which names and which values say "secret".

use super::forms::userinfo;

/// Parts of a name that say secret wherever they stand, even in a name that is meant for browsers.
const ALWAYS: &[&str] = &[
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "PRIVATE",
];
/// Parts of a name that say secret wherever they stand.
const ANYWHERE: &[&str] = &[
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "AUTH_KEY",
    "CONNECTION_STRING",
    "CONN_STR",
    "WEBHOOK",
];
/// Words of a name, between underscores, that say secret.
const WORDS: &[&str] = &["PWD", "PASS", "DSN", "SALT", "PEPPER"];
/// Last words of a name that say secret.
const LAST: &[&str] = &["KEY", "KEYS", "AUTH", "BEARER"];
/// Last words of a name that speak about a secret without being one.
const ABOUT: &[&str] = &[
    "TTL",
    "EXPIRY",
    "EXPIRES",
    "EXPIRATION",
    "LIFETIME",
    "IN",
    "AGE",
    "LENGTH",
    "ROUNDS",
    "ALGORITHM",
    "ALG",
    "HEADER",
    "ENABLED",
    "TIMEOUT",
    "FILE",
    "PATH",
    "DIR",
    "NAME",
    "ID",
    "TYPE",
    "COUNT",
    "LIMIT",
    "TOKENS",
    "PARALLELISM",
    "ENDPOINT",
];
/// Parts of a name that say the value is for everybody.
const PUBLIC: &[&str] = &[
    "PUBLIC_KEY",
    "PUBLICKEY",
    "PUBLISHABLE",
    "SITE_KEY",
    "PUB_KEY",
    "ANON_KEY",
];
/// Beginnings of names whose values a bundler puts into what browsers get.
const BROWSER: &[&str] = &[
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "VITE_",
    "REACT_APP_",
    "GATSBY_",
    "PUBLIC_",
];

/// Beginnings that issuers give their secrets, with the least length of the whole.
const ISSUED: &[(&str, usize)] = &[
    ("re_", 20),
    ("sk-", 20),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("rk_test_", 16),
    ("whsec_", 16),
    ("AIza", 35),
    ("GOCSPX-", 16),
    ("ya29.", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("npm_", 30),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("xoxa-", 16),
    ("xoxs-", 16),
    ("xapp-", 16),
    ("AKIA", 20),
    ("ASIA", 20),
    ("SG.", 30),
    ("hf_", 20),
    ("dop_v1_", 20),
    ("vercel_", 20),
    ("AGE-SECRET-KEY-", 20),
];

/// Does the name of a variable say that its value is secret?
///
/// Names of what is meant for everybody (`PUBLIC_KEY`, `NEXT_PUBLIC_…`) do not, unless they say
/// outright that it is a secret or a password; names about a secret (`TOKEN_TTL`) do not either.
pub fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    // The shell's working folder, not a password.
    if matches!(name.as_str(), "PWD" | "OLDPWD") {
        return false;
    }
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let last = words.last().copied().unwrap_or_default();
    if ABOUT.contains(&last) || (matches!(last, "URL" | "URI") && !has(&["WEBHOOK", "DSN"])) {
        return false;
    }
    if has(ALWAYS) {
        return true;
    }
    if has(PUBLIC) || BROWSER.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    has(ANYWHERE)
        || words.iter().any(|word| WORDS.contains(word))
        || (words.len() > 1 && LAST.contains(&last))
}

/// Does the shape of a value say that it is secret, whatever its name?
pub fn looks_secret(value: &str) -> bool {
    let value = value.trim();
    has_password(value)
        || (value.contains("-----BEGIN") && value.contains("PRIVATE KEY"))
        || is_token(value)
        || is_issued(value)
        || is_random(value)
}

/// Is there a secret among the words of a sentence, or in the query of a link?
pub fn shows_secret(text: &str) -> bool {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| c.is_ascii_punctuation() && !"-_+/=".contains(c));
        let given = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or_default();
            !value.is_empty() && names_secret(name)
        };
        looks_secret(bare) || word.split(['?', '&', '#', ';']).any(given)
    };
    looks_secret(text) || text.split_whitespace().any(word)
}

/// Is a variable of this name and value to be kept secret?
pub fn is_secret(name: &str, value: &str) -> bool {
    names_secret(name) || looks_secret(value)
}

/// Is it a URI with a password in it?
fn has_password(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else {
        return false;
    };
    let scheme_is_one = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    scheme_is_one
        && !rest.contains(char::is_whitespace)
        && userinfo(rest)
            .and_then(|pair| pair.split_once(':'))
            .is_some_and(|(_, password)| !password.is_empty())
}

/// Is it a JSON Web Token, signed (three parts, RFC 7515) or encrypted (five, RFC 7516)?
fn is_token(value: &str) -> bool {
    let parts: Vec<&str> = value.split('.').collect();
    value.starts_with("eyJ")
        && matches!(parts.len(), 3 | 5)
        && value.len() >= 30
        && parts.iter().all(|part| {
            part.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte))
        })
}

/// Does it begin as an issuer's secrets do?
fn is_issued(value: &str) -> bool {
    !value.contains(char::is_whitespace)
        && ISSUED
            .iter()
            .any(|(prefix, least)| value.starts_with(prefix) && value.len() >= *least)
}

/// Is it one long token with the look of chance?
pub(super) fn is_random(value: &str) -> bool {
    let whole = |allowed: &dyn Fn(u8) -> bool| value.bytes().all(allowed);
    if value.len() >= 48 && whole(&|byte| byte.is_ascii_hexdigit()) {
        return true;
    }
    // The key that browsers are given for web push: a point on P-256, 0x04 and 64 bytes (RFC 8292).
    let push_key = value.len() == 87 && value.starts_with('B');
    let word = |class: fn(&u8) -> bool| value.bytes().any(|byte| class(&byte));
    value.len() >= 24
        && !push_key
        && !value.starts_with('/')
        && whole(&|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte))
        && word(u8::is_ascii_lowercase)
        && word(u8::is_ascii_uppercase)
        && word(u8::is_ascii_digit)
        && entropy_per_byte(value) >= 3.5
}

/// Shannon's entropy of the bytes, in bits per byte.
fn entropy_per_byte(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value
        .bytes()
        .for_each(|byte| counts[usize::from(byte)] += 1);
    let total = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let of_one = |count: &u32| {
        let share = f64::from(*count) / total;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(of_one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_secret() {
        for name in [
            "NEXTAUTH_SECRET",
            "DB_PASSWORD",
            "MYSQL_PWD",
            "SMTP_PASS",
            "GITHUB_TOKEN",
            "OPENAI_API_KEY",
            "apiKey",
            "VAPID_PRIVATE_KEY",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "SENTRY_DSN",
            "ENCRYPTION_KEY",
            "HASH_SALT",
            "SLACK_WEBHOOK_URL",
            "AZURE_CONNECTION_STRING",
            "AWS_SECRET_ACCESS_KEY",
            "NEXT_PUBLIC_CLIENT_SECRET",
            "client_secret",
            "authToken",
            "REDIS_AUTH",
        ] {
            assert!(names_secret(name), "{name}");
        }
    }

    #[test]
    fn names_that_do_not() {
        for name in [
            "PWD",
            "OLDPWD",
            "PATH",
            "NODE_ENV",
            "VAPID_PUBLIC_KEY",
            "NEXT_PUBLIC_VAPID_PUBLIC_KEY",
            "NEXTAUTH_URL",
            "NEXT_PUBLIC_MAPS_KEY",
            "AI_MAX_TOKENS",
            "SALT_ROUNDS",
            "ACCESS_TOKEN_TTL",
            "SECRET_NAME",
            "KEYBOARD",
            "GOOGLE_CLIENT_ID",
            "OAUTH_TOKEN_URL",
            "KEY",
            "STRIPE_PUBLISHABLE_KEY",
            "COMPASS",
            "",
        ] {
            assert!(!names_secret(name), "{name}");
        }
    }

    #[test]
    fn shapes_that_say_secret() {
        let jwe = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..abc.def.ghi";
        for value in [
            "mongodb+srv://app:pa55@cluster0.example.net/db",
            "smtp://user:p/ss@mail.example.com:587",
            "redis://:only@cache.example.com",
            "-----BEGIN RSA PRIVATE KEY-----\nMII",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            jwe,
            "re_123456789_abcdefghijklmn",
            "sk-proj-abcdefghijklmnop",
            "GOCSPX-abcdefghijklmnopqrst",
            "AKIAIOSFODNN7EXAMPLE",
            "whsec_abcdefghijkl",
            "k3Jx0PqL9vTzR2mWnB7yHc4D",
            "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        ] {
            assert!(looks_secret(value), "{value}");
        }
    }

    #[test]
    fn shapes_that_do_not() {
        for value in [
            "",
            "https://app.example.com/path?x=1",
            "https://public@o1.ingest.example.com/2",
            "mongodb://localhost:27017/db",
            "http://host/users/@me:x",
            "/usr/local/lib/SomeFolder123/thing",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "84e0beea1b2c3d4e5f60718293a4b5c6d7e8f901",
            "re_short",
            "this is only a sentence with Words and 1 number",
            "BNc0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "123456789012-abcdefghijklmnop.apps.googleusercontent.com",
        ] {
            assert!(!looks_secret(value), "{value}");
        }
    }
}
