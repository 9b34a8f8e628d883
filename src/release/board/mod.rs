//! What boards show of the gates, computed once from their standings: rows, the critical path, what is held for how long.

mod changes;
mod governance;
mod held;
mod path;

pub use changes::{Compared, TeamNews, Word, news};
pub use governance::{Governance, Risk, RiskKind, governance};
pub use held::{Held, LONG};
pub use path::Step;

use super::ground::Ground;
use super::hold::Hold;
use super::stand::{GateStanding, deciding};
use crate::model::{Blocker, Gate, Severity};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What the plan says of a gate, and where it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Planned {
    /// The last day on which it is in time.
    pub target: Option<Date>,
    /// Who leads the team.
    pub leader: Option<String>,
    /// `holdpoint.toml:12`
    pub place: String,
}

/// The gates as boards show them.
pub struct Board<'a> {
    /// When.
    pub now: Timestamp,
    /// A row for each gate, in their order.
    pub rows: Vec<Row<'a>>,
    /// The place of the gate that decides whether it ships.
    deciding: usize,
    /// The longest chain of gates that this one waits for, and itself.
    pub path: Vec<Step>,
    /// Everything that holds a gate up, each once.
    pub held: Vec<Held>,
    /// There is a list of people who may sign.
    pub in_force: bool,
    /// A run was recorded, ever.
    pub recorded: bool,
    /// Why records that are there cannot be used, in one line each.
    pub faults: Vec<String>,
}

/// A gate and its team.
pub struct Row<'a> {
    /// Its number, from 1.
    pub phase: usize,
    /// How it stands.
    pub standing: &'a GateStanding<'a>,
    /// The gravest thing that holds it.
    pub obstacle: Obstacle<'a>,
    /// How many things hold it beside that.
    pub more: usize,
    /// Until when it is to be open.
    pub due: Option<Due>,
    /// Who leads its team.
    pub leader: Leader,
    /// What is to be done next, and who must.
    pub next: Option<Act>,
    /// The places of the later gates that wait for it and are not open.
    pub holds_up: Vec<usize>,
}

/// The gravest thing that holds a gate.
#[derive(Debug, Clone, PartialEq)]
pub enum Obstacle<'a> {
    /// Nothing does.
    Nothing,
    /// It may be released, and not enough people have signed.
    SignOff,
    /// It waits for the gates in these places.
    Gates(Vec<usize>),
    /// This.
    Blocker(&'a Blocker),
}

/// Until when a gate is to be open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The last day on which it is in time.
    pub target: Date,
    /// How many days are left; negative where it has passed.
    pub days: i64,
    /// Where that is written.
    pub place: String,
}

/// Who leads a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leader {
    /// The plan names them.
    Named(String),
    /// The plan names nobody; these may sign, as the list of signers names them.
    MaySign(Vec<String>),
    /// Nobody is named anywhere.
    Nobody,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Who must.
    pub who: String,
    /// The command or act.
    pub what: String,
}

impl<'a> Board<'a> {
    /// The board of these standings, in their order; none where there is no gate.
    pub fn of(
        standings: &'a [GateStanding<'a>],
        ground: &Ground<'_>,
        plan: &BTreeMap<String, Planned>,
    ) -> Option<Self> {
        let deciding = deciding(&standings.iter().collect::<Vec<_>>())?;
        let upstream: Vec<Vec<usize>> =
            standings.iter().map(|one| before(one, standings)).collect();
        let rows = (0..standings.len()).map(|place| Row {
            phase: place + 1,
            standing: &standings[place],
            obstacle: obstacle(place, standings),
            more: more(&standings[place]),
            due: due(plan.get(&standings[place].gate.name), ground.today()),
            leader: leader(standings[place].gate, ground, plan),
            next: next(&standings[place]),
            holds_up: holds_up(place, standings, &upstream),
        });
        let rows: Vec<Row<'a>> = rows.collect();
        let nodes: Vec<path::Node> = standings
            .iter()
            .zip(&upstream)
            .map(|(one, upstream)| path::Node {
                open: one.is_open(),
                upstream: upstream.clone(),
            })
            .collect();
        Some(Self {
            now: ground.now,
            path: path::critical(&nodes, deciding),
            held: held::held(standings, &upstream),
            rows,
            deciding,
            in_force: ground.signers.is_some(),
            recorded: ground.history.records().next().is_some(),
            faults: ground.history.faults().cloned().collect(),
        })
    }

    /// The gate that decides whether it ships; it is open where every gate is.
    pub fn deciding(&self) -> &'a GateStanding<'a> {
        self.rows[self.deciding].standing
    }

    /// How many gates are open.
    pub fn open(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| row.standing.is_open())
            .count()
    }

    /// What holds a gate up for longer than a day, the oldest first.
    pub fn long_held(&self) -> Vec<&Held> {
        let mut long: Vec<&Held> = self
            .held
            .iter()
            .filter(|one| one.is_long(self.now))
            .collect();
        long.sort_by_key(|one| (one.blocker.since, one.gate));
        long
    }

    /// How many of the things that hold a gate up nobody knows the beginning of.
    pub fn without_beginning(&self) -> usize {
        let unknown = |one: &&Held| one.blocker.since.is_none();
        self.held.iter().filter(unknown).count()
    }

    /// Who must act on how many of them: whose thing is the gravest first, then the busiest.
    pub fn by_owner(&self) -> Vec<(&str, usize)> {
        let mut counted: BTreeMap<&str, (Severity, usize)> = BTreeMap::new();
        for one in &self.held {
            let Blocker {
                owner, severity, ..
            } = &one.blocker;
            let known = counted.entry(owner).or_insert((*severity, 0));
            *known = (known.0.max(*severity), known.1 + 1);
        }
        let mut counted: Vec<(&str, (Severity, usize))> = counted.into_iter().collect();
        counted.sort_by_key(|(owner, weight)| (std::cmp::Reverse(*weight), *owner));
        let each = counted.into_iter();
        each.map(|(owner, (_, count))| (owner, count)).collect()
    }

    /// Whom the plan names as the leader of a team.
    pub fn leader_of(&self, owner: &str) -> Option<&str> {
        let mut own = self
            .rows
            .iter()
            .filter(|row| row.standing.gate.owner == owner);
        own.find_map(|row| match &row.leader {
            Leader::Named(name) => Some(name.as_str()),
            Leader::MaySign(_) | Leader::Nobody => None,
        })
    }

    /// Who leads, or else owns, the gate of this place.
    pub fn who(&self, place: usize) -> &str {
        match &self.rows[place].leader {
            Leader::Named(name) => name,
            Leader::MaySign(_) | Leader::Nobody => &self.rows[place].standing.gate.owner,
        }
    }
}

/// The places of the gates before one.
fn before(one: &GateStanding<'_>, all: &[GateStanding<'_>]) -> Vec<usize> {
    let place = |name: &String| all.iter().position(|other| other.gate.name == *name);
    one.gate.upstream.iter().filter_map(place).collect()
}

/// The gate that a blocker waits for, where it does.
pub(super) fn waits_for<'n>(blocker: &'n Blocker, gate: &Gate) -> Option<&'n str> {
    let name = blocker.what.strip_prefix("gate ")?;
    gate.upstream.iter().any(|one| one == name).then_some(name)
}

fn obstacle<'a>(place: usize, all: &'a [GateStanding<'a>]) -> Obstacle<'a> {
    let one = &all[place];
    let blockers = &one.decision.blockers;
    match (&one.hold, blockers.first()) {
        (Hold::Open, _) => Obstacle::Nothing,
        (Hold::Ready { .. }, _) => Obstacle::SignOff,
        (Hold::Held, None) => Obstacle::Nothing,
        (Hold::Held, Some(first)) if waits_for(first, one.gate).is_some() => {
            let names = blockers.iter().filter_map(|each| waits_for(each, one.gate));
            let place = |name: &str| all.iter().position(|other| other.gate.name == name);
            let mut places: Vec<usize> = names.filter_map(place).collect();
            places.sort_unstable();
            Obstacle::Gates(places)
        }
        (Hold::Held, Some(first)) => Obstacle::Blocker(first),
    }
}

/// How many things hold a gate beside the gravest; the gates that it waits for count as one.
fn more(one: &GateStanding<'_>) -> usize {
    let blockers = &one.decision.blockers;
    let own = |each: &&Blocker| waits_for(each, one.gate).is_none();
    let own = blockers.iter().filter(own).count();
    let first = blockers.first();
    match first.is_some_and(|first| waits_for(first, one.gate).is_some()) {
        true => own,
        false => blockers.len().saturating_sub(1),
    }
}

fn due(planned: Option<&Planned>, today: Date) -> Option<Due> {
    let planned = planned?;
    let target = planned.target?;
    let left = today.until(target).ok()?;
    Some(Due {
        target,
        days: i64::from(left.get_days()),
        place: planned.place.clone(),
    })
}

fn leader(gate: &Gate, ground: &Ground<'_>, plan: &BTreeMap<String, Planned>) -> Leader {
    let named = plan.get(&gate.name).and_then(|one| one.leader.clone());
    if let Some(name) = named {
        return Leader::Named(name);
    }
    let space = gate.namespace();
    let signers = ground.signers.map(|signers| {
        let mut all = signers.principals(&space, ground.now);
        all.extend(signers.patterns(&space, ground.now));
        all
    });
    match signers.filter(|all| !all.is_empty()) {
        Some(all) => Leader::MaySign(all),
        None => Leader::Nobody,
    }
}

fn next(one: &GateStanding<'_>) -> Option<Act> {
    let gate = one.gate;
    match (&one.hold, one.decision.blockers.first()) {
        (Hold::Open, _) => None,
        (Hold::Ready { .. }, _) => Some(Act {
            who: gate.owner.clone(),
            what: format!("holdpoint sign {}", gate.name),
        }),
        (Hold::Held, Some(first)) => Some(Act {
            who: first.owner.clone(),
            what: first.next.clone(),
        }),
        (Hold::Held, None) => Some(Act {
            who: gate.owner.clone(),
            what: format!("holdpoint gate {}", gate.name),
        }),
    }
}

/// The gates that wait for one that is not open, directly or for one that does.
fn holds_up(place: usize, all: &[GateStanding<'_>], upstream: &[Vec<usize>]) -> Vec<usize> {
    if all[place].is_open() {
        return Vec::new();
    }
    let mut waiting = vec![false; all.len()];
    waiting[place] = true;
    for later in place + 1..all.len() {
        waiting[later] = !all[later].is_open() && upstream[later].iter().any(|one| waiting[*one]);
    }
    (place + 1..all.len()).filter(|one| waiting[*one]).collect()
}
