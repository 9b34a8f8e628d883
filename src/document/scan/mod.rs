//! Finds the slots of a Markdown document.

mod address;
mod faults;
mod fence;
mod found;
mod line;
mod parts;
mod reader;
mod wants;

pub(super) use wants::{asks_for_date, asks_for_name};

use super::slot::Scan;
use std::borrow::Cow;

/// Everything in `text` that somebody may fill in, with its bytes.
pub fn scan(text: &str) -> Scan {
    reader::Reader::new(&with_line_feeds(text)).read()
}

/// The same bytes with `\n` for a lone `\r`, which the parser knows in paragraphs and not in tables.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    let mut rest = text.chars().peekable();
    let mut changed = String::with_capacity(text.len());
    while let Some(c) = rest.next() {
        let is_lone = c == '\r' && rest.peek() != Some(&'\n');
        changed.push(if is_lone { '\n' } else { c });
    }
    Cow::Owned(changed)
}

#[cfg(test)]
mod tests;
