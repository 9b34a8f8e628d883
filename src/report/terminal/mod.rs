//! The report for people at a terminal: passes in a line each, failures last and in full, one closing line.

mod attempts;
mod boards;
mod columns;
mod diff;
mod finding;
mod gates;
mod hint;
mod observed;
mod screen;
mod trace;

pub use boards::boards;
pub use diff::diff;
pub use gates::gates;
pub use hint::{hint, wrapped};
pub use trace::{observation, record, trace};

#[cfg(test)]
pub(super) use screen::columns as width_of;

use super::{Report, Style};
use crate::document::reading;
use crate::model::{Finding, Outcome, Subject, Verdict};
use screen::{Ink, Screen, Symbol, columns};

/// How many reasons of a decision are shown before the rest is counted.
const REASONS: usize = 3;

pub(super) fn render(report: &Report<'_>, style: &Style<'_>) -> String {
    let mut screen = Screen::new(style);
    let findings = reading::ordered(report.findings);
    let those = |wanted: &dyn Fn(&Finding) -> bool| -> Vec<&Finding> {
        findings
            .iter()
            .copied()
            .filter(|finding| wanted(finding))
            .collect()
    };
    let mut failed = those(&|one| one.verdict == Verdict::Fail && one.waived.is_none());
    failed.sort_by_key(|one| one.severity); // the gravest last, where it stays on the screen
    if style.quiet {
        failed
            .iter()
            .for_each(|one| finding::head(&mut screen, one));
    } else {
        header(&mut screen, report);
        screen.gap();
        finding::passes(&mut screen, &those(&|one| one.verdict == Verdict::Pass));
        for verdict in [
            Verdict::NotApplicable,
            Verdict::NotRun,
            Verdict::NeedsAttestation,
        ] {
            finding::left_out(&mut screen, verdict, &those(&|one| one.verdict == verdict));
        }
        finding::blocked(&mut screen, &those(&|one| one.verdict == Verdict::Blocked));
        finding::inconclusive(
            &mut screen,
            &those(&|one| one.verdict == Verdict::Inconclusive),
            report.subject,
        );
        let (holding, advisory): (Vec<_>, Vec<_>) = failed
            .iter()
            .copied()
            .partition(|one| style.verbose || one.severity >= report.decision.fail_on);
        if !advisory.is_empty() {
            screen.gap();
        }
        advisory
            .iter()
            .for_each(|one| finding::head(&mut screen, one));
        if let Some(one) = advisory.first() {
            finding::advice(&mut screen, one, report.decision.fail_on);
        }
        for one in those(&|one| one.verdict == Verdict::Fail && one.waived.is_some())
            .iter()
            .chain(&holding)
        {
            screen.gap();
            finding::failure(&mut screen, one, report.subject);
        }
        remarks(&mut screen, report);
        screen.gap();
    }
    closing(&mut screen, report);
    screen.finish()
}

/// `security · https://staging.example.com · live · 44 checks`, and what else says which run this was.
fn header(screen: &mut Screen<'_>, report: &Report<'_>) {
    let &Report {
        decision, subject, ..
    } = report;
    let asked = [&subject.suites, &subject.selection]
        .into_iter()
        .find(|words| !words.is_empty());
    let asked = asked.map_or_else(|| "every check".to_owned(), |words| words.join(", "));
    let place = subject
        .target
        .clone()
        .unwrap_or_else(|| format!("{} (no target)", subject.root));
    let total = reading::total(decision);
    let checks = format!("{total} check{}", if total == 1 { "" } else { "s" });
    let line = [asked, place, subject.level.word().to_owned(), checks];
    dotted(screen, 0, &[], &line.map(|part| (Ink::Bold, part)));
    let mut circumstances = vec![subject.project.clone(), subject.environment.clone()];
    circumstances.extend(commit(subject));
    circumstances.push(
        subject
            .started
            .strftime("%Y-%m-%d %H:%M:%S UTC")
            .to_string(),
    );
    circumstances.extend(
        subject
            .baseline
            .iter()
            .map(|run| format!("no worse than {run}")),
    );
    let circumstances: Vec<_> = circumstances
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| (Ink::Dim, part))
        .collect();
    dotted(screen, 0, &[], &circumstances);
}

fn commit(subject: &Subject) -> Option<String> {
    let commit: String = subject.commit.as_ref()?.chars().take(12).collect();
    Some(format!(
        "commit {commit}{}",
        if subject.dirty {
            " and uncommitted changes"
        } else {
            ""
        }
    ))
}

/// What changes nothing, or everything: warnings, and that the run ended early.
fn remarks(screen: &mut Screen<'_>, report: &Report<'_>) {
    let early = report
        .subject
        .interrupted
        .iter()
        .map(|why| format!("the run ended early: {why}"));
    let remarks: Vec<_> = report
        .decision
        .warnings
        .iter()
        .cloned()
        .chain(early)
        .collect();
    if !remarks.is_empty() {
        screen.gap();
    }
    for remark in remarks {
        let remark = screen.text(&remark);
        screen.marked(Symbol::Warning, &[(Ink::Plain, &remark)]);
    }
}

/// The ink of a decision.
fn outcome_ink(outcome: Outcome) -> Ink {
    match outcome {
        Outcome::Go => Ink::Good,
        Outcome::GoWithWaivers => Ink::Aside,
        Outcome::NoGo => Ink::Bad,
        Outcome::Undecided => Ink::Doubt,
    }
}

/// `NO-GO  38 pass · 2 fail (1 high) · 1.2 s`, why, and where the record is.
fn closing(screen: &mut Screen<'_>, report: &Report<'_>) {
    let &Report {
        decision,
        findings,
        subject,
        ..
    } = report;
    let word = decision.outcome.word().to_uppercase();
    let ink = outcome_ink(decision.outcome);
    let mut parts: Vec<_> = reading::counts(decision, findings)
        .into_iter()
        .map(|(verdict, count)| match verdict {
            Verdict::Pass => (Ink::Good, count),
            Verdict::Fail => (Ink::Bad, count),
            Verdict::Inconclusive | Verdict::Blocked => (Ink::Doubt, count),
            _ => (Ink::Dim, count),
        })
        .collect();
    if parts.is_empty() {
        parts.push((Ink::Dim, "no checks".to_owned()));
    }
    parts.push((Ink::Dim, reading::duration(subject.duration_ms)));
    let hang = columns(&word) + 2;
    dotted(
        screen,
        hang,
        &[(ink, &format!("{}\u{a0}", word.replace(' ', "\u{a0}")))],
        &parts,
    );
    if screen.style.quiet {
        return;
    }
    let shown = if screen.style.verbose {
        usize::MAX
    } else {
        REASONS
    };
    for reason in decision.reasons.iter().take(shown) {
        let reason = screen.text(reason);
        screen.flow(hang, hang + 2, &[(Ink::Plain, &reason)]);
    }
    if let Some(more @ 1..) = decision.reasons.len().checked_sub(shown) {
        let more = format!("and {more} more");
        screen.flow(hang, hang, &[(Ink::Dim, &more)]);
    }
    if let Some(record) = &subject.record {
        let record = screen.text(record);
        screen.flow(0, 7, &[(Ink::Dim, "record"), (Ink::Plain, &record)]);
        behind(screen, report);
    }
}

/// The command that shows what is behind a verdict, for the one that weighs most.
fn behind(screen: &mut Screen<'_>, report: &Report<'_>) {
    let weight = |one: &&Finding| {
        let fails = one.verdict == Verdict::Fail && one.waived.is_none();
        let is_open = matches!(one.verdict, Verdict::Inconclusive | Verdict::Blocked);
        (fails || is_open).then_some((one.severity, fails))
    };
    let findings = reading::ordered(report.findings).into_iter().rev();
    let first = findings
        .filter(|one| weight(one).is_some() && one.severity >= report.decision.fail_on)
        .max_by_key(weight);
    if let Some(first) = first {
        let command = screen.text(&reading::explain(&report.subject.run, &first.check));
        let pieces = [(Ink::Dim, "facts\u{a0}"), (Ink::Plain, command.as_str())];
        screen.flow(0, 7, &pieces);
        if let Some(options) = reading::given_besides(report.subject) {
            let options = screen.text(&besides(&options));
            screen.flow(0, 7, &[(Ink::Dim, "again\u{a0}"), (Ink::Plain, &options)]);
        }
    }
}

/// What is to be said anew by whoever repeats a run.
fn besides(options: &str) -> String {
    format!("the run had {options}, which no record holds: say it anew where you look again")
}

/// Parts with dots between them, broken only at the dots.
fn dotted(screen: &mut Screen<'_>, hang: usize, first: &[(Ink, &str)], parts: &[(Ink, String)]) {
    let dot = screen.dot();
    let room = screen.width() - hang;
    let held = |part: &str| {
        let part = screen.text(part);
        if columns(&part) <= room {
            part.replace(' ', "\u{a0}")
        } else {
            part
        }
    };
    let parts: Vec<_> = parts.iter().map(|(ink, part)| (*ink, held(part))).collect();
    let mut pieces = first.to_vec();
    for (at, (ink, part)) in parts.iter().enumerate() {
        if at > 0 {
            pieces.push((Ink::Dim, dot));
        }
        pieces.push((*ink, part));
    }
    screen.flow(0, hang, &pieces);
}
