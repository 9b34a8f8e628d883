//! What check files may write for the limits probe, and what expectations may read of it.

use crate::model::{FactKind, FactSpec, Facts};
use crate::probe::ParameterSpec;
use serde_json::{Value, json};

/// The looks.
pub(super) const LOOKS: [&str; 4] = ["announced", "claim", "sign-in", "infer"];

pub(super) fn parameters() -> Vec<ParameterSpec> {
    use FactKind::Text;
    vec![
        ParameterSpec::required(
            "look",
            Text,
            "announced: two requests, and what their answers say of a limit. claim: one request more than is configured and, where an \
             expectation reads bypass, the same request as another client might send it once the limit refuses. sign-in: twelve forms without a \
             CSRF token. infer: as many as tell which limiter it is, only where the parameter infer asks for it. All but announced need level active",
        )
        .one_of(&LOOKS),
        ParameterSpec::optional(
            "providers",
            Text,
            "for sign-in: the path at which the library lists its providers. The path's last part then gives way to the id of each that takes \
             credentials; without one there is nothing to look at",
        ),
        ParameterSpec::optional(
            "open",
            Text,
            "for sign-in: the id of a provider that lets anybody in, where there is nothing to guess; it is left out",
        ),
        ParameterSpec::optional(
            "infer",
            Text,
            "infer: yes, or paths with commas between, as --infer sets it; nothing is asked without it",
        ),
        ParameterSpec::optional(
            "paths",
            FactKind::list(Text),
            "the paths, each a look of its own; default those under [rate_limits] in holdpoint.toml, and for announced the API path where there are none",
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
    use FactKind::{Bool, Float, Int, Object, Text};
    vec![
        of("look", Text, "which look it was"),
        of("path", Text, "the path that was asked"),
        maybe(
            "configured",
            Object(vec![
                of("limit", Int, "requests"),
                of("window", Float, "seconds"),
            ]),
            "the limit that holdpoint.toml claims for the path; null where it claims none",
        ),
        maybe("status", Int, "the status of the first answer"),
        of(
            "cached",
            Bool,
            "a cache gave the first answer (Age), so what it announces is not read",
        ),
        of(
            "announced",
            FactKind::list(Object(vec![
                of(
                    "dialect",
                    Text,
                    "draft-8 (RateLimit with named items), draft-7 (RateLimit: limit=…), draft-6 (RateLimit-Limit …), x-ratelimit, x-rate-limit, shopify",
                ),
                of(
                    "policy",
                    Text,
                    "the limit's name, or what it counts; empty where that is not said",
                ),
                maybe("limit", Int, "requests that are allowed"),
                maybe(
                    "window",
                    Int,
                    "seconds that they are allowed in; null where it is not announced",
                ),
                maybe("remaining", Float, "requests that are left"),
                maybe(
                    "reset_means",
                    Text,
                    "what the reset holds: seconds, milliseconds, epoch-seconds, epoch-milliseconds, moving-epoch (reckoned anew with each request), constant (the window's length, which does not fall), date, duration",
                ),
                of(
                    "settled",
                    Bool,
                    "two samples tell what the reset holds, or its form does; else its size was gone by",
                ),
                maybe("resets_in", Float, "seconds from the answer to the reset"),
            ])),
            "the limits that answers announce in their headers",
        ),
        of(
            "faults",
            FactKind::list(Text),
            "where the announcement breaks its dialect or cannot be true, for people",
        ),
        maybe(
            "agrees",
            Bool,
            "an announced limit is the configured one; null where either is missing",
        ),
        maybe(
            "falls",
            Float,
            "by how much the remaining requests fell from the first sample to the second",
        ),
        maybe(
            "burst",
            burst(),
            "claim and sign-in: what the requests showed",
        ),
        maybe(
            "bypass",
            bypass(),
            "claim: what got around the limit; null where no expectation reads it",
        ),
        maybe(
            "at_once",
            at_once(),
            "claim: what a volley showed; null where no expectation reads it",
        ),
        maybe(
            "inferred",
            inferred(),
            "infer: which limiter the requests tell of",
        ),
    ]
}

fn inferred() -> FactKind {
    use FactKind::{Bool, Float, Int, Object, Text};
    let range = || {
        Object(vec![
            of("low", Float, "at least"),
            of("high", Float, "at most"),
        ])
    };
    let limit = || {
        Object(vec![
            of("low", Int, "at least"),
            of("high", Int, "at most"),
            of("exact", Bool, "both are the same"),
        ])
    };
    Object(vec![
        of(
            "identified",
            Bool,
            "one family alone explains all that was let through, and held in experiments that could have refuted it",
        ),
        maybe("family", Text, "its name, where it is identified"),
        of("told", Text, "what was found, for people"),
        maybe("why", Text, "why nothing is identified, for people"),
        of(
            "families",
            FactKind::list(Object(vec![
                of(
                    "name",
                    Text,
                    "fixed-window-from-first-request, fixed-window-aligned, sliding-log, sliding-log-counting-refusals, sliding-counter, token-bucket (GCRA, and nginx with nodelay), interval-bucket, leaky-queue",
                ),
                of("limit", limit(), "requests that pass at once"),
                of(
                    "window",
                    range(),
                    "seconds; of a bucket, until it is full again",
                ),
                of("rate", range(), "requests per second in the long run"),
                maybe("lump", Int, "interval-bucket: how many come back at a time"),
            ])),
            "every family that explains all that was let through, with all the values with which it does",
        ),
        maybe(
            "limit",
            limit(),
            "over all families; null where none is left",
        ),
        maybe("window", range(), "the same"),
        maybe("rate", range(), "the same"),
        maybe(
            "doubles",
            Bool,
            "it lets twice the limit through across the boundary of two windows; null where it is not identified",
        ),
        of("requests", Int, "requests that were sent"),
        of("seconds", Float, "the time that it took"),
        of(
            "log",
            Object(vec![
                of("admitted", FactKind::list(Int), "requests that passed"),
                of("refused", FactKind::list(Int), "requests that were refused"),
            ]),
            "when each request was sent, in milliseconds since the first",
        ),
    ])
}

fn burst() -> FactKind {
    use FactKind::{Bool, Float, Int, Object, Text};
    Object(vec![
        of(
            "outcome",
            Text,
            "held (exactly as many passed as are configured; for sign-in: some were refused), none (nothing was refused), looser (more passed), stricter (fewer passed), unclear",
        ),
        of(
            "admitted",
            Int,
            "requests that passed before the first refusal",
        ),
        of("sent", Int, "requests that were sent in all"),
        maybe("why", Text, "why it is unclear, for people"),
        maybe(
            "refusal",
            Object(vec![
                of("status", Int, "its status"),
                maybe(
                    "retry_after",
                    Text,
                    "good (whole seconds, or a date to come), malformed, past; null where there is none",
                ),
                maybe("retry_after_seconds", Int, "how long it asks to wait"),
                maybe(
                    "retry_after_holds",
                    Bool,
                    "a request after that time was let through; null where it was not tried",
                ),
                of("announced", Bool, "it announces the limit in its headers"),
            ]),
            "the first refusal; null where there was none",
        ),
        maybe(
            "recovered",
            Bool,
            "a request passed after the window; null where that was not tried",
        ),
        maybe(
            "recovered_after",
            Float,
            "seconds from the refusal to that request",
        ),
        maybe(
            "unwatched",
            Text,
            "why recovery was not waited for, for people",
        ),
    ])
}

fn bypass() -> FactKind {
    use FactKind::{Int, Object, Text};
    let list = FactKind::list;
    let group = || {
        Object(vec![
            of(
                "passed",
                list(Text),
                "what got past the limit, three times of three",
            ),
            of(
                "held",
                list(Text),
                "what was refused, or led to something else",
            ),
            of(
                "untold",
                list(Text),
                "what could not be told, because the limit came and went",
            ),
        ])
    };
    Object(vec![
        of("sent", Int, "requests that were sent in all"),
        maybe(
            "why",
            Text,
            "why nothing, or not everything, was tried, for people",
        ),
        maybe(
            "key",
            Text,
            "what the limit counts by, for people, as far as the ways around it tell",
        ),
        of(
            "address",
            group(),
            "headers by which proxies tell a client's address, with one that nobody has",
        ),
        of("path", group(), "other ways of writing the path, and HEAD"),
        of("session", group(), "cookies of strangers"),
    ])
}

fn at_once() -> FactKind {
    use FactKind::{Int, Object, Text};
    Object(vec![
        of(
            "outcome",
            Text,
            "held (no more passed than are configured), raced (more passed, twice), untold",
        ),
        maybe("passed", Int, "how many of the last volley passed"),
        maybe("volley", Int, "how many were sent at once"),
        maybe("why", Text, "why it is untold, for people"),
    ])
}

/// Every fact, of a look that saw nothing yet.
pub(super) fn blank() -> Facts {
    let facts = json!({
        "look": "", "path": "", "configured": null, "status": null, "cached": false, "announced": [],
        "faults": [], "agrees": null, "falls": null, "burst": null, "bypass": null, "at_once": null, "inferred": null,
    });
    match facts {
        Value::Object(facts) => facts,
        _ => Facts::new(),
    }
}
