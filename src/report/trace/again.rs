//! The commands that repeat what a record says: looking again, and judging again what was seen.

use crate::document::reading::{self, quoted};
use crate::evidence::Record;
use crate::model::Finding;

/// What redaction leaves where a secret was.
const REDACTED: char = '‹';

/// The command that looks again as the run did, for one check.
pub(in crate::report) fn again(record: &Record, finding: &Finding) -> String {
    let header = &record.header;
    let mut command = reading::prove(finding);
    let mut say = |option: &str, value: &str| {
        if !value.is_empty() && !value.contains(REDACTED) {
            command.push_str(&format!(" {option} {}", quoted(value)));
        }
    };
    say("--target", header.target.as_deref().unwrap_or_default());
    say("--environment", &header.environment);
    say("--level", &header.level);
    if header.fail_on != "medium" {
        say("--fail-on", &header.fail_on);
    }
    let planned = record.checks.iter().find(|one| one.id == finding.check);
    for skipped in planned.iter().flat_map(|one| &one.waives_needs) {
        say("--skip", skipped);
    }
    if let Some(baseline) = &header.baseline {
        say("--baseline", &baseline.run);
    }
    let is_owned = header.subject.get("target").map(|target| &target["owned"]);
    if header.level == "active" && is_owned.and_then(serde_json::Value::as_bool) == Some(true) {
        command.push_str(" --owned");
    }
    command
}

/// The command that judges again what was seen, without looking.
pub(in crate::report) fn offline(record: &Record) -> String {
    format!("holdpoint report --from {}", quoted(&record.header.run))
}
