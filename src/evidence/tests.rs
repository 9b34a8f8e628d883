//! Tests of the record through its writer and its reader.

mod repository;

use super::*;
use crate::model::{self, Facts, Observation, Verdict};
use crate::secret::Book;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;
use std::path::Path;

fn header(run: &str) -> Header {
    serde_json::from_value(json!({
        "schema": SCHEMA, "run": run, "tool": "0", "started": "2026-01-01T00:00:00Z", "target": null,
        "environment": "", "level": "static", "fail_on": "medium", "selection": [], "project": "",
        "root": "", "commit": null, "dirty": null, "subject": {}, "inputs": [], "waivers": "",
        "waivers_file": "", "catalogue": {},
    }))
    .unwrap()
}

fn ending() -> Ending {
    Ending {
        ended: "2026-01-01T00:00:01Z".parse().unwrap(),
        duration_ms: 1,
        cut_short: None,
        decision: "go".into(),
    }
}

fn line(key: &str) -> Vec<u8> {
    let seen = Observation {
        probe: "file".into(),
        label: "é".repeat(20),
        key: key.into(),
        started: "2026-01-01T00:00:00Z".parse().unwrap(),
        duration_ms: 0,
        attempts: 1,
        facts: Facts::new(),
        hindrance: None,
        excerpts: vec![],
        digest: String::new(),
    };
    seal(seen, &Book::default()).1
}

fn writer(folder: &Path) -> RecordWriter {
    RecordWriter::create(folder, &header("r"), &[], &[], &Book::default()).unwrap()
}

#[test]
fn a_baseline_is_kept_whole_and_an_older_one_is_read() {
    let held = model::Held {
        verdict: Verdict::Inconclusive,
        reason: "why".into(),
        faults: vec![("GET /".into(), 5)],
        unseen: vec![("GET /".into(), 7), ("GET /a".into(), 0)],
        partly: true,
        definition: "sha256:1".into(),
    };
    let mut one = model::Baseline {
        run: "r".into(),
        digest: "sha256:0".into(),
        target: None,
        environment: String::new(),
        cut_short: false,
        checks: [("a.b".to_owned(), held)].into(),
    };
    let mut written = serde_json::to_value(Baseline::from(&one)).unwrap();
    let read: Baseline = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(model::Baseline::from(&read), one);
    written["checks"]["a.b"] = json!({ "verdict": "inconclusive", "definition": "sha256:1" });
    let held = one.checks.get_mut("a.b").unwrap();
    *held = model::Held {
        verdict: Verdict::Inconclusive,
        reason: String::new(),
        faults: vec![],
        unseen: vec![],
        partly: false,
        definition: "sha256:1".into(),
    };
    let read: Baseline = serde_json::from_value(written).unwrap();
    assert_eq!(model::Baseline::from(&read), one);
}

#[tokio::test]
async fn a_line_cut_within_a_character_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let record = writer(folder.path());
    record.append(line("L1")).written().await.unwrap();
    let whole = std::fs::read(record.path()).unwrap();
    record.append(line("L2")).written().await.unwrap();
    let more = std::fs::read(record.path()).unwrap();
    for end in whole.len()..more.len() {
        std::fs::write(record.path(), &more[..end]).unwrap();
        let read = read(record.path()).unwrap();
        assert_eq!((read.observations.len(), read.torn), (1, end > whole.len()));
    }
}

#[tokio::test]
async fn what_was_handed_over_is_written_though_nobody_waits_and_nothing_follows_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let record = writer(folder.path());
    drop(record.append(line("L1")));
    record.flush().await.unwrap();
    assert_eq!(read(record.path()).unwrap().observations.len(), 1);
    record.close(ending()).await.unwrap();
    assert!(record.append(line("L2")).written().await.is_err());
    assert_eq!(read(record.path()).unwrap().observations.len(), 1);
}

#[test]
fn the_subject_is_what_the_record_holds() {
    let book = Book::default();
    book.register("KEY", "hunter2hunter2");
    let facts = Facts::from_iter([
        ("b".to_owned(), json!("https://u:hunter2hunter2@h")),
        ("a".to_owned(), json!(1.0)),
    ]);
    let recorded = as_recorded(facts, &book);
    assert_eq!(
        serde_json::to_string(&recorded).unwrap(),
        r#"{"a":1,"b":"https://u:‹KEY›@h"}"#
    );
}

#[test]
fn a_run_is_named_by_its_moment() {
    let name = |at: &str| name_of_run(at.parse().unwrap());
    assert_eq!(name("2026-03-02T09:00:00Z"), "20260302T090000Z-000000");
    assert_eq!(name("2026-03-02T09:00:00.5Z"), "20260302T090000Z-800000");
    assert_eq!(
        name("2026-03-02T09:00:00.999999999Z"),
        "20260302T090000Z-ffffff"
    );
}

proptest! {
    /// The newest record is found by name: of two runs of one second, too.
    #[test]
    fn names_of_runs_stand_in_the_order_of_time(
        at in 0_i64..4_102_444_800_000_000_000, later in 60_i64..3_000_000_000,
    ) {
        let moment = |at| Timestamp::from_nanosecond(i128::from(at)).unwrap();
        prop_assert!(name_of_run(moment(at)) < name_of_run(moment(at + later)));
    }
}
