//! What makes two indexes the same: their keys in order, and what they forbid or remove; names do not matter.

use serde_json::{Map, Value};
use std::fmt;

/// An index, as it is asked for or as it exists.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Index {
    /// Fields with their direction: 1, -1, text, 2dsphere, hashed.
    pub(super) key: Vec<(String, String)>,
    pub(super) unique: bool,
    /// Only these documents are in it.
    pub(super) partial: Option<Value>,
    /// Documents are removed this many seconds after the time in the field.
    pub(super) ttl: Option<i64>,
}

/// An index that somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) collection: String,
    pub(super) index: Index,
    /// file:line, or where else it is asked for.
    pub(super) place: String,
}

impl Index {
    /// From the keys and options as shells and drivers for JavaScript take them; none where they
    /// are of another form.
    pub(super) fn new(key: &Value, options: Option<&Value>) -> Option<Self> {
        let key = match key {
            Value::String(field) => vec![(field.clone(), "1".into())],
            Value::Object(fields) => fields
                .iter()
                .map(|(field, direction)| Some((field.clone(), direction_of(direction)?)))
                .collect::<Option<Vec<_>>>()?,
            _ => return None,
        };
        let nothing = Map::new();
        let options = options.and_then(Value::as_object).unwrap_or(&nothing);
        let lifetime = options
            .get("expireAfterSeconds")
            .or_else(|| options.get("expires"));
        let ttl = match lifetime {
            None | Some(Value::Null) => None,
            // Mongoose takes `'7d'` too, which is not read here.
            Some(lifetime) => Some(lifetime.as_f64()? as i64),
        };
        (!key.is_empty()).then(|| Self {
            key: in_order(key),
            unique: options.get("unique").is_some_and(is_true),
            partial: options
                .get("partialFilterExpression")
                .filter(|filter| !filter.is_null())
                .cloned(),
            ttl,
        })
    }

    /// How an index that exists with the same keys differs from this one.
    pub(super) fn difference(&self, existing: &Self) -> Option<String> {
        let mut differences = Vec::new();
        if self.unique != existing.unique {
            let word = |unique| if unique { "unique" } else { "not unique" };
            differences.push(format!(
                "it is {} in place of {}",
                word(existing.unique),
                word(self.unique)
            ));
        }
        if self.ttl != existing.ttl {
            let word = |ttl: Option<i64>| {
                ttl.map_or_else(
                    || "documents never expire".to_owned(),
                    |seconds| format!("documents expire after {seconds} s"),
                )
            };
            differences.push(format!(
                "{} in place of: {}",
                word(existing.ttl),
                word(self.ttl)
            ));
        }
        if self.partial != existing.partial {
            let word = |partial: &Option<Value>| {
                partial.as_ref().map_or_else(
                    || "it holds every document".to_owned(),
                    |filter| format!("it holds those that match {filter}"),
                )
            };
            differences.push(format!(
                "{} in place of: {}",
                word(&existing.partial),
                word(&self.partial)
            ));
        }
        (!differences.is_empty()).then(|| differences.join(", "))
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key: Vec<_> = self
            .key
            .iter()
            .map(|(field, direction)| format!("{field}: {direction}"))
            .collect();
        write!(f, "{{ {} }}", key.join(", "))?;
        if self.unique {
            f.write_str(" unique")?;
        }
        if let Some(seconds) = self.ttl {
            write!(f, " expiring after {seconds} s")?;
        }
        if self.partial.is_some() {
            f.write_str(" partial")?;
        }
        Ok(())
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.collection, self.index, self.place)
    }
}

/// The same keys, with fields of an index over text in the order of their names: the database does
/// not keep theirs.
fn in_order(mut key: Vec<(String, String)>) -> Vec<(String, String)> {
    let is_text = |field: &(String, String)| field.1 == "text";
    let mut texts: Vec<_> = key.iter().filter(|field| is_text(field)).cloned().collect();
    texts.sort();
    let mut texts = texts.into_iter();
    for field in key.iter_mut().filter(|field| is_text(field)) {
        if let Some(next) = texts.next() {
            *field = next;
        }
    }
    key
}

/// `1`, `-1`, or the kind of an index in words; numbers may be of any type.
fn direction_of(direction: &Value) -> Option<String> {
    match direction {
        Value::Number(number) => Some(if number.as_f64()? < 0.0 { "-1" } else { "1" }.into()),
        Value::String(word) => Some(match word.as_str() {
            "asc" | "ascending" => "1".into(),
            "desc" | "descending" => "-1".into(),
            kind => kind.to_owned(),
        }),
        _ => None,
    }
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_f64() == Some(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn index(key: Value, options: Value) -> Index {
        Index::new(&key, Some(&options)).unwrap()
    }

    #[test]
    fn keys_count_in_order_and_names_do_not() {
        let one = index(
            json!({ "userId": 1, "createdAt": -1 }),
            json!({ "name": "x" }),
        );
        let same = index(json!({ "userId": 1.0, "createdAt": -1.0 }), json!({}));
        assert_eq!(one, same);
        let turned = index(json!({ "createdAt": -1, "userId": 1 }), json!({}));
        assert_ne!(one, turned);
        assert_eq!(one.to_string(), "{ userId: 1, createdAt: -1 }");
    }

    #[test]
    fn fields_over_text_have_no_order() {
        let one = index(
            json!({ "a": 1, "title": "text", "body": "text", "z": 1 }),
            json!({}),
        );
        assert_eq!(one.to_string(), "{ a: 1, body: text, title: text, z: 1 }");
    }

    #[test]
    fn what_differs_is_said() {
        let plain = index(json!({ "userId": 1 }), json!({}));
        let unique = index(json!({ "userId": 1 }), json!({ "unique": true }));
        let brief = index(json!({ "userId": 1 }), json!({ "expireAfterSeconds": 60 }));
        let part = index(
            json!({ "userId": 1 }),
            json!({ "partialFilterExpression": { "open": true } }),
        );
        assert_eq!(plain.difference(&plain), None);
        assert_eq!(
            unique.difference(&plain).unwrap(),
            "it is not unique in place of unique"
        );
        assert!(brief.difference(&plain).unwrap().contains("60 s"));
        assert!(part.difference(&plain).unwrap().contains("open"));
    }

    #[test]
    fn other_forms_are_none() {
        assert_eq!(Index::new(&json!([["a", 1]]), None), None);
        assert_eq!(Index::new(&json!({}), None), None);
        let worded = json!({ "expires": "7d" });
        assert_eq!(Index::new(&json!({ "at": 1 }), Some(&worded)), None);
        assert!(Index::new(&json!("userId"), None).is_some());
    }
}
