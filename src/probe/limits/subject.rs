//! What a look is at: a path, and the limit that is configured for it.

use crate::model::{Facts, RateLimit};
use crate::probe::Context;
use serde_json::Value;

/// What is said where no limit is configured.
pub(super) const UNCONFIGURED: &str = "no limit is configured; write under [rate_limits] in holdpoint.toml what each path allows, such as \"/api/tasks\" = \"10 per 10s\"";

/// A limit that is configured: so many requests in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Claim {
    pub(super) limit: u64,
    /// Seconds.
    pub(super) window: f64,
}

impl Claim {
    /// The claim in the parameters of a look.
    pub(super) fn of(parameters: &Facts) -> Option<Self> {
        Some(Self {
            limit: parameters.get("limit").and_then(Value::as_u64)?,
            window: parameters.get("window").and_then(Value::as_f64)?,
        })
    }

    /// The fact.
    pub(super) fn told(self) -> Value {
        serde_json::json!({ "limit": self.limit, "window": self.window })
    }
}

/// One look for each path: those given, else those with a limit, else the API path where any will do.
pub(super) fn each(
    parameters: &Facts,
    look: &str,
    context: &Context,
) -> Result<Vec<Facts>, String> {
    let limits = &context.application.rate_limits;
    let given = match parameters.get("paths") {
        None => Vec::new(),
        Some(Value::Array(paths)) => paths
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(Value::String(path)) if path.is_empty() => Vec::new(),
        Some(Value::String(path)) => vec![path.clone()],
        Some(_) => return Err("paths: it is a list of paths".into()),
    };
    if let Some(wrong) = given.iter().find(|path| !path.starts_with('/')) {
        return Err(format!(
            "paths: '{wrong}' is no path; a path begins with a slash"
        ));
    }
    let paths = match (given.is_empty(), limits.is_empty(), look) {
        (false, _, _) => given,
        (true, false, _) => limits.iter().map(|limit| limit.path.clone()).collect(),
        (true, true, "announced") => context
            .target
            .iter()
            .map(|target| target.paths.api.clone())
            .collect(),
        (true, true, _) => Vec::new(),
    };
    let one = |path: &str| {
        let mut facts = Facts::new();
        facts.insert("path".into(), path.into());
        if let Some(limit) = limits.iter().find(|limit| limit.path == path) {
            claim(&mut facts, limit);
        }
        facts
    };
    if paths.is_empty() {
        // One look that says why there is none.
        return Ok(vec![Facts::new()]);
    }
    Ok(paths.iter().map(|path| one(path)).collect())
}

/// The looks of an inference: none that asks anything unless it was asked for; of the paths named, else of those with a limit.
pub(super) fn asked(parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
    let infer = match parameters.get("infer") {
        Some(Value::String(infer)) => infer.trim(),
        None => "",
        Some(_) => return Err("infer: it is yes, or paths with commas between".into()),
    };
    if infer.is_empty() || infer == "no" {
        return Ok(vec![Facts::new()]);
    }
    let mut parameters = parameters.clone();
    if infer != "yes" {
        let paths: Vec<_> = infer.split(',').map(str::trim).collect();
        parameters.insert("paths".into(), paths.into());
    }
    let mut each = each(&parameters, "infer", context)?;
    for one in &mut each {
        one.insert("asked".into(), "yes".into());
    }
    Ok(each)
}

fn claim(facts: &mut Facts, limit: &RateLimit) {
    facts.insert("limit".into(), limit.requests.into());
    facts.insert("window".into(), limit.window.as_secs_f64().into());
}
