//! Finds the slots of a Markdown document.

mod address;
mod fence;
mod found;
mod line;
mod reader;
mod wants;

use super::slot::Scan;

/// Everything in `text` that somebody may fill in, with its bytes.
pub fn scan(text: &str) -> Scan {
    reader::Reader::new(text).read()
}
