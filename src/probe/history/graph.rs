//! Which objects the references reach, in which order commits were made, and where findings stand.

use super::content::names;
use super::look_into::Hit;
use super::objects::{Id, Kind, Objects};
use super::refs::{self, Refs};
use super::scan::{LARGEST, Scanned};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};

/// Findings in more objects are counted, but their paths are not looked for.
pub(super) const MOST_PLACED: usize = 2_000;
/// Folders within folders, for paths.
const DEEPEST: usize = 500;
/// No reference.
const NOBODY: u32 = u32::MAX;

/// What the references reach.
pub(super) struct Reached {
    /// The reference that reached each object first, by position; those that are not there follow those that are.
    by: Vec<u32>,
    /// Objects that only logs and unfinished work remember.
    pub(super) remembered: Vec<bool>,
    /// The commits that references reach.
    pub(super) commits: Vec<u32>,
    /// References to objects that are not there.
    pub(super) astray: usize,
}

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// The first commit with it.
    pub(super) commit: Option<u32>,
    /// The path there; none where it stands in a message.
    pub(super) path: Option<String>,
    /// The commit's place in the order of commits.
    pub(super) rank: usize,
}

impl Reached {
    /// Follows every reference.
    pub(super) fn walk(scanned: &Scanned, objects: &Objects, refs: &Refs) -> Self {
        let count = objects.ids.len() + scanned.missing.len();
        let number = |id: &Id| {
            objects
                .find(id)
                .or_else(|| scanned.missing.get(id).copied())
        };
        let mut by = vec![NOBODY; count];
        let mut astray = 0;
        for (place, (_, id)) in (0_u32..).zip(&refs.named) {
            let Some(start) = number(id) else {
                astray += 1;
                continue;
            };
            follow(scanned, start, |object| {
                let new = by[object as usize] == NOBODY;
                if new {
                    by[object as usize] = place;
                }
                new
            });
        }
        let mut remembered = vec![false; count];
        for id in &refs.remembered {
            if let Some(start) = number(id) {
                follow(scanned, start, |object| {
                    let new = by[object as usize] == NOBODY && !remembered[object as usize];
                    remembered[object as usize] |= new;
                    new
                });
            }
        }
        let commits = (0_u32..)
            .zip(&scanned.kinds)
            .filter(|(object, kind)| **kind == Some(Kind::Commit) && by[*object as usize] != NOBODY)
            .map(|(object, _)| object)
            .collect();
        Self {
            by,
            remembered,
            commits,
            astray,
        }
    }

    /// Does a reference reach it?
    pub(super) fn has(&self, object: u32) -> bool {
        self.by.get(object as usize).is_some_and(|by| *by != NOBODY)
    }

    /// The reference that reached it first.
    pub(super) fn by<'a>(&self, object: u32, refs: &'a Refs) -> Option<&'a str> {
        let by = *self.by.get(object as usize)?;
        refs.named.get(by as usize).map(|(name, _)| name.as_str())
    }

    /// The objects that references reach, from the first.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..)
            .zip(&self.by)
            .filter(|(_, by)| **by != NOBODY)
            .map(|(object, _)| object)
    }

    /// Commits, each behind all its parents, and otherwise by date.
    fn in_order(&self, scanned: &Scanned) -> Vec<u32> {
        let date = |commit: u32| scanned.dates.get(&commit).copied().unwrap_or_default();
        let mut waits: HashMap<u32, usize> = HashMap::new();
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut ready = BinaryHeap::new();
        for &commit in &self.commits {
            let parents = scanned.links.of(commit).iter().skip(1);
            let parents: BTreeSet<u32> = parents
                .copied()
                .filter(|parent| {
                    scanned.kinds.get(*parent as usize).copied().flatten() == Some(Kind::Commit)
                })
                .collect();
            if parents.is_empty() {
                ready.push(Reverse((date(commit), commit)));
            }
            waits.insert(commit, parents.len());
            for parent in parents {
                children.entry(parent).or_default().push(commit);
            }
        }
        let mut order = Vec::with_capacity(self.commits.len());
        while let Some(Reverse((_, commit))) = ready.pop() {
            order.push(commit);
            for child in children.remove(&commit).unwrap_or_default() {
                let left = waits.entry(child).or_insert(1);
                *left = left.saturating_sub(1);
                if *left == 0 {
                    ready.push(Reverse((date(child), child)));
                }
            }
        }
        order
    }

    /// Objects that the tips of lines of work hold today, of those that hold findings.
    pub(super) fn in_tips(
        &self,
        scanned: &Scanned,
        objects: &Objects,
        refs: &Refs,
        wanted: &BTreeSet<u32>,
    ) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        let mut seen = HashSet::new();
        for (_, id) in refs.named.iter().filter(|(name, _)| refs::is_tip(name)) {
            let tree = objects
                .find(id)
                .and_then(|commit| scanned.links.of(commit).first().copied());
            if let Some(tree) = tree {
                follow(scanned, tree, |object| {
                    if wanted.contains(&object) {
                        found.insert(object);
                    }
                    seen.insert(object)
                });
            }
        }
        found
    }

    /// The first commit and the path of every finding that references reach.
    pub(super) fn places(
        &self,
        scanned: &Scanned,
        objects: &Objects,
        hits: &[Hit],
    ) -> BTreeMap<u32, Standing> {
        let mut standing = BTreeMap::new();
        let mut wanted = BTreeSet::new();
        if hits.is_empty() {
            return standing;
        }
        let order = self.in_order(scanned);
        let ranks: HashMap<u32, usize> = order
            .iter()
            .enumerate()
            .map(|(rank, commit)| (*commit, rank))
            .collect();
        for object in hits.iter().map(|hit| hit.object).collect::<BTreeSet<_>>() {
            match scanned.kinds.get(object as usize).copied().flatten() {
                Some(Kind::Commit) => {
                    standing.insert(
                        object,
                        Standing {
                            commit: Some(object),
                            path: None,
                            rank: ranks.get(&object).copied().unwrap_or(usize::MAX),
                        },
                    );
                }
                Some(Kind::Blob | Kind::Tree) if wanted.len() < MOST_PLACED => {
                    wanted.insert(object);
                }
                _ => {}
            }
        }
        if wanted.is_empty() {
            return standing;
        }
        let holds = holders(scanned, &wanted);
        let mut seen: HashSet<(u32, String)> = HashSet::new();
        for (rank, commit) in order.into_iter().enumerate() {
            let Some(&tree) = scanned.links.of(commit).first() else {
                continue;
            };
            let mut pending = vec![(tree, String::new(), 0)];
            while let Some((object, path, depth)) = pending.pop() {
                let there =
                    holds.get(object as usize).copied().unwrap_or_default() && depth < DEEPEST;
                if !there || !seen.insert((object, path.clone())) {
                    continue;
                }
                if wanted.remove(&object) {
                    standing.insert(
                        object,
                        Standing {
                            commit: Some(commit),
                            path: Some(path.clone()),
                            rank,
                        },
                    );
                }
                if scanned.kinds[object as usize] != Some(Kind::Tree) {
                    continue;
                }
                let Ok((_, content)) = objects.read(object, LARGEST) else {
                    continue;
                };
                for (name, id) in names(&content) {
                    if let Some(child) = objects.find(&id) {
                        let below = if path.is_empty() {
                            name
                        } else {
                            format!("{path}/{name}")
                        };
                        pending.push((child, below, depth + 1));
                    }
                }
            }
            if wanted.is_empty() {
                break;
            }
        }
        standing
    }
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            commit: None,
            path: None,
            rank: usize::MAX,
        }
    }
}

/// Visits everything that an object refers to, as far as `enter` says.
fn follow(scanned: &Scanned, start: u32, mut enter: impl FnMut(u32) -> bool) {
    let mut pending = vec![start];
    while let Some(object) = pending.pop() {
        if enter(object) {
            pending.extend_from_slice(scanned.links.of(object));
        }
    }
}

/// Objects that hold one of these, and the trees above them.
fn holders(scanned: &Scanned, wanted: &BTreeSet<u32>) -> Vec<bool> {
    let mut holds = vec![false; scanned.kinds.len()];
    wanted
        .iter()
        .for_each(|object| holds[*object as usize] = true);
    let trees: Vec<u32> = (0_u32..)
        .zip(&scanned.kinds)
        .filter(|(_, kind)| **kind == Some(Kind::Tree))
        .map(|(object, _)| object)
        .collect();
    let mut changed = true;
    while changed {
        changed = false;
        for &tree in &trees {
            let held = |object: &u32| holds.get(*object as usize).copied().unwrap_or_default();
            if !holds[tree as usize] && scanned.links.of(tree).iter().any(held) {
                holds[tree as usize] = true;
                changed = true;
            }
        }
    }
    holds
}
