//! Tests of regions: only their bytes change, a change by hand is noticed, and what was added goes again.

use super::*;
use crate::diagnostic::Source;
use proptest::prelude::*;

const OURS: &str = "# Title\n\nWhat was seen.\n";

fn line(fault: RegionFault) -> Option<usize> {
    fault.line()
}

#[test]
fn a_new_document_is_one_region() {
    for nothing in [None, Some("")] {
        let text = put(nothing, "audit", OURS, false).unwrap();
        assert!(
            text.starts_with("<!-- holdpoint:begin audit -->\n# Title\n"),
            "{text}"
        );
        let region = find(&text, "audit").unwrap().unwrap();
        assert_eq!(&text[region.inner.clone()], OURS);
        assert_eq!(region.range, 0..text.len());
        assert!(!region.edited && region.line == 1);
        assert_eq!(find(&text, "other").unwrap(), None);
    }
}

#[test]
fn people_write_around_it() {
    let text = put(None, "audit", OURS, false).unwrap();
    let text = format!("Read this first.\n\n{text}\nOur own words.");
    let renewed = put(Some(&text), "audit", "# New\n", false).unwrap();
    assert!(
        renewed.starts_with("Read this first.\n\n<!-- holdpoint:begin audit -->\n# New\n<!--"),
        "{renewed}"
    );
    assert!(renewed.ends_with(" -->\n\nOur own words."), "{renewed}");
}

#[test]
fn the_file_keeps_its_line_endings() {
    let text = append("Their text.\r\n", "audit", OURS).unwrap();
    let renewed = put(Some(&text), "audit", "a\nb\n", false).unwrap();
    assert_eq!(
        renewed.matches('\n').count(),
        renewed.matches("\r\n").count()
    );
    // A checkout that changes line endings is no change by hand.
    for other in [renewed.replace("\r\n", "\n"), text.replace("\r\n", "\n")] {
        assert!(!find(&other, "audit").unwrap().unwrap().edited, "{other}");
    }
}

#[test]
fn a_change_by_hand_is_refused_unless_it_is_taken_over() {
    let text = put(None, "audit", OURS, false).unwrap();
    let signed = format!("\n{}", text.replace("was seen", "was seen and signed"));
    let fault = put(Some(&signed), "audit", "# New\n", false).unwrap_err();
    assert_eq!(
        fault,
        RegionFault::Edited {
            name: "audit".into(),
            line: 2
        }
    );
    assert_eq!(remove(&signed, "audit", false).unwrap_err(), fault);
    let shown = fault.diagnostic(&Source::new("A.md", &signed)).to_string();
    assert!(
        shown.contains("A.md:2")
            && shown.contains("changed by hand")
            && shown.contains("under another name"),
        "{shown}"
    );
    let taken = put(Some(&signed), "audit", "# New\n", true).unwrap();
    assert!(taken.contains("# New") && !taken.contains("signed"));
    // Without its checksum nobody can tell.
    let bare = text.split(" sha256=").next().unwrap().to_owned() + " -->\n";
    assert!(find(&bare, "audit").unwrap().unwrap().edited);
    // What it is to become anyway is no change, and gets its checksum.
    assert_eq!(put(Some(&bare), "audit", OURS, false).unwrap(), text);
}

#[test]
fn a_file_without_the_region_is_never_written() {
    let fault = put(Some("# Ours\n"), "audit", OURS, true).unwrap_err();
    assert_eq!(fault.line(), None);
    let shown = fault
        .diagnostic(&Source::new("A.md", "# Ours\n"))
        .to_string();
    assert!(
        shown.contains("A.md") && shown.contains("move the file away"),
        "{shown}"
    );
    assert!(remove("# Ours\n", "audit", true).is_err());
    let text = append("# Ours\n", "audit", OURS).unwrap();
    assert_eq!(line(append(&text, "audit", OURS).unwrap_err()), Some(3));
}

#[test]
fn markers_out_of_order_are_named_with_their_line() {
    let [begin, end] = ["<!-- holdpoint:begin a -->", "<!-- holdpoint:end a -->"];
    for (text, at, words) in [
        (format!("x\n{begin}\ny\n"), 2, "no end marker"),
        (format!("x\n\n{end}\n"), 3, "no begin marker"),
        (
            format!("{begin}\n{end}\n{begin}\n{end}\n"),
            3,
            "the first is in line 1",
        ),
        (
            format!("{begin}\n<!-- holdpoint:begin b -->\n"),
            2,
            "within the region a",
        ),
        (
            format!("{begin}\n<!-- holdpoint:end b -->\n{end}\n"),
            2,
            "region b has no begin",
        ),
        (
            format!("{begin}\n{begin}\n{end}\n"),
            2,
            "within the region a",
        ),
    ] {
        let fault = find(&text, "a").unwrap_err();
        assert_eq!(fault.line(), Some(at), "{text}");
        assert!(fault.to_string().contains(words), "{fault}");
        assert!(!fault.help().is_empty());
        assert_eq!(put(Some(&text), "a", OURS, true).unwrap_err(), fault);
        assert_eq!(append(&text, "a", OURS).unwrap_err(), fault);
        // A region beside a broken one is as unsafe: nobody can tell where either ends.
        assert_eq!(find(&text, "c").unwrap_err(), fault);
    }
    // A marker within a sentence is none, and neither is one in an indented example.
    assert_eq!(find(&format!("    {begin}\n\t{end}\n"), "a").unwrap(), None);
    assert_eq!(find(&format!("Write {begin} there.\n"), "a").unwrap(), None);
}

#[test]
fn content_that_looks_like_a_marker_stays_text() {
    let hostile = "a\n<!-- holdpoint:end audit sha256=00 -->\n  <!--holdpoint:begin b-->\r\nz\r";
    let text = put(None, "audit", hostile, false).unwrap();
    let region = find(&text, "audit").unwrap().unwrap();
    assert!(!region.edited && region.range == (0..text.len()), "{text}");
    assert_eq!(remove(&text, "audit", false).unwrap(), "");
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "# T",
        "\n",
        "\r\n",
        "\r",
        "- [ ] x",
        "```",
        " ",
        "| a |",
        "ü",
        "\u{feff}",
        "\n\n",
        "<!-- holdpoint: site.answers -->",
        "<!-- x -->",
    ]);
    (any::<bool>(), prop::collection::vec(piece, 0..12)).prop_map(|(bom, parts)| {
        let bom = if bom { "\u{feff}" } else { "" };
        format!("{bom}{}", parts.concat())
    })
}

fn content() -> impl Strategy<Value = String> {
    prop_oneof![
        pieces(),
        "\\PC{0,40}|.{0,40}",
        Just("<!-- holdpoint:end r -->\n<!-- holdpoint:begin r -->".to_owned()),
    ]
}

#[test]
fn a_second_byte_order_mark_is_text() {
    for text in ["\u{feff}", "\u{feff}\u{feff}", "\u{feff}\u{feff}\n"] {
        let added = append(text, "r", "").unwrap();
        assert_eq!(remove(&added, "r", false).unwrap(), text);
    }
}

proptest! {
    #[test]
    fn what_was_added_goes_again(text in prop_oneof![pieces(), ".{0,60}"], content in content()) {
        let added = append(&text, "r", &content).unwrap();
        prop_assert!(added.starts_with(&text));
        prop_assert_eq!(remove(&added, "r", false).unwrap(), text);
    }

    #[test]
    fn only_the_region_changes(
        before in pieces(), after in pieces(), old in content(), new in content(), crlf: bool,
    ) {
        let region = put(None, "r", &old, false).unwrap();
        let region = if crlf { region.replace('\n', "\r\n") } else { region };
        let text = format!("{before}\n{region}{after}");
        let once = put(Some(&text), "r", &new, false).unwrap();
        prop_assert_eq!(&put(Some(&once), "r", &new, false).unwrap(), &once);
        let found = find(&once, "r").unwrap().unwrap();
        prop_assert!(!found.edited);
        prop_assert_eq!(&once[..found.range.start], format!("{before}\n"));
        prop_assert_eq!(&once[found.range.end..], after.as_str());
        // Back to the old content, back to the old bytes.
        prop_assert_eq!(put(Some(&once), "r", &old, false).unwrap(), text);
    }

    #[test]
    fn any_text_is_read_without_harm(text in "(<!-- holdpoint:(begin|end) [ab]( lead=9| sha256=x)? -->|[a\r]|\n){0,12}") {
        if let Ok(Some(region)) = find(&text, "a") {
            prop_assert!(region.range.contains(&region.inner.start) || region.inner.is_empty());
            let put = put(Some(&text), "a", "x", true).unwrap();
            prop_assert!(put.starts_with(&text[..region.inner.start]));
            remove(&text, "a", true).unwrap();
        }
    }
}
