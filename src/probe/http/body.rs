//! Reads a body piece by piece, decoded, and never more than a limit of it.

use crate::model::{Hindrance, HindranceKind};
use flate2::write::{DeflateDecoder, GzDecoder, ZlibDecoder};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// What was read of a body.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    /// The decoded bytes, where they were to be kept.
    pub bytes: Vec<u8>,
    /// How many decoded bytes were read, kept or not.
    pub size: u64,
    /// How many bytes came over the wire, after transfer coding.
    pub wire_size: u64,
    /// There was more than the limit.
    pub truncated: bool,
    /// The coding was one that is read here; otherwise the bytes are as they came.
    pub decoded: bool,
    /// Of the decoded bytes that were read, in hexadecimal.
    pub sha256: String,
}

/// Takes a body in as it comes.
pub(super) struct Reader {
    decoder: Decoder,
    limit: u64,
    wire_size: u64,
    decoded: bool,
}

enum Decoder {
    Plain(Sink),
    Gzip(GzDecoder<Sink>),
    Zlib(ZlibDecoder<Sink>),
    /// `deflate` without the zlib wrapper, which some servers send.
    Raw(DeflateDecoder<Sink>),
    /// `deflate`, until its first bytes tell which of the two it is.
    Unsure(Vec<u8>, Sink),
}

/// Whether to go on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    More,
    Enough,
}

impl Reader {
    /// `coding` is the Content-Encoding; `keep` says whether the bytes themselves are wanted.
    pub(super) fn new(coding: Option<&str>, limit: u64, keep: bool) -> Self {
        let sink = Sink {
            kept: keep.then(Vec::new),
            size: 0,
            limit,
            full: false,
            hash: Sha256::new(),
        };
        let coding = coding
            .map(str::trim)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let (decoder, decoded) = match coding.as_str() {
            "" | "identity" => (Decoder::Plain(sink), true),
            "gzip" | "x-gzip" => (Decoder::Gzip(GzDecoder::new(sink)), true),
            "deflate" => (Decoder::Unsure(Vec::new(), sink), true),
            _ => (Decoder::Plain(sink), false),
        };
        Self {
            decoder,
            limit,
            wire_size: 0,
            decoded,
        }
    }

    /// Takes one piece in.
    ///
    /// # Errors
    /// The compressed form is damaged.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Flow, Hindrance> {
        self.wire_size += piece.len() as u64;
        if let Decoder::Unsure(start, sink) = &mut self.decoder {
            start.extend_from_slice(piece);
            if start.len() < 2 {
                return Ok(Flow::More);
            }
            let start = std::mem::take(start);
            let sink = std::mem::replace(sink, Sink::closed());
            // RFC 1950 section 2.2: the method is 8 and the first two bytes are a multiple of 31.
            let zlib =
                start[0] & 0x0f == 8 && (u16::from(start[0]) * 256 + u16::from(start[1])) % 31 == 0;
            self.decoder = if zlib {
                Decoder::Zlib(ZlibDecoder::new(sink))
            } else {
                Decoder::Raw(DeflateDecoder::new(sink))
            };
            return self.decode(&start);
        }
        self.decode(piece)
    }

    fn decode(&mut self, piece: &[u8]) -> Result<Flow, Hindrance> {
        let outcome = match &mut self.decoder {
            Decoder::Plain(sink) => sink.write_all(piece),
            Decoder::Gzip(decoder) => decoder.write_all(piece),
            Decoder::Zlib(decoder) => decoder.write_all(piece),
            Decoder::Raw(decoder) => decoder.write_all(piece),
            Decoder::Unsure(..) => Ok(()),
        };
        // What compresses to more than its own size is held to the limit on the wire.
        let enough = self.sink().full || self.wire_size > self.limit.saturating_add(64 * 1024);
        match outcome {
            _ if enough => Ok(Flow::Enough),
            Ok(()) => Ok(Flow::More),
            // The compressed form is at its end; like browsers, leave aside what comes after.
            Err(error) if error.kind() == io::ErrorKind::WriteZero => Ok(Flow::More),
            Err(error) => Err(damaged(&error)),
        }
    }

    fn sink(&self) -> &Sink {
        match &self.decoder {
            Decoder::Plain(sink) | Decoder::Unsure(_, sink) => sink,
            Decoder::Gzip(decoder) => decoder.get_ref(),
            Decoder::Zlib(decoder) => decoder.get_ref(),
            Decoder::Raw(decoder) => decoder.get_ref(),
        }
    }

    /// Ends the reading. `complete` says that the peer sent everything it wanted to; a compressed
    /// form that ends before its end is a fault then.
    pub(super) fn finish(mut self, complete: bool) -> (Body, Option<Hindrance>) {
        let mut fault = None;
        if complete && self.wire_size > 0 {
            let ended = match &mut self.decoder {
                Decoder::Plain(_) => Ok(()),
                Decoder::Gzip(decoder) => decoder.try_finish(),
                Decoder::Zlib(decoder) => decoder.try_finish(),
                Decoder::Raw(decoder) => decoder.try_finish(),
                Decoder::Unsure(..) => Err(io::ErrorKind::UnexpectedEof.into()),
            };
            fault = ended
                .err()
                .filter(|_| !self.sink().full)
                .map(|error| damaged(&error));
        }
        let truncated = self.sink().full || (!complete && self.wire_size > self.limit);
        let (wire_size, decoded) = (self.wire_size, self.decoded);
        let sink = match &mut self.decoder {
            Decoder::Plain(sink) | Decoder::Unsure(_, sink) => sink,
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Zlib(decoder) => decoder.get_mut(),
            Decoder::Raw(decoder) => decoder.get_mut(),
        };
        let body = Body {
            size: sink.size,
            wire_size,
            truncated,
            decoded,
            sha256: hex(&sink.hash.finalize_reset()),
            bytes: sink.kept.take().unwrap_or_default(),
        };
        (body, fault)
    }
}

fn damaged(error: &io::Error) -> Hindrance {
    Hindrance::new(
        HindranceKind::Protocol,
        format!("the compressed body is damaged: {error}"),
    )
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where decoded bytes go: hashed, counted, perhaps kept, and refused above the limit.
struct Sink {
    kept: Option<Vec<u8>>,
    size: u64,
    limit: u64,
    /// More was offered than the limit.
    full: bool,
    hash: Sha256,
}

impl Sink {
    /// Takes nothing.
    fn closed() -> Self {
        Self {
            kept: None,
            size: 0,
            limit: 0,
            full: false,
            hash: Sha256::new(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = usize::try_from(self.limit - self.size).unwrap_or(usize::MAX);
        let taken = &bytes[..bytes.len().min(room)];
        self.hash.update(taken);
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(taken);
        }
        self.size += taken.len() as u64;
        if taken.len() < bytes.len() {
            self.full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    fn read(
        coding: Option<&str>,
        limit: u64,
        wire: &[u8],
        piece: usize,
    ) -> (Body, Option<Hindrance>, usize) {
        let mut reader = Reader::new(coding, limit, true);
        let mut pieces = 0;
        for piece in wire.chunks(piece) {
            pieces += 1;
            match reader.push(piece) {
                Ok(Flow::More) => {}
                Ok(Flow::Enough) => {
                    let (body, fault) = reader.finish(false);
                    return (body, fault, pieces);
                }
                Err(fault) => return (reader.finish(false).0, Some(fault), pieces),
            }
        }
        let (body, fault) = reader.finish(true);
        (body, fault, pieces)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn decodes_every_coding_in_pieces_of_any_size() {
        let text = b"holdpoint ".repeat(50);
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&text).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(&text).unwrap();
        let forms = [
            (None, text.clone()),
            (Some("gzip"), gzip(&text)),
            (Some(" X-GZIP"), gzip(&text)),
            (Some("deflate"), zlib.finish().unwrap()),
            (Some("deflate"), raw.finish().unwrap()),
        ];
        for (coding, wire) in forms {
            for piece in [1, 7, 4096] {
                let (body, fault, _) = read(coding, 10_000, &wire, piece);
                assert_eq!(fault, None, "{coding:?}");
                assert_eq!(
                    (body.bytes, body.truncated),
                    (text.clone(), false),
                    "{coding:?}"
                );
                assert_eq!(body.wire_size, wire.len() as u64);
            }
        }
    }

    #[test]
    fn a_body_of_exactly_the_limit_is_whole() {
        let (body, ..) = read(None, 5, b"12345", 2);
        assert_eq!((body.size, body.truncated), (5, false));
        let (body, ..) = read(None, 5, b"123456", 2);
        assert_eq!((body.size, body.truncated), (5, true));
        let (body, ..) = read(None, 0, b"1", 2);
        assert_eq!((body.size, body.truncated), (0, true));
    }

    #[test]
    fn a_bomb_costs_no_more_than_the_limit() {
        let bomb = gzip(&vec![0; 64 << 20]);
        let (body, fault, pieces) = read(Some("gzip"), 100_000, &bomb, 1024);
        assert_eq!((body.size, body.truncated, fault), (100_000, true, None));
        assert!(pieces < 3 && body.bytes.capacity() < 300_000);
    }

    #[test]
    fn gzip_that_never_says_anything_ends_too() {
        let empty = gzip(b"").repeat(10_000);
        let (body, fault, _) = read(Some("gzip"), 1_000, &empty, 1024);
        assert_eq!((body.size, body.truncated, fault), (0, true, None));
    }

    #[test]
    fn damage_is_a_fault_and_an_unknown_coding_is_not() {
        let padded = [gzip(b"whole"), vec![0; 9]].concat();
        let (body, fault, _) = read(Some("gzip"), 100, &padded, 4);
        assert_eq!((body.bytes.as_slice(), fault), (b"whole".as_slice(), None));
        let mut wire = gzip(b"hello hello hello");
        wire.truncate(15);
        for (coding, wire) in [
            ("gzip", wire.as_slice()),
            ("gzip", b"not gzip at all"),
            ("deflate", b"\xff"),
        ] {
            let (_, fault, _) = read(Some(coding), 100, wire, 4);
            assert_eq!(fault.unwrap().kind, HindranceKind::Protocol, "{coding}");
        }
        let (body, fault, _) = read(Some("br"), 100, b"x", 4);
        assert_eq!((body.decoded, fault), (false, None));
        assert_eq!(read(Some("gzip"), 100, b"", 4).1, None);
    }
}
