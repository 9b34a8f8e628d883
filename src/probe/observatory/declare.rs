//! The parameters and facts of the observatory probe.

use crate::model::{FactKind, FactSpec};
use crate::probe::ParameterSpec;
use crate::probe::http::csp;

const TESTS: [&str; 10] = [
    "content_security_policy",
    "cookies",
    "cross_origin_resource_sharing",
    "redirection",
    "referrer_policy",
    "strict_transport_security",
    "subresource_integrity",
    "x_content_type_options",
    "x_frame_options",
    "cross_origin_resource_policy",
];

pub(super) fn parameters() -> Vec<ParameterSpec> {
    vec![
        ParameterSpec::optional(
            "path",
            FactKind::Text,
            "a path below the target's address; default /",
        ),
        ParameterSpec::optional(
            "paths",
            FactKind::list(FactKind::Text),
            "several paths, each looked at by itself",
        ),
        ParameterSpec::optional(
            "least",
            FactKind::Text,
            "the least grade that is asked for, given as least_score; default B",
        ),
    ]
}

fn texts() -> FactKind {
    FactKind::list(FactKind::Text)
}

fn maybe(kind: FactKind) -> FactKind {
    FactKind::optional(kind)
}

pub(super) fn facts() -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Text};
    let new = FactSpec::new;
    let costs = || {
        new(
            "costs",
            texts(),
            "the tests that take points away: result, points, remedy; the dearest first",
        )
    };
    vec![
        new(
            "url",
            Text,
            "where the last answer came from, query values masked",
        ),
        new("status", Int, "its status"),
        new(
            "accepted",
            Bool,
            "the Observatory grades answers of that status: below 400, 401 and 403",
        ),
        new(
            "elsewhere",
            Bool,
            "redirects led to another host than the target's",
        ),
        new("is_html", Bool, "the answer is HTML by its type"),
        new(
            "cut",
            Bool,
            "the HTML was longer than is read, or could not be decoded, so that scripts may be missed",
        ),
        new(
            "score",
            Int,
            "points: 100 and the modifiers; bonuses count from 90 on",
        ),
        new(
            "worst_score",
            Int,
            "points if all that could not be told were as bad as can be",
        ),
        new("grade", Text, "A+ to F"),
        new("least_grade", Text, "the grade that was asked for"),
        new("least_score", Int, "the points at which that grade begins"),
        new(
            "tests",
            FactKind::Object(TESTS.iter().map(|name| test(name)).collect()),
            "the ten tests of the package 1.4.8",
        ),
        costs(),
        new(
            "losses",
            texts(),
            "the same in short: result and points; the dearest first",
        ),
        new(
            "dearest",
            FactKind::optional(Text),
            "what to do about the dearest; null where nothing takes points away",
        ),
        new(
            "untold",
            texts(),
            "tests that could not be told, such as redirection where no plain address is known; they count nothing",
        ),
        new(
            "later",
            FactKind::Object(vec![
                new("score", Int, "points"),
                new("grade", Text, "A+ to F"),
                costs(),
            ]),
            "by the twelve tests of algorithm 6 (August 2026): COEP and COOP too, and policies split at commas",
        ),
        new(
            "differs",
            FactKind::list(FactKind::Object(vec![
                new("test", Text, "the test"),
                new("theirs", Text, "the Observatory's result"),
                new("ours", Text, "what browsers do"),
            ])),
            "where the Observatory's rules and browsers part on this answer",
        ),
        new(
            "unpinned",
            texts(),
            "scripts of other sites that are loaded without integrity, query values masked",
        ),
        csp_of_page(),
        evaluation(),
        new(
            "nonce",
            FactKind::Object(vec![
                new("used", Bool, "a policy allows scripts or styles by nonce"),
                new(
                    "reused",
                    maybe(Bool),
                    "a second answer had one of the same nonces; null where none is used or no second answer came",
                ),
            ]),
            "the page asked for twice",
        ),
    ]
}

fn csp_of_page() -> FactSpec {
    FactSpec {
        meaning: "what all policies together let the page do, those of <meta> included; otherwise as csp of the http probe".into(),
        ..csp::declared()
    }
}

fn test(name: &'static str) -> FactSpec {
    FactSpec::new(
        name,
        FactKind::Object(vec![
            FactSpec::new(
                "result",
                maybe(FactKind::Text),
                "the Observatory's name for what it found; null where it could not be told",
            ),
            FactSpec::new("modifier", FactKind::Int, "points"),
            FactSpec::new("pass", maybe(FactKind::Bool), "counted as passed"),
            FactSpec::new(
                "remedy",
                FactKind::Text,
                "what to change; empty where nothing is better",
            ),
        ]),
        "the test of that name",
    )
}

fn evaluation() -> FactSpec {
    use FactKind::{Int, Text};
    let new = FactSpec::new;
    let finding = vec![
        new(
            "policy",
            Int,
            "the number of the policy, from 1; headers come first",
        ),
        new(
            "severity",
            Text,
            "HIGH, SYNTAX, MEDIUM, STRICT_CSP, MEDIUM_MAYBE or INFO",
        ),
        new("kind", Text, "what it is, by the evaluator's name"),
        new("directive", Text, "the directive"),
        new("value", maybe(Text), "the value, where it is about one"),
    ];
    new(
        "evaluation",
        FactKind::Object(vec![
            new(
                "findings",
                FactKind::list(FactKind::Object(finding)),
                "everything that is found in each policy",
            ),
            new(
                "bypasses",
                texts(),
                "sources known to serve what gets past a policy that names them; of the policy that has the fewest, because browsers enforce all",
            ),
            new(
                "misspelt",
                texts(),
                "values without their quotes, directives after a forgotten semicolon, words that mean nothing",
            ),
            new("short_nonces", Int, "nonces of fewer than 8 characters"),
        ]),
        "what Google's CSP Evaluator 1.1.8 finds, with its default and strict checks",
    )
}
