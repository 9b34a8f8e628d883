//! What every gate asks, whatever its own criteria: gates before it, evidence, findings, documents.

use super::facts::is_unknown;
use super::weigh::{Case, Code, Evidence, Upstream};
use crate::model::{Blocker, Finding, Outcome, Severity, Verdict};

/// Whether it holds, or none where that cannot be told; and what was found.
type Answer = (Option<bool>, String);

pub(super) fn upstream(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> Answer {
    let closed: Vec<&Upstream> = case.upstream.iter().filter(|one| !one.open).collect();
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
                false => format!("it is not open: {}", outcome.word()),
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
        .map(|one| format!("{} is not", one.name))
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

/// Whether all evidence is of one environment and one commit, and that the one that is here.
pub(super) fn code(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> Answer {
    let suite = case.gate.suite.as_deref();
    let again = suite.map_or("run the suites again, at one commit".into(), |suite| {
        format!("holdpoint run {suite} --level {}", case.gate.level)
    });
    let (reason, next) = match of_one_commit(case) {
        Err(lack) => lack,
        Ok(commit) => match &case.code {
            Code::Same => {
                let runs: Vec<&str> = case.evidence.iter().map(|one| one.run.as_str()).collect();
                return (
                    Some(true),
                    format!("{} at commit {}", runs.join(", "), short(&commit)),
                );
            }
            Code::Changed(files) => {
                let more = files.len().saturating_sub(1);
                let files = match (files.first(), more) {
                    (Some(first), 0) => first.clone(),
                    (Some(first), more) => format!("{first} and {more} more"),
                    (None, _) => "files".into(),
                };
                (
                    format!("the code changed since commit {}: {files}", short(&commit)),
                    again,
                )
            }
            Code::Unknown(cause) => (
                format!(
                    "whether the code is that of commit {} cannot be told: {cause}",
                    short(&commit)
                ),
                "ask within the repository".into(),
            ),
        },
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

fn of_one_commit(case: &Case<'_>) -> Result<String, (String, String)> {
    let mut commit: Option<&String> = None;
    let targets = case.evidence.iter().map(|one| one.environment.as_str());
    let mut targets = targets.filter(|name| !name.is_empty());
    if let Some(first) = targets.next()
        && let Some(other) = targets.find(|name| *name != first)
    {
        return Err((
            format!("the evidence is of two environments, {first} and {other}"),
            "run the suites again, for one environment".into(),
        ));
    }
    for record in case.evidence {
        let Evidence { run, dirty, .. } = record;
        let again = "commit, and run it again";
        match dirty {
            Some(false) => {}
            Some(true) => {
                return Err((
                    format!("run {run} saw changes that are in no commit"),
                    again.into(),
                ));
            }
            None => {
                return Err((
                    format!("run {run} could not tell whether everything was committed"),
                    again.into(),
                ));
            }
        }
        match (&record.commit, commit) {
            (None, _) => {
                return Err((
                    format!("run {run} knows no commit"),
                    "run it within the repository".into(),
                ));
            }
            (Some(this), Some(other)) if this != other => {
                return Err((
                    format!(
                        "the evidence is of two commits, {} and {}",
                        short(other),
                        short(this)
                    ),
                    "run the suites again, at one commit".into(),
                ));
            }
            (Some(this), _) => commit = Some(this),
        }
    }
    commit
        .cloned()
        .ok_or_else(|| ("there is no evidence".into(), "holdpoint run".into()))
}

pub(super) fn must_pass(case: &Case<'_>, blockers: &mut Vec<Blocker>) -> Answer {
    let needed: Vec<&Finding> = case
        .findings
        .iter()
        .filter(|one| is_needed(one, case))
        .collect();
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
        let suite = case.gate.suite.as_deref().unwrap_or_default();
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
                "holdpoint run {} proves the mend, then holdpoint run {suite}",
                finding.check
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
        (0, 0, 0) => (None, "nothing that must pass was seen".into()),
        (0, 0, _) => (Some(true), found),
        (0, _, _) => (None, found),
        _ => (Some(false), found),
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
fn short(commit: &str) -> &str {
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
