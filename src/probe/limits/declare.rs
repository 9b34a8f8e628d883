//! What check files may write for the limits probe, and what expectations may read of it.

use crate::model::{FactKind, FactSpec};
use crate::probe::ParameterSpec;

/// The looks.
pub(super) const LOOKS: [&str; 1] = ["announced"];

pub(super) fn parameters() -> Vec<ParameterSpec> {
    use FactKind::Text;
    vec![
        ParameterSpec::required(
            "look",
            Text,
            "announced: two requests, and what their answers say of a limit",
        )
        .one_of(&LOOKS),
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
    ]
}
