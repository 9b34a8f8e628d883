//! From what a probe saw to evidence: redacted, in canonical form, with a digest.

use super::canonical::{canonical_bytes, digest};
use super::wire::v1::{Line, Seen, redact_facts};
use crate::model::{Facts, Hindrance, HindranceKind, Observation};
use crate::secret::Book;

/// Redacts an observation, gives it its digest, and returns it with its line for the record.
///
/// What comes back was parsed from the canonical form, so that judging now and judging the record
/// later see the same value, to the order of its keys.
pub fn seal(observation: &Observation, secrets: &Book) -> (Observation, Vec<u8>) {
    let mut seen = Seen::from(observation);
    redact(&mut seen, secrets);
    match close(seen) {
        Ok(sealed) => sealed,
        Err(error) => {
            // Facts that JSON cannot say are a probe's fault; the look counts as not made.
            let mut empty = Observation {
                facts: serde_json::Map::new(),
                excerpts: Vec::new(),
                ..observation.clone()
            };
            empty.hindrance = Some(Hindrance::new(
                HindranceKind::Internal,
                format!("the facts cannot be recorded: {error}"),
            ));
            let mut seen = Seen::from(&empty);
            redact(&mut seen, secrets);
            close(seen).unwrap_or_else(|_| (empty, Vec::new()))
        }
    }
}

/// Facts as the record gives them back: redacted, in canonical order.
pub fn as_recorded(mut facts: Facts, secrets: &Book) -> Facts {
    redact_facts(&mut facts, secrets);
    let canonical = canonical_bytes(&facts).ok();
    canonical
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or(facts)
}

fn close(seen: Seen) -> Result<(Observation, Vec<u8>), String> {
    let bytes = canonical_bytes(&seen)?;
    let digest = digest(&bytes);
    let parsed: Seen = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let line = canonical_bytes(&Line::Observation {
        digest: digest.clone(),
        seen: Box::new(seen),
    })?;
    Ok((parsed.into_observation(digest), line))
}

fn redact(seen: &mut Seen, secrets: &Book) {
    redact_facts(&mut seen.facts, secrets);
    seen.label = secrets.redact(&seen.label);
    if let Some((_, cause)) = &mut seen.hindrance {
        *cause = secrets.redact(cause);
    }
    for (_, text) in &mut seen.excerpts {
        *text = secrets.redact(text);
    }
}
