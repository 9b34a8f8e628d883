//! What lies between two records: one file for each format, all of the same comparison.

mod json;
mod markdown;

pub use super::terminal::diff as terminal;
pub use json::render as json;
pub use markdown::render as markdown;

use super::trace::Told;
use crate::evidence::Record;
use crate::gate;
use crate::model::{Change, Changed, Observation, Subject, Worse};
use std::collections::BTreeMap;

/// The formats of a comparison.
pub const FORMATS: [&str; 3] = ["terminal", "json", "markdown"];

/// A look is slower where it takes so many times as long as before,
const TIMES: u64 = 3;
/// and so many milliseconds more. Less than both is the weather.
const MORE_MS: u64 = 500;

/// Two records, and what lies between them.
#[derive(Debug)]
pub struct Difference<'a> {
    /// The one before.
    pub before: Told<'a>,
    /// The one after.
    pub after: Told<'a>,
    /// What changed, the gravest first, as it was compared.
    pub changed: &'a [Changed],
    /// How many checks both hold and tell the same of.
    pub same: usize,
    /// What else differs.
    pub circumstances: Vec<Differs>,
    /// Checks of both whose definition changed.
    pub redefined: Vec<&'a str>,
    /// Looks that take much longer, or much less long, the gravest first.
    pub paces: Vec<Pace<'a>>,
}

/// A circumstance that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// Which one.
    pub what: &'static str,
    /// As it was.
    pub before: String,
    /// As it is.
    pub after: String,
}

/// A look whose time is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace<'a> {
    /// What was looked at.
    pub label: &'a str,
    /// By which probe.
    pub probe: &'a str,
    /// How long it took, in milliseconds.
    pub before_ms: u64,
    /// How long it takes.
    pub after_ms: u64,
}

impl<'a> Difference<'a> {
    /// Two records, with what changed from one to the other.
    pub fn new(before: Told<'a>, after: Told<'a>, changed: &'a [Changed]) -> Self {
        let both = before.definitions.iter().filter_map(|(check, then)| {
            let now = after.definitions.get(check)?;
            Some((check.as_str(), then != now))
        });
        let both: Vec<(&str, bool)> = both.collect();
        let is_changed = |check: &str| changed.iter().any(|one| one.check == check);
        Self {
            before,
            after,
            changed,
            same: both.iter().filter(|(check, _)| !is_changed(check)).count(),
            circumstances: circumstances(before, after),
            redefined: both
                .iter()
                .filter_map(|(check, differs)| differs.then_some(*check))
                .collect(),
            paces: paces(before.record, after.record),
        }
    }

    /// What changed in this way.
    pub fn those(&self, change: Change) -> impl Iterator<Item = &'a Changed> {
        self.changed.iter().filter(move |one| one.change == change)
    }

    /// Is it worse? Only what the record after must pass is asked.
    pub fn worse(&self) -> Worse {
        let fail_on = self.after.decision.fail_on;
        gate::worse(self.changed, self.after.findings, fail_on)
    }

    /// Why a change that may be for the worse does not decide.
    pub fn aside(&self, one: &Changed) -> Option<String> {
        let fail_on = self.after.decision.fail_on;
        match one.change.is_worse() {
            true if one.severity < fail_on => {
                Some(format!("below {fail_on}, so it decides nothing"))
            }
            true if one.accepted => Some("a waiver accepts it, so it decides nothing".into()),
            _ => None,
        }
    }

    /// `1 broke`, `2 mended`, how many are the same, and whether nothing was observed.
    pub fn counts(&self) -> Vec<(Option<Change>, String)> {
        let each = Change::ALL.iter().filter_map(|change| {
            let count = self.those(*change).count();
            (count > 0).then(|| (Some(*change), format!("{count} {}", change.word())))
        });
        let same = format!("{} the same", self.same);
        // No check need be at fault where nobody saw anything.
        let fail_on = self.after.decision.fail_on;
        let unobserved = gate::unobserved(self.after.findings, fail_on)
            .filter(|_| self.worse() == Worse::OutOfSight);
        let unobserved = unobserved.map(|says| (None, says.to_owned()));
        each.chain([(None, same)]).chain(unobserved).collect()
    }

    /// Who accepts a failure of the record after.
    pub fn waived(&self, check: &str) -> Option<&'a str> {
        let finding = self.after.findings.iter().find(|one| one.check == check);
        finding.and_then(|one| one.waived.as_deref())
    }

    /// The run that shows what is told of a change: the one after, or the one before where that has no such check.
    pub fn shown_by(&self, one: &Changed) -> &'a str {
        match one.after {
            Some(_) => &self.after.subject.run,
            None => &self.before.subject.run,
        }
    }
}

/// `pass`, or that the check was not part of the run.
pub(super) fn verdict(verdict: Option<crate::model::Verdict>) -> &'static str {
    verdict.map_or("not part of it", crate::model::Verdict::word)
}

fn circumstances(before: Told<'_>, after: Told<'_>) -> Vec<Differs> {
    let told = |side: Told<'_>| {
        let Subject {
            target,
            environment,
            level,
            selection,
            commit,
            dirty,
            tool_version,
            interrupted,
            baseline,
            ..
        } = side.subject;
        let or = |text: &str, none: &str| match text {
            "" => none.to_owned(),
            text => text.to_owned(),
        };
        let optional =
            |text: &Option<String>, none: &str| or(text.as_deref().unwrap_or_default(), none);
        [
            ("target", optional(target, "none")),
            ("environment", or(environment, "none")),
            ("level", level.to_string()),
            ("selection", or(&selection.join(" "), "every check")),
            ("must pass", format!("{} or more", side.decision.fail_on)),
            ("commit", optional(commit, "not known")),
            (
                "uncommitted",
                if *dirty { "changes" } else { "none known" }.to_owned(),
            ),
            ("holdpoint", tool_version.clone()),
            ("early end", optional(interrupted, "none")),
            ("baseline", optional(baseline, "none")),
        ]
    };
    let pairs = told(before).into_iter().zip(told(after));
    pairs
        .filter(|((_, then), (_, now))| then != now)
        .map(|((what, before), (_, after))| Differs {
            what,
            before,
            after,
        })
        .collect()
}

/// The looks of both whose times are far apart. One that was retried, hindered or made twice tells nothing of the other's pace.
fn paces<'a>(before: &'a Record, after: &'a Record) -> Vec<Pace<'a>> {
    let (then, now) = (by_label(before), by_label(after));
    let mut paces: Vec<Pace<'a>> = now
        .into_iter()
        .filter_map(|(key, after)| {
            let (before, after) = ((*then.get(&key)?)?, after?);
            let (least, most) = (
                before.duration_ms.min(after.duration_ms),
                before.duration_ms.max(after.duration_ms),
            );
            let far = most > least.saturating_mul(TIMES) && most - least > MORE_MS;
            far.then_some(Pace {
                label: &after.label,
                probe: &after.probe,
                before_ms: before.duration_ms,
                after_ms: after.duration_ms,
            })
        })
        .collect();
    paces.sort_by_key(|one| {
        let slower = one.after_ms.saturating_sub(one.before_ms);
        (std::cmp::Reverse(slower), one.after_ms, one.label)
    });
    paces
}

/// The one look of each probe and label; none where there are several, or its time means nothing.
fn by_label(record: &Record) -> BTreeMap<(&str, &str), Option<&Observation>> {
    let mut by_label: BTreeMap<(&str, &str), Option<&Observation>> = BTreeMap::new();
    for one in &record.observations {
        let tells = one.hindrance.is_none() && one.attempts <= 1;
        by_label
            .entry((&one.probe, &one.label))
            .and_modify(|known| *known = None)
            .or_insert(tells.then_some(one));
    }
    by_label
}
