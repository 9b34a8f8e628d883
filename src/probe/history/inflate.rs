//! Inflates, and makes objects from differences. Lengths are believed only as far as the bytes bear them out.
//!
//! Source: git's gitformat-pack documentation, "Deltified representation"; RFC 1950.

use flate2::{Decompress, FlushDecompress, Status};
use std::io;

/// What is said of an object that is not taken into memory.
pub(super) const TOO_LARGE: &str = "it is too large to be put together";
/// One byte of zlib gives at most so many.
const MOST_PER_BYTE: u64 = 1040;

/// What a thread keeps for inflating.
pub(super) struct Tools {
    pub(super) inflater: Decompress,
    pub(super) compressed: Vec<u8>,
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            inflater: Decompress::new(true),
            compressed: Vec::new(),
        }
    }
}

/// Inflates what must have this length.
pub(super) fn inflate(
    compressed: &[u8],
    size: u64,
    inflater: &mut Decompress,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    if size / MOST_PER_BYTE > compressed.len() as u64 {
        return Err("it cannot have the length it says".into());
    }
    let length = usize::try_from(size).map_err(|_| TOO_LARGE)?;
    inflater.reset(true);
    out.clear();
    // One byte more, so that a stream that goes on is noticed.
    out.reserve_exact(length + 1);
    let wrong = |_| "it cannot be inflated".to_owned();
    let status = inflater
        .decompress_vec(compressed, out, FlushDecompress::Finish)
        .map_err(wrong)?;
    if status != Status::StreamEnd || out.len() != length {
        return Err("it cannot be inflated to the length it says".into());
    }
    Ok(())
}

/// Inflates a whole stream up to a limit.
pub(super) fn inflate_all(compressed: &[u8], limit: u64) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut at = 0;
    stream(
        |into| {
            let length = into.len().min(compressed.len() - at);
            into[..length].copy_from_slice(&compressed[at..at + length]);
            at += length;
            Ok(length)
        },
        &mut |piece| {
            out.extend_from_slice(piece);
            out.len() as u64 <= limit
        },
    )?;
    if out.len() as u64 > limit {
        return Err(TOO_LARGE.into());
    }
    Ok(out)
}

/// Inflates a stream piece by piece, until its end or until the sink has enough.
pub(super) fn stream(
    mut source: impl FnMut(&mut [u8]) -> io::Result<usize>,
    sink: &mut impl FnMut(&[u8]) -> bool,
) -> Result<(), String> {
    let mut inflater = Decompress::new(true);
    let mut input = vec![0; 1 << 16];
    let mut output = vec![0; 1 << 18];
    let (mut from, mut to) = (0, 0);
    loop {
        if from == to {
            to = source(&mut input).map_err(|error| error.to_string())?;
            from = 0;
        }
        let (read, written) = (inflater.total_in(), inflater.total_out());
        let status = inflater
            .decompress(&input[from..to], &mut output, FlushDecompress::None)
            .map_err(|_| "it cannot be inflated")?;
        let read = usize::try_from(inflater.total_in() - read).unwrap_or_default();
        let written = usize::try_from(inflater.total_out() - written).unwrap_or_default();
        from += read;
        if written > 0 && !sink(&output[..written]) {
            return Ok(());
        }
        match status {
            Status::StreamEnd => return Ok(()),
            _ if read == 0 && written == 0 => return Err("it is cut off".into()),
            _ => {}
        }
    }
}

/// Makes an object from its base and the difference.
pub(super) fn apply(
    base: &[u8],
    delta: &[u8],
    largest: u64,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    out.clear();
    patch(base, delta, largest, out)
        .ok_or_else(|| "the difference to its base is broken, or it is too large".into())
}

fn patch(base: &[u8], delta: &[u8], largest: u64, out: &mut Vec<u8>) -> Option<()> {
    let mut at = 0;
    let mut length = || {
        let (mut length, mut shift) = (0_u64, 0);
        loop {
            let byte = *delta.get(at)?;
            at += 1;
            length |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(length);
            }
            if shift > 57 {
                return None;
            }
        }
    };
    let (from, to) = (length()?, length()?);
    if from != base.len() as u64 || to > largest {
        return None;
    }
    let to = usize::try_from(to).ok()?;
    out.reserve(to);
    while let Some(&order) = delta.get(at) {
        at += 1;
        if order & 0x80 == 0 {
            // Zero is kept for later.
            let length = usize::from(order);
            out.extend_from_slice(
                delta
                    .get(at..at + length)
                    .filter(|piece| !piece.is_empty())?,
            );
            at += length;
        } else {
            let mut number = |bits: std::ops::Range<u32>| {
                let mut number = 0_usize;
                for (place, bit) in bits.enumerate() {
                    if order & (1 << bit) != 0 {
                        number |= usize::from(*delta.get(at)?) << (place * 8);
                        at += 1;
                    }
                }
                Some(number)
            };
            let start = number(0..4)?;
            let length = match number(4..7)? {
                0 => 0x10000,
                length => length,
            };
            out.extend_from_slice(base.get(start..start.checked_add(length)?)?);
        }
        if out.len() > to {
            return None;
        }
    }
    (out.len() == to).then_some(())
}

#[cfg(test)]
mod tests;
