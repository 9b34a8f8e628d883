//! Tests of the forms.

use super::*;

#[test]
fn nothing_is_made_of_words_that_say_nothing() {
    for value in [
        "",
        "abc",
        "true",
        "TRUE",
        "localhost",
        "production",
        "12345",
        "Admin",
        "  test ",
    ] {
        assert!(of(value).is_empty(), "{value}");
    }
    assert!(!of("123456").is_empty());
}

#[test]
fn short_middles_are_left_alone() {
    let forms = of("abcd");
    assert!(
        forms.contains("YWJjZA") && forms.contains("YWJjZA=="),
        "{forms:?}"
    );
    assert!(
        forms.iter().all(|form| form == "abcd" || form.len() >= 6),
        "{forms:?}"
    );
}

#[test]
fn takes_a_uri_apart() {
    let forms = of(
        "mongodb+srv://app:p%40ss%2Fw0rd@cluster.example.net/db?retryWrites=true&authToken=abc-123-def",
    );
    for wanted in [
        "p%40ss%2Fw0rd",
        "p@ss/w0rd",
        "YXBwOnBAc3MvdzByZA==",
        "abc-123-def",
    ] {
        assert!(forms.contains(wanted), "{wanted}: {forms:?}");
    }
    for ordinary in ["app", "true", "cluster.example.net", "/db"] {
        assert!(!forms.contains(ordinary), "{ordinary}");
    }
}

#[test]
fn a_password_with_a_raw_slash_is_found() {
    assert_eq!(userinfo("app:se/cret@host:27017/db"), Some("app:se/cret"));
    assert_eq!(userinfo("host:27017/users/@me"), None);
    assert_eq!(userinfo("host/users/@me"), None);
    assert!(of("postgres://app:se/cr@et@host/db").contains("se/cr@et"));
}

#[test]
fn a_webhook_is_its_path() {
    assert!(
        of("https://hooks.example.com/services/T0/B0/abcdefgh")
            .contains("/services/T0/B0/abcdefgh")
    );
}

#[test]
fn a_key_on_one_line_gives_its_lines() {
    let line = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
    let forms = of(&format!(
        "-----BEGIN PRIVATE KEY-----\\n{line}\\n-----END PRIVATE KEY-----\\n"
    ));
    assert!(forms.contains(line));
    assert!(forms.contains(&format!(
        "-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n"
    )));
    assert!(!forms.contains("-----BEGIN PRIVATE KEY-----"));
}

#[test]
fn a_service_account_gives_its_private_parts() {
    let forms = of(
        r#"{"type":"service_account","private_key_id":"0123456789abcdef","private_key":"k-abc-def-ghi","client_email":"a@b.c"}"#,
    );
    assert!(forms.contains("k-abc-def-ghi"), "{forms:?}");
    assert!(!forms.contains("service_account") && !forms.contains("a@b.c"));
}

#[test]
fn escapes_are_lowered_and_nothing_else() {
    assert_eq!(lower_escapes("A%2FB%3DC%%4A"), "A%2fB%3dC%%4a");
}

#[test]
fn non_ascii_is_escaped_in_utf_16() {
    assert_eq!(
        json_escaped("é😀\"", |c| !c.is_ascii(), true),
        "\\u00E9\\uD83D\\uDE00\\\""
    );
}
