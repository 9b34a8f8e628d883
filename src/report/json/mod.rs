//! The report for programs: a public interface with a version and a schema.

mod v1;

use super::{Report, Style};
use crate::document::escape::hides;
use serde::Serialize;
use std::fmt::Write;

pub(super) fn render(report: &Report<'_>, _: &Style<'_>) -> String {
    pretty(&v1::Document::of(report))
}

/// A JSON document for programs that does nothing to the terminal of a person who looks at it.
pub(super) fn pretty(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document)
        .expect("texts, numbers and maps with text keys always serialise");
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // Only inside strings can such a character stand here; written so, it means the same to a
        // program and does nothing to a terminal.
        if c != '\n' && hides(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("a string takes all that is written");
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}
