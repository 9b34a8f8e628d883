//! Inflates every object once, on all processors, searches it, and keeps what it refers to.
//!
//! Objects of a pack are made in the order of their differences: each base once, and from it all that is made from it.

use super::content::{commit, header, tree};
use super::inflate::{self, TOO_LARGE, Tools};
use super::look_into::{Eye, Hit};
use super::objects::{Id, Kind, LOOSE, Objects};
use super::pack::{NONE, Pack};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A larger object is searched piece by piece, or not at all where it is kept as a difference.
pub(super) const LARGEST: u64 = 64 << 20;
/// What one thread may hold of bases whose differences are not made yet.
const HELD: usize = 512 << 20;
/// References between objects that are kept; each takes four bytes.
const MOST_LINKS: u64 = 256 << 20;
/// Units of work that a thread takes at once.
const AT_ONCE: usize = 32;
/// Causes that are said; what is behind them is counted.
const MOST_CAUSES: usize = 20;

/// Everything that one pass over the objects gave.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// What each object is; none where it could not be read.
    pub(super) kinds: Vec<Option<Kind>>,
    /// What each object refers to.
    pub(super) links: Links,
    /// When each commit was made, in seconds since 1970.
    pub(super) dates: HashMap<u32, i64>,
    /// Everything that was found.
    pub(super) hits: Vec<Hit>,
    /// Inflated bytes of all objects that were searched.
    pub(super) bytes: u64,
    /// Why objects could not be read.
    pub(super) causes: Vec<(u32, String)>,
    /// Objects that others refer to and that are not there; they are numbered after those that are.
    pub(super) missing: HashMap<Id, u32>,
    /// Different commits of other repositories that trees refer to.
    pub(super) submodules: usize,
    /// The pass was ended before its time.
    pub(super) stopped: bool,
    /// There was more to keep than memory allows.
    pub(super) too_many: bool,
}

/// What objects refer to, by number: of a commit its tree first and then its parents.
#[derive(Debug, Default)]
pub(super) struct Links {
    arenas: Vec<Vec<u32>>,
    /// Arena, beginning and length.
    at: Vec<(u32, u32, u32)>,
}

impl Links {
    /// What an object refers to.
    pub(super) fn of(&self, object: u32) -> &[u32] {
        let Some(&(arena, start, length)) = self.at.get(object as usize) else {
            return &[];
        };
        let arena = self
            .arenas
            .get(arena as usize)
            .map_or(&[][..], Vec::as_slice);
        arena
            .get(start as usize..(start as usize).saturating_add(length as usize))
            .unwrap_or_default()
    }
}

/// What all threads share.
struct Shared<'a> {
    objects: &'a Objects,
    eye: &'a Eye<'a>,
    stop: &'a AtomicBool,
    units: AtomicUsize,
    links: AtomicU64,
    missing: Mutex<HashMap<Id, u32>>,
}

/// One thread's part.
#[derive(Default)]
struct Part {
    arena: Vec<u32>,
    nodes: Vec<(u32, Kind, u32, u32)>,
    dates: Vec<(u32, i64)>,
    hits: Vec<Hit>,
    bytes: u64,
    causes: Vec<(u32, String)>,
    submodules: std::collections::HashSet<Id>,
    too_many: bool,
}

/// Looks into every object.
pub(super) fn scan(objects: &Objects, eye: &Eye<'_>, threads: usize, stop: &AtomicBool) -> Scanned {
    let shared = Shared {
        objects,
        eye,
        stop,
        units: AtomicUsize::new(0),
        links: AtomicU64::new(0),
        missing: Mutex::default(),
    };
    let units = units(objects);
    let parts: Vec<Part> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1))
            .map(|_| scope.spawn(|| work(&shared, &units)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    let mut scanned = Scanned {
        kinds: vec![None; objects.ids.len()],
        missing: shared
            .missing
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner),
        stopped: stop.load(Ordering::Relaxed),
        ..Scanned::default()
    };
    scanned.links.at = vec![(0, 0, 0); objects.ids.len()];
    let mut submodules = std::collections::HashSet::new();
    for (number, part) in (0_u32..).zip(parts) {
        for (object, kind, start, length) in part.nodes {
            scanned.kinds[object as usize] = Some(kind);
            scanned.links.at[object as usize] = (number, start, length);
        }
        scanned.links.arenas.push(part.arena);
        scanned.dates.extend(part.dates);
        scanned.hits.extend(part.hits);
        scanned.bytes += part.bytes;
        scanned.causes.extend(part.causes);
        scanned.too_many |= part.too_many;
        submodules.extend(part.submodules);
    }
    scanned.submodules = submodules.len();
    scanned.hits.sort_by(|one, other| {
        (one.object, one.line, one.what).cmp(&(other.object, other.line, other.what))
    });
    scanned.causes.sort();
    scanned.causes.truncate(MOST_CAUSES);
    scanned
}

/// What stands for itself: an object with a file of its own, or an entry that others may be made from.
fn units(objects: &Objects) -> Vec<(u32, u32)> {
    let mut units = Vec::new();
    for (number, pack) in (0_u32..).zip(&objects.packs) {
        let whole = (0_u32..)
            .zip(&pack.entries)
            .filter(|(_, entry)| entry.base == NONE);
        units.extend(whole.map(|(place, _)| (number, place)));
    }
    let loose = (0_u32..)
        .zip(&objects.places)
        .filter(|(_, place)| place.pack == LOOSE);
    units.extend(loose.map(|(object, _)| (LOOSE, object)));
    units
}

fn work(shared: &Shared<'_>, units: &[(u32, u32)]) -> Part {
    let mut part = Part::default();
    let mut tools = Tools::default();
    let mut spare = Vec::new();
    loop {
        let from = shared.units.fetch_add(AT_ONCE, Ordering::Relaxed);
        let Some(some) = units
            .get(from..units.len().min(from.saturating_add(AT_ONCE)))
            .filter(|some| !some.is_empty())
        else {
            return part;
        };
        for &(pack, place) in some {
            if shared.stop.load(Ordering::Relaxed) || part.too_many {
                return part;
            }
            match shared.objects.packs.get(pack as usize) {
                Some(pack) => part.family(shared, pack, place, &mut tools, &mut spare),
                None => part.loose(shared, place),
            }
        }
    }
}

/// An object from which others are still to be made.
struct Base {
    content: Vec<u8>,
    held: Rc<std::cell::Cell<usize>>,
}

impl Drop for Base {
    fn drop(&mut self) {
        self.held
            .set(self.held.get().saturating_sub(self.content.len()));
    }
}

impl Part {
    /// An entry that is whole, and all that is made from it.
    fn family(
        &mut self,
        shared: &Shared<'_>,
        pack: &Pack,
        root: u32,
        tools: &mut Tools,
        spare: &mut Vec<u8>,
    ) {
        let Some(kind) = Kind::of_number(pack.entries[root as usize].number) else {
            return self.fault(
                pack.objects[root as usize],
                "its entry in the pack is broken, or what it differs from is not there",
            );
        };
        let held = Rc::new(std::cell::Cell::new(0_usize));
        let mut pending: Vec<(u32, Option<Rc<Base>>)> = vec![(root, None)];
        let mut delta = Vec::new();
        while let Some((place, base)) = pending.pop() {
            if shared.stop.load(Ordering::Relaxed) || self.too_many {
                return;
            }
            let object = pack.objects[place as usize];
            let mut content = std::mem::take(spare);
            let made = match &base {
                None => pack.inflate(place, LARGEST, tools, &mut content),
                Some(base) => pack
                    .inflate(place, LARGEST, tools, &mut delta)
                    .and_then(|()| inflate::apply(&base.content, &delta, LARGEST, &mut content)),
            };
            drop(base);
            let made = made.and_then(|()| match held.get() + content.len() > HELD {
                true => Err(TOO_LARGE.to_owned()),
                false => Ok(()),
            });
            if let Err(cause) = made {
                if cause == TOO_LARGE && place == root && kind == Kind::Blob && object != NONE {
                    let mut search = shared.eye.in_pieces(object);
                    match pack.stream(place, |piece| {
                        search.take(piece);
                        !shared.stop.load(Ordering::Relaxed)
                    }) {
                        Ok(()) => self.streamed(object, search.end()),
                        Err(cause) => self.fault(object, &cause),
                    }
                    self.lost(pack, place, TOO_LARGE, false);
                } else {
                    self.lost(pack, place, &cause, true);
                }
                continue;
            }
            if object != NONE {
                self.visit(shared, object, kind, &content);
            }
            let mut child = pack.first[place as usize];
            if child == NONE {
                *spare = content;
                continue;
            }
            held.set(held.get() + content.len());
            let base = Rc::new(Base {
                content,
                held: held.clone(),
            });
            while child != NONE {
                pending.push((child, Some(base.clone())));
                child = pack.next[child as usize];
            }
        }
    }

    /// An entry that cannot be made, and so all that is made from it.
    fn lost(&mut self, pack: &Pack, place: u32, cause: &str, itself: bool) {
        let mut pending = vec![place];
        while let Some(one) = pending.pop() {
            if itself || one != place {
                self.fault(pack.objects[one as usize], cause);
            }
            let mut child = pack.first[one as usize];
            while child != NONE {
                pending.push(child);
                child = pack.next[child as usize];
            }
        }
    }

    fn loose(&mut self, shared: &Shared<'_>, object: u32) {
        match shared.objects.read_loose(object, LARGEST) {
            Ok((kind, content)) => self.visit(shared, object, kind, &content),
            Err(cause) if cause == TOO_LARGE => {
                let mut search = shared.eye.in_pieces(object);
                match pieces_of_file(shared.objects, object, |piece| {
                    search.take(piece);
                    !shared.stop.load(Ordering::Relaxed)
                }) {
                    Ok(()) => self.streamed(object, search.end()),
                    Err(cause) => self.fault(object, &cause),
                }
            }
            Err(cause) => self.fault(object, &cause),
        }
    }

    fn streamed(&mut self, object: u32, (hits, bytes): (Vec<Hit>, u64)) {
        self.bytes += bytes;
        self.hits.extend(hits);
        self.nodes.push((object, Kind::Blob, 0, 0));
    }

    fn fault(&mut self, object: u32, cause: &str) {
        if object != NONE && self.causes.len() < MOST_CAUSES {
            self.causes.push((object, cause.to_owned()));
        }
    }

    fn visit(&mut self, shared: &Shared<'_>, object: u32, kind: Kind, content: &[u8]) {
        self.bytes += content.len() as u64;
        let start = self.arena.len();
        let read = match kind {
            Kind::Blob => Some(()),
            Kind::Tree => tree(content, |mode, id| {
                if mode == b"160000" {
                    self.submodules.insert(id);
                } else {
                    self.arena.push(shared.number(&id));
                }
            }),
            Kind::Commit => commit(content).map(|(links, date)| {
                self.arena.extend(links.iter().map(|id| shared.number(id)));
                self.dates.push((object, date));
            }),
            Kind::Tag => header(content, b"object ").map(|id| self.arena.push(shared.number(&id))),
        };
        if read.is_none() {
            self.arena.truncate(start);
            return self.fault(object, "its content breaks git's form");
        }
        let length = self.arena.len() - start;
        if shared.links.fetch_add(length as u64, Ordering::Relaxed) > MOST_LINKS {
            self.too_many = true;
            return;
        }
        // Both are below 2^32: there are no more links than MOST_LINKS and a tree.
        let (Ok(start), Ok(length)) = (u32::try_from(start), u32::try_from(length)) else {
            self.too_many = true;
            return;
        };
        self.nodes.push((object, kind, start, length));
        shared.eye.look(object, kind, content, &mut self.hits);
    }
}

impl Shared<'_> {
    /// The number of an object; one behind those that are there where it is not.
    fn number(&self, id: &Id) -> u32 {
        if let Some(object) = self.objects.find(id) {
            return object;
        }
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(self.objects.ids.len() + missing.len()).unwrap_or(NONE);
        *missing.entry(*id).or_insert(next)
    }
}

/// The content of an object with a file of its own, without its header.
fn pieces_of_file(
    objects: &Objects,
    object: u32,
    mut sink: impl FnMut(&[u8]) -> bool,
) -> Result<(), String> {
    let path = objects.loose_file(object).ok_or("it has no file")?;
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let mut in_header = true;
    inflate::stream(|into| file.read(into), &mut |piece| {
        let start = match (in_header, piece.iter().position(|byte| *byte == 0)) {
            (false, _) => 0,
            (true, Some(end)) => end + 1,
            (true, None) => piece.len(),
        };
        in_header &= start == piece.len() && start > 0 && !piece[..start].contains(&0);
        sink(&piece[start..])
    })
}
