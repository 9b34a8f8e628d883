//! Whether a sign-off counts: a function of what it binds and of what is so now.

use super::asked::{days, short};
use super::weigh::Code;
use crate::model::{BoundDocument, BoundStatement, Gate, Lapse, Lapsed, SignOff, Verdict};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Why a signature is not that of somebody who may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureFault {
    /// It verifies, but its key or its signer does not count; otherwise it does not verify.
    pub revoked: bool,
    /// Why, in one line.
    pub why: String,
}

/// What a check was seen to give after a sign-off's evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The verdict.
    pub verdict: Verdict,
    /// The run.
    pub run: String,
    /// Why it is not a pass.
    pub reason: String,
}

/// What is so now, as far as it concerns one sign-off.
#[derive(Debug, Clone)]
pub struct Now<'a> {
    /// The gate as it is defined now; none where it is not.
    pub gate: Option<&'a Gate>,
    /// The digest of its checks now.
    pub checks: &'a str,
    /// What is wrong with the signature.
    pub signature: Result<(), SignatureFault>,
    /// What is wrong with the records and the ledger that it rests on, in one line each.
    pub faults: &'a [String],
    /// When and how the signer took it back.
    pub withdrawn: Option<String>,
    /// The documents now, by name; none for one that is not there.
    pub documents: &'a BTreeMap<String, BoundDocument>,
    /// The code now.
    pub code: &'a Code,
    /// The newest verdict of each check that was looked at after the evidence.
    pub news: &'a BTreeMap<String, News>,
    /// The waivers that are in force.
    pub waivers: &'a [BoundStatement],
    /// The attestations that are in force.
    pub attestations: &'a [BoundStatement],
    /// The gates before it that are not open.
    pub closed: &'a [String],
    /// Now.
    pub now: Timestamp,
    /// Today, in UTC.
    pub today: Date,
}

/// Why a sign-off does not count now, the gravest first; nothing where it does.
pub fn validity(sign_off: &SignOff, now: &Now<'_>) -> Vec<Lapsed> {
    let mut lapsed = Vec::new();
    let mut say = |lapse, why: String| lapsed.push(Lapsed { lapse, why });
    if let Err(fault) = &now.signature {
        let lapse = match fault.revoked {
            true => Lapse::SignerRevoked,
            false => Lapse::Altered,
        };
        say(lapse, fault.why.clone());
    }
    for fault in now.faults {
        say(Lapse::Altered, fault.clone());
    }
    for fault in impossible(sign_off, now) {
        say(Lapse::Altered, fault);
    }
    if let Some(how) = &now.withdrawn {
        say(Lapse::Withdrawn, how.clone());
    }
    match now.gate {
        None => say(
            Lapse::CriteriaChanged,
            "there is no such gate any more".into(),
        ),
        Some(gate) if gate.digest != sign_off.definition => {
            say(
                Lapse::CriteriaChanged,
                format!("the gate's definition is another ({})", gate.place),
            );
        }
        Some(_) if now.checks != sign_off.checks => {
            say(
                Lapse::CriteriaChanged,
                "its checks are not those by which the evidence was judged".into(),
            );
        }
        Some(_) => {}
    }
    for document in &sign_off.documents {
        match now.documents.get(&document.name) {
            Some(is) if is.semantic == document.semantic => {}
            Some(is) => say(
                Lapse::DocumentEdited,
                format!("{} was edited since it was signed", is.path),
            ),
            None => say(
                Lapse::DocumentEdited,
                format!("{} is not there any more", document.path),
            ),
        }
    }
    match now.code {
        Code::Same => {}
        Code::Changed(files) => {
            let many = files.len();
            let first = files.first().map_or("", String::as_str);
            say(
                Lapse::CodeChanged,
                match many {
                    1 => format!("{first} changed since commit {}", short(&sign_off.commit)),
                    _ => format!(
                        "{first} and {} more changed since commit {}",
                        many.saturating_sub(1),
                        short(&sign_off.commit)
                    ),
                },
            );
        }
        Code::Unknown(cause) => say(
            Lapse::CodeChanged,
            format!(
                "whether the code is that of commit {} cannot be told: {cause}",
                short(&sign_off.commit)
            ),
        ),
    }
    for check in &sign_off.passed {
        // What does not apply, or was left out, says nothing against it.
        let speaks_against = |news: &&News| {
            matches!(
                news.verdict,
                Verdict::Fail
                    | Verdict::Inconclusive
                    | Verdict::Blocked
                    | Verdict::NeedsAttestation
            )
        };
        if let Some(news) = now.news.get(check).filter(speaks_against) {
            say(
                Lapse::Regressed,
                format!("{check} came out as {} in run {}", news.verdict, news.run),
            );
        }
    }
    let today = now.today;
    say_ended(&sign_off.waivers, now.waivers, today, "waiver of", |why| {
        say(Lapse::WaiverEnded, why)
    });
    say_ended(
        &sign_off.attestations,
        now.attestations,
        today,
        "statement on",
        |why| {
            say(Lapse::AttestationEnded, why);
        },
    );
    for gate in now.closed {
        say(
            Lapse::UpstreamClosed,
            format!("{gate} is not open any more"),
        );
    }
    let lasts = now.gate.map(|gate| gate.evidence_lasts);
    for record in &sign_off.evidence {
        let age = now.now.duration_since(record.started);
        if let Some(lasts) = lasts.filter(|lasts| age > *lasts) {
            say(
                Lapse::Aged,
                format!(
                    "run {} is older than the {} that evidence lasts",
                    record.run,
                    days(lasts)
                ),
            );
        }
    }
    // What a signer writes does not outlast what the gate grants.
    let granted = now
        .gate
        .and_then(|gate| sign_off.at.checked_add(gate.sign_off_lasts).ok());
    let until = granted.map_or(sign_off.until, |granted| granted.min(sign_off.until));
    if now.now > until {
        say(
            Lapse::Expired,
            format!("it counted until {}", until.strftime("%Y-%m-%d %H:%M UTC")),
        );
    }
    lapsed.sort_by_key(|one| one.lapse);
    lapsed
}

/// What no program that keeps the rules would have had signed.
fn impossible(sign_off: &SignOff, now: &Now<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    if sign_off.at > now.now {
        faults.push("it was signed in the future".into());
    }
    if sign_off
        .evidence
        .iter()
        .any(|record| record.started > sign_off.at)
    {
        faults.push("it was signed before its evidence was gathered".into());
    }
    if !sign_off.decision.is_go() {
        faults.push(format!(
            "it releases what was decided as {}",
            sign_off.decision.word()
        ));
    }
    if let Some(gate) = now.gate.filter(|gate| gate.digest == sign_off.definition) {
        if gate.suite.is_some() && sign_off.evidence.is_empty() {
            faults.push("it rests on no record".into());
        }
        let unbound = gate.documents.iter().filter(|name| {
            !sign_off
                .documents
                .iter()
                .any(|document| document.name == **name)
        });
        faults.extend(unbound.map(|name| format!("it does not bind the document {name}")));
    }
    faults
}

/// What it rests on that has ended, was taken back or says something else now.
fn say_ended(
    bound: &[BoundStatement],
    in_force: &[BoundStatement],
    today: Date,
    what: &str,
    mut say: impl FnMut(String),
) {
    for one in bound {
        let BoundStatement { name, until, .. } = one;
        if *until < today {
            say(format!("the {what} {name} ended on {until}"));
        } else if !in_force.contains(one) {
            say(format!(
                "the {what} {name} was taken back or says something else now"
            ));
        }
    }
}
