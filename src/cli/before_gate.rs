//! Suites that wait for a gate: they run before it is open only where somebody says why.

use super::append::line;
use super::grounds::{Grounds, in_force};
use super::prepare::{Environment, Prepared, Request, selector};
use crate::diagnostic::Diagnostic;
use crate::model::Gate;
use crate::release::stand;
use std::collections::BTreeSet;

/// Why the suites that were asked for must not run yet; nothing where they may.
///
/// # Errors
/// A file that the gates stand on is wrong, or the reason cannot be kept.
pub(super) fn closed(
    prepared: &Prepared,
    request: &Request,
    environment: &Environment,
) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let settings = &prepared.settings;
    if let Some(reason) = &request.before_gate {
        let mut problems = Vec::new();
        line("--before-gate", reason, environment, &mut problems);
        return match problems.is_empty() {
            true => Ok(Vec::new()),
            false => Err(problems),
        };
    }
    if !in_force(settings) {
        return Ok(Vec::new());
    }
    let grounds = Grounds::read(settings, &prepared.catalog, &environment.secrets)?;
    let suites = grounds.gates.iter().filter_map(|gate| gate.suite.as_ref());
    let suites: Vec<&String> = suites.collect();
    let (named, others): (Vec<&String>, Vec<&String>) = request
        .selectors
        .iter()
        .partition(|word| suites.contains(word));
    let chosen = match (named.is_empty(), others.is_empty()) {
        (false, true) => BTreeSet::new(),
        _ => chosen_by(&others, prepared, request),
    };
    let refused = grounds.with(None, None, |ground| {
        // Whatever the words are that choose a whole suite: the record would be the gate's evidence. A suite that is
        // named may hold all of another, which is not what was asked for.
        let is_asked = |gate: &&Gate| {
            let checks = ground.checks_of(gate);
            let is_whole = !checks.is_empty() && checks.iter().all(|id| chosen.contains(id));
            gate.suite.as_ref().is_some_and(|suite| named.contains(&suite)) || is_whole
        };
        let waiting = ground.gates.iter().filter(|gate| !gate.upstream.is_empty());
        let waiting: Vec<&Gate> = waiting.filter(is_asked).collect();
        if waiting.is_empty() {
            return Vec::new();
        }
        let standings = stand(ground);
        let open = |name: &String| standings.iter().any(|one| one.gate.name == *name && one.is_open());
        let each = waiting.iter().filter_map(|gate| {
            let closed: Vec<&str> = gate.upstream.iter().filter(|name| !open(name)).map(String::as_str).collect();
            let first = closed.first()?;
            let suite = gate.suite.as_deref().unwrap_or_default();
            let message = format!("the suite {suite} waits for gate {}, which is not open", closed.join(" and "));
            Some(Diagnostic::new(message).help(format!(
                "holdpoint gate {first} tells what holds it; to look before it is open, say why: --before-gate 'REASON'"
            )))
        });
        each.collect()
    });
    Ok(refused)
}

/// The checks that these words choose; every check where there are none.
fn chosen_by(words: &[&String], prepared: &Prepared, request: &Request) -> BTreeSet<String> {
    let Prepared {
        catalog, settings, ..
    } = prepared;
    let words: Vec<String> = words.iter().map(|word| (*word).clone()).collect();
    let chosen = selector(&words, &request.skip, request.severity, settings).choose(catalog);
    // What chooses nothing was refused before.
    let places = chosen.map(|selection| selection.checks).unwrap_or_default();
    let ids = places
        .into_iter()
        .map(|place| catalog.checks()[place].id.to_string());
    ids.collect()
}
