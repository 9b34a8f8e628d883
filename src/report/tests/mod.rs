//! Tests of all reports: what they look like, that they agree, that hostile text stays text.

pub(super) mod drawn;
pub(super) mod fixture;
mod pipeline;
mod properties;

use super::{Beside, FORMATS, Report, Style, format, sign_off};
use crate::diagnostic::Source;
use crate::model::{Outcome, Severity, Verdict};
use fixture::Run;

impl Run {
    pub(super) fn report(&self) -> Report<'_> {
        Report {
            decision: &self.decision,
            findings: &self.findings,
            subject: &self.subject,
            beside: Beside::default(),
        }
    }
}

fn expect(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../../tests/fixtures/reports",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn each_format_writes_what_is_expected() {
    let run = fixture::run();
    for format in FORMATS {
        expect(
            format.name,
            &(format.render)(&run.report(), &Style::default()),
        );
    }
}

#[test]
fn the_terminal_suits_its_reader() {
    let run = fixture::run();
    let terminal = format("terminal").unwrap().render;
    let plain = Style::default();
    for (name, style) in [
        (
            "terminal-colour",
            Style {
                color: true,
                ..plain
            },
        ),
        (
            "terminal-ascii",
            Style {
                unicode: false,
                ..plain
            },
        ),
        (
            "terminal-verbose",
            Style {
                verbose: true,
                width: 100,
                ..plain
            },
        ),
        (
            "terminal-quiet",
            Style {
                quiet: true,
                ..plain
            },
        ),
        ("terminal-narrow", Style { width: 40, ..plain }),
    ] {
        expect(name, &terminal(&run.report(), &style));
    }
}

#[test]
fn a_go_and_an_empty_run_read_well() {
    let mut run = fixture::run();
    run.findings
        .retain(|finding| finding.verdict == crate::model::Verdict::Pass);
    run.decision.outcome = crate::model::Outcome::Go;
    run.decision.reasons.clear();
    run.decision.warnings.clear();
    run.subject.interrupted = None;
    run.decision.summary = fixture::summary(&run.findings);
    let terminal = format("terminal").unwrap().render;
    expect("terminal-go", &terminal(&run.report(), &Style::default()));
    run.findings.clear();
    run.decision.summary.clear();
    run.decision.outcome = crate::model::Outcome::Undecided;
    run.subject.target = None;
    expect(
        "terminal-empty",
        &terminal(&run.report(), &Style::default()),
    );
}

/// What a page says that a go rests on leaves nothing out that was not seen.
#[test]
fn a_page_counts_what_a_baseline_accepts() {
    let mut run = fixture::run();
    let grave = [
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Inconclusive,
        Verdict::Blocked,
    ];
    let named =
        |verdict: Verdict| fixture::finding(verdict.word(), "it holds", Severity::High, verdict);
    run.findings = grave.map(named).into();
    run.findings[1].waived = Some("baseline then: failed there too".into());
    run.decision.summary = fixture::summary(&run.findings);
    run.decision.outcome = Outcome::GoWithWaivers;
    run.decision.reasons.clear();
    run.subject.baseline = Some("then".into());
    let page = (format("html").unwrap().render)(&run.report(), &Style::default());
    let rests = "Of the 4 checks of severity low or graver: 1 seen to pass, 1 failed, and accepted by waivers or by the \
        baseline, 2 could not be told, as in the baseline.";
    assert!(page.contains(rests), "{page}");
}

#[test]
fn a_users_template_replaces_the_shipped_one() {
    let run = fixture::run();
    let source = Source::new("mine.md", "{{ subject.project }}: {{ decision.word }}\n");
    assert_eq!(
        sign_off(&run.report(), &source).unwrap(),
        "example-app: no-go\n"
    );
}

#[test]
fn a_template_in_error_is_shown_with_its_place() {
    let run = fixture::run();
    for (text, place, words) in [
        ("# x\n{{ subject.projct }}\n", "mine.md:2", "undefined"),
        ("a\n\n{% for x in findings %}\n", "mine.md:", ""),
        ("{{ subject }}", "mine.md:1", "cannot be written as text"),
        ("{% include 'etc/passwd' %}", "mine.md:1", "not"),
    ] {
        let message = sign_off(&run.report(), &Source::new("mine.md", text))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains(place) && message.contains(words),
            "{message}"
        );
    }
}

/// A finding that inferred a limit of three a second.
fn inferred() -> Vec<crate::model::Finding> {
    let mut one = fixture::finding(
        "limits.inferred-as-configured",
        "the limiter is the one that is configured",
        crate::model::Severity::Medium,
        crate::model::Verdict::Pass,
    );
    let facts = serde_json::json!({ "inferred": {
        "identified": true, "told": "3 in 1 s, in a <sliding> window",
        "limit": { "low": 3, "high": 3, "exact": true }, "window": { "low": 0.99, "high": 1.01 },
        "log": { "admitted": [0, 20, 40, 1010, 2500], "refused": [60, 500, 900] },
    }});
    one.looks.push(crate::model::LookVerdict {
        label: "the limiter of GET /api/a&b".into(),
        verdict: crate::model::Verdict::Pass,
        reasons: Vec::new(),
        unjudged: vec![],
        facts: serde_json::from_value(facts).unwrap(),
        evidence: String::new(),
        retried: false,
    });
    vec![one]
}

#[test]
fn attempts_of_an_inference_are_drawn() {
    let run = fixture::run();
    let findings = inferred();
    let report = Report {
        findings: &findings,
        ..run.report()
    };
    let render = |name: &str, style: Style| (format(name).unwrap().render)(&report, &style);
    let page = render("html", Style::default());
    let drawn = super::limits_plot::HEIGHT;
    for part in [
        "<th scope=\"row\">the limiter of GET /api/a&amp;b</th><td class=\"number\">5</td>\
         <td class=\"number\">3</td><td class=\"number\">3</td><td class=\"number\">1 s</td>",
        "aria-label=\"Requests over time: the limiter of GET /api/a&amp;b; the table above has the numbers\"",
        &format!("viewBox=\"0 0 760 {drawn}\""),
        "<path class=\"refused\"",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let svg = render("limits-plot", Style::default());
    for part in [
        "<title id=\"holdpoint-limits-title\">",
        "role=\"img\"",
        "5 requests passed and 3 were refused",
        "a&amp;b",
        "&lt;sliding&gt;",
        "3 at once",
        "prefers-color-scheme: dark",
    ] {
        assert!(svg.contains(part), "{part} in {svg}");
    }
    assert!(
        !svg.contains("<script") && !svg.contains("NaN") && !svg.contains("inf"),
        "{svg}"
    );
    let rows = |style: Style| {
        let text = render("terminal", style);
        let rows: Vec<_> = text
            .lines()
            .filter(|line| line.contains("passed  ") || line.contains("refused"))
            .map(str::to_owned)
            .collect();
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        rows
    };
    let plain = rows(Style {
        unicode: false,
        ..Style::default()
    });
    assert!(
        plain.iter().any(|row| row.contains('#')) && plain.iter().all(|row| !row.contains('█')),
        "{plain:?}"
    );
    assert!(rows(Style::default()).iter().any(|row| row.contains('█')));
}

#[test]
fn a_page_of_ten_thousand_failures_stays_small_and_says_what_it_left_out() {
    let mut run = fixture::run();
    let long = "<&>\"\u{202e}".repeat(200);
    run.findings = (0..10_000)
        .map(|place| {
            let severity = crate::model::Severity::ALL[place % 5];
            let check = format!("headers.number-{place}");
            let mut one = fixture::finding(&check, &long, severity, crate::model::Verdict::Fail);
            one.reason.clone_from(&long);
            one.found.clone_from(&long);
            one.remedy.clone_from(&long);
            one
        })
        .collect();
    run.decision.summary = fixture::summary(&run.findings);
    run.decision.reasons = vec![long; 10_000];
    let page = (format("html").unwrap().render)(&run.report(), &Style::default());
    assert!(page.len() < 5_000_000, "{}", page.len());
    let full = page.matches("<details class=\"f ").count();
    let lines = page.matches("<li id=\"headers.number-").count();
    assert_eq!(full + lines, 10_000);
    assert!(full > 20, "{full}");
    assert!(page.contains("told in one line each, because the page would grow too large"));
    // Those in full are among the gravest.
    assert_eq!(
        page.matches("<span class=\"tag s-critical\">").count(),
        full
    );
    assert!(page.contains("<b>10000</b> fail"));
}
