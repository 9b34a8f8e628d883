//! The rungs by which a service is reached, one after the other, so that a finding names the one that broke.

use crate::clock;
use crate::model::{FactKind, FactSpec};
use serde_json::{Map, Value, json};
use std::time::Instant;

/// The name and the meaning of each rung, in the order in which they are climbed.
pub(super) type Rungs = &'static [(&'static str, &'static str)];

/// The facts of a climb: each rung held, broke, could not be told, or was not reached.
#[derive(Debug)]
pub(super) struct Ladder {
    steps: Map<String, Value>,
    since: Instant,
}

/// The declaration of the fact `steps`.
pub(super) fn declared(rungs: Rungs) -> FactSpec {
    use FactKind::{Bool, Int, Object, Text};
    let optional = FactKind::optional;
    let each = |(name, meaning): &(&'static str, &'static str)| {
        let parts = vec![
            FactSpec::new("ok", optional(Bool), meaning),
            FactSpec::new(
                "ms",
                optional(Int),
                "milliseconds that the step took; null where it was not reached",
            ),
            FactSpec::new(
                "cause",
                optional(Text),
                "why it broke or could not be told, for people",
            ),
            FactSpec::new(
                "remedy",
                optional(Text),
                "how to mend that cause, where it is known",
            ),
        ];
        FactSpec::new(
            name,
            Object(parts),
            "a step; its ok is null where it was not reached, or could not be told",
        )
    };
    FactSpec::new(
        "steps",
        Object(rungs.iter().map(each).collect()),
        "the steps by which the service is reached, in order; the first whose ok is not true says what is wrong",
    )
}

impl Ladder {
    /// A ladder with no rung climbed.
    pub(super) fn new(rungs: Rungs) -> Self {
        let unreached = json!({ "ok": null, "ms": null, "cause": null, "remedy": null });
        Self {
            steps: rungs
                .iter()
                .map(|(name, _)| ((*name).to_owned(), unreached.clone()))
                .collect(),
            since: clock::tick(),
        }
    }

    /// The rung held; the time since the last one is its own.
    pub(super) fn held(&mut self, rung: &str) {
        self.set(rung, Some(true), None, None);
    }

    /// The rung broke: this proves the claim false.
    pub(super) fn broke(&mut self, rung: &str, cause: impl Into<String>, remedy: &str) {
        self.set(rung, Some(false), Some(cause.into()), Some(remedy));
    }

    /// Whether the rung holds cannot be told from here.
    pub(super) fn untold(&mut self, rung: &str, cause: impl Into<String>) {
        self.set(rung, None, Some(cause.into()), None);
    }

    fn set(&mut self, rung: &str, ok: Option<bool>, cause: Option<String>, remedy: Option<&str>) {
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since = clock::tick();
        debug_assert!(self.steps.contains_key(rung), "{rung} is not declared");
        let remedy = remedy.filter(|remedy| !remedy.is_empty());
        let step = json!({ "ok": ok, "ms": ms, "cause": cause, "remedy": remedy });
        self.steps.insert(rung.to_owned(), step);
    }

    /// The fact `steps`.
    pub(super) fn into_fact(self) -> Value {
        Value::Object(self.steps)
    }
}
