//! What every gate asks, whatever its own criteria: gates before it, evidence, findings, documents.

use super::facts::is_unknown;
use super::weigh::{Case, Code, Evidence, Upstream};
use crate::model::{Blocker, Finding, Outcome, Severity, Verdict};
use std::collections::BTreeSet;

/// Whether it holds, or none where that cannot be told; and what was found.
type Answer = (Option<bool>, String);

pub(super) fn upstream(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> Answer {
    let mut closed: Vec<&Upstream> = case.upstream.iter().filter(|one| !one.open).collect();
    // What speaks against it comes before what is only not known yet.
    closed.sort_by_key(|one| one.outcome != Outcome::NoGo);
    for one in &closed {
        let Upstream {
            name,
            owner,
            outcome,
            since,
            ..
        } = one;
        let releases = matches!(outcome, Outcome::Go | Outcome::GoWithWaivers);
        blockers.push(Blocker {
            what: format!("gate {name}"),
            severity: Severity::Critical,
            reason: match releases {
                true => "it may be released, and nobody has signed it".into(),
                false => format!("it is {}, and so not open", outcome.word()),
            },
            owner: owner.clone(),
            since: *since,
            next: match releases {
                true => format!("holdpoint sign {name}"),
                false => format!("holdpoint gate {name}"),
            },
        });
    }
    if closed.is_empty() {
        let names: Vec<&str> = case.upstream.iter().map(|one| one.name.as_str()).collect();
        return (Some(true), names.join(", "));
    }
    let words: Vec<String> = closed
        .iter()
        .map(|one| format!("{} is not open", one.name))
        .collect();
    let fails = closed.iter().any(|one| one.outcome == Outcome::NoGo);
    (fails.then_some(false), words.join(", "))
}

/// What keeps the evidence from counting, if anything does.
pub(super) fn evidence(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> Answer {
    let gate = case.gate;
    let suite = gate.suite.as_deref().unwrap_or_default();
    let level = gate.level;
    let again = format!("holdpoint run {suite} --level {level}");
    let mut lack = |reason: String, next: String| {
        blockers.push(Blocker {
            what: "evidence".into(),
            severity: Severity::Critical,
            reason: reason.clone(),
            owner: gate.owner.clone(),
            since: None,
            next,
        });
        (None, reason)
    };
    let [record] = case.evidence else {
        return lack(format!("no record holds the whole suite {suite}"), again);
    };
    if let Some(cause) = &record.cut_short {
        return lack(format!("run {} was not done: {cause}", record.run), again);
    }
    if record.checks_changed {
        let reason = format!(
            "the checks are not those by which run {} was judged",
            record.run
        );
        return lack(reason, again);
    }
    let age = case.now.duration_since(record.started);
    if age > gate.evidence_lasts {
        let reason = format!(
            "run {} is older than the {} that evidence lasts",
            record.run,
            days(gate.evidence_lasts)
        );
        return lack(reason, again);
    }
    if record.started > case.now {
        return lack(
            format!("run {} lies in the future", record.run),
            "set the clock of the machine that ran it, and run it again".into(),
        );
    }
    code(case, blockers)
}

/// Whether all evidence is of one environment, and of the code that is here. Commits may differ: people commit what they
/// sign while others go on.
pub(super) fn code(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> Answer {
    let suite = case.gate.suite.as_deref();
    let again = suite.map_or("run the suites again, at one commit".into(), |suite| {
        format!("holdpoint run {suite} --level {}", case.gate.level)
    });
    let lack = two_environments(case).or_else(|| {
        let mut records = case.evidence.iter();
        records.find_map(|record| other_code(record, &again))
    });
    let lack = lack.or_else(|| {
        let none = case.evidence.is_empty();
        none.then(|| ("there is no evidence".into(), "holdpoint run".into()))
    });
    let Some((reason, next)) = lack else {
        return (Some(true), commits(case.evidence));
    };
    blockers.push(Blocker {
        what: "evidence".into(),
        severity: Severity::Critical,
        reason: reason.clone(),
        owner: case.gate.owner.clone(),
        since: None,
        next,
    });
    (None, reason)
}

/// Why the evidence does not count together. What had no target is of the code alone.
fn two_environments(case: &Case<'_>) -> Option<(String, String)> {
    let names = case.evidence.iter().map(|one| one.environment.as_str());
    let mut names = names.filter(|name| !name.is_empty());
    let first = names.next()?;
    let other = names.find(|name| *name != first)?;
    let reason = format!("the evidence is of two environments, {first} and {other}");
    Some((reason, "run the suites again, for one environment".into()))
}

/// Which commits the records are of.
fn commits(records: &[Evidence]) -> String {
    let each: BTreeSet<&str> = records
        .iter()
        .filter_map(|record| record.commit.as_deref())
        .map(short)
        .collect();
    let commits = each.into_iter().collect::<Vec<_>>().join(", ");
    match records {
        [one] => format!("{} at commit {commits}", one.run),
        several => format!("{} records, at {commits}", several.len()),
    }
}

/// Why a record is not known to be of the code that is here, and what is to be done.
fn other_code(record: &Evidence, again: &str) -> Option<(String, String)> {
    let Evidence { run, .. } = record;
    let commit_first = "commit, and run it again";
    let Some(commit) = &record.commit else {
        let reason = format!("run {run} knows no commit");
        return Some((
            reason,
            "have the code in a git repository, commit, and run it again".into(),
        ));
    };
    match record.dirty {
        Some(false) => {}
        Some(true) => {
            let reason = format!("run {run} saw changes that are in no commit");
            return Some((reason, commit_first.into()));
        }
        None => {
            let reason = format!("run {run} could not tell whether everything was committed");
            return Some((reason, commit_first.into()));
        }
    }
    let commit = short(commit);
    match &record.code {
        Code::Same => None,
        Code::Changed(files) => {
            let more = files.len().saturating_sub(1);
            let files = match (files.first(), more) {
                (Some(first), 0) => first.clone(),
                (Some(first), more) => format!("{first} and {more} more"),
                (None, _) => "files".into(),
            };
            let reason = format!("the code changed since commit {commit} of run {run}: {files}");
            Some((reason, again.into()))
        }
        Code::Unknown(cause) => {
            let reason =
                format!("whether the code is that of commit {commit} cannot be told: {cause}");
            Some((reason, "ask within the repository".into()))
        }
    }
}

pub(super) fn must_pass(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> Answer {
    let needed: Vec<&Finding> = case
        .findings
        .iter()
        .filter(|one| is_needed(one, case))
        .collect();
    let not_run = needed.iter().filter(|one| one.verdict == Verdict::NotRun);
    let not_run: Vec<&Finding> = not_run.copied().collect();
    if let [first, _, ..] = not_run.as_slice() {
        blockers.push(were_not_run(case, first, &not_run));
    }
    let (mut failed, mut unknown) = (0, 0);
    for finding in &needed {
        let fails = finding.verdict == Verdict::Fail && finding.waived.is_none();
        if !fails && !is_unknown(finding) {
            continue;
        }
        match fails {
            true => failed += 1,
            false => unknown += 1,
        }
        // What another check blocks goes away with that one.
        let root = finding.blocked_by.as_ref();
        if root.is_some_and(|root| needed.iter().any(|one| one.check == *root)) {
            continue;
        }
        if finding.verdict == Verdict::NotRun && not_run.len() > 1 {
            continue;
        }
        let suite = case.gate.suite.as_deref().unwrap_or_default();
        let level = case.gate.level;
        blockers.push(Blocker {
            what: finding.check.clone(),
            severity: finding.severity,
            reason: match (finding.verdict, finding.reason.is_empty()) {
                (Verdict::Fail, false) => finding.reason.clone(),
                (verdict, true) => verdict.word().into(),
                (verdict, false) => format!("{verdict}: {}", finding.reason),
            },
            owner: case.gate.owner.clone(),
            since: None,
            next: format!(
                "holdpoint run {} --level {level} {}, then holdpoint run {suite} --level {level}",
                finding.check,
                if fails {
                    "proves the mend"
                } else {
                    "looks again"
                }
            ),
        });
    }
    let passed = needed
        .iter()
        .filter(|one| one.verdict == Verdict::Pass)
        .count();
    let waived = needed.iter().filter(|one| one.waived.is_some()).count();
    let mut found = vec![format!("{passed} passed")];
    for (number, word) in [(failed, "failed"), (waived, "waived"), (unknown, "unknown")] {
        if number > 0 {
            found.push(format!("{number} {word}"));
        }
    }
    let found = found.join(", ");
    match (failed, unknown, passed + waived) {
        // It rests on its own criteria where its suite has no check that must pass.
        (0, 0, 0) if needed.is_empty() && rests_on_criteria(case) => (
            Some(true),
            "its suite has none; its own criteria decide".into(),
        ),
        (0, 0, 0) => {
            blockers.extend(nothing_seen(case));
            (None, "nothing that must pass was seen".into())
        }
        (0, 0, _) => (Some(true), found),
        (0, _, _) => (None, found),
        _ => (Some(false), found),
    }
}

/// Something of its suite was seen to pass, and it asks for something else beside.
fn rests_on_criteria(case: &Case<'_>) -> bool {
    let seen = |one: &Finding| one.verdict == Verdict::Pass;
    case.findings.iter().any(seen) && !case.gate.criteria.is_empty()
}

/// What is to be done where a suite was looked at, and all that must pass is of no concern to the application.
fn nothing_seen(case: &Case<'_>) -> Option<Blocker> {
    let seen = !case.findings.is_empty();
    seen.then(|| Blocker {
        what: "evidence".into(),
        severity: Severity::High,
        reason: format!(
            "no check of severity {} or more was seen to pass",
            case.must_pass
        ),
        owner: case.gate.owner.clone(),
        since: None,
        next: "give the gate a lower must_pass or criteria of its own, in .holdpoint/gates.toml"
            .into(),
    })
}

/// What a run left out is one thing to do, however many checks it is.
fn were_not_run(case: &Case<'_>, first: &Finding, all: &[&Finding]) -> Blocker {
    let suite = case.gate.suite.as_deref().unwrap_or_default();
    let severity = all.iter().map(|one| one.severity).max();
    Blocker {
        what: format!("{} checks", all.len()),
        severity: severity.unwrap_or(first.severity),
        reason: format!("they were not run; {}: {}", first.check, first.reason),
        owner: case.gate.owner.clone(),
        since: None,
        next: format!("holdpoint run {suite} --level {}", case.gate.level),
    }
}

/// Must it pass here?
fn is_needed(finding: &Finding, case: &Case<'_>) -> bool {
    let exempt = case
        .gate
        .exempt
        .iter()
        .any(|one| one.check == finding.check);
    finding.severity >= case.must_pass && !exempt
}

pub(super) fn documents(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> Answer {
    if case.missing_documents.is_empty() {
        return (Some(true), case.gate.documents.join(", "));
    }
    let names = case.missing_documents.iter().map(|(name, _)| name.as_str());
    let missing = names.collect::<Vec<_>>().join(", ");
    for (name, how) in case.missing_documents {
        blockers.push(Blocker {
            what: format!("document {name}"),
            severity: Severity::High,
            reason: "it is not there".into(),
            owner: case.gate.owner.clone(),
            since: None,
            next: how.clone(),
        });
    }
    (None, format!("not there: {missing}"))
}

/// The first characters of a commit, as people write it.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// A time in the unit that people think of.
pub(super) fn days(time: jiff::SignedDuration) -> String {
    match time.as_hours() {
        hours if hours >= 48 && hours % 24 == 0 => format!("{} days", hours / 24),
        1 => "1 hour".into(),
        hours if hours >= 1 => format!("{hours} hours"),
        _ => format!("{} minutes", time.as_mins()),
    }
}
