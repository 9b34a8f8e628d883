//! Lists the assignments of an environment file, for what loading hides: duplicates, places, files not loaded.

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) struct Assignment {
    pub(in crate::probe) name: String,
    /// The line, from 1.
    pub(super) line: usize,
    /// The value without its quotes and without expansion. Never recorded.
    pub(in crate::probe) value: String,
    /// It stands behind a `#`: a sample of what may be set.
    pub(in crate::probe) commented: bool,
}

/// The assignments of a text, in their order. Quoted values may go over several lines.
pub(in crate::probe) fn assignments(text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let trimmed = line.trim_start_matches('\u{feff}').trim_start();
        let (commented, rest) = match trimmed.strip_prefix('#') {
            Some(rest) => (true, rest.trim_start_matches(['#', ' ', '\t'])),
            None => (false, trimmed),
        };
        let Some((name, value)) = assignment(rest, commented) else {
            continue;
        };
        let mut value = value.trim_start().to_owned();
        let quote = value
            .chars()
            .next()
            .filter(|first| matches!(first, '"' | '\'' | '`'));
        if let Some(quote) = quote.filter(|_| !commented) {
            let mut inner = value[1..].to_owned();
            let mut ahead = lines.clone();
            let mut from = 0;
            // A quote that is not closed, or closed within a line, is part of a value of one line.
            loop {
                if let Some((end, rest)) = closing(&inner[from..], quote) {
                    if rest.is_empty() || rest.starts_with('#') {
                        inner.truncate(from + end);
                        value = inner;
                        lines = ahead;
                    }
                    break;
                }
                let Some((more, _)) = ahead.next() else { break };
                inner.push('\n');
                from = inner.len();
                inner.push_str(more);
            }
        } else {
            let end = value.find(" #").unwrap_or(value.len());
            value.truncate(end);
            value.truncate(value.trim_end().len());
        }
        found.push(Assignment {
            name: name.to_owned(),
            line: number,
            value,
            commented,
        });
    }
    found
}

/// Where a line closes a quote, and what follows there.
fn closing(line: &str, quote: char) -> Option<(usize, &str)> {
    let escaped =
        |at: usize| quote != '\'' && line[..at].ends_with('\\') && !line[..at].ends_with("\\\\");
    let (at, _) = line.match_indices(quote).find(|(at, _)| !escaped(*at))?;
    Some((at, line[at + 1..].trim()))
}

/// `NAME=value`, with `export` before it or not. In a comment only names in capitals count: the rest is prose.
fn assignment(text: &str, commented: bool) -> Option<(&str, &str)> {
    let text = text.strip_prefix("export ").map_or(text, str::trim_start);
    let (name, value) = text.split_once('=')?;
    let name = name.trim_end();
    let plain = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (plain && (!commented || super::reading::is_name(name))).then_some((name, value))
}

/// The names that a value refers to: `$NAME` and `${NAME}`, where the dollar sign is not escaped.
///
/// A reference with a default (`${NAME:-x}`) needs nothing and is left out.
pub(super) fn references(raw: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in raw.match_indices('$') {
        if raw[..at].ends_with('\\') {
            continue;
        }
        let rest = &raw[at + 1..];
        let (rest, braced) = rest
            .strip_prefix('{')
            .map_or((rest, false), |rest| (rest, true));
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if end > 0
            && !rest.starts_with(|c: char| c.is_ascii_digit())
            && (!braced || rest[end..].starts_with('}'))
        {
            found.push(&rest[..end]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<String> {
        let mark = |one: &Assignment| if one.commented { "#" } else { "" };
        assignments(text)
            .iter()
            .map(|one| format!("{}{}:{}={}", mark(one), one.name, one.line, one.value))
            .collect()
    }

    #[test]
    fn forms_of_assignment() {
        assert_eq!(
            told(
                "A=1\nexport B = two # note\n# C_D=3\n# see x=y\nE='a # b'\nnot an assignment\nF="
            ),
            ["A:1=1", "B:2=two", "#C_D:3=3", "E:5=a # b", "F:7="]
        );
    }

    #[test]
    fn values_of_several_lines() {
        assert_eq!(
            told("KEY=\"-----BEGIN\nX=1\n-----END\"\nB=2"),
            ["KEY:1=-----BEGIN\nX=1\n-----END", "B:4=2"]
        );
        assert_eq!(told("A=\"open\nB=2"), ["A:1=\"open", "B:2=2"]);
        // As dotenv has it, a quote closes only where nothing but a comment follows.
        assert_eq!(
            told("A='tis\nB='x'\nC=\"y\" # z"),
            ["A:1='tis", "B:2=x", "C:3=y"]
        );
    }

    #[test]
    fn an_open_quote_costs_no_more_than_its_file() {
        let text = format!("A='\nB=\"\nC=`\n{}", "x y z\n".repeat(400_000));
        let begun = crate::clock::tick();
        assert_eq!(assignments(&text).len(), 3);
        // It is a second or two, and by the square of the lines hundreds; a busy machine lies between.
        assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
    }

    #[test]
    fn references_in_values() {
        assert_eq!(references("a$B_C/${D}${E:-x}\\$F$1"), ["B_C", "D"]);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "(?s).*") {
            let _ = assignments(&text);
            let _ = references(&text);
        }
    }
}
