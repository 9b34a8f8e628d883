//! What changed at each gate since a moment: runs, checks, people's words and what holds it.

use super::{Board, Held};
use crate::gate::{Code, Side, compare};
use crate::model::{Changed, Finding, Lapse, Lapsed, Standing};
use crate::release::ground::Ground;
use crate::release::history::{Told, Window};
use crate::release::signed::Withheld;
use crate::release::stand::GateStanding;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What is new at a gate.
pub struct TeamNews<'a> {
    /// The runs since then that hold a check of the gate's, the newest first.
    pub runs: Vec<&'a Told>,
    /// What became of its checks.
    pub compared: Compared<'a>,
    /// What people said since, and which of their words ceased to count.
    pub words: Vec<Word<'a>>,
    /// What has held it only since then.
    pub held: Vec<Held>,
}

/// What became of a gate's checks since a moment.
pub enum Compared<'a> {
    /// It has no suite of its own.
    NoSuite,
    /// No record holds its whole suite now.
    NothingNow,
    /// No record from before then holds its whole suite.
    NoneBefore,
    /// Nobody has looked since.
    NotLooked,
    /// A record cannot be judged by the checks that it holds.
    Unreadable(String),
    /// Two pictures of it were compared.
    Seen {
        /// The record that was the newest then.
        before: &'a Told,
        /// The whole suite was looked at since.
        whole: bool,
        /// What changed, the gravest first.
        changed: Vec<Changed>,
    },
}

/// What became of a person's word.
pub enum Word<'a> {
    /// They signed since.
    Signed(&'a Standing),
    /// They said no since.
    No(&'a Withheld),
    /// A word from before then does not count now.
    Lapsed {
        /// The word.
        standing: &'a Standing,
        /// In which way.
        how: &'a Lapsed,
        /// It is known that it counted at that moment.
        since_then: bool,
    },
}

impl TeamNews<'_> {
    /// Somebody looked at its whole suite since, or asks nothing of that kind, and nothing is otherwise.
    pub fn is_unchanged(&self) -> bool {
        let same = match &self.compared {
            Compared::Seen { whole, changed, .. } => *whole && changed.is_empty(),
            Compared::NoSuite
            | Compared::NothingNow
            | Compared::NoneBefore
            | Compared::NotLooked
            | Compared::Unreadable(_) => false,
        };
        same && self.words.is_empty() && self.held.is_empty()
    }
}

/// What is new since a moment, gate by gate, in the order of the board's rows.
pub fn news<'a>(board: &Board<'a>, ground: &Ground<'a>, since: Timestamp) -> Vec<TeamNews<'a>> {
    let each = board.rows.iter().enumerate();
    each.map(|(place, row)| {
        let standing = row.standing;
        let runs = runs(ground, standing, since);
        TeamNews {
            compared: compared(ground, standing, &runs, since),
            words: words(standing, since),
            held: board
                .held
                .iter()
                .filter(|one| one.gate == place && one.blocker.since.is_some_and(|at| at > since))
                .cloned()
                .collect(),
            runs,
        }
    })
    .collect()
}

/// The runs since a moment that hold a check of the gate's suite and are about its environment.
fn runs<'a>(ground: &Ground<'a>, standing: &GateStanding<'_>, since: Timestamp) -> Vec<&'a Told> {
    if standing.gate.suite.is_none() {
        return Vec::new();
    }
    let environment = environment(ground, standing);
    let concerns = |told: &&Told| {
        let started = told.record.header.started;
        let mut planned = told.record.checks.iter();
        started <= ground.now
            && told.concerns(environment)
            && planned.any(|one| standing.checks.contains(&one.id))
    };
    ground.history.begun_after(since).filter(concerns).collect()
}

fn environment<'s>(ground: &'s Ground<'_>, standing: &'s GateStanding<'_>) -> &'s str {
    let own = ground.environment.or(standing.environment.as_deref());
    own.unwrap_or_default()
}

fn compared<'a>(
    ground: &Ground<'a>,
    standing: &GateStanding<'a>,
    runs: &[&Told],
    since: Timestamp,
) -> Compared<'a> {
    let gate = standing.gate;
    if gate.suite.is_none() {
        return Compared::NoSuite;
    }
    let [now] = standing.evidence.as_slice() else {
        return Compared::NothingNow;
    };
    let environment = environment(ground, standing);
    let until = Some(since);
    let before =
        ground
            .history
            .newest_whole(&standing.checks, gate.level, Some(environment), until);
    let Some(before) = before else {
        return Compared::NoneBefore;
    };
    if runs.is_empty() {
        return Compared::NotLooked;
    }
    let unreadable = [before, now].iter().find_map(|told| told.findings().err());
    if let Some(cause) = unreadable {
        return Compared::Unreadable(cause);
    }
    // Which code was here at that moment nobody wrote down, but for the last run before it.
    let newest = |told: &&Told| told.record.header.started <= since && told.concerns(environment);
    let newest = ground.history.records().find(newest);
    let commit = newest.and_then(|told| told.record.header.commit.as_deref());
    let is_here = |of: &str| ground.code_since(of) == Code::Same;
    let was_here = |of: &str| commit == Some(of) || is_here(of);
    Compared::Seen {
        before,
        whole: now.record.header.started > since,
        changed: compare(
            picture(ground, standing, before, since, &was_here).side(),
            picture(ground, standing, now, ground.now, &is_here).side(),
            &BTreeSet::new(),
        ),
    }
}

/// What is known of a gate's suite at a moment, whichever runs saw it.
struct Picture {
    findings: Vec<Finding>,
    definitions: BTreeMap<String, String>,
}

impl Picture {
    fn side(&self) -> Side<'_> {
        Side {
            findings: &self.findings,
            definitions: &self.definitions,
            cut_short: false,
        }
    }
}

/// The findings of a gate's suite by a record, and what was seen between it and a moment that is worse, as a standing
/// takes it. What was known to fail then is no news now.
fn picture(
    ground: &Ground<'_>,
    standing: &GateStanding<'_>,
    told: &Told,
    moment: Timestamp,
    is_this_code: &dyn Fn(&str) -> bool,
) -> Picture {
    let header = &told.record.header;
    let news = ground.history.news(&Window {
        after: header.started,
        now: moment,
        environment: &header.environment,
        is_this_code,
    });
    let judged = told.findings().unwrap_or_default().iter();
    let of_suite = judged.filter(|one| standing.checks.contains(&one.check));
    let mut definitions = told.definitions();
    let each = of_suite.map(|finding| {
        let worse = news.get(&finding.check);
        let worse = worse.filter(|news| news.verdict > finding.verdict);
        let record = worse.and_then(|news| ground.history.find(&news.run)?.ok());
        let seen = record.and_then(|told| {
            let mut findings = told.findings().unwrap_or_default().iter();
            let seen = findings.find(|one| one.check == finding.check)?;
            definitions.extend(told.definition(&seen.check));
            Some(seen)
        });
        seen.unwrap_or(finding).clone()
    });
    let findings = each.collect();
    Picture {
        findings,
        definitions,
    }
}

fn words<'a>(standing: &'a GateStanding<'_>, since: Timestamp) -> Vec<Word<'a>> {
    let no = standing.withheld.iter().filter(|one| one.at > since);
    let mut words: Vec<Word<'a>> = no.map(Word::No).collect();
    for word in &standing.sign_offs {
        let withdrawn = |one: &&Lapsed| one.lapse == Lapse::Withdrawn;
        if word.sign_off.at > since {
            words.push(Word::Signed(word));
        } else if word
            .lapses
            .iter()
            .any(|one| ended_before(one, word, standing, since))
        {
            // It did not count then either.
        } else if let Some(how) = word.lapses.iter().find(|one| !withdrawn(one)) {
            words.push(Word::Lapsed {
                standing: word,
                how,
                since_then: when(how, word, standing).is_some(),
            });
        }
    }
    words
}

/// It ceased to count at a moment that is known, and not after this one.
fn ended_before(
    one: &Lapsed,
    word: &Standing,
    standing: &GateStanding<'_>,
    moment: Timestamp,
) -> bool {
    when(one, word, standing).is_some_and(|at| at <= moment)
}

/// When a word ceased to count, where that can be known: a clock ended it, or a no that has its time.
fn when(one: &Lapsed, word: &Standing, standing: &GateStanding<'_>) -> Option<Timestamp> {
    let gate = standing.gate;
    match one.lapse {
        Lapse::Withdrawn => {
            let by = |no: &&Withheld| no.by == word.sign_off.by;
            standing.withheld.iter().find(by).map(|no| no.at)
        }
        Lapse::Expired => Some(counts_until(word, standing)),
        Lapse::Aged => {
            let oldest = word.sign_off.evidence.iter().map(|one| one.started).min()?;
            oldest.checked_add(gate.evidence_lasts).ok()
        }
        Lapse::Altered
        | Lapse::SignerRevoked
        | Lapse::CriteriaChanged
        | Lapse::DocumentEdited
        | Lapse::CodeChanged
        | Lapse::Regressed
        | Lapse::WaiverEnded
        | Lapse::AttestationEnded
        | Lapse::UpstreamClosed => None,
    }
}

/// The last moment at which a word counts, by what it says and by what its gate grants.
pub(super) fn counts_until(word: &Standing, standing: &GateStanding<'_>) -> Timestamp {
    let said = &word.sign_off;
    let granted = said.at.checked_add(standing.gate.sign_off_lasts);
    granted.map_or(said.until, |granted| granted.min(said.until))
}
