//! Two records beside each other at a terminal: what changed, the gravest first, what else differs, one closing line.

use super::screen::{Ink, Screen, Symbol, severity};
use super::{dotted, outcome_ink};
use crate::document::reading;
use crate::model::{Change, Changed, Verdict, Worse};
use crate::report::Style;
use crate::report::diff::{Difference, verdict};
use crate::report::trace::Told;

/// So many checks that left a run are named in a line each; more are named together.
const FOLD: usize = 5;
/// How many of those are named; the closing line is to be seen beside what broke.
const NAMED: usize = 12;
/// How many looks are named.
const LOOKS: usize = 5;

/// The comparison.
pub fn diff(difference: &Difference<'_>, style: &Style<'_>) -> String {
    let mut screen = Screen::new(style);
    if !style.quiet {
        side(&mut screen, "before", difference.before);
        side(&mut screen, "after", difference.after);
    }
    for change in Change::ALL {
        let those: Vec<&Changed> = difference.those(*change).collect();
        if !those.is_empty() && (!style.quiet || change.is_worse()) {
            group(&mut screen, difference, *change, &those);
        }
    }
    if !style.quiet {
        beside(&mut screen, difference);
    }
    screen.gap();
    closing(&mut screen, difference);
    screen.finish()
}

/// `before  20260302T090000Z-4f9d1c  GO · https://staging.example.com`
fn side(screen: &mut Screen<'_>, name: &str, side: Told<'_>) {
    let subject = side.subject;
    let name = format!("{name:<7}").replace(' ', "\u{a0}");
    let run = screen.text(&subject.run);
    let outcome = side.decision.outcome;
    let word = outcome.word().to_uppercase().replace(' ', "\u{a0}");
    let place = subject.target.clone().unwrap_or_else(|| "no target".into());
    let place = screen.text(&place);
    let dot = screen.dot();
    screen.flow(
        0,
        8,
        &[
            (Ink::Dim, &name),
            (Ink::Bold, &run),
            (outcome_ink(outcome), &word),
            (Ink::Dim, dot),
            (Ink::Dim, &place),
        ],
    );
}

fn group(screen: &mut Screen<'_>, difference: &Difference<'_>, change: Change, those: &[&Changed]) {
    screen.gap();
    let count = format!("{} {}", those.len(), change.word());
    screen.flow(0, 0, &[(Ink::Bold, &count)]);
    // That a check was not asked of the other run is said once for all of them.
    let is_absent = |one: &&&Changed| one.before.is_none() || one.after.is_none();
    let absent: Vec<&&Changed> = those.iter().filter(is_absent).collect();
    let fold = absent.len() > FOLD && !screen.style.verbose;
    for one in those.iter().filter(|one| !(fold && is_absent(one))) {
        line(screen, difference, one);
    }
    if fold {
        let run = match change {
            Change::Lost => "the run after",
            _ => "the run before",
        };
        let text = format!("{} of checks that are not part of {run}:", absent.len());
        screen.marked(symbol(change), &[(Ink::Plain, &text)]);
        let names: Vec<&str> = absent.iter().map(|one| one.check.as_str()).collect();
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more; -v names them"),
        };
        let names = names.iter().take(NAMED).copied().collect::<Vec<_>>();
        let names = screen.text(&format!("{}{more}", names.join(", ")));
        screen.flow(4, 4, &[(Ink::Dim, &names)]);
    }
}

fn symbol(change: Change) -> Symbol {
    Symbol::Verdict(match change {
        Change::Broke | Change::Worse | Change::Found | Change::Other => Verdict::Fail,
        Change::Lost | Change::Unseen => Verdict::Inconclusive,
        Change::Seen | Change::Mended => Verdict::Pass,
    })
}

/// `✗ shop.answers high  pass → fail: the status is 500`
fn line(screen: &mut Screen<'_>, difference: &Difference<'_>, one: &Changed) {
    let check = format!("{}\u{a0}", screen.text(&one.check));
    let gravity = format!("{}\u{a0}", one.severity);
    let arrow = match screen.style.unicode {
        true => "→",
        false => "->",
    };
    let colon = match one.reason.is_empty() {
        true => "",
        false => ":",
    };
    let verdicts = format!(
        "{} {arrow} {}{colon}",
        verdict(one.before),
        verdict(one.after)
    );
    let verdicts = verdicts.replace(' ', "\u{a0}");
    let reason = screen.text(&one.reason);
    let ink = match one.change {
        Change::Broke | Change::Worse | Change::Found => Ink::Bad,
        _ => Ink::Bold,
    };
    screen.marked(
        symbol(one.change),
        &[
            (ink, &check),
            (severity(one.severity), &gravity),
            (Ink::Plain, &verdicts),
            (Ink::Plain, &reason),
        ],
    );
    let why = screen.text(&one.why);
    screen.detail("why", Ink::Plain, &why);
    let aside = difference.aside(one).unwrap_or_default();
    screen.detail("note", Ink::Dim, &aside);
    let named: Vec<&str> = one.looks.iter().take(LOOKS).map(String::as_str).collect();
    let more = match one.looks.len().saturating_sub(LOOKS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let looks = screen.text(&format!("{}{more}", named.join(", ")));
    screen.detail("new at", Ink::Plain, &looks);
    let waived = screen.text(difference.waived(&one.check).unwrap_or_default());
    screen.detail("waived", Ink::Aside, &waived);
    if one.change.is_worse() {
        let command = reading::explain(difference.shown_by(one), &one.check);
        let command = screen.text(&command);
        screen.detail("facts", Ink::Dim, &command);
    }
}

/// What differs beside the findings.
fn beside(screen: &mut Screen<'_>, difference: &Difference<'_>) {
    let arrow = match screen.style.unicode {
        true => "→",
        false => "->",
    };
    if !difference.circumstances.is_empty() || !difference.redefined.is_empty() {
        screen.gap();
        screen.flow(0, 0, &[(Ink::Bold, "What else differs")]);
    }
    for one in &difference.circumstances {
        let text = screen.text(&format!("{} to {}", one.before, one.after));
        let label = format!("{:<11}", one.what).replace(' ', "\u{a0}");
        screen.flow(4, 16, &[(Ink::Dim, &label), (Ink::Plain, &text)]);
    }
    if !difference.redefined.is_empty() {
        let text = format!(
            "{} defined otherwise: {}",
            match difference.redefined.len() {
                1 => "1 check is".to_owned(),
                many => format!("{many} checks are"),
            },
            difference.redefined.join(", ")
        );
        let text = screen.text(&text);
        screen.flow(
            4,
            16,
            &[
                (Ink::Dim, "checks\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}"),
                (Ink::Plain, &text),
            ],
        );
    }
    if !difference.paces.is_empty() {
        screen.gap();
        screen.flow(0, 0, &[(Ink::Bold, "Looks that take another time")]);
    }
    let shown = match screen.style.verbose {
        true => usize::MAX,
        false => LOOKS,
    };
    for one in difference.paces.iter().take(shown) {
        let (before, after) = (
            reading::duration(one.before_ms),
            reading::duration(one.after_ms),
        );
        let word = match one.after_ms > one.before_ms {
            true => "slower",
            false => "faster",
        };
        let label = screen.text(one.label);
        let time = format!("{before} {arrow} {after}").replace(' ', "\u{a0}");
        screen.flow(
            4,
            6,
            &[(Ink::Dim, word), (Ink::Plain, &label), (Ink::Plain, &time)],
        );
    }
    if let Some(more @ 1..) = difference.paces.len().checked_sub(shown) {
        screen.flow(
            4,
            6,
            &[(Ink::Dim, &format!("and {more} more; --verbose shows them"))],
        );
    }
}

/// `WORSE  1 broke · 2 mended · 39 the same`
fn closing(screen: &mut Screen<'_>, difference: &Difference<'_>) {
    let worse = difference.worse();
    let ink = match worse {
        Worse::Nothing => Ink::Good,
        Worse::Something => Ink::Bad,
        Worse::OutOfSight => Ink::Doubt,
    };
    let word = worse.words().to_uppercase().replace(' ', "\u{a0}");
    let counts: Vec<(Ink, String)> = difference
        .counts()
        .into_iter()
        .map(|(change, text)| match change {
            Some(Change::Broke | Change::Worse | Change::Found) => (Ink::Bad, text),
            Some(Change::Lost | Change::Unseen) => (Ink::Doubt, text),
            Some(Change::Seen | Change::Mended) => (Ink::Good, text),
            Some(Change::Other) | None => (Ink::Dim, text),
        })
        .collect();
    dotted(screen, 4, &[(ink, &format!("{word}\u{a0}"))], &counts);
}
