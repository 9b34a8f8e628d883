//! Adds one table to a TOML file that people keep, and leaves what they wrote as it is.

use super::exit::Exit;
use super::output::Output;
use super::prepare::Environment;
use crate::catalog::parse_day;
use crate::clock;
use crate::diagnostic::{Diagnostic, Source};
use crate::document::store::{self, Fault, FaultKind, Lock, Opened};
use crate::secret::shows_secret;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::path::Path;

/// A file of people's statements.
pub(super) struct Kept<'a> {
    /// The root of the application, where the lock is.
    pub(super) root: &'a Path,
    /// The file; it need not exist.
    pub(super) path: &'a Path,
    /// The path as messages give it.
    pub(super) name: &'a str,
    /// What a new file begins with.
    pub(super) header: &'a str,
}

/// What the file says about the same thing already.
pub(super) enum Standing {
    /// Nothing that still counts.
    Free,
    /// The same, at this place.
    Same(String),
    /// Something else that still counts.
    Other(Diagnostic),
}

/// What came of it.
pub(super) enum Added {
    /// The table was written, with its header at this place.
    Written(String),
    /// The same stood there already, at this place.
    Already(String),
}

/// Why nothing was written.
pub(super) enum Refusal {
    /// Something of the user's is wrong.
    Problems(Vec<Diagnostic>),
    /// The file could not be read or written.
    Fault(Box<Fault>),
}

impl From<Vec<Diagnostic>> for Refusal {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self::Problems(problems)
    }
}

impl From<Box<Fault>> for Refusal {
    fn from(fault: Box<Fault>) -> Self {
        Self::Fault(fault)
    }
}

impl Refusal {
    /// Says it and returns the status for it.
    pub(super) fn tell(self, output: &Output) -> Exit {
        match self {
            Self::Problems(problems) => output.diagnose(&problems),
            Self::Fault(fault) => {
                let unwritten = matches!(
                    fault.kind,
                    FaultKind::Changed | FaultKind::Busy | FaultKind::Unwritten
                );
                let usage = output.diagnose(&[fault.told]);
                if unwritten { Exit::Unwritten } else { usage }
            }
        }
    }
}

/// Adds a table to the file, which `parse` must be able to read before and after.
pub(super) fn add<T: PartialEq>(
    to: &Kept<'_>,
    table: &str,
    parse: impl Fn(&Source) -> Result<Vec<T>, Vec<Diagnostic>>,
    standing: impl Fn(&[T]) -> Standing,
) -> Result<Added, Refusal> {
    let plan = || Plan::new(to, table, &parse, &standing);
    // What is refused leaves no trace, not even the lock's; so it is looked at once without.
    if let Plan::Already(place) = plan()? {
        return Ok(Added::Already(place));
    }
    let _lock = Lock::take(to.root)?;
    match plan()? {
        Plan::Already(place) => Ok(Added::Already(place)),
        Plan::Write {
            opened,
            text,
            place,
        } => {
            match opened {
                Some(opened) => store::replace(&opened, &text)?,
                None => store::create(to.path, to.name, &text)?,
            }
            Ok(Added::Written(place))
        }
    }
}

enum Plan {
    Already(String),
    Write {
        opened: Option<Opened>,
        text: String,
        place: String,
    },
}

impl Plan {
    fn new<T: PartialEq>(
        to: &Kept<'_>,
        table: &str,
        parse: impl Fn(&Source) -> Result<Vec<T>, Vec<Diagnostic>>,
        standing: impl Fn(&[T]) -> Standing,
    ) -> Result<Self, Refusal> {
        let opened = match store::open(to.path, to.name) {
            Ok(opened) => Some(opened),
            Err(fault) if fault.kind == FaultKind::Missing && !to.path.is_symlink() => None,
            Err(fault) => return Err(fault.into()),
        };
        let old = opened.as_ref().map_or("", |opened| opened.text.as_str());
        let before = parse(&Source::new(to.name, old))?;
        match standing(&before) {
            Standing::Free => {}
            Standing::Same(place) => return Ok(Self::Already(place)),
            Standing::Other(problem) => return Err(vec![problem].into()),
        }
        if let Some(opened) = &opened {
            opened.writable()?;
        }
        let text = joined(if opened.is_some() { old } else { to.header }, table);
        let line = text.len() - with_breaks_of(&text, table).len();
        let source = Source::new(to.name, &text);
        let place = format!("{}:{}", to.name, source.line_of(line));
        let after = parse(&source).unwrap_or_default();
        if after.len() != before.len() + 1 || !after.starts_with(&before) {
            let message = format!("a table at the end of {} would not be read as one", to.name);
            let help =
                "write its entries as [[…]] tables, one after the other, in place of a list in [ ]";
            return Err(vec![Diagnostic::new(message).help(help)].into());
        }
        Ok(Self::Write {
            opened,
            text,
            place,
        })
    }
}

/// The text with a table at its end, after an empty line.
fn joined(text: &str, table: &str) -> String {
    let mut joined = text.to_owned();
    if !text.trim_start_matches('\u{FEFF}').is_empty() {
        if !text.ends_with('\n') {
            joined.push_str(&with_breaks_of(text, "\n"));
        }
        let blank = text.trim_end_matches([' ', '\t']);
        if !blank.ends_with("\n\n") && !blank.ends_with("\n\r\n") {
            joined.push_str(&with_breaks_of(text, "\n"));
        }
    }
    joined.push_str(&with_breaks_of(text, table));
    joined
}

/// Lines that end as those of another text do.
fn with_breaks_of(text: &str, lines: &str) -> String {
    if text.contains("\r\n") {
        lines.replace('\n', "\r\n")
    } else {
        lines.to_owned()
    }
}

/// A value as TOML writes text. What JSON escapes, TOML reads the same; it also wants DEL escaped.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007F")
}

/// What people say in one line, in characters.
const LONGEST_LINE: usize = 1000;

/// The text of an option as it will be written, or what is wrong with it.
pub(super) fn line(
    option: &str,
    text: &str,
    environment: &Environment,
    problems: &mut Vec<Diagnostic>,
) -> String {
    let text = text.trim();
    if text.is_empty() {
        let problem = Diagnostic::new(format!("{option} is empty"));
        problems.push(problem.help("others must be able to tell what it says"));
    } else if text.chars().any(char::is_control) {
        let problem = Diagnostic::new(format!(
            "{option} has more than one line, or control characters"
        ));
        problems.push(problem.help("say it in one line"));
    } else if text.chars().count() > LONGEST_LINE {
        let problem = Diagnostic::new(format!("{option} has more than {LONGEST_LINE} characters"));
        problems.push(problem.help("say it shortly, and say where the rest can be read"));
    } else if shows_secret(text) || environment.secrets.redact(text) != text {
        // It must not come back in another message.
        environment.secrets.register("argument", text);
        let problem = Diagnostic::new(format!("{option} looks like it holds a secret"));
        let help =
            "the file is for everybody to read: say where the evidence is, without the secret";
        problems.push(problem.help(help));
    }
    text.to_owned()
}

/// Today in UTC, which is what the days in these files are.
pub(super) fn today() -> Date {
    clock::now().to_zoned(TimeZone::UTC).date()
}

/// A last day that has not passed yet.
pub(super) fn last_day(until: Date, today: Date, problems: &mut Vec<Diagnostic>) {
    if until < today {
        let message = format!("--until {until} has passed: today is {today} (UTC)");
        problems.push(Diagnostic::new(message).help("give the last day on which it shall count"));
    }
}

/// A day, as an argument.
pub(super) fn day(text: &str) -> Result<Date, String> {
    parse_day(text).ok_or_else(|| "a day is written as 2026-12-31".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays_as_it_is() {
        for (text, expected) in [
            ("", "T\n"),
            ("# a\n", "# a\n\nT\n"),
            ("# a", "# a\n\nT\n"),
            ("# a\n\n", "# a\n\nT\n"),
            ("# a\r\nb = 1\r\n", "# a\r\nb = 1\r\n\r\nT\r\n"),
            ("\u{FEFF}", "\u{FEFF}T\n"),
        ] {
            assert_eq!(joined(text, "T\n"), expected, "{text:?}");
        }
    }

    #[test]
    fn every_text_is_read_back() {
        for text in [
            "plain",
            "a \"b\" \\ 'c'",
            "é ✓ \u{7f}\u{1}",
            "#=[]",
            "'''\"\"\"",
        ] {
            let table: toml::Table = format!("a = {}\n", quoted(text)).parse().unwrap();
            assert_eq!(table["a"].as_str(), Some(text));
        }
    }

    #[test]
    fn secrets_are_found_among_words_and_in_links() {
        for text in [
            "the key is sk-proj-abcdefghijklmnop.",
            "https://u:p4ss@ci.example.com/1",
            "https://ci.example.com/run?id=1&access_token=abc",
            "(GOCSPX-abcdefghijklmnopqrst)",
        ] {
            assert!(shows_secret(text), "{text}");
        }
        for text in [
            "the console shows a backup of 2026-11-24, taken at 03:00",
            "https://ci.example.com/runs/84e0beea1b2c3d4e5f60718293a4b5c6d7e8f901",
            "docs/evidence/backup.png",
            "https://tracker.example.com/TICKET-12?view=full",
        ] {
            assert!(!shows_secret(text), "{text}");
        }
    }
}
