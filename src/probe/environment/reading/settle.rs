//! Settles each read of a file once all of it was seen: needed, or done without.

use super::visitor::Visitor;
use super::{Module, Read};
use std::collections::BTreeMap;

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

impl Visitor<'_> {
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
        let mut uses = BTreeMap::<usize, bool>::new();
        let mut reads = BTreeMap::<(u32, String), bool>::new();
        for found in &self.found {
            let guarded = self.guards.iter().any(|(name, span)| {
                *name == found.name && span.start <= found.start && found.start < span.end
            });
            let has_default = guarded || self.soft.contains(&found.start);
            match found.source {
                Source::Settled { has_default } => {
                    reads.insert((found.start, found.name.clone()), has_default);
                }
                Source::Direct => {
                    let entry = reads
                        .entry((found.start, found.name.clone()))
                        .or_insert(true);
                    *entry &= has_default;
                }
                Source::Use(binding) => *uses.entry(binding).or_insert(true) &= has_default,
            }
        }
        for (index, binding) in self.bound.variables.iter().enumerate() {
            let has_default = uses.get(&index).copied().unwrap_or(true);
            let entry = reads
                .entry((binding.start, binding.variable.clone()))
                .or_insert(true);
            // The read that makes the binding is settled by the uses of the binding.
            *entry = has_default && (!binding.exported || *entry);
        }
        self.module.reads = reads
            .into_iter()
            .map(|((start, name), has_default)| Read {
                line: self.lines.line(start),
                has_default: has_default && !self.demanded.contains(&name),
                alternatives: self.alternatives.get(&start).cloned().unwrap_or_default(),
                name,
            })
            .collect();
        self.module.reads.sort();
        self.module.reads.dedup();
        self.module
    }
}
