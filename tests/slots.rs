//! What the scanner finds in whole documents: the users' own, where they are at hand, and ours.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use holdpoint::document::{Scan, SlotKind, Wants, scan};
use std::collections::BTreeSet;
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

#[test]
fn every_slot_of_the_users_documents_is_found() {
    let Some(folder) = documents() else { return };
    for (name, expected) in DOCUMENTS {
        let text = read(&folder, name);
        let plain = scan(&text);
        for variant in variants(&text) {
            let found = scan(&variant);
            assert_eq!(count(&variant, &found), expected, "{name}");
            let open = variant.matches('☐').count();
            assert_eq!(expected.open, open, "{name}: a ☐ belongs to no choice");
            let addresses: BTreeSet<_> = found.slots.iter().map(|slot| &slot.address).collect();
            assert_eq!(addresses.len(), found.slots.len(), "{name}");
            assert!(
                found
                    .slots
                    .iter()
                    .map(|slot| &slot.address)
                    .eq(plain.slots.iter().map(|slot| &slot.address)),
                "{name}"
            );
        }
    }
}
