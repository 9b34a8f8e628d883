//! Reads a chain and finds everything that is wrong with it; pure.

use super::entry::{Entry, Kind};
use super::fault::{Fault, FaultKind};
use std::collections::{BTreeMap, BTreeSet};

/// A chain as it was read.
///
/// What it cannot show of itself: that entries were cut off its end, or that all of it was written anew. Whoever names
/// a head in something signed anchors it and all before it ([`Chain::holds`] tells whether it is still there).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// The entries, each after those that it comes after; the order is the same however branches were merged.
    pub entries: Vec<Entry>,
    /// The digests of the entries that none comes after, in order: one, or several after a merge of branches.
    pub heads: Vec<String>,
    /// A last line without its end, which does not count.
    pub torn: Option<Torn>,
    /// Lines that repeat another to the byte, as a merge can leave them; each counts once, and nothing is wrong.
    pub repeated: Vec<usize>,
    /// Everything that is wrong, in the order of lines.
    pub faults: Vec<Fault>,
    /// The line of each entry.
    lines: BTreeMap<String, usize>,
}

/// What stands after the last newline of a chain: the line was being written when the machine stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The line, from 1.
    pub line: usize,
    /// How many bytes it has.
    pub bytes: usize,
    /// The entry, where only its newline is missing. The next append gives it one; of anything else it removes the rest.
    pub whole: Option<Entry>,
}

impl Chain {
    /// Reads the bytes of a chain.
    pub(super) fn of(bytes: &[u8], gate: &str, path: &str) -> Self {
        let mut chain = Self::default();
        // Digests that broken lines say they have, so that one change is told once.
        let mut claimed = BTreeSet::new();
        let end = whole(bytes);
        let mut number = 0;
        for line in bytes[..end].split_inclusive(|byte| *byte == b'\n') {
            number += 1;
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let fault = |kind| Fault::new(path, Some(number), kind);
            if is_mark(line) {
                chain.faults.push(fault(FaultKind::Conflict));
                continue;
            }
            match Entry::parse(line) {
                Ok(entry) => {
                    if entry.gate != gate {
                        let other = FaultKind::OtherGate(entry.gate.clone());
                        chain.faults.push(fault(other));
                    }
                    if chain.lines.contains_key(&entry.digest) {
                        chain.repeated.push(number);
                    } else {
                        chain.lines.insert(entry.digest.clone(), number);
                        chain.entries.push(entry);
                    }
                }
                Err((digest, kind)) => {
                    claimed.extend(digest);
                    chain.faults.push(fault(kind));
                }
            }
        }
        if end < bytes.len() {
            chain.torn = Some(Torn {
                line: number + 1,
                bytes: bytes.len() - end,
                whole: Entry::parse(&bytes[end..]).ok(),
            });
        }
        chain.follow(&claimed, path);
        chain
    }

    /// Holds what every entry says of those before it against what is there.
    fn follow(&mut self, claimed: &BTreeSet<String>, path: &str) {
        let sequences: BTreeMap<_, _> = self
            .entries
            .iter()
            .map(|entry| (entry.digest.as_str(), entry.sequence))
            .collect();
        let mut open: BTreeSet<_> = sequences.keys().copied().collect();
        for entry in &self.entries {
            let line = self.lines.get(&entry.digest).copied();
            let mut last = Some(0);
            for before in &entry.after {
                open.remove(before.as_str());
                match sequences.get(before.as_str()) {
                    Some(sequence) => last = last.map(|last: u64| last.max(*sequence)),
                    None => {
                        last = None;
                        if !claimed.contains(before) {
                            let removed = FaultKind::Removed(before.clone());
                            self.faults.push(Fault::new(path, line, removed));
                        }
                    }
                }
            }
            // Where one before it is gone, nobody knows its number.
            let expected = last.map(|last| last.saturating_add(1));
            if let Some(expected) = expected.filter(|expected| *expected != entry.sequence) {
                let found = entry.sequence;
                let kind = FaultKind::Sequence { found, expected };
                self.faults.push(Fault::new(path, line, kind));
            }
        }
        self.heads = open.into_iter().map(str::to_owned).collect();
        self.faults.sort_by_key(|fault| fault.line);
        // A merge may put the lines of either side first.
        self.entries
            .sort_by(|a, b| (a.sequence, a.at, &a.digest).cmp(&(b.sequence, b.at, &b.digest)));
    }

    /// Is the entry of this digest there? A sign-off names the heads that its signer saw, so a chain that no longer
    /// holds one of them was cut or written anew.
    pub fn holds(&self, digest: &str) -> bool {
        self.lines.contains_key(digest)
    }

    /// The entry of this digest.
    pub fn entry(&self, digest: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.digest == digest)
    }

    /// The line of an entry, from 1.
    pub fn line_of(&self, digest: &str) -> Option<usize> {
        self.lines.get(digest).copied()
    }

    /// The entries of a kind, oldest first.
    pub fn of_kind(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }

    /// The largest number of an entry; 0 where there is none.
    pub(super) fn last_sequence(&self) -> u64 {
        let numbers = self.entries.iter().map(|entry| entry.sequence);
        numbers.max().unwrap_or(0)
    }
}

/// Where the last whole line ends.
pub(super) fn whole(bytes: &[u8]) -> usize {
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    end.map_or(0, |end| end + 1)
}

/// Is it a line that git writes around the sides of a conflict?
fn is_mark(line: &[u8]) -> bool {
    [b'<', b'|', b'=', b'>'].iter().any(|mark| {
        let length = line.iter().take_while(|byte| *byte == mark).count();
        length >= 7 && line.get(length).is_none_or(|next| *next == b' ')
    })
}
