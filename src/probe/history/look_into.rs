//! Searches the content of one object, whatever its text is written in.

use super::objects::Kind;
use crate::secret::{Hunt, Quarry};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Lines of one object that are kept for the same secret or shape. Others in it are looked for all the same.
const MOST: usize = 64;
/// How much of a large object is searched at once.
const WINDOW: usize = 4 << 20;

/// One place in one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    /// The object.
    pub(super) object: u32,
    /// The line, from 1.
    pub(super) line: usize,
    /// What stands there.
    pub(super) what: Quarry,
    /// The fingerprint of what has the shape of a secret; of known ones it is known.
    pub(super) fingerprint: Option<String>,
}

/// Looks for secrets in objects.
pub(super) struct Eye<'a> {
    hunt: &'a Hunt,
    fingerprint: &'a (dyn Fn(&str) -> String + Sync),
}

impl<'a> Eye<'a> {
    pub(super) fn new(hunt: &'a Hunt, fingerprint: &'a (dyn Fn(&str) -> String + Sync)) -> Self {
        Self { hunt, fingerprint }
    }

    /// Searches one object.
    pub(super) fn look(&self, object: u32, kind: Kind, content: &[u8], hits: &mut Vec<Hit>) {
        let text = match kind {
            Kind::Blob => readable(content),
            _ => Cow::Borrowed(content),
        };
        let mut seen = Seen::default();
        for find in self.hunt.search(&text) {
            // The names of a tree stand between bytes of chance, in which only whole values count.
            if kind == Kind::Tree && matches!(find.what, Quarry::Shape(_)) {
                continue;
            }
            if seen.is_full(find.what) {
                continue;
            }
            let line = match kind {
                Kind::Tree => 0,
                _ => 1 + newlines(&text[..find.span.start]),
            };
            if seen.is_new(find.what, line) {
                hits.push(self.hit(object, line, find.what, &text[find.span]));
            }
        }
    }

    fn hit(&self, object: u32, line: usize, what: Quarry, text: &[u8]) -> Hit {
        let fingerprint = matches!(what, Quarry::Shape(_))
            .then(|| (self.fingerprint)(&String::from_utf8_lossy(text)));
        Hit {
            object,
            line,
            what,
            fingerprint,
        }
    }

    /// Searches an object of which only a piece is there at a time.
    pub(super) fn in_pieces(&self, object: u32) -> InPieces<'_> {
        InPieces {
            eye: self,
            object,
            window: Vec::new(),
            done: 0,
            lines: 0,
            bytes: 0,
            hits: Vec::new(),
            seen: Seen::default(),
        }
    }
}

/// The lines on which each secret and shape was found.
#[derive(Default)]
struct Seen(BTreeMap<Quarry, BTreeSet<usize>>);

impl Seen {
    fn is_full(&self, what: Quarry) -> bool {
        self.0.get(&what).is_some_and(|lines| lines.len() >= MOST)
    }

    fn is_new(&mut self, what: Quarry, line: usize) -> bool {
        self.0.entry(what).or_default().insert(line)
    }
}

/// The search of a large object.
pub(super) struct InPieces<'a> {
    eye: &'a Eye<'a>,
    object: u32,
    /// Some of what was searched, and what is to be searched.
    window: Vec<u8>,
    /// Findings that begin before this place of the window are known.
    done: usize,
    /// Lines before the window.
    lines: usize,
    bytes: u64,
    hits: Vec<Hit>,
    seen: Seen,
}

impl InPieces<'_> {
    pub(super) fn take(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        self.window.extend_from_slice(piece);
        if self.window.len() >= WINDOW {
            // What begins near the end may go on in the next piece.
            self.search(self.window.len() - self.eye.hunt.reach().min(self.window.len()));
        }
    }

    pub(super) fn end(mut self) -> (Vec<Hit>, u64) {
        self.search(self.window.len());
        (self.hits, self.bytes)
    }

    fn search(&mut self, until: usize) {
        for find in self.eye.hunt.search(&self.window) {
            if (self.done..until).contains(&find.span.start) && !self.seen.is_full(find.what) {
                let line = 1 + self.lines + newlines(&self.window[..find.span.start]);
                if self.seen.is_new(find.what, line) {
                    let hit = self
                        .eye
                        .hit(self.object, line, find.what, &self.window[find.span]);
                    self.hits.push(hit);
                }
            }
        }
        // What stands before a finding decides some shapes.
        let gone = until.saturating_sub(self.eye.hunt.reach());
        self.lines += newlines(&self.window[..gone]);
        self.window.drain(..gone);
        self.done = until - gone;
    }
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// UTF-16 as UTF-8, told by its mark or by the zero bytes of plain letters; anything else as it is.
fn readable(content: &[u8]) -> Cow<'_, [u8]> {
    let start = &content[..content.len().min(256)];
    let zeros = |from: usize| {
        start
            .iter()
            .skip(from)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let half = start.len() / 2;
    let little = match start {
        [0xff, 0xfe, ..] => true,
        [0xfe, 0xff, ..] => false,
        _ if half >= 4 && zeros(1) * 10 >= half * 9 && zeros(0) * 10 < half => true,
        _ if half >= 4 && zeros(0) * 10 >= half * 9 && zeros(1) * 10 < half => false,
        _ => return Cow::Borrowed(content),
    };
    let units = content.chunks_exact(2).map(|pair| match little {
        true => u16::from_le_bytes([pair[0], pair[1]]),
        false => u16::from_be_bytes([pair[0], pair[1]]),
    });
    let text: String = char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Cow::Owned(text.into_bytes())
}
