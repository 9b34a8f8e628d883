//! Licences: expressions of SPDX (specification 2.3, annex D), the older forms of package.json, and a policy over them.

use serde_json::Value;

/// Deeper brackets than any package writes.
const DEEPEST: usize = 16;
/// The longest expression that is read.
const LONGEST: usize = 2000;

/// Ways of writing a licence from before SPDX identifiers, each of which means one thing only.
const FORMER: &[(&str, &str)] = &[
    ("apache 2.0", "Apache-2.0"),
    ("apache license 2.0", "Apache-2.0"),
    ("apache license, version 2.0", "Apache-2.0"),
    ("apache2", "Apache-2.0"),
    ("mit license", "MIT"),
    ("mit/x11", "MIT"),
    ("the mit license", "MIT"),
    ("new bsd", "BSD-3-Clause"),
    ("simplified bsd", "BSD-2-Clause"),
];

/// Exceptions that keep a licence's terms from what is linked with the work.
const LINKING: &[&str] = &[
    "classpath-exception-2.0",
    "font-exception-2.0",
    "gcc-exception-2.0",
    "gcc-exception-3.1",
    "bison-exception-2.2",
];

/// What an expression says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// One licence, perhaps with an exception.
    Licence(String, Option<String>),
    /// All of them hold.
    All(Vec<Self>),
    /// One of them is chosen.
    Any(Vec<Self>),
}

/// Licences that are allowed.
#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    allowed: Vec<Expression>,
}

impl Policy {
    /// Reads a list with commas between; each is a licence, perhaps WITH an exception.
    ///
    /// # Errors
    /// Names the one that is no licence.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let named = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let allowed = named.map(|it| match Expression::read(it) {
            Some(licence @ Expression::Licence(..)) => Ok(licence),
            _ => Err(format!("{it} is not one licence of SPDX")),
        });
        let allowed = allowed.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { allowed })
    }

    /// Can the terms be met with allowed licences alone? Of a choice the friendliest counts. An exception
    /// only adds permissions, so that a licence allowed without one is allowed with it.
    pub(super) fn allows(&self, expression: &Expression) -> bool {
        expression.holds(&|id, exception| {
            self.allowed.iter().any(|allowed| match allowed {
                Expression::Licence(other, None) => base(other) == base(id),
                Expression::Licence(other, Some(needed)) => {
                    base(other) == base(id)
                        && exception.is_some_and(|it| it.eq_ignore_ascii_case(needed))
                }
                _ => false,
            })
        })
    }
}

impl Expression {
    /// Reads an expression; none where it is not one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        if let Some((_, id)) = FORMER.iter().find(|(former, _)| *former == lower) {
            return Some(Self::Licence((*id).to_owned(), None));
        }
        if lower == "unlicensed" || lower.starts_with("see license") {
            return None;
        }
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut rest = words.as_slice();
        let expression = any(&mut rest, 0)?;
        rest.is_empty().then_some(expression)
    }

    /// Is there a choice of which every licence passes the test?
    fn holds(&self, test: &impl Fn(&str, Option<&str>) -> bool) -> bool {
        match self {
            Self::Licence(id, exception) => test(id, exception.as_deref()),
            Self::All(parts) => parts.iter().all(|part| part.holds(test)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(test)),
        }
    }

    /// Whatever is chosen, a licence of the GPL, AGPL or SSPL applies to the whole work.
    pub(super) fn is_copyleft(&self) -> bool {
        !self.holds(&|id, exception| {
            let linked = exception.map(str::to_ascii_lowercase);
            !strong(id) || linked.is_some_and(|it| LINKING.contains(&it.as_str()))
        })
    }
}

fn strong(id: &str) -> bool {
    let id = id.to_ascii_uppercase();
    let family = id.split(['-', '_']).next().unwrap_or_default();
    let family = family.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.' || it == '+');
    matches!(family, "GPL" | "GPLV" | "AGPL" | "AGPLV" | "SSPL")
}

/// A licence without what says which of its versions may be chosen: `-only`, `-or-later` and `+` leave
/// the choice of the version that is named.
fn base(id: &str) -> String {
    let lower = id.to_ascii_lowercase();
    let bare = lower.trim_end_matches('+');
    let bare = bare.strip_suffix("-only").unwrap_or(bare);
    bare.strip_suffix("-or-later").unwrap_or(bare).to_owned()
}

fn any(words: &mut &[&str], depth: usize) -> Option<Expression> {
    let parts = parts(words, "OR", |words| all(words, depth))?;
    Some(one_or(parts, Expression::Any))
}

fn all(words: &mut &[&str], depth: usize) -> Option<Expression> {
    let parts = parts(words, "AND", |words| one(words, depth))?;
    Some(one_or(parts, Expression::All))
}

fn parts(
    words: &mut &[&str],
    operator: &str,
    mut part: impl FnMut(&mut &[&str]) -> Option<Expression>,
) -> Option<Vec<Expression>> {
    let mut parts = vec![part(words)?];
    while words
        .first()
        .is_some_and(|it| it.eq_ignore_ascii_case(operator))
    {
        *words = &words[1..];
        parts.push(part(words)?);
    }
    Some(parts)
}

fn one_or(mut parts: Vec<Expression>, more: fn(Vec<Expression>) -> Expression) -> Expression {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            more(parts)
        }
    }
}

fn one(words: &mut &[&str], depth: usize) -> Option<Expression> {
    let (first, rest) = words.split_first()?;
    *words = rest;
    if *first == "(" {
        if depth >= DEEPEST {
            return None;
        }
        let inner = any(words, depth + 1)?;
        let (close, rest) = words.split_first()?;
        *words = rest;
        return (*close == ")").then_some(inner);
    }
    let id = identifier(first)?;
    let exception = match words {
        [with, exception, rest @ ..] if with.eq_ignore_ascii_case("WITH") => {
            *words = rest;
            Some(identifier(exception)?)
        }
        _ => None,
    };
    Some(Expression::Licence(id, exception))
}

/// Letters, digits, `-`, `.`, `:` of references to documents, and a `+` at the end.
fn identifier(word: &str) -> Option<String> {
    let operator = ["AND", "OR", "WITH"]
        .iter()
        .any(|it| word.eq_ignore_ascii_case(it));
    let bare = word.strip_suffix('+').unwrap_or(word);
    let proper = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | ':');
    (!operator && !bare.is_empty() && bare.chars().all(proper)).then(|| word.to_owned())
}

/// A licence as package.json writes it: text, or, in packages from before 2014, an object with a type, or
/// a list of which one may be chosen.
pub(super) fn legacy(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Object(about) => about.get("type")?.as_str()?.trim().to_owned(),
        Value::Array(choices) if choices.len() <= 16 => {
            let named = choices.iter().filter(|it| !it.is_array()).map(legacy);
            let named = named.collect::<Option<Vec<_>>>()?;
            match named.as_slice() {
                [only] => only.clone(),
                _ => named
                    .iter()
                    .map(|it| format!("({it})"))
                    .collect::<Vec<_>>()
                    .join(" OR "),
            }
        }
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &str = "MIT, Apache-2.0, BSD-3-Clause, LGPL-3.0-or-later, GPL-2.0-only WITH Classpath-exception-2.0";

    fn allowed(text: &str) -> bool {
        let policy = Policy::read(ALLOWED).unwrap();
        Expression::read(text).is_some_and(|it| policy.allows(&it))
    }

    #[test]
    fn of_a_choice_the_friendliest_counts_and_of_a_sum_each() {
        for text in [
            "MIT",
            "mit",
            "(MIT)",
            "MIT OR GPL-3.0-only",
            "(GPL-3.0 OR (MIT AND Apache-2.0))",
            "MIT AND BSD-3-Clause",
            "Apache-2.0+",
            "Apache-2.0 WITH LLVM-exception",
            "LGPL-3.0-only",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "Apache 2.0",
            // AND binds closer than OR.
            "MIT OR GPL-3.0-only AND Apache-2.0",
            "GPL-3.0-only AND Apache-2.0 OR MIT",
        ] {
            assert!(allowed(text), "{text}");
        }
        for text in [
            "GPL-2.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT OR Apache-2.0) AND ISC",
            "GPL-2.0-only WITH GCC-exception-2.0",
            "LGPL-2.1-or-later",
        ] {
            assert!(Expression::read(text).is_some(), "{text}");
            assert!(!allowed(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_none() {
        let deep = format!("{}MIT{}", "(".repeat(100), ")".repeat(100));
        let long = "MIT OR ".repeat(1000) + "MIT";
        for text in [
            "",
            " ",
            "UNLICENSED",
            "SEE LICENSE IN LICENSE.md",
            "MIT Apache-2.0",
            "MIT OR",
            "OR MIT",
            "(MIT",
            "MIT)",
            "MIT WITH",
            "WITH x",
            "BSD, MIT",
            "http://example.test/licence",
            "MIT AND ()",
            &deep,
            &long,
        ] {
            assert_eq!(Expression::read(text), None, "{text}");
        }
    }

    #[test]
    fn copyleft_is_what_no_choice_avoids() {
        for text in [
            "GPL-3.0-or-later",
            "AGPL-3.0",
            "MIT AND GPL-2.0",
            "SSPL-1.0",
            "GPL",
            "GPLv3",
            "GPL-2.0+",
        ] {
            assert!(Expression::read(text).unwrap().is_copyleft(), "{text}");
        }
        for text in [
            "MIT OR GPL-3.0-only",
            "LGPL-3.0-or-later",
            "MPL-2.0",
            "GPL-2.0 WITH Classpath-exception-2.0",
            "Unlicense",
        ] {
            assert!(!Expression::read(text).unwrap().is_copyleft(), "{text}");
        }
    }

    #[test]
    fn older_forms_are_understood() {
        use serde_json::json;
        let read = |value: Value| legacy(&value);
        assert_eq!(
            read(json!({ "type": "MIT", "url": "x" })).as_deref(),
            Some("MIT")
        );
        let choice = read(json!([{ "type": "MIT" }, { "type": "GPL-2.0" }])).unwrap();
        assert!(allowed(&choice), "{choice}");
        assert_eq!(read(json!(["ISC"])).as_deref(), Some("ISC"));
        for nothing in [
            json!(null),
            json!(1),
            json!(""),
            json!({}),
            json!([[["MIT"]]]),
        ] {
            assert_eq!(read(nothing.clone()), None, "{nothing}");
        }
    }

    #[test]
    fn a_policy_names_licences() {
        assert!(Policy::read("MIT OR ISC").is_err());
        assert!(Policy::read("MIT,, ISC,").is_ok());
    }
}
