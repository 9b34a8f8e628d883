//! Slots in a block of code: blanks in its lines, or a placeholder that is all of it.

use super::super::slot::{Context, SlotKind};
use super::found::{Found, slots};
use super::line::Line;
use std::ops::Range;

/// A block of code that is being read.
#[derive(Debug)]
pub(super) struct Fence {
    /// It says no language, or that it is text: only then may it be a placeholder.
    plain: bool,
    /// Its lines, as the parser hands them out: without the indentation of lists around it.
    texts: Vec<Range<usize>>,
    /// The words that lead to it.
    label: String,
}

impl Fence {
    pub(super) fn new(language: Option<&str>, label: String) -> Self {
        let plain = |word: &str| matches!(word.trim(), "" | "text" | "txt" | "md" | "markdown");
        Self {
            plain: language.is_some_and(plain),
            texts: Vec::new(),
            label,
        }
    }

    pub(super) fn text(&mut self, at: Range<usize>) {
        match self.texts.last_mut() {
            Some(last) if last.end == at.start => last.end = at.end,
            _ => self.texts.push(at),
        }
    }

    /// The slots of the whole block.
    pub(super) fn close(self, source: &str) -> Vec<Found> {
        let lines: Vec<Range<usize>> = self
            .texts
            .iter()
            .flat_map(|at| lines(source, at.clone()))
            .collect();
        if let Some(at) = self.placeholder(source, &lines) {
            let kind = SlotKind::Placeholder { at };
            return vec![Found::new(kind, &self.label, Context::Fence)];
        }
        let mut found = Vec::new();
        for at in lines {
            let mut line = Line::new(Context::Fence);
            line.text(source, at);
            line.finish(source);
            if !line.marks.is_empty() {
                found.extend(slots(&line, ""));
            }
        }
        for one in &mut found {
            let words = one.label.trim_start_matches(|c: char| !c.is_alphanumeric());
            one.label = words.to_owned();
        }
        found
    }

    fn placeholder(&self, source: &str, lines: &[Range<usize>]) -> Option<Range<usize>> {
        if !self.plain {
            return None;
        }
        let (first, last) = (lines.first()?, lines.last()?);
        let bracketed = |at: &Range<usize>| {
            let inside = source.get(at.clone())?.strip_prefix('[')?;
            let inside = inside.strip_suffix(']')?;
            let words = inside.starts_with(char::is_alphabetic);
            (words && !inside.contains(['"', '='])).then_some(())
        };
        lines
            .iter()
            .all(|at| bracketed(at).is_some())
            .then_some(first.start..last.end)
    }
}

/// The lines of a stretch of text that are not empty, without the space around them.
fn lines(source: &str, at: Range<usize>) -> Vec<Range<usize>> {
    let text = source.get(at.clone()).unwrap_or_default();
    let mut start = at.start;
    let mut found = Vec::new();
    for line in text.split(['\n', '\r']) {
        let from = start + (line.len() - line.trim_start().len());
        let trimmed = line.trim();
        if !trimmed.is_empty() {
            found.push(from..from + trimmed.len());
        }
        start += line.len() + 1;
    }
    found
}
