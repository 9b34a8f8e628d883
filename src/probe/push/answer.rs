//! What the answer of a push service to a message means, and how to mend it (RFC 8030, RFC 8292; the
//! numbers of autopush; the words of Apple's and Google's services).

use crate::probe::transport::Fetched;

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The message was taken.
    Accepted,
    /// The request was refused for a reason that lies in it.
    Refused {
        /// The reason.
        cause: String,
        /// How to mend it.
        remedy: &'static str,
    },
    /// The answer does not say anything about the request.
    Untold(String),
}

/// An answer, as far as it says anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// autopush's number for the error.
    pub(super) errno: Option<i64>,
    /// What it means.
    pub(super) meaning: Meaning,
}

/// The words that say which rule of the signature was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signature {
    Key,
    Audience,
    Expiry,
    TooLong,
    Subject,
    Other,
}

const OTHER_KEY: &str = "the server signs with a key pair other than the one in the browser bundle: set \
    NEXT_PUBLIC_VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY from one pair, build again, and renew the subscriptions, which \
    stay bound to the public key they were made with";
const AUDIENCE: &str = "sign with the origin of the endpoint as aud: scheme, host and, where it is written, port; \
    libraries do so by themselves unless the application sets aud";
const CLOCK: &str = "set the clock of the machine that signs (timedatectl, or the platform's), and let tokens hold for \
    12 hours at most";
const CONTACT: &str =
    "set the contact to mailto: with an address that is read, or an https address";
const SIGNATURE: &str =
    "make a pair with `holdpoint keys vapid`, set both halves, and sign with ES256";
const GONE: &str = "delete the subscription where it is stored, and subscribe again in the browser; a server must do \
    so by itself whenever it is answered 404 or 410";
const SMALLER: &str =
    "send less than 3993 bytes of text: a push service takes 4096 bytes of encrypted message";
const FORM: &str = "send the headers TTL and Content-Encoding: aes128gcm with one record of RFC 8188; the library \
    web-push does so; and see that the subscription was made with this public key";

/// Reads an answer.
pub(super) fn read(fetched: &Fetched) -> Answer {
    let json = fetched.json();
    let errno = json.as_ref().and_then(|json| json["errno"].as_i64());
    let said = fetched.text().to_ascii_lowercase();
    let retry = fetched.header("retry-after");
    // What signs people in to a network answers everything with a page.
    let page = fetched
        .header("content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
    let meaning = match meaning(fetched.status, errno, &said, retry) {
        Meaning::Accepted if page => Meaning::Untold(format!(
            "a page answers in the place of the push service ({})",
            fetched.status
        )),
        meaning => meaning,
    };
    Answer {
        status: fetched.status,
        errno,
        meaning,
    }
}

/// `said` is the body in lower case; only words of a closed list are looked for in it.
fn meaning(status: u16, errno: Option<i64>, said: &str, retry: Option<&str>) -> Meaning {
    let number = errno.map_or_else(String::new, |errno| format!("/{errno}"));
    let refused = |what: &str, remedy| Meaning::Refused {
        cause: format!("the push service answers {status}{number}: {what}"),
        remedy,
    };
    match (status, errno) {
        (200..=299, _) => Meaning::Accepted,
        (401 | 403, _) => signature(said, status, &refused),
        (404, _) => refused("it does not know the subscription", GONE),
        (410, _) => refused("the subscription has ended", GONE),
        (413, _) => refused("the message is too large for it", SMALLER),
        (400, Some(111)) => refused("the header TTL is missing", FORM),
        (400, Some(110)) => refused("it does not take the headers of the encryption", FORM),
        (400, Some(113)) => refused(
            "it does not take the header Topic",
            "give a Topic of at most 32 characters of base64url, or none",
        ),
        (400, _) => match words(said) {
            Signature::Other => refused(
                "it takes the request for malformed, or signed with another key than the subscription's",
                FORM,
            ),
            _ => signature(said, status, &refused),
        },
        (429, _) => Meaning::Untold(format!(
            "the push service asks for patience (429{})",
            after(retry)
        )),
        (500..=599, _) => Meaning::Untold(format!(
            "the push service is in trouble itself ({status}{number}{})",
            after(retry)
        )),
        _ => Meaning::Untold(format!(
            "the push service gives an answer that is not one of web push ({status}{number})"
        )),
    }
}

fn after(retry: Option<&str>) -> String {
    // A number of seconds or a date; anything else is not repeated.
    let short = retry.filter(|text| {
        text.len() <= 40
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b" ,:".contains(&b))
    });
    short.map_or_else(String::new, |text| format!(", Retry-After: {text}"))
}

fn signature(said: &str, status: u16, refused: &dyn Fn(&str, &'static str) -> Meaning) -> Meaning {
    match words(said) {
        Signature::Key => refused(
            "the signature's key is not the one that the subscription is bound to",
            OTHER_KEY,
        ),
        Signature::Audience => refused("the signature is for another audience", AUDIENCE),
        Signature::Expiry => refused("the signature has expired, or names no time", CLOCK),
        Signature::TooLong => refused("the signature holds for more than 24 hours", CLOCK),
        Signature::Subject => refused("it does not take the contact", CONTACT),
        // Google's service answers so where the key is another one.
        Signature::Other if status == 403 => refused(
            "the key is not allowed to send to this subscription",
            OTHER_KEY,
        ),
        Signature::Other => refused("it does not take the signature", SIGNATURE),
    }
}

/// The rule that an answer names, by the words of autopush, Apple and Google.
fn words(said: &str) -> Signature {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&[
        "key mismatch",
        "vapidpkhashmismatch",
        "do not correspond",
        "does not match the sender",
        "mismatchsenderid",
        "sender id mismatch",
        "invalid crypto-key",
    ]) {
        Signature::Key
    } else if has(&["audience", "\"aud\""]) {
        Signature::Audience
    } else if has(&["expiration is too long", "more than 24"]) {
        Signature::TooLong
    } else if has(&["expir", "\"exp\""]) {
        Signature::Expiry
    } else if has(&["subject", "\"sub\"", "sub claim"]) {
        Signature::Subject
    } else {
        Signature::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(status: u16, errno: Option<i64>, said: &str) -> (String, &'static str) {
        match meaning(status, errno, &said.to_ascii_lowercase(), None) {
            Meaning::Refused { cause, remedy } => (cause, remedy),
            other => panic!("{status}: {other:?}"),
        }
    }

    /// The texts are autopush's own.
    #[test]
    fn refused_signatures_are_told_apart() {
        for (said, word, mend) in [
            ("VAPID public key mismatch", "bound to", OTHER_KEY),
            ("Invalid VAPID audience", "audience", AUDIENCE),
            ("Invalid VAPID expiry", "expired", CLOCK),
            ("The VAPID token expiration is too long", "24 hours", CLOCK),
            ("InvalidSignature", "does not take the signature", SIGNATURE),
        ] {
            let (cause, remedy) = refusal(401, Some(109), said);
            assert!(cause.contains(word) && cause.contains("401/109"), "{cause}");
            assert_eq!(remedy, mend, "{said}");
        }
    }

    #[test]
    fn other_services_have_their_own_words() {
        let google = "the VAPID credentials in the authorization header do not correspond to the credentials";
        assert_eq!(refusal(403, None, google).1, OTHER_KEY);
        assert_eq!(refusal(403, None, "").1, OTHER_KEY);
        assert_eq!(
            refusal(400, None, r#"{"reason":"VapidPkHashMismatch"}"#).1,
            OTHER_KEY
        );
        assert_eq!(refusal(401, None, "").1, SIGNATURE);
    }

    proptest! {
        /// Only an answer of success is one, whatever a body says.
        #[test]
        fn nothing_else_is_acceptance(status in 300_u16..1000, errno in any::<Option<i64>>(), said in ".*") {
            prop_assert_ne!(meaning(status, errno, &said, Some(&said)), Meaning::Accepted);
        }
    }

    #[test]
    fn malformed_ended_and_large() {
        assert!(refusal(400, Some(111), "").0.contains("TTL"));
        assert!(refusal(400, Some(110), "").0.contains("encryption"));
        assert!(refusal(400, Some(113), "").0.contains("Topic"));
        assert!(refusal(400, None, "Bad Request").0.contains("malformed"));
        assert_eq!(refusal(404, Some(102), "").1, GONE);
        assert_eq!(refusal(410, Some(106), "").1, GONE);
        assert_eq!(refusal(413, Some(104), "").1, SMALLER);
    }

    #[test]
    fn what_says_nothing_of_the_request_stays_open() {
        for status in [301, 302, 405, 407, 418, 429, 500, 502, 503] {
            let untold = matches!(meaning(status, None, "", Some("120")), Meaning::Untold(_));
            assert!(untold, "{status}");
        }
        let Meaning::Untold(cause) = meaning(503, Some(201), "", Some("120")) else {
            panic!("a 503 says nothing");
        };
        assert!(cause.contains("503/201, Retry-After: 120"), "{cause}");
        for status in [200, 201, 202] {
            assert_eq!(meaning(status, None, "", None), Meaning::Accepted);
        }
    }

    #[test]
    fn a_page_is_no_acceptance() {
        let answer = |status, kind: &str| {
            let mut headers = reqwest::header::HeaderMap::new();
            headers.insert("content-type", kind.parse().unwrap());
            let body = b"<!doctype html><title>Sign in to the network</title>".to_vec();
            read(&Fetched {
                status,
                headers,
                body,
                ..Fetched::default()
            })
            .meaning
        };
        let page = answer(200, "text/html; charset=utf-8");
        assert!(matches!(page, Meaning::Untold(_)), "{page:?}");
        assert_eq!(answer(201, "text/plain"), Meaning::Accepted);
    }
}
