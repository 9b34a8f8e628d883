//! Settles each read of a file once all of it was seen: needed, or done without.

use super::visitor::Visitor;
use super::{Module, Read};
use std::collections::{BTreeMap, BTreeSet};

/// A read before it is known what the rest of the file says about the variable.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) start: u32,
    pub(super) source: Source,
}

pub(super) enum Source {
    /// Used where it is read.
    Direct,
    /// A later use of the value under a local name.
    Use(usize),
    /// The surroundings have settled it.
    Settled { has_default: bool },
}

/// What is known of a read, over all the places where its value is used.
struct Settled {
    has_default: bool,
    /// Other variables that are present wherever the value is needed; none before a need was seen.
    only_with: Option<BTreeSet<String>>,
}

impl Settled {
    const UNSEEN: Self = Self {
        has_default: true,
        only_with: None,
    };

    /// One more use of the value.
    fn with(&mut self, has_default: bool, present: &BTreeSet<String>) {
        self.has_default &= has_default;
        if !has_default {
            self.only_with = Some(match &self.only_with {
                None => present.clone(),
                Some(before) => before & present,
            });
        }
    }

    fn join(&mut self, other: &Self) {
        self.with(
            other.has_default,
            other.only_with.as_ref().unwrap_or(&BTreeSet::new()),
        );
    }
}

impl Visitor<'_> {
    /// The other variables that are certainly present at a place. One that the file demands, or sets,
    /// says nothing about when the code runs.
    fn present(&self, name: &str, start: u32) -> BTreeSet<String> {
        let around = self
            .guards
            .iter()
            .filter(|(_, span)| span.start <= start && start < span.end);
        let others = around.map(|(other, _)| other).filter(|other| {
            *other != name
                && !self.demanded.contains(*other)
                && !self.module.defines.contains(*other)
        });
        others.cloned().collect()
    }

    /// What the file says, with every read settled.
    pub(super) fn finish(mut self) -> Module {
        for binding in &self.bound.variables {
            // A name that nothing here uses may be exported further down; then its users are unseen.
            if binding.exported {
                self.found.push(Found {
                    name: binding.variable.clone(),
                    start: binding.start,
                    source: Source::Direct,
                });
            }
        }
        for (name, start) in &self.bound.destructured.with_default {
            let source = Source::Settled { has_default: true };
            self.found.push(Found {
                name: name.clone(),
                start: *start,
                source,
            });
        }
        for start in &self.bound.destructured.unknown {
            self.module.dynamic.insert(self.lines.line(*start));
        }
        let mut uses = BTreeMap::<usize, Settled>::new();
        let mut reads = BTreeMap::<(u32, String), Settled>::new();
        for found in &self.found {
            let guarded = self.guards.iter().any(|(name, span)| {
                *name == found.name && span.start <= found.start && found.start < span.end
            });
            let has_default = guarded || self.soft.contains(&found.start);
            let present = self.present(&found.name, found.start);
            let key = (found.start, found.name.clone());
            match found.source {
                Source::Settled { has_default } => {
                    let mut settled = Settled::UNSEEN;
                    settled.with(has_default, &present);
                    reads.insert(key, settled);
                }
                Source::Direct => reads
                    .entry(key)
                    .or_insert(Settled::UNSEEN)
                    .with(has_default, &present),
                Source::Use(binding) => uses
                    .entry(binding)
                    .or_insert(Settled::UNSEEN)
                    .with(has_default, &present),
            }
        }
        for (index, binding) in self.bound.variables.iter().enumerate() {
            // The read that makes the binding is settled by the uses of the binding.
            let mut settled = uses.remove(&index).unwrap_or(Settled::UNSEEN);
            let key = (binding.start, binding.variable.clone());
            if let Some(before) = reads.get(&key).filter(|_| binding.exported) {
                settled.join(before);
            }
            reads.insert(key, settled);
        }
        self.module.reads = reads
            .into_iter()
            .map(|((start, name), settled)| Read {
                line: self.lines.line(start),
                has_default: settled.has_default && !self.demanded.contains(&name),
                only_with: settled.only_with.into_iter().flatten().collect(),
                alternatives: self.alternatives.get(&start).cloned().unwrap_or_default(),
                name,
            })
            .collect();
        self.module.reads.sort();
        self.module.reads.dedup();
        self.module
    }
}
