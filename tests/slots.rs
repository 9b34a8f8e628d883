//! What the scanner finds in whole documents: the users' own, where they are at hand, and ours.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use holdpoint::document::{Scan, SlotKind, Wants, normal, scan};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// How many of each kind a document holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    boxes: usize,
    blanks: usize,
    dates: usize,
    signatures: usize,
    secrets: usize,
    choices: usize,
    /// `☐` that belong to a choice.
    open: usize,
    signs: usize,
    placeholders: usize,
    /// Lines of those.
    lines: usize,
    claims: usize,
}

fn count(text: &str, scan: &Scan) -> Count {
    let mut count = Count::default();
    for slot in &scan.slots {
        match &slot.kind {
            SlotKind::Box { .. } => count.boxes += 1,
            SlotKind::Blank { wants, .. } => {
                count.blanks += 1;
                match wants {
                    Wants::Date => count.dates += 1,
                    Wants::Signature => count.signatures += 1,
                    Wants::Secret => count.secrets += 1,
                    Wants::Text => {}
                }
            }
            SlotKind::Choice { options } => {
                count.choices += 1;
                count.open += options
                    .iter()
                    .filter(|one| &text[one.at.clone()] == "☐")
                    .count();
            }
            SlotKind::Sign { .. } => count.signs += 1,
            SlotKind::Placeholder { at } => {
                count.placeholders += 1;
                count.lines += text[at.clone()].matches("]").count();
            }
            SlotKind::Claim { .. } => count.claims += 1,
        }
    }
    count
}

/// The folder of the users' documents, which are no part of the project.
fn documents() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own settings, not the program's"
    )]
    let folder = std::env::var_os("HOLDPOINT_DOCUMENTS").map(PathBuf::from);
    if folder.is_none() {
        #[expect(clippy::print_stderr, reason = "a skipped test is said")]
        {
            eprintln!("skipped: HOLDPOINT_DOCUMENTS names no folder");
        }
    }
    folder
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The users' documents with what is in them, counted by hand and by other programs.
const DOCUMENTS: [(&str, Count); 5] = [
    (
        "INFRASTRUCTURE_VALIDATION.md",
        Count {
            boxes: 87,
            blanks: 61,
            dates: 38,
            signatures: 2,
            secrets: 5,
            choices: 13,
            open: 23,
            signs: 8,
            placeholders: 2,
            lines: 2,
            claims: 22,
        },
    ),
    (
        "TEAM_PI_EXECUTION_GUIDE.md",
        Count {
            boxes: 151,
            blanks: 44,
            signatures: 9,
            choices: 62,
            open: 125,
            placeholders: 5,
            lines: 9,
            ..NOTHING
        },
    ),
    (
        "QA_TESTING_PLAN.md",
        Count {
            boxes: 108,
            blanks: 129,
            dates: 85,
            signatures: 2,
            choices: 85,
            open: 87,
            placeholders: 2,
            lines: 2,
            claims: 31,
            ..NOTHING
        },
    ),
    (
        "DEPLOYMENT_TEAMS.md",
        Count {
            boxes: 48,
            signs: 9,
            ..NOTHING
        },
    ),
    (
        "MANAGING_ENGINEER_DEPLOYMENT_COORDINATION.md",
        Count {
            boxes: 46,
            ..NOTHING
        },
    ),
];

const NOTHING: Count = Count {
    boxes: 0,
    blanks: 0,
    dates: 0,
    signatures: 0,
    secrets: 0,
    choices: 0,
    open: 0,
    signs: 0,
    placeholders: 0,
    lines: 0,
    claims: 0,
};

/// The same text as other editors save it.
fn variants(text: &str) -> [String; 4] {
    [
        text.to_owned(),
        text.replace('\n', "\r\n"),
        text.replace('\n', "\r"),
        format!("\u{feff}{text}"),
    ]
}

/// Our own documents of the same shapes.
const FIXTURES: [(&str, Count); 4] = [
    (
        "infrastructure.md",
        Count {
            boxes: 15,
            blanks: 23,
            dates: 9,
            signatures: 2,
            secrets: 2,
            choices: 6,
            open: 12,
            signs: 3,
            placeholders: 2,
            lines: 2,
            claims: 3,
        },
    ),
    (
        "guide.md",
        Count {
            boxes: 6,
            blanks: 19,
            signatures: 4,
            choices: 11,
            open: 23,
            placeholders: 3,
            lines: 5,
            ..NOTHING
        },
    ),
    (
        "plan.md",
        Count {
            boxes: 7,
            blanks: 19,
            dates: 5,
            signatures: 2,
            choices: 6,
            open: 8,
            placeholders: 1,
            lines: 1,
            claims: 4,
            ..NOTHING
        },
    ),
    (
        "teams.md",
        Count {
            boxes: 4,
            signs: 3,
            ..NOTHING
        },
    ),
];

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents")
}

/// Every document that is at hand, with what is in it.
fn all() -> Vec<(&'static str, String, Count)> {
    let own = FIXTURES.map(|(name, count)| (name, read(&own(), name), count));
    let theirs =
        documents().map(|folder| DOCUMENTS.map(|(name, count)| (name, read(&folder, name), count)));
    own.into_iter()
        .chain(theirs.into_iter().flatten())
        .collect()
}

#[test]
fn every_slot_is_found_however_the_document_is_saved() {
    for (name, text, expected) in all() {
        let plain = scan(&text);
        for variant in variants(&text) {
            let found = scan(&variant);
            assert_eq!(count(&variant, &found), expected, "{name}");
            let open = variant.matches('☐').count();
            assert_eq!(expected.open, open, "{name}: a ☐ belongs to no choice");
            let same = found.slots.iter().zip(&plain.slots);
            for (one, other) in same {
                assert_eq!(one.address, other.address, "{name}");
                assert_eq!(one.line, other.line, "{name}: {:?}", one.address);
            }
            assert_eq!(found.faults(&variant), Vec::<String>::new(), "{name}");
        }
    }
}

/// Kinds, places and addresses, as people compare them.
#[test]
fn slots_have_readable_addresses() {
    for (name, _) in FIXTURES {
        let text = read(&own(), name);
        let mut shown = String::new();
        for slot in scan(&text).slots {
            let address = &slot.address;
            let what: Vec<&str> = slot.ranges().into_iter().map(|at| &text[at]).collect();
            let mut path = address.headings.join(" / ");
            for item in address.items.iter() {
                let _ = write!(path, " > {item}");
            }
            if let Some((row, column)) = &address.cell {
                let _ = write!(path, " > {row} | {column}");
            }
            let kind = match &slot.kind {
                SlotKind::Blank { wants, .. } => format!("blank {wants:?}"),
                SlotKind::Choice { options } => {
                    let labels: Vec<&str> = options.iter().map(|one| one.label.as_str()).collect();
                    format!("choice {labels:?}")
                }
                other => other.word().to_owned(),
            };
            let (line, context, label) = (slot.line, slot.context, &address.label);
            let _ = writeln!(
                shown,
                "{line} {kind} {what:?} {context:?}\n    {path}\n    {label}"
            );
        }
        insta::with_settings!({
            snapshot_path => "fixtures/documents",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name.trim_end_matches(".md"), shown);
        });
    }
}

/// An ordinal is the last resort: what is filled in has a name of its own.
#[test]
fn addresses_need_no_ordinal() {
    for (name, text, _) in all() {
        for slot in scan(&text).slots {
            assert_eq!(slot.address.ordinal, 0, "{name}: {:?}", slot.address);
        }
    }
}

/// The boxes that another reader of Markdown finds, by their bytes.
fn boxes_by_comrak(text: &str) -> Vec<(usize, bool)> {
    let arena = comrak::Arena::new();
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let root = comrak::parse_document(&arena, text, &options);
    let mut boxes: Vec<_> = root
        .descendants()
        .filter_map(|node| match &node.data.borrow().value {
            comrak::nodes::NodeValue::TaskItem(task) => {
                let at = task.symbol_sourcepos.start;
                Some((starts[at.line - 1] + at.column - 1, task.symbol.is_some()))
            }
            _ => None,
        })
        .collect();
    boxes.sort_unstable();
    boxes
}

fn boxes(scan: &Scan) -> Vec<(usize, bool)> {
    let boxes = scan.slots.iter().filter_map(|slot| match &slot.kind {
        SlotKind::Box { at, ticked } => Some((at.start, *ticked)),
        _ => None,
    });
    boxes.collect()
}

#[test]
fn two_readers_of_markdown_find_the_same_boxes() {
    for (name, text, _) in all() {
        let crlf = text.replace('\n', "\r\n");
        for variant in [text, crlf] {
            assert_eq!(boxes(&scan(&variant)), boxes_by_comrak(&variant), "{name}");
        }
    }
}

/// What documents are made of, whole and broken.
const PIECES: [&str; 72] = [
    "# ",
    "## ",
    "### **A**",
    "- ",
    "- [ ] ",
    "- [x] ",
    "* [X] ",
    "1. [ ] ",
    "  ",
    "    ",
    "\t",
    "> ",
    "\n",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "  \n",
    "\\",
    "\\\n",
    "___",
    "__",
    "_____",
    "_",
    "____________",
    "**___**",
    "`___`",
    "`re_____`",
    "``",
    "`",
    "```\n",
    "```bash\n",
    "~~~\n",
    "[What is wrong]\n",
    "[",
    "]",
    "](https://example.net/___)",
    "<https://example.net/____>",
    "![___](a.png)",
    "☐",
    "☐ Yes ☐ No",
    "☑",
    "☒",
    "✓",
    "✗",
    " ✓\n",
    "✓ / ☐",
    "✓ Pass / ☐ Fail",
    "☐ ✓ ☐ ✗",
    "- ☐ ✅ Ready\n",
    "- ☐ Other: ____\n",
    "⏳",
    "⚠️",
    "|",
    " | ",
    "|---|---|\n",
    "| A | B |\n|---|---|\n",
    "| ___ | ⏳ |\n",
    "| __/10 | `a\\|___` |\n",
    "**Date:** ",
    "Signature: ",
    "(date/time)",
    "(secured)",
    "Secret: ",
    "<!-- holdpoint: a.b c -->",
    "<!--",
    "-->",
    "<b>",
    "&#95;",
    "~~",
    "é漢",
    "\u{feff}",
];

fn documents_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => "[ -~]{0,6}",
        1 => "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_read_without_fault(text in documents_like()) {
        let found = scan(&text);
        prop_assert_eq!(found.faults(&text), Vec::<String>::new());
    }

    #[test]
    fn normal_words_stay_as_they_are(text in "\\PC{0,40}") {
        let once = normal(&text);
        prop_assert_eq!(normal(&once), once);
    }
}
