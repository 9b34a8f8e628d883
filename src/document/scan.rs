//! Finds the slots of a Markdown document.

use super::slot::Scan;

/// Everything in `text` that somebody may fill in, with its bytes.
pub fn scan(_text: &str) -> Scan {
    Scan::default()
}
