//! What is signed: a statement that binds everything that a gate's decision rests on, and the entries before it.

use super::ground::{
    Ground, attestation_statement, bound_attestation, bound_waiver, waiver_statement,
};
use super::hold::Hold;
use super::stand::GateStanding;
use super::wire::{Predicate, SIGN_OFF};
use crate::evidence::Repository;
use crate::gate;
use crate::ledger::statement::{GateDecision, ResourceDescriptor, STATEMENT, Statement};
use crate::ledger::{AppendFault, Draft, Entry, Fault, Kind};
use crate::model::{Attestation, BoundRecord, Gate, Proof, SignOff, Waiver};
use crate::secret::shows_secret;
use jiff::Timestamp;

/// What a person is about to sign.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsigned {
    /// What it says.
    pub sign_off: SignOff,
    /// The exact bytes.
    pub bytes: Vec<u8>,
}

/// Why nothing can be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NothingToSign {
    /// In one line.
    pub why: String,
    /// The way out.
    pub help: String,
}

/// The waivers that the gate's decision rests on.
fn waivers_used<'a>(ground: &Ground<'a>, standing: &GateStanding<'_>) -> Vec<&'a Waiver> {
    let today = ground.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let used = |waiver: &&Waiver| {
        let covers = standing
            .findings
            .iter()
            .any(|one| one.check == waiver.check && one.waived.is_some());
        covers && waiver.until >= today && ground.may_waive(standing.gate, &waiver.owner)
    };
    // The first that covers a check is the one that counts.
    let mut seen = Vec::new();
    let waivers = ground.waivers.iter().filter(used);
    waivers
        .filter(|one| {
            let first = !seen.contains(&&one.check);
            seen.push(&one.check);
            first
        })
        .collect()
}

/// The attestations that the gate's decision rests on.
fn attestations_used<'a>(ground: &Ground<'a>, gate: &Gate) -> Vec<&'a Attestation> {
    let today = ground.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let asked = gate.criteria.iter().filter_map(|one| match &one.proof {
        Proof::Attested(name) => Some(name),
        Proof::Expression(_) => None,
    });
    asked
        .filter_map(|name| gate::attested(name, ground.attestations, today))
        .collect()
}

/// Nothing can be taken out of the ledger later, so what holds a secret does not come into it.
fn without_secrets(
    ground: &Ground<'_>,
    waivers: &[&Waiver],
    attestations: &[&Attestation],
) -> Result<(), NothingToSign> {
    let secret = |text: &&str| shows_secret(text) || (ground.redact)(text) != **text;
    let waived = waivers.iter().map(|one| {
        let said = vec![one.check.as_str(), &one.reason, &one.owner];
        (&one.place, format!("the waiver of {}", one.check), said)
    });
    let stated = attestations.iter().map(|one| {
        let said = vec![one.item.as_str(), &one.statement, &one.by, &one.evidence];
        (&one.place, format!("the statement on {}", one.item), said)
    });
    match waived.chain(stated).find(|(_, _, said)| said.iter().any(secret)) {
        None => Ok(()),
        Some((place, what, _)) => Err(NothingToSign {
            why: format!("{place}: {what} looks like it holds a secret, and nothing can be taken out of the ledger later"),
            help: "say it without the secret; if the secret is real, change it, since the file is for everybody to read".into(),
        }),
    }
}

/// What a person would sign now: a release where `released`, and a no otherwise.
///
/// # Errors
/// Nothing is there that a signature could bind.
pub fn unsigned(
    ground: &Ground<'_>,
    standing: &GateStanding<'_>,
    others: &[GateStanding<'_>],
    by: &str,
    released: bool,
    comment: &str,
) -> Result<Unsigned, NothingToSign> {
    let gate = standing.gate;
    let newest = standing.newest();
    let commit = newest.and_then(|told| told.record.header.commit.clone());
    // Who says no need not have seen anything.
    let here = || Repository::head(ground.root).filter(|_| !released);
    let commit = commit.or_else(here).ok_or_else(|| NothingToSign {
        why: format!(
            "the evidence of gate {} knows no commit, so there is nothing to sign for",
            gate.name
        ),
        help: "run its checks within a git repository that has a commit".into(),
    })?;
    let waivers = waivers_used(ground, standing);
    let attestations = attestations_used(ground, gate);
    without_secrets(ground, &waivers, &attestations)?;
    let until = ground
        .now
        .checked_add(gate.sign_off_lasts)
        .unwrap_or(Timestamp::MAX);
    let upstream = gate.upstream.iter().filter_map(|name| {
        let one = others.iter().find(|one| one.gate.name == *name)?;
        let valid = one.sign_offs.iter().filter(|word| word.is_valid());
        Some((
            name.clone(),
            valid.map(|word| word.statement.clone()).collect(),
        ))
    });
    let chains = std::iter::once(&gate.name).chain(&gate.upstream);
    let mut heads = Vec::new();
    for name in chains {
        let chain = ground.ledger.read(name).map_err(|fault| broken(&fault))?;
        if !chain.heads.is_empty() {
            heads.push((name.clone(), chain.heads));
        }
    }
    let sign_off = SignOff {
        gate: gate.name.clone(),
        by: by.to_owned(),
        released,
        at: ground.now,
        until,
        decision: standing.decision.outcome,
        environment: standing.environment.clone().unwrap_or_default(),
        target: newest.and_then(|told| told.record.header.target.clone()),
        definition: gate.digest.clone(),
        checks: standing.checks_digest.clone(),
        evidence: standing
            .evidence
            .iter()
            .map(|told| BoundRecord {
                run: told.run().to_owned(),
                digest: told.record.digest.clone(),
                started: told.record.header.started,
            })
            .collect(),
        passed: standing.passed(),
        waivers: waivers.into_iter().map(bound_waiver).collect(),
        attestations: attestations.into_iter().map(bound_attestation).collect(),
        documents: gate
            .documents
            .iter()
            .filter_map(|name| ground.documents.get(name).cloned())
            .collect(),
        upstream: upstream.collect(),
        heads,
        comment: comment.to_owned(),
        commit: commit.clone(),
    };
    let statement = Statement {
        form: STATEMENT.into(),
        subject: vec![ResourceDescriptor::commit("commit", &commit)],
        predicate_type: SIGN_OFF.into(),
        predicate: Predicate::from(&sign_off),
    };
    // In lines, because people read what they sign.
    let mut bytes = serde_json::to_vec_pretty(&statement).map_err(|error| NothingToSign {
        why: format!("the statement cannot be written: {error}"),
        help: "report this: it is a fault of holdpoint".into(),
    })?;
    bytes.push(b'\n');
    let text = String::from_utf8_lossy(&bytes);
    if (ground.redact)(&text) != text {
        return Err(NothingToSign {
            why: "the statement would hold a secret of the environment, and nothing can be taken out of the ledger later".into(),
            help: format!("holdpoint sign {} --show tells where: it is taken out there", gate.name),
        });
    }
    Ok(Unsigned { sign_off, bytes })
}

fn broken(fault: &Fault) -> NothingToSign {
    NothingToSign {
        why: fault.to_string(),
        help: "holdpoint verify tells what is wrong with the ledger".into(),
    }
}

/// Writes down what a sign-off is to rest on: its records, waivers and attestations, and the decision.
///
/// # Errors
/// The ledger cannot be written, or is not whole.
pub fn enter_grounds(ground: &Ground<'_>, standing: &GateStanding<'_>) -> Result<(), AppendFault> {
    let (gate, at) = (standing.gate, ground.now);
    let ledger = ground.ledger;
    for told in &standing.evidence {
        ledger.append_new(&gate.name, &Draft::Record { run: told.run() }, at)?;
    }
    let enter = |kind: Kind, subject: &str, bytes: &[u8]| -> Result<(), AppendFault> {
        let draft = Draft::Statement {
            kind,
            subject,
            bytes,
            signature: None,
        };
        ledger.append_new(&gate.name, &draft, at).map(|_| ())
    };
    for waiver in waivers_used(ground, standing) {
        enter(Kind::Waiver, &waiver.check, &waiver_statement(waiver))?;
    }
    for one in attestations_used(ground, gate) {
        enter(Kind::Attestation, &one.item, &attestation_statement(one))?;
    }
    let bytes = decision(ground, standing).map_err(AppendFault::Refused)?;
    let subject = standing.decision.outcome.word();
    let draft = Draft::Statement {
        kind: Kind::Decision,
        subject,
        bytes: &bytes,
        signature: None,
    };
    ledger.append(&gate.name, &draft, at).map(|_| ())
}

/// The gate's decision as an in-toto statement: a verification summary that names all that it rests on. The level
/// `HOLDPOINT_GATE` says that the gate may be released, `HOLDPOINT_GATE_RELEASED` that its people have signed it, too.
///
/// # Errors
/// What is decided about has no digest.
pub fn decision(ground: &Ground<'_>, standing: &GateStanding<'_>) -> Result<Vec<u8>, String> {
    let gate = standing.gate;
    let records = standing
        .evidence
        .iter()
        .map(|told| ResourceDescriptor::file(format!("{}.jsonl", told.run()), &told.record.digest));
    let waivers = waivers_used(ground, standing).into_iter().map(bound_waiver);
    let attestations = attestations_used(ground, gate)
        .into_iter()
        .map(bound_attestation);
    let stated = waivers
        .chain(attestations)
        .map(|one| ResourceDescriptor::file(one.name, &one.digest));
    // Where somebody says no, or the ledger is not whole, the gate is not passed, whatever its criteria say.
    let passed = standing.decision.outcome.is_go() && standing.hold != Hold::Held;
    let header = standing.newest().map(|told| &told.record.header);
    let commit = header.and_then(|header| header.commit.clone());
    // Of what was not seen, it is said of the code that is here.
    let commit = commit.or_else(|| Repository::head(ground.root));
    let policy = ResourceDescriptor {
        uri: Some(format!("urn:holdpoint:gate:{}", gate.name)),
        ..ResourceDescriptor::file(gate.place.file.clone(), &gate.digest)
    };
    let level = format!("HOLDPOINT_{}", gate.name.to_uppercase().replace('-', "_"));
    let released = standing.is_open().then(|| format!("{level}_RELEASED"));
    let levels: Vec<String> = std::iter::once(level).chain(released).collect();
    let target = header.and_then(|header| header.target.clone());
    let project = header.map_or("", |header| header.project.as_str());
    let decided = GateDecision {
        subject: commit
            .map(|commit| ResourceDescriptor::commit("commit", &commit))
            .into_iter()
            .collect(),
        tool_version: env!("CARGO_PKG_VERSION").into(),
        at: ground.now,
        resource_uri: target.unwrap_or_else(|| format!("urn:holdpoint:project:{project}")),
        policy,
        inputs: records.chain(stated).collect(),
        levels: passed.then_some(levels),
    };
    serde_json::to_vec(&decided.statement()?).map_err(|error| error.to_string())
}

/// Writes the signed statement into the ledger.
///
/// # Errors
/// The ledger cannot be written, or is not whole.
pub fn enter(
    ground: &Ground<'_>,
    gate: &Gate,
    unsigned: &Unsigned,
    armored: &str,
) -> Result<Entry, AppendFault> {
    let kind = match unsigned.sign_off.released {
        true => Kind::SignOff,
        false => Kind::Withdrawal,
    };
    let draft = Draft::Statement {
        kind,
        subject: &unsigned.sign_off.by,
        bytes: &unsigned.bytes,
        signature: Some(armored),
    };
    ground.ledger.append(&gate.name, &draft, ground.now)
}
