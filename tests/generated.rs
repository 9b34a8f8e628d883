//! Documents that holdpoint writes whole, through the program: their regions, their templates, the guide.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::path::Path;
use support::{Outcome, holdpoint, write};

/// A repository that needs one variable, which is set.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "package.json",
        r#"{ "name": "shop", "dependencies": { "next": "15.0.0" } }"#,
    );
    write(
        folder.path(),
        "app/page.ts",
        "export default process.env.SHOP_NAME;\n",
    );
    write(folder.path(), ".env.local", "SHOP_NAME=corner\n");
    write(folder.path(), ".env.example", "SHOP_NAME=name\n");
    folder
}

fn call(root: &Path, arguments: &[&str]) -> Outcome {
    holdpoint(arguments).within(root).run()
}

const RUN: [&str; 4] = ["run", "environment.required-set", "--level", "static"];

fn run(root: &Path, report: &str, code: i32) -> String {
    let arguments = [&RUN[..], &["--report", report]].concat();
    call(root, &arguments).expect_code(code).stderr
}

#[test]
fn a_sign_off_is_renewed_in_its_region_and_nowhere_else() {
    let repository = repository();
    let root = repository.path();
    let path = root.join("S.md");
    run(root, "sign-off=S.md", 0);
    let first = fs::read_to_string(&path).unwrap();
    assert!(
        first
            .starts_with("<!-- holdpoint:begin security-sign-off -->\n# Security sign-off: shop\n"),
        "{first}"
    );
    // The same record, the same bytes.
    let again = ["report", "--from", "latest", "--report", "sign-off=S.md"];
    call(root, &again).expect_code(0);
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
    // What people write around it stays, with their line endings.
    let around = format!(
        "Read by us.\r\n\r\n{}\r\nOurs.",
        first.replace('\n', "\r\n")
    );
    fs::write(&path, &around).unwrap();
    call(root, &again).expect_code(0);
    assert_eq!(fs::read_to_string(&path).unwrap(), around);
    write(root, ".env.local", "SHOP_NAMES=corner\n");
    run(root, "sign-off=S.md", 1);
    let renewed = fs::read_to_string(&path).unwrap();
    assert!(renewed.starts_with("Read by us.\r\n\r\n<!--") && renewed.ends_with("\r\nOurs."));
    assert!(
        renewed.contains("NO-GO") && renewed.contains("SHOP_NAME"),
        "{renewed}"
    );
}

#[test]
fn what_people_wrote_or_signed_is_refused_with_the_way_out() {
    let repository = repository();
    let root = repository.path();
    let path = root.join("S.md");
    let latest = ["report", "--from", "latest", "--report", "sign-off=S.md"];
    fs::write(&path, "# Our own sign-off\n").unwrap();
    let told = run(root, "sign-off=S.md", 5);
    assert!(
        told.contains("S.md: it is there already") && told.contains("help: what people wrote"),
        "{told}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "# Our own sign-off\n");

    fs::remove_file(&path).unwrap();
    run(root, "sign-off=S.md", 0);
    let signed = fs::read_to_string(&path)
        .unwrap()
        .replace("| Security lead | |", "| Security lead | signed |");
    fs::write(&path, &signed).unwrap();
    let told = call(root, &latest).expect_code(5).stderr;
    assert!(
        told.contains("S.md:1") && told.contains("changed by hand"),
        "{told}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), signed);

    fs::write(&path, "<!-- holdpoint:begin security-sign-off -->\n").unwrap();
    let told = call(root, &latest).expect_code(5).stderr;
    assert!(told.contains("has no end marker"), "{told}");
    fs::write(&path, [0xff, 0xfe]).unwrap();
    let told = call(root, &latest).expect_code(5).stderr;
    assert!(told.contains("S.md cannot be read"), "{told}");
    // A no-go stays one, whatever could not be written.
    write(root, ".env.local", "");
    run(root, "sign-off=S.md", 1);
}

#[test]
fn every_generated_document_can_be_asked_for_and_has_a_template_of_ones_own() {
    let repository = repository();
    let root = repository.path();
    for document in holdpoint::document::GENERATED {
        let report = format!("{0}={0}.md", document.name);
        run(root, &report, 0);
        let text = fs::read_to_string(root.join(format!("{}.md", document.name))).unwrap();
        assert!(
            text.contains(&format!("# {}: shop\n", document.title)),
            "{text}"
        );
    }
    // One template for all that share it, and one for a single document before that.
    write(
        root,
        ".holdpoint/templates/audit.md",
        "# Ours: {{ document.title }}\n",
    );
    write(
        root,
        ".holdpoint/templates/rate-limiting-audit.md",
        "# Alone\n",
    );
    for (name, title) in [
        ("rate-limiting-audit", "# Alone\n"),
        ("data-privacy-audit", "# Ours: Data privacy audit\n"),
    ] {
        run(root, &format!("{name}=-"), 0);
        let report = format!("{name}={name}.md");
        run(root, &report, 0);
        let text = fs::read_to_string(root.join(format!("{name}.md"))).unwrap();
        assert!(text.contains(&format!("-->\n{title}<!--")), "{text}");
    }
    // One in error is one message with its place, and the old document stays.
    let old = fs::read_to_string(root.join("data-privacy-audit.md")).unwrap();
    write(
        root,
        ".holdpoint/templates/audit.md",
        "x\n{{ document.titel }}\n",
    );
    let told = run(root, "data-privacy-audit=data-privacy-audit.md", 5);
    assert!(
        told.contains(".holdpoint/templates/audit.md:2") && told.contains("this template may read"),
        "{told}"
    );
    assert_eq!(
        fs::read_to_string(root.join("data-privacy-audit.md")).unwrap(),
        old
    );
    // One that cannot be read is no reason to take another in silence.
    fs::remove_file(root.join(".holdpoint/templates/audit.md")).unwrap();
    fs::create_dir(root.join(".holdpoint/templates/audit.md")).unwrap();
    let told = run(root, "data-privacy-audit=data-privacy-audit.md", 5);
    assert!(
        told.contains("the template .holdpoint/templates/audit.md cannot be read"),
        "{told}"
    );
}

#[test]
fn a_guide_is_printed_or_kept_in_its_region() {
    let repository = repository();
    let root = repository.path();
    let told = call(root, &["guide", "email"]).expect_code(0);
    assert!(told.stdout.starts_with("# Execution guide: email\n") && told.stderr.is_empty());
    assert!(
        told.stdout.contains("- **email.spf** (high, live)"),
        "{}",
        told.stdout
    );

    let path = root.join("G.md");
    let write_email = ["guide", "email", "--write", "G.md"];
    let told = call(root, &write_email).expect_code(0);
    assert!(
        told.stdout.is_empty() && told.stderr.contains("wrote G.md"),
        "{}",
        told.stderr
    );
    let first = fs::read_to_string(&path).unwrap();
    let told = call(root, &write_email).expect_code(0).stderr;
    assert!(told.contains("nothing to change in G.md"), "{told}");
    assert_eq!(fs::read_to_string(&path).unwrap(), first);

    // A second guide in the same file, and the words of people.
    fs::write(&path, format!("# Our runbook\n\n{first}\nCall us.\n")).unwrap();
    let push = ["guide", "push", "--write", "G.md"];
    let told = call(root, &push).expect_code(5).stderr;
    assert!(
        told.contains("no region guide-push") && told.contains("--append"),
        "{told}"
    );
    call(root, &[&push[..], &["--append"]].concat()).expect_code(0);
    let both = fs::read_to_string(&path).unwrap();
    assert!(
        both.starts_with("# Our runbook\n")
            && both.contains("\nCall us.\n\n<!-- holdpoint:begin guide-push lead=1 -->\n"),
        "{both}"
    );
    for again in [&write_email, &push] {
        call(root, again).expect_code(0);
        call(root, &[&again[..], &["--append"]].concat()).expect_code(0);
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), both);

    // A change by hand is noticed, and overwritten only where that is asked for.
    fs::write(&path, both.replace("**email.spf**", "**email.SPF**")).unwrap();
    let told = call(root, &write_email).expect_code(5).stderr;
    assert!(
        told.contains("G.md:3") && told.contains("--take-over"),
        "{told}"
    );
    call(root, &[&write_email[..], &["--take-over"]].concat()).expect_code(0);
    assert_eq!(fs::read_to_string(&path).unwrap(), both);
}

#[test]
fn a_guide_has_its_own_template() {
    let repository = repository();
    let root = repository.path();
    let told = call(root, &["guide", "emial"]).expect_code(4).stderr;
    assert!(told.contains("did you mean 'email'"), "{told}");
    call(root, &["guide", "email", "--take-over"]).expect_code(2);
    write(
        root,
        ".holdpoint/templates/guide.md",
        "{{ project }}: {{ total }}\n",
    );
    assert_eq!(
        call(root, &["guide", "dns.resolves"]).expect_code(0).stdout,
        "shop: 1\n"
    );
    write(root, ".holdpoint/templates/guide.md", "{{ projekt }}\n");
    let told = call(root, &["guide", "dns.resolves"]).expect_code(2).stderr;
    assert!(told.contains(".holdpoint/templates/guide.md:1"), "{told}");
}
