//! The facts that a check declares for its program, and the test that the program gave exactly those.

use crate::model::{FactKind, Facts};
use serde_json::Value;

/// The reserved parameter that holds the declarations.
const KEY: &str = "declared";

/// The declared facts with their types.
///
/// # Errors
/// Names the declaration that cannot be read.
pub(super) fn parse(parameters: &Facts) -> Result<Vec<(String, FactKind)>, String> {
    let declared = parameters.get(KEY).and_then(Value::as_object);
    let Some(declared) = declared.filter(|declared| !declared.is_empty()) else {
        return Err(
            "the check declares no facts; name them with their types under [look.facts]".into(),
        );
    };
    let kind_of = |(name, written): (&String, &Value)| {
        let written = written.as_str().unwrap_or_default();
        kind(written).map(|kind| (name.clone(), kind)).ok_or_else(|| {
            format!(
                "facts.{name}: '{written}' is not a type; the types are bool, int, float, text, any, \
                 list of … and map of text to …"
            )
        })
    };
    declared.iter().map(kind_of).collect()
}

/// A type in the words of [`FactKind::describe`].
fn kind(written: &str) -> Option<FactKind> {
    let written = written.trim();
    if let Some(rest) = written.strip_prefix("list of ") {
        return kind(rest).map(FactKind::list);
    }
    if let Some(rest) = written.strip_prefix("map of text to ") {
        return kind(rest).map(FactKind::map);
    }
    match written {
        "bool" => Some(FactKind::Bool),
        "int" => Some(FactKind::Int),
        "float" => Some(FactKind::Float),
        "text" => Some(FactKind::Text),
        "any" => Some(FactKind::Json),
        _ => None,
    }
}

/// The facts in a program's output.
///
/// # Errors
/// Says how the output departs from the declarations.
pub(super) fn read(output: &[u8], declared: &[(String, FactKind)]) -> Result<Facts, String> {
    let mut facts: Facts = serde_json::from_slice(output)
        .map_err(|error| format!("the program's output is not one JSON object: {error}"))?;
    if let Some(name) = facts
        .keys()
        .find(|name| !declared.iter().any(|(known, _)| known == *name))
    {
        return Err(format!(
            "the program gave the fact '{name}', which the check does not declare"
        ));
    }
    for (name, kind) in declared {
        let value = facts
            .get_mut(name)
            .ok_or_else(|| format!("the program did not give the fact '{name}'"))?;
        if !fit(value, kind) {
            return Err(format!(
                "the program gave {} as '{name}', which is declared as {}",
                what(value),
                kind.describe()
            ));
        }
    }
    Ok(facts)
}

/// Does the value have the type? A whole number given as a float is made one.
fn fit(value: &mut Value, kind: &FactKind) -> bool {
    match (kind, &mut *value) {
        (FactKind::Json, _)
        | (FactKind::Bool, Value::Bool(_))
        | (FactKind::Text, Value::String(_)) => true,
        (FactKind::Int, Value::Number(number)) => number.is_i64(),
        (FactKind::Float, Value::Number(number)) => match number.as_f64().map(Value::from) {
            Some(float) => {
                *value = float;
                true
            }
            None => false,
        },
        (FactKind::List(kind), Value::Array(items)) => items.iter_mut().all(|item| fit(item, kind)),
        (FactKind::Map(kind), Value::Object(map)) => map.values_mut().all(|item| fit(item, kind)),
        _ => false,
    }
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
