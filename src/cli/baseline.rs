//! `--baseline`: the record that a run is held to be no worse than, and what of it the decision needs.

use super::records::{self, Found};
use super::report::{NOT_READ, TORN};
use super::run::display;
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::engine;
use crate::evidence::{self, PlannedCheck};
use crate::gate::held;
use crate::model::{Baseline, Verdict};
use crate::secret::Book;
use crate::settings::Settings;
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
    let Found { path, odd } = records::find(named, settings)?;
    let unusable = |cause: String| {
        vec![Diagnostic::new(format!("the baseline cannot be used: {cause}")).help(NOT_READ)]
    };
    let record = evidence::read(&path).map_err(|fault| unusable(fault.to_string()))?;
    let findings = engine::replay(&record, None, secrets)?;
    let definitions = record.definitions(secrets);
    // As the run that is held against it has its own: whoever made it need not have known what is secret here.
    let header = record.header.clone().redacted(secrets);
    let mut warnings = odd;
    if record.torn {
        let path = display(&path, &settings.root);
        warnings.push(Diagnostic::new(format!("the baseline {path}: {TORN}")));
    }
    let baseline = Baseline {
        run: header.run.clone(),
        digest: record.digest.clone(),
        target: header.target.clone(),
        environment: header.environment.clone(),
        cut_short: record.is_cut_short(),
        checks: held(&findings, &definitions),
    };
    Ok((baseline, warnings))
}

/// Checks that the baseline saw and the catalogue has no more: no run can be found to be worse at those.
pub(super) fn gone(baseline: &Baseline, catalog: &Catalog) -> Option<Diagnostic> {
    let seen = baseline.checks.iter().filter(|(_, held)| {
        let verdict = held.verdict;
        matches!(verdict, Verdict::Pass | Verdict::Fail)
    });
    let gone = seen.filter(|(id, _)| catalog.source(id).is_none());
    let gone: Vec<&str> = gone.map(|(id, _)| id.as_str()).collect();
    let what = match gone.len() {
        0 => return None,
        1 => "a check that is there no more".to_owned(),
        many => format!("{many} checks that are there no more"),
    };
    let (run, gone) = (&baseline.run, gone.join(", "));
    let said = format!("the baseline {run} saw {what}: {gone}");
    Some(Diagnostic::new(said).help("a check that was renamed or deleted is not held against a baseline; holdpoint diff counts it as out of sight"))
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
