//! Suites that wait for a gate: they run before it is open only where somebody says why.

use super::append::line;
use super::grounds::{Grounds, in_force};
use super::prepare::{Environment, Prepared, Request};
use crate::diagnostic::Diagnostic;
use crate::release::stand;

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
    let asked = |suite: &Option<String>| {
        suite
            .as_ref()
            .is_some_and(|suite| request.selectors.contains(suite))
    };
    let waiting = grounds
        .gates
        .iter()
        .filter(|gate| asked(&gate.suite) && !gate.upstream.is_empty());
    let waiting: Vec<_> = waiting.collect();
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let refused = grounds.with(None, None, |ground| {
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
