//! Looks up what gates name, and puts each after those that must be open before it.

use super::Nameable;
use super::digest::digest;
use super::draft::Draft;
use crate::catalog::SUITES;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::{Gate, Proof};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Looks up every name, orders the gates, and gives each its digest.
///
/// # Errors
/// Every problem at its place: what is not there, what is there twice, and circles.
pub(super) fn settle(
    drafts: Vec<Draft>,
    known: &Nameable<'_>,
) -> Result<Vec<Gate>, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let names = Names::of(&drafts, known);
    for draft in &drafts {
        names.look_up(draft, &mut problems);
    }
    let order = order(&drafts, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let gates = order.into_iter().filter_map(|place| drafts.get(place));
    let whole = |draft: &Draft| Gate {
        digest: digest(&draft.gate),
        ..draft.gate.clone()
    };
    Ok(gates.map(whole).collect())
}

/// What the names of a gate may stand for.
struct Names<'a> {
    gates: Vec<&'a str>,
    suites: BTreeSet<&'a str>,
    documents: Vec<&'a str>,
    checks: Vec<&'a str>,
    /// Items of documents as they are attested, each with where it is defined.
    items: HashMap<String, String>,
}

impl<'a> Names<'a> {
    fn of(drafts: &'a [Draft], known: &Nameable<'a>) -> Self {
        let checks = known.catalog.checks();
        let of_checks = checks.iter().flat_map(|check| &check.suites);
        let suites = of_checks.chain(known.suites.keys()).map(String::as_str);
        let maps = known.maps.iter().map(|map| map.name.as_str());
        let items = known.maps.iter().flat_map(|map| {
            let items = map.items.iter();
            items.map(|item| (format!("{}:{}", map.name, item.id), item.place.to_string()))
        });
        Self {
            gates: drafts.iter().map(|one| one.gate.name.as_str()).collect(),
            suites: suites.chain(SUITES.iter().copied()).collect(),
            documents: maps.chain(known.documents.iter().copied()).collect(),
            checks: checks.iter().map(|check| check.id.as_str()).collect(),
            items: items.collect(),
        }
    }

    fn look_up(&self, draft: &Draft, problems: &mut Vec<Diagnostic>) {
        let Draft {
            source, gate, at, ..
        } = draft;
        let mut unknown = |name: &str, span: &Range<usize>, what: &str, among: &[&str]| {
            if among.contains(&name) {
                return;
            }
            let help = match nearest(name, among.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None if what == "check" => "holdpoint list shows every check".into(),
                None => format!("known: {}", among.join(", ")),
            };
            problems.push(
                Diagnostic::new(format!(
                    "the gate '{}' names '{name}', which is no {what}",
                    gate.name
                ))
                .at(source, span.clone(), format!("no {what} has this name"))
                .help(help),
            );
        };
        if let Some(suite) = &gate.suite {
            let suites: Vec<&str> = self.suites.iter().copied().collect();
            unknown(suite, &at.suite, "suite", &suites);
        }
        for (name, span) in gate.upstream.iter().zip(&at.upstream) {
            unknown(name, span, "gate", &self.gates);
        }
        for (name, span) in gate.documents.iter().zip(&at.documents) {
            unknown(name, span, "document", &self.documents);
        }
        for (one, span) in gate.exempt.iter().zip(&at.exempt) {
            unknown(&one.check, span, "check", &self.checks);
        }
        for (criterion, span) in gate.criteria.iter().zip(&at.criteria) {
            let Proof::Attested(name) = &criterion.proof else {
                continue;
            };
            if let Some(place) = self.items.get(name) {
                let message = format!(
                    "'{name}' would be both a criterion of a gate and an item of a document"
                );
                problems.push(
                    Diagnostic::new(message)
                        .at(source, span.clone(), format!("the item is in {place}"))
                        .help("give one of them another name: nobody could tell what a statement is about"),
                );
            }
        }
    }
}

/// The places of the gates, by how many stand one behind the other before them; circles are reported. Where several may
/// come next, the one that is defined first does.
fn order(drafts: &[Draft], problems: &mut Vec<Diagnostic>) -> Vec<usize> {
    let index: HashMap<&str, usize> = drafts
        .iter()
        .enumerate()
        .map(|(place, one)| (one.gate.name.as_str(), place))
        .collect();
    let before = |place: usize| {
        let names = drafts[place].gate.upstream.iter();
        names.filter_map(|name| index.get(name.as_str()).copied())
    };
    let mut done = vec![false; drafts.len()];
    let mut order = Vec::with_capacity(drafts.len());
    while let Some(first) = done.iter().position(|done| !done) {
        let is_next = |place: &usize| !done[*place] && before(*place).all(|one| done[one]);
        if let Some(next) = (first..drafts.len()).find(is_next) {
            done[next] = true;
            order.push(next);
            continue;
        }
        // Each that is left waits for another that is left, so that the way comes round.
        let mut way = vec![first];
        let circle = loop {
            let last = way.last().copied().unwrap_or(first);
            let next = before(last).find(|one| !done[*one]).unwrap_or(first);
            if let Some(start) = way.iter().position(|one| *one == next) {
                break way.split_off(start);
            }
            way.push(next);
        };
        problems.push(circular(drafts, &circle));
        circle.iter().for_each(|one| done[*one] = true);
    }
    // Whatever waits longest comes last, so that a gate that nobody waits for does not stand behind the release.
    let mut turn = vec![0_usize; drafts.len()];
    for place in &order {
        turn[*place] = before(*place).map(|one| turn[one] + 1).max().unwrap_or(0);
    }
    order.sort_by_key(|place| turn[*place]);
    order
}

fn circular(drafts: &[Draft], circle: &[usize]) -> Diagnostic {
    let name = |place: &usize| drafts[*place].gate.name.as_str();
    let names: Vec<&str> = circle.iter().chain(circle.first()).map(name).collect();
    // A user's gate closed the circle: the shipped ones alone have none.
    let is_own = |place: &&usize| drafts[**place].own;
    let at = circle.iter().rev().find(is_own).or(circle.last()).copied();
    let draft = &drafts[at.unwrap_or_default()];
    let next = at.and_then(|at| circle.iter().position(|one| *one == at));
    let next = next.and_then(|one| names.get(one + 1)).copied();
    let upstream = draft.gate.upstream.iter().zip(&draft.at.upstream);
    let span = upstream
        .filter(|(name, _)| Some(name.as_str()) == next)
        .map(|(_, span)| span.clone())
        .next();
    let message = format!("the gates wait for each other: {}", names.join(" → "));
    Diagnostic::new(message)
        .at(
            &draft.source,
            span.unwrap_or_else(|| draft.at.name.clone()),
            "part of the circle",
        )
        .help("take one of them out of 'upstream'")
}
