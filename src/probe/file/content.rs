//! The content of a file in one pass: its size, digest and lines, and what patterns find in it.

use regex::bytes::Regex;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Files above this many bytes are not read to their end.
const HASHED: u64 = 256 << 20;

/// Files above this many bytes are not searched, because that takes them into memory whole.
pub(super) const SEARCHED: u64 = 16 << 20;

/// What was found in a file.
#[derive(Default)]
pub(super) struct Content {
    pub(super) size: u64,
    pub(super) sha256: Option<String>,
    pub(super) lines: Option<u64>,
    pub(super) matches: Vec<Found>,
    pub(super) too_large_to_search: bool,
}

/// What one pattern found.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) count: usize,
    pub(super) line: Option<usize>,
}

impl Content {
    /// Reads a regular file.
    pub(super) fn read(path: &Path, patterns: &[(String, Regex)]) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        if size > SEARCHED && !patterns.is_empty() {
            return Ok(Self {
                too_large_to_search: true,
                ..Self::default()
            });
        }
        if size > HASHED {
            return Ok(Self {
                size,
                ..Self::default()
            });
        }
        let (mut digest, mut read, mut breaks, mut last) = (Sha256::new(), 0, 0, b'\n');
        let mut kept = Vec::new();
        let mut chunk = vec![0; 64 << 10];
        // A file that grows while it is read is read to the size it had.
        let mut stream = file.by_ref().take(size);
        loop {
            let bytes = match stream.read(&mut chunk)? {
                0 => break,
                count => &chunk[..count],
            };
            digest.update(bytes);
            read += bytes.len() as u64;
            breaks += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            last = bytes[bytes.len() - 1];
            if !patterns.is_empty() {
                kept.extend_from_slice(bytes);
            }
        }
        Ok(Self {
            size: read,
            sha256: Some(
                digest
                    .finalize()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect(),
            ),
            // A last line without its end is a line too.
            lines: Some(breaks + u64::from(last != b'\n')),
            matches: patterns
                .iter()
                .map(|(name, pattern)| Found::of(name, pattern, &kept))
                .collect(),
            too_large_to_search: false,
        })
    }
}

impl Found {
    fn of(name: &str, pattern: &Regex, content: &[u8]) -> Self {
        let line = pattern.find(content).map(|found| {
            content[..found.start()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1
        });
        Self {
            name: name.to_owned(),
            count: pattern.find_iter(content).count(),
            line,
        }
    }
}
