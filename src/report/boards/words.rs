//! The words by which every format of a board says the same.

use crate::model::{Change, Changed};
use crate::release::board::{Act, Board, Compared, Leader, Obstacle, Row, Step, TeamNews, Word};
use crate::report::gates::{known, state};

/// So many things are named where several have changed in one way.
const NAMED: usize = 2;

/// A team as people call it; with its gate where it has several.
pub(in crate::report) fn team(board: &Board<'_>, place: usize) -> String {
    let gate = board.rows[place].standing.gate;
    let name = gate.owner.strip_prefix("Team ").unwrap_or(&gate.owner);
    let same = |row: &&Row<'_>| row.standing.gate.owner == gate.owner;
    match board.rows.iter().filter(same).count() {
        0 | 1 => name.to_owned(),
        _ => format!("{name} ({})", gate.name),
    }
}

/// Several teams in one line.
fn teams(board: &Board<'_>, places: &[usize]) -> String {
    let names: Vec<String> = places.iter().map(|place| team(board, *place)).collect();
    names.join(", ")
}

/// The gravest thing that holds a gate and how many more do; why, where it has no name of its own.
pub(in crate::report) fn obstacle(board: &Board<'_>, row: &Row<'_>) -> String {
    let gravest = match &row.obstacle {
        Obstacle::Nothing => "none".into(),
        Obstacle::SignOff => "its sign-off".into(),
        Obstacle::Gates(places) => format!("waits for {}", teams(board, places)),
        Obstacle::Blocker(blocker) => blocker.what.clone(),
    };
    let all = match row.more {
        0 => gravest,
        more => format!("{gravest} and {more} more"),
    };
    match &row.obstacle {
        Obstacle::Blocker(blocker) if !blocker.what.contains(['.', ':']) => {
            format!("{all}: {}", blocker.reason)
        }
        _ => all,
    }
}

/// `2026-12-01, 3 days late`
pub(in crate::report) fn target(row: &Row<'_>) -> String {
    let Some(due) = &row.due else {
        return "none".into();
    };
    let day = due.target;
    match due.days {
        _ if row.standing.is_open() => day.to_string(),
        -1 => format!("{day}, 1 day late"),
        ..-1 => format!("{day}, {} days late", due.days.unsigned_abs()),
        0 => format!("{day}, today"),
        1 => format!("{day}, tomorrow"),
        days => format!("{day}, in {days} days"),
    }
}

/// Who leads a team, or may sign for it.
pub(in crate::report) fn leader(row: &Row<'_>) -> String {
    match &row.leader {
        Leader::Named(name) => name.clone(),
        Leader::Nobody => "nobody named".into(),
        Leader::MaySign(all) => format!("{} may sign", some(all)),
    }
}

/// Whether it ships, and on what that rests: `do not ship: gate release, 3 measured pass, 1 unknown; 0 of 6 gates open`.
pub(in crate::report) fn decided(board: &Board<'_>) -> String {
    let decides = board.deciding();
    let ship = match decides.is_open() {
        true => "ship",
        false => "do not ship",
    };
    let counts = known(&decides.decision.counts);
    let counts = match counts.is_empty() {
        true => "nothing is known".to_owned(),
        false => counts.join(", "),
    };
    format!(
        "{ship}: gate {} is {}; {counts}; {} of {} gates open",
        decides.gate.name,
        state(decides),
        board.open(),
        board.rows.len()
    )
}

/// The steps of the critical path, each with the teams beside it.
pub(in crate::report) fn path(board: &Board<'_>) -> Vec<String> {
    let each = board.path.iter().map(|step| {
        let Step {
            gate,
            beside,
            can_act,
        } = step;
        let mut text = format!("{} {}", board.rows[*gate].phase, team(board, *gate));
        if !beside.is_empty() {
            text = format!("{text} beside {}", teams(board, beside));
        }
        match can_act {
            true => format!("{text} (can act now)"),
            false => text,
        }
    });
    each.collect()
}

/// `Team Omega (Ann): holdpoint run infrastructure`
pub(in crate::report) fn act(board: &Board<'_>, act: &Act) -> String {
    match board.leader_of(&act.who) {
        Some(name) => format!("{} ({name}): {}", act.who, act.what),
        None => format!("{}: {}", act.who, act.what),
    }
}

/// Whom a gate holds up.
pub(in crate::report) fn holds_up(board: &Board<'_>, row: &Row<'_>) -> String {
    match row.holds_up.is_empty() {
        true => "nobody".into(),
        false => teams(board, &row.holds_up),
    }
}

/// What is not there yet, and what is to be done.
pub(in crate::report) fn nothing_yet(board: &Board<'_>) -> Vec<String> {
    let mut told = Vec::new();
    if !board.recorded {
        let first = board
            .rows
            .iter()
            .map(|row| row.standing.gate)
            .find_map(|gate| Some((gate.suite.as_ref()?, gate.level)));
        // At a lower level the record would not hold the whole suite.
        let what = first.map_or_else(String::new, |(suite, level)| {
            format!(" {suite} --level {level}")
        });
        told.push(format!(
            "no run was recorded yet; next: holdpoint run{what}"
        ));
    }
    if !board.in_force {
        let name = &board.rows[0].standing.gate.name;
        told.push(format!(
            "nobody may sign yet, so no gate can be opened: there is no .holdpoint/allowed_signers; \
             holdpoint sign {name} says how to write it"
        ));
    }
    let faults = board.faults.iter();
    told.extend(faults.map(|fault| format!("a record cannot be used: {fault}")));
    told
}

/// What changed at a gate, the gravest first.
pub(in crate::report) fn changes(news: &TeamNews<'_>) -> Vec<String> {
    if news.is_unchanged() {
        return vec!["nothing changed".into(), runs(news)];
    }
    let (mut told, unseen) = match &news.compared {
        Compared::Seen { .. } | Compared::Unreadable(_) => (checks(news), Vec::new()),
        // That nothing could be compared is no news: what people said, and what holds it anew, is.
        _ => (Vec::new(), checks(news)),
    };
    for word in &news.words {
        told.push(match word {
            Word::Signed(one) => match one.lapses.first() {
                None => format!("{} signed", one.sign_off.by),
                Some(lapsed) => format!(
                    "{} signed, which does not count any more: {}",
                    one.sign_off.by, lapsed.lapse
                ),
            },
            Word::No(no) => no.how.clone(),
            Word::Lapsed {
                standing,
                how,
                since_then,
            } => match since_then {
                true => format!("the word of {} lapsed: {}", standing.sign_off.by, how.lapse),
                false => format!(
                    "the word of {} does not count: {} (since when is not known)",
                    standing.sign_off.by, how.lapse
                ),
            },
        });
    }
    if !news.held.is_empty() {
        let names: Vec<String> = news
            .held
            .iter()
            .map(|one| one.blocker.what.clone())
            .collect();
        told.push(format!("newly held by {}", some(&names)));
    }
    told.extend(unseen);
    if matches!(news.compared, Compared::NoSuite) {
        if told.is_empty() {
            told.push("nobody signed or said no; it rests on the gates before it".into());
        }
    } else {
        told.push(runs(news));
    }
    told
}

fn runs(news: &TeamNews<'_>) -> String {
    match news.runs.as_slice() {
        [] => "no run".into(),
        [one] => format!("1 run, {}", one.run()),
        [newest, ..] => format!("{} runs, last {}", news.runs.len(), newest.run()),
    }
}

fn checks(news: &TeamNews<'_>) -> Vec<String> {
    match &news.compared {
        Compared::NoSuite => Vec::new(),
        Compared::NothingNow => vec!["no record holds its whole suite".into()],
        Compared::NoneBefore => vec!["no run before then to compare with".into()],
        Compared::NotLooked => vec!["nobody has looked since".into()],
        Compared::Unreadable(cause) => vec![format!("cannot be compared: {cause}")],
        Compared::Seen { whole, changed, .. } => match (changed.is_empty(), whole) {
            (false, _) => grouped(changed),
            (true, true) => vec!["no check changed".into()],
            (true, false) => {
                vec!["no run of the whole suite; what was looked at is as it was".into()]
            }
        },
    }
}

/// `broke shop.license, shop.readme and 2 more`
fn grouped(changed: &[Changed]) -> Vec<String> {
    let each = Change::ALL.iter().filter_map(|change| {
        let those = changed.iter().filter(|one| one.change == *change);
        let names: Vec<String> = those.map(|one| one.check.clone()).collect();
        (!names.is_empty()).then(|| format!("{}: {}", change.word(), some(&names)))
    });
    each.collect()
}

/// The first few of several names, and how many more there are.
fn some(names: &[String]) -> String {
    let first = names.iter().take(NAMED).cloned().collect::<Vec<_>>();
    match names.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
