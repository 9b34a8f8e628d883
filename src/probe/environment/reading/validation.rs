//! Reads through a schema: `createEnv`, `schema.parse(process.env)` and their like.

use super::expression::{access, identifier, is_environment};
use super::schema;
use super::settle::{Found, Source};
use super::test_of::argument;
use super::visitor::Visitor;
use oxc_ast::ast::{CallExpression, Expression, ObjectExpression, ObjectPropertyKind};

impl Visitor<'_> {
    pub(super) fn schema(&mut self, keys: schema::Schema) {
        for (name, start, has_default) in keys {
            self.found.push(Found {
                name,
                start,
                source: Source::Settled { has_default },
            });
        }
    }

    /// `createEnv({ server: {…}, client: {…}, runtimeEnv: {…} })`
    pub(super) fn create_env(&mut self, options: &ObjectExpression<'_>) {
        let mut declared = Vec::new();
        let mut plumbing = Vec::new();
        for property in &options.properties {
            let ObjectPropertyKind::ObjectProperty(property) = property else {
                continue;
            };
            match (
                property.key.static_name().as_deref(),
                property.value.get_inner_expression(),
            ) {
                (Some("server" | "client" | "shared"), Expression::ObjectExpression(object)) => {
                    declared.extend(schema::keys(object));
                }
                (Some(name), _) if name.to_ascii_lowercase().contains("runtimeenv") => {
                    plumbing.push(property.span)
                }
                _ => {}
            }
        }
        // What is handed on to a schema is needed as far as the schema says.
        for (name, _, _) in &declared {
            for span in &plumbing {
                self.guards.push((name.clone(), *span));
            }
        }
        self.schema(declared);
    }

    /// `schema.parse(process.env)`, `v.parse(schema, process.env)`, `cleanEnv(process.env, {…})`
    pub(super) fn validation(&mut self, call: &CallExpression<'_>) {
        let Some(position) = call.arguments.iter().position(|argument| {
            argument
                .as_expression()
                .is_some_and(|one| is_environment(one, self.bound))
        }) else {
            return;
        };
        let schema_of = |expression: &Expression<'_>| {
            schema::of(expression)
                .or_else(|| self.bound.schemas.get(identifier(expression)?).cloned())
        };
        let callee = access(&call.callee);
        let method = match &callee {
            Some(access) => access.key.as_ref().map_or("", |key| key),
            None => identifier(&call.callee).unwrap_or_default(),
        };
        let known = match (method, position) {
            ("cleanEnv", 0) => schema::object_argument(call, 1).map(schema::keys),
            ("parse" | "safeParse" | "parseAsync" | "safeParseAsync", 0) => {
                callee.as_ref().and_then(|access| schema_of(access.object))
            }
            ("parse" | "safeParse" | "parseAsync" | "safeParseAsync", 1) => {
                argument(call).and_then(schema_of)
            }
            // Copies and listings of the whole are no reads of single variables.
            ("assign" | "keys" | "entries" | "fromEntries" | "freeze", _) => return,
            _ => None,
        };
        match known {
            Some(keys) => self.schema(keys),
            None => {
                self.module.dynamic.insert(self.lines.line(call.span.start));
            }
        }
    }
}
