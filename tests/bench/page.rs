//! Measures the report as a page with ten thousand findings, and prints the figures as a Markdown table.
//!
//! `cargo bench --bench page`. Size and time to write it are the program's own. Where Chromium is installed, it opens
//! the page from a file: the times from navigation to the first paint and to the end of loading are its own, and a
//! filter is timed from the click to the frame that shows what it left.

#[path = "../support/browser.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod browser;

use browser::Browser;
use holdpoint::clock;
use holdpoint::model::{
    Decision, Finding, Level, LookVerdict, Outcome, Reason, Severity, Subject, Timing, Verdict,
};
use holdpoint::report::{Beside, Report, Style, format};
use serde_json::json;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const FINDINGS: usize = 10_000;
/// What the page may take in bytes.
const AIM: usize = 5_000_000;
/// Each is taken a few times, because machines are noisy.
const RUNS: usize = 5;
const AREAS: [&str; 12] = [
    "ai",
    "api",
    "cookies",
    "cors",
    "dependencies",
    "email",
    "environment",
    "headers",
    "mongodb",
    "nextauth",
    "push",
    "site",
];
const SEVERITIES: [Severity; 6] = [
    Severity::Medium,
    Severity::High,
    Severity::Low,
    Severity::Medium,
    Severity::Critical,
    Severity::Info,
];
/// As many of these words as a text is long.
const WORDS: &str = "the answer names no policy that browsers know, so a script of another site may read what was meant for its own; ";
/// Everything in it grows when it is written as HTML.
const GROWS: &str = "<&>\"\u{202e}漢";

/// A case: its name, the verdict of each finding, and how long its texts are.
struct Case {
    name: &'static str,
    verdict: fn(usize) -> Verdict,
    text: fn(usize) -> String,
}

const CASES: [Case; 4] = [
    Case {
        name: "10,000 findings as runs have them",
        verdict: |place| match place % 40 {
            0 | 1 => Verdict::Fail,
            2 => Verdict::Inconclusive,
            3 | 4 => Verdict::Blocked,
            5..12 => Verdict::NotApplicable,
            12 => Verdict::NotRun,
            _ => Verdict::Pass,
        },
        text: sized,
    },
    Case {
        name: "all of them failing",
        verdict: |_| Verdict::Fail,
        text: sized,
    },
    Case {
        name: "all failing, each text of 5,000 characters",
        verdict: |_| Verdict::Fail,
        text: |_| sized(5_000),
    },
    Case {
        name: "the same of characters that grow as HTML",
        verdict: |_| Verdict::Fail,
        text: |_| GROWS.repeat(800),
    },
];

fn sized(length: usize) -> String {
    WORDS.chars().cycle().take(length).collect()
}

fn finding(place: usize, case: &Case) -> Finding {
    let area = AREAS[place % AREAS.len()];
    let verdict = (case.verdict)(place);
    let failed = matches!(verdict, Verdict::Fail | Verdict::Inconclusive);
    let when = |length: usize| match failed {
        true => (case.text)(length),
        false => String::new(),
    };
    let looks = (0..1 + place % 4).map(|look| LookVerdict {
        label: format!("GET /{area}/{place}/{look}"),
        verdict,
        reasons: match failed {
            true => vec![Reason {
                text: when(70),
                expected: when(50),
                found: when(60),
                line: 9,
                listed: 0,
            }],
            false => Vec::new(),
        },
        unjudged: vec![],
        facts: json!({ "status": 200, "headers": { "server": "nginx", "vary": "Cookie" }, "said": when(100) })
            .as_object()
            .cloned()
            .unwrap_or_default(),
        evidence: format!("sha256:{place:064x}"),
        retried: false,
    });
    Finding {
        check: format!("{area}.claim-{place}-of-the-benchmark"),
        title: (case.text)(60),
        suites: vec!["security".into()],
        severity: SEVERITIES[place % SEVERITIES.len()],
        verdict,
        flaky: false,
        reason: when(70),
        expected: when(50),
        found: when(60),
        remedy: when(300),
        looks: looks.collect(),
        blocked_by: (verdict == Verdict::Blocked).then(|| "site.claim-11-of-the-benchmark".into()),
        duration_ms: 40,
        note: None,
        defined: format!("checks/{area}/claim-{place}.toml:1"),
        overrides_shipped: false,
        waived: None,
    }
}

fn subject() -> Result<Subject> {
    let at = "2026-03-02T09:00:00Z".parse()?;
    Ok(Subject {
        baseline: None,
        given: Vec::new(),
        tool_version: "0.1.0".into(),
        project: "shop".into(),
        root: "shop".into(),
        target: Some("https://staging.example.com".into()),
        environment: "staging".into(),
        level: Level::Live,
        selection: Vec::new(),
        suites: vec!["security".into()],
        started: at,
        ended: at,
        duration_ms: 61_000,
        commit: Some("4f9d1c02a7b35e6881d0cf24b9ae7735d0c1e9aa".into()),
        dirty: false,
        clean: true,
        record: Some(".holdpoint/records/2026-03-02T09-00-00Z-k3f9.jsonl".into()),
        record_digest: None,
        inputs: Vec::new(),
        run: "2026-03-02T09-00-00Z-k3f9".into(),
        interrupted: None,
        tags: BTreeMap::new(),
    })
}

/// The page of a case, and how long it took to write.
fn page(case: &Case) -> Result<(String, Duration)> {
    let subject = subject()?;
    let findings: Vec<Finding> = (0..FINDINGS).map(|place| finding(place, case)).collect();
    let mut summary = BTreeMap::new();
    for one in &findings {
        *summary.entry(one.verdict).or_insert(0) += 1;
    }
    let failed = findings
        .iter()
        .filter(|one| one.verdict == Verdict::Fail && one.severity >= Severity::Medium);
    let decision = Decision {
        outcome: Outcome::NoGo,
        fail_on: Severity::Medium,
        summary,
        reasons: failed
            .map(|one| format!("{}: {}", one.check, one.reason))
            .collect(),
        warnings: Vec::new(),
    };
    let timings: Vec<Timing> = (0..FINDINGS)
        .map(|place| Timing {
            probe: AREAS[place % AREAS.len()].into(),
            label: format!("GET /{place}"),
            started: subject.started,
            duration_ms: (place * 7919 % 4_001) as u64,
            attempts: 1,
            hindrance: None,
            digest: format!("sha256:{place:064x}"),
        })
        .collect();
    let report = Report {
        decision: &decision,
        findings: &findings,
        subject: &subject,
        beside: Beside {
            timings: &timings,
            ..Beside::default()
        },
    };
    let render = format("html").ok_or("there is no such format")?.render;
    let begun = clock::tick();
    let text = render(&report, &Style::default());
    Ok((text, clock::tick() - begun))
}

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let mut browser = match chromium() {
        Some(program) => Some(Browser::start(&program).await),
        None => None,
    };
    say("| page | size | written in | first paint | loaded | a filter |");
    say("|---|---|---|---|---|---|");
    let folder = TempDir::new()?;
    for case in &CASES {
        let mut times = Vec::new();
        let mut text = String::new();
        for _ in 0..RUNS {
            let (page, time) = page(case)?;
            times.push(time);
            text = page;
        }
        times.sort();
        if text.len() > AIM {
            return Err(format!("{}: {} bytes", case.name, text.len()).into());
        }
        let file = folder.path().join("page.html");
        fs::write(&file, &text)?;
        let seen = match &mut browser {
            Some(browser) => seen(browser, &file).await,
            None => ["not read", "not read", "not read"].map(String::from),
        };
        say(&format!(
            "| {} | {:.1} MB | {} ms | {} |",
            case.name,
            text.len() as f64 / 1e6,
            times[RUNS / 2].as_millis(),
            seen.join(" | ")
        ));
    }
    Ok(())
}

/// The medians of what the browser says: first paint, end of loading, and a filter that hides what failed, then shows it.
async fn seen(browser: &mut Browser, file: &std::path::Path) -> [String; 3] {
    browser.show(1280, "light", "screen").await;
    let mut all: [Vec<f64>; 3] = Default::default();
    for _ in 0..RUNS {
        browser.open(file).await;
        let times = browser
            .evaluate(
                "(async () => { const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done))); \
                 await frame(); await frame(); const paint = performance.getEntriesByName('first-contentful-paint')[0]; \
                 const loaded = performance.getEntriesByType('navigation')[0].loadEventEnd; \
                 const filter = document.querySelector('#show-v6'), taken = []; \
                 for (let n = 0; n < 4; n++) { const begun = performance.now(); filter.click(); await frame(); taken.push(performance.now() - begun); } \
                 return [paint ? paint.startTime : loaded, loaded, Math.max(...taken)]; })()",
            )
            .await;
        for (place, list) in all.iter_mut().enumerate() {
            list.push(times[place].as_f64().unwrap_or(f64::NAN));
        }
    }
    all.map(|mut list| {
        list.sort_by(f64::total_cmp);
        format!("{:.0} ms", list[RUNS / 2])
    })
}

/// Chromium, where PATH has it.
fn chromium() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the benchmark's own, not the program's"
    )]
    let path = std::env::var_os("PATH")?;
    let mut programs = std::env::split_paths(&path).map(|folder| folder.join("chromium"));
    programs.find(|program| program.is_file())
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say(line: &str) {
    println!("{line}");
}
