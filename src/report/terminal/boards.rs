//! Boards at the terminal: ship or not, what blocks and who must act, in one look.

use super::columns::table;
use super::gates::ink;
use super::screen::{Ink, Screen, Symbol, columns, severity};
use crate::model::Verdict;
use crate::release::board::{Board, Governance, Held, Risk, RiskKind, Row, TeamNews};
use crate::report::Style;
use crate::report::boards::{
    BoardReport, View, act, changes, decided, holds_up, leader, nothing_yet, obstacle, path,
    target, team,
};
use crate::report::gates::{known, since, state};
use jiff::Timestamp;

/// Narrower than this, a row becomes a block of lines.
const TABLE: usize = 60;
/// Where the text after a label begins.
const LABELLED: usize = 11;

/// The board that is asked for.
pub fn boards(report: &BoardReport<'_>, style: &Style<'_>) -> String {
    let mut screen = Screen::new(style);
    let board = report.board;
    let dot = screen.dot();
    let now = board.now.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let project = screen.text(report.project);
    let mut head = vec![
        (Ink::Bold, project.as_str()),
        (Ink::Dim, dot),
        (Ink::Dim, &now),
    ];
    if project.is_empty() {
        head.drain(..2);
    }
    let told = match report.view {
        View::Standup { since, .. } => since.strftime("since %Y-%m-%d %H:%M UTC").to_string(),
        View::Teams | View::Governance(_) => String::new(),
    };
    if !told.is_empty() {
        head.extend([(Ink::Dim, dot), (Ink::Plain, &told)]);
    }
    screen.flow(0, 2, &head);
    screen.gap();
    match report.view {
        View::Teams => teams(&mut screen, board),
        View::Standup { news, .. } => standup(&mut screen, board, news),
        View::Governance(governance) => weighed(&mut screen, board, governance),
    }
    for told in nothing_yet(board) {
        screen.gap();
        let told = screen.text(&told);
        screen.marked(Symbol::Warning, &[(Ink::Plain, &told)]);
    }
    screen.finish()
}

/// The ink of a day: one that was missed is to be seen.
fn due(row: &Row<'_>) -> Ink {
    let is_late = row.due.as_ref().is_some_and(|due| due.days < 0);
    match is_late && !row.standing.is_open() {
        true => Ink::Bad,
        false => Ink::Plain,
    }
}

fn teams(screen: &mut Screen<'_>, board: &Board<'_>) {
    let rows: Vec<Vec<(Ink, String)>> = board
        .rows
        .iter()
        .enumerate()
        .map(|(place, row)| {
            vec![
                (Ink::Bold, screen.text(&team(board, place))),
                (Ink::Plain, row.phase.to_string()),
                (ink(row.standing), state(row.standing)),
                (Ink::Plain, screen.text(&obstacle(board, row))),
                (due(row), target(row)),
                (Ink::Plain, screen.text(&leader(row))),
            ]
        })
        .collect();
    let heads = [
        ("Team", 8),
        ("Phase", 5),
        ("State", 9),
        ("Blocker", 21),
        ("Target", 11),
        ("Leader", 16),
    ];
    match screen.width() < TABLE {
        false => table(screen, &heads, &rows),
        true => rows.iter().for_each(|row| block(screen, &heads, row)),
    }
    screen.gap();
    decision(screen, board);
    if screen.style.quiet {
        return;
    }
    critical(screen, board);
    long(screen, board);
}

/// A row where there is no room for a table.
fn block(screen: &mut Screen<'_>, heads: &[(&str, usize)], row: &[(Ink, String)]) {
    if let [team, phase, state, rest @ ..] = row {
        let phase = format!("phase\u{a0}{}", phase.1);
        let dot = screen.dot();
        screen.flow(
            0,
            2,
            &[
                (team.0, &team.1),
                (Ink::Dim, dot),
                (Ink::Plain, &phase),
                (Ink::Dim, dot),
                (state.0, &state.1),
            ],
        );
        for ((head, _), (ink, text)) in heads.iter().skip(3).zip(rest) {
            labelled(screen, &head.to_lowercase(), *ink, text);
        }
    }
}

/// A label and what belongs to it, wrapped beneath itself.
fn labelled(screen: &mut Screen<'_>, label: &str, ink: Ink, text: &str) {
    let label = format!("{label:<8}").replace(' ', "\u{a0}");
    screen.flow(2, LABELLED, &[(Ink::Dim, &label), (ink, text)]);
}

fn decision(screen: &mut Screen<'_>, board: &Board<'_>) {
    let decides = board.deciding();
    let word = state(decides).to_uppercase().replace(' ', "\u{a0}");
    let text = screen.text(&decided(board));
    screen.flow(
        0,
        columns(&word) + 2,
        &[(ink(decides), &format!("{word}\u{a0}")), (Ink::Bold, &text)],
    );
}

fn critical(screen: &mut Screen<'_>, board: &Board<'_>) {
    if board.path.is_empty() {
        return;
    }
    screen.gap();
    let steps = path(board).join(" → ");
    let steps = screen.text(&steps);
    screen.flow(0, 2, &[(Ink::Dim, "critical path"), (Ink::Plain, &steps)]);
    for step in board.path.iter().filter(|step| step.can_act) {
        let those = std::iter::once(&step.gate).chain(&step.beside);
        for next in those.filter_map(|place| board.rows[*place].next.as_ref()) {
            let next = screen.text(&act(board, next));
            labelled(screen, "next", Ink::Bold, &next);
        }
    }
}

fn long(screen: &mut Screen<'_>, board: &Board<'_>) {
    screen.gap();
    let long = board.long_held();
    match long.is_empty() {
        true => screen.flow(
            0,
            2,
            &[(Ink::Dim, "nothing is known to be held for over 24 hours")],
        ),
        false => screen.flow(0, 2, &[(Ink::Dim, "held for over 24 hours")]),
    }
    long.iter().for_each(|one| held(screen, board, one));
    let unknown = board.without_beginning();
    if unknown > 0 {
        let text = format!(
            "{unknown} of {} things that hold a gate have no known beginning",
            board.held.len()
        );
        screen.flow(0, 2, &[(Ink::Dim, &text)]);
    }
}

fn held(screen: &mut Screen<'_>, board: &Board<'_>, one: &Held) {
    let blocker = &one.blocker;
    let (what, gate) = (
        screen.text(&blocker.what),
        screen.text(&team(board, one.gate)),
    );
    let at = blocker.since.map(|at| since(at, board.now));
    screen.marked(
        Symbol::Verdict(Verdict::Fail),
        &[
            (Ink::Bold, &what),
            (severity(blocker.severity), blocker.severity.word()),
            (Ink::Dim, screen.dot()),
            (Ink::Plain, &gate),
            (Ink::Dim, &at.unwrap_or_default()),
        ],
    );
    let reason = screen.text(&blocker.reason);
    labelled(screen, "why", Ink::Plain, &reason);
    let next = screen.text(&format!("{}: {}", blocker.owner, blocker.next));
    labelled(screen, "next", Ink::Plain, &next);
}

fn standup(screen: &mut Screen<'_>, board: &Board<'_>, news: &[TeamNews<'_>]) {
    for (place, (row, news)) in board.rows.iter().zip(news).enumerate() {
        minute(screen, board, place, row, news);
        screen.gap();
    }
    decision(screen, board);
}

/// What a team says, in five lines where the screen is as wide as usual. What is to be done may take two; then whom the
/// gate holds up is only counted.
fn minute(
    screen: &mut Screen<'_>,
    board: &Board<'_>,
    place: usize,
    row: &Row<'_>,
    news: &TeamNews<'_>,
) {
    let mut said = vec![
        ("", ink(row.standing), opening(board, place, row)),
        ("changed", Ink::Plain, changes(news).join("; ")),
        ("blocker", Ink::Plain, obstacle(board, row)),
    ];
    let next = row.next.as_ref().map(|next| act(board, next));
    said.extend(next.map(|next| ("next", Ink::Plain, next)));
    said.push(("holds up", Ink::Plain, holds_up(board, row)));
    for (_, _, text) in &mut said {
        *text = screen.text(text);
    }
    // Where lines are short, little would be left of them.
    let is_free = screen.style.verbose || screen.width() < TABLE;
    let room = screen.width() - LABELLED;
    let is_long = |text: &str| columns(text) > room;
    let many = match said.iter().find(|(label, _, _)| *label == "next") {
        Some((_, _, next)) if is_long(next) && !is_free => Some(row.holds_up.len()),
        _ => None,
    };
    for (label, ink, text) in said {
        let text = match (label, many) {
            _ if is_free => text,
            ("holds up", Some(_)) => continue,
            ("blocker", Some(many)) => {
                let end = format!("; holds up {many}");
                let begin = screen.clipped(&text, room - columns(&end));
                format!("{begin}{end}")
            }
            ("next", Some(_)) => in_two_lines(screen, &text, room),
            ("", _) => screen.clipped(&text, screen.width()),
            _ => screen.clipped(&text, room),
        };
        match label {
            "" => screen.flow(0, 2, &[(ink, &text)]),
            label => labelled(screen, label, ink, &text),
        }
    }
}

/// The text, or as much of it as two lines take below a label.
fn in_two_lines(screen: &Screen<'_>, text: &str, room: usize) -> String {
    let fits = |text: &str| {
        let mut own = Screen::new(screen.style);
        labelled(&mut own, "next", Ink::Plain, text);
        own.finish().lines().count() <= 2
    };
    // Words that are broken where a line ends take more than they have letters.
    let mut cuts = (room..=room * 2)
        .rev()
        .map(|most| screen.clipped(text, most));
    let fitting = cuts.find(|cut| fits(cut));
    fitting.unwrap_or_else(|| screen.clipped(text, room / 2))
}

/// `Omega: no-go · target 2026-12-01, 3 days late · 12 measured pass`
fn opening(board: &Board<'_>, place: usize, row: &Row<'_>) -> String {
    let counts = known(&row.standing.decision.counts).join(", ");
    let known = match counts.is_empty() {
        true => "nothing is known",
        false => &counts,
    };
    let (team, state, target) = (team(board, place), state(row.standing), target(row));
    format!("{team}: {state} · target {target} · {known}")
}

fn weighed(screen: &mut Screen<'_>, board: &Board<'_>, governance: &Governance<'_>) {
    let open = format!(
        "phases: {} of {} gates open",
        board.open(),
        board.rows.len()
    );
    screen.flow(0, 2, &[(Ink::Bold, &open)]);
    for (place, row) in board.rows.iter().enumerate() {
        let counts = known(&row.standing.decision.counts).join(", ");
        let phase = row.phase.to_string();
        let team = screen.text(&team(board, place));
        let state = state(row.standing).replace(' ', "\u{a0}");
        let (dot, target) = (screen.dot(), target(row));
        let mut pieces = vec![
            (Ink::Dim, phase.as_str()),
            (Ink::Bold, &team),
            (ink(row.standing), &state),
        ];
        if row.due.is_some() {
            pieces.extend([(Ink::Dim, dot), (due(row), &target)]);
        }
        if !counts.is_empty() {
            pieces.extend([(Ink::Dim, dot), (Ink::Plain, &counts)]);
        }
        screen.flow(2, 4, &pieces);
    }
    screen.gap();
    let risks = match governance.risks.len() {
        0 => "risks: none is known".to_owned(),
        many => format!("risks: {many}"),
    };
    screen.flow(0, 2, &[(Ink::Bold, &risks)]);
    governance
        .risks
        .iter()
        .for_each(|one| risk(screen, board, one));
    screen.gap();
    screen.flow(0, 2, &[(Ink::Bold, "who must act")]);
    let owners = board.by_owner();
    for (owner, count) in &owners {
        let (owner, count) = (
            screen.text(owner),
            match count {
                1 => "1 blocker".to_owned(),
                many => format!("{many} blockers"),
            },
        );
        screen.flow(
            2,
            4,
            &[
                (Ink::Plain, &owner),
                (Ink::Dim, screen.dot()),
                (Ink::Plain, &count),
            ],
        );
    }
    if owners.is_empty() {
        screen.flow(2, 4, &[(Ink::Plain, "nobody: nothing holds a gate")]);
    }
    screen.gap();
    screen.flow(0, 2, &[(Ink::Bold, "readiness")]);
    for one in &governance.open {
        let (says, found) = (screen.text(&one.says), screen.text(&one.found));
        let verdict = match one.held {
            Some(_) => Verdict::Fail,
            None => Verdict::Inconclusive,
        };
        screen.marked(
            Symbol::Verdict(verdict),
            &[(Ink::Plain, &format!("{says}:")), (Ink::Dim, &found)],
        );
    }
    decision(screen, board);
}

fn risk(screen: &mut Screen<'_>, board: &Board<'_>, risk: &Risk) {
    let (what, gate) = (
        screen.text(&risk.what),
        screen.text(&team(board, risk.gate)),
    );
    let (symbol, ink) = match risk.kind {
        RiskKind::Critical | RiskKind::High => (Symbol::Verdict(Verdict::Fail), Ink::Bad),
        RiskKind::Held
        | RiskKind::Missed
        | RiskKind::Near
        | RiskKind::Ends
        | RiskKind::Ages
        | RiskKind::Unseen
        | RiskKind::Early => (Symbol::Warning, Ink::Doubt),
    };
    let at = risk.at.filter(|at| began(risk.kind, *at, board.now));
    let at = at.map(|at| since(at, board.now)).unwrap_or_default();
    screen.marked(
        symbol,
        &[
            (ink, risk.kind.words()),
            (Ink::Dim, screen.dot()),
            (Ink::Bold, &what),
            (Ink::Dim, screen.dot()),
            (Ink::Plain, &gate),
            (Ink::Dim, &at),
        ],
    );
    let says = screen.text(&risk.says);
    labelled(screen, "says", Ink::Plain, &says);
    let source = screen.text(&risk.source);
    labelled(screen, "source", Ink::Dim, &source);
    let who = screen.text(&risk.who);
    labelled(screen, "who", Ink::Plain, &who);
}

/// The moment of a risk is its beginning, and not its end.
fn began(kind: RiskKind, at: Timestamp, now: Timestamp) -> bool {
    let begins = matches!(kind, RiskKind::Critical | RiskKind::High | RiskKind::Held);
    begins && at <= now
}
