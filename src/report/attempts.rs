//! The attempts behind an inferred limit, as reports draw them.

use crate::model::Finding;
use serde_json::Value;

/// Milliseconds that no inference reaches.
const LONGEST: u64 = 1_000_000_000;

/// What one look asked and was told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attempts {
    /// What was looked at.
    pub(super) label: String,
    /// What was found, for people.
    pub(super) told: String,
    /// When requests passed, in milliseconds since the first, in order.
    pub(super) admitted: Vec<u64>,
    /// When requests were refused.
    pub(super) refused: Vec<u64>,
    /// The limit that was fitted: requests, and the milliseconds of its window.
    pub(super) fitted: Option<(u64, u64)>,
}

impl Attempts {
    /// Those of a finding; none where it inferred nothing.
    pub(super) fn of(finding: &Finding) -> Vec<Self> {
        let looks = finding.looks.iter();
        let each = looks.filter_map(|look| Some((&look.label, look.facts.get("inferred")?)));
        each.filter_map(|(label, inferred)| Self::read(label, inferred))
            .collect()
    }

    fn read(label: &str, inferred: &Value) -> Option<Self> {
        let log = inferred.get("log")?;
        let times = |name: &str| -> Vec<u64> {
            let each = log.get(name).and_then(Value::as_array);
            let mut times: Vec<_> = each
                .into_iter()
                .flatten()
                .filter_map(Value::as_u64)
                // Longer than any inference means a record that was written by hand.
                .filter(|time| *time < LONGEST)
                .collect();
            times.sort_unstable();
            times
        };
        let one = Self {
            label: label.to_owned(),
            told: match inferred.get("why").and_then(Value::as_str) {
                Some(why) => format!("{}: {why}", inferred.get("told")?.as_str()?),
                None => inferred.get("told")?.as_str()?.to_owned(),
            },
            admitted: times("admitted"),
            refused: times("refused"),
            fitted: fitted(inferred),
        };
        (one.admitted.len() + one.refused.len() > 0).then_some(one)
    }

    /// When the last request was sent, in milliseconds; at least one.
    pub(super) fn end(&self) -> u64 {
        let last = [self.admitted.last(), self.refused.last()];
        last.into_iter()
            .flatten()
            .copied()
            .max()
            .unwrap_or(1)
            .max(1)
    }

    /// How many requests had passed within the window, whenever that changes, up to the last request.
    pub(super) fn within(&self, window: u64) -> Vec<(u64, u64)> {
        let came = self.admitted.iter().map(|time| (*time, true));
        let went = self.admitted.iter().map(|time| (*time + window, false));
        let mut changes: Vec<_> = came.chain(went).collect();
        changes.sort_unstable();
        let end = self.end();
        let mut many = 0_u64;
        let each = changes.into_iter().filter(|(time, _)| *time <= end);
        each.map(|(time, comes)| {
            many = if comes {
                many + 1
            } else {
                many.saturating_sub(1)
            };
            (time, many)
        })
        .collect()
    }
}

/// The limit and the middle of its window, where one family was identified.
fn fitted(inferred: &Value) -> Option<(u64, u64)> {
    if inferred.get("identified")? != &Value::Bool(true) {
        return None;
    }
    let limit = inferred.get("limit")?.get("high")?.as_u64()?;
    let window = inferred.get("window")?;
    let (low, high) = (window.get("low")?.as_f64()?, window.get("high")?.as_f64()?);
    let middle = (low + high) * 500.0;
    // Longer than any that is inferred means a record that was written by hand.
    (middle > 0.0 && middle < LONGEST as f64).then(|| (limit, middle.round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attempts(admitted: &[u64], why: Option<&str>) -> Attempts {
        let inferred = json!({
            "told": "nothing for certain", "why": why, "identified": why.is_none(),
            "limit": { "low": 2, "high": 2 }, "window": { "low": 0.01, "high": 0.01 },
            "log": { "admitted": admitted, "refused": [u64::MAX] },
        });
        Attempts::read("GET /", &inferred).unwrap()
    }

    #[test]
    fn what_passed_leaves_the_window_again() {
        let one = attempts(&[0, 4, 20, u64::MAX], None);
        assert_eq!(one.fitted, Some((2, 10)));
        assert_eq!(one.within(10), [(0, 1), (4, 2), (10, 1), (14, 0), (20, 1)]);
        assert_eq!(one.refused, [0; 0]);
    }

    #[test]
    fn what_is_not_certain_says_why() {
        let one = attempts(&[0], Some("two families explain it"));
        assert_eq!(one.told, "nothing for certain: two families explain it");
        assert_eq!(one.fitted, None);
    }
}
