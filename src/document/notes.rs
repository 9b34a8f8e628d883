//! The section that holdpoint keeps at the end of a people's document: what it rests on, and where the
//! document asks for something that is not right.

use super::escape;
use super::judged::{Judged, Standing};
use super::memory::{Known, Memory};
use super::region::{self, RegionFault};
use crate::model::{DocumentMap, Finding, MapItem, MapNote, Verdict};
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

/// The name of its region.
pub(super) const NAME: &str = "notes";
/// How many checks a row names.
const CHECKS: usize = 5;
/// How many digests a row shows; all of them are remembered beside the document.
const SHOWN: usize = 2;
/// How many characters of a digest a row shows.
const DIGEST: usize = 19;

/// A document without what stands in its notes.
#[derive(Debug)]
pub(super) struct Emptied {
    /// The text, with the region's markers and nothing between them.
    pub(super) text: String,
    /// Where its content stood in the text that is there.
    inner: Option<Range<usize>>,
    /// The region, with the line breaks before it.
    whole: Range<usize>,
}

impl Emptied {
    /// Takes the notes out.
    ///
    /// # Errors
    /// The region's markers are not in order, or it was changed by hand and `take_over` is not set.
    pub(super) fn of(text: &str, take_over: bool) -> Result<Self, RegionFault> {
        let Some(found) = region::find(text, NAME)? else {
            return Ok(Self::none(text));
        };
        if found.edited && !take_over {
            return Err(RegionFault::Edited {
                name: NAME.into(),
                line: found.line,
            });
        }
        let (before, after) = (&text[..found.inner.start], &text[found.inner.end..]);
        Ok(Self {
            text: [before, after].concat(),
            inner: Some(found.inner),
            whole: text[..found.range.start]
                .trim_end_matches(['\n', '\r'])
                .len()..found.range.end,
        })
    }

    /// A document that has no notes.
    pub(super) fn none(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            inner: None,
            whole: text.len()..text.len(),
        }
    }

    /// A place of the emptied text in the text that is there.
    pub(super) fn in_whole(&self, at: Range<usize>) -> Range<usize> {
        match &self.inner {
            Some(inner) if at.start >= inner.start => at.start + inner.len()..at.end + inner.len(),
            _ => at,
        }
    }

    /// The bytes that [`Self::put`] may replace in the text that is there.
    pub(super) fn place(&self) -> Range<usize> {
        self.whole.clone()
    }

    /// The new text with these notes; without a region where there is nothing to say.
    ///
    /// # Errors
    /// The region's markers are not in order, which [`Self::of`] excludes.
    pub(super) fn put(&self, text: &str, content: &str) -> Result<String, RegionFault> {
        match (&self.inner, content.is_empty()) {
            (None, true) => Ok(text.to_owned()),
            (None, false) => region::append(text, NAME, content),
            (Some(_), true) => region::remove(text, NAME, true),
            (Some(_), false) => region::put(Some(text), NAME, content, true),
        }
    }
}

/// The document without the region of notes, and whether there was one that could not be taken out.
pub(super) fn without(text: &str) -> (String, Option<RegionFault>) {
    match region::remove(text, NAME, false) {
        Ok(text) => (text, None),
        Err(RegionFault::Absent { .. }) => (text.to_owned(), None),
        Err(fault) => (text.to_owned(), Some(fault)),
    }
}

/// What is said of each contradiction: anew where the record has looked, as before where it has not.
pub(super) fn contradictions(
    map: &DocumentMap,
    judged: &Judged<'_>,
    present: &BTreeSet<&str>,
    before: &Memory,
    text: &str,
    redact: &dyn Fn(&str) -> String,
) -> BTreeMap<String, String> {
    let text = LazyCell::new(|| plain(text));
    let says = |quote: &String| text.contains(&plain(quote));
    let mut told = BTreeMap::new();
    let mut covered: BTreeSet<&str> = BTreeSet::new();
    for note in &map.contradictions {
        covered.extend(note.checks.iter().map(String::as_str));
        // What a document of this name says elsewhere must not be put into the mouth of this one.
        let here = note.items.iter().any(|id| present.contains(&**id));
        if !here || !note.quotes.iter().any(says) {
            continue;
        }
        let looked = note.checks.iter().any(|id| {
            judged
                .finding(id)
                .is_some_and(|finding| finding.verdict != Verdict::NotRun)
        });
        let remembered = before.notes.get(&note.id).filter(|_| !looked);
        let line = remembered
            .cloned()
            .unwrap_or_else(|| of_map(note, judged, redact));
        told.insert(note.id.clone(), line);
    }
    // A check that is run against the letter of the document says so itself.
    for finding in judged.findings() {
        let Some(note) = &finding.note else { continue };
        let looked = matches!(finding.verdict, Verdict::Pass | Verdict::Fail);
        let said_here = map.quotes.get(&finding.check).is_some_and(says);
        if looked && said_here && !covered.contains(&*finding.check) {
            told.insert(
                finding.check.clone(),
                said(
                    &[],
                    &[&note.says, &note.truth, &note.source].map(|text| redact(text)),
                    &format!(
                        "{} ({}); to the letter {}, as practice {}",
                        escape::code(&finding.check),
                        finding.verdict,
                        note.conformance,
                        note.assessment
                    ),
                ),
            );
        }
    }
    for (id, line) in &before.notes {
        let aside = |finding: &Finding| finding.verdict == Verdict::NotRun;
        let still = judged.finding(id).is_none_or(aside) && map.quotes.get(id).is_some_and(says);
        if still && !told.contains_key(id) {
            told.insert(id.clone(), line.clone());
        }
    }
    told
}

/// Words as they are compared: without emphasis and code marks, in lower case, with single spaces.
fn plain(text: &str) -> String {
    let bare: String = text.chars().filter(|c| !matches!(c, '*' | '`')).collect();
    let words: Vec<&str> = bare.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

fn of_map(note: &MapNote, judged: &Judged<'_>, redact: &dyn Fn(&str) -> String) -> String {
    let checks: Vec<String> = note
        .checks
        .iter()
        .map(|id| match judged.finding(id) {
            Some(finding) => format!("{} ({})", escape::code(id), finding.verdict),
            None => format!("{} (not looked at)", escape::code(id)),
        })
        .collect();
    let tested = match checks.is_empty() {
        true => "nothing yet".to_owned(),
        false => checks.join(", "),
    };
    let texts = [&note.says, &note.truth, &note.source].map(|text| redact(text));
    said(&note.items, &texts, &tested)
}

fn said(items: &[String], [says, truth, source]: &[String; 3], tested: &str) -> String {
    let items = match items.is_empty() {
        true => String::new(),
        false => format!(" ({})", escape::markdown(&items.join(", "))),
    };
    format!(
        "- This document says{items}: {}\n  - In truth: {} Source: {}.\n  - Tested instead: {tested}",
        ended(&escape::markdown(says)),
        ended(&escape::markdown(truth)),
        escape::markdown(source.trim_end_matches('.')),
    )
}

fn ended(sentence: &str) -> String {
    match sentence.ends_with(['.', '!', '?']) {
        true => sentence.to_owned(),
        false => format!("{sentence}."),
    }
}

/// The notes of a document, or nothing where there is nothing to say.
pub(super) fn render(map: &DocumentMap, memory: &Memory) -> String {
    if memory.items.is_empty() && memory.notes.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "## What holdpoint observed\n\n\
         Holdpoint filled in what evidence decides; all else is written by people. What stands between these two\n\
         comments is written anew by `holdpoint docs --write`. `holdpoint docs --gaps` lists what no evidence covers.\n",
    );
    if !memory.notes.is_empty() {
        out.push_str("\n### Where this document asks for something else\n\n");
        let of_map = map.contradictions.iter().map(|note| &note.id);
        let others = memory.notes.keys();
        let mut seen = BTreeSet::new();
        for id in of_map.chain(others).filter(|id| seen.insert(*id)) {
            if let Some(line) = memory.notes.get(id) {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    let rows: Vec<_> = map
        .items
        .iter()
        .filter_map(|item| Some((item, memory.items.get(&item.id)?)))
        .collect();
    if !rows.is_empty() {
        out.push_str("\n### What it rests on\n\n| Item | Answer | Seen | By | Evidence |\n|---|---|---|---|---|\n");
        for (item, known) in rows {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} |",
                name(item),
                escape::markdown(&known.standing),
                known.seen(),
                by(known),
                evidence(known)
            );
        }
    }
    out
}

/// The item's id with its words, unless the id is made of them.
fn name(item: &MapItem) -> String {
    let words = item.item.last().or(item.row.as_ref()).or(item.under.last());
    let words = words.map_or("", String::as_str);
    match item.id.ends_with(words) {
        true => escape::markdown(&item.id),
        false => escape::markdown(&format!("{} {words}", item.id)),
    }
}

/// The checks that decided it: those that failed, or else those that passed.
fn by(known: &Known) -> String {
    let decisive = match known.standing == Standing::Failed.words() {
        true => Verdict::Fail.word(),
        false => Verdict::Pass.word(),
    };
    let checks = known.checks.iter().filter(|(_, gave)| *gave == decisive);
    let mut parts: Vec<String> = checks.map(|(id, _)| escape::cell(id)).collect();
    if parts.len() > CHECKS {
        let more = parts.len() - CHECKS + 1;
        parts.truncate(CHECKS - 1);
        parts.push(format!("{more} more"));
    }
    parts.extend(known.stated.iter().map(|who| escape::markdown(who)));
    parts.join(", ")
}

fn evidence(known: &Known) -> String {
    let short = |digest: &String| escape::cell(&digest.chars().take(DIGEST).collect::<String>());
    let mut parts: Vec<String> = known.evidence.iter().take(SHOWN).map(short).collect();
    if known.evidence.len() > SHOWN {
        parts.push(format!("{} more", known.evidence.len() - SHOWN));
    }
    // A run is no evidence of what only a person states.
    if known.on.is_none() || !parts.is_empty() {
        let at = match (&known.target, known.environment.is_empty()) {
            (Some(target), false) => format!(
                " at {} ({})",
                escape::cell(target),
                escape::markdown(&known.environment)
            ),
            (Some(target), true) => format!(" at {}", escape::cell(target)),
            (None, _) => " in the repository".into(),
        };
        parts.push(format!("run {}{at}", escape::cell(&known.run)));
    }
    parts.join(", ")
}
