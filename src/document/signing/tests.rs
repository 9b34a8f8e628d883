//! Tests of signature lines, and the document that they and the digests are tried on.

use crate::catalog::{Catalog, shipped_maps};
use crate::diagnostic::Source;
use crate::document::{Judged, Memory, Options, Updated, restore, update};
use crate::model::{
    DocumentMap, Finding, Level, LookVerdict, MapItem, MapSlot, Place, Ruling, Severity, Signature,
    Subject, Verdict, Write,
};
use std::collections::BTreeMap;
use std::path::Path;

pub(in crate::document) const DOCUMENT: &str = "\
# Release

## Mail

- [ ] **Server answers**
  - Host: `______`
  - **Verified:** _____ (date/time)
- [ ] Key stored
  - Key: `re_______` (secured)

**Result:** ☐ Pass ☐ Fail

The risk is open.
Accepted by: ____

| Step | Done on | State |
|---|---|---|
| Mail | _______ | ⏳ |

**Critical:**
```
[list them]
```

## Sign-off

**Lead Signature:** _________________ **Date:** _______
**Board Signature:** `_________` **Date:** _______

| Role | Name | Date | Signature |
|---|---|---|---|
| Engineer | ______ | ______ | ______ |
| Auditor | ______ | ______ | ______ |
";

fn item(id: &str, under: &str, words: &str, checks: &[&str]) -> MapItem {
    MapItem {
        id: id.into(),
        under: vec![under.into()],
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

fn of_gate(gate: &str) -> Write {
    Write::Signature {
        gate: (!gate.is_empty()).then(|| gate.into()),
    }
}

/// The lead signs for the gate `mail`, the board for none that is known, the engineer for any; the auditor
/// by hand.
pub(in crate::document) fn map() -> DocumentMap {
    let mut row = item("T1", "Mail", "", &["mail.answers"]);
    row.row = Some("Mail".into());
    let state = Write::State {
        checks: vec![],
        pass: None,
        fail: None,
    };
    row.slots.push(slot(None, Some("Done on"), Write::Date));
    row.slots.push(slot(None, Some("State"), state));
    let mut section = item("M0", "Mail", "", &["mail.answers", "mail.key"]);
    let list = Write::List(Severity::Critical);
    section.slots.push(slot(Some("Critical"), None, list));
    section
        .slots
        .push(slot(Some("Accepted by"), None, Write::Person));
    let mut sign_off = item("S1", "Sign-off", "", &[]);
    (sign_off.ruling, sign_off.person) = (Ruling::Attest, Some("signs".into()));
    sign_off
        .slots
        .push(slot(Some("Lead Signature"), None, of_gate("mail")));
    sign_off
        .slots
        .push(slot(Some("Board Signature"), None, of_gate("board")));
    let mut engineer = item("S2", "Sign-off", "", &[]);
    engineer.row = Some("Engineer".into());
    engineer
        .slots
        .push(slot(None, Some("Signature"), of_gate("")));
    DocumentMap {
        name: "release".into(),
        title: "The release".into(),
        file: "DOC.md".into(),
        items: vec![
            item("M1", "Mail", "Server answers", &["mail.answers"]),
            item("M2", "Mail", "Key stored", &["mail.key"]),
            section,
            row,
            sign_off,
            engineer,
        ],
        preprinted: vec![],
        contradictions: vec![],
        quotes: BTreeMap::new(),
    }
}

/// One record with the sign-offs that count.
pub(in crate::document) struct Bench {
    findings: Vec<Finding>,
    signatures: Vec<Signature>,
    take_over: bool,
}

pub(in crate::document) fn signature(document: &str, gate: &str, by: &str) -> Signature {
    Signature {
        document: document.into(),
        gate: gate.into(),
        by: by.into(),
        fingerprint: "SHA256:AbCdEfGh0123456789abcdefghijklmnopqrstuvwxy".into(),
        on: "2026-02-27".parse().unwrap(),
        commit: Some("1a2b3c4d5e6f".into()),
        until: "2026-12-02".parse().unwrap(),
    }
}

impl Bench {
    /// Of a seed: 0 all pass, 1 all fail, 2 no result, 3 some of each, 4 nobody looked.
    pub(in crate::document) fn of(seed: usize, signed: usize) -> Self {
        let checks = ["mail.answers".to_owned(), "mail.key".to_owned()];
        let mut bench = Self::over(seed, &checks);
        let all = [
            signature("release", "mail", "ann@example.com"),
            signature("release", "mail", "bob|b*b@example.com"),
        ];
        bench.signatures.extend(all.into_iter().take(signed));
        bench
    }

    /// The same over every shipped check, signed for a shipped map.
    pub(in crate::document) fn shipped(seed: usize, signed: usize, document: &str) -> Self {
        let catalog = Catalog::shipped().unwrap();
        let checks = catalog.checks().iter().map(|check| check.id.to_string());
        let mut bench = Self::over(seed, &checks.collect::<Vec<_>>());
        let gate = match document {
            "security-guide" => "security",
            other => other,
        };
        let all = ["ann@example.com", "bob@example.com"].into_iter();
        let all = all.map(|by| signature(document, gate, by));
        bench.signatures.extend(all.take(signed));
        bench
    }

    fn over(seed: usize, checks: &[String]) -> Self {
        let verdict = |at: usize| match (seed, at % 3) {
            (0, _) | (3, 0) => Some(Verdict::Pass),
            (1, _) | (3, 1) => Some(Verdict::Fail),
            (4, _) => None,
            _ => Some(Verdict::Inconclusive),
        };
        let each = checks.iter().enumerate();
        Self {
            findings: each
                .filter_map(|(at, check)| Some(finding(check, verdict(at)?)))
                .collect(),
            signatures: Vec::new(),
            take_over: false,
        }
    }

    pub(in crate::document) fn try_fill(
        &self,
        text: &str,
        map: &DocumentMap,
        memory: &Memory,
    ) -> Result<Updated, String> {
        let subject = subject();
        let today = "2026-03-01".parse().unwrap();
        let judged =
            Judged::new(map, &self.findings, &[], &subject, today).signed(&self.signatures);
        let options = Options {
            take_over: self.take_over,
            refresh: false,
            redact: &|text| text.replace("hunter2", "***"),
        };
        let told = update(&Source::new("DOC.md", text), map, &judged, memory, &options);
        told.map_err(|all| all.iter().map(|one| one.render(false)).collect())
    }

    pub(in crate::document) fn fill(
        &self,
        text: &str,
        map: &DocumentMap,
        memory: &Memory,
    ) -> Updated {
        self.try_fill(text, map, memory).unwrap()
    }
}

fn finding(check: &str, verdict: Verdict) -> Finding {
    Finding {
        title: format!("the claim of {check}"),
        reason: "why".into(),
        looks: vec![LookVerdict {
            label: "look".into(),
            verdict,
            reasons: vec![],
            unjudged: vec![],
            facts: serde_json::Map::new(),
            evidence: format!("sha256:{check}"),
            retried: false,
        }],
        ..Finding::bare(check, Severity::Critical, verdict)
    }
}

fn subject() -> Subject {
    let at = "2026-02-28T10:20:30Z".parse().unwrap();
    Subject {
        tool_version: "0".into(),
        project: "shop".into(),
        root: "shop".into(),
        target: None,
        environment: String::new(),
        level: Level::Live,
        suites: vec![],
        selection: vec![],
        given: vec![],
        started: at,
        ended: at,
        duration_ms: 1,
        commit: None,
        dirty: false,
        clean: true,
        inputs: vec![],
        record_digest: None,
        record: None,
        run: "r".into(),
        interrupted: None,
        baseline: None,
        tags: BTreeMap::new(),
    }
}

/// The users' documents that are at hand, with their maps.
pub(in crate::document) fn users() -> Vec<(String, DocumentMap)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own settings, not the program's"
    )]
    let Some(folder) = std::env::var_os("HOLDPOINT_DOCUMENTS") else {
        return Vec::new();
    };
    let catalog = Catalog::shipped().unwrap();
    let read = |map: &DocumentMap| {
        let name = Path::new(&map.file).file_name().unwrap();
        std::fs::read_to_string(Path::new(&folder).join(name)).ok()
    };
    let maps = shipped_maps(&catalog).unwrap().into_iter();
    maps.filter_map(|map| Some((read(&map)?, map))).collect()
}

fn empty() -> Memory {
    Memory::empty("DOC.md")
}

/// The lines about signatures.
fn signed(text: &str) -> Vec<&str> {
    let about = ["Signature:**", "| Engineer", "| Auditor"];
    let lines = text.lines();
    lines
        .filter(|line| about.iter().any(|words| line.contains(words)))
        .collect()
}

const ANN: &str = "ann@example.com (SHA256:AbCdEfGh…, commit 1a2b3c4, counts until 2026-12-02)";
const BOARD: &str = "**Board Signature:** `_________` **Date:** _______";
const AUDITOR: &str = "| Auditor | ______ | ______ | ______ |";

#[test]
fn a_sign_off_fills_its_line_and_goes_out_again_with_it() {
    let first = Bench::of(4, 1).fill(DOCUMENT, &map(), &empty());
    let lead = format!("**Lead Signature:** {ANN} **Date:** 2026-02-27");
    let engineer = format!("| Engineer | ann@example.com | 2026-02-27 | {ANN} |");
    assert_eq!(signed(&first.text), [&*lead, BOARD, &*engineer, AUDITOR]);
    let reasons: Vec<_> = first.changes.iter().map(|one| &*one.why).collect();
    assert_eq!(reasons, ["signed off with a key"; 5]);
    let again = Bench::of(4, 1).fill(&first.text, &map(), &first.memory);
    assert_eq!((&again.text, &again.memory), (&first.text, &first.memory));
    assert_eq!(again.changes, []);
    let (restored, lost) = restore(&first.text, &first.memory);
    assert_eq!((restored.as_str(), lost), (DOCUMENT, vec![]));
    // It does not count any more.
    let gone = Bench::of(4, 0).fill(&first.text, &map(), &first.memory);
    assert_eq!(gone.text, DOCUMENT);
    assert!(gone.memory.is_empty());
    assert_eq!(gone.changes[0].why, "no sign-off counts for it");
}

#[test]
fn two_who_sign_stand_in_one_line_and_harm_nothing() {
    let both = Bench::of(4, 2).fill(DOCUMENT, &map(), &empty());
    let bob = ANN.replace("ann@", "bob\\|b\\*b@");
    let lead = format!("**Lead Signature:** {ANN}; {bob} **Date:** 2026-02-27; 2026-02-27");
    assert_eq!(signed(&both.text)[0], lead);
    // One of them is withdrawn.
    let one = Bench::of(4, 1).fill(&both.text, &map(), &both.memory);
    assert_eq!(
        one.text,
        Bench::of(4, 1).fill(DOCUMENT, &map(), &empty()).text
    );
}

#[test]
fn a_line_takes_the_sign_offs_of_its_gate_and_document_alone() {
    let mut bench = Bench::of(4, 0);
    bench.signatures = vec![
        signature("release", "other", "ann@example.com"),
        signature("elsewhere", "mail", "bob@example.com"),
    ];
    let text = bench.fill(DOCUMENT, &map(), &empty()).text;
    let lines = signed(&text);
    assert_eq!(lines[0], signed(DOCUMENT)[0]);
    assert!(lines[2].contains("ann@example.com") && !text.contains("bob"));
    // In a code span no mark is escaped, and none can end it.
    bench.signatures = vec![signature("release", "board", "a`b*@example.com")];
    let text = bench.fill(DOCUMENT, &map(), &empty()).text;
    let board = ANN.replace("ann@", "a'b*@");
    assert_eq!(
        signed(&text)[1],
        format!("**Board Signature:** `{board}` **Date:** 2026-02-27")
    );
}

#[test]
fn the_words_of_a_person_win() {
    let by_hand = DOCUMENT.replacen(
        "_________________ **Date:** _______",
        "Ann **Date:** today",
        1,
    );
    let kept = Bench::of(4, 1).fill(&by_hand, &map(), &empty());
    assert_eq!(
        signed(&kept.text)[0],
        "**Lead Signature:** Ann **Date:** today"
    );
    // Over what holdpoint had written.
    let first = Bench::of(4, 1).fill(DOCUMENT, &map(), &empty());
    let changed = first.text.replacen(ANN, "Ann herself", 1);
    for next in [Bench::of(4, 1), Bench::of(4, 2), Bench::of(4, 0)] {
        let after = next.fill(&changed, &map(), &first.memory).text;
        assert!(
            after.contains("**Lead Signature:** Ann herself **Date:** "),
            "{after}"
        );
    }
    let taken = Bench {
        take_over: true,
        ..Bench::of(4, 1)
    };
    assert_eq!(taken.fill(&changed, &map(), &first.memory).text, first.text);
    // A date that the map gives to a person by name.
    let mut own = map();
    own.items[4]
        .slots
        .push(slot(Some("Date"), None, Write::Person));
    let lead = Bench::of(4, 1).fill(DOCUMENT, &own, &empty()).text;
    assert!(signed(&lead)[0].ends_with("**Date:** _______"), "{lead}");
    // A map that gives a line back to people takes what holdpoint wrote there out.
    let back = Bench::of(4, 1).fill(&first.text, &own, &first.memory).text;
    assert_eq!(back, lead);
}

#[test]
fn secrets_stay_out_of_signatures() {
    let mut bench = Bench::of(4, 0);
    bench.signatures = vec![signature("release", "mail", "hunter2@example.com")];
    let first = bench.fill(DOCUMENT, &map(), &empty());
    assert!(!first.text.contains("hunter2") && first.text.contains("example.com (SHA256"));
    assert!(!first.memory.write().contains("hunter2"));
}

#[test]
fn the_users_documents_are_signed_on_their_lines() {
    let lines = [
        ("infrastructure", "**Team Omega Lead Signature:** "),
        ("quality", "**QA Lead Signature:** "),
        ("security-guide", "**Security Lead Signature:** "),
    ];
    for (text, map) in users() {
        let first = Bench::shipped(0, 1, &map.name).fill(&text, &map, &empty());
        let stamped = first.text.matches(ANN).count();
        match lines.iter().find(|(name, _)| *name == map.name) {
            Some((_, line)) => {
                let whole = format!("{line}{ANN} **Date:** 2026-02-27\n");
                assert!(first.text.contains(&whole), "{}", map.name);
                assert_eq!(stamped, 1, "{}", map.name);
            }
            None => assert_eq!(stamped, 0, "{}", map.name),
        }
        let unsigned = Bench::shipped(0, 0, &map.name);
        let gone = unsigned.fill(&first.text, &map, &first.memory);
        assert_eq!(gone.text, unsigned.fill(&text, &map, &empty()).text);
    }
}
