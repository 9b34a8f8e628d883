//! Tests of redaction, with encoders that are not the ones under test where there are such.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

fn book(value: &str) -> Book {
    let book = Book::default();
    book.register("KEY", value);
    book
}

#[test]
fn a_secret_is_shown_by_its_name() {
    let book = book("s3cr3t-value");
    assert_eq!(book.redact("a s3cr3t-value b"), "a ‹KEY› b");
    assert_eq!(book.redact("nothing here"), "nothing here");
    assert!(!format!("{book:?}").contains("s3cr3t"));
}

#[test]
fn an_empty_book_changes_nothing() {
    let book = book("true");
    assert!(book.is_empty());
    assert_eq!(book.redact("true"), "true");
}

#[test]
fn overlapping_secrets_leave_no_end() {
    let book = Book::default();
    book.register("A", "abcdefgh");
    book.register("B", "efghijklmn");
    assert_eq!(book.redact("<abcdefghijklmn>"), "<‹B›>");
    book.register("C", "ghij");
    assert_eq!(book.redact("<abcdefghijklmn>"), "<‹B›>");
}

#[test]
fn adjacent_secrets_keep_their_names() {
    let book = Book::default();
    book.register("A", "abcdefgh");
    book.register("B", "12345678");
    assert_eq!(book.redact("abcdefgh12345678"), "‹A›‹B›");
}

#[test]
fn registering_later_counts_at_once() {
    let book = book("first-one");
    assert_eq!(book.redact("first-one second-one"), "‹KEY› second-one");
    book.register("OTHER", "second-one");
    assert_eq!(book.redact("first-one second-one"), "‹KEY› ‹OTHER›");
}

#[test]
fn json_is_redacted_in_texts_keys_and_numbers() {
    let book = book("12345678");
    let mut value = json!({ "12345678": ["x12345678", 12345678, 123456789, true, null] });
    book.redact_json(&mut value);
    assert_eq!(
        value,
        json!({ "‹KEY›": ["x‹KEY›", "‹KEY›", 123456789, true, null] })
    );
}

#[test]
fn a_basic_header_is_redacted() {
    let book = book("mongodb://app:hunter-two@host/db");
    let header = format!("Basic {}", STANDARD.encode("app:hunter-two"));
    assert_eq!(book.redact(&header), "Basic ‹KEY›");
}

/// The characters of base64 that are the same whatever stands before and after the secret.
fn middle(secret: &str, before: usize, engine: &impl Engine) -> String {
    let around = |fill: u8| {
        let mut bytes = vec![fill; before];
        bytes.extend_from_slice(secret.as_bytes());
        bytes.extend(std::iter::repeat_n(fill, 3));
        engine.encode(bytes)
    };
    let (low, high) = (around(0x00), around(0xff));
    low.chars()
        .zip(high.chars())
        .filter(|(a, b)| a == b)
        .map(|(a, _)| a)
        .collect()
}

/// Secrets of every kind of character that say something.
fn secrets() -> impl Strategy<Value = String> {
    prop_oneof![
        "[!-~]{8,40}",
        "[A-Za-z0-9+/=_-]{8,64}",
        "[ -~]{6}[é€😀&<>'\"/\\\\\n\t%+:@]{1,6}[a-z0-9]{4}",
        "[a-z]{7}\\PC{1,10}[A-Z0-9]{2}",
    ]
    .prop_filter("must not be part of its own name", |secret| {
        !"‹KEY›".contains(secret.trim())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_encoding_of_a_secret_stays(secret in secrets(), before in 0_usize..7) {
        let book = book(&secret);
        let quoted = serde_json::to_string(&secret).unwrap();
        let twice = serde_json::to_string(&quoted).unwrap();
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let mut url = url::Url::parse("http://user@host/").unwrap();
        url.set_password(Some(&secret)).unwrap();
        url.query_pairs_mut().append_pair("q", &secret);
        let full = percent_encoding::utf8_percent_encode(&secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let inner = |text: &str, cut: usize| text[cut..text.len() - cut].to_owned();
        let mut encodings = vec![
            secret.clone(),
            inner(&quoted, 1),
            inner(&twice, 3),
            form,
            url.password().unwrap().to_owned(),
            full,
            hex.to_uppercase(),
            hex,
            STANDARD.encode(&secret),
            STANDARD_NO_PAD.encode(&secret),
            URL_SAFE.encode(&secret),
            URL_SAFE_NO_PAD.encode(&secret),
            minijinja::HtmlEscape(&secret).to_string(),
            inner(&format!("{secret:?}"), 1),
            middle(&secret, before, &STANDARD),
            middle(&secret, before, &URL_SAFE),
        ];
        // Fillers that are part of what was encoded are not secret.
        encodings.retain(|encoding| encoding.len() >= 6);
        for encoding in &encodings {
            let text = format!("…{encoding}…");
            let clean = book.redact(&text);
            prop_assert!(!clean.contains(encoding.as_str()), "{encoding} in {clean}");
        }
        let clean = book.redact(url.as_str());
        prop_assert!(!clean.contains(url.password().unwrap()), "{clean}");
    }

    #[test]
    fn a_secret_inside_a_longer_base64_text_does_not_stay(
        secret in "[!-~]{8,40}",
        before in "[a-z]{0,9}",
        after in "[a-z]{0,9}",
    ) {
        let text = STANDARD.encode(format!("{before}{secret}{after}"));
        let clean = book(&secret).redact(&text);
        prop_assert!(clean.contains("‹KEY›"), "{text}: {clean}");
        // What stays of it are at most the two characters at each end that neighbours share.
        let kept = clean.split("‹KEY›").map(str::len).sum::<usize>();
        let of_others = (before.len() + after.len()).div_ceil(3) * 4;
        prop_assert!(kept <= of_others + 8, "{text}: {clean}");
    }

    #[test]
    fn ordinary_text_is_left_alone(text in "[ -~]{0,200}") {
        prop_assert_eq!(book("‡a secret that no such text holds‡").redact(&text), text);
    }
}

#[test]
fn fingerprints_show_equality_and_depend_on_the_key() {
    let book = Book::default();
    book.keep_key([7; 32]);
    book.keep_key([8; 32]);
    let other = Book::default();
    assert_eq!(book.fingerprint("secret"), book.fingerprint("secret"));
    assert_ne!(book.fingerprint("secret"), book.fingerprint("Secret"));
    assert_ne!(book.fingerprint("secret"), other.fingerprint("secret"));
    assert_eq!(book.fingerprint("secret").len(), 8);
    assert_eq!(book.key(), &[7; 32]);
}
