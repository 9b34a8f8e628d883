//! Schemas of the environment (zod, valibot, envalid): which keys they name and which may be missing.

use super::expression::{access, identifier, text};
use oxc_ast::ast::{
    BinaryOperator, CallExpression, Expression, ObjectExpression, ObjectPropertyKind,
};

/// The keys of a schema: name, start, may it be missing?
pub(super) type Schema = Vec<(String, u32, bool)>;

/// The schema that an expression builds: `z.object({…})` with any calls behind it.
pub(super) fn of(expression: &Expression<'_>) -> Option<Schema> {
    let Expression::CallExpression(call) = expression.get_inner_expression() else {
        return None;
    };
    let callee = access(&call.callee)?;
    let method = callee.key.ok()?;
    if matches!(&*method, "object" | "strictObject" | "looseObject") {
        return object_argument(call, 0).map(keys);
    }
    // `.extend({…})` and `.merge(…)` add keys, `.partial()` makes all optional, others change none.
    let mut schema = of(callee.object)?;
    match &*method {
        "extend" | "safeExtend" => {
            schema.extend(object_argument(call, 0).map(keys).unwrap_or_default())
        }
        "partial" if call.arguments.is_empty() => schema.iter_mut().for_each(|key| key.2 = true),
        _ => {}
    }
    Some(schema)
}

/// The object that stands as the n-th argument of a call.
pub(super) fn object_argument<'b, 'a>(
    call: &'b CallExpression<'a>,
    n: usize,
) -> Option<&'b ObjectExpression<'a>> {
    match call
        .arguments
        .get(n)?
        .as_expression()?
        .get_inner_expression()
    {
        Expression::ObjectExpression(object) => Some(object),
        _ => None,
    }
}

/// The keys of an object whose values are schemas.
pub(super) fn keys(object: &ObjectExpression<'_>) -> Schema {
    object
        .properties
        .iter()
        .filter_map(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => Some((
                property.key.static_name()?.into_owned(),
                property.span.start,
                is_optional(&property.value),
            )),
            ObjectPropertyKind::SpreadProperty(_) => None,
        })
        .collect()
}

/// Does the schema of one value accept that it is missing?
fn is_optional(value: &Expression<'_>) -> bool {
    match value.get_inner_expression() {
        Expression::CallExpression(call) => {
            let method = access(&call.callee);
            let name = match &method {
                Some(access) => access.key.as_ref().ok().map(AsRef::as_ref),
                None => identifier(&call.callee),
            };
            matches!(
                name,
                Some("optional" | "default" | "nullish" | "catch" | "prefault" | "exactOptional")
            ) || method
                .as_ref()
                .is_some_and(|access| is_optional(access.object))
                || gives_default(call)
        }
        // What holds in production holds for a deployment; any other condition is settled when it runs.
        Expression::ConditionalExpression(either) if is_production(&either.test) => {
            is_optional(&either.consequent)
        }
        Expression::ConditionalExpression(either) => {
            is_optional(&either.consequent) || is_optional(&either.alternate)
        }
        _ => false,
    }
}

/// `… === "production"`
fn is_production(condition: &Expression<'_>) -> bool {
    match condition.get_inner_expression() {
        Expression::BinaryExpression(binary) => {
            matches!(
                binary.operator,
                BinaryOperator::Equality | BinaryOperator::StrictEquality
            ) && [&binary.left, &binary.right]
                .iter()
                .any(|side| text(side).is_some_and(|word| word == "production"))
        }
        _ => false,
    }
}

/// `str({ default: "…" })`, as envalid writes it.
fn gives_default(call: &CallExpression<'_>) -> bool {
    object_argument(call, 0).is_some_and(|options| {
        options.properties.iter().any(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => {
                property.key.is_specific_static_name("default")
            }
            ObjectPropertyKind::SpreadProperty(_) => false,
        })
    })
}
