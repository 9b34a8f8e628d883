//! Gates at the terminal: the table of all, or one with its criteria, what holds it and who signed.

use super::screen::{Ink, Screen, Symbol, columns, severity};
use crate::model::{Blocker, Outcome, Standing, Verdict, Weighed};
use crate::release::{GateStanding, Hold};
use crate::report::Style;
use crate::report::gates::{GateReport, closing, known, since, state};

/// The gates that are told of: one whole, several in a table.
pub fn gates(report: &GateReport<'_>, style: &Style<'_>) -> String {
    let mut screen = Screen::new(style);
    match report.told {
        [one] => whole(&mut screen, report, one),
        many => table(&mut screen, report, many),
    }
    screen.finish()
}

pub(super) fn ink(one: &GateStanding<'_>) -> Ink {
    match (&one.hold, one.decision.outcome) {
        (Hold::Open, _) => Ink::Good,
        (Hold::Ready { .. }, _) => Ink::Aside,
        (Hold::Held, Outcome::Undecided) => Ink::Doubt,
        (Hold::Held, _) => Ink::Bad,
    }
}

/// A line for each gate, and below it the gravest thing that holds it.
fn table(screen: &mut Screen<'_>, report: &GateReport<'_>, many: &[&GateStanding<'_>]) {
    let width =
        |of: &dyn Fn(&GateStanding<'_>) -> usize| many.iter().map(|one| of(one)).max().unwrap_or(0);
    let name = width(&|one| columns(&one.gate.name));
    let owner = width(&|one| columns(&one.gate.owner));
    for one in many {
        let pad = |text: &str, to: usize| {
            let text = screen.text(text);
            let room = to.saturating_sub(columns(&text));
            format!("{}{}", text, " ".repeat(room)).replace(' ', "\u{a0}")
        };
        let cells = [
            pad(&one.gate.name, name + 1),
            pad(&one.gate.owner, owner + 1),
        ];
        let state = state(one).replace(' ', "\u{a0}");
        screen.flow(
            0,
            2,
            &[
                (Ink::Bold, &cells[0]),
                (Ink::Plain, &cells[1]),
                (ink(one), &state),
            ],
        );
        if let Some(first) = one.decision.blockers.first() {
            let more = match one.decision.blockers.len() - 1 {
                0 => String::new(),
                more => format!("{} and {more} more", screen.dot()),
            };
            let (what, reason) = (screen.text(&first.what), screen.text(&first.reason));
            let since = first
                .since
                .map(|at| format!("{} {}", screen.dot(), since(at, report.now)))
                .unwrap_or_default();
            let what = format!("{what}:");
            screen.flow(
                2,
                4,
                &[
                    (Ink::Plain, &what),
                    (Ink::Plain, &reason),
                    (Ink::Dim, &since),
                    (Ink::Dim, &more),
                ],
            );
        }
    }
    screen.gap();
    let open = many.iter().filter(|one| one.is_open()).count();
    let text = format!("{open} of {} gates open", many.len());
    screen.flow(
        0,
        0,
        &[
            (Ink::Bold, &text),
            (Ink::Dim, screen.dot()),
            (Ink::Dim, "holdpoint gate NAME tells more"),
        ],
    );
}

fn whole(screen: &mut Screen<'_>, report: &GateReport<'_>, one: &GateStanding<'_>) {
    if !screen.style.quiet {
        header(screen, report, one);
        screen.gap();
        one.decision
            .criteria
            .iter()
            .for_each(|criterion| weighed(screen, criterion));
        how_known(screen, one);
        for blocker in &one.decision.blockers {
            screen.gap();
            held_by(screen, report, blocker);
        }
        sign_offs(screen, report, one);
        if !one.decision.warnings.is_empty() {
            screen.gap();
        }
        for warning in &one.decision.warnings {
            let warning = screen.text(warning);
            screen.marked(Symbol::Warning, &[(Ink::Plain, &warning)]);
        }
        screen.gap();
    }
    let word = match (&one.hold, one.decision.outcome) {
        // What decides go may still be held by its people or its ledger.
        (Hold::Held, Outcome::Go | Outcome::GoWithWaivers) => Outcome::NoGo.word(),
        // Nobody has said go yet.
        (Hold::Ready { .. }, _) => "ready to sign",
        (_, outcome) => outcome.word(),
    };
    let word = word.to_uppercase().replace(' ', "\u{a0}");
    let closing = screen.text(&closing(one));
    screen.flow(
        0,
        columns(&word) + 2,
        &[(ink(one), &format!("{word}\u{a0}")), (Ink::Plain, &closing)],
    );
}

/// `known   2 measured pass · 1 waived`, where anything is.
fn how_known(screen: &mut Screen<'_>, one: &GateStanding<'_>) {
    let counts = known(&one.decision.counts);
    if counts.is_empty() {
        return;
    }
    screen.gap();
    let dot = screen.dot();
    let mut pieces = vec![(Ink::Dim, "known\u{a0}\u{a0}".to_owned())];
    for (place, count) in counts.iter().enumerate() {
        if place > 0 {
            pieces.push((Ink::Dim, dot.to_owned()));
        }
        pieces.push((Ink::Plain, count.replace(' ', "\u{a0}")));
    }
    let pieces: Vec<(Ink, &str)> = pieces
        .iter()
        .map(|(ink, text)| (*ink, text.as_str()))
        .collect();
    screen.flow(0, 8, &pieces);
}

fn header(screen: &mut Screen<'_>, report: &GateReport<'_>, one: &GateStanding<'_>) {
    let gate = one.gate;
    let dot = screen.dot();
    let (name, title, owner) = (
        screen.text(&format!("gate {}", gate.name)),
        screen.text(&gate.title),
        screen.text(&gate.owner),
    );
    screen.flow(
        0,
        2,
        &[
            (Ink::Bold, &name),
            (Ink::Dim, dot),
            (Ink::Plain, &title),
            (Ink::Dim, dot),
            (Ink::Plain, &owner),
        ],
    );
    for told in &one.evidence {
        let header = &told.record.header;
        let commit = match &header.commit {
            None => "no commit".to_owned(),
            Some(commit) => format!("commit {}", commit.get(..12).unwrap_or(commit)),
        };
        let environment = match header.environment.as_str() {
            "" => "no environment".to_owned(),
            name => name.to_owned(),
        };
        let parts = [
            format!("run {}", header.run),
            environment,
            header.level.clone(),
            commit,
        ];
        let line = screen.text(&parts.join(&format!(" {dot} ")));
        screen.flow(0, 2, &[(Ink::Dim, &line)]);
        if let Some(reason) = &header.before_gate {
            let line = screen.text(&format!("before the gates before it were open: {reason}"));
            screen.flow(2, 4, &[(Ink::Doubt, &line)]);
        }
    }
    if let Some(record) = report.instead {
        let line = screen.text(&format!(
            "what if: decided on {record} in place of the newest record"
        ));
        screen.flow(0, 2, &[(Ink::Doubt, &line)]);
    }
}

fn weighed(screen: &mut Screen<'_>, criterion: &Weighed) {
    let verdict = match criterion.held {
        Some(true) => Verdict::Pass,
        Some(false) => Verdict::Fail,
        None => Verdict::Inconclusive,
    };
    let (says, found) = (screen.text(&criterion.says), screen.text(&criterion.found));
    screen.marked(Symbol::Verdict(verdict), &[(Ink::Plain, &says)]);
    screen.flow(4, 4, &[(Ink::Dim, &found)]);
}

fn held_by(screen: &mut Screen<'_>, report: &GateReport<'_>, blocker: &Blocker) {
    let what = screen.text(&blocker.what);
    let gravity = blocker.severity.word();
    screen.marked(
        Symbol::Verdict(Verdict::Fail),
        &[(Ink::Bold, &what), (severity(blocker.severity), gravity)],
    );
    let reason = screen.text(&blocker.reason);
    screen.detail("why", Ink::Plain, &reason);
    let since = blocker
        .since
        .map(|at| format!(", {}", since(at, report.now)));
    let owner = screen.text(&format!("{}{}", blocker.owner, since.unwrap_or_default()));
    screen.detail("owner", Ink::Plain, &owner);
    let next = screen.text(&blocker.next);
    screen.detail("next", Ink::Plain, &next);
}

fn sign_offs(screen: &mut Screen<'_>, report: &GateReport<'_>, one: &GateStanding<'_>) {
    let before = one
        .gate
        .upstream
        .iter()
        .filter_map(|name| report.all.iter().find(|other| other.gate.name == *name));
    let words: Vec<(&str, &Standing)> = before
        .chain(std::iter::once(one))
        .flat_map(|gate| {
            gate.sign_offs
                .iter()
                .map(|word| (gate.gate.name.as_str(), word))
        })
        .collect();
    if words.is_empty() {
        return;
    }
    screen.gap();
    for (gate, word) in words {
        let sign_off = &word.sign_off;
        let (symbol, ink) = match word.is_valid() {
            true => (Verdict::Pass, Ink::Good),
            false => (Verdict::Fail, Ink::Bad),
        };
        let who = screen.text(&sign_off.by);
        let what = format!("signed {gate}");
        let when = sign_off.at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        screen.marked(
            Symbol::Verdict(symbol),
            &[
                (Ink::Bold, &who),
                (Ink::Plain, &what),
                (Ink::Dim, &when),
                (ink, word.words()),
            ],
        );
        let until = format!(
            "counts until {}",
            sign_off.until.strftime("%Y-%m-%d %H:%M UTC")
        );
        let until = until.replace(' ', "\u{a0}");
        let key = word.fingerprint.as_deref().unwrap_or("no key that counts");
        screen.flow(
            4,
            6,
            &[
                (Ink::Dim, key),
                (Ink::Dim, screen.dot()),
                (Ink::Dim, &until),
            ],
        );
        if !sign_off.comment.is_empty() {
            let comment = screen.text(&sign_off.comment);
            screen.detail("says", Ink::Plain, &comment);
        }
        for lapsed in &word.lapses {
            let why = screen.text(&format!("{}: {}", lapsed.lapse, lapsed.why));
            screen.flow(4, 6, &[(Ink::Bad, &why)]);
        }
        for remark in &word.remarks {
            let remark = screen.text(remark);
            screen.flow(4, 6, &[(Ink::Dim, &remark)]);
        }
    }
}
