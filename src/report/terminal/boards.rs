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
/// A team has no more lines in a standup.
const MINUTE: usize = 5;

/// The board that is asked for.
pub fn boards(report: &BoardReport<'_>, style: &Style) -> String {
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
    let heads = ["Team", "Phase", "State", "Blocker", "Target", "Leader"];
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
fn block(screen: &mut Screen<'_>, heads: &[&str], row: &[(Ink, String)]) {
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
        for (head, (ink, text)) in heads.iter().skip(3).zip(rest) {
            labelled(screen, &head.to_lowercase(), *ink, text);
        }
    }
}

/// A label and what belongs to it, wrapped beneath itself.
fn labelled(screen: &mut Screen<'_>, label: &str, ink: Ink, text: &str) {
    let label = format!("{label:<8}").replace(' ', "\u{a0}");
    screen.flow(2, 11, &[(Ink::Dim, &label), (ink, text)]);
}

fn decision(screen: &mut Screen<'_>, board: &Board<'_>) {
    let last = board.last();
    let word = state(last).to_uppercase().replace(' ', "\u{a0}");
    let text = screen.text(&decided(board));
    screen.flow(
        0,
        columns(&word) + 2,
        &[(ink(last), &format!("{word}\u{a0}")), (Ink::Bold, &text)],
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
            let next = screen.text(&act(next));
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

/// A part of what a team says; the parts that are told first are cut last.
struct Part {
    label: &'static str,
    ink: Ink,
    text: String,
    /// What is cut first has the smallest number.
    worth: usize,
}

fn standup(screen: &mut Screen<'_>, board: &Board<'_>, news: &[TeamNews<'_>]) {
    for (place, (row, news)) in board.rows.iter().zip(news).enumerate() {
        let mut parts = vec![Part {
            label: "",
            ink: ink(row.standing),
            text: screen.text(&opening(board, place, row)),
            worth: 4,
        }];
        let part = |label, text: &str, worth| Part {
            label,
            ink: Ink::Plain,
            text: screen.text(text),
            worth,
        };
        parts.push(part("changed", &changes(news).join("; "), 1));
        parts.push(part("blocker", &obstacle(board, row), 2));
        if let Some(next) = &row.next {
            parts.push(part("next", &act(next), 3));
        }
        parts.push(part("holds up", &holds_up(board, row), 0));
        fit(screen, &mut parts);
        parts.iter().for_each(|part| say(screen, part));
        screen.gap();
    }
    decision(screen, board);
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

fn say(screen: &mut Screen<'_>, part: &Part) {
    match part.label {
        "" => screen.flow(0, 2, &[(part.ink, &part.text)]),
        label => labelled(screen, label, part.ink, &part.text),
    }
}

/// Cuts what does not fit into a minute to one line each, what is worth least first.
fn fit(screen: &Screen<'_>, parts: &mut [Part]) {
    let lines = |part: &Part| {
        let mut own = Screen::new(screen.style);
        say(&mut own, part);
        own.finish().lines().count()
    };
    let mut worths: Vec<usize> = parts.iter().map(|part| part.worth).collect();
    worths.sort_unstable();
    for worth in worths {
        if screen.style.verbose || parts.iter().map(lines).sum::<usize>() <= MINUTE {
            return;
        }
        for part in parts.iter_mut().filter(|part| part.worth == worth) {
            let indent = match part.label {
                "" => 0,
                _ => 11,
            };
            part.text = screen.clipped(&part.text, screen.width().saturating_sub(indent));
        }
    }
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
        let (owner, count) = (screen.text(owner), format!("{count} to take away"));
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
    for one in &governance.unknown {
        let (says, found) = (screen.text(&one.says), screen.text(&one.found));
        screen.marked(
            Symbol::Verdict(Verdict::Inconclusive),
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
