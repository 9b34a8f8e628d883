//! Renders a Markdown template, strictly: an unknown name is an error with its place, never empty text.

use super::escape;
use crate::diagnostic::{Diagnostic, Source};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

/// Pieces that templates share: `{% from "pieces.md" import failure %}`.
const PIECES: &str = include_str!("../../reports/shared/pieces.md");

/// Where a user's own template of that name is looked for, below the application's root.
pub(super) fn own(name: &str) -> String {
    format!(".holdpoint/templates/{name}.md")
}

/// Fills a template with a view. Texts are escaped as Markdown unless the filter `code` makes a code
/// span of them, or `cell` one for a table; `cut(n)` keeps the first n characters.
///
/// # Errors
/// Says what in the template is wrong, and where.
pub(super) fn render(
    template: &Source,
    view: &impl Serialize,
    names: &str,
) -> Result<String, Diagnostic> {
    fill(template, Serde(view).into()).map_err(|error| diagnostic(&error, template, names))
}

fn fill(template: &Source, view: Value) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_debug(true); // keeps the byte range of an error
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(|out, _, value| {
        let shown = if value.is_safe() {
            text(value)?
        } else {
            escape::markdown(&text(value)?)
        };
        out.write_str(&shown).map_err(Error::from)
    });
    environment.add_filter("code", |value: &Value| {
        Ok::<_, Error>(Value::from_safe_string(escape::code(&text(value)?)))
    });
    environment.add_filter("steps", |value: &Value| {
        Ok::<_, Error>(Value::from_safe_string(escape::steps(&text(value)?)))
    });
    environment.add_filter("cell", |value: &Value| {
        Ok::<_, Error>(Value::from_safe_string(escape::cell(&text(value)?)))
    });
    environment.add_filter("cut", |value: &Value, limit: usize| {
        Ok::<_, Error>(escape::cut(&text(value)?, limit))
    });
    environment.add_template("pieces.md", PIECES)?;
    environment.add_template("document", &template.text)?;
    environment.get_template("document")?.render(view)
}

/// The text with one empty line where loops and conditions left several, but for fenced blocks.
pub(super) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let (mut fenced, mut empty) = (false, true);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if !line.is_empty() || fenced || !empty {
            tidy.push_str(line);
            tidy.push('\n');
        }
        empty = line.is_empty();
    }
    if tidy.ends_with("\n\n") {
        tidy.pop();
    }
    tidy
}

/// The text of a value that has one.
fn text(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::String | ValueKind::Number | ValueKind::Bool => Ok(value.to_string()),
        other => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("a {other} cannot be written as text"),
        )),
    }
}

fn diagnostic(error: &Error, template: &Source, names: &str) -> Diagnostic {
    let detail = error
        .detail()
        .map_or_else(String::new, |detail| format!(": {detail}"));
    let message = Diagnostic::new(format!(
        "the template cannot be rendered: {}{detail}",
        error.kind()
    ))
    .help(format!("this template may read {names}"));
    // A macro that is called with what it cannot show fails in the pieces.
    let pieces = Source::new("reports/shared/pieces.md", PIECES);
    let template = if error.name() == Some("pieces.md") {
        &pieces
    } else {
        template
    };
    match error
        .range()
        .or_else(|| line(&template.text, error.line()?))
    {
        Some(range) => message.at(template, range, "here"),
        None => message,
    }
}

/// The bytes of a line, from 1.
fn line(text: &str, number: usize) -> Option<std::ops::Range<usize>> {
    let line = text.lines().nth(number.checked_sub(1)?)?;
    let start = line.as_ptr() as usize - text.as_ptr() as usize;
    Some(start..start + line.len())
}
