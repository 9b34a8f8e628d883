//! Deciding over a gate: what every gate asks, and its own criteria, each weighed with what was found.

use super::asked;
use super::facts::is_unknown;
use super::run::waive;
use crate::model::{
    Attestation, Blocker, Counts, Criterion, Finding, Gate, GateDecision, Outcome, Proof, Severity,
    Verdict, Waiver, Weighed,
};
use jiff::Timestamp;
use jiff::civil::Date;

/// A record that is a gate's evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The run.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// The name of the environment that was examined; empty where the run had no target.
    pub environment: String,
    /// The commit that was examined, where that was known.
    pub commit: Option<String>,
    /// There were changes beside the commit; none where that was not known.
    pub dirty: Option<bool>,
    /// Why the run ended before it was done.
    pub cut_short: Option<String>,
    /// The checks are not defined as they were when it was judged.
    pub checks_changed: bool,
    /// The code that is here, beside that of the commit.
    pub code: Code,
}

/// The code that is there now, beside that of the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// The same, but for what holdpoint keeps itself and the documents that sign-offs bind.
    Same,
    /// These files differ.
    Changed(Vec<String>),
    /// It could not be told, for this reason.
    Unknown(String),
}

/// A gate before this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// What it decides.
    pub outcome: Outcome,
    /// Its people have released it.
    pub open: bool,
    /// Since when it is not open, where that is known.
    pub since: Option<Timestamp>,
}

/// Everything that decides a gate.
#[derive(Debug)]
pub struct Case<'a> {
    /// The gate.
    pub gate: &'a Gate,
    /// Findings of at least this severity must pass.
    pub must_pass: Severity,
    /// The findings of its checks, with the waivers that count here; what no record holds is not run.
    pub findings: &'a [Finding],
    /// The records that they come from.
    pub evidence: &'a [Evidence],
    /// What the expressions among its criteria gave, in their order, each with what was found.
    pub expressions: &'a [(Option<bool>, String)],
    /// What people stated.
    pub attestations: &'a [Attestation],
    /// The gates before it.
    pub upstream: &'a [Upstream],
    /// Bound documents that are not there, each with how to have it.
    pub missing_documents: &'a [(String, String)],
    /// What was said about waivers.
    pub warnings: Vec<String>,
    /// Now.
    pub now: Timestamp,
    /// Today, in UTC.
    pub today: Date,
}

/// Marks the findings of a gate that somebody who may accepts; says which waivers do not count, and why.
pub fn accept(
    findings: &mut [Finding],
    waivers: &[Waiver],
    may_waive: impl Fn(&str) -> bool,
    today: Date,
) -> Vec<String> {
    let (allowed, others): (Vec<&Waiver>, Vec<&Waiver>) =
        waivers.iter().partition(|one| may_waive(&one.owner));
    // What a run made of waivers is not asked.
    findings.iter_mut().for_each(|one| one.waived = None);
    waive(findings, allowed, today);
    let concerns = |one: &&&Waiver| findings.iter().any(|finding| finding.check == one.check);
    let each = others.iter().filter(concerns).map(|one| {
        let Waiver { check, owner, place, .. } = one;
        format!("the waiver of {check} does not count here: '{owner}' may not accept findings of this gate ({place})")
    });
    each.collect()
}

/// The statement on this criterion that counts today, the newest first.
pub fn attested<'a>(
    name: &str,
    attestations: &'a [Attestation],
    today: Date,
) -> Option<&'a Attestation> {
    let counts = |one: &&Attestation| one.item == name && one.on <= today && today <= one.until;
    attestations.iter().filter(counts).max_by_key(|one| one.on)
}

/// Decides a gate.
pub fn weigh(case: &Case<'_>) -> GateDecision {
    let mut weighed = Vec::new();
    let mut blockers = Vec::new();
    let mut ask = |says: &str, held: Option<bool>, found: String| {
        weighed.push(Weighed {
            says: says.into(),
            held,
            found,
            defined: None,
        });
    };
    if !case.upstream.is_empty() {
        let (held, found) = asked::upstream(case, &mut blockers);
        ask("the gates before it are open", held, found);
    }
    let gate = case.gate;
    if gate.suite.is_some() {
        let (held, found) = asked::evidence(case, &mut blockers);
        ask(
            "its evidence is whole, recent, and of the code that is here",
            held,
            found,
        );
        let (held, found) = asked::must_pass(case, &mut blockers);
        let says = format!(
            "every check of severity {} or more was seen to pass, or is waived",
            case.must_pass
        );
        ask(&says, held, found);
    } else if !case.evidence.is_empty() {
        let (held, found) = asked::code(case, &mut blockers);
        ask("all evidence is of the code that is here", held, found);
    }
    if !gate.documents.is_empty() {
        let (held, found) = asked::documents(case, &mut blockers);
        ask("its documents are there", held, found);
    }
    let mut counts = count(case);
    let mut expressions = case.expressions.iter();
    for criterion in &gate.criteria {
        let (held, found) = match &criterion.proof {
            // One that was not evaluated is not known.
            Proof::Expression(_) => expressions.next().cloned().unwrap_or_default(),
            Proof::Attested(name) => statement(name, case),
        };
        if let Proof::Attested(_) = criterion.proof {
            match held {
                None => counts.unknown += 1,
                Some(_) => counts.attested += 1,
            }
        }
        blockers.extend(own(case, criterion, held, &found));
        weighed.push(Weighed {
            says: criterion.says.clone(),
            held,
            found,
            defined: Some(criterion.place.to_string()),
        });
    }
    blockers.sort_by_key(|one| std::cmp::Reverse(one.severity));
    GateDecision {
        outcome: outcome(&weighed, case),
        criteria: weighed,
        counts,
        blockers,
        warnings: case.warnings.clone(),
    }
}

fn outcome(weighed: &[Weighed], case: &Case<'_>) -> Outcome {
    if weighed.iter().any(|one| one.held == Some(false)) {
        return Outcome::NoGo;
    }
    // A gate that asks nothing is no gate.
    if weighed.is_empty() || weighed.iter().any(|one| one.held.is_none()) {
        return Outcome::Undecided;
    }
    let upstream = || case.upstream.iter().map(|one| one.outcome);
    if case.findings.iter().any(|one| one.waived.is_some())
        || upstream().any(|one| one == Outcome::GoWithWaivers)
    {
        return Outcome::GoWithWaivers;
    }
    Outcome::Go
}

fn statement(name: &str, case: &Case<'_>) -> (Option<bool>, String) {
    if let Some(one) = attested(name, case.attestations, case.today) {
        let Attestation {
            by,
            on,
            until,
            statement,
            ..
        } = one;
        let found = format!("{by} on {on}, until {until}: {statement}");
        return (Some(one.holds), found);
    }
    let ended = case
        .attestations
        .iter()
        .filter(|one| one.item == name)
        .max_by_key(|one| one.until);
    match ended {
        Some(one) if one.until < case.today => (
            None,
            format!("the statement of {} ended on {}", one.by, one.until),
        ),
        Some(one) => (
            None,
            format!("the statement of {} counts from {} on", one.by, one.on),
        ),
        None => (None, "nobody has stated it".into()),
    }
}

/// What an own criterion of the gate holds up.
fn own(case: &Case<'_>, criterion: &Criterion, held: Option<bool>, found: &str) -> Option<Blocker> {
    if held == Some(true) {
        return None;
    }
    let (what, next) = match &criterion.proof {
        Proof::Attested(name) => (
            name.clone(),
            format!("holdpoint attest {name} --statement … --by … --evidence … --until …"),
        ),
        Proof::Expression(_) => ("criterion".into(), counts_better(case, criterion, held)),
    };
    Some(Blocker {
        what,
        severity: Severity::High,
        reason: format!("{}: {found}", criterion.says),
        owner: case.gate.owner.clone(),
        since: None,
        next,
    })
}

/// What is to be done about findings that an expression counts: see them, or mend them.
fn counts_better(case: &Case<'_>, criterion: &Criterion, held: Option<bool>) -> String {
    let unseen = case.findings.is_empty() || case.findings.iter().any(is_unknown);
    match (&case.gate.suite, held.is_none() && unseen) {
        (Some(suite), true) => format!("holdpoint run {suite} --level {}", case.gate.level),
        _ => format!(
            "mend the findings that it counts; it stands at {}",
            criterion.place
        ),
    }
}

fn count(case: &Case<'_>) -> Counts {
    let of =
        |wanted: &dyn Fn(&Finding) -> bool| case.findings.iter().filter(|one| wanted(one)).count();
    Counts {
        passed: of(&|one| one.verdict == Verdict::Pass),
        failed: of(&|one| one.verdict == Verdict::Fail && one.waived.is_none()),
        waived: of(&|one| one.waived.is_some()),
        attested: 0,
        unknown: of(&is_unknown),
        not_applicable: of(&|one| one.verdict == Verdict::NotApplicable),
    }
}
