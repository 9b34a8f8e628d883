//! What check files may write for the accounts probe, and what expectations may read of it.

use crate::model::{FactKind, FactSpec, Level};
use crate::probe::{ParameterSpec, ProbeSpec};

pub(super) fn spec() -> ProbeSpec {
    use FactKind::Text;
    ProbeSpec {
        name: "accounts",
        version: 1,
        summary: "Asks where people sign in by a password, by a link in a mail or for a new password: once about an account that exists and \
            once about one that does not, and compares status, address, cookies and body. Where a password is asked for, and an \
            expectation reads the time, it asks thirty times each in random order, with a wrong password, and compares medians: name an \
            account that exists for tests, because thirty wrong passwords may lock it. It is taken to exist; where its password is given too, \
            one sign-in proves it, and is signed out. It sends three mails at most, to the two addresses that are named, and leaves other \
            places that send mail open. It makes no account, unless a sign-in makes one for whoever asks, which it then says. It stops \
            where a limit answers.",
        level: Level::Active,
        exclusive: true,
        needs_target: true,
        parameters: vec![
            ParameterSpec::optional(
                "base_path",
                Text,
                "the path that the endpoints of NextAuth lie below; default where the route's file lies, else \"/api/auth\"",
            ),
            ParameterSpec::optional(
                "provider",
                Text,
                "the credentials provider that lets everybody in, which is not asked; default \"guest\"",
            ),
            ParameterSpec::optional(
                "known",
                Text,
                "the variable with the name or address of an account that exists; default HOLDPOINT_KNOWN_ACCOUNT",
            ),
            ParameterSpec::optional(
                "unknown",
                Text,
                "the variable with an address that has no account and takes mail; default HOLDPOINT_UNKNOWN_ACCOUNT; needed only where asking sends a mail",
            ),
            ParameterSpec::optional(
                "password",
                Text,
                "the variable with the password of the account that exists; default HOLDPOINT_KNOWN_PASSWORD; without it the account is taken to exist",
            ),
        ],
        facts: facts(),
    }
}

fn of(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, kind, meaning)
}

fn maybe(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::optional(kind), meaning)
}

fn facts() -> Vec<FactSpec> {
    use FactKind::{Bool, Float, Int, Object, Text};
    let claim = || {
        Object(vec![
            maybe("ok", Bool, "it holds; null where that could not be told"),
            maybe(
                "cause",
                Text,
                "what is wrong, or why it cannot be told, for people",
            ),
            of("asked", Int, "places whose answers told something"),
        ])
    };
    let time = vec![
        of("answers", Int, "answers of each kind"),
        of(
            "difference",
            Float,
            "the median for the known account less that for the unknown, in ms",
        ),
        of(
            "low",
            Float,
            "the lower end of its 99 % interval (bootstrap)",
        ),
        of("high", Float, "the upper end"),
        of(
            "chance",
            Float,
            "the probability of such a difference where there is none (permutation test on medians, two-sided)",
        ),
        of(
            "spread",
            Float,
            "the standard deviation of the difference between two accounts that do not exist, in ms",
        ),
    ];
    vec![
        of(
            "answer",
            claim(),
            "an account that exists is answered as one that does not",
        ),
        of("time", claim(), "and in the same time"),
        of(
            "places",
            FactKind::list(Object(vec![
                of("place", Text, "method and path"),
                of("differ", FactKind::list(Text), "in what the answers differ"),
                maybe(
                    "time",
                    Object(time),
                    "the comparison of times; null where none was made",
                ),
                maybe("cause", Text, "why something could not be told, for people"),
            ])),
            "where it was asked",
        ),
        of(
            "left_alone",
            FactKind::list(Text),
            "what was not asked, and why",
        ),
        of("mails", Int, "questions that may have sent a mail"),
        of("requests", Int, "questions"),
    ]
}
