//! What a finding has to say beyond its verdict, line by line, for formats that have one text for all of it.

use crate::document::reading;
use crate::model::Finding;

/// Each line with the word that goes before it; what is empty is left out.
pub(super) fn details(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for fault in reading::faults(finding) {
        lines.push(("fault", fault.text.to_owned()));
        lines.push(("expected", fault.expected.to_owned()));
        lines.push(("found", fault.found.to_owned()));
        lines.push(("at", fault.looks.join(", ")));
    }
    lines.push(("mend", finding.remedy.clone()));
    lines.push(("prove", reading::prove(finding)));
    lines.push(("defined", finding.defined.clone()));
    let evidence = reading::evidence(finding).unwrap_or_default();
    lines.push(("evidence", evidence.to_owned()));
    lines.retain(|(_, text)| !text.is_empty());
    lines
}
