//! YAML as lockfiles use it, read as JSON whose scalars are all text; depth is limited, aliases are refused.

use saphyr_parser::{Event, Parser, StrInput};
use serde_json::{Map, Value};

/// Deeper than any lockfile goes.
const DEEPEST: usize = 32;

/// A list or a map that is not complete yet.
enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

/// The last document of a text; pnpm may put one about its own environment before it.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut document = Value::Null;
    while let Some(event) = parser.next_event() {
        let (event, _) = event.map_err(|error| format!("is not YAML: {error}"))?;
        let complete = match event {
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= DEEPEST => {
                return Err(format!("is nested more than {DEEPEST} deep"));
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Value::Array(items),
                Some(Open::Map(map, _)) => Value::Object(map),
                None => continue,
            },
            Event::Alias(_) => return Err("holds an alias, which no package manager writes".into()),
            Event::StreamEnd => break,
            _ => continue,
        };
        match open.last_mut() {
            None => document = complete,
            Some(Open::List(items)) => items.push(complete),
            Some(Open::Map(map, key)) => match (key.take(), complete) {
                (None, Value::String(name)) => *key = Some(name),
                (None, _) => return Err("has a key that is no text".into()),
                (Some(name), value) => {
                    if map.contains_key(&name) {
                        let shown: String = name.escape_debug().take(60).collect();
                        return Err(format!("has the key {shown} twice in one place"));
                    }
                    map.insert(name, value);
                }
            },
        }
    }
    Ok(document)
}
