//! Regions of a people's file that holdpoint writes, between two comments; every other byte is theirs.
//!
//! ```markdown
//! <!-- holdpoint:begin NAME -->
//! what holdpoint writes
//! <!-- holdpoint:end NAME sha256=0123456789abcdef -->
//! ```
//!
//! The end marker carries a checksum of what stands between, so that a change by hand is noticed. It is
//! taken over lines that end in LF, so that a checkout with other line ends is no change.

mod fault;

pub use fault::RegionFault;

use sha2::{Digest as _, Sha256};
use std::ops::Range;

/// A region that was found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Its bytes, markers and the end of their lines included.
    pub range: Range<usize>,
    /// The bytes between the markers' lines.
    pub inner: Range<usize>,
    /// The line of its begin marker, from 1.
    pub line: usize,
    /// What stands between is not what holdpoint wrote there.
    pub edited: bool,
    /// How many line breaks holdpoint put before it.
    lead: usize,
    /// The lines of the region end in CRLF.
    crlf: bool,
}

/// The region of that name, or none.
///
/// # Errors
/// A marker of any region of the file lacks its half, stands in another region, or is there twice.
pub fn find(text: &str, name: &str) -> Result<Option<Region>, RegionFault> {
    Ok(all(text)?.into_iter().find(|one| one.name == name))
}

/// Every region of the file, in its order.
///
/// # Errors
/// A marker lacks its half, stands in another region, or is there twice.
pub fn all(text: &str) -> Result<Vec<Region>, RegionFault> {
    let mut found = Vec::new();
    // Most documents have none.
    if !text.contains(BEGIN) && !text.contains(END) {
        return Ok(found);
    }
    let mut open: Option<(Marker<'_>, Line)> = None;
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for line in lines(text) {
        let Some(marker) = Marker::read(&text[line.text.clone()]) else {
            continue;
        };
        let owned = || marker.name.to_owned();
        match (marker.begins, open.take()) {
            (true, Some((outer, _))) => {
                return Err(RegionFault::Nested {
                    name: owned(),
                    line: line.number,
                    within: outer.name.to_owned(),
                });
            }
            (true, None) => {
                if let Some((_, first)) = seen.iter().find(|(other, _)| *other == marker.name) {
                    return Err(RegionFault::Twice {
                        name: owned(),
                        line: line.number,
                        first: *first,
                    });
                }
                seen.push((marker.name, line.number));
                open = Some((marker, line));
            }
            (false, Some((begin, at))) if begin.name == marker.name => {
                found.push(Region::between(text, &begin, &at, &marker, &line));
            }
            (false, _) => {
                return Err(RegionFault::Unopened {
                    name: owned(),
                    line: line.number,
                });
            }
        }
    }
    match open {
        Some((begin, at)) => Err(RegionFault::Unclosed {
            name: begin.name.to_owned(),
            line: at.number,
        }),
        None => Ok(found),
    }
}

/// The file with `content` in its region; without a file, or with an empty one, a whole new document.
/// Writing the same content again gives the same bytes.
///
/// # Errors
/// The file has no such region, its markers are not in order, or the region was changed by hand and
/// `take_over` is not set.
pub fn put(
    text: Option<&str>,
    name: &str,
    content: &str,
    take_over: bool,
) -> Result<String, RegionFault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(whole(name, content, "", "\n"));
    };
    let region = find(text, name)?.ok_or_else(|| RegionFault::Absent { name: name.into() })?;
    let body = body(content);
    // Who changed it into what it is to become has changed nothing.
    let same = plain(&text[region.inner.clone()]) == body;
    if region.edited && !take_over && !same {
        return Err(RegionFault::Edited {
            name: name.into(),
            line: region.line,
        });
    }
    let line_end = if region.crlf { "\r\n" } else { "\n" };
    let after = &text[region.inner.end..region.range.end];
    let kept = &after[after.trim_end_matches(['\r', '\n']).len()..];
    Ok([
        &text[..region.inner.start],
        &body.replace('\n', line_end),
        &end(name, &body),
        kept,
        &text[region.range.end..],
    ]
    .concat())
}

/// The file with a new region at its end. [`remove`] gives the old bytes back.
///
/// # Errors
/// The file has the region already, or its markers are not in order.
pub fn append(text: &str, name: &str, content: &str) -> Result<String, RegionFault> {
    if let Some(region) = find(text, name)? {
        return Err(RegionFault::Present {
            name: name.into(),
            line: region.line,
        });
    }
    let line_end = match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    };
    let before = text.strip_prefix(BOM).unwrap_or(text);
    let lead = if before.is_empty() {
        0
    } else if !before.ends_with('\n') {
        2
    } else {
        usize::from(!before.ends_with("\n\n") && !before.ends_with("\n\r\n"))
    };
    let attribute = format!(" lead={lead}");
    Ok([
        text,
        &line_end.repeat(lead),
        &whole(name, content, &attribute, line_end),
    ]
    .concat())
}

/// The file without the region and without the line breaks that were put before it.
///
/// # Errors
/// The file has no such region, its markers are not in order, or the region was changed by hand and
/// `take_over` is not set.
pub fn remove(text: &str, name: &str, take_over: bool) -> Result<String, RegionFault> {
    let region = find(text, name)?.ok_or_else(|| RegionFault::Absent { name: name.into() })?;
    if region.edited && !take_over {
        return Err(RegionFault::Edited {
            name: name.into(),
            line: region.line,
        });
    }
    let whole = region.with_lead(text);
    Ok([&text[..whole.start], &text[whole.end..]].concat())
}

/// What a marker begins with.
const BEGIN: &str = "holdpoint:begin";
const END: &str = "holdpoint:end";

const BOM: char = '\u{feff}';

/// One line of a file: its text and all of its bytes.
#[derive(Debug, Clone)]
struct Line {
    number: usize,
    text: Range<usize>,
    whole: Range<usize>,
}

fn lines(text: &str) -> impl Iterator<Item = Line> + '_ {
    let mut start = 0;
    text.split_inclusive('\n')
        .zip(1..)
        .map(move |(line, number)| {
            let whole = start..start + line.len();
            start = whole.end;
            let shown = line.trim_end_matches('\n');
            let shown = shown.strip_suffix('\r').unwrap_or(shown);
            let hidden = if number == 1 && shown.starts_with(BOM) {
                BOM.len_utf8()
            } else {
                0
            };
            Line {
                number,
                text: whole.start + hidden..whole.start + shown.len(),
                whole,
            }
        })
}

/// A line that is a marker and nothing else.
#[derive(Debug)]
struct Marker<'t> {
    begins: bool,
    name: &'t str,
    lead: usize,
    sum: Option<&'t str>,
}

impl<'t> Marker<'t> {
    fn read(line: &'t str) -> Option<Self> {
        // Four spaces make it an example in a code block.
        if line.starts_with("    ") || line.starts_with('\t') {
            return None;
        }
        let comment = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
        let mut words = comment.split_whitespace();
        let begins = match words.next()? {
            BEGIN => true,
            END => false,
            _ => return None,
        };
        let name = words.next()?;
        let mut marker = Self {
            begins,
            name,
            lead: 0,
            sum: None,
        };
        for word in words {
            match word.split_once('=') {
                Some(("lead", number)) => marker.lead = number.parse().unwrap_or(0).min(2),
                Some(("sha256", sum)) => marker.sum = Some(sum),
                _ => {}
            }
        }
        Some(marker)
    }
}

impl Region {
    fn between(text: &str, begin: &Marker<'_>, at: &Line, end: &Marker<'_>, last: &Line) -> Self {
        let inner = at.whole.end..last.whole.start;
        let sum = sum(&plain(&text[inner.clone()]));
        Self {
            name: begin.name.to_owned(),
            range: at.text.start..last.whole.end,
            line: at.number,
            edited: end.sum != Some(sum.as_str()),
            lead: begin.lead,
            crlf: text[at.whole.clone()].ends_with("\r\n"),
            inner,
        }
    }

    /// Its bytes with the line breaks that holdpoint put before it. Where words follow, the region was moved
    /// or written on after, and the line breaks part people's words.
    pub(super) fn with_lead(&self, text: &str) -> Range<usize> {
        let line_end = if self.crlf { "\r\n" } else { "\n" };
        let mut before = &text[..self.range.start];
        if self.range.end == text.len() {
            for _ in 0..self.lead {
                before = before.strip_suffix(line_end).unwrap_or(before);
            }
        }
        before.len()..self.range.end
    }

    /// What a renewal changes: the content with the end marker, without the line break behind it.
    pub(super) fn renewed(&self, text: &str) -> Range<usize> {
        let whole = &text[self.inner.start..self.range.end];
        let length = whole.trim_end_matches(['\r', '\n']).len();
        self.inner.start..self.inner.start + length
    }

    /// The same where no person has changed anything of it.
    pub(super) fn renewable(&self, text: &str) -> Option<Range<usize>> {
        let renewed = self.renewed(text);
        let own = end(&self.name, &plain(&text[self.inner.clone()]));
        (!self.edited && text[self.inner.end..renewed.end] == own).then_some(renewed)
    }

    /// It is to the byte what [`append`] puts there, line ends aside: nothing of it is a person's.
    pub(super) fn is_as_appended(&self, text: &str) -> bool {
        let inner = plain(&text[self.inner.clone()]);
        if self.range.end == text.len() {
            let without = plain(&text[..self.with_lead(text).start]);
            return append(&without, &self.name, &inner).is_ok_and(|whole| whole == plain(text));
        }
        let attribute = format!(" lead={}", self.lead);
        plain(&text[self.range.clone()]) == whole(&self.name, &inner, &attribute, "\n")
    }
}

/// A region with both of its markers.
fn whole(name: &str, content: &str, attribute: &str, line_end: &str) -> String {
    let body = body(content);
    let text = format!(
        "<!-- holdpoint:begin {name}{attribute} -->\n{body}{}\n",
        end(name, &body)
    );
    text.replace('\n', line_end)
}

fn end(name: &str, body: &str) -> String {
    format!("<!-- holdpoint:end {name} sha256={} -->", sum(body))
}

/// What stands between the markers: whole lines, none of which is a marker.
fn body(content: &str) -> String {
    let content = content
        .strip_prefix(BOM)
        .unwrap_or(content)
        .replace("\r\n", "\n");
    let mut body = String::with_capacity(content.len() + 1);
    for line in content.lines().map(|line| line.trim_end_matches('\r')) {
        if Marker::read(line).is_some() {
            body.push_str(&line.replacen("holdpoint:", "holdpoint ", 1));
        } else {
            body.push_str(line);
        }
        body.push('\n');
    }
    body
}

fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// Enough to notice a change; it is no proof against one who wants to deceive.
fn sum(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests;
