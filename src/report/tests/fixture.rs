//! One fixed set of findings with every verdict and every circumstance, for the expected reports.

use crate::model::{
    Decision, Finding, Level, LookVerdict, Note, Outcome, Reason, Severity, Subject, Verdict,
};
use serde_json::json;
use std::collections::BTreeMap;

/// A decision with what it is about, kept together for the reports to borrow.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) decision: Decision,
    pub(crate) findings: Vec<Finding>,
    pub(crate) subject: Subject,
}

/// Counts verdicts as the gate does.
pub(crate) fn summary(findings: &[Finding]) -> BTreeMap<Verdict, usize> {
    let mut summary = BTreeMap::new();
    for finding in findings {
        *summary.entry(finding.verdict).or_insert(0) += 1;
    }
    summary
}

pub(crate) fn finding(check: &str, title: &str, severity: Severity, verdict: Verdict) -> Finding {
    Finding {
        check: check.into(),
        title: title.into(),
        suites: vec!["security".into()],
        severity,
        verdict,
        flaky: false,
        reason: String::new(),
        expected: String::new(),
        found: String::new(),
        remedy: String::new(),
        looks: Vec::new(),
        blocked_by: None,
        duration_ms: 40,
        note: None,
        defined: format!("checks/{}.toml:1", check.replace('.', "/")),
        overrides_shipped: false,
        waived: None,
    }
}

fn look(
    label: &str,
    verdict: Verdict,
    reason: Option<[&str; 3]>,
    facts: serde_json::Value,
) -> LookVerdict {
    let digest = label.bytes().fold(7_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    LookVerdict {
        label: label.into(),
        verdict,
        reasons: reason
            .map(|[text, expected, found]| Reason {
                text: text.into(),
                expected: expected.into(),
                found: found.into(),
                line: 14,
                listed: 0,
            })
            .into_iter()
            .collect(),
        unjudged: vec![],
        facts: facts.as_object().cloned().unwrap_or_default(),
        evidence: format!("sha256:{}", format!("{digest:016x}").repeat(4)),
        retried: false,
    }
}

const PATHS: [&str; 7] = [
    "GET /",
    "GET /api/auth/signin",
    "GET /api/tasks",
    "GET /sw.js",
    "GET /manifest.webmanifest",
    "GET /_next/static/chunks/main.js",
    "GET /holdpoint-no-such-page",
];

fn passing(check: &str, title: &str, severity: Severity) -> Finding {
    let looks = PATHS
        .map(|path| look(path, Verdict::Pass, None, json!({"status": 200})))
        .into();
    Finding {
        looks,
        ..finding(check, title, severity, Verdict::Pass)
    }
}

fn failures() -> Vec<Finding> {
    let inline = [
        "script-src allows 'unsafe-inline'",
        "no 'unsafe-inline' in script-src",
        "script-src 'self' 'unsafe-inline' https://cdn.example.com",
    ];
    let csp = finding(
        "headers.content-security-policy",
        "scripts run only from where the application says",
        Severity::High,
        Verdict::Fail,
    );
    let csp = Finding {
        reason: inline[0].into(),
        expected: inline[1].into(),
        found: inline[2].into(),
        remedy: "serve a nonce from the middleware with each page, name it in script-src and drop 'unsafe-inline'".into(),
        looks: PATHS
            .map(|path| {
                let facts = json!({"csp": {"script": {"unsafe_inline": true, "sources": ["'self'", "'unsafe-inline'"]}}});
                look(path, Verdict::Fail, Some(inline), facts)
            })
            .into(),
        defined: "checks/headers/content-security-policy.toml:14".into(),
        ..csp
    };
    let cors = finding(
        "cors.foreign-origin",
        "a foreign origin cannot read answers",
        Severity::Critical,
        Verdict::Fail,
    );
    let cors = Finding {
        reason: "the answer lets https://holdpoint-foreign.example read it, with credentials"
            .into(),
        expected: "no Access-Control-Allow-Origin for a foreign origin".into(),
        found: "https://holdpoint-foreign.example".into(),
        remedy: "answer with a fixed list of origins rather than with the Origin that was sent"
            .into(),
        looks: vec![
            look(
                "GET /",
                Verdict::Pass,
                None,
                json!({"cors": {"echoes": false}}),
            ),
            look(
                "GET /api/tasks",
                Verdict::Fail,
                Some([
                    "the answer lets https://holdpoint-foreign.example read it, with credentials",
                    "no Access-Control-Allow-Origin for a foreign origin",
                    "https://holdpoint-foreign.example",
                ]),
                json!({"cors": {"echoes": true, "allow_credentials": true}}),
            ),
            look(
                "OPTIONS /api/tasks",
                Verdict::Fail,
                Some([
                    "the preflight allows every method",
                    "the methods that the route has",
                    "*",
                ]),
                json!({"cors": {"allow_methods": ["*"]}}),
            ),
        ],
        overrides_shipped: true,
        defined: ".holdpoint/checks/cors/foreign-origin.toml:1".into(),
        ..cors
    };
    let leaks = finding(
        "headers.no-server-version",
        "answers do not name software versions",
        Severity::Low,
        Verdict::Fail,
    );
    let hostile = "nginx/1.18 \u{1b}[2J\u{202e}GO | `x` <script>alert(1)</script> @everyone";
    let leaks = Finding {
        reason: format!("Server says {hostile}"),
        expected: "a Server header without a version".into(),
        found: hostile.into(),
        remedy: "server_tokens off;".into(),
        looks: vec![look(
            "GET /",
            Verdict::Fail,
            Some([
                &format!("Server says {hostile}"),
                "a Server header without a version",
                hostile,
            ]),
            json!({"leaks": {"server": hostile}}),
        )],
        waived: Some("platform team: the proxy is replaced this month (until 2026-03-31)".into()),
        ..leaks
    };
    vec![csp, cors, leaks]
}

fn unobserved() -> Vec<Finding> {
    let cause = "no answer within 5 s";
    let tls = finding(
        "tls.certificate-days-left",
        "the certificate is valid for two weeks more",
        Severity::High,
        Verdict::Inconclusive,
    );
    let tls = Finding {
        reason: cause.into(),
        looks: vec![look(
            "TLS staging.example.com:443",
            Verdict::Inconclusive,
            Some([cause, "", ""]),
            json!({}),
        )],
        ..tls
    };
    let blocked =
        ["cookies.secure", "cookies.http-only", "cookies.same-site"].map(|check| Finding {
            reason: "site.signs-in did not pass".into(),
            blocked_by: Some("site.signs-in".into()),
            ..finding(
                check,
                "session cookies are out of reach",
                Severity::High,
                Verdict::Blocked,
            )
        });
    let not_run = ["limits.api-burst", "limits.sign-in-burst"].map(|check| Finding {
        reason: "level active was not allowed".into(),
        ..finding(
            check,
            "bursts are slowed down",
            Severity::Medium,
            Verdict::NotRun,
        )
    });
    let attested = Finding {
        reason: "no probe can observe it".into(),
        ..finding(
            "legal.privacy-policy",
            "a privacy policy exists and is linked",
            Severity::Medium,
            Verdict::NeedsAttestation,
        )
    };
    let elsewhere = Finding {
        reason: "the target is not served over plain HTTP".into(),
        ..finding(
            "site.redirects-to-https",
            "plain HTTP leads to HTTPS",
            Severity::High,
            Verdict::NotApplicable,
        )
    };
    [
        vec![tls, attested, elsewhere],
        blocked.into(),
        not_run.into(),
    ]
    .concat()
}

fn passes() -> Vec<Finding> {
    let filter = Finding {
        note: Some(Note {
            document: "TEAM_PI_EXECUTION_GUIDE.md".into(),
            says: "X-XSS-Protection: 1; mode=block".into(),
            truth: "browsers have removed the filter, and in old ones it opened holes of its own; 0 or no header is right".into(),
            source: "OWASP Secure Headers Project".into(),
            tested: "the browsers' XSS filter is not switched on".into(),
            conformance: "not met".into(),
            assessment: "sound".into(),
        }),
        ..passing("headers.xss-filter-off", "the browsers' XSS filter is not switched on", Severity::Info)
    };
    let flaky = Finding {
        flaky: true,
        ..passing("site.answers", "the site answers", Severity::Critical)
    };
    vec![
        passing(
            "headers.strict-transport-security",
            "browsers are told to use HTTPS only, for at least a year",
            Severity::High,
        ),
        passing(
            "headers.content-type-options",
            "browsers may not guess content types",
            Severity::Medium,
        ),
        passing(
            "headers.referrer-policy",
            "paths and queries stay out of the Referer that other origins are sent",
            Severity::Low,
        ),
        finding(
            "environment.no-placeholders",
            "no variable holds a placeholder",
            Severity::High,
            Verdict::Pass,
        ),
        filter,
        flaky,
    ]
}

/// Every verdict, a waiver, a note, a flaky pass, several looks, hostile text, an early end.
pub(crate) fn run() -> Run {
    let findings = [passes(), failures(), unobserved()].concat();
    let tags = [
        ("headers.content-security-policy", "P2.1"),
        ("headers.content-type-options", "P2.2"),
        ("headers.xss-filter-off", "P2.4"),
        ("headers.strict-transport-security", "P2.5"),
        ("headers.referrer-policy", "P2.6"),
        ("headers.permissions-policy", "P2.7"),
        ("site.redirects-to-https", "P2.8"),
        ("cors.foreign-origin", "P2.9"),
        ("headers.no-server-version", "P2.10"),
        ("cookies.http-only", "P3.5"),
        ("limits.sign-in-burst", "P3.6"),
        ("environment.no-placeholders", "P6.1"),
        ("legal.privacy-policy", "P7.2"),
    ];
    Run {
        decision: Decision {
            outcome: Outcome::NoGo,
            fail_on: Severity::Low,
            summary: summary(&findings),
            reasons: vec![
                "cors.foreign-origin failed (critical)".into(),
                "headers.content-security-policy failed (high)".into(),
                "tls.certificate-days-left could not be observed (high)".into(),
                "cookies.http-only is blocked by site.signs-in (high)".into(),
            ],
            warnings: vec![
                "the waiver for headers.coop in holdpoint.toml:31 covers nothing".into(),
            ],
        },
        findings,
        subject: Subject {
            tool_version: "0.1.0".into(),
            project: "example-app".into(),
            root: "example-app".into(),
            target: Some("https://staging.example.com".into()),
            environment: "staging".into(),
            level: Level::Live,
            selection: vec!["security".into()],
            given: vec![],
            suites: vec!["security".into()],
            started: "2026-03-02T09:00:00.125Z".parse().unwrap(),
            ended: "2026-03-02T09:00:06.400Z".parse().unwrap(),
            duration_ms: 6_275,
            commit: Some("4f9d1c02a7b35e6881d0cf24b9ae7735d0c1e9aa".into()),
            dirty: true,
            clean: false,
            record: Some(".holdpoint/records/2026-03-02T09-00-00Z-k3f9.jsonl".into()),
            record_digest: Some(format!("sha256:{}", "4b".repeat(32))),
            inputs: vec![(
                "holdpoint.toml".into(),
                format!("sha256:{}", "5c".repeat(32)),
            )],
            run: "2026-03-02T09-00-00Z-k3f9".into(),
            interrupted: Some("its deadline of 6 s passed".into()),
            baseline: None,
            tags: tags
                .map(|(check, tag)| (check.to_owned(), vec![tag.to_owned()]))
                .into(),
        },
    }
}
