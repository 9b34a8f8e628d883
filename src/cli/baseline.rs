//! `--baseline`: the record that a run is held to be no worse than, and what of it the decision needs.

use super::records;
use super::report::{NOT_READ, TORN};
use super::run::display;
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::engine;
use crate::evidence::{self, PlannedCheck};
use crate::gate::held;
use crate::model::Baseline;
use crate::secret::Book;
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::path::Path;

/// The baseline that was named, read and judged; with what is odd about it.
///
/// # Errors
/// There is no such record, it cannot be read, or it cannot be judged.
pub(super) fn load(
    named: &Path,
    settings: &Settings,
    secrets: &Book,
) -> Result<(Baseline, Vec<Diagnostic>), Vec<Diagnostic>> {
    let path = records::find(named, settings)?;
    let unusable = |cause: String| {
        vec![Diagnostic::new(format!("the baseline cannot be used: {cause}")).help(NOT_READ)]
    };
    let record = evidence::read(&path).map_err(|fault| unusable(fault.to_string()))?;
    let bytes = evidence::read_regular(&path).map_err(|error| unusable(error.to_string()))?;
    let findings = engine::replay(&record, None, secrets)?;
    let definitions = definitions(&record.checks, None);
    let header = &record.header;
    let warnings = match record.torn {
        true => vec![Diagnostic::new(format!(
            "the baseline {}: {TORN}",
            display(&path, &settings.root)
        ))],
        false => Vec::new(),
    };
    let ending = record.ending.as_ref();
    let baseline = Baseline {
        run: header.run.clone(),
        digest: evidence::digest(&bytes),
        target: header.target.clone(),
        environment: header.environment.clone(),
        cut_short: ending.is_none_or(|ending| ending.cut_short.is_some()),
        checks: held(&findings, &definitions),
    };
    Ok((baseline, warnings))
}

/// The digest of each check's text, as a run judged by it, or as a catalogue has it now.
pub(super) fn definitions(
    checks: &[PlannedCheck],
    catalog: Option<&Catalog>,
) -> BTreeMap<String, String> {
    let each = checks.iter().map(|planned| {
        let now = catalog.and_then(|catalog| catalog.source(&planned.id));
        let definition = match now {
            Some(source) => evidence::digest(source.text.as_bytes()),
            None => planned.definition(),
        };
        (planned.id.clone(), definition)
    });
    each.collect()
}

/// The digest of each check's text, as the record of a run will hold it.
pub(super) fn as_recorded(checks: &[PlannedCheck], secrets: &Book) -> BTreeMap<String, String> {
    let recorded = checks.iter().map(|check| check.clone().redacted(secrets));
    definitions(&recorded.collect::<Vec<_>>(), None)
}

/// What the record of a run keeps of a baseline: what it tells of the checks of this run, without any secret.
pub(super) fn kept(
    baseline: &Baseline,
    checks: &[PlannedCheck],
    secrets: &Book,
) -> evidence::Baseline {
    let mut kept = evidence::Baseline::from(baseline).redacted(secrets);
    kept.checks
        .retain(|id, _| checks.iter().any(|check| check.id == *id));
    kept
}
