//! What a condition says about variables: which it proves present, which it demands, and which it merely tests.

use super::bound::Bound;
use super::expression::{access, identifier, is_environment, read, text};
use oxc_ast::ast::{
    BinaryOperator, CallExpression, Expression, LogicalOperator, Statement, UnaryOperator,
};

/// The variable that an expression gives: read there, or held by a local name.
pub(super) fn variable(expression: &Expression<'_>, bound: &Bound) -> Option<String> {
    let expression = assigned(expression);
    read(expression, bound).map(|(name, _)| name).or_else(|| {
        match expression.get_inner_expression() {
            Expression::Identifier(local) => bound
                .variable(local.name.as_str(), local.span.start)
                .map(|(_, binding)| binding.variable.clone()),
            _ => None,
        }
    })
}

/// What an assignment inside an expression gives: compilers write `(a = process.env.A) !== null ? a : b`.
fn assigned<'b, 'a>(expression: &'b Expression<'a>) -> &'b Expression<'a> {
    match expression.get_inner_expression() {
        Expression::AssignmentExpression(assignment) => assigned(&assignment.right),
        inner => inner,
    }
}

/// The variables that are certainly present where the condition came out as `truth`.
pub(super) fn known(condition: &Expression<'_>, truth: bool, bound: &Bound) -> Vec<String> {
    if let Some(name) = variable(condition, bound) {
        return if truth { vec![name] } else { Vec::new() };
    }
    match condition.get_inner_expression() {
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
            known(&unary.argument, !truth, bound)
        }
        Expression::LogicalExpression(logical) => match (logical.operator, truth) {
            (LogicalOperator::And, true) | (LogicalOperator::Or, false) => {
                let mut names = known(&logical.left, truth, bound);
                names.extend(known(&logical.right, truth, bound));
                names
            }
            _ => Vec::new(),
        },
        Expression::BinaryExpression(binary) => {
            let Some((equal, nothing, name)) =
                comparison(binary.operator, &binary.left, &binary.right, bound)
            else {
                return Vec::new();
            };
            // Equal to a text, or unequal to nothing, proves presence.
            if (equal == truth) != nothing {
                vec![name]
            } else {
                Vec::new()
            }
        }
        Expression::CallExpression(call) if is_cast(call) => argument(call)
            .map(|argument| known(argument, truth, bound))
            .unwrap_or_default(),
        // A truthy property, such as `.length`, needs the value.
        _ => match access(condition) {
            Some(access) if truth => variable(access.object, bound).into_iter().collect(),
            _ => Vec::new(),
        },
    }
}

/// The variables whose absence alone makes the condition true: what `if (…) throw` demands.
///
/// Beside a test for production the demand holds for a deployment; beside any other condition it may
/// not, and where two absences are needed either variable does, so nothing is demanded.
pub(super) fn demanded(condition: &Expression<'_>, bound: &Bound) -> Vec<String> {
    match condition.get_inner_expression() {
        Expression::LogicalExpression(logical) if logical.operator == LogicalOperator::Or => {
            let mut names = demanded(&logical.left, bound);
            names.extend(demanded(&logical.right, bound));
            names
        }
        Expression::LogicalExpression(logical) if logical.operator == LogicalOperator::And => {
            if is_production(&logical.left, bound) {
                demanded(&logical.right, bound)
            } else if is_production(&logical.right, bound) {
                demanded(&logical.left, bound)
            } else {
                Vec::new()
            }
        }
        _ => known(condition, false, bound),
    }
}

/// `NODE_ENV === "production"`, or unequal to another of its words.
fn is_production(condition: &Expression<'_>, bound: &Bound) -> bool {
    let Expression::BinaryExpression(binary) = condition.get_inner_expression() else {
        return false;
    };
    let literal = text(&binary.left).or_else(|| text(&binary.right));
    let node_env = [&binary.left, &binary.right]
        .iter()
        .any(|side| variable(side, bound).as_deref() == Some("NODE_ENV"));
    match binary.operator {
        BinaryOperator::Equality | BinaryOperator::StrictEquality => {
            node_env && literal.as_deref() == Some("production")
        }
        BinaryOperator::Inequality | BinaryOperator::StrictInequality => {
            node_env && literal.is_some_and(|word| word != "production")
        }
        _ => false,
    }
}

/// A comparison of a variable: equal or unequal, with nothing or with something, and the variable.
fn comparison(
    operator: BinaryOperator,
    left: &Expression<'_>,
    right: &Expression<'_>,
    bound: &Bound,
) -> Option<(bool, bool, String)> {
    let equal = match operator {
        BinaryOperator::Equality | BinaryOperator::StrictEquality => true,
        BinaryOperator::Inequality | BinaryOperator::StrictInequality => false,
        BinaryOperator::In if is_environment(right, bound) => {
            return Some((true, false, text(left)?.into_owned()));
        }
        _ => return None,
    };
    [(left, right), (right, left)]
        .into_iter()
        .find_map(|(one, other)| {
            let one = match one.get_inner_expression() {
                Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::Typeof => {
                    &unary.argument
                }
                _ => one,
            };
            Some((equal, is_nothing(other), variable(one, bound)?))
        })
}

fn is_nothing(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::NullLiteral(_) => true,
        Expression::UnaryExpression(unary) => unary.operator == UnaryOperator::Void,
        Expression::Identifier(identifier) => identifier.name == "undefined",
        other => text(other).is_some_and(|text| text.is_empty() || text == "undefined"),
    }
}

/// Conversions that take a missing value in their stride.
pub(super) fn is_cast(call: &CallExpression<'_>) -> bool {
    matches!(
        identifier(&call.callee),
        Some("Boolean" | "Number" | "String" | "parseInt" | "parseFloat")
    )
}

/// The first argument.
pub(super) fn argument<'b, 'a>(call: &'b CallExpression<'a>) -> Option<&'b Expression<'a>> {
    call.arguments.first()?.as_expression()
}

/// Calls `visit` with the start of every read that the expression tests rather than uses.
pub(super) fn tested(expression: &Expression<'_>, bound: &Bound, visit: &mut dyn FnMut(u32)) {
    let expression = assigned(expression);
    if let Some(access) = access(expression)
        && is_environment(access.object, bound)
    {
        return visit(access.start);
    }
    match expression.get_inner_expression() {
        Expression::Identifier(local)
            if bound
                .variable(local.name.as_str(), local.span.start)
                .is_some() =>
        {
            visit(local.span.start);
        }
        Expression::UnaryExpression(unary) => tested(&unary.argument, bound, visit),
        Expression::LogicalExpression(logical) => {
            tested(&logical.left, bound, visit);
            tested(&logical.right, bound, visit);
        }
        Expression::BinaryExpression(binary) if binary.operator.is_equality() => {
            tested(&binary.left, bound, visit);
            tested(&binary.right, bound, visit);
        }
        Expression::CallExpression(call) if is_cast(call) => {
            if let Some(argument) = argument(call) {
                tested(argument, bound, visit);
            }
        }
        _ => {}
    }
}

/// Does the statement end in an error: a throw, or the end of the process?
pub(super) fn throws(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ThrowStatement(_) => true,
        Statement::BlockStatement(block) => block.body.iter().any(throws),
        Statement::IfStatement(either) => {
            throws(&either.consequent) || either.alternate.as_ref().is_some_and(throws)
        }
        Statement::ExpressionStatement(statement) => exits(&statement.expression),
        Statement::ReturnStatement(statement) => statement.argument.as_ref().is_some_and(exits),
        _ => false,
    }
}

fn exits(expression: &Expression<'_>) -> bool {
    let Expression::CallExpression(call) = expression.get_inner_expression() else {
        return false;
    };
    access(&call.callee).is_some_and(|access| {
        access.key.is_ok_and(|key| key == "exit") && super::expression::is_process(access.object)
    })
}

/// Does the statement always leave what encloses it?
pub(super) fn leaves(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ThrowStatement(_)
        | Statement::ReturnStatement(_)
        | Statement::ContinueStatement(_)
        | Statement::BreakStatement(_) => true,
        Statement::BlockStatement(block) => block.body.last().is_some_and(leaves),
        Statement::ExpressionStatement(statement) => exits(&statement.expression),
        _ => false,
    }
}
