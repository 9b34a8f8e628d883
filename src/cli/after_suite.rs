//! After a run of a whole suite: which gates have new evidence, and where to read how they stand.

use super::choose::{gates, maps};
use super::grounds::in_force;
use super::output::Output;
use crate::catalog::Catalog;
use crate::evidence::PlannedCheck;
use crate::release::checks_of;
use crate::settings::Settings;

/// Says in one line whose evidence this run is, where somebody may sign it. What is wrong with gates, their own verbs say.
pub(super) fn tell(
    settings: &Settings,
    catalog: &Catalog,
    planned: &[PlannedCheck],
    output: &Output,
) {
    if output.quiet() || !in_force(settings) {
        return;
    }
    let gates = maps(settings, catalog).and_then(|maps| gates(settings, catalog, &maps));
    let gates = gates.unwrap_or_default();
    let names = gates.iter().filter(|gate| {
        let checks = checks_of(gate, catalog, &settings.suites);
        let ran = |id: &String| planned.iter().any(|one| one.id == *id);
        !checks.is_empty() && checks.iter().all(ran)
    });
    let names: Vec<&str> = names.map(|gate| gate.name.as_str()).collect();
    match names.as_slice() {
        [] => {}
        [one] => output.remark(&format!(
            "gate {one}: this run is its newest evidence; holdpoint gate {one} tells how it stands"
        )),
        many => output.remark(&format!(
            "gates {}: this run is their newest evidence; holdpoint gate tells how they stand",
            many.join(", ")
        )),
    }
}
