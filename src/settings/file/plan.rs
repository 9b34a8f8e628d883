//! The table `[plan]`: when each gate is to be open, and who leads its team.

use super::{Placed, placed};
use crate::diagnostic::table::TableReader;
use crate::model::PlanEntry;
use jiff::civil::Date;
use toml::de::DeValue;

/// Reads the table: one table below it for each gate, or for the team of one.
pub(super) fn plan(table: &TableReader<'_>) -> Vec<Placed<PlanEntry>> {
    let names: Vec<_> = table.keys().collect();
    let mut entries = Vec::new();
    for (name, span) in names {
        let Some(own) = table.table(name) else {
            continue;
        };
        let target = date(&own, "target");
        let leader = leader(&own);
        own.finish();
        entries.push(Placed {
            value: PlanEntry {
                gate: name.to_owned(),
                target,
                leader,
            },
            line: table.source().line_of(span.start),
            span,
        });
    }
    entries
}

/// Do two texts of the settings say the same but for the plan? Moving a date makes no other code.
pub fn differ_in_plan_alone(then: &str, now: &str) -> bool {
    let read = |text: &str| -> Option<toml::Table> {
        let mut table: toml::Table = text.trim_start_matches('\u{FEFF}').parse().ok()?;
        table.remove("plan");
        Some(table)
    };
    let (then, now) = (read(then), read(now));
    then.is_some() && then == now
}

/// A day: `2026-12-31`, or the same as text.
fn date(table: &TableReader<'_>, key: &str) -> Option<Date> {
    let value = table.value(key)?;
    let found = match value.get_ref() {
        DeValue::Datetime(found) => found.to_string(),
        DeValue::String(text) => text.to_string(),
        _ => {
            let message = format!("'{key}' is not a date");
            table.wrong(key, message, "needs a date", "write it as in 2026-12-31");
            return None;
        }
    };
    let digits = found.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let day = (found.len() == 10 && digits)
        .then(|| Date::strptime("%Y-%m-%d", &found).ok())
        .flatten();
    if day.is_none() {
        let message = format!("'{key}' is not a date: {found}");
        let label = "needs a day of the calendar, without a time";
        table.wrong(key, message, label, "write it as in 2026-12-31");
    }
    day
}

/// Longer names are a mistake, and no table could show them.
const LONGEST_NAME: usize = 200;

fn leader(table: &TableReader<'_>) -> Option<String> {
    let leader = placed(table, "leader", table.text("leader"))?;
    let name = leader.value.trim();
    if name.is_empty() || name.contains(char::is_control) {
        let help = "write it as in \"Ann\", or leave the key out";
        table.wrong(
            "leader",
            "'leader' names nobody",
            "needs a name in one line",
            help,
        );
        return None;
    }
    if name.chars().count() > LONGEST_NAME {
        let message = format!("'leader' is longer than {LONGEST_NAME} characters");
        table.wrong("leader", message, "needs a name", "write it as in \"Ann\"");
        return None;
    }
    Some(name.to_owned())
}
