//! `holdpoint verify`: whether everything is as it was written and signed, with nothing but the repository.

use super::args::VerifyArguments;
use super::exit::Exit;
use super::grounds::Grounds;
use super::output::Output;
use super::prepare::{self, Environment};
use super::signed_documents::unlike_records;
use crate::diagnostic::Diagnostic;
use crate::ledger::{Kind, Verified};
use crate::model::{Lapse, Standing};
use crate::release::{GateStanding, Ground, Withheld, stand};
use std::collections::BTreeSet;

pub(super) fn verify(
    arguments: &VerifyArguments,
    output: &Output,
    environment: &Environment,
) -> Exit {
    match tell(arguments, output, environment) {
        Ok(exit) => exit,
        Err(problems) => output.diagnose(&problems),
    }
}

/// What was looked at, and everything that is wrong.
struct Told {
    /// What was looked at, each with what came of it.
    looked: Vec<(&'static str, String)>,
    /// What was changed, is gone, or is not signed by whom it says.
    faults: Vec<String>,
    /// How each sign-off stands.
    words: Vec<String>,
    /// There is a sign-off that does not count any more.
    lapsed: bool,
    /// There is a sign-off at all.
    signed: bool,
}

fn tell(
    arguments: &VerifyArguments,
    output: &Output,
    environment: &Environment,
) -> Result<Exit, Vec<Diagnostic>> {
    let (settings, catalog) = prepare::catalog(&arguments.subject, environment)?;
    let grounds = Grounds::read(&settings, &catalog, &environment.secrets)?;
    let wanted = arguments
        .gate
        .as_deref()
        .map(|name| grounds.gate(name))
        .transpose()?;
    let told = grounds.with(arguments.environment.as_deref(), None, |ground| {
        ground.history.read_all();
        let standings = stand(ground);
        let of = |one: &&GateStanding<'_>| wanted.is_none_or(|gate| gate.name == one.gate.name);
        let chosen: Vec<&GateStanding<'_>> = standings.iter().filter(of).collect();
        let mut told = look(ground, &chosen, &ground.ledger.verify());
        let signatures = grounds.signatures(&standings);
        for one in chosen.iter().filter(|one| !one.sign_offs.is_empty()) {
            let unlike = unlike_records(&grounds, &settings, &catalog, &environment.secrets, one, &signatures);
            told.lapsed |= !unlike.is_empty();
            let each = unlike.into_iter().map(|path| format!("✗ {path}: what holdpoint wrote there is not what its record says; holdpoint docs shows the difference"));
            told.words.extend(each);
        }
        told
    });
    let mut text = String::new();
    for (what, found) in &told.looked {
        text.push_str(&format!("{what:<11} {found}\n"));
    }
    if !told.words.is_empty() {
        text.push('\n');
    }
    for line in told.words.iter().chain(&told.faults) {
        text.push_str(line);
        text.push('\n');
    }
    let (exit, closing) = if !told.faults.is_empty() {
        (
            Exit::NoGo,
            "NOT VERIFIED  what is marked was changed, is gone, or is not signed by whom it says",
        )
    } else if !told.signed {
        (
            Exit::NothingSelected,
            "NOTHING SIGNED  holdpoint gate tells how the gates stand",
        )
    } else if told.lapsed {
        (
            Exit::Undecided,
            "VERIFIED, LAPSED  all is as it was written; what is marked does not count any more",
        )
    } else {
        (
            Exit::Go,
            "VERIFIED  all is as it was written, and every sign-off counts",
        )
    };
    text.push_str(&format!("\n{closing}\n"));
    match output.print(&text) {
        true => Ok(exit),
        false => Ok(exit.unless_written()),
    }
}

fn look(ground: &Ground<'_>, standings: &[&GateStanding<'_>], ledger: &Verified) -> Told {
    let mut faults: Vec<String> = ledger
        .faults
        .iter()
        .map(|fault| format!("✗ {fault}"))
        .collect();
    faults.extend(ground.history.faults().map(|fault| format!("✗ {fault}")));
    let mut words = Vec::new();
    let (mut lapsed, mut signed, mut good) = (false, 0, 0);
    let (mut documents, mut as_signed) = (BTreeSet::new(), BTreeSet::new());
    for standing in standings {
        for word in &standing.sign_offs {
            signed += 1;
            good += usize::from(word.fingerprint.is_some());
            words.push(line(word));
            for lapse in &word.lapses {
                match lapse.lapse {
                    Lapse::Altered => faults.push(format!(
                        "✗ {}'s sign-off of {}: {}",
                        word.sign_off.by, word.sign_off.gate, lapse.why
                    )),
                    _ => lapsed = true,
                }
            }
            for document in &word.sign_off.documents {
                documents.insert(document.path.clone());
                let is = ground.documents.get(&document.name);
                if is.is_some_and(|is| is.semantic == document.semantic) {
                    as_signed.insert(document.path.clone());
                }
            }
        }
    }
    for Withheld { how, .. } in standings.iter().flat_map(|one| &one.withheld) {
        signed += 1;
        good += 1;
        lapsed = true;
        words.push(format!("✗ {how}"));
    }
    for line in standings.iter().flat_map(|one| &one.faults) {
        let line = format!("✗ {line}");
        if !faults.contains(&line) {
            faults.push(line);
        }
    }
    let entries: usize = ledger
        .chains
        .values()
        .map(|chain| chain.entries.len())
        .sum();
    let torn = ledger
        .chains
        .iter()
        .filter(|(_, chain)| chain.torn.is_some());
    let torn: Vec<String> = torn
        .map(|(gate, _)| {
            format!(
                "; the last line of {gate} was cut off while it was written, and does not count"
            )
        })
        .collect();
    let records: BTreeSet<&str> = ledger
        .chains
        .values()
        .flat_map(|chain| chain.of_kind(Kind::Record))
        .map(|entry| entry.subject.as_str())
        .collect();
    let whole = |bad: bool| if bad { "not whole" } else { "whole" };
    let mut looked = vec![
        (
            "ledger",
            format!(
                "{}, {}: {}{}",
                some(ledger.chains.len(), "chain"),
                some(entries, "entry"),
                whole(!ledger.faults.is_empty()),
                torn.concat()
            ),
        ),
        (
            "records",
            format!(
                "{} named by the ledger, held to the digests there",
                some(records.len(), "record")
            ),
        ),
        (
            "signatures",
            format!("{good} of {signed} by people who may sign"),
        ),
        (
            "documents",
            format!(
                "{} of {} as they were signed",
                as_signed.len(),
                documents.len()
            ),
        ),
    ];
    if !ledger.unnamed.is_empty() {
        looked.push((
            "beside it",
            format!(
                "{} that no entry names, which harms nothing",
                some(ledger.unnamed.len(), "statement")
            ),
        ));
    }
    Told {
        looked,
        faults,
        words,
        lapsed,
        signed: signed > 0,
    }
}

fn line(word: &Standing) -> String {
    let sign_off = &word.sign_off;
    let mark = if word.is_valid() { "✓" } else { "✗" };
    let commit: String = sign_off.commit.chars().take(12).collect();
    let mut line = format!(
        "{mark} {} signed {}: {}\n    on {} for commit {commit}",
        sign_off.by,
        sign_off.gate,
        word.words(),
        sign_off.at.strftime("%Y-%m-%d %H:%M UTC"),
    );
    for lapsed in word.lapses.iter().filter(|one| one.lapse != Lapse::Altered) {
        line.push_str(&format!("\n    {}: {}", lapsed.lapse, lapsed.why));
    }
    for remark in &word.remarks {
        line.push_str(&format!("\n    {remark}"));
    }
    line
}

fn some(number: usize, word: &str) -> String {
    match (number, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {word}s"),
    }
}
