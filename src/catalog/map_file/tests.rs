use super::*;
use crate::model::{Ruling, Severity, Write};
use crate::secret::Book;
use std::sync::LazyLock;

static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::load(None, Path::new(""), &[], &Book::default()).unwrap());

const MAP: &str = r#"
name  = "release"
title = "The release"
file  = "docs/RELEASE.md"

[[item]]
id     = "R1"
under  = "Part one / Database"
item   = "Set up > User created"
ruling = "auto"
checks = ["mongodb.has-primary", "mongodb.t*"]

[[item.slot]]
label = "Answered"
write = "state"
checks = ["mongodb.has-primary"]
pass  = "Yes"
fail  = "No"

[[item.slot]]
label = "Topology"
write = "fact"
check = "mongodb.has-primary"
fact  = "steps.hello.cause"

[[item]]
id     = "R2"
under  = "Part one / Database"
row    = "Backups"
ruling = "attest"
person = "says that the console shows a backup of today"
checks = []
slot   = [{ column = "Status", write = "state" }, { column = "When", write = "date" }]

[[item]]
id     = "R3"
under  = ["Part two", "Yes / No"]
ruling = "auto"
all_of = ["R*"]

[[item.slot]]
label = "Passed"
write = "count"
count = "passed"
of    = ["R1", "R*"]

[[item.slot]]
label = "Grave"
write = "list"
severity = "critical"

[[item.slot]]
label = "Password"
write = "never"
reason = "a secret is never written"

[[contradiction]]
id     = "D1"
items  = ["R1"]
quotes = ["0.0.0.0/0"]
says   = "open it to everybody"
truth  = "name the addresses"
source = "the provider's manual"
checks = ["atlas.access-list-closed"]
"#;

fn parsed(text: &str) -> Result<DocumentMap, String> {
    parse_map(&Source::new("map.toml", text), &CATALOG).map_err(told)
}

fn told(problems: Vec<Diagnostic>) -> String {
    problems.iter().map(ToString::to_string).collect()
}

/// The map with one text in place of another is refused, at this line and column, with these texts.
#[track_caller]
fn refused(from: &str, to: &str, place: &str, texts: &[&str]) {
    assert!(MAP.contains(from), "{from}");
    let told = parsed(&MAP.replacen(from, to, 1)).unwrap_err();
    let place = format!("map.toml:{place}\n");
    assert!(told.contains(&place), "{place}{told}");
    assert!(told.contains('^'), "{told}");
    for text in texts {
        assert!(told.contains(text), "{text}: {told}");
    }
}

#[test]
fn a_map_says_where_and_by_what() {
    let map = parsed(MAP).unwrap();
    assert_eq!((&*map.name, &*map.file), ("release", "docs/RELEASE.md"));
    let [first, second, third] = map.items.as_slice() else {
        panic!("{:?}", map.items)
    };
    assert_eq!(first.under, ["Part one", "Database"]);
    assert_eq!(first.item, ["Set up", "User created"]);
    assert_eq!(first.checks[0], "mongodb.has-primary");
    assert!(
        first.checks.contains(&"mongodb.tls".to_owned()),
        "{first:?}"
    );
    assert_eq!((&*first.place.file, first.place.line), ("map.toml", 7));
    assert_eq!(second.row.as_deref(), Some("Backups"));
    assert_eq!(second.ruling, Ruling::Attest);
    assert!(second.checks.is_empty());
    assert_eq!(second.slots[1].write, Write::Date);
    assert_eq!(third.under, ["Part two", "Yes / No"]);
    // A glob leaves out the item that it stands in; a count does not.
    assert_eq!(third.all_of, ["R1", "R2"]);
    let of = ["R1", "R2", "R3"].map(String::from).to_vec();
    assert_eq!(third.slots[0].write, Write::Count { passed: true, of });
    assert_eq!(third.slots[1].write, Write::List(Severity::Critical));
    assert_eq!(map.contradictions[0].checks, ["atlas.access-list-closed"]);
}

#[test]
fn checks_that_are_left_out_are_those_with_the_id_as_a_tag() {
    let text = "name = 'a'\ntitle = 'A'\nfile = 'A.md'\n[[item]]\nid = 'I01'\nunder = 'x'\nruling = 'auto'\n";
    let map = parsed(text).unwrap();
    assert!(!map.items[0].checks.is_empty());
    for id in &map.items[0].checks {
        assert!(CATALOG.find(id).unwrap().tags.contains(&"I01".to_owned()));
    }
    let told = parsed(&text.replace("I01", "Nowhere")).unwrap_err();
    assert!(
        told.contains("nothing proves 'Nowhere': no check has its id as a tag")
            && told.contains(":5:6"),
        "{told}"
    );
    // Said on purpose, it is no slip: no check observes it yet.
    let map = parsed(&format!("{text}checks = []\n")).unwrap();
    assert!(map.items[0].checks.is_empty());
}

#[test]
fn names_that_are_not_there_are_refused_with_the_nearest() {
    refused(
        "\"mongodb.has-primary\", ",
        "\"mongodb.has-primray\", ",
        "11:11",
        &[
            "'mongodb.has-primray' is no check",
            "did you mean 'mongodb.has-primary'?",
        ],
    );
    refused(
        "\"mongodb.t*\"",
        "\"mongoose.*\"",
        "11:34",
        &["'mongoose.*' matches no check"],
    );
    refused(
        "\"mongodb.t*\"",
        "\"mongodb.[\"",
        "11:34",
        &["is not a glob"],
    );
    refused(
        "check = \"mongodb.has-primary\"",
        "check = \"mongodb.has-primry\"",
        "23:9",
        &["did you mean 'mongodb.has-primary'?"],
    );
    refused(
        "steps.hello.cause",
        "steps.hello.cuase",
        "24:9",
        &["hello", "'cuase'", "did you mean 'cause'?"],
    );
    refused(
        "all_of = [\"R*\"]",
        "all_of = [\"R11\"]",
        "39:11",
        &["'R11' is no item of this map", "did you mean 'R1'?"],
    );
    refused(
        "all_of = [\"R*\"]",
        "all_of = [\"Q*\"]",
        "39:11",
        &["'Q*' matches no other item"],
    );
    refused(
        "of    = [\"R1\", ",
        "of    = [\"X1\", ",
        "45:10",
        &["'X1' is no item", "did you mean"],
    );
    refused(
        "items  = [\"R1\"]",
        "items  = [\"R9\"]",
        "59:11",
        &["'R9' is no item of this map"],
    );
    refused(
        "access-list-closed",
        "access-list-close",
        "64:11",
        &["did you mean 'atlas.access-list-closed'?"],
    );
}

#[test]
fn what_stands_twice_is_refused() {
    refused(
        "id     = \"R2\"",
        "id     = \"R1\"",
        "27:10",
        &["the item 'R1' is defined twice", "line 7"],
    );
    refused(
        "row    = \"Backups\"",
        "item = '**set**  up > user created'",
        "27:10",
        &["'R2' and 'R1' stand at the same place"],
    );
    let twice = MAP.replace("[[contradiction]]", "[[contradiction]]\nid = 'D1'\nitems = ['R1']\nquotes = ['q']\nsays = 's'\ntruth = 't'\nsource = 'q'\n\n[[contradiction]]");
    let told = parsed(&twice).unwrap_err();
    assert!(
        told.contains("the contradiction 'D1' is defined twice"),
        "{told}"
    );
}

#[test]
fn circles_are_refused() {
    refused(
        "checks = []",
        "all_of = [\"R3\"]",
        "39:11",
        &["in a circle: R2 → R3 → R2", "'all_of'"],
    );
    refused(
        "all_of = [\"R*\"]",
        "all_of = [\"R3\"]",
        "39:11",
        &["in a circle: R3 → R3"],
    );
}

#[test]
fn a_long_chain_is_followed_without_end_of_the_stack() {
    let mut text = String::from("name = 'a'\ntitle = 'A'\nfile = 'A.md'\n");
    for number in 0..2_000 {
        let next = number + 1;
        text.push_str(&format!(
            "[[item]]\nid = 'a{number}'\nunder = 'u{number}'\nruling = 'auto'\nall_of = ['a{next}']\n"
        ));
    }
    text.push_str("[[item]]\nid = 'a2000'\nunder = 'end'\nruling = 'attest'\nperson = 'p'\n");
    assert_eq!(parsed(&text).unwrap().items.len(), 2_001);
}

#[test]
fn keys_that_do_not_belong_together_are_refused() {
    refused(
        "row    = \"Backups\"",
        "row = 'Backups'\nitem = 'x'",
        "29:7",
        &["'row' and 'item' do not belong together"],
    );
    refused(
        "column = \"Status\"",
        "column = \"Status\", label = 'x'",
        "33:22",
        &["'column' and 'label'"],
    );
    refused("fail  = \"No\"\n", "", "17:9", &["'pass' needs 'fail'"]);
    refused(
        "fail  = \"No\"",
        "fail  = \"Yes\"",
        "18:9",
        &["the same option"],
    );
    refused(
        "write = \"list\"",
        "write = \"list\"\npass = 'x'",
        "50:8",
        &["'pass' does not belong to write = \"list\""],
    );
    refused(
        "write = \"never\"",
        "write = \"never\"\nseverity = 'high'",
        "55:12",
        &["'severity' does not belong to write = \"never\""],
    );
    refused(
        "person = \"says that the console shows a backup of today\"\n",
        "",
        "30:10",
        &["'person' is missing"],
    );
}

#[test]
fn what_is_missing_empty_or_misspelt_is_refused() {
    refused(
        "title = \"The release\"\n",
        "",
        "2:9",
        &["'title' is missing"],
    );
    refused(
        "file  = \"docs/RELEASE.md\"\n",
        "",
        "2:9",
        &["'file' is missing"],
    );
    refused(
        "docs/RELEASE.md",
        "../RELEASE.md",
        "4:9",
        &["below the application's root"],
    );
    refused(
        "\"release\"",
        "\"The Release\"",
        "2:9",
        &["not a document's name"],
    );
    refused(
        "id     = \"R1\"",
        "id = \"R 1\"",
        "7:6",
        &["'R 1' is not an id"],
    );
    refused(
        "Part one / Database",
        "Part one / ",
        "8:10",
        &["'under' has an empty part"],
    );
    refused(
        "under  = \"Part one / Database\"\n",
        "",
        "6:1",
        &["'under' is missing"],
    );
    refused(
        "ruling = \"auto\"",
        "ruling = \"autom\"",
        "10:10",
        &["did you mean 'auto'?"],
    );
    refused(
        "write = \"state\"",
        "write = \"stat\"",
        "15:9",
        &["did you mean 'state'?"],
    );
    refused(
        "write = \"state\"",
        "wirte = \"state\"",
        "15:1",
        &["'write' is missing", "did you mean 'write'?"],
    );
    refused(
        "reason = \"a secret is never written\"",
        "reason = ' '",
        "55:10",
        &["'reason' is empty"],
    );
    refused(
        "of    = [\"R1\", \"R*\"]",
        "of = []",
        "45:6",
        &["'of' names nothing"],
    );
    refused(
        "count = \"passed\"",
        "count = \"pased\"",
        "44:9",
        &["did you mean 'passed'?"],
    );
    refused(
        "truth  = \"name the addresses\"\n",
        "",
        "57:1",
        &["'truth' is missing"],
    );
    let told = parsed("name = \n").unwrap_err();
    assert!(told.contains("not valid TOML"), "{told}");
}

fn merged(own: &[(&str, &str)]) -> Result<Vec<DocumentMap>, String> {
    let mut drafts = read_all(&[Source::new("reports/release/map.toml", MAP)]).map_err(told)?;
    let own: Vec<Source> = own
        .iter()
        .map(|(name, text)| Source::new(name, text))
        .collect();
    let own = read_all(&own).map_err(told)?;
    merge(&mut drafts, own).map_err(told)?;
    settle_all(drafts, &CATALOG).map_err(told)
}

#[test]
fn a_map_of_the_users_adds_to_the_shipped_one() {
    let own = "name = 'release'\nfile = 'OTHER.md'\n\
        [[item]]\nid = 'R2'\nunder = 'Elsewhere'\nruling = 'attest'\nperson = 'p'\n\
        [[item]]\nid = 'R4'\nunder = 'More'\nruling = 'auto'\nall_of = ['R1']\n\
        [[contradiction]]\nid = 'D1'\nitems = ['R4']\nquotes = ['q']\nsays = 's'\ntruth = 't'\nsource = 'q'\n";
    let maps = merged(&[("own.toml", own)]).unwrap();
    let [map] = maps.as_slice() else { panic!() };
    assert_eq!((&*map.title, &*map.file), ("The release", "OTHER.md"));
    let ids: Vec<&str> = map.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["R1", "R2", "R3", "R4"]);
    assert_eq!(map.items[1].under, ["Elsewhere"]);
    assert_eq!(map.items[1].place.file, "own.toml");
    // Globs of the shipped map see what was added.
    assert_eq!(map.items[2].all_of, ["R1", "R2", "R4"]);
    assert_eq!(map.contradictions.len(), 1);
    assert_eq!(map.contradictions[0].items, ["R4"]);
}

#[test]
fn a_new_document_needs_its_file() {
    let own = "name = 'rollout'\ntitle = 'T'\nfile = 'ROLLOUT.md'\n";
    let maps = merged(&[("own.toml", own)]).unwrap();
    assert_eq!(maps[1].name, "rollout");
    let told = merged(&[("own.toml", "name = 'relaese'\n")]).unwrap_err();
    assert!(
        told.contains("own.toml:1:8") && told.contains("did you mean 'release'?"),
        "{told}"
    );
    let told = merged(&[("own.toml", own), ("two.toml", own)]).unwrap_err();
    assert!(
        told.contains("mapped twice") && told.contains("two.toml:1:8"),
        "{told}"
    );
    // What is wrong in a user's file is told there.
    let wrong =
        "name = 'release'\n[[item]]\nid = 'R9'\nunder = 'x'\nruling = 'auto'\nall_of = ['R8']\n";
    let told = merged(&[("own.toml", wrong)]).unwrap_err();
    assert!(told.contains("own.toml:6:11"), "{told}");
}

#[test]
fn the_users_folder_need_not_exist() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(".holdpoint/maps");
    let shipped = shipped_maps(&CATALOG).unwrap();
    assert_eq!(load_maps(&folder, root.path(), &CATALOG).unwrap(), shipped);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("release.toml"), MAP).unwrap();
    let maps = load_maps(&folder, root.path(), &CATALOG).unwrap();
    assert_eq!(maps.len(), shipped.len() + 1);
    assert_eq!(
        maps[shipped.len()].items[0].place.file,
        ".holdpoint/maps/release.toml"
    );
    std::fs::write(folder.join("b.toml"), "name = 'b'\n").unwrap();
    let told = told(load_maps(&folder, root.path(), &CATALOG).unwrap_err());
    assert!(told.contains(".holdpoint/maps/b.toml:1:8"), "{told}");
}

#[test]
fn a_signature_may_name_its_gate() {
    for (written, gate) in [
        ("write = \"signature\"", None),
        (
            "write = \"signature\", gate = \"security\"",
            Some("security".to_owned()),
        ),
    ] {
        let map = parsed(&MAP.replace("write = \"date\"", written)).unwrap();
        assert_eq!(map.items[1].slots[1].write, Write::Signature { gate });
    }
    refused(
        "write = \"date\"",
        "write = \"date\", gate = \"x\"",
        "33:93",
        &[
            "'gate' does not belong to write = \"date\"",
            "it goes with write = \"signature\"",
        ],
    );
}
