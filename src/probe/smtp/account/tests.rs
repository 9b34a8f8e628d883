use super::*;
use crate::model::VariableOrigin;

fn environment(set: &[(&str, &str)]) -> Environment {
    let variables = set.iter().map(|(name, value)| Variable {
        name: (*name).into(),
        value: (*value).into(),
        raw: (*value).into(),
        origin: VariableOrigin::Process,
        secret: true,
        shadowed: vec![],
    });
    Environment {
        variables: variables.collect(),
        ..Environment::default()
    }
}

fn account(set: &[(&str, &str)]) -> Account {
    match read(&environment(set), None) {
        Reading::Account(account) => *account,
        other => panic!("{set:?} gave {other:?}"),
    }
}

fn wrong(set: &[(&str, &str)]) -> String {
    match read(&environment(set), None) {
        Reading::Wrong { cause, remedy, .. } => {
            assert!(!remedy.is_empty());
            cause
        }
        other => panic!("{set:?} gave {other:?}"),
    }
}

/// What nodemailer 7.0.10 made of the same addresses, run once: host, port, TLS from the first byte.
#[test]
fn addresses_are_read_as_nodemailer_reads_them() {
    for (address, host, port, implicit) in [
        ("smtp://u:p@h:465", "h", 465, false),
        ("smtps://u:p@h", "h", 465, true),
        ("smtp://h", "h", 587, false),
        ("smtp://u%40x:p%23w@h:587", "h", 587, false),
        ("smtp://u:p@w@h:587", "h", 587, false),
        ("smtp://u:a:b@h:25", "h", 25, false),
        ("smtp://u:p@[::1]:25", "::1", 25, false),
        ("smtp://u:p w@h", "h", 587, false),
        ("smtp://h:2525/?ignoreTLS=1&secure=true", "h", 2525, false),
        ("SMTPS://H", "h", 465, true),
        ("smtp://re:p+q@h", "h", 587, false),
        ("smtp://u:p{w@h", "h", 587, false),
        ("smtp://h?host=other", "h", 587, false),
    ] {
        let account = account(&[("EMAIL_SERVER", address)]);
        assert_eq!(
            (account.host.as_str(), account.port, account.implicit),
            (host, port, implicit),
            "{address}"
        );
    }
}

#[test]
fn credentials_are_decoded() {
    let login = |address| account(&[("EMAIL_SERVER", address)]).login;
    let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    assert_eq!(login("smtp://u%40x:p%23w@h:587"), pair("u@x", "p#w"));
    assert_eq!(login("smtp://u:p@w@h:587"), pair("u", "p@w"));
    assert_eq!(login("smtp://u:a:b@h:25"), pair("u", "a:b"));
    assert_eq!(login("smtp://re:p+q@h"), pair("re", "p+q"));
    assert_eq!(login("smtp://h"), None);
    assert!(account(&[("EMAIL_SERVER", "smtp://u:p@w@h")]).unescaped);
    assert!(!account(&[("EMAIL_SERVER", "smtp://u:p%40w@h")]).unescaped);
}

#[test]
fn what_would_reach_another_host_is_told() {
    for address in [
        "smtp://u:p#w@h:587",
        "smtp://u:p/w@h:587",
        "smtp://u:p?w@h:587",
        "smtp://u:p\\w@h:587",
        "smtp://u:12#w@h:587",
    ] {
        let cause = wrong(&[("EMAIL_SERVER", address)]);
        assert!(cause.contains("ends the address too early"), "{cause}");
        assert!(!cause.contains("p#w"), "{cause}");
    }
    assert!(wrong(&[("EMAIL_SERVER", "smtp://u:p%w@h")]).contains("URI malformed"));
    assert!(wrong(&[("EMAIL_SERVER", "smtp://u@h")]).contains("no password"));
    assert!(wrong(&[("EMAIL_SERVER", "smtp://:p@h")]).contains("no user name"));
    assert!(wrong(&[("EMAIL_SERVER", "smtp://u:p@h:abc")]).contains("port"));
    assert!(wrong(&[("EMAIL_SERVER", "smtp://u:p@h:99999")]).contains("port"));
    assert!(wrong(&[("EMAIL_SERVER", "smtp://u:p@:25")]).contains("no host"));
    assert!(wrong(&[("EMAIL_SERVER", "h:25")]).contains("smtp://"));
    assert!(wrong(&[("EMAIL_SERVER", "https://h:25")]).contains("smtp://"));
    // An address in the options is no part of the password.
    assert_eq!(
        account(&[("EMAIL_SERVER", "smtp://h?from=a@b.c")]).host,
        "h"
    );
}

#[test]
fn options_are_heard() {
    let account = account(&[(
        "EMAIL_SERVER",
        "smtp://h?requireTLS=true&ignoreTLS=false&tls.rejectUnauthorized=false",
    )]);
    assert!(account.requires_tls && !account.ignores_tls && !account.verifies);
}

#[test]
fn parts_make_an_account() {
    let parts = |port, user| {
        [
            ("EMAIL_SERVER_HOST", "mail.test"),
            ("EMAIL_SERVER_PORT", port),
            ("EMAIL_SERVER_USER", user),
            ("EMAIL_SERVER_PASSWORD", "p#w"),
        ]
    };
    // An object without `secure` means TLS on port 465; an address with smtp:// does not.
    let found = account(&parts("465", "u"));
    assert!(found.implicit && found.port == 465);
    assert_eq!(found.login, Some(("u".into(), "p#w".into())));
    assert_eq!(found.source.variable, "EMAIL_SERVER_PASSWORD");
    assert!(!account(&parts("587", "u")).implicit);
    assert!(wrong(&parts("abc", "u")).contains("EMAIL_SERVER_PORT"));
    assert!(wrong(&parts("25", "")).contains("no user name"));
    let host = account(&[("SMTP_HOST", "mail.test"), ("SMTP_SECURE", "true")]);
    assert!(host.implicit && host.port == 465 && host.login.is_none());
    assert!(wrong(&[("SMTP_HOST", "smtp://mail.test")]).contains("not a host name"));
}

#[test]
fn nothing_set_is_nothing_wrong() {
    assert_eq!(read(&environment(&[]), None), Reading::Absent);
    assert_eq!(
        read(&environment(&[("EMAIL_SERVER", " ")]), None),
        Reading::Absent
    );
    let other = environment(&[("EMAIL_SERVER", "smtp://h")]);
    assert_eq!(read(&other, Some("MAILER_URL")), Reading::Absent);
}
