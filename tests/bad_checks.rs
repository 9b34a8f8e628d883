//! Wrong checks and waivers of the user's: each fault at its line, with the way out.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use support::hostile::Refusing;
use support::refusal::{NOWHERE, points_at, refused};
use support::{holdpoint, write};

const CHECK: &str = "id = \"shop.one\"\ntitle = \"the page is there\"\nwhy = \"a shop sells\"\nseverity = \"high\"\nsuites = [\"shop\"]\n\
    [look]\nprobe = \"http\"\npath = \"/\"\n\
    [[expect]]\nthat = \"status == 200\"\notherwise = \"status is {status}\"\n";
const WAIVER: &str = "[[waiver]]\ncheck = \"site.answers\"\nreason = \"it moves\"\nowner = \"operations\"\nuntil = \"2999-12-31\"\n";

fn check(text: &str, place: &str, texts: &[&str]) {
    let place = format!(".holdpoint/checks/one.toml:{place}");
    let given = [(".holdpoint/checks/one.toml", text)];
    let call = [
        "run",
        "shop",
        "--target",
        NOWHERE,
        "--report",
        "json=r.json",
    ];
    points_at(&given, &call, &place, texts);
}

fn check_with(from: &str, to: &str, place: &str, texts: &[&str]) {
    assert!(CHECK.contains(from));
    check(&CHECK.replace(from, to), place, texts);
}

fn waiver(from: &str, to: &str, texts: &[&str]) {
    assert!(WAIVER.contains(from));
    let given = [(".holdpoint/waivers.toml", &*WAIVER.replace(from, to))];
    let call = ["run", "site.answers", "--target", NOWHERE];
    refused(2, &given, &call, texts);
}

#[test]
fn checks_with_slips() {
    check_with(
        "\"http\"",
        "\"htp\"",
        "7:9",
        &["no probe 'htp'", "did you mean 'http'?"],
    );
    check_with(
        "path =",
        "pth =",
        "8:7",
        &["no parameter 'pth'", "did you mean 'path'?"],
    );
    check_with(
        "status ==",
        "statsu ==",
        "10:9",
        &["no fact 'statsu'", "did you mean 'status'?"],
    );
    check_with(
        "{status}",
        "{statsu}",
        "11:25",
        &["no fact 'statsu'", "did you mean 'status'?"],
    );
    check_with(
        "status == 200",
        "status == == 200",
        "10:19",
        &["not a CEL expression"],
    );
    check_with(
        "== 200",
        "== '200'",
        "10:9",
        &["compared with text", "never true", "of another type"],
    );
    check_with(
        "shop.one",
        "Shop One",
        "1:6",
        &["area.claim", "headers.content-type-options"],
    );
    let word = "fails_on = [\"refuzed\"]\nsuites";
    check_with(
        "suites",
        word,
        "5:13",
        &["'refuzed'", "did you mean 'refused'?"],
    );
    check_with(
        "path = \"/\"",
        "path = \"/\"\ntimeout = 5",
        "9:11",
        &["5 of what?"],
    );
    let looks = CHECK.split("[[expect]]").next().unwrap();
    check(looks, "6:1", &["expects nothing", "add an [[expect]]"]);
}

#[test]
fn checks_that_do_not_fit_the_others() {
    check_with(
        "shop.one",
        "site.answers",
        "1:7",
        &["is a shipped check", "override = "],
    );
    let needs = |id: &str| format!("needs = [\"{id}\"]\nsuites");
    check_with(
        "suites",
        &needs("site.anwers"),
        "5:11",
        &["did you mean 'site.answers'?"],
    );
    let one = CHECK.replace("suites", &needs("shop.two"));
    let two = CHECK
        .replace("suites", &needs("shop.one"))
        .replace("id = \"shop.one\"", "id = \"shop.two\"");
    let call = ["run", "shop", "--target", NOWHERE];
    let both = [
        (".holdpoint/checks/one.toml", &*one),
        (".holdpoint/checks/two.toml", &*two),
    ];
    points_at(
        &both,
        &call,
        ".holdpoint/checks/one.toml:5:1",
        &["shop.one → shop.two → shop.one"],
    );
    let double = [
        (".holdpoint/checks/one.toml", CHECK),
        (".holdpoint/checks/two.toml", CHECK),
    ];
    let texts = ["defined twice", "also in .holdpoint/checks/one.toml:1"];
    points_at(&double, &call, ".holdpoint/checks/two.toml:1:7", &texts);
}

#[test]
fn variables_that_cannot_be_filled_in() {
    let path = "path = \"/${SHOP_PATH}\"";
    check_with(
        "path = \"/\"",
        path,
        "8:12",
        &["SHOP_PATH cannot be filled in", "${SHOP_PATH:-default}"],
    );
    let exec = "id = \"shop.one\"\ntitle = \"t\"\nwhy = \"w\"\nseverity = \"high\"\nsuites = [\"shop\"]\n\
        [look]\nprobe = \"exec\"\nprogram = \"true\"\nargs = [\"${SHOP_SECRET}\"]\n[look.facts]\nx = \"int\"\n\
        [[expect]]\nthat = \"x == 1\"\notherwise = \"o\"\n";
    let given = [
        (".holdpoint/checks/one.toml", exec),
        (".env", "SHOP_SECRET=hunter2-hunter2\n"),
    ];
    let texts = [
        "SHOP_SECRET is a secret",
        "secrets = [\"SHOP_SECRET\"]",
        "checks/one.toml:9:12",
        "^",
    ];
    let said = refused(2, &given, &["run", "shop"], &texts);
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn an_override_that_is_allowed_is_said() {
    let refusing = Refusing::start();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        ".holdpoint/checks/one.toml",
        &CHECK.replace("shop.one", "site.answers"),
    );
    write(
        root,
        "holdpoint.toml",
        "[checks]\noverride = [\"site.answers\"]\n",
    );
    let call = [
        "run",
        "site.answers",
        "--retries",
        "0",
        "--report",
        "json=-",
        "--target",
        &refusing.url(),
    ];
    let outcome = holdpoint(call).within(root).run().expect_code(3);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let warnings = report["warnings"].to_string();
    let text = "site.answers replaces a shipped check (.holdpoint/checks/one.toml:1)";
    assert!(warnings.contains(text), "{warnings}");
}

#[test]
fn waivers_that_are_wrong() {
    let place = ".holdpoint/waivers.toml:";
    waiver(
        "owner = \"operations\"\n",
        "",
        &["'owner' is missing", place, "^"],
    );
    waiver(
        "2999-12-31",
        "2999-13-31",
        &["'until' is not a date", "waivers.toml:5:9", "^", "help: "],
    );
    waiver(
        "site.answers",
        "site.anwers",
        &["'site.anwers'", place, "did you mean 'site.answers'?"],
    );
}
