use super::*;

#[test]
fn what_is_appended_is_read() {
    let (folder, ledger) = filled();
    let chain = ledger.read(GATE).unwrap();
    assert_eq!((&chain.faults[..], &chain.torn), (&[][..], &None));
    let kinds: Vec<_> = chain.entries.iter().map(|one| one.kind.word()).collect();
    assert_eq!(
        kinds,
        [
            "record",
            "waiver",
            "sign-off",
            "decision",
            "attestation",
            "withdrawal"
        ]
    );
    for (number, entry) in (1..).zip(&chain.entries) {
        assert_eq!(entry.sequence, number);
        assert_eq!(chain.line_of(&entry.digest), Some(number as usize));
        assert!(chain.holds(&entry.digest));
        assert_eq!(chain.entry(&entry.digest), Some(entry));
    }
    for pair in chain.entries.windows(2) {
        assert_eq!(pair[1].after, [pair[0].digest.clone()]);
    }
    assert_eq!(chain.entries[0].after, [""; 0]);
    assert_eq!(chain.heads, [chain.entries[5].digest.clone()]);
    // Each line is the canonical form, and says the schema.
    let line = &lines(&ledger)[0];
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let canonical = crate::evidence::canonical_bytes(&value).unwrap();
    assert_eq!(line.trim_end().as_bytes(), canonical);
    assert_eq!(value["entry"]["schema"], SCHEMA);
    assert_eq!(value["entry"]["at"], "2026-02-25T06:13:20Z");
    // What the entries name is there.
    let signed = ledger.stated(&chain.entries[2]).unwrap();
    assert_eq!(signed.bytes, b"{\"decision\":\"go\"}");
    assert_eq!(signed.signature.as_deref(), Some(SIGNATURE));
    let record = ledger.stated(&chain.entries[0]).unwrap();
    assert_eq!(record.bytes, b"{\"a\":1}\n");
    assert_eq!(record.signature, None);
    let statement = &chain.entries[3].statement;
    assert_eq!(ledger.statement(statement).unwrap(), b"{\"go\":true}");
    let verified = ledger.verify();
    assert_eq!((verified.faults, verified.unnamed), (vec![], vec![]));
    assert_eq!(verified.chains[GATE], chain);
    assert_eq!(ledger.gates().unwrap(), [GATE]);
    drop(folder);
}

#[test]
fn a_ledger_that_is_not_there_is_empty() {
    let (folder, ledger) = repository();
    assert_eq!(ledger.read(GATE).unwrap(), Chain::default());
    assert_eq!(ledger.verify(), Verified::default());
    assert_eq!(ledger.gates().unwrap(), [""; 0]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn gates_are_apart() {
    let (_folder, ledger) = filled();
    let draft = statement(Kind::Decision, "go", b"{\"go\":true}");
    let entry = ledger.append("release", &draft, at(9)).unwrap();
    assert_eq!((entry.sequence, entry.after.len()), (1, 0));
    assert_eq!(ledger.read(GATE).unwrap().entries.len(), 6);
    assert_eq!(ledger.gates().unwrap(), [GATE, "release"]);
    // An entry carried over to another gate's chain is none of its own.
    let foreign = lines(&ledger)[0].clone();
    std::fs::write(ledger.root.join(".holdpoint/ledger/pi.jsonl"), foreign).unwrap();
    let chain = ledger.read("pi").unwrap();
    assert_eq!(chain.faults.len(), 1);
    assert_eq!(chain.faults[0].kind, FaultKind::OtherGate(GATE.into()));
    assert!(
        chain.faults[0]
            .to_string()
            .starts_with(".holdpoint/ledger/pi.jsonl:1: ")
    );
}

#[test]
fn the_same_is_not_appended_twice_where_that_is_asked_for() {
    let (folder, ledger) = filled();
    let before = bytes(&ledger);
    let waiver = statement(Kind::Waiver, "headers.csp", b"{\"until\":\"2026-04-01\"}");
    let had = ledger.append_new(GATE, &waiver, at(50)).unwrap();
    assert_eq!(had.sequence, 2);
    let record = Draft::Record { run: "r-1" };
    assert_eq!(
        ledger.append_new(GATE, &record, at(50)).unwrap().sequence,
        1
    );
    assert_eq!(bytes(&ledger), before);
    // Another statement, another subject, another signature, or one that was replaced since, is new.
    let longer = statement(Kind::Waiver, "headers.csp", b"{\"until\":\"2026-05-01\"}");
    assert_eq!(
        ledger.append_new(GATE, &longer, at(51)).unwrap().sequence,
        7
    );
    assert_eq!(
        ledger.append_new(GATE, &waiver, at(52)).unwrap().sequence,
        8
    );
    let other = statement(Kind::Waiver, "headers.coop", b"{\"until\":\"2026-04-01\"}");
    assert_eq!(ledger.append_new(GATE, &other, at(53)).unwrap().sequence, 9);
    assert_eq!(ledger.append(GATE, &other, at(54)).unwrap().sequence, 10);
    let run = folder.path().join(".holdpoint/records/r-1.jsonl");
    std::fs::write(run, "{\"a\":1}\n{\"b\":2}\n").unwrap();
    assert_eq!(
        ledger.append_new(GATE, &record, at(55)).unwrap().sequence,
        11
    );
    // The record that was named first is no longer what it was.
    let verified = ledger.verify();
    assert_eq!(verified.faults.len(), 1);
    assert_eq!(verified.faults[0].path, ".holdpoint/records/r-1.jsonl");
    assert!(matches!(verified.faults[0].kind, FaultKind::Differs(_)));
}

#[test]
fn what_cannot_be_is_refused() {
    let (folder, ledger) = repository();
    let refused = |gate: &str, draft: &Draft<'_>| {
        let fault = ledger.append(gate, draft, at(0)).unwrap_err();
        crate::diagnostic::Diagnostic::from(fault).to_string()
    };
    let draft = statement(Kind::Decision, "go", b"{}");
    for gate in [
        "",
        "../quality",
        "a/b",
        ".hidden",
        "-x",
        "a b",
        "é",
        &"a".repeat(101),
    ] {
        let told = refused(gate, &draft);
        assert!(told.contains("not the name of a gate"), "{told}");
        assert!(ledger.read(gate).is_err());
    }
    let unsigned = |kind| Draft::Statement {
        kind,
        subject: "go",
        bytes: b"{}",
        signature: None,
    };
    let long = "a".repeat(201);
    for (draft, says) in [
        (unsigned(Kind::SignOff), "a sign-off without a signature"),
        (
            unsigned(Kind::Withdrawal),
            "a withdrawal without a signature",
        ),
        (unsigned(Kind::Record), "by its run"),
        (Draft::Record { run: "../r" }, "cannot be the name of a run"),
        (Draft::Record { run: "r-9" }, ".holdpoint/records/r-9.jsonl"),
        (statement(Kind::Waiver, "a\nb", b""), "one line"),
        (statement(Kind::Waiver, &long, b""), "at most 200 bytes"),
    ] {
        let told = refused(GATE, &draft);
        assert!(told.contains(says), "{told}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn other_folders_of_records_are_found() {
    let (folder, ledger) = repository();
    let records = folder.path().join("evidence");
    std::fs::create_dir(&records).unwrap();
    std::fs::write(records.join("r-1.jsonl"), "{}\n").unwrap();
    let ledger = ledger.with_records(&records);
    let entry = ledger
        .append(GATE, &Draft::Record { run: "r-1" }, at(0))
        .unwrap();
    assert_eq!(ledger.stated(&entry).unwrap().bytes, b"{}\n");
    std::fs::remove_file(records.join("r-1.jsonl")).unwrap();
    let fault = ledger.stated(&entry).unwrap_err();
    assert_eq!(fault.path, "evidence/r-1.jsonl");
    let told = fault.to_string();
    assert!(
        told.contains("it is not there, and the record 'r-1' of quality (entry 1) names it"),
        "{told}"
    );
}

#[test]
fn a_crash_before_the_line_leaves_a_statement_that_nothing_names() {
    let (_folder, ledger) = filled();
    let draft = statement(Kind::SignOff, "go by sigma", b"{\"decision\":\"no-go\"}");
    ledger
        .keep(b"{\"decision\":\"no-go\"}", Some(SIGNATURE))
        .unwrap();
    let verified = ledger.verify();
    assert_eq!(verified.faults, []);
    assert_eq!(verified.unnamed.len(), 2);
    assert!(
        verified.unnamed[1].ends_with(".json.sig"),
        "{:?}",
        verified.unnamed
    );
    assert_eq!(verified.chains[GATE].entries.len(), 6);
    // The same again takes what is there.
    ledger.append(GATE, &draft, at(20)).unwrap();
    let verified = ledger.verify();
    assert_eq!((verified.faults, verified.unnamed), (vec![], vec![]));
}

#[test]
fn a_line_cut_short_is_left_out_and_mended() {
    let (_folder, ledger) = filled();
    let whole = bytes(&ledger);
    let last = lines(&ledger)[5].len();
    let start = whole.len() - last;
    let draft = statement(Kind::Decision, "go again", b"{\"go\":1}");
    for cut in 0..last {
        let chain = with(&ledger, &whole[..start + cut]);
        assert_eq!(
            (chain.entries.len(), &chain.faults[..]),
            (5, &[][..]),
            "{cut}"
        );
        assert_eq!(chain.heads, [chain.entries[4].digest.clone()]);
        match cut {
            0 => assert_eq!(chain.torn, None),
            _ => {
                let torn = chain.torn.as_ref().unwrap();
                assert_eq!((torn.line, torn.bytes), (6, cut));
                assert_eq!(torn.whole.is_some(), cut == last - 1);
            }
        }
        let entry = ledger.append(GATE, &draft, at(30)).unwrap();
        let mended = ledger.read(GATE).unwrap();
        assert_eq!(
            (&mended.faults[..], &mended.torn),
            (&[][..], &None),
            "{cut}"
        );
        // An entry that lacked only its newline is one: it is not lost.
        let expected = if cut == last - 1 { 7 } else { 6 };
        assert_eq!(mended.entries.len(), expected, "{cut}");
        assert_eq!(entry.sequence, expected as u64);
        assert_eq!(mended.heads, [entry.digest]);
    }
}

#[test]
fn attributes_are_found_by_line() {
    let all: Vec<_> = ATTRIBUTES.lines().collect();
    assert_eq!(missing_attributes(""), all);
    assert_eq!(missing_attributes(ATTRIBUTES), [""; 0]);
    assert_eq!(
        missing_attributes(&ATTRIBUTES.replace('\n', "\r\n")),
        [""; 0]
    );
    let some = ".holdpoint/ledger/*.jsonl  -text\tmerge=union linguist-generated\n# .holdpoint/records/*.jsonl -text\n";
    assert_eq!(missing_attributes(some), all[1..]);
    let apart = ".holdpoint/ledger/*.jsonl merge=union\n.holdpoint/ledger/*.jsonl -text\n";
    assert_eq!(missing_attributes(apart), all[1..]);
    assert_eq!(missing_attributes("*.jsonl merge=union -text\n"), all);
    let (folder, ledger) = repository();
    assert_eq!(ledger.missing_attributes().unwrap(), all);
    std::fs::write(folder.path().join(".gitattributes"), ATTRIBUTES).unwrap();
    assert_eq!(ledger.missing_attributes().unwrap(), [""; 0]);
    // Those of the folder itself say the same of what is in it.
    std::fs::remove_file(folder.path().join(".gitattributes")).unwrap();
    let own = folder.path().join(".holdpoint/.gitattributes");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::write(own, ATTRIBUTES.replace(".holdpoint/", "")).unwrap();
    assert_eq!(ledger.missing_attributes().unwrap(), [""; 0]);
    std::fs::write(folder.path().join(".gitattributes"), b"\xFF").unwrap();
    assert!(ledger.missing_attributes().is_err());
}

#[test]
fn threads_do_not_fork_a_chain() {
    let (_folder, ledger) = repository();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let ledger = &ledger;
            scope.spawn(move || {
                for number in 0..6 {
                    let text = format!("{{\"t\":{thread},\"n\":{number}}}");
                    let draft = statement(Kind::Decision, "go", text.as_bytes());
                    ledger.append(GATE, &draft, at(number)).unwrap();
                }
            });
        }
    });
    let verified = ledger.verify();
    assert_eq!((verified.faults, verified.unnamed), (vec![], vec![]));
    let chain = &verified.chains[GATE];
    let numbers: Vec<_> = chain.entries.iter().map(|one| one.sequence).collect();
    assert_eq!(numbers, (1..=48).collect::<Vec<_>>());
    assert_eq!(chain.heads.len(), 1);
}

#[test]
fn who_holds_the_chain_too_long_is_told_of() {
    // Shorter than the real wait: only what is said when it is over.
    let told = AppendFault::Busy(CHAIN.into());
    let told = crate::diagnostic::Diagnostic::from(told).to_string();
    assert!(
        told.contains(CHAIN) && told.contains("another holdpoint"),
        "{told}"
    );
    let (_folder, ledger) = filled();
    let held = std::fs::File::open(ledger.root.join(CHAIN)).unwrap();
    held.lock().unwrap();
    let again = std::fs::File::open(ledger.root.join(CHAIN)).unwrap();
    let wait = std::time::Duration::from_millis(30);
    let refused = crate::evidence::lock_within(&again, wait);
    assert!(matches!(refused, Err(std::fs::TryLockError::WouldBlock)));
    drop(held);
    crate::evidence::lock_within(&again, wait).unwrap();
}
