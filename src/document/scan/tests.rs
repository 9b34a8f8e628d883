//! Each rule of the scanner: what it takes, what it leaves, and what it cannot tell.

use super::super::slot::{Context, OptionMark, Scan, Slot, SlotKind, Wants, normal};
use super::scan;

/// The slots of a text, each as its kind, what it holds and its label.
fn slots(text: &str) -> Vec<String> {
    let found = scan(text);
    assert_eq!(found.faults(text), Vec::<String>::new());
    found.slots.iter().map(|slot| shown(text, slot)).collect()
}

fn shown(text: &str, slot: &Slot) -> String {
    let what: Vec<&str> = slot.ranges().into_iter().map(|at| &text[at]).collect();
    format!(
        "{} {} {}",
        slot.kind.word(),
        what.join(""),
        slot.address.label
    )
}

/// What the blanks of a text want.
fn wants(text: &str) -> Vec<Wants> {
    let wanted = |slot: Slot| match slot.kind {
        SlotKind::Blank { wants, .. } => Some(wants),
        _ => None,
    };
    scan(text).slots.into_iter().filter_map(wanted).collect()
}

/// The options of each choice, marked ones in brackets.
fn choices(text: &str) -> Vec<Vec<String>> {
    let say = |one: OptionMark| match one.marked {
        true => format!("[{}]", one.label),
        false => one.label,
    };
    let options = |slot: Slot| match slot.kind {
        SlotKind::Choice { options } => Some(options.into_iter().map(say).collect()),
        _ => None,
    };
    scan(text).slots.into_iter().filter_map(options).collect()
}

fn only(text: &str) -> Slot {
    let mut found: Scan = scan(text);
    assert_eq!(found.slots.len(), 1, "{:?}", found.slots);
    found.slots.remove(0)
}

const NONE: [&str; 0] = [];

#[test]
fn boxes_are_those_of_tasks() {
    assert_eq!(
        slots("- [ ] one\n  - [x] two\n"),
        ["box   one", "box x two"]
    );
    assert_eq!(slots("1. [X] one\n* [ ]\n"), ["box X one", "box   "]);
    assert_eq!(slots("> - [ ] quoted\n"), ["box   quoted"]);
    assert_eq!(slots("-    [ ] far\n"), ["box   far"]);
}

#[test]
fn other_brackets_are_no_boxes() {
    for text in [
        "- [-] one\n",
        "- [~] one\n",
        "- [✓] one\n",
        "- [ ]one\n",
        "[ ] one\n",
        "| [ ] |\n|---|\n| [x] |\n",
        "```\n- [ ] one\n```\n",
        "<!--\n- [ ] one\n-->\n",
        "    - [ ] one\n",
        "- `[ ] one`\n",
    ] {
        assert_eq!(slots(text), NONE, "{text}");
    }
}

#[test]
fn blanks_are_long_runs_of_underscores() {
    assert_eq!(slots("Name of it: ____\n"), ["blank ____ name of it"]);
    assert_eq!(slots("a ___ b ____\n"), ["blank ___ a", "blank ____ b"]);
    assert_eq!(slots("v___\n"), ["blank ___ v"]);
    assert_eq!(slots("All: **___**\n"), ["blank ___ all"]);
    assert_eq!(slots("# Part ___\n"), ["blank ___ part"]);
    assert_eq!(
        slots("Who: ____ at `____`.\n"),
        ["blank ____ who", "blank ____ at"]
    );
}

#[test]
fn what_markdown_takes_is_no_blank() {
    for text in [
        "text\n\n___\n\ntext\n",
        "- ___\n",
        "___strong___ text\n",
        "a __ b\n",
        "a \\___ b\n",
        "a&#95;__ b\n",
        "one___two\n",
        "see <https://example.net/____>\n",
        "![____](a.png)\n",
        "[a](https://example.net/____)\n",
        "<p>____</p>\n",
        "<!-- ____ -->\n",
        "`__Host-id` and `__init__`\n",
    ] {
        assert_eq!(slots(text), NONE, "{text}");
    }
}

#[test]
fn a_cell_takes_shorter_blanks() {
    let text = "| a | b |\n|---|---|\n| x | __/10 |\n| y | **___** |\n| z | a__b |\n";
    let found = scan(text);
    let cells: Vec<_> = found
        .slots
        .iter()
        .map(|one| one.address.cell.clone())
        .collect();
    let cell = |row: &str| Some((row.to_owned(), "b".to_owned()));
    assert_eq!(cells, [cell("x"), cell("y")]);
    assert!(found.slots.iter().all(|one| one.context == Context::Cell));
    let code = only("| a |\n|---|\n| `____` |\n");
    assert_eq!(code.context, Context::CellCode);
}

#[test]
fn code_spans_keep_their_own_words_out_of_labels() {
    assert_eq!(
        slots("API Key: `re_____` (secured)\n"),
        ["blank _____ api key"]
    );
    assert_eq!(slots("`v____`\n"), ["blank ____ v"]);
    let text = "URL: `https://____.example.net/____`\n";
    assert_eq!(slots(text), ["blank ____ url", "blank ____ .example.net"]);
    assert!(
        scan(text)
            .slots
            .iter()
            .all(|one| one.context == Context::Code)
    );
}

#[test]
fn a_fence_takes_blanks_after_words() {
    let text = "```bash\n# Critical: ___\nname_____\n// High: ___ // Low: ___\n```\n";
    let expected = [
        "blank ___ critical",
        "blank _____ name",
        "blank ___ high",
        "blank ___ low",
    ];
    assert_eq!(slots(text), expected);
    assert_eq!(scan(text).slots[0].context, Context::Fence);
    assert_eq!(
        slots("```\n ______\n|      |\n  __\nlet ___a = ___b\n☐ Yes ☐ No ✓\n```\n"),
        NONE
    );
}

#[test]
fn blanks_say_what_they_want() {
    let cases = [
        ("Verified: ____ (date/time)", Wants::Date),
        ("Set by hand: ____ (Date/Time)", Wants::Date),
        ("Test Date: ____", Wants::Date),
        ("Values verified: ____", Wants::Date),
        ("Secret made, date: ____", Wants::Date),
        ("Update: ____", Wants::Text),
        ("Target date: ____", Wants::Text),
        ("Expiry date of the key: ____", Wants::Secret),
        ("Client Secret: `____`", Wants::Secret),
        ("Value: ____ (secured)", Wants::Secret),
        ("Password of the account: ____", Wants::Secret),
        ("Private Key (base64): `____`", Wants::Secret),
        ("Public Key: `____`", Wants::Text),
        ("Token TTL: ____ hours", Wants::Text),
        ("Keyboard: ____", Wants::Text),
        ("Lead Signature: ____", Wants::Signature),
        (
            "Sign-Off for Part 1: Reader ____ (Date/Time)",
            Wants::Signature,
        ),
        ("Approved by: ____", Wants::Signature),
        ("Name: ____", Wants::Signature),
        ("Server name: ____", Wants::Text),
        ("DKIM signature checked: ____", Wants::Text),
        ("(____)", Wants::Text),
    ];
    for (text, expected) in cases {
        assert_eq!(wants(text), [expected], "{text}");
    }
    let line = "**Signature:** ____ **Date:** ____";
    assert_eq!(wants(line), [Wants::Signature, Wants::Signature]);
    let table = "| Key | Actual Date | Secret |\n|---|---|---|\n| a | ____ | ____ |\n";
    assert_eq!(wants(table), [Wants::Date, Wants::Secret]);
    let table = "| Role | Name | Signature | Date |\n|---|---|---|---|\n| a | ___ | ___ | ___ |\n\n\
        | Name | Date |\n|---|---|\n| ___ | ___ |\n";
    let hand = Wants::Signature;
    assert_eq!(wants(table), [hand, hand, hand, Wants::Text, Wants::Date]);
}

#[test]
fn signs_with_words_are_options() {
    assert_eq!(choices("Ok: ☐ Yes ☐ No\n"), [["Yes", "No"]]);
    assert_eq!(choices("Ok: ✓ Pass / ☐ Fail\n"), [["[Pass]", "Fail"]]);
    assert_eq!(choices("Ok: ☐ Pass / ☒ Fail\n"), [["Pass", "[Fail]"]]);
    assert_eq!(choices("Ok: ☐ Pass / ✗ Fail\n"), [["Pass", "[Fail]"]]);
    assert_eq!(choices("☐ **Yes** ☐ **No**\n"), [["Yes", "No"]]);
    assert_eq!(
        choices("Law: ☐ Kept ☐ N/A ☐ Action needed\n"),
        [["Kept", "N/A", "Action needed"]]
    );
    assert_eq!(slots("**Ok:** ☐ Yes ☐ No\n"), ["choice ☐☐ ok"]);
}

#[test]
fn signs_without_words_are_options_too() {
    let text = "**Date:** ____ **State:** ✓ / ☐\n";
    assert_eq!(slots(text), ["blank ____ date", "choice ✓☐ state"]);
    assert_eq!(choices(text), [["[]", ""]]);
    assert_eq!(choices("State: ☐ / ✓\n"), [["", "[]"]]);
    assert_eq!(choices("Done: ☐\n"), [[""]]);
}

#[test]
fn a_line_may_hold_several_choices() {
    let text = "**A:** ☐ Yes ☐ No **B:** ☐ On ☐ Off\n";
    assert_eq!(choices(text), [["Yes", "No"], ["On", "Off"]]);
    assert_eq!(slots(text), ["choice ☐☐ a", "choice ☐☐ b"]);
    assert_eq!(
        choices("A: ☐ Yes ☐ No  Or B: ☐ On ☐ Off\n"),
        [["Yes", "No"], ["On", "Off"]]
    );
    assert_eq!(
        choices("A: ☐ Yes ☐ No B: ☐ On ☐ Off\n"),
        [["Yes", "No"], ["On", "Off"]]
    );
    let text = "A: ☐ Yes ☐ No **On:** ____\n";
    assert_eq!(slots(text), ["choice ☐☐ a", "blank ____ on"]);
}

#[test]
fn an_option_may_leave_room() {
    let text = "Kept: ☐ Safe ☐ Other: ____ (where) ☐ Nowhere\n";
    assert_eq!(choices(text), [["Safe", "Other", "Nowhere"]]);
    assert_eq!(slots(text), ["choice ☐☐☐ kept", "blank ____ other"]);
}

#[test]
fn bullets_of_one_list_are_one_choice() {
    let text = "**State:**\n- ☐ ✅ Ready\n- ☐ ⚠️ Other: ____\n- ☑ 🚫 Stopped\n";
    assert_eq!(choices(text), [["✅ Ready", "⚠️ Other", "[🚫 Stopped]"]]);
    assert_eq!(slots(text), ["choice ☐☐☑ state", "blank ____ other"]);
    assert_eq!(only("- ☐ one\n- two\n").address.kind, "choice");
    assert_eq!(choices("- A: ☐ Yes ☐ No\n- B: ☐ Yes ☐ No\n").len(), 2);
    assert_eq!(choices("- ☐ a\n\ntext\n\n* ☐ b\n").len(), 2);
    assert_eq!(choices("- [ ] ☐ a\n- [ ] ☐ b\n").len(), 2);
    assert_eq!(slots("- ✓ works\n- ✓ works too\n"), NONE);
}

#[test]
fn cells_hold_choices_and_signs() {
    let text = "| a | s |\n|---|---|\n| x | ☐ ✓ ☐ ✗ |\n| y | ⏳ |\n| z | ⚠️ |\n| w | ⏳ waits |\n| v | ☐ |\n| u | ✓ |\n";
    let expected = ["choice ☐☐ ", "sign ⏳ ", "sign ⚠️ ", "choice ☐ ", "sign ✓ "];
    assert_eq!(slots(text), expected);
    assert_eq!(choices(text), [vec!["✓", "✗"], vec![""]]);
    assert_eq!(
        slots("| a |\n|---|\n| 🍎 |\n| ⏳⏳ |\n| — |\n| |\n| one ✗ |\n"),
        NONE
    );
    assert_eq!(slots("⏳\n"), NONE);
}

#[test]
fn a_check_mark_at_the_end_is_a_claim() {
    assert_eq!(slots("- Works: ✓\n"), ["claim ✓ works"]);
    assert_eq!(slots("- `main` **✓**  \n"), ["claim ✓ main"]);
    assert_eq!(slots("A ✓ and B ✓\n"), ["claim ✓ and b"]);
    for text in [
        "✓\n",
        "✓ works\n",
        "a ✗\n",
        "a ✓ b\n",
        "a `✓`\n",
        "```\na ✓\n```\n",
    ] {
        assert_eq!(slots(text), NONE, "{text}");
    }
}

#[test]
fn a_fence_of_brackets_is_a_placeholder() {
    let text = "**Issues:**\n```\n[Every issue]\n\n[For each: name]\n```\n";
    assert_eq!(
        slots(text),
        ["placeholder [Every issue]\n\n[For each: name] issues"]
    );
    let inside = "- a\n  ```text\n  [One]\n    [Two]\n  ```\n";
    assert_eq!(slots(inside), ["placeholder [One]\n    [Two] "]);
    assert_eq!(
        slots("Count: ___\n```\n[All]\n```\n"),
        ["blank ___ count", "placeholder [All] "]
    );
    for text in [
        "```\n[Every issue]\nnone\n```\n",
        "```\n```\n",
        "```\n[]\n```\n",
        "```\n[1, 2]\n```\n",
        "```toml\n[package]\n```\n",
        "```\n[\"a\", \"b\"]\n```\n",
        "    [Every issue]\n",
        "[Every issue]\n",
    ] {
        assert_eq!(slots(text), NONE, "{text}");
    }
}

#[test]
fn items_and_headings_hold_each_other() {
    let text = "# A *b* `c`\n\n### ✅ D\n\n- one: ____ (date/time)\n  - two\n\n    more\n\n## E ##\n\n- [ ] three\n  goes on\n";
    let found = scan(text);
    let headings: Vec<_> = found
        .headings
        .iter()
        .map(|one| {
            (
                one.text.as_str(),
                one.shown.as_str(),
                one.parent,
                one.level,
                one.line,
            )
        })
        .collect();
    let expected = [
        ("a b c", "A b c", None, 1, 1),
        ("d", "✅ D", Some(0), 3, 3),
        ("e", "E", Some(0), 2, 10),
    ];
    assert_eq!(headings, expected);
    let items: Vec<_> = found
        .items
        .iter()
        .map(|one| {
            (
                one.text.as_str(),
                one.label.as_str(),
                one.parent,
                one.heading,
                one.task,
            )
        })
        .collect();
    let expected = [
        ("one: (date/time)", "one", None, Some(1), false),
        ("two", "two", Some(0), Some(1), false),
        ("three goes on", "three goes on", None, Some(2), true),
    ];
    assert_eq!(items, expected);
    assert_eq!(found.slots[1].line, 12);
    assert_eq!(found.slots[1].item, Some(2));
    assert_eq!(found.slots[1].heading, Some(2));
}

#[test]
fn anchors_stand_on_the_first_line_of_an_item() {
    let text = "- [ ] one <!-- holdpoint: a.b  c --> two\n  <!-- holdpoint: d -->\n- <!--holdpoint:e-->\n- three <!-- other: f -->\n\n<!-- holdpoint: g -->\n";
    let found = scan(text);
    assert_eq!(found.faults(text), Vec::<String>::new());
    let names: Vec<Vec<&str>> = found
        .items
        .iter()
        .map(|one| one.anchors.iter().map(|(name, _)| name.as_str()).collect())
        .collect();
    assert_eq!(names, [vec!["a.b", "c"], vec!["e"], vec![]]);
    assert_eq!(found.items[0].text, "one two");
}

#[test]
fn equal_addresses_are_numbered() {
    let found = scan("# A\n\nx: ____\n\n# A\n\nx: ____\n\nX: ____ x: ____\n");
    let ordinals: Vec<usize> = found.slots.iter().map(|one| one.address.ordinal).collect();
    assert_eq!(ordinals, [0, 1, 2, 3]);
}

#[test]
fn rows_that_begin_alike_are_told_apart() {
    let text = "| a | b | c |\n|---|---|---|\n| One | mail | ⏳ |\n| One | web | ⏳ |\n| Two | __ | ⏳ |\n| Two | __ | ⏳ |\n";
    let rows: Vec<String> = scan(text)
        .slots
        .into_iter()
        .map(|one| format!("{} #{}", one.address.cell.unwrap().0, one.address.ordinal))
        .collect();
    let expected = [
        "one / mail #0",
        "one / web #0",
        "two #0",
        "two #0",
        "two #1",
        "two #1",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn long_words_are_cut_in_addresses_only() {
    let long = "word ".repeat(100);
    let text = format!("# {long}\n\n- {long}: ____\n");
    let found = scan(&text);
    assert_eq!(found.items[0].text.len(), 499);
    assert_eq!(found.slots[0].address.items[0].len(), 159);
    assert_eq!(found.slots[0].address.headings[0].len(), 159);
}

#[test]
fn lines_end_in_three_ways() {
    let text = "# A\n\n- [ ] b: ____  \n  ✓ / ☐\n\n| c |\n|---|\n| ⏳ |\n\n```\n[All]\n```\n";
    let plain = scan(text);
    assert_eq!(plain.slots.len(), 5);
    for variant in [text.replace('\n', "\r\n"), text.replace('\n', "\r")] {
        let found = scan(&variant);
        assert_eq!(found.faults(&variant), Vec::<String>::new());
        let pairs = found.slots.iter().zip(&plain.slots);
        assert!(pairs.clone().all(|(one, other)| one.line == other.line));
        assert!(
            pairs
                .clone()
                .all(|(one, other)| one.address == other.address)
        );
        assert_eq!(found.slots.len(), 5);
    }
    let marked = scan("\u{feff}# A\n\nb: ____\n");
    assert_eq!(marked.headings[0].text, "a");
    assert_eq!(marked.slots[0].ranges().pop(), Some(11..15));
}

#[test]
fn words_are_compared_without_signs() {
    let cases = [
        ("**Verified:** ____", "verified"),
        ("✅ 1. MongoDB  Config", "1. mongodb config"),
        ("☐ Yes ☐ No ⚠️ ✓", "yes no"),
        ("1️⃣ First", "1 first"),
        ("`NODE_ENV=production`", "node env=production"),
        ("Über — größer", "über größer"),
        ("हिन्दी ไทย 漢字", "हिन्दी ไทย 漢字"),
        ("Branch: main /", "branch: main"),
        (": , x", "x"),
        ("👩‍💻 a\u{a0}b", "a b"),
        ("", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(normal(text), expected, "{text}");
        assert_eq!(normal(expected), expected);
    }
}

#[test]
fn options_are_called_by_words_or_signs() {
    let option = |label: &str| OptionMark {
        at: 0..0,
        marked: false,
        label: label.to_owned(),
    };
    assert!(option("✅ Ready").says("ready"));
    assert!(option("✓").says(" ✓"));
    assert!(!option("✓").says("✗"));
    assert!(!option("Yes").says("No"));
    assert!(!option("").says("Yes"));
}

#[test]
fn a_wrong_scan_has_faults() {
    let text = "- [ ] a: ____\n- b ☐ Yes\n";
    let right = scan(text);
    assert_eq!(right.faults(text), Vec::<String>::new());
    assert!(!right.faults("something else").is_empty());
    let mut twice = right.clone();
    twice.slots.push(right.slots[0].clone());
    assert!(twice.faults(text).len() > 1);
    let mut lost = right;
    lost.items.clear();
    assert!(!lost.faults(text).is_empty());
}
