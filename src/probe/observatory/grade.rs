//! The grade: every test's outcome, and the points together.

use super::html::Markup;
use super::outcome::{self, Outcome};
use super::seen::Seen;
use super::{csp, jar, scripts, single};

/// Which edition of the scanner's rules is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// Algorithm 4 with ten tests: the package `@mdn/mdn-http-observatory` 1.4.8.
    Four,
    /// Algorithm 6 with twelve tests: mdn/mdn-http-observatory at commit 94042bb, August 2026.
    Six,
}

/// A grade with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    /// Points; at least 0, and above 100 with enough bonuses.
    pub score: i64,
    /// From A+ to F.
    pub grade: &'static str,
    /// Each test by its name with its outcome; none where it could not be told.
    pub tests: Vec<(&'static str, Option<Outcome>)>,
}

/// Bonuses count from this score on (`MINIMUM_SCORE_FOR_EXTRA_CREDIT`).
const EXTRA_CREDIT: i64 = 90;

/// Grades what was seen.
pub fn grade(seen: &Seen, edition: Edition) -> Grade {
    let markup = Markup::read(&seen.page, edition);
    let csp = csp::judge(seen, &markup, edition);
    let hsts = single::hsts(seen);
    let set_cookie = seen.page.headers.iter();
    let set_cookie = set_cookie
        .filter(|(name, _)| name == "set-cookie")
        .map(|(_, value)| value.as_str());
    let mut results = vec![
        ("content-security-policy", Some(csp.result)),
        (
            "cookies",
            Some(jar::judge(&seen.jar, set_cookie, outcome::of(hsts).pass)),
        ),
        ("cross-origin-resource-sharing", Some(single::sharing(seen))),
        ("redirection", single::redirection(seen)),
        ("referrer-policy", Some(single::referrer(seen, &markup))),
        ("strict-transport-security", Some(hsts)),
        ("subresource-integrity", scripts::judge(seen, &markup)),
        (
            "x-content-type-options",
            Some(single::content_type_options(seen)),
        ),
        (
            "x-frame-options",
            Some(single::frame_options(seen, csp.limits_frames)),
        ),
        (
            "cross-origin-resource-policy",
            Some(single::resource_policy(seen)),
        ),
    ];
    if edition == Edition::Six {
        results.push(("cross-origin-embedder-policy", Some(single::embedder(seen))));
        results.push(("cross-origin-opener-policy", Some(single::opener(seen))));
    }
    let tests: Vec<_> = results
        .into_iter()
        .map(|(test, result)| (test, result.map(|result| points(result, edition))))
        .collect();
    let score = score(&tests);
    Grade {
        score,
        grade: outcome::grade(score),
        tests,
    }
}

impl Grade {
    /// The score if everything that could not be told were as bad as can be; `cut` says that scripts may
    /// have been missed.
    pub(super) fn worst_score(&self, cut: bool) -> i64 {
        let worst = |test: &&'static str, outcome: &Option<Outcome>| match (*test, outcome) {
            ("redirection", None) => Some(outcome::of("redirection-missing")),
            ("subresource-integrity", None) => Some(outcome::of(WORST_SCRIPTS)),
            ("subresource-integrity", Some(_)) if cut => Some(outcome::of(WORST_SCRIPTS)),
            (_, outcome) => *outcome,
        };
        let tests: Vec<_> = self
            .tests
            .iter()
            .map(|(test, outcome)| (*test, worst(test, outcome)))
            .collect();
        score(&tests)
    }
}

/// What costs most of all that scripts can cost.
const WORST_SCRIPTS: &str = "sri-not-implemented-and-external-scripts-not-loaded-securely";

fn score(tests: &[(&'static str, Option<Outcome>)]) -> i64 {
    let modifiers = || {
        tests
            .iter()
            .filter_map(|(_, outcome)| Some(outcome.as_ref()?.modifier))
    };
    let penalised = 100 + modifiers().filter(|modifier| *modifier < 0).sum::<i64>();
    let score = if penalised >= EXTRA_CREDIT {
        100 + modifiers().sum::<i64>()
    } else {
        penalised
    };
    score.max(0)
}

/// The outcome in an edition: one result earns more in the later one.
fn points(result: &'static str, edition: Edition) -> Outcome {
    let outcome = outcome::of(result);
    match (edition, result) {
        (Edition::Six, "x-frame-options-sameorigin-or-deny") => Outcome {
            modifier: 5,
            ..outcome
        },
        _ => outcome,
    }
}
