//! What check files may write for the nextauth probe, and what expectations may read of it.

use crate::model::{FactKind, FactSpec};
use crate::probe::ParameterSpec;
use crate::probe::http::cookie;
use crate::probe::ladder::{self, Rungs};

/// The looks.
pub(super) const LOOKS: [&str; 3] = ["endpoints", "session", "sign-in"];

/// The steps of every look; each climbs those that concern it.
pub(super) const RUNGS: Rungs = &[
    (
        "answer",
        "the session endpoint answers as NextAuth or Auth.js does",
    ),
    ("stranger", "a request without a session is a stranger's"),
    (
        "secret",
        "the deployment signs with the secret that is configured here",
    ),
    (
        "accept",
        "a session that is minted with the configured secret is accepted",
    ),
    (
        "refuse_altered",
        "the same session with one character altered is refused",
    ),
    (
        "refuse_foreign",
        "a session that is encrypted with another secret is refused",
    ),
    ("refuse_expired", "an expired session is refused"),
    ("sign_in", "a sign-in opens a session"),
    ("recognise", "that session is recognised"),
    ("sign_out", "signing out takes the session's cookie away"),
];

pub(super) fn parameters() -> Vec<ParameterSpec> {
    use FactKind::Text;
    vec![
        ParameterSpec::required(
            "look",
            Text,
            "endpoints: asks what everybody may ask. session: mints sessions of a synthetic user with the \
             configured secret and shows them to the session endpoint. sign-in: signs in and out; a check that uses it needs level active",
        )
        .one_of(&LOOKS),
        ParameterSpec::optional(
            "base_path",
            Text,
            "the path that the endpoints lie below; default where the route's file lies, else \"/api/auth\"",
        ),
        ParameterSpec::optional(
            "variable",
            Text,
            "the variable that holds the secret; default NEXTAUTH_SECRET or AUTH_SECRET, in the order of the version that answers",
        ),
        ParameterSpec::optional(
            "url_variable",
            Text,
            "the variable that holds the application's own address; default NEXTAUTH_URL or AUTH_URL, in the order of the version that answers",
        ),
        ParameterSpec::optional(
            "cookie",
            Text,
            "the name of the session cookie, where the application has given it one of its own",
        ),
        ParameterSpec::optional(
            "provider",
            Text,
            "sign-in: the credentials provider to sign in with; default \"guest\"",
        ),
        ParameterSpec::optional(
            "fields",
            FactKind::map(Text),
            "sign-in: the fields of that provider's form, each with the variable that holds its value; default none",
        ),
    ]
}

fn of(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, kind, meaning)
}

fn maybe(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::optional(kind), meaning)
}

pub(super) fn facts() -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Object, Text};
    vec![
        of("look", Text, "which look it was"),
        ladder::declared(RUNGS),
        of("home", Text, "scheme, host and port of the target"),
        of("endpoint", Text, "the address that the endpoints lie below"),
        maybe(
            "version",
            Int,
            "4 for NextAuth 4, 5 for Auth.js 5; null where the answers do not tell",
        ),
        maybe(
            "variable",
            Text,
            "the variable whose secret was compared; the first candidate where none fits",
        ),
        maybe(
            "origin",
            Text,
            "what sets it: file:line, or the process environment",
        ),
        maybe("length", Int, "characters of the secret"),
        maybe(
            "fingerprint",
            Text,
            "shows whether two secrets are equal, and nothing else",
        ),
        maybe(
            "guessable",
            Bool,
            "the deployed secret stands in public documentation; null where the target is not marked as owned, or no CSRF cookie came",
        ),
        maybe(
            "configured_url",
            Object(vec![
                of("variable", Text, "the variable"),
                of(
                    "origin",
                    Text,
                    "what sets it: file:line, or the process environment",
                ),
                maybe(
                    "address",
                    Text,
                    "scheme, host and port; null where it is no address",
                ),
                maybe(
                    "is_target",
                    Bool,
                    "it has the target's scheme, host and port (the names of this machine count as one)",
                ),
            ]),
            "endpoints: the application's own address as configured; null where it is not set",
        ),
        maybe(
            "providers",
            FactKind::list(Object(vec![
                of("id", Text, "the provider"),
                of("kind", Text, "oauth, oidc, email, credentials or webauthn"),
                of(
                    "callback",
                    Text,
                    "the callback address that the server will use, without a query",
                ),
                of(
                    "callback_is_target",
                    Bool,
                    "it lies at the target, below the endpoints",
                ),
            ])),
            "endpoints: the providers that people may sign in with",
        ),
        maybe(
            "published",
            Text,
            "endpoints: scheme, host and port of the callback addresses; null without providers",
        ),
        maybe(
            "callbacks_are_target",
            Bool,
            "endpoints: every callback address lies at the target; null without providers",
        ),
        maybe(
            "callbacks_are_configured",
            Bool,
            "endpoints: every callback address has the configured scheme, host and port; null without either",
        ),
        maybe(
            "cookies",
            FactKind::list(Object(cookie::fields())),
            "endpoints: the cookies that GET csrf sets",
        ),
        maybe(
            "prefixed",
            Bool,
            "endpoints: the CSRF cookie has the prefix __Host-, so the application takes itself to be on https; null for a name of its own",
        ),
        maybe(
            "uncached",
            Bool,
            "endpoints: the answers of csrf and session forbid caches to keep them",
        ),
        maybe(
            "trusts_foreign_host",
            Bool,
            "endpoints: a host named by the client (X-Forwarded-Host) appears in callback addresses; null where it cannot be told",
        ),
        maybe(
            "keeps_foreign_callback",
            Bool,
            "endpoints: an address of another site is kept as the place to go after sign-in; null where it cannot be told",
        ),
        maybe(
            "foreign_callbacks",
            FactKind::list(Text),
            "endpoints: the spellings of that address that are kept; null where it cannot be told",
        ),
        maybe(
            "session",
            Object(vec![
                maybe(
                    "expires_in",
                    Int,
                    "seconds until the session ends, as the application says",
                ),
                of(
                    "reissued",
                    Bool,
                    "the answer sets the cookie anew; looking at a session prolongs it",
                ),
                maybe(
                    "kept_as",
                    Text,
                    "what the form of that cookie tells: encrypted (the session is in the cookie), signed (the same, readable), database (a number of it), unknown; null where none was set",
                ),
                maybe(
                    "cookie",
                    Object(cookie::fields()),
                    "the cookie that was set anew; never kept",
                ),
            ]),
            "session: what became of the minted session; null where it was not accepted",
        ),
        maybe(
            "sign_in",
            Object(vec![
                of("provider", Text, "the provider that was signed in with"),
                of(
                    "kept_as",
                    Text,
                    "what the cookie's form tells: encrypted (the session is in the cookie), signed (the same, readable), database (a number of it), unknown",
                ),
                of("chunks", Int, "cookies that the session is split over"),
                of(
                    "cookie",
                    Object(cookie::fields()),
                    "the session cookie, or its first part",
                ),
                maybe(
                    "is_of_secret",
                    Bool,
                    "the configured secret opens the token; null where it is not encrypted",
                ),
                maybe(
                    "token_life",
                    Int,
                    "seconds from iat to exp of the token; null where it cannot be opened",
                ),
                maybe(
                    "lives",
                    Int,
                    "seconds until the session ends, as its cookie says, else its token; null where neither does",
                ),
                maybe(
                    "expiry_agrees",
                    Bool,
                    "cookie and token end within a minute of each other; null where either cannot be told",
                ),
                of(
                    "replaced",
                    Bool,
                    "a session cookie that was there before the sign-in was replaced",
                ),
                maybe(
                    "in_leads_away",
                    Bool,
                    "the sign-in led to the address of another site that its form named as callbackUrl",
                ),
                maybe(
                    "out_leads_away",
                    Bool,
                    "signing out did so; null where nobody could sign out",
                ),
                maybe(
                    "without_csrf",
                    Bool,
                    "a sign-in without the CSRF token opened a session too; null where the answer does not tell",
                ),
                maybe(
                    "false_csrf",
                    FactKind::list(Text),
                    "the false CSRF tokens with which a sign-in opened a session too: a made-up one, that of another browser, one that the application has not signed; null where the answers do not tell",
                ),
                maybe(
                    "csrf_per_request",
                    Bool,
                    "the CSRF token changes with each request; null where the answer does not tell",
                ),
                maybe(
                    "out_without_csrf",
                    Bool,
                    "signing out without the CSRF token worked too; null where the answer does not tell",
                ),
                maybe(
                    "out_false_csrf",
                    FactKind::list(Text),
                    "the false CSRF tokens with which signing out worked too; null where the answers do not tell",
                ),
                maybe(
                    "replayed",
                    Bool,
                    "the old cookie was accepted after signing out; null where it cannot be told",
                ),
                maybe(
                    "renewed",
                    Bool,
                    "that answer set the cookie anew, so whoever has a copy keeps it alive by using it; null where it cannot be told",
                ),
            ]),
            "sign-in: the session that the sign-in opened; null where it opened none",
        ),
    ]
}
