//! The people's documents between a record and the disk: which there are, what they should say, and the
//! writing of all of them or none.

use super::alerts::alert;
use super::choose::{Chosen, chosen, maps};
use super::exit::Exit;
use super::output::Output;
use super::reports;
use crate::catalog::{ATTESTATIONS, Catalog, attestable, read_attestations};
use crate::clock;
use crate::diagnostic::{Diagnostic, Source};
use crate::document::store::{self, Lock, Opened};
use crate::document::{self, Generated, Judged, Memory, Options, Standing, Updated, View, recall};
use crate::model::{Attestation, Decision, DocumentMap, Finding, Signature, Subject};
use crate::secret::Book;
use crate::settings::Settings;
use jiff::tz::TimeZone;
use std::path::Path;

/// A record and the repository whose documents it is to be written into.
pub(super) struct Bench<'a> {
    pub(super) settings: &'a Settings,
    pub(super) catalog: &'a Catalog,
    pub(super) findings: &'a [Finding],
    pub(super) decision: &'a Decision,
    pub(super) subject: &'a Subject,
    /// The sign-offs that count.
    pub(super) signatures: &'a [Signature],
    pub(super) secrets: &'a Book,
    pub(super) take_over: bool,
    pub(super) refresh: bool,
}

/// One document as it should be.
pub(super) struct Ready {
    /// Its path, as seen from the root.
    pub(super) shown: String,
    /// What it says; none where it is not there yet.
    opened: Option<Opened>,
    /// What it should say.
    pub(super) new: String,
    /// How it came about.
    pub(super) content: Content,
}

/// Why documents were not made or not written, with the exit status for it.
pub(super) struct Trouble {
    pub(super) exit: Exit,
    pub(super) problems: Vec<Diagnostic>,
}

impl Trouble {
    /// Something of the user's settings is wrong.
    pub(super) fn usage(problems: Vec<Diagnostic>) -> Self {
        Self {
            exit: Exit::Usage,
            problems,
        }
    }

    /// A document cannot be read or written.
    pub(super) fn document(problems: Vec<Diagnostic>) -> Self {
        Self {
            exit: Exit::Unwritten,
            problems,
        }
    }

    /// Says it.
    pub(super) fn tell(&self, output: &Output) -> Exit {
        output.diagnose(&self.problems);
        self.exit
    }
}

/// How a document comes to say what it should.
pub(super) enum Content {
    /// People wrote it, and its slots are filled in.
    Filled(Box<Filled>),
    /// Holdpoint writes its region whole.
    Generated,
}

/// A people's document that is filled in.
pub(super) struct Filled {
    pub(super) map: DocumentMap,
    pub(super) updated: Updated,
    before: Memory,
}

impl Ready {
    /// What it says now.
    pub(super) fn old(&self) -> Option<&str> {
        self.opened.as_ref().map(|opened| opened.text.as_str())
    }

    /// It does not say yet what it should.
    pub(super) fn differs(&self) -> bool {
        self.old() != Some(&self.new)
    }

    /// It changes, or what is remembered of it does, or that was left half-kept by a crash.
    fn is_to_be_written(&self, root: &Path) -> bool {
        let forgets = match &self.content {
            Content::Filled(one) => {
                one.updated.memory != one.before || recall::is_pending(root, &one.map.name)
            }
            Content::Generated => false,
        };
        forgets || self.differs()
    }

    /// What was read for it is not what is there any more.
    fn outdated(&self, root: &Path) -> Option<Diagnostic> {
        let opened = self.opened.as_ref()?;
        if let Err(fault) = opened.unchanged() {
            return Some(fault.told);
        }
        let Content::Filled(one) = &self.content else {
            return None;
        };
        match recall::recall(root, &one.map.name, &self.shown, &opened.text) {
            Ok(now) if now == one.before => None,
            Ok(_) => Some(
                Diagnostic::new(format!(
                    "what holdpoint remembers of {} changed since it was read",
                    self.shown
                ))
                .help("another holdpoint was faster; run it again"),
            ),
            Err(problem) => Some(problem),
        }
    }

    /// One line: how much changes, and what is known of its items.
    pub(super) fn summary(&self) -> String {
        let Content::Filled(one) = &self.content else {
            return format!("{}: {}", self.shown, self.extent());
        };
        let count = |wanted: &dyn Fn(Standing) -> bool| {
            let items = one.updated.items.iter();
            items.filter(|(_, standing)| wanted(*standing)).count()
        };
        let open = |one| {
            matches!(
                one,
                Standing::NoCheck | Standing::NotLooked | Standing::Unproven
            )
        };
        format!(
            "{}: {}; of {} items {} proved, {} attested, {} do not hold, {} do not apply, {} for people, {} open",
            self.shown,
            self.extent(),
            one.updated.items.len(),
            count(&|one| one == Standing::Proved),
            count(&|one| one == Standing::Attested),
            count(&|one| one == Standing::Failed),
            count(&|one| one == Standing::NotApplicable),
            count(&|one| one == Standing::NeedsPerson),
            count(&open),
        )
    }

    /// How much changes.
    pub(super) fn extent(&self) -> String {
        let changes = match &self.content {
            Content::Filled(one) => one.updated.changes.len(),
            Content::Generated => 0,
        };
        match (changes, self.old(), self.differs()) {
            (_, None, _) => "a new document".to_owned(),
            (_, _, false) => "up to date".to_owned(),
            (0, _, true) => "a change of what holdpoint writes whole".to_owned(),
            (1, _, _) => "1 change".to_owned(),
            (many, _, _) => format!("{many} changes"),
        }
    }

    /// What people should know at once.
    pub(super) fn warnings(&self) -> Vec<Diagnostic> {
        let Content::Filled(one) = &self.content else {
            return Vec::new();
        };
        let each = one.updated.remarks.iter();
        each.filter_map(|remark| alert(remark, &self.shown))
            .collect()
    }
}

impl Bench<'_> {
    /// The documents of these names or paths, or all that are there, as they should be.
    ///
    /// # Errors
    /// What was asked for, or a map, is wrong; or a document cannot be read or told apart in itself.
    pub(super) fn ready(&self, wanted: &[String]) -> Result<Vec<Ready>, Trouble> {
        let (maps, attestations) = self.read().map_err(Trouble::usage)?;
        let chosen = chosen(wanted, self.settings, &maps).map_err(Trouble::usage)?;
        let mut problems = Vec::new();
        let mut ready = Vec::new();
        for one in chosen {
            let made = match one {
                Chosen::Mapped(map, shown) => self.fill(map, &shown, &attestations),
                Chosen::Generated(document, shown) => self.generate(document, &shown),
            };
            match made {
                Ok(one) => ready.push(one),
                Err(more) => problems.extend(more),
            }
        }
        match problems.is_empty() {
            true => Ok(ready),
            false => Err(Trouble::document(problems)),
        }
    }

    /// The maps, and what people have stated.
    fn read(&self) -> Result<(Vec<DocumentMap>, Vec<Attestation>), Vec<Diagnostic>> {
        let maps = maps(self.settings, self.catalog)?;
        let known = attestable(self.catalog, &maps);
        let file = self.settings.root.join(ATTESTATIONS);
        let attestations = read_attestations(&file, ATTESTATIONS, Some(&known))?;
        Ok((maps, attestations))
    }

    fn fill(
        &self,
        map: &DocumentMap,
        shown: &str,
        attestations: &[Attestation],
    ) -> Result<Ready, Vec<Diagnostic>> {
        let root = &self.settings.root;
        let opened = store::open(&root.join(shown), shown).map_err(|fault| vec![fault.told])?;
        let source = Source::new(shown, &opened.text);
        let checks = self.catalog.checks().iter();
        let ids: Vec<&str> = checks.map(|check| check.id.as_str()).collect();
        let before = recall::recall(root, &map.name, shown, &opened.text)
            .map_err(|problem| vec![problem])?;
        let map = document::with_comments(map, &source, &before, &ids)?;
        // Whether a statement still counts is a question of today, not of the record.
        let today = clock::now().to_zoned(TimeZone::UTC).date();
        let judged = Judged::new(&map, self.findings, attestations, self.subject, today)
            .signed(self.signatures);
        let options = Options {
            take_over: self.take_over,
            refresh: self.refresh,
            redact: &|text| self.secrets.redact(text),
        };
        let updated = document::update(&source, &map, &judged, &before, &options)?;
        Ok(Ready {
            shown: shown.into(),
            new: updated.text.clone(),
            opened: Some(opened),
            content: Content::Filled(Box::new(Filled {
                map,
                updated,
                before,
            })),
        })
    }

    fn generate(&self, document: &Generated, shown: &str) -> Result<Ready, Vec<Diagnostic>> {
        let path = self.settings.root.join(shown);
        let opened = match path.exists() {
            true => Some(store::open(&path, shown).map_err(|fault| vec![fault.told])?),
            false => None,
        };
        let make = || {
            let view = View::new(self.decision, self.findings, self.subject)
                .signed(document.name, self.signatures);
            let template = reports::template(document, &self.settings.root)?;
            let text = self.secrets.redact(&document.render(&template, &view)?);
            let existing = opened.as_ref().map(|opened| opened.text.as_str());
            document
                .update(existing, &text, self.take_over)
                .map_err(|fault| {
                    fault.diagnostic(&Source::new(shown, existing.unwrap_or_default()))
                })
        };
        let new = make().map_err(|problem| vec![problem])?;
        Ok(Ready {
            shown: shown.into(),
            new,
            opened,
            content: Content::Generated,
        })
    }
}

/// At the end of a run: says what would change in the documents, or writes it. True where all went well.
pub(super) fn after_run(bench: &Bench<'_>, write_them: bool, output: &Output) -> bool {
    let ready = match bench.ready(&[]) {
        Ok(ready) => ready,
        Err(trouble) if write_them => {
            trouble.tell(output);
            return false;
        }
        Err(trouble) => {
            output.warn(&trouble.problems);
            return true;
        }
    };
    if write_them {
        output.warn(&ready.iter().flat_map(Ready::warnings).collect::<Vec<_>>());
        if let Err(trouble) = write(&ready, bench.settings) {
            trouble.tell(output);
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

/// Writes the documents that differ, after it is certain that every one of them may be written.
pub(super) fn write(ready: &[Ready], settings: &Settings) -> Result<(), Trouble> {
    let root = &settings.root;
    let changed: Vec<&Ready> = ready
        .iter()
        .filter(|one| one.is_to_be_written(root))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let taken = Lock::take(root);
    let _lock = taken.map_err(|fault| Trouble::document(vec![fault.told]))?;
    let faults: Vec<Diagnostic> = changed
        .iter()
        .filter(|one| one.differs())
        .filter_map(|one| one.opened.as_ref()?.writable().err())
        .map(|fault| fault.told)
        .collect();
    if !faults.is_empty() {
        return Err(Trouble::document(faults));
    }
    // They were read before the lock was taken.
    let outdated = changed.iter().filter_map(|one| one.outdated(root));
    let outdated: Vec<Diagnostic> = outdated.collect();
    if !outdated.is_empty() {
        return Err(Trouble::document(outdated));
    }
    for one in changed {
        put(one, root).map_err(|problem| Trouble::document(vec![problem]))?;
    }
    Ok(())
}

fn put(one: &Ready, root: &Path) -> Result<(), Diagnostic> {
    let replace = || match &one.opened {
        Some(opened) => store::replace(opened, &one.new).map_err(|fault| fault.told),
        None => {
            store::create(&root.join(&one.shown), &one.shown, &one.new).map_err(|fault| fault.told)
        }
    };
    let Content::Filled(filled) = &one.content else {
        return replace();
    };
    let (name, memory) = (&filled.map.name, &filled.updated.memory);
    recall::intend(root, name, memory, &one.new)?;
    if let Err(told) = replace() {
        recall::forget(root, name);
        return Err(told);
    }
    recall::keep(root, name, memory)
}

/// Takes out of the documents what holdpoint wrote; for each that had something, what was not found.
pub(super) fn restore(
    wanted: &[String],
    settings: &Settings,
    catalog: &Catalog,
) -> Result<Vec<(String, Vec<String>)>, Trouble> {
    let maps = maps(settings, catalog).map_err(Trouble::usage)?;
    let root = &settings.root;
    let taken = Lock::take(root);
    let _lock = taken.map_err(|fault| Trouble::document(vec![fault.told]))?;
    let mut done = Vec::new();
    for one in chosen(wanted, settings, &maps).map_err(Trouble::usage)? {
        let Chosen::Mapped(map, shown) = one else {
            continue;
        };
        let lost =
            take_out(map, &shown, root).map_err(|problem| Trouble::document(vec![problem]))?;
        done.extend(lost.map(|lost| (shown, lost)));
    }
    Ok(done)
}

fn take_out(
    map: &DocumentMap,
    shown: &str,
    root: &Path,
) -> Result<Option<Vec<String>>, Diagnostic> {
    let opened = store::open(&root.join(shown), shown).map_err(|fault| fault.told)?;
    let memory = recall::recall(root, &map.name, shown, &opened.text)?;
    let (text, lost) = document::restore(&opened.text, &memory);
    let empty = Memory::empty(shown);
    if text == opened.text {
        // What was not found again is told once, and then forgotten.
        let known = !memory.is_empty() || recall::is_pending(root, &map.name);
        if known {
            recall::keep(root, &map.name, &empty)?;
        }
        return Ok(known.then_some(lost));
    }
    recall::intend(root, &map.name, &empty, &text)?;
    if let Err(fault) = store::replace(&opened, &text) {
        recall::forget(root, &map.name);
        return Err(fault.told);
    }
    recall::keep(root, &map.name, &empty)?;
    Ok(Some(lost))
}
