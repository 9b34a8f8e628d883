//! Packs: their index, their entries, and objects made from them. Everything in them is taken as hostile.
//!
//! Source: git's gitformat-pack documentation (indexes of version 1 and 2, packs of version 2 and 3).

use super::inflate::{TOO_LARGE, Tools, apply, inflate, stream};
use super::objects::{Id, Kind};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Stands for no entry and no object.
pub(super) const NONE: u32 = u32::MAX;
/// How much of a pack is read at once while its entries are listed.
const WINDOW: usize = 1 << 20;
/// An entry's header: a length, the distance or name of the base.
const LONGEST_HEADER: usize = 10 + 20;
/// Objects that are made from each other, in a row. git itself makes 50, and 4095 at most.
const DEEPEST: usize = 10_000;

/// The index of one pack.
#[derive(Debug)]
pub(super) struct Index {
    /// Names with the place of each in the pack, in the order of the names.
    objects: Vec<(Id, u64)>,
    /// The digest that the pack ends with.
    pack: [u8; 20],
}

/// Reads the index of a pack.
pub(super) fn index(path: &Path) -> Result<Index, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    read_index(&bytes).ok_or_else(|| "its index cannot be read".into())
}

fn read_index(bytes: &[u8]) -> Option<Index> {
    let word = |at: usize| {
        Some(u32::from_be_bytes(
            bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
        ))
    };
    let id = |at: usize| Some(Id(bytes.get(at..at.checked_add(20)?)?.try_into().ok()?));
    let second = bytes.starts_with(b"\xfftOc");
    if second && word(4)? != 2 {
        return None;
    }
    let fan = if second { 8 } else { 0 };
    let count = word(fan + 255 * 4)? as usize;
    let names = fan + 1024;
    // The lists are there as a whole before anything is reserved for them.
    if bytes.len()
        < names
            .checked_add(count.checked_mul(if second { 28 } else { 24 })?)?
            .checked_add(40)?
    {
        return None;
    }
    let mut objects = Vec::with_capacity(count);
    for place in 0..count {
        if second {
            let offset = word(names + count * 24 + place * 4)?;
            let offset = if offset & 0x8000_0000 == 0 {
                u64::from(offset)
            } else {
                let far = names + count * 28 + (offset & 0x7fff_ffff) as usize * 8;
                (u64::from(word(far)?) << 32) | u64::from(word(far + 4)?)
            };
            objects.push((id(names + place * 20)?, offset));
        } else {
            let at = names + place * 24;
            objects.push((id(at + 4)?, u64::from(word(at)?)));
        }
    }
    Some(Index {
        objects,
        pack: bytes
            .get(bytes.len() - 40..bytes.len() - 20)?
            .try_into()
            .ok()?,
    })
}

/// One entry of a pack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    offset: u64,
    /// The length of what is inflated: the object, or the difference to its base.
    pub(super) size: u64,
    /// The entry that it differs from.
    pub(super) base: u32,
    /// 1 to 4: an object; 6 and 7: a difference; 0: broken.
    pub(super) number: u8,
    header: u8,
}

/// One pack, open for reading.
#[derive(Debug)]
pub(super) struct Pack {
    file: File,
    /// Its entries, in the order in which they lie.
    pub(super) entries: Vec<Entry>,
    /// The object that each entry is; `NONE` where another pack's copy counts.
    pub(super) objects: Vec<u32>,
    /// The first entry that is made from each, and the next that is made from the same.
    pub(super) first: Vec<u32>,
    pub(super) next: Vec<u32>,
    /// Where the entries end.
    end: u64,
}

impl Pack {
    /// Opens a pack, and gives the names of its entries.
    pub(super) fn open(path: &Path, index: &Index) -> Result<(Self, Vec<(Id, u32)>), String> {
        let wrong = |error: io::Error| error.to_string();
        if !fs::metadata(path).map_err(wrong)?.is_file() {
            return Err("it is no file".into());
        }
        let file = File::open(path).map_err(wrong)?;
        let length = file.metadata().map_err(wrong)?.len();
        let mut head = [0; 12];
        read_exact(&file, &mut head, 0).map_err(wrong)?;
        let version = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        let count = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
        if &head[..4] != b"PACK" || !matches!(version, 2 | 3) {
            return Err("it is no pack of version 2 or 3".into());
        }
        let end = length.checked_sub(20).ok_or("it is cut off")?;
        let mut digest = [0; 20];
        read_exact(&file, &mut digest, end).map_err(wrong)?;
        if digest != index.pack || count as usize != index.objects.len() {
            return Err("it is not the pack of its index, or is cut off".into());
        }
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by_key(|place| index.objects[*place as usize].1);
        let mut rank = vec![0_u32; order.len()];
        for (entry, place) in (0_u32..).zip(&order) {
            rank[*place as usize] = entry;
        }
        let mut pack = Self {
            file,
            entries: Vec::with_capacity(order.len()),
            objects: vec![NONE; order.len()],
            first: vec![NONE; order.len()],
            next: vec![NONE; order.len()],
            end,
        };
        let offsets: Vec<u64> = order
            .iter()
            .map(|place| index.objects[*place as usize].1)
            .collect();
        pack.list(&offsets, index, &rank).map_err(wrong)?;
        let names = index
            .objects
            .iter()
            .zip(&rank)
            .map(|((id, _), entry)| (*id, *entry))
            .collect();
        Ok((pack, names))
    }

    /// Reads the header of every entry.
    fn list(&mut self, offsets: &[u64], index: &Index, rank: &[u32]) -> io::Result<()> {
        let mut window = Vec::new();
        let mut from = 0;
        for &offset in offsets {
            let needed = (LONGEST_HEADER as u64).min(self.end.saturating_sub(offset));
            if offset < from || offset + needed > from + window.len() as u64 {
                let length = (WINDOW as u64).min(self.end.saturating_sub(offset));
                window.resize(usize::try_from(length).unwrap_or_default(), 0);
                read_exact(&self.file, &mut window, offset)?;
                from = offset;
            }
            let at = usize::try_from(offset - from).unwrap_or_default();
            let header = window.get(at..).unwrap_or_default();
            self.entries.push(
                header_of(header, offset, offsets, index, rank).unwrap_or(Entry {
                    offset,
                    size: 0,
                    base: NONE,
                    number: 0,
                    header: 0,
                }),
            );
        }
        for place in (0..self.entries.len()).rev() {
            let base = self.entries[place].base as usize;
            if base < self.first.len() && base != place {
                self.next[place] = self.first[base];
                self.first[base] = u32::try_from(place).unwrap_or(NONE);
            }
        }
        Ok(())
    }

    /// The compressed bytes of an entry.
    fn compressed(&self, place: u32, into: &mut Vec<u8>) -> Result<(), String> {
        let (from, to) = self.extent(place);
        // Text that cannot be compressed grows by less than a hundredth; what lies behind is no part of the entry.
        let size = self.entries[place as usize].size;
        let most = size.saturating_add(size / 100).saturating_add(4096);
        let length = to.saturating_sub(from).min(most);
        into.resize(usize::try_from(length).map_err(|_| TOO_LARGE)?, 0);
        read_exact(&self.file, into, from).map_err(|error| error.to_string())
    }

    /// Where the compressed bytes of an entry begin, and where those of the next entry do.
    fn extent(&self, place: u32) -> (u64, u64) {
        let entry = self.entries[place as usize];
        let after = self
            .entries
            .get(place as usize + 1)
            .map_or(self.end, |next| next.offset);
        (entry.offset + u64::from(entry.header), after.min(self.end))
    }

    /// Inflates an entry: an object, or a difference.
    pub(super) fn inflate(
        &self,
        place: u32,
        largest: u64,
        tools: &mut Tools,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let entry = self.entries[place as usize];
        if entry.number == 0 {
            return Err("its entry in the pack is broken".into());
        }
        if entry.size > largest {
            return Err(TOO_LARGE.into());
        }
        let mut compressed = std::mem::take(&mut tools.compressed);
        let read = self.compressed(place, &mut compressed);
        let done = read.and_then(|()| inflate(&compressed, entry.size, &mut tools.inflater, out));
        tools.compressed = compressed;
        done
    }

    /// Inflates an object piece by piece.
    pub(super) fn stream(
        &self,
        place: u32,
        mut sink: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), String> {
        let (mut at, end) = self.extent(place);
        stream(
            |into| {
                let length = into
                    .len()
                    .min(usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX));
                read_exact(&self.file, &mut into[..length], at)?;
                at += length as u64;
                Ok(length)
            },
            &mut sink,
        )
    }

    /// Makes one object from its base and the differences that lead to it.
    pub(super) fn read(&self, place: u32, largest: u64) -> Result<(Kind, Vec<u8>), String> {
        let mut chain = vec![place];
        let mut at = self.entries[place as usize];
        while at.number > 4 {
            if chain.len() > DEEPEST || at.base == NONE {
                return Err("what it differs from is not there".into());
            }
            chain.push(at.base);
            at = self.entries[at.base as usize];
        }
        let kind = Kind::of_number(at.number).ok_or("its entry in the pack is broken")?;
        let mut tools = Tools::default();
        let (mut object, mut delta) = (Vec::new(), Vec::new());
        let root = chain.pop().unwrap_or(place);
        self.inflate(root, largest, &mut tools, &mut object)?;
        while let Some(place) = chain.pop() {
            self.inflate(place, largest, &mut tools, &mut delta)?;
            let mut made = Vec::new();
            apply(&object, &delta, largest, &mut made)?;
            object = made;
        }
        Ok((kind, object))
    }
}

fn header_of(
    bytes: &[u8],
    offset: u64,
    offsets: &[u64],
    index: &Index,
    rank: &[u32],
) -> Option<Entry> {
    let mut at = 0;
    let mut next = || {
        let byte = bytes.get(at).copied();
        at += 1;
        byte
    };
    let first = next()?;
    let number = (first >> 4) & 7;
    let mut size = u64::from(first & 15);
    let (mut byte, mut shift) = (first, 4);
    while byte & 0x80 != 0 {
        byte = next()?;
        if shift > 57 {
            return None;
        }
        size |= u64::from(byte & 0x7f) << shift;
        shift += 7;
    }
    let base = match number {
        1..=4 => NONE,
        6 => {
            let mut byte = next()?;
            let mut distance = u64::from(byte & 0x7f);
            while byte & 0x80 != 0 {
                byte = next()?;
                distance = distance.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
            }
            let place = offsets.binary_search(&offset.checked_sub(distance)?).ok()?;
            u32::try_from(place).ok()?
        }
        7 => {
            let id = Id(bytes.get(at..at + 20)?.try_into().ok()?);
            at += 20;
            let place = index
                .objects
                .binary_search_by_key(&id, |(id, _)| *id)
                .ok()?;
            *rank.get(place)?
        }
        _ => return None,
    };
    Some(Entry {
        offset,
        size,
        base,
        number,
        header: u8::try_from(at).ok()?,
    })
}

#[cfg(unix)]
fn read_exact(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

#[cfg(windows)]
fn read_exact(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                into = &mut into[read..];
                at += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
