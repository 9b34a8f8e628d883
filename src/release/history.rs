//! The records of a repository, the newest first, each read and judged when it is first asked for.

use crate::engine;
use crate::evidence::{self, Record, digest};
use crate::gate::{Code, Evidence, News};
use crate::model::{Finding, Level, Verdict};
use jiff::Timestamp;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many records before the newest are looked through for the beginning of what holds a gate up.
const FAR_ENOUGH: usize = 30;

/// The records of a folder.
#[derive(Debug)]
pub struct History {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    told: OnceCell<Result<Told, String>>,
}

/// A record that was read.
#[derive(Debug)]
pub struct Told {
    /// The file.
    pub path: PathBuf,
    /// The digest of its bytes.
    pub digest: String,
    /// What it holds.
    pub record: Record,
    findings: OnceCell<Result<Vec<Finding>, String>>,
}

impl History {
    /// The records in this folder; none where there is no such folder.
    pub fn of(folder: &Path) -> Self {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
            .collect();
        // Names begin with the time of the run.
        paths.sort_by(|a, b| b.cmp(a));
        Self {
            entries: paths.into_iter().map(Entry::new).collect(),
        }
    }

    /// This record alone.
    ///
    /// # Errors
    /// It cannot be read, or was changed.
    pub fn only(path: &Path) -> Result<Self, String> {
        let entry = Entry::new(path.to_owned());
        entry.told().map(|_| ()).map_err(Clone::clone)?;
        Ok(Self {
            entries: vec![entry],
        })
    }

    /// Those that can be read, the newest first.
    pub fn records(&self) -> impl Iterator<Item = &Told> {
        self.entries.iter().filter_map(|entry| entry.told().ok())
    }

    /// The record of a run.
    pub fn find(&self, run: &str) -> Option<Result<&Told, &String>> {
        let named = |entry: &&Entry| entry.path.file_stem().is_some_and(|stem| stem == run);
        self.entries.iter().find(named).map(Entry::told)
    }

    /// The newest record that holds all of these checks and reached this level, or else the newest that
    /// holds them; of this environment, where one is given.
    pub fn newest_whole(
        &self,
        checks: &[String],
        level: Level,
        environment: Option<&str>,
    ) -> Option<&Told> {
        let holds = |told: &&Told| {
            let planned = &told.record.checks;
            let whole = checks
                .iter()
                .all(|id| planned.iter().any(|one| one.id == *id));
            whole && environment.is_none_or(|name| told.record.header.environment == name)
        };
        let reaches = |told: &&Told| {
            told.record
                .header
                .level
                .parse()
                .is_ok_and(|reached: Level| reached >= level)
        };
        let whole: Vec<&Told> = self.records().filter(holds).collect();
        whole
            .iter()
            .copied()
            .find(reaches)
            .or_else(|| whole.first().copied())
    }

    /// The newest verdict of each check in the records that began after this moment, in this environment.
    pub fn news(&self, after: Timestamp, environment: &str) -> BTreeMap<String, News> {
        let mut news = BTreeMap::new();
        let newer = |told: &&Told| {
            told.record.header.started > after && told.record.header.environment == environment
        };
        for told in self
            .records()
            .take_while(|told| told.record.header.started > after)
            .filter(newer)
        {
            for finding in told.findings().unwrap_or_default() {
                // What was left out says nothing about what was seen before.
                if !matches!(finding.verdict, Verdict::NotRun | Verdict::NotApplicable) {
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
            .filter(|told| told.record.header.environment == environment);
        for told in those.take(FAR_ENOUGH) {
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

    /// What cannot be read, in one line each.
    pub fn faults(&self) -> impl Iterator<Item = &String> {
        self.entries.iter().filter_map(|entry| entry.told().err())
    }
}

impl Entry {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            told: OnceCell::new(),
        }
    }

    fn told(&self) -> Result<&Told, &String> {
        self.told.get_or_init(|| Told::read(&self.path)).as_ref()
    }
}

impl Told {
    fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let record = evidence::read(path).map_err(|fault| fault.to_string())?;
        Ok(Self {
            path: path.to_owned(),
            digest: digest(&bytes),
            record,
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
            engine::replay(&self.record, None).map_err(|problems| {
                let first = problems.first().map(|one| one.message.clone());
                format!("{}: {}", self.path.display(), first.unwrap_or_default())
            })
        });
        judged.as_deref().map_err(Clone::clone)
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
            commit: header.commit.clone(),
            dirty: header.dirty,
            cut_short,
            checks_changed: false,
            code,
        }
    }
}
