//! Fills `{fact.path}` in a text with what was found, and shows facts in a line.

use super::scope::Scope;
use crate::model::Facts;
use serde_json::Value;

/// Values longer than this are cut; the whole is in the record.
const LONGEST: usize = 300;

/// The paths named in a text.
pub fn placeholders(text: &str) -> Vec<&str> {
    parts(text).into_iter().filter_map(Result::err).collect()
}

/// The text with every `{fact.path}` replaced by the fact. `{{` is a brace.
pub fn fill<'a>(text: &str, scope: impl Into<Scope<'a>>) -> String {
    let scope = scope.into();
    parts(text)
        .into_iter()
        .map(|part| match part {
            Ok(literal) => literal.to_owned(),
            Err(path) => at(scope, path.split('.')).map_or_else(|| "unknown".into(), show),
        })
        .collect()
}

/// How many things the lists hold that a text names: the longest counts, since one may be a part of another.
pub(super) fn listed<'a>(text: &str, scope: impl Into<Scope<'a>>) -> usize {
    let scope = scope.into();
    let paths = parts(text).into_iter().filter_map(Result::err);
    let lists = paths.filter_map(|path| at(scope, path.split('.'))?.as_array());
    lists.map(Vec::len).max().unwrap_or_default()
}

/// Literal pieces as `Ok`, paths as `Err`.
fn parts(text: &str) -> Vec<Result<&str, &str>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        parts.push(Ok(&rest[..open]));
        let after = &rest[open + 1..];
        let path_end = after.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
        match path_end {
            Some(end)
                if end > 0
                    && after[end..].starts_with('}')
                    && after.starts_with(|c: char| c.is_ascii_lowercase()) =>
            {
                parts.push(Err(&after[..end]));
                rest = &after[end + 1..];
            }
            _ => {
                parts.push(Ok("{"));
                rest = after.strip_prefix('{').unwrap_or(after);
            }
        }
    }
    parts.push(Ok(rest));
    parts
}

/// The value at a path.
pub(super) fn at<'a, 'p>(
    scope: impl Into<Scope<'a>>,
    mut path: impl Iterator<Item = &'p str>,
) -> Option<&'a Value> {
    let mut value = scope.into().get(path.next()?)?;
    for name in path {
        value = match value {
            Value::Object(map) => map.get(name)?,
            _ => return None,
        };
    }
    Some(value)
}

/// A value in a line, as people write it.
pub(super) fn show(value: &Value) -> String {
    let text = show_nested(value);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn show_nested(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".into(),
        Value::Array(items) => items.iter().map(show_nested).collect::<Vec<_>>().join(", "),
        Value::Object(map) => show_object(map),
    }
}

/// An object by its name, with the other fields in brackets: `NAME (src/a.ts:4)`.
fn show_object(map: &Facts) -> String {
    let said = |value: &Value| match show_nested(value) {
        text if text == "none" || text.is_empty() => None,
        text => Some(text),
    };
    let named = map.get("name").and_then(said);
    let unnamed = named.is_none();
    let rest = map.iter().filter(|(key, _)| unnamed || *key != "name");
    let mut parts = named
        .into_iter()
        .chain(rest.filter_map(|(_, value)| said(value)));
    let first = parts.next().unwrap_or_else(|| "none".into());
    let rest: Vec<_> = parts.collect();
    if rest.is_empty() {
        first
    } else {
        format!("{first} ({})", rest.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fills_in_what_was_found() {
        let Value::Object(facts) = json!({
            "hsts": { "max_age": 300 },
            "missing": [{ "name": "A", "places": ["x.ts:1", "y.ts:2"] }, { "name": "B", "places": [] }],
        }) else {
            unreachable!()
        };
        assert_eq!(
            fill("max-age is {hsts.max_age} s", &facts),
            "max-age is 300 s"
        );
        assert_eq!(fill("{missing}", &facts), "A (x.ts:1, y.ts:2), B");
        assert_eq!(listed("{hsts.max_age}: {missing}", &facts), 2);
        assert_eq!(listed("{hsts.max_age} {nothing}", &facts), 0);
        assert_eq!(
            fill("{hsts.nothing} {{ x } { y }", &facts),
            "unknown { x } { y }"
        );
        assert_eq!(
            placeholders("headers: () => { return [{ a: 1 }] } {a.b}"),
            ["a.b"]
        );
    }
}
