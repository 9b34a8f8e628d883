//! Values of a TOML file as JSON.

use serde_json::{Map, Number, Value};
use std::ops::Range;
use toml::Spanned;
use toml::de::DeValue;

/// The value as JSON, with dates as text; or the bytes of a number that JSON cannot hold.
pub(super) fn of(value: &Spanned<DeValue<'_>>) -> Result<Value, Range<usize>> {
    let json = match value.get_ref() {
        DeValue::String(text) => Some(Value::from(text.as_ref())),
        DeValue::Boolean(is) => Some(Value::from(*is)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(Value::from),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number),
        DeValue::Datetime(date) => Some(Value::from(date.to_string())),
        DeValue::Array(items) => return items.iter().map(of).collect(),
        DeValue::Table(table) => {
            let mut object = Map::new();
            for (key, value) in table {
                object.insert(key.get_ref().to_string(), of(value)?);
            }
            return Ok(Value::Object(object));
        }
    };
    json.ok_or_else(|| value.span())
}
