//! Deciding over a gate: what every gate asks, and its own criteria, each weighed with what was found.

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
    /// The commit that was examined, where that was known.
    pub commit: Option<String>,
    /// There were changes beside the commit; none where that was not known.
    pub dirty: Option<bool>,
    /// Why the run ended before it was done.
    pub cut_short: Option<String>,
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
    /// The code now.
    pub code: Code,
    /// What the expressions among its criteria gave, in their order, each with what was found.
    pub expressions: &'a [(Option<bool>, String)],
    /// What people stated.
    pub attestations: &'a [Attestation],
    /// The gates before it.
    pub upstream: &'a [Upstream],
    /// Bound documents that are not there.
    pub missing_documents: &'a [String],
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
        let (held, found) = upstream(case, &mut blockers);
        ask("the gates before it are open", held, found);
    }
    let gate = case.gate;
    if gate.suite.is_some() {
        let (held, found) = evidence(case, &mut blockers);
        ask(
            "its evidence is whole, recent, and of the code that is here",
            held,
            found,
        );
        let (held, found) = must_pass(case, &mut blockers);
        let says = format!(
            "every check of severity {} or more was seen to pass, or is waived",
            case.must_pass
        );
        ask(&says, held, found);
    } else if !case.evidence.is_empty() {
        let (held, found) = code(case, &mut blockers);
        ask("all evidence is of the code that is here", held, found);
    }
    if !gate.documents.is_empty() {
        let (held, found) = documents(case, &mut blockers);
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

fn upstream(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> (Option<bool>, String) {
    let closed: Vec<&Upstream> = case.upstream.iter().filter(|one| !one.open).collect();
    for one in &closed {
        let Upstream {
            name,
            owner,
            outcome,
            since,
            ..
        } = one;
        let releases = matches!(outcome, Outcome::Go | Outcome::GoWithWaivers);
        blockers.push(Blocker {
            what: format!("gate {name}"),
            severity: Severity::Critical,
            reason: match releases {
                true => "it may be released, and nobody has signed it".into(),
                false => format!("it is not open: {}", outcome.word()),
            },
            owner: owner.clone(),
            since: *since,
            next: match releases {
                true => format!("holdpoint sign {name}"),
                false => format!("holdpoint gate {name}"),
            },
        });
    }
    if closed.is_empty() {
        let names: Vec<&str> = case.upstream.iter().map(|one| one.name.as_str()).collect();
        return (Some(true), names.join(", "));
    }
    let words: Vec<String> = closed
        .iter()
        .map(|one| format!("{} is not", one.name))
        .collect();
    let fails = closed.iter().any(|one| one.outcome == Outcome::NoGo);
    (fails.then_some(false), words.join(", "))
}

/// What keeps the evidence from counting, if anything does.
fn evidence(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> (Option<bool>, String) {
    let gate = case.gate;
    let suite = gate.suite.as_deref().unwrap_or_default();
    let level = gate.level;
    let again = format!("holdpoint run {suite} --level {level}");
    let mut lack = |reason: String, next: String| {
        blockers.push(Blocker {
            what: "evidence".into(),
            severity: Severity::Critical,
            reason: reason.clone(),
            owner: gate.owner.clone(),
            since: None,
            next,
        });
        (None, reason)
    };
    let [record] = case.evidence else {
        return lack(format!("no record holds the whole suite {suite}"), again);
    };
    if let Some(cause) = &record.cut_short {
        return lack(format!("run {} was not done: {cause}", record.run), again);
    }
    let age = case.now.duration_since(record.started);
    if age > gate.evidence_lasts {
        let reason = format!(
            "run {} is older than the {} that evidence lasts",
            record.run,
            days(gate.evidence_lasts)
        );
        return lack(reason, again);
    }
    if record.started > case.now {
        return lack(
            format!("run {} lies in the future", record.run),
            "set the clock of the machine that ran it, and run it again".into(),
        );
    }
    code(case, blockers)
}

/// Whether all evidence is of one commit, and that the one that is here.
fn code(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> (Option<bool>, String) {
    let suite = case.gate.suite.as_deref();
    let again = suite.map_or("run the suites again, at one commit".into(), |suite| {
        format!("holdpoint run {suite} --level {}", case.gate.level)
    });
    let (reason, next) = match of_one_commit(case) {
        Err(lack) => lack,
        Ok(commit) => match &case.code {
            Code::Same => {
                let runs: Vec<&str> = case.evidence.iter().map(|one| one.run.as_str()).collect();
                return (
                    Some(true),
                    format!("{} at commit {}", runs.join(", "), short(&commit)),
                );
            }
            Code::Changed(files) => {
                let more = files.len().saturating_sub(1);
                let files = match (files.first(), more) {
                    (Some(first), 0) => first.clone(),
                    (Some(first), more) => format!("{first} and {more} more"),
                    (None, _) => "files".into(),
                };
                (
                    format!("the code changed since commit {}: {files}", short(&commit)),
                    again,
                )
            }
            Code::Unknown(cause) => (
                format!(
                    "whether the code is that of commit {} cannot be told: {cause}",
                    short(&commit)
                ),
                "ask within the repository".into(),
            ),
        },
    };
    blockers.push(Blocker {
        what: "evidence".into(),
        severity: Severity::Critical,
        reason: reason.clone(),
        owner: case.gate.owner.clone(),
        since: None,
        next,
    });
    (None, reason)
}

fn of_one_commit(case: &Case<'_>) -> Result<String, (String, String)> {
    let mut commit: Option<&String> = None;
    for record in case.evidence {
        let Evidence { run, dirty, .. } = record;
        let again = "commit, and run it again";
        match dirty {
            Some(false) => {}
            Some(true) => {
                return Err((
                    format!("run {run} saw changes that are in no commit"),
                    again.into(),
                ));
            }
            None => {
                return Err((
                    format!("run {run} could not tell whether everything was committed"),
                    again.into(),
                ));
            }
        }
        match (&record.commit, commit) {
            (None, _) => {
                return Err((
                    format!("run {run} knows no commit"),
                    "run it within the repository".into(),
                ));
            }
            (Some(this), Some(other)) if this != other => {
                return Err((
                    format!(
                        "the evidence is of two commits, {} and {}",
                        short(other),
                        short(this)
                    ),
                    "run the suites again, at one commit".into(),
                ));
            }
            (Some(this), _) => commit = Some(this),
        }
    }
    commit
        .cloned()
        .ok_or_else(|| ("there is no evidence".into(), "holdpoint run".into()))
}

fn must_pass(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> (Option<bool>, String) {
    let needed: Vec<&Finding> = case
        .findings
        .iter()
        .filter(|one| is_needed(one, case))
        .collect();
    let (mut failed, mut unknown) = (0, 0);
    for finding in &needed {
        let fails = finding.verdict == Verdict::Fail && finding.waived.is_none();
        if !fails && !is_unknown(finding) {
            continue;
        }
        match fails {
            true => failed += 1,
            false => unknown += 1,
        }
        // What another check blocks goes away with that one.
        let root = finding.blocked_by.as_ref();
        if root.is_some_and(|root| needed.iter().any(|one| one.check == *root)) {
            continue;
        }
        let suite = case.gate.suite.as_deref().unwrap_or_default();
        blockers.push(Blocker {
            what: finding.check.clone(),
            severity: finding.severity,
            reason: match (finding.verdict, finding.reason.is_empty()) {
                (Verdict::Fail, false) => finding.reason.clone(),
                (verdict, true) => verdict.word().into(),
                (verdict, false) => format!("{verdict}: {}", finding.reason),
            },
            owner: case.gate.owner.clone(),
            since: None,
            next: format!(
                "holdpoint run {} proves the mend, then holdpoint run {suite}",
                finding.check
            ),
        });
    }
    let passed = needed
        .iter()
        .filter(|one| one.verdict == Verdict::Pass)
        .count();
    let waived = needed.iter().filter(|one| one.waived.is_some()).count();
    let mut found = vec![format!("{passed} passed")];
    for (number, word) in [(failed, "failed"), (waived, "waived"), (unknown, "unknown")] {
        if number > 0 {
            found.push(format!("{number} {word}"));
        }
    }
    let found = found.join(", ");
    match (failed, unknown, passed + waived) {
        (0, 0, 0) => (None, "nothing that must pass was seen".into()),
        (0, 0, _) => (Some(true), found),
        (0, _, _) => (None, found),
        _ => (Some(false), found),
    }
}

/// Must it pass here?
pub(super) fn is_needed(finding: &Finding, case: &Case<'_>) -> bool {
    let exempt = case
        .gate
        .exempt
        .iter()
        .any(|one| one.check == finding.check);
    finding.severity >= case.must_pass && !exempt
}

fn documents(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> (Option<bool>, String) {
    if case.missing_documents.is_empty() {
        return (Some(true), case.gate.documents.join(", "));
    }
    let missing = case.missing_documents.join(", ");
    for name in case.missing_documents {
        blockers.push(Blocker {
            what: format!("document {name}"),
            severity: Severity::High,
            reason: "it is not there".into(),
            owner: case.gate.owner.clone(),
            since: None,
            next: format!("holdpoint docs {name} --write, or name its place under [documents] in holdpoint.toml"),
        });
    }
    (None, format!("not there: {missing}"))
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
        Proof::Expression(text) => (text.clone(), format!("see {}", criterion.place)),
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

/// The first characters of a commit, as people write it.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// A time in the unit that people think of.
pub(super) fn days(time: jiff::SignedDuration) -> String {
    match time.as_hours() {
        hours if hours >= 48 && hours % 24 == 0 => format!("{} days", hours / 24),
        1 => "1 hour".into(),
        hours if hours >= 1 => format!("{hours} hours"),
        _ => format!("{} minutes", time.as_mins()),
    }
}
