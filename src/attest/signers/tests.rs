use super::*;
use proptest::prelude::*;

const ADA: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
const BOB: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB";
/// 1024 bits.
const SHORT: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC6aF2alp0H1T5hN766IjsXegOpzrF0f+MTK0dOJjuL2fCdkfbjIpSRjGyuvIUYXxYc9jzv4QUlynYDWWkLk3oVQsGe23Ef3qoAhOPtZgHz/l2mMJrSOCqbhNaulQHMjeSjtkYlhog8CAaMMvtIwxaLRAL8Ruj4Qc4TVhkzVLD18w==";

fn list(text: &str) -> Signers {
    Signers::parse(&Source::new("allowed_signers", text)).unwrap()
}

fn key(text: &str) -> PublicKey {
    PublicKey::parse(text).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn told(text: &str) -> String {
    let problems = Signers::parse(&Source::new("allowed_signers", text)).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].help.is_some());
    problems[0].render(false)
}

const NOW: &str = "2026-06-01T12:00:00Z";

#[test]
fn people_may_sign_what_their_lines_say() {
    let signers = list(&format!(
        "# The team\n\
         ada@x namespaces=\"infrastructure@holdpoint,release@holdpoint\" {ADA} Ada's laptop\n\
         \n\
         \"*@y,bob\"\tNameSpaces=\"*@holdpoint,!release@holdpoint\",valid-after=\"20260101Z\",valid-before=\"20270101Z\" {BOB}\r\n"
    ));
    let now = at(NOW);
    let admit = |one, who, what, when| signers.admit(&key(one), who, what, when);
    assert_eq!(admit(ADA, "ada@x", "release@holdpoint", now), Ok(2));
    assert_eq!(admit(BOB, "eve@y", "quality@holdpoint", now), Ok(4));
    assert!(matches!(
        admit(ADA, "ada@x", "quality@holdpoint", now),
        Err(Refusal::NotPermitted { line: 2, .. })
    ));
    assert!(matches!(
        admit(BOB, "bob", "release@holdpoint", now),
        Err(Refusal::NotPermitted { line: 4, .. })
    ));
    let Err(Refusal::NotListed { owners, .. }) = admit(ADA, "bob", "release@holdpoint", now) else {
        panic!("Ada's key is not Bob's");
    };
    assert_eq!(owners, ["ada@x"]);
    // Both ends count, to the second.
    for (when, good) in [
        ("2025-12-31T23:59:59.999Z", false),
        ("2026-01-01T00:00:00Z", true),
        ("2027-01-01T00:00:00.9Z", true),
        ("2027-01-01T00:00:01Z", false),
    ] {
        assert_eq!(
            admit(BOB, "bob", "quality@holdpoint", at(when)).is_ok(),
            good,
            "{when}"
        );
    }
    assert!(matches!(
        admit(BOB, "bob", "quality@holdpoint", at("2025-01-01T00:00:00Z")),
        Err(Refusal::NotYetValid { line: 4, .. })
    ));
    assert!(matches!(
        admit(BOB, "bob", "quality@holdpoint", at("2028-01-01T00:00:00Z")),
        Err(Refusal::Expired { line: 4, .. })
    ));
    assert_eq!(
        signers.allowed("quality@holdpoint", &key(BOB), now),
        ["bob"]
    );
    assert!(
        signers
            .allowed("quality@holdpoint", &key(ADA), now)
            .is_empty()
    );
    assert_eq!(
        signers.principals("infrastructure@holdpoint", now),
        ["ada@x", "bob"]
    );
    assert_eq!(signers.patterns("infrastructure@holdpoint", now), ["*@y"]);
    assert!(signers.principals("git", now).is_empty());
}

#[test]
fn a_person_may_have_several_lines() {
    let signers = list(&format!(
        "ada valid-before=\"20260101Z\" {ADA}\nada namespaces=\"git\" {ADA}\nada namespaces=\"file\" {BOB}\n"
    ));
    let now = at(NOW);
    assert_eq!(signers.admit(&key(ADA), "ada", "git", now), Ok(2));
    assert_eq!(signers.admit(&key(BOB), "ada", "file", now), Ok(3));
    // The first line would permit it, if it were not over.
    assert!(matches!(
        signers.admit(&key(ADA), "ada", "file", now),
        Err(Refusal::Expired { line: 1, .. })
    ));
}

#[test]
fn nobody_is_allowed_by_default() {
    for signers in [Signers::default(), list(""), list("# nobody\n\n  \t\n")] {
        assert!(signers.is_empty());
        assert!(signers.admit(&key(ADA), "ada", "file", at(NOW)).is_err());
    }
}

#[test]
fn every_mistake_is_shown_with_its_place() {
    for (line, place, words) in [
        ("ada", 4, "the key is missing"),
        ("ada namespaces=\"a\"", 19, "the key is missing"),
        ("\"ada ssh-ed25519 AAAA", 1, "never closed"),
        ("a\"da\" KEY", 2, "quote within"),
        ("\"ada\"x KEY", 6, "put a space"),
        ("ada,,bob KEY", 5, "name is missing"),
        ("!ada KEY", 1, "matches nobody"),
        (
            "ada cert-authority KEY",
            5,
            "certificates are not supported",
        ),
        ("ada namespaces=git KEY", 5, "in quotes"),
        ("ada namespaces=\"git KEY", 16, "never closed"),
        ("ada namespaces=\"git, file\" KEY", 21, "a space in a name"),
        (
            "ada namespaces=\"git\",namespaces=\"git\" KEY",
            22,
            "given twice",
        ),
        ("ada namespace=\"git\" KEY", 5, "did you mean 'namespaces'"),
        ("ada namespaces=\"git\", KEY", 22, "an option is missing"),
        ("ada ,namespaces=\"git\" KEY", 5, "an option is missing"),
        (
            "ada namespaces=\"git\"valid-after=\"20260101Z\" KEY",
            21,
            "a comma between",
        ),
        (
            "ada valid-after=\"20260101\" KEY",
            18,
            "20260101Z, which is UTC",
        ),
        ("ada valid-after=\"tomorrow\" KEY", 18, "not a time"),
        (
            "ada valid-after=\"20260101Z\",valid-before=\"20250101Z\" KEY",
            43,
            "never counts",
        ),
        ("ada ssh-ed25519", 5, "base64"),
        ("ada ssh-ed25519 AAAA", 5, "cut off"),
        (
            "ada ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti",
            5,
            "no key of type ssh-rsa",
        ),
        (
            "ada ssh-ed25519-cert-v01@openssh.com AAAA",
            5,
            "certificates are not supported",
        ),
        ("ada \u{7}KEY", 5, "control character"),
        ("\u{feff}ada KEY", 1, "byte order mark"),
    ] {
        let text = format!("# team\n{}\n", line.replace("KEY", ADA));
        let said = told(&text);
        assert!(said.contains(words), "{line}: {said}");
        assert!(
            said.contains(&format!("allowed_signers:2:{place}")),
            "{line}: {said}"
        );
    }
}

#[test]
fn all_lines_with_mistakes_are_told_at_once() {
    let text = format!("ada {ADA}\nbob\neve cert-authority {BOB}\n");
    let problems = Signers::parse(&Source::new("allowed_signers", text)).unwrap_err();
    assert_eq!(problems.len(), 2);
}

#[test]
fn weak_keys_are_not_listed() {
    assert!(told(&format!("ada {SHORT}\n")).contains("too weak"));
}

proptest! {
    #[test]
    fn no_text_makes_it_stumble(text in ".{0,200}") {
        let _read = Signers::parse(&Source::new("allowed_signers", text.as_str()));
        let _read = crate::attest::Revoked::parse(&Source::new("revoked_keys", text));
    }

    #[test]
    fn no_line_like_these_makes_it_stumble(
        parts in proptest::collection::vec(prop_oneof![
            Just("ada"), Just("*"), Just("!"), Just(","), Just(" "), Just("\t"), Just("\""), Just("\\"), Just("="),
            Just("namespaces=\""), Just("valid-after=\""), Just("20260101Z"), Just("cert-authority"), Just("#"),
            Just("\n"), Just("\r\n"), Just("é"), Just(ADA), Just("ssh-rsa"), Just("AAAA"),
        ], 0..14)
    ) {
        let source = Source::new("allowed_signers", parts.concat());
        if let Err(problems) = Signers::parse(&source) {
            for problem in problems {
                prop_assert!(problem.help.is_some());
                let _shown = problem.render(false);
            }
        }
    }
}
