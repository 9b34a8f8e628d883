//! Boards on a page, for a ticket, a step summary or the notes of a meeting.

use super::{
    BoardReport, View, act, changes, decided, holds_up, leader, nothing_yet, obstacle, path,
    target, team,
};
use crate::document::escape::markdown as inline;
use crate::model::Weighed;
use crate::release::board::{Board, Governance, Held, Row, TeamNews};
use crate::report::gates::{known, since, state};
use jiff::Timestamp;

/// The board as a page.
pub fn render(report: &BoardReport<'_>) -> String {
    let board = report.board;
    let title = match report.view {
        View::Teams => "How the release stands",
        View::Standup { .. } => "Standup",
        View::Governance(_) => "Governance",
    };
    let mut lines = vec![
        format!("# {title}"),
        String::new(),
        format!(
            "{} · {}",
            inline(report.project),
            board.now.strftime("%Y-%m-%d %H:%M UTC")
        ),
    ];
    match report.view {
        View::Teams => teams(&mut lines, board),
        View::Standup { since, news } => standup(&mut lines, board, since, news),
        View::Governance(governance) => weighed(&mut lines, board, governance),
    }
    for told in nothing_yet(board) {
        lines.extend([String::new(), format!("> {}", inline(&told))]);
    }
    lines.push(String::new());
    lines.join("\n")
}

fn table(lines: &mut Vec<String>, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    lines.push(String::new());
    lines.push(format!("| {} |", heads.join(" | ")));
    lines.push(format!("|{}", "---|".repeat(heads.len())));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| inline(cell)).collect();
        lines.push(format!("| {} |", cells.join(" | ")));
    }
}

fn heading(lines: &mut Vec<String>, text: &str) {
    lines.extend([String::new(), format!("## {text}")]);
}

fn teams(lines: &mut Vec<String>, board: &Board<'_>) {
    let heads = ["Team", "Phase", "State", "Blocker", "Target", "Leader"];
    let row = |(place, row): (usize, &Row<'_>)| {
        vec![
            team(board, place),
            row.phase.to_string(),
            state(row.standing),
            obstacle(board, row),
            target(row),
            leader(row),
        ]
    };
    table(lines, &heads, board.rows.iter().enumerate().map(row));
    lines.extend([String::new(), format!("**{}**", inline(&decided(board)))]);
    if !board.path.is_empty() {
        heading(lines, "Critical path");
        lines.push(String::new());
        let steps: Vec<String> = path(board).iter().map(|step| inline(step)).collect();
        lines.push(steps.join(" → "));
        lines.push(String::new());
        for step in board.path.iter().filter(|step| step.can_act) {
            let those = std::iter::once(&step.gate).chain(&step.beside);
            let acts = those.filter_map(|place| board.rows[*place].next.as_ref());
            lines.extend(acts.map(|next| format!("- {}", inline(&act(board, next)))));
        }
    }
    long_held(lines, board, &board.long_held());
}

fn long_held(lines: &mut Vec<String>, board: &Board<'_>, long: &[&Held]) {
    heading(lines, "Held for over 24 hours");
    match long.is_empty() {
        true => lines.extend([String::new(), "Nothing, as far as is known.".into()]),
        false => {
            let heads = ["What", "Severity", "Why", "Since", "Who", "Next"];
            let row = |one: &&Held| {
                let blocker = &one.blocker;
                let at = blocker.since.map(|at| since(at, board.now));
                vec![
                    blocker.what.clone(),
                    blocker.severity.to_string(),
                    blocker.reason.clone(),
                    at.unwrap_or_default(),
                    blocker.owner.clone(),
                    blocker.next.clone(),
                ]
            };
            table(lines, &heads, long.iter().map(row));
        }
    }
    let unknown = board.without_beginning();
    if unknown > 0 {
        lines.extend([
            String::new(),
            format!(
                "Of {} things that hold a gate, {unknown} have no known beginning.",
                board.held.len()
            ),
        ]);
    }
}

fn standup(lines: &mut Vec<String>, board: &Board<'_>, since: Timestamp, news: &[TeamNews<'_>]) {
    let since = since.strftime("%Y-%m-%d %H:%M UTC");
    lines.extend([String::new(), format!("Since {since}.")]);
    for (place, (row, news)) in board.rows.iter().zip(news).enumerate() {
        heading(lines, &inline(&team(board, place)));
        lines.push(String::new());
        let counts = known(&row.standing.decision.counts).join(", ");
        lines.push(format!(
            "- **{}**, target {}, {}",
            state(row.standing),
            target(row),
            match counts.is_empty() {
                true => "nothing is known",
                false => &counts,
            }
        ));
        lines.push(format!("- Changed: {}", inline(&changes(news).join("; "))));
        lines.push(format!("- Blocker: {}", inline(&obstacle(board, row))));
        if let Some(next) = &row.next {
            lines.push(format!("- Next: {}", inline(&act(board, next))));
        }
        lines.push(format!("- Holds up: {}", inline(&holds_up(board, row))));
    }
}

fn weighed(lines: &mut Vec<String>, board: &Board<'_>, governance: &Governance<'_>) {
    heading(
        lines,
        &format!("Phases: {} of {} open", board.open(), board.rows.len()),
    );
    let row = |(place, row): (usize, &Row<'_>)| {
        vec![
            row.phase.to_string(),
            team(board, place),
            state(row.standing),
            known(&row.standing.decision.counts).join(", "),
            target(row),
        ]
    };
    let heads = ["Phase", "Team", "State", "Known", "Target"];
    table(lines, &heads, board.rows.iter().enumerate().map(row));
    heading(lines, &format!("Risks: {}", governance.risks.len()));
    if governance.risks.is_empty() {
        lines.extend([String::new(), "None is known.".into()]);
    } else {
        let heads = ["Risk", "What", "Says", "Source", "Who"];
        let row = governance.risks.iter().map(|risk| {
            vec![
                risk.kind.words().to_owned(),
                risk.what.clone(),
                risk.says.clone(),
                risk.source.clone(),
                risk.who.clone(),
            ]
        });
        table(lines, &heads, row);
    }
    heading(lines, "Who must act");
    lines.push(String::new());
    match board.by_owner().as_slice() {
        [] => lines.push("Nobody: nothing holds a gate.".into()),
        owners => {
            let line = |(owner, count): &(&str, usize)| format!("- {}: {count}", inline(owner));
            lines.extend(owners.iter().map(line));
        }
    }
    heading(lines, "Readiness");
    lines.extend([String::new(), format!("**{}**", inline(&decided(board)))]);
    let (refused, unknown): (Vec<&Weighed>, Vec<&Weighed>) =
        governance.open.iter().partition(|one| one.held.is_some());
    for (said, open) in [("Does not hold:", refused), ("Not known yet:", unknown)] {
        if open.is_empty() {
            continue;
        }
        lines.extend([String::new(), said.into(), String::new()]);
        let line = |one: &Weighed| format!("- {}: {}", inline(&one.says), inline(&one.found));
        lines.extend(open.into_iter().map(line));
    }
}
