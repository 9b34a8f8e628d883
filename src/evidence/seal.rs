//! From what a probe saw to evidence: redacted, in canonical form, with a digest.

use super::canonical::{canonical_bytes, digest};
use super::wire::v1::{Seen, redact_facts};
use crate::model::{Facts, HindranceKind, Observation};
use crate::secret::Book;

/// Redacts an observation, gives it its digest, and returns it with its line for the record.
///
/// What comes back was parsed from the canonical form, so that judging now and judging the record
/// later see the same value, to the order of its keys.
pub fn seal(observation: Observation, secrets: &Book) -> (Observation, Vec<u8>) {
    let mut seen = Seen::from(observation);
    redact(&mut seen, secrets);
    match close(&seen) {
        Ok(sealed) => sealed,
        Err(error) => {
            // Facts that JSON cannot say are a probe's fault; the look counts as not made.
            seen.facts.clear();
            seen.excerpts.clear();
            let cause = format!("the facts cannot be recorded: {error}");
            seen.hindrance = Some((HindranceKind::Internal, cause));
            close(&seen).unwrap_or_else(|_| (seen.into_observation(String::new()), Vec::new()))
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

fn close(seen: &Seen) -> Result<(Observation, Vec<u8>), String> {
    let bytes = canonical_bytes(seen)?;
    let digest = digest(&bytes);
    let parsed: Seen = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    // The canonical form of the line around bytes that are canonical already.
    let mut line = format!(r#"{{"observation":{{"digest":"{digest}","seen":"#).into_bytes();
    line.extend_from_slice(&bytes);
    line.extend_from_slice(b"}}");
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_line_is_canonical_and_holds_no_secret() {
        let secrets = Book::default();
        secrets.register("TOKEN", "c4nary-value-123");
        let mut facts = serde_json::Map::new();
        facts.insert("z".into(), json!([1.0, "said c4nary-value-123"]));
        facts.insert("a".into(), json!("é\n"));
        let observation = Observation {
            probe: "http".into(),
            label: "GET /?t=c4nary-value-123".into(),
            key: "L1".into(),
            started: jiff::Timestamp::UNIX_EPOCH,
            duration_ms: 1,
            attempts: 1,
            facts,
            hindrance: None,
            excerpts: vec![],
            digest: String::new(),
        };
        let (sealed, line) = seal(observation, &secrets);
        let parsed: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(canonical_bytes(&parsed).unwrap(), line);
        assert_eq!(parsed["observation"]["digest"], *sealed.digest);
        assert!(!String::from_utf8(line).unwrap().contains("c4nary"));
        assert_eq!(sealed.label, "GET /?t=‹TOKEN›");
        assert_eq!(sealed.facts.keys().collect::<Vec<_>>(), ["a", "z"]);
    }
}
