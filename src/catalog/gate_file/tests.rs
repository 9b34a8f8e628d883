//! Tests of gates: every slip at its place, whose gate counts, their order, and what their digest is of.

use super::*;
use crate::model::{Level, Severity};
use proptest::prelude::*;
use std::sync::LazyLock;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::shipped().unwrap());
static MAPS: LazyLock<Vec<DocumentMap>> =
    LazyLock::new(|| super::super::shipped_maps(&CATALOG).unwrap());
static SUITES: LazyLock<BTreeMap<String, Vec<String>>> =
    LazyLock::new(|| BTreeMap::from([("nightly".to_owned(), vec!["site.*".to_owned()])]));

fn known() -> Nameable<'static> {
    Nameable {
        catalog: &CATALOG,
        suites: &SUITES,
        maps: &MAPS,
        documents: &["security-sign-off"],
    }
}

/// A gate that says everything that one can say.
const GATE: &str = r#"[[gate]]
name = "launch"
title = "the launch"
owner = "Team Nova"
suite = "nightly"
upstream = ["security", "quality"]
documents = ["infrastructure", "security-sign-off"]
must_pass = "high"
level = "live"
approvals = 2
evidence_lasts = "12h"
sign_off_lasts = "3d"
waivers_by = ["ann@example.com", "bob@example.com"]
[[gate.criterion]]
says = "no critical finding"
that = "failing.critical == 0"
[[gate.criterion]]
says = "the window is confirmed"
attested = "window"
[[gate.exempt]]
check = "oidc.state-is-examined"
reason = "there is no sign-in yet"
[[gate.exempt]]
check = "site.answers"
reason = "it is not up yet"
"#;

fn parsed(text: &str) -> Result<Vec<Gate>, String> {
    parse_gates(&Source::new("g.toml", text), &known())
        .map_err(|problems| problems.iter().map(|one| format!("{one}\n")).collect())
}

fn names(gates: &[Gate]) -> Vec<&str> {
    gates.iter().map(|gate| gate.name.as_str()).collect()
}

#[track_caller]
fn launch(text: &str) -> Gate {
    let gates = parsed(text).unwrap_or_else(|told| panic!("{told}"));
    gates.into_iter().find(|one| one.name == "launch").unwrap()
}

/// The gate with one thing changed is refused at this line and column, with these texts.
#[track_caller]
fn refused(from: &str, to: &str, place: &str, texts: &[&str]) {
    assert!(GATE.contains(from), "{from}");
    told(&GATE.replacen(from, to, 1), place, texts);
}

#[track_caller]
fn told(text: &str, place: &str, texts: &[&str]) {
    let told = parsed(text).unwrap_err();
    let place = format!("--> g.toml:{place}\n");
    for text in texts.iter().chain(&[&*place, "^"]) {
        assert!(told.contains(text), "{text}: {told}");
    }
}

#[test]
fn a_gate_is_read_whole() {
    let gate = launch(GATE);
    assert_eq!((&*gate.title, &*gate.owner), ("the launch", "Team Nova"));
    assert_eq!(gate.suite.as_deref(), Some("nightly"));
    assert_eq!(gate.upstream, ["security", "quality"]);
    assert_eq!(gate.documents, ["infrastructure", "security-sign-off"]);
    assert_eq!(gate.must_pass, Some(Severity::High));
    assert_eq!((gate.level, gate.approvals), (Level::Live, 2));
    assert_eq!(gate.evidence_lasts.as_hours(), 12);
    assert_eq!(gate.sign_off_lasts.as_hours(), 72);
    assert_eq!(gate.waivers_by, ["ann@example.com", "bob@example.com"]);
    let proofs: Vec<_> = gate.criteria.iter().map(|one| one.proof.clone()).collect();
    let that = Proof::Expression("failing.critical == 0".into());
    assert_eq!(proofs, [that, Proof::Attested("launch:window".into())]);
    assert_eq!(gate.criteria[1].place.to_string(), "g.toml:18");
    assert_eq!(gate.exempt[0].check, "oidc.state-is-examined");
    assert_eq!(gate.place.to_string(), "g.toml:2");
    assert!(gate.digest.starts_with("sha256:") && gate.digest.len() == 71);
}

#[test]
fn what_is_left_out_has_its_default() {
    let text = "[[gate]]\nname = 'launch'\ntitle = 't'\nowner = 'o'\nsuite = 'smoke'\n";
    let gate = launch(text);
    assert_eq!((gate.level, gate.approvals), (Level::Active, 1));
    assert_eq!(gate.must_pass, None);
    assert_eq!(gate.evidence_lasts.as_hours(), 7 * 24);
    assert_eq!(gate.sign_off_lasts.as_hours(), 7 * 24);
    assert!(gate.waivers_by.is_empty() && gate.upstream.is_empty());
    // A gate says what it means however long it is said.
    let same = "level = 'active'\napprovals = 1\nevidence_lasts = '168h'\nupstream = []\n";
    assert_eq!(launch(&format!("{text}{same}")).digest, gate.digest);
}

#[test]
fn the_shipped_gates_are_those_of_the_plan() {
    let gates = shipped_gates(&known()).unwrap_or_else(|problems| panic!("{}", problems[0]));
    let plan = [
        ("infrastructure", "omega"),
        ("quality", "sigma"),
        ("security", "pi"),
        ("documentation", "alpha"),
        ("observability", "beta"),
        ("release", "engineer"),
    ];
    assert_eq!(names(&gates), plan.map(|(name, _)| name));
    for (gate, (name, team)) in gates.iter().zip(plan) {
        assert!(gate.answers_to(name) && gate.answers_to(team), "{name}");
    }
    assert_eq!(gates[5].upstream.len(), 5);
    assert_eq!(gates[5].suite, None);
    let stated: Vec<_> = attested(&gates).collect();
    assert!(stated.contains(&"release:window") && stated.contains(&"observability:on-call"));
    assert_eq!(stated.len(), 11);
    let own = parsed("").unwrap();
    assert_eq!(own, gates);
    assert!(
        CATALOG
            .checks()
            .iter()
            .all(|check| check.place.file != "checks/gates.toml")
    );
}

#[test]
fn names_that_are_not_there_are_told_with_the_nearest() {
    refused(
        "\"nightly\"",
        "\"nightli\"",
        "5:9",
        &["no suite", "did you mean 'nightly'?"],
    );
    refused(
        "\"nightly\"",
        "\"securty\"",
        "5:9",
        &["did you mean 'security'?"],
    );
    refused(
        "\"quality\"",
        "\"qualty\"",
        "6:25",
        &[
            "the gate 'launch' names 'qualty', which is no gate",
            "did you mean 'quality'?",
        ],
    );
    refused(
        "\"quality\"",
        "\"omega\"",
        "6:25",
        &["no gate", "known: infrastructure, quality"],
    );
    refused(
        "\"security-sign-off\"",
        "\"security-signoff\"",
        "7:32",
        &["no document", "did you mean 'security-sign-off'?"],
    );
    refused(
        "\"site.answers\"",
        "\"site.answer\"",
        "24:9",
        &["no check", "did you mean 'site.answers'?"],
    );
    refused(
        "\"site.answers\"",
        "\"nothing\"",
        "24:9",
        &["no check", "holdpoint list"],
    );
}

#[test]
fn what_is_missing_wrong_or_empty_is_told_at_its_place() {
    refused(
        "title = \"the launch\"\n",
        "",
        "1:1",
        &["'title' is missing in [[gate]]"],
    );
    refused("\"the launch\"", "\" \"", "3:9", &["'title' is empty"]);
    refused(
        "\"Team Nova\"",
        "7",
        "4:9",
        &["'owner' in [[gate]] must be text"],
    );
    refused("\"nightly\"", "\"\"", "5:9", &["'suite' is empty"]);
    for name in ["Launch", "2nd", "a_b", "", "é", "a b"] {
        let to = format!("name = \"{name}\"");
        refused("name = \"launch\"", &to, "2:8", &["is not a gate's name"]);
    }
    refused(
        "\"infrastructure\"",
        "\"docs/A.md\"",
        "7:14",
        &["is not a document's name"],
    );
    refused("\"high\"", "\"hihg\"", "8:13", &["did you mean 'high'?"]);
    refused(
        "\"live\"",
        "\"deep\"",
        "9:9",
        &["known: static, live, active"],
    );
    refused("approvals = 2", "approvals = 0", "10:13", &["from 1 to 9"]);
    refused("approvals = 2", "approvals = 10", "10:13", &["from 1 to 9"]);
    refused("\"12h\"", "12", "11:18", &["12 of what?"]);
    refused(
        "\"12h\"",
        "\"0h\"",
        "11:18",
        &["must be longer than nothing"],
    );
    refused("\"3d\"", "\"3 days\"", "12:18", &["is not a duration"]);
    refused("\"3d\"", "\"400d\"", "12:18", &["at most a year"]);
    refused(
        "approvals",
        "aprovals",
        "10:1",
        &["did you mean 'approvals'?"],
    );
    refused(
        "[[gate.criterion]]",
        "[[gate.criteria]]",
        "14:8",
        &["did you mean 'criterion'?"],
    );
    refused("[[gate]]", "[gate]", "1:1", &["write [[gate]]"]);
    refused("name = \"launch\"", "name = ", "2:8", &["not valid TOML"]);
}

#[test]
fn people_are_named_one_by_one() {
    for person in ["*@example.com", "a,b", "", "ann smith", "!bob"] {
        let to = format!("\"{person}\"");
        refused(
            "\"bob@example.com\"",
            &to,
            "13:34",
            &["is not the name of one person"],
        );
    }
    let all = "[\"ann@example.com\", \"bob@example.com\"]";
    refused(all, "[]", "13:14", &["names nobody", "leave the key out"]);
    refused(
        all,
        "\"ann@example.com\"",
        "13:14",
        &["write waivers_by = [\"ann@example.com\"]"],
    );
}

#[test]
fn a_criterion_is_known_in_one_way() {
    refused(
        "attested = \"window\"\n",
        "",
        "18:8",
        &["needs 'that' or 'attested'"],
    );
    let both = "attested = \"window\"\nthat = \"unknown.critical == 0\"";
    refused(
        "attested = \"window\"",
        both,
        "19:12",
        &["known in one way"],
    );
    refused(
        "says = \"the window is confirmed\"\n",
        "",
        "17:1",
        &["'says' is missing"],
    );
    refused(
        "\"window\"",
        "\"launch:window\"",
        "19:12",
        &["is not a statement's name", "release:window"],
    );
    let twice =
        "attested = \"window\"\n[[gate.criterion]]\nsays = \"again\"\nattested = \"window\"";
    refused(
        "attested = \"window\"",
        twice,
        "22:12",
        &["attested under one name", "also in g.toml:18"],
    );
    refused(
        "\"site.answers\"",
        "\"oidc.state-is-examined\"",
        "24:9",
        &["is exempt twice"],
    );
    refused(
        "\"it is not up yet\"",
        "\"\"",
        "25:10",
        &["'reason' is empty"],
    );
}

#[test]
fn expressions_are_held_to_the_facts_of_gates() {
    let that = "\"failing.critical == 0\"";
    refused(
        that,
        "\"failing.critcal == 0\"",
        "16:17",
        &["has no 'critcal'", "did you mean 'critical'?"],
    );
    refused(
        that,
        "\"fail.critical == 0\"",
        "16:9",
        &["there is no fact 'fail'"],
    );
    refused(
        that,
        "\"failing.critical = 0\"",
        "16:26",
        &["not a CEL expression"],
    );
    refused(
        that,
        "\"failing.critical == '0'\"",
        "16:17",
        &["compared with text"],
    );
    refused(
        that,
        "\"target.host == 'a'\"",
        "16:9",
        &["there is no fact 'target'"],
    );
    refused(that, "\"1 == 1\"", "16:8", &["the same whatever was found"]);
    refused(that, "\"\"", "16:8", &["'that' is empty"]);
    // Escaped, the words stand at other places than they are said to.
    refused(
        that,
        "\"failing.\\u0063ritcal == 0\"",
        "16:8",
        &["has no 'critcal'"],
    );
    // The second of two that are alike is told at its own place.
    let two =
        "\"unknown.high == 0\"\n[[gate.criterion]]\nsays = \"s\"\nthat = \"unknown.hihg == 0\"";
    refused(that, two, "19:17", &["did you mean 'high'?"]);
}

#[test]
fn a_gate_that_asks_for_nothing_is_refused() {
    let bare = "[[gate]]\nname = 'open'\ntitle = 't'\nowner = 'o'\n";
    told(bare, "2:8", &["the gate asks for nothing", "always open"]);
    for asks in [
        "suite = 'smoke'",
        "upstream = ['security']",
        "[[gate.criterion]]\nsays = 's'\nattested = 'a'",
    ] {
        assert!(parsed(&format!("{bare}{asks}\n")).is_ok(), "{asks}");
    }
}

#[test]
fn a_gate_of_a_shipped_name_takes_its_place_whole() {
    let own = "[[gate]]\nname = 'quality'\ntitle = 'ours'\nowner = 'QA'\nsuite = 'smoke'\n";
    let gates = parsed(&format!("{own}{GATE}")).unwrap();
    assert_eq!(gates.len(), 7);
    let quality = gates.iter().find(|one| one.name == "quality").unwrap();
    assert_eq!((&*quality.title, &*quality.place.file), ("ours", "g.toml"));
    assert!(quality.criteria.is_empty() && quality.upstream.is_empty());
    assert_eq!(quality.must_pass, None);
    let shipped = shipped_gates(&known()).unwrap();
    for gate in gates.iter().filter(|one| one.place.file != "g.toml") {
        assert!(shipped.contains(gate), "{}", gate.name);
    }
    told(
        &format!("{own}{own}"),
        "7:8",
        &["the gate 'quality' is defined twice", "also in g.toml:2"],
    );
}

#[test]
fn the_shipped_gates_may_be_left_out() {
    let alone = GATE.replace("upstream = [\"security\", \"quality\"]\n", "");
    assert_eq!(
        names(&parsed(&format!("shipped = false\n{alone}")).unwrap()),
        ["launch"]
    );
    assert_eq!(
        parsed(&format!("shipped = true\n{alone}")).unwrap().len(),
        7
    );
    let lost = format!("shipped = false\n{GATE}");
    told(&lost, "7:13", &["names 'security', which is no gate"]);
    told("shipped = false\n", "1:11", &["there is none at all"]);
    told("shipped = 'no'\n", "1:11", &["must be true or false"]);
    told("shiped = false\n", "1:1", &["did you mean 'shipped'?"]);
}

fn chain(links: &[(&str, &str)]) -> String {
    let each = links.iter().map(|(name, upstream)| {
        format!("[[gate]]\nname = '{name}'\ntitle = 't'\nowner = 'o'\nsuite = 'smoke'\nupstream = [{upstream}]\n")
    });
    each.collect()
}

#[test]
fn each_gate_comes_after_those_before_it() {
    let text = chain(&[("a", "'c', 'b'"), ("b", "'c'"), ("c", ""), ("d", "")]);
    let gates = parsed(&format!("shipped = false\n{text}")).unwrap();
    assert_eq!(names(&gates), ["c", "d", "b", "a"]);
    let deep: Vec<_> = (0..400)
        .map(|n| (format!("g{n}"), format!("'g{}'", n + 1)))
        .collect();
    let mut deep: Vec<_> = deep.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    deep.push(("g400", ""));
    let gates = parsed(&format!("shipped = false\n{}", chain(&deep))).unwrap();
    assert_eq!(
        (gates[0].name.as_str(), gates[400].name.as_str()),
        ("g400", "g0")
    );
}

#[test]
fn gates_that_wait_for_each_other_are_refused() {
    told(
        &chain(&[("a", "'a'")]),
        "6:13",
        &["wait for each other: a → a"],
    );
    // What merely waits for a circle is no part of it, and the shipped ones are not to blame.
    let text = chain(&[
        ("z", "'a'"),
        ("a", "'security', 'b'"),
        ("b", "'c'"),
        ("c", "'a'"),
    ]);
    told(&text, "24:13", &["wait for each other: a → b → c → a"]);
    let told_two = parsed(&chain(&[
        ("a", "'b'"),
        ("b", "'a'"),
        ("c", "'d'"),
        ("d", "'c'"),
    ]))
    .unwrap_err();
    assert!(
        told_two.contains("a → b → a") && told_two.contains("c → d → c"),
        "{told_two}"
    );
    assert_eq!(told_two.matches("wait for each other").count(), 2);
    let own = chain(&[("infrastructure", "'release'")]);
    told(&own, "6:13", &["infrastructure", "release"]);
}

#[test]
fn a_statement_is_about_one_thing() {
    let mut maps = MAPS.clone();
    maps[0].name = "launch".into();
    maps[0].items[0].id = "window".into();
    let known = Nameable {
        maps: &maps,
        documents: &["infrastructure", "quality", "security-sign-off"],
        ..known()
    };
    let problems = parse_gates(&Source::new("g.toml", GATE), &known).unwrap_err();
    let told: String = problems.iter().map(ToString::to_string).collect();
    for text in [
        "'launch:window' would be both",
        "g.toml:19:12",
        "the item is in reports/",
    ] {
        assert!(told.contains(text), "{told}");
    }
    // The same name of a document and a gate is no fault.
    let mut apart = maps.clone();
    apart[0].items[0].id = "window-2".into();
    let known = Nameable {
        maps: &apart,
        ..known
    };
    assert!(parse_gates(&Source::new("g.toml", GATE), &known).is_ok());
}

#[test]
fn what_may_be_attested_names_the_criteria() {
    let gates = parsed(GATE).unwrap();
    let known = super::super::attestable(&CATALOG, &MAPS, &gates);
    for name in [
        "launch:window",
        "release:rollback",
        "infrastructure:I12",
        "site.answers",
    ] {
        assert!(known.iter().any(|one| one == name), "{name}");
    }
    let near = |name| super::super::nearest_attestable(name, &known);
    assert_eq!(near("rollback"), "did you mean 'release:rollback'?");
    assert_eq!(near("release:windwo"), "did you mean 'release:window'?");
}

#[test]
fn the_digest_is_of_what_is_meant_not_of_how_it_is_written() {
    let digest = launch(GATE).digest;
    let same = |from: &str, to: &str| {
        assert!(GATE.contains(from), "{from}");
        assert_eq!(launch(&GATE.replacen(from, to, 1)).digest, digest, "{to}");
    };
    same("[[gate]]\n", "# ours\n\n[[gate]] # the last\n");
    same(
        "title = \"the launch\"\nowner = \"Team Nova\"\n",
        "owner   = 'Team Nova'\ntitle = 'the launch'\n",
    );
    same("\"12h\"", "\"720m\"");
    same(
        "[\"security\", \"quality\"]",
        "[\n  'quality',\n  'security',\n]",
    );
    same(
        "[\"infrastructure\", \"security-sign-off\"]",
        "[\"security-sign-off\", \"infrastructure\"]",
    );
    same(
        "[\"ann@example.com\", \"bob@example.com\"]",
        "['bob@example.com', 'ann@example.com']",
    );
    same("approvals = 2", "approvals = 0x2");
    same("\"failing.critical == 0\"", "'''failing.critical == 0'''");
    let (head, tail) = GATE.split_once("[[gate.criterion]]").unwrap();
    let (criteria, exempt) = tail.split_once("[[gate.exempt]]").unwrap();
    let turned = format!("{head}[[gate.exempt]]{exempt}[[gate.criterion]]{criteria}");
    assert_eq!(launch(&turned).digest, digest);
    // Gates around it do not count.
    let more = chain(&[("z", "'launch'")]);
    assert_eq!(launch(&format!("{more}{GATE}")).digest, digest);
}

#[test]
fn every_value_of_a_gate_counts_in_its_digest() {
    let original = launch(GATE);
    let changes = [
        ("the launch", "the start"),
        ("Team Nova", "Team Nove"),
        ("\"nightly\"", "\"smoke\""),
        ("suite = \"nightly\"\n", ""),
        ("[\"security\", \"quality\"]", "[\"security\"]"),
        ("\"quality\"]", "\"documentation\"]"),
        ("\"infrastructure\", ", ""),
        ("\"high\"", "\"medium\""),
        ("must_pass = \"high\"\n", ""),
        ("\"live\"", "\"static\""),
        ("approvals = 2", "approvals = 3"),
        ("\"12h\"", "\"12.001h\""),
        ("\"3d\"", "\"4d\""),
        (", \"bob@example.com\"", ""),
        (
            "waivers_by = [\"ann@example.com\", \"bob@example.com\"]\n",
            "",
        ),
        ("no critical finding", "no grave finding"),
        ("failing.critical == 0", "failing.critical == 1"),
        ("failing.critical == 0", "failing.critical  == 0"),
        ("the window is confirmed", "the window is set"),
        ("attested = \"window\"", "attested = \"windows\""),
        ("attested = \"window\"", "that = \"unknown.critical == 0\""),
        ("oidc.state-is-examined", "oidc.discovers"),
        ("there is no sign-in yet", "because"),
        (
            "[[gate.exempt]]\ncheck = \"site.answers\"\nreason = \"it is not up yet\"\n",
            "",
        ),
    ];
    let mut seen = vec![original.digest.clone()];
    let mut differ = std::collections::BTreeSet::new();
    for (from, to) in changes {
        assert!(GATE.contains(from), "{from}");
        let gate = launch(&GATE.replacen(from, to, 1));
        assert!(!seen.contains(&gate.digest), "{from} → {to}");
        differ.extend(changed(&original, &gate));
        seen.push(gate.digest);
    }
    let renamed = parsed(&GATE.replace("\"launch\"", "\"start\"")).unwrap();
    let renamed = renamed.iter().find(|one| one.name == "start").unwrap();
    assert!(!seen.contains(&renamed.digest));
    // Every field that there is was changed once.
    differ.extend(["name", "digest", "place"]);
    let all = format!("{original:#?}");
    let fields: std::collections::BTreeSet<&str> = all
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(": "))
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with([' ', '}', ']']))
        .collect();
    assert_eq!(differ, fields);
}

/// The fields in which two gates differ.
fn changed(a: &Gate, b: &Gate) -> Vec<&'static str> {
    let each = [
        ("title", a.title != b.title),
        ("owner", a.owner != b.owner),
        ("suite", a.suite != b.suite),
        ("upstream", a.upstream != b.upstream),
        ("documents", a.documents != b.documents),
        ("must_pass", a.must_pass != b.must_pass),
        ("level", a.level != b.level),
        ("criteria", a.criteria != b.criteria),
        ("exempt", a.exempt != b.exempt),
        ("waivers_by", a.waivers_by != b.waivers_by),
        ("approvals", a.approvals != b.approvals),
        ("evidence_lasts", a.evidence_lasts != b.evidence_lasts),
        ("sign_off_lasts", a.sign_off_lasts != b.sign_off_lasts),
    ];
    each.into_iter()
        .filter(|(_, is)| *is)
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn a_file_that_is_not_there_leaves_the_shipped_gates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gates.toml");
    let load = || load_gates(&path, "gates.toml", &known());
    assert_eq!(load().unwrap(), shipped_gates(&known()).unwrap());
    std::fs::write(&path, GATE).unwrap();
    assert_eq!(load().unwrap().len(), 7);
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(
        load().unwrap_err()[0]
            .to_string()
            .contains("gates.toml: it is not UTF-8 text")
    );
}

/// Whoever adds a gate beside the others must not find it in the release's place.
#[test]
fn the_gate_that_waits_longest_comes_last() {
    let beside = "[[gate]]\nname = \"outside\"\ntitle = \"beside the others\"\nowner = \"Team Nova\"\n\
        [[gate.criterion]]\nsays = \"it was tried\"\nattested = \"tried\"\n";
    let gates = parsed(beside).unwrap();
    let names = names(&gates);
    assert_eq!(names.len(), 7);
    assert_eq!(names[..2], ["infrastructure", "outside"]);
    assert_eq!(names.last(), Some(&"release"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_that_is_written_panics(text in "\\PC{0,80}") {
        let _ = parsed(&text);
    }

    #[test]
    fn no_change_of_a_right_file_panics(at in 0..GATE.len(), length in 0..24usize, with in "[\\PC\n]{0,12}") {
        let end = GATE.ceil_char_boundary((at + length).min(GATE.len()));
        let start = GATE.floor_char_boundary(at);
        let text = format!("{}{with}{}", &GATE[..start], &GATE[end..]);
        match parsed(&text) {
            Ok(gates) => prop_assert!(gates.len() >= 6),
            Err(told) => prop_assert!(!told.is_empty()),
        }
    }

    #[test]
    fn any_web_of_gates_is_ordered_or_refused(links in prop::collection::vec((0..8usize, 0..8usize), 0..16)) {
        let upstream = |name: usize| {
            let those = links.iter().filter(|(from, _)| *from == name);
            those.map(|(_, to)| format!("'g{to}'")).collect::<Vec<_>>().join(", ")
        };
        let all: Vec<_> = (0..8).map(|n| (format!("g{n}"), upstream(n))).collect();
        let all: Vec<_> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        match parsed(&format!("shipped = false\n{}", chain(&all))) {
            Ok(gates) => {
                prop_assert_eq!(gates.len(), 8);
                for (place, gate) in gates.iter().enumerate() {
                    for before in &gate.upstream {
                        prop_assert!(gates[..place].iter().any(|one| one.name == *before));
                    }
                }
            }
            Err(told) => prop_assert!(told.contains("wait for each other")),
        }
    }
}
