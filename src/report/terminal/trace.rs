//! A verdict, an observation or a whole record at a terminal, with everything under it.

use super::observed;
use super::screen::{Ink, Screen, Symbol};
use super::{REASONS, besides, finding, outcome_ink};
use crate::document::reading::{self, COUNTED};
use crate::evidence::digest;
use crate::model::{Finding, Verdict};
use crate::report::Style;
use crate::report::trace::{Read, Seen, Told, Trace, again, offline};

/// How many looks are shown in full.
const WHOLE: usize = 3;
/// How many of the others are named.
const NAMED: usize = 12;

/// One finding, followed down.
pub fn trace(trace: &Trace<'_>, style: &Style<'_>) -> String {
    let mut screen = Screen::new(style);
    verdict(&mut screen, trace);
    chain(&mut screen, trace);
    looks(&mut screen, trace);
    screen.gap();
    rests_on(&mut screen, trace);
    screen.finish()
}

fn verdict(screen: &mut Screen<'_>, trace: &Trace<'_>) {
    let one = trace.finding;
    finding::head(screen, one);
    let Told {
        decision, subject, ..
    } = trace.told;
    let outcome = decision.outcome.word().to_uppercase();
    let part = match (trace.is_a_reason(), one.verdict) {
        (true, _) => format!("{outcome}, and this is {}", among(decision.reasons.len())),
        (false, Verdict::Pass | Verdict::NotApplicable | Verdict::NotRun) => {
            format!("{outcome}; this does not hold it")
        }
        (false, _) if one.waived.is_some() => format!("{outcome}; this is accepted"),
        (false, _) if one.severity < decision.fail_on => format!(
            "{outcome}; this does not hold it: {} is below {}",
            one.severity, decision.fail_on
        ),
        (false, _) => match trace.chain.last() {
            Some(root) => format!("{outcome}; what to mend first is {}", root.check),
            None => format!("{outcome}; this is not what holds it"),
        },
    };
    let remedy = one.remedy.trim();
    for (label, ink, text) in [
        ("verdict", Ink::Plain, word(one)),
        ("claim", Ink::Plain, one.title.clone()),
        ("why", Ink::Plain, trace.check.why.clone()),
        ("expected", Ink::Good, one.expected.clone()),
        ("found", Ink::Bad, one.found.clone()),
        ("decision", Ink::Plain, part),
        ("waived", Ink::Aside, one.waived.clone().unwrap_or_default()),
        (
            "mend",
            Ink::Plain,
            remedy.lines().next().unwrap_or_default().to_owned(),
        ),
    ] {
        // Of a plain pass, what was found stands with the looks.
        let is_idle = one.verdict == Verdict::Pass && matches!(label, "found" | "expected");
        if !is_idle {
            let text = screen.text(&text);
            screen.detail(label, ink, &text);
        }
    }
    for line in remedy.lines().skip(1) {
        let text = line.trim_start();
        let margin = "\u{a0}".repeat(line.len() - text.len());
        let text = screen.text(text);
        screen.detail("", Ink::Plain, &format!("{margin}{text}"));
    }
    if let Some((_, why)) = &trace.planned.set_aside {
        let text = screen.text(&format!("nothing was looked at: {why}"));
        screen.detail("set aside", Ink::Doubt, &text);
    }
    let early = subject.interrupted.iter();
    for why in early {
        let text = screen.text(&format!("the run ended early: {why}"));
        screen.detail("note", Ink::Doubt, &text);
    }
}

fn word(one: &Finding) -> String {
    match one.flaky {
        true => format!(
            "{}, flaky: a transient fault, and it passed when tried again",
            one.verdict
        ),
        false => one.verdict.to_string(),
    }
}

fn among(reasons: usize) -> String {
    match reasons {
        1 => "the reason".into(),
        many => format!("one of its {many} reasons"),
    }
}

/// What it waited for, down to what did not wait for anything.
fn chain(screen: &mut Screen<'_>, trace: &Trace<'_>) {
    if trace.chain.is_empty() {
        return;
    }
    screen.gap();
    title(screen, "It waited for");
    for one in &trace.chain {
        finding::head(screen, one);
    }
    if let Some(root) = trace.chain.last() {
        let run = &trace.told.subject.run;
        let command = screen.text(&reading::explain(run, &root.check));
        screen.detail("tells why", Ink::Plain, &command);
    }
}

fn looks(screen: &mut Screen<'_>, trace: &Trace<'_>) {
    if trace.looks.is_empty() {
        return;
    }
    screen.gap();
    let count = match (trace.finding.looks.is_empty(), trace.looks.len()) {
        (true, _) => "Its looks, none of which gave it a verdict".to_owned(),
        (false, 1) => "What was looked at".to_owned(),
        (false, many) => format!("What was looked at, {many} looks"),
    };
    title(screen, &count);
    let verdict = trace.finding.verdict;
    let decides = |seen: &&Seen<'_>| seen.verdict.is_some_and(|one| one.verdict == verdict);
    let (deciding, others): (Vec<&Seen<'_>>, Vec<&Seen<'_>>) =
        trace.looks.iter().partition(decides);
    // Where none decided, such as in a run that was cut short, the first is shown all the same.
    let order: Vec<&Seen<'_>> = deciding.into_iter().chain(others).collect();
    let whole = whole(&order, screen.style.verbose);
    let file = &trace.check.place.file;
    for seen in order
        .iter()
        .filter(|seen| whole.contains(&&*seen.planned.id))
    {
        observed::seen(screen, seen, file);
    }
    let rest = order
        .iter()
        .filter(|seen| !whole.contains(&&*seen.planned.id));
    let rest: Vec<&&Seen<'_>> = rest.collect();
    for seen in rest.iter().take(NAMED) {
        let verdict = seen.verdict.map(|one| one.verdict);
        observed::head(
            screen,
            verdict,
            &seen.planned.probe,
            &seen.planned.label,
            seen.observation,
        );
        let reason = seen.verdict.and_then(|one| one.reasons.first());
        let reason = screen.text(reason.map_or("", |reason| &reason.text));
        screen.flow(4, 4, &[(Ink::Dim, &reason)]);
    }
    if !rest.is_empty() {
        let more = match rest.len().saturating_sub(NAMED) {
            0 => "--verbose shows every look in full".to_owned(),
            more => format!("and {more} more; --verbose shows every look in full"),
        };
        screen.flow(4, 4, &[(Ink::Dim, &more)]);
    }
}

/// Which looks are shown in full: the first, and the next ones that say something else.
fn whole<'a>(looks: &[&'a Seen<'_>], verbose: bool) -> Vec<&'a str> {
    let said = |seen: &Seen<'_>| -> Vec<String> {
        let reasons = seen.verdict.iter().flat_map(|one| &one.reasons);
        reasons.map(|reason| reason.text.clone()).collect()
    };
    let mut known: Vec<Vec<String>> = Vec::new();
    let mut whole = Vec::new();
    for seen in looks {
        let says = said(seen);
        let is_new = known.is_empty() || !(says.is_empty() || known.contains(&says));
        if verbose || (is_new && whole.len() < WHOLE) {
            known.push(says);
            whole.push(&*seen.planned.id);
        }
    }
    whole
}

fn rests_on(screen: &mut Screen<'_>, trace: &Trace<'_>) {
    title(screen, "What it rests on");
    let whose = match trace.planned.origin.as_str() {
        "shipped" => "shipped with holdpoint",
        "override" => "yours, in place of the shipped one",
        _ => "yours",
    };
    let planned = trace.planned;
    let defined = format!("{} ({whose})", trace.finding.defined);
    let text = screen.text(&defined);
    screen.detail("check", Ink::Plain, &text);
    screen.detail("", Ink::Dim, &planned.definition());
    source(screen, trace.told);
    let record = trace.told.record;
    for (label, text) in [
        ("look", again(record, trace.finding)),
        ("judge", offline(record)),
    ] {
        let text = screen.text(&text);
        screen.detail(label, Ink::Bold, &text);
        let options = reading::given_besides(trace.told.subject);
        if let Some(options) = options.filter(|_| label == "look") {
            let options = screen.text(&besides(&options));
            screen.detail("", Ink::Dim, &options);
        }
    }
}

/// The record, its digest, and the circumstances of its run.
fn source(screen: &mut Screen<'_>, told: Told<'_>) {
    let subject = told.subject;
    let path = screen.text(subject.record.as_deref().unwrap_or_default());
    screen.detail("record", Ink::Plain, &path);
    screen.detail(
        "",
        Ink::Dim,
        subject.record_digest.as_deref().unwrap_or_default(),
    );
    let dot = screen.dot();
    let commit = match (&subject.commit, subject.dirty) {
        (Some(commit), true) => format!("commit {commit} and uncommitted changes"),
        (Some(commit), false) => format!("commit {commit}"),
        (None, _) => "no commit is known".into(),
    };
    let parts = [
        subject.target.clone().unwrap_or_else(|| "no target".into()),
        subject.environment.clone(),
        format!("level {}", subject.level),
        subject
            .started
            .strftime("%Y-%m-%d %H:%M:%S UTC")
            .to_string(),
        commit,
        format!("holdpoint {}", subject.tool_version),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let text = screen.text(&parts.join(&format!(" {dot} ")));
    screen.detail("run", Ink::Plain, &text);
    if let Some(baseline) = &told.record.header.baseline {
        let text = screen.text(&format!("no worse than {}", baseline.run));
        screen.detail("baseline", Ink::Plain, &text);
    }
}

/// One observation, with every check that rests on it.
pub fn observation(read: &Read<'_>, style: &Style<'_>) -> String {
    let mut screen = Screen::new(style);
    let one = read.observation;
    observed::head(
        &mut screen,
        worst(&read.findings),
        &one.probe,
        &one.label,
        Some(one),
    );
    observed::parameters(&mut screen, &read.planned.parameters);
    observed::hindrance(&mut screen, one);
    observed::facts(&mut screen, &one.facts);
    observed::excerpts(&mut screen, one);
    observed::digest(&mut screen, one);
    source(&mut screen, read.told);
    screen.gap();
    let run = &read.told.subject.run;
    let count = match read.findings.len() {
        1 => "1 check rests on it".to_owned(),
        many => format!("{many} checks rest on it"),
    };
    title(&mut screen, &count);
    let shown = match style.verbose {
        true => usize::MAX,
        false => NAMED,
    };
    let mut findings = read.findings.clone();
    findings.sort_by_key(|one| (one.verdict != Verdict::Fail, one.verdict == Verdict::Pass));
    for one in findings.iter().take(shown) {
        finding::head(&mut screen, one);
    }
    if let Some(more @ 1..) = findings.len().checked_sub(shown) {
        let more = format!("and {more} more; --verbose shows them");
        screen.flow(2, 2, &[(Ink::Dim, &more)]);
    }
    if let Some(first) = findings.first() {
        let command = screen.text(&reading::explain(run, &first.check));
        screen.detail("tells more", Ink::Plain, &command);
    }
    screen.finish()
}

fn worst(findings: &[&Finding]) -> Option<Verdict> {
    let has = |verdict: &&Verdict| findings.iter().any(|one| one.verdict == **verdict);
    let order = [Verdict::Fail, Verdict::Inconclusive, Verdict::Pass];
    order.iter().find(has).copied()
}

/// A whole record: what it decided and why, what did not pass, and what it was made from.
pub fn record(told: Told<'_>, style: &Style<'_>) -> String {
    let mut screen = Screen::new(style);
    let Told {
        findings,
        decision,
        subject,
        ..
    } = told;
    let word = decision.outcome.word().to_uppercase();
    let ink = outcome_ink(decision.outcome);
    let counts: Vec<String> = reading::counts(decision, findings)
        .into_iter()
        .map(|(_, count)| count)
        .collect();
    let counts = counts.join(&format!(" {} ", screen.dot()));
    let run = screen.text(&subject.run);
    screen.flow(
        0,
        2,
        &[(ink, &word), (Ink::Bold, &run), (Ink::Plain, &counts)],
    );
    let shown = match style.verbose {
        true => usize::MAX,
        false => REASONS,
    };
    for reason in decision.reasons.iter().take(shown) {
        let reason = screen.text(reason);
        screen.flow(2, 4, &[(Ink::Plain, &reason)]);
    }
    if let Some(more @ 1..) = decision.reasons.len().checked_sub(shown) {
        let more = format!("and {more} more");
        screen.flow(2, 4, &[(Ink::Dim, &more)]);
    }
    let early = subject.interrupted.iter();
    let early = early.map(|why| format!("the run ended early: {why}"));
    for warning in decision.warnings.iter().cloned().chain(early) {
        let warning = screen.text(&warning);
        screen.marked(Symbol::Warning, &[(Ink::Plain, &warning)]);
    }
    not_passed(&mut screen, told);
    made_from(&mut screen, told);
    screen.finish()
}

/// What failed or could not be told, the gravest first, each with the command that tells more.
fn not_passed(screen: &mut Screen<'_>, told: Told<'_>) {
    let Told {
        findings, subject, ..
    } = told;
    let ordered = reading::ordered(findings);
    for verdict in COUNTED {
        let shown = [Verdict::Fail, Verdict::Inconclusive, Verdict::Blocked];
        let mut those: Vec<&Finding> = ordered
            .iter()
            .copied()
            .filter(|one| one.verdict == verdict && shown.contains(&verdict))
            .collect();
        those.sort_by_key(|one| std::cmp::Reverse(one.severity));
        if !those.is_empty() {
            screen.gap();
        }
        if verdict == Verdict::Blocked && !screen.style.verbose {
            finding::blocked(screen, &those);
            continue;
        }
        for one in those {
            finding::head(screen, one);
            let command = screen.text(&reading::explain(&subject.run, &one.check));
            screen.flow(4, 6, &[(Ink::Dim, &command)]);
        }
    }
}

/// The checks, looks and files that a record was made from.
fn made_from(screen: &mut Screen<'_>, told: Told<'_>) {
    let Told {
        record, subject, ..
    } = told;
    screen.gap();
    title(screen, "What it rests on");
    let of = |origin: &str| {
        let those = record.checks.iter().filter(|one| one.origin == origin);
        those.count()
    };
    let (shipped, own, replaced) = (of("shipped"), of("user"), of("override"));
    let version = &subject.tool_version;
    let mut judged_by = Vec::new();
    judged_by.extend((shipped > 0).then(|| format!("{shipped} shipped with holdpoint {version}")));
    judged_by.extend((own > 0).then(|| format!("{own} of your own")));
    judged_by.extend((replaced > 0).then(|| format!("{replaced} in place of shipped ones")));
    let text = screen.text(&judged_by.join(", "));
    screen.detail("checks", Ink::Plain, &text);
    let made = record.observations.len();
    let looks = format!(
        "{} planned, {made} made; the digest of each was verified",
        record.looks.len()
    );
    screen.detail("looks", Ink::Plain, &looks);
    for ((path, digest), label) in subject
        .inputs
        .iter()
        .zip(std::iter::once("read").chain(std::iter::repeat("")))
    {
        let text = screen.text(&format!("{path} {digest}"));
        screen.detail(label, Ink::Plain, &text);
    }
    if !record.header.waivers.is_empty() {
        let digest = digest(record.header.waivers.as_bytes());
        let text = screen.text(&format!("{} {digest}", record.header.waivers_file));
        screen.detail("waivers", Ink::Plain, &text);
    }
    if let Some(reason) = &record.header.before_gate {
        let text = screen.text(reason);
        screen.detail(
            "early",
            Ink::Plain,
            &format!("before its gate was open: {text}"),
        );
    }
    source(screen, told);
    let judge = screen.text(&offline(record));
    screen.detail("judge", Ink::Bold, &judge);
}

fn title(screen: &mut Screen<'_>, text: &str) {
    let text = screen.text(text);
    screen.flow(0, 0, &[(Ink::Bold, &text)]);
}
