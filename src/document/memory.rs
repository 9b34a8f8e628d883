//! What holdpoint wrote into a document, remembered beside it, so that it can be renewed and taken out again.

use super::judged::Standing;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The version of the remembered form.
pub(super) const SCHEMA: &str = "holdpoint.document/v1";

/// Everything that is remembered of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The document's path, as seen from the root.
    pub document: String,
    /// What was last known of each item that holdpoint wrote something for.
    #[serde(default)]
    pub items: BTreeMap<String, Known>,
    /// What was last said of each contradiction.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<String, String>,
    /// Lines with slots that holdpoint wrote.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// Fenced blocks that holdpoint wrote.
    #[serde(default)]
    pub blocks: Vec<Block>,
}

/// What was known of an item when its slots were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// `proved`, `attested`, `does not hold`, …
    pub standing: String,
    /// When the evidence was gathered.
    pub at: Timestamp,
    /// The day of the statement, where the answer rests on that alone or the statement is newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// The run that gathered it.
    pub run: String,
    /// The commit that it was gathered for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The environment that was looked at: `staging`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub environment: String,
    /// The address that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The checks behind it, with what each gave.
    pub checks: BTreeMap<String, String>,
    /// Digests of the observations behind it.
    pub evidence: Vec<String>,
    /// Whose statement it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<String>,
}

/// A line as it was before anything was written, cut at its slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Where it stands.
    pub place: Place,
    /// What stands before, between and after the slots; one more than there are slots.
    pub pieces: Vec<String>,
    /// The slots.
    pub slots: Vec<Written>,
}

/// A fenced block's content as it was before it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Where it stands; the `nth` of its section's fenced blocks.
    pub place: Place,
    /// The slot.
    pub slot: Written,
}

/// Where a line or a block stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The headings, outermost first, normalised.
    pub headings: Vec<String>,
    /// The first lines of the list items around it, outermost first, normalised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// From 0: which of those that look the same.
    pub nth: usize,
    /// How many look the same.
    pub of: usize,
}

/// One slot: what it said, and what holdpoint wrote there last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// What it said before.
    pub original: String,
    /// What holdpoint wrote; none where it wrote nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

impl Written {
    /// What stands there, unless a person changed it.
    pub(super) fn words(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.original)
    }

    fn words_mut(&mut self) -> impl Iterator<Item = &mut String> {
        std::iter::once(&mut self.original).chain(&mut self.written)
    }
}

impl Known {
    /// It was told to hold.
    pub(super) fn holds(&self) -> bool {
        let holding = [Standing::Proved, Standing::Attested];
        holding.iter().any(|one| one.words() == self.standing)
    }

    /// When that was seen, or the day on which it was stated.
    pub(super) fn seen(&self) -> String {
        match self.on {
            Some(day) => day.to_string(),
            None => self.at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }
}

impl Memory {
    /// That of a document into which nothing was written.
    pub fn empty(document: &str) -> Self {
        Self {
            schema: SCHEMA.into(),
            document: document.into(),
            items: BTreeMap::new(),
            notes: BTreeMap::new(),
            lines: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// Nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.blocks.is_empty() && self.notes.is_empty()
    }

    /// Reads the remembered form.
    ///
    /// # Errors
    /// Says why it cannot be used.
    pub fn read(text: &str) -> Result<Self, String> {
        let memory: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        memory.usable()?;
        Ok(memory)
    }

    /// May it be worked with?
    ///
    /// # Errors
    /// Says why not.
    pub(super) fn usable(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            return Err(format!(
                "it is of the form {}, and this program reads {SCHEMA}",
                self.schema
            ));
        }
        let whole = |line: &Line| line.pieces.len() == line.slots.len() + 1;
        if !self.lines.iter().all(whole) {
            return Err("a line has not one piece more than it has slots".into());
        }
        Ok(())
    }

    /// The same in the line ends of a text that has one kind of them: a checkout may have changed them all.
    pub(super) fn in_line_ends_of(&self, text: &str) -> Cow<'_, Self> {
        let (all, crlf) = line_ends(text);
        if crlf != 0 && crlf != all {
            return Cow::Borrowed(self);
        }
        let fits = |words: &String| {
            let (own, own_crlf) = line_ends(words);
            own_crlf == if crlf == 0 { 0 } else { own }
        };
        let mut whole = Cow::Borrowed(self);
        if !self.words().all(fits) {
            for words in whole.to_mut().words_mut() {
                let plain = words.replace("\r\n", "\n");
                *words = match crlf {
                    0 => plain,
                    _ => plain.replace('\n', "\r\n"),
                };
            }
        }
        whole
    }

    /// Everything that stands in the document, or stood there.
    fn words(&self) -> impl Iterator<Item = &String> {
        let pieces = self.lines.iter().flat_map(|line| &line.pieces);
        let slots = self.lines.iter().flat_map(|line| &line.slots);
        let slots = slots.chain(self.blocks.iter().map(|block| &block.slot));
        pieces.chain(slots.flat_map(|slot| std::iter::once(&slot.original).chain(&slot.written)))
    }

    fn words_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let lines = self.lines.iter_mut().flat_map(|line| {
            let slots = line.slots.iter_mut().flat_map(Written::words_mut);
            line.pieces.iter_mut().chain(slots)
        });
        let blocks = self.blocks.iter_mut();
        lines.chain(blocks.flat_map(|block| block.slot.words_mut()))
    }

    /// The remembered form, one fact a line, so that changes can be reviewed.
    pub fn write(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("plain data has a JSON form") + "\n"
    }
}

/// How many line breaks there are, and how many of them are CRLF.
fn line_ends(text: &str) -> (usize, usize) {
    (text.matches('\n').count(), text.matches("\r\n").count())
}
