//! The documents of gates, made anew from the gates' records: to fill in signature lines, and to see whether what is
//! there is what the records say.

use super::documents::{self, Bench, Ready, Trouble};
use super::grounds::Grounds;
use super::output::Output;
use super::prepare::Environment;
use super::report::tell;
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::evidence;
use crate::model::Signature;
use crate::release::{GateStanding, stand};
use crate::secret::Book;
use crate::settings::Settings;
use std::path::{Path, PathBuf};

/// Fills in the signature lines of a gate's documents. True where all went well.
///
/// # Errors
/// A file that the gates stand on is wrong.
pub(super) fn fill_in(
    settings: &Settings,
    catalog: &Catalog,
    gate: &str,
    environment: &Environment,
    output: &Output,
) -> Result<bool, Vec<Diagnostic>> {
    // What was just signed counts from here on.
    let grounds = Grounds::read(settings, catalog, &environment.secrets)?;
    let gate = grounds.gate(gate)?;
    let (signatures, record, names) = grounds.with(None, None, |ground| {
        let standings = stand(ground);
        let standing = standings.iter().find(|one| one.gate.name == gate.name);
        (
            grounds.signatures(&standings),
            standing.and_then(record_of),
            standing.map(|one| names(&grounds, one)).unwrap_or_default(),
        )
    });
    let (Some(record), false) = (record, names.is_empty()) else {
        return Ok(true);
    };
    let made = Anew {
        settings,
        catalog,
        secrets: &environment.secrets,
        signatures: &signatures,
    };
    let written = made.from(&record, &names)?.and_then(|ready| {
        documents::write(&ready, settings)?;
        Ok(ready)
    });
    match written {
        Ok(ready) => {
            for one in ready.iter().filter(|one| one.differs()) {
                output.remark(&format!("wrote {}", one.summary()));
            }
            Ok(true)
        }
        Err(trouble) => {
            output.remark("warning: it is signed, and the documents could not be filled in:");
            trouble.tell(output);
            Ok(false)
        }
    }
}

/// The documents of a gate in which holdpoint's own words are not what its record says, nor what the newest says. A
/// sign-off does not bind these words; whoever forges them together with what is remembered of them is found here.
pub(super) fn unlike_records(
    grounds: &Grounds<'_>,
    settings: &Settings,
    catalog: &Catalog,
    secrets: &Book,
    standing: &GateStanding<'_>,
    signatures: &[Signature],
) -> Vec<String> {
    let made = Anew {
        settings,
        catalog,
        secrets,
        signatures,
    };
    let records = record_of(standing)
        .into_iter()
        .chain(evidence::latest(&settings.records));
    let records: Vec<PathBuf> = records.collect();
    let each = names(grounds, standing).into_iter().filter_map(|name| {
        let wanted = [name];
        let mut shown = None;
        for record in &records {
            let Ok(Ok(ready)) = made.from(record, &wanted) else {
                continue;
            };
            let differing = ready.iter().find(|one| one.differs());
            shown = Some(differing?.shown.clone());
        }
        shown
    });
    each.collect()
}

/// The record that a gate is decided on.
fn record_of(standing: &GateStanding<'_>) -> Option<PathBuf> {
    standing.evidence.first().map(|told| told.path.clone())
}

/// The gate's documents that are there, by the names by which holdpoint writes them.
fn names(grounds: &Grounds<'_>, standing: &GateStanding<'_>) -> Vec<String> {
    let documents = standing.gate.documents.iter();
    documents
        .filter_map(|name| grounds.written_as(name))
        .collect()
}

/// What documents are made from, beside a record.
struct Anew<'a> {
    settings: &'a Settings,
    catalog: &'a Catalog,
    secrets: &'a Book,
    signatures: &'a [Signature],
}

impl Anew<'_> {
    /// The documents of these names as a record has them be.
    fn from(
        &self,
        record: &Path,
        names: &[String],
    ) -> Result<Result<Vec<Ready>, Trouble>, Vec<Diagnostic>> {
        let told = tell(record, self.settings, self.secrets)?;
        let bench = Bench {
            settings: self.settings,
            catalog: self.catalog,
            findings: &told.findings,
            decision: &told.decision,
            subject: &told.subject,
            signatures: self.signatures,
            secrets: self.secrets,
            take_over: false,
            refresh: false,
        };
        Ok(bench.ready(names))
    }
}
