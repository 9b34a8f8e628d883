//! Finds remembered lines and blocks in a document again, by their section and what stands around their slots.

use super::memory::{Block, Line, Place, Written};
use super::outline::Outline;
use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

/// Lines are looked up by this many bytes at their ends, so that a long section is not read for every one.
const ENDS: [usize; 4] = [64, 32, 16, 8];
/// And by this many at their starts, where what must stand at the end is shorter than any of those.
const START: usize = 8;
/// So few lines are compared faster than they are remembered.
const FEW: usize = 4;

/// A place in the text as it is.
pub(super) struct Found {
    pub(super) at: Range<usize>,
    pub(super) slot: Written,
}

/// The lines and fenced blocks of a text by the section that they stand in.
pub(super) struct Index<'t, 'o> {
    text: &'t str,
    outline: &'o Outline<'t>,
    /// The sections' places in `all`, by the path of their headings.
    sections: HashMap<&'o [String], usize>,
    all: Vec<Section>,
    ends: [OnceCell<Keyed<'t>>; ENDS.len()],
    starts: OnceCell<Keyed<'t>>,
    /// Lines that look the same, by their pieces, for each section.
    groups: RefCell<Vec<HashMap<Vec<String>, Rc<Group>>>>,
}

/// The lines of each section by some of their bytes.
type Keyed<'t> = Vec<HashMap<&'t [u8], Vec<usize>>>;

#[derive(Default)]
struct Section {
    /// Lines by their number, from 0.
    lines: Vec<usize>,
    fences: Vec<Range<usize>>,
}

/// The lines of a section that have the same pieces, in order.
struct Group {
    lines: Vec<usize>,
    /// The same by the items that hold them.
    by_items: OnceCell<HashMap<Vec<String>, Vec<usize>>>,
}

impl<'t, 'o> Index<'t, 'o> {
    pub(super) fn of(text: &'t str, outline: &'o Outline<'t>) -> Self {
        let mut sections = HashMap::new();
        let mut all: Vec<Section> = Vec::new();
        for (path, lines) in outline.sections() {
            let number = *sections.entry(path).or_insert(all.len());
            if number == all.len() {
                all.push(Section::default());
            }
            if let Some(section) = all.get_mut(number) {
                section.lines.extend(lines);
            }
        }
        for fence in &outline.fences {
            let number = sections.get(outline.headings(fence.start));
            if let Some(section) = number.and_then(|number| all.get_mut(*number)) {
                section.fences.push(fence.clone());
            }
        }
        Self {
            text,
            outline,
            sections,
            groups: RefCell::new(all.iter().map(|_| HashMap::new()).collect()),
            all,
            ends: Default::default(),
            starts: OnceCell::new(),
        }
    }

    /// Where the slots of remembered lines are now; `None` for a line that is not found.
    ///
    /// A line is found in its section, by what stands around its slots; where several look the same, by
    /// its number, by the items that hold it, and by what was written into it. Last, it is looked for in
    /// the whole document, where it must say exactly what was written.
    pub(super) fn find_all(&self, lines: &[Line]) -> Vec<Option<Vec<Found>>> {
        let mut taken = HashSet::new();
        let mut chosen: Vec<Option<usize>> = vec![None; lines.len()];
        let picks: Vec<Option<usize>> = lines.iter().map(|line| self.pick(line)).collect();
        for ((line, pick), chosen) in lines.iter().zip(&picks).zip(&mut chosen) {
            let as_written = pick.filter(|at| self.is_as_written(*at, line));
            *chosen = as_written.filter(|at| taken.insert(*at));
        }
        for ((line, pick), chosen) in lines.iter().zip(&picks).zip(&mut chosen) {
            if chosen.is_none() {
                let other = self.changed_places(line, &taken);
                *chosen = other.or(*pick).filter(|at| taken.insert(*at));
            }
        }
        let mut whole = None;
        for (line, chosen) in lines.iter().zip(&mut chosen) {
            if chosen.is_none() {
                let whole = whole.get_or_insert_with(|| self.by_text());
                let there = whole.get(&*written(line).collect::<String>());
                let there = there
                    .into_iter()
                    .flatten()
                    .copied()
                    .filter(|at| !taken.contains(at) && self.items(*at) == line.place.items);
                *chosen = only(there).filter(|at| taken.insert(*at));
            }
        }
        let each = lines.iter().zip(chosen);
        each.map(|(line, at)| self.found(at?, line)).collect()
    }

    /// The line that its number points to, in its section or in its item.
    fn pick(&self, line: &Line) -> Option<usize> {
        let place = &line.place;
        let group = self.group(self.section(place)?, &line.pieces);
        if group.lines.len() == place.of {
            return group.lines.get(place.nth).copied();
        }
        match self.of_items(&group, &place.items) {
            [only] => Some(*only),
            // The number counted lines of the whole section; among those of one item it says less.
            several => several.get(place.nth).copied(),
        }
    }

    /// The one line of the same item that says what was written into this one.
    fn changed_places(&self, line: &Line, taken: &HashSet<usize>) -> Option<usize> {
        let group = self.group(self.section(&line.place)?, &line.pieces);
        let own = self.of_items(&group, &line.place.items);
        only(
            own.iter()
                .copied()
                .filter(|at| !taken.contains(at) && self.is_as_written(*at, line)),
        )
    }

    fn found(&self, number: usize, line: &Line) -> Option<Vec<Found>> {
        let at = self.outline.lines.get(number)?;
        let places = slots_of(self.text.get(at.clone())?, line)?;
        let each = places.into_iter().zip(&line.slots);
        let found = each.map(|(place, slot)| Found {
            at: place.start + at.start..place.end + at.start,
            slot: slot.clone(),
        });
        Some(found.collect())
    }

    fn line(&self, number: usize) -> &'t str {
        let at = self.outline.lines.get(number);
        at.and_then(|at| self.text.get(at.clone()))
            .unwrap_or_default()
    }

    fn is_as_written(&self, number: usize, line: &Line) -> bool {
        let mut rest = self.line(number);
        let is_next = |words: &str| match rest.strip_prefix(words) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        };
        written(line).all(is_next) && rest.is_empty()
    }

    fn by_text(&self) -> HashMap<&'t str, Vec<usize>> {
        let mut all: HashMap<&str, Vec<usize>> = HashMap::new();
        for number in 0..self.outline.lines.len() {
            all.entry(self.line(number)).or_default().push(number);
        }
        all
    }

    fn items(&self, number: usize) -> Vec<String> {
        let at = self.outline.lines.get(number).map_or(0, |at| at.start);
        self.outline.items(at)
    }

    /// The lines of the section that have these pieces.
    fn group(&self, section: usize, pieces: &[String]) -> Rc<Group> {
        let known = self.groups.borrow();
        if let Some(known) = known.get(section).and_then(|known| known.get(pieces)) {
            return Rc::clone(known);
        }
        drop(known);
        let candidates = self.like(section, pieces);
        let lines = candidates.iter().copied();
        let group = Rc::new(Group {
            lines: lines
                .filter(|number| is_made_of(self.line(*number), pieces))
                .collect(),
            by_items: OnceCell::new(),
        });
        if candidates.len() > FEW
            && let Some(known) = self.groups.borrow_mut().get_mut(section)
        {
            known.insert(pieces.to_vec(), Rc::clone(&group));
        }
        group
    }

    /// Lines of a section among which are all that have these pieces.
    fn like(&self, section: usize, pieces: &[String]) -> &[usize] {
        let first = pieces.first().map_or(&[][..], |piece| piece.as_bytes());
        let last = pieces.last().map_or(&[][..], |piece| piece.as_bytes());
        for (length, ends) in ENDS.into_iter().zip(&self.ends) {
            if let Some(start) = last.len().checked_sub(length) {
                let cut = |line: &'t [u8]| line.get(line.len().checked_sub(length)?..);
                let keyed = ends.get_or_init(|| self.keyed(cut));
                return own(keyed, section, last.get(start..).unwrap_or_default());
            }
        }
        match first.get(..START) {
            Some(key) => {
                let keyed = self
                    .starts
                    .get_or_init(|| self.keyed(|line| line.get(..START)));
                own(keyed, section, key)
            }
            None => self.all.get(section).map_or(&[], |section| &section.lines),
        }
    }

    fn keyed(&self, cut: impl Fn(&'t [u8]) -> Option<&'t [u8]>) -> Keyed<'t> {
        let of = |section: &Section| {
            let mut keyed: HashMap<&[u8], Vec<usize>> = HashMap::new();
            for number in &section.lines {
                if let Some(key) = cut(self.line(*number).as_bytes()) {
                    keyed.entry(key).or_default().push(*number);
                }
            }
            keyed
        };
        self.all.iter().map(of).collect()
    }

    /// Those of the group that these items hold.
    fn of_items<'g>(&self, group: &'g Group, items: &[String]) -> &'g [usize] {
        let known = group.by_items.get_or_init(|| {
            let mut all: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
            for number in &group.lines {
                all.entry(self.items(*number)).or_default().push(*number);
            }
            all
        });
        known.get(items).map_or(&[], Vec::as_slice)
    }

    /// How the line at `at` is remembered: its place among those that look the same.
    pub(super) fn place(&self, pieces: &[String], at: usize) -> Place {
        let headings = self.outline.headings(at);
        let group = self.sections.get(headings);
        let group = group.map(|section| self.group(*section, pieces));
        let lines = group.as_ref().map_or(&[][..], |group| &group.lines);
        let number = self.outline.line_number(at).unwrap_or(0);
        Place {
            items: self.outline.items(at),
            headings: headings.to_vec(),
            nth: lines.partition_point(|other| *other < number),
            of: lines.len(),
        }
    }

    /// The content of a remembered fenced block, without the white space around it: the one that its
    /// number points to, or another that says what was written there.
    pub(super) fn fence(&self, block: &Block) -> Option<Range<usize>> {
        let words = block.slot.words();
        let as_written = |at: &Range<usize>| self.text.get(at.clone()).unwrap_or_default() == words;
        let own = self
            .section(&block.place)
            .and_then(|section| self.all.get(section));
        let own: Vec<Range<usize>> = own
            .into_iter()
            .flat_map(|section| &section.fences)
            .map(|fence| trimmed(self.text, fence))
            .collect();
        let pick = own.get(block.place.nth).cloned();
        let is_sure = own.len() == block.place.of;
        match pick.filter(|at| is_sure || as_written(at)) {
            Some(at) if as_written(&at) => Some(at),
            other => {
                let elsewhere = only(own.into_iter().filter(as_written)).or_else(|| {
                    let all = self.outline.fences.iter();
                    only(
                        all.map(|fence| trimmed(self.text, fence))
                            .filter(as_written),
                    )
                });
                elsewhere.or(other)
            }
        }
    }

    /// How the fenced block whose content holds `at` is remembered.
    pub(super) fn place_of_block(&self, at: usize) -> Option<Place> {
        let headings = self.outline.headings(at);
        let fences = &self.all.get(*self.sections.get(headings)?)?.fences;
        let nth = fences
            .iter()
            .position(|fence| fence.start <= at && at < fence.end)?;
        Some(Place {
            items: self.outline.items(at),
            of: fences.len(),
            headings: headings.to_vec(),
            nth,
        })
    }

    /// The section of a remembered place: that of its headings, or the one section whose own heading is
    /// the same, under others than before.
    fn section(&self, place: &Place) -> Option<usize> {
        if let Some(section) = self.sections.get(&*place.headings) {
            return Some(*section);
        }
        let own = place.headings.last()?;
        let alike = self.sections.iter();
        only(
            alike
                .filter(|(path, _)| path.last() == Some(own))
                .map(|(_, section)| *section),
        )
    }
}

fn own<'k>(keyed: &'k Keyed<'_>, section: usize, key: &[u8]) -> &'k [usize] {
    let lines = keyed.get(section).and_then(|keyed| keyed.get(key));
    lines.map_or(&[], Vec::as_slice)
}

/// The one, where there is no other.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let one = all.next()?;
    all.next().is_none().then_some(one)
}

/// A line as holdpoint wrote it, in parts.
fn written(line: &Line) -> impl Iterator<Item = &str> {
    let words = line.slots.iter().map(Written::words).chain([""]);
    let each = line.pieces.iter().zip(words);
    each.flat_map(|(piece, words)| [piece.as_str(), words])
}

/// Does a line consist of these pieces, with whatever between them?
fn is_made_of(text: &str, pieces: &[String]) -> bool {
    let Some(((first, last), inner)) = pieces.split_first().and_then(|(first, rest)| {
        rest.split_last()
            .map(|(last, inner)| ((first, last), inner))
    }) else {
        return false;
    };
    let rest = text.strip_prefix(&**first);
    let Some(mut rest) = rest.and_then(|rest| rest.strip_suffix(&**last)) else {
        return false;
    };
    inner.iter().all(|piece| match rest.split_once(&**piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// Where in a line the slots are; none where the line is another one.
fn slots_of(text: &str, line: &Line) -> Option<Vec<Range<usize>>> {
    // What holdpoint wrote, or what was there before, is known; what a person wrote ends where the next
    // piece begins. Known words that lead nowhere were a person's after all.
    walk(text, line, true).or_else(|| walk(text, line, false))
}

fn walk(text: &str, line: &Line, by_words: bool) -> Option<Vec<Range<usize>>> {
    let (first, last) = (line.pieces.first()?, line.pieces.last()?);
    let inner = text.strip_prefix(first.as_str())?;
    inner.strip_suffix(last.as_str())?;
    let end = text.len() - last.len();
    let mut at = first.len();
    let mut found = Vec::with_capacity(line.slots.len());
    for (number, slot) in line.slots.iter().enumerate() {
        let next = line.pieces.get(number + 1)?;
        let rest = text.get(at..end)?;
        let is_last = number + 1 == line.slots.len();
        let known = [slot.written.as_deref(), Some(slot.original.as_str())];
        let known = known.into_iter().flatten().filter(|_| by_words);
        let length = known
            .into_iter()
            .find(|words| {
                rest.strip_prefix(words).is_some_and(|after| match is_last {
                    true => after.is_empty(),
                    false => after.starts_with(next.as_str()),
                })
            })
            .map(str::len)
            .or_else(|| match is_last {
                true => Some(rest.len()),
                false => rest.find(next.as_str()),
            })?;
        found.push(at..at + length);
        at += length;
        if !is_last {
            at += next.len();
        }
    }
    (at == end).then_some(found)
}

/// A range without the white space at its ends.
fn trimmed(text: &str, range: &Range<usize>) -> Range<usize> {
    let words = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (words.len() - words.trim_start().len());
    let end = range.end - (words.len() - words.trim_end().len());
    start..end.max(start)
}
