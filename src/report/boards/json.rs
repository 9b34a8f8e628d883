//! Boards for programs: a public interface with a version, which reports/schema/status.v1.json describes.

use super::{BoardReport, View, team};
use crate::model::Changed;
use crate::release::board::{
    Act, Board, Compared, Governance, Leader, Obstacle, Risk, Row, Step, TeamNews, Word,
};
use crate::report::gates::{blocker, counts, state};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The name of the form.
const SCHEMA: &str = "holdpoint.status/v1";

/// The board; what was not asked for is null.
pub fn render(report: &BoardReport<'_>) -> String {
    let board = report.board;
    let (standup, governance) = match report.view {
        View::Teams => (Value::Null, Value::Null),
        View::Standup { since, news } => (standing_up(board, since, news), Value::Null),
        View::Governance(governance) => (Value::Null, weighed(board, governance)),
    };
    let decides = board.deciding();
    let all = json!({
        "schema": SCHEMA,
        "project": report.project,
        "at": board.now.to_string(),
        "inForce": board.in_force,
        "recorded": board.recorded,
        "faults": board.faults,
        "release": {
            "gate": decides.gate.name,
            "ship": decides.is_open(),
            "state": state(decides),
            "decision": decides.decision.outcome.word(),
            "counts": counts(&decides.decision.counts),
        },
        "gatesOpen": board.open(),
        "teams": board.rows.iter().enumerate().map(|(place, row)| of_row(board, place, row)).collect::<Vec<_>>(),
        "criticalPath": board.path.iter().map(|step| of_step(board, step)).collect::<Vec<_>>(),
        "held": board.held.iter().map(|one| {
            let mut told = blocker(&one.blocker);
            told["gate"] = name(board, one.gate).into();
            told["long"] = one.is_long(board.now).into();
            told
        }).collect::<Vec<_>>(),
        "withoutBeginning": board.without_beginning(),
        "standup": standup,
        "governance": governance,
    });
    // It is plain data with text keys.
    serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"
}

fn name<'b>(board: &'b Board<'_>, place: usize) -> &'b str {
    &board.rows[place].standing.gate.name
}

fn names(board: &Board<'_>, places: &[usize]) -> Vec<String> {
    let each = places.iter().map(|place| name(board, *place).to_owned());
    each.collect()
}

fn of_row(board: &Board<'_>, place: usize, row: &Row<'_>) -> Value {
    let standing = row.standing;
    let gate = standing.gate;
    let (leader, may_sign) = match &row.leader {
        Leader::Named(name) => (Some(name), Vec::new()),
        Leader::MaySign(all) => (None, all.clone()),
        Leader::Nobody => (None, Vec::new()),
    };
    let (waits_for, gravest) = match &row.obstacle {
        Obstacle::Gates(places) => (names(board, places), None),
        Obstacle::Blocker(one) => (Vec::new(), Some(blocker(one))),
        Obstacle::Nothing | Obstacle::SignOff => (Vec::new(), None),
    };
    json!({
        "team": team(board, place),
        "phase": row.phase,
        "gate": gate.name,
        "title": gate.title,
        "owner": gate.owner,
        "state": state(standing),
        "open": standing.is_open(),
        "counts": counts(&standing.decision.counts),
        "waitsFor": waits_for,
        "blocker": gravest,
        "moreBlockers": row.more,
        "target": row.due.as_ref().map(|due| due.target.to_string()),
        "daysLeft": row.due.as_ref().map(|due| due.days),
        "leader": leader,
        "maySign": may_sign,
        "next": row.next.as_ref().map(act),
        "holdsUp": names(board, &row.holds_up),
        "evidence": standing.evidence.iter().map(|told| json!({
            "run": told.run(),
            "started": told.record.header.started.to_string(),
            "beforeGate": told.record.header.before_gate,
        })).collect::<Vec<_>>(),
    })
}

fn act(act: &Act) -> Value {
    json!({ "who": act.who, "what": act.what })
}

fn of_step(board: &Board<'_>, step: &Step) -> Value {
    json!({
        "gate": name(board, step.gate),
        "beside": names(board, &step.beside),
        "canAct": step.can_act,
    })
}

fn standing_up(board: &Board<'_>, since: Timestamp, news: &[TeamNews<'_>]) -> Value {
    let teams: Vec<Value> = news
        .iter()
        .enumerate()
        .map(|(place, news)| of_team(name(board, place), news))
        .collect();
    json!({ "since": since.to_string(), "teams": teams })
}

fn of_team(gate: &str, news: &TeamNews<'_>) -> Value {
    let (word, before, checks): (_, _, &[Changed]) = match &news.compared {
        Compared::NoSuite => ("no suite", None, &[]),
        Compared::NothingNow => ("nothing now", None, &[]),
        Compared::NoneBefore => ("none before", None, &[]),
        Compared::NotLooked => ("not looked", None, &[]),
        Compared::Unreadable(_) => ("unreadable", None, &[]),
        Compared::Seen {
            before,
            whole,
            changed,
        } => {
            let word = match whole {
                true => "whole suite",
                false => "parts",
            };
            (word, Some(before.run()), changed)
        }
    };
    json!({
        "gate": gate,
        "runs": news.runs.iter().map(|told| told.run()).collect::<Vec<_>>(),
        "compared": word,
        "before": before,
        "unchanged": news.is_unchanged(),
        "checks": checks.iter().map(|one| json!({
            "check": one.check,
            "change": one.change.word(),
            "severity": one.severity.word(),
            "before": one.before.map(|verdict| verdict.word()),
            "after": one.after.map(|verdict| verdict.word()),
        })).collect::<Vec<_>>(),
        "words": news.words.iter().map(word_of).collect::<Vec<_>>(),
        "newlyHeldBy": news.held.iter().map(|one| blocker(&one.blocker)).collect::<Vec<_>>(),
    })
}

fn word_of(word: &Word<'_>) -> Value {
    match word {
        Word::Signed(one) => json!({
            "by": one.sign_off.by,
            "what": "signed",
            "at": one.sign_off.at.to_string(),
            "state": one.words(),
        }),
        Word::No(no) => json!({
            "by": no.by,
            "what": "said no",
            "at": no.at.to_string(),
            "state": no.how,
        }),
        Word::Lapsed {
            standing,
            how,
            since_then,
        } => json!({
            "by": standing.sign_off.by,
            "what": match since_then {
                true => "lapsed",
                false => "does not count",
            },
            "at": null,
            "state": how.lapse.words(),
        }),
    }
}

fn weighed(board: &Board<'_>, governance: &Governance<'_>) -> Value {
    let risk = |one: &Risk| {
        json!({
            "kind": one.kind.words(),
            "gate": name(board, one.gate),
            "what": one.what,
            "says": one.says,
            "source": one.source,
            "who": one.who,
            "at": one.at.map(|at| at.to_string()),
        })
    };
    let owners = board.by_owner();
    let open = |held: Option<bool>| -> Vec<Value> {
        let those = governance.open.iter().filter(|one| one.held == held);
        those
            .map(|one| json!({ "says": one.says, "found": one.found }))
            .collect()
    };
    json!({
        "risks": governance.risks.iter().map(risk).collect::<Vec<_>>(),
        "mustAct": owners.iter().map(|(owner, count)| json!({ "owner": owner, "blockers": count })).collect::<Vec<_>>(),
        "refused": open(Some(false)),
        "unknown": open(None),
    })
}
