//! Tests of the search: every form is found, nothing near it is, and shapes are told from samples.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

const NOW: i64 = 1_760_000_000;

fn shapes_in(text: &str) -> Vec<&'static str> {
    let hunt = Hunt::new(&[], NOW);
    let shape = |find: Find| match find.what {
        Quarry::Shape(name) => Some(name),
        Quarry::Secret { .. } => None,
    };
    hunt.search(text.as_bytes())
        .into_iter()
        .filter_map(shape)
        .collect()
}

fn token(payload: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.c2lnbmF0dXJlLW9mLTMyLWJ5dGVzLWxvbmc",
        part(r#"{"alg":"HS256"}"#),
        part(payload)
    )
}

#[test]
fn shapes_of_secrets() {
    let key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    for (text, wanted) in [
        (
            "id: 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",
            "a client secret of Google",
        ),
        (
            "'AIzaSyD3kL9mN2pQ7rS4tU6vW8xY1zA5bC0dE-f'",
            "an API key of Google",
        ),
        (
            "RESEND=re_aB3dE5fG_hJ9kL1mN3pQ5rS7tU9vW1x",
            "an API key of Resend",
        ),
        (
            "sk-proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z",
            "an API key of OpenAI or Anthropic",
        ),
        ("AKIAQ3EGRKXJ2LM5NPZT", "an access key of AWS"),
        (
            "ghp_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5",
            "a token of GitHub",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n",
            "a private key",
        ),
        (
            "mongodb+srv://app:pW9vTz2mWn@cluster0.ab1cd.mongodb.net/tasks",
            "a connection string with a password",
        ),
        (
            "postgres://app:p%40W9vTz2@db.shop.io:5432/x",
            "a connection string with a password",
        ),
        (
            "VAPID_PRIVATE_KEY=\"dUbNn5V0yJq9n3hHk2WlPz7sR1tXcQe4mGaB6oFiKvY\"",
            "a private key of web push",
        ),
        (
            "privateKey: x, vapidPrivateKey: 'dUbNn5V0yJq9n3hHk2WlPz7sR1tXcQe4mGaB6oFiKvY'",
            "a private key of web push",
        ),
        (
            "NEXTAUTH_SECRET=k3Jx0PqL9vTzR2mWnB7yHc4D",
            "a random text assigned to a secret's name",
        ),
        (
            "  JWT_SECRET: \"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\"",
            "a random text assigned to a secret's name",
        ),
    ] {
        assert_eq!(shapes_in(text), [wanted], "{text}");
    }
    let escaped =
        format!(r#"{{"private_key": "-----BEGIN RSA PRIVATE KEY-----\n{key}\n-----END"}}"#);
    assert_eq!(shapes_in(&escaped), ["a private key"]);
    assert_eq!(
        shapes_in(&format!("Bearer {}", token(r#"{"sub":"7"}"#))),
        ["a JSON Web Token"]
    );
    assert_eq!(
        shapes_in(&token(r#"{"sub":"7","exp":1999999999}"#)),
        ["a JSON Web Token"]
    );
}

#[test]
fn samples_and_what_only_looks_alike() {
    let sample = STANDARD.encode("this-is-a-test-secret-for-ci");
    let firebase = r#"{ apiKey: "AIzaSyD3kL9mN2pQ7rS4tU6vW8xY1zA5bC0dE-f", authDomain: "shop.firebaseapp.com" }"#;
    for text in [
        "GOCSPX-your-client-secret-goes-here-ok",
        "GOCSPX-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "re_export_everything_from_here_2024",
        "core_aB3dE5fG_hJ9kL1mN3pQ5rS7tU9vW1x",
        "sk-fading-circle sk-circle12 sk-spinner-three-bounce-long-name-of-css",
        "AKIAIOSFODNN7EXAMPLE",
        firebase,
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo",
        "mongodb://localhost:27017/x mongodb://root:k3Jx0PqL9@localhost/x",
        "mongodb+srv://<user>:<password>@cluster0.ab1cd.mongodb.net",
        "mongodb+srv://user:password@cluster0.ab1cd.mongodb.net",
        "mongodb+srv://app:${DB_PASSWORD}@cluster0.ab1cd.mongodb.net",
        "postgres://postgres:k3Jx0PqL9@db:5432/app",
        "postgres://app:k3Jx0PqL9v@db.example.com/app",
        "https://app:k3Jx0PqL9@shop.io/",
        "smtps://resend:API_KEY@smtp.resend.com:465",
        "VAPID_PRIVATE_KEY=your-vapid-private-key VAPID_PRIVATE_KEY=process.env.X",
        "NEXTAUTH_SECRET=your-secret-here-A1b2C3d4",
        "NEXTAUTH_SECRET=$(openssl rand -base64 32)",
        "const AUTH_SECRET = process.env.NEXTAUTH_SECRET",
        "NEXTAUTH_SECRET: ${{ secrets.NEXTAUTH_SECRET }}",
        "GOOGLE_TOKEN_URL=https://oauth2.googleapis.com/token",
        "\"integrity\": \"sha512-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG1hJ3kL5mN7pQ9rS1tU3vW5xY7zA9bC1dE3fG5hJ7kL==\"",
    ] {
        assert_eq!(shapes_in(text), [""; 0], "{text}");
    }
    assert_eq!(shapes_in(&format!("AUTH_SECRET={sample}")), [""; 0]);
    for payload in [
        r#"{"sub":"1234567890"}"#,
        r#"{"role":"anon"}"#,
        r#"{"exp":1600000000}"#,
    ] {
        assert_eq!(shapes_in(&token(payload)), [""; 0], "{payload}");
    }
    assert_eq!(shapes_in("eyJhbGciOiJIUzI1NiJ9.e30.x"), [""; 0]);
}

#[test]
fn a_known_secret_is_not_told_twice() {
    let hunt = Hunt::new(
        &["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", "another-v4lue"],
        NOW,
    );
    let found = hunt.search(b"x=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");
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].what,
        Quarry::Secret {
            secret: 0,
            as_written: true
        }
    );
    assert_eq!(found[0].span, 2..37);
}

#[test]
fn long_values_that_begin_alike_are_told_apart() {
    let (one, other) = (
        "k3Jx0PqL9vTzR2mWnB7yHc4D-first",
        "k3Jx0PqL9vTzR2mWnB7yHc4D-second",
    );
    let hunt = Hunt::new(&[one, other], NOW);
    let secrets: Vec<_> = hunt
        .search(other.as_bytes())
        .into_iter()
        .map(|find| find.what)
        .collect();
    assert_eq!(
        secrets,
        [Quarry::Secret {
            secret: 1,
            as_written: true
        }]
    );
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..400), value in "\\PC{0,40}") {
        let _ = Hunt::new(&[&value], NOW).search(&bytes);
    }

    /// Beginnings of shapes with anything behind and before them.
    #[test]
    fn any_continuation_is_taken(place in 0..shapes::SHAPES.len(), before in ".{0,30}", after in "[ -~\n\r\u{0}-\u{ff}]{0,120}") {
        let text = format!("{before}{}{after}", shapes::SHAPES[place].anchor);
        let found = Hunt::new(&[], NOW).search(text.as_bytes());
        prop_assert!(found.iter().all(|find| find.span.end <= text.len() && find.span.start < find.span.end));
    }

    #[test]
    fn a_value_is_found_wherever_it_stands(value in "[A-Za-z0-9+/=_-]{12,40}", before in "[ -~]{0,40}", after in "[ -~]{0,40}") {
        let hunt = Hunt::new(&[&value], NOW);
        prop_assume!(hunt.search(value.as_bytes()).iter().any(|find| find.span == (0..value.len())));
        let text = format!("{before}{value}{after}");
        let there = before.len()..before.len() + value.len();
        prop_assert!(hunt.search(text.as_bytes()).iter().any(|find| find.span == there));
        // In base64, whatever stands beside it.
        let encoded = STANDARD.encode(&text);
        prop_assert!(!hunt.search(encoded.as_bytes()).is_empty());
    }
}
