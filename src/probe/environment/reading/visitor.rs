//! Second pass over a file: every read, with what its surroundings say about a missing value.

use super::bound::Bound;
use super::expression::{
    access, identifier, is_built_in, is_environment, of_member, read as read_of, text,
};
use super::indirect::Enclosing;
use super::settle::{Found, Source};
use super::test_of::{argument, demanded, is_cast, known, leaves, tested, throws, variable};
use super::{Lines, Module, is_name, schema};
use crate::probe::environment::naming::is_credential;
use oxc_ast::AstKind;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Reads a parsed file.
pub(super) fn read(program: &Program<'_>, bound: &Bound, lines: &Lines) -> Module {
    let mut visitor = Visitor::new(bound, lines, program.span);
    for directive in &program.directives {
        match directive.directive.as_str() {
            "use client" => visitor.module.client = true,
            "use server" => visitor.module.server_only = true,
            _ => {}
        }
    }
    visitor.visit_program(program);
    visitor.finish()
}

/// Walks a file and gathers what settling needs.
pub(super) struct Visitor<'n> {
    pub(super) bound: &'n Bound,
    pub(super) lines: &'n Lines,
    pub(super) module: Module,
    pub(super) found: Vec<Found>,
    /// Starts of reads that are tested, or have a default.
    pub(super) soft: HashSet<u32>,
    /// Starts of accesses that are no reads: assignments and deletions.
    pub(super) written: HashSet<u32>,
    /// Where a variable is known to be present.
    pub(super) guards: Vec<(String, Span)>,
    pub(super) demanded: BTreeSet<String>,
    pub(super) alternatives: HashMap<u32, Vec<String>>,
    pub(super) enclosing: Vec<Enclosing>,
    /// The name that the next function is bound to.
    pub(super) naming: Option<String>,
    /// Names that stand for each text of a list in turn.
    pub(super) iterating: Vec<(String, Vec<String>)>,
    pub(super) file: Span,
}

impl<'n> Visitor<'n> {
    fn new(bound: &'n Bound, lines: &'n Lines, file: Span) -> Self {
        Self {
            bound,
            lines,
            module: Module::default(),
            found: Vec::new(),
            soft: HashSet::new(),
            written: HashSet::new(),
            guards: Vec::new(),
            demanded: BTreeSet::new(),
            alternatives: HashMap::new(),
            enclosing: Vec::new(),
            naming: None,
            iterating: Vec::new(),
            file,
        }
    }

    pub(super) fn record(&mut self, name: String, start: u32, source: Source) {
        if !self.written.contains(&start) {
            self.found.push(Found {
                name,
                start,
                source,
            });
        }
    }

    /// Takes every read that the expression tests as one that the code can do without.
    fn soften(&mut self, expression: &Expression<'_>) {
        let soft = &mut self.soft;
        tested(expression, self.bound, &mut |start| {
            soft.insert(start);
        });
    }

    fn guard(&mut self, names: Vec<String>, span: Span) {
        self.guards
            .extend(names.into_iter().map(|name| (name, span)));
    }

    /// `A || B`, `A ? A : B`: either does.
    fn alternative(&mut self, last: &Expression<'_>, others: Vec<String>) {
        if !others.is_empty() && variable(last, self.bound).is_some() {
            let start =
                read_of(last, self.bound).map_or_else(|| last.span().start, |(_, start)| start);
            self.alternatives.insert(start, others);
        }
    }

    /// From here to the end of the function.
    fn rest(&self, from: u32) -> Span {
        let end = self
            .enclosing
            .last()
            .map_or(self.file.end, |function| function.span.end);
        Span::new(from, end.max(from))
    }

    fn access_of(
        &mut self,
        object: &Expression<'_>,
        key: Result<&str, &Expression<'_>>,
        start: u32,
    ) {
        if !is_environment(object, self.bound) || self.written.contains(&start) {
            return;
        }
        match key {
            Ok(name) if is_built_in(object, name) => {}
            Ok(name) => self.record(name.to_owned(), start, Source::Direct),
            Err(computed) => self.computed(computed, start),
        }
    }

    fn import(&mut self, specifier: &str) {
        if specifier == "server-only" {
            self.module.server_only = true;
        }
        self.module.imports.insert(specifier.to_owned());
    }
}

impl<'a> Visit<'a> for Visitor<'_> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::Function(function) => {
                let named = self.naming.take();
                let name = function.id.as_ref().map(|id| id.name.to_string()).or(named);
                self.enter_function(name, &function.params, function.span);
            }
            AstKind::ArrowFunctionExpression(function) => {
                let name = self.naming.take();
                self.enter_function(name, &function.params, function.span);
            }
            AstKind::ThrowStatement(_) => {
                if let Some(function) = self.enclosing.last_mut() {
                    function.throws = true;
                }
            }
            _ => {}
        }
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        if matches!(
            kind,
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)
        ) {
            self.leave_function();
        }
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        // The read that makes a binding is told by the first pass; its uses follow.
        if let (BindingPattern::BindingIdentifier(local), Some(value)) = (&it.id, &it.init) {
            if let Some((_, start)) = read_of(value, self.bound) {
                self.written.insert(start);
            }
            if matches!(
                value.get_inner_expression(),
                Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_)
            ) {
                self.naming = Some(local.name.to_string());
            }
        }
        walk::walk_variable_declarator(self, it);
        self.naming = None;
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        self.access_of(&it.object, Ok(it.property.name.as_str()), it.span.start);
        if it.optional {
            self.soften(&it.object);
        }
        walk::walk_static_member_expression(self, it);
    }

    fn visit_computed_member_expression(&mut self, it: &ComputedMemberExpression<'a>) {
        let literal = text(&it.expression);
        self.access_of(
            &it.object,
            literal.as_deref().ok_or(&it.expression),
            it.span.start,
        );
        if it.optional {
            self.soften(&it.object);
        }
        walk::walk_computed_member_expression(self, it);
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        if let Some((index, binding)) = self.bound.variable(it.name.as_str(), it.span.start) {
            self.found.push(Found {
                name: binding.variable.clone(),
                start: it.span.start,
                source: Source::Use(index),
            });
        }
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        self.soften(&it.test);
        let (present, absent) = (
            known(&it.test, true, self.bound),
            known(&it.test, false, self.bound),
        );
        if throws(&it.consequent) {
            self.demanded.extend(demanded(&it.test, self.bound));
        }
        if leaves(&it.consequent) {
            self.guard(absent.clone(), self.rest(it.span.end));
        }
        self.guard(present, it.consequent.span());
        if let Some(alternate) = &it.alternate {
            self.guard(absent, alternate.span());
        }
        walk::walk_if_statement(self, it);
    }

    fn visit_conditional_expression(&mut self, it: &ConditionalExpression<'a>) {
        self.soften(&it.test);
        self.guard(known(&it.test, true, self.bound), it.consequent.span());
        self.guard(known(&it.test, false, self.bound), it.alternate.span());
        self.alternative(&it.alternate, known(&it.test, true, self.bound));
        walk::walk_conditional_expression(self, it);
    }

    fn visit_logical_expression(&mut self, it: &LogicalExpression<'a>) {
        if it.operator == LogicalOperator::And {
            self.soften(&it.left);
            self.guard(known(&it.left, true, self.bound), it.right.span());
        } else {
            // An empty text in place of a credential only quiets the compiler.
            let empty = text(&it.right).is_some_and(|text| text.is_empty());
            let names = variables(&it.left, self.bound);
            if !(empty && names.iter().any(|name| is_credential(name))) {
                self.soften(&it.left);
            }
            self.alternative(&it.right, names);
            self.guard(known(&it.left, false, self.bound), it.right.span());
        }
        walk::walk_logical_expression(self, it);
    }

    fn visit_binary_expression(&mut self, it: &BinaryExpression<'a>) {
        if it.operator.is_equality() {
            self.soften(&it.left);
            self.soften(&it.right);
        }
        if it.operator == BinaryOperator::In
            && is_environment(&it.right, self.bound)
            && let Some(name) = text(&it.left)
        {
            self.record(
                name.into_owned(),
                it.span.start,
                Source::Settled { has_default: true },
            );
        }
        walk::walk_binary_expression(self, it);
    }

    fn visit_unary_expression(&mut self, it: &UnaryExpression<'a>) {
        match it.operator {
            UnaryOperator::LogicalNot | UnaryOperator::Typeof => self.soften(&it.argument),
            UnaryOperator::Delete => {
                if let Some((_, start)) = read_of(&it.argument, self.bound) {
                    self.written.insert(start);
                }
            }
            _ => {}
        }
        walk::walk_unary_expression(self, it);
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        if let Some(target) = it.left.as_member_expression().and_then(of_member)
            && is_environment(target.object, self.bound)
        {
            self.written.insert(target.start);
            if let Ok(name) = &target.key {
                if it.operator.is_logical() {
                    self.found.push(Found {
                        name: name.to_string(),
                        start: target.start,
                        source: Source::Settled { has_default: true },
                    });
                }
                self.guard(vec![name.to_string()], self.rest(it.span.end));
                self.module.defines.insert(name.to_string());
            }
        }
        walk::walk_assignment_expression(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        let item = match &it.left {
            ForStatementLeft::VariableDeclaration(declaration) => declaration
                .declarations
                .first()
                .and_then(|first| first.id.get_binding_identifier())
                .map(|id| id.name.to_string()),
            _ => None,
        };
        let walked = item.zip(self.list(&it.right));
        let depth = self.iterating.len();
        self.iterating.extend(walked);
        walk::walk_for_of_statement(self, it);
        self.iterating.truncate(depth);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let callee = access(&it.callee);
        let plain = identifier(&it.callee);
        if is_cast(it) && plain == Some("Boolean")
            || callee
                .as_ref()
                .is_some_and(|access| identifier(access.object) == Some("console"))
        {
            for argument in it.arguments.iter().filter_map(Argument::as_expression) {
                self.soften(argument);
            }
        }
        match plain {
            Some("require") => {
                if let Some(specifier) = argument(it).and_then(text) {
                    self.import(&specifier);
                }
            }
            Some("createEnv") => {
                if let Some(options) = schema::object_argument(it, 0) {
                    self.create_env(options);
                }
            }
            Some(name) => self.call(name, it),
            None => {}
        }
        self.validation(it);
        let depth = self.iterating.len();
        let walked = self.iteration(it);
        self.iterating.extend(walked);
        walk::walk_call_expression(self, it);
        self.iterating.truncate(depth);
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        // next.config: `env: { NAME: "…" }` is built in.
        if it.key.is_specific_static_name("env")
            && let Expression::ObjectExpression(object) = it.value.get_inner_expression()
        {
            for property in &object.properties {
                if let ObjectPropertyKind::ObjectProperty(property) = property
                    && let Some(name) = property.key.static_name().filter(|name| is_name(name))
                {
                    self.module.defines.insert(name.into_owned());
                }
            }
        }
        if it.key.is_specific_static_name("secret") {
            self.module.secrets.extend(variables(&it.value, self.bound));
        }
        walk::walk_object_property(self, it);
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        let types_alone = it.import_kind.is_type()
            || it.specifiers.as_ref().is_some_and(|specifiers| {
                !specifiers.is_empty()
                    && specifiers.iter().all(|one| {
                        matches!(one, ImportDeclarationSpecifier::ImportSpecifier(one) if one.import_kind.is_type())
                    })
            });
        if !types_alone {
            self.import(it.source.value.as_str());
        }
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        if !it.export_kind.is_type() {
            self.import(it.source.value.as_str());
        }
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        if !it.export_kind.is_type() {
            self.import(it.source.value.as_str());
        }
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        if let Some(specifier) = text(&it.source) {
            self.import(&specifier);
        }
        walk::walk_import_expression(self, it);
    }

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        if let TSModuleReference::ExternalModuleReference(reference) = &it.module_reference
            && !it.import_kind.is_type()
        {
            self.import(reference.expression.value.as_str());
        }
    }
}

/// Every variable that a chain of `||` and `??` gives.
fn variables(expression: &Expression<'_>, bound: &Bound) -> Vec<String> {
    match expression.get_inner_expression() {
        Expression::LogicalExpression(logical) => {
            let mut names = variables(&logical.left, bound);
            names.extend(variables(&logical.right, bound));
            names
        }
        Expression::CallExpression(call) if is_cast(call) => argument(call)
            .map(|argument| variables(argument, bound))
            .unwrap_or_default(),
        _ => variable(expression, bound).into_iter().collect(),
    }
}
