//! The parts of a document that are open while it is read: lists, tables, paragraphs.

use super::super::slot::{Context, OptionMark};
use super::address::Place;
use super::line::Line;
use std::collections::HashMap;

/// A list that is open.
#[derive(Default)]
pub(super) struct List {
    /// The words that lead to it.
    pub(super) label: String,
    /// Options at the start of its bullets.
    pub(super) options: Vec<OptionMark>,
    /// One of them is a box, so that they are a choice.
    pub(super) open: bool,
    pub(super) place: Place,
}

/// The tables so far.
#[derive(Default)]
pub(super) struct Table {
    /// The first cell of every row.
    pub(super) rows: Vec<String>,
    /// The heading of every column.
    pub(super) columns: Vec<String>,
    /// Where the columns of the open table begin.
    pub(super) base: usize,
    /// The column that comes next.
    pub(super) column: usize,
    pub(super) in_head: bool,
    /// The second cell of every row of the open table, if nothing is filled in there.
    pub(super) seconds: Vec<String>,
}

impl Table {
    /// The words of the cell that has ended.
    pub(super) fn cell(&mut self, words: String, has_slot: bool) {
        match self.column {
            0 => {
                if let Some(row) = self.rows.last_mut() {
                    row.clone_from(&words);
                }
                self.seconds.push(String::new());
            }
            1 if !has_slot => {
                if let Some(second) = self.seconds.last_mut() {
                    second.clone_from(&words);
                }
            }
            _ => {}
        }
        if self.in_head {
            self.columns.push(words);
        }
    }

    /// Rows that begin alike are told apart by their second cells.
    pub(super) fn end(&mut self) {
        let seconds = std::mem::take(&mut self.seconds);
        let start = self.rows.len().saturating_sub(seconds.len());
        let rows = self.rows.get_mut(start..).unwrap_or_default();
        let mut alike: HashMap<String, usize> = HashMap::new();
        for row in rows.iter() {
            *alike.entry(row.clone()).or_default() += 1;
        }
        for (row, second) in rows.iter_mut().zip(seconds) {
            if alike.get(row).is_some_and(|count| *count > 1) && !second.is_empty() {
                *row = format!("{row} / {second}");
            }
        }
    }
}

/// A paragraph, a heading or a cell that is open.
pub(super) struct Block {
    pub(super) line: Line,
    /// The words of the lines before.
    pub(super) words: String,
    /// The same, as they are shown.
    pub(super) shown: String,
    /// It is a heading, whose words are shown to people.
    pub(super) is_heading: bool,
    /// It is the first of its list item.
    pub(super) opens_item: bool,
    /// How many lines it has had.
    pub(super) lines: usize,
    /// There is a slot in it.
    pub(super) has_slot: bool,
}

impl Block {
    pub(super) fn new(place: Context) -> Self {
        Self {
            line: Line::new(place),
            words: String::new(),
            shown: String::new(),
            is_heading: false,
            opens_item: false,
            lines: 0,
            has_slot: false,
        }
    }
}

/// The first byte of each line: after `\n`, `\r\n` or `\r`.
pub(super) fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0)
        .chain(ends.map(|(at, _)| at + 1))
        .collect()
}
