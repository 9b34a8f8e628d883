//! The list of allowed signers: whose keys may sign what, and when.

mod line;
mod time;

#[cfg(test)]
mod tests;

use super::pattern::PatternList;
use super::{PublicKey, Refusal};
use crate::diagnostic::{Diagnostic, Source};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A list in the form of `ssh-keygen(1)`, ALLOWED SIGNERS. Nobody by default.
///
/// Two things of that form are refused rather than read: `cert-authority`, since certificates are not supported,
/// and times without `Z`, since OpenSSH takes them in the time zone of the machine, so that two machines would
/// differ on who may sign. A mistake anywhere refuses the whole list, where `ssh-keygen` skips the line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signers(Vec<Line>);

/// One line that is no comment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// From 1.
    number: usize,
    principals: PatternList,
    /// None: everything.
    namespaces: Option<PatternList>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
    key: PublicKey,
}

/// Why a line does not count at a time.
enum Outside {
    Before(Timestamp),
    After(Timestamp),
}

impl Line {
    fn permits(&self, namespace: &str) -> bool {
        let list = self.namespaces.as_ref();
        list.is_none_or(|list| list.matches(namespace))
    }

    /// Does the key count at that second? Both ends are in.
    fn counts(&self, at: Timestamp) -> Result<(), Outside> {
        let second = at.as_second();
        match (self.valid_after, self.valid_before) {
            (Some(from), _) if second < from.as_second() => Err(Outside::Before(from)),
            (_, Some(until)) if second > until.as_second() => Err(Outside::After(until)),
            _ => Ok(()),
        }
    }

    fn allows(&self, namespace: &str, at: Timestamp) -> bool {
        self.permits(namespace) && self.counts(at).is_ok()
    }
}

impl Signers {
    /// Reads a list.
    ///
    /// # Errors
    /// Every mistake, with its place; one a line.
    pub fn parse(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        let (mut lines, mut problems) = (Vec::new(), Vec::new());
        let mut start = 0;
        for text in source.text.split('\n') {
            match line::read(source, start, text) {
                Ok(line) => lines.extend(line),
                Err(problem) => problems.push(problem),
            }
            start += text.len() + 1;
        }
        if problems.is_empty() {
            Ok(Self(lines))
        } else {
            Err(problems)
        }
    }

    /// Does it name nobody?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The people, as far as their names are written out, whose key this is and who may sign for the namespace
    /// with it at that time. Patterns such as `*@example.org` name nobody by themselves.
    pub fn allowed(&self, namespace: &str, key: &PublicKey, at: Timestamp) -> Vec<String> {
        self.named(|line| line.key == *key && line.allows(namespace, at))
    }

    /// All the people, as far as their names are written out, who may sign for the namespace at that time.
    pub fn principals(&self, namespace: &str, at: Timestamp) -> Vec<String> {
        self.named(|line| line.allows(namespace, at))
    }

    /// May this person sign for the namespace at that time, with any key?
    pub fn may_sign(&self, principal: &str, namespace: &str, at: Timestamp) -> bool {
        let mut lines = self.0.iter().filter(|line| line.allows(namespace, at));
        lines.any(|line| line.principals.matches(principal))
    }

    /// The patterns, such as `*@example.org`, of all who may sign for the namespace at that time, as they are written.
    pub fn patterns(&self, namespace: &str, at: Timestamp) -> Vec<String> {
        let lines = self.0.iter().filter(|line| line.allows(namespace, at));
        let texts: BTreeSet<_> = lines.flat_map(|line| line.principals.wide()).collect();
        texts.into_iter().map(str::to_owned).collect()
    }

    /// The line (from 1) that lets this person sign for the namespace with this key at that time.
    pub(super) fn admit(
        &self,
        key: &PublicKey,
        principal: &str,
        namespace: &str,
        at: Timestamp,
    ) -> Result<usize, Refusal> {
        let of_key: Vec<_> = self.0.iter().filter(|line| line.key == *key).collect();
        let theirs: Vec<_> = of_key
            .iter()
            .filter(|line| line.principals.matches(principal))
            .collect();
        if let Some(line) = theirs.iter().find(|line| line.allows(namespace, at)) {
            return Ok(line.number);
        }
        let (fingerprint, principal) = (key.fingerprint(), principal.to_owned());
        // What is closest to being allowed is what is said: the person, then what for, then when.
        let Some(first) = theirs.first() else {
            return Err(Refusal::NotListed {
                fingerprint,
                principal,
                owners: self.named(|line| line.key == *key),
            });
        };
        let Some(line) = theirs.iter().find(|line| line.permits(namespace)) else {
            return Err(Refusal::NotPermitted {
                fingerprint,
                principal,
                namespace: namespace.to_owned(),
                line: first.number,
            });
        };
        match line.counts(at) {
            Ok(()) => Ok(line.number),
            Err(Outside::Before(from)) => Err(Refusal::NotYetValid {
                fingerprint,
                principal,
                from,
                line: line.number,
            }),
            Err(Outside::After(until)) => Err(Refusal::Expired {
                fingerprint,
                principal,
                until,
                line: line.number,
            }),
        }
    }

    /// The names that are written out in some lines, sorted.
    fn named(&self, wanted: impl Fn(&Line) -> bool) -> Vec<String> {
        let lines = self.0.iter().filter(|line| wanted(line));
        let names: BTreeSet<_> = lines.flat_map(|line| line.principals.literals()).collect();
        names.into_iter().map(str::to_owned).collect()
    }
}
