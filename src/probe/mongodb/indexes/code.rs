//! The indexes that code creates: by the driver, by the shell, and by the schemas of Mongoose.

use super::index::{Asked, Index};
use crate::probe::environment::reading::expression::{access, identifier, text};
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, ArrayExpressionElement, BindingPattern, CallExpression, Expression,
    ObjectPropertyKind, Program, PropertyKey, UnaryOperator, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan as _, SourceType};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Words without which a file creates no index.
pub(super) const WORDS: &[&str] = &["createIndex", "ensureIndex", ".index("];

/// What one file asks for.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) asked: Vec<Asked>,
    /// Lines of calls whose collection or keys are not written there.
    pub(super) unread: Vec<usize>,
}

/// Reads a file; `place` is told with each index, with the line behind a colon.
///
/// # Errors
/// The first complaint of the parser.
pub(super) fn read(source: &str, path: &str) -> Result<Read, String> {
    let kind = SourceType::from_path(path).unwrap_or_default();
    match parse(source, kind, path) {
        // JSX stands in plain .js too.
        Err(_) if kind.is_javascript() => parse(source, kind.with_jsx(true), path),
        read => read,
    }
}

fn parse(source: &str, kind: SourceType, path: &str) -> Result<Read, String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, kind).parse();
    if parsed.panicked {
        let complaint = parsed.diagnostics.first();
        return Err(complaint.map_or_else(|| "syntax error".into(), |it| it.message.to_string()));
    }
    let known = Known::collect(&parsed.program);
    let mut reader = Reader {
        known: &known,
        source,
        path,
        read: Read::default(),
    };
    reader.visit_program(&parsed.program);
    Ok(reader.read)
}

/// What the names of a file stand for.
#[derive(Default)]
struct Known {
    constants: BTreeMap<String, Value>,
    collections: BTreeMap<String, String>,
    /// Collections of Mongoose's schemas, by the names of the schemas.
    schemas: BTreeMap<String, String>,
}

impl Known {
    fn collect(program: &Program<'_>) -> Self {
        let mut known = Self::default();
        known.visit_program(program);
        known
    }

    /// The collection that an expression stands for.
    fn collection(&self, expression: &Expression<'_>) -> Option<String> {
        match expression.get_inner_expression() {
            Expression::AwaitExpression(awaited) => self.collection(&awaited.argument),
            Expression::Identifier(name) => self.collections.get(name.name.as_str()).cloned(),
            Expression::CallExpression(call) => {
                let callee = match identifier(&call.callee) {
                    Some(name) => name.to_owned(),
                    None => access(&call.callee)?.key.ok()?.into_owned(),
                };
                // `collection`, `getCollection`, and an application's own `getTaskCollection`.
                if !callee.to_ascii_lowercase().contains("collection") {
                    return None;
                }
                self.text(call.arguments.first()?)
            }
            inner => {
                let access = access(inner)?;
                // In the shell a collection is a property of `db`.
                (identifier(access.object) == Some("db"))
                    .then(|| access.key.ok())
                    .flatten()
                    .map(std::borrow::Cow::into_owned)
            }
        }
    }

    fn text(&self, argument: &Argument<'_>) -> Option<String> {
        match self.value(argument.as_expression()?)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A literal, seen through names of constants.
    fn value(&self, expression: &Expression<'_>) -> Option<Value> {
        match expression.get_inner_expression() {
            Expression::NumericLiteral(number) => Some(number_of(number.value)),
            Expression::BooleanLiteral(literal) => Some(literal.value.into()),
            Expression::NullLiteral(_) => Some(Value::Null),
            Expression::UnaryExpression(unary) => {
                let value = self.value(&unary.argument)?.as_f64()?;
                match unary.operator {
                    UnaryOperator::UnaryNegation => Some(number_of(-value)),
                    UnaryOperator::UnaryPlus => Some(number_of(value)),
                    _ => None,
                }
            }
            // `60 * 60 * 24`, as lifetimes are written.
            Expression::BinaryExpression(binary) if binary.operator.as_str() == "*" => {
                let left = self.value(&binary.left)?.as_f64()?;
                let right = self.value(&binary.right)?.as_f64()?;
                Some(number_of(left * right))
            }
            Expression::Identifier(name) => self.constants.get(name.name.as_str()).cloned(),
            Expression::ArrayExpression(array) => array
                .elements
                .iter()
                .map(|element| match element {
                    ArrayExpressionElement::SpreadElement(_)
                    | ArrayExpressionElement::Elision(_) => None,
                    element => self.value(element.as_expression()?),
                })
                .collect::<Option<Vec<_>>>()
                .map(Value::Array),
            Expression::ObjectExpression(object) => {
                let mut map = Map::new();
                for property in &object.properties {
                    let ObjectPropertyKind::ObjectProperty(property) = property else {
                        return None;
                    };
                    let key = match &property.key {
                        PropertyKey::StaticIdentifier(name) if !property.computed => {
                            name.name.to_string()
                        }
                        PropertyKey::StringLiteral(text) => text.value.to_string(),
                        PropertyKey::NumericLiteral(number) => number.value.to_string(),
                        _ => return None,
                    };
                    map.insert(key, self.value(&property.value)?);
                }
                Some(map.into())
            }
            inner => text(inner).map(|text| text.into_owned().into()),
        }
    }
}

impl<'a> Visit<'a> for Known {
    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(name), Some(init)) =
            (&declarator.id, &declarator.init)
        {
            let name = name.name.to_string();
            if let Some(value) = self.value(init) {
                self.constants.insert(name, value);
            } else if let Some(collection) = self.collection(init) {
                self.collections.insert(name, collection);
            } else if let Some(collection) = self.schema(init) {
                self.schemas.insert(name, collection);
            }
        }
        walk::walk_variable_declarator(self, declarator);
    }

    /// `mongoose.model('Task', taskSchema)`: the collection is the plural of the model's name.
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        let is_model = match identifier(&call.callee) {
            Some(name) => name == "model",
            None => access(&call.callee)
                .is_some_and(|access| access.key.is_ok_and(|key| key == "model")),
        };
        if is_model
            && let [model, schema, rest @ ..] = call.arguments.as_slice()
            && let Some(model) = self.text(model)
            && let Some(schema) = schema.as_expression().and_then(identifier)
        {
            let named = rest.first().and_then(|third| self.text(third));
            let collection = named.unwrap_or_else(|| plural(&model));
            self.schemas.entry(schema.to_owned()).or_insert(collection);
        }
        walk::walk_call_expression(self, call);
    }
}

impl Known {
    /// `new Schema({…}, { collection: 'tasks' })`
    fn schema(&self, expression: &Expression<'_>) -> Option<String> {
        let Expression::NewExpression(new) = expression.get_inner_expression() else {
            return None;
        };
        let Some(Expression::ObjectExpression(options)) =
            new.arguments.get(1).and_then(Argument::as_expression)
        else {
            return None;
        };
        options.properties.iter().find_map(|property| {
            let ObjectPropertyKind::ObjectProperty(property) = property else {
                return None;
            };
            let named = property.key.static_name()? == "collection";
            named.then(|| text(&property.value))?.map(String::from)
        })
    }
}

/// Finds the calls.
struct Reader<'k> {
    known: &'k Known,
    source: &'k str,
    path: &'k str,
    read: Read,
}

impl Reader<'_> {
    fn line(&self, offset: u32) -> usize {
        let end = usize::try_from(offset).unwrap_or(usize::MAX);
        let before = self.source.bytes().take(end);
        before.filter(|byte| *byte == b'\n').count() + 1
    }

    fn ask(&mut self, collection: &str, key: &Value, options: Option<&Value>, line: usize) {
        match Index::new(key, options) {
            Some(index) => self.read.asked.push(Asked {
                collection: collection.into(),
                index,
                place: format!("{}:{line}", self.path),
            }),
            None => self.read.unread.push(line),
        }
    }

    fn call(&mut self, method: &str, object: &Expression<'_>, call: &CallExpression<'_>) {
        let line = self.line(call.span().start);
        let argument = |at: usize| {
            let given = call.arguments.get(at).and_then(Argument::as_expression);
            given.map(|given| self.known.value(given))
        };
        let collection = match method {
            "index" => identifier(object).and_then(|name| self.known.schemas.get(name).cloned()),
            _ => self.known.collection(object),
        };
        let (first, second) = (argument(0), argument(1));
        match (method, first, second) {
            // Other things than schemas have a method `index`.
            ("index", Some(Some(Value::Object(_))), _)
                if collection.is_none() && !is_schema(object) => {}
            ("index", None | Some(None | Some(Value::String(_) | Value::Number(_))), _) => {}
            ("createIndexes", Some(Some(Value::Array(indexes))), _) => {
                for index in indexes {
                    match (&collection, index.get("key")) {
                        (Some(collection), Some(key)) => {
                            self.ask(collection, key, Some(&index), line);
                        }
                        _ => self.read.unread.push(line),
                    }
                }
            }
            (_, Some(Some(key)), None | Some(Some(_)))
                if collection.is_some() && method != "createIndexes" =>
            {
                let options = argument(1).flatten();
                let collection = collection.unwrap_or_default();
                self.ask(&collection, &key, options.as_ref(), line);
            }
            _ => self.read.unread.push(line),
        }
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Some(access) = access(&call.callee)
            && let Ok(method) = access.key
            && matches!(
                &*method,
                "createIndex" | "ensureIndex" | "createIndexes" | "index"
            )
        {
            self.call(&method, access.object, call);
        }
        walk::walk_call_expression(self, call);
    }
}

fn is_schema(object: &Expression<'_>) -> bool {
    identifier(object).is_some_and(|name| name.to_ascii_lowercase().ends_with("schema"))
}

/// The name that Mongoose makes of a model's, for ordinary words.
fn plural(model: &str) -> String {
    let name = model.to_ascii_lowercase();
    let vowel_before_y = ["ay", "ey", "oy", "uy"]
        .iter()
        .any(|end| name.ends_with(end));
    if name.ends_with('y') && !vowel_before_y {
        format!("{}ies", &name[..name.len() - 1])
    } else if ["s", "x", "ch", "sh"].iter().any(|end| name.ends_with(end)) {
        format!("{name}es")
    } else {
        format!("{name}s")
    }
}

fn number_of(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

#[cfg(test)]
mod tests;
