//! The catalogue: checks, gates, maps, waivers and attestations from TOML, shipped and the user's, compared with what probes declare.

mod attestation_file;
mod check_file;
mod expressions;
mod gate_file;
mod graph;
mod map_file;
mod parameters;
mod select;
mod source;
mod waiver_file;

pub use attestation_file::{
    ATTESTATIONS, attestable, nearest_attestable, not_attestable, parse_attestations, parse_day,
    read_attestations,
};
pub use check_file::parse_check;
pub use expressions::verify as verify_expressions;
pub use gate_file::{Nameable, attested, load_gates, parse_gates, shipped_gates};
pub use map_file::{MAPS, load_maps, mapped_files, parse_map, shipped_maps};
pub use select::{NothingSelected, SUITES, Selection, Selector};
pub use source::unreadable;
pub use waiver_file::{parse_waivers, read_waivers};

use crate::diagnostic::{Diagnostic, Source};
use crate::model::{Check, Origin};
use crate::secret::Book;
use std::path::Path;

/// Every check that is known, in the order of their ids.
#[derive(Debug)]
pub struct Catalog {
    checks: Vec<Check>,
    sources: Vec<Source>,
}

impl Catalog {
    /// The shipped checks alone.
    ///
    /// # Errors
    /// A shipped file is wrong, which the tests exclude.
    pub fn shipped() -> Result<Self, Vec<Diagnostic>> {
        let parse = |source: &Source| parse_check(source, Origin::Shipped);
        Self::gather(parse, None, Path::new(""), &[])
    }

    /// The shipped checks and those of the user's folder, whose files are named as seen from `root`.
    ///
    /// The examples of shipped checks are left out, because they are half of what would be read at
    /// every start, and only [`Self::whole`] shows them.
    ///
    /// A user's check whose id is shipped is refused unless `overrides` names it, so that nobody
    /// weakens a check by accident. What such a check says is known without the secrets in it from here on; what it
    /// looks at, how it judges, and its text, whose digest is bound, stay as they are.
    ///
    /// # Errors
    /// Every problem of every file, with its place.
    pub fn load(
        folder: Option<&Path>,
        root: &Path,
        overrides: &[String],
        secrets: &Book,
    ) -> Result<Self, Vec<Diagnostic>> {
        let parse = |source: &Source| {
            // They stand last in every shipped file; a test holds the files to that.
            let head = source
                .text
                .split("\n[[example]]")
                .next()
                .unwrap_or_default();
            parse_check(&Source::new(&*source.name, head), Origin::Shipped)
        };
        let mut catalog = Self::gather(parse, folder, root, overrides)?;
        let own = catalog.checks.iter_mut();
        own.filter(|check| check.origin != Origin::Shipped)
            .for_each(|check| check.redact(|text| secrets.redact(text)));
        Ok(catalog)
    }

    fn gather(
        parse_shipped: impl Fn(&Source) -> Parsed + Sync,
        folder: Option<&Path>,
        root: &Path,
        overrides: &[String],
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let mut read = parse_all(source::shipped(), parse_shipped, &mut problems);
        let shipped = read.len();
        if let Some(folder) = folder {
            let sources = source::folder(folder, root)?;
            let parse = |source: &Source| parse_check(source, Origin::User);
            read.extend(parse_all(sources, parse, &mut problems));
        }
        let read = settle(read, shipped, overrides, &mut problems);
        graph::verify(&read, &mut problems);
        if problems.is_empty() {
            let (checks, sources) = read.into_iter().unzip();
            Ok(Self { checks, sources })
        } else {
            Err(problems)
        }
    }

    /// All checks, in the order of their ids.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The check of that id.
    pub fn find(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id.as_str() == id)
    }

    /// The check of that id with its examples.
    pub fn whole(&self, id: &str) -> Option<Check> {
        let known = self.find(id)?;
        if known.origin != Origin::Shipped {
            return Some(known.clone());
        }
        // What it says was compared with the probes when it was loaded.
        parse_check(self.source(id)?, Origin::Shipped).ok()
    }

    /// The text that a check was read from.
    pub fn source(&self, id: &str) -> Option<&Source> {
        self.checks
            .iter()
            .position(|check| check.id.as_str() == id)
            .map(|index| &self.sources[index])
    }
}

/// What comes of reading one file.
type Parsed = Result<Check, Vec<Diagnostic>>;

/// Reads checks on every core, since compiling expressions takes most of the start.
fn parse_all(
    sources: Vec<Source>,
    parse: impl Fn(&Source) -> Parsed + Sync,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(Check, Source)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = sources.len().div_ceil(cores).max(1);
    let parse = &parse;
    let parsed: Vec<Parsed> = std::thread::scope(|scope| {
        let threads: Vec<_> = sources
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(parse).collect::<Vec<_>>()))
            .collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(checks) => checks,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    });
    let mut read = Vec::with_capacity(sources.len());
    for (outcome, source) in parsed.into_iter().zip(sources) {
        match outcome {
            Ok(check) => read.push((check, source)),
            Err(found) => problems.extend(found),
        }
    }
    read
}

/// Puts user checks in place of shipped ones where that was asked for, and refuses doubles.
fn settle(
    read: Vec<(Check, Source)>,
    shipped: usize,
    overrides: &[String],
    problems: &mut Vec<Diagnostic>,
) -> Vec<(Check, Source)> {
    let mut kept: Vec<(Check, Source)> = Vec::with_capacity(read.len());
    for (index, (mut check, source)) in read.into_iter().enumerate() {
        let double = kept.iter().position(|(other, _)| other.id == check.id);
        let Some(place) = double else {
            kept.push((check, source));
            continue;
        };
        let id = check.id.to_string();
        let span = graph::span_of_text(&source, &id);
        let other = &kept[place].0;
        if index >= shipped && other.origin == Origin::Shipped {
            if overrides.contains(&id) {
                check.origin = Origin::Override;
                kept[place] = (check, source);
            } else {
                problems.push(
                    Diagnostic::new(format!("'{id}' is a shipped check"))
                        .at(&source, span, "the same id")
                        .help(format!("choose another id, or write override = [\"{id}\"] under [checks] in holdpoint.toml")),
                );
            }
        } else {
            problems.push(
                Diagnostic::new(format!("'{id}' is defined twice"))
                    .at(&source, span, format!("also in {}", other.place))
                    .help("give one of them another id"),
            );
        }
    }
    for id in overrides {
        let used = kept
            .iter()
            .any(|(check, _)| check.id.as_str() == id && check.origin == Origin::Override);
        if !used {
            let message = format!(
                "[checks] override names '{id}', but no file of yours replaces a shipped check of that id"
            );
            problems
                .push(Diagnostic::new(message).help("remove it from the list, or add the file"));
        }
    }
    kept.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    kept
}
