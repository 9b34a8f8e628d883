//! What reports tell beside a run's findings: how long its looks took, how the gates stand, what changed since somebody signed.

use super::grounds::{Grounds, in_force};
use super::output::Output;
use super::places::Places;
use super::prepare::Environment;
use crate::catalog::Catalog;
use crate::evidence;
use crate::gate::{Side, compare};
use crate::model::{Subject, Timing};
use crate::release::{GateStanding, last_signed, stand};
use crate::report::gates::GateReport;
use crate::report::{Beside, Drift};
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::path::Path;

/// A run that is told of, and where its gates, lists and documents are.
pub(super) struct About<'a> {
    pub(super) settings: &'a Settings,
    pub(super) catalog: &'a Catalog,
    pub(super) told: Side<'a>,
    pub(super) subject: &'a Subject,
    pub(super) record: &'a Path,
    /// Where the user's own files ask for checks.
    pub(super) places: Option<&'a Places>,
}

/// Acts with what stands beside a run. What cannot be told is warned of and left out.
pub(super) fn beside<T>(
    about: &About<'_>,
    output: &Output,
    environment: &Environment,
    act: impl FnOnce(Beside<'_>) -> T,
) -> T {
    let settings = about.settings;
    let timings = timings(about.record);
    let alone = Beside {
        timings: &timings,
        places: about.places,
        ..Beside::default()
    };
    if !in_force(settings) {
        return act(alone);
    }
    let grounds = match Grounds::read(settings, about.catalog, &environment.secrets) {
        Ok(grounds) => grounds,
        Err(problems) => {
            output.warn(&problems);
            return act(alone);
        }
    };
    grounds.with(None, None, |ground| {
        let standings = stand(ground);
        let told: Vec<&GateStanding<'_>> = standings.iter().collect();
        let gates = GateReport {
            told: &told,
            all: &standings,
            project: settings.project.as_deref().unwrap_or_default(),
            now: ground.now,
            instead: None,
        };
        let subject = about.subject;
        let findings = about.told.findings.iter();
        let last = last_signed(
            &standings,
            ground.history,
            &subject.environment,
            subject.started,
            &findings.map(|one| one.check.as_str()).collect(),
        );
        let changed = last.and_then(|last| {
            let record = &last.told.record;
            let signed = Side {
                findings: last.told.findings().ok()?,
                definitions: &last.told.definitions(),
                cut_short: record.is_cut_short(),
            };
            // What is accepted is no less a change.
            Some(compare(signed, about.told, &BTreeSet::new()))
        });
        let drift = last.zip(changed.as_deref()).map(|(last, changed)| Drift {
            run: last.told.run(),
            started: last.told.record.header.started,
            signed: (last.gate, last.by, last.is_valid),
            changed,
        });
        act(Beside {
            gates: Some(&gates),
            drift: drift.as_ref(),
            ..alone
        })
    })
}

/// The times of a record's looks; none of one that cannot be read, which is said elsewhere.
fn timings(record: &Path) -> Vec<Timing> {
    let read = evidence::read(record).ok();
    let observations = read.iter().flat_map(|record| &record.observations);
    observations.map(Timing::from).collect()
}
