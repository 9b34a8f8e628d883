//! Recognises the environment object and reads of it in an expression.

use super::bound::Bound;
use oxc_ast::ast::{ChainElement, Expression, MemberExpression};
use std::borrow::Cow;

/// A property access: the object, and the key where it is written there.
pub(in crate::probe) struct Access<'b, 'a> {
    pub(in crate::probe) object: &'b Expression<'a>,
    /// The key's text, or the expression that computes it.
    pub(in crate::probe) key: Result<Cow<'b, str>, &'b Expression<'a>>,
    pub(super) start: u32,
}

/// The property access that an expression is, seen through parentheses, assertions and `?.`.
pub(in crate::probe) fn access<'b, 'a>(expression: &'b Expression<'a>) -> Option<Access<'b, 'a>> {
    match expression.get_inner_expression() {
        Expression::ChainExpression(chain) => match &chain.expression {
            ChainElement::TSNonNullExpression(inner) => access(&inner.expression),
            element => of_member(element.as_member_expression()?),
        },
        inner => of_member(inner.as_member_expression()?),
    }
}

/// The same for a member expression as such, which is also what assignments write to.
pub(super) fn of_member<'b, 'a>(member: &'b MemberExpression<'a>) -> Option<Access<'b, 'a>> {
    match member {
        MemberExpression::StaticMemberExpression(member) => Some(Access {
            object: &member.object,
            key: Ok(Cow::Borrowed(member.property.name.as_str())),
            start: member.span.start,
        }),
        MemberExpression::ComputedMemberExpression(member) => Some(Access {
            object: &member.object,
            key: text(&member.expression).ok_or(&member.expression),
            start: member.span.start,
        }),
        MemberExpression::PrivateFieldExpression(_) => None,
    }
}

/// The text of a literal.
pub(in crate::probe) fn text<'b>(expression: &'b Expression<'_>) -> Option<Cow<'b, str>> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(literal) => Some(Cow::Borrowed(literal.value.as_str())),
        Expression::TemplateLiteral(literal) if literal.expressions.is_empty() => literal
            .quasis
            .first()?
            .value
            .cooked
            .as_ref()
            .map(|text| Cow::Borrowed(text.as_str())),
        _ => None,
    }
}

/// The name of a plain identifier.
pub(in crate::probe) fn identifier<'b>(expression: &'b Expression<'_>) -> Option<&'b str> {
    match expression.get_inner_expression() {
        Expression::Identifier(identifier) => Some(identifier.name.as_str()),
        _ => None,
    }
}

/// `process`, `globalThis.process`, or `Bun`, whose `env` is the same.
pub(super) fn is_process(expression: &Expression<'_>) -> bool {
    match identifier(expression) {
        Some(name) => matches!(name, "process" | "Bun"),
        None => access(expression).is_some_and(|access| {
            access.key.is_ok_and(|key| key == "process")
                && identifier(access.object)
                    .is_some_and(|name| matches!(name, "globalThis" | "global" | "window"))
        }),
    }
}

/// `process.env`, `import.meta.env`, or a name that stands for one of them.
pub(super) fn is_environment(expression: &Expression<'_>, bound: &Bound) -> bool {
    if let Some(name) = identifier(expression) {
        return bound.environments.contains(name);
    }
    access(expression).is_some_and(|access| {
        access.key.is_ok_and(|key| key == "env")
            && (is_process(access.object)
                || matches!(
                    access.object.get_inner_expression(),
                    Expression::ImportMeta(_)
                ))
    })
}

/// Is it one of the constants that Vite puts into `import.meta.env` by itself?
pub(super) fn is_built_in(object: &Expression<'_>, name: &str) -> bool {
    matches!(name, "MODE" | "DEV" | "PROD" | "SSR" | "BASE_URL")
        && access(object).is_some_and(|access| {
            matches!(
                access.object.get_inner_expression(),
                Expression::ImportMeta(_)
            )
        })
}

/// A read of a variable whose name can be told: the name and where the read starts.
pub(super) fn read(expression: &Expression<'_>, bound: &Bound) -> Option<(String, u32)> {
    let access = access(expression)?;
    if !is_environment(access.object, bound) {
        return None;
    }
    let name = match access.key {
        Ok(key) => key.into_owned(),
        Err(computed) => bound.texts.get(identifier(computed)?)?.clone(),
    };
    (!is_built_in(access.object, &name)).then_some((name, access.start))
}
