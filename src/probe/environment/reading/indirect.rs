//! Reads whose variable is named elsewhere: by a parameter, a constant, or an item of a list.

use super::bound::texts;
use super::expression::{access, identifier, text};
use super::settle::{Found, Source};
use super::test_of::argument;
use super::visitor::Visitor;
use super::{Call, Helper, is_name};
use oxc_ast::ast::{CallExpression, Expression, FormalParameters, Span};

/// A function around the present place.
pub(super) struct Enclosing {
    pub(super) name: Option<String>,
    pub(super) parameters: Vec<String>,
    pub(super) span: Span,
    /// Parameters that name variables, with the start of the read.
    pub(super) names: Vec<(usize, u32)>,
    pub(super) throws: bool,
}

impl Visitor<'_> {
    /// `process.env[expression]`
    pub(super) fn computed(&mut self, key: &Expression<'_>, start: u32) {
        let line = self.lines.line(start);
        let Some(name) = identifier(key) else {
            self.module.dynamic.insert(line);
            return;
        };
        if let Some(text) = self.bound.texts.get(name) {
            return self.record(text.clone(), start, Source::Direct);
        }
        if let Some((_, names)) = self.iterating.iter().rev().find(|(item, _)| item == name) {
            // A list of names that is walked through is a list of what is needed.
            for name in names.clone() {
                self.found.push(Found {
                    name,
                    start,
                    source: Source::Settled { has_default: false },
                });
            }
            return;
        }
        for function in self.enclosing.iter_mut().rev() {
            if let Some(position) = function
                .parameters
                .iter()
                .position(|parameter| parameter == name)
            {
                if function.name.is_some() {
                    function.names.push((position, start));
                    return;
                }
                break;
            }
        }
        self.module.dynamic.insert(line);
    }

    pub(super) fn enter_function(
        &mut self,
        name: Option<String>,
        parameters: &FormalParameters<'_>,
        span: Span,
    ) {
        let parameters = parameters
            .items
            .iter()
            .map(|parameter| {
                parameter
                    .pattern
                    .get_binding_identifier()
                    .map_or_else(String::new, |id| id.name.to_string())
            })
            .collect();
        self.enclosing.push(Enclosing {
            name,
            parameters,
            span,
            names: Vec::new(),
            throws: false,
        });
    }

    pub(super) fn leave_function(&mut self) {
        let Some(function) = self.enclosing.pop() else {
            return;
        };
        if let (Some(name), Some(&(parameter, start))) = (function.name, function.names.first()) {
            let has_default = self.soft.contains(&start) && !function.throws;
            let helper = Helper {
                parameter,
                parameters: function.parameters.len(),
                has_default,
            };
            self.module.helpers.insert(name, helper);
        }
    }

    /// The list that `list.forEach(…)` and its like walk through, with the name of the item.
    pub(super) fn iteration(&self, call: &CallExpression<'_>) -> Option<(String, Vec<String>)> {
        let callee = access(&call.callee)?;
        let method = callee.key.ok()?;
        if !matches!(
            &*method,
            "forEach" | "map" | "filter" | "every" | "some" | "find" | "flatMap"
        ) {
            return None;
        }
        let parameters = match argument(call)?.get_inner_expression() {
            Expression::ArrowFunctionExpression(function) => &function.params,
            Expression::FunctionExpression(function) => &function.params,
            _ => return None,
        };
        let item = parameters
            .items
            .first()?
            .pattern
            .get_binding_identifier()?
            .name
            .to_string();
        Some((item, self.list(callee.object)?))
    }

    pub(super) fn list(&self, expression: &Expression<'_>) -> Option<Vec<String>> {
        texts(expression).or_else(|| self.bound.lists.get(identifier(expression)?).cloned())
    }

    pub(super) fn call(&mut self, name: &str, call: &CallExpression<'_>) {
        let arguments: Vec<Option<String>> = call
            .arguments
            .iter()
            .map(|argument| {
                argument
                    .as_expression()
                    .and_then(text)
                    .map(|text| text.into_owned())
            })
            .collect();
        if arguments.iter().flatten().any(|text| is_name(text)) {
            let function = self
                .bound
                .imported
                .get(name)
                .cloned()
                .unwrap_or_else(|| name.to_owned());
            self.module.calls.push(Call {
                function,
                arguments,
                line: self.lines.line(call.span.start),
            });
        }
    }
}
