//! Compares the parameters of a look with what its probe declares.

use crate::diagnostic::nearest;
use crate::diagnostic::table::TableReader;
use crate::model::{FactKind, Facts};
use crate::probe::ProbeSpec;
use serde_json::Value;

/// Reports unknown parameters, wrong types, words that are not allowed, and what is missing.
pub(super) fn verify(spec: &ProbeSpec, given: &Facts, reader: &TableReader<'_>) {
    for (name, value) in given {
        let Some(parameter) = spec
            .parameters
            .iter()
            .find(|parameter| parameter.name == name)
        else {
            let names = spec.parameters.iter().map(|parameter| parameter.name);
            let help = match nearest(name, names.clone()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!(
                    "its parameters are {}",
                    names.collect::<Vec<_>>().join(", ")
                ),
            };
            let message = format!("the probe '{}' has no parameter '{name}'", spec.name);
            reader.wrong(name, message, "unknown parameter", help);
            continue;
        };
        if !fits(&parameter.kind, value) {
            let message = format!("'{name}' must be {}", parameter.kind.describe());
            reader.wrong(name, message, "of another type", parameter.meaning);
        } else if let (false, Value::String(word)) = (parameter.choices.is_empty(), value)
            && !word.contains("${")
            && !parameter.choices.contains(&word.as_str())
        {
            let help = match nearest(word, parameter.choices.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("it may be {}", parameter.choices.join(", ")),
            };
            reader.wrong(
                name,
                format!("'{word}' is not allowed for '{name}'"),
                "not allowed",
                help,
            );
        }
    }
    for parameter in spec
        .parameters
        .iter()
        .filter(|parameter| parameter.required)
    {
        if !given.contains_key(parameter.name) {
            let message = format!("the probe '{}' needs '{}'", spec.name, parameter.name);
            reader.wrong(
                "probe",
                message,
                format!("needs '{}'", parameter.name),
                parameter.meaning,
            );
        }
    }
}

/// Text with `${…}` may become anything, so its type is the probe's to judge when it is filled in.
fn fits(kind: &FactKind, value: &Value) -> bool {
    if matches!(value, Value::String(text) if text.contains("${")) {
        return true;
    }
    match (kind, value) {
        (FactKind::Json, _) => true,
        (FactKind::Optional(inner), value) => value.is_null() || fits(inner, value),
        (FactKind::Bool, Value::Bool(_)) | (FactKind::Text, Value::String(_)) => true,
        (FactKind::Int, Value::Number(number)) => number.is_i64() || number.is_u64(),
        (FactKind::Float, Value::Number(_)) => true,
        (FactKind::List(inner), Value::Array(items)) => items.iter().all(|item| fits(inner, item)),
        (FactKind::Map(inner), Value::Object(map)) => map.values().all(|item| fits(inner, item)),
        (FactKind::Object(_), Value::Object(_)) => true,
        _ => false,
    }
}
