//! Slots: the places of a people's document that somebody fills in, each with its bytes and its address.

use std::ops::Range;
use std::sync::Arc;

/// A place to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What it is, with what it says now.
    pub kind: SlotKind,
    /// Where it stands, in words that filling it in does not change.
    pub address: Address,
    /// Its line, from 1.
    pub line: usize,
    /// What stands around it: what may be written there without changing the document's structure.
    pub context: Context,
    /// The list item that holds it most closely, by its place in [`Scan::items`].
    pub item: Option<usize>,
    /// The section that it stands in, by its place in [`Scan::headings`]; none before the first heading.
    pub heading: Option<usize>,
}

/// The kinds of slots. Every range is of bytes of the text that was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotKind {
    /// The box of a task: the one character between its brackets.
    Box {
        /// The character.
        at: Range<usize>,
        /// It is ticked.
        ticked: bool,
    },
    /// A run of underscores.
    Blank {
        /// The run.
        at: Range<usize>,
        /// What is wanted there.
        wants: Wants,
    },
    /// Options of which one is marked, or none: `☐ Yes ☐ No`, `✓ / ☐`, one for each bullet.
    Choice {
        /// The options, in their order.
        options: Vec<OptionMark>,
    },
    /// A table's cell that holds one sign: `⏳`.
    Sign {
        /// The sign, with its variation selector.
        at: Range<usize>,
    },
    /// A fenced block that holds nothing but lines in brackets.
    Placeholder {
        /// Those lines, without the fence and without the last line break.
        at: Range<usize>,
    },
    /// A line that ends in `✓`: a claim that was printed with the template.
    Claim {
        /// The sign.
        at: Range<usize>,
    },
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionMark {
    /// Its sign: `☐`, `☑`, `☒`, `✓` or `✗`.
    pub at: Range<usize>,
    /// It is marked.
    pub marked: bool,
    /// Its words; empty for `✓ / ☐`.
    pub label: String,
}

/// What a blank asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// A date, or a date and time.
    Date,
    /// A name, a signature, or the date of one: only a person may write it, or sign with a key for it.
    Signature,
    /// Something secret: a key, a password.
    Secret,
    /// Anything else.
    Text,
}

/// What stands around a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Ordinary text.
    Text,
    /// A table's cell.
    Cell,
    /// A code span.
    Code,
    /// A code span in a table's cell.
    CellCode,
    /// A fenced block.
    Fence,
}

/// Where a slot stands. Texts are normalised: without emphasis, emoji and slots, in lower case, with
/// single spaces. What is longer than [`ADDRESS_WORDS`] is cut, and paths deeper than
/// [`ADDRESS_DEPTH`] keep their inner end, so that addresses stay small in any document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The headings, outermost first; shared by the slots of a section.
    pub headings: Arc<[String]>,
    /// The list items that hold it, outermost first; shared by the slots of an item.
    pub items: Arc<[String]>,
    /// In a table: the text of the row's first cell, and the heading of the column. Rows that begin alike
    /// are told apart by their second cells: `omega / mail`.
    pub cell: Option<(String, String)>,
    /// `box`, `blank`, `choice`, `sign`, `placeholder`, `claim`.
    pub kind: &'static str,
    /// The words between the slot before it, or the start of the line, and it; those of its item where
    /// it is a box. Options in bullets and placeholders have the line above them, if it ends in a colon.
    pub label: String,
    /// From 0: which one, where all of the above is the same.
    pub ordinal: usize,
}

/// A list item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListItem {
    /// The words of its first paragraph, normalised, without those of the lists within it.
    pub text: String,
    /// Those of them that stand before the first slot of its first line: `verified` of
    /// `Verified: ____ (date/time)`. The same as `text` where that line has no slot or begins with one.
    pub label: String,
    /// The item that holds it.
    pub parent: Option<usize>,
    /// The section that it stands in.
    pub heading: Option<usize>,
    /// It has a box.
    pub task: bool,
    /// Its line, from 1.
    pub line: usize,
    /// Checks that a comment on its first line names: `<!-- holdpoint: mongodb.tls mongodb.primary -->`.
    pub anchors: Vec<(String, Range<usize>)>,
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Its words, normalised.
    pub text: String,
    /// Its words as written, without emphasis.
    pub shown: String,
    /// The heading above it in the outline.
    pub parent: Option<usize>,
    /// 1 to 6.
    pub level: usize,
    /// Its line, from 1.
    pub line: usize,
}

/// Everything that a document offers to be filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// The headings, in the order of the document.
    pub headings: Vec<Heading>,
    /// The list items, in the order of the document.
    pub items: Vec<ListItem>,
    /// The slots, in the order of the document; their ranges do not overlap.
    pub slots: Vec<Slot>,
}

impl Slot {
    /// The ranges that may be written, in order.
    pub fn ranges(&self) -> Vec<Range<usize>> {
        match &self.kind {
            SlotKind::Choice { options } => options.iter().map(|one| one.at.clone()).collect(),
            SlotKind::Box { at, .. }
            | SlotKind::Blank { at, .. }
            | SlotKind::Sign { at }
            | SlotKind::Placeholder { at }
            | SlotKind::Claim { at } => vec![at.clone()],
        }
    }
}

impl SlotKind {
    /// Its word in addresses.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Box { .. } => "box",
            Self::Blank { .. } => "blank",
            Self::Choice { .. } => "choice",
            Self::Sign { .. } => "sign",
            Self::Placeholder { .. } => "placeholder",
            Self::Claim { .. } => "claim",
        }
    }
}

impl OptionMark {
    /// Its words are these: `Yes`, `yes:`; a sign that stands for words is compared as it is.
    pub fn says(&self, words: &str) -> bool {
        let (own, other) = (normal(&self.label), normal(words));
        if own.is_empty() && other.is_empty() {
            self.label == words.trim()
        } else {
            own == other
        }
    }
}

/// The longest text in an address, in characters.
pub const ADDRESS_WORDS: usize = 160;

/// The longest path of list items in an address.
pub const ADDRESS_DEPTH: usize = 12;

/// Words as addresses compare them: without emphasis, emoji, signs and blanks, in lower case, with single
/// spaces, and without the colon, dash or slash that leads to a slot. Letters and digits of all scripts
/// stay, with their marks.
pub fn normal(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        if stays(c) && c.is_ascii() {
            kept.push(c.to_ascii_lowercase());
        } else if stays(c) {
            kept.extend(c.to_lowercase());
        } else if !kept.is_empty() && !kept.ends_with(' ') {
            kept.push(' ');
        }
    }
    let led = |c: char| c == ' ' || ":/,;|-".contains(c);
    let end = kept.trim_end_matches(led).len();
    kept.truncate(end);
    match kept.trim_start_matches(|c: char| c == ' ' || ":/,;|".contains(c)) {
        whole if whole.len() == kept.len() => kept,
        rest => rest.to_owned(),
    }
}

/// A character that tells one address from another.
fn stays(c: char) -> bool {
    match c {
        '*' | '`' | '~' | '_' => false,
        _ if c.is_ascii() => c.is_ascii_graphic(),
        _ if c.is_alphanumeric() => true,
        // Marks that belong to letters are no letters to `char`; what is left here is punctuation,
        // arrows, boxes, emoji, their selectors and joiners, and private signs.
        '\u{80}'..='\u{2ff}' | '\u{2000}'..='\u{2bff}' | '\u{2e00}'..='\u{2e7f}' => false,
        '\u{3000}'..='\u{303f}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe1f}' => false,
        '\u{fe30}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ffff}' | '\u{1d000}'..='\u{1faff}' => false,
        _ => c < '\u{e0000}',
    }
}
