//! Compares what an expression reads with what a probe declares, so that a slip is found before any look.

use super::expr::{ELEMENT, Expr, bind, path_of};
use crate::diagnostic::nearest;
use crate::model::{FactKind, FactSpec};
use cel::common::ast::{Expr as Node, IdedExpr, LiteralValue, operators};
use std::collections::HashMap;

/// A fact that is read but not declared, or compared with a value it can never equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// What is wrong.
    pub message: String,
    /// The word in the expression to point at.
    pub word: String,
    /// What the word is, in short.
    pub label: &'static str,
    /// The way out.
    pub help: Option<String>,
}

const UNDECLARED: &str = "not a declared fact";

/// Everything that is wrong with an expression, given the declared facts.
pub fn lint(expr: &Expr, declared: &[FactSpec]) -> Vec<Misread> {
    let mut misreads: Vec<Misread> = expr
        .reads()
        .iter()
        .filter_map(|path| resolve(path, declared).err())
        .collect();
    misreads.dedup();
    if misreads.is_empty() {
        compare(expr.root(), &HashMap::new(), declared, &mut misreads);
    }
    misreads
}

/// What is wrong with a `{fact.path}` in a text.
pub fn lint_placeholder(path: &str, declared: &[FactSpec]) -> Option<Misread> {
    let path: Vec<String> = path.split('.').map(String::from).collect();
    resolve(&path, declared).err()
}

/// The type at the end of a path.
///
/// # Errors
/// The first name on the way that is not declared, with the nearest right one.
pub fn resolve(path: &[String], declared: &[FactSpec]) -> Result<FactKind, Misread> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(FactKind::Json);
    };
    let spec = find(first, declared).ok_or_else(|| unknown(first, "there is no fact", declared))?;
    let mut kind = &spec.kind;
    let mut walked = first.clone();
    for name in rest {
        kind = match strip(kind) {
            FactKind::Json => return Ok(FactKind::Json),
            FactKind::Map(inner) => inner,
            FactKind::List(inner) if name == ELEMENT => inner,
            FactKind::Object(fields) => {
                &find(name, fields)
                    .ok_or_else(|| unknown(name, &format!("{walked} has no"), fields))?
                    .kind
            }
            other => {
                let message = format!("{walked} is {}, it has no '{name}'", other.describe());
                return Err(Misread {
                    message,
                    word: name.clone(),
                    label: UNDECLARED,
                    help: None,
                });
            }
        };
        walked = format!("{walked}.{name}");
    }
    Ok(kind.clone())
}

fn find<'a>(name: &str, specs: &'a [FactSpec]) -> Option<&'a FactSpec> {
    specs.iter().find(|spec| spec.name == name)
}

fn strip(kind: &FactKind) -> &FactKind {
    match kind {
        FactKind::Optional(inner) => strip(inner),
        other => other,
    }
}

fn unknown(name: &str, what: &str, specs: &[FactSpec]) -> Misread {
    let names = specs.iter().map(|spec| spec.name.as_ref());
    let help = match nearest(name, names.clone()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("it has {}", names.collect::<Vec<_>>().join(", ")),
    };
    Misread {
        message: format!("{what} '{name}'"),
        word: name.into(),
        label: UNDECLARED,
        help: Some(help),
    }
}

/// Finds comparisons of a declared fact with a literal of another type, which CEL answers with false.
fn compare(
    node: &IdedExpr,
    bound: &HashMap<String, Option<Vec<String>>>,
    declared: &[FactSpec],
    misreads: &mut Vec<Misread>,
) {
    match &node.expr {
        Node::Call(call) => {
            if let ([left, right], true) = (call.args.as_slice(), is_comparison(&call.func_name)) {
                for (fact, literal) in [(left, right), (right, left)] {
                    misreads.extend(mismatch(fact, literal, bound, declared));
                }
            }
            for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
                compare(part, bound, declared, misreads);
            }
        }
        Node::Comprehension(comprehension) => {
            compare(&comprehension.iter_range, bound, declared, misreads);
            let inner = bind(comprehension, bound);
            compare(&comprehension.loop_step, &inner, declared, misreads);
        }
        _ => {}
    }
}

fn is_comparison(name: &str) -> bool {
    [
        operators::EQUALS,
        operators::NOT_EQUALS,
        operators::GREATER,
        operators::GREATER_EQUALS,
        operators::LESS,
        operators::LESS_EQUALS,
    ]
    .contains(&name)
}

fn mismatch(
    fact: &IdedExpr,
    literal: &IdedExpr,
    bound: &HashMap<String, Option<Vec<String>>>,
    declared: &[FactSpec],
) -> Option<Misread> {
    let Node::Literal(value) = &literal.expr else {
        return None;
    };
    let path = path_of(fact, bound).filter(|path| !path.is_empty())?;
    // A loop over a map walks its keys, whose type is not that of its values.
    let kind = match path.split_last() {
        Some((last, before)) if last == ELEMENT => match strip(&resolve(before, declared).ok()?) {
            FactKind::Map(_) => FactKind::Text,
            _ => resolve(&path, declared).ok()?,
        },
        _ => resolve(&path, declared).ok()?,
    };
    let (given, fits) = match (value, strip(&kind)) {
        (_, FactKind::Json) | (LiteralValue::Null, _) => return None,
        (LiteralValue::Boolean(_), kind) => ("a bool", matches!(kind, FactKind::Bool)),
        (LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_), kind) => {
            ("a number", matches!(kind, FactKind::Int | FactKind::Float))
        }
        (LiteralValue::String(_), kind) => ("text", matches!(kind, FactKind::Text)),
        (LiteralValue::Bytes(_), _) => ("bytes", false),
    };
    (!fits).then(|| Misread {
        message: format!(
            "{} is {}, and is compared with {given}",
            path.join("."),
            kind.describe()
        ),
        word: path.last().cloned().unwrap_or_default(),
        label: "of another type",
        help: Some("a comparison of different types is never true".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> Vec<FactSpec> {
        vec![
            FactSpec::new("status", FactKind::Int, ""),
            FactSpec::new("headers", FactKind::map(FactKind::list(FactKind::Text)), ""),
            FactSpec::new("json", FactKind::optional(FactKind::Json), ""),
            FactSpec::new(
                "cookies",
                FactKind::list(FactKind::Object(vec![FactSpec::new(
                    "secure",
                    FactKind::Bool,
                    "",
                )])),
                "",
            ),
        ]
    }

    fn messages(source: &str) -> Vec<String> {
        let misreads = lint(&Expr::compile(source).unwrap(), &declared());
        misreads
            .into_iter()
            .map(|m| format!("{} ({})", m.message, m.help.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn finds_slips() {
        assert_eq!(
            messages("stauts == 200"),
            ["there is no fact 'stauts' (did you mean 'status'?)"]
        );
        assert_eq!(
            messages("cookies.all(c, c.secur)"),
            ["cookies.[] has no 'secur' (did you mean 'secure'?)"]
        );
        assert_eq!(
            messages("status.code == 1"),
            ["status is int, it has no 'code' ()"]
        );
    }

    #[test]
    fn finds_comparisons_that_are_never_true() {
        assert_eq!(messages("status == '200'").len(), 1);
        assert_eq!(messages("cookies.exists(c, c.secure == 'yes')").len(), 1);
        assert!(messages("status == 200 && json.a.b == 'x' && headers['a'][0] == 'y'").is_empty());
        assert!(messages("headers.all(name, name != 'x')").is_empty());
        let made_on_the_way = "json.filter(x, x.ok).all(y, y.parts.all(z, z == status))";
        assert!(messages(made_on_the_way).is_empty());
    }
}
