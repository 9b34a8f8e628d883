//! Tests of the digests: what holdpoint writes changes none of people's, and nothing that people write passes.

use super::*;
use crate::document::signing::tests::{Bench, DOCUMENT, map, users};
use crate::document::{Generated, region, restore};

fn semantic(text: &str, memory: &Memory) -> String {
    digests(text, Some(memory)).semantic
}

/// The text with one character replaced, and without it, at every place.
fn changed(text: &str, step: usize) -> impl Iterator<Item = String> {
    text.char_indices().step_by(step).flat_map(move |(at, c)| {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        let others = ["~", " ", "x", ""].into_iter();
        let others = others.filter(move |other| *other != c.to_string());
        others.map(move |other| [before, other, after].concat())
    })
}

#[test]
fn untouched_it_is_a_digest_of_the_text() {
    let unix = digests(DOCUMENT, None);
    let sum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(digests("", None).raw, sum);
    assert_ne!(digests("", None).semantic, sum);
    assert_eq!(unix, digests(DOCUMENT, Some(&Memory::empty("DOC.md"))));
    assert_eq!(unix.compare(&unix.clone()), Difference::Same);
    let windows = digests(&DOCUMENT.replace('\n', "\r\n"), None);
    assert_eq!(unix.compare(&windows), Difference::OwnWordsOnly);
    let marked = digests(&format!("\u{feff}{DOCUMENT}"), None);
    assert_eq!(unix.compare(&marked), Difference::Edited);
}

#[test]
fn runs_signatures_and_checkouts_change_none_of_peoples() {
    for original in [
        DOCUMENT.to_owned(),
        DOCUMENT.replace('\n', "\r\n"),
        DOCUMENT.trim_end().to_owned(),
    ] {
        let before = digests(&original, None);
        let (mut text, mut memory) = (original.clone(), Memory::empty("DOC.md"));
        let mut differed = 0;
        for (seed, signed) in [(0, 0), (1, 1), (2, 2), (0, 1), (3, 0), (4, 1)] {
            let updated = Bench::of(seed, signed).fill(&text, &map(), &memory);
            (text, memory) = (updated.text, updated.memory);
            let now = digests(&text, Some(&memory));
            assert_eq!(now.semantic, before.semantic, "{seed} {signed}\n{text}");
            differed += usize::from(before.compare(&now) == Difference::OwnWordsOnly);
            // Another checkout has other line ends, and the same remembered state.
            let other = match text.contains('\r') {
                true => text.replace("\r\n", "\n"),
                false => text.replace('\n', "\r\n"),
            };
            assert_eq!(semantic(&other, &memory), before.semantic);
            let again = Bench::of(seed, signed).fill(&other, &map(), &memory);
            assert_eq!(again.text, other, "a checkout is no change");
            assert_eq!(semantic(&again.text, &again.memory), before.semantic);
            // Without what is remembered, all of it counts as people's.
            assert_eq!(
                semantic(&text, &Memory::empty("DOC.md")) == now.semantic,
                text == original
            );
        }
        assert!(differed > 3, "{differed}");
        let (restored, lost) = restore(&text, &memory);
        assert_eq!((restored, lost), (original, vec![]));
    }
}

#[test]
fn any_one_character_that_a_person_changes_is_seen() {
    let updated = Bench::of(3, 1).fill(DOCUMENT, &map(), &Memory::empty("DOC.md"));
    let own = semantic(&updated.text, &updated.memory);
    assert_eq!(own, semantic(DOCUMENT, &Memory::empty("DOC.md")));
    assert!(updated.text.contains("[x]") && updated.text.contains("ann@example.com"));
    assert!(updated.text.contains("holdpoint:begin notes"));
    let mut tried = 0;
    for text in changed(&updated.text, 1) {
        assert_ne!(semantic(&text, &updated.memory), own, "{text}");
        tried += 1;
    }
    assert!(tried > 4000, "{tried}");
}

#[test]
fn what_a_person_changed_stays_theirs_when_it_is_written_again() {
    let bench = Bench::of(3, 1);
    let updated = bench.fill(DOCUMENT, &map(), &Memory::empty("DOC.md"));
    let mut written = 0;
    let mut differ = Vec::new();
    // An end marker that was respelt is a person's until the region is renewed.
    let respelt = |text: &String| {
        let notes = region::find(text, NOTES).ok().flatten();
        notes.is_some_and(|one| !one.edited && one.renewable(text).is_none())
    };
    for text in changed(&updated.text, 5).filter(|text| !respelt(text)) {
        let before = parts(&text, Some(&updated.memory));
        for other in [&bench, &Bench::of(1, 0)] {
            // Places that cannot be told apart any more, and notes that were changed, are refused.
            if let Ok(again) = other.try_fill(&text, &map(), &updated.memory) {
                let after = parts(&again.text, Some(&again.memory));
                if after != before {
                    differ.push((before.clone(), after));
                }
                written += 1;
            }
        }
    }
    assert!(
        differ.is_empty(),
        "{} of {written}: {:#?}",
        differ.len(),
        differ.first()
    );
    assert!(written > 300, "{written}");
}

#[test]
fn a_tick_taken_out_by_hand_is_another_than_none() {
    let updated = Bench::of(0, 1).fill(DOCUMENT, &map(), &Memory::empty("DOC.md"));
    let own = semantic(&updated.text, &updated.memory);
    let unticked = updated.text.replacen("- [x]", "- [ ]", 1);
    let now = digests(&unticked, Some(&updated.memory));
    let then = digests(&updated.text, Some(&updated.memory));
    assert_eq!(then.compare(&now), Difference::Edited);
    // And so is a blank that was emptied again, and a signature that was put there by hand.
    for (old, new) in [
        ("2026-02-28 10:20 UTC", "_____"),
        ("ann@example.com (SHA256:", "bob@example.com (SHA256:"),
    ] {
        let text = updated.text.replacen(old, new, 1);
        assert_ne!(text, updated.text);
        assert_ne!(semantic(&text, &updated.memory), own);
    }
}

#[test]
fn the_remembered_state_vouches_for_slots_alone() {
    let updated = Bench::of(0, 0).fill(DOCUMENT, &map(), &Memory::empty("DOC.md"));
    let signed = digests(&updated.text, Some(&updated.memory));
    // A sentence passed off as holdpoint's.
    let forged = updated.text.replace("is open", "is closed");
    let mut memory = updated.memory.clone();
    let mut line = memory.lines[0].clone();
    line.pieces = vec!["The risk is ".into(), ".\n".into()];
    line.slots.truncate(1);
    line.slots[0].original = "open".into();
    line.slots[0].written = Some("closed".into());
    line.place.headings = vec!["mail".into()];
    line.place.items = Vec::new();
    (line.place.nth, line.place.of) = (0, 1);
    memory.lines.push(line.clone());
    assert_ne!(forged, updated.text);
    assert_eq!(
        signed.compare(&digests(&forged, Some(&memory))),
        Difference::Edited
    );
    // A blank of a person's passed off as holdpoint's: the bytes differ, and the next writing takes it out.
    let forged = updated
        .text
        .replace("Accepted by: ____", "Accepted by: the board");
    line.pieces = vec!["Accepted by: ".into(), "\n".into()];
    line.slots[0].original = "____".into();
    line.slots[0].written = Some("the board".into());
    let mut memory = updated.memory.clone();
    memory.lines.push(line);
    assert_ne!(forged, updated.text);
    assert_eq!(
        signed.compare(&digests(&forged, Some(&memory))),
        Difference::OwnWordsOnly
    );
    let again = Bench::of(0, 0).fill(&forged, &map(), &memory);
    assert_eq!(again.text, updated.text);
}

#[test]
fn notes_that_were_moved_or_written_after_are_still_holdpoints() {
    let updated = Bench::of(0, 1).fill(DOCUMENT, &map(), &Memory::empty("DOC.md"));
    let after = format!("{}\nAgreed.\n", updated.text);
    let own = semantic(&after, &updated.memory);
    assert_ne!(own, semantic(&updated.text, &updated.memory));
    let again = Bench::of(1, 0).fill(&after, &map(), &updated.memory);
    assert!(again.text != after && again.text.contains("holdpoint:begin notes"));
    assert_eq!(semantic(&again.text, &again.memory), own);
    let none = Bench::of(2, 0).fill(&again.text, &map(), &again.memory);
    assert!(
        !none.text.contains("holdpoint:begin notes"),
        "{}",
        none.text
    );
    assert_eq!(semantic(&none.text, &none.memory), own);
}

#[test]
fn a_region_counts_by_its_name_until_somebody_changes_it() {
    let document = Generated::find("data-privacy-audit").unwrap();
    let new = document
        .update(None, "# Audit\n\nAll is well.\n", false)
        .unwrap();
    let around = format!("Ours.\n\n{new}\nSigned, the lead\n");
    let signed = digests(&around, None);
    let renewed = document.update(Some(&around), "# Audit\n\nSomething failed.\n", false);
    let renewed = digests(&renewed.unwrap(), None);
    assert_eq!(signed.compare(&renewed), Difference::OwnWordsOnly);
    let windows = digests(&around.replace('\n', "\r\n"), None);
    assert_eq!(signed.compare(&windows), Difference::OwnWordsOnly);
    for text in changed(&around, 1) {
        assert_eq!(
            signed.compare(&digests(&text, None)),
            Difference::Edited,
            "{text}"
        );
    }
    // A region that lost all but its first line, and one of another name with the same words.
    let only_begin = "Ours.\n\n<!-- holdpoint:begin data-privacy-audit -->\n\nSigned, the lead\n";
    let other = around.replace("data-privacy-audit", "auth-security-audit");
    for text in [only_begin.to_owned(), other, around.replace(&new, "")] {
        assert_eq!(
            signed.compare(&digests(&text, None)),
            Difference::Edited,
            "{text}"
        );
    }
    // What was changed by hand and taken over is as holdpoint would have it again.
    let edited = around.replace("All is well", "All is very well");
    assert!(document.update(Some(&edited), "# Audit\n", false).is_err());
    let taken = document.update(Some(&edited), "# Audit\n", true).unwrap();
    assert_eq!(
        signed.compare(&digests(&taken, None)),
        Difference::OwnWordsOnly
    );
}

#[test]
fn a_slot_within_a_region_keeps_a_persons_word() {
    let guide = region::append(DOCUMENT, "guide", "- [ ] Guide read\n").unwrap();
    let mut map = map();
    let mut read = map.items[0].clone();
    (read.id, read.under, read.item) = (
        "G".into(),
        vec!["Sign-off".into()],
        vec!["Guide read".into()],
    );
    map.items.push(read);
    let updated = Bench::of(0, 0).fill(&guide, &map, &Memory::empty("DOC.md"));
    let own = digests(&guide, None).semantic;
    assert_eq!(
        updated.text.matches("- [x] Guide read").count(),
        1,
        "{}",
        updated.text
    );
    assert_eq!(semantic(&updated.text, &updated.memory), own);
    let unticked = updated
        .text
        .replacen("- [x] Guide read", "- [ ] Guide read", 1);
    assert_ne!(semantic(&unticked, &updated.memory), own);
}

#[test]
fn the_users_documents_keep_their_digest_and_show_every_hand() {
    for (text, map) in users() {
        let before = digests(&text, None).semantic;
        let (mut now, mut memory) = (text, Memory::empty("DOC.md"));
        for (seed, signed) in [(0, 1), (3, 2), (1, 0), (4, 1)] {
            let updated = Bench::shipped(seed, signed, &map.name).fill(&now, &map, &memory);
            (now, memory) = (updated.text, updated.memory);
            assert_eq!(semantic(&now, &memory), before, "{} by {seed}", map.name);
        }
        for text in changed(&now, 997) {
            assert_ne!(semantic(&text, &memory), before, "{}", map.name);
        }
    }
}
