//! The people's documents between a record and the disk: which there are, what they should say, and the
//! writing of all of them or none.

use super::output::Output;
use super::prepare;
use crate::catalog::{Catalog, load_maps};
use crate::clock;
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::document::store::{self, Lock, Opened};
use crate::document::{self, Judged, Memory, Options, Remark, Standing, Updated, recall};
use crate::model::{DocumentMap, Finding, Subject};
use crate::secret::Book;
use crate::settings::Settings;
use jiff::tz::TimeZone;
use std::path::PathBuf;

/// A record and the repository whose documents it is to be written into.
pub(super) struct Bench<'a> {
    pub(super) settings: &'a Settings,
    pub(super) catalog: &'a Catalog,
    pub(super) findings: &'a [Finding],
    pub(super) subject: &'a Subject,
    pub(super) secrets: &'a Book,
    pub(super) take_over: bool,
    pub(super) refresh: bool,
}

/// One document as it should be.
pub(super) struct Ready {
    /// As the settings call it.
    pub(super) name: String,
    /// Its path, as seen from the root.
    pub(super) shown: String,
    /// What it says; none where it is not there yet.
    pub(super) old: Option<String>,
    /// What it should say.
    pub(super) new: String,
    opened: Opened,
    before: Memory,
    /// The map that it is filled in by, and what came of it.
    pub(super) map: DocumentMap,
    pub(super) updated: Updated,
}

impl Ready {
    /// It does not say yet what it should.
    pub(super) fn differs(&self) -> bool {
        self.old.as_deref() != Some(&self.new)
    }

    /// One line: how much changes, and what is known of its items.
    pub(super) fn summary(&self) -> String {
        let count = |wanted: &dyn Fn(Standing) -> bool| {
            let items = self.updated.items.iter();
            items.filter(|(_, standing)| wanted(*standing)).count()
        };
        let changes = self.extent();
        format!(
            "{}: {changes}; of {} items {} proved, {} attested, {} do not hold, {} for people, {} open",
            self.shown,
            self.updated.items.len(),
            count(&|one| one == Standing::Proved),
            count(&|one| one == Standing::Attested),
            count(&|one| one == Standing::Failed),
            count(&|one| one == Standing::NeedsPerson),
            count(&|one| matches!(
                one,
                Standing::NoCheck | Standing::NotLooked | Standing::Unproven
            )),
        )
    }

    /// How much changes.
    pub(super) fn extent(&self) -> String {
        match (self.updated.changes.len(), self.differs()) {
            (0, false) => "up to date".to_owned(),
            (0, true) => "a change of its notes".to_owned(),
            (1, _) => "1 change".to_owned(),
            (many, _) => format!("{many} changes"),
        }
    }

    /// What people should know at once.
    pub(super) fn warnings(&self) -> Vec<Diagnostic> {
        let each = self.updated.remarks.iter().filter_map(|remark| {
            let (message, help) = match remark {
                Remark::Contradicted(at, why) => (
                    format!("{}:{}: {} says yes; {why}", self.shown, at.line, at.what),
                    "a person's word stays; correct it, or mend what failed",
                ),
                Remark::ByHand(at) => (
                    format!(
                        "{}:{}: {} was changed by a person since holdpoint wrote it, and stays so",
                        self.shown, at.line, at.what
                    ),
                    "--take-over writes it again",
                ),
                Remark::Lost(line) => (
                    format!(
                        "{}: a line that holdpoint had filled in has changed, and is left: {line}",
                        self.shown
                    ),
                    "give the line its words back, or empty its slot and run again",
                ),
                Remark::Moved(at, to) => (
                    format!(
                        "{}: {} ({}) stands under '{to}' now, and was taken there",
                        self.shown, at.what, at.item
                    ),
                    "correct the map, so that it is found for certain",
                ),
                Remark::Drifted(at, alike) => (
                    format!(
                        "{}: {} ({}) is not there; it may be {alike}",
                        self.shown, at.what, at.item
                    ),
                    "if so, correct the map in .holdpoint/maps; nothing was written there",
                ),
                _ => return None,
            };
            Some(Diagnostic::new(message).help(help))
        });
        each.collect()
    }
}

impl Bench<'_> {
    /// The documents of these names or paths, or all that are known, as they should be.
    pub(super) fn ready(&self, wanted: &[String]) -> Result<Vec<Ready>, Vec<Diagnostic>> {
        let maps = load_maps(
            &self.settings.root.join(".holdpoint/maps"),
            &self.settings.root,
            self.catalog,
        )?;
        let mut problems = Vec::new();
        let mut ready = Vec::new();
        for (map, shown) in chosen(wanted, self.settings, &maps)? {
            match self.fill(map, &shown) {
                Ok(one) => ready.push(one),
                Err(more) => problems.extend(more),
            }
        }
        match problems.is_empty() {
            true => Ok(ready),
            false => Err(problems),
        }
    }

    fn fill(&self, map: &DocumentMap, shown: &str) -> Result<Ready, Vec<Diagnostic>> {
        let root = &self.settings.root;
        let opened =
            store::open(&root.join(shown), shown).map_err(|fault| vec![fault.told.clone()])?;
        let source = Source::new(shown, &opened.text);
        let ids: Vec<&str> = self
            .catalog
            .checks()
            .iter()
            .map(|check| check.id.as_str())
            .collect();
        let map = document::with_comments(map, &source, &ids)?;
        let before = recall::recall(root, &map.name, shown, &opened.text)
            .map_err(|problem| vec![problem])?;
        let today = clock::now().to_zoned(TimeZone::UTC).date();
        let attestations = prepare::attestations(self.settings)?;
        let judged = Judged::new(&map, self.findings, &attestations, self.subject, today);
        let options = Options {
            take_over: self.take_over,
            refresh: self.refresh,
            redact: &|text| self.secrets.redact(text),
        };
        let updated = document::update(&source, &map, &judged, &before, &options)?;
        Ok(Ready {
            name: map.name.clone(),
            shown: shown.into(),
            old: Some(opened.text.clone()),
            new: updated.text.clone(),
            opened,
            before,
            map,
            updated,
        })
    }
}

/// At the end of a run: says what would change in the documents, or writes it. True where all went well.
pub(super) fn after_run(bench: &Bench<'_>, write_them: bool, output: &Output) -> bool {
    let ready = match bench.ready(&[]) {
        Ok(ready) => ready,
        Err(problems) if write_them => {
            output.diagnose(&problems);
            return false;
        }
        Err(problems) => {
            output.warn(&problems);
            return true;
        }
    };
    if write_them {
        output.warn(&ready.iter().flat_map(Ready::warnings).collect::<Vec<_>>());
        if let Err(problems) = write(&ready, bench.settings) {
            output.diagnose(&problems);
            return false;
        }
    }
    if output.quiet() {
        return true;
    }
    for one in ready.iter().filter(|one| one.differs()) {
        output.remark(&match write_them {
            true => format!("wrote {}", one.summary()),
            false => format!(
                "document {}: {}; holdpoint docs shows them, holdpoint docs --write applies them",
                one.shown,
                one.extent()
            ),
        });
    }
    true
}

/// The maps that are asked for, with the paths of their documents.
fn chosen<'m>(
    wanted: &[String],
    settings: &Settings,
    maps: &'m [DocumentMap],
) -> Result<Vec<(&'m DocumentMap, String)>, Vec<Diagnostic>> {
    let path = |map: &DocumentMap| {
        let known = settings.documents.get(&map.name).cloned();
        known.or_else(|| {
            settings
                .root
                .join(&map.file)
                .is_file()
                .then(|| map.file.clone())
        })
    };
    if wanted.is_empty() {
        let each = maps.iter().filter_map(|map| Some((map, path(map)?)));
        return Ok(each.collect());
    }
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for name in wanted {
        let by_name = maps.iter().find(|map| map.name == *name);
        let by_path = || {
            let same = |map: &&DocumentMap| {
                path(map).is_some_and(|path| path == *name || PathBuf::from(name).ends_with(&path))
            };
            maps.iter().find(same)
        };
        match by_name.or_else(by_path) {
            Some(map) => match path(map) {
                Some(path) => found.push((map, path)),
                None => problems.push(
                    Diagnostic::new(format!("there is no {} in this project", map.file)).help(
                        format!(
                            "say where it is in holdpoint.toml: [documents] {} = \"PATH\"",
                            map.name
                        ),
                    ),
                ),
            },
            None => problems.push(unknown(name, maps)),
        }
    }
    match problems.is_empty() {
        true => Ok(found),
        false => Err(problems),
    }
}

fn unknown(name: &str, maps: &[DocumentMap]) -> Diagnostic {
    let names: Vec<&str> = maps.iter().map(|map| &*map.name).collect();
    let near = nearest(name, names.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("did you mean '{near}'? "));
    Diagnostic::new(format!("no map is known for the document '{name}'")).help(format!(
        "{near}the documents are {}; .holdpoint/maps takes maps of your own",
        names.join(", ")
    ))
}

/// Writes the documents that differ, after it is certain that every one of them may be written.
pub(super) fn write(ready: &[Ready], settings: &Settings) -> Result<(), Vec<Diagnostic>> {
    let root = &settings.root;
    let changed = || {
        ready
            .iter()
            .filter(|one| one.differs() || one.updated.memory != one.before)
    };
    if changed().next().is_none() {
        return Ok(());
    }
    let _lock = Lock::take(root).map_err(|fault| vec![fault.told])?;
    let faults: Vec<Diagnostic> = changed()
        .filter(|one| one.differs())
        .filter_map(|one| one.opened.writable().err())
        .map(|fault| fault.told)
        .collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    for one in changed() {
        let memory = &one.updated.memory;
        let each = || -> Result<(), Diagnostic> {
            recall::intend(root, &one.name, memory, &one.new)?;
            if one.differs() {
                store::replace(&one.opened, &one.new).map_err(|fault| {
                    recall::forget(root, &one.name);
                    fault.told
                })?;
            }
            recall::keep(root, &one.name, memory)
        };
        each().map_err(|problem| vec![problem])?;
    }
    Ok(())
}

/// Takes out of the documents what holdpoint wrote; for each that had something, what was not found.
pub(super) fn restore(
    wanted: &[String],
    settings: &Settings,
    catalog: &Catalog,
) -> Result<Vec<(String, Vec<String>)>, Vec<Diagnostic>> {
    let root = &settings.root;
    let maps = load_maps(&root.join(".holdpoint/maps"), root, catalog)?;
    let _lock = Lock::take(root).map_err(|fault| vec![fault.told])?;
    let mut done = Vec::new();
    for (map, shown) in chosen(wanted, settings, &maps)? {
        let one = || -> Result<Option<Vec<String>>, Diagnostic> {
            let opened = store::open(&root.join(&shown), &shown).map_err(|fault| fault.told)?;
            let memory = recall::recall(root, &map.name, &shown, &opened.text)?;
            let (text, lost) = document::restore(&opened.text, &memory);
            if text == opened.text {
                return Ok(None);
            }
            let empty = Memory::empty(&shown);
            recall::intend(root, &map.name, &empty, &text)?;
            store::replace(&opened, &text).map_err(|fault| {
                recall::forget(root, &map.name);
                fault.told
            })?;
            recall::keep(root, &map.name, &empty)?;
            Ok(Some(lost))
        };
        if let Some(lost) = one().map_err(|problem| vec![problem])? {
            done.push((shown, lost));
        }
    }
    Ok(done)
}
