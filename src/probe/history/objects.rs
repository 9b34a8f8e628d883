//! The object database: every object's name and place, and objects read one by one.
//!
//! Source: git's gitformat-pack and gitrepository-layout documentation.

use super::pack::{Pack, index};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The name of an object: 20 bytes of SHA-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(pub(super) [u8; 20]);

impl Id {
    /// 40 hexadecimal digits. The one of zeros names nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() != 40 || !text.is_ascii() {
            return None;
        }
        let mut id = [0; 20];
        for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        (id != [0; 20]).then_some(Self(id))
    }

    /// As people quote it.
    pub(super) fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The kinds of objects, by their numbers in packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl Kind {
    pub(super) fn of_number(number: u8) -> Option<Self> {
        [Self::Commit, Self::Tree, Self::Blob, Self::Tag]
            .get(usize::from(number).checked_sub(1)?)
            .copied()
    }

    fn of_word(word: &[u8]) -> Option<Self> {
        match word {
            b"commit" => Some(Self::Commit),
            b"tree" => Some(Self::Tree),
            b"blob" => Some(Self::Blob),
            b"tag" => Some(Self::Tag),
            _ => None,
        }
    }
}

/// Where an object is: in a pack (its position in the list of packs, and of the object in the pack), or in a
/// file of its own (`LOOSE`, and the position of the store).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) pack: u32,
    pub(super) entry: u32,
}

/// Marks an object that has a file of its own.
pub(super) const LOOSE: u32 = u32::MAX;

/// Every object that is there.
#[derive(Debug)]
pub(super) struct Objects {
    /// The names, in order.
    pub(super) ids: Vec<Id>,
    /// Where each is.
    pub(super) places: Vec<Place>,
    /// The packs.
    pub(super) packs: Vec<Pack>,
    /// Where the names with these first two bytes begin.
    starts: Vec<u32>,
    stores: Vec<PathBuf>,
}

impl Objects {
    /// Lists the objects of these stores.
    pub(super) fn list(stores: Vec<PathBuf>, faults: &mut Vec<String>) -> Result<Self, String> {
        let mut found: Vec<(Id, Place)> = Vec::new();
        let mut packs: Vec<Pack> = Vec::new();
        for (number, store) in (0_u32..).zip(&stores) {
            for path in packs_of(store) {
                let name = path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                // Without its pack, an index names nothing that is there.
                if !path.with_extension("pack").exists() {
                    continue;
                }
                match index(&path).and_then(|list| Pack::open(&path.with_extension("pack"), &list))
                {
                    Ok((pack, ids)) => {
                        let number = u32::try_from(packs.len()).map_err(|_| "too many packs")?;
                        found.extend(ids.into_iter().map(|(id, entry)| {
                            (
                                id,
                                Place {
                                    pack: number,
                                    entry,
                                },
                            )
                        }));
                        packs.push(pack);
                    }
                    Err(cause) => faults.push(format!("{name}: {cause}")),
                }
            }
            loose(store, number, &mut found);
        }
        if found.len() > (u32::MAX / 4) as usize {
            return Err("there are too many objects".into());
        }
        found.sort_unstable_by_key(|(id, place)| (*id, place.pack, place.entry));
        found.dedup_by_key(|(id, _)| *id);
        let mut starts = vec![0_u32; 65_537];
        for (id, _) in &found {
            starts[usize::from(u16::from_be_bytes([id.0[0], id.0[1]])) + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        for (object, (_, place)) in (0_u32..).zip(&found) {
            if let Some(pack) = packs.get_mut(place.pack as usize) {
                pack.objects[place.entry as usize] = object;
            }
        }
        let (ids, places) = found.into_iter().unzip();
        Ok(Self {
            ids,
            places,
            packs,
            starts,
            stores,
        })
    }

    /// The position of an object.
    pub(super) fn find(&self, id: &Id) -> Option<u32> {
        let first = usize::from(u16::from_be_bytes([id.0[0], id.0[1]]));
        let (from, to) = (self.starts[first] as usize, self.starts[first + 1] as usize);
        let place = self.ids.get(from..to)?.binary_search(id).ok()?;
        u32::try_from(from + place).ok()
    }

    /// Reads one object, whatever others it is made from.
    pub(super) fn read(&self, object: u32, largest: u64) -> Result<(Kind, Vec<u8>), String> {
        let place = self.places[object as usize];
        match self.packs.get(place.pack as usize) {
            Some(pack) => pack.read(place.entry, largest),
            None => self.read_loose(object, largest),
        }
    }

    /// Reads an object that has a file of its own.
    pub(super) fn read_loose(&self, object: u32, largest: u64) -> Result<(Kind, Vec<u8>), String> {
        let file = self.loose_file(object).ok_or("it has no file")?;
        let limit = largest.saturating_add(64);
        let found = fs::metadata(&file).map_err(|error| error.to_string())?;
        if !found.is_file() || found.len() > limit {
            return Err(super::inflate::TOO_LARGE.into());
        }
        let bytes = fs::read(&file).map_err(|error| error.to_string())?;
        let content = super::inflate::inflate_all(&bytes, limit)?;
        let end = content
            .iter()
            .take(32)
            .position(|byte| *byte == 0)
            .ok_or("it has no header")?;
        let mut words = content[..end].splitn(2, |byte| *byte == b' ');
        let kind = Kind::of_word(words.next().unwrap_or_default()).ok_or("its kind is unknown")?;
        let size: Option<usize> = words
            .next()
            .and_then(|size| std::str::from_utf8(size).ok()?.parse().ok());
        if size != Some(content.len() - end - 1) {
            return Err("its length is not the one it says".into());
        }
        Ok((kind, content[end + 1..].to_vec()))
    }

    /// The file of an object that has one of its own.
    pub(super) fn loose_file(&self, object: u32) -> Option<PathBuf> {
        let place = self.places[object as usize];
        let name = self.ids[object as usize].to_string();
        let store = self.stores.get(place.entry as usize)?;
        Some(store.join(&name[..2]).join(&name[2..]))
    }
}

fn packs_of(store: &Path) -> Vec<PathBuf> {
    let mut indexes: Vec<PathBuf> = fs::read_dir(store.join("pack"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "idx"))
        .collect();
    indexes.sort();
    indexes
}

fn loose(store: &Path, number: u32, found: &mut Vec<(Id, Place)>) {
    for first in 0..=255_u8 {
        let first = format!("{first:02x}");
        for entry in fs::read_dir(store.join(&first))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = format!("{first}{}", entry.file_name().to_string_lossy());
            if let Some(id) = Id::parse(&name) {
                found.push((
                    id,
                    Place {
                        pack: LOOSE,
                        entry: number,
                    },
                ));
            }
        }
    }
}
