//! Every outcome that a test can have: its points, whether it passes, and how to do better.

/// The outcome of one test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The result, by the name that the Observatory gives it.
    pub result: &'static str,
    /// Points added to the score.
    pub modifier: i64,
    /// Does the test count as passed?
    pub pass: bool,
    /// What to change; empty where nothing is better.
    pub remedy: &'static str,
}

const OWN_ORIGIN: &str =
    "send Cross-Origin-Resource-Policy: same-origin, same-site or cross-origin";
const OPENER: &str = "send Cross-Origin-Opener-Policy: same-origin, or same-origin-allow-popups where sign-in opens a window";
const EMBEDDER: &str =
    "send Cross-Origin-Embedder-Policy: credentialless or require-corp, or leave it out";
const PREFLIGHT: &str = "answer preflights from named origins only, and never echo any Origin together with Access-Control-Allow-Credentials";
const SECURE: &str = "set every cookie with Secure, HttpOnly and SameSite=Lax";
const HTTPS: &str = "answer every request over http:// with 308 to the same host over https://";
const HSTS: &str = "send Strict-Transport-Security: max-age=31536000; includeSubDomains once on every answer over https://";
const SCRIPTS: &str = "load scripts of other sites over https:// with integrity and crossorigin, or from the site itself";
const INLINE: &str = "name the sources of scripts in script-src, with a nonce or a hash in place of 'unsafe-inline', and set object-src 'none'";
const FRAMES: &str =
    "send X-Frame-Options: DENY once, or frame-ancestors 'none' in the Content-Security-Policy";

/// Result, points, passed, remedy: `src/grader/charts.js` and the lists of passing results in
/// `src/analyzer/tests/` of mdn/mdn-http-observatory 1.4.8; those of COEP and COOP, at its commit 94042bb.
const OUTCOMES: &[(&str, i64, bool, &str)] = &[
    (
        "csp-implemented-with-no-unsafe-default-src-none",
        10,
        true,
        "",
    ),
    ("csp-implemented-with-no-unsafe", 5, true, ""),
    (
        "csp-implemented-with-unsafe-inline-in-style-src-only",
        0,
        true,
        "take 'unsafe-inline', data: and whole schemes out of style-src",
    ),
    (
        "csp-implemented-but-duplicate-directives",
        0,
        true,
        "write report-uri and report-to once in each policy",
    ),
    (
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
        -10,
        true,
        "take http: out of img-src, media-src and default-src",
    ),
    (
        "csp-implemented-with-unsafe-eval",
        -10,
        false,
        "take 'unsafe-eval' out of script-src and style-src",
    ),
    ("csp-implemented-with-unsafe-inline", -20, false, INLINE),
    (
        "csp-implemented-with-insecure-scheme",
        -20,
        false,
        "take sources that begin with http: or ftp: out of the policy",
    ),
    (
        "csp-header-invalid",
        -25,
        false,
        "send one policy, each directive once, and 'strict-dynamic' only beside a nonce or a hash",
    ),
    (
        "csp-not-implemented",
        -25,
        false,
        "send a Content-Security-Policy",
    ),
    (
        "csp-not-implemented-but-reporting-enabled",
        -25,
        false,
        "send the policy as Content-Security-Policy once its reports are clean",
    ),
    (
        "cookies-secure-with-httponly-sessions-and-samesite",
        5,
        true,
        "",
    ),
    (
        "cookies-secure-with-httponly-sessions",
        0,
        true,
        "set SameSite on every cookie",
    ),
    ("cookies-not-found", 0, true, ""),
    (
        "cookies-without-secure-flag-but-protected-by-hsts",
        -5,
        false,
        SECURE,
    ),
    (
        "cookies-session-without-secure-flag-but-protected-by-hsts",
        -10,
        false,
        SECURE,
    ),
    ("cookies-without-secure-flag", -20, false, SECURE),
    (
        "cookies-samesite-flag-invalid",
        -20,
        false,
        "write SameSite=Lax or Strict, or None together with Secure",
    ),
    (
        "cookies-anticsrf-without-samesite-flag",
        -20,
        false,
        "set SameSite on the cookie against forged requests",
    ),
    ("cookies-session-without-httponly-flag", -30, false, SECURE),
    ("cookies-session-without-secure-flag", -40, false, SECURE),
    ("cross-origin-resource-sharing-not-implemented", 0, true, ""),
    (
        "cross-origin-resource-sharing-implemented-with-public-access",
        0,
        true,
        "",
    ),
    (
        "cross-origin-resource-sharing-implemented-with-restricted-access",
        0,
        true,
        "",
    ),
    (
        "cross-origin-resource-sharing-implemented-with-universal-access",
        -50,
        false,
        PREFLIGHT,
    ),
    ("redirection-all-redirects-preloaded", 0, true, ""),
    ("redirection-to-https", 0, true, ""),
    ("redirection-not-needed-no-http", 0, true, ""),
    (
        "redirection-off-host-from-http",
        -5,
        false,
        "lead to the same host over https:// first, to another host after that",
    ),
    (
        "redirection-not-to-https-on-initial-redirection",
        -10,
        false,
        HTTPS,
    ),
    ("redirection-not-to-https", -20, false, HTTPS),
    ("redirection-missing", -20, false, HTTPS),
    (
        "redirection-invalid-cert",
        -20,
        false,
        "install a certificate that browsers trust",
    ),
    ("referrer-policy-private", 5, true, ""),
    (
        "referrer-policy-not-implemented",
        0,
        true,
        "send Referrer-Policy: strict-origin-when-cross-origin",
    ),
    (
        "referrer-policy-unsafe",
        -5,
        false,
        "send Referrer-Policy: strict-origin-when-cross-origin",
    ),
    (
        "referrer-policy-header-invalid",
        -5,
        false,
        "send Referrer-Policy: strict-origin-when-cross-origin",
    ),
    ("hsts-preloaded", 5, true, ""),
    ("hsts-implemented-max-age-at-least-six-months", 0, true, ""),
    (
        "hsts-implemented-max-age-less-than-six-months",
        -10,
        false,
        HSTS,
    ),
    ("hsts-not-implemented", -20, false, HSTS),
    ("hsts-header-invalid", -20, false, HSTS),
    (
        "hsts-not-implemented-no-https",
        -20,
        false,
        "answer over https://, then send Strict-Transport-Security",
    ),
    (
        "hsts-invalid-cert",
        -20,
        false,
        "install a certificate that browsers trust",
    ),
    (
        "sri-implemented-and-all-scripts-loaded-securely",
        5,
        true,
        "",
    ),
    (
        "sri-implemented-and-external-scripts-loaded-securely",
        5,
        true,
        "",
    ),
    ("sri-not-implemented-response-not-html", 0, true, ""),
    ("sri-not-implemented-but-no-scripts-loaded", 0, true, ""),
    (
        "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
        0,
        true,
        "",
    ),
    (
        "sri-not-implemented-but-external-scripts-loaded-securely",
        -5,
        false,
        SCRIPTS,
    ),
    (
        "sri-implemented-but-external-scripts-not-loaded-securely",
        -20,
        false,
        SCRIPTS,
    ),
    (
        "sri-not-implemented-and-external-scripts-not-loaded-securely",
        -50,
        false,
        SCRIPTS,
    ),
    ("x-content-type-options-nosniff", 0, true, ""),
    (
        "x-content-type-options-not-implemented",
        -5,
        false,
        "send X-Content-Type-Options: nosniff",
    ),
    (
        "x-content-type-options-header-invalid",
        -5,
        false,
        "send X-Content-Type-Options: nosniff once",
    ),
    ("x-frame-options-implemented-via-csp", 5, true, ""),
    ("x-frame-options-sameorigin-or-deny", 0, true, ""),
    ("x-frame-options-allow-from-origin", 0, true, FRAMES),
    ("x-frame-options-not-implemented", -20, false, FRAMES),
    ("x-frame-options-header-invalid", -20, false, FRAMES),
    ("corp-implemented-with-same-origin", 10, true, ""),
    ("corp-implemented-with-same-site", 10, true, ""),
    ("corp-implemented-with-cross-origin", 0, true, ""),
    ("corp-not-implemented", 0, true, OWN_ORIGIN),
    ("corp-header-invalid", -5, false, OWN_ORIGIN),
    ("coep-implemented-with-require-corp", 10, true, ""),
    ("coep-implemented-with-credentialless", 10, true, ""),
    ("coep-implemented-with-unsafe-none", 0, true, ""),
    ("coep-not-implemented", 0, true, ""),
    ("coep-header-invalid", -5, false, EMBEDDER),
    ("coop-implemented-with-same-origin", 10, true, ""),
    (
        "coop-implemented-with-same-origin-allow-popups",
        10,
        true,
        "",
    ),
    ("coop-implemented-with-noopener-allow-popups", 10, true, ""),
    ("coop-implemented-with-unsafe-none", 0, true, OPENER),
    ("coop-not-implemented", 0, true, OPENER),
    ("coop-header-invalid", -5, false, OPENER),
];

/// The outcome with that result. A name that stands in no table counts nothing and does not pass.
pub(super) fn of(result: &'static str) -> Outcome {
    let row = OUTCOMES.iter().find(|row| row.0 == result);
    let (result, modifier, pass, remedy) = row.copied().unwrap_or((result, 0, false, ""));
    Outcome {
        result,
        modifier,
        pass,
        remedy,
    }
}

/// Grades and the least score that each needs (`src/grader/charts.js`).
const GRADES: &[(i64, &str)] = &[
    (100, "A+"),
    (90, "A"),
    (85, "A-"),
    (80, "B+"),
    (70, "B"),
    (65, "B-"),
    (60, "C+"),
    (50, "C"),
    (45, "C-"),
    (40, "D+"),
    (30, "D"),
    (25, "D-"),
    (0, "F"),
];

/// The grade of a score.
pub(super) fn grade(score: i64) -> &'static str {
    GRADES
        .iter()
        .find(|(least, _)| score >= *least)
        .map_or("F", |(_, grade)| grade)
}

/// The score that a grade begins at; none where there is no such grade.
pub(super) fn least_score(grade: &str) -> Option<i64> {
    GRADES
        .iter()
        .find(|(_, known)| known.eq_ignore_ascii_case(grade))
        .map(|(least, _)| *least)
}

/// Every grade, the best first.
pub(super) fn grades() -> impl Iterator<Item = &'static str> {
    GRADES.iter().map(|(_, grade)| *grade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grade_begins_at_its_multiple_of_five() {
        let expected = [
            (145, "A+"),
            (100, "A+"),
            (99, "A"),
            (85, "A-"),
            (79, "B"),
            (69, "B-"),
            (64, "C+"),
            (49, "C-"),
            (44, "D+"),
            (39, "D"),
            (29, "D-"),
            (24, "F"),
            (0, "F"),
        ];
        for (score, name) in expected {
            assert_eq!(grade(score), name, "{score}");
        }
        assert_eq!(least_score("b"), Some(70));
        assert_eq!(least_score("E"), None);
        assert_eq!(grades().count(), 13);
    }

    #[test]
    fn what_fails_says_how_to_mend_it() {
        for (result, modifier, pass, remedy) in OUTCOMES {
            assert!(*pass || *modifier < 0, "{result}");
            assert!(*modifier >= 0 || !remedy.is_empty(), "{result}");
        }
    }
}
