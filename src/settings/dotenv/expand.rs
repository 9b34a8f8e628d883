//! Expands `$NAME` in values as the dotenv-expand inside `@next/env` 15 does, surprises included.
//!
//! The last `$` is expanded first; what it gives is expanded again. Quotes of any kind protect
//! nothing; a backslash does. Where what follows the last `$` is not a name, nothing is expanded.

use std::collections::BTreeMap;

/// The work allowed for one file, in bytes of text looked at. Beyond it an expansion counts as
/// endless: Next.js itself runs out of stack in such a case.
const WORK: usize = 2 << 20;
/// Steps allowed for one value, for the same reason.
const STEPS: usize = 5_000;

/// Gives each name its expanded value.
///
/// `current` is what the process environment and stronger files say: a name that it holds has that
/// value, expanded once more.
///
/// # Errors
/// The name whose expansion does not end.
pub(super) fn expand(
    written: &[(&str, &str)],
    current: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let mut values: BTreeMap<String, String> = written
        .iter()
        .map(|(name, raw)| ((*name).to_owned(), (*raw).to_owned()))
        .collect();
    let mut work = WORK;
    for (name, raw) in written {
        let start = current.get(*name).map_or(*raw, String::as_str);
        let value =
            interpolate(start, current, &values, &mut work).ok_or_else(|| (*name).to_owned())?;
        values.insert((*name).to_owned(), value.replace("\\$", "$"));
    }
    Ok(values)
}

fn interpolate(
    value: &str,
    current: &BTreeMap<String, String>,
    values: &BTreeMap<String, String>,
    work: &mut usize,
) -> Option<String> {
    let mut value = value.to_owned();
    for _ in 0..STEPS {
        *work = work.checked_sub(value.len())?;
        let Some(reference) = last_reference(&value) else {
            return Some(value);
        };
        let filled = |name: &str, map: &BTreeMap<String, String>| {
            map.get(name).filter(|value| !value.is_empty()).cloned()
        };
        let new = filled(reference.name, current)
            .or_else(|| {
                reference
                    .default
                    .filter(|default| !default.is_empty())
                    .map(str::to_owned)
            })
            .or_else(|| filled(reference.name, values))
            .unwrap_or_default();
        value = replace_first(&value, reference.whole, &new, *work)?;
    }
    None
}

struct Reference<'v> {
    whole: &'v str,
    name: &'v str,
    default: Option<&'v str>,
}

/// The last `$` without a backslash before it, if a name follows: `$NAME`, `${NAME}`,
/// `${NAME:-default}`. A brace need not be closed, and a default needs no brace.
fn last_reference(value: &str) -> Option<Reference<'_>> {
    let bytes = value.as_bytes();
    let start = (0..bytes.len())
        .rev()
        .find(|&at| bytes[at] == b'$' && (at == 0 || bytes[at - 1] != b'\\'))?;
    let mut end = start + 1;
    if bytes.get(end) == Some(&b'{') {
        end += 1;
    }
    let while_in = |from: usize, allowed: fn(u8) -> bool| {
        bytes[from..]
            .iter()
            .position(|byte| !allowed(*byte))
            .map_or(bytes.len(), |length| from + length)
    };
    let name_end = while_in(end, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let name = &value[end..name_end];
    if name.is_empty() {
        return None;
    }
    end = name_end;
    let mut default = None;
    if value[end..].starts_with(":-") {
        let default_end = while_in(end + 2, |byte| byte != b'}' && byte != b'\\');
        default = Some(&value[end + 2..default_end]);
        end = default_end;
    }
    if bytes.get(end) == Some(&b'}') {
        end += 1;
    }
    Some(Reference {
        whole: &value[start..end],
        name,
        default,
    })
}

/// JavaScript's `String.replace` with texts (ECMA-262, GetSubstitution): the first occurrence, even
/// an escaped one, and with `$$`, `$&`, `` $` `` and `$'` in the new text having their meanings. None
/// where it would be longer than `most`.
fn replace_first(value: &str, old: &str, new: &str, most: usize) -> Option<String> {
    let Some(start) = value.find(old) else {
        return Some(value.to_owned());
    };
    let (before, after) = (&value[..start], &value[start + old.len()..]);
    let mut out = before.to_owned();
    let mut rest = new;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let (given, length) = match rest.as_bytes().get(at + 1) {
            Some(b'$') => ("$", 2),
            Some(b'&') => (old, 2),
            Some(b'`') => (before, 2),
            Some(b'\'') => (after, 2),
            _ => ("$", 1),
        };
        out.push_str(given);
        rest = &rest[at + length..];
        if out.len() > most {
            return None;
        }
    }
    Some(out + rest + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(
        written: &[(&str, &str)],
        current: &[(&str, &str)],
        name: &str,
    ) -> Result<String, String> {
        let current = current
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        expand(written, &current).map(|values| values[name].clone())
    }

    #[test]
    fn references() {
        let current = [("HOST", "h"), ("EMPTY", "")];
        for (raw, wanted) in [
            ("a$HOST-b", "ah-b"),
            ("${HOST}x", "hx"),
            ("${NONE:-d}", "d"),
            ("${EMPTY:-d}", "d"),
            ("${HOST:-d}", "h"),
            ("$NONE", ""),
            ("\\$HOST", "$HOST"),
            ("5$", "5$"),
            ("$HOST 5$", "$HOST 5$"),
            ("pa$$word", "pa$"),
            ("${NONE:-$HOST}", "h"),
            ("$B", "b"),
        ] {
            assert_eq!(
                expanded(&[("A", raw), ("B", "b")], &current, "A").as_deref(),
                Ok(wanted),
                "{raw}"
            );
        }
    }

    #[test]
    fn an_expansion_that_leads_back_to_itself_is_named() {
        assert_eq!(expanded(&[("A", "x$A")], &[], "A"), Err("A".into()));
        assert_eq!(
            expanded(&[("C", "1"), ("A", "$B"), ("B", "$A")], &[], "A"),
            Err("A".into())
        );
        // What the process says is not the file's own value.
        assert_eq!(
            expanded(&[("A", "x$A")], &[("A", "1")], "A").as_deref(),
            Ok("1")
        );
    }

    #[test]
    fn growth_in_one_step_is_stopped_before_it_is_made() {
        // Each $' stands for what follows: together they would fill the memory.
        let (many, long) = ("$'".repeat(200_000), "x".repeat(400_000));
        assert_eq!(
            expanded(&[("A", &format!("${{B}}{long}")), ("B", &many)], &[], "A"),
            Err("A".into())
        );
    }

    #[test]
    fn growth_without_end_is_stopped() {
        let long = "x".repeat(1 << 16);
        assert_eq!(
            expanded(&[("A", &format!("{long}$A"))], &[], "A"),
            Err("A".into())
        );
    }
}
