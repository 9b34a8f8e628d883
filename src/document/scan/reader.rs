//! Reads a document's structure from the parser's events, and each line of its leaves.

use super::super::slot::{Context, Heading, ListItem, Scan, SlotKind, normal};
use super::address::{Addresses, Place, cut};
use super::fence::Fence;
use super::found::{Found, bullet, first, sign, slots};
use super::line::Line;
use super::parts::{Block, List, Table, line_starts};
use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// The mark of UTF-8 at the start of some files, which is no part of the text.
const MARK: &str = "\u{feff}";

/// A document that is being read.
pub(super) struct Reader<'t> {
    text: &'t str,
    /// The first byte of each line.
    starts: Vec<usize>,
    scan: Scan,
    found: Vec<(Found, Place)>,
    /// The headings that hold what comes, outermost first.
    outline: Vec<usize>,
    /// The list items that are open, outermost first; and whether their text has begun.
    items: Vec<(usize, bool)>,
    lists: Vec<List>,
    table: Table,
    block: Option<Block>,
    fence: Option<Fence>,
    /// What is inside of an image or an address in angle brackets is nobody's to fill in.
    closed: usize,
    /// The last line of the block that has just ended, if it ends in a colon.
    lead: String,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            starts: line_starts(text),
            scan: Scan::default(),
            found: Vec::new(),
            outline: Vec::new(),
            items: Vec::new(),
            lists: Vec::new(),
            table: Table::default(),
            block: None,
            fence: None,
            closed: 0,
            lead: String::new(),
        }
    }

    pub(super) fn read(mut self) -> Scan {
        let body = self.text.strip_prefix(MARK).unwrap_or(self.text);
        let base = self.text.len() - body.len();
        let options =
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
        for (event, at) in Parser::new_ext(body, options).into_offset_iter() {
            self.event(event, at.start + base..at.end + base);
        }
        self.end_block();
        self.addressed()
    }

    fn event(&mut self, event: Event<'_>, at: Range<usize>) {
        let text = self.text;
        match event {
            Event::Start(tag) => self.start(tag, at),
            Event::End(tag) => self.end(tag),
            Event::TaskListMarker(ticked) => self.task(ticked, at.end),
            Event::Text(words) => {
                if let Some(fence) = &mut self.fence {
                    fence.text(at);
                } else if self.closed == 0 && text.get(at.clone()) == Some(&*words) {
                    self.block().line.text(text, at);
                } else {
                    self.block().line.words(text, &words);
                }
            }
            Event::Code(words) => {
                let source = text.get(at.clone()).unwrap_or_default();
                let ticks = source.len() - source.trim_start_matches('`').len();
                let inside = at.start + ticks..at.end.saturating_sub(ticks);
                let line = &mut self.block().line;
                if ticks == 0 || inside.is_empty() {
                    line.words(text, &words);
                } else {
                    line.code(text, inside);
                }
            }
            Event::SoftBreak | Event::HardBreak => self.end_line(),
            Event::InlineHtml(_) => {
                self.block().line.flush(text);
                self.anchors(at);
            }
            Event::Html(_) => self.anchors(at),
            Event::Rule => {
                self.end_block();
                self.lead.clear();
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, at: Range<usize>) {
        let text = self.text;
        match tag {
            Tag::Emphasis | Tag::Strikethrough => self.block().line.flush(text),
            Tag::Strong => self.block().line.strong(text),
            Tag::Link { link_type, .. } => {
                self.block().line.flush(text);
                let is_bare = matches!(link_type, LinkType::Autolink | LinkType::Email);
                self.closed += usize::from(is_bare || self.closed > 0);
            }
            Tag::Image { .. } => {
                self.block().line.flush(text);
                self.closed += 1;
            }
            Tag::Heading { level, .. } => {
                self.end_block();
                let level = level as usize;
                let above = |at: &usize| {
                    self.scan
                        .headings
                        .get(*at)
                        .is_some_and(|one| one.level < level)
                };
                let keep = self.outline.iter().take_while(|at| above(at)).count();
                self.outline.truncate(keep);
                self.scan.headings.push(Heading {
                    text: String::new(),
                    shown: String::new(),
                    parent: self.outline.last().copied(),
                    level,
                    line: self.line_of(at.start),
                });
                self.outline.push(self.scan.headings.len() - 1);
                self.block().is_heading = true;
            }
            Tag::List(_) => {
                self.end_block();
                let list = List {
                    label: std::mem::take(&mut self.lead),
                    place: self.place(),
                    ..List::default()
                };
                self.lists.push(list);
            }
            Tag::Item => {
                self.end_block();
                self.lead.clear();
                self.scan.items.push(ListItem {
                    text: String::new(),
                    label: String::new(),
                    parent: self.items.last().map(|(at, _)| *at),
                    heading: self.outline.last().copied(),
                    task: false,
                    line: self.line_of(at.start),
                    anchors: Vec::new(),
                });
                self.items.push((self.scan.items.len() - 1, false));
            }
            Tag::CodeBlock(kind) => {
                self.end_block();
                let label = std::mem::take(&mut self.lead);
                self.fence = Some(match &kind {
                    CodeBlockKind::Fenced(language) => Fence::new(Some(language), label),
                    CodeBlockKind::Indented => Fence::new(None, label),
                });
            }
            Tag::Table(_) => {
                self.end_block();
                self.table.base = self.table.columns.len();
            }
            Tag::TableHead | Tag::TableRow => {
                self.end_block();
                self.table.in_head = matches!(tag, Tag::TableHead);
                self.table.column = 0;
                self.table.rows.push(String::new());
            }
            Tag::TableCell => {
                self.end_block();
                self.block = Some(Block::new(Context::Cell));
            }
            _ => {
                self.end_block();
            }
        }
    }

    fn end(&mut self, tag: TagEnd) {
        let text = self.text;
        match tag {
            TagEnd::Emphasis | TagEnd::Strikethrough => self.block().line.flush(text),
            TagEnd::Strong => self.block().line.weak(text),
            TagEnd::Link | TagEnd::Image => {
                self.block().line.flush(text);
                self.closed = self.closed.saturating_sub(1);
            }
            TagEnd::Heading(_) => {
                let block = self.end_block();
                let last = self.outline.last();
                if let Some(heading) = last.and_then(|at| self.scan.headings.get_mut(*at))
                    && let Some(block) = block
                {
                    heading.text = normal(&block.words);
                    heading.shown = block.shown.split_whitespace().collect::<Vec<_>>().join(" ");
                }
                self.lead.clear();
            }
            TagEnd::CodeBlock => {
                let found = self.fence.take().map(|fence| fence.close(text));
                let place = self.place();
                self.found
                    .extend(found.into_iter().flatten().map(|one| (one, place)));
            }
            TagEnd::Table => {
                self.end_block();
                self.table.end();
            }
            TagEnd::TableCell => {
                self.end_block();
                self.table.column += 1;
            }
            TagEnd::List(_) => {
                self.end_block();
                self.lead.clear();
                if let Some(list) = self.lists.pop()
                    && list.open
                {
                    let kind = SlotKind::Choice {
                        options: list.options,
                    };
                    let found = Found::new(kind, &list.label, Context::Text);
                    self.found.push((found, list.place));
                }
            }
            TagEnd::Item => {
                self.end_block();
                self.items.pop();
            }
            _ => {
                self.end_block();
            }
        }
    }

    /// The block that is open; one begins where none is.
    fn block(&mut self) -> &mut Block {
        let items = &mut self.items;
        self.block.get_or_insert_with(|| {
            let opens = items.last_mut().filter(|(_, begun)| !begun);
            let opens_item = opens.map(|(_, begun)| *begun = true).is_some();
            Block {
                opens_item,
                ..Block::new(Context::Text)
            }
        })
    }

    /// The line ends, and its block goes on.
    fn end_line(&mut self) {
        if let Some(mut block) = self.block.take() {
            self.read_line(&mut block);
            self.block = Some(block);
        }
    }

    /// The block ends, if one is open.
    fn end_block(&mut self) -> Option<Block> {
        let mut block = self.block.take()?;
        self.lead.clear();
        self.lead = self.read_line(&mut block);
        if block.line.place == Context::Cell || !self.lead.trim_end().ends_with(':') {
            self.lead.clear();
        }
        if block.opens_item
            && let Some((at, _)) = self.items.last()
            && let Some(item) = self.scan.items.get_mut(*at)
        {
            item.text = normal(&block.words);
            if item.label.is_empty() {
                item.label.clone_from(&item.text);
            }
        }
        if block.line.place == Context::Cell {
            let words = cut(&normal(&block.words));
            self.table.cell(words, block.has_slot);
        }
        Some(block)
    }

    /// Takes the slots of the line that has ended, and gives the words after the last.
    fn read_line(&mut self, block: &mut Block) -> String {
        let context = block.line.place;
        let mut line = std::mem::replace(&mut block.line, Line::new(context));
        line.finish(self.text);
        let words = line.all_words();
        let last = line.segments.last().map(|segment| segment.words.clone());
        let last = last.unwrap_or_default();
        let leads = block.opens_item && block.lines == 0;
        block.lines += 1;
        block.words.push_str(&words);
        block.words.push(' ');
        if block.is_heading {
            block.shown.push_str(&line.shown(self.text));
            block.shown.push(' ');
        }
        if line.marks.is_empty() && context != Context::Cell {
            return last;
        }
        let place = self.place();
        if context == Context::Cell {
            let cell = (
                self.table.rows.len() - 1,
                self.table.base + self.table.column,
            );
            let place = Place {
                cell: Some(cell),
                ..place
            };
            let found = match sign(self.text, &line) {
                Some(at) => vec![Found::new(SlotKind::Sign { at }, "", context)],
                None => {
                    let column = self.table.columns.get(cell.1);
                    slots(&line, column.map_or("", String::as_str))
                }
            };
            block.has_slot |= !found.is_empty();
            self.found.extend(found.into_iter().map(|one| (one, place)));
            return last;
        }
        let mut found = slots(&line, "");
        if leads {
            self.lead_item(&line, &mut found);
        }
        self.found.extend(found.into_iter().map(|one| (one, place)));
        last
    }

    /// The first line of a list item: the item's label, and the option that it may be.
    fn lead_item(&mut self, line: &Line, found: &mut Vec<Found>) {
        let item = self
            .items
            .last()
            .and_then(|(at, _)| self.scan.items.get_mut(*at));
        let Some(item) = item else { return };
        item.label = line
            .segments
            .first()
            .map(|segment| normal(segment.from(0)))
            .unwrap_or_default();
        let Some(list) = self.lists.last_mut().filter(|_| !item.task) else {
            return;
        };
        if let Some((option, open)) = bullet(line) {
            found.retain(|one| first(&one.kind) != option.at.start);
            list.options.push(option);
            list.open |= open;
        }
    }

    /// The box of a task, whose bracket closes before `end`.
    fn task(&mut self, ticked: bool, end: usize) {
        let item = self
            .items
            .last()
            .and_then(|(at, _)| self.scan.items.get_mut(*at));
        if let Some(item) = item
            && self.text.as_bytes().get(end.wrapping_sub(1)) == Some(&b']')
        {
            item.task = true;
            let at = end.saturating_sub(2)..end - 1;
            let found = Found::new(SlotKind::Box { at, ticked }, "", Context::Text);
            self.found.push((found, self.place()));
        }
    }

    /// The checks that a comment names, on the first line of a list item.
    fn anchors(&mut self, comment: Range<usize>) {
        let line = self.line_of(comment.start);
        let item = self
            .items
            .last()
            .and_then(|(at, _)| self.scan.items.get_mut(*at));
        let inside = self
            .text
            .get(comment.clone())
            .unwrap_or_default()
            .trim_end();
        let inside = inside.strip_prefix("<!--").map(str::trim_start);
        let names = inside.and_then(|inside| inside.strip_prefix("holdpoint:"));
        let (Some(item), Some(names)) = (item, names) else {
            return;
        };
        if item.line != line {
            return;
        }
        let names = names.split("-->").next().unwrap_or_default();
        for name in names.split_whitespace() {
            let start = name.as_ptr() as usize - self.text.as_ptr() as usize;
            item.anchors
                .push((name.to_owned(), start..start + name.len()));
        }
    }

    fn place(&self) -> Place {
        Place {
            heading: self.outline.last().copied(),
            item: self.items.last().map(|(at, _)| *at),
            cell: None,
        }
    }

    /// The line that a byte stands in, from 1.
    fn line_of(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// What was found, in the order of the document, with addresses.
    fn addressed(mut self) -> Scan {
        self.found.sort_by_key(|(found, _)| first(&found.kind));
        let (mut scan, found) = (
            std::mem::take(&mut self.scan),
            std::mem::take(&mut self.found),
        );
        let (rows, columns) = (&self.table.rows, &self.table.columns);
        let mut addresses = Addresses::new(&scan.headings, &scan.items, rows, columns);
        let slots = found.into_iter().map(|(found, place)| {
            let line = self.line_of(first(&found.kind));
            addresses.slot(found, place, line)
        });
        scan.slots = slots.collect();
        scan
    }
}
