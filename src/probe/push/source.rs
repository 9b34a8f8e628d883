//! What one file of code calls when it speaks about notifications: its own routes, and the contact that it writes out.

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, BindingPattern, CallExpression, Expression, ObjectPropertyKind, StringLiteral,
    TemplateLiteral, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan as _, SourceType};
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
            let mut reader = Reader {
                text,
                said: Said::default(),
                constants: BTreeMap::new(),
                pending: Vec::new(),
                literals: Vec::new(),
                used: BTreeSet::new(),
            };
            reader.visit_program(&parsed.program);
            reader.finish()
        })
    };
    parse(source_type)
        .or_else(|| parse(source_type.with_jsx(true)))
        .unwrap_or_default()
}

struct Reader<'t> {
    text: &'t str,
    said: Said,
    /// Names that stand for a text.
    constants: BTreeMap<String, String>,
    /// Calls whose address is a name: the name, the method, the offset.
    pending: Vec<(String, Option<String>, u32)>,
    /// Texts that look like routes of notifications, with their offsets.
    literals: Vec<(String, u32)>,
    /// Offsets of texts that belong to a call.
    used: BTreeSet<u32>,
}

impl Reader<'_> {
    fn line(&self, offset: u32) -> usize {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let before = self.text.get(..offset).unwrap_or(self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    fn call(&mut self, address: &str, method: Option<String>, offset: u32) {
        if let Some(path) = own_path(address) {
            let line = self.line(offset);
            self.said.calls.insert(Call { path, method, line });
        }
    }

    fn finish(mut self) -> Said {
        for (name, method, offset) in std::mem::take(&mut self.pending) {
            if let Some(address) = self.constants.get(&name).cloned() {
                self.call(&address, method, offset);
            }
        }
        let known: BTreeSet<String> = self
            .said
            .calls
            .iter()
            .map(|call| call.path.clone())
            .collect();
        for (text, offset) in std::mem::take(&mut self.literals) {
            let unknown = own_path(&text).is_some_and(|path| !known.contains(&path));
            if unknown && !self.used.contains(&offset) {
                self.call(&text, None, offset);
            }
        }
        self.said
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(name), Some(value)) = (&it.id, &it.init)
            && let Some((text, _)) = address(value)
        {
            self.constants.insert(name.name.to_string(), text);
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        if is_notification_route(it.value.as_str()) {
            self.literals.push((it.value.to_string(), it.span.start));
        }
    }

    fn visit_template_literal(&mut self, it: &TemplateLiteral<'a>) {
        if let Some(text) = template(it).filter(|text| is_notification_route(text)) {
            self.literals.push((text, it.span.start));
        }
        walk::walk_template_literal(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let (object, function) = callee(&it.callee);
        let first = it.arguments.first().and_then(Argument::as_expression);
        let second = it.arguments.get(1).and_then(Argument::as_expression);
        // Elsewhere `get` and the like belong to maps, caches and routers.
        let client = object.is_some_and(|object| {
            let object = object.to_ascii_lowercase();
            ["axios", "api", "http", "client", "ky", "request", "$fetch"]
                .iter()
                .any(|word| object.contains(word))
        });
        let method = match function {
            Some("fetch" | "$fetch") if object.is_none_or(is_global) => Some(method(second)),
            Some(verb @ ("get" | "post" | "put" | "patch" | "delete")) if client => {
                Some(Some(verb.to_ascii_uppercase()))
            }
            Some("setVapidDetails") => {
                let text = first.and_then(address).map(|(text, _)| text);
                if let Some(text) = text.filter(|text| !text.contains(COMPUTED)) {
                    let line = self.line(it.span.start);
                    self.said.contact.get_or_insert((text, line));
                }
                None
            }
            _ => None,
        };
        if let (Some(method), Some(first)) = (method, first) {
            match (address(first), first.get_inner_expression()) {
                (Some((text, offset)), _) => {
                    self.used.insert(offset);
                    self.call(&text, method, it.span.start);
                }
                (None, Expression::Identifier(name)) => {
                    self.pending
                        .push((name.name.to_string(), method, it.span.start));
                }
                _ => {}
            }
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

/// The method in the options of a fetch; none where it is computed.
fn method(options: Option<&Expression<'_>>) -> Option<String> {
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
                let text = address(&property.value).map(|(text, _)| text);
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

/// A text, with [`COMPUTED`] for what is computed in it, and where it begins.
fn address(expression: &Expression<'_>) -> Option<(String, u32)> {
    let inner = expression.get_inner_expression();
    let text = match inner {
        Expression::StringLiteral(literal) => Some(literal.value.to_string()),
        Expression::TemplateLiteral(literal) => template(literal),
        _ => None,
    };
    text.map(|text| (text, inner.span().start))
}

fn template(literal: &TemplateLiteral<'_>) -> Option<String> {
    let mut text = String::new();
    for (place, part) in literal.quasis.iter().enumerate() {
        if place > 0 {
            text.push_str(COMPUTED);
        }
        text.push_str(part.value.cooked.as_ref()?.as_str());
    }
    Some(text)
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
            ("const paths = { on: '/api/push/on' }", "?", "/api/push/on"),
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
