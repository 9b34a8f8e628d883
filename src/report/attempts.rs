//! The attempts behind an inferred limit, as reports draw them.

use crate::model::Finding;
use serde_json::Value;

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
                .collect();
            times.sort_unstable();
            times
        };
        let one = Self {
            label: label.to_owned(),
            told: inferred.get("told")?.as_str()?.to_owned(),
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

    /// How many requests had passed within the window before each that passed, itself included.
    pub(super) fn within(&self, window: u64) -> Vec<(u64, u64)> {
        let mut oldest = 0;
        let each = self.admitted.iter().enumerate().map(|(place, now)| {
            while self.admitted[oldest] + window < *now {
                oldest += 1;
            }
            (*now, (place - oldest + 1) as u64)
        });
        each.collect()
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
    (middle > 0.0 && middle < 1e9).then(|| (limit, middle.round() as u64))
}
