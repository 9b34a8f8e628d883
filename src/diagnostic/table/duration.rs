//! Spans of time, as users write them.

use std::time::Duration;

/// The longest span of time that anybody may ask for: a year.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// Reads a span of time with its unit: `500ms`, `10s`, `1.5s`, `2m`, `1h`, `7d`.
///
/// # Errors
/// Says how to write it. A number without a unit is refused, because nobody can tell what it means.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim());
    if unit.is_empty() && !number.is_empty() {
        return Err(without_unit(number));
    }
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => {
            return Err(format!(
                "'{text}' is not a duration; write a number and ms, s, m, h or d, such as \"10s\""
            ));
        }
    };
    number
        .parse::<f64>()
        .ok()
        .and_then(|number| Duration::try_from_secs_f64(number * seconds).ok())
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| {
            format!("'{text}' is not a duration of at most a year; write one such as \"10s\"")
        })
}

pub(super) fn without_unit(number: &str) -> String {
    format!("{number} of what? Write \"{number}s\" for seconds or \"{number}ms\" for milliseconds")
}
