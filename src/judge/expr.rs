//! One CEL expression: compiled, walked for the facts it reads, and evaluated to true, false or an error.

use super::needed::Needed;
use super::scope::Scope;
use cel::common::ast::{EntryExpr, Expr as Node, IdedExpr, LiteralValue, operators};
use cel::{Context, Env, Program, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Longer expressions are refused: nobody can read them, and evaluation has no step limit.
const LONGEST: usize = 4096;

/// Loops within loops beyond this are refused, because evaluation has no step limit.
const DEEPEST_LOOP: usize = 2;

/// Brackets within brackets beyond this are refused: the parser goes down its stack with each.
const DEEPEST_BRACKET: usize = 10;

/// More operators and dots than this without an && or || are refused: they make a tree as deep as there are many.
const MOST_OPERATORS: usize = 40;

/// CEL's own functions and operators, built once: building them costs more than an evaluation.
static LIBRARY: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// What was compiled already: the catalogue lints every expression before a plan judges by it, and
/// many checks say the same.
static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Expr>>>> = LazyLock::new(Mutex::default);

/// The element of a list, in a path.
pub(super) const ELEMENT: &str = "[]";

/// A path to a fact: names, with `[]` for any element of a list.
pub(super) type Path = Vec<String>;

/// A compiled expression.
///
/// The language is CEL. JSON integers become CEL ints, so that arithmetic with literals works.
#[derive(Debug)]
pub struct Expr {
    source: String,
    program: Program,
    reads: BTreeSet<Path>,
    needed: Needed,
}

/// Why an expression could not be compiled, with the byte offset where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes from the start of the expression.
    pub offset: Option<usize>,
}

impl Expr {
    /// Compiles an expression.
    ///
    /// # Errors
    /// The text is not CEL, too long, or loops too deeply.
    pub fn compile(source: &str) -> Result<Arc<Self>, SyntaxError> {
        let known = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(expr) = known().get(source) {
            return Ok(expr.clone());
        }
        let expr = Arc::new(Self::parse(source)?);
        known().insert(source.to_owned(), expr.clone());
        Ok(expr)
    }

    fn parse(source: &str) -> Result<Self, SyntaxError> {
        if let Some(message) = too_much(source) {
            return Err(SyntaxError {
                message,
                offset: None,
            });
        }
        let program = LIBRARY
            .compile(source)
            .map_err(|errors| syntax_error(source, &errors))?;
        let mut walk = Walk::default();
        walk.visit(program.expression(), &HashMap::new(), 0);
        if walk.deepest > DEEPEST_LOOP {
            let message = format!("loops are nested more than {DEEPEST_LOOP} deep");
            return Err(SyntaxError {
                message,
                offset: None,
            });
        }
        Ok(Self {
            source: source.to_owned(),
            program,
            needed: Needed::of(&walk.reads),
            reads: walk.reads,
        })
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The facts it reads, as paths; `[]` stands for any element of a list.
    pub fn reads(&self) -> &BTreeSet<Vec<String>> {
        &self.reads
    }

    pub(super) fn root(&self) -> &IdedExpr {
        self.program.expression()
    }

    /// Evaluates over facts.
    ///
    /// # Errors
    /// Anything but true and false: a missing fact, a comparison of different types, a number.
    pub fn evaluate<'a>(&self, scope: impl Into<Scope<'a>>) -> Result<bool, String> {
        let scope = scope.into();
        let mut context = Context::with_env(Arc::clone(&LIBRARY));
        for (name, value) in self.needed.of_scope(scope) {
            context.add_variable_from_value(name.clone(), value);
        }
        match self.program.execute(&context) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(other) => Err(format!(
                "the expression gave {}, not true or false",
                other.type_of()
            )),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What would take the parser or the evaluation too far down the stack.
fn too_much(source: &str) -> Option<String> {
    if source.len() > LONGEST {
        return Some(format!(
            "the expression is longer than {LONGEST} characters"
        ));
    }
    let (mut depth, mut deepest, mut operators, mut most) = (0_usize, 0, 0_usize, 0);
    let mut quote = None;
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => _ = chars.next(),
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, '&' | '|') => operators = 0,
            (None, c) if "+-*/%.!?<>=".contains(c) => {
                operators += 1;
                most = most.max(operators);
            }
            _ => {}
        }
    }
    if deepest > DEEPEST_BRACKET {
        return Some(format!(
            "brackets are nested more than {DEEPEST_BRACKET} deep"
        ));
    }
    (most > MOST_OPERATORS)
        .then(|| format!("more than {MOST_OPERATORS} operators and dots stand without && or ||"))
}

fn syntax_error(source: &str, errors: &cel::ParseErrors) -> SyntaxError {
    let Some(first) = errors.errors.first() else {
        return SyntaxError {
            message: "not a CEL expression".into(),
            offset: None,
        };
    };
    let (line, column) = first.pos;
    // The parser counts lines and characters from 1.
    let line = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let column = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    let lines = || source.split_inclusive('\n');
    let before: usize = lines().take(line).map(str::len).sum();
    let within = lines().nth(line).unwrap_or_default().chars().take(column);
    let offset = before + within.map(char::len_utf8).sum::<usize>();
    let message = first
        .msg
        .lines()
        .next()
        .unwrap_or("not a CEL expression")
        .to_owned();
    SyntaxError {
        message,
        offset: Some(offset.min(source.len())),
    }
}

/// Collects the paths that an expression reads.
#[derive(Default)]
struct Walk {
    reads: BTreeSet<Path>,
    deepest: usize,
}

/// What a loop variable stands for: a path, or a value made on the way.
type Bound = HashMap<String, Option<Path>>;

impl Walk {
    fn visit(&mut self, node: &IdedExpr, bound: &Bound, depth: usize) {
        if let Some(path) = path_of(node, bound) {
            if !path.is_empty() {
                self.reads.insert(path);
            }
            self.visit_keys(node, bound, depth);
            return;
        }
        match &node.expr {
            Node::Call(call) => {
                for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
                    self.visit(part, bound, depth);
                }
            }
            Node::List(list) => {
                list.elements
                    .iter()
                    .for_each(|part| self.visit(part, bound, depth));
            }
            Node::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.visit(&entry.key, bound, depth);
                        self.visit(&entry.value, bound, depth);
                    }
                }
            }
            Node::Struct(made) => {
                for entry in &made.entries {
                    if let EntryExpr::StructField(field) = &entry.expr {
                        self.visit(&field.value, bound, depth);
                    }
                }
            }
            Node::Select(select) => self.visit(&select.operand, bound, depth),
            Node::Comprehension(comprehension) => {
                self.deepest = self.deepest.max(depth + 1);
                self.visit(&comprehension.iter_range, bound, depth);
                let inner = bind(comprehension, bound);
                for part in [
                    &comprehension.accu_init,
                    &comprehension.loop_cond,
                    &comprehension.loop_step,
                    &comprehension.result,
                ] {
                    self.visit(part, &inner, depth + 1);
                }
            }
            Node::Ident(_) | Node::Literal(_) | Node::Unspecified => {}
        }
    }

    /// The keys inside a path may read facts of their own: `headers[csp.name]`.
    fn visit_keys(&mut self, node: &IdedExpr, bound: &Bound, depth: usize) {
        match &node.expr {
            Node::Select(select) => self.visit_keys(&select.operand, bound, depth),
            Node::Call(call) if call.func_name == operators::INDEX => {
                if let [container, key] = call.args.as_slice() {
                    self.visit_keys(container, bound, depth);
                    self.visit(key, bound, depth);
                }
            }
            _ => {}
        }
    }
}

/// The names that hold inside a loop.
pub(super) fn bind(comprehension: &cel::common::ast::ComprehensionExpr, bound: &Bound) -> Bound {
    let mut inner = bound.clone();
    let range = path_of(&comprehension.iter_range, bound);
    let element = range.and_then(|path| extend(path, ELEMENT.into()));
    inner.insert(comprehension.iter_var.clone(), element);
    if let Some(second) = &comprehension.iter_var2 {
        inner.insert(second.clone(), None);
    }
    inner.insert(comprehension.accu_var.clone(), None);
    inner
}

/// The path that a node spells, if it spells one. Names of values made on the way give an empty path.
pub(super) fn path_of(node: &IdedExpr, bound: &Bound) -> Option<Path> {
    match &node.expr {
        Node::Ident(name) => match (name.strip_prefix('.'), bound.get(name)) {
            // With a dot before it a name is that of a fact, whatever loops call theirs.
            (Some(outermost), _) => Some(vec![outermost.to_owned()]),
            (None, Some(Some(path))) => Some(path.clone()),
            (None, Some(None)) => Some(Path::new()),
            (None, None) => Some(vec![name.clone()]),
        },
        Node::Select(select) => extend(path_of(&select.operand, bound)?, select.field.clone()),
        Node::Call(call) if call.func_name == operators::INDEX => {
            let [container, key] = call.args.as_slice() else {
                return None;
            };
            let key = match &key.expr {
                Node::Literal(LiteralValue::String(text)) => text.inner().to_owned(),
                _ => ELEMENT.into(),
            };
            extend(path_of(container, bound)?, key)
        }
        _ => None,
    }
}

fn extend(mut path: Path, name: String) -> Option<Path> {
    if !path.is_empty() {
        path.push(name);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Facts;
    use serde_json::json;

    fn facts(value: serde_json::Value) -> Facts {
        match value {
            serde_json::Value::Object(map) => map,
            _ => panic!("facts are an object"),
        }
    }

    #[test]
    fn judges_true_false_and_neither() {
        let facts = facts(
            json!({ "status": 200, "share": 0.5, "hsts": { "max_age": null }, "names": ["a"] }),
        );
        let answer = |source: &str| Expr::compile(source).unwrap().evaluate(&facts);
        assert_eq!(answer("status == 200"), Ok(true));
        assert_eq!(answer("status + 1 > 201"), Ok(false));
        assert_eq!(answer("share < 0.6"), Ok(true));
        assert_eq!(
            answer("'a' in names && names.all(n, n.startsWith('a'))"),
            Ok(true)
        );
        assert!(answer("hsts.max_age >= 1").is_err());
        assert!(answer("stauts == 200").is_err());
        assert!(answer("hsts.max_agee == 1").is_err());
        assert!(answer("status").is_err());
        assert!(answer("status.foo").is_err());
    }

    #[test]
    fn tells_what_it_reads() {
        let reads = |source: &str| {
            let expr = Expr::compile(source).unwrap();
            expr.reads()
                .iter()
                .map(|path| path.join("."))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            reads("hsts.present && hsts.max_age >= 1"),
            ["hsts.max_age", "hsts.present"]
        );
        assert_eq!(reads("headers['x-a'][0] == 'b'"), ["headers.x-a.[]"]);
        assert_eq!(
            reads("cookies.all(c, c.secure || c.name == target.host)"),
            [
                "cookies",
                "cookies.[].name",
                "cookies.[].secure",
                "target.host"
            ]
        );
        assert_eq!(reads("has(json.db.ok)"), ["json.db.ok"]);
        assert_eq!(
            reads("size(missing.map(m, m.name)) == 0"),
            ["missing", "missing.[].name"]
        );
        // What a value made on the way holds is no fact.
        assert_eq!(
            reads("a.filter(x, x.ok).all(y, y.parts.all(z, z.name == b))"),
            ["a", "a.[]", "a.[].ok", "b"]
        );
    }

    #[test]
    fn refuses_what_is_not_cel() {
        let error = Expr::compile("status = 200").unwrap_err();
        assert_eq!(error.offset, Some(7), "{error:?}");
        assert_eq!(Expr::compile("'é' = 1").unwrap_err().offset, Some(5));
        assert_eq!(Expr::compile("a &&\n = 1").unwrap_err().offset, Some(6));
        assert!(Expr::compile(&"1+".repeat(3000)).is_err());
        let deep = "a.all(x, a.all(y, a.all(z, x == y && y == z)))";
        assert!(Expr::compile(deep).unwrap_err().message.contains("nested"));
    }

    #[test]
    fn no_expression_ends_the_program() {
        for (open, middle, close) in [("(", "true", ")"), ("[", "", "]"), ("!(", "true", ")")] {
            let deep = |n: usize| format!("{}{middle}{}", open.repeat(n), close.repeat(n));
            assert!(Expr::compile(&deep(10)).is_ok(), "{open}");
            assert!(Expr::compile(&deep(1000)).is_err(), "{open}");
        }
        for (part, end) in [
            ("1+", "1 > 0"),
            ("a.", "b"),
            ("!", "true"),
            ("true || ", "true"),
        ] {
            let long = Expr::compile(&format!("{}{end}", part.repeat(30)));
            let _ = long.unwrap().evaluate(&Facts::new());
        }
        assert!(Expr::compile(&format!("{}1 > 0", "1+".repeat(400))).is_err());
        assert!(Expr::compile(&format!("a == '{}'", "(.".repeat(400))).is_ok());
    }
}
