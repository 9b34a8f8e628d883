use super::*;
use std::collections::BTreeSet;

/// What a reader must be able to tell: a fault in the chain at its line, or a line without its end.
#[track_caller]
fn detected(chain: &Chain, line: usize, torn: bool, what: &str) {
    match torn {
        true => {
            let torn = chain
                .torn
                .as_ref()
                .unwrap_or_else(|| panic!("{what}: not torn"));
            assert_eq!(torn.line, line, "{what}");
            assert_eq!(chain.entries.len(), line - 1, "{what}");
        }
        false => {
            let at = |fault: &&Fault| fault.line == Some(line) && fault.path == CHAIN;
            let fault = chain.faults.iter().find(at);
            let fault = fault.unwrap_or_else(|| panic!("{what}: {:?}", chain.faults));
            let told = fault.to_string();
            assert!(told.starts_with(&format!("{CHAIN}:{line}: ")), "{told}");
        }
    }
}

#[test]
fn any_byte_of_a_chain_that_is_changed_or_taken_out_is_found() {
    let (_folder, ledger) = filled();
    let good = bytes(&ledger);
    let mut line = 1;
    for place in 0..good.len() {
        let last = place + 1 == good.len();
        for flip in [1_u8, 0x20, 0x80] {
            let mut changed = good.clone();
            changed[place] ^= flip;
            let chain = Chain::of(&changed, GATE, CHAIN);
            detected(&chain, line, last, &format!("byte {place} ^ {flip}"));
        }
        let mut shorter = good.clone();
        shorter.remove(place);
        let chain = Chain::of(&shorter, GATE, CHAIN);
        detected(&chain, line, last, &format!("without byte {place}"));
        for more in [b' ', b'\n', b'0'] {
            let mut longer = good.clone();
            longer.insert(place, more);
            let chain = Chain::of(&longer, GATE, CHAIN);
            // A newline before a newline makes an empty line of its own.
            let line = line + usize::from((more, good[place]) == (b'\n', b'\n'));
            let what = format!("{more} before byte {place}");
            detected(&chain, line, false, &what);
        }
        if good[place] == b'\n' {
            line += 1;
        }
    }
    // After the last newline: an empty line is a fault, the beginning of a line is torn.
    let after = |more: &[u8]| Chain::of(&[&good[..], more].concat(), GATE, CHAIN);
    detected(&after(b"\n"), 7, false, "an empty line");
    detected(&after(b"x\n"), 7, false, "a line of something else");
    detected(&after(b"x"), 7, true, "a beginning");
}

#[test]
fn any_byte_of_what_an_entry_names_is_held() {
    let (folder, ledger) = filled();
    let root = folder.path();
    let statements = root.join(".holdpoint/ledger/statements");
    let mut files: Vec<_> = std::fs::read_dir(statements)
        .unwrap()
        .map(|one| one.unwrap().path())
        .collect();
    files.push(root.join(".holdpoint/records/r-1.jsonl"));
    assert_eq!(files.len(), 8);
    for file in files {
        let shown = ledger.shown(&file);
        let good = std::fs::read(&file).unwrap();
        let found = |kind: fn(&FaultKind) -> bool, what: &str| {
            let faults = ledger.verify().faults;
            let at = |fault: &&Fault| fault.path == shown && kind(&fault.kind);
            assert!(
                faults.iter().any(|one| at(&one)),
                "{shown} {what}: {faults:?}"
            );
        };
        for place in 0..good.len() {
            let mut changed = good.clone();
            changed[place] ^= 1;
            std::fs::write(&file, &changed).unwrap();
            found(|kind| matches!(kind, FaultKind::Differs(_)), "changed");
            let mut shorter = good.clone();
            shorter.remove(place);
            std::fs::write(&file, &shorter).unwrap();
            found(|kind| matches!(kind, FaultKind::Differs(_)), "shorter");
        }
        std::fs::write(&file, [&good[..], b"\n"].concat()).unwrap();
        found(|kind| matches!(kind, FaultKind::Differs(_)), "longer");
        std::fs::remove_file(&file).unwrap();
        found(|kind| matches!(kind, FaultKind::Missing(_)), "missing");
        std::fs::create_dir(&file).unwrap();
        found(|kind| matches!(kind, FaultKind::Unreadable(_)), "a folder");
        std::fs::remove_dir(&file).unwrap();
        std::fs::write(&file, &good).unwrap();
        assert_eq!(ledger.verify().faults, []);
    }
}

#[test]
fn a_statement_asked_for_by_digest_is_that_one() {
    let (folder, ledger) = filled();
    let digest = ledger.read(GATE).unwrap().entries[3].statement.clone();
    let hex = digest.trim_start_matches("sha256:");
    let path = format!(".holdpoint/ledger/statements/{hex}.json");
    std::fs::write(folder.path().join(&path), "{}").unwrap();
    let fault = ledger.statement(&digest).unwrap_err();
    assert_eq!(
        (fault.path.as_str(), fault.kind),
        (path.as_str(), FaultKind::Differs(Named::default()))
    );
    std::fs::remove_file(folder.path().join(&path)).unwrap();
    let fault = ledger.statement(&digest).unwrap_err();
    assert_eq!(fault.to_string(), format!("{path}: it is not there"));
    for none in [
        "",
        "sha256:",
        "sha256:../../../etc/passwd",
        &digest.to_uppercase(),
        hex,
    ] {
        let fault = ledger.statement(none).unwrap_err();
        assert!(matches!(fault.kind, FaultKind::NoName(_)), "{none}");
    }
    // What is there with other bytes is not written over.
    std::fs::write(folder.path().join(&path), "{}").unwrap();
    let draft = statement(Kind::Decision, "go", b"{\"go\":true}");
    let fault = ledger.append(GATE, &draft, at(40)).unwrap_err();
    assert!(fault.to_string().contains(&path), "{fault}");
    assert_eq!(std::fs::read(folder.path().join(&path)).unwrap(), b"{}");
    assert_eq!(ledger.read(GATE).unwrap().entries.len(), 6);
}

#[test]
fn an_entry_taken_out_is_missed_by_the_next() {
    let (_folder, ledger) = filled();
    let lines = lines(&ledger);
    for out in 0..5 {
        let mut fewer = lines.clone();
        fewer.remove(out);
        let chain = with(&ledger, fewer.concat().as_bytes());
        let fault = &chain.faults[..];
        assert_eq!(fault.len(), 1, "{fault:?}");
        // The entry that came after it stands where it stood.
        assert_eq!(fault[0].line, Some(out + 1));
        assert!(matches!(&fault[0].kind, FaultKind::Removed(_)));
        let draft = statement(Kind::Decision, "go", b"{}");
        let refused = ledger.append(GATE, &draft, at(60)).unwrap_err();
        assert_eq!(refused, AppendFault::Faulty(chain.faults.clone()));
        let told = crate::diagnostic::Diagnostic::from(refused).to_string();
        assert!(
            told.contains("holdpoint verify") && told.contains(CHAIN),
            "{told}"
        );
    }
}

/// The chain alone does not know its end: who names a head does.
#[test]
fn a_cut_at_the_end_is_found_by_who_named_a_head() {
    let (_folder, ledger) = filled();
    let anchor = ledger.read(GATE).unwrap().heads[0].clone();
    let lines = lines(&ledger);
    for keep in 0..6 {
        let chain = with(&ledger, lines[..keep].concat().as_bytes());
        assert_eq!((chain.faults.len(), chain.entries.len()), (0, keep));
        assert!(!chain.holds(&anchor));
    }
    assert!(with(&ledger, lines.concat().as_bytes()).holds(&anchor));
}

#[test]
fn every_cut_is_torn_or_leaves_a_shorter_chain() {
    let (_folder, ledger) = filled();
    let good = bytes(&ledger);
    let mut before = 0;
    for cut in 0..good.len() {
        let chain = Chain::of(&good[..cut], GATE, CHAIN);
        before += usize::from(cut > 0 && good[cut - 1] == b'\n');
        assert_eq!(
            (chain.faults.len(), chain.entries.len()),
            (0, before),
            "{cut}"
        );
        let clean = cut == 0 || good[cut - 1] == b'\n';
        assert_eq!(chain.torn.is_none(), clean, "{cut}");
    }
}

/// An entry written anew with a digest of its own: the one after it misses the old one.
#[test]
fn an_entry_made_anew_does_not_fit() {
    let (_folder, ledger) = filled();
    let lines = lines(&ledger);
    let entry = ledger.read(GATE).unwrap().entries[1].clone();
    let forge = |change: fn(&mut Entry)| {
        let mut entry = entry.clone();
        change(&mut entry);
        let (_, line) = entry.seal().unwrap();
        let mut forged: Vec<_> = lines.iter().map(|line| line.clone().into_bytes()).collect();
        forged[1] = line;
        Chain::of(&forged.concat(), GATE, CHAIN)
    };
    let chain = forge(|entry| entry.subject = "headers.hsts".into());
    assert!(
        matches!(&chain.faults[..], [fault] if fault.line == Some(3) && matches!(fault.kind, FaultKind::Removed(_)))
    );
    let chain = forge(|entry| entry.sequence = 9);
    let faults: Vec<_> = chain
        .faults
        .iter()
        .map(|fault| (fault.line, &fault.kind))
        .collect();
    assert_eq!(
        faults[0],
        (
            Some(2),
            &FaultKind::Sequence {
                found: 9,
                expected: 2
            }
        )
    );
    assert_eq!(faults[1].0, Some(3));
    let chain = forge(|_| ());
    assert_eq!(chain.faults, []);
}

#[test]
fn a_sign_off_without_signature_is_told() {
    let (folder, ledger) = filled();
    let mut entry = ledger.read(GATE).unwrap().entries[2].clone();
    entry.signature = None;
    (entry.after, entry.sequence) = (Vec::new(), 1);
    let (_, line) = entry.seal().unwrap();
    std::fs::write(folder.path().join(CHAIN), line).unwrap();
    let faults = ledger.verify().faults;
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].path.as_str(), faults[0].line), (CHAIN, Some(1)));
    let told = faults[0].to_string();
    assert!(
        told.contains("the sign-off 'go by omega' of quality (entry 1) has no signature"),
        "{told}"
    );
}

#[test]
fn the_faults_of_a_line_are_told_apart() {
    let (_folder, ledger) = filled();
    let lines = lines(&ledger);
    let told = |line: &str| {
        let mut changed = lines.clone();
        changed[3] = line.to_owned();
        let chain = Chain::of(changed.concat().as_bytes(), GATE, CHAIN);
        let mine: Vec<_> = chain
            .faults
            .into_iter()
            .filter(|one| one.line == Some(4))
            .collect();
        assert_eq!(mine.len(), 1, "{mine:?}");
        mine[0].to_string()
    };
    let spaced = lines[3].replacen(":", ": ", 1);
    assert!(told(&spaced).contains("written anew"));
    let more = lines[3].replacen("{", "{\"a\":1,", 1);
    assert!(told(&more).contains("written anew"));
    let twice = lines[3].replacen("{\"digest\"", "{\"digest\":\"\",\"digest\"", 1);
    assert!(told(&twice).contains("written anew"));
    assert!(told(&lines[3].replacen("\"go\"", "\"no\"", 1)).contains("was changed after"));
    assert!(told("<<<<<<< HEAD\n").contains("mark of a conflict"));
    assert!(told("=======\n").contains("mark of a conflict"));
    assert!(told("\u{FEFF}{}\n").contains("is no entry"));
    assert!(told("\n").contains("is no entry"));
    assert!(told("[]\n").contains("it holds no entry"));
    assert!(told("{\"entry\":{}}\n").contains("it holds no digest"));
    // A line that a later version wrote is whole, and still not read.
    let value: serde_json::Value = serde_json::from_str(&lines[3]).unwrap();
    let later = |change: fn(&mut serde_json::Value)| {
        let mut entry = value["entry"].clone();
        change(&mut entry);
        let digest = crate::evidence::digest(&crate::evidence::canonical_bytes(&entry).unwrap());
        let line = serde_json::json!({ "digest": digest, "entry": entry });
        let line = crate::evidence::canonical_bytes(&line).unwrap();
        format!("{}\n", String::from_utf8(line).unwrap())
    };
    let next = told(&later(|entry| {
        entry["schema"] = "holdpoint.ledger/v2".into()
    }));
    assert!(next.contains("'holdpoint.ledger/v2'"), "{next}");
    let kind = told(&later(|entry| entry["kind"] = "promise".into()));
    assert!(kind.contains("promise"), "{kind}");
    let extra = told(&later(|entry| entry["extra"] = 1.into()));
    assert!(extra.contains("extra"), "{extra}");
    let none = told(&later(|entry| *entry = serde_json::json!({ "a": 1 })));
    assert!(none.contains("names no schema"), "{none}");
}

#[test]
fn a_line_that_is_there_twice_counts_once() {
    let (_folder, ledger) = filled();
    let lines = lines(&ledger);
    let twice = [&lines[..], &lines[1..3]].concat();
    let chain = with(&ledger, twice.concat().as_bytes());
    assert_eq!((chain.faults.len(), chain.entries.len()), (0, 6));
    assert_eq!(chain.repeated, [7, 8]);
    let draft = statement(Kind::Decision, "go", b"{}");
    assert_eq!(ledger.append(GATE, &draft, at(70)).unwrap().sequence, 7);
    // Nor does the order of lines say anything that the entries do not.
    let reversed: Vec<_> = lines.iter().rev().cloned().collect();
    let chain = with(&ledger, reversed.concat().as_bytes());
    assert_eq!(chain.faults, []);
    let numbers: Vec<_> = chain.entries.iter().map(|one| one.sequence).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn faults_of_all_lines_are_told_at_once() {
    let (_folder, ledger) = filled();
    let mut lines = lines(&ledger);
    lines[0] = "not json\n".into();
    lines[2] = "<<<<<<< ours\n".into();
    lines[4].insert(1, ' ');
    let chain = with(&ledger, lines.concat().as_bytes());
    let at: BTreeSet<_> = chain.faults.iter().filter_map(|fault| fault.line).collect();
    // Lines 2 and 4 miss the entries before them; line 5 still says which one it is, so line 6 does not.
    assert_eq!(at, BTreeSet::from([1, 2, 3, 4, 5]));
}
