//! Measures how long documents take to read, and prints the figures as a Markdown table.
//!
//! `cargo bench --bench documents`. Besides a long document there are texts made to take long: each is
//! measured at two sizes, and the second, ten times as large, must take about ten times as long.

use holdpoint::clock;
use holdpoint::document::scan;
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
