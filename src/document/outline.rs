//! The outline of a Markdown document: for every line the headings and list items that it stands under.

use super::slot::normal;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::collections::BTreeMap;
use std::ops::Range;

/// The outline, by which remembered lines and blocks are found again.
#[derive(Debug)]
pub(super) struct Outline<'t> {
    /// Each line's bytes, with its line break.
    pub(super) lines: Vec<Range<usize>>,
    /// The bytes of the content of each fenced block, in order.
    pub(super) fences: Vec<Range<usize>>,
    /// Where headings begin, with their path.
    headings: BTreeMap<usize, Vec<String>>,
    /// List items with the one that holds each, in order of their beginning.
    items: Vec<(Range<usize>, Option<usize>)>,
    text: &'t str,
}

impl<'t> Outline<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut outline = Self {
            lines: lines(text),
            fences: Vec::new(),
            headings: BTreeMap::new(),
            items: Vec::new(),
            text,
        };
        let mut path: Vec<(HeadingLevel, String)> = Vec::new();
        let mut heading: Option<(HeadingLevel, Range<usize>)> = None;
        let mut fence: Option<Range<usize>> = None;
        let mut within = false;
        let mut open: Vec<usize> = Vec::new();
        let options =
            Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => heading = Some((level, range)),
                Event::End(TagEnd::Heading(_)) => {
                    if let Some((level, range)) = heading.take() {
                        path.retain(|(above, _)| *above < level);
                        let words = text.get(range.clone()).unwrap_or_default();
                        path.push((
                            level,
                            normal(words.trim_matches(['#', '=', '-', ' ', '\n', '\r'])),
                        ));
                        let names = path.iter().map(|(_, name)| name.clone());
                        outline.headings.insert(range.start, names.collect());
                    }
                }
                Event::Start(Tag::Item) => {
                    let around = open.last().copied();
                    open.push(outline.items.len());
                    outline.items.push((range, around));
                }
                Event::End(TagEnd::Item) => {
                    open.pop();
                }
                Event::Start(Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Fenced(_))) => {
                    within = true;
                    fence = None;
                }
                Event::Text(_) if within => {
                    let start = fence.as_ref().map_or(range.start, |known| known.start);
                    fence = Some(start..range.end);
                }
                Event::End(TagEnd::CodeBlock) => {
                    if within {
                        // An empty block has no text; its content would stand after its first line.
                        let block = text.get(range.clone()).unwrap_or_default();
                        let opening = block.find('\n').map_or(block.len(), |end| end + 1);
                        let empty = range.start + opening..range.start + opening;
                        outline.fences.push(fence.take().unwrap_or(empty));
                    }
                    within = false;
                }
                _ => {}
            }
        }
        outline
    }

    /// The headings above a place, outermost first.
    pub(super) fn headings(&self, at: usize) -> &[String] {
        let above = self.headings.range(..=at).next_back();
        above.map_or(&[], |(_, path)| path.as_slice())
    }

    /// The lines between one heading and the next, by their numbers, with the path of the heading.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&[String], Range<usize>)> {
        let starts = self.headings.iter();
        let starts = starts.map(|(at, path)| (path.as_slice(), self.line_from(*at)));
        let before: (&[String], usize) = (&[], 0);
        let ends = self.headings.keys().map(|at| self.line_from(*at));
        let ends = ends.chain([self.lines.len()]);
        let each = std::iter::once(before).chain(starts).zip(ends);
        each.map(|((path, start), end)| (path, start..end))
    }

    /// The first line that begins at a place or after it.
    fn line_from(&self, at: usize) -> usize {
        self.lines.partition_point(|line| line.start < at)
    }

    /// The first lines of the list items around a place, outermost first.
    pub(super) fn items(&self, at: usize) -> Vec<String> {
        // An item that begins on the line itself is no address of it.
        let start = self.line(at).map_or(at, |line| line.start);
        let mut next = self
            .items
            .partition_point(|(item, _)| item.start < start)
            .checked_sub(1);
        let mut found = Vec::new();
        while let Some((item, around)) = next.and_then(|index| self.items.get(index)) {
            if start < item.end {
                let own = self.text.get(item.clone()).unwrap_or_default();
                found.push(plain(own.lines().next().unwrap_or_default()));
            }
            next = *around;
        }
        found.reverse();
        found
    }

    /// The line that holds a place.
    pub(super) fn line(&self, at: usize) -> Option<Range<usize>> {
        self.lines.get(self.line_number(at)?).cloned()
    }

    /// From 0.
    pub(super) fn line_number(&self, at: usize) -> Option<usize> {
        self.lines
            .partition_point(|line| line.start <= at)
            .checked_sub(1)
    }
}

/// The words of an item's first line, without its bullet and box.
fn plain(line: &str) -> String {
    let line = line.trim_start().trim_start_matches(|c: char| {
        matches!(c, '-' | '+' | '*' | '.' | ')') || c.is_ascii_digit()
    });
    let line = line.trim_start();
    let unboxed = line
        .strip_prefix('[')
        .and_then(|rest| rest.get(1..))
        .and_then(|rest| rest.strip_prefix(']'));
    normal(unboxed.unwrap_or(line))
}

/// The bytes of each line with its line break: LF, CRLF, or CR alone.
fn lines(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let ends = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        if ends {
            lines.push(start..at + 1);
            start = at + 1;
        }
    }
    if start < bytes.len() {
        lines.push(start..bytes.len());
    }
    lines
}
