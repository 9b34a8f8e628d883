//! Reads a TOML table key by key and collects every problem with its place.

mod duration;
mod json;
mod problems;

pub use duration::parse_duration;
pub use problems::{Problems, parse};

use super::{Diagnostic, Source, nearest};
use serde_json::Value;
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads one table. A key that is asked for is known; [`TableReader::finish`] reports the others.
///
/// A value of the wrong type is reported and then treated as absent, so that all problems of a
/// file come out at once.
#[derive(Debug)]
pub struct TableReader<'t> {
    source: &'t Source,
    problems: &'t Problems,
    table: &'t DeTable<'t>,
    span: Range<usize>,
    /// Empty at the top level, otherwise as in the header: `target.headers`.
    name: String,
    /// Written as `[[name]]`.
    repeated: bool,
    asked: RefCell<Vec<String>>,
}

impl<'t> TableReader<'t> {
    /// Reads the top level of a file.
    pub fn new(
        source: &'t Source,
        table: &'t Spanned<DeTable<'t>>,
        problems: &'t Problems,
    ) -> Self {
        Self::nested(
            source,
            problems,
            table.get_ref(),
            table.span(),
            String::new(),
            false,
        )
    }

    fn nested(
        source: &'t Source,
        problems: &'t Problems,
        table: &'t DeTable<'t>,
        span: Range<usize>,
        name: String,
        repeated: bool,
    ) -> Self {
        Self {
            source,
            problems,
            table,
            span,
            name,
            repeated,
            asked: RefCell::default(),
        }
    }

    /// The file.
    pub fn source(&self) -> &'t Source {
        self.source
    }

    /// The table as it is called in messages: `[target]`, or `the top level`.
    pub fn title(&self) -> String {
        match (self.name.as_str(), self.repeated) {
            ("", _) => "the top level".into(),
            (name, true) => format!("[[{name}]]"),
            (name, false) => format!("[{name}]"),
        }
    }

    /// The line (from 1) of the table's header.
    pub fn header_line(&self) -> usize {
        self.source.line_of(self.span.start)
    }

    /// The line (from 1) of a key's value, or of the table's header where the key is absent.
    pub fn line(&self, key: &str) -> usize {
        self.source.line_of(self.span_of(key).start)
    }

    /// The bytes of a key's value, or of the table's header where the key is absent.
    pub fn span_of(&self, key: &str) -> Range<usize> {
        self.table
            .get(key)
            .map_or_else(|| self.span.clone(), Spanned::span)
    }

    /// The keys that are written in the table, in their order, with the bytes of each.
    pub fn keys(&self) -> impl Iterator<Item = (&'t str, Range<usize>)> {
        self.table
            .keys()
            .map(|key| (key.get_ref().as_ref(), key.span()))
    }

    /// Is the key written? It is known from now on.
    pub fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// The value of a key as it was parsed.
    pub fn value(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.iter().any(|known| known == key) {
            asked.push(key.into());
        }
        self.table.get(key)
    }

    /// Reports something about a key's value.
    pub fn wrong(
        &self,
        key: &str,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.wrong_at(self.span_of(key), message, label, help);
    }

    /// Reports something about bytes of the file.
    pub fn wrong_at(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let help = help.into();
        let problem = Diagnostic::new(message).at(self.source, span, label);
        self.problems.push(if help.is_empty() {
            problem
        } else {
            problem.help(help)
        });
    }

    /// Reports a problem that was found elsewhere.
    pub fn report(&self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// Reports each of the keys that is not written.
    pub fn require(&self, keys: &[&str]) {
        for key in keys.iter().filter(|key| !self.has(key)) {
            let title = self.title();
            self.wrong_at(
                self.span.clone(),
                format!("'{key}' is missing in {title}"),
                format!("needs '{key}'"),
                "",
            );
        }
    }

    /// Text.
    pub fn text(&self, key: &str) -> Option<String> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            other => self.mistyped(key, value.span(), "text", other),
        }
    }

    /// true or false.
    pub fn bool(&self, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(is) => Some(*is),
            other => self.mistyped(key, value.span(), "true or false", other),
        }
    }

    /// A whole number within `range`.
    pub fn int(&self, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let value = self.value(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            return self.mistyped(key, value.span(), "a whole number", value.get_ref());
        };
        let found = i64::from_str_radix(number.as_str(), number.radix()).ok();
        let good = found.filter(|number| range.contains(number));
        if good.is_none() {
            let (least, most) = (range.start(), range.end());
            let message = match (*least, *most) {
                (least, i64::MAX) => format!("'{key}' must be at least {least}"),
                (least, most) => format!("'{key}' must be from {least} to {most}"),
            };
            self.wrong_at(value.span(), message, "out of range", "");
        }
        good
    }

    /// A span of time, such as `"10s"`; the unit is needed.
    pub fn duration(&self, key: &str) -> Option<Duration> {
        let value = self.value(key)?;
        let found = match value.get_ref() {
            DeValue::String(text) => parse_duration(text),
            DeValue::Integer(number) => Err(duration::without_unit(number.as_str())),
            DeValue::Float(number) => Err(duration::without_unit(number.as_str())),
            other => return self.mistyped(key, value.span(), "a duration such as \"10s\"", other),
        };
        found
            .map_err(|help| {
                self.wrong_at(
                    value.span(),
                    format!("'{key}' is not a duration"),
                    "needs a number and a unit",
                    help,
                );
            })
            .ok()
    }

    /// One of some words, such as `Level::ALL`.
    pub fn word<T: Copy + Display>(&self, key: &str, words: &[T]) -> Option<T> {
        let text = self.text(key)?;
        self.word_of(&text, self.span_of(key), key, words)
    }

    /// A list of words, such as `HindranceKind::ALL`.
    pub fn words<T: Copy + Display>(&self, key: &str, words: &[T]) -> Option<Vec<T>> {
        let texts = self.texts(key)?;
        Some(
            texts
                .into_iter()
                .filter_map(|(text, span)| self.word_of(&text, span, key, words))
                .collect(),
        )
    }

    /// A list of texts.
    pub fn list_of_text(&self, key: &str) -> Option<Vec<String>> {
        Some(self.texts(key)?.into_iter().map(|(text, _)| text).collect())
    }

    /// A list of texts, each with its bytes in the file.
    pub fn texts(&self, key: &str) -> Option<Vec<(String, Range<usize>)>> {
        let value = self.value(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            let found = value.get_ref();
            if let DeValue::String(text) = found {
                let help = format!("write {key} = [{}]", Value::from(text.as_ref()));
                self.wrong_at(
                    value.span(),
                    format!("'{key}' must be a list of text, not text"),
                    "text",
                    help,
                );
                return None;
            }
            return self.mistyped(key, value.span(), "a list of text", found);
        };
        let one = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::String(text) => Some((text.to_string(), item.span())),
            other => self.mistyped(key, item.span(), "a list of text", other),
        };
        Some(items.iter().filter_map(one).collect())
    }

    /// A table of names and texts, in the order in which they are written.
    pub fn map_of_text(&self, key: &str) -> Option<Vec<(String, String)>> {
        let table = self.table(key)?;
        let names: Vec<_> = table.keys().map(|(name, _)| name).collect();
        Some(
            names
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), table.text(name)?)))
                .collect(),
        )
    }

    /// A table.
    pub fn table(&self, key: &str) -> Option<Self> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(self.child(key, table, value.span(), false)),
            other => self.mistyped(key, value.span(), "a table", other),
        }
    }

    /// A list of tables, written as `[[key]]`; empty where there is none.
    pub fn tables(&self, key: &str) -> Vec<Self> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        match value.get_ref() {
            DeValue::Array(items) => {
                let one = |item: &'t Spanned<DeValue<'t>>| match item.get_ref() {
                    DeValue::Table(table) => Some(self.child(key, table, item.span(), true)),
                    other => self.mistyped(key, item.span(), "a list of tables", other),
                };
                items.iter().filter_map(one).collect()
            }
            DeValue::Table(_) => {
                let message =
                    format!("'{key}' may be given several times, so it needs double brackets");
                self.wrong_at(
                    value.span(),
                    message,
                    "one table",
                    format!("write [[{key}]]"),
                );
                Vec::new()
            }
            other => self
                .mistyped(key, value.span(), "a list of tables", other)
                .unwrap_or_default(),
        }
    }

    /// Any value, as JSON; a date becomes text.
    pub fn json(&self, key: &str) -> Option<Value> {
        let out_of_range = |span| {
            let message = "this number is out of range";
            self.wrong_at(span, message, "too large, or not a number", "");
        };
        json::of(self.value(key)?).map_err(out_of_range).ok()
    }

    /// Reports the keys that nobody asked for, each with the nearest right name.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, span) in self
            .keys()
            .filter(|(key, _)| !asked.iter().any(|known| known == key))
        {
            let title = self.title();
            let help = match nearest(key, asked.iter().map(String::as_str)) {
                Some(name) => format!("did you mean '{name}'?"),
                None if asked.is_empty() => String::new(),
                None => format!("known here: {}", asked.join(", ")),
            };
            self.wrong_at(
                span,
                format!("unknown key '{key}' in {title}"),
                "not known here",
                help,
            );
        }
    }

    fn child(&self, key: &str, table: &'t DeTable<'t>, span: Range<usize>, repeated: bool) -> Self {
        let name = if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        };
        Self::nested(self.source, self.problems, table, span, name, repeated)
    }

    fn word_of<T: Copy + Display>(
        &self,
        text: &str,
        span: Range<usize>,
        key: &str,
        words: &[T],
    ) -> Option<T> {
        let names: Vec<String> = words.iter().map(T::to_string).collect();
        if let Some(place) = names.iter().position(|name| name == text) {
            return words.get(place).copied();
        }
        let help = match nearest(text, names.iter().map(String::as_str)) {
            Some(name) => format!("did you mean '{name}'? Known: {}", names.join(", ")),
            None => format!("known: {}", names.join(", ")),
        };
        self.wrong_at(
            span,
            format!("'{text}' is not a word of '{key}'"),
            "not known here",
            help,
        );
        None
    }

    fn mistyped<T>(
        &self,
        key: &str,
        span: Range<usize>,
        wanted: &str,
        found: &DeValue<'_>,
    ) -> Option<T> {
        let found = describe(found);
        let message = match self.name.as_str() {
            "" => format!("'{key}' must be {wanted}, not {found}"),
            _ => format!("'{key}' in {} must be {wanted}, not {found}", self.title()),
        };
        self.wrong_at(span, message, found, "");
        None
    }
}

fn describe(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests;
