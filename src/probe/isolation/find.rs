//! Finds in an answer what was created: by the mark that it carries, and by its id.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// Keys that hold ids, where the settings name none.
const IDS: [&str; 4] = ["id", "_id", "uuid", "insertedId"];
/// What stays as it is in a part of a path: RFC 3986 section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Does a value carry the mark, wherever in it?
pub(super) fn carries(value: &Value, mark: &str) -> bool {
    match value {
        Value::String(text) => text.contains(mark),
        Value::Array(items) => items.iter().any(|item| carries(item, mark)),
        Value::Object(map) => map.values().any(|value| carries(value, mark)),
        _ => false,
    }
}

/// Does an object, wherever in it, have this value under the key?
pub(super) fn holds(value: &Value, key: &str, wanted: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| holds(item, key, wanted)),
        Value::Object(map) => {
            map.get(key) == Some(wanted) || map.values().any(|value| holds(value, key, wanted))
        }
        _ => false,
    }
}

/// The innermost object with an id that carries the mark.
pub(super) fn marked<'v>(
    value: &'v Value,
    mark: &str,
    key: Option<&str>,
) -> Option<&'v Map<String, Value>> {
    let carrying = |value: &&Value| carries(value, mark);
    match value {
        Value::Array(items) => items
            .iter()
            .filter(carrying)
            .find_map(|item| marked(item, mark, key)),
        Value::Object(map) => map
            .values()
            .filter(carrying)
            .find_map(|value| marked(value, mark, key))
            .or_else(|| Some(map).filter(|map| carries(value, mark) && id(map, key).is_some())),
        _ => None,
    }
}

/// Every object with an id that carries the mark; not those inside another.
pub(super) fn all_marked(value: &Value, mark: &str, key: Option<&str>) -> Vec<String> {
    match value {
        Value::Array(items) => items
            .iter()
            .flat_map(|item| all_marked(item, mark, key))
            .collect(),
        Value::Object(map) => match id(map, key).filter(|_| carries(value, mark)) {
            Some(id) => vec![id],
            None => map
                .values()
                .flat_map(|value| all_marked(value, mark, key))
                .collect(),
        },
        _ => Vec::new(),
    }
}

/// The object with that id.
pub(super) fn with_id<'v>(
    value: &'v Value,
    wanted: &str,
    key: Option<&str>,
) -> Option<&'v Map<String, Value>> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| with_id(item, wanted, key)),
        Value::Object(map) if id(map, key).as_deref() == Some(wanted) => Some(map),
        Value::Object(map) => map.values().find_map(|value| with_id(value, wanted, key)),
        _ => None,
    }
}

/// Every id in an answer; not those inside an object that has one.
pub(super) fn ids(value: &Value, key: Option<&str>) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| ids(item, key)).collect(),
        Value::Object(map) => match id(map, key) {
            Some(id) => vec![id],
            None => map.values().flat_map(|value| ids(value, key)).collect(),
        },
        _ => Vec::new(),
    }
}

/// The id of the one thing that an answer tells of; none where it holds a list, whose things may be anybody's.
pub(super) fn only_id(value: &Value, key: Option<&str>) -> Option<String> {
    let map = value.as_object()?;
    id(map, key).or_else(|| {
        let mut found = map.values().filter_map(|value| only_id(value, key));
        found.next().filter(|_| found.next().is_none())
    })
}

/// The id of an object, as it stands in a path.
pub(super) fn id(map: &Map<String, Value>, key: Option<&str>) -> Option<String> {
    let keys: &[&str] = match &key {
        Some(key) => &[*key],
        None => &IDS,
    };
    keys.iter().find_map(|key| match map.get(*key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        // As MongoDB's extended JSON writes it.
        Value::Object(inner) => inner.get("$oid")?.as_str().map(str::to_owned),
        _ => None,
    })
}

/// The path of one thing.
pub(super) fn filled(item: &str, id: &str) -> String {
    item.replace("{id}", &utf8_percent_encode(id, RESERVED).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn things_are_found_however_they_are_wrapped() {
        for (answer, found) in [
            (json!({ "id": "1", "title": "mark" }), Some("1")),
            (
                json!({ "task": { "_id": { "$oid": "2" }, "title": "a mark b" } }),
                Some("2"),
            ),
            (
                json!({ "tasks": [{ "id": 3, "title": "x" }, { "id": 4, "title": "mark" }] }),
                Some("4"),
            ),
            (
                json!([{ "_id": "5", "title": { "$ne": "mark" } }]),
                Some("5"),
            ),
            (json!({ "title": "mark" }), None),
            (json!({ "id": "6", "title": "x" }), None),
        ] {
            let map = marked(&answer, "mark", None);
            let id = map.and_then(|map| id(map, None));
            assert_eq!(id.as_deref(), found, "{answer}");
        }
        let list = json!({ "tasks": [{ "id": "1", "t": "mark" }, { "id": "2", "t": "x" }] });
        assert_eq!(all_marked(&list, "mark", None), ["1"]);
        assert_eq!(ids(&list, None), ["1", "2"]);
        assert!(with_id(&list, "2", None).is_some());
        assert!(with_id(&list, "2", Some("key")).is_none());
        assert_eq!(only_id(&list, None), None);
        assert_eq!(
            only_id(&json!({ "data": { "id": 7 } }), None).as_deref(),
            Some("7")
        );
        assert_eq!(
            only_id(&json!({ "a": { "id": 7 }, "b": { "id": 8 } }), None),
            None
        );
        assert_eq!(filled("/api/tasks/{id}", "a/b?"), "/api/tasks/a%2Fb%3F");
    }
}
