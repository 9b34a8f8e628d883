//! What one file of code calls when it speaks about notifications: its own routes, and the contact that it writes out.

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, BinaryOperator, BindingPattern, CallExpression, Expression, ObjectPropertyKind,
    VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::SourceType;
use std::collections::{BTreeMap, BTreeSet};

/// Words by which a file shows that it speaks to the browser's push interface.
pub(super) const BROWSER: &[&str] = &["pushManager", "PushSubscription", "pushsubscriptionchange"];
/// How routes about notifications begin.
pub(super) const ROUTES: &[&str] = &[
    "/api/push",
    "/api/notification",
    "/api/web-push",
    "/api/webpush",
];
/// Parts of names that objects with methods such as `post` have.
const CLIENTS: &[&str] = &["axios", "api", "http", "client", "ky", "request", "$fetch"];
/// The word by which a file shows that it sends.
pub(super) const SERVER: &str = "setVapidDetails";
/// What stands for a part of a path that is computed.
pub(super) const COMPUTED: &str = "[…]";

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Calls of the application's own routes.
    pub(super) calls: BTreeSet<Call>,
    /// The contact handed to `setVapidDetails`, with its line.
    pub(super) contact: Option<(String, usize)>,
}

/// One call of a route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    /// The path, without a query; computed parts stand as [`COMPUTED`].
    pub(super) path: String,
    /// The method; none where it is not written there.
    pub(super) method: Option<String>,
    /// The line, from 1.
    pub(super) line: usize,
}

/// Reads a file. `path` tells the dialect and is not opened. A file that does not parse says nothing.
pub(super) fn read(text: &str, path: &str) -> Said {
    let Ok(source_type) = SourceType::from_path(path) else {
        return Said::default();
    };
    let parse = |source_type: SourceType| {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, text, source_type).parse();
        (!parsed.panicked).then(|| {
            let mut constants = Constants::default();
            constants.visit_program(&parsed.program);
            let mut reader = Reader {
                text,
                constants,
                said: Said::default(),
            };
            reader.visit_program(&parsed.program);
            reader.said
        })
    };
    parse(source_type)
        .or_else(|| parse(source_type.with_jsx(true)))
        .unwrap_or_default()
}

/// Names that stand for a text.
#[derive(Default)]
struct Constants(BTreeMap<String, String>);

impl<'a> Visit<'a> for Constants {
    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(name), Some(value)) = (&it.id, &it.init)
            && let Some(text) = self.text(value)
        {
            self.0.insert(name.name.to_string(), text);
        }
        walk::walk_variable_declarator(self, it);
    }
}

impl Constants {
    /// A text, with [`COMPUTED`] for what is computed in it.
    fn text(&self, expression: &Expression<'_>) -> Option<String> {
        match expression.get_inner_expression() {
            Expression::StringLiteral(literal) => Some(literal.value.to_string()),
            Expression::Identifier(name) => self.0.get(name.name.as_str()).cloned(),
            Expression::TemplateLiteral(literal) => {
                let mut text = String::new();
                for (place, part) in literal.quasis.iter().enumerate() {
                    if let Some(before) = place
                        .checked_sub(1)
                        .and_then(|at| literal.expressions.get(at))
                    {
                        text.push_str(&self.text(before).unwrap_or_else(|| COMPUTED.into()));
                    }
                    text.push_str(part.value.cooked.as_ref()?.as_str());
                }
                Some(text)
            }
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                let side = |side| self.text(side).unwrap_or_else(|| COMPUTED.into());
                Some(side(&sum.left) + &side(&sum.right))
            }
            _ => None,
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    constants: Constants,
    said: Said,
}

impl Reader<'_> {
    fn line(&self, offset: u32) -> usize {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let before = self.text.get(..offset).unwrap_or(self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    /// The method in the options of a call; none where it is computed.
    fn method(&self, options: Option<&Expression<'_>>) -> Option<String> {
        let Some(options) = options else {
            return Some("GET".into());
        };
        let Expression::ObjectExpression(object) = options.get_inner_expression() else {
            return None;
        };
        let mut method = Some("GET".to_owned());
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property)
                    if property.key.is_specific_static_name("method") =>
                {
                    let text = self.constants.text(&property.value);
                    method = text
                        .filter(|text| !text.contains(COMPUTED))
                        .map(|text| text.to_ascii_uppercase());
                }
                // What is spread may hold a method.
                ObjectPropertyKind::SpreadProperty(_) => method = None,
                ObjectPropertyKind::ObjectProperty(_) => {}
            }
        }
        method
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let (object, function) = callee(&it.callee);
        let first = it.arguments.first().and_then(Argument::as_expression);
        let second = it.arguments.get(1).and_then(Argument::as_expression);
        let text = first.and_then(|first| self.constants.text(first));
        // Elsewhere `get` and the like belong to maps, caches and routers.
        let client = object.is_some_and(|object| {
            let object = object.to_ascii_lowercase();
            CLIENTS.iter().any(|word| object.contains(word))
        });
        let method = match (function, &text) {
            (Some("fetch" | "$fetch"), _) if object.is_none_or(is_global) => {
                Some(self.method(second))
            }
            (Some(verb @ ("get" | "post" | "put" | "patch" | "delete")), _) if client => {
                Some(Some(verb.to_ascii_uppercase()))
            }
            (Some("setVapidDetails"), text) => {
                let written = text.clone().filter(|text| !text.contains(COMPUTED));
                if let Some(written) = written {
                    let line = self.line(it.span.start);
                    self.said.contact.get_or_insert((written, line));
                }
                None
            }
            // A function of the application's own, or a hook; its method is told only if it is written here.
            (Some(_), Some(text)) if object.is_none() && is_notification_route(text) => Some(
                second
                    .and_then(|options| self.method(Some(options)))
                    .filter(|method| method != "GET"),
            ),
            _ => None,
        };
        if let (Some(method), Some(path)) = (method, text.as_deref().and_then(own_path)) {
            let line = self.line(it.span.start);
            self.said.calls.insert(Call { path, method, line });
        }
        walk::walk_call_expression(self, it);
    }
}

fn is_global(object: &str) -> bool {
    matches!(object, "window" | "self" | "globalThis")
}

/// The object and the function that are called, where they are plain names.
fn callee<'b>(callee: &'b Expression<'_>) -> (Option<&'b str>, Option<&'b str>) {
    match callee.get_inner_expression() {
        Expression::Identifier(name) => (None, Some(name.name.as_str())),
        Expression::StaticMemberExpression(member) => {
            let object = match member.object.get_inner_expression() {
                Expression::Identifier(name) => name.name.as_str(),
                _ => "",
            };
            (Some(object), Some(member.property.name.as_str()))
        }
        _ => (None, None),
    }
}

/// Is a route named after notifications?
pub(super) fn is_notification_route(text: &str) -> bool {
    ROUTES.iter().any(|start| text.starts_with(start))
}

/// The path of an address on the application's own origin, without query and fragment.
fn own_path(address: &str) -> Option<String> {
    if !address.starts_with('/') || address.starts_with("//") {
        return None;
    }
    let path = address.split(['?', '#']).next()?.trim_end_matches('/');
    (!path.is_empty() && !path.contains(char::is_whitespace)).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calls(code: &str) -> Vec<(String, String, usize)> {
        let said = read(code, "app/components/bell.tsx");
        said.calls
            .into_iter()
            .map(|call| (call.method.unwrap_or("?".into()), call.path, call.line))
            .collect()
    }

    fn one(code: &str) -> (String, String) {
        let found = calls(code);
        assert_eq!(found.len(), 1, "{code}: {found:?}");
        (found[0].0.clone(), found[0].1.clone())
    }

    #[test]
    fn calls_are_read_in_every_usual_form() {
        for (code, method, path) in [
            (
                "fetch('/api/push/subscribe', { method: 'POST', body })",
                "POST",
                "/api/push/subscribe",
            ),
            ("await fetch(`/api/push/key`)", "GET", "/api/push/key"),
            ("window.fetch('/api/x?y=1')", "GET", "/api/x"),
            (
                "fetch(`/api/push/${id}`, { method: \"delete\" })",
                "DELETE",
                "/api/push/[…]",
            ),
            (
                "const URL = '/api/notifications/subscribe';\nfetch(URL, { method: 'PUT' })",
                "PUT",
                "/api/notifications/subscribe",
            ),
            (
                "axios.post('/api/notifications', subscription)",
                "POST",
                "/api/notifications",
            ),
            (
                "apiClient.delete('/api/push/subscription')",
                "DELETE",
                "/api/push/subscription",
            ),
            ("fetch('/api/push', options)", "?", "/api/push"),
            ("fetch('/api/push', { ...base })", "?", "/api/push"),
            (
                "const BASE = '/api/push'\nfetch(`${BASE}/subscribe`, { method: 'POST' })",
                "POST",
                "/api/push/subscribe",
            ),
            ("fetch('/api/push/' + id)", "GET", "/api/push/[…]"),
            (
                "apiFetch('/api/push/on', { method: 'POST' })",
                "POST",
                "/api/push/on",
            ),
            (
                "post('/api/notifications/test')",
                "?",
                "/api/notifications/test",
            ),
            ("fetch('/api/push/' as string)", "GET", "/api/push"),
        ] {
            assert_eq!(one(code), (method.into(), path.into()), "{code}");
        }
    }

    #[test]
    fn other_origins_and_other_things_are_left_alone() {
        for code in [
            "fetch('https://push.test/api/push')",
            "fetch('//push.test/api/push')",
            "fetch(`${base}/api/push`)",
            "cache.get('/api/tasks')",
            "fetch(unknown)",
            "const page = '/settings'",
            "const paths = { on: '/api/push/on' }",
            "if (pathname.startsWith('/api/push')) next()",
            "const BASE = '/api/push'",
            "fetch(`${unknown}/subscribe`)",
            "console.error('/api/push failed')",
            "this is no code (",
        ] {
            assert_eq!(calls(code), [], "{code}");
        }
    }

    #[test]
    fn lines_are_told() {
        let code = "'use client'\n\nexport function Bell() {\n  fetch('/api/push/a')\n  return <b onClick={() => fetch('/api/push/b', { method: 'POST' })} />\n}\n";
        let found = calls(code);
        assert_eq!(found[0], ("GET".into(), "/api/push/a".into(), 4));
        assert_eq!(found[1], ("POST".into(), "/api/push/b".into(), 5));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".*", code in "(fetch\\(|'|`|\\$\\{|/api/push|\\}|\\)|;| )*") {
            let _ = read(&text, "a.tsx");
            let _ = read(&code, "a.js");
        }
    }

    #[test]
    fn a_contact_that_the_code_writes_is_read() {
        let contact = |code: &str| read(code, "lib/push.ts").contact;
        assert_eq!(
            contact(
                "import webpush from 'web-push'\nwebpush.setVapidDetails('mailto:a@b.test', pub, priv)"
            ),
            Some(("mailto:a@b.test".into(), 2))
        );
        assert_eq!(
            contact("webpush.setVapidDetails(`mailto:${process.env.EMAIL}`, pub, priv)"),
            None
        );
        assert_eq!(contact("webpush.setVapidDetails(subject, pub, priv)"), None);
    }
}
