//! Measures how long documents take to read, and prints the figures as a Markdown table.
//!
//! `cargo bench --bench documents`. Besides a long document there are texts made to take long: each is
//! measured at two sizes, and the second, ten times as large, must take about ten times as long. A
//! document of as many lines as the long one, half of which hold a slot, is brought up to date: as it was
//! first, as it is, and when every answer changes.

use holdpoint::clock;
use holdpoint::diagnostic::Source;
use holdpoint::document::{Judged, Memory, Options, Updated, scan, update};
use holdpoint::model::{
    DocumentMap, Finding, Level, LookVerdict, MapItem, Place, Ruling, Severity, Subject, Verdict,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Lines of the long document.
const LINES: usize = 10_000;
/// A scan is taken a few times, because machines are noisy.
const RUNS: usize = 15;
/// The sizes of texts made to take long.
const SIZES: [usize; 2] = [1_500_000, 15_000_000];

/// What is repeated up to the size, after what stands once at the start.
const HOSTILE: [(&str, &str, &str); 16] = [
    ("tasks", "", "- [ ] **a** b: `c_____` (date/time)\n"),
    ("blanks on one line", "", "a ___ "),
    (
        "blanks of a deep item",
        "- - - - - - - - - - a\n",
        "a ___\n",
    ),
    ("list markers", "", "- "),
    ("quote markers", "", "> "),
    ("options on one line", "", "☐ a "),
    ("check marks on one line", "", "✓ "),
    ("options in bullets", "", "- ☐ a\n"),
    ("cells", "| a |\n|---|\n", "| ___ |\n"),
    ("columns", "", "| a "),
    ("underscores", "", "___ _"),
    ("a fence of marks", "```\n", "_ ___ "),
    ("a fence of brackets", "```\n", "[a]\n"),
    ("brackets", "", "[ ] "),
    ("emphasis", "", "**a:** *_"),
    ("headings", "", "# a\n\nb: ___\n\n"),
];

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let fixtures = [
        include_str!("../fixtures/documents/infrastructure.md"),
        include_str!("../fixtures/documents/guide.md"),
        include_str!("../fixtures/documents/plan.md"),
        include_str!("../fixtures/documents/teams.md"),
    ];
    let lines: Vec<&str> = fixtures.iter().flat_map(|text| text.lines()).collect();
    let text: String = lines
        .iter()
        .cycle()
        .take(LINES)
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut times: Vec<Duration> = (0..RUNS).map(|_| time(&text).0).collect();
    times.sort();
    let slots = scan(&text).slots.len();
    let middle = millis(times[RUNS / 2]);
    say("| what | size | slots | time |");
    say("|---|--:|--:|--:|");
    say(&format!(
        "| {LINES} lines | {} kB | {slots} | {middle:.1} ms |",
        text.len() / 1000
    ));
    for line in updates() {
        say(&line);
    }
    for (what, start, piece) in HOSTILE {
        for size in SIZES {
            let text = format!("{start}{}", piece.repeat(size / piece.len()));
            let (taken, slots) = time(&text);
            let (size, taken) = (size as f64 / 1e6, millis(taken));
            say(&format!(
                "| {what} | {size:.1} MB | {slots} | {taken:.0} ms |"
            ));
        }
    }
}

/// The lines of a document in sections of that many items, each with a box and a date.
fn signed(items: usize, sections: usize) -> (String, DocumentMap) {
    let mut text = String::from("# Release\n");
    let mut map = DocumentMap {
        name: "release".into(),
        title: "The release".into(),
        file: "RELEASE.md".into(),
        items: Vec::new(),
        preprinted: Vec::new(),
        contradictions: Vec::new(),
        quotes: BTreeMap::new(),
    };
    for item in 0..items {
        let section = item * sections / items;
        if item == 0 || section != (item - 1) * sections / items {
            text.push_str(&format!("\n## Part {section}\n\n"));
        }
        text.push_str(&format!(
            "- [ ] **Service {item}** answers\n  - **Verified:** _____ (date/time)\n  - Words that nobody fills in\n\n"
        ));
        map.items.push(MapItem {
            id: format!("R{item}"),
            under: vec![format!("Part {section}")],
            item: vec![format!("Service {item} answers")],
            row: None,
            ruling: Ruling::Auto,
            checks: vec![format!("shop.service-{}", item % 200)],
            all_of: Vec::new(),
            person: None,
            slots: Vec::new(),
            place: Place::default(),
        });
    }
    (text, map)
}

fn findings(verdict: Verdict) -> Vec<Finding> {
    let finding = |number| Finding {
        check: format!("shop.service-{number}"),
        title: "it answers".into(),
        suites: Vec::new(),
        severity: Severity::High,
        verdict,
        flaky: false,
        reason: String::new(),
        expected: String::new(),
        found: String::new(),
        remedy: String::new(),
        looks: vec![LookVerdict {
            label: "look".into(),
            verdict,
            reasons: Vec::new(),
            unjudged: vec![],
            facts: serde_json::Map::new(),
            evidence: format!("sha256:{number:064x}"),
            retried: false,
        }],
        blocked_by: None,
        duration_ms: 1,
        note: None,
        defined: String::new(),
        overrides_shipped: false,
        waived: None,
    };
    (0..200).map(finding).collect()
}

fn subject() -> Subject {
    let at = clock::now();
    Subject {
        given: vec![],
        tool_version: "0".into(),
        project: "shop".into(),
        root: "shop".into(),
        target: None,
        environment: String::new(),
        level: Level::Live,
        suites: Vec::new(),
        selection: Vec::new(),
        started: at,
        ended: at,
        duration_ms: 1,
        commit: None,
        dirty: false,
        clean: false,
        record: None,
        record_digest: None,
        inputs: Vec::new(),
        run: "run".into(),
        interrupted: None,
        baseline: None,
        tags: BTreeMap::new(),
    }
}

/// A document brought up to date: found, decided, written, remembered, and read back. In many sections,
/// and in one, where lines that look the same are the most.
fn updates() -> Vec<String> {
    let mut told = Vec::new();
    let subject = subject();
    let (good, bad) = (findings(Verdict::Pass), findings(Verdict::Fail));
    for (sections, within) in [(250, "250 sections"), (1, "one section")] {
        let (text, map) = signed(LINES / 4, sections);
        let empty = Memory::empty("RELEASE.md");
        let run = |text: &str, findings: &[Finding], memory: &Memory| -> (Duration, Updated) {
            let options = Options {
                take_over: false,
                refresh: false,
                redact: &|text| text.to_owned(),
            };
            let source = Source::new("RELEASE.md", text);
            let start = clock::tick();
            let today = subject.ended.to_zoned(jiff::tz::TimeZone::UTC).date();
            let judged = Judged::new(&map, findings, &[], &subject, today);
            let updated = update(&source, &map, &judged, memory, &options);
            (
                start.elapsed(),
                updated.expect("the document can be filled in"),
            )
        };
        // Reading alone is measured between the updates, so that a busy machine slows both down.
        let timed = |text: &str, findings: &[Finding], memory: &Memory| {
            let pairs = (0..RUNS).map(|_| (time(text).0, run(text, findings, memory).0));
            let (mut read, mut updated): (Vec<_>, Vec<_>) = pairs.unzip();
            read.sort();
            updated.sort();
            let middle = millis(updated[RUNS / 2]);
            let ratio = middle / millis(read[RUNS / 2]);
            let fastest = millis(updated[0]);
            format!("{middle:.1} ms, at best {fastest:.1}, {ratio:.1} × reading")
        };
        let first = run(&text, &good, &empty).1;
        let slots = first.changes.len();
        let size = text.len() / 1000;
        let mut row = |what: &str, taken: &str| {
            told.push(format!(
                "| {LINES} lines in {within}, {what} | {size} kB | {slots} | {taken} |"
            ));
        };
        row("updated first", &timed(&text, &good, &empty));
        let (text, memory) = (&first.text, &first.memory);
        row("with nothing new", &timed(text, &good, memory));
        row("with all answers changed", &timed(text, &bad, memory));
    }
    told
}

fn time(text: &str) -> (Duration, usize) {
    let start = clock::tick();
    let found = scan(text);
    (start.elapsed(), found.slots.len())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn say(line: &str) {
    #[expect(clippy::print_stdout, reason = "the figures are what it is for")]
    {
        println!("{line}");
    }
}
