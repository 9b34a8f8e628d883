//! From the marks of a line to slots: which signs are options of one choice, and what the blanks want.

use super::super::slot::{Context, OptionMark, SlotKind, Wants};
use super::line::{Line, Segment, What};
use super::wants::{is_signing, wanted};
use std::ops::Range;

/// A slot of a line, before anybody knows where the line stands.
#[derive(Debug)]
pub(super) struct Found {
    /// What it is.
    pub(super) kind: SlotKind,
    /// The words before it.
    pub(super) label: String,
    /// What stands around it.
    pub(super) context: Context,
}

/// The signs of a table's cell that say how things stand.
const SIGNS: &str = "⏳⌛⏰✅❌❎⛔⚠🏃🚶🔍🔎🚫🛑🚧⏸⏯▶⏭⏹🔄🔁🔃🟢🟡🟠🔴🔵🟣🟤⚪⚫⚬⬜⬛🟩🟥🟨🟧🟦✔✖✘✓✗❓❔❗❕⭕🆗👍👎🕐🕒💤➖";

/// The sign that a cell holds, if it holds nothing else.
pub(super) fn sign(source: &str, line: &Line) -> Option<Range<usize>> {
    let [at] = line.texts.as_slice() else {
        return None;
    };
    if line.mixed {
        return None;
    }
    let slice = source.get(at.clone())?;
    let start = at.start + (slice.len() - slice.trim_start().len());
    let slice = slice.trim();
    is_sign(slice).then(|| start..start + slice.len())
}

/// One sign, with its variation selector or without.
pub(super) fn is_sign(text: &str) -> bool {
    let mut rest = text.chars();
    let known = rest.next().is_some_and(|c| SIGNS.contains(c));
    known && matches!(rest.as_str(), "" | "\u{fe0f}")
}

/// The slots of a line in the order of their first bytes. `column` is the heading of its column, in a table.
pub(super) fn slots(line: &Line, column: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut blanks = Vec::new();
    let mut group = Group::default();
    // The next mark may be the name of the option before it: `☐ ✓ ☐ ✗`.
    let mut naming = false;
    for (index, (mark, segment)) in line.marks.iter().zip(&line.segments).enumerate() {
        if let What::Verdict(sign) = mark.what
            && std::mem::take(&mut naming)
            && segment.words.trim().is_empty()
        {
            group.say(sign.encode_utf8(&mut [0; 4]));
            continue;
        }
        let is_blank = matches!(mark.what, What::Blank(_));
        let part = group.part(segment, index == 0, is_blank);
        group.say(part.own);
        if part.begins {
            group.close(line.place, None, &mut found);
        }
        if let What::Blank(context) = mark.what {
            group.silent = true;
            blanks.push((found.len(), index, part.label));
            let (at, wants) = (mark.at.clone(), Wants::Text);
            found.push(Found::new(
                SlotKind::Blank { at, wants },
                part.label,
                context,
            ));
        } else {
            if part.begins {
                part.label.clone_into(&mut group.label);
            }
            naming = matches!(mark.what, What::Open(_));
            group.silent = false;
            group.options.push((
                mark.what,
                OptionMark {
                    at: mark.at.clone(),
                    marked: mark.what != What::Open(false),
                    label: String::new(),
                },
            ));
        }
    }
    let tail = line.segments.get(line.marks.len());
    let tail = tail.map_or("", |segment| segment.words.as_str());
    group.say(tail);
    let worded = line.segments.iter().any(|one| has_words(&one.words));
    let last = line.marks.last();
    let claim = last.filter(|mark| mark.what == What::Verdict('✓') && worded && is_bare(tail));
    ask(line, column, &blanks, &mut found);
    group.close(line.place, claim.map(|mark| &mark.at), &mut found);
    found.sort_by_key(|one| first(&one.kind));
    found
}

/// The option at the start of a bullet, if the bullet offers one and no more.
pub(super) fn bullet(line: &Line) -> Option<(OptionMark, bool)> {
    let mark = line.marks.first()?;
    let is_option = |what: What| !matches!(what, What::Blank(_));
    let alone = line
        .marks
        .iter()
        .filter(|mark| is_option(mark.what))
        .count()
        == 1;
    let [before, words, ..] = line.segments.as_slice() else {
        return None;
    };
    let leads = is_option(mark.what) && alone && before.words.trim().is_empty();
    let label = trimmed(&words.words);
    (leads && has_words(label)).then(|| {
        let option = OptionMark {
            at: mark.at.clone(),
            marked: mark.what != What::Open(false),
            label: label.to_owned(),
        };
        (option, matches!(mark.what, What::Open(_)))
    })
}

/// Says what each blank wants. Where one of them is for a signature, all of the line are a person's.
fn ask(line: &Line, column: &str, blanks: &[(usize, usize, &str)], found: &mut [Found]) {
    let signing = blanks.iter().any(|(_, _, label)| is_signing(label));
    for (place, index, label) in blanks {
        let after = line.segments.get(index + 1);
        let after = after.map_or("", |segment| segment.words.as_str());
        if let Some(one) = found.get_mut(*place)
            && let SlotKind::Blank { wants, .. } = &mut one.kind
        {
            *wants = match wanted(label, after, column) {
                Wants::Secret => Wants::Secret,
                _ if signing => Wants::Signature,
                other => other,
            };
        }
    }
}

/// Options that one line offers, with their signs.
#[derive(Debug, Default)]
struct Group {
    label: String,
    options: Vec<(What, OptionMark)>,
    /// What comes now belongs to no option, until the next begins.
    silent: bool,
}

/// The words before a mark.
struct Part<'a> {
    /// Those of the option before it.
    own: &'a str,
    /// Its label.
    label: &'a str,
    /// It does not belong to the options before it.
    begins: bool,
}

impl Group {
    fn part<'a>(&self, segment: &'a Segment, is_first: bool, is_blank: bool) -> Part<'a> {
        let words = segment.words.as_str();
        let split = segment.label(!is_blank && !self.options.is_empty());
        let parts = split.and_then(|at| Some((words.get(..at)?, segment.from(at))));
        let whole = segment.from(0);
        match (parts, self.options.last()) {
            (Some((_, label)), None) if !is_first => Part::new("", label, true),
            (_, None) => Part::new("", whole, true),
            (Some((own, label)), Some((_, last))) if has_words(own) || !last.label.is_empty() => {
                Part::new(own, label, true)
            }
            // `☐ Other: ____`: the words are the option's, and say what the blank is for.
            _ => Part::new(words, whole, false),
        }
    }

    /// Words of the last option.
    fn say(&mut self, words: &str) {
        let words = trimmed(words);
        if let Some((_, last)) = self.options.last_mut()
            && !words.is_empty()
            && !self.silent
        {
            if !last.label.is_empty() {
                last.label.push(' ');
            }
            last.label.push_str(words);
        }
    }

    /// Nothing more belongs to it. `claim` is the check mark at the end of the line.
    fn close(&mut self, context: Context, claim: Option<&Range<usize>>, found: &mut Vec<Found>) {
        let Self { label, options, .. } = std::mem::take(self);
        let is_open = |what: &What| matches!(what, What::Open(_));
        let is_choice = options.iter().any(|(what, _)| is_open(what));
        let named = options.iter().any(|(_, one)| !one.label.is_empty());
        let mut kept = Vec::new();
        let mut before = label.clone();
        for (what, one) in options {
            // A check mark without words beside options with words is none of them.
            if is_choice && (is_open(&what) || !named || !one.label.is_empty()) {
                kept.push(one);
                continue;
            }
            if claim == Some(&one.at) {
                let kind = SlotKind::Claim { at: one.at };
                found.push(Found::new(kind, &before, context));
            }
            before = one.label;
        }
        if !kept.is_empty() {
            let kind = SlotKind::Choice { options: kept };
            found.push(Found::new(kind, &label, context));
        }
    }
}

impl<'a> Part<'a> {
    fn new(own: &'a str, label: &'a str, begins: bool) -> Self {
        Self { own, label, begins }
    }
}

impl Found {
    pub(super) fn new(kind: SlotKind, label: &str, context: Context) -> Self {
        Self {
            kind,
            label: label.to_owned(),
            context,
        }
    }
}

/// The first byte of a slot.
pub(super) fn first(kind: &SlotKind) -> usize {
    match kind {
        SlotKind::Choice { options } => options.first().map_or(0, |one| one.at.start),
        SlotKind::Box { at, .. }
        | SlotKind::Blank { at, .. }
        | SlotKind::Sign { at }
        | SlotKind::Placeholder { at }
        | SlotKind::Claim { at } => at.start,
    }
}

/// Words without what stands between options.
fn trimmed(words: &str) -> &str {
    words.trim_matches(|c: char| c.is_whitespace() || "/|,;:".contains(c))
}

/// Nothing but what may end a line.
fn is_bare(words: &str) -> bool {
    words
        .chars()
        .all(|c| c.is_whitespace() || ".,;)".contains(c))
}

fn has_words(words: &str) -> bool {
    words.contains(char::is_alphanumeric)
}
