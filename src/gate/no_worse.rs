//! Is it no worse than before? The one judgement of a check by what two runs tell of it. Pure.
//!
//! What fails where it failed before is known by its looks and by the lines of the expectations, as often as their reasons
//! list things. Which things those are is not compared: what a fact lists is text, or an object without a field that is
//! declared to name it, and holds what moves without being another thing, such as the line of a file, a version or what
//! pulls a package in. One thing in place of another is therefore *fails otherwise*, and is said.

use crate::model::{Change, Finding, Held, Verdict};
use std::collections::BTreeMap;

/// What a run tells of one check.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    /// None where the check was not part of it.
    pub(super) held: Option<&'a Held>,
    /// It ended before everything was looked at.
    pub(super) cut_short: bool,
}

/// How a check stands to what it was.
#[derive(Debug, Default)]
pub(super) struct Stands {
    /// In which way it changed; none where it is no worse and no better.
    pub(super) change: Option<Change>,
    /// Why that is worse, or cannot be told.
    pub(super) why: Option<Why>,
    /// The looks that fail in a way in which they did not before.
    pub(super) looks: Vec<String>,
}

/// Why a check is worse than it was, or why that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The run before does not hold the check,
    NotHeld,
    /// or another one by this name.
    Redefined,
    /// There it gave this verdict.
    Was(Verdict),
    /// These looks fail, or fail more.
    FailsAt(Vec<String>),
    /// These looks cannot be told; the run before could.
    UntoldAt(Vec<String>),
    /// Nothing of it came about; the run before saw a part of it pass.
    Untold,
    /// It is not known what the run before did not get to.
    CutShortBefore,
    /// It is not known what this run did not get to.
    CutShort,
}

impl Why {
    /// Does it say more than two verdicts and the looks that fail?
    pub(super) fn says_more(&self) -> bool {
        !matches!(self, Self::NotHeld | Self::Was(_) | Self::FailsAt(_))
    }

    /// In words, where the runs are called so.
    pub(super) fn text(&self, before: &str, after: &str) -> String {
        match self {
            Self::NotHeld => format!("{before} does not hold this check"),
            Self::Redefined => format!("the check has changed since {before}"),
            Self::Was(Verdict::Pass) => format!("it passed in {before}"),
            Self::Was(Verdict::NotApplicable) => format!("it did not apply in {before}"),
            Self::Was(Verdict::NotRun) => format!("{before} did not look"),
            Self::Was(Verdict::Fail) => {
                format!("it failed in {before}; whether it is worse cannot be told")
            }
            Self::Was(_) => format!("{before} could not tell"),
            Self::FailsAt(looks) => format!("new since {before}: {}", first(looks)),
            Self::UntoldAt(looks) => format!("{before} could tell: {}", first(looks)),
            Self::Untold => format!("{before} could tell a part of it"),
            Self::CutShortBefore => format!("{before} was cut short"),
            Self::CutShort => format!("{after} was cut short"),
        }
    }
}

fn first(looks: &[String]) -> String {
    match looks {
        [] => String::new(),
        [one] => one.clone(),
        [one, more @ ..] => format!("{one} and {} more", more.len()),
    }
}

/// What a run tells of its checks, as far as they are compared by that.
pub fn held(
    findings: &[Finding],
    definitions: &BTreeMap<String, String>,
) -> BTreeMap<String, Held> {
    let each = findings.iter().map(|one| {
        let is_open = sight(one.verdict) == Sight::Open;
        let held = Held {
            verdict: one.verdict,
            reason: one.reason.clone(),
            faults: faults(one),
            unseen: unseen(one),
            partly: is_open && one.looks.iter().any(|look| look.verdict == Verdict::Pass),
            definition: definitions.get(&one.check).cloned().unwrap_or_default(),
        };
        (one.check.clone(), held)
    });
    each.collect()
}

/// How a check stands to what it was.
pub(super) fn stands(before: Told<'_>, after: Told<'_>) -> Stands {
    let was = before.held.map_or(Sight::None, |held| sight(held.verdict));
    let Some(now) = after.held else {
        return left_out(was);
    };
    let (change, why) = match sight(now.verdict) {
        Sight::None => return left_out(was),
        Sight::Holds => (bettered(was, now.verdict), None),
        Sight::Fails => failing(before.held, now, after.cut_short),
        Sight::Open => open(before, now, after.cut_short),
    };
    let known = before.held.map_or(&[][..], |held| &held.faults);
    Stands {
        change,
        why,
        looks: beyond(&now.faults, known),
    }
}

/// What a run tells of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Holds,
    Fails,
    /// Somebody asked, and nobody could tell.
    Open,
    /// Nobody asked.
    None,
}

fn sight(verdict: Verdict) -> Sight {
    match verdict {
        Verdict::Pass | Verdict::NotApplicable => Sight::Holds,
        Verdict::Fail => Sight::Fails,
        Verdict::Inconclusive | Verdict::Blocked | Verdict::NeedsAttestation => Sight::Open,
        Verdict::NotRun => Sight::None,
    }
}

fn left_out(was: Sight) -> Stands {
    Stands {
        change: matches!(was, Sight::Holds | Sight::Fails).then_some(Change::Lost),
        ..Stands::default()
    }
}

fn bettered(was: Sight, now: Verdict) -> Option<Change> {
    match was {
        Sight::Holds => None,
        Sight::Fails => Some(Change::Mended),
        // What does not concern the application was not seen to pass.
        Sight::Open | Sight::None => (now == Verdict::Pass).then_some(Change::Seen),
    }
}

type Judged = (Option<Change>, Option<Why>);

fn failing(before: Option<&Held>, now: &Held, cut_short: bool) -> Judged {
    let Some(held) = before else {
        return (Some(Change::Found), Some(Why::NotHeld));
    };
    let anew = match sight(held.verdict) {
        Sight::Holds => Change::Broke,
        _ => Change::Found,
    };
    // Of another check it is not known where it failed.
    if held.definition != now.definition {
        return (Some(anew), Some(Why::Redefined));
    }
    if held.verdict != Verdict::Fail {
        return (Some(anew), Some(Why::Was(held.verdict)));
    }
    let looks = beyond(&now.faults, &held.faults);
    if !looks.is_empty() {
        return (Some(Change::Worse), Some(Why::FailsAt(looks)));
    }
    // What is known to fail must not hide what was not looked at or cannot be told.
    if cut_short {
        return (Some(Change::Lost), Some(Why::CutShort));
    }
    match untold(held, now) {
        Some(why) => (Some(Change::Lost), Some(why)),
        None => ((held.reason != now.reason).then_some(Change::Other), None),
    }
}

fn open(before: Told<'_>, now: &Held, cut_short: bool) -> Judged {
    let Some(held) = before.held else {
        return (Some(Change::Unseen), Some(Why::NotHeld));
    };
    let out_of_sight = match sight(held.verdict) {
        Sight::Holds | Sight::Fails => Change::Lost,
        Sight::Open | Sight::None => Change::Unseen,
    };
    let why = if held.definition != now.definition {
        Why::Redefined
    } else if sight(held.verdict) != Sight::Open {
        Why::Was(held.verdict)
    } else if cut_short {
        Why::CutShort
    } else if before.cut_short && now.verdict != Verdict::NeedsAttestation {
        // What it only did not get to is not what it could not tell.
        Why::CutShortBefore
    } else {
        let why = untold(held, now);
        return (why.is_some().then_some(Change::Lost), why);
    };
    (Some(out_of_sight), Some(why))
}

/// What cannot be told now and could be told before.
fn untold(held: &Held, now: &Held) -> Option<Why> {
    if held.partly && now.unseen.is_empty() && !now.partly && now.verdict != Verdict::Fail {
        return Some(Why::Untold);
    }
    // Nothing of it was seen there.
    if held.verdict != Verdict::Fail && held.unseen.is_empty() {
        return None;
    }
    // A look that did not come about there told nothing of any expectation.
    let was_hindered = |label: &str| {
        let mut unseen = held.unseen.iter();
        unseen.any(|(known, line)| known == label && *line == 0)
    };
    let those = now.unseen.iter().filter(|(label, _)| !was_hindered(label));
    let looks = beyond(&those.cloned().collect::<Vec<_>>(), &held.unseen);
    (!looks.is_empty()).then_some(Why::UntoldAt(looks))
}

/// What of a finding failed, in order: each look with the line of the expectation, as often as its reason lists things.
/// One package more that is open to attack is one fault more.
fn faults(finding: &Finding) -> Vec<(String, usize)> {
    lines(finding, Verdict::Fail)
}

/// What of a finding could not be told, likewise; with what could not be judged of looks that failed.
fn unseen(finding: &Finding) -> Vec<(String, usize)> {
    let mut unseen = lines(finding, Verdict::Inconclusive);
    let beside = finding.looks.iter().flat_map(|look| {
        let each = look.unjudged.iter();
        each.map(|reason| (look.label.clone(), reason.line))
    });
    unseen.extend(beside);
    unseen.sort();
    unseen
}

fn lines(finding: &Finding, verdict: Verdict) -> Vec<(String, usize)> {
    let those = finding.looks.iter().filter(|look| look.verdict == verdict);
    let mut lines: Vec<(String, usize)> = those
        .flat_map(|look| {
            let lines: Vec<usize> = match look.reasons.is_empty() {
                true => vec![0],
                false => {
                    let each = look.reasons.iter();
                    each.flat_map(|reason| std::iter::repeat_n(reason.line, reason.listed.max(1)))
                        .collect()
                }
            };
            lines.into_iter().map(|line| (look.label.clone(), line))
        })
        .collect();
    lines.sort();
    lines
}

/// The looks of those faults that are not among the known, or come more often; both in order.
fn beyond(now: &[(String, usize)], known: &[(String, usize)]) -> Vec<String> {
    let mut known = known.iter().peekable();
    let mut anew: Vec<String> = Vec::new();
    for fault in now {
        while known.next_if(|one| *one < fault).is_some() {}
        if known.next_if(|one| *one == fault).is_none() && anew.last() != Some(&fault.0) {
            anew.push(fault.0.clone());
        }
    }
    anew
}
