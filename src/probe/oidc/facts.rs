//! The facts of the oidc probe: their declarations, and their values before anything was seen.

use super::redirect_uri::Use;
use super::{application, provider, token};
use crate::model::{FactKind, FactSpec, Facts};
use crate::probe::ladder::{self, Ladder};
use serde_json::Value;

use FactKind::{Bool, Int, List, Object, Text};

fn optional(kind: FactKind) -> FactKind {
    FactKind::optional(kind)
}

fn text(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, Text, meaning)
}

fn maybe_text(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, optional(Text), meaning)
}

fn int(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, Int, meaning)
}

fn flag(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, Bool, meaning)
}

fn maybe(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, optional(Bool), meaning)
}

fn maybe_int(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, optional(Int), meaning)
}

/// A variable that was used, instead of its value.
fn used(mut more: Vec<FactSpec>) -> FactKind {
    let mut fields = vec![
        text("variable", "the variable"),
        text("origin", "file:line, or the process environment"),
        int("length", "characters of its value"),
        text(
            "fingerprint",
            "eight digits that are equal where values are equal",
        ),
    ];
    fields.append(&mut more);
    optional(Object(fields))
}

/// Every fact.
pub(super) fn declared() -> Vec<FactSpec> {
    let steps = ladder::declared(application::RUNGS);
    vec![
        ladder::declared(provider::RUNGS),
        FactSpec {
            name: "application_steps".into(),
            meaning: "the steps of a sign-in that the running application starts; all but the first two stand for themselves".into(),
            ..steps
        },
        maybe_text("provider", "the provider's id in NextAuth"),
        maybe_text("issuer", "the issuer that is configured"),
        FactSpec::new(
            "client_id",
            used(vec![
                text("tail", "its end, by which people find it in a console"),
                maybe_text(
                    "project_number",
                    "the number of the Google Cloud project that it belongs to",
                ),
            ]),
            "the client id that was used",
        ),
        FactSpec::new(
            "client_secret",
            used(vec![maybe_text(
                "method",
                "how it was shown: client_secret_basic or client_secret_post; null where it was not",
            )]),
            "the client secret that was used; null where none is set or none was needed",
        ),
        discovery(),
        FactSpec::new(
            "keys",
            optional(Object(vec![
                int("total", "how many keys are published"),
                int("signing", "how many of them can make an RS256 or ES256 signature"),
                FactSpec::new(
                    "algorithms",
                    FactKind::list(Text),
                    "the algorithms of those",
                ),
                maybe_int("fresh_for", "seconds for which the keys may be kept"),
            ])),
            "the provider's keys (RFC 7517)",
        ),
        redirect_uris(),
        FactSpec::new(
            "not_registered",
            Object(
                Use::ALL
                    .iter()
                    .map(|one| {
                        FactSpec::new(one.word(), FactKind::list(Text), "those of this purpose")
                    })
                    .collect(),
            ),
            "the callbacks that the provider refuses, by their purpose",
        ),
        FactSpec::new(
            "unregistered",
            optional(Object(vec![
                text("uri", "a callback on the same host that nobody registered"),
                maybe(
                    "refused",
                    "the provider refused it; false where it sent the browser there; null where neither was seen",
                ),
                text("answer", "what the provider did, in words"),
            ])),
            "the negative control of the callbacks",
        ),
        application_fact(),
        token_fact(),
    ]
}

fn discovery() -> FactSpec {
    FactSpec::new(
        "discovery",
        optional(Object(vec![
            text("issuer", "what the provider calls itself"),
            text("authorization_endpoint", "where browsers are sent"),
            text("token_endpoint", "where codes are redeemed"),
            text("jwks_uri", "where the keys are"),
            maybe(
                "code",
                "the code flow is offered; null where the document does not say",
            ),
            maybe(
                "s256",
                "PKCE by SHA-256 is offered; null where the document does not say",
            ),
            maybe_int("fresh_for", "seconds for which the document may be kept"),
        ])),
        "the provider's discovery document; null where none was found right",
    )
}

fn redirect_uris() -> FactSpec {
    let uri = vec![
        text("use", "deployment, development or custom_domain"),
        text("uri", "the callback"),
        text("source", "what it was derived from"),
        maybe(
            "registered",
            "the provider knows it; null where that could not be told",
        ),
        maybe_text("cause", "why it could not be told"),
        maybe_text("remedy", "how to register it, where it is not"),
    ];
    FactSpec::new(
        "redirect_uris",
        List(Box::new(Object(uri))),
        "every callback that should be registered, that of the deployment first",
    )
}

fn application_fact() -> FactSpec {
    let cookie = vec![
        text("name", "the name"),
        text("purpose", "state, pkce or nonce"),
        flag("http_only", "out of reach of scripts"),
        flag("secure", "sent over HTTPS only"),
        maybe_text("same_site", "strict, lax or none, in lower case"),
    ];
    let fields = vec![
        maybe_text(
            "version",
            "v4 (next-auth 4) or v5 (Auth.js 5), told by the names of its cookies",
        ),
        FactSpec::new(
            "offered",
            FactKind::list(Text),
            "the ids of the providers that it offers",
        ),
        maybe_text("published", "the callback that it publishes"),
        maybe_text("redirect_uri", "the callback that it sends"),
        maybe(
            "client_id_matches",
            "it sends the client id that is configured",
        ),
        maybe_text("scope", "the scopes that it asks for"),
        maybe("state", "it sends a state"),
        maybe("nonce", "it sends a nonce"),
        maybe_text(
            "code_challenge_method",
            "S256 or plain; null where it sends no code challenge",
        ),
        FactSpec::new(
            "cookies",
            FactKind::list(Object(cookie)),
            "the cookies that hold the state, the PKCE verifier and the nonce",
        ),
        FactSpec::new(
            "callback",
            optional(Object(vec![
                int("status", "the status code"),
                maybe_text("error", "the error code of the page that it leads to"),
                flag("session", "it sets a session cookie"),
            ])),
            "the answer to a callback with a wrong state and a code that was made up",
        ),
    ];
    FactSpec::new(
        "application",
        optional(Object(fields)),
        "what the running application sends; null unless look = \"application\"",
    )
}

fn token_fact() -> FactSpec {
    let rules = token::RULES
        .iter()
        .map(|(name, meaning)| maybe(name, meaning))
        .collect();
    let fields = vec![
        maybe_text("algorithm", "the algorithm that it names"),
        maybe_int(
            "expires_in",
            "seconds until it expires; negative afterwards",
        ),
        FactSpec::new(
            "rules",
            Object(rules),
            "each rule of OpenID Connect Core 1.0 section 3.1.3.7: held, broken, or null where it does not apply or could not be told",
        ),
        FactSpec::new(
            "problems",
            FactKind::list(Text),
            "each broken rule in a sentence",
        ),
        maybe_text("cause", "why it could not be judged as a whole"),
        FactSpec::new("source", used(vec![]), "the variable that held it"),
    ];
    FactSpec::new(
        "token",
        optional(Object(fields)),
        "the ID token; null unless look = \"token\"",
    )
}

/// Every fact as it is before anything was seen.
pub(super) fn empty() -> Facts {
    let mut facts = Facts::new();
    for spec in declared() {
        let value = match spec.kind {
            FactKind::List(_) => Value::Array(Vec::new()),
            _ => Value::Null,
        };
        facts.insert(spec.name.into_owned(), value);
    }
    let none: Facts = Use::ALL
        .iter()
        .map(|one| (one.word().to_owned(), Value::Array(Vec::new())))
        .collect();
    facts.insert("not_registered".into(), none.into());
    facts.insert("steps".into(), Ladder::new(provider::RUNGS).into_fact());
    facts.insert(
        "application_steps".into(),
        Ladder::new(application::RUNGS).into_fact(),
    );
    facts
}
