//! Reads one map as it is written: what it names is kept with its place and looked up later.

use crate::diagnostic::table::{Problems, TableReader, parse};
use crate::diagnostic::{Diagnostic, Source};
use crate::model::{Place, Ruling, Severity};
use std::collections::HashMap;
use std::ops::Range;
use toml::de::DeValue;

/// A name that a map writes, with its bytes.
pub(super) type Said = (String, Range<usize>);

/// A map before its names are looked up.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) source: Source,
    pub(super) name: Said,
    pub(super) title: Option<String>,
    pub(super) file: Option<String>,
    pub(super) preprinted: Vec<String>,
    pub(super) items: Vec<DraftItem>,
    pub(super) notes: Vec<DraftNote>,
    /// Words of the document, by the check that speaks against it.
    pub(super) quotes: Vec<(Said, String)>,
}

/// An item before its names are looked up.
#[derive(Debug, Clone)]
pub(super) struct DraftItem {
    /// A user's item may stand among shipped ones.
    pub(super) source: Source,
    pub(super) id: Said,
    pub(super) under: Vec<String>,
    pub(super) item: Vec<String>,
    pub(super) row: Option<String>,
    pub(super) ruling: Ruling,
    pub(super) checks: Option<Vec<Said>>,
    pub(super) all_of: Vec<Said>,
    pub(super) person: Option<String>,
    pub(super) slots: Vec<DraftSlot>,
    pub(super) place: Place,
}

/// A slot before its names are looked up.
#[derive(Debug, Clone)]
pub(super) struct DraftSlot {
    pub(super) label: Option<String>,
    pub(super) column: Option<String>,
    pub(super) write: DraftWrite,
    pub(super) place: Place,
}

/// What is written, before its names are looked up.
#[derive(Debug, Clone)]
pub(super) enum DraftWrite {
    State {
        checks: Vec<Said>,
        pass: Option<String>,
        fail: Option<String>,
    },
    Date,
    Fact {
        check: Said,
        fact: Said,
    },
    Count {
        passed: bool,
        of: Vec<Said>,
    },
    Failures(Severity),
    List(Severity),
    Never(String),
    Person,
    Signature {
        gate: Option<String>,
    },
}

/// A contradiction before its names are looked up.
#[derive(Debug, Clone)]
pub(super) struct DraftNote {
    pub(super) source: Source,
    pub(super) id: Said,
    pub(super) items: Vec<Said>,
    pub(super) quotes: Vec<String>,
    pub(super) says: String,
    pub(super) truth: String,
    pub(super) from: String,
    pub(super) checks: Vec<Said>,
}

/// The words of `write`, each with the keys that go with it.
const WRITES: &[(&str, &[&str])] = &[
    ("state", &["checks", "pass", "fail"]),
    ("date", &[]),
    ("fact", &["check", "fact"]),
    ("count", &["count", "of"]),
    ("failures", &["severity"]),
    ("list", &["severity"]),
    ("never", &["reason"]),
    ("person", &[]),
    ("signature", &["gate"]),
];

/// Reads a map.
///
/// # Errors
/// Everything that can be told without the catalogue and the other maps, each at its place.
pub(super) fn read(source: &Source) -> Result<Draft, Vec<Diagnostic>> {
    let table = parse(source)?;
    let problems = Problems::default();
    let reader = TableReader::new(source, &table, &problems);
    let draft = read_map(&reader);
    reader.finish();
    match draft {
        Some(draft) if problems.is_empty() => Ok(draft),
        _ => Err(problems.into_vec()),
    }
}

fn read_map(reader: &TableReader<'_>) -> Option<Draft> {
    reader.require(&["name"]);
    let name = said(reader, "name").filter(|(name, span)| {
        let right = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !right {
            let message = format!("'{name}' is not a document's name");
            let help = "write lower-case letters, digits and hyphens, such as \"infrastructure\"";
            reader.wrong_at(span.clone(), message, "not a name", help);
        }
        right
    });
    let file = filled(reader, "file").filter(|file| {
        let plain = |part: &str| !matches!(part, "" | "." | "..");
        let right = file.split('/').all(plain) && !file.contains(['\\', '\0']);
        if !right {
            let message = "'file' must be a path below the application's root";
            let help = "write one such as \"docs/RELEASE.md\"";
            reader.wrong("file", message, "not such a path", help);
        }
        right
    });
    let title = filled(reader, "title");
    let items: Vec<DraftItem> = reader
        .tables("item")
        .into_iter()
        .filter_map(|item| read_item(&item))
        .collect();
    let notes: Vec<DraftNote> = reader
        .tables("contradiction")
        .into_iter()
        .filter_map(|note| read_note(&note))
        .collect();
    doubles(reader, items.iter().map(|item| &item.id), "item");
    doubles(reader, notes.iter().map(|note| &note.id), "contradiction");
    Some(Draft {
        source: reader.source().clone(),
        name: name?,
        title,
        file,
        preprinted: reader.list_of_text("preprinted").unwrap_or_default(),
        items,
        notes,
        quotes: read_quotes(reader),
    })
}

/// The table `quotes`: words of the document, by check.
fn read_quotes(reader: &TableReader<'_>) -> Vec<(Said, String)> {
    let Some(table) = reader.table("quotes") else {
        return Vec::new();
    };
    let names: Vec<_> = table.keys().collect();
    let each = names
        .into_iter()
        .filter_map(|(id, span)| Some(((id.to_owned(), span), filled(&table, id)?)));
    let quotes = each.collect();
    table.finish();
    quotes
}

/// Reports ids that are given twice.
fn doubles<'a>(reader: &TableReader<'_>, ids: impl Iterator<Item = &'a Said>, what: &str) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (id, span) in ids {
        let line = reader.source().line_of(span.start);
        if let Some(first) = seen.get(id.as_str()) {
            reader.wrong_at(
                span.clone(),
                format!("the {what} '{id}' is defined twice"),
                format!("also in line {first}"),
                "give one of them another id",
            );
        } else {
            seen.insert(id, line);
        }
    }
}

fn read_item(reader: &TableReader<'_>) -> Option<DraftItem> {
    reader.require(&["id", "under", "ruling"]);
    let id = read_id(reader);
    let under = path(reader, "under", " / ");
    let item = path(reader, "item", " > ");
    let row = filled(reader, "row");
    if reader.has("item") && reader.has("row") {
        let message = "'row' and 'item' do not belong together";
        let help = "an item is a list item or a row of a table; take one of them out";
        reader.wrong("row", message, "besides 'item'", help);
    }
    let ruling = reader.word("ruling", Ruling::ALL);
    let checks = reader.texts("checks");
    let all_of = reader.texts("all_of");
    let person = filled(reader, "person");
    let rolled_up = all_of.as_ref().is_some_and(|all_of| !all_of.is_empty());
    if ruling == Some(Ruling::Attest) && !reader.has("person") && !rolled_up {
        let message =
            "'person' is missing: an item that is attested needs what a person must state";
        let help =
            "write person = \"says that …\", or all_of = [\"…\"] where other items say it all";
        reader.wrong("ruling", message, "needs 'person'", help);
    }
    let slots: Vec<DraftSlot> = reader
        .tables("slot")
        .into_iter()
        .filter_map(|slot| read_slot(&slot))
        .collect();
    reader.finish();
    Some(DraftItem {
        source: reader.source().clone(),
        place: Place {
            file: reader.source().name.to_string(),
            line: reader.line("id"),
        },
        id: id?,
        under: under?,
        item: item.unwrap_or_default(),
        row,
        ruling: ruling?,
        checks,
        all_of: all_of.unwrap_or_default(),
        person,
        slots,
    })
}

fn read_slot(reader: &TableReader<'_>) -> Option<DraftSlot> {
    reader.require(&["write"]);
    let label = filled(reader, "label");
    let column = filled(reader, "column");
    if reader.has("label") && reader.has("column") {
        let message = "'column' and 'label' do not belong together";
        let help = "a slot is named by the words before it, or by its column in a table";
        reader.wrong("column", message, "besides 'label'", help);
    }
    let words: Vec<&str> = WRITES.iter().map(|(word, _)| *word).collect();
    let word = reader.word("write", &words);
    strangers(reader, word);
    let write = word.and_then(|word| read_write(reader, word));
    reader.finish();
    Some(DraftSlot {
        label,
        column,
        write: write?,
        place: Place {
            file: reader.source().name.to_string(),
            line: reader.header_line(),
        },
    })
}

/// Reports keys that go with another word of `write`; all of them are known from now on.
fn strangers(reader: &TableReader<'_>, word: Option<&str>) {
    for (home, keys) in WRITES {
        for key in keys.iter().filter(|key| reader.has(key)) {
            let belongs = |word: &str| {
                let own = WRITES.iter().find(|(other, _)| *other == word);
                own.is_some_and(|(_, keys)| keys.contains(key))
            };
            if let Some(word) = word
                && !belongs(word)
                // Two words take a severity; one message is enough.
                && WRITES.iter().find(|(_, keys)| keys.contains(key)).map(|(first, _)| first) == Some(home)
            {
                let message = format!("'{key}' does not belong to write = \"{word}\"");
                let help = format!("it goes with write = \"{home}\"; take it out here");
                reader.wrong(key, message, "does not belong here", help);
            }
        }
    }
}

fn read_write(reader: &TableReader<'_>, word: &str) -> Option<DraftWrite> {
    Some(match word {
        "state" => {
            let (pass, fail) = (filled(reader, "pass"), filled(reader, "fail"));
            for (key, other) in [("pass", "fail"), ("fail", "pass")] {
                if reader.has(key) && !reader.has(other) {
                    let message = format!("'{key}' needs '{other}'");
                    let help = format!("write {other} = \"…\" too, as the document has it");
                    reader.wrong(key, message, format!("without '{other}'"), help);
                }
            }
            if pass.is_some() && pass == fail {
                let message = "'pass' and 'fail' are the same option";
                reader.wrong("fail", message, "the same as 'pass'", "");
            }
            DraftWrite::State {
                checks: not_empty(reader, "checks").unwrap_or_default(),
                pass,
                fail,
            }
        }
        "date" => DraftWrite::Date,
        "fact" => {
            reader.require(&["check", "fact"]);
            let (check, fact) = (said(reader, "check"), said(reader, "fact"));
            DraftWrite::Fact {
                check: check?,
                fact: fact?,
            }
        }
        "count" => {
            reader.require(&["count", "of"]);
            let counted = reader.word("count", &["passed", "failed"]);
            let of = not_empty(reader, "of");
            DraftWrite::Count {
                passed: counted? == "passed",
                of: of?,
            }
        }
        "never" => {
            reader.require(&["reason"]);
            DraftWrite::Never(filled(reader, "reason")?)
        }
        "person" => DraftWrite::Person,
        "signature" => DraftWrite::Signature {
            gate: filled(reader, "gate"),
        },
        // The two that are left take a severity.
        _ => {
            reader.require(&["severity"]);
            let severity = reader.word("severity", Severity::ALL)?;
            if word == "list" {
                DraftWrite::List(severity)
            } else {
                DraftWrite::Failures(severity)
            }
        }
    })
}

fn read_note(reader: &TableReader<'_>) -> Option<DraftNote> {
    reader.require(&["id", "items", "quotes", "says", "truth", "source"]);
    let id = read_id(reader);
    let items = not_empty(reader, "items");
    let quotes = reader.list_of_text("quotes");
    let [says, truth, from] = ["says", "truth", "source"].map(|key| filled(reader, key));
    let checks = reader.texts("checks").unwrap_or_default();
    reader.finish();
    Some(DraftNote {
        source: reader.source().clone(),
        id: id?,
        items: items?,
        quotes: quotes?,
        says: says?,
        truth: truth?,
        from: from?,
        checks,
    })
}

fn read_id(reader: &TableReader<'_>) -> Option<Said> {
    said(reader, "id").filter(|(id, span)| {
        let right = id.starts_with(|c: char| c.is_ascii_alphanumeric())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if !right {
            let message = format!("'{id}' is not an id");
            let help = "write letters, digits, dots and hyphens, such as \"I02\" or \"P2.4\"";
            reader.wrong_at(span.clone(), message, "not an id", help);
        }
        right
    })
}

/// Text that says something, with its bytes.
fn said(reader: &TableReader<'_>, key: &str) -> Option<Said> {
    filled(reader, key).map(|text| (text, reader.span_of(key)))
}

/// Text that says something, without blanks around it.
fn filled(reader: &TableReader<'_>, key: &str) -> Option<String> {
    let text = reader.text(key)?;
    let text = text.trim();
    if text.is_empty() {
        reader.wrong(key, format!("'{key}' is empty"), "empty", "");
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// A list that names something.
fn not_empty(reader: &TableReader<'_>, key: &str) -> Option<Vec<Said>> {
    let names = reader.texts(key)?;
    if names.is_empty() {
        let help = "name one at least, or take the key out";
        reader.wrong(key, format!("'{key}' names nothing"), "empty", help);
    }
    Some(names)
}

/// Texts, outermost first: one text with `between` between them, or a list where a text of its own
/// holds that.
fn path(reader: &TableReader<'_>, key: &str, between: &str) -> Option<Vec<String>> {
    let listed = matches!(
        reader.value(key).map(toml::Spanned::get_ref),
        Some(DeValue::Array(_))
    );
    let parts = if listed {
        reader.list_of_text(key)?
    } else {
        let text = reader.text(key)?;
        text.split(between).map(str::to_owned).collect()
    };
    let parts: Vec<String> = parts.iter().map(|part| part.trim().to_owned()).collect();
    if parts.is_empty() || parts.iter().any(String::is_empty) {
        let message = format!("'{key}' has an empty part");
        let help = format!("write \"text\", or \"outer{between}inner\"");
        reader.wrong(key, message, "says nothing", help);
        return None;
    }
    Some(parts)
}
