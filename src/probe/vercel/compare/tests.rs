//! Tests of the comparison.

use super::*;
use crate::model::{Variable, VariableOrigin};

fn entry(id: &str, name: &str, targets: &[Target], value: Option<&str>) -> Entry {
    Entry {
        id: id.into(),
        name: name.into(),
        targets: targets.iter().copied().collect(),
        kind: if value.is_some() {
            "encrypted"
        } else {
            "sensitive"
        }
        .into(),
        edited_ms: Some(5_000),
        value: value.map(str::to_owned),
        integration: false,
    }
}

fn local(all: &[(&str, &str)]) -> Environment {
    let variable = |(name, value): &(&str, &str)| Variable {
        name: (*name).into(),
        value: (*value).into(),
        raw: (*value).into(),
        origin: VariableOrigin::Process,
        secret: true,
        shadowed: vec![],
    };
    Environment {
        variables: all.iter().map(variable).collect(),
        ..Environment::default()
    }
}

const BOTH: &[Target] = &[Target::Production, Target::Preview];
const PRODUCTION: &[Target] = &[Target::Production];
const PREVIEW: &[Target] = &[Target::Preview];

fn with<R>(entries: &[Entry], environment: &Environment, ask: impl Fn(&Comparison) -> R) -> R {
    let needs = Needs::default();
    ask(&Comparison {
        entries,
        needs: &needs,
        environment,
        fingerprint: &|value| format!("#{}", value.len()),
    })
}

#[test]
fn databases_that_previews_share() {
    let none = Environment::default();
    let shared = |entries: &[Entry]| {
        with(entries, &none, |comparison| {
            let (shared, unknown) = comparison.databases();
            (shared.len(), unknown.len())
        })
    };
    // One entry for both gives both the same, even where nobody can read it.
    assert_eq!(shared(&[entry("1", "MONGODB_URI", BOTH, None)]), (1, 0));
    let pair = |one, other| {
        [
            entry("1", "MONGODB_URI", PRODUCTION, one),
            entry("2", "MONGODB_URI", PREVIEW, other),
        ]
    };
    assert_eq!(shared(&pair(Some("a"), Some("a"))), (1, 0));
    assert_eq!(shared(&pair(Some("a"), Some("b"))), (0, 0));
    assert_eq!(shared(&pair(Some("a"), None)), (0, 1));
    assert_eq!(
        shared(&[entry("1", "STORE", BOTH, Some("postgres://u:p@h/d"))]),
        (1, 0)
    );
    assert_eq!(shared(&[entry("1", "MONGODB_DB", BOTH, Some("d"))]), (0, 0));
}

#[test]
fn what_is_stale_plain_shared_and_different() {
    let environment = local(&[("NEXTAUTH_SECRET", "s3cret-of-here"), ("MODE_OF_MINE", "a")]);
    let mut plain = entry(
        "3",
        "STRIPE_SECRET_KEY",
        PRODUCTION,
        Some("sk_live_0123456789abcdef"),
    );
    plain.kind = "plain".into();
    let entries = [
        entry("1", "NEXTAUTH_SECRET", BOTH, Some("s3cret-of-here")),
        entry("2", "MODE_OF_MINE", PREVIEW, Some("b")),
        plain,
        entry("4", "NODE_ENV", PREVIEW, Some("production")),
    ];
    with(&entries, &environment, |comparison| {
        assert_eq!(
            comparison.shared_secrets(),
            [json!({ "name": "NEXTAUTH_SECRET", "with": ["preview", "this machine"] })]
        );
        assert_eq!(
            comparison.differing(),
            [json!({ "name": "MODE_OF_MINE", "targets": ["preview"] })]
        );
        assert_eq!(comparison.plain(), ["STRIPE_SECRET_KEY"].into());
        assert_eq!(comparison.node_env(), ["preview"]);
        assert!(comparison.unread().contains("MODE_OF_MINE"));
        assert!(!comparison.unread().contains("NODE_ENV"));
        let at = |created_ms| Deployment {
            id: "d".into(),
            state: "READY".into(),
            created_ms,
            url: None,
            commit: None,
        };
        assert_eq!(comparison.stale(&at(5_000)).len(), 0);
        assert_eq!(comparison.stale(&at(4_999)).len(), 2);
        let told = comparison.variables();
        assert_eq!(told["NEXTAUTH_SECRET"]["production"]["same_as_local"], true);
        assert_eq!(told["NEXTAUTH_SECRET"]["development"], Value::Null);
        assert!(!told.to_string().contains("s3cret"));
    });
}

#[test]
fn secrets_that_cannot_be_compared_are_not_told_apart() {
    let unknown = |entries: &[Entry], local: &Environment| {
        with(entries, local, |comparison| {
            assert_eq!(comparison.shared_secrets(), Vec::<Value>::new());
            comparison.unknown_secrets()
        })
    };
    let none = Environment::default();
    let here = local(&[("AUTH_SECRET", "s3cret-of-here")]);
    let production = |value| entry("1", "AUTH_SECRET", PRODUCTION, value);
    let preview = |value| entry("2", "AUTH_SECRET", PREVIEW, value);
    for (entries, local, expected) in [
        (vec![production(None)], &none, None),
        (
            vec![production(None), preview(None)],
            &none,
            Some("preview"),
        ),
        (
            vec![production(Some("a")), preview(None)],
            &none,
            Some("preview"),
        ),
        (vec![production(Some("a")), preview(Some("b"))], &here, None),
        (vec![production(None)], &here, Some("this machine")),
    ] {
        let expected: Vec<Value> = expected
            .map(|with| json!({ "name": "AUTH_SECRET", "with": [with] }))
            .into_iter()
            .collect();
        assert_eq!(unknown(&entries, local), expected, "{entries:?}");
    }
}

#[test]
fn ranges_of_versions() {
    for (range, major, expected) in [
        ("22.x", 22, Some(true)),
        ("22.x", 20, Some(false)),
        (">=18.17.0", 22, Some(true)),
        (">=20 <23", 22, Some(true)),
        (">=20 <22", 22, Some(false)),
        (">= 20", 20, Some(true)),
        ("^20.9.0 || >=22", 22, Some(true)),
        ("^20.9.0 || >=22", 21, Some(false)),
        ("18 - 20", 22, Some(false)),
        (">20", 20, Some(false)),
        ("<22.5", 22, Some(true)),
        ("<22.0.0", 22, Some(false)),
        ("v20", 20, Some(true)),
        ("*", 22, Some(true)),
        ("lts/*", 22, None),
    ] {
        assert_eq!(admits(range, major), expected, "{range} {major}");
    }
}

#[test]
fn the_applications_own_address() {
    let none = Environment::default();
    let told = |value: Option<&str>| {
        let entries = [entry("1", "NEXTAUTH_URL", PRODUCTION, value)];
        let told = with(&entries, &none, |comparison| comparison.app_address());
        let told = told.unwrap();
        ["readable", "https", "bare", "loopback"].map(|key| told[key] == true)
    };
    assert_eq!(told(Some("https://app.example")), [true, true, true, false]);
    assert_eq!(
        told(Some("http://localhost:3000/")),
        [true, false, false, true]
    );
    assert_eq!(
        told(Some("https://app.example/api/auth")),
        [true, true, false, false]
    );
    assert_eq!(told(None), [false; 4]);
    assert_eq!(
        with(&[], &none, |comparison| comparison.app_address()),
        None
    );
}
