//! The sign-offs of a gate: read from its chain, their signatures held to the list of signers, their validity computed.

use super::ground::Ground;
use super::history::{Told, Window};
use super::wire::{Predicate, SIGN_OFF};
use crate::attest::{self, Refusal};
use crate::gate::{Code, News, Now, SignatureFault, validity};
use crate::ledger::statement::Statement;
use crate::ledger::{Chain, Entry, Kind};
use crate::model::{Gate, SignOff, Standing};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a chain holds of people's words, as it stands now.
pub(super) struct Words {
    /// The last word of each person for the environment, the newest first.
    pub(super) sign_offs: Vec<Standing>,
    /// Who says no.
    pub(super) withheld: Vec<Withheld>,
    /// What of the chain or its statements is not as it was written, in one line each.
    pub(super) faults: Vec<String>,
    /// What people should know that changes nothing.
    pub(super) remarks: Vec<String>,
}

/// A person's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Who says it.
    pub by: String,
    /// Who, when and why, in one line.
    pub how: String,
    /// When it was said.
    pub at: Timestamp,
}

/// A person's word that was read from the chain.
struct Read {
    sign_off: SignOff,
    entry: Entry,
    fingerprint: Option<String>,
    signature: Result<(), SignatureFault>,
}

impl Read {
    /// They are one statement.
    fn says_the_same(&self, other: &Self) -> bool {
        self.entry.statement == other.entry.statement
    }

    /// Says that nobody gave this word, where that is so.
    fn forged(&self) -> Option<String> {
        let fault = self
            .signature
            .as_ref()
            .err()
            .filter(|fault| !fault.revoked)?;
        let SignOff { by, gate, at, .. } = &self.sign_off;
        let at = at.strftime("%Y-%m-%d %H:%M UTC");
        Some(format!(
            "the word of {by} on {gate} of {at} is not signed by them: {}",
            fault.why
        ))
    }

    /// Does it take the place of a word of the same person that stands before it in the chain? Anybody can write the
    /// chain anew, in another order, and nobody can change when a word says that it was signed.
    fn replaces(&self, before: &Self) -> bool {
        match (&before.signature, &self.signature) {
            // One that nobody may give does not take the place of one that somebody gave.
            (Ok(()), Err(_)) => false,
            (Ok(()), Ok(())) => !self.sign_off.released || self.sign_off.at >= before.sign_off.at,
            (Err(_), _) => true,
        }
    }
}

/// The circumstances of a gate that its sign-offs are held to.
pub(super) struct Circumstances<'a> {
    pub(super) gate: &'a Gate,
    pub(super) checks: &'a str,
    pub(super) environment: Option<&'a str>,
    pub(super) closed: &'a [String],
    pub(super) evidence: &'a [&'a Told],
}

/// Reads the words of people in a gate's chain.
pub(super) fn words(ground: &Ground<'_>, about: &Circumstances<'_>) -> Words {
    let gate = about.gate;
    let mut words = Words {
        sign_offs: Vec::new(),
        withheld: Vec::new(),
        faults: Vec::new(),
        remarks: Vec::new(),
    };
    let chain = match ground.ledger.read(&gate.name) {
        Ok(chain) => chain,
        Err(fault) => {
            words.faults.push(fault.to_string());
            return words;
        }
    };
    words
        .faults
        .extend(chain.faults.iter().map(ToString::to_string));
    let mut read: Vec<Read> = Vec::new();
    // A no that lacks only the end of its line was said: it must not go with one byte.
    let torn = chain.torn.as_ref().and_then(|torn| torn.whole.as_ref());
    let said = torn.filter(|entry| entry.kind == Kind::Withdrawal);
    for entry in chain.entries.iter().chain(said) {
        if !matches!(entry.kind, Kind::SignOff | Kind::Withdrawal) {
            // What it rests on must be as it was written, too.
            let stated = ground.ledger.stated(entry);
            words
                .faults
                .extend(stated.err().map(|fault| fault.to_string()));
            continue;
        }
        match read_word(ground, gate, entry) {
            // Who enters a word again says nothing new, whoever it is.
            Ok(word) if read.iter().any(|one| one.says_the_same(&word)) => {}
            Ok(word) => read.push(word),
            Err(fault) => words.faults.push(fault),
        }
    }
    let environment = about
        .environment
        .map(str::to_owned)
        .or_else(|| read.last().map(|word| word.sign_off.environment.clone()));
    let environment = environment.unwrap_or_default();
    let (read, others): (Vec<Read>, Vec<Read>) = read.into_iter().partition(|word| {
        let own = &word.sign_off.environment;
        *own == environment || own.is_empty()
    });
    words.faults.extend(others.iter().filter_map(Read::forged));
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for (place, word) in read.iter().enumerate() {
        match last.get(&word.sign_off.by) {
            Some(other) if !word.replaces(&read[*other]) => {}
            _ => _ = last.insert(word.sign_off.by.clone(), place),
        }
    }
    let mut places: Vec<usize> = last.into_values().collect();
    places.sort_unstable();
    let passed_over = read
        .iter()
        .enumerate()
        .filter(|(place, _)| !places.contains(place));
    words
        .faults
        .extend(passed_over.filter_map(|(_, word)| word.forged()));
    for place in places.into_iter().rev() {
        let word = &read[place];
        if word.sign_off.released {
            words
                .sign_offs
                .push(standing(ground, about, word, None, &chain));
            continue;
        }
        let how = taken_back(&word.sign_off);
        match &word.signature {
            Ok(()) => words.withheld.push(Withheld {
                by: word.sign_off.by.clone(),
                how: how.clone(),
                at: word.sign_off.at,
            }),
            Err(fault) if fault.revoked => words.remarks.push(format!(
                "{how}; that does not count any more: {}",
                fault.why
            )),
            Err(_) => words.faults.extend(word.forged()),
        }
        // What was taken back is shown as it stood.
        let before = read[..place]
            .iter()
            .rfind(|one| one.sign_off.by == word.sign_off.by && one.sign_off.released);
        if let Some(before) = before.filter(|_| word.signature.is_ok()) {
            words
                .sign_offs
                .push(standing(ground, about, before, Some(how), &chain));
        }
    }
    words
}

fn taken_back(word: &SignOff) -> String {
    let day = word.at.strftime("%Y-%m-%d");
    match word.comment.is_empty() {
        true => format!("{} said no on {day}", word.by),
        false => format!("{} said no on {day}: {}", word.by, word.comment),
    }
}

fn read_word(ground: &Ground<'_>, gate: &Gate, entry: &Entry) -> Result<Read, String> {
    let stated = ground
        .ledger
        .stated(entry)
        .map_err(|fault| fault.to_string())?;
    let sign_off = parse(&stated.bytes).map_err(|cause| {
        format!(
            "the {} '{}' cannot be read: {cause}",
            entry.kind, entry.subject
        )
    })?;
    if sign_off.gate != gate.name {
        return Err(format!(
            "a sign-off of the gate {} stands in the chain of {}",
            sign_off.gate, gate.name
        ));
    }
    if sign_off.released != (entry.kind == Kind::SignOff) {
        return Err(format!(
            "the {} '{}' does not say what its entry says",
            entry.kind, entry.subject
        ));
    }
    let armored = stated.signature.unwrap_or_default();
    let namespace = gate.namespace();
    let (signature, fingerprint) = match ground.signers {
        None => {
            let why = "there is no list of allowed signers, so nobody may sign".to_owned();
            (Err(SignatureFault { revoked: true, why }), None)
        }
        Some(signers) => {
            let told = attest::verify(
                &stated.bytes,
                &armored,
                &namespace,
                &sign_off.by,
                sign_off.at,
                signers,
                ground.revoked,
            );
            match told {
                Ok(verified) => (Ok(()), Some(verified.fingerprint)),
                Err(refusal) => (Err(fault_of(&refusal)), None),
            }
        }
    };
    Ok(Read {
        sign_off,
        entry: entry.clone(),
        fingerprint,
        signature,
    })
}

fn fault_of(refusal: &Refusal) -> SignatureFault {
    let revoked = match refusal {
        Refusal::Revoked { .. }
        | Refusal::NotListed { .. }
        | Refusal::NotPermitted { .. }
        | Refusal::NotYetValid { .. }
        | Refusal::Expired { .. } => true,
        Refusal::NotASignature { .. }
        | Refusal::WrongNamespace { .. }
        | Refusal::Altered
        | Refusal::Weak { .. }
        | Refusal::Untouched => false,
    };
    SignatureFault {
        revoked,
        why: refusal.to_string(),
    }
}

/// Reads the statement of a sign-off.
pub(super) fn parse(bytes: &[u8]) -> Result<SignOff, String> {
    let statement = Statement::<Value>::parse(bytes)?;
    if statement.predicate_type != SIGN_OFF {
        return Err(format!(
            "it states '{}', which is no sign-off of this form ({SIGN_OFF})",
            statement.predicate_type
        ));
    }
    let predicate: Predicate =
        serde_json::from_value(statement.predicate).map_err(|error| error.to_string())?;
    let sign_off = SignOff::try_from(predicate)?;
    // Others match a statement by its subject; it must not say another thing there.
    let about = statement
        .subject
        .iter()
        .any(|one| one.digest.get("gitCommit") == Some(&sign_off.commit));
    match about {
        true => Ok(sign_off),
        false => Err("its subject is not the commit that it signs".into()),
    }
}

fn standing(
    ground: &Ground<'_>,
    about: &Circumstances<'_>,
    word: &Read,
    withdrawn: Option<String>,
    chain: &Chain,
) -> Standing {
    let sign_off = &word.sign_off;
    let faults = faults(ground, sign_off, chain);
    let code = ground.code_since(&sign_off.commit);
    let after = sign_off.evidence.iter().map(|record| record.started).min();
    let news: BTreeMap<String, News> = after
        .map(|after| {
            ground.history.news(&Window {
                after,
                now: ground.now,
                environment: &sign_off.environment,
                is_this_code: &|commit| ground.code_since(commit) == Code::Same,
            })
        })
        .unwrap_or_default();
    let waivers = ground.waivers_in_force(about.gate);
    let attestations = ground.attestations_in_force();
    let now = Now {
        gate: Some(about.gate),
        checks: about.checks,
        signature: word.signature.clone(),
        faults: &faults,
        withdrawn,
        documents: ground.documents,
        code: &code,
        news: &news,
        waivers: &waivers,
        attestations: &attestations,
        closed: about.closed,
        now: ground.now,
        today: ground.today(),
    };
    let lapses = validity(sign_off, &now);
    Standing {
        remarks: remarks(about, sign_off, &code),
        sign_off: sign_off.clone(),
        statement: word.entry.statement.clone(),
        entry: word.entry.digest.clone(),
        fingerprint: word.fingerprint.clone(),
        lapses,
    }
}

/// What of that which it rests on is gone or was changed.
fn faults(ground: &Ground<'_>, sign_off: &SignOff, own: &Chain) -> Vec<String> {
    let mut faults = Vec::new();
    for record in &sign_off.evidence {
        match ground.history.find(&record.run) {
            None => faults.push(format!("the record of run {} is not there", record.run)),
            Some(Err(cause)) => faults.push(cause.clone()),
            Some(Ok(told)) if told.record.digest != record.digest => {
                faults.push(format!(
                    "the record of run {} was changed since it was signed",
                    record.run
                ));
            }
            Some(Ok(told)) if told.record.header.started != record.started => {
                faults.push(format!(
                    "the record of run {} did not begin when the sign-off says",
                    record.run
                ));
            }
            Some(Ok(_)) => {}
        }
    }
    for (gate, heads) in &sign_off.heads {
        let chain = match *gate == sign_off.gate {
            true => Ok(own.clone()),
            false => ground.ledger.read(gate),
        };
        let gone = |chain: &Chain| heads.iter().filter(|head| !chain.holds(head)).count();
        match chain.map(|chain| gone(&chain)) {
            Ok(0) => {}
            Ok(_) => faults.push(format!(
                "the ledger of {gate} lacks entries that were there when it was signed"
            )),
            Err(fault) => faults.push(fault.to_string()),
        }
    }
    faults
}

/// What people should know that changes nothing.
fn remarks(about: &Circumstances<'_>, sign_off: &SignOff, code: &Code) -> Vec<String> {
    if *code != Code::Same {
        return Vec::new();
    }
    let is_newer = |told: &&&Told| {
        let header = &told.record.header;
        header.environment == sign_off.environment
            && sign_off
                .evidence
                .iter()
                .all(|record| record.started < header.started)
    };
    let newer = about.evidence.iter().find(is_newer);
    newer
        .map(|told| format!("there is newer evidence: run {}", told.run()))
        .into_iter()
        .collect()
}
