//! The standing of gates: what each decides on its evidence, who has signed it, and whether it is open.

use super::ground::Ground;
use super::history::{Told, Window};
use super::hold::{Hold, hold};
use super::signed::{Circumstances, Withheld, words};
use crate::document::GENERATED;
use crate::gate::{self, Case, Code, Evidence, News, Upstream};
use crate::judge;
use crate::model::{
    Facts, Finding, Gate, GateDecision, Outcome, Proof, Severity, Standing, Verdict,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A gate as it stands.
pub struct GateStanding<'a> {
    /// The gate.
    pub gate: &'a Gate,
    /// What it decides.
    pub decision: GateDecision,
    /// Is it open?
    pub hold: Hold,
    /// The last word of each person, the newest first.
    pub sign_offs: Vec<Standing>,
    /// Its findings, with the waivers that count here.
    pub findings: Vec<Finding>,
    /// The records that they come from.
    pub evidence: Vec<&'a Told>,
    /// The environment that was examined.
    pub environment: Option<String>,
    /// Findings of at least this severity must pass.
    pub must_pass: Severity,
    /// Its checks.
    pub checks: Vec<String>,
    /// The digest of its checks as they are defined now.
    pub checks_digest: String,
    /// Who says no, and how.
    pub withheld: Vec<Withheld>,
    /// What of the ledger is not as it was written, in one line each.
    pub faults: Vec<String>,
}

impl<'a> GateStanding<'a> {
    /// It is open.
    pub fn is_open(&self) -> bool {
        self.hold == Hold::Open
    }

    /// Something speaks against it: it is not only unknown, or not signed yet.
    pub fn is_refused(&self) -> bool {
        self.hold == Hold::Held && self.decision.outcome != Outcome::Undecided
    }

    /// The newest record that it rests on: of the code that all of them are of, the latest commit.
    pub(super) fn newest(&self) -> Option<&'a Told> {
        let started = |told: &&&Told| told.record.header.started;
        self.evidence.iter().max_by_key(started).copied()
    }

    /// The same with what `redact` leaves of what people and checks say. Names, which are compared, stay as they are.
    fn redacted(mut self, redact: &dyn Fn(&str) -> String) -> Self {
        let decision = &mut self.decision;
        let criteria = decision.criteria.iter_mut();
        let criteria = criteria.flat_map(|one| [&mut one.says, &mut one.found]);
        let blockers = decision.blockers.iter_mut();
        let blockers = blockers.flat_map(|one| [&mut one.reason, &mut one.next]);
        let said = self.sign_offs.iter_mut().flat_map(|one| {
            let lapses = one.lapses.iter_mut().map(|lapsed| &mut lapsed.why);
            let own = std::iter::once(&mut one.sign_off.comment);
            own.chain(lapses).chain(&mut one.remarks)
        });
        let withheld = self.withheld.iter_mut().map(|one| &mut one.how);
        for text in criteria
            .chain(blockers)
            .chain(&mut decision.warnings)
            .chain(said)
            .chain(withheld)
            .chain(&mut self.faults)
        {
            *text = redact(text);
        }
        let findings = self.findings.into_iter();
        self.findings = findings.map(|one| one.redacted(redact)).collect();
        self
    }

    /// The checks that had to pass and were seen to.
    pub fn passed(&self) -> BTreeSet<String> {
        let is_exempt = |check: &str| self.gate.exempt.iter().any(|one| one.check == check);
        let needed = |one: &&Finding| {
            one.severity >= self.must_pass && one.verdict == Verdict::Pass && !is_exempt(&one.check)
        };
        self.findings
            .iter()
            .filter(needed)
            .map(|one| one.check.clone())
            .collect()
    }
}

/// Whether an expression over a gate's findings holds, and what was found. It does not, only where it did not hold either if
/// what nobody saw had passed.
fn expression(text: &str, facts: &Facts, findings: &[Finding]) -> (Option<bool>, String) {
    let judge::Answer { holds, found } = judge::criterion(text, facts);
    match holds {
        Err(why) => (None, why),
        Ok(false) if judge::criterion(text, &gate::facts_at_best(findings)).holds == Ok(true) => {
            (None, format!("{found}, and not everything was seen"))
        }
        Ok(holds) => (Some(holds), found),
    }
}

/// The place of the gate that decides whether it ships. Nothing ships while a gate is closed, whether the last one waits for it or
/// not: so that is the last of those that something speaks against, else the last that is not open, else the last.
pub fn deciding(standings: &[&GateStanding<'_>]) -> Option<usize> {
    let refused = standings.iter().rposition(|one| one.is_refused());
    let closed = || standings.iter().rposition(|one| !one.is_open());
    refused
        .or_else(closed)
        .or_else(|| standings.len().checked_sub(1))
}

/// The standing of every gate, in their order.
pub fn stand<'a>(ground: &Ground<'a>) -> Vec<GateStanding<'a>> {
    let mut standings: Vec<GateStanding<'a>> = Vec::with_capacity(ground.gates.len());
    for gate in ground.gates {
        let standing = stand_one(ground, gate, &standings);
        standings.push(standing);
    }
    // Only now: what decides compares texts as they were written.
    let each = standings.into_iter();
    each.map(|one| one.redacted(ground.redact)).collect()
}

fn stand_one<'a>(
    ground: &Ground<'a>,
    gate: &'a Gate,
    before: &[GateStanding<'a>],
) -> GateStanding<'a> {
    let upstream: Vec<&GateStanding<'a>> = gate
        .upstream
        .iter()
        .filter_map(|name| before.iter().find(|one| one.gate.name == *name))
        .collect();
    let must_pass = gate.must_pass.unwrap_or(ground.fail_on);
    let (checks, evidence, mut findings) = match gate.suite {
        Some(_) => of_suite(ground, gate),
        None => of_upstream(&upstream),
    };
    let mut warnings = Vec::new();
    if gate.suite.is_some() {
        let may_waive = |who: &str| ground.may_waive(gate, who);
        warnings = gate::accept(&mut findings, ground.waivers, may_waive, ground.today());
    }
    warnings.extend(
        ground
            .history
            .unjudged()
            .map(|cause| format!("a record cannot be judged: {cause}")),
    );
    warnings.extend(
        ground
            .history
            .faults()
            .map(|fault| format!("a record cannot be used: {fault}")),
    );
    let facts = gate::facts(&findings);
    // Of nothing everything is true, and nobody saw it.
    let nothing = findings.is_empty();
    let expressions: Vec<(Option<bool>, String)> = gate
        .criteria
        .iter()
        .filter_map(|criterion| match &criterion.proof {
            Proof::Expression(_) if nothing => Some((None, "nothing was seen".into())),
            Proof::Expression(text) => Some(expression(text, &facts, &findings)),
            Proof::Attested(_) => None,
        })
        .collect();
    let records: Vec<Evidence> = evidence
        .iter()
        .map(|told| {
            let code = match &told.record.header.commit {
                Some(commit) => ground.code_since(commit),
                None => Code::Unknown("the evidence knows no commit".into()),
            };
            let mut evidence = told.evidence(code);
            let recorded = ground.recorded_checks_digest(&told.record.checks, &checks);
            // For a gate over others, each of those asks it of its own record.
            evidence.checks_changed =
                gate.suite.is_some() && recorded != ground.checks_digest(&checks);
            evidence
        })
        .collect();
    let missing = gate
        .documents
        .iter()
        .filter(|name| !ground.documents.contains_key(*name));
    let missing_documents: Vec<(String, String)> = missing
        .map(|name| (name.clone(), how_to_have(name)))
        .collect();
    let upstream_states: Vec<Upstream> = upstream.iter().map(|one| as_upstream(one)).collect();
    let mut decision = gate::weigh(&Case {
        gate,
        must_pass,
        findings: &findings,
        evidence: &records,
        expressions: &expressions,
        attestations: ground.attestations,
        upstream: &upstream_states,
        missing_documents: &missing_documents,
        warnings,
        now: ground.now,
        today: ground.today(),
    });
    let environment = evidence
        .first()
        .map(|told| told.record.header.environment.clone());
    for blocker in &mut decision.blockers {
        let is_check = findings.iter().any(|one| one.check == blocker.what);
        if let (true, Some(environment)) = (is_check, &environment) {
            blocker.since = ground.history.since(&blocker.what, environment);
        }
    }
    let checks_digest = ground.checks_digest(&checks);
    let closed: Vec<String> = upstream
        .iter()
        .filter(|one| !one.is_open())
        .map(|one| one.gate.name.clone())
        .collect();
    let said = words(
        ground,
        &Circumstances {
            gate,
            checks: &checks_digest,
            environment: ground.environment.or(environment.as_deref()),
            closed: &closed,
            evidence: &evidence,
        },
    );
    decision.warnings.extend(said.remarks);
    if ground.signers.is_none() {
        let name = &gate.name;
        let told = format!(
            "nobody may sign yet: there is no list of allowed signers; holdpoint sign {name} says how to write it"
        );
        decision.warnings.push(told);
    }
    let hold = hold(
        ground,
        gate,
        &mut decision,
        &said.sign_offs,
        &said.withheld,
        &said.faults,
    );
    GateStanding {
        gate,
        decision,
        hold,
        sign_offs: said.sign_offs,
        findings,
        evidence,
        environment,
        must_pass,
        checks,
        checks_digest,
        withheld: said.withheld,
        faults: said.faults,
    }
}

type Gathered<'a> = (Vec<String>, Vec<&'a Told>, Vec<Finding>);

/// The newest record that holds the whole suite, and what was seen since that speaks against it.
fn of_suite<'a>(ground: &Ground<'a>, gate: &Gate) -> Gathered<'a> {
    let checks = ground.checks_of(gate);
    let holds = |told: &&Told| {
        checks
            .iter()
            .all(|id| told.record.checks.iter().any(|one| one.id == *id))
    };
    let told = match ground.instead {
        Some(told) => Some(told).filter(holds),
        None => ground
            .history
            .newest_whole(&checks, gate.level, ground.environment, None),
    };
    let Some(told) = told.filter(|_| !checks.is_empty()) else {
        return (checks, Vec::new(), Vec::new());
    };
    let judged = told.findings().unwrap_or_default().iter();
    let mut findings: Vec<Finding> = judged
        .filter(|one| checks.contains(&one.check))
        .cloned()
        .collect();
    if ground.instead.is_none() {
        let news = seen_since(ground, told);
        findings
            .iter_mut()
            .for_each(|finding| worsen(finding, &news));
    }
    (checks, vec![told], findings)
}

/// What was seen of each check since a record.
pub(super) fn seen_since(ground: &Ground<'_>, told: &Told) -> BTreeMap<String, News> {
    let header = &told.record.header;
    ground.history.news(&Window {
        after: header.started,
        now: ground.now,
        environment: &header.environment,
        is_this_code: &|commit| ground.code_since(commit) == Code::Same,
    })
}

/// What was seen since and is worse takes the place of what was seen then; what is better needs the whole suite.
fn worsen(finding: &mut Finding, news: &BTreeMap<String, News>) {
    let Some(news) = news.get(&finding.check) else {
        return;
    };
    // What did not concern the application may do so by now.
    if news.verdict > finding.verdict {
        finding.verdict = news.verdict;
        finding.reason = format!("{} (run {})", news.reason, news.run);
    }
}

/// All that the gates before it rest on; of two findings of a check the worse.
fn of_upstream<'a>(upstream: &[&GateStanding<'a>]) -> Gathered<'a> {
    let mut checks = BTreeSet::new();
    let mut evidence: Vec<&'a Told> = Vec::new();
    let mut findings: BTreeMap<&str, &Finding> = BTreeMap::new();
    for one in upstream {
        checks.extend(one.checks.iter().cloned());
        for told in &one.evidence {
            if !evidence.iter().any(|other| other.run() == told.run()) {
                evidence.push(told);
            }
        }
        for finding in &one.findings {
            let rank = |one: &Finding| (one.verdict, one.waived.is_none());
            let known = findings.entry(&finding.check).or_insert(finding);
            if rank(finding) > rank(known) {
                *known = finding;
            }
        }
    }
    let findings = findings.into_values().cloned().collect();
    (checks.into_iter().collect(), evidence, findings)
}

/// How a document comes to be there.
fn how_to_have(name: &str) -> String {
    let own = format!("name its place in holdpoint.toml: [documents] {name} = \"PATH\"");
    match GENERATED.iter().find(|one| one.names().contains(&name)) {
        Some(one) => format!(
            "have it written (holdpoint docs {} --write), or {own}",
            one.name
        ),
        None => own,
    }
}

fn as_upstream(one: &GateStanding<'_>) -> Upstream {
    let since: Option<Timestamp> = one
        .decision
        .blockers
        .iter()
        .filter_map(|blocker| blocker.since)
        .min();
    // One that somebody says no to, or whose ledger is broken, is not undecided.
    let outcome = match (&one.hold, one.decision.outcome) {
        (Hold::Held, Outcome::Go | Outcome::GoWithWaivers) => Outcome::NoGo,
        (_, outcome) => outcome,
    };
    Upstream {
        name: one.gate.name.clone(),
        owner: one.gate.owner.clone(),
        outcome,
        open: one.is_open(),
        since,
    }
}

#[cfg(test)]
mod tests;
