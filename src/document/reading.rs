//! What reports and documents read out of findings: their order, their faults, their counts.

use crate::model::{Decision, Finding, Severity, Subject, Verdict};

/// What was wrong at one or more looks, in the same words.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault<'a> {
    /// In one line.
    pub text: &'a str,
    /// What was wanted.
    pub expected: &'a str,
    /// What was seen.
    pub found: &'a str,
    /// The looks at which it was wrong.
    pub looks: Vec<&'a str>,
}

/// The verdicts in the order in which reports count them.
pub const COUNTED: [Verdict; 7] = [
    Verdict::Pass,
    Verdict::Fail,
    Verdict::Inconclusive,
    Verdict::Blocked,
    Verdict::NeedsAttestation,
    Verdict::NotRun,
    Verdict::NotApplicable,
];

/// The findings by area and name, whatever order they came in.
pub fn ordered(findings: &[Finding]) -> Vec<&Finding> {
    let mut ordered: Vec<_> = findings.iter().collect();
    ordered.sort_by(|a, b| (area(a), &a.check).cmp(&(area(b), &b.check)));
    ordered
}

/// The part of the check's name before the first dot.
pub fn area(finding: &Finding) -> &str {
    finding.check.split('.').next().unwrap_or_default()
}

/// What gave the finding its verdict, each distinct fault once with the looks it was seen at.
pub fn faults(finding: &Finding) -> Vec<Fault<'_>> {
    let mut faults: Vec<Fault<'_>> = Vec::new();
    let decisive = || {
        finding
            .looks
            .iter()
            .filter(|look| look.verdict == finding.verdict)
    };
    for look in decisive() {
        for reason in &look.reasons {
            let same = |fault: &&mut Fault<'_>| {
                (fault.text, fault.expected, fault.found)
                    == (&*reason.text, &*reason.expected, &*reason.found)
            };
            match faults.iter_mut().find(same) {
                Some(fault) if fault.looks.contains(&&*look.label) => {}
                Some(fault) => fault.looks.push(&look.label),
                None => faults.push(Fault {
                    text: &reason.text,
                    expected: &reason.expected,
                    found: &reason.found,
                    looks: vec![&look.label],
                }),
            }
        }
    }
    if faults.is_empty() {
        faults.push(Fault {
            text: &finding.reason,
            expected: &finding.expected,
            found: &finding.found,
            looks: decisive().map(|look| &*look.label).collect(),
        });
    }
    faults
}

/// The digest of the observation that gave the finding its verdict, else of its first.
pub fn evidence(finding: &Finding) -> Option<&str> {
    let decisive = finding
        .looks
        .iter()
        .find(|look| look.verdict == finding.verdict);
    decisive
        .or(finding.looks.first())
        .map(|look| &*look.evidence)
}

/// The command that looks again, for this check alone.
pub fn prove(finding: &Finding) -> String {
    format!("holdpoint run {}", finding.check)
}

/// The command that looks again at checks where and as far as the run did, as far as its arguments said that and are known.
pub fn again(checks: &[&str], subject: &Subject) -> String {
    let mut command = format!("holdpoint run {}", checks.join(" "));
    for option in subject.given.iter().filter(|one| is_known(one, subject)) {
        command.push_str(&format!(" {option}"));
        if let Some(value) = value(option, subject) {
            command.push_str(&format!(" {}", quoted(&value)));
        }
    }
    command
}

/// What the run was given besides, which no record holds, and which is to be said anew.
pub fn given_besides(subject: &Subject) -> Option<String> {
    let unknown = subject.given.iter().filter(|one| !is_known(one, subject));
    let unknown: Vec<&str> = unknown.map(String::as_str).collect();
    (!unknown.is_empty()).then(|| unknown.join(", "))
}

/// Who lets a run go to production says so for that run alone, so that is never repeated for them.
fn is_known(option: &str, subject: &Subject) -> bool {
    // What stands for a secret is no value.
    let known = |value: String| !value.is_empty() && !value.contains('‹');
    option == "--owned" || value(option, subject).is_some_and(known)
}

fn value(option: &str, subject: &Subject) -> Option<String> {
    match option {
        "--target" => subject.target.clone(),
        "--environment" => Some(subject.environment.clone()),
        "--level" => Some(subject.level.word().to_owned()),
        _ => None,
    }
}

/// The command that follows the verdict down to the facts and requests behind it.
pub fn explain(run: &str, check: &str) -> String {
    format!("holdpoint explain {}", quoted(&format!("{run}:{check}")))
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,~".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// How many findings have the verdict.
pub fn count(decision: &Decision, verdict: Verdict) -> usize {
    decision.summary.get(&verdict).copied().unwrap_or(0)
}

/// How many findings there are.
pub fn total(decision: &Decision) -> usize {
    decision.summary.values().sum()
}

/// Every verdict that was given with its count, and for failures how grave: `2 fail (1 high, 1 waived)`.
pub fn counts(decision: &Decision, findings: &[Finding]) -> Vec<(Verdict, String)> {
    let counted = |verdict| match (count(decision, verdict), verdict) {
        (0, _) => None,
        (count, Verdict::Fail) => Some((verdict, format!("{count} fail{}", gravity(findings)))),
        (count, verdict) => Some((
            verdict,
            format!("{count} {}", verdict.word().replace('-', " ")),
        )),
    };
    COUNTED.into_iter().filter_map(counted).collect()
}

fn gravity(findings: &[Finding]) -> String {
    let failed = || {
        findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Fail)
    };
    let mut parts = Vec::new();
    for severity in Severity::ALL.iter().rev() {
        let count = failed()
            .filter(|finding| finding.severity == *severity && finding.waived.is_none())
            .count();
        if count > 0 {
            parts.push(format!("{count} {severity}"));
        }
    }
    let waived = failed().filter(|finding| finding.waived.is_some()).count();
    if waived > 0 {
        parts.push(format!("{waived} waived"));
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    }
}

/// A time span for people: `850 ms`, `1.2 s`, `2 min 5 s`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_read_well() {
        let spans = [0, 999, 1_249, 59_999, 125_000].map(duration);
        assert_eq!(spans, ["0 ms", "999 ms", "1.2 s", "59.9 s", "2 min 5 s"]);
    }

    #[test]
    fn a_shell_takes_it_as_one_word() {
        assert_eq!(quoted("http://127.0.0.1:3000/"), "http://127.0.0.1:3000/");
        assert_eq!(quoted("http://a/?b=c&d"), "'http://a/?b=c&d'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        let command = explain("x;id", "headers.api");
        assert_eq!(command, "holdpoint explain 'x;id:headers.api'");
    }
}
