//! Gates from TOML: the shipped ones, and what a user puts in their place or adds.

mod digest;
mod draft;
mod settle;

use super::{Catalog, source};
use crate::diagnostic::{Diagnostic, Source};
use crate::model::{DocumentMap, Gate, Proof};
use draft::{Draft, read};
use settle::settle;
use std::collections::BTreeMap;
use std::path::Path;

/// What gates may name. A name that is not among these is refused at its place.
#[derive(Debug, Clone, Copy)]
pub struct Nameable<'a> {
    /// The checks, whose suites count too.
    pub catalog: &'a Catalog,
    /// The user's suites: name to selectors.
    pub suites: &'a BTreeMap<String, Vec<String>>,
    /// The maps, whose names are documents, and whose items are attested like criteria.
    pub maps: &'a [DocumentMap],
    /// The names of documents that have no map, such as those that are written whole.
    pub documents: &'a [&'a str],
}

/// The gates that ship with holdpoint, each after those that must be open before it.
///
/// # Errors
/// A shipped gate is wrong, or names something that is not there.
pub fn shipped_gates(known: &Nameable<'_>) -> Result<Vec<Gate>, Vec<Diagnostic>> {
    settle(read(&source::shipped_gates(), false)?.gates, known)
}

/// The shipped gates with those of the user's file, under the name that messages give it; the shipped
/// ones alone where the file does not exist. Each comes after those that must be open before it.
///
/// A gate of a name that is shipped takes that one's place whole; any other is added. Where the file
/// says `shipped = false`, its gates are all there are.
///
/// # Errors
/// Every problem with its place.
pub fn load_gates(
    path: &Path,
    name: &str,
    known: &Nameable<'_>,
) -> Result<Vec<Gate>, Vec<Diagnostic>> {
    match source::text(path) {
        Ok(text) => parse_gates(&Source::new(name, text), known),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => shipped_gates(known),
        Err(error) => Err(vec![source::unreadable(Path::new(name), &error)]),
    }
}

/// The same of a text.
///
/// # Errors
/// Every problem with its place.
pub fn parse_gates(source: &Source, known: &Nameable<'_>) -> Result<Vec<Gate>, Vec<Diagnostic>> {
    let own = read(source, true)?;
    let shipped = match own.shipped {
        true => read(&source::shipped_gates(), false)?.gates,
        false => Vec::new(),
    };
    settle(replaced(shipped, own.gates), known)
}

/// The names under which criteria of gates are attested: `release:window`.
pub fn attested(gates: &[Gate]) -> impl Iterator<Item = &str> {
    let criteria = gates.iter().flat_map(|gate| &gate.criteria);
    criteria.filter_map(|criterion| match &criterion.proof {
        Proof::Attested(name) => Some(name.as_str()),
        Proof::Expression(_) => None,
    })
}

/// The user's gates in place of the shipped ones of their names, and the others after.
fn replaced(mut gates: Vec<Draft>, own: Vec<Draft>) -> Vec<Draft> {
    for one in own {
        match gates
            .iter_mut()
            .find(|gate| gate.gate.name == one.gate.name)
        {
            Some(place) => *place = one,
            None => gates.push(one),
        }
    }
    gates
}

#[cfg(test)]
mod tests;
