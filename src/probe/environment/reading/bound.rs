//! First pass over a file: which local names stand for the environment, for a variable, or for a constant.

use super::expression::{identifier, is_environment, is_process, read, text};
use super::schema::{self, Schema};
use oxc_ast::AstKind;
use oxc_ast::ast::{
    BindingPattern, Expression, ImportDeclaration, ImportDeclarationSpecifier, ObjectPattern,
    Program, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::Span;
use std::collections::{BTreeMap, BTreeSet};

/// What local names stand for.
#[derive(Debug, Default)]
pub(super) struct Bound {
    /// Names of the environment object.
    pub(super) environments: BTreeSet<String>,
    /// Names of single variables: `const uri = process.env.MONGODB_URI`.
    pub(super) variables: Vec<Binding>,
    /// Reads by destructuring with a default, and rests that take everything.
    pub(super) destructured: Destructured,
    /// Constant texts.
    pub(super) texts: BTreeMap<String, String>,
    /// Constant lists of texts.
    pub(super) lists: BTreeMap<String, Vec<String>>,
    /// Schemas of objects.
    pub(super) schemas: BTreeMap<String, Schema>,
    /// Imported functions: the name here and the name where they are defined.
    pub(super) imported: BTreeMap<String, String>,
}

/// A local name that holds a variable's value.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) local: String,
    pub(super) variable: String,
    /// Where the read stands.
    pub(super) start: u32,
    /// The function (or file) in which the name is known.
    pub(super) scope: Span,
    /// Other files may use it, in ways not seen here.
    pub(super) exported: bool,
}

/// What destructuring of the environment takes besides plain bindings.
#[derive(Debug, Default)]
pub(super) struct Destructured {
    /// Variables with a default: name and start.
    pub(super) with_default: Vec<(String, u32)>,
    /// Starts of rests and computed keys.
    pub(super) unknown: Vec<u32>,
}

impl Bound {
    /// The binding that a local name means at an offset: the one of the innermost function.
    pub(super) fn variable(&self, local: &str, at: u32) -> Option<(usize, &Binding)> {
        self.variables
            .iter()
            .enumerate()
            .filter(|(_, binding)| {
                binding.local == local && binding.scope.start <= at && at < binding.scope.end
            })
            .min_by_key(|(_, binding)| binding.scope.size())
    }
}

/// Collects the names of a file.
pub(super) fn collect(program: &Program<'_>) -> Bound {
    let mut collector = Collector {
        bound: Bound::default(),
        scopes: vec![program.span],
        exporting: false,
    };
    collector.visit_program(program);
    collector.bound
}

struct Collector {
    bound: Bound,
    scopes: Vec<Span>,
    exporting: bool,
}

impl<'a> Visit<'a> for Collector {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::Function(function) => self.scopes.push(function.span),
            AstKind::ArrowFunctionExpression(function) => self.scopes.push(function.span),
            AstKind::ExportDeclaration(_) => self.exporting = true,
            _ => {}
        }
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => {
                self.scopes.pop();
            }
            AstKind::ExportDeclaration(_) => self.exporting = false,
            _ => {}
        }
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        let process = matches!(it.source.value.as_str(), "process" | "node:process");
        for specifier in it.specifiers.iter().flatten() {
            if let ImportDeclarationSpecifier::ImportSpecifier(specifier) = specifier {
                let (local, name) = (specifier.local.name.as_str(), specifier.imported.name());
                if process && name == "env" {
                    self.bound.environments.insert(local.to_owned());
                }
                self.bound
                    .imported
                    .insert(local.to_owned(), name.to_string());
            }
        }
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let Some(value) = &it.init {
            self.bind(&it.id, value);
        }
        walk::walk_variable_declarator(self, it);
    }
}

impl Collector {
    fn bind(&mut self, pattern: &BindingPattern<'_>, value: &Expression<'_>) {
        match pattern {
            BindingPattern::BindingIdentifier(local) => self.bind_name(local.name.as_str(), value),
            BindingPattern::ObjectPattern(pattern) if is_process(value) => {
                for property in &pattern.properties {
                    if property.key.is_specific_static_name("env") {
                        match &property.value {
                            BindingPattern::BindingIdentifier(local) => {
                                self.bound.environments.insert(local.name.to_string());
                            }
                            BindingPattern::ObjectPattern(inner) => self.destructure(inner),
                            _ => {}
                        }
                    }
                }
            }
            BindingPattern::ObjectPattern(pattern) if is_environment(value, &self.bound) => {
                self.destructure(pattern)
            }
            _ => {}
        }
    }

    fn bind_name(&mut self, local: &str, value: &Expression<'_>) {
        let local = local.to_owned();
        if is_environment(value, &self.bound) {
            self.bound.environments.insert(local);
        } else if let Some((variable, start)) = read(value, &self.bound) {
            self.push(local, variable, start);
        } else if let Some(text) = text(value) {
            self.bound.texts.insert(local, text.into_owned());
        } else if let Some(list) = texts(value) {
            self.bound.lists.insert(local, list);
        } else if let Some(schema) = schema::of(value) {
            self.bound.schemas.insert(local, schema);
        }
    }

    fn destructure(&mut self, pattern: &ObjectPattern<'_>) {
        for property in &pattern.properties {
            let start = property.span.start;
            let Some(name) = property.key.static_name() else {
                self.bound.destructured.unknown.push(start);
                continue;
            };
            match &property.value {
                BindingPattern::BindingIdentifier(local) => {
                    self.push(local.name.to_string(), name.into_owned(), start);
                }
                _ => self
                    .bound
                    .destructured
                    .with_default
                    .push((name.into_owned(), start)),
            }
        }
        if let Some(rest) = &pattern.rest {
            self.bound.destructured.unknown.push(rest.span.start);
        }
    }

    fn push(&mut self, local: String, variable: String, start: u32) {
        let scope = self.scopes.last().copied().unwrap_or_default();
        self.bound.variables.push(Binding {
            local,
            variable,
            start,
            scope,
            exported: self.exporting && self.scopes.len() == 1,
        });
    }
}

/// The texts of an array that holds nothing else, or of a `new Set` or `as const` around one.
pub(super) fn texts(expression: &Expression<'_>) -> Option<Vec<String>> {
    match expression.get_inner_expression() {
        Expression::ArrayExpression(array) if !array.elements.is_empty() => array
            .elements
            .iter()
            .map(|item| text(item.as_expression()?).map(|text| text.into_owned()))
            .collect(),
        Expression::NewExpression(new) if identifier(&new.callee) == Some("Set") => {
            texts(new.arguments.first()?.as_expression()?)
        }
        _ => None,
    }
}
