//! The file of waivers: who accepted which finding, why, and until when.

use crate::diagnostic::table::{Problems, TableReader, parse};
use crate::diagnostic::{Diagnostic, Source};
use crate::model::Waiver;
use std::path::Path;

/// Reads the waivers of a file under the name that messages and records give it; none where the file
/// does not exist.
///
/// # Errors
/// Every problem with its place.
pub fn read_waivers(path: &Path, name: &str) -> Result<Vec<Waiver>, Vec<Diagnostic>> {
    match super::source::text(path) {
        Ok(text) => parse_waivers(&Source::new(name, text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(vec![super::source::unreadable(Path::new(name), &error)]),
    }
}

/// Parses `[[waiver]]` tables.
///
/// # Errors
/// Every problem with its place: each waiver needs a check, a reason, an owner and a last day.
pub fn parse_waivers(source: &Source) -> Result<Vec<Waiver>, Vec<Diagnostic>> {
    let table = parse(source)?;
    let problems = Problems::default();
    let reader = TableReader::new(source, &table, &problems);
    let waivers: Vec<_> = reader
        .tables("waiver")
        .into_iter()
        .filter_map(read)
        .collect();
    reader.finish();
    if problems.is_empty() {
        Ok(waivers)
    } else {
        Err(problems.into_vec())
    }
}

fn read(reader: TableReader<'_>) -> Option<Waiver> {
    reader.require(&["check", "reason", "owner", "until"]);
    for key in ["check", "reason", "owner"] {
        if reader.text(key).is_some_and(|text| text.trim().is_empty()) {
            reader.wrong(
                key,
                format!("'{key}' is empty"),
                "empty",
                "a waiver that says nothing cannot be accepted",
            );
        }
    }
    // Both a TOML date and text are taken: "2026-12-31" is how most people write one.
    let until = reader.json("until").and_then(|value| {
        let date = value.as_str().and_then(|text| text.parse().ok());
        if date.is_none() {
            reader.wrong(
                "until",
                "'until' is not a date",
                "not a date",
                "write the last day it holds, such as until = 2026-12-31",
            );
        }
        date
    });
    let waiver = Waiver {
        check: reader.text("check").unwrap_or_default(),
        reason: reader.text("reason").unwrap_or_default(),
        owner: reader.text("owner").unwrap_or_default(),
        until: until.unwrap_or(jiff::civil::Date::MIN),
        place: format!("{}:{}", reader.source().name, reader.header_line()),
    };
    reader.finish();
    until.map(|_| waiver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_needs_all_four() {
        let text = "[[waiver]]\ncheck = 'a.b'\nreason = 'r'\nowner = 'o'\nuntil = 2026-12-31\n";
        let waivers = parse_waivers(&Source::new("w.toml", text)).unwrap();
        assert_eq!(waivers[0].until.to_string(), "2026-12-31");
        let text = "[[waiver]]\ncheck = 'a.b'\nreason = ''\nuntil = 'soon'\n";
        let problems = parse_waivers(&Source::new("w.toml", text)).unwrap_err();
        let text: String = problems.iter().map(ToString::to_string).collect();
        for expected in [
            "'owner' is missing",
            "'reason' is empty",
            "'until' is not a date",
        ] {
            assert!(text.contains(expected), "{text}");
        }
    }
}
