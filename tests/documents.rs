//! Documents of people, filled in from evidence: nothing but slots changes, a second run changes nothing,
//! and what was written comes out again byte for byte.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::catalog::{Catalog, shipped_maps};
use holdpoint::diagnostic::Source;
use holdpoint::document::{
    Judged, Memory, Options, Remark, Updated, restore, scan, update, with_comments,
};
use holdpoint::model::{
    Attestation, DocumentMap, Finding, Level, LookVerdict, MapItem, MapSlot, Place, Ruling,
    Severity, Subject, Verdict, Write,
};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const TODAY: &str = "2026-03-01";

fn finding(check: &str, verdict: Verdict) -> Finding {
    let mut facts = Map::new();
    facts.insert("cluster.tier".into(), json!("M10"));
    Finding {
        check: check.into(),
        title: format!("the claim of {check} | `holds`"),
        suites: vec![],
        severity: Severity::Critical,
        verdict,
        flaky: false,
        reason: "why".into(),
        expected: String::new(),
        found: String::new(),
        remedy: String::new(),
        looks: vec![LookVerdict {
            label: "look".into(),
            verdict,
            reasons: vec![],
            unjudged: vec![],
            facts,
            evidence: format!("sha256:{check}"),
            retried: false,
        }],
        blocked_by: None,
        duration_ms: 0,
        note: None,
        defined: "f:1".into(),
        overrides_shipped: false,
        waived: None,
    }
}

fn subject(ended: &str) -> Subject {
    let at: Timestamp = ended.parse().unwrap();
    Subject {
        tool_version: "0".into(),
        project: "shop".into(),
        root: "shop".into(),
        target: None,
        environment: String::new(),
        level: Level::Live,
        suites: vec![],
        selection: vec![],
        started: at,
        ended: at,
        duration_ms: 1,
        commit: None,
        dirty: false,
        clean: false,
        record: None,
        record_digest: None,
        inputs: Vec::new(),
        run: ended.into(),
        interrupted: None,
        baseline: None,
        given: vec![],
        tags: BTreeMap::new(),
    }
}

/// One run's findings, and what is needed to fill them in.
struct Run {
    findings: Vec<Finding>,
    subject: Subject,
    attestations: Vec<Attestation>,
    take_over: bool,
}

impl Run {
    fn at(ended: &str, findings: Vec<Finding>) -> Self {
        Self {
            findings,
            subject: subject(ended),
            attestations: vec![],
            take_over: false,
        }
    }

    fn of(verdicts: &[(&str, Verdict)]) -> Self {
        let each = verdicts
            .iter()
            .map(|(check, verdict)| finding(check, *verdict));
        Self::at("2026-02-28T10:20:30Z", each.collect())
    }

    fn try_fill(&self, text: &str, map: &DocumentMap, memory: &Memory) -> Result<Updated, String> {
        let today = TODAY.parse().unwrap();
        let judged = Judged::new(
            map,
            &self.findings,
            &self.attestations,
            &self.subject,
            today,
        );
        let options = Options {
            take_over: self.take_over,
            refresh: false,
            redact: &|text| text.replace("hunter2", "***"),
        };
        let problems = update(&Source::new("DOC.md", text), map, &judged, memory, &options);
        problems.map_err(|all| all.iter().map(|one| one.render(false)).collect())
    }

    fn fill(&self, text: &str, map: &DocumentMap, memory: &Memory) -> Updated {
        self.try_fill(text, map, memory).unwrap()
    }
}

fn empty() -> Memory {
    Memory::empty("DOC.md")
}

/// Bytes outside of the reported ranges are the same in both.
fn only_reported_bytes_change(old: &str, updated: &Updated) {
    let mut edits: Vec<(std::ops::Range<usize>, Option<&str>)> = updated
        .changes
        .iter()
        .map(|change| (change.at.clone(), Some(change.new.as_str())))
        .collect();
    edits.push((updated.notes.clone(), None));
    edits.sort_by_key(|(at, _)| (at.start, at.end));
    let (mut old_at, mut new_at) = (0, 0);
    for (at, new) in edits {
        let kept = &old[old_at..at.start];
        assert!(updated.text[new_at..].starts_with(kept), "before {at:?}");
        new_at += kept.len();
        match new {
            Some(new) => {
                assert!(updated.text[new_at..].starts_with(new), "{new:?} at {at:?}");
                new_at += new.len();
            }
            // The notes end where the rest of the old text begins.
            None => new_at = updated.text.len() - (old.len() - at.end),
        }
        old_at = at.end;
    }
    assert_eq!(&updated.text[new_at..], &old[old_at..]);
}

/// The users' documents that are at hand, with their maps.
fn users() -> Vec<(String, DocumentMap)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own settings, not the program's"
    )]
    let Ok(folder) = std::env::var("HOLDPOINT_DOCUMENTS") else {
        return Vec::new();
    };
    let catalog = Catalog::shipped().unwrap();
    let maps = shipped_maps(&catalog).unwrap();
    let read = |map: &DocumentMap| {
        let name = Path::new(&map.file).file_name().unwrap();
        std::fs::read_to_string(PathBuf::from(&folder).join(name)).ok()
    };
    maps.into_iter()
        .filter_map(|map| Some((read(&map)?, map)))
        .collect()
}

/// Verdicts for every check of the catalogue, by a number that stands for a run.
fn verdicts(catalog: &Catalog, seed: usize) -> Vec<Finding> {
    let of = |at: usize| match (seed, (at * 7919 + seed * 104_729) % 11) {
        (0, _) => Some(Verdict::Pass),
        (1, _) => Some(Verdict::Fail),
        (2, _) => Some(Verdict::Inconclusive),
        (_, 0..=4) => Some(Verdict::Pass),
        (_, 5 | 6) => Some(Verdict::Fail),
        (_, 7) => Some(Verdict::Inconclusive),
        (_, 8) => Some(Verdict::NotApplicable),
        (_, 9) => Some(Verdict::NotRun),
        _ => None,
    };
    let checks = catalog.checks().iter().enumerate();
    checks
        .filter_map(|(at, check)| Some(finding(check.id.as_str(), of(at)?)))
        .collect()
}

#[test]
fn the_users_documents_keep_every_byte_that_is_not_a_slot() {
    let catalog = Catalog::shipped().unwrap();
    for (text, map) in users() {
        let variants = [
            text.clone(),
            text.replace('\n', "\r\n"),
            format!("\u{feff}{text}"),
            text.trim_end().to_owned(),
        ];
        for original in variants {
            let mut memory = empty();
            let mut now = original.clone();
            for seed in 0..6 {
                let ended = format!("2026-02-{:02}T10:20:30Z", seed + 1);
                let run = Run::at(&ended, verdicts(&catalog, seed));
                let updated = run.fill(&now, &map, &memory);
                only_reported_bytes_change(&now, &updated);
                assert!(
                    !updated.remarks.iter().any(|one| matches!(
                        one,
                        Remark::Lost(_)
                            | Remark::Missing(..)
                            | Remark::Drifted(..)
                            | Remark::Moved(..)
                    )),
                    "{}: {:?}",
                    map.name,
                    updated.remarks
                );
                // The same results a day later change nothing.
                let later = Run::at("2026-02-28T23:00:00Z", verdicts(&catalog, seed));
                let again = later.fill(&updated.text, &map, &updated.memory);
                assert_eq!(again.text, updated.text, "{} by {seed}", map.name);
                assert_eq!(again.changes, [], "{} by {seed}", map.name);
                let read = Memory::read(&updated.memory.write()).unwrap();
                assert_eq!(read, updated.memory);
                let (restored, lost) = restore(&updated.text, &updated.memory);
                assert_eq!(lost, Vec::<String>::new());
                assert!(
                    restored == original,
                    "{} by {seed} is not restored",
                    map.name
                );
                (now, memory) = (updated.text, updated.memory);
            }
        }
    }
}

#[test]
fn every_box_of_the_mapped_documents_has_an_item() {
    for (text, map) in users() {
        let updated = Run::of(&[]).fill(&text, &map, &empty());
        let boxes = scan(&text)
            .slots
            .iter()
            .filter(|slot| slot.address.kind == "box")
            .count();
        let uncovered: Vec<&Remark> = updated
            .remarks
            .iter()
            .filter(|one| matches!(one, Remark::Uncovered(at) if at.item.is_empty()))
            .collect();
        assert!(boxes > 40);
        let in_map = map
            .items
            .iter()
            .filter(|item| !item.item.is_empty())
            .count();
        assert!(
            in_map >= boxes,
            "{}: {in_map} of {boxes}; {uncovered:?}",
            map.name
        );
        // Nothing was looked at, so nothing is written.
        assert_eq!(updated.changes, [], "{}", map.name);
    }
}

const DOCUMENT: &str = "\
# Release

## Mail

- [ ] **Server answers**
  - Host: `______`
  - **Verified:** _____ (date/time)
- [ ] Key stored
  - Key: `re_______` (secured)
  - Result: ✓ Pass / ☐ Fail

**Result:** ☐ Pass ☐ Fail
**Signature:** _________ **Date:** _______

| Step | Done on | State |
|---|---|---|
| Mail | _______ | ⏳ |

**Critical:**
```
[list them]
```
";

fn item(id: &str, words: &str, checks: &[&str]) -> MapItem {
    MapItem {
        id: id.into(),
        under: vec!["Mail".into()],
        item: match words {
            "" => vec![],
            words => vec![words.into()],
        },
        row: None,
        ruling: Ruling::Auto,
        checks: checks.iter().map(|one| (*one).into()).collect(),
        all_of: vec![],
        person: None,
        slots: vec![],
        place: Place::default(),
    }
}

fn slot(label: Option<&str>, column: Option<&str>, write: Write) -> MapSlot {
    MapSlot {
        label: label.map(Into::into),
        column: column.map(Into::into),
        write,
        place: Place::default(),
    }
}

fn by_state() -> Write {
    Write::State {
        checks: vec![],
        pass: None,
        fail: None,
    }
}

fn map() -> DocumentMap {
    let mut answers = item("M1", "Server answers", &["mail.answers"]);
    answers.slots.push(slot(
        Some("Host"),
        None,
        Write::Fact {
            check: "mail.answers".into(),
            fact: "cluster.tier".into(),
        },
    ));
    let mut row = item("T1", "", &[]);
    row.row = Some("Mail".into());
    row.all_of = vec!["M1".into(), "M2".into()];
    row.slots.push(slot(None, Some("Done on"), Write::Date));
    row.slots.push(slot(None, Some("State"), by_state()));
    let mut section = item("M0", "", &["mail.answers", "mail.key"]);
    section.slots.push(slot(
        Some("Critical"),
        None,
        Write::List(Severity::Critical),
    ));
    DocumentMap {
        name: "release".into(),
        title: "The release".into(),
        file: "DOC.md".into(),
        items: vec![
            answers,
            item("M2", "Key stored", &["mail.key"]),
            section,
            row,
        ],
        preprinted: vec!["Result".into()],
        contradictions: vec![],
        quotes: BTreeMap::new(),
    }
}

/// The lines that differ from the document as it was, without the notes.
fn lines(updated: &Updated) -> Vec<String> {
    let old: Vec<&str> = DOCUMENT.lines().collect();
    updated
        .text
        .lines()
        .take_while(|line| !line.contains("holdpoint:begin"))
        .filter(|line| !line.is_empty() && !old.contains(line))
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_passed_is_written_and_secrets_and_signatures_are_not() {
    let run = Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Pass)]);
    let updated = run.fill(DOCUMENT, &map(), &empty());
    assert_eq!(
        lines(&updated),
        [
            "- [x] **Server answers**",
            "  - Host: `M10`",
            "  - **Verified:** 2026-02-28 10:20 UTC (date/time)",
            "- [x] Key stored",
            "**Result:** ☑ Pass ☐ Fail",
            "| Mail | 2026-02-28 10:20 UTC | ✅ |",
            "None found.",
        ]
    );
    only_reported_bytes_change(DOCUMENT, &updated);
}

#[test]
fn what_failed_is_said_and_a_printed_tick_is_moved() {
    let run = Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Fail)]);
    let updated = run.fill(DOCUMENT, &map(), &empty());
    assert_eq!(
        lines(&updated),
        [
            "- [x] **Server answers**",
            "  - Host: `M10`",
            "  - **Verified:** 2026-02-28 10:20 UTC (date/time)",
            "  - Result: ☐ Pass / ✓ Fail",
            "**Result:** ☐ Pass ☑ Fail",
            "| Mail | _______ | ❌ |",
            "mail.key: fails the claim that the claim of mail.key | `holds`; prove the mend with: holdpoint run mail.key",
        ]
    );
}

#[test]
fn what_could_not_be_seen_ticks_nothing() {
    for verdict in [
        Verdict::Inconclusive,
        Verdict::Blocked,
        Verdict::NotRun,
        Verdict::NotApplicable,
        Verdict::NeedsAttestation,
    ] {
        let run = Run::of(&[("mail.answers", verdict), ("mail.key", verdict)]);
        let updated = run.fill(DOCUMENT, &map(), &empty());
        let marks = ["- [x]", "✅", "❌", "☑", "✗", "UTC"];
        let told = lines(&updated);
        assert!(
            !told
                .iter()
                .any(|line| marks.iter().any(|mark| line.contains(mark))),
            "{verdict}: {told:?}"
        );
    }
    // Half of it is not enough for what rests on both.
    let run = Run::of(&[("mail.answers", Verdict::Pass)]);
    let updated = run.fill(DOCUMENT, &map(), &empty());
    assert!(!updated.text.contains("✅") && !updated.text.contains("☑"));
    assert!(updated.text.contains("- [x] **Server answers**"));
}

#[test]
fn a_tick_is_taken_back_when_its_check_stops_passing_and_stays_when_nobody_looked() {
    let good = Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Pass)]);
    let first = good.fill(DOCUMENT, &map(), &empty());
    for stopped in [
        Verdict::Fail,
        Verdict::Inconclusive,
        Verdict::Blocked,
        Verdict::NotApplicable,
    ] {
        let bad = Run::of(&[("mail.answers", stopped), ("mail.key", Verdict::Pass)]);
        let second = bad.fill(&first.text, &map(), &first.memory);
        assert!(
            second.text.contains("- [ ] **Server answers**"),
            "{stopped}"
        );
        assert!(
            second.text.contains("Verified:** _____ (date/time)"),
            "{stopped}"
        );
        assert!(second.text.contains("- [x] Key stored"), "{stopped}");
    }
    for aside in [&[][..], &[("mail.answers", Verdict::NotRun)][..]] {
        let partial = Run::of(aside).fill(&first.text, &map(), &first.memory);
        assert_eq!(partial.changes, []);
        assert_eq!(partial.text, first.text);
    }
}

#[test]
fn what_people_wrote_wins_and_is_told() {
    let good = Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Pass)]);
    let bad = Run::of(&[("mail.answers", Verdict::Fail), ("mail.key", Verdict::Fail)]);
    // Before holdpoint ever wrote.
    let ticked = DOCUMENT.replace("- [ ] **Server", "- [X] **Server");
    let updated = bad.fill(&ticked, &map(), &empty());
    assert!(updated.text.contains("- [X] **Server answers**"));
    assert!(
        updated
            .remarks
            .iter()
            .any(|one| matches!(one, Remark::Contradicted(at, _) if at.item == "M1")),
        "{:?}",
        updated.remarks
    );
    let chosen = DOCUMENT.replace("**Result:** ☐ Pass ☐ Fail", "**Result:** ☒ Pass ☐ Fail");
    let updated = bad.fill(&chosen, &map(), &empty());
    assert!(updated.text.contains("**Result:** ☒ Pass ☐ Fail"));
    // Over what holdpoint wrote.
    let first = good.fill(DOCUMENT, &map(), &empty());
    let edited = first
        .text
        .replace("- [x] **Server", "- [ ] **Server")
        .replace(
            "Verified:** 2026-02-28 10:20 UTC",
            "Verified:** by hand on Monday",
        );
    for run in [&good, &bad] {
        let second = run.fill(&edited, &map(), &first.memory);
        assert!(second.text.contains("- [ ] **Server answers**"));
        assert!(
            second
                .text
                .contains("Verified:** by hand on Monday (date/time)")
        );
        // It is remembered, run after run.
        let third = run.fill(&second.text, &map(), &second.memory);
        assert_eq!(third.text, second.text);
    }
    let second = good.fill(&edited, &map(), &first.memory);
    let by_hand = second
        .remarks
        .iter()
        .filter(|one| matches!(one, Remark::ByHand(_)));
    assert_eq!(by_hand.count(), 2, "{:?}", second.remarks);
    let over = Run {
        take_over: true,
        ..Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Pass)])
    };
    assert_eq!(over.fill(&edited, &map(), &first.memory).text, first.text);
    // Restoring leaves it too.
    let (restored, _) = restore(&edited, &first.memory);
    let expected = DOCUMENT.replace("Verified:** _____", "Verified:** by hand on Monday");
    assert_eq!(restored, expected);
}

#[test]
fn people_may_write_between_and_around() {
    let good = Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Pass)]);
    let first = good.fill(DOCUMENT, &map(), &empty());
    let more = first
        .text
        .replace(
            "## Mail\n",
            "Words of ours.\n\n## Mail\n\nMore: _____ of them.\n",
        )
        .replace("| Step |", "New paragraph.\n\n| Step |");
    let second = good.fill(&more, &map(), &first.memory);
    assert_eq!(second.text, more, "nothing is to be changed");
    let renamed = first.text.replace("# Release", "# The release of March");
    let third = good.fill(&renamed, &map(), &first.memory);
    assert_eq!(third.text, renamed);
    assert!(
        !third
            .remarks
            .iter()
            .any(|one| matches!(one, Remark::Lost(_)))
    );
    // A line whose own words were changed is left, and told.
    let reworded = first
        .text
        .replace("- [x] **Server answers**", "- [x] **Server replies**");
    let fourth = good.fill(&reworded, &map(), &first.memory);
    assert!(fourth.text.contains("- [x] **Server replies**"));
    assert!(
        fourth
            .remarks
            .iter()
            .any(|one| matches!(one, Remark::Lost(line) if line.contains("Server answers")))
    );
}

#[test]
fn notes_that_were_changed_by_hand_are_not_overwritten() {
    let good = Run::of(&[("mail.answers", Verdict::Pass)]);
    let first = good.fill(DOCUMENT, &map(), &empty());
    let edited = first
        .text
        .replace("### What it rests on", "### What I think");
    let refused = good.try_fill(&edited, &map(), &first.memory).unwrap_err();
    assert!(refused.contains("changed by hand"), "{refused}");
}

#[test]
fn places_that_cannot_be_told_apart_are_refused_with_their_lines() {
    let run = Run::of(&[("mail.answers", Verdict::Pass)]);
    let twice = DOCUMENT.replace(
        "- [ ] Key stored",
        "- [ ] **Server answers**\n- [ ] Key stored",
    );
    let told = run.try_fill(&twice, &map(), &empty()).unwrap_err();
    assert!(
        told.contains("M1") && told.contains("lines 5 and 8"),
        "{told}"
    );
    let mut same = map();
    same.items
        .push(item("M9", "Server answers", &["mail.answers"]));
    let told = run.try_fill(DOCUMENT, &same, &empty()).unwrap_err();
    assert!(told.contains("M1") && told.contains("M9"), "{told}");
}

#[test]
fn items_that_moved_or_drifted_or_are_gone_are_told() {
    let run = Run::of(&[("mail.answers", Verdict::Pass)]);
    let kind = |text: &str| {
        let updated = run.fill(text, &map(), &empty());
        let told = updated.remarks.iter().find_map(|one| match one {
            Remark::Moved(at, _) if at.item == "M1" => Some("moved"),
            Remark::Drifted(at, _) if at.item == "M1" => Some("drifted"),
            Remark::Missing(at, _) if at.item == "M1" => Some("missing"),
            _ => None,
        });
        (told, updated.text.contains("[x]"))
    };
    assert_eq!(kind(DOCUMENT), (None, true));
    let moved = DOCUMENT.replace(
        "# Release\n",
        "# Release\n\n## Post\n\n- [ ] Server answers\n",
    );
    let moved = moved.replace("- [ ] **Server answers**", "- [ ] **Another**");
    assert_eq!(kind(&moved), (Some("moved"), true));
    // Alike is not the same: it is proposed, and not written.
    let drifted = DOCUMENT.replace("**Server answers**", "**Server answered**");
    assert_eq!(kind(&drifted), (Some("drifted"), false));
    let gone = DOCUMENT.replace("**Server answers**", "**Something else**");
    assert_eq!(kind(&gone), (Some("missing"), false));
}

#[test]
fn a_contradiction_is_told_only_of_a_document_that_says_it() {
    let mut map = map();
    map.contradictions.push(holdpoint::model::MapNote {
        id: "D1".into(),
        items: vec!["M1".into()],
        quotes: vec!["Host: `______`".into(), "to be *ignored*".into()],
        says: "a host is named".into(),
        truth: "there are many".into(),
        source: "RFC 1".into(),
        checks: vec!["mail.answers".into()],
    });
    let run = Run::of(&[("mail.answers", Verdict::Pass)]);
    let first = run.fill(DOCUMENT, &map, &empty());
    assert!(
        first
            .text
            .contains("This document says (M1): a host is named."),
        "{}",
        first.text
    );
    assert!(first.text.contains("`mail.answers` (pass)"));
    // A run that did not look says what the last one that did has seen.
    let partial = Run::of(&[]).fill(&first.text, &map, &first.memory);
    assert_eq!(partial.text, first.text);
    let other = DOCUMENT.replace("Host: `______`", "Hosts: `______`");
    let silent = run.fill(&other, &map, &empty());
    assert!(
        !silent.text.contains("This document says"),
        "{}",
        silent.text
    );
}

#[test]
fn the_notes_say_where_it_was_seen_and_another_environment_is_news() {
    let at = |ended: &str, environment: &str| {
        let mut run = Run::at(ended, vec![finding("mail.answers", Verdict::Pass)]);
        run.subject.environment = environment.into();
        run.subject.target = Some(format!("https://{environment}.example/"));
        run
    };
    let staging = at("2026-02-27T10:20:30Z", "staging");
    let first = staging.fill(DOCUMENT, &map(), &empty());
    assert!(
        first
            .text
            .contains("at `https://staging.example/` (staging)"),
        "{}",
        first.text
    );
    let later = at("2026-02-28T10:20:30Z", "staging");
    assert_eq!(
        later.fill(&first.text, &map(), &first.memory).text,
        first.text
    );
    let production = at("2026-02-28T10:20:30Z", "production");
    let second = production.fill(&first.text, &map(), &first.memory);
    assert!(
        second
            .text
            .contains("at `https://production.example/` (production)")
    );
    assert!(second.text.contains("Verified:** 2026-02-28 10:20 UTC"));
}

#[test]
fn an_item_whose_own_blank_a_person_filled_in_is_still_that_item() {
    let text = "# Mail\n\n- [ ] **Verified:** _____ (date/time)\n- [ ] Verified by nobody\n";
    let mut map = map();
    map.items = vec![item("V", "Verified: (date/time)", &["mail.answers"])];
    let run = Run::of(&[("mail.answers", Verdict::Pass)]);
    let filled = text.replace("_____", "on Monday");
    let updated = run.fill(&filled, &map, &empty());
    assert!(
        updated.text.starts_with(&filled.replacen("[ ]", "[x]", 1)),
        "{}",
        updated.text
    );
}

#[test]
fn statements_of_people_count_while_they_last_and_never_against_evidence() {
    let mut map = map();
    map.items[1].person = Some("says so".into());
    let stated = |holds, until: &str| Attestation {
        item: "release:M2".into(),
        holds,
        statement: "seen in the vault".into(),
        by: "the lead".into(),
        on: "2026-02-01".parse().unwrap(),
        evidence: "ticket 7".into(),
        until: until.parse().unwrap(),
        place: "f:1".into(),
    };
    let ticked = |verdict, attestations: Vec<Attestation>| {
        let run = Run {
            attestations,
            ..Run::of(&[("mail.key", verdict)])
        };
        let updated = run.fill(DOCUMENT, &map, &empty());
        updated.text.contains("- [x] Key stored")
    };
    assert!(ticked(Verdict::Pass, vec![stated(true, "2026-03-01")]));
    assert!(!ticked(Verdict::Pass, vec![stated(true, "2026-02-28")]));
    assert!(!ticked(Verdict::Pass, vec![stated(false, "2026-12-31")]));
    assert!(!ticked(Verdict::Pass, vec![]));
    assert!(!ticked(Verdict::Fail, vec![stated(true, "2026-12-31")]));
    assert!(!ticked(
        Verdict::Inconclusive,
        vec![stated(true, "2026-12-31")]
    ));
}

#[test]
fn secrets_and_markup_of_values_stay_out() {
    let mut finding = finding("mail.answers", Verdict::Pass);
    finding.looks[0]
        .facts
        .insert("cluster.tier".into(), json!("hunter2 `|\n# x\n[y](z) <b>"));
    let run = Run::at("2026-02-28T10:20:30Z", vec![finding]);
    let updated = run.fill(DOCUMENT, &map(), &empty());
    assert!(!updated.text.contains("hunter2") && !updated.memory.write().contains("hunter2"));
    assert!(
        updated.text.contains("`*** '| # x [y](z) <b>`"),
        "{}",
        updated.text
    );
    let (before, after) = (scan(DOCUMENT), scan(&updated.text));
    assert_eq!(before.items.len(), after.items.len());
}

fn statement(item: &str, until: &str) -> Attestation {
    Attestation {
        item: item.into(),
        holds: true,
        statement: "seen in the vault".into(),
        by: "the lead".into(),
        on: "2026-02-01".parse().unwrap(),
        evidence: "ticket 7".into(),
        until: until.parse().unwrap(),
        place: "f:1".into(),
    }
}

#[test]
fn a_statement_that_ended_is_taken_back_even_where_nobody_looked() {
    let mut map = map();
    map.items[1].person = Some("says so".into());
    let stated = Run {
        attestations: vec![statement("release:M2", "2026-12-31")],
        ..Run::of(&[("mail.key", Verdict::Pass)])
    };
    let first = stated.fill(DOCUMENT, &map, &empty());
    assert!(first.text.contains("- [x] Key stored"));
    let partial = Run {
        attestations: vec![statement("release:M2", "2026-12-31")],
        ..Run::of(&[("mail.answers", Verdict::NotRun)])
    };
    let same = partial.fill(&first.text, &map, &first.memory);
    assert_eq!(same.text, first.text, "it still counts");
    let ended = Run::of(&[]).fill(&first.text, &map, &first.memory);
    assert_eq!(ended.text, DOCUMENT, "nothing is vouched for any more");
    // What failed and was not looked at again has not become better.
    let bad = Run::of(&[("mail.key", Verdict::Fail)]).fill(DOCUMENT, &map, &empty());
    assert!(bad.text.contains("☐ Pass / ✓ Fail"));
    let partial = Run::of(&[]).fill(&bad.text, &map, &bad.memory);
    assert_eq!(partial.text, bad.text);
}

#[test]
fn what_only_a_person_states_has_the_day_of_the_statement_and_no_run() {
    let mut map = map();
    map.items.truncate(1);
    map.items[0].checks.clear();
    map.items[0].slots.clear();
    map.items[0].ruling = Ruling::Attest;
    map.items[0].person = Some("says so".into());
    let stated = |checks: &[&str]| {
        let mut map = map.clone();
        map.items[0].checks = checks.iter().map(|one| (*one).into()).collect();
        let run = Run {
            attestations: vec![statement("release:M1", "2026-12-31")],
            ..Run::of(&[("mail.answers", Verdict::Pass)])
        };
        run.fill(DOCUMENT, &map, &empty()).text
    };
    let alone = stated(&[]);
    assert!(
        alone.contains("Verified:** 2026-02-01 (date/time)"),
        "{alone}"
    );
    assert!(alone.contains("| attested | 2026-02-01 |"), "{alone}");
    assert!(!alone.contains("run `"), "{alone}");
    let both = stated(&["mail.answers"]);
    assert!(both.contains("Verified:** 2026-02-28 10:20 UTC"), "{both}");
}

#[test]
fn notes_name_the_check_that_failed_now() {
    let mut map = map();
    map.items[1].checks = vec!["mail.key".into(), "mail.answers".into()];
    let run = |key, answers| Run::of(&[("mail.key", key), ("mail.answers", answers)]);
    let row = |updated: &Updated| {
        let row = updated.text.lines().find(|line| line.starts_with("| M2"));
        row.unwrap().to_owned()
    };
    let first = run(Verdict::Fail, Verdict::Pass).fill(DOCUMENT, &map, &empty());
    assert!(row(&first).contains("`mail.key`") && !row(&first).contains("`mail.answers`"));
    let second = run(Verdict::Pass, Verdict::Fail).fill(&first.text, &map, &first.memory);
    assert!(!row(&second).contains("`mail.key`") && row(&second).contains("`mail.answers`"));
}

#[test]
fn a_run_of_some_checks_takes_no_failure_off_a_list() {
    let both = Run::of(&[("mail.answers", Verdict::Fail), ("mail.key", Verdict::Fail)]);
    let first = both.fill(DOCUMENT, &map(), &empty());
    let names = |updated: &Updated| {
        let lines = updated.text.lines();
        let named =
            lines.filter_map(|line| Some(line.split_once(": fails the claim")?.0.to_owned()));
        named.collect::<Vec<_>>()
    };
    assert_eq!(names(&first), ["mail.answers", "mail.key"]);
    let again = Run::of(&[("mail.answers", Verdict::Fail)]);
    let again = again.fill(&first.text, &map(), &first.memory);
    assert_eq!(again.text, first.text);
    let mended = Run::of(&[
        ("mail.key", Verdict::NotRun),
        ("mail.answers", Verdict::Pass),
    ]);
    let mended = mended.fill(&first.text, &map(), &first.memory);
    assert_eq!(names(&mended), ["mail.key"]);
    // "None" is not said of what nobody looked at, and not left where something failed.
    let good = Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Pass)]);
    let none = good.fill(DOCUMENT, &map(), &empty());
    assert!(none.text.contains("None found."));
    let bad = Run::of(&[("mail.key", Verdict::Fail)]).fill(&none.text, &map(), &none.memory);
    assert_eq!(names(&bad), ["mail.key"]);
    assert!(!bad.text.contains("None found."));
}

#[test]
fn counts_of_a_run_of_some_checks_say_no_less_than_is_known() {
    let text = "# Mail\n\n- [ ] Server answers\n- [ ] Key stored\n\nPassed: ____\nFailed: ____\nCritical: ____\n";
    let mut map = map();
    map.items.truncate(3);
    map.items[0].slots.clear();
    let of = || vec!["M1".to_owned(), "M2".to_owned()];
    let count = |passed| Write::Count { passed, of: of() };
    map.items[2].slots = vec![
        slot(Some("Passed"), None, count(true)),
        slot(Some("Failed"), None, count(false)),
        slot(Some("Critical"), None, Write::Failures(Severity::Critical)),
    ];
    let counts = |updated: &Updated| {
        let of = |label: &str| {
            let line = updated
                .text
                .lines()
                .find_map(|line| line.strip_prefix(label));
            line.unwrap().to_owned()
        };
        [of("Passed: "), of("Failed: "), of("Critical: ")]
    };
    let run = |answers, key| Run::of(&[("mail.answers", answers), ("mail.key", key)]);
    let (pass, fail, aside) = (Verdict::Pass, Verdict::Fail, Verdict::NotRun);
    let good = run(pass, pass).fill(text, &map, &empty());
    assert_eq!(counts(&good), ["2", "0", "0"]);
    let partial = run(pass, aside).fill(&good.text, &map, &good.memory);
    assert_eq!(partial.text, good.text);
    let worse = run(fail, aside).fill(&good.text, &map, &good.memory);
    assert_eq!(counts(&worse), ["1", "1", "at least 1"]);
    let bad = run(fail, fail).fill(text, &map, &empty());
    assert_eq!(counts(&bad), ["0", "2", "2"]);
    let partial = run(fail, aside).fill(&bad.text, &map, &bad.memory);
    assert_eq!(partial.text, bad.text);
    let first = run(fail, aside).fill(text, &map, &empty());
    assert_eq!(counts(&first), ["0", "at least 1", "at least 1"]);
    let again = run(fail, aside).fill(&first.text, &map, &first.memory);
    assert_eq!(again.text, first.text);
}

#[test]
fn a_failure_never_marks_an_option_that_does_not_say_so() {
    let mark = |options: &str, verdict| {
        let text = format!("# Mail\n\n- [ ] Server answers\n  - Result: {options}\n");
        let mut map = map();
        map.items.truncate(1);
        let run = Run::of(&[("mail.answers", verdict)]);
        let updated = run.fill(&text, &map, &empty());
        let line = updated.text.lines().nth(3).unwrap().to_owned();
        line.trim_start_matches("  - Result: ").to_owned()
    };
    assert_eq!(mark("☐ Verified ☐ N/A", Verdict::Fail), "☐ Verified ☐ N/A");
    assert_eq!(mark("☐ Pass ☐ Pending", Verdict::Fail), "☐ Pass ☐ Pending");
    assert_eq!(mark("☐ Pass ☐ Fail", Verdict::Fail), "☐ Pass ☑ Fail");
    assert_eq!(mark("☐ Verified ☐ N/A", Verdict::Pass), "☑ Verified ☐ N/A");
}

#[test]
fn an_option_is_found_by_its_whole_name_before_its_start() {
    let text = "# Mail\n\n- [ ] Server answers\n  - Open: ☐ Not asked ☐ Yes ☐ No\n";
    let mut map = map();
    map.items.truncate(1);
    let write = Write::State {
        checks: vec![],
        pass: Some("No".into()),
        fail: Some("Yes".into()),
    };
    map.items[0].slots = vec![slot(Some("Open"), None, write)];
    let run = Run::of(&[("mail.answers", Verdict::Pass)]);
    let updated = run.fill(text, &map, &empty());
    assert!(
        updated.text.contains("☐ Not asked ☐ Yes ☑ No"),
        "{}",
        updated.text
    );
}

#[test]
fn what_holdpoint_wrote_is_its_own_under_another_heading_too() {
    let good = Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Pass)]);
    let bad = Run::of(&[
        ("mail.answers", Verdict::Inconclusive),
        ("mail.key", Verdict::Inconclusive),
    ]);
    let first = good.fill(DOCUMENT, &map(), &empty());
    let renamed = first.text.replace("## Mail", "## Post");
    let second = bad.fill(&renamed, &map(), &first.memory);
    assert!(!second.text.contains("[x]"), "{}", second.text);
    assert!(second.text.contains("Verified:** _____ (date/time)"));
    let (restored, lost) = restore(&renamed, &first.memory);
    assert_eq!(restored, DOCUMENT.replace("## Mail", "## Post"));
    assert_eq!(lost, Vec::<String>::new());
}

#[test]
fn lines_that_look_the_same_may_change_places() {
    let text = "# Mail\n\n- [ ] Server answers\n  - **Verified:** _____ (date/time)\n- [ ] Key stored\n  - **Verified:** _____ (date/time)\n";
    let mut map = map();
    map.items.truncate(2);
    map.items[0].slots.clear();
    let early = Run::of(&[("mail.answers", Verdict::Pass)]);
    let first = early.fill(text, &map, &empty());
    let late = Run::at(
        "2026-03-01T01:02:03Z",
        vec![
            finding("mail.answers", Verdict::Pass),
            finding("mail.key", Verdict::Pass),
        ],
    );
    let second = late.fill(&first.text, &map, &first.memory);
    let lines: Vec<&str> = second.text.split_inclusive('\n').collect();
    let swapped = [&lines[..2], &lines[4..6], &lines[2..4], &lines[6..]]
        .concat()
        .concat();
    assert_ne!(swapped, second.text);
    let third = late.fill(&swapped, &map, &second.memory);
    let without = |text: &str| text.split("<!--").next().unwrap().to_owned();
    assert_eq!(without(&third.text), without(&swapped));
    let bad = Run::of(&[("mail.answers", Verdict::Fail), ("mail.key", Verdict::Fail)]);
    let fourth = bad.fill(&swapped, &map, &second.memory);
    assert!(
        !fourth.text.contains("[x]") && !fourth.text.contains("(date/time) UTC"),
        "{}",
        fourth.text
    );
    assert_eq!(fourth.text.matches("_____ (date/time)").count(), 2);
}

#[test]
fn a_block_that_people_put_before_is_not_taken_for_what_was_written() {
    let good = Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Pass)]);
    let first = good.fill(DOCUMENT, &map(), &empty());
    let more = first
        .text
        .replace("**Critical:**", "```\nhow we send\n```\n\n**Critical:**");
    let bad = Run::of(&[("mail.answers", Verdict::Fail), ("mail.key", Verdict::Fail)]);
    let second = bad.fill(&more, &map(), &first.memory);
    assert!(second.text.contains("```\nhow we send\n```\n"));
    assert!(!second.text.contains("None found."), "{}", second.text);
    let over = Run {
        take_over: true,
        ..Run::of(&[("mail.answers", Verdict::Fail)])
    };
    let second = over.fill(&more, &map(), &first.memory);
    assert!(second.text.contains("```\nhow we send\n```\n"));
}

#[test]
fn notes_that_were_moved_up_go_without_what_people_wrote_around_them() {
    let good = Run::of(&[("mail.answers", Verdict::Pass)]);
    let first = good.fill(DOCUMENT, &map(), &empty());
    let (body, notes) = first.text.split_at(first.text.find("<!--").unwrap());
    let moved = body.replace(
        "## Mail\n",
        &format!("Our words.\n\n{notes}Their words.\n\n## Mail\n"),
    );
    let (restored, _) = restore(&moved, &first.memory);
    assert!(
        restored.contains("Our words.\n\nTheir words.\n"),
        "{restored}"
    );
    let second = good.fill(&moved, &map(), &first.memory);
    assert_eq!(second.text, moved);
}

#[test]
fn statements_are_redacted_and_escaped_in_notes_and_memory() {
    let mut map = map();
    map.items[1].person = Some("says so".into());
    map.contradictions.push(holdpoint::model::MapNote {
        id: "D1".into(),
        items: vec!["M1".into()],
        quotes: vec!["Host:".into()],
        says: "the host is hunter2".into(),
        truth: "it is not hunter2".into(),
        source: "hunter2".into(),
        checks: vec![],
    });
    let mut stated = statement("release:M2", "2026-12-31");
    stated.evidence = "https://ci.example.com/?token=hunter2 | <b>".into();
    let run = Run {
        attestations: vec![stated],
        ..Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Pass)])
    };
    let updated = run.fill(DOCUMENT, &map, &empty());
    assert!(
        updated.text.contains("token=\\*\\*\\* \\| \\<b\\>"),
        "{}",
        updated.text
    );
    assert!(!updated.text.contains("hunter2"), "{}", updated.text);
    assert!(!updated.memory.write().contains("hunter2"));
    assert!(!format!("{:?}{:?}", updated.changes, updated.remarks).contains("hunter2"));
}

fn commented(text: &str, memory: &Memory) -> DocumentMap {
    let mut map = map();
    map.items.clear();
    let source = Source::new("DOC.md", text);
    let known = ["mail.answers", "mail.key"];
    with_comments(&map, &source, memory, &known).unwrap()
}

#[test]
fn comments_bind_items_that_have_the_same_words_in_two_sections() {
    let text = "- [ ] Backups <!-- holdpoint: mail.key -->\n\n# A\n\n- [ ] Backups <!-- holdpoint: mail.answers -->\n\n# B\n\n- [ ] Backups <!-- holdpoint: mail.key -->\n";
    let run = Run::of(&[("mail.answers", Verdict::Pass), ("mail.key", Verdict::Fail)]);
    let map = commented(text, &empty());
    let updated = run.fill(text, &map, &empty());
    assert!(
        updated
            .text
            .contains("- [x] Backups <!-- holdpoint: mail.answers")
    );
    assert_eq!(updated.text.matches("[x]").count(), 1, "{}", updated.text);
    let moved = updated
        .remarks
        .iter()
        .any(|one| matches!(one, Remark::Moved(..)));
    assert!(!moved, "{:?}", updated.remarks);
}

#[test]
fn comments_bind_items_whose_blank_was_filled_in() {
    let text = "# A\n\n- [ ] Verified: _____ (date/time) <!-- holdpoint: mail.answers -->\n";
    let run = Run::of(&[("mail.answers", Verdict::Pass)]);
    let first = run.fill(text, &commented(text, &empty()), &empty());
    assert!(
        first.text.contains("- [x] Verified: 2026"),
        "{}",
        first.text
    );
    let map = commented(&first.text, &first.memory);
    let second = run.fill(&first.text, &map, &first.memory);
    assert_eq!(second.text, first.text);
}

#[test]
fn a_note_of_a_check_stays_while_the_check_is_set_aside() {
    let mut map = map();
    map.quotes.insert("mail.answers".into(), "Host:".into());
    let mut loud = finding("mail.answers", Verdict::Pass);
    loud.note = Some(holdpoint::model::Note {
        document: "DOC.md".into(),
        says: "one".into(),
        truth: "two".into(),
        source: "RFC 1".into(),
        tested: "three".into(),
        conformance: "not met".into(),
        assessment: "sound".into(),
    });
    let run = Run::at("2026-02-28T10:20:30Z", vec![loud.clone()]);
    let first = run.fill(DOCUMENT, &map, &empty());
    assert!(
        first.text.contains("This document says: one."),
        "{}",
        first.text
    );
    loud.verdict = Verdict::NotRun;
    let aside = Run::at("2026-03-01T10:20:30Z", vec![loud]);
    let second = aside.fill(&first.text, &map, &first.memory);
    assert_eq!(second.text, first.text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever people write, and whatever they write over it.
    #[test]
    fn any_document_is_filled_in_and_restored(
        parts in proptest::collection::vec(prop_oneof![
            Just("# Mail\n".to_owned()), Just("## Mail\r\n".to_owned()),
            Just("- [ ] Server answers\n".to_owned()), Just("- [ ] Key stored\r\n".to_owned()),
            Just("  - **Verified:** _____ (date/time)\n".to_owned()),
            Just("**Result:** ☐ Pass ☐ Fail\n".to_owned()), Just("Result: ✓ / ☐\n".to_owned()),
            Just("| Step | Done on | State |\n|---|---|---|\n| Mail | ____ | ⏳ |\n".to_owned()),
            Just("Critical:\n```\n[list]\n```\n".to_owned()), Just("> - [ ] Server answers\n".to_owned()),
            Just("\n".to_owned()), Just("___\n".to_owned()), "\\PC{0,20}\n", "[ -~]{0,20}",
        ], 0..24),
        verdicts in proptest::collection::vec(0usize..4, 4),
    ) {
        let text = parts.concat();
        let verdict = |at: usize| [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive, Verdict::NotRun][verdicts[at]];
        let run = Run::of(&[("mail.answers", verdict(0)), ("mail.key", verdict(1))]);
        // Two places that look the same are refused, which is right.
        if let Ok(first) = run.try_fill(&text, &map(), &empty()) {
            only_reported_bytes_change(&text, &first);
            let (restored, _) = restore(&first.text, &first.memory);
            prop_assert_eq!(&restored, &text);
            let again = run.fill(&first.text, &map(), &first.memory);
            prop_assert_eq!(&again.text, &first.text);
            let other = Run::of(&[("mail.answers", verdict(2)), ("mail.key", verdict(3))]);
            let second = other.fill(&first.text, &map(), &first.memory);
            only_reported_bytes_change(&first.text, &second);
            let (restored, _) = restore(&second.text, &second.memory);
            prop_assert_eq!(&restored, &text);
        }
    }

    /// Whatever people do to the lines of a document that was filled in.
    #[test]
    fn any_edit_of_a_filled_document_is_kept(
        picks in proptest::collection::vec(0usize..EDITED.len(), 1..16),
        edits in proptest::collection::vec((0usize..7, 0usize..200, 0usize..200), 0..6),
        verdicts in proptest::collection::vec(0usize..4, 4),
    ) {
        let text: String = picks.iter().map(|at| EDITED[*at]).collect();
        let verdict = |at: usize| [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive, Verdict::NotRun][verdicts[at]];
        let run = Run::of(&[("mail.answers", verdict(0)), ("mail.key", verdict(1))]);
        let other = Run::at("2026-03-01T00:00:01Z", vec![finding("mail.answers", verdict(2)), finding("mail.key", verdict(3))]);
        if let Ok(first) = run.try_fill(&text, &map(), &empty()) {
            let edited = edit(&first.text, &edits);
            match other.try_fill(&edited, &map(), &first.memory) {
                Ok(second) => {
                    only_reported_bytes_change(&edited, &second);
                    let again = other.fill(&second.text, &map(), &second.memory);
                    prop_assert_eq!(&again.text, &second.text);
                    let (restored, _) = restore(&second.text, &second.memory);
                    let clean = Run::of(&[]).fill(&restored, &map(), &empty());
                    prop_assert_eq!(clean.changes, []);
                }
                Err(told) => prop_assert!(!told.contains("fault of holdpoint"), "{}", told),
            }
        }
    }
}

const EDITED: [&str; 14] = [
    "# Mail\n",
    "## Mail\n",
    "## Post\n",
    "- [ ] Server answers\n",
    "- [ ] Key stored\n",
    "  - **Verified:** _____ (date/time)\n",
    "  - **Verified:** _____ (date/time)\r\n",
    "**Result:** ☐ Pass ☐ Fail\n",
    "Result: ✓ / ☐ and ✓ / ☐\n",
    "| Step | Done on | State |\n|---|---|---|\n| Mail | ____ | ⏳ |\n",
    "**Critical:**\n```\n[list]\n```\n",
    "```\nwords\n```\n",
    "\n",
    "words\n",
];

/// A text with lines taken out, doubled, swapped, put in and changed.
fn edit(text: &str, edits: &[(usize, usize, usize)]) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for (what, one, other) in edits {
        let (one, other) = (one % lines.len().max(1), other % lines.len().max(1));
        if lines.is_empty() {
            break;
        }
        match what {
            0 => drop(lines.remove(one)),
            1 => lines.insert(other, lines[one].clone()),
            2 => lines.swap(one, other),
            3 => lines.insert(one, EDITED[other % EDITED.len()].to_owned()),
            4 => lines[one] = lines[one].replace("2026", "by hand 2026"),
            5 => lines[one] = lines[one].replace("[x]", "[ ]").replace('☑', "☐"),
            _ => lines[one] = lines[one].replace("[ ]", "[x]").replace('☐', "☑"),
        }
    }
    lines.concat()
}
