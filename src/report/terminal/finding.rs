//! Findings at a terminal: one line for what passed, folds for what was not looked at, blocks for failures.

use super::attempts::attempts;
use super::screen::{self, Ink, Screen, Symbol, columns};
use crate::document::escape::cut;
use crate::document::reading::{self, Fault};
use crate::model::{Finding, Severity, Subject, Verdict};

/// The widest column of names before the claims.
const NAMES: usize = 40;
/// In fewer columns than this a claim says nothing, and is left out.
const SHORT: usize = 12;
/// How many distinct faults of a check are shown before the rest is counted.
const FAULTS: usize = 3;
/// How many characters of a found value are shown.
const FOUND: usize = 400;
/// So many checks that could not look for the same cause are folded into one line.
const FOLD: usize = 3;

/// A line for each check that passed, with the claim, and what a document says otherwise.
pub(super) fn passes(screen: &mut Screen<'_>, findings: &[&Finding]) {
    let names = findings
        .iter()
        .map(|one| columns(&one.check))
        .max()
        .unwrap_or(0);
    let names = names.min(NAMES).min(screen.width() / 2);
    for finding in findings {
        let name = screen.text(&finding.check);
        let pad = "\u{a0}".repeat(names.saturating_sub(columns(&name)) + 1);
        let room = screen
            .width()
            .saturating_sub(columns(&name) + columns(&pad) + 3);
        let claim = claim(screen, finding, room);
        let symbol = if finding.flaky {
            Symbol::Flaky
        } else {
            Symbol::Verdict(Verdict::Pass)
        };
        screen.marked(
            symbol,
            &[(Ink::Plain, &format!("{name}{pad}")), (Ink::Dim, &claim)],
        );
        note(screen, finding);
        attempts(screen, finding);
        if screen.style.verbose {
            let looks: Vec<_> = finding
                .looks
                .iter()
                .map(|look| look.label.as_str())
                .collect();
            let looks = screen.text(&looks.join(", "));
            screen.detail("at", Ink::Dim, &looks);
        }
    }
}

/// The claim of a check that passed, with the number of its looks where both fit.
fn claim(screen: &Screen<'_>, finding: &Finding, room: usize) -> String {
    let mut claim = screen.text(&finding.title);
    if finding.flaky {
        claim = format!("flaky (retried): {claim}");
    }
    if screen.style.verbose {
        return claim;
    }
    let counted = format!("{claim} ({} looks)", finding.looks.len());
    if finding.looks.len() > 1 && columns(&counted) <= room {
        claim = counted;
    }
    let claim = screen.clipped(&claim, room);
    if room < SHORT {
        String::new()
    } else {
        claim.replace(' ', "\u{a0}")
    }
}

/// `- 4 not run: level active is not allowed`, a line for each reason.
pub(super) fn left_out(screen: &mut Screen<'_>, verdict: Verdict, findings: &[&Finding]) {
    let what = verdict.word().replace('-', " ");
    // That a check does not apply asks nothing of anybody, so the count is enough.
    if verdict == Verdict::NotApplicable && !screen.style.verbose {
        if !findings.is_empty() {
            let count = format!("{} {what}; -v says why", findings.len());
            screen.marked(Symbol::Verdict(verdict), &[(Ink::Dim, &count)]);
        }
        return;
    }
    for (reason, group) in grouped(findings, |finding| &finding.reason) {
        let reason = screen.text(reason);
        let head = format!(
            "{} {what}{}",
            group.len(),
            if reason.is_empty() { "" } else { ":" }
        );
        screen.marked(
            Symbol::Verdict(verdict),
            &[(Ink::Dim, &head), (Ink::Dim, &reason)],
        );
        names(screen, &group, screen.style.verbose);
    }
}

/// `~ 3 checks blocked by site.answers`, a line for each prerequisite.
pub(super) fn blocked(screen: &mut Screen<'_>, findings: &[&Finding]) {
    let cause = |finding: &Finding| {
        finding
            .blocked_by
            .clone()
            .unwrap_or_else(|| finding.reason.clone())
    };
    let causes: Vec<(String, &Finding)> = findings.iter().map(|one| (cause(one), *one)).collect();
    let mut seen: Vec<&str> = Vec::new();
    for (cause, first) in &causes {
        if seen.contains(&cause.as_str()) {
            continue;
        }
        seen.push(cause);
        let group: Vec<_> = causes
            .iter()
            .filter(|(other, _)| other == cause)
            .map(|(_, one)| *one)
            .collect();
        let who = if group.len() == 1 {
            screen.text(&first.check)
        } else {
            format!("{} checks", group.len())
        };
        let cause = screen.text(cause);
        let pieces = [
            (Ink::Plain, who.as_str()),
            (Ink::Dim, "blocked by"),
            (Ink::Plain, cause.as_str()),
        ];
        screen.marked(Symbol::Verdict(Verdict::Blocked), &pieces);
        names(screen, &group, screen.style.verbose && group.len() > 1);
    }
}

/// Checks that could not look, with the cause and what to try.
pub(super) fn inconclusive(screen: &mut Screen<'_>, findings: &[&Finding], subject: &Subject) {
    for (reason, group) in grouped(findings, |finding| &finding.reason) {
        screen.gap();
        if group.len() < FOLD || screen.style.verbose {
            for finding in group {
                head(screen, finding);
                let faults = reading::faults(finding);
                faults.iter().take(1).for_each(|fault| at(screen, fault));
                mend(screen, &finding.remedy);
                let again = screen.text(&reading::again(&[&finding.check], subject));
                screen.detail("try", Ink::Plain, &format!("mend the cause, then {again}"));
                note(screen, finding);
                attempts(screen, finding);
            }
        } else {
            let who = format!("{} checks could not look:", group.len());
            let reason = screen.text(reason);
            screen.marked(
                Symbol::Verdict(Verdict::Inconclusive),
                &[(Ink::Bold, &who), (Ink::Plain, &reason)],
            );
            names(screen, &group, true);
            let checks: Vec<_> = group.iter().map(|one| one.check.as_str()).collect();
            let again = screen.text(&reading::again(&checks, subject));
            screen.detail("try", Ink::Plain, &format!("mend the cause, then {again}"));
        }
    }
}

/// `✗ headers.content-security-policy  high  script-src allows 'unsafe-inline'`
pub(super) fn head(screen: &mut Screen<'_>, finding: &Finding) {
    let (symbol, ink) = match (finding.verdict, &finding.waived) {
        (Verdict::Fail, Some(_)) => (Symbol::Waived, Ink::Bold),
        (Verdict::Fail, None) => (Symbol::Verdict(Verdict::Fail), Ink::Bad),
        (verdict, _) => (Symbol::Verdict(verdict), Ink::Bold),
    };
    let name = format!("{}\u{a0}", screen.text(&finding.check));
    let severity = format!("{}\u{a0}", finding.severity);
    let reason = screen.text(if finding.reason.is_empty() {
        &finding.title
    } else {
        &finding.reason
    });
    let pieces = [
        (ink, name.as_str()),
        (screen::severity(finding.severity), severity.as_str()),
        (Ink::Plain, reason.as_str()),
    ];
    screen.marked(symbol, &pieces);
}

/// Where to read about findings that are too small to hold the release.
pub(super) fn advice(screen: &mut Screen<'_>, first: &Finding, fail_on: Severity) {
    let text = format!(
        "below {fail_on}, so they do not hold the release; -v, or holdpoint explain {}, says how to mend them",
        first.check
    );
    let text = screen.text(&text);
    screen.flow(2, 2, &[(Ink::Dim, &text)]);
}

/// A failure in full: what was wanted, what was seen and where, how to mend it, how to prove the mend.
pub(super) fn failure(screen: &mut Screen<'_>, finding: &Finding, subject: &Subject) {
    head(screen, finding);
    if let Some(waiver) = &finding.waived {
        let waiver = screen.text(waiver);
        screen.detail("waived", Ink::Aside, &waiver);
    }
    let faults = reading::faults(finding);
    let shown = if screen.style.verbose {
        faults.len()
    } else {
        FAULTS
    };
    for fault in faults.iter().take(shown) {
        if fault.text != finding.reason {
            let text = screen.text(fault.text);
            screen.detail("fault", Ink::Plain, &text);
        }
        let expected = screen.text(fault.expected);
        screen.detail("expected", Ink::Good, &expected);
        let found = if screen.style.verbose {
            fault.found.to_owned()
        } else {
            cut(fault.found, FOUND)
        };
        let found = screen.text(&found);
        screen.detail("found", Ink::Bad, &found);
        at(screen, fault);
    }
    if let Some(more @ 1..) = faults.len().checked_sub(shown) {
        screen.detail(
            "also",
            Ink::Dim,
            &format!("{more} more; --verbose shows them"),
        );
    }
    let defined = if finding.overrides_shipped {
        format!(
            "{} (replaces a check that ships with holdpoint)",
            finding.defined
        )
    } else {
        finding.defined.clone()
    };
    mend(screen, &finding.remedy);
    let prove = reading::again(&[&finding.check], subject);
    for (label, text) in [("prove", &prove), ("defined", &defined)] {
        let text = screen.text(text);
        screen.detail(
            label,
            if label == "prove" {
                Ink::Bold
            } else {
                Ink::Plain
            },
            &text,
        );
    }
    if screen.style.verbose {
        let evidence = screen.text(reading::evidence(finding).unwrap_or_default());
        screen.detail("evidence", Ink::Dim, &evidence);
    }
    note(screen, finding);
    attempts(screen, finding);
}

/// How to mend it, in the lines in which it was written: code stays code.
fn mend(screen: &mut Screen<'_>, remedy: &str) {
    for (line, label) in remedy
        .trim()
        .lines()
        .zip(["mend"].into_iter().chain(std::iter::repeat("")))
    {
        let text = line.trim_start();
        let margin = "\u{a0}".repeat(line.len() - text.len());
        let text = screen.text(text);
        screen.detail(label, Ink::Plain, &format!("{margin}{text}"));
    }
}

/// Where a fault was seen: `GET / and 6 more`.
fn at(screen: &mut Screen<'_>, fault: &Fault<'_>) {
    let looks = match fault.looks.as_slice() {
        [] => return,
        [first, rest @ ..] if !rest.is_empty() && !screen.style.verbose => {
            format!("{first} and {} more", rest.len())
        }
        all => all.join(", "),
    };
    let looks = screen.text(&looks);
    screen.detail("at", Ink::Plain, &looks);
}

/// What a users' document says, what is true, what was tested.
fn note(screen: &mut Screen<'_>, finding: &Finding) {
    let Some(note) = &finding.note else { return };
    let dot = screen.dot();
    let says = format!("{} asks for {}", note.document, note.says);
    if finding.verdict == Verdict::Pass && !screen.style.verbose {
        // Nothing is to be done; both axes in a line, and nothing where they agree.
        if (note.conformance.as_str(), note.assessment.as_str()) != ("met", "sound") {
            let line = format!(
                "{says} {dot} to the letter: {} {dot} as practice: {}",
                note.conformance, note.assessment
            );
            let line = screen.text(&line);
            screen.detail("document", Ink::Aside, &line);
        }
        return;
    }
    let truth = if note.source.is_empty() {
        note.truth.clone()
    } else {
        format!("{} ({})", note.truth, note.source)
    };
    let axes = format!(
        " {dot} to the letter: {} {dot} as practice: {}",
        note.conformance, note.assessment
    );
    for (label, text) in [
        ("document", says),
        ("true", truth),
        ("tested", format!("{}{axes}", note.tested)),
    ] {
        let text = screen.text(&text);
        screen.detail(label, Ink::Aside, &text);
    }
}

/// The names of checks, beneath the line that counts them.
fn names(screen: &mut Screen<'_>, findings: &[&Finding], shown: bool) {
    if shown {
        let names: Vec<_> = findings.iter().map(|one| one.check.as_str()).collect();
        let names = screen.text(&names.join(", "));
        screen.flow(4, 4, &[(Ink::Dim, &names)]);
    }
}

/// The findings that share a text, in the order in which each text first comes.
fn grouped<'f>(
    findings: &[&'f Finding],
    text: fn(&Finding) -> &String,
) -> Vec<(&'f str, Vec<&'f Finding>)> {
    let mut groups: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for &finding in findings {
        match groups.iter_mut().find(|(other, _)| other == text(finding)) {
            Some((_, group)) => group.push(finding),
            None => groups.push((text(finding), vec![finding])),
        }
    }
    groups
}
