//! Tests of the ledger: what is appended is read, what is changed is found, what is cut short is mended.

mod statements;
mod tampering;
mod whole;

use super::*;
use jiff::Timestamp;
use tempfile::TempDir;

const GATE: &str = "quality";
const CHAIN: &str = ".holdpoint/ledger/quality.jsonl";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_772_000_000 + second).unwrap()
}

fn repository() -> (TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::at(folder.path());
    (folder, ledger)
}

fn statement<'a>(kind: Kind, subject: &'a str, bytes: &'a [u8]) -> Draft<'a> {
    let signature = kind.needs_signature().then_some(SIGNATURE);
    Draft::Statement {
        kind,
        subject,
        bytes,
        signature,
    }
}

const SIGNATURE: &str = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n";

/// A chain with an entry of every kind; the third is signed, and so is the last.
fn filled() -> (TempDir, Ledger) {
    let (folder, ledger) = repository();
    let records = folder.path().join(".holdpoint/records");
    std::fs::create_dir_all(&records).unwrap();
    std::fs::write(records.join("r-1.jsonl"), "{\"a\":1}\n").unwrap();
    let drafts = [
        Draft::Record { run: "r-1" },
        statement(Kind::Waiver, "headers.csp", b"{\"until\":\"2026-04-01\"}"),
        statement(Kind::SignOff, "go by omega", b"{\"decision\":\"go\"}"),
        statement(Kind::Decision, "go", b"{\"go\":true}"),
        statement(Kind::Attestation, "process.rota", b"{\"yes\":1}"),
        statement(Kind::Withdrawal, "go by omega", b"{\"withdrawn\":1}"),
    ];
    for (second, draft) in (0..).zip(&drafts) {
        ledger.append(GATE, draft, at(second)).unwrap();
    }
    (folder, ledger)
}

/// Writes over a file, and reads the chain.
fn with(ledger: &Ledger, bytes: &[u8]) -> Chain {
    std::fs::write(ledger.root.join(CHAIN), bytes).unwrap();
    ledger.read(GATE).unwrap()
}

fn bytes(ledger: &Ledger) -> Vec<u8> {
    std::fs::read(ledger.root.join(CHAIN)).unwrap()
}

fn lines(ledger: &Ledger) -> Vec<String> {
    let text = String::from_utf8(bytes(ledger)).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}
