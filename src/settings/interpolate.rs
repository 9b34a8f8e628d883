//! Fills `${NAME}` and `${NAME:-default}` in what users write in their files.

/// What could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfilled {
    /// The name has no value and no default is given.
    Unset(String),
    /// A brace is not closed.
    Unclosed,
}

impl std::fmt::Display for Unfilled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unset(name) => write!(f, "{name} is not set"),
            Self::Unclosed => f.write_str("a ${ is not closed"),
        }
    }
}

/// Fills in every `${NAME}`. An empty value counts as none where a default is given, as in a shell.
/// What is filled in is not looked at again.
///
/// # Errors
/// The first name without a value, or a brace that is not closed.
pub fn interpolate(
    text: &str,
    value_of: impl Fn(&str) -> Option<String>,
) -> Result<String, Unfilled> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        out.push_str(&rest[..start]);
        let inside = &rest[start + 2..];
        let end = inside.find('}').ok_or(Unfilled::Unclosed)?;
        let (name, default) = match inside[..end].split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (&inside[..end], None),
        };
        let value = value_of(name).filter(|value| default.is_none() || !value.is_empty());
        match value.as_deref().or(default) {
            Some(value) => out.push_str(value),
            None => return Err(Unfilled::Unset(name.to_owned())),
        }
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_names_and_defaults() {
        let value_of = |name: &str| match name {
            "A" => Some("${B}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, wanted) in [
            ("x ${A} y", Ok("x ${B} y")),
            ("${NONE:-d}${EMPTY:-e}${EMPTY}", Ok("de")),
            ("$A ${A", Err(Unfilled::Unclosed)),
            ("${NONE}", Err(Unfilled::Unset("NONE".into()))),
            ("$5 {x}", Ok("$5 {x}")),
        ] {
            assert_eq!(
                interpolate(text, value_of).as_deref(),
                wanted.as_ref().map(|text| *text),
                "{text}"
            );
        }
    }
}
