//! The records of a repository, the newest first, each read and judged when it is first asked for.

use crate::engine;
use crate::evidence::{self, Record, not_named};
use crate::gate::{Code, Evidence, News};
use crate::model::{Finding, Level, Verdict};
use crate::secret::Book;
use jiff::{SignedDuration, Timestamp};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many of the newest records are looked through for a gate's evidence, and for the beginning of what holds it up:
/// each is read whole and held to its digests.
const FAR_ENOUGH: usize = 60;

/// By how much the order of names may differ from the order in which runs began.
const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// The records of a folder.
#[derive(Debug)]
pub struct History {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    secrets: Arc<Book>,
    told: OnceCell<Result<Told, String>>,
}

/// A record that was read.
#[derive(Debug)]
pub struct Told {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub record: Record,
    secrets: Arc<Book>,
    findings: OnceCell<Result<Vec<Finding>, String>>,
}

/// Which records tell news of a gate or a sign-off.
#[derive(Clone, Copy)]
pub struct Window<'a> {
    /// They began after this moment,
    pub after: Timestamp,
    /// and not after this one.
    pub now: Timestamp,
    /// The environment that they are about.
    pub environment: &'a str,
    /// Is the code of a commit the one that is here?
    pub is_this_code: &'a dyn Fn(&str) -> bool,
}

impl History {
    /// The records in this folder; none where there is no such folder. What they say has none of these secrets.
    pub fn of(folder: &Path, secrets: &Arc<Book>) -> Self {
        // A run's name begins with its time, and a file that is not named as its run is not taken.
        let entries = evidence::records(folder).into_iter();
        Self {
            entries: entries.map(|path| Entry::new(path, secrets)).collect(),
        }
    }

    /// This record alone.
    ///
    /// # Errors
    /// It cannot be read, or was changed.
    pub fn only(path: &Path, secrets: &Arc<Book>) -> Result<Self, String> {
        let told = OnceCell::from(Ok(Told::read(path, secrets)?));
        Ok(Self {
            entries: vec![Entry {
                told,
                ..Entry::new(path.to_owned(), secrets)
            }],
        })
    }

    /// Those that can be read, the newest first.
    pub fn records(&self) -> impl Iterator<Item = &Told> {
        self.entries.iter().filter_map(|entry| entry.told().ok())
    }

    /// Those that began after a moment, the newest first. No older one is read.
    pub fn begun_after(&self, moment: Timestamp) -> impl Iterator<Item = &Told> {
        // Names are of the moment in which a run was planned; those that were planned together may have started in another order.
        let far = moment.saturating_sub(SLACK).unwrap_or(moment);
        self.records()
            .take_while(move |told| told.record.header.started > far)
            .filter(move |told| told.record.header.started > moment)
    }

    /// The record of a run.
    pub fn find(&self, run: &str) -> Option<Result<&Told, &String>> {
        let named = |entry: &&Entry| entry.path.file_stem().is_some_and(|stem| stem == run);
        self.entries.iter().find(named).map(Entry::told)
    }

    /// The newest record that holds all of these checks, was done and reached this level, or else the newest that
    /// holds them; of this environment, where one is given, and begun until this moment.
    pub fn newest_whole(
        &self,
        checks: &[String],
        level: Level,
        environment: Option<&str>,
        until: Option<Timestamp>,
    ) -> Option<&Told> {
        let holds = |told: &&Told| {
            let planned = &told.record.checks;
            let whole = checks
                .iter()
                .all(|id| planned.iter().any(|one| one.id == *id));
            whole && environment.is_none_or(|name| told.concerns(name))
        };
        let reaches = |told: &Told| {
            let reached = told.record.header.level.parse();
            told.was_done() && reached.is_ok_and(|reached: Level| reached >= level)
        };
        let mut lesser = None;
        let by_then = |told: &&Told| until.is_none_or(|until| told.record.header.started <= until);
        let those = self.records().filter(by_then).take(FAR_ENOUGH);
        for told in those.filter(holds) {
            if reaches(told) {
                return Some(told);
            }
            lesser = lesser.or(Some(told));
        }
        lesser
    }

    /// The newest verdict of each check in the records of a time and an environment. A failure counts whatever the code
    /// was; a pass takes one back only where it is of the code that is here, without changes beside it.
    pub fn news(&self, of: &Window<'_>) -> BTreeMap<String, News> {
        let mut news = BTreeMap::new();
        let concerning = self
            .begun_after(of.after)
            .filter(|told| told.record.header.started <= of.now && told.concerns(of.environment));
        for told in concerning {
            let header = &told.record.header;
            let is_this_code = || {
                let commit = header.commit.as_deref();
                header.dirty == Some(false) && commit.is_some_and(of.is_this_code)
            };
            for finding in told.findings().unwrap_or_default() {
                let says = match finding.verdict {
                    // What was left out says nothing about what was seen before.
                    Verdict::NotRun | Verdict::NotApplicable => false,
                    Verdict::Pass => is_this_code(),
                    Verdict::Fail => true,
                    // A run that was cut short did not get to look; that is no news of what it would have seen.
                    Verdict::Inconclusive | Verdict::Blocked | Verdict::NeedsAttestation => {
                        told.was_done()
                    }
                };
                if says {
                    news.entry(finding.check.clone()).or_insert_with(|| News {
                        verdict: finding.verdict,
                        run: told.run().to_owned(),
                        reason: finding.reason.clone(),
                    });
                }
            }
        }
        news
    }

    /// When a check was first seen not to pass, without having passed since.
    pub fn since(&self, check: &str, environment: &str) -> Option<Timestamp> {
        let mut since = None;
        let those = self
            .records()
            .take(FAR_ENOUGH)
            .filter(|told| told.concerns(environment));
        for told in those {
            let found = told
                .findings()
                .unwrap_or_default()
                .iter()
                .find(|one| one.check == check);
            match found.map(|one| one.verdict) {
                None | Some(Verdict::NotRun) => {}
                Some(Verdict::Pass | Verdict::NotApplicable) => break,
                Some(_) => since = Some(told.record.header.started),
            }
        }
        since
    }

    /// Those of these checks that a record of this environment has looked at, or that need no look.
    pub fn looked_at(&self, checks: &[String], environment: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let records = self.records().take(FAR_ENOUGH);
        for told in records.filter(|told| told.concerns(environment)) {
            if seen.len() == checks.len() {
                break;
            }
            let looked =
                |one: &&Finding| !matches!(one.verdict, Verdict::NotRun | Verdict::Blocked);
            let findings = told.findings().unwrap_or_default().iter().filter(looked);
            let ids = findings.map(|one| &one.check);
            seen.extend(ids.filter(|id| checks.contains(id)).cloned());
        }
        seen
    }

    /// What cannot be read of the records that were looked through, in one line each.
    pub fn faults(&self) -> impl Iterator<Item = &String> {
        self.entries
            .iter()
            .filter_map(|entry| entry.told.get()?.as_ref().err())
    }

    /// Those that were to be judged and whose checks are no longer understood, in one line each: they tell no news.
    pub fn unjudged(&self) -> impl Iterator<Item = String> {
        let read = self
            .entries
            .iter()
            .filter_map(|entry| entry.told.get()?.as_ref().ok());
        read.filter_map(|told| told.findings.get()?.as_ref().err().cloned())
    }

    /// Reads every record, so that [`Self::faults`] tells of all.
    pub fn read_all(&self) {
        self.entries.iter().for_each(|entry| {
            // What cannot be read is kept, to be told.
            let _ = entry.told();
        });
    }
}

impl Entry {
    fn new(path: PathBuf, secrets: &Arc<Book>) -> Self {
        Self {
            path,
            secrets: secrets.clone(),
            told: OnceCell::new(),
        }
    }

    fn told(&self) -> Result<&Told, &String> {
        self.told
            .get_or_init(|| Told::named(&self.path, &self.secrets))
            .as_ref()
    }
}

impl Told {
    /// Reads a record whose file is named as its run: one under a later name would hide what came after it.
    fn named(path: &Path, secrets: &Arc<Book>) -> Result<Self, String> {
        let told = Self::read(path, secrets)?;
        match path.file_stem().is_some_and(|stem| stem == told.run()) {
            true => Ok(told),
            false => Err(format!("{}: {}", path.display(), not_named(told.run()))),
        }
    }

    fn read(path: &Path, secrets: &Arc<Book>) -> Result<Self, String> {
        Ok(Self {
            path: path.to_owned(),
            record: evidence::read(path).map_err(|fault| fault.to_string())?,
            secrets: secrets.clone(),
            findings: OnceCell::new(),
        })
    }

    /// The run.
    pub fn run(&self) -> &str {
        &self.record.header.run
    }

    /// Its findings, by the checks that it holds.
    ///
    /// # Errors
    /// A check of it is no longer understood.
    pub fn findings(&self) -> Result<&[Finding], String> {
        let judged = self.findings.get_or_init(|| {
            engine::replay(&self.record, None, &self.secrets).map_err(|problems| {
                let first = problems.first().map(|one| one.message.clone());
                format!("{}: {}", self.path.display(), first.unwrap_or_default())
            })
        });
        judged.as_deref().map_err(Clone::clone)
    }

    /// The digest of each check's text, as it was judged by it.
    pub fn definitions(&self) -> BTreeMap<String, String> {
        self.record.definitions(&self.secrets)
    }

    /// The same of one check, with its name.
    pub(super) fn definition(&self, check: &str) -> Option<(String, String)> {
        let mut planned = self.record.checks.iter();
        let one = planned.find(|one| one.id == check)?;
        Some((one.id.clone(), one.definition_without(&self.secrets)))
    }

    /// Does it tell something of this environment? What had no target is of the code, and of every environment.
    pub(super) fn concerns(&self, environment: &str) -> bool {
        let own = &self.record.header.environment;
        own == environment || own.is_empty() || environment.is_empty()
    }

    /// It came to its end, neither killed nor cut short.
    fn was_done(&self) -> bool {
        !self.record.is_cut_short()
    }

    /// What a gate asks of it.
    pub fn evidence(&self, code: Code) -> Evidence {
        let header = &self.record.header;
        let cut_short = match &self.record.ending {
            Some(ending) => ending.cut_short.clone(),
            None => Some("it was killed".into()),
        };
        Evidence {
            run: header.run.clone(),
            started: header.started,
            environment: header.environment.clone(),
            commit: header.commit.clone(),
            dirty: header.dirty,
            cut_short,
            checks_changed: false,
            code,
        }
    }
}
