//! The file of attestations: what a person states that no probe can observe, on what evidence, until when.

use super::{Catalog, attested};
use crate::diagnostic::table::{Problems, TableReader, parse};
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::model::{Attestation, DocumentMap, Gate};
use jiff::civil::Date;
use std::path::Path;

/// Where attestations stand, below the application's root.
pub const ATTESTATIONS: &str = ".holdpoint/attestations.toml";

/// Reads the attestations of a file under the name that messages and records give it; none where the
/// file does not exist.
///
/// # Errors
/// Every problem with its place.
pub fn read_attestations(
    path: &Path,
    name: &str,
    known: Option<&[String]>,
) -> Result<Vec<Attestation>, Vec<Diagnostic>> {
    match super::source::text(path) {
        Ok(text) => parse_attestations(&Source::new(name, text), known),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(vec![super::source::unreadable(Path::new(name), &error)]),
    }
}

/// Parses `[[attestation]]` tables. Where `known` is given, an attestation of anything else is a
/// problem: it would count for nothing, and nobody would know.
///
/// # Errors
/// Every problem with its place.
pub fn parse_attestations(
    source: &Source,
    known: Option<&[String]>,
) -> Result<Vec<Attestation>, Vec<Diagnostic>> {
    let table = parse(source)?;
    let problems = Problems::default();
    let reader = TableReader::new(source, &table, &problems);
    let attestations: Vec<_> = reader
        .tables("attestation")
        .into_iter()
        .filter_map(|one| read(&one, known))
        .collect();
    reader.finish();
    if problems.is_empty() {
        Ok(attestations)
    } else {
        Err(problems.into_vec())
    }
}

/// Everything that may be attested: the items of documents, `infrastructure:I12`, criteria of gates,
/// `release:window`, and checks. No two of them share a name: gates that take one are refused.
pub fn attestable(catalog: &Catalog, maps: &[DocumentMap], gates: &[Gate]) -> Vec<String> {
    let items = maps.iter().flat_map(|map| {
        let ids = map.items.iter().map(|item| item.id.as_str());
        ids.map(|id| format!("{}:{id}", map.name))
    });
    items
        .chain(attested(gates).map(str::to_owned))
        .chain(catalog.checks().iter().map(|check| check.id.to_string()))
        .collect()
}

/// What is wrong with a name that may not be attested.
pub fn not_attestable(name: &str) -> String {
    format!("'{name}' is no item of a document, no criterion of a gate, and no check")
}

/// What to say about a name that may not be attested.
pub fn nearest_attestable(name: &str, known: &[String]) -> String {
    // Who leaves the document or the gate out means the item or the criterion.
    let whole = known
        .iter()
        .find(|one| one.split_once(':').is_some_and(|(_, id)| id == name))
        .map(String::as_str);
    match whole.or_else(|| nearest(name, known.iter().map(String::as_str))) {
        Some(near) => format!("did you mean '{near}'?"),
        None => {
            "name an item of a document, such as infrastructure:I12, a criterion of a gate, such as release:window, or a check; holdpoint list shows the checks"
                .into()
        }
    }
}

/// A day as people write it: `2026-12-31`.
pub fn parse_day(text: &str) -> Option<Date> {
    let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    (text.len() == 10 && digits)
        .then(|| Date::strptime("%Y-%m-%d", text).ok())
        .flatten()
}

fn read(reader: &TableReader<'_>, known: Option<&[String]>) -> Option<Attestation> {
    reader.require(&["item", "statement", "by", "on", "evidence", "until"]);
    for key in ["item", "statement", "by", "evidence"] {
        if reader.text(key).is_some_and(|text| text.trim().is_empty()) {
            let help = "an attestation that says nothing proves nothing";
            reader.wrong(key, format!("'{key}' is empty"), "empty", help);
        }
    }
    let item = reader.text("item");
    if let (Some(item), Some(known)) = (&item, known)
        && !item.trim().is_empty()
        && !known.contains(item)
    {
        let message = not_attestable(item);
        let help = nearest_attestable(item, known);
        reader.wrong("item", message, "not known", help);
    }
    let holds = reader.bool("holds");
    let (on, until) = (day(reader, "on"), day(reader, "until"));
    if let (Some(on), Some(until)) = (on, until)
        && until < on
    {
        let message = format!("'until' ({until}) lies before 'on' ({on})");
        let help = "until is the last day on which it counts, on is the day it was stated";
        reader.wrong("until", message, "before it was stated", help);
    }
    let [statement, by, evidence] = ["statement", "by", "evidence"].map(|key| reader.text(key));
    let place = format!("{}:{}", reader.source().name, reader.header_line());
    reader.finish();
    Some(Attestation {
        item: item?,
        holds: holds.unwrap_or(true),
        statement: statement?,
        by: by?,
        on: on?,
        evidence: evidence?,
        until: until?,
        place,
    })
}

/// Both a TOML date and text are taken, as in the file of waivers; a time of day is not, since the
/// day counts to its end in UTC.
fn day(reader: &TableReader<'_>, key: &str) -> Option<Date> {
    let value = reader.json(key)?;
    let day = value.as_str().and_then(parse_day);
    if day.is_none() {
        let help = format!("write a day, such as {key} = 2026-12-31");
        reader.wrong(key, format!("'{key}' is not a date"), "not a date", help);
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "[[attestation]]\nitem = 'infrastructure:I12'\nstatement = 's'\nby = 'b'\non = 2026-11-01\nevidence = 'https://e.example'\nuntil = '2026-12-31'\n";

    fn parsed(text: &str, known: &[&str]) -> Result<Vec<Attestation>, String> {
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        let known = (!known.is_empty()).then_some(known.as_slice());
        parse_attestations(&Source::new("a.toml", text), known)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[track_caller]
    fn refused(from: &str, to: &str, texts: &[&str]) {
        assert!(RIGHT.contains(from));
        let known = ["infrastructure:I12", "site.answers"];
        let told = parsed(&RIGHT.replace(from, to), &known).unwrap_err();
        for text in texts.iter().chain(&["--> a.toml:", "^"]) {
            assert!(told.contains(text), "{text}: {told}");
        }
    }

    #[test]
    fn an_attestation_holds_until_its_last_day() {
        let [one] = &parsed(RIGHT, &[]).unwrap()[..] else {
            panic!()
        };
        assert!(one.holds);
        assert_eq!(
            (one.on.to_string(), &*one.place),
            ("2026-11-01".into(), "a.toml:1")
        );
        assert_eq!(one.until.to_string(), "2026-12-31");
        let two = format!("{RIGHT}holds = false\n{RIGHT}");
        let two = parsed(&two, &["infrastructure:I12"]).unwrap();
        assert_eq!(
            two.iter().map(|one| one.holds).collect::<Vec<_>>(),
            [false, true]
        );
        assert_eq!(two[1].place, "a.toml:9");
        assert!(parsed("", &[]).unwrap().is_empty());
    }

    #[test]
    fn what_is_missing_or_wrong_is_told_at_its_place() {
        refused("by = 'b'\n", "", &["'by' is missing", "a.toml:1:1"]);
        refused("'s'", "' '", &["'statement' is empty", "a.toml:3:13"]);
        refused("2026-11-01", "2026-11-31", &["a.toml:5"]);
        refused(
            "2026-11-01",
            "2026-11-01T10:00:00Z",
            &["'on' is not a date", "a.toml:5:6"],
        );
        refused("'2026-12-31'", "'soon'", &["'until' is not a date"]);
        refused(
            "'2026-12-31'",
            "'2026-10-31'",
            &["lies before 'on' (2026-11-01)", "a.toml:7:9"],
        );
        refused("by =", "bye =", &["did you mean 'by'?"]);
        refused(
            "by = 'b'",
            "by = 'b'\nholds = 'no'",
            &["must be true or false"],
        );
        refused(
            "[[attestation]]",
            "[attestation]",
            &["write [[attestation]]"],
        );
    }

    #[test]
    fn what_is_not_known_is_refused_with_the_nearest() {
        refused(
            "infrastructure:I12",
            "infrastructure:I21",
            &["did you mean 'infrastructure:I12'?", "a.toml:2:8"],
        );
        refused(
            "infrastructure:I12",
            "I12",
            &["did you mean 'infrastructure:I12'?"],
        );
        refused(
            "infrastructure:I12",
            "site.answer",
            &["did you mean 'site.answers'?"],
        );
        refused(
            "infrastructure:I12",
            "nothing of the kind",
            &["holdpoint list"],
        );
        assert!(parsed(&RIGHT.replace("I12", "I99"), &[]).is_ok());
    }
}
