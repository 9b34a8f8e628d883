//! What people weigh once a week: risks, each with its source and who must act, and what is not known yet.

use super::changes::counts_until;
use super::{Board, Row};
use crate::gate::attested;
use crate::model::{Finding, Proof, Severity, Verdict, Weighed};
use crate::release::ground::Ground;
use crate::release::stand::{GateStanding, seen_since};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// A target that is nearer than this is a risk while its gate is not open.
const NEAR: SignedDuration = SignedDuration::from_hours(48);
/// A waiver or a statement that ends within this time is to be renewed.
const ENDS_SOON: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Evidence that becomes too old within this time is to be gathered again, and a sign-off to be given again. Both last a
/// week where a gate says nothing else, so that a week ahead would be a risk from the first day on.
const AGES_SOON: SignedDuration = SignedDuration::from_hours(48);
/// So many checks are named where several have one fault.
const NAMED: usize = 3;

/// What the board says beside its rows.
pub struct Governance<'a> {
    /// What may keep the release from shipping, the gravest kind first.
    pub risks: Vec<Risk>,
    /// What the gate that decides asks and that does not hold, or that nobody can tell yet.
    pub open: Vec<&'a Weighed>,
}

/// Something that may keep the release from shipping, or close what is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// Of which kind.
    pub kind: RiskKind,
    /// The place of the gate.
    pub gate: usize,
    /// What it is about.
    pub what: String,
    /// What is so, in one line.
    pub says: String,
    /// Where that is known from.
    pub source: String,
    /// Who must act.
    pub who: String,
    /// Since when, or until when, where that is known.
    pub at: Option<Timestamp>,
}

/// The kinds of risks, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskKind {
    /// A check of severity critical fails.
    Critical,
    /// A check of severity high fails.
    High,
    /// Something else has held a gate for longer than a day.
    Held,
    /// A target has passed.
    Missed,
    /// A target is near.
    Near,
    /// A person's word ends soon.
    Ends,
    /// Evidence becomes too old soon.
    Ages,
    /// Nobody has looked at some checks.
    Unseen,
    /// Evidence was gathered before the gates that its suite waits for were open.
    Early,
}

impl RiskKind {
    /// Every kind, the gravest first.
    pub const ALL: &'static [Self] = &[
        Self::Critical,
        Self::High,
        Self::Held,
        Self::Missed,
        Self::Near,
        Self::Ends,
        Self::Ages,
        Self::Unseen,
        Self::Early,
    ];

    /// The words that everything shows.
    pub fn words(self) -> &'static str {
        match self {
            Self::Critical => "critical failure",
            Self::High => "high failure",
            Self::Held => "held over 24 h",
            Self::Missed => "target missed",
            Self::Near => "target near",
            Self::Ends => "ends soon",
            Self::Ages => "evidence ages",
            Self::Unseen => "nobody looked",
            Self::Early => "ran early",
        }
    }
}

/// Weighs nothing anew: it gathers what standings, records and people's words say.
pub fn governance<'a>(board: &Board<'a>, ground: &Ground<'_>) -> Governance<'a> {
    let mut risks = failing(board, ground);
    risks.extend(held(board, &risks));
    for (place, row) in board.rows.iter().enumerate() {
        risks.extend(target(place, row, board));
        risks.extend(ends(place, row, ground));
        risks.extend(ages(place, row, ground.now));
        risks.extend(unseen(place, row, ground));
        risks.extend(early(place, row));
    }
    risks.sort_by_key(|one| (one.kind, one.at, one.gate));
    let decides = board.deciding();
    let open = |one: &&Weighed| one.held != Some(true);
    let mut open: Vec<&Weighed> = decides.decision.criteria.iter().filter(open).collect();
    // What speaks against the release comes before what is not known yet.
    open.sort_by_key(|one| one.held.is_none());
    Governance { risks, open }
}

/// The run that a gate rests on.
fn run(standing: &GateStanding<'_>) -> String {
    match standing.newest() {
        Some(told) => format!("run {}", told.run()),
        None => "no run".into(),
    }
}

/// The run that saw a check of a gate fail: the one that it rests on, or a later one.
fn seen_in(standing: &GateStanding<'_>, check: &str, ground: &Ground<'_>) -> String {
    let fails = |one: &Finding| one.check == check && one.verdict == Verdict::Fail;
    let newest = standing.newest();
    let findings = newest.and_then(|told| told.findings().ok());
    match newest {
        Some(told) if !findings.is_some_and(|all| all.iter().any(fails)) => {
            let later = seen_since(ground, told).remove(check);
            later.map_or_else(|| run(standing), |news| format!("run {}", news.run))
        }
        _ => run(standing),
    }
}

/// Grave checks that fail and that nobody accepts, each for the first gate that asks for it.
fn failing(board: &Board<'_>, ground: &Ground<'_>) -> Vec<Risk> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut risks = Vec::new();
    for (place, row) in board.rows.iter().enumerate() {
        let standing = row.standing;
        let fails = |one: &&Finding| one.verdict == Verdict::Fail && one.waived.is_none();
        for finding in standing.findings.iter().filter(fails) {
            let kind = match finding.severity {
                Severity::Critical => RiskKind::Critical,
                Severity::High => RiskKind::High,
                Severity::Medium | Severity::Low | Severity::Info => continue,
            };
            if known.insert(&finding.check) {
                let held = board.held.iter();
                let held = held.map(|one| &one.blocker);
                let same = held.clone().find(|one| one.what == finding.check);
                risks.push(Risk {
                    kind,
                    gate: place,
                    what: finding.check.clone(),
                    says: finding.reason.clone(),
                    source: seen_in(standing, &finding.check, ground),
                    who: standing.gate.owner.clone(),
                    at: same.and_then(|one| one.since),
                });
            }
        }
    }
    risks
}

/// What has held a gate for longer than a day, and is not told already.
fn held(board: &Board<'_>, told: &[Risk]) -> Vec<Risk> {
    let is_new = |what: &str| !told.iter().any(|one| one.what == what);
    let long = board.long_held().into_iter();
    let long = long.filter(|one| is_new(&one.blocker.what));
    long.map(|one| Risk {
        kind: RiskKind::Held,
        gate: one.gate,
        what: one.blocker.what.clone(),
        says: one.blocker.reason.clone(),
        source: format!("gate {}", board.rows[one.gate].standing.gate.name),
        who: one.blocker.owner.clone(),
        at: one.blocker.since,
    })
    .collect()
}

/// The end of a day, in UTC.
fn end_of(day: Date) -> Option<Timestamp> {
    let next = day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(next.timestamp())
}

fn target(place: usize, row: &Row<'_>, board: &Board<'_>) -> Option<Risk> {
    let due = row.due.as_ref().filter(|_| !row.standing.is_open())?;
    let end = end_of(due.target)?;
    let kind = match end.duration_since(board.now) {
        _ if due.days < 0 => RiskKind::Missed,
        left if left < NEAR => RiskKind::Near,
        _ => return None,
    };
    Some(Risk {
        kind,
        gate: place,
        what: format!("gate {}", row.standing.gate.name),
        says: format!("it was to be open by {}, and is not", due.target),
        source: due.place.clone(),
        who: board.who(place).to_owned(),
        at: Some(end),
    })
    .map(|risk| match kind {
        RiskKind::Near => Risk {
            says: format!("it is to be open by {}, and is not yet", due.target),
            ..risk
        },
        _ => risk,
    })
}

/// Sign-offs, waivers and statements that count now and end soon.
fn ends(place: usize, row: &Row<'_>, ground: &Ground<'_>) -> Vec<Risk> {
    let standing = row.standing;
    let gate = standing.gate;
    let within = |at: Timestamp, limit: SignedDuration| {
        let left = at.duration_since(ground.now);
        left >= SignedDuration::ZERO && left <= limit
    };
    let soon = |at: Timestamp| within(at, ENDS_SOON);
    let risk = |what: String, says: String, source: String, who: &str, at: Timestamp| Risk {
        kind: RiskKind::Ends,
        gate: place,
        what,
        says,
        source,
        who: who.to_owned(),
        at: Some(at),
    };
    let mut risks = Vec::new();
    for word in standing.sign_offs.iter().filter(|word| word.is_valid()) {
        let until = counts_until(word, standing);
        if within(until, AGES_SOON) {
            let by = &word.sign_off.by;
            let says = format!("it counts until {}", until.strftime("%Y-%m-%d %H:%M UTC"));
            let source = format!("the ledger of {}", gate.name);
            risks.push(risk(format!("sign-off of {by}"), says, source, by, until));
        }
    }
    for waiver in ground.waivers.iter().filter(|_| gate.suite.is_some()) {
        let covers = |one: &Finding| one.check == waiver.check && one.waived.is_some();
        let counts = ground.may_waive(gate, &waiver.owner) && waiver.until >= ground.today();
        if let Some(end) = end_of(waiver.until).filter(|end| soon(*end))
            && counts
            && standing.findings.iter().any(covers)
        {
            let what = format!("waiver of {}", waiver.check);
            let says = format!("it ends on {}", waiver.until);
            risks.push(risk(what, says, waiver.place.clone(), &waiver.owner, end));
        }
    }
    for criterion in &gate.criteria {
        let Proof::Attested(name) = &criterion.proof else {
            continue;
        };
        let stated = attested(name, ground.attestations, ground.today());
        if let Some(one) = stated
            && let Some(end) = end_of(one.until).filter(|end| soon(*end))
        {
            let what = format!("statement on {name}");
            let says = format!("it ends on {}", one.until);
            risks.push(risk(what, says, one.place.clone(), &one.by, end));
        }
    }
    risks
}

/// The record that a gate rests on, where it counts still and not for long.
fn ages(place: usize, row: &Row<'_>, now: Timestamp) -> Option<Risk> {
    let gate = row.standing.gate;
    let suite = gate.suite.as_ref()?;
    let [told] = row.standing.evidence.as_slice() else {
        return None;
    };
    let end = told.record.header.started.checked_add(gate.evidence_lasts);
    let end = end.ok()?;
    let left = end.duration_since(now);
    (left >= SignedDuration::ZERO && left <= AGES_SOON).then(|| Risk {
        kind: RiskKind::Ages,
        gate: place,
        what: format!("evidence of {}", gate.name),
        says: format!(
            "it counts until {}; holdpoint run {suite} --level {} renews it",
            end.strftime("%Y-%m-%d %H:%M UTC"),
            gate.level
        ),
        source: run(row.standing),
        who: gate.owner.clone(),
        at: Some(end),
    })
}

/// The checks of a suite that no record has a look of.
fn unseen(place: usize, row: &Row<'_>, ground: &Ground<'_>) -> Option<Risk> {
    let standing = row.standing;
    let suite = standing.gate.suite.as_ref()?;
    let environment = ground.environment.or(standing.environment.as_deref());
    let seen = ground
        .history
        .looked_at(&standing.checks, environment.unwrap_or_default());
    let unseen = standing.checks.iter().filter(|id| !seen.contains(*id));
    let unseen: Vec<&str> = unseen.map(String::as_str).collect();
    let named = unseen.iter().take(NAMED).copied().collect::<Vec<_>>();
    let more = match unseen.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!unseen.is_empty()).then(|| Risk {
        kind: RiskKind::Unseen,
        gate: place,
        what: match unseen.len() {
            1 => "1 check".into(),
            many => format!("{many} checks"),
        },
        says: format!("no record has looked at {}{more}", named.join(", ")),
        source: format!("the records of suite {suite}"),
        who: standing.gate.owner.clone(),
        at: None,
    })
}

/// Evidence that somebody gathered before its turn, with what they said.
fn early(place: usize, row: &Row<'_>) -> Option<Risk> {
    let standing = row.standing;
    standing.gate.suite.as_ref()?;
    let told = standing.newest()?;
    let reason = told.record.header.before_gate.as_ref()?;
    Some(Risk {
        kind: RiskKind::Early,
        gate: place,
        what: format!("evidence of {}", standing.gate.name),
        says: format!("it was gathered before the gates before it were open: {reason}"),
        source: run(standing),
        who: standing.gate.owner.clone(),
        at: Some(told.record.header.started),
    })
}
